/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-rate-limits.h"

#include <string.h>

#define MAX_RETRY_AFTER_MS (60 * 60 * 1000)

struct _ConfabRateLimits {
  GHashTable *ends; /* resource → gint64: monotonic, µs */
};

/* Messages have a transaction id at the end of their path: the limit is not that one's. */
static char *
dup_resource (const char *method, const char *path)
{
  gsize length = strcspn (path, "?");

  if (strstr (path, "/sendToDevice/") != NULL || strstr (path, "/send/") != NULL) {
    while (length > 0 && path[length - 1] != '/')
      length--;
  }
  return g_strdup_printf ("%s %.*s", method, (int) length, path);
}

static gboolean
is_over (gpointer key, gpointer value, gpointer data)
{
  return *(gint64 *) value <= *(gint64 *) data;
}

ConfabRateLimits *
confab_rate_limits_new (void)
{
  ConfabRateLimits *self = g_new0 (ConfabRateLimits, 1);

  self->ends = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
confab_rate_limits_free (ConfabRateLimits *self)
{
  g_hash_table_unref (self->ends);
  g_free (self);
}

/**
 * confab_rate_limits_note:
 * @self: rate limits
 * @method: of the request that was told
 * @path: its path
 * @now: monotonic, µs
 * @retry_after_ms: what it was told; an hour at most is believed
 */
void
confab_rate_limits_note (
  ConfabRateLimits *self, const char *method, const char *path, gint64 now, gint64 retry_after_ms)
{
  gint64 end = now + CLAMP (retry_after_ms, 0, MAX_RETRY_AFTER_MS) * 1000;

  g_hash_table_foreach_remove (self->ends, is_over, &now);
  g_hash_table_replace (self->ends, dup_resource (method, path), g_memdup2 (&end, sizeof end));
}

/**
 * confab_rate_limits_get_wait:
 * @self: rate limits
 * @method: of a request
 * @path: its path
 * @now: monotonic, µs
 *
 * Returns: ms until it may be made, 0 when it may be now
 */
gint64
confab_rate_limits_get_wait (ConfabRateLimits *self,
                             const char *method,
                             const char *path,
                             gint64 now)
{
  g_autofree char *resource = NULL;
  const gint64 *end;

  if (g_hash_table_size (self->ends) == 0)
    return 0;
  resource = dup_resource (method, path);
  end = g_hash_table_lookup (self->ends, resource);
  return end != NULL && *end > now ? (*end - now + 999) / 1000 : 0;
}
