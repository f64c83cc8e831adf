/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "sealed-world.h"

#include <string.h>
#include <sys/random.h>

#include "confab-device-list.h"
#include "confab-json.h"
#include "confab-megolm-outbound.h"
#include "confab-megolm-vault.h"
#include "confab-olm-account.h"

#define OLM "m.olm.v1.curve25519-aes-sha2"
#define ROOM "!a:x"
#define MAX_INDEX 7
#define KEY(letter) letter letter letter letter letter letter letter "A"
#define CURVE_OF(letter) KEY (letter letter letter letter letter letter)

/* In place of the kernel's: what was found is found again. */
static guint64 random_state;

ssize_t
getrandom (void *buffer, size_t length, unsigned int flags)
{
  guint8 *bytes = buffer;

  for (size_t i = 0; i < length; i++) {
    random_state = random_state * G_GUINT64_CONSTANT (6364136223846793005) + 1442695040888963407;
    bytes[i] = random_state >> 56;
  }
  return (ssize_t) length;
}

void
sealed_world_rewind (void)
{
  random_state = G_GUINT64_CONSTANT (0x243f6a8885a308d3);
}

static char *our_curve25519;
static char *our_ed25519;
static GBytes *pickle_key;
static struct {
  GBytes *pickle;
  char *id;
  char *key;
} sessions[SEALED_N];
static struct {
  const char *user_id;
  const char *device_id;
  ConfabOlmAccount *account;
  char *one_time_key;        /* of ours, for its first session */
  GBytes *pickle;            /* (nullable): of a session that is used both ways */
  ConfabOlmSession *session; /* (nullable): of this sync */
} devices[SEALED_N_DEVICES] = {
  [SEALED_DEV] = { "@b:x", "DEV" },
  [SEALED_TALK] = { "@b:x", "TALK" },
  [SEALED_NEW] = { "@b:x", "NEW" },
  [SEALED_BAD] = { "@c:x", "BAD" },
};

/* ---- making it ---- */

static gboolean
add_device (ConfabStoreTransaction *transaction,
            const char *user_id,
            const char *device_id,
            const char *curve25519,
            const char *ed25519,
            GError **error)
{
  return confab_store_exec (transaction,
                            error,
                            "INSERT INTO devices (user_id, device_id, curve25519, ed25519, json) "
                            "VALUES (?, ?, ?, ?, '{}')",
                            "ssss",
                            user_id,
                            device_id,
                            curve25519,
                            ed25519);
}

static gboolean
give_key (ConfabStoreTransaction *transaction,
          ConfabOlmVault *vault,
          SealedSession which,
          guint index,
          ConfabDeviceKeys from,
          GError **error)
{
  g_autoptr (ConfabMegolmOutbound) session = confab_megolm_outbound_unpickle (sessions[which].pickle,
                                                                   pickle_key,
                                                                   error);
  g_autoptr (ConfabOlmNews) news = confab_olm_news_new ();
  g_autoptr (JsonObject) content = json_object_new ();
  g_autofree char *key = NULL;

  for (guint i = 0; i < index; i++)
    g_free (confab_megolm_outbound_encrypt (session, "", NULL));
  key = confab_megolm_outbound_dup_key (session);
  json_object_set_string_member (content, "algorithm", CONFAB_MEGOLM_ALGORITHM);
  json_object_set_string_member (content, "room_id", ROOM);
  json_object_set_string_member (content, "session_id", sessions[which].id);
  json_object_set_string_member (content, "session_key", key);
  return confab_megolm_vault_take_key (vault, transaction, &from, content, 1, news, error);
}

static void
make_sessions (void)
{
  for (guint i = 0; i < SEALED_N; i++) {
    g_autoptr (ConfabMegolmOutbound) session = confab_megolm_outbound_new (NULL);
    sessions[i].pickle = confab_megolm_outbound_pickle (session, pickle_key, NULL);
    sessions[i].id = g_strdup (confab_megolm_outbound_get_id (session));
    sessions[i].key = confab_megolm_outbound_dup_key (session);
  }
}

