/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-homeserver.h"

#include <string.h>

#include "confab-http.h"
#include "confab-json.h"

#define WELL_KNOWN_PATH "/.well-known/matrix/client"
#define WELL_KNOWN_TIMEOUT_MS (10 * 1000)
#define WELL_KNOWN_MAX_SIZE (64 * 1024)
#define VERSIONS_PATH "/_matrix/client/versions"
#define MAX_NAME_LENGTH 500

/* What a person typed, as the base of URLs, and what of it was said. */
typedef struct {
  char *origin; /* scheme and host, without a slash at the end */
  gboolean is_url;
  gboolean is_loopback;
} Name;

static void
name_clear (Name *name)
{
  g_clear_pointer (&name->origin, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Name, name_clear)

static gboolean
fail_name (const char *text, GError **error)
{
  g_set_error (error,
               CONFAB_MATRIX_ERROR,
               CONFAB_MATRIX_ERROR_NO_HOMESERVER,
               "“%s” is no name of a homeserver",
               text);
  return FALSE;
}

static gboolean
name_read (Name *name, const char *text, GError **error)
{
  g_autofree char *stripped = g_strstrip (g_strdup (text));
  const char *server = stripped;
  g_autofree char *url = NULL;
  g_autoptr (GUri) uri = NULL;

  if (strlen (stripped) > MAX_NAME_LENGTH)
    return fail_name ("…", error);
  if (server[0] == '@') {
    server = strchr (server, ':');
    if (server == NULL)
      return fail_name (stripped, error);
    server++;
  }
  name->is_url = g_str_has_prefix (server, "https://") || g_str_has_prefix (server, "http://");
  url = name->is_url ? g_strdup (server) : g_strconcat ("https://", server, NULL);
  uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, NULL);
  if (uri == NULL || g_uri_get_host (uri) == NULL || g_uri_get_host (uri)[0] == '\0' ||
      strpbrk (g_uri_get_host (uri), " %/\\<>\"") != NULL || g_uri_get_user (uri) != NULL ||
      g_uri_get_query (uri) != NULL || g_uri_get_fragment (uri) != NULL ||
      (!name->is_url && g_uri_get_path (uri)[0] != '\0' &&
       !g_str_equal (g_uri_get_path (uri), "/")))
    return fail_name (stripped, error);
  while (g_str_has_suffix (url, "/"))
    url[strlen (url) - 1] = '\0';
  name->is_loopback = confab_http_is_loopback (g_uri_get_host (uri));
  name->origin = g_steal_pointer (&url);
  return TRUE;
}

/* Spec: Client-Server API, “Well-known URI”. NULL without an error: the server says nothing there. */
static char *
await_well_known (Name *name, GError **error)
{
  g_autofree char *url = g_strconcat (name->origin, WELL_KNOWN_PATH, NULL);
  g_autoptr (SoupSession) session = confab_http_session_new ();
  g_autoptr (SoupMessage) message = soup_message_new ("GET", url);
  g_autoptr (DexFuture) never = DEX_FUTURE (dex_cancellable_new ());
  g_autoptr (ConfabHttpReply) reply = NULL;
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GUri) uri = NULL;
  const char *base_url;

  if (message == NULL) {
    fail_name (name->origin, error);
    return NULL;
  }
  reply = dex_await_boxed (
    confab_http_exchange (session, message, WELL_KNOWN_MAX_SIZE, WELL_KNOWN_TIMEOUT_MS, never),
    error);
  if (reply == NULL)
    return NULL;
  /* Many web servers answer any path with a page of theirs: that is no well-known file either. */
  if (reply->status != SOUP_STATUS_OK || reply->is_html)
    return NULL;
  object = confab_http_await_json (reply->body, NULL);
  base_url = confab_json_peek_string (confab_json_peek_object (object, "m.homeserver"), "base_url");
  uri = base_url != NULL ? g_uri_parse (base_url, SOUP_HTTP_URI_FLAGS, NULL) : NULL;
  if (uri == NULL || g_uri_get_host (uri) == NULL) {
    g_set_error (error,
                 CONFAB_MATRIX_ERROR,
                 CONFAB_MATRIX_ERROR_NO_HOMESERVER,
                 "%s does not say where the homeserver is",
                 url);
    return NULL;
  }
  if (!g_str_equal (g_uri_get_scheme (uri), "https") &&
      !confab_http_is_loopback (g_uri_get_host (uri))) {
    g_set_error (error,
                 CONFAB_MATRIX_ERROR,
                 CONFAB_MATRIX_ERROR_TLS,
                 "%s leads to an address without TLS",
                 url);
    return NULL;
  }
  return g_strdup (base_url);
}

