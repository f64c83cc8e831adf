/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-bot"

#include "config.h"

#include "confab-bot-error.h"

#include "confab-call-enums.h"

G_DEFINE_QUARK (confab-bot-error-quark, confab_bot_error)

G_DEFINE_ENUM_TYPE (ConfabBotError,
                    confab_bot_error,
                    G_DEFINE_ENUM_VALUE (CONFAB_BOT_ERROR_BAD_JSON, "bad-json"),
                    G_DEFINE_ENUM_VALUE (CONFAB_BOT_ERROR_UNKNOWN_COMMAND, "unknown-command"),
                    G_DEFINE_ENUM_VALUE (CONFAB_BOT_ERROR_BAD_ARGUMENT, "bad-argument"),
                    G_DEFINE_ENUM_VALUE (CONFAB_BOT_ERROR_NO_CALL, "no-call"),
                    G_DEFINE_ENUM_VALUE (CONFAB_BOT_ERROR_TIMEOUT, "timeout"),
                    G_DEFINE_ENUM_VALUE (CONFAB_BOT_ERROR_UNSUPPORTED, "unsupported"),
                    G_DEFINE_ENUM_VALUE (CONFAB_BOT_ERROR_FAILED, "failed"))

/**
 * confab_bot_error_get_code:
 * @error: any error
 *
 * Returns: the code that a reply gives for it: `failed` for an error of another room
 */
const char *
confab_bot_error_get_code (const GError *error)
{
  return confab_enum_nick (CONFAB_TYPE_BOT_ERROR,
                           error->domain == CONFAB_BOT_ERROR ? error->code
                                                             : CONFAB_BOT_ERROR_FAILED);
}
