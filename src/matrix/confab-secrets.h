/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <libdex.h>

G_BEGIN_DECLS

/**
 * ConfabSecrets:
 *
 * Where the access token, the refresh token and the store's pickle key live: the keyring in the application
 * (#ConfabKeyring), the store folder of `confab-bot` (#ConfabFileSecrets). Every value is one small JSON text
 * per account; whoever reads it wipes it.
 */
#define CONFAB_TYPE_SECRETS (confab_secrets_get_type ())
G_DECLARE_INTERFACE (ConfabSecrets, confab_secrets, CONFAB, SECRETS, GObject)

struct _ConfabSecretsInterface {
  GTypeInterface parent_iface;

  DexFuture *(*lookup) (ConfabSecrets *self, const char *account);
  DexFuture *(*store) (ConfabSecrets *self, const char *account, const char *secret);
  DexFuture *(*clear) (ConfabSecrets *self, const char *account);
};

/* Resolves to a string, or rejects with G_IO_ERROR_NOT_FOUND when there surely is none,
 * CONFAB_MATRIX_ERROR_NO_KEYRING or CONFAB_MATRIX_ERROR_KEYRING_LOCKED. */
DexFuture *
confab_secrets_lookup (ConfabSecrets *self, const char *account) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *confab_secrets_store (ConfabSecrets *self, const char *account, const char *secret)
  G_GNUC_WARN_UNUSED_RESULT;
DexFuture *
confab_secrets_clear (ConfabSecrets *self, const char *account) G_GNUC_WARN_UNUSED_RESULT;

#define CONFAB_TYPE_KEYRING (confab_keyring_get_type ())
G_DECLARE_FINAL_TYPE (ConfabKeyring, confab_keyring, CONFAB, KEYRING, GObject)
ConfabSecrets *confab_keyring_new (void) G_GNUC_WARN_UNUSED_RESULT;

#define CONFAB_TYPE_FILE_SECRETS (confab_file_secrets_get_type ())
G_DECLARE_FINAL_TYPE (ConfabFileSecrets, confab_file_secrets, CONFAB, FILE_SECRETS, GObject)
ConfabSecrets *confab_file_secrets_new (const char *dir) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
