/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ConfabSleepWatch:
 *
 * Hears from logind that the machine is about to sleep, and can have it wait a moment (its delay inhibitor; by default 5 s
 * at most). Where there is no logind nothing is ever heard, and that is no fault. Main thread.
 *
 * Signal `sleeping`: the machine sleeps as soon as nobody holds it.
 * Signal `awake`: it is awake again, or did not fall asleep.
 *
 * org.freedesktop.login1(5), “Inhibit()”, “PrepareForSleep”.
 */
#define CONFAB_TYPE_SLEEP_WATCH (confab_sleep_watch_get_type ())
G_DECLARE_FINAL_TYPE (ConfabSleepWatch, confab_sleep_watch, CONFAB, SLEEP_WATCH, GObject)

/* @why is shown to whoever asks the system what holds up its sleep. Nothing is asked of the system before the first
 * confab_sleep_watch_hold(). */
ConfabSleepWatch *confab_sleep_watch_new (const char *why) G_GNUC_WARN_UNUSED_RESULT;
/* From now on the machine waits before it sleeps, until it is released. */
void confab_sleep_watch_hold (ConfabSleepWatch *self);
void confab_sleep_watch_release (ConfabSleepWatch *self);

G_END_DECLS
