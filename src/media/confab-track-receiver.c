/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-track-receiver.h"

#include "confab-media-analysis.h"
#include "confab-media-pipeline.h"
#include "confab-stream.h"

#include <math.h>

#define PLAYING_ABOVE_DBFS (-60.0)
#define LEVEL_INTERVAL_NS (100 * GST_MSECOND)
#define CHANGE_AFTER_US (500 * 1000)
#define LISTEN_SAMPLES (48000 * 12 / 10)
#define ANALYSIS_TIMEOUT_MS 2500
#define SCALING_FILTER_LINEAR 0 /* GSK_SCALING_FILTER_LINEAR; this room sees no GTK */

/* What streaming threads and the main thread share. */
typedef struct {
  gatomicrefcount ref_count;
  ConfabMainLink *link;
  GMutex lock;
  guint64 n_frames;
  guint width;
  guint height;
  guint n_freezes;
  gint64 last_frame_at; /* monotonic, µs */
  double mean_interval; /* µs */
} Counters;

struct _ConfabTrackReceiver {
  GObject parent_instance;

  ConfabRemoteTrack *track;
  Counters *counters;
  ConfabFanout *sound;
  GstElement *level;
  GstElement *decoder;
  guint ssrc;
  double energy;
};

G_DEFINE_FINAL_TYPE (ConfabTrackReceiver, confab_track_receiver, G_TYPE_OBJECT)

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

static Counters *
counters_ref (Counters *counters)
{
  g_atomic_ref_count_inc (&counters->ref_count);
  return counters;
}

static void
counters_unref (gpointer data)
{
  Counters *counters = data;

  if (!g_atomic_ref_count_dec (&counters->ref_count))
    return;

  confab_main_link_unref (counters->link);
  g_mutex_clear (&counters->lock);
  g_free (counters);
}

static void
first_frame (gpointer object, gpointer data)
{
  ConfabTrackReceiver *self = object;

  confab_remote_track_set_playing (self->track, TRUE);
}

/* W3C webrtc-stats freezeCount: longer than the larger of three intervals and an interval and 150 ms. */
static GstPadProbeReturn
decoded_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Counters *counters = user_data;
  const gint64 now = g_get_monotonic_time ();
  gboolean is_first;

  g_mutex_lock (&counters->lock);
  is_first = counters->n_frames++ == 0;
  if (!is_first) {
    const double interval = now - counters->last_frame_at;
    const double mean = counters->mean_interval;

    if (counters->n_frames > 10 && interval > MAX (3 * mean, mean + 150000))
      counters->n_freezes++;
    counters->mean_interval = mean == 0 ? interval : mean * 0.95 + interval * 0.05;
  }
  counters->last_frame_at = now;
  g_mutex_unlock (&counters->lock);
  if (is_first)
    confab_main_link_post (counters->link, first_frame, NULL, NULL);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
decoded_event_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Counters *counters = user_data;
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  GstStructure *structure;
  GstCaps *caps;
  int width = 0, height = 0;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CAPS)
    return GST_PAD_PROBE_OK;

  gst_event_parse_caps (event, &caps);
  structure = gst_caps_get_structure (caps, 0);
  gst_structure_get_int (structure, "width", &width);
  gst_structure_get_int (structure, "height", &height);
  g_mutex_lock (&counters->lock);
  counters->width = MAX (width, 0);
  counters->height = MAX (height, 0);
  g_mutex_unlock (&counters->lock);
  return GST_PAD_PROBE_OK;
}

/* For a renegotiation webrtcbin asks what is behind its pad: only what it gives now will do. */
static GstElement *
add_input_filter (GstElement *pipeline, GstPad *pad)
{
  g_autoptr (GstCaps) current = gst_pad_get_current_caps (pad);
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple ("application/x-rtp");
  GstElement *filter = confab_media_pipeline_add (pipeline, "capsfilter", NULL);
  const char *const names[] = {
    "media", "encoding-name", "clock-rate", "payload", "encoding-params"
  };

  for (guint i = 0; current != NULL && i < G_N_ELEMENTS (names); i++) {
    const GValue *value = gst_structure_get_value (gst_caps_get_structure (current, 0), names[i]);

    if (value != NULL)
      gst_caps_set_value (caps, names[i], value);
  }
  g_object_set (filter, "caps", caps, NULL);
  return filter;
}

