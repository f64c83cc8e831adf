/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-webrtc-peer.h"

#include "confab-ice-uri.h"
#include "confab-media-pipeline.h"
#include "confab-sdp.h"
#include "confab-track-receiver.h"
#include "confab-webrtc-peer-private.h"

#include <string.h>

#define JITTER_LATENCY_MS 60
#define RTCP_BANDWIDTH 2000000.0 /* webrtcbin's own lets a NACK come too late */
#define DEFAULT_VIDEO_PAYLOAD 96
#define DEFAULT_AUDIO_PAYLOAD 111
#define MAX_WAITING 30
#define MTU 1200
#define MAX_CANDIDATES 256
#define MAX_TRACKS 16

/* What a streaming thread writes without waking anybody. */
typedef struct _ConfabReceiveClock {
  gatomicrefcount ref_count;
  GMutex lock;
  gint64 last_received_at;
} ReceiveClock;

typedef enum {
  STEP_CREATE_OFFER,
  STEP_PREPARE_OFFER,
  STEP_CREATE_ANSWER,
  STEP_SET_LOCAL_OFFER,
  STEP_SET_LOCAL_ANSWER,
  STEP_SET_LOCAL_PREPARED,
  STEP_SET_REMOTE_OFFER,
  STEP_SET_REMOTE_ANSWER,
} Step;

typedef struct {
  ConfabMainLink *link;
  Step step;
  GstPromise *promise; /* only on the way to the main thread */
} Reply;

static void confab_webrtc_peer_iface_init (ConfabPeerConnectionInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabWebrtcPeer,
                               confab_webrtc_peer,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_PEER_CONNECTION,
                                                      confab_webrtc_peer_iface_init))

typedef enum {
  PROP_STATE = 1,
  PROP_GATHERING_COMPLETE,
} Property;

static ReceiveClock *
receive_clock_ref (ReceiveClock *clock)
{
  g_atomic_ref_count_inc (&clock->ref_count);
  return clock;
}

static void
receive_clock_unref (gpointer data)
{
  ReceiveClock *clock = data;

  if (!g_atomic_ref_count_dec (&clock->ref_count))
    return;

  g_mutex_clear (&clock->lock);
  g_free (clock);
}

/* RFC 7983: the first byte of RTP and RTCP is 128 to 191; DTLS and STUN are below. */
static GstPadProbeReturn
received_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  ReceiveClock *clock = user_data;
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
                     receive_clock_unref);
}

static void
receive_clock_unref_closure (gpointer data, GClosure *closure)
{
  receive_clock_unref (data);
}

static void
fail (ConfabWebrtcPeer *self, const GError *error)
{
  g_debug ("A session description failed: %s", error->message);
  confab_peer_connection_emit_description_failed (CONFAB_PEER_CONNECTION (self), error);
}

static void
post_failure (gpointer object, gpointer data)
{
  ConfabWebrtcPeer *self = object;

  if (!self->closed)
    fail (self, data);
}

/* Later: nothing is emitted from within a command. */
static void
fail_later (ConfabWebrtcPeer *self, GError *error)
{
  confab_main_link_post (self->link, post_failure, error, (GDestroyNotify) g_error_free);
}

static void
reply_free (gpointer data)
{
  Reply *reply = data;

  g_clear_pointer (&reply->promise, gst_promise_unref);
  confab_main_link_unref (reply->link);
  g_free (reply);
}

static void on_reply (gpointer object, gpointer data);

/* webrtcbin's thread */
static void
promise_changed_cb (GstPromise *promise, gpointer user_data)
{
  Reply *asked = user_data;
  Reply *reply = g_new0 (Reply, 1);

  reply->link = confab_main_link_ref (asked->link);
  reply->step = asked->step;
  reply->promise = gst_promise_ref (promise);
  confab_main_link_post (asked->link, on_reply, reply, reply_free);
}

static GstPromise *
promise_for (ConfabWebrtcPeer *self, Step step)
{
  Reply *asked = g_new0 (Reply, 1);

  asked->link = confab_main_link_ref (self->link);
  asked->step = step;
  return gst_promise_new_with_change_func (promise_changed_cb, asked, reply_free);
}

static void
emit_webrtc (ConfabWebrtcPeer *self, const char *signal, gpointer description, Step step)
{
  GstPromise *promise = promise_for (self, step);

  if (step <= STEP_CREATE_ANSWER)
    g_signal_emit_by_name (self->webrtc, signal, NULL, promise);
  else
    g_signal_emit_by_name (self->webrtc, signal, description, promise);
  gst_promise_unref (promise);
}

