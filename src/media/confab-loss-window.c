/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-loss-window.h"

#define WINDOW_US (2 * G_USEC_PER_SEC)
#define MAX_GAP 1000 /* more than that is no loss, but a sender that started anew */

/**
 * confab_loss_window_add:
 * @self: a window
 * @number: the RTP sequence number of a packet that came
 * @now: monotonic time, µs
 * @loss: (out): how much was lost since the last time this was set: 0 … 1
 *
 * Numbers are those behind a jitter buffer: in order, and what was sent again in time is there.
 *
 * Returns: whether two seconds are over and @loss is set
 */
gboolean
confab_loss_window_add (ConfabLossWindow *self, guint16 number, gint64 now, double *loss)
{
  guint16 gap = number - self->next;

  if (!self->started) {
    self->started = TRUE;
    self->began_at = now;
    gap = 0;
  }
  if (gap <= MAX_GAP)
    self->n_lost += gap;
  self->next = number + 1;
  self->n_received++;
  if (now - self->began_at < WINDOW_US)
    return FALSE;

  *loss = (double) self->n_lost / (self->n_lost + self->n_received);
  self->n_lost = 0;
  self->n_received = 0;
  self->began_at = now;
  return TRUE;
}
