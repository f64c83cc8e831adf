/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "megolm-world.h"

#include <string.h>

#include "confab-device-list.h"
#include "confab-json.h"
#include "confab-megolm-events.h"
#include "confab-megolm-outbound.h"
#include "confab-megolm-vault.h"

/* What rooms and devices that are not trusted, or not any more, can do, and how much of it is kept. */

#define HOUR_MS (60u * 60 * 1000)

/* Something that Bob's store does in one transaction. */
typedef struct {
  ConfabOlmVault *vault;
  const ConfabDeviceKeys *from;
  JsonObject *content;
  const ConfabSyncBatch *batch;
  const char *sender;
  guint n;
} Work;

static void
run_work (Person *who, ConfabStoreFunc func, Work *work)
{
  g_autoptr (GBytes) pickle_key = g_bytes_new_static ("0123456789abcdef0123456789abcdef", 32);
  g_autoptr (ConfabOlmVault) vault = confab_olm_vault_new (who->device->user_id,
                                                who->device->device_id,
                                                pickle_key);
  g_autoptr (GError) error = NULL;

  work->vault = vault;
  confab_store_run (who->device->store, func, work, &error);
  g_assert_no_error (error);
}

/* Alice's device gave its key while it was trusted. */
static void
test_blocked_with_key (Fixture *f, gconstpointer data)
{
  person_say (f->alice, "one");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "one"));
  person_set_blocked (f->bob, "@alice:x", "ADEV", TRUE);
  person_say (f->alice, "two");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, "");
  person_assert_warned (f->bob, "a device that is blocked");
}

static void
test_blocked_before_shown (Fixture *f, gconstpointer data)
{
  person_say (f->alice, "one");
  person_sync_unseen (f->bob, NULL);
  person_set_blocked (f->bob, "@alice:x", "ADEV", TRUE);
  person_show (f->bob);
  person_assert_heard (f->bob, "");
}

/* The same Curve25519 key under another Ed25519 key is not the device that gave the room key. */
static void
test_other_ed25519 (Fixture *f, gconstpointer data)
{
  person_say (f->alice, "one");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "one"));
  device_exec (f->bob->device, "UPDATE devices SET ed25519 = 'other' WHERE device_id = 'ADEV'");
  person_say (f->alice, "two");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, "");
  person_assert_warned (f->bob, "signed by another device");
}

static JsonObject *
make_key (ConfabMegolmOutbound *session, const char *room_id)
{
  g_autofree char *key = confab_megolm_outbound_dup_key (session);
  JsonObject *content = json_object_new ();

  json_object_set_string_member (content, "algorithm", "m.megolm.v1.aes-sha2");
  json_object_set_string_member (content, "room_id", room_id);
  json_object_set_string_member (content, "session_id", confab_megolm_outbound_get_id (session));
  json_object_set_string_member (content, "session_key", key);
  return content;
}

static gboolean
key_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  const Work *work = data;
  g_autoptr (ConfabOlmNews) news = confab_olm_news_new ();

  return confab_megolm_vault_take_key (
    work->vault, transaction, work->from, work->content, 1, news, error);
}

/* Somebody whose device claims another's Curve25519 key has a better key for its session: it stays that one's. */
static void
test_key_of_other_user (Fixture *f, gconstpointer data)
{
  ConfabDeviceKeys from = {
    .user_id = (char *) "@alice:x",
    .device_id = (char *) "ADEV",
    .curve25519 = (char *) "curve",
    .ed25519 = (char *) "ed",
  };
  g_autoptr (ConfabMegolmOutbound) session = confab_megolm_outbound_new (NULL);
  g_autoptr (JsonObject) first = make_key (session, ROOM);
  g_autofree char *body = confab_megolm_outbound_encrypt (session, "{}", NULL);
  g_autoptr (JsonObject) second = make_key (session, ROOM);
  Work work = { .from = &from, .content = second };

  run_work (f->bob, key_func, &work);
  from.user_id = (char *) "@carol:x";
  work.content = first;
  run_work (f->bob, key_func, &work);
  g_assert_cmpint (device_count (f->bob->device,
                                 "SELECT first_index FROM megolm_inbound WHERE "
                                 "user_id = '@alice:x'"),
                   ==,
                   1);
  from.user_id = (char *) "@alice:x";
  run_work (f->bob, key_func, &work);
  g_assert_cmpint (device_count (f->bob->device, "SELECT first_index FROM megolm_inbound"), ==, 0);
}

