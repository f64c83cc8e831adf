/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-olm-vault.h"

G_BEGIN_DECLS

#define CONFAB_MEGOLM_ALGORITHM "m.megolm.v1.aes-sha2"

/* The keys of rooms, on the store's thread, each in the caller's transaction. A bad key is no error: these functions fail
 * only when the store does, or with a wrong pickle key. */

/* The content of an `m.room_key` that came through Olm, from a device that is in its user's list. */
gboolean confab_megolm_vault_take_key (ConfabOlmVault *vault,
                                       ConfabStoreTransaction *transaction,
                                       const ConfabDeviceKeys *from,
                                       JsonObject *content,
                                       gint64 now_ms,
                                       ConfabOlmNews *news,
                                       GError **error);
/* A payload that has to wait for its sender's device is stored so that its room key, if it has one, is of no use to
 * whoever reads the store: NULL when it has none, or none that is any good. */
char *
confab_megolm_vault_seal_key (ConfabOlmVault *vault, JsonObject *payload) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
