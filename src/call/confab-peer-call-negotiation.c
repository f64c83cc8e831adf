/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-peer-call-private.h"

#include "confab-log.h"

/* What changes during a call: metadata, and negotiation after the first exchange. */

void
confab_peer_call_take_metadata (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  confab_remote_streams_set_metadata (self->streams, event->message->metadata);
}

void
confab_peer_call_announce_metadata (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  g_autoptr (ConfabCallEvent) message = NULL;

  message = confab_call_event_new (CONFAB_CALL_EVENT_METADATA_CHANGED, self->id);
  message->metadata = confab_peer_call_local_metadata (self);
  confab_peer_call_emit_send (self, message);
}

/* An offer that comes while hydrogen still applies the answer is taken for a collision, and dropped. */
void
confab_peer_call_negotiate_later (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  self->needs_offer = TRUE;
}

void
confab_peer_call_negotiate (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  confab_negotiation_handle (self->negotiation, CONFAB_NEGOTIATION_NEEDED, NULL);
}

void
confab_peer_call_local_set_again (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  confab_negotiation_handle (self->negotiation, CONFAB_NEGOTIATION_LOCAL_SET, NULL);
}

void
confab_peer_call_remote_set_again (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  if (!self->remote_set)
    confab_peer_call_remote_description_in_force (self);
  confab_negotiation_handle (self->negotiation, CONFAB_NEGOTIATION_REMOTE_SET, NULL);
}

void
confab_peer_call_negotiation_failed (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  confab_call_info (self->id, "negotiation failed: %s", event->reason);
  confab_negotiation_handle (self->negotiation, CONFAB_NEGOTIATION_FAILED, NULL);
}

/*
 * js-sdk offers what it shares in the moment in which it has answered, and webrtcbin's DTLS does not survive an offer
 * that is applied while it shakes hands: the connection failed, each time anew. What the offer says of streams counts now.
 */
void
confab_peer_call_hold_offer (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  confab_peer_call_describe (self, event->message);
  g_clear_pointer (&self->held_offer, confab_call_event_unref);
  self->held_offer = confab_call_event_new (event->message->type, event->message->call_id);
  self->held_offer->sdp_type = event->message->sdp_type;
  self->held_offer->sdp = g_strdup (event->message->sdp);
}

void
confab_peer_call_take_offer (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  confab_negotiation_handle (self->negotiation, CONFAB_NEGOTIATION_OFFERED, event->message);
}

void
confab_peer_call_take_negotiate_answer (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  confab_negotiation_handle (self->negotiation, CONFAB_NEGOTIATION_ANSWERED, event->message);
}

static void
negotiation_send (ConfabSdpType type, gpointer data)
{
  ConfabPeerCall *self = data;
  g_autoptr (ConfabCallEvent) message = confab_peer_call_new_description (self,
                                                               CONFAB_CALL_EVENT_NEGOTIATE,
                                                               type);

  if (message != NULL)
    confab_peer_call_emit_send (self, message);
}

static void
negotiation_apply (ConfabSdpType type, ConfabCallEvent *message, gpointer data)
{
  confab_peer_call_apply_remote (data, type, message, message->sdp);
}

static void
negotiation_describe (ConfabCallEvent *message, gpointer data)
{
  confab_peer_call_describe (data, message);
}

const ConfabNegotiationFuncs confab_peer_call_negotiation_funcs = {
  .send = negotiation_send,
  .apply = negotiation_apply,
  .describe = negotiation_describe,
};
