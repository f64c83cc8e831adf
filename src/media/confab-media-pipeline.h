/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

#include "confab-drawing.h"
#include "confab-call-enums.h"
#include "confab-main-link.h"
#include "confab-media-worker.h"

G_BEGIN_DECLS

/*
 * All pipelines of the process run on one clock from one base time, so that a buffer's time stamp means
 * the same in each, and buffers go from one to the other as they are.
 */
GstElement *confab_media_pipeline_new (const char *name) G_GNUC_WARN_UNUSED_RESULT;
void confab_media_pipeline_watch (GstElement *pipeline,
                                  GstBusFunc func,
                                  gpointer data,
                                  GDestroyNotify destroy);
void confab_media_pipeline_silence (GstElement *pipeline);
void confab_media_pipeline_release (GstElement *pipeline);
void confab_media_pipeline_start (GstElement *pipeline, ConfabMediaWorker *worker);
void confab_media_pipeline_end (GstElement *pipeline, ConfabMediaWorker *worker);
gboolean confab_media_pipeline_link_chain (GstElement *pipeline, GstPad *pad, GPtrArray *elements);
GstElement *confab_media_element_new (const char *factory) G_GNUC_WARN_UNUSED_RESULT;
GstElement *confab_media_caps_filter_new (GstCaps *caps) G_GNUC_WARN_UNUSED_RESULT;
GstElement *confab_media_output_new (void) G_GNUC_WARN_UNUSED_RESULT;
GstElement *confab_media_picture_filter_new (ConfabDrawing drawing) G_GNUC_WARN_UNUSED_RESULT;
GstElement *confab_media_viewer_valve_new (GObject *picture) G_GNUC_WARN_UNUSED_RESULT;
GstElement *confab_media_input_new (const char *caps, guint max_buffers, guint latency_ms)
  G_GNUC_WARN_UNUSED_RESULT;
GstElement *
confab_media_pipeline_add (GstElement *pipeline, const char *factory) G_GNUC_WARN_UNUSED_RESULT;
GstElement *confab_media_pipeline_add_input (GstElement *pipeline,
                                             const char *caps,
                                             guint max_buffers,
                                             guint latency_ms) G_GNUC_WARN_UNUSED_RESULT;
GstElement *confab_media_pipeline_add_output (GstElement *pipeline) G_GNUC_WARN_UNUSED_RESULT;
GstElement *
confab_media_pipeline_add_caps (GstElement *pipeline, const char *caps) G_GNUC_WARN_UNUSED_RESULT;
GstElement *confab_media_pipeline_add_picture_filter (GstElement *pipeline, ConfabDrawing drawing)
  G_GNUC_WARN_UNUSED_RESULT;
GstElement *confab_media_pipeline_add_viewer_valve (GstElement *pipeline, GObject *picture)
  G_GNUC_WARN_UNUSED_RESULT;
gboolean confab_media_message_get_level (GstMessage *message, double *level);
ConfabDeviceProblem confab_media_problem_from_error (const GError *error);

#define CONFAB_AUDIO_CAPS "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=1"

G_END_DECLS
