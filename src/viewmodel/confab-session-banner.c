/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-session-banner.h"

#include "confab-error-text.h"
#include "confab-format.h"

#include <glib/gi18n.h>

/**
 * confab_session_banner_make:
 * @session: the account
 * @clock: time
 * @outlived: whether a call goes on although the homeserver has ended the session
 *
 * Returns: (transfer full): what is wrong with the connection; empty for nothing
 */
char *
confab_session_banner_make (ConfabSession *session, ConfabClock *clock, gboolean outlived)
{
  g_autoptr (GError) error = NULL;
  gint64 last_sync_at = 0;
  g_autofree char *moment = NULL;
  const char *text = NULL;

  if (outlived)
    return g_strdup (_ ("Your homeserver signed you out. Leave the call to sign in again."));
  g_object_get (session, "last-sync-at", &last_sync_at, "error", &error, NULL);
  /* Without an error nothing failed yet: it was only just started. */
  if (confab_session_get_state (session) != CONFAB_SESSION_STATE_OFFLINE || error == NULL)
    return g_strdup ("");
  text = confab_error_text_for_banner (error);
  if (last_sync_at > 0)
    moment = confab_format_moment (last_sync_at, confab_clock_get_real_time (clock));
  if (moment == NULL)
    return g_strdup (text);
  /* Translators: first a sentence as “You are offline.”, then a time of day, as in 14:02, or a day and a time */
  return g_strdup_printf (_ ("%s Rooms as of %s."), text, moment);
}
