/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "megolm-world.h"

#include <glib/gstdio.h>
#include <string.h>

#include "confab-device-list.h"
#include "confab-json.h"
#include "confab-matrix-error.h"
#include "confab-megolm-outbound.h"
#include "confab-megolm-vault.h"

static void
remove_device (Fixture *f, const char *name)
{
  g_assert_true (g_hash_table_remove (f->room->world->device_keys, name));
}

/* ---- talking ---- */

static void
test_talk (Fixture *f, gconstpointer data)
{
  JsonObject *wire;

  person_say (f->alice, "hello");
  person_sync (f->bob, NULL);
  person_sync (f->carol, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "hello"));
  person_assert_heard (f->carol, SAID ("alice", "ADEV", "hello"));
  wire = room_get_content (f->room, 0);
  g_assert_cmpstr (json_object_get_string_member (f->room->timeline->pdata[0], "type"),
                   ==,
                   "m.room.encrypted");
  g_assert_cmpstr (confab_json_peek_string (wire, "device_id"), ==, "ADEV");
  g_assert_null (confab_json_peek_string (wire, "body"));

  person_say (f->alice, "again");
  person_say (f->bob, "yes");
  person_sync (f->alice, NULL);
  person_sync (f->bob, NULL);
  /* What one says oneself is in the room, too. */
  person_assert_heard (f->alice,
                       SAID ("alice", "ADEV", "hello") SAID ("alice", "ADEV", "again")
                         SAID ("bob", "BDEV", "yes"));
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "again") SAID ("bob", "BDEV", "yes"));
  g_assert_cmpstr (room_get_session (f->room, 0), ==, room_get_session (f->room, 1));
  g_assert_cmpstr (room_get_session (f->room, 0), !=, room_get_session (f->room, 2));
  /* One key for each of the others, not one for each message. */
  g_assert_cmpint (device_count (f->alice->device, "SELECT count (*) FROM megolm_shares"), ==, 2);
  g_assert_cmpint (device_count (f->bob->device, "SELECT count (*) FROM room_events"), ==, 0);
  g_assert_cmpuint (f->alice->device->warnings->len + f->bob->device->warnings->len, ==, 0);
}

static void
test_reaction (Fixture *f, gconstpointer data)
{
  JsonObject *wire;

  test_expect (person_send (f->alice,
                            "m.reaction",
                            "{\"m.relates_to\":{\"rel_type\":\"m.annotation\",\"event_id\":\"$e\","
                            "\"key\":\"hand\"}}"));
  wire = room_get_content (f->room, 0);
  g_assert_cmpstr (confab_json_peek_string (confab_json_peek_object (wire, "m.relates_to"), "key"),
                   ==,
                   "hand");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, "@alice:x|ADEV|m.reaction|hand|DEVICE ");
  /* The hand is taken down. */
  room_add (f->room, "@alice:x", "$redaction", 5, wire);
  json_object_set_string_member (f->room->timeline->pdata[1], "type", "m.room.redaction");
  json_object_set_string_member (f->room->timeline->pdata[1], "redacts", "$e");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, "@alice:x|-|m.room.redaction|$e|CLEAR ");
}

static void
test_order (Fixture *f, gconstpointer data)
{
  DexFuture *one = person_send (f->alice, "m.room.message", "{\"body\":\"one\"}");
  DexFuture *two = person_send (f->alice, "m.room.message", "{\"body\":\"two\"}");
  GPtrArray *log = fake_homeserver_get_log (f->room->world->fake);
  guint key_at = 0;
  guint event_at = 0;

  test_expect (two);
  test_expect (one);
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "one") SAID ("alice", "ADEV", "two"));
  for (guint i = 0; i < log->len; i++) {
    if (strstr (log->pdata[i], "/sendToDevice/") != NULL && key_at == 0)
      key_at = i;
    if (strstr (log->pdata[i], "/send/") != NULL && event_at == 0)
      event_at = i;
  }
  g_assert_cmpuint (key_at, >, 0);
  g_assert_cmpuint (key_at, <, event_at);
}

static gint64
count_readable (Device *device)
{
  return device_count (device,
                       "SELECT (SELECT count (*) FROM outbox WHERE content || "
                       "coalesce (wire_content, '') LIKE '%session_key%') + "
                       "(SELECT count (*) FROM olm_waiting WHERE payload LIKE '%session_key%') + "
                       "(SELECT count (*) FROM room_events WHERE content LIKE '%secret%')");
}

/* The store alone gives nothing away, whatever waits in it. */
static void
test_nothing_readable (Fixture *f, gconstpointer data)
{
  DexFuture *future;

  f->room->world->refuse_sends = 1;
  future = person_send (f->alice, "m.room.message", "{\"body\":\"secret\"}");
  while (f->room->world->refuse_sends > 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (device_count (f->alice->device, "SELECT count (*) FROM outbox"), ==, 2);
  g_assert_cmpint (count_readable (f->alice->device), ==, 0);
  g_assert_cmpuint (f->room->timeline->len, ==, 0);
  while (dex_future_is_pending (future)) {
    if (!g_main_context_iteration (NULL, FALSE) &&
        confab_manual_clock_get_n_timeouts (f->room->world->clock) > 1)
      confab_manual_clock_advance (f->room->world->clock, 2500);
  }
  test_expect (future);

  /* Who sent the key is not known when it comes. */
  f->room->world->query_fails = TRUE;
  person_sync_unseen (f->bob, NULL);
  g_assert_cmpint (device_count (f->bob->device, "SELECT count (*) FROM olm_waiting"), ==, 1);
  g_assert_cmpint (device_count (f->bob->device, "SELECT count (*) FROM megolm_inbound"), ==, 0);
  g_assert_cmpint (count_readable (f->bob->device), ==, 0);
  f->room->world->query_fails = FALSE;
  /* Their server was away for long. */
  confab_manual_clock_advance (f->room->world->clock, 60 * 60 * 1000);
  person_sync_unseen (f->bob, NULL);
  g_assert_cmpint (count_readable (f->bob->device), ==, 0);
  g_assert_cmpint (device_count (f->bob->device, "SELECT count (*) FROM room_events"), ==, 1);
  person_show (f->bob);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "secret"));
}

/* ---- keys that are late, or none ---- */

static void
test_late_key (Fixture *f, gconstpointer data)
{
  GPtrArray *mailbox = world_mailbox (f->room->world, f->bob->device->name);
  JsonObject *key;

  person_say (f->alice, "one");
  g_assert_cmpuint (mailbox->len, ==, 1);
  key = g_ptr_array_steal_index (mailbox, 0);
  person_sync (f->bob, NULL);
  person_say (f->alice, "two");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, "");
  g_ptr_array_add (mailbox, key);
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "one") SAID ("alice", "ADEV", "two"));
  g_assert_cmpint (device_count (f->bob->device, "SELECT count (*) FROM room_events"), ==, 0);
}

static void
test_waiting_is_bounded (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonObject) content = json_object_new ();

  json_object_set_string_member (content, "algorithm", "m.megolm.v1.aes-sha2");
  json_object_set_string_member (content, "ciphertext", "AAAA");
  json_object_set_string_member (content, "session_id", "nobody's");
  for (guint i = 0; i < 700; i++) {
    g_autofree char *id = g_strdup_printf ("$%u", i);
    g_autofree char *sender = g_strdup_printf ("@mallory%u:x", i / 150);
    room_add (f->room, sender, id, i, content);
  }
  person_sync (f->bob, NULL);
  g_assert_cmpint (
    device_count (f->bob->device,
                  "SELECT max (n) FROM (SELECT count (*) AS n FROM room_events GROUP BY sender)"),
    ==,
    100);
  g_assert_cmpint (device_count (f->bob->device, "SELECT count (*) FROM room_events"), <=, 500);
}

static void
test_clear_key (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabMegolmOutbound) session = confab_megolm_outbound_new (NULL);
  g_autofree char *key = confab_megolm_outbound_dup_key (session);
  g_autofree char *text = g_strdup_printf (
    "{\"type\":\"m.room_key\",\"sender\":\"@alice:x\",\"content\":{\"algorithm\":"
    "\"m.megolm.v1.aes-sha2\",\"room_id\":\"!r:x\",\"session_id\":\"%s\",\"session_key\":\"%s\"}}",
    confab_megolm_outbound_get_id (session),
    key);

  g_ptr_array_add (world_mailbox (f->room->world, f->bob->device->name),
                   confab_json_parse_object (text, -1, NULL));
  person_sync (f->bob, NULL);
  g_assert_cmpint (device_count (f->bob->device, "SELECT count (*) FROM megolm_inbound"), ==, 0);
}

