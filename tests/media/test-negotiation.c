/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sdp.h"
#include "media-loop.h"

#include <string.h>

/* Offers and answers, ours and others', and what becomes of them. */

/* Whether the payloaders' caps came before the offer is made or after it: many, since it is a race. */
static void
test_offer_is_whole (LoopFixture *f, gconstpointer data)
{
  for (guint i = 0; i < 60; i++) {
    LoopEnd end;
    g_autofree char *offer = NULL;

    loop_end_init (&end, &f->users[0]);
    confab_peer_connection_create_offer (end.connection);
    loop_wait (loop_has_local, &end, "an offer");
    offer = confab_peer_connection_get_local_sdp (end.connection);
    g_assert_nonnull (strstr (offer, "a=rtpmap:111 OPUS/48000/2\r\n"));
    g_assert_nonnull (strstr (offer, "a=rtpmap:96 VP8/90000\r\n"));
    g_assert_nonnull (strstr (offer, "a=ssrc:"));
    loop_end_clear (&end);
  }
}

static gboolean
has_gathered (gpointer connection)
{
  return confab_peer_connection_get_gathering_complete (connection);
}

/* Whoever gets the description can begin with it: nothing has to follow. */
static void
test_candidates_within (LoopFixture *f, gconstpointer data)
{
  g_autofree char *offer = NULL;
  const char *candidate, *second;

  f->a.other = NULL;
  confab_peer_connection_create_offer (f->a.connection);
  loop_wait (loop_has_local, &f->a, "an offer");
  loop_wait (has_gathered, f->a.connection, "all candidates");
  offer = confab_peer_connection_get_local_sdp (f->a.connection);
  candidate = strstr (offer, "\r\na=candidate:");
  second = strstr (strstr (offer, "\r\nm=") + 1, "\r\nm=");
  g_assert_nonnull (candidate);
  g_assert_true (candidate < second);

  confab_peer_connection_set_remote_description (f->b.connection, CONFAB_SDP_TYPE_OFFER, offer);
  loop_wait (loop_has_local, &f->b, "an answer");
  loop_wait (has_gathered, f->b.connection, "all candidates");
  g_free (offer);
  offer = confab_peer_connection_get_local_sdp (f->b.connection);
  f->b.other = NULL;
  confab_peer_connection_set_remote_description (f->a.connection, CONFAB_SDP_TYPE_ANSWER, offer);
  loop_wait_playing (&f->a);
  loop_wait_playing (&f->b);
}

static gboolean
both_stable_again (gpointer data)
{
  LoopFixture *f = data;

  return f->a.n_local + f->b.n_local >= 4 && f->a.n_remote + f->b.n_remote >= 4;
}

static void
test_renegotiation (LoopFixture *f, gconstpointer data)
{
  g_autofree char *offer = NULL;
  g_autofree char *answer = NULL;

  loop_connect_and_play (f);
  confab_peer_connection_create_offer (f->b.connection);
  loop_wait (both_stable_again, f, "b's offer is answered");
  offer = confab_peer_connection_get_local_sdp (f->b.connection);
  answer = confab_peer_connection_get_local_sdp (f->a.connection);
  g_assert_nonnull (strstr (offer, "a=setup:actpass"));
  g_assert_null (strstr (offer, "a=setup:active"));
  g_assert_nonnull (strstr (answer, "a=setup:passive")); /* a offered first: b is active */
  g_assert_null (strstr (answer, "a=setup:active"));
  g_assert_cmpuint (f->a.n_failed + f->b.n_failed, ==, 0);
  loop_wait_more_frames (&f->a, 10);
  loop_wait_more_frames (&f->b, 10);
  loop_assert_sees (&f->a, &f->users[1]);
  loop_assert_sees (&f->b, &f->users[0]);
  g_assert_cmpuint (f->a.tracks->len, ==, 2);
  g_assert_cmpuint (f->b.tracks->len, ==, 2);
}

static gboolean
has_prepared (gpointer data)
{
  return ((LoopEnd *) data)->n_local >= 2;
}

