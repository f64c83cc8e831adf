/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <libdex.h>

G_BEGIN_DECLS

/**
 * ConfabBotInput:
 *
 * Lines of bytes from a script and then from a stream, without their ends. What is longer than
 * %CONFAB_BOT_COMMAND_MAX_LINE comes cut to one byte more than that, so that it is told and not kept.
 */
#define CONFAB_TYPE_BOT_INPUT (confab_bot_input_get_type ())
G_DECLARE_FINAL_TYPE (ConfabBotInput, confab_bot_input, CONFAB, BOT_INPUT, GObject)

ConfabBotInput *
confab_bot_input_new (GBytes *script, GInputStream *stream) G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to the next line (GBytes, boxed); rejects with G_IO_ERROR_CLOSED at the end of input. */
DexFuture *confab_bot_input_read_line (ConfabBotInput *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
