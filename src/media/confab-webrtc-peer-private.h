/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-webrtc-peer.h"

#include "confab-mid-names.h"
#include "confab-webrtc-pipeline.h"

G_BEGIN_DECLS

struct _ConfabWebrtcPeer {
  GObject parent_instance;

  char *stream_id;
  char *screen_id;
  ConfabFanout *audio;
  ConfabFanout *video;
  ConfabFanout *screen;
  ConfabAudioMixer *mixer;
  ConfabIceServers *servers;
  ConfabDrawing drawing;
  gboolean relay_only;
  guint width, height, video_bitrate, audio_bitrate;
  guint screen_width, screen_height, screen_bitrate;

  ConfabMainLink *link;
  ConfabWebrtcPipeline *pipeline; /* NULL before the first description, and after close() */
  guint32 audio_ssrc, video_ssrc, screen_ssrc;
  GPtrArray *receivers;

  ConfabConnectionState state;
  GstWebRTCICEConnectionState ice_state;
  gboolean gathering_complete;
  gint64 last_received_at; /* what the pipeline had when it ended */
  gboolean closed;
  gboolean sharing;     /* the screen, too */
  gboolean negotiated;  /* a first offer and answer are in force */
  gboolean told_needed; /* ::negotiation-needed, since the last exchange */
  gboolean offering;    /* one of ours is being made, or waits for its answer */
  gboolean has_offer;   /* theirs waits for our answer */
  guint n_candidates;
  GPtrArray *local_candidates; /* of ConfabWebrtcCandidate: what was found so far */
  char *remote_sdp;            /* as webrtcbin has it */
  ConfabMidNames *names;       /* what its m-sections are called outside */
  GStrv refused;     /* mids of m-sections that one side refuses; webrtcbin knows nothing of that */
  char *local_offer; /* the offer in force or prepared, that an answer must fit */
  char *created_sdp; /* what was made last, in force or not */
  char *local_sdp;   /* what is in force */
  ConfabSdpType local_type;
  char *role; /* `active` or `passive`: what we said or agreed to in the first exchange */
  GstWebRTCSessionDescription *prepared;
};

void confab_webrtc_peer_fail (ConfabWebrtcPeer *self, const GError *error);

/* confab-webrtc-peer-events.c */
extern const ConfabWebrtcPipelineEvents confab_webrtc_peer_events;

G_END_DECLS
