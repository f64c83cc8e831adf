/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-call-lab.h"

/* Stories of ConfabCallMember: the rows of protocol/mesh-calls.md section 10.2, and sections 8.3, 9.1, 9.4, 9.5 and 11.2. */

static void
test_initiator (void)
{
  Lab lab = { 0 };
  JsonObject *invite;

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  assert_member (&lab, "advertised");
  lab_join (&lab);
  assert_member (&lab, "connecting");
  lab_advance (&lab, 201);
  assert_log (&lab, "MEMBER invite ");
  invite = confab_fake_signalling_peek_last (lab.signalling, "m.call.invite");
  g_assert_cmpstr (json_object_get_string_member (invite, "version"), ==, "1");
  g_assert_cmpstr (json_object_get_string_member (invite, "party_id"), ==, "ME");
  g_assert_cmpstr (json_object_get_string_member (invite, "device_id"), ==, "ME");
  g_assert_cmpstr (json_object_get_string_member (invite, "dest_session_id"), ==, "S");
  g_assert_cmpint (json_object_get_int_member (invite, "seq"), ==, 0);
  g_assert_true (json_object_has_member (invite, "sdp_stream_metadata"));
  g_assert_true (json_object_has_member (invite, "org.matrix.msc3077.sdp_stream_metadata"));
  lab_finish (&lab);
}

static void
test_same_user_order (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@b:x", "ZED", "S"); /* a later device id of the own user: invited */
  lab_join (&lab);
  assert_member (&lab, "connecting");
  lab_finish (&lab);
}

static void
test_waits_and_answers (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  assert_member (&lab, "waiting");
  /* hydrogen's numbers run on; candidates may overtake each other, and come twice. */
  lab_receive (&lab, "m.call.candidates", "c1", 9, CANDIDATE ("second"));
  lab_receive (&lab, "m.call.invite", "c1", 7, OFFER);
  lab_receive (&lab, "m.call.candidates", "c1", 8, CANDIDATE ("first"));
  lab_receive (&lab, "m.call.candidates", "c1", 8, CANDIDATE ("first"));
  lab_advance (&lab, 300);
  g_assert_nonnull (
    strstr (confab_fake_peer_connection_get_log (confab_fake_local_media_get_last (lab.media)),
            "remote-offer [first|0|0] [second|0|0] create-answer"));
  assert_log (&lab, "MEMBER answer ");
  lab_finish (&lab);
}

/* A hole that does not fill is skipped after five seconds; a message without a number is not held up. */
static void
test_hole (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  lab_receive (&lab, "m.call.invite", "c1", 0, OFFER);
  lab_receive (&lab, "m.call.hangup", "c1", 2, HANGUP ("user_hangup"));
  lab_advance (&lab, 4999);
  assert_member (&lab, "connecting");
  lab_advance (&lab, 1);
  assert_member (&lab, "unreachable");
  lab_finish (&lab);
}

/* js-sdk numbers its select_answer, which is read and does nothing. */
static void
test_select_answer (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  lab_receive (&lab, "m.call.invite", "c1", 0, OFFER);
  lab_receive (&lab, "m.call.select_answer", "c1", 1, ",\"selected_party_id\":\"ME\"");
  lab_receive (&lab, "m.call.hangup", "c1", 2, HANGUP ("user_hangup"));
  assert_member (&lab, "unreachable");
  lab_finish (&lab);
}

static void
test_retries (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
  assert_member (&lab, "reconnecting");
  assert_log (&lab, "hangup ");
  for (guint i = 0; i < 3; i++) {
    static const guint pauses[] = { 1000, 3000, 5000 };
    lab_advance (&lab, pauses[i] - 1);
    assert_log (&lab, "");
    lab_advance (&lab, 1 + 201);
    assert_log (&lab, "invite ");
    lab_receive (&lab,
                 "m.call.hangup",
                 confab_call_member_get_call_id (lab_peek_member (&lab)),
                 0,
                 HANGUP ("ice_failed"));
  }
  assert_member (&lab, "unreachable");
  lab_advance (&lab, 60000);
  assert_log (&lab, "");
  /* Another session is another chance. */
  lab_member (&lab, "@c:x", "C", "S2");
  assert_member (&lab, "connecting");
  lab_finish (&lab);
}

