/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-enums.h"

G_BEGIN_DECLS

/**
 * ConfabMediaDevice:
 *
 * A microphone, a speaker or a camera that can be chosen. Immutable.
 */
#define CONFAB_TYPE_MEDIA_DEVICE (confab_media_device_get_type ())
G_DECLARE_FINAL_TYPE (ConfabMediaDevice, confab_media_device, CONFAB, MEDIA_DEVICE, GObject)

ConfabMediaDevice *confab_media_device_new (ConfabDeviceKind kind, const char *id, const char *name)
  G_GNUC_WARN_UNUSED_RESULT;
ConfabDeviceKind confab_media_device_get_kind (ConfabMediaDevice *self);
const char *confab_media_device_get_id (ConfabMediaDevice *self);
const char *confab_media_device_get_name (ConfabMediaDevice *self);

G_END_DECLS
