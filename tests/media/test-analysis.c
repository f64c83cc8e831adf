/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-media-analysis.h"
#include "confab-picture-source.h"
#include "confab-test-identity.h"

#include <glib/gstdio.h>
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <math.h>
#include <string.h>

static void
test_pitch (void)
{
  g_autofree gint16 *samples = g_new0 (gint16, 48000);
  double rms;

  for (guint hz = 300; hz <= 1500; hz += 20) {
    for (guint i = 24000; i < 48000; i++) /* silence before it */
      samples[i] = 10000 * sin (2 * G_PI * hz * i / 48000);
    g_assert_cmpfloat_with_epsilon (confab_sound_get_peak_hz (samples, 48000, 48000, &rms), hz, 2);
    g_assert_cmpfloat_with_epsilon (rms, 10000 / sqrt (2) / 32768, 0.01);
  }
  memset (samples, 0, 48000 * sizeof *samples);
  g_assert_cmpfloat (confab_sound_get_peak_hz (samples, 48000, 48000, &rms), ==, 0);
  g_assert_cmpfloat (rms, ==, 0);
  g_assert_cmpfloat (confab_sound_get_peak_hz (samples, 100, 48000, &rms), ==, 0);
}

static void
test_identity (void)
{
  ConfabTestIdentity one = confab_test_identity_for_user ("@a:example.org");
  ConfabTestIdentity same = confab_test_identity_for_user ("@a:example.org");
  g_autoptr (GHashTable) tones = g_hash_table_new (NULL, NULL);

  g_assert_cmpmem (&one, sizeof one.rgb, &same, sizeof same.rgb);
  g_assert_cmpuint (one.tone_hz, ==, same.tone_hz);
  for (guint i = 0; i < 100; i++) {
    g_autofree char *user_id = g_strdup_printf ("@bot%u:example.org", i);
    ConfabTestIdentity identity = confab_test_identity_for_user (user_id);

    g_assert_cmpuint (identity.tone_hz, >=, 300);
    g_assert_cmpuint (identity.tone_hz, <=, 1500);
    for (guint c = 0; c < 3; c++) {
      g_assert_cmpuint (identity.rgb[c], >=, 60);
      g_assert_cmpuint (identity.rgb[c], <=, 195);
    }
    g_hash_table_add (tones, GUINT_TO_POINTER (identity.tone_hz));
  }
  g_assert_cmpuint (g_hash_table_size (tones), >, 30);
}

/* The picture's mean is the identity's colour at all times, and half a second changes enough of it. */
static void
test_picture (void)
{
  const ConfabTestIdentity identity = confab_test_identity_for_user ("@a:example.org");
  g_autoptr (GstElement) pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  GstElement *source = confab_picture_source_new (identity.rgb, 320, 180, 30);
  GstElement *sink = gst_element_factory_make ("appsink", NULL);
  ConfabSmallPicture first, picture;
  double mean[3];

  g_object_set (sink, "sync", FALSE, NULL);
  gst_bin_add_many (GST_BIN (pipeline), source, sink, NULL);
  g_assert_true (gst_element_link (source, sink));
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i <= 15; i++) {
    g_autoptr (GstSample) sample = gst_app_sink_pull_sample (GST_APP_SINK (sink));
    GstVideoInfo info;
    GstVideoFrame frame;

    g_assert_nonnull (sample);
    g_assert_true (gst_video_info_from_caps (&info, gst_sample_get_caps (sample)));
    g_assert_true (
      gst_video_frame_map (&frame, &info, gst_sample_get_buffer (sample), GST_MAP_READ));
    g_assert_true (confab_small_picture_from_frame (i == 0 ? &first : &picture, &frame));
    gst_video_frame_unmap (&frame);
    confab_small_picture_get_mean (i == 0 ? &first : &picture, mean);
    for (guint c = 0; c < 3; c++)
      g_assert_cmpfloat_with_epsilon (mean[c], identity.rgb[c], 3);
  }
  g_assert_cmpfloat (confab_small_picture_compare (&first, &picture), >=, 0.05);
  g_assert_cmpfloat (confab_small_picture_compare (&first, &first), ==, 0);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

static void
expect_bad_file (const char *path, const char *contents)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, contents, -1, NULL));
  g_assert_null (confab_picture_source_new_from_file (path, 30, &error));
  g_assert_nonnull (error);
}

static void
test_bad_files (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  const int fd = g_file_open_tmp ("confab-XXXXXX.y4m", &path, NULL);

  g_close (fd, NULL);
  expect_bad_file (path, "");
  expect_bad_file (path, "YUV4MPEG2");
  expect_bad_file (path, "YUV4MPEG2 W64 H32 F25:1\n");
  expect_bad_file (path, "YUV4MPEG2 W64 H32 F25:1\nFRAME\nshort");
  expect_bad_file (path, "YUV4MPEG2 W64 H32 F0:1\nFRAME\n");
  expect_bad_file (path, "YUV4MPEG2 W999999999 H32 F25:1\nFRAME\n");
  expect_bad_file (path, "YUV4MPEG2 W63 H32 F25:1\nFRAME\n");
  expect_bad_file (path, "YUV4MPEG2 W2 H2 F25:1 C444\nFRAME\n123456");
  expect_bad_file (path, "P6 64 32\n");
  g_unlink (path);
  g_assert_null (confab_picture_source_new_from_file (path, 30, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (NULL, NULL);

  g_test_add_func ("/analysis/pitch", test_pitch);
  g_test_add_func ("/analysis/identity", test_identity);
  g_test_add_func ("/analysis/picture", test_picture);
  g_test_add_func ("/analysis/bad-files", test_bad_files);
  return g_test_run ();
}
