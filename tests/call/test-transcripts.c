/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-json.h"
#include "transcript-replay.h"

/* What real clients said to each other (tests/call/data/README), with Confab in the place of each of them in turn: it
 * gets what that one got, does what its person did, and what it sends is held against what that one sent. */

/* How long ours look for candidates: longer than theirs did, of which the last came after 2.2 s. */
#define GATHER_MS 2400

const char *
replay_device_of (const char *user)
{
  static const char *const devices[] = { "A", "B", "C", "D" };

  return devices[user[1] - 'a'];
}

GString *
replay_words_of (GHashTable *table, const char *user)
{
  GString *words = g_hash_table_lookup (table, user);

  if (words == NULL) {
    words = g_string_new (NULL);
    g_hash_table_insert (table, g_strdup (user), words);
  }
  return words;
}

static void
free_words (gpointer words)
{
  g_string_free (words, TRUE);
}

gint64
replay_get_now (Replay *self)
{
  return confab_clock_get_real_time (CONFAB_CLOCK (self->clock)) / 1000;
}

/* ---- time ---- */

/* An answer that came as an offer is none, and its role is settled (see make_offer). */
static void
check_offered (Replay *self, ConfabFakePeerConnection *connection)
{
  const char *sdp = confab_fake_peer_connection_get_remote_sdp (connection);

  if (sdp == NULL)
    return;
  g_assert_null (strstr (sdp, "a=setup:actpass"));
  if (strstr (sdp, "a=setup:active") != NULL && confab_fake_peer_connection_is_stable (connection))
    self->n_offered++;
}

/* Media flow where both sides have the other's description; the transcripts tell of no failure of theirs. */
static void
flow (Replay *self)
{
  for (guint i = 0; i < self->medias->len; i++) {
    ConfabFakeLocalMedia *media = self->medias->pdata[i];
    for (guint j = 0; j < confab_fake_local_media_get_n_connections (media); j++) {
      ConfabFakePeerConnection *connection = confab_fake_local_media_peek_connection (media, j);
      replay_watch_candidates (self, connection);
      check_offered (self, connection);
      if (confab_fake_peer_connection_get_closed (connection) ||
          confab_fake_peer_connection_get_remote_sdp (connection) == NULL ||
          !confab_fake_peer_connection_is_stable (connection))
        continue;
      if (confab_peer_connection_get_state (CONFAB_PEER_CONNECTION (connection)) !=
          CONFAB_CONNECTION_STATE_CONNECTED)
        confab_fake_peer_connection_set_state (connection, CONFAB_CONNECTION_STATE_CONNECTED);
      confab_fake_peer_connection_receive (connection);
    }
  }
}

void
replay_advance (Replay *self, gint64 ms)
{
  while (ms > 0) {
    confab_manual_clock_advance (self->clock, MIN (ms, REPLAY_STEP_MS));
    flow (self);
    ms -= REPLAY_STEP_MS;
  }
}

static void
advance_to (Replay *self, gint64 at_ms)
{
  replay_advance (self, self->transcript->start + at_ms - replay_get_now (self));
}

/* ---- what the person does ---- */

static gboolean
lists_screen (JsonObject *metadata)
{
  g_autoptr (GList) streams = metadata != NULL ? json_object_get_values (metadata) : NULL;

  for (GList *l = streams; l != NULL; l = l->next) {
    if (g_strcmp0 (confab_json_peek_string (json_node_get_object (l->data), "purpose"),
                   "m.screenshare") == 0)
      return TRUE;
  }
  return FALSE;
}

/* hydrogen says nothing of the screen in its entry, where Confab does, as matrix-js-sdk: whether it came with it is seen
 * in its first invite. */
static gboolean
came_with_screen (Replay *self, guint from)
{
  for (guint i = from + 1; i < json_array_get_length (self->transcript->entries); i++) {
    JsonObject *entry = transcript_get (self->transcript, i);
    const char *type = json_object_get_string_member (entry, "type");
    if (!g_str_equal (json_object_get_string_member (entry, "by"), self->own))
      continue;
    if (g_str_equal (type, MEMBER))
      return FALSE;
    if (g_str_equal (type, "m.call.invite"))
      return lists_screen (
        transcript_peek_metadata (json_object_get_object_member (entry, "content")));
  }
  return FALSE;
}

