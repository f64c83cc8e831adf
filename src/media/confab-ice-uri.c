/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-ice-uri.h"

#include <gio/gio.h>
#include <string.h>

#define MAX_LENGTH 1024

/* The host of `host`, `host:port`, `[v6]` or `[v6]:port` with what may stand behind `?`. */
static gboolean
split_authority (
  const char *text, guint default_port, char **host, guint *port, const char **transport)
{
  const char *query = strchr (text, '?');
  g_autofree char *authority = query != NULL ? g_strndup (text, query - text) : g_strdup (text);
  char *end = authority[0] == '[' ? strchr (authority, ']') : NULL;
  char *colon = strrchr (end != NULL ? end : authority, ':');
  guint64 number = default_port;

  if (authority[0] == '[' && end == NULL)
    return FALSE;
  if (colon != NULL) {
    if (!g_ascii_string_to_unsigned (colon + 1, 10, 1, 65535, &number, NULL))
      return FALSE;
    *colon = '\0';
  }
  if (authority[0] == '\0' || strpbrk (authority, "@/ \t\r\n%") != NULL)
    return FALSE;
  if (authority[0] != '[' && strchr (authority, ':') != NULL)
    return FALSE;

  *transport = NULL;
  if (query != NULL && g_ascii_strcasecmp (query, "?transport=tcp") == 0)
    *transport = "tcp";
  else if (query != NULL && g_ascii_strcasecmp (query, "?transport=udp") == 0)
    *transport = "udp";
  else if (query != NULL)
    return FALSE;
  *host = g_steal_pointer (&authority);
  *port = number;
  return TRUE;
}

static const char *
skip_scheme (const char *uri, const char *scheme)
{
  const gsize length = strlen (scheme);

  if (strlen (uri) > MAX_LENGTH || g_ascii_strncasecmp (uri, scheme, length) != 0)
    return NULL;

  /* RFC 7064 has no slashes, but some servers write them. */
  return g_str_has_prefix (uri + length, "//") ? uri + length + 2 : uri + length;
}

/**
 * confab_ice_uri_to_stun:
 * @uri: as in RFC 7064, `stun:host:port`
 *
 * Returns: (transfer full) (nullable): what webrtcbin's `stun-server` takes, %NULL for anything else
 */
char *
confab_ice_uri_to_stun (const char *uri)
{
  const char *rest = skip_scheme (uri, "stun:");
  g_autofree char *host = NULL;
  const char *transport;
  guint port;

  if (rest == NULL || !split_authority (rest, 3478, &host, &port, &transport))
    return NULL;
  return g_strdup_printf ("stun://%s:%u", host, port);
}

/**
 * confab_ice_uri_to_turn:
 * @uri: as in RFC 7065, `turn:host:port?transport=udp`
 * @username: (nullable): as the homeserver gave it
 * @password: (nullable): as the homeserver gave it
 *
 * Both are percent-encoded: time-limited user names hold a colon, passwords are base64.
 *
 * Returns: (transfer full) (nullable): what webrtcbin's `add-turn-server` takes, %NULL for anything else
 */
char *
confab_ice_uri_to_turn (const char *uri, const char *username, const char *password)
{
  const char *tls = skip_scheme (uri, "turns:");
  const char *rest = tls != NULL ? tls : skip_scheme (uri, "turn:");
  g_autofree char *user = g_uri_escape_string (username != NULL ? username : "", NULL, FALSE);
  g_autofree char *secret = g_uri_escape_string (password != NULL ? password : "", NULL, FALSE);
  g_autofree char *host = NULL;
  const char *transport;
  guint port;

  if (rest == NULL || user[0] == '\0' || secret[0] == '\0' ||
      !split_authority (rest, tls != NULL ? 5349 : 3478, &host, &port, &transport))
    return NULL;
  return g_strdup_printf ("%s://%s:%s@%s:%u%s%s",
                          tls != NULL ? "turns" : "turn",
                          user,
                          secret,
                          host,
                          port,
                          transport != NULL ? "?transport=" : "",
                          transport != NULL ? transport : "");
}

/**
 * confab_ice_candidate_is_usable:
 * @candidate: a stranger's `candidate:…` (RFC 8839 section 5.1)
 *
 * A host name is never looked up for a stranger: `.local` names need mDNS, others would tell where we are.
 *
 * Returns: %TRUE if it has the form and an IP address
 */
gboolean
confab_ice_candidate_is_usable (const char *candidate)
{
  g_auto (GStrv) words = NULL;
  const char *text = candidate;

  if (strnlen (text, MAX_LENGTH + 1) > MAX_LENGTH || strpbrk (text, "\r\n") != NULL)
    return FALSE;
  if (g_str_has_prefix (text, "a="))
    text += 2;
  if (!g_str_has_prefix (text, "candidate:"))
    return FALSE;

  /* foundation component transport priority address port typ type … */
  words = g_strsplit (text + strlen ("candidate:"), " ", 9);
  return g_strv_length (words) >= 8 && words[0][0] != '\0' &&
         g_ascii_string_to_unsigned (words[1], 10, 1, 256, NULL, NULL) &&
         (g_ascii_strcasecmp (words[2], "udp") == 0 || g_ascii_strcasecmp (words[2], "tcp") == 0) &&
         g_ascii_string_to_unsigned (words[3], 10, 0, G_MAXUINT32, NULL, NULL) &&
         g_hostname_is_ip_address (words[4]) &&
         g_ascii_string_to_unsigned (words[5], 10, 0, 65535, NULL, NULL) &&
         strcmp (words[6], "typ") == 0;
}
