/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "confab-call-handler.h"
#include "confab-call-membership.h"
#include "confab-call-room.h"
#include "confab-call.h"
#include "confab-fake-signalling.h"
#include "confab-json.h"
#include "confab-manual-clock.h"
#include "confab-schema.h"
#include "confab-session.h"
#include "confab-sync-store.h"
#include "confab-system-clock.h"
#include "fake-account.h"

/* State of calls that comes again after what has replaced it: believed neither at once, nor after a restart. */

#define SYNC(next, events)                                                                         \
  "{\"next_batch\":\"" next "\",\"rooms\":{\"join\":{\"!a:x\":{\"timeline\":{\"events\":[" events  \
  "]}}}}}"
#define FIRST                                                                                      \
  SYNC ("s1",                                                                                      \
        "{\"type\":\"m.room.create\",\"state_key\":\"\",\"sender\":\"@ben:x\",\"content\":{}},"    \
        "{\"type\":\"m.room.member\",\"state_key\":\"@ben:x\",\"sender\":\"@ben:x\",\"content\":"  \
        "{\"membership\":\"join\"}}")
#define CALL(ts, more)                                                                             \
  "{\"type\":\"org.matrix.msc3401.call\",\"state_key\":\"k\",\"sender\":\"@ben:x\",\"event_id\":"  \
  "\"$call" ts "\",\"origin_server_ts\":" ts ",\"content\":{\"m.intent\":\"m.prompt\","            \
  "\"m.type\":\"m.video\"" more "}}"
#define MEMBER(ts, calls)                                                                          \
  "{\"type\":\"org.matrix.msc3401.call.member\",\"state_key\":\"@ben:x\",\"sender\":\"@ben:x\","   \
  "\"event_id\":\"$member" ts "\",\"origin_server_ts\":" ts ",\"content\":{\"m.calls\":[" calls    \
  "]}}"
#define IS_IN(ts)                                                                                  \
  MEMBER (ts,                                                                                      \
          "{\"m.call_id\":\"k\",\"m.devices\":[{\"device_id\":\"BDEV\",\"session_id\":\"S\","      \
          "\"expires_ts\":9000000000000,\"feeds\":[]}]}")
#define IS_OUT(ts) MEMBER (ts, "")
#define IS_ON(ts) CALL (ts, "")
#define IS_OVER(ts) CALL (ts, ",\"m.terminated\":true")
#define REDACTION(id)                                                                              \
  "{\"type\":\"m.room.redaction\",\"sender\":\"@ben:x\",\"event_id\":\"$redaction\","              \
  "\"origin_server_ts\":2000,\"redacts\":\"" id "\",\"content\":{}}"

/* ---- a session, and who is in which call for it ---- */

typedef struct {
  FakeAccount *account;
  ConfabHomeserver *homeserver;
  ConfabSecrets *secrets;
  ConfabClock *clock;
  char *dir;
  ConfabSession *session;
  ConfabSessionState wanted_state;
  const char *wanted;
} Fixture;

static void
new_session (Fixture *f)
{
  f->session = confab_session_new (f->clock, f->secrets, f->dir, f->dir);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->account = fake_account_new ();
  f->homeserver = confab_homeserver_new (fake_homeserver_get_url (f->account->server));
  f->dir = g_dir_make_tmp ("confab-test-XXXXXX", NULL);
  f->secrets = confab_file_secrets_new (f->dir);
  f->clock = confab_system_clock_new ();
  new_session (f);
  fake_account_sync (f->account, "", FIRST);
}

static void
stop_session (Fixture *f)
{
  test_expect (confab_session_stop (f->session));
  test_settle ();
  g_assert_finalize_object (f->session);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autofree char *remove = g_strdup_printf ("rm -r '%s'", f->dir);

  stop_session (f);
  g_object_unref (f->clock);
  g_object_unref (f->secrets);
  g_object_unref (f->homeserver);
  fake_account_free (f->account);
  g_assert_true (g_spawn_command_line_sync (remove, NULL, NULL, NULL, NULL));
  g_free (f->dir);
}

