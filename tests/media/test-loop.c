/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-media-sender.h"
#include "confab-sdp.h"
#include "media-loop.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  LoopUser users[3];
  LoopEnd a, b;
} Fixture;

static void
setup (Fixture *f, gconstpointer data)
{
  loop_user_init (&f->users[0], "@alice:example.org");
  loop_user_init (&f->users[1], "@bob:example.org");
  loop_end_init (&f->a, &f->users[0]);
  loop_end_init (&f->b, &f->users[1]);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  loop_end_clear (&f->a);
  loop_end_clear (&f->b);
  loop_user_clear (&f->users[0]);
  loop_user_clear (&f->users[1]);
}

static void
connect_and_play (Fixture *f)
{
  loop_connect (&f->a, &f->b);
  loop_wait_connected (&f->a);
  loop_wait_connected (&f->b);
  loop_wait_playing (&f->a);
  loop_wait_playing (&f->b);
}

static void
test_both_ways (Fixture *f, gconstpointer data)
{
  g_autofree char *offer = NULL;
  g_autofree char *answer = NULL;
  ConfabRemoteTrack *track;
  const char *stream_id;

  connect_and_play (f);
  loop_assert_sees (&f->a, &f->users[1]);
  loop_assert_sees (&f->b, &f->users[0]);

  stream_id = confab_stream_get_id (confab_local_media_get_stream (f->users[0].media));
  for (guint kind = CONFAB_MEDIA_KIND_AUDIO; kind <= CONFAB_MEDIA_KIND_VIDEO; kind++) {
    track = loop_end_find_track (&f->b, kind);
    g_assert_cmpstr (confab_remote_track_get_stream_id (track), ==, stream_id);
    g_assert_nonnull (confab_remote_track_get_mid (track));
  }
  g_assert_cmpfloat (
    confab_remote_track_get_level (loop_end_find_track (&f->b, CONFAB_MEDIA_KIND_AUDIO)), >, -40);
  g_assert_cmpint (confab_peer_connection_get_last_received_at (f->a.connection), >, 0);
  g_assert_cmpuint (f->a.n_failed + f->b.n_failed, ==, 0);
  g_assert_cmpuint (f->a.n_needed + f->b.n_needed, ==, 0);

  offer = confab_peer_connection_get_local_sdp (f->a.connection);
  answer = confab_peer_connection_get_local_sdp (f->b.connection);
  g_assert_nonnull (strstr (offer, "a=msid:"));
  g_assert_nonnull (strstr (answer, "a=msid:"));
  g_assert_nonnull (strstr (answer, "a=setup:active"));
}

static gboolean
has_local (gpointer data)
{
  return ((LoopEnd *) data)->n_local > 0;
}

/* Whether the payloaders' caps came before the offer is made or after it: many, since it is a race. */
static void
test_offer_is_whole (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 60; i++) {
    LoopEnd end;
    g_autofree char *offer = NULL;

    loop_end_init (&end, &f->users[0]);
    confab_peer_connection_create_offer (end.connection);
    loop_wait (has_local, &end, "an offer");
    offer = confab_peer_connection_get_local_sdp (end.connection);
    g_assert_nonnull (strstr (offer, "a=rtpmap:111 OPUS/48000/2\r\n"));
    g_assert_nonnull (strstr (offer, "a=rtpmap:96 VP8/90000\r\n"));
    g_assert_nonnull (strstr (offer, "a=ssrc:"));
    loop_end_clear (&end);
  }
}

static guint
count_frames (LoopEnd *end)
{
  g_autoptr (JsonObject) stats = loop_get_stats (end);
  JsonObject *video = loop_find_kind (json_object_get_array_member (stats, "inbound"), "video");

  return video != NULL ? json_object_get_int_member (video, "framesDecoded") : 0;
}

typedef struct {
  LoopEnd *end;
  guint n_frames;
} FrameCount;

static gboolean
has_frames (gpointer data)
{
  FrameCount *count = data;

  return count_frames (count->end) >= count->n_frames;
}

