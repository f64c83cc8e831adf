/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <string.h>

#include "confab-avatar-model.h"
#include "confab-homeserver-private.h"
#include "confab-media-repository.h"
#include "confab-room-private.h"
#include "fake-homeserver.h"
#include "world.h"

#define THUMBNAIL "/_matrix/client/v1/media/thumbnail/x/"

/* The linker puts this in the place of gdk-pixbuf's own: where a picture's decoding ends. */
static GThread *decoder;
static guint n_decoded;

gboolean __real_gdk_pixbuf_loader_close (GdkPixbufLoader *loader, GError **error);
gboolean __wrap_gdk_pixbuf_loader_close (GdkPixbufLoader *loader, GError **error);

gboolean
__wrap_gdk_pixbuf_loader_close (GdkPixbufLoader *loader, GError **error)
{
  g_atomic_pointer_set (&decoder, g_thread_self ());
  g_atomic_int_inc (&n_decoded);
  return __real_gdk_pixbuf_loader_close (loader, error);
}

typedef struct {
  FakeHomeserver *server;
  ConfabHomeserver *homeserver;
  ConfabMediaRepository *repository;
  char *dir;
  ConfabRoomMember *person;
  ConfabAvatarModel *model;
  guint n_notified;
} Fixture;

static void
count_cb (guint *n)
{
  (*n)++;
}

static ConfabAvatarModel *
make_model (Fixture *f)
{
  return confab_avatar_model_new (G_OBJECT (f->person), "name", f->repository);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->server = fake_homeserver_new ();
  f->homeserver = confab_homeserver_new (fake_homeserver_get_url (f->server));
  confab_homeserver_set_retry (f->homeserver, 1, 1);
  confab_homeserver_set_tokens (f->homeserver, "t", NULL, 0);
  f->dir = g_dir_make_tmp ("confab-test-XXXXXX", NULL);
  f->repository = confab_media_repository_new (f->homeserver, f->dir, 1024 * 1024);
  f->person = confab_room_member_new ("@ana:x");
  confab_room_member_update (f->person, "Ana García", "mxc://x/a", TRUE);
  f->model = make_model (f);
  g_signal_connect_swapped (f->model, "notify::paintable", G_CALLBACK (count_cb), &f->n_notified);
  g_atomic_int_set (&n_decoded, 0);
}

static gboolean
is_let_go (gpointer data)
{
  return G_OBJECT (((Fixture *) data)->model)->ref_count == 1;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  test_until (is_let_go, f);
  g_assert_finalize_object (f->model);
  g_assert_finalize_object (f->person);
  test_settle ();
  g_assert_finalize_object (f->repository);
  g_object_unref (f->homeserver);
  fake_homeserver_free (f->server);
  test_remove_tree (f->dir);
  g_free (f->dir);
}

static GBytes *
make_picture (int width, int height)
{
  gsize size = (gsize) width * height * 4;
  g_autofree guchar *pixels = g_malloc (size);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GdkTexture) texture = NULL;

  memset (pixels, 200, size);
  bytes = g_bytes_new_take (g_steal_pointer (&pixels), size);
  texture = gdk_memory_texture_new (width, height, GDK_MEMORY_R8G8B8A8, bytes, width * 4);
  return gdk_texture_save_to_png_bytes (texture);
}

static void
reply_picture (Fixture *f, const char *id, int width, int height)
{
  g_autofree char *path = g_strconcat (THUMBNAIL, id, NULL);
  g_autoptr (GBytes) picture = make_picture (width, height);

  fake_homeserver_reply_full (f->server, path, 200, "image/png", NULL, NULL, picture);
}

static guint
n_requests (Fixture *f, const char *id)
{
  g_autofree char *path = g_strconcat (THUMBNAIL, id, NULL);

  return fake_homeserver_get_n_requests (f->server, path);
}

static GdkPaintable *
get (Fixture *f)
{
  return confab_avatar_model_get_paintable (f->model);
}

static gboolean
has_picture (gpointer data)
{
  return confab_avatar_model_get_paintable (data) != NULL;
}

static gboolean
is_notified (gpointer data)
{
  return ((Fixture *) data)->n_notified > 0;
}

