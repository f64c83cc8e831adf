/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-media-repository.h"

#include <string.h>
#include <glib/gstdio.h>
#include <utime.h>

#define MAX_THUMBNAIL_SIZE (4 * 1024 * 1024)
#define MAX_PIXELS 1024

struct _ConfabMediaRepository {
  GObject parent_instance;

  ConfabHomeserver *homeserver;
  char *cache_dir;
  guint64 max_bytes;
  GHashTable *running; /* key → DexFuture */
};

G_DEFINE_FINAL_TYPE (ConfabMediaRepository, confab_media_repository, G_TYPE_OBJECT)

/* A cached file, on its way to the bin. */
typedef struct {
  char *path;
  guint64 size;
  gint64 used_at;
} Entry;

static void
entry_free (Entry *entry)
{
  g_free (entry->path);
  g_free (entry);
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  const Entry *x = *(const Entry *const *) a;
  const Entry *y = *(const Entry *const *) b;

  return x->used_at < y->used_at ? -1 : x->used_at > y->used_at;
}

/* Disk work, on a thread of the pool: the main thread never waits for a disk. */
typedef struct {
  gatomicrefcount ref_count;
  char *dir;
  char *path;
  GBytes *bytes;
  guint64 max_bytes;
} Disk;

static void
disk_unref (Disk *disk)
{
  if (!g_atomic_ref_count_dec (&disk->ref_count))
    return;
  g_free (disk->dir);
  g_free (disk->path);
  g_clear_pointer (&disk->bytes, g_bytes_unref);
  g_free (disk);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Disk, disk_unref)

static DexFuture *
read_fiber (gpointer data)
{
  Disk *disk = data;
  char *contents;
  gsize length;

  if (g_file_get_contents (disk->path, &contents, &length, NULL)) {
    utime (disk->path, NULL); /* “used now”, for the bound; nothing is lost when it fails */
    disk->bytes = g_bytes_new_take (contents, length);
  }
  return dex_future_new_true ();
}

static void
trim (Disk *disk)
{
  g_autoptr (GDir) dir = g_dir_open (disk->dir, 0, NULL);
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) entry_free);
  guint64 total = 0;
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (disk->dir, name, NULL);
    GStatBuf info;
    Entry *entry;
    if (g_stat (path, &info) != 0 || !S_ISREG (info.st_mode))
      continue;
    entry = g_new (Entry, 1);
    *entry = (Entry) {
      .path = g_steal_pointer (&path),
      .size = info.st_size,
      .used_at = info.st_mtim.tv_sec * G_USEC_PER_SEC + info.st_mtim.tv_nsec / 1000,
    };
    total += entry->size;
    g_ptr_array_add (entries, entry);
  }
  g_ptr_array_sort (entries, compare_entries);
  for (guint i = 0; i < entries->len && total > disk->max_bytes; i++) {
    Entry *entry = entries->pdata[i];
    if (g_unlink (entry->path) == 0)
      total -= entry->size;
  }
}

