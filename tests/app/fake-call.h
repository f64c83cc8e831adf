/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call.h"

G_BEGIN_DECLS

/* A call and the devices in it that do what a test says. */
#define FAKE_TYPE_CALL (fake_call_get_type ())
G_DECLARE_FINAL_TYPE (FakeCall, fake_call, FAKE, CALL, GObject)

FakeCall *fake_call_new (const char *room_id, const char *call_id);
void fake_call_set_state (FakeCall *self, ConfabCallState state);
void fake_call_set_ringing (FakeCall *self, gboolean ringing);
void fake_call_set_started_at (FakeCall *self, gint64 started_at);
GListStore *fake_call_get_store (FakeCall *self);

#define FAKE_TYPE_PARTICIPANT (fake_participant_get_type ())
G_DECLARE_FINAL_TYPE (FakeParticipant, fake_participant, FAKE, PARTICIPANT, GObject)

FakeParticipant *fake_participant_new (const char *user_id, const char *device_id);
void fake_participant_set_state (FakeParticipant *self, ConfabParticipantState state);
ConfabStream *fake_participant_add_stream (FakeParticipant *self);

G_END_DECLS
