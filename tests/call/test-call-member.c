/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-call-lab.h"
#include "confab-json.h"

#define METADATA_CHANGED "org.matrix.call.sdp_stream_metadata_changed"
#define METADATA_WORD "sdp_stream_metadata_changed "
#define METADATA(muted)                                                                            \
  ",\"org.matrix.msc3077.sdp_stream_metadata\":{\"s\":{\"purpose\":\"m.usermedia\",\"audio_"       \
  "muted\":" muted "}}"
#define REOFFER ",\"lifetime\":30000,\"description\":{\"type\":\"offer\",\"sdp\":\"" SDP "\"}"
#define ICE_RESTART                                                                                \
  ",\"lifetime\":30000,\"description\":{\"type\":\"offer\",\"sdp\":\"v=0\\r\\na=ice-ufrag:"        \
  "again\\r\\n\"}"

/* Stories of ConfabCallMember: the rows of protocol/mesh-calls.md section 10.2, and sections 8.3, 9.1, 9.4, 9.5 and 11.2. */

/* The call that is on with the first member. */
static char *
dup_call_id (Lab *lab)
{
  return g_strdup (confab_call_member_get_call_id (lab_peek_member (lab)));
}

static void
receive_current (Lab *lab, const char *type, int seq, const char *rest)
{
  g_autofree char *call_id = dup_call_id (lab);

  lab_receive (lab, type, call_id, seq, rest);
}

static const char *
last_string (Lab *lab, const char *type, const char *name)
{
  return json_object_get_string_member (confab_fake_signalling_peek_last (lab->signalling, type),
                                        name);
}

static int
last_seq (Lab *lab, const char *type)
{
  return json_object_get_int_member (confab_fake_signalling_peek_last (lab->signalling, type),
                                     "seq");
}

static const char *
get_connection_log (Lab *lab)
{
  return confab_fake_peer_connection_get_log (confab_fake_local_media_get_last (lab->media));
}

static void
assert_in_connection_log (Lab *lab, const char *words)
{
  if (strstr (get_connection_log (lab), words) == NULL)
    g_error ("“%s” is not in “%s”", words, get_connection_log (lab));
}

/* @a has invited, and was answered. */
static void
connect_a (Lab *lab)
{
  lab_member (lab, "@a:x", "A", "S");
  lab_join (lab);
  lab_receive (lab, "m.call.invite", "c1", 0, OFFER);
  lab_advance (lab, 300);
  lab_set_ice (lab, CONFAB_CONNECTION_STATE_CONNECTED);
  assert_member (lab, "connected");
  confab_fake_signalling_clear_log (lab->signalling);
}

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
  /* Another session is another chance, with all that belongs to it. */
  lab_member (&lab, "@c:x", "C", "S2");
  assert_member (&lab, "connecting");
  g_assert_cmpuint (confab_call_member_get_retry_count (lab_peek_member (&lab)), ==, 0);
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
  lab_advance (&lab, 59999);
  g_assert_cmpuint (confab_call_member_get_retry_count (lab_peek_member (&lab)), ==, 1);
  lab_advance (&lab, 1);
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
  g_assert_true (
    confab_participant_get_waiting_for_key (CONFAB_PARTICIPANT (lab_peek_member (&lab))));
  lab_advance (&lab, 1300);
  assert_log (&lab, "hangup invite "); /* the old call's hangup goes first */
  g_assert_false (
    confab_participant_get_waiting_for_key (CONFAB_PARTICIPANT (lab_peek_member (&lab))));
  lab_finish (&lab);
}

static void
weak_cb (guint *n)
{
  (*n)++;
}

/* What comes in tells how good the connection is; what is looked at tells what need not be drawn. */
static void
test_tracks (void)
{
  Lab lab = { 0 };
  g_autoptr (ConfabRemoteTrack) audio = confab_remote_track_new (CONFAB_MEDIA_KIND_AUDIO, "s", "0");
  g_autoptr (ConfabRemoteTrack) video = confab_remote_track_new (CONFAB_MEDIA_KIND_VIDEO, "s", "1");
  g_autoptr (ConfabStream) stream = NULL;
  ConfabParticipant *member = NULL;
  ConfabPeerConnection *connection = NULL;
  guint n_notified = 0;

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  lab_join (&lab);
  lab_advance (&lab, 201);
  member = CONFAB_PARTICIPANT (lab_peek_member (&lab));
  connection = confab_call_member_get_connection (lab_peek_member (&lab));
  confab_peer_connection_emit_track_added (connection, audio);
  confab_peer_connection_emit_track_added (connection, video);
  g_signal_connect_swapped (member, "notify::weak", G_CALLBACK (weak_cb), &n_notified);
  confab_remote_track_set_loss (video, 0.04);
  g_assert_false (confab_participant_get_weak (member));
  confab_remote_track_set_loss (audio, 0.05);
  g_assert_true (confab_participant_get_weak (member));
  confab_remote_track_set_loss (audio, 0);
  g_assert_true (confab_participant_get_weak (member)); /* not so good yet */
  confab_remote_track_set_loss (video, 0.01);
  g_assert_false (confab_participant_get_weak (member));
  g_assert_cmpuint (n_notified, ==, 2);

  stream = g_list_model_get_item (confab_participant_get_streams (member), 0);
  g_assert_true (confab_remote_track_get_watched (video));
  confab_stream_set_watched (stream, FALSE);
  g_assert_false (confab_remote_track_get_watched (video));
  g_assert_true (confab_remote_track_get_watched (audio)); /* heard by all the same */
  confab_stream_set_watched (stream, TRUE);
  g_assert_true (confab_remote_track_get_watched (video));
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
  g_assert_cmpstr (last_string (&lab, "m.call.hangup", "reason"), ==, "replaced");
  lab_receive (&lab, "m.call.invite", "aaa", 0, OFFER); /* once is enough */
  assert_log (&lab, "");
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
  /* The old ones do not come back. */
  lab_receive (&lab, "m.call.invite", "c3", 0, OFFER);
  lab_receive (&lab, "m.call.invite", "c1", 0, OFFER);
  lab_receive (&lab, "m.call.invite", "c2", 0, OFFER);
  g_assert_cmpstr (confab_call_member_get_call_id (lab_peek_member (&lab)), ==, "c3");
  lab_finish (&lab);
}

/* How far an own call has got when an invite comes that should not, or comes again (section 11.2). */
typedef enum {
  STAGE_OFFERING,
  STAGE_INVITED,
  STAGE_CONNECTING,
  STAGE_CONNECTED,
  STAGE_RECONNECTING,
  STAGE_PAUSE,
  STAGE_IDLE,
  N_STAGES,
} Stage;

static void
bring_inviter_to (Lab *lab, Stage stage)
{
  lab_member (lab, "@c:x", "C", "S");
  lab_join (lab);
  if (stage == STAGE_OFFERING)
    return;
  lab_advance (lab, 201);
  if (stage == STAGE_INVITED)
    return;
  if (stage == STAGE_IDLE) {
    receive_current (lab, "m.call.hangup", 0, HANGUP ("user_hangup"));
    return;
  }
  receive_current (lab, "m.call.answer", 0, ANSWER);
  lab_advance (lab, 1);
  if (stage == STAGE_CONNECTING)
    return;
  lab_set_ice (lab, CONFAB_CONNECTION_STATE_CONNECTED);
  if (stage == STAGE_RECONNECTING)
    lab_set_ice (lab, CONFAB_CONNECTION_STATE_DISCONNECTED);
  else if (stage == STAGE_PAUSE)
    lab_set_ice (lab, CONFAB_CONNECTION_STATE_FAILED);
}

/*
 * This side invites: a call of its own that was answered stays, whatever the ids, and the other is refused. Before, both
 * sides compare ids, and the smaller one is the call of both. Without a call of its own the other is taken.
 */
static void
test_glare_inviter (gconstpointer call_id)
{
  for (Stage stage = 0; stage < N_STAGES; stage++) {
    Lab lab = { 0 };
    g_autofree char *own = NULL;
    gboolean stays;

    lab_start (&lab);
    bring_inviter_to (&lab, stage);
    own = dup_call_id (&lab);
    stays = stage < STAGE_CONNECTING ? strcmp (own, call_id) < 0 : stage < STAGE_PAUSE;
    confab_fake_signalling_clear_log (lab.signalling);
    lab_receive (&lab, "m.call.invite", call_id, 0, OFFER);
    if (stays) {
      g_assert_cmpstr (confab_call_member_get_call_id (lab_peek_member (&lab)), ==, own);
      assert_log (&lab, "hangup ");
      g_assert_cmpstr (last_string (&lab, "m.call.hangup", "call_id"), ==, call_id);
    } else {
      g_assert_cmpstr (confab_call_member_get_call_id (lab_peek_member (&lab)), ==, call_id);
      lab_advance (&lab, 10000);
      assert_log (&lab, stage == STAGE_INVITED ? "hangup answer " : "answer ");
      if (stage == STAGE_INVITED)
        g_assert_cmpstr (last_string (&lab, "m.call.hangup", "call_id"), ==, own);
      /* What hydrogen says of the call that it refuses comes late, and does no harm. */
      if (own != NULL)
        lab_receive (&lab, "m.call.hangup", own, 0, HANGUP ("replaced"));
      lab_set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
      assert_member (&lab, "connected");
    }
    lab_finish (&lab);
  }
}

