/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-room-view-model.h"
#include "confab-room-view-model-private.h"

#include "confab-call-duration.h"
#include "confab-call-handler.h"
#include "confab-clock.h"
#include "confab-format.h"
#include "confab-member-pile.h"
#include "confab-room-call.h"
#include "confab-room-faces.h"
#include "confab-room-reason.h"
#include "confab-session.h"

#include <glib/gi18n.h>

/* A call is shown as its first few people and a number. */
#define ROW_PILE 3

typedef enum {
  PROP_ID = 1,
  PROP_NAME,
  PROP_TOPIC,
  PROP_SUBTITLE,
  PROP_ENCRYPTED_TITLE,
  PROP_ENCRYPTED_SUBTITLE,
  PROP_PEOPLE_TEXT,
  PROP_MORE_PEOPLE,
  PROP_SECTION_TITLE,
  PROP_DURATION,
  PROP_CALL_LINE,
  PROP_CALL_TEXT,
  PROP_ONGOING_TEXT,
  PROP_HEADER_TEXT,
  PROP_WHO_TEXT,
  PROP_JOIN_LABEL,
  PROP_REASON,
  N_TEXTS, /* those above are text */
  PROP_AVATAR = N_TEXTS,
  PROP_PEOPLE,
  PROP_PARTICIPANTS,
  PROP_ENCRYPTED,
  PROP_HAS_CALL,
  PROP_IN_CALL,
  PROP_CAN_ACT,
  PROP_SECTION,
  PROP_ACTION,
  PROP_N_PARTICIPANTS,
  N_PROPS,
} Property;
static GParamSpec *properties[N_PROPS];

struct _ConfabRoomViewModel {
  GObject parent_instance;

  ConfabRoom *room;
  ConfabSession *session;
  ConfabClock *clock;
  ConfabRoomCall *call;
  ConfabCallDuration *duration; /* (nullable): of it */
  ConfabAvatarModel *avatar;
  ConfabRoomFaces *participants;
  ConfabMemberPile *people;
  char *texts[N_TEXTS];
  guint numbers[N_PROPS]; /* the others that are no object */
  char *search_key;
  char *sort_key;
  guint n_shown;
};

G_DEFINE_FINAL_TYPE (ConfabRoomViewModel, confab_room_view_model, G_TYPE_OBJECT)

static void
take_text (ConfabRoomViewModel *self, Property prop, char *text)
{
  g_autofree char *taken = text;

  if (g_set_str (&self->texts[prop], taken))
    g_object_notify_by_pspec (G_OBJECT (self), properties[prop]);
}

static void
set_text (ConfabRoomViewModel *self, Property prop, const char *text)
{
  take_text (self, prop, g_strdup (text));
}

static void
set_number (ConfabRoomViewModel *self, Property prop, guint number)
{
  if (self->numbers[prop] == number)
    return;
  self->numbers[prop] = number;
  g_object_notify_by_pspec (G_OBJECT (self), properties[prop]);
}

static void
refresh_duration (ConfabRoomViewModel *self)
{
  guint n = self->numbers[PROP_N_PARTICIPANTS];
  g_autofree char *people = g_strdup_printf (ngettext ("%u person", "%u people", n), n);
  g_autofree char *in_call = g_strdup_printf (
    ngettext ("%u person is in the call", "%u people are in the call", n), n);
  const char *duration = self->duration != NULL ? confab_call_duration_get_text (self->duration)
                                                : "";
  const char *dot = self->duration != NULL ? " · " : "";

  set_text (self, PROP_DURATION, duration);
  /* From left to right in an isolate: between words from right to left it would become “2+”. */
  if (n > ROW_PILE)
    take_text (self,
               PROP_CALL_LINE,
               g_strdup_printf ("\342\201\246+%u\342\201\251%s%s", n - ROW_PILE, dot, duration));
  else
    set_text (self, PROP_CALL_LINE, duration);
  take_text (self, PROP_CALL_TEXT, g_strconcat (in_call, dot, duration, NULL));
  take_text (self, PROP_ONGOING_TEXT, g_strconcat (_ ("In the call"), dot, duration, NULL));
  if (confab_room_call_is_on (self->call))
    take_text (self, PROP_HEADER_TEXT, g_strconcat (duration, dot, people, NULL));
  else
    set_text (self, PROP_HEADER_TEXT, "");
}

