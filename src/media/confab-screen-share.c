/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-screen-share.h"

#include "confab-capture.h"
#include "confab-media-pipeline.h"
#include "confab-picture-sender.h"

struct _ConfabScreenShare {
  GObject parent_instance;

  ConfabMediaEngine *engine;
  ConfabStream
    *stream; /* the same each time: its id stands in the SDPs of connections that are up */
  ConfabFanout *fanout;
  ConfabMediaWorker *capture_worker; /* opens and closes the capture */
  ConfabMediaWorker *worker;         /* the pipeline's */
  GstElement *pipeline;              /* NULL while nothing is shared */
  GstElement *input;
  ConfabCapture *capture;
  ConfabSharingProblem problem;
};

G_DEFINE_FINAL_TYPE (ConfabScreenShare, confab_screen_share, G_TYPE_OBJECT)

enum {
  SIGNAL_CHANGED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

/* Whether it was shared. */
static gboolean
end (ConfabScreenShare *self)
{
  if (self->pipeline == NULL)
    return FALSE;

  g_signal_handlers_disconnect_by_data (self->capture, self);
  confab_capture_stop (self->capture);
  g_clear_object (&self->capture);
  confab_fanout_set_encoder (self->fanout, NULL);
  confab_fanout_set_valve (self->fanout, NULL);
  gst_clear_object (&self->input);
  confab_stream_set_has_video (self->stream, FALSE);
  confab_media_pipeline_end (g_steal_pointer (&self->pipeline), self->worker);
  return TRUE;
}

static void
started_cb (ConfabScreenShare *self)
{
  confab_stream_set_has_video (self->stream, TRUE);
}

static void
failed_cb (ConfabScreenShare *self, ConfabDeviceProblem problem)
{
  self->problem = problem == CONFAB_DEVICE_PROBLEM_DENIED ? CONFAB_SHARING_PROBLEM_DENIED
                                                          : CONFAB_SHARING_PROBLEM_FAILED;
  end (self);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static gboolean
message_cb (GstBus *bus, GstMessage *message, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *debug = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, &debug);
    g_warning ("The screen's pipeline: %s (%s)", error->message, debug);
  }
  return G_SOURCE_CONTINUE;
}

static void
confab_screen_share_dispose (GObject *object)
{
  end (CONFAB_SCREEN_SHARE (object));
  G_OBJECT_CLASS (confab_screen_share_parent_class)->dispose (object);
}

static void
confab_screen_share_finalize (GObject *object)
{
  ConfabScreenShare *self = CONFAB_SCREEN_SHARE (object);

  g_clear_pointer (&self->capture_worker, confab_media_worker_free);
  g_clear_pointer (&self->worker, confab_media_worker_free);
  g_clear_pointer (&self->fanout, confab_fanout_unref);
  g_clear_object (&self->stream);
  g_clear_object (&self->engine);
  G_OBJECT_CLASS (confab_screen_share_parent_class)->finalize (object);
}

