/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-homeserver.h"

#include <string.h>

#include "confab-http.h"
#include "confab-json.h"
#include "confab-server-name.h"

#define WELL_KNOWN_PATH "/.well-known/matrix/client"
#define WELL_KNOWN_TIMEOUT_MS (10 * 1000)
#define WELL_KNOWN_MAX_SIZE (64 * 1024)
#define MAX_REDIRECTS 5
#define VERSIONS_PATH "/_matrix/client/versions"

static gboolean
fail (ConfabMatrixError code, const char *url, const char *what, GError **error)
{
  g_set_error (error, CONFAB_MATRIX_ERROR, code, "%s %s", url, what);
  return FALSE;
}

/* Follows redirects, but no further than TLS goes: on the way anybody could answer. */
static gboolean
await_well_known_reply (const char *url, ConfabHttpReply **reply, GError **error)
{
  g_autoptr (SoupSession) session = confab_http_session_new ();
  g_autoptr (DexFuture) never = DEX_FUTURE (dex_cancellable_new ());
  g_autofree char *next = g_strdup (url);

  for (guint i = 0; i <= MAX_REDIRECTS; i++) {
    g_autoptr (SoupMessage) message = soup_message_new ("GET", next);

    if (message == NULL)
      return fail (CONFAB_MATRIX_ERROR_NO_HOMESERVER, next, "is no address", error);
    if (g_str_has_prefix (url, "https:") && !confab_http_is_safe (soup_message_get_uri (message)))
      return fail (CONFAB_MATRIX_ERROR_TLS, url, "leads to an address without TLS", error);
    soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
    g_clear_pointer (reply, confab_http_reply_unref);
    *reply = dex_await_boxed (confab_http_exchange (session,
                                                    message,
                                                    WELL_KNOWN_MAX_SIZE,
                                                    WELL_KNOWN_TIMEOUT_MS,
                                                    never,
                                                    NULL),
                              error);
    if (*reply == NULL)
      return FALSE;
    if ((*reply)->location == NULL)
      return TRUE;
    g_set_str (&next, (*reply)->location);
  }
  g_clear_pointer (reply, confab_http_reply_unref);
  return fail (CONFAB_MATRIX_ERROR_NO_HOMESERVER, url, "leads in circles", error);
}

static gboolean
read_base_url (const char *url, JsonObject *object, char **base_url, GError **error)
{
  const char *text = confab_json_peek_string (confab_json_peek_object (object, "m.homeserver"),
                                              "base_url");
  g_autoptr (GUri) uri = text != NULL ? g_uri_parse (text, SOUP_HTTP_URI_FLAGS, NULL) : NULL;

  if (uri == NULL || g_uri_get_host (uri) == NULL || g_uri_get_host (uri)[0] == '\0')
    return fail (CONFAB_MATRIX_ERROR_NO_HOMESERVER,
                 url,
                 "does not say where the homeserver is",
                 error);
  if (!confab_http_is_safe (uri))
    return fail (CONFAB_MATRIX_ERROR_TLS, url, "leads to an address without TLS", error);
  *base_url = g_strdup (text);
  return TRUE;
}

/* Spec: Client-Server API, “Well-known URIs”. @base_url stays NULL when the server says nothing there (“IGNORE”); the
 * error is “FAIL_PROMPT”: the person is told, and may name the homeserver itself. */
static gboolean
await_well_known (const ConfabServerName *name, char **base_url, GError **error)
{
  g_autofree char *url = g_strconcat (name->well_known_origin, WELL_KNOWN_PATH, NULL);
  g_autoptr (ConfabHttpReply) reply = NULL;
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GError) local_error = NULL;

  if (!await_well_known_reply (url, &reply, &local_error)) {
    /* The homeserver answers at a port of its own; that nothing does at the usual one says nothing of it. */
    if (!g_str_equal (name->well_known_origin, name->origin) &&
        (g_error_matches (local_error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NETWORK) ||
         g_error_matches (local_error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NO_ANSWER)))
      return TRUE;
    g_propagate_error (error, g_steal_pointer (&local_error));
    return FALSE;
  }
  /* Against the specification's letter, but many web servers answer any path with a page of theirs: that is no
   * well-known file either. */
  if (reply->status == SOUP_STATUS_NOT_FOUND || (reply->status == SOUP_STATUS_OK && reply->is_html))
    return TRUE;
  if (reply->status != SOUP_STATUS_OK)
    return fail (CONFAB_MATRIX_ERROR_NO_HOMESERVER, url, "cannot be read", error);
  object = confab_http_await_json (reply->body, NULL);
  return read_base_url (url, object, base_url, error);
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
await_discovery (const ConfabServerName *name, GError **error)
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
  if (!await_well_known (name, &base_url, error))
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
  g_auto (ConfabServerName) name = { 0 };
  g_autoptr (GError) error = NULL;
  ConfabHomeserver *homeserver = NULL;

  if (!confab_server_name_read (&name, data, &error))
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
