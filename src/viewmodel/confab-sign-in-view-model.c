/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-sign-in-view-model.h"

#include "confab-clock.h"
#include "confab-error-text.h"
#include "confab-format.h"
#include "confab-session.h"
#include "confab-settings.h"

#include <glib/gi18n.h>
#include <string.h>

#define LOOK_UP_DELAY_MS 600
#define HOMESERVER_KEY "homeserver"

struct _ConfabSignInViewModel {
  GObject parent_instance;

  ConfabSession *session;
  ConfabClock *clock;
  GSettings *settings; /* (nullable) */
  char *homeserver_name;
  char *user;
  char *password;
  char *server_error;
  char *account_error;
  char *portal_uri;
  ConfabServerState server_state;
  ConfabHomeserver *homeserver; /* when FOUND */
  gboolean from_user;           /* the homeserver was filled in from the Matrix id */
  gboolean worth_a_try;         /* WRONG, but it may be well by now */
  gboolean password_wrong;
  gboolean busy;
  gboolean sign_in_when_found;
  guint look_up_timeout;
  guint
    question; /* the last one asked of a server: the answer to an earlier one counts for nothing */
  guint attempt;         /* the last one to sign in, or to stop that */
  DexFuture *signing_in; /* (nullable): the last attempt, also when it was stopped */
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
  PROP_PASSWORD_WRONG,
  PROP_PORTAL_URI,
} Property;
static GParamSpec *properties[PROP_PORTAL_URI + 1];

