/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gdk/gdk.h>

#include "confab-local-media.h"
#include "confab-voice-meter.h"

G_BEGIN_DECLS

typedef struct _ConfabMediaDevices ConfabMediaDevices;

/**
 * ConfabMediaPreview:
 *
 * Microphone and camera before a call: open, with a switch each, until they are handed over to the call or closed.
 * Main thread only.
 *
 * Signal `changed`: a switch, a problem or the picture is another.
 */
#define CONFAB_TYPE_MEDIA_PREVIEW (confab_media_preview_get_type ())
G_DECLARE_FINAL_TYPE (ConfabMediaPreview, confab_media_preview, CONFAB, MEDIA_PREVIEW, GObject)

ConfabMediaPreview *confab_media_preview_new (ConfabMediaDevices *devices,
                                              ConfabClock *clock,
                                              gboolean microphone_on,
                                              gboolean camera_on) G_GNUC_WARN_UNUSED_RESULT;
void confab_media_preview_open (ConfabMediaPreview *self);
void confab_media_preview_close (ConfabMediaPreview *self);
ConfabLocalMedia *confab_media_preview_take (ConfabMediaPreview *self) G_GNUC_WARN_UNUSED_RESULT;
void confab_media_preview_retry_camera (ConfabMediaPreview *self);

gboolean confab_media_preview_get_on (ConfabMediaPreview *self, ConfabDeviceKind kind);
gboolean confab_media_preview_set_on (ConfabMediaPreview *self, ConfabDeviceKind kind, gboolean on);
ConfabDeviceProblem
confab_media_preview_get_problem (ConfabMediaPreview *self, ConfabDeviceKind kind);
gboolean confab_media_preview_gives (ConfabMediaPreview *self, ConfabDeviceKind kind);
GdkPaintable *confab_media_preview_get_paintable (ConfabMediaPreview *self);
ConfabVoiceMeter *confab_media_preview_get_meter (ConfabMediaPreview *self);

G_END_DECLS
