/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-session-private.h"

#include "confab-json.h"
#include "confab-room-private.h"
#include "confab-slice.h"
#include "confab-store-future.h"
#include "confab-sync-filter.h"
#include "confab-sync-store.h"

#define POLL_MS (30 * 1000)
#define POLL_MARGIN_MS (20 * 1000)
#define FIRST_TIMEOUT_MS (5 * 60 * 1000) /* large accounts take minutes the first time */
#define MIN_PAUSE_MS 1000
#define MAX_PAUSE_MS (60 * 1000)

void (*confab_session_step_hook) (const char *step);

static void
step (const char *name)
{
  if (G_UNLIKELY (confab_session_step_hook != NULL))
    confab_session_step_hook (name);
}

static char *
dup_path (ConfabSession *self, gboolean poll)
{
  g_autofree char *filter = confab_sync_filter_make (self->since == NULL);
  g_autofree char *filter_query = g_uri_escape_string (filter, NULL, FALSE);
  g_autofree char *since = self->since != NULL ? g_uri_escape_string (self->since, NULL, FALSE)
                                               : NULL;

  return g_strdup_printf ("/_matrix/client/v3/sync?set_presence=offline&timeout=%d%s%s&filter=%s",
                          poll ? POLL_MS : 0,
                          since != NULL ? "&since=" : "",
                          since != NULL ? since : "",
                          filter_query);
}

/* A batch on its way from the wire to the screen: handed from thread to thread, never used by two at once. */
typedef struct {
  GBytes *reply;
  ConfabSyncBatch *batch;
  ConfabSessionCalls *calls;
  gint64 came_at; /* µs since the epoch */
  GError *error;
} Passage;

/* Another thread: to read a large account takes seconds. */
static DexFuture *
read_batch_fiber (gpointer data)
{
  Passage *passage = data;
  gsize size;
  const char *text = g_bytes_get_data (passage->reply, &size);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = confab_json_parse_object (text != NULL ? text : "", size, &error);

  if (object != NULL)
    passage->batch = confab_sync_batch_new_from_v3 (object, &passage->error);
  else
    passage->error = g_error_new_literal (CONFAB_MATRIX_ERROR,
                                          CONFAB_MATRIX_ERROR_BAD_RESPONSE,
                                          error->message);
  return dex_future_new_true ();
}

static gboolean
apply_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Passage *passage = data;

  step ("begun");
  if (!confab_sync_store_apply (transaction, passage->batch, error) ||
      !confab_sync_store_set_synced_at (transaction, passage->came_at, error))
    return FALSE;
  step ("rooms");
  if (!confab_session_calls_receive (passage->calls, transaction, passage->batch, error))
    return FALSE;
  step ("received");
  return TRUE;
}

/**
 * confab_session_await_shown:
 * @self: a session
 * @batch: what a sync, or the store, brought
 * @error: %CONFAB_MATRIX_ERROR_CANCELLED when the session ended meanwhile
 *
 * Shows @batch: rooms first, then calls. In turns, since there may be thousands of rooms. Fibers only.
 *
 * Returns: whether all of it is shown
 */
gboolean
confab_session_await_shown (ConfabSession *self, ConfabSyncBatch *batch, GError **error)
{
  g_autoptr (ConfabRoomList) rooms = g_object_ref (self->rooms);
  g_autoptr (ConfabSessionCalls) calls = g_object_ref (self->calls);
  ConfabSlice slice;
  guint position = 0;

  confab_slice_begin (&slice);
  while (confab_room_list_apply_some (rooms, batch, &position, &slice)) {
    confab_slice_await (&slice);
    if (self->rooms != rooms) {
      g_set_error_literal (error,
                           CONFAB_MATRIX_ERROR,
                           CONFAB_MATRIX_ERROR_CANCELLED,
                           "the session ends");
      return FALSE;
    }
  }
  return dex_await (confab_session_calls_feed (calls, batch), error);
}

static gboolean
await_stored (ConfabSession *self, Passage *passage, GError **error)
{
  dex_await (confab_thread_run (read_batch_fiber, passage), NULL);
  if (passage->batch == NULL) {
    g_propagate_error (error, g_steal_pointer (&passage->error));
    return FALSE;
  }
  if (passage->batch->n_skipped > 0)
    g_info ("sync: %u parts were not as they should be and are left out",
            passage->batch->n_skipped);
  passage->batch->initial = self->since == NULL;
  if (!dex_await (confab_store_future (self->store, apply_func, passage), error))
    return FALSE;
  step ("committed");
  g_set_str (&self->since, passage->batch->next_batch);
  return TRUE;
}

/* Takes in one reply: reads it, stores it, shows it. */
static gboolean
await_reply_applied (ConfabSession *self, GBytes *reply, GError **error)
{
  g_autoptr (ConfabSessionCalls) calls = g_object_ref (self->calls);
  Passage passage = { .reply = reply,
                      .calls = calls,
                      .came_at = confab_clock_get_real_time (self->clock) };
  gboolean ok = await_stored (self, &passage, error);

  if (ok) {
    confab_session_calls_go_live (calls);
    ok = confab_session_await_shown (self, passage.batch, error);
  }
  if (ok)
    step ("fed");
  if (passage.batch != NULL)
    confab_thread_free (passage.batch, (GDestroyNotify) confab_sync_batch_unref);
  return ok;
}