enum {
  SIGNAL_FOCUS_WANTED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

/* What a fiber is about: it goes on as long as that is the last of its kind. */
typedef struct {
  ConfabSignInViewModel *self;
  guint number;
  DexFuture *before; /* (nullable): what has to end first */
} Task;

static Task *
task_new (ConfabSignInViewModel *self, guint number)
{
  Task *task = g_new0 (Task, 1);

  task->self = g_object_ref (self);
  task->number = number;
  return task;
}

static void
task_free (Task *task)
{
  g_clear_object (&task->self);
  dex_clear (&task->before);
  g_free (task);
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
  if (self->password_wrong && *account_error == '\0') {
    self->password_wrong = FALSE;
    notify (self, PROP_PASSWORD_WRONG);
  }
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
is_one_of (const GError *error, const ConfabMatrixError *codes, guint n_codes)
{
  for (guint i = 0; i < n_codes; i++)
    if (g_error_matches (error, CONFAB_MATRIX_ERROR, codes[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_about_server (const GError *error)
{
  static const ConfabMatrixError codes[] = {
    CONFAB_MATRIX_ERROR_NO_HOMESERVER,
    CONFAB_MATRIX_ERROR_NETWORK,
    CONFAB_MATRIX_ERROR_TLS,
    CONFAB_MATRIX_ERROR_SERVER,
    CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL,
    CONFAB_MATRIX_ERROR_UNSUPPORTED,
    CONFAB_MATRIX_ERROR_BAD_RESPONSE,
    CONFAB_MATRIX_ERROR_NOT_FOUND,
    CONFAB_MATRIX_ERROR_TOO_LARGE,
  };

  return is_one_of (error, codes, G_N_ELEMENTS (codes));
}

/* Whether the same name may do in a moment. */
static gboolean
may_pass (const GError *error)
{
  static const ConfabMatrixError codes[] = {
    CONFAB_MATRIX_ERROR_NETWORK,
    CONFAB_MATRIX_ERROR_SERVER,
    CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL,
    CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED,
  };

  return is_one_of (error, codes, G_N_ELEMENTS (codes));
}

/* A network that wants to be signed in to answers any address that is not encrypted with its page. */
static char *
dup_portal_uri (ConfabSignInViewModel *self, const GError *error)
{
  const char *name = self->homeserver_name;

  if (!g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL))
    return g_strdup ("");
  if (g_str_has_prefix (name, "https://"))
    name += strlen ("https://");
  return g_str_has_prefix (name, "http://") ? g_strdup (name) : g_strconcat ("http://", name, NULL);
}

static void
set_portal_uri (ConfabSignInViewModel *self, const char *uri)
{
  if (g_set_str (&self->portal_uri, uri))
    notify (self, PROP_PORTAL_URI);
}

static void
server_failed (ConfabSignInViewModel *self, const GError *error)
{
  g_autofree char *text = confab_error_text_for_server (error, self->homeserver_name);
  g_autofree char *portal_uri = dup_portal_uri (self, error);

  g_clear_object (&self->homeserver);
  self->worth_a_try = may_pass (error);
  set_errors (self, text, "");
  set_portal_uri (self, portal_uri);
  set_server_state (self, CONFAB_SERVER_WRONG);
}

static DexFuture *
look_up_fiber (gpointer data)
{
  Task *task = data;
  ConfabSignInViewModel *self = task->self;
  g_autoptr (GError) error = NULL;
  g_autoptr (ConfabHomeserver) homeserver = NULL;

  homeserver = dex_await_object (confab_homeserver_discover (self->homeserver_name), &error);
  if (task->number != self->question)
    return dex_future_new_false ();
  if (homeserver == NULL) {
    g_info ("No homeserver at “%s”: %s", self->homeserver_name, error->message);
    self->sign_in_when_found = FALSE;
    server_failed (self, error);
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

  self->look_up_timeout = 0;
  set_server_state (self, CONFAB_SERVER_LOOKING);
  dex_future_disown (dex_scheduler_spawn (
    NULL, 0, look_up_fiber, task_new (self, ++self->question), (GDestroyNotify) task_free));
}

static void
look_up_soon (ConfabSignInViewModel *self, guint delay_ms)
{
  confab_clock_clear (self->clock, &self->look_up_timeout);
  self->question++;
  g_clear_object (&self->homeserver);
  set_errors (self, "", self->account_error);
  set_portal_uri (self, "");
  set_server_state (self, CONFAB_SERVER_NONE);
  if (*self->homeserver_name != '\0')
    self->look_up_timeout = confab_clock_add_timeout (self->clock, delay_ms, look_up_now, self);
}

static void
account_failed (ConfabSignInViewModel *self, const GError *error)
{
  g_autofree char *text = confab_error_text_for_account (error);

  self->password_wrong = g_error_matches (error,
                                          CONFAB_MATRIX_ERROR,
                                          CONFAB_MATRIX_ERROR_FORBIDDEN);
  set_errors (self, "", text);
  notify (self, PROP_PASSWORD_WRONG);
  g_signal_emit (self,
                 signals[SIGNAL_FOCUS_WANTED],
                 0,
                 self->password_wrong ? "password" : "sign-in");
}

/* Stopped when the server had said yes already: the person does not want to be signed in. */
static void
await_sign_out (ConfabSignInViewModel *self, gboolean again)
{
  g_autoptr (GError) error = NULL;

  if (again) /* as the same device, after a soft logout: its keys must not be lost over that */
    return;
  if (!dex_await (confab_session_sign_out (self->session), &error))
    g_info ("Signing out of what was stopped: %s", error->message);
}

static DexFuture *
sign_in_fiber (gpointer data)
{
  Task *task = data;
  ConfabSignInViewModel *self = task->self;
  g_autoptr (GError) error = NULL;
  gboolean again = FALSE;
  gboolean signed_in = FALSE;

  /* The session does one thing at a time, and one that was stopped may have to wait for the keyring. */
  if (task->before != NULL)
    dex_await (g_steal_pointer (&task->before), NULL);
  if (task->number != self->attempt)
    return dex_future_new_false ();
  again = confab_session_get_state (self->session) == CONFAB_SESSION_STATE_LOGGED_OUT;
  signed_in = dex_await (
    /* Translators: what this device is called in a person's list of devices */
    confab_session_sign_in (
      self->session, self->homeserver, self->user, self->password, _ ("Confab")),
    &error);
  if (task->number != self->attempt) {
    if (signed_in)
      await_sign_out (self, again);
    return dex_future_new_false ();
  }
  set_busy (self, FALSE);
  if (signed_in) {
    wipe_password (self);
    notify (self, PROP_CAN_SIGN_IN);
    if (self->settings != NULL)
      g_settings_set_string (self->settings, HOMESERVER_KEY, self->homeserver_name);
    return dex_future_new_true ();
  }
  g_info ("Signing in: %s", error->message);
  if (is_about_server (error)) {
    server_failed (self, error);
    g_signal_emit (self, signals[SIGNAL_FOCUS_WANTED], 0, "homeserver");
  } else {
    account_failed (self, error);
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
  case PROP_PASSWORD_WRONG:
    g_value_set_boolean (value, self->password_wrong);
    break;
  case PROP_PORTAL_URI:
    g_value_set_string (value, self->portal_uri);
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
  g_clear_object (&self->settings);
  dex_clear (&self->signing_in);
  g_clear_pointer (&self->homeserver_name, g_free);
  g_clear_pointer (&self->user, g_free);
  g_clear_pointer (&self->server_error, g_free);
  g_clear_pointer (&self->account_error, g_free);
  g_clear_pointer (&self->portal_uri, g_free);

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
  /**
   * ConfabSignInViewModel:homeserver:
   *
   * Where to sign in, as it was typed, less the spaces around it: “example.org” or “https://…”.
   */
  properties[PROP_HOMESERVER] = g_param_spec_string ("homeserver", NULL, NULL, "", write);
  /**
   * ConfabSignInViewModel:user:
   *
   * Localpart or full Matrix id. The latter fills in `homeserver`, unless one was said and found.
   */
  properties[PROP_USER] = g_param_spec_string ("user", NULL, NULL, "", write);
  /**
   * ConfabSignInViewModel:server-state:
   *
   * A #ConfabServerState.
   */
  properties[PROP_SERVER_STATE] = g_param_spec_uint (
    "server-state", NULL, NULL, 0, G_MAXUINT, 0, read);
  /**
   * ConfabSignInViewModel:server-error:
   *
   * A sentence for below the homeserver, or empty.
   */
  properties[PROP_SERVER_ERROR] = g_param_spec_string ("server-error", NULL, NULL, "", read);
  /**
   * ConfabSignInViewModel:account-error:
   *
   * A sentence for below user name and password, or empty.
   */
  properties[PROP_ACCOUNT_ERROR] = g_param_spec_string ("account-error", NULL, NULL, "", read);
  /**
   * ConfabSignInViewModel:busy:
   *
   * Whether one is signing in: nothing can be typed meanwhile, only stopped.
   */
  properties[PROP_BUSY] = g_param_spec_boolean ("busy", NULL, NULL, FALSE, read);
  /**
   * ConfabSignInViewModel:can-sign-in:
   *
   * Whether all is filled in, and the homeserver was found or may be back by now.
   */
  properties[PROP_CAN_SIGN_IN] = g_param_spec_boolean ("can-sign-in", NULL, NULL, FALSE, read);
  /**
   * ConfabSignInViewModel:show-account:
   *
   * Whether user name and password are asked for: not before there is a homeserver.
   */
  properties[PROP_SHOW_ACCOUNT] = g_param_spec_boolean ("show-account", NULL, NULL, FALSE, read);
  /**
   * ConfabSignInViewModel:password-wrong:
   *
   * Whether `account-error` is about what was typed, rather than about the keyring or the server.
   */
  properties[PROP_PASSWORD_WRONG] = g_param_spec_boolean (
    "password-wrong", NULL, NULL, FALSE, read);
  /**
   * ConfabSignInViewModel:portal-uri:
   *
   * Where the page of a network is that wants to be signed in to first, or empty.
   */
  properties[PROP_PORTAL_URI] = g_param_spec_string ("portal-uri", NULL, NULL, "", read);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  /**
   * ConfabSignInViewModel::focus-wanted:
   * @where: “homeserver” or “password”, the row that is wrong, or “sign-in”, the button, when none is
   *
   * Signing in did not work, and this is where to go on.
   */
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
  self->portal_uri = g_strdup ("");
}

/**
 * confab_sign_in_view_model_new:
 * @session: where one signs in
 * @clock: time
 *
 * Returns: (transfer full): an empty page
 */
ConfabSignInViewModel *
confab_sign_in_view_model_new (ConfabSession *session, ConfabClock *clock)
{
  ConfabSignInViewModel *self = NULL;

  g_return_val_if_fail (CONFAB_IS_SESSION (session), NULL);
  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);

  self = g_object_new (CONFAB_TYPE_SIGN_IN_VIEW_MODEL, NULL);
  self->session = g_object_ref (session);
  self->clock = g_object_ref (clock);
  self->settings = confab_settings_new ();
  return self;
}

const char *
confab_sign_in_view_model_get_homeserver (ConfabSignInViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self), NULL);

  return self->homeserver_name;
}

const char *
confab_sign_in_view_model_get_user (ConfabSignInViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self), NULL);

  return self->user;
}

const char *
confab_sign_in_view_model_get_server_error (ConfabSignInViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self), NULL);

