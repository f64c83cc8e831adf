/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-liveness.h"

#define QUIET_US (10 * G_USEC_PER_SEC)
#define LOOK_MS 1000 /* while nothing comes: for the first sign that does */

struct _ConfabLiveness {
  ConfabClock *clock;
  ConfabLivenessLastFunc last;
  ConfabLivenessFunc changed;
  gpointer data;
  gint64 started_at;  /* monotonic, µs: to join, or to become connected, is a sign, too */
  gint64 quiet_since; /* monotonic, µs; 0: it gives signs, or nobody looks */
  guint timer;
};

static void
set_quiet_since (ConfabLiveness *self, gint64 quiet_since)
{
  if (self->quiet_since == quiet_since)
    return;
  self->quiet_since = quiet_since;
  self->changed (self->data);
}

static void look (ConfabLiveness *self);

static void
timer_cb (gpointer data)
{
  ConfabLiveness *self = data;

  self->timer = 0;
  look (self);
}

static void
look (ConfabLiveness *self)
{
  gint64 now = confab_clock_get_time (self->clock);
  gint64 last = MAX (self->started_at, self->last (self->data));
  gint64 left = last + QUIET_US - now;

  confab_clock_clear (self->clock, &self->timer);
  self->timer = confab_clock_add_timeout (self->clock,
                                          left > 0 ? (guint) ((left + 999) / 1000) : LOOK_MS,
                                          timer_cb,
                                          self);
  set_quiet_since (self, left > 0 ? 0 : last);
}

/**
 * confab_liveness_new:
 * @clock: for the timer
 * @last: tells when the last sign came
 * @changed: confab_liveness_get_quiet_since() says something else now; may come from within start, stop and check
 * @data: for both
 *
 * Returns: (transfer full): one that does not look yet
 */
ConfabLiveness *
confab_liveness_new (ConfabClock *clock,
                     ConfabLivenessLastFunc last,
                     ConfabLivenessFunc changed,
                     gpointer data)
{
  ConfabLiveness *self = g_new0 (ConfabLiveness, 1);

  self->clock = g_object_ref (clock);
  self->last = last;
  self->changed = changed;
  self->data = data;
  return self;
}

void
confab_liveness_free (ConfabLiveness *self)
{
  confab_clock_clear (self->clock, &self->timer);
  g_object_unref (self->clock);
  g_free (self);
}

/**
 * confab_liveness_start:
 * @self: a liveness
 *
 * Signs are to come from now on: this device has joined, another session of that device has, or there is a connection.
 */
void
confab_liveness_start (ConfabLiveness *self)
{
  self->started_at = confab_clock_get_time (self->clock);
  look (self);
}

/**
 * confab_liveness_stop:
 * @self: a liveness
 *
 * This device has left, or that one is gone: nothing is to come any more.
 */
void
confab_liveness_stop (ConfabLiveness *self)
{
  self->started_at = 0;
  confab_clock_clear (self->clock, &self->timer);
  set_quiet_since (self, 0);
}

/**
 * confab_liveness_check:
 * @self: a liveness
 *
 * A sign has come: who was quiet is so no more. Of others it is known soon enough when it is due.
 */
void
confab_liveness_check (ConfabLiveness *self)
{
  if (self->quiet_since != 0)
    look (self);
}

/**
 * confab_liveness_get_quiet_since:
 * @self: a liveness
 *
 * Returns: when the last sign came (monotonic µs), if that is ten seconds ago or more; else 0
 */
gint64
confab_liveness_get_quiet_since (ConfabLiveness *self)
{
  return self->quiet_since;
}
