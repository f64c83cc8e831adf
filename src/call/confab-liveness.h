/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-clock.h"

G_BEGIN_DECLS

/**
 * ConfabLiveness:
 *
 * Whether somebody in the call gives a sign: media, signalling, or an entry written anew. A membership says for an hour that
 * a device is in the call, a process that was killed says nothing, and a network that is gone is noticed late; what comes,
 * or does not, is evidence.
 */
typedef struct _ConfabLiveness ConfabLiveness;

/* Returns: when the last sign came: monotonic µs */
typedef gint64 (*ConfabLivenessLastFunc) (gpointer data);
typedef void (*ConfabLivenessFunc) (gpointer data);

ConfabLiveness *confab_liveness_new (ConfabClock *clock,
                                     ConfabLivenessLastFunc last,
                                     ConfabLivenessFunc changed,
                                     gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void confab_liveness_free (ConfabLiveness *self);
void confab_liveness_start (ConfabLiveness *self);
void confab_liveness_stop (ConfabLiveness *self);
void confab_liveness_check (ConfabLiveness *self);
gint64 confab_liveness_get_quiet_since (ConfabLiveness *self);

G_END_DECLS
