/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-media-sender.h"
#include "confab-webrtc-peer-private.h"
#include "media-loop.h"

#include <gst/video/video.h>
#include <math.h>
#include <string.h>

/* What flows to several others: encoded once, held up by nobody, lost and found again. */

static void
test_three (LoopFixture *f, gconstpointer data)
{
  LoopEnd a2, c;
  GstElement *pipeline;

  loop_user_init (&f->users[2], "@carol:example.org");
  loop_end_init (&a2, &f->users[0]);
  loop_end_init (&c, &f->users[2]);
  loop_connect_and_play (f);
  loop_connect (&a2, &c);
  loop_wait_playing (&a2);
  loop_wait_playing (&c);

  loop_assert_sees (&f->a, &f->users[1]);
  loop_assert_sees (&a2, &f->users[2]);
  loop_assert_sees (&f->b, &f->users[0]);
  loop_assert_sees (&c, &f->users[0]);
  pipeline = confab_media_sender_get_pipeline (CONFAB_MEDIA_SENDER (f->users[0].media));
  g_assert_cmpuint (loop_count_elements (pipeline, "vp8enc"), ==, 1);
  g_assert_cmpuint (loop_count_elements (pipeline, "opusenc"), ==, 1);
  for (guint i = 0; i < 2; i++) {
    pipeline = loop_get_pipeline (i == 0 ? &f->a : &a2);
    g_assert_cmpuint (loop_count_elements (pipeline, "webrtcbin"), ==, 1);
    g_assert_cmpuint (loop_count_elements (pipeline, "rtpvp8pay"), ==, 1);
    g_assert_cmpuint (loop_count_elements (pipeline, "rtpopuspay"), ==, 1);
    g_assert_cmpuint (loop_count_elements (pipeline, "vp8enc"), ==, 0);
    g_assert_cmpuint (loop_count_elements (pipeline, "opusenc"), ==, 0);
  }

  /* Each member has a level of its own. */
  confab_local_media_set_microphone_muted (f->users[2].media, TRUE);
  loop_wait (loop_hears_nothing, &a2, "a hears c no more");
  loop_wait (loop_hears, &f->a, "a hears b");

  /* One leaves, the others go on. */
  loop_end_clear (&c);
  loop_end_clear (&a2);
  loop_wait_more_frames (&f->b, 10);
  loop_wait (loop_hears, &f->b, "b hears a");
  loop_user_clear (&f->users[2]);
}

static void
test_never_connects (LoopFixture *f, gconstpointer data)
{
  LoopEnd lonely, answering;
  g_autofree char *offer = NULL;

  loop_end_init (&lonely, &f->users[0]);
  loop_end_init (&answering, &f->users[0]);
  confab_peer_connection_create_offer (lonely.connection);
  loop_wait (loop_has_local, &lonely, "an offer nobody answers");
  offer = confab_peer_connection_get_local_sdp (lonely.connection);
  confab_peer_connection_set_remote_description (answering.connection,
                                                 CONFAB_SDP_TYPE_OFFER,
                                                 offer);
  loop_wait (loop_has_local, &answering, "an answer nobody gets");

  loop_connect_and_play (f);
  loop_wait_more_frames (&f->b, 60); /* more than a queue holds */
  g_assert_cmpint (confab_peer_connection_get_state (lonely.connection),
                   !=,
                   CONFAB_CONNECTION_STATE_CONNECTED);
  loop_assert_sees (&f->b, &f->users[0]);
  loop_end_clear (&lonely);
  loop_end_clear (&answering);
}

/* --- Key frames --- */

static GstPadProbeReturn
encoded_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  if (!GST_BUFFER_FLAG_IS_SET (GST_PAD_PROBE_INFO_BUFFER (info), GST_BUFFER_FLAG_DELTA_UNIT))
    g_atomic_int_inc ((int *) user_data);
  return GST_PAD_PROBE_OK;
}

/* What a peer's connection does when the peer asks for a key frame. */
static void
ask_for_key_frame (LoopEnd *end)
{
  g_autoptr (GstElement) payloader = loop_end_find_element (end, "rtpvp8pay");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (payloader, "sink");

  gst_pad_push_event (pad,
                      gst_video_event_new_upstream_force_key_unit (GST_CLOCK_TIME_NONE, TRUE, 0));
}

