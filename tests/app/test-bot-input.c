/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-bot-command.h"
#include "confab-bot-input.h"

/* The next line with its end, or NULL at the end of input. */
static char *
read_line (ConfabBotInput *input)
{
  g_autoptr (DexFuture) future = confab_bot_input_read_line (input);
  g_autoptr (GError) error = NULL;
  const GValue *value;
  const char *line;
  gsize length;

  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  value = dex_future_get_value (future, &error);
  if (value == NULL) {
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
    return NULL;
  }
  line = g_bytes_get_data (g_value_get_boxed (value), &length);
  return length > 0 ? g_strndup (line, length) : g_strdup ("");
}

static void
test_lines (void)
{
  static const struct {
    const char *script;
    const char *stream;
    const char *lines; /* each with a | behind it */
  } cases[] = {
    { NULL, "", "" },
    { NULL, "a\nb\n", "a|b|" },
    { NULL, "a\n\nb", "a||b|" },
    { NULL, "\n", "|" },
    { "x\ny\n", "a\n", "x|y|a|" },
    { "x\ny", "a\n", "x|y|a|" },
    { "", "a", "a|" },
    { "\n", "", "|" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GBytes) script = cases[i].script != NULL
                       ? g_bytes_new (cases[i].script, strlen (cases[i].script))
                       : NULL;
    g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_data (cases[i].stream,
                                                                strlen (cases[i].stream),
                                                                NULL);
    g_autoptr (ConfabBotInput) input = confab_bot_input_new (script, stream);
    g_autoptr (GString) lines = g_string_new (NULL);
    for (;;) {
      g_autofree char *line = read_line (input);
      if (line == NULL)
        break;
      g_string_append_printf (lines, "%s|", line);
    }
    g_assert_cmpstr (lines->str, ==, cases[i].lines);
  }
}

/* A line without an end in sight is told once, and what comes after it is read again. */
static void
test_long_line (void)
{
  g_autofree char *monster = g_strnfill (3 * CONFAB_BOT_COMMAND_MAX_LINE, 'x');
  g_autofree char *text = g_strconcat ("a\n", monster, "\nb\n", monster, NULL);
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_data (text, strlen (text), NULL);
  g_autoptr (ConfabBotInput) input = confab_bot_input_new (NULL, stream);
  g_autofree char *first = read_line (input);
  g_autofree char *second = read_line (input);
  g_autofree char *third = read_line (input);
  g_autofree char *fourth = read_line (input);

  g_assert_cmpstr (first, ==, "a");
  g_assert_cmpuint (strlen (second), ==, CONFAB_BOT_COMMAND_MAX_LINE + 1);
  g_assert_cmpstr (third, ==, "b");
  g_assert_cmpuint (strlen (fourth), ==, CONFAB_BOT_COMMAND_MAX_LINE + 1);
  g_assert_null (read_line (input));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/bot-input/lines", test_lines);
  g_test_add_func ("/bot-input/long-line", test_long_line);
  return g_test_run ();
}
