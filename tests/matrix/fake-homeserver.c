/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "fake-homeserver.h"

#include <string.h>

#include "confab-json.h"

#define PATIENCE_S 20

typedef struct {
  guint status; /* 0: never answers */
  char *content_type;
  char *header;
  char *value;
  GBytes *body;
} Answer;

typedef struct {
  GQueue answers;
  FakeHandler handler;
  gpointer data;
  guint n_requests;
  char *last_body;
} Path;

struct _FakeHomeserver {
  SoupServer *server;
  char *url;
  guint port;
  GHashTable *paths;
  GPtrArray *log;
  GPtrArray *hanging;
  char *last_authorization;
};

static void
answer_free (Answer *answer)
{
  g_free (answer->content_type);
  g_free (answer->header);
  g_free (answer->value);
  g_clear_pointer (&answer->body, g_bytes_unref);
  g_free (answer);
}

static void
path_free (Path *path)
{
  g_queue_clear_full (&path->answers, (GDestroyNotify) answer_free);
  g_free (path->last_body);
  g_free (path);
}

static Path *
ensure_path (FakeHomeserver *self, const char *name)
{
  Path *path = g_hash_table_lookup (self->paths, name);

  if (path == NULL) {
    path = g_new0 (Path, 1);
    g_queue_init (&path->answers);
    g_hash_table_insert (self->paths, g_strdup (name), path);
  }
  return path;
}

static Path *
find_path (FakeHomeserver *self, const char *name)
{
  Path *path = g_hash_table_lookup (self->paths, name);
  g_autofree char *prefix = g_strdup (name);
  char *slash;

  while (path == NULL && (slash = strrchr (prefix, '/')) != NULL) {
    slash[1] = '\0';
    path = g_hash_table_lookup (self->paths, prefix);
    slash[0] = '\0';
  }
  return path;
}

void
fake_homeserver_respond (SoupServerMessage *message, guint status, const char *body)
{
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (
    message, "application/json", SOUP_MEMORY_COPY, body, strlen (body));
}

static void
answer (FakeHomeserver *self, Path *path, SoupServerMessage *message)
{
  Answer *next = g_queue_peek_head (&path->answers);

  if (next == NULL) {
    fake_homeserver_respond (message, 404, "{\"errcode\":\"M_UNRECOGNIZED\"}");
    return;
  }
  if (next->status == 0) {
    soup_server_message_pause (message);
    g_ptr_array_add (self->hanging, g_object_ref (message));
  } else {
    gsize size;
    const char *data = g_bytes_get_data (next->body, &size);
    if (next->header != NULL)
      soup_message_headers_append (soup_server_message_get_response_headers (message),
                                   next->header,
                                   next->value);
    soup_server_message_set_status (message, next->status, NULL);
    soup_server_message_set_response (message, next->content_type, SOUP_MEMORY_COPY, data, size);
  }
  if (g_queue_get_length (&path->answers) > 1)
    answer_free (g_queue_pop_head (&path->answers));
}

static void
request_cb (SoupServer *server,
            SoupServerMessage *message,
            const char *name,
            GHashTable *query,
            gpointer data)
{
  FakeHomeserver *self = data;
  Path *path = find_path (self, name);
  GUri *uri = soup_server_message_get_uri (message);
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  g_autoptr (GBytes) bytes = soup_message_body_flatten (body);
  gsize size;
  const char *text = g_bytes_get_data (bytes, &size);

  g_ptr_array_add (self->log,
                   g_strdup_printf ("%s %s%s%s",
                                    soup_server_message_get_method (message),
                                    g_uri_get_path (uri),
                                    g_uri_get_query (uri) != NULL ? "?" : "",
                                    g_uri_get_query (uri) != NULL ? g_uri_get_query (uri) : ""));
  g_free (self->last_authorization);
  self->last_authorization = g_strdup (
    soup_message_headers_get_one (soup_server_message_get_request_headers (message),
                                  "Authorization"));
  if (path == NULL) {
    fake_homeserver_respond (message, 404, "{\"errcode\":\"M_UNRECOGNIZED\"}");
    return;
  }
  path->n_requests++;
  g_free (path->last_body);
  path->last_body = g_strndup (text != NULL ? text : "", size);
  if (path->handler != NULL) {
    g_autoptr (JsonObject) object = size > 0 ? confab_json_parse_object (text, size, NULL) : NULL;
    path->handler (self, message, object, path->data);
  } else {
    answer (self, path, message);
  }
}

