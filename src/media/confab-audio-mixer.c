/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-audio-mixer.h"

#include "confab-media-pipeline.h"

/* Sound is that old when it comes out of a jitter buffer and a decoder. */
#define INPUT_LATENCY_MS 90
#define MIXER_LATENCY_MS 20
#define MAX_WAITING 25

typedef struct {
  ConfabFanout *sound;
  GstElement *input; /* NULL while nothing runs */
  GstPad *mixer_pad;
} Input;

struct _ConfabAudioMixer {
  GObject parent_instance;

  ConfabSpeakerFunc make_speaker;
  gpointer user_data;
  GPtrArray *inputs;
  GstElement *pipeline;
  GstElement *mixer;
};

G_DEFINE_FINAL_TYPE (ConfabAudioMixer, confab_audio_mixer, G_TYPE_OBJECT)

static void
input_free (gpointer data)
{
  Input *input = data;

  gst_clear_object (&input->input);
  gst_clear_object (&input->mixer_pad);
  confab_fanout_unref (input->sound);
  g_free (input);
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
    gst_clear_object (&input->mixer_pad);
  }
  self->mixer = NULL;
  confab_media_pipeline_end (g_steal_pointer (&self->pipeline));
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
    g_autoptr (GstObject) pipeline = gst_object_ref (GST_MESSAGE_SRC (message));

    while (pipeline != NULL && !GST_IS_PIPELINE (pipeline)) {
      GstObject *parent = gst_object_get_parent (pipeline);

      gst_object_unref (pipeline);
      pipeline = parent;
    }
    if (pipeline != NULL)
      gst_bin_recalculate_latency (GST_BIN (pipeline));
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
  g_autoptr (GstPad) pad = NULL;

  input->input = gst_object_ref (confab_media_pipeline_add_input (
    self->pipeline, CONFAB_AUDIO_CAPS, MAX_WAITING, INPUT_LATENCY_MS));
  input->mixer_pad = gst_element_request_pad_simple (self->mixer, "sink_%u");
  pad = gst_element_get_static_pad (input->input, "src");
  gst_pad_link (pad, input->mixer_pad);
  gst_element_sync_state_with_parent (input->input);
  confab_fanout_add (input->sound, input->input);
}

static void
start (ConfabAudioMixer *self)
{
  g_autoptr (ConfabMainLink) link = confab_main_link_new (self);
  GstElement *speaker = self->make_speaker != NULL ? self->make_speaker (self->user_data) : NULL;
  GstElement *filter, *convert;

  if (speaker == NULL)
    return;

  self->pipeline = confab_media_pipeline_new ("speaker");
  self->mixer = gst_element_factory_make_full ("audiomixer",
                                               "force-live",
                                               TRUE,
                                               "latency",
                                               MIXER_LATENCY_MS * GST_MSECOND,
                                               "ignore-inactive-pads",
                                               TRUE,
                                               NULL);
  filter = confab_media_pipeline_add_caps (self->pipeline, CONFAB_AUDIO_CAPS);
  convert = confab_media_pipeline_add (self->pipeline, "audioconvert", NULL);
  gst_bin_add_many (GST_BIN (self->pipeline), self->mixer, speaker, NULL);
  gst_element_link_many (self->mixer, filter, convert, speaker, NULL);
  confab_media_pipeline_watch (self->pipeline, message_cb, link);
  for (guint i = 0; i < self->inputs->len; i++)
    connect_input (self, self->inputs->pdata[i]);
  confab_media_pipeline_start (self->pipeline);
}

/* Once the element has stopped, in another thread: it may be waiting in the mixer. */
static void
end_input_cb (GstElement *pipeline, gpointer user_data)
{
  Input *input = user_data;
  g_autoptr (GstElement) mixer = gst_pad_get_parent_element (input->mixer_pad);

  if (mixer != NULL)
    gst_element_release_request_pad (mixer, input->mixer_pad);
  gst_element_set_locked_state (input->input, TRUE);
  gst_element_set_state (input->input, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (pipeline), input->input);
}

static void
confab_audio_mixer_dispose (GObject *object)
{
  ConfabAudioMixer *self = CONFAB_AUDIO_MIXER (object);

  confab_audio_mixer_close (self);
  g_clear_pointer (&self->inputs, g_ptr_array_unref);
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
    g_ptr_array_steal_index_fast (self->inputs, i);
    if (input->input == NULL) {
      input_free (input);
      return;
    }
    confab_fanout_remove (sound, input->input);
    gst_element_call_async (self->pipeline, end_input_cb, input, input_free);
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
