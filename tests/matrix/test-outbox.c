/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "olm-world.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "confab-homeserver-private.h"
#include "confab-json.h"
#include "confab-schema.h"

#define CLAIM "/_matrix/client/v3/keys/claim"

typedef struct {
  World *world;
  char *dir;
  char *path;
  Device *alice; /* her store is a file */
  Device *bob;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->world = world_new ();
  f->dir = g_dir_make_tmp ("confab-XXXXXX", NULL);
  f->path = g_build_filename (f->dir, "store.db", NULL);
  f->alice = device_new (f->world, "@alice:x|ADEV", f->path);
  f->bob = device_new (f->world, "@bob:x|BDEV", NULL);
  device_start (f->alice);
  device_start (f->bob);
}

static void
remove_store (const char *dir, const char *path)
{
  static const char *const suffixes[] = { "", "-wal", "-shm" };

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++) {
    g_autofree char *name = g_strconcat (path, suffixes[i], NULL);
    g_remove (name);
  }
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  device_free (f->alice);
  device_free (f->bob);
  world_free (f->world);
  remove_store (f->dir, f->path);
  g_free (f->path);
  g_free (f->dir);
}

/* Waits for all messages, and turns the clock whenever something waits for it. */
static gboolean
is_done_cb (gpointer data)
{
  Fixture *f = ((gpointer *) data)[0];

  if (f->alice->n_done >= GPOINTER_TO_UINT (((gpointer *) data)[1]))
    return TRUE;
  if (confab_manual_clock_get_n_timeouts (f->world->clock) > 0)
    confab_manual_clock_advance_to_next (f->world->clock);
  return FALSE;
}

static void
wait_done (Fixture *f, guint n)
{
  gpointer data[] = { f, GUINT_TO_POINTER (n) };

  test_until (is_done_cb, data);
}

static gboolean
is_sent_cb (gpointer data)
{
  Fixture *f = data;

  return f->world->sent->len > 0 && confab_manual_clock_get_n_timeouts (f->world->clock) > 0;
}

static gboolean
is_paused_cb (gpointer data)
{
  return confab_manual_clock_get_n_timeouts (((Fixture *) data)->world->clock) > 0;
}

static void
test_order_and_batches (Fixture *f, gconstpointer data)
{
  Device *second = device_new (f->world, "@bob:x|BDEV2", NULL);
  Device *carol = device_new (f->world, "@carol:x|CDEV", NULL);

  device_start (second);
  device_start (carol);
  for (guint i = 0; i < 3; i++) {
    g_autofree char *text = g_strdup_printf ("%u", i);
    device_send (f->alice, f->bob, text);
    device_send (f->alice, second, text);
    device_send (f->alice, carol, text);
  }
  g_assert_cmpuint (f->alice->n_done, ==, 0); /* never from within the call */
  device_flush (f->alice);
  g_assert_cmpstr (f->alice->outcomes->str, ==, "ok ok ok ok ok ok ok ok ok ");
  g_assert_cmpuint (f->world->sent->len, <=, 5); /* nine messages, each device's in order */
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->world->fake, CLAIM), <=, 2);
  device_assert_hears (f->bob, "@alice:x|ADEV|0 @alice:x|ADEV|1 @alice:x|ADEV|2 ");
  device_assert_hears (second, "@alice:x|ADEV|0 @alice:x|ADEV|1 @alice:x|ADEV|2 ");
  device_assert_hears (carol, "@alice:x|ADEV|0 @alice:x|ADEV|1 @alice:x|ADEV|2 ");
  device_free (second);
  device_free (carol);
}

#define N_PEERS 8

static guint
count_devices (const char *sent)
{
  g_auto (GStrv) words = g_strsplit (sent, " ", -1);
  guint n = 0;

  for (guint i = 1; words[i] != NULL; i++) /* after the transaction */
    n += words[i][0] != '\0';
  return n;
}

