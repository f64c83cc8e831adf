/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include "confab-clock.h"

G_BEGIN_DECLS

/**
 * ConfabBotWire:
 *
 * The signalling log: which call messages and call state events went out and came in. It keeps the last
 * %CONFAB_BOT_WIRE_MAX; never what they say.
 */
#define CONFAB_TYPE_BOT_WIRE (confab_bot_wire_get_type ())
G_DECLARE_FINAL_TYPE (ConfabBotWire, confab_bot_wire, CONFAB, BOT_WIRE, GObject)

#define CONFAB_BOT_WIRE_MAX 20000

ConfabBotWire *confab_bot_wire_new (ConfabClock *clock) G_GNUC_WARN_UNUSED_RESULT;
void confab_bot_wire_note (ConfabBotWire *self,
                           gboolean outgoing,
                           const char *user_id,
                           const char *device_id,
                           const char *type,
                           JsonObject *content,
                           gboolean encrypted);
void confab_bot_wire_set_origin (ConfabBotWire *self, gint64 time);
JsonArray *confab_bot_wire_to_json (ConfabBotWire *self, const gint64 *since_ms, JsonArray *kinds)
  G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
