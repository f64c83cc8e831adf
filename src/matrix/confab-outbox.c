/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-outbox-private.h"

#include "confab-json.h"
#include "confab-matrix-error.h"
#include "confab-outbox-store.h"
#include "confab-store-future.h"

#define SEND_PATH "/_matrix/client/v3/sendToDevice/"
#define FIRST_PAUSE_MS 1000
#define MAX_PAUSE_MS 15000
#define MAX_UNREAD 4 /* answers in a row that say nothing, before that is the answer */

G_DEFINE_FINAL_TYPE (ConfabOutbox, confab_outbox, G_TYPE_OBJECT)

typedef struct {
  ConfabSignallingDone done;
  gpointer data;
  GDestroyNotify destroy;
} Waiter;

static void
waiter_free (gpointer data)
{
  Waiter *waiter = data;

  if (waiter->destroy != NULL)
    waiter->destroy (waiter->data);
  g_free (waiter);
}

static void
waiter_answer (Waiter *waiter, const GError *error)
{
  if (waiter->done != NULL)
    waiter->done (error, waiter->data);
  waiter_free (waiter);
}

static void
answer (ConfabOutbox *self, GArray *ids, const GError *error)
{
  for (guint i = 0; i < ids->len; i++) {
    gint64 id = g_array_index (ids, gint64, i);
    g_autofree gint64 *key = NULL;
    Waiter *waiter = NULL;
    if (g_hash_table_steal_extended (self->waiting, &id, (gpointer *) &key, (gpointer *) &waiter))
      waiter_answer (waiter, error);
  }
}

void
confab_outbox_answer_code (ConfabOutbox *self,
                           GArray *ids,
                           ConfabSignallingError code,
                           const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (CONFAB_SIGNALLING_ERROR, code, message);

  answer (self, ids, error);
}

static gboolean
may_succeed_later (const GError *error)
{
  return error->domain == CONFAB_MATRIX_ERROR &&
         (error->code == CONFAB_MATRIX_ERROR_NETWORK ||
          error->code == CONFAB_MATRIX_ERROR_NO_ANSWER ||
          error->code == CONFAB_MATRIX_ERROR_SERVER ||
          error->code == CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED ||
          error->code == CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL ||
          error->code == CONFAB_MATRIX_ERROR_TLS ||
          error->code == CONFAB_MATRIX_ERROR_SOFT_LOGOUT ||
          error->code == CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN ||
          error->code == CONFAB_MATRIX_ERROR_CANCELLED);
}

/* Whether the server may have meant one message of many. */
static gboolean
may_mean_one (const GError *error)
{
  return error->domain == CONFAB_MATRIX_ERROR && (error->code == CONFAB_MATRIX_ERROR_TOO_LARGE ||
                                                  error->code == CONFAB_MATRIX_ERROR_FORBIDDEN ||
                                                  error->code == CONFAB_MATRIX_ERROR_NOT_FOUND ||
                                                  error->code == CONFAB_MATRIX_ERROR_BAD_RESPONSE ||
                                                  error->code == CONFAB_MATRIX_ERROR_FAILED);
}

/* “Taken”, but what says so is no homeserver's: it may stand between it and us, and the same goes out again, for a while. */
static gboolean
is_unread (ConfabOutbox *self, const GError *error)
{
  return g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_BAD_RESPONSE) &&
         ++self->n_unread < MAX_UNREAD;
}

static void
resume_cb (gpointer data)
{
  dex_promise_resolve_boolean (data, TRUE);
}

gboolean
confab_outbox_pause_after_failure (ConfabOutbox *self, const GError *failure)
{
  g_autoptr (DexPromise) resume = dex_promise_new ();
  gint64 retry_after_ms = confab_matrix_error_get_retry_after_ms (failure);
  gint64 pause_ms = MIN (FIRST_PAUSE_MS << MIN (self->n_failures, 5), MAX_PAUSE_MS);
  guint timeout;

  self->n_failures++;
  pause_ms = CLAMP (MAX (pause_ms, retry_after_ms), 0, 60 * 1000);
  timeout = confab_clock_add_timeout (self->clock, pause_ms, resume_cb, resume);
  dex_await (dex_future_first (dex_ref (resume), dex_ref (self->stopping), NULL), NULL);
  if (dex_future_is_pending (DEX_FUTURE (resume)))
    confab_clock_remove (self->clock, timeout);
  return !self->stopped;
}

void
confab_outbox_check_idle (ConfabOutbox *self)
{
  if (self->pumping != NULL || self->n_inserting > 0 || self->n_fetching > 0)
    return;
  while (self->flushers->len > 0) {
    g_autoptr (DexPromise) promise = g_ptr_array_steal_index (self->flushers, 0);
    dex_promise_resolve_boolean (promise, TRUE);
  }
}

