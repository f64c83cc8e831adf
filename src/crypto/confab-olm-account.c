/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-crypto"

#include "config.h"

#include "confab-olm-account.h"

#include "confab-json.h"
#include "confab-olm-message-private.h"
#include "confab-olm-session-private.h"
#include "confab-olm-util-private.h"

#include <string.h>

struct _ConfabOlmAccount {
  GObject parent_instance;

  gpointer memory; /* what olm lives in */
  OlmAccount *olm;
  char *curve25519;
  char *ed25519;
};

G_DEFINE_FINAL_TYPE (ConfabOlmAccount, confab_olm_account, G_TYPE_OBJECT)

static void
confab_olm_account_finalize (GObject *object)
{
  ConfabOlmAccount *self = CONFAB_OLM_ACCOUNT (object);

  olm_clear_account (self->olm);
  confab_olm_wipe_free (self->memory, olm_account_size ());
  g_free (self->curve25519);
  g_free (self->ed25519);
  G_OBJECT_CLASS (confab_olm_account_parent_class)->finalize (object);
}

static void
confab_olm_account_class_init (ConfabOlmAccountClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_olm_account_finalize;
}

static void
confab_olm_account_init (ConfabOlmAccount *self)
{
  self->memory = g_malloc0 (olm_account_size ());
  self->olm = olm_account (self->memory);
}

static gboolean
fail (ConfabOlmAccount *self, const char *what, GError **error)
{
  return confab_olm_fail (olm_account_last_error_code (self->olm), what, error);
}

/* libolm hands out key lists as JSON. */
static gboolean
read_identity_keys (ConfabOlmAccount *self, GError **error)
{
  size_t length = olm_account_identity_keys_length (self->olm);
  g_autofree char *text = g_malloc0 (length + 1);
  g_autoptr (JsonObject) keys = NULL;
  const char *curve25519, *ed25519;

  if (olm_account_identity_keys (self->olm, text, length) == olm_error ())
    return fail (self, "identity keys", error);
  keys = confab_json_parse_object (text, -1, error);
  if (keys == NULL || !confab_json_get_string (keys, "curve25519", &curve25519, error) ||
      !confab_json_get_string (keys, "ed25519", &ed25519, error))
    return FALSE;
  self->curve25519 = g_strdup (curve25519);
  self->ed25519 = g_strdup (ed25519);
  return TRUE;
}

/**
 * confab_olm_account_new:
 * @error: a #ConfabCryptoError
 *
 * Returns: (transfer full): new identity keys
 */
