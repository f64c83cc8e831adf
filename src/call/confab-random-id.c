/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-random-id.h"

/**
 * confab_random_id:
 * @length: how long
 *
 * Returns: (transfer full): letters and digits; unpredictable enough to be unique, which is all that ids have to be
 */
char *
confab_random_id (guint length)
{
  static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  char *id = g_malloc (length + 1);

  for (guint i = 0; i < length; i++)
    id[i] = alphabet[g_random_int_range (0, sizeof alphabet - 1)];
  id[length] = '\0';
  return id;
}
