/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-bot"

#include "config.h"

#include "confab-bot-private.h"

#include "confab-call-report.h"
#include "confab-json.h"

/* What each command does; all of this runs on the bot's fiber, one command at a time. */

static JsonNode *
new_empty (void)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, json_object_new ());
  return node;
}

static JsonNode *
new_text (const char *name, const char *text)
{
  JsonNode *node = new_empty ();

  json_object_set_string_member (json_node_get_object (node), name, text);
  return node;
}

static JsonNode *
new_list (JsonArray *array)
{
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);

  json_node_take_array (node, array);
  return node;
}

static JsonArray *
calls_to_json (GListModel *calls)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < g_list_model_get_n_items (calls); i++) {
    g_autoptr (ConfabCall) call = g_list_model_get_item (calls, i);
    json_array_add_object_element (array, confab_call_report_call (call));
  }
  return array;
}

static JsonNode *
await_calls (ConfabBot *self, JsonObject *arguments, GError **error)
{
  return new_list (calls_to_json (G_LIST_MODEL (confab_session_get_call_handler (self->session))));
}

static JsonNode *
await_rooms (ConfabBot *self, JsonObject *arguments, GError **error)
{
  GListModel *rooms = G_LIST_MODEL (confab_session_get_rooms (self->session));
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < g_list_model_get_n_items (rooms); i++) {
    g_autoptr (ConfabRoom) room = g_list_model_get_item (rooms, i);
    JsonObject *object = json_object_new ();
    json_object_set_string_member (object, "roomId", confab_room_get_id (room));
    json_object_set_string_member (object, "name", confab_room_get_name (room));
    json_object_set_boolean_member (object, "encrypted", confab_room_get_encrypted (room));
    json_object_set_int_member (object, "members", confab_room_get_n_joined (room));
    json_object_set_array_member (object, "calls", calls_to_json (confab_room_get_calls (room)));
    json_array_add_object_element (array, object);
  }
  return new_list (array);
}

static JsonNode *
await_create_room (ConfabBot *self, JsonObject *arguments, GError **error)
{
  const char *name = confab_json_peek_string (arguments, "name");
  g_auto (GStrv) invite = NULL;
  g_autofree char *room_id = NULL;

  if (!json_object_has_member (arguments, "invite"))
    invite = g_new0 (char *, 1);
  else if (!confab_json_get_strv (arguments, "invite", &invite, error))
    return NULL;
  room_id = dex_await_string (
    confab_bot_until_stop (
      self,
      confab_session_create_room (self->session,
                                  name,
                                  confab_json_peek_boolean (arguments, "encrypted", FALSE),
                                  (const char *const *) invite,
                                  confab_json_peek_boolean (arguments, "open", FALSE))),
    error);
  return room_id != NULL ? new_text ("roomId", room_id) : NULL;
}

static JsonNode *
await_invite (ConfabBot *self, JsonObject *arguments, GError **error)
{
  if (!confab_bot_await (self,
                         confab_session_invite (self->session,
                                                confab_json_peek_string (arguments, "roomId"),
                                                confab_json_peek_string (arguments, "userId")),
                         error))
    return NULL;
  return new_empty ();
}

static JsonNode *
await_join_room (ConfabBot *self, JsonObject *arguments, GError **error)
{
  const char *room_id = confab_json_peek_string (arguments, "roomId");

  if (!confab_bot_await (self, confab_session_join_room (self->session, room_id), error))
    return NULL;
  return new_empty ();
}

static JsonNode *
await_leave_room (ConfabBot *self, JsonObject *arguments, GError **error)
{
  const char *room_id = confab_json_peek_string (arguments, "roomId");

  if (!confab_bot_await (self, confab_session_leave_room (self->session, room_id), error))
    return NULL;
  return new_empty ();
}