/* A mute, or a hangup, is told to everybody in a call by one request. */
static void
test_everybody_at_once (Fixture *f, gconstpointer data)
{
  Device *peers[N_PEERS];
  guint n_before;

  for (guint i = 0; i < N_PEERS; i++) {
    g_autofree char *name = g_strdup_printf ("@peer%u:x|D%u", i, i);
    peers[i] = device_new (f->world, name, NULL);
    device_start (peers[i]);
    device_send (f->alice, peers[i], "hello");
  }
  device_flush (f->alice);
  for (guint round = 0; round < 3; round++) {
    n_before = f->world->sent->len;
    for (guint i = 0; i < N_PEERS; i++)
      device_send (f->alice, peers[i], "muted");
    device_flush (f->alice);
    g_assert_cmpuint (f->world->sent->len, ==, n_before + 1);
    g_assert_cmpuint (count_devices (f->world->sent->pdata[n_before]), ==, N_PEERS);
  }
  for (guint i = 0; i < N_PEERS; i++) {
    device_assert_hears (
      peers[i], "@alice:x|ADEV|hello @alice:x|ADEV|muted @alice:x|ADEV|muted @alice:x|ADEV|muted ");
    device_free (peers[i]);
  }
}

static void
test_slow_down (Fixture *f, gconstpointer data)
{
  gint64 before;

  f->world->refuse_sends = 3;
  before = confab_clock_get_time (CONFAB_CLOCK (f->world->clock));
  device_send (f->alice, f->bob, "one");
  device_send (f->alice, f->bob, "two");
  wait_done (f, 2);
  g_assert_cmpstr (f->alice->outcomes->str, ==, "ok ok ");
  g_assert_cmpint (confab_clock_get_time (CONFAB_CLOCK (f->world->clock)) - before,
                   >=,
                   3 * 2 * G_USEC_PER_SEC);
  /* The same request each time, by its transaction id. */
  for (guint i = 1; i < 4; i++)
    g_assert_cmpstr (f->world->sent->pdata[i], ==, f->world->sent->pdata[0]);
  device_assert_hears (f->bob, "@alice:x|ADEV|one @alice:x|ADEV|two ");
}

static void
test_lost_answer (Fixture *f, gconstpointer data)
{
  f->world->lose_answers = 2;
  device_send (f->alice, f->bob, "one");
  wait_done (f, 1);
  g_assert_cmpstr (f->alice->outcomes->str, ==, "ok ");
  g_assert_cmpuint (f->world->sent->len, ==, 3);
  device_assert_hears (f->bob, "@alice:x|ADEV|one ");
  g_assert_cmpuint (f->bob->warnings->len, ==, 0);
}

static void
restart (Fixture *f)
{
  device_free (f->alice);
  f->alice = device_new (f->world, "@alice:x|ADEV", f->path);
  device_start (f->alice);
}

static void
test_restart (Fixture *f, gconstpointer data)
{
  f->world->refuse_sends = 1;
  device_send (f->alice, f->bob, "one");
  device_send (f->alice, f->bob, "two");
  test_until (is_sent_cb, f);
  g_assert_cmpuint (f->alice->n_done, ==, 0);
  restart (f);
  device_flush (f->alice);
  g_assert_cmpuint (f->world->sent->len, ==, 3);
  g_assert_cmpstr (f->world->sent->pdata[0], ==, f->world->sent->pdata[1]);
  device_assert_hears (f->bob, "@alice:x|ADEV|one @alice:x|ADEV|two ");
  g_assert_cmpint (device_count (f->alice, "SELECT count (*) FROM outbox"), ==, 0);
}

static void
test_stale_after_restart (Fixture *f, gconstpointer back)
{
  f->world->refuse_sends = 1;
  device_send (f->alice, f->bob, "one");
  test_until (is_sent_cb, f);
  device_send (f->alice, f->bob, "two");
  device_free (f->alice);
  world_turn_clock (f->world, 61 * 1000, back);
  f->alice = device_new (f->world, "@alice:x|ADEV", f->path);
  device_start (f->alice);
  device_flush (f->alice);
  g_assert_cmpuint (f->world->sent->len, ==, 1);
  device_assert_hears (f->bob, "");
  g_assert_cmpint (device_count (f->alice, "SELECT count (*) FROM outbox"), ==, 0);
  /* The ratchet has moved on over what was dropped. */
  device_send (f->alice, f->bob, "three");
  device_flush (f->alice);
  device_assert_hears (f->bob, "@alice:x|ADEV|three ");
}

