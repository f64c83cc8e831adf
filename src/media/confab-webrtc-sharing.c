/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-sdp.h"
#include "confab-webrtc-pipeline-private.h"

#include <stdlib.h>

/*
 * The shared screen of one connection, in the worker's thread. Its m-section comes with the first share and stays: later
 * shares are a change of direction. It is put into descriptions by offers of ours only. An answer has it when an offer had it
 * before, since webrtcbin sends as soon as it has set its answer, and what overtakes that answer is taken for the camera for
 * good. Receiving stays on all the time: webrtcbin may put the other side's screen into the same m-section.
 */

/* The pads of a running webrtcbin are there for good, so this is not done before somebody shares. */
static void
build_screen (ConfabWebrtcPipeline *self)
{
  gst_bin_add (GST_BIN (self->pipeline), self->screen_input);
  self->screen_transceiver = confab_webrtc_pipeline_build_sender (
    self, self->screen_input, self->video_payload, self->screen_ssrc, self->screen_id);
  confab_fanout_forward_key_frame_requests (self->screen, self->screen_input);
}

static void
set_direction (ConfabWebrtcPipeline *self)
{
  if (self->screen_transceiver != NULL)
    g_object_set (self->screen_transceiver,
                  "direction",
                  self->tells ? GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_SENDRECV
                              : GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_RECVONLY,
                  NULL);
}

/* The payload type that the other side gave our encoding in that m-section, -1 when it did not. */
static int
find_payload (const GstSDPMedia *media, const char *encoding)
{
  for (guint i = 0; i < gst_sdp_media_formats_len (media); i++) {
    const int payload = atoi (gst_sdp_media_get_format (media, i));
    g_autoptr (GstCaps) caps = gst_sdp_media_get_caps_from_media (media, payload);
    const char *name = caps != NULL ? gst_structure_get_string (gst_caps_get_structure (caps, 0),
                                                                "encoding-name")
                                    : NULL;

    if (name != NULL && g_ascii_strcasecmp (name, encoding) == 0)
      return payload;
  }
  return -1;
}

/*
 * What the other side added is taken in our encodings, whatever payload type it gives them. For an offer of ours webrtcbin
 * wants to know which one: it looks behind the pad, which is not there before the first packet.
 */
static void
set_payload (GstWebRTCRTPTransceiver *transceiver, const GstSDPMessage *remote)
{
  g_autoptr (GstCaps) preferences = NULL;
  g_autoptr (GstCaps) caps = NULL;
  guint mline;
  int payload = -1;

  g_object_get (transceiver, "codec-preferences", &preferences, "mlineindex", &mline, NULL);
  if (preferences == NULL || gst_caps_is_empty (preferences))
    return;
  if (remote != NULL && mline < gst_sdp_message_medias_len (remote))
    payload = find_payload (gst_sdp_message_get_media (remote, mline),
                            gst_structure_get_string (gst_caps_get_structure (preferences, 0),
                                                      "encoding-name"));
  caps = gst_caps_copy (preferences);
  if (payload >= 0)
    gst_caps_set_simple (caps, "payload", G_TYPE_INT, payload, NULL);
  else
    gst_structure_remove_field (gst_caps_get_structure (caps, 0), "payload");
  g_object_set (transceiver, "codec-preferences", caps, NULL);
}

static void
set_payloads (ConfabWebrtcPipeline *self, gboolean known)
{
  GstWebRTCSessionDescription *remote = NULL;
  g_autoptr (GArray) transceivers = NULL;

  if (known)
    g_object_get (self->webrtc, "current-remote-description", &remote, NULL);
  g_signal_emit_by_name (self->webrtc, "get-transceivers", &transceivers);
  for (guint i = 0; transceivers != NULL && i < transceivers->len; i++)
    set_payload (g_array_index (transceivers, GstWebRTCRTPTransceiver *, i),
                 remote != NULL ? remote->sdp : NULL);
  g_clear_pointer (&remote, gst_webrtc_session_description_free);
}

/* Before webrtcbin does it. */
void
confab_webrtc_pipeline_prepare_step (ConfabWebrtcPipeline *self, ConfabWebrtcStep step)
{
  switch (step) {
  case CONFAB_WEBRTC_STEP_CREATE_OFFER:
  case CONFAB_WEBRTC_STEP_PREPARE_OFFER:
    if (self->sharing && self->screen_transceiver == NULL)
      build_screen (self);
    self->tells = self->sharing;
    set_direction (self);
    set_payloads (self, TRUE);
    break;
  case CONFAB_WEBRTC_STEP_SET_REMOTE_OFFER:
    set_payloads (self, FALSE);
    break;
  case CONFAB_WEBRTC_STEP_CREATE_ANSWER:
    self->tells = self->sharing && self->told;
    set_direction (self);
    break;
  default:
    break;
  }
}

/* webrtcbin has been asked to do it; what is asked of it later comes after. */
void
confab_webrtc_pipeline_finish_step (ConfabWebrtcPipeline *self, ConfabWebrtcStep step)
{
  if (step == CONFAB_WEBRTC_STEP_SET_LOCAL_ANSWER || step == CONFAB_WEBRTC_STEP_SET_REMOTE_ANSWER)
    self->told = self->tells;
}

gboolean
confab_webrtc_pipeline_is_taken (GstWebRTCRTPTransceiver *transceiver, const char *remote_sdp)
{
  g_autofree char *mid = NULL;

  if (transceiver == NULL)
    return FALSE;
  g_object_get (transceiver, "mid", &mid, NULL);
  return mid != NULL && confab_sdp_receives (remote_sdp, mid);
}

/* It flows while it is shared, the other side knows of it, and takes it. */
void
confab_webrtc_pipeline_update_screen (ConfabWebrtcPipeline *self)
{
  if (self->sharing && self->told && self->remote_sdp != NULL &&
      confab_webrtc_pipeline_is_taken (self->screen_transceiver, self->remote_sdp)) {
    confab_fanout_add (self->screen, self->screen_input);
    confab_fanout_request_key_frame (self->screen, TRUE);
  } else {
    confab_fanout_remove (self->screen, self->screen_input);
  }
}