static gboolean
make_devices (ConfabStoreTransaction *transaction, ConfabOlmVault *vault, GError **error)
{
  g_autoptr (ConfabOlmAccount) account = confab_olm_vault_load_account (vault, transaction, NULL, error);
  g_autoptr (GHashTable) keys = NULL;
  GHashTableIter iter;
  gpointer key = NULL;

  if (account == NULL ||
      !confab_olm_account_generate_one_time_keys (account, SEALED_N_DEVICES, error))
    return FALSE;
  keys = confab_olm_account_dup_one_time_keys (account);
  g_hash_table_iter_init (&iter, keys);
  for (guint i = 0; i < SEALED_N_DEVICES; i++) {
    g_assert_true (g_hash_table_iter_next (&iter, NULL, &key));
    devices[i].one_time_key = g_strdup (key);
    devices[i].account = confab_olm_account_new (NULL);
    if (i != SEALED_NEW && !add_device (transaction,
                                        devices[i].user_id,
                                        devices[i].device_id,
                                        confab_olm_account_get_curve25519 (devices[i].account),
                                        confab_olm_account_get_ed25519 (devices[i].account),
                                        error))
      return FALSE;
  }
  confab_olm_account_mark_published (account);
  our_curve25519 = g_strdup (confab_olm_account_get_curve25519 (account));
  our_ed25519 = g_strdup (confab_olm_account_get_ed25519 (account));
  return confab_olm_vault_save_account (vault, transaction, account, TRUE, error);
}

static ConfabDeviceKeys
keys_of (SealedDevice which)
{
  return (ConfabDeviceKeys) {
    .user_id = (char *) devices[which].user_id,
    .device_id = (char *) devices[which].device_id,
    .curve25519 = (char *) confab_olm_account_get_curve25519 (devices[which].account),
    .ed25519 = (char *) confab_olm_account_get_ed25519 (devices[which].account),
  };
}

static void seal_olm (JsonObject *object, SealedDevice which, JsonNode *payload);

/* It speaks, and is answered. */
static gboolean
talk (ConfabStoreTransaction *transaction, ConfabOlmVault *vault, GError **error)
{
  g_autoptr (JsonObject) content = json_object_new ();
  g_autoptr (JsonObject) nothing = json_object_new ();
  g_autoptr (JsonObject) reply = NULL;
  g_autoptr (JsonNode) payload = json_from_string ("{\"type\":\"m.dummy\",\"content\":{}}", NULL);
  g_autoptr (ConfabOlmNews) news = confab_olm_news_new ();
  g_autoptr (ConfabSyncEvent) event = NULL;
  g_autofree char *wire = NULL;
  g_autofree char *heard = NULL;
  const ConfabDeviceKeys keys = keys_of (SEALED_TALK);
  ConfabOlmSession *session;
  JsonObject *ciphertext;

  seal_olm (content, SEALED_TALK, payload);
  event = confab_sync_event_new ("m.room.encrypted", NULL, "@b:x", 1, content);
  if (!confab_olm_vault_receive (vault, transaction, event, 1, news, error) ||
      !confab_olm_vault_encrypt (vault, transaction, &keys, "m.dummy", nothing, &wire, error))
    return FALSE;
  reply = confab_json_parse_object (wire, -1, error);
  ciphertext = json_object_get_object_member (json_object_get_object_member (reply, "ciphertext"),
                                              keys.curve25519);
  session = devices[SEALED_TALK].session;
  heard = confab_olm_session_decrypt (session,
                                      json_object_get_int_member (ciphertext, "type"),
                                      json_object_get_string_member (ciphertext, "body"),
                                      NULL,
                                      error);
  devices[SEALED_TALK].pickle = confab_olm_session_pickle (session, pickle_key, error);
  g_clear_object (&devices[SEALED_TALK].session);
  return heard != NULL;
}

static ConfabDeviceKeys
stranger (const char *user_id, const char *device_id, const char *curve25519, const char *ed25519)
{
  return (ConfabDeviceKeys) {
    .user_id = (char *) user_id,
    .device_id = (char *) device_id,
    .curve25519 = (char *) curve25519,
    .ed25519 = (char *) ed25519,
  };
}

