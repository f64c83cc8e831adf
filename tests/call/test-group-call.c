/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-call-lab.h"
#include "confab-declined-calls.h"
#include "confab-json.h"

/* Stories of ConfabGroupCall: the rows of protocol/mesh-calls.md section 10.1, and sections 7.2, 9.2, 9.6 and 9.7. */

static void
lab_new_media (Lab *lab)
{
  g_clear_object (&lab->media);
  lab->media = confab_fake_local_media_new (CONFAB_CLOCK (lab->clock), "again");
}

static void
test_join (void)
{
  Lab lab = { 0 };
  JsonObject *content;

  lab_start (&lab);
  assert_state (&lab, "known");
  lab_join (&lab);
  assert_state (&lab, "joined");
  assert_log (&lab, "MEMBER ");
  content = confab_fake_signalling_peek_last (lab.signalling, MEMBER);
  g_assert_cmpuint (json_array_get_length (confab_json_peek_array (content, "m.calls")), ==, 1);
  confab_call_leave (lab.call);
  g_assert_true (confab_fake_local_media_get_closed (lab.media));
  assert_state (&lab, "leaving");
  lab_advance (&lab, 1);
  assert_state (&lab, "known");
  assert_log (&lab, "MEMBER ");
  lab_finish (&lab);
}

static void
test_join_forbidden (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_fake_signalling_fail (lab.signalling, MEMBER, CONFAB_SIGNALLING_ERROR_FORBIDDEN, 1);
  lab_join (&lab);
  assert_state (&lab, "known");
  g_assert_cmpstr (lab.failed->str, ==, "0 ");
  g_assert_true (confab_fake_local_media_get_closed (lab.media));
  lab_finish (&lab);
}

static void
test_join_foci (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_state (
    &lab,
    MEMBER,
    "@a:x",
    "@a:x",
    "{\"m.calls\":[{\"m.call_id\":\"conf\",\"m.devices\":[{\"device_id\":\"A\",\"session_id\":"
    "\"S\","
    "\"expires_ts\":9000000000000,\"m.foci.active\":[{\"user_id\":\"@s:x\"}]}]}]}");
  lab_join (&lab);
  assert_state (&lab, "known");
  g_assert_cmpstr (lab.failed->str, ==, "2 ");
  assert_log (&lab, "");
  lab_finish (&lab);
}

static void
test_leave_while_preparing (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media));
  assert_state (&lab, "preparing");
  confab_call_leave (lab.call);
  lab_advance (&lab, 10);
  assert_state (&lab, "known");
  assert_log (&lab, "");
  lab_finish (&lab);
}

/* Hangups and the own entry go out together, and one is out once the server has them. */
static void
test_leave (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab.echo = FALSE;
  confab_call_leave (lab.call);
  assert_log (&lab, "hangup MEMBER ");
  lab_advance (&lab, 1);
  assert_state (&lab, "known");
  assert_member (&lab, "advertised");
  g_assert_cmpint (confab_group_call_get_joined_at (CONFAB_GROUP_CALL (lab.call)), ==, 0);
  lab_advance (&lab, 50 * 60 * 1000); /* nothing is renewed */
  assert_log (&lab, "");
  lab_finish (&lab);
}

static void
test_session_is_new (void)
{
  Lab lab = { 0 };
  g_autofree char *first = NULL;

  lab_start (&lab);
  lab_join (&lab);
  first = g_strdup (confab_group_call_get_session_id (CONFAB_GROUP_CALL (lab.call)));
  confab_call_leave (lab.call);
  lab_advance (&lab, 10);
  g_clear_object (&lab.media);
  lab.media = confab_fake_local_media_new (CONFAB_CLOCK (lab.clock), "local2");
  lab_join (&lab);
  assert_state (&lab, "joined");
  g_assert_cmpstr (confab_group_call_get_session_id (CONFAB_GROUP_CALL (lab.call)), !=, first);
  lab_finish (&lab);
}

static void
test_last_one_terminates (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_call_handler_set_can_send_call (lab.handler, ROOM, TRUE);
  lab_join (&lab);
  confab_fake_signalling_clear_log (lab.signalling);
  confab_call_leave (lab.call);
  /* One after the other: two state events at once fork the room's history. */
  assert_log (&lab, "MEMBER ");
  lab_advance (&lab, 1);
  assert_log (&lab, "CALL ");
  lab_advance (&lab, 10);
  assert_state (&lab, "ended");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (lab.handler)), ==, 0);
  lab_finish (&lab);
}

/* Whoever leaves to end the process would cut off what ends the call for everybody: it is waited for, for 2 s. */
static void
test_last_one_waits (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_call_handler_set_can_send_call (lab.handler, ROOM, TRUE);
  lab_join (&lab);
  confab_fake_signalling_delay (lab.signalling, CALL, 1000);
  confab_call_leave (lab.call);
  lab_advance (&lab, 10);
  g_assert_false (confab_group_call_get_lingering (CONFAB_GROUP_CALL (lab.call)));
  lab_advance (&lab, 980);
  assert_state (&lab, "leaving");
  lab_advance (&lab, 20);
  assert_state (&lab, "ended");
  lab_finish (&lab);
}

/* The same, and the server says no: nobody waits on. */
static void
test_last_one_waits_in_vain (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_call_handler_set_can_send_call (lab.handler, ROOM, TRUE);
  lab_join (&lab);
  confab_fake_signalling_fail (lab.signalling, CALL, CONFAB_SIGNALLING_ERROR_NETWORK, 1);
  confab_fake_signalling_delay (lab.signalling, CALL, 500);
  confab_call_leave (lab.call);
  lab_advance (&lab, 500); /* the entry has gone after 1 ms */
  assert_state (&lab, "leaving");
  lab_advance (&lab, 1);
  assert_state (&lab, "known");
  g_assert_cmpstr (lab.failed->str, ==, "");
  lab_finish (&lab);
}

static void
test_room_call_stays (void)
{
  Lab lab = { 0 };

  lab_start_with (&lab, "{\"m.intent\":\"m.room\",\"m.type\":\"m.voice\"}");
  confab_call_handler_set_can_send_call (lab.handler, ROOM, TRUE);
  lab_join (&lab);
  confab_call_leave (lab.call);
  lab_advance (&lab, 10);
  assert_state (&lab, "known");
  lab_finish (&lab);
}

static void
test_terminated (gconstpointer content)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_state (&lab, "org.matrix.msc3401.call", "conf", "@a:x", content);
  assert_state (&lab, "ended");
  g_assert_true (confab_fake_local_media_get_closed (lab.media));
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  assert_log (&lab, "hangup MEMBER ");
  /* The id is never used again. */
  lab_state (&lab, "org.matrix.msc3401.call", "conf", "@a:x", "{\"m.intent\":\"m.ring\"}");
  g_assert_null (confab_call_handler_lookup (lab.handler, ROOM, "conf"));
  lab_finish (&lab);
}

static void
test_goes_on (gconstpointer content)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_state (&lab, CALL, "conf", "@a:x", content);
  assert_state (&lab, "joined");
  assert_log (&lab, "");
  lab_finish (&lab);
}

static void
test_room_lost (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  confab_call_handler_handle_membership (lab.handler, ROOM, "@b:x", FALSE);
  assert_state (&lab, "ended");
  assert_log (&lab, "hangup ");
  g_assert_true (confab_fake_local_media_get_closed (lab.media));
  g_assert_cmpstr (lab.failed->str, ==, "5 ");
  lab_finish (&lab);
}

/* On the way in as well: whoever wanted to join hears what became of it. */
static void
test_room_lost_while_preparing (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media));
  assert_state (&lab, "preparing");
  confab_call_handler_handle_membership (lab.handler, ROOM, "@b:x", FALSE);
  assert_state (&lab, "ended");
  g_assert_true (confab_fake_local_media_get_closed (lab.media));
  g_assert_cmpstr (lab.failed->str, ==, "5 ");
  lab_advance (&lab, 5); /* what was asked for is answered */
  lab_finish (&lab);
}

/* Back in the room, and in another call there: of the one that it was in nothing is written again. */
static void
test_room_lost_and_back (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  confab_call_handler_handle_membership (lab.handler, ROOM, "@b:x", FALSE);
  assert_state (&lab, "ended");
  confab_call_handler_handle_membership (lab.handler, ROOM, "@b:x", TRUE);
  lab_new_media (&lab);
  lab_create (&lab, CONFAB_CALL_INTENT_PROMPT);
  lab_join (&lab);
  assert_state (&lab, "joined");
  g_assert_cmpuint (lab_count_own_calls (&lab), ==, 1);
  lab_finish (&lab);
}

/* The one to whom a message was still on its way is gone: with that the leaving is done, and the call is over, while the
 * member event that says so is still looked through (the simulator, seed 912690). */
static void
test_ended_while_members_go (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_state (&lab,
             MEMBER,
             "@c:x",
             "@c:x",
             "{\"m.calls\":[{\"m.call_id\":\"conf\",\"m.devices\":["
             "{\"device_id\":\"C1\",\"session_id\":\"S\",\"expires_ts\":9000000000000},"
             "{\"device_id\":\"C2\",\"session_id\":\"S\",\"expires_ts\":9000000000000}]}]}");
  lab_join (&lab);
  lab_advance (&lab, 201);
  /* The first one says no: nothing is sent to it any more. */
  lab_receive (&lab,
               "m.call.hangup",
               confab_call_member_get_call_id (lab_peek_member (&lab)),
               0,
               HANGUP ("user_hangup"));
  confab_fake_signalling_hold_type (lab.signalling, "m.call.hangup");
  confab_call_leave (lab.call);
  lab_advance (&lab, 5);
  assert_state (&lab, "leaving");
  lab_state (&lab, CALL, "conf", "@a:x", "{\"m.intent\":\"m.ring\",\"m.terminated\":true}");
  assert_state (&lab, "leaving");
  lab_state (&lab, MEMBER, "@c:x", "@c:x", "{\"m.calls\":[]}");
  assert_state (&lab, "ended");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  confab_fake_signalling_hold_type (lab.signalling, NULL);
  lab_advance (&lab, 5);
  lab_finish (&lab);
}

#define CHANGED "sdp_stream_metadata_changed "

