/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-world-private.h"

#include <string.h>

#include "confab-call-membership.h"
#include "confab-group-call.h"

/* When all is well again: what has to be true then. */

static gboolean
is_initiator (ConfabSimWorld *self, guint who, guint other)
{
  int order = strcmp (self->network.users[other], self->network.users[who]);

  if (order == 0)
    order = strcmp (self->network.devices[other], self->network.devices[who]);
  return order > 0;
}

static void
heal (ConfabSimWorld *self)
{
  guint wait_ms = confab_sim_network_get_limit (&self->network);

  confab_sim_world_tell (self, "all is well again");
  confab_sim_network_heal (&self->network);
  confab_sim_server_release (self->network.server);
  memset (self->media_until, 0, sizeof self->media_until);
  memset (self->broken_until, 0, sizeof self->broken_until);
  confab_sim_world_cut_media (self);
  for (guint i = 0; i < self->network.n; i++) {
    confab_sim_server_put_membership (self->network.server, self->network.users[i], TRUE);
    if (!confab_sim_client_is_up (self->clients[i]))
      confab_sim_client_start (self->clients[i]);
  }
  confab_sim_world_run_for (
    self,
    wait_ms + 75000); /* what is on its way is tried again by then, and everybody has synced */
  for (guint i = 0; i < self->network.n; i++)
    confab_sim_client_poll (self->clients[i]);
  /* A call that is found empty now is ended within six seconds, and all hear of it. */
  confab_sim_world_run_for (self, 10000 + 2 * self->network.latency_ms);
}

/* Who is in no call has no entry that says so: it would be a ghost for the others until it runs out. */
static void
check_ghosts (ConfabSimWorld *self)
{
  gint64 now_ms = confab_clock_get_real_time (self->clock) / 1000;

  for (guint i = 0; i < self->network.n && self->failure == NULL; i++) {
    const ConfabSimEvent *event = confab_sim_server_lookup (self->network.server,
                                                            CONFAB_CALL_MEMBERSHIP_TYPE,
                                                            self->network.users[i]);
    g_autoptr (GPtrArray) entries = confab_call_membership_parse (event != NULL ? event->content : NULL);
    ConfabCall *call = confab_sim_client_peek_call (self->clients[i]);

    for (guint j = 0; j < entries->len; j++) {
      const ConfabCallMembership *entry = entries->pdata[j];
      if (g_str_equal (entry->device_id, self->network.devices[i]) && entry->expires_ts > now_ms &&
          (call == NULL || !confab_call_is_active (call)))
        confab_sim_world_fail (self,
                               "ghosts: %s is in %s for the server only",
                               self->network.devices[i],
                               entry->call_id);
    }
  }
}

static gboolean
is_somebody_else_in (ConfabSimWorld *self, const char *call_id, guint who)
{
  gint64 now_ms = confab_clock_get_real_time (self->clock) / 1000;

  for (guint i = 0; i < self->network.n; i++) {
    const ConfabSimEvent *event = confab_sim_server_lookup (self->network.server,
                                                            CONFAB_CALL_MEMBERSHIP_TYPE,
                                                            self->network.users[i]);
    g_autoptr (GPtrArray) entries = confab_call_membership_parse (event != NULL ? event->content : NULL);

    for (guint j = 0; i != who && j < entries->len; j++) {
      const ConfabCallMembership *entry = entries->pdata[j];
      if (g_str_equal (entry->call_id, call_id) && entry->expires_ts > now_ms &&
          g_str_equal (entry->device_id, self->network.devices[i]))
        return TRUE;
    }
  }
  return FALSE;
}

/* Of two calls that were begun at the same time the one that the server dates later is taken back by whoever made it, also
 * when they are in it, with others: before anybody is made to go from one to the other. Nobody has to give up people
 * for a call where nobody is. */
