/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "confab-remote-track.h"
#include "confab-stream-metadata.h"
#include "confab-stream.h"

G_BEGIN_DECLS

/**
 * ConfabRemoteStreams:
 *
 * The #ConfabStream of one remote device: made from its metadata, filled from the tracks that come in.
 */
#define CONFAB_TYPE_REMOTE_STREAMS (confab_remote_streams_get_type ())
G_DECLARE_FINAL_TYPE (ConfabRemoteStreams, confab_remote_streams, CONFAB, REMOTE_STREAMS, GObject)

ConfabRemoteStreams *confab_remote_streams_new (void) G_GNUC_WARN_UNUSED_RESULT;
GListModel *confab_remote_streams_get_model (ConfabRemoteStreams *self);
void confab_remote_streams_set_metadata (ConfabRemoteStreams *self, ConfabStreamMetadata *metadata);
void confab_remote_streams_add_track (ConfabRemoteStreams *self, ConfabRemoteTrack *track);
void confab_remote_streams_clear (ConfabRemoteStreams *self);
gboolean confab_remote_streams_get_weak (ConfabRemoteStreams *self);

G_END_DECLS
