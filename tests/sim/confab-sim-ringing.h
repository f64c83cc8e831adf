/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-handler.h"
#include "confab-sim-disk.h"
#include "confab-sim-missed.h"

G_BEGIN_DECLS

/**
 * ConfabSimRinging:
 *
 * Which calls ring on one device, by what its processes have synced and what its person has done, reckoned as the sheet has
 * it (protocol/mesh-calls.md section 9.7) and without the code that is looked at.
 */
typedef struct _ConfabSimRinging ConfabSimRinging;

ConfabSimRinging *confab_sim_ringing_new (ConfabSimNetwork *network,
                                          ConfabClock *clock,
                                          ConfabSimDisk *disk,
                                          guint index) G_GNUC_WARN_UNUSED_RESULT;
void confab_sim_ringing_free (ConfabSimRinging *self);
void confab_sim_ringing_start (ConfabSimRinging *self, ConfabCallHandler *handler);
void confab_sim_ringing_clear (ConfabSimRinging *self);
void confab_sim_ringing_take_event (ConfabSimRinging *self, const ConfabSimEvent *event);
void confab_sim_ringing_take_account (ConfabSimRinging *self, JsonObject *content);
void confab_sim_ringing_joins (ConfabSimRinging *self, const char *call_id);
void confab_sim_ringing_decline (ConfabSimRinging *self, ConfabDeclineScope scope);
void confab_sim_ringing_end_sync (ConfabSimRinging *self,
                                  GHashTable *members,
                                  ConfabSimMissed *missed,
                                  GHashTable *left);
void confab_sim_ringing_check (ConfabSimRinging *self);

G_END_DECLS
