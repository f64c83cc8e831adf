/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-room.h"

#include "confab-call.h"
#include "confab-call-content.h"
#include "confab-call-membership.h"
#include "confab-json.h"
#include "confab-room-fields-private.h"
#include "confab-room-name.h"
#include "confab-room-private.h"

G_DEFINE_FINAL_TYPE (ConfabRoom, confab_room, G_TYPE_OBJECT)

typedef enum {
  PROP_ID = 1,
  PROP_NAME,
  PROP_TOPIC,
  PROP_AVATAR_URL,
  PROP_ENCRYPTED,
  PROP_DIRECT,
  PROP_FAVOURITE,
  PROP_N_JOINED,
  PROP_CAN_JOIN_CALL,
  PROP_CAN_START_CALL,
  PROP_CALLS,
  PROP_LAST_ACTIVITY,
  PROP_N_RTC_USERS,
  PROP_REPLACED,
} Property;
static GParamSpec *properties[PROP_REPLACED + 1];

static void
notify (ConfabRoom *self, Property property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static void
set_flag (ConfabRoom *self, gboolean *flag, gboolean value, Property property)
{
  if (*flag == value)
    return;
  *flag = value;
  notify (self, property);
}

/* The server's heroes, or, when it names none, the people that are known. */
static GStrv
dup_hero_ids (ConfabRoom *self)
{
  if (self->heroes != NULL && self->heroes[0] != NULL)
    return g_strdupv (self->heroes);
  return confab_room_people_dup_heroes (self->people, self->own_user_id);
}

static void
update_name_and_avatar (ConfabRoom *self)
{
  g_auto (GStrv) heroes = dup_hero_ids (self);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_auto (GStrv) hero_names = NULL;
  g_autofree char *name = NULL;
  const char *avatar_url = self->own_avatar_url;

  for (guint i = 0; heroes != NULL && heroes[i] != NULL; i++)
    g_strv_builder_take (names, confab_room_people_dup_display_name (self->people, heroes[i]));
  hero_names = g_strv_builder_end (names);
  name = confab_room_name_compute (
    self->own_name, self->alias, (const char *const *) hero_names, self->n_joined, self->n_invited);
  if (g_set_str (&self->name, name))
    notify (self, PROP_NAME);
  if (avatar_url == NULL && heroes != NULL && heroes[0] != NULL && heroes[1] == NULL &&
      (self->direct || self->n_joined + self->n_invited <= 2)) {
    const ConfabPerson *partner = confab_room_people_lookup (self->people, heroes[0]);
    avatar_url = partner != NULL ? partner->avatar_url : NULL;
  }
  if (g_set_str (&self->avatar_url, avatar_url))
    notify (self, PROP_AVATAR_URL);
}

/**
 * confab_room_can_send_state:
 * @self: a room
 * @type: a state event type about calls
 *
 * Returns: whether we have the power to send it
 */
gboolean
confab_room_can_send_state (ConfabRoom *self, const char *type)
{
  return confab_room_power_can_send_state (&self->power, type);
}

static void
apply_state (ConfabRoom *self, const ConfabSyncEvent *event)
{
  if (g_str_equal (event->type, "m.room.member")) {
    confab_room_people_take_event (self->people, event->state_key, event->content);
  } else if (event->state_key[0] != '\0') {
    return;
  } else if (g_str_equal (event->type, "m.room.name")) {
    g_set_str (&self->own_name, confab_json_peek_string (event->content, "name"));
  } else if (g_str_equal (event->type, "m.room.canonical_alias")) {
    g_set_str (&self->alias, confab_json_peek_string (event->content, "alias"));
  } else if (g_str_equal (event->type, "m.room.avatar")) {
    g_set_str (&self->own_avatar_url, confab_json_peek_string (event->content, "url"));
  } else if (g_str_equal (event->type, "m.room.topic")) {
    if (g_set_str (&self->topic, confab_json_peek_string (event->content, "topic")))
      notify (self, PROP_TOPIC);
  } else if (g_str_equal (event->type, "m.room.tombstone")) {
    set_flag (self, &self->replaced, TRUE, PROP_REPLACED);
  } else if (g_str_equal (event->type, "m.room.encryption")) {
    /* Once on, for good: a later event that says otherwise is not believed. */
    set_flag (self, &self->encrypted, TRUE, PROP_ENCRYPTED);
  } else if (g_str_equal (event->type, "m.room.history_visibility")) {
    self->only_joined_see = g_strcmp0 (confab_json_peek_string (event->content,
                                                                "history_visibility"),
                                       "joined") == 0;
  } else if (g_str_equal (event->type, "m.room.power_levels")) {
    confab_room_power_take_levels (&self->power, event->content, self->own_user_id);
  } else if (g_str_equal (event->type, "m.room.create")) {
    confab_room_power_take_create (&self->power, event->content, event->sender, self->own_user_id);
  }
}

static void
update_members (ConfabRoom *self)
{
  GHashTableIter iter;
  const char *user_id;
  ConfabRoomMember *member;

  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, (gpointer *) &user_id, (gpointer *) &member)) {
    const ConfabPerson *person = confab_room_people_lookup (self->people, user_id);
    g_autofree char *name = confab_room_people_dup_display_name (self->people, user_id);
    if (person != NULL)
      confab_room_member_update (member, name, person->avatar_url, person->joined);
  }
}

