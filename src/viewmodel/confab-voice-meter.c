/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-voice-meter.h"

#include "confab-clock.h"
#include "confab-stream.h"

#define VOICE_DB (-45.0)
#define FLOOR_DB (-60.0) /* the left end of the meter */
#define VOICE_MS 200
#define SILENCE_MS 4000

struct _ConfabVoiceMeter {
  GObject parent_instance;

  ConfabClock *clock;
  ConfabStream *stream; /* (nullable): while it listens */
  ConfabHearing hearing;
  gboolean loud;
  guint voice_timeout;   /* until loud is a voice */
  guint silence_timeout; /* until quiet is silence; runs on through a knock */
};

G_DEFINE_FINAL_TYPE (ConfabVoiceMeter, confab_voice_meter, G_TYPE_OBJECT)

typedef enum {
  PROP_LEVEL = 1,
  PROP_HEARING,
} Property;
static GParamSpec *properties[PROP_HEARING + 1];

static void
set_hearing (ConfabVoiceMeter *self, ConfabHearing hearing)
{
  if (self->hearing == hearing)
    return;
  self->hearing = hearing;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HEARING]);
}

static void
silence_cb (gpointer data)
{
  ConfabVoiceMeter *self = CONFAB_VOICE_METER (data);

  self->silence_timeout = 0;
  set_hearing (self, CONFAB_HEARING_SILENCE);
}

static void
voice_cb (gpointer data)
{
  ConfabVoiceMeter *self = CONFAB_VOICE_METER (data);

  self->voice_timeout = 0;
  confab_clock_clear (self->clock, &self->silence_timeout);
  set_hearing (self, CONFAB_HEARING_VOICE);
}

static void
await_silence (ConfabVoiceMeter *self)
{
  if (self->silence_timeout == 0)
    self->silence_timeout = confab_clock_add_timeout (self->clock, SILENCE_MS, silence_cb, self);
}

/* A level that stays the same is told once: what counts is the time since, not how often. */
static void
level_cb (ConfabVoiceMeter *self)
{
  gboolean loud = confab_stream_get_level (self->stream) >= VOICE_DB;

  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LEVEL]);
  if (self->loud == loud)
    return;
  self->loud = loud;
  confab_clock_clear (self->clock, &self->voice_timeout);
  if (loud)
    self->voice_timeout = confab_clock_add_timeout (self->clock, VOICE_MS, voice_cb, self);
  else if (self->hearing != CONFAB_HEARING_SILENCE)
    await_silence (self);
}

static void
confab_voice_meter_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabVoiceMeter *self = CONFAB_VOICE_METER (object);

  switch ((Property) prop_id) {
  case PROP_LEVEL:
    g_value_set_double (value, confab_voice_meter_get_level (self));
    break;
  case PROP_HEARING:
    g_value_set_uint (value, self->hearing);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_voice_meter_dispose (GObject *object)
{
  ConfabVoiceMeter *self = CONFAB_VOICE_METER (object);

  if (self->clock != NULL)
    confab_voice_meter_listen (self, NULL);
  g_clear_object (&self->clock);

  G_OBJECT_CLASS (confab_voice_meter_parent_class)->dispose (object);
}

static void
confab_voice_meter_class_init (ConfabVoiceMeterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_voice_meter_get_property;
  object_class->dispose = confab_voice_meter_dispose;
  /**
   * ConfabVoiceMeter:level:
   *
   * How loud it is, from 0 (−60 dBFS and less) to 1.
   */
  properties[PROP_LEVEL] = g_param_spec_double ("level", NULL, NULL, 0, 1, 0, flags);
  /**
   * ConfabVoiceMeter:hearing:
   *
   * A #ConfabHearing.
   */
  properties[PROP_HEARING] = g_param_spec_uint ("hearing", NULL, NULL, 0, G_MAXUINT, 0, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
confab_voice_meter_init (ConfabVoiceMeter *self)
{
}

/**
 * confab_voice_meter_new:
 * @clock: time
 *
 * Returns: (transfer full): a meter that does not listen
 */
ConfabVoiceMeter *
confab_voice_meter_new (ConfabClock *clock)
{
  ConfabVoiceMeter *self = NULL;

  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);

  self = g_object_new (CONFAB_TYPE_VOICE_METER, NULL);
  self->clock = g_object_ref (clock);
  return self;
}

/**
 * confab_voice_meter_listen:
 * @self: a meter
 * @stream: (nullable): to whom; %NULL for nobody
 *
 * Begins anew, also with the same stream: what was heard before counts for nothing.
 */
void
confab_voice_meter_listen (ConfabVoiceMeter *self, ConfabStream *stream)
{
  g_return_if_fail (CONFAB_IS_VOICE_METER (self));

  if (self->stream != NULL)
    g_signal_handlers_disconnect_by_data (self->stream, self);
  confab_clock_clear (self->clock, &self->voice_timeout);
  confab_clock_clear (self->clock, &self->silence_timeout);
  g_set_object (&self->stream, stream);
  self->loud = FALSE;
  set_hearing (self, CONFAB_HEARING_NOTHING);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LEVEL]);
  if (stream == NULL)
    return;
  g_signal_connect_object (stream, "notify::level", G_CALLBACK (level_cb), self, G_CONNECT_SWAPPED);
  await_silence (self);
  level_cb (self);
}

double
confab_voice_meter_get_level (ConfabVoiceMeter *self)
{
  double level_db = CONFAB_LEVEL_SILENCE;

  g_return_val_if_fail (CONFAB_IS_VOICE_METER (self), 0);

  if (self->stream != NULL)
    level_db = confab_stream_get_level (self->stream);
  return CLAMP ((level_db - FLOOR_DB) / -FLOOR_DB, 0.0, 1.0);
}

ConfabHearing
confab_voice_meter_get_hearing (ConfabVoiceMeter *self)
{
  g_return_val_if_fail (CONFAB_IS_VOICE_METER (self), CONFAB_HEARING_NOTHING);

  return self->hearing;
}
