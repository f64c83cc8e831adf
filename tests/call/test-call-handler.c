/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-call-handler.h"
#include "confab-fake-local-media.h"
#include "confab-fake-signalling.h"
#include "confab-group-call.h"
#include "confab-json.h"
#include "confab-manual-clock.h"

/* This device is @b:x/ME. @a:x/A invites it, it invites @c:x/C (section 9.1). */

#define ROOM "!r:x"
#define NOW_MS G_GINT64_CONSTANT (1700000000000)
#define MEMBER "org.matrix.msc3401.call.member"
#define SDP "v=0\\r\\na=ice-ufrag:theirs\\r\\n"

typedef struct {
  ConfabManualClock *clock;
  ConfabFakeSignalling *signalling;
  ConfabFakeLocalMedia *media;
  ConfabCallHandler *handler;
  ConfabCall *call;
  GString *failed;
  gboolean echo;  /* state comes back in sync */
  gboolean clear; /* the last message was sent in clear */
} Lab;

static void
echo_cb (ConfabFakeSignalling *signalling,
         const char *room,
         const char *type,
         const char *state_key,
         JsonObject *content,
         Lab *lab)
{
  if (!lab->echo)
    return;
  confab_call_handler_handle_state (lab->handler, room, type, state_key, "@b:x", NOW_MS, content);
  confab_call_handler_end_sync (lab->handler, 0);
}

static void
to_device_cb (ConfabFakeSignalling *signalling,
              const char *user,
              const char *device,
              const char *type,
              JsonObject *content,
              gboolean clear,
              Lab *lab)
{
  lab->clear = clear;
}

static void
failed_cb (ConfabCall *call, const GError *error, Lab *lab)
{
  g_string_append_printf (lab->failed, "%d ", error->code);
}

static void
state (Lab *lab, const char *type, const char *key, const char *sender, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) content = confab_json_parse_object (text, -1, &error);

  g_assert_no_error (error);
  confab_call_handler_handle_state (lab->handler, ROOM, type, key, sender, NOW_MS, content);
}

static void
sync_end (Lab *lab)
{
  confab_call_handler_end_sync (lab->handler, 0);
}

static void
member_until (
  Lab *lab, const char *user, const char *device, const char *session, gint64 expires_ms)
{
  g_autofree char *text = g_strdup_printf (
    "{\"m.calls\":[{\"m.call_id\":\"conf\",\"m.devices\":[{\"device_id\":\"%s\","
    "\"session_id\":\"%s\",\"expires_ts\":%" G_GINT64_FORMAT "}]}]}",
    device,
    session,
    expires_ms);

  state (lab, MEMBER, user, user, text);
}

static void
member (Lab *lab, const char *user, const char *device, const char *session)
{
  gint64 now_ms = confab_clock_get_real_time (CONFAB_CLOCK (lab->clock)) / 1000;

  member_until (lab, user, device, session, now_ms + 3600000);
  sync_end (lab);
}

static void
start_with (Lab *lab, const char *content)
{
  lab->clock = confab_manual_clock_new (NOW_MS * 1000);
  lab->signalling = confab_fake_signalling_new (CONFAB_CLOCK (lab->clock));
  lab->media = confab_fake_local_media_new (CONFAB_CLOCK (lab->clock), "local");
  lab->handler = confab_call_handler_new (CONFAB_SIGNALLING (lab->signalling),
                                          CONFAB_CLOCK (lab->clock),
                                          "@b:x",
                                          "ME");
  lab->failed = g_string_new (NULL);
  lab->echo = TRUE;
  g_signal_connect (lab->signalling, "state", G_CALLBACK (echo_cb), lab);
  g_signal_connect (lab->signalling, "to-device", G_CALLBACK (to_device_cb), lab);
  state (lab, "org.matrix.msc3401.call", "conf", "@a:x", content);
  lab->call = confab_call_handler_lookup (lab->handler, ROOM, "conf");
  g_assert_nonnull (lab->call);
  g_object_ref (lab->call);
  g_signal_connect (lab->call, "failed", G_CALLBACK (failed_cb), lab);
}

static void
start (Lab *lab)
{
  start_with (lab, "{\"m.intent\":\"m.prompt\",\"m.type\":\"m.video\"}");
}

static void
finish (Lab *lab)
{
  g_signal_handlers_disconnect_by_data (lab->call, lab);
  g_clear_object (&lab->call);
  g_assert_finalize_object (g_steal_pointer (&lab->handler));
  g_assert_finalize_object (g_steal_pointer (&lab->signalling));
  g_assert_finalize_object (g_steal_pointer (&lab->media));
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (lab->clock), ==, 0);
  g_assert_finalize_object (g_steal_pointer (&lab->clock));
  g_string_free (lab->failed, TRUE);
}

static void
advance (Lab *lab, guint ms)
{
  confab_manual_clock_advance (lab->clock, ms);
}