/* Our invite, which lost, comes after our answer to the peer's: the peer takes it for a new one and drops what was answered,
 * and has heard next that ours is over. Only this side invites: it does once more. */
static void
test_glare_late_invite (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  bring_inviter_to (&lab, STAGE_INVITED);
  lab_receive (&lab, "m.call.invite", "0", 0, OFFER);
  lab_advance (&lab, 300);
  confab_fake_signalling_clear_log (lab.signalling);
  lab_receive (&lab, "m.call.hangup", "0", 1, HANGUP ("replaced"));
  assert_member (&lab, "connecting");
  lab_advance (&lab, 2000 - 1);
  assert_log (&lab, "");
  lab_advance (&lab, 202);
  assert_log (&lab, "invite ");
  /* Not for ever. */
  receive_current (&lab, "m.call.hangup", 0, HANGUP ("replaced"));
  assert_member (&lab, "unreachable");
  lab_finish (&lab);
}

static void
bring_invitee_to (Lab *lab, Stage stage)
{
  lab_member (lab, "@a:x", "A", "S");
  lab_join (lab);
  if (stage == STAGE_OFFERING) /* nothing has come yet */
    return;
  lab_receive (lab, "m.call.invite", "mmm", 0, OFFER);
  if (stage == STAGE_INVITED)
    return;
  lab_advance (lab, 300);
  if (stage == STAGE_CONNECTING)
    return;
  if (stage == STAGE_IDLE) {
    lab_receive (lab, "m.call.hangup", "mmm", 1, HANGUP ("user_hangup"));
    return;
  }
  lab_set_ice (lab, CONFAB_CONNECTION_STATE_CONNECTED);
  if (stage == STAGE_RECONNECTING)
    lab_set_ice (lab, CONFAB_CONNECTION_STATE_DISCONNECTED);
  else if (stage == STAGE_PAUSE)
    lab_set_ice (lab, CONFAB_CONNECTION_STATE_FAILED);
}