void
confab_room_people_changed (ConfabRoom *self)
{
  update_members (self);
  update_name_and_avatar (self);
  set_flag (self,
            &self->can_join_call,
            confab_room_can_send_state (self, CONFAB_CALL_MEMBERSHIP_TYPE),
            PROP_CAN_JOIN_CALL);
  set_flag (self,
            &self->can_start_call,
            self->can_join_call && confab_room_can_send_state (self, CONFAB_CALL_CONTENT_TYPE),
            PROP_CAN_START_CALL);
}

void
confab_room_apply (ConfabRoom *self, const ConfabSyncRoom *news)
{
  g_object_freeze_notify (G_OBJECT (self));
  for (guint i = 0; i < news->state->len; i++)
    apply_state (self, news->state->pdata[i]);
  /* With lazy loading a gap may hold changes of members that nobody tells us of. */
  if (news->limited) {
    self->members_loaded = FALSE;
    self->n_gaps++;
  }
  if (news->heroes != NULL) {
    g_strfreev (self->heroes);
    self->heroes = g_strdupv (news->heroes);
  }
  if (news->n_invited >= 0)
    self->n_invited = news->n_invited;
  if (news->n_joined >= 0 && self->n_joined != news->n_joined) {
    self->n_joined = news->n_joined;
    notify (self, PROP_N_JOINED);
  }
  if (news->favourite >= 0)
    set_flag (self, &self->favourite, news->favourite, PROP_FAVOURITE);
  if (news->last_activity > self->last_activity) {
    self->last_activity = news->last_activity;
    notify (self, PROP_LAST_ACTIVITY);
  }
  confab_room_people_changed (self);
  g_object_thaw_notify (G_OBJECT (self));
}

void
confab_room_set_direct (ConfabRoom *self, gboolean direct)
{
  if (self->direct == direct)
    return;
  set_flag (self, &self->direct, direct, PROP_DIRECT);
  update_name_and_avatar (self);
}

void
confab_room_set_n_rtc_users (ConfabRoom *self, guint n_users)
{
  if (self->n_rtc_users == n_users)
    return;
  self->n_rtc_users = n_users;
  notify (self, PROP_N_RTC_USERS);
}

GListStore *
confab_room_get_call_store (ConfabRoom *self)
{
  return self->calls;
}

