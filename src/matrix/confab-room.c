/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-room.h"

#include "confab-call.h"
#include "confab-json.h"
#include "confab-room-name.h"
#include "confab-room-private.h"
#include "confab-sync-store.h"

#define MAX_POWER (G_GINT64_CONSTANT (1) << 53)

/* What an m.room.member event says. */
typedef struct {
  char *name; /* (nullable) */
  char *avatar_url;
  gboolean joined;
  gboolean invited;
} Person;

struct _ConfabRoom {
  GObject parent_instance;

  char *id;
  char *own_user_id;
  ConfabHomeserver *homeserver;
  char *own_name; /* of m.room.name */
  char *alias;
  char *own_avatar_url; /* of m.room.avatar */
  GStrv heroes;
  guint n_joined;
  guint n_invited;
  JsonObject *power_levels; /* (nullable) */
  JsonObject *create;       /* (nullable) */
  char *creator;
  GHashTable *people;  /* user id → Person */
  GHashTable *members; /* user id → ConfabRoomMember, those that were asked for */
  gboolean members_loaded;

  char *name;
  char *topic;
  char *avatar_url;
  gboolean encrypted;
  gboolean direct;
  gboolean favourite;
  gboolean can_join_call;
  gboolean can_start_call;
  gint64 last_activity;
  GListStore *calls;
};

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
} Property;
static GParamSpec *properties[PROP_LAST_ACTIVITY + 1];

static void
person_free (Person *person)
{
  g_free (person->name);
  g_free (person->avatar_url);
  g_free (person);
}

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

