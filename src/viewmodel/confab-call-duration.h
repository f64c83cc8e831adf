/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef struct _ConfabClock ConfabClock;

/**
 * ConfabCallDuration:
 *
 * For how long a call has been on, as “12:04”. It ticks on the second, and only while it runs. Property `text`
 * (notifies).
 */
#define CONFAB_TYPE_CALL_DURATION (confab_call_duration_get_type ())
G_DECLARE_FINAL_TYPE (ConfabCallDuration, confab_call_duration, CONFAB, CALL_DURATION, GObject)

ConfabCallDuration *confab_call_duration_new (ConfabClock *clock) G_GNUC_WARN_UNUSED_RESULT;
const char *confab_call_duration_get_text (ConfabCallDuration *self);
void confab_call_duration_set_start (ConfabCallDuration *self, gint64 start);
void confab_call_duration_set_running (ConfabCallDuration *self, gboolean running);

G_END_DECLS