/* What is said to all is said within one turn of the loop: so it leaves in one request. */
static void
test_told_at_once (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  for (guint i = 0; i < 4; i++) {
    g_autofree char *user = g_strdup_printf ("@c%u:x", i);
    lab_member (&lab, user, "C", "S");
  }
  lab_join (&lab);
  confab_fake_signalling_clear_log (lab.signalling);
  lab_advance (&lab, 201);
  assert_log (&lab, "invite invite invite invite ");
  confab_call_set_microphone_muted (lab.call, TRUE);
  assert_log (&lab, CHANGED CHANGED CHANGED CHANGED);
  confab_call_set_camera_muted (lab.call, TRUE);
  assert_log (&lab, CHANGED CHANGED CHANGED CHANGED);
  confab_call_leave (lab.call);
  assert_log (&lab, "hangup hangup hangup hangup MEMBER ");
  lab_finish (&lab);
}

static void
test_create (void)
{
  Lab lab = { 0 };
  JsonObject *content;

  lab_start (&lab);
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  assert_state (&lab, "local-draft");
  lab_join (&lab); /* at once: the member event goes out after the call event was taken */
  assert_log (&lab, "CALL MEMBER ");
  assert_state (&lab, "joined");
  content = confab_fake_signalling_peek_last (lab.signalling, CALL);
  g_assert_cmpstr (json_object_get_string_member (content, "m.intent"), ==, "m.ring");
  g_assert_cmpstr (json_object_get_string_member (content, "m.type"), ==, "m.video");
  g_assert_cmpstr (json_object_get_string_member (content, "m.name"), ==, "Hi");
  g_assert_cmpint (confab_call_get_started_at (lab.call), ==, NOW_MS * 1000);
  lab_finish (&lab);
}

static void
test_create_forbidden (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_fake_signalling_fail (lab.signalling, CALL, CONFAB_SIGNALLING_ERROR_FORBIDDEN, 1);
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  lab_advance (&lab, 5);
  assert_state (&lab, "ended");
  g_assert_cmpstr (lab.failed->str, ==, "0 ");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (lab.handler)), ==, 1);
  lab_finish (&lab);
}

static void
test_renewal (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  assert_log (&lab, "MEMBER ");
  lab_advance (&lab, 43 * 60 * 1000 - 10);
  assert_log (&lab, "");
  confab_fake_signalling_fail (lab.signalling, MEMBER, CONFAB_SIGNALLING_ERROR_NETWORK, 1);
  lab_advance (&lab, 4 * 60 * 1000 + 30100);
  assert_log (&lab, "MEMBER MEMBER "); /* the second after 30 s */
  assert_state (&lab, "joined");
  /* The server is gone for good: until the entry has run out. */
  confab_fake_signalling_fail (lab.signalling, MEMBER, CONFAB_SIGNALLING_ERROR_NETWORK, 1000);
  lab_advance (&lab, 55 * 60 * 1000);
  assert_state (&lab, "joined");
  lab_advance (&lab, 10 * 60 * 1000);
  assert_state (&lab, "known");
  g_assert_cmpstr (lab.failed->str, ==, "1 ");
  lab_finish (&lab);
}

/* The server is gone, or the account is, and the entry runs out: whoever talks talks on. Without anybody it is over; and when
 * the server is back the room hears that this device is in the call still. */
static void
test_renewal_connected (gconstpointer back)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  confab_fake_signalling_fail (lab.signalling, MEMBER, CONFAB_SIGNALLING_ERROR_NETWORK, 100000);
  lab_advance (&lab, 150 * 60 * 1000);
  assert_state (&lab, "joined");
  assert_member (&lab, "connected");
  g_assert_cmpstr (lab.failed->str, ==, "");
  g_assert_false (confab_fake_local_media_get_closed (lab.media));
  confab_fake_signalling_clear_log (lab.signalling);
  lab_advance (&lab, 5 * 60 * 1000);
  assert_log (
    &lab, "MEMBER MEMBER MEMBER MEMBER MEMBER MEMBER MEMBER MEMBER MEMBER MEMBER "); /* each 30 s */
  if (back != NULL) {
    confab_fake_signalling_fail (lab.signalling, MEMBER, CONFAB_SIGNALLING_ERROR_NETWORK, 0);
    lab_advance (&lab, 30100);
    assert_log (&lab, "MEMBER ");
    g_assert_cmpint (lab_get_own_expiry (&lab),
                     >,
                     confab_clock_get_real_time (CONFAB_CLOCK (lab.clock)) / 1000);
    assert_state (&lab, "joined");
  } else {
    lab_state (&lab, MEMBER, "@c:x", "@c:x", "{\"m.calls\":[]}");
    lab_advance (&lab, 30100);
    assert_state (&lab, "known");
    g_assert_cmpstr (lab.failed->str, ==, "1 ");
    g_assert_true (confab_fake_local_media_get_closed (lab.media));
  }
  lab_finish (&lab);
}

/* Another device of the user writes the event without this one's entry. */
static void
lose_own_entry (Lab *lab)
{
  confab_fake_signalling_clear_log (lab->signalling);
  lab_state (lab, MEMBER, "@b:x", "@b:x", "{\"m.calls\":[]}");
  lab_sync_end (lab);
}

/* Two devices that join at once may take each other out more than once: it is written again, three times at once and
 * five times after a while that is another one for each, and may be longer each time. */
static void
test_own_entry_lost (void)
{
  gint64 asked_at = 0;
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  for (guint i = 0; i < 3; i++) {
    lose_own_entry (&lab);
    assert_log (&lab, "MEMBER ");
    lab_sync_end (&lab); /* with nothing new in it */
    assert_log (&lab, "");
    assert_state (&lab, "joined");
    lab_advance (&lab, 10);
  }
  for (guint i = 0; i < 5; i++) {
    lose_own_entry (&lab);
    lose_own_entry (&lab); /* while it waits nothing is counted */
    asked_at = confab_clock_get_time (CONFAB_CLOCK (lab.clock));
    lab_advance (&lab, 499);
    assert_log (&lab, "");
    assert_state (&lab, "joined");
    while (*confab_fake_signalling_get_log (lab.signalling) == '\0')
      g_assert_true (confab_manual_clock_advance_to_next (lab.clock));
    g_assert_cmpint (confab_clock_get_time (CONFAB_CLOCK (lab.clock)) - asked_at,
                     <=,
                     (2500 << MIN (i, 2)) * (gint64) 1000);
    lab_advance (&lab, 10);
  }
  lose_own_entry (&lab);
  assert_state (&lab, "known");
  g_assert_cmpstr (lab.failed->str, ==, "4 ");
  g_assert_true (confab_fake_local_media_get_closed (lab.media));
  /* Out is out: another session begins from the start, with its own rewrites. */
  lab_new_media (&lab);
  lab_join (&lab);
  lab_echo_own (&lab);
  lose_own_entry (&lab);
  assert_log (&lab, "MEMBER ");
  assert_state (&lab, "joined");
  lab_finish (&lab);
}

static void
test_stale_removed (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@b:x", "ME", "old");
  assert_log (&lab, "MEMBER ");
  lab_advance (&lab, 5);
  assert_log (&lab, "");
  g_assert_cmpuint (json_array_get_length (confab_json_peek_array (
                      confab_fake_signalling_peek_last (lab.signalling, MEMBER), "m.calls")),
                    ==,
                    0);
  lab_finish (&lab);
}

/* What another device of this user has is nothing that it left behind. */
static void
test_other_is_not_stale (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@b:x", "OTHER", "S");
  lab_sync_end (&lab);
  lab_advance (&lab, 60000);
  lab_sync_end (&lab);
  assert_log (&lab, "");
  lab_finish (&lab);
}

