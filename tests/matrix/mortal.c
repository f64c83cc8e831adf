/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "mortal.h"

#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "confab-session-private.h"
#include "confab-system-clock.h"
#include "deadly-vfs.h"

static const char *deadly_step;

static void
step_cb (const char *step)
{
  if (g_strcmp0 (step, deadly_step) == 0)
    kill (getpid (), SIGKILL);
}

static gboolean
input_cb (int fd, GIOCondition condition, gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *) data;
}

void
mortal_say (const char *format, ...)
{
  g_autofree char *line = NULL;
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  text = g_strconcat (line, "\n", NULL);
  /* Not buffered: it may be the last that this process does. */
  if (write (STDOUT_FILENO, text, strlen (text)) < 0)
    _exit (3);
}

int
mortal_live (const char *dir,
             const char *step,
             MortalFunc begin,
             MortalFunc went_on,
             MortalFunc end,
             gpointer data)
{
  g_autoptr (ConfabClock) clock = confab_system_clock_new ();
  g_autoptr (ConfabSecrets) secrets = confab_file_secrets_new (dir);
  g_autoptr (ConfabSession) session = confab_session_new (clock, secrets, dir, dir);
  const GValue *value;
  gboolean ended = FALSE;

  deadly_step = step;
  deadly_vfs_install (g_ascii_strtoull (step, NULL, 10)); /* 0 when it is a name */
  confab_session_step_hook = step_cb;
  if (begin != NULL)
    begin (session, data);
  value = test_wait (confab_session_restore (session), NULL);
  if (value == NULL || !g_value_get_boolean (value))
    return 2;
  g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, input_cb, &ended);
  if (went_on != NULL)
    went_on (session, data);
  test_until (is_true, &ended);
  if (end != NULL)
    end (session, data);
  test_expect (confab_session_stop (session));
  mortal_say ("steps %u", deadly_vfs_get_n_steps ());
  return 0;
}

GSubprocess *
mortal_start (const char *dir, const char *step, const char *wish)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *self_path = g_file_read_link ("/proc/self/exe", NULL);
  GSubprocess *process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE |
                                             G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                                           &error,
                                           self_path,
                                           "--child",
                                           dir,
                                           step,
                                           wish,
                                           NULL);

  g_assert_no_error (error);
  return process;
}

static void
ended_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  *(gboolean *) data = TRUE;
}

void
mortal_finish (GSubprocess *process, GString *said)
{
  gboolean ended = FALSE;
  char buffer[4096];
  gssize n;

  g_subprocess_wait_async (process, NULL, ended_cb, &ended);
  test_until (is_true, &ended);
  while ((n = g_input_stream_read (
            g_subprocess_get_stdout_pipe (process), buffer, sizeof buffer, NULL, NULL)) > 0)
    g_string_append_len (said, buffer, n);
}

void
mortal_end (GSubprocess *process, GString *said)
{
  g_output_stream_close (g_subprocess_get_stdin_pipe (process), NULL, NULL);
  mortal_finish (process, said);
  g_assert_true (g_subprocess_get_successful (process));
}

guint
mortal_get_n_steps (const GString *said)
{
  const char *steps = strstr (said->str, "steps ");

  g_assert_nonnull (steps);
  return g_ascii_strtoull (steps + strlen ("steps "), NULL, 10);
}

void
mortal_run (const char *command, const char *from, const char *to)
{
  g_autofree char *a = g_shell_quote (from);
  g_autofree char *b = g_shell_quote (to);
  g_autofree char *line = g_strconcat (command, " ", a, " ", to[0] != '\0' ? b : "", NULL);
  int status;

  g_assert_true (g_spawn_command_line_sync (line, NULL, NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
}
