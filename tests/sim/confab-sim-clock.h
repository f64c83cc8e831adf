/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-clock.h"

G_BEGIN_DECLS

/**
 * ConfabSimTime:
 *
 * The time of a world, which stands still until it is turned to the next timeout, and all timeouts with their owners:
 * after each it is known who has moved, and has to be looked at. Those due at the same instant run in the order in
 * which they were added.
 */
typedef struct _ConfabSimTime ConfabSimTime;

ConfabSimTime *confab_sim_time_new (gint64 real_time) G_GNUC_WARN_UNUSED_RESULT;
void confab_sim_time_free (ConfabSimTime *self);
guint confab_sim_time_step (ConfabSimTime *self);
guint confab_sim_time_get_n_timeouts (ConfabSimTime *self);

/**
 * ConfabSimClock:
 *
 * The ConfabClock of one owner.
 */
#define CONFAB_TYPE_SIM_CLOCK (confab_sim_clock_get_type ())
G_DECLARE_FINAL_TYPE (ConfabSimClock, confab_sim_clock, CONFAB, SIM_CLOCK, GObject)

ConfabSimClock *confab_sim_clock_new (ConfabSimTime *time, guint owner) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
