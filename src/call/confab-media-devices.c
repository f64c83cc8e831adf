/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-media-devices.h"

G_DEFINE_INTERFACE (ConfabMediaDevices, confab_media_devices, G_TYPE_OBJECT)

enum {
  SIGNAL_CHOSEN_CHANGED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
confab_media_devices_default_init (ConfabMediaDevicesInterface *iface)
{
  /**
   * ConfabMediaDevices::chosen-changed:
   * @kind: of which kind
   *
   * confab_media_devices_get_chosen() gives another device.
   */
  signals[SIGNAL_CHOSEN_CHANGED] = g_signal_new ("chosen-changed",
                                                 CONFAB_TYPE_MEDIA_DEVICES,
                                                 G_SIGNAL_RUN_LAST,
                                                 0,
                                                 NULL,
                                                 NULL,
                                                 NULL,
                                                 G_TYPE_NONE,
                                                 1,
                                                 CONFAB_TYPE_DEVICE_KIND);
}

#define IFACE CONFAB_MEDIA_DEVICES_GET_IFACE

/**
 * confab_media_devices_get_devices:
 * @self: the devices
 * @kind: of which kind
 *
 * Returns: (transfer none): a model of #ConfabMediaDevice that follows what is plugged in
 */
GListModel *
confab_media_devices_get_devices (ConfabMediaDevices *self, ConfabDeviceKind kind)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_DEVICES (self), NULL);

  return IFACE (self)->get_devices (self, kind);
}

/**
 * confab_media_devices_get_chosen:
 * @self: the devices
 * @kind: of which kind
 *
 * Returns: (transfer none) (nullable): the chosen one if it is there, else the system's default
 */
ConfabMediaDevice *
confab_media_devices_get_chosen (ConfabMediaDevices *self, ConfabDeviceKind kind)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_DEVICES (self), NULL);

  return IFACE (self)->get_chosen (self, kind);
}

/**
 * confab_media_devices_choose:
 * @self: the devices
 * @kind: of which kind
 * @id: (nullable): a device's id, also of one that is away; %NULL follows the system's default
 *
 * Media that is open goes over to it at once.
 */
void
confab_media_devices_choose (ConfabMediaDevices *self, ConfabDeviceKind kind, const char *id)
{
  g_return_if_fail (CONFAB_IS_MEDIA_DEVICES (self));

  IFACE (self)->choose (self, kind, id);
}

/**
 * confab_media_devices_open:
 * @self: the devices
 * @microphone_muted: whether to start with the microphone off
 * @camera_muted: whether to start with the camera closed
 *
 * Returns at once; the picture comes when the camera gives it.
 *
 * Returns: (transfer full): this device's media; its owner closes it
 */
ConfabLocalMedia *
confab_media_devices_open (ConfabMediaDevices *self,
                           gboolean microphone_muted,
                           gboolean camera_muted)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_DEVICES (self), NULL);

  return IFACE (self)->open (self, microphone_muted, camera_muted);
}

/**
 * confab_media_devices_emit_chosen_changed:
 * @self: the devices
 * @kind: of which kind
 *
 * For implementations: emits ::chosen-changed.
 */
void
confab_media_devices_emit_chosen_changed (ConfabMediaDevices *self, ConfabDeviceKind kind)
{
  g_signal_emit (self, signals[SIGNAL_CHOSEN_CHANGED], 0, kind);
}
