/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-call-lab.h"
#include "confab-json.h"

/* Stories of the own screen in a ConfabGroupCall: protocol/mesh-calls.md sections 3.7, 3.8, 7.2 and 9.8. */

#define SCREEN "local-screen"

static ConfabFakePeerConnection *
last_connection (Lab *lab)
{
  return confab_fake_local_media_get_last (lab->media);
}

/* Both metadata keys of the last message of that type name the screen, with both flags, or neither does. */
static gboolean
lists_screen (Lab *lab, const char *type)
{
  static const char *const keys[] = { "sdp_stream_metadata",
                                      "org.matrix.msc3077.sdp_stream_metadata" };
  JsonObject *content = confab_fake_signalling_peek_last (lab->signalling, type);
  gboolean listed[2];

  g_assert_nonnull (content);
  for (guint i = 0; i < 2; i++) {
    JsonObject *streams = json_object_get_object_member (content, keys[i]);
    JsonObject *screen = confab_json_peek_object (streams, SCREEN);

    g_assert_true (json_object_has_member (streams, "local"));
    listed[i] = screen != NULL;
    if (screen == NULL)
      continue;
    g_assert_cmpstr (json_object_get_string_member (screen, "purpose"), ==, "m.screenshare");
    g_assert_true (json_object_get_boolean_member (screen, "audio_muted"));
    g_assert_false (json_object_get_boolean_member (screen, "video_muted"));
  }
  g_assert_cmpint (listed[0], ==, listed[1]);
  return listed[0];
}

/* What the own entry, as it was written last, says. */
static gboolean
entry_shares (Lab *lab)
{
  JsonObject *content = confab_fake_signalling_peek_last (lab->signalling, MEMBER);
  g_autoptr (GPtrArray) entries = confab_call_membership_parse (content);

  g_assert_cmpuint (entries->len, ==, 1);
  return ((ConfabCallMembership *) entries->pdata[0])->shares_screen;
}

static void
assert_sharing (Lab *lab, ConfabSharing sharing, ConfabSharingProblem problem)
{
  g_assert_cmpint (confab_call_get_sharing (lab->call), ==, sharing);
  g_assert_cmpint (confab_call_get_sharing_problem (lab->call), ==, problem);
}

static void
answer_negotiation (Lab *lab, int seq)
{
  g_autofree char *call_id = g_strdup (confab_call_member_get_call_id (lab_peek_member (lab)));

  lab_receive (lab,
               "m.call.negotiate",
               call_id,
               seq,
               ",\"lifetime\":60000,\"description\":{\"type\":\"answer\",\"sdp\":\"" SDP "\"}");
  lab_advance (lab, 3);
}

static void
count_cb (guint *n)
{
  (*n)++;
}

static void
test_shares_and_stops (void)
{
  Lab lab = { 0 };
  guint n_notified = 0;

  lab_start (&lab);
  lab_connect_c (&lab);
  g_signal_connect_swapped (lab.call, "notify::sharing", G_CALLBACK (count_cb), &n_notified);
  assert_sharing (&lab, CONFAB_SHARING_OFF, CONFAB_SHARING_PROBLEM_NONE);

  confab_call_share_screen (lab.call);
  assert_sharing (&lab, CONFAB_SHARING_ON, CONFAB_SHARING_PROBLEM_NONE);
  g_assert_cmpuint (n_notified, ==, 1);
  lab_advance (&lab, 3);
  assert_log (&lab, "MEMBER negotiate ");
  g_assert_true (entry_shares (&lab));
  g_assert_true (lists_screen (&lab, "m.call.negotiate"));
  answer_negotiation (&lab, 1);
  g_assert_true (confab_fake_peer_connection_get_shares (last_connection (&lab)));

  /* Muted meanwhile: the message lists all that is on. */
  confab_call_set_microphone_muted (lab.call, TRUE);
  assert_log (&lab, "sdp_stream_metadata_changed ");
  g_assert_true (lists_screen (&lab, "org.matrix.call.sdp_stream_metadata_changed"));

  confab_call_stop_sharing (lab.call);
  assert_sharing (&lab, CONFAB_SHARING_OFF, CONFAB_SHARING_PROBLEM_NONE);
  lab_advance (&lab, 3);
  assert_log (&lab, "MEMBER negotiate ");
  g_assert_false (entry_shares (&lab));
  g_assert_false (lists_screen (&lab, "m.call.negotiate"));
  answer_negotiation (&lab, 2);
  g_assert_false (confab_fake_peer_connection_get_shares (last_connection (&lab)));
  lab_finish (&lab);
}

/* As on the page where the media are chosen: it is in the first offer, and in the first entry. */
static void
test_shares_before_join (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@c:x", "C", "S");
  confab_local_media_share_screen (CONFAB_LOCAL_MEDIA (lab.media));
  lab_join (&lab);
  assert_sharing (&lab, CONFAB_SHARING_ON, CONFAB_SHARING_PROBLEM_NONE);
  lab_advance (&lab, 201);
  assert_log (&lab, "MEMBER invite ");
  g_assert_true (entry_shares (&lab));
  g_assert_true (lists_screen (&lab, "m.call.invite"));
  lab_finish (&lab);
}

