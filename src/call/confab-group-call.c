/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-group-call-private.h"

#include "confab-call-content.h"
#include "confab-json.h"
#include "confab-random-id.h"

#include <string.h>

#define AT_ONCE_MS 60000
#define CALL_AGAIN_US (60 * G_USEC_PER_SEC)

static void call_iface_init (ConfabCallInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabGroupCall,
                               confab_group_call,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_CALL, call_iface_init))

enum {
  PROP_ID = 1,
  PROP_ROOM_ID,
  PROP_INTENT,
  PROP_CALL_TYPE,
  PROP_NAME,
  PROP_STATE,
  PROP_RINGING,
  PROP_STARTED_AT,
  PROP_LOCAL_MEDIA,
  PROP_SHARING,
  PROP_SHARING_PROBLEM,
  PROP_LINGERING,
};

enum {
  SIGNAL_LISTENING,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

#define PUSH(event) confab_group_call_push (self, CONFAB_GROUP_CALL_EVENT_##event, NULL)

/* At the end of a sync, so that what left and came back within it counts as there. */
static void
take_own (ConfabGroupCall *self)
{
  gboolean changed = self->own_changed;

  if (self->state == CONFAB_CALL_STATE_JOINED)
    confab_own_membership_check_age (self->own);
  if (!changed)
    return;
  self->own_changed = FALSE;
  if (self->state == CONFAB_CALL_STATE_JOINING || self->state == CONFAB_CALL_STATE_JOINED)
    confab_own_membership_check (self->own);
  else if (self->withdrawn && !confab_own_membership_is_listed (self->own))
    confab_group_call_set_lingering (self, FALSE); /* it could be removed after all */
}

/* What the others wrote meanwhile is there by now. */
static void
take_power (ConfabGroupCall *self)
{
  gboolean regained = self->regained;

  self->regained = FALSE;
  if (regained && confab_own_membership_is_overdue (self->own))
    PUSH (RENEW);
}

static void
confab_group_call_dispose (GObject *object)
{
  ConfabGroupCall *self = CONFAB_GROUP_CALL (object);

  if (self->clock != NULL) {
    confab_own_membership_stop (self->own);
    confab_ice_keeper_stop (self->servers);
    confab_clock_clear (self->clock, &self->leave_timer);
    confab_clock_clear (self->clock, &self->desert_timer);
    confab_clock_clear (self->clock, &self->ring_timer);
  }
  for (guint i = confab_group_call_get_n_members (self); i-- > 0;)
    g_object_run_dispose (G_OBJECT (confab_group_call_peek_member (self, i)));
  confab_group_call_drop_media (self);
  g_hash_table_remove_all (self->index);
  g_ptr_array_set_size (self->heard, 0);
  g_ptr_array_set_size (self->departed, 0);
  g_list_store_remove_all (self->members);
  G_OBJECT_CLASS (confab_group_call_parent_class)->dispose (object);
}

static void
confab_group_call_finalize (GObject *object)
{
  ConfabGroupCall *self = CONFAB_GROUP_CALL (object);

  g_queue_clear_full (&self->events, confab_group_call_event_free);
  g_clear_pointer (&self->index, g_hash_table_unref);
  g_clear_pointer (&self->heard, g_ptr_array_unref);
  g_clear_pointer (&self->departed, g_ptr_array_unref);
  g_clear_object (&self->members);
  g_clear_pointer (&self->own, confab_own_membership_free);
  g_clear_pointer (&self->servers, confab_ice_keeper_free);
  g_clear_object (&self->room);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->content, json_object_unref);
  g_free (self->id);
  g_free (self->name);
  G_OBJECT_CLASS (confab_group_call_parent_class)->finalize (object);
}