static void
wait_more_frames (LoopEnd *end, guint n_frames)
{
  FrameCount count = { end, count_frames (end) + n_frames };

  loop_wait (has_frames, &count, "more frames");
}

static gboolean
hears (gpointer data)
{
  return confab_remote_track_get_level (loop_end_find_track (data, CONFAB_MEDIA_KIND_AUDIO)) > -40;
}

static gboolean
hears_nothing (gpointer data)
{
  return confab_remote_track_get_level (loop_end_find_track (data, CONFAB_MEDIA_KIND_AUDIO)) < -80;
}

static void
test_mute_microphone (Fixture *f, gconstpointer data)
{
  ConfabStream *stream = confab_local_media_get_stream (f->users[0].media);

  connect_and_play (f);
  loop_wait (hears, &f->b, "b hears a");

  confab_local_media_set_microphone_muted (f->users[0].media, TRUE);
  g_assert_true (confab_stream_get_audio_muted (stream));
  g_assert_cmpfloat (confab_stream_get_level (stream), ==, CONFAB_LEVEL_SILENCE);
  loop_wait (hears_nothing, &f->b, "b hears a no more");
  loop_wait (hears, &f->a, "a still hears b");

  confab_local_media_set_microphone_muted (f->users[0].media, FALSE);
  loop_wait (hears, &f->b, "b hears a again");
  g_assert_cmpuint (f->a.n_local + f->b.n_local, ==, 2); /* one offer, one answer */
  g_assert_cmpuint (f->a.n_needed + f->b.n_needed, ==, 0);
}

/* Every eighth packet that the payloader made goes nowhere. */
static GstPadProbeReturn
lose_cb (GstPad *pad, GstPadProbeInfo *info, gpointer n_packets)
{
  return ++*(guint *) n_packets % 8 == 0 ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

static gboolean
loses_some (gpointer data)
{
  return confab_remote_track_get_loss (loop_end_find_track (data, CONFAB_MEDIA_KIND_AUDIO)) > 0.05;
}

static gboolean
loses_none (gpointer data)
{
  return confab_remote_track_get_loss (loop_end_find_track (data, CONFAB_MEDIA_KIND_AUDIO)) == 0;
}

static void
test_loss (Fixture *f, gconstpointer data)
{
  guint n_packets = 0;
  gulong probe;
  g_autoptr (GstElement) payloader = NULL;
  g_autoptr (GstPad) pad = NULL;

  connect_and_play (f);
  payloader = loop_end_find_element (&f->a, "rtpopuspay");
  pad = gst_element_get_static_pad (payloader, "src");
  probe = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, lose_cb, &n_packets, NULL);
  loop_wait (loses_some, &f->b, "b sees that something is lost");
  g_assert_true (loses_none (&f->a));
  gst_pad_remove_probe (pad, probe);
  loop_wait (loses_none, &f->b, "b sees that nothing is lost any more");
}

#define Y4M_WIDTH 64
#define Y4M_HEIGHT 32

