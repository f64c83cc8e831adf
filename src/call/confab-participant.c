/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-participant.h"

G_DEFINE_INTERFACE (ConfabParticipant, confab_participant, G_TYPE_OBJECT)

static void
confab_participant_default_init (ConfabParticipantInterface *iface)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * ConfabParticipant:state:
   *
   * How the connection is.
   */
  g_object_interface_install_property (iface,
                                       g_param_spec_enum ("state",
                                                          NULL,
                                                          NULL,
                                                          CONFAB_TYPE_PARTICIPANT_STATE,
                                                          CONFAB_PARTICIPANT_STATE_ADVERTISED,
                                                          flags));
  /**
   * ConfabParticipant:encrypted:
   *
   * Whether the call's signalling with this device is encrypted; so, without it, the homeserver could listen.
   */
  g_object_interface_install_property (iface,
                                       g_param_spec_boolean ("encrypted", NULL, NULL, TRUE, flags));
  /**
   * ConfabParticipant:waiting-for-key:
   *
   * Whether nothing can be sent to the device, since its keys cannot be had.
   */
  g_object_interface_install_property (
    iface, g_param_spec_boolean ("waiting-for-key", NULL, NULL, FALSE, flags));
  /**
   * ConfabParticipant:weak:
   *
   * Whether the connection loses so much that it is heard or seen.
   */
  g_object_interface_install_property (iface,
                                       g_param_spec_boolean ("weak", NULL, NULL, FALSE, flags));
  /**
   * ConfabParticipant:quiet-since:
   *
   * When the last sign (media or signalling) came from a device that has gone quiet, connected or not: monotonic µs.
   * 0 while there are signs, and while this device is not in the call.
   */
  g_object_interface_install_property (
    iface, g_param_spec_int64 ("quiet-since", NULL, NULL, 0, G_MAXINT64, 0, flags));
}

#define IFACE CONFAB_PARTICIPANT_GET_IFACE

/**
 * confab_participant_get_user_id:
 * @self: a participant
 *
 * Returns: (transfer none): whose device it is
 */
const char *
confab_participant_get_user_id (ConfabParticipant *self)
{
  g_return_val_if_fail (CONFAB_IS_PARTICIPANT (self), NULL);

  return IFACE (self)->get_user_id (self);
}

/**
 * confab_participant_get_device_id:
 * @self: a participant
 *
 * Returns: (transfer none): the device
 */
const char *
confab_participant_get_device_id (ConfabParticipant *self)
{
  g_return_val_if_fail (CONFAB_IS_PARTICIPANT (self), NULL);

  return IFACE (self)->get_device_id (self);
}

ConfabParticipantState
confab_participant_get_state (ConfabParticipant *self)
{
  ConfabParticipantState state;

  g_return_val_if_fail (CONFAB_IS_PARTICIPANT (self), CONFAB_PARTICIPANT_STATE_ADVERTISED);

  g_object_get (self, "state", &state, NULL);
  return state;
}

gboolean
confab_participant_get_encrypted (ConfabParticipant *self)
{
  gboolean encrypted;

  g_return_val_if_fail (CONFAB_IS_PARTICIPANT (self), FALSE);

  g_object_get (self, "encrypted", &encrypted, NULL);
  return encrypted;
}

gboolean
confab_participant_get_waiting_for_key (ConfabParticipant *self)
{
  gboolean waiting;

  g_return_val_if_fail (CONFAB_IS_PARTICIPANT (self), FALSE);

  g_object_get (self, "waiting-for-key", &waiting, NULL);
  return waiting;
}

gboolean
confab_participant_get_weak (ConfabParticipant *self)
{
  gboolean weak;

  g_return_val_if_fail (CONFAB_IS_PARTICIPANT (self), FALSE);

  g_object_get (self, "weak", &weak, NULL);
  return weak;
}

gint64
confab_participant_get_quiet_since (ConfabParticipant *self)
{
  gint64 since;

  g_return_val_if_fail (CONFAB_IS_PARTICIPANT (self), 0);

  g_object_get (self, "quiet-since", &since, NULL);
  return since;
}

/**
 * confab_participant_get_streams:
 * @self: a participant
 *
 * Returns: (transfer none): a model of #ConfabStream, user media first; empty before the metadata came
 */
GListModel *
confab_participant_get_streams (ConfabParticipant *self)
{
  g_return_val_if_fail (CONFAB_IS_PARTICIPANT (self), NULL);

  return IFACE (self)->get_streams (self);
}
