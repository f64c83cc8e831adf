/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "confab-drawing.h"
#include "confab-audio-mixer.h"
#include "confab-fanout.h"
#include "confab-ice-servers.h"
#include "confab-peer-connection.h"

G_BEGIN_DECLS

/**
 * ConfabWebrtcPeer:
 *
 * A #ConfabPeerConnection over webrtcbin. Main thread only.
 */
#define CONFAB_TYPE_WEBRTC_PEER (confab_webrtc_peer_get_type ())
G_DECLARE_FINAL_TYPE (ConfabWebrtcPeer, confab_webrtc_peer, CONFAB, WEBRTC_PEER, GObject)

/**
 * ConfabWebrtcPeerConfig:
 * @stream_id: of the own stream
 * @screen_id: of the stream that the own screen is
 * @audio: what is sent, encoded
 * @video: what is sent, encoded
 * @screen: what is sent while the screen is shared, encoded
 * @mixer: where remote sound is played
 * @servers: STUN and TURN
 * @relay_only: whether only TURN servers see our addresses
 * @drawing: what becomes of remote pictures
 * @width: of the picture that is sent
 * @height: of the picture that is sent
 * @screen_width: of the screen that is sent
 * @screen_height: of the screen that is sent
 * @video_bitrate: bits a second
 * @screen_bitrate: bits a second
 * @audio_bitrate: bits a second
 *
 * What a connection is made of; it keeps its own references.
 */
typedef struct {
  const char *stream_id;
  const char *screen_id;
  ConfabFanout *audio;
  ConfabFanout *video;
  ConfabFanout *screen;
  ConfabAudioMixer *mixer;
  const ConfabIceServers *servers;
  gboolean relay_only;
  ConfabDrawing drawing;
  guint width;
  guint height;
  guint screen_width;
  guint screen_height;
  guint video_bitrate;
  guint screen_bitrate;
  guint audio_bitrate;
} ConfabWebrtcPeerConfig;

ConfabWebrtcPeer *
confab_webrtc_peer_new (const ConfabWebrtcPeerConfig *config) G_GNUC_WARN_UNUSED_RESULT;

void confab_webrtc_peer_get_stats_async (ConfabWebrtcPeer *self,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
JsonObject *
confab_webrtc_peer_get_stats_finish (ConfabWebrtcPeer *self, GAsyncResult *result, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;
void confab_webrtc_peer_analyse_async (ConfabWebrtcPeer *self,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
JsonArray *
confab_webrtc_peer_analyse_finish (ConfabWebrtcPeer *self, GAsyncResult *result, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
