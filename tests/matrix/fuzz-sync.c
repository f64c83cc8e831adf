/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdint.h>

#include "confab-json.h"
#include "confab-room-private.h"
#include "confab-schema.h"
#include "confab-sync-store.h"

/* What a homeserver says in a sync: read, stored, shown, loaded again, shown again. */
static ConfabStore *store;
static ConfabHomeserver *homeserver;

typedef struct {
  ConfabSyncBatch *batch;
  ConfabSyncBatch *loaded;
} Trip;

static gboolean
trip_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Trip *trip = data;

  if (!confab_sync_store_apply (transaction, trip->batch, error))
    return FALSE;
  trip->loaded = confab_sync_store_load (transaction, error);
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
static const char *const words[] = {
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
};

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

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  dex_init ();
  store = confab_store_new (NULL, confab_schema_migrations, NULL);
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
