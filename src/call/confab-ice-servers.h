/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * ConfabIceServers:
 * @uris: (array zero-terminated=1): `stun:`, `turn:`, `turns:` URIs as the homeserver gave them
 * @username: (nullable): for the TURN servers
 * @password: (nullable): for the TURN servers
 * @fresh_ms: for how long after they were handed over they are worth using; 0 when nobody knows
 *
 * STUN and TURN servers of one homeserver. Immutable.
 */
typedef struct {
  GStrv uris;
  char *username;
  char *password;
  gint64 fresh_ms;
} ConfabIceServers;

#define CONFAB_TYPE_ICE_SERVERS (confab_ice_servers_get_type ())
GType confab_ice_servers_get_type (void);
ConfabIceServers *
confab_ice_servers_new (const char *const *uris, const char *username, const char *password)
  G_GNUC_WARN_UNUSED_RESULT;
ConfabIceServers *confab_ice_servers_copy (const ConfabIceServers *self) G_GNUC_WARN_UNUSED_RESULT;
void confab_ice_servers_free (ConfabIceServers *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabIceServers, confab_ice_servers_free)

G_END_DECLS
