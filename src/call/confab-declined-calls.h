/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define CONFAB_DECLINED_CALLS_TYPE "app.confab.declined_calls"

/**
 * ConfabDeclinedCalls:
 *
 * Which calls of a room this user has declined on all devices. A mesh has no message for that, so it is said where a
 * user's devices say such things to each other: in the room's account data, where those that are offline now find it
 * when they come. `{"calls": {CALL-ID: {"until_ts": MS-SINCE-EPOCH}}}`; what is past its time is left out by whoever
 * writes next, so it never grows. Only own devices can write it, and the homeserver, which could keep the call from us
 * as well.
 */
typedef struct _ConfabDeclinedCalls ConfabDeclinedCalls;

ConfabDeclinedCalls *confab_declined_calls_new (void) G_GNUC_WARN_UNUSED_RESULT;
void confab_declined_calls_free (ConfabDeclinedCalls *self);
/* @content: a stranger's; in place of what was there. */
void confab_declined_calls_read (ConfabDeclinedCalls *self, JsonObject *content);
void confab_declined_calls_add (ConfabDeclinedCalls *self,
                                const char *call_id,
                                gint64 until_ts,
                                gint64 now_ms);
gboolean confab_declined_calls_contains (ConfabDeclinedCalls *self, const char *call_id);
JsonObject *confab_declined_calls_to_json (ConfabDeclinedCalls *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
