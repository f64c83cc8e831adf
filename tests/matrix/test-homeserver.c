/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-homeserver-private.h"
#include "confab-homeserver.h"
#include "confab-json.h"
#include "confab-server-name.h"
#include "fake-homeserver.h"

#define PATH "/_matrix/client/v3/test"
#define REFRESH "/_matrix/client/v3/refresh"
#define VERSIONS "/_matrix/client/versions"
#define ME CONFAB_MATRIX_ERROR

typedef struct {
  FakeHomeserver *fake;
  ConfabHomeserver *homeserver;
  guint n_kept;
  DexPromise *keeping;
  guint n_new; /* requests with the new token */
  guint n_logged_out;
  gboolean soft;
} Fixture;

/* A keyring that takes its time: whoever uses the new token before it is kept has lost it when killed. */
static DexFuture *
keep_cb (const char *access, const char *refresh, gpointer data)
{
  Fixture *f = data;

  f->n_kept++;
  g_assert_cmpstr (access, ==, "new");
  g_assert_cmpstr (refresh, ==, "r2");
  f->keeping = dex_promise_new ();
  return dex_ref (DEX_FUTURE (f->keeping));
}

static void
logged_out_cb (ConfabHomeserver *homeserver, gboolean soft, Fixture *f)
{
  f->n_logged_out++;
  f->soft = soft;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->fake = fake_homeserver_new ();
  f->homeserver = confab_homeserver_new (fake_homeserver_get_url (f->fake));
  confab_homeserver_set_retry (f->homeserver, 1, 4);
  confab_homeserver_set_tokens (f->homeserver, "old", NULL, 0);
  confab_homeserver_set_keep_func (f->homeserver, keep_cb, f);
  g_signal_connect (f->homeserver, "logged-out", G_CALLBACK (logged_out_cb), f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  dex_clear (&f->keeping);
  test_settle ();
  g_assert_finalize_object (f->homeserver);
  fake_homeserver_free (f->fake);
}

static DexFuture *
get (Fixture *f)
{
  return confab_homeserver_send (
    f->homeserver, "GET", PATH "?a=b%20c", NULL, 0, CONFAB_REQUEST_NONE);
}

static void
test_plain (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonObject) reply = NULL;

  fake_homeserver_reply (f->fake, PATH, 200, "{\"a\":1}");
  g_assert_cmpint (confab_homeserver_get_server_time (f->homeserver), ==, 0);
  reply = test_wait_json (get (f));
  g_assert_cmpint (json_object_get_int_member (reply, "a"), ==, 1);
  /* The clock of this server is this machine's; its Date is cut to the second. */
  g_assert_cmpint (
    ABS (confab_homeserver_get_server_time (f->homeserver) - g_get_real_time () / 1000), <, 5000);
  g_assert_cmpstr (fake_homeserver_get_last_authorization (f->fake), ==, "Bearer old");
  g_assert_cmpstr (fake_homeserver_get_log (f->fake)->pdata[0], ==, "GET " PATH "?a=b%20c");

  test_expect (
    confab_homeserver_send (f->homeserver, "GET", PATH, NULL, 0, CONFAB_REQUEST_NO_AUTH));
  g_assert_null (fake_homeserver_get_last_authorization (f->fake));
}

typedef struct {
  const char *name;
  guint status;
  const char *type;
  const char *body;
  ConfabMatrixError code;
} Bad;

static const Bad bad[] = {
  { "forbidden",
    403,
    "application/json",
    "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no\"}",
    CONFAB_MATRIX_ERROR_FORBIDDEN },
  { "not-found",
    404,
    "application/json",
    "{\"errcode\":\"M_NOT_FOUND\"}",
    CONFAB_MATRIX_ERROR_NOT_FOUND },
  { "too-large",
    413,
    "application/json",
    "{\"errcode\":\"M_TOO_LARGE\"}",
    CONFAB_MATRIX_ERROR_TOO_LARGE },
  { "deactivated",
    403,
    "application/json",
    "{\"errcode\":\"M_USER_DEACTIVATED\"}",
    CONFAB_MATRIX_ERROR_DEACTIVATED },
  { "other", 400, "application/json", "{\"errcode\":\"M_BAD_JSON\"}", CONFAB_MATRIX_ERROR_FAILED },
  { "no-json", 400, "text/plain", "nope", CONFAB_MATRIX_ERROR_FAILED },
  { "portal", 200, "text/html", "<html>Sign in</html>", CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL },
  { "portal-redirect", 302, "text/html", "", CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL },
  { "portal-511", 511, "text/html", "", CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL },
  { "truncated", 200, "application/json", "{\"a\":{\"b\":", CONFAB_MATRIX_ERROR_BAD_RESPONSE },
  { "array", 200, "application/json", "[]", CONFAB_MATRIX_ERROR_BAD_RESPONSE },
  { "two", 200, "application/json", "{}{}", CONFAB_MATRIX_ERROR_BAD_RESPONSE },
  { "empty", 200, "application/json", "", CONFAB_MATRIX_ERROR_BAD_RESPONSE },
  { "wrong-types",
    403,
    "application/json",
    "{\"errcode\":7,\"retry_after_ms\":\"x\"}",
    CONFAB_MATRIX_ERROR_FAILED },
  { "limit-wrong-type",
    429,
    "application/json",
    "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"retry_after_ms\":-5e30}",
    CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED },
  { "always-500",
    500,
    "application/json",
    "{\"errcode\":\"M_UNKNOWN\"}",
    CONFAB_MATRIX_ERROR_SERVER },
  { "always-502-html", 502, "text/html", "<h1>Bad gateway</h1>", CONFAB_MATRIX_ERROR_SERVER },
};

