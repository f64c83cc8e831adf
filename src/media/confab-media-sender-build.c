/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-media-pipeline.h"
#include "confab-media-sender-private.h"
#include "confab-picture-sender.h"

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
  const ConfabPictureSender camera = { .pipeline = self->pipeline,
                                       .fanout = self->video,
                                       .stream = self->stream,
                                       .drawing = confab_media_engine_get_drawing (self->engine),
                                       .width = self->width,
                                       .height = self->height,
                                       .fps = self->fps };

  self->camera.input = confab_picture_sender_build (&camera);
  build_audio (self);
}
