/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <utime.h>

#include "confab-homeserver-private.h"
#include "confab-ice-servers.h"
#include "confab-manual-clock.h"
#include "confab-media-repository.h"
#include "confab-turn-source.h"
#include "fake-homeserver.h"

#define THUMBNAIL "/_matrix/client/v1/media/thumbnail/x/"
#define TURN "/_matrix/client/v3/voip/turnServer"
#define ME CONFAB_MATRIX_ERROR

typedef struct {
  FakeHomeserver *fake;
  ConfabHomeserver *homeserver;
  ConfabManualClock *clock;
  char *dir;
  guint n_logged_out;
} Fixture;

static void
logged_out_cb (ConfabHomeserver *homeserver, gboolean soft, Fixture *f)
{
  f->n_logged_out++;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->fake = fake_homeserver_new ();
  f->homeserver = confab_homeserver_new (fake_homeserver_get_url (f->fake));
  confab_homeserver_set_tokens (f->homeserver, "t", NULL, 0);
  g_signal_connect (f->homeserver, "logged-out", G_CALLBACK (logged_out_cb), f);
  f->clock = confab_manual_clock_new (0);
  f->dir = g_dir_make_tmp ("confab-test-XXXXXX", NULL);
}

static guint64
used (const char *path, gboolean clear)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  guint64 total = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *child = g_build_filename (path, name, NULL);
    GStatBuf info;
    g_assert_cmpint (g_stat (child, &info), ==, 0);
    total += info.st_size;
    if (clear)
      g_remove (child);
  }
  return total;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  test_settle ();
  g_object_unref (f->homeserver);
  g_object_unref (f->clock);
  fake_homeserver_free (f->fake);
  used (f->dir, TRUE);
  g_rmdir (f->dir);
  g_free (f->dir);
}

static void
reply_bytes (Fixture *f, const char *path, char fill, gsize size)
{
  g_autofree char *data = g_malloc (size);
  g_autoptr (GBytes) bytes = NULL;

  memset (data, fill, size);
  bytes = g_bytes_new (data, size);
  fake_homeserver_reply_full (f->fake, path, 200, "image/png", NULL, NULL, bytes);
}

static void
expect_bytes (DexFuture *future, char first, gsize size)
{
  g_autoptr (GError) error = NULL;
  const GValue *value = test_wait (future, &error);
  GBytes *bytes;

  g_assert_no_error (error);
  bytes = g_value_get_boxed (value);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, size);
  g_assert_cmpint (((const char *) g_bytes_get_data (bytes, NULL))[0], ==, first);
}

static void
test_once (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabMediaRepository) media = confab_media_repository_new (f->homeserver, f->dir, 1000000);
  g_autoptr (ConfabMediaRepository) later = confab_media_repository_new (f->homeserver, f->dir, 1000000);
  DexFuture *futures[5];

  reply_bytes (f, THUMBNAIL, 'p', 100);
  for (guint i = 0; i < 5; i++)
    futures[i] = confab_media_repository_load_thumbnail (media, "mxc://x/abc", 64);
  for (guint i = 0; i < 5; i++)
    expect_bytes (futures[i], 'p', 100);
  g_assert_cmpuint (fake_homeserver_get_log (f->fake)->len, ==, 1);
  g_assert_cmpstr (fake_homeserver_get_log (f->fake)->pdata[0],
                   ==,
                   "GET " THUMBNAIL "abc?width=64&height=64&method=crop");
  g_assert_cmpstr (fake_homeserver_get_last_authorization (f->fake), ==, "Bearer t");
  /* From the disk, also after a restart. */
  expect_bytes (confab_media_repository_load_thumbnail (later, "mxc://x/abc", 64), 'p', 100);
  g_assert_cmpuint (fake_homeserver_get_log (f->fake)->len, ==, 1);
}

static void
test_bound (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabMediaRepository) media = confab_media_repository_new (f->homeserver, f->dir, 2500);
  g_autoptr (GDir) dir = NULL;
  g_autofree char *oldest = NULL;
  struct utimbuf long_ago = { 1000, 1000 };

  reply_bytes (f, THUMBNAIL, 'p', 1000);
  expect_bytes (confab_media_repository_load_thumbnail (media, "mxc://x/a", 64), 'p', 1000);
  dir = g_dir_open (f->dir, 0, NULL);
  oldest = g_build_filename (f->dir, g_dir_read_name (dir), NULL);
  expect_bytes (confab_media_repository_load_thumbnail (media, "mxc://x/b", 64), 'p', 1000);
  g_assert_cmpint (g_utime (oldest, &long_ago), ==, 0);
  expect_bytes (confab_media_repository_load_thumbnail (media, "mxc://x/c", 64), 'p', 1000);
  g_assert_cmpuint (used (f->dir, FALSE), ==, 2000);
  g_assert_false (g_file_test (oldest, G_FILE_TEST_EXISTS));
}

