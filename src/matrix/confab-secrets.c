/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-secrets.h"

G_DEFINE_INTERFACE (ConfabSecrets, confab_secrets, G_TYPE_OBJECT)

static void
confab_secrets_default_init (ConfabSecretsInterface *iface)
{
}

/**
 * confab_secrets_lookup:
 * @self: where secrets live
 * @account: whose
 *
 * Returns: (transfer full): a future that resolves to a string
 */
DexFuture *
confab_secrets_lookup (ConfabSecrets *self, const char *account)
{
  dex_return_error_if_fail (CONFAB_IS_SECRETS (self));
  dex_return_error_if_fail (account != NULL);

  return CONFAB_SECRETS_GET_IFACE (self)->lookup (self, account);
}

/**
 * confab_secrets_store:
 * @self: where secrets live
 * @account: whose
 * @secret: replaces what was kept for @account
 *
 * Returns: (transfer full): a future that resolves to true when it is kept
 */
DexFuture *
confab_secrets_store (ConfabSecrets *self, const char *account, const char *secret)
{
  dex_return_error_if_fail (CONFAB_IS_SECRETS (self));
  dex_return_error_if_fail (account != NULL && secret != NULL);

  return CONFAB_SECRETS_GET_IFACE (self)->store (self, account, secret);
}

/**
 * confab_secrets_clear:
 * @self: where secrets live
 * @account: whose
 *
 * Returns: (transfer full): a future that resolves to true, also when there was nothing
 */
DexFuture *
confab_secrets_clear (ConfabSecrets *self, const char *account)
{
  dex_return_error_if_fail (CONFAB_IS_SECRETS (self));
  dex_return_error_if_fail (account != NULL);

  return CONFAB_SECRETS_GET_IFACE (self)->clear (self, account);
}