static void
test_bad (Fixture *f, gconstpointer data)
{
  const Bad *row = data;
  g_autoptr (GBytes) body = g_bytes_new_static (row->body, strlen (row->body));
  gboolean retried = row->code == CONFAB_MATRIX_ERROR_SERVER ||
                     row->code == CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED;

  fake_homeserver_reply_full (f->fake, PATH, row->status, row->type, NULL, NULL, body);
  test_expect_error (get (f), ME, row->code);
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->fake, PATH), ==, retried ? 4 : 1);
}

static void
test_limit (Fixture *f, gconstpointer data)
{
  gint64 start = g_get_monotonic_time ();
  GPtrArray *log = fake_homeserver_get_log (f->fake);
  g_autoptr (GBytes) limit = g_bytes_new_static ("{\"errcode\":\"M_LIMIT_EXCEEDED\"}", 30);
  g_autoptr (JsonObject) body = json_object_new ();

  fake_homeserver_reply (f->fake,
                         "/_matrix/client/v3/sendToDevice/",
                         429,
                         "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"retry_after_ms\":150}");
  fake_homeserver_reply_full (f->fake,
                              "/_matrix/client/v3/sendToDevice/",
                              429,
                              "application/json",
                              "Retry-After",
                              "0",
                              limit);
  fake_homeserver_reply (f->fake, "/_matrix/client/v3/sendToDevice/", 502, "");
  fake_homeserver_reply (f->fake, "/_matrix/client/v3/sendToDevice/", 200, "{}");
  test_expect (confab_homeserver_send (
    f->homeserver, "PUT", "/_matrix/client/v3/sendToDevice/x/t1", body, 0, CONFAB_REQUEST_URGENT));
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 150 * 1000);
  g_assert_cmpuint (log->len, ==, 4);
  for (guint i = 0; i < log->len; i++)
    g_assert_cmpstr (log->pdata[i], ==, "PUT /_matrix/client/v3/sendToDevice/x/t1");
}

static void
send_message (Fixture *f, const char *txn_id)
{
  g_autofree char *path = g_strconcat ("/_matrix/client/v3/sendToDevice/x/", txn_id, NULL);
  g_autoptr (JsonObject) body = json_object_new ();

  test_expect (confab_homeserver_send (f->homeserver, "PUT", path, body, 0, CONFAB_REQUEST_URGENT));
}

/* What one request is told holds for the next for the same; found by the simulator. */
static void
test_limit_remembered (Fixture *f, gconstpointer data)
{
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;

  /* A message too many: the next one, with another id, waits as well. */
  fake_homeserver_reply (f->fake,
                         "/_matrix/client/v3/sendToDevice/",
                         429,
                         "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"retry_after_ms\":150}");
  fake_homeserver_reply (f->fake, "/_matrix/client/v3/sendToDevice/", 200, "{}");
  confab_homeserver_set_retry (f->homeserver, 1, 1);
  test_expect_error (confab_homeserver_send (f->homeserver,
                                             "PUT",
                                             "/_matrix/client/v3/sendToDevice/x/t1",
                                             NULL,
                                             0,
                                             CONFAB_REQUEST_URGENT),
                     ME,
                     CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED);
  send_message (f, "t2");
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 150 * 1000);
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->fake, "/_matrix/client/v3/sendToDevice/"),
                    ==,
                    2);

  /* An hour: the server is not even asked; of another thing it is. */
  fake_homeserver_reply (f->fake,
                         PATH "2",
                         429,
                         "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"retry_after_ms\":3600000}");
  for (guint i = 0; i < 2; i++) {
    g_clear_error (&error);
    test_wait (
      confab_homeserver_send (f->homeserver, "GET", PATH "2?again", NULL, 0, CONFAB_REQUEST_NONE),
      &error);
    g_assert_error (error, ME, CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED);
    g_assert_cmpint (confab_matrix_error_get_retry_after_ms (error), >, 3500000);
    g_assert_cmpint (confab_matrix_error_get_retry_after_ms (error), <=, 3600000);
    g_assert_cmpuint (fake_homeserver_get_n_requests (f->fake, PATH "2"), ==, 1);
  }
  fake_homeserver_reply (f->fake, PATH, 200, "{}");
  test_expect (confab_homeserver_send (f->homeserver, "GET", PATH, NULL, 0, CONFAB_REQUEST_NONE));
}

static void
expect_retry_after (Fixture *f, const char *value, gint64 least_ms, gint64 most_ms)
{
  g_autoptr (GBytes) body = g_bytes_new_static ("{}", 2);
  g_autofree char *path = g_strconcat (PATH, "/", value, NULL);
  g_autofree char *escaped = g_uri_escape_string (path, "/", FALSE);
  g_autoptr (GError) error = NULL;

  fake_homeserver_reply_full (
    f->fake, PATH "/", 429, "application/json", "Retry-After", value, body);
  test_wait (
    confab_homeserver_send (f->homeserver, "GET", escaped, NULL, 0, CONFAB_REQUEST_NO_RETRY),
    &error);
  g_assert_error (error, ME, CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED);
  g_assert_cmpint (confab_matrix_error_get_retry_after_ms (error), >=, least_ms);
  g_assert_cmpint (confab_matrix_error_get_retry_after_ms (error), <=, most_ms);
}

