/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ConfabServerName:
 * @origin: where the homeserver itself may answer: scheme, host and port, without a slash at the end
 * @well_known_origin: where it may be said where it answers: the host's usual port, but for an URL as it stands
 * @is_url: it was one
 * @is_loopback: it is this machine
 *
 * What a person typed for a homeserver: “example.org”, a user id, or an URL.
 */
typedef struct {
  char *origin;
  char *well_known_origin;
  gboolean is_url;
  gboolean is_loopback;
} ConfabServerName;

gboolean confab_server_name_read (ConfabServerName *self, const char *text, GError **error);
void confab_server_name_clear (ConfabServerName *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ConfabServerName, confab_server_name_clear)

G_END_DECLS
