/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-call-member-private.h"

#include "confab-call-rows.h"
#include "confab-log.h"
#include "confab-random-id.h"

#include <string.h>

/* The table of ConfabCallMember: what comes of each event, and the side effects. */

#define MAX_RETRIES 3
#define REFUSED_PAUSE_MS 2000
#define HEALTHY_MS 60000
#define REJOIN_US (10 * G_USEC_PER_SEC)

typedef ConfabCallMemberEvent Event;

static const char *const state_names[CONFAB_CALL_MEMBER_N_STATES] = {
  "advertised", "waiting", "calling", "connected", "retry-pause", "idle", "removed",
};

static const char *const event_names[CONFAB_CALL_MEMBER_N_EVENTS] = {
  "join",   "invited",     "call-connected", "call-disconnected", "call-ended",  "healthy",
  "retry",  "new-session", "superseded",     "refreshed",         "back-online", "expired",
  "remove", "leave",
};

/* The peer call. */

static void
call_send_cb (ConfabPeerCall *call, ConfabCallEvent *message, ConfabCallMember *self)
{
  confab_call_member_send (self, call, message);
}

static void
call_state_cb (ConfabPeerCall *call, GParamSpec *pspec, ConfabCallMember *self)
{
  switch (confab_peer_call_get_state (call)) {
  case CONFAB_PEER_CALL_RINGING: /* a mesh answers by itself: one has joined the whole */
    confab_peer_call_accept (call);
    break;
  case CONFAB_PEER_CALL_CONNECTED:
    confab_call_member_push (self, CONFAB_CALL_MEMBER_EVENT_CALL_CONNECTED, NULL);
    break;
  case CONFAB_PEER_CALL_CONNECTING:
    confab_call_member_push (self, CONFAB_CALL_MEMBER_EVENT_CALL_DISCONNECTED, NULL);
    break;
  case CONFAB_PEER_CALL_ENDED:
    confab_call_member_push (self, CONFAB_CALL_MEMBER_EVENT_CALL_ENDED, NULL);
    break;
  case CONFAB_PEER_CALL_FLEDGLING:
  case CONFAB_PEER_CALL_CREATE_OFFER:
  case CONFAB_PEER_CALL_INVITE_SENT:
  case CONFAB_PEER_CALL_CREATE_ANSWER:
  default:
    break;
  }
}

static void
make_call (ConfabCallMember *self, const char *call_id)
{
  g_autoptr (ConfabPeerConnection) connection = confab_local_media_create_peer_connection (self->media,
                                                                                self->servers);

  confab_call_member_expect_messages (self, call_id);
  self->declined = FALSE;
  self->hung_up = FALSE;
  self->call = confab_peer_call_new (call_id,
                                     self->clock,
                                     connection,
                                     confab_local_media_get_stream (self->media));
  confab_peer_call_set_streams (self->call, self->streams);
  confab_peer_call_set_screen (self->call, confab_local_media_get_screen (self->media));
  g_signal_connect_object (self->call, "send", G_CALLBACK (call_send_cb), self, 0);
  g_signal_connect_object (self->call, "notify::state", G_CALLBACK (call_state_cb), self, 0);
}

/* Forgets the call; one that still lives ends with @reason, or without a word when that is %NULL. */
void
confab_call_member_drop_call (ConfabCallMember *self, const char *reason)
{
  g_autoptr (ConfabPeerCall) call = g_steal_pointer (&self->call);

  confab_clock_clear (self->clock, &self->health_timer);
  if (call == NULL)
    return;
  self->last_media_at = MAX (self->last_media_at,
                             confab_peer_connection_get_last_received_at (
                               confab_peer_call_get_connection (call)));
  g_signal_handlers_disconnect_by_func (call, call_state_cb, self);
  if (confab_peer_call_get_state (call) != CONFAB_PEER_CALL_ENDED && reason != NULL)
    confab_peer_call_hang_up (call, reason);
  else
    confab_peer_call_close (call);
  g_clear_pointer (&self->hangup_id, g_free);
  if (!confab_peer_call_get_hangup_known (call))
    self->hangup_id = g_strdup (confab_peer_call_get_id (call));
  confab_call_member_remember_ended (self, confab_peer_call_get_id (call));
}

static gboolean
has_hung_up (ConfabCallMember *self)
{
  return g_strcmp0 (confab_peer_call_get_reason (self->call), "user_hangup") == 0;
}

