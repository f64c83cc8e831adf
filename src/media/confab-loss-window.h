/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ConfabLossWindow:
 *
 * How much of an RTP stream does not arrive, second by second, from its sequence numbers. All zero is a new one.
 */
typedef struct {
  gboolean started;
  guint16 next; /* the number that comes now, if nothing is lost */
  guint n_received;
  guint n_lost;
  gint64 began_at; /* monotonic, µs */
} ConfabLossWindow;

gboolean confab_loss_window_add (ConfabLossWindow *self, guint16 number, gint64 now, double *loss);

G_END_DECLS