/* This side waits: whatever the ids, the newest invite is the one, and the call before it is hung up once. */
static void
test_glare_invitee (gconstpointer call_id)
{
  for (Stage stage = 0; stage < N_STAGES; stage++) {
    gboolean held = stage != STAGE_OFFERING && stage < STAGE_PAUSE;
    Lab lab = { 0 };

    lab_start (&lab);
    bring_invitee_to (&lab, stage);
    confab_fake_signalling_clear_log (lab.signalling);
    lab_receive (&lab, "m.call.invite", call_id, 0, OFFER);
    lab_advance (&lab, 300);
    g_assert_cmpstr (confab_call_member_get_call_id (lab_peek_member (&lab)), ==, call_id);
    assert_log (&lab, held ? "hangup answer " : "answer ");
    if (held)
      g_assert_cmpstr (last_string (&lab, "m.call.hangup", "call_id"), ==, "mmm");
    lab_set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
    assert_member (&lab, "connected");
    lab_finish (&lab);
  }
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

/* Whoever was kept by the connection alone is gone with it, also when it is this end that leaves. */
static void
test_expiry_left (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_advance (&lab, 2 * 60 * 60 * 1000);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  confab_fake_signalling_clear_log (lab.signalling);
  confab_call_leave (lab.call);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  assert_log (&lab, "hangup MEMBER ");
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

/* The room is encrypted while a device that speaks in clear is in the call: nothing more goes out to it like that. */
static void
test_encrypted_amid_clear (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  lab_receive_as (&lab, "@a:x", "A", FALSE, "S", "m.call.invite", "c1", 0, OFFER);
  lab_advance (&lab, 300);
  g_assert_true (lab.clear);
  g_assert_false (confab_participant_get_encrypted (CONFAB_PARTICIPANT (lab_peek_member (&lab))));
  confab_call_handler_set_room_encrypted (lab.handler, ROOM, TRUE);
  g_assert_true (confab_participant_get_encrypted (CONFAB_PARTICIPANT (lab_peek_member (&lab))));
  confab_call_leave (lab.call);
  g_assert_nonnull (confab_fake_signalling_peek_last (lab.signalling, "m.call.hangup"));
  lab_advance (&lab, 5);
  g_assert_false (lab.clear);
  lab_finish (&lab);
}

/* Whatever is thought of a device: what is said in an encrypted room is encrypted. */
static void
test_never_clear_in_encrypted_room (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_call_handler_set_room_encrypted (lab.handler, ROOM, TRUE);
  lab_connect_c (&lab);
  confab_call_member_set_clear (lab_peek_member (&lab), TRUE);
  lab.clear = TRUE; /* as no message has it */
  confab_call_leave (lab.call);
  lab_advance (&lab, 5);
  assert_log (&lab, "hangup MEMBER ");
  g_assert_false (lab.clear);
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

/* The homeserver takes nothing any more: those who hear each other go on, and it is said when it can be. */
static void
test_mute_not_sent (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  confab_fake_signalling_fail (lab.signalling,
                               METADATA_CHANGED,
                               CONFAB_SIGNALLING_ERROR_NETWORK,
                               12);
  confab_call_set_microphone_muted (lab.call, TRUE);
  lab_advance (&lab, 5 * 60 * 1000);
  assert_member (&lab, "connected");
  g_assert_null (strstr (confab_fake_signalling_get_log (lab.signalling), "hangup"));
  lab_advance (&lab, 60000);
  g_assert_true (g_str_has_suffix (confab_fake_signalling_get_log (lab.signalling),
                                   "sdp_stream_metadata_changed "));
  g_assert_cmpuint (confab_call_member_get_n_unsent (lab_peek_member (&lab)), ==, 0);
  lab_finish (&lab);
}

static void
test_order (gconstpointer data)
{
  static const struct {
    const char *user;
    const char *state;
  } cases[] = {
    { "@a:x", "waiting" },
    { "@c:x", "connecting" },
    { "@B:x", "waiting" },
    { "@b", "waiting" },
    { "@b:x.example", "connecting" },
    { "@b:x\xf0\x9f\x98\x80", "connecting" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    Lab lab = { 0 };

    lab_start (&lab);
    lab_member (&lab, cases[i].user, "D", "S");
    lab_join (&lab);
    assert_member (&lab, cases[i].state);
    lab_finish (&lab);
  }
}

/* As JavaScript compares, by UTF-16 code unit: U+1F600 is D83D DE00, and less than U+FF5E, which is less by its bytes. */
static void
test_order_of_code_units (void)
{
  Lab lab = { .user = "@b:x\xef\xbd\x9e" };

  lab_start (&lab);
  lab_member (&lab, "@b:x\xf0\x9f\x98\x80", "D", "S");
  lab_join (&lab);
  assert_member (&lab, "waiting");
  lab_finish (&lab);
}

static void
test_same_user_waits (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@b:x", "LESS", "S");
  lab_join (&lab);
  assert_member (&lab, "waiting");
  lab_finish (&lab);
}

/* Who comes later is met in the same way. */
static void
test_newcomers (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  assert_member (&lab, "connecting");
  lab_member (&lab, "@a:x", "A", "S");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 2);
  g_assert_cmpuint (confab_fake_local_media_get_n_connections (lab.media), ==, 1);
  lab_finish (&lab);
}

/* One number for each message, from 0, a call by itself. */
static void
test_numbers (void)
{
  Lab lab = { 0 };
  g_autofree char *first = NULL;

  lab_start (&lab);
  lab_connect_c (&lab);
  first = dup_call_id (&lab);
  confab_call_set_microphone_muted (lab.call, TRUE);
  g_assert_cmpint (last_seq (&lab, METADATA_CHANGED), ==, 1);
  confab_call_set_camera_muted (lab.call, TRUE);
  g_assert_cmpint (last_seq (&lab, METADATA_CHANGED), ==, 2);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
  g_assert_cmpint (last_seq (&lab, "m.call.hangup"), ==, 3);
  g_assert_cmpstr (last_string (&lab, "m.call.hangup", "call_id"), ==, first);
  lab_advance (&lab, 1300);
  g_assert_cmpint (last_seq (&lab, "m.call.invite"), ==, 0);
  g_assert_cmpstr (last_string (&lab, "m.call.invite", "call_id"), !=, first);
  lab_finish (&lab);
}

/* A message that is sent again has the number it had. */
static void
test_resent_number (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  confab_fake_signalling_fail (lab.signalling,
                               METADATA_CHANGED,
                               CONFAB_SIGNALLING_ERROR_NETWORK,
                               1);
  confab_call_set_microphone_muted (lab.call, TRUE);
  lab_advance (&lab, 1);
  confab_call_set_camera_muted (lab.call, TRUE);
  g_assert_cmpint (last_seq (&lab, METADATA_CHANGED), ==, 2);
  lab_advance (&lab, 1000);
  assert_log (&lab, METADATA_WORD METADATA_WORD METADATA_WORD);
  g_assert_cmpint (last_seq (&lab, METADATA_CHANGED), ==, 1);
  lab_finish (&lab);
}

/* The old call's hangup comes before the new invite, in the old call's numbers. */
static void
test_hangup_before_invite (void)
{
  Lab lab = { 0 };
  g_autofree char *first = NULL;

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  confab_fake_signalling_fail (lab.signalling, "m.call.invite", CONFAB_SIGNALLING_ERROR_NETWORK, 1);
  lab_join (&lab);
  lab_advance (&lab, 200);
  first = dup_call_id (&lab);
  lab_advance (&lab, 1 + 1000);
  g_assert_cmpstr (last_string (&lab, "m.call.hangup", "call_id"), ==, first);
  g_assert_cmpint (last_seq (&lab, "m.call.hangup"), ==, 1);
  assert_log (&lab, "MEMBER invite hangup ");
  lab_advance (&lab, 201);
  assert_log (&lab, "invite ");
  lab_finish (&lab);
}

/* js-sdk counts from 0 in each call, hydrogen goes on counting: both are read, in the order of their numbers, from
 * the lowest in the batch that brings the answer. */
static void
test_first_number (gconstpointer data)
{
  int first = GPOINTER_TO_INT (data);
  Lab lab = { 0 };
  g_autofree char *call_id = NULL;

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  lab_join (&lab);
  lab_advance (&lab, 201);
  call_id = dup_call_id (&lab);
  /* A batch without an answer says nothing of the first number. */
  lab_receive_as (
    &lab, "@c:x", "C", TRUE, "S", "m.call.candidates", call_id, first + 2, CANDIDATE ("two"));
  lab_sync_end (&lab);
  lab_receive_as (
    &lab, "@c:x", "C", TRUE, "S", "m.call.candidates", call_id, first + 1, CANDIDATE ("one"));
  lab_receive_as (&lab, "@c:x", "C", TRUE, "S", "m.call.answer", call_id, first, ANSWER);
  g_assert_null (strstr (get_connection_log (&lab), "remote-answer"));
  lab_sync_end (&lab);
  lab_advance (&lab, 1);
  assert_in_connection_log (&lab, "remote-answer [one|0|0] [two|0|0]");
  lab_receive (&lab, "m.call.candidates", call_id, first + 3, CANDIDATE ("three"));
  assert_in_connection_log (&lab, "[two|0|0] [three|0|0]");
  lab_finish (&lab);
}

/* A peer that gives no numbers is taken at its word. */
static void
test_no_numbers (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  lab_receive (&lab, "m.call.candidates", "c1", -1, CANDIDATE ("early"));
  lab_receive (&lab, "m.call.invite", "c1", -1, OFFER);
  lab_receive (&lab, "m.call.candidates", "c1", -1, CANDIDATE ("late"));
  lab_advance (&lab, 1);
  assert_in_connection_log (&lab, "remote-offer [early|0|0] [late|0|0]");
  /* Beside numbers it is not held up by a hole. */
  lab_receive (&lab, "m.call.candidates", "c1", 7, CANDIDATE ("seven"));
  lab_receive (&lab, "m.call.hangup", "c1", -1, HANGUP ("user_hangup"));
  assert_member (&lab, "unreachable");
  lab_finish (&lab);
}

/* After a hole was given up, what would have filled it is not wanted any more; the next hole has its own five seconds. */
static void
test_hole_is_given_up (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  connect_a (&lab);
  lab_receive (&lab, "m.call.candidates", "c1", 2, CANDIDATE ("two"));
  lab_receive (&lab, "m.call.candidates", "c1", 4, CANDIDATE ("four"));
  g_assert_cmpuint (lab_get_n_queued (&lab), ==, 2);
  lab_advance (&lab, 5000);
  assert_in_connection_log (&lab, "[two|0|0]");
  g_assert_cmpuint (lab_get_n_queued (&lab), ==, 1);
  lab_receive (&lab, "m.call.candidates", "c1", 1, CANDIDATE ("one"));
  lab_advance (&lab, 4999);
  g_assert_null (strstr (get_connection_log (&lab), "four"));
  lab_receive (&lab, "m.call.candidates", "c1", 3, CANDIDATE ("three"));
  /* What was given up is still good when it comes: once. */
  assert_in_connection_log (&lab, "[two|0|0] [one|0|0] [three|0|0] [four|0|0]");
  g_assert_cmpuint (lab_get_n_queued (&lab), ==, 0);
  lab_receive (&lab, "m.call.candidates", "c1", 1, CANDIDATE ("again"));
  g_assert_null (strstr (get_connection_log (&lab), "again"));
  lab_finish (&lab);
}

/* The network was away for longer than holes are kept open: who is muted is known all the same, and what was said later
 * stays (the simulator, seed 830106). */
static void
test_late_metadata (gconstpointer newer)
{
  Lab lab = { 0 };
  ConfabCallMember *member;

  lab_start (&lab);
  connect_a (&lab);
  member = lab_peek_member (&lab);
  lab_receive (&lab, METADATA_CHANGED, "c1", 1, METADATA ("false"));
  g_assert_false (confab_call_member_get_microphone_muted (member));
  if (newer != NULL)
    lab_receive (&lab, METADATA_CHANGED, "c1", 3, METADATA ("false"));
  else
    lab_receive (&lab, "m.call.candidates", "c1", 3, CANDIDATE ("three"));
  lab_advance (&lab, 5000);
  lab_receive (&lab, METADATA_CHANGED, "c1", 2, METADATA ("true"));
  g_assert_cmpint (confab_call_member_get_microphone_muted (member), ==, newer == NULL);
  lab_finish (&lab);
}

/* What comes late is a description, and what it says of the microphone is older than what was heard since (the simulator,
 * seed 60017274). */
static void
test_late_description (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  connect_a (&lab);
  lab_receive (&lab, METADATA_CHANGED, "c1", 2, METADATA ("true"));
  lab_advance (&lab, 5000);
  g_assert_true (confab_call_member_get_microphone_muted (lab_peek_member (&lab)));
  confab_fake_signalling_clear_log (lab.signalling);
  lab_receive (&lab, "m.call.negotiate", "c1", 1, REOFFER METADATA ("false"));
  lab_advance (&lab, 10);
  assert_log (&lab, "negotiate ");
  g_assert_true (confab_call_member_get_microphone_muted (lab_peek_member (&lab)));
  lab_finish (&lab);
}

/* An offer that comes after the one that followed it is not applied; an end is an end. */
static void
test_late_offer (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  connect_a (&lab);
  confab_fake_signalling_clear_log (lab.signalling);
  lab_receive (&lab, "m.call.negotiate", "c1", 3, REOFFER);
  lab_advance (&lab, 5010);
  assert_log (&lab, "negotiate ");
  lab_receive (&lab, "m.call.negotiate", "c1", 1, REOFFER);
  lab_advance (&lab, 5000);
  assert_log (&lab, "");
  lab_receive (&lab, "m.call.hangup", "c1", 2, HANGUP ("user_hangup"));
  assert_member (&lab, "unreachable");
  lab_finish (&lab);
}

/* A hole that fills in time holds up nothing else: the timer of the first is not that of the second. */
static void
test_hole_fills (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  connect_a (&lab);
  lab_receive (&lab, "m.call.candidates", "c1", 2, CANDIDATE ("two"));
  lab_advance (&lab, 4000);
  lab_receive (&lab, "m.call.candidates", "c1", 1, CANDIDATE ("one"));
  lab_receive (&lab, "m.call.candidates", "c1", 5, CANDIDATE ("five"));
  lab_advance (&lab, 4000);
  g_assert_null (strstr (get_connection_log (&lab), "five"));
  lab_advance (&lab, 1000);
  assert_in_connection_log (&lab, "[one|0|0] [two|0|0] [five|0|0]");
  /* And neither is that of the second that of the third. */
  lab_receive (&lab, "m.call.candidates", "c1", 7, CANDIDATE ("seven"));
  lab_advance (&lab, 4999);
  g_assert_null (strstr (get_connection_log (&lab), "seven"));
  lab_advance (&lab, 1);
  assert_in_connection_log (&lab, "[five|0|0] [seven|0|0]");
  lab_finish (&lab);
}

/* Repeats are had once, whether they wait or were delivered. */
static void
test_repeats (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  connect_a (&lab);
  for (guint i = 0; i < 3; i++)
    lab_receive (&lab, "m.call.candidates", "c1", 2, CANDIDATE ("two"));
  g_assert_cmpuint (lab_get_n_queued (&lab), ==, 1);
  lab_receive (&lab, "m.call.candidates", "c1", 1, CANDIDATE ("one"));
  lab_receive (&lab, "m.call.candidates", "c1", 1, CANDIDATE ("again"));
  assert_in_connection_log (&lab, "[one|0|0] [two|0|0] ");
  g_assert_null (strstr (get_connection_log (&lab), "again"));
  lab_receive (&lab, "m.call.invite", "c1", 0, OFFER);
  assert_member (&lab, "connected");
  lab_finish (&lab);
}

/* Neither messages nor calls that never come to be are kept without bound; a call that begins pushes them out. */
static void
test_bounds (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  for (int i = 0; i < 20; i++) {
    g_autofree char *call_id = g_strdup_printf ("stray%d", i);
    lab_receive (&lab, "m.call.candidates", call_id, 0, CANDIDATE ("x"));
  }
  g_assert_cmpuint (lab_get_n_queued (&lab), ==, 8);
  lab_receive (&lab, "m.call.invite", "c1", 0, OFFER);
  g_assert_cmpuint (lab_get_n_queued (&lab), ==, 0);
  for (int i = 0; i < 60; i++)
    lab_receive (&lab, "m.call.candidates", "c1", 2 + i, CANDIDATE ("x"));
  lab_receive (&lab, "m.call.candidates", "c1", 7, CANDIDATE ("x"));
  g_assert_cmpuint (lab_get_n_queued (&lab), ==, 50);
  lab_receive (&lab, "m.call.hangup", "c1", 1, HANGUP ("user_hangup"));
  assert_member (&lab, "unreachable");
  lab_finish (&lab);
}

/* Of a hundred thousand bytes. */
static GString *
make_big (void)
{
  GString *big = g_string_new (",\"candidates\":[");

  for (guint i = 0; i < 100; i++)
    g_string_append_printf (big,
                            "%s{\"candidate\":\"%01000d\",\"sdpMid\":\"0\"}",
                            i > 0 ? "," : "",
                            0);
  g_string_append (big, "]");
  return big;
}

/* Nor does it help to spread them over calls. */
static void
test_strays_size (void)
{
  g_autoptr (GString) big = make_big ();
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  for (int i = 0; i < 40; i++) {
    g_autofree char *call_id = g_strdup_printf ("stray%d", i % 8);
    lab_receive (&lab, "m.call.candidates", call_id, i / 8, big->str);
  }
  g_assert_cmpuint (lab_get_n_queued (&lab), ==, 10);
  /* What belongs to a call that is on is not in question. */
  lab_receive (&lab, "m.call.invite", "c1", 0, OFFER);
  lab_receive (&lab, "m.call.candidates", "c1", 1, CANDIDATE ("x"));
  lab_advance (&lab, 300);
  assert_in_connection_log (&lab, "[x|0|0]");
  lab_finish (&lab);
}

/* Nor for longer than an invite may be answered; nor are the messages of the call that is on. */
static void
test_strays_go (void)
{
  g_autoptr (GString) big = make_big ();
  Lab lab = { 0 };

  lab_start (&lab);
  connect_a (&lab);
  for (int i = 0; i < 20; i++)
    lab_receive (&lab, "m.call.candidates", "c1", 2 + i, big->str);
  g_assert_cmpuint (lab_get_n_queued (&lab), ==, 10);
  lab_advance (&lab, 5000);
  g_assert_cmpuint (lab_get_n_queued (&lab), ==, 0);
  lab_receive (&lab, "m.call.candidates", "stray", 0, CANDIDATE ("x"));
  lab_advance (&lab, 60000);
  lab_sync_end (&lab);
  g_assert_cmpuint (lab_get_n_queued (&lab), ==, 1);
  lab_advance (&lab, 1);
  lab_sync_end (&lab);
  g_assert_cmpuint (lab_get_n_queued (&lab), ==, 0);
  lab_receive (&lab, "m.call.hangup", "c1", 12, HANGUP ("user_hangup"));
  assert_member (&lab, "unreachable");
  lab_finish (&lab);
}

/* The batch that says where the numbers start also ends the call, and with it, where its entry has run out, the member:
 * the others of the call are still looked at. */
static void
test_ends_with_the_sync (gconstpointer expired)
{
  Lab lab = { 0 };
  g_autofree char *call_id = NULL;

  lab_start (&lab);
  lab_connect_c (&lab);
  if (expired != NULL)
    lab_advance (&lab, 61 * 60 * 1000);
  lab_member (&lab, "@d:x", "D", "S");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 2);
  call_id = dup_call_id (&lab);
  if (expired == NULL) { /* a call of which nothing was heard yet */
    lab_set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
    lab_advance (&lab, 1201);
    g_free (call_id);
    call_id = dup_call_id (&lab);
  }
  lab_receive_as (&lab, "@c:x", "C", TRUE, "S", "m.call.candidates", "stray", 0, CANDIDATE ("x"));
  lab_receive_as (
    &lab, "@c:x", "C", TRUE, "S", "m.call.hangup", call_id, 1, HANGUP ("user_hangup"));
  lab_sync_end (&lab);
  if (expired != NULL)
    g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  else
    assert_member (&lab, "unreachable");
  lab_finish (&lab);
}

/* Over before it began: the invite that comes late does not bring it back. */
static void
test_hangup_overtakes_invite (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  lab_receive (&lab, "m.call.hangup", "c1", 1, HANGUP ("user_hangup"));
  lab_receive (&lab, "m.call.invite", "c1", 0, OFFER);
  assert_member (&lab, "waiting");
  lab_receive (&lab, "m.call.invite", "c2", 0, OFFER);
  assert_member (&lab, "connecting");
  lab_finish (&lab);
}

/*
 * Hydrogen keeps its session over leaving and joining again. Where one sync brings both, no entry was ever missing: only its
 * end is later, and the hangup of the time before comes before it or after it.
 */
static void
test_rejoined (gconstpointer hangup_first)
{
  Lab lab = { 0 };
  g_autofree char *call_id = NULL;

  lab_start (&lab);
  lab_connect_c (&lab);
  call_id = dup_call_id (&lab);
  lab_advance (&lab, 120000);
  if (hangup_first != NULL) {
    lab_receive (&lab, "m.call.hangup", call_id, 1, HANGUP ("user_hangup"));
    assert_member (&lab, "unreachable");
    lab_advance (&lab, 20000);
    lab_member (&lab, "@c:x", "C", "S");
  } else {
    lab_member (&lab, "@c:x", "C", "S");
    assert_member (&lab, "connected");
    lab_advance (&lab, 9999);
    lab_receive (&lab, "m.call.hangup", call_id, 1, HANGUP ("user_hangup"));
  }
  assert_member (&lab, "reconnecting");
  lab_advance (&lab, 999);
  assert_log (&lab, "");
  lab_advance (&lab, 1 + 201);
  assert_log (&lab, "invite ");
  receive_current (&lab, "m.call.answer", 2, ANSWER);
  lab_advance (&lab, 1);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
  assert_member (&lab, "connected");
  lab_finish (&lab);
}

static void
test_rejoined_to_invite (gconstpointer hangup_first)
{
  Lab lab = { 0 };

  lab_start (&lab);
  connect_a (&lab);
  lab_advance (&lab, 120000);
  if (hangup_first != NULL)
    lab_receive (&lab, "m.call.hangup", "c1", 1, HANGUP ("user_hangup"));
  lab_member (&lab, "@a:x", "A", "S");
  if (hangup_first == NULL)
    lab_receive (&lab, "m.call.hangup", "c1", 1, HANGUP ("user_hangup"));
  assert_member (&lab, "reconnecting");
  lab_receive (&lab, "m.call.invite", "c2", 2, OFFER);
  lab_advance (&lab, 300);
  assert_log (&lab, "answer ");
  lab_finish (&lab);
}

/* Who renews and hangs up later has not joined again, and neither has one whose entry only says the same once more. */
static void
test_not_rejoined (gconstpointer again)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_advance (&lab, 120000);
  if (again != NULL) {
    lab_member_until (&lab, "@c:x", "C", "S", NOW_MS + 3600000);
    lab_sync_end (&lab);
  } else {
    lab_member (&lab, "@c:x", "C", "S");
    lab_advance (&lab, 10000);
  }
  receive_current (&lab, "m.call.hangup", 1, HANGUP ("user_hangup"));
  assert_member (&lab, "unreachable");
  lab_advance (&lab, 60000);
  assert_log (&lab, "");
  lab_finish (&lab);
}

static void
fail_for_good (Lab *lab)
{
  for (guint i = 0; i < 4; i++) {
    lab_advance (lab, 6000);
    receive_current (lab, "m.call.hangup", i == 0 ? 1 : 0, HANGUP ("ice_failed"));
  }
  assert_member (lab, "unreachable");
  confab_fake_signalling_clear_log (lab->signalling);
}

/* Given up while this device had no network, and tried again when it has; not who has hung up. */
static void
test_back_online (gconstpointer hangup)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  if (hangup != NULL)
    receive_current (&lab, "m.call.hangup", 1, HANGUP ("user_hangup"));
  else
    fail_for_good (&lab);
  lab_advance (&lab, 60000);
  assert_log (&lab, "");
  confab_call_handler_back_online (lab.handler);
  lab_advance (&lab, 1201);
  assert_log (&lab, hangup != NULL ? "" : "invite ");
  assert_member (&lab, hangup != NULL ? "unreachable" : "reconnecting");
  g_assert_cmpuint (confab_call_member_get_retry_count (lab_peek_member (&lab)),
                    ==,
                    hangup != NULL ? 0 : 1);
  lab_finish (&lab);
}

