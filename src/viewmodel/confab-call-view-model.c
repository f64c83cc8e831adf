/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-call-view-model.h"
#include "confab-call-view-model-private.h"

#include "confab-call-words.h"
#include "confab-media-words.h"
#include "confab-system-clock.h"

#include <glib/gi18n.h>

G_DEFINE_ENUM_TYPE (ConfabCallPageState,
                    confab_call_page_state,
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_PAGE_JOINING, "joining"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_PAGE_JOINED, "joined"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_PAGE_RECONNECTING, "reconnecting"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_PAGE_ENDED, "ended"))

G_DEFINE_FINAL_TYPE (ConfabCallViewModel, confab_call_view_model, G_TYPE_OBJECT)

typedef enum {
  PROP_TILES = 1,
  PROP_OWN_TILE,
  PROP_TITLE,
  PROP_SUBTITLE,
  PROP_SUBTITLE_NARROW,
  PROP_N_PEOPLE,
  PROP_ALONE,
  PROP_MICROPHONE_MUTED,
  PROP_CAMERA_MUTED,
  PROP_MICROPHONE_PROBLEM,
  PROP_CAMERA_PROBLEM,
  PROP_MICROPHONE_LEVEL,
  PROP_STATE,
  PROP_BANNER,
  PROP_HAS_DETAILS,
  PROP_LINK,
  PROP_SHOWN,
} Property;
static GParamSpec *properties[PROP_SHOWN + 1];

