/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <stdio.h>
#include <unistd.h>

/*
 * logind and the desktop's session manager, as far as they have to do with calls, for test_desktop.py:
 *
 *     fake-desktop SYSTEM-BUS SESSION-BUS
 *
 * Says on standard output what it is asked, a line each: `ready`, `delay WHAT` (an inhibitor is taken), `released` (its
 * file descriptor is closed), `inhibit FLAGS`, `uninhibit`, `client APP-ID`, `answer yes|no`, `bye` (the client's
 * connection is gone). Does on standard input what it is told: `sleep`, `wake`, `query`, `end`.
 */

static const char xml[] =
  "<node>"
  "<interface name='org.freedesktop.login1.Manager'>"
  "<method name='Inhibit'><arg type='s' direction='in'/><arg type='s' direction='in'/>"
  "<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='h' direction='out'/>"
  "</method><signal name='PrepareForSleep'><arg type='b'/></signal></interface>"
  "<interface name='org.gnome.SessionManager'>"
  "<method name='RegisterClient'><arg type='s' direction='in'/><arg type='s' direction='in'/>"
  "<arg type='o' direction='out'/></method>"
  "<method name='UnregisterClient'><arg type='o' direction='in'/></method>"
  "<method name='Inhibit'><arg type='s' direction='in'/><arg type='u' direction='in'/>"
  "<arg type='s' direction='in'/><arg type='u' direction='in'/><arg type='u' direction='out'/>"
  "</method><method name='Uninhibit'><arg type='u' direction='in'/></method></interface>"
  "<interface name='org.gnome.SessionManager.ClientPrivate'>"
  "<method name='EndSessionResponse'><arg type='b' direction='in'/><arg type='s' direction='in'/>"
  "</method><signal name='QueryEndSession'><arg type='u'/></signal>"
  "<signal name='EndSession'><arg type='u'/></signal></interface></node>";

#define CLIENT "/org/gnome/SessionManager/Client1"
#define CLIENT_INTERFACE "org.gnome.SessionManager.ClientPrivate"

static GDBusConnection *system_bus;
static GDBusConnection *session_bus;
static GMainLoop *loop;

G_GNUC_PRINTF (1, 2) static void
say (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  vprintf (format, arguments);
  va_end (arguments);
  putchar ('\n');
  fflush (stdout);
}

static gboolean
released_cb (int fd, GIOCondition condition, gpointer data)
{
  say ("released");
  close (fd);
  return G_SOURCE_REMOVE;
}

static void
return_inhibitor (GDBusMethodInvocation *invocation, const char *what)
{
  g_autoptr (GUnixFDList) fds = g_unix_fd_list_new ();
  g_autoptr (GError) error = NULL;
  int pipe[2];

  if (!g_unix_open_pipe (pipe, FD_CLOEXEC, &error) ||
      g_unix_fd_list_append (fds, pipe[1], &error) < 0)
    g_error ("%s", error->message);
  close (pipe[1]); /* the list has its own */
  g_unix_fd_add (pipe[0], G_IO_HUP, released_cb, NULL);
  say ("delay %s", what);
  g_dbus_method_invocation_return_value_with_unix_fd_list (invocation,
                                                           g_variant_new ("(h)", 0),
                                                           fds);
}

static void
logind_cb (GDBusConnection *bus,
           const char *sender,
           const char *path,
           const char *interface,
           const char *method,
           GVariant *parameters,
           GDBusMethodInvocation *invocation,
           gpointer data)
{
  const char *what, *who, *why, *mode;

  g_variant_get (parameters, "(&s&s&s&s)", &what, &who, &why, &mode);
  if (!g_str_equal (mode, "delay") || *who == '\0' || *why == '\0')
    g_error ("Inhibit (%s, %s, %s, %s)", what, who, why, mode);
  return_inhibitor (invocation, what);
}

static void
gone_cb (GDBusConnection *bus, const char *name, gpointer data)
{
  say ("bye");
}