/* One request and what follows from it. */
static gboolean
await_one_sync (ConfabSession *self, gboolean poll, GError **error)
{
  g_autofree char *path = dup_path (self, poll);
  guint timeout_ms = self->since != NULL ? POLL_MS + POLL_MARGIN_MS : FIRST_TIMEOUT_MS;
  g_autoptr (GBytes) reply = NULL;

  dex_clear (&self->kick);
  self->kick = dex_promise_new ();
  reply = dex_await_boxed (
    dex_future_first (confab_shield (confab_homeserver_send_unread (self->homeserver,
                                                                    "GET",
                                                                    path,
                                                                    NULL,
                                                                    timeout_ms,
                                                                    CONFAB_REQUEST_NO_RETRY,
                                                                    DEX_FUTURE (self->kick))),
                      dex_ref (DEX_FUTURE (self->stop)),
                      dex_ref (self->kick),
                      NULL),
    error);
  return reply != NULL && await_reply_applied (self, reply, error);
}

static gboolean
is_over (ConfabSession *self, const GError *error)
{
  return !dex_future_is_pending (DEX_FUTURE (self->stop)) ||
         g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN) ||
         g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_SOFT_LOGOUT) ||
         g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_DEACTIVATED);
}

static void
resume_cb (gpointer data)
{
  dex_promise_resolve_boolean (data, TRUE);
}

static void
await_pause (ConfabSession *self, guint n_failures, const GError *error)
{
  g_autoptr (DexPromise) resume = dex_promise_new ();
  guint pause_ms = MIN (MIN_PAUSE_MS << MIN (n_failures - 1, 6), MAX_PAUSE_MS) *
                   g_random_double_range (0.7, 1.3);
  guint timeout;

  pause_ms = MAX (pause_ms,
                  MIN (confab_matrix_error_get_retry_after_ms (error), MAX_PAUSE_MS * 10));
  timeout = confab_clock_add_timeout (self->clock, pause_ms, resume_cb, resume);
  dex_clear (&self->kick);
  self->kick = dex_promise_new ();
  dex_await (dex_future_first (dex_ref (DEX_FUTURE (resume)),
                               dex_ref (DEX_FUTURE (self->stop)),
                               dex_ref (self->kick),
                               NULL),
             NULL);
  if (dex_future_is_pending (DEX_FUTURE (resume)))
    confab_clock_remove (self->clock, timeout);
}

static void
note_success (ConfabSession *self)
{
  gboolean was_offline = self->state == CONFAB_SESSION_STATE_OFFLINE;

  self->last_sync_at = confab_clock_get_real_time (self->clock);
  g_object_notify (G_OBJECT (self), "last-sync-at");
  confab_session_set_state (self, CONFAB_SESSION_STATE_ONLINE, NULL);
  if (was_offline)
    confab_call_handler_back_online (confab_session_calls_get_handler (self->calls));
}

static DexFuture *
sync_fiber (gpointer data)
{
  ConfabSession *self = CONFAB_SESSION (data);
  guint n_failures = 0;
  gboolean poll = FALSE;

  while (dex_future_is_pending (DEX_FUTURE (self->stop))) {
    g_autoptr (GError) error = NULL;
    /* At first, and after a failure, do not wait for news: show at once that we are there. */
    if (await_one_sync (self, poll, &error)) {
      n_failures = 0;
      poll = TRUE;
      if (dex_future_is_pending (DEX_FUTURE (self->stop)))
        note_success (self);
      continue;
    }
    poll = FALSE;
    if (is_over (self, error)) {
      if (dex_future_is_pending (DEX_FUTURE (self->stop)))
        confab_session_set_state (self, CONFAB_SESSION_STATE_LOGGED_OUT, error);
      break;
    }
    if (g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_CANCELLED))
      continue; /* kicked */
    n_failures++;
    g_info ("sync: %s", error->message);
    if (error->domain == CONFAB_STORE_ERROR)
      confab_session_warn (self, "store", error->message);
    confab_session_set_state (self, CONFAB_SESSION_STATE_OFFLINE, error);
    await_pause (self, n_failures, error);
  }
  return dex_future_new_true ();
}

static void
network_changed_cb (GNetworkMonitor *monitor, gboolean available, ConfabSession *self)
{
  if (available)
    confab_session_try_now (self);
}

void
confab_session_start_sync (ConfabSession *self)
{
  g_assert (self->sync == NULL);

  self->stop = dex_cancellable_new ();
  self->network_handler = g_signal_connect_object (g_network_monitor_get_default (),
                                                   "network-changed",
                                                   G_CALLBACK (network_changed_cb),
                                                   self,
                                                   G_CONNECT_DEFAULT);
  self->sync = dex_scheduler_spawn (NULL, 0, sync_fiber, g_object_ref (self), g_object_unref);
}

static DexFuture *
stop_sync_fiber (gpointer data)
{
  ConfabSession *self = CONFAB_SESSION (data);

  if (self->sync != NULL) {
    dex_cancellable_cancel (self->stop);
    dex_await (dex_ref (self->sync), NULL);
    dex_clear (&self->sync);
    dex_clear (&self->stop);
    dex_clear (&self->kick);
    g_clear_signal_handler (&self->network_handler, g_network_monitor_get_default ());
  }
  return dex_future_new_true ();
}

DexFuture *
confab_session_stop_sync (ConfabSession *self)
{
  return dex_scheduler_spawn (NULL, 0, stop_sync_fiber, g_object_ref (self), g_object_unref);
}

void
confab_session_end_wait (ConfabSession *self, ConfabMatrixError code, const char *message)
{
  if (self->kick != NULL && dex_future_is_pending (DEX_FUTURE (self->kick)))
    dex_promise_reject (self->kick, g_error_new_literal (CONFAB_MATRIX_ERROR, code, message));
}

/**
 * confab_session_try_now:
 * @self: a session
 *
 * Asks the server at once, instead of after the pause: the network changed, or the person wants it.
 */
void
confab_session_try_now (ConfabSession *self)
{
  g_return_if_fail (CONFAB_IS_SESSION (self));

  confab_session_end_wait (self, CONFAB_MATRIX_ERROR_CANCELLED, "try now");
}
