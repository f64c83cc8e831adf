/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "confab-call-enums.h"

G_BEGIN_DECLS

/**
 * ConfabParticipant:
 *
 * One remote device in a call, whatever carries its media: a mesh's #ConfabCallMember, later an SFU's.
 * Properties (all notify): `state`, `encrypted`, `waiting-for-key`, `weak`, `quiet-since`. Main thread only.
 */
#define CONFAB_TYPE_PARTICIPANT (confab_participant_get_type ())
G_DECLARE_INTERFACE (ConfabParticipant, confab_participant, CONFAB, PARTICIPANT, GObject)

struct _ConfabParticipantInterface {
  GTypeInterface parent_iface;

  const char *(*get_user_id) (ConfabParticipant *self);
  const char *(*get_device_id) (ConfabParticipant *self);
  GListModel *(*get_streams) (ConfabParticipant *self);
};

const char *confab_participant_get_user_id (ConfabParticipant *self);
const char *confab_participant_get_device_id (ConfabParticipant *self);
ConfabParticipantState confab_participant_get_state (ConfabParticipant *self);
gboolean confab_participant_get_encrypted (ConfabParticipant *self);
gboolean confab_participant_get_waiting_for_key (ConfabParticipant *self);
gboolean confab_participant_get_weak (ConfabParticipant *self);
gint64 confab_participant_get_quiet_since (ConfabParticipant *self);
GListModel *confab_participant_get_streams (ConfabParticipant *self);

G_END_DECLS
