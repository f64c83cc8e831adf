/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "confab-call-event.h"
#include "confab-clock.h"
#include "confab-peer-connection.h"
#include "confab-remote-streams.h"
#include "confab-stream.h"

G_BEGIN_DECLS

/* protocol/mesh-calls.md section 6. Local media is open before, so there is no wait for it. */
typedef enum {
  CONFAB_PEER_CALL_FLEDGLING,
  CONFAB_PEER_CALL_CREATE_OFFER,
  CONFAB_PEER_CALL_INVITE_SENT,
  CONFAB_PEER_CALL_RINGING,
  CONFAB_PEER_CALL_CREATE_ANSWER,
  CONFAB_PEER_CALL_CONNECTING,
  CONFAB_PEER_CALL_CONNECTED,
  CONFAB_PEER_CALL_ENDED,
} ConfabPeerCallState;
#define CONFAB_TYPE_PEER_CALL_STATE (confab_peer_call_state_get_type ())
GType confab_peer_call_state_get_type (void);

/**
 * ConfabPeerCall:
 *
 * One connection attempt with one remote device. Its `state` notifies; what it has to say comes as
 * ConfabPeerCall::send (#ConfabCallEvent without envelope), and the carrier answers each with
 * confab_peer_call_sent().
 */
#define CONFAB_TYPE_PEER_CALL (confab_peer_call_get_type ())
G_DECLARE_FINAL_TYPE (ConfabPeerCall, confab_peer_call, CONFAB, PEER_CALL, GObject)

ConfabPeerCall *confab_peer_call_new (const char *call_id,
                                      ConfabClock *clock,
                                      ConfabPeerConnection *connection,
                                      ConfabStream *local_stream) G_GNUC_WARN_UNUSED_RESULT;
void confab_peer_call_set_streams (ConfabPeerCall *self, ConfabRemoteStreams *streams);
void confab_peer_call_place (ConfabPeerCall *self);
void confab_peer_call_handle_event (ConfabPeerCall *self, ConfabCallEvent *message);
void confab_peer_call_accept (ConfabPeerCall *self);
void confab_peer_call_hang_up (ConfabPeerCall *self, const char *reason);
void confab_peer_call_close (ConfabPeerCall *self);
void confab_peer_call_send_metadata (ConfabPeerCall *self);
void confab_peer_call_set_screen (ConfabPeerCall *self, ConfabStream *screen);
void confab_peer_call_sent (ConfabPeerCall *self, ConfabCallEvent *message, const GError *error);
const char *confab_peer_call_get_id (ConfabPeerCall *self);
ConfabPeerCallState confab_peer_call_get_state (ConfabPeerCall *self);
const char *confab_peer_call_get_reason (ConfabPeerCall *self);
gboolean confab_peer_call_get_inbound (ConfabPeerCall *self);
gboolean confab_peer_call_get_restart_offered (ConfabPeerCall *self);
gboolean confab_peer_call_get_hangup_known (ConfabPeerCall *self);
GListModel *confab_peer_call_get_streams (ConfabPeerCall *self);
ConfabPeerConnection *confab_peer_call_get_connection (ConfabPeerCall *self);

G_END_DECLS
