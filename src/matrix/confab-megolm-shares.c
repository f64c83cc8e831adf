/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-megolm-shares.h"

#include "confab-room-outbox.h"

typedef struct {
  GHashTable *by_name; /* “user|device” → (unowned) ConfabMegolmDevice: who may have the key */
  gboolean intruder;   /* somebody has it who may not */
} Shares;

static char *
device_name (const char *user_id, const char *device_id)
{
  return g_strconcat (user_id, "|", device_id, NULL);
}

static gboolean
share_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  Shares *shares = data;
  g_autofree char *name = device_name (confab_store_row_get_string (row, 0),
                                       confab_store_row_get_string (row, 1));
  ConfabMegolmDevice *device = g_hash_table_lookup (shares->by_name, name);
  gint64 state = confab_store_row_get_int (row, 4);

  if (device != NULL &&
      g_strcmp0 (device->keys->curve25519, confab_store_row_get_string (row, 2)) != 0)
    device = NULL; /* another one by the same name */
  if (state != CONFAB_MEGOLM_SHARE_WITHHELD && (device == NULL || device->blocked))
    shares->intruder = TRUE;
  if (device == NULL)
    return TRUE;
  if (state == CONFAB_MEGOLM_SHARE_GIVEN)
    device->given_index = confab_store_row_get_int (row, 3);
  device->withheld = state == CONFAB_MEGOLM_SHARE_WITHHELD;
  device->again = state == CONFAB_MEGOLM_SHARE_AGAIN;
  device->given_up = state == CONFAB_MEGOLM_SHARE_GIVEN_UP;
  device->n_refusals = confab_store_row_get_int (row, 5);
  return TRUE;
}

gboolean
confab_megolm_shares_read (ConfabStoreTransaction *transaction,
                           const char *room_id,
                           GPtrArray *devices,
                           gboolean *intruder,
                           GError **error)
{
  g_autoptr (GHashTable) by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Shares shares = { by_name, FALSE };

  for (guint i = 0; i < devices->len; i++) {
    ConfabMegolmDevice *device = devices->pdata[i];
    g_hash_table_insert (by_name,
                         device_name (device->keys->user_id, device->keys->device_id),
                         device);
  }
  if (!confab_store_query (transaction,
                           share_row_cb,
                           &shares,
                           error,
                           "SELECT user_id, device_id, curve25519, message_index, state, "
                           "refusals FROM megolm_shares WHERE room_id = ?",
                           "s",
                           room_id))
    return FALSE;
  *intruder = shares.intruder;
  return TRUE;
}

gboolean
confab_megolm_shares_note (ConfabStoreTransaction *transaction,
                           const char *room_id,
                           const ConfabDeviceKeys *keys,
                           gint64 index,
                           ConfabMegolmShare state,
                           GError **error)
{
  return confab_store_exec (transaction,
                            error,
                            "INSERT INTO megolm_shares (room_id, user_id, device_id, curve25519, "
                            "message_index, state) VALUES (?, ?, ?, ?, ?, ?) "
                            "ON CONFLICT DO UPDATE SET state = excluded.state, "
                            "message_index = excluded.message_index, "
                            "refusals = refusals * (curve25519 = excluded.curve25519), "
                            "curve25519 = excluded.curve25519",
                            "ssssii",
                            room_id,
                            keys->user_id,
                            keys->device_id,
                            keys->curve25519,
                            index,
                            (gint64) state);
}

gboolean
confab_megolm_shares_give_again (ConfabStoreTransaction *transaction,
                                 const char *user_id,
                                 const char *device_id,
                                 GError **error)
{
  return confab_store_exec (transaction,
                            error,
                            "UPDATE megolm_shares SET state = ?, refusals = 0 WHERE user_id = ? "
                            "AND device_id = ? AND state = ?",
                            "issi",
                            (gint64) CONFAB_MEGOLM_SHARE_AGAIN,
                            user_id,
                            device_id,
                            (gint64) CONFAB_MEGOLM_SHARE_GIVEN);
}

gboolean
confab_megolm_shares_refused (ConfabStoreTransaction *transaction,
                              const char *room_id,
                              const char *user_id,
                              const char *device_id,
                              GError **error)
{
  gint64 given = 0;

  /* What is on its way counts as given until it is refused, too. */
  return confab_store_exec (transaction,
                            error,
                            "UPDATE megolm_shares SET state = ?, refusals = refusals + 1 "
                            "WHERE room_id = ? AND user_id = ? AND device_id = ? AND state = ?",
                            "isssi",
                            (gint64) CONFAB_MEGOLM_SHARE_AGAIN,
                            room_id,
                            user_id,
                            device_id,
                            (gint64) CONFAB_MEGOLM_SHARE_GIVEN) &&
         confab_store_query (transaction,
                             confab_store_row_take_int,
                             &given,
                             error,
                             "SELECT EXISTS (SELECT 1 FROM megolm_shares WHERE room_id = ? AND "
                             "state = ?)",
                             "si",
                             room_id,
                             (gint64) CONFAB_MEGOLM_SHARE_GIVEN) &&
         (given != 0 || confab_room_outbox_drop_encrypted (transaction, room_id, error));
}