static void
join (Lab *lab)
{
  confab_call_join (lab->call, CONFAB_LOCAL_MEDIA (lab->media));
  advance (lab, 3);
}

static ConfabCallMember *
peek_member (Lab *lab)
{
  g_autoptr (ConfabCallMember) found = g_list_model_get_item (confab_call_get_participants (lab->call), 0);

  return found;
}

/* A message from @user/@device in session S, with @rest of the content. */
static void
receive_as (Lab *lab,
            const char *user,
            const char *device,
            gboolean encrypted,
            const char *session,
            const char *type,
            const char *call_id,
            int seq,
            const char *rest)
{
  const char *own = confab_group_call_get_session_id (CONFAB_GROUP_CALL (lab->call));
  g_autofree char *text = g_strdup_printf (
    "{\"conf_id\":\"conf\",\"call_id\":\"%s\",\"party_id\":\"%s\",\"device_id\":\"%s\",\"version\":"
    "1,"
    "\"sender_session_id\":\"%s\",\"dest_session_id\":\"%s\",\"seq\":%d%s}",
    call_id,
    device,
    device,
    session,
    own != NULL ? own : "none",
    seq,
    rest);
  g_autoptr (JsonObject) content = confab_json_parse_object (text, -1, NULL);

  confab_call_handler_handle_to_device (
    lab->handler, user, encrypted ? device : NULL, type, content);
}

static void
receive (Lab *lab, const char *type, const char *call_id, int seq, const char *rest)
{
  const char *user = confab_call_member_get_user_id (peek_member (lab));

  receive_as (lab,
              user,
              confab_call_member_get_device_id (peek_member (lab)),
              TRUE,
              "S",
              type,
              call_id,
              seq,
              rest);
  sync_end (lab);
}

#define OFFER ",\"lifetime\":60000,\"offer\":{\"type\":\"offer\",\"sdp\":\"" SDP "\"}"
#define ANSWER ",\"answer\":{\"type\":\"answer\",\"sdp\":\"" SDP "\"}"
#define CANDIDATE(c)                                                                               \
  ",\"candidates\":[{\"candidate\":\"" c "\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}]"
#define HANGUP(r) ",\"reason\":\"" r "\""

#define assert_log(lab, text)                                                                      \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_assert_cmpstr (confab_fake_signalling_get_log ((lab)->signalling), ==, text);                \
    confab_fake_signalling_clear_log ((lab)->signalling);                                          \
  }                                                                                                \
  G_STMT_END
#define assert_state(lab, value)                                                                   \
  g_assert_cmpstr (confab_enum_nick (CONFAB_TYPE_CALL_STATE, confab_call_get_state ((lab)->call)), \
                   ==,                                                                             \
                   value)
#define assert_member(lab, value)                                                                  \
  g_assert_cmpstr (confab_enum_nick (CONFAB_TYPE_PARTICIPANT_STATE,                                \
                                     confab_participant_get_state (                                \
                                       CONFAB_PARTICIPANT (peek_member (lab)))),                   \
                   ==,                                                                             \
                   value)

static void
set_ice (Lab *lab, ConfabConnectionState ice)
{
  confab_fake_peer_connection_set_state (confab_fake_local_media_get_last (lab->media), ice);
}

/* @c is called and answers. */
static void
connect_c (Lab *lab)
{
  const char *call_id;

  member (lab, "@c:x", "C", "S");
  join (lab);
  advance (lab, 201);
  call_id = confab_call_member_get_call_id (peek_member (lab));
  receive (lab, "m.call.answer", call_id, 0, ANSWER);
  advance (lab, 1);
  set_ice (lab, CONFAB_CONNECTION_STATE_CONNECTED);
  assert_member (lab, "connected");
  confab_fake_signalling_clear_log (lab->signalling);
}

static void
test_join (void)
{
  Lab lab = { 0 };
  JsonObject *content;

  start (&lab);
  assert_state (&lab, "known");
  join (&lab);
  assert_state (&lab, "joined");
  assert_log (&lab, "MEMBER ");
  content = confab_fake_signalling_peek_last (lab.signalling, MEMBER);
  g_assert_cmpuint (json_array_get_length (confab_json_peek_array (content, "m.calls")), ==, 1);
  confab_call_leave (lab.call);
  g_assert_true (confab_fake_local_media_get_closed (lab.media));
  assert_state (&lab, "leaving");
  advance (&lab, 1);
  assert_state (&lab, "known");
  assert_log (&lab, "MEMBER ");
  finish (&lab);
}

static void
test_join_forbidden (void)
{
  Lab lab = { 0 };

  start (&lab);
  confab_fake_signalling_fail (lab.signalling, MEMBER, CONFAB_SIGNALLING_ERROR_FORBIDDEN, 1);
  join (&lab);
  assert_state (&lab, "known");
  g_assert_cmpstr (lab.failed->str, ==, "0 ");
  g_assert_true (confab_fake_local_media_get_closed (lab.media));
  finish (&lab);
}

