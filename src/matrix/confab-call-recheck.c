/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-call-recheck.h"

#include "confab-call-content.h"
#include "confab-homeserver-private.h"
#include "confab-store-future.h"
#include "confab-sync-store.h"

#define MAX_CALLS_PER_ROOM 50 /* the latest: of so many the calls know */

typedef struct {
  ConfabStore *store;
  ConfabHomeserver *homeserver;
  GHashTable *room_ids; /* to how many of its calls there are in @calls */
  GPtrArray *calls;     /* room and call id by turns, of those that are on as far as is stored */
  GPtrArray *empty;     /* the same, of those whose event has nothing in it */
} Recheck;

static void
recheck_free (gpointer data)
{
  Recheck *recheck = data;

  g_object_unref (recheck->store);
  g_object_unref (recheck->homeserver);
  g_hash_table_unref (recheck->room_ids);
  g_ptr_array_unref (recheck->calls);
  g_ptr_array_unref (recheck->empty);
  g_free (recheck);
}

static gboolean
call_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  Recheck *recheck = data;
  const char *room_id = confab_store_row_get_string (row, 0);
  gpointer key, n;

  if (!g_hash_table_lookup_extended (recheck->room_ids, room_id, &key, &n) ||
      GPOINTER_TO_UINT (n) >= MAX_CALLS_PER_ROOM)
    return TRUE;
  g_hash_table_insert (recheck->room_ids,
                       g_strdup (room_id),
                       GUINT_TO_POINTER (GPOINTER_TO_UINT (n) + 1));
  g_ptr_array_add (recheck->calls, g_strdup (room_id));
  g_ptr_array_add (recheck->calls, g_strdup (confab_store_row_get_string (row, 1)));
  return TRUE;
}

static gboolean
read_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_store_query (transaction,
                             call_cb,
                             data,
                             error,
                             "SELECT calls.room_id, call_id FROM calls JOIN state ON "
                             "state.room_id = calls.room_id AND state_key = call_id AND type = ? "
                             "ORDER BY origin_server_ts DESC",
                             "s",
                             CONFAB_CALL_CONTENT_TYPE);
}

static gboolean
empty_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Recheck *recheck = data;

  for (guint i = 0; i + 1 < recheck->empty->len; i += 2) {
    const char *room_id = recheck->empty->pdata[i];
    const char *id = recheck->empty->pdata[i + 1];
    if (!confab_sync_store_forget_call (transaction, room_id, id, error) ||
        !confab_store_exec (
          transaction,
          error,
          "UPDATE state SET content = '{}' WHERE room_id = ? AND type = ? AND state_key = ?",
          "sss",
          room_id,
          CONFAB_CALL_CONTENT_TYPE,
          id))
      return FALSE;
  }
  return TRUE;
}

static void
await_call (Recheck *recheck, const char *room_id, const char *id)
{
  g_autofree char *room = g_uri_escape_string (room_id, NULL, FALSE);
  g_autofree char *key = g_uri_escape_string (id, NULL, FALSE);
  g_autofree char *path = g_strdup_printf (
    "/_matrix/client/v3/rooms/%s/state/" CONFAB_CALL_CONTENT_TYPE "/%s", room, key);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) content = dex_await_boxed (
    confab_homeserver_send (recheck->homeserver, "GET", path, NULL, 0, CONFAB_REQUEST_NONE),
    &error);

  /* The memberships run out by themselves in any case. */
  if (content == NULL) {
    g_info ("%s: cannot be looked at again: %s", id, error->message);
  } else if (json_object_get_size (content) == 0) {
    g_ptr_array_add (recheck->empty, g_strdup (room_id));
    g_ptr_array_add (recheck->empty, g_strdup (id));
  }
}

static DexFuture *
recheck_fiber (gpointer data)
{
  Recheck *recheck = data;
  g_autoptr (GError) error = NULL;
  GStrv empty;

  if (!dex_await (confab_store_future (recheck->store, read_func, recheck), &error))
    return dex_future_new_for_error (g_steal_pointer (&error));
  for (guint i = 0; i + 1 < recheck->calls->len; i += 2)
    await_call (recheck, recheck->calls->pdata[i], recheck->calls->pdata[i + 1]);
  if (recheck->empty->len > 0 &&
      !dex_await (confab_store_future (recheck->store, empty_func, recheck), &error))
    return dex_future_new_for_error (g_steal_pointer (&error));
  g_ptr_array_add (recheck->empty, NULL);
  empty = g_strdupv ((GStrv) recheck->empty->pdata);
  return dex_future_new_take_boxed (G_TYPE_STRV, empty);
}

DexFuture *
confab_call_recheck (ConfabStore *store, ConfabHomeserver *homeserver, const char *const *room_ids)
{
  Recheck *recheck = g_new (Recheck, 1);

  *recheck = (Recheck) {
    .store = g_object_ref (store),
    .homeserver = g_object_ref (homeserver),
    .room_ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .calls = g_ptr_array_new_with_free_func (g_free),
    .empty = g_ptr_array_new_with_free_func (g_free),
  };
  for (guint i = 0; room_ids[i] != NULL; i++)
    g_hash_table_insert (recheck->room_ids, g_strdup (room_ids[i]), GUINT_TO_POINTER (0));
  return dex_scheduler_spawn (NULL, 0, recheck_fiber, recheck, recheck_free);
}
