/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-olm-vault.h"

G_BEGIN_DECLS

/* The sessions with one device, the last used first. What the disk has spoilt is none, and goes: there can be another. */
gboolean confab_olm_vault_read_sessions (ConfabOlmVault *self,
                                         ConfabStoreTransaction *transaction,
                                         const char *curve25519,
                                         GPtrArray *sessions,
                                         GError **error);
/* Writes @session and makes it the one that is taken for sending. */
gboolean confab_olm_vault_write_newest_session (ConfabOlmVault *self,
                                                ConfabStoreTransaction *transaction,
                                                const char *curve25519,
                                                ConfabOlmSession *session,
                                                gint64 now_ms,
                                                GError **error);

typedef enum {
  CONFAB_OLM_VERDICT_REFUSED,
  CONFAB_OLM_VERDICT_UNKNOWN_DEVICE,
  CONFAB_OLM_VERDICT_ACCEPTED,
} ConfabOlmVerdict;

gboolean confab_olm_vault_is_call_type (const char *type);
/* @payload: what came from @sender through a session with @sender_key. @keys: the device that it is from, when it is in
 * its user's list; @refusal: (unowned): why it is refused. */
gboolean confab_olm_vault_judge (ConfabOlmVault *self,
                                 ConfabStoreTransaction *transaction,
                                 const char *sender,
                                 const char *sender_key,
                                 JsonObject *payload,
                                 ConfabOlmVerdict *verdict,
                                 ConfabDeviceKeys **keys,
                                 const char **refusal,
                                 GError **error);

G_END_DECLS