static gboolean
is_in_state (gpointer data)
{
  Fixture *f = data;

  return confab_session_get_state (f->session) == f->wanted_state;
}

static void
until_state (Fixture *f, ConfabSessionState state)
{
  f->wanted_state = state;
  test_until (is_in_state, f);
}

static gboolean
has_asked (gpointer data)
{
  Fixture *f = data;
  GPtrArray *asked = f->account->asked;

  return asked->len > 0 && g_str_equal (asked->pdata[asked->len - 1], f->wanted);
}

/* @reply follows @since; all of it has been applied when what follows @next is asked for. */
static void
take_sync (Fixture *f, const char *since, const char *next, const char *reply)
{
  fake_account_sync (f->account, since, reply);
  f->wanted = next;
  test_until (has_asked, f);
}

/* The server is away, so that all there is comes from the store. */
static void
restart (Fixture *f)
{
  stop_session (f);
  f->account->sync_status = 503;
  new_session (f);
  test_expect (confab_session_restore (f->session));
  until_state (f, CONFAB_SESSION_STATE_OFFLINE);
}

static void
go_online (Fixture *f)
{
  f->account->sync_status = 0;
  confab_session_try_now (f->session);
  until_state (f, CONFAB_SESSION_STATE_ONLINE);
}

/* Of each call who is in it: “” for none, “0 ” for one with nobody in it. */
static void
assert_calls (Fixture *f, const char *expected)
{
  GListModel *calls = G_LIST_MODEL (confab_session_get_call_handler (f->session));
  g_autoptr (GString) found = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (calls); i++) {
    g_autoptr (ConfabCall) call = g_list_model_get_item (calls, i);
    g_string_append_printf (found,
                            "%u ",
                            g_list_model_get_n_items (confab_call_get_participants (call)));
  }
  g_assert_cmpstr (found->str, ==, expected);
}

/* ---- with a restart before or after what comes again ---- */

typedef struct {
  const char *path;
  const char *syncs[3];
  const char *calls_before; /* the last of them */
  const char *calls;
} Story;

#define STORY(path, one, two, three, calls_before, calls)                                          \
  { path, { SYNC ("s2", one), SYNC ("s3", two), SYNC ("s4", three) }, calls_before, calls }
static const Story stories[] = {
  STORY (
    "has-entered", IS_ON ("1000") "," IS_OUT ("1000"), IS_IN ("2000"), IS_OUT ("1000"), "1 ", "1 "),
  STORY (
    "has-left", IS_ON ("1000") "," IS_IN ("1000"), IS_OUT ("2000"), IS_IN ("1000"), "0 ", "0 "),
  STORY ("terminated", IS_ON ("1000"), IS_OVER ("2000"), IS_ON ("1000"), "", ""),
  STORY ("written-anew", IS_ON ("1000"), IS_OVER ("2000"), IS_ON ("3000"), "", ""),
  STORY ("redacted", IS_ON ("1000"), REDACTION ("$call1000"), IS_ON ("1000"), "", ""),
  /* All of it in one sync, and once more. */
  STORY ("at-once",
         IS_ON ("1000"),
         IS_OUT ("1000") "," IS_IN ("2000") "," IS_OUT ("1000"),
         IS_OUT ("1000"),
         "1 ",
         "1 "),
  STORY ("at-once/terminated",
         IS_ON ("1000"),
         IS_OVER ("2000") "," IS_ON ("1000"),
         IS_ON ("1000"),
         "",
         ""),
  /* What is as it was before is no history, and neither is what was never seen, though its server's clock was set back. */
  STORY ("again", IS_ON ("1000") "," IS_IN ("1000"), IS_IN ("2000"), IS_IN ("2000"), "1 ", "1 "),
  STORY ("clock-set-back/left",
         IS_ON ("1000") "," IS_IN ("1000"),
         IS_IN ("2000"),
         IS_OUT ("1500"),
         "1 ",
         "0 "),
  STORY ("clock-set-back/entered",
         IS_ON ("1000") "," IS_IN ("1000"),
         IS_OUT ("2000"),
         IS_IN ("1500"),
         "0 ",
         "1 "),
};
#undef STORY

