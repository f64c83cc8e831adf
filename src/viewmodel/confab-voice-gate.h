/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef struct _ConfabClock ConfabClock;

/**
 * ConfabVoiceGate:
 *
 * Says from a level whether somebody speaks: `speaking` (notifies) comes 200 ms after the voice and goes 600 ms
 * after it, so that neither a click nor a breath between words is seen.
 */
#define CONFAB_TYPE_VOICE_GATE (confab_voice_gate_get_type ())
G_DECLARE_FINAL_TYPE (ConfabVoiceGate, confab_voice_gate, CONFAB, VOICE_GATE, GObject)

ConfabVoiceGate *confab_voice_gate_new (ConfabClock *clock) G_GNUC_WARN_UNUSED_RESULT;
void confab_voice_gate_set_level (ConfabVoiceGate *self, double level);
void confab_voice_gate_reset (ConfabVoiceGate *self);
gboolean confab_voice_gate_get_speaking (ConfabVoiceGate *self);

G_END_DECLS
