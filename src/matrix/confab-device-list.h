/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <libdex.h>

#include "confab-clock.h"
#include "confab-device-keys.h"
#include "confab-homeserver.h"
#include "confab-store.h"

G_BEGIN_DECLS

/**
 * ConfabDeviceList:
 *
 * Whose devices are followed, and which they are. What is stale is marked in the store, so that a kill between a
 * sync and the query loses nothing. The functions that take a transaction run on the store's thread.
 *
 * Signal `refused` (message, user id): a device's keys were not as they have to be.
 */
#define CONFAB_TYPE_DEVICE_LIST (confab_device_list_get_type ())
G_DECLARE_FINAL_TYPE (ConfabDeviceList, confab_device_list, CONFAB, DEVICE_LIST, GObject)

ConfabDeviceList *
confab_device_list_new (ConfabStore *store, ConfabHomeserver *homeserver, ConfabClock *clock)
  G_GNUC_WARN_UNUSED_RESULT;
/* Asks for every list that is stale, once for all who call at the same time. Resolves to true when the server was
 * asked; a user whose server is away stays stale, and is asked for again after 15 s. */
DexFuture *confab_device_list_update (ConfabDeviceList *self) G_GNUC_WARN_UNUSED_RESULT;
void confab_device_list_stop (ConfabDeviceList *self);

gboolean
confab_device_list_track (ConfabStoreTransaction *transaction, const char *user_id, GError **error);
/* Follows @user_id, and asks anew even if its list was fresh: it seems to have a device that is not in it. */
gboolean confab_device_list_require (ConfabStoreTransaction *transaction,
                                     const char *user_id,
                                     GError **error);
gboolean confab_device_list_mark_changed (ConfabStoreTransaction *transaction,
                                          const char *user_id,
                                          GError **error);
gboolean confab_device_list_mark_left (ConfabStoreTransaction *transaction,
                                       const char *user_id,
                                       GError **error);
gboolean confab_device_list_is_stale (ConfabStoreTransaction *transaction,
                                      const char *user_id,
                                      gboolean *stale,
                                      GError **error);
/* By id, or by Curve25519 key when @device_id is NULL. @keys is NULL when there is no such device. */
gboolean confab_device_list_lookup (ConfabStoreTransaction *transaction,
                                    const char *user_id,
                                    const char *device_id,
                                    const char *curve25519,
                                    ConfabDeviceKeys **keys,
                                    GError **error);

/* A blocked device is given nothing and not listened to, whether it is in the list or not. */
gboolean confab_device_list_set_blocked (ConfabStoreTransaction *transaction,
                                         const char *user_id,
                                         const char *device_id,
                                         gboolean blocked,
                                         GError **error);
gboolean confab_device_list_is_blocked (ConfabStoreTransaction *transaction,
                                        const char *user_id,
                                        const char *device_id,
                                        gboolean *blocked,
                                        GError **error);

G_END_DECLS
