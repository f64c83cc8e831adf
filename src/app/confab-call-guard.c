/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-app"

#include "config.h"

#include "confab-call-guard.h"

#include "confab-sleep-watch.h"

#include <glib/gi18n.h>

struct _ConfabCallGuard {
  GObject parent_instance;

  GtkApplication *application;
  ConfabSessionViewModel *model;
  ConfabSleepWatch *sleep;
  gboolean leaving; /* the machine is about to sleep, and waits for us */
  guint cookie;     /* of GtkApplication's inhibitor, 0 for none */
};

G_DEFINE_FINAL_TYPE (ConfabCallGuard, confab_call_guard, G_TYPE_OBJECT)

static void
uninhibit (ConfabCallGuard *self)
{
  if (self->cookie != 0)
    gtk_application_uninhibit (self->application, self->cookie);
  self->cookie = 0;
}

static void
call_cb (ConfabCallGuard *self)
{
  if (confab_session_view_model_get_call (self->model) != NULL) {
    if (self->cookie == 0)
      self->cookie = gtk_application_inhibit (self->application,
                                              gtk_application_get_active_window (self->application),
                                              GTK_APPLICATION_INHIBIT_IDLE |
                                                GTK_APPLICATION_INHIBIT_SUSPEND,
                                              _ ("A call is on"));
    confab_sleep_watch_hold (self->sleep);
  } else {
    uninhibit (self);
    /* The window has let go of the call; the others have not heard of it yet. */
    if (!self->leaving)
      confab_sleep_watch_release (self->sleep);
  }
}

static void
suspended_cb (ConfabCallGuard *self)
{
  self->leaving = FALSE;
  confab_sleep_watch_release (self->sleep);
}

static void
sleeping_cb (ConfabCallGuard *self)
{
  self->leaving = TRUE;
  confab_session_view_model_suspend (self->model);
}

static void
awake_cb (ConfabCallGuard *self)
{
  confab_session_view_model_resume (self->model);
  /* Somebody has joined in the last moment, or it did not fall asleep. */
  call_cb (self);
}

static void
confab_call_guard_dispose (GObject *object)
{
  ConfabCallGuard *self = CONFAB_CALL_GUARD (object);

  if (self->application != NULL)
    uninhibit (self);
  g_clear_object (&self->sleep);
  g_clear_object (&self->model);
  g_clear_object (&self->application);
  G_OBJECT_CLASS (confab_call_guard_parent_class)->dispose (object);
}

static void
confab_call_guard_class_init (ConfabCallGuardClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_call_guard_dispose;
}

static void
confab_call_guard_init (ConfabCallGuard *self)
{
}

/**
 * confab_call_guard_new:
 * @application: through which the desktop is asked
 * @model: whose call it is
 *
 * Returns: (transfer full): a guard; it ends when it is disposed
 */
ConfabCallGuard *
confab_call_guard_new (GtkApplication *application, ConfabSessionViewModel *model)
{
  ConfabCallGuard *self = g_object_new (CONFAB_TYPE_CALL_GUARD, NULL);

  self->application = g_object_ref (application);
  self->model = g_object_ref (model);
  self->sleep = confab_sleep_watch_new (_ ("A call is on"));
  g_signal_connect_object (
    self->sleep, "sleeping", G_CALLBACK (sleeping_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->sleep, "awake", G_CALLBACK (awake_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (model, "suspended", G_CALLBACK (suspended_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (model, "notify::call", G_CALLBACK (call_cb), self, G_CONNECT_SWAPPED);
  call_cb (self);
  return self;
}
