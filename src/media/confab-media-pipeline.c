/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-media-pipeline.h"

#include "confab-stream.h"

static GstClockTime
get_base_time (GstClock *clock)
{
  static gsize base_time = 0;

  if (g_once_init_enter (&base_time))
    g_once_init_leave (&base_time, gst_clock_get_time (clock));
  return base_time;
}

/* What nobody reads would only wake the main thread. */
static GstBusSyncReply
filter_message_cb (GstBus *bus, GstMessage *message, gpointer user_data)
{
  switch (GST_MESSAGE_TYPE (message)) {
  case GST_MESSAGE_ELEMENT:
    if (gst_message_has_name (message, "level"))
      return GST_BUS_PASS;
    break;
  case GST_MESSAGE_ERROR:
  case GST_MESSAGE_EOS:
  case GST_MESSAGE_LATENCY:
    return GST_BUS_PASS;
  default:
    break;
  }
  gst_message_unref (message);
  return GST_BUS_DROP;
}

/**
 * confab_media_pipeline_new:
 * @name: for logs
 *
 * Returns: (transfer full): an empty pipeline on the clock of all
 */
GstElement *
confab_media_pipeline_new (const char *name)
{
  GstElement *pipeline = gst_object_ref_sink (gst_pipeline_new (name));
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  gst_pipeline_use_clock (GST_PIPELINE (pipeline), clock);
  gst_element_set_base_time (pipeline, get_base_time (clock));
  gst_element_set_start_time (pipeline, GST_CLOCK_TIME_NONE);
  gst_bus_set_sync_handler (bus, filter_message_cb, NULL, NULL);
  return pipeline;
}

/**
 * confab_media_pipeline_watch:
 * @pipeline: a pipeline
 * @func: gets levels, errors, ends and latencies, in the main thread
 * @data: for @func
 * @destroy: frees @data
 */
void
confab_media_pipeline_watch (GstElement *pipeline,
                             GstBusFunc func,
                             gpointer data,
                             GDestroyNotify destroy)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  gst_bus_add_watch_full (bus, G_PRIORITY_DEFAULT, func, data, destroy);
}

/**
 * confab_media_pipeline_silence:
 * @pipeline: a pipeline that is being watched
 *
 * Nothing comes from its bus any more.
 */
void
confab_media_pipeline_silence (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  gst_bus_remove_watch (bus);
  gst_bus_set_flushing (bus, TRUE);
}

static gboolean
release_cb (gpointer data)
{
  gst_object_unref (data);
  return G_SOURCE_REMOVE;
}

/**
 * confab_media_pipeline_release:
 * @pipeline: (transfer full): a pipeline that was stopped
 *
 * Frees it in the main thread: a sink that draws must be freed where it draws. From any thread.
 */
void
confab_media_pipeline_release (GstElement *pipeline)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, release_cb, pipeline, NULL);
}

static void
start_cb (gpointer pipeline)
{
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
}

/**
 * confab_media_pipeline_start:
 * @pipeline: a pipeline
 * @worker: who does it: opening a device takes its time
 *
 * Errors come on the bus.
 */
void
confab_media_pipeline_start (GstElement *pipeline, ConfabMediaWorker *worker)
{
  confab_media_worker_push (worker, start_cb, gst_object_ref (pipeline), gst_object_unref);
}

static void
end_cb (gpointer pipeline)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

static void
release (gpointer pipeline)
{
  confab_media_pipeline_release (pipeline);
}

/**
 * confab_media_pipeline_end:
 * @pipeline: (transfer full): a pipeline that is being watched
 * @worker: who does it, since that waits for all threads of the pipeline
 *
 * Stops and frees it.
 */
void
confab_media_pipeline_end (GstElement *pipeline, ConfabMediaWorker *worker)
{
  confab_media_pipeline_silence (pipeline);
  confab_media_worker_push (worker, end_cb, pipeline, release);
}

/**
 * confab_media_pipeline_link_chain:
 * @pipeline: a running pipeline
 * @pad: a source pad in it, which waits
 * @elements: (element-type GstElement): what is to come after the pad; %NULL for one that is not installed
 *
 * From a worker: linking asks each element what it takes, and starting them waits.
 *
 * Returns: whether it was done
 */
