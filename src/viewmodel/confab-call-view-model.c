/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-call-view-model.h"

#include "confab-avatar-model.h"
#include "confab-call-announcer.h"
#include "confab-call.h"
#include "confab-format.h"
#include "confab-participant-tiles.h"
#include "confab-room.h"
#include "confab-session.h"
#include "confab-system-clock.h"

#include <glib/gi18n.h>
#include <gtk/gtk.h>

#define MAX_PEOPLE_WITHOUT_RING 2

/**
 * ConfabCallViewModel:
 *
 * Every decision about what the call page shows, over a #ConfabCall, its room and the session. The room and the
 * session may be missing (a call of fakes). Commands are echoed at once and then follow what the call says.
 *
 * Design: ui.md sections 7, 8, 13, 14.
 */
struct _ConfabCallViewModel {
  GObject parent_instance;

  ConfabCall *call;
  ConfabRoom *room;
  ConfabSession *session; /* read through its properties only */
  ConfabClock *clock;
  ConfabLocalMedia *media;
  ConfabStream *own_stream;
  ConfabStreamTileModel *own_tile;
  ConfabCallAnnouncer *announcer;
  GtkMapListModel *groups; /* of ConfabParticipantTiles */
  GListStore *own_list;    /* own_tile, while this device is in the call */
  GListModel *tiles;
  GPtrArray *watched; /* ConfabParticipant whose state is followed */

  ConfabCallPageState state;
  char *title;
  char *subtitle;
  char *subtitle_narrow;
  char *banner;
  char *link;
  guint n_people;
  gboolean microphone_muted;
  gboolean camera_muted;
  gboolean was_active;
  gboolean shown;
  gint64 joined_at; /* µs since the epoch; the start when the call does not know its own */
  guint tick_timeout;
};

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

static gboolean
has_problem (ConfabCallViewModel *self, ConfabDeviceKind kind)
{
  return self->media != NULL &&
         confab_local_media_get_problem (self->media, kind) != CONFAB_DEVICE_PROBLEM_NONE;
}

static gboolean
session_is_offline (ConfabCallViewModel *self)
{
  ConfabSessionState state = CONFAB_SESSION_STATE_ONLINE;

  if (self->session != NULL)
    g_object_get (self->session, "state", &state, NULL);
  return state == CONFAB_SESSION_STATE_OFFLINE;
}

typedef struct {
  guint n;
  guint n_connected;
  guint n_lost;  /* were connected */
  guint n_clear; /* not encrypted */
  guint n_users; /* different people, without oneself */
} Count;

static Count
count_participants (ConfabCallViewModel *self)
{
  GListModel *participants = confab_call_get_participants (self->call);
  g_autoptr (GHashTable) users = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *own_id = NULL;
  Count count = { 0 };

  if (self->session != NULL)
    g_object_get (self->session, "user-id", &own_id, NULL);
  count.n = g_list_model_get_n_items (participants);
  for (guint i = 0; i < count.n; i++) {
    g_autoptr (ConfabParticipant) item = g_list_model_get_item (participants, i);
    ConfabParticipantState state = confab_participant_get_state (item);
    const char *user_id = confab_participant_get_user_id (item);

    if (state == CONFAB_PARTICIPANT_STATE_CONNECTED) {
      count.n_connected++;
      count.n_clear += !confab_participant_get_encrypted (item);
    } else if (state == CONFAB_PARTICIPANT_STATE_RECONNECTING ||
               state == CONFAB_PARTICIPANT_STATE_UNREACHABLE) {
      count.n_lost++;
    }
    if (user_id != NULL && g_strcmp0 (user_id, own_id) != 0)
      g_hash_table_add (users, (char *) user_id);
  }
  count.n_users = g_hash_table_size (users);
  return count;
}

static ConfabCallPageState
find_state (ConfabCallViewModel *self, const Count *count)
{
  switch (confab_call_get_state (self->call)) {
  case CONFAB_CALL_STATE_LOCAL_DRAFT:
  case CONFAB_CALL_STATE_PREPARING:
  case CONFAB_CALL_STATE_JOINING:
    return CONFAB_CALL_PAGE_JOINING;
  case CONFAB_CALL_STATE_JOINED:
    return session_is_offline (self) || (count->n_lost > 0 && count->n_connected == 0)
             ? CONFAB_CALL_PAGE_RECONNECTING
             : CONFAB_CALL_PAGE_JOINED;
  case CONFAB_CALL_STATE_KNOWN:
    return self->was_active ? CONFAB_CALL_PAGE_ENDED : CONFAB_CALL_PAGE_JOINING;
  case CONFAB_CALL_STATE_LEAVING:
  case CONFAB_CALL_STATE_ENDED:
  default:
    return CONFAB_CALL_PAGE_ENDED;
  }
}