/* Who invites this device has no place for it in the offer: it follows once there is a connection. */
static void
test_shares_with_who_invites (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  confab_local_media_share_screen (CONFAB_LOCAL_MEDIA (lab.media));
  lab_join (&lab);
  lab_receive (&lab, "m.call.invite", "c1", 0, OFFER);
  lab_advance (&lab, 300);
  assert_log (&lab, "MEMBER answer ");
  g_assert_false (lists_screen (&lab, "m.call.answer"));
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_CONNECTED);
  lab_advance (&lab, 3);
  assert_log (&lab, "negotiate ");
  g_assert_true (lists_screen (&lab, "m.call.negotiate"));
  lab_finish (&lab);
}

static void
test_member_comes_while_sharing (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  confab_call_share_screen (lab.call);
  lab_advance (&lab, 3);
  assert_log (&lab, "MEMBER MEMBER ");
  lab_member (&lab, "@c:x", "C", "S");
  lab_advance (&lab, 201);
  assert_log (&lab, "invite ");
  g_assert_true (lists_screen (&lab, "m.call.invite"));
  lab_finish (&lab);
}

/* The first write of the entry was taken, but its answer is lost: the entry says it all the same. Found by the simulator. */
static void
test_entry_unconfirmed (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_fake_signalling_fail (lab.signalling, MEMBER, CONFAB_SIGNALLING_ERROR_NETWORK, 1);
  confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media));
  lab_advance (&lab, 1);
  lab_echo_own (&lab);
  confab_call_share_screen (lab.call);
  lab_advance (&lab, 10);
  assert_state (&lab, "joined");
  g_assert_true (entry_shares (&lab));
  lab_finish (&lab);
}

/* A connection that is made anew has it, too; one that is made after the end has it not. */
static void
test_retry (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  confab_call_share_screen (lab.call);
  lab_advance (&lab, 3);
  answer_negotiation (&lab, 1);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
  confab_fake_signalling_clear_log (lab.signalling);
  lab_advance (&lab, 1300);
  assert_log (&lab, "invite ");
  g_assert_true (lists_screen (&lab, "m.call.invite"));

  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
  confab_call_stop_sharing (lab.call);
  lab_advance (&lab, 3300);
  g_assert_false (lists_screen (&lab, "m.call.invite"));
  lab_finish (&lab);
}

/* The entry is written after the one before it has arrived, and only when it is another then. */
static void
test_quick_changes (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  confab_fake_signalling_delay (lab.signalling, MEMBER, 500);
  for (guint i = 0; i < 20; i++) {
    confab_call_share_screen (lab.call);
    confab_call_stop_sharing (lab.call);
  }
  confab_call_share_screen (lab.call);
  lab_advance (&lab, 1500);
  /* The first change is written at once; what came while it was on its way made no difference in the end. */
  assert_log (&lab, "MEMBER negotiate ");
  g_assert_true (entry_shares (&lab));

  confab_call_stop_sharing (lab.call);
  confab_call_share_screen (lab.call);
  confab_call_stop_sharing (lab.call);
  answer_negotiation (&lab, 1);
  lab_advance (&lab, 1500);
  assert_log (&lab, "MEMBER negotiate ");
  g_assert_false (entry_shares (&lab));
  lab_finish (&lab);
}

/* Begun and ended while the entry is on its way: a second one corrects it. */
static void
test_ends_while_written (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  confab_fake_signalling_clear_log (lab.signalling);
  confab_fake_signalling_delay (lab.signalling, MEMBER, 500);
  confab_call_share_screen (lab.call);
  lab_advance (&lab, 100);
  confab_call_stop_sharing (lab.call);
  lab_advance (&lab, 1500);
  assert_log (&lab, "MEMBER MEMBER ");
  g_assert_false (entry_shares (&lab));
  lab_finish (&lab);
}

/* What the homeserver did not take is written with the next attempt. */
static void
test_entry_refused (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  confab_fake_signalling_fail (lab.signalling, MEMBER, CONFAB_SIGNALLING_ERROR_FAILED, 1);
  confab_fake_signalling_clear_log (lab.signalling);
  confab_call_share_screen (lab.call);
  lab_advance (&lab, 10);
  assert_log (&lab, "MEMBER ");
  assert_state (&lab, "joined");
  lab_advance (&lab, 30000);
  assert_log (&lab, "MEMBER ");
  g_assert_true (entry_shares (&lab));
  lab_finish (&lab);
}

/* A renewal says it, too. */
static void
test_renewed (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  confab_call_share_screen (lab.call);
  lab_advance (&lab, 3);
  confab_fake_signalling_clear_log (lab.signalling);
  lab_advance (&lab, 48 * 60 * 1000);
  assert_log (&lab, "MEMBER ");
  g_assert_true (entry_shares (&lab));
  lab_finish (&lab);
}

