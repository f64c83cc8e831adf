/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-json.h"
#include "transcript-replay.h"

#include <string.h>

/* Each connection finds the candidates that theirs found, at the time that they sent them at. hydrogen and matrix-js-sdk
 * send them after waits of their own; Confab's rule is another one: what is found goes out together, 200 ms after the
 * description or after the first of them, each once, those that stand in the description not at all, and the end with the
 * last. So each of our messages is known, to the millisecond. */
#define BATCH_MS 200
#define APART_MS 30 /* two that they sent together are found one after the other */

typedef struct {
  Replay *replay;
  ConfabFakePeerConnection *connection;
  char *call_id;    /* (nullable): once it is described */
  GPtrArray *found; /* JsonObject: what is not sent yet */
  GPtrArray *due;   /* JsonObject: what is still to be found */
  char *first_mid;  /* where the end belongs */
  gint64 opened_at; /* the batch: real time, ms; 0: none */
  gboolean complete;
} Gathering;

/* What one of their candidates is found with. */
typedef struct {
  Gathering *gathering;
  JsonObject *candidate;
} Find;

static void
free_gathering (gpointer data)
{
  Gathering *self = data;

  g_signal_handlers_disconnect_by_data (self->connection, self);
  g_object_unref (self->connection);
  g_ptr_array_unref (self->found);
  g_ptr_array_unref (self->due);
  g_free (self->call_id);
  g_free (self->first_mid);
  g_free (self);
}

GPtrArray *
replay_gatherings_new (void)
{
  return g_ptr_array_new_with_free_func (free_gathering);
}

static void
open_batch (Gathering *self)
{
  if (self->call_id != NULL && self->opened_at == 0)
    self->opened_at = replay_get_now (self->replay);
}

/* Nothing was to be said. */
static void
close_empty_batch (Gathering *self)
{
  if (self->opened_at == 0 ||
      replay_get_now (self->replay) <= self->opened_at + BATCH_MS + REPLAY_SENT_MS)
    return;
  g_assert_cmpuint (self->found->len, ==, 0);
  g_assert_true (!self->complete || g_hash_table_contains (self->replay->complete, self->call_id));
  self->opened_at = 0;
}

static JsonObject *
new_candidate (const char *candidate, const char *mid, int index)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "candidate", candidate);
  json_object_set_string_member (object, "sdpMid", mid);
  json_object_set_int_member (object, "sdpMLineIndex", index);
  return object;
}

static void
local_candidate_cb (ConfabPeerConnection *connection,
                    const char *candidate,
                    const char *mid,
                    int index,
                    Gathering *self)
{
  close_empty_batch (self);
  if (self->first_mid == NULL)
    self->first_mid = g_strdup (mid);
  g_ptr_array_add (self->found, new_candidate (candidate, mid, index));
  open_batch (self);
}

static void
gathering_complete_cb (ConfabPeerConnection *connection, GParamSpec *pspec, Gathering *self)
{
  close_empty_batch (self);
  self->complete = TRUE;
  open_batch (self);
}

static void
find_cb (gpointer data)
{
  g_autofree Find *find = data;
  JsonObject *candidate = find->candidate;

  if (!confab_fake_peer_connection_get_closed (find->gathering->connection))
    confab_peer_connection_emit_local_candidate (
      CONFAB_PEER_CONNECTION (find->gathering->connection),
      json_object_get_string_member (candidate, "candidate"),
      json_object_get_string_member (candidate, "sdpMid"),
      (int) json_object_get_int_member (candidate, "sdpMLineIndex"));
}

/* The end is our own to say, and hydrogen and matrix-js-sdk seldom say it. */
static void
find_at (Gathering *self, gint64 after_ms, JsonArray *candidates)
{
  guint n = json_array_get_length (candidates);

  for (guint i = 0; i < n; i++) {
    JsonObject *candidate = json_array_get_object_element (candidates, i);
    gint64 ms = MAX (after_ms - (gint64) (n - 1 - i) * APART_MS, 1);
    Find *find;
    if (json_object_get_string_member (candidate, "candidate")[0] == '\0')
      continue;
    g_ptr_array_add (self->due, json_object_ref (candidate));
    find = g_new0 (Find, 1);
    find->gathering = self;
    find->candidate = candidate;
    confab_clock_add_timeout (CONFAB_CLOCK (self->replay->clock), (guint) ms, find_cb, find);
  }
}

