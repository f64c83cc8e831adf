/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-sim-network.h"

G_BEGIN_DECLS

/**
 * ConfabSimCalls:
 *
 * The calls of the room as one process has synced them, and what it had to do with them: who may end which, and which
 * gives way to which.
 */
typedef struct _ConfabSimCalls ConfabSimCalls;

ConfabSimCalls *confab_sim_calls_new (ConfabSimNetwork *network, guint index, GHashTable *made)
  G_GNUC_WARN_UNUSED_RESULT;
void confab_sim_calls_free (ConfabSimCalls *self);
void confab_sim_calls_clear (ConfabSimCalls *self);
void confab_sim_calls_take_event (ConfabSimCalls *self, const ConfabSimEvent *event);
void confab_sim_calls_end_sync (ConfabSimCalls *self);
void confab_sim_calls_note_made (ConfabSimCalls *self, const char *call_id);
void confab_sim_calls_note_terminated (ConfabSimCalls *self, const char *call_id);
void confab_sim_calls_check_terminating (ConfabSimCalls *self,
                                         const char *call_id,
                                         JsonObject *content,
                                         gboolean others);
gboolean confab_sim_calls_is_over (ConfabSimCalls *self, const char *call_id);
gboolean confab_sim_calls_gives_way (ConfabSimCalls *self, const char *call_id, const char *other);

G_END_DECLS
