/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "megolm-world.h"

#include "confab-json.h"

/* What the disk has spoilt, what there is no room for, what somebody between us and the server says, what nobody takes: it
 * costs no more than itself. */

#define SPOIL_OLM_WITH_BOB                                                                         \
  "UPDATE olm_sessions SET pickle = x'41414141' WHERE sender_key = "                               \
  "(SELECT curve25519 FROM devices WHERE device_id = 'BDEV')"

static void
assert_inbox (Person *person, const char *expected)
{
  g_autofree char *got = NULL;

  person_sync (person, NULL);
  got = device_drain (person->device);
  g_assert_cmpstr (got, ==, expected);
}

/* ---- what is spoilt ---- */

static void
test_inbound_key (Fixture *f, gconstpointer data)
{
  person_say (f->alice, "one");
  person_sync (f->bob, NULL);
  device_exec (f->bob->device, "UPDATE megolm_inbound SET pickle = x'41414141'");
  person_say (f->alice, "two");
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "one"));
  g_assert_cmpint (device_count (f->bob->device, "SELECT count (*) FROM room_events"), ==, 1);
  /* What is given again counts, though it is of the same session and reads less of it. */
  device_exec (f->alice->device, "UPDATE megolm_shares SET state = 2");
  person_say (f->alice, "three");
  g_assert_cmpstr (room_get_session (f->room, 2), ==, room_get_session (f->room, 0));
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "three"));
  g_assert_cmpint (device_count (f->bob->device, "SELECT count (*) FROM megolm_seen"), ==, 2);
}

static void
test_outbound_session (Fixture *f, gconstpointer data)
{
  person_say (f->alice, "one");
  device_exec (f->alice->device, "UPDATE megolm_outbound SET pickle = x'41414141'");
  person_say (f->alice, "two");
  g_assert_cmpstr (room_get_session (f->room, 1), !=, room_get_session (f->room, 0));
  person_sync (f->bob, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "one") SAID ("alice", "ADEV", "two"));
}

static void
test_olm_receiver (Fixture *f, gconstpointer data)
{
  person_say (f->alice, "one");
  assert_inbox (f->bob, "");
  device_exec (f->bob->device, "UPDATE olm_sessions SET pickle = x'41414141'");
  device_send (f->alice->device, f->bob->device, "lost");
  device_flush (f->alice->device);
  assert_inbox (f->bob, ""); /* begins another session */
  person_assert_warned (f->bob, "cannot be decrypted");
  person_sync (f->alice, NULL);
  device_send (f->alice->device, f->bob->device, "found");
  device_flush (f->alice->device);
  assert_inbox (f->bob, "@alice:x|ADEV|found ");
}

/* An older one is still good. */
static void
test_olm_receiver_newest (Fixture *f, gconstpointer data)
{
  person_say (f->alice, "one");
  person_sync (f->bob, NULL);
  device_exec (f->bob->device,
               "INSERT INTO olm_sessions SELECT sender_key, 'another', x'41414141', created_at, "
               "last_used + 1 FROM olm_sessions");
  device_send (f->alice->device, f->bob->device, "read");
  device_flush (f->alice->device);
  assert_inbox (f->bob, "@alice:x|ADEV|read ");
  g_assert_cmpint (device_count (f->bob->device, "SELECT count (*) FROM olm_sessions"), ==, 1);
}

static void
test_olm_sender (Fixture *f, gconstpointer data)
{
  person_say (f->alice, "one");
  assert_inbox (f->bob, "");
  assert_inbox (f->carol, "");
  device_exec (f->alice->device, SPOIL_OLM_WITH_BOB);
  device_send (f->alice->device, f->bob->device, "to bob");
  device_send (f->alice->device, f->carol->device, "to carol");
  device_flush (f->alice->device);
  g_assert_cmpstr (f->alice->device->outcomes->str, ==, "ok ok ");
  assert_inbox (f->bob, "@alice:x|ADEV|to bob ");
  assert_inbox (f->carol, "@alice:x|ADEV|to carol ");
}

