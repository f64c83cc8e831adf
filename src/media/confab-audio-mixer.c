/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-audio-mixer.h"

#include "confab-media-pipeline.h"

/* Sound is that old when it comes out of a jitter buffer and a decoder. */
#define INPUT_LATENCY_MS 90
#define MIXER_LATENCY_MS 20
#define MAX_WAITING 25

/* One remote track. */
typedef struct {
  ConfabFanout *sound;
  GstElement *input; /* NULL while nothing runs */
} Input;

struct _ConfabAudioMixer {
  GObject parent_instance;

  ConfabSpeakerFunc make_speaker;
  gpointer user_data;
  ConfabMediaWorker *worker;
  GPtrArray *inputs;
  GstElement *pipeline; /* NULL while nothing runs */
  GstElement *mixer;
};

G_DEFINE_FINAL_TYPE (ConfabAudioMixer, confab_audio_mixer, G_TYPE_OBJECT)

/* What the worker is to do to a running mixer. */
typedef struct {
  GstElement *pipeline;
  GstElement *mixer;
  GstElement *element; /* an input or the speaker */
} Task;

static void
input_free (gpointer data)
{
  Input *input = data;

  gst_clear_object (&input->input);
  confab_fanout_unref (input->sound);
  g_free (input);
}

static void
task_free (gpointer data)
{
  Task *task = data;

  gst_object_unref (task->element);
  gst_object_unref (task->mixer);
  gst_object_unref (task->pipeline);
  g_free (task);
}

static void
push (ConfabAudioMixer *self, ConfabMediaWorkerFunc func, GstElement *element)
{
  Task *task = g_new (Task, 1);

  *task = (Task) { gst_object_ref (self->pipeline),
                   gst_object_ref (self->mixer),
                   gst_object_ref (element) };
  confab_media_worker_push (self->worker, func, task, task_free);
}

static void
build_cb (gpointer data)
{
  Task *task = data;
  GstElement *filter = confab_media_pipeline_add_caps (task->pipeline, CONFAB_AUDIO_CAPS);
  GstElement *convert = confab_media_pipeline_add (task->pipeline, "audioconvert");
  GstElement *resample = confab_media_pipeline_add (task->pipeline, "audioresample");

  gst_bin_add_many (GST_BIN (task->pipeline), task->mixer, task->element, NULL);
  gst_element_link_many (task->mixer, filter, convert, resample, task->element, NULL);
}

static void
add_input_cb (gpointer data)
{
  Task *task = data;
  g_autoptr (GstPad) sink = gst_element_request_pad_simple (task->mixer, "sink_%u");
  g_autoptr (GstPad) source = gst_element_get_static_pad (task->element, "src");

  gst_bin_add (GST_BIN (task->pipeline), task->element);
  gst_pad_link (source, sink);
  gst_element_sync_state_with_parent (task->element);
}

/* The pad first: the input may be waiting in the mixer. */
static void
remove_input_cb (gpointer data)
{
  Task *task = data;
  g_autoptr (GstPad) source = gst_element_get_static_pad (task->element, "src");
  g_autoptr (GstPad) sink = gst_pad_get_peer (source);

  if (sink != NULL)
    gst_element_release_request_pad (task->mixer, sink);
  gst_element_set_locked_state (task->element, TRUE);
  gst_element_set_state (task->element, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (task->pipeline), task->element);
}

static void
recalculate_latency_cb (gpointer pipeline)
{
  gst_bin_recalculate_latency (pipeline);
}

static void
stop (ConfabAudioMixer *self)
{
  if (self->pipeline == NULL)
    return;

  for (guint i = 0; i < self->inputs->len; i++) {
    Input *input = self->inputs->pdata[i];

    if (input->input != NULL)
      confab_fanout_remove (input->sound, input->input);
    gst_clear_object (&input->input);
  }
  gst_clear_object (&self->mixer);
  confab_media_pipeline_end (g_steal_pointer (&self->pipeline), self->worker);
}

static void
take_latency (gpointer object, gpointer data)
{
  ConfabAudioMixer *self = object;

  if (self->pipeline != NULL)
    confab_media_worker_push (self->worker,
                              recalculate_latency_cb,
                              gst_object_ref (self->pipeline),
                              gst_object_unref);
}

static void
speaker_failed (gpointer object, gpointer data)
{
  stop (object); /* until another speaker is chosen or another track comes */
}

static gboolean
message_cb (GstBus *bus, GstMessage *message, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_LATENCY) {
    confab_main_link_post (user_data, take_latency, NULL, NULL);
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    g_info ("The speaker plays nothing: %s", error->message);
    confab_main_link_post (user_data, speaker_failed, NULL, NULL);
  }
  return G_SOURCE_CONTINUE;
}

static void
connect_input (ConfabAudioMixer *self, Input *input)
{
  input->input = confab_media_input_new (CONFAB_AUDIO_CAPS, MAX_WAITING, INPUT_LATENCY_MS);
  push (self, add_input_cb, input->input);
  confab_fanout_add (input->sound, input->input);
}