static gboolean
check_reply (GstPromise *promise, const GstStructure **structure, GError **error)
{
  g_autoptr (GError) inner = NULL;

  if (gst_promise_wait (promise) != GST_PROMISE_RESULT_REPLIED) {
    g_set_error (error, CONFAB_SDP_ERROR, CONFAB_SDP_ERROR_UNUSABLE, "The connection is closed");
    return FALSE;
  }
  *structure = gst_promise_get_reply (promise);
  if (*structure != NULL && gst_structure_has_field (*structure, "error") &&
      gst_structure_get (*structure, "error", G_TYPE_ERROR, &inner, NULL) && inner != NULL) {
    g_set_error (error, CONFAB_SDP_ERROR, CONFAB_SDP_ERROR_UNUSABLE, "%s", inner->message);
    return FALSE;
  }
  return TRUE;
}

static char *
description_to_text (const GstWebRTCSessionDescription *description)
{
  g_autofree char *text = gst_sdp_message_as_text (description->sdp);

  return g_strdup (text);
}

static void
remember_role (ConfabWebrtcPeer *self)
{
  g_autofree char *setup = NULL;

  if (self->role != NULL)
    return;

  if (self->local_type == CONFAB_SDP_TYPE_OFFER) {
    setup = confab_sdp_get_setup (self->remote_sdp);
    self->role = g_strdup (g_strcmp0 (setup, "passive") == 0 ? "active" : "passive");
  } else {
    g_autoptr (GstWebRTCSessionDescription) local = NULL;
    g_autofree char *text = NULL;

    g_object_get (self->webrtc, "local-description", &local, NULL);
    text = local != NULL ? description_to_text (local) : NULL;
    setup = text != NULL ? confab_sdp_get_setup (text) : NULL;
    self->role = g_strdup (g_strcmp0 (setup, "passive") == 0 ? "passive" : "active");
  }
}

static void
set_rtcp_bandwidth (ConfabWebrtcPeer *self)
{
  g_autoptr (GstElement) rtpbin = gst_bin_get_by_name (GST_BIN (self->webrtc), "rtpbin");
  g_autoptr (GObject) session = NULL;

  if (rtpbin == NULL)
    return;
  g_signal_emit_by_name (rtpbin, "get-internal-session", 0u, &session);
  if (session != NULL)
    g_object_set (session, "bandwidth", RTCP_BANDWIDTH, NULL);
}

static GstWebRTCSignalingState
signaling_state (ConfabWebrtcPeer *self)
{
  GstWebRTCSignalingState state = GST_WEBRTC_SIGNALING_STATE_CLOSED;

  g_object_get (self->webrtc, "signaling-state", &state, NULL);
  return state;
}

static void
negotiation_asked (gpointer object, gpointer data)
{
  ConfabWebrtcPeer *self = object;
  g_autoptr (GArray) transceivers = NULL;
  gboolean waits = FALSE;

  if (self->closed || !self->negotiated || self->told_needed ||
      signaling_state (self) != GST_WEBRTC_SIGNALING_STATE_STABLE)
    return;

  /* Only a track of ours that has no m-line yet is a reason; webrtcbin finds others that are none. */
  g_signal_emit_by_name (self->webrtc, "get-transceivers", &transceivers);
  for (guint i = 0; transceivers != NULL && i < transceivers->len; i++) {
    g_autofree char *mid = NULL;

    g_object_get (g_array_index (transceivers, GObject *, i), "mid", &mid, NULL);
    waits |= mid == NULL;
  }
  self->told_needed = waits;
  if (waits)
    confab_peer_connection_emit_negotiation_needed (CONFAB_PEER_CONNECTION (self));
}

static gboolean
is_taken (ConfabWebrtcPeer *self, GstWebRTCRTPTransceiver *transceiver)
{
  g_autofree char *mid = NULL;

  if (transceiver == NULL || self->remote_sdp == NULL)
    return FALSE;
  g_object_get (transceiver, "mid", &mid, NULL);
  return mid != NULL && confab_sdp_receives (self->remote_sdp, mid);
}

/*
 * Pictures and sound flow only to who is connected and takes them: nothing old waits, and nobody is held up.
 */
static void
update_sending (ConfabWebrtcPeer *self)
{
  const gboolean runs = self->negotiated && self->state == CONFAB_CONNECTION_STATE_CONNECTED;

  if (runs && is_taken (self, self->audio_transceiver))
    confab_fanout_add (self->audio, self->audio_input);
  else if (runs)
    confab_fanout_remove (self->audio, self->audio_input);
  if (runs && is_taken (self, self->video_transceiver)) {
    confab_fanout_add (self->video, self->video_input);
    confab_fanout_request_key_frame (self->video);
  } else if (runs) {
    confab_fanout_remove (self->video, self->video_input);
  }
}

static void
become_negotiated (ConfabWebrtcPeer *self)
{
  remember_role (self);
  set_rtcp_bandwidth (self);
  self->negotiated = TRUE;
  self->told_needed = FALSE;
  update_sending (self);
  /* webrtcbin may have asked before this. */
  confab_main_link_post (self->link, negotiation_asked, NULL, NULL);
}

