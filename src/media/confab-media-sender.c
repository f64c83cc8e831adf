/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-media-sender.h"

#include "confab-media-pipeline.h"
#include "confab-media-sender-private.h"
#include "confab-picture-sender.h"
#include "confab-webrtc-peer.h"

#define RETRY_MS 3000

static void confab_media_sender_iface_init (ConfabLocalMediaInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabMediaSender,
                               confab_media_sender,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_LOCAL_MEDIA,
                                                      confab_media_sender_iface_init))

static void open_device (ConfabMediaSender *self, ConfabSenderDevice *device);

static ConfabSenderDevice *
device_of (ConfabMediaSender *self, ConfabDeviceKind kind)
{
  return kind == CONFAB_DEVICE_KIND_CAMERA ? &self->camera : &self->microphone;
}

static void
set_problem (ConfabMediaSender *self, ConfabSenderDevice *device, ConfabDeviceProblem problem)
{
  if (device->problem == problem)
    return;

  device->problem = problem;
  confab_local_media_emit_problem_changed (CONFAB_LOCAL_MEDIA (self), device->kind);
}

static void
close_device (ConfabMediaSender *self, ConfabSenderDevice *device)
{
  g_clear_handle_id (&device->retry_id, g_source_remove);
  if (device->capture != NULL) {
    g_signal_handlers_disconnect_by_data (device->capture, self);
    confab_capture_stop (device->capture);
    g_clear_object (&device->capture);
  }
  device->stands_in = FALSE;
  if (device->kind == CONFAB_DEVICE_KIND_CAMERA)
    confab_stream_set_has_video (self->stream, FALSE);
}

static void
retry_camera_cb (gpointer user_data)
{
  ConfabMediaSender *self = user_data;

  self->camera.retry_id = 0;
  open_device (self, &self->camera);
}

static void
retry_microphone_cb (gpointer user_data)
{
  ConfabMediaSender *self = user_data;

  self->microphone.retry_id = 0;
  close_device (self, &self->microphone); /* the silence that stands for it */
  open_device (self, &self->microphone);
}

static void
started_cb (ConfabMediaSender *self, ConfabCapture *capture)
{
  if (capture == self->camera.capture) {
    set_problem (self, &self->camera, CONFAB_DEVICE_PROBLEM_NONE);
    confab_stream_set_has_video (self->stream, TRUE);
    confab_fanout_request_key_frame (self->video, FALSE);
  } else if (capture == self->microphone.capture) {
    set_problem (self, &self->microphone, CONFAB_DEVICE_PROBLEM_NONE);
  }
}

static ConfabCapture *
start_capture (ConfabMediaSender *self, ConfabSenderDevice *device, GstElement *source)
{
  g_autofree char *caps = device->kind == CONFAB_DEVICE_KIND_CAMERA
                            ? g_strdup_printf (
                                "video/x-raw,format=I420,width=%u,height=%u,pixel-aspect-ratio=1/1",
                                self->width,
                                self->height)
                            : g_strdup (CONFAB_AUDIO_CAPS);

  return confab_capture_new (device->kind,
                             source,
                             caps,
                             self->width,
                             self->height,
                             self->fps,
                             device->input,
                             device->worker);
}

/* Silence is sent in place of a microphone, so that clocks and jitter buffers go on. */
static void
start_silence (ConfabMediaSender *self)
{
  GstElement *source = gst_element_factory_make ("audiotestsrc", NULL);

  if (source == NULL)
    return;
  gst_util_set_object_arg (G_OBJECT (source), "wave", "silence");
  g_object_set (source, "is-live", TRUE, "samplesperbuffer", 960, NULL);
  self->microphone.capture = start_capture (self, &self->microphone, source);
  self->microphone.stands_in = TRUE;
}

static void
give_up (ConfabMediaSender *self,
         ConfabSenderDevice *device,
         ConfabDeviceProblem problem,
         gboolean is_known)
{
  const gboolean is_camera = device->kind == CONFAB_DEVICE_KIND_CAMERA;

  close_device (self, device);
  /* One that nobody knows comes with a change of the devices; others are asked again. */
  if (is_known)
    device->retry_id = g_timeout_add_once (RETRY_MS,
                                           is_camera ? retry_camera_cb : retry_microphone_cb,
                                           self);
  if (!is_camera)
    start_silence (self);
  set_problem (self, device, problem);
}