/* ---- sending ---- */

static void
answer_finished (ConfabOutbox *self, ConfabOutboxBatch *batch, const GError *failure)
{
  ConfabSignallingError code = CONFAB_SIGNALLING_ERROR_FAILED;

  if (failure == NULL) {
    answer (self, batch->ids, NULL);
    return;
  }
  if (g_error_matches (failure, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_FORBIDDEN))
    code = CONFAB_SIGNALLING_ERROR_FORBIDDEN;
  confab_outbox_answer_code (self, batch->ids, code, failure->message);
}

/* What cannot be taken out of the store goes out again, as the same request, after a while: then the disk may have room. */
static void
finish_batch (ConfabOutbox *self, ConfabOutboxBatch *batch, const GError *failure)
{
  g_autoptr (GError) error = NULL;
  gboolean written = dex_await (confab_store_future (self->store,
                                                     failure == NULL ? confab_outbox_delete_func
                                                                     : confab_outbox_refuse_func,
                                                     batch->ids),
                                &error);

  self->n_unread = 0;
  answer_finished (self, batch, failure);
  if (written) {
    self->n_failures = 0;
    return;
  }
  g_warning ("cannot take sent messages out of the outbox: %s", error->message);
  if (!self->stopped)
    confab_outbox_pause_after_failure (self, error);
}

/* One that is too large, or that the server has something against, is not to be all others' undoing. */
static gboolean
split_batch (ConfabOutbox *self, ConfabOutboxBatch *batch, const GError *failure)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *first = g_uuid_string_random ();
  g_autofree char *second = g_uuid_string_random ();
  ConfabOutboxSplit split = { batch->ids, first, second };

  if (batch->ids->len < 2 || !may_mean_one (failure))
    return FALSE;
  g_info ("%u device messages are refused, each half goes out by itself: %s",
          batch->ids->len,
          failure->message);
  if (dex_await (confab_store_future (self->store, confab_outbox_split_func, &split), &error))
    return TRUE;
  g_warning ("cannot divide what is in the outbox: %s", error->message);
  return FALSE;
}

static void
send_batch (ConfabOutbox *self, ConfabOutboxBatch *batch)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) reply = NULL;
  g_autofree char *type = g_uri_escape_string (batch->wire_type, NULL, FALSE);
  g_autofree char *path = g_strconcat (SEND_PATH, type, "/", batch->txn_id, NULL);

  reply = dex_await_boxed (confab_homeserver_send (self->homeserver,
                                                   "PUT",
                                                   path,
                                                   batch->body,
                                                   0,
                                                   batch->urgent ? CONFAB_REQUEST_URGENT
                                                                 : CONFAB_REQUEST_NONE),
                           &error);
  if (reply != NULL) {
    self->n_taken++;
    confab_outbox_forget_trouble (self, batch);
    finish_batch (self, batch, NULL);
  } else if (may_succeed_later (error) || is_unread (self, error)) {
    g_info ("device messages wait: %s", error->message);
    if (!self->stopped && !confab_outbox_note_trouble (self, batch, error))
      confab_outbox_pause_after_failure (self, error);
  } else {
    confab_outbox_forget_trouble (self, batch);
    if (!split_batch (self, batch, error))
      finish_batch (self, batch, error);
  }
}

/* A copy: the table goes on changing in this thread. */
static void
copy_fetching (ConfabOutbox *self, ConfabOutboxBatch *batch)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->fetching);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_hash_table_add (batch->fetching, g_strdup (key));
}

static DexFuture *
confab_outbox_pump_fiber (gpointer data)
{
  ConfabOutbox *self = data;

  while (!self->stopped) {
    g_auto (ConfabOutboxBatch) batch;
    g_autoptr (GError) error = NULL;
    gint64 due;

    confab_outbox_batch_init (&batch, self->vault);
    copy_fetching (self, &batch);
    due = confab_outbox_copy_aside (self, batch.aside);
    batch.now_ms = confab_clock_get_real_time (self->clock) / 1000;
    self->again = FALSE;
    if (!dex_await (confab_store_future (self->store, confab_outbox_batch_func, &batch), &error)) {
      g_warning ("cannot read the outbox: %s", error->message);
      break;
    }
    confab_outbox_answer_code (self,
                               batch.stale,
                               CONFAB_SIGNALLING_ERROR_NETWORK,
                               "it could not be sent in time");
    confab_outbox_answer_code (self,
                               batch.blocked,
                               CONFAB_SIGNALLING_ERROR_BLOCKED,
                               "the device is blocked: it gets nothing");
    confab_outbox_answer_code (self,
                               batch.damaged,
                               CONFAB_SIGNALLING_ERROR_FAILED,
                               "it is damaged");
    confab_outbox_start_fetch (self, batch.missing);
    if (batch.txn_id != NULL)
      send_batch (self, &batch);
    else if (!self->again && !batch.changed && batch.blocked->len + batch.damaged->len == 0 &&
             (due < 0 || !confab_outbox_await_aside (self, due)))
      break; /* else others may stand behind them */
  }
  g_hash_table_remove_all (self->troubles); /* of what is no more */
  dex_clear (&self->pumping);
  confab_outbox_check_idle (self);
  return dex_future_new_true ();
}

