/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gst/gst.h>

#include "confab-drawing.h"
#include "confab-audio-mixer.h"
#include "confab-media-devices.h"

G_BEGIN_DECLS

/* Where picture and sound come from. */
typedef enum {
  CONFAB_MEDIA_SOURCE_TEST,    /* a picture and a tone that name the user; nothing is played */
  CONFAB_MEDIA_SOURCE_DEVICES, /* camera, microphone and speaker */
  CONFAB_MEDIA_SOURCE_NONE,    /* silence and no picture; nothing is played */
} ConfabMediaSource;

/**
 * ConfabMediaEngine:
 *
 * The #ConfabMediaDevices over GStreamer. gst_init() comes before. Main thread only.
 */
#define CONFAB_TYPE_MEDIA_ENGINE (confab_media_engine_get_type ())
G_DECLARE_FINAL_TYPE (ConfabMediaEngine, confab_media_engine, CONFAB, MEDIA_ENGINE, GObject)

ConfabMediaEngine *confab_media_engine_new (ConfabMediaSource source) G_GNUC_WARN_UNUSED_RESULT;
ConfabMediaSource confab_media_engine_get_source (ConfabMediaEngine *self);
void confab_media_engine_set_drawing (ConfabMediaEngine *self, ConfabDrawing drawing);
ConfabDrawing confab_media_engine_get_drawing (ConfabMediaEngine *self);
void confab_media_engine_set_relay_only (ConfabMediaEngine *self, gboolean relay_only);
gboolean confab_media_engine_get_relay_only (ConfabMediaEngine *self);
void confab_media_engine_set_test_identity (ConfabMediaEngine *self, const char *user_id);
guint confab_media_engine_get_tone_hz (ConfabMediaEngine *self);
void confab_media_engine_get_mean_rgb (ConfabMediaEngine *self, guint8 rgb[3]);
void confab_media_engine_get_screen_rgb (ConfabMediaEngine *self, guint8 rgb[3]);
gboolean
confab_media_engine_set_test_picture (ConfabMediaEngine *self, const char *path, GError **error);
gboolean confab_media_engine_set_video_format (ConfabMediaEngine *self,
                                               guint width,
                                               guint height,
                                               guint fps);
void confab_media_engine_get_video_format (ConfabMediaEngine *self,
                                           guint *width,
                                           guint *height,
                                           guint *fps);
void confab_media_engine_close (ConfabMediaEngine *self);

/* For this room. */
GstElement *confab_media_engine_create_source (ConfabMediaEngine *self,
                                               ConfabDeviceKind kind,
                                               ConfabDeviceProblem *problem);
gboolean confab_media_engine_can_share (ConfabMediaEngine *self);
void confab_media_engine_get_screen_format (ConfabMediaEngine *self,
                                            guint *width,
                                            guint *height,
                                            guint *fps);
GstElement *confab_media_engine_create_screen (ConfabMediaEngine *self);
ConfabAudioMixer *confab_media_engine_get_mixer (ConfabMediaEngine *self);

G_END_DECLS
