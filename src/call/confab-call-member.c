/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include <string.h>

#include "confab-call-member.h"
#include "confab-log.h"
#include "confab-peer-call.h"
#include "confab-remote-streams.h"
#include "confab-seq-queue.h"

#define MAX_RETRIES 3
#define REFUSED_PAUSE_MS 2000
#define MAX_EXPIRY_MS (24 * 60 * 60 * 1000)
#define QUIET_US (5 * G_USEC_PER_SEC)
#define N_ENDED_IDS 32
#define MAX_STRAY_CALLS 8

/* protocol/mesh-calls.md section 10.2. */
typedef enum {
  STATE_ADVERTISED,
  STATE_WAITING,
  STATE_CALLING,
  STATE_CONNECTED,
  STATE_RETRY_PAUSE,
  STATE_IDLE,
  STATE_REMOVED,
  N_STATES,
} State;

static const char *const state_names[N_STATES] = {
  "advertised", "waiting", "calling", "connected", "retry-pause", "idle", "removed",
};

typedef enum {
  EVENT_JOIN,
  EVENT_INVITED,
  EVENT_CALL_CONNECTED,
  EVENT_CALL_DISCONNECTED,
  EVENT_CALL_ENDED,
  EVENT_RETRY,
  EVENT_NEW_SESSION,
  EVENT_EXPIRED,
  EVENT_REMOVE,
  EVENT_LEAVE,
  N_EVENTS,
} EventId;

static const char *const event_names[N_EVENTS] = {
  "join",    "invited", "call-connected", "call-disconnected", "call-ended", "retry", "new-session",
  "expired", "remove",  "leave",
};

typedef struct {
  EventId id;
  ConfabCallEvent *message;
} Event;

struct _ConfabCallMember {
  GObject parent_instance;

  ConfabCallRoom *room;
  ConfabClock *clock;
  char *conf_id;
  char *user_id;
  char *device_id;
  char *session_id;
  gint64 expires_ts; /* ms since the epoch */
  gboolean active_foci;
  gboolean initiator; /* section 9.1: this side invites */

  State state;
  GQueue events; /* Event */
  gboolean running;
  gboolean was_connected;
  gboolean expired;
  gboolean refused; /* the one retry after a refused invite is used up */
  guint retries;
  guint expiry_timer;
  guint retry_timer;

  char *own_session_id;
  ConfabLocalMedia *media;
  ConfabIceServers *servers;
  ConfabPeerCall *call;
  ConfabRemoteStreams *streams;
  char *hangup_id; /* the last call, while the peer may still hold it */
  GHashTable *out; /* call id → the next number */
  GHashTable *in;  /* call id → ConfabSeqQueue */
  char *ended_ids[N_ENDED_IDS];
  guint n_ended;
  guint n_unsent;
  gboolean spoke_olm; /* in this session */
  gboolean clear;     /* the peer signals in clear */
  gint64 last_signalling_at;
  ConfabParticipantState shown;
};

static void participant_iface_init (ConfabParticipantInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabCallMember,
                               confab_call_member,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_PARTICIPANT,
                                                      participant_iface_init))

enum {
  PROP_STATE = 1,
  PROP_ENCRYPTED,
};

