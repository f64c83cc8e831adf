/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-media-loader.h"

#include <gst/gst.h>

/* One of each plug-in that a call needs. gtk4paintablesink is not among them: it is GTK's, and of the main thread. */
static const char *const factories[] = {
  "appsink", "audioconvert", "audiomixer", "audioresample", "audiotestsrc", "dtlsenc", "level",
  "nicesrc", "opusenc",      "queue",      "rtpbin",        "rtpopuspay",   "srtpenc", "videorate",
  "volume",  "vp8enc",       "webrtcbin",  "videoconvert",  "videotestsrc"
};

/* The process has one, made with the first of these: some 100 ms that the first call need not wait for. */
static void
make_certificate (void)
{
  g_autoptr (GstElement) decoder = gst_element_factory_make ("dtlsdec", NULL);

  if (decoder != NULL)
    gst_object_ref_sink (decoder);
}

/* How many threads load, and who waits for them. */
static GMutex load_lock;
static GCond load_ended_cond;
static guint n_loading;

static void
load_begins (void)
{
  g_mutex_lock (&load_lock);
  n_loading++;
  g_mutex_unlock (&load_lock);
}

static void
load_ended (void)
{
  g_mutex_lock (&load_lock);
  n_loading--;
  g_cond_broadcast (&load_ended_cond);
  g_mutex_unlock (&load_lock);
}

static void
load_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (!gst_init_check (NULL, NULL, &error)) {
    g_task_return_error (task, error);
    load_ended ();
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS (factories); i++) {
    GstElementFactory *factory = gst_element_factory_find (factories[i]);
    GstPluginFeature *loaded = NULL;

    /* What is missing is told of when it is needed. */
    if (factory != NULL)
      loaded = gst_plugin_feature_load (GST_PLUGIN_FEATURE (factory));
    gst_clear_object (&loaded);
    gst_clear_object (&factory);
  }
  make_certificate ();
  g_task_return_boolean (task, TRUE);
  load_ended ();
}

/**
 * confab_media_load_async:
 * @callback: when GStreamer can be used
 * @user_data: for @callback
 *
 * Reads GStreamer's registry and loads the plug-ins of a call, in another thread: in the main thread that takes 10 to
 * 40 ms, and more than a second when the registry is not there yet.
 */
void
confab_media_load_async (GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);

  g_task_set_source_tag (task, confab_media_load_async);
  load_begins ();
  g_task_run_in_thread (task, load_thread);
}

/**
 * confab_media_load_finish:
 * @result: what the callback was given
 * @error: why there is no GStreamer
 *
 * Returns: %TRUE if it can be used
 */
gboolean
confab_media_load_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * confab_media_load_wait:
 *
 * For the end of a process: blocks until nothing is being loaded any more. Who exits while another thread loads takes
 * the libraries away under it: OpenSSL's own end made GStreamer's DTLS abort.
 */
void
confab_media_load_wait (void)
{
  g_mutex_lock (&load_lock);
  while (n_loading > 0)
    g_cond_wait (&load_ended_cond, &load_lock);
  g_mutex_unlock (&load_lock);
}
