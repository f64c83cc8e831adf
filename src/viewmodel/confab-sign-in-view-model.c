/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-sign-in-view-model.h"

#include "confab-clock.h"
#include "confab-error-text.h"
#include "confab-server-search.h"
#include "confab-session.h"
#include "confab-settings.h"
#include "confab-sign-in-attempts.h"

#include <glib/gi18n.h>
#include <string.h>

#define HOMESERVER_KEY "homeserver"

struct _ConfabSignInViewModel {
  GObject parent_instance;

  ConfabSession *session;
  GSettings *settings; /* (nullable) */
  ConfabServerSearch *search;
  ConfabSignInAttempts *attempts;
  char *user;
  char *password;
  char *server_error; /* what was said last */
  char *account_error;
  gboolean from_user; /* the homeserver was filled in from the Matrix id */
  gboolean password_wrong;
  gboolean busy;
  gboolean sign_in_when_found;
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
  PROP_BANNER,
} Property;
static GParamSpec *properties[PROP_BANNER + 1];

enum {
  SIGNAL_FOCUS_WANTED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

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
set_account_error (ConfabSignInViewModel *self, const char *text, gboolean password_wrong)
{
  if (self->password_wrong != password_wrong) {
    self->password_wrong = password_wrong;
    notify (self, PROP_PASSWORD_WRONG);
  }
  if (g_set_str (&self->account_error, text))
    notify (self, PROP_ACCOUNT_ERROR);
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
  static const ConfabMatrixError codes[] = {
    CONFAB_MATRIX_ERROR_NO_HOMESERVER, CONFAB_MATRIX_ERROR_NETWORK,
    CONFAB_MATRIX_ERROR_NO_ANSWER,     CONFAB_MATRIX_ERROR_TLS,
    CONFAB_MATRIX_ERROR_SERVER,        CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL,
    CONFAB_MATRIX_ERROR_UNSUPPORTED,   CONFAB_MATRIX_ERROR_BAD_RESPONSE,
    CONFAB_MATRIX_ERROR_NOT_FOUND,     CONFAB_MATRIX_ERROR_TOO_LARGE,
  };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (g_error_matches (error, CONFAB_MATRIX_ERROR, codes[i]))
      return TRUE;
  return FALSE;
}

static void
session_state_cb (ConfabSignInViewModel *self)
{
  notify (self, PROP_BANNER);
}

static void
search_cb (ConfabSignInViewModel *self)
{
  ConfabServerState state = confab_server_search_get_state (self->search);

  if (g_set_str (&self->server_error, confab_server_search_get_error (self->search)))
    notify (self, PROP_SERVER_ERROR);
  notify (self, PROP_PORTAL_URI);
  notify (self, PROP_SERVER_STATE);
  notify (self, PROP_SHOW_ACCOUNT);
  notify (self, PROP_CAN_SIGN_IN);
  if (state == CONFAB_SERVER_WRONG)
    self->sign_in_when_found = FALSE;
  else if (state == CONFAB_SERVER_FOUND && self->sign_in_when_found)
    confab_sign_in_view_model_sign_in (self);
}

static void
account_failed (ConfabSignInViewModel *self, const GError *error)
{
  g_autofree char *text = confab_error_text_for_account (error);

  set_account_error (self,
                     text,
                     g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_FORBIDDEN));
  g_signal_emit (self,
                 signals[SIGNAL_FOCUS_WANTED],
                 0,
                 self->password_wrong ? "password" : "sign-in");
}