static char *
write_y4m (void)
{
  g_autofree char *path = NULL;
  g_autoptr (GString) data = g_string_new ("YUV4MPEG2 W64 H32 F20:1 Ip A1:1 C420jpeg\n");
  const int fd = g_file_open_tmp ("confab-XXXXXX.y4m", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  for (guint i = 0; i < 20; i++) {
    g_string_append (data, "FRAME\n");
    for (guint j = 0; j < Y4M_WIDTH * Y4M_HEIGHT * 3 / 2; j++)
      g_string_append_c (data, (char) (j < Y4M_WIDTH * Y4M_HEIGHT ? 100 + i : 128));
  }
  g_assert_true (g_file_set_contents (path, data->str, data->len, NULL));
  return g_steal_pointer (&path);
}

/* The file is mapped as long as the camera that shows it is open. */
static gboolean
is_mapped (gpointer path)
{
  g_autofree char *maps = NULL;

  g_assert_true (g_file_get_contents ("/proc/self/maps", &maps, NULL, NULL));
  return strstr (maps, path) != NULL;
}

static gboolean
is_not_mapped (gpointer path)
{
  return !is_mapped (path);
}

static gboolean
has_video (gpointer media)
{
  return confab_stream_get_has_video (confab_local_media_get_stream (media));
}

static void
test_mute_camera (Fixture *f, gconstpointer data)
{
  ConfabLocalMedia *media = f->users[0].media;
  ConfabMediaSender *sender = CONFAB_MEDIA_SENDER (media);
  g_autofree char *path = write_y4m ();
  g_autoptr (GError) error = NULL;

  confab_local_media_set_camera_muted (media, TRUE);
  g_assert_true (confab_media_engine_set_test_picture (f->users[0].engine, path, &error));
  g_assert_no_error (error);
  confab_local_media_set_camera_muted (media, FALSE);
  connect_and_play (f);
  loop_wait (has_video, media, "a sees itself");
  g_assert_true (is_mapped (path));
  wait_more_frames (&f->b, 30); /* more than the file has: it loops */

  confab_local_media_set_camera_muted (media, TRUE);
  g_assert_true (confab_stream_get_video_muted (confab_local_media_get_stream (media)));
  g_assert_false (has_video (media));
  g_assert_false (confab_media_sender_is_capturing (sender, CONFAB_DEVICE_KIND_CAMERA));
  loop_wait (is_not_mapped, path, "the camera is closed");

  confab_local_media_set_camera_muted (media, FALSE);
  loop_wait (has_video, media, "a sees itself again");
  g_assert_true (is_mapped (path));
  wait_more_frames (&f->b, 10);
  g_assert_cmpuint (f->a.n_local + f->b.n_local, ==, 2);
  g_assert_cmpuint (f->a.n_needed + f->b.n_needed, ==, 0);
  g_unlink (path);
}

static void
test_muted_from_the_start (Fixture *f, gconstpointer data)
{
  confab_local_media_set_camera_muted (f->users[0].media, TRUE);
  loop_connect (&f->a, &f->b);
  loop_wait_playing (&f->a);
  loop_wait (hears, &f->b, "b hears a");
  g_assert_null (loop_end_find_track (&f->b, CONFAB_MEDIA_KIND_VIDEO));

  confab_local_media_set_camera_muted (f->users[0].media, FALSE);
  loop_wait_playing (&f->b);
  g_assert_cmpuint (f->a.n_local + f->b.n_local, ==, 2);
  loop_assert_sees (&f->b, &f->users[0]);
}

static guint
count_elements (GstElement *pipeline, const char *factory)
{
  g_autoptr (GstIterator) iterator = gst_bin_iterate_all_by_element_factory_name (GST_BIN (pipeline), factory);
  GValue value = G_VALUE_INIT;
  guint n = 0;

  while (gst_iterator_next (iterator, &value) == GST_ITERATOR_OK) {
    n++;
    g_value_reset (&value);
  }
  g_value_unset (&value);
  return n;
}

static void
test_three (Fixture *f, gconstpointer data)
{
  LoopEnd a2, c;
  GstElement *pipeline;

  loop_user_init (&f->users[2], "@carol:example.org");
  loop_end_init (&a2, &f->users[0]);
  loop_end_init (&c, &f->users[2]);
  connect_and_play (f);
  loop_connect (&a2, &c);
  loop_wait_playing (&a2);
  loop_wait_playing (&c);

  loop_assert_sees (&f->a, &f->users[1]);
  loop_assert_sees (&a2, &f->users[2]);
  loop_assert_sees (&f->b, &f->users[0]);
  loop_assert_sees (&c, &f->users[0]);
  pipeline = confab_media_sender_get_pipeline (CONFAB_MEDIA_SENDER (f->users[0].media));
  g_assert_cmpuint (count_elements (pipeline, "vp8enc"), ==, 1);
  g_assert_cmpuint (count_elements (pipeline, "opusenc"), ==, 1);

  /* Each member has a level of its own. */
  confab_local_media_set_microphone_muted (f->users[2].media, TRUE);
  loop_wait (hears_nothing, &a2, "a hears c no more");
  loop_wait (hears, &f->a, "a hears b");

  /* One leaves, the others go on. */
  loop_end_clear (&c);
  loop_end_clear (&a2);
  wait_more_frames (&f->b, 10);
  loop_wait (hears, &f->b, "b hears a");
  loop_user_clear (&f->users[2]);
}

static gboolean
has_offered (gpointer data)
{
  return ((LoopEnd *) data)->n_local > 0;
}

static void
test_never_connects (Fixture *f, gconstpointer data)
{
  LoopEnd lonely, answering;
  g_autofree char *offer = NULL;

  loop_end_init (&lonely, &f->users[0]);
  loop_end_init (&answering, &f->users[0]);
  confab_peer_connection_create_offer (lonely.connection);
  loop_wait (has_offered, &lonely, "an offer nobody answers");
  offer = confab_peer_connection_get_local_sdp (lonely.connection);
  confab_peer_connection_set_remote_description (answering.connection,
                                                 CONFAB_SDP_TYPE_OFFER,
                                                 offer);
  loop_wait (has_offered, &answering, "an answer nobody gets");

  connect_and_play (f);
  wait_more_frames (&f->b, 60); /* more than a queue holds */
  g_assert_cmpint (confab_peer_connection_get_state (lonely.connection),
                   !=,
                   CONFAB_CONNECTION_STATE_CONNECTED);
  loop_assert_sees (&f->b, &f->users[0]);
  loop_end_clear (&lonely);
  loop_end_clear (&answering);
}

static gboolean
both_stable_again (gpointer data)
{
  Fixture *f = data;

  return f->a.n_local + f->b.n_local >= 4 && f->a.n_remote + f->b.n_remote >= 4;
}

static void
test_renegotiation (Fixture *f, gconstpointer data)
{
  g_autofree char *offer = NULL;
  g_autofree char *answer = NULL;

  connect_and_play (f);
  confab_peer_connection_create_offer (f->b.connection);
  loop_wait (both_stable_again, f, "b's offer is answered");
  offer = confab_peer_connection_get_local_sdp (f->b.connection);
  answer = confab_peer_connection_get_local_sdp (f->a.connection);
  g_assert_nonnull (strstr (offer, "a=setup:actpass"));
  g_assert_null (strstr (offer, "a=setup:active"));
  g_assert_nonnull (strstr (answer, "a=setup:passive")); /* a offered first: b is active */
  g_assert_null (strstr (answer, "a=setup:active"));
  g_assert_cmpuint (f->a.n_failed + f->b.n_failed, ==, 0);
  wait_more_frames (&f->a, 10);
  wait_more_frames (&f->b, 10);
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
  Fixture *f = data;

  return f->a.n_remote >= 1 && f->b.n_remote >= 1;
}

static void
test_prepared_offer (Fixture *f, gconstpointer data)
{
  connect_and_play (f);

  /* Answered: it comes into force with the answer. */
  confab_peer_connection_prepare_offer (f->b.connection);
  loop_wait (both_stable_again, f, "the prepared offer is answered");
  g_assert_cmpuint (f->a.n_failed + f->b.n_failed, ==, 0);
  wait_more_frames (&f->a, 10);

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
  wait_more_frames (&f->b, 10);
}

static gboolean
has_failed (gpointer data)
{
  return ((LoopEnd *) data)->n_failed > 0;
}

static void
expect_failure (LoopEnd *end, ConfabSdpType type, const char *sdp)
{
  end->n_failed = 0;
  confab_peer_connection_set_remote_description (end->connection, type, sdp);
  g_assert_cmpuint (end->n_failed, ==, 0); /* never from within the command */
  loop_wait (has_failed, end, "bad SDP is refused");
  g_assert_nonnull (end->last_error);
}

static void
test_bad_sdp (Fixture *f, gconstpointer data)
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
  loop_wait (has_failed, &f->b, "there is nothing to answer");
  f->b.n_failed = 0;

  /* All that did no harm. */
  connect_and_play (f);
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
  wait_more_frames (&f->b, 10);
}