static JsonObject *
make_key_content (ConfabMegolmOutbound *session)
{
  g_autofree char *key = confab_megolm_outbound_dup_key (session);
  JsonObject *content = json_object_new ();

  json_object_set_string_member (content, "algorithm", "m.megolm.v1.aes-sha2");
  json_object_set_string_member (content, "room_id", ROOM);
  json_object_set_string_member (content, "session_id", confab_megolm_outbound_get_id (session));
  json_object_set_string_member (content, "session_key", key);
  return content;
}

static gint64
count_inbound (Person *person)
{
  return device_count (person->device, "SELECT count (*) FROM megolm_inbound");
}

/* The right form, through Olm, from a device that is known: but a key that is passed on is not its sender's. */
static void
test_forwarded_key (Fixture *f, gconstpointer data)
{
  static const char *const types[] = { "m.forwarded_room_key", "org.matrix.forwarded_room_key" };
  g_autoptr (ConfabMegolmOutbound) session = confab_megolm_outbound_new (NULL);
  g_autoptr (JsonObject) content = make_key_content (session);
  JsonArray *chain = json_array_new ();

  json_object_set_array_member (content, "forwarding_curve25519_key_chain", chain);
  json_object_set_string_member (content, "sender_key", "AAAA");
  json_object_set_string_member (content, "sender_claimed_ed25519_key", "AAAA");
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    person_whisper (f->carol, "@bob:x", "BDEV", types[i], content);
    person_sync (f->bob, NULL);
    g_assert_cmpint (count_inbound (f->bob), ==, 0);
  }
  /* It did come: the same as a key of Carol's own is taken. */
  person_whisper (f->carol, "@bob:x", "BDEV", "m.room_key", content);
  person_sync (f->bob, NULL);
  g_assert_cmpint (count_inbound (f->bob), ==, 1);
}

/* What it is for is not known here. */
static void
test_other_algorithm (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabMegolmOutbound) session = confab_megolm_outbound_new (NULL);
  g_autoptr (JsonObject) content = make_key_content (session);

  json_object_set_string_member (content, "algorithm", "m.megolm.v2.aes-sha2");
  person_whisper (f->carol, "@bob:x", "BDEV", "m.room_key", content);
  person_sync (f->bob, NULL);
  g_assert_cmpint (count_inbound (f->bob), ==, 0);
  person_assert_warned (f->bob, "unknown algorithm");
  /* Nor is one of another kind withheld from anybody by a notice. */
  json_object_remove_member (content, "session_key");
  json_object_set_string_member (content, "sender_key", "AAAA");
  json_object_set_string_member (content, "code", "m.unverified");
  person_whisper (f->carol, "@bob:x", "BDEV", "m.room_key.withheld", content);
  person_sync (f->bob, NULL);
  g_assert_cmpint (device_count (f->bob->device, "SELECT count (*) FROM megolm_withheld"), ==, 0);
  json_object_set_string_member (content, "algorithm", "m.megolm.v1.aes-sha2");
  person_whisper (f->carol, "@bob:x", "BDEV", "m.room_key.withheld", content);
  person_sync (f->bob, NULL);
  g_assert_cmpint (device_count (f->bob->device, "SELECT count (*) FROM megolm_withheld"), ==, 1);
}

/* Whose device is in no list of theirs gives nobody a key. */
static void
test_unknown_sender (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabMegolmOutbound) session = confab_megolm_outbound_new (NULL);
  g_autoptr (JsonObject) content = make_key_content (session);

  remove_device (f, "@carol:x|CDEV");
  person_whisper (f->carol, "@bob:x", "BDEV", "m.room_key", content);
  person_sync (f->bob, NULL);
  person_sync (f->bob, NULL);
  person_assert_warned (f->bob, "not in the sender's list");
  g_assert_cmpint (count_inbound (f->bob), ==, 0);
  g_assert_cmpint (device_count (f->bob->device, "SELECT count (*) FROM olm_waiting"), ==, 0);
}

/* ---- who has the key ---- */

static void
test_new_device (Fixture *f, gconstpointer data)
{
  Person *second;

  person_say (f->alice, "early");
  second = person_new (f->room, "@bob:x|BNEW", NULL);
  person_sync (f->alice, "@bob:x");
  person_say (f->alice, "late");
  g_assert_cmpstr (room_get_session (f->room, 0), ==, room_get_session (f->room, 1));
  g_assert_cmpint (device_count (f->alice->device,
                                 "SELECT message_index FROM megolm_shares "
                                 "WHERE device_id = 'BNEW'"),
                   ==,
                   1);
  person_sync (second, NULL);
  person_assert_heard (second, SAID ("alice", "ADEV", "late"));
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "early") SAID ("alice", "ADEV", "late"));
  /* One's own other device is a device like any other. */
  person_say (second, "mine");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("bob", "BNEW", "mine"));
  person_free (second);
}

static void
test_device_gone (Fixture *f, gconstpointer data)
{
  person_say (f->alice, "one");
  remove_device (f, "@carol:x|CDEV");
  person_sync (f->alice, "@carol:x");
  person_say (f->alice, "two");
  g_assert_cmpstr (room_get_session (f->room, 0), !=, room_get_session (f->room, 1));
  person_sync (f->carol, NULL);
  person_assert_heard (f->carol, SAID ("alice", "ADEV", "one"));
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "one") SAID ("alice", "ADEV", "two"));
}

/* What was said by a device is not theirs who are still there any more. */
static void
test_sender_gone (Fixture *f, gconstpointer data)
{
  person_say (f->alice, "one");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "one"));
  person_say (f->alice, "two");
  remove_device (f, "@alice:x|ADEV");
  person_sync_unseen (f->bob, "@alice:x");
  person_show (f->bob);
  person_assert_heard (f->bob, "@alice:x|ADEV|m.room.message|two|DEVICE_GONE ");
}

static void
test_blocked (Fixture *f, gconstpointer data)
{
  person_say (f->alice, "one");
  person_sync (f->carol, NULL);
  person_assert_heard (f->carol, SAID ("alice", "ADEV", "one"));
  person_set_blocked (f->alice, "@carol:x", "CDEV", TRUE);
  person_say (f->alice, "two");
  person_say (f->alice, "three");
  g_assert_cmpstr (room_get_session (f->room, 0), !=, room_get_session (f->room, 1));
  /* It is told so once, in clear, with nothing secret in it. */
  g_assert_cmpuint (world_mailbox (f->room->world, "@carol:x|CDEV")->len, ==, 1);
  person_sync (f->carol, NULL);
  person_assert_heard (f->carol,
                       "@alice:x|-|m.room.encrypted|m.blacklisted|WITHHELD "
                       "@alice:x|-|m.room.encrypted|m.blacklisted|WITHHELD ");
  /* Nor is it listened to. */
  person_say (f->carol, "hear me");
  person_sync (f->alice, NULL);
  g_assert_null (strstr (f->alice->heard->str, "hear"));
  person_assert_warned (f->alice, "blocked");
}

/* No list brings a blocked device back, and calls say nothing to it either. */
static void
test_stays_blocked (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonObject) keys = NULL;
  g_autoptr (JsonObject) content = json_object_new ();

  person_say (f->alice, "one");
  person_set_blocked (f->alice, "@carol:x", "CDEV", TRUE);
  keys = confab_json_copy_object (
    g_hash_table_lookup (f->room->world->device_keys, "@carol:x|CDEV"));
  remove_device (f, "@carol:x|CDEV");
  person_sync (f->alice, "@carol:x");
  person_say (f->alice, "two");
  g_hash_table_insert (f->room->world->device_keys,
                       g_strdup ("@carol:x|CDEV"),
                       g_steal_pointer (&keys));
  person_sync (f->alice, "@carol:x");
  person_say (f->alice, "three");
  g_assert_cmpint (device_count (f->alice->device,
                                 "SELECT count (*) FROM megolm_shares WHERE device_id = 'CDEV' "
                                 "AND state = 0"),
                   ==,
                   0);
  g_ptr_array_set_size (world_mailbox (f->room->world, "@carol:x|CDEV"), 0);
  person_whisper (f->alice, "@carol:x", "CDEV", "m.call.invite", content);
  g_assert_cmpuint (world_mailbox (f->room->world, "@carol:x|CDEV")->len, ==, 0);
  g_assert_cmpint (device_count (f->alice->device, "SELECT count (*) FROM outbox"), ==, 0);
  /* Nor is the call heard that Carol makes. */
  json_object_set_string_member (content, "device_id", "CDEV");
  person_whisper (f->carol, "@alice:x", "ADEV", "m.call.invite", content);
  person_sync (f->alice, NULL);
  person_assert_warned (f->alice, "blocked");
  g_assert_cmpint (device_count (f->alice->device, "SELECT count (*) FROM inbox"), ==, 0);

  person_set_blocked (f->alice, "@carol:x", "CDEV", FALSE);
  person_say (f->alice, "four");
  person_sync (f->carol, NULL);
  g_assert_nonnull (strstr (f->carol->heard->str, SAID ("alice", "ADEV", "four")));
  g_assert_null (strstr (f->carol->heard->str, "|three|"));
}