/* Who invites may have given this device up: it says that it is there, by its entry, and not each time. */
static void
test_back_online_to_be_invited (void)
{
  Lab lab = { 0 };
  gint64 expires_ts;

  lab_start (&lab);
  connect_a (&lab);
  lab_advance (&lab, 300000);
  confab_call_handler_back_online (lab.handler);
  assert_log (&lab, ""); /* nobody is missed */
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
  lab_advance (&lab, 300000);
  assert_log (&lab, "hangup ");
  expires_ts = lab_get_own_expiry (&lab);
  confab_call_handler_back_online (lab.handler);
  assert_log (&lab, "MEMBER ");
  g_assert_cmpint (lab_get_own_expiry (&lab), >, expires_ts + 600000);
  lab_advance (&lab, 59999);
  confab_call_handler_back_online (lab.handler);
  assert_log (&lab, "");
  lab_advance (&lab, 1);
  confab_call_handler_back_online (lab.handler);
  assert_log (&lab, "MEMBER ");
  lab_finish (&lab);
}

/* Who was never heard, and who has hung up, are not called. */
static void
test_back_online_nobody_missed (gconstpointer hangup)
{
  Lab lab = { 0 };

  lab_start (&lab);
  if (hangup != NULL) {
    connect_a (&lab);
    receive_current (&lab, "m.call.hangup", 1, HANGUP ("user_hangup"));
  } else {
    lab_member (&lab, "@a:x", "A", "S");
    lab_join (&lab);
    confab_fake_signalling_clear_log (lab.signalling);
  }
  lab_advance (&lab, 100000);
  confab_call_handler_back_online (lab.handler);
  lab_advance (&lab, 10000);
  assert_log (&lab, "");
  lab_finish (&lab);
}