static void
join (Replay *self, gboolean with_screen)
{
  ConfabFakeLocalMedia *media = confab_fake_local_media_new (CONFAB_CLOCK (self->clock), "local");

  g_ptr_array_add (self->medias, media);
  confab_fake_local_media_set_gather (media, GATHER_MS);
  self->in = TRUE;
  self->muted[0] = self->muted[1] = FALSE;
  self->sharing = with_screen;
  if (with_screen)
    confab_local_media_share_screen (CONFAB_LOCAL_MEDIA (media));
  confab_call_join (self->call, CONFAB_LOCAL_MEDIA (media));
}

static void
leave (Replay *self)
{
  if (!self->in)
    return;
  self->in = FALSE;
  confab_call_leave (self->call);
  replay_advance (self, REPLAY_STEP_MS);
  g_assert_true (confab_fake_local_media_get_closed (self->medias->pdata[self->medias->len - 1]));
  g_clear_pointer (&self->session, g_free);
}

static void
set_sharing (Replay *self, gboolean sharing)
{
  if (self->sharing == sharing)
    return;
  self->sharing = sharing;
  if (sharing)
    confab_call_share_screen (self->call);
  else
    confab_call_stop_sharing (self->call);
}

static void
act_membership (Replay *self, guint position, JsonObject *content)
{
  const char *word = transcript_entry_word (content);
  gboolean screen = g_str_equal (word, "screen ");

  if (g_str_equal (word, "out ")) {
    leave (self);
  } else if (!self->in) {
    join (self, screen || came_with_screen (self, position));
    word = self->sharing ? "screen " : word;
  } else {
    set_sharing (self, screen);
  }
  g_string_append (self->expected_entries, word);
}

static guint
count (const char *text, const char *what)
{
  guint n = 0;

  for (const char *p = text; (p = strstr (p, what)) != NULL; p++)
    n++;
  return n;
}

/* A device at a time, as a person does it with ours; hydrogen's mutes both at once and says it once. */
static guint
mute (Replay *self, JsonObject *metadata)
{
  g_autoptr (GList) streams = json_object_get_values (metadata);
  JsonObject *stream = json_node_get_object (streams->data);
  const gboolean muted[] = {
    json_object_get_boolean_member (stream, "audio_muted"),
    json_object_get_boolean_member (stream, "video_muted"),
  };
  guint n_changed = 0;

  for (guint i = 0; i < G_N_ELEMENTS (muted); i++) {
    if (muted[i] == self->muted[i])
      continue;
    self->muted[i] = muted[i];
    if (i == 0)
      confab_call_set_microphone_muted (self->call, muted[i]);
    else
      confab_call_set_camera_muted (self->call, muted[i]);
    replay_advance (self, REPLAY_STEP_MS);
    n_changed++;
  }
  return n_changed;
}

/* What its person did is seen in what their client said; what it said is what is expected. */
static void
act_message (Replay *self, const char *to, const char *type, JsonObject *content)
{
  const char *word = transcript_word (type, content);
  JsonObject *description = confab_json_peek_object (content, "description");
  guint n = 1;

  if (g_strcmp0 (word, "metadata ") == 0)
    n = mute (self, transcript_peek_metadata (content));
  if (g_strcmp0 (word, "hangup ") == 0)
    leave (self);
  /* hydrogen shares its screen without a word about it, but for the description. */
  if (g_strcmp0 (word, "offer ") == 0 && transcript_is_hydrogen (self->transcript, self->own) &&
      count (json_object_get_string_member (description, "sdp"), "m=video") > 1 && !self->sharing) {
    set_sharing (self, TRUE);
    g_string_append (self->expected_entries, "screen ");
  }
  for (guint i = 0; word != NULL && i < n; i++)
    g_string_append (replay_words_of (self->expected, to), word);
}

/* ---- the recording ---- */