static void
begin (Fixture *f, const Story *story)
{
  test_expect (confab_session_sign_in (f->session, f->homeserver, "anna", "secret", "Test"));
  until_state (f, CONFAB_SESSION_STATE_ONLINE);
  take_sync (f, "s1", "s2", story->syncs[0]);
  take_sync (f, "s2", "s3", story->syncs[1]);
  assert_calls (f, story->calls_before);
}

static void
assert_lasting (Fixture *f, const Story *story)
{
  restart (f);
  assert_calls (f, story->calls);
  go_online (f);
  take_sync (f, "s4", "s5", SYNC ("s5", ""));
  assert_calls (f, story->calls);
}

static void
test_stored (Fixture *f, gconstpointer data)
{
  const Story *story = data;

  begin (f, story);
  take_sync (f, "s3", "s4", story->syncs[2]);
  assert_calls (f, story->calls);
  assert_lasting (f, story);
}

static void
test_after_restart (Fixture *f, gconstpointer data)
{
  const Story *story = data;

  begin (f, story);
  restart (f);
  assert_calls (f, story->calls_before);
  go_online (f);
  take_sync (f, "s3", "s4", story->syncs[2]);
  assert_calls (f, story->calls);
  assert_lasting (f, story);
}

/* ---- the store alone ---- */

static void
add_event (ConfabSyncRoom *room, gint64 ts)
{
  g_autoptr (JsonObject) content = json_object_new ();

  g_ptr_array_add (
    room->state,
    confab_sync_event_new (CONFAB_CALL_MEMBERSHIP_TYPE, "@ben:x", "@ben:x", ts, content));
}

/* Returns: whether the member event counts */
static gboolean
take_member (ConfabStoreTransaction *transaction, gint64 ts)
{
  g_autoptr (ConfabSyncBatch) batch = confab_sync_batch_new ("n");
  ConfabSyncRoom *room = confab_sync_batch_add_room (batch, "!a:x");

  add_event (room, ts);
  g_assert_true (confab_sync_store_apply (transaction, batch, NULL));
  return !((ConfabSyncEvent *) room->state->pdata[0])->superseded;
}

static gint64
query_int (ConfabStoreTransaction *transaction, const char *sql)
{
  gint64 value = 0;

  g_assert_true (
    confab_store_query (transaction, confab_store_row_take_int, &value, NULL, sql, NULL));
  return value;
}

static gboolean
tell_room (ConfabCallRoom *room, gint64 ts)
{
  g_autoptr (JsonObject) content = json_object_new ();

  return confab_call_room_set_member (room, "@ben:x", ts, content);
}

#define N_RUNS 200
#define N_EVENTS 60

static void
compare (ConfabStoreTransaction *transaction, GRand *rand)
{
  g_autoptr (ConfabManualClock) clock = confab_manual_clock_new (1000);
  g_autoptr (ConfabFakeSignalling) signalling = confab_fake_signalling_new (CONFAB_CLOCK (clock));
  ConfabCallRoom *room = NULL;
  gint64 last = 0;
  gboolean heard_all = TRUE;

  g_assert_true (confab_store_exec (transaction, NULL, "DELETE FROM rooms", NULL));
  for (guint i = 0; i < N_EVENTS; i++) {
    gint64 ts = g_rand_int_range (rand, 1, 20);
    gboolean counts = take_member (transaction, ts);

    if (room == NULL || g_rand_int_range (rand, 0, 40) == 0) {
      heard_all = room == NULL;
      g_clear_object (&room);
      room = confab_call_room_new (
        CONFAB_SIGNALLING (signalling), CONFAB_CLOCK (clock), "@me:x", "ME", "!a:x");
      if (!heard_all)
        tell_room (room, last); /* all that is stored */
    }
    if (counts)
      g_assert_true (tell_room (room, ts));
    else if (heard_all)
      g_assert_false (tell_room (room, ts));
    if (counts)
      last = ts;
    g_assert_cmpint (query_int (transaction, "SELECT origin_server_ts FROM state"), ==, last);
  }
  g_assert_cmpint (query_int (transaction, "SELECT count (*) FROM call_member_dates"), ==, 8);
  g_object_unref (room);
}