static void
take_created (ConfabWebrtcPeer *self, Step step, const GstStructure *structure)
{
  const gboolean is_answer = step == STEP_CREATE_ANSWER;
  g_autoptr (GstWebRTCSessionDescription) description = NULL;
  g_autoptr (GError) error = NULL;

  if (structure != NULL)
    gst_structure_get (structure,
                       is_answer ? "answer" : "offer",
                       GST_TYPE_WEBRTC_SESSION_DESCRIPTION,
                       &description,
                       NULL);
  if (description == NULL) {
    error = g_error_new (CONFAB_SDP_ERROR,
                         CONFAB_SDP_ERROR_UNUSABLE,
                         "webrtcbin made no description");
    fail (self, error);
    return;
  }

  if (!is_answer) {
    g_free (self->local_offer);
    self->local_offer = description_to_text (description);
  }
  if (step == STEP_PREPARE_OFFER) {
    g_clear_pointer (&self->prepared, gst_webrtc_session_description_free);
    self->prepared = g_steal_pointer (&description);
    confab_peer_connection_emit_local_description_set (CONFAB_PEER_CONNECTION (self),
                                                       CONFAB_SDP_TYPE_OFFER);
    return;
  }
  emit_webrtc (self,
               "set-local-description",
               description,
               is_answer ? STEP_SET_LOCAL_ANSWER : STEP_SET_LOCAL_OFFER);
}

static void
on_reply (gpointer object, gpointer data)
{
  ConfabWebrtcPeer *self = object;
  ConfabPeerConnection *connection = CONFAB_PEER_CONNECTION (self);
  Reply *reply = data;
  const GstStructure *structure = NULL;
  g_autoptr (GError) error = NULL;

  if (self->closed)
    return;
  if (!check_reply (reply->promise, &structure, &error)) {
    fail (self, error);
    return;
  }

  switch (reply->step) {
  case STEP_CREATE_OFFER:
  case STEP_PREPARE_OFFER:
  case STEP_CREATE_ANSWER:
    take_created (self, reply->step, structure);
    break;
  case STEP_SET_LOCAL_OFFER:
    self->has_local = TRUE;
    self->local_type = CONFAB_SDP_TYPE_OFFER;
    confab_peer_connection_emit_local_description_set (connection, CONFAB_SDP_TYPE_OFFER);
    break;
  case STEP_SET_LOCAL_ANSWER:
    self->has_local = TRUE;
    self->local_type = CONFAB_SDP_TYPE_ANSWER;
    become_negotiated (self);
    confab_peer_connection_emit_local_description_set (connection, CONFAB_SDP_TYPE_ANSWER);
    break;
  case STEP_SET_LOCAL_PREPARED:
    self->local_type = CONFAB_SDP_TYPE_OFFER;
    break;
  case STEP_SET_REMOTE_OFFER:
    confab_peer_connection_emit_remote_description_set (connection, CONFAB_SDP_TYPE_OFFER);
    break;
  case STEP_SET_REMOTE_ANSWER:
    g_clear_pointer (&self->local_offer, g_free); /* one answer is all it gets */
    become_negotiated (self);
    confab_peer_connection_emit_remote_description_set (connection, CONFAB_SDP_TYPE_ANSWER);
    break;
  default:
    g_assert_not_reached ();
  }
}

static void
state_changed (gpointer object, gpointer data)
{
  static const ConfabConnectionState states[] = {
    [GST_WEBRTC_PEER_CONNECTION_STATE_NEW] = CONFAB_CONNECTION_STATE_NEW,
    [GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTING] = CONFAB_CONNECTION_STATE_CONNECTING,
    [GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED] = CONFAB_CONNECTION_STATE_CONNECTED,
    [GST_WEBRTC_PEER_CONNECTION_STATE_DISCONNECTED] = CONFAB_CONNECTION_STATE_DISCONNECTED,
    [GST_WEBRTC_PEER_CONNECTION_STATE_FAILED] = CONFAB_CONNECTION_STATE_FAILED,
    [GST_WEBRTC_PEER_CONNECTION_STATE_CLOSED] = CONFAB_CONNECTION_STATE_FAILED,
  };
  ConfabWebrtcPeer *self = object;
  const guint state = GPOINTER_TO_UINT (data);

  if (self->closed || state >= G_N_ELEMENTS (states) || self->state == states[state])
    return;

  self->state = states[state];
  if (self->state == CONFAB_CONNECTION_STATE_CONNECTED) {
    set_rtcp_bandwidth (self);
    update_sending (self);
  }
  g_object_notify (G_OBJECT (self), "state");
}

static void
connection_state_cb (GObject *webrtc, GParamSpec *pspec, gpointer user_data)
{
  GstWebRTCPeerConnectionState state;

  g_object_get (webrtc, "connection-state", &state, NULL);
  confab_main_link_post (user_data, state_changed, GUINT_TO_POINTER (state), NULL);
}

