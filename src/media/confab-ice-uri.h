/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *confab_ice_uri_to_stun (const char *uri) G_GNUC_WARN_UNUSED_RESULT;
char *confab_ice_uri_to_turn (const char *uri, const char *username, const char *password)
  G_GNUC_WARN_UNUSED_RESULT;
gboolean confab_ice_candidate_is_usable (const char *candidate);

G_END_DECLS
