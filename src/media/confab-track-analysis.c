/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-track-analysis.h"

#include "confab-media-analysis.h"

#include <json-glib/json-glib.h>
#include <math.h>

#define CHANGE_AFTER_US (500 * 1000)
#define LISTEN_SAMPLES (48000 * 12 / 10)
#define ANALYSIS_TIMEOUT_MS 2500

/* One question what the track shows; lives until its probe is gone and its answer is given. */
typedef struct {
  gatomicrefcount ref_count;
  ConfabMainLink *link;
  GTask *task; /* main thread only */
  GstPad *pad;
  gulong probe_id;
  guint timeout_id;
  gint done;
  gboolean is_audio;

  GMutex lock;
  guint n_pictures; /* up to two */
  gint64 first_at;
  ConfabSmallPicture pictures[2];
  GArray *samples; /* of gint16 */
} Analysis;

static void
analysis_unref (gpointer data)
{
  Analysis *analysis = data;

  if (!g_atomic_ref_count_dec (&analysis->ref_count))
    return;

  confab_main_link_unref (analysis->link);
  gst_clear_object (&analysis->pad);
  g_array_unref (analysis->samples);
  g_mutex_clear (&analysis->lock);
  g_clear_object (&analysis->task);
  g_free (analysis);
}

static Analysis *
analysis_ref (Analysis *analysis)
{
  g_atomic_ref_count_inc (&analysis->ref_count);
  return analysis;
}

static JsonObject *
describe_analysis (Analysis *analysis)
{
  JsonObject *object = json_object_new ();
  double mean[3], rms, peak_hz;
  JsonArray *rgb;

  g_mutex_lock (&analysis->lock);
  if (analysis->is_audio) {
    peak_hz = confab_sound_get_peak_hz ((gint16 *) (void *) analysis->samples->data,
                                        analysis->samples->len,
                                        48000,
                                        &rms);
    json_object_set_double_member (object, "peakHz", peak_hz);
    json_object_set_double_member (object, "rms", rms);
    json_object_set_null_member (object, "meanRgb");
    json_object_set_null_member (object, "changed");
  } else {
    json_object_set_null_member (object, "peakHz");
    json_object_set_null_member (object, "rms");
    if (analysis->n_pictures == 0) {
      json_object_set_null_member (object, "meanRgb");
      json_object_set_null_member (object, "changed");
    } else {
      rgb = json_array_new ();
      confab_small_picture_get_mean (&analysis->pictures[0], mean);
      for (guint i = 0; i < 3; i++)
        json_array_add_int_element (rgb, lround (mean[i]));
      json_object_set_array_member (object, "meanRgb", rgb);
      json_object_set_double_member (object,
                                     "changed",
                                     analysis->n_pictures < 2
                                       ? 0
                                       : confab_small_picture_compare (&analysis->pictures[0],
                                                                       &analysis->pictures[1]));
    }
  }
  g_mutex_unlock (&analysis->lock);
  return object;
}

static void
finish_analysis (Analysis *analysis)
{
  g_autoptr (GTask) task = g_steal_pointer (&analysis->task);

  if (task == NULL)
    return;

  g_clear_handle_id (&analysis->timeout_id, g_source_remove);
  if (!g_atomic_int_get (&analysis->done))
    gst_pad_remove_probe (analysis->pad, analysis->probe_id);
  g_task_return_pointer (task, describe_analysis (analysis), (GDestroyNotify) json_object_unref);
}

static void
analysis_done (gpointer object, gpointer data)
{
  finish_analysis (data);
}

static gboolean
analysis_timeout_cb (gpointer user_data)
{
  Analysis *analysis = user_data;

  analysis->timeout_id = 0;
  finish_analysis (analysis);
  return G_SOURCE_REMOVE;
}

static gboolean
take_picture (Analysis *analysis, GstPad *pad, GstBuffer *buffer)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  const gint64 now = g_get_monotonic_time ();
  GstVideoInfo info;
  GstVideoFrame frame;

  if (analysis->n_pictures == 1 && now - analysis->first_at < CHANGE_AFTER_US)
    return FALSE;
  if (caps == NULL || !gst_video_info_from_caps (&info, caps) ||
      !gst_video_frame_map (&frame, &info, buffer, GST_MAP_READ))
    return FALSE;
  if (confab_small_picture_from_frame (&analysis->pictures[analysis->n_pictures], &frame)) {
    if (analysis->n_pictures == 0)
      analysis->first_at = now;
    analysis->n_pictures++;
  }
  gst_video_frame_unmap (&frame);
  return analysis->n_pictures == 2;
}

static gboolean
take_sound (Analysis *analysis, GstBuffer *buffer)
{
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    return FALSE;
  g_array_append_vals (analysis->samples, map.data, map.size / sizeof (gint16));
  gst_buffer_unmap (buffer, &map);
  return analysis->samples->len >= LISTEN_SAMPLES;
}

static GstPadProbeReturn
analysis_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Analysis *analysis = user_data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  gboolean complete;

  g_mutex_lock (&analysis->lock);
  complete = analysis->is_audio ? take_sound (analysis, buffer)
                                : take_picture (analysis, pad, buffer);
  g_mutex_unlock (&analysis->lock);
  if (!complete)
    return GST_PAD_PROBE_OK;

  g_atomic_int_set (&analysis->done, TRUE);
  confab_main_link_post (analysis->link, analysis_done, analysis_ref (analysis), analysis_unref);
  return GST_PAD_PROBE_REMOVE;
}

/**
 * confab_track_analysis_start:
 * @task: (transfer full): gets a #JsonObject with `peakHz`, `rms`, `meanRgb`, `changed`, as in bot.md, after some 0.5 s
 *   for a picture, 1.2 s for sound, and 2.5 s when nothing comes
 * @link: to the main thread
 * @element: which gives %CONFAB_AUDIO_CAPS, or pictures
 * @is_audio: which of the two
 *
 * Looks at what @element gives for a while. Costs nothing while not asked.
 */
void
confab_track_analysis_start (GTask *task,
                             ConfabMainLink *link,
                             GstElement *element,
                             gboolean is_audio)
{
  Analysis *analysis = g_new0 (Analysis, 1);

  g_atomic_ref_count_init (&analysis->ref_count);
  g_mutex_init (&analysis->lock);
  analysis->link = confab_main_link_ref (link);
  analysis->task = task;
  analysis->pad = gst_element_get_static_pad (element, "src");
  analysis->samples = g_array_sized_new (TRUE,
                                         FALSE,
                                         sizeof (gint16),
                                         is_audio ? LISTEN_SAMPLES : 1);
  analysis->is_audio = is_audio;
  analysis->timeout_id = g_timeout_add_full (
    G_PRIORITY_DEFAULT, ANALYSIS_TIMEOUT_MS, analysis_timeout_cb, analysis, analysis_unref);
  analysis->probe_id = gst_pad_add_probe (
    analysis->pad, GST_PAD_PROBE_TYPE_BUFFER, analysis_cb, analysis_ref (analysis), analysis_unref);
}
