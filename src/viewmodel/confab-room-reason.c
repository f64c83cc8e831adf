/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-room-reason.h"

#include "confab-error-text.h"

#include <glib/gi18n.h>

const char *
confab_room_reason_connection (ConfabSession *session)
{
  ConfabSessionState state = confab_session_get_state (session);
  g_autoptr (GError) error = NULL;

  if (state == CONFAB_SESSION_STATE_ONLINE)
    return NULL;
  if (state == CONFAB_SESSION_STATE_LOGGED_OUT)
    return _ ("Your homeserver signed you out.");
  g_object_get (session, "error", &error, NULL);
  if (state == CONFAB_SESSION_STATE_OFFLINE && error != NULL)
    return confab_error_text_for_banner (error);
  return _ ("Still connecting to your homeserver.");
}

const char *
confab_room_reason_power (ConfabRoom *room, gboolean has_call, gboolean is_on)
{
  if (!is_on && confab_room_get_replaced (room))
    return _ ("This room has been replaced by another one.");
  if (!has_call && !confab_room_get_can_start_call (room))
    return _ ("Only moderators may start calls here.");
  if (has_call && !confab_room_get_can_join_call (room))
    return _ ("You may not join calls in this room. Ask a moderator.");
  return NULL;
}