static void
reset_session (ConfabCallMember *self)
{
  confab_call_member_drop_call (self, NULL);
  g_clear_pointer (&self->hangup_id, g_free);
  confab_clock_clear (self->clock, &self->retry_timer);
  g_hash_table_remove_all (self->in);
  g_hash_table_remove_all (self->out);
  self->retries = 0;
  self->refused = FALSE;
  self->declined = FALSE;
  self->hung_up = FALSE;
  self->spoke_olm = FALSE;
  self->was_connected = FALSE;
  confab_call_member_set_clear (self, FALSE);
}

/* Side effects of the table's rows. */

static void
place_call (ConfabCallMember *self, const Event *event)
{
  g_autofree char *call_id = confab_random_id (16);

  if (self->hangup_id != NULL)
    confab_call_member_send_hangup (self, self->hangup_id, "unknown_error");
  g_clear_pointer (&self->hangup_id, g_free);
  make_call (self, call_id);
  confab_peer_call_place (self->call);
}

static void
answer_call (ConfabCallMember *self, const Event *event)
{
  confab_clock_clear (self->clock, &self->retry_timer);
  g_clear_pointer (&self->hangup_id, g_free);
  make_call (self, event->message->call_id);
  confab_peer_call_handle_event (self->call, event->message);
  confab_seq_queue_start (g_hash_table_lookup (self->in, event->message->call_id),
                          event->message->seq + 1);
}

static void
refuse_call (ConfabCallMember *self, const Event *event)
{
  confab_call_member_remember_ended (self, event->message->call_id);
  confab_call_member_send_hangup (self, event->message->call_id, "replaced");
}

static void
replace_call (ConfabCallMember *self, const Event *event)
{
  confab_call_member_drop_call (self, "replaced");
  answer_call (self, event);
}

static void
health_cb (gpointer data)
{
  ConfabCallMember *self = data;

  self->health_timer = 0;
  confab_call_member_push (self, CONFAB_CALL_MEMBER_EVENT_HEALTHY, NULL);
}

static void
connected (ConfabCallMember *self, const Event *event)
{
  self->was_connected = TRUE;
  confab_liveness_start (self->liveness);
  self->health_timer = confab_clock_add_timeout (self->clock, HEALTHY_MS, health_cb, self);
}

static void
disconnected (ConfabCallMember *self, const Event *event)
{
  confab_clock_clear (self->clock, &self->health_timer);
}

/* Not sooner: a connection that comes and goes would be tried for ever. */
static void
forgive (ConfabCallMember *self, const Event *event)
{
  self->retries = 0;
  self->refused = FALSE;
}

static void
retry_cb (gpointer data)
{
  ConfabCallMember *self = data;

  self->retry_timer = 0;
  confab_call_member_push (self, CONFAB_CALL_MEMBER_EVENT_RETRY, NULL);
}

static void
pause_refused (ConfabCallMember *self, const Event *event)
{
  self->refused = TRUE;
  confab_call_member_drop_call (self, NULL);
  self->retry_timer = confab_clock_add_timeout (self->clock, REFUSED_PAUSE_MS, retry_cb, self);
}

static void
pause_retry (ConfabCallMember *self, const Event *event)
{
  static const guint pauses_ms[MAX_RETRIES] = { 1000, 3000, 5000 };

  confab_call_member_drop_call (self, NULL);
  self->retry_timer = confab_clock_add_timeout (self->clock,
                                                pauses_ms[self->retries++],
                                                retry_cb,
                                                self);
}

static void
wait_again (ConfabCallMember *self, const Event *event)
{
  self->retries++;
  confab_call_member_drop_call (self, NULL);
}

/*
 * The peer has a network again, or another one, and wants the connection now. Whichever side invites otherwise: js-sdk looks
 * for whom to invite every five seconds only, and takes an invite from anybody; no other client restarts ICE.
 */
static void
place_instead (ConfabCallMember *self, const Event *event)
{
  self->retries++;
  confab_call_member_drop_call (self, NULL);
  place_call (self, event);
}

/* It has joined anew: what went wrong before is no longer counted. */
static void
pause_rejoined (ConfabCallMember *self, const Event *event)
{
  forgive (self, event);
  pause_retry (self, event);
}

