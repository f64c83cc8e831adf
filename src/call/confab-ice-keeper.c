/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-ice-keeper.h"

#include "confab-log.h"

#define RETRY_MS 30000 /* after a failure, and when nobody says how long they last */
#define MIN_REFRESH_MS 10000
#define MAX_REFRESH_MS (24 * 60 * 60 * 1000)

struct _ConfabIceKeeper {
  grefcount ref_count; /* the call, and each question on its way */
  ConfabSignalling *signalling;
  ConfabClock *clock;
  char *call_id;
  ConfabIceKeeperFunc func; /* NULL once the call is gone */
  gpointer data;
  ConfabIceServers *servers; /* (nullable): none of this join have come yet */
  guint generation;          /* of start and stop: what belongs to an earlier one is stale */
  guint timer;
};

typedef struct {
  ConfabIceKeeper *keeper;
  guint generation;
} Question;

static void ask (ConfabIceKeeper *self);

static void
unref_keeper (ConfabIceKeeper *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->servers, confab_ice_servers_free);
  g_free (self->call_id);
  g_free (self);
}

static void
free_question (gpointer data)
{
  Question *question = data;

  unref_keeper (question->keeper);
  g_free (question);
}

static void
refresh_cb (gpointer data)
{
  ConfabIceKeeper *self = data;

  self->timer = 0;
  ask (self);
}

/* A failure never takes away what is there: old servers may still work, and without any most networks do, too. */
static void
servers_cb (const ConfabIceServers *servers, const GError *error, gpointer data)
{
  Question *question = data;
  ConfabIceKeeper *self = question->keeper;
  gint64 wait_ms = RETRY_MS;

  if (self->func == NULL || self->generation != question->generation)
    return;
  if (error != NULL)
    confab_call_info (self->call_id, "no ICE servers: %s", error->message);
  if (servers != NULL || self->servers == NULL) {
    g_clear_pointer (&self->servers, confab_ice_servers_free);
    self->servers = servers != NULL ? confab_ice_servers_copy (servers)
                                    : confab_ice_servers_new (NULL, NULL, NULL);
  }
  if (servers != NULL && servers->fresh_ms > 0)
    wait_ms = CLAMP (servers->fresh_ms, MIN_REFRESH_MS, MAX_REFRESH_MS);
  self->timer = confab_clock_add_timeout (self->clock, (guint) wait_ms, refresh_cb, self);
  self->func (self->data);
}

static void
ask (ConfabIceKeeper *self)
{
  Question *question = g_new (Question, 1);

  g_ref_count_inc (&self->ref_count);
  *question = (Question) { self, self->generation };
  confab_signalling_get_ice_servers (self->signalling, servers_cb, question, free_question);
}

/**
 * confab_ice_keeper_new:
 * @signalling: whom to ask
 * @clock: for when to ask again
 * @call_id: the call, for the log
 * @func: servers have come, or it is clear that none will for now; never from within a function of this class
 * @data: for @func
 *
 * Returns: (transfer full): a keeper that asks for nothing yet
 */
ConfabIceKeeper *
confab_ice_keeper_new (ConfabSignalling *signalling,
                       ConfabClock *clock,
                       const char *call_id,
                       ConfabIceKeeperFunc func,
                       gpointer data)
{
  ConfabIceKeeper *self = g_new0 (ConfabIceKeeper, 1);

  g_ref_count_init (&self->ref_count);
  self->signalling = g_object_ref (signalling);
  self->clock = g_object_ref (clock);
  self->call_id = g_strdup (call_id);
  self->func = func;
  self->data = data;
  return self;
}

/* A question that is on its way stays so, and nobody hears the answer. */
void
confab_ice_keeper_free (ConfabIceKeeper *self)
{
  confab_ice_keeper_stop (self);
  self->func = NULL;
  g_clear_object (&self->signalling); /* it holds the questions */
  g_clear_object (&self->clock);
  unref_keeper (self);
}

/**
 * confab_ice_keeper_start:
 * @self: a keeper
 *
 * This device wants in: asks at once, and forgets what an earlier join was told.
 */
void
confab_ice_keeper_start (ConfabIceKeeper *self)
{
  confab_ice_keeper_stop (self);
  g_clear_pointer (&self->servers, confab_ice_servers_free);
  ask (self);
}

/**
 * confab_ice_keeper_stop:
 * @self: a keeper
 *
 * This device is out: nothing is asked for any more.
 */
void
confab_ice_keeper_stop (ConfabIceKeeper *self)
{
  self->generation++;
  confab_clock_clear (self->clock, &self->timer);
}

/**
 * confab_ice_keeper_peek:
 * @self: a keeper
 *
 * Returns: (transfer none) (nullable): what the next connection is to use; %NULL until the first answer of this join
 */
const ConfabIceServers *
confab_ice_keeper_peek (ConfabIceKeeper *self)
{
  return self->servers;
}
