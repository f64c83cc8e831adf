/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-json.h"
#include "transcript-replay.h"

ConfabCallMember *
replay_find_member (Replay *self, const char *user)
{
  GListModel *people = confab_call_get_participants (self->call);

  for (guint i = 0; i < g_list_model_get_n_items (people); i++) {
    g_autoptr (ConfabCallMember) member = g_list_model_get_item (people, i);
    if (g_str_equal (confab_call_member_get_user_id (member), user))
      return g_steal_pointer (&member);
  }
  return NULL;
}

/* The transcript's own invites, in order, are ours, in order. */
static void
await_call (Replay *self, const char *user, const char *recorded)
{
  guint n = 0;
  gboolean ours = FALSE;
  GPtrArray *ids;

  if (g_hash_table_contains (self->calls, recorded))
    return;
  for (guint i = 0; i < json_array_get_length (self->transcript->entries) && !ours; i++) {
    JsonObject *entry = transcript_get (self->transcript, i);
    if (!g_str_equal (json_object_get_string_member (entry, "type"), "m.call.invite") ||
        !g_str_equal (json_object_get_string_member (entry, "by"), self->own) ||
        !g_str_equal (json_object_get_string_member (entry, "to"), user))
      continue;
    n++;
    ours = g_str_equal (
      json_object_get_string_member (json_object_get_object_member (entry, "content"), "call_id"),
      recorded);
  }
  if (!ours)
    return;
  for (guint i = 0; i < 100; i++) {
    ids = g_hash_table_lookup (self->invites, user);
    if (ids != NULL && ids->len >= n)
      break;
    replay_advance (self, REPLAY_STEP_MS);
  }
  ids = g_hash_table_lookup (self->invites, user);
  g_assert_nonnull (ids);
  g_assert_cmpuint (ids->len, >=, n);
  g_hash_table_insert (self->calls, g_strdup (recorded), g_strdup (ids->pdata[n - 1]));
}

/* What they say of their devices is what is shown of them. */
static void
check_shown (Replay *self, const char *user, JsonObject *metadata)
{
  g_autoptr (GList) streams = json_object_get_values (metadata);
  JsonObject *stream = json_node_get_object (streams->data);
  g_autoptr (ConfabCallMember) member = replay_find_member (self, user);

  g_assert_nonnull (member);
  g_assert_cmpint (confab_call_member_get_microphone_muted (member),
                   ==,
                   json_object_get_boolean_member (stream, "audio_muted"));
  g_assert_cmpint (confab_call_member_get_camera_muted (member),
                   ==,
                   json_object_get_boolean_member (stream, "video_muted"));
}

/* What hydrogen's answer is when a track of its own is added meanwhile: an offer, with the role left open (fact 3). */
static void
make_offer (JsonObject *answer)
{
  g_autofree char *sdp = g_strconcat (json_object_get_string_member (answer, "sdp"),
                                      "a=setup:actpass\r\n",
                                      NULL);

  json_object_set_string_member (answer, "type", "offer");
  json_object_set_string_member (answer, "sdp", sdp);
}

void
replay_receive (Replay *self, JsonObject *entry)
{
  const char *user = json_object_get_string_member (entry, "by");
  const char *type = json_object_get_string_member (entry, "type");
  gboolean clear = confab_json_peek_boolean (entry, "clear", FALSE);
  g_autoptr (JsonObject) content = confab_json_copy_object (json_object_get_object_member (entry, "content"));
  const char *call_id;

  await_call (self, user, json_object_get_string_member (content, "call_id"));
  call_id = g_hash_table_lookup (self->calls, json_object_get_string_member (content, "call_id"));
  if (call_id != NULL)
    json_object_set_string_member (content, "call_id", call_id);
  json_object_set_string_member (content, "conf_id", self->conf);
  json_object_set_string_member (content,
                                 "dest_session_id",
                                 self->session != NULL ? self->session : "none");
  if (clear)
    g_hash_table_add (self->clear, g_strdup (user));
  if (self->offered && g_str_equal (type, "m.call.answer") &&
      transcript_is_hydrogen (self->transcript, user))
    make_offer (json_object_get_object_member (content, "answer"));
  confab_call_handler_handle_to_device (
    self->handler, user, clear ? NULL : replay_device_of (user), type, content);
  confab_call_handler_end_sync (self->handler, 0);
  if (g_str_has_suffix (type, "metadata_changed") && !(clear && self->encrypted))
    check_shown (self, user, transcript_peek_metadata (content));
}

void
replay_see_membership (Replay *self, const char *user, JsonObject *content)
{
  g_autoptr (JsonObject) copy = confab_json_copy_object (content);
  JsonArray *calls = json_object_get_array_member (copy, "m.calls");

  if (json_array_get_length (calls) == 0) {
    g_hash_table_remove (self->clear, user);
  } else {
    JsonObject *call = json_array_get_object_element (calls, 0);
    JsonArray *devices = json_object_get_array_member (call, "m.devices");
    json_object_set_string_member (call, "m.call_id", self->conf);
    g_hash_table_replace (self->sessions,
                          g_strdup (user),
                          g_strdup (json_object_get_string_member (
                            json_array_get_object_element (devices, 0), "session_id")));
  }
  confab_call_handler_handle_state (
    self->handler, REPLAY_ROOM, MEMBER, user, user, replay_get_now (self), copy);
  confab_call_handler_end_sync (self->handler, 0);
}

/* Whether it says something to @member in the call that is on. */
static gboolean
is_for (Replay *self, JsonObject *entry, ConfabCallMember *member)
{
  const char *recipient = confab_json_peek_string (entry, "to");
  const char *call_id;

  if (recipient == NULL || !g_str_equal (recipient, self->own) ||
      !g_str_equal (json_object_get_string_member (entry, "by"),
                    confab_call_member_get_user_id (member)))
    return FALSE;
  call_id = json_object_get_string_member (json_object_get_object_member (entry, "content"),
                                           "call_id");
  if (g_hash_table_contains (self->calls, call_id))
    call_id = g_hash_table_lookup (self->calls, call_id);
  return g_str_equal (call_id, confab_call_member_get_call_id (member));
}

void
replay_check_heard (Replay *self, ConfabCallMember *member)
{
  const char *log = confab_fake_peer_connection_get_log (
    CONFAB_FAKE_PEER_CONNECTION (confab_call_member_get_connection (member)));

  for (guint i = 0; i < json_array_get_length (self->transcript->entries); i++) {
    JsonObject *entry = transcript_get (self->transcript, i);
    JsonObject *content = json_object_get_object_member (entry, "content");
    JsonArray *candidates = confab_json_peek_array (content, "candidates");
    guint n = candidates != NULL ? json_array_get_length (candidates) : 0;
    for (guint j = 0; j < n && is_for (self, entry, member); j++) {
      JsonObject *candidate = json_array_get_object_element (candidates, j);
      const char *mid = confab_json_peek_string (candidate, "sdpMid");
      g_autofree char *heard = g_strdup_printf (
        "[%s|%s|%d] ",
        json_object_get_string_member (candidate, "candidate"),
        mid != NULL ? mid : "",
        (int) confab_json_peek_int (candidate, "sdpMLineIndex", -1));
      g_assert_nonnull (strstr (log, heard));
    }
  }
}