/* There is one while a call is on and it is known since when. */
static void
update_duration (ConfabRoomViewModel *self)
{
  gint64 started_at = confab_room_view_model_get_call_started_at (self);

  if (started_at == 0) {
    g_clear_object (&self->duration);
  } else {
    if (self->duration == NULL) {
      self->duration = confab_call_duration_new (self->clock);
      g_signal_connect_object (
        self->duration, "notify::text", G_CALLBACK (refresh_duration), self, G_CONNECT_SWAPPED);
    }
    confab_call_duration_set_start (self->duration, started_at);
    confab_call_duration_set_running (self->duration, self->n_shown > 0);
  }
  refresh_duration (self);
}

static void
refresh_who (ConfabRoomViewModel *self)
{
  take_text (self, PROP_WHO_TEXT, confab_room_faces_dup_text (self->participants));
}

static void
refresh_participants (ConfabRoomViewModel *self)
{
  g_auto (GStrv) ids = confab_room_call_dup_user_ids (self->call,
                                             confab_session_get_user_id (self->session));

  confab_room_faces_set_user_ids (self->participants, (const char *const *) ids);
  set_number (self, PROP_N_PARTICIPANTS, confab_room_faces_get_n (self->participants));
  refresh_who (self);
}

static const char *
section_title (ConfabRoomSection section)
{
  switch (section) {
  case CONFAB_ROOM_SECTION_CALLS:
    return _ ("Calls Now");
  case CONFAB_ROOM_SECTION_FAVOURITES:
    return _ ("Favourites");
  case CONFAB_ROOM_SECTION_PEOPLE:
    return _ ("People");
  case CONFAB_ROOM_SECTION_ROOMS:
  default:
    return _ ("Rooms");
  }
}

static ConfabRoomSection
section_of (ConfabRoomViewModel *self)
{
  if (confab_room_call_is_on (self->call))
    return CONFAB_ROOM_SECTION_CALLS;
  if (confab_room_get_favourite (self->room))
    return CONFAB_ROOM_SECTION_FAVOURITES;
  return confab_room_get_direct (self->room) ? CONFAB_ROOM_SECTION_PEOPLE
                                             : CONFAB_ROOM_SECTION_ROOMS;
}

/* One of Element's kind, and none that Confab can join. */
static gboolean
has_foreign_call (ConfabRoomViewModel *self)
{
  return confab_room_get_n_rtc_users (self->room) > 0 && !confab_room_call_is_on (self->call);
}

static char *
dup_subtitle (ConfabRoomViewModel *self, const char *people)
{
  guint n_foreign = confab_room_get_n_rtc_users (self->room);
  gint64 activity_ms = confab_room_get_last_activity (self->room);

  if (has_foreign_call (self))
    return g_strdup_printf (ngettext ("%u person in an Element call",
                                      "%u people in an Element call",
                                      n_foreign),
                            n_foreign);
  if (confab_room_get_direct (self->room) && activity_ms > 0)
    return confab_format_day (CLAMP (activity_ms, 0, G_MAXINT64 / 1000) * 1000,
                              confab_clock_get_real_time (self->clock));
  return g_strdup (people);
}

static void
refresh_action (ConfabRoomViewModel *self)
{
  gboolean in_call = confab_room_call_is_active (self->call);
  const char *reason = NULL;
  g_autofree char *both = NULL;
  gboolean can_act;

  if (!in_call)
    reason = confab_room_reason_connection (self->session);
  if (!in_call && reason == NULL)
    reason = confab_room_reason_power (self->room,
                                       confab_room_call_get_call (self->call) != NULL,
                                       confab_room_call_is_on (self->call));
  can_act = reason == NULL;
  /* No reason not to have a call of the other kind, but whoever would begin one, or may not, should know. */
  if (!in_call && has_foreign_call (self) &&
      confab_room_reason_connection (self->session) == NULL) {
    const char *foreign = _ ("People here are in an Element call. Confab cannot join it yet.");

    /* Translators: two whole sentences, one after the other */
    both = reason != NULL ? g_strdup_printf (_ ("%1$s %2$s"), foreign, reason) : g_strdup (foreign);
    reason = both;
  }
  if (in_call)
    set_number (self, PROP_ACTION, CONFAB_ROOM_ACTION_RETURN);
  else
    set_number (self,
                PROP_ACTION,
                confab_room_call_is_on (self->call) ? CONFAB_ROOM_ACTION_JOIN
                                                    : CONFAB_ROOM_ACTION_START);
  set_number (self, PROP_IN_CALL, in_call);
  set_text (self, PROP_REASON, reason != NULL ? reason : "");
  set_number (self, PROP_CAN_ACT, can_act);
}

