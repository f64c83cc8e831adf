/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-world.h"

#include <string.h>

#include "confab-call-membership.h"
#include "confab-group-call.h"
#include "confab-json.h"
#include "confab-sim-client.h"
#include "confab-sim-clock.h"
#include "confab-sim-rtc.h"

#define START_US G_GINT64_CONSTANT (1700000000000000)
#define MAX_STEPS 2000000
#define HOUR_MS (62 * 60 * 1000)

/* How bad a schedule is. */
typedef enum {
  HARDNESS_CALM,   /* the network only delays, and cuts syncs; people come and go */
  HARDNESS_ROUGH,  /* media breaks, servers stumble */
  HARDNESS_STORMY, /* messages are lost and repeated, clients are offline, processes die */
  N_HARDNESSES,
} Hardness;

typedef enum {
  ACTION_JOIN,
  ACTION_LEAVE,
  ACTION_MUTE_MICROPHONE,
  ACTION_MUTE_CAMERA,
  ACTION_SHARE,
  ACTION_NEGOTIATE,
  ACTION_RTC,
  ACTION_RTC_ROOM,
  ACTION_MEDIA_FAILS,
  ACTION_MEDIA_CUT,
  ACTION_SDP_FAILS,
  ACTION_TROUBLE,
  ACTION_LIMIT,
  ACTION_PARTITION,
  ACTION_LINK_LOST,
  ACTION_OFFLINE,
  ACTION_KILL,
  ACTION_POWER_LOSS,
  ACTION_RESTART,
  ACTION_LEAVE_ROOM,
  ACTION_TERMINATE,
  ACTION_REDACT,
  ACTION_WAIT,
  N_ACTIONS,
} ActionKind;

static const struct {
  const char *name;
  Hardness from; /* in schedules of this hardness and above */
  guint weight;
} kinds[N_ACTIONS] = {
  [ACTION_JOIN] = { "joins", HARDNESS_CALM, 8 },
  [ACTION_LEAVE] = { "leaves", HARDNESS_CALM, 4 },
  [ACTION_MUTE_MICROPHONE] = { "microphone", HARDNESS_CALM, 3 },
  [ACTION_MUTE_CAMERA] = { "camera", HARDNESS_CALM, 3 },
  [ACTION_SHARE] = { "shares, or stops", HARDNESS_CALM, 3 },
  [ACTION_NEGOTIATE] = { "negotiates", HARDNESS_CALM, 3 },
  [ACTION_RTC] = { "MatrixRTC", HARDNESS_CALM, 3 },
  [ACTION_RTC_ROOM] = { "MatrixRTC comes into the room or leaves it", HARDNESS_CALM, 1 },
  [ACTION_MEDIA_FAILS] = { "media fails", HARDNESS_ROUGH, 3 },
  [ACTION_MEDIA_CUT] = { "media is cut", HARDNESS_ROUGH, 3 },
  [ACTION_SDP_FAILS] = { "SDP fails", HARDNESS_ROUGH, 1 },
  [ACTION_TROUBLE] = { "servers have trouble", HARDNESS_ROUGH, 2 },
  [ACTION_LIMIT] = { "is rate limited", HARDNESS_ROUGH, 2 },
  [ACTION_PARTITION] = { "homeservers are apart", HARDNESS_STORMY, 2 },
  [ACTION_LINK_LOST] = { "messages are lost", HARDNESS_STORMY, 3 },
  [ACTION_OFFLINE] = { "is offline", HARDNESS_STORMY, 3 },
  [ACTION_KILL] = { "dies", HARDNESS_STORMY, 3 },
  [ACTION_POWER_LOSS] = { "loses power", HARDNESS_STORMY, 2 },
  [ACTION_RESTART] = { "starts", HARDNESS_STORMY, 4 },
  [ACTION_LEAVE_ROOM] = { "leaves the room", HARDNESS_STORMY, 1 },
  [ACTION_TERMINATE] = { "terminates", HARDNESS_STORMY, 1 },
  [ACTION_REDACT] = { "redacts the call", HARDNESS_STORMY, 1 },
  [ACTION_WAIT] = { "waits for an hour", HARDNESS_ROUGH, 1 }, /* entries are renewed, or run out */
};