static void
test_ringing (void)
{
  Lab lab = { 0 };

  lab_start_with (&lab, "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  lab_sync_end (&lab);
  g_assert_false (confab_call_get_ringing (lab.call)); /* nobody is in it */
  lab_member (&lab, "@a:x", "A", "S");
  g_assert_true (confab_call_get_ringing (lab.call));
  confab_call_decline (lab.call, CONFAB_DECLINE_HERE);
  g_assert_null (confab_fake_signalling_peek_last (lab.signalling, CONFAB_DECLINED_CALLS_TYPE));
  g_assert_false (confab_call_get_ringing (lab.call));
  lab_sync_end (&lab);
  g_assert_false (confab_call_get_ringing (lab.call));
  lab_finish (&lab);
}

/* Of whom it is not known yet whether they are in the room: they ring when it is. */
static void
test_ringing_once_in_room (void)
{
  Lab lab = { 0 };

  lab_start_with (&lab, "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  confab_call_handler_handle_membership (lab.handler, ROOM, "@a:x", FALSE);
  lab_member (&lab, "@a:x", "A", "S");
  lab_sync_end (&lab);
  g_assert_cmpuint (g_list_model_get_n_items (confab_call_get_participants (lab.call)), ==, 0);
  g_assert_false (confab_call_get_ringing (lab.call));
  confab_call_handler_handle_membership (lab.handler, ROOM, "@a:x", TRUE);
  lab_sync_end (&lab);
  g_assert_cmpuint (g_list_model_get_n_items (confab_call_get_participants (lab.call)), ==, 1);
  g_assert_true (confab_call_get_ringing (lab.call));
  lab_finish (&lab);
}

/* Declined for all devices: the others are told; what was declined before is kept until its time is over. */
static void
test_ringing_declined_everywhere (void)
{
  Lab lab = { 0 };
  g_autofree char *before = g_strdup_printf ("{\"calls\":{\"old\":{\"until_ts\":%" G_GINT64_FORMAT
                                             "},\"other\":{\"until_ts\":%" G_GINT64_FORMAT "}}}",
                                             NOW_MS,
                                             NOW_MS + 1);
  g_autoptr (JsonObject) content = confab_json_parse_object (before, -1, NULL);
  JsonObject *calls = NULL;
  JsonObject *entry = NULL;

  lab_start_with (&lab, "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  confab_call_handler_handle_account_data (lab.handler, ROOM, CONFAB_DECLINED_CALLS_TYPE, content);
  lab_member (&lab, "@a:x", "A", "S");
  g_assert_true (confab_call_get_ringing (lab.call));
  confab_call_decline (lab.call, CONFAB_DECLINE_EVERYWHERE);
  g_assert_false (confab_call_get_ringing (lab.call));
  lab_advance (&lab, 0);
  calls = confab_json_peek_object (confab_fake_signalling_peek_last (lab.signalling,
                                                                     CONFAB_DECLINED_CALLS_TYPE),
                                   "calls");
  g_assert_nonnull (calls);
  g_assert_cmpuint (json_object_get_size (calls), ==, 2);
  g_assert_nonnull (confab_json_peek_object (calls, "other"));
  entry = confab_json_peek_object (calls, "conf");
  g_assert_cmpint (confab_json_peek_int (entry, "until_ts", 0), >, NOW_MS + 60000);
  lab_finish (&lab);
}

static guint
count_declined (ConfabDeclinedCalls *declined)
{
  g_autoptr (JsonObject) content = confab_declined_calls_to_json (declined);

  return json_object_get_size (confab_json_peek_object (content, "calls"));
}

/* It is written into the account: no list without end, whoever wrote it. */
static void
test_ringing_many_declined (void)
{
  ConfabDeclinedCalls *declined = confab_declined_calls_new ();
  g_autoptr (JsonObject) content = json_object_new ();
  g_autoptr (GHashTable) none = g_hash_table_new (g_str_hash, g_str_equal);
  JsonObject *calls = json_object_new ();

  for (guint i = 0; i < 60; i++) {
    g_autofree char *id = g_strdup_printf ("c%u", i);
    JsonObject *entry = json_object_new ();
    json_object_set_int_member (entry, "until_ts", NOW_MS + 1000);
    json_object_set_object_member (calls, id, entry);
  }
  json_object_set_object_member (content, "calls", calls);
  confab_declined_calls_read (declined, content);
  g_assert_cmpuint (count_declined (declined), ==, 50);
  confab_declined_calls_add (declined, "new", NOW_MS + 1000, none, NOW_MS);
  g_assert_cmpuint (count_declined (declined), ==, 1);
  g_assert_true (confab_declined_calls_contains (declined, "new"));
  confab_declined_calls_free (declined);
}

/* Another device has declined it: before it rang here, and while it does; what is no such content changes nothing. */
static void
test_ringing_declined_elsewhere (gconstpointer early)
{
  static const char *const nonsense[] = {
    "{}",
    "{\"calls\":[\"conf\"]}",
    "{\"calls\":{\"conf\":1}}",
    "{\"calls\":{\"\":{\"until_ts\":1}}}",
  };
  Lab lab = { 0 };
  g_autoptr (JsonObject) content = confab_json_parse_object ("{\"calls\":{\"conf\":{\"until_ts\":\"soon\"}}}",
                                                  -1,
                                                  NULL);

  lab_start_with (&lab, "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  if (early == NULL) {
    lab_member (&lab, "@a:x", "A", "S");
    for (guint i = 0; i < G_N_ELEMENTS (nonsense); i++) {
      g_autoptr (JsonObject) other = confab_json_parse_object (nonsense[i], -1, NULL);
      confab_call_handler_handle_account_data (lab.handler,
                                               ROOM,
                                               CONFAB_DECLINED_CALLS_TYPE,
                                               other);
      lab_sync_end (&lab);
      g_assert_true (confab_call_get_ringing (lab.call));
    }
    confab_call_handler_handle_account_data (lab.handler, ROOM, "m.tag", content);
    lab_sync_end (&lab);
    g_assert_true (confab_call_get_ringing (lab.call));
  }
  confab_call_handler_handle_account_data (lab.handler, ROOM, CONFAB_DECLINED_CALLS_TYPE, content);
  if (early != NULL)
    lab_member (&lab, "@a:x", "A", "S");
  lab_sync_end (&lab);
  g_assert_false (confab_call_get_ringing (lab.call));
  lab_finish (&lab);
}

/* Whoever was in it has answered: leaving within the minute makes it ring no more. */
static void
test_ringing_answered (void)
{
  Lab lab = { 0 };

  lab_start_with (&lab, "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  lab_member (&lab, "@a:x", "A", "S");
  g_assert_true (confab_call_get_ringing (lab.call));
  confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media)); /* stops it at once */
  g_assert_false (confab_call_get_ringing (lab.call));
  confab_call_leave (lab.call);
  lab_advance (&lab, 1);
  lab_sync_end (&lab);
  g_assert_false (confab_call_get_ringing (lab.call));
  lab_finish (&lab);
}

#define RING "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}"

static void
silenced_cb (ConfabCallHandler *handler, const char *room_id, const char *call_id, GString *said)
{
  g_assert_cmpstr (room_id, ==, ROOM);
  g_string_append_printf (said, "%s ", call_id);
}

static void
decline_here (Lab *lab)
{
  confab_call_decline (lab->call, CONFAB_DECLINE_HERE);
}

static void
answer_and_leave (Lab *lab)
{
  lab_join (lab);
  confab_call_leave (lab->call);
  lab_advance (lab, 1);
}

static void
answer_elsewhere (Lab *lab)
{
  lab_member (lab, "@b:x", "PHONE", "P");
}

static void
ring_out (Lab *lab)
{
  lab_advance (lab, 60000);
}

/* What this device is through with it says, once, so that it may be told in its next run, where such a call rings no
 * more. Another one does. */
static void
test_ringing_after_restart (gconstpointer data)
{
  void (*silence) (Lab *lab) = data;
  Lab lab = { 0 };
  g_autoptr (GString) said = g_string_new (NULL);

  lab_start_with (&lab, RING);
  g_signal_connect (lab.handler, "silenced", G_CALLBACK (silenced_cb), said);
  lab_member (&lab, "@a:x", "A", "S");
  g_assert_true (confab_call_get_ringing (lab.call));
  g_assert_cmpstr (said->str, ==, "");
  silence (&lab);
  lab_sync_end (&lab);
  g_assert_cmpstr (said->str, ==, "conf ");
  g_assert_false (confab_call_get_ringing (lab.call));
  lab_finish (&lab);

  lab = (Lab) { 0 };
  lab_start_with (&lab, RING);
  g_signal_connect (lab.handler, "silenced", G_CALLBACK (silenced_cb), said);
  confab_call_handler_add_silenced (lab.handler, ROOM, "conf");
  lab_member (&lab, "@a:x", "A", "S");
  g_assert_false (confab_call_get_ringing (lab.call));
  lab_state (&lab, CALL, "other", "@a:x", RING);
  g_set_object (&lab.call, confab_call_handler_lookup (lab.handler, ROOM, "other"));
  lab_member_of (&lab, "@c:x", "C");
  g_assert_true (confab_call_get_ringing (lab.call));
  g_assert_cmpstr (said->str, ==, "conf ");
  lab_finish (&lab);
}

/* A call that was begun here as well, once the homeserver has it: one that comes to nothing leaves nothing behind. */
static void
test_ringing_own_after_restart (gconstpointer fails)
{
  Lab lab = { 0 };
  g_autoptr (GString) said = g_string_new (NULL);
  g_autofree char *id = NULL;
  g_autofree char *expected = NULL;

  lab_start (&lab);
  g_signal_connect (lab.handler, "silenced", G_CALLBACK (silenced_cb), said);
  if (fails != NULL)
    confab_fake_signalling_fail (lab.signalling, CALL, CONFAB_SIGNALLING_ERROR_NETWORK, 1);
  lab.echo = FALSE;
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  id = confab_call_dup_id (lab.call);
  expected = g_strdup_printf ("%s ", id);
  confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media));
  g_assert_cmpstr (said->str, ==, "");
  lab_advance (&lab, 3);
  g_assert_cmpstr (said->str, ==, fails != NULL ? "" : expected);
  lab_finish (&lab);
}

static void
test_ringing_times_out (void)
{
  Lab lab = { 0 };

  lab_start_with (&lab, "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  lab_member (&lab, "@a:x", "A", "S");
  lab_advance (&lab, 59999);
  g_assert_true (confab_call_get_ringing (lab.call));
  lab_advance (&lab, 1);
  g_assert_false (confab_call_get_ringing (lab.call));
  lab_sync_end (&lab);
  g_assert_false (confab_call_get_ringing (lab.call));
  lab_finish (&lab);
}

/* One member event is not to make a thousand connections. */
static void
test_too_many_devices (void)
{
  Lab lab = { 0 };
  g_autoptr (GString) text = g_string_new ("{\"m.calls\":[{\"m.call_id\":\"conf\",\"m.devices\":[");

  lab_start (&lab);
  lab_join (&lab);
  for (guint i = 0; i < 100; i++)
    g_string_append_printf (
      text,
      "%s{\"device_id\":\"D%u\",\"session_id\":\"S\",\"expires_ts\":9000000000000}",
      i > 0 ? "," : "",
      i);
  g_string_append (text, "]}]}");
  lab_state (&lab, MEMBER, "@c:x", "@c:x", text->str);
  lab_sync_end (&lab);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 16);
  g_assert_cmpuint (confab_fake_local_media_get_n_connections (lab.media), ==, 16);
  lab_member (&lab, "@a:x", "A", "S"); /* somebody else has not to suffer for it */
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 17);
  for (guint i = 0; i < 250; i++) {
    g_autofree char *user = g_strdup_printf ("@u%u:x", i);
    lab_member (&lab, user, "D", "S");
  }
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 200);
  /* Who was one too many is in it when somebody else has gone. */
  lab_state (&lab, MEMBER, "@a:x", "@a:x", "{\"m.calls\":[]}");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 199);
  lab_sync_end (&lab);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 200);
  lab_sync_end (&lab);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 200);
  lab_finish (&lab);
}

/* The caller's clock is wrong: it rings for a minute, and once. */
static void
test_ringing_future (void)
{
  Lab lab = { 0 };
  g_autoptr (JsonObject) content = confab_json_parse_object (
    "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}", -1, NULL);

  lab_start (&lab);
  confab_call_handler_handle_state (
    lab.handler, ROOM, CALL, "conf2", "@a:x", NOW_MS + 600000, content);
  g_set_object (&lab.call, confab_call_handler_lookup (lab.handler, ROOM, "conf2"));
  lab_member_of (&lab, "@a:x", "A");
  lab_advance (&lab, 59999);
  g_assert_true (confab_call_get_ringing (lab.call));
  lab_advance (&lab, 1);
  g_assert_false (confab_call_get_ringing (lab.call));
  lab_advance (&lab, 1000);
  lab_sync_end (&lab);
  g_assert_false (confab_call_get_ringing (lab.call));
  lab_finish (&lab);
}