ConfabOlmAccount *
confab_olm_account_new (GError **error)
{
  g_autoptr (ConfabOlmAccount) self = g_object_new (CONFAB_TYPE_OLM_ACCOUNT, NULL);
  size_t length = olm_create_account_random_length (self->olm);
  gpointer random = confab_olm_random (length);
  gboolean ok = olm_create_account (self->olm, random, length) != olm_error ();

  confab_olm_wipe_free (random, length);
  if (!ok) {
    fail (self, "new account", error);
    return NULL;
  }
  if (!read_identity_keys (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * confab_olm_account_unpickle:
 * @pickle: from confab_olm_account_pickle()
 * @pickle_key: 32 bytes
 * @error: #CONFAB_CRYPTO_ERROR_BAD_PICKLE
 *
 * Returns: (transfer full): the account
 */
ConfabOlmAccount *
confab_olm_account_unpickle (GBytes *pickle, GBytes *pickle_key, GError **error)
{
  g_autoptr (ConfabOlmAccount) self = NULL;
  g_autofree gpointer copy = NULL;
  gsize length;

  g_return_val_if_fail (pickle != NULL, NULL);

  if (!confab_olm_check_pickle_key (pickle_key, error))
    return NULL;
  length = g_bytes_get_size (pickle);
  copy = g_memdup2 (g_bytes_get_data (pickle, NULL), length);
  self = g_object_new (CONFAB_TYPE_OLM_ACCOUNT, NULL);
  if (copy == NULL || olm_unpickle_account (self->olm,
                                            g_bytes_get_data (pickle_key, NULL),
                                            CONFAB_OLM_PICKLE_KEY_SIZE,
                                            copy,
                                            length) == olm_error ()) {
    confab_olm_fail (copy != NULL ? olm_account_last_error_code (self->olm) : OLM_CORRUPTED_PICKLE,
                     "account",
                     error);
    return NULL;
  }
  if (!read_identity_keys (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * confab_olm_account_pickle:
 * @self: an account
 * @pickle_key: 32 bytes
 * @error: #CONFAB_CRYPTO_ERROR_BAD_PICKLE if @pickle_key is none
 *
 * Returns: (transfer full): all of its keys, encrypted with @pickle_key
 */
GBytes *
confab_olm_account_pickle (ConfabOlmAccount *self, GBytes *pickle_key, GError **error)
{
  size_t length;
  g_autofree gpointer pickle = NULL;

  g_return_val_if_fail (CONFAB_IS_OLM_ACCOUNT (self), NULL);

  if (!confab_olm_check_pickle_key (pickle_key, error))
    return NULL;
  length = olm_pickle_account_length (self->olm);
  pickle = g_malloc0 (length);
  if (olm_pickle_account (self->olm,
                          g_bytes_get_data (pickle_key, NULL),
                          CONFAB_OLM_PICKLE_KEY_SIZE,
                          pickle,
                          length) == olm_error ()) {
    fail (self, "account", error);
    return NULL;
  }
  return g_bytes_new_take (g_steal_pointer (&pickle), length);
}

/**
 * confab_olm_account_get_curve25519:
 * @self: an account
 *
 * Returns: the public identity key, unpadded base64
 */
const char *
confab_olm_account_get_curve25519 (ConfabOlmAccount *self)
{
  g_return_val_if_fail (CONFAB_IS_OLM_ACCOUNT (self), NULL);

  return self->curve25519;
}

/**
 * confab_olm_account_get_ed25519:
 * @self: an account
 *
 * Returns: the public signing key (the fingerprint), unpadded base64
 */
const char *
confab_olm_account_get_ed25519 (ConfabOlmAccount *self)
{
  g_return_val_if_fail (CONFAB_IS_OLM_ACCOUNT (self), NULL);

  return self->ed25519;
}

/**
 * confab_olm_account_sign:
 * @self: an account
 * @message: canonical JSON
 *
 * Returns: (transfer full): the signature, unpadded base64
 */
char *
confab_olm_account_sign (ConfabOlmAccount *self, const char *message)
{
  size_t length;
  char *signature;

  g_return_val_if_fail (CONFAB_IS_OLM_ACCOUNT (self), NULL);
  g_return_val_if_fail (message != NULL, NULL);

  length = olm_account_signature_length (self->olm);
  signature = g_malloc0 (length + 1);
  /* It fails only for a buffer that is too small. */
  if (olm_account_sign (self->olm, message, strlen (message), signature, length) == olm_error ())
    g_assert_not_reached ();
  return signature;
}

/**
 * confab_olm_account_get_max_one_time_keys:
 * @self: an account
 *
 * Returns: how many one-time keys it can hold; a server should hold half as many, since those that others
 *   claimed must stay until their messages come
 */
guint
confab_olm_account_get_max_one_time_keys (ConfabOlmAccount *self)
{
  g_return_val_if_fail (CONFAB_IS_OLM_ACCOUNT (self), 0);

  return olm_account_max_number_of_one_time_keys (self->olm);
}

/**
 * confab_olm_account_generate_one_time_keys:
 * @self: an account
 * @n: how many; the oldest are thrown away when there are more than it can hold
 * @error: a #ConfabCryptoError
 *
 * Returns: whether there are @n more
 */
gboolean
confab_olm_account_generate_one_time_keys (ConfabOlmAccount *self, guint n, GError **error)
{
  size_t length;
  gpointer random;
  gboolean ok;

  g_return_val_if_fail (CONFAB_IS_OLM_ACCOUNT (self), FALSE);

  n = MIN (n, confab_olm_account_get_max_one_time_keys (self));
  length = olm_account_generate_one_time_keys_random_length (self->olm, n);
  random = confab_olm_random (length);
  ok = olm_account_generate_one_time_keys (self->olm, n, random, length) != olm_error ();
  confab_olm_wipe_free (random, length);
  return ok || fail (self, "one-time keys", error);
}

static GHashTable *
read_curve25519_keys (const char *text)
{
  GHashTable *keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (JsonObject) object = confab_json_parse_object (text, -1, NULL);
  JsonObject *list = confab_json_peek_object (object, "curve25519");
  JsonObjectIter iter;
  const char *id;
  JsonNode *node;

  if (list == NULL)
    return keys;
  json_object_iter_init (&iter, list);
  while (json_object_iter_next (&iter, &id, &node))
    g_hash_table_insert (keys, g_strdup (id), g_strdup (confab_json_peek_string (list, id)));
  return keys;
}

/**
 * confab_olm_account_dup_one_time_keys:
 * @self: an account
 *
 * Returns: (transfer full) (element-type utf8 utf8): key id → public key of those not marked as published
 */
GHashTable *
confab_olm_account_dup_one_time_keys (ConfabOlmAccount *self)
{
  size_t length;
  g_autofree char *text = NULL;

  g_return_val_if_fail (CONFAB_IS_OLM_ACCOUNT (self), NULL);

  length = olm_account_one_time_keys_length (self->olm);
  text = g_malloc0 (length + 1);
  if (olm_account_one_time_keys (self->olm, text, length) == olm_error ())
    g_assert_not_reached ();
  return read_curve25519_keys (text);
}

/**
 * confab_olm_account_generate_fallback_key:
 * @self: an account
 * @error: a #ConfabCryptoError
 *
 * The one before it still works, the one before that is gone.
 *
 * Returns: whether there is a new one
 */
gboolean
confab_olm_account_generate_fallback_key (ConfabOlmAccount *self, GError **error)
{
  size_t length;
  gpointer random;
  gboolean ok;

  g_return_val_if_fail (CONFAB_IS_OLM_ACCOUNT (self), FALSE);

  length = olm_account_generate_fallback_key_random_length (self->olm);
  random = confab_olm_random (length);
  ok = olm_account_generate_fallback_key (self->olm, random, length) != olm_error ();
  confab_olm_wipe_free (random, length);
  return ok || fail (self, "fallback key", error);
}

/**
 * confab_olm_account_dup_fallback_key:
 * @self: an account
 *
 * Returns: (transfer full) (element-type utf8 utf8): key id → public key; empty when it is published, or none
 */
GHashTable *
confab_olm_account_dup_fallback_key (ConfabOlmAccount *self)
{
  size_t length;
  g_autofree char *text = NULL;

  g_return_val_if_fail (CONFAB_IS_OLM_ACCOUNT (self), NULL);

  length = olm_account_unpublished_fallback_key_length (self->olm);
  text = g_malloc0 (length + 1);
  if (olm_account_unpublished_fallback_key (self->olm, text, length) == olm_error ())
    g_assert_not_reached ();
  return read_curve25519_keys (text);
}

void
confab_olm_account_forget_old_fallback_key (ConfabOlmAccount *self)
{
  g_return_if_fail (CONFAB_IS_OLM_ACCOUNT (self));

  olm_account_forget_old_fallback_key (self->olm);
}

/**
 * confab_olm_account_mark_published:
 * @self: an account
 *
 * The server has the one-time keys and the fallback key: they are handed out no more.
 */
void
confab_olm_account_mark_published (ConfabOlmAccount *self)
{
  g_return_if_fail (CONFAB_IS_OLM_ACCOUNT (self));

  olm_account_mark_keys_as_published (self->olm);
}

/**
 * confab_olm_account_create_outbound:
 * @self: an account
 * @their_curve25519: identity key of the device to talk to; from anywhere
 * @their_one_time_key: one of its one-time keys, whose signature was checked
 * @error: #CONFAB_CRYPTO_ERROR_BAD_KEY
 *
 * Returns: (transfer full): a session with that device
 */
ConfabOlmSession *
confab_olm_account_create_outbound (ConfabOlmAccount *self,
                                    const char *their_curve25519,
                                    const char *their_one_time_key,
                                    GError **error)
{
  g_autoptr (ConfabOlmSession) session = NULL;
  OlmSession *olm;
  size_t length;
  gpointer random;
  gboolean ok;

  g_return_val_if_fail (CONFAB_IS_OLM_ACCOUNT (self), NULL);

  if (!confab_olm_check_key (their_curve25519, error) ||
      !confab_olm_check_key (their_one_time_key, error))
    return NULL;
  session = confab_olm_session_new_empty ();
  olm = confab_olm_session_get_olm (session);
  length = olm_create_outbound_session_random_length (olm);
  random = confab_olm_random (length);
  ok = olm_create_outbound_session (olm,
                                    self->olm,
                                    their_curve25519,
                                    CONFAB_OLM_KEY_LENGTH,
                                    their_one_time_key,
                                    CONFAB_OLM_KEY_LENGTH,
                                    random,
                                    length) != olm_error ();
  confab_olm_wipe_free (random, length);
  if (!ok) {
    confab_olm_fail (olm_session_last_error_code (olm), "new session", error);
    return NULL;
  }
  confab_olm_session_read_id (session);
  return g_steal_pointer (&session);
}

/**
 * confab_olm_account_create_inbound:
 * @self: an account
 * @their_curve25519: the sender's identity key, as the envelope has it
 * @body: a pre-key message's body; from anywhere
 * @error: #CONFAB_CRYPTO_ERROR_BAD_MESSAGE, #CONFAB_CRYPTO_ERROR_UNKNOWN_KEY, or #CONFAB_CRYPTO_ERROR_BAD_KEY when
 *   the message is of another sender
 *
 * Decrypt @body with it, and when that works confab_olm_account_remove_one_time_keys().
 *
 * Returns: (transfer full): the session that @body begins
 */
ConfabOlmSession *
confab_olm_account_create_inbound (ConfabOlmAccount *self,
                                   const char *their_curve25519,
                                   const char *body,
                                   GError **error)
{
  g_autoptr (ConfabOlmSession) session = NULL;
  g_autofree char *copy = NULL;
  OlmSession *olm;

  g_return_val_if_fail (CONFAB_IS_OLM_ACCOUNT (self), NULL);

  if (!confab_olm_check_key (their_curve25519, error) ||
      !confab_olm_check_message (CONFAB_OLM_MESSAGE_PRE_KEY, body, error))
    return NULL;
  session = confab_olm_session_new_empty ();
  olm = confab_olm_session_get_olm (session);
  copy = g_strdup (body);
  if (olm_create_inbound_session_from (
        olm, self->olm, their_curve25519, CONFAB_OLM_KEY_LENGTH, copy, strlen (copy)) ==
      olm_error ()) {
    confab_olm_fail (olm_session_last_error_code (olm), "new session", error);
    return NULL;
  }
  confab_olm_session_read_id (session);
  return g_steal_pointer (&session);
}

/**
 * confab_olm_account_remove_one_time_keys:
 * @self: an account
 * @session: an inbound session whose first message was decrypted
 *
 * A one-time key works once. A fallback key stays.
 */
void
confab_olm_account_remove_one_time_keys (ConfabOlmAccount *self, ConfabOlmSession *session)
{
  g_return_if_fail (CONFAB_IS_OLM_ACCOUNT (self));
  g_return_if_fail (CONFAB_IS_OLM_SESSION (session));

  /* It fails when the session used the fallback key: then there is nothing to remove. */
  if (olm_remove_one_time_keys (self->olm, confab_olm_session_get_olm (session)) == olm_error ())
    g_debug ("session %s used no one-time key", confab_olm_session_get_id (session));
}
