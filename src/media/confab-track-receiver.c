/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-track-receiver.h"

#include "confab-loss-window.h"
#include "confab-media-pipeline.h"
#include "confab-stream.h"
#include "confab-track-analysis.h"

#include <math.h>

#define PLAYING_ABOVE_DBFS (-60.0)
#define LEVEL_INTERVAL_NS (100 * GST_MSECOND)
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
  gint64 last_frame_at;  /* monotonic, µs */
  double mean_interval;  /* µs */
  ConfabLossWindow loss; /* only the thread that brings packets */
  double last_loss;
} Counters;

struct _ConfabTrackReceiver {
  GObject parent_instance;

  ConfabRemoteTrack *track;
  Counters *counters;
  ConfabFanout *sound;
  GPtrArray *elements; /* in order; shared with the worker that links them; NULL: not installed */
  GstElement *level;   /* one of them */
  GstElement *decoder; /* one of them */
  guint ssrc;
  double energy;
};

G_DEFINE_FINAL_TYPE (ConfabTrackReceiver, confab_track_receiver, G_TYPE_OBJECT)

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

static void
take_loss (gpointer object, gpointer data)
{
  ConfabTrackReceiver *self = object;

  confab_remote_track_set_loss (self->track, *(double *) data);
}

/* Behind webrtcbin's jitter buffer, which has put packets in order and waited for those sent again. */
static GstPadProbeReturn
packet_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Counters *counters = user_data;
  guint8 number[2];
  double loss;

  /* RFC 3550 section 5.1 */
  if (gst_buffer_extract (GST_PAD_PROBE_INFO_BUFFER (info), 2, number, 2) != 2)
    return GST_PAD_PROBE_OK;
  if (!confab_loss_window_add (
        &counters->loss, GST_READ_UINT16_BE (number), g_get_monotonic_time (), &loss) ||
      loss == counters->last_loss)
    return GST_PAD_PROBE_OK;
  counters->last_loss = loss;
  confab_main_link_post (counters->link, take_loss, g_memdup2 (&loss, sizeof loss), g_free);
  return GST_PAD_PROBE_OK;
}

/* For a renegotiation webrtcbin asks what is behind its pad: only what it gives now will do. */
static GstElement *
new_input_filter (GstPad *pad)
{
  g_autoptr (GstCaps) current = gst_pad_get_current_caps (pad);
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple ("application/x-rtp");
  const char *const names[] = {
    "media", "encoding-name", "clock-rate", "payload", "encoding-params"
  };

  for (guint i = 0; current != NULL && i < G_N_ELEMENTS (names); i++) {
    const GValue *value = gst_structure_get_value (gst_caps_get_structure (current, 0), names[i]);

    if (value != NULL)
      gst_caps_set_value (caps, names[i], value);
  }
  return confab_media_caps_filter_new (caps);
}

static GstElement *
add (ConfabTrackReceiver *self, GstElement *element)
{
  g_ptr_array_add (self->elements, element);
  return element;
}

static GstElement *
add_new (ConfabTrackReceiver *self, const char *factory)
{
  return add (self, confab_media_element_new (factory));
}

static void
build_audio (ConfabTrackReceiver *self)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (CONFAB_AUDIO_CAPS);
  GstElement *decoder, *output;

  add_new (self, "rtpopusdepay");
  decoder = add_new (self, "opusdec");
  add_new (self, "audioconvert");
  add_new (self, "audioresample");
  add (self, confab_media_caps_filter_new (caps));
  self->level = add_new (self, "level");
  output = add (self, confab_media_output_new ());
  if (decoder != NULL)
    g_object_set (decoder, "plc", TRUE, "use-inband-fec", TRUE, NULL);
  if (self->level != NULL)
    g_object_set (
      self->level, "interval", (guint64) LEVEL_INTERVAL_NS, "post-messages", TRUE, NULL);
  g_object_set (output, "max-buffers", 50, NULL);
  confab_fanout_connect_sink (self->sound, output);
}

