/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-bot"

#include "config.h"

#include "confab-bot-private.h"

#include "confab-call-report.h"
#include "confab-group-call.h"
#include "confab-json.h"

#define JOIN_TIMEOUT_MS 20000
#define CREATE_TIMEOUT_MS 20000
#define LEAVE_TIMEOUT_MS 10000

static ConfabCallHandler *
get_handler (ConfabBot *self)
{
  return confab_session_get_call_handler (self->session);
}

static JsonNode *
new_object (JsonObject **object)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  *object = json_object_new ();
  json_node_take_object (node, *object);
  return node;
}

static int
get_enum (JsonObject *arguments, const char *name, GType type, int fallback)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);
  const char *nick = confab_json_peek_string (arguments, name);
  const GEnumValue *value = nick != NULL ? g_enum_get_value_by_nick (klass, nick) : NULL;

  return value != NULL ? value->value : fallback;
}

/* What went wrong with a call, if anything did since the command began. */
static gboolean
check_call (ConfabBot *self, GError **error)
{
  if (self->call_error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self->call_error));
  return FALSE;
}

static void
failed_cb (ConfabBot *self, const GError *error)
{
  g_clear_error (&self->call_error);
  self->call_error = g_error_copy (error);
  confab_bot_pulse (self);
}

/* Without the watch's events, since an ended call is no longer in the model. */
static void
hold_call (ConfabBot *self, ConfabCall **place, ConfabCall *call)
{
  if (*place == call)
    return;
  if (*place != NULL)
    g_signal_handlers_disconnect_by_data (*place, self);
  g_set_object (place, call);
  if (call == NULL)
    return;
  g_signal_handlers_disconnect_by_data (call, self);
  g_signal_connect_object (call, "failed", G_CALLBACK (failed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    call, "notify::state", G_CALLBACK (confab_bot_pulse), self, G_CONNECT_SWAPPED);
  if (CONFAB_IS_GROUP_CALL (call))
    g_signal_connect_object (
      call, "notify::lingering", G_CALLBACK (confab_bot_pulse), self, G_CONNECT_SWAPPED);
}

ConfabCall *
confab_bot_get_call (ConfabBot *self, GError **error)
{
  if (self->call != NULL && confab_call_is_active (self->call))
    return self->call;
  g_set_error_literal (error,
                       CONFAB_BOT_ERROR,
                       CONFAB_BOT_ERROR_NO_CALL,
                       "this device is in no call");
  return NULL;
}

typedef struct {
  const char *room_id;
  ConfabCallIntent intent;
  ConfabCallType type;
  const char *name;
  ConfabCall *call;
} Creation;

static void
create_in_main (ConfabBot *self, gpointer data)
{
  Creation *creation = data;

  creation->call = confab_call_handler_create_call (
    get_handler (self), creation->room_id, creation->intent, creation->type, creation->name);
  hold_call (self, &self->created, creation->call);
}

/* A call is made in a room that sync brought: before, nobody knows whether it is encrypted. */
static gboolean
await_room (ConfabBot *self, const char *room_id, gint64 deadline, GError **error)
{
  ConfabRoomList *rooms = confab_session_get_rooms (self->session);

  while (confab_room_list_lookup (rooms, room_id) == NULL) {
    if (!confab_bot_await_change (self, deadline, error)) {
      g_prefix_error_literal (error, "the room is not known: ");
      return FALSE;
    }
  }
  return TRUE;
}

/* As the window knows it, from what sync has told: the homeserver would refuse it. */
static gboolean
check_power (ConfabBot *self, const char *room_id, gboolean create, GError **error)
{
  ConfabRoom *room = confab_room_list_lookup (confab_session_get_rooms (self->session), room_id);
  gboolean may = room == NULL || (create ? confab_room_get_can_start_call (room)
                                         : confab_room_get_can_join_call (room));

  if (!may)
    g_set_error_literal (error,
                         CONFAB_BOT_ERROR,
                         CONFAB_BOT_ERROR_FAILED,
                         create ? "you may not begin calls in this room: that needs more power"
                                : "you may not be in calls in this room: that needs more power");
  return may;
}

JsonNode *
confab_bot_await_create_call (ConfabBot *self, JsonObject *arguments, GError **error)
{
  const gint64 deadline = confab_bot_get_deadline (self, CREATE_TIMEOUT_MS);
  Creation creation = {
    .room_id = confab_json_peek_string (arguments, "roomId"),
    .intent = get_enum (arguments, "intent", CONFAB_TYPE_CALL_INTENT, CONFAB_CALL_INTENT_PROMPT),
    .type = get_enum (arguments, "type", CONFAB_TYPE_CALL_TYPE, CONFAB_CALL_TYPE_VIDEO),
    .name = confab_json_peek_string (arguments, "name"),
  };
  g_autoptr (ConfabCall) call = NULL;
  g_autofree char *call_id = NULL;
  JsonObject *object;
  JsonNode *node;

  if (!await_room (self, creation.room_id, deadline, error) ||
      !check_power (self, creation.room_id, TRUE, error))
    return NULL;
  confab_bot_await_in_main (self, create_in_main, &creation);
  call = creation.call;
  while (confab_call_get_state (call) == CONFAB_CALL_STATE_LOCAL_DRAFT) {
    if (!check_call (self, error) || !confab_bot_await_change (self, deadline, error))
      return NULL;
  }
  if (!check_call (self, error))
    return NULL;
  if (confab_call_get_state (call) == CONFAB_CALL_STATE_ENDED) {
    g_set_error_literal (error,
                         CONFAB_BOT_ERROR,
                         CONFAB_BOT_ERROR_FAILED,
                         "the call could not be created");
    return NULL;
  }
  call_id = confab_call_dup_id (call);
  node = new_object (&object);
  json_object_set_string_member (object, "callId", call_id);
  return node;
}

/* The call with that id, or the room's only one. Returns: (transfer full) (nullable): NULL without an error
 * when it is not known yet */
static ConfabCall *
find_call (ConfabBot *self, const char *room_id, const char *call_id, GError **error)
{
  GListModel *calls = G_LIST_MODEL (get_handler (self));
  g_autoptr (ConfabCall) found = NULL;

  for (guint i = 0; i < g_list_model_get_n_items (calls); i++) {
    g_autoptr (ConfabCall) call = g_list_model_get_item (calls, i);
    g_autofree char *its_room = confab_call_dup_room_id (call);
    g_autofree char *its_id = confab_call_dup_id (call);
    if (!g_str_equal (its_room, room_id) || (call_id != NULL && !g_str_equal (its_id, call_id)))
      continue;
    if (found != NULL) {
      g_set_error_literal (error,
                           CONFAB_BOT_ERROR,
                           CONFAB_BOT_ERROR_BAD_ARGUMENT,
                           "the room has several calls: “callId” must say which");
      return NULL;
    }
    found = g_object_ref (call);
  }
  return g_steal_pointer (&found);
}

static ConfabCall *
await_known_call (ConfabBot *self, JsonObject *arguments, gint64 deadline, GError **error)
{
  const char *room_id = confab_json_peek_string (arguments, "roomId");
  const char *call_id = confab_json_peek_string (arguments, "callId");

  for (;;) {
    g_autoptr (GError) several = NULL;
    g_autoptr (ConfabCall) call = find_call (self, room_id, call_id, &several);
    if (several != NULL) {
      g_propagate_error (error, g_steal_pointer (&several));
      return NULL;
    }
    if (call != NULL && confab_call_get_state (call) == CONFAB_CALL_STATE_KNOWN)
      return g_steal_pointer (&call);
    if (!confab_bot_await_change (self, deadline, error)) {
      g_prefix_error_literal (error, "the call is not known: ");
      return NULL;
    }
  }
}

static void
first_frame_cb (ConfabBot *self, ConfabParticipant *participant, gint64 after_ms)
{
  g_autoptr (JsonObject) fields = json_object_new ();
  g_autofree char *call_id = confab_call_dup_id (self->call);

  json_object_set_string_member (fields, "callId", call_id);
  json_object_set_string_member (fields, "userId", confab_participant_get_user_id (participant));
  json_object_set_string_member (fields,
                                 "deviceId",
                                 confab_participant_get_device_id (participant));
  json_object_set_int_member (fields, "at", after_ms);
  confab_bot_output_event (self->output, "first-frame", fields);
}

typedef struct {
  ConfabCall *call;
  gboolean microphone_muted;
  gboolean camera_muted;
  gboolean screen;
  gint64 began_at;
} Join;

static void
join_in_main (ConfabBot *self, gpointer data)
{
  const Join *join = data;
  g_autoptr (ConfabLocalMedia) media = confab_media_devices_open (CONFAB_MEDIA_DEVICES (self->engine),
                                                       join->microphone_muted,
                                                       join->camera_muted);

  hold_call (self, &self->call, join->call);
  g_clear_object (&self->timing);
  self->timing = confab_call_timing_new (join->call, self->clock, join->began_at);
  g_signal_connect_object (
    self->timing, "first-frame", G_CALLBACK (first_frame_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    self->timing, "changed", G_CALLBACK (confab_bot_pulse), self, G_CONNECT_SWAPPED);
  if (join->screen)
    confab_local_media_share_screen (media);
  confab_call_join (join->call, media);
}

static gboolean
await_joined (ConfabBot *self, ConfabCall *call, gint64 deadline, GError **error)
{
  while (confab_call_get_state (call) != CONFAB_CALL_STATE_JOINED) {
    if (!check_call (self, error))
      return FALSE;
    if (!confab_call_is_active (call)) {
      g_set_error_literal (error,
                           CONFAB_BOT_ERROR,
                           CONFAB_BOT_ERROR_FAILED,
                           "the call was lost while joining it");
      return FALSE;
    }
    if (!confab_bot_await_change (self, deadline, error)) {
      g_prefix_error_literal (error, "the own membership did not come back: ");
      return FALSE;
    }
  }
  return TRUE;
}

static JsonNode *
new_joined (ConfabBot *self, const Join *join)
{
  g_autofree char *call_id = confab_call_dup_id (join->call);
  JsonObject *object;
  JsonNode *node = new_object (&object);

  json_object_set_string_member (object, "callId", call_id);
  json_object_set_string_member (object,
                                 "sessionId",
                                 confab_group_call_get_session_id (CONFAB_GROUP_CALL (join->call)));
  json_object_set_int_member (object,
                              "joinMs",
                              (confab_clock_get_time (self->clock) - join->began_at) / 1000);
  return node;
}

static gboolean
check_can_share (ConfabBot *self, GError **error)
{
  if (self->options->media == CONFAB_BOT_MEDIA_TEST)
    return TRUE;
  g_set_error_literal (error,
                       CONFAB_BOT_ERROR,
                       CONFAB_BOT_ERROR_UNSUPPORTED,
                       self->options->media == CONFAB_BOT_MEDIA_NONE
                         ? "with --media none there is no screen to share"
                         : "this version cannot capture the screen of this machine: --media test "
                           "has a picture that stands for one");
  return FALSE;
}

JsonNode *
confab_bot_await_join_call (ConfabBot *self, JsonObject *arguments, GError **error)
{
  Join join = {
    .microphone_muted = !confab_json_peek_boolean (arguments, "audio", TRUE),
    .camera_muted = !confab_json_peek_boolean (arguments, "video", TRUE),
    .screen = confab_json_peek_boolean (arguments, "screen", FALSE),
    .began_at = confab_clock_get_time (self->clock),
  };
  const gint64 deadline = confab_bot_get_deadline (
    self, confab_json_peek_int (arguments, "timeout", JOIN_TIMEOUT_MS));
  g_autoptr (ConfabCall) call = NULL;

  if (join.screen && !check_can_share (self, error))
    return NULL;
  if (confab_bot_get_call (self, NULL) != NULL) {
    g_set_error_literal (error,
                         CONFAB_BOT_ERROR,
                         CONFAB_BOT_ERROR_FAILED,
                         "this device is in a call: leave it first");
    return NULL;
  }
  call = await_known_call (self, arguments, deadline, error);
  if (call == NULL ||
      !check_power (self, confab_json_peek_string (arguments, "roomId"), FALSE, error))
    return NULL;
  join.call = call;
  confab_bot_wire_set_origin (self->wire, join.began_at);
  confab_bot_await_in_main (self, join_in_main, &join);
  if (!await_joined (self, call, deadline, error)) {
    confab_bot_await_out_of_call (self);
    return NULL;
  }
  return new_joined (self, &join);
}

static void
leave_in_main (ConfabBot *self, gpointer data)
{
  confab_call_leave (CONFAB_CALL (data));
}

static void
terminate_in_main (ConfabBot *self, gpointer data)
{
  confab_call_terminate (CONFAB_CALL (data));
}

/* Waits until it is out, or over; the call itself waits for the server for 2 s at most. */
static gboolean
await_out (ConfabBot *self, ConfabCall *call, gboolean over, GError **error)
{
  const gint64 deadline = confab_bot_get_deadline (self, LEAVE_TIMEOUT_MS);

  for (;;) {
    ConfabCallState state = confab_call_get_state (call);
    if (state == CONFAB_CALL_STATE_ENDED || (state == CONFAB_CALL_STATE_KNOWN && !over))
      break;
    if (!check_call (self, error) || !confab_bot_await_change (self, deadline, error))
      return FALSE;
  }
  return check_call (self, error);
}

/* A script that goes on from here relies on it that others see us go. */
static gboolean
await_confirmed (ConfabBot *self, ConfabCall *call, gint64 deadline, GError **error)
{
  while (CONFAB_IS_GROUP_CALL (call) &&
         confab_group_call_get_lingering (CONFAB_GROUP_CALL (call))) {
    if (confab_bot_is_logged_out (self)) {
      g_set_error_literal (error,
                           CONFAB_BOT_ERROR,
                           CONFAB_BOT_ERROR_FAILED,
                           "this device is out, but the homeserver, which signed it out before, "
                           "could not be told");
      return FALSE;
    }
    if (!confab_bot_await_change (self, deadline, error)) {
      g_prefix_error_literal (error,
                              "this device is out, but the homeserver has not confirmed it: ");
      return FALSE;
    }
  }
  return TRUE;
}

void
confab_bot_await_out_of_call (ConfabBot *self)
{
  g_autoptr (ConfabCall) call = self->call != NULL ? g_object_ref (self->call) : NULL;
  g_autoptr (GError) error = NULL;

  self->ignores_stop++;
  if (call != NULL && confab_call_is_active (call)) {
    g_clear_error (&self->call_error);
    confab_bot_await_in_main (self, leave_in_main, call);
  }
  /* Whoever calls this has an error of its own to tell, or ends. */
  if (call != NULL && !await_out (self, call, FALSE, &error))
    g_info ("leaving: %s", error->message);
  self->ignores_stop--;
  hold_call (self, &self->call, NULL);
  g_clear_object (&self->timing);
}

static JsonNode *
await_end (ConfabBot *self, ConfabCall *unowned, gboolean over, GError **error)
{
  const gint64 deadline = confab_bot_get_deadline (self, LEAVE_TIMEOUT_MS);
  g_autoptr (ConfabCall) call = g_object_ref (unowned);
  gboolean confirmed;
  JsonObject *object;

  hold_call (self, &self->call, call);
  confab_bot_await_in_main (self, over ? terminate_in_main : leave_in_main, call);
  if (!await_out (self, call, over, error))
    return NULL;
  confirmed = await_confirmed (self, call, deadline, error);
  hold_call (self, &self->call, NULL);
  g_clear_object (&self->timing);
  return confirmed ? new_object (&object) : NULL;
}

JsonNode *
confab_bot_await_leave (ConfabBot *self, JsonObject *arguments, GError **error)
{
  ConfabCall *call = confab_bot_get_call (self, error);

  return call != NULL ? await_end (self, call, FALSE, error) : NULL;
}

JsonNode *
confab_bot_await_terminate (ConfabBot *self, JsonObject *arguments, GError **error)
{
  ConfabCall *call = confab_bot_get_call (self, NULL);

  /* Who made a call may end it without being in it. */
  if (call == NULL && self->created != NULL &&
      confab_call_get_state (self->created) == CONFAB_CALL_STATE_KNOWN)
    call = self->created;
  if (call == NULL)
    (void) confab_bot_get_call (self, error);
  return call != NULL ? await_end (self, call, TRUE, error) : NULL;
}

static void
decline_here_in_main (ConfabBot *self, gpointer data)
{
  confab_call_decline (CONFAB_CALL (data), CONFAB_DECLINE_HERE);
}

static void
decline_in_main (ConfabBot *self, gpointer data)
{
  confab_call_decline (CONFAB_CALL (data), CONFAB_DECLINE_EVERYWHERE);
}

JsonNode *
confab_bot_await_decline (ConfabBot *self, JsonObject *arguments, GError **error)
{
  GListModel *calls = G_LIST_MODEL (get_handler (self));
  gboolean everywhere = confab_json_peek_boolean (arguments, "everywhere", TRUE);

  for (guint i = 0; i < g_list_model_get_n_items (calls); i++) {
    g_autoptr (ConfabCall) call = g_list_model_get_item (calls, i);
    JsonObject *object;
    if (!confab_call_get_ringing (call))
      continue;
    confab_bot_await_in_main (self, everywhere ? decline_in_main : decline_here_in_main, call);
    return new_object (&object);
  }
  g_set_error_literal (error, CONFAB_BOT_ERROR, CONFAB_BOT_ERROR_NO_CALL, "no call rings");
  return NULL;
}

static void
mute_in_main (ConfabBot *self, gpointer data)
{
  JsonObject *arguments = data;

  if (json_object_has_member (arguments, "mic"))
    confab_call_set_microphone_muted (self->call,
                                      confab_json_peek_boolean (arguments, "mic", FALSE));
  if (json_object_has_member (arguments, "cam"))
    confab_call_set_camera_muted (self->call, confab_json_peek_boolean (arguments, "cam", FALSE));
}

JsonNode *
confab_bot_await_mute (ConfabBot *self, JsonObject *arguments, GError **error)
{
  ConfabCall *call = confab_bot_get_call (self, error);
  JsonNode *node = NULL;

  if (call == NULL)
    return NULL;
  confab_bot_await_in_main (self, mute_in_main, arguments);
  node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, confab_call_report_local_mute (call));
  return node;
}

static void
screen_in_main (ConfabBot *self, gpointer data)
{
  if (confab_json_peek_boolean (data, "on", FALSE))
    confab_call_share_screen (self->call);
  else
    confab_call_stop_sharing (self->call);
}

JsonNode *
confab_bot_await_screen (ConfabBot *self, JsonObject *arguments, GError **error)
{
  JsonObject *object;
  JsonNode *node;

  if (!check_can_share (self, error) || confab_bot_get_call (self, error) == NULL)
    return NULL;
  confab_bot_await_in_main (self, screen_in_main, arguments);
  node = new_object (&object);
  json_object_set_boolean_member (object,
                                  "on",
                                  confab_call_get_sharing (self->call) == CONFAB_SHARING_ON);
  return node;
}
