/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-clock.h"
#include "confab-device-keys.h"
#include "confab-store.h"
#include "confab-sync-batch.h"

G_BEGIN_DECLS

/**
 * ConfabOlmVault:
 *
 * What #ConfabOlmMachine does on the store's thread: load a pickle, let it work, write it back, all in the caller's
 * transaction. It keeps no state of its own; immutable after confab_olm_vault_new().
 */
typedef struct {
  gatomicrefcount ref_count;
  char *user_id;
  char *device_id;
  GBytes *pickle_key;
} ConfabOlmVault;

/* What a batch led to, beside rows: who reads it reports and mends. */
typedef struct {
  GPtrArray *warnings;    /* pairs: message, user id */
  GPtrArray *undecrypted; /* pairs: user id, Curve25519 key: sessions that seem broken */
  guint n_inbox;
} ConfabOlmNews;

ConfabOlmVault *
confab_olm_vault_new (const char *user_id, const char *device_id, GBytes *pickle_key)
  G_GNUC_WARN_UNUSED_RESULT;
ConfabOlmVault *confab_olm_vault_ref (ConfabOlmVault *self) G_GNUC_WARN_UNUSED_RESULT;
void confab_olm_vault_unref (ConfabOlmVault *self);
ConfabOlmNews *confab_olm_news_new (void) G_GNUC_WARN_UNUSED_RESULT;
void confab_olm_news_free (ConfabOlmNews *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabOlmVault, confab_olm_vault_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabOlmNews, confab_olm_news_free)

/* Makes the account when there is none yet. @shared: whether its device keys were uploaded. */
ConfabOlmAccount *confab_olm_vault_load_account (ConfabOlmVault *self,
                                                 ConfabStoreTransaction *transaction,
                                                 gboolean *shared,
                                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean confab_olm_vault_save_account (ConfabOlmVault *self,
                                        ConfabStoreTransaction *transaction,
                                        ConfabOlmAccount *account,
                                        gboolean shared,
                                        GError **error);

/* The device keys, if there are any yet, are uploaded once more. */
gboolean confab_olm_vault_share_again (ConfabStoreTransaction *transaction, GError **error);

gboolean confab_olm_vault_has_session (ConfabStoreTransaction *transaction,
                                       const char *curve25519,
                                       gboolean *has,
                                       GError **error);
/* A session with @keys from a claimed key object, whose signature is checked: CONFAB_CRYPTO_ERROR when it is bad. */
gboolean confab_olm_vault_begin_session (ConfabOlmVault *self,
                                         ConfabStoreTransaction *transaction,
                                         const ConfabDeviceKeys *keys,
                                         JsonObject *signed_key,
                                         gint64 now_ms,
                                         GError **error);
/* The content of m.room.encrypted for @keys; @wire is NULL when there is no session. The ratchet is written. */
gboolean confab_olm_vault_encrypt (ConfabOlmVault *self,
                                   ConfabStoreTransaction *transaction,
                                   const ConfabDeviceKeys *keys,
                                   const char *type,
                                   JsonObject *content,
                                   char **wire,
                                   GError **error);

gboolean confab_olm_vault_receive (ConfabOlmVault *self,
                                   ConfabStoreTransaction *transaction,
                                   const ConfabSyncEvent *event,
                                   gint64 now_ms,
                                   ConfabOlmNews *news,
                                   GError **error);
/* Tries again what waits for its sender's device; older than 60 s, or a day for room keys, is dropped. */
gboolean confab_olm_vault_retry_waiting (ConfabOlmVault *self,
                                         ConfabStoreTransaction *transaction,
                                         gint64 now_ms,
                                         ConfabOlmNews *news,
                                         GError **error);

G_END_DECLS