/* What an answer by hydrogen may look like: its text is that of an offer. */
static void
test_answer_with_actpass (Fixture *f, gconstpointer data)
{
  g_autofree char *offer = NULL;
  g_autofree char *answer = NULL;
  g_autofree char *actpass = NULL;

  f->a.deaf = TRUE;
  loop_connect (&f->a, &f->b);
  loop_wait (has_offered, &f->b, "b answers");
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
test_audio_only_offer (Fixture *f, gconstpointer data)
{
  g_autofree char *offer = NULL;
  g_autoptr (GString) audio = NULL;
  char *video;

  f->b.deaf = TRUE;
  loop_connect (&f->a, &f->b);
  loop_wait (has_offered, &f->a, "a offers");
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
  loop_wait (has_offered, &f->b, "b answers");
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
  return loop_end_find_track (data, CONFAB_MEDIA_KIND_AUDIO) != NULL && hears (data);
}

static void
wait_what_is_left (Fixture *f, ConfabMediaKind left)
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
test_refused (Fixture *f, gconstpointer data)
{
  const Refusal *refusal = data;
  g_autofree char *offer = NULL;
  g_autofree char *answer = NULL;
  g_autofree char *second = NULL;
  g_autofree char *m_line = g_strdup_printf ("m=%s 0 ", refusal->refused);
  g_autoptr (GString) strange = NULL;

  f->b.deaf = TRUE;
  loop_connect (&f->a, &f->b);
  loop_wait (has_offered, &f->a, "a offers");
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
test_all_refused (Fixture *f, gconstpointer data)
{
  g_autofree char *offer = NULL;
  g_autoptr (GString) answer = NULL;

  f->a.deaf = TRUE;
  loop_connect (&f->a, &f->b);
  loop_wait (has_offered, &f->b, "b answers");
  offer = confab_peer_connection_get_local_sdp (f->b.connection);
  answer = g_string_new (offer);
  g_assert_cmpuint (g_string_replace (answer, " 9 UDP", " 0 UDP", 0), ==, 2);
  expect_failure (&f->a, CONFAB_SDP_TYPE_ANSWER, answer->str);
}

static void
test_close_in_negotiation (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 5; i++) {
    LoopEnd a, b;

    loop_end_init (&a, &f->users[0]);
    loop_end_init (&b, &f->users[1]);
    loop_connect (&a, &b);
    if (i == 1)
      loop_wait (has_offered, &a, "offered");
    if (i == 2)
      loop_wait (has_offered, &b, "answered");
    if (i == 3)
      loop_wait_connected (&a);
    a.other = b.other = NULL;
    loop_end_clear (&b);
    loop_end_clear (&a);
  }
  connect_and_play (f);
}

static void
problem_changed_cb (guint *n_changes)
{
  (*n_changes)++;
}

static gboolean
is_positive (gpointer data)
{
  return *(guint *) data >= 2;
}

static void
test_no_devices (Fixture *f, gconstpointer data)
{
  LoopUser nobody;
  LoopEnd end;
  guint n_changes = 0;

  nobody.engine = confab_media_engine_new (CONFAB_MEDIA_SOURCE_NONE);
  confab_media_engine_set_headless (nobody.engine, TRUE);
  nobody.media = confab_media_devices_open (CONFAB_MEDIA_DEVICES (nobody.engine), FALSE, FALSE);
  g_signal_connect_swapped (nobody.media,
                            "problem-changed",
                            G_CALLBACK (problem_changed_cb),
                            &n_changes);
  loop_wait (is_positive, &n_changes, "camera and microphone are missing");
  for (guint kind = 0; kind <= CONFAB_DEVICE_KIND_CAMERA; kind += CONFAB_DEVICE_KIND_CAMERA)
    g_assert_cmpint (confab_local_media_get_problem (nobody.media, kind),
                     ==,
                     CONFAB_DEVICE_PROBLEM_MISSING);

  loop_end_init (&end, &nobody);
  loop_connect (&end, &f->b);
  loop_wait_playing (&end); /* b's picture and sound come all the same */
  loop_wait_connected (&f->b);
  loop_end_clear (&end);
  loop_user_clear (&nobody);
}

static void
test_stats (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonObject) stats = NULL;
  JsonObject *inbound, *outbound;

  connect_and_play (f);
  wait_more_frames (&f->b, 20);
  stats = loop_get_stats (&f->b);
  g_assert_cmpstr (json_object_get_string_member (stats, "connectionState"), ==, "connected");
  inbound = loop_find_kind (json_object_get_array_member (stats, "inbound"), "video");
  g_assert_cmpint (json_object_get_int_member (inbound, "frameWidth"), ==, 320);
  g_assert_cmpint (json_object_get_int_member (inbound, "frameHeight"), ==, 180);
  g_assert_cmpint (json_object_get_int_member (inbound, "bytesReceived"), >, 500);
  inbound = loop_find_kind (json_object_get_array_member (stats, "inbound"), "audio");
  g_assert_cmpint (json_object_get_int_member (inbound, "bytesReceived"), >, 500);
  g_assert_cmpfloat (json_object_get_double_member (inbound, "totalAudioEnergy"), >, 0);
  outbound = loop_find_kind (json_object_get_array_member (stats, "outbound"), "video");
  g_assert_cmpint (json_object_get_int_member (outbound, "framesSent"), >, 0);
  g_assert_cmpint (json_object_get_int_member (outbound, "bytesSent"), >, 500);
  g_assert_true (JSON_NODE_HOLDS_OBJECT (json_object_get_member (stats, "candidatePair")));
}

