/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ConfabLogoutWatch:
 *
 * A client of the desktop's session manager (GNOME's, which others speak like): hears that the session ends, and has it
 * wait for an answer. GtkApplication's own `register-session` answers before anybody could have left a call, and quits.
 * Where there is no such manager nothing is ever heard; then SIGTERM comes. Main thread.
 *
 * Signal `ending`: the session ends, once confab_logout_watch_answer() says so, or the manager is tired of waiting (10 s).
 */
#define CONFAB_TYPE_LOGOUT_WATCH (confab_logout_watch_get_type ())
G_DECLARE_FINAL_TYPE (ConfabLogoutWatch, confab_logout_watch, CONFAB, LOGOUT_WATCH, GObject)

/* @bus: the session's. */
ConfabLogoutWatch *
confab_logout_watch_new (GDBusConnection *bus, const char *app_id) G_GNUC_WARN_UNUSED_RESULT;
/* Everything is done: the session need not wait for this process. */
void confab_logout_watch_answer (ConfabLogoutWatch *self);

G_END_DECLS