enum {
  SIGNAL_GONE,
  SIGNAL_SENT,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void run_events (ConfabCallMember *self);

static void
push (ConfabCallMember *self, EventId id, ConfabCallEvent *message)
{
  Event *event = g_new0 (Event, 1);

  event->id = id;
  event->message = message != NULL ? confab_call_event_ref (message) : NULL;
  g_queue_push_tail (&self->events, event);
  run_events (self);
}

/* As JavaScript compares: by UTF-16 code unit. */
static int
compare_ids (const char *left, const char *right)
{
  g_autofree gunichar2 *a = g_utf8_to_utf16 (left, -1, NULL, NULL, NULL);
  g_autofree gunichar2 *b = g_utf8_to_utf16 (right, -1, NULL, NULL, NULL);
  guint i = 0;

  if (a == NULL || b == NULL)
    return strcmp (left, right);
  while (a[i] != 0 && a[i] == b[i])
    i++;
  return (int) a[i] - (int) b[i];
}

static void
set_clear (ConfabCallMember *self, gboolean clear)
{
  if (self->clear == clear)
    return;
  self->clear = clear;
  g_object_notify (G_OBJECT (self), "encrypted");
}

static gboolean
is_ended (ConfabCallMember *self, const char *call_id)
{
  for (guint i = 0; i < N_ENDED_IDS; i++) {
    if (g_strcmp0 (self->ended_ids[i], call_id) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
remember_ended (ConfabCallMember *self, const char *call_id)
{
  g_autofree char *id = g_strdup (call_id);

  g_hash_table_remove (self->in, id);
  if (is_ended (self, id))
    return;
  g_free (self->ended_ids[self->n_ended]);
  self->ended_ids[self->n_ended] = g_steal_pointer (&id);
  self->n_ended = (self->n_ended + 1) % N_ENDED_IDS;
}

/* Sending. */

typedef struct {
  GWeakRef member;
  GWeakRef call;
  ConfabCallEvent *message;
} Sending;

static void
free_sending (gpointer data)
{
  Sending *sending = data;

  g_weak_ref_clear (&sending->member);
  g_weak_ref_clear (&sending->call);
  confab_call_event_unref (sending->message);
  g_free (sending);
}

static void
sent_cb (const GError *error, gpointer data)
{
  Sending *sending = data;
  g_autoptr (ConfabCallMember) self = g_weak_ref_get (&sending->member);
  g_autoptr (ConfabPeerCall) call = g_weak_ref_get (&sending->call);

  if (error != NULL)
    confab_call_info (sending->message->call_id,
                      "%s was not sent: %s",
                      confab_call_event_get_name (sending->message),
                      error->message);
  if (call != NULL)
    confab_peer_call_sent (call, sending->message, error);
  if (self != NULL) {
    self->n_unsent--;
    g_signal_emit (self, signals[SIGNAL_SENT], 0);
  }
}

static void
fill_envelope (ConfabCallMember *self, ConfabCallEvent *message)
{
  guint next;

  if (message->seq >= 0)
    return; /* tried again, with the number that it has */
  next = GPOINTER_TO_UINT (g_hash_table_lookup (self->out, message->call_id));
  g_hash_table_replace (self->out, g_strdup (message->call_id), GUINT_TO_POINTER (next + 1));
  message->seq = next;
  message->party_id = g_strdup (confab_call_room_get_device_id (self->room));
  message->device_id = g_strdup (message->party_id);
  message->conf_id = g_strdup (self->conf_id);
  message->sender_session_id = g_strdup (self->own_session_id);
  message->dest_session_id = g_strdup (self->session_id);
  if (message->type == CONFAB_CALL_EVENT_INVITE)
    message->invitee = g_strdup (self->user_id);
}

static void
send_message (ConfabCallMember *self, ConfabPeerCall *call, ConfabCallEvent *message)
{
  Sending *sending = g_new0 (Sending, 1);
  gboolean clear = self->clear && !confab_call_room_get_encrypted (self->room);
  g_autoptr (JsonObject) content = NULL;

  fill_envelope (self, message);
  content = confab_call_event_print (message);
  g_weak_ref_init (&sending->member, self);
  g_weak_ref_init (&sending->call, call);
  sending->message = confab_call_event_ref (message);
  self->n_unsent++;
  confab_call_debug (message->call_id,
                     "out %s seq %" G_GINT64_FORMAT " to %s/%s",
                     confab_call_event_get_name (message),
                     message->seq,
                     self->user_id,
                     self->device_id);
  confab_signalling_send_to_device (confab_call_room_get_signalling (self->room),
                                    confab_call_room_get_id (self->room),
                                    self->user_id,
                                    self->device_id,
                                    confab_call_event_get_name (message),
                                    content,
                                    clear ? CONFAB_SIGNALLING_CLEAR : CONFAB_SIGNALLING_ENCRYPTED,
                                    sent_cb,
                                    sending,
                                    free_sending);
}

static void
send_hangup_for (ConfabCallMember *self, const char *call_id, const char *reason)
{
  g_autoptr (ConfabCallEvent) message = confab_call_event_new (CONFAB_CALL_EVENT_HANGUP, call_id);

  message->reason = g_strdup (reason);
  send_message (self, NULL, message);
}

static void
call_send_cb (ConfabPeerCall *call, ConfabCallEvent *message, ConfabCallMember *self)
{
  send_message (self, call, message);
}

/* The peer call. */

static void
call_state_cb (ConfabPeerCall *call, GParamSpec *pspec, ConfabCallMember *self)
{
  switch (confab_peer_call_get_state (call)) {
  case CONFAB_PEER_CALL_RINGING: /* a mesh answers by itself: one has joined the whole */
    confab_peer_call_accept (call);
    break;
  case CONFAB_PEER_CALL_CONNECTED:
    push (self, EVENT_CALL_CONNECTED, NULL);
    break;
  case CONFAB_PEER_CALL_CONNECTING:
    push (self, EVENT_CALL_DISCONNECTED, NULL);
    break;
  case CONFAB_PEER_CALL_ENDED:
    push (self, EVENT_CALL_ENDED, NULL);
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
deliver_cb (ConfabCallEvent *message, gpointer data)
{
  ConfabCallMember *self = data;

  if (self->call != NULL && g_str_equal (confab_peer_call_get_id (self->call), message->call_id))
    confab_peer_call_handle_event (self->call, message);
}

static ConfabSeqQueue *
ensure_queue (ConfabCallMember *self, const char *call_id)
{
  ConfabSeqQueue *queue = g_hash_table_lookup (self->in, call_id);

  if (queue != NULL)
    return queue;
  if (g_hash_table_size (self->in) >= MAX_STRAY_CALLS)
    return NULL;
  queue = confab_seq_queue_new (self->clock, deliver_cb, self);
  g_hash_table_insert (self->in, g_strdup (call_id), queue);
  return queue;
}

static void
drop_strays (ConfabCallMember *self)
{
  if (g_hash_table_size (self->in) >= MAX_STRAY_CALLS)
    g_hash_table_remove_all (self->in);
}

static void
make_call (ConfabCallMember *self, const char *call_id)
{
  g_autoptr (ConfabPeerConnection) connection = confab_local_media_create_peer_connection (self->media,
                                                                                self->servers);

  drop_strays (self);
  ensure_queue (self, call_id);
  self->call = confab_peer_call_new (call_id,
                                     self->clock,
                                     connection,
                                     confab_local_media_get_stream (self->media));
  confab_peer_call_set_streams (self->call, self->streams);
  g_signal_connect_object (self->call, "send", G_CALLBACK (call_send_cb), self, 0);
  g_signal_connect_object (self->call, "notify::state", G_CALLBACK (call_state_cb), self, 0);
}

/* Forgets the call; one that still lives ends with @reason, or without a word when that is %NULL. */
static void
drop_call (ConfabCallMember *self, const char *reason)
{
  g_autoptr (ConfabPeerCall) call = g_steal_pointer (&self->call);

  if (call == NULL)
    return;
  g_signal_handlers_disconnect_by_func (call, call_state_cb, self);
  if (confab_peer_call_get_state (call) != CONFAB_PEER_CALL_ENDED && reason != NULL)
    confab_peer_call_hang_up (call, reason);
  else
    confab_peer_call_close (call);
  g_clear_pointer (&self->hangup_id, g_free);
  if (!confab_peer_call_get_hangup_known (call))
    self->hangup_id = g_strdup (confab_peer_call_get_id (call));
  remember_ended (self, confab_peer_call_get_id (call));
}

static void
reset_session (ConfabCallMember *self)
{
  drop_call (self, NULL);
  g_clear_pointer (&self->hangup_id, g_free);
  confab_clock_clear (self->clock, &self->retry_timer);
  g_hash_table_remove_all (self->in);
  g_hash_table_remove_all (self->out);
  self->retries = 0;
  self->refused = FALSE;
  self->spoke_olm = FALSE;
  self->was_connected = FALSE;
  set_clear (self, FALSE);
}

/* Side effects of the table's rows. */

static void
place_call (ConfabCallMember *self, const Event *event)
{
  g_autofree char *call_id = confab_random_id (16);

  if (self->hangup_id != NULL)
    send_hangup_for (self, self->hangup_id, "unknown_error");
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
  remember_ended (self, event->message->call_id);
  send_hangup_for (self, event->message->call_id, "replaced");
}

static void
replace_call (ConfabCallMember *self, const Event *event)
{
  drop_call (self, "replaced");
  answer_call (self, event);
}

static void
connected (ConfabCallMember *self, const Event *event)
{
  self->retries = 0;
  self->refused = FALSE;
  self->was_connected = TRUE;
}

static void
retry_cb (gpointer data)
{
  ConfabCallMember *self = data;

  self->retry_timer = 0;
  push (self, EVENT_RETRY, NULL);
}

static void
pause_refused (ConfabCallMember *self, const Event *event)
{
  self->refused = TRUE;
  drop_call (self, NULL);
  self->retry_timer = confab_clock_add_timeout (self->clock, REFUSED_PAUSE_MS, retry_cb, self);
}

static void
pause_retry (ConfabCallMember *self, const Event *event)
{
  static const guint pauses_ms[MAX_RETRIES] = { 1000, 3000, 5000 };

  drop_call (self, NULL);
  self->retry_timer = confab_clock_add_timeout (self->clock,
                                                pauses_ms[self->retries++],
                                                retry_cb,
                                                self);
}

static void
wait_again (ConfabCallMember *self, const Event *event)
{
  self->retries++;
  drop_call (self, NULL);
}

static void
give_up (ConfabCallMember *self, const Event *event)
{
  drop_call (self, NULL);
}

static void
restart (ConfabCallMember *self, const Event *event)
{
  reset_session (self);
  if (self->initiator)
    place_call (self, event);
}

static void
forget_session (ConfabCallMember *self, const Event *event)
{
  reset_session (self);
}

static void
note_expired (ConfabCallMember *self, const Event *event)
{
  self->expired = TRUE;
}

static void
hang_up (ConfabCallMember *self, const Event *event)
{
  drop_call (self, "user_hangup");
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
  confab_clock_clear (self->clock, &self->expiry_timer);
  g_clear_object (&self->media);
}

/* Guards. */

static gboolean
is_initiator (ConfabCallMember *self, const Event *event)
{
  return self->initiator;
}

static gboolean
is_expired (ConfabCallMember *self, const Event *event)
{
  return self->expired;
}

/* Section 11.2: the peer took our invite for glare, or had a later one of ours. */
static gboolean
is_refused (ConfabCallMember *self, const Event *event)
{
  return self->initiator && !self->refused && !confab_peer_call_get_inbound (self->call) &&
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

static gboolean
is_exhausted (ConfabCallMember *self, const Event *event)
{
  return self->retries >= MAX_RETRIES;
}

#define IN(s) (1u << STATE_##s)
#define ON(e) EVENT_##e
#define TO(s) STATE_##s
#define STAY -1
#define IN_CALL (IN (CALLING) | IN (CONNECTED))
#define JOINED (IN_CALL | IN (WAITING) | IN (RETRY_PAUSE) | IN (IDLE))
#define ANY (JOINED | IN (ADVERTISED))

/* protocol/mesh-calls.md section 10.2, and 11.2 for a second invite: the first row that matches wins. */
static const struct {
  guint from;
  EventId event;
  gboolean (*guard) (ConfabCallMember *self, const Event *event);
  int to;
  void (*enter) (ConfabCallMember *self, const Event *event);
} transitions[] = {
  { IN (ADVERTISED), ON (JOIN), is_initiator, TO (CALLING), place_call },
  { IN (ADVERTISED), ON (JOIN), NULL, TO (WAITING), NULL },
  { IN (WAITING) | IN (IDLE) | IN (RETRY_PAUSE), ON (INVITED), NULL, TO (CALLING), answer_call },
  { IN_CALL, ON (INVITED), is_initiator, STAY, refuse_call },
  { IN_CALL, ON (INVITED), NULL, TO (CALLING), replace_call },
  { IN (CALLING), ON (CALL_CONNECTED), NULL, TO (CONNECTED), connected },
  { IN (CONNECTED), ON (CALL_DISCONNECTED), NULL, TO (CALLING), NULL },
  { IN_CALL, ON (CALL_ENDED), is_expired, TO (REMOVED), removed },
  { IN_CALL, ON (CALL_ENDED), is_refused, TO (RETRY_PAUSE), pause_refused },
  { IN_CALL, ON (CALL_ENDED), is_final, TO (IDLE), give_up },
  { IN_CALL, ON (CALL_ENDED), is_exhausted, TO (IDLE), give_up },
  { IN_CALL, ON (CALL_ENDED), is_initiator, TO (RETRY_PAUSE), pause_retry },
  { IN_CALL, ON (CALL_ENDED), NULL, TO (WAITING), wait_again },
  { IN (RETRY_PAUSE), ON (RETRY), NULL, TO (CALLING), place_call },
  { JOINED, ON (NEW_SESSION), is_initiator, TO (CALLING), restart },
  { JOINED, ON (NEW_SESSION), NULL, TO (WAITING), restart },
  { IN (ADVERTISED), ON (NEW_SESSION), NULL, STAY, forget_session },
  { IN (CONNECTED), ON (EXPIRED), NULL, STAY, note_expired },
  { ANY, ON (EXPIRED), NULL, TO (REMOVED), removed },
  { ANY, ON (REMOVE), NULL, TO (REMOVED), removed },
  { JOINED, ON (LEAVE), NULL, TO (ADVERTISED), hang_up },
};

#undef IN
#undef ON
#undef TO
#undef IN_CALL
#undef JOINED
#undef ANY

static void
update_shown (ConfabCallMember *self)
{
  static const ConfabParticipantState first[N_STATES] = {
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
  State from = self->state;

  for (guint i = 0; i < G_N_ELEMENTS (transitions); i++) {
    if (transitions[i].event != event->id || !(transitions[i].from & (1u << from)) ||
        (transitions[i].guard != NULL && !transitions[i].guard (self, event)))
      continue;
    if (transitions[i].to != STAY)
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
    if (self->state == STATE_REMOVED)
      g_signal_emit (self, signals[SIGNAL_GONE], 0);
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
free_event (gpointer data)
{
  Event *event = data;

  g_clear_pointer (&event->message, confab_call_event_unref);
  g_free (event);
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
    free_event (event);
  }
  self->running = FALSE;
  g_object_unref (self);
}

static void
expiry_cb (gpointer data)
{
  ConfabCallMember *self = data;

  self->expiry_timer = 0;
  push (self, EVENT_EXPIRED, NULL);
}

static void
arm_expiry (ConfabCallMember *self)
{
  gint64 left_ms = self->expires_ts - confab_call_room_get_now (self->room);

  self->expired = FALSE;
  confab_clock_clear (self->clock, &self->expiry_timer);
  self->expiry_timer = confab_clock_add_timeout (self->clock,
                                                 (guint) CLAMP (left_ms, 0, MAX_EXPIRY_MS) + 10,
                                                 expiry_cb,
                                                 self);
}

static GListModel *
confab_call_member_get_streams (ConfabParticipant *participant)
{
  return confab_remote_streams_get_model (CONFAB_CALL_MEMBER (participant)->streams);
}

static const char *
participant_get_user_id (ConfabParticipant *participant)
{
  return CONFAB_CALL_MEMBER (participant)->user_id;
}

static const char *
participant_get_device_id (ConfabParticipant *participant)
{
  return CONFAB_CALL_MEMBER (participant)->device_id;
}

static void
participant_iface_init (ConfabParticipantInterface *iface)
{
  iface->get_user_id = participant_get_user_id;
  iface->get_device_id = participant_get_device_id;
  iface->get_streams = confab_call_member_get_streams;
}

static void
confab_call_member_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabCallMember *self = CONFAB_CALL_MEMBER (object);

  switch (prop_id) {
  case PROP_STATE:
    g_value_set_enum (value, self->shown);
    break;
  case PROP_ENCRYPTED:
    g_value_set_boolean (value, !self->clear);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_call_member_dispose (GObject *object)
{
  ConfabCallMember *self = CONFAB_CALL_MEMBER (object);

  if (self->clock != NULL) {
    drop_call (self, NULL);
    confab_clock_clear (self->clock, &self->retry_timer);
    confab_clock_clear (self->clock, &self->expiry_timer);
  }
  g_hash_table_remove_all (self->in);
  g_clear_object (&self->media);
  G_OBJECT_CLASS (confab_call_member_parent_class)->dispose (object);
}

static void
confab_call_member_finalize (GObject *object)
{
  ConfabCallMember *self = CONFAB_CALL_MEMBER (object);

  g_queue_clear_full (&self->events, free_event);
  g_clear_object (&self->room);
  g_clear_object (&self->clock);
  g_clear_object (&self->streams);
  g_clear_pointer (&self->servers, confab_ice_servers_free);
  g_hash_table_unref (self->in);
  g_hash_table_unref (self->out);
  for (guint i = 0; i < N_ENDED_IDS; i++)
    g_free (self->ended_ids[i]);
  g_free (self->conf_id);
  g_free (self->user_id);
  g_free (self->device_id);
  g_free (self->session_id);
  g_free (self->own_session_id);
  g_free (self->hangup_id);
  G_OBJECT_CLASS (confab_call_member_parent_class)->finalize (object);
}

static void
confab_call_member_class_init (ConfabCallMemberClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = confab_call_member_get_property;
  object_class->dispose = confab_call_member_dispose;
  object_class->finalize = confab_call_member_finalize;
  g_object_class_override_property (object_class, PROP_STATE, "state");
  g_object_class_override_property (object_class, PROP_ENCRYPTED, "encrypted");
  /**
   * ConfabCallMember::gone:
   *
   * It is not in the call any more.
   */
  signals[SIGNAL_GONE] = g_signal_new (
    "gone", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * ConfabCallMember::sent:
   *
   * A message has left, or never will.
   */
  signals[SIGNAL_SENT] = g_signal_new (
    "sent", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
confab_call_member_init (ConfabCallMember *self)
{
  g_queue_init (&self->events);
  self->streams = confab_remote_streams_new ();
  self->out = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->in = g_hash_table_new_full (g_str_hash,
                                    g_str_equal,
                                    g_free,
                                    (GDestroyNotify) confab_seq_queue_free);
}

/**
 * confab_call_member_new:
 * @room: the call's room
 * @conf_id: the call
 * @user_id: whose device it is
 * @entry: its valid membership
 *
 * Returns: (transfer full): the member, advertised
 */
ConfabCallMember *
confab_call_member_new (ConfabCallRoom *room,
                        const char *conf_id,
                        const char *user_id,
                        const ConfabCallMembership *entry)
{
  ConfabCallMember *self = g_object_new (CONFAB_TYPE_CALL_MEMBER, NULL);
  int order = compare_ids (user_id, confab_call_room_get_user_id (room));

  if (order == 0)
    order = compare_ids (entry->device_id, confab_call_room_get_device_id (room));
  self->initiator = order > 0;
  self->room = g_object_ref (room);
  self->clock = g_object_ref (confab_call_room_get_clock (room));
  self->conf_id = g_strdup (conf_id);
  self->user_id = g_strdup (user_id);
  self->device_id = g_strdup (entry->device_id);
  self->session_id = g_strdup (entry->session_id);
  self->expires_ts = entry->expires_ts;
  self->active_foci = entry->active_foci;
  arm_expiry (self);
  return self;
}

/* The member event was written anew: a longer life, or another session (section 9.4). */
void
confab_call_member_update (ConfabCallMember *self, const ConfabCallMembership *entry)
{
  gboolean same = g_str_equal (self->session_id, entry->session_id);

  self->active_foci = entry->active_foci;
  if (self->expires_ts != entry->expires_ts || !same) {
    self->expires_ts = entry->expires_ts;
    arm_expiry (self);
  }
  if (same)
    return;
  g_set_str (&self->session_id, entry->session_id);
  push (self, EVENT_NEW_SESSION, NULL);
}

/**
 * confab_call_member_join:
 * @self: a member
 * @own_session_id: this device's session
 * @media: what to send
 * @servers: for the connection
 *
 * This device is in the call: connect, or wait for the invite.
 */
void
confab_call_member_join (ConfabCallMember *self,
                         const char *own_session_id,
                         ConfabLocalMedia *media,
                         const ConfabIceServers *servers)
{
  if (self->state != STATE_ADVERTISED)
    return;
  g_set_str (&self->own_session_id, own_session_id);
  g_set_object (&self->media, media);
  g_clear_pointer (&self->servers, confab_ice_servers_free);
  self->servers = confab_ice_servers_copy (servers);
  push (self, EVENT_JOIN, NULL);
}

void
confab_call_member_leave (ConfabCallMember *self)
{
  push (self, EVENT_LEAVE, NULL);
}

/* Its entry is gone, or it left the room: closed without a word. */
void
confab_call_member_remove (ConfabCallMember *self)
{
  push (self, EVENT_REMOVE, NULL);
}

/* Clear text only from a device that has not proved itself by Olm, and only in an open room. */
static gboolean
check_security (ConfabCallMember *self, ConfabCallEvent *message, gboolean encrypted)
{
  if (!encrypted && (self->spoke_olm || confab_call_room_get_encrypted (self->room))) {
    confab_call_info (message->call_id,
                      "%s in clear from %s/%s refused",
                      confab_call_event_get_name (message),
                      self->user_id,
                      self->device_id);
    return FALSE;
  }
  self->spoke_olm |= encrypted;
  if (!encrypted)
    set_clear (self, TRUE);
  else if (message->type == CONFAB_CALL_EVENT_INVITE)
    set_clear (self, FALSE);
  return TRUE;
}

static void
take_message (ConfabCallMember *self, ConfabCallEvent *message)
{
  gboolean current = self->call != NULL &&
                     g_str_equal (confab_peer_call_get_id (self->call), message->call_id);
  ConfabSeqQueue *queue;

  if (is_ended (self, message->call_id)) {
    confab_call_debug (message->call_id,
                       "%s after its end ignored",
                       confab_call_event_get_name (message));
    return;
  }
  if (message->type == CONFAB_CALL_EVENT_INVITE) {
    if (!current)
      push (self, EVENT_INVITED, message);
    return;
  }
  if (!current && message->type == CONFAB_CALL_EVENT_HANGUP) {
    remember_ended (self, message->call_id);
    return;
  }
  if (current && message->seq < 0) {
    confab_peer_call_handle_event (self->call, message);
    return;
  }
  queue = ensure_queue (self, message->call_id);
  if (queue != NULL)
    confab_seq_queue_push (queue, message);
}

/**
 * confab_call_member_handle_message:
 * @self: a member
 * @message: from this device
 * @encrypted: whether Olm says that it is
 *
 * Returns: whether it is done with: if not, keep it, its session is not known yet or this device has not
 *   joined (section 9.3)
 */
gboolean
confab_call_member_handle_message (ConfabCallMember *self,
                                   ConfabCallEvent *message,
                                   gboolean encrypted)
{
  if (self->state == STATE_ADVERTISED ||
      g_strcmp0 (message->sender_session_id, self->session_id) != 0)
    return FALSE;
  if (g_strcmp0 (message->dest_session_id, self->own_session_id) != 0) {
    confab_call_debug (message->call_id,
                       "%s for another session dropped",
                       confab_call_event_get_name (message));
    return TRUE;
  }
  if (!check_security (self, message, encrypted))
    return TRUE;
  self->last_signalling_at = confab_clock_get_time (self->clock);
  confab_call_debug (message->call_id,
                     "in %s seq %" G_GINT64_FORMAT " from %s/%s",
                     confab_call_event_get_name (message),
                     message->seq,
                     self->user_id,
                     self->device_id);
  take_message (self, message);
  return TRUE;
}

/* A sync is through: what an outbound call has heard by now says where its numbers start (section 8.3). */
void
confab_call_member_end_sync (ConfabCallMember *self)
{
  ConfabSeqQueue *queue = self->call != NULL
                            ? g_hash_table_lookup (self->in, confab_peer_call_get_id (self->call))
                            : NULL;

  if (queue != NULL && !confab_peer_call_get_inbound (self->call))
    confab_seq_queue_seed (queue);
}

void
confab_call_member_send_metadata (ConfabCallMember *self)
{
  if (self->call != NULL)
    confab_peer_call_send_metadata (self->call);
}

const char *
confab_call_member_get_user_id (ConfabCallMember *self)
{
  return self->user_id;
}

const char *
confab_call_member_get_device_id (ConfabCallMember *self)
{
  return self->device_id;
}

const char *
confab_call_member_get_session_id (ConfabCallMember *self)
{
  return self->session_id;
}

/* The connection attempt's id, %NULL when there is none. */
const char *
confab_call_member_get_call_id (ConfabCallMember *self)
{
  return self->call != NULL ? confab_peer_call_get_id (self->call) : NULL;
}

gboolean
confab_call_member_get_inbound (ConfabCallMember *self)
{
  return self->call != NULL ? confab_peer_call_get_inbound (self->call) : !self->initiator;
}

gboolean
confab_call_member_get_connected (ConfabCallMember *self)
{
  return self->state == STATE_CONNECTED;
}

/* Neither media nor signalling for five seconds. */
gboolean
confab_call_member_get_quiet (ConfabCallMember *self)
{
  gint64 last = self->last_signalling_at;

  if (self->call != NULL)
    last = MAX (last,
                confab_peer_connection_get_last_received_at (
                  confab_peer_call_get_connection (self->call)));
  return confab_clock_get_time (self->clock) - last >= QUIET_US;
}

guint
confab_call_member_get_retry_count (ConfabCallMember *self)
{
  return self->retries;
}

static ConfabStream *
peek_usermedia (ConfabCallMember *self)
{
  GListModel *model = confab_remote_streams_get_model (self->streams);
  g_autoptr (ConfabStream) stream = g_list_model_get_item (model, 0);

  return stream != NULL && confab_stream_get_purpose (stream) == CONFAB_STREAM_PURPOSE_USERMEDIA
           ? stream
           : NULL;
}

gboolean
confab_call_member_get_microphone_muted (ConfabCallMember *self)
{
  ConfabStream *stream = peek_usermedia (self);

  return stream != NULL && confab_stream_get_audio_muted (stream);
}

gboolean
confab_call_member_get_camera_muted (ConfabCallMember *self)
{
  ConfabStream *stream = peek_usermedia (self);

  return stream != NULL && confab_stream_get_video_muted (stream);
}

/* Monotonic µs, 0 when nothing came yet. */
gint64
confab_call_member_get_last_signalling_at (ConfabCallMember *self)
{
  return self->last_signalling_at;
}

/* Returns: (transfer full): the #ConfabCallEvent that wait for one before them. */
GPtrArray *
confab_call_member_dup_queued (ConfabCallMember *self)
{
  GPtrArray *queued = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_call_event_unref);
  GHashTableIter iter;
  gpointer queue;

  g_hash_table_iter_init (&iter, self->in);
  while (g_hash_table_iter_next (&iter, NULL, &queue))
    confab_seq_queue_list (queue, queued);
  return queued;
}

/* Returns: (transfer none) (nullable): the connection of the current attempt. */
ConfabPeerConnection *
confab_call_member_get_connection (ConfabCallMember *self)
{
  return self->call != NULL ? confab_peer_call_get_connection (self->call) : NULL;
}

gboolean
confab_call_member_get_active_foci (ConfabCallMember *self)
{
  return self->active_foci;
}

guint
confab_call_member_get_n_unsent (ConfabCallMember *self)
{
  return self->n_unsent;
}
