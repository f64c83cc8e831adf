/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>
#include <libdex.h>
#include <libsoup/soup.h>

/* A web server on loopback in the test's own process. What it answers is queued per path (the last answer stays);
 * what it was asked is noted. */
typedef struct _FakeHomeserver FakeHomeserver;

typedef void (*FakeHandler) (FakeHomeserver *self,
                             SoupServerMessage *message,
                             JsonObject *body,
                             gpointer data);

FakeHomeserver *fake_homeserver_new (void);
void fake_homeserver_free (FakeHomeserver *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeHomeserver, fake_homeserver_free)
const char *fake_homeserver_get_url (FakeHomeserver *self);
guint fake_homeserver_get_port (FakeHomeserver *self);

/* @path: without its query; one that ends with “/” stands for all that begins so. */
void fake_homeserver_reply (FakeHomeserver *self, const char *path, guint status, const char *body);
void fake_homeserver_reply_full (FakeHomeserver *self,
                                 const char *path,
                                 guint status,
                                 const char *content_type,
                                 const char *header,
                                 const char *value,
                                 GBytes *body);
/* As if nothing had been queued for @path. */
void fake_homeserver_forget (FakeHomeserver *self, const char *path);
/* Never answers. */
void fake_homeserver_hang (FakeHomeserver *self, const char *path);
void
fake_homeserver_handle (FakeHomeserver *self, const char *path, FakeHandler handler, gpointer data);
void fake_homeserver_respond (SoupServerMessage *message, guint status, const char *body);

guint fake_homeserver_get_n_requests (FakeHomeserver *self, const char *path);
/* “METHOD /path?query” of each request so far. */
GPtrArray *fake_homeserver_get_log (FakeHomeserver *self);
const char *fake_homeserver_get_last_authorization (FakeHomeserver *self);
const char *fake_homeserver_get_last_body (FakeHomeserver *self, const char *path);
void fake_homeserver_forget_body (FakeHomeserver *self, const char *path);

/* Runs the main loop until @future (transfer full) is done. */
const GValue *test_wait (DexFuture *future, GError **error);
void test_expect (DexFuture *future);
void test_expect_error (DexFuture *future, GQuark domain, int code);
JsonObject *test_wait_json (DexFuture *future);
void test_until (gboolean (*check) (gpointer data), gpointer data);
/* Lets what is left in the main loop run, and drops what the last wait kept. */
void test_settle (void);
