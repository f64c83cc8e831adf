/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-room-notices-private.h"

#include "confab-format.h"
#include "confab-room-notice-private.h"

#include <glib/gi18n.h>

#define PAUSE_MS 2000 /* between two things that are spoken */

/* Of whom there is something to know. */
typedef struct {
  ConfabRoomNotices *owner; /* not owned */
  ConfabRoomMember *member;
  ConfabAvatarModel *face;
  gboolean joined; /* as it was last; FALSE until that is known */
  ConfabRoomNotice *notices[CONFAB_ROOM_NOTICE_NONE]; /* (nullable): by kind */
} Person;

struct _ConfabRoomNotices {
  GObject parent_instance;

  ConfabRoom *room;
  ConfabSession *session;
  ConfabClock *clock;
  GListStore *list; /* ConfabRoomNotice: what was not closed */
  GQueue people;    /* Person: who was heard of last is the last */
  char *title;
  gboolean unseen;
  guint pause;     /* while it lasts */
  gboolean to_say; /* after it */
};

G_DEFINE_FINAL_TYPE (ConfabRoomNotices, confab_room_notices, G_TYPE_OBJECT)

typedef enum {
  PROP_LIST = 1,
  PROP_TITLE,
  PROP_UNSEEN,
} Property;
static GParamSpec *properties[PROP_UNSEEN + 1];

enum {
  SIGNAL_ANNOUNCE,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

/* ---- all of them in one sentence ---- */

static gboolean
is_own (ConfabRoomNotices *self, const char *user_id)
{
  return g_strcmp0 (user_id, confab_session_get_user_id (self->session)) == 0;
}

static guint
count_unread_people (ConfabRoomNotices *self, Person **last)
{
  guint n = 0;

  for (GList *l = self->people.head; l != NULL; l = l->next) {
    Person *person = l->data;
    gboolean unread = FALSE;

    for (guint kind = 0; kind < CONFAB_ROOM_NOTICE_NONE; kind++)
      unread |= person->notices[kind] != NULL &&
                !confab_room_notice_get_closed (person->notices[kind]) &&
                confab_room_notice_words_is_unread (kind);
    if (!unread)
      continue;
    *last = person;
    n++;
  }
  return n;
}

static char *
make_title (ConfabRoomNotices *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->list));
  g_autoptr (ConfabRoomNotice) only = NULL;
  g_autofree char *name = NULL;
  Person *last = NULL;
  guint n_people;

  if (n == 0)
    return g_strdup ("");
  if (n == 1) {
    only = g_list_model_get_item (G_LIST_MODEL (self->list), 0);
    return g_strdup (confab_room_notice_get_title (only));
  }
  n_people = count_unread_people (self, &last);
  if (n_people == 0)
    return g_strdup (_ ("Some messages may not be genuine"));
  if (n_people > 1)
    return g_strdup_printf (ngettext ("Messages of %u person cannot be read",
                                      "Messages of %u people cannot be read",
                                      n_people),
                            n_people);
  if (is_own (self, confab_room_member_get_user_id (last->member)))
    return g_strdup (_ ("Messages of another device of yours cannot be read"));
  name = confab_format_name (confab_avatar_model_get_name (last->face));
  /* Translators: %s is a name */
  return g_strdup_printf (_ ("Messages of %s cannot be read"), name);
}

static void
refresh_title (ConfabRoomNotices *self)
{
  g_autofree char *title = make_title (self);

  if (g_set_str (&self->title, title))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TITLE]);
}

static void
set_unseen (ConfabRoomNotices *self, gboolean unseen)
{
  if (self->unseen == unseen)
    return;
  self->unseen = unseen;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_UNSEEN]);
}

static void
list_changed (ConfabRoomNotices *self)
{
  refresh_title (self);
  if (g_list_model_get_n_items (G_LIST_MODEL (self->list)) == 0)
    set_unseen (self, FALSE);
}

/* ---- people ---- */

static gboolean
remove_notice (Person *person, ConfabRoomNoticeKind kind)
{
  ConfabRoomNotices *self = person->owner;
  g_autoptr (ConfabRoomNotice) notice = g_steal_pointer (&person->notices[kind]);
  guint position = 0;

  if (notice == NULL)
    return FALSE;
  g_signal_handlers_disconnect_by_data (notice, self);
  if (self->list != NULL && g_list_store_find (self->list, notice, &position))
    g_list_store_remove (self->list, position);
  return TRUE;
}

static void
person_free (gpointer data)
{
  Person *person = data;

  for (guint kind = 0; kind < CONFAB_ROOM_NOTICE_NONE; kind++)
    remove_notice (person, kind);
  g_signal_handlers_disconnect_by_data (person->member, person);
  g_clear_object (&person->member);
  g_clear_object (&person->face);
  g_free (person);
}