  return self->server_error;
}

const char *
confab_sign_in_view_model_get_account_error (ConfabSignInViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self), NULL);

  return self->account_error;
}

ConfabServerState
confab_sign_in_view_model_get_server_state (ConfabSignInViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self), CONFAB_SERVER_NONE);

  return self->server_state;
}

gboolean
confab_sign_in_view_model_get_busy (ConfabSignInViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self), FALSE);

  return self->busy;
}

gboolean
confab_sign_in_view_model_get_can_sign_in (ConfabSignInViewModel *self)
{
  gboolean server = FALSE;

  g_return_val_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self), FALSE);

  server = self->server_state == CONFAB_SERVER_FOUND ||
           (self->server_state == CONFAB_SERVER_WRONG && self->worth_a_try);
  return !self->busy && server && *self->user != '\0' && self->password != NULL &&
         *self->password != '\0';
}

static void
change_homeserver (ConfabSignInViewModel *self, const char *homeserver, gboolean from_user)
{
  g_autofree char *stripped = g_strstrip (g_strdup (homeserver != NULL ? homeserver : ""));

  if (!g_set_str (&self->homeserver_name, stripped))
    return;
  self->from_user = from_user;
  self->sign_in_when_found = FALSE;
  notify (self, PROP_HOMESERVER);
  look_up_soon (self, LOOK_UP_DELAY_MS);
}

