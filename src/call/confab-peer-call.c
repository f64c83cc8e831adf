/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-peer-call-private.h"

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

#define PUSH(event) confab_peer_call_push (self, CONFAB_PEER_CALL_EVENT_##event, NULL, NULL)

static void
send_cb (ConfabCallEvent *message, gpointer data)
{
  confab_peer_call_emit_send (data, message);
}

/* What the connection says. */

static void
local_set_cb (ConfabPeerCall *self, ConfabSdpType type)
{
  PUSH (LOCAL_SET);
}

static void
remote_set_cb (ConfabPeerCall *self, ConfabSdpType type)
{
  PUSH (REMOTE_SET);
}

static void
failed_cb (ConfabPeerCall *self, const GError *error)
{
  confab_peer_call_push (self, CONFAB_PEER_CALL_EVENT_SDP_FAILED, NULL, error->message);
}

static void
negotiation_needed_cb (ConfabPeerCall *self)
{
  PUSH (NEGOTIATION_NEEDED);
}

static void
track_cb (ConfabPeerCall *self, ConfabRemoteTrack *track)
{
  confab_remote_streams_add_track (self->streams, track);
}

static void
local_candidate_cb (ConfabPeerCall *self, const char *candidate, const char *mid, int index)
{
  confab_candidate_batch_add (self->local_candidates, candidate, mid, index);
  confab_peer_call_found_candidate (self);
  if (confab_peer_call_may_send_candidates (self))
    confab_peer_call_arm_candidates (self);
}

static void
gathering_cb (ConfabPeerCall *self)
{
  gboolean end_due;

  if (!confab_peer_connection_get_gathering_complete (self->connection))
    return;
  end_due = confab_candidate_batch_complete (self->local_candidates);
  if (self->gather_timer != 0) {
    confab_clock_clear (self->clock, &self->gather_timer);
    PUSH (GATHERED);
  } else if (confab_peer_call_may_send_candidates (self) && end_due) {
    confab_peer_call_arm_candidates (self);
  }
}

static void
connection_state_cb (ConfabPeerCall *self)
{
  ConfabConnectionState state = confab_peer_connection_get_state (self->connection);

  if (state == CONFAB_CONNECTION_STATE_CONNECTED)
    PUSH (ICE_CONNECTED);
  else if (state == CONFAB_CONNECTION_STATE_DISCONNECTED)
    PUSH (ICE_DISCONNECTED);
  else if (state == CONFAB_CONNECTION_STATE_FAILED)
    PUSH (ICE_FAILED);
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
    confab_peer_call_shut_down (self);
  G_OBJECT_CLASS (confab_peer_call_parent_class)->dispose (object);
}

