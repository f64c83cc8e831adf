/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-device-keys.h"

#include "confab-ed25519.h"
#include "confab-json.h"

#include <string.h>

#define MAX_ID_LENGTH 255

void
confab_device_keys_free (ConfabDeviceKeys *self)
{
  g_free (self->user_id);
  g_free (self->device_id);
  g_free (self->curve25519);
  g_free (self->ed25519);
  g_free (self->json);
  g_free (self);
}

ConfabDeviceKeys *
confab_device_keys_copy (const ConfabDeviceKeys *self)
{
  ConfabDeviceKeys *copy = g_new0 (ConfabDeviceKeys, 1);

  copy->user_id = g_strdup (self->user_id);
  copy->device_id = g_strdup (self->device_id);
  copy->curve25519 = g_strdup (self->curve25519);
  copy->ed25519 = g_strdup (self->ed25519);
  copy->json = g_strdup (self->json);
  return copy;
}

/* What a signature is made over: all but signatures and unsigned, as canonical JSON. */
static char *
signed_text (JsonObject *object, GError **error)
{
  g_autoptr (JsonObject) copy = confab_json_copy_object (object);

  if (json_object_has_member (copy, "signatures"))
    json_object_remove_member (copy, "signatures");
  if (json_object_has_member (copy, "unsigned"))
    json_object_remove_member (copy, "unsigned");
  return confab_json_to_canonical (copy, error);
}

/**
 * confab_signed_json_verify:
 * @object: a signed object, from anywhere
 * @user_id: who is to have signed it
 * @device_id: on which device
 * @ed25519: that device's key
 * @error: a #ConfabCryptoError
 *
 * Spec: appendices, “Checking for a signature”.
 *
 * Returns: whether it did
 */
gboolean
confab_signed_json_verify (JsonObject *object,
                           const char *user_id,
                           const char *device_id,
                           const char *ed25519,
                           GError **error)
{
  g_autofree char *key_id = g_strconcat ("ed25519:", device_id, NULL);
  JsonObject *signatures = confab_json_peek_object (object, "signatures");
  const char *signature = confab_json_peek_string (confab_json_peek_object (signatures, user_id),
                                                   key_id);
  g_autofree char *text = signed_text (object, error);

  return text != NULL && confab_ed25519_verify (ed25519, text, signature, error);
}

/* Adds our signature; @object is ours, so that it has no number that canonical JSON lacks. */
void
confab_signed_json_sign (JsonObject *object,
                         ConfabOlmAccount *account,
                         const char *user_id,
                         const char *device_id)
{
  g_autofree char *text = signed_text (object, NULL);
  g_autofree char *signature = confab_olm_account_sign (account, text);
  g_autofree char *key_id = g_strconcat ("ed25519:", device_id, NULL);
  JsonObject *signatures = json_object_new ();
  JsonObject *own = json_object_new ();

  json_object_set_string_member (own, key_id, signature);
  json_object_set_object_member (signatures, user_id, own);
  json_object_set_object_member (object, "signatures", signatures);
}

/**
 * confab_device_keys_make:
 * @account: our keys
 * @user_id: we
 * @device_id: our device
 *
 * Returns: (transfer full): our DeviceKeys object, signed
 */
JsonObject *
confab_device_keys_make (ConfabOlmAccount *account, const char *user_id, const char *device_id)
{
  JsonObject *object = json_object_new ();
  JsonObject *keys = json_object_new ();
  JsonArray *algorithms = json_array_new ();
  g_autofree char *curve25519_id = g_strconcat ("curve25519:", device_id, NULL);
  g_autofree char *ed25519_id = g_strconcat ("ed25519:", device_id, NULL);

  json_array_add_string_element (algorithms, "m.olm.v1.curve25519-aes-sha2");
  /* Clients give a device that does not name this one no room keys. */
  json_array_add_string_element (algorithms, "m.megolm.v1.aes-sha2");
  json_object_set_string_member (keys, curve25519_id, confab_olm_account_get_curve25519 (account));
  json_object_set_string_member (keys, ed25519_id, confab_olm_account_get_ed25519 (account));
  json_object_set_string_member (object, "user_id", user_id);
  json_object_set_string_member (object, "device_id", device_id);
  json_object_set_array_member (object, "algorithms", algorithms);
  json_object_set_object_member (object, "keys", keys);
  confab_signed_json_sign (object, account, user_id, device_id);
  return object;
}

static ConfabDeviceKeys *
refuse (GError **error, ConfabCryptoError code, const char *what)
{
  g_set_error_literal (error, CONFAB_CRYPTO_ERROR, code, what);
  return NULL;
}

/**
 * confab_device_keys_parse:
 * @object: a DeviceKeys object, from anywhere
 * @user_id: whose it has to be
 * @device_id: (nullable): of which device; %NULL for the one that it names
 * @error: a #ConfabCryptoError
 *
 * Returns: (transfer full): its keys, when it is signed with them
 */
ConfabDeviceKeys *
confab_device_keys_parse (JsonObject *object,
                          const char *user_id,
                          const char *device_id,
                          GError **error)
{
  const char *named_user = confab_json_peek_string (object, "user_id");
  const char *named_device = confab_json_peek_string (object, "device_id");
  JsonObject *keys = confab_json_peek_object (object, "keys");
  g_autofree char *curve25519_id = NULL;
  g_autofree char *ed25519_id = NULL;
  const char *curve25519, *ed25519;
  ConfabDeviceKeys *self;

  if (g_strcmp0 (named_user, user_id) != 0 || named_device == NULL || named_device[0] == '\0' ||
      strlen (named_device) > MAX_ID_LENGTH ||
      (device_id != NULL && strcmp (named_device, device_id) != 0))
    return refuse (error, CONFAB_CRYPTO_ERROR_BAD_KEY, "device keys name another user or device");
  curve25519_id = g_strconcat ("curve25519:", named_device, NULL);
  ed25519_id = g_strconcat ("ed25519:", named_device, NULL);
  curve25519 = confab_json_peek_string (keys, curve25519_id);
  ed25519 = confab_json_peek_string (keys, ed25519_id);
  if (curve25519 == NULL || ed25519 == NULL || strlen (curve25519) != 43)
    return refuse (error, CONFAB_CRYPTO_ERROR_BAD_KEY, "device keys lack an identity key");
  if (!confab_signed_json_verify (object, user_id, named_device, ed25519, error))
    return NULL;
  self = g_new0 (ConfabDeviceKeys, 1);
  self->user_id = g_strdup (user_id);
  self->device_id = g_strdup (named_device);
  self->curve25519 = g_strdup (curve25519);
  self->ed25519 = g_strdup (ed25519);
  self->json = confab_json_to_string (object);
  return self;
}