static gboolean
check_versions (JsonObject *reply, GError **error)
{
  g_auto (GStrv) versions = NULL;

  if (!confab_json_get_strv (reply, "versions", &versions, NULL)) {
    g_set_error_literal (error,
                         CONFAB_MATRIX_ERROR,
                         CONFAB_MATRIX_ERROR_NO_HOMESERVER,
                         "what answers there is no homeserver");
    return FALSE;
  }
  for (guint i = 0; versions[i] != NULL; i++) {
    if (g_str_has_prefix (versions[i], "v1."))
      return TRUE;
  }
  g_set_error_literal (error,
                       CONFAB_MATRIX_ERROR,
                       CONFAB_MATRIX_ERROR_UNSUPPORTED,
                       "the homeserver does not speak version 1 of the Matrix specification");
  return FALSE;
}

static ConfabHomeserver *
await_homeserver (const char *base_url, GError **error)
{
  g_autoptr (ConfabHomeserver) homeserver = confab_homeserver_new (base_url);
  g_autoptr (GError) local_error = NULL;
  g_autoptr (JsonObject) reply = dex_await_boxed (
    confab_homeserver_send (
      homeserver, "GET", VERSIONS_PATH, NULL, 0, CONFAB_REQUEST_NO_AUTH | CONFAB_REQUEST_NO_RETRY),
    &local_error);

  if (reply != NULL)
    return check_versions (reply, error) ? g_steal_pointer (&homeserver) : NULL;
  /* Something else lives there; only plain HTTP can be answered by a network's sign-in page. */
  if (g_error_matches (local_error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_BAD_RESPONSE) ||
      g_error_matches (local_error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NOT_FOUND) ||
      g_error_matches (local_error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_FAILED))
    local_error->code = CONFAB_MATRIX_ERROR_NO_HOMESERVER;
  else if (g_error_matches (local_error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL) &&
           g_str_has_prefix (base_url, "https:"))
    local_error->code = CONFAB_MATRIX_ERROR_NO_HOMESERVER;
  g_propagate_error (error, g_steal_pointer (&local_error));
  return NULL;
}

static ConfabHomeserver *
await_discovery (Name *name, GError **error)
{
  g_autoptr (GError) direct_error = NULL;
  g_autofree char *base_url = NULL;
  ConfabHomeserver *homeserver;

  if (name->is_url) {
    homeserver = await_homeserver (name->origin, &direct_error);
    if (homeserver != NULL ||
        !g_error_matches (direct_error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NO_HOMESERVER)) {
      if (direct_error != NULL)
        g_propagate_error (error, g_steal_pointer (&direct_error));
      return homeserver;
    }
  }
  base_url = await_well_known (name, error);
  if (base_url == NULL && *error != NULL)
    return NULL;
  if (base_url == NULL && name->is_url) {
    g_propagate_error (error, g_steal_pointer (&direct_error));
    return NULL;
  }
  return await_homeserver (base_url != NULL ? base_url : name->origin, error);
}

static DexFuture *
discover_fiber (gpointer data)
{
  g_auto (Name) name = { 0 };
  g_autoptr (GError) error = NULL;
  ConfabHomeserver *homeserver = NULL;

  if (!name_read (&name, data, &error))
    return dex_future_new_for_error (g_steal_pointer (&error));
  if (!name.is_url && name.is_loopback) {
    /* A homeserver on this machine rarely has a certificate. */
    g_autofree char *plain = g_strconcat ("http", name.origin + strlen ("https"), NULL);
    homeserver = await_homeserver (plain, NULL);
  }
  if (homeserver == NULL)
    homeserver = await_discovery (&name, &error);
  if (homeserver == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  g_debug ("%s: homeserver at %s", (char *) data, confab_homeserver_get_base_url (homeserver));
  return dex_future_new_take_object (homeserver);
}

/**
 * confab_homeserver_discover:
 * @name: “example.org”, “https://…”, or a user id; “http://…” is taken at its word
 *
 * Finds the homeserver and reads its /versions. Rejects with %CONFAB_MATRIX_ERROR_NO_HOMESERVER, …_UNSUPPORTED,
 * …_TLS, …_NETWORK, …_CAPTIVE_PORTAL.
 *
 * Spec: Client-Server API, “Server Discovery”.
 *
 * Returns: (transfer full): a future that resolves to a #ConfabHomeserver
 */
DexFuture *
confab_homeserver_discover (const char *name)
{
  dex_return_error_if_fail (name != NULL);

  return dex_scheduler_spawn (NULL, 0, discover_fiber, g_strdup (name), g_free);
}
