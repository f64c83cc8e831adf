/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-key-upload.h"

#include "confab-json.h"
#include "confab-matrix-error.h"
#include "confab-store-future.h"
#include "confab-sync-store.h"

#define UPLOAD_PATH "/_matrix/client/v3/keys/upload"
#define MAX_ROUNDS 3
#define OLD_FALLBACK_MS                                                                            \
  (60 * 60 * 1000) /* how long messages may still come that used the one before */
#define OLD_FALLBACK "old_fallback_until"

typedef struct {
  ConfabStore *store;
  ConfabHomeserver *homeserver;
  ConfabOlmVault *vault;
  gint64 n_on_server;
  gboolean fallback_used;
  gint64 now_ms;
  JsonObject *body; /* of the next request; NULL: nothing to do */
  gboolean with_device_keys;
} Upload;

static void
upload_free (gpointer data)
{
  Upload *upload = data;

  g_object_unref (upload->store);
  g_object_unref (upload->homeserver);
  confab_olm_vault_unref (upload->vault);
  g_clear_pointer (&upload->body, json_object_unref);
  g_free (upload);
}

static JsonObject *
sign_keys (Upload *upload, ConfabOlmAccount *account, GHashTable *keys, gboolean fallback)
{
  JsonObject *signed_keys = json_object_new ();
  GHashTableIter iter;
  gpointer id, key;

  g_hash_table_iter_init (&iter, keys);
  while (g_hash_table_iter_next (&iter, &id, &key)) {
    g_autofree char *name = g_strconcat ("signed_curve25519:", id, NULL);
    JsonObject *object = json_object_new ();
    json_object_set_string_member (object, "key", key);
    if (fallback)
      json_object_set_boolean_member (object, "fallback", TRUE);
    confab_signed_json_sign (object, account, upload->vault->user_id, upload->vault->device_id);
    json_object_set_object_member (signed_keys, name, object);
  }
  return signed_keys;
}

static void
make_body (Upload *upload, ConfabOlmAccount *account, gboolean shared)
{
  g_autoptr (GHashTable) one_time = confab_olm_account_dup_one_time_keys (account);
  g_autoptr (GHashTable) fallback = confab_olm_account_dup_fallback_key (account);

  g_clear_pointer (&upload->body, json_object_unref);
  upload->with_device_keys = !shared;
  if (shared && g_hash_table_size (one_time) == 0 && g_hash_table_size (fallback) == 0 &&
      upload->n_on_server >= 0)
    return;
  upload->body = json_object_new ();
  if (!shared)
    json_object_set_object_member (upload->body,
                                   "device_keys",
                                   confab_device_keys_make (account,
                                                            upload->vault->user_id,
                                                            upload->vault->device_id));
  if (g_hash_table_size (one_time) > 0)
    json_object_set_object_member (upload->body,
                                   "one_time_keys",
                                   sign_keys (upload, account, one_time, FALSE));
  if (g_hash_table_size (fallback) > 0)
    json_object_set_object_member (upload->body,
                                   "fallback_keys",
                                   sign_keys (upload, account, fallback, TRUE));
}

/* Spec: “One-time and fallback keys”: whoever gets hold of the private half of a key that many used reads what they
 * wrote; so it goes when all of that must have come. */
static gboolean
forget_fallback (Upload *upload,
                 ConfabStoreTransaction *transaction,
                 ConfabOlmAccount *account,
                 gboolean *changed,
                 GError **error)
{
  g_autofree char *text = NULL;
  gint64 until_ms;

  if (!confab_sync_store_get_meta (transaction, OLD_FALLBACK, &text, error))
    return FALSE;
  if (text == NULL)
    return TRUE;
  until_ms = g_ascii_strtoll (text, NULL, 10);
  /* A clock that was set back must not keep it for years. */
  if (upload->now_ms < until_ms && until_ms - upload->now_ms <= OLD_FALLBACK_MS)
    return TRUE;
  confab_olm_account_forget_old_fallback_key (account);
  *changed = TRUE;
  return confab_sync_store_set_meta (transaction, OLD_FALLBACK, NULL, error);
}

static gboolean
replace_fallback (Upload *upload,
                  ConfabStoreTransaction *transaction,
                  ConfabOlmAccount *account,
                  GError **error)
{
  g_autofree char *until_ms = g_strdup_printf ("%" G_GINT64_FORMAT,
                                               upload->now_ms + OLD_FALLBACK_MS);

  return confab_olm_account_generate_fallback_key (account, error) &&
         confab_sync_store_set_meta (transaction, OLD_FALLBACK, until_ms, error);
}

