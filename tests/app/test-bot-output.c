/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>
#include <fcntl.h>
#include <unistd.h>

#include <glib-unix.h>

#include "confab-bot-output.h"
#include "confab-json.h"

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
test_lines (void)
{
  const char *line = "{\"id\":7,\"cmd\":\"mute\",\"mic\":true}";
  g_autoptr (ConfabBotCommand) command = confab_bot_command_parse (line, strlen (line));
  g_autoptr (ConfabBotCommand) nonsense = confab_bot_command_parse ("?", 1);
  g_autoptr (ConfabBotOutput) output = NULL;
  g_autoptr (JsonObject) fields = json_object_new ();
  g_autoptr (JsonNode) result = json_node_new (JSON_NODE_ARRAY);
  g_autoptr (GError) other = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "a “b”\nc");
  g_autoptr (GError) none = g_error_new (CONFAB_BOT_ERROR, CONFAB_BOT_ERROR_NO_CALL, "no call");
  g_auto (GStrv) lines = NULL;
  int fds[2];

  g_assert_true (g_unix_open_pipe (fds, FD_CLOEXEC, NULL));
  output = confab_bot_output_new (fds[1]);
  json_node_take_array (result, json_array_new ());
  json_object_set_null_member (fields, "sessionId");
  confab_bot_output_event (output, "ready", fields);
  confab_bot_output_result (output, command, result);
  confab_bot_output_error (output, command, none);
  confab_bot_output_error (output, nonsense, nonsense->error);
  confab_bot_output_fatal (output, other);
  g_clear_object (&output);

  lines = read_lines (fds[0]);
  g_assert_cmpuint (g_strv_length (lines), ==, 6);
  g_assert_cmpstr (lines[0], ==, "{\"event\":\"ready\",\"sessionId\":null}");
  g_assert_cmpstr (lines[1], ==, "{\"id\":7,\"cmd\":\"mute\",\"ok\":true,\"result\":[]}");
  g_assert_cmpstr (lines[2],
                   ==,
                   "{\"id\":7,\"cmd\":\"mute\",\"ok\":false,\"error\":{\"code\":\"no-call\","
                   "\"message\":\"no call\"}}");
  g_assert_true (g_str_has_prefix (lines[3],
                                   "{\"id\":null,\"cmd\":null,\"ok\":false,\"error\":"
                                   "{\"code\":\"bad-json\","));
  g_assert_cmpstr (lines[4],
                   ==,
                   "{\"event\":\"fatal\",\"error\":{\"code\":\"failed\","
                   "\"message\":\"a “b”\\nc\"}}");
  close (fds[0]);
}

/* Far more than a pipe holds, and nobody reads until all is handed in. */
static void
test_slow_reader (void)
{
  g_autoptr (ConfabBotOutput) output = NULL;
  g_auto (GStrv) lines = NULL;
  int fds[2];

  g_assert_true (g_unix_open_pipe (fds, FD_CLOEXEC, NULL));
  output = confab_bot_output_new (fds[1]);
  for (guint i = 0; i < 20000; i++)
    confab_bot_output_event (output, "state", NULL);
  for (guint i = 0; i < 20000; i++) {
    char line[64];
    g_assert_cmpint (read (fds[0], line, 18), ==, 18);
  }
  g_clear_object (&output);
  lines = read_lines (fds[0]);
  g_assert_cmpuint (g_strv_length (lines), ==, 0);
  close (fds[0]);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bot-output/lines", test_lines);
  g_test_add_func ("/bot-output/slow-reader", test_slow_reader);
  return g_test_run ();
}
