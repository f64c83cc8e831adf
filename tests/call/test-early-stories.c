/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-call-lab.h"
#include "confab-json.h"

/* Every kind of device message, before each of the things that it needs (protocol/mesh-calls.md section 9.3): the call,
 * the sender's entry, the own entry, the invite. None of them is lost, none stalls what comes after it. */

typedef enum {
  BEFORE_CALL,
  BEFORE_MEMBER,
  BEFORE_OWN_ENTRY,
  BEFORE_INVITE,
  N_STAGES,
} Stage;

static const char *const stages[N_STAGES] = { "call", "member", "own-entry", "invite" };

static const struct {
  const char *type;
  const char *rest;
} kinds[] = {
  { "m.call.invite", OFFER },
  { "m.call.answer", ANSWER },
  { "m.call.candidates", CANDIDATE ("early") },
  { "m.call.negotiate", ",\"description\":{\"type\":\"offer\",\"sdp\":\"" SDP "\"}" },
  { "m.call.sdp_stream_metadata_changed",
    ",\"sdp_stream_metadata\":{\"s\":{\"purpose\":\"m.usermedia\",\"audio_muted\":true}}" },
  { "m.call.hangup", HANGUP ("user_hangup") },
  { "m.call.select_answer", ",\"selected_party_id\":\"ME\"" },
  { "m.call.reject", "" },
};

typedef struct {
  guint kind;
  Stage stage;
} Case;

static void
receive_a (Lab *lab, const char *type, int seq, const char *rest)
{
  lab_receive_as (lab, "@a:x", "A", TRUE, "S", type, "c1", seq, rest);
}

/* The message of the case, and the invite, where that is another, after it. */
static void
receive_early (Lab *lab, guint kind)
{
  gboolean is_invite = g_str_equal (kinds[kind].type, "m.call.invite");

  receive_a (lab, kinds[kind].type, is_invite ? 0 : 1, kinds[kind].rest);
  lab_sync_end (lab);
  if (!is_invite)
    receive_a (lab, "m.call.invite", 0, OFFER);
  lab_sync_end (lab);
}

/* Whoever writes to a session that was before this call was known here means nobody: it is forgotten, and harms nothing. */
static void
check_before_call (guint kind)
{
  Lab lab = { 0 };
  g_autofree char *text = g_strdup_printf (
    "{\"conf_id\":\"late\",\"call_id\":\"c1\",\"party_id\":\"A\",\"device_id\":\"A\",\"seq\":0,"
    "\"version\":\"1\",\"sender_session_id\":\"S\",\"dest_session_id\":\"before\"%s}",
    kinds[kind].rest);
  g_autoptr (JsonObject) content = confab_json_parse_object (text, -1, NULL);

  lab_start (&lab);
  confab_call_handler_handle_to_device (lab.handler, "@a:x", "A", kinds[kind].type, content);
  lab_sync_end (&lab);
  g_assert_cmpuint (confab_call_handler_get_n_early (lab.handler), ==, 1);
  lab_state (&lab, CALL, "late", "@a:x", "{\"m.intent\":\"m.prompt\",\"m.type\":\"m.video\"}");
  g_signal_handlers_disconnect_by_data (lab.call, &lab);
  g_set_object (&lab.call, confab_call_handler_lookup (lab.handler, ROOM, "late"));
  lab_member_of (&lab, "@a:x", "A");
  g_assert_cmpuint (confab_call_handler_get_n_early (lab.handler), ==, 1);
  lab_join (&lab);
  lab_sync_end (&lab);
  g_assert_cmpuint (confab_call_handler_get_n_early (lab.handler), ==, 0);
  assert_member (&lab, "waiting");
  g_assert_cmpuint (confab_fake_local_media_get_n_connections (lab.media), ==, 0);
  lab_finish (&lab);
}