static void
test_device_switch (Fixture *f, gconstpointer data)
{
  ConfabMediaDevices *devices = CONFAB_MEDIA_DEVICES (f->users[0].engine);
  g_autofree char *path = write_y4m ();

  connect_and_play (f);
  g_assert_cmpstr (confab_media_device_get_id (
                     confab_media_devices_get_chosen (devices, CONFAB_DEVICE_KIND_CAMERA)),
                   ==,
                   "test-camera-1");
  g_assert_true (confab_media_engine_set_test_picture (f->users[0].engine, path, NULL));
  confab_media_devices_choose (devices, CONFAB_DEVICE_KIND_CAMERA, "test-camera-2");
  confab_media_devices_choose (devices, CONFAB_DEVICE_KIND_MICROPHONE, "test-microphone-2");
  confab_media_devices_choose (devices, CONFAB_DEVICE_KIND_SPEAKER, "test-speaker-2");
  g_assert_cmpstr (confab_media_device_get_id (
                     confab_media_devices_get_chosen (devices, CONFAB_DEVICE_KIND_CAMERA)),
                   ==,
                   "test-camera-2");
  loop_wait (is_mapped, path, "the other camera is open");
  wait_more_frames (&f->b, 20);
  loop_wait (hears, &f->b, "b hears a");
  g_assert_cmpuint (f->a.n_local + f->b.n_local, ==, 2);
  g_unlink (path);
}

