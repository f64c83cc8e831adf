/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-event.h"
#include "confab-clock.h"

G_BEGIN_DECLS

/**
 * ConfabCandidateBatch:
 *
 * The local ICE candidates of one connection attempt on their way to the peer: gathered for a while, then sent as
 * one `m.call.candidates`, without those that went out inside the SDP, and with an end-of-candidates entry when
 * gathering is complete (protocol/mesh-calls.md section 3.2).
 */
typedef struct _ConfabCandidateBatch ConfabCandidateBatch;

/* @message has at least one entry; called from a timeout of the clock. */
typedef void (*ConfabCandidateBatchFunc) (ConfabCallEvent *message, gpointer data);

ConfabCandidateBatch *confab_candidate_batch_new (const char *call_id,
                                                  ConfabClock *clock,
                                                  ConfabCandidateBatchFunc send,
                                                  gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void confab_candidate_batch_free (ConfabCandidateBatch *self);
void confab_candidate_batch_add (ConfabCandidateBatch *self,
                                 const char *candidate,
                                 const char *sdp_mid,
                                 int sdp_mline_index);
void confab_candidate_batch_drop_those_in (ConfabCandidateBatch *self, const char *sdp);
gboolean confab_candidate_batch_complete (ConfabCandidateBatch *self);
void confab_candidate_batch_arm (ConfabCandidateBatch *self, guint delay_ms);
void confab_candidate_batch_clear (ConfabCandidateBatch *self);

G_END_DECLS
