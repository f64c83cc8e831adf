/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-webrtc-pipeline.h"

#include "confab-media-pipeline.h"
#include "confab-sdp.h"
#include "confab-webrtc-pipeline-private.h"

#define RTCP_BANDWIDTH 2000000.0 /* webrtcbin's own lets a NACK come too late */
#define MAX_WAITING 30

typedef void (*Command) (ConfabWebrtcPipeline *self, gpointer data);

/* A command on its way to the worker. */
typedef struct {
  ConfabWebrtcPipeline *self;
  Command command;
  gpointer data;
  GDestroyNotify destroy;
} Task;

static void
task_cb (gpointer data)
{
  Task *task = data;

  if (!g_atomic_int_get (&task->self->ended))
    task->command (task->self, task->data);
}

static void
task_free (gpointer data)
{
  Task *task = data;

  if (task->destroy != NULL)
    task->destroy (task->data);
  confab_webrtc_pipeline_unref (task->self);
  g_free (task);
}

/* What is pushed after end(), or was not begun by then, is not done any more. */
static void
push (ConfabWebrtcPipeline *self, Command command, gpointer data, GDestroyNotify destroy)
{
  Task *task = g_new (Task, 1);

  *task = (Task) { confab_webrtc_pipeline_ref (self), command, data, destroy };
  confab_media_worker_push (self->worker, task_cb, task, task_free);
}

typedef struct {
  ConfabWebrtcStep step;
  GstWebRTCSessionDescription *description;
} StepData;

static void
step_free (gpointer data)
{
  StepData *step = data;

  g_clear_pointer (&step->description, gst_webrtc_session_description_free);
  g_free (step);
}

static void
do_step (ConfabWebrtcPipeline *self, gpointer data)
{
  static const char *const signals[] = {
    [CONFAB_WEBRTC_STEP_CREATE_OFFER] = "create-offer",
    [CONFAB_WEBRTC_STEP_PREPARE_OFFER] = "create-offer",
    [CONFAB_WEBRTC_STEP_CREATE_ANSWER] = "create-answer",
    [CONFAB_WEBRTC_STEP_SET_LOCAL_OFFER] = "set-local-description",
    [CONFAB_WEBRTC_STEP_SET_LOCAL_ANSWER] = "set-local-description",
    [CONFAB_WEBRTC_STEP_SET_LOCAL_PREPARED] = "set-local-description",
    [CONFAB_WEBRTC_STEP_SET_REMOTE_OFFER] = "set-remote-description",
    [CONFAB_WEBRTC_STEP_SET_REMOTE_ANSWER] = "set-remote-description",
  };
  const StepData *step = data;
  GstPromise *promise = confab_webrtc_pipeline_promise (self, step->step);

  if (self->webrtc == NULL) {
    gst_promise_expire (promise);
  } else { /* creating takes options, setting a description */
    confab_webrtc_pipeline_prepare_step (self, step->step);
    g_signal_emit_by_name (self->webrtc, signals[step->step], step->description, promise);
    confab_webrtc_pipeline_finish_step (self, step->step);
  }
  gst_promise_unref (promise);
}

static void
push_step (ConfabWebrtcPipeline *self,
           ConfabWebrtcStep step,
           GstWebRTCSessionDescription *description)
{
  StepData *data = g_new (StepData, 1);

  *data = (StepData) { step, description };
  push (self, do_step, data, step_free);
}

ConfabWebrtcCandidate *
confab_webrtc_candidate_new (guint mline_index, const char *text)
{
  ConfabWebrtcCandidate *candidate = g_new (ConfabWebrtcCandidate, 1);

  *candidate = (ConfabWebrtcCandidate) { mline_index, g_strdup (text) };
  return candidate;
}

void
confab_webrtc_candidate_free (gpointer data)
{
  ConfabWebrtcCandidate *candidate = data;

  g_free (candidate->text);
  g_free (candidate);
}

static void
add_candidate (ConfabWebrtcPipeline *self, gpointer data)
{
  const ConfabWebrtcCandidate *candidate = data;

  if (self->webrtc != NULL)
    g_signal_emit_by_name (self->webrtc,
                           "add-ice-candidate",
                           candidate->mline_index,
                           candidate->text);
}

