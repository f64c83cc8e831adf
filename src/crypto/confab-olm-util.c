/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-crypto"

#include "config.h"

#include "confab-olm-util-private.h"

#include "confab-crypto-error.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

/**
 * confab_olm_random:
 * @length: how many bytes
 *
 * Bytes from the kernel's generator. It cannot fail on a kernel that GTK 4 runs on; if it does, no key made
 * afterwards would be one, so the process ends.
 *
 * Returns: (transfer full): @length random bytes; for confab_olm_wipe_free()
 */
gpointer
confab_olm_random (gsize length)
{
  guint8 *bytes = g_malloc (MAX (length, 1));
  gsize done = 0;

  while (done < length) {
    gssize got = getrandom (bytes + done, length - done, 0);
    if (got < 0 && errno != EINTR)
      g_error ("no random numbers: %s", g_strerror (errno));
    done += MAX (got, 0);
  }
  return bytes;
}

void
confab_olm_wipe_free (gpointer memory, gsize length)
{
  if (memory == NULL)
    return;
  explicit_bzero (memory, length);
  g_free (memory);
}

/* Unpadded standard base64, as all of Matrix' keys, signatures and messages are. */
gboolean
confab_olm_is_base64 (const char *text, gsize length)
{
  if (length == 0 || length % 4 == 1)
    return FALSE;
  for (gsize i = 0; i < length; i++) {
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return FALSE;
  }
  return TRUE;
}

gboolean
confab_olm_check_key (const char *key, GError **error)
{
  if (key != NULL && strlen (key) == CONFAB_OLM_KEY_LENGTH &&
      confab_olm_is_base64 (key, CONFAB_OLM_KEY_LENGTH))
    return TRUE;
  g_set_error_literal (error,
                       CONFAB_CRYPTO_ERROR,
                       CONFAB_CRYPTO_ERROR_BAD_KEY,
                       "not a public key of 32 bytes in base64");
  return FALSE;
}

gboolean
confab_olm_check_pickle_key (GBytes *key, GError **error)
{
  if (key != NULL && g_bytes_get_size (key) == CONFAB_OLM_PICKLE_KEY_SIZE)
    return TRUE;
  g_set_error (error,
               CONFAB_CRYPTO_ERROR,
               CONFAB_CRYPTO_ERROR_BAD_PICKLE,
               "a pickle key has %d bytes",
               CONFAB_OLM_PICKLE_KEY_SIZE);
  return FALSE;
}

static ConfabCryptoError
error_for_code (enum OlmErrorCode code)
{
  switch (code) {
  case OLM_BAD_MESSAGE_VERSION:
  case OLM_BAD_MESSAGE_FORMAT:
  case OLM_BAD_MESSAGE_MAC:
  case OLM_INVALID_BASE64:
    return CONFAB_CRYPTO_ERROR_BAD_MESSAGE;
  case OLM_BAD_SIGNATURE:
    return CONFAB_CRYPTO_ERROR_BAD_SIGNATURE;
  case OLM_BAD_MESSAGE_KEY_ID:
  case OLM_UNKNOWN_MESSAGE_INDEX:
    return CONFAB_CRYPTO_ERROR_UNKNOWN_KEY;
  case OLM_BAD_SESSION_KEY:
    return CONFAB_CRYPTO_ERROR_BAD_KEY;
  case OLM_BAD_ACCOUNT_KEY: /* what unpickling with a wrong key says */
  case OLM_UNKNOWN_PICKLE_VERSION:
  case OLM_CORRUPTED_PICKLE:
  case OLM_BAD_LEGACY_ACCOUNT_PICKLE:
  case OLM_PICKLE_EXTRA_DATA:
    return CONFAB_CRYPTO_ERROR_BAD_PICKLE;
  default:
    return CONFAB_CRYPTO_ERROR_FAILED;
  }
}

/* Sets @error to what libolm said of @what; always FALSE. */
gboolean
confab_olm_fail (enum OlmErrorCode code, const char *what, GError **error)
{
  g_set_error (
    error, CONFAB_CRYPTO_ERROR, error_for_code (code), "%s: %s", what, _olm_error_to_string (code));
  return FALSE;
}
