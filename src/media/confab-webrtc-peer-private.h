/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-webrtc-peer.h"

#include "confab-main-link.h"

#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

G_BEGIN_DECLS

struct _ConfabWebrtcPeer {
  GObject parent_instance;

  char *stream_id;
  ConfabFanout *audio;
  ConfabFanout *video;
  ConfabAudioMixer *mixer;
  ConfabIceServers *servers;
  gboolean headless;
  guint width, height, video_bitrate, audio_bitrate;

  ConfabMainLink *link;
  struct _ConfabReceiveClock *clock; /* when something came, written by a streaming thread */
  GstElement *pipeline;              /* NULL before the first description, and after close() */
  GstElement *webrtc;
  GstElement *audio_input;
  GstElement *video_input;
  GstWebRTCRTPTransceiver *audio_transceiver; /* what they are sent through */
  GstWebRTCRTPTransceiver *video_transceiver;
  guint32 audio_ssrc, video_ssrc;
  GPtrArray *receivers;

  ConfabConnectionState state;
  gboolean gathering_complete;
  gboolean closed;
  gboolean negotiated;  /* a first offer and answer are in force */
  gboolean told_needed; /* ::negotiation-needed, since the last exchange */
  guint n_candidates;
  char *remote_sdp;  /* as webrtcbin has it */
  GStrv refused;     /* mids of m-sections that one side refuses; webrtcbin knows nothing of that */
  char *local_offer; /* the offer in force or prepared, that an answer must fit */
  ConfabSdpType local_type;
  gboolean has_local;
  char *role; /* `active` or `passive`: what we said or agreed to in the first exchange */
  GstWebRTCSessionDescription *prepared;
};

G_END_DECLS
