/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-picture-sender.h"

#include "confab-media-pipeline.h"

static GstElement *
add_leaky_queue (const ConfabPictureSender *self)
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
add_video_encoder (const ConfabPictureSender *self)
{
  GstElement *encoder = confab_media_pipeline_add (self->pipeline, "vp8enc");

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
                (int) CONFAB_VIDEO_BITRATE (self->width, self->height),
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
build_preview (const ConfabPictureSender *self, GstElement *tee)
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
  filter = confab_media_pipeline_add_picture_filter (self->pipeline, self->drawing);
  gst_element_link_many (tee, queue, valve, convert, filter, sink, NULL);
  g_object_get (sink, "paintable", &paintable, NULL);
  g_object_set (paintable, "use-scaling-filter", TRUE, "scaling-filter", 0 /* linear */, NULL);
  confab_stream_set_paintable (self->stream, paintable);
}

/**
 * confab_picture_sender_build:
 * @self: what it is made of
 *
 * Returns: (transfer full): where the captured pictures come in
 */
GstElement *
confab_picture_sender_build (const ConfabPictureSender *self)
{
  g_autofree char *caps = g_strdup_printf (
    "video/x-raw,format=I420,width=%u,height=%u,framerate=%u/1,pixel-aspect-ratio=1/1",
    self->width,
    self->height,
    self->fps);
  GstElement *input, *tee, *valve, *queue, *encoder, *output;

  input = gst_object_ref (confab_media_pipeline_add_input (self->pipeline, caps, 2, 0));
  tee = confab_media_pipeline_add (self->pipeline, "tee");
  valve = confab_media_pipeline_add (self->pipeline, "valve");
  queue = add_leaky_queue (self);
  encoder = add_video_encoder (self);
  output = confab_media_pipeline_add_output (self->pipeline);
  if (encoder == NULL)
    return input;

  gst_element_link (input, tee);
  gst_element_link_many (tee, valve, queue, encoder, output, NULL);
  g_object_set (output, "max-buffers", 30, NULL);
  confab_fanout_connect_sink (self->fanout, output);
  confab_fanout_set_encoder (self->fanout, encoder);
  confab_fanout_set_valve (self->fanout, valve);
  if (self->drawing != CONFAB_DRAWING_NONE)
    build_preview (self, tee);
  return input;
}
