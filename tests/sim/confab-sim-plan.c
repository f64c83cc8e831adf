/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-world-private.h"

#include <string.h>

#include "confab-sim-forger.h"
#include "confab-sim-rtc.h"

/* What people and misfortune do, and when. */

#define HOUR_MS (62 * 60 * 1000)
#define MAX_CALM_RESTARTS 2 /* each counts as a retry, of which there are three */

static const struct {
  const char *name;
  ConfabSimHardness from; /* in schedules of this hardness and above */
  guint weight;
} kinds[CONFAB_SIM_N_ACTIONS] = {
  [CONFAB_SIM_ACTION_JOIN] = { "joins", CONFAB_SIM_HARDNESS_CALM, 8 },
  [CONFAB_SIM_ACTION_LEAVE] = { "leaves", CONFAB_SIM_HARDNESS_CALM, 4 },
  [CONFAB_SIM_ACTION_MUTE_MICROPHONE] = { "microphone", CONFAB_SIM_HARDNESS_CALM, 3 },
  [CONFAB_SIM_ACTION_MUTE_CAMERA] = { "camera", CONFAB_SIM_HARDNESS_CALM, 3 },
  [CONFAB_SIM_ACTION_SHARE] = { "shares, or stops", CONFAB_SIM_HARDNESS_CALM, 3 },
  [CONFAB_SIM_ACTION_NEGOTIATE] = { "negotiates", CONFAB_SIM_HARDNESS_CALM, 3 },
  [CONFAB_SIM_ACTION_ICE_RESTART] = { "restarts ICE", CONFAB_SIM_HARDNESS_CALM, 3 },
  [CONFAB_SIM_ACTION_STATE_LATE] = { "hears of state late", CONFAB_SIM_HARDNESS_CALM, 3 },
  [CONFAB_SIM_ACTION_RTC] = { "MatrixRTC", CONFAB_SIM_HARDNESS_CALM, 3 },
  [CONFAB_SIM_ACTION_RTC_ROOM] = { "MatrixRTC comes into the room or leaves it",
                                   CONFAB_SIM_HARDNESS_CALM,
                                   1 },
  [CONFAB_SIM_ACTION_DECLINE] = { "declines", CONFAB_SIM_HARDNESS_CALM, 2 },
  [CONFAB_SIM_ACTION_FORGE] = { "is told by somebody else", CONFAB_SIM_HARDNESS_CALM, 4 },
  [CONFAB_SIM_ACTION_CALL_AGAIN] = { "calls again", CONFAB_SIM_HARDNESS_CALM, 1 },
  [CONFAB_SIM_ACTION_WAY_BROKEN] = { "the way does not hold", CONFAB_SIM_HARDNESS_ROUGH, 2 },
  [CONFAB_SIM_ACTION_KEYLESS] = { "cannot encrypt", CONFAB_SIM_HARDNESS_ROUGH, 2 },
  [CONFAB_SIM_ACTION_MEDIA_FAILS] = { "media fails", CONFAB_SIM_HARDNESS_ROUGH, 3 },
  [CONFAB_SIM_ACTION_MEDIA_CUT] = { "media is cut", CONFAB_SIM_HARDNESS_ROUGH, 3 },
  [CONFAB_SIM_ACTION_SDP_FAILS] = { "SDP fails", CONFAB_SIM_HARDNESS_ROUGH, 1 },
  [CONFAB_SIM_ACTION_TROUBLE] = { "servers have trouble", CONFAB_SIM_HARDNESS_ROUGH, 2 },
  [CONFAB_SIM_ACTION_LIMIT] = { "is rate limited", CONFAB_SIM_HARDNESS_ROUGH, 2 },
  [CONFAB_SIM_ACTION_PARTITION] = { "homeservers are apart", CONFAB_SIM_HARDNESS_STORMY, 2 },
  [CONFAB_SIM_ACTION_REFUSE] = { "refuses whom it should answer", CONFAB_SIM_HARDNESS_ROUGH, 1 },
  [CONFAB_SIM_ACTION_REPLAY] = { "gets an invite again", CONFAB_SIM_HARDNESS_STORMY, 4 },
  [CONFAB_SIM_ACTION_LINK_LOST] = { "messages are lost", CONFAB_SIM_HARDNESS_STORMY, 3 },
  [CONFAB_SIM_ACTION_OFFLINE] = { "is offline", CONFAB_SIM_HARDNESS_STORMY, 3 },
  [CONFAB_SIM_ACTION_KILL] = { "dies", CONFAB_SIM_HARDNESS_STORMY, 3 },
  [CONFAB_SIM_ACTION_POWER_LOSS] = { "loses power", CONFAB_SIM_HARDNESS_STORMY, 2 },
  [CONFAB_SIM_ACTION_RESTART] = { "starts", CONFAB_SIM_HARDNESS_STORMY, 4 },
  [CONFAB_SIM_ACTION_LEAVE_ROOM] = { "leaves the room", CONFAB_SIM_HARDNESS_STORMY, 1 },
  [CONFAB_SIM_ACTION_TERMINATE] = { "terminates", CONFAB_SIM_HARDNESS_STORMY, 1 },
  [CONFAB_SIM_ACTION_REDACT] = { "redacts the call", CONFAB_SIM_HARDNESS_STORMY, 1 },
  [CONFAB_SIM_ACTION_WAIT] = { "waits for an hour",
                               CONFAB_SIM_HARDNESS_ROUGH,
                               1 }, /* entries are renewed, or run out */
};

