/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-capture.h"

#include "confab-fanout.h"
#include "confab-media-pipeline.h"

#define MAX_FPS 120

/* What the worker opens and closes. */
typedef struct {
  gatomicrefcount ref_count;
  gboolean is_camera;
  guint width, height; /* of the picture that is sent */
  guint max_fps;
  GstElement *pipeline;
  GstElement *source;
  GstElement *output;
  char *caps;
  gint stopped; /* atomic */
} Opening;

struct _ConfabCapture {
  GObject parent_instance;

  ConfabMediaWorker *worker; /* the sender's: one opening and closing of a device after the other */
  Opening *opening;          /* NULL after stop() */
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

static Opening *
opening_ref (Opening *opening)
{
  g_atomic_ref_count_inc (&opening->ref_count);
  return opening;
}

static void
opening_unref (gpointer data)
{
  Opening *opening = data;

  if (!g_atomic_ref_count_dec (&opening->ref_count))
    return;

  gst_object_unref (opening->source);
  gst_object_unref (opening->output);
  gst_object_unref (opening->pipeline);
  g_free (opening->caps);
  g_free (opening);
}

/* Gives back the first of the elements made. */
static GstElement *
link_elements (Opening *opening, GstElement *begin, const char *const *factories, GstElement *end)
{
  GstElement *first = NULL;
  GstElement *last = begin;

  for (guint i = 0; factories[i] != NULL; i++) {
    GstElement *next = confab_media_pipeline_add (opening->pipeline, factories[i]);

    if (next == NULL || !gst_element_link (last, next))
      return first;
    if (first == NULL)
      first = next;
    last = next;
  }
  gst_element_link (last, end);
  return first;
}

/*
 * What a camera is asked for: formats of 8 bits that are converted quickly (PipeWire converts, and would agree on any
 * other), and rather a picture of the right size at full speed than a large one that USB carries five times a second.
 */
static char *
make_camera_caps (const Opening *opening)
{
  static const char
    *const formats = "video/x-raw,format=(string){I420,YV12,NV12,NV21,YUY2,UYVY,BGRx,RGBx,"
                     "xBGR,xRGB,BGRA,RGBA,BGR,RGB,GRAY8}";
  const guint fps = MAX (opening->max_fps * 4 / 5, 1);

  return g_strdup_printf (
    "%s,width=(int)[%u,%u],height=(int)[%u,%u],framerate=(fraction)[%u/1,%u/1];%s",
    formats,
    opening->width / 2,
    opening->width * 2,
    opening->height / 2,
    opening->height * 2,
    fps,
    MAX_FPS,
    formats);
}

/* Linking alone costs some 5 ms: each element is asked what it takes. */
static void
open_cb (gpointer data)
{
  static const char *const video[] = { "videorate", "videoconvert", "videoscale", NULL };
  static const char *const audio[] = { "audioconvert", "audioresample", NULL };
  Opening *opening = data;
  GstElement *begin = opening->source;
  GstElement *filter, *first;

  if (g_atomic_int_get (&opening->stopped))
    return;

  filter = confab_media_pipeline_add_caps (opening->pipeline, opening->caps);
  gst_bin_add_many (GST_BIN (opening->pipeline), opening->source, opening->output, NULL);
  if (opening->is_camera) {
    g_autofree char *wanted = make_camera_caps (opening);

    begin = confab_media_pipeline_add_caps (opening->pipeline, wanted);
    gst_element_link (opening->source, begin);
  }
  first = link_elements (opening, begin, opening->is_camera ? video : audio, filter);
  gst_element_link (filter, opening->output);
  if (opening->is_camera && first != NULL)
    g_object_set (first, "drop-only", TRUE, "max-rate", (int) opening->max_fps, NULL);
  gst_element_set_state (opening->pipeline, GST_STATE_PLAYING);
}

static void
close_cb (gpointer data)
{
  Opening *opening = data;

  gst_element_set_state (opening->pipeline, GST_STATE_NULL);
}

static void
started (gpointer object, gpointer data)
{
  ConfabCapture *self = object;

  if (self->opening != NULL)
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

  if (self->opening == NULL)
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
 * confab_capture_new:
 * @kind: camera or microphone
 * @source: (transfer floating): the device's element
 * @caps: what is made of what it gives
 * @width: for a camera: of the picture that is sent
 * @height: likewise
 * @max_fps: for a camera: faster ones are thinned out
 * @target: the appsrc that gets it
 * @worker: for the openings of one kind of device: one is closed before it is opened anew; outlives this
 *
 * Opens the device, in the worker's thread: ::started or ::failed follows.
 *
 * Returns: (transfer full): the open device
 */
ConfabCapture *
confab_capture_new (ConfabDeviceKind kind,
                    GstElement *source,
                    const char *caps,
                    guint width,
                    guint height,
                    guint max_fps,
                    GstElement *target,
                    ConfabMediaWorker *worker)
{
  ConfabCapture *self = g_object_new (CONFAB_TYPE_CAPTURE, NULL);
  Opening *opening = g_new0 (Opening, 1);
  g_autoptr (ConfabMainLink) link = confab_main_link_new (self);
  g_autoptr (GstPad) pad = NULL;

  g_atomic_ref_count_init (&opening->ref_count);
  opening->is_camera = kind == CONFAB_DEVICE_KIND_CAMERA;
  opening->width = width;
  opening->height = height;
  opening->max_fps = max_fps;
  opening->pipeline = confab_media_pipeline_new (opening->is_camera ? "camera" : "microphone");
  opening->source = gst_object_ref_sink (source);
  opening->output = confab_media_output_new ();
  opening->caps = g_strdup (caps);
  self->opening = opening;
  self->worker = worker;
  self->target = gst_object_ref (target);
  self->fanout = confab_fanout_new ();

  confab_fanout_connect_sink (self->fanout, opening->output);
  confab_fanout_add (self->fanout, target);
  pad = gst_element_get_static_pad (opening->output, "sink");
  gst_pad_add_probe (pad,
                     GST_PAD_PROBE_TYPE_BUFFER,
                     first_buffer_cb,
                     confab_main_link_ref (link),
                     confab_main_link_unref);
  confab_media_pipeline_watch (opening->pipeline,
                               message_cb,
                               confab_main_link_ref (link),
                               confab_main_link_unref);
  confab_media_worker_push (worker, open_cb, opening_ref (opening), opening_unref);
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
  g_return_if_fail (CONFAB_IS_CAPTURE (self));

  if (self->opening == NULL)
    return;

  confab_fanout_remove (self->fanout, self->target);
  confab_media_pipeline_silence (self->opening->pipeline);
  g_atomic_int_set (&self->opening->stopped, TRUE);
  confab_media_worker_push (self->worker, close_cb, self->opening, opening_unref);
  self->opening = NULL;
}
