/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-olm-vault-private.h"

#include "confab-device-list.h"
#include "confab-json.h"

#include <string.h>

/* Whether what was decrypted is what it says it is, and from whom. */

static const char *
peek_ed25519 (JsonObject *payload, const char *name)
{
  return confab_json_peek_string (confab_json_peek_object (payload, name), "ed25519");
}

/* The device that the payload itself presents (spec v1.15, before that MSC4147). Where one is, it has to be right,
 * also when the device is known from the list. */
static const char *
read_presented_device (const char *sender,
                       const char *sender_key,
                       JsonObject *payload,
                       ConfabDeviceKeys **presented)
{
  JsonNode *node = json_object_get_member (payload, "sender_device_keys");
  g_autoptr (ConfabDeviceKeys) keys = NULL;

  if (node == NULL)
    node = json_object_get_member (payload, "org.matrix.msc4147.device_keys");
  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return NULL;
  if (JSON_NODE_HOLDS_OBJECT (node))
    keys = confab_device_keys_parse (json_node_get_object (node), sender, NULL, NULL);
  if (keys == NULL || strcmp (keys->curve25519, sender_key) != 0)
    return "the sender's device keys in it are not rightly signed";
  if (g_strcmp0 (peek_ed25519 (payload, "keys"), keys->ed25519) != 0)
    return "its signing key is not that of the device keys in it";
  *presented = g_steal_pointer (&keys);
  return NULL;
}

/* @keys: the sender's device by its list. What the message presents is signed by nobody but itself: anybody may make a
 * device of anybody like that, and no list would show it. So it can only speak against a message, never for it; a device
 * that is not in the list yet waits until the list was asked for. */
static gboolean
find_device (ConfabStoreTransaction *transaction,
             const char *sender,
             const char *sender_key,
             JsonObject *payload,
             ConfabDeviceKeys **keys,
             const char **refusal,
             GError **error)
{
  g_autoptr (ConfabDeviceKeys) presented = NULL;
  g_autoptr (ConfabDeviceKeys) known = NULL;

  *refusal = read_presented_device (sender, sender_key, payload, &presented);
  if (*refusal != NULL)
    return TRUE;
  if (!confab_device_list_lookup (transaction, sender, NULL, sender_key, keys, error))
    return FALSE;
  if (*keys != NULL) {
    if (presented != NULL && strcmp (presented->device_id, (*keys)->device_id) != 0)
      *refusal = "the device keys in it are of another device";
    return TRUE;
  }
  /* Whom we hear from we will answer. */
  if (!confab_device_list_require (transaction, sender, error))
    return FALSE;
  if (presented == NULL)
    return TRUE;
  if (!confab_device_list_lookup (transaction, sender, presented->device_id, NULL, &known, error))
    return FALSE;
  /* Another key than the list has, since by its own key it is not in there. */
  if (known != NULL)
    *refusal = "the sender's identity key is not the one that is known";
  return TRUE;
}

static const char *
check_names (ConfabOlmVault *self, const char *own_ed25519, const char *sender, JsonObject *payload)
{
  if (g_strcmp0 (confab_json_peek_string (payload, "sender"), sender) != 0)
    return "its sender is another one than the homeserver says";
  if (g_strcmp0 (confab_json_peek_string (payload, "recipient"), self->user_id) != 0)
    return "it is meant for another user";
  if (g_strcmp0 (peek_ed25519 (payload, "recipient_keys"), own_ed25519) != 0)
    return "it is meant for another device";
  if (confab_json_peek_string (payload, "type") == NULL ||
      confab_json_peek_object (payload, "content") == NULL)
    return "it has no type or no content";
  return NULL;
}

static const char *
check_device (const ConfabDeviceKeys *keys, JsonObject *payload)
{
  const char *type = confab_json_peek_string (payload, "type");
  JsonObject *content = confab_json_peek_object (payload, "content");

  if (g_strcmp0 (peek_ed25519 (payload, "keys"), keys->ed25519) != 0)
    return "its signing key is not that of the sender's device";
  if (confab_olm_vault_is_call_type (type) &&
      g_strcmp0 (confab_json_peek_string (content, "device_id"), keys->device_id) != 0)
    return "it names another device than the one that encrypted it";
  return NULL;
}

/* Spec: “m.olm.v1.curve25519-aes-sha2”, the checks that a receiver must do; protocol sheet, 8.2. */
gboolean
confab_olm_vault_judge (ConfabOlmVault *self,
                        ConfabStoreTransaction *transaction,
                        const char *sender,
                        const char *sender_key,
                        JsonObject *payload,
                        ConfabOlmVerdict *verdict,
                        ConfabDeviceKeys **keys,
                        const char **refusal,
                        GError **error)
{
  gboolean blocked = FALSE;
  g_autoptr (ConfabOlmAccount) account = confab_olm_vault_load_account (self, transaction, NULL, error);

  if (account == NULL)
    return FALSE;
  *verdict = CONFAB_OLM_VERDICT_REFUSED;
  *refusal = check_names (self, confab_olm_account_get_ed25519 (account), sender, payload);
  if (*refusal != NULL)
    return TRUE;
  if (!find_device (transaction, sender, sender_key, payload, keys, refusal, error))
    return FALSE;
  if (*keys != NULL && !confab_device_list_is_blocked (
                         transaction, (*keys)->user_id, (*keys)->device_id, &blocked, error))
    return FALSE;
  if (blocked)
    *refusal = "it is from a device that is blocked";
  if (*refusal == NULL && *keys != NULL)
    *refusal = check_device (*keys, payload);
  if (*refusal == NULL)
    *verdict = *keys != NULL ? CONFAB_OLM_VERDICT_ACCEPTED : CONFAB_OLM_VERDICT_UNKNOWN_DEVICE;
  return TRUE;
}