/* People of Element's clients. */
static const char *const strangers[] = { "@x:y", "@y:y", "@z:y" };

typedef struct {
  gint64 at; /* monotonic, µs */
  ActionKind kind;
  guint who;
  guint other;
  guint value; /* ms, or a flag */
  gboolean skipped;
} Action;

struct _ConfabSimWorld {
  guint32 seed;
  ConfabSimTime *time;
  ConfabClock *clock; /* of what belongs to no client: nobody notices before it comes with a sync */
  ConfabSimNetwork network;
  ConfabSimClient *clients[CONFAB_SIM_MAX_CLIENTS];
  GRand *rand; /* for what people and misfortune do */
  Hardness hardness;
  ConfabCallIntent intent;
  gboolean rivals; /* two begin a call at the same time */
  GArray *actions; /* Action */
  gint64 media_until[CONFAB_SIM_MAX_CLIENTS][CONFAB_SIM_MAX_CLIENTS];
  gboolean reached; /* the time that is waited for */
  gboolean trace;
  guint n_steps;
  char *failure; /* (nullable): the first */
};

G_GNUC_PRINTF (2, 3) static void
tell (ConfabSimWorld *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  if (!self->trace)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_print ("%9.3f  %s\n", confab_clock_get_time (self->clock) / (double) G_USEC_PER_SEC, text);
}

static void
fail_cb (const char *message, gpointer data)
{
  ConfabSimWorld *self = data;

  if (self->failure == NULL) {
    tell (self, "VIOLATION: %s", message);
    self->failure = g_strdup (message);
  }
}

G_GNUC_PRINTF (2, 3) static void
fail (ConfabSimWorld *self, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  fail_cb (message, self);
}

static void
news_cb (guint index, gpointer data)
{
  ConfabSimWorld *self = data;

  if (self->clients[index] != NULL)
    confab_sim_client_news (self->clients[index]);
}

static gboolean
reaches_cb (const char *sender, guint index, gpointer data)
{
  ConfabSimWorld *self = data;

  return confab_sim_network_reaches (&self->network, sender, index);
}

/* Time. */

static void
reached_cb (gpointer data)
{
  ConfabSimWorld *self = data;

  self->reached = TRUE;
}

static void
touch_all (ConfabSimWorld *self)
{
  for (guint i = 0; i < self->network.n && self->clients[i] != NULL; i++)
    confab_sim_client_touch (self->clients[i]);
}

/* One timeout after the other, and what has to be true after each. */
static void
step (ConfabSimWorld *self)
{
  guint owner = confab_sim_time_step (self->time);

  if (owner < self->network.n && self->clients[owner] != NULL)
    confab_sim_client_touch (self->clients[owner]);
  for (guint i = 0; i < self->network.n && self->clients[i] != NULL; i++)
    confab_sim_client_check (self->clients[i]);
  if (++self->n_steps > MAX_STEPS)
    fail (self, "rest: the world does not come to rest");
}

static void
run_until (ConfabSimWorld *self, gint64 time)
{
  gint64 now = confab_clock_get_time (self->clock);

  if (time <= now)
    return;
  touch_all (self); /* somebody may have done something to them */
  self->reached = FALSE;
  confab_clock_add_timeout (self->clock, (guint) ((time - now) / 1000), reached_cb, self);
  while (!self->reached && self->failure == NULL)
    step (self);
}

static void
run_for (ConfabSimWorld *self, guint ms)
{
  run_until (self, confab_clock_get_time (self->clock) + ms * G_GINT64_CONSTANT (1000));
}

/* Media. */

static ConfabCallMember *
find_member (ConfabSimWorld *self, guint who, guint other)
{
  return confab_sim_client_find_member (self->clients[who], other);
}

