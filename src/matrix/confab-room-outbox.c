/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-room-outbox.h"

#include "confab-megolm-inbound.h"
#include "confab-megolm-outbound.h"
#include "confab-secret.h"

#include <string.h>

#define MAX_FLEETING_MS (60 * 1000)
/* So long a homeserver knows a transaction id at least (Synapse: a day); later the event might be there twice. */
#define MAX_AGE_MS (23 * 60 * 60 * 1000)

void
confab_room_outbox_event_free (ConfabRoomOutboxEvent *self)
{
  g_free (self->room_id);
  g_free (self->type);
  g_free (self->content);
  g_free (self->txn_id);
  g_free (self->wire_type);
  g_free (self->wire);
  g_free (self);
}

/* A hand that is raised, or a call that is made: later it says nothing any more. */
gint64
confab_room_outbox_max_age_ms (const char *type)
{
  return strcmp (type, "m.reaction") == 0 || g_str_has_prefix (type, "m.call.") ||
             g_str_has_prefix (type, "org.matrix.call.")
           ? MAX_FLEETING_MS
           : MAX_AGE_MS;
}

/* ---- what it says, kept from whoever has only the store ---- */

static gboolean
seal (ConfabOlmVault *vault, const char *text, GBytes **key, char **sealed, GError **error)
{
  g_autoptr (ConfabMegolmOutbound) session = confab_megolm_outbound_new (error);
  g_autoptr (ConfabMegolmInbound) reader = NULL;
  g_autoptr (ConfabSecret) session_key = NULL;

  if (session == NULL)
    return FALSE;
  session_key = confab_megolm_outbound_dup_key (session);
  reader = confab_megolm_inbound_new (session_key, error);
  if (reader == NULL)
    return FALSE;
  *key = confab_megolm_inbound_pickle (reader, vault->pickle_key, error);
  if (*key == NULL)
    return FALSE;
  *sealed = confab_megolm_outbound_encrypt (session, text, error);
  return *sealed != NULL;
}

static char *
unseal (ConfabOlmVault *vault, GBytes *key, const char *sealed, GError **error)
{
  g_autoptr (ConfabMegolmInbound) reader = confab_megolm_inbound_unpickle (key, vault->pickle_key, error);
  guint32 index;

  return reader != NULL ? confab_megolm_inbound_decrypt (reader, sealed, NULL, &index, error)
                        : NULL;
}

/* ---- rows ---- */

gboolean
confab_room_outbox_insert (ConfabOlmVault *vault,
                           ConfabStoreTransaction *transaction,
                           ConfabRoomOutboxEvent *event,
                           GError **error)
{
  g_autoptr (GBytes) key = NULL;
  g_autofree char *sealed = NULL;
  gint64 known = 0;

  event->id = 0;
  if (!confab_store_query (transaction,
                           confab_store_row_take_int,
                           &known,
                           error,
                           "SELECT 1 FROM rooms WHERE room_id = ?",
                           "s",
                           event->room_id))
    return FALSE;
  if (known == 0)
    return TRUE;
  return seal (vault, event->content, &key, &sealed, error) &&
         confab_store_exec (
           transaction,
           error,
           "INSERT INTO room_outbox (room_id, type, key, content, txn_id, created_at) "
           "VALUES (?, ?, ?, ?, ?, ?)",
           "ssbssi",
           event->room_id,
           event->type,
           key,
           sealed,
           event->txn_id,
           event->created_at) &&
         confab_store_query (transaction,
                             confab_store_row_take_int,
                             &event->id,
                             error,
                             "SELECT last_insert_rowid ()",
                             NULL);
}

typedef struct {
  ConfabOlmVault *vault;
  gint64 now_ms;
  GPtrArray *events;
  GArray *dropped; /* gint64 */
} Read;

static gboolean
event_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  Read *read = data;
  g_autoptr (ConfabRoomOutboxEvent) event = g_new0 (ConfabRoomOutboxEvent, 1);
  g_autoptr (GBytes) key = confab_store_row_get_bytes (row, 3);
  g_autoptr (GError) why = NULL;

  event->id = confab_store_row_get_int (row, 0);
  event->room_id = g_strdup (confab_store_row_get_string (row, 1));
  event->type = g_strdup (confab_store_row_get_string (row, 2));
  event->txn_id = g_strdup (confab_store_row_get_string (row, 5));
  event->wire_type = g_strdup (confab_store_row_get_string (row, 6));
  event->wire = g_strdup (confab_store_row_get_string (row, 7));
  event->created_at = confab_store_row_get_int (row, 8);
  if (ABS (read->now_ms - event->created_at) < confab_room_outbox_max_age_ms (event->type))
    event->content = unseal (read->vault, key, confab_store_row_get_string (row, 4), &why);
  if (event->content != NULL) {
    g_ptr_array_add (read->events, g_steal_pointer (&event));
    return TRUE;
  }
  /* One that is damaged does not keep the others. */
  g_info ("an event for %s is not sent any more: %s",
          event->room_id,
          why != NULL ? why->message : "it is too old");
  g_array_append_val (read->dropped, event->id);
  return TRUE;
}

gboolean
confab_room_outbox_read (ConfabOlmVault *vault,
                         ConfabStoreTransaction *transaction,
                         gint64 now_ms,
                         GPtrArray *events,
                         GError **error)
{
  g_autoptr (GArray) dropped = g_array_new (FALSE, FALSE, sizeof (gint64));
  Read read = { vault, now_ms, events, dropped };

  if (!confab_store_query (transaction,
                           event_row_cb,
                           &read,
                           error,
                           "SELECT id, room_id, type, key, content, txn_id, wire_type, wire, "
                           "created_at FROM room_outbox ORDER BY id",
                           NULL))
    return FALSE;
  for (guint i = 0; i < dropped->len; i++) {
    if (!confab_room_outbox_delete (transaction, g_array_index (dropped, gint64, i), error))
      return FALSE;
  }
  return TRUE;
}

gboolean
confab_room_outbox_set_wire (ConfabStoreTransaction *transaction,
                             gint64 id,
                             const char *wire_type,
                             const char *wire,
                             GError **error)
{
  return confab_store_exec (transaction,
                            error,
                            "UPDATE room_outbox SET wire_type = ?, wire = ? WHERE id = ?",
                            "ssi",
                            wire_type,
                            wire,
                            id);
}

gboolean
confab_room_outbox_delete (ConfabStoreTransaction *transaction, gint64 id, GError **error)
{
  return confab_store_exec (transaction, error, "DELETE FROM room_outbox WHERE id = ?", "i", id);
}

gboolean
confab_room_outbox_has (ConfabStoreTransaction *transaction,
                        gint64 id,
                        gboolean *there,
                        GError **error)
{
  gint64 n = 0;

  if (!confab_store_query (transaction,
                           confab_store_row_take_int,
                           &n,
                           error,
                           "SELECT count (*) FROM room_outbox WHERE id = ?",
                           "i",
                           id))
    return FALSE;
  *there = n > 0;
  return TRUE;
}

gboolean
confab_room_outbox_drop_encrypted (ConfabStoreTransaction *transaction,
                                   const char *room_id,
                                   GError **error)
{
  return confab_store_exec (
    transaction,
    error,
    "DELETE FROM room_outbox WHERE wire_type = 'm.room.encrypted' AND room_id = ?",
    "s",
    room_id);
}
