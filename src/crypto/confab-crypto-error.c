/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-crypto"

#include "config.h"

#include "confab-crypto-error.h"

G_DEFINE_QUARK (confab-crypto-error-quark, confab_crypto_error)
