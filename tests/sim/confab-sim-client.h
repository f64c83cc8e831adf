/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-handler.h"
#include "confab-call-member.h"
#include "confab-fake-local-media.h"
#include "confab-sim-network.h"

G_BEGIN_DECLS

/**
 * ConfabSimClient:
 *
 * One device: a process with a #ConfabCallHandler that may be killed, and what outlives it on disk: how far it has
 * synced and the messages that wait to be sent. Stands in for `matrix`: it sends state one at a time, device messages
 * in order and in batches, tries again for a while, and hands over syncs in `matrix`'s order.
 */
typedef struct _ConfabSimClient ConfabSimClient;

ConfabSimClient *confab_sim_client_new (ConfabSimNetwork *network,
                                        ConfabClock *clock,
                                        guint index,
                                        gboolean has_power) G_GNUC_WARN_UNUSED_RESULT;
void confab_sim_client_free (ConfabSimClient *self);
void confab_sim_client_start (ConfabSimClient *self);
void confab_sim_client_kill (ConfabSimClient *self, gboolean power_lost);
void confab_sim_client_news (ConfabSimClient *self);
void confab_sim_client_poll (ConfabSimClient *self);
void confab_sim_client_create_call (ConfabSimClient *self, ConfabCallIntent intent);
void confab_sim_client_begin (ConfabSimClient *self, ConfabCallIntent intent);
gboolean confab_sim_client_join_seen (ConfabSimClient *self);
const char *confab_sim_client_find_younger (ConfabSimClient *self, const char *other);
void confab_sim_client_join (ConfabSimClient *self, const char *call_id);
void confab_sim_client_leave (ConfabSimClient *self);
void confab_sim_client_terminate (ConfabSimClient *self);
void confab_sim_client_call_again (ConfabSimClient *self);
void confab_sim_client_decline (ConfabSimClient *self, ConfabDeclineScope scope);
gboolean confab_sim_client_is_up (ConfabSimClient *self);
gboolean confab_sim_client_is_idle (ConfabSimClient *self);
gboolean confab_sim_client_wants_in (ConfabSimClient *self);
ConfabCall *confab_sim_client_peek_call (ConfabSimClient *self);
ConfabCallMember *confab_sim_client_find_member (ConfabSimClient *self, guint other);
ConfabFakeLocalMedia *confab_sim_client_peek_media (ConfabSimClient *self);
guint confab_sim_client_get_n_early (ConfabSimClient *self);
void confab_sim_client_touch (ConfabSimClient *self);
void confab_sim_client_check (ConfabSimClient *self);

G_END_DECLS
