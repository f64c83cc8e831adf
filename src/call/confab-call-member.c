/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-call-member-private.h"

#include "confab-log.h"

#include <string.h>

#define QUIET_US (5 * G_USEC_PER_SEC)

static void participant_iface_init (ConfabParticipantInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabCallMember,
                               confab_call_member,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_PARTICIPANT,
                                                      participant_iface_init))

enum {
  PROP_STATE = 1,
  PROP_ENCRYPTED,
  PROP_WAITING_FOR_KEY,
  PROP_WEAK,
  PROP_QUIET_SINCE,
};

enum {
  SIGNAL_GONE,
  SIGNAL_SENT,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

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
  case PROP_WAITING_FOR_KEY:
    g_value_set_boolean (value, self->waiting_for_key);
    break;
  case PROP_WEAK:
    g_value_set_boolean (value, confab_remote_streams_get_weak (self->streams));
    break;
  case PROP_QUIET_SINCE:
    g_value_set_int64 (value, confab_liveness_get_quiet_since (self->liveness));
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
    confab_call_member_drop_call (self, NULL);
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

  g_queue_clear_full (&self->events, confab_call_member_event_free);
  g_clear_pointer (&self->liveness, confab_liveness_free);
  g_clear_object (&self->room);
  g_clear_object (&self->clock);
  g_clear_object (&self->streams);
  g_clear_pointer (&self->servers, confab_ice_servers_free);
  g_hash_table_unref (self->in);
  g_hash_table_unref (self->out);
  for (guint i = 0; i < CONFAB_CALL_MEMBER_N_ENDED; i++)
    g_free (self->ended_ids[i]);
  g_free (self->conf_id);
  g_free (self->user_id);
  g_free (self->device_id);
  for (guint i = 0; i < CONFAB_CALL_MEMBER_N_SESSIONS; i++)
    g_free (self->old_sessions[i]);
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
  g_object_class_override_property (object_class, PROP_WAITING_FOR_KEY, "waiting-for-key");
  g_object_class_override_property (object_class, PROP_WEAK, "weak");
  g_object_class_override_property (object_class, PROP_QUIET_SINCE, "quiet-since");
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

static gint64
get_last_sign (ConfabCallMember *self)
{
  gint64 last = MAX (MAX (self->last_signalling_at, self->last_media_at), self->refreshed_at);

  if (self->call != NULL)
    last = MAX (last,
                confab_peer_connection_get_last_received_at (
                  confab_peer_call_get_connection (self->call)));
  return last;
}

static gint64
last_sign_cb (gpointer data)
{
  return get_last_sign (data);
}

static void
quiet_cb (gpointer data)
{
  ConfabCallMember *self = data;

  confab_call_debug (self->conf_id,
                     "%s/%s: %s",
                     self->user_id,
                     self->device_id,
                     confab_liveness_get_quiet_since (self->liveness) != 0 ? "gone quiet"
                                                                           : "quiet no more");
  g_object_notify (G_OBJECT (self), "quiet-since");
}

static void
weak_cb (ConfabCallMember *self)
{
  g_object_notify (G_OBJECT (self), "weak");
}

static void
confab_call_member_init (ConfabCallMember *self)
{
  g_queue_init (&self->events);
  self->streams = confab_remote_streams_new ();
  g_signal_connect_object (
    self->streams, "notify::weak", G_CALLBACK (weak_cb), self, G_CONNECT_SWAPPED);
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
  self->liveness = confab_liveness_new (self->clock, last_sign_cb, quiet_cb, self);
  confab_call_member_arm_expiry (self);
  return self;
}

void
confab_call_member_emit_gone (ConfabCallMember *self)
{
  g_signal_emit (self, signals[SIGNAL_GONE], 0);
}

void
confab_call_member_emit_sent (ConfabCallMember *self)
{
  g_signal_emit (self, signals[SIGNAL_SENT], 0);
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
  if (self->state != CONFAB_CALL_MEMBER_ADVERTISED)
    return;
  g_set_str (&self->own_session_id, own_session_id);
  g_set_object (&self->media, media);
  confab_call_member_set_servers (self, servers);
  confab_liveness_start (self->liveness);
  confab_call_member_push (self, CONFAB_CALL_MEMBER_EVENT_JOIN, NULL);
}

/**
 * confab_call_member_set_servers:
 * @self: a member
 * @servers: fresh ones
 *
 * The next connection is made with these.
 */
void
confab_call_member_set_servers (ConfabCallMember *self, const ConfabIceServers *servers)
{
  g_clear_pointer (&self->servers, confab_ice_servers_free);
  self->servers = confab_ice_servers_copy (servers);
}

/**
 * confab_call_member_leave:
 * @self: a member
 *
 * This device is out of the call: hangs up. Messages of this member are kept by the handler from now on.
 */
void
confab_call_member_leave (ConfabCallMember *self)
{
  confab_call_member_push (self, CONFAB_CALL_MEMBER_EVENT_LEAVE, NULL);
}

/**
 * confab_call_member_remove:
 * @self: a member
 *
 * Its entry is gone, or it left the room: closed without a word. ::gone follows.
 */
void
confab_call_member_remove (ConfabCallMember *self)
{
  confab_call_member_push (self, CONFAB_CALL_MEMBER_EVENT_REMOVE, NULL);
}

/**
 * confab_call_member_back_online:
 * @self: a member
 *
 * The homeserver answers this device again: what was given up while it did not is tried again.
 *
 * Returns: whether it is the other side that has to, and may have given up
 */
gboolean
confab_call_member_back_online (ConfabCallMember *self)
{
  confab_call_member_push (self, CONFAB_CALL_MEMBER_EVENT_BACK_ONLINE, NULL);
  return !self->initiator && self->was_connected && !self->declined &&
         (self->state == CONFAB_CALL_MEMBER_WAITING || self->state == CONFAB_CALL_MEMBER_IDLE);
}

/**
 * confab_call_member_send_metadata:
 * @self: a member
 *
 * Tells it what is muted here now, if there is a connection attempt.
 */
void
confab_call_member_send_metadata (ConfabCallMember *self)
{
  if (self->call != NULL)
    confab_peer_call_send_metadata (self->call);
}

/**
 * confab_call_member_set_screen:
 * @self: a member
 * @screen: (nullable): what this device shares now
 *
 * Later connections ask the local media themselves.
 */
void
confab_call_member_set_screen (ConfabCallMember *self, ConfabStream *screen)
{
  if (self->call != NULL)
    confab_peer_call_set_screen (self->call, screen);
}

/**
 * confab_call_member_get_user_id:
 * @self: a member
 *
 * Returns: (transfer none): whose device it is
 */
const char *
confab_call_member_get_user_id (ConfabCallMember *self)
{
  return self->user_id;
}

/**
 * confab_call_member_get_device_id:
 * @self: a member
 *
 * Returns: (transfer none): the device
 */
const char *
confab_call_member_get_device_id (ConfabCallMember *self)
{
  return self->device_id;
}

/**
 * confab_call_member_get_call_id:
 * @self: a member
 *
 * Returns: (transfer none) (nullable): the connection attempt's id, %NULL when there is none
 */
const char *
confab_call_member_get_call_id (ConfabCallMember *self)
{
  return self->call != NULL ? confab_peer_call_get_id (self->call) : NULL;
}

/**
 * confab_call_member_get_inbound:
 * @self: a member
 *
 * Returns: whether it invites, or has invited, this device (section 9.1)
 */
gboolean
confab_call_member_get_inbound (ConfabCallMember *self)
{
  return self->call != NULL ? confab_peer_call_get_inbound (self->call) : !self->initiator;
}

/**
 * confab_call_member_get_connected:
 * @self: a member
 *
 * Returns: whether there is a connection with it now
 */
gboolean
confab_call_member_get_connected (ConfabCallMember *self)
{
  return self->state == CONFAB_CALL_MEMBER_CONNECTED;
}

/**
 * confab_call_member_get_quiet:
 * @self: a member
 *
 * Returns: whether neither media nor signalling came from it for five seconds, connected or not
 */
gboolean
confab_call_member_get_quiet (ConfabCallMember *self)
{
  return confab_clock_get_time (self->clock) - get_last_sign (self) >= QUIET_US;
}

/**
 * confab_call_member_get_retry_count:
 * @self: a member
 *
 * Returns: how many retries were used up since the last connection; 3 at most
 */
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

/**
 * confab_call_member_get_microphone_muted:
 * @self: a member
 *
 * Returns: whether it says that its microphone is off
 */
gboolean
confab_call_member_get_microphone_muted (ConfabCallMember *self)
{
  ConfabStream *stream = peek_usermedia (self);

  return stream != NULL && confab_stream_get_audio_muted (stream);
}

/**
 * confab_call_member_get_camera_muted:
 * @self: a member
 *
 * Returns: whether it says that its camera is off
 */
gboolean
confab_call_member_get_camera_muted (ConfabCallMember *self)
{
  ConfabStream *stream = peek_usermedia (self);

  return stream != NULL && confab_stream_get_video_muted (stream);
}

/**
 * confab_call_member_get_last_signalling_at:
 * @self: a member
 *
 * Returns: when its last message came: monotonic µs, 0 when none came yet
 */
gint64
confab_call_member_get_last_signalling_at (ConfabCallMember *self)
{
  return self->last_signalling_at;
}

/**
 * confab_call_member_get_connection:
 * @self: a member
 *
 * Returns: (transfer none) (nullable): the connection of the current attempt
 */
ConfabPeerConnection *
confab_call_member_get_connection (ConfabCallMember *self)
{
  return self->call != NULL ? confab_peer_call_get_connection (self->call) : NULL;
}

/**
 * confab_call_member_get_n_unsent:
 * @self: a member
 *
 * Returns: how many messages to it the homeserver has not taken yet
 */
guint
confab_call_member_get_n_unsent (ConfabCallMember *self)
{
  return self->n_unsent;
}
