/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-select-call-media-view-model.h"

#include "confab-call-handler.h"
#include "confab-clock.h"
#include "confab-media-devices.h"
#include "confab-session.h"

#include <glib/gi18n.h>

#define VOICE_DB (-45.0)
#define FLOOR_DB (-60.0) /* the left end of the meter */
#define VOICE_MS 200
#define SILENCE_MS 4000
#define N_KINDS 3

typedef enum {
  PROP_ROOM = 1,
  PROP_CREATING,
  PROP_TITLE,
  PROP_MICROPHONE_ON,
  PROP_CAMERA_ON,
  PROP_PAINTABLE,
  PROP_OWN_AVATAR,
  PROP_LEVEL,
  PROP_LEVEL_TEXT,
  PROP_MICROPHONE_NAME, /* three names, three menus: in the order of ConfabDeviceKind */
  PROP_SPEAKER_NAME,
  PROP_CAMERA_NAME,
  PROP_MICROPHONE_MENU,
  PROP_SPEAKER_MENU,
  PROP_CAMERA_MENU,
  PROP_JOIN_LABEL,
  PROP_JOIN_MENU,
  PROP_PROBLEM_TITLE,
  PROP_PROBLEM_TEXT,
  PROP_CAN_RETRY,
  PROP_BANNER,
  PROP_CAN_JOIN,
  N_PROPS,
} Property;
static GParamSpec *properties[N_PROPS];

enum {
  SIGNAL_JOINED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

typedef enum {
  HEARING_NOTHING, /* too early to say */
  HEARING_VOICE,
  HEARING_SILENCE,
} Hearing;

struct _ConfabSelectCallMediaViewModel {
  GObject parent_instance;

