/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdint.h>

#include "confab-device-keys.h"
#include "confab-json.h"
#include "confab-megolm-events.h"
#include "confab-megolm-outbound.h"
#include "confab-megolm-vault.h"
#include "confab-room-private.h"
#include "confab-schema.h"
#include "confab-sync-store.h"

/* What a homeserver says in a sync: read, stored, shown, loaded again, shown again; what is said in rooms is decrypted, and
 * handed on. */
static ConfabStore *store;
static ConfabOlmVault *vault;
static ConfabHomeserver *homeserver;

typedef struct {
  ConfabSyncBatch *batch;
  ConfabSyncBatch *loaded;
} Trip;

/* Whatever comes, it is no failure of the store: that would end the account here. */
static void
receive (ConfabStoreTransaction *transaction, const ConfabSyncBatch *batch)
{
  g_autoptr (ConfabOlmNews) news = confab_olm_news_new ();
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_room_event_unref);
  gint64 last = 0;

  for (guint i = 0; i < batch->to_device->len; i++) {
    if (!confab_olm_vault_receive (vault, transaction, batch->to_device->pdata[i], 1, news, NULL))
      g_assert_not_reached ();
  }
  if (!confab_megolm_events_receive (vault, transaction, batch, 1, news, NULL) ||
      !confab_megolm_events_read (vault, transaction, 0, events, &last, NULL) ||
      !confab_megolm_events_drop (transaction, last, NULL))
    g_assert_not_reached ();
}

static gboolean
trip_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Trip *trip = data;

  if (!confab_sync_store_apply (transaction, trip->batch, error))
    return FALSE;
  receive (transaction, trip->batch);
  trip->loaded = confab_sync_store_load (transaction, CONFAB_SYNC_STORE_ALL, error);
  g_set_error_literal (error,
                       G_IO_ERROR,
                       G_IO_ERROR_CANCELLED,
                       "each run begins with an empty store");
  return FALSE;
}

static void
show (const ConfabSyncBatch *batch)
{
  g_autoptr (ConfabRoomList) list = confab_room_list_new ("@me:x", homeserver);

  confab_room_list_apply (list, batch);
}

/* Random text is seldom a sync; so the input chooses among the words of one, and how they are nested. */
static const char *words[] = {
  "next_batch",
  "rooms",
  "join",
  "leave",
  "invite",
  "invite_state",
  "state",
  "timeline",
  "events",
  "limited",
  "summary",
  "m.heroes",
  "m.joined_member_count",
  "m.invited_member_count",
  "account_data",
  "to_device",
  "device_lists",
  "changed",
  "left",
  "device_one_time_keys_count",
  "signed_curve25519",
  "device_unused_fallback_key_types",
  "type",
  "state_key",
  "sender",
  "event_id",
  "origin_server_ts",
  "content",
  "tags",
  "m.tag",
  "m.favourite",
  "m.direct",
  "m.room.name",
  "m.room.canonical_alias",
  "m.room.avatar",
  "m.room.topic",
  "m.room.encryption",
  "m.room.power_levels",
  "m.room.create",
  "m.room.member",
  "m.room.message",
  "org.matrix.msc3401.call",
  "org.matrix.msc3401.call.member",
  "m.terminated",
  "name",
  "alias",
  "url",
  "topic",
  "membership",
  "displayname",
  "avatar_url",
  "users",
  "users_default",
  "state_default",
  "room_version",
  "12",
  "additional_creators",
  "@me:x",
  "@b:x",
  "!a:x",
  "!b:x",
  "$e",
  "",
  "s1",
  "m.room.encrypted",
  "m.reaction",
  "m.call.invite",
  "m.room.redaction",
  "redacts",
  "algorithm",
  "m.megolm.v1.aes-sha2",
  "m.olm.v1.curve25519-aes-sha2",
  "ciphertext",
  "session_id",
  "sender_key",
  "body",
  "m.relates_to",
  "m.room_key",
  "m.room_key.withheld",
  "room_id",
  "code",
  "m.no_olm",
  /* Of a session that is there; see make_session (). */
  NULL,
  NULL,
  NULL,
};
#define N_MADE 3

typedef struct {
  const uint8_t *data;
  size_t size;
} Input;

static uint8_t
next_byte (Input *input)
{
  if (input->size == 0)
    return 0;
  input->size--;
  return *input->data++;
}