/* ---- putting in ---- */

typedef struct {
  ConfabOutbox *self;
  char *room_id;
  char *user_id;
  char *device_id;
  char *type;
  char *content;
  ConfabSignallingSecurity security;
  gint64 now_ms;
  gint64 id;
  Waiter *waiter;
} Insert;

static void
insert_free (gpointer data)
{
  Insert *insert = data;

  g_object_unref (insert->self);
  g_free (insert->room_id);
  g_free (insert->user_id);
  g_free (insert->device_id);
  g_free (insert->type);
  g_free (insert->content);
  g_free (insert);
}

static gboolean
insert_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Insert *insert = data;

  return confab_device_list_track (transaction, insert->user_id, error) &&
         confab_outbox_insert (transaction,
                               insert->room_id,
                               insert->user_id,
                               insert->device_id,
                               insert->type,
                               insert->content,
                               insert->security,
                               insert->now_ms,
                               &insert->id,
                               error);
}

static void
inserted_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Insert *insert = data;
  ConfabOutbox *self = insert->self;
  g_autoptr (GError) error = NULL;

  self->n_inserting--;
  if (!confab_store_run_finish (CONFAB_STORE (source), result, &error)) {
    g_autoptr (GError) failure = g_error_new_literal (CONFAB_SIGNALLING_ERROR,
                                           CONFAB_SIGNALLING_ERROR_FAILED,
                                           error->message);
    waiter_answer (insert->waiter, failure);
  } else if (self->stopped) {
    g_autoptr (GError) failure = g_error_new_literal (CONFAB_SIGNALLING_ERROR,
                                           CONFAB_SIGNALLING_ERROR_NETWORK,
                                           "the session ends");
    waiter_answer (insert->waiter, failure);
  } else {
    g_hash_table_insert (self->waiting, g_memdup2 (&insert->id, sizeof insert->id), insert->waiter);
    confab_outbox_kick (self);
  }
  confab_outbox_check_idle (self);
  insert_free (insert);
}

static void
confab_outbox_dispose (GObject *object)
{
  ConfabOutbox *self = CONFAB_OUTBOX (object);

  g_clear_object (&self->store);
  g_clear_object (&self->homeserver);
  g_clear_object (&self->clock);
  g_clear_object (&self->devices);
  g_clear_pointer (&self->vault, confab_olm_vault_unref);
  g_clear_pointer (&self->waiting, g_hash_table_unref);
  g_clear_pointer (&self->fetching, g_hash_table_unref);
  g_clear_pointer (&self->troubles, g_hash_table_unref);
  g_clear_pointer (&self->stuck, g_hash_table_unref);
  g_clear_pointer (&self->flushers, g_ptr_array_unref);
  dex_clear (&self->pumping);
  dex_clear (&self->stopping);
  G_OBJECT_CLASS (confab_outbox_parent_class)->dispose (object);
}

static void
confab_outbox_class_init (ConfabOutboxClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_outbox_dispose;
}

static void
confab_outbox_init (ConfabOutbox *self)
{
  self->waiting = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, waiter_free);
  self->fetching = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->troubles = confab_outbox_troubles_new ();
  self->stuck = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->flushers = g_ptr_array_new_with_free_func (dex_unref);
  self->stopping = dex_promise_new ();
}

ConfabOutbox *
confab_outbox_new (ConfabStore *store,
                   ConfabHomeserver *homeserver,
                   ConfabClock *clock,
                   ConfabOlmVault *vault,
                   ConfabDeviceList *devices)
{
  ConfabOutbox *self = g_object_new (CONFAB_TYPE_OUTBOX, NULL);

  self->store = g_object_ref (store);
  self->homeserver = g_object_ref (homeserver);
  self->clock = g_object_ref (clock);
  self->vault = confab_olm_vault_ref (vault);
  self->devices = g_object_ref (devices);
  return self;
}

