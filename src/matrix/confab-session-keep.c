/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-session-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/random.h>

#include "confab-homeserver-private.h"
#include "confab-json.h"
#include "confab-olm-vault.h"
#include "confab-schema.h"
#include "confab-slice.h"
#include "confab-store-future.h"
#include "confab-sync-store.h"

/* What is kept of the account: who it is and where, in the store; tokens and the store's key, with the secrets. */

#define STORE_NAME "account.db"
#define PICKLE_KEY_SIZE 32

void
confab_session_meta_clear (ConfabSessionMeta *meta)
{
  g_free (meta->user_id);
  g_free (meta->device_id);
  g_free (meta->base_url);
  g_free (meta->display_name);
  g_free (meta->avatar_url);
}

static gboolean
read_meta_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  ConfabSessionMeta *meta = data;

  return confab_sync_store_get_meta (transaction, "user_id", &meta->user_id, error) &&
         confab_sync_store_get_meta (transaction, "device_id", &meta->device_id, error) &&
         confab_sync_store_get_meta (transaction, "base_url", &meta->base_url, error) &&
         confab_sync_store_get_meta (transaction, "display_name", &meta->display_name, error) &&
         confab_sync_store_get_meta (transaction, "avatar_url", &meta->avatar_url, error);
}

static gboolean
write_meta_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  ConfabSessionMeta *meta = data;

  return confab_sync_store_set_meta (transaction, "user_id", meta->user_id, error) &&
         confab_sync_store_set_meta (transaction, "device_id", meta->device_id, error) &&
         confab_sync_store_set_meta (transaction, "base_url", meta->base_url, error) &&
         /* A server that let somebody sign in again may have thrown the device's keys away meanwhile. */
         confab_olm_vault_share_again (transaction, error);
}

static gboolean
write_profile_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  ConfabSessionMeta *meta = data;

  return confab_sync_store_set_meta (transaction, "display_name", meta->display_name, error) &&
         confab_sync_store_set_meta (transaction, "avatar_url", meta->avatar_url, error);
}

static char *
get_store_path (ConfabSession *self)
{
  return g_build_filename (self->data_dir, STORE_NAME, NULL);
}

char *
confab_session_dup_account (const char *user_id, const char *device_id)
{
  return g_strdup_printf ("%s %s", user_id, device_id);
}

/* Opening and closing is work for a disk, and another thread's. */
typedef struct {
  const char *dir;
  char *path;
  gboolean wipe;
  ConfabStore *store;
  GError *error;
} Disk;

static DexFuture *
open_fiber (gpointer data)
{
  Disk *disk = data;

  if (g_mkdir_with_parents (disk->dir, 0700) == 0) {
    disk->store = confab_store_new (disk->path, confab_schema_migrations, &disk->error);
  } else {
    int saved_errno = errno;
    g_set_error (&disk->error,
                 CONFAB_STORE_ERROR,
                 CONFAB_STORE_ERROR_FAILED,
                 "%s: %s",
                 disk->dir,
                 g_strerror (saved_errno));
  }
  return dex_future_new_true ();
}

gboolean
confab_session_await_store (ConfabSession *self, GError **error)
{
  g_autofree char *path = get_store_path (self);
  Disk disk = { .dir = self->data_dir, .path = path };

  if (self->store != NULL)
    return TRUE;
  dex_await (confab_thread_run (open_fiber, &disk), NULL);
  if (disk.error != NULL)
    g_propagate_error (error, disk.error);
  self->store = disk.store;
  return self->store != NULL;
}

static DexFuture *
close_fiber (gpointer data)
{
  static const char *const suffixes[] = { "", "-wal", "-shm" };
  Disk *disk = data;

  if (disk->store != NULL)
    confab_store_close (disk->store);
  for (guint i = 0; disk->wipe && i < G_N_ELEMENTS (suffixes); i++) {
    g_autofree char *file = g_strconcat (disk->path, suffixes[i], NULL);
    if (g_unlink (file) != 0 && errno != ENOENT)
      g_warning ("%s: cannot be removed: %s", file, g_strerror (errno));
  }
  return dex_future_new_true ();
}

static void
await_closed (ConfabSession *self, gboolean wipe)
{
  g_autofree char *path = get_store_path (self);
  g_autoptr (ConfabStore) store = g_steal_pointer (&self->store);
  Disk disk = { .path = path, .wipe = wipe, .store = store };

  if (store != NULL || wipe)
    dex_await (confab_thread_run (close_fiber, &disk), NULL);
}

void
confab_session_await_store_closed (ConfabSession *self)
{
  await_closed (self, FALSE);
}

void
confab_session_await_store_wiped (ConfabSession *self)
{
  await_closed (self, TRUE);
}