/* A renewal of one who was given up: there is a process, and what was counted before is no longer held against it. */
static void
test_renewed_after_all (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  fail_for_good (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  g_assert_cmpuint (confab_call_member_get_retry_count (lab_peek_member (&lab)), ==, 1);
  lab_advance (&lab, 1201);
  assert_log (&lab, "invite ");
  lab_finish (&lab);
}

/* The peer restarts ICE, which webrtcbin cannot: it is invited anew at once, whichever side invited. Three times at most. */
static void
test_ice_restart (gconstpointer we_invite)
{
  Lab lab = { 0 };

  lab_start (&lab);
  if (we_invite != NULL)
    lab_connect_c (&lab);
  else
    connect_a (&lab);
  for (guint i = 0; i < 3; i++) {
    receive_current (&lab, "m.call.negotiate", 1, ICE_RESTART);
    assert_member (&lab, "reconnecting");
    lab_advance (&lab, 201);
    assert_log (&lab, "hangup invite ");
    g_assert_cmpstr (last_string (&lab, "m.call.hangup", "reason"), ==, "ice_failed");
    g_assert_cmpstr (last_string (&lab, "m.call.hangup", "call_id"),
                     !=,
                     last_string (&lab, "m.call.invite", "call_id"));
    receive_current (&lab, "m.call.answer", 0, ANSWER);
    lab_advance (&lab, 1);
    lab_set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
    assert_member (&lab, "connected");
    confab_fake_signalling_clear_log (lab.signalling);
  }
  receive_current (&lab, "m.call.negotiate", 1, ICE_RESTART);
  lab_advance (&lab, 60000);
  assert_log (&lab, "hangup ");
  assert_member (&lab, "unreachable");
  lab_finish (&lab);
}

/*
 * The peer, who has to, invites at the same moment. It compares ids as we do, and what it keeps is what we keep: hydrogen does
 * not try again once both were given up.
 */
static void
test_ice_restart_glare (gconstpointer call_id)
{
  Lab lab = { 0 };
  g_autofree char *own = NULL;
  gboolean stays;

  lab_start (&lab);
  connect_a (&lab);
  receive_current (&lab, "m.call.negotiate", 1, ICE_RESTART);
  lab_advance (&lab, 201);
  own = dup_call_id (&lab);
  stays = strcmp (own, call_id) < 0;
  lab_receive (&lab, "m.call.invite", call_id, 0, OFFER);
  lab_advance (&lab, 300);
  assert_log (&lab, stays ? "hangup invite hangup " : "hangup invite hangup answer ");
  g_assert_cmpstr (last_string (&lab, "m.call.hangup", "reason"), ==, "replaced");
  g_assert_cmpstr (last_string (&lab, "m.call.hangup", "call_id"), ==, stays ? call_id : own);
  lab_receive (&lab, "m.call.hangup", stays ? call_id : own, 0, HANGUP ("replaced"));
  if (stays)
    receive_current (&lab, "m.call.answer", 0, ANSWER);
  lab_advance (&lab, 1);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
  assert_member (&lab, "connected");
  g_assert_cmpstr (confab_call_member_get_call_id (lab_peek_member (&lab)),
                   ==,
                   stays ? own : call_id);
  /* Once answered, an own call in the peer's stead gives way to whatever the peer invites to. */
  lab_receive (&lab, "m.call.invite", "zzzzzzzzzzzzzzzzzz", 0, OFFER);
  g_assert_cmpstr (confab_call_member_get_call_id (lab_peek_member (&lab)),
                   ==,
                   "zzzzzzzzzzzzzzzzzz");
  lab_finish (&lab);
}

/* Lost for a moment: shown so, and taken for no end. */
static void
test_reconnects (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  g_assert_true (confab_call_member_get_connected (lab_peek_member (&lab)));
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_DISCONNECTED);
  assert_member (&lab, "reconnecting");
  g_assert_false (confab_call_member_get_connected (lab_peek_member (&lab)));
  lab_advance (&lab, 29999);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
  assert_member (&lab, "connected");
  assert_log (&lab, "");
  lab_finish (&lab);
}

/* The waiting side counts, too, and shows that it is at its end, but goes on answering whatever invite comes. */
static void
test_waiting_side_counts (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  for (guint i = 0; i < 4; i++) {
    g_autofree char *call_id = g_strdup_printf ("c%u", i);
    g_assert_cmpuint (confab_call_member_get_retry_count (lab_peek_member (&lab)), ==, i);
    lab_receive (&lab, "m.call.invite", call_id, 0, OFFER);
    assert_member (&lab, "connecting");
    lab_receive (&lab, "m.call.hangup", call_id, 1, HANGUP ("ice_failed"));
    assert_member (&lab, i < 3 ? "waiting" : "unreachable");
  }
  lab_advance (&lab, 60000);
  assert_member (&lab, "unreachable");
  lab_receive (&lab, "m.call.invite", "c9", 0, OFFER);
  assert_member (&lab, "connecting");
  lab_finish (&lab);
}

/* An invite that comes while this side pauses before its own is taken. */
static void
test_invited_in_the_pause (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
  assert_log (&lab, "hangup ");
  lab_receive (&lab, "m.call.invite", "theirs", 0, OFFER);
  g_assert_true (confab_call_member_get_inbound (lab_peek_member (&lab)));
  lab_advance (&lab, 10000);
  assert_log (&lab, "answer ");
  lab_finish (&lab);
}

/* So is a session of one's own. */
static void
test_retries_rejoined (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
  lab_advance (&lab, 1201);
  receive_current (&lab, "m.call.hangup", 0, HANGUP ("replaced"));
  g_assert_cmpuint (confab_call_member_get_retry_count (lab_peek_member (&lab)), ==, 1);
  confab_call_leave (lab.call);
  lab_advance (&lab, 5);
  g_clear_object (&lab.media);
  lab.media = confab_fake_local_media_new (CONFAB_CLOCK (lab.clock), "again");
  lab_join (&lab);
  g_assert_cmpuint (confab_call_member_get_retry_count (lab_peek_member (&lab)), ==, 0);
  assert_member (&lab, "connecting"); /* not reconnecting */
  lab_advance (&lab, 201);
  receive_current (&lab, "m.call.hangup", 0, HANGUP ("replaced"));
  assert_member (&lab, "connecting"); /* the retry after a refusal is there again */
  lab_finish (&lab);
}

/* An offer that cannot be made is tried again; the peer, who heard of nothing, is told of no end. */
static void
test_offer_not_made (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  lab_join (&lab);
  confab_fake_signalling_clear_log (lab.signalling);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
  g_assert_cmpuint (confab_call_member_get_retry_count (lab_peek_member (&lab)), ==, 1);
  lab_advance (&lab, 1201);
  assert_log (&lab, "invite ");
  lab_finish (&lab);
}

/* A connection that comes and goes does not count as well again. */
static void
test_retries_not_reset (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  for (guint i = 0; i < 3; i++) {
    lab_set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
    assert_member (&lab, "reconnecting");
    lab_advance (&lab, 5000 + 201);
    receive_current (&lab, "m.call.answer", 0, ANSWER);
    lab_advance (&lab, 1);
    lab_set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
    lab_advance (&lab, 30000);
    lab_set_ice (&lab, CONFAB_CONNECTION_STATE_DISCONNECTED);
    lab_set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
    lab_advance (&lab, 30000);
  }
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
  assert_member (&lab, "unreachable");
  lab_finish (&lab);
}

/* The refused invite's one retry is there again after a minute of health, too. */
static void
test_refused_again (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  lab_join (&lab);
  lab_advance (&lab, 201);
  for (guint i = 0; i < 2; i++) {
    receive_current (&lab, "m.call.hangup", 0, HANGUP ("replaced"));
    assert_member (&lab, i == 0 ? "connecting" : "reconnecting");
    lab_advance (&lab, 2201);
    receive_current (&lab, "m.call.answer", 0, ANSWER);
    lab_advance (&lab, 1);
    lab_set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
    lab_advance (&lab, 60000);
    confab_fake_signalling_clear_log (lab.signalling);
    if (i == 0) {
      lab_set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
      lab_advance (&lab, 1201);
    }
  }
  assert_member (&lab, "connected");
  lab_finish (&lab);
}

/* The device has lost its state: the old call is closed without a word, and a new one begins with fresh numbers. */
static void
test_new_session_of_invitee (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_member (&lab, "@c:x", "C", "S2");
  assert_member (&lab, "connecting");
  lab_advance (&lab, 201);
  assert_log (&lab, "invite ");
  g_assert_cmpstr (last_string (&lab, "m.call.invite", "dest_session_id"), ==, "S2");
  g_assert_cmpint (last_seq (&lab, "m.call.invite"), ==, 0);
  g_assert_cmpstr (confab_call_member_get_session_id (lab_peek_member (&lab)), ==, "S2");
  lab_finish (&lab);
}

