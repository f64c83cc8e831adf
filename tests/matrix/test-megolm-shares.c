/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "megolm-world.h"

#include <glib/gstdio.h>
#include <string.h>

#include "confab-json.h"
#include "confab-matrix-error.h"
#include "confab-megolm-outbound.h"
#include "confab-megolm-shares.h"
#include "confab-olm-machine-private.h"
#include "confab-schema.h"

/* Who has a room's key, who is to get it again, and how long it is used. */

static void
whisper_dummy (Fixture *f)
{
  g_autoptr (JsonObject) nothing = json_object_new ();

  person_whisper (f->bob, "@alice:x", "ADEV", "m.dummy", nothing);
  person_sync (f->alice, NULL);
}

static gint64
count_again (Fixture *f)
{
  return device_count (f->alice->device, "SELECT count (*) FROM megolm_shares WHERE state = 2");
}

/* Both have heard of each other in the session: whoever writes in it can read what comes by it, keys too. */
static void
test_dummy_in_old_session (Fixture *f, gconstpointer data)
{
  person_say (f->bob, "hello");
  person_sync (f->alice, NULL);
  person_say (f->alice, "one");
  person_sync (f->bob, NULL);
  whisper_dummy (f);
  g_assert_cmpint (count_again (f), ==, 0);
}

/* Bob has lost it, and begins another one. What he had to say anyhow goes out first, and is the first in it: m.dummy, which
 * comes after that, counts all the same. */
static void
test_dummy_behind_others (Fixture *f, gconstpointer data)
{
  person_say (f->bob, "hello");
  person_sync (f->alice, NULL);
  person_say (f->alice, "one");
  person_sync (f->bob, NULL);
  device_exec (f->bob->device, "DELETE FROM olm_sessions");
  device_send (f->bob->device, f->alice->device, "busy");
  device_flush (f->bob->device);
  person_sync (f->alice, NULL);
  g_assert_cmpint (count_again (f), ==, 0);
  whisper_dummy (f);
  g_assert_cmpint (count_again (f), ==, 1);
}

typedef struct {
  JsonObject *event;
  ConfabOlmVault *vault;
  guint64 n_steps;
} Receive;

static gboolean
receive_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Receive *receive = data;
  g_autoptr (ConfabOlmNews) news = confab_olm_news_new ();
  g_autoptr (ConfabSyncEvent) event = confab_sync_event_new (
    "m.room.encrypted", NULL, "@bob:x", 0, confab_json_peek_object (receive->event, "content"));
  guint64 before = confab_store_get_n_steps (transaction);

  if (!confab_olm_vault_receive (receive->vault, transaction, event, 1, news, error))
    return FALSE;
  receive->n_steps = confab_store_get_n_steps (transaction) - before;
  return TRUE;
}

/* How much work it is to take an m.dummy of bob's, who begins a session with it. */
static guint64
take_dummy (Fixture *f)
{
  GPtrArray *mailbox = world_mailbox (f->room->world, "@alice:x|ADEV");
  g_autoptr (JsonObject) nothing = json_object_new ();
  g_autoptr (JsonObject) event = NULL;
  Receive receive = { .vault = confab_olm_machine_get_vault (f->alice->device->machine) };

  device_exec (f->bob->device, "DELETE FROM olm_sessions");
  person_whisper (f->bob, "@alice:x", "ADEV", "m.dummy", nothing);
  g_assert_cmpuint (mailbox->len, ==, 1);
  event = g_ptr_array_steal_index (mailbox, 0);
  receive.event = event;
  g_assert_true (confab_store_run (f->alice->device->store, receive_func, &receive, NULL));
  return receive.n_steps;
}

/* Whoever is in many rooms, with many people, does not read who has which key for each m.dummy. */
static void
test_dummy_among_many (Fixture *f, gconstpointer data)
{
  guint64 few, many;

  person_say (f->bob, "hello");
  person_sync (f->alice, NULL);
  person_say (f->alice, "one");
  person_sync (f->bob, NULL);
  few = take_dummy (f);
  g_assert_cmpint (count_again (f), ==, 1);
  device_exec (
    f->alice->device,
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
    "INSERT INTO megolm_shares (room_id, user_id, device_id, curve25519, message_index, state) "
    "SELECT room_id, '@p' || i || ':x', 'D', 'c', 0, 0 "
    "FROM n, megolm_outbound");
  many = take_dummy (f);
  g_assert_cmpuint (many, <, few + 200);
}

