/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-call-lab.h"
#include "confab-json.h"

/* Stories of what a member does on its way from state to state: whom it invites, how it speaks, what it forgives, and what it
 * lets go. Where it comes to is told in test-call-member.c. */

static void
receive_in (Lab *lab, const char *session, const char *type, int seq, const char *rest)
{
  ConfabCallMember *member = lab_peek_member (lab);
  g_autofree char *call_id = g_strdup (confab_call_member_get_call_id (member));

  lab_receive_as (lab,
                  confab_call_member_get_user_id (member),
                  confab_call_member_get_device_id (member),
                  TRUE,
                  session,
                  type,
                  call_id,
                  seq,
                  rest);
  lab_sync_end (lab);
}

/* @a invites with @call_id, as of now, and the connection comes up. */
static void
be_invited (Lab *lab, const char *call_id)
{
  lab_receive (lab, "m.call.invite", call_id, 0, OFFER);
  lab_advance (lab, 300);
  lab_set_ice (lab, CONFAB_CONNECTION_STATE_CONNECTED);
  assert_member (lab, "connected");
}

static void
connect_a (Lab *lab, gint64 expires_ms)
{
  lab_member_until (lab, "@a:x", "A", "S", expires_ms);
  lab_join (lab);
  be_invited (lab, "c1");
  confab_fake_signalling_clear_log (lab->signalling);
}

/* Whoever begins anew any number of times within one membership is invited each time. */
static void
test_many_sessions (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  for (guint i = 2; i <= 10; i++) {
    g_autofree char *session = g_strdup_printf ("S%u", i);

    lab_member (&lab, "@c:x", "C", session);
    lab_advance (&lab, 201);
    assert_log (&lab, "invite ");
    g_assert_cmpstr (confab_json_peek_string (confab_fake_signalling_peek_last (lab.signalling,
                                                                                "m.call.invite"),
                                              "dest_session_id"),
                     ==,
                     session);
    receive_in (&lab, session, "m.call.answer", 0, ANSWER);
    lab_advance (&lab, 1);
    lab_set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
    assert_member (&lab, "connected");
  }
  lab_finish (&lab);
}

/* A device that signals in clear, for want of keys, and then by Olm: the next invite shows that it can read that, and nobody
 * else is to read the answer. */
static void
test_clear_no_more (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  lab_receive_as (&lab, "@a:x", "A", FALSE, "S", "m.call.invite", "c1", 0, OFFER);
  lab_sync_end (&lab);
  lab_advance (&lab, 300);
  g_assert_true (lab.clear);
  assert_log (&lab, "MEMBER answer ");
  g_assert_false (confab_participant_get_encrypted (CONFAB_PARTICIPANT (lab_peek_member (&lab))));
  lab_receive (&lab, "m.call.invite", "c2", 0, OFFER);
  g_assert_true (confab_participant_get_encrypted (CONFAB_PARTICIPANT (lab_peek_member (&lab))));
  lab_advance (&lab, 300);
  assert_log (&lab, "hangup answer ");
  g_assert_false (lab.clear);
  lab_finish (&lab);
}

/* Whoever invites, and had enough, is waited for when it has joined again: two invites would meet. */
static void
test_rejoined_to_be_invited_by (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  connect_a (&lab, NOW_MS + 3600000);
  receive_in (&lab, "S", "m.call.hangup", 1, HANGUP ("user_busy"));
  assert_member (&lab, "unreachable");
  lab_member (&lab, "@a:x", "A", "S");
  assert_member (&lab, "reconnecting");
  lab_advance (&lab, 10000);
  assert_log (&lab, "");
  be_invited (&lab, "c2");
  assert_log (&lab, "answer ");
  lab_finish (&lab);
}

/* What failed before it joined again does not count. */
static void
test_rejoined_is_forgiven (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  for (guint i = 0; i < 4; i++) {
    g_autofree char *call_id = g_strdup_printf ("c%u", i);

    lab_receive (&lab, "m.call.invite", call_id, 0, OFFER);
    lab_receive (&lab, "m.call.hangup", call_id, 1, HANGUP ("ice_failed"));
  }
  assert_member (&lab, "unreachable");
  lab_member (&lab, "@a:x", "A", "S");
  assert_member (&lab, "waiting");
  g_assert_cmpuint (confab_call_member_get_retry_count (lab_peek_member (&lab)), ==, 0);
  lab_receive (&lab, "m.call.invite", "c4", 0, OFFER);
  lab_receive (&lab, "m.call.hangup", "c4", 1, HANGUP ("ice_failed"));
  assert_member (&lab, "waiting"); /* for its next one */
  lab_finish (&lab);
}