static void
start (ConfabAudioMixer *self)
{
  GstElement *mixer = gst_element_factory_make_full ("audiomixer",
                                                     "force-live",
                                                     TRUE,
                                                     "latency",
                                                     MIXER_LATENCY_MS * GST_MSECOND,
                                                     "ignore-inactive-pads",
                                                     TRUE,
                                                     NULL);
  g_autoptr (GstElement) speaker = NULL;

  if (mixer == NULL) {
    g_warning ("GStreamer's element audiomixer is not installed: nothing can be heard");
    return;
  }
  self->mixer = gst_object_ref_sink (mixer);
  speaker = self->make_speaker != NULL ? self->make_speaker (self->user_data) : NULL;
  if (speaker == NULL) {
    gst_clear_object (&self->mixer);
    return;
  }

  gst_object_ref_sink (speaker);
  self->pipeline = confab_media_pipeline_new ("speaker");
  confab_media_pipeline_watch (self->pipeline,
                               message_cb,
                               confab_main_link_new (self),
                               confab_main_link_unref);
  push (self, build_cb, speaker);
  for (guint i = 0; i < self->inputs->len; i++)
    connect_input (self, self->inputs->pdata[i]);
  confab_media_pipeline_start (self->pipeline, self->worker);
}

static void
confab_audio_mixer_dispose (GObject *object)
{
  ConfabAudioMixer *self = CONFAB_AUDIO_MIXER (object);

  confab_audio_mixer_close (self);
  g_clear_pointer (&self->inputs, g_ptr_array_unref);
  g_clear_pointer (&self->worker, confab_media_worker_free);
  G_OBJECT_CLASS (confab_audio_mixer_parent_class)->dispose (object);
}

static void
confab_audio_mixer_class_init (ConfabAudioMixerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_audio_mixer_dispose;
}

static void
confab_audio_mixer_init (ConfabAudioMixer *self)
{
  self->inputs = g_ptr_array_new_with_free_func (input_free);
  self->worker = confab_media_worker_new ();
}

/**
 * confab_audio_mixer_new:
 * @func: makes the speaker's element when there is something to play; %NULL plays nothing
 * @user_data: for @func, outlives the mixer
 *
 * Returns: (transfer full): a mixer
 */
ConfabAudioMixer *
confab_audio_mixer_new (ConfabSpeakerFunc func, gpointer user_data)
{
  ConfabAudioMixer *self = g_object_new (CONFAB_TYPE_AUDIO_MIXER, NULL);

  self->make_speaker = func;
  self->user_data = user_data;
  return self;
}

/**
 * confab_audio_mixer_add:
 * @self: a mixer
 * @sound: gives %CONFAB_AUDIO_CAPS
 */
void
confab_audio_mixer_add (ConfabAudioMixer *self, ConfabFanout *sound)
{
  Input *input;

  g_return_if_fail (CONFAB_IS_AUDIO_MIXER (self));

  input = g_new0 (Input, 1);
  input->sound = confab_fanout_ref (sound);
  g_ptr_array_add (self->inputs, input);
  if (self->pipeline != NULL)
    connect_input (self, input);
  else
    start (self);
}

/**
 * confab_audio_mixer_remove:
 * @self: a mixer
 * @sound: added before
 */
void
confab_audio_mixer_remove (ConfabAudioMixer *self, ConfabFanout *sound)
{
  g_return_if_fail (CONFAB_IS_AUDIO_MIXER (self));

  for (guint i = 0; i < self->inputs->len; i++) {
    Input *input = self->inputs->pdata[i];

    if (input->sound != sound)
      continue;
    if (self->inputs->len == 1)
      stop (self);
    if (input->input != NULL) {
      confab_fanout_remove (sound, input->input);
      push (self, remove_input_cb, input->input);
    }
    g_ptr_array_remove_index_fast (self->inputs, i);
    return;
  }
}

/**
 * confab_audio_mixer_change_speaker:
 * @self: a mixer
 *
 * Another speaker is to be used: what plays goes over to it.
 */
void
confab_audio_mixer_change_speaker (ConfabAudioMixer *self)
{
  g_return_if_fail (CONFAB_IS_AUDIO_MIXER (self));

  stop (self);
  if (self->inputs->len > 0)
    start (self);
}

/**
 * confab_audio_mixer_close:
 * @self: a mixer
 *
 * Ends all sound for good; may be called twice.
 */
void
confab_audio_mixer_close (ConfabAudioMixer *self)
{
  g_return_if_fail (CONFAB_IS_AUDIO_MIXER (self));

  stop (self);
  self->make_speaker = NULL;
  if (self->inputs != NULL)
    g_ptr_array_set_size (self->inputs, 0);
}

/**
 * confab_audio_mixer_get_pipeline:
 * @self: a mixer
 *
 * For tests that listen to what is played.
 *
 * Returns: (transfer none) (nullable): where everything is mixed
 */
GstElement *
confab_audio_mixer_get_pipeline (ConfabAudioMixer *self)
{
  g_return_val_if_fail (CONFAB_IS_AUDIO_MIXER (self), NULL);

  return self->pipeline;
}