static void
test_retry_after (Fixture *f, gconstpointer data)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GDateTime) soon = g_date_time_add_seconds (now, 60);
  g_autofree char *date = soup_date_time_to_string (soon, SOUP_DATE_HTTP);
  static const char *const values[] = { "7", "-1", "soon", "99999999999999999999" };
  static const gint64 expected[] = { 7000, -1, -1, -1 };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++) {
    expect_retry_after (f, values[i], expected[i], expected[i]);
    fake_homeserver_forget (f->fake, PATH "/");
  }
  expect_retry_after (f, date, 50 * 1000, 60 * 1000);
}

static void
test_no_double_post (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fake_homeserver_reply (f->fake, PATH, 502, "{}");
  test_expect_error (
    confab_homeserver_send (f->homeserver, "POST", PATH, NULL, 0, CONFAB_REQUEST_NONE),
    ME,
    CONFAB_MATRIX_ERROR_SERVER);
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->fake, PATH), ==, 1);

  /* An hour is not waited for: the caller is told. */
  fake_homeserver_reply (f->fake,
                         PATH "2",
                         429,
                         "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"retry_after_ms\":3600000}");
  test_wait (confab_homeserver_send (f->homeserver, "GET", PATH "2", NULL, 0, CONFAB_REQUEST_NONE),
             &error);
  g_assert_error (error, ME, CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED);
  g_assert_cmpint (confab_matrix_error_get_retry_after_ms (error), ==, 3600000);
  g_assert_cmpstr (confab_matrix_error_get_errcode (error), ==, "M_LIMIT_EXCEEDED");
}

static void
token_handler (FakeHomeserver *fake, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  const char *header = soup_message_headers_get_one (soup_server_message_get_request_headers (
                                                       message),
                                                     "Authorization");

  if (g_strcmp0 (header, "Bearer new") == 0) {
    ((Fixture *) data)->n_new++;
    fake_homeserver_respond (message, 200, "{}");
  } else
    fake_homeserver_respond (message,
                             401,
                             "{\"errcode\":\"M_UNKNOWN_TOKEN\",\"soft_logout\":true}");
}

static gboolean
is_keeping (gpointer data)
{
  return ((Fixture *) data)->keeping != NULL;
}

static void
reply_tokens (Fixture *f)
{
  fake_homeserver_reply (
    f->fake,
    REFRESH,
    200,
    "{\"access_token\":\"new\",\"refresh_token\":\"r2\",\"expires_in_ms\":300000}");
}

static void
test_refresh (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) futures = g_ptr_array_new ();

  confab_homeserver_set_tokens (f->homeserver, "old", "r1", 0);
  fake_homeserver_handle (f->fake, PATH, token_handler, f);
  reply_tokens (f);
  for (guint i = 0; i < 5; i++)
    g_ptr_array_add (futures, get (f));
  test_until (is_keeping, f);
  test_settle ();
  g_assert_cmpuint (f->n_new, ==, 0);
  dex_promise_resolve_boolean (f->keeping, TRUE);
  for (guint i = 0; i < futures->len; i++)
    test_expect (futures->pdata[i]);
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->fake, REFRESH), ==, 1);
  g_assert_cmpstr (fake_homeserver_get_last_body (f->fake, REFRESH),
                   ==,
                   "{\"refresh_token\":\"r1\"}");
  g_assert_cmpuint (f->n_kept, ==, 1);
  g_assert_cmpuint (f->n_new, ==, 5);
  g_assert_cmpuint (f->n_logged_out, ==, 0);
}

static void
test_refresh_not_kept (Fixture *f, gconstpointer data)
{
  DexFuture *future;

  /* A keyring that fails: the process goes on with the new token as long as it lives. */
  confab_homeserver_set_tokens (f->homeserver, "old", "r1", 0);
  fake_homeserver_handle (f->fake, PATH, token_handler, f);
  reply_tokens (f);
  future = get (f);
  test_until (is_keeping, f);
  dex_promise_reject (f->keeping,
                      g_error_new_literal (ME, CONFAB_MATRIX_ERROR_KEYRING_LOCKED, "locked"));
  test_expect (future);
  g_assert_cmpuint (f->n_new, ==, 1);
}

static void
test_refresh_before_it_is_late (Fixture *f, gconstpointer data)
{
  DexFuture *future;

  /* A token that is about to go stale is replaced before it is refused. */
  confab_homeserver_set_tokens (f->homeserver, "old", "r1", 61 * 1000);
  fake_homeserver_handle (f->fake, PATH, token_handler, f);
  reply_tokens (f);
  confab_homeserver_set_token_age (f->homeserver, 32 * 1000);
  future = get (f);
  test_until (is_keeping, f);
  dex_promise_resolve_boolean (f->keeping, TRUE);
  test_expect (future);
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->fake, PATH), ==, 1);
}