static void
wipe_pickle_key (gpointer key)
{
  explicit_bzero (key, PICKLE_KEY_SIZE);
  g_free (key);
}

static void
take_pickle_key (ConfabSession *self, const guint8 *key)
{
  guint8 *copy = g_memdup2 (key, PICKLE_KEY_SIZE);

  g_clear_pointer (&self->pickle_key, g_bytes_unref);
  self->pickle_key = g_bytes_new_with_free_func (copy, PICKLE_KEY_SIZE, wipe_pickle_key, copy);
}

/* The secrets of one account as one small JSON text. */
static ConfabSecret *
secrets_to_text (ConfabSession *self, const char *access_token, const char *refresh_token)
{
  g_autoptr (JsonObject) object = json_object_new ();
  gsize size;
  const guint8 *key = g_bytes_get_data (self->pickle_key, &size);
  g_autoptr (ConfabSecret) key_text = g_base64_encode (key, size);

  json_object_set_string_member (object, "access_token", access_token);
  if (refresh_token != NULL)
    json_object_set_string_member (object, "refresh_token", refresh_token);
  json_object_set_string_member (object, "pickle_key", key_text);
  return confab_json_to_string (object);
}

gboolean
confab_session_read_secrets (ConfabSession *self, const char *text, GError **error)
{
  g_autoptr (JsonObject) object = confab_json_parse_object (text, -1, error);
  const char *access_token = NULL;
  const char *key_text = NULL;
  g_autofree guchar *key = NULL;
  gsize size;

  if (object == NULL || !confab_json_get_string (object, "access_token", &access_token, error) ||
      !confab_json_get_string (object, "pickle_key", &key_text, error))
    return FALSE;
  key = g_base64_decode (key_text, &size);
  if (size != PICKLE_KEY_SIZE) {
    g_set_error_literal (error,
                         CONFAB_JSON_ERROR,
                         CONFAB_JSON_ERROR_WRONG_TYPE,
                         "the kept key has a wrong length");
    return FALSE;
  }
  take_pickle_key (self, key);
  explicit_bzero (key, size);
  confab_homeserver_set_tokens (self->homeserver,
                                access_token,
                                confab_json_peek_string (object, "refresh_token"),
                                0);
  return TRUE;
}

DexFuture *
confab_session_keep_secrets (ConfabSession *self,
                             const char *access_token,
                             const char *refresh_token)
{
  g_autofree char *account = confab_session_dup_account (self->user_id, self->device_id);
  g_autoptr (ConfabSecret) text = secrets_to_text (self, access_token, refresh_token);

  return confab_secrets_store (self->secrets, account, text);
}

static DexFuture *
kept_cb (DexFuture *future, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (dex_future_get_value (future, &error) == NULL)
    confab_session_warn (CONFAB_SESSION (data), "store", error->message);
  return dex_future_new_true ();
}

DexFuture *
confab_session_keep_tokens (const char *access_token, const char *refresh_token, gpointer data)
{
  ConfabSession *self = CONFAB_SESSION (data);

  dex_clear (&self->keeping);
  self->keeping = confab_shield (
    dex_future_finally (confab_session_keep_secrets (self, access_token, refresh_token),
                        kept_cb,
                        g_object_ref (self),
                        g_object_unref));
  return dex_ref (self->keeping);
}

gboolean
confab_session_make_pickle_key (ConfabSession *self, GError **error)
{
  guint8 key[PICKLE_KEY_SIZE];

  if (getrandom (key, sizeof key, 0) != sizeof key) {
    g_set_error_literal (error,
                         CONFAB_MATRIX_ERROR,
                         CONFAB_MATRIX_ERROR_FAILED,
                         "the system gives no random bytes");
    return FALSE;
  }
  take_pickle_key (self, key);
  explicit_bzero (key, sizeof key);
  return TRUE;
}

gboolean
confab_session_has_store (ConfabSession *self)
{
  g_autofree char *path = get_store_path (self);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

gboolean
confab_session_await_meta (ConfabSession *self, ConfabSessionMeta *meta, GError **error)
{
  return dex_await (confab_store_future (self->store, read_meta_func, meta), error);
}

gboolean
confab_session_await_meta_kept (ConfabSession *self, GError **error)
{
  ConfabSessionMeta meta = {
    .user_id = self->user_id,
    .device_id = self->device_id,
    .base_url = (char *) confab_homeserver_get_base_url (self->homeserver),
  };

  return dex_await (confab_store_future (self->store, write_meta_func, &meta), error);
}

gboolean
confab_session_await_profile_kept (ConfabSession *self, GError **error)
{
  g_auto (ConfabSessionMeta) meta = {
    .display_name = g_strdup (self->display_name),
    .avatar_url = g_strdup (self->avatar_url),
  };

  return dex_await (confab_store_future (self->store, write_profile_func, &meta), error);
}