static void
see_call (Replay *self, JsonObject *entry)
{
  JsonObject *content = json_object_get_object_member (entry, "content");
  const char *by = json_object_get_string_member (entry, "by");

  if (g_str_equal (by, self->own)) {
    self->call = confab_call_handler_create_call (self->handler,
                                                  REPLAY_ROOM,
                                                  CONFAB_CALL_INTENT_PROMPT,
                                                  CONFAB_CALL_TYPE_VIDEO,
                                                  confab_json_peek_string (content, "m.name"));
    self->conf = confab_call_dup_id (self->call);
    return;
  }
  self->conf = g_strdup (json_object_get_string_member (entry, "key"));
  confab_call_handler_handle_state (
    self->handler, REPLAY_ROOM, CALL, self->conf, by, self->transcript->start, content);
  confab_call_handler_end_sync (self->handler, 0);
  self->call = g_object_ref (confab_call_handler_lookup (self->handler, REPLAY_ROOM, self->conf));
}

static void
step (Replay *self, guint position)
{
  JsonObject *entry = transcript_get (self->transcript, position);
  JsonObject *content = json_object_get_object_member (entry, "content");
  const char *type = json_object_get_string_member (entry, "type");
  const char *by = json_object_get_string_member (entry, "by");
  gboolean own = g_str_equal (by, self->own);

  advance_to (self, json_object_get_int_member (entry, "at"));
  if (g_str_equal (type, CALL))
    see_call (self, entry);
  else if (g_str_equal (type, MEMBER) && own)
    act_membership (self, position, content);
  else if (g_str_equal (type, MEMBER))
    replay_see_membership (self, by, content);
  else if (own)
    act_message (self, json_object_get_string_member (entry, "to"), type, content);
  else if (g_str_equal (json_object_get_string_member (entry, "to"), self->own))
    replay_receive (self, entry);
}

/* ---- a transcript ---- */

typedef struct {
  const char *scenario;
  const char *own;
  const char *people; /* who is there at its end, and how far */
  const char *sent;   /* “user: words” where it is not what the transcript has */
} Case;

/* Where they differ, and why (numbers of interop-facts.md and mesh-calls.md):
 *
 * - m.call.candidates are not counted, and m.call.select_answer is never sent (section 14, rule 4).
 * - A transcript may end before hydrogen, as the last one to come, has answered; Confab does in the three seconds after.
 * - matrix-js-sdk 43 throws Olm messages away in a room that is not encrypted (fact 8), and hydrogen those in clear
 *   (fact 7); Confab answers the former, and the latter where the room is not encrypted (decision 6).
 * - hydrogen takes nothing in after an m.call.select_answer (fact 2): Confab answers the offer behind it.
 */
