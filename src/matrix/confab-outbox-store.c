/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-outbox-store.h"

#include "confab-device-list.h"
#include "confab-json.h"
#include "confab-megolm-shares.h"
#include "confab-outbox.h"

#include <string.h>

#define MAX_ROWS 1000   /* looked at for one request; of each device the first one that waits */
#define MAX_DEVICES 100 /* in one request */
#define MAX_AGE_MS (60 * 1000)

typedef struct {
  gint64 id;
  char *room_id;
  char *user_id;
  char *device_id;
  char *type;
  char *content;
  gint64 security;
  char *wire_type;
  char *wire_content;
  char *txn_id;
  gint64 created_at;
} Row;

static void
row_free (gpointer data)
{
  Row *row = data;

  g_free (row->room_id);
  g_free (row->user_id);
  g_free (row->device_id);
  g_free (row->type);
  g_free (row->content);
  g_free (row->wire_type);
  g_free (row->wire_content);
  g_free (row->txn_id);
  g_free (row);
}

static void
outbox_device_free (gpointer data)
{
  ConfabOutboxDevice *device = data;

  g_free (device->user_id);
  g_free (device->device_id);
  g_free (device);
}

void
confab_outbox_batch_init (ConfabOutboxBatch *self, ConfabOlmVault *vault)
{
  *self = (ConfabOutboxBatch) {
    .vault = confab_olm_vault_ref (vault),
    .fetching = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .aside = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .ids = g_array_new (FALSE, FALSE, sizeof (gint64)),
    .stale = g_array_new (FALSE, FALSE, sizeof (gint64)),
    .blocked = g_array_new (FALSE, FALSE, sizeof (gint64)),
    .damaged = g_array_new (FALSE, FALSE, sizeof (gint64)),
    .missing = g_ptr_array_new_with_free_func (outbox_device_free),
  };
}

void
confab_outbox_batch_clear (ConfabOutboxBatch *self)
{
  g_clear_pointer (&self->vault, confab_olm_vault_unref);
  g_clear_pointer (&self->fetching, g_hash_table_unref);
  g_clear_pointer (&self->aside, g_hash_table_unref);
  g_clear_pointer (&self->txn_id, g_free);
  g_clear_pointer (&self->wire_type, g_free);
  g_clear_pointer (&self->body, json_object_unref);
  g_clear_pointer (&self->ids, g_array_unref);
  g_clear_pointer (&self->stale, g_array_unref);
  g_clear_pointer (&self->blocked, g_array_unref);
  g_clear_pointer (&self->damaged, g_array_unref);
  g_clear_pointer (&self->missing, g_ptr_array_unref);
}

char *
confab_outbox_device_key (const char *user_id, const char *device_id)
{
  return g_strconcat (user_id, "|", device_id, NULL);
}

static gboolean
row_cb (ConfabStoreRow *from, gpointer data, GError **error)
{
  Row *row = g_new0 (Row, 1);

  row->id = confab_store_row_get_int (from, 0);
  row->room_id = g_strdup (confab_store_row_get_string (from, 1));
  row->user_id = g_strdup (confab_store_row_get_string (from, 2));
  row->device_id = g_strdup (confab_store_row_get_string (from, 3));
  row->type = g_strdup (confab_store_row_get_string (from, 4));
  row->content = g_strdup (confab_store_row_get_string (from, 5));
  row->security = confab_store_row_get_int (from, 6);
  row->wire_type = g_strdup (confab_store_row_get_string (from, 7));
  row->wire_content = g_strdup (confab_store_row_get_string (from, 8));
  row->txn_id = g_strdup (confab_store_row_get_string (from, 9));
  row->created_at = confab_store_row_get_int (from, 10);
  g_ptr_array_add (data, row);
  return TRUE;
}

static gboolean
is_call (const Row *row)
{
  return g_str_has_prefix (row->type, "m.call.") ||
         g_str_has_prefix (row->type, "org.matrix.call.");
}

static gboolean
delete_row (ConfabStoreTransaction *transaction, gint64 id, GError **error)
{
  return confab_store_exec (transaction, error, "DELETE FROM outbox WHERE id = ?", "i", id);
}

gboolean
confab_outbox_delete_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  GArray *ids = data;

  for (guint i = 0; i < ids->len; i++) {
    if (!delete_row (transaction, g_array_index (ids, gint64, i), error))
      return FALSE;
  }
  return TRUE;
}