static void
wait_rejoined (ConfabCallMember *self, const Event *event)
{
  forgive (self, event);
  confab_call_member_drop_call (self, NULL);
}

static void
give_up (ConfabCallMember *self, const Event *event)
{
  confab_call_member_drop_call (self, NULL);
}

/* Only one of the reasons says that it has left the whole: an event without its entry is not waited for in vain then. */
static void
take_final (ConfabCallMember *self, const Event *event)
{
  self->declined = TRUE;
  self->hung_up = has_hung_up (self);
  confab_call_member_drop_call (self, NULL);
}

static void
restart (ConfabCallMember *self, const Event *event)
{
  reset_session (self);
  confab_liveness_start (self->liveness);
  if (self->initiator)
    place_call (self, event);
}

static void
forget_session (ConfabCallMember *self, const Event *event)
{
  reset_session (self);
}

/* The process that held the other end is no more. The entry that says so brings the connection with the next one. */
static void
end_superseded (ConfabCallMember *self, const Event *event)
{
  confab_call_member_drop_call (self, NULL);
  g_clear_pointer (&self->hangup_id, g_free);
}

static void
note_expired (ConfabCallMember *self, const Event *event)
{
  self->expired = TRUE;
}

static void
hang_up (ConfabCallMember *self, const Event *event)
{
  confab_call_member_drop_call (self, "user_hangup");
  confab_liveness_stop (self->liveness);
  confab_clock_clear (self->clock, &self->retry_timer);
  g_hash_table_remove_all (self->in);
  g_clear_pointer (&self->hangup_id, g_free);
  g_clear_object (&self->media);
  self->was_connected = FALSE;
  self->retries = 0;
  self->refused = FALSE;
}

static void
removed (ConfabCallMember *self, const Event *event)
{
  reset_session (self);
  confab_liveness_stop (self->liveness);
  confab_clock_clear (self->clock, &self->expiry_timer);
  g_clear_object (&self->media);
}

/* Only the connection kept it here. */
static void
hang_up_expired (ConfabCallMember *self, const Event *event)
{
  hang_up (self, event);
  removed (self, event);
}

/* Guards. */

static gboolean
is_initiator (ConfabCallMember *self, const Event *event)
{
  return self->initiator;
}

/* Tried three times while nothing could come through. */
static gboolean
was_out_of_reach (ConfabCallMember *self, const Event *event)
{
  return self->initiator && !self->declined;
}

/* Its entry will not come back, and neither will an event without it come. */
static gboolean
has_left (ConfabCallMember *self, const Event *event)
{
  return self->missing && has_hung_up (self);
}

static gboolean
is_expired (ConfabCallMember *self, const Event *event)
{
  return self->expired;
}

/* Not for ever: the counter goes back after a minute of health. */
static gboolean
wants_another (ConfabCallMember *self, const Event *event)
{
  return confab_peer_call_get_restart_offered (self->call) && self->retries < MAX_RETRIES;
}

/*
 * Section 11.2: both invite, whoever has to. Each then compares the ids, as hydrogen and js-sdk do, and the smaller one is
 * the call of both: were it decided in another way here, each side could end what the other one keeps.
 */
static gboolean
is_glare (ConfabCallMember *self)
{
  ConfabPeerCallState state = confab_peer_call_get_state (self->call);

  return !confab_peer_call_get_inbound (self->call) &&
         (state == CONFAB_PEER_CALL_CREATE_OFFER || state == CONFAB_PEER_CALL_INVITE_SENT);
}

static gboolean
wins_glare (ConfabCallMember *self, const Event *event)
{
  return is_glare (self) &&
         strcmp (confab_peer_call_get_id (self->call), event->message->call_id) < 0;
}

static gboolean
loses_glare (ConfabCallMember *self, const Event *event)
{
  return is_glare (self) && !wins_glare (self, event);
}

/*
 * Section 11.2: the peer took our invite for glare, or had a later one of ours. It may be an earlier one that came late, and
 * lost against what the peer gives up for it: both would be over, and only this side invites.
 */
static gboolean
is_refused (ConfabCallMember *self, const Event *event)
{
  return self->initiator && !self->refused &&
         g_strcmp0 (confab_peer_call_get_reason (self->call), "replaced") == 0;
}