/* People of Element's clients. */
static const char *const strangers[] = { "@x:y", "@y:y", "@z:y" };

static void
mute (ConfabSimWorld *self, const ConfabSimAction *action)
{
  ConfabCall *call = confab_sim_client_peek_call (self->clients[action->who]);

  if (call == NULL)
    return;
  if (action->kind == CONFAB_SIM_ACTION_MUTE_MICROPHONE)
    confab_call_set_microphone_muted (call, action->value % 2);
  else
    confab_call_set_camera_muted (call, action->value % 2);
}

static void
share (ConfabSimWorld *self, const ConfabSimAction *action)
{
  ConfabCall *call = confab_sim_client_peek_call (self->clients[action->who]);

  if (call == NULL)
    return;
  if (action->value % 2)
    confab_call_share_screen (call);
  else
    confab_call_stop_sharing (call);
}

static void
disturb_connection (ConfabSimWorld *self, const ConfabSimAction *action)
{
  ConfabFakePeerConnection *connection = confab_sim_world_find_connection (self,
                                                                           action->who,
                                                                           action->other);

  if (connection == NULL)
    return;
  if (action->kind == CONFAB_SIM_ACTION_NEGOTIATE)
    confab_fake_peer_connection_want_offer (connection);
  else if (action->kind == CONFAB_SIM_ACTION_MEDIA_FAILS)
    confab_fake_peer_connection_set_state (connection, CONFAB_CONNECTION_STATE_FAILED);
  else
    confab_fake_peer_connection_fail_next (connection);
}

/* For good, on both sides: only another connection helps. */
static void
lose_way (ConfabSimWorld *self, const ConfabSimAction *action)
{
  ConfabFakePeerConnection *connection;
  ConfabFakePeerConnection *other;

  if (action->who == action->other)
    return;
  connection = confab_sim_world_find_connection (self, action->who, action->other);
  other = confab_sim_world_find_connection (self, action->other, action->who);
  if (connection != NULL && other != NULL) {
    confab_fake_peer_connection_lose_way (connection);
    confab_fake_peer_connection_lose_way (other);
  }
}

/* ICE. */

typedef struct {
  ConfabSimWorld *world;
  guint who;
  guint other;
} Restart;

static void
restart_cb (gpointer data)
{
  g_autofree Restart *restart = data;
  ConfabSimWorld *self = restart->world;
  ConfabFakePeerConnection *connection = confab_sim_world_find_connection (self,
                                                                           restart->who,
                                                                           restart->other);

  if (connection == NULL)
    return;
  confab_sim_client_touch (self->clients[restart->who]);
  confab_fake_peer_connection_restart_ice (connection);
}

/* As js-sdk does, for which the connection stands in: webrtcbin cannot. Where a way was lost both notice, and both may offer
 * before they hear of each other: two invites meet then. */
static void
restart_ice (ConfabSimWorld *self, const ConfabSimAction *action)
{
  Restart *restart;

  if (action->who == action->other)
    return;
  restart = g_new (Restart, 1);
  *restart = (Restart) { self, action->who, action->other };
  restart_cb (restart);
  if (action->value % 2 == 0)
    return;
  restart = g_new (Restart, 1);
  *restart = (Restart) { self, action->other, action->who };
  confab_clock_add_timeout (self->clock, action->value / 2, restart_cb, restart);
}

