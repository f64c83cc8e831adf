/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-base"

#include "config.h"

#include "confab-log.h"

static const char *
priority (GLogLevelFlags level)
{
  if (level & G_LOG_LEVEL_WARNING)
    return "4";
  if (level & (G_LOG_LEVEL_INFO | G_LOG_LEVEL_MESSAGE))
    return "6";
  return "7";
}

/**
 * confab_log_call:
 * @domain: the room's log domain
 * @level: debug, info or warning; see style.md section 9
 * @call_id: the call's or the peer connection's id; comes first in the text and as a field
 * @format: printf format, without the id
 * @...: its arguments
 *
 * Any thread. Never hand it tokens, keys or message bodies.
 */
void
confab_log_call (
  const char *domain, GLogLevelFlags level, const char *call_id, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *message = NULL;
  va_list args;

  if (level == G_LOG_LEVEL_DEBUG && g_log_writer_default_would_drop (level, domain))
    return;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  message = g_strdup_printf ("%s: %s", call_id != NULL ? call_id : "?", text);

  const GLogField fields[] = {
    { "MESSAGE", message, -1 },
    { "PRIORITY", priority (level), -1 },
    { "GLIB_DOMAIN", domain, -1 },
    { "CONFAB_CALL_ID", call_id != NULL ? call_id : "?", -1 },
  };
  g_log_structured_array (level, fields, G_N_ELEMENTS (fields));
}
