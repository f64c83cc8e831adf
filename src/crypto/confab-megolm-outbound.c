/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-crypto"

#include "config.h"

#include "confab-megolm-outbound.h"

#include "confab-crypto-error.h"
#include "confab-olm-util-private.h"

#include <string.h>

struct _ConfabMegolmOutbound {
  GObject parent_instance;

  gpointer memory; /* what olm lives in */
  OlmOutboundGroupSession *olm;
  char *id;
};

G_DEFINE_FINAL_TYPE (ConfabMegolmOutbound, confab_megolm_outbound, G_TYPE_OBJECT)

static void
confab_megolm_outbound_finalize (GObject *object)
{
  ConfabMegolmOutbound *self = CONFAB_MEGOLM_OUTBOUND (object);

  olm_clear_outbound_group_session (self->olm);
  confab_olm_wipe_free (self->memory, olm_outbound_group_session_size ());
  g_free (self->id);
  G_OBJECT_CLASS (confab_megolm_outbound_parent_class)->finalize (object);
}

static void
confab_megolm_outbound_class_init (ConfabMegolmOutboundClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_megolm_outbound_finalize;
}

static void
confab_megolm_outbound_init (ConfabMegolmOutbound *self)
{
  self->memory = g_malloc0 (olm_outbound_group_session_size ());
  self->olm = olm_outbound_group_session (self->memory);
}

static gboolean
fail (ConfabMegolmOutbound *self, const char *what, GError **error)
{
  return confab_olm_fail (olm_outbound_group_session_last_error_code (self->olm), what, error);
}

static void
read_id (ConfabMegolmOutbound *self)
{
  size_t length = olm_outbound_group_session_id_length (self->olm);

  self->id = g_malloc0 (length + 1);
  olm_outbound_group_session_id (self->olm, (uint8_t *) self->id, length);
}

/**
 * confab_megolm_outbound_new:
 * @error: a #ConfabCryptoError
 *
 * Returns: (transfer full): a session that nobody was given yet
 */
ConfabMegolmOutbound *
confab_megolm_outbound_new (GError **error)
{
  g_autoptr (ConfabMegolmOutbound) self = g_object_new (CONFAB_TYPE_MEGOLM_OUTBOUND, NULL);
  size_t length = olm_init_outbound_group_session_random_length (self->olm);
  gpointer random = confab_olm_random (length);
  gboolean ok = olm_init_outbound_group_session (self->olm, random, length) != olm_error ();

  confab_olm_wipe_free (random, length);
  if (!ok) {
    fail (self, "new group session", error);
    return NULL;
  }
  read_id (self);
  return g_steal_pointer (&self);
}

/**
 * confab_megolm_outbound_unpickle:
 * @pickle: from confab_megolm_outbound_pickle()
 * @pickle_key: 32 bytes
 * @error: #CONFAB_CRYPTO_ERROR_BAD_PICKLE
 *
 * Returns: (transfer full): the session
 */
ConfabMegolmOutbound *
confab_megolm_outbound_unpickle (GBytes *pickle, GBytes *pickle_key, GError **error)
{
  g_autoptr (ConfabMegolmOutbound) self = NULL;
  g_autofree gpointer copy = NULL; /* base64 of ciphertext: nothing to wipe */
  gsize length;

  g_return_val_if_fail (pickle != NULL, NULL);

  if (!confab_olm_check_pickle_key (pickle_key, error))
    return NULL;
  length = g_bytes_get_size (pickle);
  copy = g_memdup2 (g_bytes_get_data (pickle, NULL), length);
  self = g_object_new (CONFAB_TYPE_MEGOLM_OUTBOUND, NULL);
  if (copy == NULL || olm_unpickle_outbound_group_session (self->olm,
                                                           g_bytes_get_data (pickle_key, NULL),
                                                           CONFAB_OLM_PICKLE_KEY_SIZE,
                                                           copy,
                                                           length) == olm_error ()) {
    confab_olm_fail (copy != NULL ? olm_outbound_group_session_last_error_code (self->olm)
                                  : OLM_CORRUPTED_PICKLE,
                     "group session",
                     error);
    return NULL;
  }
  read_id (self);
  return g_steal_pointer (&self);
}

/**
 * confab_megolm_outbound_pickle:
 * @self: a session
 * @pickle_key: 32 bytes
 * @error: #CONFAB_CRYPTO_ERROR_BAD_PICKLE if @pickle_key is none
 *
 * Returns: (transfer full): its whole state, encrypted with @pickle_key
 */
GBytes *
confab_megolm_outbound_pickle (ConfabMegolmOutbound *self, GBytes *pickle_key, GError **error)
{
  size_t length;
  g_autofree gpointer pickle = NULL;

  g_return_val_if_fail (CONFAB_IS_MEGOLM_OUTBOUND (self), NULL);

  if (!confab_olm_check_pickle_key (pickle_key, error))
    return NULL;
  length = olm_pickle_outbound_group_session_length (self->olm);
  pickle = g_malloc0 (length);
  if (olm_pickle_outbound_group_session (self->olm,
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
 * confab_megolm_outbound_get_id:
 * @self: a session
 *
 * Returns: its id, as it stands in each message
 */
const char *
confab_megolm_outbound_get_id (ConfabMegolmOutbound *self)
{
  g_return_val_if_fail (CONFAB_IS_MEGOLM_OUTBOUND (self), NULL);

  return self->id;
}

/**
 * confab_megolm_outbound_get_index:
 * @self: a session
 *
 * Returns: the index of the next message; so many were encrypted
 */
guint32
confab_megolm_outbound_get_index (ConfabMegolmOutbound *self)
{
  g_return_val_if_fail (CONFAB_IS_MEGOLM_OUTBOUND (self), 0);

  return olm_outbound_group_session_message_index (self->olm);
}

/**
 * confab_megolm_outbound_dup_key:
 * @self: a session
 *
 * Returns: (transfer full): what another device needs to read the next message and all after it; to be wiped
 */
char *
confab_megolm_outbound_dup_key (ConfabMegolmOutbound *self)
{
  size_t length;
  char *key;

  g_return_val_if_fail (CONFAB_IS_MEGOLM_OUTBOUND (self), NULL);

  length = olm_outbound_group_session_key_length (self->olm);
  key = g_malloc0 (length + 1);
  /* It fails only for a buffer that is too small. */
  if (olm_outbound_group_session_key (self->olm, (uint8_t *) key, length) == olm_error ())
    g_assert_not_reached ();
  return key;
}

/**
 * confab_megolm_outbound_encrypt:
 * @self: a session
 * @text: what to encrypt
 * @error: a #ConfabCryptoError
 *
 * The ratchet moves on: store the session before the message is sent.
 *
 * Returns: (transfer full): the message's body
 */
char *
confab_megolm_outbound_encrypt (ConfabMegolmOutbound *self, const char *text, GError **error)
{
  g_autofree char *body = NULL;
  size_t length;

  g_return_val_if_fail (CONFAB_IS_MEGOLM_OUTBOUND (self), NULL);
  g_return_val_if_fail (text != NULL, NULL);

  length = olm_group_encrypt_message_length (self->olm, strlen (text));
  body = g_malloc0 (length + 1);
  length = olm_group_encrypt (
    self->olm, (const uint8_t *) text, strlen (text), (uint8_t *) body, length);
  if (length == olm_error ()) {
    fail (self, "encrypt", error);
    return NULL;
  }
  body[length] = '\0';
  return g_steal_pointer (&body);
}
