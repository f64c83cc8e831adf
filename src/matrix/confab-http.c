/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-http.h"

#include "confab-json.h"
#include "confab-slice.h"

#define CHUNK_SIZE (64 * 1024)
#define THREAD_JSON_SIZE (64 * 1024) /* longer replies are parsed by another thread */
#define MIN_BYTES_PER_MS 4           /* 32 kbit/s: over less there is no call either */
#define MAX_RETRY_AFTER_S (24 * 60 * 60)

G_DEFINE_BOXED_TYPE (ConfabHttpReply,
                     confab_http_reply,
                     confab_http_reply_ref,
                     confab_http_reply_unref)

ConfabHttpReply *
confab_http_reply_ref (ConfabHttpReply *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
confab_http_reply_unref (ConfabHttpReply *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_bytes_unref (self->body);
  g_free (self->location);
  g_free (self);
}

/**
 * confab_http_session_new:
 *
 * Returns: (transfer full): a session for one homeserver: enough connections that a long poll holds nothing up, no
 *   cookies, no cache
 */
SoupSession *
confab_http_session_new (void)
{
  SoupSession *session = soup_session_new_with_options ("max-conns",
                                                        16,
                                                        "max-conns-per-host",
                                                        8,
                                                        "timeout",
                                                        0,
                                                        "idle-timeout",
                                                        60,
                                                        "user-agent",
                                                        "Confab/" CONFAB_VERSION,
                                                        NULL);

  /* It would hold a reply back until the first bytes of the body have come; nobody asks what they look like. */
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_SNIFFER);
  return session;
}

/**
 * confab_http_is_loopback:
 * @host: (nullable): a host name or address, without a port
 *
 * Returns: whether it is this machine, so that nobody listens in on plain HTTP
 */
gboolean
confab_http_is_loopback (const char *host)
{
  g_autoptr (GInetAddress) address = NULL;

  if (host == NULL)
    return FALSE;
  if (g_ascii_strcasecmp (host, "localhost") == 0)
    return TRUE;
  address = g_inet_address_new_from_string (host);
  return address != NULL && g_inet_address_get_is_loopback (address);
}

gboolean
confab_http_is_safe (GUri *uri)
{
  return g_str_equal (g_uri_get_scheme (uri), "https") ||
         (g_str_equal (g_uri_get_scheme (uri), "http") &&
          confab_http_is_loopback (g_uri_get_host (uri)));
}

typedef struct {
  SoupSession *session;
  SoupMessage *message;
  gsize max_size;
  guint timeout_ms;
  DexFuture *stop;
  DexFuture *drop; /* (nullable) */
} Exchange;

static void
exchange_free (Exchange *exchange)
{
  g_object_unref (exchange->session);
  g_object_unref (exchange->message);
  dex_unref (exchange->stop);
  dex_clear (&exchange->drop);
  g_free (exchange);
}

/* What libsoup works at for an exchange. It is told to stop once at most, from the main loop, and never between the
 * headers and the callback: libsoup 3.6 then takes the reply for a failure, ends the message, and the stream that it had
 * handed out goes on with what was freed. Session and message stay until it has called back. */
typedef struct {
  grefcount ref_count; /* the fiber, libsoup's callback, and the idle that tells it to stop */
  SoupSession *session;
  SoupMessage *message;
  GCancellable *cancellable;
  DexPromise *stream;
  gboolean
    arrived; /* the headers have: the callback follows in this or the next turn of the loop */
  gboolean done;
} Sending;

static void
sending_unref (gpointer data)
{
  Sending *self = data;

  if (!g_ref_count_dec (&self->ref_count))
    return;
  g_object_unref (self->message);
  g_object_unref (self->session);
  g_object_unref (self->cancellable);
  dex_unref (self->stream);
  g_free (self);
}

static Sending *
sending_ref (Sending *self)
{
  g_ref_count_inc (&self->ref_count);
  return self;
}

static void
got_headers_cb (SoupMessage *message, Sending *self)
{
  self->arrived = TRUE;
}

/* By itself libsoup sends a message again, for which the same holds. */
static void
restarted_cb (SoupMessage *message, Sending *self)
{
  self->arrived = FALSE;
}

static void
send_done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Sending *self = data;
  GError *error = NULL;
  GInputStream *stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);

  self->done = TRUE;
  g_signal_handlers_disconnect_by_data (self->message, self);
  /* When nobody waits any more, the stream goes with the promise, and the connection with the stream. */
  if (stream != NULL)
    dex_promise_resolve_object (self->stream, stream);
  else
    dex_promise_reject (self->stream, error);
  sending_unref (self);
}

