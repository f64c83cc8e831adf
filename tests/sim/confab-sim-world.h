/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ConfabSimWorld:
 *
 * One schedule: some clients, a homeserver and a network, and what people and misfortune do to them at which time. All
 * of it follows from the seed. Invariants are checked after each step, and more of them when all is quiet again.
 */
typedef struct _ConfabSimWorld ConfabSimWorld;

ConfabSimWorld *confab_sim_world_new (guint32 seed) G_GNUC_WARN_UNUSED_RESULT;
void confab_sim_world_free (ConfabSimWorld *self);
guint confab_sim_world_get_n_actions (ConfabSimWorld *self);
void confab_sim_world_skip_action (ConfabSimWorld *self, guint i);
void confab_sim_world_set_trace (ConfabSimWorld *self, gboolean trace);
const char *confab_sim_world_run (ConfabSimWorld *self);

G_END_DECLS