/* Somebody of the mesh, with another client, or somebody else. */
static const char *
get_rtc_user (ConfabSimWorld *self, const ConfabSimAction *action)
{
  return action->value % 5 < 2 ? self->network.users[action->other]
                               : strangers[action->value % G_N_ELEMENTS (strangers)];
}

static void
heard_cb (gpointer data)
{
  ConfabSimWorld *self = data;

  confab_sim_server_release (self->network.server);
}

/* As servers do: device messages come at once, and events of the room when there is time for them. */
void
confab_sim_world_delay_state (ConfabSimWorld *self, guint who, guint ms)
{
  for (guint i = 0; i < self->network.n; i++) {
    if (g_str_equal (self->network.users[i], self->network.users[who]))
      self->network.late_until[i] = confab_clock_get_time (self->clock) +
                                    ms * G_GINT64_CONSTANT (1000);
  }
  confab_clock_add_timeout (self->clock, ms, heard_cb, self);
}

/* Into two sides; the devices of a user are on the same. */
static void
part (ConfabSimWorld *self, const ConfabSimAction *action, gint64 until)
{
  self->network.parted_until = 0;
  memset (self->network.late_until, 0, sizeof self->network.late_until);
  confab_sim_server_release (self->network.server); /* they were on other sides before */
  for (guint i = 0; i < self->network.n; i++) {
    gboolean side = (action->value >> i) % 2;
    for (guint j = 0; j < i; j++) {
      if (g_str_equal (self->network.users[i], self->network.users[j]))
        side = self->network.sides[j];
    }
    self->network.sides[i] = side;
  }
  self->network.parted_until = until;
  confab_clock_add_timeout (self->clock, action->value, heard_cb, self);
}

static void
tell_action (ConfabSimWorld *self, const ConfabSimAction *action)
{
  confab_sim_world_tell (self,
                         "%s/%s %s (%s, %u)",
                         self->network.users[action->who],
                         self->network.devices[action->who],
                         kinds[action->kind].name,
                         self->network.devices[action->other],
                         action->value);
}

/**
 * confab_sim_world_act:
 * @self: a world
 * @action: one of its plan
 *
 * Lets it happen.
 *
 * Returns: for how long it waits: µs by which all that follows is later
 */
