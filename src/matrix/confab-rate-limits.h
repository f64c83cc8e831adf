/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ConfabRateLimits:
 *
 * What a homeserver said with 429 of when it wants to be asked again. It holds for whoever asks for the same next, not
 * only for the request that was told.
 *
 * Spec: Client-Server API, “Rate limiting”.
 */
typedef struct _ConfabRateLimits ConfabRateLimits;

ConfabRateLimits *confab_rate_limits_new (void) G_GNUC_WARN_UNUSED_RESULT;
void confab_rate_limits_free (ConfabRateLimits *self);
void confab_rate_limits_note (
  ConfabRateLimits *self, const char *method, const char *path, gint64 now, gint64 retry_after_ms);
gint64 confab_rate_limits_get_wait (ConfabRateLimits *self,
                                    const char *method,
                                    const char *path,
                                    gint64 now);

G_END_DECLS