static void
test_ringing_stops (void)
{
  Lab lab = { 0 };

  lab_start_with (&lab, "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  lab_member (&lab, "@a:x", "A", "S");
  lab_member (&lab, "@b:x", "OTHER", "S"); /* answered on another own device */
  g_assert_false (confab_call_get_ringing (lab.call));
  lab_state (&lab, MEMBER, "@b:x", "@b:x", "{\"m.calls\":[]}"); /* and hung up there */
  lab_sync_end (&lab);
  g_assert_false (confab_call_get_ringing (lab.call));
  lab_finish (&lab);
}

/* The server's clock decides the age, where it is known. */
static void
test_ringing_old (void)
{
  Lab lab = { 0 };

  lab_start_with (&lab, "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  lab_member_until (&lab, "@a:x", "A", "S", NOW_MS + 3600000);
  confab_call_handler_end_sync (lab.handler, NOW_MS + 60000);
  g_assert_false (confab_call_get_ringing (lab.call));
  confab_call_handler_end_sync (lab.handler, NOW_MS + 59000);
  g_assert_true (confab_call_get_ringing (lab.call));
  lab_advance (&lab, 999);
  g_assert_true (confab_call_get_ringing (lab.call));
  lab_advance (&lab, 1);
  g_assert_false (confab_call_get_ringing (lab.call));
  lab_finish (&lab);
}

/* The call's event is in force before anything else of it: by the answer, or by the echo that overtakes it. */
static void
test_draft (gconstpointer echoed)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab.echo = echoed != NULL;
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  assert_state (&lab, "local-draft");
  lab_advance (&lab, 1);
  assert_state (&lab, "known");
  lab_finish (&lab);
}

/* A draft that has come back in sync is there, whatever became of the answer. */
static void
test_draft_echoed_then_failed (void)
{
  Lab lab = { 0 };
  g_autofree char *id = NULL;

  lab_start (&lab);
  lab_create (&lab, CONFAB_CALL_INTENT_PROMPT);
  confab_fake_signalling_fail (lab.signalling, CALL, CONFAB_SIGNALLING_ERROR_NETWORK, 1);
  id = confab_call_dup_id (lab.call);
  lab_state (&lab, CALL, id, "@b:x", "{\"m.intent\":\"m.prompt\",\"m.type\":\"m.video\"}");
  assert_state (&lab, "known");
  lab_advance (&lab, 1);
  assert_state (&lab, "known");
  g_assert_cmpstr (lab.failed->str, ==, "");
  lab_finish (&lab);
}

/* Who gives up before the call is there leaves no call behind that nobody is in. */
static void
test_draft_abandoned (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_call_handler_set_can_send_call (lab.handler, ROOM, TRUE);
  confab_fake_signalling_hold (lab.signalling, TRUE);
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  lab_join (&lab);
  assert_state (&lab, "preparing");
  confab_call_leave (lab.call);
  lab_advance (&lab, 5);
  assert_log (&lab, "CALL ");
  confab_fake_signalling_hold (lab.signalling, FALSE);
  lab_advance (&lab, 5);
  assert_log (&lab, "CALL ");
  assert_state (&lab, "ended");
  lab_finish (&lab);
}

/* What is sent belongs to the call while this device is in it. */
static void
test_local_media (void)
{
  Lab lab = { 0 };
  ConfabLocalMedia *media;

  lab_start (&lab);
  confab_call_set_microphone_muted (lab.call, TRUE); /* nothing to mute yet */
  confab_call_set_camera_muted (lab.call, TRUE);
  lab_join (&lab);
  media = confab_call_dup_local_media (lab.call);
  g_assert_true (media == CONFAB_LOCAL_MEDIA (lab.media));
  g_assert_false (confab_stream_get_audio_muted (confab_local_media_get_stream (media)));
  confab_call_set_camera_muted (lab.call, TRUE);
  g_assert_true (confab_stream_get_video_muted (confab_local_media_get_stream (media)));
  g_object_unref (media);
  confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media)); /* is in it already */
  lab_advance (&lab, 5);
  assert_log (&lab, "MEMBER ");
  confab_call_leave (lab.call);
  g_assert_null (confab_call_dup_local_media (lab.call));
  lab_finish (&lab);
}

/* Signed out, or the process ends, in the middle of a call: nothing is left open. */
static void
test_disposed (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
  confab_fake_signalling_hold (lab.signalling, TRUE);
  g_object_run_dispose (G_OBJECT (lab.handler));
  g_assert_true (confab_fake_local_media_get_closed (lab.media));
  lab_finish (&lab);
}

/* Back before the draft is there: then it is no draft given up. */
static void
test_draft_taken_up_again (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_call_handler_set_can_send_call (lab.handler, ROOM, TRUE);
  confab_fake_signalling_hold (lab.signalling, TRUE);
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  lab_join (&lab);
  confab_call_leave (lab.call);
  lab_new_media (&lab);
  lab_join (&lab);
  confab_fake_signalling_hold (lab.signalling, FALSE);
  lab_advance (&lab, 5);
  assert_state (&lab, "joined");
  assert_log (&lab, "CALL MEMBER ");
  lab_finish (&lab);
}

/* Once somebody has been in it, it is a call like any other. */
static void
test_draft_no_more (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_call_handler_set_can_send_call (lab.handler, ROOM, TRUE);
  lab_create (&lab, CONFAB_CALL_INTENT_PROMPT);
  lab_join (&lab);
  lab_member_of (&lab, "@a:x", "A");
  confab_call_leave (lab.call);
  lab_advance (&lab, 5);
  lab_state (&lab, MEMBER, "@a:x", "@a:x", "{\"m.calls\":[]}");
  confab_fake_signalling_clear_log (lab.signalling);
  lab_new_media (&lab);
  confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media));
  confab_call_leave (lab.call);
  lab_advance (&lab, 5);
  assert_log (&lab, "");
  assert_state (&lab, "known");
  lab_finish (&lab);
}

/* Nobody may make calls here: whoever was on the way in hears of it, and is not filmed. */
static void
test_draft_refused_while_joining (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_fake_signalling_fail (lab.signalling, CALL, CONFAB_SIGNALLING_ERROR_FORBIDDEN, 1);
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  lab_join (&lab);
  assert_state (&lab, "ended");
  assert_log (&lab, "CALL ");
  g_assert_true (confab_fake_local_media_get_closed (lab.media));
  g_assert_cmpstr (lab.failed->str, ==, "0 ");
  lab_finish (&lab);
}

/* Servers for ICE are there before the first connection, the own entry is taken before the first invite. */
static void
test_join_order (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media));
  assert_state (&lab, "preparing");
  assert_log (&lab, "");
  lab_advance (&lab, 1);
  assert_state (&lab, "joining");
  assert_log (&lab, "MEMBER ");
  g_assert_cmpuint (confab_fake_local_media_get_n_connections (lab.media), ==, 0);
  lab_advance (&lab, 1);
  g_assert_cmpuint (confab_fake_local_media_get_n_connections (lab.media), ==, 1);
  g_assert_cmpuint (confab_fake_local_media_get_n_servers (lab.media), ==, 1);
  lab_finish (&lab);
}

/* Without TURN a call on one network still works. */
static void
test_join_without_turn (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  confab_fake_signalling_fail (lab.signalling, "turn", CONFAB_SIGNALLING_ERROR_NETWORK, 1);
  lab_join (&lab);
  assert_state (&lab, "joined");
  g_assert_cmpuint (confab_fake_local_media_get_n_connections (lab.media), ==, 1);
  g_assert_cmpuint (confab_fake_local_media_get_n_servers (lab.media), ==, 0);
  lab_finish (&lab);
}

/* Neither microphone nor camera: one listens. */
static void
test_join_without_devices (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  confab_fake_local_media_set_problem (lab.media, CONFAB_DEVICE_PROBLEM_MISSING);
  lab_join (&lab);
  confab_fake_local_media_set_problem (lab.media, CONFAB_DEVICE_PROBLEM_FAILED);
  lab_advance (&lab, 201);
  assert_state (&lab, "joined");
  assert_log (&lab, "MEMBER invite ");
  lab_finish (&lab);
}

static void
test_join_network (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_fake_signalling_fail (lab.signalling, MEMBER, CONFAB_SIGNALLING_ERROR_NETWORK, 1);
  lab_join (&lab);
  assert_state (&lab, "known");
  g_assert_cmpstr (lab.failed->str, ==, "1 ");
  g_assert_true (confab_fake_local_media_get_closed (lab.media));
  g_assert_null (confab_group_call_get_session_id (CONFAB_GROUP_CALL (lab.call)));
  /* What was not written is not written later, by the way, either. */
  lab_member (&lab, "@b:x", "ME", "stale");
  lab_advance (&lab, 1);
  g_assert_cmpuint (lab_count_own_calls (&lab), ==, 0);
  lab_finish (&lab);
}

/* The echo may take its time: invites go out when the server has taken the entry. */
static void
test_join_before_echo (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  lab.echo = FALSE;
  lab_join (&lab);
  assert_state (&lab, "joining");
  g_assert_cmpint (confab_group_call_get_joined_at (CONFAB_GROUP_CALL (lab.call)), ==, 0);
  assert_member (&lab, "connecting");
  lab_echo_own (&lab);
  assert_state (&lab, "joined");
  g_assert_cmpint (confab_group_call_get_joined_at (CONFAB_GROUP_CALL (lab.call)), ==, 3000);
  lab_finish (&lab);
}

/* The answer is lost, but the entry comes in sync: it is there all the same. */
static void
test_join_echoed_then_failed (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  confab_fake_signalling_fail (lab.signalling, MEMBER, CONFAB_SIGNALLING_ERROR_NETWORK, 1);
  confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media));
  lab_advance (&lab, 1);
  lab_echo_own (&lab);
  assert_state (&lab, "joined");
  lab_advance (&lab, 1);
  assert_state (&lab, "joined");
  assert_member (&lab, "connecting");
  g_assert_cmpstr (lab.failed->str, ==, "");
  lab_finish (&lab);
}

/* It has come in sync, and is gone again, before it is known what became of the request: another device of the user had not
 * seen it. Found by the simulator. */
static void
test_join_echoed_then_lost (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_fake_signalling_fail (lab.signalling, MEMBER, CONFAB_SIGNALLING_ERROR_NETWORK, 1);
  confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media));
  lab_advance (&lab, 1);
  lab_echo_own (&lab);
  assert_state (&lab, "joined");
  confab_fake_signalling_clear_log (lab.signalling);
  lose_own_entry (&lab);
  lab_advance (&lab, 10);
  assert_log (&lab, "MEMBER ");
  assert_state (&lab, "joined");
  g_assert_cmpuint (lab_count_own_devices (&lab), ==, 1);
  g_assert_cmpstr (lab.failed->str, ==, "");
  lab_finish (&lab);
}

