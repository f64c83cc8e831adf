/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-base"

#include "config.h"

#include "confab-secret.h"

#include <string.h>

/**
 * confab_secret_free:
 * @secret: (nullable) (transfer full): text that ends with NUL
 *
 * Overwrites it, and frees it.
 */
void
confab_secret_free (ConfabSecret *secret)
{
  if (secret == NULL)
    return;
  explicit_bzero (secret, strlen (secret));
  g_free (secret);
}
