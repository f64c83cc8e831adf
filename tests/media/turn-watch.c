/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "turn-watch.h"

#include <sched.h>
#include <time.h>

static TurnTimes turn_began;
static TurnTimes longest;
static gboolean has_priority;

static TurnTimes
get_times (void)
{
  struct timespec cpu;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &cpu);
  return (TurnTimes) { g_get_monotonic_time () / 1000.0, cpu.tv_sec * 1000.0 + cpu.tv_nsec / 1e6 };
}

static void
take_turn (void)
{
  const TurnTimes now = get_times ();

  longest.wall = MAX (longest.wall, now.wall - turn_began.wall);
  longest.cpu = MAX (longest.cpu, now.cpu - turn_began.cpu);
}

static int
poll_cb (GPollFD *fds, guint n_fds, int timeout)
{
  int n;

  take_turn ();
  n = g_poll (fds, n_fds, timeout);
  turn_began = get_times ();
  return n;
}

/*
 * A busy machine makes the main thread wait for a processor, which is nothing that it does. So it goes first, where that
 * is allowed; what it waits for then are locks and other threads. Elsewhere only what it computes can be counted.
 */
void
turn_watch_init (void)
{
  const struct sched_param param = { .sched_priority = 1 };

  has_priority = sched_setscheduler (0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param) == 0;
  if (!has_priority)
    g_test_message ("no real-time priority here: waiting is not measured");
  turn_began = get_times ();
  g_main_context_set_poll_func (NULL, poll_cb);
}

gboolean
turn_watch_measures_waiting (void)
{
  return has_priority;
}

/* The longest turn since the last call. */
TurnTimes
turn_watch_end_phase (const char *name)
{
  TurnTimes result;

  take_turn ();
  result = longest;
  g_test_message ("%-8s %5.1f ms, of which computed %5.1f ms", name, result.wall, result.cpu);
  longest = (TurnTimes) { 0 };
  turn_began = get_times ();
  return result;
}
