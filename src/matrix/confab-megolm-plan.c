/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-megolm-plan-private.h"

#include "confab-device-list.h"
#include "confab-json.h"
#include "confab-megolm-vault.h"
#include "confab-room-outbox.h"
#include "confab-sync-store.h"

#include <string.h>

/* What a room may ask for: less would be a new session for each message, more would be none ever. */
#define DEFAULT_PERIOD_MS (G_GINT64_CONSTANT (7) * 24 * 60 * 60 * 1000)
#define MIN_PERIOD_MS (G_GINT64_CONSTANT (60) * 60 * 1000)
#define DEFAULT_MESSAGES 100
#define MAX_MESSAGES 10000

#define CLAIM_AGAIN_MS (5 * 60 * 1000)

void
confab_megolm_plan_clear (ConfabMegolmPlan *self)
{
  g_clear_pointer (&self->claim, g_ptr_array_unref);
  g_clear_pointer (&self->wire, g_free);
  g_clear_pointer (&self->rows, g_array_unref);
}

/* ---- the room ---- */

static gboolean
read_room (ConfabStoreTransaction *transaction,
           ConfabMegolmPlan *plan,
           ConfabMegolmLimits *limits,
           GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (JsonObject) encryption = NULL;
  gint64 known = 0;

  plan->status = CONFAB_MEGOLM_UNKNOWN_ROOM;
  if (!confab_store_query (transaction,
                           confab_store_row_take_int,
                           &known,
                           error,
                           "SELECT 1 FROM rooms WHERE room_id = ?",
                           "s",
                           plan->room_id) ||
      !confab_store_query (transaction,
                           confab_store_row_take_string,
                           &text,
                           error,
                           "SELECT content FROM state WHERE room_id = ? AND "
                           "type = 'm.room.encryption' AND state_key = ''",
                           "s",
                           plan->room_id))
    return FALSE;
  if (known == 0)
    return TRUE;
  plan->status = CONFAB_MEGOLM_CLEAR;
  if (text == NULL)
    return TRUE;
  encryption = confab_json_parse_object (text, -1, NULL);
  if (g_strcmp0 (confab_json_peek_string (encryption, "algorithm"), CONFAB_MEGOLM_ALGORITHM) != 0) {
    plan->status = CONFAB_MEGOLM_UNSUPPORTED;
    return TRUE;
  }
  plan->status = CONFAB_MEGOLM_ENCRYPTED;
  limits->period_ms = CLAMP (confab_json_peek_int (encryption,
                                                   "rotation_period_ms",
                                                   DEFAULT_PERIOD_MS),
                             MIN_PERIOD_MS,
                             DEFAULT_PERIOD_MS);
  limits->n_messages = CLAMP (
    confab_json_peek_int (encryption, "rotation_period_msgs", DEFAULT_MESSAGES), 1, MAX_MESSAGES);
  return TRUE;
}

static gboolean
is_behind (ConfabStoreTransaction *transaction,
           const ConfabMegolmPlan *plan,
           gboolean *behind,
           GError **error)
{
  g_autofree char *since = NULL;

  if (!confab_sync_store_get_meta (transaction, "since", &since, error))
    return FALSE;
  *behind = g_strcmp0 (since != NULL ? since : "", plan->shown != NULL ? plan->shown : "") != 0;
  return TRUE;
}

/* ---- its devices ---- */

static void
device_free (gpointer data)
{
  ConfabMegolmDevice *device = data;

  confab_device_keys_free (device->keys);
  g_free (device);
}

static gboolean
device_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  ConfabMegolmDevice *device = g_new0 (ConfabMegolmDevice, 1);

  device->keys = g_new0 (ConfabDeviceKeys, 1);
  device->keys->user_id = g_strdup (confab_store_row_get_string (row, 0));
  device->keys->device_id = g_strdup (confab_store_row_get_string (row, 1));
  device->keys->curve25519 = g_strdup (confab_store_row_get_string (row, 2));
  device->keys->ed25519 = g_strdup (confab_store_row_get_string (row, 3));
  device->keys->json = g_strdup (confab_store_row_get_string (row, 4));
  device->blocked = confab_store_row_get_int (row, 5) != 0;
  device->has_olm = confab_store_row_get_int (row, 6) != 0;
  device->given_index = -1;
  g_ptr_array_add (data, device);
  return TRUE;
}

