/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-json.h"
#include "transcript-replay.h"

/* ---- messages ---- */

/* Where a message of ours is not made as theirs is, and by which rule (mesh-calls.md, interop-facts.md). */
static const struct {
  const char *member;
  const char *words;
  gboolean said; /* by us, whoever's place it is that we are in; else by them alone */
} rules[] = {
  /* Section 14, rule 2: both keys, everywhere. matrix-js-sdk 43 has the one, the others have the other. */
  { "sdp_stream_metadata", "invite answer offer reply metadata ", TRUE },
  { UNSTABLE_METADATA, "invite answer offer reply metadata ", TRUE },
  /* Section 3.1: hydrogen names nobody, since nobody else gets it. */
  { "invitee", "invite ", TRUE },
  /* Section 3.10: in invites and answers. hydrogen says nothing of it, matrix-js-sdk says it with later offers too. */
  { "capabilities", "invite answer ", TRUE },
  { "capabilities", "offer ", FALSE },
};

/* What stands for the same, and is looked at by itself: ids that each client makes up, numbers that each counts in its
 * own way (fact 11), a version that is a number with hydrogen, and what fakes describe. */
static const char *const own_values[] = {
  "call_id",
  "conf_id",
  "sender_session_id",
  "dest_session_id",
  "seq",
  "version",
  "offer",
  "answer",
  "description",
  "sdp_stream_metadata",
  UNSTABLE_METADATA,
  "candidates",
  NULL,
};

static const char *const descriptions[] = { "offer", "answer", "description" };

/* Members by their names, in order; @word: of a message whose members the rules change into ours. */
static char *
dup_members (JsonObject *content, const char *word)
{
  g_autoptr (GHashTable) members = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GList) names = json_object_get_members (content);
  g_autoptr (GList) sorted = NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  for (GList *l = names; l != NULL; l = l->next)
    g_hash_table_add (members, l->data);
  for (guint i = 0; word != NULL && i < G_N_ELEMENTS (rules); i++) {
    if (strstr (rules[i].words, word) == NULL)
      continue;
    if (rules[i].said)
      g_hash_table_add (members, (gpointer) rules[i].member);
    else
      g_hash_table_remove (members, rules[i].member);
  }
  sorted = g_list_sort (g_hash_table_get_keys (members), (GCompareFunc) strcmp);
  for (GList *l = sorted; l != NULL; l = l->next)
    g_string_append_printf (text, "%s ", (const char *) l->data);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
check_against (JsonObject *content, const char *word, JsonObject *recorded)
{
  g_autofree char *members = dup_members (content, NULL);
  g_autofree char *expected = dup_members (recorded, word);
  JsonObjectIter iter;
  const char *name;
  JsonNode *value;

  g_assert_cmpstr (members, ==, expected);
  json_object_iter_init (&iter, recorded);
  while (json_object_iter_next (&iter, &name, &value)) {
    g_autofree char *ours = NULL;
    g_autofree char *theirs = NULL;
    if (g_strv_contains (own_values, name) || !json_object_has_member (content, name))
      continue;
    ours = json_to_string (json_object_get_member (content, name), FALSE);
    theirs = json_to_string (value, FALSE);
    g_assert_cmpstr (ours, ==, theirs);
  }
  for (guint i = 0; i < G_N_ELEMENTS (descriptions); i++) {
    JsonObject *theirs = confab_json_peek_object (recorded, descriptions[i]);
    if (theirs != NULL)
      g_assert_cmpstr (json_object_get_string_member (
                         json_object_get_object_member (content, descriptions[i]), "type"),
                       ==,
                       json_object_get_string_member (theirs, "type"));
  }
}

/* Stream ids in @sdp, in order. */
static char *
dup_streams (const char *sdp)
{
  g_autoptr (GString) ids = g_string_new (NULL);

  for (const char *p = sdp; (p = strstr (p, "a=msid:")) != NULL;) {
    p += strlen ("a=msid:");
    g_string_append_len (ids, p, strcspn (p, " \r\n"));
    g_string_append_c (ids, ' ');
  }
  return g_string_free (g_steal_pointer (&ids), FALSE);
}

