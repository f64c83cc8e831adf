/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-homeserver.h"

G_BEGIN_DECLS

/* How failures are tried again: pauses of about @base_ms, doubled each time. For tests. */
void confab_homeserver_set_retry (ConfabHomeserver *self, guint base_ms, guint max_attempts);
void confab_homeserver_set_max_reply_size (ConfabHomeserver *self, gsize max_size);
const char *confab_homeserver_get_access_token (ConfabHomeserver *self);
const char *confab_homeserver_get_refresh_token (ConfabHomeserver *self);

/* The server's clock in ms since epoch, by its last answer and to the second; 0 before there was one. */
gint64 confab_homeserver_get_server_time (ConfabHomeserver *self);

/* Text that nobody may find in freed memory. */
void confab_secret_free (char *secret);

G_END_DECLS