typedef struct {
  LoopEnd *ends[2];
  guint n_asked;
} Askers;

static gboolean
ask_cb (gpointer data)
{
  Askers *askers = data;

  for (guint i = 0; i < G_N_ELEMENTS (askers->ends); i++)
    ask_for_key_frame (askers->ends[i]);
  askers->n_asked++;
  return G_SOURCE_CONTINUE;
}

static gboolean
has_asked_enough (gpointer data)
{
  return ((Askers *) data)->n_asked >= 40;
}

/* Everybody asks all the time for two seconds: that is at most one each half second, and one that was under way. */
static void
test_key_frames (LoopFixture *f, gconstpointer data)
{
  LoopEnd a2, b2;
  Askers askers = { { &f->a, &a2 }, 0 };
  g_autoptr (GstElement) encoder = NULL;
  g_autoptr (GstPad) pad = NULL;
  gulong probe_id;
  guint source_id;
  int n_key_frames = 0;

  loop_end_init (&a2, &f->users[0]);
  loop_end_init (&b2, &f->users[1]);
  loop_connect_and_play (f);
  loop_connect (&a2, &b2);
  loop_wait_playing (&b2);
  encoder = loop_find_element (confab_media_sender_get_pipeline (
                                 CONFAB_MEDIA_SENDER (f->users[0].media)),
                               "vp8enc");
  pad = gst_element_get_static_pad (encoder, "src");

  probe_id = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, encoded_cb, &n_key_frames, NULL);
  source_id = g_timeout_add (50, ask_cb, &askers);
  loop_wait (has_asked_enough, &askers, "many have asked");
  g_source_remove (source_id);
  gst_pad_remove_probe (pad, probe_id);
  g_test_message ("%u asked, %d key frames", askers.n_asked * 2, n_key_frames);
  g_assert_cmpint (n_key_frames, >=, 1);
  g_assert_cmpint (n_key_frames, <=, 7); /* a busy machine may take longer than two seconds */

  loop_end_clear (&a2);
  loop_end_clear (&b2);
}

typedef struct {
  int n_key_frames;
  int n_before;
} NewcomerFrames;

static GstPadProbeReturn
newcomer_frame_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  NewcomerFrames *frames = user_data;

  if (!GST_BUFFER_FLAG_IS_SET (GST_PAD_PROBE_INFO_BUFFER (info), GST_BUFFER_FLAG_DELTA_UNIT))
    g_atomic_int_inc (&frames->n_key_frames);
  else if (frames->n_key_frames == 0)
    frames->n_before++;
  return GST_PAD_PROBE_OK;
}

static gboolean
has_key_frame (gpointer n_key_frames)
{
  return g_atomic_int_get ((int *) n_key_frames) > 0;
}

static gboolean
is_throttled (gpointer encoder)
{
  guint64 interval = 0;

  g_object_get (encoder, "min-force-key-unit-interval", &interval, NULL);
  return interval == 500 * GST_MSECOND;
}

/* Whoever comes sees something at once, however short ago there was a key frame; others wait as before. */
static void
test_newcomer (LoopFixture *f, gconstpointer data)
{
  ConfabFanout *video = CONFAB_WEBRTC_PEER (f->a.connection)->video;
  g_autoptr (GstElement) encoder = NULL;
  g_autoptr (GstPad) pad = NULL;

  loop_connect_and_play (f);
  encoder = loop_find_element (confab_media_sender_get_pipeline (
                                 CONFAB_MEDIA_SENDER (f->users[0].media)),
                               "vp8enc");
  pad = gst_element_get_static_pad (encoder, "src");
  for (guint i = 0; i < 3; i++) {
    NewcomerFrames frames = { 0 };
    gulong probe_id = gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BUFFER, newcomer_frame_cb, &frames, NULL);

    confab_fanout_request_key_frame (video, TRUE);
    loop_wait (has_key_frame, &frames.n_key_frames, "a key frame");
    gst_pad_remove_probe (pad, probe_id);
    /* One picture may have been in the encoder already; throttled it would be ten. */
    g_assert_cmpint (frames.n_before, <=, 2);
  }
  loop_wait (is_throttled, encoder, "it obeys others at its own interval again");
}