static gboolean
fill_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_store_exec (transaction,
                            error,
                            "INSERT INTO rooms (room_id) VALUES ('" ROOM "')",
                            NULL) &&
         confab_store_exec (transaction,
                            error,
                            "INSERT INTO megolm_outbound VALUES ('" ROOM "', 's', x'00', 0, 0)",
                            NULL) &&
         confab_store_exec (transaction,
                            error,
                            "INSERT INTO megolm_shares VALUES ('" ROOM "', '@a:x', 'A', 'c', 7, 0)",
                            NULL);
}

static gboolean
look_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_megolm_shares_give_again (transaction, "@a:x", "A", error) &&
         confab_store_query (transaction,
                             confab_store_row_take_int,
                             data,
                             error,
                             "SELECT count (*) FROM megolm_shares WHERE message_index = 7 AND "
                             "state = 2",
                             NULL);
}

/* What an older build knew of who has which key is still known. */
static void
test_older_store (void)
{
  g_autofree char *dir = g_dir_make_tmp ("confab-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "store.db", NULL);
  const char *older[10] = { NULL };
  g_autoptr (ConfabStore) store = NULL;
  gint64 n = 0;

  for (guint i = 0; i + 1 < G_N_ELEMENTS (older); i++)
    older[i] = confab_schema_migrations[i];
  store = confab_store_new (path, older, NULL);
  g_assert_true (confab_store_run (store, fill_func, NULL, NULL));
  confab_store_close (store);
  g_clear_object (&store);
  store = confab_store_new (path, confab_schema_migrations, NULL);
  g_assert_true (confab_store_run (store, look_func, &n, NULL));
  g_assert_cmpint (n, ==, 1);
  confab_store_close (store);
  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

/* ---- what the server does not take ---- */

static gint64
count_in_state (Fixture *f, const char *device, guint state)
{
  g_autofree char *sql = g_strdup_printf (
    "SELECT count (*) FROM megolm_shares WHERE device_id = '%s' AND state = %u", device, state);

  return device_count (f->alice->device, sql);
}

static void
set_refused (Fixture *f, const char *device)
{
  f->room->world->bad_device = device;
  f->room->world->bad_status = 403;
}

/* Bob's is refused; his device does not silence alice for everybody else. He gets it with the next message. */
static void
test_one_refused (Fixture *f, gconstpointer data)
{
  set_refused (f, "BDEV");
  person_say (f->alice, "one");
  g_assert_cmpint (count_again (f), ==, 1);
  g_assert_cmpint (device_count (f->alice->device, "SELECT count (*) FROM room_outbox"), ==, 0);
  person_sync (f->carol, NULL);
  person_assert_heard (f->carol, SAID ("alice", "ADEV", "one"));
  set_refused (f, NULL);
  person_say (f->alice, "two");
  g_assert_cmpint (count_again (f), ==, 0);
  g_assert_cmpstr (room_get_session (f->room, 0), ==, room_get_session (f->room, 1));
  person_sync (f->bob, NULL);
  g_assert_nonnull (strstr (f->bob->heard->str, SAID ("alice", "ADEV", "two")));
}

/* How often it has been tried to give bob's device the key. */
static guint
count_tries (Fixture *f)
{
  GPtrArray *sent = f->room->world->sent;
  guint n = 0;

  for (guint i = 0; i < sent->len; i++)
    n += strstr (sent->pdata[i], "BDEV") != NULL;
  return n;
}

static void
say_refused (Fixture *f, guint n)
{
  set_refused (f, "BDEV");
  for (guint i = 0; i < n; i++)
    person_say (f->alice, "x");
  set_refused (f, NULL);
}

/* Not with each message for ever: it is told that it gets none, and until there is another key that is it. */
static void
test_given_up (Fixture *f, gconstpointer data)
{
  guint n;

  say_refused (f, 3);
  g_assert_cmpint (count_again (f), ==, 1);
  person_say (f->alice, "four");
  g_assert_cmpint (count_in_state (f, "BDEV", 3), ==, 1);
  person_sync (f->bob, NULL);
  g_assert_nonnull (strstr (f->bob->heard->str, "m.unavailable"));
  g_assert_null (strstr (f->bob->heard->str, "four"));
  n = count_tries (f);
  person_say (f->alice, "five");
  g_assert_cmpuint (count_tries (f), ==, n);
  device_exec (f->alice->device, "UPDATE megolm_outbound SET expired = 1");
  person_say (f->alice, "six");
  g_assert_cmpstr (room_get_session (f->room, 4), !=, room_get_session (f->room, 5));
  g_string_truncate (f->bob->heard, 0);
  person_sync (f->bob, NULL);
  g_assert_nonnull (strstr (f->bob->heard->str, SAID ("alice", "ADEV", "six")));
}

/* What was refused was for other keys of that device. */
static void
test_given_up_then_other_keys (Fixture *f, gconstpointer data)
{
  say_refused (f, 3);
  person_say (f->alice, "four");
  g_assert_cmpint (count_in_state (f, "BDEV", 3), ==, 1);
  device_exec (f->alice->device,
               "UPDATE megolm_shares SET curve25519 = 'other' WHERE device_id = 'BDEV'");
  person_say (f->alice, "five");
  g_assert_cmpint (count_in_state (f, "BDEV", 0), ==, 1);
  person_sync (f->bob, NULL);
  g_assert_nonnull (strstr (f->bob->heard->str, SAID ("alice", "ADEV", "five")));
}

/* It may have the key, for all that is known: once it is gone, another one is due. */
static void
test_given_up_and_gone (Fixture *f, gconstpointer data)
{
  say_refused (f, 3);
  person_say (f->alice, "four");
  room_set_members (f->room, "@alice:x,@carol:x");
  person_sync (f->alice, NULL);
  person_say (f->alice, "five");
  g_assert_cmpstr (room_get_session (f->room, 3), !=, room_get_session (f->room, 4));
}

/* One that was taken in between: it counts from the beginning again. */
static void
test_refused_now_and_then (Fixture *f, gconstpointer data)
{
  say_refused (f, 2);
  person_say (f->alice, "taken");
  person_sync (f->bob, NULL);
  device_exec (f->bob->device, "DELETE FROM olm_sessions");
  whisper_dummy (f);
  g_assert_cmpint (count_again (f), ==, 1);
  say_refused (f, 2);
  person_say (f->alice, "heard");
  person_sync (f->bob, NULL);
  g_assert_nonnull (strstr (f->bob->heard->str, SAID ("alice", "ADEV", "heard")));
}

/* As long as nobody could read what is said it is not said, however often that is tried. */
static void
test_nobody_given (Fixture *f, gconstpointer data)
{
  set_refused (f, "");
  for (guint i = 0; i < 5; i++)
    test_expect_error (person_send (f->alice, "m.room.message", "{\"body\":\"x\"}"),
                       CONFAB_MATRIX_ERROR,
                       CONFAB_MATRIX_ERROR_FAILED);
  g_assert_cmpuint (f->room->puts->len, ==, 0);
  g_assert_cmpint (device_count (f->alice->device, "SELECT count (*) FROM room_outbox"), ==, 0);
  set_refused (f, NULL);
  person_say (f->alice, "two");
  person_sync (f->bob, NULL);
  person_sync (f->carol, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "two"));
  person_assert_heard (f->carol, SAID ("alice", "ADEV", "two"));
}

/* Until so many of alice's device messages are not sent, @future waits or not. */
static void
turn_until_left (Fixture *f, gint64 n, DexFuture *future)
{
  while (device_count (f->alice->device, "SELECT count (*) FROM outbox") != n) {
    guint n_others = dex_future_is_pending (future) ? 1 : 0; /* when it is given up */
    if (!g_main_context_iteration (NULL, FALSE) &&
        confab_manual_clock_get_n_timeouts (f->room->world->clock) > n_others)
      confab_manual_clock_advance_to_next (f->room->world->clock);
  }
}

/* The server fails on bob's key, for as long as that is sent: who else is there hears what is said, and he has it later. */
static void
test_one_stuck (Fixture *f, gconstpointer data)
{
  g_autoptr (DexFuture) future = NULL;

  f->room->world->bad_device = "BDEV";
  f->room->world->bad_status = 500;
  future = person_send (f->alice, "m.room.message", "{\"body\":\"one\"}");
  turn_until_left (f, 2, future);
  turn_until_left (f, 1, future);
  test_expect (person_send (f->alice, "m.room.message", "{\"body\":\"two\"}"));
  person_sync (f->carol, NULL);
  g_assert_nonnull (strstr (f->carol->heard->str, SAID ("alice", "ADEV", "two")));
  f->room->world->bad_device = NULL;
  turn_until_left (f, 0, future);
  device_flush (f->alice->device);
  person_sync (f->bob, NULL);
  g_assert_nonnull (strstr (f->bob->heard->str, SAID ("alice", "ADEV", "two")));
}

/* ---- what cannot be had ---- */

/* Bob has another device, of which alice's store knows no more than that something has changed. The first time that she
 * asks, the server fails. That is not what is done without: it is asked again, and that device reads what she says. */
static void
test_asked_again (Fixture *f, gconstpointer what)
{
  gboolean lists = g_str_equal (what, "lists");
  World *world = f->room->world;
  guint *n_fails = lists ? &world->fail_queries : &world->fail_claims;
  Person *second;
  DexFuture *future;

  person_say (f->alice, "one");
  second = person_new (f->room, "@bob:x|BDEV2", NULL);
  second->position = f->room->timeline->len;
  person_sync (second, "@alice:x");
  device_exec (f->alice->device,
               "UPDATE device_users SET stale = 1, stale_since = stale_since + 1 "
               "WHERE user_id = '@bob:x'");
  *n_fails = 2;
  future = person_send (f->alice, "m.room.message", "{\"body\":\"two\"}");
  fixture_turn_until_done (f, future);
  test_expect (future);
  g_assert_cmpuint (*n_fails, ==, 0);
  person_sync (second, NULL);
  person_assert_heard (second, SAID ("alice", "ADEV", "two"));
  person_free (second);
}

/* Bob may have the key, is to get it again, and no session with him can be had: he is told that he gets none, and is not
 * forgotten. Once he is out of the room there is another key. */
static void
test_again_without_session (Fixture *f, gconstpointer data)
{
  World *world = f->room->world;

  say_refused (f, 1);
  g_assert_cmpint (count_again (f), ==, 1);
  device_exec (f->alice->device,
               "DELETE FROM olm_sessions WHERE sender_key = "
               "(SELECT curve25519 FROM devices WHERE device_id = 'BDEV')");
  g_hash_table_remove (world->one_time, "@bob:x|BDEV");
  g_hash_table_remove (world->fallback, "@bob:x|BDEV");
  person_say (f->alice, "two");
  g_assert_cmpint (device_count (f->alice->device, "SELECT count (*) FROM megolm_no_olm"), ==, 1);
  g_assert_cmpint (count_again (f), ==, 1);
  g_assert_cmpstr (room_get_session (f->room, 0), ==, room_get_session (f->room, 1));
  room_set_members (f->room, "@alice:x,@carol:x");
  person_sync (f->alice, NULL);
  person_say (f->alice, "three");
  g_assert_cmpstr (room_get_session (f->room, 1), !=, room_get_session (f->room, 2));
}

/* The process ends when bob's key is refused and the message is on its way: the next one sends it as it was. Or all keys
 * are: then no later one sends it. */
static void
test_refused_restart (gconstpointer data)
{
  gboolean all = data != NULL;
  g_autofree char *dir = g_dir_make_tmp ("confab-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "store.db", NULL);
  g_autofree char *command = g_strconcat ("rm -r ", dir, NULL);
  Fixture f;
  DexFuture *future;

  fixture_set_up (&f, NULL);
  person_free (f.alice);
  f.alice = person_new (f.room, "@alice:x|ADEV", path);
  person_sync (f.alice, "@bob:x,@carol:x");
  person_sync (f.bob, "@alice:x");
  person_sync (f.carol, "@alice:x");
  set_refused (&f, all ? "" : "BDEV");
  f.room->fail_puts = 1;
  future = person_send (f.alice, "m.room.message", "{\"body\":\"once\"}");
  if (all) {
    test_expect_error (future, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_FAILED);
  } else {
    while (f.room->fail_puts > 0)
      g_main_context_iteration (NULL, TRUE);
    test_expect (confab_megolm_machine_stop (f.alice->megolm));
    test_expect_error (future, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_CANCELLED);
  }
  person_free (f.alice);
  f.alice = person_new (f.room, "@alice:x|ADEV", path);
  g_assert_cmpint (device_count (f.alice->device, "SELECT count (*) FROM room_outbox"), ==, !all);
  f.alice->n_syncs = 1;
  person_show (f.alice);
  confab_megolm_machine_start (f.alice->megolm);
  while (device_count (f.alice->device, "SELECT count (*) FROM room_outbox") > 0)
    g_main_context_iteration (NULL, TRUE);
  test_settle ();
  g_assert_cmpuint (f.room->puts->len, ==, all ? 0 : 2);
  person_sync (f.carol, NULL);
  person_assert_heard (f.carol, all ? "" : SAID ("alice", "ADEV", "once"));
  fixture_tear_down (&f, NULL);
  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
}

/* ---- how long a key is used ---- */

typedef struct {
  ConfabOlmVault *vault;
  guint n_messages;
} Wear;

static gboolean
read_pickle_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  *(GBytes **) data = confab_store_row_get_bytes (row, 0);
  return TRUE;
}

static gboolean
wear_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  const Wear *wear = data;
  g_autoptr (GBytes) old_pickle = NULL;
  g_autoptr (GBytes) pickle = NULL;
  g_autoptr (ConfabMegolmOutbound) session = NULL;

  if (!confab_store_query (transaction,
                           read_pickle_cb,
                           &old_pickle,
                           error,
                           "SELECT pickle FROM megolm_outbound",
                           NULL))
    return FALSE;
  session = confab_megolm_outbound_unpickle (old_pickle, wear->vault->pickle_key, error);
  for (guint i = 0; i < wear->n_messages; i++)
    g_free (confab_megolm_outbound_encrypt (session, "{}", NULL));
  pickle = confab_megolm_outbound_pickle (session, wear->vault->pickle_key, error);
  return confab_store_exec (
    transaction, error, "UPDATE megolm_outbound SET pickle = ?", "b", pickle);
}