static void
test_join_foci (void)
{
  Lab lab = { 0 };

  start (&lab);
  state (&lab,
         MEMBER,
         "@a:x",
         "@a:x",
         "{\"m.calls\":[{\"m.call_id\":\"conf\",\"m.devices\":[{\"device_id\":\"A\",\"session_id\":"
         "\"S\","
         "\"expires_ts\":9000000000000,\"m.foci.active\":[{\"user_id\":\"@s:x\"}]}]}]}");
  join (&lab);
  assert_state (&lab, "known");
  g_assert_cmpstr (lab.failed->str, ==, "2 ");
  assert_log (&lab, "");
  finish (&lab);
}

static void
test_leave_while_preparing (void)
{
  Lab lab = { 0 };

  start (&lab);
  confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media));
  assert_state (&lab, "preparing");
  confab_call_leave (lab.call);
  advance (&lab, 10);
  assert_state (&lab, "known");
  assert_log (&lab, "");
  finish (&lab);
}

static void
test_leave_waits_two_seconds (void)
{
  Lab lab = { 0 };

  start (&lab);
  connect_c (&lab);
  lab.echo = FALSE;
  confab_call_leave (lab.call);
  assert_log (&lab, "hangup MEMBER ");
  advance (&lab, 1);
  assert_state (&lab, "known");
  assert_member (&lab, "advertised");
  finish (&lab);
}

static void
test_session_is_new (void)
{
  Lab lab = { 0 };
  g_autofree char *first = NULL;

  start (&lab);
  join (&lab);
  first = g_strdup (confab_group_call_get_session_id (CONFAB_GROUP_CALL (lab.call)));
  confab_call_leave (lab.call);
  advance (&lab, 10);
  g_clear_object (&lab.media);
  lab.media = confab_fake_local_media_new (CONFAB_CLOCK (lab.clock), "local2");
  join (&lab);
  assert_state (&lab, "joined");
  g_assert_cmpstr (confab_group_call_get_session_id (CONFAB_GROUP_CALL (lab.call)), !=, first);
  finish (&lab);
}

static void
test_last_one_terminates (void)
{
  Lab lab = { 0 };

  start (&lab);
  confab_call_handler_set_can_send_call (lab.handler, ROOM, TRUE);
  join (&lab);
  confab_fake_signalling_clear_log (lab.signalling);
  confab_call_leave (lab.call);
  assert_log (&lab, "MEMBER CALL ");
  advance (&lab, 10);
  assert_state (&lab, "ended");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (lab.handler)), ==, 0);
  finish (&lab);
}

static void
test_room_call_stays (void)
{
  Lab lab = { 0 };

  start_with (&lab, "{\"m.intent\":\"m.room\",\"m.type\":\"m.voice\"}");
  confab_call_handler_set_can_send_call (lab.handler, ROOM, TRUE);
  join (&lab);
  confab_call_leave (lab.call);
  advance (&lab, 10);
  assert_state (&lab, "known");
  finish (&lab);
}

static void
test_terminated (gconstpointer content)
{
  Lab lab = { 0 };

  start (&lab);
  connect_c (&lab);
  state (&lab, "org.matrix.msc3401.call", "conf", "@a:x", content);
  assert_state (&lab, "ended");
  g_assert_true (confab_fake_local_media_get_closed (lab.media));
  assert_log (&lab, "hangup MEMBER ");
  /* The id is never used again. */
  state (&lab, "org.matrix.msc3401.call", "conf", "@a:x", "{\"m.intent\":\"m.ring\"}");
  g_assert_null (confab_call_handler_lookup (lab.handler, ROOM, "conf"));
  finish (&lab);
}

static void
test_room_lost (void)
{
  Lab lab = { 0 };

  start (&lab);
  connect_c (&lab);
  confab_call_handler_handle_membership (lab.handler, ROOM, "@b:x", FALSE);
  assert_state (&lab, "ended");
  assert_log (&lab, "hangup ");
  finish (&lab);
}

static void
test_create (void)
{
  Lab lab = { 0 };

  start (&lab);
  g_signal_handlers_disconnect_by_data (lab.call, &lab);
  g_object_unref (lab.call);
  lab.call = confab_call_handler_create_call (
    lab.handler, ROOM, CONFAB_CALL_INTENT_RING, CONFAB_CALL_TYPE_VOICE, "Hi");
  g_signal_connect (lab.call, "failed", G_CALLBACK (failed_cb), &lab);
  assert_state (&lab, "local-draft");
  join (&lab); /* at once: the member event goes out after the call event was taken */
  assert_log (&lab, "CALL MEMBER ");
  assert_state (&lab, "joined");
  finish (&lab);
}

