/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-witness-private.h"

#define HEALTHY_US (60 * G_USEC_PER_SEC)
#define LAG_US (100 * 1000)
#define QUIET_US (10 * G_USEC_PER_SEC)
#define QUIET_LAG_US (1100 * 1000)
#define RESEND_US (17 * G_USEC_PER_SEC) /* the longest pause is 16 s */

/* What is true of each member. */

static gboolean
is_healthy (ConfabSimWitness *self, ConfabSimPeer *peer)
{
  return peer->connected_at != 0 &&
         confab_clock_get_time (self->clock) - peer->connected_at >= HEALTHY_US;
}

/* An ICE restart is answered with another attempt at once, whichever side invites. */
static void
check_renewed (ConfabSimWitness *self, ConfabSimPeer *peer, const char *current)
{
  ConfabParticipantState state = confab_participant_get_state (CONFAB_PARTICIPANT (peer->member));

  peer->ended_at = 0;
  if (current == NULL && state != CONFAB_PARTICIPANT_STATE_ADVERTISED &&
      state != CONFAB_PARTICIPANT_STATE_UNREACHABLE &&
      confab_sim_witness_is_calm (self, confab_call_member_get_user_id (peer->member)))
    confab_sim_network_fail (self->network,
                             self->index,
                             "renewed: %s restarts ICE, and is not invited at once",
                             confab_call_member_get_device_id (peer->member));
}

static void
check_current (ConfabSimWitness *self, ConfabSimPeer *peer)
{
  const char *current = confab_call_member_get_call_id (peer->member);
  ConfabSimAttempt *attempt;

  if (current != NULL && g_strcmp0 (current, peer->superseded) == 0)
    confab_sim_network_fail (self->network,
                             self->index,
                             "superseded: %s has begun anew, and an old attempt goes on",
                             confab_call_member_get_device_id (peer->member));
  if (g_strcmp0 (current, peer->current) == 0)
    return;
  attempt = confab_sim_witness_find_attempt (self, peer, peer->current);
  if (attempt != NULL && attempt->told && !attempt->hung_up && !attempt->excused)
    confab_sim_network_fail (self->network,
                             self->index,
                             "goodbye: an attempt with %s ended without a word",
                             confab_call_member_get_device_id (peer->member));
  if (attempt != NULL)
    attempt->over = TRUE;
  if (attempt != NULL && attempt->refused)
    peer->n_refused++;
  if (attempt != NULL && attempt->renewed)
    check_renewed (self, peer, current);
  else if (peer->current != NULL)
    peer->ended_at = confab_clock_get_time (self->clock);
  attempt = confab_sim_witness_find_attempt (self, peer, current);
  if (attempt != NULL && attempt->over)
    confab_sim_network_fail (self->network,
                             self->index,
                             "revived: an attempt with %s is over",
                             confab_call_member_get_device_id (peer->member));
}

/* Only what was said in a word ends an attempt for good; all else is tried three times more. */
static void
check_given_up (ConfabSimWitness *self, ConfabSimPeer *peer)
{
  ConfabSimAttempt *attempt = confab_sim_witness_find_attempt (self, peer, peer->current);
  guint retries = confab_call_member_get_retry_count (peer->member);

  if (retries > CONFAB_SIM_MAX_RETRIES)
    confab_sim_network_fail (self->network, self->index, "retries: %u were counted", retries);
  if (retries < CONFAB_SIM_MAX_RETRIES && !peer->dismissed &&
      !(attempt != NULL && attempt->dismissed))
    confab_sim_network_fail (self->network,
                             self->index,
                             "retries: %s is given up after %u",
                             confab_call_member_get_device_id (peer->member),
                             retries);
}

/* What was refused may have been an earlier one that came late: who has to invite does so once more. */
static void
check_refused (ConfabSimWitness *self, ConfabSimPeer *peer)
{
  ConfabSimAttempt *attempt = confab_sim_witness_find_attempt (self, peer, peer->current);

  if (attempt != NULL && attempt->refused && !attempt->parted && !peer->parted &&
      peer->n_refused == 1 &&
      confab_call_member_get_retry_count (peer->member) < CONFAB_SIM_MAX_RETRIES &&
      confab_sim_witness_is_initiator (self, peer))
    confab_sim_network_fail (self->network,
                             self->index,
                             "retries: %s is given up when it has refused once",
                             confab_call_member_get_device_id (peer->member));
}

/* Who comes anew, or could not be reached because this side was offline, is tried again. */
static void
check_unreachable (ConfabSimWitness *self, ConfabSimPeer *peer)
{
  ConfabSimAttempt *attempt = confab_sim_witness_find_attempt (self, peer, peer->current);

  if (peer->state != CONFAB_PARTICIPANT_STATE_UNREACHABLE) {
    check_given_up (self, peer);
    check_refused (self, peer);
    peer->given_up = TRUE;
    peer->final = attempt != NULL && attempt->dismissed;
  }
  peer->given_up |= peer->dismissed;
  peer->final |= peer->dismissed;
  if (!peer->given_up)
    confab_sim_network_fail (self->network,
                             self->index,
                             "retries: %s stays given up",
                             confab_call_member_get_device_id (peer->member));
}