/* The notice comes before or after the event that it is about. */
static void
test_withheld_late (Fixture *f, gconstpointer data)
{
  GPtrArray *mailbox = world_mailbox (f->room->world, "@carol:x|CDEV");
  JsonObject *notice;

  person_sync (f->alice, NULL);
  person_say (f->alice, "one");
  person_sync (f->carol, NULL);
  g_string_truncate (f->carol->heard, 0);
  person_set_blocked (f->alice, "@carol:x", "CDEV", TRUE);
  person_say (f->alice, "two");
  g_assert_cmpuint (mailbox->len, ==, 1);
  notice = g_ptr_array_steal_index (mailbox, 0);
  person_sync (f->carol, NULL);
  person_assert_heard (f->carol, "");
  g_ptr_array_add (mailbox, notice);
  person_sync (f->carol, NULL);
  person_assert_heard (f->carol, "@alice:x|-|m.room.encrypted|m.blacklisted|WITHHELD ");
}

/* Some clients send the notice as anything else between devices: through Olm. */
static void
test_withheld_encrypted (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabMegolmOutbound) session = confab_megolm_outbound_new (NULL);
  g_autoptr (JsonObject) content = make_key_content (session);
  g_autoptr (JsonObject) wire = json_object_new ();

  json_object_set_string_member (wire, "algorithm", "m.megolm.v1.aes-sha2");
  json_object_set_string_member (wire, "session_id", confab_megolm_outbound_get_id (session));
  json_object_set_string_member (wire, "ciphertext", "AAAA");
  room_add (f->room, "@alice:x", "$1", 7, wire);
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, "");
  json_object_remove_member (content, "session_key");
  json_object_set_string_member (content, "sender_key", "AAAA");
  json_object_set_string_member (content, "code", "m.unverified");
  person_whisper (f->alice, "@bob:x", "BDEV", "m.room_key.withheld", content);
  person_sync (f->bob, NULL);
  person_show (f->bob);
  person_assert_heard (f->bob, "@alice:x|-|m.room.encrypted|m.unverified|WITHHELD ");
}

/* That there is no way to a device is told for all of its sender's keys: also for those of events that are there. */
static void
test_no_olm_late (Fixture *f, gconstpointer data)
{
  GPtrArray *mailbox = world_mailbox (f->room->world, "@carol:x|CDEV");
  JsonObject *notice;

  g_hash_table_remove (f->room->world->one_time, "@carol:x|CDEV");
  g_hash_table_remove (f->room->world->fallback, "@carol:x|CDEV");
  person_say (f->alice, "one");
  g_assert_cmpuint (mailbox->len, ==, 1);
  notice = g_ptr_array_steal_index (mailbox, 0);
  person_sync (f->carol, NULL);
  person_assert_heard (f->carol, "");
  g_ptr_array_add (mailbox, notice);
  person_sync (f->carol, NULL);
  person_assert_heard (f->carol, "@alice:x|-|m.room.encrypted|m.no_olm|WITHHELD ");
}

/* Notices come in clear, in any number: what was explained by one is not taken up again for each. */
static void
test_no_olm_repeated (Fixture *f, gconstpointer data)
{
  GPtrArray *mailbox = world_mailbox (f->room->world, "@carol:x|CDEV");
  g_autoptr (JsonObject) notice = NULL;

  g_hash_table_remove (f->room->world->one_time, "@carol:x|CDEV");
  g_hash_table_remove (f->room->world->fallback, "@carol:x|CDEV");
  person_say (f->alice, "one");
  g_assert_cmpuint (mailbox->len, ==, 1);
  notice = confab_json_copy_object (mailbox->pdata[0]);
  person_sync (f->carol, NULL);
  person_assert_heard (f->carol, "@alice:x|-|m.room.encrypted|m.no_olm|WITHHELD ");
  device_exec (f->carol->device, "CREATE TABLE taken (id)");
  device_exec (f->carol->device,
               "CREATE TRIGGER takes AFTER DELETE ON room_events WHEN old.state = 0 "
               "BEGIN INSERT INTO taken VALUES (old.id); END");
  for (guint i = 0; i < 5; i++)
    g_ptr_array_add (mailbox, confab_json_copy_object (notice));
  person_sync (f->carol, NULL);
  person_assert_heard (f->carol, "");
  g_assert_cmpint (device_count (f->carol->device, "SELECT count (*) FROM taken"), ==, 0);
}

/* One row, or one session, that is damaged does not keep the others for ever. */
static void
test_damaged_store (Fixture *f, gconstpointer data)
{
  person_say (f->alice, "one");
  person_say (f->alice, "two");
  person_sync_unseen (f->bob, NULL);
  device_exec (f->bob->device, data);
  person_show (f->bob);
  room_set_members (f->room, "@alice:x,@bob:x");
  person_sync (f->alice, NULL);
  person_say (f->alice, "three"); /* in another session, since Carol has left */
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob,
                       strstr (data, "pickle") != NULL ? SAID ("alice", "ADEV", "three")
                                                       : SAID ("alice", "ADEV", "two")
                                                           SAID ("alice", "ADEV", "three"));
  g_assert_cmpint (device_count (f->bob->device, "SELECT count (*) FROM room_events"), ==, 0);
}

static guint
count_claims (Fixture *f)
{
  return fake_homeserver_get_n_requests (f->room->world->fake, "/_matrix/client/v3/keys/claim");
}

/* Who had no key to give at one time may have one later: it is asked for again, but not with each message. */
static void
test_no_olm_ends (Fixture *f, gconstpointer back)
{
  World *world = f->room->world;
  JsonObject *keys = g_hash_table_lookup (world->fallback, "@carol:x|CDEV");
  guint n_claims;

  json_object_ref (keys);
  g_hash_table_remove (world->one_time, "@carol:x|CDEV");
  g_hash_table_remove (world->fallback, "@carol:x|CDEV");
  person_say (f->alice, "one");
  n_claims = count_claims (f);
  person_say (f->alice, "two");
  world_turn_clock (world, 4 * 60 * 1000, back);
  person_say (f->alice, "three");
  g_assert_cmpuint (count_claims (f), ==, n_claims);
  g_hash_table_insert (world->fallback, g_strdup ("@carol:x|CDEV"), keys);
  world_turn_clock (world, 60 * 1000, back);
  person_say (f->alice, "four");
  g_assert_cmpuint (count_claims (f), ==, n_claims + 1);
  /* Told once that there is none, and then given the key. */
  g_assert_cmpuint (world_mailbox (world, "@carol:x|CDEV")->len, ==, 2);
  person_sync (f->carol, NULL);
  g_assert_nonnull (strstr (f->carol->heard->str, SAID ("alice", "ADEV", "four")));
}

/* A device whose keys are not rightly signed can be given nothing; it is told so, once. */
static void
test_refused_device (Fixture *f, gconstpointer data)
{
  World *world = f->room->world;
  JsonObject *keys = g_hash_table_lookup (world->device_keys, "@carol:x|CDEV");
  GPtrArray *mailbox = world_mailbox (world, "@carol:x|CDEV");

  json_object_remove_member (keys, "signatures");
  person_say (f->alice, "one");
  person_assert_warned (f->alice, "CDEV of @carol:x");
  person_say (f->alice, "two");
  g_assert_cmpuint (mailbox->len, ==, 1);
  g_assert_cmpstr (json_object_get_string_member (mailbox->pdata[0], "type"),
                   ==,
                   "m.room_key.withheld");
  person_sync (f->carol, NULL);
  person_assert_heard (f->carol,
                       "@alice:x|-|m.room.encrypted|m.no_olm|WITHHELD "
                       "@alice:x|-|m.room.encrypted|m.no_olm|WITHHELD ");
  /* Mended, it is a device like any other. */
  g_hash_table_remove (world->device_keys, "@carol:x|CDEV");
  device_exec (f->carol->device, "UPDATE olm_account SET shared = 0");
  person_sync (f->carol, NULL);
  test_expect (confab_olm_machine_start (f->carol->device->machine));
  person_sync (f->alice, "@carol:x");
  person_say (f->alice, "three");
  person_sync (f->carol, NULL);
  person_assert_heard (f->carol, SAID ("alice", "ADEV", "three"));
  g_assert_cmpint (device_count (f->alice->device, "SELECT count (*) FROM refused_devices"), ==, 0);
}