static void
gathering_changed (gpointer object, gpointer data)
{
  ConfabWebrtcPeer *self = object;
  const gboolean complete = GPOINTER_TO_UINT (data) == GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE;

  if (self->closed || self->gathering_complete == complete)
    return;

  self->gathering_complete = complete;
  g_object_notify (G_OBJECT (self), "gathering-complete");
}

static void
gathering_state_cb (GObject *webrtc, GParamSpec *pspec, gpointer user_data)
{
  GstWebRTCICEGatheringState state;

  g_object_get (webrtc, "ice-gathering-state", &state, NULL);
  confab_main_link_post (user_data, gathering_changed, GUINT_TO_POINTER (state), NULL);
}

typedef struct {
  guint mline_index;
  char *text;
} Candidate;

static void
candidate_free (gpointer data)
{
  Candidate *candidate = data;

  g_free (candidate->text);
  g_free (candidate);
}

static void
candidate_found (gpointer object, gpointer data)
{
  ConfabWebrtcPeer *self = object;
  Candidate *candidate = data;
  g_autoptr (GstWebRTCSessionDescription) local = NULL;
  g_autofree char *text = NULL;
  g_autofree char *mid = NULL;

  if (self->closed)
    return;
  g_object_get (self->webrtc, "local-description", &local, NULL);
  text = local != NULL ? description_to_text (local) : NULL;
  mid = text != NULL ? confab_sdp_get_mid (text, candidate->mline_index) : NULL;
  confab_peer_connection_emit_local_candidate (CONFAB_PEER_CONNECTION (self),
                                               candidate->text,
                                               mid != NULL ? mid : "",
                                               candidate->mline_index);
}

static void
candidate_cb (GstElement *webrtc, guint mline_index, const char *text, gpointer user_data)
{
  Candidate *candidate;

  if (text == NULL || text[0] == '\0')
    return;

  candidate = g_new (Candidate, 1);
  *candidate = (Candidate) { mline_index, g_strdup (text) };
  confab_main_link_post (user_data, candidate_found, candidate, candidate_free);
}

static void
negotiation_needed_cb (GstElement *webrtc, gpointer user_data)
{
  confab_main_link_post (user_data, negotiation_asked, NULL, NULL);
}

/* What a stranger offers anew is taken in our encodings only. Runs in webrtcbin's thread, within its step. */
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

typedef struct {
  GstPad *pad;
  gulong block_id;
} NewPad;

static void
new_pad_free (gpointer data)
{
  NewPad *new_pad = data;

  gst_pad_remove_probe (new_pad->pad, new_pad->block_id);
  gst_object_unref (new_pad->pad);
  g_free (new_pad);
}

static void
take_pad (gpointer object, gpointer data)
{
  ConfabWebrtcPeer *self = object;
  NewPad *new_pad = data;
  g_autoptr (GstWebRTCRTPTransceiver) transceiver = NULL;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (new_pad->pad);
  g_autoptr (ConfabRemoteTrack) track = NULL;
  g_autofree char *mid = NULL;
  g_autofree char *stream_id = NULL;
  ConfabTrackReceiver *receiver;
  const char *media;
  gboolean is_audio;

  if (self->closed || caps == NULL || self->receivers->len >= MAX_TRACKS)
    return;

  media = gst_structure_get_string (gst_caps_get_structure (caps, 0), "media");
  is_audio = g_strcmp0 (media, "audio") == 0;
  g_object_get (new_pad->pad, "transceiver", &transceiver, NULL);
  if (transceiver != NULL)
    g_object_get (transceiver, "mid", &mid, NULL);
  if (mid != NULL && self->remote_sdp != NULL)
    stream_id = confab_sdp_find_stream_id (self->remote_sdp, mid);

  track = confab_remote_track_new (is_audio ? CONFAB_MEDIA_KIND_AUDIO : CONFAB_MEDIA_KIND_VIDEO,
                                   stream_id,
                                   mid);
  receiver = confab_track_receiver_new (self->pipeline, new_pad->pad, track, self->headless);
  g_ptr_array_add (self->receivers, receiver);
  if (is_audio)
    confab_audio_mixer_add (self->mixer, confab_track_receiver_get_sound (receiver));
  confab_peer_connection_emit_track_added (CONFAB_PEER_CONNECTION (self), track);
}

static GstPadProbeReturn
block_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return GST_PAD_PROBE_OK;
}