static void
refresh (ConfabRoomViewModel *self)
{
  const char *name = confab_room_get_name (self->room);
  const char *topic = confab_room_get_topic (self->room);
  gboolean encrypted = confab_room_get_encrypted (self->room);
  guint n_joined = confab_room_get_n_joined (self->room);
  g_autofree char *people = g_strdup_printf (ngettext ("%u person", "%u people", n_joined),
                                             n_joined);
  g_autofree char *isolated = confab_format_name (name);
  ConfabRoomSection section = section_of (self);

  /* Whoever hears of one of them reads others. */
  g_object_freeze_notify (G_OBJECT (self));
  set_text (self, PROP_ID, confab_room_get_id (self->room));
  if (g_strcmp0 (self->texts[PROP_NAME], name) != 0) {
    g_autofree char *normal = g_utf8_normalize (name != NULL ? name : "", -1, G_NORMALIZE_ALL);

    g_free (self->search_key);
    self->search_key = g_utf8_casefold (normal != NULL ? normal : "", -1);
    g_free (self->sort_key);
    self->sort_key = g_utf8_collate_key (self->search_key, -1);
  }
  set_text (self, PROP_NAME, name);
  set_text (self, PROP_TOPIC, topic != NULL ? topic : "");
  set_text (self, PROP_PEOPLE_TEXT, people);
  take_text (self, PROP_MORE_PEOPLE, confab_member_pile_dup_more (self->people));
  take_text (self, PROP_SUBTITLE, dup_subtitle (self, people));
  set_number (self, PROP_ENCRYPTED, encrypted);
  set_text (self, PROP_ENCRYPTED_TITLE, encrypted ? _ ("Encrypted") : _ ("Not encrypted"));
  set_text (self,
            PROP_ENCRYPTED_SUBTITLE,
            encrypted ? _ ("Only the people in the room can listen")
                      : _ ("The homeserver could listen"));
  /* Translators: %s is a room’s name */
  take_text (self, PROP_JOIN_LABEL, g_strdup_printf (_ ("Join the call in %s"), isolated));
  set_text (self, PROP_SECTION_TITLE, section_title (section));
  set_number (self, PROP_HAS_CALL, confab_room_call_is_on (self->call));
  set_number (self, PROP_SECTION, section);
  refresh_participants (self);
  refresh_action (self);
  update_duration (self);
  g_object_thaw_notify (G_OBJECT (self));
}

static void
refresh_more_people (ConfabRoomViewModel *self)
{
  take_text (self, PROP_MORE_PEOPLE, confab_member_pile_dup_more (self->people));
}