static void
test_no_olm (Fixture *f, gconstpointer data)
{
  World *world = f->room->world;

  g_hash_table_remove (world->one_time, "@carol:x|CDEV");
  g_hash_table_remove (world->fallback, "@carol:x|CDEV");
  person_say (f->alice, "one");
  person_say (f->alice, "two");
  g_assert_cmpuint (world_mailbox (world, "@carol:x|CDEV")->len, ==, 1);
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "one") SAID ("alice", "ADEV", "two"));
  /* Carol has a way to Alice: she begins a session, which is then there for the key. */
  person_sync (f->carol, NULL);
  person_assert_heard (f->carol,
                       "@alice:x|-|m.room.encrypted|m.no_olm|WITHHELD "
                       "@alice:x|-|m.room.encrypted|m.no_olm|WITHHELD ");
  person_sync (f->carol, NULL);
  person_sync (f->alice, NULL);
  person_say (f->alice, "three");
  person_sync (f->carol, NULL);
  person_assert_heard (f->carol, SAID ("alice", "ADEV", "three"));
  g_assert_cmpstr (room_get_session (f->room, 0), ==, room_get_session (f->room, 2));
}

static void
test_member_left (Fixture *f, gconstpointer data)
{
  person_say (f->alice, "one");
  room_set_members (f->room, "@alice:x,@bob:x");
  person_sync (f->alice, NULL);
  person_say (f->alice, "two");
  g_assert_cmpstr (room_get_session (f->room, 0), !=, room_get_session (f->room, 1));
  g_assert_cmpuint (world_mailbox (f->room->world, "@carol:x|CDEV")->len, ==, 1);
  person_sync (f->carol, NULL);
  person_assert_heard (f->carol, SAID ("alice", "ADEV", "one"));
}

static JsonObject *
make_absence (const char *user_id, const char *membership, const char *by)
{
  g_autofree char *text = g_strdup_printf (
    "{\"join\":{\"!r:x\":{\"timeline\":{\"events\":[{\"type\":\"m.room.member\",\"state_key\":"
    "\"%s\",\"sender\":\"%s\",\"event_id\":\"$l\",\"origin_server_ts\":9,\"content\":"
    "{\"membership\":\"%s\"}},{\"type\":\"m.room.member\",\"state_key\":\"%s\",\"sender\":\"%s\","
    "\"event_id\":\"$j\",\"origin_server_ts\":10,\"content\":{\"membership\":\"join\"}}]}}}}",
    user_id,
    by,
    membership,
    user_id,
    user_id);

  return confab_json_parse_object (text, -1, NULL);
}

static const struct {
  const char *path;
  const char *membership;
  const char *by;
} absences[] = {
  { "/megolm/left-and-back", "leave", "@carol:x" },
  { "/megolm/kicked-and-back", "leave", "@bob:x" },
  { "/megolm/banned-and-back", "ban", "@bob:x" },
  { "/megolm/knocked-and-back", "knock", "@carol:x" },
};

/* Who left and came back within one sync has missed nothing that they may read: but what they had is worth nothing. */
static void
test_gone_and_back (Fixture *f, gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autoptr (JsonObject) rooms = make_absence ("@carol:x", absences[i].membership, absences[i].by);

  person_say (f->alice, "one");
  f->alice->n_syncs++;
  device_sync_rooms (f->alice->device, NULL, "s2", rooms);
  person_show (f->alice);
  person_say (f->alice, "two");
  g_assert_cmpstr (room_get_session (f->room, 0), !=, room_get_session (f->room, 1));
  person_sync (f->carol, NULL);
  person_assert_heard (f->carol, SAID ("alice", "ADEV", "one") SAID ("alice", "ADEV", "two"));
}

static gboolean
timeline_has_two (gpointer data)
{
  return ((Fixture *) data)->room->timeline->len == 2;
}

/* A sync that is stored but not shown has told that somebody left: it is not sent by who was in the room before. */
static void
test_behind (Fixture *f, gconstpointer data)
{
  DexFuture *future;

  person_say (f->alice, "one");
  person_sync_unseen (f->alice, NULL);
  future = person_send (f->alice, "m.room.message", "{\"body\":\"two\"}");
  /* With each round it has been to the store and back: it would be encrypted by now. */
  for (guint i = 0; i < 20; i++) {
    g_assert_cmpint (device_count (f->alice->device,
                                   "SELECT count (*) FROM room_outbox WHERE wire IS NOT NULL"),
                     ==,
                     0);
    test_settle ();
  }
  g_assert_cmpint (device_count (f->alice->device, "SELECT count (*) FROM room_outbox"), ==, 1);
  g_assert_true (dex_future_is_pending (future));
  g_assert_cmpuint (f->room->timeline->len, ==, 1);
  room_set_members (f->room, "@alice:x,@bob:x");
  person_show (f->alice);
  test_expect (future);
  g_assert_true (timeline_has_two (f));
  g_assert_cmpstr (room_get_session (f->room, 0), !=, room_get_session (f->room, 1));
  g_assert_cmpuint (world_mailbox (f->room->world, "@carol:x|CDEV")->len, ==, 1);
}

/* A row that was handed on and does not go is not handed on again. */
static void
test_row_that_stays (Fixture *f, gconstpointer data)
{
  person_say (f->alice, "one");
  person_sync_unseen (f->bob, NULL);
  device_exec (f->bob->device,
               "CREATE TRIGGER hold BEFORE DELETE ON room_events BEGIN SELECT RAISE (FAIL, 'no'); "
               "END");
  for (guint i = 0; i < 2; i++) {
    DexFuture *handed_on = confab_megolm_machine_hand_on (f->bob->megolm);
    if (i == 0)
      test_expect_error (handed_on, CONFAB_STORE_ERROR, CONFAB_STORE_ERROR_FAILED);
    else
      test_expect (handed_on);
  }
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "one"));
  device_exec (f->bob->device, "DROP TRIGGER hold");
  person_say (f->alice, "two");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "two"));
}

/* ---- rotation ---- */

static void
test_rotate_by_count (Fixture *f, gconstpointer data)
{
  f->room->n_messages = 2;
  person_sync (f->alice, NULL);
  for (guint i = 0; i < 3; i++)
    person_say (f->alice, "x");
  g_assert_cmpstr (room_get_session (f->room, 0), ==, room_get_session (f->room, 1));
  g_assert_cmpstr (room_get_session (f->room, 1), !=, room_get_session (f->room, 2));
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob,
                       SAID ("alice", "ADEV", "x") SAID ("alice", "ADEV", "x")
                         SAID ("alice", "ADEV", "x"));
}

static void
test_rotate_by_time (Fixture *f, gconstpointer back)
{
  const guint hour_ms = 60 * 60 * 1000;

  f->room->period_ms = 2 * hour_ms;
  person_sync (f->alice, NULL);
  person_say (f->alice, "x");
  world_turn_clock (f->room->world, 2 * hour_ms - 1000, back);
  person_say (f->alice, "x");
  world_turn_clock (f->room->world, 1000, back);
  person_say (f->alice, "x");
  g_assert_cmpstr (room_get_session (f->room, 0), ==, room_get_session (f->room, 1));
  g_assert_cmpstr (room_get_session (f->room, 1), !=, room_get_session (f->room, 2));
}

/* A room cannot ask for a session that is never worn, nor for one a message by way of a period of nothing. */
static void
test_rotation_bounds (Fixture *f, gconstpointer data)
{
  f->room->period_ms = G_MAXINT64;
  person_sync (f->alice, NULL);
  person_say (f->alice, "x");
  confab_manual_clock_advance (f->room->world->clock, 7u * 24 * 60 * 60 * 1000);
  person_say (f->alice, "x");
  g_assert_cmpstr (room_get_session (f->room, 0), !=, room_get_session (f->room, 1));
  f->room->period_ms = 1;
  person_sync (f->alice, NULL);
  confab_manual_clock_advance (f->room->world->clock, 1000);
  person_say (f->alice, "x");
  g_assert_cmpstr (room_get_session (f->room, 1), ==, room_get_session (f->room, 2));
}

/* ---- refusals ---- */

