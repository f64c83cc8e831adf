/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-crypto"

#include "config.h"

#include "confab-ed25519.h"

#include "confab-crypto-error.h"
#include "confab-olm-util-private.h"

#include <string.h>

/**
 * confab_ed25519_verify:
 * @key: the public key, unpadded base64; from anywhere
 * @message: what was signed: canonical JSON
 * @signature: unpadded base64; from anywhere
 * @error: #CONFAB_CRYPTO_ERROR_BAD_KEY or #CONFAB_CRYPTO_ERROR_BAD_SIGNATURE
 *
 * Any thread.
 *
 * Returns: whether @signature is that of @key over @message
 */
gboolean
confab_ed25519_verify (const char *key, const char *message, const char *signature, GError **error)
{
  g_autofree gpointer memory = NULL;
  g_autofree char *copy = NULL;
  OlmUtility *utility;
  size_t result;

  g_return_val_if_fail (message != NULL, FALSE);

  if (!confab_olm_check_key (key, error))
    return FALSE;
  if (signature == NULL || strlen (signature) != CONFAB_OLM_SIGNATURE_LENGTH ||
      !confab_olm_is_base64 (signature, CONFAB_OLM_SIGNATURE_LENGTH)) {
    g_set_error_literal (error,
                         CONFAB_CRYPTO_ERROR,
                         CONFAB_CRYPTO_ERROR_BAD_SIGNATURE,
                         "not a signature of 64 bytes in base64");
    return FALSE;
  }
  memory = g_malloc (olm_utility_size ());
  utility = olm_utility (memory);
  copy = g_strdup (signature); /* libolm writes into it */
  result = olm_ed25519_verify (
    utility, key, strlen (key), message, strlen (message), copy, CONFAB_OLM_SIGNATURE_LENGTH);
  olm_clear_utility (utility);
  if (result == olm_error ()) {
    g_set_error_literal (error,
                         CONFAB_CRYPTO_ERROR,
                         CONFAB_CRYPTO_ERROR_BAD_SIGNATURE,
                         "the signature is not that of this key");
    return FALSE;
  }
  return TRUE;
}
