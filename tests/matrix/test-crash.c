/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "confab-session-private.h"
#include "confab-system-clock.h"
#include "fake-account.h"
#include "fake-call-handler.h"

/* A process that dies by SIGKILL while it applies a sync. The parent is the homeserver, and keeps a device message
 * until the child asks for what follows it, as a real one does; the child dies at a named step; the next child must
 * find nothing lost and nothing there twice. */

#define MESSAGE(id)                                                                                \
  "{\"type\":\"m.call.invite\",\"sender\":\"@ben:x\",\"content\":{\"call_id\":\"" id               \
  "\",\"conf_id\":\"k\","                                                                          \
  "\"device_id\":\"D\"}}"
#define ROOM(name)                                                                                 \
  "\"rooms\":{\"join\":{\"!a:x\":{\"timeline\":{\"events\":[{\"type\":\"m.room.name\",\"state_"    \
  "key\":\"\","                                                                                    \
  "\"sender\":\"@ben:x\",\"content\":{\"name\":\"" name "\"}}]}}}}"

static const char *deadly_step;

static void
step_cb (const char *step)
{
  if (g_strcmp0 (step, deadly_step) == 0)
    kill (getpid (), SIGKILL);
}

static void
say_cb (const char *line)
{
  g_autofree char *text = g_strconcat (line, "\n", NULL);

  if (g_str_has_prefix (line, "to-device") && write (STDOUT_FILENO, text, strlen (text)) < 0)
    _exit (3);
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

/* The child: restores, and runs until its input ends. */
static int
child (const char *dir, const char *step)
{
  g_autoptr (ConfabClock) clock = confab_system_clock_new ();
  g_autoptr (ConfabSecrets) secrets = confab_file_secrets_new (dir);
  g_autoptr (ConfabSession) session = confab_session_new (clock, secrets, dir, dir);
  const GValue *value;
  gboolean ended = FALSE;

  deadly_step = step;
  confab_session_step_hook = step_cb;
  fake_call_handler_hook = say_cb;
  value = test_wait (confab_session_restore (session), NULL);
  if (value == NULL || !g_value_get_boolean (value))
    return 2;
  g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, input_cb, &ended);
  test_until (is_true, &ended);
  test_expect (confab_session_stop (session));
  return 0;
}

typedef struct {
  FakeAccount *account;
  char *dir;
  const char *wanted;
} Fixture;

static gboolean
asked (gpointer data)
{
  Fixture *f = data;

  return f->account->asked->len > 0 &&
         g_str_equal (f->account->asked->pdata[f->account->asked->len - 1], f->wanted);
}

static void
until_asked (Fixture *f, const char *since)
{
  f->wanted = since;
  test_until (asked, f);
}

static GSubprocess *
start (Fixture *f, const char *step)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *self_path = g_file_read_link ("/proc/self/exe", NULL);
  GSubprocess *process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE |
                                             G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                                           &error,
                                           self_path,
                                           "--child",
                                           f->dir,
                                           step,
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

/* Waits for the end; adds what it said to @said. */
static void
finish (GSubprocess *process, GString *said)
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

static guint
count (const char *text, const char *what)
{
  guint n = 0;

  for (const char *p = text; (p = strstr (p, what)) != NULL; p++)
    n++;
  return n;
}

static void
sign_in (Fixture *f)
{
  g_autoptr (ConfabClock) clock = confab_system_clock_new ();
  g_autoptr (ConfabSecrets) secrets = confab_file_secrets_new (f->dir);
  g_autoptr (ConfabSession) session = confab_session_new (clock, secrets, f->dir, f->dir);
  g_autoptr (ConfabHomeserver) homeserver = confab_homeserver_new (
    fake_homeserver_get_url (f->account->server));

  fake_account_sync (f->account, "", "{\"next_batch\":\"s1\"," ROOM ("Old") "}");
  test_expect (confab_session_sign_in (session, homeserver, "anna", "secret", NULL));
  until_asked (f, "s1");
  test_expect (confab_session_stop (session));
  test_settle ();
}

static void
check_store (Fixture *f)
{
  g_autoptr (ConfabClock) clock = confab_system_clock_new ();
  g_autoptr (ConfabSecrets) secrets = confab_file_secrets_new (f->dir);
  g_autoptr (ConfabSession) session = confab_session_new (clock, secrets, f->dir, f->dir);

  test_expect (confab_session_restore (session));
  g_assert_cmpstr (confab_room_get_name (
                     confab_room_list_lookup (confab_session_get_rooms (session), "!a:x")),
                   ==,
                   "New");
  test_expect (confab_session_stop (session));
  test_settle ();
}

static void
test_killed (gconstpointer data)
{
  const char *step = data;
  Fixture f = { .account = fake_account_new (),
                .dir = g_dir_make_tmp ("confab-test-XXXXXX", NULL) };
  g_autoptr (GString) said = g_string_new (NULL);
  g_autoptr (GSubprocess) victim = NULL;
  g_autoptr (GSubprocess) heir = NULL;
  g_autofree char *remove = g_strdup_printf ("rm -r '%s'", f.dir);

  sign_in (&f);
  fake_account_sync (f.account,
                     "s1",
                     "{\"next_batch\":\"s2\",\"to_device\":{\"events\":[" MESSAGE (
                       "c1") "," MESSAGE ("c2") "]}," ROOM ("New") "}");
  victim = start (&f, step);
  finish (victim, said);
  g_assert_true (g_subprocess_get_if_signaled (victim));
  g_assert_cmpint (g_subprocess_get_term_sig (victim), ==, SIGKILL);

  heir = start (&f, "none");
  until_asked (&f, "s2");
  g_output_stream_close (g_subprocess_get_stdin_pipe (heir), NULL, NULL);
  finish (heir, said);
  g_assert_true (g_subprocess_get_successful (heir));
  g_assert_cmpuint (count (said->str, "m.call.invite c1\n"), ==, 1);
  g_assert_cmpuint (count (said->str, "m.call.invite c2\n"), ==, 1);
  g_assert_cmpuint (count (said->str, "to-device"), ==, 2);
  check_store (&f);
  fake_account_free (f.account);
  g_assert_true (g_spawn_command_line_sync (remove, NULL, NULL, NULL, NULL));
  g_free (f.dir);
}

int
main (int argc, char **argv)
{
  if (argc == 4 && g_str_equal (argv[1], "--child")) {
    dex_init ();
    return child (argv[2], argv[3]);
  }
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_data_func ("/crash/begun", "begun", test_killed);
  g_test_add_data_func ("/crash/rooms", "rooms", test_killed);
  g_test_add_data_func ("/crash/received", "received", test_killed);
  g_test_add_data_func ("/crash/committed", "committed", test_killed);
  g_test_add_data_func ("/crash/fed", "fed", test_killed);
  return g_test_run ();
}
