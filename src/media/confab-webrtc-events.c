/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-webrtc-pipeline-private.h"

#include "confab-sdp.h"

#include <string.h>

/*
 * What webrtcbin says, in its own thread or a streaming thread: it is put into a form that needs no lock to be read, and
 * posted to the main thread.
 */

static ConfabReceiveClock *
receive_clock_ref (ConfabReceiveClock *clock)
{
  g_atomic_ref_count_inc (&clock->ref_count);
  return clock;
}

ConfabReceiveClock *
confab_receive_clock_new (void)
{
  ConfabReceiveClock *clock = g_new0 (ConfabReceiveClock, 1);

  g_atomic_ref_count_init (&clock->ref_count);
  g_mutex_init (&clock->lock);
  return clock;
}

void
confab_receive_clock_unref (gpointer data)
{
  ConfabReceiveClock *clock = data;

  if (!g_atomic_ref_count_dec (&clock->ref_count))
    return;

  g_mutex_clear (&clock->lock);
  g_free (clock);
}

static void
receive_clock_unref_closure (gpointer data, GClosure *closure)
{
  confab_receive_clock_unref (data);
}

/* RFC 7983: the first byte of RTP and RTCP is 128 to 191; DTLS and STUN are below. */
static GstPadProbeReturn
received_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  ConfabReceiveClock *clock = user_data;
  GstBuffer *buffer = (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST)
                        ? gst_buffer_list_get (GST_PAD_PROBE_INFO_BUFFER_LIST (info), 0)
                        : GST_PAD_PROBE_INFO_BUFFER (info);
  guint8 first = 0;

  if (buffer == NULL || gst_buffer_extract (buffer, 0, &first, 1) != 1 || first < 128 ||
      first > 191)
    return GST_PAD_PROBE_OK;

  g_mutex_lock (&clock->lock);
  clock->last_received_at = g_get_monotonic_time ();
  g_mutex_unlock (&clock->lock);
  return GST_PAD_PROBE_OK;
}

static void
element_added_cb (GstBin *bin, GstBin *sub_bin, GstElement *element, gpointer user_data)
{
  GstElementFactory *factory = gst_element_get_factory (element);
  g_autoptr (GstPad) pad = NULL;

  if (factory == NULL || strcmp (GST_OBJECT_NAME (factory), "nicesrc") != 0)
    return;

  pad = gst_element_get_static_pad (element, "src");
  gst_pad_add_probe (pad,
                     GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST,
                     received_cb,
                     receive_clock_ref (user_data),
                     confab_receive_clock_unref);
}

/* A step that webrtcbin was asked to do. */
typedef struct {
  ConfabMainLink *link;
  ConfabMainLinkFunc replied;
  ConfabWebrtcStep step;
} Asked;

static void
asked_free (gpointer data)
{
  Asked *asked = data;

  confab_main_link_unref (asked->link);
  g_free (asked);
}

static void
reply_free (gpointer data)
{
  ConfabWebrtcReply *reply = data;

  g_clear_error (&reply->error);
  g_clear_pointer (&reply->description, gst_webrtc_session_description_free);
  g_free (reply);
}

static void
read_promise (GstPromise *promise, ConfabWebrtcReply *reply)
{
  const char *name = reply->step == CONFAB_WEBRTC_STEP_CREATE_ANSWER ? "answer" : "offer";
  const GstStructure *structure;
  g_autoptr (GError) error = NULL;

  if (gst_promise_wait (promise) != GST_PROMISE_RESULT_REPLIED) {
    reply->error = g_error_new (CONFAB_SDP_ERROR,
                                CONFAB_SDP_ERROR_UNUSABLE,
                                "The connection is closed");
    return;
  }
  structure = gst_promise_get_reply (promise);
  if (structure != NULL && gst_structure_has_field (structure, "error") &&
      gst_structure_get (structure, "error", G_TYPE_ERROR, &error, NULL) && error != NULL) {
    reply->error = g_error_new (CONFAB_SDP_ERROR, CONFAB_SDP_ERROR_UNUSABLE, "%s", error->message);
    return;
  }
  if (reply->step > CONFAB_WEBRTC_STEP_CREATE_ANSWER)
    return;
  if (structure == NULL ||
      !gst_structure_get (
        structure, name, GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &reply->description, NULL))
    reply->error = g_error_new (CONFAB_SDP_ERROR,
                                CONFAB_SDP_ERROR_UNUSABLE,
                                "webrtcbin made no description");
}