static gboolean
link_chain (GstPad *pad, GPtrArray *chain)
{
  g_autoptr (GstPad) sink = NULL;

  for (guint i = 0; i < chain->len; i++) {
    if (chain->pdata[i] == NULL)
      return FALSE;
  }
  for (guint i = 0; i + 1 < chain->len; i++)
    gst_element_link (chain->pdata[i], chain->pdata[i + 1]);
  for (guint i = chain->len; i > 0; i--)
    gst_element_sync_state_with_parent (chain->pdata[i - 1]);
  sink = gst_element_get_static_pad (chain->pdata[0], "sink");
  return gst_pad_link (pad, sink) == GST_PAD_LINK_OK;
}

static void
build_audio (ConfabTrackReceiver *self, GstElement *pipeline, GPtrArray *chain)
{
  GstElement *decoder = confab_media_pipeline_add (pipeline, "opusdec", NULL);
  GstElement *output = confab_media_pipeline_add_output (pipeline);

  self->level = confab_media_pipeline_add (pipeline, "level", NULL);
  if (decoder != NULL)
    g_object_set (decoder, "plc", TRUE, "use-inband-fec", TRUE, NULL);
  if (self->level != NULL)
    g_object_set (
      self->level, "interval", (guint64) LEVEL_INTERVAL_NS, "post-messages", TRUE, NULL);
  g_object_set (output, "max-buffers", 50, NULL);
  confab_fanout_connect_sink (self->sound, output);
  g_ptr_array_add (chain, confab_media_pipeline_add (pipeline, "rtpopusdepay", NULL));
  g_ptr_array_add (chain, decoder);
  g_ptr_array_add (chain, confab_media_pipeline_add (pipeline, "audioconvert", NULL));
  g_ptr_array_add (chain, confab_media_pipeline_add (pipeline, "audioresample", NULL));
  g_ptr_array_add (chain, confab_media_pipeline_add_caps (pipeline, CONFAB_AUDIO_CAPS));
  g_ptr_array_add (chain, self->level);
  g_ptr_array_add (chain, output);
}

static void
build_video (ConfabTrackReceiver *self, GstElement *pipeline, GPtrArray *chain, gboolean headless)
{
  GstElement *depay = confab_media_pipeline_add (pipeline, "rtpvp8depay", NULL);
  GstElement *convert = NULL;
  GstElement *sink;

  self->decoder = confab_media_pipeline_add (pipeline, "vp8dec", NULL);
  if (depay != NULL)
    g_object_set (depay, "request-keyframe", TRUE, "wait-for-keyframe", TRUE, NULL);
  g_ptr_array_add (chain, depay);
  g_ptr_array_add (chain, self->decoder);
  sink = headless ? NULL : gst_element_factory_make ("gtk4paintablesink", NULL);
  if (!headless && sink == NULL)
    g_warning ("GStreamer's element gtk4paintablesink is not installed: no pictures can be shown");
  if (sink != NULL) {
    g_autoptr (GObject) paintable = NULL;

    gst_bin_add (GST_BIN (pipeline), sink);
    g_object_get (sink, "paintable", &paintable, NULL);
    g_object_set (
      paintable, "use-scaling-filter", TRUE, "scaling-filter", SCALING_FILTER_LINEAR, NULL);
    confab_remote_track_set_paintable (self->track, paintable);
    convert = confab_media_pipeline_add (pipeline, "videoconvert", NULL);
    g_object_set (convert, "n-threads", 1, NULL);
    g_ptr_array_add (chain, convert);
  } else {
    sink = confab_media_pipeline_add (pipeline, "fakesink", NULL);
  }
  g_object_set (
    sink, "sync", FALSE, "async", FALSE, "qos", FALSE, "enable-last-sample", FALSE, NULL);
  g_ptr_array_add (chain, sink);
}

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