/* What the server will never take is not tried for a minute; what comes after it goes out. */
static void
test_forbidden (Fixture *f, gconstpointer data)
{
  f->world->forbid_sends = 1;
  device_send (f->alice, f->bob, "one");
  wait_done (f, 1);
  g_assert_cmpstr (f->alice->outcomes->str, ==, "1 "); /* FORBIDDEN */
  g_assert_cmpuint (f->world->sent->len, ==, 1);
  g_assert_cmpint (device_count (f->alice, "SELECT count (*) FROM outbox"), ==, 0);
  device_send (f->alice, f->bob, "two");
  wait_done (f, 2);
  g_assert_cmpstr (f->alice->outcomes->str, ==, "1 ok ");
  device_assert_hears (f->bob, "@alice:x|ADEV|two ");
}

/* Who has a peer each is in one request; what of that the server refuses is found by halves. */
static void
send_to_peers (Fixture *f, Device **peers, const char *text)
{
  for (guint i = 0; i < N_PEERS; i++)
    device_send (f->alice, peers[i], text);
}

static void
add_peers (Fixture *f, Device **peers)
{
  for (guint i = 0; i < N_PEERS; i++) {
    g_autofree char *name = g_strdup_printf ("@peer%u:x|D%u", i, i);
    peers[i] = device_new (f->world, name, NULL);
    device_start (peers[i]);
  }
  send_to_peers (f, peers, "hello");
  device_flush (f->alice);
  for (guint i = 0; i < N_PEERS; i++)
    device_assert_hears (peers[i], "@alice:x|ADEV|hello ");
  g_string_truncate (f->alice->outcomes, 0);
}

static void
remove_peers (Device **peers)
{
  for (guint i = 0; i < N_PEERS; i++)
    device_free (peers[i]);
}

static guint
count_ok (Device *device)
{
  g_auto (GStrv) outcomes = g_strsplit (device->outcomes->str, " ", -1);
  guint n = 0;

  for (guint i = 0; outcomes[i] != NULL; i++)
    n += strcmp (outcomes[i], "ok") == 0;
  return n;
}

#define BAD_PEER 5
#define FAILED "4 " /* as an outcome */

static void
assert_all_but_bad (Device **peers, const char *text)
{
  g_autofree char *expected = g_strdup_printf ("@alice:x|ADEV|%s ", text);

  for (guint i = 0; i < N_PEERS; i++) {
    device_assert_hears (peers[i], i == BAD_PEER ? "" : expected);
    g_assert_cmpuint (peers[i]->warnings->len, ==, 0);
  }
}

/* What the server refuses is one message: who else was to get one by the same request gets it. */
static void
test_one_refused (Fixture *f, gconstpointer status)
{
  Device *peers[N_PEERS];
  guint n_before;

  add_peers (f, peers);
  f->world->bad_device = "D5";
  f->world->bad_status = GPOINTER_TO_UINT (status);
  n_before = f->world->sent->len;
  send_to_peers (f, peers, "one");
  device_flush (f->alice);
  /* One request of all; then what is in the right half, each time: 2 log2 (n) at most. */
  g_assert_cmpuint (count_devices (f->world->sent->pdata[n_before]), ==, N_PEERS);
  g_assert_cmpuint (f->world->sent->len - n_before, <=, 9);
  g_assert_cmpuint (f->alice->n_done, ==, 2 * N_PEERS);
  g_assert_cmpuint (count_ok (f->alice), ==, N_PEERS - 1);
  assert_all_but_bad (peers, "one");
  g_assert_cmpint (device_count (f->alice, "SELECT count (*) FROM outbox"), ==, 0);
  /* It was that message, not the device: what comes later goes out, in one request again. */
  f->world->bad_device = NULL;
  n_before = f->world->sent->len;
  send_to_peers (f, peers, "two");
  device_flush (f->alice);
  g_assert_cmpuint (f->world->sent->len, ==, n_before + 1);
  for (guint i = 0; i < N_PEERS; i++)
    device_assert_hears (peers[i], "@alice:x|ADEV|two ");
  remove_peers (peers);
}

typedef struct {
  Fixture *f;
  guint at;
} Stop;

static gboolean
has_sent_cb (gpointer data)
{
  Stop *stop = data;

  return stop->f->world->sent->len >= stop->at;
}