static void
test_soft_logout (Fixture *f, gconstpointer data)
{
  fake_homeserver_handle (f->fake, PATH, token_handler, f);
  test_expect_error (get (f), ME, CONFAB_MATRIX_ERROR_SOFT_LOGOUT);
  g_assert_cmpuint (f->n_logged_out, ==, 1);
  g_assert_true (f->soft);

  confab_homeserver_set_tokens (f->homeserver, "old", "r1", 0);
  fake_homeserver_reply (f->fake, REFRESH, 401, "{\"errcode\":\"M_UNKNOWN_TOKEN\"}");
  test_expect_error (get (f), ME, CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN);
  g_assert_cmpuint (f->n_logged_out, ==, 2);
  g_assert_false (f->soft);

  /* What Synapse says when the session has lasted its time: the device stays, as the first refusal said. */
  fake_homeserver_reply (f->fake, REFRESH, 403, "{\"errcode\":\"M_FORBIDDEN\"}");
  confab_homeserver_set_tokens (f->homeserver, "old", "r2", 0);
  test_expect_error (get (f), ME, CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN);
  confab_homeserver_set_tokens (f->homeserver, "old", "r3", 0);
  test_expect_error (get (f), ME, CONFAB_MATRIX_ERROR_SOFT_LOGOUT);
  g_assert_true (f->soft);
}

static void
test_stale_and_refused (Fixture *f, gconstpointer data)
{
  /* The refresh is refused before the token was tried: the token's own refusal tells whether the device stays. */
  confab_homeserver_set_tokens (f->homeserver, "old", "r1", 61 * 1000);
  confab_homeserver_set_token_age (f->homeserver, 32 * 1000);
  fake_homeserver_handle (f->fake, PATH, token_handler, f);
  fake_homeserver_reply (f->fake, REFRESH, 403, "{\"errcode\":\"M_FORBIDDEN\"}");
  test_expect_error (get (f), ME, CONFAB_MATRIX_ERROR_SOFT_LOGOUT);
  g_assert_cmpuint (f->n_logged_out, ==, 1);
  g_assert_true (f->soft);
}

static void
test_refresh_offline (Fixture *f, gconstpointer data)
{
  /* A refresh that fails because the server is ill is no logout. */
  confab_homeserver_set_tokens (f->homeserver, "old", "r1", 0);
  fake_homeserver_handle (f->fake, PATH, token_handler, f);
  fake_homeserver_reply (f->fake, REFRESH, 503, "{}");
  test_expect_error (get (f), ME, CONFAB_MATRIX_ERROR_SERVER);
  g_assert_cmpuint (f->n_logged_out, ==, 0);
}

static void
test_time_out_and_abort (Fixture *f, gconstpointer data)
{
  DexFuture *future;

  fake_homeserver_hang (f->fake, PATH);
  test_expect_error (
    confab_homeserver_send (f->homeserver, "GET", PATH, NULL, 100, CONFAB_REQUEST_NO_RETRY),
    ME,
    CONFAB_MATRIX_ERROR_NO_ANSWER);
  future = get (f);
  for (guint n = fake_homeserver_get_n_requests (f->fake, PATH);
       fake_homeserver_get_n_requests (f->fake, PATH) == n;)
    g_main_context_iteration (NULL, TRUE);
  confab_homeserver_abort (f->homeserver);
  test_expect_error (future, ME, CONFAB_MATRIX_ERROR_CANCELLED);

  fake_homeserver_reply (f->fake, PATH "2", 200, "{}");
  test_expect (
    confab_homeserver_send (f->homeserver, "GET", PATH "2", NULL, 0, CONFAB_REQUEST_NONE));
}

static void
begin_answer (FakeHomeserver *fake, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  soup_message_headers_set_encoding (soup_server_message_get_response_headers (message),
                                     SOUP_ENCODING_CHUNKED);
  soup_message_body_append (soup_server_message_get_response_body (message),
                            SOUP_MEMORY_STATIC,
                            "{",
                            1);
  soup_server_message_set_status (message, 200, NULL);
}

/* One that begins and never ends is none. */
static void
test_time_out_in_answer (Fixture *f, gconstpointer data)
{
  fake_homeserver_handle (f->fake, PATH, begin_answer, NULL);
  test_expect_error (
    confab_homeserver_send (f->homeserver, "GET", PATH, NULL, 300, CONFAB_REQUEST_NO_RETRY),
    ME,
    CONFAB_MATRIX_ERROR_NO_ANSWER);
}

typedef struct {
  guint piece_ms;
  gsize piece_size;
  guint n_pieces; /* 0: it never ends */
  /* what came of it */
  SoupServerMessage *message;
  guint source;
  guint n_sent;
} Slow;

static gboolean
send_piece_cb (gpointer data)
{
  Slow *slow = data;
  SoupMessageBody *body = soup_server_message_get_response_body (slow->message);
  gboolean more = ++slow->n_sent != slow->n_pieces;
  g_autofree char *piece = g_strnfill (slow->piece_size, ' ');

  soup_message_body_append (body, SOUP_MEMORY_COPY, piece, slow->piece_size);
  if (!more) {
    soup_message_body_append (body, SOUP_MEMORY_STATIC, "}", 1);
    soup_message_body_complete (body);
  }
  soup_server_message_unpause (slow->message);
  if (!more)
    slow->source = 0;
  return more;
}

static void
answer_slowly (FakeHomeserver *fake, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  Slow *slow = data;

  begin_answer (fake, message, body, NULL);
  slow->message = g_object_ref (message);
  slow->source = g_timeout_add (slow->piece_ms, send_piece_cb, slow);
}