static void
confab_room_view_model_get_property (GObject *object,
                                     guint prop_id,
                                     GValue *value,
                                     GParamSpec *pspec)
{
  ConfabRoomViewModel *self = CONFAB_ROOM_VIEW_MODEL (object);

  switch ((Property) prop_id) {
  case PROP_AVATAR:
    g_value_set_object (value, self->avatar);
    break;
  case PROP_PEOPLE:
    g_value_set_object (value, confab_member_pile_get_list (self->people));
    break;
  case PROP_PARTICIPANTS:
    g_value_set_object (value, confab_room_faces_get_list (self->participants));
    break;
  case PROP_ENCRYPTED:
  case PROP_HAS_CALL:
  case PROP_IN_CALL:
  case PROP_CAN_ACT:
    g_value_set_boolean (value, self->numbers[prop_id] != 0);
    break;
  case PROP_SECTION:
  case PROP_ACTION:
  case PROP_N_PARTICIPANTS:
    g_value_set_uint (value, self->numbers[prop_id]);
    break;
  default:
    if (prop_id < N_TEXTS)
      g_value_set_string (value, self->texts[prop_id]);
    else
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_room_view_model_dispose (GObject *object)
{
  ConfabRoomViewModel *self = CONFAB_ROOM_VIEW_MODEL (object);

  g_clear_object (&self->call);
  g_clear_object (&self->duration);
  g_clear_object (&self->room);
  g_clear_object (&self->session);
  g_clear_object (&self->clock);
  g_clear_object (&self->avatar);
  g_clear_object (&self->participants);
  g_clear_object (&self->people);
  g_clear_pointer (&self->search_key, g_free);
  g_clear_pointer (&self->sort_key, g_free);
  for (guint i = 0; i < N_TEXTS; i++)
    g_clear_pointer (&self->texts[i], g_free);

  G_OBJECT_CLASS (confab_room_view_model_parent_class)->dispose (object);
}

static void
confab_room_view_model_class_init (ConfabRoomViewModelClass *klass)
{
  static const char *const texts[N_TEXTS] = {
    [PROP_ID] = "id",
    [PROP_NAME] = "name",
    [PROP_TOPIC] = "topic",
    [PROP_SUBTITLE] = "subtitle",
    [PROP_ENCRYPTED_TITLE] = "encrypted-title",
    [PROP_ENCRYPTED_SUBTITLE] = "encrypted-subtitle",
    [PROP_PEOPLE_TEXT] = "people-text",
    [PROP_MORE_PEOPLE] = "more-people",
    [PROP_SECTION_TITLE] = "section-title",
    [PROP_DURATION] = "duration",
    [PROP_CALL_LINE] = "call-line",
    [PROP_CALL_TEXT] = "call-text",
    [PROP_ONGOING_TEXT] = "ongoing-text",
    [PROP_HEADER_TEXT] = "header-text",
    [PROP_WHO_TEXT] = "who-text",
    [PROP_JOIN_LABEL] = "join-label",
    [PROP_REASON] = "reason",
  };
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_room_view_model_get_property;
  object_class->dispose = confab_room_view_model_dispose;
  for (guint i = PROP_ID; i < N_TEXTS; i++)
    properties[i] = g_param_spec_string (texts[i], NULL, NULL, NULL, flags);
  properties[PROP_AVATAR] = g_param_spec_object (
    "avatar", NULL, NULL, CONFAB_TYPE_AVATAR_MODEL, flags);
  properties[PROP_PEOPLE] = g_param_spec_object ("people", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  properties[PROP_PARTICIPANTS] = g_param_spec_object (
    "participants", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  properties[PROP_ENCRYPTED] = g_param_spec_boolean ("encrypted", NULL, NULL, FALSE, flags);
  properties[PROP_HAS_CALL] = g_param_spec_boolean ("has-call", NULL, NULL, FALSE, flags);
  properties[PROP_IN_CALL] = g_param_spec_boolean ("in-call", NULL, NULL, FALSE, flags);
  properties[PROP_CAN_ACT] = g_param_spec_boolean ("can-act", NULL, NULL, FALSE, flags);
  properties[PROP_SECTION] = g_param_spec_uint ("section", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_ACTION] = g_param_spec_uint ("action", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_N_PARTICIPANTS] = g_param_spec_uint (
    "n-participants", NULL, NULL, 0, G_MAXUINT, 0, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
confab_room_view_model_init (ConfabRoomViewModel *self)
{
}

/**
 * confab_room_view_model_new:
 * @room: a joined room
 * @session: whose room it is
 * @clock: time
 *
 * Returns: (transfer full): a new view model
 */
ConfabRoomViewModel *
confab_room_view_model_new (ConfabRoom *room, ConfabSession *session, ConfabClock *clock)
{
  ConfabRoomViewModel *self = NULL;

  g_return_val_if_fail (CONFAB_IS_ROOM (room), NULL);
  g_return_val_if_fail (CONFAB_IS_SESSION (session), NULL);
  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);

  self = g_object_new (CONFAB_TYPE_ROOM_VIEW_MODEL, NULL);
  self->room = g_object_ref (room);
  self->session = g_object_ref (session);
  self->clock = g_object_ref (clock);
  self->call = confab_room_call_new (confab_room_get_calls (room));
  self->participants = confab_room_faces_new (room, session);
  self->people = confab_member_pile_new (room, session);
  g_signal_connect_object (
    self->people, "changed", G_CALLBACK (refresh_more_people), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    self->participants, "named", G_CALLBACK (refresh_who), self, G_CONNECT_SWAPPED);
  self->avatar = confab_avatar_model_new (G_OBJECT (room),
                                          "name",
                                          confab_session_get_media_repository (session));
  g_signal_connect_object (room, "notify", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    session, "notify::state", G_CALLBACK (refresh_action), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    session, "notify::error", G_CALLBACK (refresh_action), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->call, "changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  refresh (self);
  return self;
}

const char *
confab_room_view_model_get_id (ConfabRoomViewModel *self)
{
  return self->texts[PROP_ID];
}

const char *
confab_room_view_model_get_name (ConfabRoomViewModel *self)
{
  return self->texts[PROP_NAME];
}

const char *
confab_room_view_model_get_section_title (ConfabRoomViewModel *self)
{
  return self->texts[PROP_SECTION_TITLE];
}

ConfabRoomSection
confab_room_view_model_get_section (ConfabRoomViewModel *self)
{
  return (ConfabRoomSection) self->numbers[PROP_SECTION];
}

ConfabRoomAction
confab_room_view_model_get_action (ConfabRoomViewModel *self)
{
  return (ConfabRoomAction) self->numbers[PROP_ACTION];
}

gboolean
confab_room_view_model_get_can_act (ConfabRoomViewModel *self)
{
  return self->numbers[PROP_CAN_ACT] != 0;
}

gboolean
confab_room_view_model_get_encrypted (ConfabRoomViewModel *self)
{
  return self->numbers[PROP_ENCRYPTED] != 0;
}

gboolean
confab_room_view_model_get_has_call (ConfabRoomViewModel *self)
{
  return self->numbers[PROP_HAS_CALL] != 0;
}

/**
 * confab_room_view_model_show:
 * @self: a room
 *
 * Somebody looks at the duration now: it ticks until as many confab_room_view_model_hide().
 */
void
confab_room_view_model_show (ConfabRoomViewModel *self)
{
  g_return_if_fail (CONFAB_IS_ROOM_VIEW_MODEL (self));

  if (self->n_shown++ == 0)
    update_duration (self);
}

void
confab_room_view_model_hide (ConfabRoomViewModel *self)
{
  g_return_if_fail (CONFAB_IS_ROOM_VIEW_MODEL (self));
  g_return_if_fail (self->n_shown > 0);

  if (--self->n_shown == 0)
    update_duration (self);
}

/**
 * confab_room_view_model_load_people:
 * @self: a room
 *
 * Fills `people`, once: only an opened room pays for its members.
 */
void
confab_room_view_model_load_people (ConfabRoomViewModel *self)
{
  g_return_if_fail (CONFAB_IS_ROOM_VIEW_MODEL (self));

  confab_member_pile_load (self->people);
}

ConfabRoom *
confab_room_view_model_get_room (ConfabRoomViewModel *self)
{
  return self->room;
}

ConfabCall *
confab_room_view_model_get_call (ConfabRoomViewModel *self)
{
  return confab_room_call_get_call (self->call);
}

/**
 * confab_room_view_model_ensure_call:
 * @self: a room
 * @intent: of a new call
 * @type: of a new call
 *
 * Returns: (transfer full): the call that is on in the room, or was left by everybody and need not ring; else a new one,
 *   which begins when it is joined
 */
ConfabCall *
confab_room_view_model_ensure_call (ConfabRoomViewModel *self,
                                    ConfabCallIntent intent,
                                    ConfabCallType type)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_VIEW_MODEL (self), NULL);

  /* One that everybody has left rings nobody any more: that takes another. */
  if (confab_room_call_get_call (self->call) != NULL &&
      (intent != CONFAB_CALL_INTENT_RING || confab_room_call_is_on (self->call) ||
       !confab_room_get_can_start_call (self->room)))
    return g_object_ref (confab_room_call_get_call (self->call));
  return confab_call_handler_create_call (
    confab_session_get_call_handler (self->session), self->texts[PROP_ID], intent, type, NULL);
}

GListModel *
confab_room_view_model_get_participants (ConfabRoomViewModel *self)
{
  return confab_room_faces_get_list (self->participants);
}

const char *
confab_room_view_model_get_search_key (ConfabRoomViewModel *self)
{
  return self->search_key;
}

const char *
confab_room_view_model_get_sort_key (ConfabRoomViewModel *self)
{
  return self->sort_key;
}

gint64
confab_room_view_model_get_call_started_at (ConfabRoomViewModel *self)
{
  return confab_room_call_get_started_at (self->call);
}
