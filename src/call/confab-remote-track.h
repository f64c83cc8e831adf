/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-enums.h"

G_BEGIN_DECLS

/**
 * ConfabRemoteTrack:
 *
 * One sound or picture that comes in over a #ConfabPeerConnection. `media` makes it when the first packet
 * comes, and writes its properties; `call` and all above only read, but for `watched`, and for `stream-id` where the
 * signalling knows better. Main thread only.
 */
#define CONFAB_TYPE_REMOTE_TRACK (confab_remote_track_get_type ())
G_DECLARE_FINAL_TYPE (ConfabRemoteTrack, confab_remote_track, CONFAB, REMOTE_TRACK, GObject)

ConfabRemoteTrack *
confab_remote_track_new (ConfabMediaKind kind, const char *stream_id, const char *mid)
  G_GNUC_WARN_UNUSED_RESULT;
ConfabMediaKind confab_remote_track_get_kind (ConfabRemoteTrack *self);
const char *confab_remote_track_get_stream_id (ConfabRemoteTrack *self);
void confab_remote_track_set_stream_id (ConfabRemoteTrack *self, const char *stream_id);
gboolean confab_remote_track_get_sending (ConfabRemoteTrack *self);
void confab_remote_track_set_sending (ConfabRemoteTrack *self, gboolean sending);
const char *confab_remote_track_get_mid (ConfabRemoteTrack *self);
GObject *confab_remote_track_get_paintable (ConfabRemoteTrack *self);
void confab_remote_track_set_paintable (ConfabRemoteTrack *self, GObject *paintable);
double confab_remote_track_get_level (ConfabRemoteTrack *self);
void confab_remote_track_set_level (ConfabRemoteTrack *self, double level);
gboolean confab_remote_track_get_playing (ConfabRemoteTrack *self);
void confab_remote_track_set_playing (ConfabRemoteTrack *self, gboolean playing);
double confab_remote_track_get_loss (ConfabRemoteTrack *self);
void confab_remote_track_set_loss (ConfabRemoteTrack *self, double loss);
gboolean confab_remote_track_get_watched (ConfabRemoteTrack *self);
void confab_remote_track_set_watched (ConfabRemoteTrack *self, gboolean watched);

G_END_DECLS