static void
test_olm_of_room (Fixture *f, gconstpointer data)
{
  person_say (f->alice, "one");
  device_exec (f->alice->device, SPOIL_OLM_WITH_BOB);
  device_exec (f->alice->device, "UPDATE megolm_outbound SET expired = 1");
  person_say (f->alice, "two");
  g_assert_cmpstr (room_get_session (f->room, 1), !=, room_get_session (f->room, 0));
  person_sync (f->bob, NULL);
  person_sync (f->carol, NULL);
  person_assert_heard (f->bob, SAID ("alice", "ADEV", "one") SAID ("alice", "ADEV", "two"));
  person_assert_heard (f->carol, SAID ("alice", "ADEV", "one") SAID ("alice", "ADEV", "two"));
}

/* ---- what does not go out ---- */

static gboolean
is_waiting_cb (gpointer data)
{
  const Fixture *f = data;

  return confab_manual_clock_get_n_timeouts (f->room->world->clock) > 0;
}

/* Turns the clock whenever something waits for it. */
static void
await_done (Fixture *f, guint n)
{
  while (f->alice->device->n_done < n) {
    if (confab_manual_clock_get_n_timeouts (f->room->world->clock) > 0)
      confab_manual_clock_advance_to_next (f->room->world->clock);
    g_main_context_iteration (NULL, FALSE);
  }
}

/* The server has taken it, and there is no room to note that: it is not told so without end. */
static void
test_full_disk (Fixture *f, gconstpointer data)
{
  World *world = f->room->world;
  guint n_before;

  person_say (f->alice, "one");
  assert_inbox (f->bob, "");
  device_exec (f->alice->device,
               "CREATE TRIGGER full BEFORE DELETE ON outbox BEGIN "
               "SELECT RAISE (ABORT, 'database or disk is full'); END");
  n_before = world->sent->len;
  g_test_expect_message ("confab-matrix", G_LOG_LEVEL_WARNING, "cannot take sent messages*full*");
  device_send (f->alice->device, f->bob->device, "once");
  test_until (is_waiting_cb, f);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (world->sent->len, ==, n_before + 1);
  g_assert_cmpstr (f->alice->device->outcomes->str, ==, "ok ");
  device_exec (f->alice->device, "DROP TRIGGER full");
  confab_manual_clock_advance_to_next (world->clock);
  device_flush (f->alice->device);
  g_assert_cmpuint (world->sent->len, ==, n_before + 2);
  g_assert_cmpint (device_count (f->alice->device, "SELECT count (*) FROM outbox"), ==, 0);
  assert_inbox (f->bob, "@alice:x|ADEV|once "); /* for it was the same request */
}

/* Each message has its tries, whatever became of those before it. */
static void
test_unread_answers (Fixture *f, gconstpointer data)
{
  World *world = f->room->world;
  guint n_before, n_first;

  person_say (f->alice, "one");
  world->unread_sends = G_MAXUINT;
  n_before = world->sent->len;
  device_send (f->alice->device, f->bob->device, "a");
  await_done (f, 1);
  n_first = world->sent->len - n_before;
  g_assert_cmpuint (n_first, >, 1);
  device_send (f->alice->device, f->bob->device, "b");
  await_done (f, 2);
  g_assert_cmpuint (world->sent->len - n_before, ==, 2 * n_first);
}

/* More than are looked at for one request, for a device that the server fails on. */
static void
test_crowd (Fixture *f, gconstpointer data)
{
  World *world = f->room->world;
  guint n_before;

  person_say (f->alice, "one");
  assert_inbox (f->bob, "");
  device_exec (f->alice->device,
               "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100) "
               "INSERT INTO outbox (room_id, user_id, device_id, type, content, security, "
               "wire_type, wire_content, created_at) SELECT '!r:x', '@far:x', 'BAD', 'x.lasting', "
               "'{}', 1, 'm.room.encrypted', '{\"a\":1}', 0 FROM n");
  world->bad_device = "BAD";
  world->bad_status = 500;
  n_before = world->sent->len;
  /* It goes out with one of theirs, until it is known whose fault it is. */
  device_send (f->alice->device, f->bob->device, "early");
  await_done (f, 1);
  g_assert_cmpuint (world->sent->len, >, n_before + 1);
  device_send (f->alice->device, f->bob->device, "call");
  await_done (f, 2);
  g_assert_cmpstr (f->alice->device->outcomes->str, ==, "ok ok ");
  assert_inbox (f->bob, "@alice:x|ADEV|early @alice:x|ADEV|call ");
  g_assert_cmpint (device_count (f->alice->device, "SELECT count (*) FROM outbox"), ==, 1100);
  device_exec (f->alice->device, "DELETE FROM outbox");
}

