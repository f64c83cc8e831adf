/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-fanout.h"

#include <gst/video/video.h>

/* Key frames are large, and every peer may ask for as many as it likes. */
#define MIN_KEY_FRAME_INTERVAL (500 * GST_MSECOND)

struct _ConfabFanout {
  gatomicrefcount ref_count;
  GMutex lock;
  GPtrArray *sources; /* of GstAppSrc */
  GArray *n_sent;     /* of guint64, beside sources */
  GstElement *encoder;
  GstElement *valve; /* closed while nobody takes anything */
};

static void
update_valve (ConfabFanout *self)
{
  if (self->valve != NULL)
    g_object_set (self->valve, "drop", self->sources->len == 0, NULL);
}

static GstFlowReturn
new_sample_cb (GstAppSink *sink, gpointer user_data)
{
  ConfabFanout *self = user_data;
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);
  GstBuffer *buffer;

  if (sample == NULL)
    return GST_FLOW_EOS;

  buffer = gst_sample_get_buffer (sample);
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->sources->len; i++) {
    gst_app_src_push_buffer (self->sources->pdata[i], gst_buffer_ref (buffer));
    g_array_index (self->n_sent, guint64, i)++;
  }
  g_mutex_unlock (&self->lock);
  return GST_FLOW_OK;
}

static GstPadProbeReturn
upstream_event_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  if (!gst_video_event_is_force_key_unit (GST_PAD_PROBE_INFO_EVENT (info)))
    return GST_PAD_PROBE_OK;

  confab_fanout_request_key_frame (user_data, FALSE);
  return GST_PAD_PROBE_DROP;
}

ConfabFanout *
confab_fanout_new (void)
{
  ConfabFanout *self = g_new0 (ConfabFanout, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->sources = g_ptr_array_new_with_free_func (gst_object_unref);
  self->n_sent = g_array_new (FALSE, TRUE, sizeof (guint64));
  return self;
}

ConfabFanout *
confab_fanout_ref (ConfabFanout *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
confab_fanout_unref (gpointer data)
{
  ConfabFanout *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_ptr_array_unref (self->sources);
  g_array_unref (self->n_sent);
  gst_clear_object (&self->encoder);
  gst_clear_object (&self->valve);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/**
 * confab_fanout_set_encoder:
 * @self: a fan-out
 * @encoder: (nullable): who makes key frames
 */
void
confab_fanout_set_encoder (ConfabFanout *self, GstElement *encoder)
{
  g_mutex_lock (&self->lock);
  gst_object_replace ((GstObject **) &self->encoder, (GstObject *) encoder);
  if (encoder != NULL)
    g_object_set (encoder, "min-force-key-unit-interval", MIN_KEY_FRAME_INTERVAL, NULL);
  g_mutex_unlock (&self->lock);
}

/**
 * confab_fanout_set_valve:
 * @self: a fan-out
 * @valve: (nullable): a valve in front of the encoder
 */
void
confab_fanout_set_valve (ConfabFanout *self, GstElement *valve)
{
  g_mutex_lock (&self->lock);
  gst_object_replace ((GstObject **) &self->valve, (GstObject *) valve);
  update_valve (self);
  g_mutex_unlock (&self->lock);
}

/**
 * confab_fanout_connect_sink:
 * @self: a fan-out
 * @sink: an appsink whose buffers are to be handed on
 */
void
confab_fanout_connect_sink (ConfabFanout *self, GstElement *sink)
{
  GstAppSinkCallbacks callbacks = { .new_sample = new_sample_cb };

  gst_app_sink_set_callbacks (GST_APP_SINK (sink),
                              &callbacks,
                              confab_fanout_ref (self),
                              confab_fanout_unref);
}

/**
 * confab_fanout_add:
 * @self: a fan-out
 * @source: a leaky appsrc of any pipeline; a second time does nothing
 */
void
confab_fanout_add (ConfabFanout *self, GstElement *source)
{
  g_mutex_lock (&self->lock);
  if (!g_ptr_array_find (self->sources, source, NULL)) {
    g_ptr_array_add (self->sources, gst_object_ref (source));
    g_array_set_size (self->n_sent, self->sources->len);
  }
  update_valve (self);
  g_mutex_unlock (&self->lock);
}

/**
 * confab_fanout_remove:
 * @self: a fan-out
 * @source: an appsrc, added or not; after this nothing comes to it
 */
void
confab_fanout_remove (ConfabFanout *self, GstElement *source)
{
  guint index;

  g_mutex_lock (&self->lock);
  if (g_ptr_array_find (self->sources, source, &index)) {
    g_ptr_array_remove_index (self->sources, index);
    g_array_remove_index (self->n_sent, index);
  }
  update_valve (self);
  g_mutex_unlock (&self->lock);
}

static GstPadProbeReturn
encoded_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_autoptr (GstElement) encoder = NULL;

  if (GST_BUFFER_FLAG_IS_SET (GST_PAD_PROBE_INFO_BUFFER (info), GST_BUFFER_FLAG_DELTA_UNIT))
    return GST_PAD_PROBE_OK;

  encoder = gst_pad_get_parent_element (pad);
  if (encoder != NULL)
    g_object_set (encoder, "min-force-key-unit-interval", MIN_KEY_FRAME_INTERVAL, NULL);
  return GST_PAD_PROBE_REMOVE;
}

/**
 * confab_fanout_request_key_frame:
 * @self: a fan-out
 * @at_once: for somebody who sees nothing yet: the next picture is one, however short ago the last was
 *
 * The encoder is asked as often as anybody likes, and obeys at its own smallest interval.
 */
void
confab_fanout_request_key_frame (ConfabFanout *self, gboolean at_once)
{
  g_autoptr (GstElement) encoder = NULL;
  g_autoptr (GstPad) pad = NULL;

  g_mutex_lock (&self->lock);
  g_set_object (&encoder, self->encoder);
  g_mutex_unlock (&self->lock);
  if (encoder == NULL)
    return;

  pad = gst_element_get_static_pad (encoder, "src");
  if (at_once) {
    g_object_set (encoder, "min-force-key-unit-interval", G_GUINT64_CONSTANT (0), NULL);
    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, encoded_cb, NULL, NULL);
  }
  gst_pad_send_event (pad,
                      gst_video_event_new_upstream_force_key_unit (GST_CLOCK_TIME_NONE, TRUE, 0));
}

/**
 * confab_fanout_forward_key_frame_requests:
 * @self: a fan-out
 * @source: an appsrc behind which somebody may ask for key frames
 */
void
confab_fanout_forward_key_frame_requests (ConfabFanout *self, GstElement *source)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (source, "src");

  gst_pad_add_probe (pad,
                     GST_PAD_PROBE_TYPE_EVENT_UPSTREAM,
                     upstream_event_cb,
                     confab_fanout_ref (self),
                     confab_fanout_unref);
}

/**
 * confab_fanout_get_n_sent:
 * @self: a fan-out
 * @source: (nullable): an appsrc
 *
 * Returns: how many buffers it was handed since it was added, 0 when it is not
 */
guint64
confab_fanout_get_n_sent (ConfabFanout *self, GstElement *source)
{
  guint64 n_sent = 0;
  guint index;

  g_mutex_lock (&self->lock);
  if (source != NULL && g_ptr_array_find (self->sources, source, &index))
    n_sent = g_array_index (self->n_sent, guint64, index);
  g_mutex_unlock (&self->lock);
  return n_sent;
}
