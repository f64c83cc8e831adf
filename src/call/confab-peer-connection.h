/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-enums.h"
#include "confab-remote-track.h"

G_BEGIN_DECLS

/**
 * ConfabPeerConnection:
 *
 * One WebRTC connection, as W3C's RTCPeerConnection has it, as narrow as the call machines need it. `media`
 * implements it over webrtcbin. Its sending tracks are there from the start (an audio and a video m-section, always:
 * protocol/mesh-calls.md section 14, rule 3); only that of a shared screen comes and goes. Main thread only; commands
 * return at once, what came of them is a signal, which is never emitted from within the command. After close() nothing
 * is emitted any more.
 */
#define CONFAB_TYPE_PEER_CONNECTION (confab_peer_connection_get_type ())
G_DECLARE_INTERFACE (ConfabPeerConnection, confab_peer_connection, CONFAB, PEER_CONNECTION, GObject)

struct _ConfabPeerConnectionInterface {
  GTypeInterface parent_iface;

  void (*create_offer) (ConfabPeerConnection *self);
  void (*create_answer) (ConfabPeerConnection *self);
  void (*set_remote_description) (ConfabPeerConnection *self, ConfabSdpType type, const char *sdp);
  char *(*get_local_sdp) (ConfabPeerConnection *self);
  void (*add_candidate) (ConfabPeerConnection *self,
                         const char *candidate,
                         const char *sdp_mid,
                         int sdp_mline_index);
  void (*close) (ConfabPeerConnection *self);
  ConfabConnectionState (*get_state) (ConfabPeerConnection *self);
  gboolean (*get_gathering_complete) (ConfabPeerConnection *self);
  gint64 (*get_last_received_at) (ConfabPeerConnection *self);
  void (*prepare_offer) (ConfabPeerConnection *self); /* may be NULL: create_offer */
  void (*set_sharing) (ConfabPeerConnection *self, gboolean sharing);
};

void confab_peer_connection_create_offer (ConfabPeerConnection *self);
void confab_peer_connection_prepare_offer (ConfabPeerConnection *self);
void confab_peer_connection_create_answer (ConfabPeerConnection *self);
void confab_peer_connection_set_remote_description (ConfabPeerConnection *self,
                                                    ConfabSdpType type,
                                                    const char *sdp);
char *confab_peer_connection_get_local_sdp (ConfabPeerConnection *self) G_GNUC_WARN_UNUSED_RESULT;
void confab_peer_connection_add_candidate (ConfabPeerConnection *self,
                                           const char *candidate,
                                           const char *sdp_mid,
                                           int sdp_mline_index);
void confab_peer_connection_set_sharing (ConfabPeerConnection *self, gboolean sharing);
void confab_peer_connection_close (ConfabPeerConnection *self);
ConfabConnectionState confab_peer_connection_get_state (ConfabPeerConnection *self);
gboolean confab_peer_connection_get_gathering_complete (ConfabPeerConnection *self);
gint64 confab_peer_connection_get_last_received_at (ConfabPeerConnection *self);

/* For implementations. */
void
confab_peer_connection_emit_local_description_set (ConfabPeerConnection *self, ConfabSdpType type);
void
confab_peer_connection_emit_remote_description_set (ConfabPeerConnection *self, ConfabSdpType type);
void
confab_peer_connection_emit_description_failed (ConfabPeerConnection *self, const GError *error);
void confab_peer_connection_emit_local_candidate (ConfabPeerConnection *self,
                                                  const char *candidate,
                                                  const char *sdp_mid,
                                                  int sdp_mline_index);
void confab_peer_connection_emit_track_added (ConfabPeerConnection *self, ConfabRemoteTrack *track);
void confab_peer_connection_emit_negotiation_needed (ConfabPeerConnection *self);

G_END_DECLS
