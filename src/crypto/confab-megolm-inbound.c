/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-crypto"

#include "config.h"

#include "confab-megolm-inbound.h"

#include "confab-crypto-error.h"
#include "confab-olm-session-private.h"
#include "confab-olm-util-private.h"

#include <string.h>

#define KEY_LENGTH                                                                                 \
  306 /* version, index, ratchet, public key and signature, 229 bytes, in unpadded base64 */

struct _ConfabMegolmInbound {
  GObject parent_instance;

  gpointer memory; /* what olm lives in */
  OlmInboundGroupSession *olm;
  char *id;
};

G_DEFINE_FINAL_TYPE (ConfabMegolmInbound, confab_megolm_inbound, G_TYPE_OBJECT)

static void
confab_megolm_inbound_finalize (GObject *object)
{
  ConfabMegolmInbound *self = CONFAB_MEGOLM_INBOUND (object);

  olm_clear_inbound_group_session (self->olm);
  confab_olm_wipe_free (self->memory, olm_inbound_group_session_size ());
  g_free (self->id);
  G_OBJECT_CLASS (confab_megolm_inbound_parent_class)->finalize (object);
}

static void
confab_megolm_inbound_class_init (ConfabMegolmInboundClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_megolm_inbound_finalize;
}

static void
confab_megolm_inbound_init (ConfabMegolmInbound *self)
{
  self->memory = g_malloc0 (olm_inbound_group_session_size ());
  self->olm = olm_inbound_group_session (self->memory);
}

static gboolean
fail (ConfabMegolmInbound *self, const char *what, GError **error)
{
  return confab_olm_fail (olm_inbound_group_session_last_error_code (self->olm), what, error);
}

static void
read_id (ConfabMegolmInbound *self)
{
  size_t length = olm_inbound_group_session_id_length (self->olm);

  self->id = g_malloc0 (length + 1);
  olm_inbound_group_session_id (self->olm, (uint8_t *) self->id, length);
}

/**
 * confab_megolm_inbound_new:
 * @key: `session_key` of an `m.room_key`; from anywhere
 * @error: #CONFAB_CRYPTO_ERROR_BAD_KEY, #CONFAB_CRYPTO_ERROR_BAD_SIGNATURE
 *
 * The key is signed with the session's own key, which is its id: whoever gave it has the session. That it is the
 * session of who it is said to be of, Olm says, through which it came.
 *
 * Returns: (transfer full): the session, from the key's index on
 */
ConfabMegolmInbound *
confab_megolm_inbound_new (const char *key, GError **error)
{
  g_autoptr (ConfabMegolmInbound) self = NULL;

  if (key == NULL || strlen (key) != KEY_LENGTH || !confab_olm_is_base64 (key, KEY_LENGTH)) {
    g_set_error_literal (error,
                         CONFAB_CRYPTO_ERROR,
                         CONFAB_CRYPTO_ERROR_BAD_KEY,
                         "not the key of a group session in base64");
    return NULL;
  }
  self = g_object_new (CONFAB_TYPE_MEGOLM_INBOUND, NULL);
  if (olm_init_inbound_group_session (self->olm, (const uint8_t *) key, KEY_LENGTH) ==
      olm_error ()) {
    fail (self, "group session", error);
    return NULL;
  }
  read_id (self);
  return g_steal_pointer (&self);
}

/**
 * confab_megolm_inbound_unpickle:
 * @pickle: from confab_megolm_inbound_pickle()
 * @pickle_key: 32 bytes
 * @error: #CONFAB_CRYPTO_ERROR_BAD_PICKLE
 *
 * Returns: (transfer full): the session
 */
ConfabMegolmInbound *
confab_megolm_inbound_unpickle (GBytes *pickle, GBytes *pickle_key, GError **error)
{
  g_autoptr (ConfabMegolmInbound) self = NULL;
  g_autofree gpointer copy = NULL; /* base64 of ciphertext: nothing to wipe */
  gsize length;

  g_return_val_if_fail (pickle != NULL, NULL);

  if (!confab_olm_check_pickle_key (pickle_key, error))
    return NULL;
  length = g_bytes_get_size (pickle);
  copy = g_memdup2 (g_bytes_get_data (pickle, NULL), length);
  self = g_object_new (CONFAB_TYPE_MEGOLM_INBOUND, NULL);
  if (copy == NULL || olm_unpickle_inbound_group_session (self->olm,
                                                          g_bytes_get_data (pickle_key, NULL),
                                                          CONFAB_OLM_PICKLE_KEY_SIZE,
                                                          copy,
                                                          length) == olm_error ()) {
    confab_olm_fail (copy != NULL ? olm_inbound_group_session_last_error_code (self->olm)
                                  : OLM_CORRUPTED_PICKLE,
                     "group session",
                     error);
    return NULL;
  }
  read_id (self);
  return g_steal_pointer (&self);
}

