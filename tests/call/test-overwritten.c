/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-call-lab.h"

/* Stories of several devices of one user that join at the same moment: they share one member event, which each of them writes
 * as it knows it, and so they take each other out of it, until each has written its own entry again (protocol/mesh-calls.md
 * section 7.2). */

/* The member event of @user with @entries: device, session and for how long it lives on in s, each. */
static void
put (Lab *lab, const char *user, const char *entries)
{
  g_auto (GStrv) words = g_strsplit (entries, " ", -1);
  g_autoptr (GString) text = g_string_new ("{\"m.calls\":[{\"m.call_id\":\"conf\",\"m.devices\":[");

  for (guint i = 0; i + 2 < g_strv_length (words); i += 3)
    g_string_append_printf (
      text,
      "%s{\"device_id\":\"%s\",\"session_id\":\"%s\",\"expires_ts\":%" G_GINT64_FORMAT "}",
      i > 0 ? "," : "",
      words[i],
      words[i + 1],
      NOW_MS + g_ascii_strtoll (words[i + 2], NULL, 10) * 1000);
  g_string_append (text, "]}]}");
  lab_state (lab, MEMBER, user, user, text->str);
  lab_sync_end (lab);
}

/* C1 is invited, and C2 writes as if it were alone. */
static void
overwrite_invited (Lab *lab)
{
  lab_start (lab);
  lab_join (lab);
  put (lab, "@c:x", "C1 S 3600");
  lab_advance (lab, 201);
  assert_log (lab, "MEMBER invite ");
  put (lab, "@c:x", "C2 S 3601");
  lab_advance (lab, 201);
  assert_log (lab, "invite "); /* to C2 */
  g_assert_cmpuint (lab_get_n_members (lab), ==, 2);
}

static void
answer_as_first (Lab *lab)
{
  lab_receive (
    lab, "m.call.answer", confab_call_member_get_call_id (lab_peek_member (lab)), 0, ANSWER);
  lab_advance (lab, 1);
  confab_fake_peer_connection_set_state (
    CONFAB_FAKE_PEER_CONNECTION (confab_call_member_get_connection (lab_peek_member (lab))),
    CONFAB_CONNECTION_STATE_CONNECTED);
  assert_member (lab, "connected");
}

/* The invite on its way is answered, and the entry that comes back changes nothing. */
static void
test_invited (void)
{
  Lab lab = { 0 };

  overwrite_invited (&lab);
  answer_as_first (&lab);
  put (&lab, "@c:x", "C2 S 3601 C1 S 3602");
  lab_advance (&lab, 20000);
  assert_log (&lab, "");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 2);
  assert_member (&lab, "connected");
  lab_finish (&lab);
}

/* The same from the side that is invited: the invite is not waited for in vain. */
static void
test_inviting (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  put (&lab, "@a:x", "A1 S 3600");
  lab_receive (&lab, "m.call.invite", "c1", 0, OFFER);
  put (&lab, "@a:x", "A2 S 3601");
  lab_advance (&lab, 300);
  assert_log (&lab, "MEMBER answer ");
  put (&lab, "@a:x", "A2 S 3601 A1 S 3602");
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
  assert_member (&lab, "connected");
  g_assert_cmpstr (confab_call_member_get_call_id (lab_peek_member (&lab)), ==, "c1");
  lab_finish (&lab);
}

/* An invite that comes while the entry is missing is answered at once. */
static void
test_invites_meanwhile (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  put (&lab, "@a:x", "A1 S 3600");
  put (&lab, "@a:x", "A2 S 3601");
  lab_receive (&lab, "m.call.invite", "c1", 0, OFFER);
  lab_advance (&lab, 300);
  assert_log (&lab, "MEMBER answer ");
  lab_finish (&lab);
}

/* This user's other devices are no different, whoever of them writes. */
static void
test_own_user (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  put (&lab, "@b:x", "ZED S 3700"); /* this one's own entry is lost, too: it writes it again */
  lab_advance (&lab, 201);
  put (&lab, "@b:x", "YAK S 3701");
  lab_advance (&lab, 201);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 2);
  g_assert_cmpstr (confab_call_member_get_device_id (lab_peek_member (&lab)), ==, "ZED");
  answer_as_first (&lab);
  lab_finish (&lab);
}

/* Nobody else's entry is newer for it: it has left, and is gone at once. */
static void
test_left (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  put (&lab, "@c:x", "C1 S 3600 C2 S 3601");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 2);
  put (&lab, "@c:x", "C2 S 3601");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  put (&lab, "@c:x", "C3 S 3602"); /* C2 is overwritten */
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 2);
  lab_state (&lab, MEMBER, "@c:x", "@c:x", "{\"m.calls\":[]}"); /* C3 has left */
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  g_assert_cmpstr (confab_call_member_get_device_id (lab_peek_member (&lab)), ==, "C2");
  lab_finish (&lab);
}

