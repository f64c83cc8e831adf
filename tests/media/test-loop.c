/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-media-sender.h"
#include "media-loop.h"

#include <glib/gstdio.h>
#include <string.h>

/* Two participants: what one of them does, the other sees. */

static void
test_both_ways (LoopFixture *f, gconstpointer data)
{
  g_autofree char *offer = NULL;
  g_autofree char *answer = NULL;
  ConfabRemoteTrack *track;
  const char *stream_id;

  loop_connect_and_play (f);
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

static void
test_mute_microphone (LoopFixture *f, gconstpointer data)
{
  ConfabStream *stream = confab_local_media_get_stream (f->users[0].media);

  loop_connect_and_play (f);
  loop_wait (loop_hears, &f->b, "b hears a");

  confab_local_media_set_microphone_muted (f->users[0].media, TRUE);
  g_assert_true (confab_stream_get_audio_muted (stream));
  g_assert_cmpfloat (confab_stream_get_level (stream), ==, CONFAB_LEVEL_SILENCE);
  loop_wait (loop_hears_nothing, &f->b, "b hears a no more");
  loop_wait (loop_hears, &f->a, "a still hears b");

  confab_local_media_set_microphone_muted (f->users[0].media, FALSE);
  loop_wait (loop_hears, &f->b, "b hears a again");
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
test_loss (LoopFixture *f, gconstpointer data)
{
  guint n_packets = 0;
  gulong probe;
  g_autoptr (GstElement) payloader = NULL;
  g_autoptr (GstPad) pad = NULL;

  loop_connect_and_play (f);
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
test_mute_camera (LoopFixture *f, gconstpointer data)
{
  ConfabLocalMedia *media = f->users[0].media;
  ConfabMediaSender *sender = CONFAB_MEDIA_SENDER (media);
  g_autofree char *path = write_y4m ();
  g_autoptr (GError) error = NULL;

  confab_local_media_set_camera_muted (media, TRUE);
  g_assert_true (confab_media_engine_set_test_picture (f->users[0].engine, path, &error));
  g_assert_no_error (error);
  confab_local_media_set_camera_muted (media, FALSE);
  loop_connect_and_play (f);
  loop_wait (has_video, media, "a sees itself");
  g_assert_true (is_mapped (path));
  loop_wait_more_frames (&f->b, 30); /* more than the file has: it loops */

  confab_local_media_set_camera_muted (media, TRUE);
  g_assert_true (confab_stream_get_video_muted (confab_local_media_get_stream (media)));
  g_assert_false (has_video (media));
  g_assert_false (confab_media_sender_is_capturing (sender, CONFAB_DEVICE_KIND_CAMERA));
  loop_wait (is_not_mapped, path, "the camera is closed");

  confab_local_media_set_camera_muted (media, FALSE);
  loop_wait (has_video, media, "a sees itself again");
  g_assert_true (is_mapped (path));
  loop_wait_more_frames (&f->b, 10);
  g_assert_cmpuint (f->a.n_local + f->b.n_local, ==, 2);
  g_assert_cmpuint (f->a.n_needed + f->b.n_needed, ==, 0);
  g_unlink (path);
}

static void
test_muted_from_the_start (LoopFixture *f, gconstpointer data)
{
  confab_local_media_set_camera_muted (f->users[0].media, TRUE);
  loop_connect (&f->a, &f->b);
  loop_wait_playing (&f->a);
  loop_wait (loop_hears, &f->b, "b hears a");
  g_assert_null (loop_end_find_track (&f->b, CONFAB_MEDIA_KIND_VIDEO));

  confab_local_media_set_camera_muted (f->users[0].media, FALSE);
  loop_wait_playing (&f->b);
  g_assert_cmpuint (f->a.n_local + f->b.n_local, ==, 2);
  loop_assert_sees (&f->b, &f->users[0]);
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
test_no_devices (LoopFixture *f, gconstpointer data)
{
  LoopUser nobody;
  LoopEnd end;
  guint n_changes = 0;

  nobody.engine = confab_media_engine_new (CONFAB_MEDIA_SOURCE_NONE);
  confab_media_engine_set_drawing (nobody.engine, CONFAB_DRAWING_NONE);
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
test_stats (LoopFixture *f, gconstpointer data)
{
  g_autoptr (JsonObject) stats = NULL;
  JsonObject *inbound, *outbound;

  loop_connect_and_play (f);
  loop_wait_more_frames (&f->b, 20);
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
test_device_switch (LoopFixture *f, gconstpointer data)
{
  ConfabMediaDevices *devices = CONFAB_MEDIA_DEVICES (f->users[0].engine);
  g_autofree char *path = write_y4m ();

  loop_connect_and_play (f);
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
  loop_wait_more_frames (&f->b, 20);
  loop_wait (loop_hears, &f->b, "b hears a");
  g_assert_cmpuint (f->a.n_local + f->b.n_local, ==, 2);
  g_unlink (path);
}

int
main (int argc, char **argv)
{
  loop_init (&argc, &argv);

  g_test_add ("/loop/both-ways", LoopFixture, NULL, loop_setup, test_both_ways, loop_teardown);
  g_test_add (
    "/loop/mute-microphone", LoopFixture, NULL, loop_setup, test_mute_microphone, loop_teardown);
  g_test_add ("/loop/loss", LoopFixture, NULL, loop_setup, test_loss, loop_teardown);
  g_test_add ("/loop/mute-camera", LoopFixture, NULL, loop_setup, test_mute_camera, loop_teardown);
  g_test_add ("/loop/muted-from-the-start",
              LoopFixture,
              NULL,
              loop_setup,
              test_muted_from_the_start,
              loop_teardown);
  g_test_add ("/loop/no-devices", LoopFixture, NULL, loop_setup, test_no_devices, loop_teardown);
  g_test_add ("/loop/stats", LoopFixture, NULL, loop_setup, test_stats, loop_teardown);
  g_test_add (
    "/loop/device-switch", LoopFixture, NULL, loop_setup, test_device_switch, loop_teardown);
  return g_test_run ();
}