static void
confab_room_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabRoom *self = CONFAB_ROOM (object);

  switch ((Property) prop_id) {
  case PROP_ID:
    g_value_set_string (value, self->id);
    break;
  case PROP_NAME:
    g_value_set_string (value, self->name);
    break;
  case PROP_TOPIC:
    g_value_set_string (value, self->topic);
    break;
  case PROP_AVATAR_URL:
    g_value_set_string (value, self->avatar_url);
    break;
  case PROP_ENCRYPTED:
    g_value_set_boolean (value, self->encrypted);
    break;
  case PROP_DIRECT:
    g_value_set_boolean (value, self->direct);
    break;
  case PROP_FAVOURITE:
    g_value_set_boolean (value, self->favourite);
    break;
  case PROP_N_JOINED:
    g_value_set_uint (value, self->n_joined);
    break;
  case PROP_CAN_JOIN_CALL:
    g_value_set_boolean (value, self->can_join_call);
    break;
  case PROP_CAN_START_CALL:
    g_value_set_boolean (value, self->can_start_call);
    break;
  case PROP_CALLS:
    g_value_set_object (value, self->calls);
    break;
  case PROP_LAST_ACTIVITY:
    g_value_set_int64 (value, self->last_activity);
    break;
  case PROP_N_RTC_USERS:
    g_value_set_uint (value, self->n_rtc_users);
    break;
  case PROP_REPLACED:
    g_value_set_boolean (value, self->replaced);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_room_finalize (GObject *object)
{
  ConfabRoom *self = CONFAB_ROOM (object);

  g_free (self->id);
  g_free (self->own_user_id);
  g_clear_object (&self->homeserver);
  g_free (self->own_name);
  g_free (self->alias);
  g_free (self->own_avatar_url);
  g_strfreev (self->heroes);
  confab_room_people_free (self->people);
  dex_clear (&self->loading);
  g_hash_table_unref (self->members);
  g_free (self->name);
  g_free (self->topic);
  g_free (self->avatar_url);
  g_clear_object (&self->calls);
  G_OBJECT_CLASS (confab_room_parent_class)->finalize (object);
}

static void
confab_room_class_init (ConfabRoomClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_room_get_property;
  object_class->finalize = confab_room_finalize;
  properties[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_TOPIC] = g_param_spec_string ("topic", NULL, NULL, NULL, flags);
  properties[PROP_AVATAR_URL] = g_param_spec_string ("avatar-url", NULL, NULL, NULL, flags);
  properties[PROP_ENCRYPTED] = g_param_spec_boolean ("encrypted", NULL, NULL, FALSE, flags);
  properties[PROP_DIRECT] = g_param_spec_boolean ("direct", NULL, NULL, FALSE, flags);
  properties[PROP_FAVOURITE] = g_param_spec_boolean ("favourite", NULL, NULL, FALSE, flags);
  properties[PROP_N_JOINED] = g_param_spec_uint ("n-joined", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_CAN_JOIN_CALL] = g_param_spec_boolean ("can-join-call", NULL, NULL, FALSE, flags);
  properties[PROP_CAN_START_CALL] = g_param_spec_boolean (
    "can-start-call", NULL, NULL, FALSE, flags);
  properties[PROP_CALLS] = g_param_spec_object ("calls", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  properties[PROP_LAST_ACTIVITY] = g_param_spec_int64 (
    "last-activity", NULL, NULL, 0, G_MAXINT64, 0, flags);
  /**
   * ConfabRoom:n-rtc-users:
   *
   * How many people are in the room's MatrixRTC call (Element Call's kind), which is no mesh.
   */
  properties[PROP_N_RTC_USERS] = g_param_spec_uint (
    "n-rtc-users", NULL, NULL, 0, G_MAXUINT, 0, flags);
  /**
   * ConfabRoom:replaced:
   *
   * The room was upgraded (m.room.tombstone): people are to go on in another one.
   */
  properties[PROP_REPLACED] = g_param_spec_boolean ("replaced", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
confab_room_init (ConfabRoom *self)
{
  self->people = confab_room_people_new ();
  self->members = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->calls = g_list_store_new (CONFAB_TYPE_CALL);
}

ConfabRoom *
confab_room_new (const char *id, const char *own_user_id, ConfabHomeserver *homeserver)
{
  ConfabRoom *self = g_object_new (CONFAB_TYPE_ROOM, NULL);

  self->id = g_strdup (id);
  self->own_user_id = g_strdup (own_user_id);
  self->homeserver = g_object_ref (homeserver);
  return self;
}

const char *
confab_room_get_id (ConfabRoom *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM (self), NULL);
  return self->id;
}

const char *
confab_room_get_name (ConfabRoom *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM (self), NULL);
  return self->name;
}

const char *
confab_room_get_topic (ConfabRoom *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM (self), NULL);
  return self->topic;
}

const char *
confab_room_get_avatar_url (ConfabRoom *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM (self), NULL);
  return self->avatar_url;
}