/* A streaming thread: the pad waits until the main thread has built what decodes it. */
static void
pad_added_cb (GstElement *webrtc, GstPad *pad, gpointer user_data)
{
  NewPad *new_pad;

  if (GST_PAD_DIRECTION (pad) != GST_PAD_SRC)
    return;

  new_pad = g_new (NewPad, 1);
  new_pad->pad = gst_object_ref (pad);
  new_pad->block_id = gst_pad_add_probe (pad,
                                         GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER |
                                           GST_PAD_PROBE_TYPE_BUFFER_LIST,
                                         block_cb,
                                         NULL,
                                         NULL);
  confab_main_link_post (user_data, take_pad, new_pad, new_pad_free);
}

static void
take_level (gpointer object, gpointer data)
{
  ConfabWebrtcPeer *self = object;

  for (guint i = 0; !self->closed && i < self->receivers->len; i++) {
    if (confab_track_receiver_handle_message (self->receivers->pdata[i], data))
      return;
  }
}

static void
take_latency (gpointer object, gpointer data)
{
  ConfabWebrtcPeer *self = object;

  /* Without it there is no RTCP at all. */
  if (!self->closed)
    gst_bin_recalculate_latency (GST_BIN (self->pipeline));
}

static gboolean
message_cb (GstBus *bus, GstMessage *message, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *debug = NULL;

  switch (GST_MESSAGE_TYPE (message)) {
  case GST_MESSAGE_LATENCY:
    confab_main_link_post (user_data, take_latency, NULL, NULL);
    break;
  case GST_MESSAGE_ELEMENT:
    confab_main_link_post (user_data,
                           take_level,
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
set_up_ice (ConfabWebrtcPeer *self)
{
  g_autoptr (GObject) ice = NULL;
  g_autoptr (GObject) agent = NULL;
  gboolean ok, has_stun = FALSE;

  g_object_get (self->webrtc, "ice-agent", &ice, NULL);
  if (ice == NULL)
    return;
  g_object_get (ice, "agent", &agent, NULL);
  if (agent != NULL)
    g_object_set (agent, "upnp", FALSE, NULL);
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
static GstElement *
build_sender (ConfabWebrtcPeer *self,
              gboolean is_audio,
              guint payload,
              guint32 ssrc,
              GstWebRTCRTPTransceiver **transceiver_out)
{
  GstElement *input = confab_media_pipeline_add_input (
    self->pipeline,
    is_audio ? "audio/x-opus,rate=48000,channels=1,"
               "channel-mapping-family=0,stream-count=1,coupled-count=0"
             : "video/x-vp8",
    MAX_WAITING,
    0);
  GstElement *payloader = confab_media_pipeline_add (self->pipeline,
                                                     is_audio ? "rtpopuspay" : "rtpvp8pay",
                                                     NULL);
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
  g_autoptr (GstWebRTCRTPTransceiver) transceiver = NULL;

  if (payloader == NULL)
    return input;

  g_object_set (payloader, "pt", payload, "ssrc", ssrc, "mtu", MTU, NULL);
  if (!is_audio)
    gst_util_set_object_arg (G_OBJECT (payloader), "picture-id-mode", "15-bit");
  gst_element_link_many (input, payloader, filter, NULL);
  gst_pad_link (source, sink);
  g_object_set (sink, "msid", self->stream_id, NULL);
  g_object_get (sink, "transceiver", &transceiver, NULL);
  if (transceiver != NULL && !is_audio) /* on audio it breaks Chromium */
    g_object_set (transceiver, "do-nack", TRUE, NULL);
  *transceiver_out = g_steal_pointer (&transceiver);
  return input;
}

static void
connect_webrtc (ConfabWebrtcPeer *self)
{
  const struct {
    const char *signal;
    GCallback callback;
  } handlers[] = {
    { "notify::connection-state", G_CALLBACK (connection_state_cb) },
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
                           confab_main_link_ref (self->link),
                           confab_main_link_unref_closure,
                           0);
  g_signal_connect_data (self->webrtc,
                         "deep-element-added",
                         G_CALLBACK (element_added_cb),
                         receive_clock_ref (self->clock),
                         receive_clock_unref_closure,
                         0);
}

/* With the first description: the payload types of an offer that came are known then. */
static gboolean
build (ConfabWebrtcPeer *self, const char *remote_offer)
{
  int video_payload = DEFAULT_VIDEO_PAYLOAD, audio_payload = DEFAULT_AUDIO_PAYLOAD;
  GstElement *webrtc;

  if (self->pipeline != NULL)
    return TRUE;

  webrtc = gst_element_factory_make ("webrtcbin", NULL);
  if (webrtc == NULL)
    return FALSE;
  if (remote_offer != NULL) {
    const int video = confab_sdp_find_payload (remote_offer, "video", "VP8");
    const int audio = confab_sdp_find_payload (remote_offer, "audio", "opus");

    video_payload = video >= 0 ? video : video_payload;
    audio_payload = audio >= 0 ? audio : audio_payload;
  }

  self->pipeline = confab_media_pipeline_new ("connection");
  self->webrtc = gst_object_ref_sink (webrtc);
  gst_bin_add (GST_BIN (self->pipeline), webrtc);
  gst_util_set_object_arg (G_OBJECT (webrtc), "bundle-policy", "max-bundle");
  g_object_set (webrtc, "latency", JITTER_LATENCY_MS, "reuse-source-pads", TRUE, NULL);
  set_up_ice (self);
  connect_webrtc (self);
  self->audio_input = gst_object_ref (
    build_sender (self, TRUE, audio_payload, self->audio_ssrc, &self->audio_transceiver));
  self->video_input = gst_object_ref (
    build_sender (self, FALSE, video_payload, self->video_ssrc, &self->video_transceiver));
  confab_fanout_forward_key_frame_requests (self->video, self->video_input);
  confab_media_pipeline_watch (self->pipeline, message_cb, self->link);
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
  return TRUE;
}

static gboolean
build_or_fail (ConfabWebrtcPeer *self, const char *remote_offer)
{
  if (self->closed)
    return FALSE;
  if (build (self, remote_offer))
    return TRUE;

  fail_later (self,
              g_error_new (CONFAB_SDP_ERROR,
                           CONFAB_SDP_ERROR_UNUSABLE,
                           "GStreamer's element webrtcbin is not installed"));
  return FALSE;
}

static void
confab_webrtc_peer_create_offer (ConfabPeerConnection *connection)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (connection);

  if (build_or_fail (self, NULL))
    emit_webrtc (self, "create-offer", NULL, STEP_CREATE_OFFER);
}

static void
confab_webrtc_peer_prepare_offer (ConfabPeerConnection *connection)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (connection);

  if (build_or_fail (self, NULL))
    emit_webrtc (self, "create-offer", NULL, STEP_PREPARE_OFFER);
}

static void
confab_webrtc_peer_create_answer (ConfabPeerConnection *connection)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (connection);

  if (!build_or_fail (self, NULL))
    return;
  if (signaling_state (self) != GST_WEBRTC_SIGNALING_STATE_HAVE_REMOTE_OFFER)
    fail_later (self,
                g_error_new (CONFAB_SDP_ERROR,
                             CONFAB_SDP_ERROR_MISMATCHED,
                             "There is no offer to answer"));
  else
    emit_webrtc (self, "create-answer", NULL, STEP_CREATE_ANSWER);
}

static gboolean
check_remote (ConfabWebrtcPeer *self, ConfabSdpType type, const char *sdp, GError **error)
{
  if (!confab_sdp_check (sdp, error))
    return FALSE;
  if (type == CONFAB_SDP_TYPE_ANSWER) {
    if (self->local_offer == NULL) {
      g_set_error (error,
                   CONFAB_SDP_ERROR,
                   CONFAB_SDP_ERROR_MISMATCHED,
                   "There is no offer of ours");
      return FALSE;
    }
    return confab_sdp_check_follows (sdp, self->local_offer, TRUE, error);
  }
  return self->remote_sdp == NULL || confab_sdp_check_follows (sdp, self->remote_sdp, FALSE, error);
}

/*
 * An answer as webrtcbin can take it. It puts the role it last had into its own offers, which may be the wrong
 * one (it always answers `active`), where we say actpass: the answer must be its counterpart. The roles in force
 * do not change by that, DTLS is up. hydrogen's answer may carry actpass, as an offer does: then the answerer is
 * active (RFC 8842).
 */
static char *
fit_setup (ConfabWebrtcPeer *self, const char *answer)
{
  g_autofree char *ours = confab_sdp_get_setup (self->local_offer);
  g_autofree char *theirs = confab_sdp_get_setup (answer);

  if (g_strcmp0 (ours, "active") == 0)
    return confab_sdp_set_setup (answer, "passive");
  if (g_strcmp0 (ours, "passive") == 0 || g_strcmp0 (theirs, "actpass") == 0)
    return confab_sdp_set_setup (answer, "active");
  return g_strdup (answer);
}

static void
confab_webrtc_peer_set_remote_description (ConfabPeerConnection *connection,
                                           ConfabSdpType type,
                                           const char *sdp)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (connection);
  const gboolean is_answer = type == CONFAB_SDP_TYPE_ANSWER;
  g_autoptr (GstWebRTCSessionDescription) description = NULL;
  g_autofree char *filled = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) refused = NULL;
  GstSDPMessage *message = NULL;
  GError *error = NULL;

  if (self->closed)
    return;
  if (check_remote (self, type, sdp, &error))
    filled = confab_sdp_fill_refused (sdp, is_answer ? self->local_offer : NULL, &refused, &error);
  if (filled == NULL) {
    fail_later (self, error);
    return;
  }
  if (!build_or_fail (self, is_answer ? NULL : filled))
    return;
  /* A prepared offer of ours is dropped for an offer, and comes into force with its answer. */
  if (!is_answer && self->prepared != NULL)
    g_clear_pointer (&self->local_offer, g_free);
  else if (self->prepared != NULL)
    emit_webrtc (self, "set-local-description", self->prepared, STEP_SET_LOCAL_PREPARED);
  g_clear_pointer (&self->prepared, gst_webrtc_session_description_free);

  text = is_answer ? fit_setup (self, filled) : g_strdup (filled);
  if (gst_sdp_message_new_from_text (text, &message) != GST_SDP_OK) {
    fail_later (self,
                g_error_new (CONFAB_SDP_ERROR,
                             CONFAB_SDP_ERROR_INVALID,
                             "The session description cannot be parsed"));
    return;
  }
  g_free (self->remote_sdp);
  self->remote_sdp = g_steal_pointer (&text);
  g_strfreev (self->refused);
  self->refused = g_steal_pointer (&refused);
  description = gst_webrtc_session_description_new (is_answer ? GST_WEBRTC_SDP_TYPE_ANSWER
                                                              : GST_WEBRTC_SDP_TYPE_OFFER,
                                                    message);
  emit_webrtc (self,
               "set-remote-description",
               description,
               is_answer ? STEP_SET_REMOTE_ANSWER : STEP_SET_REMOTE_OFFER);
}