void
confab_outbox_send (ConfabOutbox *self,
                    const char *room_id,
                    const char *user_id,
                    const char *device_id,
                    const char *type,
                    JsonObject *content,
                    ConfabSignallingSecurity security,
                    ConfabSignallingDone done,
                    gpointer data,
                    GDestroyNotify destroy)
{
  Insert *insert;

  g_return_if_fail (CONFAB_IS_OUTBOX (self));
  g_return_if_fail (user_id != NULL && device_id != NULL && type != NULL && content != NULL);

  insert = g_new0 (Insert, 1);
  insert->self = g_object_ref (self);
  insert->room_id = g_strdup (room_id);
  insert->user_id = g_strdup (user_id);
  insert->device_id = g_strdup (device_id);
  insert->type = g_strdup (type);
  insert->content = confab_json_to_string (content);
  insert->security = security;
  insert->now_ms = confab_clock_get_real_time (self->clock) / 1000;
  insert->waiter = g_new (Waiter, 1);
  *insert->waiter = (Waiter) { done, data, destroy };
  self->n_inserting++;
  confab_store_run_async (self->store, insert_func, insert, NULL, NULL, inserted_cb, insert);
}

void
confab_outbox_kick (ConfabOutbox *self)
{
  g_return_if_fail (CONFAB_IS_OUTBOX (self));

  self->again = TRUE;
  if (self->woken != NULL && dex_future_is_pending (DEX_FUTURE (self->woken)))
    dex_promise_resolve_boolean (self->woken, TRUE);
  if (self->pumping == NULL && !self->stopped)
    self->pumping = dex_scheduler_spawn (
      NULL, 0, confab_outbox_pump_fiber, g_object_ref (self), g_object_unref);
}

static void
row_done_cb (const GError *error, gpointer data)
{
  if (error == NULL ||
      g_error_matches (error, CONFAB_SIGNALLING_ERROR, CONFAB_SIGNALLING_ERROR_BLOCKED))
    dex_promise_resolve_boolean (data, TRUE);
  else
    dex_promise_reject (data, g_error_copy (error));
}

void
confab_outbox_let_go (ConfabOutbox *self, gint64 id)
{
  const Waiter *waiter = g_hash_table_lookup (self->waiting, &id);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof id);

  if (waiter == NULL || waiter->done != row_done_cb) /* who has sent it is told the truth */
    return;
  g_array_append_val (ids, id);
  answer (self, ids, NULL);
}

/* All of @data (element-type DexPromise) are done, or one has failed: libdex does not tell how. */
static DexFuture *
rows_done_cb (DexFuture *future, gpointer data)
{
  GPtrArray *promises = data;

  for (guint i = 0; i < promises->len; i++) {
    g_autoptr (GError) error = NULL;
    if (dex_future_is_rejected (promises->pdata[i]) &&
        dex_future_get_value (promises->pdata[i], &error) == NULL)
      return dex_future_new_for_error (g_steal_pointer (&error));
  }
  return dex_future_new_true ();
}

DexFuture *
confab_outbox_await_rows (ConfabOutbox *self, GArray *ids)
{
  g_autoptr (GPtrArray) promises = g_ptr_array_new_with_free_func (dex_unref);

  dex_return_error_if_fail (CONFAB_IS_OUTBOX (self));

  confab_outbox_kick (self); /* there may be rows that nobody waits for */
  if (ids->len == 0 || self->stopped)
    return dex_future_new_true ();
  for (guint i = 0; i < ids->len; i++) {
    Waiter *waiter;
    DexPromise *promise;
    if (g_hash_table_contains (self->stuck, &g_array_index (ids, gint64, i)))
      continue;
    waiter = g_new (Waiter, 1);
    promise = dex_promise_new ();
    *waiter = (Waiter) { row_done_cb, dex_ref (promise), dex_unref };
    g_hash_table_insert (self->waiting,
                         g_memdup2 (&g_array_index (ids, gint64, i), sizeof (gint64)),
                         waiter);
    g_ptr_array_add (promises, promise);
  }
  if (promises->len == 0)
    return dex_future_new_true ();
  return dex_future_finally (dex_future_allv ((DexFuture *const *) promises->pdata, promises->len),
                             rows_done_cb,
                             g_ptr_array_ref (promises),
                             (GDestroyNotify) g_ptr_array_unref);
}

DexFuture *
confab_outbox_flush (ConfabOutbox *self)
{
  DexPromise *promise = dex_promise_new ();

  dex_return_error_if_fail (CONFAB_IS_OUTBOX (self));

  g_ptr_array_add (self->flushers, dex_ref (promise));
  confab_outbox_check_idle (self);
  return DEX_FUTURE (promise);
}

DexFuture *
confab_outbox_stop (ConfabOutbox *self)
{
  GHashTableIter iter;
  gpointer key;
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));

  dex_return_error_if_fail (CONFAB_IS_OUTBOX (self));

  if (!self->stopped) {
    self->stopped = TRUE;
    dex_promise_resolve_boolean (self->stopping, TRUE);
  }
  g_hash_table_iter_init (&iter, self->waiting);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_array_append_val (ids, *(gint64 *) key);
  confab_outbox_answer_code (self, ids, CONFAB_SIGNALLING_ERROR_NETWORK, "the session ends");
  return confab_outbox_flush (self);
}
