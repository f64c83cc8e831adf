/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-app"

#include "config.h"

#include "confab-logout-watch.h"

#define NAME "org.gnome.SessionManager"
#define PATH "/org/gnome/SessionManager"
#define CLIENT_INTERFACE "org.gnome.SessionManager.ClientPrivate"

struct _ConfabLogoutWatch {
  GObject parent_instance;

  GDBusConnection *bus;
  GCancellable *cancellable;
  char *path; /* (nullable): of this client, once it is registered */
  guint subscription;
  gboolean asked; /* and not answered yet */
};

G_DEFINE_FINAL_TYPE (ConfabLogoutWatch, confab_logout_watch, G_TYPE_OBJECT)

enum {
  SIGNAL_ENDING,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
respond (ConfabLogoutWatch *self)
{
  g_dbus_connection_call (self->bus,
                          NAME,
                          self->path,
                          CLIENT_INTERFACE,
                          "EndSessionResponse",
                          g_variant_new ("(bs)", TRUE, ""),
                          NULL,
                          G_DBUS_CALL_FLAGS_NO_AUTO_START,
                          -1,
                          NULL,
                          NULL,
                          NULL);
}

static void
signal_cb (GDBusConnection *connection,
           const char *sender,
           const char *path,
           const char *interface,
           const char *name,
           GVariant *parameters,
           gpointer data)
{
  ConfabLogoutWatch *self = data;

  g_debug ("the session manager says %s", name);
  if (g_str_equal (name, "QueryEndSession")) {
    /* Nothing of ours is unsaved. Whether the session really ends is not known yet: the call goes on. */
    respond (self);
  } else if (g_str_equal (name, "EndSession")) {
    self->asked = TRUE;
    g_signal_emit (self, signals[SIGNAL_ENDING], 0);
  } else if (g_str_equal (name, "Stop")) {
    g_signal_emit (self, signals[SIGNAL_ENDING], 0);
  }
}

static void
registered_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ConfabLogoutWatch) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply == NULL) {
    g_debug ("no session manager: %s", error->message);
    return;
  }
  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  g_variant_get (reply, "(o)", &self->path);
  self->subscription = g_dbus_connection_signal_subscribe (self->bus,
                                                           NAME,
                                                           CLIENT_INTERFACE,
                                                           NULL,
                                                           self->path,
                                                           NULL,
                                                           G_DBUS_SIGNAL_FLAGS_NONE,
                                                           signal_cb,
                                                           self,
                                                           NULL);
}

static void
confab_logout_watch_dispose (GObject *object)
{
  ConfabLogoutWatch *self = CONFAB_LOGOUT_WATCH (object);

  g_cancellable_cancel (self->cancellable);
  if (self->subscription != 0)
    g_dbus_connection_signal_unsubscribe (self->bus, self->subscription);
  self->subscription = 0;
  g_clear_object (&self->bus);
  G_OBJECT_CLASS (confab_logout_watch_parent_class)->dispose (object);
}

static void
confab_logout_watch_finalize (GObject *object)
{
  ConfabLogoutWatch *self = CONFAB_LOGOUT_WATCH (object);

  g_object_unref (self->cancellable);
  g_free (self->path);
  G_OBJECT_CLASS (confab_logout_watch_parent_class)->finalize (object);
}

static void
confab_logout_watch_class_init (ConfabLogoutWatchClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_logout_watch_dispose;
  G_OBJECT_CLASS (klass)->finalize = confab_logout_watch_finalize;
  signals[SIGNAL_ENDING] = g_signal_new (
    "ending", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
confab_logout_watch_init (ConfabLogoutWatch *self)
{
  self->cancellable = g_cancellable_new ();
}

ConfabLogoutWatch *
confab_logout_watch_new (GDBusConnection *bus, const char *app_id)
{
  ConfabLogoutWatch *self = g_object_new (CONFAB_TYPE_LOGOUT_WATCH, NULL);

  self->bus = g_object_ref (bus);
  g_dbus_connection_call (bus,
                          NAME,
                          PATH,
                          NAME,
                          "RegisterClient",
                          g_variant_new ("(ss)", app_id, ""),
                          G_VARIANT_TYPE ("(o)"),
                          G_DBUS_CALL_FLAGS_NO_AUTO_START,
                          -1,
                          self->cancellable,
                          registered_cb,
                          g_object_ref (self));
  return self;
}

void
confab_logout_watch_answer (ConfabLogoutWatch *self)
{
  g_return_if_fail (CONFAB_IS_LOGOUT_WATCH (self));

  if (!self->asked)
    return;
  self->asked = FALSE;
  respond (self); /* GApplication flushes the connection when it ends */
}