static char *
confab_webrtc_peer_get_local_sdp (ConfabPeerConnection *connection)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (connection);
  g_autoptr (GstWebRTCSessionDescription) local = NULL;
  g_autofree char *text = NULL;
  g_autofree char *with_msid = NULL;
  g_autofree char *whole = NULL;
  const char *setup = NULL;

  if (self->webrtc == NULL || (!self->has_local && self->prepared == NULL))
    return NULL;
  if (self->prepared != NULL)
    text = description_to_text (self->prepared);
  else
    g_object_get (self->webrtc, "local-description", &local, NULL);
  if (text == NULL && local == NULL)
    return NULL;
  if (text == NULL)
    text = description_to_text (local);

  if (self->prepared != NULL || local->type == GST_WEBRTC_SDP_TYPE_OFFER)
    setup = "actpass";
  else if (self->role != NULL)
    setup = self->role;
  with_msid = confab_sdp_insert_msid (text, self->stream_id);
  whole = setup != NULL ? confab_sdp_set_setup (with_msid, setup) : g_steal_pointer (&with_msid);
  if (self->refused == NULL || self->refused[0] == NULL)
    return g_steal_pointer (&whole);
  return confab_sdp_refuse (whole, (const char *const *) self->refused);
}

static void
confab_webrtc_peer_add_candidate (ConfabPeerConnection *connection,
                                  const char *candidate,
                                  const char *sdp_mid,
                                  int sdp_mline_index)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (connection);
  int mline = sdp_mline_index;

  if (self->closed || self->webrtc == NULL || self->remote_sdp == NULL)
    return;
  if (sdp_mid != NULL && sdp_mid[0] != '\0') {
    const int by_mid = confab_sdp_find_mline (self->remote_sdp, sdp_mid);

    mline = by_mid >= 0 ? by_mid : mline;
  }
  if (mline < 0 || mline > 31 || self->n_candidates >= MAX_CANDIDATES)
    return;
  if (candidate[0] != '\0' && !confab_ice_candidate_is_usable (candidate)) {
    g_debug ("A candidate cannot be used");
    return;
  }

  self->n_candidates++;
  if (g_str_has_prefix (candidate, "a="))
    candidate += 2;
  g_signal_emit_by_name (self->webrtc, "add-ice-candidate", (guint) mline, candidate);
}

