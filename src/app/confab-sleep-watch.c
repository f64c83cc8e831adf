/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-app"

#include "config.h"

#include "confab-sleep-watch.h"

#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define NAME "org.freedesktop.login1"
#define PATH "/org/freedesktop/login1"
#define INTERFACE "org.freedesktop.login1.Manager"

struct _ConfabSleepWatch {
  GObject parent_instance;

  char *why;
  GDBusConnection *bus; /* (nullable): the system's; not there yet, or at all */
  GCancellable *cancellable;
  guint subscription;
  gboolean started;
  gboolean held;   /* wanted */
  gboolean asking; /* for the inhibitor */
  int fd;          /* the inhibitor, or -1 */
};

G_DEFINE_FINAL_TYPE (ConfabSleepWatch, confab_sleep_watch, G_TYPE_OBJECT)

enum {
  SIGNAL_SLEEPING,
  SIGNAL_AWAKE,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
close_inhibitor (ConfabSleepWatch *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

static int
read_inhibitor (GVariant *reply, GUnixFDList *fds, GError **error)
{
  gint32 index = -1;

  if (!g_variant_is_of_type (reply, G_VARIANT_TYPE ("(h)")) || fds == NULL) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "no file descriptor");
    return -1;
  }
  g_variant_get (reply, "(h)", &index);
  return g_unix_fd_list_get (fds, index, error);
}

static void
inhibited_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ConfabSleepWatch) self = data;
  g_autoptr (GUnixFDList) fds = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_with_unix_fd_list_finish (G_DBUS_CONNECTION (source),
                                                                     &fds,
                                                                     result,
                                                                     &error);

  self->asking = FALSE;
  if (reply != NULL)
    self->fd = read_inhibitor (reply, fds, &error);
  if (error != NULL)
    g_debug ("sleep cannot be delayed: %s", error->message);
  /* The call was over before the answer came. */
  if (!self->held)
    close_inhibitor (self);
}

static void
take (ConfabSleepWatch *self)
{
  if (self->bus == NULL || !self->held || self->asking || self->fd >= 0)
    return;
  self->asking = TRUE;
  g_dbus_connection_call_with_unix_fd_list (
    self->bus,
    NAME,
    PATH,
    INTERFACE,
    "Inhibit",
    g_variant_new ("(ssss)", "sleep", g_get_application_name (), self->why, "delay"),
    NULL,
    G_DBUS_CALL_FLAGS_NONE,
    -1,
    NULL,
    self->cancellable,
    inhibited_cb,
    g_object_ref (self));
}

static void
prepare_cb (GDBusConnection *connection,
            const char *sender,
            const char *path,
            const char *interface,
            const char *name,
            GVariant *parameters,
            gpointer data)
{
  gboolean sleeping = FALSE;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(b)")))
    return;
  g_variant_get (parameters, "(b)", &sleeping);
  g_debug ("the machine %s", sleeping ? "is about to sleep" : "is awake");
  g_signal_emit (data, signals[sleeping ? SIGNAL_SLEEPING : SIGNAL_AWAKE], 0);
}

static void
bus_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ConfabSleepWatch) self = data;
  g_autoptr (GError) error = NULL;
  GDBusConnection *bus = g_bus_get_finish (result, &error);

  if (bus == NULL) {
    g_debug ("nobody says when the machine sleeps: %s", error->message);
    return;
  }
  if (g_cancellable_is_cancelled (self->cancellable)) {
    g_object_unref (bus);
    return;
  }
  self->bus = bus;
  /* A system bus that goes away takes nobody with it. */
  g_dbus_connection_set_exit_on_close (bus, FALSE);
  self->subscription = g_dbus_connection_signal_subscribe (bus,
                                                           NAME,
                                                           INTERFACE,
                                                           "PrepareForSleep",
                                                           PATH,
                                                           NULL,
                                                           G_DBUS_SIGNAL_FLAGS_NONE,
                                                           prepare_cb,
                                                           self,
                                                           NULL);
  take (self);
}

static void
confab_sleep_watch_dispose (GObject *object)
{
  ConfabSleepWatch *self = CONFAB_SLEEP_WATCH (object);

  g_cancellable_cancel (self->cancellable);
  self->held = FALSE;
  close_inhibitor (self);
  if (self->subscription != 0)
    g_dbus_connection_signal_unsubscribe (self->bus, self->subscription);
  self->subscription = 0;
  g_clear_object (&self->bus);
  G_OBJECT_CLASS (confab_sleep_watch_parent_class)->dispose (object);
}

static void
confab_sleep_watch_finalize (GObject *object)
{
  ConfabSleepWatch *self = CONFAB_SLEEP_WATCH (object);

  g_object_unref (self->cancellable);
  g_free (self->why);
  G_OBJECT_CLASS (confab_sleep_watch_parent_class)->finalize (object);
}

static void
confab_sleep_watch_class_init (ConfabSleepWatchClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_sleep_watch_dispose;
  G_OBJECT_CLASS (klass)->finalize = confab_sleep_watch_finalize;
  signals[SIGNAL_SLEEPING] = g_signal_new (
    "sleeping", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_AWAKE] = g_signal_new (
    "awake", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
confab_sleep_watch_init (ConfabSleepWatch *self)
{
  self->cancellable = g_cancellable_new ();
  self->fd = -1;
}

ConfabSleepWatch *
confab_sleep_watch_new (const char *why)
{
  ConfabSleepWatch *self = g_object_new (CONFAB_TYPE_SLEEP_WATCH, NULL);

  self->why = g_strdup (why);
  return self;
}

void
confab_sleep_watch_hold (ConfabSleepWatch *self)
{
  g_return_if_fail (CONFAB_IS_SLEEP_WATCH (self));

  self->held = TRUE;
  if (!self->started)
    g_bus_get (G_BUS_TYPE_SYSTEM, self->cancellable, bus_cb, g_object_ref (self));
  self->started = TRUE;
  take (self);
}

void
confab_sleep_watch_release (ConfabSleepWatch *self)
{
  g_return_if_fail (CONFAB_IS_SLEEP_WATCH (self));

  self->held = FALSE;
  close_inhibitor (self);
}
