/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-sdp.h"
#include "confab-track-receiver.h"
#include "confab-webrtc-peer-private.h"

#define MAX_TRACKS 16

/* What the pipeline posts, in the main thread: what comes of each step, and what webrtcbin found out. */

static char *
description_to_text (const GstWebRTCSessionDescription *description)
{
  g_autofree char *text = gst_sdp_message_as_text (description->sdp);

  return g_strdup (text);
}

static void
remember_role (ConfabWebrtcPeer *self)
{
  const gboolean offered = self->local_type == CONFAB_SDP_TYPE_OFFER;
  g_autofree char *setup = NULL;

  if (self->role != NULL)
    return;

  setup = confab_sdp_get_setup (offered ? self->remote_sdp : self->local_sdp);
  if (offered)
    self->role = g_strdup (g_strcmp0 (setup, "passive") == 0 ? "active" : "passive");
  else
    self->role = g_strdup (g_strcmp0 (setup, "passive") == 0 ? "passive" : "active");
}

static void
negotiation_asked (gpointer object, gpointer data)
{
  ConfabWebrtcPeer *self = object;

  /* An offer that is on its way may say it already; whether it does is looked at when it was answered. */
  if (self->closed || !self->negotiated || self->told_needed || self->offering)
    return;

  self->told_needed = TRUE;
  confab_peer_connection_emit_negotiation_needed (CONFAB_PEER_CONNECTION (self));
}

static void
update_sending (ConfabWebrtcPeer *self)
{
  if (self->negotiated && self->state == CONFAB_CONNECTION_STATE_CONNECTED)
    confab_webrtc_pipeline_send (self->pipeline, self->remote_sdp);
}

static void
become_negotiated (ConfabWebrtcPeer *self)
{
  remember_role (self);
  confab_webrtc_pipeline_set_rtcp_bandwidth (self->pipeline);
  self->negotiated = TRUE;
  self->told_needed = FALSE;
  self->offering = FALSE;
  update_sending (self);
  /* webrtcbin may have asked before this. */
  confab_webrtc_pipeline_check_negotiation (self->pipeline);
}

static void
take_created (ConfabWebrtcPeer *self, ConfabWebrtcReply *reply)
{
  const gboolean is_answer = reply->step == CONFAB_WEBRTC_STEP_CREATE_ANSWER;

  g_free (self->created_sdp);
  self->created_sdp = description_to_text (reply->description);
  if (!is_answer)
    g_set_str (&self->local_offer, self->created_sdp);
  if (reply->step == CONFAB_WEBRTC_STEP_PREPARE_OFFER) {
    g_clear_pointer (&self->prepared, gst_webrtc_session_description_free);
    self->prepared = g_steal_pointer (&reply->description);
    confab_peer_connection_emit_local_description_set (CONFAB_PEER_CONNECTION (self),
                                                       CONFAB_SDP_TYPE_OFFER);
    return;
  }
  confab_webrtc_pipeline_set (self->pipeline,
                              is_answer ? CONFAB_WEBRTC_STEP_SET_LOCAL_ANSWER
                                        : CONFAB_WEBRTC_STEP_SET_LOCAL_OFFER,
                              g_steal_pointer (&reply->description));
}

static void
take_local (ConfabWebrtcPeer *self, ConfabSdpType type)
{
  g_set_str (&self->local_sdp, self->created_sdp);
  self->local_type = type;
}

/* A track may go, come back and belong to another stream, all in one m-section. */
static void
update_tracks (ConfabWebrtcPeer *self)
{
  for (guint i = 0; i < self->receivers->len; i++) {
    ConfabRemoteTrack *track = confab_track_receiver_get_track (self->receivers->pdata[i]);
    const char *mid = confab_remote_track_get_mid (track);
    g_autofree char *stream_id = NULL;

    if (mid == NULL)
      continue;
    stream_id = confab_sdp_find_stream_id (self->remote_sdp, mid);
    confab_remote_track_set_stream_id (track, stream_id);
    confab_remote_track_set_sending (track, confab_sdp_sends (self->remote_sdp, mid));
  }
}

static void
replied (gpointer object, gpointer data)
{
  ConfabWebrtcPeer *self = object;
  ConfabPeerConnection *connection = CONFAB_PEER_CONNECTION (self);
  ConfabWebrtcReply *reply = data;

  if (self->closed)
    return;
  if (reply->error != NULL) {
    self->told_needed = FALSE;
    self->offering = FALSE;
    confab_webrtc_peer_fail (self, reply->error);
    return;
  }

  switch (reply->step) {
  case CONFAB_WEBRTC_STEP_CREATE_OFFER:
  case CONFAB_WEBRTC_STEP_PREPARE_OFFER:
  case CONFAB_WEBRTC_STEP_CREATE_ANSWER:
    take_created (self, reply);
    break;
  case CONFAB_WEBRTC_STEP_SET_LOCAL_OFFER:
    take_local (self, CONFAB_SDP_TYPE_OFFER);
    confab_peer_connection_emit_local_description_set (connection, CONFAB_SDP_TYPE_OFFER);
    break;
  case CONFAB_WEBRTC_STEP_SET_LOCAL_ANSWER:
    take_local (self, CONFAB_SDP_TYPE_ANSWER);
    self->has_offer = FALSE;
    become_negotiated (self);
    confab_peer_connection_emit_local_description_set (connection, CONFAB_SDP_TYPE_ANSWER);
    break;
  case CONFAB_WEBRTC_STEP_SET_LOCAL_PREPARED:
    take_local (self, CONFAB_SDP_TYPE_OFFER);
    break;
  case CONFAB_WEBRTC_STEP_SET_REMOTE_OFFER:
    self->has_offer = TRUE;
    update_tracks (self);
    confab_peer_connection_emit_remote_description_set (connection, CONFAB_SDP_TYPE_OFFER);
    break;
  case CONFAB_WEBRTC_STEP_SET_REMOTE_ANSWER:
    g_clear_pointer (&self->local_offer, g_free); /* one answer is all it gets */
    update_tracks (self);
    become_negotiated (self);
    confab_peer_connection_emit_remote_description_set (connection, CONFAB_SDP_TYPE_ANSWER);
    break;
  default:
    g_assert_not_reached ();
  }
}

