/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-select-call-media-view-model.h"

#include "confab-clock.h"
#include "confab-device-menu.h"
#include "confab-media-choice.h"
#include "confab-media-devices.h"
#include "confab-room-view-model-private.h"
#include "confab-settings.h"
#include "confab-voice-meter.h"

#include <glib/gi18n.h>

#define N_KINDS 3

typedef enum {
  PROP_ROOM = 1,
  PROP_CREATING,
  PROP_TITLE,
  PROP_MICROPHONE_ON,
  PROP_CAMERA_ON,
  PROP_GIVES_SOUND,
  PROP_GIVES_PICTURE,
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

struct _ConfabSelectCallMediaViewModel {
  GObject parent_instance;

  ConfabRoomViewModel *room;
  ConfabMediaDevices *devices;
  ConfabAvatarModel *own_avatar;
  GSettings *settings;     /* (nullable) */
  ConfabLocalMedia *media; /* (nullable): while it is open and no call has it */
  ConfabVoiceMeter *meter;
  ConfabDeviceMenu *menus[N_KINDS];
  GMenu *join_menu;
  ConfabStartMode mode;
  gboolean creating;
  gboolean sound_only; /* a person wants the new call to be one of voices */
  gboolean microphone_on;
  gboolean camera_on;
  gboolean done; /* joined, or closed */
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
  switch (confab_voice_meter_get_hearing (self->meter)) {
  case CONFAB_HEARING_VOICE:
    return _ ("We hear you");
  case CONFAB_HEARING_SILENCE:
    return _ ("No sound yet. Is this the right microphone?");
  case CONFAB_HEARING_NOTHING:
  default:
    return "";
  }
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

static void
refresh_join (ConfabSelectCallMediaViewModel *self)
{
  notify (self, PROP_JOIN_LABEL);
  notify (self, PROP_GIVES_SOUND);
  notify (self, PROP_GIVES_PICTURE);
  notify (self, PROP_LEVEL_TEXT);
  notify (self, PROP_PROBLEM_TITLE);
  notify (self, PROP_PROBLEM_TEXT);
  notify (self, PROP_CAN_RETRY);
  notify (self, PROP_BANNER);
  notify (self, PROP_PAINTABLE);
}

static void
level_cb (ConfabSelectCallMediaViewModel *self)
{
  notify (self, PROP_LEVEL);
}

static void
hearing_cb (ConfabSelectCallMediaViewModel *self)
{
  notify (self, PROP_LEVEL_TEXT);
}

static void
listen_anew (ConfabSelectCallMediaViewModel *self)
{
  gboolean listens = self->microphone_on && self->media != NULL;

  confab_voice_meter_listen (self->meter,
                             listens ? confab_local_media_get_stream (self->media) : NULL);
}

static void
picture_cb (ConfabSelectCallMediaViewModel *self)
{
  notify (self, PROP_PAINTABLE);
}

static void
drop_media (ConfabSelectCallMediaViewModel *self)
{
  confab_voice_meter_listen (self->meter, NULL);
  if (self->media == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->media, self);
  g_signal_handlers_disconnect_by_data (confab_local_media_get_stream (self->media), self);
  g_clear_object (&self->media);
}

static void
name_cb (ConfabSelectCallMediaViewModel *self, GParamSpec *pspec, ConfabDeviceMenu *menu)
{
  for (guint i = 0; i < N_KINDS; i++)
    if (self->menus[i] == menu)
      notify (self, PROP_MICROPHONE_NAME + i);
}

static void
chosen_changed_cb (ConfabSelectCallMediaViewModel *self, ConfabDeviceKind kind)
{
  if (kind == CONFAB_DEVICE_KIND_MICROPHONE)
    listen_anew (self);
  refresh_join (self);
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
  case PROP_GIVES_SOUND:
    g_value_set_boolean (value, gives (self, CONFAB_DEVICE_KIND_MICROPHONE));
    break;
  case PROP_GIVES_PICTURE:
    g_value_set_boolean (value, gives (self, CONFAB_DEVICE_KIND_CAMERA));
    break;
  case PROP_PAINTABLE:
    g_value_set_object (value, get_paintable (self));
    break;
  case PROP_OWN_AVATAR:
    g_value_set_object (value, self->own_avatar);
    break;
  case PROP_LEVEL:
    g_value_set_double (value, confab_voice_meter_get_level (self->meter));
    break;
  case PROP_LEVEL_TEXT:
    g_value_set_string (value, level_text (self));
    break;
  case PROP_MICROPHONE_NAME:
  case PROP_SPEAKER_NAME:
  case PROP_CAMERA_NAME:
    g_value_set_string (value,
                        confab_device_menu_get_name (self->menus[prop_id - PROP_MICROPHONE_NAME]));
    break;
  case PROP_MICROPHONE_MENU:
  case PROP_SPEAKER_MENU:
  case PROP_CAMERA_MENU:
    g_value_set_object (value,
                        confab_device_menu_get_menu (self->menus[prop_id - PROP_MICROPHONE_MENU]));
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

  if (self->meter != NULL)
    confab_select_call_media_view_model_close (self);
  for (guint i = 0; i < N_KINDS; i++)
    g_clear_object (&self->menus[i]);
  g_clear_object (&self->meter);
  g_clear_object (&self->join_menu);
  g_clear_object (&self->room);
  g_clear_object (&self->devices);
  g_clear_object (&self->own_avatar);
  g_clear_object (&self->settings);

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
  properties[PROP_GIVES_SOUND] = g_param_spec_boolean ("gives-sound", NULL, NULL, TRUE, read);
  properties[PROP_GIVES_PICTURE] = g_param_spec_boolean ("gives-picture", NULL, NULL, TRUE, read);
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
  self->join_menu = g_menu_new ();
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

/* What was chosen last for this kind of call. */
static void
take_last_choice (ConfabSelectCallMediaViewModel *self, ConfabCall *call)
{
  ConfabCallType type = call != NULL ? confab_call_get_call_type (call) : CONFAB_CALL_TYPE_VIDEO;

  self->microphone_on = confab_media_choice_get_microphone_on (self->settings);
  /* m.room calls are places that one drops by, and often: with sound, and the picture on request. */
  self->camera_on = (call == NULL || confab_call_get_intent (call) != CONFAB_CALL_INTENT_ROOM) &&
                    confab_media_choice_get_camera_on (self->settings, type);
}

static void
make_menus (ConfabSelectCallMediaViewModel *self)
{
  static const char *const actions[N_KINDS] = {
    [CONFAB_DEVICE_KIND_MICROPHONE] = "media.microphone",
    [CONFAB_DEVICE_KIND_SPEAKER] = "media.speaker",
    [CONFAB_DEVICE_KIND_CAMERA] = "media.camera",
  };

  for (guint i = 0; i < N_KINDS; i++) {
    self->menus[i] = confab_device_menu_new (self->devices, i, actions[i]);
    g_signal_connect_object (
      self->menus[i], "notify::name", G_CALLBACK (name_cb), self, G_CONNECT_SWAPPED);
  }
  fill_join_menu (self);
}

/**
 * confab_select_call_media_view_model_new:
 * @room: where; when it has a call, that one is joined, else one is started
 * @devices: microphones, speakers, cameras
 * @own_avatar: (nullable): shown while the camera is off
 * @clock: time
 *
 * The switches stand as they were chosen last for this kind of call (MSC3401 `m.type`); a new one is of video. Nothing
 * is open before confab_select_call_media_view_model_open().
 *
 * Returns: (transfer full): the new view model
 */
ConfabSelectCallMediaViewModel *
confab_select_call_media_view_model_new (ConfabRoomViewModel *room,
                                         ConfabMediaDevices *devices,
                                         ConfabAvatarModel *own_avatar,
                                         ConfabClock *clock)
{
  ConfabSelectCallMediaViewModel *self = NULL;
  ConfabCall *call = NULL;

  g_return_val_if_fail (CONFAB_IS_ROOM_VIEW_MODEL (room), NULL);
  g_return_val_if_fail (CONFAB_IS_MEDIA_DEVICES (devices), NULL);
  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);

  self = g_object_new (CONFAB_TYPE_SELECT_CALL_MEDIA_VIEW_MODEL, NULL);
  call = confab_room_view_model_get_call (room);
  self->room = g_object_ref (room);
  self->devices = g_object_ref (devices);
  g_set_object (&self->own_avatar, own_avatar);
  self->settings = confab_settings_new ();
  self->meter = confab_voice_meter_new (clock);
  self->creating = call == NULL;
  take_last_choice (self, call);
  make_menus (self);
  g_signal_connect_object (
    self->meter, "notify::level", G_CALLBACK (level_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    self->meter, "notify::hearing", G_CALLBACK (hearing_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    devices, "chosen-changed", G_CALLBACK (chosen_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (room, "notify::can-act", G_CALLBACK (room_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    room, "notify::encrypted", G_CALLBACK (room_cb), self, G_CONNECT_SWAPPED);
  return self;
}

/**
 * confab_select_call_media_view_model_open:
 * @self: a selection
 *
 * Opens the microphone, and the camera if it is switched on. Once; not after joining or closing.
 */
void
confab_select_call_media_view_model_open (ConfabSelectCallMediaViewModel *self)
{
  ConfabStream *stream = NULL;

  g_return_if_fail (CONFAB_IS_SELECT_CALL_MEDIA_VIEW_MODEL (self));

  if (self->media != NULL || self->done)
    return;
  self->media = confab_media_devices_open (self->devices, !self->microphone_on, !self->camera_on);
  stream = confab_local_media_get_stream (self->media);
  g_signal_connect_object (
    self->media, "problem-changed", G_CALLBACK (refresh_join), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    stream, "notify::paintable", G_CALLBACK (picture_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    stream, "notify::has-video", G_CALLBACK (picture_cb), self, G_CONNECT_SWAPPED);
  listen_anew (self);
  refresh_join (self);
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
  self->sound_only = !on;
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

  confab_media_choice_choose (self->settings, self->devices, which, id);
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

static void
keep_choice (ConfabSelectCallMediaViewModel *self, ConfabCall *call)
{
  /* What a room's own call begins with is not what a person likes in calls. */
  if (confab_call_get_intent (call) != CONFAB_CALL_INTENT_ROOM)
    confab_media_choice_keep (self->settings,
                              confab_call_get_call_type (call),
                              self->microphone_on,
                              self->camera_on);
}

/**
 * confab_select_call_media_view_model_join:
 * @self: a selection
 *
 * Joins the room's call, or starts one, with what is switched on. A device never stops it. What is open is handed
 * over to the call.
 */
void
confab_select_call_media_view_model_join (ConfabSelectCallMediaViewModel *self)
{
  g_autoptr (ConfabCall) call = NULL;
  g_autoptr (ConfabLocalMedia) media = NULL;

  g_return_if_fail (CONFAB_IS_SELECT_CALL_MEDIA_VIEW_MODEL (self));

  if (self->media == NULL || !confab_room_view_model_get_can_act (self->room))
    return;
  self->done = TRUE;
  media = g_object_ref (self->media);
  drop_media (self);
  call = confab_room_view_model_ensure_call (
    self->room,
    self->mode == CONFAB_START_RINGING ? CONFAB_CALL_INTENT_RING : CONFAB_CALL_INTENT_PROMPT,
    self->sound_only ? CONFAB_CALL_TYPE_VOICE : CONFAB_CALL_TYPE_VIDEO);
  keep_choice (self, call);
  /* First who listens, then the command: a failure may come at once. */
  g_signal_emit (self, signals[SIGNAL_JOINED], 0, call);
  confab_call_join (call, media);
}

/**
 * confab_select_call_media_view_model_close:
 * @self: a selection
 *
 * Closes the devices, unless a call has them.
 */
void
confab_select_call_media_view_model_close (ConfabSelectCallMediaViewModel *self)
{
  g_autoptr (ConfabLocalMedia) media = NULL;

  g_return_if_fail (CONFAB_IS_SELECT_CALL_MEDIA_VIEW_MODEL (self));

  self->done = TRUE;
  if (self->media != NULL)
    media = g_object_ref (self->media);
  drop_media (self);
  if (media != NULL)
    confab_local_media_close (media);
}
