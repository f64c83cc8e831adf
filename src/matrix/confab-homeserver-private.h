/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <libsoup/soup.h>

#include "confab-homeserver.h"
#include "confab-rate-limits.h"
#include "confab-secret.h"

G_BEGIN_DECLS

#define CONFAB_HOMESERVER_REFRESH_PATH "/_matrix/client/v3/refresh"

/* Resolves when new tokens are where the next process finds them. */
typedef DexFuture *(*ConfabKeepTokensFunc) (const char *access_token,
                                            const char *refresh_token,
                                            gpointer data);

struct _ConfabHomeserver {
  GObject parent_instance;

  SoupSession *session;
  char *base_url; /* without a slash at the end */
  char *access_token;
  char *refresh_token;
  gint64 expires_at;                /* monotonic, µs; 0: not known */
  DexFuture *refresh;               /* (nullable): a refresh that runs, for all who wait for it */
  ConfabKeepTokensFunc keep_tokens; /* (nullable) */
  gpointer keep_data;
  DexCancellable *stop;
  char *transaction_prefix;
  guint64 n_transactions;
  gint64 server_date;    /* of the last answer, s since epoch; 0: none */
  gint64 server_date_at; /* when that came: monotonic, µs */
  ConfabRateLimits *limits;
  guint retry_base_ms;
  guint max_attempts;
  gsize max_reply_size;
};

/* For confab-homeserver-request.c. Fibers only; one refresh for all who ask at the same time. */
gboolean confab_homeserver_await_refresh (ConfabHomeserver *self, GError **error);
gboolean confab_homeserver_token_is_stale (ConfabHomeserver *self);

/* @func (nullable) is called with tokens that came by a refresh, before they are used. */
void
confab_homeserver_set_keep_func (ConfabHomeserver *self, ConfabKeepTokensFunc func, gpointer data);
/* How failures are tried again: pauses of about @base_ms, doubled each time. For tests. */
void confab_homeserver_set_retry (ConfabHomeserver *self, guint base_ms, guint max_attempts);
/* As if the tokens had been set so long ago. For tests. */
void confab_homeserver_set_token_age (ConfabHomeserver *self, gint64 age_ms);
void confab_homeserver_set_max_reply_size (ConfabHomeserver *self, gsize max_size);
const char *confab_homeserver_get_access_token (ConfabHomeserver *self);
const char *confab_homeserver_get_refresh_token (ConfabHomeserver *self);

/* The server's clock in ms since epoch, by its last answer and to the second; 0 before there was one. */
gint64 confab_homeserver_get_server_time (ConfabHomeserver *self);

G_END_DECLS