/* Pictures and sound flow only to who takes them: nothing old waits, and nobody is held up. */
static void
send_what_is_taken (ConfabWebrtcPipeline *self, gpointer data)
{
  if (confab_webrtc_pipeline_is_taken (self->audio_transceiver, data))
    confab_fanout_add (self->audio, self->audio_input);
  else
    confab_fanout_remove (self->audio, self->audio_input);
  if (confab_webrtc_pipeline_is_taken (self->video_transceiver, data)) {
    confab_fanout_add (self->video, self->video_input);
    confab_fanout_request_key_frame (self->video, TRUE);
  } else {
    confab_fanout_remove (self->video, self->video_input);
  }
  g_set_str (&self->remote_sdp, data);
  confab_webrtc_pipeline_update_screen (self);
}

static void
set_rtcp_bandwidth (ConfabWebrtcPipeline *self, gpointer data)
{
  g_autoptr (GstElement) rtpbin = NULL;
  g_autoptr (GObject) session = NULL;

  if (self->webrtc == NULL)
    return;
  rtpbin = gst_bin_get_by_name (GST_BIN (self->webrtc), "rtpbin");
  if (rtpbin == NULL)
    return;
  g_signal_emit_by_name (rtpbin, "get-internal-session", 0u, &session);
  if (session != NULL)
    g_object_set (session, "bandwidth", RTCP_BANDWIDTH, NULL);
}

/* Only a track of ours that has no m-line yet is a reason; webrtcbin finds others that are none. */
static void
check_negotiation (ConfabWebrtcPipeline *self, gpointer data)
{
  GstWebRTCSignalingState state = GST_WEBRTC_SIGNALING_STATE_CLOSED;
  g_autoptr (GArray) transceivers = NULL;
  gboolean waits;

  if (self->webrtc == NULL)
    return;
  waits = self->sharing != self->told;
  g_object_get (self->webrtc, "signaling-state", &state, NULL);
  g_signal_emit_by_name (self->webrtc, "get-transceivers", &transceivers);
  for (guint i = 0; transceivers != NULL && i < transceivers->len; i++) {
    g_autofree char *mid = NULL;

    if (g_array_index (transceivers, gpointer, i) == (gpointer) self->screen_transceiver)
      continue;
    g_object_get (g_array_index (transceivers, GObject *, i), "mid", &mid, NULL);
    waits |= mid == NULL;
  }
  if (waits && state == GST_WEBRTC_SIGNALING_STATE_STABLE)
    confab_main_link_post (self->link, self->events.negotiation_asked, NULL, NULL);
}

static void
set_sharing (ConfabWebrtcPipeline *self, gpointer data)
{
  self->sharing = GPOINTER_TO_INT (data);
  confab_webrtc_pipeline_update_screen (self);
  check_negotiation (self, NULL);
}

/* Without it there is no RTCP at all. */
static void
recalculate_latency (ConfabWebrtcPipeline *self, gpointer data)
{
  gst_bin_recalculate_latency (GST_BIN (self->pipeline));
}

typedef struct {
  ConfabWebrtcPad *pad;
  GPtrArray *elements;
} Decoding;

static gboolean
unref_elements_cb (gpointer elements)
{
  g_ptr_array_unref (elements);
  return G_SOURCE_REMOVE;
}

/* The last to hold a sink that draws must not be this thread. */
static void
decoding_free (gpointer data)
{
  Decoding *decoding = data;

  confab_webrtc_pad_unref (decoding->pad);
  g_idle_add_full (G_PRIORITY_DEFAULT, unref_elements_cb, decoding->elements, NULL);
  g_free (decoding);
}

static void
decode (ConfabWebrtcPipeline *self, gpointer data)
{
  const Decoding *decoding = data;

  if (!confab_media_pipeline_link_chain (self->pipeline, decoding->pad->pad, decoding->elements))
    g_warning ("A remote track cannot be decoded");
}

typedef struct {
  GstPromiseChangeFunc func;
  gpointer data;
  GDestroyNotify destroy;
} StatsRequest;

static void
get_stats (ConfabWebrtcPipeline *self, gpointer data)
{
  StatsRequest *request = data;
  GstPromise *promise = gst_promise_new_with_change_func (request->func,
                                                          g_steal_pointer (&request->data),
                                                          request->destroy);

  if (self->webrtc == NULL)
    gst_promise_expire (promise);
  else
    g_signal_emit_by_name (self->webrtc, "get-stats", NULL, promise);
  gst_promise_unref (promise);
}

/* Whoever asked gets an answer, also when the connection has ended before it was asked. */
static void
stats_request_free (gpointer data)
{
  StatsRequest *request = data;

  if (request->data != NULL) {
    GstPromise *promise = gst_promise_new_with_change_func (request->func,
                                                            request->data,
                                                            request->destroy);

    gst_promise_expire (promise);
    gst_promise_unref (promise);
  }
  g_free (request);
}