static const Case cases[] = {
  { "hh-e2ee", "@a:x", "b connected d connecting ", NULL },
  { "hh-e2ee", "@b:x", "a connected d connecting ", NULL },
  { "hh-e2ee", "@c:x", "", NULL },
  { "hh-e2ee", "@d:x", "a connected b connected ", "a: answer b: answer " },
  { "hh-plain", "@a:x", "b connected d connecting ", NULL },
  { "hh-plain", "@b:x", "a connected d connecting ", NULL },
  { "hh-plain", "@c:x", "", NULL },
  { "hh-plain", "@d:x", "a connected b connected ", "a: answer b: answer " },
  /* The answer comes in clear, in an encrypted room. */
  { "hj-latest-e2ee", "@a:x", "b connecting ", NULL },
  { "hj-latest-e2ee", "@b:x", "a connected ", NULL },
  { "hj-latest-plain", "@a:x", "b connecting ", NULL },
  { "hj-latest-plain", "@b:x", "a connected ", "a: answer " },
  { "hj-legacy", "@a:x", "b connected d connecting ", NULL },
  { "hj-legacy", "@b:x", "a connected d connecting ", NULL },
  { "hj-legacy", "@c:x", "", NULL },
  { "hj-legacy", "@d:x", "a connected b connected ", "a: answer b: answer " },
  { "jh-latest-e2ee", "@a:x", "b connecting ", NULL },
  /* As hydrogen, which reads no clear signalling; Confab reads none here. */
  { "jh-latest-e2ee", "@b:x", "a waiting ", NULL },
  { "jh-legacy", "@a:x", "b connected d connected ", NULL },
  { "jh-legacy",
    "@b:x",
    "a connected d connected ",
    "a: answer metadata metadata metadata metadata offer hangup answer answer reply c: invite "
    "d: invite " },
  { "jh-legacy", "@c:x", "", NULL },
  { "jh-legacy", "@d:x", "a connected b connected ", NULL },
  /* All of it is in clear, in an encrypted room: nothing is believed, and nothing answered. */
  { "jj-latest-e2ee",
    "@a:x",
    "b connecting d connecting ",
    "b: invite invite hangup invite c: invite d: invite " },
  { "jj-latest-e2ee", "@b:x", "a waiting d connecting ", "c: invite d: invite " },
  { "jj-latest-e2ee", "@c:x", "", "" },
  { "jj-latest-e2ee", "@d:x", "a waiting b waiting ", "" },
  { "jj-latest-plain", "@a:x", "b connected d connected ", NULL },
  { "jj-latest-plain", "@b:x", "a connected d connected ", NULL },
  { "jj-latest-plain", "@c:x", "", NULL },
  { "jj-latest-plain", "@d:x", "a connected b connected ", NULL },
  { "jj-legacy-e2ee", "@a:x", "b connected d connected ", NULL },
  { "jj-legacy-e2ee", "@b:x", "a connected d connected ", NULL },
  { "jj-legacy-e2ee", "@c:x", "", NULL },
  { "jj-legacy-e2ee", "@d:x", "a connected b connected ", NULL },
  { "jj-legacy-plain", "@a:x", "b connected d connected ", NULL },
  { "jj-legacy-plain", "@b:x", "a connected d connected ", NULL },
  { "jj-legacy-plain", "@c:x", "", NULL },
  { "jj-legacy-plain", "@d:x", "a connected b connected ", NULL },
};

static const char *const users[] = { "@a:x", "@b:x", "@c:x", "@d:x" };