static void
confab_screen_share_class_init (ConfabScreenShareClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = confab_screen_share_dispose;
  object_class->finalize = confab_screen_share_finalize;
  /**
   * ConfabScreenShare::changed:
   *
   * It is on, or off, or there is another problem.
   */
  signals[SIGNAL_CHANGED] = g_signal_new (
    "changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
confab_screen_share_init (ConfabScreenShare *self)
{
  g_autofree char *id = g_strdup_printf ("cfb-%08x%08x", g_random_int (), g_random_int ());

  self->stream = confab_stream_new (id, CONFAB_STREAM_PURPOSE_SCREENSHARE);
  confab_stream_set_audio_muted (self->stream, TRUE); /* a picture alone */
  self->fanout = confab_fanout_new ();
  self->capture_worker = confab_media_worker_new ();
  self->worker = confab_media_worker_new ();
}

/**
 * confab_screen_share_new:
 * @engine: where the screen is
 *
 * Returns: (transfer full): nothing is shared yet
 */
ConfabScreenShare *
confab_screen_share_new (ConfabMediaEngine *engine)
{
  ConfabScreenShare *self = g_object_new (CONFAB_TYPE_SCREEN_SHARE, NULL);

  self->engine = g_object_ref (engine);
  if (!confab_media_engine_can_share (engine))
    self->problem = CONFAB_SHARING_PROBLEM_UNSUPPORTED;
  return self;
}

/**
 * confab_screen_share_start:
 * @self: a screen share
 *
 * Does nothing where there is no way to capture, or while it is on.
 */
void
confab_screen_share_start (ConfabScreenShare *self)
{
  ConfabPictureSender sender = { .fanout = self->fanout, .stream = self->stream };
  GstElement *source;
  g_autofree char *caps = NULL;

  g_return_if_fail (CONFAB_IS_SCREEN_SHARE (self));

  if (self->pipeline != NULL || !confab_media_engine_can_share (self->engine))
    return;

  source = confab_media_engine_create_screen (self->engine);
  if (source == NULL) {
    self->problem = CONFAB_SHARING_PROBLEM_FAILED;
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
    return;
  }
  self->problem = CONFAB_SHARING_PROBLEM_NONE;
  self->pipeline = confab_media_pipeline_new ("screen");
  confab_media_engine_get_screen_format (self->engine, &sender.width, &sender.height, &sender.fps);
  sender.pipeline = self->pipeline;
  sender.drawing = confab_media_engine_get_drawing (self->engine);
  self->input = confab_picture_sender_build (&sender);
  confab_media_pipeline_watch (self->pipeline, message_cb, NULL, NULL);
  confab_media_pipeline_start (self->pipeline, self->worker);

  caps = g_strdup_printf ("video/x-raw,format=I420,width=%u,height=%u,pixel-aspect-ratio=1/1",
                          sender.width,
                          sender.height);
  self->capture = confab_capture_new (CONFAB_DEVICE_KIND_CAMERA, /* as pictures go, it is one */
                                      source,
                                      caps,
                                      sender.width,
                                      sender.height,
                                      sender.fps,
                                      self->input,
                                      self->capture_worker);
  g_signal_connect_object (
    self->capture, "started", G_CALLBACK (started_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    self->capture, "failed", G_CALLBACK (failed_cb), self, G_CONNECT_SWAPPED);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/**
 * confab_screen_share_stop:
 * @self: a screen share
 *
 * Nothing is captured any more when this returns.
 */
void
confab_screen_share_stop (ConfabScreenShare *self)
{
  g_return_if_fail (CONFAB_IS_SCREEN_SHARE (self));

  if (end (self))
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

gboolean
confab_screen_share_is_on (ConfabScreenShare *self)
{
  g_return_val_if_fail (CONFAB_IS_SCREEN_SHARE (self), FALSE);

  return self->pipeline != NULL;
}

ConfabSharingProblem
confab_screen_share_get_problem (ConfabScreenShare *self)
{
  g_return_val_if_fail (CONFAB_IS_SCREEN_SHARE (self), CONFAB_SHARING_PROBLEM_FAILED);

  return self->problem;
}

/**
 * confab_screen_share_get_stream:
 * @self: a screen share
 *
 * Returns: (transfer none): its stream, whether it is on or not
 */
ConfabStream *
confab_screen_share_get_stream (ConfabScreenShare *self)
{
  g_return_val_if_fail (CONFAB_IS_SCREEN_SHARE (self), NULL);

  return self->stream;
}

/**
 * confab_screen_share_get_fanout:
 * @self: a screen share
 *
 * Returns: (transfer none): what hands it to connections, encoded
 */
ConfabFanout *
confab_screen_share_get_fanout (ConfabScreenShare *self)
{
  g_return_val_if_fail (CONFAB_IS_SCREEN_SHARE (self), NULL);

  return self->fanout;
}

GstElement *
confab_screen_share_get_pipeline (ConfabScreenShare *self)
{
  g_return_val_if_fail (CONFAB_IS_SCREEN_SHARE (self), NULL);

  return self->pipeline;
}
