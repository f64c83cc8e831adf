/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-call-silence.h"

#include "confab-call-content.h"
#include "confab-store-future.h"

typedef struct {
  char *room_id;
  char *call_id;
} Silence;

static void
silence_free (gpointer data)
{
  Silence *silence = data;

  g_free (silence->room_id);
  g_free (silence->call_id);
  g_free (silence);
}

/* The room may have been left, and the call ended, meanwhile. Of one that was begun here no sync may have told yet. */
static gboolean
silence_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Silence *silence = data;

  return confab_store_exec (
    transaction,
    error,
    "INSERT OR IGNORE INTO silenced_calls SELECT room_id, ?2 FROM rooms WHERE room_id = ?1 AND "
    "(EXISTS (SELECT 1 FROM calls WHERE room_id = ?1 AND call_id = ?2) OR NOT EXISTS "
    "(SELECT 1 FROM state WHERE room_id = ?1 AND type = ?3 AND state_key = ?2))",
    "sss",
    silence->room_id,
    silence->call_id,
    CONFAB_CALL_CONTENT_TYPE);
}

static DexFuture *
written_cb (DexFuture *future, gpointer data)
{
  return dex_ref (future); /* @data was needed until now */
}

DexFuture *
confab_call_silence (ConfabStore *store, const char *room_id, const char *call_id)
{
  Silence *silence = g_new (Silence, 1);

  *silence = (Silence) { g_strdup (room_id), g_strdup (call_id) };
  return dex_future_finally (confab_store_future (store, silence_func, silence),
                             written_cb,
                             silence,
                             silence_free);
}
