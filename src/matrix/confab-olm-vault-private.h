/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-olm-vault.h"

G_BEGIN_DECLS

/* Pickled sessions with one device (GBytes), the last used first. */
gboolean confab_olm_vault_read_pickles (ConfabStoreTransaction *transaction,
                                        const char *curve25519,
                                        GPtrArray *pickles,
                                        GError **error);
/* Writes @session and makes it the one that is taken for sending. */
gboolean confab_olm_vault_write_newest_session (ConfabOlmVault *self,
                                                ConfabStoreTransaction *transaction,
                                                const char *curve25519,
                                                ConfabOlmSession *session,
                                                gint64 now_ms,
                                                GError **error);

G_END_DECLS