/* Ended while the halves are on their way, at each of the requests: what is told to whom stays what it is. */
static void
test_one_refused_restart (Fixture *f, gconstpointer data)
{
  Device *peers[N_PEERS];
  Stop stop = { f };

  add_peers (f, peers);
  f->world->bad_device = "D5";
  f->world->bad_status = 413;
  stop.at = f->world->sent->len + GPOINTER_TO_UINT (data);
  send_to_peers (f, peers, "one");
  test_until (has_sent_cb, &stop);
  restart (f);
  device_flush (f->alice);
  assert_all_but_bad (peers, "one");
  g_assert_cmpint (device_count (f->alice, "SELECT count (*) FROM outbox"), ==, 0);
  remove_peers (peers);
}

/* Nobody's fault, and all of it: each hears so. */
static void
test_all_refused (Fixture *f, gconstpointer data)
{
  Device *peers[N_PEERS];
  guint n_before;

  add_peers (f, peers);
  f->world->bad_device = "D";
  f->world->bad_status = 400;
  n_before = f->world->sent->len;
  send_to_peers (f, peers, "one");
  device_flush (f->alice);
  g_assert_cmpuint (f->world->sent->len - n_before, ==, 2 * N_PEERS - 1);
  g_assert_cmpuint (f->alice->n_done, ==, 2 * N_PEERS);
  for (guint i = 0; i < N_PEERS; i++)
    device_assert_hears (peers[i], "");
  remove_peers (peers);
}

/* A row that nothing can be read from any more is lost by itself, before it was encrypted and after. */
static void
test_damaged_row (Fixture *f, gconstpointer sql)
{
  Device *peers[N_PEERS];

  add_peers (f, peers);
  send_to_peers (f, peers, "one");
  device_exec (f->alice, sql); /* before anything of it is looked at */
  send_to_peers (f, peers, "two");
  device_flush (f->alice);
  g_assert_cmpuint (count_ok (f->alice), ==, 2 * N_PEERS - 1);
  g_assert_nonnull (strstr (f->alice->outcomes->str, FAILED));
  g_assert_cmpint (device_count (f->alice, "SELECT count (*) FROM outbox"), ==, 0);
  for (guint i = 0; i < N_PEERS; i++)
    device_assert_hears (peers[i],
                         i == BAD_PEER ? "@alice:x|ADEV|two "
                                       : "@alice:x|ADEV|one @alice:x|ADEV|two ");
  remove_peers (peers);
}

/* So is one that was on its way: what goes out again is the rest, as the same request. */
static void
test_damaged_on_its_way (Fixture *f, gconstpointer sql)
{
  Device *peers[N_PEERS];
  g_autofree char *txn = NULL;
  gboolean all = strstr (sql, "WHERE") == NULL;
  guint n_before;

  add_peers (f, peers);
  n_before = f->world->sent->len;
  f->world->refuse_sends = 1;
  send_to_peers (f, peers, "one");
  test_until (is_paused_cb, f);
  device_exec (f->alice, sql);
  g_hash_table_remove_all (f->world->bodies); /* it has taken none */
  send_to_peers (f, peers, "two");
  wait_done (f, 3 * N_PEERS);
  txn = g_strndup (f->world->sent->pdata[n_before],
                   strcspn (f->world->sent->pdata[n_before], ": "));
  g_assert_cmpint (g_str_has_prefix (f->world->sent->pdata[n_before + 1], txn), ==, !all);
  g_assert_cmpuint (count_ok (f->alice), ==, (all ? 1 : 2) * N_PEERS - !all);
  g_assert_nonnull (strstr (f->alice->outcomes->str, FAILED));
  g_assert_cmpint (device_count (f->alice, "SELECT count (*) FROM outbox"), ==, 0);
  for (guint i = 0; i < N_PEERS; i++)
    device_assert_hears (peers[i],
                         all || i == BAD_PEER ? "@alice:x|ADEV|two "
                                              : "@alice:x|ADEV|one @alice:x|ADEV|two ");
  remove_peers (peers);
}

/* A message that is no call's, and so never too old. */
static void
send_lasting (Fixture *f, Device *peer)
{
  g_autoptr (JsonObject) content = json_object_new ();

  confab_outbox_send (confab_olm_machine_get_outbox (f->alice->machine),
                      NULL,
                      peer->user_id,
                      peer->device_id,
                      "x.lasting",
                      content,
                      CONFAB_SIGNALLING_ENCRYPTED,
                      NULL,
                      NULL,
                      NULL);
}