/* Returns: (nullable): the connection of @who with @other */
static ConfabFakePeerConnection *
find_connection (ConfabSimWorld *self, guint who, guint other)
{
  ConfabCallMember *member = find_member (self, who, other);
  ConfabPeerConnection *connection = member != NULL ? confab_call_member_get_connection (member)
                                                    : NULL;

  if (connection == NULL ||
      confab_fake_peer_connection_get_closed (CONFAB_FAKE_PEER_CONNECTION (connection)))
    return NULL;
  return CONFAB_FAKE_PEER_CONNECTION (connection);
}

/* Connections that were made meanwhile are cut, too. */
static void
cut_media_cb (gpointer data)
{
  ConfabSimWorld *self = data;
  gint64 now = confab_clock_get_time (self->clock);
  gboolean again = FALSE;

  touch_all (self);
  for (guint i = 0; i < self->network.n; i++) {
    for (guint j = 0; j < self->network.n; j++) {
      ConfabFakePeerConnection *connection = i != j ? find_connection (self, i, j) : NULL;
      gint64 until = MAX (self->media_until[i][j], self->media_until[j][i]);

      again |= now < until;
      if (connection != NULL)
        confab_fake_peer_connection_set_cut (connection, now < until);
    }
  }
  if (again)
    confab_clock_add_timeout (self->clock, 200, cut_media_cb, self);
}

/* What people and misfortune do. */

static guint
below (ConfabSimWorld *self, guint limit)
{
  return limit > 0 ? (guint) g_rand_int_range (self->rand, 0, (int) limit) : 0;
}

static void
rejoin (ConfabSimWorld *self, guint who)
{
  g_autofree char *call_id = confab_sim_server_dup_call_id (self->network.server);

  if (call_id != NULL)
    confab_sim_client_join (self->clients[who], call_id);
}

static void
mute (ConfabSimWorld *self, const Action *action)
{
  ConfabCall *call = confab_sim_client_peek_call (self->clients[action->who]);

  if (call == NULL)
    return;
  if (action->kind == ACTION_MUTE_MICROPHONE)
    confab_call_set_microphone_muted (call, action->value % 2);
  else
    confab_call_set_camera_muted (call, action->value % 2);
}

static void
share (ConfabSimWorld *self, const Action *action)
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
disturb_connection (ConfabSimWorld *self, const Action *action)
{
  ConfabFakePeerConnection *connection = find_connection (self, action->who, action->other);

  if (connection == NULL)
    return;
  if (action->kind == ACTION_NEGOTIATE)
    confab_peer_connection_emit_negotiation_needed (CONFAB_PEER_CONNECTION (connection));
  else if (action->kind == ACTION_MEDIA_FAILS)
    confab_fake_peer_connection_set_state (connection, CONFAB_CONNECTION_STATE_FAILED);
  else
    confab_fake_peer_connection_fail_next (connection);
}

/* Somebody of the mesh, with another client, or somebody else. */
static const char *
get_rtc_user (ConfabSimWorld *self, const Action *action)
{
  return action->value % 5 < 2 ? self->network.users[action->other]
                               : strangers[action->value % G_N_ELEMENTS (strangers)];
}

static void
parted_cb (gpointer data)
{
  ConfabSimWorld *self = data;

  if (confab_clock_get_time (self->clock) >= self->network.parted_until)
    confab_sim_server_release (self->network.server);
}

/* Into two sides; the devices of a user are on the same. */
static void
part (ConfabSimWorld *self, const Action *action, gint64 until)
{
  self->network.parted_until = 0;
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
  confab_clock_add_timeout (self->clock, action->value, parted_cb, self);
}