#define SELECT_ROWS                                                                                \
  "SELECT id, room_id, user_id, device_id, type, content, security, wire_type, wire_content, "     \
  "txn_id, created_at FROM outbox "

/* Takes @row, which will not go out, away: a room's key is to be given again. */
static gboolean
give_row_up (ConfabStoreTransaction *transaction, const Row *row, GError **error)
{
  return (strcmp (row->type, "m.room_key") != 0 ||
          confab_megolm_shares_refused (
            transaction, row->room_id, row->user_id, row->device_id, error)) &&
         delete_row (transaction, row->id, error);
}

gboolean
confab_outbox_refuse_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  GArray *ids = data;
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (row_free);

  for (guint i = 0; i < ids->len; i++) {
    if (!confab_store_query (transaction,
                             row_cb,
                             rows,
                             error,
                             SELECT_ROWS "WHERE id = ?",
                             "i",
                             g_array_index (ids, gint64, i)))
      return FALSE;
  }
  for (guint i = 0; i < rows->len; i++) {
    if (!give_row_up (transaction, rows->pdata[i], error))
      return FALSE;
  }
  return TRUE;
}

/* Nothing that could be sent can be read from @row: the others go out all the same. */
static gboolean
lose_row (ConfabStoreTransaction *transaction,
          ConfabOutboxBatch *batch,
          const Row *row,
          GError **error)
{
  g_info ("a device message for %s of %s is damaged: it is lost", row->device_id, row->user_id);
  g_array_append_val (batch->damaged, row->id);
  return give_row_up (transaction, row, error);
}

static JsonObject *
parse_row_content (const char *text)
{
  return text != NULL ? confab_json_parse_object (text, -1, NULL) : NULL;
}

gboolean
confab_outbox_split_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  const ConfabOutboxSplit *split = data;
  const GArray *ids = split->ids;

  for (guint i = 0; i < ids->len; i++) {
    if (!confab_store_exec (transaction,
                            error,
                            "UPDATE outbox SET txn_id = ? WHERE id = ?",
                            "si",
                            i < ids->len / 2 ? split->first : split->second,
                            g_array_index (ids, gint64, i)))
      return FALSE;
  }
  return TRUE;
}

static gboolean
drop_stale (ConfabStoreTransaction *transaction, ConfabOutboxBatch *batch, GError **error)
{
  return confab_store_query (transaction,
                             confab_store_row_add_int,
                             batch->stale,
                             error,
                             "SELECT id FROM outbox WHERE "
                             "(type GLOB 'm.call.*' OR type GLOB 'org.matrix.call.*') "
                             "AND abs (? - created_at) > ? ORDER BY id",
                             "ii",
                             batch->now_ms,
                             (gint64) MAX_AGE_MS) &&
         confab_outbox_delete_func (transaction, batch->stale, error);
}

typedef struct {
  const ConfabOutboxBatch *batch;
  GPtrArray *rows;
} Reading;

/* Those that are set aside take no place from those behind them. */
static gboolean
waiting_row_cb (ConfabStoreRow *from, gpointer data, GError **error)
{
  Reading *reading = data;
  const char *txn_id = confab_store_row_get_string (from, 9);

  if (reading->rows->len == MAX_ROWS ||
      (txn_id != NULL && g_hash_table_contains (reading->batch->aside, txn_id)))
    return TRUE;
  return row_cb (from, reading->rows, error);
}

/* Takes @content over. */
static void
add_to_batch (ConfabOutboxBatch *batch, const Row *row, JsonObject *content)
{
  JsonObject *messages, *user;

  if (batch->body == NULL) {
    batch->body = json_object_new ();
    json_object_set_object_member (batch->body, "messages", json_object_new ());
  }
  messages = confab_json_peek_object (batch->body, "messages");
  user = confab_json_peek_object (messages, row->user_id);
  if (user == NULL) {
    user = json_object_new ();
    json_object_set_object_member (messages, row->user_id, user);
  }
  json_object_set_object_member (user, row->device_id, content);
  g_array_append_val (batch->ids, row->id);
  batch->urgent = batch->urgent || is_call (row);
}

static gboolean
flag_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  *(gboolean *) data = confab_store_row_get_int (row, 0) != 0;
  return TRUE;
}