static gboolean
is_one_left_cb (gpointer data)
{
  Fixture *f = data;

  if (device_count (f->alice, "SELECT count (*) FROM outbox") == 1)
    return TRUE;
  if (confab_manual_clock_get_n_timeouts (f->world->clock) > 0)
    confab_manual_clock_advance_to_next (f->world->clock);
  return FALSE;
}

static gboolean
is_none_left_cb (gpointer data)
{
  Fixture *f = data;

  if (device_count (f->alice, "SELECT count (*) FROM outbox") == 0)
    return TRUE;
  if (confab_manual_clock_get_n_timeouts (f->world->clock) > 0)
    confab_manual_clock_advance_to_next (f->world->clock);
  return FALSE;
}

static gboolean
has_outcome_cb (gpointer data)
{
  return ((Fixture *) data)->alice->outcomes->len > 0;
}

/* The server fails on what one device is to get, each time. For a minute that may be the server; then the others get theirs,
 * what comes later does not wait, and that one is tried until it is taken. */
static void
test_one_fails (Fixture *f, gconstpointer data)
{
  Device *peers[N_PEERS];
  gint64 before;
  guint n_before, n_whole = 0;

  add_peers (f, peers);
  f->world->bad_device = "D5";
  f->world->bad_status = 500;
  n_before = f->world->sent->len;
  before = confab_clock_get_time (CONFAB_CLOCK (f->world->clock));
  for (guint i = 0; i < N_PEERS; i++)
    send_lasting (f, peers[i]);
  test_until (is_one_left_cb, f);
  for (guint i = n_before; i < f->world->sent->len; i++)
    n_whole += count_devices (f->world->sent->pdata[i]) == N_PEERS;
  g_assert_cmpuint (n_whole, >=, 5);
  g_assert_cmpint (confab_clock_get_time (CONFAB_CLOCK (f->world->clock)) - before,
                   >=,
                   60 * G_USEC_PER_SEC);
  g_assert_cmpint (confab_clock_get_time (CONFAB_CLOCK (f->world->clock)) - before,
                   <,
                   3 * 60 * G_USEC_PER_SEC);
  for (guint i = 0; i < N_PEERS; i++)
    g_assert_cmpuint (world_mailbox (f->world, peers[i]->name)->len, ==, i != BAD_PEER);
  /* No time goes by: */
  device_send (f->alice, peers[0], "now");
  test_until (has_outcome_cb, f);
  g_assert_cmpstr (f->alice->outcomes->str, ==, "ok ");
  device_assert_hears (peers[0], "@alice:x|ADEV|now ");
  f->world->bad_device = NULL;
  test_until (is_none_left_cb, f);
  device_flush (f->alice);
  g_assert_cmpuint (world_mailbox (f->world, peers[BAD_PEER]->name)->len, ==, 1);
  remove_peers (peers);
}

/* All of it is the server's fault: nothing is lost, and nothing is there twice. */
static void
test_all_fail (Fixture *f, gconstpointer data)
{
  Device *peers[N_PEERS];

  add_peers (f, peers);
  f->world->bad_device = "";
  f->world->bad_status = 503;
  for (guint i = 0; i < N_PEERS; i++)
    send_lasting (f, peers[i]);
  for (guint i = 0; i < 40; i++) {
    test_until (is_paused_cb, f);
    confab_manual_clock_advance_to_next (f->world->clock);
  }
  g_assert_cmpint (device_count (f->alice, "SELECT count (*) FROM outbox"), ==, N_PEERS);
  f->world->bad_device = NULL;
  test_until (is_none_left_cb, f);
  device_flush (f->alice);
  for (guint i = 0; i < N_PEERS; i++)
    g_assert_cmpuint (world_mailbox (f->world, peers[i]->name)->len, ==, 1);
  remove_peers (peers);
}