static gboolean
has_answer_to_second (gpointer data)
{
  LoopFixture *f = data;

  return f->a.n_remote >= 1 && f->b.n_remote >= 1;
}

static void
test_prepared_offer (LoopFixture *f, gconstpointer data)
{
  loop_connect_and_play (f);

  /* Answered: it comes into force with the answer. */
  confab_peer_connection_prepare_offer (f->b.connection);
  loop_wait (both_stable_again, f, "the prepared offer is answered");
  g_assert_cmpuint (f->a.n_failed + f->b.n_failed, ==, 0);
  loop_wait_more_frames (&f->a, 10);

  /* Overtaken by the other's offer: dropped. */
  f->a.n_local = f->a.n_remote = f->b.n_remote = f->b.n_local = 0;
  f->a.deaf = TRUE;
  f->b.n_local = 1;
  confab_peer_connection_prepare_offer (f->b.connection);
  loop_wait (has_prepared, &f->b, "another one is prepared");
  f->a.deaf = FALSE;
  confab_peer_connection_create_offer (f->a.connection);
  loop_wait (has_answer_to_second, f, "a's offer is answered");
  g_assert_cmpuint (f->a.n_failed + f->b.n_failed, ==, 0);
  loop_wait_more_frames (&f->b, 10);
}

static void
expect_failure (LoopEnd *end, ConfabSdpType type, const char *sdp)
{
  end->n_failed = 0;
  confab_peer_connection_set_remote_description (end->connection, type, sdp);
  g_assert_cmpuint (end->n_failed, ==, 0); /* never from within the command */
  loop_wait (loop_has_failed, end, "bad SDP is refused");
  g_assert_nonnull (end->last_error);
}

static void
test_bad_sdp (LoopFixture *f, gconstpointer data)
{
  g_autofree char *long_text = g_strnfill (1000000, 'a');
  g_autofree char *answer = NULL;

  expect_failure (&f->b, CONFAB_SDP_TYPE_OFFER, "");
  expect_failure (&f->b, CONFAB_SDP_TYPE_OFFER, "hello");
  expect_failure (&f->b, CONFAB_SDP_TYPE_OFFER, "v=0\r\n");
  expect_failure (&f->b,
                  CONFAB_SDP_TYPE_OFFER,
                  "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n");
  expect_failure (&f->b, CONFAB_SDP_TYPE_OFFER, "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n");
  expect_failure (&f->b, CONFAB_SDP_TYPE_OFFER, long_text);
  expect_failure (&f->b, CONFAB_SDP_TYPE_ANSWER, "v=0\r\n");
  f->b.n_failed = 0;
  confab_peer_connection_create_answer (f->b.connection);
  loop_wait (loop_has_failed, &f->b, "there is nothing to answer");
  f->b.n_failed = 0;

  /* All that did no harm. */
  loop_connect_and_play (f);
  g_assert_cmpuint (f->a.n_failed + f->b.n_failed, ==, 0);

  /* An answer that nothing asked for, and an offer of another session. */
  answer = confab_peer_connection_get_local_sdp (f->b.connection);
  expect_failure (&f->b, CONFAB_SDP_TYPE_ANSWER, answer);
  confab_peer_connection_add_candidate (f->b.connection,
                                        "candidate:1 1 udp 1 x.local 9 typ host",
                                        "",
                                        0);
  confab_peer_connection_add_candidate (f->b.connection, "nonsense", "nosuchmid", -1);
  confab_peer_connection_add_candidate (f->b.connection, "", NULL, 0);
  loop_wait_more_frames (&f->b, 10);
}

/* What an answer by hydrogen may look like: its text is that of an offer. */
static void
test_answer_with_actpass (LoopFixture *f, gconstpointer data)
{
  g_autofree char *offer = NULL;
  g_autofree char *answer = NULL;
  g_autofree char *actpass = NULL;

  f->a.deaf = TRUE;
  loop_connect (&f->a, &f->b);
  loop_wait (loop_has_local, &f->b, "b answers");
  answer = confab_peer_connection_get_local_sdp (f->b.connection);
  actpass = confab_sdp_set_setup (answer, "actpass");
  confab_peer_connection_set_remote_description (f->a.connection, CONFAB_SDP_TYPE_ANSWER, actpass);
  loop_wait_playing (&f->a);
  loop_wait_playing (&f->b);
  g_assert_cmpuint (f->a.n_failed, ==, 0);
}