static void
test_replay (Fixture *f, gconstpointer data)
{
  JsonObject *wire;
  gint64 ts;

  person_say (f->alice, "pay");
  wire = room_get_content (f->room, 0);
  ts = json_object_get_int_member (f->room->timeline->pdata[0], "origin_server_ts");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "pay"));
  room_add (f->room, "@alice:x", "$copy", ts, wire);
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, "");
  person_assert_warned (f->bob, "copy");
  /* The event itself once more is no news; with another time it is another one. */
  room_add (f->room,
            "@alice:x",
            json_object_get_string_member (f->room->timeline->pdata[0], "event_id"),
            ts,
            wire);
  person_sync (f->bob, NULL);
  g_assert_cmpuint (f->bob->device->warnings->len, ==, 0);
  room_add (f->room,
            "@alice:x",
            json_object_get_string_member (f->room->timeline->pdata[0], "event_id"),
            ts + 1,
            wire);
  person_sync (f->bob, NULL);
  person_assert_warned (f->bob, "copy");
  person_assert_heard (f->bob, "");
}

static void
test_wrong_sender (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonObject) forged = NULL;

  person_say (f->alice, "mine");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "mine"));
  person_say (f->alice, "next");
  /* As if Carol's homeserver passed it off as hers. */
  json_object_set_string_member (f->room->timeline->pdata[1], "sender", "@carol:x");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, "");
  person_assert_warned (f->bob, "not from whom");
  /* Or as another device of Alice's. */
  forged = confab_json_copy_object (room_get_content (f->room, 1));
  json_object_set_string_member (forged,
                                 "sender_key",
                                 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
  room_add (f->room, "@alice:x", "$forged", 7, forged);
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, "");
  person_assert_warned (f->bob, "not from whom");
}

static void
test_damaged (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonObject) damaged = NULL;
  g_autofree char *body = NULL;

  person_say (f->alice, "one");
  damaged = confab_json_copy_object (room_get_content (f->room, 0));
  body = g_strdup (confab_json_peek_string (damaged, "ciphertext"));
  body[strlen (body) - 3] = body[strlen (body) - 3] == 'A' ? 'B' : 'A';
  json_object_set_string_member (damaged, "ciphertext", body);
  room_add (f->room, "@alice:x", "$damaged", 7, damaged);
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "one"));
  person_assert_warned (f->bob, "cannot be decrypted");
}

/* A key that Bob has from Alice, of a session that the test itself has. */
typedef struct {
  ConfabOlmVault *vault;
  ConfabDeviceKeys from;
  JsonObject *content;
  gboolean stale;
} Give;

static gboolean
give_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Give *give = data;
  g_autoptr (ConfabOlmNews) news = confab_olm_news_new ();
  gboolean ok = confab_megolm_vault_take_key (
    give->vault, transaction, &give->from, give->content, 1, news, error);

  g_assert_cmpuint (news->warnings->len, ==, give->stale ? 2 : 0);
  return ok;
}

static gboolean
alice_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  ConfabDeviceKeys *from = data;

  from->curve25519 = g_strdup (confab_store_row_get_string (row, 0));
  from->ed25519 = g_strdup (confab_store_row_get_string (row, 1));
  return TRUE;
}

static gboolean
alice_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_store_query (transaction,
                             alice_row_cb,
                             data,
                             error,
                             "SELECT curve25519, ed25519 FROM devices WHERE device_id = 'ADEV'",
                             NULL);
}

static void
give_as (Fixture *f, const char *room_id, const char *session_id, const char *key, gboolean bad)
{
  g_autoptr (GBytes) pickle_key = g_bytes_new_static ("0123456789abcdef0123456789abcdef", 32);
  g_autoptr (ConfabOlmVault) vault = confab_olm_vault_new ("@bob:x", "BDEV", pickle_key);
  g_autoptr (JsonObject) content = json_object_new ();
  Give give = { .vault = vault, .content = content, .stale = bad };

  give.from.user_id = (char *) "@alice:x";
  give.from.device_id = (char *) "ADEV";
  g_assert_true (confab_store_run (f->bob->device->store, alice_func, &give.from, NULL));
  json_object_set_string_member (content, "algorithm", "m.megolm.v1.aes-sha2");
  json_object_set_string_member (content, "room_id", room_id);
  json_object_set_string_member (content, "session_id", session_id);
  json_object_set_string_member (content, "session_key", key);
  g_assert_true (confab_store_run (f->bob->device->store, give_func, &give, NULL));
  g_free (give.from.curve25519);
  g_free (give.from.ed25519);
}

static void
say_raw (Fixture *f, ConfabMegolmOutbound *session, const char *event_id, const char *payload)
{
  g_autoptr (JsonObject) wire = json_object_new ();
  g_autofree char *body = confab_megolm_outbound_encrypt (session, payload, NULL);

  json_object_set_string_member (wire, "algorithm", "m.megolm.v1.aes-sha2");
  json_object_set_string_member (wire, "session_id", confab_megolm_outbound_get_id (session));
  json_object_set_string_member (wire, "ciphertext", body);
  room_add (f->room, "@alice:x", event_id, 7, wire);
}

static void
test_bad_payload (Fixture *f, gconstpointer data)
{
  static const char *const payloads[] = {
    "{\"room_id\":\"!other:x\",\"type\":\"m.room.message\",\"content\":{\"body\":\"moved\"}}",
    "{\"type\":\"m.room.message\",\"content\":{\"body\":\"no room\"}}",
    "{\"room_id\":\"!r:x\",\"content\":{\"body\":\"no type\"}}",
    "{\"room_id\":\"!r:x\",\"type\":\"m.room.message\",\"content\":7}",
    "not JSON",
    "",
  };
  g_autoptr (ConfabMegolmOutbound) session = confab_megolm_outbound_new (NULL);
  g_autofree char *key = confab_megolm_outbound_dup_key (session);

  person_say (f->alice, "so that she is known");
  person_sync (f->bob, NULL);
  g_string_truncate (f->bob->heard, 0);
  give_as (f, ROOM, confab_megolm_outbound_get_id (session), key, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (payloads); i++) {
    g_autofree char *id = g_strdup_printf ("$%u", i);
    say_raw (f, session, id, payloads[i]);
    person_sync (f->bob, NULL);
    g_assert_cmpuint (f->bob->device->warnings->len, ==, 1);
    g_ptr_array_set_size (f->bob->device->warnings, 0);
    person_assert_heard (f->bob, "");
  }
  /* A type that nobody here asked for is right, and not offered. */
  say_raw (f, session, "$t", "{\"room_id\":\"!r:x\",\"type\":\"m.sticker\",\"content\":{}}");
  person_sync (f->bob, NULL);
  g_assert_cmpuint (f->bob->device->warnings->len, ==, 0);
  person_assert_heard (f->bob, "");
  say_raw (f, session, "$l", "{\"room_id\":\"!r:x\",\"type\":\"m.call.hangup\",\"content\":{}}");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, "@alice:x|ADEV|m.call.hangup|-|DEVICE ");
}

static void
test_better_key (Fixture *f, gconstpointer data)
{
  static const char
    payload[] = "{\"room_id\":\"!r:x\",\"type\":\"m.room.message\",\"content\":{\"body\":\"raw\"}}";
  g_autoptr (ConfabMegolmOutbound) session = confab_megolm_outbound_new (NULL);
  const char *id = confab_megolm_outbound_get_id (session);
  g_autofree char *first = confab_megolm_outbound_dup_key (session);
  g_autofree char *second = NULL;
  g_autofree char *third = NULL;

  person_say (f->alice, "so that she is known");
  person_sync (f->bob, NULL);
  g_string_truncate (f->bob->heard, 0);
  say_raw (f, session, "$0", payload);
  second = confab_megolm_outbound_dup_key (session);
  say_raw (f, session, "$1", payload);
  third = confab_megolm_outbound_dup_key (session);
  give_as (f, ROOM, id, second, FALSE);
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "raw")); /* the second */
  give_as (f, ROOM, id, third, FALSE);
  g_assert_cmpint (device_count (f->bob->device,
                                 "SELECT first_index FROM megolm_inbound ORDER BY id DESC LIMIT 1"),
                   ==,
                   1);
  give_as (f, ROOM, id, first, FALSE);
  person_show (f->bob);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "raw")); /* the first */
  /* What was read stays read. */
  room_add (f->room, "@alice:x", "$copy", 7, room_get_content (f->room, 2));
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, "");
  person_assert_warned (f->bob, "copy");
  /* None that is not what it says. */
  give_as (f, ROOM, "another", first, TRUE);
  give_as (f, ROOM, id, "rubbish", TRUE);
  give_as (f, "", id, first, TRUE);
}

/* Two devices of one user have given keys for one session: the event, which does not say of which it is, is read with
 * whichever can. */