static void
test_load (Fixture *f, gconstpointer data)
{
  reply_picture (f, "a", 64, 64);
  test_assert_string (f->model, "name", "Ana García");
  /* A row that is never shown costs nothing. */
  test_settle ();
  g_assert_cmpuint (fake_homeserver_get_log (f->server)->len, ==, 0);

  g_assert_null (get (f));
  test_until (is_notified, f);
  g_assert_cmpint (gdk_paintable_get_intrinsic_width (get (f)), ==, 64);
  g_assert_cmpuint (n_requests (f, "a"), ==, 1);
  g_assert_cmpuint (f->n_notified, ==, 1);
  /* Decoding takes milliseconds: not on the thread that draws. */
  g_assert_true (g_atomic_pointer_get (&decoder) != g_thread_self ());
}

static void
test_follows (Fixture *f, gconstpointer data)
{
  GdkPaintable *first = NULL;

  reply_picture (f, "a", 64, 64);
  reply_picture (f, "b", 32, 32);
  get (f);
  test_until (is_notified, f);
  first = get (f);

  confab_room_member_update (f->person, "Ana", "mxc://x/b", TRUE);
  test_assert_string (f->model, "name", "Ana");
  /* No flicker: the old one stays until the new one is there. */
  g_assert_true (get (f) == first);
  f->n_notified = 0;
  test_until (is_notified, f);
  g_assert_cmpint (gdk_paintable_get_intrinsic_width (get (f)), ==, 32);

  f->n_notified = 0;
  confab_room_member_update (f->person, "Ana", NULL, TRUE);
  g_assert_null (get (f));
  g_assert_cmpuint (f->n_notified, ==, 1);
}

static void
pause_cb (FakeHomeserver *server, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  SoupServerMessage **paused = data;

  soup_server_message_pause (message);
  g_set_object (paused, message);
}

static gboolean
is_paused (gpointer data)
{
  return *(SoupServerMessage **) data != NULL;
}

static void
test_stale_reply (Fixture *f, gconstpointer data)
{
  g_autoptr (SoupServerMessage) paused = NULL;
  g_autoptr (GBytes) late = make_picture (64, 64);
  gsize size = 0;
  const char *bytes = g_bytes_get_data (late, &size);

  fake_homeserver_handle (f->server, THUMBNAIL "a", pause_cb, &paused);
  reply_picture (f, "b", 32, 32);
  get (f);
  test_until (is_paused, &paused);
  confab_room_member_update (f->person, "Ana", "mxc://x/b", TRUE);
  test_until (is_notified, f);
  g_assert_cmpint (gdk_paintable_get_intrinsic_width (get (f)), ==, 32);

  /* The answer to the first question comes after that to the second. */
  soup_server_message_set_status (paused, 200, NULL);
  soup_server_message_set_response (paused, "image/png", SOUP_MEMORY_COPY, bytes, size);
  soup_server_message_unpause (paused);
  test_until (is_let_go, f);
  g_assert_cmpint (gdk_paintable_get_intrinsic_width (get (f)), ==, 32);
  g_assert_cmpuint (f->n_notified, ==, 1);
}

static void
test_shared (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabAvatarModel) other = make_model (f);
  g_autoptr (ConfabAvatarModel) later = NULL;

  reply_picture (f, "a", 64, 64);
  get (f);
  confab_avatar_model_get_paintable (other);
  test_until (has_picture, f->model);
  test_until (has_picture, other);
  /* One question, one picture, for all who show it: now and later. */
  g_assert_true (get (f) == confab_avatar_model_get_paintable (other));
  later = make_model (f);
  test_until (has_picture, later);
  g_assert_true (get (f) == confab_avatar_model_get_paintable (later));
  g_assert_cmpuint (n_requests (f, "a"), ==, 1);
  g_assert_cmpint (g_atomic_int_get (&n_decoded), ==, 1);
}

static void
test_disk (Fixture *f, gconstpointer data)
{
  /* After a restart it comes from the disk. */
  reply_picture (f, "a", 64, 64);
  get (f);
  test_until (is_notified, f);
  test_until (is_let_go, f);
  g_assert_finalize_object (f->model);
  g_assert_finalize_object (f->repository);
  f->repository = confab_media_repository_new (f->homeserver, f->dir, 1024 * 1024);
  f->model = make_model (f);
  test_until (has_picture, f->model);
  g_assert_cmpuint (n_requests (f, "a"), ==, 1);
}

