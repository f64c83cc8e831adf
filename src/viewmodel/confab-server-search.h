/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

#include "confab-sign-in-view-model.h"

G_BEGIN_DECLS

typedef struct _ConfabHomeserver ConfabHomeserver;

/**
 * ConfabServerSearch:
 *
 * The homeserver that somebody types, looked up once they pause. What comes late about an earlier name counts for
 * nothing. Main thread only.
 *
 * Signal `changed`: state, error or address of the sign-in page is another.
 */
#define CONFAB_TYPE_SERVER_SEARCH (confab_server_search_get_type ())
G_DECLARE_FINAL_TYPE (ConfabServerSearch, confab_server_search, CONFAB, SERVER_SEARCH, GObject)

ConfabServerSearch *confab_server_search_new (ConfabClock *clock) G_GNUC_WARN_UNUSED_RESULT;
gboolean confab_server_search_set_name (ConfabServerSearch *self, const char *name);
void confab_server_search_look_now (ConfabServerSearch *self);
void confab_server_search_fail (ConfabServerSearch *self, const GError *error);

const char *confab_server_search_get_name (ConfabServerSearch *self);
ConfabServerState confab_server_search_get_state (ConfabServerSearch *self);
const char *confab_server_search_get_error (ConfabServerSearch *self);
const char *confab_server_search_get_portal_uri (ConfabServerSearch *self);
gboolean confab_server_search_is_worth_a_try (ConfabServerSearch *self);
ConfabHomeserver *confab_server_search_get_homeserver (ConfabServerSearch *self);

G_END_DECLS
