/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-bot-output.h"
#include "confab-call-handler.h"

G_BEGIN_DECLS

/**
 * ConfabBotWatch:
 *
 * Writes what happens to the calls of one account as events: call-added, call-removed, ringing, state,
 * member-added, member-removed, connection. Its signal `changed` comes with each. Main thread only.
 */
#define CONFAB_TYPE_BOT_WATCH (confab_bot_watch_get_type ())
G_DECLARE_FINAL_TYPE (ConfabBotWatch, confab_bot_watch, CONFAB, BOT_WATCH, GObject)

ConfabBotWatch *
confab_bot_watch_new (GListModel *calls, ConfabBotOutput *output) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