static void
act (ConfabSimWorld *self, const Action *action)
{
  gint64 now = confab_clock_get_time (self->clock);
  gint64 until = now + action->value * G_GINT64_CONSTANT (1000);
  ConfabSimClient *client = self->clients[action->who];

  switch (action->kind) {
  case ACTION_JOIN:
    rejoin (self, action->who);
    break;
  case ACTION_LEAVE:
    confab_sim_client_leave (client);
    break;
  case ACTION_MUTE_MICROPHONE:
  case ACTION_MUTE_CAMERA:
    mute (self, action);
    break;
  case ACTION_SHARE:
    share (self, action);
    break;
  case ACTION_NEGOTIATE:
  case ACTION_MEDIA_FAILS:
  case ACTION_SDP_FAILS:
    disturb_connection (self, action);
    break;
  case ACTION_MEDIA_CUT:
    self->media_until[action->who][action->other] = until;
    cut_media_cb (self);
    break;
  case ACTION_TROUBLE:
    self->network.trouble_until = until;
    break;
  case ACTION_RTC:
    /* Calm people have no client that takes others out of calls. */
    confab_sim_rtc_write (self->network.server,
                          get_rtc_user (self, action),
                          action->value +
                            (self->hardness == HARDNESS_CALM && action->value % 16 == 1),
                          confab_clock_get_real_time (self->clock) / 1000);
    break;
  case ACTION_RTC_ROOM:
    confab_sim_server_put_membership (self->network.server,
                                      strangers[action->value % G_N_ELEMENTS (strangers)],
                                      action->value / 8 % 2);
    break;
  case ACTION_LIMIT:
    self->network.limit_until[action->who] = until;
    self->network.limits_all[action->who] = action->other % 2;
    break;
  case ACTION_PARTITION:
    part (self, action, until);
    break;
  case ACTION_LINK_LOST:
    self->network.link_until[action->who][action->other] = until;
    break;
  case ACTION_OFFLINE:
    self->network.offline_until[action->who] = until;
    break;
  case ACTION_KILL:
  case ACTION_POWER_LOSS:
    confab_sim_client_kill (client, action->kind == ACTION_POWER_LOSS);
    break;
  case ACTION_RESTART:
    if (!confab_sim_client_is_up (client))
      confab_sim_client_start (client);
    else
      rejoin (self, action->who);
    break;
  case ACTION_LEAVE_ROOM:
    confab_sim_server_put_membership (self->network.server,
                                      self->network.users[action->who],
                                      action->value % 2);
    break;
  case ACTION_TERMINATE:
    confab_sim_client_terminate (self->clients[0]);
    break;
  case ACTION_REDACT:
    confab_sim_server_redact_call (self->network.server, self->network.users[0]);
    break;
  case ACTION_WAIT:
    run_for (self, HOUR_MS);
    break;
  case N_ACTIONS:
  default:
    g_assert_not_reached ();
  }
}

static void
tell_action (ConfabSimWorld *self, const Action *action)
{
  tell (self,
        "%s/%s %s (%s, %u)",
        self->network.users[action->who],
        self->network.devices[action->who],
        kinds[action->kind].name,
        self->network.devices[action->other],
        action->value);
}

static ActionKind
choose_kind (ConfabSimWorld *self)
{
  guint sum = 0;
  guint point;

  for (guint i = 0; i < N_ACTIONS; i++)
    sum += kinds[i].from <= self->hardness ? kinds[i].weight : 0;
  point = below (self, sum);
  for (guint i = 0; i < N_ACTIONS; i++) {
    guint weight = kinds[i].from <= self->hardness ? kinds[i].weight : 0;
    if (point < weight)
      return i;
    point -= weight;
  }
  g_assert_not_reached ();
}

static void
plan (ConfabSimWorld *self)
{
  static const guint most_ms[N_ACTIONS] = {
    [ACTION_MEDIA_CUT] = 60000,   [ACTION_TROUBLE] = 30000, [ACTION_LINK_LOST] = 20000,
    [ACTION_OFFLINE] = 90000,     [ACTION_LIMIT] = 90000,   [ACTION_PARTITION] = 60000,
    [ACTION_MUTE_MICROPHONE] = 2, [ACTION_MUTE_CAMERA] = 2, [ACTION_LEAVE_ROOM] = 2,
    [ACTION_SHARE] = 2,           [ACTION_RTC] = 1 << 20,   [ACTION_RTC_ROOM] = 64,
  };
  guint n = 10 + below (self, 30);
  gint64 at = 1000000;
  gboolean waits = FALSE;

  for (guint i = 0; i < n; i++) {
    /* Often close together, now and then after a while. */
    at += G_GINT64_CONSTANT (1000) * below (self, below (self, 4) == 0 ? 30000 : 2000);
    {
      ActionKind kind = i < self->network.n ? ACTION_JOIN : choose_kind (self);
      /* An hour is long for who looks each second whether somebody is still there: one is enough. */
      if (kind == ACTION_WAIT && waits)
        kind = ACTION_JOIN;
      waits |= kind == ACTION_WAIT;
      Action action = {
        .at = at,
        .kind = kind,
        .who = i < self->network.n ? i : below (self, self->network.n),
        .other = below (self, self->network.n),
        .value = below (self, most_ms[kind]),
      };
      g_array_append_val (self->actions, action);
    }
  }
}

