/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-avatar-textures.h"

#include "confab-media-repository.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <libdex.h>
#include <string.h>

/* The largest avatar is 96 px; twice that for high-resolution screens. */
#define SIZE 192
/* What a stranger's picture may unfold to: 64 MiB. */
#define MAX_PIXELS (16 * 1024 * 1024)
#define CHUNK_SIZE 4096
#define MAX_THREADS 2
#define MANY 256
#define DATA_KEY "confab-avatar-textures"

/* ---- decoding, by another thread ---- */

typedef struct {
  GBytes *bytes;
  DexPromise *promise;
  gboolean too_large;
} Decode;

static void
decode_free (Decode *decode)
{
  g_bytes_unref (decode->bytes);
  dex_unref (decode->promise);
  g_free (decode);
}

static void
size_prepared_cb (GdkPixbufLoader *loader, int width, int height, Decode *decode)
{
  int larger = MAX (width, height);

  if (width <= 0 || height <= 0 || width > MAX_PIXELS / height) {
    decode->too_large = TRUE;
    gdk_pixbuf_loader_set_size (loader, 0, 0);
  } else if (larger > SIZE) {
    gdk_pixbuf_loader_set_size (loader,
                                MAX (1, width * SIZE / larger),
                                MAX (1, height * SIZE / larger));
  }
}

/* What servers make thumbnails of. Other formats, drawings above all, are read by code that is large and old. */
static gboolean
is_known_format (const guchar *data, gsize size)
{
  return size > 12 && (memcmp (data, "\x89PNG", 4) == 0 || memcmp (data, "\xff\xd8\xff", 3) == 0 ||
                       memcmp (data, "GIF8", 4) == 0 ||
                       (memcmp (data, "RIFF", 4) == 0 && memcmp (data + 8, "WEBP", 4) == 0));
}

/* In small pieces: the size stands at the beginning, and what is too large is not read any further. */
static gboolean
feed (Decode *decode, GdkPixbufLoader *loader, GError **error)
{
  gsize size = 0;
  const guchar *data = g_bytes_get_data (decode->bytes, &size);

  if (!is_known_format (data, size)) {
    g_set_error_literal (error,
                         GDK_PIXBUF_ERROR,
                         GDK_PIXBUF_ERROR_UNKNOWN_TYPE,
                         "this is no picture of a known kind");
    return FALSE;
  }
  for (gsize done = 0; done < size && !decode->too_large; done += CHUNK_SIZE)
    if (!gdk_pixbuf_loader_write (loader, data + done, MIN (CHUNK_SIZE, size - done), error))
      return FALSE;
  if (!decode->too_large)
    return TRUE;
  g_set_error_literal (error,
                       GDK_PIXBUF_ERROR,
                       GDK_PIXBUF_ERROR_INSUFFICIENT_MEMORY,
                       "the picture is too large");
  return FALSE;
}

static GdkTexture *
texture_from_pixbuf (GdkPixbuf *pixbuf)
{
  g_autoptr (GBytes) pixels = gdk_pixbuf_read_pixel_bytes (pixbuf);

  return gdk_memory_texture_new (gdk_pixbuf_get_width (pixbuf),
                                 gdk_pixbuf_get_height (pixbuf),
                                 gdk_pixbuf_get_has_alpha (pixbuf) ? GDK_MEMORY_R8G8B8A8
                                                                   : GDK_MEMORY_R8G8B8,
                                 pixels,
                                 gdk_pixbuf_get_rowstride (pixbuf));
}

static void
decode_cb (gpointer data, gpointer unused)
{
  Decode *decode = data;
  g_autoptr (GdkPixbufLoader) loader = gdk_pixbuf_loader_new ();
  g_autoptr (GError) error = NULL;
  gboolean ok = FALSE;

  g_signal_connect (loader, "size-prepared", G_CALLBACK (size_prepared_cb), decode);
  ok = feed (decode, loader, &error);
  /* A loader must be closed, also after a failure, which is what is told then. */
  if (!gdk_pixbuf_loader_close (loader, ok ? &error : NULL))
    ok = FALSE;
  if (ok)
    dex_promise_resolve_object (decode->promise,
                                texture_from_pixbuf (gdk_pixbuf_loader_get_pixbuf (loader)));
  else
    dex_promise_reject (decode->promise, g_steal_pointer (&error));
  decode_free (decode);
}

