/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gst/gst.h>

#include "confab-fanout.h"

G_BEGIN_DECLS

/**
 * ConfabAudioMixer:
 *
 * Mixes the sound of all remote tracks of a process into one speaker. Runs only while there is any. Main
 * thread only.
 */
#define CONFAB_TYPE_AUDIO_MIXER (confab_audio_mixer_get_type ())
G_DECLARE_FINAL_TYPE (ConfabAudioMixer, confab_audio_mixer, CONFAB, AUDIO_MIXER, GObject)

/* Makes the speaker's element, floating. */
typedef GstElement *(*ConfabSpeakerFunc) (gpointer user_data);

ConfabAudioMixer *
confab_audio_mixer_new (ConfabSpeakerFunc func, gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;
void confab_audio_mixer_add (ConfabAudioMixer *self, ConfabFanout *sound);
void confab_audio_mixer_remove (ConfabAudioMixer *self, ConfabFanout *sound);
void confab_audio_mixer_change_speaker (ConfabAudioMixer *self);
void confab_audio_mixer_close (ConfabAudioMixer *self);
GstElement *confab_audio_mixer_get_pipeline (ConfabAudioMixer *self);

G_END_DECLS