static void
test_two_givers (Fixture *f, gconstpointer data)
{
  static const char
    payload[] = "{\"room_id\":\"!r:x\",\"type\":\"m.room.message\",\"content\":{\"body\":\"raw\"}}";
  g_autoptr (ConfabMegolmOutbound) session = confab_megolm_outbound_new (NULL);
  const char *id = confab_megolm_outbound_get_id (session);
  g_autofree char *first = confab_megolm_outbound_dup_key (session);
  g_autofree char *second = NULL;

  person_say (f->alice, "so that she is known");
  person_sync (f->bob, NULL);
  g_string_truncate (f->bob->heard, 0);
  say_raw (f, session, "$0", payload);
  second = confab_megolm_outbound_dup_key (session);
  give_as (f, ROOM, id, second, FALSE);
  device_exec (f->bob->device,
               "UPDATE megolm_inbound SET sender_key = 'other' WHERE first_index = 1");
  give_as (f, ROOM, id, first, FALSE);
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "raw"));
}

/* ---- where nothing may be sent ---- */

static void
test_clear_room (Fixture *f, gconstpointer data)
{
  f->room->algorithm = NULL;
  device_exec (f->alice->device, "DELETE FROM state WHERE type = 'm.room.encryption'");
  device_exec (f->alice->device, "DELETE FROM encrypted_rooms");
  person_sync (f->alice, NULL);
  person_say (f->alice, "hello");
  g_assert_cmpstr (confab_json_peek_string (room_get_content (f->room, 0), "body"), ==, "hello");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, "@alice:x|-|m.room.message|hello|CLEAR ");
}

static void
test_unknown_room (Fixture *f, gconstpointer data)
{
  device_exec (f->alice->device, "DELETE FROM rooms");
  test_expect_error (person_send (f->alice, "m.room.message", "{}"),
                     CONFAB_MATRIX_ERROR,
                     CONFAB_MATRIX_ERROR_NOT_FOUND);
  g_assert_cmpuint (f->room->puts->len, ==, 0);
}

static void
test_unknown_algorithm (Fixture *f, gconstpointer data)
{
  f->room->algorithm = "m.megolm.v9";
  person_sync (f->alice, NULL);
  test_expect_error (person_send (f->alice, "m.room.message", "{}"),
                     CONFAB_MATRIX_ERROR,
                     CONFAB_MATRIX_ERROR_UNSUPPORTED);
  g_assert_cmpuint (f->room->puts->len, ==, 0);
}

/* ---- failures ---- */

static void
test_retry (Fixture *f, gconstpointer data)
{
  DexFuture *future;

  f->room->fail_puts = 2;
  future = person_send (f->alice, "m.room.message", "{\"body\":\"once\"}");
  fixture_turn_until_done (f, future);
  test_expect (future);
  g_assert_cmpuint (f->room->puts->len, ==, 3);
  g_assert_cmpstr (f->room->puts->pdata[0], ==, f->room->puts->pdata[1]);
  g_assert_cmpstr (f->room->puts->pdata[0], ==, f->room->puts->pdata[2]);
  g_assert_cmpuint (f->room->timeline->len, ==, 1);
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "once"));
}

/* What nobody could read is not sent, and who asked hears so; the next message gives the key again. */
static void
test_key_refused (Fixture *f, gconstpointer data)
{
  f->room->world->forbid_sends = 3; /* both, and each by itself */
  test_expect_error (person_send (f->alice, "m.room.message", "{\"body\":\"one\"}"),
                     CONFAB_MATRIX_ERROR,
                     CONFAB_MATRIX_ERROR_FORBIDDEN);
  g_assert_cmpuint (f->room->timeline->len, ==, 0);
  g_assert_cmpint (
    device_count (f->alice->device, "SELECT count (*) FROM megolm_shares WHERE state = 2"), ==, 2);
  g_assert_cmpint (device_count (f->alice->device, "SELECT count (*) FROM room_outbox"), ==, 0);
  person_say (f->alice, "two");
  person_sync (f->bob, NULL);
  person_sync (f->carol, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "two"));
  person_assert_heard (f->carol, SAID ("alice", "ADEV", "two"));
}

/* A message is given up after a minute; what gives its key is not, since it counts as given. */
static void
test_key_waits (Fixture *f, gconstpointer data)
{
  DexFuture *future;

  f->room->world->refuse_sends = G_MAXUINT;
  future = person_send (f->alice, "m.room.message", "{\"body\":\"lost\"}");
  fixture_turn_until_done (f, future);
  test_expect_error (future, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NETWORK);
  confab_manual_clock_advance (f->room->world->clock, 10 * 60 * 1000);
  f->room->world->refuse_sends = 0;
  device_flush (f->alice->device);
  person_say (f->alice, "found");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "found"));
  g_assert_cmpint (device_count (f->bob->device, "SELECT first_index FROM megolm_inbound"), ==, 0);
}

/* The key went out, but its receiver had lost the Olm session: with the session that it begins it gets the key again. */
static void
test_key_unread (Fixture *f, gconstpointer data)
{
  person_say (f->bob, "hello");
  person_sync (f->alice, NULL);
  person_assert_heard (f->alice, SAID ("bob", "BDEV", "hello"));
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("bob", "BDEV", "hello"));
  device_exec (f->bob->device, "DELETE FROM olm_sessions");
  person_say (f->alice, "lost");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, "");
  g_assert_cmpuint (f->bob->device->warnings->len, ==, 1);
  g_ptr_array_set_size (f->bob->device->warnings, 0);
  device_flush (f->bob->device); /* m.dummy */
  person_sync (f->alice, NULL);
  g_assert_cmpint (
    device_count (f->alice->device, "SELECT count (*) FROM megolm_shares WHERE state = 2"), ==, 1);
  person_say (f->alice, "heard");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "heard"));
  g_assert_cmpint (
    device_count (f->alice->device, "SELECT count (*) FROM megolm_shares WHERE state = 0"), ==, 2);
}

/* Whoever says that it needs the key again has it all the same: it is another one once they may not read any more. */
static void
test_key_unread_and_gone (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonObject) content = json_object_new ();

  person_say (f->bob, "hello");
  person_sync (f->alice, NULL);
  person_say (f->alice, "one");
  person_whisper (f->bob, "@alice:x", "ADEV", "m.dummy", content);
  person_sync (f->alice, NULL);
  g_assert_cmpint (
    device_count (f->alice->device, "SELECT count (*) FROM megolm_shares WHERE state = 2"), ==, 1);
  room_set_members (f->room, "@alice:x,@carol:x");
  person_sync (f->alice, NULL);
  person_say (f->alice, "two");
  g_assert_cmpstr (room_get_session (f->room, 1), !=, room_get_session (f->room, 2));
  person_sync (f->carol, NULL);
  g_assert_nonnull (strstr (f->carol->heard->str, SAID ("alice", "ADEV", "two")));
}

/* What is needed before it can be sent is waited for as the sending itself is. */
static void
test_network_late (Fixture *f, gconstpointer data)
{
  DexFuture *future;

  f->room->fail_members = 3;
  future = person_send (f->alice, "m.room.message", "{\"body\":\"patient\"}");
  fixture_turn_until_done (f, future);
  test_expect (future);
  g_assert_cmpuint (f->room->fail_members, ==, 0);
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "patient"));
}

static gboolean
was_tried (gpointer data)
{
  return ((Fixture *) data)->room->fail_puts == 0;
}

/* A clear event that waits does not go out into a room that is encrypted by now. */
static void
test_encrypted_meanwhile (Fixture *f, gconstpointer data)
{
  DexFuture *future;

  device_exec (f->alice->device, "DELETE FROM state WHERE type = 'm.room.encryption'");
  f->room->fail_puts = 1;
  future = person_send (f->alice, "m.room.message", "{\"body\":\"clear\"}");
  test_until (was_tried, f);
  person_sync (f->alice, NULL);
  fixture_turn_until_done (f, future);
  test_expect_error (future, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_FAILED);
  g_assert_cmpuint (f->room->puts->len, ==, 1);
}

static void
test_gives_up (Fixture *f, gconstpointer data)
{
  DexFuture *future;

  f->room->fail_puts = G_MAXUINT;
  future = person_send (f->alice, "m.room.message", "{\"body\":\"lost\"}");
  fixture_turn_until_done (f, future);
  test_expect_error (future, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NETWORK);
  f->room->fail_puts = 0;
  person_say (f->alice, "found");
  person_sync (f->bob, NULL);
  g_assert_nonnull (strstr (f->bob->heard->str, SAID ("alice", "ADEV", "found")));
}

static guint
index_of (Fixture *f)
{
  return device_count (f->alice->device,
                       "SELECT max (message_index) FROM megolm_seen "
                       "JOIN megolm_inbound ON id = inbound_id WHERE user_id = '@alice:x'");
}

/* ---- from one process to the next ---- */

/* Alice's store is on the disk; Bob hears what comes. */
typedef struct {
  Fixture f;
  char *dir;
  char *path;
} Lives;