static void
test_new_session_of_inviter (void)
{
  Lab lab = { 0 };
  g_autoptr (ConfabFakePeerConnection) old = NULL;

  lab_start (&lab);
  connect_a (&lab);
  old = g_object_ref (confab_fake_local_media_get_last (lab.media));
  lab_member (&lab, "@a:x", "A", "S2");
  assert_member (&lab, "waiting");
  g_assert_true (confab_fake_peer_connection_get_closed (old));
  g_clear_object (&old);
  assert_log (&lab, "");
  /* What its old session still says does not count. */
  lab_receive_as (&lab, "@a:x", "A", TRUE, "S", "m.call.invite", "old", 0, OFFER);
  assert_member (&lab, "waiting");
  lab_receive_as (&lab, "@a:x", "A", TRUE, "S2", "m.call.invite", "c2", 0, OFFER);
  assert_member (&lab, "connecting");
  lab_finish (&lab);
}

/* None of the sessions that it had is news, however long ago: only one that was never heard of says that it began anew. */
static void
test_new_session_not_old (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S0");
  lab_join (&lab);
  for (guint i = 1; i <= 8; i++) {
    g_autofree char *session_id = g_strdup_printf ("S%u", i);
    lab_member (&lab, "@a:x", "A", session_id);
  }
  lab_receive_as (&lab, "@a:x", "A", TRUE, "S8", "m.call.invite", "c1", 0, OFFER);
  assert_member (&lab, "connecting");
  for (guint i = 0; i < 8; i++) {
    g_autofree char *session_id = g_strdup_printf ("S%u", i);
    lab_receive_as (&lab, "@a:x", "A", TRUE, session_id, "m.call.invite", "old", 0, OFFER);
    assert_member (&lab, "connecting");
  }
  lab_receive_as (&lab, "@a:x", "A", TRUE, "new", "m.call.invite", "c2", 0, OFFER);
  assert_member (&lab, "waiting");
  lab_finish (&lab);
}

/* Before this device is in the call, too. */
static void
test_new_session_before_join (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  lab_member (&lab, "@c:x", "C", "S2");
  assert_member (&lab, "advertised");
  lab_join (&lab);
  lab_advance (&lab, 201);
  g_assert_cmpstr (last_string (&lab, "m.call.invite", "dest_session_id"), ==, "S2");
  lab_finish (&lab);
}

/* What the old session did, signalling in clear, is not held against the new one. */
static void
test_new_session_while_out (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  lab_receive_as (&lab, "@a:x", "A", FALSE, "S", "m.call.invite", "c1", 0, OFFER);
  confab_call_leave (lab.call);
  lab_advance (&lab, 5);
  g_assert_false (confab_participant_get_encrypted (CONFAB_PARTICIPANT (lab_peek_member (&lab))));
  lab_member (&lab, "@a:x", "A", "S2");
  g_assert_true (confab_participant_get_encrypted (CONFAB_PARTICIPANT (lab_peek_member (&lab))));
  lab_finish (&lab);
}

/* Neither is that it spoke Olm: a client without it may be what begins anew. */
static void
test_new_session_in_clear (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  lab_receive (&lab, "m.call.invite", "c1", 0, OFFER);
  assert_member (&lab, "connecting");
  lab_member (&lab, "@a:x", "A", "S2");
  assert_member (&lab, "waiting");
  lab_receive_as (&lab, "@a:x", "A", FALSE, "S2", "m.call.invite", "c2", 0, OFFER);
  assert_member (&lab, "connecting");
  g_assert_false (confab_participant_get_encrypted (CONFAB_PARTICIPANT (lab_peek_member (&lab))));
  lab_finish (&lab);
}

/* An entry may live for longer than a timer can; the clock's range is no stranger's to break. */
static void
test_expiry_far_away (void)
{
  const guint week_ms = 7 * 24 * 60 * 60 * 1000;
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member_until (&lab, "@a:x", "A", "S", G_MAXINT64);
  lab_member_until (&lab, "@c:x", "C", "S", NOW_MS + week_ms);
  lab_advance (&lab, week_ms + 9);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 2);
  lab_advance (&lab, 1);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  lab_advance (&lab, week_ms);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  lab_finish (&lab);
}

/* An entry that is renewed disturbs nothing, and lives on. */
static void
test_renewed (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member_until (&lab, "@a:x", "A", "S", NOW_MS + 1000);
  lab_sync_end (&lab);
  lab_advance (&lab, 900);
  lab_member_until (&lab, "@a:x", "A", "S", NOW_MS + 2000);
  lab_sync_end (&lab);
  lab_advance (&lab, 1109);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  lab_advance (&lab, 1);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  /* One that has run out is nobody's; a new one brings them back. */
  lab_member_until (&lab, "@a:x", "A", "S", NOW_MS + 2010);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  lab_member (&lab, "@a:x", "A", "S");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  lab_finish (&lab);
}

/* Who is connected may be late with the renewal; with it, the connection may break again like any other. */
static void
test_renewed_after_expiry (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_advance (&lab, 61 * 60 * 1000);
  lab_member (&lab, "@c:x", "C", "S");
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
  assert_member (&lab, "reconnecting");
  lab_finish (&lab);
}

/* Not connected at the moment is not connected. */
static void
test_expiry_while_reconnecting (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_advance (&lab, 60 * 60 * 1000 - 1000);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_DISCONNECTED);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  lab_advance (&lab, 2000);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  lab_finish (&lab);
}

static void
test_rejoins_room (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  confab_call_handler_handle_membership (lab.handler, ROOM, "@c:x", FALSE);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  confab_call_handler_handle_membership (lab.handler, ROOM, "@c:x", TRUE);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  lab_finish (&lab);
}

