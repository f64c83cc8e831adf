/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-select-call-media-view-model.h"
#include "confab-select-call-media-view-model-private.h"

#include "confab-clock.h"
#include "confab-media-choice.h"
#include "confab-media-devices.h"
#include "confab-media-words.h"
#include "confab-system-settings.h"
#include "confab-room-view-model-private.h"
#include "confab-settings.h"

#include <glib/gi18n.h>

static GParamSpec *properties[CONFAB_SELECT_N_PROPS];

enum {
  SIGNAL_JOINED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ConfabSelectCallMediaViewModel,
                     confab_select_call_media_view_model,
                     G_TYPE_OBJECT)

void
confab_select_call_media_view_model_notify (ConfabSelectCallMediaViewModel *self,
                                            ConfabSelectProperty property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

void
confab_select_call_media_view_model_emit_joined (ConfabSelectCallMediaViewModel *self,
                                                 GObject *call)
{
  g_signal_emit (self, signals[SIGNAL_JOINED], 0, call);
}

static gboolean
is_on (ConfabSelectCallMediaViewModel *self, ConfabDeviceKind kind)
{
  return confab_media_preview_get_on (self->preview, kind);
}

/* Whether others will get it: switched on, and it gives something. */
static gboolean
gives (ConfabSelectCallMediaViewModel *self, ConfabDeviceKind kind)
{
  return confab_media_preview_gives (self->preview, kind);
}

/* Of a camera that is switched on. */
static ConfabDeviceProblem
camera_problem (ConfabSelectCallMediaViewModel *self)
{
  return is_on (self, CONFAB_DEVICE_KIND_CAMERA)
           ? confab_media_preview_get_problem (self->preview, CONFAB_DEVICE_KIND_CAMERA)
           : CONFAB_DEVICE_PROBLEM_NONE;
}

static ConfabDeviceProblem
microphone_problem (ConfabSelectCallMediaViewModel *self)
{
  return confab_media_preview_get_problem (self->preview, CONFAB_DEVICE_KIND_MICROPHONE);
}

static const char *
level_text (ConfabSelectCallMediaViewModel *self)
{
  return confab_media_words_level (microphone_problem (self),
                                   is_on (self, CONFAB_DEVICE_KIND_MICROPHONE),
                                   confab_voice_meter_get_hearing (
                                     confab_media_preview_get_meter (self->preview)));
}

static const char *
banner (ConfabSelectCallMediaViewModel *self)
{
  return confab_media_words_banner (microphone_problem (self),
                                    confab_room_view_model_get_encrypted (self->room));
}

ConfabBannerAction
confab_select_call_media_view_model_get_banner_action (ConfabSelectCallMediaViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_SELECT_CALL_MEDIA_VIEW_MODEL (self), CONFAB_BANNER_ACTION_NONE);

  if (microphone_problem (self) == CONFAB_DEVICE_PROBLEM_DENIED)
    return confab_system_settings_can_open () ? CONFAB_BANNER_ACTION_OPEN_SETTINGS
                                              : CONFAB_BANNER_ACTION_NONE;
  return confab_room_view_model_get_encrypted (self->room) ? CONFAB_BANNER_ACTION_NONE
                                                           : CONFAB_BANNER_ACTION_EXPLAIN;
}

static void
banner_changed (ConfabSelectCallMediaViewModel *self)
{
  confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_BANNER);
  confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_BANNER_ACTION);
}

static void
preview_cb (ConfabSelectCallMediaViewModel *self)
{
  confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_JOIN_LABEL);
  confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_GIVES_SOUND);
  confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_GIVES_PICTURE);
  confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_LEVEL_TEXT);
  confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_PROBLEM_TITLE);
  confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_PROBLEM_TEXT);
  confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_CAN_RETRY);
  banner_changed (self);
  confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_PAINTABLE);
}

static void
level_cb (ConfabSelectCallMediaViewModel *self)
{
  confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_LEVEL);
}

static void
hearing_cb (ConfabSelectCallMediaViewModel *self)
{
  confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_LEVEL_TEXT);
}

static void
name_cb (ConfabSelectCallMediaViewModel *self, GParamSpec *pspec, ConfabDeviceMenu *menu)
{
  for (guint i = 0; i < CONFAB_SELECT_N_KINDS; i++)
    if (self->menus[i] == menu)
      confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_MICROPHONE_NAME + i);
}