static void
lives_begin (Lives *self, gconstpointer data)
{
  self->dir = g_dir_make_tmp ("confab-test-XXXXXX", NULL);
  self->path = g_build_filename (self->dir, "store.sqlite", NULL);
  self->f.room = room_new ();
  self->f.alice = person_new (self->f.room, "@alice:x|ADEV", self->path);
  self->f.bob = person_new (self->f.room, "@bob:x|BDEV", NULL);
  room_set_members (self->f.room, "@alice:x,@bob:x");
  person_sync (self->f.alice, NULL);
  person_sync (self->f.bob, NULL);
}

static void
lives_end (Lives *self, gconstpointer data)
{
  g_autofree char *command = g_strconcat ("rm -r ", self->dir, NULL);

  fixture_tear_down (&self->f, NULL);
  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
  g_free (self->dir);
  g_free (self->path);
}

/* The process ends while @future waits, and the next one begins. */
static void
live_again (Lives *self, DexFuture *future)
{
  guint n_syncs = self->f.alice->n_syncs;
  guint position = self->f.alice->position;

  test_expect (confab_megolm_machine_stop (self->f.alice->megolm));
  if (future != NULL)
    test_expect_error (future, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_CANCELLED);
  person_free (self->f.alice);
  self->f.alice = person_new (self->f.room, "@alice:x|ADEV", self->path);
  self->f.alice->n_syncs = n_syncs;
  self->f.alice->position = position;
}

static gint64
count_left (Lives *self)
{
  return device_count (self->f.alice->device, "SELECT count (*) FROM room_outbox");
}

static gboolean
is_none_left (gpointer data)
{
  return count_left (data) == 0;
}

static gboolean
is_left (gpointer data)
{
  return count_left (data) > 0;
}

/* It ends with keys on their way; the next one sends them, then the message as it was encrypted, then its own. */
static void
test_restart_keys (Lives *self, gconstpointer data)
{
  Fixture *f = &self->f;
  DexFuture *future;

  f->room->world->refuse_sends = 1;
  future = person_send (f->alice, "m.room.message", "{\"body\":\"secret\"}");
  while (f->room->world->refuse_sends > 0)
    g_main_context_iteration (NULL, TRUE);
  live_again (self, future);
  g_assert_cmpuint (f->room->timeline->len, ==, 0);
  g_assert_cmpint (device_count (f->alice->device,
                                 "SELECT count (*) FROM room_outbox WHERE content || "
                                 "coalesce (wire, '') || hex (key) LIKE '%secret%'"),
                   ==,
                   0);
  g_assert_cmpint (count_left (self), ==, 1);
  person_show (f->alice);
  confab_megolm_machine_start (f->alice->megolm);
  /* What is said now waits for what was said before, whether that is known yet or not. */
  person_say (f->alice, "after");
  person_sync (f->bob, NULL);
  person_sync (f->alice, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "secret") SAID ("alice", "ADEV", "after"));
  g_assert_cmpstr (room_get_session (f->room, 0), ==, room_get_session (f->room, 1));
  g_assert_cmpuint (index_of (f), ==, 1);
  g_assert_cmpint (count_left (self), ==, 0);
}

/* It ends before who is in the room was known. */
static void
test_restart_early (Lives *self, gconstpointer data)
{
  Fixture *f = &self->f;
  DexFuture *one, *two;

  person_sync_unseen (f->alice, NULL);
  one = person_send (f->alice, "m.room.message", "{\"body\":\"one\"}");
  two = person_send (f->alice, "m.reaction", "{\"m.relates_to\":{\"key\":\"hand\"}}");
  dex_future_disown (two);
  while (count_left (self) < 2)
    g_main_context_iteration (NULL, TRUE);
  live_again (self, one);
  confab_megolm_machine_start (f->alice->megolm);
  test_settle ();
  g_assert_cmpuint (f->room->puts->len, ==, 0);
  person_show (f->alice);
  test_until (is_none_left, self);
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob,
                       SAID ("alice", "ADEV", "one") "@alice:x|ADEV|m.reaction|hand|DEVICE ");
}

/* A row that the disk has spoilt is lost, and no other. */
static void
test_restart_damaged (Lives *self, gconstpointer data)
{
  Fixture *f = &self->f;
  DexFuture *one, *two;

  person_sync_unseen (f->alice, NULL);
  one = person_send (f->alice, "m.room.message", "{\"body\":\"one\"}");
  two = person_send (f->alice, "m.room.message", "{\"body\":\"two\"}");
  dex_future_disown (two);
  while (count_left (self) < 2)
    g_main_context_iteration (NULL, TRUE);
  live_again (self, one);
  device_exec (f->alice->device,
               "UPDATE room_outbox SET content = 'AAAA' WHERE id = (SELECT min (id) FROM "
               "room_outbox)");
  person_show (f->alice);
  confab_megolm_machine_start (f->alice->megolm);
  test_until (is_none_left, self);
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "two"));
}

/* The server has it, and its answer is lost: it is sent again, as it was, and is there once. */
static void
test_restart_taken (Lives *self, gconstpointer data)
{
  Fixture *f = &self->f;
  DexFuture *future;

  f->room->fail_puts = 1;
  future = person_send (f->alice, "m.room.message", "{\"body\":\"once\"}");
  test_until (was_tried, f);
  live_again (self, future);
  person_show (f->alice);
  confab_megolm_machine_start (f->alice->megolm);
  test_until (is_none_left, self);
  g_assert_cmpuint (f->room->puts->len, ==, 2);
  g_assert_cmpstr (f->room->puts->pdata[0], ==, f->room->puts->pdata[1]);
  g_assert_cmpuint (f->room->timeline->len, ==, 1);
  g_assert_cmpint (device_count (f->alice->device, "SELECT count (*) FROM megolm_shares"), ==, 1);
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "once"));
  /* The next one is another one. */
  person_say (f->alice, "twice");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "twice"));
}

static gboolean
is_pausing (gpointer data)
{
  Lives *self = data;

  return self->f.room->fail_members == 0 &&
         confab_manual_clock_get_n_timeouts (self->f.room->world->clock) == 2;
}

/* It begins where there is no network yet. */
static void
test_restart_offline (Lives *self, gconstpointer data)
{
  Fixture *f = &self->f;
  DexFuture *future;

  person_sync_unseen (f->alice, NULL);
  future = person_send (f->alice, "m.room.message", "{\"body\":\"kept\"}");
  test_until (is_left, self);
  live_again (self, future);
  person_show (f->alice);
  f->room->fail_members = 1;
  confab_megolm_machine_start (f->alice->megolm);
  test_until (is_pausing, self);
  g_assert_cmpint (count_left (self), ==, 1);
  confab_manual_clock_advance (f->room->world->clock, 1000);
  test_until (is_none_left, self);
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "kept"));
}

static const struct {
  const char *path;
  const char *type;
  guint away_s;
  const char *back; /* the clock was set back by as much instead */
  gboolean sent;
} ages[] = {
  { "/megolm/restart/reaction-in-time", "m.reaction", 58, NULL, TRUE },
  { "/megolm/restart/reaction-in-time/set-back", "m.reaction", 58, "back", TRUE },
  { "/megolm/restart/reaction-too-old", "m.reaction", 61, NULL, FALSE },
  { "/megolm/restart/reaction-too-old/set-back", "m.reaction", 61, "back", FALSE },
  { "/megolm/restart/call-too-old", "m.call.hangup", 61, NULL, FALSE },
  { "/megolm/restart/message-in-time", "m.room.message", 22 * 60 * 60, NULL, TRUE },
  { "/megolm/restart/message-too-old", "m.room.message", 23 * 60 * 60, NULL, FALSE },
};

/* Later a hand that is raised says nothing; and later still no server knows an event again that it has. */
static void
test_restart_age (Lives *self, gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  DexFuture *future;

  person_sync_unseen (self->f.alice, NULL);
  future = person_send (self->f.alice, ages[i].type, "{\"body\":\"x\"}");
  test_until (is_left, self);
  live_again (self, future);
  world_turn_clock (self->f.room->world, ages[i].away_s * 1000, ages[i].back);
  person_show (self->f.alice);
  confab_megolm_machine_start (self->f.alice->megolm);
  test_until (is_none_left, self);
  g_assert_cmpuint (self->f.room->timeline->len, ==, ages[i].sent ? 1 : 0);
}

static gboolean
is_given_up (gpointer data)
{
  Lives *self = data;

  if (count_left (self) == 0)
    return TRUE;
  if (confab_manual_clock_get_n_timeouts (self->f.room->world->clock) > 0)
    confab_manual_clock_advance_to_next (self->f.room->world->clock);
  return FALSE;
}