/* Both keys say the same: every stream of the description, where there is one, or every one that there is, with its
 * purpose and with both flags. */
static void
check_metadata (Replay *self, JsonObject *content)
{
  JsonObject *metadata = json_object_get_object_member (content, "sdp_stream_metadata");
  g_autofree char *stable = confab_json_to_string (metadata);
  g_autofree char *unstable = confab_json_to_string (
    json_object_get_object_member (content, UNSTABLE_METADATA));
  gboolean screen = json_object_has_member (metadata, "local-screen");
  g_autofree char *streams = g_strdup (self->sharing ? "local local-screen " : "local ");
  JsonObject *stream = json_object_get_object_member (metadata, "local");

  for (guint i = 0; i < G_N_ELEMENTS (descriptions); i++) {
    JsonObject *description = confab_json_peek_object (content, descriptions[i]);
    if (description != NULL) {
      g_free (streams);
      streams = dup_streams (json_object_get_string_member (description, "sdp"));
    }
  }
  g_assert_cmpstr (stable, ==, unstable);
  g_assert_cmpstr (streams, ==, screen ? "local local-screen " : "local ");
  g_assert_cmpuint (json_object_get_size (metadata), ==, screen ? 2 : 1);
  g_assert_cmpstr (json_object_get_string_member (stream, "purpose"), ==, "m.usermedia");
  g_assert_cmpint (json_object_get_boolean_member (stream, "audio_muted"), ==, self->muted[0]);
  g_assert_cmpint (json_object_get_boolean_member (stream, "video_muted"), ==, self->muted[1]);
  if (!screen)
    return;
  stream = json_object_get_object_member (metadata, "local-screen");
  g_assert_cmpstr (json_object_get_string_member (stream, "purpose"), ==, "m.screenshare");
  g_assert_true (json_object_get_boolean_member (stream, "audio_muted"));
  g_assert_false (json_object_get_boolean_member (stream, "video_muted"));
}

static void
note_invite (Replay *self, const char *user, const char *call_id)
{
  GPtrArray *ids = g_hash_table_lookup (self->invites, user);

  g_assert_true (g_hash_table_add (self->used, g_strdup (call_id)));
  if (ids == NULL) {
    ids = g_ptr_array_new_with_free_func (g_free);
    g_hash_table_insert (self->invites, g_strdup (user), ids);
  }
  g_ptr_array_add (ids, g_strdup (call_id));
}

static guint
count_word (GString *words, const char *word)
{
  g_auto (GStrv) all = g_strsplit (words->str, " ", -1);
  guint n = 0;

  for (guint i = 0; all[i] != NULL; i++)
    n += strncmp (word, all[i], strlen (word) - 1) == 0;
  return n;
}

/* What they sent in our place: the message of the same rank, or where there is none any that said the same. */
static JsonObject *
find_recorded (Replay *self, const char *user, const char *word)
{
  guint nth = count_word (replay_words_of (self->sent, user), word);
  JsonObject *entry = transcript_find (self->transcript, self->own, user, word, nth);

  return entry != NULL ? entry : transcript_find (self->transcript, self->own, NULL, word, 0);
}

/* The description that theirs answers to: ours has its own call id where we have invited. */
static JsonObject *
find_described (Replay *self, const char *user, const char *word, const char *call_id)
{
  JsonObject *entry;

  for (guint i = 0; (entry = transcript_find (self->transcript, self->own, user, word, i)) != NULL;
       i++) {
    const char *recorded = json_object_get_string_member (json_object_get_object_member (entry,
                                                                                         "content"),
                                                          "call_id");
    if (g_str_equal (word, "invite ") ? i == count_word (replay_words_of (self->sent, user), word)
                                      : g_str_equal (recorded, call_id))
      return entry;
  }
  return NULL;
}