static void
test_join_ended (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_state (&lab, CALL, "conf", "@a:x", "{}");
  lab_join (&lab);
  assert_state (&lab, "ended");
  g_assert_cmpstr (lab.failed->str, ==, "3 ");
  g_assert_true (confab_fake_local_media_get_closed (lab.media));
  lab_finish (&lab);
}

static void
test_join_sfu (void)
{
  Lab lab = { 0 };

  lab_start_with (&lab,
                  "{\"m.intent\":\"m.prompt\",\"m.type\":\"m.video\","
                  "\"io.element.livekit_service_url\":\"https://sfu.x\"}");
  lab_join (&lab);
  assert_state (&lab, "known");
  g_assert_cmpstr (lab.failed->str, ==, "2 ");
  assert_log (&lab, "");
  lab_finish (&lab);
}

/* Nothing is answered any more: after two seconds one is out. */
/* Who goes with the connection, its entry having run out, must not make this device think that it is out already. */
static void
test_leave_again (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  lab_join (&lab);
  confab_call_leave (lab.call);
  lab_advance (&lab, 10);
  assert_state (&lab, "known");
  lab_new_media (&lab);
  lab_connect_c (&lab);
  lab_advance (&lab, 61 * 60 * 1000); /* only the connection keeps it here */
  confab_fake_signalling_hold (lab.signalling, TRUE);
  confab_call_leave (lab.call);
  assert_state (&lab, "leaving");
  lab_advance (&lab, 1999);
  assert_state (&lab, "leaving");
  confab_fake_signalling_hold (lab.signalling, FALSE);
  lab_advance (&lab, 1);
  assert_state (&lab, "known");
  lab_finish (&lab);
}

static void
test_leave_limit (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  confab_fake_signalling_hold (lab.signalling, TRUE);
  confab_call_leave (lab.call);
  g_assert_true (confab_fake_local_media_get_closed (lab.media));
  assert_log (&lab, "hangup MEMBER ");
  lab_advance (&lab, 1999);
  assert_state (&lab, "leaving");
  lab_advance (&lab, 1);
  assert_state (&lab, "known");
  g_assert_true (confab_group_call_get_lingering (CONFAB_GROUP_CALL (lab.call)));
  confab_fake_signalling_hold (lab.signalling, FALSE);
  lab_advance (&lab, 1);
  assert_state (&lab, "known");
  g_assert_false (confab_group_call_get_lingering (CONFAB_GROUP_CALL (lab.call)));
  lab_finish (&lab);
}

/* A member entry that could not be removed runs out by itself. */
static void
test_leave_refused (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  confab_fake_signalling_fail (lab.signalling, MEMBER, CONFAB_SIGNALLING_ERROR_NETWORK, 1);
  confab_call_leave (lab.call);
  lab_advance (&lab, 1);
  assert_state (&lab, "known");
  g_assert_true (confab_group_call_get_lingering (CONFAB_GROUP_CALL (lab.call)));
  g_assert_cmpstr (lab.failed->str, ==, "");
  lab_finish (&lab);
}

/* Back in before the server has heard of leaving: its echo, and the answer to it, mean nothing any more. */
static void
test_rejoin_while_leaving (void)
{
  Lab lab = { 0 };
  g_autofree char *first = NULL;

  lab_start (&lab);
  lab_connect_c (&lab);
  first = g_strdup (confab_group_call_get_session_id (CONFAB_GROUP_CALL (lab.call)));
  confab_fake_signalling_hold (lab.signalling, TRUE);
  confab_call_leave (lab.call);
  lab_new_media (&lab);
  lab_join (&lab);
  assert_state (&lab, "preparing");
  lab_advance (&lab, 2100);
  assert_state (&lab, "preparing");
  confab_fake_signalling_hold (lab.signalling, FALSE);
  lab_advance (&lab, 2);
  assert_state (&lab, "joined");
  lab_advance (&lab, 300);
  assert_log (&lab, "hangup MEMBER MEMBER invite ");
  g_assert_cmpuint (lab_count_own_calls (&lab), ==, 1);
  g_assert_cmpstr (confab_group_call_get_session_id (CONFAB_GROUP_CALL (lab.call)), !=, first);
  g_assert_cmpstr (lab.failed->str, ==, "");
  /* And out again: it is this leaving that is waited for. */
  confab_fake_signalling_hold (lab.signalling, TRUE);
  confab_call_leave (lab.call);
  lab_advance (&lab, 1999);
  assert_state (&lab, "leaving");
  confab_fake_signalling_hold (lab.signalling, FALSE);
  lab_advance (&lab, 1);
  assert_state (&lab, "known");
  lab_finish (&lab);
}

/* Out and in again while the first entry is on its way: its answer is not taken for that of the second. */
static void
test_rejoin_while_joining (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  lab.echo = FALSE;
  confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media));
  lab_advance (&lab, 1);
  confab_fake_signalling_hold (lab.signalling, TRUE);
  confab_call_leave (lab.call);
  lab_new_media (&lab);
  confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media));
  confab_fake_signalling_hold (lab.signalling, FALSE);
  lab_advance (&lab, 1);
  assert_state (&lab, "joining");
  assert_log (&lab, "MEMBER MEMBER MEMBER ");
  assert_member (&lab, "advertised");
  lab_advance (&lab, 1);
  assert_member (&lab, "connecting");
  lab_finish (&lab);
}

/* The echo of leaving comes after the new entry was taken: it costs one more write and nothing else, also when the
 * new entry is lost to another device right after. */
static void
test_rejoin_late_echo (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  lab.echo = FALSE;
  confab_call_leave (lab.call);
  lab_advance (&lab, 1);
  lab_new_media (&lab);
  lab_join (&lab);
  confab_fake_signalling_clear_log (lab.signalling);
  lab_state (&lab, MEMBER, "@b:x", "@b:x", "{\"m.calls\":[]}");
  lab_sync_end (&lab);
  assert_log (&lab, "MEMBER ");
  lab_echo_own (&lab);
  assert_state (&lab, "joined");
  lab_state (&lab, MEMBER, "@b:x", "@b:x", "{\"m.calls\":[],\"other\":1}");
  lab_sync_end (&lab);
  assert_log (&lab, "MEMBER ");
  assert_state (&lab, "joined");
  lab_finish (&lab);
}

static void
test_not_last (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_call_handler_set_can_send_call (lab.handler, ROOM, TRUE);
  lab_connect_c (&lab);
  confab_call_leave (lab.call);
  lab_advance (&lab, 10);
  assert_log (&lab, "hangup MEMBER ");
  assert_state (&lab, "known");
  lab_finish (&lab);
}

/* Without the power nobody tries, and nobody is told. */
static void
test_last_without_power (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  confab_call_leave (lab.call);
  lab_advance (&lab, 10);
  assert_log (&lab, "MEMBER MEMBER ");
  assert_state (&lab, "known");
  g_assert_cmpstr (lab.failed->str, ==, "");
  lab_finish (&lab);
}

/* What was known of the power was wrong: leaving has worked all the same. */
static void
test_last_refused (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_call_handler_set_can_send_call (lab.handler, ROOM, TRUE);
  lab_join (&lab);
  confab_fake_signalling_fail (lab.signalling, CALL, CONFAB_SIGNALLING_ERROR_FORBIDDEN, 1);
  confab_call_leave (lab.call);
  lab_advance (&lab, 10);
  assert_log (&lab, "MEMBER MEMBER CALL ");
  assert_state (&lab, "known");
  g_assert_cmpstr (lab.failed->str, ==, "");
  lab_finish (&lab);
}

/* Left, while somebody else was still in it, as far as was known here; they go in the next sync. */
static void
desert (Lab *lab, const char *content, gboolean power)
{
  lab_start_with (lab, content);
  confab_call_handler_set_can_send_call (lab->handler, ROOM, power);
  lab_connect_c (lab);
  confab_call_leave (lab->call);
  lab_advance (lab, 10);
  lab_sync_end (lab);
  lab_advance (lab, 60000);
  assert_log (lab, "hangup MEMBER ");
  assert_state (lab, "known");
  lab_state (lab, MEMBER, "@c:x", "@c:x", "{\"m.calls\":[]}");
  g_assert_cmpuint (lab_get_n_members (lab), ==, 0);
  lab_sync_end (lab);
}

#define PROMPT "{\"m.intent\":\"m.prompt\",\"m.type\":\"m.video\"}"

/* Two that leave at the same moment each see the other one still in it: whoever is first ends the call. */
static void
test_deserted (void)
{
  Lab lab = { 0 };
  gint64 first = G_MAXINT64;
  gint64 last = 0;

  g_random_set_seed (1);
  for (guint i = 0; i < 20; i++) {
    gint64 left_at;

    desert (&lab, PROMPT, TRUE);
    left_at = confab_clock_get_time (CONFAB_CLOCK (lab.clock));
    lab_advance (&lab, 999);
    assert_log (&lab, "");
    lab_sync_end (&lab);
    while (*confab_fake_signalling_get_log (lab.signalling) == '\0')
      g_assert_true (confab_manual_clock_advance_to_next (lab.clock));
    first = MIN (first, confab_clock_get_time (CONFAB_CLOCK (lab.clock)) - left_at);
    last = MAX (last, confab_clock_get_time (CONFAB_CLOCK (lab.clock)) - left_at);
    assert_log (&lab, "CALL ");
    lab_sync_end (&lab);
    lab_advance (&lab, 10000);
    assert_log (&lab, "");
    assert_state (&lab, "ended");
    g_assert_cmpstr (lab.failed->str, ==, "");
    lab_finish (&lab);
    lab = (Lab) { 0 };
  }
  g_assert_cmpint (last, <=, 6 * (gint64) G_USEC_PER_SEC);
  g_assert_cmpint (last - first, >, 2 * (gint64) G_USEC_PER_SEC); /* not all at once */
}

/* Somebody else was first. */
static void
test_deserted_and_ended (void)
{
  Lab lab = { 0 };

  desert (&lab, PROMPT, TRUE);
  lab_state (&lab, CALL, "conf", "@c:x", "{\"m.intent\":\"m.prompt\",\"m.terminated\":true}");
  lab_sync_end (&lab);
  assert_state (&lab, "ended");
  lab_advance (&lab, 10000);
  assert_log (&lab, "");
  lab_finish (&lab);
}