/* It is tried for as long as is left of its time, and no longer. */
static void
test_restart_time_left (Lives *self, gconstpointer back)
{
  Fixture *f = &self->f;
  ConfabClock *clock = CONFAB_CLOCK (f->room->world->clock);
  DexFuture *future;
  gint64 began_at;

  person_sync_unseen (f->alice, NULL);
  future = person_send (f->alice, "m.reaction", "{\"body\":\"x\"}");
  test_until (is_left, self);
  live_again (self, future);
  world_turn_clock (f->room->world, 50 * 1000, back);
  f->room->fail_puts = G_MAXUINT;
  person_show (f->alice);
  began_at = confab_clock_get_time (clock);
  confab_megolm_machine_start (f->alice->megolm);
  test_until (is_given_up, self);
  g_assert_cmpuint (f->room->timeline->len, ==, 0);
  g_assert_cmpint (confab_clock_get_time (clock) - began_at, >, 5 * G_USEC_PER_SEC);
  g_assert_cmpint (confab_clock_get_time (clock) - began_at, <=, 10 * G_USEC_PER_SEC);
}

/* What may be in the room in clear does not go in encrypted as well, nor again in clear when the room is by now. */
static void
test_restart_clear (Lives *self, gconstpointer data)
{
  Fixture *f = &self->f;
  DexFuture *future;

  device_exec (f->alice->device, "DELETE FROM state WHERE type = 'm.room.encryption'");
  f->room->fail_puts = 1;
  future = person_send (f->alice, "m.room.message", "{\"body\":\"clear\"}");
  test_until (was_tried, f);
  live_again (self, future);
  person_show (f->alice);
  confab_megolm_machine_start (f->alice->megolm);
  /* The store knows no better: the server is heard first. What is asked for after it, and takes longer, is done. */
  device_send (f->alice->device, f->bob->device, "later");
  device_flush (f->alice->device);
  g_assert_cmpuint (f->room->puts->len, ==, 1);
  if (data != NULL)
    person_sync_unseen (f->alice, NULL); /* it is encrypted */
  confab_megolm_machine_set_heard (f->alice->megolm);
  person_show (f->alice);
  test_until (is_none_left, self);
  g_assert_cmpuint (f->room->puts->len, ==, data != NULL ? 1 : 2);
  g_assert_cmpuint (f->room->timeline->len, ==, 1);
}

/* Whose failure was told is not sent behind the back of who was told. */
static void
test_restart_given_up (Lives *self, gconstpointer data)
{
  Fixture *f = &self->f;
  DexFuture *future;

  f->room->fail_puts = G_MAXUINT;
  future = person_send (f->alice, "m.room.message", "{\"body\":\"lost\"}");
  fixture_turn_until_done (f, future);
  test_expect_error (future, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NETWORK);
  g_assert_cmpint (count_left (self), ==, 0);
  live_again (self, NULL);
  g_assert_cmpint (count_left (self), ==, 0);
}

static void
test_too_large (Fixture *f, gconstpointer data)
{
  g_autofree char *body = g_strnfill (70000, 'x');
  g_autofree char *content = g_strdup_printf ("{\"body\":\"%s\"}", body);

  test_expect_error (person_send (f->alice, "m.room.message", content),
                     CONFAB_MATRIX_ERROR,
                     CONFAB_MATRIX_ERROR_TOO_LARGE);
}

#define ADD_LIVES(path, data, func) g_test_add (path, Lives, data, lives_begin, func, lives_end)
#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  ADD ("/megolm/talk", test_talk);
  ADD ("/megolm/reaction", test_reaction);
  ADD ("/megolm/order", test_order);
  ADD ("/megolm/nothing-readable", test_nothing_readable);
  ADD ("/megolm/late-key", test_late_key);
  ADD ("/megolm/waiting-is-bounded", test_waiting_is_bounded);
  ADD ("/megolm/clear-key", test_clear_key);
  ADD ("/megolm/forwarded-key", test_forwarded_key);
  ADD ("/megolm/other-algorithm", test_other_algorithm);
  ADD ("/megolm/unknown-sender", test_unknown_sender);
  ADD ("/megolm/new-device", test_new_device);
  ADD ("/megolm/device-gone", test_device_gone);
  ADD ("/megolm/sender-gone", test_sender_gone);
  ADD ("/megolm/blocked", test_blocked);
  ADD ("/megolm/stays-blocked", test_stays_blocked);
  ADD ("/megolm/withheld-late", test_withheld_late);
  ADD ("/megolm/withheld-encrypted", test_withheld_encrypted);
  ADD ("/megolm/no-olm-late", test_no_olm_late);
  ADD ("/megolm/no-olm-repeated", test_no_olm_repeated);
  g_test_add ("/megolm/damaged/row",
              Fixture,
              "UPDATE room_events SET content = '{' WHERE id = (SELECT min (id) FROM room_events)",
              fixture_set_up,
              test_damaged_store,
              fixture_tear_down);
  g_test_add ("/megolm/damaged/session",
              Fixture,
              "UPDATE megolm_inbound SET pickle = x'41414141'",
              fixture_set_up,
              test_damaged_store,
              fixture_tear_down);
  ADD ("/megolm/no-olm-ends", test_no_olm_ends);
  g_test_add ("/megolm/no-olm-ends/set-back",
              Fixture,
              "back",
              fixture_set_up,
              test_no_olm_ends,
              fixture_tear_down);
  ADD ("/megolm/refused-device", test_refused_device);
  ADD ("/megolm/no-olm", test_no_olm);
  ADD ("/megolm/member-left", test_member_left);
  for (guint i = 0; i < G_N_ELEMENTS (absences); i++)
    g_test_add (absences[i].path,
                Fixture,
                GUINT_TO_POINTER (i),
                fixture_set_up,
                test_gone_and_back,
                fixture_tear_down);
  ADD ("/megolm/behind", test_behind);
  ADD ("/megolm/row-that-stays", test_row_that_stays);
  ADD ("/megolm/rotate-by-count", test_rotate_by_count);
  ADD ("/megolm/rotate-by-time", test_rotate_by_time);
  g_test_add ("/megolm/rotate-by-time/set-back",
              Fixture,
              "back",
              fixture_set_up,
              test_rotate_by_time,
              fixture_tear_down);
  ADD ("/megolm/rotation-bounds", test_rotation_bounds);
  ADD ("/megolm/replay", test_replay);
  ADD ("/megolm/wrong-sender", test_wrong_sender);
  ADD ("/megolm/damaged", test_damaged);
  ADD ("/megolm/bad-payload", test_bad_payload);
  ADD ("/megolm/better-key", test_better_key);
  ADD ("/megolm/two-givers", test_two_givers);
  ADD ("/megolm/clear-room", test_clear_room);
  ADD ("/megolm/unknown-room", test_unknown_room);
  ADD ("/megolm/unknown-algorithm", test_unknown_algorithm);
  ADD ("/megolm/retry", test_retry);
  ADD ("/megolm/key-refused", test_key_refused);
  ADD ("/megolm/key-unread", test_key_unread);
  ADD ("/megolm/key-unread/gone", test_key_unread_and_gone);
  ADD ("/megolm/key-waits", test_key_waits);
  ADD ("/megolm/network-late", test_network_late);
  ADD ("/megolm/encrypted-meanwhile", test_encrypted_meanwhile);
  ADD ("/megolm/gives-up", test_gives_up);
  ADD ("/megolm/too-large", test_too_large);
  ADD_LIVES ("/megolm/restart/keys", NULL, test_restart_keys);
  ADD_LIVES ("/megolm/restart/early", NULL, test_restart_early);
  ADD_LIVES ("/megolm/restart/offline", NULL, test_restart_offline);
  ADD_LIVES ("/megolm/restart/damaged", NULL, test_restart_damaged);
  ADD_LIVES ("/megolm/restart/taken", NULL, test_restart_taken);
  ADD_LIVES ("/megolm/restart/clear", NULL, test_restart_clear);
  ADD_LIVES ("/megolm/restart/encrypted-meanwhile", GUINT_TO_POINTER (1), test_restart_clear);
  ADD_LIVES ("/megolm/restart/given-up", NULL, test_restart_given_up);
  ADD_LIVES ("/megolm/restart/time-left", NULL, test_restart_time_left);
  ADD_LIVES ("/megolm/restart/time-left/set-back", "back", test_restart_time_left);
  for (guint i = 0; i < G_N_ELEMENTS (ages); i++)
    ADD_LIVES (ages[i].path, GUINT_TO_POINTER (i), test_restart_age);
  return g_test_run ();
}