static gboolean
is_final (ConfabCallMember *self, const Event *event)
{
  static const char *const reasons[] = {
    "user_hangup", "answered_elsewhere", "replaced", "user_busy",
    "transferred", "new_session",        NULL,
  };

  return g_strv_contains (reasons, confab_peer_call_get_reason (self->call));
}

/*
 * Hydrogen and js-sdk keep their session when they leave and join again. When both fall into one sync, the entry goes on,
 * with a later end, and the hangup of the time before comes before or after it.
 */
static gboolean
has_rejoined (ConfabCallMember *self, const Event *event)
{
  return has_hung_up (self) && self->refreshed_at != 0 &&
         confab_clock_get_time (self->clock) - self->refreshed_at < REJOIN_US;
}

static gboolean
has_rejoined_to_be_invited (ConfabCallMember *self, const Event *event)
{
  return self->initiator && has_rejoined (self, event);
}

static gboolean
is_exhausted (ConfabCallMember *self, const Event *event)
{
  return self->retries >= MAX_RETRIES;
}

#define IN(s) (1u << CONFAB_CALL_MEMBER_##s)
#define ON(e) CONFAB_CALL_MEMBER_EVENT_##e
#define TO(s) CONFAB_CALL_MEMBER_##s
#define STAY -1
#define IN_CALL (IN (CALLING) | IN (CONNECTED))
#define JOINED (IN_CALL | IN (WAITING) | IN (RETRY_PAUSE) | IN (IDLE))
#define ANY (JOINED | IN (ADVERTISED))

/* protocol/mesh-calls.md section 10.2, and 11.2 for a second invite: the first row that matches wins. */
static const struct {
  guint from;
  ConfabCallMemberEventId event;
  gboolean (*guard) (ConfabCallMember *self, const Event *event);
  int to;
  void (*enter) (ConfabCallMember *self, const Event *event);
} transitions[] = {
  { IN (ADVERTISED), ON (JOIN), is_initiator, TO (CALLING), place_call },
  { IN (ADVERTISED), ON (JOIN), NULL, TO (WAITING), NULL },
  { IN (WAITING) | IN (IDLE) | IN (RETRY_PAUSE), ON (INVITED), NULL, TO (CALLING), answer_call },
  { IN_CALL, ON (INVITED), wins_glare, STAY, refuse_call },
  { IN_CALL, ON (INVITED), loses_glare, TO (CALLING), replace_call },
  { IN_CALL, ON (INVITED), is_initiator, STAY, refuse_call },
  { IN_CALL, ON (INVITED), NULL, TO (CALLING), replace_call },
  { IN (CALLING), ON (CALL_CONNECTED), NULL, TO (CONNECTED), connected },
  { IN (CONNECTED), ON (HEALTHY), NULL, STAY, forgive },
  { IN (CONNECTED), ON (CALL_DISCONNECTED), NULL, TO (CALLING), disconnected },
  { IN_CALL, ON (CALL_ENDED), is_expired, TO (REMOVED), removed },
  { IN_CALL, ON (CALL_ENDED), has_left, TO (REMOVED), removed },
  { IN_CALL, ON (CALL_ENDED), wants_another, TO (CALLING), place_instead },
  { IN_CALL, ON (CALL_ENDED), is_refused, TO (RETRY_PAUSE), pause_refused },
  { IN_CALL, ON (CALL_ENDED), has_rejoined_to_be_invited, TO (RETRY_PAUSE), pause_rejoined },
  { IN_CALL, ON (CALL_ENDED), has_rejoined, TO (WAITING), wait_rejoined },
  { IN_CALL, ON (CALL_ENDED), is_final, TO (IDLE), take_final },
  { IN_CALL, ON (CALL_ENDED), is_exhausted, TO (IDLE), give_up },
  { IN_CALL, ON (CALL_ENDED), is_initiator, TO (RETRY_PAUSE), pause_retry },
  { IN_CALL, ON (CALL_ENDED), NULL, TO (WAITING), wait_again },
  { IN (RETRY_PAUSE), ON (RETRY), NULL, TO (CALLING), place_call },
  { JOINED, ON (NEW_SESSION), is_initiator, TO (CALLING), restart },
  { JOINED, ON (NEW_SESSION), NULL, TO (WAITING), restart },
  { IN (ADVERTISED), ON (NEW_SESSION), NULL, STAY, forget_session },
  { IN_CALL, ON (SUPERSEDED), is_expired, TO (REMOVED), removed },
  { IN_CALL, ON (SUPERSEDED), NULL, TO (WAITING), end_superseded },
  { IN (IDLE), ON (REFRESHED), is_initiator, TO (RETRY_PAUSE), pause_rejoined },
  { IN (IDLE), ON (REFRESHED), NULL, TO (WAITING), wait_rejoined },
  { IN (IDLE), ON (BACK_ONLINE), was_out_of_reach, TO (RETRY_PAUSE), pause_rejoined },
  { IN (CONNECTED), ON (EXPIRED), NULL, STAY, note_expired },
  { ANY, ON (EXPIRED), NULL, TO (REMOVED), removed },
  { ANY, ON (REMOVE), NULL, TO (REMOVED), removed },
  { JOINED, ON (LEAVE), is_expired, TO (REMOVED), hang_up_expired },
  { JOINED, ON (LEAVE), NULL, TO (ADVERTISED), hang_up },
};

