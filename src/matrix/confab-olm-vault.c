/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-olm-vault-private.h"

#include "confab-json.h"
#include "confab-secret.h"

#include <string.h>

#define MAX_SESSIONS 8 /* of one device; the oldest go */

ConfabOlmVault *
confab_olm_vault_new (const char *user_id, const char *device_id, GBytes *pickle_key)
{
  ConfabOlmVault *self = g_new0 (ConfabOlmVault, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->user_id = g_strdup (user_id);
  self->device_id = g_strdup (device_id);
  self->pickle_key = g_bytes_ref (pickle_key);
  return self;
}

ConfabOlmVault *
confab_olm_vault_ref (ConfabOlmVault *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/* The pickle key's bytes are whoever made them to wipe: it shares them. */
void
confab_olm_vault_unref (ConfabOlmVault *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->user_id);
  g_free (self->device_id);
  g_bytes_unref (self->pickle_key);
  g_free (self);
}

typedef struct {
  GBytes *pickle;
  gboolean shared;
} AccountRow;

static gboolean
account_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  AccountRow *account = data;

  account->pickle = confab_store_row_get_bytes (row, 0);
  account->shared = confab_store_row_get_int (row, 1) != 0;
  return TRUE;
}

ConfabOlmAccount *
confab_olm_vault_load_account (ConfabOlmVault *self,
                               ConfabStoreTransaction *transaction,
                               gboolean *shared,
                               GError **error)
{
  AccountRow row = { NULL, FALSE };
  g_autoptr (GBytes) pickle = NULL;
  g_autoptr (ConfabOlmAccount) account = NULL;

  if (!confab_store_query (transaction,
                           account_row_cb,
                           &row,
                           error,
                           "SELECT pickle, shared FROM olm_account WHERE id = 1",
                           NULL))
    return NULL;
  pickle = row.pickle;
  if (shared != NULL)
    *shared = row.shared;
  if (pickle != NULL)
    return confab_olm_account_unpickle (pickle, self->pickle_key, error);
  account = confab_olm_account_new (error);
  if (account == NULL || !confab_olm_vault_save_account (self, transaction, account, FALSE, error))
    return NULL;
  return g_steal_pointer (&account);
}

gboolean
confab_olm_vault_save_account (ConfabOlmVault *self,
                               ConfabStoreTransaction *transaction,
                               ConfabOlmAccount *account,
                               gboolean shared,
                               GError **error)
{
  g_autoptr (GBytes) pickle = confab_olm_account_pickle (account, self->pickle_key, error);

  return pickle != NULL &&
         confab_store_exec (transaction,
                            error,
                            "INSERT INTO olm_account (id, pickle, shared) VALUES (1, ?, ?) "
                            "ON CONFLICT (id) DO UPDATE SET pickle = excluded.pickle, "
                            "shared = max (shared, excluded.shared)",
                            "bi",
                            pickle,
                            (gint64) shared);
}

gboolean
confab_olm_vault_share_again (ConfabStoreTransaction *transaction, GError **error)
{
  return confab_store_exec (transaction, error, "UPDATE olm_account SET shared = 0", NULL);
}

gboolean
confab_olm_vault_has_session (ConfabStoreTransaction *transaction,
                              const char *curve25519,
                              gboolean *has,
                              GError **error)
{
  gint64 n = 0;

  if (!confab_store_query (transaction,
                           confab_store_row_take_int,
                           &n,
                           error,
                           "SELECT count (*) FROM olm_sessions WHERE sender_key = ?",
                           "s",
                           curve25519))
    return FALSE;
  *has = n > 0;
  return TRUE;
}