gboolean
confab_room_get_encrypted (ConfabRoom *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM (self), FALSE);
  return self->encrypted;
}

gboolean
confab_room_get_direct (ConfabRoom *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM (self), FALSE);
  return self->direct;
}

gboolean
confab_room_get_favourite (ConfabRoom *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM (self), FALSE);
  return self->favourite;
}

guint
confab_room_get_n_joined (ConfabRoom *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM (self), 0);
  return self->n_joined;
}

gboolean
confab_room_get_can_join_call (ConfabRoom *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM (self), FALSE);
  return self->can_join_call;
}

gboolean
confab_room_get_can_start_call (ConfabRoom *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM (self), FALSE);
  return self->can_start_call;
}

guint
confab_room_get_n_rtc_users (ConfabRoom *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM (self), 0);
  return self->n_rtc_users;
}

gboolean
confab_room_get_replaced (ConfabRoom *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM (self), FALSE);
  return self->replaced;
}

gint64
confab_room_get_last_activity (ConfabRoom *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM (self), 0);
  return self->last_activity;
}

GListModel *
confab_room_get_calls (ConfabRoom *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM (self), NULL);
  return G_LIST_MODEL (self->calls);
}

/**
 * confab_room_get_member:
 * @self: a room
 * @user_id: somebody, in the room or not
 *
 * Returns: (transfer full): the member, the same object each time; its name follows when it is loaded
 */
ConfabRoomMember *
confab_room_get_member (ConfabRoom *self, const char *user_id)
{
  ConfabRoomMember *member;

  g_return_val_if_fail (CONFAB_IS_ROOM (self), NULL);
  g_return_val_if_fail (user_id != NULL, NULL);

  member = g_hash_table_lookup (self->members, user_id);
  if (member != NULL)
    return g_object_ref (member);
  member = confab_room_member_new (user_id);
  g_hash_table_insert (self->members, g_strdup (user_id), g_object_ref (member));
  if (confab_room_people_lookup (self->people, user_id) != NULL)
    update_members (self);
  else
    confab_room_fetch_member (self, user_id);
  return member;
}

/**
 * confab_room_dup_joined_user_ids:
 * @self: a room
 *
 * Returns: (transfer full): the user ids of those in the room who are known, ordered
 */
GStrv
confab_room_dup_joined_user_ids (ConfabRoom *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM (self), NULL);

  return confab_room_people_dup_joined (self->people);
}

/**
 * confab_room_dup_audience:
 * @self: a room, whose members are loaded
 *
 * Whom what is said in the room is for. Who is invited reads it once they come, unless the room keeps it from them; for
 * that they need its keys now.
 *
 * Spec: Client-Server API, “Room history visibility”; where the room says nothing, what is said is shared.
 *
 * Returns: (transfer full): user ids, ordered
 */
GStrv
confab_room_dup_audience (ConfabRoom *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM (self), NULL);

  return self->only_joined_see ? confab_room_people_dup_joined (self->people)
                               : confab_room_people_dup_present (self->people);
}
