/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-outbox-private.h"

#include "confab-matrix-error.h"
#include "confab-store-future.h"

/* What #ConfabOutbox does with requests that the server does not refuse, but fails on. It may be the server, and then
 * everything waits. It may also be one message of many: that is not to hold the others, and it is never given up. */

#define MIN_FAILURES 5 /* and so long at least, before it is taken for the request's fault */
#define MIN_TROUBLE_US (60 * G_USEC_PER_SEC)
#define FIRST_PAUSE_MS 1000
#define MAX_PAUSE_MS (60 * 1000)

typedef struct {
  guint n_failures;   /* in a row */
  gint64 since;       /* monotonic, µs */
  gint64 retry_at;    /* monotonic, µs; of a suspect */
  guint64 n_taken;    /* requests that had been taken when it failed last */
  gboolean suspected; /* it is likely its fault: it does not hold others */
} Trouble;

GHashTable *
confab_outbox_troubles_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

static Trouble *
add_trouble (ConfabOutbox *self, const char *txn_id)
{
  Trouble *trouble = g_new0 (Trouble, 1);

  trouble->since = confab_clock_get_time (self->clock);
  trouble->n_taken = self->n_taken;
  g_hash_table_replace (self->troubles, g_strdup (txn_id), trouble);
  return trouble;
}

static void
set_aside (ConfabOutbox *self, Trouble *trouble, const GError *failure)
{
  gint64 pause_ms = MIN (FIRST_PAUSE_MS << MIN (trouble->n_failures, 6), MAX_PAUSE_MS);

  pause_ms = CLAMP (confab_matrix_error_get_retry_after_ms (failure), pause_ms, MAX_PAUSE_MS);
  trouble->suspected = TRUE;
  trouble->retry_at = confab_clock_get_time (self->clock) + pause_ms * 1000;
}

/* FALSE when that could not be written down: it goes on as it is. */
static gboolean
halve (ConfabOutbox *self, const ConfabOutboxBatch *batch, const GError *failure)
{
  g_autofree char *first = g_uuid_string_random ();
  g_autofree char *second = g_uuid_string_random ();
  ConfabOutboxSplit split = { batch->ids, first, second };
  g_autoptr (GError) error = NULL;

  g_info ("the server fails on %u device messages, each half goes out by itself: %s",
          batch->ids->len,
          failure->message);
  if (!dex_await (confab_store_future (self->store, confab_outbox_split_func, &split), &error)) {
    g_warning ("cannot divide what is in the outbox: %s", error->message);
    return FALSE;
  }
  g_hash_table_remove (self->troubles, batch->txn_id);
  add_trouble (self, first)->suspected = TRUE;
  add_trouble (self, second)->suspected = TRUE;
  return TRUE;
}

/* It stays in the store, and is tried now and then. */
static void
get_stuck (ConfabOutbox *self, const ConfabOutboxBatch *batch)
{
  gint64 id = g_array_index (batch->ids, gint64, 0);

  if (!batch->urgent) /* a call's is dropped when it is too old */
    g_hash_table_add (self->stuck, g_memdup2 (&id, sizeof id));
  confab_outbox_let_go (self, id);
}

gboolean
confab_outbox_note_trouble (ConfabOutbox *self,
                            const ConfabOutboxBatch *batch,
                            const GError *failure)
{
  Trouble *trouble = g_hash_table_lookup (self->troubles, batch->txn_id);
  gboolean others_taken, lasting;

  if (!g_error_matches (failure, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_SERVER))
    return FALSE;
  if (trouble == NULL)
    trouble = add_trouble (self, batch->txn_id);
  others_taken = trouble->suspected && self->n_taken > trouble->n_taken;
  trouble->n_taken = self->n_taken;
  trouble->n_failures++;
  lasting = trouble->n_failures >= MIN_FAILURES &&
            confab_clock_get_time (self->clock) - trouble->since >= MIN_TROUBLE_US;
  if (!trouble->suspected && !lasting)
    return FALSE;
  if (batch->ids->len > 1 && (others_taken || lasting) && halve (self, batch, failure))
    return TRUE;
  if (batch->ids->len == 1)
    get_stuck (self, batch);
  set_aside (self, trouble, failure);
  return TRUE;
}

void
confab_outbox_forget_trouble (ConfabOutbox *self, const ConfabOutboxBatch *batch)
{
  g_hash_table_remove (self->troubles, batch->txn_id);
  for (guint i = 0; i < batch->ids->len; i++)
    g_hash_table_remove (self->stuck, &g_array_index (batch->ids, gint64, i));
}

gint64
confab_outbox_copy_aside (ConfabOutbox *self, GHashTable *aside)
{
  gint64 now = confab_clock_get_time (self->clock);
  gint64 due = -1;
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, self->troubles);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    const Trouble *trouble = value;
    if (!trouble->suspected || trouble->retry_at <= now)
      continue;
    g_hash_table_add (aside, g_strdup (key));
    due = due < 0 ? trouble->retry_at : MIN (due, trouble->retry_at);
  }
  return due;
}

static void
due_cb (gpointer data)
{
  dex_promise_resolve_boolean (data, TRUE);
}

gboolean
confab_outbox_await_aside (ConfabOutbox *self, gint64 due)
{
  g_autoptr (DexPromise) resume = dex_promise_new ();
  gint64 pause_ms = (due - confab_clock_get_time (self->clock)) / 1000 + 1;
  guint timeout = confab_clock_add_timeout (self->clock,
                                            CLAMP (pause_ms, 0, MAX_PAUSE_MS),
                                            due_cb,
                                            resume);

  self->woken = dex_promise_new ();
  dex_await (
    dex_future_first (dex_ref (resume), dex_ref (self->woken), dex_ref (self->stopping), NULL),
    NULL);
  dex_clear (&self->woken);
  if (dex_future_is_pending (DEX_FUTURE (resume)))
    confab_clock_remove (self->clock, timeout);
  return !self->stopped;
}
