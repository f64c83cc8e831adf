/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-peer-call-private.h"

/* ICE: candidates both ways, and how long a call waits for its connection. */

#define GATHER_WAIT_MS 200
#define GATHER_SETTLE_MS 10
/* MSC2746 has 2 s for a caller and 0.5 s for a callee, to spare the room. To a device alone nobody else is sent anything,
 * and who needs TURN waits for this. */
#define BATCH_MS 200
#define CONNECT_MS 30000 /* the first time, and again when the connection was lost: rows 24 to 26 */
#define MAX_EARLY_CANDIDATES 500

static void
gather_cb (gpointer data)
{
  ConfabPeerCall *self = data;

  self->gather_timer = 0;
  confab_peer_call_push (self, CONFAB_PEER_CALL_EVENT_GATHERED, NULL, NULL);
}

static void
ice_cb (gpointer data)
{
  ConfabPeerCall *self = data;

  self->ice_timer = 0;
  confab_peer_call_push (self, CONFAB_PEER_CALL_EVENT_ICE_FAILED, NULL, NULL);
}

void
confab_peer_call_arm_ice_timer (ConfabPeerCall *self)
{
  if (self->ice_timer == 0)
    self->ice_timer = confab_clock_add_timeout (self->clock, CONNECT_MS, ice_cb, self);
}

/*
 * The candidates of the machine itself come at once and all together; a TURN server that does not answer would hold up
 * those who need none. What it says follows.
 */
void
confab_peer_call_wait_for_candidates (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  guint wait_ms = GATHER_WAIT_MS;

  if (confab_peer_connection_get_gathering_complete (self->connection))
    wait_ms = 0;
  else if (self->has_candidates)
    wait_ms = GATHER_SETTLE_MS;
  if (self->gather_timer == 0)
    self->gather_timer = confab_clock_add_timeout (self->clock, wait_ms, gather_cb, self);
}

/* The first of its candidates: the others of its kind are not far. */
void
confab_peer_call_found_candidate (ConfabPeerCall *self)
{
  if (self->has_candidates)
    return;

  self->has_candidates = TRUE;
  if (self->gather_timer == 0)
    return;
  confab_clock_clear (self->clock, &self->gather_timer);
  confab_peer_call_wait_for_candidates (self, NULL);
}

static void
add_candidates (ConfabPeerCall *self, ConfabCallEvent *message)
{
  for (guint i = 0; message->candidates != NULL && i < message->candidates->len; i++) {
    const ConfabIceCandidate *candidate = message->candidates->pdata[i];
    confab_peer_connection_add_candidate (self->connection,
                                          candidate->candidate,
                                          candidate->sdp_mid,
                                          candidate->sdp_mline_index);
  }
}

/* Candidates that came before wait for this. */
void
confab_peer_call_remote_description_in_force (ConfabPeerCall *self)
{
  self->remote_set = TRUE;
  for (guint i = 0; i < self->early->len; i++)
    add_candidates (self, self->early->pdata[i]);
  g_ptr_array_set_size (self->early, 0);
}

void
confab_peer_call_take_candidates (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  guint n = event->message->candidates != NULL ? event->message->candidates->len : 0;

  if (self->remote_set) {
    add_candidates (self, event->message);
  } else if (n > 0 && self->n_early + n <= MAX_EARLY_CANDIDATES) {
    self->n_early += n;
    g_ptr_array_add (self->early, confab_call_event_ref (event->message));
  }
}

void
confab_peer_call_ice_connected (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  g_autoptr (ConfabCallEvent) offer = g_steal_pointer (&self->held_offer);

  confab_clock_clear (self->clock, &self->ice_timer);
  self->was_connected = TRUE;
  if (offer != NULL)
    confab_peer_call_push (self, CONFAB_PEER_CALL_EVENT_OFFERED, offer, NULL);
  if (self->needs_offer)
    confab_peer_call_push (self, CONFAB_PEER_CALL_EVENT_NEGOTIATION_NEEDED, NULL, NULL);
  self->needs_offer = FALSE;
}

void
confab_peer_call_ice_disconnected (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  confab_peer_call_arm_ice_timer (self);
}

gboolean
confab_peer_call_may_send_candidates (ConfabPeerCall *self)
{
  return self->state == CONFAB_PEER_CALL_INVITE_SENT ||
         self->state == CONFAB_PEER_CALL_CONNECTING || self->state == CONFAB_PEER_CALL_CONNECTED;
}

void
confab_peer_call_arm_candidates (ConfabPeerCall *self)
{
  confab_candidate_batch_arm (self->local_candidates, BATCH_MS);
}
