/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-sign-in-view-model.h"

#include "confab-clock.h"
#include "confab-error-text.h"
#include "confab-format.h"
#include "confab-session.h"

#include <glib/gi18n.h>
#include <string.h>

#define LOOK_UP_DELAY_MS 600

struct _ConfabSignInViewModel {
  GObject parent_instance;

  ConfabSession *session;
  ConfabClock *clock;
  char *homeserver_name;
  char *user;
  char *password;
  char *server_error;
  char *account_error;
  ConfabServerState server_state;
  ConfabHomeserver *homeserver; /* when FOUND */
  gboolean busy;
  gboolean sign_in_when_found;
  guint look_up_timeout;
  guint generation; /* of what is typed: a later answer to an earlier question counts for nothing */
};

G_DEFINE_FINAL_TYPE (ConfabSignInViewModel, confab_sign_in_view_model, G_TYPE_OBJECT)

typedef enum {
  PROP_HOMESERVER = 1,
  PROP_USER,
  PROP_SERVER_STATE,
  PROP_SERVER_ERROR,
  PROP_ACCOUNT_ERROR,
  PROP_BUSY,
  PROP_CAN_SIGN_IN,
  PROP_SHOW_ACCOUNT,
} Property;
static GParamSpec *properties[PROP_SHOW_ACCOUNT + 1];