/* Somebody has come back, or is on the way in, be it one of whom it is not known yet whether they are in the room. */
static void
test_deserted_and_back (gconstpointer who)
{
  Lab lab = { 0 };

  desert (&lab, PROMPT, TRUE);
  if (g_str_equal (who, "own")) {
    lab_new_media (&lab);
    lab_join (&lab);
  } else if (g_str_equal (who, "known")) {
    lab_member (&lab, "@c:x", "C", "S2");
  } else {
    confab_call_handler_handle_membership (lab.handler, ROOM, "@d:x", FALSE);
    lab_member (&lab, "@d:x", "D", "S");
    g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  }
  confab_fake_signalling_clear_log (lab.signalling);
  lab_advance (&lab, 10000);
  assert_log (&lab, "");
  lab_finish (&lab);
}

static void
test_deserted_not (gconstpointer content)
{
  gboolean power = strstr (content, "m.room") != NULL;
  Lab lab = { 0 };

  desert (&lab, content, power);
  lab_advance (&lab, 10000);
  lab_sync_end (&lab);
  lab_advance (&lab, 10000);
  assert_log (&lab, "");
  assert_state (&lab, "known");
  lab_finish (&lab);
}

/* Who was never in it leaves it to those who were. */
static void
test_deserted_by_others (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_call_handler_set_can_send_call (lab.handler, ROOM, TRUE);
  lab_member (&lab, "@c:x", "C", "S");
  lab_state (&lab, MEMBER, "@c:x", "@c:x", "{\"m.calls\":[]}");
  lab_sync_end (&lab);
  lab_advance (&lab, 10000);
  assert_log (&lab, "");
  lab_finish (&lab);
}

/* Without a network it is tried again with the next sync; what is not allowed is not. */
static void
test_deserted_in_vain (gconstpointer forbidden)
{
  Lab lab = { 0 };

  desert (&lab, PROMPT, TRUE);
  confab_fake_signalling_fail (lab.signalling,
                               CALL,
                               forbidden != NULL ? CONFAB_SIGNALLING_ERROR_FORBIDDEN
                                                 : CONFAB_SIGNALLING_ERROR_NETWORK,
                               1);
  lab_advance (&lab, 10000);
  assert_log (&lab, "CALL ");
  lab_sync_end (&lab);
  lab_advance (&lab, 10000);
  assert_log (&lab, forbidden != NULL ? "" : "CALL ");
  assert_state (&lab, forbidden != NULL ? "known" : "ended");
  g_assert_cmpstr (lab.failed->str, ==, "");
  lab_finish (&lab);
}

/* For everybody, a call that is a room too; from within and from without. */
static void
test_terminate (gconstpointer within)
{
  Lab lab = { 0 };
  JsonObject *content;

  lab_start_with (&lab,
                  "{\"m.intent\":\"m.room\",\"m.type\":\"m.voice\",\"m.name\":\"N\",\"x\":1}");
  confab_call_handler_set_can_send_call (lab.handler, ROOM, TRUE);
  lab_member (&lab, "@a:x", "A", "S");
  if (within != NULL)
    lab_join (&lab);
  confab_fake_signalling_clear_log (lab.signalling);
  confab_call_terminate (lab.call);
  assert_state (&lab, within != NULL ? "leaving" : "known");
  lab_advance (&lab, 2);
  assert_state (&lab, "ended");
  assert_log (&lab, within != NULL ? "MEMBER CALL " : "CALL ");
  content = confab_fake_signalling_peek_last (lab.signalling, CALL);
  g_assert_true (json_object_get_boolean_member (content, "m.terminated"));
  g_assert_cmpstr (json_object_get_string_member (content, "m.name"), ==, "N");
  g_assert_cmpint (json_object_get_int_member (content, "x"), ==, 1);
  lab_finish (&lab);
}

/* Thought of on the way out: the call ends for everybody, after the own entry has gone. */
static void
test_terminate_while_leaving (gconstpointer withdrawn)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_call_handler_set_can_send_call (lab.handler, ROOM, TRUE);
  lab_connect_c (&lab);
  if (withdrawn != NULL)
    confab_fake_signalling_hold_type (lab.signalling, "m.call.hangup");
  confab_call_leave (lab.call);
  if (withdrawn != NULL)
    lab_advance (&lab, 5);
  assert_state (&lab, "leaving");
  confab_call_terminate (lab.call);
  lab_advance (&lab, 5);
  confab_fake_signalling_hold_type (lab.signalling, NULL);
  lab_advance (&lab, 5);
  assert_state (&lab, "ended");
  g_assert_true (
    json_object_get_boolean_member (confab_fake_signalling_peek_last (lab.signalling, CALL),
                                    "m.terminated"));
  g_assert_cmpstr (lab.failed->str, ==, "");
  lab_finish (&lab);
}

/* Somebody's entry has run out while the connection stood: leaving hangs up, and waits until that is out. */
static void
test_leave_expired (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member_until (&lab, "@c:x", "C", "S", NOW_MS + 60000);
  lab_sync_end (&lab);
  lab_join (&lab);
  lab_advance (&lab, 201);
  lab_receive (
    &lab, "m.call.answer", confab_call_member_get_call_id (lab_peek_member (&lab)), 0, ANSWER);
  lab_advance (&lab, 1);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
  lab_advance (&lab, 61000);
  assert_member (&lab, "connected");
  confab_fake_signalling_hold_type (lab.signalling, "m.call.hangup");
  confab_call_leave (lab.call);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  lab_advance (&lab, 5);
  assert_state (&lab, "leaving");
  confab_fake_signalling_hold_type (lab.signalling, NULL);
  lab_advance (&lab, 5);
  assert_state (&lab, "known");
  lab_finish (&lab);
}

/* The call was ended for all while the network was away: the entry that stayed is taken out later. */
static void
test_terminated_not_withdrawn (gconstpointer forbidden)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  lab_sync_end (&lab);
  confab_fake_signalling_clear_log (lab.signalling);
  confab_fake_signalling_fail (lab.signalling,
                               MEMBER,
                               forbidden != NULL ? CONFAB_SIGNALLING_ERROR_FORBIDDEN
                                                 : CONFAB_SIGNALLING_ERROR_NETWORK,
                               1);
  lab_state (&lab, CALL, "conf", "@a:x", "{\"m.intent\":\"m.ring\",\"m.terminated\":true}");
  lab_sync_end (&lab);
  lab_advance (&lab, 5);
  assert_state (&lab, "ended");
  confab_fake_signalling_clear_log (lab.signalling);
  lab_sync_end (&lab);
  lab_advance (&lab, 5);
  assert_log (&lab, forbidden != NULL ? "" : "MEMBER ");
  lab_advance (&lab, 30000);
  assert_log (&lab, forbidden != NULL ? "MEMBER " : ""); /* it may be allowed by now */
  lab_sync_end (&lab);
  lab_advance (&lab, 5);
  assert_log (&lab, "");
  lab_finish (&lab);
}

/* A stranger gives calls their names. */
static void
test_long_name (void)
{
  Lab lab = { 0 };
  g_autofree char *name = NULL;
  g_autoptr (GString) content = g_string_new ("{\"m.intent\":\"m.room\",\"m.name\":\"");

  for (guint i = 0; i < 20000; i++)
    g_string_append (content, "ä");
  g_string_append (content, "\"}");
  lab_start_with (&lab, content->str);
  g_object_get (lab.call, "name", &name, NULL);
  g_assert_cmpint (g_utf8_strlen (name, -1), ==, 255);
  lab_finish (&lab);
}

static void
test_terminate_without_power (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  confab_fake_signalling_clear_log (lab.signalling);
  confab_call_terminate (lab.call);
  lab_advance (&lab, 2);
  assert_log (&lab, "");
  assert_state (&lab, "joined");
  g_assert_cmpstr (lab.failed->str, ==, "0 ");
  lab_finish (&lab);
}

/* The server knows better: who asked for the end hears of it. */
static void
test_terminate_refused (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_call_handler_set_can_send_call (lab.handler, ROOM, TRUE);
  confab_fake_signalling_fail (lab.signalling, CALL, CONFAB_SIGNALLING_ERROR_FORBIDDEN, 1);
  confab_call_terminate (lab.call);
  lab_advance (&lab, 2);
  assert_state (&lab, "known");
  g_assert_cmpstr (lab.failed->str, ==, "0 ");
  lab_finish (&lab);
}

/* Somebody ends it while one leaves: that goes on first. */
static void
test_terminated_while_leaving (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  confab_fake_signalling_hold (lab.signalling, TRUE);
  confab_call_leave (lab.call);
  lab_state (&lab, CALL, "conf", "@a:x", "{\"m.intent\":\"m.ring\",\"m.terminated\":true}");
  assert_state (&lab, "leaving");
  lab_new_media (&lab);
  lab_join (&lab); /* too late */
  assert_state (&lab, "leaving");
  g_assert_cmpstr (lab.failed->str, ==, "3 ");
  lab_advance (&lab, 2000);
  assert_state (&lab, "ended");
  confab_fake_signalling_hold (lab.signalling, FALSE);
  lab_finish (&lab);
}

/* The entry that is on its way is taken back, too. */
static void
test_terminated_while_joining (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media));
  lab_advance (&lab, 1);
  assert_state (&lab, "joining");
  lab_state (&lab, CALL, "conf", "@a:x", "{\"m.intent\":\"m.ring\",\"m.terminated\":true}");
  assert_state (&lab, "ended");
  g_assert_true (confab_fake_local_media_get_closed (lab.media));
  lab_advance (&lab, 2);
  assert_log (&lab, "MEMBER MEMBER ");
  g_assert_cmpuint (lab_count_own_calls (&lab), ==, 0);
  lab_finish (&lab);
}

