/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-clock.h"

G_BEGIN_DECLS

#define CONFAB_TYPE_MANUAL_CLOCK (confab_manual_clock_get_type ())
G_DECLARE_FINAL_TYPE (ConfabManualClock, confab_manual_clock, CONFAB, MANUAL_CLOCK, GObject)

ConfabManualClock *confab_manual_clock_new (gint64 real_time) G_GNUC_WARN_UNUSED_RESULT;
void confab_manual_clock_advance (ConfabManualClock *self, guint ms);
void confab_manual_clock_sleep (ConfabManualClock *self, guint ms);
void confab_manual_clock_set_back (ConfabManualClock *self, guint ms);
gboolean confab_manual_clock_advance_to_next (ConfabManualClock *self);
guint confab_manual_clock_get_n_timeouts (ConfabManualClock *self);

G_END_DECLS