/**
 * confab_sign_in_view_model_set_homeserver:
 * @self: the sign-in page
 * @homeserver: what was typed
 *
 * Looked up 600 ms later, unless something else is typed before. While signing in nothing changes.
 */
void
confab_sign_in_view_model_set_homeserver (ConfabSignInViewModel *self, const char *homeserver)
{
  g_return_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self));

  if (!self->busy)
    change_homeserver (self, homeserver, FALSE);
}

/* Whether the person has said where, and was right. */
static gboolean
has_own_homeserver (ConfabSignInViewModel *self)
{
  return *self->homeserver_name != '\0' && !self->from_user &&
         self->server_state != CONFAB_SERVER_WRONG;
}

/**
 * confab_sign_in_view_model_set_user:
 * @self: the sign-in page
 * @user: localpart, or full Matrix id, which fills in the homeserver
 *
 * While signing in nothing changes.
 */
void
confab_sign_in_view_model_set_user (ConfabSignInViewModel *self, const char *user)
{
  g_autofree char *stripped = g_strstrip (g_strdup (user != NULL ? user : ""));
  const char *colon = strchr (stripped, ':');

  g_return_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self));

  if (self->busy || !g_set_str (&self->user, stripped))
    return;
  set_errors (self, self->server_error, "");
  notify (self, PROP_USER);
  notify (self, PROP_CAN_SIGN_IN);
  notify (self, PROP_SHOW_ACCOUNT);
  if (*stripped == '@' && colon != NULL && colon[1] != '\0' && !has_own_homeserver (self))
    change_homeserver (self, colon + 1, TRUE);
}

/**
 * confab_sign_in_view_model_set_password:
 * @self: the sign-in page
 * @password: (nullable): what was typed
 *
 * While signing in nothing changes.
 */
void
confab_sign_in_view_model_set_password (ConfabSignInViewModel *self, const char *password)
{
  g_return_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self));

  if (self->busy || g_strcmp0 (self->password != NULL ? self->password : "",
                               password != NULL ? password : "") == 0)
    return;
  wipe_password (self);
  self->password = g_strdup (password);
  set_errors (self, self->server_error, "");
  notify (self, PROP_CAN_SIGN_IN);
}

/**
 * confab_sign_in_view_model_show:
 * @self: the sign-in page
 *
 * Somebody looks at it now. Where nothing was typed, what is known is filled in: who was signed in, when the server
 * wants the password again, and the last homeserver.
 */
void
confab_sign_in_view_model_show (ConfabSignInViewModel *self)
{
  g_autofree char *homeserver = NULL;
  const char *user_id = NULL;

  g_return_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self));

  if (self->settings != NULL)
    homeserver = g_settings_get_string (self->settings, HOMESERVER_KEY);
  if (*self->homeserver_name == '\0')
    confab_sign_in_view_model_set_homeserver (self, homeserver);
  user_id = confab_session_get_user_id (self->session);
  if (*self->user == '\0' && user_id != NULL)
    confab_sign_in_view_model_set_user (self, user_id);
}

/**
 * confab_sign_in_view_model_sign_in:
 * @self: the sign-in page
 *
 * Signs in, now or as soon as the homeserver is found. What goes wrong stands in `server-error` or `account-error`.
 */
void
confab_sign_in_view_model_sign_in (ConfabSignInViewModel *self)
{
  Task *task = NULL;

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
  task = task_new (self, ++self->attempt);
  task->before = g_steal_pointer (&self->signing_in);
  self->signing_in = dex_scheduler_spawn (NULL, 0, sign_in_fiber, task, (GDestroyNotify) task_free);
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
  self->attempt++;
  if (self->homeserver != NULL)
    confab_homeserver_abort (self->homeserver);
  set_busy (self, FALSE);
  look_up_soon (self, 0); /* an aborted homeserver is of no more use */
}