static void
confab_select_call_media_view_model_get_property (GObject *object,
                                                  guint prop_id,
                                                  GValue *value,
                                                  GParamSpec *pspec)
{
  ConfabSelectCallMediaViewModel *self = CONFAB_SELECT_CALL_MEDIA_VIEW_MODEL (object);

  switch ((ConfabSelectProperty) prop_id) {
  case CONFAB_SELECT_PROP_ROOM:
    g_value_set_object (value, self->room);
    break;
  case CONFAB_SELECT_PROP_CREATING:
    g_value_set_boolean (value, self->creating);
    break;
  case CONFAB_SELECT_PROP_TITLE:
    g_value_set_string (value, self->creating ? _ ("Ready to Start?") : _ ("Ready to Join?"));
    break;
  case CONFAB_SELECT_PROP_MICROPHONE_ON:
    g_value_set_boolean (value, is_on (self, CONFAB_DEVICE_KIND_MICROPHONE));
    break;
  case CONFAB_SELECT_PROP_CAMERA_ON:
    g_value_set_boolean (value, is_on (self, CONFAB_DEVICE_KIND_CAMERA));
    break;
  case CONFAB_SELECT_PROP_GIVES_SOUND:
    g_value_set_boolean (value, gives (self, CONFAB_DEVICE_KIND_MICROPHONE));
    break;
  case CONFAB_SELECT_PROP_GIVES_PICTURE:
    g_value_set_boolean (value, gives (self, CONFAB_DEVICE_KIND_CAMERA));
    break;
  case CONFAB_SELECT_PROP_PAINTABLE:
    g_value_set_object (value, confab_media_preview_get_paintable (self->preview));
    break;
  case CONFAB_SELECT_PROP_OWN_AVATAR:
    g_value_set_object (value, self->own_avatar);
    break;
  case CONFAB_SELECT_PROP_LEVEL:
    g_value_set_double (value,
                        confab_voice_meter_get_level (
                          confab_media_preview_get_meter (self->preview)));
    break;
  case CONFAB_SELECT_PROP_LEVEL_TEXT:
    g_value_set_string (value, level_text (self));
    break;
  case CONFAB_SELECT_PROP_MICROPHONE_NAME:
  case CONFAB_SELECT_PROP_SPEAKER_NAME:
  case CONFAB_SELECT_PROP_CAMERA_NAME:
    g_value_set_string (value,
                        confab_device_menu_get_name (
                          self->menus[prop_id - CONFAB_SELECT_PROP_MICROPHONE_NAME]));
    break;
  case CONFAB_SELECT_PROP_MICROPHONE_MENU:
  case CONFAB_SELECT_PROP_SPEAKER_MENU:
  case CONFAB_SELECT_PROP_CAMERA_MENU:
    g_value_set_object (value,
                        confab_device_menu_get_menu (
                          self->menus[prop_id - CONFAB_SELECT_PROP_MICROPHONE_MENU]));
    break;
  case CONFAB_SELECT_PROP_JOIN_LABEL:
    g_value_set_string (value, confab_select_call_media_view_model_get_join_label (self));
    break;
  case CONFAB_SELECT_PROP_JOIN_MENU:
    g_value_set_object (value, self->join_menu);
    break;
  case CONFAB_SELECT_PROP_PROBLEM_TITLE:
    g_value_set_string (value, confab_media_words_problem_title (camera_problem (self)));
    break;
  case CONFAB_SELECT_PROP_PROBLEM_TEXT:
    g_value_set_string (value, confab_media_words_problem_text (camera_problem (self)));
    break;
  case CONFAB_SELECT_PROP_CAN_RETRY:
    /* One that is missing comes by itself when it is plugged in. */
    g_value_set_boolean (value, camera_problem (self) >= CONFAB_DEVICE_PROBLEM_BUSY);
    break;
  case CONFAB_SELECT_PROP_BANNER:
    g_value_set_string (value, banner (self));
    break;
  case CONFAB_SELECT_PROP_BANNER_ACTION:
    g_value_set_uint (value, confab_select_call_media_view_model_get_banner_action (self));
    break;
  case CONFAB_SELECT_PROP_CAN_JOIN:
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

  if (prop_id == CONFAB_SELECT_PROP_MICROPHONE_ON)
    confab_select_call_media_view_model_set_microphone_on (self, g_value_get_boolean (value));
  else if (prop_id == CONFAB_SELECT_PROP_CAMERA_ON)
    confab_select_call_media_view_model_set_camera_on (self, g_value_get_boolean (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
confab_select_call_media_view_model_dispose (GObject *object)
{
  ConfabSelectCallMediaViewModel *self = CONFAB_SELECT_CALL_MEDIA_VIEW_MODEL (object);

  if (self->preview != NULL)
    confab_media_preview_close (self->preview);
  for (guint i = 0; i < CONFAB_SELECT_N_KINDS; i++)
    g_clear_object (&self->menus[i]);
  g_clear_object (&self->preview);
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
    ConfabSelectProperty property;
    const char *name;
  } texts[] = {
    { CONFAB_SELECT_PROP_TITLE, "title" },
    { CONFAB_SELECT_PROP_LEVEL_TEXT, "level-text" },
    { CONFAB_SELECT_PROP_MICROPHONE_NAME, "microphone-name" },
    { CONFAB_SELECT_PROP_SPEAKER_NAME, "speaker-name" },
    { CONFAB_SELECT_PROP_CAMERA_NAME, "camera-name" },
    { CONFAB_SELECT_PROP_JOIN_LABEL, "join-label" },
    { CONFAB_SELECT_PROP_PROBLEM_TITLE, "problem-title" },
    { CONFAB_SELECT_PROP_PROBLEM_TEXT, "problem-text" },
    { CONFAB_SELECT_PROP_BANNER, "banner" },
  };
  const GParamFlags flags = G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  const GParamFlags read = flags | G_PARAM_READABLE;
  const GParamFlags write = flags | G_PARAM_READWRITE;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    properties[texts[i].property] = g_param_spec_string (texts[i].name, NULL, NULL, NULL, read);
  properties[CONFAB_SELECT_PROP_ROOM] = g_param_spec_object (
    "room", NULL, NULL, CONFAB_TYPE_ROOM_VIEW_MODEL, read);
  properties[CONFAB_SELECT_PROP_CREATING] = g_param_spec_boolean (
    "creating", NULL, NULL, FALSE, read);
  properties[CONFAB_SELECT_PROP_MICROPHONE_ON] = g_param_spec_boolean (
    "microphone-on", NULL, NULL, TRUE, write);
  properties[CONFAB_SELECT_PROP_CAMERA_ON] = g_param_spec_boolean (
    "camera-on", NULL, NULL, TRUE, write);
  properties[CONFAB_SELECT_PROP_GIVES_SOUND] = g_param_spec_boolean (
    "gives-sound", NULL, NULL, TRUE, read);
  properties[CONFAB_SELECT_PROP_GIVES_PICTURE] = g_param_spec_boolean (
    "gives-picture", NULL, NULL, TRUE, read);
  properties[CONFAB_SELECT_PROP_PAINTABLE] = g_param_spec_object (
    "paintable", NULL, NULL, GDK_TYPE_PAINTABLE, read);
  properties[CONFAB_SELECT_PROP_OWN_AVATAR] = g_param_spec_object (
    "own-avatar", NULL, NULL, CONFAB_TYPE_AVATAR_MODEL, read);
  properties[CONFAB_SELECT_PROP_LEVEL] = g_param_spec_double ("level", NULL, NULL, 0, 1, 0, read);
  properties[CONFAB_SELECT_PROP_MICROPHONE_MENU] = g_param_spec_object (
    "microphone-menu", NULL, NULL, G_TYPE_MENU_MODEL, read);
  properties[CONFAB_SELECT_PROP_SPEAKER_MENU] = g_param_spec_object (
    "speaker-menu", NULL, NULL, G_TYPE_MENU_MODEL, read);
  properties[CONFAB_SELECT_PROP_CAMERA_MENU] = g_param_spec_object (
    "camera-menu", NULL, NULL, G_TYPE_MENU_MODEL, read);
  properties[CONFAB_SELECT_PROP_JOIN_MENU] = g_param_spec_object (
    "join-menu", NULL, NULL, G_TYPE_MENU_MODEL, read);
  properties[CONFAB_SELECT_PROP_CAN_RETRY] = g_param_spec_boolean (
    "can-retry", NULL, NULL, FALSE, read);
  properties[CONFAB_SELECT_PROP_BANNER_ACTION] = g_param_spec_uint (
    "banner-action", NULL, NULL, 0, G_MAXUINT, 0, read);
  properties[CONFAB_SELECT_PROP_CAN_JOIN] = g_param_spec_boolean (
    "can-join", NULL, NULL, FALSE, read);
  g_object_class_install_properties (object_class, CONFAB_SELECT_N_PROPS, properties);
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
fill_join_menu (ConfabSelectCallMediaViewModel *self)
{
  static const struct {
    gboolean sound;
    gboolean picture;
    const char *action;
  } ways[] = {
    { TRUE, TRUE, "media.join('camera')" },
    { TRUE, FALSE, "media.join('sound')" },
    { FALSE, FALSE, "media.join('listen')" },
  };

  g_menu_remove_all (self->join_menu);
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    g_menu_append (self->join_menu,
                   confab_media_words_join (self->creating, ways[i].sound, ways[i].picture),
                   ways[i].action);
}

/* Somebody else may begin a call, or end it, while one is choosing. */
static void
update_creating (ConfabSelectCallMediaViewModel *self)
{
  gboolean creating = !confab_room_view_model_get_has_call (self->room);

  if (self->creating == creating)
    return;
  self->creating = creating;
  fill_join_menu (self);
  confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_CREATING);
  confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_TITLE);
  confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_JOIN_LABEL);
}

static void
room_cb (ConfabSelectCallMediaViewModel *self)
{
  update_creating (self);
  confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_CAN_JOIN);
  banner_changed (self);
}

