/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-homeserver-private.h"

#include <string.h>

#include "confab-http.h"
#include "confab-json.h"

/* One request to the homeserver: tries, and what follows from how they end. */

#define DEFAULT_TIMEOUT_MS (30 * 1000)
#define MAX_RETRY_PAUSE_MS (30 * 1000)
#define MAX_REDIRECTS 5

typedef enum {
  REPLY_OBJECT, /* read here */
  REPLY_TEXT,   /* JSON too, but read by whoever asked */
  REPLY_MEDIA,
} ReplyKind;

typedef struct {
  ConfabHomeserver *homeserver;
  char *method;
  char *path;
  GBytes *body; /* (nullable) */
  guint timeout_ms;
  gsize max_size;
  ConfabRequestFlags flags;
  ReplyKind kind;
  char *redirect; /* (nullable): where the server keeps it */
  guint n_redirects;
  DexFuture *stop;
  DexFuture *drop; /* (nullable) */
  guint n_attempts;
} Request;

static void
request_free (Request *request)
{
  g_object_unref (request->homeserver);
  g_free (request->method);
  g_free (request->path);
  g_clear_pointer (&request->body, g_bytes_unref);
  g_free (request->redirect);
  dex_unref (request->stop);
  dex_clear (&request->drop);
  g_free (request);
}

static Request *
request_new (ConfabHomeserver *self, const char *method, const char *path, ConfabRequestFlags flags)
{
  Request *request = g_new0 (Request, 1);

  request->homeserver = g_object_ref (self);
  request->method = g_strdup (method);
  request->path = g_strdup (path);
  request->timeout_ms = DEFAULT_TIMEOUT_MS;
  request->max_size = self->max_reply_size;
  request->flags = flags;
  request->stop = dex_ref (DEX_FUTURE (self->stop));
  return request;
}

static SoupMessage *
message_new (Request *request, GError **error)
{
  ConfabHomeserver *self = request->homeserver;
  g_autofree char *url = request->redirect != NULL
                           ? g_strdup (request->redirect)
                           : g_strconcat (self->base_url, request->path, NULL);
  g_autoptr (SoupMessage) message = soup_message_new (request->method, url);

  if (message == NULL) {
    g_set_error (error,
                 CONFAB_MATRIX_ERROR,
                 CONFAB_MATRIX_ERROR_NO_HOMESERVER,
                 "“%s” is no address",
                 request->redirect != NULL ? request->redirect : self->base_url);
    return NULL;
  }
  if (!(request->flags & CONFAB_REQUEST_NO_AUTH) && request->redirect == NULL &&
      self->access_token != NULL) {
    g_autoptr (ConfabSecret) header = g_strconcat ("Bearer ", self->access_token, NULL);
    soup_message_headers_replace (soup_message_get_request_headers (message),
                                  "Authorization",
                                  header);
  }
  if (request->body != NULL)
    soup_message_set_request_body_from_bytes (message, "application/json", request->body);
  /* No redirects: they would take the token elsewhere, and come from sign-in pages of networks. */
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  soup_message_set_priority (message,
                             request->flags & CONFAB_REQUEST_URGENT ? SOUP_MESSAGE_PRIORITY_HIGH
                                                                    : SOUP_MESSAGE_PRIORITY_NORMAL);
  return g_steal_pointer (&message);
}

static const struct {
  const char *errcode;
  ConfabMatrixError code;
} error_codes[] = {
  { "M_LIMIT_EXCEEDED", CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED },
  { "M_FORBIDDEN", CONFAB_MATRIX_ERROR_FORBIDDEN },
  { "M_UNKNOWN_TOKEN", CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN },
  { "M_MISSING_TOKEN", CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN },
  { "M_USER_DEACTIVATED", CONFAB_MATRIX_ERROR_DEACTIVATED },
  { "M_NOT_FOUND", CONFAB_MATRIX_ERROR_NOT_FOUND },
  { "M_TOO_LARGE", CONFAB_MATRIX_ERROR_TOO_LARGE },
};