/* What is not marked as published goes out again first: a process before this one may have died between the
 * request and the mark, and the server takes the same key twice. */
static gboolean
generate (Upload *upload,
          ConfabStoreTransaction *transaction,
          ConfabOlmAccount *account,
          gboolean shared,
          gboolean *changed,
          GError **error)
{
  g_autoptr (GHashTable) unpublished = confab_olm_account_dup_one_time_keys (account);
  g_autoptr (GHashTable) fallback = confab_olm_account_dup_fallback_key (account);
  gint64 wanted = confab_olm_account_get_max_one_time_keys (account) / 2;
  gint64 n_missing = wanted - g_hash_table_size (unpublished) - MAX (upload->n_on_server, 0);
  gboolean need_fallback = (!shared || upload->fallback_used) && g_hash_table_size (fallback) == 0;

  if (upload->n_on_server < 0)
    n_missing =
      0; /* the reply will tell: more than are missing would push out keys that the server still holds */
  if (n_missing > 0 && !confab_olm_account_generate_one_time_keys (account, n_missing, error))
    return FALSE;
  if (need_fallback && !replace_fallback (upload, transaction, account, error))
    return FALSE;
  upload->fallback_used = FALSE;
  *changed = *changed || n_missing > 0 || need_fallback;
  return TRUE;
}

static gboolean
prepare_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Upload *upload = data;
  gboolean shared = FALSE;
  gboolean changed = FALSE;
  g_autoptr (ConfabOlmAccount) account = confab_olm_vault_load_account (upload->vault,
                                                             transaction,
                                                             &shared,
                                                             error);

  if (account == NULL || !forget_fallback (upload, transaction, account, &changed, error) ||
      !generate (upload, transaction, account, shared, &changed, error))
    return FALSE;
  if (changed &&
      !confab_olm_vault_save_account (upload->vault, transaction, account, shared, error))
    return FALSE;
  make_body (upload, account, shared);
  return TRUE;
}

static gboolean
published_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Upload *upload = data;
  gboolean shared = FALSE;
  g_autoptr (ConfabOlmAccount) account = confab_olm_vault_load_account (upload->vault,
                                                             transaction,
                                                             &shared,
                                                             error);

  if (account == NULL)
    return FALSE;
  confab_olm_account_mark_published (account);
  return confab_olm_vault_save_account (
    upload->vault, transaction, account, shared || upload->with_device_keys, error);
}

static gboolean
upload_once (Upload *upload, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (JsonObject) reply = NULL;

  reply = dex_await_boxed (confab_homeserver_send (upload->homeserver,
                                                   "POST",
                                                   UPLOAD_PATH,
                                                   upload->body,
                                                   0,
                                                   CONFAB_REQUEST_NONE),
                           &failure);
  if (reply == NULL &&
      (!g_error_matches (failure, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_FAILED) ||
       upload->with_device_keys)) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  /* The server has another key of that id: a store from a backup. Those keys are given up, the next get other ids. */
  if (reply == NULL)
    g_message ("the server refuses one-time keys, others will be made: %s", failure->message);
  upload->n_on_server = confab_json_peek_int (
    confab_json_peek_object (reply, "one_time_key_counts"), "signed_curve25519", 0);
  return dex_await (confab_store_future (upload->store, published_func, upload), error);
}

static DexFuture *
confab_key_upload_fiber (gpointer data)
{
  Upload *upload = data;
  GError *error = NULL;

  for (guint i = 0; i < MAX_ROUNDS; i++) {
    if (!dex_await (confab_store_future (upload->store, prepare_func, upload), &error))
      return dex_future_new_for_error (error);
    if (upload->body == NULL)
      break;
    if (!upload_once (upload, &error))
      return dex_future_new_for_error (error);
  }
  return dex_future_new_for_int64 (MAX (upload->n_on_server, 0));
}

DexFuture *
confab_key_upload (ConfabStore *store,
                   ConfabHomeserver *homeserver,
                   ConfabOlmVault *vault,
                   gint64 n_on_server,
                   gboolean fallback_used,
                   gint64 now_ms)
{
  Upload *upload = g_new0 (Upload, 1);

  upload->store = g_object_ref (store);
  upload->homeserver = g_object_ref (homeserver);
  upload->vault = confab_olm_vault_ref (vault);
  upload->n_on_server = n_on_server;
  upload->fallback_used = fallback_used;
  upload->now_ms = now_ms;
  return dex_scheduler_spawn (NULL, 0, confab_key_upload_fiber, upload, upload_free);
}
