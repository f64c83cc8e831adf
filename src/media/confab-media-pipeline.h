/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

#include "confab-call-enums.h"
#include "confab-main-link.h"

G_BEGIN_DECLS

/*
 * All pipelines of the process run on one clock from one base time, so that a buffer's time stamp means
 * the same in each, and buffers go from one to the other as they are.
 */
GstElement *confab_media_pipeline_new (const char *name) G_GNUC_WARN_UNUSED_RESULT;
void confab_media_pipeline_watch (GstElement *pipeline, GstBusFunc func, ConfabMainLink *link);
void confab_media_pipeline_start (GstElement *pipeline);
void confab_media_pipeline_end (GstElement *pipeline);
GstElement *confab_media_pipeline_add (GstElement *pipeline, const char *factory, const char *name)
  G_GNUC_WARN_UNUSED_RESULT;
GstElement *confab_media_pipeline_add_input (GstElement *pipeline,
                                             const char *caps,
                                             guint max_buffers,
                                             guint latency_ms) G_GNUC_WARN_UNUSED_RESULT;
GstElement *confab_media_pipeline_add_output (GstElement *pipeline) G_GNUC_WARN_UNUSED_RESULT;
GstElement *
confab_media_pipeline_add_caps (GstElement *pipeline, const char *caps) G_GNUC_WARN_UNUSED_RESULT;
gboolean confab_media_message_get_level (GstMessage *message, double *level);
ConfabDeviceProblem confab_media_problem_from_error (const GError *error);

#define CONFAB_AUDIO_CAPS "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=1"

G_END_DECLS