static void
slow_clear (Slow *slow)
{
  g_clear_handle_id (&slow->source, g_source_remove);
  g_clear_object (&slow->message);
}

/* One that is slow is one, as long as it gets on: a first sync may be large. */
static void
test_slow_answer (Fixture *f, gconstpointer data)
{
  Slow slow = { .piece_ms = 100, .piece_size = 16 * 1024, .n_pieces = 12 };

  fake_homeserver_handle (f->fake, PATH, answer_slowly, &slow);
  test_expect (
    confab_homeserver_send (f->homeserver, "GET", PATH, NULL, 400, CONFAB_REQUEST_NO_RETRY));
  g_assert_cmpuint (slow.n_sent, ==, slow.n_pieces);
  slow_clear (&slow);
}

/* A byte now and then is no progress: whoever sends that is not waited for, whatever was asked for. */
static void
test_trickle (Fixture *f, gconstpointer data)
{
  Slow slow = { .piece_ms = 50, .piece_size = 1 };

  fake_homeserver_handle (f->fake, PATH, answer_slowly, &slow);
  test_expect_error (
    confab_homeserver_send (f->homeserver, "GET", PATH, NULL, 300, CONFAB_REQUEST_NO_RETRY),
    ME,
    CONFAB_MATRIX_ERROR_NO_ANSWER);
  g_assert_cmpuint (slow.n_sent, >=, 4); /* it was no pause that ended it */
  slow_clear (&slow);
}

#define N_ABORTED 100

typedef struct {
  DexFuture *futures[N_ABORTED];
} Crowd;

static gboolean
none_is_pending (gpointer data)
{
  Crowd *crowd = data;

  for (guint i = 0; i < N_ABORTED; i++) {
    if (dex_future_is_pending (crowd->futures[i]))
      return FALSE;
  }
  return TRUE;
}

/* Some wait for a connection, some for the answer, some for the rest of it; the loop turns a few times before the first
 * abort, and before the second. */
static void
abort_crowd (ConfabHomeserver *homeserver, guint n_before, guint n_between)
{
  Crowd crowd = { 0 };
  g_autoptr (DexPromise) drop = dex_promise_new ();

  for (guint i = 0; i < N_ABORTED; i++)
    crowd.futures[i] = confab_homeserver_send_unread (homeserver,
                                                      i % 2 ? "GET" : "PUT",
                                                      i % 3 ? PATH : PATH "2",
                                                      NULL,
                                                      0,
                                                      CONFAB_REQUEST_NONE,
                                                      i % 4 ? NULL : DEX_FUTURE (drop));
  for (guint i = 0; i < n_before; i++)
    g_main_context_iteration (NULL, FALSE);
  dex_promise_reject (drop, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "not wanted"));
  confab_homeserver_abort (homeserver);
  for (guint i = 0; i < n_between; i++)
    g_main_context_iteration (NULL, FALSE);
  confab_homeserver_abort (homeserver);
  test_until (none_is_pending, &crowd);
  for (guint i = 0; i < N_ABORTED; i++) {
    g_autoptr (GError) error = NULL;
    if (dex_future_get_value (crowd.futures[i], &error) == NULL)
      g_assert_error (error, ME, CONFAB_MATRIX_ERROR_CANCELLED);
    dex_unref (crowd.futures[i]);
  }
}

static void
test_aborted_twice (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) body = g_bytes_new_take (g_strnfill (100000, ' '), 100000);

  fake_homeserver_hang (f->fake, PATH);
  fake_homeserver_reply_full (f->fake, PATH "2", 200, "application/json", NULL, NULL, body);
  fake_homeserver_reply (f->fake, PATH "3", 200, "{}");
  for (guint i = 0; i < 40; i++) {
    abort_crowd (f->homeserver, i * i / 8, i % 4);
    test_expect (
      confab_homeserver_send (f->homeserver, "GET", PATH "3", NULL, 0, CONFAB_REQUEST_NONE));
  }
}

/* It goes at once, while libsoup still works at what was aborted: that aborts it all once more. */
static void
test_aborted_and_gone (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) body = g_bytes_new_take (g_strnfill (100000, ' '), 100000);

  fake_homeserver_hang (f->fake, PATH);
  fake_homeserver_reply_full (f->fake, PATH "2", 200, "application/json", NULL, NULL, body);
  fake_homeserver_reply (f->fake, PATH "3", 200, "{}");
  for (guint i = 0; i < 40; i++) {
    ConfabHomeserver *homeserver = confab_homeserver_new (fake_homeserver_get_url (f->fake));

    abort_crowd (homeserver, i * i / 8, i % 4);
    g_assert_finalize_object (homeserver);
    test_expect (
      confab_homeserver_send (f->homeserver, "GET", PATH "3", NULL, 0, CONFAB_REQUEST_NONE));
  }
}