static void
confab_webrtc_peer_close (ConfabPeerConnection *connection)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (connection);

  if (self->closed)
    return;

  self->closed = TRUE;
  self->state = CONFAB_CONNECTION_STATE_CLOSED;
  g_clear_pointer (&self->prepared, gst_webrtc_session_description_free);
  if (self->pipeline == NULL)
    return;

  confab_fanout_remove (self->audio, self->audio_input);
  confab_fanout_remove (self->video, self->video_input);
  for (guint i = 0; i < self->receivers->len; i++) {
    ConfabTrackReceiver *receiver = self->receivers->pdata[i];
    ConfabRemoteTrack *track = confab_track_receiver_get_track (receiver);

    if (confab_remote_track_get_kind (track) == CONFAB_MEDIA_KIND_AUDIO)
      confab_audio_mixer_remove (self->mixer, confab_track_receiver_get_sound (receiver));
  }
  g_ptr_array_set_size (self->receivers, 0);
  gst_clear_object (&self->audio_input);
  gst_clear_object (&self->video_input);
  gst_clear_object (&self->audio_transceiver);
  gst_clear_object (&self->video_transceiver);
  gst_clear_object (&self->webrtc);
  confab_media_pipeline_end (g_steal_pointer (&self->pipeline));
}

static ConfabConnectionState
confab_webrtc_peer_get_state (ConfabPeerConnection *connection)
{
  return CONFAB_WEBRTC_PEER (connection)->state;
}