/* Clear text only when it was asked for, in a room that is known and known not to be encrypted. */
static gboolean
may_be_clear (ConfabStoreTransaction *transaction, const Row *row, gboolean *may, GError **error)
{
  *may = row->security == CONFAB_SIGNALLING_CLEAR && strcmp (row->type, CONFAB_WITHHELD_TYPE) == 0;
  if (*may)
    return TRUE;
  if (row->security != CONFAB_SIGNALLING_CLEAR || row->room_id == NULL)
    return TRUE;
  return confab_store_query (
    transaction,
    flag_row_cb,
    may,
    error,
    "SELECT NOT EXISTS (SELECT 1 FROM state WHERE state.room_id = rooms.room_id AND "
    "type = 'm.room.encryption' AND state_key = '') FROM rooms WHERE room_id = ?",
    "s",
    row->room_id);
}

/* Whether @row, which was on its way, may go out as it was: not when its device is blocked by now, nor in clear when its
 * room is encrypted by now. Then it goes out as another request. */
static gboolean
check_repeated (ConfabStoreTransaction *transaction,
                ConfabOutboxBatch *batch,
                const Row *row,
                gboolean *may,
                GError **error)
{
  gboolean blocked = FALSE;

  *may = TRUE;
  if (strcmp (row->type, CONFAB_WITHHELD_TYPE) == 0)
    return TRUE;
  if (!confab_device_list_is_blocked (transaction, row->user_id, row->device_id, &blocked, error))
    return FALSE;
  if (blocked) {
    *may = FALSE;
    g_array_append_val (batch->blocked, row->id);
    return delete_row (transaction, row->id, error);
  }
  if (g_strcmp0 (row->wire_type, row->type) != 0)
    return TRUE;
  return may_be_clear (transaction, row, may, error) &&
         (*may || confab_store_exec (transaction,
                                     error,
                                     "UPDATE outbox SET state = 0, wire_type = NULL, "
                                     "wire_content = NULL, txn_id = NULL WHERE id = ?",
                                     "i",
                                     row->id));
}

/* A request whose fate is not known goes out again as it was, but for what may not any more or is damaged meanwhile: should
 * the server have taken it, it has that, too. */
static gboolean
repeat_batch (ConfabStoreTransaction *transaction,
              ConfabOutboxBatch *batch,
              GPtrArray *rows,
              GError **error)
{
  for (guint i = 0; i < rows->len; i++) {
    const Row *row = rows->pdata[i];
    g_autoptr (JsonObject) content = NULL;
    gboolean may;
    if (row->txn_id == NULL || (batch->txn_id != NULL && strcmp (row->txn_id, batch->txn_id) != 0))
      continue;
    if (!check_repeated (transaction, batch, row, &may, error))
      return FALSE;
    if (!may) {
      batch->changed = TRUE;
      continue;
    }
    content = row->wire_type != NULL ? parse_row_content (row->wire_content) : NULL;
    if (content == NULL) {
      if (!lose_row (transaction, batch, row, error))
        return FALSE;
      continue;
    }
    if (batch->txn_id == NULL) {
      batch->txn_id = g_strdup (row->txn_id);
      batch->wire_type = g_strdup (row->wire_type);
    }
    add_to_batch (batch, row, g_steal_pointer (&content));
  }
  return TRUE;
}

/* @wire stays NULL when there is no session with the device. */
static gboolean
encrypt_row (ConfabStoreTransaction *transaction,
             ConfabOutboxBatch *batch,
             const Row *row,
             JsonObject *content,
             char **wire,
             GError **error)
{
  g_autoptr (ConfabDeviceKeys) keys = NULL;
  ConfabOutboxDevice *device;

  if (!confab_device_list_lookup (transaction, row->user_id, row->device_id, NULL, &keys, error))
    return FALSE;
  if (keys != NULL &&
      !confab_olm_vault_encrypt (batch->vault, transaction, keys, row->type, content, wire, error))
    return FALSE;
  if (*wire != NULL)
    return TRUE;
  device = g_new (ConfabOutboxDevice, 1);
  *device = (ConfabOutboxDevice) { g_strdup (row->user_id), g_strdup (row->device_id) };
  g_ptr_array_add (batch->missing, device);
  return TRUE;
}