FakeHomeserver *
fake_homeserver_new (void)
{
  FakeHomeserver *self = g_new0 (FakeHomeserver, 1);
  g_autoptr (GError) error = NULL;
  g_autoslist (GUri) uris = NULL;

  self->paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) path_free);
  self->log = g_ptr_array_new_with_free_func (g_free);
  self->hanging = g_ptr_array_new_with_free_func (g_object_unref);
  self->server = soup_server_new ("raw-paths", TRUE, NULL);
  soup_server_add_handler (self->server, NULL, request_cb, self, NULL);
  soup_server_listen_local (self->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (self->server);
  self->port = g_uri_get_port (uris->data);
  self->url = g_strdup_printf ("http://127.0.0.1:%u", self->port);
  return self;
}

void
fake_homeserver_free (FakeHomeserver *self)
{
  soup_server_disconnect (self->server);
  g_ptr_array_unref (self->hanging);
  g_object_unref (self->server);
  g_hash_table_unref (self->paths);
  g_ptr_array_unref (self->log);
  g_free (self->url);
  g_free (self->last_authorization);
  g_free (self);
}

const char *
fake_homeserver_get_url (FakeHomeserver *self)
{
  return self->url;
}

guint
fake_homeserver_get_port (FakeHomeserver *self)
{
  return self->port;
}

void
fake_homeserver_reply_full (FakeHomeserver *self,
                            const char *path,
                            guint status,
                            const char *content_type,
                            const char *header,
                            const char *value,
                            GBytes *body)
{
  Answer *new_answer = g_new0 (Answer, 1);

  new_answer->status = status;
  new_answer->content_type = g_strdup (content_type);
  new_answer->header = g_strdup (header);
  new_answer->value = g_strdup (value);
  new_answer->body = body != NULL ? g_bytes_ref (body) : NULL;
  g_queue_push_tail (&ensure_path (self, path)->answers, new_answer);
}

void
fake_homeserver_reply (FakeHomeserver *self, const char *path, guint status, const char *body)
{
  g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body));

  fake_homeserver_reply_full (self, path, status, "application/json", NULL, NULL, bytes);
}

void
fake_homeserver_forget (FakeHomeserver *self, const char *path)
{
  g_queue_clear_full (&ensure_path (self, path)->answers, (GDestroyNotify) answer_free);
}

void
fake_homeserver_hang (FakeHomeserver *self, const char *path)
{
  fake_homeserver_reply_full (self, path, 0, NULL, NULL, NULL, NULL);
}

void
fake_homeserver_handle (FakeHomeserver *self, const char *path, FakeHandler handler, gpointer data)
{
  Path *entry = ensure_path (self, path);

  entry->handler = handler;
  entry->data = data;
}

guint
fake_homeserver_get_n_requests (FakeHomeserver *self, const char *path)
{
  return ensure_path (self, path)->n_requests;
}

GPtrArray *
fake_homeserver_get_log (FakeHomeserver *self)
{
  return self->log;
}

const char *
fake_homeserver_get_last_authorization (FakeHomeserver *self)
{
  return self->last_authorization;
}

const char *
fake_homeserver_get_last_body (FakeHomeserver *self, const char *path)
{
  return ensure_path (self, path)->last_body;
}

void
fake_homeserver_forget_body (FakeHomeserver *self, const char *path)
{
  g_clear_pointer (&ensure_path (self, path)->last_body, g_free);
}

static void
patience_cb (gpointer data)
{
  g_error ("waited %d s for nothing", PATIENCE_S);
}

static DexFuture *kept; /* what was waited for: its value stays until the next wait */

const GValue *
test_wait (DexFuture *future, GError **error)
{
  guint patience = g_timeout_add_seconds_once (PATIENCE_S, patience_cb, NULL);

  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (patience);
  dex_clear (&kept);
  kept = future;
  if (error != NULL && dex_future_is_rejected (future)) {
    dex_future_get_value (future, error);
    return NULL;
  }
  return dex_future_get_value (future, NULL);
}

void
test_expect (DexFuture *future)
{
  g_autoptr (GError) error = NULL;

  test_wait (future, &error);
  g_assert_no_error (error);
}

void
test_expect_error (DexFuture *future, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;

  test_wait (future, &error);
  g_assert_error (error, domain, code);
}

JsonObject *
test_wait_json (DexFuture *future)
{
  g_autoptr (GError) error = NULL;
  const GValue *value = test_wait (future, &error);

  g_assert_no_error (error);
  return g_value_dup_boxed (value);
}

void
test_until (gboolean (*check) (gpointer data), gpointer data)
{
  guint patience = g_timeout_add_seconds_once (PATIENCE_S, patience_cb, NULL);

  while (!check (data))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (patience);
}

void
test_settle (void)
{
  dex_clear (&kept);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}