static void
test_large (Fixture *f, gconstpointer data)
{
  /* A server may send more than was asked for: what is kept in memory is what can be seen. */
  reply_picture (f, "a", 800, 400);
  get (f);
  test_until (is_notified, f);
  g_assert_cmpint (gdk_paintable_get_intrinsic_width (get (f)), ==, 192);
  g_assert_cmpint (gdk_paintable_get_intrinsic_height (get (f)), ==, 96);
}

/* A PNG that says it is 60000 × 60000 pixels large, which would take 14 GB. */
static const guint8 bomb[] = {
  0x89, 'P',  'N',  'G',  0x0d, 0x0a, 0x1a, 0x0a, 0,    0,    0,    13,   'I',  'H',  'D',
  'R',  0,    0,    0xea, 0x60, 0,    0,    0xea, 0x60, 8,    6,    0,    0,    0,    0x80,
  0xd2, 0x75, 0x42, 0,    0,    0,    0,    'I',  'D',  'A',  'T',  0x35, 0xaf, 0x06, 0x1e,
  0,    0,    0,    0,    'I',  'E',  'N',  'D',  0xae, 0x42, 0x60, 0x82,
};

static void
reply_bytes (Fixture *f, const char *id, gconstpointer bytes, gsize size)
{
  g_autofree char *path = g_strconcat (THUMBNAIL, id, NULL);
  g_autoptr (GBytes) body = g_bytes_new_static (bytes, size);

  fake_homeserver_reply_full (f->server, path, 200, "image/png", NULL, NULL, body);
}

static void
test_no_picture (Fixture *f, gconstpointer data)
{
  static const char *const urls[] = {
    "mxc://x/bomb",  "mxc://x/drawing", "mxc://x/torn",
    "mxc://x/empty", "mxc://x/none",    "https://x/y",
  };
  static const char drawing[] = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>";

  reply_bytes (f, "bomb", bomb, sizeof bomb);
  reply_bytes (f, "drawing", drawing, strlen (drawing));
  reply_bytes (f, "torn", bomb, 30);
  reply_bytes (f, "empty", "", 0);
  reply_picture (f, "a", 64, 64);
  get (f);
  test_until (is_notified, f);

  for (guint i = 0; i < G_N_ELEMENTS (urls); i++) {
    guint n = 0;

    confab_room_member_update (f->person, "Ana", "mxc://x/a", TRUE);
    test_until (has_picture, f->model);
    test_until (is_let_go, f);
    /* Initials: the old picture is not this person's any more. */
    confab_room_member_update (f->person, "Ana", urls[i], TRUE);
    test_until (is_let_go, f);
    g_assert_null (get (f));
    /* It is not asked for over and over. */
    n = fake_homeserver_get_log (f->server)->len;
    g_assert_null (get (f));
    test_until (is_let_go, f);
    g_assert_cmpuint (fake_homeserver_get_log (f->server)->len, ==, n);
  }
}

static void
test_network_back (Fixture *f, gconstpointer data)
{
  fake_homeserver_reply (f->server, THUMBNAIL "a", 503, "{}");
  reply_picture (f, "a", 64, 64);
  get (f);
  test_until (is_let_go, f);
  g_assert_cmpuint (n_requests (f, "a"), ==, 1);
  /* Shown the next time, it is asked for once more. */
  g_assert_null (get (f));
  test_until (is_notified, f);
  g_assert_nonnull (get (f));
}

static void
test_without_repository (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabAvatarModel) model = confab_avatar_model_new (G_OBJECT (f->person), "name", NULL);

  g_assert_cmpstr (confab_avatar_model_get_name (model), ==, "Ana García");
  g_assert_null (confab_avatar_model_get_paintable (model));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
#define ADD(path, func) g_test_add ("/avatar-model/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("load", test_load);
  ADD ("follows", test_follows);
  ADD ("stale-reply", test_stale_reply);
  ADD ("shared", test_shared);
  ADD ("disk", test_disk);
  ADD ("large", test_large);
  ADD ("no-picture", test_no_picture);
  ADD ("network-back", test_network_back);
  ADD ("without-repository", test_without_repository);
  return g_test_run ();
}
