/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-call-duration.h"

#include "confab-clock.h"
#include "confab-format.h"

struct _ConfabCallDuration {
  GObject parent_instance;

  ConfabClock *clock;
  char *text;
  gint64 start; /* µs since the epoch */
  gboolean running;
  guint timeout;
};

G_DEFINE_FINAL_TYPE (ConfabCallDuration, confab_call_duration, G_TYPE_OBJECT)

typedef enum {
  PROP_TEXT = 1,
} Property;
static GParamSpec *properties[PROP_TEXT + 1];

static void
update_text (ConfabCallDuration *self)
{
  gint64 now = confab_clock_get_real_time (self->clock);
  g_autofree char *text = confab_format_duration ((now - self->start) / G_USEC_PER_SEC);

  if (g_set_str (&self->text, text))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TEXT]);
}

static void tick_cb (gpointer data);

static void
update_tick (ConfabCallDuration *self)
{
  gint64 past_ms = 0;

  confab_clock_clear (self->clock, &self->timeout);
  if (!self->running)
    return;
  past_ms = MAX (0, confab_clock_get_real_time (self->clock) - self->start) / 1000 % 1000;
  self->timeout = confab_clock_add_timeout (self->clock, (guint) (1000 - past_ms), tick_cb, self);
}

static void
tick_cb (gpointer data)
{
  ConfabCallDuration *self = CONFAB_CALL_DURATION (data);

  self->timeout = 0;
  update_tick (self);
  update_text (self);
}

static void
confab_call_duration_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch ((Property) prop_id) {
  case PROP_TEXT:
    g_value_set_string (value, CONFAB_CALL_DURATION (object)->text);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_call_duration_dispose (GObject *object)
{
  ConfabCallDuration *self = CONFAB_CALL_DURATION (object);

  if (self->clock != NULL)
    confab_clock_clear (self->clock, &self->timeout);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (confab_call_duration_parent_class)->dispose (object);
}

static void
confab_call_duration_finalize (GObject *object)
{
  g_free (CONFAB_CALL_DURATION (object)->text);
  G_OBJECT_CLASS (confab_call_duration_parent_class)->finalize (object);
}

static void
confab_call_duration_class_init (ConfabCallDurationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = confab_call_duration_get_property;
  object_class->dispose = confab_call_duration_dispose;
  object_class->finalize = confab_call_duration_finalize;
  properties[PROP_TEXT] = g_param_spec_string (
    "text", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
confab_call_duration_init (ConfabCallDuration *self)
{
}

ConfabCallDuration *
confab_call_duration_new (ConfabClock *clock)
{
  ConfabCallDuration *self = NULL;

  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);

  self = g_object_new (CONFAB_TYPE_CALL_DURATION, NULL);
  self->clock = g_object_ref (clock);
  self->start = confab_clock_get_real_time (clock);
  update_text (self);
  return self;
}

/**
 * confab_call_duration_get_text:
 * @self: a duration
 *
 * Returns: the text as of now, whether it runs or not
 */
const char *
confab_call_duration_get_text (ConfabCallDuration *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_DURATION (self), NULL);

  update_text (self);
  return self->text;
}

/**
 * confab_call_duration_set_start:
 * @self: a duration
 * @start: since when: µs since the epoch
 */
void
confab_call_duration_set_start (ConfabCallDuration *self, gint64 start)
{
  g_return_if_fail (CONFAB_IS_CALL_DURATION (self));

  if (self->start == start)
    return;
  self->start = start;
  update_tick (self);
  update_text (self);
}

/**
 * confab_call_duration_set_running:
 * @self: a duration
 * @running: whether somebody looks at it: only then it ticks
 */
void
confab_call_duration_set_running (ConfabCallDuration *self, gboolean running)
{
  g_return_if_fail (CONFAB_IS_CALL_DURATION (self));

  running = !!running;
  if (self->running == running)
    return;
  self->running = running;
  update_tick (self);
  update_text (self);
}