static void
check_state (ConfabSimWitness *self, ConfabSimPeer *peer, ConfabParticipantState state)
{
  gint64 now = confab_clock_get_time (self->clock);

  if (state == CONFAB_PARTICIPANT_STATE_UNREACHABLE)
    check_unreachable (self, peer);
  if (is_healthy (self, peer))
    peer->n_invites = 0;
  peer->state = state;
  if (state == CONFAB_PARTICIPANT_STATE_CONNECTED &&
      confab_peer_connection_get_state (peer->connection) != CONFAB_CONNECTION_STATE_CONNECTED)
    confab_sim_network_fail (self->network,
                             self->index,
                             "connected: %s is shown so, and is not",
                             confab_call_member_get_device_id (peer->member));
  if (state == CONFAB_PARTICIPANT_STATE_CONNECTED) {
    peer->met = FALSE;
    peer->was_connected = TRUE;
  }
  if (state != CONFAB_PARTICIPANT_STATE_CONNECTED)
    peer->connected_at = 0;
  else if (peer->connected_at == 0)
    peer->connected_at = now;
  else if (now - peer->connected_at > HEALTHY_US + LAG_US &&
           confab_call_member_get_retry_count (peer->member) > 0)
    confab_sim_network_fail (self->network,
                             self->index,
                             "health: what failed with %s is held against it",
                             confab_call_member_get_device_id (peer->member));
}

static gint64
get_received_at (ConfabSimPeer *peer)
{
  return peer->connection != NULL ? confab_peer_connection_get_last_received_at (peer->connection)
                                  : 0;
}

/* By a connection that has gone since the last look, too. */
static void
look_for_media (ConfabSimPeer *peer, gint64 now)
{
  gint64 last;

  peer->media_at = MAX (peer->media_at, get_received_at (peer));
  g_set_object (&peer->connection, confab_call_member_get_connection (peer->member));
  last = get_received_at (peer);
  peer->media_at = MAX (peer->media_at, last);
  if (last != now)
    peer->media_since = 0;
  else if (peer->media_since == 0)
    peer->media_since = now;
}

/* Who gives no sign for ten seconds is shown as gone quiet, until the next sign; media is looked for each second. */
static void
check_quiet (ConfabSimWitness *self, ConfabSimPeer *peer, ConfabParticipantState state)
{
  gint64 now = confab_clock_get_time (self->clock);
  gint64 last;

  if (state != peer->state && (peer->state == CONFAB_PARTICIPANT_STATE_ADVERTISED ||
                               state == CONFAB_PARTICIPANT_STATE_CONNECTED))
    peer->sign_at = now;
  look_for_media (peer, now);
  last = MAX (MAX (peer->sign_at, peer->media_at), peer->entry_at);
  if (peer->quiet &&
      (state == CONFAB_PARTICIPANT_STATE_ADVERTISED || now - peer->sign_at < QUIET_US ||
       (peer->media_since != 0 && now - peer->media_since > QUIET_LAG_US) ||
       (peer->media_since == 0 && now - peer->media_at < QUIET_US)))
    confab_sim_network_fail (self->network,
                             self->index,
                             "quiet: %s gives signs, and is shown as gone quiet",
                             confab_call_member_get_device_id (peer->member));
  if (!peer->quiet && state != CONFAB_PARTICIPANT_STATE_ADVERTISED &&
      now - last > QUIET_US + LAG_US)
    confab_sim_network_fail (self->network,
                             self->index,
                             "quiet: %s gives no sign, and is not shown as gone quiet",
                             confab_call_member_get_device_id (peer->member));
}

static void
check_resent (ConfabSimWitness *self, ConfabSimPeer *peer, const ConfabSimAttempt *attempt)
{
  gint64 now = confab_clock_get_time (self->clock);

  for (guint i = 0; attempt != NULL && i < attempt->unsent->len; i++) {
    const ConfabSimUnsent *unsent = attempt->unsent->pdata[i];
    if (unsent->failed_at != 0 && now - unsent->failed_at > RESEND_US)
      confab_sim_network_fail (self->network,
                               self->index,
                               "resent: message %" G_GINT64_FORMAT " to %s is not sent again",
                               unsent->seq,
                               confab_call_member_get_device_id (peer->member));
  }
}

/**
 * confab_sim_witness_look:
 * @self: a witness
 *
 * Something has happened in the process.
 */
void
confab_sim_witness_look (ConfabSimWitness *self)
{
  confab_sim_witness_forget_meeting (self);
  for (guint i = 0; i < self->peers->len; i++) {
    ConfabSimPeer *peer = self->peers->pdata[i];
    ConfabParticipantState state = confab_participant_get_state (CONFAB_PARTICIPANT (peer->member));
    const char *current = confab_call_member_get_call_id (peer->member);
    const ConfabSimAttempt *attempt;

    check_current (self, peer);
    check_quiet (self, peer, state);
    check_state (self, peer, state);
    attempt = confab_sim_witness_find_attempt (self, peer, current);
    check_resent (self, peer, attempt);
    confab_sim_witness_check_taken (self, peer, attempt);
    confab_sim_witness_check_time (self, peer, current, state);
    g_set_str (&peer->current, current);
    peer->had_word |= peer->dismissed;
    peer->dismissed = FALSE;
    peer->parted = FALSE;
  }
  confab_sim_witness_check_called (self);
}