static void
check_outcome (Lab *lab, guint kind)
{
  gboolean is_invite = g_str_equal (kinds[kind].type, "m.call.invite");
  const char *log;

  g_assert_cmpuint (confab_call_handler_get_n_early (lab->handler), ==, 0);
  if (g_str_equal (kinds[kind].type, "m.call.hangup")) {
    assert_member (lab, "waiting");
    g_assert_cmpuint (confab_fake_local_media_get_n_connections (lab->media), ==, 0);
    return;
  }
  assert_member (lab, "connecting");
  receive_a (lab, "m.call.candidates", is_invite ? 1 : 2, CANDIDATE ("last"));
  lab_sync_end (lab);
  g_assert_cmpuint (lab_get_n_queued (lab), ==, 0);
  log = confab_fake_peer_connection_get_log (confab_fake_local_media_get_last (lab->media));
  g_assert_true (g_str_has_prefix (log, "remote-offer "));
  g_assert_nonnull (strstr (log, "[last|0|0]"));
  if (g_str_equal (kinds[kind].type, "m.call.candidates"))
    g_assert_nonnull (strstr (log, "[early|0|0]"));
  if (g_str_equal (kinds[kind].type, "m.call.sdp_stream_metadata_changed"))
    g_assert_true (confab_call_member_get_microphone_muted (lab_peek_member (lab)));
}

static void
test_early (gconstpointer data)
{
  const Case *test = data;
  Lab lab = { 0 };

  if (test->stage == BEFORE_CALL) {
    check_before_call (test->kind);
    return;
  }
  lab_start (&lab);
  if (test->stage != BEFORE_MEMBER)
    lab_member (&lab, "@a:x", "A", "S");
  if (test->stage == BEFORE_OWN_ENTRY) {
    confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media));
    lab_advance (&lab, 1); /* asked for, not taken yet */
  } else {
    lab_join (&lab);
  }
  receive_early (&lab, test->kind);
  if (test->stage == BEFORE_MEMBER) {
    g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
    lab_member (&lab, "@a:x", "A", "S");
  } else if (test->stage == BEFORE_OWN_ENTRY) {
    assert_member (&lab, "advertised");
    lab_advance (&lab, 2);
    lab_sync_end (&lab);
  }
  lab_advance (&lab, 300);
  check_outcome (&lab, test->kind);
  lab_finish (&lab);
}

/* Another device of this user calls like anybody else's, and as early: before the own entry is there, or before its own. */
static void
test_early_own_device (gconstpointer before_member)
{
  Lab lab = { 0 };

  lab_start (&lab);
  if (before_member == NULL) {
    lab_member (&lab, "@b:x", "AAA", "S");
    confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media));
    lab_advance (&lab, 1); /* asked for, not taken yet */
  } else {
    lab_join (&lab);
  }
  lab_receive_as (&lab, "@b:x", "AAA", TRUE, "S", "m.call.invite", "c1", 0, OFFER);
  lab_sync_end (&lab);
  g_assert_cmpuint (confab_call_handler_get_n_early (lab.handler), ==, 1);
  if (before_member != NULL)
    lab_member (&lab, "@b:x", "AAA", "S");
  lab_advance (&lab, 300);
  g_assert_cmpuint (confab_call_handler_get_n_early (lab.handler), ==, 0);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
  assert_member (&lab, "connected");
  g_assert_cmpstr (confab_call_member_get_call_id (lab_peek_member (&lab)), ==, "c1");
  lab_finish (&lab);
}

static void
connect_a (Lab *lab, gint64 expires_ms)
{
  lab_start (lab);
  lab_member_until (lab, "@a:x", "A", "S", expires_ms);
  lab_join (lab);
  receive_a (lab, "m.call.invite", 0, OFFER);
  lab_sync_end (lab);
  lab_advance (lab, 300);
  lab_set_ice (lab, CONFAB_CONNECTION_STATE_CONNECTED);
  assert_member (lab, "connected");
  confab_fake_signalling_clear_log (lab->signalling);
}

/* A device that has begun anew invites before its entry says so: the old connection ends at once, silently, and what
 * came is there when the entry comes. */
