/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-enums.h"

G_BEGIN_DECLS

/* Level of silence, and of what is not known: dBFS. */
#define CONFAB_LEVEL_SILENCE (-100.0)

/**
 * ConfabStream:
 *
 * A sound and a picture that belong together (one tile): a person's microphone and camera, or a shared
 * screen; one's own or somebody's. Signalling writes who it is and what is muted, `media` what there is to
 * see and hear, whoever shows it whether it is watched. Main thread only.
 */
#define CONFAB_TYPE_STREAM (confab_stream_get_type ())
G_DECLARE_FINAL_TYPE (ConfabStream, confab_stream, CONFAB, STREAM, GObject)

ConfabStream *
confab_stream_new (const char *id, ConfabStreamPurpose purpose) G_GNUC_WARN_UNUSED_RESULT;
const char *confab_stream_get_id (ConfabStream *self);
ConfabStreamPurpose confab_stream_get_purpose (ConfabStream *self);
void confab_stream_set_purpose (ConfabStream *self, ConfabStreamPurpose purpose);
gboolean confab_stream_get_audio_muted (ConfabStream *self);
void confab_stream_set_audio_muted (ConfabStream *self, gboolean audio_muted);
gboolean confab_stream_get_video_muted (ConfabStream *self);
void confab_stream_set_video_muted (ConfabStream *self, gboolean video_muted);
void confab_stream_set_audio_missing (ConfabStream *self, gboolean missing);
void confab_stream_set_video_missing (ConfabStream *self, gboolean missing);
gboolean confab_stream_get_audio_off (ConfabStream *self);
gboolean confab_stream_get_video_off (ConfabStream *self);
gboolean confab_stream_get_has_video (ConfabStream *self);
void confab_stream_set_has_video (ConfabStream *self, gboolean has_video);
GObject *confab_stream_get_paintable (ConfabStream *self);
void confab_stream_set_paintable (ConfabStream *self, GObject *paintable);
double confab_stream_get_level (ConfabStream *self);
void confab_stream_set_level (ConfabStream *self, double level);
gboolean confab_stream_get_watched (ConfabStream *self);
void confab_stream_set_watched (ConfabStream *self, gboolean watched);

G_END_DECLS