static char *
make_banner (ConfabCallViewModel *self, const Count *count)
{
  gboolean offline = session_is_offline (self);

  if (self->state == CONFAB_CALL_PAGE_ENDED)
    return NULL;
  if (offline && count->n > 0 && count->n_connected == 0)
    return g_strdup (_ ("You are offline. Trying again…"));
  if (offline)
    return g_strdup (_ ("Your homeserver does not answer. The call goes on."));
  /* One person who is lost is a matter of their tile; when all are, it is this side. */
  if (count->n_lost > 1 && count->n_connected == 0)
    return g_strdup (_ ("Your connection is lost. Trying again…"));
  if (!self->microphone_muted && has_problem (self, CONFAB_DEVICE_KIND_MICROPHONE))
    return g_strdup (_ ("Microphone lost. Nobody hears you."));
  if (!self->camera_muted && has_problem (self, CONFAB_DEVICE_KIND_CAMERA))
    return g_strdup (_ ("Camera lost. Others see your avatar."));
  if (count->n_clear > 0 || (self->room != NULL && !confab_room_get_encrypted (self->room)))
    return g_strdup (_ ("This call is not encrypted."));
  return NULL;
}

static char *
make_title (ConfabCallViewModel *self)
{
  g_autofree char *name = confab_call_dup_name (self->call);

  if (self->room != NULL && confab_room_get_name (self->room) != NULL)
    return g_strdup (confab_room_get_name (self->room));
  return name != NULL ? g_steal_pointer (&name) : g_strdup (_ ("Call"));
}

static gint64
get_start (ConfabCallViewModel *self)
{
  gint64 started_at = confab_call_get_started_at (self->call);

  return started_at > 0 ? started_at : self->joined_at;
}

static char *
make_duration (ConfabCallViewModel *self)
{
  gint64 now = confab_clock_get_real_time (self->clock);

  return confab_format_duration ((now - get_start (self)) / G_USEC_PER_SEC);
}

static void
update_subtitle (ConfabCallViewModel *self)
{
  g_autofree char *duration = NULL;
  g_autofree char *wide = NULL;
  g_autofree char *narrow = NULL;

  if (self->state == CONFAB_CALL_PAGE_JOINING) {
    wide = g_strdup (_ ("Joining…"));
    narrow = g_strdup (wide);
  } else {
    duration = make_duration (self);
    if (self->n_people > MAX_PEOPLE_WITHOUT_RING) {
      g_autofree char *people = g_strdup_printf (
        ngettext ("%u person", "%u people", self->n_people), self->n_people);

      /* Translators: how many people are in the call, and how long it has been on */
      wide = g_strdup_printf (C_ ("call", "%1$s · %2$s"), people, duration);
      narrow = g_strdup_printf (C_ ("call", "%1$s · %2$s"), duration, people);
    } else {
      wide = g_strdup (duration);
      narrow = g_strdup (duration);
    }
  }
  if (g_set_str (&self->subtitle, wide))
    notify (self, PROP_SUBTITLE);
  if (g_set_str (&self->subtitle_narrow, narrow))
    notify (self, PROP_SUBTITLE_NARROW);
}

static void tick_cb (gpointer data);

static void
update_tick (ConfabCallViewModel *self)
{
  gint64 past_ms;

  confab_clock_clear (self->clock, &self->tick_timeout);
  if (!self->shown ||
      (self->state != CONFAB_CALL_PAGE_JOINED && self->state != CONFAB_CALL_PAGE_RECONNECTING))
    return;
  past_ms = MAX (0, confab_clock_get_real_time (self->clock) - get_start (self)) / 1000 % 1000;
  self->tick_timeout = confab_clock_add_timeout (self->clock,
                                                 (guint) (1000 - past_ms),
                                                 tick_cb,
                                                 self);
}

static void
tick_cb (gpointer data)
{
  ConfabCallViewModel *self = CONFAB_CALL_VIEW_MODEL (data);

  self->tick_timeout = 0;
  update_tick (self);
  update_subtitle (self);
}

static void
update_rings (ConfabCallViewModel *self)
{
  for (guint i = 0; i < g_list_model_get_n_items (self->tiles); i++) {
    g_autoptr (ConfabStreamTileModel) tile = g_list_model_get_item (self->tiles, i);

    confab_stream_tile_model_set_rings (tile, self->n_people > MAX_PEOPLE_WITHOUT_RING);
  }
}

