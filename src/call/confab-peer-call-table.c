/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-peer-call-private.h"

#include "confab-call-rows.h"
#include "confab-log.h"

#include <string.h>

/* The table of ConfabPeerCall: what comes of each event, and the side effects. */

#define INVITE_LIFETIME_MS 60000
#define GATHER_WAIT_MS 200
#define GATHER_SETTLE_MS 10
/* MSC2746 has 2 s for a caller and 0.5 s for a callee, to spare the room. To a device alone nobody else is sent anything,
 * and who needs TURN waits for this. */
#define BATCH_MS 200
#define DISCONNECTED_MS 30000
#define MAX_EARLY_CANDIDATES 500

typedef ConfabPeerCallEvent Event;

static const char *const event_names[CONFAB_PEER_CALL_N_EVENTS] = {
  "place",
  "invited",
  "accept",
  "hang-up",
  "close",
  "local-set",
  "remote-set",
  "sdp-failed",
  "gathered",
  "answered",
  "remote-hangup",
  "rejected",
  "candidates",
  "metadata",
  "offered",
  "negotiated",
  "negotiation-needed",
  "lifetime-over",
  "invite-taken",
  "invite-failed",
  "answer-failed",
  "signalling-failed",
  "ice-connected",
  "ice-disconnected",
  "ice-failed",
  "send-metadata",
};

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
static ConfabStreamMetadata *
local_metadata (ConfabPeerCall *self)
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

static void
send_hangup (ConfabPeerCall *self, const char *reason)
{
  g_autoptr (ConfabCallEvent) message = confab_call_event_new (CONFAB_CALL_EVENT_HANGUP, self->id);

  message->reason = g_strdup (reason);
  self->hangup_known = TRUE;
  confab_peer_call_emit_send (self, message);
}

/* Timers. */

static void
gather_cb (gpointer data)
{
  ConfabPeerCall *self = data;

  self->gather_timer = 0;
  confab_peer_call_push (self, CONFAB_PEER_CALL_EVENT_GATHERED, NULL, NULL);
}

static void
lifetime_cb (gpointer data)
{
  ConfabPeerCall *self = data;

  self->lifetime_timer = 0;
  confab_peer_call_push (self, CONFAB_PEER_CALL_EVENT_LIFETIME_OVER, NULL, NULL);
}

static void
ice_cb (gpointer data)
{
  ConfabPeerCall *self = data;

  self->ice_timer = 0;
  confab_peer_call_push (self, CONFAB_PEER_CALL_EVENT_ICE_FAILED, NULL, NULL);
}

static void
arm_ice_timer (ConfabPeerCall *self)
{
  if (self->ice_timer == 0)
    self->ice_timer = confab_clock_add_timeout (self->clock, DISCONNECTED_MS, ice_cb, self);
}

/* Side effects of the table's rows: the way in. */

static void
create_offer (ConfabPeerCall *self, const Event *event)
{
  confab_peer_connection_create_offer (self->connection);
}

/*
 * The candidates of the machine itself come at once and all together; a TURN server that does not answer would hold up
 * those who need none. What it says follows.
 */
static void
wait_for_candidates (ConfabPeerCall *self, const Event *event)
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
  wait_for_candidates (self, NULL);
}

static ConfabCallEvent *
new_description (ConfabPeerCall *self, ConfabCallEventType type, ConfabSdpType sdp_type)
{
  g_autoptr (ConfabCallEvent) message = confab_call_event_new (type, self->id);

  message->sdp_type = sdp_type;
  message->lifetime_ms = type == CONFAB_CALL_EVENT_NEGOTIATE ? CONFAB_NEGOTIATION_LIFETIME_MS
                                                             : INVITE_LIFETIME_MS;
  message->sdp = confab_peer_connection_get_local_sdp (self->connection);
  if (message->sdp == NULL)
    return NULL;
  note_described (self, message->sdp);
  message->metadata = local_metadata (self);
  confab_candidate_batch_drop_those_in (self->local_candidates, message->sdp);
  return g_steal_pointer (&message);
}