static void
set_encrypted (Fixture *f, gboolean encrypted)
{
  device_exec (f->alice->device,
               encrypted ? "INSERT INTO state (room_id, type, state_key, sender, origin_server_ts, "
                           "content) VALUES ('" ROOM "', 'm.room.encryption', '', '@alice:x', 5, "
                           "'{\"algorithm\":\"m.megolm.v1.aes-sha2\"}')"
                         : "DELETE FROM state WHERE type = 'm.room.encryption'");
}

static const char *
type_of_mail (Fixture *f, guint index)
{
  GPtrArray *mailbox = world_mailbox (f->room->world, "@bob:x|BDEV");

  g_assert_cmpuint (mailbox->len, >, index);
  return json_object_get_string_member (mailbox->pdata[index], "type");
}

/* What was to go out in clear waits for the server, and meanwhile the room is encrypted. */
static void
test_encrypted_meanwhile (Fixture *f, gconstpointer data)
{
  Device *alice = f->alice->device;

  person_say (f->alice, "one");
  assert_inbox (f->bob, "");
  set_encrypted (f, FALSE);
  device_send_full (alice, ROOM, "@bob:x", "BDEV", "clear", CONFAB_SIGNALLING_CLEAR);
  await_done (f, 1);
  g_assert_cmpstr (type_of_mail (f, 0), ==, "m.call.candidates");
  f->room->world->refuse_sends = 1;
  device_send_full (alice, ROOM, "@bob:x", "BDEV", "secret", CONFAB_SIGNALLING_CLEAR);
  test_until (is_waiting_cb, f);
  set_encrypted (f, TRUE);
  await_done (f, 2);
  g_assert_cmpstr (type_of_mail (f, 1), ==, "m.room.encrypted");
  g_assert_cmpuint (world_mailbox (f->room->world, "@bob:x|BDEV")->len, ==, 2);
  assert_inbox (f->bob, "@alice:x|-|clear @alice:x|ADEV|secret ");
}

/* The same with a device that is blocked meanwhile. */
static void
test_blocked_meanwhile (Fixture *f, gconstpointer data)
{
  person_say (f->alice, "one");
  assert_inbox (f->bob, "");
  f->room->world->refuse_sends = 1;
  device_send (f->alice->device, f->bob->device, "waits");
  device_send (f->alice->device, f->carol->device, "goes");
  test_until (is_waiting_cb, f);
  person_set_blocked (f->alice, "@bob:x", "BDEV", TRUE);
  g_hash_table_remove_all (f->room->world->bodies); /* it has taken none, so it may be another */
  await_done (f, 2);
  assert_inbox (f->carol, "@alice:x|ADEV|goes ");
  g_assert_cmpuint (world_mailbox (f->room->world, "@bob:x|BDEV")->len, ==, 0);
  g_assert_cmpint (device_count (f->alice->device, "SELECT count (*) FROM outbox"), ==, 0);
}

int
main (int argc, char **argv)
{
  dex_init ();
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func)                                                                            \
  g_test_add ("/trouble/" path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("spoilt/inbound-key", test_inbound_key);
  ADD ("spoilt/outbound-session", test_outbound_session);
  ADD ("spoilt/olm/receiver", test_olm_receiver);
  ADD ("spoilt/olm/receiver/newest", test_olm_receiver_newest);
  ADD ("spoilt/olm/sender", test_olm_sender);
  ADD ("spoilt/olm/room", test_olm_of_room);
  ADD ("full-disk", test_full_disk);
  ADD ("unread-answers", test_unread_answers);
  ADD ("crowd", test_crowd);
  ADD ("encrypted-meanwhile", test_encrypted_meanwhile);
  ADD ("blocked-meanwhile", test_blocked_meanwhile);
  return g_test_run ();
}
