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

static ConfabOlmAccount *bob;
static ConfabOlmSession *olm; /* (nullable): of this sync */
static char *our_curve25519;
static char *our_ed25519;
static char *one_time_key;
static GBytes *pickle_key;
static struct {
  GBytes *pickle;
  char *id;
  char *key;
} sessions[SEALED_N];

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
publish_key (ConfabStoreTransaction *transaction, ConfabOlmVault *vault, GError **error)
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
  return confab_olm_vault_save_account (vault, transaction, account, TRUE, error);
}

gboolean
sealed_world_make (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  ConfabOlmVault *vault = data;
  ConfabDeviceKeys dev;
  ConfabDeviceKeys dev2;
  ConfabDeviceKeys bad;
  ConfabDeviceKeys gone;
  ConfabDeviceKeys odd;
  ConfabDeviceKeys me;

  random_state = G_GUINT64_CONSTANT (0x13198a2e03707344); /* other keys than those of sessions */
  pickle_key = g_bytes_ref (vault->pickle_key);
  bob = confab_olm_account_new (error);
  if (bob == NULL || !publish_key (transaction, vault, error))
    return FALSE;
  make_sessions ();
#define DEVICE(user, device, curve, ed)                                                            \
  (ConfabDeviceKeys)                                                                               \
  {                                                                                                \
    .user_id = (char *) user, .device_id = (char *) device, .curve25519 = (char *) curve,          \
    .ed25519 = (char *) ed                                                                         \
  }
  dev = DEVICE ("@b:x",
                "DEV",
                confab_olm_account_get_curve25519 (bob),
                confab_olm_account_get_ed25519 (bob));
  dev2 = DEVICE ("@b:x", "DEV2", CURVE_OF ("D"), CURVE_OF ("E"));
  bad = DEVICE ("@c:x", "BAD", CURVE_OF ("F"), CURVE_OF ("G"));
  gone = DEVICE ("@c:x", "GONE", CURVE_OF ("H"), CURVE_OF ("I"));
  odd = DEVICE ("@c:x", "ODD", CURVE_OF ("J"), CURVE_OF ("K"));
  me = DEVICE ("@me:x", "ME", our_curve25519, our_ed25519);
#undef DEVICE
  return add_device (transaction, "@b:x", "DEV", dev.curve25519, dev.ed25519, error) &&
         add_device (transaction, "@b:x", "DEV2", dev2.curve25519, dev2.ed25519, error) &&
         add_device (transaction, "@c:x", "BAD", bad.curve25519, bad.ed25519, error) &&
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

/* ---- what is asked for ---- */

static const char *
find_text (const char *name)
{
  gsize length = strlen (name);
  guint which = length > 0 ? (guint) (name[length - 1] - '0') : SEALED_N;

  if (strcmp (name, "%curve25519") == 0)
    return confab_olm_account_get_curve25519 (bob);
  if (strcmp (name, "%ed25519") == 0)
    return confab_olm_account_get_ed25519 (bob);
  if (which >= SEALED_N)
    return NULL;
  if (g_str_has_prefix (name, "%id") && length == 4)
    return sessions[which].id;
  return g_str_has_prefix (name, "%key") && length == 5 ? sessions[which].key : NULL;
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

static void
seal_olm (JsonObject *object, JsonNode *wish)
{
  g_autofree char *text = NULL;
  g_autofree char *message = NULL;
  JsonObject *ciphertext;
  JsonObject *ciphertexts;
  ConfabOlmMessageType type;

  if (JSON_NODE_HOLDS_OBJECT (wish)) {
    JsonObject *payload = json_node_get_object (wish);
    add_string (payload, "sender", "@b:x");
    add_string (payload, "recipient", "@me:x");
    add_ed25519 (payload, "recipient_keys", our_ed25519);
    add_ed25519 (payload, "keys", confab_olm_account_get_ed25519 (bob));
  }
  text = dup_plaintext (wish);
  if (olm == NULL)
    olm = confab_olm_account_create_outbound (bob, our_curve25519, one_time_key, NULL);
  message = confab_olm_session_encrypt (olm, text, &type, NULL);
  if (message == NULL)
    return;
  add_string (object, "algorithm", OLM);
  add_string (object, "sender_key", confab_olm_account_get_curve25519 (bob));
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
    if (text != NULL)
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
  if (sealed != NULL)
    seal_olm (object, sealed);
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
  g_clear_object (&olm);
  return filled;
}
