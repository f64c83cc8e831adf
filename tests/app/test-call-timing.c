/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-call-report.h"
#include "confab-json.h"
#include "confab-manual-clock.h"
#include "fake-call.h"

static void
count_cb (guint *count)
{
  (*count)++;
}

static void
first_cb (ConfabCallTiming *timing, ConfabParticipant *participant, gint64 after_ms, GString *log)
{
  g_string_append_printf (log,
                          "%s %s %" G_GINT64_FORMAT ";",
                          confab_participant_get_user_id (participant),
                          confab_participant_get_device_id (participant),
                          after_ms);
}

static char *
to_text (ConfabCallTiming *timing)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_ARRAY);

  json_node_take_array (node, confab_call_timing_to_json (timing));
  return json_to_string (node, FALSE);
}

static void
test_first (void)
{
  g_autoptr (ConfabManualClock) clock = confab_manual_clock_new (0);
  g_autoptr (FakeCall) call = fake_call_new ("!r:s", "c");
  g_autoptr (FakeParticipant) anna = fake_participant_new ("@anna:s", "A");
  g_autoptr (FakeParticipant) bert = fake_participant_new ("@bert:s", "B");
  g_autoptr (ConfabCallTiming) timing = NULL;
  g_autoptr (GString) log = g_string_new (NULL);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  gint64 joined_at = confab_clock_get_time (CONFAB_CLOCK (clock));
  guint changed = 0;
  ConfabStream *stream;

  confab_manual_clock_advance (clock, 100);
  g_list_store_append (fake_call_get_store (call), anna);
  timing = confab_call_timing_new (CONFAB_CALL (call), CONFAB_CLOCK (clock), joined_at);
  g_signal_connect (timing, "first-audio", G_CALLBACK (first_cb), log);
  g_signal_connect (timing, "first-frame", G_CALLBACK (first_cb), log);
  g_signal_connect_swapped (timing, "changed", G_CALLBACK (count_cb), &changed);
  before = to_text (timing);
  g_assert_cmpstr (before,
                   ==,
                   "[{\"userId\":\"@anna:s\",\"deviceId\":\"A\",\"firstAudio\":null,"
                   "\"firstFrame\":null}]");

  confab_manual_clock_advance (clock, 50);
  stream = fake_participant_add_stream (anna);
  confab_stream_set_level (stream, -60);
  g_assert_cmpstr (log->str, ==, "");
  confab_stream_set_level (stream, -59);
  confab_manual_clock_advance (clock, 10);
  confab_stream_set_has_video (stream, TRUE);
  g_assert_cmpstr (log->str, ==, "@anna:s A 150;@anna:s A 160;");

  /* Once only, even when it goes and comes again. */
  confab_stream_set_has_video (stream, FALSE);
  confab_manual_clock_advance (clock, 10);
  confab_stream_set_has_video (stream, TRUE);
  g_list_store_remove (fake_call_get_store (call), 0);
  g_list_store_append (fake_call_get_store (call), bert);
  g_list_store_append (fake_call_get_store (call), anna);
  g_assert_cmpstr (log->str, ==, "@anna:s A 150;@anna:s A 160;");
  changed = 0;
  fake_participant_set_state (bert, CONFAB_PARTICIPANT_STATE_CONNECTED);
  g_assert_cmpuint (changed, ==, 1);

  after = to_text (timing);
  g_assert_cmpstr (after,
                   ==,
                   "[{\"userId\":\"@anna:s\",\"deviceId\":\"A\",\"firstAudio\":150,"
                   "\"firstFrame\":160},{\"userId\":\"@bert:s\",\"deviceId\":\"B\","
                   "\"firstAudio\":null,\"firstFrame\":null}]");
  g_assert_finalize_object (g_steal_pointer (&timing));
  confab_stream_set_level (stream, -10);
}

static void
test_report_call (void)
{
  g_autoptr (FakeCall) call = fake_call_new ("!r:s", "c");
  g_autoptr (FakeParticipant) anna = fake_participant_new ("@anna:s", "A");
  g_autoptr (JsonObject) known = confab_call_report_call (CONFAB_CALL (call));
  g_autofree char *known_text = confab_json_to_string (known);
  g_autoptr (JsonObject) joined = NULL;
  g_autoptr (JsonObject) muted = confab_call_report_local_mute (CONFAB_CALL (call));

  g_assert_cmpstr (known_text,
                   ==,
                   "{\"callId\":\"c\",\"roomId\":\"!r:s\",\"intent\":\"m.ring\",\"type\":"
                   "\"m.voice\",\"members\":0,\"ringing\":false,\"since\":null}");
  fake_call_set_state (call, CONFAB_CALL_STATE_JOINED);
  fake_call_set_started_at (call, 5000);
  g_list_store_append (fake_call_get_store (call), anna);
  joined = confab_call_report_call (CONFAB_CALL (call));
  g_assert_cmpint (confab_json_peek_int (joined, "members", -1), ==, 2);
  g_assert_cmpint (confab_json_peek_int (joined, "since", -1), ==, 5);
  g_assert_true (json_object_get_null_member (muted, "microphone"));
}

static void
test_report_process (void)
{
  g_autoptr (JsonObject) process = confab_call_report_process ();

  g_assert_cmpfloat (confab_json_peek_double (process, "cpuSeconds", -1), >, 0);
  g_assert_cmpint (confab_json_peek_int (process, "rssBytes", 0), >, 1024 * 1024);
  g_assert_cmpint (confab_json_peek_int (process, "threads", 0), >=, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/call-timing/first", test_first);
  g_test_add_func ("/call-report/call", test_report_call);
  g_test_add_func ("/call-report/process", test_report_process);
  return g_test_run ();
}
