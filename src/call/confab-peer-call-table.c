/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-peer-call-private.h"

#include "confab-call-rows.h"
#include "confab-log.h"

/* The table of ConfabPeerCall: what comes of each event. */

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
  g_autofree char *ufrag = confab_peer_call_find_ufrag (event->message->sdp);

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
#define DO(effect) confab_peer_call_##effect
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
  { "1", IN (FLEDGLING), ON (PLACE), NULL, TO (CREATE_OFFER), DO (create_offer) },
  { "4", IN (CREATE_OFFER), ON (LOCAL_SET), NULL, STAY, DO (wait_for_candidates) },
  { "5", IN (CREATE_OFFER), ON (GATHERED), NULL, TO (INVITE_SENT), DO (send_invite) },
  { "5", IN (INVITE_SENT), ON (INVITE_TAKEN), NULL, STAY, DO (start_lifetime) },
  { "6", IN (INVITE_SENT), ON (INVITE_FAILED), NULL, TO (ENDED), DO (end_invite_failed) },
  { "7", IN (CREATE_OFFER), ON (SDP_FAILED), NULL, TO (ENDED), DO (end_offer_failed) },
  { "8", IN (FLEDGLING), ON (INVITED), NULL, STAY, DO (apply_invite) },
  { "9", IN (FLEDGLING), ON (REMOTE_SET), NULL, TO (RINGING), DO (start_ringing) },
  { "10", IN (FLEDGLING), ON (SDP_FAILED), NULL, TO (ENDED), DO (end_remote_failed) },
  { "11", IN (RINGING), ON (ACCEPT), NULL, TO (CREATE_ANSWER), DO (create_answer) },
  { "13", IN (RINGING), ON (LIFETIME_OVER), NULL, TO (ENDED), DO (end_ringing_over) },
  { "15", IN (CREATE_ANSWER), ON (LOCAL_SET), NULL, STAY, DO (wait_for_candidates) },
  { "15", IN (CREATE_ANSWER), ON (GATHERED), NULL, TO (CONNECTING), DO (send_answer) },
  { "16", IN (CREATE_ANSWER), ON (SDP_FAILED), NULL, TO (ENDED), DO (end_create_answer_failed) },
  { "17", ANSWERED, ON (ANSWER_FAILED), NULL, TO (ENDED), DO (end_answer_failed) },
  { "18", IN (INVITE_SENT), ON (ANSWERED), NULL, TO (CONNECTING), DO (apply_answer) },
  { "19", IN (CONNECTING), ON (SDP_FAILED), is_first_answer, TO (ENDED), DO (end_remote_failed) },
  { "20", IN (INVITE_SENT), ON (REJECTED), NULL, TO (ENDED), DO (end_remote) },
  { "22", IN (INVITE_SENT), ON (LIFETIME_OVER), NULL, TO (ENDED), DO (end_invite_timeout) },
  { "24", ANSWERED, ON (ICE_CONNECTED), NULL, TO (CONNECTED), DO (ice_connected) },
  { "25", ANSWERED, ON (ICE_DISCONNECTED), NULL, TO (CONNECTING), DO (ice_disconnected) },
  { "26 27", LIVE, ON (ICE_FAILED), NULL, TO (ENDED), DO (end_ice_failed) },
  { "28", ANSWERED, ON (NEGOTIATION_NEEDED), was_connected, STAY, DO (negotiate) },
  { "28", LIVE, ON (NEGOTIATION_NEEDED), NULL, STAY, DO (negotiate_later) },
  { "28 29", ANSWERED, ON (LOCAL_SET), NULL, STAY, DO (local_set_again) },
  { "29", ANSWERED, ON (OFFERED), is_ice_restart, TO (ENDED), DO (end_ice_restart) },
  { "29", ANSWERED, ON (OFFERED), was_connected, STAY, DO (take_offer) },
  { "29", ANSWERED, ON (OFFERED), NULL, STAY, DO (hold_offer) },
  { "29 30", ANSWERED, ON (REMOTE_SET), NULL, STAY, DO (remote_set_again) },
  { "30", ANSWERED, ON (NEGOTIATED), NULL, STAY, DO (take_negotiate_answer) },
  { "31", ANSWERED, ON (SDP_FAILED), NULL, STAY, DO (negotiation_failed) },
  { "32 33", LIVE, ON (CANDIDATES), NULL, STAY, DO (take_candidates) },
  { "34", LIVE, ON (METADATA), NULL, STAY, DO (take_metadata) },
  { "14 21 35", LIVE, ON (REMOTE_HANGUP), NULL, TO (ENDED), DO (end_remote) },
  { "12 37", LIVE, ON (HANG_UP), NULL, TO (ENDED), DO (end_hang_up) },
  { "38", LIVE, ON (SIGNALLING_FAILED), NULL, TO (ENDED), DO (end_signalling) },
  { "39", LIVE, ON (CLOSE), NULL, TO (ENDED), DO (end_close) },
  { "9.8", TALKING, ON (SEND_METADATA), NULL, STAY, DO (announce_metadata) },
};

#undef IN
#undef ON
#undef TO
#undef STAY
#undef DO
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