/* A room that says nothing of it has a session for a hundred messages. One cannot ask for a session that is used for ever, by
 * a number of messages that nobody will write. */
static void
test_most_messages (Fixture *f, gconstpointer asked)
{
  Wear wear = { confab_olm_machine_get_vault (f->alice->device->machine),
                asked != NULL ? 9998 : 98 };

  f->room->n_messages = GPOINTER_TO_UINT (asked);
  person_sync (f->alice, NULL);
  person_say (f->alice, "x");
  g_assert_true (confab_store_run (f->alice->device->store, wear_func, &wear, NULL));
  person_say (f->alice, "the last one");
  person_say (f->alice, "x");
  g_assert_cmpstr (room_get_session (f->room, 0), ==, room_get_session (f->room, 1));
  g_assert_cmpstr (room_get_session (f->room, 1), !=, room_get_session (f->room, 2));
}

#define ADD_DATA(name, data, func)                                                                 \
  g_test_add ("/megolm-shares/" name, Fixture, data, fixture_set_up, func, fixture_tear_down)
#define ADD(name, func) ADD_DATA (name, NULL, func)

int
main (int argc, char *argv[])
{
  dex_init ();
  g_test_init (&argc, &argv, NULL);
  ADD ("dummy-in-old-session", test_dummy_in_old_session);
  ADD ("dummy-behind-others", test_dummy_behind_others);
  ADD ("dummy-among-many", test_dummy_among_many);
  g_test_add_func ("/megolm-shares/older-store", test_older_store);
  ADD ("one-refused", test_one_refused);
  ADD ("given-up", test_given_up);
  ADD ("given-up-then-other-keys", test_given_up_then_other_keys);
  ADD ("given-up-and-gone", test_given_up_and_gone);
  ADD ("refused-now-and-then", test_refused_now_and_then);
  ADD ("one-stuck", test_one_stuck);
  ADD ("nobody-given", test_nobody_given);
  ADD_DATA ("asked-again/lists", "lists", test_asked_again);
  ADD_DATA ("asked-again/keys", "keys", test_asked_again);
  ADD ("again-without-session", test_again_without_session);
  g_test_add_data_func ("/megolm-shares/refused-restart", NULL, test_refused_restart);
  g_test_add_data_func ("/megolm-shares/refused-restart/all", "all", test_refused_restart);
  ADD_DATA ("most-messages", GUINT_TO_POINTER (G_MAXUINT), test_most_messages);
  ADD ("most-messages/not-said", test_most_messages);
  return g_test_run ();
}