/* Switched as it was chosen last for this kind of call. */
static ConfabMediaPreview *
make_preview (ConfabSelectCallMediaViewModel *self, ConfabClock *clock)
{
  ConfabCall *call = self->creating ? NULL : confab_room_view_model_get_call (self->room);
  ConfabCallType type = call != NULL ? confab_call_get_call_type (call) : CONFAB_CALL_TYPE_VIDEO;
  gboolean camera_on = confab_media_choice_get_camera_on (self->settings, type);

  /* m.room calls are places that one drops by, and often: with sound, and the picture on request. */
  if (call != NULL && confab_call_get_intent (call) == CONFAB_CALL_INTENT_ROOM)
    camera_on = FALSE;
  return confab_media_preview_new (self->devices,
                                   clock,
                                   confab_media_choice_get_microphone_on (self->settings),
                                   camera_on);
}

static void
make_menus (ConfabSelectCallMediaViewModel *self)
{
  static const char *const actions[CONFAB_SELECT_N_KINDS] = {
    [CONFAB_DEVICE_KIND_MICROPHONE] = "media.microphone",
    [CONFAB_DEVICE_KIND_SPEAKER] = "media.speaker",
    [CONFAB_DEVICE_KIND_CAMERA] = "media.camera",
  };

  for (guint i = 0; i < CONFAB_SELECT_N_KINDS; i++) {
    self->menus[i] = confab_device_menu_new (self->devices, i, actions[i]);
    g_signal_connect_object (
      self->menus[i], "notify::name", G_CALLBACK (name_cb), self, G_CONNECT_SWAPPED);
  }
  fill_join_menu (self);
}

