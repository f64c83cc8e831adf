/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "confab-matrix-error.h"
#include "confab-secrets.h"
#include "fake-homeserver.h"

#define ME CONFAB_MATRIX_ERROR
#define SERVICE "org.freedesktop.secrets"

/* Each case in a process, and on a bus, of its own: libsecret remembers the service it has found. */
typedef struct {
  GSubprocess *bus;
  GDBusConnection *connection;
  GSubprocess *daemon;
  char *dir;
  ConfabSecrets *keyring;
} Fixture;

static gboolean
has_owner (Fixture *f)
{
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (f->connection,
                                                 "org.freedesktop.DBus",
                                                 "/org/freedesktop/DBus",
                                                 "org.freedesktop.DBus",
                                                 "NameHasOwner",
                                                 g_variant_new ("(s)", SERVICE),
                                                 NULL,
                                                 G_DBUS_CALL_FLAGS_NONE,
                                                 -1,
                                                 NULL,
                                                 NULL);
  gboolean owned = FALSE;

  if (reply != NULL)
    g_variant_get (reply, "(b)", &owned);
  return owned;
}

static void
owner_changed_cb (GDBusConnection *connection,
                  const char *sender,
                  const char *path,
                  const char *interface,
                  const char *signal,
                  GVariant *parameters,
                  gpointer data)
{
}

static gboolean
has_owner_cb (gpointer data)
{
  return has_owner (data);
}

static gboolean
has_no_owner_cb (gpointer data)
{
  return !has_owner (data);
}

static void
start_daemon (Fixture *f, gboolean unlock)
{
  g_autofree char *control = g_strconcat ("--control-directory=", f->dir, NULL);
  g_autoptr (GError) error = NULL;
  GOutputStream *input;
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_PIPE |
                                                             G_SUBPROCESS_FLAGS_STDOUT_SILENCE |
                                                             G_SUBPROCESS_FLAGS_STDERR_SILENCE);

  /* Our test settings are not for it: its warnings are its own. */
  g_subprocess_launcher_unsetenv (launcher, "G_DEBUG");
  g_subprocess_launcher_unsetenv (launcher, "MALLOC_CHECK_");
  g_subprocess_launcher_unsetenv (launcher, "MALLOC_PERTURB_");
  f->daemon = g_subprocess_launcher_spawn (launcher,
                                           &error,
                                           "gnome-keyring-daemon",
                                           "--foreground",
                                           "--components=secrets",
                                           control,
                                           unlock ? "--unlock" : NULL,
                                           NULL);
  g_assert_no_error (error);
  input = g_subprocess_get_stdin_pipe (f->daemon);
  g_output_stream_write_all (input, "test", 4, NULL, NULL, NULL);
  g_output_stream_close (input, NULL, NULL);
  test_until (has_owner_cb, f);
}

static void
stop_daemon (Fixture *f)
{
  g_subprocess_send_signal (f->daemon, SIGTERM);
  g_subprocess_wait (f->daemon, NULL, NULL);
  g_clear_object (&f->daemon);
  test_until (has_no_owner_cb, f);
}

/* A bus that starts nothing by itself. (GTestDBus waits at its end until nobody, libsecret neither, holds on to it.) */
static char *
start_bus (Fixture *f)
{
  static const char config
    [] = "<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>"
         "<policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/><allow "
         "eavesdrop=\"true\"/>"
         "<allow own=\"*\"/></policy></busconfig>";
  g_autofree char *path = g_build_filename (f->dir, "session.conf", NULL);
  g_autofree char *option = g_strconcat ("--config-file=", path, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDataInputStream) output = NULL;
  char *address;

  g_file_set_contents (path, config, -1, &error);
  g_assert_no_error (error);
  f->bus = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                             &error,
                             "dbus-daemon",
                             "--nofork",
                             "--print-address",
                             option,
                             NULL);
  g_assert_no_error (error);
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (f->bus));
  address = g_data_input_stream_read_line (output, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (address);
  return address;
}

static void
set_up (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *address = NULL;

  f->dir = g_dir_make_tmp ("confab-test-XXXXXX", NULL);
  g_setenv ("HOME", f->dir, TRUE);
  g_setenv ("XDG_DATA_HOME", f->dir, TRUE);
  g_setenv ("XDG_RUNTIME_DIR", f->dir, TRUE);
  g_unsetenv ("DISPLAY");
  g_unsetenv ("WAYLAND_DISPLAY");
  address = start_bus (f);
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", address, TRUE);
  f->connection = g_dbus_connection_new_for_address_sync (
    address,
    G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
    NULL,
    NULL,
    &error);
  g_assert_no_error (error);
  /* So that the loop wakes when the service comes and goes. */
  g_dbus_connection_signal_subscribe (f->connection,
                                      "org.freedesktop.DBus",
                                      "org.freedesktop.DBus",
                                      "NameOwnerChanged",
                                      NULL,
                                      SERVICE,
                                      G_DBUS_SIGNAL_FLAGS_NONE,
                                      owner_changed_cb,
                                      NULL,
                                      NULL);
  f->keyring = confab_keyring_new ();
}

static void
tear_down (Fixture *f)
{
  g_autofree char *clear = g_strdup_printf ("rm -rf '%s'", f->dir);

  if (f->daemon != NULL)
    stop_daemon (f);
  test_settle ();
  g_object_unref (f->keyring);
  g_object_unref (f->connection);
  g_subprocess_force_exit (f->bus);
  g_subprocess_wait (f->bus, NULL, NULL);
  g_object_unref (f->bus);
  g_assert_true (g_spawn_command_line_sync (clear, NULL, NULL, NULL, NULL));
  g_free (f->dir);
}