static gboolean
write_session (ConfabOlmVault *self,
               ConfabStoreTransaction *transaction,
               const char *curve25519,
               ConfabOlmSession *session,
               GError **error)
{
  g_autoptr (GBytes) pickle = confab_olm_session_pickle (session, self->pickle_key, error);

  return pickle != NULL &&
         confab_store_exec (transaction,
                            error,
                            "INSERT INTO olm_sessions (sender_key, session_id, pickle, last_used) "
                            "VALUES (?, ?, ?, 0) ON CONFLICT (sender_key, session_id) "
                            "DO UPDATE SET pickle = excluded.pickle",
                            "ssb",
                            curve25519,
                            confab_olm_session_get_id (session),
                            pickle);
}

gboolean
confab_olm_vault_write_newest_session (ConfabOlmVault *self,
                                       ConfabStoreTransaction *transaction,
                                       const char *curve25519,
                                       ConfabOlmSession *session,
                                       gint64 now_ms,
                                       GError **error)
{
  gint64 newest = 0;

  return write_session (self, transaction, curve25519, session, error) &&
         confab_store_query (transaction,
                             confab_store_row_take_int,
                             &newest,
                             error,
                             "SELECT max (last_used) FROM olm_sessions WHERE sender_key = ?",
                             "s",
                             curve25519) &&
         confab_store_exec (transaction,
                            error,
                            "UPDATE olm_sessions SET last_used = ?, "
                            "created_at = CASE WHEN created_at = 0 THEN ? ELSE created_at END "
                            "WHERE sender_key = ? AND session_id = ?",
                            "iiss",
                            MAX (now_ms, newest + 1),
                            now_ms,
                            curve25519,
                            confab_olm_session_get_id (session)) &&
         confab_store_exec (transaction,
                            error,
                            "DELETE FROM olm_sessions WHERE sender_key = ? AND session_id NOT IN "
                            "(SELECT session_id FROM olm_sessions WHERE sender_key = ? "
                            "ORDER BY last_used DESC LIMIT ?)",
                            "ssi",
                            curve25519,
                            curve25519,
                            (gint64) MAX_SESSIONS);
}

typedef struct {
  GBytes *pickle_key;
  GPtrArray *sessions;
  GPtrArray *damaged; /* their ids */
} Reading;

static gboolean
session_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  Reading *reading = data;
  g_autoptr (GBytes) pickle = confab_store_row_get_bytes (row, 1);
  ConfabOlmSession *session = confab_olm_session_unpickle (pickle, reading->pickle_key, NULL);

  if (session != NULL)
    g_ptr_array_add (reading->sessions, session);
  else
    g_ptr_array_add (reading->damaged, g_strdup (confab_store_row_get_string (row, 0)));
  return TRUE;
}

gboolean
confab_olm_vault_read_sessions (ConfabOlmVault *self,
                                ConfabStoreTransaction *transaction,
                                const char *curve25519,
                                GPtrArray *sessions,
                                GError **error)
{
  g_autoptr (GPtrArray) damaged = g_ptr_array_new_with_free_func (g_free);
  Reading reading = { self->pickle_key, sessions, damaged };

  if (!confab_store_query (transaction,
                           session_row_cb,
                           &reading,
                           error,
                           "SELECT session_id, pickle FROM olm_sessions WHERE sender_key = ? "
                           "ORDER BY last_used DESC",
                           "s",
                           curve25519))
    return FALSE;
  for (guint i = 0; i < damaged->len; i++) {
    g_info ("a session with %s is damaged: it is lost", curve25519);
    if (!confab_store_exec (transaction,
                            error,
                            "DELETE FROM olm_sessions WHERE sender_key = ? AND session_id = ?",
                            "ss",
                            curve25519,
                            damaged->pdata[i]))
      return FALSE;
  }
  return TRUE;
}

/* ---- sending ---- */