static void
test_retries_reset (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
  g_assert_cmpuint (confab_call_member_get_retry_count (lab_peek_member (&lab)), ==, 1);
  lab_advance (&lab, 1300);
  lab_receive (
    &lab, "m.call.answer", confab_call_member_get_call_id (lab_peek_member (&lab)), 0, ANSWER);
  lab_advance (&lab, 1);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
  assert_member (&lab, "connected");
  g_assert_cmpuint (confab_call_member_get_retry_count (lab_peek_member (&lab)), ==, 0);
  lab_finish (&lab);
}

static void
test_no_retry (gconstpointer reason)
{
  Lab lab = { 0 };
  g_autofree char *rest = g_strdup_printf (HANGUP ("%s"), (const char *) reason);

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_receive (
    &lab, "m.call.hangup", confab_call_member_get_call_id (lab_peek_member (&lab)), 1, rest);
  assert_member (&lab, "unreachable");
  lab_advance (&lab, 60000);
  assert_log (&lab, "");
  lab_finish (&lab);
}

static void
test_invite_not_sent (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  confab_fake_signalling_fail (lab.signalling, "m.call.invite", CONFAB_SIGNALLING_ERROR_NO_KEYS, 1);
  lab_join (&lab);
  lab_advance (&lab, 202);
  assert_log (&lab, "MEMBER invite ");
  lab_advance (&lab, 1300);
  assert_log (&lab, "hangup invite "); /* the old call's hangup goes first */
  lab_finish (&lab);
}

/* Section 11.2: hydrogen refuses by a hangup for the new id. */
static void
test_refused (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  lab_join (&lab);
  lab_advance (&lab, 201);
  confab_fake_signalling_clear_log (lab.signalling);
  lab_receive (&lab,
               "m.call.hangup",
               confab_call_member_get_call_id (lab_peek_member (&lab)),
               0,
               HANGUP ("replaced"));
  lab_advance (&lab, 1999);
  assert_log (&lab, "");
  lab_advance (&lab, 203);
  assert_log (&lab, "invite ");
  lab_receive (&lab,
               "m.call.hangup",
               confab_call_member_get_call_id (lab_peek_member (&lab)),
               0,
               HANGUP ("replaced"));
  assert_member (&lab, "unreachable");
  lab_finish (&lab);
}

static void
test_glare_initiator (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_receive (&lab, "m.call.invite", "aaa", 0, OFFER);
  assert_member (&lab, "connected");
  assert_log (&lab, "hangup ");
  g_assert_cmpstr (json_object_get_string_member (
                     confab_fake_signalling_peek_last (lab.signalling, "m.call.hangup"), "call_id"),
                   ==,
                   "aaa");
  lab_finish (&lab);
}

static void
test_glare_waiting (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  lab_receive (&lab, "m.call.invite", "c1", 0, OFFER);
  lab_advance (&lab, 300);
  lab_receive (&lab, "m.call.invite", "c2", 0, OFFER);
  lab_advance (&lab, 300);
  assert_log (&lab, "MEMBER answer hangup answer ");
  g_assert_cmpstr (confab_call_member_get_call_id (lab_peek_member (&lab)), ==, "c2");
  /* The old one does not come back. */
  lab_receive (&lab, "m.call.invite", "c1", 0, OFFER);
  g_assert_cmpstr (confab_call_member_get_call_id (lab_peek_member (&lab)), ==, "c2");
  lab_finish (&lab);
}

static void
test_expiry (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member_until (&lab, "@a:x", "A", "S", NOW_MS + 1000);
  lab_advance (&lab, 1009);
  g_assert_cmpuint (g_list_model_get_n_items (confab_call_get_participants (lab.call)), ==, 1);
  lab_advance (&lab, 1);
  g_assert_cmpuint (g_list_model_get_n_items (confab_call_get_participants (lab.call)), ==, 0);
  lab_finish (&lab);
}

static void
test_expiry_connected (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_advance (&lab, 2 * 60 * 60 * 1000);
  g_assert_cmpuint (g_list_model_get_n_items (confab_call_get_participants (lab.call)), ==, 1);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
  g_assert_cmpuint (g_list_model_get_n_items (confab_call_get_participants (lab.call)), ==, 0);
  lab_finish (&lab);
}