static void
update (ConfabCallViewModel *self)
{
  Count count = count_participants (self);
  ConfabCallPageState state;
  g_autofree char *banner = NULL;
  guint n_people = count.n_users + 1;

  self->was_active |= confab_call_is_active (self->call);
  state = find_state (self, &count);
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
    update_tick (self);
  }
  banner = make_banner (self, &count);
  if (g_set_str (&self->banner, banner)) {
    if (banner != NULL)
      confab_call_announcer_say (self->announcer, banner);
    notify (self, PROP_BANNER);
  }
  update_subtitle (self);
  update_rings (self);
}

static void
update_title (ConfabCallViewModel *self)
{
  g_autofree char *title = make_title (self);

  if (g_set_str (&self->title, title))
    notify (self, PROP_TITLE);
}

static void
follow_muted (ConfabCallViewModel *self)
{
  gboolean microphone = self->own_stream != NULL &&
                        confab_stream_get_audio_muted (self->own_stream);
  gboolean camera = self->own_stream != NULL && confab_stream_get_video_muted (self->own_stream);

  if (self->own_stream == NULL)
    return;
  if (self->microphone_muted != microphone) {
    self->microphone_muted = microphone;
    notify (self, PROP_MICROPHONE_MUTED);
  }
  if (self->camera_muted != camera) {
    self->camera_muted = camera;
    notify (self, PROP_CAMERA_MUTED);
  }
}

static void
own_stream_notify_cb (ConfabStream *stream, GParamSpec *pspec, ConfabCallViewModel *self)
{
  if (g_str_equal (pspec->name, "level")) {
    notify (self, PROP_MICROPHONE_LEVEL);
  } else if (g_str_equal (pspec->name, "audio-muted") || g_str_equal (pspec->name, "video-muted")) {
    follow_muted (self);
    notify (self, PROP_MICROPHONE_LEVEL);
    update (self);
  }
}

static void
problem_changed_cb (ConfabLocalMedia *media, ConfabDeviceKind kind, ConfabCallViewModel *self)
{
  notify (self, kind == CONFAB_DEVICE_KIND_CAMERA ? PROP_CAMERA_PROBLEM : PROP_MICROPHONE_PROBLEM);
  update (self);
}

static void
forget_media (ConfabCallViewModel *self)
{
  if (self->own_stream != NULL)
    g_signal_handlers_disconnect_by_data (self->own_stream, self);
  if (self->media != NULL)
    g_signal_handlers_disconnect_by_data (self->media, self);
  g_clear_object (&self->own_stream);
  g_clear_object (&self->media);
}

static void
update_media (ConfabCallViewModel *self)
{
  g_autoptr (ConfabLocalMedia) media = confab_call_dup_local_media (self->call);

  if (media == self->media)
    return;
  forget_media (self);
  g_list_store_remove_all (self->own_list);
  if (media != NULL) {
    self->media = g_steal_pointer (&media);
    self->own_stream = g_object_ref (confab_local_media_get_stream (self->media));
    g_signal_connect_object (
      self->media, "problem-changed", G_CALLBACK (problem_changed_cb), self, G_CONNECT_DEFAULT);
    g_signal_connect_object (
      self->own_stream, "notify", G_CALLBACK (own_stream_notify_cb), self, G_CONNECT_DEFAULT);
    confab_stream_tile_model_set_stream (self->own_tile, self->own_stream);
    g_list_store_append (self->own_list, self->own_tile);
  } else {
    confab_stream_tile_model_set_stream (self->own_tile, NULL);
  }
  follow_muted (self);
  notify (self, PROP_MICROPHONE_PROBLEM);
  notify (self, PROP_CAMERA_PROBLEM);
  notify (self, PROP_MICROPHONE_LEVEL);
  update (self);
}

/* (transfer full) (nullable) */
static ConfabMediaRepository *
dup_repository (ConfabCallViewModel *self)
{
  ConfabMediaRepository *repository = NULL;

  if (self->session != NULL)
    g_object_get (self->session, "media-repository", &repository, NULL);
  return repository;
}

static gpointer
map_participant (gpointer item, gpointer data)
{
  g_autoptr (ConfabParticipant) participant = CONFAB_PARTICIPANT (item);
  ConfabCallViewModel *self = CONFAB_CALL_VIEW_MODEL (data);
  g_autoptr (ConfabMediaRepository) repository = dup_repository (self);
  g_autoptr (ConfabRoomMember) member = NULL;
  g_autoptr (ConfabAvatarModel) avatar = NULL;

  if (self->room != NULL) {
    member = confab_room_get_member (self->room, confab_participant_get_user_id (participant));
    avatar = confab_avatar_model_new (G_OBJECT (member), "name", repository);
  }
  return confab_participant_tiles_new (self->clock, participant, member, avatar);
}

