/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* The codes of error replies and of `fatal`; their nicks are what is written. */
typedef enum {
  CONFAB_BOT_ERROR_BAD_JSON,        /* the line is no JSON object */
  CONFAB_BOT_ERROR_UNKNOWN_COMMAND, /* no such command */
  CONFAB_BOT_ERROR_BAD_ARGUMENT,    /* an argument is missing, wrong or unknown */
  CONFAB_BOT_ERROR_NO_CALL,         /* the command is about a call, and there is none */
  CONFAB_BOT_ERROR_TIMEOUT,         /* what was waited for did not come in time */
  CONFAB_BOT_ERROR_UNSUPPORTED,     /* this version does not do it */
  CONFAB_BOT_ERROR_FAILED,          /* anything else */
} ConfabBotError;
#define CONFAB_BOT_ERROR (confab_bot_error_quark ())
GQuark confab_bot_error_quark (void);
#define CONFAB_TYPE_BOT_ERROR (confab_bot_error_get_type ())
GType confab_bot_error_get_type (void);

const char *confab_bot_error_get_code (const GError *error);

G_END_DECLS