/* A message for another session of this device is nobody's, now and later. */
static void
test_wrong_destination (void)
{
  Lab lab = { 0 };
  g_autoptr (JsonObject) content = NULL;

  content = confab_json_parse_object (
    "{\"conf_id\":\"conf\",\"call_id\":\"c1\",\"device_id\":\"A\","
    "\"sender_session_id\":\"S\",\"dest_session_id\":\"old\","
    "\"seq\":0" OFFER "}",
    -1,
    NULL);
  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  confab_call_handler_handle_to_device (lab.handler, "@a:x", "A", "m.call.invite", content);
  lab_sync_end (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  assert_member (&lab, "waiting");
  g_assert_cmpint (confab_call_member_get_last_signalling_at (lab_peek_member (&lab)), ==, 0);
  lab_finish (&lab);
}

/* One change goes to all in one go, so that the outbox makes one request of it; each gets it once. */
static void
test_mute_fans_out (void)
{
  Lab lab = { 0 };
  g_autoptr (GString) expected = g_string_new (NULL);

  lab_start (&lab);
  lab_join (&lab);
  for (guint i = 0; i < 5; i++) {
    g_autofree char *user = g_strdup_printf ("@c%u:x", i);
    lab_member (&lab, user, "C", "S");
    g_string_append (expected, METADATA_WORD);
  }
  lab_advance (&lab, 300);
  confab_fake_signalling_clear_log (lab.signalling);
  confab_call_set_microphone_muted (lab.call, TRUE);
  assert_log (&lab, expected->str); /* before anything else could run */
  confab_call_set_microphone_muted (lab.call, TRUE);
  assert_log (&lab, "");
  confab_call_set_camera_muted (lab.call, TRUE);
  assert_log (&lab, expected->str);
  lab_finish (&lab);
}

/* Those with whom there is nothing yet get it with the invite or the answer. */
static void
test_mute_before (void)
{
  Lab lab = { 0 };
  JsonObject *invite;

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_member (&lab, "@c:x", "C", "S");
  lab_join (&lab);
  assert_log (&lab, "MEMBER ");
  confab_call_set_microphone_muted (lab.call, TRUE);
  assert_log (&lab, "");
  lab_advance (&lab, 300);
  invite = confab_fake_signalling_peek_last (lab.signalling, "m.call.invite");
  invite = json_object_get_object_member (invite, "sdp_stream_metadata");
  invite = json_object_get_object_member (invite, "local");
  g_assert_true (json_object_get_boolean_member (invite, "audio_muted"));
  lab_finish (&lab);
}

static JsonObject *
peek_told (Lab *lab, const char *type)
{
  JsonObject *message = confab_fake_signalling_peek_last (lab->signalling, type);

  message = json_object_get_object_member (message, "sdp_stream_metadata");
  return json_object_get_object_member (message, "local");
}

/* Without a camera the others are told that it is off; what the person wants does not change. */
static void
test_mute_missing (void)
{
  static const char *const metadata = "org.matrix.call.sdp_stream_metadata_changed";
  Lab lab = { 0 };
  ConfabStream *stream;
  JsonObject *told;

  lab_start (&lab);
  confab_fake_local_media_set_problem (lab.media, CONFAB_DEVICE_PROBLEM_MISSING);
  lab_connect_c (&lab);
  told = peek_told (&lab, "m.call.invite");
  g_assert_true (json_object_get_boolean_member (told, "video_muted"));
  g_assert_false (json_object_get_boolean_member (told, "audio_muted"));
  stream = confab_local_media_get_stream (CONFAB_LOCAL_MEDIA (lab.media));
  g_assert_false (confab_stream_get_video_muted (stream));

  confab_fake_local_media_set_problem (lab.media, CONFAB_DEVICE_PROBLEM_NONE);
  assert_log (&lab, METADATA_WORD);
  g_assert_false (json_object_get_boolean_member (peek_told (&lab, metadata), "video_muted"));
  confab_fake_local_media_set_problem (lab.media, CONFAB_DEVICE_PROBLEM_BUSY);
  assert_log (&lab, METADATA_WORD);
  g_assert_true (json_object_get_boolean_member (peek_told (&lab, metadata), "video_muted"));
  /* Off in another way: nothing new to tell. */
  confab_fake_local_media_set_problem (lab.media, CONFAB_DEVICE_PROBLEM_MISSING);
  confab_call_set_camera_muted (lab.call, TRUE);
  confab_fake_local_media_set_problem (lab.media, CONFAB_DEVICE_PROBLEM_NONE);
  assert_log (&lab, "");
  confab_call_set_camera_muted (lab.call, FALSE);
  assert_log (&lab, METADATA_WORD);
  lab_finish (&lab);
}

/* Flags that come with the description count, and come over to the next connection's. */
static void
test_remote_mute (void)
{
  static const char offer[] = OFFER
    ",\"org.matrix.msc3077.sdp_stream_metadata\":{\"s\":{\"purpose\":\"m.usermedia\","
    "\"audio_muted\":false,\"video_muted\":true}}";
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  g_assert_false (confab_call_member_get_camera_muted (lab_peek_member (&lab)));
  lab_receive (&lab, "m.call.invite", "c1", 0, offer);
  g_assert_true (confab_call_member_get_camera_muted (lab_peek_member (&lab)));
  g_assert_false (confab_call_member_get_microphone_muted (lab_peek_member (&lab)));
  lab_finish (&lab);
}

/* What is sent in a mesh: nothing that hydrogen does not count, and everything it needs. */
static void
test_envelope (void)
{
  static const char *const names[] = { "conf_id", "party_id", "device_id", "dest_session_id" };
  static const char *const values[] = { "conf", "ME", "ME", "S" };
  Lab lab = { 0 };
  JsonObject *content;

  lab_start (&lab);
  lab_connect_c (&lab);
  confab_fake_peer_connection_gather (confab_fake_local_media_get_last (lab.media),
                                      "candidate:l",
                                      TRUE);
  lab_advance (&lab, 2000);
  content = confab_fake_signalling_peek_last (lab.signalling, "m.call.candidates");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpstr (json_object_get_string_member (content, names[i]), ==, values[i]);
  g_assert_cmpstr (json_object_get_string_member (content, "version"), ==, "1");
  g_assert_cmpstr (json_object_get_string_member (content, "sender_session_id"),
                   ==,
                   confab_group_call_get_session_id (CONFAB_GROUP_CALL (lab.call)));
  content = json_array_get_object_element (json_object_get_array_member (content, "candidates"), 1);
  g_assert_cmpstr (json_object_get_string_member (content, "candidate"), ==, "");
  g_assert_cmpstr (json_object_get_string_member (content, "sdpMid"), ==, "audio0");
  g_assert_cmpint (json_object_get_int_member (content, "sdpMLineIndex"), ==, 0);
  content = confab_fake_signalling_peek_last (lab.signalling, "m.call.invite");
  g_assert_cmpstr (json_object_get_string_member (content, "invitee"), ==, "@c:x");
  assert_log (&lab, "candidates "); /* and no select_answer after the answer */
  lab_finish (&lab);
}

static void
count_cb (GObject *object, GParamSpec *pspec, guint *n)
{
  ++*n;
}

/* As everything above sees a member. */
static void
test_participant (void)
{
  Lab lab = { 0 };
  ConfabParticipant *participant;
  guint n = 0;

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  participant = CONFAB_PARTICIPANT (lab_peek_member (&lab));
  g_signal_connect (participant, "notify::state", G_CALLBACK (count_cb), &n);
  g_assert_cmpstr (confab_participant_get_user_id (participant), ==, "@a:x");
  g_assert_cmpstr (confab_participant_get_device_id (participant), ==, "A");
  g_assert_true (confab_participant_get_encrypted (participant));
  g_assert_false (confab_call_member_get_active_foci (lab_peek_member (&lab)));
  g_assert_true (confab_call_member_get_inbound (lab_peek_member (&lab)));
  g_assert_null (confab_call_member_get_connection (lab_peek_member (&lab)));
  g_assert_null (confab_call_member_get_call_id (lab_peek_member (&lab)));
  g_assert_cmpuint (g_list_model_get_n_items (confab_participant_get_streams (participant)), ==, 0);
  lab_join (&lab);
  lab_receive (&lab,
               "m.call.invite",
               "c1",
               0,
               OFFER ",\"sdp_stream_metadata\":{\"s\":{\"purpose\":\"m.usermedia\"}}");
  g_assert_cmpuint (n, ==, 2); /* waiting, connecting */
  g_assert_cmpuint (g_list_model_get_n_items (confab_participant_get_streams (participant)), ==, 1);
  g_assert_true (confab_call_member_get_connection (lab_peek_member (&lab)) ==
                 CONFAB_PEER_CONNECTION (confab_fake_local_media_get_last (lab.media)));
  g_assert_cmpstr (confab_call_member_get_call_id (lab_peek_member (&lab)), ==, "c1");
  lab_finish (&lab);
}

/* Nothing can be sent where there are no keys: that is said, until something was sent. */
static void
test_waiting_for_key (void)
{
  Lab lab = { 0 };
  ConfabParticipant *participant;
  guint n = 0;

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  participant = CONFAB_PARTICIPANT (lab_peek_member (&lab));
  g_signal_connect (participant, "notify::waiting-for-key", G_CALLBACK (count_cb), &n);
  confab_fake_signalling_fail (lab.signalling, "m.call.invite", CONFAB_SIGNALLING_ERROR_NETWORK, 1);
  lab_join (&lab);
  lab_advance (&lab, 204);
  g_assert_false (confab_participant_get_waiting_for_key (participant));
  confab_fake_signalling_fail (lab.signalling, "m.call.invite", CONFAB_SIGNALLING_ERROR_NO_KEYS, 1);
  lab_advance (&lab, 1204);
  g_assert_true (confab_participant_get_waiting_for_key (participant));
  lab_advance (&lab, 3204);
  g_assert_false (confab_participant_get_waiting_for_key (participant));
  g_assert_cmpuint (n, ==, 2);
  lab_finish (&lab);
}

static gint64
quiet_since (Lab *lab)
{
  return confab_participant_get_quiet_since (CONFAB_PARTICIPANT (lab_peek_member (lab)));
}

static void
count_changes_cb (guint *n)
{
  ++*n;
}

/* A network that is gone is noticed late: who is connected and gives no sign for ten seconds is said to be quiet. */
static void
test_gone_quiet (void)
{
  Lab lab = { 0 };
  gint64 last;
  guint n = 0;

  lab_start (&lab);
  lab_connect_c (&lab);
  g_signal_connect_swapped (lab_peek_member (&lab),
                            "notify::quiet-since",
                            G_CALLBACK (count_changes_cb),
                            &n);
  lab_advance (&lab, 9999);
  g_assert_cmpint (quiet_since (&lab), ==, 0);
  confab_fake_peer_connection_receive (confab_fake_local_media_get_last (lab.media));
  last = confab_clock_get_time (CONFAB_CLOCK (lab.clock));
  lab_advance (&lab, 9999);
  g_assert_cmpint (quiet_since (&lab), ==, 0);
  lab_advance (&lab, 1);
  g_assert_cmpint (quiet_since (&lab), ==, last);
  g_assert_cmpuint (n, ==, 1);
  assert_member (&lab, "connected");
  /* Since when is told once, not each second. */
  lab_advance (&lab, 5000);
  g_assert_cmpuint (n, ==, 1);
  /* Media is a sign within a second, */
  confab_fake_peer_connection_receive (confab_fake_local_media_get_last (lab.media));
  lab_advance (&lab, 1000);
  g_assert_cmpint (quiet_since (&lab), ==, 0);
  lab_advance (&lab, 9000);
  g_assert_cmpint (quiet_since (&lab), !=, 0);
  /* signalling at once. */
  lab_receive (&lab,
               "m.call.candidates",
               confab_call_member_get_call_id (lab_peek_member (&lab)),
               1,
               CANDIDATE ("x"));
  g_assert_cmpint (quiet_since (&lab), ==, 0);
  lab_finish (&lab);
}

/* Who was heard a moment ago is not quiet because the connection has failed since. */
static void
test_quiet_after_failure (void)
{
  Lab lab = { 0 };
  gint64 last;

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_advance (&lab, 20000);
  confab_fake_peer_connection_receive (confab_fake_local_media_get_last (lab.media));
  last = confab_clock_get_time (CONFAB_CLOCK (lab.clock));
  lab_advance (&lab, 1000);
  g_assert_cmpint (quiet_since (&lab), ==, 0);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
  assert_member (&lab, "reconnecting");
  lab_advance (&lab, 8999);
  g_assert_cmpint (quiet_since (&lab), ==, 0);
  lab_advance (&lab, 1);
  g_assert_cmpint (quiet_since (&lab), ==, last);
  lab_finish (&lab);
}

static void
test_quiet_ends (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_advance (&lab, 10000);
  g_assert_cmpint (quiet_since (&lab), !=, 0);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_DISCONNECTED);
  assert_member (&lab, "reconnecting");
  g_assert_cmpint (quiet_since (&lab), !=, 0);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
  g_assert_cmpint (quiet_since (&lab), ==, 0);
  lab_advance (&lab, 10000);
  g_assert_cmpint (quiet_since (&lab), !=, 0);
  confab_call_leave (lab.call);
  g_assert_cmpint (quiet_since (&lab), ==, 0);
  lab_advance (&lab, 11000);
  g_assert_cmpint (quiet_since (&lab), ==, 0);
  lab_finish (&lab);
}