/* --- Loss --- */

typedef struct {
  GRand *random;
  double loss; /* share of RTP packets that does not arrive */
  guint n_lost;
  GMutex lock;
} BadNetwork;

static gboolean
is_lost (BadNetwork *network, GstBuffer *buffer)
{
  guint8 header[2];
  gboolean lost;

  /* RFC 7983 and 5761: RTP alone; RTCP, DTLS and STUN get through. */
  if (gst_buffer_extract (buffer, 0, header, 2) != 2 || header[0] < 128 || header[0] > 191 ||
      (header[1] >= 192 && header[1] <= 223))
    return FALSE;
  g_mutex_lock (&network->lock);
  lost = g_rand_double (network->random) < network->loss;
  network->n_lost += lost;
  g_mutex_unlock (&network->lock);
  return lost;
}

static GstPadProbeReturn
network_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    return is_lost (user_data, GST_PAD_PROBE_INFO_BUFFER (info)) ? GST_PAD_PROBE_DROP
                                                                 : GST_PAD_PROBE_OK;
  return GST_PAD_PROBE_OK;
}

static void
set_loss (BadNetwork *network, double loss)
{
  g_mutex_lock (&network->lock);
  network->loss = loss;
  g_mutex_unlock (&network->lock);
}

/* From now on what comes to this end goes through there. */
static void
enter_network (LoopEnd *end, BadNetwork *network)
{
  g_autoptr (GstElement) source = loop_end_find_element (end, "nicesrc");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (source, "src");

  network->random = g_rand_new_with_seed (4711);
  g_mutex_init (&network->lock);
  gst_pad_add_probe (
    pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, network_cb, network, NULL);
}

static guint64
count_sent (LoopEnd *end)
{
  return confab_webrtc_pipeline_get_n_video_sent (CONFAB_WEBRTC_PEER (end->connection)->pipeline);
}

typedef struct {
  LoopEnd *end;
  guint64 n;
} SentCount;

static gboolean
has_sent (gpointer data)
{
  SentCount *count = data;

  return count_sent (count->end) >= count->n;
}

/* One packet in five is lost. It is asked for again, at once, and comes in time; else one picture in three would. */
static void
test_loss (LoopFixture *f, gconstpointer data)
{
  static BadNetwork network; /* outlives the pipeline */
  double best = 0;

  loop_connect_and_play (f);
  enter_network (&f->b, &network);
  for (guint i = 0; i < 3 && best < 0.75; i++) {
    SentCount sent = { &f->a, count_sent (&f->a) + 200 };
    const guint before = loop_count_frames (&f->b);

    set_loss (&network, 0.2);
    loop_wait (has_sent, &sent, "pictures");
    best = MAX (best, (loop_count_frames (&f->b) - before) / 200.0);
    g_test_message ("%u packets lost in all, %.0f %% of the pictures seen",
                    network.n_lost,
                    best * 100);
    set_loss (&network, 0);
    loop_wait_more_frames (&f->b, 20);
  }
  g_assert_cmpuint (network.n_lost, >, 5);
  g_assert_cmpfloat (best, >=, 0.75);
}

static gboolean
after_cb (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *) data;
}

/* Nothing comes for a second, which nobody can send again: a key frame is asked for, which would not come by itself. */
static void
test_outage (LoopFixture *f, gconstpointer data)
{
  static BadNetwork network;
  gboolean over = FALSE;

  loop_connect_and_play (f);
  enter_network (&f->b, &network);
  set_loss (&network, 1.1);
  g_timeout_add_seconds (1, after_cb, &over);
  loop_wait (is_true, &over, "a second without network");
  set_loss (&network, 0);
  loop_wait_more_frames (&f->b, 40);
  loop_assert_sees (&f->b, &f->users[0]);
}

static GstPadProbeReturn
block_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return GST_PAD_PROBE_OK;
}