/* Something between says “200”, and not what a homeserver says: the same goes out again, in case it was not the server. */
static void
test_unread_answer (Fixture *f, gconstpointer data)
{
  f->world->unread_sends = 2;
  device_send (f->alice, f->bob, "one");
  wait_done (f, 1);
  g_assert_cmpstr (f->alice->outcomes->str, ==, "ok ");
  g_assert_cmpuint (f->world->sent->len, ==, 3);
  device_assert_hears (f->bob, "@alice:x|ADEV|one ");
  /* Should it never say anything else, there is an end. */
  f->world->unread_sends = G_MAXUINT;
  device_send (f->alice, f->bob, "two");
  wait_done (f, 2);
  f->world->unread_sends = 0;
  g_assert_cmpint (device_count (f->alice, "SELECT count (*) FROM outbox"), ==, 0);
}

static void
test_too_late (Fixture *f, gconstpointer data)
{
  f->world->refuse_sends = G_MAXUINT;
  device_send (f->alice, f->bob, "one");
  wait_done (f, 1);
  g_assert_cmpstr (f->alice->outcomes->str, ==, "0 "); /* NETWORK */
  f->world->refuse_sends = 0;
}

static void
test_stop_answers (Fixture *f, gconstpointer data)
{
  f->world->refuse_sends = 1;
  device_send (f->alice, f->bob, "one");
  test_until (is_sent_cb, f);
  test_expect (confab_olm_machine_stop (f->alice->machine));
  g_assert_cmpstr (f->alice->outcomes->str, ==, "0 ");
}

static void
test_no_keys (Fixture *f, gconstpointer data)
{
  /* No such device. */
  device_send_full (f->alice, "!r:x", "@bob:x", "NONE", "one", CONFAB_SIGNALLING_ENCRYPTED);
  wait_done (f, 1);
  /* A device without one-time keys and without a fallback key. */
  g_hash_table_remove (f->world->one_time, f->bob->name);
  g_hash_table_remove (f->world->fallback, f->bob->name);
  device_send (f->alice, f->bob, "two");
  wait_done (f, 2);
  g_assert_cmpstr (f->alice->outcomes->str, ==, "2 2 ");
  g_assert_cmpuint (f->world->sent->len, ==, 0);
  /* Then it has keys again. */
  device_sync (f->bob, NULL);
  device_send (f->alice, f->bob, "three");
  wait_done (f, 3);
  g_assert_cmpstr (f->alice->outcomes->str, ==, "2 2 ok ");
  device_assert_hears (f->bob, "@alice:x|ADEV|three ");
}

static void
tamper_claim_cb (JsonObject *reply, gpointer data)
{
  JsonObject *users = json_object_get_object_member (reply, "one_time_keys");
  JsonObject *device = json_object_get_object_member (json_object_get_object_member (users,
                                                                                     "@bob:x"),
                                                      "BDEV");
  g_autoptr (GList) ids = json_object_get_members (device);

  json_object_set_string_member (json_object_get_object_member (device, ids->data),
                                 "key",
                                 "Xw4hUo2Ld9rPk6sZbN1vQy8cTe5mJg3fAi7nRx0uKsE");
}

static void
test_tampered_claim (Fixture *f, gconstpointer data)
{
  f->world->on_claim = tamper_claim_cb;
  device_send (f->alice, f->bob, "one");
  wait_done (f, 1);
  g_assert_cmpstr (f->alice->outcomes->str, ==, "2 ");
  g_assert_cmpuint (f->world->sent->len, ==, 0);
}

static void
test_fallback_key (Fixture *f, gconstpointer data)
{
  g_hash_table_remove (f->world->one_time, f->bob->name);
  device_send (f->alice, f->bob, "one");
  wait_done (f, 1);
  g_assert_cmpstr (f->alice->outcomes->str, ==, "ok ");
  device_assert_hears (f->bob, "@alice:x|ADEV|one ");
}