static void
ended_cb (ConfabSignInViewModel *self, const GError *error)
{
  set_busy (self, FALSE);
  if (error == NULL) {
    wipe_password (self);
    notify (self, PROP_CAN_SIGN_IN);
    if (self->settings != NULL)
      g_settings_set_string (self->settings,
                             HOMESERVER_KEY,
                             confab_server_search_get_name (self->search));
    return;
  }
  g_info ("Signing in: %s", error->message);
  if (is_about_server (error)) {
    confab_server_search_fail (self->search, error);
    g_signal_emit (self, signals[SIGNAL_FOCUS_WANTED], 0, "homeserver");
  } else {
    account_failed (self, error);
  }
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
    g_value_set_string (value, confab_server_search_get_name (self->search));
    break;
  case PROP_USER:
    g_value_set_string (value, self->user);
    break;
  case PROP_SERVER_STATE:
    g_value_set_uint (value, confab_server_search_get_state (self->search));
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
    g_value_set_boolean (value,
                         confab_server_search_get_state (self->search) == CONFAB_SERVER_FOUND ||
                           *self->user != '\0');
    break;
  case PROP_PASSWORD_WRONG:
    g_value_set_boolean (value, self->password_wrong);
    break;
  case PROP_PORTAL_URI:
    g_value_set_string (value, confab_server_search_get_portal_uri (self->search));
    break;
  case PROP_BANNER:
    g_value_set_string (value, confab_sign_in_view_model_get_banner (self));
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

  wipe_password (self);
  g_clear_object (&self->search);
  g_clear_object (&self->session);
  g_clear_object (&self->settings);
  g_clear_object (&self->attempts);
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
  /**
   * ConfabSignInViewModel:banner:
   *
   * Why there is nobody signed in any more, or empty.
   */
  properties[PROP_BANNER] = g_param_spec_string ("banner", NULL, NULL, "", read);
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
  self->user = g_strdup ("");
  self->server_error = g_strdup ("");
  self->account_error = g_strdup ("");
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
  self->search = confab_server_search_new (clock);
  self->attempts = confab_sign_in_attempts_new (session);
  self->settings = confab_settings_new ();
  g_signal_connect_object (self->attempts, "ended", G_CALLBACK (ended_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    self->search, "changed", G_CALLBACK (search_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    session, "notify::state", G_CALLBACK (session_state_cb), self, G_CONNECT_SWAPPED);
  return self;
}

const char *
confab_sign_in_view_model_get_homeserver (ConfabSignInViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self), NULL);

  return confab_server_search_get_name (self->search);
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

  return confab_server_search_get_error (self->search);
}

const char *
confab_sign_in_view_model_get_account_error (ConfabSignInViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self), NULL);

  return self->account_error;
}

const char *
confab_sign_in_view_model_get_banner (ConfabSignInViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self), NULL);

  return confab_session_get_state (self->session) == CONFAB_SESSION_STATE_LOGGED_OUT
           ? _ ("Your homeserver signed you out. Sign in again.")
           : "";
}

ConfabServerState
confab_sign_in_view_model_get_server_state (ConfabSignInViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self), CONFAB_SERVER_NONE);

  return confab_server_search_get_state (self->search);
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
  g_return_val_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self), FALSE);

  return !self->busy && confab_server_search_is_worth_a_try (self->search) && *self->user != '\0' &&
         self->password != NULL && *self->password != '\0';
}

static void
change_homeserver (ConfabSignInViewModel *self, const char *homeserver, gboolean from_user)
{
  gboolean before = self->sign_in_when_found;

  self->sign_in_when_found = FALSE;
  if (confab_server_search_set_name (self->search, homeserver)) {
    self->from_user = from_user;
    notify (self, PROP_HOMESERVER);
  } else {
    self->sign_in_when_found = before;
  }
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
  return *confab_server_search_get_name (self->search) != '\0' && !self->from_user &&
         confab_server_search_get_state (self->search) != CONFAB_SERVER_WRONG;
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
  set_account_error (self, "", FALSE);
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
  set_account_error (self, "", FALSE);
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
  if (*confab_server_search_get_name (self->search) == '\0')
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
  ConfabServerState state = CONFAB_SERVER_NONE;

  g_return_if_fail (CONFAB_IS_SIGN_IN_VIEW_MODEL (self));

  if (self->busy)
    return;
  state = confab_server_search_get_state (self->search);
  if (state != CONFAB_SERVER_FOUND) {
    self->sign_in_when_found = *confab_server_search_get_name (self->search) != '\0';
    if (state != CONFAB_SERVER_LOOKING)
      confab_server_search_look_now (self->search);
    return;
  }
  self->sign_in_when_found = FALSE;
  if (!confab_sign_in_view_model_get_can_sign_in (self))
    return;
  set_account_error (self, "", FALSE);
  set_busy (self, TRUE);
  confab_sign_in_attempts_begin (self->attempts,
                                 confab_server_search_get_homeserver (self->search),
                                 self->user,
                                 self->password);
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
  confab_sign_in_attempts_stop (self->attempts);
  set_busy (self, FALSE);
  confab_server_search_look_now (self->search); /* an aborted homeserver is of no more use */
}