static void
promise_changed_cb (GstPromise *promise, gpointer user_data)
{
  Asked *asked = user_data;
  ConfabWebrtcReply *reply = g_new0 (ConfabWebrtcReply, 1);

  reply->step = asked->step;
  read_promise (promise, reply);
  confab_main_link_post (asked->link, asked->replied, reply, reply_free);
}

/* What webrtcbin is given with a step. */
GstPromise *
confab_webrtc_pipeline_promise (ConfabWebrtcPipeline *self, ConfabWebrtcStep step)
{
  Asked *asked = g_new0 (Asked, 1);

  *asked = (Asked) { confab_main_link_ref (self->link), self->events.replied, step };
  return gst_promise_new_with_change_func (promise_changed_cb, asked, asked_free);
}

static void
connection_state_cb (GObject *webrtc, GParamSpec *pspec, gpointer user_data)
{
  ConfabWebrtcPipeline *self = user_data;
  GstWebRTCPeerConnectionState state;

  g_object_get (webrtc, "connection-state", &state, NULL);
  confab_main_link_post (self->link, self->events.state_changed, GUINT_TO_POINTER (state), NULL);
}

static void
ice_state_cb (GObject *webrtc, GParamSpec *pspec, gpointer user_data)
{
  ConfabWebrtcPipeline *self = user_data;
  GstWebRTCICEConnectionState state;

  g_object_get (webrtc, "ice-connection-state", &state, NULL);
  confab_main_link_post (self->link, self->events.ice_changed, GUINT_TO_POINTER (state), NULL);
}

static void
gathering_state_cb (GObject *webrtc, GParamSpec *pspec, gpointer user_data)
{
  ConfabWebrtcPipeline *self = user_data;
  GstWebRTCICEGatheringState state;

  g_object_get (webrtc, "ice-gathering-state", &state, NULL);
  confab_main_link_post (self->link,
                         self->events.gathering_changed,
                         GUINT_TO_POINTER (state),
                         NULL);
}

static void
candidate_cb (GstElement *webrtc, guint mline_index, const char *text, gpointer user_data)
{
  ConfabWebrtcPipeline *self = user_data;

  if (text == NULL || text[0] == '\0')
    return;

  confab_main_link_post (self->link,
                         self->events.candidate_found,
                         confab_webrtc_candidate_new (mline_index, text),
                         confab_webrtc_candidate_free);
}

static void
negotiation_needed_cb (GstElement *webrtc, gpointer user_data)
{
  confab_webrtc_pipeline_check_negotiation (user_data);
}

/* What a stranger offers anew is taken in our encodings only. Within webrtcbin's step. */
static void
transceiver_cb (GstElement *webrtc, GstWebRTCRTPTransceiver *transceiver, gpointer user_data)
{
  GstWebRTCKind kind;
  g_autoptr (GstCaps) caps = NULL;
  g_autoptr (GstCaps) preferences = NULL;

  g_object_get (transceiver, "kind", &kind, "codec-preferences", &preferences, NULL);
  if (preferences != NULL || kind == GST_WEBRTC_KIND_UNKNOWN)
    return;

  caps = gst_caps_from_string (
    kind == GST_WEBRTC_KIND_VIDEO
      ? "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000"
      : "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000");
  g_object_set (transceiver, "codec-preferences", caps, NULL);
  if (kind == GST_WEBRTC_KIND_VIDEO)
    g_object_set (transceiver, "do-nack", TRUE, NULL);
}

static void
pad_clear (gpointer data)
{
  ConfabWebrtcPad *pad = data;

  gst_pad_remove_probe (pad->pad, pad->block_id);
  gst_object_unref (pad->pad);
  g_free (pad->mid);
}