/* ---- what is withheld ---- */

static JsonObject *
make_notice (const char *code, const char *session_id, const char *sender_key)
{
  JsonObject *content = json_object_new ();

  json_object_set_string_member (content, "algorithm", "m.megolm.v1.aes-sha2");
  json_object_set_string_member (content, "code", code);
  json_object_set_string_member (content, "room_id", ROOM);
  json_object_set_string_member (content, "session_id", session_id);
  json_object_set_string_member (content, "sender_key", sender_key);
  return content;
}

static gboolean
notice_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  const Work *work = data;
  g_autoptr (ConfabOlmNews) news = confab_olm_news_new ();

  return confab_megolm_events_take_withheld (
    work->vault, transaction, work->sender, work->content, 1, news, error);
}

static void
add_sealed (Fixture *f, const char *event_id, const char *session_id)
{
  g_autoptr (JsonObject) wire = json_object_new ();

  json_object_set_string_member (wire, "algorithm", "m.megolm.v1.aes-sha2");
  json_object_set_string_member (wire, "session_id", session_id);
  json_object_set_string_member (wire, "sender_key", "curve");
  json_object_set_string_member (wire, "ciphertext", "AAAA");
  room_add (f->room, "@alice:x", event_id, 7, wire);
}

/* That a key is not given is for its owner to say. */
static void
test_notice_of_other (Fixture *f, gconstpointer code)
{
  g_autoptr (JsonObject) content = make_notice (code, "S", "curve");
  g_autofree char *expected = g_strdup_printf ("@alice:x|-|m.room.encrypted|%s|WITHHELD ",
                                               (const char *) code);
  Work work = { .content = content, .sender = "@carol:x" };

  run_work (f->bob, notice_func, &work);
  add_sealed (f, "$1", "S");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, "");
  work.sender = "@alice:x";
  run_work (f->bob, notice_func, &work);
  person_show (f->bob);
  person_assert_heard (f->bob, expected);
}

/* There it is after all: what is from before it is not said to be withheld. */
static void
test_notice_then_key (Fixture *f, gconstpointer code)
{
  const ConfabDeviceKeys from = {
    .user_id = (char *) "@alice:x",
    .device_id = (char *) "ADEV",
    .curve25519 = (char *) "curve",
    .ed25519 = (char *) "ed",
  };
  g_autoptr (ConfabMegolmOutbound) session = confab_megolm_outbound_new (NULL);
  g_autofree char *before = confab_megolm_outbound_encrypt (session, "{}", NULL);
  g_autoptr (JsonObject) key = make_key (session, ROOM);
  g_autoptr (JsonObject) notice = make_notice (code, confab_megolm_outbound_get_id (session), "curve");
  g_autoptr (JsonObject) wire = json_object_new ();
  Work work = { .from = &from, .content = notice, .sender = "@alice:x" };

  run_work (f->bob, notice_func, &work);
  g_assert_cmpint (device_count (f->bob->device, "SELECT count (*) FROM megolm_withheld"), ==, 1);
  work.content = key;
  run_work (f->bob, key_func, &work);
  g_assert_cmpint (device_count (f->bob->device, "SELECT count (*) FROM megolm_withheld"), ==, 0);
  json_object_set_string_member (wire, "algorithm", "m.megolm.v1.aes-sha2");
  json_object_set_string_member (wire, "session_id", confab_megolm_outbound_get_id (session));
  json_object_set_string_member (wire, "sender_key", "curve");
  json_object_set_string_member (wire, "ciphertext", before);
  room_add (f->room, "@alice:x", "$1", 7, wire);
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, "");
}

/* ---- who has the key ---- */

/* A device that has gone, and another that came by its name before anything was said: that one has nothing yet, and what
 * the first one has is worth nothing. */