/* Within two minutes of 45 either way, and not all at once. */
static void
test_renewal_jitter (void)
{
  gint64 first = G_MAXINT64;
  gint64 last = 0;

  g_random_set_seed (1);
  for (guint i = 0; i < 30; i++) {
    Lab lab = { 0 };
    gint64 renewed_at;

    lab_start (&lab);
    lab_join (&lab);
    confab_fake_signalling_clear_log (lab.signalling);
    while (*confab_fake_signalling_get_log (lab.signalling) == '\0')
      g_assert_true (confab_manual_clock_advance_to_next (lab.clock));
    renewed_at = confab_clock_get_time (CONFAB_CLOCK (lab.clock)) - 2000; /* when it was taken */
    g_assert_cmpint (renewed_at, >=, 43 * 60 * (gint64) G_USEC_PER_SEC);
    g_assert_cmpint (renewed_at, <=, 47 * 60 * (gint64) G_USEC_PER_SEC);
    first = MIN (first, renewed_at);
    last = MAX (last, renewed_at);
    g_assert_cmpint (lab_get_own_expiry (&lab),
                     ==,
                     confab_clock_get_real_time (CONFAB_CLOCK (lab.clock)) / 1000 + 3600000);
    lab_finish (&lab);
  }
  g_assert_cmpint (last - first, >, 120 * (gint64) G_USEC_PER_SEC);
}

/* A renewal that fails is tried each 30 s, not more often and not less. */
static void
test_renewal_retries (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  confab_fake_signalling_clear_log (lab.signalling);
  confab_fake_signalling_fail (lab.signalling, MEMBER, CONFAB_SIGNALLING_ERROR_NETWORK, 3);
  while (*confab_fake_signalling_get_log (lab.signalling) == '\0')
    confab_manual_clock_advance_to_next (lab.clock);
  for (guint i = 0; i < 3; i++) {
    assert_log (&lab, "MEMBER ");
    lab_advance (&lab, 30000);
    assert_log (&lab, "");
    lab_advance (&lab, 1);
  }
  assert_log (&lab, "MEMBER ");
  lab_advance (&lab, 60000);
  assert_log (&lab, "");
  lab_finish (&lab);
}

/* The minute counts from the first of the rewrites. */
static void
test_own_entry_lost_window (gconstpointer data)
{
  gboolean over = data != NULL;
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  for (guint i = 0; i < 8; i++) {
    lose_own_entry (&lab);
    lab_advance (&lab, i < 3 ? 1000 : 11000);
    assert_state (&lab, "joined");
  }
  lab_advance (&lab, over ? 2001 : 2000);
  lose_own_entry (&lab);
  assert_state (&lab, over ? "joined" : "known");
  lab_finish (&lab);
}

/* Lost once more after a minute: another race, another write. */
static void
test_own_entry_lost_later (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  for (guint i = 0; i < 3; i++) {
    confab_fake_signalling_clear_log (lab.signalling);
    lab_state (&lab, MEMBER, "@b:x", "@b:x", "{\"m.calls\":[]}");
    lab_sync_end (&lab);
    lab_advance (&lab, 61000);
    assert_log (&lab, "MEMBER ");
    assert_state (&lab, "joined");
  }
  lab_finish (&lab);
}

/* Another device of the user starts with what it knew an hour ago, and writes that: the entry is there, but is about to
 * run out. It is written again, however often that happens, and nobody is put out. */
static void
test_own_entry_set_back (void)
{
  Lab lab = { 0 };
  g_autofree char *session = NULL;

  lab_start (&lab);
  lab_join (&lab);
  session = g_strdup (confab_group_call_get_session_id (CONFAB_GROUP_CALL (lab.call)));
  for (guint i = 0; i < 3; i++) {
    gint64 written_ms = confab_clock_get_real_time (CONFAB_CLOCK (lab.clock)) / 1000 + 3600000;

    /* What is a moment older is as good. */
    confab_fake_signalling_clear_log (lab.signalling);
    lab_member_until (&lab, "@b:x", "ME", session, written_ms - 3 * 60000);
    lab_sync_end (&lab);
    assert_log (&lab, "");
    lab_advance (&lab, 1000);
    lab_member_until (&lab, "@b:x", "ME", session, written_ms - 6 * 60000);
    lab_sync_end (&lab);
    assert_log (&lab, "MEMBER ");
    g_assert_cmpint (lab_get_own_expiry (&lab),
                     ==,
                     confab_clock_get_real_time (CONFAB_CLOCK (lab.clock)) / 1000 + 3600000);
    lab_advance (&lab, 1);
    assert_state (&lab, "joined");
    assert_log (&lab, "");
  }
  lab_finish (&lab);
}

/* The machine has slept, which nobody announced, and timers with it: the first sync afterwards tells by the wall clock. */
static void
test_own_entry_overslept (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  confab_fake_signalling_clear_log (lab.signalling);
  lab_advance (&lab, 20 * 60 * 1000);
  confab_manual_clock_sleep (lab.clock, 29 * 60 * 1000);
  lab_sync_end (&lab);
  assert_log (&lab, "");
  confab_manual_clock_sleep (lab.clock, 2 * 60 * 1000);
  lab_sync_end (&lab);
  lab_sync_end (&lab);
  assert_log (&lab, "MEMBER ");
  g_assert_cmpint (lab_get_own_expiry (&lab),
                   ==,
                   confab_clock_get_real_time (CONFAB_CLOCK (lab.clock)) / 1000 + 3600000);
  lab_advance (&lab, 1);
  confab_fake_signalling_clear_log (lab.signalling);
  /* So does it when the entry is gone for others; the next one in good time is by the timer again. */
  confab_manual_clock_sleep (lab.clock, 2 * 60 * 60 * 1000);
  lab_sync_end (&lab);
  assert_log (&lab, "MEMBER ");
  lab_advance (&lab, 1);
  lab_echo_own (&lab);
  lab_sync_end (&lab);
  confab_fake_signalling_clear_log (lab.signalling);
  lab_advance (&lab, 42 * 60 * 1000);
  lab_sync_end (&lab);
  assert_log (&lab, "");
  lab_advance (&lab, 6 * 60 * 1000);
  assert_log (&lab, "MEMBER ");
  assert_state (&lab, "joined");
  lab_finish (&lab);
}

/* Gone and back within one sync was never gone. */
static void
test_own_entry_flickers (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  confab_fake_signalling_clear_log (lab.signalling);
  lab_state (&lab, MEMBER, "@b:x", "@b:x", "{\"m.calls\":[]}");
  lab_echo_own (&lab);
  assert_log (&lab, "");
  assert_state (&lab, "joined");
  lab_finish (&lab);
}

/* Never seen: written eight times, and then it is meant to be out. */
static void
test_own_entry_never_seen (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab.echo = FALSE;
  lab_join (&lab);
  for (guint i = 0; i < 3; i++) {
    confab_fake_signalling_clear_log (lab.signalling);
    lab_state (&lab, MEMBER, "@b:x", "@b:x", "{\"m.calls\":[]}");
    lab_sync_end (&lab);
    assert_log (&lab, "MEMBER ");
    assert_state (&lab, "joining");
  }
  for (guint i = 0; i < 5; i++) {
    lose_own_entry (&lab);
    lab_advance (&lab, 10000);
    assert_log (&lab, "MEMBER ");
    assert_state (&lab, "joining");
  }
  lose_own_entry (&lab);
  assert_state (&lab, "known");
  g_assert_cmpstr (lab.failed->str, ==, "4 ");
  lab_finish (&lab);
}

/* One event for all devices of a user: another one's entry stays, whatever this one does, and is a member. */
static void
test_other_own_device (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@b:x", "OTHER", "S");
  lab_join (&lab);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  g_assert_cmpstr (confab_call_member_get_device_id (lab_peek_member (&lab)), ==, "OTHER");
  g_assert_cmpuint (lab_count_own_devices (&lab), ==, 2);
  confab_call_leave (lab.call);
  lab_advance (&lab, 5);
  g_assert_cmpuint (lab_count_own_devices (&lab), ==, 1);
  lab_finish (&lab);
}

/* MatrixRTC's memberships have the same event type, and are nobody's of a mesh. */
static void
test_matrix_rtc (void)
{
  static const char content
    [] = "{\"application\":\"m.call\",\"call_id\":\"\",\"device_id\":\"A\",\"scope\":\"m.room\","
         "\"focus_active\":{\"type\":\"livekit\"},\"foci_preferred\":[],\"expires\":14400000}";
  Lab lab = { 0 };

  lab_start (&lab);
  lab_state (&lab, MEMBER, "_@a:x_A_m.call", "@a:x", content);
  lab_state (&lab, MEMBER, "@a:x_A", "@a:x", content);
  lab_state (&lab, MEMBER, "@a:x", "@a:x", content);
  lab_state (&lab, MEMBER, "_@a:x_A_m.call", "@a:x", "{}");
  lab_sync_end (&lab);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  /* Nor does one of them take a mesh member away. */
  lab_member (&lab, "@a:x", "A", "S");
  lab_state (&lab, MEMBER, "_@a:x_A_m.call", "@a:x", content);
  lab_state (&lab, MEMBER, "@a:x_A", "@a:x", content);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  /* Somebody else's state key is not theirs to write. */
  lab_state (&lab, MEMBER, "@a:x", "@evil:x", "{\"m.calls\":[]}");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  /* And an empty event is a mesh member that left. */
  lab_state (&lab, MEMBER, "@a:x", "@a:x", "{}");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  lab_finish (&lab);
}

static void
notify_cb (GObject *object, GParamSpec *pspec, GString *names)
{
  g_string_append_printf (names, "%s ", pspec->name);
}

static void
test_content (void)
{
  Lab lab = { 0 };
  g_autoptr (GString) notified = g_string_new (NULL);
  g_autofree char *name = NULL;
  g_autofree char *room = NULL;

  lab_start_with (&lab, "{\"m.intent\":\"m.room\",\"m.type\":\"m.voice\",\"m.name\":\"Old\"}");
  g_assert_cmpint (confab_call_get_intent (lab.call), ==, CONFAB_CALL_INTENT_ROOM);
  g_assert_cmpint (confab_call_get_call_type (lab.call), ==, CONFAB_CALL_TYPE_VOICE);
  g_assert_cmpint (confab_call_get_started_at (lab.call), ==, NOW_MS * 1000);
  room = confab_call_dup_room_id (lab.call);
  g_assert_cmpstr (room, ==, ROOM);
  g_assert_null (confab_call_dup_local_media (lab.call));
  g_signal_connect (lab.call, "notify", G_CALLBACK (notify_cb), notified);
  lab_state (&lab, CALL, "conf", "@a:x", "{\"m.intent\":\"odd\",\"m.type\":7,\"m.name\":\"New\"}");
  g_assert_cmpstr (notified->str, ==, "intent call-type name ");
  g_assert_cmpint (confab_call_get_intent (lab.call), ==, CONFAB_CALL_INTENT_PROMPT);
  g_assert_cmpint (confab_call_get_call_type (lab.call), ==, CONFAB_CALL_TYPE_VIDEO);
  name = confab_call_dup_name (lab.call);
  g_assert_cmpstr (name, ==, "New");
  g_string_truncate (notified, 0);
  lab_state (&lab, CALL, "conf", "@a:x", "{\"m.intent\":\"odd\",\"m.type\":7,\"m.name\":\"New\"}");
  g_assert_cmpstr (notified->str, ==, "");
  g_signal_handlers_disconnect_by_data (lab.call, notified);
  lab_finish (&lab);
}