ConfabWebrtcPad *
confab_webrtc_pad_ref (ConfabWebrtcPad *pad)
{
  return g_atomic_rc_box_acquire (pad);
}

void
confab_webrtc_pad_unref (gpointer pad)
{
  g_atomic_rc_box_release_full (pad, pad_clear);
}

static GstPadProbeReturn
block_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return GST_PAD_PROBE_OK;
}

/* The pad waits until what decodes it is there. */
static void
pad_added_cb (GstElement *webrtc, GstPad *gst_pad, gpointer user_data)
{
  ConfabWebrtcPipeline *self = user_data;
  g_autoptr (GstCaps) caps = NULL;
  g_autoptr (GstWebRTCRTPTransceiver) transceiver = NULL;
  const GstStructure *structure;
  ConfabWebrtcPad *pad;

  if (GST_PAD_DIRECTION (gst_pad) != GST_PAD_SRC)
    return;
  caps = gst_pad_get_current_caps (gst_pad);
  if (caps == NULL)
    return;

  pad = g_atomic_rc_box_new0 (ConfabWebrtcPad);
  pad->pad = gst_object_ref (gst_pad);
  pad->block_id = gst_pad_add_probe (gst_pad,
                                     GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER |
                                       GST_PAD_PROBE_TYPE_BUFFER_LIST,
                                     block_cb,
                                     NULL,
                                     NULL);
  structure = gst_caps_get_structure (caps, 0);
  pad->is_audio = g_strcmp0 (gst_structure_get_string (structure, "media"), "audio") == 0;
  gst_structure_get_uint (structure, "ssrc", &pad->ssrc);
  g_object_get (gst_pad, "transceiver", &transceiver, NULL);
  if (transceiver != NULL)
    g_object_get (transceiver, "mid", &pad->mid, NULL);
  confab_main_link_post (self->link, self->events.pad_added, pad, confab_webrtc_pad_unref);
}

/* In the main thread; the data is the pipeline. */
gboolean
confab_webrtc_pipeline_message_cb (GstBus *bus, GstMessage *message, gpointer user_data)
{
  ConfabWebrtcPipeline *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *debug = NULL;

  switch (GST_MESSAGE_TYPE (message)) {
  case GST_MESSAGE_LATENCY:
    confab_webrtc_pipeline_recalculate_latency (self);
    break;
  case GST_MESSAGE_ELEMENT:
    confab_main_link_post (self->link,
                           self->events.level_measured,
                           gst_message_ref (message),
                           (GDestroyNotify) gst_message_unref);
    break;
  case GST_MESSAGE_ERROR:
    gst_message_parse_error (message, &error, &debug);
    g_info ("A connection's pipeline: %s (%s)", error->message, debug);
    break;
  default:
    break;
  }
  return G_SOURCE_CONTINUE;
}

static void
pipeline_unref_closure (gpointer data, GClosure *closure)
{
  confab_webrtc_pipeline_unref (data);
}

/* The worker's thread, before webrtcbin does anything. */
void
confab_webrtc_pipeline_connect (ConfabWebrtcPipeline *self)
{
  const struct {
    const char *signal;
    GCallback callback;
  } handlers[] = {
    { "notify::connection-state", G_CALLBACK (connection_state_cb) },
    { "notify::ice-connection-state", G_CALLBACK (ice_state_cb) },
    { "notify::ice-gathering-state", G_CALLBACK (gathering_state_cb) },
    { "on-ice-candidate", G_CALLBACK (candidate_cb) },
    { "on-negotiation-needed", G_CALLBACK (negotiation_needed_cb) },
    { "on-new-transceiver", G_CALLBACK (transceiver_cb) },
    { "pad-added", G_CALLBACK (pad_added_cb) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (handlers); i++)
    g_signal_connect_data (self->webrtc,
                           handlers[i].signal,
                           handlers[i].callback,
                           confab_webrtc_pipeline_ref (self),
                           pipeline_unref_closure,
                           0);
  g_signal_connect_data (self->webrtc,
                         "deep-element-added",
                         G_CALLBACK (element_added_cb),
                         receive_clock_ref (self->clock),
                         receive_clock_unref_closure,
                         0);
}