enum {
  SIGNAL_ANNOUNCE,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
notify (ConfabCallViewModel *self, Property property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static ConfabSessionState
get_session_state (ConfabCallViewModel *self)
{
  ConfabSessionState state = CONFAB_SESSION_STATE_ONLINE;

  if (self->session != NULL)
    g_object_get (self->session, "state", &state, NULL);
  return state;
}

static ConfabCallFacts
gather_facts (ConfabCallViewModel *self)
{
  g_autofree char *own_id = NULL;

  if (self->session != NULL)
    g_object_get (self->session, "user-id", &own_id, NULL);
  return (ConfabCallFacts) {
    .state = confab_call_get_state (self->call),
    .others = confab_call_census_count (self->census, own_id),
    .was_active = self->was_active,
    .offline = get_session_state (self) == CONFAB_SESSION_STATE_OFFLINE,
    .signed_out = get_session_state (self) == CONFAB_SESSION_STATE_LOGGED_OUT,
    .microphone_lost = confab_own_media_get_microphone_lost (self->media),
    .camera_lost = confab_own_media_get_camera_lost (self->media),
    .clear_room = self->room != NULL && !confab_room_get_encrypted (self->room),
    .unread = self->notices != NULL && confab_room_notices_get_unseen (self->notices) &&
              confab_room_notices_get_unread (self->notices),
    .unsure = self->notices != NULL && confab_room_notices_get_unseen (self->notices),
    .replaced = self->room != NULL && confab_room_get_replaced (self->room),
  };
}

static char *
make_title (ConfabCallViewModel *self)
{
  g_autofree char *name = confab_call_dup_name (self->call);

  if (self->room != NULL && confab_room_get_name (self->room) != NULL)
    return g_strdup (confab_room_get_name (self->room));
  return name != NULL ? g_steal_pointer (&name) : g_strdup (_ ("Call"));
}

static void
update_subtitle (ConfabCallViewModel *self)
{
  const char *duration = confab_call_duration_get_text (self->duration);
  g_autofree char *wide = NULL;
  g_autofree char *narrow = NULL;

  wide = confab_call_words_make_subtitle (self->state, self->n_people, duration, FALSE);
  narrow = confab_call_words_make_subtitle (self->state, self->n_people, duration, TRUE);
  if (g_set_str (&self->subtitle, wide))
    notify (self, PROP_SUBTITLE);
  if (g_set_str (&self->subtitle_narrow, narrow))
    notify (self, PROP_SUBTITLE_NARROW);
}

/* Time goes on only where it is seen. */
static void
update_duration (ConfabCallViewModel *self)
{
  gboolean joined = self->state == CONFAB_CALL_PAGE_JOINED ||
                    self->state == CONFAB_CALL_PAGE_RECONNECTING;
  gint64 started_at = confab_call_get_started_at (self->call);

  if (started_at > 0 || self->joined_at > 0)
    confab_call_duration_set_start (self->duration, started_at > 0 ? started_at : self->joined_at);
  confab_call_duration_set_running (self->duration, self->shown && joined);
  update_subtitle (self);
}

void
confab_call_view_model_update (ConfabCallViewModel *self)
{
  ConfabCallFacts facts;
  ConfabCallPageState state;
  g_autofree char *banner = NULL;
  guint n_people;

  self->was_active |= confab_call_is_active (self->call);
  facts = gather_facts (self);
  state = confab_call_words_find_state (&facts);
  n_people = facts.others.n_users + 1;
  if (state == CONFAB_CALL_PAGE_JOINED && self->joined_at == 0)
    self->joined_at = confab_clock_get_real_time (self->clock);
  if (self->n_people != n_people) {
    self->n_people = n_people;
    notify (self, PROP_N_PEOPLE);
    notify (self, PROP_ALONE);
  }
  if (self->state != state) {
    self->state = state;
    confab_call_announcer_set_lost (self->announcer, state == CONFAB_CALL_PAGE_RECONNECTING);
    notify (self, PROP_STATE);
    notify (self, PROP_ALONE);
  }
  if (self->has_details != confab_call_words_has_details (&facts)) {
    self->has_details = !self->has_details;
    notify (self, PROP_HAS_DETAILS);
  }
  banner = confab_call_words_make_banner (&facts);
  if (g_set_str (&self->banner, banner)) {
    if (banner != NULL)
      confab_call_announcer_say (self->announcer, banner);
    notify (self, PROP_BANNER);
  }
  update_duration (self);
  confab_call_tiles_set_rings (self->tiles, self->n_people > CONFAB_CALL_FEW_PEOPLE);
}

static void
update_title (ConfabCallViewModel *self)
{
  g_autofree char *title = make_title (self);

  if (g_set_str (&self->title, title))
    notify (self, PROP_TITLE);
}

static void
media_notify_cb (ConfabOwnMedia *media, GParamSpec *pspec, ConfabCallViewModel *self)
{
  static const struct {
    const char *name;
    Property property;
  } follow[] = {
    { "microphone-muted", PROP_MICROPHONE_MUTED },
    { "camera-muted", PROP_CAMERA_MUTED },
    { "microphone-problem", PROP_MICROPHONE_PROBLEM },
    { "camera-problem", PROP_CAMERA_PROBLEM },
  };

  if (g_str_equal (pspec->name, "stream"))
    confab_call_tiles_set_own_stream (self->tiles, confab_own_media_get_stream (media));
  for (guint i = 0; i < G_N_ELEMENTS (follow); i++) {
    if (g_str_equal (pspec->name, follow[i].name))
      notify (self, follow[i].property);
  }
  confab_call_view_model_update (self);
}

static void
level_cb (ConfabCallViewModel *self)
{
  notify (self, PROP_MICROPHONE_LEVEL);
}

static void
announce_cb (ConfabCallAnnouncer *announcer, const char *text, ConfabCallViewModel *self)
{
  g_signal_emit (self, signals[SIGNAL_ANNOUNCE], 0, text);
}

static void
confab_call_view_model_get_property (GObject *object,
                                     guint prop_id,
                                     GValue *value,
                                     GParamSpec *pspec)
{
  ConfabCallViewModel *self = CONFAB_CALL_VIEW_MODEL (object);

  switch ((Property) prop_id) {
  case PROP_TILES:
    g_value_set_object (value, confab_call_tiles_get_list (self->tiles));
    break;
  case PROP_OWN_TILE:
    g_value_set_object (value, confab_call_tiles_get_own (self->tiles));
    break;
  case PROP_TITLE:
    g_value_set_string (value, self->title);
    break;
  case PROP_SUBTITLE:
    g_value_set_string (value, self->subtitle);
    break;
  case PROP_SUBTITLE_NARROW:
    g_value_set_string (value, self->subtitle_narrow);
    break;
  case PROP_N_PEOPLE:
    g_value_set_uint (value, self->n_people);
    break;
  case PROP_ALONE:
    g_value_set_boolean (value, confab_call_view_model_get_alone (self));
    break;
  case PROP_MICROPHONE_MUTED:
    g_value_set_boolean (value, confab_own_media_get_microphone_muted (self->media));
    break;
  case PROP_CAMERA_MUTED:
    g_value_set_boolean (value, confab_own_media_get_camera_muted (self->media));
    break;
  case PROP_MICROPHONE_PROBLEM:
    g_value_set_string (value,
                        confab_media_words_device (CONFAB_DEVICE_KIND_MICROPHONE,
                                                   confab_own_media_get_microphone_problem (
                                                     self->media)));
    break;
  case PROP_CAMERA_PROBLEM:
    g_value_set_string (value,
                        confab_media_words_device (CONFAB_DEVICE_KIND_CAMERA,
                                                   confab_own_media_get_camera_problem (
                                                     self->media)));
    break;
  case PROP_MICROPHONE_LEVEL:
    g_value_set_double (value,
                        confab_stream_tile_model_get_level (
                          confab_call_tiles_get_own (self->tiles)));
    break;
  case PROP_STATE:
    g_value_set_enum (value, self->state);
    break;
  case PROP_BANNER:
    g_value_set_string (value, self->banner);
    break;
  case PROP_HAS_DETAILS:
    g_value_set_boolean (value, self->has_details);
    break;
  case PROP_LINK:
    g_value_set_string (value, self->link);
    break;
  case PROP_SHOWN:
    g_value_set_boolean (value, self->shown);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_call_view_model_set_property (GObject *object,
                                     guint prop_id,
                                     const GValue *value,
                                     GParamSpec *pspec)
{
  ConfabCallViewModel *self = CONFAB_CALL_VIEW_MODEL (object);

  switch (prop_id) {
  case PROP_MICROPHONE_MUTED:
    confab_call_view_model_set_microphone_muted (self, g_value_get_boolean (value));
    break;
  case PROP_CAMERA_MUTED:
    confab_call_view_model_set_camera_muted (self, g_value_get_boolean (value));
    break;
  case PROP_SHOWN:
    confab_call_view_model_set_shown (self, g_value_get_boolean (value));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_call_view_model_dispose (GObject *object)
{
  ConfabCallViewModel *self = CONFAB_CALL_VIEW_MODEL (object);

  if (self->notices != NULL)
    g_signal_handlers_disconnect_by_data (self->notices, self);
  g_clear_object (&self->notices);
  g_clear_object (&self->announcer);
  g_clear_object (&self->media);
  g_clear_object (&self->census);
  g_clear_object (&self->tiles);
  g_clear_object (&self->duration);
  g_clear_object (&self->room);
  g_clear_object (&self->session);
  g_clear_object (&self->call);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (confab_call_view_model_parent_class)->dispose (object);
}

static void
confab_call_view_model_finalize (GObject *object)
{
  ConfabCallViewModel *self = CONFAB_CALL_VIEW_MODEL (object);

  g_free (self->title);
  g_free (self->subtitle);
  g_free (self->subtitle_narrow);
  g_free (self->banner);
  g_free (self->link);
  G_OBJECT_CLASS (confab_call_view_model_parent_class)->finalize (object);
}

#define READ (G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS)
#define BOOLEAN(name, flags) g_param_spec_boolean (name, NULL, NULL, FALSE, READ | (flags))
#define STRING(name) g_param_spec_string (name, NULL, NULL, NULL, READ)

static void
confab_call_view_model_class_init (ConfabCallViewModelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = confab_call_view_model_get_property;
  object_class->set_property = confab_call_view_model_set_property;
  object_class->dispose = confab_call_view_model_dispose;
  object_class->finalize = confab_call_view_model_finalize;

  /* ConfabStreamTileModel: the others, longest in the call first; one's own last. */
  properties[PROP_TILES] = g_param_spec_object ("tiles", NULL, NULL, G_TYPE_LIST_MODEL, READ);
  properties[PROP_OWN_TILE] = g_param_spec_object (
    "own-tile", NULL, NULL, CONFAB_TYPE_STREAM_TILE_MODEL, READ);
  properties[PROP_TITLE] = STRING ("title");
  properties[PROP_SUBTITLE] = STRING ("subtitle");
  properties[PROP_SUBTITLE_NARROW] = STRING ("subtitle-narrow"); /* the time first */
  properties[PROP_N_PEOPLE] = g_param_spec_uint ("n-people", NULL, NULL, 0, G_MAXUINT, 0, READ);
  properties[PROP_ALONE] = BOOLEAN ("alone", 0);
  properties[PROP_MICROPHONE_MUTED] = BOOLEAN ("microphone-muted", G_PARAM_WRITABLE);
  properties[PROP_CAMERA_MUTED] = BOOLEAN ("camera-muted", G_PARAM_WRITABLE);
  properties[PROP_MICROPHONE_PROBLEM] = STRING ("microphone-problem"); /* empty: none */
  properties[PROP_CAMERA_PROBLEM] = STRING ("camera-problem");
  properties[PROP_MICROPHONE_LEVEL] = g_param_spec_double (
    "microphone-level", NULL, NULL, 0, 1, 0, READ);
  properties[PROP_STATE] = g_param_spec_enum (
    "state", NULL, NULL, CONFAB_TYPE_CALL_PAGE_STATE, CONFAB_CALL_PAGE_JOINING, READ);
  properties[PROP_BANNER] = STRING ("banner"); /* NULL: none */
  properties[PROP_HAS_DETAILS] = BOOLEAN ("has-details", 0);
  properties[PROP_LINK] = STRING ("link"); /* to the room, to be given to others */
  properties[PROP_SHOWN] = BOOLEAN ("shown", G_PARAM_WRITABLE); /* the duration ticks only then */
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

#undef READ
#undef BOOLEAN
#undef STRING

static void
confab_call_view_model_init (ConfabCallViewModel *self)
{
  self->n_people = 1;
}

/**
 * confab_call_view_model_new_with_clock:
 * @call: a call
 * @room: (nullable): where it is; names come from it
 * @session: (nullable): whose homeserver's state is told
 * @clock: time
 *
 * Returns: (transfer full): the call page's view model
 */
ConfabCallViewModel *
confab_call_view_model_new_with_clock (ConfabCall *call,
                                       ConfabRoom *room,
                                       ConfabSession *session,
                                       ConfabClock *clock)
{
  ConfabCallViewModel *self = NULL;
  GListModel *participants;
  g_autofree char *room_id = NULL;

  g_return_val_if_fail (CONFAB_IS_CALL (call), NULL);
  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);

  self = g_object_new (CONFAB_TYPE_CALL_VIEW_MODEL, NULL);
  room_id = confab_call_dup_room_id (call);
  self->call = g_object_ref (call);
  g_set_object (&self->room, room);
  g_set_object (&self->session, session);
  self->clock = g_object_ref (clock);
  self->link = confab_call_words_make_link (room_id);
  participants = confab_call_get_participants (call);
  self->tiles = confab_call_tiles_new (clock, participants, room, session);
  self->census = confab_call_census_new (participants);
  self->media = confab_own_media_new (call);
  confab_call_tiles_set_own_stream (self->tiles, confab_own_media_get_stream (self->media));
  self->duration = confab_call_duration_new (clock);
  self->announcer = confab_call_announcer_new (clock, confab_call_tiles_get_list (self->tiles));
  g_signal_connect_object (
    self->announcer, "announce", G_CALLBACK (announce_cb), self, G_CONNECT_DEFAULT);

  g_signal_connect_object (
    call, "notify::state", G_CALLBACK (confab_call_view_model_update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (call,
                           "notify::started-at",
                           G_CALLBACK (confab_call_view_model_update),
                           self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (
    call, "notify::name", G_CALLBACK (update_title), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    self->media, "notify", G_CALLBACK (media_notify_cb), self, G_CONNECT_DEFAULT);
  g_signal_connect_object (confab_call_tiles_get_own (self->tiles),
                           "notify::level",
                           G_CALLBACK (level_cb),
                           self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (
    self->census, "changed", G_CALLBACK (confab_call_view_model_update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    self->duration, "notify::text", G_CALLBACK (update_subtitle), self, G_CONNECT_SWAPPED);
  if (room != NULL) {
    g_signal_connect_object (
      room, "notify::name", G_CALLBACK (update_title), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (room,
                             "notify::encrypted",
                             G_CALLBACK (confab_call_view_model_update),
                             self,
                             G_CONNECT_SWAPPED);
    g_signal_connect_object (room,
                             "notify::replaced",
                             G_CALLBACK (confab_call_view_model_update),
                             self,
                             G_CONNECT_SWAPPED);
  }
  if (session != NULL)
    g_signal_connect_object (session,
                             "notify::state",
                             G_CALLBACK (confab_call_view_model_update),
                             self,
                             G_CONNECT_SWAPPED);

  update_title (self);
  confab_call_view_model_update (self);
  return self;
}

ConfabCallViewModel *
confab_call_view_model_new (ConfabCall *call, ConfabRoom *room, ConfabSession *session)
{
  g_autoptr (ConfabClock) clock = confab_system_clock_new ();

  return confab_call_view_model_new_with_clock (call, room, session, clock);
}

/**
 * confab_call_view_model_get_call:
 * @self: a call's view model
 *
 * For whoever hands calls about (`app`), not for widgets.
 *
 * Returns: (transfer none): the call
 */
ConfabCall *
confab_call_view_model_get_call (ConfabCallViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self), NULL);

  return self->call;
}

gboolean
confab_call_view_model_get_has_details (ConfabCallViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self), FALSE);

  return self->has_details;
}

ConfabRoomNotices *
confab_call_view_model_get_notices (ConfabCallViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self), NULL);

  return self->notices;
}

/**
 * confab_call_view_model_set_notices:
 * @self: a call's view model
 * @notices: (nullable): of the room that the call is in
 */
void
confab_call_view_model_set_notices (ConfabCallViewModel *self, ConfabRoomNotices *notices)
{
  g_return_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self));
  g_return_if_fail (notices == NULL || CONFAB_IS_ROOM_NOTICES (notices));

  if (self->notices == notices)
    return;
  if (self->notices != NULL)
    g_signal_handlers_disconnect_by_data (self->notices, self);
  g_set_object (&self->notices, notices);
  if (notices != NULL) {
    g_signal_connect_object (notices,
                             "notify::unseen",
                             G_CALLBACK (confab_call_view_model_update),
                             self,
                             G_CONNECT_SWAPPED);
    /* Another one may be of another kind. */
    g_signal_connect_object (notices,
                             "notify::title",
                             G_CALLBACK (confab_call_view_model_update),
                             self,
                             G_CONNECT_SWAPPED);
  }
  confab_call_view_model_update (self);
}

GListModel *
confab_call_view_model_get_tiles (ConfabCallViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self), NULL);

  return confab_call_tiles_get_list (self->tiles);
}

ConfabCallPageState
confab_call_view_model_get_state (ConfabCallViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self), CONFAB_CALL_PAGE_ENDED);