static void
test_fails_closed (Fixture *f, gconstpointer data)
{
  device_exec (f->alice, "INSERT INTO rooms (room_id) VALUES ('!open:x'), ('!secret:x')");
  device_exec (f->alice,
               "INSERT INTO state (room_id, type, state_key, sender, origin_server_ts, content) "
               "VALUES ('!secret:x', 'm.room.encryption', '', '@a:x', 0, '{}')");
  /* To a device without keys: in clear only where the room is known, not encrypted, and clear text was asked for. */
  device_send_full (f->alice, "!open:x", "@dan:x", "DDEV", "a", CONFAB_SIGNALLING_ENCRYPTED);
  wait_done (f, 1);
  device_send_full (f->alice, "!secret:x", "@dan:x", "DDEV", "b", CONFAB_SIGNALLING_CLEAR);
  wait_done (f, 2);
  device_send_full (f->alice, "!unknown:x", "@dan:x", "DDEV", "c", CONFAB_SIGNALLING_CLEAR);
  wait_done (f, 3);
  g_assert_cmpuint (f->world->sent->len, ==, 0);
  device_send_full (f->alice, "!open:x", "@dan:x", "DDEV", "d", CONFAB_SIGNALLING_CLEAR);
  wait_done (f, 4);
  g_assert_cmpstr (f->alice->outcomes->str, ==, "2 2 2 ok ");
  g_assert_cmpuint (world_mailbox (f->world, "@dan:x|DDEV")->len, ==, 1);
  /* In the encrypted room a device with keys gets it encrypted, whatever was asked for. */
  device_send_full (f->alice, "!secret:x", "@bob:x", "BDEV", "e", CONFAB_SIGNALLING_CLEAR);
  wait_done (f, 5);
  device_assert_hears (f->bob, "@alice:x|ADEV|e ");
}

/* ---- kill -9 ---- */

typedef struct {
  Fixture *f;
  GSubprocess *child;
  guint kill_at; /* the request at which it dies: before or after the server took it, both happen */
  gboolean killed;
} Kill;

static void
kill_cb (gpointer data)
{
  Kill *kill_data = data;

  if (kill_data->f->world->sent->len == kill_data->kill_at) {
    g_subprocess_send_signal (kill_data->child, SIGKILL);
    kill_data->killed = TRUE;
  }
}

static void
exited_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  *(gboolean *) data = TRUE;
}

static gboolean
has_exited_cb (gpointer data)
{
  return *(gboolean *) data;
}

/* The child's own process: alice, who sends ten messages and goes on until she is killed. */
G_NORETURN static void
run_child (const char *url, const char *path)
{
  g_autoptr (GBytes) key = g_bytes_new_static ("0123456789abcdef0123456789abcdef", 32);
  g_autoptr (ConfabManualClock) clock = confab_manual_clock_new (WORLD_TIME); /* as in the parent */
  g_autoptr (ConfabStore) store = confab_store_new (path, confab_schema_migrations, NULL);
  g_autoptr (ConfabHomeserver) homeserver = confab_homeserver_new (url);
  g_autoptr (ConfabOlmMachine) machine = NULL;

  confab_homeserver_set_tokens (homeserver, "@alice:x|ADEV", NULL, 0);
  machine = confab_olm_machine_new (
    store, homeserver, CONFAB_CLOCK (clock), "@alice:x", "ADEV", key);
  dex_future_disown (confab_olm_machine_start (machine));
  for (guint i = 0; i < 10; i++) {
    g_autoptr (JsonObject) content = json_object_new ();
    g_autofree char *text = g_strdup_printf ("%u", i);
    json_object_set_string_member (content, "device_id", "ADEV");
    json_object_set_string_member (content, "text", text);
    confab_outbox_send (confab_olm_machine_get_outbox (machine),
                        "!r:x",
                        "@bob:x",
                        "BDEV",
                        "m.call.candidates",
                        content,
                        CONFAB_SIGNALLING_ENCRYPTED,
                        NULL,
                        NULL,
                        NULL);
  }
  while (TRUE)
    g_main_context_iteration (NULL, TRUE);
}

static const char *program;

