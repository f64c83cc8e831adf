/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <gst/gst.h>
#include <json-glib/json-glib.h>

#include "confab-drawing.h"
#include "confab-fanout.h"
#include "confab-remote-track.h"

G_BEGIN_DECLS

/**
 * ConfabTrackReceiver:
 *
 * Decodes what one source pad of webrtcbin gives, writes the #ConfabRemoteTrack's properties and counts.
 * Main thread only.
 */
#define CONFAB_TYPE_TRACK_RECEIVER (confab_track_receiver_get_type ())
G_DECLARE_FINAL_TYPE (ConfabTrackReceiver, confab_track_receiver, CONFAB, TRACK_RECEIVER, GObject)

ConfabTrackReceiver *
confab_track_receiver_new (GstPad *pad, guint ssrc, ConfabRemoteTrack *track, ConfabDrawing drawing)
  G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *confab_track_receiver_get_elements (ConfabTrackReceiver *self);
ConfabRemoteTrack *confab_track_receiver_get_track (ConfabTrackReceiver *self);
ConfabFanout *confab_track_receiver_get_sound (ConfabTrackReceiver *self);
gboolean confab_track_receiver_handle_message (ConfabTrackReceiver *self, GstMessage *message);
guint confab_track_receiver_get_ssrc (ConfabTrackReceiver *self);
void confab_track_receiver_describe (ConfabTrackReceiver *self, JsonObject *into);
void confab_track_receiver_analyse_async (ConfabTrackReceiver *self,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
JsonObject *confab_track_receiver_analyse_finish (ConfabTrackReceiver *self,
                                                  GAsyncResult *result,
                                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