static Sending *
sending_start (Exchange *exchange)
{
  Sending *self = g_new0 (Sending, 1);

  g_ref_count_init (&self->ref_count);
  self->session = g_object_ref (exchange->session);
  self->message = g_object_ref (exchange->message);
  self->cancellable = g_cancellable_new ();
  self->stream = dex_promise_new ();
  g_signal_connect (self->message, "got-headers", G_CALLBACK (got_headers_cb), self);
  g_signal_connect (self->message, "restarted", G_CALLBACK (restarted_cb), self);
  soup_session_send_async (self->session,
                           self->message,
                           G_PRIORITY_DEFAULT,
                           self->cancellable,
                           send_done_cb,
                           sending_ref (self));
  return self;
}

/* There is a network, and at its other end nobody speaks. */
static gboolean
is_no_answer (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

static gboolean
stop_cb (gpointer data)
{
  Sending *self = data;

  if (!self->done && !self->arrived)
    g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

/* The fiber is through with it. */
static void
sending_end (Sending *self)
{
  if (!self->done)
    g_idle_add_full (G_PRIORITY_DEFAULT, stop_cb, sending_ref (self), sending_unref);
  sending_unref (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sending, sending_end)

static GError *
translate_error (SoupMessage *message, const GError *error)
{
  const char *host = g_uri_get_host (soup_message_get_uri (message));
  g_autofree char *text = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return g_error_new (CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_CANCELLED, "%s: stopped", host);
  if (g_error_matches (error, DEX_ERROR, DEX_ERROR_TIMED_OUT))
    return g_error_new (CONFAB_MATRIX_ERROR,
                        CONFAB_MATRIX_ERROR_NO_ANSWER,
                        "%s: no answer in time",
                        host);
  text = g_strdup_printf ("%s: %s", host, error->message);
  return g_error_new_literal (CONFAB_MATRIX_ERROR,
                              error->domain == G_TLS_ERROR ? CONFAB_MATRIX_ERROR_TLS
                              : is_no_answer (error)       ? CONFAB_MATRIX_ERROR_NO_ANSWER
                                                           : CONFAB_MATRIX_ERROR_NETWORK,
                              text);
}

static gint64
read_retry_after (SoupMessageHeaders *headers)
{
  const char *text = soup_message_headers_get_one (headers, "Retry-After");
  g_autoptr (GDateTime) date = NULL;
  guint64 seconds;

  if (text == NULL)
    return -1;
  if (g_ascii_string_to_unsigned (text, 10, 0, MAX_RETRY_AFTER_S, &seconds, NULL))
    return seconds * 1000;
  date = soup_date_time_new_from_http_string (text);
  if (date == NULL)
    return -1;
  return CLAMP (g_date_time_to_unix (date) - g_get_real_time () / G_USEC_PER_SEC,
                0,
                MAX_RETRY_AFTER_S) *
         1000;
}

static gint64
read_date (SoupMessageHeaders *headers)
{
  const char *text = soup_message_headers_get_one (headers, "Date");
  g_autoptr (GDateTime) date = text != NULL ? soup_date_time_new_from_http_string (text) : NULL;

  return date != NULL ? MAX (g_date_time_to_unix (date), 0) : 0;
}

static char *
dup_location (SoupMessage *message)
{
  const char *text = soup_message_headers_get_one (soup_message_get_response_headers (message),
                                                   "Location");
  g_autoptr (GUri) uri = NULL;

  if (text == NULL || !SOUP_STATUS_IS_REDIRECTION (soup_message_get_status (message)))
    return NULL;
  uri = g_uri_parse_relative (soup_message_get_uri (message), text, SOUP_HTTP_URI_FLAGS, NULL);
  return uri != NULL ? g_uri_to_string (uri) : NULL;
}

static ConfabHttpReply *
reply_new (SoupMessage *message, GByteArray *body)
{
  ConfabHttpReply *reply = g_new0 (ConfabHttpReply, 1);
  SoupMessageHeaders *headers = soup_message_get_response_headers (message);

  g_atomic_ref_count_init (&reply->ref_count);
  reply->status = soup_message_get_status (message);
  reply->body = g_byte_array_free_to_bytes (g_byte_array_ref (body));
  reply->is_html = g_strcmp0 (soup_message_headers_get_content_type (headers, NULL), "text/html") ==
                   0;
  reply->retry_after_ms = read_retry_after (headers);
  reply->location = dup_location (message);
  reply->date = read_date (headers);
  return reply;
}

/* The first of @future (transfer full) and what ends the exchange. None of them is a fiber's; see confab_shield (). (A
 * time-out that has lost a race never ends: libdex takes it away.) */
static DexFuture *
race (Exchange *exchange, DexFuture *future, guint timeout_ms)
{
  return dex_future_first (future,
                           dex_timeout_new_msec ((int) timeout_ms),
                           dex_ref (exchange->stop),
                           exchange->drop != NULL ? dex_ref (exchange->drop) : NULL,
                           NULL);
}

/* How long the next piece of an answer is waited for. What is large may take long, as long as it gets on: what has come pays
 * for what is to come. A server that sends a byte now and then does not keep anybody waiting for ever. */
static guint
time_left (Exchange *exchange, gint64 began_at, gsize n_bytes)
{
  gint64 spent_ms = (g_get_monotonic_time () - began_at) / 1000;
  gint64 left_ms = (gint64) exchange->timeout_ms + (gint64) (n_bytes / MIN_BYTES_PER_MS) - spent_ms;

  return (guint) CLAMP (left_ms, 0, (gint64) exchange->timeout_ms);
}

static gboolean
await_body (Exchange *exchange, GInputStream *stream, GByteArray *body, GError **error)
{
  gint64 began_at = g_get_monotonic_time ();

  while (TRUE) {
    g_autoptr (GBytes) chunk = dex_await_boxed (
      race (exchange,
            dex_input_stream_read_bytes (stream, CHUNK_SIZE, G_PRIORITY_DEFAULT),
            time_left (exchange, began_at, body->len)),
      error);
    gsize size;
    gconstpointer data;

    if (chunk == NULL)
      return FALSE;
    data = g_bytes_get_data (chunk, &size);
    if (size == 0)
      return TRUE;
    if (size > exchange->max_size - body->len) {
      g_set_error (error,
                   CONFAB_MATRIX_ERROR,
                   CONFAB_MATRIX_ERROR_TOO_LARGE,
                   "the reply is longer than %" G_GSIZE_FORMAT " bytes",
                   exchange->max_size);
      return FALSE;
    }
    g_byte_array_append (body, data, size);
  }
}

static DexFuture *
load_modules_fiber (gpointer data)
{
  g_proxy_resolver_get_default ();
  g_object_unref (g_tls_backend_get_default_database (g_tls_backend_get_default ()));
  return dex_future_new_true ();
}

/* GIO loads what finds proxies and speaks TLS, and reads the certificates, at the first connection: some 20 ms. Once a
 * process, and not on the main thread. */
static void
await_modules (void)
{
  static DexFuture *loaded;

  if (loaded == NULL) {
    /* What finds proxies asks for it, with GIO's lock on modules in its hand; whoever asks for it first takes that lock,
     * with everybody else kept waiting. So two threads that do so at the same time wait for each other, for ever. */
    g_network_monitor_get_default ();
    loaded = confab_thread_run (load_modules_fiber, NULL);
  }
  dex_await (dex_ref (loaded), NULL);
}

static DexFuture *
exchange_fiber (gpointer data)
{
  Exchange *exchange = data;
  g_autoptr (Sending) sending = NULL;
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GByteArray) body = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  await_modules ();
  sending = sending_start (exchange);
  stream = dex_await_object (
    race (exchange, dex_ref (DEX_FUTURE (sending->stream)), exchange->timeout_ms), &error);
  if (stream == NULL || !await_body (exchange, stream, body, &error)) {
    if (exchange->drop != NULL && !dex_future_is_pending (exchange->drop))
      return dex_future_new_reject (CONFAB_MATRIX_ERROR,
                                    CONFAB_MATRIX_ERROR_CANCELLED,
                                    "nobody waits for it any more");
    if (error->domain != CONFAB_MATRIX_ERROR) {
      GError *translated = translate_error (exchange->message, error);
      return dex_future_new_for_error (translated);
    }
    return dex_future_new_for_error (g_steal_pointer (&error));
  }
  return dex_future_new_take_boxed (CONFAB_TYPE_HTTP_REPLY, reply_new (exchange->message, body));
}

DexFuture *
confab_http_exchange (SoupSession *session,
                      SoupMessage *message,
                      gsize max_size,
                      guint timeout_ms,
                      DexFuture *stop,
                      DexFuture *drop)
{
  Exchange *exchange = g_new (Exchange, 1);

  *exchange = (Exchange) {
    .session = g_object_ref (session),
    .message = g_object_ref (message),
    .max_size = max_size,
    .timeout_ms = timeout_ms,
    .stop = dex_ref (stop),
    .drop = drop != NULL ? dex_ref (drop) : NULL,
  };
  return dex_scheduler_spawn (NULL, 0, exchange_fiber, exchange, (GDestroyNotify) exchange_free);
}

typedef struct {
  GBytes *body;
  JsonObject *object;
  GError *error;
} Parse;

static DexFuture *
parse_fiber (gpointer data)
{
  Parse *parse = data;
  gsize size;
  const char *text = g_bytes_get_data (parse->body, &size);

  parse->object = confab_json_parse_object (text != NULL ? text : "", size, &parse->error);
  return dex_future_new_true ();
}

JsonObject *
confab_http_await_json (GBytes *body, GError **error)
{
  Parse parse = { .body = body };

  /* The result waits in @parse: JsonObject's reference count is not atomic, so no future may copy it over there. */
  if (g_bytes_get_size (body) > THREAD_JSON_SIZE)
    dex_await (confab_thread_run (parse_fiber, &parse), NULL);
  else
    dex_unref (parse_fiber (&parse));
  if (parse.error != NULL)
    g_propagate_error (error, parse.error);
  return parse.object;
}