static void
test_device_by_same_name (Fixture *f, gconstpointer data)
{
  person_say (f->alice, "one");
  g_assert_true (g_hash_table_remove (f->room->world->device_keys, "@carol:x|CDEV"));
  person_sync (f->alice, "@carol:x");
  person_free (f->carol);
  g_hash_table_remove (f->room->world->one_time, "@carol:x|CDEV");
  g_hash_table_remove (f->room->world->fallback, "@carol:x|CDEV");
  g_ptr_array_set_size (world_mailbox (f->room->world, "@carol:x|CDEV"), 0);
  f->carol = person_new (f->room, "@carol:x|CDEV", NULL);
  f->carol->position = f->room->timeline->len;
  person_sync (f->carol, NULL);
  person_sync (f->alice, "@carol:x");
  person_say (f->alice, "two");
  g_assert_cmpstr (confab_json_peek_string (room_get_content (f->room, 0), "session_id"),
                   !=,
                   confab_json_peek_string (room_get_content (f->room, 1), "session_id"));
  person_sync (f->carol, NULL);
  person_assert_heard (f->carol, SAID ("alice", "ADEV", "two"));
}

/* Its sender's server is away for most of a day. */
static void
test_key_waits_a_day (Fixture *f, gconstpointer back)
{
  static const char sql[] = "SELECT count (*) FROM olm_waiting";

  person_say (f->alice, "one");
  f->room->world->query_fails = TRUE;
  person_sync_unseen (f->bob, NULL);
  g_assert_cmpint (device_count (f->bob->device, sql), ==, 1);
  world_turn_clock (f->room->world, 23 * HOUR_MS, back);
  person_sync_unseen (f->bob, NULL);
  g_assert_cmpint (device_count (f->bob->device, sql), ==, 1);
  world_turn_clock (f->room->world, HOUR_MS + 60000, back);
  person_sync_unseen (f->bob, NULL);
  g_assert_cmpint (device_count (f->bob->device, sql), ==, 0);
}

/* ---- how much is kept ---- */

static gboolean
batch_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  const Work *work = data;
  g_autoptr (ConfabOlmNews) news = confab_olm_news_new ();

  return confab_megolm_events_receive (work->vault, transaction, work->batch, 1, news, error);
}

static ConfabSyncBatch *
make_batch (const char *body)
{
  g_autofree char *text = g_strdup_printf (
    "{\"next_batch\":\"n\",\"rooms\":{\"join\":{\"!r:x\":{\"timeline\":{\"events\":[{\"type\":"
    "\"m.room.message\",\"sender\":\"@alice:x\",\"event_id\":\"$1\",\"origin_server_ts\":1,"
    "\"content\":{\"body\":\"%s\"}}]}}}}}",
    body);
  g_autoptr (JsonObject) sync = confab_json_parse_object (text, -1, NULL);
  ConfabSyncBatch *batch = confab_sync_batch_new_from_v3 (sync, NULL);

  g_assert_nonnull (batch);
  return batch;
}

static gint64
count_events (Fixture *f)
{
  return device_count (f->bob->device, "SELECT count (*) FROM room_events");
}

/* What was said before this device was there is not told. */
static void
test_history (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabSyncBatch) batch = make_batch ("hello");
  Work work = { .batch = batch };

  batch->initial = TRUE;
  run_work (f->bob, batch_func, &work);
  g_assert_cmpint (count_events (f), ==, 0);
  batch->initial = FALSE;
  run_work (f->bob, batch_func, &work);
  g_assert_cmpint (count_events (f), ==, 1);
}

static void
test_large_event (Fixture *f, gconstpointer data)
{
  const gsize frame = strlen ("{\"body\":\"\"}");
  g_autofree char *too_much = g_strnfill (128 * 1024 - frame + 1, 'x');
  g_autofree char *enough = g_strnfill (128 * 1024 - frame, 'x');
  g_autoptr (ConfabSyncBatch) refused = make_batch (too_much);
  g_autoptr (ConfabSyncBatch) taken = make_batch (enough);
  Work work = { .batch = refused };

  run_work (f->bob, batch_func, &work);
  g_assert_cmpint (count_events (f), ==, 0);
  work.batch = taken;
  run_work (f->bob, batch_func, &work);
  g_assert_cmpint (count_events (f), ==, 1);
}

static gboolean
many_notices_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Work *work = data;

  for (guint i = 0; i < work->n; i++) {
    g_autofree char *session_id = g_strdup_printf ("S%u", i);
    g_autoptr (JsonObject) content = make_notice ("m.unverified", session_id, "curve");
    work->content = content;
    if (!notice_func (transaction, work, error))
      return FALSE;
  }
  return TRUE;
}

