/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-ice-uri.h"
#include "confab-media-pipeline.h"
#include "confab-webrtc-pipeline-private.h"

#define JITTER_LATENCY_MS 60
#define MTU 1200
#define STUN_PACING_MS                                                                             \
  5 /* RFC 8445 section 14.2: the least; libnice takes three to find its pair */

static void
set_up_ice (ConfabWebrtcPipeline *self)
{
  g_autoptr (GObject) ice = NULL;
  g_autoptr (GObject) agent = NULL;
  gboolean ok, has_stun = FALSE;

  if (self->relay_only)
    gst_util_set_object_arg (G_OBJECT (self->webrtc), "ice-transport-policy", "relay");
  g_object_get (self->webrtc, "ice-agent", &ice, NULL);
  if (ice == NULL)
    return;
  g_object_get (ice, "agent", &agent, NULL);
  if (agent != NULL)
    g_object_set (agent, "upnp", FALSE, "stun-pacing-timer", STUN_PACING_MS, NULL);
  /* For tests on one machine: its network is not touched, and gathering takes no time. */
  if (g_strcmp0 (g_getenv ("CONFAB_ICE_LOOPBACK"), "1") == 0) {
    g_signal_emit_by_name (ice, "add-local-ip-address", "127.0.0.1", &ok);
    if (agent != NULL)
      g_object_set (agent, "ice-tcp", FALSE, NULL);
  }

  for (guint i = 0; self->servers->uris != NULL && self->servers->uris[i] != NULL; i++) {
    g_autofree char *stun = confab_ice_uri_to_stun (self->servers->uris[i]);
    g_autofree char *turn = confab_ice_uri_to_turn (self->servers->uris[i],
                                                    self->servers->username,
                                                    self->servers->password);

    if (stun != NULL && !has_stun) {
      g_object_set (self->webrtc, "stun-server", stun, NULL);
      has_stun = TRUE;
    }
    if (turn != NULL)
      g_signal_emit_by_name (self->webrtc, "add-turn-server", turn, &ok);
  }
}

/*
 * One sending track: input, payloader, and caps that name the SSRC before any packet exists. An offer may be made before
 * the payloader's own caps came through, so these hold all that an SDP needs: without its channels Opus is `OPUS/48000`,
 * which Chromium refuses (RFC 7587 section 7: always 2).
 */
GstWebRTCRTPTransceiver *
confab_webrtc_pipeline_build_sender (
  ConfabWebrtcPipeline *self, GstElement *input, guint payload, guint32 ssrc, const char *stream_id)
{
  const gboolean is_audio = input == self->audio_input;
  GstElement *payloader = confab_media_pipeline_add (self->pipeline,
                                                     is_audio ? "rtpopuspay" : "rtpvp8pay");
  g_autofree char *caps = g_strdup_printf (
    "application/x-rtp,media=%s,encoding-name=%s,clock-rate=%u,payload=%u,ssrc=(uint)%u%s",
    is_audio ? "audio" : "video",
    is_audio ? "OPUS" : "VP8",
    is_audio ? 48000 : 90000,
    payload,
    ssrc,
    is_audio ? ",encoding-params=(string)2" : "");
  GstElement *filter = confab_media_pipeline_add_caps (self->pipeline, caps);
  g_autoptr (GstPad) source = gst_element_get_static_pad (filter, "src");
  g_autoptr (GstPad) sink = gst_element_request_pad_simple (self->webrtc, "sink_%u");
  GstWebRTCRTPTransceiver *transceiver = NULL;

  if (payloader == NULL)
    return NULL;

  g_object_set (payloader, "pt", payload, "ssrc", ssrc, "mtu", MTU, NULL);
  if (!is_audio)
    gst_util_set_object_arg (G_OBJECT (payloader), "picture-id-mode", "15-bit");
  gst_element_link_many (input, payloader, filter, NULL);
  gst_pad_link (source, sink);
  gst_element_sync_state_with_parent (filter);
  gst_element_sync_state_with_parent (payloader);
  gst_element_sync_state_with_parent (input);
  g_object_set (sink, "msid", stream_id, NULL);
  g_object_get (sink, "transceiver", &transceiver, NULL);
  if (transceiver != NULL && !is_audio) /* on audio it breaks Chromium */
    g_object_set (transceiver, "do-nack", TRUE, NULL);
  return transceiver;
}

/* The worker's first command. */
void
confab_webrtc_pipeline_build (ConfabWebrtcPipeline *self, gpointer data)
{
  GstElement *webrtc = gst_element_factory_make ("webrtcbin", NULL);

  if (webrtc == NULL) {
    g_warning ("GStreamer's element webrtcbin is not usable");
    return;
  }
  self->webrtc = gst_object_ref_sink (webrtc);
  gst_bin_add (GST_BIN (self->pipeline), webrtc);
  gst_util_set_object_arg (G_OBJECT (webrtc), "bundle-policy", "max-bundle");
  g_object_set (webrtc, "latency", JITTER_LATENCY_MS, "reuse-source-pads", TRUE, NULL);
  set_up_ice (self);
  confab_webrtc_pipeline_connect (self);
  self->audio_transceiver = confab_webrtc_pipeline_build_sender (
    self, self->audio_input, self->audio_payload, self->audio_ssrc, self->stream_id);
  self->video_transceiver = confab_webrtc_pipeline_build_sender (
    self, self->video_input, self->video_payload, self->video_ssrc, self->stream_id);
  confab_fanout_forward_key_frame_requests (self->video, self->video_input);
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
}
