/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-outbox-private.h"

#include "confab-key-claim.h"
#include "confab-outbox-store.h"
#include "confab-store-future.h"

/* Keys of the devices that #ConfabOutbox has something for. */

typedef struct {
  ConfabOutbox *self;
  GPtrArray *devices; /* ConfabOutboxDevice */
  GPtrArray *claim;   /* ConfabDeviceKeys without a session */
  GArray *lost;       /* rows of devices whose keys cannot be had */
  gboolean query;     /* some device is not known */
  gboolean last;      /* what has no session now is given up */
} Fetch;

static void
fetch_free (gpointer data)
{
  Fetch *fetch = data;

  g_object_unref (fetch->self);
  g_ptr_array_unref (fetch->devices);
  g_ptr_array_unref (fetch->claim);
  g_array_unref (fetch->lost);
  g_free (fetch);
}

static gboolean
look_at_device (ConfabStoreTransaction *transaction,
                Fetch *fetch,
                const ConfabOutboxDevice *device,
                GError **error)
{
  g_autoptr (ConfabDeviceKeys) keys = NULL;
  gboolean has = FALSE;

  if (!confab_device_list_lookup (
        transaction, device->user_id, device->device_id, NULL, &keys, error) ||
      (keys != NULL && !confab_olm_vault_has_session (transaction, keys->curve25519, &has, error)))
    return FALSE;
  if (has)
    return TRUE;
  if (fetch->last)
    return confab_store_query (
      transaction,
      confab_store_row_add_int,
      fetch->lost,
      error,
      "SELECT id FROM outbox WHERE user_id = ? AND device_id = ? AND txn_id IS NULL AND "
      "wire_content IS NULL",
      "ss",
      device->user_id,
      device->device_id);
  if (keys != NULL) {
    g_ptr_array_add (fetch->claim, g_steal_pointer (&keys));
    return TRUE;
  }
  fetch->query = TRUE;
  return confab_device_list_require (transaction, device->user_id, error);
}

static gboolean
look_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Fetch *fetch = data;

  fetch->query = FALSE;
  g_ptr_array_set_size (fetch->claim, 0);
  for (guint i = 0; i < fetch->devices->len; i++) {
    if (!look_at_device (transaction, fetch, fetch->devices->pdata[i], error))
      return FALSE;
  }
  return !fetch->last || confab_outbox_delete_func (transaction, fetch->lost, error);
}

static gboolean
fetch_keys (Fetch *fetch, GError **error)
{
  ConfabOutbox *self = fetch->self;

  if (!dex_await (confab_store_future (self->store, look_func, fetch), error))
    return FALSE;
  if (fetch->query && (!dex_await (confab_device_list_update (self->devices), error) ||
                       !dex_await (confab_store_future (self->store, look_func, fetch), error)))
    return FALSE;
  if (fetch->claim->len > 0 &&
      !dex_await (
        confab_key_claim (self->store, self->homeserver, self->clock, self->vault, fetch->claim),
        error))
    return FALSE;
  fetch->last = TRUE;
  return dex_await (confab_store_future (self->store, look_func, fetch), error);
}

static DexFuture *
confab_outbox_fetch_fiber (gpointer data)
{
  Fetch *fetch = data;
  ConfabOutbox *self = fetch->self;
  g_autoptr (GError) error = NULL;

  if (fetch_keys (fetch, &error)) {
    self->n_failures = 0;
    confab_outbox_answer_code (self,
                               fetch->lost,
                               CONFAB_SIGNALLING_ERROR_NO_KEYS,
                               "the device's keys cannot be had");
  } else if (!self->stopped) {
    g_info ("cannot fetch keys: %s", error->message);
    confab_outbox_pause_after_failure (self,
                                       error); /* the pump finds them missing again, or too old */
  }
  for (guint i = 0; i < fetch->devices->len; i++) {
    const ConfabOutboxDevice *device = fetch->devices->pdata[i];
    g_autofree char *key = confab_outbox_device_key (device->user_id, device->device_id);
    g_hash_table_remove (self->fetching, key);
  }
  self->n_fetching--;
  confab_outbox_kick (self);
  confab_outbox_check_idle (self);
  return dex_future_new_true ();
}

void
confab_outbox_start_fetch (ConfabOutbox *self, GPtrArray *missing)
{
  Fetch *fetch;

  if (missing->len == 0)
    return;
  for (guint i = 0; i < missing->len; i++) {
    const ConfabOutboxDevice *device = missing->pdata[i];
    g_hash_table_add (self->fetching,
                      confab_outbox_device_key (device->user_id, device->device_id));
  }
  fetch = g_new0 (Fetch, 1);
  fetch->self = g_object_ref (self);
  fetch->devices = g_ptr_array_ref (missing);
  fetch->claim = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_device_keys_free);
  fetch->lost = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->n_fetching++;
  dex_future_disown (dex_scheduler_spawn (NULL, 0, confab_outbox_fetch_fiber, fetch, fetch_free));
}