static void
check_description (Replay *self, const char *user, const char *word, JsonObject *content)
{
  const char *call_id = json_object_get_string_member (content, "call_id");

  for (guint i = 0; i < G_N_ELEMENTS (descriptions); i++) {
    JsonObject *description = confab_json_peek_object (content, descriptions[i]);
    if (description != NULL)
      replay_note_description (self,
                               call_id,
                               json_object_get_string_member (description, "sdp"),
                               find_described (self, user, word, call_id));
  }
}

static void
check_message (Replay *self, const char *user, const char *word, JsonObject *content)
{
  JsonObject *recorded = find_recorded (self, user, word);
  const char *call_id = json_object_get_string_member (content, "call_id");

  if (recorded != NULL)
    check_against (content, word, json_object_get_object_member (recorded, "content"));
  if (g_str_equal (word, "invite ")) {
    g_assert_cmpstr (json_object_get_string_member (content, "invitee"), ==, user);
    note_invite (self, user, call_id);
  }
  check_description (self, user, word, content);
  if (!g_str_equal (word, "hangup "))
    check_metadata (self, content);
  g_string_append (replay_words_of (self->sent, user), word);
}

/* What is around them; they themselves are for transcript-candidates.c. One who found none in time sent none: then it is
 * held against another one's, from another device. */
static void
check_around_candidates (Replay *self, JsonObject *content)
{
  g_autoptr (JsonObject) recorded = NULL;

  for (guint i = 0; i < json_array_get_length (self->transcript->entries); i++) {
    JsonObject *entry = transcript_get (self->transcript, i);
    gboolean own = g_str_equal (json_object_get_string_member (entry, "by"), self->own);
    if (!g_str_equal (json_object_get_string_member (entry, "type"), "m.call.candidates") ||
        (recorded != NULL && !own))
      continue;
    g_clear_pointer (&recorded, json_object_unref);
    recorded = confab_json_copy_object (json_object_get_object_member (entry, "content"));
    if (own)
      break;
  }
  g_assert_nonnull (recorded);
  json_object_set_string_member (recorded, "device_id", replay_device_of (self->own));
  json_object_set_string_member (recorded, "party_id", replay_device_of (self->own));
  check_against (content, "candidates ", recorded);
}

/* protocol/mesh-calls.md, section 14 and 8.1. */
static void
to_device_cb (ConfabFakeSignalling *signalling,
              const char *user,
              const char *device,
              const char *type,
              JsonObject *content,
              gboolean clear,
              Replay *self)
{
  /* m.call.select_answer is never sent (rule 4), and muting has the name that all read (fact 10). */
  static const char *const allowed[] = { "m.call.invite",
                                         "m.call.candidates",
                                         "m.call.answer",
                                         "m.call.negotiate",
                                         "m.call.hangup",
                                         "org.matrix.call.sdp_stream_metadata_changed",
                                         NULL };
  const char *call_id = json_object_get_string_member (content, "call_id");
  gint64 seq = GPOINTER_TO_INT (g_hash_table_lookup (self->seqs, call_id));
  const char *word = transcript_word (type, content);

  g_assert_true (g_strv_contains (allowed, type));
  g_assert_cmpstr (device, ==, replay_device_of (user));
  g_assert_cmpstr (json_object_get_string_member (content, "version"), ==, "1");
  g_assert_cmpstr (json_object_get_string_member (content, "conf_id"), ==, self->conf);
  g_assert_cmpstr (json_object_get_string_member (content, "device_id"),
                   ==,
                   replay_device_of (self->own));
  g_assert_cmpstr (json_object_get_string_member (content, "party_id"),
                   ==,
                   replay_device_of (self->own));
  g_assert_cmpstr (json_object_get_string_member (content, "sender_session_id"), ==, self->session);
  g_assert_cmpstr (json_object_get_string_member (content, "dest_session_id"),
                   ==,
                   g_hash_table_lookup (self->sessions, user));
  g_assert_cmpint (json_object_get_int_member (content, "seq"), ==, seq);
  g_hash_table_replace (self->seqs, g_strdup (call_id), GINT_TO_POINTER (seq + 1));
  /* Clear is only an answer to clear, and never in an encrypted room. */
  g_assert_cmpint (clear, ==, !self->encrypted && g_hash_table_contains (self->clear, user));
  if (word == NULL) {
    check_around_candidates (self, content);
    replay_check_candidates (self, call_id, content);
  } else {
    check_message (self, user, word, content);
  }
}