static ConfabMatrixError
code_for_status (guint status)
{
  if (status >= 500)
    return CONFAB_MATRIX_ERROR_SERVER;
  if (status == 429)
    return CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED;
  if (status == SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE)
    return CONFAB_MATRIX_ERROR_TOO_LARGE;
  return CONFAB_MATRIX_ERROR_FAILED;
}

static GError *
error_from_reply (ConfabHttpReply *reply, JsonObject *object)
{
  const char *errcode = confab_json_peek_string (object, "errcode");
  const char *text = confab_json_peek_string (object, "error");
  gint64 retry_after_ms = CLAMP (confab_json_peek_int (object, "retry_after_ms", -1),
                                 -1,
                                 G_MAXINT32);
  ConfabMatrixError code = code_for_status (reply->status);
  g_autofree char *message = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (error_codes); i++) {
    if (g_strcmp0 (errcode, error_codes[i].errcode) == 0)
      code = error_codes[i].code;
  }
  if (code == CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN &&
      confab_json_peek_boolean (object, "soft_logout", FALSE))
    code = CONFAB_MATRIX_ERROR_SOFT_LOGOUT;
  if (retry_after_ms < 0)
    retry_after_ms = reply->retry_after_ms;
  message = g_strdup_printf ("HTTP status %u%s%s%s%s",
                             reply->status,
                             errcode != NULL ? ", " : "",
                             errcode != NULL ? errcode : "",
                             text != NULL ? ": " : "",
                             text != NULL ? text : "");
  return confab_matrix_error_new (code, errcode, retry_after_ms, message);
}

static gboolean
is_success (guint status)
{
  return status >= 200 && status < 300;
}

/* Spec: “Content repository”: media may be kept elsewhere. What is there needs no token, and gets none. */
static gboolean
follow_redirect (Request *request, const ConfabHttpReply *reply)
{
  g_autoptr (GUri) uri = NULL;

  if (request->kind != REPLY_MEDIA || (reply->status != 307 && reply->status != 308) ||
      reply->location == NULL || request->n_redirects >= MAX_REDIRECTS)
    return FALSE;
  uri = g_uri_parse (reply->location, SOUP_HTTP_URI_FLAGS, NULL);
  if (uri == NULL || !confab_http_is_safe (uri))
    return FALSE;
  request->n_redirects++;
  g_set_str (&request->redirect, reply->location);
  return TRUE;
}

static gboolean
await_exchange (Request *request, ConfabHttpReply **reply, GError **error)
{
  do {
    g_autoptr (SoupMessage) message = message_new (request, error);

    g_clear_pointer (reply, confab_http_reply_unref);
    if (message == NULL)
      return FALSE;
    *reply = dex_await_boxed (confab_http_exchange (request->homeserver->session,
                                                    message,
                                                    request->max_size,
                                                    request->timeout_ms,
                                                    request->stop,
                                                    request->drop),
                              error);
    if (*reply == NULL)
      return FALSE;
    g_debug ("%s %s: %u, %" G_GSIZE_FORMAT " bytes",
             request->method,
             g_uri_get_path (soup_message_get_uri (message)),
             (*reply)->status,
             g_bytes_get_size ((*reply)->body));
  } while (follow_redirect (request, *reply));
  return TRUE;
}

