/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Stands in for confab_homeserver_discover(), so that nothing on the page names a port, which is another one in
 * each run: “matrix.example.org” is at @url, “slow.example.org” is looked for until the next @url, at
 * “portal.example.org” the network wants to be signed in to first, and elsewhere
 * there is no homeserver. */
void fake_discovery_set_url (const char *url);

G_END_DECLS