/* Another invite takes the place of a connection: until it is up there is none, and it has a minute of health of its own. */
static void
test_invited_anew (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  connect_a (&lab, NOW_MS + 3600000);
  receive_in (&lab, "S", "m.call.hangup", 1, HANGUP ("ice_failed"));
  be_invited (&lab, "c2");
  confab_fake_signalling_clear_log (lab.signalling);
  lab_advance (&lab, 30000);
  lab_receive (&lab, "m.call.invite", "c3", 0, OFFER);
  assert_member (&lab, "reconnecting");
  lab_advance (&lab, 300);
  assert_member (&lab, "reconnecting");
  assert_log (&lab, "hangup answer ");
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
  assert_member (&lab, "connected");
  lab_advance (&lab, 59999);
  g_assert_cmpuint (confab_call_member_get_retry_count (lab_peek_member (&lab)), ==, 1);
  lab_advance (&lab, 1);
  g_assert_cmpuint (confab_call_member_get_retry_count (lab_peek_member (&lab)), ==, 0);
  lab_finish (&lab);
}

/* Ways out of the call. A window may hold on to the participant for as long as it fades: the connection does not wait for
 * that, and nothing is sent or told any more. */

static void
prepare_failure (Lab *lab)
{
  lab_connect_c (lab);
  lab_advance (lab, 2 * 60 * 60 * 1000); /* only the connection keeps it */
  confab_fake_signalling_clear_log (lab->signalling);
}

static void
fail (Lab *lab)
{
  lab_set_ice (lab, CONFAB_CONNECTION_STATE_FAILED);
}

/* Another device of its user has taken it out of the event, and it hangs up before it is in it again. */
static void
prepare_hangup (Lab *lab)
{
  lab_connect_c (lab);
  lab_member (lab, "@c:x", "C2", "S");
  lab_advance (lab, 201);
  confab_fake_signalling_clear_log (lab->signalling);
}

static void
hang_up (Lab *lab)
{
  receive_in (lab, "S", "m.call.hangup", 1, HANGUP ("user_hangup"));
}

/* Its entry has run out, and it invites from a session that is not in the event yet. */
static void
prepare_new_session (Lab *lab)
{
  connect_a (lab, NOW_MS + 60000);
  lab_advance (lab, 61000);
  assert_member (lab, "connected");
}

static void
begin_anew (Lab *lab)
{
  lab_receive_as (lab, "@a:x", "A", TRUE, "S2", "m.call.invite", "c2", 0, OFFER);
}

static void
prepare_expiry (Lab *lab)
{
  lab_member_until (lab, "@c:x", "C", "S", NOW_MS + 30000);
  lab_join (lab);
  lab_advance (lab, 201);
  assert_log (lab, "MEMBER invite ");
}

static void
expire (Lab *lab)
{
  lab_advance (lab, 30000);
}

static void
prepare_removal (Lab *lab)
{
  lab_connect_c (lab);
}

static void
remove_entry (Lab *lab)
{
  lab_state (lab, MEMBER, "@c:x", "@c:x", "{\"m.calls\":[]}");
}

static const struct {
  const char *path;
  void (*prepare) (Lab *lab);
  void (*go) (Lab *lab);
} ways[] = {
  { "/member-effects/gone/failed", prepare_failure, fail },
  { "/member-effects/gone/hung-up", prepare_hangup, hang_up },
  { "/member-effects/gone/new-session", prepare_new_session, begin_anew },
  { "/member-effects/gone/expired", prepare_expiry, expire },
  { "/member-effects/gone/entry-removed", prepare_removal, remove_entry },
};

static void
count_cb (guint *n)
{
  (*n)++;
}

static void
test_gone (gconstpointer data)
{
  const guint way = GPOINTER_TO_UINT (data);
  guint n_members, n_told = 0;
  g_autoptr (ConfabCallMember) member = NULL;
  g_autoptr (ConfabFakePeerConnection) connection = NULL;
  g_autofree char *sent = NULL;
  Lab lab = { 0 };

  lab_start (&lab);
  ways[way].prepare (&lab);
  g_set_object (&member, lab_peek_member (&lab));
  g_set_object (&connection,
                CONFAB_FAKE_PEER_CONNECTION (confab_call_member_get_connection (member)));
  n_members = lab_get_n_members (&lab);
  ways[way].go (&lab);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, n_members - 1);
  g_assert_true (confab_fake_peer_connection_get_closed (connection));
  g_assert_null (confab_call_member_get_connection (member));
  g_clear_object (&connection);
  lab_advance (&lab, 10);
  sent = g_strdup (confab_fake_signalling_get_log (lab.signalling));
  g_signal_connect_swapped (member, "notify", G_CALLBACK (count_cb), &n_told);
  lab_advance (&lab, 40000);
  assert_log (&lab, sent);
  g_assert_cmpuint (n_told, ==, 0);
  g_assert_finalize_object (g_steal_pointer (&member));
  lab_finish (&lab);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add_func ("/member-effects/" name, func)
  TEST ("many-sessions", test_many_sessions);
  TEST ("clear-no-more", test_clear_no_more);
  TEST ("rejoined/to-be-invited-by", test_rejoined_to_be_invited_by);
  TEST ("rejoined/is-forgiven", test_rejoined_is_forgiven);
  TEST ("invited-anew", test_invited_anew);
#undef TEST
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    g_test_add_data_func (ways[i].path, GUINT_TO_POINTER (i), test_gone);
  return g_test_run ();
}