static void
manager_cb (GDBusConnection *bus,
            const char *sender,
            const char *path,
            const char *interface,
            const char *method,
            GVariant *parameters,
            GDBusMethodInvocation *invocation,
            gpointer data)
{
  GVariant *reply = NULL;

  if (g_str_equal (method, "RegisterClient")) {
    const char *app_id;
    g_variant_get (parameters, "(&s&s)", &app_id, NULL);
    g_bus_watch_name_on_connection (
      bus, sender, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL, gone_cb, NULL, NULL);
    say ("client %s", app_id);
    reply = g_variant_new ("(o)", CLIENT);
  } else if (g_str_equal (method, "Inhibit")) {
    guint32 flags;
    g_variant_get (parameters, "(&su&su)", NULL, NULL, NULL, &flags);
    say ("inhibit %u", flags);
    reply = g_variant_new ("(u)", 7);
  } else if (g_str_equal (method, "Uninhibit")) {
    say ("uninhibit");
  } else if (g_str_equal (method, "EndSessionResponse")) {
    gboolean ok;
    g_variant_get (parameters, "(b&s)", &ok, NULL);
    say ("answer %s", ok ? "yes" : "no");
  }
  g_dbus_method_invocation_return_value (invocation, reply);
}

static void
emit (GDBusConnection *bus,
      const char *path,
      const char *interface,
      const char *name,
      GVariant *parameters)
{
  g_dbus_connection_emit_signal (bus, NULL, path, interface, name, parameters, NULL);
}

static void
prepare (gboolean sleeping)
{
  emit (system_bus,
        "/org/freedesktop/login1",
        "org.freedesktop.login1.Manager",
        "PrepareForSleep",
        g_variant_new ("(b)", sleeping));
}

static void
do_as_told (const char *line)
{
  if (g_str_equal (line, "sleep"))
    prepare (TRUE);
  else if (g_str_equal (line, "wake"))
    prepare (FALSE);
  else if (g_str_equal (line, "query"))
    emit (session_bus, CLIENT, CLIENT_INTERFACE, "QueryEndSession", g_variant_new ("(u)", 0));
  else if (g_str_equal (line, "end"))
    emit (session_bus, CLIENT, CLIENT_INTERFACE, "EndSession", g_variant_new ("(u)", 0));
  else
    g_error ("“%s”?", line);
}

static void
line_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GDataInputStream *input = G_DATA_INPUT_STREAM (source);
  g_autofree char *line = g_data_input_stream_read_line_finish (input, result, NULL, NULL);

  if (line == NULL) {
    g_main_loop_quit (loop);
    return;
  }
  do_as_told (line);
  g_data_input_stream_read_line_async (input, G_PRIORITY_DEFAULT, NULL, line_cb, NULL);
}

static GDBusConnection *
connect_to (const char *address)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *bus = g_dbus_connection_new_for_address_sync (
    address,
    G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
    NULL,
    NULL,
    &error);

  if (bus == NULL)
    g_error ("%s: %s", address, error->message);
  return bus;
}

static void
offer (GDBusConnection *bus,
       const char *name,
       const char *path,
       GDBusInterfaceInfo *interface,
       GDBusInterfaceMethodCallFunc func)
{
  GDBusInterfaceVTable vtable = { .method_call = func };
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;

  if (g_dbus_connection_register_object (bus, path, interface, &vtable, NULL, NULL, &error) == 0)
    g_error ("%s: %s", path, error->message);
  if (name == NULL)
    return;
  reply = g_dbus_connection_call_sync (bus,
                                       "org.freedesktop.DBus",
                                       "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus",
                                       "RequestName",
                                       g_variant_new ("(su)", name, 4),
                                       NULL,
                                       G_DBUS_CALL_FLAGS_NONE,
                                       -1,
                                       NULL,
                                       &error);
  if (reply == NULL)
    g_error ("%s: %s", name, error->message);
}

int
main (int argc, char **argv)
{
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (xml, NULL);
  g_autoptr (GInputStream) input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr (GDataInputStream) lines = g_data_input_stream_new (input);

  if (argc != 3)
    g_error ("fake-desktop SYSTEM-BUS SESSION-BUS");
  system_bus = connect_to (argv[1]);
  session_bus = connect_to (argv[2]);
  offer (system_bus,
         "org.freedesktop.login1",
         "/org/freedesktop/login1",
         node->interfaces[0],
         logind_cb);
  offer (session_bus, NULL, CLIENT, node->interfaces[2], manager_cb);
  offer (session_bus,
         "org.gnome.SessionManager",
         "/org/gnome/SessionManager",
         node->interfaces[1],
         manager_cb);
  loop = g_main_loop_new (NULL, FALSE);
  g_data_input_stream_read_line_async (lines, G_PRIORITY_DEFAULT, NULL, line_cb, NULL);
  say ("ready");
  g_main_loop_run (loop);
  return 0;
}
