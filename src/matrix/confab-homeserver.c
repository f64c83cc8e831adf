/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-homeserver-private.h"

#include <string.h>

#include "confab-http.h"
#include "confab-json.h"
#include "confab-slice.h"

#define DEFAULT_RETRY_BASE_MS 500
#define DEFAULT_MAX_ATTEMPTS 5
#define MAX_REPLY_SIZE ((gsize) 256 * 1024 * 1024) /* the first sync of a large account */
#define REFRESH_MARGIN_MS (30 * 1000)
#define KEEP_TIMEOUT_S 10 /* a keyring that somebody has to unlock must not hold everything up */

G_DEFINE_FINAL_TYPE (ConfabHomeserver, confab_homeserver, G_TYPE_OBJECT)

enum {
  SIGNAL_LOGGED_OUT,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

/* Spec: “Refreshing access tokens”: the old refresh token works until a new token is used. So the new ones are kept
 * first: whoever is killed in between asks once more, instead of being logged out. */
static gboolean
await_kept (ConfabHomeserver *self, const char *access_token, const char *refresh_token)
{
  g_autoptr (DexFuture) stop = dex_ref (DEX_FUTURE (self->stop)); /* an abort puts another in its place */
  DexFuture *kept;

  if (self->keep_tokens == NULL)
    return TRUE;
  kept = self->keep_tokens (access_token, refresh_token, self->keep_data);
  /* What cannot be kept still works until the end of this process; who keeps says what is wrong. */
  dex_await (dex_future_first (confab_shield (kept),
                               dex_timeout_new_seconds (KEEP_TIMEOUT_S),
                               dex_ref (stop),
                               NULL),
             NULL);
  return dex_future_is_pending (stop);
}

static gboolean
await_new_tokens_taken (ConfabHomeserver *self, JsonObject *reply, GError **error)
{
  const char *access_token = confab_json_peek_string (reply, "access_token");
  const char *refresh_token = confab_json_peek_string (reply, "refresh_token");
  g_autofree char *kept = NULL;

  if (access_token == NULL) {
    g_set_error_literal (error,
                         CONFAB_MATRIX_ERROR,
                         CONFAB_MATRIX_ERROR_BAD_RESPONSE,
                         "the refresh reply has no access_token");
    return FALSE;
  }
  /* Without a new refresh token the old one stays good. */
  kept = g_strdup (refresh_token != NULL ? refresh_token : self->refresh_token);
  if (await_kept (self, access_token, kept))
    confab_homeserver_set_tokens (self,
                                  access_token,
                                  kept,
                                  confab_json_peek_int (reply, "expires_in_ms", 0));
  else
    g_set_error_literal (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_CANCELLED, "stopped");
  confab_secret_free (g_steal_pointer (&kept));
  return *error == NULL;
}

static DexFuture *
refresh_fiber (gpointer data)
{
  ConfabHomeserver *self = CONFAB_HOMESERVER (data);
  g_autoptr (JsonObject) body = json_object_new ();
  g_autoptr (JsonObject) reply = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;

  json_object_set_string_member (body, "refresh_token", self->refresh_token);
  reply = dex_await_boxed (confab_homeserver_send (self,
                                                   "POST",
                                                   CONFAB_HOMESERVER_REFRESH_PATH,
                                                   body,
                                                   0,
                                                   CONFAB_REQUEST_NO_AUTH),
                           &error);
  ok = reply != NULL && await_new_tokens_taken (self, reply, &error);
  dex_clear (&self->refresh);
  return ok ? dex_future_new_true () : dex_future_new_for_error (g_steal_pointer (&error));
}

/* Single flight: a refresh token works once. */
gboolean
confab_homeserver_await_refresh (ConfabHomeserver *self, GError **error)
{
  if (self->refresh == NULL)
    self->refresh = dex_scheduler_spawn (
      NULL, 0, refresh_fiber, g_object_ref (self), g_object_unref);
  return dex_await (dex_ref (self->refresh), error);
}

gboolean
confab_homeserver_token_is_stale (ConfabHomeserver *self)
{
  return self->refresh_token != NULL && self->expires_at != 0 &&
         g_get_monotonic_time () > self->expires_at - REFRESH_MARGIN_MS * (gint64) 1000;
}

static void
confab_homeserver_dispose (GObject *object)
{
  ConfabHomeserver *self = CONFAB_HOMESERVER (object);

  dex_clear (&self->refresh);
  dex_clear (&self->stop);
  g_clear_object (
    &self->session); /* what libsoup still works at keeps it, and is told to stop one by one */
  G_OBJECT_CLASS (confab_homeserver_parent_class)->dispose (object);
}

static void
confab_homeserver_finalize (GObject *object)
{
  ConfabHomeserver *self = CONFAB_HOMESERVER (object);

  g_clear_pointer (&self->base_url, g_free);
  g_clear_pointer (&self->access_token, confab_secret_free);
  g_clear_pointer (&self->refresh_token, confab_secret_free);
  g_clear_pointer (&self->transaction_prefix, g_free);
  g_clear_pointer (&self->limits, confab_rate_limits_free);
  G_OBJECT_CLASS (confab_homeserver_parent_class)->finalize (object);
}

static void
confab_homeserver_class_init (ConfabHomeserverClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = confab_homeserver_dispose;
  object_class->finalize = confab_homeserver_finalize;

  signals[SIGNAL_LOGGED_OUT] = g_signal_new ("logged-out",
                                             G_TYPE_FROM_CLASS (klass),
                                             G_SIGNAL_RUN_LAST,
                                             0,
                                             NULL,
                                             NULL,
                                             NULL,
                                             G_TYPE_NONE,
                                             1,
                                             G_TYPE_BOOLEAN);
}

static void
confab_homeserver_init (ConfabHomeserver *self)
{
  self->session = confab_http_session_new ();
  self->stop = dex_cancellable_new ();
  self->transaction_prefix = g_strdup_printf ("c%08x%" G_GINT64_MODIFIER "x",
                                              g_random_int (),
                                              g_get_real_time ());
  self->limits = confab_rate_limits_new ();
  self->retry_base_ms = DEFAULT_RETRY_BASE_MS;
  self->max_attempts = DEFAULT_MAX_ATTEMPTS;
  self->max_reply_size = MAX_REPLY_SIZE;
}

/**
 * confab_homeserver_new:
 * @base_url: `https://…`; slashes at its end are taken off
 *
 * Returns: (transfer full): a homeserver that was not asked anything yet
 */
ConfabHomeserver *
confab_homeserver_new (const char *base_url)
{
  ConfabHomeserver *self;

  g_return_val_if_fail (base_url != NULL, NULL);

  self = g_object_new (CONFAB_TYPE_HOMESERVER, NULL);
  self->base_url = g_strdup (base_url);
  while (g_str_has_suffix (self->base_url, "/"))
    self->base_url[strlen (self->base_url) - 1] = '\0';
  return self;
}

const char *
confab_homeserver_get_base_url (ConfabHomeserver *self)
{
  g_return_val_if_fail (CONFAB_IS_HOMESERVER (self), NULL);

  return self->base_url;
}

/**
 * confab_homeserver_set_tokens:
 * @self: a homeserver
 * @access_token: (nullable): %NULL: signed out
 * @refresh_token: (nullable): %NULL: the access token lasts
 * @expires_in_ms: how long the access token lasts, 0 when that is not known
 */
void
confab_homeserver_set_tokens (ConfabHomeserver *self,
                              const char *access_token,
                              const char *refresh_token,
                              gint64 expires_in_ms)
{
  char *new_access_token;
  char *new_refresh_token;

  g_return_if_fail (CONFAB_IS_HOMESERVER (self));

  new_access_token = g_strdup (access_token);
  new_refresh_token = g_strdup (refresh_token);
  confab_secret_free (self->access_token);
  confab_secret_free (self->refresh_token);
  self->access_token = new_access_token;
  self->refresh_token = new_refresh_token;
  self->expires_at = 0;
  /* A time that is shorter than the margin would mean a refresh before each request. */
  if (expires_in_ms > REFRESH_MARGIN_MS * 2)
    self->expires_at = g_get_monotonic_time () + MIN (expires_in_ms, G_MAXINT32) * 1000;
}

const char *
confab_homeserver_get_access_token (ConfabHomeserver *self)
{
  return self->access_token;
}

const char *
confab_homeserver_get_refresh_token (ConfabHomeserver *self)
{
  return self->refresh_token;
}

gint64
confab_homeserver_get_server_time (ConfabHomeserver *self)
{
  if (self->server_date == 0)
    return 0;
  return self->server_date * 1000 + (g_get_monotonic_time () - self->server_date_at) / 1000;
}

void
confab_homeserver_set_keep_func (ConfabHomeserver *self, ConfabKeepTokensFunc func, gpointer data)
{
  self->keep_tokens = func;
  self->keep_data = data;
}

void
confab_homeserver_set_retry (ConfabHomeserver *self, guint base_ms, guint max_attempts)
{
  self->retry_base_ms = base_ms;
  self->max_attempts = max_attempts;
}

void
confab_homeserver_set_token_age (ConfabHomeserver *self, gint64 age_ms)
{
  self->expires_at -= age_ms * 1000;
}

void
confab_homeserver_set_max_reply_size (ConfabHomeserver *self, gsize max_size)
{
  self->max_reply_size = max_size;
}

/**
 * confab_homeserver_new_transaction_id:
 * @self: a homeserver
 *
 * Returns: (transfer full): an id that this device never used before and never will again
 */
char *
confab_homeserver_new_transaction_id (ConfabHomeserver *self)
{
  g_return_val_if_fail (CONFAB_IS_HOMESERVER (self), NULL);

  return g_strdup_printf ("%s.%" G_GUINT64_FORMAT,
                          self->transaction_prefix,
                          ++self->n_transactions);
}

/**
 * confab_homeserver_abort:
 * @self: a homeserver
 *
 * Ends all that is under way with %CONFAB_MATRIX_ERROR_CANCELLED; what is sent afterwards is sent.
 */
void
confab_homeserver_abort (ConfabHomeserver *self)
{
  g_autoptr (DexCancellable) stop = NULL;

  g_return_if_fail (CONFAB_IS_HOMESERVER (self));

  stop = g_steal_pointer (&self->stop);
  self->stop = dex_cancellable_new ();
  dex_cancellable_cancel (stop);
}