static void
participants_changed_cb (
  GListModel *participants, guint position, guint removed, guint added, ConfabCallViewModel *self)
{
  for (guint i = 0; i < self->watched->len; i++)
    g_signal_handlers_disconnect_by_func (g_ptr_array_index (self->watched, i), update, self);
  g_ptr_array_set_size (self->watched, 0);
  for (guint i = 0; i < g_list_model_get_n_items (participants); i++) {
    ConfabParticipant *item = g_list_model_get_item (participants, i);

    g_signal_connect_object (item, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
    g_ptr_array_add (self->watched, item);
  }
  update (self);
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
    g_value_set_object (value, self->tiles);
    break;
  case PROP_OWN_TILE:
    g_value_set_object (value, self->own_tile);
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
    g_value_set_boolean (value, self->microphone_muted);
    break;
  case PROP_CAMERA_MUTED:
    g_value_set_boolean (value, self->camera_muted);
    break;
  case PROP_MICROPHONE_PROBLEM:
    g_value_set_boolean (value, has_problem (self, CONFAB_DEVICE_KIND_MICROPHONE));
    break;
  case PROP_CAMERA_PROBLEM:
    g_value_set_boolean (value, has_problem (self, CONFAB_DEVICE_KIND_CAMERA));
    break;
  case PROP_MICROPHONE_LEVEL:
    g_value_set_double (value, confab_stream_tile_model_get_level (self->own_tile));
    break;
  case PROP_STATE:
    g_value_set_enum (value, self->state);
    break;
  case PROP_BANNER:
    g_value_set_string (value, self->banner);
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

  if (self->clock != NULL)
    confab_clock_clear (self->clock, &self->tick_timeout);
  g_clear_object (&self->announcer);
  /* Its map function holds a plain pointer to this object. */
  if (self->groups != NULL)
    gtk_map_list_model_set_model (self->groups, NULL);
  forget_media (self);
  g_clear_pointer (&self->watched, g_ptr_array_unref);
  g_clear_object (&self->tiles);
  g_clear_object (&self->groups);
  g_clear_object (&self->own_list);
  g_clear_object (&self->own_tile);
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
  properties[PROP_MICROPHONE_PROBLEM] = BOOLEAN ("microphone-problem", 0);
  properties[PROP_CAMERA_PROBLEM] = BOOLEAN ("camera-problem", 0);
  properties[PROP_MICROPHONE_LEVEL] = g_param_spec_double (
    "microphone-level", NULL, NULL, 0, 1, 0, READ);
  properties[PROP_STATE] = g_param_spec_enum (
    "state", NULL, NULL, CONFAB_TYPE_CALL_PAGE_STATE, CONFAB_CALL_PAGE_JOINING, READ);
  properties[PROP_BANNER] = STRING ("banner"); /* NULL: none */
  properties[PROP_LINK] = STRING ("link");     /* to the room, to be given to others */
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
  self->watched = g_ptr_array_new_with_free_func (g_object_unref);
  self->n_people = 1;
}

static char *
make_link (ConfabCall *call)
{
  g_autofree char *room_id = confab_call_dup_room_id (call);
  g_autofree char *escaped = NULL;

  if (room_id == NULL || room_id[0] == '\0')
    return NULL;
  escaped = g_uri_escape_string (room_id, "!:", FALSE);
  return g_strconcat ("https://matrix.to/#/", escaped, NULL);
}

static void
make_tiles (ConfabCallViewModel *self)
{
  GListModel *participants = confab_call_get_participants (self->call);
  GListStore *parts = g_list_store_new (G_TYPE_LIST_MODEL);

  self->own_tile = confab_stream_tile_model_new (self->clock, NULL, NULL);
  if (self->session != NULL) {
    g_autoptr (ConfabMediaRepository) repository = dup_repository (self);
    g_autoptr (ConfabAvatarModel) avatar = confab_avatar_model_new (G_OBJECT (self->session),
                                                         "display-name",
                                                         repository);

    confab_stream_tile_model_set_avatar (self->own_tile, avatar);
  }
  self->own_list = g_list_store_new (CONFAB_TYPE_STREAM_TILE_MODEL);
  self->groups = gtk_map_list_model_new (g_object_ref (participants), map_participant, self, NULL);
  {
    g_autoptr (GListModel) others = G_LIST_MODEL (
      gtk_flatten_list_model_new (G_LIST_MODEL (g_object_ref (self->groups))));

    g_list_store_append (parts, others);
    g_list_store_append (parts, self->own_list);
  }
  self->tiles = G_LIST_MODEL (gtk_flatten_list_model_new (G_LIST_MODEL (parts)));
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

  g_return_val_if_fail (CONFAB_IS_CALL (call), NULL);
  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);

  self = g_object_new (CONFAB_TYPE_CALL_VIEW_MODEL, NULL);
  self->call = g_object_ref (call);
  g_set_object (&self->room, room);
  g_set_object (&self->session, session);
  self->clock = g_object_ref (clock);
  self->link = make_link (call);
  participants = confab_call_get_participants (call);
  make_tiles (self);
  self->announcer = confab_call_announcer_new (clock, self->tiles);
  g_signal_connect_object (
    self->announcer, "announce", G_CALLBACK (announce_cb), self, G_CONNECT_DEFAULT);

  g_signal_connect_object (call, "notify::state", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    call, "notify::started-at", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    call, "notify::name", G_CALLBACK (update_title), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    call, "notify::local-media", G_CALLBACK (update_media), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    participants, "items-changed", G_CALLBACK (participants_changed_cb), self, G_CONNECT_DEFAULT);
  g_signal_connect_object (
    self->tiles, "items-changed", G_CALLBACK (update_rings), self, G_CONNECT_SWAPPED);
  if (room != NULL) {
    g_signal_connect_object (
      room, "notify::name", G_CALLBACK (update_title), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (
      room, "notify::encrypted", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  }
  if (session != NULL)
    g_signal_connect_object (
      session, "notify::state", G_CALLBACK (update), self, G_CONNECT_SWAPPED);

  update_title (self);
  participants_changed_cb (participants, 0, 0, 0, self);
  update_media (self);
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

GListModel *
confab_call_view_model_get_tiles (ConfabCallViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self), NULL);

  return self->tiles;
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

  return self->microphone_muted;
}

gboolean
confab_call_view_model_get_camera_muted (ConfabCallViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self), FALSE);

  return self->camera_muted;
}

