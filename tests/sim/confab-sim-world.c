/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-world-private.h"

#define START_US G_GINT64_CONSTANT (1700000000000000)
#define MAX_STEPS 2000000

G_GNUC_PRINTF (2, 3) void
confab_sim_world_tell (ConfabSimWorld *self, const char *format, ...)
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
    confab_sim_world_tell (self, "VIOLATION: %s", message);
    self->failure = g_strdup (message);
  }
}

G_GNUC_PRINTF (2, 3) void
confab_sim_world_fail (ConfabSimWorld *self, const char *format, ...)
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

  return confab_sim_network_shows (&self->network, sender, index);
}

/* Time. */

static void
reached_cb (gpointer data)
{
  ConfabSimWorld *self = data;

  self->reached = TRUE;
}

void
confab_sim_world_touch_all (ConfabSimWorld *self)
{
  for (guint i = 0; i < self->network.n && self->clients[i] != NULL; i++)
    confab_sim_client_touch (self->clients[i]);
}

static void
check (ConfabSimWorld *self)
{
  for (guint i = 0; i < self->network.n && self->clients[i] != NULL; i++)
    confab_sim_client_check (self->clients[i]);
}

/* One timeout after the other, and what has to be true after each. */
static void
step (ConfabSimWorld *self)
{
  guint owner = confab_sim_time_step (self->time);

  if (owner < self->network.n && self->clients[owner] != NULL)
    confab_sim_client_touch (self->clients[owner]);
  check (self);
  if (++self->n_steps > MAX_STEPS)
    confab_sim_world_fail (self, "rest: the world does not come to rest");
}

static void
run_until (ConfabSimWorld *self, gint64 time)
{
  gint64 now = confab_clock_get_time (self->clock);

  if (time <= now)
    return;
  confab_sim_world_touch_all (self); /* somebody may have done something to them */
  self->reached = FALSE;
  confab_clock_add_timeout (self->clock, (guint) ((time - now) / 1000), reached_cb, self);
  while (!self->reached && self->failure == NULL)
    step (self);
}

void
confab_sim_world_run_for (ConfabSimWorld *self, guint ms)
{
  run_until (self, confab_clock_get_time (self->clock) + ms * G_GINT64_CONSTANT (1000));
}

/* Media. */

ConfabCallMember *
confab_sim_world_find_member (ConfabSimWorld *self, guint who, guint other)
{
  return confab_sim_client_find_member (self->clients[who], other);
}

/* Returns: (nullable): the connection of @who with @other */
ConfabFakePeerConnection *
confab_sim_world_find_connection (ConfabSimWorld *self, guint who, guint other)
{
  ConfabCallMember *member = confab_sim_world_find_member (self, who, other);
  ConfabPeerConnection *connection = member != NULL ? confab_call_member_get_connection (member)
                                                    : NULL;

  if (connection == NULL ||
      confab_fake_peer_connection_get_closed (CONFAB_FAKE_PEER_CONNECTION (connection)))
    return NULL;
  return CONFAB_FAKE_PEER_CONNECTION (connection);
}

/* Connections that were made meanwhile are cut, too. */
void
confab_sim_world_cut_media (gpointer data)
{
  ConfabSimWorld *self = data;
  gint64 now = confab_clock_get_time (self->clock);
  gboolean again = FALSE;

  confab_sim_world_touch_all (self);
  for (guint i = 0; i < self->network.n; i++) {
    for (guint j = 0; j < self->network.n; j++) {
      ConfabFakePeerConnection *connection = i != j ? confab_sim_world_find_connection (self, i, j)
                                                    : NULL;
      gint64 until = MAX (self->media_until[i][j], self->media_until[j][i]);
      gint64 broken_until = MAX (self->broken_until[i][j], self->broken_until[j][i]);

      again |= now < until || now < broken_until;
      if (connection == NULL)
        continue;
      confab_fake_peer_connection_set_cut (connection, now < until);
      confab_fake_peer_connection_set_broken (connection,
                                              now < broken_until,
                                              self->breaks_late[i][j] || self->breaks_late[j][i]);
    }
  }
  if (again)
    confab_clock_add_timeout (self->clock, 200, confab_sim_world_cut_media, self);
}