typedef struct {
  guint n_threads;
  guint n_fds;
  gsize rss;
} Resources;

static guint
count_entries (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static Resources
get_resources (void)
{
  g_autofree char *statm = NULL;
  unsigned long rss = 0;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &statm, NULL, NULL));
  g_assert_cmpint (sscanf (statm, "%*u %lu", &rss), ==, 1);
  return (Resources) { count_entries ("/proc/self/task"),
                       count_entries ("/proc/self/fd"),
                       rss * (gsize) sysconf (_SC_PAGESIZE) };
}

static gboolean
is_back (gpointer data)
{
  const Resources *before = data;
  const Resources now = get_resources ();

  return now.n_threads <= before->n_threads && now.n_fds <= before->n_fds;
}

/* A call as far as media goes: devices opened, a peer each way, everything closed. */
static void
one_call (guint i)
{
  Fixture f = { 0 };

  setup (&f, NULL);
  loop_connect (&f.a, &f.b);
  if (i % 5 == 4)
    loop_wait (has_offered, &f.a, "offered"); /* cut off */
  else
    loop_wait_playing (&f.a);
  f.a.other = f.b.other = NULL;
  teardown (&f, NULL);
}

/* Pools keep a few idle threads for a while, whatever was done: those are there before the first count. */
static void
test_hundred_calls (void)
{
  const guint n_calls = 100;
  Resources before;

  for (guint i = 0; i < 15; i++)
    one_call (i);
  loop_wait (is_back, &(Resources) { 12, 60, 0 }, "what the first calls started has ended");
  before = get_resources ();
  for (guint i = 0; i < n_calls; i++)
    one_call (i);
  loop_wait (is_back,
             &(Resources) { before.n_threads + 2, before.n_fds, 0 },
             "threads and files are as before");
  g_test_message ("resident: %zu kB, then %zu kB; threads %u, files %u",
                  before.rss / 1024,
                  get_resources ().rss / 1024,
                  before.n_threads,
                  before.n_fds);
#ifndef __SANITIZE_ADDRESS__
  g_assert_cmpuint (get_resources ().rss, <, before.rss + 16 * 1024 * 1024);
#endif
}