/* One connection takes nothing any more: its queue runs over, and the others do not notice. */
static void
test_stuck_peer (LoopFixture *f, gconstpointer data)
{
  static const char *const payloaders[] = { "rtpvp8pay", "rtpopuspay" };
  LoopEnd a2, b2;

  loop_end_init (&a2, &f->users[0]);
  loop_end_init (&b2, &f->users[1]);
  loop_connect_and_play (f);
  loop_connect (&a2, &b2);
  loop_wait_playing (&b2);
  for (guint i = 0; i < G_N_ELEMENTS (payloaders); i++) {
    g_autoptr (GstElement) payloader = loop_end_find_element (&a2, payloaders[i]);
    g_autoptr (GstPad) pad = gst_element_get_static_pad (payloader, "src");

    gst_pad_add_probe (pad,
                       GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER |
                         GST_PAD_PROBE_TYPE_BUFFER_LIST,
                       block_cb,
                       NULL,
                       NULL);
  }
  loop_wait_more_frames (&f->b, 60); /* more than a queue holds */
  loop_assert_sees (&f->b, &f->users[0]);
  for (guint i = 0; i < G_N_ELEMENTS (payloaders); i++) {
    g_autoptr (GstElement) payloader = loop_end_find_element (&a2, payloaders[i]);
    g_autoptr (GstPad) sink = gst_element_get_static_pad (payloader, "sink");
    g_autoptr (GstPad) source = gst_pad_get_peer (sink);
    g_autoptr (GstElement) queue = gst_pad_get_parent_element (source);
    guint64 n_waiting;

    g_object_get (queue, "current-level-buffers", &n_waiting, NULL);
    g_assert_cmpuint (n_waiting, >=, 20); /* it does stand */
    g_assert_cmpuint (n_waiting, <=, 30);
  }
  loop_end_clear (&a2);
  loop_end_clear (&b2);
}

/* --- Settings whose effect takes a bad network, or a person, to be seen: media findings sections 1 and 5 --- */

static gint64
get_number (GstElement *bin, const char *factory, const char *name)
{
  g_autoptr (GstElement) element = loop_find_element (bin, factory);
  g_auto (GValue) from = G_VALUE_INIT;
  g_auto (GValue) to = G_VALUE_INIT;

  g_object_get_property (G_OBJECT (element), name, &from);
  g_value_init (&to, G_TYPE_INT64);
  g_assert_true (g_value_transform (&from, &to));
  return g_value_get_int64 (&to);
}

static void
test_settings (LoopFixture *f, gconstpointer data)
{
  GstElement *sender, *connection;
  g_autofree char *offer = NULL;
  char *video;

  loop_connect_and_play (f);
  sender = confab_media_sender_get_pipeline (CONFAB_MEDIA_SENDER (f->users[0].media));
  connection = loop_get_pipeline (&f->a);
  g_assert_cmpint (get_number (connection, "webrtcbin", "latency"), ==, 60);
  g_assert_cmpint (get_number (connection, "rtpjitterbuffer", "latency"), ==, 60);
  g_assert_cmpint (get_number (connection, "rtpvp8pay", "mtu"), ==, 1200);
  g_assert_cmpint (get_number (sender, "vp8enc", "deadline"), ==, 1);
  g_assert_cmpint (get_number (sender, "vp8enc", "lag-in-frames"), ==, 0);
  g_assert_cmpint (get_number (sender, "vp8enc", "cpu-used"), ==, 8);
  g_assert_true (get_number (sender, "opusenc", "inband-fec"));
  g_assert_true (get_number (connection, "opusdec", "use-inband-fec"));

  offer = confab_peer_connection_get_local_sdp (f->a.connection);
  video = strstr (offer, "m=video");
  g_assert_nonnull (strstr (video, "nack\r\n"));
  g_assert_nonnull (strstr (video, "rtx/90000\r\n"));
  *video = '\0';
  g_assert_null (strstr (offer, "nack\r\n")); /* Chromium fails on it */
}

/* --- Sound --- */

typedef struct {
  GMutex lock;
  GArray *samples; /* of gint16 */
} Heard;

static GstPadProbeReturn
played_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Heard *heard = user_data;
  GstMapInfo map;

  if (gst_buffer_map (GST_PAD_PROBE_INFO_BUFFER (info), &map, GST_MAP_READ)) {
    g_mutex_lock (&heard->lock);
    g_array_append_vals (heard->samples, map.data, map.size / sizeof (gint16));
    g_mutex_unlock (&heard->lock);
    gst_buffer_unmap (GST_PAD_PROBE_INFO_BUFFER (info), &map);
  }
  return GST_PAD_PROBE_OK;
}

