/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-peer-call-private.h"

#include <string.h>

/* The way into a call, from the first offer to its answer, and what each description carries. */

#define INVITE_LIFETIME_MS 60000

/* Descriptions. */

static void
add_stream (ConfabStreamMetadata *metadata, ConfabStream *stream)
{
  confab_stream_metadata_add (metadata,
                              confab_stream_get_id (stream),
                              confab_stream_get_purpose (stream),
                              confab_stream_get_audio_off (stream),
                              confab_stream_get_video_off (stream));
}

/*
 * The streams of the last description, no more and no less: js-sdk loses one that comes without metadata, and what is
 * shared meanwhile, or not any more, follows with the next description.
 */
ConfabStreamMetadata *
confab_peer_call_local_metadata (ConfabPeerCall *self)
{
  ConfabStreamMetadata *metadata = confab_stream_metadata_new ();

  add_stream (metadata, self->local_stream);
  if (self->has_described)
    add_stream (metadata, self->screen);
  return metadata;
}

/* A screen that is not shared any more may still be in a description that was made before. */
static void
note_described (ConfabPeerCall *self, const char *sdp)
{
  g_autofree char *line = NULL;

  if (self->screen == NULL)
    return;
  line = g_strdup_printf ("a=msid:%s ", confab_stream_get_id (self->screen));
  self->has_described = strstr (sdp, line) != NULL;
}

/* Returns: (transfer full) (nullable): the local description, for the peer; %NULL when the connection has none */
ConfabCallEvent *
confab_peer_call_new_description (ConfabPeerCall *self,
                                  ConfabCallEventType type,
                                  ConfabSdpType sdp_type)
{
  g_autoptr (ConfabCallEvent) message = confab_call_event_new (type, self->id);

  message->sdp_type = sdp_type;
  message->lifetime_ms = type == CONFAB_CALL_EVENT_NEGOTIATE ? CONFAB_NEGOTIATION_LIFETIME_MS
                                                             : INVITE_LIFETIME_MS;
  message->sdp = confab_peer_connection_get_local_sdp (self->connection);
  if (message->sdp == NULL)
    return NULL;
  note_described (self, message->sdp);
  message->metadata = confab_peer_call_local_metadata (self);
  confab_candidate_batch_drop_those_in (self->local_candidates, message->sdp);
  return g_steal_pointer (&message);
}

/* Returns: (transfer full) (nullable): the first fragment in @sdp: another one restarts ICE */
char *
confab_peer_call_find_ufrag (const char *sdp)
{
  const char *line = strstr (sdp, "a=ice-ufrag:");

  return line != NULL ? g_strndup (line + 12, strcspn (line + 12, "\r\n")) : NULL;
}

void
confab_peer_call_describe (ConfabPeerCall *self, ConfabCallEvent *message)
{
  if (message->metadata != NULL)
    confab_remote_streams_set_metadata (self->streams, message->metadata);
}

void
confab_peer_call_apply_remote (ConfabPeerCall *self,
                               ConfabSdpType type,
                               ConfabCallEvent *message,
                               const char *sdp)
{
  confab_peer_call_describe (self, message);
  if (self->remote_ufrag == NULL)
    self->remote_ufrag = confab_peer_call_find_ufrag (sdp);
  confab_peer_connection_set_remote_description (self->connection, type, sdp);
}

/* Side effects of the table's rows. */

void
confab_peer_call_create_offer (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  confab_peer_connection_create_offer (self->connection);
}

void
confab_peer_call_send_invite (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  g_autoptr (ConfabCallEvent) message = confab_peer_call_new_description (self,
                                                               CONFAB_CALL_EVENT_INVITE,
                                                               CONFAB_SDP_TYPE_OFFER);

  if (message == NULL) {
    confab_peer_call_push (self, CONFAB_PEER_CALL_EVENT_INVITE_FAILED, NULL, NULL);
    return;
  }
  self->invite_out = TRUE;
  confab_peer_call_emit_send (self, message);
  confab_peer_call_arm_candidates (self);
}

static void
lifetime_cb (gpointer data)
{
  ConfabPeerCall *self = data;

  self->lifetime_timer = 0;
  confab_peer_call_push (self, CONFAB_PEER_CALL_EVENT_LIFETIME_OVER, NULL, NULL);
}

void
confab_peer_call_start_lifetime (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  self->lifetime_timer = confab_clock_add_timeout (self->clock,
                                                   INVITE_LIFETIME_MS,
                                                   lifetime_cb,
                                                   self);
}

void
confab_peer_call_apply_invite (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  self->inbound = TRUE;
  self->lifetime_ms = event->message->lifetime_ms;
  confab_negotiation_set_polite (self->negotiation, TRUE);
  confab_peer_call_apply_remote (self, CONFAB_SDP_TYPE_OFFER, event->message, event->message->sdp);
}

void
confab_peer_call_start_ringing (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  confab_peer_call_remote_description_in_force (self);
  self->lifetime_timer = confab_clock_add_timeout (self->clock,
                                                   self->lifetime_ms,
                                                   lifetime_cb,
                                                   self);
}

void
confab_peer_call_create_answer (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  confab_clock_clear (self->clock, &self->lifetime_timer);
  confab_peer_connection_create_answer (self->connection);
}

static void
enter_connecting (ConfabPeerCall *self)
{
  confab_clock_clear (self->clock, &self->lifetime_timer);
  confab_peer_call_arm_ice_timer (self);
  if (confab_peer_connection_get_state (self->connection) == CONFAB_CONNECTION_STATE_CONNECTED)
    confab_peer_call_push (self, CONFAB_PEER_CALL_EVENT_ICE_CONNECTED, NULL, NULL);
}

void
confab_peer_call_send_answer (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  g_autoptr (ConfabCallEvent) message = confab_peer_call_new_description (self,
                                                               CONFAB_CALL_EVENT_ANSWER,
                                                               CONFAB_SDP_TYPE_ANSWER);

  if (message == NULL) {
    confab_peer_call_push (self, CONFAB_PEER_CALL_EVENT_ANSWER_FAILED, NULL, NULL);
    return;
  }
  confab_peer_call_emit_send (self, message);
  confab_peer_call_arm_candidates (self);
  enter_connecting (self);
}

/* hydrogen may call its answer an offer, with the role left open (interop-facts.md, surprise 3). */
void
confab_peer_call_apply_answer (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  g_auto (GStrv) parts = g_strsplit (event->message->sdp, "a=setup:actpass", -1);
  g_autofree char *sdp = g_strjoinv ("a=setup:active", parts);

  confab_negotiation_handle (self->negotiation, CONFAB_NEGOTIATION_FIRST_ANSWER, NULL);
  confab_peer_call_apply_remote (self,
                                 CONFAB_SDP_TYPE_ANSWER,
                                 event->message,
                                 event->message->sdp_type == CONFAB_SDP_TYPE_OFFER
                                   ? sdp
                                   : event->message->sdp);
  enter_connecting (self);
}
