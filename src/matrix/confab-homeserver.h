/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>
#include <libdex.h>

#include "confab-clock.h"
#include "confab-matrix-error.h"

G_BEGIN_DECLS

typedef enum {
  CONFAB_REQUEST_NONE = 0,
  CONFAB_REQUEST_NO_AUTH = 1 << 0,  /* send no access token */
  CONFAB_REQUEST_NO_RETRY = 1 << 1, /* fail at the first failure (sync has a back-off of its own) */
  CONFAB_REQUEST_URGENT = 1 << 2,   /* call signalling: goes out before anything that waits */
} ConfabRequestFlags;

/**
 * ConfabHomeserver:
 *
 * HTTP with one homeserver: authorisation (refreshing the access token when it goes stale), time-outs, retries
 * with back-off for M_LIMIT_EXCEEDED and 5xx, errors as #ConfabMatrixError. Main thread only.
 *
 * Signal `logged-out` (soft): the server no longer takes the token.
 */
#define CONFAB_TYPE_HOMESERVER (confab_homeserver_get_type ())
G_DECLARE_FINAL_TYPE (ConfabHomeserver, confab_homeserver, CONFAB, HOMESERVER, GObject)

/* Resolves to a #ConfabHomeserver whose /versions were read. @name: “example.org”, “https://…” or a user id. */
DexFuture *confab_homeserver_discover (const char *name) G_GNUC_WARN_UNUSED_RESULT;
ConfabHomeserver *confab_homeserver_new (const char *base_url) G_GNUC_WARN_UNUSED_RESULT;
const char *confab_homeserver_get_base_url (ConfabHomeserver *self);
void confab_homeserver_set_tokens (ConfabHomeserver *self,
                                   const char *access_token,
                                   const char *refresh_token,
                                   gint64 expires_in_ms);

/* One request. @path is percent-encoded and begins with /_matrix/ (may hold a query); @body may be NULL;
 * @timeout_ms is for each try, until the answer begins, and again until it is whole (longer where it is large and gets on);
 * 0 is the default (30 s). Resolves to the reply: a JsonObject (boxed, transfer full). A PUT keeps its path, and so its
 * transaction id, over retries. */
DexFuture *confab_homeserver_send (ConfabHomeserver *self,
                                   const char *method,
                                   const char *path,
                                   JsonObject *body,
                                   guint timeout_ms,
                                   ConfabRequestFlags flags) G_GNUC_WARN_UNUSED_RESULT;
/* The same for a long reply: resolves to its text (a GBytes, boxed), which another thread reads. The request ends when
 * @drop (nullable) is no longer pending. */
DexFuture *confab_homeserver_send_unread (ConfabHomeserver *self,
                                          const char *method,
                                          const char *path,
                                          JsonObject *body,
                                          guint timeout_ms,
                                          ConfabRequestFlags flags,
                                          DexFuture *drop) G_GNUC_WARN_UNUSED_RESULT;
/* Bytes of authenticated media, at most @max_size of them; resolves to a GBytes (boxed). */
DexFuture *confab_homeserver_get_bytes (ConfabHomeserver *self, const char *path, gsize max_size)
  G_GNUC_WARN_UNUSED_RESULT;
char *confab_homeserver_new_transaction_id (ConfabHomeserver *self) G_GNUC_WARN_UNUSED_RESULT;
void confab_homeserver_abort (ConfabHomeserver *self);

G_END_DECLS