/* A person chooses what to share: nobody hears of it before, and nothing happens when nothing is chosen. */
static void
test_asks (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  confab_fake_local_media_set_asks (lab.media, TRUE);
  confab_call_share_screen (lab.call);
  assert_sharing (&lab, CONFAB_SHARING_ASKING, CONFAB_SHARING_PROBLEM_NONE);
  lab_advance (&lab, 1000);
  confab_fake_local_media_set_sharing (lab.media, CONFAB_SHARING_OFF, CONFAB_SHARING_PROBLEM_NONE);
  assert_sharing (&lab, CONFAB_SHARING_OFF, CONFAB_SHARING_PROBLEM_NONE);
  confab_call_share_screen (lab.call);
  confab_fake_local_media_set_sharing (lab.media,
                                       CONFAB_SHARING_OFF,
                                       CONFAB_SHARING_PROBLEM_DENIED);
  assert_sharing (&lab, CONFAB_SHARING_OFF, CONFAB_SHARING_PROBLEM_DENIED);
  lab_advance (&lab, 1000);
  assert_log (&lab, "");

  confab_call_share_screen (lab.call);
  confab_fake_local_media_set_sharing (lab.media, CONFAB_SHARING_ON, CONFAB_SHARING_PROBLEM_NONE);
  lab_advance (&lab, 3);
  assert_log (&lab, "MEMBER negotiate ");
  lab_finish (&lab);
}

/* The window that was shared is closed, or the capture breaks: the others are told as if somebody had stopped it. */
static void
test_ends_by_itself (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  confab_call_share_screen (lab.call);
  lab_advance (&lab, 3);
  answer_negotiation (&lab, 1);
  confab_fake_signalling_clear_log (lab.signalling);
  confab_fake_local_media_set_sharing (lab.media,
                                       CONFAB_SHARING_OFF,
                                       CONFAB_SHARING_PROBLEM_FAILED);
  assert_sharing (&lab, CONFAB_SHARING_OFF, CONFAB_SHARING_PROBLEM_FAILED);
  lab_advance (&lab, 3);
  assert_log (&lab, "MEMBER negotiate ");
  g_assert_false (entry_shares (&lab));
  lab_finish (&lab);
}

/* The hangup and the entry's end say it all. */
static void
test_leave (void)
{
  Lab lab = { 0 };
  guint n_notified = 0;

  lab_start (&lab);
  lab_connect_c (&lab);
  confab_call_share_screen (lab.call);
  lab_advance (&lab, 3);
  answer_negotiation (&lab, 1);
  confab_fake_signalling_clear_log (lab.signalling);
  g_signal_connect_swapped (lab.call, "notify::sharing", G_CALLBACK (count_cb), &n_notified);
  confab_call_leave (lab.call);
  assert_sharing (&lab, CONFAB_SHARING_OFF, CONFAB_SHARING_PROBLEM_NONE);
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_cmpint (confab_local_media_get_sharing (CONFAB_LOCAL_MEDIA (lab.media)),
                   ==,
                   CONFAB_SHARING_OFF);
  lab_advance (&lab, 5000);
  assert_log (&lab, "hangup MEMBER ");

  /* Outside of the call there is nothing to share with. */
  confab_call_share_screen (lab.call);
  confab_call_stop_sharing (lab.call);
  assert_sharing (&lab, CONFAB_SHARING_OFF, CONFAB_SHARING_PROBLEM_NONE);
  lab_finish (&lab);
}

/* Who joins again with other media does not share what was shared before. */
static void
test_joins_again (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  confab_call_share_screen (lab.call);
  lab_advance (&lab, 3);
  confab_call_leave (lab.call);
  lab_advance (&lab, 10);
  g_clear_object (&lab.media);
  lab.media = confab_fake_local_media_new (CONFAB_CLOCK (lab.clock), "local");
  lab_join (&lab);
  assert_state (&lab, "joined");
  g_assert_false (entry_shares (&lab));
  lab_finish (&lab);
}

#define TEST(name, func) g_test_add_func ("/sharing/" name, func)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  TEST ("shares-and-stops", test_shares_and_stops);
  TEST ("before-join", test_shares_before_join);
  TEST ("with-who-invites", test_shares_with_who_invites);
  TEST ("member-comes", test_member_comes_while_sharing);
  TEST ("retry", test_retry);
  TEST ("quick-changes", test_quick_changes);
  TEST ("ends-while-written", test_ends_while_written);
  TEST ("entry-refused", test_entry_refused);
  TEST ("renewed", test_renewed);
  TEST ("asks", test_asks);
  TEST ("ends-by-itself", test_ends_by_itself);
  TEST ("entry-unconfirmed", test_entry_unconfirmed);
  TEST ("leave", test_leave);
  TEST ("joins-again", test_joins_again);
  return g_test_run ();
}
