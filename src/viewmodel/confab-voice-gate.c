/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-voice-gate.h"

#include "confab-clock.h"

#define VOICE_DBFS (-45.0) /* from here on it is a voice, not a room */
#define ON_MS 200
#define OFF_MS 600

struct _ConfabVoiceGate {
  GObject parent_instance;

  ConfabClock *clock;
  gboolean loud;
  gboolean speaking;
  guint timeout; /* until `speaking` follows `loud` */
};

G_DEFINE_FINAL_TYPE (ConfabVoiceGate, confab_voice_gate, G_TYPE_OBJECT)

typedef enum {
  PROP_SPEAKING = 1,
} Property;
static GParamSpec *properties[PROP_SPEAKING + 1];

static void
follow (ConfabVoiceGate *self)
{
  if (self->speaking == self->loud)
    return;
  self->speaking = self->loud;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SPEAKING]);
}

static void
timeout_cb (gpointer data)
{
  ConfabVoiceGate *self = CONFAB_VOICE_GATE (data);

  self->timeout = 0;
  follow (self);
}

static void
confab_voice_gate_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabVoiceGate *self = CONFAB_VOICE_GATE (object);

  switch ((Property) prop_id) {
  case PROP_SPEAKING:
    g_value_set_boolean (value, self->speaking);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_voice_gate_dispose (GObject *object)
{
  ConfabVoiceGate *self = CONFAB_VOICE_GATE (object);

  if (self->clock != NULL)
    confab_clock_clear (self->clock, &self->timeout);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (confab_voice_gate_parent_class)->dispose (object);
}

static void
confab_voice_gate_class_init (ConfabVoiceGateClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = confab_voice_gate_get_property;
  object_class->dispose = confab_voice_gate_dispose;
  /**
   * ConfabVoiceGate:speaking:
   *
   * Whether somebody speaks.
   */
  properties[PROP_SPEAKING] = g_param_spec_boolean ("speaking",
                                                    NULL,
                                                    NULL,
                                                    FALSE,
                                                    G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY |
                                                      G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
confab_voice_gate_init (ConfabVoiceGate *self)
{
}

ConfabVoiceGate *
confab_voice_gate_new (ConfabClock *clock)
{
  ConfabVoiceGate *self = NULL;

  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);

  self = g_object_new (CONFAB_TYPE_VOICE_GATE, NULL);
  self->clock = g_object_ref (clock);
  return self;
}

/**
 * confab_voice_gate_set_level:
 * @self: a gate
 * @level: loudness now: dBFS RMS
 */
void
confab_voice_gate_set_level (ConfabVoiceGate *self, double level)
{
  gboolean loud = level >= VOICE_DBFS;

  g_return_if_fail (CONFAB_IS_VOICE_GATE (self));

  if (self->loud == loud)
    return;
  self->loud = loud;
  confab_clock_clear (self->clock, &self->timeout);
  if (self->speaking != loud)
    self->timeout = confab_clock_add_timeout (self->clock, loud ? ON_MS : OFF_MS, timeout_cb, self);
}

/**
 * confab_voice_gate_reset:
 * @self: a gate
 *
 * Silence at once: the microphone was switched off.
 */
void
confab_voice_gate_reset (ConfabVoiceGate *self)
{
  g_return_if_fail (CONFAB_IS_VOICE_GATE (self));

  self->loud = FALSE;
  confab_clock_clear (self->clock, &self->timeout);
  follow (self);
}

gboolean
confab_voice_gate_get_speaking (ConfabVoiceGate *self)
{
  g_return_val_if_fail (CONFAB_IS_VOICE_GATE (self), FALSE);

  return self->speaking;
}
