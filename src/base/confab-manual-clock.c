/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-base"

#include "config.h"

#include "confab-manual-clock.h"

/**
 * ConfabManualClock:
 *
 * A clock that stands still until it is turned by hand: tests and the simulation replay any schedule.
 * Timeouts due at the same instant run in the order in which they were added.
 */
struct _ConfabManualClock {
  GObject parent_instance;

  gint64 time;      /* µs */
  gint64 slept;     /* µs */
  gint64 real_time; /* µs since the epoch, at time 0 */
  guint last_id;
  GSequence *timeouts; /* Timeout, by due and id */
};

typedef struct {
  guint id;
  gint64 due; /* µs */
  GSourceOnceFunc callback;
  gpointer data;
} Timeout;

static void clock_iface_init (ConfabClockInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabManualClock,
                               confab_manual_clock,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_CLOCK, clock_iface_init))

static int
compare_timeouts (gconstpointer a, gconstpointer b, gpointer data)
{
  const Timeout *left = a;
  const Timeout *right = b;

  if (left->due != right->due)
    return left->due < right->due ? -1 : 1;
  return left->id < right->id ? -1 : left->id > right->id;
}

static gint64
confab_manual_clock_get_time (ConfabClock *clock)
{
  return CONFAB_MANUAL_CLOCK (clock)->time;
}

static gint64
confab_manual_clock_get_boot_time (ConfabClock *clock)
{
  ConfabManualClock *self = CONFAB_MANUAL_CLOCK (clock);

  return self->slept + self->time;
}

static gint64
confab_manual_clock_get_real_time (ConfabClock *clock)
{
  ConfabManualClock *self = CONFAB_MANUAL_CLOCK (clock);

  return self->real_time + self->slept + self->time;
}

static guint
confab_manual_clock_add_timeout (ConfabClock *clock,
                                 guint delay_ms,
                                 GSourceOnceFunc callback,
                                 gpointer data)
{
  ConfabManualClock *self = CONFAB_MANUAL_CLOCK (clock);
  Timeout *timeout = g_new (Timeout, 1);

  *timeout = (Timeout) {
    .id = ++self->last_id,
    .due = self->time + delay_ms * G_GINT64_CONSTANT (1000),
    .callback = callback,
    .data = data,
  };
  g_sequence_insert_sorted (self->timeouts, timeout, compare_timeouts, NULL);
  return timeout->id;
}

static void
confab_manual_clock_remove (ConfabClock *clock, guint id)
{
  ConfabManualClock *self = CONFAB_MANUAL_CLOCK (clock);

  for (GSequenceIter *iter = g_sequence_get_begin_iter (self->timeouts);
       !g_sequence_iter_is_end (iter);
       iter = g_sequence_iter_next (iter)) {
    Timeout *timeout = g_sequence_get (iter);
    if (timeout->id == id) {
      g_sequence_remove (iter);
      return;
    }
  }
  g_critical ("There is no timeout %u", id);
}

static void
clock_iface_init (ConfabClockInterface *iface)
{
  iface->get_time = confab_manual_clock_get_time;
  iface->get_boot_time = confab_manual_clock_get_boot_time;
  iface->get_real_time = confab_manual_clock_get_real_time;
  iface->add_timeout = confab_manual_clock_add_timeout;
  iface->remove = confab_manual_clock_remove;
}

static void
confab_manual_clock_finalize (GObject *object)
{
  ConfabManualClock *self = CONFAB_MANUAL_CLOCK (object);

  g_clear_pointer (&self->timeouts, g_sequence_free);
  G_OBJECT_CLASS (confab_manual_clock_parent_class)->finalize (object);
}

static void
confab_manual_clock_class_init (ConfabManualClockClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_manual_clock_finalize;
}

static void
confab_manual_clock_init (ConfabManualClock *self)
{
  self->timeouts = g_sequence_new (g_free);
}

/**
 * confab_manual_clock_new:
 * @real_time: the wall clock's start, in µs since the epoch
 *
 * Returns: (transfer full): a clock that shows monotonic time 0
 */
ConfabManualClock *
confab_manual_clock_new (gint64 real_time)
{
  ConfabManualClock *self = g_object_new (CONFAB_TYPE_MANUAL_CLOCK, NULL);

  self->real_time = real_time;
  return self;
}

/**
 * confab_manual_clock_sleep:
 * @self: a manual clock
 * @ms: for how long
 *
 * The machine sleeps: the world goes on, monotonic time and timeouts do not.
 */
void
confab_manual_clock_sleep (ConfabManualClock *self, guint ms)
{
  g_return_if_fail (CONFAB_IS_MANUAL_CLOCK (self));

  self->slept += ms * G_GINT64_CONSTANT (1000);
}

/**
 * confab_manual_clock_set_back:
 * @self: a manual clock
 * @ms: how far
 *
 * Somebody sets the wall clock back; nothing else goes back.
 */
void
confab_manual_clock_set_back (ConfabManualClock *self, guint ms)
{
  g_return_if_fail (CONFAB_IS_MANUAL_CLOCK (self));

  self->real_time -= ms * G_GINT64_CONSTANT (1000);
}

static gboolean
run_next (ConfabManualClock *self, gint64 end)
{
  GSequenceIter *first = g_sequence_get_begin_iter (self->timeouts);
  Timeout timeout;

  if (g_sequence_iter_is_end (first))
    return FALSE;
  timeout = *(Timeout *) g_sequence_get (first);
  if (timeout.due > end)
    return FALSE;

  g_sequence_remove (first);
  self->time = MAX (self->time, timeout.due);
  timeout.callback (timeout.data);
  return TRUE;
}

/**
 * confab_manual_clock_advance:
 * @self: a manual clock
 * @ms: how far
 *
 * Turns the clock and runs what comes due on the way, each at its own time, also what is added
 * meanwhile. With 0 it runs what is due now.
 */
void
confab_manual_clock_advance (ConfabManualClock *self, guint ms)
{
  gint64 end;

  g_return_if_fail (CONFAB_IS_MANUAL_CLOCK (self));

  end = self->time + ms * G_GINT64_CONSTANT (1000);
  g_object_ref (self);
  while (run_next (self, end))
    ;
  self->time = end;
  g_object_unref (self);
}

/**
 * confab_manual_clock_advance_to_next:
 * @self: a manual clock
 *
 * Turns the clock to the next timeout and runs that one.
 *
 * Returns: whether there was one
 */
gboolean
confab_manual_clock_advance_to_next (ConfabManualClock *self)
{
  gboolean ran;

  g_return_val_if_fail (CONFAB_IS_MANUAL_CLOCK (self), FALSE);

  g_object_ref (self);
  ran = run_next (self, G_MAXINT64);
  g_object_unref (self);
  return ran;
}

/**
 * confab_manual_clock_get_n_timeouts:
 * @self: a manual clock
 *
 * Returns: how many timeouts wait; a test that ends with 0 has left none behind
 */
guint
confab_manual_clock_get_n_timeouts (ConfabManualClock *self)
{
  g_return_val_if_fail (CONFAB_IS_MANUAL_CLOCK (self), 0);

  return g_sequence_get_length (self->timeouts);
}