static gboolean
needs_negotiation (gpointer data)
{
  return ((LoopEnd *) data)->n_needed > 0;
}

/* An offer of sound alone: our picture needs an offer of its own. */
static void
test_audio_only_offer (LoopFixture *f, gconstpointer data)
{
  g_autofree char *offer = NULL;
  g_autoptr (GString) audio = NULL;
  char *video;

  f->b.deaf = TRUE;
  loop_connect (&f->a, &f->b);
  loop_wait (loop_has_local, &f->a, "a offers");
  offer = confab_peer_connection_get_local_sdp (f->a.connection);
  video = strstr (offer, "m=video");
  g_assert_nonnull (video);
  *video = '\0';
  audio = g_string_new (offer);
  g_string_replace (audio, "BUNDLE audio0 video1", "BUNDLE audio0", 1);
  f->b.other = NULL;
  confab_peer_connection_set_remote_description (f->b.connection,
                                                 CONFAB_SDP_TYPE_OFFER,
                                                 audio->str);
  f->b.deaf = FALSE;
  loop_wait (loop_has_local, &f->b, "b answers");
  g_assert_cmpuint (f->b.n_failed, ==, 0);
  loop_wait (needs_negotiation, &f->b, "b has a picture to offer");
}

static gboolean
has_remote (gpointer data)
{
  return ((LoopEnd *) data)->n_remote > 0;
}

typedef struct {
  const char *encoding; /* as in our offers; the other side does not know it */
  const char *refused;
  ConfabMediaKind left;
} Refusal;

static gboolean
sees_what_is_left (gpointer data)
{
  ConfabRemoteTrack *video = loop_end_find_track (data, CONFAB_MEDIA_KIND_VIDEO);

  return video != NULL && confab_remote_track_get_playing (video);
}

static gboolean
hears_what_is_left (gpointer data)
{
  return loop_end_find_track (data, CONFAB_MEDIA_KIND_AUDIO) != NULL && loop_hears (data);
}

static void
wait_what_is_left (LoopFixture *f, ConfabMediaKind left)
{
  LoopCondition condition = left == CONFAB_MEDIA_KIND_VIDEO ? sees_what_is_left
                                                            : hears_what_is_left;

  loop_wait (condition, &f->a, "a gets what is left");
  loop_wait (condition, &f->b, "b gets what is left");
}

static gint64
get_bytes_sent (LoopEnd *end, const char *kind)
{
  g_autoptr (JsonObject) stats = loop_get_stats (end);
  JsonObject *outbound = loop_find_kind (json_object_get_array_member (stats, "outbound"), kind);

  return json_object_get_int_member (outbound, "bytesSent");
}

/* One m-section is refused, the first or the second: the call goes on with the other, both ways and for long. */
static void
test_refused (LoopFixture *f, gconstpointer data)
{
  const Refusal *refusal = data;
  g_autofree char *offer = NULL;
  g_autofree char *answer = NULL;
  g_autofree char *second = NULL;
  g_autofree char *m_line = g_strdup_printf ("m=%s 0 ", refusal->refused);
  g_autoptr (GString) strange = NULL;

  f->b.deaf = TRUE;
  loop_connect (&f->a, &f->b);
  loop_wait (loop_has_local, &f->a, "a offers");
  offer = confab_peer_connection_get_local_sdp (f->a.connection);
  strange = g_string_new (offer);
  g_assert_cmpuint (g_string_replace (strange, refusal->encoding, "X-STRANGE/48000", 0), ==, 1);
  f->b.deaf = FALSE;
  confab_peer_connection_set_remote_description (f->b.connection,
                                                 CONFAB_SDP_TYPE_OFFER,
                                                 strange->str);
  loop_wait (has_remote, &f->a, "b answers");
  answer = confab_peer_connection_get_local_sdp (f->b.connection);
  g_assert_nonnull (strstr (answer, m_line));
  wait_what_is_left (f, refusal->left);
  g_assert_cmpint (get_bytes_sent (&f->a, refusal->refused), ==, 0);

  confab_peer_connection_create_offer (f->b.connection);
  loop_wait (both_stable_again, f, "b's offer is answered");
  second = confab_peer_connection_get_local_sdp (f->b.connection);
  g_assert_nonnull (strstr (second, m_line));
  g_assert_cmpuint (f->a.n_failed + f->b.n_failed, ==, 0);
  g_assert_cmpuint (f->a.tracks->len + f->b.tracks->len, ==, 2);
  wait_what_is_left (f, refusal->left);
}