static void
confab_track_receiver_finalize (GObject *object)
{
  ConfabTrackReceiver *self = CONFAB_TRACK_RECEIVER (object);

  g_clear_object (&self->track);
  g_clear_pointer (&self->counters, counters_unref);
  g_clear_pointer (&self->sound, confab_fanout_unref);
  gst_clear_object (&self->level);
  gst_clear_object (&self->decoder);
  G_OBJECT_CLASS (confab_track_receiver_parent_class)->finalize (object);
}

static void
confab_track_receiver_class_init (ConfabTrackReceiverClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_track_receiver_finalize;
}

static void
confab_track_receiver_init (ConfabTrackReceiver *self)
{
  self->counters = g_new0 (Counters, 1);
  g_atomic_ref_count_init (&self->counters->ref_count);
  g_mutex_init (&self->counters->lock);
  self->counters->link = confab_main_link_new (self);
  self->sound = confab_fanout_new ();
}

static void
watch_decoder (ConfabTrackReceiver *self)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (self->decoder, "src");

  gst_pad_add_probe (
    pad, GST_PAD_PROBE_TYPE_BUFFER, decoded_cb, counters_ref (self->counters), counters_unref);
  gst_pad_add_probe (pad,
                     GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
                     decoded_event_cb,
                     counters_ref (self->counters),
                     counters_unref);
}

/**
 * confab_track_receiver_new:
 * @pipeline: the connection's
 * @pad: webrtcbin's source pad, blocked until this is done
 * @track: whose properties are written
 * @headless: whether nobody looks: then there is no paintable
 *
 * Returns: (transfer full): a receiver
 */
ConfabTrackReceiver *
confab_track_receiver_new (GstElement *pipeline,
                           GstPad *pad,
                           ConfabRemoteTrack *track,
                           gboolean headless)
{
  ConfabTrackReceiver *self = g_object_new (CONFAB_TYPE_TRACK_RECEIVER, NULL);
  g_autoptr (GPtrArray) chain = g_ptr_array_new ();
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);

  self->track = g_object_ref (track);
  if (caps != NULL)
    gst_structure_get_uint (gst_caps_get_structure (caps, 0), "ssrc", &self->ssrc);
  g_ptr_array_add (chain, add_input_filter (pipeline, pad));
  if (confab_remote_track_get_kind (track) == CONFAB_MEDIA_KIND_AUDIO)
    build_audio (self, pipeline, chain);
  else
    build_video (self, pipeline, chain, headless);
  if (self->level != NULL)
    gst_object_ref (self->level);
  if (self->decoder != NULL) {
    gst_object_ref (self->decoder);
    watch_decoder (self);
  }
  if (!link_chain (pad, chain))
    g_warning ("A remote track cannot be decoded");
  return self;
}

ConfabRemoteTrack *
confab_track_receiver_get_track (ConfabTrackReceiver *self)
{
  g_return_val_if_fail (CONFAB_IS_TRACK_RECEIVER (self), NULL);

  return self->track;
}

/**
 * confab_track_receiver_get_sound:
 * @self: a receiver of sound
 *
 * Returns: (transfer none): gives %CONFAB_AUDIO_CAPS
 */
ConfabFanout *
confab_track_receiver_get_sound (ConfabTrackReceiver *self)
{
  g_return_val_if_fail (CONFAB_IS_TRACK_RECEIVER (self), NULL);

  return self->sound;
}

guint
confab_track_receiver_get_ssrc (ConfabTrackReceiver *self)
{
  g_return_val_if_fail (CONFAB_IS_TRACK_RECEIVER (self), 0);

  return self->ssrc;
}

