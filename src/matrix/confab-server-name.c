/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-server-name.h"

#include <string.h>

#include "confab-http.h"

#define MAX_NAME_LENGTH 500

void
confab_server_name_clear (ConfabServerName *self)
{
  g_clear_pointer (&self->origin, g_free);
  g_clear_pointer (&self->well_known_origin, g_free);
}

static gboolean
fail (const char *text, GError **error)
{
  g_set_error (error,
               CONFAB_MATRIX_ERROR,
               CONFAB_MATRIX_ERROR_NO_HOMESERVER,
               "“%s” is no name of a homeserver",
               text);
  return FALSE;
}

static gboolean
is_plain (GUri *uri)
{
  const char *host = g_uri_get_host (uri);

  return host != NULL && host[0] != '\0' && strpbrk (host, " %/\\<>\"") == NULL &&
         g_uri_get_user (uri) == NULL && g_uri_get_query (uri) == NULL &&
         g_uri_get_fragment (uri) == NULL;
}

static char *
make_origin (const char *scheme, const char *host, int port)
{
  return g_uri_join (G_URI_FLAGS_NONE, scheme, NULL, host, port, "", NULL, NULL);
}

/**
 * confab_server_name_read:
 * @self: to be filled in
 * @text: from a person
 * @error: %CONFAB_MATRIX_ERROR_NO_HOMESERVER
 *
 * Spec: appendices, “Server name”; Client-Server API, “Server Discovery”.
 *
 * Returns: whether it can name a homeserver
 */
gboolean
confab_server_name_read (ConfabServerName *self, const char *text, GError **error)
{
  g_autofree char *stripped = g_strstrip (g_strdup (text));
  const char *server = stripped;
  g_autofree char *url = NULL;
  g_autoptr (GUri) uri = NULL;

  if (strlen (stripped) > MAX_NAME_LENGTH)
    return fail ("…", error);
  if (server[0] == '@') {
    server = strchr (server, ':');
    if (server == NULL)
      return fail (stripped, error);
    server++;
  }
  self->is_url = g_str_has_prefix (server, "https://") || g_str_has_prefix (server, "http://");
  url = self->is_url ? g_strdup (server) : g_strconcat ("https://", server, NULL);
  while (g_str_has_suffix (url, "/"))
    url[strlen (url) - 1] = '\0';
  uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
  if (uri == NULL || !is_plain (uri) || (!self->is_url && g_uri_get_path (uri)[0] != '\0'))
    return fail (stripped, error);
  self->is_loopback = confab_http_is_loopback (g_uri_get_host (uri));
  self->origin = g_steal_pointer (&url);
  self->well_known_origin = make_origin (g_uri_get_scheme (uri),
                                         g_uri_get_host (uri),
                                         self->is_url ? g_uri_get_port (uri) : -1);
  return TRUE;
}
