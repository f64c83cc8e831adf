/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-candidate-batch.h"
#include "confab-negotiation.h"
#include "confab-peer-call.h"
#include "confab-resend-queue.h"

G_BEGIN_DECLS

/* What happens to a call; confab-peer-call-table.c has what comes of it. */
typedef enum {
  CONFAB_PEER_CALL_EVENT_PLACE,
  CONFAB_PEER_CALL_EVENT_INVITED,
  CONFAB_PEER_CALL_EVENT_ACCEPT,
  CONFAB_PEER_CALL_EVENT_HANG_UP,
  CONFAB_PEER_CALL_EVENT_CLOSE,
  CONFAB_PEER_CALL_EVENT_LOCAL_SET,
  CONFAB_PEER_CALL_EVENT_REMOTE_SET,
  CONFAB_PEER_CALL_EVENT_SDP_FAILED,
  CONFAB_PEER_CALL_EVENT_GATHERED,
  CONFAB_PEER_CALL_EVENT_ANSWERED,
  CONFAB_PEER_CALL_EVENT_REMOTE_HANGUP,
  CONFAB_PEER_CALL_EVENT_REJECTED,
  CONFAB_PEER_CALL_EVENT_CANDIDATES,
  CONFAB_PEER_CALL_EVENT_METADATA,
  CONFAB_PEER_CALL_EVENT_OFFERED, /* by negotiate */
  CONFAB_PEER_CALL_EVENT_NEGOTIATED,
  CONFAB_PEER_CALL_EVENT_NEGOTIATION_NEEDED,
  CONFAB_PEER_CALL_EVENT_LIFETIME_OVER,
  CONFAB_PEER_CALL_EVENT_INVITE_TAKEN,
  CONFAB_PEER_CALL_EVENT_INVITE_FAILED,
  CONFAB_PEER_CALL_EVENT_ANSWER_FAILED,
  CONFAB_PEER_CALL_EVENT_SIGNALLING_FAILED,
  CONFAB_PEER_CALL_EVENT_ICE_CONNECTED,
  CONFAB_PEER_CALL_EVENT_ICE_DISCONNECTED,
  CONFAB_PEER_CALL_EVENT_ICE_FAILED,
  CONFAB_PEER_CALL_EVENT_SEND_METADATA,
  CONFAB_PEER_CALL_N_EVENTS,
} ConfabPeerCallEventId;

typedef struct {
  ConfabPeerCallEventId id;
  ConfabCallEvent *message; /* (nullable) */
  char *reason;             /* (nullable) */
} ConfabPeerCallEvent;

struct _ConfabPeerCall {
  GObject parent_instance;

  char *id;
  ConfabClock *clock;
  ConfabPeerConnection *connection;
  ConfabStream *local_stream;
  ConfabStream *screen;        /* (nullable): the one that was shared last */
  gboolean sharing;            /* it still is */
  gboolean has_described;      /* the last own description has it */
  gboolean needs_offer;        /* once it is connected for the first time */
  ConfabCallEvent *held_offer; /* (nullable): the peer's, until then; without metadata */
  gboolean was_connected;
  ConfabRemoteStreams *streams;
  ConfabPeerCallState state;
  gboolean inbound;
  gboolean invite_out;
  gboolean hangup_known; /* one of both sides has said that it is over */
  gboolean restart_offered;
  gboolean closed;
  char *reason;
  GQueue events; /* ConfabPeerCallEvent */
  gboolean running;
  gint64 lifetime_ms;
  guint gather_timer;
  guint lifetime_timer;
  guint ice_timer;
  ConfabCandidateBatch *local_candidates;
  gboolean has_candidates;
  gboolean remote_set;
  GPtrArray *early; /* ConfabCallEvent: candidates from before the remote description */
  guint n_early;
  char *remote_ufrag;
  ConfabNegotiation *negotiation;
  ConfabResendQueue *resends;
};

/* confab-peer-call.c */
void confab_peer_call_emit_send (ConfabPeerCall *self, ConfabCallEvent *message);
void confab_peer_call_shut_down (ConfabPeerCall *self);

/* confab-peer-call-table.c */
void confab_peer_call_push (ConfabPeerCall *self,
                            ConfabPeerCallEventId id,
                            ConfabCallEvent *message,
                            const char *reason);
void confab_peer_call_event_free (gpointer data);

/* confab-peer-call-setup.c */
ConfabStreamMetadata *
confab_peer_call_local_metadata (ConfabPeerCall *self) G_GNUC_WARN_UNUSED_RESULT;
ConfabCallEvent *
confab_peer_call_new_description (ConfabPeerCall *self,
                                  ConfabCallEventType type,
                                  ConfabSdpType sdp_type) G_GNUC_WARN_UNUSED_RESULT;
char *confab_peer_call_find_ufrag (const char *sdp) G_GNUC_WARN_UNUSED_RESULT;
void confab_peer_call_describe (ConfabPeerCall *self, ConfabCallEvent *message);
void confab_peer_call_apply_remote (ConfabPeerCall *self,
                                    ConfabSdpType type,
                                    ConfabCallEvent *message,
                                    const char *sdp);
void confab_peer_call_create_offer (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_send_invite (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_start_lifetime (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_apply_invite (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_start_ringing (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_create_answer (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_send_answer (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_apply_answer (ConfabPeerCall *self, const ConfabPeerCallEvent *event);

/* confab-peer-call-ice.c */
void confab_peer_call_arm_ice_timer (ConfabPeerCall *self);
void confab_peer_call_wait_for_candidates (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_found_candidate (ConfabPeerCall *self);
void confab_peer_call_remote_description_in_force (ConfabPeerCall *self);
void confab_peer_call_take_candidates (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_ice_connected (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_ice_disconnected (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
gboolean confab_peer_call_may_send_candidates (ConfabPeerCall *self);
void confab_peer_call_arm_candidates (ConfabPeerCall *self);

/* confab-peer-call-negotiation.c */
extern const ConfabNegotiationFuncs confab_peer_call_negotiation_funcs;
void confab_peer_call_take_metadata (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_announce_metadata (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_negotiate_later (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_negotiate (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_local_set_again (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_remote_set_again (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_negotiation_failed (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_hold_offer (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_take_offer (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void
confab_peer_call_take_negotiate_answer (ConfabPeerCall *self, const ConfabPeerCallEvent *event);

/* confab-peer-call-ending.c */
void confab_peer_call_end_hang_up (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_end_close (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_end_remote (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_end_offer_failed (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_end_invite_failed (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_end_answer_failed (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_end_remote_failed (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void
confab_peer_call_end_create_answer_failed (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_end_invite_timeout (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_end_ringing_over (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_end_ice_failed (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_end_ice_restart (ConfabPeerCall *self, const ConfabPeerCallEvent *event);
void confab_peer_call_end_signalling (ConfabPeerCall *self, const ConfabPeerCallEvent *event);

G_END_DECLS