/* One try. Fills in exactly one of @object, @bytes and the error. */
static gboolean
await_attempt (Request *request, JsonObject **object, GBytes **bytes, GError **error)
{
  g_autoptr (ConfabHttpReply) reply = NULL;
  g_autoptr (JsonObject) parsed = NULL;
  g_autoptr (GError) parse_error = NULL;

  g_clear_pointer (&request->redirect, g_free);
  request->n_redirects = 0;
  if (!await_exchange (request, &reply, error))
    return FALSE;
  if (reply->date != 0 && request->redirect == NULL) {
    request->homeserver->server_date = reply->date;
    request->homeserver->server_date_at = g_get_monotonic_time ();
  }
  if (request->kind == REPLY_MEDIA && is_success (reply->status)) {
    *bytes = g_bytes_ref (reply->body);
    return TRUE;
  }
  if (reply->status == 511 || (reply->status >= 300 && reply->status < 400) ||
      (is_success (reply->status) && reply->is_html)) {
    g_set_error_literal (error,
                         CONFAB_MATRIX_ERROR,
                         CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL,
                         "a web page came in place of the homeserver's answer");
    return FALSE;
  }
  if (request->kind == REPLY_TEXT && is_success (reply->status)) {
    *bytes = g_bytes_ref (reply->body);
    return TRUE;
  }
  parsed = confab_http_await_json (reply->body, &parse_error);
  if (!is_success (reply->status)) {
    g_propagate_error (error, error_from_reply (reply, parsed));
    return FALSE;
  }
  if (parsed == NULL) {
    g_set_error (
      error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_BAD_RESPONSE, "%s", parse_error->message);
    return FALSE;
  }
  *object = g_steal_pointer (&parsed);
  return TRUE;
}

/* Whether the same request may go out again without doing twice what it does. */
static gboolean
is_repeatable (Request *request)
{
  return !g_str_equal (request->method, "POST") ||
         g_str_has_prefix (request->path, "/_matrix/client/v3/keys/") ||
         g_str_equal (request->path, CONFAB_HOMESERVER_REFRESH_PATH);
}

static gboolean
should_retry (Request *request, const GError *error)
{
  if (request->flags & CONFAB_REQUEST_NO_RETRY ||
      request->n_attempts >= request->homeserver->max_attempts)
    return FALSE;
  if (g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED))
    return confab_matrix_error_get_retry_after_ms (error) <= MAX_RETRY_PAUSE_MS;
  return is_repeatable (request) &&
         (g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_SERVER) ||
          g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NETWORK) ||
          g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NO_ANSWER));
}

/* Returns FALSE when stopped meanwhile. */
static gboolean
await_pause (Request *request, const GError *reason)
{
  guint base_ms = request->homeserver->retry_base_ms << MIN (request->n_attempts - 1, 6);
  guint pause_ms = MIN (base_ms, MAX_RETRY_PAUSE_MS) * g_random_double_range (0.5, 1.0);
  gint64 wanted_ms = confab_matrix_error_get_retry_after_ms (reason);

  /* Never before the server's time, and not all clients at once. */
  if (wanted_ms >= 0)
    pause_ms = wanted_ms + pause_ms / 4;
  g_debug ("%s: again in %u ms: %s", request->path, pause_ms, reason->message);
  dex_await (dex_future_first (dex_timeout_new_msec (pause_ms), dex_ref (request->stop), NULL),
             NULL);
  return dex_future_is_pending (request->stop);
}

/* What was told to an earlier request for the same is waited for, too; half a minute of it, and only by those who try
 * again by themselves. */
static gboolean
await_turn (Request *request, GError **error)
{
  ConfabHomeserver *self = request->homeserver;
  gint64 wait_ms;

  while ((wait_ms = confab_rate_limits_get_wait (
            self->limits, request->method, request->path, g_get_monotonic_time ())) > 0) {
    if (request->flags & CONFAB_REQUEST_NO_RETRY || wait_ms > MAX_RETRY_PAUSE_MS) {
      g_propagate_error (error,
                         confab_matrix_error_new (CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED,
                                                  "M_LIMIT_EXCEEDED",
                                                  wait_ms,
                                                  "the homeserver wants to be left alone"));
      return FALSE;
    }
    wait_ms += g_random_int_range (0, (gint32) self->retry_base_ms / 4 + 1);
    dex_await (dex_future_first (dex_timeout_new_msec ((int) wait_ms),
                                 dex_ref (request->stop),
                                 request->drop != NULL ? dex_ref (request->drop) : NULL,
                                 NULL),
               NULL);
    if (!dex_future_is_pending (request->stop) ||
        (request->drop != NULL && !dex_future_is_pending (request->drop))) {
      g_set_error (
        error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_CANCELLED, "%s: stopped", request->path);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
is_logged_out (const GError *error)
{
  return g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN) ||
         g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_SOFT_LOGOUT) ||
         g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_DEACTIVATED);
}

