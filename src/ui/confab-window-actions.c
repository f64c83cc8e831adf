/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-window-private.h"

#include <glib/gi18n.h>

static ConfabRoomViewModel *
find_room (ConfabWindow *self, const char *id)
{
  ConfabSessionViewModel *model = confab_window_get_model (self);

  if (*id == '\0')
    return confab_session_view_model_get_room (model);
  return confab_room_list_view_model_lookup (confab_session_view_model_get_room_list (model), id);
}

/* Before a call the switches of the choice are meant, within one those of the call. */
static void
set_microphone (ConfabWindow *self, gboolean on)
{
  ConfabSessionViewModel *model = confab_window_get_model (self);

  if (confab_session_view_model_get_select_media (model) != NULL)
    confab_select_call_media_view_model_set_microphone_on (
      confab_session_view_model_get_select_media (model), on);
  else if (confab_session_view_model_get_call (model) != NULL)
    confab_call_view_model_set_microphone_muted (confab_session_view_model_get_call (model), !on);
}

static void
set_camera (ConfabWindow *self, gboolean on)
{
  ConfabSessionViewModel *model = confab_window_get_model (self);

  if (confab_session_view_model_get_select_media (model) != NULL)
    confab_select_call_media_view_model_set_camera_on (confab_session_view_model_get_select_media (
                                                         model),
                                                       on);
  else if (confab_session_view_model_get_call (model) != NULL)
    confab_call_view_model_set_camera_muted (confab_session_view_model_get_call (model), !on);
}

static void
toggle_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  g_autoptr (GVariant) state = g_action_get_state (G_ACTION (action));

  g_action_change_state (G_ACTION (action), g_variant_new_boolean (!g_variant_get_boolean (state)));
}

/* The view model says when the state has changed. */
static void
change_microphone (GSimpleAction *action, GVariant *state, gpointer data)
{
  set_microphone (data, g_variant_get_boolean (state));
}

static void
change_camera (GSimpleAction *action, GVariant *state, gpointer data)
{
  set_camera (data, g_variant_get_boolean (state));
}

/* Both may come before the rooms have: then they wait for them. */
static void
join_or_start (ConfabWindow *self, GVariant *parameter, gboolean start)
{
  ConfabSessionViewModel *model = confab_window_get_model (self);
  ConfabRoomViewModel *opened = confab_session_view_model_get_room (model);
  const char *id = NULL;
  gboolean audio = FALSE;
  gboolean video = FALSE;

  g_variant_get (parameter, "(&sbb)", &id, &audio, &video);
  if (*id == '\0' && opened != NULL)
    id = confab_room_view_model_get_id (opened);
  if (*id != '\0')
    confab_session_view_model_request_call (model, id, start, audio, video);
}

static void
join_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  join_or_start (data, parameter, FALSE);
}

static void
start_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  join_or_start (data, parameter, TRUE);
}

static void
leave_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  confab_session_view_model_leave_call (confab_window_get_model (data));
}

/* For notifications and scripts: room, call, and whether on all devices. */
static void
decline_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  const char *room_id = NULL;
  const char *call_id = NULL;
  gboolean everywhere = FALSE;

  g_variant_get (parameter, "(&s&sb)", &room_id, &call_id, &everywhere);
  confab_session_view_model_decline_call (confab_window_get_model (data),
                                          room_id,
                                          call_id,
                                          everywhere);
}

static void
show_call_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  confab_window_show_call (data);
}

static void
prepare_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ConfabRoomViewModel *room = find_room (data, g_variant_get_string (parameter, NULL));

  if (room != NULL)
    confab_session_view_model_prepare_call (confab_window_get_model (data),
                                            room,
                                            FALSE,
                                            CONFAB_START_QUIETLY);
}

static void
prepare_start_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  const char *id = NULL;
  const char *how = NULL;
  ConfabRoomViewModel *room = NULL;

  g_variant_get (parameter, "(&s&s)", &id, &how);
  room = find_room (data, id);
  if (room != NULL)
    confab_session_view_model_prepare_call (confab_window_get_model (data),
                                            room,
                                            g_str_equal (how, "sound"),
                                            g_str_equal (how, "ring") ? CONFAB_START_RINGING
                                                                      : CONFAB_START_QUIETLY);
}

static void
fullscreen_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  if (gtk_window_is_fullscreen (data))
    gtk_window_unfullscreen (data);
  else
    gtk_window_fullscreen (data);
}