static void
test_large (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new ("{\"a\":\"");
  g_autoptr (GBytes) body = NULL;
  g_autoptr (JsonObject) reply = NULL;

  while (text->len < 900 * 1024)
    g_string_append (text, "0123456789abcdef");
  g_string_append (text, "\"}");
  body = g_bytes_new (text->str, text->len);
  fake_homeserver_reply_full (f->fake, PATH, 200, "application/json", NULL, NULL, body);
  reply = test_wait_json (get (f));
  g_assert_cmpuint (strlen (json_object_get_string_member (reply, "a")), >, 900 * 1000);

  confab_homeserver_set_max_reply_size (f->homeserver, 800 * 1024);
  test_expect_error (get (f), ME, CONFAB_MATRIX_ERROR_TOO_LARGE);
  test_expect_error (confab_homeserver_get_bytes (f->homeserver, PATH, 1000),
                     ME,
                     CONFAB_MATRIX_ERROR_TOO_LARGE);
}

static void
test_deep (Fixture *f, gconstpointer data)
{
  /* As deep as is allowed, on a fiber's small stack; and deeper. */
  g_autoptr (GString) text = g_string_new (
    "{\"a\":");
  g_autofree char *deeper = NULL;

  for (guint i = 0; i < CONFAB_JSON_MAX_DEPTH - 2; i++)
    g_string_append_c (text, '[');
  for (guint i = 0; i < CONFAB_JSON_MAX_DEPTH - 2; i++)
    g_string_append_c (text, ']');
  g_string_append_c (text, '}');
  deeper = g_strdup_printf ("{\"a\":{\"b\":[%s]}}", text->str);
  fake_homeserver_reply (f->fake, PATH, 200, text->str);
  fake_homeserver_reply (f->fake, PATH, 200, deeper);
  test_expect (get (f));
  test_expect (get (f)); /* without what is too deep */
}

static void
test_nothing_there (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabHomeserver) nobody = confab_homeserver_new ("http://127.0.0.1:1");

  confab_homeserver_set_retry (nobody, 1, 2);
  test_expect_error (confab_homeserver_send (nobody, "GET", PATH, NULL, 0, CONFAB_REQUEST_NONE),
                     ME,
                     CONFAB_MATRIX_ERROR_NO_ANSWER);
}

static gboolean
plain_cb (GThreadedSocketService *service,
          GSocketConnection *connection,
          GObject *source,
          gpointer data)
{
  static const char text[] = "HTTP/1.0 400 Bad Request\r\n\r\n";

  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)),
                             text,
                             strlen (text),
                             NULL,
                             NULL,
                             NULL);
  return TRUE;
}

static void
test_tls (Fixture *f, gconstpointer data)
{
  /* A server that speaks no TLS where TLS is asked for. */
  g_autoptr (GSocketService) service = g_threaded_socket_service_new (2);
  guint16 port = g_socket_listener_add_any_inet_port (G_SOCKET_LISTENER (service), NULL, NULL);
  g_autofree char *url = g_strdup_printf ("https://localhost:%u", port);
  g_autoptr (ConfabHomeserver) homeserver = confab_homeserver_new (url);

  g_signal_connect (service, "run", G_CALLBACK (plain_cb), NULL);
  g_socket_service_start (service);
  test_expect_error (confab_homeserver_send (homeserver, "GET", PATH, NULL, 0, CONFAB_REQUEST_NONE),
                     ME,
                     CONFAB_MATRIX_ERROR_TLS);
  g_socket_service_stop (service);
  g_socket_listener_close (G_SOCKET_LISTENER (service));
}

static void
test_discover (Fixture *f, gconstpointer data)
{
  g_autofree char *host = g_strdup_printf ("127.0.0.1:%u", fake_homeserver_get_port (f->fake));
  g_autofree char *user_id = g_strdup_printf ("@anna:%s", host);
  const GValue *value;

  fake_homeserver_reply (f->fake, VERSIONS, 200, "{\"versions\":[\"r0.6.1\",\"v1.11\"]}");
  value = test_wait (confab_homeserver_discover (fake_homeserver_get_url (f->fake)), NULL);
  g_assert_nonnull (value);
  g_assert_cmpstr (confab_homeserver_get_base_url (g_value_get_object (value)),
                   ==,
                   fake_homeserver_get_url (f->fake));
  /* On loopback a bare name does without TLS. */
  value = test_wait (confab_homeserver_discover (user_id), NULL);
  g_assert_nonnull (value);
  g_assert_cmpstr (confab_homeserver_get_base_url (g_value_get_object (value)),
                   ==,
                   fake_homeserver_get_url (f->fake));
}

#define WELL_KNOWN "/.well-known/matrix/client"

typedef struct {
  const char *name;
  guint status;
  const char *type;
  const char *body; /* “%s” is the homeserver's address */
  int code;         /* -1: it is found */
} Pointer;