gboolean
confab_media_pipeline_link_chain (GstElement *pipeline, GstPad *pad, GPtrArray *elements)
{
  g_autoptr (GstPad) sink = NULL;

  if (g_ptr_array_find (elements, NULL, NULL))
    return FALSE;

  for (guint i = 0; i < elements->len; i++)
    gst_bin_add (GST_BIN (pipeline), elements->pdata[i]);
  for (guint i = 0; i + 1 < elements->len; i++) {
    if (!gst_element_link (elements->pdata[i], elements->pdata[i + 1]))
      return FALSE;
  }
  for (guint i = elements->len; i > 0; i--)
    gst_element_sync_state_with_parent (elements->pdata[i - 1]);
  sink = gst_element_get_static_pad (elements->pdata[0], "sink");
  return gst_pad_link (pad, sink) == GST_PAD_LINK_OK;
}

/**
 * confab_media_element_new:
 * @factory: what to make
 *
 * Returns: (transfer full) (nullable): the element, %NULL and a warning when its plugin is not installed
 */
GstElement *
confab_media_element_new (const char *factory)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  if (element == NULL) {
    g_warning ("GStreamer's element %s is not installed: calls cannot have its part", factory);
    return NULL;
  }
  return gst_object_ref_sink (element);
}

/**
 * confab_media_input_new:
 * @caps: of what comes in
 * @max_buffers: how many may wait; older ones are dropped
 * @latency_ms: how old they are when they come
 *
 * Returns: (transfer full): the place where buffers of another pipeline come in
 */
GstElement *
confab_media_input_new (const char *caps, guint max_buffers, guint latency_ms)
{
  GstElement *input = confab_media_element_new ("appsrc");
  g_autoptr (GstCaps) parsed = gst_caps_from_string (caps);

  g_object_set (input,
                "caps",
                parsed,
                "is-live",
                TRUE,
                "format",
                GST_FORMAT_TIME,
                "max-buffers",
                (guint64) max_buffers,
                "max-bytes",
                G_GUINT64_CONSTANT (0),
                "leaky-type",
                GST_APP_LEAKY_TYPE_DOWNSTREAM,
                "emit-signals",
                FALSE,
                "min-latency",
                (gint64) latency_ms * GST_MSECOND,
                "max-latency",
                (gint64) -1,
                NULL);
  return input;
}

/**
 * confab_media_output_new:
 *
 * Returns: (transfer full): the place where buffers leave for another pipeline, at once
 */
GstElement *
confab_media_output_new (void)
{
  GstElement *output = confab_media_element_new ("appsink");

  g_object_set (output,
                "sync",
                FALSE,
                "async",
                FALSE,
                "max-buffers",
                4,
                "drop",
                TRUE,
                "qos",
                FALSE,
                "enable-last-sample",
                FALSE,
                "emit-signals",
                FALSE,
                NULL);
  return output;
}

/**
 * confab_media_caps_filter_new:
 * @caps: what may pass
 *
 * Returns: (transfer full): a capsfilter
 */
GstElement *
confab_media_caps_filter_new (GstCaps *caps)
{
  GstElement *filter = confab_media_element_new ("capsfilter");

  g_object_set (filter, "caps", caps, NULL);
  return filter;
}

/**
 * confab_media_picture_filter_new:
 * @drawing: how the picture is drawn
 *
 * Stands between conversion and gtk4paintablesink, which takes many formats. A GPU takes those of 32 bits as they are. For
 * cairo GTK converts each frame: RGB by a short loop, what has an unused byte pixel by pixel in floating point, which costs
 * as much as encoding the own picture.
 *
 * Returns: (transfer full): a capsfilter
 */
GstElement *
confab_media_picture_filter_new (ConfabDrawing drawing)
{
  g_autoptr (GstCaps) caps = gst_caps_new_simple ("video/x-raw",
                                       "format",
                                       G_TYPE_STRING,
                                       drawing == CONFAB_DRAWING_BY_CAIRO ? "RGB" : "BGRx",
                                       NULL);

  return confab_media_caps_filter_new (caps);
}

/**
 * confab_media_viewer_valve_new:
 * @picture: what has a property `watched`
 *
 * Stands in front of what only eyes need (conversion, texture), behind the decoder: so a picture is there at once
 * when somebody looks again.
 *
 * Returns: (transfer full): a valve, open while @picture is watched
 */
