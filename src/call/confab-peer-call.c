/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include <string.h>

#include "confab-log.h"
#include "confab-peer-call.h"
#include "confab-remote-streams.h"

#define INVITE_LIFETIME_MS 60000
#define GATHER_WAIT_MS 200
#define CALLER_BATCH_MS 2000
#define CALLEE_BATCH_MS 500
#define DISCONNECTED_MS 30000
#define MAX_SEND_ATTEMPTS 4
#define MAX_EARLY_CANDIDATES 500

G_DEFINE_ENUM_TYPE (ConfabPeerCallState,
                    confab_peer_call_state,
                    G_DEFINE_ENUM_VALUE (CONFAB_PEER_CALL_FLEDGLING, "fledgling"),
                    G_DEFINE_ENUM_VALUE (CONFAB_PEER_CALL_CREATE_OFFER, "create-offer"),
                    G_DEFINE_ENUM_VALUE (CONFAB_PEER_CALL_INVITE_SENT, "invite-sent"),
                    G_DEFINE_ENUM_VALUE (CONFAB_PEER_CALL_RINGING, "ringing"),
                    G_DEFINE_ENUM_VALUE (CONFAB_PEER_CALL_CREATE_ANSWER, "create-answer"),
                    G_DEFINE_ENUM_VALUE (CONFAB_PEER_CALL_CONNECTING, "connecting"),
                    G_DEFINE_ENUM_VALUE (CONFAB_PEER_CALL_CONNECTED, "connected"),
                    G_DEFINE_ENUM_VALUE (CONFAB_PEER_CALL_ENDED, "ended"))

typedef enum {
  EVENT_PLACE,
  EVENT_INVITED,
  EVENT_ACCEPT,
  EVENT_HANG_UP,
  EVENT_CLOSE,
  EVENT_LOCAL_SET,
  EVENT_REMOTE_SET,
  EVENT_DESCRIPTION_FAILED,
  EVENT_GATHERED,
  EVENT_ANSWERED,
  EVENT_REMOTE_HANGUP,
  EVENT_REJECTED,
  EVENT_CANDIDATES,
  EVENT_METADATA,
  EVENT_OFFERED, /* by negotiate */
  EVENT_NEGOTIATED,
  EVENT_NEGOTIATION_NEEDED,
  EVENT_LIFETIME_OVER,
  EVENT_INVITE_FAILED,
  EVENT_ANSWER_FAILED,
  EVENT_SIGNALLING_FAILED,
  EVENT_ICE_CONNECTED,
  EVENT_ICE_DISCONNECTED,
  EVENT_ICE_FAILED,
  EVENT_SEND_METADATA,
  N_EVENTS,
} EventId;

static const char *const event_names[N_EVENTS] = {
  "place",
  "invited",
  "accept",
  "hang-up",
  "close",
  "local-set",
  "remote-set",
  "description-failed",
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
  "invite-failed",
  "answer-failed",
  "signalling-failed",
  "ice-connected",
  "ice-disconnected",
  "ice-failed",
  "send-metadata",
};

typedef struct {
  EventId id;
  ConfabCallEvent *message;
  char *reason;
} Event;

/* A message that could not be sent and is tried again. */
typedef struct {
  ConfabPeerCall *call;
  ConfabCallEvent *message;
  guint attempts;
  guint timer;
} Resend;

/* What goes on between offer and answer after the first exchange. */
typedef enum {
  NEGOTIATION_STABLE,
  NEGOTIATION_MAKING_OFFER,
  NEGOTIATION_OFFER_SENT,
  NEGOTIATION_APPLYING_OFFER,
  NEGOTIATION_MAKING_ANSWER,
  NEGOTIATION_APPLYING_ANSWER,
} Negotiation;

struct _ConfabPeerCall {
  GObject parent_instance;

  char *id;
  ConfabClock *clock;
  ConfabPeerConnection *connection;
  ConfabStream *local_stream;
  ConfabRemoteStreams *streams;
  ConfabPeerCallState state;
  gboolean inbound;
  gboolean answered;
  gboolean hangup_known; /* one of both sides has said that it is over */
  gboolean closed;
  char *reason;
  GQueue events; /* Event */
  gboolean running;
  gint64 lifetime_ms;
  guint gather_timer;
  guint lifetime_timer;
  guint batch_timer;
  guint ice_timer;
  ConfabCallEvent *local_candidates; /* not sent yet */
  char *first_mid;
  gboolean end_sent;
  gboolean remote_set;
  GPtrArray *early; /* ConfabCallEvent: candidates from before the remote description */
  guint n_early;
  char *remote_ufrag;
  Negotiation negotiation;
  gboolean negotiation_needed;
  ConfabCallEvent *waiting_offer;
  GPtrArray *resends; /* Resend */
};