/* Chance. */

guint
confab_sim_world_below (ConfabSimWorld *self, guint limit)
{
  return limit > 0 ? (guint) g_rand_int_range (self->rand, 0, (int) limit) : 0;
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

/* Descriptions take from a millisecond to as long as messages do: only then offers meet while they are made. */
static guint
pace_cb (gpointer data)
{
  ConfabSimWorld *self = data;

  return 1 + (confab_sim_network_chance (&self->network, 30)
                ? confab_sim_network_below (&self->network, 150)
                : 0);
}

ConfabSimWorld *
confab_sim_world_new (guint32 seed)
{
  static const ConfabCallIntent intents[] = {
    CONFAB_CALL_INTENT_ROOM,
    CONFAB_CALL_INTENT_PROMPT,
    CONFAB_CALL_INTENT_RING,
    CONFAB_CALL_INTENT_RING,
  };
  ConfabSimWorld *self = g_new0 (ConfabSimWorld, 1);
  guint n_own;
  guint n;

  g_random_set_seed (seed);
  confab_fake_peer_connection_reset ();
  self->seed = seed;
  self->time = confab_sim_time_new (START_US);
  self->clock = CONFAB_CLOCK (confab_sim_clock_new (self->time, CONFAB_SIM_MAX_CLIENTS));
  self->rand = g_rand_new_with_seed (seed);
  self->actions = g_array_new (FALSE, FALSE, sizeof (ConfabSimAction));
  self->hardness = confab_sim_world_below (self, CONFAB_SIM_N_HARDNESSES);
  self->intent = intents[confab_sim_world_below (self, G_N_ELEMENTS (intents))];
  /* Mostly few: that is where most of what can go wrong does, and it costs less by their square. */
  n = confab_sim_world_below (self, 50) == 0 ? 5 + confab_sim_world_below (self, 8)
                                             : 2 + confab_sim_world_below (self, 3);
  n_own = confab_sim_world_below (self, 8) == 0 ? 2 + confab_sim_world_below (self, MIN (n, 4) - 1)
                                                : MIN (n - 1, 2);
  for (guint i = 0; i < n; i++)
    add_client (self, i, n, n_own);
  if (self->intent != CONFAB_CALL_INTENT_ROOM && confab_sim_world_below (self, 3) == 0)
    self->n_rivals = 2 + confab_sim_world_below (self, MIN (n, 4) - 1);
  self->network.clock = self->clock;
  self->network.rand = g_rand_new_with_seed (seed ^ 0x5bd1e995);
  self->network.server = confab_sim_server_new (self->clock, n, news_cb, reaches_cb, self);
  self->network.fail = fail_cb;
  self->network.data = self;
  self->network.latency_ms = 20 + confab_sim_world_below (
                                    self, confab_sim_world_below (self, 4) == 0 ? 3000 : 300);
  self->network.spread_ms = confab_sim_world_below (self, 400);
  self->network.calm = self->hardness == CONFAB_SIM_HARDNESS_CALM;
  self->network.cuts = confab_sim_world_below (self, 60);
  self->network.gaps = confab_sim_world_below (self, 60);
  if (self->hardness == CONFAB_SIM_HARDNESS_STORMY) {
    self->network.spread_ms = confab_sim_world_below (self, 2000);
    self->network.late = confab_sim_world_below (self, 20);
    self->network.loss = confab_sim_world_below (self, 15);
    self->network.repeats = confab_sim_world_below (self, 15);
  }
  self->network.trouble = 40 + confab_sim_world_below (self, 60);
  confab_fake_peer_connection_set_pace (pace_cb, self);
  confab_sim_world_plan (self);
  return self;
}

void
confab_sim_world_free (ConfabSimWorld *self)
{
  confab_fake_peer_connection_set_pace (NULL, NULL);
  for (guint i = 0; i < self->network.n; i++) {
    g_clear_pointer (&self->clients[i], confab_sim_client_free);
    confab_sim_network_forget (&self->network, i);
    g_free (self->network.users[i]);
    g_free (self->network.devices[i]);
  }
  confab_sim_server_free (self->network.server);
  g_clear_pointer (&self->network.declined, g_hash_table_unref);
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
  g_array_index (self->actions, ConfabSimAction, i).skipped = TRUE;
}

void
confab_sim_world_set_trace (ConfabSimWorld *self, gboolean trace)
{
  self->trace = trace;
}

/* Who begins a call, or joins one that there is. */
typedef struct {
  ConfabSimWorld *world;
  guint who;
} Person;

static void
person_cb (gpointer data)
{
  g_autofree Person *person = data;
  ConfabSimWorld *self = person->world;

  confab_sim_world_tell (self, "%s begins, or joins", self->network.devices[person->who]);
  confab_sim_client_touch (self->clients[person->who]);
  if (person->who < self->n_rivals)
    confab_sim_client_begin (self->clients[person->who], self->intent);
  else
    confab_sim_client_join_seen (self->clients[person->who]);
}

/* Some have the same thought before they can hear of each other, and are in their own calls at once; the others join
 * whichever they see. */
static void
begin_at_once (ConfabSimWorld *self)
{
  for (guint i = 0; i < self->network.n; i++) {
    Person *person = g_new (Person, 1);

    *person = (Person) { self, i };
    confab_clock_add_timeout (self->clock,
                              confab_sim_world_below (self, i < self->n_rivals ? 1500 : 8000),
                              person_cb,
                              person);
  }
}

static void
begin (ConfabSimWorld *self)
{
  static const char *const names[CONFAB_SIM_N_HARDNESSES] = { "calm", "rough", "stormy" };

  gboolean all_may = confab_sim_world_below (self, 2) ==
                     0; /* else who begins a call may be refused */

  confab_sim_world_tell (self,
                         "seed %u: %s, %u clients, requests take up to %u ms",
                         self->seed,
                         names[self->hardness],
                         self->network.n,
                         self->network.latency_ms);
  for (guint i = 0; i < self->network.n; i++)
    confab_sim_server_put_membership (self->network.server, self->network.users[i], TRUE);
  for (guint i = 0; i < self->network.n; i++) {
    g_autoptr (ConfabSimClock) clock = confab_sim_clock_new (self->time, i);

    self->clients[i] = confab_sim_client_new (&self->network,
                                              CONFAB_CLOCK (clock),
                                              i,
                                              i < 2 || (i < self->n_rivals && all_may));
    confab_sim_client_start (self->clients[i]);
  }
  if (self->n_rivals > 0)
    begin_at_once (self);
  else
    confab_sim_client_create_call (self->clients[0], self->intent);
  confab_sim_world_run_for (self, 8000);
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
    const ConfabSimAction *action = &g_array_index (self->actions, ConfabSimAction, i);
    if (action->skipped)
      continue;
    run_until (self, start + action->at);
    if (self->failure != NULL)
      break;
    start += confab_sim_world_act (self, action);
    confab_sim_world_touch_all (self);
    check (self);
  }
  if (self->failure == NULL)
    confab_sim_world_settle (self);
  if (self->failure != NULL)
    return self->failure; /* what is wrong may end the process when it is freed */
  for (guint i = 0; i < self->network.n; i++)
    g_clear_pointer (&self->clients[i], confab_sim_client_free);
  confab_sim_world_run_for (self, 5000); /* device messages that were on their way */
  if (self->failure == NULL && confab_sim_time_get_n_timeouts (self->time) > 0)
    confab_sim_world_fail (self,
                           "timeouts: %u timeouts are left",
                           confab_sim_time_get_n_timeouts (self->time));
  return self->failure;
}