static const Pointer pointers[] = {
  { "good", 200, "application/json", "{\"m.homeserver\":{\"base_url\":\"%s\"}}", -1 },
  { "slash", 200, "application/json", "{\"m.homeserver\":{\"base_url\":\"%s/\"}}", -1 },
  { "slashes", 200, "application/json", "{\"m.homeserver\":{\"base_url\":\"%s///\"}}", -1 },
  { "octets",
    200,
    "application/octet-stream",
    "{\"m.homeserver\":{\"base_url\":\"%s\"},\"m.identity_server\":7}",
    -1 },
  { "no-tls",
    200,
    "application/json",
    "{\"m.homeserver\":{\"base_url\":\"http://example.org\"}}",
    CONFAB_MATRIX_ERROR_TLS },
  { "other-scheme",
    200,
    "application/json",
    "{\"m.homeserver\":{\"base_url\":\"ftp://localhost\"}}",
    CONFAB_MATRIX_ERROR_TLS },
  { "number", 200, "application/json", "{\"m.homeserver\":7}", CONFAB_MATRIX_ERROR_NO_HOMESERVER },
  { "no-url", 200, "application/json", "{}", CONFAB_MATRIX_ERROR_NO_HOMESERVER },
  { "word",
    200,
    "application/json",
    "{\"m.homeserver\":{\"base_url\":\"matrix\"}}",
    CONFAB_MATRIX_ERROR_NO_HOMESERVER },
  { "bad-json", 200, "application/json", "{\"m.homeserver\":", CONFAB_MATRIX_ERROR_NO_HOMESERVER },
  { "array", 200, "application/json", "[]", CONFAB_MATRIX_ERROR_NO_HOMESERVER },
  { "empty", 200, "application/json", "", CONFAB_MATRIX_ERROR_NO_HOMESERVER },
  { "ill", 500, "application/json", "{}", CONFAB_MATRIX_ERROR_NO_HOMESERVER },
  { "forbidden", 403, "text/html", "<html>", CONFAB_MATRIX_ERROR_NO_HOMESERVER },
  { "page", 200, "text/html", "<html>", CONFAB_MATRIX_ERROR_NO_HOMESERVER },
  { "none", 404, "text/html", "<html>", CONFAB_MATRIX_ERROR_NO_HOMESERVER },
};

static void
expect_homeserver (Fixture *f, const char *name)
{
  g_autoptr (GError) error = NULL;
  const GValue *value = test_wait (confab_homeserver_discover (name), &error);

  g_assert_no_error (error);
  g_assert_cmpstr (confab_homeserver_get_base_url (g_value_get_object (value)),
                   ==,
                   fake_homeserver_get_url (f->fake));
}

static void
test_pointer (Fixture *f, gconstpointer data)
{
  const Pointer *row = data;
  g_autoptr (FakeHomeserver) front = fake_homeserver_new ();
  g_auto (GStrv) parts = g_strsplit (row->body, "%s", -1);
  g_autofree char *text = g_strjoinv (fake_homeserver_get_url (f->fake), parts);
  g_autoptr (GBytes) body = g_bytes_new (text, strlen (text));

  fake_homeserver_reply (f->fake, VERSIONS, 200, "{\"versions\":[\"v1.1\"]}");
  fake_homeserver_reply_full (front, WELL_KNOWN, row->status, row->type, NULL, NULL, body);
  if (row->code < 0)
    expect_homeserver (f, fake_homeserver_get_url (front));
  else
    test_expect_error (confab_homeserver_discover (fake_homeserver_get_url (front)), ME, row->code);
  g_assert_cmpuint (fake_homeserver_get_n_requests (front, WELL_KNOWN), ==, 1);
}

static void
test_pointer_redirected (Fixture *f, gconstpointer data)
{
  g_autoptr (FakeHomeserver) front = fake_homeserver_new ();
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
  g_autofree char *pointer = g_strdup_printf ("{\"m.homeserver\":{\"base_url\":\"%s\"}}",
                                              fake_homeserver_get_url (f->fake));

  fake_homeserver_reply (f->fake, VERSIONS, 200, "{\"versions\":[\"v1.1\"]}");
  fake_homeserver_reply_full (front, WELL_KNOWN, 301, "text/html", "Location", "/there", nothing);
  fake_homeserver_reply (front, "/there", 200, pointer);
  expect_homeserver (f, fake_homeserver_get_url (front));
  fake_homeserver_forget (front, "/there");
  fake_homeserver_reply_full (front, "/there", 302, "text/html", "Location", WELL_KNOWN, nothing);
  test_expect_error (confab_homeserver_discover (fake_homeserver_get_url (front)),
                     ME,
                     CONFAB_MATRIX_ERROR_NO_HOMESERVER);
  g_assert_cmpuint (fake_homeserver_get_n_requests (front, WELL_KNOWN), <=, 8);
}

/* What is pointed to is no homeserver: no other guess is made (“FAIL_ERROR”). */
static void
test_pointer_to_nothing (Fixture *f, gconstpointer data)
{
  g_autoptr (FakeHomeserver) front = fake_homeserver_new ();
  g_autofree char *pointer = g_strdup_printf ("{\"m.homeserver\":{\"base_url\":\"%s\"}}",
                                              fake_homeserver_get_url (f->fake));

  fake_homeserver_reply (front, WELL_KNOWN, 200, pointer);
  test_expect_error (confab_homeserver_discover (fake_homeserver_get_url (front)),
                     ME,
                     CONFAB_MATRIX_ERROR_NO_HOMESERVER);
  fake_homeserver_reply (f->fake, VERSIONS, 200, "{\"versions\":{}}");
  test_expect_error (confab_homeserver_discover (fake_homeserver_get_url (front)),
                     ME,
                     CONFAB_MATRIX_ERROR_NO_HOMESERVER);
  fake_homeserver_forget (f->fake, VERSIONS);
  fake_homeserver_reply (f->fake, VERSIONS, 200, "{\"versions\":[\"r0.6.0\"]}");
  test_expect_error (confab_homeserver_discover (fake_homeserver_get_url (front)),
                     ME,
                     CONFAB_MATRIX_ERROR_UNSUPPORTED);
}