static void
test_all_refused (LoopFixture *f, gconstpointer data)
{
  g_autofree char *offer = NULL;
  g_autoptr (GString) answer = NULL;

  f->a.deaf = TRUE;
  loop_connect (&f->a, &f->b);
  loop_wait (loop_has_local, &f->b, "b answers");
  offer = confab_peer_connection_get_local_sdp (f->b.connection);
  answer = g_string_new (offer);
  g_assert_cmpuint (g_string_replace (answer, " 9 UDP", " 0 UDP", 0), ==, 2);
  expect_failure (&f->a, CONFAB_SDP_TYPE_ANSWER, answer->str);
}

static void
test_close_in_negotiation (LoopFixture *f, gconstpointer data)
{
  for (guint i = 0; i < 5; i++) {
    LoopEnd a, b;

    loop_end_init (&a, &f->users[0]);
    loop_end_init (&b, &f->users[1]);
    loop_connect (&a, &b);
    if (i == 1)
      loop_wait (loop_has_local, &a, "offered");
    if (i == 2)
      loop_wait (loop_has_local, &b, "answered");
    if (i == 3)
      loop_wait_connected (&a);
    a.other = b.other = NULL;
    loop_end_clear (&b);
    loop_end_clear (&a);
  }
  loop_connect_and_play (f);
}

static const Refusal refused_audio = { "OPUS/48000/2", "audio", CONFAB_MEDIA_KIND_VIDEO };
static const Refusal refused_video = { "VP8/90000", "video", CONFAB_MEDIA_KIND_AUDIO };

int
main (int argc, char **argv)
{
  loop_init (&argc, &argv);

  g_test_add ("/negotiation/offer-is-whole",
              LoopFixture,
              NULL,
              loop_setup,
              test_offer_is_whole,
              loop_teardown);
  g_test_add ("/negotiation/candidates-within",
              LoopFixture,
              NULL,
              loop_setup,
              test_candidates_within,
              loop_teardown);
  g_test_add (
    "/negotiation/again", LoopFixture, NULL, loop_setup, test_renegotiation, loop_teardown);
  g_test_add ("/negotiation/prepared-offer",
              LoopFixture,
              NULL,
              loop_setup,
              test_prepared_offer,
              loop_teardown);
  g_test_add ("/negotiation/bad-sdp", LoopFixture, NULL, loop_setup, test_bad_sdp, loop_teardown);
  g_test_add ("/negotiation/answer-with-actpass",
              LoopFixture,
              NULL,
              loop_setup,
              test_answer_with_actpass,
              loop_teardown);
  g_test_add ("/negotiation/audio-only-offer",
              LoopFixture,
              NULL,
              loop_setup,
              test_audio_only_offer,
              loop_teardown);
  g_test_add ("/negotiation/refused/audio",
              LoopFixture,
              &refused_audio,
              loop_setup,
              test_refused,
              loop_teardown);
  g_test_add ("/negotiation/refused/video",
              LoopFixture,
              &refused_video,
              loop_setup,
              test_refused,
              loop_teardown);
  g_test_add (
    "/negotiation/refused/all", LoopFixture, NULL, loop_setup, test_all_refused, loop_teardown);
  g_test_add ("/negotiation/close-within",
              LoopFixture,
              NULL,
              loop_setup,
              test_close_in_negotiation,
              loop_teardown);
  return g_test_run ();
}