static void
state_changed (gpointer object, gpointer data)
{
  static const ConfabConnectionState states[] = {
    [GST_WEBRTC_PEER_CONNECTION_STATE_NEW] = CONFAB_CONNECTION_STATE_NEW,
    [GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTING] = CONFAB_CONNECTION_STATE_CONNECTING,
    [GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED] = CONFAB_CONNECTION_STATE_CONNECTED,
    [GST_WEBRTC_PEER_CONNECTION_STATE_DISCONNECTED] = CONFAB_CONNECTION_STATE_DISCONNECTED,
    [GST_WEBRTC_PEER_CONNECTION_STATE_FAILED] = CONFAB_CONNECTION_STATE_FAILED,
    [GST_WEBRTC_PEER_CONNECTION_STATE_CLOSED] = CONFAB_CONNECTION_STATE_FAILED,
  };
  ConfabWebrtcPeer *self = object;
  const guint state = GPOINTER_TO_UINT (data);

  if (self->closed || state >= G_N_ELEMENTS (states) || self->state == states[state])
    return;

  self->state = states[state];
  if (self->state == CONFAB_CONNECTION_STATE_CONNECTED) {
    confab_webrtc_pipeline_set_rtcp_bandwidth (self->pipeline);
    update_sending (self);
  }
  g_object_notify (G_OBJECT (self), "state");
}

static void
ice_changed (gpointer object, gpointer data)
{
  ConfabWebrtcPeer *self = object;

  self->ice_state = GPOINTER_TO_UINT (data);
}

static void
gathering_changed (gpointer object, gpointer data)
{
  ConfabWebrtcPeer *self = object;
  const gboolean complete = GPOINTER_TO_UINT (data) == GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE;

  if (self->closed || self->gathering_complete == complete)
    return;

  self->gathering_complete = complete;
  g_object_notify (G_OBJECT (self), "gathering-complete");
}

static void
candidate_found (gpointer object, gpointer data)
{
  ConfabWebrtcPeer *self = object;
  const ConfabWebrtcCandidate *candidate = data;
  g_autofree char *mid = NULL;

  if (self->closed)
    return;
  g_ptr_array_add (self->local_candidates,
                   confab_webrtc_candidate_new (candidate->mline_index, candidate->text));
  /* m-sections stay where they are, so it does not matter whether this is in force yet. */
  mid = confab_sdp_get_mid (self->created_sdp, candidate->mline_index);
  confab_peer_connection_emit_local_candidate (CONFAB_PEER_CONNECTION (self),
                                               candidate->text,
                                               mid != NULL
                                                 ? confab_mid_names_to_theirs (self->names, mid)
                                                 : "",
                                               candidate->mline_index);
}

static void
pad_added (gpointer object, gpointer data)
{
  ConfabWebrtcPeer *self = object;
  ConfabWebrtcPad *pad = data;
  g_autoptr (ConfabRemoteTrack) track = NULL;
  g_autofree char *stream_id = NULL;
  ConfabTrackReceiver *receiver;

  if (self->closed || self->receivers->len >= MAX_TRACKS)
    return;

  if (pad->mid != NULL && self->remote_sdp != NULL)
    stream_id = confab_sdp_find_stream_id (self->remote_sdp, pad->mid);
  track = confab_remote_track_new (pad->is_audio ? CONFAB_MEDIA_KIND_AUDIO
                                                 : CONFAB_MEDIA_KIND_VIDEO,
                                   stream_id,
                                   pad->mid);
  receiver = confab_track_receiver_new (pad->pad, pad->ssrc, track, self->drawing);
  g_ptr_array_add (self->receivers, receiver);
  confab_webrtc_pipeline_decode (self->pipeline,
                                 pad,
                                 confab_track_receiver_get_elements (receiver));
  if (pad->is_audio)
    confab_audio_mixer_add (self->mixer, confab_track_receiver_get_sound (receiver));
  confab_peer_connection_emit_track_added (CONFAB_PEER_CONNECTION (self), track);
}

static void
level_measured (gpointer object, gpointer data)
{
  ConfabWebrtcPeer *self = object;

  for (guint i = 0; !self->closed && i < self->receivers->len; i++) {
    if (confab_track_receiver_handle_message (self->receivers->pdata[i], data))
      return;
  }
}

const ConfabWebrtcPipelineEvents confab_webrtc_peer_events = {
  .replied = replied,
  .state_changed = state_changed,
  .ice_changed = ice_changed,
  .gathering_changed = gathering_changed,
  .candidate_found = candidate_found,
  .pad_added = pad_added,
  .negotiation_asked = negotiation_asked,
  .level_measured = level_measured,
};
