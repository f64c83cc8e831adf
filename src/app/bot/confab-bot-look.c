/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-bot"

#include "config.h"

#include "confab-bot-private.h"

#include "confab-call-report.h"
#include "confab-json.h"

#define WAIT_MEDIA_TIMEOUT_MS 30000
/* Counters of bytes and frames tell nobody that they grow: they are read again after any change, and then. */
#define WAIT_MEDIA_SAMPLE_MS 100

static JsonNode *
new_list (JsonArray *array)
{
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);

  json_node_take_array (node, array);
  return node;
}

JsonNode *
confab_bot_await_members (ConfabBot *self, JsonObject *arguments, GError **error)
{
  ConfabCall *call = confab_bot_get_call (self, error);

  return call != NULL ? new_list (confab_call_report_members (call)) : NULL;
}

static JsonObject *
await_stats (ConfabBot *self, GError **error)
{
  if (confab_bot_get_call (self, error) == NULL)
    return NULL;
  return dex_await_boxed (confab_bot_until_stop (self, confab_call_report_stats (self->timing)),
                          error);
}

JsonNode *
confab_bot_await_stats (ConfabBot *self, JsonObject *arguments, GError **error)
{
  JsonObject *stats = await_stats (self, error);
  JsonNode *node = NULL;

  if (stats != NULL) {
    node = json_node_new (JSON_NODE_OBJECT);
    json_node_take_object (node, stats);
  }
  return node;
}

JsonNode *
confab_bot_await_tracks (ConfabBot *self, JsonObject *arguments, GError **error)
{
  ConfabCall *call = confab_bot_get_call (self, error);
  JsonArray *tracks = NULL;

  if (call != NULL)
    tracks = dex_await_boxed (confab_bot_until_stop (self, confab_call_report_tracks (call)),
                              error);
  return tracks != NULL ? new_list (tracks) : NULL;
}

typedef struct {
  gint64 members;
  gint64 frames;
  gint64 audio_bytes;
} Wanted;

/* What one member still lacks, NULL when nothing. */
static char *
find_lack (JsonObject *member, const Wanted *wanted)
{
  JsonArray *inbound = confab_json_peek_array (confab_json_peek_object (member, "rtc"), "inbound");
  gint64 frames = 0, audio_bytes = 0;

  if (!confab_json_peek_boolean (member, "connected", FALSE))
    return g_strdup (confab_json_peek_string (member, "state"));
  for (guint i = 0; inbound != NULL && i < json_array_get_length (inbound); i++) {
    JsonObject *stream = confab_json_array_peek_object (inbound, i);
    if (g_strcmp0 (confab_json_peek_string (stream, "kind"), "video") == 0)
      frames += confab_json_peek_int (stream, "framesDecoded", 0);
    else
      audio_bytes += confab_json_peek_int (stream, "bytesReceived", 0);
  }
  if (frames >= wanted->frames && audio_bytes >= wanted->audio_bytes)
    return NULL;
  return g_strdup_printf ("%" G_GINT64_FORMAT " frames, %" G_GINT64_FORMAT " bytes of sound",
                          frames,
                          audio_bytes);
}

/* Fills @ready with the user ids of those that have all, @lacks with what the others lack. */
static void
look_at_media (JsonObject *stats, const Wanted *wanted, JsonArray *ready, GString *lacks)
{
  JsonArray *members = json_object_get_array_member (stats, "members");

  for (guint i = 0; i < json_array_get_length (members); i++) {
    JsonObject *member = json_array_get_object_element (members, i);
    const char *user_id = confab_json_peek_string (member, "userId");
    g_autofree char *lack = find_lack (member, wanted);
    if (lack == NULL)
      json_array_add_string_element (ready, user_id);
    else
      g_string_append_printf (
        lacks, "; %s %s: %s", user_id, confab_json_peek_string (member, "deviceId"), lack);
  }
}

static void
sample_cb (gpointer data)
{
  ConfabBot *self = CONFAB_BOT (data);

  self->sample = 0;
  confab_bot_pulse (self);
}

JsonNode *
confab_bot_await_wait_media (ConfabBot *self, JsonObject *arguments, GError **error)
{
  const Wanted wanted = {
    .members = confab_json_peek_int (arguments, "members", 1),
    .frames = confab_json_peek_int (arguments, "frames", 5),
    .audio_bytes = confab_json_peek_int (arguments, "audioBytes", 500),
  };
  const gint64 deadline = confab_bot_get_deadline (
    self, confab_json_peek_int (arguments, "timeout", WAIT_MEDIA_TIMEOUT_MS));

  for (;;) {
    g_autoptr (JsonObject) stats = await_stats (self, error);
    g_autoptr (JsonArray) ready = json_array_new ();
    g_autoptr (GString) lacks = g_string_new (NULL);
    guint n_ready;
    gboolean changed;
    if (stats == NULL)
      return NULL;
    look_at_media (stats, &wanted, ready, lacks);
    n_ready = json_array_get_length (ready);
    if (n_ready >= wanted.members) {
      JsonNode *node = json_node_new (JSON_NODE_OBJECT);
      json_node_take_object (node, json_object_new ());
      json_object_set_array_member (json_node_get_object (node),
                                    "members",
                                    g_steal_pointer (&ready));
      return node;
    }
    self->sample = confab_clock_add_timeout (self->clock, WAIT_MEDIA_SAMPLE_MS, sample_cb, self);
    changed = confab_bot_await_change (self, deadline, error);
    confab_clock_clear (self->clock, &self->sample);
    if (!changed) {
      g_prefix_error (
        error, "%u of %" G_GINT64_FORMAT " members%s: ", n_ready, wanted.members, lacks->str);
      return NULL;
    }
  }
}

JsonNode *
confab_bot_await_wire (ConfabBot *self, JsonObject *arguments, GError **error)
{
  gint64 since = confab_json_peek_int (arguments, "since", 0);

  return new_list (
    confab_bot_wire_to_json (self->wire,
                             json_object_has_member (arguments, "since") ? &since : NULL,
                             confab_json_peek_array (arguments, "kinds")));
}
