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
  GstElement *screen_input; /* in no pipeline before the screen is shared for the first time */
  char *stream_id;
  char *screen_id;
  ConfabFanout *audio;
  ConfabFanout *video;
  ConfabFanout *screen;
  guint32 audio_ssrc;
  guint32 video_ssrc;
  guint32 screen_ssrc;
  guint audio_payload;
  guint video_payload;
  ConfabIceServers *servers;
  gboolean relay_only;

  gint ended; /* atomic */

  /* The worker's. */
  GstElement *webrtc;
  GstWebRTCRTPTransceiver *audio_transceiver; /* through which it is sent */
  GstWebRTCRTPTransceiver *video_transceiver;
  GstWebRTCRTPTransceiver
    *screen_transceiver; /* NULL before the screen is shared for the first time */
  gboolean sharing;      /* the screen is wanted */
  gboolean told;         /* the own description in force says so */
  gboolean tells;        /* what the description that is being made says */
  char *remote_sdp; /* the other side's, as of the last exchange; NULL before it is connected */
};

/* confab-webrtc-build.c */
void confab_webrtc_pipeline_build (ConfabWebrtcPipeline *self, gpointer data);
GstWebRTCRTPTransceiver *confab_webrtc_pipeline_build_sender (
  ConfabWebrtcPipeline *self, GstElement *input, guint payload, guint32 ssrc, const char *stream_id)
  G_GNUC_WARN_UNUSED_RESULT;

/* confab-webrtc-sharing.c */
void confab_webrtc_pipeline_prepare_step (ConfabWebrtcPipeline *self, ConfabWebrtcStep step);
void confab_webrtc_pipeline_finish_step (ConfabWebrtcPipeline *self, ConfabWebrtcStep step);
void confab_webrtc_pipeline_update_screen (ConfabWebrtcPipeline *self);
gboolean
confab_webrtc_pipeline_is_taken (GstWebRTCRTPTransceiver *transceiver, const char *remote_sdp);

/* confab-webrtc-events.c: what webrtcbin and its streaming threads say */
ConfabReceiveClock *confab_receive_clock_new (void) G_GNUC_WARN_UNUSED_RESULT;
void confab_receive_clock_unref (gpointer data);
void confab_webrtc_pipeline_connect (ConfabWebrtcPipeline *self);
gboolean confab_webrtc_pipeline_message_cb (GstBus *bus, GstMessage *message, gpointer user_data);
void confab_webrtc_pipeline_recalculate_latency (ConfabWebrtcPipeline *self);
GstPromise *confab_webrtc_pipeline_promise (ConfabWebrtcPipeline *self, ConfabWebrtcStep step);

G_END_DECLS