static void
forget_person (Person *person)
{
  ConfabRoomNotices *self = person->owner;

  g_queue_remove (&self->people, person);
  person_free (person);
  list_changed (self);
}

static gboolean
is_joined (ConfabRoomMember *member)
{
  gboolean joined = FALSE;

  g_object_get (member, "joined", &joined, NULL);
  return joined;
}

/* A member is loaded in the background: until then nobody is known to be there. */
static void
joined_cb (ConfabRoomMember *member, GParamSpec *pspec, gpointer data)
{
  Person *person = data;
  gboolean joined = is_joined (member);

  if (person->joined && !joined)
    forget_person (person);
  else
    person->joined = joined;
}

static Person *
find_person (ConfabRoomNotices *self, const char *user_id)
{
  for (GList *l = self->people.head; l != NULL; l = l->next) {
    Person *person = l->data;

    if (g_str_equal (confab_room_member_get_user_id (person->member), user_id))
      return person;
  }
  return NULL;
}

static Person *
ensure_person (ConfabRoomNotices *self, const char *user_id)
{
  Person *person = find_person (self, user_id);

  if (person != NULL) {
    g_queue_remove (&self->people, person);
    g_queue_push_tail (&self->people, person);
    return person;
  }
  if (self->people.length == CONFAB_ROOM_NOTICES_MAX_PEOPLE)
    forget_person (self->people.head->data);
  person = g_new0 (Person, 1);
  person->owner = self;
  person->member = confab_room_get_member (self->room, user_id);
  person->face = confab_avatar_model_new (G_OBJECT (person->member),
                                          "name",
                                          confab_session_get_media_repository (self->session));
  person->joined = is_joined (person->member);
  g_signal_connect (person->member, "notify::joined", G_CALLBACK (joined_cb), person);
  g_queue_push_tail (&self->people, person);
  return person;
}

/* ---- what is spoken ---- */

static void pause_cb (gpointer data);

static void
say (ConfabRoomNotices *self, const char *text)
{
  g_autofree char *kept = g_strdup (text);

  self->pause = confab_clock_add_timeout (self->clock, PAUSE_MS, pause_cb, self);
  g_signal_emit (self, signals[SIGNAL_ANNOUNCE], 0, kept);
}

static void
pause_cb (gpointer data)
{
  ConfabRoomNotices *self = CONFAB_ROOM_NOTICES (data);

  self->pause = 0;
  /* What came meanwhile may be over, or seen. */
  if (self->to_say && self->unseen)
    say (self, self->title);
  self->to_say = FALSE;
}

static void
add_notice (ConfabRoomNotices *self, ConfabRoomNoticeKind kind, const ConfabRoomEvent *event)
{
  Person *person = ensure_person (self, event->sender);
  ConfabRoomNotice *notice = person->notices[kind];

  if (notice != NULL) {
    confab_room_notice_add (notice, event);
    return;
  }
  notice = confab_room_notice_new (kind,
                                   event->sender,
                                   is_own (self, event->sender),
                                   confab_session_get_device_id (self->session),
                                   person->face,
                                   self->clock);
  person->notices[kind] = notice;
  confab_room_notice_add (notice, event);
  g_signal_connect_swapped (notice, "notify::title", G_CALLBACK (refresh_title), self);
  g_list_store_insert (self->list, 0, notice);
  list_changed (self);
  set_unseen (self, TRUE);
  if (self->pause == 0)
    say (self, confab_room_notice_get_title (notice));
  else
    self->to_say = TRUE;
}

/* Something of its sender was read: what could not be before it is over. */
static void
settle (ConfabRoomNotices *self, const ConfabRoomEvent *event)
{
  Person *person = find_person (self, event->sender);
  gboolean removed = FALSE;
  gboolean left = FALSE;

  /* What this device sent says nothing of another one of the same user. */
  if (person == NULL ||
      (is_own (self, event->sender) &&
       g_strcmp0 (event->device_id, confab_session_get_device_id (self->session)) == 0))
    return;
  for (guint kind = 0; kind < CONFAB_ROOM_NOTICE_NONE; kind++) {
    if (person->notices[kind] != NULL &&
        confab_room_notice_is_settled_by (person->notices[kind], event))
      removed |= remove_notice (person, kind);
    left |= person->notices[kind] != NULL;
  }
  if (!left)
    forget_person (person);
  else if (removed)
    list_changed (self);
}

/* ---- the object ---- */