static const Refusal refused_audio = { "OPUS/48000/2", "audio", CONFAB_MEDIA_KIND_VIDEO };
static const Refusal refused_video = { "VP8/90000", "video", CONFAB_MEDIA_KIND_AUDIO };

int
main (int argc, char **argv)
{
  g_setenv ("CONFAB_ICE_LOOPBACK", "1", TRUE);
  g_test_init (&argc, &argv, NULL);
  gst_init (NULL, NULL);

  g_test_add ("/loop/both-ways", Fixture, NULL, setup, test_both_ways, teardown);
  g_test_add ("/loop/offer-is-whole", Fixture, NULL, setup, test_offer_is_whole, teardown);
  g_test_add ("/loop/loss", Fixture, NULL, setup, test_loss, teardown);
  g_test_add ("/loop/mute-microphone", Fixture, NULL, setup, test_mute_microphone, teardown);
  g_test_add ("/loop/mute-camera", Fixture, NULL, setup, test_mute_camera, teardown);
  g_test_add (
    "/loop/muted-from-the-start", Fixture, NULL, setup, test_muted_from_the_start, teardown);
  g_test_add ("/loop/three", Fixture, NULL, setup, test_three, teardown);
  g_test_add ("/loop/never-connects", Fixture, NULL, setup, test_never_connects, teardown);
  g_test_add ("/loop/renegotiation", Fixture, NULL, setup, test_renegotiation, teardown);
  g_test_add ("/loop/prepared-offer", Fixture, NULL, setup, test_prepared_offer, teardown);
  g_test_add ("/loop/bad-sdp", Fixture, NULL, setup, test_bad_sdp, teardown);
  g_test_add (
    "/loop/answer-with-actpass", Fixture, NULL, setup, test_answer_with_actpass, teardown);
  g_test_add ("/loop/audio-only-offer", Fixture, NULL, setup, test_audio_only_offer, teardown);
  g_test_add ("/loop/refused/audio", Fixture, &refused_audio, setup, test_refused, teardown);
  g_test_add ("/loop/refused/video", Fixture, &refused_video, setup, test_refused, teardown);
  g_test_add ("/loop/refused/all", Fixture, NULL, setup, test_all_refused, teardown);
  g_test_add (
    "/loop/close-in-negotiation", Fixture, NULL, setup, test_close_in_negotiation, teardown);
  g_test_add ("/loop/no-devices", Fixture, NULL, setup, test_no_devices, teardown);
  g_test_add ("/loop/stats", Fixture, NULL, setup, test_stats, teardown);
  g_test_add ("/loop/device-switch", Fixture, NULL, setup, test_device_switch, teardown);
  g_test_add_func ("/loop/hundred-calls", test_hundred_calls);
  return g_test_run ();
}