/* Quiet. */

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

  tell (self, "all is well again");
  confab_sim_network_heal (&self->network);
  confab_sim_server_release (self->network.server);
  memset (self->media_until, 0, sizeof self->media_until);
  cut_media_cb (self);
  for (guint i = 0; i < self->network.n; i++) {
    confab_sim_server_put_membership (self->network.server, self->network.users[i], TRUE);
    if (!confab_sim_client_is_up (self->clients[i]))
      confab_sim_client_start (self->clients[i]);
  }
  run_for (self,
           wait_ms +
             75000); /* what is on its way is tried again by then, and everybody has synced */
}

/* Everybody is in one call. */
static void
gather (ConfabSimWorld *self)
{
  g_autofree char *call_id = confab_sim_server_dup_call_id (self->network.server);

  if (call_id == NULL) {
    confab_sim_client_create_call (self->clients[0], self->intent);
    run_for (self, 20000);
    call_id = confab_sim_server_dup_call_id (self->network.server);
  }
  if (call_id == NULL) {
    fail (self, "joined: no call can be made");
    return;
  }
  tell (self, "all join %s", call_id);
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
      ConfabCallMember *member = i != j ? find_member (self, i, j) : NULL;
      if (member != NULL && confab_participant_get_state (CONFAB_PARTICIPANT (member)) ==
                              CONFAB_PARTICIPANT_STATE_UNREACHABLE)
        again[MAX (i, j)] = any = TRUE;
    }
  }
  for (guint i = 0; i < self->network.n; i++) {
    if (again[i]) {
      tell (self, "%s comes anew", self->network.devices[i]);
      confab_sim_client_leave (self->clients[i]);
    }
  }
  run_for (self, 5000);
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
  return !is_initiator (self, who, other) && find_connection (self, who, other) == NULL &&
         (state == CONFAB_PARTICIPANT_STATE_WAITING ||
          state == CONFAB_PARTICIPANT_STATE_RECONNECTING);
}