/**
 * confab_call_view_model_set_microphone_muted:
 * @self: a call's view model
 * @muted: whether nobody is to hear this person
 *
 * Shown at once, before the call has taken it.
 */
void
confab_call_view_model_set_microphone_muted (ConfabCallViewModel *self, gboolean muted)
{
  g_return_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self));

  muted = !!muted;
  if (self->microphone_muted == muted)
    return;
  self->microphone_muted = muted;
  notify (self, PROP_MICROPHONE_MUTED);
  confab_call_announcer_say (self->announcer,
                             muted ? _ ("You are muted") : _ ("You are not muted"));
  confab_call_set_microphone_muted (self->call, muted);
  update (self);
}

void
confab_call_view_model_set_camera_muted (ConfabCallViewModel *self, gboolean muted)
{
  g_return_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self));

  muted = !!muted;
  if (self->camera_muted == muted)
    return;
  self->camera_muted = muted;
  notify (self, PROP_CAMERA_MUTED);
  confab_call_announcer_say (self->announcer,
                             muted ? _ ("Your camera is off") : _ ("Your camera is on"));
  confab_call_set_camera_muted (self->call, muted);
  update (self);
}

void
confab_call_view_model_toggle_microphone (ConfabCallViewModel *self)
{
  g_return_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self));

  confab_call_view_model_set_microphone_muted (self, !self->microphone_muted);
}

void
confab_call_view_model_toggle_camera (ConfabCallViewModel *self)
{
  g_return_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self));

  confab_call_view_model_set_camera_muted (self, !self->camera_muted);
}

/**
 * confab_call_view_model_leave:
 * @self: a call's view model
 *
 * `state` is %CONFAB_CALL_PAGE_ENDED when this returns.
 */
void
confab_call_view_model_leave (ConfabCallViewModel *self)
{
  /* Whoever hears that the call is over may drop the last other reference. */
  g_autoptr (ConfabCallViewModel) kept = NULL;

  g_return_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self));

  if (self->state == CONFAB_CALL_PAGE_ENDED)
    return;
  kept = g_object_ref (self);
  self->was_active = TRUE;
  confab_call_leave (self->call);
  update (self);
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
  update_tick (self);
  update_subtitle (self);
  notify (self, PROP_SHOWN);
}