static void
check_rivals (ConfabSimWorld *self)
{
  g_autoptr (GPtrArray) ids = confab_sim_server_dup_call_ids (self->network.server);

  for (guint i = 0; i < self->network.n && self->failure == NULL; i++) {
    for (guint j = 0; j < ids->len && self->failure == NULL; j++) {
      const char *younger = confab_sim_client_find_younger (self->clients[i], ids->pdata[j]);

      if (younger == NULL)
        continue;
      if (is_somebody_else_in (self, ids->pdata[j], i) || !is_somebody_else_in (self, younger, i))
        confab_sim_world_fail (self,
                               "one-call: %s does not give up %s for the older %s",
                               self->network.devices[i],
                               younger,
                               (const char *) ids->pdata[j]);
    }
  }
}

/* Everybody is in one call. */
static void
gather (ConfabSimWorld *self)
{
  g_autofree char *call_id = confab_sim_server_dup_call_id (self->network.server);

  if (call_id == NULL) {
    confab_sim_client_create_call (self->clients[0], self->intent);
    confab_sim_world_run_for (self, 20000);
    call_id = confab_sim_server_dup_call_id (self->network.server);
  }
  if (call_id == NULL) {
    confab_sim_world_fail (self, "joined: no call can be made");
    return;
  }
  confab_sim_world_tell (self, "all join %s", call_id);
  for (guint i = 0; i < self->network.n; i++)
    confab_sim_client_join (self->clients[i], call_id);
}

/* Who has given somebody up comes anew. Returns: whether anybody had to. */
static gboolean
rejoin_unreachable (ConfabSimWorld *self)
{
  gboolean again[CONFAB_SIM_MAX_CLIENTS] = { FALSE };
  gboolean any = FALSE;

  for (guint i = 0; i < self->network.n; i++) {
    for (guint j = 0; j < self->network.n; j++) {
      ConfabCallMember *member = i != j ? confab_sim_world_find_member (self, i, j) : NULL;
      if (member != NULL && confab_participant_get_state (CONFAB_PARTICIPANT (member)) ==
                              CONFAB_PARTICIPANT_STATE_UNREACHABLE)
        again[MAX (i, j)] = any = TRUE;
    }
  }
  for (guint i = 0; i < self->network.n; i++) {
    if (again[i]) {
      confab_sim_world_tell (self, "%s comes anew", self->network.devices[i]);
      confab_sim_client_leave (self->clients[i]);
    }
  }
  confab_sim_world_run_for (self, 5000);
  gather (self);
  return any;
}

static const char *
nick (ConfabCallMember *member)
{
  return confab_enum_nick (CONFAB_TYPE_PARTICIPANT_STATE,
                           confab_participant_get_state (CONFAB_PARTICIPANT (member)));
}

/* Who invites either has somebody or says that they cannot be reached; who waits may go on waiting. */
static gboolean
is_at_rest (ConfabSimWorld *self, guint who, guint other, ConfabCallMember *member)
{
  ConfabParticipantState state = confab_participant_get_state (CONFAB_PARTICIPANT (member));

  if (state == CONFAB_PARTICIPANT_STATE_UNREACHABLE)
    return TRUE;
  return !is_initiator (self, who, other) &&
         confab_sim_world_find_connection (self, who, other) == NULL &&
         (state == CONFAB_PARTICIPANT_STATE_WAITING ||
          state == CONFAB_PARTICIPANT_STATE_RECONNECTING);
}

static void
check_pair (ConfabSimWorld *self, guint who, guint other, gboolean may_be_unreachable)
{
  ConfabCallMember *member = confab_sim_world_find_member (self, who, other);
  ConfabFakePeerConnection *connection = confab_sim_world_find_connection (self, who, other);
  ConfabFakePeerConnection *back = confab_sim_world_find_connection (self, other, who);

  if (member == NULL) {
    confab_sim_world_fail (self,
                           "seen: %s does not see %s",
                           self->network.devices[who],
                           self->network.devices[other]);
  } else if (confab_call_member_get_connected (member)) {
    if (back == NULL || confab_fake_peer_connection_get_other (connection) != back)
      confab_sim_world_fail (self,
                             "connected: %s is connected to nothing of %s",
                             self->network.devices[who],
                             self->network.devices[other]);
  } else if (!may_be_unreachable || !is_at_rest (self, who, other, member)) {
    confab_sim_world_fail (self,
                           "connected: %s sees %s %s for ever",
                           self->network.devices[who],
                           self->network.devices[other],
                           nick (member));
  }
}

