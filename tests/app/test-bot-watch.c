/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <fcntl.h>
#include <unistd.h>

#include <glib-unix.h>

#include "confab-bot-watch.h"
#include "fake-call.h"

static GStrv
read_lines (int fd)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char buffer[512];
  gssize n;

  while ((n = read (fd, buffer, sizeof buffer)) > 0)
    g_string_append_len (text, buffer, n);
  return g_strsplit (text->str, "\n", -1);
}

static void
test_events (void)
{
  static const char *const expected[] = {
    "{\"event\":\"call-added\",\"callId\":\"c\",\"roomId\":\"!r:s\",\"intent\":\"m.ring\","
    "\"type\":\"m.voice\",\"members\":1,\"ringing\":true,\"since\":null}",
    "{\"event\":\"ringing\",\"callId\":\"c\",\"roomId\":\"!r:s\",\"ringing\":true}",
    "{\"event\":\"member-added\",\"callId\":\"c\",\"roomId\":\"!r:s\",\"userId\":\"@a:s\","
    "\"deviceId\":\"A\",\"state\":\"advertised\"}",
    "{\"event\":\"ringing\",\"callId\":\"c\",\"roomId\":\"!r:s\",\"ringing\":false}",
    "{\"event\":\"state\",\"callId\":\"c\",\"roomId\":\"!r:s\",\"state\":\"joined\"}",
    "{\"event\":\"member-added\",\"callId\":\"c\",\"roomId\":\"!r:s\",\"userId\":\"@b:s\","
    "\"deviceId\":\"B\",\"state\":\"advertised\"}",
    "{\"event\":\"connection\",\"callId\":\"c\",\"roomId\":\"!r:s\",\"userId\":\"@b:s\","
    "\"deviceId\":\"B\",\"state\":\"connected\"}",
    "{\"event\":\"member-removed\",\"callId\":\"c\",\"roomId\":\"!r:s\",\"userId\":\"@a:s\","
    "\"deviceId\":\"A\",\"state\":\"advertised\"}",
    "{\"event\":\"member-removed\",\"callId\":\"c\",\"roomId\":\"!r:s\",\"userId\":\"@b:s\","
    "\"deviceId\":\"B\",\"state\":\"connected\"}",
    "{\"event\":\"call-removed\",\"callId\":\"c\",\"roomId\":\"!r:s\"}",
    "",
    NULL,
  };
  g_autoptr (GListStore) calls = g_list_store_new (CONFAB_TYPE_CALL);
  g_autoptr (FakeCall) call = fake_call_new ("!r:s", "c");
  g_autoptr (FakeParticipant) anna = fake_participant_new ("@a:s", "A");
  g_autoptr (FakeParticipant) bert = fake_participant_new ("@b:s", "B");
  g_autoptr (ConfabBotOutput) output = NULL;
  g_autoptr (ConfabBotWatch) watch = NULL;
  g_auto (GStrv) lines = NULL;
  int fds[2];

  g_assert_true (g_unix_open_pipe (fds, O_CLOEXEC, NULL));
  output = confab_bot_output_new (fds[1]);
  fake_call_set_ringing (call, TRUE);
  g_list_store_append (fake_call_get_store (call), anna);
  g_list_store_append (calls, call);
  watch = confab_bot_watch_new (G_LIST_MODEL (calls), output);
  fake_call_set_ringing (call, FALSE);
  fake_call_set_state (call, CONFAB_CALL_STATE_JOINED);
  g_list_store_insert (fake_call_get_store (call), 0, bert);
  fake_participant_set_state (bert, CONFAB_PARTICIPANT_STATE_CONNECTED);
  g_list_store_remove (fake_call_get_store (call), 1);
  g_list_store_remove_all (calls);

  /* What is gone is not watched any more. */
  fake_call_set_state (call, CONFAB_CALL_STATE_ENDED);
  fake_participant_set_state (bert, CONFAB_PARTICIPANT_STATE_CONNECTED);
  g_list_store_remove_all (fake_call_get_store (call));
  g_assert_finalize_object (g_steal_pointer (&watch));
  g_assert_finalize_object (g_steal_pointer (&output));
  lines = read_lines (fds[0]);
  g_assert_cmpstrv (lines, expected);
  close (fds[0]);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bot-watch/events", test_events);
  return g_test_run ();
}