static gboolean
is_refused (const GError *error)
{
  return is_logged_out (error) ||
         g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_FORBIDDEN);
}

/* What a refused refresh means: Synapse answers M_FORBIDDEN when the session has lasted as long as it may, and then
 * only the refusal of the access token says whether the device stays. */
static void
judge_refusal (GError *refresh_error, const GError *refusal)
{
  if (!g_error_matches (refresh_error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_FORBIDDEN))
    return;
  refresh_error->code = g_error_matches (refusal,
                                         CONFAB_MATRIX_ERROR,
                                         CONFAB_MATRIX_ERROR_SOFT_LOGOUT)
                          ? CONFAB_MATRIX_ERROR_SOFT_LOGOUT
                          : CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN;
}

/* After a refused token: gets a new one, and says whether the request may be tried again. */
static gboolean
await_new_token (Request *request, const char *used_token, GError **error)
{
  ConfabHomeserver *self = request->homeserver;
  g_autoptr (GError) refresh_error = NULL;

  if (g_strcmp0 (used_token, self->access_token) != 0)
    return self->access_token != NULL;
  if (self->refresh_token == NULL)
    return FALSE;
  if (confab_homeserver_await_refresh (self, &refresh_error))
    return TRUE;
  judge_refusal (refresh_error, *error);
  g_clear_error (error);
  g_propagate_error (error, g_steal_pointer (&refresh_error));
  return FALSE;
}

static void
report_logout (ConfabHomeserver *self, const char *used_token, const GError *error)
{
  /* Only once: what was under way with the same token says nothing new. */
  if (!is_logged_out (error) || self->access_token == NULL ||
      g_strcmp0 (used_token, self->access_token) != 0)
    return;
  g_signal_emit_by_name (self,
                         "logged-out",
                         g_error_matches (error,
                                          CONFAB_MATRIX_ERROR,
                                          CONFAB_MATRIX_ERROR_SOFT_LOGOUT));
}

static DexFuture *
request_fiber (gpointer data)
{
  Request *request = data;
  ConfabHomeserver *self = request->homeserver;
  gboolean auth = !(request->flags & CONFAB_REQUEST_NO_AUTH);
  gboolean refreshed = FALSE;

  while (TRUE) {
    g_autoptr (GError) error = NULL;
    g_autoptr (JsonObject) object = NULL;
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (ConfabSecret) used_token = NULL;

    if (auth && !refreshed && confab_homeserver_token_is_stale (self) &&
        !confab_homeserver_await_refresh (self, &error)) {
      if (!is_refused (error))
        return dex_future_new_for_error (g_steal_pointer (&error));
      /* What the server says to the old token tells what is the matter. */
      g_clear_error (&error);
    }
    if (!await_turn (request, &error))
      return dex_future_new_for_error (g_steal_pointer (&error));
    used_token = g_strdup (self->access_token);
    request->n_attempts++;
    if (await_attempt (request, &object, &bytes, &error)) {
      if (bytes != NULL)
        return dex_future_new_take_boxed (G_TYPE_BYTES, g_steal_pointer (&bytes));
      return dex_future_new_take_boxed (JSON_TYPE_OBJECT, g_steal_pointer (&object));
    }
    if (g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED))
      confab_rate_limits_note (self->limits,
                               request->method,
                               request->path,
                               g_get_monotonic_time (),
                               confab_matrix_error_get_retry_after_ms (error));
    /* Only the homeserver itself can say that its token is no good. */
    auth = auth && request->redirect == NULL;
    if (auth && !refreshed && is_logged_out (error) &&
        await_new_token (request, used_token, &error)) {
      refreshed = TRUE;
      continue;
    }
    if (auth)
      report_logout (self, used_token, error);
    if (!should_retry (request, error))
      return dex_future_new_for_error (g_steal_pointer (&error));
    if (!await_pause (request, error))
      return dex_future_new_reject (CONFAB_MATRIX_ERROR,
                                    CONFAB_MATRIX_ERROR_CANCELLED,
                                    "%s: stopped",
                                    request->path);
  }
}