static const struct {
  const char *text;
  const char *origin;
  const char *well_known_origin;
  gboolean is_loopback;
} server_names[] = {
  { "example.org", "https://example.org", "https://example.org", FALSE },
  { " Example.org/ ", "https://Example.org", "https://Example.org", FALSE },
  { "@anna:example.org", "https://example.org", "https://example.org", FALSE },
  { "example.org:8448", "https://example.org:8448", "https://example.org", FALSE },
  { "@anna:example.org:8448", "https://example.org:8448", "https://example.org", FALSE },
  { "https://example.org:8448//", "https://example.org:8448", "https://example.org:8448", FALSE },
  { "https://example.org/a/", "https://example.org/a", "https://example.org", FALSE },
  { "http://example.org", "http://example.org", "http://example.org", FALSE },
  { "[2001:db8::1]:8448", "https://[2001:db8::1]:8448", "https://[2001:db8::1]", FALSE },
  { "localhost:8008", "https://localhost:8008", "https://localhost", TRUE },
  { "127.0.0.1", "https://127.0.0.1", "https://127.0.0.1", TRUE },
  { "[::1]", "https://[::1]", "https://[::1]", TRUE },
};

static void
test_server_names (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (server_names); i++) {
    g_auto (ConfabServerName) name = { 0 };
    g_autoptr (GError) error = NULL;

    confab_server_name_read (&name, server_names[i].text, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (name.origin, ==, server_names[i].origin);
    g_assert_cmpstr (name.well_known_origin, ==, server_names[i].well_known_origin);
    g_assert_cmpint (name.is_loopback, ==, server_names[i].is_loopback);
  }
}

static void
test_discover_bad (Fixture *f, gconstpointer data)
{
  static const char *const names[] = {
    "", "@anna", "exa mple", "https://", "a/b", "https://u:p@x", "https://x?q", "@a:", "::",
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    test_expect_error (confab_homeserver_discover (names[i]),
                       ME,
                       CONFAB_MATRIX_ERROR_NO_HOMESERVER);
  test_expect_error (confab_homeserver_discover (fake_homeserver_get_url (f->fake)),
                     ME,
                     CONFAB_MATRIX_ERROR_NO_HOMESERVER);
  fake_homeserver_reply (f->fake, VERSIONS, 200, "{\"versions\":[\"r0.6.1\"]}");
  test_expect_error (confab_homeserver_discover (fake_homeserver_get_url (f->fake)),
                     ME,
                     CONFAB_MATRIX_ERROR_UNSUPPORTED);
}

static void
test_transaction_ids (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabHomeserver) other = confab_homeserver_new ("http://127.0.0.1:1");
  g_autofree char *a = confab_homeserver_new_transaction_id (f->homeserver);
  g_autofree char *b = confab_homeserver_new_transaction_id (f->homeserver);
  g_autofree char *c = confab_homeserver_new_transaction_id (other);

  g_assert_cmpstr (a, !=, b);
  g_assert_cmpstr (a, !=, c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/homeserver/plain", test_plain);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *path = g_strconcat ("/homeserver/bad/", bad[i].name, NULL);
    g_test_add (path, Fixture, &bad[i], set_up, test_bad, tear_down);
  }
  ADD ("/homeserver/limit", test_limit);
  ADD ("/homeserver/limit-remembered", test_limit_remembered);
  ADD ("/homeserver/retry-after", test_retry_after);
  ADD ("/homeserver/no-double-post", test_no_double_post);
  ADD ("/homeserver/refresh", test_refresh);
  ADD ("/homeserver/refresh-not-kept", test_refresh_not_kept);
  ADD ("/homeserver/refresh-before-it-is-late", test_refresh_before_it_is_late);
  ADD ("/homeserver/soft-logout", test_soft_logout);
  ADD ("/homeserver/stale-and-refused", test_stale_and_refused);
  ADD ("/homeserver/refresh-offline", test_refresh_offline);
  ADD ("/homeserver/time-out-and-abort", test_time_out_and_abort);
  ADD ("/homeserver/time-out-in-answer", test_time_out_in_answer);
  ADD ("/homeserver/slow-answer", test_slow_answer);
  ADD ("/homeserver/trickle", test_trickle);
  ADD ("/homeserver/aborted-twice", test_aborted_twice);
  ADD ("/homeserver/aborted-and-gone", test_aborted_and_gone);
  ADD ("/homeserver/large", test_large);
  ADD ("/homeserver/deep", test_deep);
  ADD ("/homeserver/nothing-there", test_nothing_there);
  ADD ("/homeserver/tls", test_tls);
  ADD ("/homeserver/discover", test_discover);
  for (guint i = 0; i < G_N_ELEMENTS (pointers); i++) {
    g_autofree char *path = g_strconcat ("/homeserver/well-known/", pointers[i].name, NULL);
    g_test_add (path, Fixture, &pointers[i], set_up, test_pointer, tear_down);
  }
  ADD ("/homeserver/well-known/redirected", test_pointer_redirected);
  ADD ("/homeserver/well-known/to-nothing", test_pointer_to_nothing);
  g_test_add_func ("/homeserver/server-names", test_server_names);
  ADD ("/homeserver/discover-bad", test_discover_bad);
  ADD ("/homeserver/transaction-ids", test_transaction_ids);
  return g_test_run ();
}