static void
find_theirs (Gathering *self, JsonObject *recorded)
{
  Transcript *transcript = self->replay->transcript;
  const char *call_id = json_object_get_string_member (json_object_get_object_member (recorded,
                                                                                      "content"),
                                                       "call_id");
  gint64 at = json_object_get_int_member (recorded, "at");

  for (guint i = 0; i < json_array_get_length (transcript->entries); i++) {
    JsonObject *entry = transcript_get (transcript, i);
    JsonObject *content = json_object_get_object_member (entry, "content");
    if (!g_str_equal (json_object_get_string_member (entry, "type"), "m.call.candidates") ||
        !g_str_equal (json_object_get_string_member (entry, "by"), self->replay->own) ||
        !g_str_equal (json_object_get_string_member (content, "call_id"), call_id))
      continue;
    find_at (self,
             json_object_get_int_member (entry, "at") - at,
             json_object_get_array_member (content, "candidates"));
  }
}

void
replay_watch_candidates (Replay *replay, ConfabFakePeerConnection *connection)
{
  Gathering *self;

  for (guint i = 0; i < replay->gatherings->len; i++) {
    self = replay->gatherings->pdata[i];
    if (self->connection != connection)
      continue;
    if (!confab_fake_peer_connection_get_closed (connection))
      close_empty_batch (self);
    return;
  }
  if (confab_fake_peer_connection_get_closed (connection))
    return;
  self = g_new0 (Gathering, 1);
  self->replay = replay;
  self->connection = g_object_ref (connection);
  self->found = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  self->due = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  g_assert_false (
    confab_peer_connection_get_gathering_complete (CONFAB_PEER_CONNECTION (connection)));
  g_signal_connect (connection, "local-candidate", G_CALLBACK (local_candidate_cb), self);
  g_signal_connect (connection,
                    "notify::gathering-complete",
                    G_CALLBACK (gathering_complete_cb),
                    self);
  g_ptr_array_add (replay->gatherings, self);
}

static Gathering *
find_by_sdp (Replay *replay, const char *sdp)
{
  for (guint i = 0; i < replay->gatherings->len; i++) {
    Gathering *self = replay->gatherings->pdata[i];
    g_autofree char *own = confab_peer_connection_get_local_sdp (
      CONFAB_PEER_CONNECTION (self->connection));
    if (g_strcmp0 (own, sdp) == 0)
      return self;
  }
  g_assert_not_reached ();
}

/* We have sent @sdp in an invite, an answer or a negotiation. @recorded: (nullable): theirs. */
void
replay_note_description (Replay *replay, const char *call_id, const char *sdp, JsonObject *recorded)
{
  Gathering *self = find_by_sdp (replay, sdp);

  for (guint i = self->found->len; i-- > 0;) {
    if (strstr (sdp, json_object_get_string_member (self->found->pdata[i], "candidate")) != NULL)
      g_ptr_array_remove_index (self->found, i);
  }
  if (self->call_id != NULL)
    return;
  self->call_id = g_strdup (call_id);
  self->opened_at = replay_get_now (replay) - REPLAY_SENT_MS;
  if (recorded != NULL)
    find_theirs (self, recorded);
}

static JsonArray *
take_batch (Gathering *self)
{
  JsonArray *candidates = json_array_new ();

  for (guint i = 0; i < self->found->len; i++)
    json_array_add_object_element (candidates, json_object_ref (self->found->pdata[i]));
  g_ptr_array_set_size (self->found, 0);
  self->opened_at = 0;
  if (self->complete && g_hash_table_add (self->replay->complete, g_strdup (self->call_id)))
    json_array_add_object_element (candidates, new_candidate ("", self->first_mid, 0));
  return candidates;
}

void
replay_check_candidates (Replay *replay, const char *call_id, JsonObject *content)
{
  Gathering *self = NULL;
  g_autoptr (JsonNode) sent = json_node_init_array (json_node_alloc (),
                                         json_object_get_array_member (content, "candidates"));
  g_autoptr (JsonNode) found = json_node_new (JSON_NODE_ARRAY);
  g_autofree char *sent_text = NULL;
  g_autofree char *found_text = NULL;

  for (guint i = 0; i < replay->gatherings->len && self == NULL; i++) {
    Gathering *gathering = replay->gatherings->pdata[i];
    if (g_strcmp0 (gathering->call_id, call_id) == 0)
      self = gathering;
  }
  g_assert_nonnull (self); /* they come after the description that they belong to */
  g_assert_cmpint (json_object_get_int_member (content, "seq"), >, 0);
  g_assert_false (g_hash_table_contains (replay->complete, call_id));
  g_assert_cmpint (replay_get_now (replay) - self->opened_at, ==, BATCH_MS + REPLAY_SENT_MS);
  json_node_take_array (found, take_batch (self));
  sent_text = json_to_string (sent, FALSE);
  found_text = json_to_string (found, FALSE);
  g_assert_cmpstr (sent_text, ==, found_text);
}