static DexFuture *
run (Request *request)
{
  return dex_scheduler_spawn (NULL, 0, request_fiber, request, (GDestroyNotify) request_free);
}

static DexFuture *
send_for (ConfabHomeserver *self,
          ReplyKind kind,
          const char *method,
          const char *path,
          JsonObject *body,
          guint timeout_ms,
          ConfabRequestFlags flags,
          DexFuture *drop)
{
  Request *request = request_new (self, method, path, flags);

  request->kind = kind;
  request->drop = drop != NULL ? dex_ref (drop) : NULL;
  if (timeout_ms != 0)
    request->timeout_ms = timeout_ms;
  if (body != NULL) {
    char *text = confab_json_to_string (body);
    request->body = g_bytes_new_take (text, strlen (text));
  }
  return run (request);
}

/**
 * confab_homeserver_send:
 * @self: a homeserver
 * @method: `GET`, `PUT`, `POST` or `DELETE`
 * @path: percent-encoded, begins with `/_matrix/`, may hold a query
 * @body: (nullable): sent as JSON
 * @timeout_ms: of each try, until its answer begins, and again until it is whole, which what is large is given longer
 *   for as long as it gets on: see confab_http_exchange(); 0 is 30 s
 * @flags: how
 *
 * Sends a request. When the server asks for patience, or fails in a way that may pass, it is sent again, the very
 * same; a POST only when it cannot do its work twice. Rejects with a #ConfabMatrixError.
 *
 * Returns: (transfer full): a future that resolves to a JsonObject (boxed)
 */
DexFuture *
confab_homeserver_send (ConfabHomeserver *self,
                        const char *method,
                        const char *path,
                        JsonObject *body,
                        guint timeout_ms,
                        ConfabRequestFlags flags)
{
  dex_return_error_if_fail (CONFAB_IS_HOMESERVER (self));
  dex_return_error_if_fail (method != NULL && path != NULL && path[0] == '/');

  return send_for (self, REPLY_OBJECT, method, path, body, timeout_ms, flags, NULL);
}

/**
 * confab_homeserver_send_unread:
 * @self: a homeserver
 * @method: as for confab_homeserver_send()
 * @path: as for confab_homeserver_send()
 * @body: (nullable): as for confab_homeserver_send()
 * @timeout_ms: as for confab_homeserver_send()
 * @flags: as for confab_homeserver_send()
 * @drop: (nullable): when it is no longer pending, nobody waits for the reply, and the request ends
 *
 * For replies that may be long: to read them, and to free what was read, takes longer than the main thread has. So
 * another thread does both.
 *
 * Returns: (transfer full): a future that resolves to the reply's text: a GBytes (boxed)
 */
DexFuture *
confab_homeserver_send_unread (ConfabHomeserver *self,
                               const char *method,
                               const char *path,
                               JsonObject *body,
                               guint timeout_ms,
                               ConfabRequestFlags flags,
                               DexFuture *drop)
{
  dex_return_error_if_fail (CONFAB_IS_HOMESERVER (self));
  dex_return_error_if_fail (method != NULL && path != NULL && path[0] == '/');

  return send_for (self, REPLY_TEXT, method, path, body, timeout_ms, flags, drop);
}

/**
 * confab_homeserver_get_bytes:
 * @self: a homeserver
 * @path: as for confab_homeserver_send()
 * @max_size: at most so many bytes, or %CONFAB_MATRIX_ERROR_TOO_LARGE
 *
 * Returns: (transfer full): a future that resolves to a GBytes (boxed)
 */
DexFuture *
confab_homeserver_get_bytes (ConfabHomeserver *self, const char *path, gsize max_size)
{
  Request *request;

  dex_return_error_if_fail (CONFAB_IS_HOMESERVER (self));
  dex_return_error_if_fail (path != NULL && path[0] == '/');

  request = request_new (self, "GET", path, CONFAB_REQUEST_NONE);
  request->kind = REPLY_MEDIA;
  request->max_size = max_size;
  return run (request);
}