static void
check_pairs (ConfabSimWorld *self, gboolean may_be_unreachable)
{
  for (guint i = 0; i < self->network.n && self->failure == NULL; i++) {
    ConfabCall *call = confab_sim_client_peek_call (self->clients[i]);
    if (call == NULL || confab_call_get_state (call) != CONFAB_CALL_STATE_JOINED)
      confab_sim_world_fail (self, "joined: %s has not joined", self->network.devices[i]);
    for (guint j = 0; j < self->network.n && self->failure == NULL; j++) {
      if (i != j)
        check_pair (self, i, j, may_be_unreachable);
    }
  }
}

/* Where messages were lost on the way, for good, this says again what nobody else can know of. Everywhere it says
 * something new, by a message of its own: no description follows that would say it, too. */
static void
mute_all (ConfabSimWorld *self)
{
  for (guint i = 0; i < self->network.n; i++) {
    ConfabCall *call = confab_sim_client_peek_call (self->clients[i]);
    ConfabStream *stream = confab_local_media_get_stream (
      CONFAB_LOCAL_MEDIA (confab_sim_client_peek_media (self->clients[i])));

    confab_call_set_microphone_muted (call, !confab_stream_get_audio_muted (stream));
    confab_call_set_camera_muted (call, !confab_stream_get_video_muted (stream));
  }
}

static void
check_mute (ConfabSimWorld *self, guint who, guint other)
{
  ConfabCallMember *member = confab_sim_world_find_member (self, who, other);
  ConfabStream *stream = confab_local_media_get_stream (
    CONFAB_LOCAL_MEDIA (confab_sim_client_peek_media (self->clients[other])));

  if (confab_call_member_get_microphone_muted (member) != confab_stream_get_audio_muted (stream) ||
      confab_call_member_get_camera_muted (member) != confab_stream_get_video_muted (stream))
    confab_sim_world_fail (self,
                           "mute: %s is wrong of what %s has muted",
                           self->network.devices[who],
                           self->network.devices[other]);
}

/* As it was left: unless something was @lost on the way, for good. */
static void
check_all_mute (ConfabSimWorld *self, gboolean lost)
{
  for (guint i = 0; i < self->network.n; i++) {
    for (guint j = 0; j < self->network.n && self->failure == NULL; j++) {
      if (i != j && !(lost && self->network.lost[j][i]))
        check_mute (self, i, j);
    }
  }
}

static void
check_queues (ConfabSimWorld *self, guint who, guint other)
{
  ConfabCallMember *member = confab_sim_world_find_member (self, who, other);
  g_autoptr (GPtrArray) queued = confab_call_member_dup_queued (member);

  if (queued->len > 0)
    confab_sim_world_fail (self,
                           "queues: %s still holds %u messages of %s",
                           self->network.devices[who],
                           queued->len,
                           self->network.devices[other]);
  if (confab_call_member_get_n_unsent (member) > 0)
    confab_sim_world_fail (self,
                           "queues: %s has not sent all to %s",
                           self->network.devices[who],
                           self->network.devices[other]);
}

/* A renewal may be on its way just now: it is waited for, and comes to an end. */
static void
await_idle (ConfabSimWorld *self)
{
  for (guint tries = 0; tries < 60 && self->failure == NULL; tries++) {
    gboolean idle = TRUE;

    for (guint i = 0; i < self->network.n; i++)
      idle &= confab_sim_client_is_idle (self->clients[i]);
    if (idle)
      return;
    confab_sim_world_run_for (self, 500);
  }
}

static void
check_quiet (ConfabSimWorld *self)
{
  await_idle (self);
  check_all_mute (self, FALSE);
  for (guint i = 0; i < self->network.n; i++)
    confab_sim_client_poll (self->clients[i]);
  for (guint i = 0; i < self->network.n && self->failure == NULL; i++) {
    if (!confab_sim_client_is_idle (self->clients[i]))
      confab_sim_world_fail (self, "queues: %s is not idle", self->network.devices[i]);
    if (confab_sim_client_get_n_early (self->clients[i]) > 0)
      confab_sim_world_fail (self, "queues: %s keeps early messages", self->network.devices[i]);
    for (guint j = 0; j < self->network.n && self->failure == NULL; j++) {
      if (i == j)
        continue;
      check_queues (self, i, j);
    }
  }
}