/**
 * confab_track_receiver_handle_message:
 * @self: a receiver
 * @message: from the connection's bus
 *
 * Returns: whether it was this track's loudness
 */
gboolean
confab_track_receiver_handle_message (ConfabTrackReceiver *self, GstMessage *message)
{
  double level, amplitude;

  g_return_val_if_fail (CONFAB_IS_TRACK_RECEIVER (self), FALSE);

  if (self->level == NULL || GST_MESSAGE_SRC (message) != GST_OBJECT (self->level) ||
      !confab_media_message_get_level (message, &level))
    return FALSE;

  confab_remote_track_set_level (self->track, level);
  if (level > PLAYING_ABOVE_DBFS)
    confab_remote_track_set_playing (self->track, TRUE);
  amplitude = level <= CONFAB_LEVEL_SILENCE ? 0 : pow (10, level / 20);
  self->energy += amplitude * amplitude * LEVEL_INTERVAL_NS / GST_SECOND;
  return TRUE;
}

/**
 * confab_track_receiver_describe:
 * @self: a receiver
 * @into: gets what bot.md lists for an inbound stream, less what RTP counts
 */
void
confab_track_receiver_describe (ConfabTrackReceiver *self, JsonObject *into)
{
  const gboolean is_audio = confab_remote_track_get_kind (self->track) == CONFAB_MEDIA_KIND_AUDIO;
  const double level = confab_remote_track_get_level (self->track);
  Counters *counters = self->counters;

  json_object_set_string_member (into, "kind", is_audio ? "audio" : "video");
  json_object_set_string_member (into, "streamId", confab_remote_track_get_stream_id (self->track));
  json_object_set_string_member (into, "mid", confab_remote_track_get_mid (self->track));
  json_object_set_string_member (into, "codec", is_audio ? "opus" : "VP8");
  if (is_audio) {
    json_object_set_double_member (into,
                                   "audioLevel",
                                   level <= CONFAB_LEVEL_SILENCE ? 0 : pow (10, level / 20));
    json_object_set_double_member (into, "totalAudioEnergy", self->energy);
    return;
  }
  g_mutex_lock (&counters->lock);
  json_object_set_int_member (into, "framesDecoded", counters->n_frames);
  json_object_set_int_member (into, "frameWidth", counters->width);
  json_object_set_int_member (into, "frameHeight", counters->height);
  json_object_set_int_member (into, "freezeCount", counters->n_freezes);
  g_mutex_unlock (&counters->lock);
}

/**
 * confab_track_receiver_analyse_async:
 * @self: a receiver
 * @callback: when it is known, after some 0.5 s for a picture, 1.2 s for sound, and 2.5 s when nothing comes
 * @user_data: for @callback
 *
 * What the track really shows. Costs nothing while not asked.
 */
void
confab_track_receiver_analyse_async (ConfabTrackReceiver *self,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  const gboolean is_audio = confab_remote_track_get_kind (self->track) == CONFAB_MEDIA_KIND_AUDIO;
  GstElement *element = is_audio ? self->level : self->decoder;
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  Analysis *analysis;

  if (element == NULL) {
    g_task_return_new_error (task,
                             G_IO_ERROR,
                             G_IO_ERROR_NOT_SUPPORTED,
                             "The track is not decoded");
    return;
  }

  analysis = g_new0 (Analysis, 1);
  g_atomic_ref_count_init (&analysis->ref_count);
  g_mutex_init (&analysis->lock);
  analysis->link = confab_main_link_ref (self->counters->link);
  analysis->task = g_steal_pointer (&task);
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

/**
 * confab_track_receiver_analyse_finish:
 * @self: a receiver
 * @result: what the callback was given
 * @error: why it cannot be known
 *
 * Returns: (transfer full): `peakHz`, `rms`, `meanRgb`, `changed`, as in bot.md
 */
JsonObject *
confab_track_receiver_analyse_finish (ConfabTrackReceiver *self,
                                      GAsyncResult *result,
                                      GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