static void
failed_cb (ConfabMediaSender *self, ConfabDeviceProblem problem, ConfabCapture *capture)
{
  if (capture == self->camera.capture)
    give_up (self, &self->camera, problem, TRUE);
  else if (capture == self->microphone.capture)
    give_up (self, &self->microphone, problem, TRUE);
}

static void
open_device (ConfabMediaSender *self, ConfabSenderDevice *device)
{
  ConfabDeviceProblem problem = CONFAB_DEVICE_PROBLEM_NONE;
  GstElement *source;

  if (self->pipeline == NULL || device->capture != NULL ||
      (device->kind == CONFAB_DEVICE_KIND_CAMERA && device->muted))
    return;

  g_clear_handle_id (&device->retry_id, g_source_remove);
  source = confab_media_engine_create_source (self->engine, device->kind, &problem);
  if (source == NULL) {
    give_up (self, device, problem, problem != CONFAB_DEVICE_PROBLEM_MISSING);
    return;
  }
  device->capture = start_capture (self, device, source);
  g_signal_connect_object (
    device->capture, "started", G_CALLBACK (started_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    device->capture, "failed", G_CALLBACK (failed_cb), self, G_CONNECT_SWAPPED);
}

static void
take_level (gpointer object, gpointer data)
{
  ConfabMediaSender *self = object;
  double level;

  if (self->pipeline != NULL && confab_media_message_get_level (data, &level))
    confab_stream_set_level (self->stream, self->microphone.muted ? CONFAB_LEVEL_SILENCE : level);
}

static void
recalculate_latency_cb (gpointer pipeline)
{
  gst_bin_recalculate_latency (pipeline);
}

static void
take_latency (gpointer object, gpointer data)
{
  ConfabMediaSender *self = object;

  if (self->pipeline != NULL)
    confab_media_worker_push (self->worker,
                              recalculate_latency_cb,
                              gst_object_ref (self->pipeline),
                              gst_object_unref);
}

static gboolean
message_cb (GstBus *bus, GstMessage *message, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *debug = NULL;

  switch (GST_MESSAGE_TYPE (message)) {
  case GST_MESSAGE_ELEMENT:
    confab_main_link_post (user_data,
                           take_level,
                           gst_message_ref (message),
                           (GDestroyNotify) gst_message_unref);
    break;
  case GST_MESSAGE_LATENCY:
    confab_main_link_post (user_data, take_latency, NULL, NULL);
    break;
  case GST_MESSAGE_ERROR:
    gst_message_parse_error (message, &error, &debug);
    g_warning ("The sending pipeline: %s (%s)", error->message, debug);
    break;
  default:
    break;
  }
  return G_SOURCE_CONTINUE;
}

static ConfabPeerConnection *
confab_media_sender_create_peer_connection (ConfabLocalMedia *media,
                                            const ConfabIceServers *servers)
{
  ConfabMediaSender *self = CONFAB_MEDIA_SENDER (media);
  ConfabWebrtcPeerConfig config = {
    .stream_id = confab_stream_get_id (self->stream),
    .screen_id = confab_stream_get_id (confab_screen_share_get_stream (self->screen)),
    .audio = self->audio,
    .video = self->video,
    .screen = confab_screen_share_get_fanout (self->screen),
    .mixer = confab_media_engine_get_mixer (self->engine),
    .servers = servers,
    .relay_only = confab_media_engine_get_relay_only (self->engine),
    .drawing = confab_media_engine_get_drawing (self->engine),
    .width = self->width,
    .height = self->height,
    .video_bitrate = CONFAB_VIDEO_BITRATE (self->width, self->height),
    .audio_bitrate = AUDIO_BITRATE,
  };
  guint fps;

  confab_media_engine_get_screen_format (self->engine,
                                         &config.screen_width,
                                         &config.screen_height,
                                         &fps);
  config.screen_bitrate = CONFAB_VIDEO_BITRATE (config.screen_width, config.screen_height);
  return CONFAB_PEER_CONNECTION (confab_webrtc_peer_new (&config));
}

static ConfabStream *
confab_media_sender_get_stream (ConfabLocalMedia *media)
{
  return CONFAB_MEDIA_SENDER (media)->stream;
}

static void
confab_media_sender_set_microphone_muted (ConfabLocalMedia *media, gboolean muted)
{
  ConfabMediaSender *self = CONFAB_MEDIA_SENDER (media);

  self->microphone.muted = muted;
  if (self->volume != NULL && self->pipeline != NULL)
    g_object_set (self->volume, "mute", muted, NULL);
  confab_stream_set_audio_muted (self->stream, muted);
  if (muted)
    confab_stream_set_level (self->stream, CONFAB_LEVEL_SILENCE);
}

static void
confab_media_sender_set_camera_muted (ConfabLocalMedia *media, gboolean muted)
{
  ConfabMediaSender *self = CONFAB_MEDIA_SENDER (media);

  if (self->camera.muted == !!muted)
    return;

  self->camera.muted = !!muted;
  confab_stream_set_video_muted (self->stream, muted);
  if (muted) {
    close_device (self, &self->camera);
    set_problem (self, &self->camera, CONFAB_DEVICE_PROBLEM_NONE);
  } else {
    open_device (self, &self->camera);
  }
}

static ConfabDeviceProblem
confab_media_sender_get_problem (ConfabLocalMedia *media, ConfabDeviceKind kind)
{
  return device_of (CONFAB_MEDIA_SENDER (media), kind)->problem;
}

static void
confab_media_sender_share_screen (ConfabLocalMedia *media)
{
  ConfabMediaSender *self = CONFAB_MEDIA_SENDER (media);

  if (self->pipeline != NULL)
    confab_screen_share_start (self->screen);
}

static void
confab_media_sender_stop_sharing (ConfabLocalMedia *media)
{
  confab_screen_share_stop (CONFAB_MEDIA_SENDER (media)->screen);
}

static ConfabSharing
confab_media_sender_get_sharing (ConfabLocalMedia *media, ConfabSharingProblem *problem)
{
  ConfabMediaSender *self = CONFAB_MEDIA_SENDER (media);

  *problem = confab_screen_share_get_problem (self->screen);
  return confab_screen_share_is_on (self->screen) ? CONFAB_SHARING_ON : CONFAB_SHARING_OFF;
}

static ConfabStream *
confab_media_sender_get_screen (ConfabLocalMedia *media)
{
  ConfabMediaSender *self = CONFAB_MEDIA_SENDER (media);

  return confab_screen_share_is_on (self->screen) ? confab_screen_share_get_stream (self->screen)
                                                  : NULL;
}

static void
end_device (ConfabMediaSender *self, ConfabSenderDevice *device)
{
  close_device (self, device);
  gst_clear_object (&device->input);
  g_clear_pointer (&device->worker, confab_media_worker_free);
}

static void
confab_media_sender_close (ConfabLocalMedia *media)
{
  ConfabMediaSender *self = CONFAB_MEDIA_SENDER (media);

  if (self->pipeline == NULL)
    return;

  confab_screen_share_stop (self->screen);
  end_device (self, &self->camera);
  end_device (self, &self->microphone);
  confab_fanout_set_encoder (self->video, NULL);
  confab_fanout_set_valve (self->video, NULL);
  self->volume = NULL;
  self->level = NULL;
  confab_media_pipeline_end (g_steal_pointer (&self->pipeline), self->worker);
  g_clear_pointer (&self->worker, confab_media_worker_free);
}

static void
confab_media_sender_dispose (GObject *object)
{
  confab_media_sender_close (CONFAB_LOCAL_MEDIA (object));
  G_OBJECT_CLASS (confab_media_sender_parent_class)->dispose (object);
}

static void
confab_media_sender_finalize (GObject *object)
{
  ConfabMediaSender *self = CONFAB_MEDIA_SENDER (object);

  g_clear_object (&self->screen);
  g_clear_object (&self->engine);
  g_clear_object (&self->stream);
  g_clear_pointer (&self->link, confab_main_link_unref);
  g_clear_pointer (&self->audio, confab_fanout_unref);
  g_clear_pointer (&self->video, confab_fanout_unref);
  G_OBJECT_CLASS (confab_media_sender_parent_class)->finalize (object);
}

static void
confab_media_sender_iface_init (ConfabLocalMediaInterface *iface)
{
  iface->create_peer_connection = confab_media_sender_create_peer_connection;
  iface->get_stream = confab_media_sender_get_stream;
  iface->set_microphone_muted = confab_media_sender_set_microphone_muted;
  iface->set_camera_muted = confab_media_sender_set_camera_muted;
  iface->get_problem = confab_media_sender_get_problem;
  iface->close = confab_media_sender_close;
  iface->share_screen = confab_media_sender_share_screen;
  iface->stop_sharing = confab_media_sender_stop_sharing;
  iface->get_sharing = confab_media_sender_get_sharing;
  iface->get_screen = confab_media_sender_get_screen;
}

static void
confab_media_sender_class_init (ConfabMediaSenderClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = confab_media_sender_dispose;
  object_class->finalize = confab_media_sender_finalize;
}

static void
confab_media_sender_init (ConfabMediaSender *self)
{
  g_autofree char *id = g_strdup_printf ("cfb-%08x%08x", g_random_int (), g_random_int ());

  self->link = confab_main_link_new (self);
  self->stream = confab_stream_new (id, CONFAB_STREAM_PURPOSE_USERMEDIA);
  self->audio = confab_fanout_new ();
  self->video = confab_fanout_new ();
  self->microphone = (ConfabSenderDevice) { .kind = CONFAB_DEVICE_KIND_MICROPHONE,
                                            .worker = confab_media_worker_new () };
  self->camera = (ConfabSenderDevice) { .kind = CONFAB_DEVICE_KIND_CAMERA,
                                        .worker = confab_media_worker_new () };
}

/* Later: opening tells of problems, and nobody listens yet. */
static void
open_devices (gpointer object, gpointer data)
{
  ConfabMediaSender *self = object;

  open_device (self, &self->microphone);
  open_device (self, &self->camera);
}

/**
 * confab_media_sender_new:
 * @engine: where the devices are
 * @microphone_muted: whether to start with the microphone off
 * @camera_muted: whether to start with the camera closed
 *
 * Returns: (transfer full): open media
 */
ConfabMediaSender *
confab_media_sender_new (ConfabMediaEngine *engine,
                         gboolean microphone_muted,
                         gboolean camera_muted)
{
  ConfabMediaSender *self = g_object_new (CONFAB_TYPE_MEDIA_SENDER, NULL);

  self->engine = g_object_ref (engine);
  self->screen = confab_screen_share_new (engine);
  g_signal_connect_object (self->screen,
                           "changed",
                           G_CALLBACK (confab_local_media_emit_sharing_changed),
                           self,
                           G_CONNECT_SWAPPED);
  confab_media_engine_get_video_format (engine, &self->width, &self->height, &self->fps);
  self->microphone.muted = !!microphone_muted;
  self->camera.muted = !!camera_muted;
  confab_stream_set_audio_muted (self->stream, microphone_muted);
  confab_stream_set_video_muted (self->stream, camera_muted);

  self->worker = confab_media_worker_new ();
  self->pipeline = confab_media_pipeline_new ("sender");
  confab_media_sender_build (self);
  confab_media_pipeline_watch (self->pipeline,
                               message_cb,
                               confab_main_link_ref (self->link),
                               confab_main_link_unref);
  confab_media_pipeline_start (self->pipeline, self->worker);
  confab_main_link_post (self->link, open_devices, NULL, NULL);
  return self;
}

/**
 * confab_media_sender_device_changed:
 * @self: open media
 * @kind: of which kind
 * @chosen_changed: whether another one is to be used, rather than some other plugged in or out
 *
 * Goes over to the chosen device, without anything said to peers.
 */
void
confab_media_sender_device_changed (ConfabMediaSender *self,
                                    ConfabDeviceKind kind,
                                    gboolean chosen_changed)
{
  ConfabSenderDevice *device;

  g_return_if_fail (CONFAB_IS_MEDIA_SENDER (self));

  device = device_of (self, kind);
  if (self->pipeline == NULL || kind == CONFAB_DEVICE_KIND_SPEAKER ||
      /* One that is being opened is left in peace: others come and go meanwhile. */
      (!chosen_changed && device->capture != NULL && !device->stands_in))
    return;

  close_device (self, device);
  open_device (self, device);
}

/**
 * confab_media_sender_is_capturing:
 * @self: media
 * @kind: microphone or camera
 *
 * Returns: whether a device is open
 */
gboolean
confab_media_sender_is_capturing (ConfabMediaSender *self, ConfabDeviceKind kind)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_SENDER (self), FALSE);

  return device_of (self, kind)->capture != NULL;
}

/**
 * confab_media_sender_get_screen_pipeline:
 * @self: media
 *
 * As confab_media_sender_get_pipeline().
 *
 * Returns: (transfer none) (nullable): where the shared screen is encoded, %NULL while nothing is shared
 */
GstElement *
confab_media_sender_get_screen_pipeline (ConfabMediaSender *self)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_SENDER (self), NULL);

  return confab_screen_share_get_pipeline (self->screen);
}

/**
 * confab_media_sender_get_pipeline:
 * @self: media
 *
 * For tests that look at what it is made of.
 *
 * Returns: (transfer none) (nullable): where everything is encoded
 */
GstElement *
confab_media_sender_get_pipeline (ConfabMediaSender *self)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_SENDER (self), NULL);

  return self->pipeline;
}
