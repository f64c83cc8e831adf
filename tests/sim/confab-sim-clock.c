/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-clock.h"

#define SLOT_BITS 16

typedef struct {
  gint64 due;    /* µs */
  guint64 order; /* in which they were added */
  guint id;
  guint place; /* in the heap */
  guint owner;
  GSourceOnceFunc callback;
  gpointer data;
} Timeout;

struct _ConfabSimTime {
  gint64 now;       /* µs */
  gint64 real_time; /* µs since the epoch, at time 0 */
  guint64 n_added;
  GPtrArray *
    heap; /* (element-type Timeout): the first is the next; each lies before those at 2i + 1 and 2i + 2 */
  GPtrArray *
    slots; /* (element-type Timeout): by the low bits of the id; those that are not in the heap are free */
  GPtrArray *free; /* (element-type Timeout) */
};

struct _ConfabSimClock {
  GObject parent_instance;

  ConfabSimTime *time;
  guint owner;
};

static void clock_iface_init (ConfabClockInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabSimClock,
                               confab_sim_clock,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_CLOCK, clock_iface_init))

/* The heap. */

static gboolean
is_before (const Timeout *a, const Timeout *b)
{
  return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void
place (ConfabSimTime *self, Timeout *timeout, guint i)
{
  self->heap->pdata[i] = timeout;
  timeout->place = i;
}

static void
rise (ConfabSimTime *self, Timeout *timeout)
{
  guint i = timeout->place;

  while (i > 0 && is_before (timeout, self->heap->pdata[(i - 1) / 2])) {
    place (self, self->heap->pdata[(i - 1) / 2], i);
    i = (i - 1) / 2;
  }
  place (self, timeout, i);
}

static void
sink (ConfabSimTime *self, Timeout *timeout)
{
  guint i = timeout->place;

  while (TRUE) {
    guint child = 2 * i + 1;

    if (child + 1 < self->heap->len &&
        is_before (self->heap->pdata[child + 1], self->heap->pdata[child]))
      child++;
    if (child >= self->heap->len || !is_before (self->heap->pdata[child], timeout))
      break;
    place (self, self->heap->pdata[child], i);
    i = child;
  }
  place (self, timeout, i);
}

static void
take_out (ConfabSimTime *self, Timeout *timeout)
{
  guint i = timeout->place;
  Timeout *last = g_ptr_array_steal_index (self->heap, self->heap->len - 1);

  if (last != timeout) {
    place (self, last, i);
    rise (self, last);
    sink (self, last);
  }
  timeout->id += 1u << SLOT_BITS; /* whoever still has the old one means another timeout */
  g_ptr_array_add (self->free, timeout);
}

static Timeout *
take_free (ConfabSimTime *self)
{
  Timeout *timeout;

  if (self->free->len > 0)
    return g_ptr_array_steal_index (self->free, self->free->len - 1);
  timeout = g_new0 (Timeout, 1);
  g_ptr_array_add (self->slots, timeout);
  g_assert (self->slots->len < 1u << SLOT_BITS);
  timeout->id = self->slots->len; /* from 1: 0 is none */
  return timeout;
}

/* The clock. */

static gint64
confab_sim_clock_get_time (ConfabClock *clock)
{
  return ((ConfabSimClock *) clock)->time->now;
}

/* Nobody sleeps here. */
static gint64
confab_sim_clock_get_boot_time (ConfabClock *clock)
{
  return confab_sim_clock_get_time (clock);
}

static gint64
confab_sim_clock_get_real_time (ConfabClock *clock)
{
  ConfabSimTime *time = ((ConfabSimClock *) clock)->time;

  return time->real_time + time->now;
}

static guint
confab_sim_clock_add_timeout (ConfabClock *clock,
                              guint delay_ms,
                              GSourceOnceFunc callback,
                              gpointer data)
{
  ConfabSimClock *self = (ConfabSimClock *) clock;
  ConfabSimTime *time = self->time;
  Timeout *timeout = take_free (time);

  timeout->due = time->now + delay_ms * G_GINT64_CONSTANT (1000);
  timeout->order = time->n_added++;
  timeout->owner = self->owner;
  timeout->callback = callback;
  timeout->data = data;
  timeout->place = time->heap->len;
  g_ptr_array_add (time->heap, timeout);
  rise (time, timeout);
  return timeout->id;
}

static void
confab_sim_clock_remove (ConfabClock *clock, guint id)
{
  ConfabSimTime *time = ((ConfabSimClock *) clock)->time;
  guint slot = (id & ((1u << SLOT_BITS) - 1)) - 1;
  Timeout *timeout = slot < time->slots->len ? time->slots->pdata[slot] : NULL;

  if (timeout == NULL || timeout->id != id || timeout->place >= time->heap->len ||
      time->heap->pdata[timeout->place] != timeout)
    g_critical ("There is no timeout %u", id);
  else
    take_out (time, timeout);
}

static void
clock_iface_init (ConfabClockInterface *iface)
{
  iface->get_time = confab_sim_clock_get_time;
  iface->get_boot_time = confab_sim_clock_get_boot_time;
  iface->get_real_time = confab_sim_clock_get_real_time;
  iface->add_timeout = confab_sim_clock_add_timeout;
  iface->remove = confab_sim_clock_remove;
}

static void
confab_sim_clock_class_init (ConfabSimClockClass *klass)
{
}

static void
confab_sim_clock_init (ConfabSimClock *self)
{
}

ConfabSimClock *
confab_sim_clock_new (ConfabSimTime *time, guint owner)
{
  ConfabSimClock *self = g_object_new (CONFAB_TYPE_SIM_CLOCK, NULL);

  self->time = time;
  self->owner = owner;
  return self;
}

/* The time. */

ConfabSimTime *
confab_sim_time_new (gint64 real_time)
{
  ConfabSimTime *self = g_new0 (ConfabSimTime, 1);

  self->real_time = real_time;
  self->heap = g_ptr_array_new ();
  self->slots = g_ptr_array_new_with_free_func (g_free);
  self->free = g_ptr_array_new ();
  return self;
}

void
confab_sim_time_free (ConfabSimTime *self)
{
  g_ptr_array_unref (self->heap);
  g_ptr_array_unref (self->free);
  g_ptr_array_unref (self->slots);
  g_free (self);
}

/**
 * confab_sim_time_step:
 * @self: the time, with a timeout at least
 *
 * Turns it to the next timeout and runs that one.
 *
 * Returns: whose it was
 */
guint
confab_sim_time_step (ConfabSimTime *self)
{
  Timeout timeout;

  g_assert (self->heap->len > 0);
  timeout = *(Timeout *) self->heap->pdata[0];
  take_out (self, self->heap->pdata[0]);
  self->now = MAX (self->now, timeout.due);
  timeout.callback (timeout.data);
  return timeout.owner;
}

guint
confab_sim_time_get_n_timeouts (ConfabSimTime *self)
{
  return self->heap->len;
}