/* An entry that was left behind by a process that is no more looks like one that is about to call. */
static void
test_quiet_from_the_start (gconstpointer user)
{
  Lab lab = { 0 };
  gint64 joined_at;

  lab_start (&lab);
  lab_member (&lab, user, "D", "S");
  lab_advance (&lab, 60000);
  g_assert_cmpint (quiet_since (&lab), ==, 0); /* nothing could have come */
  lab_join (&lab);
  joined_at = confab_clock_get_time (CONFAB_CLOCK (lab.clock));
  lab_advance (&lab, 9900);
  g_assert_cmpint (quiet_since (&lab), ==, 0);
  lab_advance (&lab, 100);
  g_assert_cmpint (quiet_since (&lab), >, joined_at - 100000);
  /* Renewed: there is a process. */
  lab_member (&lab, user, "D", "S");
  g_assert_cmpint (quiet_since (&lab), ==, 0);
  lab_advance (&lab, 10000);
  g_assert_cmpint (quiet_since (&lab), !=, 0);
  lab_member (&lab, user, "D", "S2");
  g_assert_cmpint (quiet_since (&lab), ==, 0);
  lab_finish (&lab);
}

static void
test_quiet (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  connect_a (&lab);
  g_assert_false (confab_call_member_get_quiet (lab_peek_member (&lab)));
  lab_advance (&lab, 4700 - 1);
  g_assert_false (confab_call_member_get_quiet (lab_peek_member (&lab)));
  lab_advance (&lab, 301);
  g_assert_true (confab_call_member_get_quiet (lab_peek_member (&lab)));
  lab_receive (&lab, "m.call.candidates", "c1", 1, CANDIDATE ("x"));
  g_assert_false (confab_call_member_get_quiet (lab_peek_member (&lab)));
  lab_advance (&lab, 5000);
  confab_fake_peer_connection_receive (confab_fake_local_media_get_last (lab.media));
  g_assert_false (confab_call_member_get_quiet (lab_peek_member (&lab)));
  lab_finish (&lab);
}

#define TEST(name, func) g_test_add_func ("/call-member/" name, func)
#define CASE(name, data, func) g_test_add_data_func ("/call-member/" name, data, func)

static void
add_messages (void)
{
  TEST ("numbers", test_numbers);
  TEST ("numbers/resent", test_resent_number);
  TEST ("numbers/hangup-before-invite", test_hangup_before_invite);
  CASE ("numbers/from-zero", GINT_TO_POINTER (0), test_first_number);
  CASE ("numbers/running-on", GINT_TO_POINTER (17), test_first_number);
  TEST ("numbers/none", test_no_numbers);
  TEST ("numbers/repeats", test_repeats);
  TEST ("numbers/bounds", test_bounds);
  TEST ("numbers/strays-go", test_strays_go);
  TEST ("numbers/strays-size", test_strays_size);
  CASE ("numbers/ends-with-the-sync", NULL, test_ends_with_the_sync);
  CASE ("numbers/ends-with-the-sync/expired", "expired", test_ends_with_the_sync);
  TEST ("hole", test_hole);
  TEST ("hole/given-up", test_hole_is_given_up);
  TEST ("hole/fills", test_hole_fills);
  CASE ("hole/late-metadata", NULL, test_late_metadata);
  CASE ("hole/late-metadata/newer", "newer", test_late_metadata);
  TEST ("hole/late-offer", test_late_offer);
  TEST ("hole/late-description", test_late_description);
  TEST ("select-answer", test_select_answer);
  TEST ("hangup-overtakes-invite", test_hangup_overtakes_invite);
  TEST ("wrong-destination", test_wrong_destination);
  TEST ("envelope", test_envelope);
  TEST ("clear", test_clear);
  TEST ("clear-in-encrypted-room", test_clear_in_encrypted_room);
  TEST ("never-clear-in-encrypted-room", test_never_clear_in_encrypted_room);
  TEST ("clear-after-olm", test_clear_after_olm);
  TEST ("encrypted-amid-clear", test_encrypted_amid_clear);
  TEST ("mute", test_mute);
  TEST ("mute/not-sent", test_mute_not_sent);
  TEST ("mute/fans-out", test_mute_fans_out);
  TEST ("mute/before", test_mute_before);
  TEST ("mute/missing", test_mute_missing);
  TEST ("mute/remote", test_remote_mute);
  TEST ("waiting-for-key", test_waiting_for_key);
  TEST ("quiet", test_quiet);
  TEST ("quiet/gone", test_gone_quiet);
  TEST ("quiet/after-failure", test_quiet_after_failure);
  TEST ("quiet/ends", test_quiet_ends);
  CASE ("quiet/from-the-start/to-be-invited", "@c:x", test_quiet_from_the_start);
  CASE ("quiet/from-the-start/to-invite", "@a:x", test_quiet_from_the_start);
  TEST ("participant", test_participant);
}

static void
add_retries (void)
{
  static const char *const final[] = { "user_hangup", "answered_elsewhere", "user_busy",
                                       "transferred", "new_session",        NULL };

  TEST ("retries", test_retries);
  TEST ("retries/reset", test_retries_reset);
  TEST ("retries/rejoined", test_retries_rejoined);
  CASE ("rejoined/same-sync", NULL, test_rejoined);
  CASE ("rejoined/hangup-first", "first", test_rejoined);
  CASE ("rejoined/to-invite", NULL, test_rejoined_to_invite);
  CASE ("rejoined/to-invite/hangup-first", "first", test_rejoined_to_invite);
  CASE ("rejoined/not", NULL, test_not_rejoined);
  CASE ("rejoined/not/same-entry", "again", test_not_rejoined);
  CASE ("ice-restart/invited", NULL, test_ice_restart);
  CASE ("ice-restart/inviter", "inviter", test_ice_restart);
  CASE ("ice-restart/glare/smaller-id", "0", test_ice_restart_glare);
  CASE ("ice-restart/glare/greater-id", "zzzzzzzzzzzzzzzzz", test_ice_restart_glare);
  TEST ("renewed-after-all", test_renewed_after_all);
  CASE ("back-online", NULL, test_back_online);
  CASE ("back-online/hung-up", "hung up", test_back_online);
  TEST ("back-online/to-be-invited", test_back_online_to_be_invited);
  CASE ("back-online/nobody-missed", NULL, test_back_online_nobody_missed);
  CASE ("back-online/nobody-missed/hung-up", "hung up", test_back_online_nobody_missed);
  TEST ("retries/offer-not-made", test_offer_not_made);
  TEST ("retries/not-reset", test_retries_not_reset);
  TEST ("retries/waiting-side-counts", test_waiting_side_counts);
  TEST ("retries/invited-in-the-pause", test_invited_in_the_pause);
  for (guint i = 0; final[i] != NULL; i++) {
    g_autofree char *path = g_strdup_printf ("/call-member/no-retry/%s", final[i]);
    g_test_add_data_func (path, final[i], test_no_retry);
  }
  TEST ("invite-not-sent", test_invite_not_sent);
  TEST ("refused", test_refused);
  TEST ("refused/again", test_refused_again);
  TEST ("reconnects", test_reconnects);
  TEST ("glare-initiator", test_glare_initiator);
  TEST ("glare-waiting", test_glare_waiting);
  TEST ("glare/late-invite", test_glare_late_invite);
  CASE ("glare/inviter/smaller-id", "0", test_glare_inviter);
  CASE ("glare/inviter/greater-id", "zzzzzzzzzzzzzzzzz", test_glare_inviter);
  CASE ("glare/invitee/smaller-id", "0", test_glare_invitee);
  CASE ("glare/invitee/greater-id", "zzzzzzzzzzzzzzzzz", test_glare_invitee);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  TEST ("initiator", test_initiator);
  CASE ("order", NULL, test_order);
  TEST ("order/code-units", test_order_of_code_units);
  TEST ("order/same-user-invites", test_same_user_order);
  TEST ("order/same-user-waits", test_same_user_waits);
  TEST ("newcomers", test_newcomers);
  TEST ("waits-and-answers", test_waits_and_answers);
  TEST ("tracks", test_tracks);
  add_messages ();
  add_retries ();
  TEST ("new-session/invitee", test_new_session_of_invitee);
  TEST ("new-session/inviter", test_new_session_of_inviter);
  TEST ("new-session/not-old", test_new_session_not_old);
  TEST ("new-session/while-out", test_new_session_while_out);
  TEST ("new-session/in-clear", test_new_session_in_clear);
  TEST ("new-session/before-join", test_new_session_before_join);
  TEST ("expiry", test_expiry);
  TEST ("expiry/far-away", test_expiry_far_away);
  TEST ("expiry/renewed", test_renewed);
  TEST ("expiry/connected", test_expiry_connected);
  TEST ("expiry/left", test_expiry_left);
  TEST ("expiry/renewed-after", test_renewed_after_expiry);
  TEST ("expiry/reconnecting", test_expiry_while_reconnecting);
  TEST ("entry-removed", test_entry_removed);
  TEST ("user-left-room", test_user_left_room);
  TEST ("user-rejoins-room", test_rejoins_room);
  return g_test_run ();
}