enum {
  SIGNAL_FOCUS_WANTED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

typedef struct {
  ConfabSignInViewModel *self;
  guint generation;
} Question;

static void
question_free (Question *question)
{
  g_clear_object (&question->self);
  g_free (question);
}

static void
notify (ConfabSignInViewModel *self, Property property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static void
wipe_password (ConfabSignInViewModel *self)
{
  if (self->password != NULL)
    explicit_bzero (self->password, strlen (self->password));
  g_clear_pointer (&self->password, g_free);
}

static void
set_errors (ConfabSignInViewModel *self, const char *server_error, const char *account_error)
{
  if (g_set_str (&self->server_error, server_error))
    notify (self, PROP_SERVER_ERROR);
  if (g_set_str (&self->account_error, account_error))
    notify (self, PROP_ACCOUNT_ERROR);
}

static void
set_server_state (ConfabSignInViewModel *self, ConfabServerState state)
{
  self->server_state = state;
  notify (self, PROP_SERVER_STATE);
  notify (self, PROP_SHOW_ACCOUNT);
  notify (self, PROP_CAN_SIGN_IN);
}

static void
set_busy (ConfabSignInViewModel *self, gboolean busy)
{
  self->busy = busy;
  notify (self, PROP_BUSY);
  notify (self, PROP_CAN_SIGN_IN);
}

static gboolean
is_about_server (const GError *error)
{
  static const int codes[] = {
    CONFAB_MATRIX_ERROR_NO_HOMESERVER,
    CONFAB_MATRIX_ERROR_NETWORK,
    CONFAB_MATRIX_ERROR_TLS,
    CONFAB_MATRIX_ERROR_SERVER,
    CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL,
    CONFAB_MATRIX_ERROR_UNSUPPORTED,
    CONFAB_MATRIX_ERROR_BAD_RESPONSE,
    CONFAB_MATRIX_ERROR_NOT_FOUND,
  };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (g_error_matches (error, CONFAB_MATRIX_ERROR, codes[i]))
      return TRUE;
  return FALSE;
}

static DexFuture *
look_up_fiber (gpointer data)
{
  Question *question = data;
  ConfabSignInViewModel *self = question->self;
  g_autoptr (GError) error = NULL;
  g_autoptr (ConfabHomeserver) homeserver = NULL;

  homeserver = dex_await_object (confab_homeserver_discover (self->homeserver_name), &error);
  if (question->generation != self->generation)
    return dex_future_new_false ();
  if (homeserver == NULL) {
    g_autofree char *text = confab_error_text_for_server (error, self->homeserver_name);

    g_info ("No homeserver at “%s”: %s", self->homeserver_name, error->message);
    self->sign_in_when_found = FALSE;
    set_errors (self, text, "");
    set_server_state (self, CONFAB_SERVER_WRONG);
    return dex_future_new_false ();
  }
  g_set_object (&self->homeserver, homeserver);
  set_server_state (self, CONFAB_SERVER_FOUND);
  if (self->sign_in_when_found)
    confab_sign_in_view_model_sign_in (self);
  return dex_future_new_true ();
}

static void
look_up_now (gpointer data)
{
  ConfabSignInViewModel *self = data;
  Question *question = g_new0 (Question, 1);

  self->look_up_timeout = 0;
  question->self = g_object_ref (self);
  question->generation = ++self->generation;
  set_server_state (self, CONFAB_SERVER_LOOKING);
  dex_future_disown (
    dex_scheduler_spawn (NULL, 0, look_up_fiber, question, (GDestroyNotify) question_free));
}

static void
look_up_soon (ConfabSignInViewModel *self, guint delay_ms)
{
  confab_clock_clear (self->clock, &self->look_up_timeout);
  self->generation++;
  g_clear_object (&self->homeserver);
  set_errors (self, "", self->account_error);
  set_server_state (self, CONFAB_SERVER_NONE);
  if (*self->homeserver_name != '\0')
    self->look_up_timeout = confab_clock_add_timeout (self->clock, delay_ms, look_up_now, self);
}

static DexFuture *
sign_in_fiber (gpointer data)
{
  Question *question = data;
  ConfabSignInViewModel *self = question->self;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gboolean signed_in = FALSE;

  signed_in = dex_await (
    /* Translators: what this device is called in a person's list of devices */
    confab_session_sign_in (
      self->session, self->homeserver, self->user, self->password, _ ("Confab")),
    &error);
  if (signed_in) {
    wipe_password (self);
    set_busy (self, FALSE);
    return dex_future_new_true ();
  }
  if (question->generation != self->generation)
    return dex_future_new_false (); /* cancelled */
  g_info ("Signing in: %s", error->message);
  set_busy (self, FALSE);
  if (is_about_server (error)) {
    text = confab_error_text_for_server (error, self->homeserver_name);
    set_errors (self, text, "");
    set_server_state (self, CONFAB_SERVER_WRONG);
    g_signal_emit (self, signals[SIGNAL_FOCUS_WANTED], 0, "homeserver");
  } else {
    text = confab_error_text_for_account (error);
    set_errors (self, "", text);
    g_signal_emit (self, signals[SIGNAL_FOCUS_WANTED], 0, "password");
  }
  return dex_future_new_false ();
}

static void
confab_sign_in_view_model_get_property (GObject *object,
                                        guint prop_id,
                                        GValue *value,
                                        GParamSpec *pspec)
{
  ConfabSignInViewModel *self = CONFAB_SIGN_IN_VIEW_MODEL (object);

  switch ((Property) prop_id) {
  case PROP_HOMESERVER:
    g_value_set_string (value, self->homeserver_name);
    break;
  case PROP_USER:
    g_value_set_string (value, self->user);
    break;
  case PROP_SERVER_STATE:
    g_value_set_uint (value, self->server_state);
    break;
  case PROP_SERVER_ERROR:
    g_value_set_string (value, self->server_error);
    break;
  case PROP_ACCOUNT_ERROR:
    g_value_set_string (value, self->account_error);
    break;
  case PROP_BUSY:
    g_value_set_boolean (value, self->busy);
    break;
  case PROP_CAN_SIGN_IN:
    g_value_set_boolean (value, confab_sign_in_view_model_get_can_sign_in (self));
    break;
  case PROP_SHOW_ACCOUNT:
    g_value_set_boolean (value, self->server_state == CONFAB_SERVER_FOUND || *self->user != '\0');
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_sign_in_view_model_set_property (GObject *object,
                                        guint prop_id,
                                        const GValue *value,
                                        GParamSpec *pspec)
{
  ConfabSignInViewModel *self = CONFAB_SIGN_IN_VIEW_MODEL (object);

  switch ((Property) prop_id) {
  case PROP_HOMESERVER:
    confab_sign_in_view_model_set_homeserver (self, g_value_get_string (value));
    break;
  case PROP_USER:
    confab_sign_in_view_model_set_user (self, g_value_get_string (value));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_sign_in_view_model_dispose (GObject *object)
{
  ConfabSignInViewModel *self = CONFAB_SIGN_IN_VIEW_MODEL (object);

  if (self->clock != NULL)
    confab_clock_clear (self->clock, &self->look_up_timeout);
  wipe_password (self);
  g_clear_object (&self->homeserver);
  g_clear_object (&self->session);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->homeserver_name, g_free);
  g_clear_pointer (&self->user, g_free);
  g_clear_pointer (&self->server_error, g_free);
  g_clear_pointer (&self->account_error, g_free);

  G_OBJECT_CLASS (confab_sign_in_view_model_parent_class)->dispose (object);
}

static void
confab_sign_in_view_model_class_init (ConfabSignInViewModelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  const GParamFlags read = flags | G_PARAM_READABLE;
  const GParamFlags write = flags | G_PARAM_READWRITE;

  object_class->get_property = confab_sign_in_view_model_get_property;
  object_class->set_property = confab_sign_in_view_model_set_property;
  object_class->dispose = confab_sign_in_view_model_dispose;
  properties[PROP_HOMESERVER] = g_param_spec_string ("homeserver", NULL, NULL, "", write);
  properties[PROP_USER] = g_param_spec_string ("user", NULL, NULL, "", write);
  properties[PROP_SERVER_STATE] = g_param_spec_uint (
    "server-state", NULL, NULL, 0, G_MAXUINT, 0, read);
  properties[PROP_SERVER_ERROR] = g_param_spec_string ("server-error", NULL, NULL, "", read);
  properties[PROP_ACCOUNT_ERROR] = g_param_spec_string ("account-error", NULL, NULL, "", read);
  properties[PROP_BUSY] = g_param_spec_boolean ("busy", NULL, NULL, FALSE, read);
  properties[PROP_CAN_SIGN_IN] = g_param_spec_boolean ("can-sign-in", NULL, NULL, FALSE, read);
  properties[PROP_SHOW_ACCOUNT] = g_param_spec_boolean ("show-account", NULL, NULL, FALSE, read);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  signals[SIGNAL_FOCUS_WANTED] = g_signal_new ("focus-wanted",
                                               G_TYPE_FROM_CLASS (klass),
                                               G_SIGNAL_RUN_LAST,
                                               0,
                                               NULL,
                                               NULL,
                                               NULL,
                                               G_TYPE_NONE,
                                               1,
                                               G_TYPE_STRING);
}

static void
confab_sign_in_view_model_init (ConfabSignInViewModel *self)
{
  self->homeserver_name = g_strdup ("");
  self->user = g_strdup ("");
  self->server_error = g_strdup ("");
  self->account_error = g_strdup ("");
}

ConfabSignInViewModel *
confab_sign_in_view_model_new (ConfabSession *session, ConfabClock *clock)
{
  ConfabSignInViewModel *self = g_object_new (CONFAB_TYPE_SIGN_IN_VIEW_MODEL, NULL);

  self->session = g_object_ref (session);
  self->clock = g_object_ref (clock);
  return self;
}

const char *
confab_sign_in_view_model_get_homeserver (ConfabSignInViewModel *self)
{
  return self->homeserver_name;
}

const char *
confab_sign_in_view_model_get_user (ConfabSignInViewModel *self)
{
  return self->user;
}

const char *
confab_sign_in_view_model_get_server_error (ConfabSignInViewModel *self)
{
  return self->server_error;
}

const char *
confab_sign_in_view_model_get_account_error (ConfabSignInViewModel *self)
{
  return self->account_error;
}

ConfabServerState
confab_sign_in_view_model_get_server_state (ConfabSignInViewModel *self)
{
  return self->server_state;
}

gboolean
confab_sign_in_view_model_get_busy (ConfabSignInViewModel *self)
{
  return self->busy;
}

gboolean
confab_sign_in_view_model_get_can_sign_in (ConfabSignInViewModel *self)
{
  return !self->busy && self->server_state == CONFAB_SERVER_FOUND && *self->user != '\0' &&
         self->password != NULL && *self->password != '\0';
}

void
confab_sign_in_view_model_set_homeserver (ConfabSignInViewModel *self, const char *homeserver)
{
  g_autofree char *stripped = g_strstrip (g_strdup (homeserver != NULL ? homeserver : ""));

  g_return_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self));

  if (!g_set_str (&self->homeserver_name, stripped))
    return;
  self->sign_in_when_found = FALSE;
  notify (self, PROP_HOMESERVER);
  look_up_soon (self, LOOK_UP_DELAY_MS);
}

void
confab_sign_in_view_model_set_user (ConfabSignInViewModel *self, const char *user)
{
  g_autofree char *stripped = g_strstrip (g_strdup (user != NULL ? user : ""));
  const char *colon = strchr (stripped, ':');

  g_return_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self));

  if (!g_set_str (&self->user, stripped))
    return;
  set_errors (self, self->server_error, "");
  notify (self, PROP_USER);
  notify (self, PROP_CAN_SIGN_IN);
  notify (self, PROP_SHOW_ACCOUNT);
  if (*stripped == '@' && colon != NULL && colon[1] != '\0')
    confab_sign_in_view_model_set_homeserver (self, colon + 1);
}

void
confab_sign_in_view_model_set_password (ConfabSignInViewModel *self, const char *password)
{
  g_return_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self));

  if (g_strcmp0 (self->password != NULL ? self->password : "", password != NULL ? password : "") ==
      0)
    return;
  wipe_password (self);
  self->password = g_strdup (password);
  set_errors (self, self->server_error, "");
  notify (self, PROP_CAN_SIGN_IN);
}

