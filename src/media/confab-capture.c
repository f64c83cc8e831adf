/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-capture.h"

#include "confab-fanout.h"
#include "confab-media-pipeline.h"

struct _ConfabCapture {
  GObject parent_instance;

  ConfabDeviceKind kind;
  GThreadPool *worker; /* the sender's: one opening and closing of a device after the other */
  GstElement *pipeline;
  GstElement *target;
  ConfabFanout *fanout;
};

G_DEFINE_FINAL_TYPE (ConfabCapture, confab_capture, G_TYPE_OBJECT)

enum {
  SIGNAL_STARTED,
  SIGNAL_FAILED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

typedef struct {
  GstElement *pipeline;
  GstState state;
} Task;

static void
task_cb (gpointer data, gpointer user_data)
{
  g_autofree Task *task = data;

  gst_element_set_state (task->pipeline, task->state);
  gst_object_unref (task->pipeline);
}

static void
push_task (ConfabCapture *self, GstState state)
{
  Task *task = g_new (Task, 1);

  *task = (Task) { gst_object_ref (self->pipeline), state };
  g_thread_pool_push (self->worker, task, NULL);
}

static void
started (gpointer object, gpointer data)
{
  ConfabCapture *self = object;

  if (self->pipeline != NULL)
    g_signal_emit (self, signals[SIGNAL_STARTED], 0);
}

static GstPadProbeReturn
first_buffer_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  confab_main_link_post (user_data, started, NULL, NULL);
  return GST_PAD_PROBE_REMOVE;
}

static void
fail (gpointer object, gpointer data)
{
  ConfabCapture *self = object;

  if (self->pipeline == NULL)
    return;

  confab_capture_stop (self);
  g_signal_emit (self, signals[SIGNAL_FAILED], 0, GPOINTER_TO_INT (data));
}

static gboolean
message_cb (GstBus *bus, GstMessage *message, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *debug = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, &debug);
    g_info ("A device gives nothing: %s", error->message);
    confab_main_link_post (user_data,
                           fail,
                           GINT_TO_POINTER (confab_media_problem_from_error (error)),
                           NULL);
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS) {
    confab_main_link_post (user_data, fail, GINT_TO_POINTER (CONFAB_DEVICE_PROBLEM_MISSING), NULL);
  }
  return G_SOURCE_CONTINUE;
}

/* Gives back the first of the elements made. */
static GstElement *
link_elements (GstElement *pipeline,
               GstElement *source,
               const char *const *factories,
               GstElement *end)
{
  GstElement *first = NULL;
  GstElement *last = source;

  for (guint i = 0; factories[i] != NULL; i++) {
    GstElement *next = confab_media_pipeline_add (pipeline, factories[i], NULL);

    if (next == NULL || !gst_element_link (last, next))
      return first;
    if (first == NULL)
      first = next;
    last = next;
  }
  gst_element_link (last, end);
  return first;
}

static void
confab_capture_dispose (GObject *object)
{
  ConfabCapture *self = CONFAB_CAPTURE (object);

  confab_capture_stop (self);
  gst_clear_object (&self->target);
  g_clear_pointer (&self->fanout, confab_fanout_unref);
  G_OBJECT_CLASS (confab_capture_parent_class)->dispose (object);
}

static void
confab_capture_class_init (ConfabCaptureClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_capture_dispose;

  /**
   * ConfabCapture::started:
   *
   * The first picture or sound came.
   */
  signals[SIGNAL_STARTED] = g_signal_new (
    "started", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * ConfabCapture::failed:
   * @problem: what is the matter
   *
   * The device is closed: it could not be opened, or went away.
   */
  signals[SIGNAL_FAILED] = g_signal_new ("failed",
                                         G_TYPE_FROM_CLASS (klass),
                                         G_SIGNAL_RUN_LAST,
                                         0,
                                         NULL,
                                         NULL,
                                         NULL,
                                         G_TYPE_NONE,
                                         1,
                                         CONFAB_TYPE_DEVICE_PROBLEM);
}

static void
confab_capture_init (ConfabCapture *self)
{
}

/**
 * confab_capture_worker_new:
 *
 * Returns: (transfer full): a thread for the openings of one kind of device: a device is closed before it is
 *   opened anew
 */
GThreadPool *
confab_capture_worker_new (void)
{
  return g_thread_pool_new (task_cb, NULL, 1, FALSE, NULL);
}

/**
 * confab_capture_new:
 * @kind: camera or microphone
 * @source: (transfer floating): the device's element
 * @caps: what is made of what it gives
 * @max_fps: for a camera: faster ones are thinned out
 * @target: the appsrc that gets it
 * @worker: from confab_capture_worker_new(), outlives this
 *
 * Opens the device, in the worker's thread: ::started or ::failed follows.
 *
 * Returns: (transfer full): the open device
 */
ConfabCapture *
confab_capture_new (ConfabDeviceKind kind,
                    GstElement *source,
                    const char *caps,
                    guint max_fps,
                    GstElement *target,
                    GThreadPool *worker)
{
  static const char *const video[] = { "videorate", "videoconvert", "videoscale", NULL };
  static const char *const audio[] = { "audioconvert", "audioresample", NULL };
  ConfabCapture *self = g_object_new (CONFAB_TYPE_CAPTURE, NULL);
  const gboolean is_camera = kind == CONFAB_DEVICE_KIND_CAMERA;
  g_autoptr (ConfabMainLink) link = confab_main_link_new (self);
  g_autoptr (GstPad) pad = NULL;
  GstElement *filter, *output, *first;

  self->kind = kind;
  self->worker = worker;
  self->target = gst_object_ref (target);
  self->fanout = confab_fanout_new ();
  self->pipeline = confab_media_pipeline_new (is_camera ? "camera" : "microphone");
  gst_bin_add (GST_BIN (self->pipeline), source);
  filter = confab_media_pipeline_add_caps (self->pipeline, caps);
  output = confab_media_pipeline_add_output (self->pipeline);
  first = link_elements (self->pipeline, source, is_camera ? video : audio, filter);
  gst_element_link (filter, output);
  if (is_camera && first != NULL)
    g_object_set (first, "drop-only", TRUE, "max-rate", (int) max_fps, NULL);

  confab_fanout_connect_sink (self->fanout, output);
  confab_fanout_add (self->fanout, target);
  pad = gst_element_get_static_pad (output, "sink");
  gst_pad_add_probe (pad,
                     GST_PAD_PROBE_TYPE_BUFFER,
                     first_buffer_cb,
                     confab_main_link_ref (link),
                     confab_main_link_unref);
  confab_media_pipeline_watch (self->pipeline, message_cb, link);
  push_task (self, GST_STATE_PLAYING);
  return self;
}

/**
 * confab_capture_stop:
 * @self: an open device
 *
 * Closes it: nothing of it comes to the target any more. May be called twice.
 */
void
confab_capture_stop (ConfabCapture *self)
{
  g_autoptr (GstBus) bus = NULL;

  g_return_if_fail (CONFAB_IS_CAPTURE (self));

  if (self->pipeline == NULL)
    return;

  confab_fanout_remove (self->fanout, self->target);
  bus = gst_element_get_bus (self->pipeline);
  gst_bus_remove_watch (bus);
  gst_bus_set_flushing (bus, TRUE);
  push_task (self, GST_STATE_NULL);
  gst_clear_object (&self->pipeline);
}