static char *
dump_words (GHashTable *table)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (users); i++) {
    GString *words = g_hash_table_lookup (table, users[i]);
    if (words != NULL && words->len > 0)
      g_string_append_printf (text, "%c: %s", users[i][1], words->str);
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Nothing waits for a number any more, by whichever way of counting; and every connection has all of its candidates. */
static void
check_member (Replay *self, ConfabCallMember *member, gboolean connected)
{
  g_autoptr (GPtrArray) queued = confab_call_member_dup_queued (member);

  g_assert_cmpuint (queued->len, ==, 0);
  if (!connected)
    return;
  g_assert_true (g_hash_table_contains (self->complete, confab_call_member_get_call_id (member)));
  replay_check_heard (self, member);
}

static char *
dump_people (Replay *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; self->in && i < G_N_ELEMENTS (users); i++) {
    g_autoptr (ConfabCallMember) member = replay_find_member (self, users[i]);
    ConfabParticipantState state;
    if (member == NULL)
      continue;
    state = confab_participant_get_state (CONFAB_PARTICIPANT (member));
    check_member (self, member, state == CONFAB_PARTICIPANT_STATE_CONNECTED);
    g_string_append_printf (text,
                            "%c %s ",
                            users[i][1],
                            confab_enum_nick (CONFAB_TYPE_PARTICIPANT_STATE, state));
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
replay_begin (Replay *self, const Case *row)
{
  *self = (Replay) {
    .own = row->own,
    .encrypted = g_str_has_suffix (row->scenario, "e2ee"),
    .transcript = transcript_load (row->scenario),
    .medias = g_ptr_array_new_with_free_func (g_object_unref),
    .gatherings = replay_gatherings_new (),
    .entries = g_string_new (NULL),
    .expected_entries = g_string_new (NULL),
  };
  self->clock = confab_manual_clock_new (self->transcript->start * 1000);
  self->signalling = confab_fake_signalling_new (CONFAB_CLOCK (self->clock));
  self->handler = confab_call_handler_new (CONFAB_SIGNALLING (self->signalling),
                                           CONFAB_CLOCK (self->clock),
                                           self->own,
                                           replay_device_of (self->own));
#define TABLE(free) g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free)
  self->sessions = TABLE (g_free);
  self->used = TABLE (NULL);
  self->calls = TABLE (g_free);
  self->invites = TABLE ((GDestroyNotify) g_ptr_array_unref);
  self->seqs = TABLE (NULL);
  self->complete = TABLE (NULL);
  self->clear = TABLE (NULL);
  self->sent = TABLE (free_words);
  self->expected = TABLE (free_words);
#undef TABLE
  replay_watch_sent (self);
  confab_call_handler_set_room_encrypted (self->handler, REPLAY_ROOM, self->encrypted);
}

static void
replay_end (Replay *self)
{
  g_clear_object (&self->call);
  g_assert_finalize_object (g_steal_pointer (&self->handler));
  g_assert_finalize_object (g_steal_pointer (&self->signalling));
  g_ptr_array_unref (self->gatherings);
  while (self->medias->len > 0)
    g_assert_finalize_object (g_ptr_array_steal_index (self->medias, 0));
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (self->clock), ==, 0);
  g_assert_finalize_object (g_steal_pointer (&self->clock));
  g_ptr_array_unref (self->medias);
  g_hash_table_unref (self->sessions);
  g_hash_table_unref (self->used);
  g_hash_table_unref (self->calls);
  g_hash_table_unref (self->invites);
  g_hash_table_unref (self->seqs);
  g_hash_table_unref (self->complete);
  g_hash_table_unref (self->clear);
  g_hash_table_unref (self->sent);
  g_hash_table_unref (self->expected);
  transcript_free (self->transcript);
  g_string_free (self->entries, TRUE);
  g_string_free (self->expected_entries, TRUE);
  g_free (self->conf);
  g_free (self->session);
}

static void
play (const Case *row, gboolean offered)
{
  g_autofree char *people = NULL;
  g_autofree char *sent = NULL;
  g_autofree char *recorded = NULL;
  Replay self;

  replay_begin (&self, row);
  self.offered = offered;
  for (guint i = 0; i < json_array_get_length (self.transcript->entries); i++)
    step (&self, i);
  replay_advance (&self, 3000);
  people = dump_people (&self);
  sent = dump_words (self.sent);
  recorded = dump_words (self.expected);
  g_assert_cmpstr (people, ==, row->people);
  g_assert_cmpstr (sent, ==, row->sent != NULL ? row->sent : recorded);
  /* What is said to differ does. */
  if (row->sent != NULL)
    g_assert_cmpstr (sent, !=, recorded);
  g_assert_cmpstr (self.entries->str, ==, self.expected_entries->str);
  g_assert_cmpint (self.n_offered > 0, ==, offered);
  leave (&self);
  replay_advance (&self, 3000);
  replay_end (&self);
}

static void
test_replay (gconstpointer data)
{
  play (data, FALSE);
}

static void
test_offered (gconstpointer data)
{
  play (data, TRUE);
}

/* Whether a hydrogen answers to the one in whose place we are. */
static gboolean
is_answered_by_hydrogen (const Case *row)
{
  Transcript *transcript = transcript_load (row->scenario);
  gboolean answered = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (users); i++) {
    if (transcript_find (transcript, users[i], row->own, "answer ", 0) != NULL &&
        transcript_is_hydrogen (transcript, users[i]))
      answered = TRUE;
  }
  transcript_free (transcript);
  return answered;
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path = g_strdup_printf ("/transcripts/%s/%c",
                                             cases[i].scenario,
                                             cases[i].own[1]);
    g_autofree char *offered = g_strconcat (path, "/answers-are-offers", NULL);
    g_test_add_data_func (path, &cases[i], test_replay);
    if (is_answered_by_hydrogen (&cases[i]))
      g_test_add_data_func (offered, &cases[i], test_offered);
  }
  return g_test_run ();
}