static void
test_entry_removed (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_state (&lab, MEMBER, "@c:x", "@c:x", "{\"m.calls\":[]}");
  g_assert_cmpuint (g_list_model_get_n_items (confab_call_get_participants (lab.call)), ==, 0);
  assert_log (&lab, ""); /* silently */
  lab_finish (&lab);
}

static void
test_user_left_room (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  confab_call_handler_handle_membership (lab.handler, ROOM, "@c:x", FALSE);
  g_assert_cmpuint (g_list_model_get_n_items (confab_call_get_participants (lab.call)), ==, 0);
  lab_finish (&lab);
}

static void
test_clear (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  lab_receive_as (&lab, "@a:x", "A", FALSE, "S", "m.call.invite", "c1", 0, OFFER);
  g_assert_false (confab_participant_get_encrypted (CONFAB_PARTICIPANT (lab_peek_member (&lab))));
  lab_advance (&lab, 300);
  g_assert_true (lab.clear); /* it spoke in clear first */
  lab_finish (&lab);
}

static void
test_clear_in_encrypted_room (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_call_handler_set_room_encrypted (lab.handler, ROOM, TRUE);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  lab_receive_as (&lab, "@a:x", "A", FALSE, "S", "m.call.invite", "c1", 0, OFFER);
  assert_member (&lab, "waiting");
  g_assert_true (confab_participant_get_encrypted (CONFAB_PARTICIPANT (lab_peek_member (&lab))));
  lab_finish (&lab);
}

/* Who has spoken Olm is not believed in clear any more. */
static void
test_clear_after_olm (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_receive_as (&lab,
                  "@c:x",
                  "C",
                  FALSE,
                  "S",
                  "m.call.hangup",
                  confab_call_member_get_call_id (lab_peek_member (&lab)),
                  1,
                  HANGUP ("user_hangup"));
  lab_sync_end (&lab);
  assert_member (&lab, "connected");
  lab_finish (&lab);
}

static void
test_mute (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  confab_call_set_microphone_muted (lab.call, TRUE);
  assert_log (&lab, "sdp_stream_metadata_changed ");
  lab_receive (
    &lab,
    "m.call.sdp_stream_metadata_changed",
    confab_call_member_get_call_id (lab_peek_member (&lab)),
    1,
    ",\"sdp_stream_metadata\":{\"s\":{\"purpose\":\"m.usermedia\",\"audio_muted\":true}}");
  g_assert_true (confab_call_member_get_microphone_muted (lab_peek_member (&lab)));
  g_assert_false (confab_call_member_get_camera_muted (lab_peek_member (&lab)));
  lab_finish (&lab);
}

#define TEST(name, func) g_test_add_func ("/call-member/" name, func)
#define CASE(name, data, func) g_test_add_data_func ("/call-member/" name, data, func)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  TEST ("initiator", test_initiator);
  TEST ("same-user-order", test_same_user_order);
  TEST ("waits-and-answers", test_waits_and_answers);
  TEST ("hole", test_hole);
  TEST ("select-answer", test_select_answer);
  TEST ("retries", test_retries);
  TEST ("retries-reset", test_retries_reset);
  CASE ("no-retry/user_hangup", "user_hangup", test_no_retry);
  CASE ("no-retry/user_busy", "user_busy", test_no_retry);
  CASE ("no-retry/new_session", "new_session", test_no_retry);
  TEST ("invite-not-sent", test_invite_not_sent);
  TEST ("refused", test_refused);
  TEST ("glare-initiator", test_glare_initiator);
  TEST ("glare-waiting", test_glare_waiting);
  TEST ("expiry", test_expiry);
  TEST ("expiry-connected", test_expiry_connected);
  TEST ("entry-removed", test_entry_removed);
  TEST ("user-left-room", test_user_left_room);
  TEST ("clear", test_clear);
  TEST ("clear-in-encrypted-room", test_clear_in_encrypted_room);
  TEST ("clear-after-olm", test_clear_after_olm);
  TEST ("mute", test_mute);
  return g_test_run ();
}
