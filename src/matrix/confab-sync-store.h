/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-store.h"
#include "confab-sync-batch.h"

G_BEGIN_DECLS

/* Rooms in the store. All run on the store's thread. */
gboolean confab_sync_store_apply (ConfabStoreTransaction *transaction,
                                  ConfabSyncBatch *batch,
                                  GError **error);
/* What the server says of somebody when it is asked: a sync knows better. */
gboolean confab_sync_store_add_member (ConfabStoreTransaction *transaction,
                                       const char *room_id,
                                       const char *user_id,
                                       const char *membership,
                                       const char *display_name,
                                       const char *avatar_url,
                                       GError **error);
/* A call is over. */
gboolean confab_sync_store_forget_call (ConfabStoreTransaction *transaction,
                                        const char *room_id,
                                        const char *call_id,
                                        GError **error);
/* Which rooms: those with a call come first, so that what rings is known before a large account is read. */
typedef enum {
  CONFAB_SYNC_STORE_ALL,
  CONFAB_SYNC_STORE_WITH_CALLS, /* costs what these rooms cost, however many others there are */
  CONFAB_SYNC_STORE_WITHOUT_CALLS,
} ConfabSyncStorePart;
/* What is kept, as if one sync had brought it; next_batch is empty when there was none yet. */
ConfabSyncBatch *confab_sync_store_load (ConfabStoreTransaction *transaction,
                                         ConfabSyncStorePart part,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean confab_sync_store_set_meta (ConfabStoreTransaction *transaction,
                                     const char *key,
                                     const char *value,
                                     GError **error);
/* @value: (out) (nullable): %NULL when it is not there */
gboolean confab_sync_store_get_meta (ConfabStoreTransaction *transaction,
                                     const char *key,
                                     char **value,
                                     GError **error);

/* When the last sync came, in µs since the epoch; 0 before there was one. */
gboolean confab_sync_store_set_synced_at (ConfabStoreTransaction *transaction,
                                          gint64 synced_at,
                                          GError **error);
gboolean confab_sync_store_get_synced_at (ConfabStoreTransaction *transaction,
                                          gint64 *synced_at,
                                          GError **error);

/* State event types that are kept and asked for; NULL-terminated. Members are beside. */
extern const char *const confab_sync_state_types[];

G_END_DECLS
