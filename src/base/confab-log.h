/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

void confab_log_call (const char *domain,
                      GLogLevelFlags level,
                      const char *call_id,
                      const char *format,
                      ...) G_GNUC_PRINTF (4, 5);

/* One message about a call: it carries CONFAB_CALL_ID, so that the journal can be filtered by call. */
#define confab_call_debug(call_id, ...)                                                            \
  confab_log_call (G_LOG_DOMAIN, G_LOG_LEVEL_DEBUG, call_id, __VA_ARGS__)
#define confab_call_info(call_id, ...)                                                             \
  confab_log_call (G_LOG_DOMAIN, G_LOG_LEVEL_INFO, call_id, __VA_ARGS__)
#define confab_call_warning(call_id, ...)                                                          \
  confab_log_call (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, call_id, __VA_ARGS__)

G_END_DECLS