#undef IN
#undef ON
#undef TO
#undef STAY
#undef IN_CALL
#undef JOINED
#undef ANY

static void
update_shown (ConfabCallMember *self)
{
  static const ConfabParticipantState first[CONFAB_CALL_MEMBER_N_STATES] = {
    CONFAB_PARTICIPANT_STATE_ADVERTISED,  CONFAB_PARTICIPANT_STATE_WAITING,
    CONFAB_PARTICIPANT_STATE_CONNECTING,  CONFAB_PARTICIPANT_STATE_CONNECTED,
    CONFAB_PARTICIPANT_STATE_CONNECTING,  CONFAB_PARTICIPANT_STATE_UNREACHABLE,
    CONFAB_PARTICIPANT_STATE_UNREACHABLE,
  };
  ConfabParticipantState shown = first[self->state];

  if (self->was_connected &&
      (shown == CONFAB_PARTICIPANT_STATE_WAITING || shown == CONFAB_PARTICIPANT_STATE_CONNECTING))
    shown = CONFAB_PARTICIPANT_STATE_RECONNECTING;
  if (self->shown == shown)
    return;
  self->shown = shown;
  g_object_notify (G_OBJECT (self), "state");
}

static void
step (ConfabCallMember *self, const Event *event)
{
  ConfabCallMemberState from = self->state;

  for (guint i = 0; i < G_N_ELEMENTS (transitions); i++) {
    if (transitions[i].event != event->id || !(transitions[i].from & (1u << from)) ||
        (transitions[i].guard != NULL && !transitions[i].guard (self, event)))
      continue;
    confab_call_row_ran ("member", i, G_N_ELEMENTS (transitions));
    if (transitions[i].to >= 0)
      self->state = transitions[i].to;
    confab_call_debug (self->conf_id,
                       "%s/%s: %s: %s -> %s",
                       self->user_id,
                       self->device_id,
                       event_names[event->id],
                       state_names[from],
                       state_names[self->state]);
    if (transitions[i].enter != NULL)
      transitions[i].enter (self, event);
    update_shown (self);
    if (self->state == CONFAB_CALL_MEMBER_REMOVED)
      confab_call_member_emit_gone (self);
    return;
  }
  confab_call_debug (self->conf_id,
                     "%s/%s: %s: ignored in %s",
                     self->user_id,
                     self->device_id,
                     event_names[event->id],
                     state_names[from]);
}

static void
run_events (ConfabCallMember *self)
{
  Event *event;

  if (self->running)
    return;
  g_object_ref (self);
  self->running = TRUE;
  while ((event = g_queue_pop_head (&self->events)) != NULL) {
    step (self, event);
    confab_call_member_event_free (event);
  }
  self->running = FALSE;
  g_object_unref (self);
}

/* Events queue and run one at a time, as in ConfabPeerCall. */
void
confab_call_member_push (ConfabCallMember *self,
                         ConfabCallMemberEventId id,
                         ConfabCallEvent *message)
{
  Event *event = g_new0 (Event, 1);

  event->id = id;
  event->message = message != NULL ? confab_call_event_ref (message) : NULL;
  g_queue_push_tail (&self->events, event);
  run_events (self);
}

void
confab_call_member_event_free (gpointer data)
{
  Event *event = data;

  g_clear_pointer (&event->message, confab_call_event_unref);
  g_free (event);
}