static void
search_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  confab_window_search (data);
}

static void
sign_out_response_cb (ConfabWindow *self, const char *response)
{
  if (g_str_equal (response, "sign-out"))
    confab_session_view_model_sign_out (confab_window_get_model (self));
}

static void
sign_out_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  AdwDialog *dialog = adw_alert_dialog_new (
    _ ("Sign Out?"),
    _ (
      "What this device needs to read encrypted call messages is deleted. You can sign in again."));

  adw_alert_dialog_add_responses (
    ADW_ALERT_DIALOG (dialog), "cancel", _ ("_Cancel"), "sign-out", _ ("_Sign Out"), NULL);
  adw_alert_dialog_set_response_appearance (ADW_ALERT_DIALOG (dialog),
                                            "sign-out",
                                            ADW_RESPONSE_DESTRUCTIVE);
  adw_alert_dialog_set_default_response (ADW_ALERT_DIALOG (dialog), "cancel");
  adw_alert_dialog_set_close_response (ADW_ALERT_DIALOG (dialog), "cancel");
  g_signal_connect_object (
    dialog, "response", G_CALLBACK (sign_out_response_cb), data, G_CONNECT_SWAPPED);
  adw_dialog_present (dialog, data);
}

void
confab_window_add_actions (ConfabWindow *self)
{
  static const GActionEntry entries[] = {
    { "toggle-microphone", toggle_action, NULL, "false", change_microphone },
    { "toggle-camera", toggle_action, NULL, "false", change_camera },
    { "join-call", join_action, "(sbb)", NULL, NULL },
    { "start-call", start_action, "(sbb)", NULL, NULL },
    { "leave-call", leave_action, NULL, NULL, NULL },
    { "decline-call", decline_action, "(ssb)", NULL, NULL },
    { "show-call", show_call_action, NULL, NULL, NULL },
    { "prepare-call", prepare_action, "s", NULL, NULL },
    { "prepare-start", prepare_start_action, "(ss)", NULL, NULL },
    { "fullscreen", fullscreen_action, NULL, NULL, NULL },
    { "search", search_action, NULL, NULL, NULL },
    { "sign-out", sign_out_action, NULL, NULL, NULL },
  };

  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
}

static void
set_action (ConfabWindow *self, const char *name, gboolean enabled)
{
  g_simple_action_set_enabled (G_SIMPLE_ACTION (
                                 g_action_map_lookup_action (G_ACTION_MAP (self), name)),
                               enabled);
}

static void
set_action_state (ConfabWindow *self, const char *name, gboolean state)
{
  g_simple_action_set_state (G_SIMPLE_ACTION (
                               g_action_map_lookup_action (G_ACTION_MAP (self), name)),
                             g_variant_new_boolean (state));
}

/* What can be done, and what is on. */
void
confab_window_update_actions (ConfabWindow *self)
{
  ConfabSessionViewModel *model = confab_window_get_model (self);
  ConfabSelectCallMediaViewModel *select = NULL;
  ConfabCallViewModel *call = NULL;
  gboolean in_rooms = FALSE;
  gboolean microphone_on = FALSE;
  gboolean camera_on = FALSE;

  if (model != NULL) {
    select = confab_session_view_model_get_select_media (model);
    call = confab_session_view_model_get_call (model);
    in_rooms = confab_session_view_model_get_page (model) == CONFAB_SESSION_PAGE_ROOMS;
  }
  if (select != NULL) {
    microphone_on = confab_select_call_media_view_model_get_microphone_on (select);
    camera_on = confab_select_call_media_view_model_get_camera_on (select);
  } else if (call != NULL) {
    microphone_on = !confab_call_view_model_get_microphone_muted (call);
    camera_on = !confab_call_view_model_get_camera_muted (call);
  }
  set_action (self, "toggle-microphone", select != NULL || call != NULL);
  set_action (self, "toggle-camera", select != NULL || call != NULL);
  set_action_state (self, "toggle-microphone", microphone_on);
  set_action_state (self, "toggle-camera", camera_on);
  set_action (self, "leave-call", call != NULL);
  set_action (self, "show-call", call != NULL);
  set_action (self, "prepare-call", in_rooms);
  set_action (self, "prepare-start", in_rooms);
  set_action (self, "search", in_rooms);
  set_action (self, "sign-out", in_rooms);
}