/* ---- room state ---- */

static void
check_entry (Replay *self, JsonObject *entry)
{
  JsonArray *feeds = json_object_get_array_member (entry, "feeds");
  const char *session = json_object_get_string_member (entry, "session_id");

  g_assert_cmpuint (json_object_get_size (entry), ==, 4);
  g_assert_cmpstr (json_object_get_string_member (entry, "device_id"),
                   ==,
                   replay_device_of (self->own));
  g_assert_cmpint (json_object_get_int_member (entry, "expires_ts"),
                   ==,
                   replay_get_now (self) - REPLAY_SENT_MS + LIFETIME_MS);
  g_assert_cmpuint (json_array_get_length (feeds), ==, self->sharing ? 2 : 1);
  g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (feeds, 0),
                                                  "purpose"),
                   ==,
                   "m.usermedia");
  if (self->sharing)
    g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (feeds, 1),
                                                    "purpose"),
                     ==,
                     "m.screenshare");
  if (self->session == NULL) /* a new one each stay */
    g_assert_true (g_hash_table_add (self->used, g_strdup (session)));
  else
    g_assert_cmpstr (session, ==, self->session);
  g_set_str (&self->session, session);
}

/* As theirs; matrix-js-sdk adds what only its own kind reads. */
static void
check_call (Replay *self, JsonObject *content)
{
  static const char *const others[] = { "io.element.ptt", "dataChannelsEnabled" };
  g_autoptr (JsonObject) expected = NULL;
  g_autofree char *ours = confab_json_to_string (content);
  g_autofree char *theirs = NULL;

  for (guint i = 0; expected == NULL; i++) {
    JsonObject *entry = transcript_get (self->transcript, i);
    if (g_str_equal (json_object_get_string_member (entry, "type"), CALL))
      expected = confab_json_copy_object (json_object_get_object_member (entry, "content"));
  }
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    json_object_remove_member (expected, others[i]);
  theirs = confab_json_to_string (expected);
  g_assert_cmpstr (ours, ==, theirs);
}

static void
state_cb (ConfabFakeSignalling *signalling,
          const char *room,
          const char *type,
          const char *state_key,
          JsonObject *content,
          Replay *self)
{
  JsonArray *calls = confab_json_peek_array (content, "m.calls");

  if (g_str_equal (type, CALL)) {
    check_call (self, content);
  } else {
    g_assert_cmpstr (type, ==, MEMBER);
    g_assert_cmpstr (state_key, ==, self->own);
    g_assert_cmpuint (json_object_get_size (content), ==, 1);
    g_assert_cmpuint (json_array_get_length (calls), ==, self->in ? 1 : 0);
    if (self->in) {
      JsonObject *call = json_array_get_object_element (calls, 0);
      JsonArray *devices = json_object_get_array_member (call, "m.devices");
      g_assert_cmpuint (json_object_get_size (call), ==, 2);
      g_assert_cmpstr (json_object_get_string_member (call, "m.call_id"), ==, self->conf);
      g_assert_cmpuint (json_array_get_length (devices), ==, 1);
      check_entry (self, json_array_get_object_element (devices, 0));
    }
    g_string_append (self->entries, transcript_entry_word (content));
  }
  confab_call_handler_handle_state (
    self->handler, room, type, state_key, self->own, replay_get_now (self), content);
  confab_call_handler_end_sync (self->handler, 0);
}

void
replay_watch_sent (Replay *self)
{
  g_signal_connect (self->signalling, "to-device", G_CALLBACK (to_device_cb), self);
  g_signal_connect (self->signalling, "state", G_CALLBACK (state_cb), self);
}