  ConfabRoomViewModel *room;
  ConfabSession *session;
  ConfabMediaDevices *devices;
  ConfabAvatarModel *own_avatar;
  ConfabClock *clock;
  ConfabLocalMedia *media; /* NULL after it was handed to the call, or closed */
  GListModel *lists[N_KINDS];
  GMenu *menus[N_KINDS];
  GMenu *join_menu;
  ConfabStartMode mode;
  gboolean creating;
  gboolean microphone_on;
  gboolean camera_on;
  Hearing hearing;
  gint64 voice_since; /* monotonic, µs; 0 while it is quiet */
  guint silence_timeout;
};

G_DEFINE_FINAL_TYPE (ConfabSelectCallMediaViewModel,
                     confab_select_call_media_view_model,
                     G_TYPE_OBJECT)

static const char *const kind_names[N_KINDS] = {
  [CONFAB_DEVICE_KIND_MICROPHONE] = "microphone",
  [CONFAB_DEVICE_KIND_SPEAKER] = "speaker",
  [CONFAB_DEVICE_KIND_CAMERA] = "camera",
};

static void
notify (ConfabSelectCallMediaViewModel *self, Property property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static ConfabDeviceProblem
get_problem (ConfabSelectCallMediaViewModel *self, ConfabDeviceKind kind)
{
  if (self->media == NULL)
    return CONFAB_DEVICE_PROBLEM_NONE;
  return confab_local_media_get_problem (self->media, kind);
}

/* Whether others will get it: switched on, and it gives something. */
static gboolean
gives (ConfabSelectCallMediaViewModel *self, ConfabDeviceKind kind)
{
  gboolean on = kind == CONFAB_DEVICE_KIND_CAMERA ? self->camera_on : self->microphone_on;

  return on && get_problem (self, kind) == CONFAB_DEVICE_PROBLEM_NONE;
}

static const char *
join_label (ConfabSelectCallMediaViewModel *self, gboolean sound, gboolean picture)
{
  if (picture)
    return self->creating ? _ ("Start with Camera") : _ ("Join with Camera");
  if (sound)
    return self->creating ? _ ("Start with Sound Only") : _ ("Join with Sound Only");
  return self->creating ? _ ("Start and Just Listen") : _ ("Just Listen");
}

static const char *
level_text (ConfabSelectCallMediaViewModel *self)
{
  if (get_problem (self, CONFAB_DEVICE_KIND_MICROPHONE) == CONFAB_DEVICE_PROBLEM_DENIED)
    return _ ("Microphone not allowed");
  if (get_problem (self, CONFAB_DEVICE_KIND_MICROPHONE) != CONFAB_DEVICE_PROBLEM_NONE)
    return _ ("No microphone");
  if (!self->microphone_on)
    return _ ("Microphone is off");
  if (self->hearing == HEARING_VOICE)
    return _ ("We hear you");
  if (self->hearing == HEARING_SILENCE)
    return _ ("No sound yet. Is this the right microphone?");
  return "";
}

static const char *
problem_title (ConfabSelectCallMediaViewModel *self)
{
  switch (get_problem (self, CONFAB_DEVICE_KIND_CAMERA)) {
  case CONFAB_DEVICE_PROBLEM_MISSING:
    return _ ("No Camera Found");
  case CONFAB_DEVICE_PROBLEM_BUSY:
    return _ ("The Camera Is in Use");
  case CONFAB_DEVICE_PROBLEM_DENIED:
    return _ ("Confab May Not Use the Camera");
  case CONFAB_DEVICE_PROBLEM_FAILED:
    return _ ("The Camera Gives No Picture");
  case CONFAB_DEVICE_PROBLEM_NONE:
  default:
    return "";
  }
}

static const char *
problem_text (ConfabSelectCallMediaViewModel *self)
{
  switch (get_problem (self, CONFAB_DEVICE_KIND_CAMERA)) {
  case CONFAB_DEVICE_PROBLEM_MISSING:
    return _ ("You can join with sound only.");
  case CONFAB_DEVICE_PROBLEM_BUSY:
    return _ ("Close the other program that uses it.");
  case CONFAB_DEVICE_PROBLEM_DENIED:
    return _ ("Allow it in the system's settings.");
  case CONFAB_DEVICE_PROBLEM_FAILED:
    return _ ("Unplug it and plug it in again, or choose another.");
  case CONFAB_DEVICE_PROBLEM_NONE:
  default:
    return "";
  }
}

static const char *
banner (ConfabSelectCallMediaViewModel *self)
{
  if (get_problem (self, CONFAB_DEVICE_KIND_MICROPHONE) == CONFAB_DEVICE_PROBLEM_DENIED)
    return _ ("Confab may not use the microphone");
  if (!confab_room_view_model_get_encrypted (self->room))
    return _ ("This call is not encrypted. The homeserver could listen.");
  return "";
}

static double
get_level (ConfabSelectCallMediaViewModel *self)
{
  double level_db = CONFAB_LEVEL_SILENCE;

  if (self->media != NULL && self->microphone_on)
    level_db = confab_stream_get_level (confab_local_media_get_stream (self->media));
  return CLAMP ((level_db - FLOOR_DB) / -FLOOR_DB, 0.0, 1.0);
}

static void
refresh_join (ConfabSelectCallMediaViewModel *self)
{
  notify (self, PROP_JOIN_LABEL);
  notify (self, PROP_LEVEL_TEXT);
  notify (self, PROP_PROBLEM_TITLE);
  notify (self, PROP_PROBLEM_TEXT);
  notify (self, PROP_CAN_RETRY);
  notify (self, PROP_BANNER);
  notify (self, PROP_PAINTABLE);
}

static void
silence_cb (gpointer data)
{
  ConfabSelectCallMediaViewModel *self = data;

  self->silence_timeout = 0;
  self->hearing = HEARING_SILENCE;
  notify (self, PROP_LEVEL_TEXT);
}

static void
listen_anew (ConfabSelectCallMediaViewModel *self)
{
  confab_clock_clear (self->clock, &self->silence_timeout);
  self->voice_since = 0;
  self->hearing = HEARING_NOTHING;
  if (self->microphone_on && self->media != NULL)
    self->silence_timeout = confab_clock_add_timeout (self->clock, SILENCE_MS, silence_cb, self);
}

static void
level_cb (ConfabSelectCallMediaViewModel *self)
{
  double level_db = confab_stream_get_level (confab_local_media_get_stream (self->media));
  gint64 now = confab_clock_get_time (self->clock);

  notify (self, PROP_LEVEL);
  if (level_db < VOICE_DB) {
    self->voice_since = 0;
    return;
  }
  if (self->voice_since == 0)
    self->voice_since = now;
  if (now - self->voice_since < VOICE_MS * 1000)
    return;
  confab_clock_clear (self->clock, &self->silence_timeout);
  self->silence_timeout = confab_clock_add_timeout (self->clock, SILENCE_MS, silence_cb, self);
  if (self->hearing != HEARING_VOICE) {
    self->hearing = HEARING_VOICE;
    notify (self, PROP_LEVEL_TEXT);
  }
}

static void
picture_cb (ConfabSelectCallMediaViewModel *self)
{
  notify (self, PROP_PAINTABLE);
}

static void
drop_media (ConfabSelectCallMediaViewModel *self)
{
  confab_clock_clear (self->clock, &self->silence_timeout);
  if (self->media == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->media, self);
  g_signal_handlers_disconnect_by_data (confab_local_media_get_stream (self->media), self);
  g_clear_object (&self->media);
}

static void
open_media (ConfabSelectCallMediaViewModel *self)
{
  ConfabStream *stream = NULL;

  self->media = confab_media_devices_open (self->devices, !self->microphone_on, !self->camera_on);
  stream = confab_local_media_get_stream (self->media);
  g_signal_connect_object (
    self->media, "problem-changed", G_CALLBACK (refresh_join), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (stream, "notify::level", G_CALLBACK (level_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    stream, "notify::paintable", G_CALLBACK (picture_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    stream, "notify::has-video", G_CALLBACK (picture_cb), self, G_CONNECT_SWAPPED);
  listen_anew (self);
  refresh_join (self);
}

/* Two devices with one name get a number: each row of a menu must be told apart. */
static void
refill_menu (ConfabSelectCallMediaViewModel *self, ConfabDeviceKind kind)
{
  guint n = g_list_model_get_n_items (self->lists[kind]);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  g_menu_remove_all (self->menus[kind]);
  for (guint i = 0; i < n; i++) {
    g_autoptr (ConfabMediaDevice) device = g_list_model_get_item (self->lists[kind], i);
    const char *name = confab_media_device_get_name (device);
    guint count = GPOINTER_TO_UINT (g_hash_table_lookup (seen, name)) + 1;
    /* Translators: the second, third… device with the same name */
    g_autofree char *label = count > 1 ? g_strdup_printf (_ ("%s (%u)"), name, count)
                                       : g_strdup (name);
    g_autoptr (GMenuItem) item = g_menu_item_new (NULL, NULL);
    g_autofree char *action = g_strconcat ("media.", kind_names[kind], NULL);

    g_hash_table_insert (seen, g_strdup (name), GUINT_TO_POINTER (count));
    g_menu_item_set_label (item, label);
    g_menu_item_set_action_and_target (item, action, "s", confab_media_device_get_id (device));
    g_menu_append_item (self->menus[kind], item);
  }
  notify (self, PROP_MICROPHONE_NAME + kind);
}

static const char *
device_name (ConfabSelectCallMediaViewModel *self, ConfabDeviceKind kind)
{
  ConfabMediaDevice *chosen = confab_media_devices_get_chosen (self->devices, kind);

  if (chosen != NULL)
    return confab_media_device_get_name (chosen);
  switch (kind) {
  case CONFAB_DEVICE_KIND_MICROPHONE:
    return _ ("No microphone");
  case CONFAB_DEVICE_KIND_SPEAKER:
    return _ ("No speaker");
  case CONFAB_DEVICE_KIND_CAMERA:
  default:
    return _ ("No camera");
  }
}

static void
chosen_changed_cb (ConfabSelectCallMediaViewModel *self, ConfabDeviceKind kind)
{
  notify (self, PROP_MICROPHONE_NAME + kind);
  if (kind == CONFAB_DEVICE_KIND_MICROPHONE)
    listen_anew (self);
  refresh_join (self);
}

static void
microphones_changed_cb (ConfabSelectCallMediaViewModel *self)
{
  refill_menu (self, CONFAB_DEVICE_KIND_MICROPHONE);
}

static void
speakers_changed_cb (ConfabSelectCallMediaViewModel *self)
{
  refill_menu (self, CONFAB_DEVICE_KIND_SPEAKER);
}

static void
cameras_changed_cb (ConfabSelectCallMediaViewModel *self)
{
  refill_menu (self, CONFAB_DEVICE_KIND_CAMERA);
}

static GObject *
get_paintable (ConfabSelectCallMediaViewModel *self)
{
  if (self->media == NULL || !gives (self, CONFAB_DEVICE_KIND_CAMERA))
    return NULL;
  return confab_stream_get_paintable (confab_local_media_get_stream (self->media));
}

static void
confab_select_call_media_view_model_get_property (GObject *object,
                                                  guint prop_id,
                                                  GValue *value,
                                                  GParamSpec *pspec)
{
  ConfabSelectCallMediaViewModel *self = CONFAB_SELECT_CALL_MEDIA_VIEW_MODEL (object);

  switch ((Property) prop_id) {
  case PROP_ROOM:
    g_value_set_object (value, self->room);
    break;
  case PROP_CREATING:
    g_value_set_boolean (value, self->creating);
    break;
  case PROP_TITLE:
    g_value_set_string (value, self->creating ? _ ("Ready to Start?") : _ ("Ready to Join?"));
    break;
  case PROP_MICROPHONE_ON:
    g_value_set_boolean (value, self->microphone_on);
    break;
  case PROP_CAMERA_ON:
    g_value_set_boolean (value, self->camera_on);
    break;
  case PROP_PAINTABLE:
    g_value_set_object (value, get_paintable (self));
    break;
  case PROP_OWN_AVATAR:
    g_value_set_object (value, self->own_avatar);
    break;
  case PROP_LEVEL:
    g_value_set_double (value, get_level (self));
    break;
  case PROP_LEVEL_TEXT:
    g_value_set_string (value, level_text (self));
    break;
  case PROP_MICROPHONE_NAME:
  case PROP_SPEAKER_NAME:
  case PROP_CAMERA_NAME:
    g_value_set_string (value, device_name (self, prop_id - PROP_MICROPHONE_NAME));
    break;
  case PROP_MICROPHONE_MENU:
  case PROP_SPEAKER_MENU:
  case PROP_CAMERA_MENU:
    g_value_set_object (value, self->menus[prop_id - PROP_MICROPHONE_MENU]);
    break;
  case PROP_JOIN_LABEL:
    g_value_set_string (value, confab_select_call_media_view_model_get_join_label (self));
    break;
  case PROP_JOIN_MENU:
    g_value_set_object (value, self->join_menu);
    break;
  case PROP_PROBLEM_TITLE:
    g_value_set_string (value, self->camera_on ? problem_title (self) : "");
    break;
  case PROP_PROBLEM_TEXT:
    g_value_set_string (value, self->camera_on ? problem_text (self) : "");
    break;
  case PROP_CAN_RETRY:
    g_value_set_boolean (value,
                         get_problem (self, CONFAB_DEVICE_KIND_CAMERA) >=
                           CONFAB_DEVICE_PROBLEM_BUSY);
    break;
  case PROP_BANNER:
    g_value_set_string (value, banner (self));
    break;
  case PROP_CAN_JOIN:
    g_value_set_boolean (value, confab_room_view_model_get_can_act (self->room));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_select_call_media_view_model_set_property (GObject *object,
                                                  guint prop_id,
                                                  const GValue *value,
                                                  GParamSpec *pspec)
{
  ConfabSelectCallMediaViewModel *self = CONFAB_SELECT_CALL_MEDIA_VIEW_MODEL (object);

  if (prop_id == PROP_MICROPHONE_ON)
    confab_select_call_media_view_model_set_microphone_on (self, g_value_get_boolean (value));
  else if (prop_id == PROP_CAMERA_ON)
    confab_select_call_media_view_model_set_camera_on (self, g_value_get_boolean (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
confab_select_call_media_view_model_dispose (GObject *object)
{
  ConfabSelectCallMediaViewModel *self = CONFAB_SELECT_CALL_MEDIA_VIEW_MODEL (object);

  if (self->clock != NULL)
    confab_select_call_media_view_model_close (self);
  for (guint i = 0; i < N_KINDS; i++) {
    g_clear_object (&self->lists[i]);
    g_clear_object (&self->menus[i]);
  }
  g_clear_object (&self->join_menu);
  g_clear_object (&self->room);
  g_clear_object (&self->session);
  g_clear_object (&self->devices);
  g_clear_object (&self->own_avatar);
  g_clear_object (&self->clock);

  G_OBJECT_CLASS (confab_select_call_media_view_model_parent_class)->dispose (object);
}

static void
install_properties (GObjectClass *object_class)
{
  static const struct {
    Property property;
    const char *name;
  } texts[] = {
    { PROP_TITLE, "title" },
    { PROP_LEVEL_TEXT, "level-text" },
    { PROP_MICROPHONE_NAME, "microphone-name" },
    { PROP_SPEAKER_NAME, "speaker-name" },
    { PROP_CAMERA_NAME, "camera-name" },
    { PROP_JOIN_LABEL, "join-label" },
    { PROP_PROBLEM_TITLE, "problem-title" },
    { PROP_PROBLEM_TEXT, "problem-text" },
    { PROP_BANNER, "banner" },
  };
  const GParamFlags flags = G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  const GParamFlags read = flags | G_PARAM_READABLE;
  const GParamFlags write = flags | G_PARAM_READWRITE;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    properties[texts[i].property] = g_param_spec_string (texts[i].name, NULL, NULL, NULL, read);
  properties[PROP_ROOM] = g_param_spec_object (
    "room", NULL, NULL, CONFAB_TYPE_ROOM_VIEW_MODEL, read);
  properties[PROP_CREATING] = g_param_spec_boolean ("creating", NULL, NULL, FALSE, read);
  properties[PROP_MICROPHONE_ON] = g_param_spec_boolean ("microphone-on", NULL, NULL, TRUE, write);
  properties[PROP_CAMERA_ON] = g_param_spec_boolean ("camera-on", NULL, NULL, TRUE, write);
  properties[PROP_PAINTABLE] = g_param_spec_object (
    "paintable", NULL, NULL, GDK_TYPE_PAINTABLE, read);
  properties[PROP_OWN_AVATAR] = g_param_spec_object (
    "own-avatar", NULL, NULL, CONFAB_TYPE_AVATAR_MODEL, read);
  properties[PROP_LEVEL] = g_param_spec_double ("level", NULL, NULL, 0, 1, 0, read);
  properties[PROP_MICROPHONE_MENU] = g_param_spec_object (
    "microphone-menu", NULL, NULL, G_TYPE_MENU_MODEL, read);
  properties[PROP_SPEAKER_MENU] = g_param_spec_object (
    "speaker-menu", NULL, NULL, G_TYPE_MENU_MODEL, read);
  properties[PROP_CAMERA_MENU] = g_param_spec_object (
    "camera-menu", NULL, NULL, G_TYPE_MENU_MODEL, read);
  properties[PROP_JOIN_MENU] = g_param_spec_object (
    "join-menu", NULL, NULL, G_TYPE_MENU_MODEL, read);
  properties[PROP_CAN_RETRY] = g_param_spec_boolean ("can-retry", NULL, NULL, FALSE, read);
  properties[PROP_CAN_JOIN] = g_param_spec_boolean ("can-join", NULL, NULL, FALSE, read);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
confab_select_call_media_view_model_class_init (ConfabSelectCallMediaViewModelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = confab_select_call_media_view_model_get_property;
  object_class->set_property = confab_select_call_media_view_model_set_property;
  object_class->dispose = confab_select_call_media_view_model_dispose;
  install_properties (object_class);

  signals[SIGNAL_JOINED] = g_signal_new ("joined",
                                         G_TYPE_FROM_CLASS (klass),
                                         G_SIGNAL_RUN_LAST,
                                         0,
                                         NULL,
                                         NULL,
                                         NULL,
                                         G_TYPE_NONE,
                                         1,
                                         G_TYPE_OBJECT);
}

static void
confab_select_call_media_view_model_init (ConfabSelectCallMediaViewModel *self)
{
  self->microphone_on = TRUE;
  self->join_menu = g_menu_new ();
  for (guint i = 0; i < N_KINDS; i++)
    self->menus[i] = g_menu_new ();
}

static void
room_cb (ConfabSelectCallMediaViewModel *self)
{
  notify (self, PROP_CAN_JOIN);
  notify (self, PROP_BANNER);
}

static void
fill_join_menu (ConfabSelectCallMediaViewModel *self)
{
  g_menu_append (self->join_menu, join_label (self, TRUE, TRUE), "media.join('camera')");
  g_menu_append (self->join_menu, join_label (self, TRUE, FALSE), "media.join('sound')");
  g_menu_append (self->join_menu, join_label (self, FALSE, FALSE), "media.join('listen')");
}

/**
 * confab_select_call_media_view_model_new:
 * @room: where; when it has a call, that one is joined, else one is started
 * @session: the account
 * @devices: microphones, speakers, cameras
 * @own_avatar: shown while the camera is off
 * @clock: time
 *
 * Opens the microphone, and the camera unless the call is one of voices (MSC3401 `m.type`).
 *
 * Returns: (transfer full): the new view model
 */
ConfabSelectCallMediaViewModel *
confab_select_call_media_view_model_new (ConfabRoomViewModel *room,
                                         ConfabSession *session,
                                         ConfabMediaDevices *devices,
                                         ConfabAvatarModel *own_avatar,
                                         ConfabClock *clock)
{
  static const GCallback callbacks[N_KINDS] = {
    [CONFAB_DEVICE_KIND_MICROPHONE] = G_CALLBACK (microphones_changed_cb),
    [CONFAB_DEVICE_KIND_SPEAKER] = G_CALLBACK (speakers_changed_cb),
    [CONFAB_DEVICE_KIND_CAMERA] = G_CALLBACK (cameras_changed_cb),
  };
  ConfabSelectCallMediaViewModel *self = g_object_new (CONFAB_TYPE_SELECT_CALL_MEDIA_VIEW_MODEL,
                                                       NULL);
  ConfabCall *call = confab_room_view_model_get_call (room);

  self->room = g_object_ref (room);
  self->session = g_object_ref (session);
  self->devices = g_object_ref (devices);
  g_set_object (&self->own_avatar, own_avatar);
  self->clock = g_object_ref (clock);
  self->creating = call == NULL;
  self->camera_on = call == NULL || confab_call_get_call_type (call) == CONFAB_CALL_TYPE_VIDEO;
  /* m.room calls are places that one drops by, and often: with sound, and the picture on request. */
  if (call != NULL && confab_call_get_intent (call) == CONFAB_CALL_INTENT_ROOM)
    self->camera_on = FALSE;
  for (guint i = 0; i < N_KINDS; i++) {
    g_set_object (&self->lists[i], confab_media_devices_get_devices (devices, i));
    g_signal_connect_object (
      self->lists[i], "items-changed", callbacks[i], self, G_CONNECT_SWAPPED);
    refill_menu (self, i);
  }
  fill_join_menu (self);
  g_signal_connect_object (
    devices, "chosen-changed", G_CALLBACK (chosen_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (room, "notify::can-act", G_CALLBACK (room_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    room, "notify::encrypted", G_CALLBACK (room_cb), self, G_CONNECT_SWAPPED);
  open_media (self);
  return self;
}

ConfabRoomViewModel *
confab_select_call_media_view_model_get_room (ConfabSelectCallMediaViewModel *self)
{
  return self->room;
}

gboolean
confab_select_call_media_view_model_get_microphone_on (ConfabSelectCallMediaViewModel *self)
{
  return self->microphone_on;
}

gboolean
confab_select_call_media_view_model_get_camera_on (ConfabSelectCallMediaViewModel *self)
{
  return self->camera_on;
}

const char *
confab_select_call_media_view_model_get_join_label (ConfabSelectCallMediaViewModel *self)
{
  return join_label (self,
                     gives (self, CONFAB_DEVICE_KIND_MICROPHONE),
                     gives (self, CONFAB_DEVICE_KIND_CAMERA));
}

void
confab_select_call_media_view_model_set_microphone_on (ConfabSelectCallMediaViewModel *self,
                                                       gboolean on)
{
  g_return_if_fail (CONFAB_IS_SELECT_CALL_MEDIA_VIEW_MODEL (self));

  on = !!on;
  if (self->microphone_on == on)
    return;
  self->microphone_on = on;
  if (self->media != NULL)
    confab_local_media_set_microphone_muted (self->media, !on);
  listen_anew (self);
  notify (self, PROP_MICROPHONE_ON);
  notify (self, PROP_LEVEL);
  refresh_join (self);
}

void
confab_select_call_media_view_model_set_camera_on (ConfabSelectCallMediaViewModel *self,
                                                   gboolean on)
{
  g_return_if_fail (CONFAB_IS_SELECT_CALL_MEDIA_VIEW_MODEL (self));

  on = !!on;
  if (self->camera_on == on)
    return;
  self->camera_on = on;
  if (self->media != NULL)
    confab_local_media_set_camera_muted (self->media, !on);
  notify (self, PROP_CAMERA_ON);
  refresh_join (self);
}

void
confab_select_call_media_view_model_set_mode (ConfabSelectCallMediaViewModel *self,
                                              ConfabStartMode mode)
{
  g_return_if_fail (CONFAB_IS_SELECT_CALL_MEDIA_VIEW_MODEL (self));

  self->mode = mode;
}

static gboolean
parse_kind (const char *name, ConfabDeviceKind *kind)
{
  for (guint i = 0; i < N_KINDS; i++)
    if (g_str_equal (kind_names[i], name)) {
      *kind = i;
      return TRUE;
    }
  return FALSE;
}

char *
confab_select_call_media_view_model_dup_chosen (ConfabSelectCallMediaViewModel *self,
                                                const char *kind)
{
  ConfabDeviceKind which = CONFAB_DEVICE_KIND_MICROPHONE;
  ConfabMediaDevice *chosen = NULL;

  g_return_val_if_fail (parse_kind (kind, &which), NULL);

  chosen = confab_media_devices_get_chosen (self->devices, which);
  return g_strdup (chosen != NULL ? confab_media_device_get_id (chosen) : "");
}

void
confab_select_call_media_view_model_choose (ConfabSelectCallMediaViewModel *self,
                                            const char *kind,
                                            const char *id)
{
  ConfabDeviceKind which = CONFAB_DEVICE_KIND_MICROPHONE;

  g_return_if_fail (parse_kind (kind, &which));

  confab_media_devices_choose (self->devices, which, id);
}

/**
 * confab_select_call_media_view_model_retry:
 * @self: a selection
 *
 * Opens the camera once more: whoever had it may have let go.
 */
void
confab_select_call_media_view_model_retry (ConfabSelectCallMediaViewModel *self)
{
  g_return_if_fail (CONFAB_IS_SELECT_CALL_MEDIA_VIEW_MODEL (self));

  if (self->media == NULL || !self->camera_on)
    return;
  confab_local_media_set_camera_muted (self->media, TRUE);
  confab_local_media_set_camera_muted (self->media, FALSE);
  refresh_join (self);
}

/**
 * confab_select_call_media_view_model_join:
 * @self: a selection
 *
 * Joins the room's call, or starts one, with what is switched on. A device never stops it.
 */
void
confab_select_call_media_view_model_join (ConfabSelectCallMediaViewModel *self)
{
  g_autoptr (ConfabCall) call = NULL;
  g_autoptr (ConfabLocalMedia) media = NULL;
  ConfabCall *known = NULL;

  g_return_if_fail (CONFAB_IS_SELECT_CALL_MEDIA_VIEW_MODEL (self));

  if (self->media == NULL || !confab_room_view_model_get_can_act (self->room))
    return;
  media = g_object_ref (self->media);
  drop_media (self);
  known = confab_room_view_model_get_call (self->room);
  if (known != NULL)
    call = g_object_ref (known);
  else
    call = confab_call_handler_create_call (
      confab_session_get_call_handler (self->session),
      confab_room_view_model_get_id (self->room),
      self->mode == CONFAB_START_RINGING ? CONFAB_CALL_INTENT_RING : CONFAB_CALL_INTENT_PROMPT,
      self->camera_on ? CONFAB_CALL_TYPE_VIDEO : CONFAB_CALL_TYPE_VOICE,
      NULL);
  /* First who listens, then the command: a failure may come at once. */
  g_signal_emit (self, signals[SIGNAL_JOINED], 0, call);
  confab_call_join (call, media);
}

void
confab_select_call_media_view_model_close (ConfabSelectCallMediaViewModel *self)
{
  g_autoptr (ConfabLocalMedia) media = NULL;

  g_return_if_fail (CONFAB_IS_SELECT_CALL_MEDIA_VIEW_MODEL (self));

  if (self->media != NULL)
    media = g_object_ref (self->media);
  drop_media (self);
  if (media != NULL)
    confab_local_media_close (media);
}