static void
test_bad (Fixture *f, gconstpointer data)
{
  static const char *const uris[] = {
    "",         "http://x/a",   "mxc://",      "mxc://x",     "mxc://x/",
    "mxc:///a", "mxc://x/../a", "mxc://x/a?b", "mxc://x/a/b",
  };
  g_autoptr (ConfabMediaRepository) media = confab_media_repository_new (f->homeserver, f->dir, 1000);

  for (guint i = 0; i < G_N_ELEMENTS (uris); i++)
    test_expect_error (confab_media_repository_load_thumbnail (media, uris[i], 64),
                       ME,
                       CONFAB_MATRIX_ERROR_NOT_FOUND);
  g_assert_cmpuint (fake_homeserver_get_log (f->fake)->len, ==, 0);
  fake_homeserver_reply (f->fake, THUMBNAIL, 404, "{\"errcode\":\"M_NOT_FOUND\"}");
  test_expect_error (confab_media_repository_load_thumbnail (media, "mxc://x/a", 64),
                     ME,
                     CONFAB_MATRIX_ERROR_NOT_FOUND);
  reply_bytes (f, THUMBNAIL "b", 'p', 5 * 1024 * 1024);
  test_expect_error (confab_media_repository_load_thumbnail (media, "mxc://x/b", 64),
                     ME,
                     CONFAB_MATRIX_ERROR_TOO_LARGE);
  g_assert_cmpuint (used (f->dir, FALSE), ==, 0);
}

static void
test_old_server (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabMediaRepository) media = confab_media_repository_new (f->homeserver, f->dir, 1000);

  reply_bytes (f, "/_matrix/media/v3/thumbnail/x/a", 'o', 10);
  expect_bytes (confab_media_repository_load_thumbnail (media, "mxc://x/a", 64), 'o', 10);
}

/* The error's code; -1: the picture came. */
static int
redirect_to (Fixture *f, const char *location)
{
  g_autoptr (ConfabMediaRepository) media = confab_media_repository_new (f->homeserver, f->dir, 1000);
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
  g_autoptr (GError) error = NULL;

  fake_homeserver_forget (f->fake, THUMBNAIL "a");
  fake_homeserver_reply_full (
    f->fake, THUMBNAIL "a", 307, "text/plain", "Location", location, nothing);
  test_wait (confab_media_repository_load_thumbnail (media, "mxc://x/a", 64), &error);
  g_assert_true (error == NULL || error->domain == ME);
  return error != NULL ? error->code : -1;
}

/* Media on another host, as behind a content delivery network: without our token, and never without TLS. */
static void
test_redirected (Fixture *f, gconstpointer data)
{
  g_autoptr (FakeHomeserver) other = fake_homeserver_new ();
  g_autoptr (GBytes) picture = g_bytes_new_static ("png", 3);
  g_autofree char *there = g_strconcat (fake_homeserver_get_url (other), "/there", NULL);
  g_autofree char *circle = g_strconcat (fake_homeserver_get_url (f->fake), THUMBNAIL "a", NULL);

  confab_homeserver_set_retry (f->homeserver, 1, 1);
  g_assert_cmpint (redirect_to (f, "http://example.org/"), ==, CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL);
  g_assert_cmpint (redirect_to (f, "file:///etc/passwd"), ==, CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL);
  g_assert_cmpint (redirect_to (f, circle), ==, CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL);
  fake_homeserver_reply (other, "/there", 401, "{\"errcode\":\"M_UNKNOWN_TOKEN\"}");
  g_assert_cmpint (redirect_to (f, there), ==, CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN);
  g_assert_cmpuint (f->n_logged_out, ==, 0);
  g_assert_null (fake_homeserver_get_last_authorization (other));
  fake_homeserver_forget (other, "/there");
  fake_homeserver_reply_full (other, "/there", 200, "image/png", NULL, NULL, picture);
  g_assert_cmpint (redirect_to (f, there), ==, -1);
  g_assert_null (fake_homeserver_get_last_authorization (other));
}

static gint64
expect_servers (ConfabTurnSource *source, guint n, const char *username)
{
  g_autoptr (GError) error = NULL;
  const GValue *value = test_wait (confab_turn_source_get (source), &error);
  ConfabIceServers *servers;

  g_assert_no_error (error);
  servers = g_value_get_boxed (value);
  g_assert_cmpuint (g_strv_length (servers->uris), ==, n);
  g_assert_cmpstr (servers->username, ==, username);
  return servers->fresh_ms;
}