/* Everybody's but our own, which has the session. Their lists are followed from now on. */
static gboolean
read_devices (ConfabStoreTransaction *transaction,
              const ConfabMegolmPlan *plan,
              GPtrArray *devices,
              gboolean *any_stale,
              GError **error)
{
  *any_stale = FALSE;
  for (guint i = 0; plan->members[i] != NULL; i++) {
    gboolean stale = TRUE;
    if (!confab_device_list_track (transaction, plan->members[i], error) ||
        !confab_device_list_is_stale (transaction, plan->members[i], &stale, error) ||
        !confab_store_query (transaction,
                             device_row_cb,
                             devices,
                             error,
                             "SELECT user_id, device_id, curve25519, ed25519, json, "
                             "EXISTS (SELECT 1 FROM blocked_devices AS b WHERE b.user_id = "
                             "devices.user_id AND b.device_id = devices.device_id), "
                             "EXISTS (SELECT 1 FROM olm_sessions WHERE sender_key = curve25519) "
                             "FROM devices WHERE user_id = ?1 AND NOT (user_id = ?2 AND "
                             "device_id = ?3) ORDER BY device_id",
                             "sss",
                             plan->members[i],
                             plan->vault->user_id,
                             plan->vault->device_id))
      return FALSE;
    *any_stale = *any_stale || stale;
  }
  return TRUE;
}

/* ---- the plan ---- */

/* Who was told that no session can be had is not asked for keys with each message, but now and then: should they begin
 * one meanwhile, there it is. */
static gboolean
is_due (ConfabStoreTransaction *transaction,
        const ConfabMegolmPlan *plan,
        const ConfabDeviceKeys *keys,
        gboolean *due,
        GError **error)
{
  gint64 tried_at = 0;

  if (!confab_store_query (transaction,
                           confab_store_row_take_int,
                           &tried_at,
                           error,
                           "SELECT tried_at FROM megolm_no_olm WHERE user_id = ? AND device_id = ?",
                           "ss",
                           keys->user_id,
                           keys->device_id))
    return FALSE;
  *due = ABS (plan->now_ms - tried_at) >= CLAIM_AGAIN_MS;
  return !*due || confab_store_exec (
                    transaction,
                    error,
                    "UPDATE megolm_no_olm SET tried_at = ? WHERE user_id = ? AND device_id = ?",
                    "iss",
                    plan->now_ms,
                    keys->user_id,
                    keys->device_id);
}

static gboolean
find_claims (ConfabStoreTransaction *transaction,
             ConfabMegolmPlan *plan,
             GPtrArray *devices,
             GError **error)
{
  g_clear_pointer (&plan->claim, g_ptr_array_unref);
  plan->claim = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_device_keys_free);
  for (guint i = 0; i < devices->len; i++) {
    const ConfabMegolmDevice *device = devices->pdata[i];
    gboolean due = FALSE;

    if (device->blocked || device->has_olm)
      continue;
    if (!is_due (transaction, plan, device->keys, &due, error))
      return FALSE;
    if (due)
      g_ptr_array_add (plan->claim, confab_device_keys_copy (device->keys));
  }
  return TRUE;
}

gboolean
confab_megolm_plan_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  ConfabMegolmPlan *plan = data;
  g_autoptr (GPtrArray) devices = g_ptr_array_new_with_free_func (device_free);
  ConfabMegolmLimits limits = { 0 };
  gboolean flag = FALSE;

  if (!read_room (transaction, plan, &limits, error))
    return FALSE;
  if (plan->status == CONFAB_MEGOLM_CLEAR && plan->row != 0)
    return confab_room_outbox_set_wire (transaction, plan->row, plan->type, NULL, error);
  if (plan->status != CONFAB_MEGOLM_ENCRYPTED || plan->members == NULL)
    return TRUE;
  if (!is_behind (transaction, plan, &flag, error))
    return FALSE;
  if (flag) {
    plan->status = CONFAB_MEGOLM_BEHIND;
    return TRUE;
  }
  if (!read_devices (transaction, plan, devices, &flag, error))
    return FALSE;
  if (flag && !plan->asked) {
    plan->status = CONFAB_MEGOLM_NEEDS_LISTS;
    return TRUE;
  }
  if (!plan->claimed) {
    if (!find_claims (transaction, plan, devices, error))
      return FALSE;
    plan->status = CONFAB_MEGOLM_NEEDS_KEYS;
    if (plan->claim->len > 0)
      return TRUE;
  }
  return confab_megolm_share_and_encrypt (transaction, plan, &limits, devices, error) &&
         (plan->row == 0 || plan->status != CONFAB_MEGOLM_READY ||
          confab_room_outbox_set_wire (
            transaction, plan->row, "m.room.encrypted", plan->wire, error));
}

gboolean
confab_megolm_plan_rows_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_megolm_read_rows (transaction, data, error);
}