/* Takes milliseconds, and more stack than a fiber has. */
static DexFuture *
decode_bytes (GBytes *bytes)
{
  static GThreadPool *threads;
  Decode *decode = g_new0 (Decode, 1);
  DexPromise *promise = dex_promise_new ();

  if (threads == NULL)
    threads = g_thread_pool_new (decode_cb, NULL, MAX_THREADS, FALSE, NULL);
  decode->bytes = g_bytes_ref (bytes);
  decode->promise = dex_ref (promise);
  g_thread_pool_push (threads, decode, NULL);
  return DEX_FUTURE (promise);
}

/* ---- what is decoded already ---- */

typedef struct {
  GWeakRef texture;
  DexFuture *running; /* (nullable) */
} Entry;

static void
entry_free (Entry *entry)
{
  g_weak_ref_clear (&entry->texture);
  dex_clear (&entry->running);
  g_free (entry);
}

static gboolean
is_forgotten (gpointer url, gpointer data, gpointer unused)
{
  Entry *entry = data;
  g_autoptr (GdkTexture) texture = g_weak_ref_get (&entry->texture);

  return texture == NULL && entry->running == NULL;
}

/* The same picture is shown in the list, in a pile and in a tile. */
static Entry *
ensure_entry (ConfabMediaRepository *repository, const char *url)
{
  GHashTable *entries = g_object_get_data (G_OBJECT (repository), DATA_KEY);
  Entry *entry = NULL;

  if (entries == NULL) {
    entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) entry_free);
    g_object_set_data_full (G_OBJECT (repository),
                            DATA_KEY,
                            entries,
                            (GDestroyNotify) g_hash_table_unref);
  }
  entry = g_hash_table_lookup (entries, url);
  if (entry != NULL)
    return entry;
  if (g_hash_table_size (entries) >= MANY)
    g_hash_table_foreach_remove (entries, is_forgotten, NULL);
  entry = g_new0 (Entry, 1);
  g_weak_ref_init (&entry->texture, NULL);
  g_hash_table_insert (entries, g_strdup (url), entry);
  return entry;
}

typedef struct {
  ConfabMediaRepository *repository;
  char *url;
} Load;

static void
load_free (Load *load)
{
  g_object_unref (load->repository);
  g_free (load->url);
  g_free (load);
}

static DexFuture *
load_fiber (gpointer data)
{
  Load *load = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  GdkTexture *texture = NULL;
  Entry *entry = NULL;

  bytes = dex_await_boxed (
    confab_media_repository_load_thumbnail (load->repository, load->url, SIZE), &error);
  if (bytes != NULL)
    texture = dex_await_object (decode_bytes (bytes), &error);
  entry = ensure_entry (load->repository, load->url);
  g_weak_ref_set (&entry->texture, texture);
  dex_clear (&entry->running);
  if (texture == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  return dex_future_new_take_object (texture);
}

/**
 * confab_avatar_textures_load:
 * @repository: where pictures come from
 * @url: an mxc:// address
 *
 * A picture of 192 × 192 px at most, decoded once for all who show it, and as long as one of them does. Rejects with
 * a #ConfabMatrixError when it cannot be fetched, with a #GdkPixbufError when it is no picture or far too large.
 *
 * Returns: (transfer full): a future that resolves to a #GdkTexture
 */
DexFuture *
confab_avatar_textures_load (ConfabMediaRepository *repository, const char *url)
{
  g_autoptr (GdkTexture) texture = NULL;
  Entry *entry = NULL;
  Load *load = NULL;

  dex_return_error_if_fail (CONFAB_IS_MEDIA_REPOSITORY (repository));
  dex_return_error_if_fail (url != NULL);

  entry = ensure_entry (repository, url);
  texture = g_weak_ref_get (&entry->texture);
  if (texture != NULL)
    return dex_future_new_take_object (g_steal_pointer (&texture));
  if (entry->running == NULL) {
    load = g_new0 (Load, 1);
    load->repository = g_object_ref (repository);
    load->url = g_strdup (url);
    entry->running = dex_scheduler_spawn (NULL, 0, load_fiber, load, (GDestroyNotify) load_free);
  }
  return dex_ref (entry->running);
}