static void
test_many_notices (Fixture *f, gconstpointer data)
{
  static const char sql[] = "SELECT count (*) FROM megolm_withheld";
  Work work = { .sender = "@mallory:x", .n = 130 };

  run_work (f->bob, many_notices_func, &work);
  g_assert_cmpint (device_count (f->bob->device, sql), ==, 100);
  /* The oldest gave way. */
  g_assert_cmpint (
    device_count (f->bob->device,
                  "SELECT count (*) FROM megolm_withheld WHERE session_id IN ('S29', 'S30')"),
    ==,
    1);
  work.n = 100;
  for (guint i = 0; i < 10; i++) {
    g_autofree char *sender = g_strdup_printf ("@m%u:x", i);
    work.sender = sender;
    run_work (f->bob, many_notices_func, &work);
  }
  g_assert_cmpint (device_count (f->bob->device, sql), ==, 1000);
}

static gboolean
many_keys_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Work *work = data;
  g_autoptr (ConfabMegolmOutbound) session = confab_megolm_outbound_new (NULL);

  for (guint i = 0; i < work->n; i++) {
    g_autofree char *room_id = g_strdup_printf ("!%u:x", i);
    g_autoptr (JsonObject) content = make_key (session, room_id);
    work->content = content;
    if (!key_func (transaction, work, error))
      return FALSE;
  }
  return TRUE;
}

static void
test_many_keys (Fixture *f, gconstpointer data)
{
  const ConfabDeviceKeys from = {
    .user_id = (char *) "@alice:x",
    .device_id = (char *) "ADEV",
    .curve25519 = (char *) "curve",
    .ed25519 = (char *) "ed",
  };
  Work work = { .from = &from, .n = 1003 };

  run_work (f->bob, many_keys_func, &work);
  g_assert_cmpint (device_count (f->bob->device, "SELECT count (*) FROM megolm_inbound"), ==, 1000);
  g_assert_cmpint (
    device_count (f->bob->device,
                  "SELECT count (*) FROM megolm_inbound WHERE room_id IN ('!2:x', '!3:x')"),
    ==,
    1);
}

static void
test_many_waiting (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonObject) content = json_object_new ();

  json_object_set_string_member (content, "algorithm", "m.megolm.v1.aes-sha2");
  json_object_set_string_member (content, "ciphertext", "AAAA");
  json_object_set_string_member (content, "session_id", "nobody's");
  for (guint i = 0; i < 540; i++) {
    g_autofree char *id = g_strdup_printf ("$%u", i);
    g_autofree char *sender = g_strdup_printf ("@mallory%u:x", i / 90);
    room_add (f->room, sender, id, i, content);
  }
  person_sync (f->bob, NULL);
  g_assert_cmpint (count_events (f), ==, 500);
  g_assert_cmpint (
    device_count (f->bob->device,
                  "SELECT count (*) FROM room_events WHERE event_id IN ('$39', '$40')"),
    ==,
    1);
}

#define ADD(name, func)                                                                            \
  g_test_add ("/megolm-distrust/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
#define CASE(name, data, func)                                                                     \
  g_test_add ("/megolm-distrust/" name, Fixture, data, fixture_set_up, func, fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  ADD ("blocked-with-key", test_blocked_with_key);
  ADD ("blocked-before-shown", test_blocked_before_shown);
  ADD ("other-ed25519", test_other_ed25519);
  ADD ("key-of-other-user", test_key_of_other_user);
  CASE ("notice-of-other/session", "m.unverified", test_notice_of_other);
  CASE ("notice-of-other/no-olm", "m.no_olm", test_notice_of_other);
  CASE ("notice-then-key/session", "m.unverified", test_notice_then_key);
  CASE ("notice-then-key/no-olm", "m.no_olm", test_notice_then_key);
  ADD ("device-by-same-name", test_device_by_same_name);
  CASE ("key-waits-a-day", NULL, test_key_waits_a_day);
  CASE ("key-waits-a-day/set-back", "back", test_key_waits_a_day);
  ADD ("history", test_history);
  ADD ("large-event", test_large_event);
  ADD ("many-notices", test_many_notices);
  ADD ("many-keys", test_many_keys);
  ADD ("many-waiting", test_many_waiting);
  return g_test_run ();
}