G_DEFINE_FINAL_TYPE (ConfabPeerCall, confab_peer_call, G_TYPE_OBJECT)

typedef enum {
  PROP_STATE = 1,
} Property;
static GParamSpec *properties[PROP_STATE + 1];

enum {
  SIGNAL_SEND,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void run_events (ConfabPeerCall *self);

static void
push (ConfabPeerCall *self, EventId id, ConfabCallEvent *message, const char *reason)
{
  Event *event = g_new0 (Event, 1);

  event->id = id;
  event->message = message != NULL ? confab_call_event_ref (message) : NULL;
  event->reason = g_strdup (reason);
  g_queue_push_tail (&self->events, event);
  run_events (self);
}

static void
send_message (ConfabPeerCall *self, ConfabCallEvent *message)
{
  g_signal_emit (self, signals[SIGNAL_SEND], 0, message);
}

static ConfabStreamMetadata *
local_metadata (ConfabPeerCall *self)
{
  ConfabStreamMetadata *metadata = confab_stream_metadata_new ();

  confab_stream_metadata_add (metadata,
                              confab_stream_get_id (self->local_stream),
                              CONFAB_STREAM_PURPOSE_USERMEDIA,
                              confab_stream_get_audio_muted (self->local_stream),
                              confab_stream_get_video_muted (self->local_stream));
  return metadata;
}

static void
set_reason (ConfabPeerCall *self, const char *reason)
{
  if (self->reason == NULL)
    self->reason = g_strdup (reason);
}

static void
send_hangup (ConfabPeerCall *self, const char *reason)
{
  g_autoptr (ConfabCallEvent) message = confab_call_event_new (CONFAB_CALL_EVENT_HANGUP, self->id);

  message->reason = g_strdup (reason);
  self->hangup_known = TRUE;
  send_message (self, message);
}

/* Candidates. */

static void
flush_candidates (ConfabPeerCall *self)
{
  g_autoptr (ConfabCallEvent) message = g_steal_pointer (&self->local_candidates);

  confab_clock_clear (self->clock, &self->batch_timer);
  if (confab_peer_connection_get_gathering_complete (self->connection) && !self->end_sent) {
    if (message == NULL)
      message = confab_call_event_new (CONFAB_CALL_EVENT_CANDIDATES, self->id);
    confab_call_event_add_candidate (message,
                                     "",
                                     self->first_mid != NULL ? self->first_mid : "0",
                                     0);
    self->end_sent = TRUE;
  }
  if (message != NULL)
    send_message (self, message);
}

static void
batch_cb (gpointer data)
{
  ConfabPeerCall *self = data;

  self->batch_timer = 0;
  flush_candidates (self);
}

static gboolean
may_send_candidates (ConfabPeerCall *self)
{
  return self->state == CONFAB_PEER_CALL_INVITE_SENT ||
         self->state == CONFAB_PEER_CALL_CONNECTING || self->state == CONFAB_PEER_CALL_CONNECTED;
}

static void
arm_batch (ConfabPeerCall *self)
{
  if (self->batch_timer == 0)
    self->batch_timer = confab_clock_add_timeout (self->clock,
                                                  self->inbound ? CALLEE_BATCH_MS : CALLER_BATCH_MS,
                                                  batch_cb,
                                                  self);
}

static void
local_candidate_cb (ConfabPeerCall *self, const char *candidate, const char *mid, int index)
{
  if (self->local_candidates == NULL)
    self->local_candidates = confab_call_event_new (CONFAB_CALL_EVENT_CANDIDATES, self->id);
  else if (self->local_candidates->candidates->len >= CONFAB_CALL_EVENT_MAX_CANDIDATES - 1)
    return;
  if (self->first_mid == NULL && index == 0)
    self->first_mid = g_strdup (mid);
  confab_call_event_add_candidate (self->local_candidates, candidate, mid, index);
  if (may_send_candidates (self))
    arm_batch (self);
}

/* Those that stand in the SDP need not be sent again. */
static void
drop_candidates_in (ConfabPeerCall *self, const char *sdp)
{
  const char *mid = strstr (sdp, "a=mid:");
  GPtrArray *queued = self->local_candidates != NULL ? self->local_candidates->candidates : NULL;

  if (mid != NULL && self->first_mid == NULL)
    self->first_mid = g_strndup (mid + 6, strcspn (mid + 6, "\r\n"));
  for (guint i = queued != NULL ? queued->len : 0; i-- > 0;) {
    const ConfabIceCandidate *candidate = queued->pdata[i];
    if (strstr (sdp, candidate->candidate) != NULL)
      g_ptr_array_remove_index (queued, i);
  }
  if (queued != NULL && queued->len == 0)
    g_clear_pointer (&self->local_candidates, confab_call_event_unref);
}

static void
add_remote_candidates (ConfabPeerCall *self, ConfabCallEvent *message)
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
    add_remote_candidates (self, self->early->pdata[i]);
  g_ptr_array_set_size (self->early, 0);
}

