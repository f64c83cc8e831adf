/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "confab-call-enums.h"

G_BEGIN_DECLS

typedef struct _ConfabMediaDevices ConfabMediaDevices;

/**
 * ConfabDeviceMenu:
 *
 * The devices of one kind as a menu to choose from, which follows what is plugged in. Properties: `menu`, `name` (of
 * the chosen one, or that there is none; notifies). Main thread only.
 */
#define CONFAB_TYPE_DEVICE_MENU (confab_device_menu_get_type ())
G_DECLARE_FINAL_TYPE (ConfabDeviceMenu, confab_device_menu, CONFAB, DEVICE_MENU, GObject)

ConfabDeviceMenu *
confab_device_menu_new (ConfabMediaDevices *devices, ConfabDeviceKind kind, const char *action)
  G_GNUC_WARN_UNUSED_RESULT;
GMenuModel *confab_device_menu_get_menu (ConfabDeviceMenu *self);
const char *confab_device_menu_get_name (ConfabDeviceMenu *self);

G_END_DECLS
