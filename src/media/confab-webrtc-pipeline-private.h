/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-webrtc-pipeline.h"

#include "confab-media-worker.h"

G_BEGIN_DECLS

/* What a streaming thread writes without waking anybody. */
typedef struct {
  gatomicrefcount ref_count;
  GMutex lock;
  gint64 last_received_at; /* monotonic, µs */
} ConfabReceiveClock;

struct _ConfabWebrtcPipeline {
  gatomicrefcount ref_count;

  /* Does not change. */
  ConfabWebrtcPipelineEvents events;
  ConfabMainLink *link;
  ConfabMediaWorker *worker;
  ConfabReceiveClock *clock;
  GstElement *pipeline;
  GstElement *audio_input;
  GstElement *video_input;
  char *stream_id;
  ConfabFanout *audio;
  ConfabFanout *video;
  guint32 audio_ssrc;
  guint32 video_ssrc;
  guint audio_payload;
  guint video_payload;
  ConfabIceServers *servers;
  gboolean relay_only;

  gint ended; /* atomic */

  /* The worker's. */
  GstElement *webrtc;
  GstWebRTCRTPTransceiver *audio_transceiver; /* through which it is sent */
  GstWebRTCRTPTransceiver *video_transceiver;
};

/* confab-webrtc-build.c */
void confab_webrtc_pipeline_build (ConfabWebrtcPipeline *self, gpointer data);

/* confab-webrtc-events.c: what webrtcbin and its streaming threads say */
ConfabReceiveClock *confab_receive_clock_new (void) G_GNUC_WARN_UNUSED_RESULT;
void confab_receive_clock_unref (gpointer data);
void confab_webrtc_pipeline_connect (ConfabWebrtcPipeline *self);
gboolean confab_webrtc_pipeline_message_cb (GstBus *bus, GstMessage *message, gpointer user_data);
void confab_webrtc_pipeline_recalculate_latency (ConfabWebrtcPipeline *self);
GstPromise *confab_webrtc_pipeline_promise (ConfabWebrtcPipeline *self, ConfabWebrtcStep step);

G_END_DECLS
