/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "confab-local-media.h"
#include "confab-media-device.h"

G_BEGIN_DECLS

/**
 * ConfabMediaDevices:
 *
 * As W3C's MediaDevices: which devices there are, which are chosen, and how to open them. `media` implements
 * it. Main thread only.
 */
#define CONFAB_TYPE_MEDIA_DEVICES (confab_media_devices_get_type ())
G_DECLARE_INTERFACE (ConfabMediaDevices, confab_media_devices, CONFAB, MEDIA_DEVICES, GObject)

struct _ConfabMediaDevicesInterface {
  GTypeInterface parent_iface;

  GListModel *(*get_devices) (ConfabMediaDevices *self, ConfabDeviceKind kind);
  ConfabMediaDevice *(*get_chosen) (ConfabMediaDevices *self, ConfabDeviceKind kind);
  void (*choose) (ConfabMediaDevices *self, ConfabDeviceKind kind, const char *id);
  ConfabLocalMedia *(*open) (ConfabMediaDevices *self,
                             gboolean microphone_muted,
                             gboolean camera_muted);
};

GListModel *confab_media_devices_get_devices (ConfabMediaDevices *self, ConfabDeviceKind kind);
ConfabMediaDevice *
confab_media_devices_get_chosen (ConfabMediaDevices *self, ConfabDeviceKind kind);
void confab_media_devices_choose (ConfabMediaDevices *self, ConfabDeviceKind kind, const char *id);
ConfabLocalMedia *confab_media_devices_open (ConfabMediaDevices *self,
                                             gboolean microphone_muted,
                                             gboolean camera_muted) G_GNUC_WARN_UNUSED_RESULT;

/* For implementations. */
void confab_media_devices_emit_chosen_changed (ConfabMediaDevices *self, ConfabDeviceKind kind);

G_END_DECLS
