/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-member.h"
#include "confab-call-membership.h"
#include "confab-sim-network.h"

G_BEGIN_DECLS

/**
 * ConfabSimWitness:
 *
 * Sees each message that one process sends and gets, and what becomes of the connection attempts that they are about:
 * what the end of a schedule does not show, since somebody tried again or the state of the room told it, too.
 */
typedef struct _ConfabSimWitness ConfabSimWitness;

ConfabSimWitness *
confab_sim_witness_new (ConfabSimNetwork *network, ConfabClock *clock, guint index)
  G_GNUC_WARN_UNUSED_RESULT;
void confab_sim_witness_free (ConfabSimWitness *self);

void confab_sim_witness_joins (ConfabSimWitness *self);
void confab_sim_witness_entry (ConfabSimWitness *self, const ConfabCallMembership *entry);
void
confab_sim_witness_shown (ConfabSimWitness *self, const char *conf_id, ConfabCallMember *member);
gboolean confab_sim_witness_is_there (ConfabSimWitness *self, ConfabCallMember *member);
void confab_sim_witness_gone (ConfabSimWitness *self, ConfabCallMember *member);
void confab_sim_witness_take_event (ConfabSimWitness *self, const ConfabSimEvent *event);
void confab_sim_witness_received (ConfabSimWitness *self, const ConfabSimMessage *message);
void confab_sim_witness_sending (ConfabSimWitness *self,
                                 const char *user_id,
                                 const char *device_id,
                                 const char *type,
                                 JsonObject *content);
void confab_sim_witness_failed (ConfabSimWitness *self, const char *type, JsonObject *content);
void confab_sim_witness_back_online (ConfabSimWitness *self);
void confab_sim_witness_look (ConfabSimWitness *self);

G_END_DECLS