static DexFuture *
write_fiber (gpointer data)
{
  Disk *disk = data;
  g_autoptr (GError) error = NULL;
  gsize size;
  const char *contents = g_bytes_get_data (disk->bytes, &size);

  if (g_mkdir_with_parents (disk->dir, 0700) != 0 ||
      !g_file_set_contents_full (
        disk->path, contents, size, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
    g_info ("%s: not cached: %s", disk->path, error != NULL ? error->message : "no folder");
  trim (disk);
  return dex_future_new_true ();
}

typedef struct {
  ConfabMediaRepository *repository;
  char *key;
  char *server;
  char *media_id;
  guint size;
} Load;

static void
load_free (Load *load)
{
  g_object_unref (load->repository);
  g_free (load->key);
  g_free (load->server);
  g_free (load->media_id);
  g_free (load);
}

static gboolean
await_disk (Disk *disk, DexFiberFunc func)
{
  g_atomic_ref_count_inc (&disk->ref_count);
  return dex_await (dex_scheduler_spawn (dex_thread_pool_scheduler_get_default (),
                                         0,
                                         func,
                                         disk,
                                         (GDestroyNotify) disk_unref),
                    NULL);
}

static GBytes *
await_download (Load *load, GError **error)
{
  ConfabHomeserver *homeserver = load->repository->homeserver;
  g_autofree char *server = g_uri_escape_string (load->server, ":", FALSE);
  g_autofree char *media_id = g_uri_escape_string (load->media_id, NULL, FALSE);
  g_autofree char *rest = g_strdup_printf (
    "thumbnail/%s/%s?width=%u&height=%u&method=crop", server, media_id, load->size, load->size);
  g_autofree char *path = g_strconcat ("/_matrix/client/v1/media/", rest, NULL);
  g_autofree char *old_path = g_strconcat ("/_matrix/media/v3/", rest, NULL);
  g_autoptr (GError) local_error = NULL;
  GBytes *bytes = dex_await_boxed (
    confab_homeserver_get_bytes (homeserver, path, MAX_THUMBNAIL_SIZE), &local_error);

  /* Servers from before version 1.11 of the specification. */
  if (bytes == NULL &&
      g_strcmp0 (confab_matrix_error_get_errcode (local_error), "M_UNRECOGNIZED") == 0) {
    g_clear_error (&local_error);
    bytes = dex_await_boxed (confab_homeserver_get_bytes (homeserver, old_path, MAX_THUMBNAIL_SIZE),
                             &local_error);
  }
  if (bytes == NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  return bytes;
}

static DexFuture *
load_fiber (gpointer data)
{
  Load *load = data;
  ConfabMediaRepository *self = load->repository;
  g_autoptr (Disk) disk = g_new0 (Disk, 1);
  g_autoptr (GError) error = NULL;

  g_atomic_ref_count_init (&disk->ref_count);
  disk->dir = g_strdup (self->cache_dir);
  disk->path = g_build_filename (self->cache_dir, load->key, NULL);
  disk->max_bytes = self->max_bytes;
  await_disk (disk, read_fiber);
  if (disk->bytes == NULL) {
    disk->bytes = await_download (load, &error);
    if (disk->bytes != NULL)
      await_disk (disk, write_fiber);
  }
  g_hash_table_remove (self->running, load->key);
  if (disk->bytes == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  return dex_future_new_take_boxed (G_TYPE_BYTES, g_bytes_ref (disk->bytes));
}

static void
confab_media_repository_finalize (GObject *object)
{
  ConfabMediaRepository *self = CONFAB_MEDIA_REPOSITORY (object);

  g_hash_table_unref (self->running);
  g_clear_object (&self->homeserver);
  g_free (self->cache_dir);
  G_OBJECT_CLASS (confab_media_repository_parent_class)->finalize (object);
}

static void
confab_media_repository_class_init (ConfabMediaRepositoryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_media_repository_finalize;
}

static void
confab_media_repository_init (ConfabMediaRepository *self)
{
  self->running = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, dex_unref);
}

/**
 * confab_media_repository_new:
 * @homeserver: where pictures come from
 * @cache_dir: a folder of its own; made when something is kept
 * @max_bytes: how much it holds
 *
 * Returns: (transfer full): a repository
 */
ConfabMediaRepository *
confab_media_repository_new (ConfabHomeserver *homeserver, const char *cache_dir, guint64 max_bytes)
{
  ConfabMediaRepository *self;

  g_return_val_if_fail (CONFAB_IS_HOMESERVER (homeserver), NULL);

  self = g_object_new (CONFAB_TYPE_MEDIA_REPOSITORY, NULL);
  self->homeserver = g_object_ref (homeserver);
  self->cache_dir = g_strdup (cache_dir);
  self->max_bytes = max_bytes;
  return self;
}

static DexFuture *
wipe_fiber (gpointer data)
{
  Disk *disk = data;

  disk->max_bytes = 0;
  trim (disk);
  return dex_future_new_true ();
}

/**
 * confab_media_repository_wipe:
 * @self: a repository
 *
 * Returns: (transfer full): a future that resolves to true when nothing is kept on disk any more
 */
DexFuture *
confab_media_repository_wipe (ConfabMediaRepository *self)
{
  Disk *disk;

  dex_return_error_if_fail (CONFAB_IS_MEDIA_REPOSITORY (self));

  disk = g_new0 (Disk, 1);
  g_atomic_ref_count_init (&disk->ref_count);
  disk->dir = g_strdup (self->cache_dir);
  return dex_scheduler_spawn (
    dex_thread_pool_scheduler_get_default (), 0, wipe_fiber, disk, (GDestroyNotify) disk_unref);
}

/* Spec: Client-Server API, “Matrix Content (mxc://) URIs”. */
static gboolean
read_mxc (const char *uri, char **server, char **media_id)
{
  const char *rest = g_str_has_prefix (uri, "mxc://") ? uri + strlen ("mxc://") : NULL;
  const char *slash = rest != NULL ? strchr (rest, '/') : NULL;

  if (slash == NULL || slash == rest || slash[1] == '\0' || strlen (rest) > 512 ||
      strspn (slash + 1, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") !=
        strlen (slash + 1))
    return FALSE;
  *server = g_strndup (rest, slash - rest);
  *media_id = g_strdup (slash + 1);
  return TRUE;
}

/**
 * confab_media_repository_load_thumbnail:
 * @self: a repository
 * @mxc_uri: from an event
 * @size: of the square, in px
 *
 * Spec: Client-Server API, `GET /_matrix/client/v1/media/thumbnail/{serverName}/{mediaId}`.
 *
 * Returns: (transfer full): a future that resolves to a GBytes (boxed)
 */
DexFuture *
confab_media_repository_load_thumbnail (ConfabMediaRepository *self,
                                        const char *mxc_uri,
                                        guint size)
{
  g_autofree char *server = NULL;
  g_autofree char *media_id = NULL;
  g_autofree char *name = NULL;
  g_autofree char *key = NULL;
  DexFuture *future;
  Load *load;

  dex_return_error_if_fail (CONFAB_IS_MEDIA_REPOSITORY (self));
  dex_return_error_if_fail (mxc_uri != NULL);

  if (!read_mxc (mxc_uri, &server, &media_id))
    return dex_future_new_reject (CONFAB_MATRIX_ERROR,
                                  CONFAB_MATRIX_ERROR_NOT_FOUND,
                                  "no mxc:// address");
  size = CLAMP (size, 16, MAX_PIXELS);
  name = g_strdup_printf ("%u %s", size, mxc_uri);
  key = g_compute_checksum_for_string (G_CHECKSUM_SHA256, name, -1);
  future = g_hash_table_lookup (self->running, key);
  if (future != NULL)
    return dex_ref (future);
  load = g_new (Load, 1);
  *load = (Load) {
    .repository = g_object_ref (self),
    .key = g_strdup (key),
    .server = g_steal_pointer (&server),
    .media_id = g_steal_pointer (&media_id),
    .size = size,
  };
  future = dex_scheduler_spawn (NULL, 0, load_fiber, load, (GDestroyNotify) load_free);
  g_hash_table_insert (self->running, g_steal_pointer (&key), dex_ref (future));
  return future;
}
