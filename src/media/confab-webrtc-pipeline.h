/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-fanout.h"
#include "confab-ice-servers.h"
#include "confab-main-link.h"

#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

G_BEGIN_DECLS

/**
 * ConfabWebrtcPipeline:
 *
 * webrtcbin with what stands in front of it, run by a thread of its own: commands return at once, and what comes of
 * them is posted to the main thread. It decides nothing. Reference counted; ended by its owner.
 */
typedef struct _ConfabWebrtcPipeline ConfabWebrtcPipeline;

typedef enum {
  CONFAB_WEBRTC_STEP_CREATE_OFFER,
  CONFAB_WEBRTC_STEP_PREPARE_OFFER,
  CONFAB_WEBRTC_STEP_CREATE_ANSWER,
  CONFAB_WEBRTC_STEP_SET_LOCAL_OFFER,
  CONFAB_WEBRTC_STEP_SET_LOCAL_ANSWER,
  CONFAB_WEBRTC_STEP_SET_LOCAL_PREPARED,
  CONFAB_WEBRTC_STEP_SET_REMOTE_OFFER,
  CONFAB_WEBRTC_STEP_SET_REMOTE_ANSWER,
} ConfabWebrtcStep;

/* What came of a step. */
typedef struct {
  ConfabWebrtcStep step;
  GError *error;                            /* NULL: it succeeded */
  GstWebRTCSessionDescription *description; /* what was created; may be taken */
} ConfabWebrtcReply;

typedef struct {
  guint mline_index;
  char *text;
} ConfabWebrtcCandidate;

ConfabWebrtcCandidate *
confab_webrtc_candidate_new (guint mline_index, const char *text) G_GNUC_WARN_UNUSED_RESULT;
void confab_webrtc_candidate_free (gpointer data);

/* A source pad of webrtcbin, which waits until this is freed. A g_atomic_rc_box. */
typedef struct {
  GstPad *pad;
  gulong block_id;
  gboolean is_audio;
  guint ssrc;
  char *mid;
} ConfabWebrtcPad;

/**
 * ConfabWebrtcPipelineEvents:
 * @replied: with a #ConfabWebrtcReply
 * @state_changed: with a #GstWebRTCPeerConnectionState
 * @ice_changed: with a #GstWebRTCICEConnectionState
 * @gathering_changed: with a #GstWebRTCICEGatheringState
 * @candidate_found: with a #ConfabWebrtcCandidate
 * @pad_added: with a #ConfabWebrtcPad, to be given to confab_webrtc_pipeline_decode()
 * @negotiation_asked: an offer is due: a track of ours has no m-line yet, or the screen is or is not shared any more
 * @level_measured: with a #GstMessage
 *
 * Run in the main thread, with the object of the link.
 */
typedef struct {
  ConfabMainLinkFunc replied;
  ConfabMainLinkFunc state_changed;
  ConfabMainLinkFunc ice_changed;
  ConfabMainLinkFunc gathering_changed;
  ConfabMainLinkFunc candidate_found;
  ConfabMainLinkFunc pad_added;
  ConfabMainLinkFunc negotiation_asked;
  ConfabMainLinkFunc level_measured;
} ConfabWebrtcPipelineEvents;

/**
 * ConfabWebrtcPipelineConfig:
 * @stream_id: of the own stream
 * @screen_id: of the stream that the own screen is
 * @audio: what is sent, encoded
 * @video: what is sent, encoded
 * @screen: what is sent while the screen is shared, encoded
 * @sharing: whether it is
 * @audio_ssrc: under which it is sent
 * @video_ssrc: under which it is sent
 * @screen_ssrc: under which it is sent
 * @audio_payload: RTP payload type
 * @video_payload: RTP payload type
 * @servers: STUN and TURN
 * @relay_only: whether only TURN servers see our addresses
 */
typedef struct {
  const char *stream_id;
  const char *screen_id;
  ConfabFanout *audio;
  ConfabFanout *video;
  ConfabFanout *screen;
  gboolean sharing;
  guint32 audio_ssrc;
  guint32 video_ssrc;
  guint32 screen_ssrc;
  guint audio_payload;
  guint video_payload;
  const ConfabIceServers *servers;
  gboolean relay_only;
} ConfabWebrtcPipelineConfig;

ConfabWebrtcPipeline *confab_webrtc_pipeline_new (const ConfabWebrtcPipelineConfig *config,
                                                  const ConfabWebrtcPipelineEvents *events,
                                                  ConfabMainLink *link) G_GNUC_WARN_UNUSED_RESULT;
ConfabWebrtcPipeline *confab_webrtc_pipeline_ref (ConfabWebrtcPipeline *self);
void confab_webrtc_pipeline_unref (gpointer self);
void confab_webrtc_pipeline_create (ConfabWebrtcPipeline *self, ConfabWebrtcStep step);
void confab_webrtc_pipeline_set (ConfabWebrtcPipeline *self,
                                 ConfabWebrtcStep step,
                                 GstWebRTCSessionDescription *description);
void confab_webrtc_pipeline_add_candidate (ConfabWebrtcPipeline *self,
                                           guint mline_index,
                                           const char *text);
void confab_webrtc_pipeline_send (ConfabWebrtcPipeline *self, const char *remote_sdp);
void confab_webrtc_pipeline_set_sharing (ConfabWebrtcPipeline *self, gboolean sharing);
void confab_webrtc_pipeline_set_rtcp_bandwidth (ConfabWebrtcPipeline *self);
void confab_webrtc_pipeline_check_negotiation (ConfabWebrtcPipeline *self);
void confab_webrtc_pipeline_decode (ConfabWebrtcPipeline *self,
                                    ConfabWebrtcPad *pad,
                                    GPtrArray *elements);
void confab_webrtc_pipeline_get_stats (ConfabWebrtcPipeline *self,
                                       GstPromiseChangeFunc func,
                                       gpointer data,
                                       GDestroyNotify destroy);
ConfabWebrtcPad *confab_webrtc_pad_ref (ConfabWebrtcPad *pad);
void confab_webrtc_pad_unref (gpointer pad);
gint64 confab_webrtc_pipeline_get_last_received_at (ConfabWebrtcPipeline *self);
guint64 confab_webrtc_pipeline_get_n_video_sent (ConfabWebrtcPipeline *self);
guint64 confab_webrtc_pipeline_get_n_screen_sent (ConfabWebrtcPipeline *self);
void confab_webrtc_pipeline_end (ConfabWebrtcPipeline *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabWebrtcPipeline, confab_webrtc_pipeline_unref)

G_END_DECLS