static void
confab_peer_call_finalize (GObject *object)
{
  ConfabPeerCall *self = CONFAB_PEER_CALL (object);

  g_queue_clear_full (&self->events, confab_peer_call_event_free);
  g_clear_pointer (&self->resends, confab_resend_queue_free);
  g_clear_pointer (&self->local_candidates, confab_candidate_batch_free);
  g_clear_pointer (&self->negotiation, confab_negotiation_free);
  g_clear_pointer (&self->early, g_ptr_array_unref);
  g_clear_pointer (&self->held_offer, confab_call_event_unref);
  g_clear_object (&self->connection);
  g_clear_object (&self->local_stream);
  g_clear_object (&self->screen);
  g_clear_object (&self->streams);
  g_clear_object (&self->clock);
  g_free (self->id);
  g_free (self->reason);
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
  self->local_candidates = confab_candidate_batch_new (call_id, clock, send_cb, self);
  self->resends = confab_resend_queue_new (clock, send_cb, self);
  self->negotiation = confab_negotiation_new (
    call_id, clock, connection, &confab_peer_call_negotiation_funcs, self);
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

void
confab_peer_call_emit_send (ConfabPeerCall *self, ConfabCallEvent *message)
{
  g_signal_emit (self, signals[SIGNAL_SEND], 0, message);
}

void
confab_peer_call_shut_down (ConfabPeerCall *self)
{
  if (self->closed)
    return;
  self->closed = TRUE;
  confab_clock_clear (self->clock, &self->gather_timer);
  confab_clock_clear (self->clock, &self->lifetime_timer);
  confab_clock_clear (self->clock, &self->ice_timer);
  confab_candidate_batch_clear (self->local_candidates);
  confab_resend_queue_clear (self->resends);
  confab_negotiation_clear (self->negotiation);
  g_ptr_array_set_size (self->early, 0);
  g_signal_handlers_disconnect_by_data (self->connection, self);
  confab_peer_connection_close (self->connection);
  confab_remote_streams_clear (self->streams);
}

/**
 * confab_peer_call_set_streams:
 * @self: a call to which nothing has happened yet
 * @streams: where the peer's streams are shown, instead of in a list of the call's own: it outlives the call
 */
void
confab_peer_call_set_streams (ConfabPeerCall *self, ConfabRemoteStreams *streams)
{
  g_return_if_fail (CONFAB_IS_PEER_CALL (self));
  g_return_if_fail (CONFAB_IS_REMOTE_STREAMS (streams));

  g_set_object (&self->streams, streams);
}

/**
 * confab_peer_call_place:
 * @self: a fledgling call
 *
 * Makes an offer; the invite goes out when it and the first candidates are there, 200 ms after it at the latest. It
 * may be answered for 60 s from when the homeserver has taken it.
 */
void
confab_peer_call_place (ConfabPeerCall *self)
{
  g_return_if_fail (CONFAB_IS_PEER_CALL (self));

  PUSH (PLACE);
}

/**
 * confab_peer_call_handle_event:
 * @self: a call
 * @message: from its peer, in order; whether the sender is who it should be is for the carrier to know
 *
 * `m.call.select_answer` means nothing between two devices and is ignored.
 */
void
confab_peer_call_handle_event (ConfabPeerCall *self, ConfabCallEvent *message)
{
  static const ConfabPeerCallEventId ids[] = {
    [CONFAB_CALL_EVENT_INVITE] = CONFAB_PEER_CALL_EVENT_INVITED,
    [CONFAB_CALL_EVENT_ANSWER] = CONFAB_PEER_CALL_EVENT_ANSWERED,
    [CONFAB_CALL_EVENT_CANDIDATES] = CONFAB_PEER_CALL_EVENT_CANDIDATES,
    [CONFAB_CALL_EVENT_HANGUP] = CONFAB_PEER_CALL_EVENT_REMOTE_HANGUP,
    [CONFAB_CALL_EVENT_NEGOTIATE] = CONFAB_PEER_CALL_EVENT_OFFERED,
    [CONFAB_CALL_EVENT_METADATA_CHANGED] = CONFAB_PEER_CALL_EVENT_METADATA,
    [CONFAB_CALL_EVENT_REJECT] = CONFAB_PEER_CALL_EVENT_REJECTED,
  };

  g_return_if_fail (CONFAB_IS_PEER_CALL (self));
  g_return_if_fail (message != NULL);

  if (message->type == CONFAB_CALL_EVENT_SELECT_ANSWER)
    return;
  if (message->type == CONFAB_CALL_EVENT_NEGOTIATE && message->sdp_type == CONFAB_SDP_TYPE_ANSWER)
    confab_peer_call_push (self, CONFAB_PEER_CALL_EVENT_NEGOTIATED, message, NULL);
  else
    confab_peer_call_push (self, ids[message->type], message, NULL);
}

/**
 * confab_peer_call_accept:
 * @self: a ringing call
 *
 * Answers it.
 */
void
confab_peer_call_accept (ConfabPeerCall *self)
{
  g_return_if_fail (CONFAB_IS_PEER_CALL (self));

  PUSH (ACCEPT);
}

/**
 * confab_peer_call_hang_up:
 * @self: a call
 * @reason: what the peer is told: protocol/mesh-calls.md section 3.6
 *
 * Ends it, and says so.
 */
void
confab_peer_call_hang_up (ConfabPeerCall *self, const char *reason)
{
  g_return_if_fail (CONFAB_IS_PEER_CALL (self));
  g_return_if_fail (reason != NULL);

  confab_peer_call_push (self, CONFAB_PEER_CALL_EVENT_HANG_UP, NULL, reason);
}

/**
 * confab_peer_call_close:
 * @self: a call
 *
 * Ends it without a word to the peer.
 */
void
confab_peer_call_close (ConfabPeerCall *self)
{
  g_return_if_fail (CONFAB_IS_PEER_CALL (self));

  PUSH (CLOSE);
}

/**
 * confab_peer_call_send_metadata:
 * @self: a call
 *
 * Tells the peer what of the local stream is muted now; before the invite or answer that is not needed, they say it.
 */
void
confab_peer_call_send_metadata (ConfabPeerCall *self)
{
  g_return_if_fail (CONFAB_IS_PEER_CALL (self));

  PUSH (SEND_METADATA);
}

/**
 * confab_peer_call_set_screen:
 * @self: a call
 * @screen: (nullable): the shared screen's stream, which the connection sends
 *
 * Before the invite or answer: it is in it, where there is room for it. Later an `m.call.negotiate` follows.
 */
void
confab_peer_call_set_screen (ConfabPeerCall *self, ConfabStream *screen)
{
  g_return_if_fail (CONFAB_IS_PEER_CALL (self));

  if (self->closed || (screen == NULL && !self->sharing) ||
      (screen != NULL && self->sharing && screen == self->screen))
    return;
  if (screen != NULL)
    g_set_object (&self->screen, screen);
  self->sharing = screen != NULL;
  confab_peer_connection_set_sharing (self->connection, self->sharing);
}

/**
 * confab_peer_call_sent:
 * @self: a call
 * @message: what ::send had
 * @error: (nullable): why it could not be sent
 *
 * An invite or answer that cannot be sent ends the call. Candidates and what else comes during the call are tried
 * four times, 1, 4 and 16 s apart, before it ends with `signalling_timeout` (section 12). While it is connected they are
 * tried for ever: people who hear each other are not parted because the homeserver does not answer.
 */
void
confab_peer_call_sent (ConfabPeerCall *self, ConfabCallEvent *message, const GError *error)
{
  g_return_if_fail (CONFAB_IS_PEER_CALL (self));
  g_return_if_fail (message != NULL);

  if (self->closed)
    return;
  if (error == NULL && message->type == CONFAB_CALL_EVENT_INVITE)
    PUSH (INVITE_TAKEN);
  else if (error == NULL)
    confab_resend_queue_sent (self->resends, message);
  else if (message->type == CONFAB_CALL_EVENT_INVITE)
    PUSH (INVITE_FAILED);
  else if (message->type == CONFAB_CALL_EVENT_ANSWER)
    PUSH (ANSWER_FAILED);
  else if (!confab_resend_queue_failed (self->resends,
                                        message,
                                        self->state == CONFAB_PEER_CALL_CONNECTED))
    PUSH (SIGNALLING_FAILED);
}

/**
 * confab_peer_call_get_id:
 * @self: a call
 *
 * Returns: (transfer none): its `call_id`
 */
const char *
confab_peer_call_get_id (ConfabPeerCall *self)
{
  g_return_val_if_fail (CONFAB_IS_PEER_CALL (self), NULL);

  return self->id;
}

ConfabPeerCallState
confab_peer_call_get_state (ConfabPeerCall *self)
{
  g_return_val_if_fail (CONFAB_IS_PEER_CALL (self), CONFAB_PEER_CALL_ENDED);

  return self->state;
}

/**
 * confab_peer_call_get_reason:
 * @self: a call
 *
 * Returns: (transfer none) (nullable): why it ended, as in section 3.6, or `closed`; %NULL before
 */
const char *
confab_peer_call_get_reason (ConfabPeerCall *self)
{
  g_return_val_if_fail (CONFAB_IS_PEER_CALL (self), NULL);

  return self->reason;
}

/**
 * confab_peer_call_get_inbound:
 * @self: a call
 *
 * Returns: whether the peer placed it
 */
gboolean
confab_peer_call_get_inbound (ConfabPeerCall *self)
{
  g_return_val_if_fail (CONFAB_IS_PEER_CALL (self), FALSE);

  return self->inbound;
}

/**
 * confab_peer_call_get_restart_offered:
 * @self: a call that has ended
 *
 * Returns: whether it ended because the peer offered an ICE restart: another connection is to take its place at once
 */
gboolean
confab_peer_call_get_restart_offered (ConfabPeerCall *self)
{
  g_return_val_if_fail (CONFAB_IS_PEER_CALL (self), FALSE);

  return self->restart_offered;
}

/**
 * confab_peer_call_get_hangup_known:
 * @self: a call that has ended
 *
 * Returns: whether the peer knows that it is over, by a hangup of either side, or never knew that it was on
 */
gboolean
confab_peer_call_get_hangup_known (ConfabPeerCall *self)
{
  g_return_val_if_fail (CONFAB_IS_PEER_CALL (self), FALSE);

  return self->hangup_known;
}

/**
 * confab_peer_call_get_streams:
 * @self: a call
 *
 * Returns: (transfer none): a model of #ConfabStream: what the peer sends
 */
GListModel *
confab_peer_call_get_streams (ConfabPeerCall *self)
{
  g_return_val_if_fail (CONFAB_IS_PEER_CALL (self), NULL);

  return confab_remote_streams_get_model (self->streams);
}

/**
 * confab_peer_call_get_connection:
 * @self: a call
 *
 * Returns: (transfer none): what carries it; closed once the call has ended
 */
ConfabPeerConnection *
confab_peer_call_get_connection (ConfabPeerCall *self)
{
  g_return_val_if_fail (CONFAB_IS_PEER_CALL (self), NULL);

  return self->connection;
}
