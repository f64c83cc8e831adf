/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-http.h"

#define MAX_ATTEMPTS 5
#define RETRY_BASE_MS 500
#define MAX_PAUSE_MS 30000

typedef struct {
  ConfabSimHttp *http;
  char *resource;
  ConfabSimHttpEffect effect;
  ConfabSimHttpDone done;
  gpointer data;
  guint n_attempts;
  guint timer;
} Request;

struct _ConfabSimHttp {
  ConfabSimNetwork *network;
  ConfabClock *clock;
  guint index;
  GPtrArray *requests; /* Request */
  GHashTable *limits;  /* resource → gint64: not before that: monotonic, µs */
};

static void
free_request (gpointer data)
{
  Request *request = data;

  confab_clock_clear (request->http->clock, &request->timer);
  g_free (request->resource);
  g_free (request);
}

static void
finish (Request *request, gboolean answered, guint retry_after_ms)
{
  ConfabSimHttpDone done = request->done;
  gpointer data = request->data;

  g_ptr_array_remove_fast (request->http->requests, request);
  done (answered, retry_after_ms, data);
}

static void request_cb (gpointer data);

static void
arm (Request *request, guint delay_ms)
{
  request->timer = confab_clock_add_timeout (request->http->clock, delay_ms, request_cb, request);
}

static ConfabSimOutcome
exchange (ConfabSimHttp *self, const char *resource, guint *retry_after_ms)
{
  ConfabSimOutcome outcome;

  *retry_after_ms = 0;
  outcome = confab_sim_network_try (self->network, self->index, resource, retry_after_ms);
  if (outcome == CONFAB_SIM_LIMITED && *retry_after_ms > 0) {
    gint64 until = confab_clock_get_time (self->clock) + *retry_after_ms * G_GINT64_CONSTANT (1000);
    g_hash_table_insert (self->limits, g_strdup (resource), g_memdup2 (&until, sizeof until));
  }
  return outcome;
}

static void
request_cb (gpointer data)
{
  Request *request = data;
  ConfabSimHttp *self = request->http;
  guint wait_ms = confab_sim_http_get_wait (self, request->resource);
  guint retry_after_ms;
  guint pause_ms;
  ConfabSimOutcome outcome;

  request->timer = 0;
  if (wait_ms > MAX_PAUSE_MS) {
    finish (request, FALSE, wait_ms);
    return;
  }
  if (wait_ms > 0) {
    arm (request, wait_ms);
    return;
  }
  request->n_attempts++;
  outcome = exchange (self, request->resource, &retry_after_ms);
  if (outcome == CONFAB_SIM_DONE || outcome == CONFAB_SIM_DONE_UNHEARD)
    request->effect (request->data);
  if (outcome == CONFAB_SIM_DONE) {
    finish (request, TRUE, 0);
    return;
  }
  if (request->n_attempts >= MAX_ATTEMPTS || retry_after_ms > MAX_PAUSE_MS) {
    finish (request, FALSE, retry_after_ms);
    return;
  }
  pause_ms = MIN ((guint) RETRY_BASE_MS << (request->n_attempts - 1), MAX_PAUSE_MS);
  pause_ms = pause_ms / 2 + confab_sim_network_below (self->network, pause_ms / 2);
  arm (request, retry_after_ms > 0 ? retry_after_ms + pause_ms / 4 : pause_ms);
}

ConfabSimHttp *
confab_sim_http_new (ConfabSimNetwork *network, ConfabClock *clock, guint index)
{
  ConfabSimHttp *self = g_new0 (ConfabSimHttp, 1);

  self->network = network;
  self->clock = clock;
  self->index = index;
  self->requests = g_ptr_array_new_with_free_func (free_request);
  self->limits = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  confab_sim_network_forget (network, index);
  return self;
}

/* The process is gone: nobody hears of anything any more. */
void
confab_sim_http_free (ConfabSimHttp *self)
{
  g_ptr_array_unref (self->requests);
  g_hash_table_unref (self->limits);
  g_free (self);
}

/**
 * confab_sim_http_send:
 * @self: a process' requests
 * @resource: what is asked for: what is told of one request for it holds for the next
 * @effect: what the server does, each time that the request comes to it
 * @done: called once, not from within this
 * @data: for both
 */
void
confab_sim_http_send (ConfabSimHttp *self,
                      const char *resource,
                      ConfabSimHttpEffect effect,
                      ConfabSimHttpDone done,
                      gpointer data)
{
  Request *request = g_new0 (Request, 1);

  request->http = self;
  request->resource = g_strdup (resource);
  request->effect = effect;
  request->done = done;
  request->data = data;
  g_ptr_array_add (self->requests, request);
  arm (request, confab_sim_network_get_delay (self->network));
}

/* Returns: ms until @resource may be asked for again, 0 when it may be now */
guint
confab_sim_http_get_wait (ConfabSimHttp *self, const char *resource)
{
  const gint64 *until = g_hash_table_lookup (self->limits, resource);
  gint64 now = confab_clock_get_time (self->clock);

  if (until == NULL || *until <= now)
    return 0;
  return (guint) ((*until - now + 999) / 1000);
}

/* One try, without any other. Returns: whether there was an answer */
gboolean
confab_sim_http_try (ConfabSimHttp *self, const char *resource, guint *retry_after_ms)
{
  *retry_after_ms = confab_sim_http_get_wait (self, resource);
  return *retry_after_ms == 0 && exchange (self, resource, retry_after_ms) == CONFAB_SIM_DONE;
}
