/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-media-choice.h"

#include "confab-media-devices.h"

#define MICROPHONE_KEY "microphone-in-calls"

static const char *const device_keys[] = {
  [CONFAB_DEVICE_KIND_MICROPHONE] = "microphone",
  [CONFAB_DEVICE_KIND_SPEAKER] = "speaker",
  [CONFAB_DEVICE_KIND_CAMERA] = "camera",
};

static const char *
camera_key (ConfabCallType type)
{
  return type == CONFAB_CALL_TYPE_VIDEO ? "camera-in-video-calls" : "camera-in-voice-calls";
}

/**
 * confab_media_choice_apply:
 * @settings: (nullable): where it is kept
 * @devices: the devices of this run
 *
 * Chooses what was chosen in an earlier run, also where it is not plugged in now.
 */
void
confab_media_choice_apply (GSettings *settings, ConfabMediaDevices *devices)
{
  g_return_if_fail (CONFAB_IS_MEDIA_DEVICES (devices));

  for (guint kind = 0; settings != NULL && kind < G_N_ELEMENTS (device_keys); kind++) {
    g_autofree char *id = g_settings_get_string (settings, device_keys[kind]);

    if (*id != '\0')
      confab_media_devices_choose (devices, kind, id);
  }
}

/**
 * confab_media_choice_choose:
 * @settings: (nullable): where it is kept
 * @devices: the devices
 * @kind: of which kind
 * @id: (nullable): a device's id; empty or %NULL follows the system's default
 *
 * Chooses a device, for this run and those to come.
 */
void
confab_media_choice_choose (GSettings *settings,
                            ConfabMediaDevices *devices,
                            ConfabDeviceKind kind,
                            const char *id)
{
  gboolean is_default = id == NULL || *id == '\0';

  g_return_if_fail (CONFAB_IS_MEDIA_DEVICES (devices));
  g_return_if_fail (kind < G_N_ELEMENTS (device_keys));

  confab_media_devices_choose (devices, kind, is_default ? NULL : id);
  if (settings != NULL)
    g_settings_set_string (settings, device_keys[kind], is_default ? "" : id);
}

/**
 * confab_media_choice_get_microphone_on:
 * @settings: (nullable): where it is kept
 *
 * Returns: whether the microphone was on when a call was last joined
 */
gboolean
confab_media_choice_get_microphone_on (GSettings *settings)
{
  return settings == NULL || g_settings_get_boolean (settings, MICROPHONE_KEY);
}

/**
 * confab_media_choice_get_camera_on:
 * @settings: (nullable): where it is kept
 * @type: the kind of call
 *
 * Returns: whether the camera was on when a call of that kind was last joined
 */
gboolean
confab_media_choice_get_camera_on (GSettings *settings, ConfabCallType type)
{
  return settings != NULL ? g_settings_get_boolean (settings, camera_key (type))
                          : type == CONFAB_CALL_TYPE_VIDEO;
}

/**
 * confab_media_choice_keep:
 * @settings: (nullable): where to keep it
 * @type: the kind of call that was joined
 * @microphone_on: with the microphone on
 * @camera_on: with the camera on
 */
void
confab_media_choice_keep (GSettings *settings,
                          ConfabCallType type,
                          gboolean microphone_on,
                          gboolean camera_on)
{
  if (settings == NULL)
    return;
  g_settings_set_boolean (settings, MICROPHONE_KEY, microphone_on);
  g_settings_set_boolean (settings, camera_key (type), camera_on);
}