/* Timers. */

static void
gather_cb (gpointer data)
{
  ConfabPeerCall *self = data;

  self->gather_timer = 0;
  push (self, EVENT_GATHERED, NULL, NULL);
}

static void
lifetime_cb (gpointer data)
{
  ConfabPeerCall *self = data;

  self->lifetime_timer = 0;
  push (self, EVENT_LIFETIME_OVER, NULL, NULL);
}

static void
ice_cb (gpointer data)
{
  ConfabPeerCall *self = data;

  self->ice_timer = 0;
  push (self, EVENT_ICE_FAILED, NULL, NULL);
}

static void
arm_ice_timer (ConfabPeerCall *self)
{
  if (self->ice_timer == 0)
    self->ice_timer = confab_clock_add_timeout (self->clock, DISCONNECTED_MS, ice_cb, self);
}

/* Side effects of the table's rows. */

static void
create_offer (ConfabPeerCall *self, const Event *event)
{
  confab_peer_connection_create_offer (self->connection);
}

static void
wait_for_candidates (ConfabPeerCall *self, const Event *event)
{
  guint wait_ms = confab_peer_connection_get_gathering_complete (self->connection) ? 0
                                                                                   : GATHER_WAIT_MS;

  if (self->gather_timer == 0)
    self->gather_timer = confab_clock_add_timeout (self->clock, wait_ms, gather_cb, self);
}

static ConfabCallEvent *
new_description (ConfabPeerCall *self, ConfabCallEventType type, ConfabSdpType sdp_type)
{
  g_autoptr (ConfabCallEvent) message = confab_call_event_new (type, self->id);

  message->sdp_type = sdp_type;
  message->lifetime_ms = INVITE_LIFETIME_MS;
  message->sdp = confab_peer_connection_get_local_sdp (self->connection);
  if (message->sdp == NULL)
    return NULL;
  message->metadata = local_metadata (self);
  drop_candidates_in (self, message->sdp);
  return g_steal_pointer (&message);
}

static void
send_invite (ConfabPeerCall *self, const Event *event)
{
  g_autoptr (ConfabCallEvent) message = new_description (self,
                                              CONFAB_CALL_EVENT_INVITE,
                                              CONFAB_SDP_TYPE_OFFER);

  if (message == NULL) {
    push (self, EVENT_INVITE_FAILED, NULL, NULL);
    return;
  }
  self->lifetime_timer = confab_clock_add_timeout (self->clock,
                                                   INVITE_LIFETIME_MS,
                                                   lifetime_cb,
                                                   self);
  send_message (self, message);
  arm_batch (self);
}

static void
enter_connecting (ConfabPeerCall *self)
{
  confab_clock_clear (self->clock, &self->lifetime_timer);
  arm_ice_timer (self);
  if (confab_peer_connection_get_state (self->connection) == CONFAB_CONNECTION_STATE_CONNECTED)
    push (self, EVENT_ICE_CONNECTED, NULL, NULL);
}

static void
send_answer (ConfabPeerCall *self, const Event *event)
{
  g_autoptr (ConfabCallEvent) message = new_description (self,
                                              CONFAB_CALL_EVENT_ANSWER,
                                              CONFAB_SDP_TYPE_ANSWER);

  if (message == NULL) {
    push (self, EVENT_ANSWER_FAILED, NULL, NULL);
    return;
  }
  self->answered = TRUE;
  send_message (self, message);
  arm_batch (self);
  enter_connecting (self);
}

static char *
find_ufrag (const char *sdp)
{
  const char *line = strstr (sdp, "a=ice-ufrag:");

  return line != NULL ? g_strndup (line + 12, strcspn (line + 12, "\r\n")) : NULL;
}

static void
apply_remote (ConfabPeerCall *self, ConfabSdpType type, ConfabCallEvent *message)
{
  if (message->metadata != NULL)
    confab_remote_streams_set_metadata (self->streams, message->metadata);
  if (self->remote_ufrag == NULL)
    self->remote_ufrag = find_ufrag (message->sdp);
  confab_peer_connection_set_remote_description (self->connection, type, message->sdp);
}

static void
apply_invite (ConfabPeerCall *self, const Event *event)
{
  self->inbound = TRUE;
  self->lifetime_ms = event->message->lifetime_ms;
  apply_remote (self, CONFAB_SDP_TYPE_OFFER, event->message);
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
  g_autoptr (ConfabCallEvent) message = confab_call_event_ref (event->message);

  self->answered = TRUE;
  self->negotiation = NEGOTIATION_APPLYING_ANSWER;
  if (message->sdp_type == CONFAB_SDP_TYPE_OFFER) {
    g_auto (GStrv) parts = g_strsplit (message->sdp, "a=setup:actpass", -1);
    g_free (message->sdp);
    message->sdp = g_strjoinv ("a=setup:active", parts);
  }
  apply_remote (self, CONFAB_SDP_TYPE_ANSWER, message);
  enter_connecting (self);
}