/* One that is missing is so no less when another device leaves meanwhile, which it may not have heard of. */
static void
test_other_leaves (void)
{
  Lab lab = { 0 };

  overwrite_invited (&lab);
  lab_advance (&lab, 5000);
  put (&lab, "@c:x", "");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  g_assert_cmpstr (confab_call_member_get_device_id (lab_peek_member (&lab)), ==, "C1");
  answer_as_first (&lab);
  put (&lab, "@c:x", "C1 S 3602");
  lab_advance (&lab, 60000);
  assert_member (&lab, "connected");
  g_assert_false (confab_call_member_get_expired (lab_peek_member (&lab)));
  lab_finish (&lab);
}

/* Its 15 s are those from when it was overwritten. */
static void
test_other_leaves_in_vain (void)
{
  Lab lab = { 0 };

  overwrite_invited (&lab);
  lab_advance (&lab, 5000);
  put (&lab, "@c:x", "");
  lab_advance (&lab, 10000 - 202);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  lab_advance (&lab, 1);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  lab_finish (&lab);
}

/* What the missing one itself does shows in the event, too: it is in another call now. */
static void
test_missing_moves (void)
{
  Lab lab = { 0 };

  overwrite_invited (&lab);
  lab_state (
    &lab,
    MEMBER,
    "@c:x",
    "@c:x",
    "{\"m.calls\":[{\"m.call_id\":\"other\",\"m.devices\":[{\"device_id\":\"C1\",\"session_id\":"
    "\"S\",\"expires_ts\":9000000000000}]}]}");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  g_assert_cmpstr (confab_call_member_get_device_id (lab_peek_member (&lab)), ==, "C2");
  lab_finish (&lab);
}

/* Another device of theirs brings back what it had before, in another call: that is no word of its own. */
static void
test_brought_back (void)
{
  Lab lab = { 0 };

  overwrite_invited (&lab);
  answer_as_first (&lab);
  lab_state (
    &lab,
    MEMBER,
    "@c:x",
    "@c:x",
    "{\"m.calls\":[{\"m.call_id\":\"other\",\"m.devices\":[{\"device_id\":\"C1\",\"session_id\":"
    "\"S0\",\"expires_ts\":1}]},{\"m.call_id\":\"conf\",\"m.devices\":[{\"device_id\":\"C2\","
    "\"session_id\":\"S\",\"expires_ts\":9000000000000}]}]}");
  lab_sync_end (&lab);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 2);
  assert_member (&lab, "connected");
  put (&lab, "@c:x", "C2 S 3601 C1 S 3602");
  assert_member (&lab, "connected");
  lab_finish (&lab);
}

/* Nor is one missing that has left for another call. */
static void
test_moved (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  put (&lab, "@c:x", "C1 S 3600");
  lab_state (
    &lab,
    MEMBER,
    "@c:x",
    "@c:x",
    "{\"m.calls\":[{\"m.call_id\":\"other\",\"m.devices\":[{\"device_id\":\"C1\",\"session_id\":"
    "\"S\",\"expires_ts\":9000000000000}]}]}");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  lab_finish (&lab);
}

/* A sync brings an event twice, once as state and once in the timeline. */
static void
test_twice (void)
{
  Lab lab = { 0 };

  overwrite_invited (&lab);
  put (&lab, "@c:x", "C2 S 3601");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 2);
  answer_as_first (&lab);
  lab_finish (&lab);
}

/* Its process is no more, or it was meant: it is not waited for any longer than it could need. */
static void
test_stays_missing (void)
{
  Lab lab = { 0 };

  overwrite_invited (&lab);
  lab_advance (&lab, 15000 - 202);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 2);
  put (&lab, "@c:x", "C2 S 3602"); /* that it is missing is nothing new */
  lab_advance (&lab, 1);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  g_assert_cmpstr (confab_call_member_get_device_id (lab_peek_member (&lab)), ==, "C2");
  lab_finish (&lab);
}

/* Who can be heard is there, whatever the event says, until the connection ends. */
static void
test_stays_missing_connected (void)
{
  Lab lab = { 0 };

  overwrite_invited (&lab);
  answer_as_first (&lab);
  lab_advance (&lab, 600000);
  assert_member (&lab, "connected");
  g_assert_true (confab_call_member_get_expired (lab_peek_member (&lab)));
  put (&lab, "@c:x", "C2 S 7200"); /* nor does that another one writes again end it */
  assert_member (&lab, "connected");
  lab_receive (&lab,
               "m.call.hangup",
               confab_call_member_get_call_id (lab_peek_member (&lab)),
               1,
               HANGUP ("ice_failed"));
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  g_assert_cmpstr (confab_call_member_get_device_id (lab_peek_member (&lab)), ==, "C2");
  lab_finish (&lab);
}