static DexFuture *
look (Fixture *f)
{
  return confab_secrets_lookup (f->keyring, "@anna:x DEV");
}

static DexFuture *
keep (Fixture *f, const char *secret)
{
  return confab_secrets_store (f->keyring, "@anna:x DEV", secret);
}

static void
expect_secret (Fixture *f, const char *secret)
{
  g_autoptr (GError) error = NULL;
  const GValue *value = test_wait (look (f), &error);

  g_assert_no_error (error);
  g_assert_cmpstr (g_value_get_string (value), ==, secret);
}

static void
missing (Fixture *f)
{
  test_expect_error (look (f), ME, CONFAB_MATRIX_ERROR_NO_KEYRING);
  test_expect_error (keep (f, "s"), ME, CONFAB_MATRIX_ERROR_NO_KEYRING);
}

static void
unlocked (Fixture *f)
{
  start_daemon (f, TRUE);
  test_expect_error (look (f), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  test_expect (keep (f, "one"));
  expect_secret (f, "one");
  test_expect (keep (f, "two"));
  expect_secret (f, "two");
  test_expect_error (confab_secrets_lookup (f->keyring, "@ben:x DEV"),
                     G_IO_ERROR,
                     G_IO_ERROR_NOT_FOUND);
  test_expect (confab_secrets_clear (f->keyring, "@anna:x DEV"));
  test_expect (confab_secrets_clear (f->keyring, "@anna:x DEV"));
  test_expect_error (look (f), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
locked (Fixture *f)
{
  /* Kept in an earlier session; in this one nobody has unlocked the keyring. */
  start_daemon (f, TRUE);
  test_expect (keep (f, "one"));
  stop_daemon (f);
  start_daemon (f, FALSE);
  test_expect_error (look (f), ME, CONFAB_MATRIX_ERROR_KEYRING_LOCKED);
  test_expect_error (keep (f, "two"), ME, CONFAB_MATRIX_ERROR_KEYRING_LOCKED);
}

/* At once; GSubprocess leaves it to another thread. */
static void
send_signal (Fixture *f, int number)
{
  g_assert_cmpint (kill (atoi (g_subprocess_get_identifier (f->daemon)), number), ==, 0);
}

static void
frozen (Fixture *f)
{
  gint64 start;

  start_daemon (f, TRUE);
  send_signal (f, SIGSTOP);
  start = g_get_monotonic_time ();
  test_expect_error (look (f), ME, CONFAB_MATRIX_ERROR_KEYRING_LOCKED);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 15 * G_USEC_PER_SEC);
  send_signal (f, SIGCONT);
}

/* A service that is well when it is asked for the first time, and never again. */
static GDBusMessage *
freezing_cb (GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer data)
{
  guint *n_calls = data;

  if (incoming && g_dbus_message_get_message_type (message) == G_DBUS_MESSAGE_TYPE_METHOD_CALL &&
      (*n_calls)++ > 0)
    g_clear_object (&message);
  return message;
}

static void
freezes (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) service = g_dbus_connection_new_for_address_sync (
    g_getenv ("DBUS_SESSION_BUS_ADDRESS"),
    G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
    NULL,
    NULL,
    &error);
  guint n_calls = 0;
  gint64 start;

  g_assert_no_error (error);
  g_dbus_connection_add_filter (service, freezing_cb, &n_calls, NULL);
  g_bus_own_name_on_connection (
    service, SERVICE, G_BUS_NAME_OWNER_FLAGS_NONE, NULL, NULL, NULL, NULL);
  test_until (has_owner_cb, f);
  start = g_get_monotonic_time ();
  test_expect_error (look (f), ME, CONFAB_MATRIX_ERROR_KEYRING_LOCKED);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 15 * G_USEC_PER_SEC);
  g_assert_cmpuint (n_calls,
                    >=,
                    3); /* asked how it is, asked for the secret, asked how it is again */
  g_assert_true (g_dbus_connection_close_sync (service, NULL, NULL));
}

static const struct {
  const char *path;
  void (*run) (Fixture *f);
} cases[] = {
  { "/keyring/missing", missing }, { "/keyring/unlocked", unlocked }, { "/keyring/locked", locked },
  { "/keyring/frozen", frozen },   { "/keyring/freezes", freezes },
};

static void
test_case (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);

  if (g_test_subprocess ()) {
    Fixture f = { 0 };
    set_up (&f);
    cases[i].run (&f);
    tear_down (&f);
    return;
  }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

static void
test_no_bus (void)
{
  if (g_test_subprocess ()) {
    g_autoptr (ConfabSecrets) keyring = NULL;
    g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
    keyring = confab_keyring_new ();
    test_expect_error (confab_secrets_lookup (keyring, "a"), ME, CONFAB_MATRIX_ERROR_NO_KEYRING);
    return;
  }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

int
main (int argc, char **argv)
{
  g_autofree char *daemon = g_find_program_in_path ("gnome-keyring-daemon");

  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/keyring/no-bus", test_no_bus);
  if (daemon == NULL && g_strcmp0 (g_getenv ("DEV_ALLOW_SKIP"), "1") != 0)
    g_error ("gnome-keyring-daemon is missing; DEV_ALLOW_SKIP=1 goes on without");
  for (guint i = 0; daemon != NULL && i < G_N_ELEMENTS (cases); i++)
    g_test_add_data_func (cases[i].path, GUINT_TO_POINTER (i), test_case);
  return g_test_run ();
}