static void
confab_group_call_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabGroupCall *self = CONFAB_GROUP_CALL (object);

  switch (prop_id) {
  case PROP_ID:
    g_value_set_string (value, self->id);
    break;
  case PROP_ROOM_ID:
    g_value_set_string (value, confab_call_room_get_id (self->room));
    break;
  case PROP_INTENT:
    g_value_set_enum (value, self->intent);
    break;
  case PROP_CALL_TYPE:
    g_value_set_enum (value, self->type);
    break;
  case PROP_NAME:
    g_value_set_string (value, self->name);
    break;
  case PROP_STATE:
    g_value_set_enum (value, self->state);
    break;
  case PROP_RINGING:
    g_value_set_boolean (value, self->ringing);
    break;
  case PROP_STARTED_AT:
    g_value_set_int64 (value, self->origin_server_ts * 1000);
    break;
  case PROP_LOCAL_MEDIA:
    g_value_set_object (value, self->media);
    break;
  case PROP_SHARING:
    g_value_set_enum (value, confab_group_call_get_sharing (self));
    break;
  case PROP_SHARING_PROBLEM:
    g_value_set_enum (value, confab_group_call_get_sharing_problem (self));
    break;
  case PROP_LINGERING:
    g_value_set_boolean (value, self->lingering);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static GListModel *
confab_group_call_get_participants (ConfabCall *call)
{
  return G_LIST_MODEL (CONFAB_GROUP_CALL (call)->members);
}

static void
confab_group_call_join (ConfabCall *call, ConfabLocalMedia *media)
{
  ConfabGroupCall *self = CONFAB_GROUP_CALL (call);

  if (confab_call_is_active (call))
    return;
  if (self->state == CONFAB_CALL_STATE_ENDED || self->over) {
    confab_local_media_close (media);
    confab_group_call_emit_failed (self, CONFAB_CALL_ERROR_ENDED, "the call is over");
    return;
  }
  if (self->unsupported || confab_group_call_has_active_foci (self)) {
    confab_local_media_close (media);
    confab_group_call_emit_failed (self,
                                   CONFAB_CALL_ERROR_UNSUPPORTED,
                                   "the call runs over an SFU");
    return;
  }
  confab_group_call_take_media (self, media);
  PUSH (JOIN);
}

static void
confab_group_call_leave (ConfabCall *call)
{
  confab_group_call_push (CONFAB_GROUP_CALL (call), CONFAB_GROUP_CALL_EVENT_LEAVE, NULL);
}

static void
confab_group_call_terminate (ConfabCall *call)
{
  ConfabGroupCall *self = CONFAB_GROUP_CALL (call);

  if (confab_call_room_get_can_send_call (self->room))
    PUSH (TERMINATE);
  else
    confab_group_call_emit_failed (self,
                                   CONFAB_CALL_ERROR_FORBIDDEN,
                                   "the room does not let this user end calls");
}

static void
call_iface_init (ConfabCallInterface *iface)
{
  iface->get_participants = confab_group_call_get_participants;
  iface->join = confab_group_call_join;
  iface->leave = confab_group_call_leave;
  iface->terminate = confab_group_call_terminate;
  iface->decline = confab_group_call_decline;
  confab_group_call_media_iface_init (iface);
}

static void
confab_group_call_class_init (ConfabGroupCallClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = confab_group_call_get_property;
  object_class->dispose = confab_group_call_dispose;
  object_class->finalize = confab_group_call_finalize;
  g_object_class_override_property (object_class, PROP_ID, "id");
  g_object_class_override_property (object_class, PROP_ROOM_ID, "room-id");
  g_object_class_override_property (object_class, PROP_INTENT, "intent");
  g_object_class_override_property (object_class, PROP_CALL_TYPE, "call-type");
  g_object_class_override_property (object_class, PROP_NAME, "name");
  g_object_class_override_property (object_class, PROP_STATE, "state");
  g_object_class_override_property (object_class, PROP_RINGING, "ringing");
  g_object_class_override_property (object_class, PROP_STARTED_AT, "started-at");
  g_object_class_override_property (object_class, PROP_LOCAL_MEDIA, "local-media");
  g_object_class_override_property (object_class, PROP_SHARING, "sharing");
  g_object_class_override_property (object_class, PROP_SHARING_PROBLEM, "sharing-problem");
  /**
   * ConfabGroupCall:lingering:
   *
   * This device has left, and the homeserver has not confirmed it: others may still see it in the call until its
   * entry runs out. Leaving itself does not wait for that for longer than 2 s.
   */
  g_object_class_install_property (
    object_class,
    PROP_LINGERING,
    g_param_spec_boolean (
      "lingering", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  /**
   * ConfabGroupCall::listening:
   *
   * It takes messages now, those that were kept for it too.
   */
  signals[SIGNAL_LISTENING] = g_signal_new (
    "listening", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
confab_group_call_init (ConfabGroupCall *self)
{
  g_queue_init (&self->events);
  self->members = g_list_store_new (CONFAB_TYPE_CALL_MEMBER);
  self->index = confab_group_call_index_new ();
  self->departed = g_ptr_array_new_with_free_func (g_object_unref);
  self->heard = g_ptr_array_new_with_free_func (g_object_unref);
  self->state = CONFAB_CALL_STATE_KNOWN;
  self->intent = CONFAB_CALL_INTENT_PROMPT;
}

static void
read_content (ConfabGroupCall *self, JsonObject *content)
{
  ConfabCallIntent intent = confab_call_content_get_intent (content);
  ConfabCallType type = confab_call_content_get_call_type (content);
  g_autofree char *name = confab_call_content_dup_name (content);

  g_clear_pointer (&self->content, json_object_unref);
  self->content = json_object_ref (content);
  self->unsupported = confab_call_content_is_over_sfu (content);
  if (self->intent != intent) {
    self->intent = intent;
    g_object_notify (G_OBJECT (self), "intent");
  }
  if (self->type != type) {
    self->type = type;
    g_object_notify (G_OBJECT (self), "call-type");
  }
  if (g_set_str (&self->name, name))
    g_object_notify (G_OBJECT (self), "name");
}

static ConfabGroupCall *
new_call (ConfabCallRoom *room, const char *id, JsonObject *content)
{
  ConfabGroupCall *self = g_object_new (CONFAB_TYPE_GROUP_CALL, NULL);
  g_autoptr (GList) users = confab_call_room_list_users (room);

  self->room = g_object_ref (room);
  self->clock = g_object_ref (confab_call_room_get_clock (room));
  self->id = g_strdup (id);
  self->own = confab_own_membership_new (room, id, confab_group_call_own_cb, self);
  self->servers = confab_ice_keeper_new (
    confab_call_room_get_signalling (room), self->clock, id, confab_group_call_servers_cb, self);
  read_content (self, content);
  for (GList *l = users; l != NULL; l = l->next)
    confab_group_call_handle_members (self, l->data);
  return self;
}

/**
 * confab_group_call_new:
 * @room: where
 * @id: the state key
 * @origin_server_ts: of the state event: ms since the epoch
 * @restored: whether it is this user's, and was there when this run began: this device may have made it
 * @content: of the state event, not terminated
 *
 * Returns: (transfer full): a call that came in sync
 */
ConfabGroupCall *
confab_group_call_new (ConfabCallRoom *room,
                       const char *id,
                       gint64 origin_server_ts,
                       gboolean restored,
                       JsonObject *content)
{
  ConfabGroupCall *self = new_call (room, id, content);

  self->created = TRUE;
  self->restored = restored;
  self->dated = restored;
  self->origin_server_ts = CLAMP (origin_server_ts, 0, G_MAXINT64 / 1000);
  return self;
}

/**
 * confab_group_call_create:
 * @room: where
 * @intent: ring, prompt or room
 * @type: how it starts
 * @name: (nullable): its name
 *
 * Returns: (transfer full): a draft; it ends at once when the server does not take it
 */
ConfabGroupCall *
confab_group_call_create (ConfabCallRoom *room,
                          ConfabCallIntent intent,
                          ConfabCallType type,
                          const char *name)
{
  g_autofree char *random = confab_random_id (16);
  g_autofree char *id = g_strdup_printf ("cfb-%s", random);
  g_autoptr (JsonObject) content = confab_call_content_new (intent, type, name);
  ConfabGroupCall *self = new_call (room, id, content);

  self->state = CONFAB_CALL_STATE_LOCAL_DRAFT;
  self->made_here = TRUE;
  self->own_draft = TRUE;
  self->origin_server_ts = confab_call_room_get_now (room);
  confab_group_call_send_draft (self);
  return self;
}

/**
 * confab_group_call_handle_content:
 * @self: a call
 * @origin_server_ts: of the call's state event, which was written anew: ms since the epoch
 * @content: a stranger's
 *
 * One that is terminated or redacted ends the call; anything else in it may change.
 */
void
confab_group_call_handle_content (ConfabGroupCall *self,
                                  gint64 origin_server_ts,
                                  JsonObject *content)
{
  if (confab_call_content_is_over (content)) {
    PUSH (TERMINATED);
    return;
  }
  if (!self->created)
    PUSH (CREATED); /* the echo overtook the answer */
  if (self->made_here && !self->dated) {
    self->dated = TRUE;
    self->origin_server_ts = CLAMP (origin_server_ts, 0, G_MAXINT64 / 1000);
    g_object_notify (G_OBJECT (self), "started-at");
  }
  read_content (self, content);
}

/**
 * confab_group_call_end_sync:
 * @self: a call
 * @server_time: the server's clock in ms, or 0
 *
 * A batch is through: only now is it known whether it rings.
 */
void
confab_group_call_end_sync (ConfabGroupCall *self, gint64 server_time)
{
  g_autoptr (GPtrArray) heard = g_steal_pointer (&self->heard);

  /* Only whom there was something from: most syncs are about few of many. */
  self->heard = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < heard->len; i++) {
    if (confab_call_member_end_sync (heard->pdata[i]))
      g_ptr_array_add (self->heard, g_object_ref (heard->pdata[i]));
  }
  confab_group_call_check_turned_away (self);
  take_own (self);
  take_power (self);
  confab_group_call_check_deserted (self);
  confab_group_call_check_ringing (self, server_time);
}

/**
 * confab_group_call_handle_power:
 * @self: a call
 *
 * The room lets this user write its member event again: at the end of the sync that is done, if it was due.
 */
void
confab_group_call_handle_power (ConfabGroupCall *self)
{
  self->regained = TRUE;
}

/**
 * confab_group_call_back_online:
 * @self: a call
 *
 * The homeserver answers this device again. Who invites it may have given up meanwhile, as long as an entry that does not
 * change says nothing: it is written anew, once a minute at most, and says that there is somebody.
 */
void
confab_group_call_back_online (ConfabGroupCall *self)
{
  gint64 now = confab_clock_get_time (self->clock);
  gboolean missed = FALSE;

  for (guint i = 0; i < confab_group_call_get_n_members (self); i++)
    missed |= confab_call_member_back_online (confab_group_call_peek_member (self, i));
  if (!missed || (self->called_at != 0 && now - self->called_at < CALL_AGAIN_US))
    return;
  self->called_at = now;
  PUSH (RENEW);
}

/**
 * confab_group_call_room_encrypted:
 * @self: a call
 *
 * The room is encrypted from now on: so is what is said to everybody.
 */
void
confab_group_call_room_encrypted (ConfabGroupCall *self)
{
  for (guint i = 0; i < confab_group_call_get_n_members (self); i++)
    confab_call_member_set_clear (confab_group_call_peek_member (self, i), FALSE);
}

/**
 * confab_group_call_room_lost:
 * @self: a call
 *
 * This user is out of the room, or the room is forgotten: the call ends, and no state is written.
 */
void
confab_group_call_room_lost (ConfabGroupCall *self)
{
  PUSH (ROOM_LOST);
}

/**
 * confab_group_call_may_yield:
 * @self: a call
 *
 * Returns: whether it was made here, in this run or in an earlier one, and is dated by the server
 */
gboolean
confab_group_call_may_yield (ConfabGroupCall *self)
{
  return self->dated && !self->yielded && self->intent != CONFAB_CALL_INTENT_ROOM;
}

gboolean
confab_group_call_is_restored (ConfabGroupCall *self)
{
  return self->restored;
}

/* Besides this device, as far as is known who is in the room. */
static gboolean
has_members (ConfabGroupCall *self)
{
  return g_list_model_get_n_items (confab_call_get_participants (CONFAB_CALL (self))) > 0;
}

/**
 * confab_group_call_yields_to:
 * @self: a call for which confab_group_call_may_yield() is true
 * @other: a call of which this device heard later than of @self, or for all that is known did
 *
 * Two people may begin a call at the same time; the event that the server dates earlier wins, and whoever made the
 * other one takes it back.
 *
 * An event that comes late, by a server that was away, does not end a call in which people are for one where nobody is.
 *
 * Returns: whether @self was made within a minute after @other, and somebody is in @other, or nobody but this device in @self
 */
gboolean
confab_group_call_yields_to (ConfabGroupCall *self, ConfabGroupCall *other)
{
  gint64 later_ms = self->origin_server_ts - other->origin_server_ts;

  if (other->made_here || other->unsupported || other->intent == CONFAB_CALL_INTENT_ROOM ||
      later_ms > AT_ONCE_MS ||
      (confab_call_room_has_others (self->room, self->id) && !has_members (other)))
    return FALSE;
  return later_ms > 0 || (later_ms == 0 && strcmp (self->id, other->id) > 0);
}

/**
 * confab_group_call_yield:
 * @self: a call for which confab_group_call_yields_to() is true
 *
 * Terminates it, now or with the next sync; somebody who was in it hears so by ::failed.
 */
void
confab_group_call_yield (ConfabGroupCall *self)
{
  PUSH (YIELD);
}

/**
 * confab_group_call_get_id:
 * @self: a call
 *
 * Returns: (transfer none): the state key of its event
 */
const char *
confab_group_call_get_id (ConfabGroupCall *self)
{
  return self->id;
}

/**
 * confab_group_call_get_session_id:
 * @self: a call
 *
 * Returns: (transfer none) (nullable): this device's session, %NULL while it is not in the call
 */
const char *
confab_group_call_get_session_id (ConfabGroupCall *self)
{
  return confab_call_is_active (CONFAB_CALL (self))
           ? confab_own_membership_get_session_id (self->own)
           : NULL;
}

/**
 * confab_group_call_get_joined_at:
 * @self: a call
 *
 * Returns: when this device was seen in the call: monotonic µs, 0 while it is not in it
 */
gint64
confab_group_call_get_joined_at (ConfabGroupCall *self)
{
  return self->joined_at;
}

/**
 * confab_group_call_get_lingering:
 * @self: a call
 *
 * Returns: #ConfabGroupCall:lingering
 */
gboolean
confab_group_call_get_lingering (ConfabGroupCall *self)
{
  return self->lingering;
}
