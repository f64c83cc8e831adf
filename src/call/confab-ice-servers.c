/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-ice-servers.h"

G_DEFINE_BOXED_TYPE (ConfabIceServers,
                     confab_ice_servers,
                     confab_ice_servers_copy,
                     confab_ice_servers_free)

/**
 * confab_ice_servers_new:
 * @uris: (nullable) (array zero-terminated=1): server URIs; %NULL is none
 * @username: (nullable): for TURN
 * @password: (nullable): for TURN
 *
 * Returns: (transfer full): the servers
 */
ConfabIceServers *
confab_ice_servers_new (const char *const *uris, const char *username, const char *password)
{
  static const char *const none[] = { NULL };
  ConfabIceServers *self = g_new0 (ConfabIceServers, 1);

  self->uris = g_strdupv ((GStrv) (uris != NULL ? uris : none));
  self->username = g_strdup (username);
  self->password = g_strdup (password);
  return self;
}

ConfabIceServers *
confab_ice_servers_copy (const ConfabIceServers *self)
{
  ConfabIceServers *copy;

  if (self == NULL)
    return NULL;
  copy = confab_ice_servers_new ((const char *const *) self->uris, self->username, self->password);
  copy->fresh_ms = self->fresh_ms;
  return copy;
}

void
confab_ice_servers_free (ConfabIceServers *self)
{
  if (self == NULL)
    return;
  g_strfreev (self->uris);
  g_free (self->username);
  g_free (self->password);
  g_free (self);
}