static gboolean
is_sharing (ConfabSimWorld *self, guint who)
{
  ConfabCall *call = confab_sim_client_peek_call (self->clients[who]);

  return call != NULL && confab_call_get_sharing (call) == CONFAB_SHARING_ON;
}

/* The server's member events name those who are in the call with their sessions, and nobody else. */
static void
check_server (ConfabSimWorld *self, gboolean joined)
{
  for (guint i = 0; i < self->network.n && self->failure == NULL; i++) {
    const ConfabSimEvent *event = confab_sim_server_lookup (self->network.server,
                                                            CONFAB_CALL_MEMBERSHIP_TYPE,
                                                            self->network.users[i]);
    g_autoptr (GPtrArray) entries = confab_call_membership_parse (event != NULL ? event->content : NULL);
    ConfabCall *call = confab_sim_client_peek_call (self->clients[i]);
    const char *session = confab_group_call_get_session_id (CONFAB_GROUP_CALL (call));
    guint n = 0;

    for (guint j = 0; j < entries->len; j++) {
      const ConfabCallMembership *entry = entries->pdata[j];
      if (!g_str_equal (entry->device_id, self->network.devices[i]))
        continue;
      n++;
      if (entry->expires_ts <= confab_clock_get_real_time (self->clock) / 1000)
        confab_sim_world_fail (self,
                               "server: the entry of %s has run out",
                               self->network.devices[i]);
      if (g_strcmp0 (entry->session_id, session) != 0)
        confab_sim_world_fail (self,
                               "server: the server has another session of %s",
                               self->network.devices[i]);
      if (entry->shares_screen != is_sharing (self, i))
        confab_sim_world_fail (self,
                               "server: the server is wrong of whether %s shares",
                               self->network.devices[i]);
    }
    if (n != (joined ? 1 : 0))
      confab_sim_world_fail (self,
                             "server: the server has %u entries of %s",
                             n,
                             self->network.devices[i]);
  }
}

/* All at once, on both sides: each exchange comes to its end. An answer that is held up for more than five seconds is
 * given up, and the offer is made again after its minute. */
static void
check_negotiation (ConfabSimWorld *self)
{
  for (guint i = 0; i < self->network.n; i++) {
    for (guint j = 0; j < self->network.n; j++) {
      ConfabFakePeerConnection *connection = i != j ? confab_sim_world_find_connection (self, i, j)
                                                    : NULL;
      if (connection != NULL)
        confab_peer_connection_emit_negotiation_needed (CONFAB_PEER_CONNECTION (connection));
    }
  }
  confab_sim_world_run_for (self, 200000);
  for (guint i = 0; i < self->network.n && self->failure == NULL; i++) {
    for (guint j = 0; j < self->network.n; j++) {
      ConfabFakePeerConnection *connection = i != j ? confab_sim_world_find_connection (self, i, j)
                                                    : NULL;
      if (connection != NULL && !confab_fake_peer_connection_is_stable (connection))
        confab_sim_world_fail (self,
                               "stable: %s has not come to terms with %s",
                               self->network.devices[i],
                               self->network.devices[j]);
    }
  }
}

static gboolean
shows_screen (ConfabCallMember *member)
{
  GListModel *streams = confab_participant_get_streams (CONFAB_PARTICIPANT (member));

  for (guint i = 0; i < g_list_model_get_n_items (streams); i++) {
    g_autoptr (ConfabStream) stream = g_list_model_get_item (streams, i);
    if (confab_stream_get_purpose (stream) == CONFAB_STREAM_PURPOSE_SCREENSHARE)
      return !confab_stream_get_video_muted (stream);
  }
  return FALSE;
}

static gboolean
has_lost (ConfabSimWorld *self, guint who, guint other)
{
  return self->network.lost[who][other] || self->network.lost[other][who];
}

