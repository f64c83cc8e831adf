/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-sync-store.h"

#include "confab-json.h"

/* What a sync has left in the store, read back as if one sync had brought it. */

typedef struct {
  ConfabSyncBatch *batch;
  GHashTable *rooms; /* room id → ConfabSyncRoom of the batch */
} Load;

static gboolean
load_room_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  Load *load = data;
  ConfabSyncRoom *room = confab_sync_batch_add_room (load->batch,
                                                     confab_store_row_get_string (row, 0));
  const char *heroes = confab_store_row_get_string (row, 3);

  room->n_joined = confab_store_row_get_int (row, 1);
  room->n_invited = confab_store_row_get_int (row, 2);
  if (heroes != NULL) {
    g_autofree char *text = g_strdup_printf ("{\"heroes\":%s}", heroes);
    g_autoptr (JsonObject) object = confab_json_parse_object (text, -1, NULL);
    if (object != NULL)
      confab_json_get_strv (object, "heroes", &room->heroes, NULL);
  }
  room->favourite = confab_store_row_get_int (row, 4) != 0;
  room->last_activity = confab_store_row_get_int (row, 5);
  g_hash_table_insert (load->rooms, room->room_id, room);
  return TRUE;
}

/* An event as it was stored: of @type, with the content in @column. What cannot be read any more is as if it had been
 * redacted: the state that it is stays that (a room that was encrypted stays so), and all others are read. */
static ConfabSyncEvent *
read_event (ConfabStoreRow *row,
            const char *type,
            const char *state_key,
            const char *sender,
            gint64 origin_server_ts,
            guint column)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) content = confab_json_parse_object (confab_store_row_get_string (row, column),
                                                  -1,
                                                  &error);

  if (content == NULL) {
    g_info ("a stored %s cannot be read any more: %s", type, error->message);
    content = json_object_new ();
  }
  return confab_sync_event_new (type, state_key, sender, origin_server_ts, content);
}

static gboolean
load_state_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  Load *load = data;
  ConfabSyncRoom *room = g_hash_table_lookup (load->rooms, confab_store_row_get_string (row, 0));

  if (room != NULL)
    g_ptr_array_add (room->state,
                     read_event (row,
                                 confab_store_row_get_string (row, 1),
                                 confab_store_row_get_string (row, 2),
                                 confab_store_row_get_string (row, 3),
                                 confab_store_row_get_int (row, 4),
                                 5));
  return TRUE;
}

static gboolean
load_member_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  Load *load = data;
  ConfabSyncRoom *room = g_hash_table_lookup (load->rooms, confab_store_row_get_string (row, 0));
  const char *user_id = confab_store_row_get_string (row, 1);
  const char *display_name = confab_store_row_get_string (row, 3);
  const char *avatar_url = confab_store_row_get_string (row, 4);
  g_autoptr (JsonObject) content = json_object_new ();

  if (room == NULL)
    return TRUE;
  json_object_set_string_member (content, "membership", confab_store_row_get_string (row, 2));
  if (display_name != NULL)
    json_object_set_string_member (content, "displayname", display_name);
  if (avatar_url != NULL)
    json_object_set_string_member (content, "avatar_url", avatar_url);
  g_ptr_array_add (room->state,
                   confab_sync_event_new ("m.room.member", user_id, user_id, 0, content));
  return TRUE;
}

static gboolean
load_room_account_data_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  Load *load = data;
  ConfabSyncRoom *room = g_hash_table_lookup (load->rooms, confab_store_row_get_string (row, 0));

  if (room != NULL)
    g_ptr_array_add (room->account_data,
                     read_event (row, confab_store_row_get_string (row, 1), NULL, "", 0, 2));
  return TRUE;
}

static gboolean
load_silenced_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  Load *load = data;
  ConfabSyncRoom *room = g_hash_table_lookup (load->rooms, confab_store_row_get_string (row, 0));

  if (room != NULL)
    g_ptr_array_add (room->silenced, g_strdup (confab_store_row_get_string (row, 1)));
  return TRUE;
}

static gboolean
load_account_data_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  Load *load = data;

  g_ptr_array_add (load->batch->account_data,
                   read_event (row, confab_store_row_get_string (row, 0), NULL, "", 0, 1));
  return TRUE;
}

static gboolean
load_part (ConfabStoreTransaction *transaction,
           ConfabSyncStorePart part,
           const char *columns_and_table,
           const char *rest,
           ConfabStoreRowFunc func,
           Load *load,
           GError **error)
{
  static const char *const conditions[] = {
    [CONFAB_SYNC_STORE_ALL] = "",
    [CONFAB_SYNC_STORE_WITH_CALLS] = " WHERE room_id IN (SELECT room_id FROM calls)",
    [CONFAB_SYNC_STORE_WITHOUT_CALLS] = " WHERE room_id NOT IN (SELECT room_id FROM calls)",
  };
  g_autofree char *sql = g_strconcat ("SELECT ", columns_and_table, conditions[part], rest, NULL);

  return confab_store_query (transaction, func, load, error, sql, NULL);
}

ConfabSyncBatch *
confab_sync_store_load (ConfabStoreTransaction *transaction,
                        ConfabSyncStorePart part,
                        GError **error)
{
  g_autofree char *since = NULL;
  g_autoptr (ConfabSyncBatch) batch = NULL;
  g_autoptr (GHashTable) rooms = g_hash_table_new (g_str_hash, g_str_equal);
  Load load;

  if (!confab_sync_store_get_meta (transaction, "since", &since, error))
    return NULL;
  batch = confab_sync_batch_new (since != NULL ? since : "");
  batch->partial = part == CONFAB_SYNC_STORE_WITH_CALLS;
  load = (Load) { .batch = batch, .rooms = rooms };
  /* Call state before call members: a membership is nothing without its call. */
  if (!load_part (transaction,
                  part,
                  "room_id, n_joined, n_invited, heroes, favourite, last_activity FROM rooms",
                  "",
                  load_room_cb,
                  &load,
                  error) ||
      !load_part (transaction,
                  part,
                  "room_id, user_id, membership, display_name, avatar_url FROM members",
                  "",
                  load_member_cb,
                  &load,
                  error) ||
      !load_part (transaction,
                  part,
                  "room_id, type, state_key, sender, origin_server_ts, content FROM state",
                  " ORDER BY type",
                  load_state_cb,
                  &load,
                  error) ||
      !load_part (transaction,
                  part,
                  "room_id, type, content FROM room_account_data",
                  "",
                  load_room_account_data_cb,
                  &load,
                  error) ||
      !load_part (transaction,
                  part,
                  "room_id, call_id FROM silenced_calls",
                  "",
                  load_silenced_cb,
                  &load,
                  error))
    return NULL;
  /* What is about all rooms is known before the first. */
  if (part != CONFAB_SYNC_STORE_WITHOUT_CALLS &&
      !confab_store_query (transaction,
                           load_account_data_cb,
                           &load,
                           error,
                           "SELECT type, content FROM account_data",
                           NULL))
    return NULL;
  return g_steal_pointer (&batch);
}