static gboolean
has_heard_enough (gpointer data)
{
  Heard *heard = data;
  guint n;

  g_mutex_lock (&heard->lock);
  n = heard->samples->len;
  g_mutex_unlock (&heard->lock);
  return n >= 48000;
}

/* Amplitude of one tone (Goertzel's algorithm), 1 is full. */
static double
get_tone (const GArray *samples, double hz)
{
  const double step = 2 * G_PI * hz / 48000;
  double real = 0, imaginary = 0;

  for (guint i = 0; i < samples->len; i++) {
    real += g_array_index (samples, gint16, i) * cos (step * i);
    imaginary += g_array_index (samples, gint16, i) * sin (step * i);
  }
  return 2 * hypot (real, imaginary) / samples->len / 32768;
}

/* What is played at a's: one sink with everybody's tone in it. */
static void
test_mixed (LoopFixture *f, gconstpointer data)
{
  ConfabAudioMixer *mixer = confab_media_engine_get_mixer (f->users[0].engine);
  Heard heard = { .samples = g_array_new (FALSE, FALSE, sizeof (gint16)) };
  g_autoptr (GstElement) speaker = NULL;
  g_autoptr (GstPad) pad = NULL;
  LoopEnd a2, c;
  gulong probe_id;

  loop_user_init (&f->users[2], "@carol:example.org");
  loop_end_init (&a2, &f->users[0]);
  loop_end_init (&c, &f->users[2]);
  loop_connect_and_play (f);
  loop_connect (&a2, &c);
  loop_wait_playing (&a2);

  g_assert_cmpuint (loop_count_elements (confab_audio_mixer_get_pipeline (mixer), "fakesink"),
                    ==,
                    1);
  g_assert_cmpuint (loop_count_elements (confab_audio_mixer_get_pipeline (mixer), "appsrc"), ==, 2);
  speaker = loop_find_element (confab_audio_mixer_get_pipeline (mixer), "fakesink");
  pad = gst_element_get_static_pad (speaker, "sink");
  probe_id = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, played_cb, &heard, NULL);
  loop_wait (has_heard_enough, &heard, "a second of sound");
  gst_pad_remove_probe (pad, probe_id);
  for (guint i = 1; i < 3; i++) {
    const double tone = get_tone (heard.samples,
                                  confab_media_engine_get_tone_hz (f->users[i].engine));

    g_test_message ("%u Hz: %.3f", confab_media_engine_get_tone_hz (f->users[i].engine), tone);
    g_assert_cmpfloat (tone, >, 0.1);
  }
  g_assert_cmpfloat (get_tone (heard.samples, confab_media_engine_get_tone_hz (f->users[0].engine)),
                     <,
                     0.05);

  loop_end_clear (&a2);
  loop_end_clear (&c);
  loop_user_clear (&f->users[2]);
  g_array_unref (heard.samples);
}

int
main (int argc, char **argv)
{
  loop_init (&argc, &argv);

  g_test_add ("/flow/key-frames", LoopFixture, NULL, loop_setup, test_key_frames, loop_teardown);
  g_test_add ("/flow/newcomer", LoopFixture, NULL, loop_setup, test_newcomer, loop_teardown);
  g_test_add ("/flow/loss", LoopFixture, NULL, loop_setup, test_loss, loop_teardown);
  g_test_add ("/flow/outage", LoopFixture, NULL, loop_setup, test_outage, loop_teardown);
  g_test_add ("/flow/stuck-peer", LoopFixture, NULL, loop_setup, test_stuck_peer, loop_teardown);
  g_test_add ("/flow/settings", LoopFixture, NULL, loop_setup, test_settings, loop_teardown);
  g_test_add ("/flow/mixed", LoopFixture, NULL, loop_setup, test_mixed, loop_teardown);
  g_test_add ("/flow/three", LoopFixture, NULL, loop_setup, test_three, loop_teardown);
  g_test_add (
    "/flow/never-connects", LoopFixture, NULL, loop_setup, test_never_connects, loop_teardown);
  return g_test_run ();
}