static void
test_create_forbidden (void)
{
  Lab lab = { 0 };

  start (&lab);
  g_signal_handlers_disconnect_by_data (lab.call, &lab);
  g_object_unref (lab.call);
  confab_fake_signalling_fail (lab.signalling,
                               "org.matrix.msc3401.call",
                               CONFAB_SIGNALLING_ERROR_FORBIDDEN,
                               1);
  lab.call = confab_call_handler_create_call (
    lab.handler, ROOM, CONFAB_CALL_INTENT_RING, CONFAB_CALL_TYPE_VIDEO, NULL);
  g_signal_connect (lab.call, "failed", G_CALLBACK (failed_cb), &lab);
  advance (&lab, 5);
  assert_state (&lab, "ended");
  g_assert_cmpstr (lab.failed->str, ==, "0 ");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (lab.handler)), ==, 1);
  finish (&lab);
}

static void
test_renewal (void)
{
  Lab lab = { 0 };

  start (&lab);
  join (&lab);
  assert_log (&lab, "MEMBER ");
  advance (&lab, 43 * 60 * 1000 - 10);
  assert_log (&lab, "");
  confab_fake_signalling_fail (lab.signalling, MEMBER, CONFAB_SIGNALLING_ERROR_NETWORK, 1);
  advance (&lab, 4 * 60 * 1000 + 30100);
  assert_log (&lab, "MEMBER MEMBER "); /* the second after 30 s */
  assert_state (&lab, "joined");
  /* The server is gone for good: until the entry has run out. */
  confab_fake_signalling_fail (lab.signalling, MEMBER, CONFAB_SIGNALLING_ERROR_NETWORK, 1000);
  advance (&lab, 55 * 60 * 1000);
  assert_state (&lab, "joined");
  advance (&lab, 10 * 60 * 1000);
  assert_state (&lab, "known");
  g_assert_cmpstr (lab.failed->str, ==, "1 ");
  finish (&lab);
}

static void
test_own_entry_lost (void)
{
  Lab lab = { 0 };

  start (&lab);
  join (&lab);
  confab_fake_signalling_clear_log (lab.signalling);
  lab.echo = FALSE;
  state (&lab, MEMBER, "@b:x", "@b:x", "{\"m.calls\":[]}");
  sync_end (&lab);
  assert_log (&lab, "MEMBER ");
  assert_state (&lab, "joined");
  state (&lab, MEMBER, "@b:x", "@b:x", "{\"m.calls\":[],\"again\":1}");
  sync_end (&lab);
  assert_state (&lab, "known");
  g_assert_cmpstr (lab.failed->str, ==, "3 ");
  finish (&lab);
}

static void
test_stale_removed (void)
{
  Lab lab = { 0 };

  start (&lab);
  member (&lab, "@b:x", "ME", "old");
  assert_log (&lab, "MEMBER ");
  advance (&lab, 5);
  assert_log (&lab, "");
  g_assert_cmpuint (json_array_get_length (confab_json_peek_array (
                      confab_fake_signalling_peek_last (lab.signalling, MEMBER), "m.calls")),
                    ==,
                    0);
  finish (&lab);
}