static void
confab_room_notices_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabRoomNotices *self = CONFAB_ROOM_NOTICES (object);

  switch ((Property) prop_id) {
  case PROP_LIST:
    g_value_set_object (value, self->list);
    break;
  case PROP_TITLE:
    g_value_set_string (value, self->title);
    break;
  case PROP_UNSEEN:
    g_value_set_boolean (value, self->unseen);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_room_notices_dispose (GObject *object)
{
  ConfabRoomNotices *self = CONFAB_ROOM_NOTICES (object);

  g_clear_object (&self->list);
  g_queue_clear_full (&self->people, person_free);
  if (self->clock != NULL)
    confab_clock_clear (self->clock, &self->pause);
  g_clear_object (&self->room);
  g_clear_object (&self->session);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->title, g_free);

  G_OBJECT_CLASS (confab_room_notices_parent_class)->dispose (object);
}

static void
confab_room_notices_class_init (ConfabRoomNoticesClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_room_notices_get_property;
  object_class->dispose = confab_room_notices_dispose;
  properties[PROP_LIST] = g_param_spec_object ("list", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, "", flags);
  properties[PROP_UNSEEN] = g_param_spec_boolean ("unseen", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  signals[SIGNAL_ANNOUNCE] = g_signal_new ("announce",
                                           G_TYPE_FROM_CLASS (klass),
                                           G_SIGNAL_RUN_LAST,
                                           0,
                                           NULL,
                                           NULL,
                                           NULL,
                                           G_TYPE_NONE,
                                           1,
                                           G_TYPE_STRING);
}

static void
confab_room_notices_init (ConfabRoomNotices *self)
{
  self->list = g_list_store_new (CONFAB_TYPE_ROOM_NOTICE);
  self->title = g_strdup ("");
  g_queue_init (&self->people);
}

/**
 * confab_room_notices_new:
 * @room: a joined room
 * @session: whose room it is
 * @clock: time
 *
 * Returns: (transfer full): nothing to know yet
 */
ConfabRoomNotices *
confab_room_notices_new (ConfabRoom *room, ConfabSession *session, ConfabClock *clock)
{
  ConfabRoomNotices *self = NULL;

  g_return_val_if_fail (CONFAB_IS_ROOM (room), NULL);
  g_return_val_if_fail (CONFAB_IS_SESSION (session), NULL);
  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);

  self = g_object_new (CONFAB_TYPE_ROOM_NOTICES, NULL);
  self->room = g_object_ref (room);
  self->session = g_object_ref (session);
  self->clock = g_object_ref (clock);
  return self;
}

ConfabRoom *
confab_room_notices_get_room (ConfabRoomNotices *self)
{
  return self->room;
}

GListModel *
confab_room_notices_get_list (ConfabRoomNotices *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_NOTICES (self), NULL);

  return G_LIST_MODEL (self->list);
}

const char *
confab_room_notices_get_title (ConfabRoomNotices *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_NOTICES (self), NULL);

  return self->title;
}

gboolean
confab_room_notices_get_unseen (ConfabRoomNotices *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_NOTICES (self), FALSE);

  return self->unseen;
}

guint
confab_room_notices_get_n_people (ConfabRoomNotices *self)
{
  return self->people.length;
}

gboolean
confab_room_notices_get_unread (ConfabRoomNotices *self)
{
  Person *last = NULL;

  g_return_val_if_fail (CONFAB_IS_ROOM_NOTICES (self), FALSE);

  return count_unread_people (self, &last) > 0;
}

void
confab_room_notices_take (ConfabRoomNotices *self, const ConfabRoomEvent *event)
{
  ConfabRoomNoticeKind kind = confab_room_notice_words_find_kind (event);

  if (event->trust == CONFAB_ROOM_EVENT_TRUST_DEVICE ||
      event->trust == CONFAB_ROOM_EVENT_TRUST_DEVICE_GONE)
    settle (self, event);
  if (kind != CONFAB_ROOM_NOTICE_NONE)
    add_notice (self, kind, event);
}

void
confab_room_notices_forget (ConfabRoomNotices *self)
{
  while (self->people.head != NULL)
    forget_person (self->people.head->data);
}

void
confab_room_notices_see (ConfabRoomNotices *self)
{
  g_return_if_fail (CONFAB_IS_ROOM_NOTICES (self));

  set_unseen (self, FALSE);
}

void
confab_room_notices_close (ConfabRoomNotices *self, ConfabRoomNotice *notice)
{
  guint position = 0;

  g_return_if_fail (CONFAB_IS_ROOM_NOTICES (self));
  g_return_if_fail (CONFAB_IS_ROOM_NOTICE (notice));

  if (!g_list_store_find (self->list, notice, &position))
    return;
  confab_room_notice_close (notice);
  g_list_store_remove (self->list, position);
  list_changed (self);
}
