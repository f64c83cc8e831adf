/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "confab-call-enums.h"

G_BEGIN_DECLS

typedef struct _ConfabMediaDevices ConfabMediaDevices;

/* What a person chose last, kept in @settings (see confab_settings_new()); without them nothing is remembered, and the
 * answers are those of the first time. */
void confab_media_choice_apply (GSettings *settings, ConfabMediaDevices *devices);
void confab_media_choice_choose (GSettings *settings,
                                 ConfabMediaDevices *devices,
                                 ConfabDeviceKind kind,
                                 const char *id);
gboolean confab_media_choice_get_microphone_on (GSettings *settings);
gboolean confab_media_choice_get_camera_on (GSettings *settings, ConfabCallType type);
void confab_media_choice_keep (GSettings *settings,
                               ConfabCallType type,
                               gboolean microphone_on,
                               gboolean camera_on);

G_END_DECLS
