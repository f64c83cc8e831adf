/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-bot"

#include "config.h"

#include "confab-bot-private.h"

/* The start of a bot: signed in, its rooms there, in the call that it was started for. */

gboolean
confab_bot_is_logged_out (ConfabBot *self)
{
  return confab_session_get_state (self->session) == CONFAB_SESSION_STATE_LOGGED_OUT;
}

static gboolean
check_user (ConfabBot *self, GError **error)
{
  const char *user_id = confab_session_get_user_id (self->session);
  const char *wanted = self->options->user;
  g_autofree char *prefix = NULL;

  if (wanted[0] == '@')
    prefix = g_strdup (wanted);
  else
    prefix = g_strdup_printf ("@%s:", wanted);
  if (user_id != NULL &&
      (wanted[0] == '@' ? g_str_equal (user_id, prefix) : g_str_has_prefix (user_id, prefix)))
    return TRUE;
  g_set_error (error,
               CONFAB_BOT_ERROR,
               CONFAB_BOT_ERROR_FAILED,
               "the store is of another account: %s",
               user_id != NULL ? user_id : "?");
  return FALSE;
}

static gboolean
await_sign_in (ConfabBot *self, GError **error)
{
  g_autoptr (ConfabHomeserver) homeserver = NULL;

  if (self->options->password == NULL) {
    g_set_error_literal (error,
                         CONFAB_BOT_ERROR,
                         CONFAB_BOT_ERROR_FAILED,
                         "a password is needed: nobody is signed in here");
    return FALSE;
  }
  homeserver = dex_await_object (
    confab_bot_until_stop (self, confab_homeserver_discover (self->options->homeserver)), error);
  if (homeserver == NULL)
    return FALSE;
  return confab_bot_await (self,
                           confab_session_sign_in (self->session,
                                                   homeserver,
                                                   self->options->user,
                                                   self->options->password,
                                                   self->options->device_name),
                           error);
}

/* Until the rooms are there. A server that does not answer is waited for: the session warns of it. */
static gboolean
await_online (ConfabBot *self, GError **error)
{
  for (;;) {
    if (confab_session_get_state (self->session) == CONFAB_SESSION_STATE_ONLINE)
      return TRUE;
    if (confab_bot_is_logged_out (self)) {
      g_set_error_literal (error,
                           CONFAB_BOT_ERROR,
                           CONFAB_BOT_ERROR_FAILED,
                           "the homeserver signed this device out");
      return FALSE;
    }
    if (!confab_bot_await_change (self, CONFAB_BOT_NEVER, error))
      return FALSE;
  }
}

static gboolean
await_signed_in (ConfabBot *self, GError **error)
{
  g_autoptr (GError) first_error = NULL;
  gboolean restored = dex_await_boolean (
    confab_bot_until_stop (self, confab_session_restore (self->session)), &first_error);

  if (first_error == NULL &&
      (restored ? check_user (self, &first_error) : await_sign_in (self, &first_error)) &&
      await_online (self, &first_error))
    return TRUE;
  /* A kept login that the server no longer takes: with a password there is another way in. */
  if (restored && self->options->password != NULL && confab_bot_is_logged_out (self))
    return await_sign_in (self, error) && await_online (self, error);
  g_propagate_error (error, g_steal_pointer (&first_error));
  return FALSE;
}

static JsonArray *
rgb_to_json (const guint8 rgb[3])
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < 3; i++)
    json_array_add_int_element (array, rgb[i]);
  return array;
}

/* What the others will see and hear, where that is known beforehand. */
static void
describe_media (ConfabBot *self, JsonObject *into)
{
  guint8 rgb[3];

  json_object_set_null_member (into, "toneHz");
  json_object_set_null_member (into, "meanRgb");
  json_object_set_null_member (into, "screenMeanRgb");
  if (self->options->media != CONFAB_BOT_MEDIA_TEST)
    return;
  json_object_set_int_member (into, "toneHz", confab_media_engine_get_tone_hz (self->engine));
  confab_media_engine_get_screen_rgb (self->engine, rgb);
  json_object_set_array_member (into, "screenMeanRgb", rgb_to_json (rgb));
  if (self->options->test_picture != NULL)
    return;
  confab_media_engine_get_mean_rgb (self->engine, rgb);
  json_object_set_array_member (into, "meanRgb", rgb_to_json (rgb));
}

static void
say_ready (ConfabBot *self)
{
  g_autoptr (JsonObject) fields = json_object_new ();

  json_object_set_string_member (fields, "userId", confab_session_get_user_id (self->session));
  json_object_set_string_member (fields, "deviceId", confab_session_get_device_id (self->session));
  json_object_set_null_member (fields, "sessionId");
  json_object_set_string_member (fields, "version", CONFAB_VERSION);
  describe_media (self, fields);
  confab_bot_output_event (self->output, "ready", fields);
}

gboolean
confab_bot_await_ready (ConfabBot *self, GError **error)
{
  ConfabCallHandler *handler;

  if (!await_signed_in (self, error))
    return FALSE;
  handler = confab_session_get_call_handler (self->session);
  confab_media_engine_set_test_identity (self->engine, confab_session_get_user_id (self->session));
  g_signal_connect_object (confab_session_get_rooms (self->session),
                           "items-changed",
                           G_CALLBACK (confab_bot_pulse),
                           self,
                           G_CONNECT_SWAPPED);
  self->ready = TRUE;
  say_ready (self);
  self->watch = confab_bot_watch_new (G_LIST_MODEL (handler), self->output);
  g_signal_connect_object (
    self->watch, "changed", G_CALLBACK (confab_bot_pulse), self, G_CONNECT_SWAPPED);
  return TRUE;
}

/* --join: the call, and the room first if this device is not in it. */
gboolean
confab_bot_await_first_join (ConfabBot *self, GError **error)
{
  const char *room_id = self->options->join_room;
  g_autoptr (ConfabBotCommand) command = NULL;
  g_autoptr (JsonNode) result = NULL;

  if (room_id == NULL)
    return TRUE;
  if (confab_room_list_lookup (confab_session_get_rooms (self->session), room_id) == NULL &&
      !confab_bot_await (self, confab_session_join_room (self->session, room_id), error))
    return FALSE;
  command = confab_bot_command_new_join (room_id, self->options->join_call);
  result = confab_bot_await_command (self, command, error);
  return result != NULL;
}