gint64
confab_sim_world_act (ConfabSimWorld *self, const ConfabSimAction *action)
{
  gint64 now = confab_clock_get_time (self->clock);
  gint64 until = now + action->value * G_GINT64_CONSTANT (1000);
  ConfabSimClient *client = self->clients[action->who];

  tell_action (self, action);
  switch (action->kind) {
  case CONFAB_SIM_ACTION_JOIN:
    confab_sim_client_join_seen (client);
    break;
  case CONFAB_SIM_ACTION_LEAVE:
    confab_sim_client_leave (client);
    break;
  case CONFAB_SIM_ACTION_MUTE_MICROPHONE:
  case CONFAB_SIM_ACTION_MUTE_CAMERA:
    mute (self, action);
    break;
  case CONFAB_SIM_ACTION_SHARE:
    share (self, action);
    break;
  case CONFAB_SIM_ACTION_NEGOTIATE:
  case CONFAB_SIM_ACTION_MEDIA_FAILS:
  case CONFAB_SIM_ACTION_SDP_FAILS:
    disturb_connection (self, action);
    break;
  case CONFAB_SIM_ACTION_ICE_RESTART:
    restart_ice (self, action);
    break;
  case CONFAB_SIM_ACTION_STATE_LATE:
    confab_sim_world_delay_state (self, action->who, action->value);
    break;
  case CONFAB_SIM_ACTION_MEDIA_CUT:
    if (action->value % 4 == 0)
      lose_way (self, action);
    self->media_until[action->who][action->other] = until;
    confab_sim_world_cut_media (self);
    break;
  case CONFAB_SIM_ACTION_WAY_BROKEN:
    self->broken_until[action->who][action->other] = until;
    self->breaks_late[action->who][action->other] = action->value % 2;
    confab_sim_world_cut_media (self);
    break;
  case CONFAB_SIM_ACTION_KEYLESS:
    self->network.keyless_until[action->who][action->other] = until;
    break;
  case CONFAB_SIM_ACTION_REFUSE:
    self->network.refuses_until[action->who][action->other] = until;
    break;
  case CONFAB_SIM_ACTION_REPLAY:
    confab_sim_server_replay (self->network.server, action->who, "m.call.invite", action->value);
    break;
  case CONFAB_SIM_ACTION_FORGE:
    confab_sim_forge (client, action->other, action->value);
    break;
  case CONFAB_SIM_ACTION_DECLINE:
    confab_sim_client_decline (client,
                               action->value % 2 ? CONFAB_DECLINE_HERE : CONFAB_DECLINE_EVERYWHERE);
    break;
  case CONFAB_SIM_ACTION_CALL_AGAIN:
    if (self->network.calm && self->intent == CONFAB_CALL_INTENT_RING)
      confab_sim_client_call_again (self->clients[0]);
    break;
  case CONFAB_SIM_ACTION_TROUBLE:
    self->network.trouble_until = until;
    break;
  case CONFAB_SIM_ACTION_RTC:
    /* Calm people have no client that takes others out of calls. */
    confab_sim_rtc_write (self->network.server,
                          get_rtc_user (self, action),
                          action->value +
                            (self->hardness == CONFAB_SIM_HARDNESS_CALM && action->value % 16 == 1),
                          confab_clock_get_real_time (self->clock) / 1000);
    break;
  case CONFAB_SIM_ACTION_RTC_ROOM:
    confab_sim_server_put_membership (self->network.server,
                                      strangers[action->value % G_N_ELEMENTS (strangers)],
                                      action->value / 8 % 2);
    break;
  case CONFAB_SIM_ACTION_LIMIT:
    self->network.limit_until[action->who] = until;
    self->network.limits_all[action->who] = action->other % 2;
    break;
  case CONFAB_SIM_ACTION_PARTITION:
    part (self, action, until);
    break;
  case CONFAB_SIM_ACTION_LINK_LOST:
    self->network.link_until[action->who][action->other] = until;
    break;
  case CONFAB_SIM_ACTION_OFFLINE:
    self->network.offline_until[action->who] = until;
    break;
  case CONFAB_SIM_ACTION_KILL:
  case CONFAB_SIM_ACTION_POWER_LOSS:
    for (guint i = 0; i < self->network.n && action->kind == CONFAB_SIM_ACTION_POWER_LOSS; i++)
      self->network.lost[action->who][i] = TRUE;
    confab_sim_client_kill (client, action->kind == CONFAB_SIM_ACTION_POWER_LOSS);
    break;
  case CONFAB_SIM_ACTION_RESTART:
    if (!confab_sim_client_is_up (client))
      confab_sim_client_start (client);
    else
      confab_sim_client_join_seen (client);
    break;
  case CONFAB_SIM_ACTION_LEAVE_ROOM:
    confab_sim_server_put_membership (self->network.server,
                                      self->network.users[action->who],
                                      action->value % 2);
    break;
  case CONFAB_SIM_ACTION_TERMINATE:
    confab_sim_client_terminate (self->clients[0]);
    break;
  case CONFAB_SIM_ACTION_REDACT:
    confab_sim_server_redact_call (self->network.server, self->network.users[0]);
    break;
  case CONFAB_SIM_ACTION_WAIT:
    confab_sim_world_run_for (self, HOUR_MS);
    return HOUR_MS * G_GINT64_CONSTANT (1000);
  case CONFAB_SIM_N_ACTIONS:
  default:
    g_assert_not_reached ();
  }
  return 0;
}

static ConfabSimActionKind
choose_kind (ConfabSimWorld *self)
{
  guint sum = 0;
  guint point;

  for (guint i = 0; i < CONFAB_SIM_N_ACTIONS; i++)
    sum += kinds[i].from <= self->hardness ? kinds[i].weight : 0;
  point = confab_sim_world_below (self, sum);
  for (guint i = 0; i < CONFAB_SIM_N_ACTIONS; i++) {
    guint weight = kinds[i].from <= self->hardness ? kinds[i].weight : 0;
    if (point < weight)
      return i;
    point -= weight;
  }
  g_assert_not_reached ();
}