gboolean
sealed_world_make (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  ConfabOlmVault *vault = data;
  ConfabDeviceKeys dev;
  ConfabDeviceKeys bad;
  ConfabDeviceKeys me;
  const ConfabDeviceKeys dev2 = stranger ("@b:x", "DEV2", CURVE_OF ("D"), CURVE_OF ("E"));
  const ConfabDeviceKeys gone = stranger ("@c:x", "GONE", CURVE_OF ("H"), CURVE_OF ("I"));
  const ConfabDeviceKeys odd = stranger ("@c:x", "ODD", CURVE_OF ("J"), CURVE_OF ("K"));

  random_state = G_GUINT64_CONSTANT (0x13198a2e03707344); /* other keys than those of sessions */
  pickle_key = g_bytes_ref (vault->pickle_key);
  if (!make_devices (transaction, vault, error) || !talk (transaction, vault, error))
    return FALSE;
  make_sessions ();
  dev = keys_of (SEALED_DEV);
  bad = keys_of (SEALED_BAD);
  me = stranger ("@me:x", "ME", our_curve25519, our_ed25519);
  return add_device (transaction, "@b:x", "DEV2", dev2.curve25519, dev2.ed25519, error) &&
         add_device (transaction, "@c:x", "ODD", odd.curve25519, CURVE_OF ("L"), error) &&
         confab_device_list_set_blocked (transaction, "@c:x", "BAD", TRUE, error) &&
         give_key (transaction, vault, SEALED_KNOWN, 0, bad, error) &&
         give_key (transaction, vault, SEALED_KNOWN, 0, dev, error) &&
         give_key (transaction, vault, SEALED_LATE, 4, dev2, error) &&
         give_key (transaction, vault, SEALED_LATE, 2, dev, error) &&
         give_key (transaction, vault, SEALED_BLOCKED, 0, bad, error) &&
         give_key (transaction, vault, SEALED_GONE, 0, gone, error) &&
         give_key (transaction, vault, SEALED_RESIGNED, 0, odd, error) &&
         give_key (transaction, vault, SEALED_OWN, 0, me, error);
}

gboolean
sealed_world_list_new (ConfabStoreTransaction *transaction, GError **error)
{
  const ConfabDeviceKeys keys = keys_of (SEALED_NEW);

  return add_device (
    transaction, keys.user_id, keys.device_id, keys.curve25519, keys.ed25519, error);
}

/* ---- what is asked for ---- */

/* Which of @n a name asks for that is @prefix and a digit; -1: none. */
static int
find_number (const char *name, const char *prefix, int n)
{
  gsize length = strlen (prefix);
  int number;

  if (strncmp (name, prefix, length) != 0 || name[length] == '\0' || name[length + 1] != '\0')
    return -1;
  number = name[length] - '0';
  return number >= 0 && number < n ? number : -1;
}

static const char *
find_text (const char *name)
{
  int which = find_number (name, "%curve", SEALED_N_DEVICES);

  if (which >= 0)
    return confab_olm_account_get_curve25519 (devices[which].account);
  which = find_number (name, "%signer", SEALED_N_DEVICES);
  if (which >= 0)
    return confab_olm_account_get_ed25519 (devices[which].account);
  which = find_number (name, "%id", SEALED_N);
  if (which >= 0)
    return sessions[which].id;
  which = find_number (name, "%key", SEALED_N);
  return which >= 0 ? sessions[which].key : NULL;
}

static void
add_string (JsonObject *object, const char *name, const char *value)
{
  if (!json_object_has_member (object, name))
    json_object_set_string_member (object, name, value);
}

static char *
dup_plaintext (JsonNode *node)
{
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    return g_strdup (json_node_get_string (node));
  return json_to_string (node, FALSE);
}

static guint
pick (JsonArray *wish, guint position, guint max)
{
  JsonNode *node = json_array_get_element (wish, position);

  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64
           ? (guint) ((guint64) json_node_get_int (node) % (max + 1))
           : 0;
}

static void
seal_megolm (JsonObject *object, JsonArray *wish)
{
  g_autoptr (ConfabMegolmOutbound) session = NULL;
  g_autofree char *text = NULL;
  g_autofree char *message = NULL;
  guint which;

  if (json_array_get_length (wish) != 3)
    return;
  which = pick (wish, 0, SEALED_N - 1);
  session = confab_megolm_outbound_unpickle (sessions[which].pickle, pickle_key, NULL);
  for (guint i = pick (wish, 1, MAX_INDEX); i > 0; i--)
    g_free (confab_megolm_outbound_encrypt (session, "", NULL));
  text = dup_plaintext (json_array_get_element (wish, 2));
  message = confab_megolm_outbound_encrypt (session, text, NULL);
  add_string (object, "algorithm", CONFAB_MEGOLM_ALGORITHM);
  add_string (object, "session_id", sessions[which].id);
  if (message != NULL)
    add_string (object, "ciphertext", message);
}

static void
add_ed25519 (JsonObject *payload, const char *name, const char *key)
{
  JsonObject *keys;

  if (json_object_has_member (payload, name))
    return;
  keys = json_object_new ();
  json_object_set_string_member (keys, "ed25519", key);
  json_object_set_object_member (payload, name, keys);
}

static ConfabOlmSession *
begin_olm (SealedDevice which)
{
  if (devices[which].pickle != NULL)
    return confab_olm_session_unpickle (devices[which].pickle, pickle_key, NULL);
  return confab_olm_account_create_outbound (devices[which].account,
                                             our_curve25519,
                                             devices[which].one_time_key,
                                             NULL);
}