/* The worker's last task: it waits for all of webrtcbin's threads. */
static void
end_cb (gpointer data)
{
  ConfabWebrtcPipeline *self = data;

  confab_fanout_remove (self->audio, self->audio_input);
  confab_fanout_remove (self->video, self->video_input);
  confab_fanout_remove (self->screen, self->screen_input);
  gst_clear_object (&self->screen_transceiver);
  gst_clear_object (&self->audio_transceiver);
  gst_clear_object (&self->video_transceiver);
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  if (self->webrtc == NULL)
    return;
  /* It is freed here, and with it what its handlers hold of this, not in the main thread. */
  gst_bin_remove (GST_BIN (self->pipeline), self->webrtc);
  gst_clear_object (&self->webrtc);
}

static GstElement *
add_input (ConfabWebrtcPipeline *self, const char *caps)
{
  return gst_object_ref (confab_media_pipeline_add_input (self->pipeline, caps, MAX_WAITING, 0));
}

/**
 * confab_webrtc_pipeline_new:
 * @config: what it sends, and to whom
 * @events: what is posted
 * @link: to whom
 *
 * Returns: (transfer full): a connection that nothing was said about yet
 */
ConfabWebrtcPipeline *
confab_webrtc_pipeline_new (const ConfabWebrtcPipelineConfig *config,
                            const ConfabWebrtcPipelineEvents *events,
                            ConfabMainLink *link)
{
  ConfabWebrtcPipeline *self = g_new0 (ConfabWebrtcPipeline, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->events = *events;
  self->link = confab_main_link_ref (link);
  self->worker = confab_media_worker_new ();
  self->clock = confab_receive_clock_new ();
  self->stream_id = g_strdup (config->stream_id);
  self->screen_id = g_strdup (config->screen_id);
  self->audio = confab_fanout_ref (config->audio);
  self->video = confab_fanout_ref (config->video);
  self->screen = confab_fanout_ref (config->screen);
  self->sharing = config->sharing;
  self->audio_ssrc = config->audio_ssrc;
  self->video_ssrc = config->video_ssrc;
  self->screen_ssrc = config->screen_ssrc;
  self->audio_payload = config->audio_payload;
  self->video_payload = config->video_payload;
  self->servers = confab_ice_servers_copy (config->servers);
  self->relay_only = config->relay_only;

  self->pipeline = confab_media_pipeline_new ("connection");
  self->audio_input = add_input (self,
                                 "audio/x-opus,rate=48000,channels=1,"
                                 "channel-mapping-family=0,stream-count=1,coupled-count=0");
  self->video_input = add_input (self, "video/x-vp8");
  self->screen_input = confab_media_input_new ("video/x-vp8", MAX_WAITING, 0);
  confab_media_pipeline_watch (self->pipeline,
                               confab_webrtc_pipeline_message_cb,
                               confab_webrtc_pipeline_ref (self),
                               confab_webrtc_pipeline_unref);
  push (self, confab_webrtc_pipeline_build, NULL, NULL);
  return self;
}

ConfabWebrtcPipeline *
confab_webrtc_pipeline_ref (ConfabWebrtcPipeline *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
confab_webrtc_pipeline_unref (gpointer data)
{
  ConfabWebrtcPipeline *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_free (self->stream_id);
  g_free (self->screen_id);
  g_free (self->remote_sdp);
  confab_fanout_unref (self->audio);
  confab_fanout_unref (self->video);
  confab_fanout_unref (self->screen);
  confab_ice_servers_free (self->servers);
  gst_object_unref (self->audio_input);
  gst_object_unref (self->video_input);
  gst_object_unref (self->screen_input);
  confab_media_pipeline_release (self->pipeline);
  confab_receive_clock_unref (self->clock);
  confab_main_link_unref (self->link);
  confab_media_worker_free (self->worker);
  g_free (self);
}

/**
 * confab_webrtc_pipeline_create:
 * @self: a connection
 * @step: one that creates a description; the reply has it
 */
void
confab_webrtc_pipeline_create (ConfabWebrtcPipeline *self, ConfabWebrtcStep step)
{
  g_return_if_fail (step <= CONFAB_WEBRTC_STEP_CREATE_ANSWER);

  push_step (self, step, NULL);
}

/**
 * confab_webrtc_pipeline_set:
 * @self: a connection
 * @step: one that brings a description into force
 * @description: (transfer full): what it says
 */
void
confab_webrtc_pipeline_set (ConfabWebrtcPipeline *self,
                            ConfabWebrtcStep step,
                            GstWebRTCSessionDescription *description)
{
  g_return_if_fail (step > CONFAB_WEBRTC_STEP_CREATE_ANSWER);

  push_step (self, step, description);
}

void
confab_webrtc_pipeline_add_candidate (ConfabWebrtcPipeline *self,
                                      guint mline_index,
                                      const char *text)
{
  push (self,
        add_candidate,
        confab_webrtc_candidate_new (mline_index, text),
        confab_webrtc_candidate_free);
}

/**
 * confab_webrtc_pipeline_send:
 * @self: a connection that is up
 * @remote_sdp: the other side's description in force
 *
 * From now on it is sent what it takes.
 */
void
confab_webrtc_pipeline_send (ConfabWebrtcPipeline *self, const char *remote_sdp)
{
  push (self, send_what_is_taken, g_strdup (remote_sdp), g_free);
}

/**
 * confab_webrtc_pipeline_set_sharing:
 * @self: a connection
 * @sharing: whether the screen is to be sent
 *
 * One that is not any more stops at once. Posts `negotiation_asked` if the other side is to be told.
 */
void
confab_webrtc_pipeline_set_sharing (ConfabWebrtcPipeline *self, gboolean sharing)
{
  push (self, set_sharing, GINT_TO_POINTER (sharing), NULL);
}

void
confab_webrtc_pipeline_set_rtcp_bandwidth (ConfabWebrtcPipeline *self)
{
  push (self, set_rtcp_bandwidth, NULL, NULL);
}

/**
 * confab_webrtc_pipeline_check_negotiation:
 * @self: a connection
 *
 * Posts `negotiation_asked` if a track of ours waits for an m-line. From any thread.
 */
void
confab_webrtc_pipeline_check_negotiation (ConfabWebrtcPipeline *self)
{
  push (self, check_negotiation, NULL, NULL);
}

void
confab_webrtc_pipeline_recalculate_latency (ConfabWebrtcPipeline *self)
{
  push (self, recalculate_latency, NULL, NULL);
}

/**
 * confab_webrtc_pipeline_decode:
 * @self: a connection
 * @pad: of its webrtcbin
 * @elements: (element-type GstElement): what comes after it, to be linked in this order
 */
void
confab_webrtc_pipeline_decode (ConfabWebrtcPipeline *self,
                               ConfabWebrtcPad *pad,
                               GPtrArray *elements)
{
  Decoding *decoding = g_new (Decoding, 1);

  *decoding = (Decoding) { confab_webrtc_pad_ref (pad), g_ptr_array_ref (elements) };
  push (self, decode, decoding, decoding_free);
}

/**
 * confab_webrtc_pipeline_get_stats:
 * @self: a connection
 * @func: gets webrtcbin's report, or an expired promise, in any thread, always
 * @data: for @func
 * @destroy: frees @data, in any thread
 */
void
confab_webrtc_pipeline_get_stats (ConfabWebrtcPipeline *self,
                                  GstPromiseChangeFunc func,
                                  gpointer data,
                                  GDestroyNotify destroy)
{
  StatsRequest *request = g_new (StatsRequest, 1);

  *request = (StatsRequest) { func, data, destroy };
  push (self, get_stats, request, stats_request_free);
}

gint64
confab_webrtc_pipeline_get_last_received_at (ConfabWebrtcPipeline *self)
{
  gint64 at;

  g_mutex_lock (&self->clock->lock);
  at = self->clock->last_received_at;
  g_mutex_unlock (&self->clock->lock);
  return at;
}

guint64
confab_webrtc_pipeline_get_n_video_sent (ConfabWebrtcPipeline *self)
{
  return confab_fanout_get_n_sent (self->video, self->video_input);
}

guint64
confab_webrtc_pipeline_get_n_screen_sent (ConfabWebrtcPipeline *self)
{
  return confab_fanout_get_n_sent (self->screen, self->screen_input);
}

/**
 * confab_webrtc_pipeline_end:
 * @self: a connection
 *
 * Ends it, in the worker's thread. Nothing is posted any more but what is on its way.
 */
void
confab_webrtc_pipeline_end (ConfabWebrtcPipeline *self)
{
  g_atomic_int_set (&self->ended, TRUE);
  confab_media_pipeline_silence (self->pipeline);
  confab_media_worker_push (self->worker,
                            end_cb,
                            confab_webrtc_pipeline_ref (self),
                            confab_webrtc_pipeline_unref);
}
