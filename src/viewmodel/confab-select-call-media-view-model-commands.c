/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-select-call-media-view-model-private.h"

#include "confab-media-choice.h"
#include "confab-media-devices.h"
#include "confab-room-view-model-private.h"
#include "confab-system-settings.h"

static const char *const kind_names[CONFAB_SELECT_N_KINDS] = {
  [CONFAB_DEVICE_KIND_MICROPHONE] = "microphone",
  [CONFAB_DEVICE_KIND_SPEAKER] = "speaker",
  [CONFAB_DEVICE_KIND_CAMERA] = "camera",
};

/**
 * confab_select_call_media_view_model_open:
 * @self: a selection
 *
 * Opens the microphone, and the camera if it is switched on. Once; not after joining or closing.
 */
void
confab_select_call_media_view_model_open (ConfabSelectCallMediaViewModel *self)
{
  g_return_if_fail (CONFAB_IS_SELECT_CALL_MEDIA_VIEW_MODEL (self));

  confab_media_preview_open (self->preview);
}

void
confab_select_call_media_view_model_set_microphone_on (ConfabSelectCallMediaViewModel *self,
                                                       gboolean on)
{
  g_return_if_fail (CONFAB_IS_SELECT_CALL_MEDIA_VIEW_MODEL (self));

  if (confab_media_preview_set_on (self->preview, CONFAB_DEVICE_KIND_MICROPHONE, on))
    confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_MICROPHONE_ON);
}

/**
 * confab_select_call_media_view_model_set_camera_on:
 * @self: a selection
 * @on: whether the camera is switched on
 *
 * A new call that somebody wants without the camera is one of voices.
 */
void
confab_select_call_media_view_model_set_camera_on (ConfabSelectCallMediaViewModel *self,
                                                   gboolean on)
{
  g_return_if_fail (CONFAB_IS_SELECT_CALL_MEDIA_VIEW_MODEL (self));

  self->sound_only = !on;
  if (confab_media_preview_set_on (self->preview, CONFAB_DEVICE_KIND_CAMERA, on))
    confab_select_call_media_view_model_notify (self, CONFAB_SELECT_PROP_CAMERA_ON);
}

/**
 * confab_select_call_media_view_model_set_mode:
 * @self: a selection
 * @mode: how a new call asks for attention
 */
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
  for (guint i = 0; i < CONFAB_SELECT_N_KINDS; i++)
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

  confab_media_preview_retry_camera (self->preview);
}

/**
 * confab_select_call_media_view_model_open_settings:
 * @self: a selection
 *
 * The system's settings, where the microphone is allowed.
 */
void
confab_select_call_media_view_model_open_settings (ConfabSelectCallMediaViewModel *self)
{
  g_autoptr (GError) error = NULL;

  g_return_if_fail (CONFAB_IS_SELECT_CALL_MEDIA_VIEW_MODEL (self));

  /* The banner stays as it is: there is nothing else to say. */
  if (!confab_system_settings_open (&error))
    g_info ("The system's settings: %s", error->message);
}

static void
keep_choice (ConfabSelectCallMediaViewModel *self, ConfabCall *call)
{
  /* What a room's own call begins with is not what a person likes in calls. */
  if (confab_call_get_intent (call) != CONFAB_CALL_INTENT_ROOM)
    confab_media_choice_keep (self->settings,
                              confab_call_get_call_type (call),
                              confab_media_preview_get_on (self->preview,
                                                           CONFAB_DEVICE_KIND_MICROPHONE),
                              confab_media_preview_get_on (self->preview,
                                                           CONFAB_DEVICE_KIND_CAMERA));
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

  if (!confab_room_view_model_get_can_act (self->room))
    return;
  media = confab_media_preview_take (self->preview);
  if (media == NULL)
    return;
  call = confab_room_view_model_ensure_call (
    self->room,
    self->mode == CONFAB_START_RINGING ? CONFAB_CALL_INTENT_RING : CONFAB_CALL_INTENT_PROMPT,
    self->sound_only ? CONFAB_CALL_TYPE_VOICE : CONFAB_CALL_TYPE_VIDEO);
  keep_choice (self, call);
  /* First who listens, then the command: a failure may come at once. */
  confab_select_call_media_view_model_emit_joined (self, G_OBJECT (call));
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
  g_return_if_fail (CONFAB_IS_SELECT_CALL_MEDIA_VIEW_MODEL (self));

  confab_media_preview_close (self->preview);
}
