/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-sign-in-attempts.h"

#include "confab-homeserver.h"
#include "confab-session.h"

#include <glib/gi18n.h>
#include <string.h>

struct _ConfabSignInAttempts {
  GObject parent_instance;

  ConfabSession *session;
  guint number;            /* of the last one, or of its end */
  ConfabHomeserver *asked; /* (nullable): by the one that runs */
  DexFuture *last;         /* (nullable): also when it was stopped */
};

G_DEFINE_FINAL_TYPE (ConfabSignInAttempts, confab_sign_in_attempts, G_TYPE_OBJECT)

enum {
  SIGNAL_ENDED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

/* What a fiber is about: it goes on as long as it is the last. */
typedef struct {
  ConfabSignInAttempts *self;
  guint number;
  ConfabHomeserver *homeserver;
  char *user;
  char *password;
  DexFuture *before; /* (nullable): what has to end first */
} Attempt;

static void
attempt_free (Attempt *attempt)
{
  explicit_bzero (attempt->password, strlen (attempt->password));
  g_free (attempt->password);
  g_free (attempt->user);
  g_object_unref (attempt->homeserver);
  g_object_unref (attempt->self);
  dex_clear (&attempt->before);
  g_free (attempt);
}

/* Stopped when the server had said yes already: the person does not want to be signed in. */
static void
await_sign_out (ConfabSignInAttempts *self, gboolean again)
{
  g_autoptr (GError) error = NULL;

  if (again) /* as the same device, after a soft logout: its keys must not be lost over that */
    return;
  if (!dex_await (confab_session_sign_out (self->session), &error))
    g_info ("Signing out of what was stopped: %s", error->message);
}

static DexFuture *
attempt_fiber (gpointer data)
{
  Attempt *attempt = data;
  ConfabSignInAttempts *self = attempt->self;
  g_autoptr (GError) error = NULL;
  gboolean again = FALSE;
  gboolean signed_in = FALSE;

  if (attempt->before != NULL)
    dex_await (g_steal_pointer (&attempt->before), NULL);
  if (attempt->number != self->number)
    return dex_future_new_false ();
  again = confab_session_get_state (self->session) == CONFAB_SESSION_STATE_LOGGED_OUT;
  signed_in = dex_await (
    confab_session_sign_in (
      self->session,
      attempt->homeserver,
      attempt->user,
      attempt->password,
      /* Translators: what this device is called in a person's list of devices */
      _ ("Confab")),
    &error);
  if (attempt->number != self->number) {
    if (signed_in)
      await_sign_out (self, again);
    return dex_future_new_false ();
  }
  g_clear_object (&self->asked);
  g_signal_emit (self, signals[SIGNAL_ENDED], 0, error);
  return dex_future_new_true ();
}

static void
confab_sign_in_attempts_dispose (GObject *object)
{
  ConfabSignInAttempts *self = CONFAB_SIGN_IN_ATTEMPTS (object);

  dex_clear (&self->last);
  g_clear_object (&self->asked);
  g_clear_object (&self->session);

  G_OBJECT_CLASS (confab_sign_in_attempts_parent_class)->dispose (object);
}

static void
confab_sign_in_attempts_class_init (ConfabSignInAttemptsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_sign_in_attempts_dispose;

  signals[SIGNAL_ENDED] = g_signal_new ("ended",
                                        G_TYPE_FROM_CLASS (klass),
                                        G_SIGNAL_RUN_LAST,
                                        0,
                                        NULL,
                                        NULL,
                                        NULL,
                                        G_TYPE_NONE,
                                        1,
                                        G_TYPE_ERROR);
}

static void
confab_sign_in_attempts_init (ConfabSignInAttempts *self)
{
}

/**
 * confab_sign_in_attempts_new:
 * @session: where one signs in
 *
 * Returns: (transfer full): nothing was tried yet
 */
ConfabSignInAttempts *
confab_sign_in_attempts_new (ConfabSession *session)
{
  ConfabSignInAttempts *self = NULL;

  g_return_val_if_fail (CONFAB_IS_SESSION (session), NULL);

  self = g_object_new (CONFAB_TYPE_SIGN_IN_ATTEMPTS, NULL);
  self->session = g_object_ref (session);
  return self;
}

/**
 * confab_sign_in_attempts_begin:
 * @self: attempts, none of which runs
 * @homeserver: where
 * @user: localpart or full id
 * @password: wiped when it was used
 */
void
confab_sign_in_attempts_begin (ConfabSignInAttempts *self,
                               ConfabHomeserver *homeserver,
                               const char *user,
                               const char *password)
{
  Attempt *attempt = NULL;

  g_return_if_fail (CONFAB_IS_SIGN_IN_ATTEMPTS (self));
  g_return_if_fail (CONFAB_IS_HOMESERVER (homeserver));
  g_return_if_fail (user != NULL && password != NULL);

  g_set_object (&self->asked, homeserver);
  attempt = g_new0 (Attempt, 1);
  attempt->self = g_object_ref (self);
  attempt->number = ++self->number;
  attempt->homeserver = g_object_ref (homeserver);
  attempt->user = g_strdup (user);
  attempt->password = g_strdup (password);
  attempt->before = g_steal_pointer (&self->last);
  self->last = dex_scheduler_spawn (NULL, 0, attempt_fiber, attempt, (GDestroyNotify) attempt_free);
}

/**
 * confab_sign_in_attempts_stop:
 * @self: attempts
 *
 * The homeserver that was asked is of no more use.
 */
void
confab_sign_in_attempts_stop (ConfabSignInAttempts *self)
{
  g_return_if_fail (CONFAB_IS_SIGN_IN_ATTEMPTS (self));

  self->number++;
  if (self->asked != NULL)
    confab_homeserver_abort (self->asked);
  g_clear_object (&self->asked);
}
