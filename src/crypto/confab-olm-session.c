/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-crypto"

#include "config.h"

#include "confab-olm-session.h"

#include "confab-crypto-error.h"
#include "confab-olm-message-private.h"
#include "confab-olm-session-private.h"
#include "confab-olm-util-private.h"

#include <string.h>

struct _ConfabOlmSession {
  GObject parent_instance;

  gpointer memory; /* what olm lives in */
  OlmSession *olm;
  char *id;
};

G_DEFINE_FINAL_TYPE (ConfabOlmSession, confab_olm_session, G_TYPE_OBJECT)

static void
confab_olm_session_finalize (GObject *object)
{
  ConfabOlmSession *self = CONFAB_OLM_SESSION (object);

  olm_clear_session (self->olm);
  confab_olm_wipe_free (self->memory, olm_session_size ());
  g_free (self->id);
  G_OBJECT_CLASS (confab_olm_session_parent_class)->finalize (object);
}

static void
confab_olm_session_class_init (ConfabOlmSessionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_olm_session_finalize;
}

static void
confab_olm_session_init (ConfabOlmSession *self)
{
  self->memory = g_malloc0 (olm_session_size ());
  self->olm = olm_session (self->memory);
}

/* Room-private: ConfabOlmAccount fills it. */
ConfabOlmSession *
confab_olm_session_new_empty (void)
{
  return g_object_new (CONFAB_TYPE_OLM_SESSION, NULL);
}

OlmSession *
confab_olm_session_get_olm (ConfabOlmSession *self)
{
  return self->olm;
}

void
confab_olm_session_read_id (ConfabOlmSession *self)
{
  size_t length = olm_session_id_length (self->olm);

  g_free (self->id);
  self->id = g_malloc0 (length + 1);
  olm_session_id (self->olm, self->id, length);
}

gboolean
confab_olm_check_body (const char *body, GError **error)
{
  gsize length = body != NULL ? strnlen (body, CONFAB_OLM_MAX_BODY + 1) : 0;

  if (length <= CONFAB_OLM_MAX_BODY && confab_olm_is_base64 (body, length))
    return TRUE;
  g_set_error_literal (error,
                       CONFAB_CRYPTO_ERROR,
                       CONFAB_CRYPTO_ERROR_BAD_MESSAGE,
                       "not an Olm message in base64");
  return FALSE;
}

/**
 * confab_olm_session_unpickle:
 * @pickle: from confab_olm_session_pickle()
 * @pickle_key: 32 bytes
 * @error: #CONFAB_CRYPTO_ERROR_BAD_PICKLE
 *
 * Returns: (transfer full): the session
 */
ConfabOlmSession *
confab_olm_session_unpickle (GBytes *pickle, GBytes *pickle_key, GError **error)
{
  g_autoptr (ConfabOlmSession) self = NULL;
  g_autofree gpointer copy = NULL; /* base64 of ciphertext: nothing to wipe */
  gsize length = 0;

  g_return_val_if_fail (pickle != NULL, NULL);

  if (!confab_olm_check_pickle_key (pickle_key, error))
    return NULL;
  copy = g_memdup2 (g_bytes_get_data (pickle, NULL), g_bytes_get_size (pickle));
  length = g_bytes_get_size (pickle);
  self = confab_olm_session_new_empty ();
  if (copy == NULL || olm_unpickle_session (self->olm,
                                            g_bytes_get_data (pickle_key, NULL),
                                            CONFAB_OLM_PICKLE_KEY_SIZE,
                                            copy,
                                            length) == olm_error ()) {
    confab_olm_fail (copy != NULL ? olm_session_last_error_code (self->olm) : OLM_CORRUPTED_PICKLE,
                     "session",
                     error);
    return NULL;
  }
  confab_olm_session_read_id (self);
  return g_steal_pointer (&self);
}

/**
 * confab_olm_session_pickle:
 * @self: a session
 * @pickle_key: 32 bytes
 * @error: #CONFAB_CRYPTO_ERROR_BAD_PICKLE if @pickle_key is none
 *
 * Returns: (transfer full): its whole state, encrypted with @pickle_key
 */
GBytes *
confab_olm_session_pickle (ConfabOlmSession *self, GBytes *pickle_key, GError **error)
{
  size_t length;
  g_autofree gpointer pickle = NULL;

  g_return_val_if_fail (CONFAB_IS_OLM_SESSION (self), NULL);

  if (!confab_olm_check_pickle_key (pickle_key, error))
    return NULL;
  length = olm_pickle_session_length (self->olm);
  pickle = g_malloc0 (length);
  if (olm_pickle_session (self->olm,
                          g_bytes_get_data (pickle_key, NULL),
                          CONFAB_OLM_PICKLE_KEY_SIZE,
                          pickle,
                          length) == olm_error ()) {
    confab_olm_fail (olm_session_last_error_code (self->olm), "session", error);
    return NULL;
  }
  return g_bytes_new_take (g_steal_pointer (&pickle), length);
}

/**
 * confab_olm_session_get_id:
 * @self: a session
 *
 * Returns: its id, the same at both ends
 */
