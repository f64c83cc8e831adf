/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-json.h"
#include "confab-room-private.h"
#include "confab-schema.h"
#include "confab-sync-store.h"

/* What a homeserver says in a sync: read, stored, shown, loaded again, shown again. */
static ConfabStore *store;
static ConfabHomeserver *homeserver;

typedef struct {
  ConfabSyncBatch *batch;
  ConfabSyncBatch *loaded;
} Trip;

static gboolean
trip_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Trip *trip = data;

  if (!confab_sync_store_apply (transaction, trip->batch, error))
    return FALSE;
  trip->loaded = confab_sync_store_load (transaction, error);
  g_set_error_literal (error,
                       G_IO_ERROR,
                       G_IO_ERROR_CANCELLED,
                       "each run begins with an empty store");
  return FALSE;
}

static void
show (const ConfabSyncBatch *batch)
{
  g_autoptr (ConfabRoomList) list = confab_room_list_new ("@me:x", homeserver);

  confab_room_list_apply (list, batch);
}

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  dex_init ();
  store = confab_store_new (NULL, confab_schema_migrations, NULL);
  homeserver = confab_homeserver_new ("http://127.0.0.1:1");
  return 0;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (JsonObject) reply = confab_json_parse_object ((const char *) data, size, NULL);
  Trip trip = { 0 };

  if (reply == NULL)
    return 0;
  trip.batch = confab_sync_batch_new_from_v3 (reply, NULL);
  if (trip.batch == NULL)
    return 0;
  show (trip.batch);
  confab_store_run (store, trip_func, &trip, NULL);
  /* What was taken in must come out again: a store that cannot be read would end the account here. */
  g_assert (trip.loaded != NULL);
  show (trip.loaded);
  confab_sync_batch_unref (trip.loaded);
  confab_sync_batch_unref (trip.batch);
  return 0;
}