void
confab_sign_in_view_model_sign_in (ConfabSignInViewModel *self)
{
  Question *question = NULL;

  g_return_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self));

  if (self->busy)
    return;
  if (self->server_state != CONFAB_SERVER_FOUND) {
    self->sign_in_when_found = *self->homeserver_name != '\0';
    if (self->look_up_timeout != 0 || self->server_state == CONFAB_SERVER_WRONG)
      look_up_soon (self, 0);
    return;
  }
  self->sign_in_when_found = FALSE;
  if (!confab_sign_in_view_model_get_can_sign_in (self))
    return;
  set_errors (self, "", "");
  set_busy (self, TRUE);
  question = g_new0 (Question, 1);
  question->self = g_object_ref (self);
  question->generation = self->generation;
  dex_future_disown (
    dex_scheduler_spawn (NULL, 0, sign_in_fiber, question, (GDestroyNotify) question_free));
}

/**
 * confab_sign_in_view_model_cancel:
 * @self: the sign-in page
 *
 * Stops signing in; nothing that was typed is lost.
 */
void
confab_sign_in_view_model_cancel (ConfabSignInViewModel *self)
{
  g_return_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self));

  if (!self->busy)
    return;
  if (self->homeserver != NULL)
    confab_homeserver_abort (self->homeserver);
  set_busy (self, FALSE);
  look_up_soon (self, 0); /* an aborted homeserver is of no more use */
}
