/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <libdex.h>

#include "confab-clock.h"
#include "confab-homeserver.h"
#include "confab-store.h"
#include "confab-sync-batch.h"

G_BEGIN_DECLS

typedef struct _ConfabOutbox ConfabOutbox;

/**
 * ConfabOlmMachine:
 *
 * End-to-end encryption of one device: its keys, the devices of others, Olm sessions and the #ConfabOutbox. All of
 * its state is in the store; no ratchet is kept in memory. Main thread, but for confab_olm_machine_receive().
 *
 * Signals, in the main thread: `inbox-changed` when rows came into `inbox` outside of a sync (a message that
 * waited for its sender's keys); `warning` (message, user id) when a message could not be decrypted or was
 * refused.
 */
#define CONFAB_TYPE_OLM_MACHINE (confab_olm_machine_get_type ())
G_DECLARE_FINAL_TYPE (ConfabOlmMachine, confab_olm_machine, CONFAB, OLM_MACHINE, GObject)

/* @pickle_key: 32 random bytes that are kept in the keyring; everything secret in the store is encrypted with it. */
ConfabOlmMachine *confab_olm_machine_new (ConfabStore *store,
                                          ConfabHomeserver *homeserver,
                                          ConfabClock *clock,
                                          const char *user_id,
                                          const char *device_id,
                                          GBytes *pickle_key) G_GNUC_WARN_UNUSED_RESULT;

/* Makes and uploads what the server lacks of our keys, and goes on with the outbox. Resolves to true; rejects when
 * the store fails, the pickle key is wrong (CONFAB_CRYPTO_ERROR) or the server cannot be reached: then the next
 * confab_olm_machine_after_sync() tries again, and everything else works meanwhile. */
DexFuture *confab_olm_machine_start (ConfabOlmMachine *self) G_GNUC_WARN_UNUSED_RESULT;
/* Ends everything that runs; resolves to true when nothing does any more. */
DexFuture *confab_olm_machine_stop (ConfabOlmMachine *self) G_GNUC_WARN_UNUSED_RESULT;

/* Store's thread, in the transaction that stores @batch's token, after its rooms: device lists, key counts, and
 * every device message about calls, decrypted and checked, as rows of `inbox` (device_id NULL when it came in clear
 * text). Bad messages are no error: it fails only when the store does, or with a wrong pickle key. */
gboolean confab_olm_machine_receive (ConfabOlmMachine *self,
                                     ConfabStoreTransaction *transaction,
                                     const ConfabSyncBatch *batch,
                                     GError **error);
/* Main thread, when that transaction was committed: uploads keys, asks for device lists, replaces sessions. */
void confab_olm_machine_after_sync (ConfabOlmMachine *self);

/* People whose devices calls will need soon (in a call, or in an encrypted room on the screen): their device lists
 * are fetched in the background and followed from then on. */
void confab_olm_machine_track_users (ConfabOlmMachine *self, const char *const *user_ids);

ConfabOutbox *confab_olm_machine_get_outbox (ConfabOlmMachine *self);

G_END_DECLS
