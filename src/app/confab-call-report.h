/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>
#include <libdex.h>

#include "confab-call-timing.h"

G_BEGIN_DECLS

/*
 * What is going on in a call, as JSON in the shapes of design/bot.md: for `confab-bot`, and for whoever looks
 * into the application. Nothing here waits, but for the two that return a future.
 */

JsonObject *confab_call_report_call (ConfabCall *call) G_GNUC_WARN_UNUSED_RESULT;
JsonObject *confab_call_report_local_mute (ConfabCall *call) G_GNUC_WARN_UNUSED_RESULT;
JsonArray *confab_call_report_members (ConfabCall *call) G_GNUC_WARN_UNUSED_RESULT;
JsonObject *confab_call_report_process (void) G_GNUC_WARN_UNUSED_RESULT;

/* Resolves to a JsonObject (boxed): all of `stats`. @timing: of the call, from when it was joined on. */
DexFuture *confab_call_report_stats (ConfabCallTiming *timing) G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to a JsonArray (boxed). It takes more than a second: sound is listened to. */
DexFuture *confab_call_report_tracks (ConfabCall *call) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
