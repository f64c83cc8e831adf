/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <libdex.h>

#include "confab-bot-options.h"
#include "confab-media-engine.h"

G_BEGIN_DECLS

/**
 * ConfabBot:
 *
 * A participant without a window: signs in, runs the lines it is given one after the other, and leaves
 * properly. Main thread only.
 */
#define CONFAB_TYPE_BOT (confab_bot_get_type ())
G_DECLARE_FINAL_TYPE (ConfabBot, confab_bot, CONFAB, BOT, GObject)

ConfabBot *confab_bot_new (ConfabBotOptions *options,
                           ConfabMediaEngine *engine,
                           GInputStream *input,
                           int output_fd,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to the exit code (int): 0, or 1 after `fatal`. */
DexFuture *confab_bot_run (ConfabBot *self) G_GNUC_WARN_UNUSED_RESULT;
void confab_bot_stop (ConfabBot *self);

G_END_DECLS
