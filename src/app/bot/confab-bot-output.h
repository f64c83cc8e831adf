/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include "confab-bot-command.h"

G_BEGIN_DECLS

/**
 * ConfabBotOutput:
 *
 * Writes JSON lines in the order in which they are handed in, from a thread of its own: whoever reads slowly,
 * or not at all, holds up no call. Main thread only.
 */
#define CONFAB_TYPE_BOT_OUTPUT (confab_bot_output_get_type ())
G_DECLARE_FINAL_TYPE (ConfabBotOutput, confab_bot_output, CONFAB, BOT_OUTPUT, GObject)

ConfabBotOutput *confab_bot_output_new (int fd) G_GNUC_WARN_UNUSED_RESULT;
void confab_bot_output_event (ConfabBotOutput *self, const char *event, JsonObject *fields);
void
confab_bot_output_result (ConfabBotOutput *self, const ConfabBotCommand *command, JsonNode *result);
void confab_bot_output_error (ConfabBotOutput *self,
                              const ConfabBotCommand *command,
                              const GError *error);
void confab_bot_output_fatal (ConfabBotOutput *self, const GError *error);
void confab_bot_output_close (ConfabBotOutput *self);

G_END_DECLS