const char *
confab_olm_session_get_id (ConfabOlmSession *self)
{
  g_return_val_if_fail (CONFAB_IS_OLM_SESSION (self), NULL);

  return self->id;
}

/**
 * confab_olm_session_has_received:
 * @self: a session
 *
 * Returns: whether the other end is known to have it: until then all that is sent is pre-key messages
 */
gboolean
confab_olm_session_has_received (ConfabOlmSession *self)
{
  g_return_val_if_fail (CONFAB_IS_OLM_SESSION (self), FALSE);

  return olm_session_has_received_message (self->olm) != 0;
}

/**
 * confab_olm_session_matches:
 * @self: a session
 * @their_curve25519: the sender's identity key
 * @body: a pre-key message's body
 *
 * Returns: whether @body belongs to this session, and so must not make a new one
 */
gboolean
confab_olm_session_matches (ConfabOlmSession *self, const char *their_curve25519, const char *body)
{
  g_autofree char *copy = NULL;

  g_return_val_if_fail (CONFAB_IS_OLM_SESSION (self), FALSE);

  if (!confab_olm_check_key (their_curve25519, NULL) ||
      !confab_olm_check_message (CONFAB_OLM_MESSAGE_PRE_KEY, body, NULL))
    return FALSE;
  copy = g_strdup (body);
  return olm_matches_inbound_session_from (
           self->olm, their_curve25519, strlen (their_curve25519), copy, strlen (copy)) == 1;
}

/**
 * confab_olm_session_encrypt:
 * @self: a session
 * @text: what to encrypt
 * @type: (out): the message's type
 * @error: a #ConfabCryptoError
 *
 * The ratchet moves on: store the session before the message is sent.
 *
 * Returns: (transfer full): the message's body
 */
char *
confab_olm_session_encrypt (ConfabOlmSession *self,
                            const char *text,
                            ConfabOlmMessageType *type,
                            GError **error)
{
  g_autofree char *body = NULL;
  gpointer random;
  size_t random_length, body_length, message_type;

  g_return_val_if_fail (CONFAB_IS_OLM_SESSION (self), NULL);
  g_return_val_if_fail (text != NULL && type != NULL, NULL);

  message_type = olm_encrypt_message_type (self->olm);
  random_length = olm_encrypt_random_length (self->olm);
  random = confab_olm_random (random_length);
  body_length = olm_encrypt_message_length (self->olm, strlen (text));
  body = g_malloc0 (body_length + 1);
  body_length = olm_encrypt (
    self->olm, text, strlen (text), random, random_length, body, body_length);
  confab_olm_wipe_free (random, random_length);
  if (body_length == olm_error ()) {
    confab_olm_fail (olm_session_last_error_code (self->olm), "encrypt", error);
    return NULL;
  }
  body[body_length] = '\0';
  *type = message_type == OLM_MESSAGE_TYPE_PRE_KEY ? CONFAB_OLM_MESSAGE_PRE_KEY
                                                   : CONFAB_OLM_MESSAGE_NORMAL;
  return g_steal_pointer (&body);
}

/**
 * confab_olm_session_decrypt:
 * @self: a session
 * @type: the message's type, as it came
 * @body: the message's body, as it came
 * @length: (out) (optional): how many bytes came out
 * @error: #CONFAB_CRYPTO_ERROR_BAD_MESSAGE, also for one that was decrypted before
 *
 * On failure the session is as it was. On success the ratchet moves on: store the session together with what
 * the message leads to.
 *
 * Returns: (transfer full): the bytes, with a NUL after them; nothing says that they are UTF-8
 */
char *
confab_olm_session_decrypt (
  ConfabOlmSession *self, gint64 type, const char *body, gsize *length, GError **error)
{
  g_autofree char *copy = NULL;
  char *text;
  size_t max_length, text_length;

  g_return_val_if_fail (CONFAB_IS_OLM_SESSION (self), NULL);

  if (type != CONFAB_OLM_MESSAGE_PRE_KEY && type != CONFAB_OLM_MESSAGE_NORMAL) {
    confab_olm_fail (OLM_BAD_MESSAGE_FORMAT, "type", error);
    return NULL;
  }
  if (!confab_olm_check_message ((ConfabOlmMessageType) type, body, error))
    return NULL;
  copy = g_strdup (body); /* libolm decodes in place, once for the length and once for the text */
  max_length = olm_decrypt_max_plaintext_length (self->olm, type, copy, strlen (body));
  if (max_length == olm_error ()) {
    confab_olm_fail (olm_session_last_error_code (self->olm), "decrypt", error);
    return NULL;
  }
  memcpy (copy, body, strlen (body));
  text = g_malloc0 (max_length + 1);
  text_length = olm_decrypt (self->olm, type, copy, strlen (body), text, max_length);
  if (text_length == olm_error () || text_length > max_length) {
    confab_olm_fail (olm_session_last_error_code (self->olm), "decrypt", error);
    confab_olm_wipe_free (text, max_length + 1);
    return NULL;
  }
  text[text_length] = '\0';
  if (length != NULL)
    *length = text_length;
  return text;
}