/* Spec: Client-Server API, “Calculating the display name for a user”. Of those who are known. */
static char *
dup_display_name (ConfabRoom *self, const char *user_id)
{
  Person *person = g_hash_table_lookup (self->people, user_id);
  GHashTableIter iter;
  const char *other_id;
  Person *other;

  if (person == NULL || person->name == NULL || person->name[0] == '\0')
    return g_strdup (user_id);
  g_hash_table_iter_init (&iter, self->people);
  while (g_hash_table_iter_next (&iter, (gpointer *) &other_id, (gpointer *) &other)) {
    if (other != person && (other->joined || other->invited) &&
        g_strcmp0 (other->name, person->name) == 0)
      return g_strdup_printf ("%s (%s)", person->name, user_id);
  }
  return g_strdup (person->name);
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

/* The server's heroes, or, when it names none, the people that are known. */
static GStrv
dup_hero_ids (ConfabRoom *self)
{
  g_autoptr (GPtrArray) ids = NULL;
  GHashTableIter iter;
  const char *user_id;

  if (self->heroes != NULL && self->heroes[0] != NULL)
    return g_strdupv (self->heroes);
  ids = g_ptr_array_new_null_terminated (8, g_free, TRUE);
  g_hash_table_iter_init (&iter, self->people);
  while (g_hash_table_iter_next (&iter, (gpointer *) &user_id, NULL)) {
    if (!g_str_equal (user_id, self->own_user_id))
      g_ptr_array_add (ids, g_strdup (user_id));
  }
  g_ptr_array_sort (ids, compare_ids);
  if (ids->len > 5)
    g_ptr_array_set_size (ids, 5);
  return (GStrv) g_ptr_array_steal (ids, NULL);
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
    g_strv_builder_take (names, dup_display_name (self, heroes[i]));
  hero_names = g_strv_builder_end (names);
  name = confab_room_name_compute (
    self->own_name, self->alias, (const char *const *) hero_names, self->n_joined, self->n_invited);
  if (g_set_str (&self->name, name))
    notify (self, PROP_NAME);
  if (avatar_url == NULL && heroes != NULL && heroes[0] != NULL && heroes[1] == NULL &&
      (self->direct || self->n_joined + self->n_invited <= 2)) {
    Person *partner = g_hash_table_lookup (self->people, heroes[0]);
    avatar_url = partner != NULL ? partner->avatar_url : NULL;
  }
  if (g_set_str (&self->avatar_url, avatar_url))
    notify (self, PROP_AVATAR_URL);
}

static gint64
get_power (JsonObject *object, const char *name, gint64 fallback)
{
  return CLAMP (confab_json_peek_int (object, name, fallback), -MAX_POWER, MAX_POWER);
}

/* From room version 12 on, those who made the room have more power than any number. */
static gboolean
is_supreme (ConfabRoom *self)
{
  const char *version = confab_json_peek_string (self->create, "room_version");
  JsonArray *others = confab_json_peek_array (self->create, "additional_creators");
  guint64 number;

  if (version == NULL || !g_ascii_string_to_unsigned (version, 10, 12, G_MAXUINT32, &number, NULL))
    return FALSE;
  if (g_strcmp0 (self->creator, self->own_user_id) == 0)
    return TRUE;
  for (guint i = 0; others != NULL && i < json_array_get_length (others); i++) {
    if (g_strcmp0 (confab_json_array_peek_string (others, i), self->own_user_id) == 0)
      return TRUE;
  }
  return FALSE;
}

/**
 * confab_room_can_send_state:
 * @self: a room
 * @type: a state event type
 *
 * Spec: Client-Server API, `m.room.power_levels`.
 *
 * Returns: whether we have the power to send it
 */
gboolean
confab_room_can_send_state (ConfabRoom *self, const char *type)
{
  JsonObject *levels = self->power_levels;
  gint64 needed = levels != NULL ? get_power (levels, "state_default", 50) : 0;
  gint64 own = get_power (levels, "users_default", 0);

  if (is_supreme (self))
    return TRUE;
  if (levels == NULL && g_strcmp0 (self->creator, self->own_user_id) == 0)
    return TRUE;
  needed = get_power (confab_json_peek_object (levels, "events"), type, needed);
  own = get_power (confab_json_peek_object (levels, "users"), self->own_user_id, own);
  return own >= needed;
}

static void
apply_member (ConfabRoom *self, const ConfabSyncEvent *event)
{
  const char *membership = confab_json_peek_string (event->content, "membership");
  const char *name = confab_json_peek_string (event->content, "displayname");
  const char *avatar_url = confab_json_peek_string (event->content, "avatar_url");
  Person *before = g_hash_table_lookup (self->people, event->state_key);
  Person *person;

  if (membership == NULL)
    return;
  person = g_new0 (Person, 1);
  person->joined = g_str_equal (membership, "join");
  person->invited = g_str_equal (membership, "invite");
  /* Who leaves is called what they were called: such events seldom say it. */
  if (before != NULL && !person->joined && !person->invited) {
    name = name != NULL ? name : before->name;
    avatar_url = avatar_url != NULL ? avatar_url : before->avatar_url;
  }
  person->name = g_strdup (name);
  person->avatar_url = g_strdup (avatar_url);
  g_hash_table_replace (self->people, g_strdup (event->state_key), person);
}

static void
set_object (JsonObject **field, JsonObject *value)
{
  g_clear_pointer (field, json_object_unref);
  *field = json_object_ref (value);
}

static void
apply_state (ConfabRoom *self, const ConfabSyncEvent *event)
{
  if (g_str_equal (event->type, "m.room.member")) {
    apply_member (self, event);
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
  } else if (g_str_equal (event->type, "m.room.encryption")) {
    /* Once on, for good: a later event that says otherwise is not believed. */
    set_flag (self, &self->encrypted, TRUE, PROP_ENCRYPTED);
  } else if (g_str_equal (event->type, "m.room.power_levels")) {
    set_object (&self->power_levels, event->content);
  } else if (g_str_equal (event->type, "m.room.create")) {
    set_object (&self->create, event->content);
    g_set_str (&self->creator, event->sender);
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
    Person *person = g_hash_table_lookup (self->people, user_id);
    g_autofree char *name = dup_display_name (self, user_id);
    if (person != NULL)
      confab_room_member_update (member, name, person->avatar_url, person->joined);
  }
}

static void
update (ConfabRoom *self)
{
  update_members (self);
  update_name_and_avatar (self);
  set_flag (self,
            &self->can_join_call,
            confab_room_can_send_state (self, CONFAB_CALL_MEMBER_STATE_TYPE),
            PROP_CAN_JOIN_CALL);
  set_flag (self,
            &self->can_start_call,
            self->can_join_call && confab_room_can_send_state (self, CONFAB_CALL_STATE_TYPE),
            PROP_CAN_START_CALL);
}

void
confab_room_apply (ConfabRoom *self, const ConfabSyncRoom *news)
{
  g_object_freeze_notify (G_OBJECT (self));
  for (guint i = 0; i < news->state->len; i++)
    apply_state (self, news->state->pdata[i]);
  /* With lazy loading a gap may hold changes of members that nobody tells us of. */
  if (news->limited)
    self->members_loaded = FALSE;
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
  update (self);
  g_object_thaw_notify (G_OBJECT (self));
}

void
confab_room_set_direct (ConfabRoom *self, gboolean direct)
{
  set_flag (self, &self->direct, direct, PROP_DIRECT);
  update_name_and_avatar (self);
}

GListStore *
confab_room_get_call_store (ConfabRoom *self)
{
  return self->calls;
}

typedef struct {
  ConfabRoom *room;
  char *user_id;
} Fetch;

static void
fetch_free (Fetch *fetch)
{
  g_object_unref (fetch->room);
  g_free (fetch->user_id);
  g_free (fetch);
}

static DexFuture *
fetch_member_fiber (gpointer data)
{
  Fetch *fetch = data;
  g_autofree char *room_id = g_uri_escape_string (fetch->room->id, NULL, FALSE);
  g_autofree char *user_id = g_uri_escape_string (fetch->user_id, NULL, FALSE);
  g_autofree char *path = g_strdup_printf ("/_matrix/client/v3/rooms/%s/state/m.room.member/%s",
                                           room_id,
                                           user_id);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) content = dex_await_boxed (
    confab_homeserver_send (fetch->room->homeserver, "GET", path, NULL, 0, CONFAB_REQUEST_NONE),
    &error);

  if (content == NULL) {
    /* The id stays as the name: nothing is lost, and the next sync may bring the member. */
    g_info ("%s: no member event: %s", fetch->user_id, error->message);
    return dex_future_new_false ();
  }
  if (!g_hash_table_contains (fetch->room->people, fetch->user_id)) {
    ConfabSyncEvent *event = confab_sync_event_new (
      "m.room.member", fetch->user_id, fetch->user_id, 0, content);
    apply_member (fetch->room, event);
    confab_sync_event_free (event);
    update (fetch->room);
  }
  return dex_future_new_true ();
}