/* Back later, even as it was, it is a member like any other. */
static void
test_back_late (void)
{
  Lab lab = { 0 };

  overwrite_invited (&lab);
  answer_as_first (&lab);
  lab_advance (&lab, 30000);
  put (&lab, "@c:x", "C2 S 3601 C1 S 3600");
  g_assert_false (confab_call_member_get_expired (lab_peek_member (&lab)));
  lab_receive (&lab,
               "m.call.hangup",
               confab_call_member_get_call_id (lab_peek_member (&lab)),
               1,
               HANGUP ("ice_failed"));
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 2); /* and is tried again */
  lab_finish (&lab);
}

/* Another session ends what there was. */
static void
test_back_anew (void)
{
  Lab lab = { 0 };
  g_autofree char *call_id = NULL;

  overwrite_invited (&lab);
  call_id = g_strdup (confab_call_member_get_call_id (lab_peek_member (&lab)));
  put (&lab, "@c:x", "C2 S 3601 C1 S2 3602");
  lab_advance (&lab, 201);
  assert_log (&lab, "invite ");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 2);
  g_assert_cmpstr (confab_call_member_get_call_id (lab_peek_member (&lab)), !=, call_id);
  lab_finish (&lab);
}

/* One that leaves while it is missing changes nothing in the event: none comes. The hangup says it. */
static void
test_leaves_meanwhile (void)
{
  Lab lab = { 0 };

  overwrite_invited (&lab);
  answer_as_first (&lab);
  lab_receive (&lab,
               "m.call.hangup",
               confab_call_member_get_call_id (lab_peek_member (&lab)),
               1,
               HANGUP ("user_hangup"));
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  g_assert_cmpstr (confab_call_member_get_device_id (lab_peek_member (&lab)), ==, "C2");
  lab_finish (&lab);
}

/* The hangup comes first. */
static void
test_has_hung_up (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_receive (&lab,
               "m.call.hangup",
               confab_call_member_get_call_id (lab_peek_member (&lab)),
               1,
               HANGUP ("user_hangup"));
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  put (&lab, "@c:x", "C2 S 3700");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  g_assert_cmpstr (confab_call_member_get_device_id (lab_peek_member (&lab)), ==, "C2");
  lab_finish (&lab);
}

/* That its call was ended for another reason does not say that it has left: it is waited for like any other. */
static void
test_has_ended_otherwise (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_receive (&lab,
               "m.call.hangup",
               confab_call_member_get_call_id (lab_peek_member (&lab)),
               1,
               HANGUP ("user_busy"));
  assert_member (&lab, "unreachable");
  put (&lab, "@c:x", "C2 S 3700");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 2);
  lab_advance (&lab, 15000);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  lab_finish (&lab);
}

/* Out of the room is out of the call. */
static void
test_out_of_room (void)
{
  Lab lab = { 0 };

  overwrite_invited (&lab);
  confab_call_handler_handle_membership (lab.handler, ROOM, "@c:x", FALSE);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  lab_finish (&lab);
}

/* Whoever looks at the call from outside sees them, too, and can join meanwhile. */
static void
test_outside (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  put (&lab, "@c:x", "C1 S 3600");
  put (&lab, "@c:x", "C2 S 3601");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 2);
  assert_member (&lab, "advertised");
  lab_join (&lab);
  lab_advance (&lab, 201);
  assert_log (&lab, "MEMBER invite invite ");
  answer_as_first (&lab);
  lab_finish (&lab);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add_func ("/overwritten/" name, func)
  TEST ("invited", test_invited);
  TEST ("inviting", test_inviting);
  TEST ("invites-meanwhile", test_invites_meanwhile);
  TEST ("own-user", test_own_user);
  TEST ("left", test_left);
  TEST ("moved", test_moved);
  TEST ("other-leaves", test_other_leaves);
  TEST ("other-leaves/in-vain", test_other_leaves_in_vain);
  TEST ("missing-moves", test_missing_moves);
  TEST ("brought-back", test_brought_back);
  TEST ("has-ended-otherwise", test_has_ended_otherwise);
  TEST ("twice", test_twice);
  TEST ("stays-missing", test_stays_missing);
  TEST ("stays-missing/connected", test_stays_missing_connected);
  TEST ("back-late", test_back_late);
  TEST ("back-anew", test_back_anew);
  TEST ("leaves-meanwhile", test_leaves_meanwhile);
  TEST ("has-hung-up", test_has_hung_up);
  TEST ("out-of-room", test_out_of_room);
  TEST ("outside", test_outside);
#undef TEST
  return g_test_run ();
}