static void
watch (ConfabSelectCallMediaViewModel *self)
{
  static const char *const room_signals[] = {
    "notify::can-act",
    "notify::encrypted",
    "notify::has-call",
  };
  ConfabVoiceMeter *meter = confab_media_preview_get_meter (self->preview);

  g_signal_connect_object (
    self->preview, "changed", G_CALLBACK (preview_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (meter, "notify::level", G_CALLBACK (level_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    meter, "notify::hearing", G_CALLBACK (hearing_cb), self, G_CONNECT_SWAPPED);
  for (guint i = 0; i < G_N_ELEMENTS (room_signals); i++)
    g_signal_connect_object (
      self->room, room_signals[i], G_CALLBACK (room_cb), self, G_CONNECT_SWAPPED);
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

  g_return_val_if_fail (CONFAB_IS_ROOM_VIEW_MODEL (room), NULL);
  g_return_val_if_fail (CONFAB_IS_MEDIA_DEVICES (devices), NULL);
  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);

  self = g_object_new (CONFAB_TYPE_SELECT_CALL_MEDIA_VIEW_MODEL, NULL);
  self->room = g_object_ref (room);
  self->devices = g_object_ref (devices);
  g_set_object (&self->own_avatar, own_avatar);
  self->settings = confab_settings_new ();
  self->creating = !confab_room_view_model_get_has_call (room);
  self->preview = make_preview (self, clock);
  make_menus (self);
  watch (self);
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
  g_return_val_if_fail (CONFAB_IS_SELECT_CALL_MEDIA_VIEW_MODEL (self), FALSE);

  return is_on (self, CONFAB_DEVICE_KIND_MICROPHONE);
}

gboolean
confab_select_call_media_view_model_get_camera_on (ConfabSelectCallMediaViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_SELECT_CALL_MEDIA_VIEW_MODEL (self), FALSE);

  return is_on (self, CONFAB_DEVICE_KIND_CAMERA);
}

const char *
confab_select_call_media_view_model_get_join_label (ConfabSelectCallMediaViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_SELECT_CALL_MEDIA_VIEW_MODEL (self), NULL);

  return confab_media_words_join (self->creating,
                                  gives (self, CONFAB_DEVICE_KIND_MICROPHONE),
                                  gives (self, CONFAB_DEVICE_KIND_CAMERA));
}