/**
 * confab_megolm_inbound_pickle:
 * @self: a session
 * @pickle_key: 32 bytes
 * @error: #CONFAB_CRYPTO_ERROR_BAD_PICKLE if @pickle_key is none
 *
 * Returns: (transfer full): its whole state, encrypted with @pickle_key
 */
GBytes *
confab_megolm_inbound_pickle (ConfabMegolmInbound *self, GBytes *pickle_key, GError **error)
{
  size_t length;
  g_autofree gpointer pickle = NULL;

  g_return_val_if_fail (CONFAB_IS_MEGOLM_INBOUND (self), NULL);

  if (!confab_olm_check_pickle_key (pickle_key, error))
    return NULL;
  length = olm_pickle_inbound_group_session_length (self->olm);
  pickle = g_malloc0 (length);
  if (olm_pickle_inbound_group_session (self->olm,
                                        g_bytes_get_data (pickle_key, NULL),
                                        CONFAB_OLM_PICKLE_KEY_SIZE,
                                        pickle,
                                        length) == olm_error ()) {
    fail (self, "group session", error);
    return NULL;
  }
  return g_bytes_new_take (g_steal_pointer (&pickle), length);
}

/**
 * confab_megolm_inbound_get_id:
 * @self: a session
 *
 * Returns: its id, the same as at the sender's
 */
const char *
confab_megolm_inbound_get_id (ConfabMegolmInbound *self)
{
  g_return_val_if_fail (CONFAB_IS_MEGOLM_INBOUND (self), NULL);

  return self->id;
}

/**
 * confab_megolm_inbound_get_first_index:
 * @self: a session
 *
 * Returns: the index of the first message that it can read: of two keys for one session the lower is worth more
 */
guint32
confab_megolm_inbound_get_first_index (ConfabMegolmInbound *self)
{
  g_return_val_if_fail (CONFAB_IS_MEGOLM_INBOUND (self), 0);

  return olm_inbound_group_session_first_known_index (self->olm);
}

/**
 * confab_megolm_inbound_decrypt:
 * @self: a session
 * @body: the message's body, as it came
 * @length: (out) (optional): how many bytes came out
 * @index: (out): the message's index; a second event with the same one is a replay
 * @error: #CONFAB_CRYPTO_ERROR_BAD_MESSAGE; #CONFAB_CRYPTO_ERROR_BAD_SIGNATURE when it is of another session, or made by
 *   somebody who only reads this one; #CONFAB_CRYPTO_ERROR_UNKNOWN_KEY when it is from before the key
 *
 * Returns: (transfer full): the bytes, with a NUL after them; nothing says that they are UTF-8
 */
char *
confab_megolm_inbound_decrypt (
  ConfabMegolmInbound *self, const char *body, gsize *length, guint32 *index, GError **error)
{
  g_autofree char *copy = NULL;
  char *text;
  size_t max_length, text_length;
  uint32_t message_index = 0;

  g_return_val_if_fail (CONFAB_IS_MEGOLM_INBOUND (self), NULL);
  g_return_val_if_fail (index != NULL, NULL);

  if (!confab_olm_check_body (body, error))
    return NULL;
  copy = g_strdup (body); /* libolm decodes in place, once for the length and once for the text */
  max_length = olm_group_decrypt_max_plaintext_length (self->olm, (uint8_t *) copy, strlen (body));
  if (max_length == olm_error ()) {
    fail (self, "decrypt", error);
    return NULL;
  }
  memcpy (copy, body, strlen (body));
  text = g_malloc0 (max_length + 1);
  text_length = olm_group_decrypt (
    self->olm, (uint8_t *) copy, strlen (body), (uint8_t *) text, max_length, &message_index);
  if (text_length == olm_error () || text_length > max_length) {
    fail (self, "decrypt", error);
    confab_olm_wipe_free (text, max_length + 1);
    return NULL;
  }
  text[text_length] = '\0';
  if (length != NULL)
    *length = text_length;
  *index = message_index;
  return text;
}
