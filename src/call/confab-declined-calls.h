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
 *
 * Each device writes the whole of it. Of two that do at the same moment one does not see what the other has written, and
 * its own is what stays: whoever misses a decision of its own then puts that back beside what is there, and nothing else,
 * so that they agree in the end, and a few times at most, so that nothing goes on without end whoever writes there.
 */
typedef struct _ConfabDeclinedCalls ConfabDeclinedCalls;

ConfabDeclinedCalls *confab_declined_calls_new (void) G_GNUC_WARN_UNUSED_RESULT;
void confab_declined_calls_free (ConfabDeclinedCalls *self);
/* @content: a stranger's; in place of what was there. */
void confab_declined_calls_read (ConfabDeclinedCalls *self, JsonObject *content);
/* This device declines @call_id. What is past its time is left out, and what is in @over: ids of calls that were
 * terminated. */
void confab_declined_calls_add (
  ConfabDeclinedCalls *self, const char *call_id, gint64 until_ts, GHashTable *over, gint64 now_ms);
/* Returns: whether a decision of this device was missing, and is to be written again. */
gboolean confab_declined_calls_restore (ConfabDeclinedCalls *self, GHashTable *over, gint64 now_ms);
/* Nothing is missing any more. */
void confab_declined_calls_forget_own (ConfabDeclinedCalls *self);
gboolean confab_declined_calls_contains (ConfabDeclinedCalls *self, const char *call_id);
JsonObject *confab_declined_calls_to_json (ConfabDeclinedCalls *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