static JsonNode *
await_send_event (ConfabBot *self, JsonObject *arguments, GError **error)
{
  g_autofree char *event_id = dex_await_string (
    confab_bot_until_stop (self,
                           confab_session_send_event (self->session,
                                                      confab_json_peek_string (arguments, "roomId"),
                                                      confab_json_peek_string (arguments, "type"),
                                                      confab_json_peek_object (arguments,
                                                                               "content"))),
    error);

  return event_id != NULL ? new_text ("eventId", event_id) : NULL;
}

static JsonNode *
await_block_device (ConfabBot *self, JsonObject *arguments, GError **error)
{
  if (!confab_bot_await (
        self,
        confab_session_set_device_blocked (self->session,
                                           confab_json_peek_string (arguments, "userId"),
                                           confab_json_peek_string (arguments, "deviceId"),
                                           confab_json_peek_boolean (arguments, "on", FALSE)),
        error))
    return NULL;
  return new_empty ();
}

static JsonNode *
await_quit (ConfabBot *self, JsonObject *arguments, GError **error)
{
  self->quit = TRUE;
  return new_empty ();
}

static JsonNode *
await_unsupported (ConfabBot *self, JsonObject *arguments, GError **error)
{
  g_set_error_literal (error,
                       CONFAB_BOT_ERROR,
                       CONFAB_BOT_ERROR_UNSUPPORTED,
                       "this version does not do that");
  return NULL;
}

static JsonNode *(*const functions[]) (ConfabBot *self, JsonObject *arguments, GError **error) = {
  [CONFAB_BOT_VERB_ANSWER] = await_unsupported,
  [CONFAB_BOT_VERB_BLOCK_DEVICE] = await_block_device,
  [CONFAB_BOT_VERB_CALLS] = await_calls,
  [CONFAB_BOT_VERB_CREATE_CALL] = confab_bot_await_create_call,
  [CONFAB_BOT_VERB_CREATE_ROOM] = await_create_room,
  [CONFAB_BOT_VERB_DECLINE] = confab_bot_await_decline,
  [CONFAB_BOT_VERB_INVITE] = await_invite,
  [CONFAB_BOT_VERB_JOIN_CALL] = confab_bot_await_join_call,
  [CONFAB_BOT_VERB_JOIN_ROOM] = await_join_room,
  [CONFAB_BOT_VERB_LEAVE] = confab_bot_await_leave,
  [CONFAB_BOT_VERB_LEAVE_ROOM] = await_leave_room,
  [CONFAB_BOT_VERB_MEMBERS] = confab_bot_await_members,
  [CONFAB_BOT_VERB_MUTE] = confab_bot_await_mute,
  [CONFAB_BOT_VERB_PLACE_CALL] = await_unsupported,
  [CONFAB_BOT_VERB_QUIT] = await_quit,
  [CONFAB_BOT_VERB_REJECT] = await_unsupported,
  [CONFAB_BOT_VERB_ROOMS] = await_rooms,
  [CONFAB_BOT_VERB_SCREEN] = confab_bot_await_screen,
  [CONFAB_BOT_VERB_SEND_EVENT] = await_send_event,
  [CONFAB_BOT_VERB_SPEAKER] = await_unsupported,
  [CONFAB_BOT_VERB_STATS] = confab_bot_await_stats,
  [CONFAB_BOT_VERB_TERMINATE] = confab_bot_await_terminate,
  [CONFAB_BOT_VERB_TRACKS] = confab_bot_await_tracks,
  [CONFAB_BOT_VERB_TRANSFER] = await_unsupported,
  [CONFAB_BOT_VERB_WAIT_MEDIA] = confab_bot_await_wait_media,
  [CONFAB_BOT_VERB_WIRE] = confab_bot_await_wire,
};

JsonNode *
confab_bot_await_command (ConfabBot *self, const ConfabBotCommand *command, GError **error)
{
  g_clear_error (&self->call_error);
  if (command->error != NULL) {
    g_propagate_error (error, g_error_copy (command->error));
    return NULL;
  }
  return functions[command->verb](self, command->arguments, error);
}