/* Ringing ends with the last of the others, and with the call. */
static void
test_ringing_ends (gconstpointer terminated)
{
  Lab lab = { 0 };

  lab_start_with (&lab, "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  lab_member (&lab, "@a:x", "A", "S");
  g_assert_true (confab_call_get_ringing (lab.call));
  if (terminated != NULL)
    lab_state (&lab, CALL, "conf", "@a:x", "{\"m.terminated\":1}");
  else
    lab_state (&lab, MEMBER, "@a:x", "@a:x", "{\"m.calls\":[]}");
  lab_sync_end (&lab);
  g_assert_false (confab_call_get_ringing (lab.call));
  lab_finish (&lab);
}

/* Neither a prompt, nor one's own second device, nor a call one is in. */
static void
test_ringing_not (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  g_assert_false (confab_call_get_ringing (lab.call));
  lab_state (&lab, CALL, "conf", "@a:x", "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  lab_join (&lab);
  g_assert_false (confab_call_get_ringing (lab.call));
  lab_finish (&lab);
}

/* An entry of the own user that has run out is no answer. */
static void
test_ringing_expired_own (void)
{
  Lab lab = { 0 };

  lab_start_with (&lab, "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  lab_member_until (&lab, "@b:x", "OTHER", "S", NOW_MS - 1);
  lab_member (&lab, "@a:x", "A", "S");
  g_assert_true (confab_call_get_ringing (lab.call));
  lab_finish (&lab);
}

#define TEST(name, func) g_test_add_func ("/group-call/" name, func)
#define CASE(name, data, func) g_test_add_data_func ("/group-call/" name, data, func)

static void
add_way_in (void)
{
  CASE ("draft/answered", NULL, test_draft);
  CASE ("draft/echoed", "echo", test_draft);
  TEST ("draft/echoed-then-failed", test_draft_echoed_then_failed);
  TEST ("draft/abandoned", test_draft_abandoned);
  TEST ("draft/taken-up-again", test_draft_taken_up_again);
  TEST ("draft/no-more", test_draft_no_more);
  TEST ("draft/refused-while-joining", test_draft_refused_while_joining);
  TEST ("create", test_create);
  TEST ("create-forbidden", test_create_forbidden);
  TEST ("join", test_join);
  TEST ("local-media", test_local_media);
  TEST ("disposed", test_disposed);
  TEST ("join/order", test_join_order);
  TEST ("join/without-turn", test_join_without_turn);
  TEST ("join/without-devices", test_join_without_devices);
  TEST ("join/forbidden", test_join_forbidden);
  TEST ("join/network", test_join_network);
  TEST ("join/before-echo", test_join_before_echo);
  TEST ("join/echoed-then-failed", test_join_echoed_then_failed);
  TEST ("join/foci", test_join_foci);
  TEST ("join/sfu", test_join_sfu);
  TEST ("join/echoed-then-lost", test_join_echoed_then_lost);
  TEST ("join/ended", test_join_ended);
  TEST ("session-is-new", test_session_is_new);
  TEST ("rejoin/while-leaving", test_rejoin_while_leaving);
  TEST ("rejoin/while-joining", test_rejoin_while_joining);
  TEST ("rejoin/late-echo", test_rejoin_late_echo);
}

static void
add_way_out (void)
{
  TEST ("leave", test_leave);
  TEST ("told-at-once", test_told_at_once);
  TEST ("leave/ended-while-members-go", test_ended_while_members_go);
  TEST ("leave/while-preparing", test_leave_while_preparing);
  TEST ("leave/limit", test_leave_limit);
  TEST ("leave/refused", test_leave_refused);
  TEST ("last/terminates", test_last_one_terminates);
  TEST ("last/waits", test_last_one_waits);
  TEST ("last/waits-in-vain", test_last_one_waits_in_vain);
  TEST ("last/not", test_not_last);
  TEST ("last/room-call-stays", test_room_call_stays);
  TEST ("last/without-power", test_last_without_power);
  TEST ("last/refused", test_last_refused);
  TEST ("deserted", test_deserted);
  TEST ("deserted/and-ended", test_deserted_and_ended);
  CASE ("deserted/and-back", "known", test_deserted_and_back);
  CASE ("deserted/and-back-unknown", "unknown", test_deserted_and_back);
  CASE ("deserted/and-back-oneself", "own", test_deserted_and_back);
  CASE ("deserted/room", "{\"m.intent\":\"m.room\",\"m.type\":\"m.video\"}", test_deserted_not);
  CASE ("deserted/without-power", PROMPT, test_deserted_not);
  TEST ("deserted/by-others", test_deserted_by_others);
  CASE ("deserted/network", NULL, test_deserted_in_vain);
  CASE ("deserted/forbidden", "forbidden", test_deserted_in_vain);
  CASE ("terminate/within", "within", test_terminate);
  CASE ("terminate/without", NULL, test_terminate);
  TEST ("terminate/without-power", test_terminate_without_power);
  CASE ("terminate/while-leaving", NULL, test_terminate_while_leaving);
  CASE ("terminate/while-leaving/withdrawn", "withdrawn", test_terminate_while_leaving);
  TEST ("leave/expired", test_leave_expired);
  CASE ("terminated/not-withdrawn", NULL, test_terminated_not_withdrawn);
  CASE ("terminated/not-withdrawn/forbidden", "forbidden", test_terminated_not_withdrawn);
  TEST ("long-name", test_long_name);
  TEST ("terminate/refused", test_terminate_refused);
  CASE ("terminated/bool", "{\"m.intent\":\"m.ring\",\"m.terminated\":true}", test_terminated);
  CASE ("terminated/string", "{\"m.intent\":\"m.ring\",\"m.terminated\":\"x\"}", test_terminated);
  CASE ("terminated/number", "{\"m.intent\":\"m.ring\",\"m.terminated\":1}", test_terminated);
  CASE ("terminated/object", "{\"m.intent\":\"m.ring\",\"m.terminated\":{}}", test_terminated);
  CASE ("terminated/redacted", "{}", test_terminated);
  CASE ("not-terminated/false", "{\"m.intent\":\"m.ring\",\"m.terminated\":false}", test_goes_on);
  CASE ("not-terminated/empty", "{\"m.intent\":\"m.ring\",\"m.terminated\":\"\"}", test_goes_on);
  CASE ("not-terminated/zero", "{\"m.intent\":\"m.ring\",\"m.terminated\":0}", test_goes_on);
  CASE ("not-terminated/null", "{\"m.intent\":\"m.ring\",\"m.terminated\":null}", test_goes_on);
  TEST ("terminated/while-leaving", test_terminated_while_leaving);
  TEST ("terminated/while-joining", test_terminated_while_joining);
  TEST ("room-lost", test_room_lost);
  TEST ("room-lost/while-preparing", test_room_lost_while_preparing);
  TEST ("room-lost/and-back", test_room_lost_and_back);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  add_way_in ();
  add_way_out ();
  TEST ("renewal", test_renewal);
  CASE ("renewal/connected", NULL, test_renewal_connected);
  CASE ("renewal/connected/back", "back", test_renewal_connected);
  TEST ("renewal/jitter", test_renewal_jitter);
  TEST ("renewal/retries", test_renewal_retries);
  TEST ("own-entry/lost", test_own_entry_lost);
  CASE ("own-entry/lost-within-a-minute", NULL, test_own_entry_lost_window);
  CASE ("own-entry/lost-after-a-minute", "over", test_own_entry_lost_window);
  TEST ("own-entry/lost-later", test_own_entry_lost_later);
  TEST ("own-entry/never-seen", test_own_entry_never_seen);
  TEST ("own-entry/set-back", test_own_entry_set_back);
  TEST ("own-entry/overslept", test_own_entry_overslept);
  TEST ("own-entry/flickers", test_own_entry_flickers);
  TEST ("own-entry/stale-removed", test_stale_removed);
  TEST ("stale-of-another-device", test_other_is_not_stale);
  TEST ("own-entry/other-device", test_other_own_device);
  TEST ("matrix-rtc", test_matrix_rtc);
  TEST ("content", test_content);
  TEST ("ringing", test_ringing);
  TEST ("ringing-once-in-room", test_ringing_once_in_room);
  TEST ("ringing/stops", test_ringing_stops);
  TEST ("ringing/declined-everywhere", test_ringing_declined_everywhere);
  TEST ("ringing/many-declined", test_ringing_many_declined);
  CASE ("ringing/declined-elsewhere", NULL, test_ringing_declined_elsewhere);
  CASE ("ringing/declined-before-restart", decline_here, test_ringing_after_restart);
  CASE ("ringing/answered-before-restart", answer_and_leave, test_ringing_after_restart);
  CASE ("ringing/answered-elsewhere-before-restart", answer_elsewhere, test_ringing_after_restart);
  CASE ("ringing/rang-out-before-restart", ring_out, test_ringing_after_restart);
  CASE ("ringing/own-before-restart", NULL, test_ringing_own_after_restart);
  CASE ("ringing/own-that-fails-before-restart", "fails", test_ringing_own_after_restart);
  CASE ("ringing/declined-elsewhere-before", "early", test_ringing_declined_elsewhere);
  TEST ("ringing/answered", test_ringing_answered);
  TEST ("ringing/times-out", test_ringing_times_out);
  TEST ("leave/again", test_leave_again);
  TEST ("too-many-devices", test_too_many_devices);
  TEST ("ringing/dated-ahead", test_ringing_future);
  CASE ("ringing/ends/all-left", NULL, test_ringing_ends);
  CASE ("ringing/ends/terminated", "terminated", test_ringing_ends);
  TEST ("ringing/old", test_ringing_old);
  TEST ("ringing/not", test_ringing_not);
  TEST ("ringing/expired-own", test_ringing_expired_own);
  return g_test_run ();
}