static void
test_kill (Fixture *f, gconstpointer data)
{
  Kill kill_data = { f, NULL, GPOINTER_TO_UINT (data), FALSE };
  gboolean exited = FALSE;
  g_autofree char *got = NULL;
  g_autoptr (GError) error = NULL;

  device_free (f->alice);
  f->world->on_send = kill_cb;
  f->world->hook_data = &kill_data;
  kill_data.child = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE,
                                      &error,
                                      program,
                                      "--child",
                                      fake_homeserver_get_url (f->world->fake),
                                      f->path,
                                      NULL);
  g_assert_no_error (error);
  g_subprocess_wait_async (kill_data.child, NULL, exited_cb, &exited);
  test_until (has_exited_cb, &exited);
  g_assert_true (kill_data.killed);
  g_object_unref (kill_data.child);

  f->world->on_send = NULL;
  f->alice = device_new (f->world, "@alice:x|ADEV", f->path);
  device_start (f->alice);
  device_flush (f->alice);
  /* Everything once, in order: no message was lost, sent twice, or encrypted with a ratchet that went back. */
  device_sync (f->bob, NULL);
  got = device_drain (f->bob);
  g_assert_cmpstr (
    got,
    ==,
    "@alice:x|ADEV|0 @alice:x|ADEV|1 @alice:x|ADEV|2 @alice:x|ADEV|3 @alice:x|ADEV|4 "
    "@alice:x|ADEV|5 @alice:x|ADEV|6 @alice:x|ADEV|7 @alice:x|ADEV|8 @alice:x|ADEV|9 ");
  g_assert_cmpuint (f->bob->warnings->len, ==, 0);
}

#define ADD(name, func) g_test_add ("/outbox/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  static const guint refusals[] = { 400, 413 };
  static const char *const damage[] = {
    "UPDATE outbox SET content = '{' WHERE device_id = 'D5'",
    "UPDATE outbox SET content = '[]' WHERE device_id = 'D5'",
    "UPDATE outbox SET wire_content = '{' WHERE device_id = 'D5'",
  };
  static const char *const late_damage[] = {
    "UPDATE outbox SET wire_content = '{' WHERE device_id = 'D5'",
    "UPDATE outbox SET wire_content = NULL WHERE device_id = 'D5'",
    "UPDATE outbox SET wire_type = NULL WHERE device_id = 'D5'",
    "UPDATE outbox SET wire_content = ''",
  };

  dex_init ();
  if (argc == 4 && strcmp (argv[1], "--child") == 0)
    run_child (argv[2], argv[3]);
  program = argv[0];
  g_test_init (&argc, &argv, NULL);
  ADD ("order-and-batches", test_order_and_batches);
  ADD ("everybody-at-once", test_everybody_at_once);
  ADD ("slow-down", test_slow_down);
  ADD ("lost-answer", test_lost_answer);
  ADD ("restart", test_restart);
  ADD ("stale-after-restart", test_stale_after_restart);
  g_test_add ("/outbox/stale-after-restart/set-back",
              Fixture,
              "back",
              set_up,
              test_stale_after_restart,
              tear_down);
  ADD ("forbidden", test_forbidden);
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++) {
    g_autofree char *path = g_strdup_printf ("/outbox/one-refused/%u", refusals[i]);
    g_test_add (path, Fixture, GUINT_TO_POINTER (refusals[i]), set_up, test_one_refused, tear_down);
  }
  for (guint i = 1; i <= 5; i += 2) {
    g_autofree char *path = g_strdup_printf ("/outbox/one-refused/restart-at-%u", i);
    g_test_add (path, Fixture, GUINT_TO_POINTER (i), set_up, test_one_refused_restart, tear_down);
  }
  ADD ("all-refused", test_all_refused);
  for (guint i = 0; i < G_N_ELEMENTS (damage); i++) {
    g_autofree char *path = g_strdup_printf ("/outbox/damaged-row/%u", i);
    g_test_add (path, Fixture, damage[i], set_up, test_damaged_row, tear_down);
  }
  for (guint i = 0; i < G_N_ELEMENTS (late_damage); i++) {
    g_autofree char *path = g_strdup_printf ("/outbox/damaged-on-its-way/%u", i);
    g_test_add (path, Fixture, late_damage[i], set_up, test_damaged_on_its_way, tear_down);
  }
  ADD ("one-fails", test_one_fails);
  ADD ("all-fail", test_all_fail);
  ADD ("unread-answer", test_unread_answer);
  ADD ("too-late", test_too_late);
  ADD ("stop-answers", test_stop_answers);
  ADD ("no-keys", test_no_keys);
  ADD ("tampered-claim", test_tampered_claim);
  ADD ("fallback-key", test_fallback_key);
  ADD ("fails-closed", test_fails_closed);
  for (guint i = 1; i <= 9; i += 2) {
    g_autofree char *path = g_strdup_printf ("/outbox/killed-at-%u", i);
    g_test_add (path, Fixture, GUINT_TO_POINTER (i), set_up, test_kill, tear_down);
  }
  return g_test_run ();
}