static GstElement *
new_drawing_sink (ConfabTrackReceiver *self)
{
  GstElement *sink = gst_element_factory_make ("gtk4paintablesink", NULL);
  g_autoptr (GObject) paintable = NULL;

  if (sink == NULL) {
    g_warning ("GStreamer's element gtk4paintablesink is not installed: no pictures can be shown");
    return NULL;
  }
  g_object_get (sink, "paintable", &paintable, NULL);
  g_object_set (
    paintable, "use-scaling-filter", TRUE, "scaling-filter", SCALING_FILTER_LINEAR, NULL);
  confab_remote_track_set_paintable (self->track, paintable);
  return gst_object_ref_sink (sink);
}

static void
build_video (ConfabTrackReceiver *self, ConfabDrawing drawing)
{
  GstElement *depay = add_new (self, "rtpvp8depay");
  GstElement *sink, *convert;

  self->decoder = add_new (self, "vp8dec");
  if (depay != NULL)
    g_object_set (depay, "request-keyframe", TRUE, "wait-for-keyframe", TRUE, NULL);
  sink = drawing == CONFAB_DRAWING_NONE ? NULL : new_drawing_sink (self);
  if (sink != NULL) {
    add (self, confab_media_viewer_valve_new (G_OBJECT (self->track)));
    convert = add_new (self, "videoconvert");
    g_object_set (convert, "n-threads", 1, NULL);
    add (self, confab_media_picture_filter_new (drawing));
    add (self, sink);
  } else {
    sink = add_new (self, "fakesink");
  }
  g_object_set (
    sink, "sync", FALSE, "async", FALSE, "qos", FALSE, "enable-last-sample", FALSE, NULL);
}

static void
element_unref (gpointer element)
{
  if (element != NULL)
    gst_object_unref (element);
}

static void
confab_track_receiver_finalize (GObject *object)
{
  ConfabTrackReceiver *self = CONFAB_TRACK_RECEIVER (object);

  g_clear_object (&self->track);
  g_clear_pointer (&self->counters, counters_unref);
  g_clear_pointer (&self->sound, confab_fanout_unref);
  g_clear_pointer (&self->elements, g_ptr_array_unref);
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
  self->elements = g_ptr_array_new_with_free_func (element_unref);
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
 * @pad: webrtcbin's source pad
 * @ssrc: what it gives
 * @track: whose properties are written
 * @drawing: what becomes of a picture
 *
 * Returns: (transfer full): a receiver, whose elements are yet to be linked after @pad
 */
ConfabTrackReceiver *
confab_track_receiver_new (GstPad *pad, guint ssrc, ConfabRemoteTrack *track, ConfabDrawing drawing)
{
  ConfabTrackReceiver *self = g_object_new (CONFAB_TYPE_TRACK_RECEIVER, NULL);

  self->track = g_object_ref (track);
  self->ssrc = ssrc;
  add (self, new_input_filter (pad));
  if (confab_remote_track_get_kind (track) == CONFAB_MEDIA_KIND_AUDIO)
    build_audio (self);
  else
    build_video (self, drawing);
  if (self->decoder != NULL)
    watch_decoder (self);
  gst_pad_add_probe (
    pad, GST_PAD_PROBE_TYPE_BUFFER, packet_cb, counters_ref (self->counters), counters_unref);
  return self;
}

/**
 * confab_track_receiver_get_elements:
 * @self: a receiver
 *
 * Returns: (transfer none) (element-type GstElement): what decodes, in order; holds %NULL for what is not installed
 */
GPtrArray *
confab_track_receiver_get_elements (ConfabTrackReceiver *self)
{
  g_return_val_if_fail (CONFAB_IS_TRACK_RECEIVER (self), NULL);

  return self->elements;
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

  if (element == NULL) {
    g_task_return_new_error (task,
                             G_IO_ERROR,
                             G_IO_ERROR_NOT_SUPPORTED,
                             "The track is not decoded");
    return;
  }
  confab_track_analysis_start (g_steal_pointer (&task), self->counters->link, element, is_audio);
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
