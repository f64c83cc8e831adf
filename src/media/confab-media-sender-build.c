/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-media-pipeline.h"
#include "confab-media-sender-private.h"

static GstElement *
add_leaky_queue (ConfabMediaSender *self)
{
  GstElement *queue = confab_media_pipeline_add (self->pipeline, "queue");

  gst_util_set_object_arg (G_OBJECT (queue), "leaky", "downstream");
  g_object_set (queue,
                "max-size-buffers",
                2,
                "max-size-bytes",
                0,
                "max-size-time",
                G_GUINT64_CONSTANT (0),
                NULL);
  return queue;
}

static GstElement *
add_video_encoder (ConfabMediaSender *self)
{
  GstElement *encoder = confab_media_pipeline_add (self->pipeline, "vp8enc");
  const int bitrate = self->width * self->height * VIDEO_BITRATE_PER_PIXEL;

  if (encoder == NULL)
    return NULL;
  g_object_set (encoder,
                "deadline",
                G_GINT64_CONSTANT (1),
                "cpu-used",
                8,
                "threads",
                1,
                "target-bitrate",
                bitrate,
                "keyframe-max-dist",
                3000,
                "lag-in-frames",
                0,
                "buffer-size",
                1000,
                "buffer-initial-size",
                500,
                "buffer-optimal-size",
                600,
                NULL);
  gst_util_set_object_arg (G_OBJECT (encoder), "end-usage", "cbr");
  gst_util_set_object_arg (G_OBJECT (encoder), "error-resilient", "default");
  return encoder;
}

static void
build_preview (ConfabMediaSender *self, GstElement *tee)
{
  GstElement *sink = gst_element_factory_make ("gtk4paintablesink", NULL);
  g_autoptr (GObject) paintable = NULL;
  GstElement *queue, *valve, *convert, *filter;

  if (sink == NULL) {
    g_warning ("GStreamer's element gtk4paintablesink is not installed: no pictures can be shown");
    return;
  }
  g_object_set (sink, "sync", FALSE, "async", FALSE, "qos", FALSE, NULL);
  gst_bin_add (GST_BIN (self->pipeline), sink);
  queue = add_leaky_queue (self);
  valve = confab_media_pipeline_add_viewer_valve (self->pipeline, G_OBJECT (self->stream));
  convert = confab_media_pipeline_add (self->pipeline, "videoconvert");
  g_object_set (convert, "n-threads", 1, NULL);
  filter = confab_media_pipeline_add_picture_filter (self->pipeline,
                                                     confab_media_engine_get_drawing (
                                                       self->engine));
  gst_element_link_many (tee, queue, valve, convert, filter, sink, NULL);
  g_object_get (sink, "paintable", &paintable, NULL);
  g_object_set (paintable, "use-scaling-filter", TRUE, "scaling-filter", 0 /* linear */, NULL);
  confab_stream_set_paintable (self->stream, paintable);
}

static void
build_video (ConfabMediaSender *self)
{
  g_autofree char *caps = g_strdup_printf (
    "video/x-raw,format=I420,width=%u,height=%u,framerate=%u/1,pixel-aspect-ratio=1/1",
    self->width,
    self->height,
    self->fps);
  GstElement *tee, *valve, *queue, *encoder, *output;

  self->camera.input = gst_object_ref (
    confab_media_pipeline_add_input (self->pipeline, caps, 2, 0));
  tee = confab_media_pipeline_add (self->pipeline, "tee");
  valve = confab_media_pipeline_add (self->pipeline, "valve");
  queue = add_leaky_queue (self);
  encoder = add_video_encoder (self);
  output = confab_media_pipeline_add_output (self->pipeline);
  if (encoder == NULL)
    return;

  gst_element_link (self->camera.input, tee);
  gst_element_link_many (tee, valve, queue, encoder, output, NULL);
  g_object_set (output, "max-buffers", 30, NULL);
  confab_fanout_connect_sink (self->video, output);
  confab_fanout_set_encoder (self->video, encoder);
  confab_fanout_set_valve (self->video, valve);
  if (confab_media_engine_get_drawing (self->engine) != CONFAB_DRAWING_NONE)
    build_preview (self, tee);
}

static void
build_audio (ConfabMediaSender *self)
{
  GstElement *encoder, *output;

  self->microphone.input = gst_object_ref (
    confab_media_pipeline_add_input (self->pipeline, CONFAB_AUDIO_CAPS, 10, 0));
  self->level = confab_media_pipeline_add (self->pipeline, "level");
  self->volume = confab_media_pipeline_add (self->pipeline, "volume");
  encoder = confab_media_pipeline_add (self->pipeline, "opusenc");
  output = confab_media_pipeline_add_output (self->pipeline);
  if (self->level == NULL || self->volume == NULL || encoder == NULL)
    return;

  g_object_set (self->level, "interval", (guint64) (100 * GST_MSECOND), NULL);
  g_object_set (self->volume, "mute", self->microphone.muted, NULL);
  g_object_set (encoder,
                "inband-fec",
                TRUE,
                "packet-loss-percentage",
                5,
                "dtx",
                FALSE,
                "bitrate",
                AUDIO_BITRATE,
                NULL);
  g_object_set (output, "max-buffers", 30, NULL);
  gst_element_link_many (self->microphone.input, self->level, self->volume, encoder, output, NULL);
  confab_fanout_connect_sink (self->audio, output);
}

/* What does not depend on a device: it is there for as long as the media are open. */
void
confab_media_sender_build (ConfabMediaSender *self)
{
  build_video (self);
  build_audio (self);
}
