/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>
#include <libdex.h>
#include <libsoup/soup.h>

#include "confab-matrix-error.h"

G_BEGIN_DECLS

/**
 * ConfabHttpReply:
 * @status: the HTTP status
 * @body: the body, decoded
 * @is_html: the body says it is a web page
 * @retry_after_ms: of the Retry-After header, -1 without one
 * @location: (nullable): where a redirect leads, absolute
 * @date: of the Date header, s since epoch; 0 without one
 *
 * One whole answer of a server. Immutable.
 */
typedef struct {
  gatomicrefcount ref_count;
  guint status;
  GBytes *body;
  gboolean is_html;
  gint64 retry_after_ms;
  char *location;
  gint64 date;
} ConfabHttpReply;

#define CONFAB_TYPE_HTTP_REPLY (confab_http_reply_get_type ())
GType confab_http_reply_get_type (void);
ConfabHttpReply *confab_http_reply_ref (ConfabHttpReply *self);
void confab_http_reply_unref (ConfabHttpReply *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabHttpReply, confab_http_reply_unref)

SoupSession *confab_http_session_new (void) G_GNUC_WARN_UNUSED_RESULT;
gboolean confab_http_is_loopback (const char *host);
/* Whether nobody in between can read or change what comes from there: TLS, or this machine. */
gboolean confab_http_is_safe (GUri *uri);

/* Sends @message and reads the answer, whatever its status; stops when @stop, or @drop (nullable), is no longer
 * pending. @timeout_ms: until the answer begins, from there on until it is whole, and for a pause in it; each 4 KiB that
 * come give it a second more to become whole. So there is an end of it, whatever the server does, and something large
 * has the time it needs. Resolves to a #ConfabHttpReply, rejects with a #ConfabMatrixError: NETWORK, NO_ANSWER, TLS,
 * TOO_LARGE, CANCELLED. */
DexFuture *confab_http_exchange (SoupSession *session,
                                 SoupMessage *message,
                                 gsize max_size,
                                 guint timeout_ms,
                                 DexFuture *stop,
                                 DexFuture *drop) G_GNUC_WARN_UNUSED_RESULT;

/* Reads JSON, off the main thread when it is long. Fibers only. Rejects: see confab_json_parse_object (). */
JsonObject *confab_http_await_json (GBytes *body, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