static void
send_invite (ConfabPeerCall *self, const Event *event)
{
  g_autoptr (ConfabCallEvent) message = new_description (self,
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
start_lifetime (ConfabPeerCall *self, const Event *event)
{
  self->lifetime_timer = confab_clock_add_timeout (self->clock,
                                                   INVITE_LIFETIME_MS,
                                                   lifetime_cb,
                                                   self);
}

static void
enter_connecting (ConfabPeerCall *self)
{
  confab_clock_clear (self->clock, &self->lifetime_timer);
  arm_ice_timer (self);
  if (confab_peer_connection_get_state (self->connection) == CONFAB_CONNECTION_STATE_CONNECTED)
    confab_peer_call_push (self, CONFAB_PEER_CALL_EVENT_ICE_CONNECTED, NULL, NULL);
}

static void
send_answer (ConfabPeerCall *self, const Event *event)
{
  g_autoptr (ConfabCallEvent) message = new_description (self,
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

static char *
find_ufrag (const char *sdp)
{
  const char *line = strstr (sdp, "a=ice-ufrag:");

  return line != NULL ? g_strndup (line + 12, strcspn (line + 12, "\r\n")) : NULL;
}

static void
describe (ConfabPeerCall *self, ConfabCallEvent *message)
{
  if (message->metadata != NULL)
    confab_remote_streams_set_metadata (self->streams, message->metadata);
}

static void
apply_remote (ConfabPeerCall *self, ConfabSdpType type, ConfabCallEvent *message, const char *sdp)
{
  describe (self, message);
  if (self->remote_ufrag == NULL)
    self->remote_ufrag = find_ufrag (sdp);
  confab_peer_connection_set_remote_description (self->connection, type, sdp);
}

static void
apply_invite (ConfabPeerCall *self, const Event *event)
{
  self->inbound = TRUE;
  self->lifetime_ms = event->message->lifetime_ms;
  confab_negotiation_set_polite (self->negotiation, TRUE);
  apply_remote (self, CONFAB_SDP_TYPE_OFFER, event->message, event->message->sdp);
}

/* Candidates that came before wait for this. */
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

static void
remote_description_in_force (ConfabPeerCall *self)
{
  self->remote_set = TRUE;
  for (guint i = 0; i < self->early->len; i++)
    add_candidates (self, self->early->pdata[i]);
  g_ptr_array_set_size (self->early, 0);
}

static void
start_ringing (ConfabPeerCall *self, const Event *event)
{
  remote_description_in_force (self);
  self->lifetime_timer = confab_clock_add_timeout (self->clock,
                                                   self->lifetime_ms,
                                                   lifetime_cb,
                                                   self);
}

static void
create_answer (ConfabPeerCall *self, const Event *event)
{
  confab_clock_clear (self->clock, &self->lifetime_timer);
  confab_peer_connection_create_answer (self->connection);
}

/* hydrogen may call its answer an offer, with the role left open (interop-facts.md, surprise 3). */
static void
apply_answer (ConfabPeerCall *self, const Event *event)
{
  g_auto (GStrv) parts = g_strsplit (event->message->sdp, "a=setup:actpass", -1);
  g_autofree char *sdp = g_strjoinv ("a=setup:active", parts);

  confab_negotiation_handle (self->negotiation, CONFAB_NEGOTIATION_FIRST_ANSWER, NULL);
  apply_remote (self,
                CONFAB_SDP_TYPE_ANSWER,
                event->message,
                event->message->sdp_type == CONFAB_SDP_TYPE_OFFER ? sdp : event->message->sdp);
  enter_connecting (self);
}

/* The way out. */

/* A peer that was never told of the call need not be told of its end. */
static void
end_with (ConfabPeerCall *self, const char *reason, gboolean tell)
{
  g_set_str (&self->reason, reason);
  if (!self->inbound && !self->invite_out)
    self->hangup_known = TRUE;
  else if (tell)
    send_hangup (self, reason);
}

static void
end_hang_up (ConfabPeerCall *self, const Event *event)
{
  end_with (self, event->reason, TRUE);
}

static void
end_close (ConfabPeerCall *self, const Event *event)
{
  end_with (self, "closed", FALSE);
}

static void
end_remote (ConfabPeerCall *self, const Event *event)
{
  self->hangup_known = TRUE;
  end_with (self, event->message->reason != NULL ? event->message->reason : "user_hangup", FALSE);
}

static void
end_offer_failed (ConfabPeerCall *self, const Event *event)
{
  end_with (self, "create_offer", FALSE);
}

static void
end_invite_failed (ConfabPeerCall *self, const Event *event)
{
  end_with (self, "send_invite", FALSE);
}

static void
end_answer_failed (ConfabPeerCall *self, const Event *event)
{
  end_with (self, "send_answer", FALSE);
}

static void
end_remote_failed (ConfabPeerCall *self, const Event *event)
{
  end_with (self, "set_remote_description", TRUE);
}

static void
end_create_answer_failed (ConfabPeerCall *self, const Event *event)
{
  end_with (self, "create_answer", TRUE);
}

static void
end_invite_timeout (ConfabPeerCall *self, const Event *event)
{
  end_with (self, "invite_timeout", TRUE);
}

static void
end_ringing_over (ConfabPeerCall *self, const Event *event)
{
  end_with (self, "invite_timeout", FALSE);
}

static void
end_ice_failed (ConfabPeerCall *self, const Event *event)
{
  end_with (self, "ice_failed", TRUE);
}

static void
end_signalling (ConfabPeerCall *self, const Event *event)
{
  end_with (self, "signalling_timeout", TRUE);
}

/* During the call. */

static void
take_candidates (ConfabPeerCall *self, const Event *event)
{
  guint n = event->message->candidates != NULL ? event->message->candidates->len : 0;

  if (self->remote_set) {
    add_candidates (self, event->message);
  } else if (self->n_early + n <= MAX_EARLY_CANDIDATES) {
    self->n_early += n;
    g_ptr_array_add (self->early, confab_call_event_ref (event->message));
  }
}

static void
take_metadata (ConfabPeerCall *self, const Event *event)
{
  confab_remote_streams_set_metadata (self->streams, event->message->metadata);
}

static void
send_metadata (ConfabPeerCall *self, const Event *event)
{
  g_autoptr (ConfabCallEvent) message = NULL;

  message = confab_call_event_new (CONFAB_CALL_EVENT_METADATA_CHANGED, self->id);
  message->metadata = local_metadata (self);
  confab_peer_call_emit_send (self, message);
}

static void
ice_connected (ConfabPeerCall *self, const Event *event)
{
  confab_clock_clear (self->clock, &self->ice_timer);
  self->was_connected = TRUE;
  if (self->needs_offer)
    confab_peer_call_push (self, CONFAB_PEER_CALL_EVENT_NEGOTIATION_NEEDED, NULL, NULL);
  self->needs_offer = FALSE;
}

static void
ice_disconnected (ConfabPeerCall *self, const Event *event)
{
  arm_ice_timer (self);
}

/* Negotiation after the first exchange. */

/* An offer that comes while hydrogen still applies the answer is taken for a collision, and dropped. */
static void
negotiate_later (ConfabPeerCall *self, const Event *event)
{
  self->needs_offer = TRUE;
}

static void
negotiate (ConfabPeerCall *self, const Event *event)
{
  confab_negotiation_handle (self->negotiation, CONFAB_NEGOTIATION_NEEDED, NULL);
}

static void
local_set_again (ConfabPeerCall *self, const Event *event)
{
  confab_negotiation_handle (self->negotiation, CONFAB_NEGOTIATION_LOCAL_SET, NULL);
}

static void
remote_set_again (ConfabPeerCall *self, const Event *event)
{
  if (!self->remote_set)
    remote_description_in_force (self);
  confab_negotiation_handle (self->negotiation, CONFAB_NEGOTIATION_REMOTE_SET, NULL);
}

static void
negotiation_failed (ConfabPeerCall *self, const Event *event)
{
  confab_call_info (self->id, "negotiation failed: %s", event->reason);
  confab_negotiation_handle (self->negotiation, CONFAB_NEGOTIATION_FAILED, NULL);
}

static void
take_offer (ConfabPeerCall *self, const Event *event)
{
  confab_negotiation_handle (self->negotiation, CONFAB_NEGOTIATION_OFFERED, event->message);
}

static void
take_negotiate_answer (ConfabPeerCall *self, const Event *event)
{
  confab_negotiation_handle (self->negotiation, CONFAB_NEGOTIATION_ANSWERED, event->message);
}

static void
negotiation_send (ConfabSdpType type, gpointer data)
{
  ConfabPeerCall *self = data;
  g_autoptr (ConfabCallEvent) message = new_description (self, CONFAB_CALL_EVENT_NEGOTIATE, type);

  if (message != NULL)
    confab_peer_call_emit_send (self, message);
}

static void
negotiation_apply (ConfabSdpType type, ConfabCallEvent *message, gpointer data)
{
  apply_remote (data, type, message, message->sdp);
}

static void
negotiation_describe (ConfabCallEvent *message, gpointer data)
{
  describe (data, message);
}

const ConfabNegotiationFuncs confab_peer_call_negotiation_funcs = {
  .send = negotiation_send,
  .apply = negotiation_apply,
  .describe = negotiation_describe,
};

/* Guards. */

static gboolean
was_connected (ConfabPeerCall *self, const Event *event)
{
  return self->was_connected;
}

/* webrtcbin cannot restart ICE: the connection is made anew instead. */
static gboolean
is_ice_restart (ConfabPeerCall *self, const Event *event)
{
  g_autofree char *ufrag = find_ufrag (event->message->sdp);

  return self->remote_ufrag != NULL && ufrag != NULL && !g_str_equal (ufrag, self->remote_ufrag);
}

static gboolean
is_first_answer (ConfabPeerCall *self, const Event *event)
{
  return !self->inbound && !self->remote_set;
}

#define IN(s) (1u << CONFAB_PEER_CALL_##s)
#define ON(e) CONFAB_PEER_CALL_EVENT_##e
#define TO(s) CONFAB_PEER_CALL_##s
#define STAY -1
#define LIVE (IN (ENDED) - 1u)
#define ANSWERED (IN (CONNECTING) | IN (CONNECTED))
#define TALKING (IN (INVITE_SENT) | ANSWERED)

/* protocol/mesh-calls.md section 6: one row a legal move, the first that matches wins; anything else is logged
 * and ignored (row 40). The rows of the sheet that it stands for come first. */
static const struct {
  const char *row;
  guint from;
  ConfabPeerCallEventId event;
  gboolean (*guard) (ConfabPeerCall *self, const Event *event);
  int to;
  void (*enter) (ConfabPeerCall *self, const Event *event);
} transitions[] = {
  { "1", IN (FLEDGLING), ON (PLACE), NULL, TO (CREATE_OFFER), create_offer },
  { "4", IN (CREATE_OFFER), ON (LOCAL_SET), NULL, STAY, wait_for_candidates },
  { "5", IN (CREATE_OFFER), ON (GATHERED), NULL, TO (INVITE_SENT), send_invite },
  { "5", IN (INVITE_SENT), ON (INVITE_TAKEN), NULL, STAY, start_lifetime },
  { "6", IN (INVITE_SENT), ON (INVITE_FAILED), NULL, TO (ENDED), end_invite_failed },
  { "7", IN (CREATE_OFFER), ON (SDP_FAILED), NULL, TO (ENDED), end_offer_failed },
  { "8", IN (FLEDGLING), ON (INVITED), NULL, STAY, apply_invite },
  { "9", IN (FLEDGLING), ON (REMOTE_SET), NULL, TO (RINGING), start_ringing },
  { "10", IN (FLEDGLING), ON (SDP_FAILED), NULL, TO (ENDED), end_remote_failed },
  { "11", IN (RINGING), ON (ACCEPT), NULL, TO (CREATE_ANSWER), create_answer },
  { "13", IN (RINGING), ON (LIFETIME_OVER), NULL, TO (ENDED), end_ringing_over },
  { "15", IN (CREATE_ANSWER), ON (LOCAL_SET), NULL, STAY, wait_for_candidates },
  { "15", IN (CREATE_ANSWER), ON (GATHERED), NULL, TO (CONNECTING), send_answer },
  { "16", IN (CREATE_ANSWER), ON (SDP_FAILED), NULL, TO (ENDED), end_create_answer_failed },
  { "17", ANSWERED, ON (ANSWER_FAILED), NULL, TO (ENDED), end_answer_failed },
  { "18", IN (INVITE_SENT), ON (ANSWERED), NULL, TO (CONNECTING), apply_answer },
  { "19", IN (CONNECTING), ON (SDP_FAILED), is_first_answer, TO (ENDED), end_remote_failed },
  { "20", IN (INVITE_SENT), ON (REJECTED), NULL, TO (ENDED), end_remote },
  { "22", IN (INVITE_SENT), ON (LIFETIME_OVER), NULL, TO (ENDED), end_invite_timeout },
  { "24", ANSWERED, ON (ICE_CONNECTED), NULL, TO (CONNECTED), ice_connected },
  { "25", ANSWERED, ON (ICE_DISCONNECTED), NULL, TO (CONNECTING), ice_disconnected },
  { "26 27", LIVE, ON (ICE_FAILED), NULL, TO (ENDED), end_ice_failed },
  { "28", ANSWERED, ON (NEGOTIATION_NEEDED), was_connected, STAY, negotiate },
  { "28", LIVE, ON (NEGOTIATION_NEEDED), NULL, STAY, negotiate_later },
  { "28 29", ANSWERED, ON (LOCAL_SET), NULL, STAY, local_set_again },
  { "29", ANSWERED, ON (OFFERED), is_ice_restart, TO (ENDED), end_ice_failed },
  { "29", ANSWERED, ON (OFFERED), NULL, STAY, take_offer },
  { "29 30", ANSWERED, ON (REMOTE_SET), NULL, STAY, remote_set_again },
  { "30", ANSWERED, ON (NEGOTIATED), NULL, STAY, take_negotiate_answer },
  { "31", ANSWERED, ON (SDP_FAILED), NULL, STAY, negotiation_failed },
  { "32 33", LIVE, ON (CANDIDATES), NULL, STAY, take_candidates },
  { "34", LIVE, ON (METADATA), NULL, STAY, take_metadata },
  { "14 21 35", LIVE, ON (REMOTE_HANGUP), NULL, TO (ENDED), end_remote },
  { "12 37", LIVE, ON (HANG_UP), NULL, TO (ENDED), end_hang_up },
  { "38", LIVE, ON (SIGNALLING_FAILED), NULL, TO (ENDED), end_signalling },
  { "39", LIVE, ON (CLOSE), NULL, TO (ENDED), end_close },
  { "9.8", TALKING, ON (SEND_METADATA), NULL, STAY, send_metadata },
};

#undef IN
#undef ON
#undef TO
#undef STAY
#undef LIVE
#undef ANSWERED
#undef TALKING

static void
step (ConfabPeerCall *self, const Event *event)
{
  ConfabPeerCallState from = self->state;

  for (guint i = 0; i < G_N_ELEMENTS (transitions); i++) {
    if (transitions[i].event != event->id || !(transitions[i].from & (1u << from)) ||
        (transitions[i].guard != NULL && !transitions[i].guard (self, event)))
      continue;
    confab_call_row_ran ("peer-call", i, G_N_ELEMENTS (transitions));
    if (transitions[i].to >= 0)
      self->state = transitions[i].to;
    confab_call_debug (self->id,
                       "row %s: %s: %s -> %s",
                       transitions[i].row,
                       event_names[event->id],
                       confab_enum_nick (CONFAB_TYPE_PEER_CALL_STATE, from),
                       confab_enum_nick (CONFAB_TYPE_PEER_CALL_STATE, self->state));
    transitions[i].enter (self, event);
    if (self->state == CONFAB_PEER_CALL_ENDED)
      confab_peer_call_shut_down (self);
    if (self->state != from)
      g_object_notify (G_OBJECT (self), "state");
    return;
  }
  confab_call_debug (self->id,
                     "%s: ignored in %s",
                     event_names[event->id],
                     confab_enum_nick (CONFAB_TYPE_PEER_CALL_STATE, from));
}

static void
run_events (ConfabPeerCall *self)
{
  Event *event;

  if (self->running)
    return;
  g_object_ref (self);
  self->running = TRUE;
  while ((event = g_queue_pop_head (&self->events)) != NULL) {
    step (self, event);
    confab_peer_call_event_free (event);
  }
  self->running = FALSE;
  g_object_unref (self);
}

/* Events queue and run one at a time: a handler of notify::state cannot nest one move in another. */
void
confab_peer_call_push (ConfabPeerCall *self,
                       ConfabPeerCallEventId id,
                       ConfabCallEvent *message,
                       const char *reason)
{
  Event *event = g_new0 (Event, 1);

  event->id = id;
  event->message = message != NULL ? confab_call_event_ref (message) : NULL;
  event->reason = g_strdup (reason);
  g_queue_push_tail (&self->events, event);
  run_events (self);
}

void
confab_peer_call_event_free (gpointer data)
{
  Event *event = data;

  g_clear_pointer (&event->message, confab_call_event_unref);
  g_free (event->reason);
  g_free (event);
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