static void
seal_olm (JsonObject *object, SealedDevice which, JsonNode *payload)
{
  const ConfabDeviceKeys from = keys_of (which);
  g_autofree char *text = NULL;
  g_autofree char *message = NULL;
  JsonObject *ciphertext;
  JsonObject *ciphertexts;
  ConfabOlmMessageType type;

  if (JSON_NODE_HOLDS_OBJECT (payload)) {
    g_autoptr (JsonObject) whole = confab_json_copy_object (json_node_get_object (payload));
    add_string (whole, "sender", from.user_id);
    add_string (whole, "recipient", "@me:x");
    add_ed25519 (whole, "recipient_keys", our_ed25519);
    add_ed25519 (whole, "keys", from.ed25519);
    text = confab_json_to_string (whole);
  } else {
    text = dup_plaintext (payload);
  }
  if (devices[which].session == NULL)
    devices[which].session = begin_olm (which);
  message = confab_olm_session_encrypt (devices[which].session, text, &type, NULL);
  if (message == NULL)
    return;
  add_string (object, "algorithm", OLM);
  add_string (object, "sender_key", from.curve25519);
  if (json_object_has_member (object, "ciphertext"))
    return;
  ciphertext = json_object_new ();
  json_object_set_int_member (ciphertext, "type", type);
  json_object_set_string_member (ciphertext, "body", message);
  ciphertexts = json_object_new ();
  json_object_set_object_member (ciphertexts, our_curve25519, ciphertext);
  json_object_set_object_member (object, "ciphertext", ciphertexts);
}

static const char *
find_text_for (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
           ? find_text (json_node_get_string (node))
           : NULL;
}

static int
find_device_for (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
           ? find_number (json_node_get_string (node), "%device", SEALED_N_DEVICES)
           : -1;
}

static void fill_object (JsonObject *object);

static void
fill_array (JsonArray *array)
{
  guint n = json_array_get_length (array);

  /* Each goes to the end in its turn. */
  for (guint i = 0; i < n; i++) {
    g_autoptr (JsonNode) node = json_array_dup_element (array, 0);
    const char *text = find_text_for (node);
    if (JSON_NODE_HOLDS_OBJECT (node))
      fill_object (json_node_get_object (node));
    else if (JSON_NODE_HOLDS_ARRAY (node))
      fill_array (json_node_get_array (node));
    json_array_remove_element (array, 0);
    if (text != NULL)
      json_array_add_string_element (array, text);
    else
      json_array_add_element (array, g_steal_pointer (&node));
  }
}

/* What is within first: a plaintext may ask for keys. */
static void
fill_object (JsonObject *object)
{
  g_autoptr (GList) names = json_object_get_members (object);
  g_autoptr (JsonNode) megolm = NULL;
  g_autoptr (JsonNode) sealed = NULL;

  for (GList *l = names; l != NULL; l = l->next) {
    JsonNode *node = json_object_get_member (object, l->data);
    const char *text = find_text_for (node);
    int which = find_device_for (node);
    if (which >= 0)
      json_object_set_object_member (object,
                                     l->data,
                                     confab_device_keys_make (devices[which].account,
                                                              devices[which].user_id,
                                                              devices[which].device_id));
    else if (text != NULL)
      json_object_set_string_member (object, l->data, text);
    else if (JSON_NODE_HOLDS_OBJECT (node))
      fill_object (json_node_get_object (node));
    else if (JSON_NODE_HOLDS_ARRAY (node))
      fill_array (json_node_get_array (node));
  }
  megolm = json_object_dup_member (object, "%megolm");
  sealed = json_object_dup_member (object, "%olm");
  if (megolm != NULL && JSON_NODE_HOLDS_ARRAY (megolm))
    seal_megolm (object, json_node_get_array (megolm));
  if (sealed != NULL && JSON_NODE_HOLDS_ARRAY (sealed) &&
      json_array_get_length (json_node_get_array (sealed)) == 2) {
    JsonArray *wish = json_node_get_array (sealed);
    seal_olm (object, pick (wish, 0, SEALED_N_DEVICES - 1), json_array_get_element (wish, 1));
  }
  if (megolm != NULL)
    json_object_remove_member (object, "%megolm");
  if (sealed != NULL)
    json_object_remove_member (object, "%olm");
}

JsonObject *
sealed_world_fill (JsonObject *reply)
{
  JsonObject *filled = confab_json_copy_object (reply);

  fill_object (filled);
  for (guint i = 0; i < SEALED_N_DEVICES; i++)
    g_clear_object (&devices[i].session);
  return filled;
}