static const char *
next_word (Input *input)
{
  return words[next_byte (input) % G_N_ELEMENTS (words)];
}

static JsonNode *
next_node (Input *input, guint depth)
{
  JsonNode *node = json_node_new (JSON_NODE_NULL);
  uint8_t kind = depth < 12 ? next_byte (input) % 8 : 7;

  if (kind < 4) {
    g_autoptr (JsonObject) object = json_object_new ();
    for (guint n = next_byte (input) % 8; n > 0; n--) {
      const char *name = next_word (input);
      json_object_set_member (object, name, next_node (input, depth + 1));
    }
    json_node_init_object (node, object);
  } else if (kind == 4) {
    g_autoptr (JsonArray) array = json_array_new ();
    for (guint n = next_byte (input) % 8; n > 0; n--)
      json_array_add_element (array, next_node (input, depth + 1));
    json_node_init_array (node, array);
  } else if (kind == 5) {
    json_node_init_string (node, next_word (input));
  } else if (kind == 6) {
    json_node_init_int (node, (gint64) ((guint64) next_byte (input) << (next_byte (input) % 64)));
  } else {
    json_node_init_boolean (node, next_byte (input) & 1);
  }
  return node;
}

static JsonObject *
next_reply (const uint8_t *data, size_t size)
{
  Input input = { .data = data, .size = size };
  g_autoptr (JsonNode) node = NULL;
  JsonObject *reply;

  if (size > 0 && data[0] == '{')
    return confab_json_parse_object ((const char *) data, size, NULL);
  node = next_node (&input, 0);
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return NULL;
  reply = json_node_dup_object (node);
  json_object_set_string_member (reply, "next_batch", "s1");
  return reply;
}

/* A session of @b:x's in !a:x, and what was said in it: its id, and two messages. */
static gboolean
make_session (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  static const char
    payload[] = "{\"room_id\":\"!a:x\",\"type\":\"m.room.message\",\"content\":{\"body\":\"x\"}}";
  g_autoptr (ConfabMegolmOutbound) session = confab_megolm_outbound_new (error);
  g_autofree char *key = confab_megolm_outbound_dup_key (session);
  g_autoptr (JsonObject) content = json_object_new ();
  g_autoptr (ConfabOlmNews) news = confab_olm_news_new ();
  ConfabDeviceKeys from = {
    .user_id = (char *) "@b:x",
    .device_id = (char *) "DEV",
    .curve25519 = (char *) "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    .ed25519 = (char *) "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
  };
  const char **made = words + G_N_ELEMENTS (words) - N_MADE;
  g_autoptr (ConfabOlmAccount) account = confab_olm_vault_load_account (vault, transaction, NULL, error);

  made[0] = g_strdup (confab_megolm_outbound_get_id (session));
  made[1] = confab_megolm_outbound_encrypt (session, payload, error);
  made[2] = confab_megolm_outbound_encrypt (session, "{}", error);
  json_object_set_string_member (content, "algorithm", CONFAB_MEGOLM_ALGORITHM);
  json_object_set_string_member (content, "room_id", "!a:x");
  json_object_set_string_member (content, "session_id", made[0]);
  json_object_set_string_member (content, "session_key", key);
  return account != NULL &&
         confab_megolm_vault_take_key (vault, transaction, &from, content, 1, news, error);
}

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  g_autoptr (GBytes) pickle_key = g_bytes_new_static ("0123456789abcdef0123456789abcdef", 32);

  dex_init ();
  store = confab_store_new (NULL, confab_schema_migrations, NULL);
  vault = confab_olm_vault_new ("@me:x", "ME", pickle_key);
  if (!confab_store_run (store, make_session, NULL, NULL))
    return 1;
  homeserver = confab_homeserver_new ("http://127.0.0.1:1");
  return 0;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (JsonObject) reply = next_reply (data, size);
  Trip trip = { 0 };

  if (reply == NULL)
    return 0;
  trip.batch = confab_sync_batch_new_from_v3 (reply, NULL);
  if (trip.batch == NULL)
    return 0;
  show (trip.batch);
  confab_store_run (store, trip_func, &trip, NULL);
  /* What was taken in must come out again: a store that cannot be read would end the account here. */
  g_assert (trip.loaded != NULL);
  show (trip.loaded);
  confab_sync_batch_unref (trip.loaded);
  confab_sync_batch_unref (trip.batch);
  return 0;
}