static void
read_members (ConfabRoom *self, JsonArray *chunk)
{
  for (guint i = 0; i < json_array_get_length (chunk); i++) {
    JsonObject *object = confab_json_array_peek_object (chunk, i);
    const char *user_id = confab_json_peek_string (object, "state_key");
    JsonObject *content = confab_json_peek_object (object, "content");
    if (user_id != NULL && user_id[0] == '@' && content != NULL) {
      g_autoptr (ConfabSyncEvent) event = confab_sync_event_new (
        "m.room.member", user_id, user_id, 0, content);
      apply_member (self, event);
    }
  }
  self->members_loaded = TRUE;
  update (self);
}

static DexFuture *
load_members_fiber (gpointer data)
{
  ConfabRoom *self = CONFAB_ROOM (data);
  g_autofree char *room_id = g_uri_escape_string (self->id, NULL, FALSE);
  g_autofree char *path = g_strdup_printf (
    "/_matrix/client/v3/rooms/%s/members?not_membership=leave", room_id);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) reply = dex_await_boxed (
    confab_homeserver_send (self->homeserver, "GET", path, NULL, 0, CONFAB_REQUEST_NONE), &error);
  JsonArray *chunk = NULL;

  if (reply == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  if (!confab_json_get_array (reply, "chunk", &chunk, NULL))
    return dex_future_new_reject (CONFAB_MATRIX_ERROR,
                                  CONFAB_MATRIX_ERROR_BAD_RESPONSE,
                                  "members without “chunk”");
  read_members (self, chunk);
  return dex_future_new_true ();
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
  g_clear_pointer (&self->power_levels, json_object_unref);
  g_clear_pointer (&self->create, json_object_unref);
  g_free (self->creator);
  g_hash_table_unref (self->people);
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
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
confab_room_init (ConfabRoom *self)
{
  self->people = g_hash_table_new_full (g_str_hash,
                                        g_str_equal,
                                        g_free,
                                        (GDestroyNotify) person_free);
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
  if (g_hash_table_contains (self->people, user_id)) {
    update_members (self);
  } else {
    Fetch *fetch = g_new (Fetch, 1);
    *fetch = (Fetch) { .room = g_object_ref (self), .user_id = g_strdup (user_id) };
    dex_future_disown (
      dex_scheduler_spawn (NULL, 0, fetch_member_fiber, fetch, (GDestroyNotify) fetch_free));
  }
  return member;
}

/**
 * confab_room_load_members:
 * @self: a room
 *
 * Spec: Client-Server API, `GET /_matrix/client/v3/rooms/{roomId}/members`.
 *
 * Returns: (transfer full): a future that resolves to true when everybody is known
 */
DexFuture *
confab_room_load_members (ConfabRoom *self)
{
  dex_return_error_if_fail (CONFAB_IS_ROOM (self));

  if (self->members_loaded)
    return dex_future_new_true ();
  return dex_scheduler_spawn (NULL, 0, load_members_fiber, g_object_ref (self), g_object_unref);
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
  g_autoptr (GPtrArray) ids = g_ptr_array_new_null_terminated (8, g_free, TRUE);
  GHashTableIter iter;
  const char *user_id;
  Person *person;

  g_return_val_if_fail (CONFAB_IS_ROOM (self), NULL);

  g_hash_table_iter_init (&iter, self->people);
  while (g_hash_table_iter_next (&iter, (gpointer *) &user_id, (gpointer *) &person)) {
    if (person->joined)
      g_ptr_array_add (ids, g_strdup (user_id));
  }
  g_ptr_array_sort (ids, compare_ids);
  return (GStrv) g_ptr_array_steal (ids, NULL);
}
