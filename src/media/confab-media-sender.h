/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-local-media.h"
#include "confab-media-engine.h"

G_BEGIN_DECLS

/**
 * ConfabMediaSender:
 *
 * A #ConfabLocalMedia: one microphone and one camera, each encoded once for everybody. Main thread only.
 */
#define CONFAB_TYPE_MEDIA_SENDER (confab_media_sender_get_type ())
G_DECLARE_FINAL_TYPE (ConfabMediaSender, confab_media_sender, CONFAB, MEDIA_SENDER, GObject)

ConfabMediaSender *confab_media_sender_new (ConfabMediaEngine *engine,
                                            gboolean microphone_muted,
                                            gboolean camera_muted) G_GNUC_WARN_UNUSED_RESULT;
void confab_media_sender_device_changed (ConfabMediaSender *self,
                                         ConfabDeviceKind kind,
                                         gboolean chosen_changed);
gboolean confab_media_sender_is_capturing (ConfabMediaSender *self, ConfabDeviceKind kind);
GstElement *confab_media_sender_get_pipeline (ConfabMediaSender *self);
GstElement *confab_media_sender_get_screen_pipeline (ConfabMediaSender *self);

G_END_DECLS
