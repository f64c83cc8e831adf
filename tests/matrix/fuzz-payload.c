/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-json.h"
#include "confab-olm-account.h"
#include "confab-olm-vault.h"
#include "confab-schema.h"
#include "confab-sync-batch.h"

/* What a device that we know says through Olm: it is encrypted here, and read as if it had come. The first line is the
 * type, the rest the content, in an envelope that is as it should be; without a first line all of it is the payload. */

#define OLM "m.olm.v1.curve25519-aes-sha2"

static ConfabStore *store;
static ConfabOlmVault *vault;
static ConfabOlmAccount *bob;
static char *our_curve25519;
static char *our_ed25519;
static char *one_time_key;

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static gboolean
prepare_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  g_autoptr (ConfabOlmAccount) account = confab_olm_vault_load_account (vault, transaction, NULL, error);
  g_autoptr (GHashTable) keys = NULL;
  GHashTableIter iter;
  gpointer key = NULL;

  if (account == NULL || !confab_olm_account_generate_one_time_keys (account, 1, error))
    return FALSE;
  keys = confab_olm_account_dup_one_time_keys (account);
  g_hash_table_iter_init (&iter, keys);
  g_hash_table_iter_next (&iter, NULL, &key);
  one_time_key = g_strdup (key);
  confab_olm_account_mark_published (account);
  our_curve25519 = g_strdup (confab_olm_account_get_curve25519 (account));
  our_ed25519 = g_strdup (confab_olm_account_get_ed25519 (account));
  return confab_olm_vault_save_account (vault, transaction, account, TRUE, error) &&
         confab_store_exec (transaction,
                            error,
                            "INSERT INTO devices (user_id, device_id, curve25519, ed25519, json) "
                            "VALUES ('@b:x', 'DEV', ?, ?, '{}')",
                            "ss",
                            confab_olm_account_get_curve25519 (bob),
                            confab_olm_account_get_ed25519 (bob));
}

static char *
seal (const guint8 *data, gsize size)
{
  const guint8 *end = size > 0 ? memchr (data, '\n', size) : NULL;
  g_autoptr (JsonObject) payload = NULL;
  g_autoptr (JsonObject) content = NULL;
  g_autofree char *type = NULL;
  JsonObject *keys;

  if (end == NULL)
    return g_strndup ((const char *) data, size);
  type = g_utf8_make_valid ((const char *) data, end - data);
  content = confab_json_parse_object ((const char *) end + 1,
                                      (gssize) size - (end - data) - 1,
                                      NULL);
  if (content == NULL)
    return NULL;
  payload = json_object_new ();
  json_object_set_string_member (payload, "type", type);
  json_object_set_object_member (payload, "content", json_object_ref (content));
  json_object_set_string_member (payload, "sender", "@b:x");
  json_object_set_string_member (payload, "sender_device", "DEV");
  json_object_set_string_member (payload, "recipient", "@me:x");
  keys = json_object_new ();
  json_object_set_string_member (keys, "ed25519", our_ed25519);
  json_object_set_object_member (payload, "recipient_keys", keys);
  keys = json_object_new ();
  json_object_set_string_member (keys, "ed25519", confab_olm_account_get_ed25519 (bob));
  json_object_set_object_member (payload, "keys", keys);
  return confab_json_to_string (payload);
}

static JsonObject *
encrypt (const char *text)
{
  g_autoptr (ConfabOlmSession) session = NULL;
  g_autofree char *message = NULL;
  g_autoptr (JsonObject) content = json_object_new ();
  JsonObject *ciphertexts = json_object_new ();
  JsonObject *ciphertext = json_object_new ();
  ConfabOlmMessageType type;

  session = confab_olm_account_create_outbound (bob, our_curve25519, one_time_key, NULL);
  message = confab_olm_session_encrypt (session, text, &type, NULL);
  json_object_set_int_member (ciphertext, "type", type);
  json_object_set_string_member (ciphertext, "body", message);
  json_object_set_object_member (ciphertexts, our_curve25519, ciphertext);
  json_object_set_string_member (content, "algorithm", OLM);
  json_object_set_string_member (content, "sender_key", confab_olm_account_get_curve25519 (bob));
  json_object_set_object_member (content, "ciphertext", ciphertexts);
  return g_steal_pointer (&content);
}

static gboolean
receive_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  const ConfabSyncEvent *event = data;
  g_autoptr (ConfabOlmNews) news = confab_olm_news_new ();

  /* Whatever comes, it is no failure of the store: that would end the account. And it is always decrypted. */
  if (!confab_olm_vault_receive (vault, transaction, event, 1000, news, NULL))
    g_assert_not_reached ();
  g_assert_cmpuint (news->undecrypted->len, ==, 0);
  g_set_error_literal (error,
                       G_IO_ERROR,
                       G_IO_ERROR_CANCELLED,
                       "each run begins with the same store");
  return FALSE;
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  g_autoptr (GBytes) pickle_key = g_bytes_new_static ("0123456789abcdef0123456789abcdef", 32);

  bob = confab_olm_account_new (NULL);
  store = confab_store_new (NULL, confab_schema_migrations, NULL);
  vault = confab_olm_vault_new ("@me:x", "ME", pickle_key);
  return confab_store_run (store, prepare_func, NULL, NULL) ? 0 : 1;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = seal (data, size);
  g_autoptr (JsonObject) reply = NULL;
  g_autoptr (JsonArray) events = NULL;
  g_autoptr (ConfabSyncBatch) batch = NULL;
  JsonObject *event;
  JsonObject *to_device;

  if (text == NULL)
    return 0;
  event = json_object_new ();
  json_object_set_string_member (event, "type", "m.room.encrypted");
  json_object_set_string_member (event, "sender", "@b:x");
  json_object_set_object_member (event, "content", encrypt (text));
  events = json_array_new ();
  json_array_add_object_element (events, event);
  to_device = json_object_new ();
  json_object_set_array_member (to_device, "events", json_array_ref (events));
  reply = json_object_new ();
  json_object_set_string_member (reply, "next_batch", "s1");
  json_object_set_object_member (reply, "to_device", to_device);
  batch = confab_sync_batch_new_from_v3 (reply, NULL);
  g_assert_cmpuint (batch->to_device->len, ==, 1);
  confab_store_run (store, receive_func, batch->to_device->pdata[0], NULL);
  return 0;
}