static gboolean
take_row (ConfabStoreTransaction *transaction,
          ConfabOutboxBatch *batch,
          const Row *row,
          GError **error)
{
  gboolean clear = FALSE;
  gboolean blocked = FALSE;
  const char *wire_type;
  /* Whoever put it in may have encrypted it. */
  const char *source = row->wire_content != NULL ? row->wire_content : row->content;
  g_autofree char *wire = NULL;
  g_autoptr (JsonObject) content = NULL;

  if (!may_be_clear (transaction, row, &clear, error) ||
      !confab_device_list_is_blocked (transaction, row->user_id, row->device_id, &blocked, error))
    return FALSE;
  if (blocked && strcmp (row->type, CONFAB_WITHHELD_TYPE) != 0) {
    g_array_append_val (batch->blocked, row->id);
    return delete_row (transaction, row->id, error);
  }
  wire_type = clear ? row->type : "m.room.encrypted";
  /* One request is of one type; others wait for the next. */
  if (batch->wire_type != NULL && strcmp (batch->wire_type, wire_type) != 0)
    return TRUE;
  content = parse_row_content (source);
  if (content == NULL)
    return lose_row (transaction, batch, row, error);
  if (clear || row->wire_content != NULL)
    wire = g_strdup (source);
  else if (!encrypt_row (transaction, batch, row, content, &wire, error))
    return FALSE;
  if (wire == NULL)
    return TRUE;
  if (batch->txn_id == NULL) {
    batch->txn_id = g_uuid_string_random ();
    batch->wire_type = g_strdup (wire_type);
  }
  add_to_batch (batch, row, confab_json_parse_object (wire, -1, NULL));
  return confab_store_exec (
    transaction,
    error,
    "UPDATE outbox SET state = 1, wire_type = ?, wire_content = ?, txn_id = ? WHERE id = ?",
    "sssi",
    wire_type,
    wire,
    batch->txn_id,
    row->id);
}

/**
 * confab_outbox_batch_func:
 *
 * A #ConfabStoreFunc over a #ConfabOutboxBatch: what was on its way goes out again; otherwise the first message of
 * each device is encrypted, and written down, for the next request.
 */
gboolean
confab_outbox_batch_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  ConfabOutboxBatch *batch = data;
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (row_free);
  Reading reading = { batch, rows };

  if (!drop_stale (transaction, batch, error) ||
      !confab_store_query (transaction,
                           waiting_row_cb,
                           &reading,
                           error,
                           SELECT_ROWS "WHERE id IN (SELECT min (id) FROM outbox "
                                       "GROUP BY user_id, device_id) ORDER BY id",
                           NULL) ||
      !repeat_batch (transaction, batch, rows, error))
    return FALSE;
  /* What is damaged is no row any more. */
  if (batch->txn_id != NULL || batch->changed || batch->damaged->len > 0)
    return TRUE;
  for (guint i = 0; batch->ids->len < MAX_DEVICES && i < rows->len; i++) {
    const Row *row = rows->pdata[i];
    g_autofree char *key = confab_outbox_device_key (row->user_id, row->device_id);

    if (g_hash_table_contains (batch->fetching, key))
      continue;
    if (!take_row (transaction, batch, row, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
confab_outbox_insert (ConfabStoreTransaction *transaction,
                      const char *room_id,
                      const char *user_id,
                      const char *device_id,
                      const char *type,
                      const char *content,
                      ConfabSignallingSecurity security,
                      gint64 now_ms,
                      gint64 *id,
                      GError **error)
{
  gint64 inserted = 0;

  if (!confab_store_exec (
        transaction,
        error,
        "INSERT INTO outbox (room_id, user_id, device_id, type, content, security, "
        "created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        "sssssii",
        room_id,
        user_id,
        device_id,
        type,
        content,
        (gint64) security,
        now_ms) ||
      !confab_store_query (transaction,
                           confab_store_row_take_int,
                           &inserted,
                           error,
                           "SELECT last_insert_rowid ()",
                           NULL))
    return FALSE;
  if (id != NULL)
    *id = inserted;
  return TRUE;
}

gboolean
confab_outbox_insert_encrypted (ConfabStoreTransaction *transaction,
                                const char *room_id,
                                const char *user_id,
                                const char *device_id,
                                const char *type,
                                const char *wire,
                                gint64 now_ms,
                                GError **error)
{
  return confab_store_exec (
    transaction,
    error,
    "INSERT INTO outbox (room_id, user_id, device_id, type, content, security, "
    "wire_type, wire_content, created_at) VALUES (?, ?, ?, ?, '{}', ?, 'm.room.encrypted', ?, ?)",
    "ssssisi",
    room_id,
    user_id,
    device_id,
    type,
    (gint64) CONFAB_SIGNALLING_ENCRYPTED,
    wire,
    now_ms);
}
