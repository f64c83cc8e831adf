/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-peer-connection.h"

G_DEFINE_INTERFACE (ConfabPeerConnection, confab_peer_connection, G_TYPE_OBJECT)

enum {
  SIGNAL_LOCAL_DESCRIPTION_SET,
  SIGNAL_REMOTE_DESCRIPTION_SET,
  SIGNAL_DESCRIPTION_FAILED,
  SIGNAL_LOCAL_CANDIDATE,
  SIGNAL_TRACK_ADDED,
  SIGNAL_NEGOTIATION_NEEDED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
confab_peer_connection_default_init (ConfabPeerConnectionInterface *iface)
{
  /**
   * ConfabPeerConnection:state:
   *
   * ICE and DTLS together. Implementations notify.
   */
  g_object_interface_install_property (iface,
                                       g_param_spec_enum ("state",
                                                          NULL,
                                                          NULL,
                                                          CONFAB_TYPE_CONNECTION_STATE,
                                                          CONFAB_CONNECTION_STATE_NEW,
                                                          G_PARAM_READABLE |
                                                            G_PARAM_EXPLICIT_NOTIFY |
                                                            G_PARAM_STATIC_STRINGS));
  /**
   * ConfabPeerConnection:gathering-complete:
   *
   * Whether all local candidates are known. Notified after the last #ConfabPeerConnection::local-candidate.
   */
  g_object_interface_install_property (iface,
                                       g_param_spec_boolean ("gathering-complete",
                                                             NULL,
                                                             NULL,
                                                             FALSE,
                                                             G_PARAM_READABLE |
                                                               G_PARAM_EXPLICIT_NOTIFY |
                                                               G_PARAM_STATIC_STRINGS));

  /**
   * ConfabPeerConnection::local-description-set:
   * @type: offer or answer
   *
   * What create_offer() or create_answer() made is in force; confab_peer_connection_get_local_sdp() has it.
   */
  signals[SIGNAL_LOCAL_DESCRIPTION_SET] = g_signal_new ("local-description-set",
                                                        CONFAB_TYPE_PEER_CONNECTION,
                                                        G_SIGNAL_RUN_LAST,
                                                        0,
                                                        NULL,
                                                        NULL,
                                                        NULL,
                                                        G_TYPE_NONE,
                                                        1,
                                                        CONFAB_TYPE_SDP_TYPE);
  /**
   * ConfabPeerConnection::remote-description-set:
   * @type: offer or answer
   */
  signals[SIGNAL_REMOTE_DESCRIPTION_SET] = g_signal_new ("remote-description-set",
                                                         CONFAB_TYPE_PEER_CONNECTION,
                                                         G_SIGNAL_RUN_LAST,
                                                         0,
                                                         NULL,
                                                         NULL,
                                                         NULL,
                                                         G_TYPE_NONE,
                                                         1,
                                                         CONFAB_TYPE_SDP_TYPE);
  /**
   * ConfabPeerConnection::description-failed:
   * @error: what was wrong
   *
   * The last create_offer(), create_answer() or set_remote_description() came to nothing.
   */
  signals[SIGNAL_DESCRIPTION_FAILED] = g_signal_new ("description-failed",
                                                     CONFAB_TYPE_PEER_CONNECTION,
                                                     G_SIGNAL_RUN_LAST,
                                                     0,
                                                     NULL,
                                                     NULL,
                                                     NULL,
                                                     G_TYPE_NONE,
                                                     1,
                                                     G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
  /**
   * ConfabPeerConnection::local-candidate:
   * @candidate: `candidate:…`, never empty
   * @sdp_mid: its m-section
   * @sdp_mline_index: the m-section's index
   */
  signals[SIGNAL_LOCAL_CANDIDATE] = g_signal_new ("local-candidate",
                                                  CONFAB_TYPE_PEER_CONNECTION,
                                                  G_SIGNAL_RUN_LAST,
                                                  0,
                                                  NULL,
                                                  NULL,
                                                  NULL,
                                                  G_TYPE_NONE,
                                                  3,
                                                  G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE,
                                                  G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE,
                                                  G_TYPE_INT);
  /**
   * ConfabPeerConnection::track-added:
   * @track: a sound or picture whose first packet came
   */
  signals[SIGNAL_TRACK_ADDED] = g_signal_new ("track-added",
                                              CONFAB_TYPE_PEER_CONNECTION,
                                              G_SIGNAL_RUN_LAST,
                                              0,
                                              NULL,
                                              NULL,
                                              NULL,
                                              G_TYPE_NONE,
                                              1,
                                              CONFAB_TYPE_REMOTE_TRACK);
  /**
   * ConfabPeerConnection::negotiation-needed:
   *
   * After the first offer and answer: local tracks changed so that a new offer is needed.
   */
  signals[SIGNAL_NEGOTIATION_NEEDED] = g_signal_new ("negotiation-needed",
                                                     CONFAB_TYPE_PEER_CONNECTION,
                                                     G_SIGNAL_RUN_LAST,
                                                     0,
                                                     NULL,
                                                     NULL,
                                                     NULL,
                                                     G_TYPE_NONE,
                                                     0);
}

#define IFACE CONFAB_PEER_CONNECTION_GET_IFACE

/**
 * confab_peer_connection_create_offer:
 * @self: a connection
 *
 * Makes an offer and puts it into force locally: ::local-description-set or ::description-failed follows.
 */
void
confab_peer_connection_create_offer (ConfabPeerConnection *self)
{
  g_return_if_fail (CONFAB_IS_PEER_CONNECTION (self));

  IFACE (self)->create_offer (self);
}

/**
 * confab_peer_connection_prepare_offer:
 * @self: a connection after its first offer and answer
 *
 * Makes an offer and keeps it out of force: what the polite side of a negotiation does, since webrtcbin cannot
 * roll back. ::local-description-set (offer) or ::description-failed follows, and
 * confab_peer_connection_get_local_sdp() has the prepared offer. A remote answer then puts both into force; a
 * remote offer drops it. An implementation without it makes an ordinary offer.
 */
void
confab_peer_connection_prepare_offer (ConfabPeerConnection *self)
{
  g_return_if_fail (CONFAB_IS_PEER_CONNECTION (self));

  if (IFACE (self)->prepare_offer != NULL)
    IFACE (self)->prepare_offer (self);
  else
    IFACE (self)->create_offer (self);
}

/**
 * confab_peer_connection_create_answer:
 * @self: a connection with a remote offer in force
 *
 * Makes an answer and puts it into force locally: ::local-description-set or ::description-failed follows.
 */
void
confab_peer_connection_create_answer (ConfabPeerConnection *self)
{
  g_return_if_fail (CONFAB_IS_PEER_CONNECTION (self));

  IFACE (self)->create_answer (self);
}

/**
 * confab_peer_connection_set_remote_description:
 * @self: a connection
 * @type: offer or answer
 * @sdp: a stranger's text
 *
 * ::remote-description-set or ::description-failed follows.
 */
void
confab_peer_connection_set_remote_description (ConfabPeerConnection *self,
                                               ConfabSdpType type,
                                               const char *sdp)
{
  g_return_if_fail (CONFAB_IS_PEER_CONNECTION (self));
  g_return_if_fail (sdp != NULL);

  IFACE (self)->set_remote_description (self, type, sdp);
}

/**
 * confab_peer_connection_get_local_sdp:
 * @self: a connection
 *
 * The local description as it is to be sent: with the candidates gathered so far, `a=msid` in each
 * sending m-section, and the DTLS role kept.
 *
 * Returns: (transfer full) (nullable): the text, %NULL before ::local-description-set
 */
char *
confab_peer_connection_get_local_sdp (ConfabPeerConnection *self)
{
  g_return_val_if_fail (CONFAB_IS_PEER_CONNECTION (self), NULL);

  return IFACE (self)->get_local_sdp (self);
}

/**
 * confab_peer_connection_add_candidate:
 * @self: a connection with a remote description in force
 * @candidate: a stranger's `candidate:…`; empty is the end of candidates. What cannot be used is ignored
 * @sdp_mid: (nullable): its m-section; %NULL or empty: go by the index
 * @sdp_mline_index: the m-section's index, or -1 when not known
 */
void
confab_peer_connection_add_candidate (ConfabPeerConnection *self,
                                      const char *candidate,
                                      const char *sdp_mid,
                                      int sdp_mline_index)
{
  g_return_if_fail (CONFAB_IS_PEER_CONNECTION (self));
  g_return_if_fail (candidate != NULL);

  IFACE (self)->add_candidate (self, candidate, sdp_mid, sdp_mline_index);
}

/**
 * confab_peer_connection_set_sharing:
 * @self: a connection
 * @sharing: whether the local media's screen is sent, too
 *
 * Each offer after this says so. ::negotiation-needed follows, once there was a first offer and answer, if the other side
 * is still to be told; what changes meanwhile asks for no more than one.
 */
void
confab_peer_connection_set_sharing (ConfabPeerConnection *self, gboolean sharing)
{
  g_return_if_fail (CONFAB_IS_PEER_CONNECTION (self));

  IFACE (self)->set_sharing (self, sharing);
}

/**
 * confab_peer_connection_close:
 * @self: a connection
 *
 * Ends it; may be called twice.
 */
void
confab_peer_connection_close (ConfabPeerConnection *self)
{
  g_return_if_fail (CONFAB_IS_PEER_CONNECTION (self));

  IFACE (self)->close (self);
}

/**
 * confab_peer_connection_get_state:
 * @self: a connection
 *
 * Returns: how ICE and DTLS are
 */
ConfabConnectionState
confab_peer_connection_get_state (ConfabPeerConnection *self)
{
  g_return_val_if_fail (CONFAB_IS_PEER_CONNECTION (self), CONFAB_CONNECTION_STATE_CLOSED);

  return IFACE (self)->get_state (self);
}

/**
 * confab_peer_connection_get_gathering_complete:
 * @self: a connection
 *
 * Returns: whether all local candidates are known
 */
gboolean
confab_peer_connection_get_gathering_complete (ConfabPeerConnection *self)
{
  g_return_val_if_fail (CONFAB_IS_PEER_CONNECTION (self), FALSE);

  return IFACE (self)->get_gathering_complete (self);
}

/**
 * confab_peer_connection_get_last_received_at:
 * @self: a connection
 *
 * Returns: when the last RTP or RTCP packet came, monotonic µs, 0 if none did
 */
gint64
confab_peer_connection_get_last_received_at (ConfabPeerConnection *self)
{
  g_return_val_if_fail (CONFAB_IS_PEER_CONNECTION (self), 0);

  return IFACE (self)->get_last_received_at (self);
}

/**
 * confab_peer_connection_emit_local_description_set:
 * @self: a connection
 * @type: offer or answer
 *
 * For implementations: emits ::local-description-set.
 */
void
confab_peer_connection_emit_local_description_set (ConfabPeerConnection *self, ConfabSdpType type)
{
  g_signal_emit (self, signals[SIGNAL_LOCAL_DESCRIPTION_SET], 0, type);
}

/**
 * confab_peer_connection_emit_remote_description_set:
 * @self: a connection
 * @type: offer or answer
 *
 * For implementations: emits ::remote-description-set.
 */
void
confab_peer_connection_emit_remote_description_set (ConfabPeerConnection *self, ConfabSdpType type)
{
  g_signal_emit (self, signals[SIGNAL_REMOTE_DESCRIPTION_SET], 0, type);
}

/**
 * confab_peer_connection_emit_description_failed:
 * @self: a connection
 * @error: what was wrong
 *
 * For implementations: emits ::description-failed.
 */
void
confab_peer_connection_emit_description_failed (ConfabPeerConnection *self, const GError *error)
{
  g_signal_emit (self, signals[SIGNAL_DESCRIPTION_FAILED], 0, error);
}

/**
 * confab_peer_connection_emit_local_candidate:
 * @self: a connection
 * @candidate: `candidate:…`, never empty
 * @sdp_mid: its m-section
 * @sdp_mline_index: the m-section's index
 *
 * For implementations: emits ::local-candidate.
 */
void
confab_peer_connection_emit_local_candidate (ConfabPeerConnection *self,
                                             const char *candidate,
                                             const char *sdp_mid,
                                             int sdp_mline_index)
{
  g_signal_emit (self, signals[SIGNAL_LOCAL_CANDIDATE], 0, candidate, sdp_mid, sdp_mline_index);
}

/**
 * confab_peer_connection_emit_track_added:
 * @self: a connection
 * @track: what came in
 *
 * For implementations: emits ::track-added.
 */
void
confab_peer_connection_emit_track_added (ConfabPeerConnection *self, ConfabRemoteTrack *track)
{
  g_signal_emit (self, signals[SIGNAL_TRACK_ADDED], 0, track);
}

/**
 * confab_peer_connection_emit_negotiation_needed:
 * @self: a connection
 *
 * For implementations: emits ::negotiation-needed.
 */
void
confab_peer_connection_emit_negotiation_needed (ConfabPeerConnection *self)
{
  g_signal_emit (self, signals[SIGNAL_NEGOTIATION_NEEDED], 0);
}