static void
check_pair (ConfabSimWorld *self, guint who, guint other, gboolean may_be_unreachable)
{
  ConfabCallMember *member = find_member (self, who, other);
  ConfabFakePeerConnection *connection = find_connection (self, who, other);
  ConfabFakePeerConnection *back = find_connection (self, other, who);

  if (member == NULL) {
    fail (self,
          "seen: %s does not see %s",
          self->network.devices[who],
          self->network.devices[other]);
  } else if (confab_call_member_get_connected (member)) {
    if (back == NULL || confab_fake_peer_connection_get_other (connection) != back)
      fail (self,
            "connected: %s is connected to nothing of %s",
            self->network.devices[who],
            self->network.devices[other]);
  } else if (!may_be_unreachable || !is_at_rest (self, who, other, member)) {
    fail (self,
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
      fail (self, "joined: %s has not joined", self->network.devices[i]);
    for (guint j = 0; j < self->network.n && self->failure == NULL; j++) {
      if (i != j)
        check_pair (self, i, j, may_be_unreachable);
    }
  }
}

/* What was said while messages were lost on the way, for good, is said again: nobody else can know of it. */
static void
mute_all (ConfabSimWorld *self)
{
  for (guint i = 0; i < self->network.n; i++) {
    ConfabCall *call = confab_sim_client_peek_call (self->clients[i]);
    ConfabStream *stream = confab_local_media_get_stream (
      CONFAB_LOCAL_MEDIA (confab_sim_client_peek_media (self->clients[i])));

    confab_call_set_microphone_muted (call, !confab_stream_get_audio_muted (stream));
    confab_call_set_camera_muted (call, i % 2);
  }
}

static void
check_mute (ConfabSimWorld *self, guint who, guint other)
{
  ConfabCallMember *member = find_member (self, who, other);
  ConfabStream *stream = confab_local_media_get_stream (
    CONFAB_LOCAL_MEDIA (confab_sim_client_peek_media (self->clients[other])));

  if (confab_call_member_get_microphone_muted (member) != confab_stream_get_audio_muted (stream) ||
      confab_call_member_get_camera_muted (member) != confab_stream_get_video_muted (stream))
    fail (self,
          "mute: %s is wrong of what %s has muted",
          self->network.devices[who],
          self->network.devices[other]);
}

static void
check_queues (ConfabSimWorld *self, guint who, guint other)
{
  ConfabCallMember *member = find_member (self, who, other);
  g_autoptr (GPtrArray) queued = confab_call_member_dup_queued (member);

  if (queued->len > 0)
    fail (self,
          "queues: %s still holds %u messages of %s",
          self->network.devices[who],
          queued->len,
          self->network.devices[other]);
  if (confab_call_member_get_n_unsent (member) > 0)
    fail (self,
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
    run_for (self, 500);
  }
}

static void
check_quiet (ConfabSimWorld *self)
{
  await_idle (self);
  for (guint i = 0; i < self->network.n; i++)
    confab_sim_client_poll (self->clients[i]);
  for (guint i = 0; i < self->network.n && self->failure == NULL; i++) {
    if (!confab_sim_client_is_idle (self->clients[i]))
      fail (self, "queues: %s is not idle", self->network.devices[i]);
    if (confab_sim_client_get_n_early (self->clients[i]) > 0)
      fail (self, "queues: %s keeps early messages", self->network.devices[i]);
    for (guint j = 0; j < self->network.n && self->failure == NULL; j++) {
      if (i == j)
        continue;
      check_mute (self, i, j);
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
      if (g_strcmp0 (entry->session_id, session) != 0)
        fail (self, "server: the server has another session of %s", self->network.devices[i]);
      if (entry->shares_screen != is_sharing (self, i))
        fail (self, "server: the server is wrong of whether %s shares", self->network.devices[i]);
    }
    if (n != (joined ? 1 : 0))
      fail (self, "server: the server has %u entries of %s", n, self->network.devices[i]);
  }
}

/* All at once, on both sides: each exchange comes to its end. An answer that is held up for more than five seconds is
 * given up, and the offer is made again after its minute. */
static void
check_negotiation (ConfabSimWorld *self)
{
  for (guint i = 0; i < self->network.n; i++) {
    for (guint j = 0; j < self->network.n; j++) {
      ConfabFakePeerConnection *connection = i != j ? find_connection (self, i, j) : NULL;
      if (connection != NULL)
        confab_peer_connection_emit_negotiation_needed (CONFAB_PEER_CONNECTION (connection));
    }
  }
  run_for (self, 200000);
  for (guint i = 0; i < self->network.n && self->failure == NULL; i++) {
    for (guint j = 0; j < self->network.n; j++) {
      ConfabFakePeerConnection *connection = i != j ? find_connection (self, i, j) : NULL;
      if (connection != NULL && !confab_fake_peer_connection_is_stable (connection))
        fail (self,
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
      return TRUE;
  }
  return FALSE;
}

/* After each pair has come to terms: everybody agrees about who shares, and each connection carries it or does not. */
static void
check_sharing (ConfabSimWorld *self)
{
  for (guint i = 0; i < self->network.n && self->failure == NULL; i++) {
    for (guint j = 0; j < self->network.n && self->failure == NULL; j++) {
      ConfabFakePeerConnection *connection = i != j ? find_connection (self, j, i) : NULL;

      if (connection == NULL)
        continue;
      if (shows_screen (find_member (self, i, j)) != is_sharing (self, j))
        fail (self,
              "sharing: %s is wrong of whether %s shares",
              self->network.devices[i],
              self->network.devices[j]);
      else if (confab_fake_peer_connection_get_shares (connection) != is_sharing (self, j))
        fail (self,
              "sharing: the connection of %s to %s is wrong of the screen",
              self->network.devices[j],
              self->network.devices[i]);
    }
  }
}

static void
check_end (ConfabSimWorld *self)
{
  tell (self, "all leave");
  for (guint i = 0; i < self->network.n; i++)
    confab_sim_client_leave (self->clients[i]);
  run_for (self,
           60000); /* two devices of a user that write at once put each other back in at first */
  if (self->failure == NULL)
    check_server (self, FALSE);
}

static void
settle (ConfabSimWorld *self)
{
  heal (self);
  gather (self);
  run_for (self, 240000);
  if (self->failure != NULL)
    return;
  check_pairs (self, self->hardness != HARDNESS_CALM);
  if (self->failure == NULL && self->hardness != HARDNESS_CALM && rejoin_unreachable (self)) {
    run_for (self, 150000);
    if (self->failure == NULL)
      check_pairs (self, FALSE);
  }
  if (self->failure != NULL)
    return;
  if (self->hardness == HARDNESS_STORMY)
    mute_all (self);
  if (self->hardness != HARDNESS_CALM)
    run_for (self, 70000); /* what came for calls that never were is forgotten by then, too */
  check_quiet (self);
  check_server (self, TRUE);
  if (self->failure == NULL && confab_sim_server_count_calls (self->network.server) != 1)
    fail (self, "one-call: there is not one call");
  if (self->failure == NULL)
    check_negotiation (self);
  if (self->failure == NULL)
    check_sharing (self);
  if (self->failure == NULL)
    check_end (self);
}

/* The world. */

static void
add_client (ConfabSimWorld *self, guint i, guint n, guint n_own)
{
  /* The last ones are devices of one user: two as a rule, where there are more than two. */
  self->network.users[i] = g_strdup_printf ("@%c:x", 'a' + MIN (i, n - n_own));
  self->network.devices[i] = g_strdup_printf ("%c%u", 'A' + (int) (i * 7 % 26), i);
  self->network.n = i + 1;
}

ConfabSimWorld *
confab_sim_world_new (guint32 seed)
{
  ConfabSimWorld *self = g_new0 (ConfabSimWorld, 1);
  guint n_own;
  guint n;

  g_random_set_seed (seed);
  confab_fake_peer_connection_reset ();
  self->seed = seed;
  self->time = confab_sim_time_new (START_US);
  self->clock = CONFAB_CLOCK (confab_sim_clock_new (self->time, CONFAB_SIM_MAX_CLIENTS));
  self->rand = g_rand_new_with_seed (seed);
  self->actions = g_array_new (FALSE, FALSE, sizeof (Action));
  self->hardness = below (self, N_HARDNESSES);
  self->intent = below (self, 2) == 0 ? CONFAB_CALL_INTENT_ROOM : CONFAB_CALL_INTENT_PROMPT;
  self->rivals = self->intent != CONFAB_CALL_INTENT_ROOM && below (self, 3) == 0;
  /* Mostly few: that is where most of what can go wrong does, and it costs less by their square. */
  n = below (self, 50) == 0 ? 5 + below (self, 8) : 2 + below (self, 3);
  n_own = below (self, 8) == 0 ? 2 + below (self, MIN (n, 4) - 1) : MIN (n - 1, 2);
  for (guint i = 0; i < n; i++)
    add_client (self, i, n, n_own);
  self->network.clock = self->clock;
  self->network.rand = g_rand_new_with_seed (seed ^ 0x5bd1e995);
  self->network.server = confab_sim_server_new (self->clock, n, news_cb, reaches_cb, self);
  self->network.fail = fail_cb;
  self->network.data = self;
  self->network.latency_ms = 20 + below (self, below (self, 4) == 0 ? 3000 : 300);
  self->network.spread_ms = below (self, 400);
  self->network.calm = self->hardness == HARDNESS_CALM;
  self->network.cuts = below (self, 60);
  self->network.gaps = below (self, 60);
  if (self->hardness == HARDNESS_STORMY) {
    self->network.spread_ms = below (self, 2000);
    self->network.loss = below (self, 15);
    self->network.repeats = below (self, 15);
  }
  self->network.trouble = 40 + below (self, 60);
  plan (self);
  return self;
}

void
confab_sim_world_free (ConfabSimWorld *self)
{
  for (guint i = 0; i < self->network.n; i++) {
    g_clear_pointer (&self->clients[i], confab_sim_client_free);
    confab_sim_network_forget (&self->network, i);
    g_free (self->network.users[i]);
    g_free (self->network.devices[i]);
  }
  confab_sim_server_free (self->network.server);
  g_rand_free (self->network.rand);
  g_rand_free (self->rand);
  g_array_unref (self->actions);
  g_object_unref (self->clock);
  confab_sim_time_free (self->time);
  g_free (self->failure);
  g_free (self);
}

guint
confab_sim_world_get_n_actions (ConfabSimWorld *self)
{
  return self->actions->len;
}

/* Leaves out one thing that would happen: to find out which of them matter. */
void
confab_sim_world_skip_action (ConfabSimWorld *self, guint i)
{
  g_array_index (self->actions, Action, i).skipped = TRUE;
}

void
confab_sim_world_set_trace (ConfabSimWorld *self, gboolean trace)
{
  self->trace = trace;
}

static void
begin (ConfabSimWorld *self)
{
  static const char *const names[N_HARDNESSES] = { "calm", "rough", "stormy" };

  tell (self,
        "seed %u: %s, %u clients, requests take up to %u ms",
        self->seed,
        names[self->hardness],
        self->network.n,
        self->network.latency_ms);
  for (guint i = 0; i < self->network.n; i++)
    confab_sim_server_put_membership (self->network.server, self->network.users[i], TRUE);
  for (guint i = 0; i < self->network.n; i++) {
    g_autoptr (ConfabSimClock) clock = confab_sim_clock_new (self->time, i);

    self->clients[i] = confab_sim_client_new (
      &self->network, CONFAB_CLOCK (clock), i, i <= 1, fail_cb, self);
    confab_sim_client_start (self->clients[i]);
  }
  confab_sim_client_create_call (self->clients[0], self->intent);
  if (self->rivals)
    confab_sim_client_create_call (self->clients[1], self->intent);
  run_for (self, 8000);
}

/**
 * confab_sim_world_run:
 * @self: a world
 *
 * Returns: (nullable) (transfer none): what was violated, %NULL when nothing was
 */
const char *
confab_sim_world_run (ConfabSimWorld *self)
{
  gint64 start;

  begin (self);
  start = confab_clock_get_time (self->clock); /* of the plan; later by each hour of waiting */
  for (guint i = 0; i < self->actions->len && self->failure == NULL; i++) {
    const Action *action = &g_array_index (self->actions, Action, i);
    if (action->skipped)
      continue;
    run_until (self, start + action->at);
    if (self->failure != NULL)
      break;
    tell_action (self, action);
    act (self, action);
    start += action->kind == ACTION_WAIT ? HOUR_MS * G_GINT64_CONSTANT (1000) : 0;
  }
  if (self->failure == NULL)
    settle (self);
  if (self->failure != NULL)
    return self->failure; /* what is wrong may end the process when it is freed */
  for (guint i = 0; i < self->network.n; i++)
    g_clear_pointer (&self->clients[i], confab_sim_client_free);
  run_for (self, 5000); /* device messages that were on their way */
  if (self->failure == NULL && confab_sim_time_get_n_timeouts (self->time) > 0)
    fail (self, "timeouts: %u timeouts are left", confab_sim_time_get_n_timeouts (self->time));
  return self->failure;
}