static void
test_turn (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabTurnSource) source = confab_turn_source_new (f->homeserver, CONFAB_CLOCK (f->clock));

  confab_homeserver_set_retry (f->homeserver, 1, 1);
  fake_homeserver_reply (
    f->fake,
    TURN,
    200,
    "{\"username\":\"u1\",\"password\":\"p\",\"ttl\":1000,\"uris\":[\"turn:a?transport=udp\","
    "\"stun:b\",\"http://c\",5]}");
  fake_homeserver_reply (f->fake, TURN, 503, "{}");
  fake_homeserver_reply (
    f->fake,
    TURN,
    200,
    "{\"username\":\"u2\",\"password\":\"p\",\"ttl\":10,\"uris\":[\"turn:a\"]}");
  g_assert_cmpint (expect_servers (source, 2, "u1"), ==, 900 * 1000);
  confab_manual_clock_advance (f->clock, 899 * 1000);
  g_assert_cmpint (expect_servers (source, 2, "u1"), ==, 1000);
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->fake, TURN), ==, 1);
  /* At nine tenths it asks; while the server is ill, the old ones do. */
  confab_manual_clock_advance (f->clock, 2 * 1000);
  g_assert_cmpint (expect_servers (source, 2, "u1"), ==, 0);
  g_assert_cmpint (expect_servers (source, 1, "u2"), ==, 9000);
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->fake, TURN), ==, 3);
}

/* The credentials run out while the machine sleeps; a clock that stands still then would hand out dead ones. */
static void
test_turn_slept (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabTurnSource) source = confab_turn_source_new (f->homeserver, CONFAB_CLOCK (f->clock));

  fake_homeserver_reply (
    f->fake,
    TURN,
    200,
    "{\"username\":\"u1\",\"password\":\"p\",\"ttl\":1000,\"uris\":[\"turn:a\"]}");
  fake_homeserver_reply (
    f->fake,
    TURN,
    200,
    "{\"username\":\"u2\",\"password\":\"p\",\"ttl\":1000,\"uris\":[\"turn:a\"]}");
  g_assert_cmpint (expect_servers (source, 1, "u1"), ==, 900000);
  confab_manual_clock_sleep (f->clock, 600 * 1000);
  g_assert_cmpint (expect_servers (source, 1, "u1"), ==, 300000);
  confab_manual_clock_sleep (f->clock, 301 * 1000);
  g_assert_cmpint (expect_servers (source, 1, "u2"), ==, 900000);
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->fake, TURN), ==, 2);
}

static void
test_no_turn (Fixture *f, gconstpointer data)
{
  static const struct {
    guint status;
    const char *body;
  } answers[] = {
    { 404, "{\"errcode\":\"M_NOT_FOUND\"}" }, { 404, "{\"errcode\":\"M_UNRECOGNIZED\"}" },
    { 403, "{\"errcode\":\"M_FORBIDDEN\"}" }, { 200, "{}" },
    { 200, "{\"uris\":7,\"ttl\":-1e300}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    fake_homeserver_reply (f->fake, TURN, answers[i].status, answers[i].body);
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++) {
    g_autoptr (ConfabTurnSource) source = confab_turn_source_new (f->homeserver, CONFAB_CLOCK (f->clock));
    expect_servers (source, 0, NULL);
    expect_servers (source, 0, NULL);
    g_assert_cmpuint (fake_homeserver_get_n_requests (f->fake, TURN), ==, i + 1);
  }
}

static void
test_turn_unreachable (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabHomeserver) nobody = confab_homeserver_new ("http://127.0.0.1:1");
  g_autoptr (ConfabTurnSource) source = confab_turn_source_new (nobody, CONFAB_CLOCK (f->clock));

  confab_homeserver_set_retry (nobody, 1, 1);
  test_expect_error (confab_turn_source_get (source), ME, CONFAB_MATRIX_ERROR_NO_ANSWER);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/media-repository/once", test_once);
  ADD ("/media-repository/bound", test_bound);
  ADD ("/media-repository/bad", test_bad);
  ADD ("/media-repository/old-server", test_old_server);
  ADD ("/media-repository/redirected", test_redirected);
  ADD ("/turn-source/refresh", test_turn);
  ADD ("/turn-source/slept", test_turn_slept);
  ADD ("/turn-source/none", test_no_turn);
  ADD ("/turn-source/unreachable", test_turn_unreachable);
  return g_test_run ();
}