static gboolean
same_rules_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  for (guint i = 0; i < N_RUNS; i++)
    compare (transaction, data);
  return TRUE;
}

/* The calls of a process that has heard all of it say the same, and after a restart they take all that the store takes. */
static void
test_same_rules (void)
{
  g_autoptr (ConfabStore) store = confab_store_new (NULL, confab_schema_migrations, NULL);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  g_assert_true (confab_store_run (store, same_rules_func, rand, NULL));
}

static gboolean
left_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  g_autoptr (ConfabSyncBatch) batch = confab_sync_batch_new ("n");

  g_assert_true (take_member (transaction, 1));
  g_assert_true (take_member (transaction, 2));
  g_assert_false (take_member (transaction, 1));
  confab_sync_batch_add_room (batch, "!a:x")->membership = CONFAB_SYNC_MEMBERSHIP_LEAVE;
  g_assert_true (confab_sync_store_apply (transaction, batch, NULL));
  g_assert_cmpint (query_int (transaction, "SELECT count (*) FROM call_member_dates"), ==, 0);
  g_assert_true (take_member (transaction, 1));
  return TRUE;
}

/* Whoever comes in again is told what there is then. */
static void
test_room_left (void)
{
  g_autoptr (ConfabStore) store = confab_store_new (NULL, confab_schema_migrations, NULL);

  g_assert_true (confab_store_run (store, left_func, NULL, NULL));
}

static gboolean
older_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  static const char *const statements[] = {
    "INSERT INTO rooms (room_id) VALUES ('!a:x')",
    "INSERT INTO state VALUES ('!a:x', 'org.matrix.msc3401.call.member', '@ben:x', '@ben:x', 1, "
    "'{\"m.calls\":[]}', NULL)",
    "INSERT INTO state VALUES ('!a:x', 'org.matrix.msc3401.call.member', '_@ben:x_B_m.call', "
    "'@ben:x', 3, '{}', NULL)",
    "INSERT INTO state VALUES ('!a:x', 'm.room.name', '', '@ben:x', 1, '{}', NULL)",
  };

  for (guint i = 0; i < G_N_ELEMENTS (statements); i++)
    g_assert_true (confab_store_exec (transaction, NULL, statements[i], NULL));
  return TRUE;
}

static gboolean
newer_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  g_assert_cmpint (query_int (transaction, "SELECT count (*) FROM call_member_dates"), ==, 1);
  g_assert_true (take_member (transaction, 2));
  g_assert_false (take_member (transaction, 1));
  return TRUE;
}