GstElement *
confab_media_viewer_valve_new (GObject *picture)
{
  GstElement *valve = confab_media_element_new ("valve");

  gst_util_set_object_arg (G_OBJECT (valve), "drop-mode", "forward-sticky-events");
  g_object_bind_property (
    picture, "watched", valve, "drop", G_BINDING_SYNC_CREATE | G_BINDING_INVERT_BOOLEAN);
  return valve;
}

/* What a bin takes over; its owner may still point at it. */
static GstElement *
add (GstElement *pipeline, GstElement *element)
{
  if (element == NULL)
    return NULL;
  gst_bin_add (GST_BIN (pipeline), element);
  gst_object_unref (element);
  return element;
}

/**
 * confab_media_pipeline_add:
 * @pipeline: a pipeline
 * @factory: what to make
 *
 * Returns: (transfer none) (nullable): the element, %NULL and a warning when its plugin is not installed
 */
GstElement *
confab_media_pipeline_add (GstElement *pipeline, const char *factory)
{
  return add (pipeline, confab_media_element_new (factory));
}

/**
 * confab_media_pipeline_add_input:
 * @pipeline: a pipeline
 * @caps: of what comes in
 * @max_buffers: how many may wait; older ones are dropped
 * @latency_ms: how old they are when they come
 *
 * Returns: (transfer none): the place where buffers of another pipeline come in
 */
GstElement *
confab_media_pipeline_add_input (GstElement *pipeline,
                                 const char *caps,
                                 guint max_buffers,
                                 guint latency_ms)
{
  return add (pipeline, confab_media_input_new (caps, max_buffers, latency_ms));
}

/**
 * confab_media_pipeline_add_output:
 * @pipeline: a pipeline
 *
 * Returns: (transfer none): the place where buffers leave for another pipeline, at once
 */
GstElement *
confab_media_pipeline_add_output (GstElement *pipeline)
{
  return add (pipeline, confab_media_output_new ());
}

/**
 * confab_media_pipeline_add_caps:
 * @pipeline: a pipeline
 * @caps: what may pass
 *
 * Returns: (transfer none): a capsfilter
 */
GstElement *
confab_media_pipeline_add_caps (GstElement *pipeline, const char *caps)
{
  g_autoptr (GstCaps) parsed = gst_caps_from_string (caps);

  return add (pipeline, confab_media_caps_filter_new (parsed));
}

GstElement *
confab_media_pipeline_add_picture_filter (GstElement *pipeline, ConfabDrawing drawing)
{
  return add (pipeline, confab_media_picture_filter_new (drawing));
}

GstElement *
confab_media_pipeline_add_viewer_valve (GstElement *pipeline, GObject *picture)
{
  return add (pipeline, confab_media_viewer_valve_new (picture));
}

/**
 * confab_media_message_get_level:
 * @message: any message
 * @level: (out): dBFS, mean of the channels
 *
 * Returns: whether it is one of the element `level`
 */
gboolean
confab_media_message_get_level (GstMessage *message, double *level)
{
  const GstStructure *structure = gst_message_get_structure (message);
  const GValue *value;
  GValueArray *rms;
  double sum = 0;

  if (structure == NULL || !gst_structure_has_name (structure, "level"))
    return FALSE;
  value = gst_structure_get_value (structure, "rms");
  if (value == NULL || !G_VALUE_HOLDS (value, g_type_from_name ("GValueArray")))
    return FALSE;
  rms = g_value_get_boxed (value);
  if (rms->n_values == 0)
    return FALSE;

  for (guint i = 0; i < rms->n_values; i++) {
    double one = g_value_get_double (&rms->values[i]);

    sum += MAX (one, CONFAB_LEVEL_SILENCE); /* silence is minus infinity */
  }
  *level = CLAMP (sum / rms->n_values, CONFAB_LEVEL_SILENCE, 0);
  return TRUE;
}

/**
 * confab_media_problem_from_error:
 * @error: what a device's pipeline says
 *
 * Returns: what a person can be told
 */
ConfabDeviceProblem
confab_media_problem_from_error (const GError *error)
{
  if (g_error_matches (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY))
    return CONFAB_DEVICE_PROBLEM_BUSY;
  if (g_error_matches (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED))
    return CONFAB_DEVICE_PROBLEM_DENIED;
  if (g_error_matches (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND))
    return CONFAB_DEVICE_PROBLEM_MISSING;
  return CONFAB_DEVICE_PROBLEM_FAILED;
}
