/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-bot-wire.h"
#include "confab-json.h"
#include "confab-manual-clock.h"

static char *
to_text (ConfabBotWire *wire, const gint64 *since_ms, const char *kind)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_ARRAY);
  g_autoptr (JsonArray) kinds = kind != NULL ? json_array_new () : NULL;

  if (kind != NULL)
    json_array_add_string_element (kinds, kind);
  json_node_take_array (node, confab_bot_wire_to_json (wire, since_ms, kinds));
  return json_to_string (node, FALSE);
}

static void
test_log (void)
{
  g_autoptr (ConfabManualClock) clock = confab_manual_clock_new (0);
  g_autoptr (ConfabBotWire) wire = confab_bot_wire_new (CONFAB_CLOCK (clock));
  g_autoptr (JsonObject) content = confab_json_parse_object (
    "{\"call_id\":\"k\",\"seq\":3,\"offer\":{\"sdp\":\"secret\"}}", -1, NULL);
  const gint64 zero = 0, one = 20;
  g_autofree char *unknown = NULL;
  g_autofree char *all = NULL;
  g_autofree char *later = NULL;
  g_autofree char *kind = NULL;

  confab_manual_clock_advance (clock, 5);
  confab_bot_wire_note (wire, FALSE, "@a:s", NULL, "org.matrix.msc3401.call", NULL, FALSE);
  unknown = to_text (wire, &zero, NULL);
  g_assert_cmpstr (unknown,
                   ==,
                   "[{\"at\":null,\"direction\":\"in\",\"userId\":\"@a:s\",\"deviceId\":null,"
                   "\"type\":\"org.matrix.msc3401.call\",\"seq\":null,\"callId\":null,"
                   "\"encrypted\":false,\"requests\":null}]");

  confab_manual_clock_advance (clock, 10);
  confab_bot_wire_set_origin (wire, confab_clock_get_time (CONFAB_CLOCK (clock)));
  confab_manual_clock_advance (clock, 20);
  confab_bot_wire_note (wire, TRUE, "@a:s", "A", "m.call.invite", content, TRUE);
  all = to_text (wire, NULL, NULL);
  g_assert_true (g_str_has_prefix (all, "[{\"at\":-10,"));
  later = to_text (wire, &one, NULL);
  g_assert_cmpstr (later,
                   ==,
                   "[{\"at\":20,\"direction\":\"out\",\"userId\":\"@a:s\",\"deviceId\":\"A\","
                   "\"type\":\"m.call.invite\",\"seq\":3,\"callId\":\"k\",\"encrypted\":true,"
                   "\"requests\":null}]");
  kind = to_text (wire, NULL, "m.call.answer");
  g_assert_cmpstr (kind, ==, "[]");
}

static void
test_bound (void)
{
  g_autoptr (ConfabManualClock) clock = confab_manual_clock_new (0);
  g_autoptr (ConfabBotWire) wire = confab_bot_wire_new (CONFAB_CLOCK (clock));
  g_autoptr (JsonArray) array = NULL;

  for (guint i = 0; i < CONFAB_BOT_WIRE_MAX + 5; i++)
    confab_bot_wire_note (wire, TRUE, "@a:s", "A", "m.call.invite", NULL, TRUE);
  array = confab_bot_wire_to_json (wire, NULL, NULL);
  g_assert_cmpuint (json_array_get_length (array), ==, CONFAB_BOT_WIRE_MAX);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bot-wire/log", test_log);
  g_test_add_func ("/bot-wire/bound", test_bound);
  return g_test_run ();
}
