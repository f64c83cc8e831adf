/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call.h"
#include "confab-fake-picture.h"

G_BEGIN_DECLS

/**
 * ConfabFakeParticipant:
 *
 * Somebody who is not there: a drawn picture, and what a test or a designer says of them.
 */
#define CONFAB_TYPE_FAKE_PARTICIPANT (confab_fake_participant_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabFakeParticipant, confab_fake_participant, CONFAB, FAKE_PARTICIPANT, GObject)

void confab_fake_participant_set_state (ConfabFakeParticipant *self, ConfabParticipantState state);
void confab_fake_participant_set_encrypted (ConfabFakeParticipant *self, gboolean encrypted);
void confab_fake_participant_set_waiting_for_key (ConfabFakeParticipant *self, gboolean waiting);
void confab_fake_participant_set_quiet_since (ConfabFakeParticipant *self, gint64 quiet_since);
void confab_fake_participant_set_weak (ConfabFakeParticipant *self, gboolean weak);
ConfabStream *confab_fake_participant_get_stream (ConfabFakeParticipant *self);
ConfabStream *confab_fake_participant_share (ConfabFakeParticipant *self);

/**
 * ConfabFakeCall:
 *
 * A call that needs no server, no camera and no time: `CONFAB_FAKE_CALL=8 confab`, and tests and pictures of what
 * stands above `call`.
 * It is joined from the start, with a local media of its own that only notes what is muted.
 */
#define CONFAB_TYPE_FAKE_CALL (confab_fake_call_get_type ())
G_DECLARE_FINAL_TYPE (ConfabFakeCall, confab_fake_call, CONFAB, FAKE_CALL, GObject)

#define CONFAB_FAKE_CALL_MAX_PEOPLE 64

/* @n_people others, at most 64, in every state that a tile can be in once there are many. */
ConfabFakeCall *confab_fake_call_new (guint n_people) G_GNUC_WARN_UNUSED_RESULT;
ConfabFakeParticipant *confab_fake_call_add (ConfabFakeCall *self, const char *user_id);
void confab_fake_call_remove (ConfabFakeCall *self, guint position);
ConfabFakeParticipant *confab_fake_call_get (ConfabFakeCall *self, guint position);
void confab_fake_call_set_state (ConfabFakeCall *self, ConfabCallState state);
void confab_fake_call_set_started_at (ConfabFakeCall *self, gint64 started_at);
void confab_fake_call_set_problem (ConfabFakeCall *self,
                                   ConfabDeviceKind kind,
                                   ConfabDeviceProblem problem);
ConfabStream *confab_fake_call_get_own_stream (ConfabFakeCall *self);
void confab_fake_call_fail (ConfabFakeCall *self, ConfabCallError code);

G_END_DECLS