static void
end_with (ConfabPeerCall *self, const char *reason, gboolean tell)
{
  set_reason (self, reason);
  if (tell)
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
  end_with (self, event->reason != NULL ? event->reason : "closed", FALSE);
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
  self->hangup_known = TRUE; /* nothing was sent yet */
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

static void
take_candidates (ConfabPeerCall *self, const Event *event)
{
  guint n = event->message->candidates != NULL ? event->message->candidates->len : 0;

  if (self->remote_set) {
    add_remote_candidates (self, event->message);
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
  g_autoptr(ConfabCallEvent) message = confab_call_event_new (CONFAB_CALL_EVENT_METADATA_CHANGED, self->id);

  message->metadata = local_metadata (self);
  send_message (self, message);
}

static void
ice_connected (ConfabPeerCall *self, const Event *event)
{
  confab_clock_clear (self->clock, &self->ice_timer);
}

static void
ice_disconnected (ConfabPeerCall *self, const Event *event)
{
  arm_ice_timer (self);
}

/* Negotiation after the first exchange: perfect negotiation, the inbound side is polite (section 3.7). */

static void
negotiation_settled (ConfabPeerCall *self)
{
  g_autoptr (ConfabCallEvent) offer = g_steal_pointer (&self->waiting_offer);

  self->negotiation = NEGOTIATION_STABLE;
  if (offer != NULL)
    push (self, EVENT_OFFERED, offer, NULL);
  else if (self->negotiation_needed)
    push (self, EVENT_NEGOTIATION_NEEDED, NULL, NULL);
}

static void
negotiate (ConfabPeerCall *self, const Event *event)
{
  self->negotiation_needed = self->negotiation != NEGOTIATION_STABLE;
  if (self->negotiation_needed)
    return;
  self->negotiation = NEGOTIATION_MAKING_OFFER;
  if (self->inbound)
    confab_peer_connection_prepare_offer (self->connection);
  else
    confab_peer_connection_create_offer (self->connection);
}

static void
send_negotiate (ConfabPeerCall *self, ConfabSdpType type)
{
  g_autoptr (ConfabCallEvent) message = new_description (self, CONFAB_CALL_EVENT_NEGOTIATE, type);

  if (message != NULL)
    send_message (self, message);
}

static void
local_set_again (ConfabPeerCall *self, const Event *event)
{
  if (self->negotiation == NEGOTIATION_MAKING_OFFER && self->waiting_offer != NULL) {
    self->negotiation_needed = TRUE;
    negotiation_settled (self);
  } else if (self->negotiation == NEGOTIATION_MAKING_OFFER) {
    self->negotiation = NEGOTIATION_OFFER_SENT;
    send_negotiate (self, CONFAB_SDP_TYPE_OFFER);
  } else if (self->negotiation == NEGOTIATION_MAKING_ANSWER) {
    send_negotiate (self, CONFAB_SDP_TYPE_ANSWER);
    negotiation_settled (self);
  }
}

static void
remote_set_again (ConfabPeerCall *self, const Event *event)
{
  if (!self->remote_set)
    remote_description_in_force (self);
  if (self->negotiation == NEGOTIATION_APPLYING_OFFER) {
    self->negotiation = NEGOTIATION_MAKING_ANSWER;
    confab_peer_connection_create_answer (self->connection);
  } else if (self->negotiation == NEGOTIATION_APPLYING_ANSWER) {
    negotiation_settled (self);
  }
}

static void
negotiation_failed (ConfabPeerCall *self, const Event *event)
{
  confab_call_info (self->id, "negotiation failed: %s", event->reason);
  negotiation_settled (self);
}

static void
take_offer (ConfabPeerCall *self, const Event *event)
{
  gboolean polite = self->inbound;

  if (self->negotiation == NEGOTIATION_STABLE ||
      (polite && self->negotiation == NEGOTIATION_OFFER_SENT)) {
    self->negotiation_needed |= self->negotiation == NEGOTIATION_OFFER_SENT;
    self->negotiation = NEGOTIATION_APPLYING_OFFER;
    apply_remote (self, CONFAB_SDP_TYPE_OFFER, event->message);
  } else if (!polite && (self->negotiation == NEGOTIATION_MAKING_OFFER ||
                         self->negotiation == NEGOTIATION_OFFER_SENT)) {
    confab_call_debug (self->id, "colliding offer ignored: this side is impolite");
  } else {
    g_clear_pointer (&self->waiting_offer, confab_call_event_unref);
    self->waiting_offer = confab_call_event_ref (event->message);
  }
}

static void
take_negotiate_answer (ConfabPeerCall *self, const Event *event)
{
  if (self->negotiation != NEGOTIATION_OFFER_SENT)
    return;
  self->negotiation = NEGOTIATION_APPLYING_ANSWER;
  apply_remote (self, CONFAB_SDP_TYPE_ANSWER, event->message);
}

/* Guards. */

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
#define ON(e) EVENT_##e
#define TO(s) CONFAB_PEER_CALL_##s
#define STAY -1
#define LIVE (IN (ENDED) - 1u)
#define ANSWERED (IN (CONNECTING) | IN (CONNECTED))

/* protocol/mesh-calls.md section 6: one row a legal move, the first that matches wins; anything else is logged
 * and ignored (row 40). The row's number there stands behind it. */
static const struct {
  guint from;
  EventId event;
  gboolean (*guard) (ConfabPeerCall *self, const Event *event);
  int to;
  void (*enter) (ConfabPeerCall *self, const Event *event);
} transitions[] = {
  { IN (FLEDGLING), ON (PLACE), NULL, TO (CREATE_OFFER), create_offer },              /* 1 */
  { IN (CREATE_OFFER), ON (LOCAL_SET), NULL, STAY, wait_for_candidates },             /* 4 */
  { IN (CREATE_OFFER), ON (GATHERED), NULL, TO (INVITE_SENT), send_invite },          /* 5 */
  { IN (INVITE_SENT), ON (INVITE_FAILED), NULL, TO (ENDED), end_invite_failed },      /* 6 */
  { IN (CREATE_OFFER), ON (DESCRIPTION_FAILED), NULL, TO (ENDED), end_offer_failed }, /* 7 */
  { IN (FLEDGLING), ON (INVITED), NULL, STAY, apply_invite },                         /* 8 */
  { IN (FLEDGLING), ON (REMOTE_SET), NULL, TO (RINGING), start_ringing },             /* 9 */
  { IN (FLEDGLING), ON (DESCRIPTION_FAILED), NULL, TO (ENDED), end_remote_failed },   /* 10 */
  { IN (RINGING), ON (ACCEPT), NULL, TO (CREATE_ANSWER), create_answer },             /* 11 */
  { IN (RINGING), ON (LIFETIME_OVER), NULL, TO (ENDED), end_ringing_over },           /* 13 */
  { IN (CREATE_ANSWER), ON (LOCAL_SET), NULL, STAY, wait_for_candidates },            /* 15 */
  { IN (CREATE_ANSWER), ON (GATHERED), NULL, TO (CONNECTING), send_answer },          /* 15 */
  { IN (CREATE_ANSWER),
    ON (DESCRIPTION_FAILED),
    NULL,
    TO (ENDED),
    end_create_answer_failed },                                             /* 16 */
  { ANSWERED, ON (ANSWER_FAILED), NULL, TO (ENDED), end_answer_failed },    /* 17 */
  { IN (INVITE_SENT), ON (ANSWERED), NULL, TO (CONNECTING), apply_answer }, /* 18 */
  { IN (CONNECTING),
    ON (DESCRIPTION_FAILED),
    is_first_answer,
    TO (ENDED),
    end_remote_failed },                                                          /* 19 */
  { IN (INVITE_SENT), ON (REJECTED), NULL, TO (ENDED), end_remote },              /* 20 */
  { IN (INVITE_SENT), ON (LIFETIME_OVER), NULL, TO (ENDED), end_invite_timeout }, /* 22 */
  { ANSWERED, ON (ICE_CONNECTED), NULL, TO (CONNECTED), ice_connected },          /* 24 */
  { ANSWERED, ON (ICE_DISCONNECTED), NULL, TO (CONNECTING), ice_disconnected },   /* 25 */
  { LIVE, ON (ICE_FAILED), NULL, TO (ENDED), end_ice_failed },                    /* 26, 27 */
  { ANSWERED, ON (NEGOTIATION_NEEDED), NULL, STAY, negotiate },                   /* 28 */
  { ANSWERED, ON (LOCAL_SET), NULL, STAY, local_set_again },                      /* 28, 29 */
  { ANSWERED, ON (OFFERED), is_ice_restart, TO (ENDED), end_ice_failed },         /* 29 */
  { ANSWERED, ON (OFFERED), NULL, STAY, take_offer },                             /* 29 */
  { ANSWERED, ON (REMOTE_SET), NULL, STAY, remote_set_again },                    /* 29, 30 */
  { ANSWERED, ON (NEGOTIATED), NULL, STAY, take_negotiate_answer },               /* 30 */
  { ANSWERED, ON (DESCRIPTION_FAILED), NULL, STAY, negotiation_failed },          /* 31 */
  { LIVE, ON (CANDIDATES), NULL, STAY, take_candidates },                         /* 32, 33 */
  { LIVE, ON (METADATA), NULL, STAY, take_metadata },                             /* 34 */
  { LIVE, ON (REMOTE_HANGUP), NULL, TO (ENDED), end_remote },                     /* 14, 21, 35 */
  { LIVE, ON (HANG_UP), NULL, TO (ENDED), end_hang_up },                          /* 12, 37 */
  { LIVE, ON (SIGNALLING_FAILED), NULL, TO (ENDED), end_signalling },             /* 38 */
  { LIVE, ON (CLOSE), NULL, TO (ENDED), end_close },                              /* 39 */
  { ANSWERED | IN (INVITE_SENT), ON (SEND_METADATA), NULL, STAY, send_metadata }, /* 9.8 */
};

#undef IN
#undef ON
#undef TO
#undef LIVE
#undef ANSWERED

static void
free_resend (gpointer data)
{
  Resend *resend = data;

  confab_clock_clear (resend->call->clock, &resend->timer);
  confab_call_event_unref (resend->message);
  g_free (resend);
}

static void
shut_down (ConfabPeerCall *self)
{
  if (self->closed)
    return;
  self->closed = TRUE;
  confab_clock_clear (self->clock, &self->gather_timer);
  confab_clock_clear (self->clock, &self->lifetime_timer);
  confab_clock_clear (self->clock, &self->batch_timer);
  confab_clock_clear (self->clock, &self->ice_timer);
  g_ptr_array_set_size (self->resends, 0);
  g_ptr_array_set_size (self->early, 0);
  g_clear_pointer (&self->local_candidates, confab_call_event_unref);
  g_clear_pointer (&self->waiting_offer, confab_call_event_unref);
  g_signal_handlers_disconnect_by_data (self->connection, self);
  confab_peer_connection_close (self->connection);
  confab_remote_streams_clear (self->streams);
}

static void
step (ConfabPeerCall *self, const Event *event)
{
  ConfabPeerCallState from = self->state;

  for (guint i = 0; i < G_N_ELEMENTS (transitions); i++) {
    if (transitions[i].event != event->id || !(transitions[i].from & (1u << from)) ||
        (transitions[i].guard != NULL && !transitions[i].guard (self, event)))
      continue;
    if (transitions[i].to != STAY)
      self->state = transitions[i].to;
    confab_call_debug (self->id,
                       "%s: %s -> %s",
                       event_names[event->id],
                       confab_enum_nick (CONFAB_TYPE_PEER_CALL_STATE, from),
                       confab_enum_nick (CONFAB_TYPE_PEER_CALL_STATE, self->state));
    transitions[i].enter (self, event);
    if (self->state == CONFAB_PEER_CALL_ENDED)
      shut_down (self);
    if (self->state != from)
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
    return;
  }
  confab_call_debug (self->id,
                     "%s: ignored in %s",
                     event_names[event->id],
                     confab_enum_nick (CONFAB_TYPE_PEER_CALL_STATE, from));
}

static void
free_event (gpointer data)
{
  Event *event = data;

  g_clear_pointer (&event->message, confab_call_event_unref);
  g_free (event->reason);
  g_free (event);
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
    free_event (event);
  }
  self->running = FALSE;
  g_object_unref (self);
}

/* What the connection says. */

static void
local_set_cb (ConfabPeerCall *self, ConfabSdpType type)
{
  push (self, EVENT_LOCAL_SET, NULL, NULL);
}

static void
remote_set_cb (ConfabPeerCall *self, ConfabSdpType type)
{
  push (self, EVENT_REMOTE_SET, NULL, NULL);
}

static void
failed_cb (ConfabPeerCall *self, const GError *error)
{
  push (self, EVENT_DESCRIPTION_FAILED, NULL, error->message);
}

static void
negotiation_needed_cb (ConfabPeerCall *self)
{
  push (self, EVENT_NEGOTIATION_NEEDED, NULL, NULL);
}

static void
track_cb (ConfabPeerCall *self, ConfabRemoteTrack *track)
{
  confab_remote_streams_add_track (self->streams, track);
}

static void
gathering_cb (ConfabPeerCall *self)
{
  if (!confab_peer_connection_get_gathering_complete (self->connection))
    return;
  if (self->gather_timer != 0) {
    confab_clock_clear (self->clock, &self->gather_timer);
    push (self, EVENT_GATHERED, NULL, NULL);
  } else if (may_send_candidates (self) && !self->end_sent) {
    arm_batch (self);
  }
}

static void
connection_state_cb (ConfabPeerCall *self)
{
  ConfabConnectionState state = confab_peer_connection_get_state (self->connection);

  if (state == CONFAB_CONNECTION_STATE_CONNECTED)
    push (self, EVENT_ICE_CONNECTED, NULL, NULL);
  else if (state == CONFAB_CONNECTION_STATE_DISCONNECTED)
    push (self, EVENT_ICE_DISCONNECTED, NULL, NULL);
  else if (state == CONFAB_CONNECTION_STATE_FAILED)
    push (self, EVENT_ICE_FAILED, NULL, NULL);
}

static void
confab_peer_call_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch ((Property) prop_id) {
  case PROP_STATE:
    g_value_set_enum (value, CONFAB_PEER_CALL (object)->state);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_peer_call_dispose (GObject *object)
{
  ConfabPeerCall *self = CONFAB_PEER_CALL (object);

  if (self->connection != NULL)
    shut_down (self);
  G_OBJECT_CLASS (confab_peer_call_parent_class)->dispose (object);
}

static void
confab_peer_call_finalize (GObject *object)
{
  ConfabPeerCall *self = CONFAB_PEER_CALL (object);

  g_queue_clear_full (&self->events, free_event);
  g_clear_pointer (&self->resends, g_ptr_array_unref);
  g_clear_pointer (&self->early, g_ptr_array_unref);
  g_clear_object (&self->connection);
  g_clear_object (&self->local_stream);
  g_clear_object (&self->streams);
  g_clear_object (&self->clock);
  g_free (self->id);
  g_free (self->reason);
  g_free (self->first_mid);
  g_free (self->remote_ufrag);
  G_OBJECT_CLASS (confab_peer_call_parent_class)->finalize (object);
}

static void
confab_peer_call_class_init (ConfabPeerCallClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = confab_peer_call_get_property;
  object_class->dispose = confab_peer_call_dispose;
  object_class->finalize = confab_peer_call_finalize;
  /**
   * ConfabPeerCall:state:
   *
   * Where it stands.
   */
  properties[PROP_STATE] = g_param_spec_enum ("state",
                                              NULL,
                                              NULL,
                                              CONFAB_TYPE_PEER_CALL_STATE,
                                              CONFAB_PEER_CALL_FLEDGLING,
                                              G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY |
                                                G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
  /**
   * ConfabPeerCall::send:
   * @message: (type gpointer): a #ConfabCallEvent
   */
  signals[SIGNAL_SEND] = g_signal_new ("send",
                                       G_TYPE_FROM_CLASS (klass),
                                       G_SIGNAL_RUN_LAST,
                                       0,
                                       NULL,
                                       NULL,
                                       NULL,
                                       G_TYPE_NONE,
                                       1,
                                       G_TYPE_POINTER);
}

static void
confab_peer_call_init (ConfabPeerCall *self)
{
  g_queue_init (&self->events);
  self->streams = confab_remote_streams_new ();
  self->early = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_call_event_unref);
  self->resends = g_ptr_array_new_with_free_func (free_resend);
}

/**
 * confab_peer_call_new:
 * @call_id: its id
 * @clock: for its timers
 * @connection: fresh; this call closes it
 * @local_stream: what is sent, for the metadata
 *
 * Returns: (transfer full): the call, fledgling: place it, or hand it an invite
 */
ConfabPeerCall *
confab_peer_call_new (const char *call_id,
                      ConfabClock *clock,
                      ConfabPeerConnection *connection,
                      ConfabStream *local_stream)
{
  ConfabPeerCall *self = g_object_new (CONFAB_TYPE_PEER_CALL, NULL);

  self->id = g_strdup (call_id);
  self->clock = g_object_ref (clock);
  self->connection = g_object_ref (connection);
  self->local_stream = g_object_ref (local_stream);
#define CONNECT(name, callback)                                                                    \
  g_signal_connect_object (connection, name, G_CALLBACK (callback), self, G_CONNECT_SWAPPED)
  CONNECT ("local-description-set", local_set_cb);
  CONNECT ("remote-description-set", remote_set_cb);
  CONNECT ("description-failed", failed_cb);
  CONNECT ("local-candidate", local_candidate_cb);
  CONNECT ("track-added", track_cb);
  CONNECT ("negotiation-needed", negotiation_needed_cb);
  CONNECT ("notify::gathering-complete", gathering_cb);
  CONNECT ("notify::state", connection_state_cb);
#undef CONNECT
  return self;
}

/* Where its streams are shown, if not in a list of its own; before anything else. */
void
confab_peer_call_set_streams (ConfabPeerCall *self, ConfabRemoteStreams *streams)
{
  g_set_object (&self->streams, streams);
}

void
confab_peer_call_place (ConfabPeerCall *self)
{
  push (self, EVENT_PLACE, NULL, NULL);
}

/**
 * confab_peer_call_handle_event:
 * @self: a call
 * @message: from its peer, in order
 */
void
confab_peer_call_handle_event (ConfabPeerCall *self, ConfabCallEvent *message)
{
  switch (message->type) {
  case CONFAB_CALL_EVENT_INVITE:
    push (self, EVENT_INVITED, message, NULL);
    break;
  case CONFAB_CALL_EVENT_ANSWER:
    push (self, EVENT_ANSWERED, message, NULL);
    break;
  case CONFAB_CALL_EVENT_CANDIDATES:
    push (self, EVENT_CANDIDATES, message, NULL);
    break;
  case CONFAB_CALL_EVENT_HANGUP:
    push (self, EVENT_REMOTE_HANGUP, message, NULL);
    break;
  case CONFAB_CALL_EVENT_NEGOTIATE:
    push (self,
          message->sdp_type == CONFAB_SDP_TYPE_OFFER ? EVENT_OFFERED : EVENT_NEGOTIATED,
          message,
          NULL);
    break;
  case CONFAB_CALL_EVENT_METADATA_CHANGED:
    push (self, EVENT_METADATA, message, NULL);
    break;
  case CONFAB_CALL_EVENT_REJECT:
    push (self, EVENT_REJECTED, message, NULL);
    break;
  case CONFAB_CALL_EVENT_SELECT_ANSWER: /* means nothing between two devices */
  default:
    break;
  }
}

void
confab_peer_call_accept (ConfabPeerCall *self)
{
  push (self, EVENT_ACCEPT, NULL, NULL);
}

void
confab_peer_call_hang_up (ConfabPeerCall *self, const char *reason)
{
  push (self, EVENT_HANG_UP, NULL, reason);
}

/* Ends it without a word to the peer. */
void
confab_peer_call_close (ConfabPeerCall *self)
{
  push (self, EVENT_CLOSE, NULL, NULL);
}

/* Tells the peer what of the local stream is muted now. */
void
confab_peer_call_send_metadata (ConfabPeerCall *self)
{
  push (self, EVENT_SEND_METADATA, NULL, NULL);
}

static void
resend_cb (gpointer data)
{
  Resend *resend = data;

  resend->timer = 0;
  send_message (resend->call, resend->message);
}

static guint
find_resend (ConfabPeerCall *self, ConfabCallEvent *message)
{
  for (guint i = 0; i < self->resends->len; i++) {
    if (((Resend *) self->resends->pdata[i])->message == message)
      return i;
  }
  return G_MAXUINT;
}

/**
 * confab_peer_call_sent:
 * @self: a call
 * @message: what ::send had
 * @error: (nullable): why it could not be sent
 *
 * Candidates and what else comes during the call are tried four times, 1, 4 and 16 s apart, with the number
 * they have: a hole in the numbers would hold up the peer (section 12, section 8.3).
 */
void
confab_peer_call_sent (ConfabPeerCall *self, ConfabCallEvent *message, const GError *error)
{
  static const guint pauses_ms[MAX_SEND_ATTEMPTS - 1] = { 1000, 4000, 16000 };
  guint index = find_resend (self, message);
  Resend *resend;

  if (error == NULL || self->closed) {
    if (index != G_MAXUINT)
      g_ptr_array_remove_index (self->resends, index);
    return;
  }
  if (message->type == CONFAB_CALL_EVENT_INVITE || message->type == CONFAB_CALL_EVENT_ANSWER) {
    push (self,
          message->type == CONFAB_CALL_EVENT_INVITE ? EVENT_INVITE_FAILED : EVENT_ANSWER_FAILED,
          NULL,
          error->message);
    return;
  }
  if (index == G_MAXUINT) {
    resend = g_new0 (Resend, 1);
    resend->call = self;
    resend->message = confab_call_event_ref (message);
    g_ptr_array_add (self->resends, resend);
  } else {
    resend = self->resends->pdata[index];
  }
  if (resend->attempts == MAX_SEND_ATTEMPTS - 1) {
    push (self, EVENT_SIGNALLING_FAILED, NULL, NULL);
    return;
  }
  resend->timer = confab_clock_add_timeout (self->clock,
                                            pauses_ms[resend->attempts++],
                                            resend_cb,
                                            resend);
}

const char *
confab_peer_call_get_id (ConfabPeerCall *self)
{
  return self->id;
}

ConfabPeerCallState
confab_peer_call_get_state (ConfabPeerCall *self)
{
  return self->state;
}

/* Why it ended, %NULL before. */
const char *
confab_peer_call_get_reason (ConfabPeerCall *self)
{
  return self->reason;
}

gboolean
confab_peer_call_get_inbound (ConfabPeerCall *self)
{
  return self->inbound;
}

/* Whether the peer knows that it is over: by a hangup of either side. */
gboolean
confab_peer_call_get_hangup_known (ConfabPeerCall *self)
{
  return self->hangup_known;
}

gboolean
confab_peer_call_get_answered (ConfabPeerCall *self)
{
  return self->answered;
}

GListModel *
confab_peer_call_get_streams (ConfabPeerCall *self)
{
  return confab_remote_streams_get_model (self->streams);
}

ConfabPeerConnection *
confab_peer_call_get_connection (ConfabPeerCall *self)
{
  return self->connection;
}
