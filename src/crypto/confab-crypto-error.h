/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  CONFAB_CRYPTO_ERROR_BAD_MESSAGE, /* not an Olm message, or not for this session, or it was decrypted before */
  /* a pre-key message for a one-time key that we do not (or no longer) have, or a group message from before the key
   * that we were given */
  CONFAB_CRYPTO_ERROR_UNKNOWN_KEY,
  CONFAB_CRYPTO_ERROR_BAD_KEY,       /* not a public key, or not the one it has to be */
  CONFAB_CRYPTO_ERROR_BAD_SIGNATURE, /* the signature is not that of this key over these bytes */
  CONFAB_CRYPTO_ERROR_BAD_PICKLE,    /* damaged, or pickled with another key */
  CONFAB_CRYPTO_ERROR_FAILED,        /* anything else */
} ConfabCryptoError;
#define CONFAB_CRYPTO_ERROR (confab_crypto_error_quark ())
GQuark confab_crypto_error_quark (void);

G_END_DECLS
