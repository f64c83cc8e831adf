/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-fake-peer-connection.h"
#include "confab-sim-witness-private.h"

/* How long what lies between two people may take. */

#define LAG_US (100 * 1000)
#define UNSETTLED_US (50 * G_USEC_PER_SEC)  /* after a minute it is given up */
#define CALL_US (200 * G_USEC_PER_SEC)      /* one that is on its way may have been told to wait */
#define CALL_AGAIN_US (60 * G_USEC_PER_SEC) /* not more often than this */

static gboolean
lasts (gint64 *since, gint64 now, gboolean there, gint64 limit)
{
  if (!there)
    *since = 0;
  else if (*since == 0)
    *since = now;
  return there && now - *since > limit;
}

/* After a pause whoever has to invite does so again: not sooner than a person would like, and not later. A refusal does
 * not count, and takes two seconds. */
static gint64
get_pause (ConfabSimPeer *peer)
{
  static const gint64 pauses_s[CONFAB_SIM_MAX_RETRIES + 1] = { 2, 2, 3, 5 };

  return pauses_s[MIN (confab_call_member_get_retry_count (peer->member), CONFAB_SIM_MAX_RETRIES)] *
         G_USEC_PER_SEC;
}

void
confab_sim_witness_check_time (ConfabSimWitness *self,
                               ConfabSimPeer *peer,
                               const char *current,
                               ConfabParticipantState state)
{
  gint64 now = confab_clock_get_time (self->clock);
  const char *device = confab_call_member_get_device_id (peer->member);
  gboolean joined = state != CONFAB_PARTICIPANT_STATE_ADVERTISED;

  if (lasts (&peer->idle_since,
             now,
             current == NULL && joined && state != CONFAB_PARTICIPANT_STATE_UNREACHABLE &&
               peer->superseded == NULL && confab_sim_witness_is_initiator (self, peer),
             get_pause (peer) + LAG_US))
    confab_sim_network_fail (self->network, self->index, "pauses: %s is not invited again", device);
  if (lasts (&peer->unsettled_since,
             now,
             peer->connection != NULL && current != NULL &&
               !confab_fake_peer_connection_is_stable (
                 CONFAB_FAKE_PEER_CONNECTION (peer->connection)) &&
               confab_sim_witness_is_calm (self, confab_call_member_get_user_id (peer->member)),
             UNSETTLED_US))
    confab_sim_network_fail (self->network, self->index, "stable: an offer to %s waits", device);
}

/* Whether anybody has to invite this side, and may have given up. */
static gboolean
is_to_be_called (ConfabSimWitness *self)
{
  for (guint i = 0; i < self->peers->len; i++) {
    ConfabSimPeer *peer = self->peers->pdata[i];
    ConfabParticipantState state = confab_participant_get_state (CONFAB_PARTICIPANT (peer->member));

    if (state != CONFAB_PARTICIPANT_STATE_ADVERTISED && peer->was_connected && !peer->had_word &&
        !peer->dismissed && confab_call_member_get_call_id (peer->member) == NULL &&
        !confab_sim_witness_is_initiator (self, peer))
      return TRUE;
  }
  return FALSE;
}

/* Back online: whoever has to invite this side tries again when it writes its entry. */
void
confab_sim_witness_expect_call (ConfabSimWitness *self)
{
  gint64 now = confab_clock_get_time (self->clock);

  if (self->call_by == 0 && now - self->entry_at >= CALL_AGAIN_US && is_to_be_called (self))
    self->call_by = now + CALL_US;
}

void
confab_sim_witness_check_called (ConfabSimWitness *self)
{
  if (self->call_by == 0 || confab_clock_get_time (self->clock) <= self->call_by)
    return;
  self->call_by = 0;
  if (is_to_be_called (self))
    confab_sim_network_fail (
      self->network,
      self->index,
      "retries: is back online, and does not tell those who have to invite it");
}