static void
test_ringing (void)
{
  Lab lab = { 0 };

  start_with (&lab, "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  sync_end (&lab);
  g_assert_false (confab_call_get_ringing (lab.call)); /* nobody is in it */
  member (&lab, "@a:x", "A", "S");
  g_assert_true (confab_call_get_ringing (lab.call));
  confab_call_decline (lab.call);
  g_assert_false (confab_call_get_ringing (lab.call));
  sync_end (&lab);
  g_assert_false (confab_call_get_ringing (lab.call));
  finish (&lab);
}

static void
test_ringing_stops (void)
{
  Lab lab = { 0 };

  start_with (&lab, "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  member (&lab, "@a:x", "A", "S");
  member (&lab, "@b:x", "OTHER", "S"); /* answered on another own device */
  g_assert_false (confab_call_get_ringing (lab.call));
  state (&lab, MEMBER, "@b:x", "@b:x", "{\"m.calls\":[]}");
  sync_end (&lab);
  g_assert_true (confab_call_get_ringing (lab.call));
  advance (&lab, 60000);
  g_assert_false (confab_call_get_ringing (lab.call));
  sync_end (&lab);
  g_assert_false (confab_call_get_ringing (lab.call));
  finish (&lab);
}

/* The server's clock decides the age, where it is known. */
static void
test_ringing_old (void)
{
  Lab lab = { 0 };

  start_with (&lab, "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  member_until (&lab, "@a:x", "A", "S", NOW_MS + 3600000);
  confab_call_handler_end_sync (lab.handler, NOW_MS + 60000);
  g_assert_false (confab_call_get_ringing (lab.call));
  finish (&lab);
}

static void
test_initiator (void)
{
  Lab lab = { 0 };
  JsonObject *invite;

  start (&lab);
  member (&lab, "@c:x", "C", "S");
  assert_member (&lab, "advertised");
  join (&lab);
  assert_member (&lab, "connecting");
  advance (&lab, 201);
  assert_log (&lab, "MEMBER invite ");
  invite = confab_fake_signalling_peek_last (lab.signalling, "m.call.invite");
  g_assert_cmpstr (json_object_get_string_member (invite, "version"), ==, "1");
  g_assert_cmpstr (json_object_get_string_member (invite, "party_id"), ==, "ME");
  g_assert_cmpstr (json_object_get_string_member (invite, "device_id"), ==, "ME");
  g_assert_cmpstr (json_object_get_string_member (invite, "dest_session_id"), ==, "S");
  g_assert_cmpint (json_object_get_int_member (invite, "seq"), ==, 0);
  g_assert_true (json_object_has_member (invite, "sdp_stream_metadata"));
  g_assert_true (json_object_has_member (invite, "org.matrix.msc3077.sdp_stream_metadata"));
  finish (&lab);
}

static void
test_same_user_order (void)
{
  Lab lab = { 0 };

  start (&lab);
  member (&lab, "@b:x", "ZED", "S"); /* a later device id of the own user: invited */
  join (&lab);
  assert_member (&lab, "connecting");
  finish (&lab);
}

static void
test_waits_and_answers (void)
{
  Lab lab = { 0 };

  start (&lab);
  member (&lab, "@a:x", "A", "S");
  join (&lab);
  assert_member (&lab, "waiting");
  /* hydrogen's numbers run on; candidates may overtake each other, and come twice. */
  receive (&lab, "m.call.candidates", "c1", 9, CANDIDATE ("second"));
  receive (&lab, "m.call.invite", "c1", 7, OFFER);
  receive (&lab, "m.call.candidates", "c1", 8, CANDIDATE ("first"));
  receive (&lab, "m.call.candidates", "c1", 8, CANDIDATE ("first"));
  advance (&lab, 300);
  g_assert_nonnull (
    strstr (confab_fake_peer_connection_get_log (confab_fake_local_media_get_last (lab.media)),
            "remote-offer [first|0|0] [second|0|0] create-answer"));
  assert_log (&lab, "MEMBER answer ");
  finish (&lab);
}

/* A hole that does not fill is skipped after five seconds; a message without a number is not held up. */
static void
test_hole (void)
{
  Lab lab = { 0 };

  start (&lab);
  member (&lab, "@a:x", "A", "S");
  join (&lab);
  receive (&lab, "m.call.invite", "c1", 0, OFFER);
  receive (&lab, "m.call.hangup", "c1", 2, HANGUP ("user_hangup"));
  advance (&lab, 4999);
  assert_member (&lab, "connecting");
  advance (&lab, 1);
  assert_member (&lab, "unreachable");
  finish (&lab);
}

/* js-sdk numbers its select_answer, which is read and does nothing. */
static void
test_select_answer (void)
{
  Lab lab = { 0 };

  start (&lab);
  member (&lab, "@a:x", "A", "S");
  join (&lab);
  receive (&lab, "m.call.invite", "c1", 0, OFFER);
  receive (&lab, "m.call.select_answer", "c1", 1, ",\"selected_party_id\":\"ME\"");
  receive (&lab, "m.call.hangup", "c1", 2, HANGUP ("user_hangup"));
  assert_member (&lab, "unreachable");
  finish (&lab);
}

static void
test_retries (void)
{
  Lab lab = { 0 };

  start (&lab);
  connect_c (&lab);
  set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
  assert_member (&lab, "reconnecting");
  assert_log (&lab, "hangup ");
  for (guint i = 0; i < 3; i++) {
    static const guint pauses[] = { 1000, 3000, 5000 };
    advance (&lab, pauses[i] - 1);
    assert_log (&lab, "");
    advance (&lab, 1 + 201);
    assert_log (&lab, "invite ");
    receive (&lab,
             "m.call.hangup",
             confab_call_member_get_call_id (peek_member (&lab)),
             0,
             HANGUP ("ice_failed"));
  }
  assert_member (&lab, "unreachable");
  advance (&lab, 60000);
  assert_log (&lab, "");
  /* Another session is another chance. */
  member (&lab, "@c:x", "C", "S2");
  assert_member (&lab, "connecting");
  finish (&lab);
}

static void
test_retries_reset (void)
{
  Lab lab = { 0 };

  start (&lab);
  connect_c (&lab);
  set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
  g_assert_cmpuint (confab_call_member_get_retry_count (peek_member (&lab)), ==, 1);
  advance (&lab, 1300);
  receive (&lab, "m.call.answer", confab_call_member_get_call_id (peek_member (&lab)), 0, ANSWER);
  advance (&lab, 1);
  set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
  assert_member (&lab, "connected");
  g_assert_cmpuint (confab_call_member_get_retry_count (peek_member (&lab)), ==, 0);
  finish (&lab);
}

static void
test_no_retry (gconstpointer reason)
{
  Lab lab = { 0 };
  g_autofree char *rest = g_strdup_printf (HANGUP ("%s"), (const char *) reason);

  start (&lab);
  connect_c (&lab);
  receive (&lab, "m.call.hangup", confab_call_member_get_call_id (peek_member (&lab)), 1, rest);
  assert_member (&lab, "unreachable");
  advance (&lab, 60000);
  assert_log (&lab, "");
  finish (&lab);
}

static void
test_invite_not_sent (void)
{
  Lab lab = { 0 };

  start (&lab);
  member (&lab, "@c:x", "C", "S");
  confab_fake_signalling_fail (lab.signalling, "m.call.invite", CONFAB_SIGNALLING_ERROR_NO_KEYS, 1);
  join (&lab);
  advance (&lab, 202);
  assert_log (&lab, "MEMBER invite ");
  advance (&lab, 1300);
  assert_log (&lab, "hangup invite "); /* the old call's hangup goes first */
  finish (&lab);
}

/* Section 11.2: hydrogen refuses by a hangup for the new id. */
static void
test_refused (void)
{
  Lab lab = { 0 };

  start (&lab);
  member (&lab, "@c:x", "C", "S");
  join (&lab);
  advance (&lab, 201);
  confab_fake_signalling_clear_log (lab.signalling);
  receive (&lab,
           "m.call.hangup",
           confab_call_member_get_call_id (peek_member (&lab)),
           0,
           HANGUP ("replaced"));
  advance (&lab, 1999);
  assert_log (&lab, "");
  advance (&lab, 203);
  assert_log (&lab, "invite ");
  receive (&lab,
           "m.call.hangup",
           confab_call_member_get_call_id (peek_member (&lab)),
           0,
           HANGUP ("replaced"));
  assert_member (&lab, "unreachable");
  finish (&lab);
}

static void
test_glare_initiator (void)
{
  Lab lab = { 0 };

  start (&lab);
  connect_c (&lab);
  receive (&lab, "m.call.invite", "aaa", 0, OFFER);
  assert_member (&lab, "connected");
  assert_log (&lab, "hangup ");
  g_assert_cmpstr (json_object_get_string_member (
                     confab_fake_signalling_peek_last (lab.signalling, "m.call.hangup"), "call_id"),
                   ==,
                   "aaa");
  finish (&lab);
}

static void
test_glare_waiting (void)
{
  Lab lab = { 0 };

  start (&lab);
  member (&lab, "@a:x", "A", "S");
  join (&lab);
  receive (&lab, "m.call.invite", "c1", 0, OFFER);
  advance (&lab, 300);
  receive (&lab, "m.call.invite", "c2", 0, OFFER);
  advance (&lab, 300);
  assert_log (&lab, "MEMBER answer hangup answer ");
  g_assert_cmpstr (confab_call_member_get_call_id (peek_member (&lab)), ==, "c2");
  /* The old one does not come back. */
  receive (&lab, "m.call.invite", "c1", 0, OFFER);
  g_assert_cmpstr (confab_call_member_get_call_id (peek_member (&lab)), ==, "c2");
  finish (&lab);
}

static void
test_expiry (void)
{
  Lab lab = { 0 };

  start (&lab);
  member_until (&lab, "@a:x", "A", "S", NOW_MS + 1000);
  advance (&lab, 1009);
  g_assert_cmpuint (g_list_model_get_n_items (confab_call_get_participants (lab.call)), ==, 1);
  advance (&lab, 1);
  g_assert_cmpuint (g_list_model_get_n_items (confab_call_get_participants (lab.call)), ==, 0);
  finish (&lab);
}

static void
test_expiry_connected (void)
{
  Lab lab = { 0 };

  start (&lab);
  connect_c (&lab);
  advance (&lab, 2 * 60 * 60 * 1000);
  g_assert_cmpuint (g_list_model_get_n_items (confab_call_get_participants (lab.call)), ==, 1);
  set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
  g_assert_cmpuint (g_list_model_get_n_items (confab_call_get_participants (lab.call)), ==, 0);
  finish (&lab);
}

static void
test_entry_removed (void)
{
  Lab lab = { 0 };

  start (&lab);
  connect_c (&lab);
  state (&lab, MEMBER, "@c:x", "@c:x", "{\"m.calls\":[]}");
  g_assert_cmpuint (g_list_model_get_n_items (confab_call_get_participants (lab.call)), ==, 0);
  assert_log (&lab, ""); /* silently */
  finish (&lab);
}

static void
test_user_left_room (void)
{
  Lab lab = { 0 };

  start (&lab);
  connect_c (&lab);
  confab_call_handler_handle_membership (lab.handler, ROOM, "@c:x", FALSE);
  g_assert_cmpuint (g_list_model_get_n_items (confab_call_get_participants (lab.call)), ==, 0);
  finish (&lab);
}

/* The invite comes before the member event that says who that is. */
static void
test_early (void)
{
  Lab lab = { 0 };

  start (&lab);
  join (&lab);
  receive_as (&lab, "@a:x", "A", TRUE, "S", "m.call.invite", "c1", 0, OFFER);
  sync_end (&lab);
  member (&lab, "@a:x", "A", "S");
  assert_member (&lab, "connecting");
  finish (&lab);
}

static void
test_early_too_old (void)
{
  Lab lab = { 0 };

  start (&lab);
  join (&lab);
  receive_as (&lab, "@a:x", "A", TRUE, "S", "m.call.invite", "c1", 0, OFFER);
  advance (&lab, 57000); /* lifetime less 3 s */
  member (&lab, "@a:x", "A", "S");
  assert_member (&lab, "waiting");
  finish (&lab);
}

static void
test_wrong_session (void)
{
  Lab lab = { 0 };

  start (&lab);
  member (&lab, "@a:x", "A", "S");
  join (&lab);
  receive_as (&lab, "@a:x", "A", TRUE, "other", "m.call.invite", "c1", 0, OFFER);
  assert_member (&lab, "waiting");
  member (&lab, "@a:x", "A", "other");
  assert_member (&lab, "connecting"); /* it was kept */
  finish (&lab);
}

static void
test_wrong_device (void)
{
  Lab lab = { 0 };
  g_autoptr (JsonObject) content = confab_json_parse_object (
    "{\"conf_id\":\"conf\",\"call_id\":\"c\",\"device_id\":\"A\"}", -1, NULL);

  start (&lab);
  member (&lab, "@a:x", "A", "S");
  join (&lab);
  confab_call_handler_handle_to_device (lab.handler, "@a:x", "EVIL", "m.call.hangup", content);
  g_assert_cmpint (confab_call_member_get_last_signalling_at (peek_member (&lab)), ==, 0);
  finish (&lab);
}

static void
test_clear (void)
{
  Lab lab = { 0 };

  start (&lab);
  member (&lab, "@a:x", "A", "S");
  join (&lab);
  receive_as (&lab, "@a:x", "A", FALSE, "S", "m.call.invite", "c1", 0, OFFER);
  g_assert_false (confab_participant_get_encrypted (CONFAB_PARTICIPANT (peek_member (&lab))));
  advance (&lab, 300);
  g_assert_true (lab.clear); /* it spoke in clear first */
  finish (&lab);
}

static void
test_clear_in_encrypted_room (void)
{
  Lab lab = { 0 };

  start (&lab);
  confab_call_handler_set_room_encrypted (lab.handler, ROOM, TRUE);
  member (&lab, "@a:x", "A", "S");
  join (&lab);
  receive_as (&lab, "@a:x", "A", FALSE, "S", "m.call.invite", "c1", 0, OFFER);
  assert_member (&lab, "waiting");
  g_assert_true (confab_participant_get_encrypted (CONFAB_PARTICIPANT (peek_member (&lab))));
  finish (&lab);
}

/* Who has spoken Olm is not believed in clear any more. */
static void
test_clear_after_olm (void)
{
  Lab lab = { 0 };

  start (&lab);
  connect_c (&lab);
  receive_as (&lab,
              "@c:x",
              "C",
              FALSE,
              "S",
              "m.call.hangup",
              confab_call_member_get_call_id (peek_member (&lab)),
              1,
              HANGUP ("user_hangup"));
  sync_end (&lab);
  assert_member (&lab, "connected");
  finish (&lab);
}

static void
test_mute (void)
{
  Lab lab = { 0 };

  start (&lab);
  connect_c (&lab);
  confab_call_set_microphone_muted (lab.call, TRUE);
  assert_log (&lab, "sdp_stream_metadata_changed ");
  receive (&lab,
           "m.call.sdp_stream_metadata_changed",
           confab_call_member_get_call_id (peek_member (&lab)),
           1,
           ",\"sdp_stream_metadata\":{\"s\":{\"purpose\":\"m.usermedia\",\"audio_muted\":true}}");
  g_assert_true (confab_call_member_get_microphone_muted (peek_member (&lab)));
  g_assert_false (confab_call_member_get_camera_muted (peek_member (&lab)));
  finish (&lab);
}

/* A real hydrogen's signalling, as its peer got it. */
static void
test_hydrogen (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "call", "data", "hh-e2ee.json", NULL);
  g_autofree char *text = NULL;
  g_autoptr (JsonObject) root = NULL;
  JsonArray *entries;
  Lab lab = { 0 };
  JsonObject *hydrogen;
  const char *user;
  const char *device;
  const char *session = NULL;

  start (&lab);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  root = confab_json_parse_object (text, -1, NULL);
  hydrogen = json_array_get_object_element (confab_json_peek_array (root, "peers"), 0);
  user = json_object_get_string_member (hydrogen, "userId");
  device = json_object_get_string_member (hydrogen, "deviceId");
  entries = confab_json_peek_array (root, "entries");
  for (guint i = 0; i < json_array_get_length (entries) && session == NULL; i++) {
    JsonObject *content = json_object_get_object_member (json_array_get_object_element (entries, i),
                                                         "content");
    session = confab_json_peek_string (content, "sender_session_id");
  }
  member (&lab, "@a:x", device, session); /* under a name that makes it the inviter here, too */
  join (&lab);
  for (guint i = 0; i < json_array_get_length (entries); i++) {
    JsonObject *entry = json_array_get_object_element (entries, i);
    const char *type = json_object_get_string_member (entry, "type");
    g_autoptr (JsonObject) content = confab_json_copy_object (
      json_object_get_object_member (entry, "content"));

    if (!g_str_equal (json_object_get_string_member (entry, "by"), user) ||
        !g_str_has_prefix (type, "m.call."))
      continue;
    json_object_set_string_member (content, "conf_id", "conf");
    json_object_set_string_member (content,
                                   "dest_session_id",
                                   confab_group_call_get_session_id (CONFAB_GROUP_CALL (lab.call)));
    confab_call_handler_handle_to_device (lab.handler, "@a:x", device, type, content);
    sync_end (&lab);
    advance (&lab, 300);
    if (g_str_equal (type, "m.call.candidates"))
      break;
  }
  assert_log (&lab, "MEMBER answer ");
  g_assert_nonnull (
    strstr (confab_fake_peer_connection_get_log (confab_fake_local_media_get_last (lab.media)),
            "[candidate:"));
  finish (&lab);
}

#define TEST(name, func) g_test_add_func ("/call-handler/" name, func)

static void
add_member_tests (void)
{
  TEST ("initiator", test_initiator);
  TEST ("same-user-order", test_same_user_order);
  TEST ("waits-and-answers", test_waits_and_answers);
  TEST ("hole", test_hole);
  TEST ("select-answer", test_select_answer);
  TEST ("retries", test_retries);
  TEST ("retries-reset", test_retries_reset);
  g_test_add_data_func ("/call-handler/no-retry/user_hangup", "user_hangup", test_no_retry);
  g_test_add_data_func ("/call-handler/no-retry/user_busy", "user_busy", test_no_retry);
  g_test_add_data_func ("/call-handler/no-retry/new_session", "new_session", test_no_retry);
  TEST ("invite-not-sent", test_invite_not_sent);
  TEST ("refused", test_refused);
  TEST ("glare-initiator", test_glare_initiator);
  TEST ("glare-waiting", test_glare_waiting);
  TEST ("expiry", test_expiry);
  TEST ("expiry-connected", test_expiry_connected);
  TEST ("entry-removed", test_entry_removed);
  TEST ("user-left-room", test_user_left_room);
  TEST ("early", test_early);
  TEST ("early-too-old", test_early_too_old);
  TEST ("wrong-session", test_wrong_session);
  TEST ("wrong-device", test_wrong_device);
  TEST ("clear", test_clear);
  TEST ("clear-in-encrypted-room", test_clear_in_encrypted_room);
  TEST ("clear-after-olm", test_clear_after_olm);
  TEST ("mute", test_mute);
  TEST ("hydrogen", test_hydrogen);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  TEST ("join", test_join);
  TEST ("join-forbidden", test_join_forbidden);
  TEST ("join-foci", test_join_foci);
  TEST ("leave-while-preparing", test_leave_while_preparing);
  TEST ("leave", test_leave_waits_two_seconds);
  TEST ("session-is-new", test_session_is_new);
  TEST ("last-one-terminates", test_last_one_terminates);
  TEST ("room-call-stays", test_room_call_stays);
  g_test_add_data_func ("/call-handler/terminated/bool",
                        "{\"m.intent\":\"m.ring\",\"m.terminated\":true}",
                        test_terminated);
  g_test_add_data_func ("/call-handler/terminated/string",
                        "{\"m.intent\":\"m.ring\",\"m.terminated\":\"call_ended\"}",
                        test_terminated);
  g_test_add_data_func ("/call-handler/terminated/redacted", "{}", test_terminated);
  TEST ("room-lost", test_room_lost);
  TEST ("create", test_create);
  TEST ("create-forbidden", test_create_forbidden);
  TEST ("renewal", test_renewal);
  TEST ("own-entry-lost", test_own_entry_lost);
  TEST ("stale-removed", test_stale_removed);
  TEST ("ringing", test_ringing);
  TEST ("ringing-stops", test_ringing_stops);
  TEST ("ringing-old", test_ringing_old);
  add_member_tests ();
  return g_test_run ();
}