static gboolean
confab_webrtc_peer_get_gathering_complete (ConfabPeerConnection *connection)
{
  return CONFAB_WEBRTC_PEER (connection)->gathering_complete;
}

static gint64
confab_webrtc_peer_get_last_received_at (ConfabPeerConnection *connection)
{
  ReceiveClock *clock = CONFAB_WEBRTC_PEER (connection)->clock;
  gint64 at;

  g_mutex_lock (&clock->lock);
  at = clock->last_received_at;
  g_mutex_unlock (&clock->lock);
  return at;
}

static void
confab_webrtc_peer_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (object);

  switch ((Property) prop_id) {
  case PROP_STATE:
    g_value_set_enum (value, self->state);
    break;
  case PROP_GATHERING_COMPLETE:
    g_value_set_boolean (value, self->gathering_complete);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_webrtc_peer_dispose (GObject *object)
{
  confab_webrtc_peer_close (CONFAB_PEER_CONNECTION (object));
  G_OBJECT_CLASS (confab_webrtc_peer_parent_class)->dispose (object);
}

static void
confab_webrtc_peer_finalize (GObject *object)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (object);

  g_clear_pointer (&self->stream_id, g_free);
  g_clear_pointer (&self->audio, confab_fanout_unref);
  g_clear_pointer (&self->video, confab_fanout_unref);
  g_clear_object (&self->mixer);
  g_clear_pointer (&self->servers, confab_ice_servers_free);
  g_clear_pointer (&self->link, confab_main_link_unref);
  g_clear_pointer (&self->clock, receive_clock_unref);
  g_clear_pointer (&self->receivers, g_ptr_array_unref);
  g_clear_pointer (&self->remote_sdp, g_free);
  g_clear_pointer (&self->refused, g_strfreev);
  g_clear_pointer (&self->local_offer, g_free);
  g_clear_pointer (&self->role, g_free);
  G_OBJECT_CLASS (confab_webrtc_peer_parent_class)->finalize (object);
}

static void
confab_webrtc_peer_iface_init (ConfabPeerConnectionInterface *iface)
{
  iface->create_offer = confab_webrtc_peer_create_offer;
  iface->prepare_offer = confab_webrtc_peer_prepare_offer;
  iface->create_answer = confab_webrtc_peer_create_answer;
  iface->set_remote_description = confab_webrtc_peer_set_remote_description;
  iface->get_local_sdp = confab_webrtc_peer_get_local_sdp;
  iface->add_candidate = confab_webrtc_peer_add_candidate;
  iface->close = confab_webrtc_peer_close;
  iface->get_state = confab_webrtc_peer_get_state;
  iface->get_gathering_complete = confab_webrtc_peer_get_gathering_complete;
  iface->get_last_received_at = confab_webrtc_peer_get_last_received_at;
}

static void
confab_webrtc_peer_class_init (ConfabWebrtcPeerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = confab_webrtc_peer_get_property;
  object_class->dispose = confab_webrtc_peer_dispose;
  object_class->finalize = confab_webrtc_peer_finalize;
  g_object_class_override_property (object_class, PROP_STATE, "state");
  g_object_class_override_property (object_class, PROP_GATHERING_COMPLETE, "gathering-complete");
}

static void
confab_webrtc_peer_init (ConfabWebrtcPeer *self)
{
  self->link = confab_main_link_new (self);
  self->clock = g_new0 (ReceiveClock, 1);
  g_atomic_ref_count_init (&self->clock->ref_count);
  g_mutex_init (&self->clock->lock);
  self->receivers = g_ptr_array_new_with_free_func (g_object_unref);
  self->audio_ssrc = g_random_int () | 1;
  self->video_ssrc = self->audio_ssrc ^ (g_random_int () << 1 | 2);
}

/**
 * confab_webrtc_peer_new:
 * @config: what it is made of
 *
 * Nothing runs before the first offer, ours or theirs.
 *
 * Returns: (transfer full): a connection
 */
ConfabWebrtcPeer *
confab_webrtc_peer_new (const ConfabWebrtcPeerConfig *config)
{
  ConfabWebrtcPeer *self = g_object_new (CONFAB_TYPE_WEBRTC_PEER, NULL);

  self->stream_id = g_strdup (config->stream_id);
  self->audio = confab_fanout_ref (config->audio);
  self->video = confab_fanout_ref (config->video);
  self->mixer = g_object_ref (config->mixer);
  self->servers = confab_ice_servers_copy (config->servers);
  self->headless = config->headless;
  self->width = config->width;
  self->height = config->height;
  self->video_bitrate = config->video_bitrate;
  self->audio_bitrate = config->audio_bitrate;
  return self;
}