gboolean
confab_olm_vault_begin_session (ConfabOlmVault *self,
                                ConfabStoreTransaction *transaction,
                                const ConfabDeviceKeys *keys,
                                JsonObject *signed_key,
                                gint64 now_ms,
                                GError **error)
{
  g_autoptr (ConfabOlmAccount) account = NULL;
  g_autoptr (ConfabOlmSession) session = NULL;

  if (!confab_signed_json_verify (signed_key, keys->user_id, keys->device_id, keys->ed25519, error))
    return FALSE;
  account = confab_olm_vault_load_account (self, transaction, NULL, error);
  if (account == NULL)
    return FALSE;
  session = confab_olm_account_create_outbound (account,
                                                keys->curve25519,
                                                confab_json_peek_string (signed_key, "key"),
                                                error);
  return session != NULL && confab_olm_vault_write_newest_session (
                              self, transaction, keys->curve25519, session, now_ms, error);
}

static JsonObject *
key_object (const char *ed25519)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "ed25519", ed25519);
  return object;
}

static char *
make_payload (ConfabOlmVault *self,
              ConfabOlmAccount *account,
              const ConfabDeviceKeys *to,
              const char *type,
              JsonObject *content)
{
  g_autoptr (JsonObject) payload = json_object_new ();

  json_object_set_string_member (payload, "type", type);
  json_object_set_object_member (payload, "content", json_object_ref (content));
  json_object_set_string_member (payload, "sender", self->user_id);
  json_object_set_string_member (payload, "recipient", to->user_id);
  json_object_set_object_member (payload,
                                 "keys",
                                 key_object (confab_olm_account_get_ed25519 (account)));
  json_object_set_object_member (payload, "recipient_keys", key_object (to->ed25519));
  /* For receivers that do not follow our devices; spec v1.15. Only by this name: clients on matrix-rust-sdk take it
   * and its older one, MSC4147's, for the same field, and refuse a payload that has it twice. */
  json_object_set_object_member (payload,
                                 "sender_device_keys",
                                 confab_device_keys_make (account, self->user_id, self->device_id));
  return confab_json_to_string (payload);
}

static char *
make_envelope (ConfabOlmAccount *account,
               const ConfabDeviceKeys *to,
               ConfabOlmMessageType type,
               const char *body)
{
  g_autoptr (JsonObject) envelope = json_object_new ();
  JsonObject *ciphertext = json_object_new ();
  JsonObject *message = json_object_new ();

  json_object_set_int_member (message, "type", type);
  json_object_set_string_member (message, "body", body);
  json_object_set_object_member (ciphertext, to->curve25519, message);
  json_object_set_string_member (envelope, "algorithm", "m.olm.v1.curve25519-aes-sha2");
  json_object_set_string_member (envelope,
                                 "sender_key",
                                 confab_olm_account_get_curve25519 (account));
  json_object_set_object_member (envelope, "ciphertext", ciphertext);
  return confab_json_to_string (envelope);
}

gboolean
confab_olm_vault_encrypt (ConfabOlmVault *self,
                          ConfabStoreTransaction *transaction,
                          const ConfabDeviceKeys *keys,
                          const char *type,
                          JsonObject *content,
                          char **wire,
                          GError **error)
{
  g_autoptr (GPtrArray) sessions = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (ConfabOlmAccount) account = NULL;
  ConfabOlmSession *session;
  g_autoptr (ConfabSecret) payload = NULL; /* it may be a key */
  g_autofree char *body = NULL;
  ConfabOlmMessageType message_type;

  *wire = NULL;
  if (!confab_olm_vault_read_sessions (self, transaction, keys->curve25519, sessions, error))
    return FALSE;
  if (sessions->len == 0)
    return TRUE;
  account = confab_olm_vault_load_account (self, transaction, NULL, error);
  if (account == NULL)
    return FALSE;
  session = sessions->pdata[0];
  payload = make_payload (self, account, keys, type, content);
  body = confab_olm_session_encrypt (session, payload, &message_type, error);
  if (body == NULL || !write_session (self, transaction, keys->curve25519, session, error))
    return FALSE;
  *wire = make_envelope (account, keys, message_type, body);
  return TRUE;
}