/* Everybody agrees about who shares, and each connection carries it or does not: as it was left, unless something was @lost
 * between the two, for good; and after each pair has come to terms once more. */
static void
check_sharing (ConfabSimWorld *self, gboolean lost)
{
  for (guint i = 0; i < self->network.n && self->failure == NULL; i++) {
    for (guint j = 0; j < self->network.n && self->failure == NULL; j++) {
      ConfabFakePeerConnection *connection = i != j ? confab_sim_world_find_connection (self, j, i)
                                                    : NULL;

      if (connection == NULL || (lost && has_lost (self, i, j)))
        continue;
      if (shows_screen (confab_sim_world_find_member (self, i, j)) != is_sharing (self, j))
        confab_sim_world_fail (self,
                               "sharing: %s is wrong of whether %s shares",
                               self->network.devices[i],
                               self->network.devices[j]);
      else if (confab_fake_peer_connection_get_shares (connection) != is_sharing (self, j))
        confab_sim_world_fail (self,
                               "sharing: the connection of %s to %s is wrong of the screen",
                               self->network.devices[j],
                               self->network.devices[i]);
      else if (!confab_fake_peer_connection_has_told_all (connection))
        confab_sim_world_fail (self,
                               "sharing: what %s needs an offer for is not told to %s",
                               self->network.devices[j],
                               self->network.devices[i]);
    }
  }
}

/* One after the other: whoever goes last may end it, and does, unless it stays with nobody in it. */
static void
leave_in_turn (ConfabSimWorld *self)
{
  for (guint i = self->network.n; i-- > 0;) {
    confab_sim_client_leave (self->clients[i]);
    confab_sim_world_run_for (self, 20000);
  }
}

static void
check_end (ConfabSimWorld *self)
{
  gboolean in_turn = confab_sim_world_below (self, 3) == 0;
  gboolean stays = self->intent == CONFAB_CALL_INTENT_ROOM;

  confab_sim_world_tell (self, in_turn ? "all leave in turn" : "all leave");
  for (guint i = 0; i < self->network.n && !in_turn; i++)
    confab_sim_client_leave (self->clients[i]);
  if (in_turn)
    leave_in_turn (self);
  confab_sim_world_run_for (
    self, 60000); /* two devices of a user that write at once put each other back in at first */
  if (self->failure == NULL)
    check_server (self, FALSE);
  if (self->failure == NULL && (in_turn || stays) &&
      (confab_sim_server_count_calls (self->network.server) > 0) != stays)
    confab_sim_world_fail (self, "last-one: the call %s", stays ? "is over" : "is still on");
}

void
confab_sim_world_settle (ConfabSimWorld *self)
{
  heal (self);
  check_rivals (self);
  if (self->failure == NULL)
    check_ghosts (self);
  gather (self);
  confab_sim_world_run_for (self, 240000);
  if (self->failure != NULL)
    return;
  check_pairs (self, self->hardness != CONFAB_SIM_HARDNESS_CALM);
  if (self->failure == NULL && self->hardness != CONFAB_SIM_HARDNESS_CALM &&
      rejoin_unreachable (self)) {
    confab_sim_world_run_for (self, 150000);
    if (self->failure == NULL)
      check_pairs (self, FALSE);
  }
  if (self->failure != NULL)
    return;
  check_all_mute (self, TRUE);
  if (self->failure == NULL)
    check_sharing (self, TRUE);
  if (self->failure != NULL)
    return;
  mute_all (self);
  confab_sim_world_run_for (
    self,
    self->hardness == CONFAB_SIM_HARDNESS_CALM
      ? 15000
      : 70000); /* what came for calls that never were is forgotten by then, too */
  check_quiet (self);
  check_server (self, TRUE);
  if (self->failure == NULL && confab_sim_server_count_calls (self->network.server) != 1)
    confab_sim_world_fail (self, "one-call: there is not one call");
  if (self->failure == NULL)
    check_negotiation (self);
  if (self->failure == NULL)
    check_sharing (self, FALSE);
  if (self->failure == NULL)
    check_end (self);
}