  return self->state;
}

const char *
confab_call_view_model_get_title (ConfabCallViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self), NULL);

  return self->title;
}

const char *
confab_call_view_model_get_subtitle (ConfabCallViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self), NULL);

  return self->subtitle;
}

const char *
confab_call_view_model_get_banner (ConfabCallViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self), NULL);

  return self->banner;
}

const char *
confab_call_view_model_get_link (ConfabCallViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self), NULL);

  return self->link;
}

gboolean
confab_call_view_model_get_alone (ConfabCallViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self), FALSE);

  /* Somebody's, or one's own, second device is company enough for the stage. */
  return (self->state == CONFAB_CALL_PAGE_JOINED || self->state == CONFAB_CALL_PAGE_RECONNECTING) &&
         g_list_model_get_n_items (confab_call_get_participants (self->call)) == 0;
}

guint
confab_call_view_model_get_n_people (ConfabCallViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self), 0);

  return self->n_people;
}

gboolean
confab_call_view_model_get_microphone_muted (ConfabCallViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self), FALSE);

  return confab_own_media_get_microphone_muted (self->media);
}

gboolean
confab_call_view_model_get_camera_muted (ConfabCallViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self), FALSE);

  return confab_own_media_get_camera_muted (self->media);
}

/**
 * confab_call_view_model_set_shown:
 * @self: a call's view model
 * @shown: whether the page is seen
 */
void
confab_call_view_model_set_shown (ConfabCallViewModel *self, gboolean shown)
{
  g_return_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self));

  shown = !!shown;
  if (self->shown == shown || self->clock == NULL)
    return;
  self->shown = shown;
  update_duration (self);
  notify (self, PROP_SHOWN);
}