/* Whoever begins the call is in it; it may ring for somebody who does not want it. */
static ConfabSimActionKind
choose_first (ConfabSimWorld *self, guint who)
{
  return who > 0 && self->intent == CONFAB_CALL_INTENT_RING && confab_sim_world_below (self, 3) == 0
           ? CONFAB_SIM_ACTION_DECLINE
           : CONFAB_SIM_ACTION_JOIN;
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 one = ((const ConfabSimAction *) a)->at;
  gint64 other = ((const ConfabSimAction *) b)->at;

  return (one > other) - (one < other);
}

/* As people do who have just joined: while they are being connected. */
static void
plan_mute (ConfabSimWorld *self, const ConfabSimAction *join)
{
  ConfabSimAction action = *join;

  action.kind = confab_sim_world_below (self, 2) == 0 ? CONFAB_SIM_ACTION_MUTE_MICROPHONE
                                                      : CONFAB_SIM_ACTION_MUTE_CAMERA;
  action.at += G_GINT64_CONSTANT (1000) * confab_sim_world_below (self, 3000);
  action.value = confab_sim_world_below (self, 2);
  g_array_append_val (self->actions, action);
}

void
confab_sim_world_plan (ConfabSimWorld *self)
{
  static const guint most_ms[CONFAB_SIM_N_ACTIONS] = {
    [CONFAB_SIM_ACTION_DECLINE] = 2,       [CONFAB_SIM_ACTION_REPLAY] = 8,
    [CONFAB_SIM_ACTION_REFUSE] = 60000,    [CONFAB_SIM_ACTION_WAY_BROKEN] = 40000,
    [CONFAB_SIM_ACTION_KEYLESS] = 25000,   [CONFAB_SIM_ACTION_MEDIA_CUT] = 60000,
    [CONFAB_SIM_ACTION_TROUBLE] = 30000,   [CONFAB_SIM_ACTION_LINK_LOST] = 20000,
    [CONFAB_SIM_ACTION_OFFLINE] = 600000,  [CONFAB_SIM_ACTION_LIMIT] = 90000,
    [CONFAB_SIM_ACTION_PARTITION] = 60000, [CONFAB_SIM_ACTION_MUTE_MICROPHONE] = 2,
    [CONFAB_SIM_ACTION_MUTE_CAMERA] = 2,   [CONFAB_SIM_ACTION_LEAVE_ROOM] = 2,
    [CONFAB_SIM_ACTION_SHARE] = 2,         [CONFAB_SIM_ACTION_RTC] = 1 << 20,
    [CONFAB_SIM_ACTION_FORGE] = 288,       [CONFAB_SIM_ACTION_RTC_ROOM] = 64,
    [CONFAB_SIM_ACTION_ICE_RESTART] = 600, [CONFAB_SIM_ACTION_STATE_LATE] = 6000,
  };
  guint n = 10 + confab_sim_world_below (self, 30);
  gint64 at = 1000000;
  guint n_restarts = 0;
  gboolean waits = FALSE;

  for (guint i = 0; i < n; i++) {
    /* Often close together, now and then after a while. */
    at += G_GINT64_CONSTANT (1000) *
          confab_sim_world_below (self, confab_sim_world_below (self, 4) == 0 ? 30000 : 2000);
    {
      ConfabSimActionKind kind = i < self->network.n ? choose_first (self, i) : choose_kind (self);
      /* An hour is long for who looks each second whether somebody is still there: one is enough. */
      if (kind == CONFAB_SIM_ACTION_WAIT && waits)
        kind = CONFAB_SIM_ACTION_JOIN;
      waits |= kind == CONFAB_SIM_ACTION_WAIT;
      if (kind == CONFAB_SIM_ACTION_ICE_RESTART && ++n_restarts > MAX_CALM_RESTARTS &&
          self->hardness == CONFAB_SIM_HARDNESS_CALM)
        kind = CONFAB_SIM_ACTION_JOIN;
      ConfabSimAction action = {
        .at = at,
        .kind = kind,
        .who = i < self->network.n ? i : confab_sim_world_below (self, self->network.n),
        .other = confab_sim_world_below (self, self->network.n),
        .value = confab_sim_world_below (self, most_ms[kind]),
      };
      g_array_append_val (self->actions, action);
      if (kind == CONFAB_SIM_ACTION_JOIN && confab_sim_world_below (self, 3) == 0)
        plan_mute (self, &action);
    }
  }
  g_array_sort (self->actions, compare_times);
}