/* What somebody had when an older build was last here is known when it comes again. */
static void
test_older_store (void)
{
  g_autofree char *dir = g_dir_make_tmp ("confab-test-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "store.db", NULL);
  const char *older[12] = { NULL };
  g_autoptr (ConfabStore) store = NULL;

  for (guint i = 0; i + 1 < G_N_ELEMENTS (older); i++)
    older[i] = confab_schema_migrations[i];
  store = confab_store_new (path, older, NULL);
  g_assert_true (confab_store_run (store, older_func, NULL, NULL));
  confab_store_close (store);
  g_clear_object (&store);
  store = confab_store_new (path, confab_schema_migrations, NULL);
  g_assert_true (confab_store_run (store, newer_func, NULL, NULL));
  confab_store_close (store);
  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

static gboolean
damaged_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  g_autoptr (JsonObject) reply = confab_json_parse_object (SYNC ("n", IS_ON ("1000")), -1, NULL);
  g_autoptr (ConfabSyncBatch) batch = confab_sync_batch_new_from_v3 (reply, NULL);

  g_assert_true (confab_sync_store_apply (transaction, batch, NULL));
  g_assert_true (
    confab_store_exec (transaction, NULL, "UPDATE state SET content = '{\"m.int'", NULL));
  g_assert_true (confab_sync_store_apply (transaction, batch, NULL));
  g_assert_cmpint (
    query_int (transaction, "SELECT count (*) FROM state WHERE content LIKE '%m.prompt%'"), ==, 1);
  return TRUE;
}

/* Of a call whose row cannot be read any more nobody knows that it is over. */
static void
test_damaged_call (void)
{
  g_autoptr (ConfabStore) store = confab_store_new (NULL, confab_schema_migrations, NULL);

  g_assert_true (confab_store_run (store, damaged_func, NULL, NULL));
}

/* ---- too many calls ---- */

#define GAP                                                                                        \
  "{\"next_batch\":\"s3\",\"rooms\":{\"join\":{\"!a:x\":{\"timeline\":{\"limited\":true,"          \
  "\"prev_batch\":\"p\",\"events\":[]}}}}}"
#define ASKED "/_matrix/client/v3/rooms/%21a%3Ax/state/org.matrix.msc3401.call/"

static guint
count_people (Fixture *f)
{
  GListModel *calls = G_LIST_MODEL (confab_session_get_call_handler (f->session));
  guint n = 0;

  g_assert_cmpuint (g_list_model_get_n_items (calls), ==, 50);
  for (guint i = 0; i < 50; i++) {
    g_autoptr (ConfabCall) call = g_list_model_get_item (calls, i);
    n += g_list_model_get_n_items (confab_call_get_participants (call));
  }
  return n;
}

static guint
count_asked (Fixture *f)
{
  GPtrArray *log = fake_homeserver_get_log (f->account->server);
  guint n = 0;

  for (guint i = 0; i < log->len; i++)
    n += strstr (log->pdata[i], "/state/org.matrix.msc3401.call/") != NULL;
  return n;
}

static gboolean
has_asked_for_calls (gpointer data)
{
  return count_asked (data) >= 50;
}

/* More than are kept of a room: the one that somebody is in is, though it is the oldest. After a gap no more are asked for. */
static void
test_crowd (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) events = g_string_new (NULL);
  g_autofree char *reply = NULL;

  for (guint i = 0; i < 60; i++) {
    g_autofree char *ts = g_strdup_printf ("%u", 1000 + i);
    g_autofree char *id = i == 0 ? g_strdup ("k") : g_strdup_printf ("k%u", i);
    g_string_append_printf (events,
                            "{\"type\":\"org.matrix.msc3401.call\",\"state_key\":\"%s\",\"sender\":"
                            "\"@ben:x\",\"event_id\":\"$%s\",\"origin_server_ts\":%s,\"content\":"
                            "{\"m.intent\":\"m.prompt\",\"m.type\":\"m.video\"}},",
                            id,
                            id,
                            ts);
  }
  g_string_append (events, IS_IN ("5000"));
  reply = g_strdup_printf (SYNC ("s2", "%s"), events->str);
  test_expect (confab_session_sign_in (f->session, f->homeserver, "anna", "secret", "Test"));
  until_state (f, CONFAB_SESSION_STATE_ONLINE);
  fake_homeserver_reply (f->account->server, ASKED, 200, "{\"m.intent\":\"m.prompt\"}");
  take_sync (f, "s1", "s2", reply);
  g_assert_cmpuint (count_people (f), ==, 1);
  take_sync (f, "s2", "s3", GAP);
  test_until (has_asked_for_calls, f);
  test_settle ();
  g_assert_cmpuint (count_asked (f), ==, 50);
  restart (f);
  g_assert_cmpuint (count_people (f), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  for (guint i = 0; i < G_N_ELEMENTS (stories); i++) {
    g_autofree char *stored = g_strconcat ("/call-history/stored/", stories[i].path, NULL);
    g_autofree char *after = g_strconcat ("/call-history/after-restart/", stories[i].path, NULL);
    g_test_add (stored, Fixture, &stories[i], set_up, test_stored, tear_down);
    g_test_add (after, Fixture, &stories[i], set_up, test_after_restart, tear_down);
  }
  g_test_add_func ("/call-history/same-rules", test_same_rules);
  g_test_add_func ("/call-history/room-left", test_room_left);
  g_test_add_func ("/call-history/older-store", test_older_store);
  g_test_add_func ("/call-history/damaged-call", test_damaged_call);
  g_test_add ("/call-history/crowd", Fixture, NULL, set_up, test_crowd, tear_down);
  return g_test_run ();
}