static void
test_new_session_writes_first (void)
{
  Lab lab = { 0 };
  g_autoptr (ConfabFakePeerConnection) old = NULL;

  connect_a (&lab, NOW_MS + 3600000);
  old = g_object_ref (confab_fake_local_media_get_last (lab.media));
  /* These say nothing: they may be late. */
  lab_receive_as (&lab, "@a:x", "A", TRUE, "S2", "m.call.candidates", "c2", 1, CANDIDATE ("new"));
  lab_receive_as (&lab, "@a:x", "A", TRUE, "S2", "m.call.hangup", "c0", 1, HANGUP ("user_hangup"));
  lab_sync_end (&lab);
  assert_member (&lab, "connected");
  g_assert_false (confab_fake_peer_connection_get_closed (old));

  lab_receive_as (&lab, "@a:x", "A", TRUE, "S2", "m.call.invite", "c2", 0, OFFER);
  lab_sync_end (&lab);
  assert_member (&lab, "reconnecting");
  g_assert_true (confab_fake_peer_connection_get_closed (old));
  g_clear_object (&old);
  lab_advance (&lab, 300);
  g_assert_cmpuint (confab_fake_local_media_get_n_connections (lab.media), ==, 1);

  lab_member (&lab, "@a:x", "A", "S2");
  lab_advance (&lab, 300);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
  assert_member (&lab, "connected");
  assert_log (&lab, "answer ");
  g_assert_cmpstr (confab_fake_peer_connection_get_log (
                     confab_fake_local_media_get_last (lab.media)),
                   ==,
                   "remote-offer [new|0|0] create-answer ");
  /* The session before comes late, or again: it is over. */
  lab_receive_as (&lab, "@a:x", "A", TRUE, "S", "m.call.invite", "c3", 0, OFFER);
  lab_sync_end (&lab);
  assert_member (&lab, "connected");
  lab_finish (&lab);
}

/* Whom nothing but the connection kept in the call is gone with it. */
static void
test_new_session_after_expiry (void)
{
  Lab lab = { 0 };

  connect_a (&lab, NOW_MS + 60000);
  lab_advance (&lab, 61000);
  assert_member (&lab, "connected");
  lab_receive_as (&lab, "@a:x", "A", TRUE, "S2", "m.call.invite", "c2", 0, OFFER);
  lab_sync_end (&lab);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  lab_member (&lab, "@a:x", "A", "S2");
  assert_member (&lab, "connecting");
  lab_finish (&lab);
}

/* Where somebody else may have written it, or to somebody else, it says nothing. */
static void
test_new_session_of_nobody (void)
{
  Lab lab = { 0 };
  g_autoptr (JsonObject) content = confab_json_parse_object (
    "{\"conf_id\":\"conf\",\"call_id\":\"c2\",\"party_id\":\"A\",\"device_id\":\"A\",\"seq\":0,"
    "\"version\":\"1\",\"sender_session_id\":\"S2\",\"dest_session_id\":\"other\"" OFFER "}",
    -1,
    NULL);

  connect_a (&lab, NOW_MS + 3600000);
  lab_receive_as (&lab, "@a:x", "A", FALSE, "S2", "m.call.invite", "c2", 0, OFFER);
  assert_member (&lab, "connected"); /* it has spoken Olm before */
  confab_call_handler_handle_to_device (lab.handler, "@a:x", "A", "m.call.invite", content);
  assert_member (&lab, "connected");
  lab_receive_as (&lab, "@a:x", "B", TRUE, "S2", "m.call.invite", "c2", 0, OFFER);
  assert_member (&lab, "connected");
  lab_finish (&lab);
  /* Nor does it where this side invites. */
  lab_start (&lab);
  lab_connect_c (&lab);
  lab_receive_as (&lab, "@c:x", "C", TRUE, "S2", "m.call.invite", "c2", 0, OFFER);
  assert_member (&lab, "connected");
  lab_finish (&lab);
}

int
main (int argc, char *argv[])
{
  static Case cases[G_N_ELEMENTS (kinds) * N_STAGES];

  g_test_init (&argc, &argv, NULL);
  for (guint kind = 0; kind < G_N_ELEMENTS (kinds); kind++) {
    for (Stage stage = 0; stage < N_STAGES; stage++) {
      Case *test = &cases[kind * N_STAGES + stage];
      g_autofree char *path = g_strdup_printf ("/early-stories/%s/before-%s",
                                               kinds[kind].type,
                                               stages[stage]);

      *test = (Case) { kind, stage };
      g_test_add_data_func (path, test, test_early);
    }
  }
  g_test_add_data_func ("/early-stories/own-device/before-own-entry", NULL, test_early_own_device);
  g_test_add_data_func ("/early-stories/own-device/before-member", "member", test_early_own_device);
  g_test_add_func ("/early-stories/new-session/writes-first", test_new_session_writes_first);
  g_test_add_func ("/early-stories/new-session/after-expiry", test_new_session_after_expiry);
  g_test_add_func ("/early-stories/new-session/of-nobody", test_new_session_of_nobody);
  return g_test_run ();
}
