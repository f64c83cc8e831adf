/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdint.h>
#include <string.h>

#include "confab-call-handler.h"
#include "confab-call-membership.h"
#include "confab-declined-calls.h"
#include "confab-fake-signalling.h"
#include "confab-json.h"
#include "confab-manual-clock.h"
#include "confab-megolm-events.h"
#include "confab-megolm-plan.h"
#include "confab-room-private.h"
#include "confab-schema.h"
#include "confab-sync-store.h"
#include "sealed-world.h"

/* What a homeserver says in syncs, one a line: read, stored, shown, loaded again, shown again; what is said in rooms and
 * to this device is decrypted, and handed on; calls hear of it. Ciphertexts are made of what the input asks for: see
 * sealed-world.h. */
#define MAX_SYNCS 4

static ConfabStore *store;
static ConfabOlmVault *vault;
static ConfabHomeserver *homeserver;

typedef struct {
  GPtrArray *batches; /* of ConfabSyncBatch, in order */
  ConfabSyncBatch *loaded;
  guint n_events; /* said in rooms, and read */
  guint n_warnings;
} Trip;

/* ---- what this user has declined ---- */

/* What was read is written, and reads the same. */
static void
check_written (ConfabDeclinedCalls *declined)
{
  ConfabDeclinedCalls *again = confab_declined_calls_new ();
  g_autoptr (JsonObject) written = confab_declined_calls_to_json (declined);
  g_autoptr (JsonObject) rewritten = NULL;

  g_assert_cmpuint (json_object_get_size (json_object_get_object_member (written, "calls")),
                    <=,
                    50);
  confab_declined_calls_read (again, written);
  rewritten = confab_declined_calls_to_json (again);
  g_assert_true (json_object_equal (written, rewritten));
  confab_declined_calls_free (again);
}

static void
read_back (JsonObject *content)
{
  ConfabDeclinedCalls *declined = confab_declined_calls_new ();
  g_autoptr (GHashTable) over = g_hash_table_new (g_str_hash, g_str_equal);
  gboolean missing;

  confab_declined_calls_read (declined, content);
  check_written (declined);
  confab_declined_calls_add (declined, "conf", G_MAXINT64, over, 1);
  check_written (declined);
  g_assert_true (confab_declined_calls_contains (declined, "conf"));
  /* Another device writes over it. */
  confab_declined_calls_read (declined, content);
  missing = !confab_declined_calls_contains (declined, "conf");
  g_assert_true (confab_declined_calls_restore (declined, over, 1) == missing);
  check_written (declined);
  g_assert_true (confab_declined_calls_contains (declined, "conf"));
  confab_declined_calls_free (declined);
}

/* A call of which a device of ours has said that it is declined does not ring; the others are declined, too. */
static void
decline (ConfabCallHandler *handler, const ConfabSyncRoom *room)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (handler)); i++) {
    g_autoptr (ConfabCall) call = g_list_model_get_item (G_LIST_MODEL (handler), i);
    g_autofree char *id = confab_call_dup_id (call);
    g_autofree char *room_id = confab_call_dup_room_id (call);
    ConfabDeclinedCalls *declined = confab_declined_calls_new ();

    for (guint j = 0; j < room->account_data->len; j++) {
      const ConfabSyncEvent *event = room->account_data->pdata[j];
      if (g_str_equal (event->type, CONFAB_DECLINED_CALLS_TYPE))
        confab_declined_calls_read (declined, event->content);
    }
    if (g_str_equal (room_id, room->room_id) && confab_declined_calls_contains (declined, id))
      g_assert_false (confab_call_get_ringing (call));
    confab_declined_calls_free (declined);
    if (confab_call_get_ringing (call))
      confab_call_decline (call, CONFAB_DECLINE_EVERYWHERE);
    g_assert_false (confab_call_get_ringing (call));
  }
}

static void
feed_room (ConfabCallHandler *handler, const ConfabSyncRoom *room)
{
  for (guint i = 0; i < room->account_data->len; i++) {
    const ConfabSyncEvent *event = room->account_data->pdata[i];
    confab_call_handler_handle_account_data (handler, room->room_id, event->type, event->content);
    read_back (event->content);
  }
  for (guint i = 0; i < room->state->len; i++) {
    const ConfabSyncEvent *event = room->state->pdata[i];
    g_autoptr (JsonObject) content = confab_json_copy_object (event->content);
    if (!event->superseded)
      confab_call_handler_handle_state (handler,
                                        room->room_id,
                                        event->type,
                                        event->state_key,
                                        event->sender,
                                        event->origin_server_ts,
                                        content);
    else if (g_str_equal (event->type, CONFAB_CALL_MEMBERSHIP_TYPE))
      confab_call_handler_handle_fork (handler, room->room_id);
  }
  confab_call_handler_end_sync (handler, 1);
  decline (handler, room);
}

static void
feed_batch (ConfabCallHandler *handler, ConfabManualClock *clock, const ConfabSyncBatch *batch)
{
  for (guint i = 0; i < batch->rooms->len; i++) {
    const ConfabSyncRoom *room = batch->rooms->pdata[i];
    if (room->membership == CONFAB_SYNC_MEMBERSHIP_JOIN)
      feed_room (handler, room);
    else
      confab_call_handler_remove_room (handler, room->room_id);
    confab_manual_clock_advance (clock, 10);
  }
}

static void
feed (ConfabSyncBatch *const *batches, guint n_batches)
{
  g_autoptr (ConfabManualClock) clock = confab_manual_clock_new (1000);
  g_autoptr (ConfabFakeSignalling) signalling = confab_fake_signalling_new (CONFAB_CLOCK (clock));
  g_autoptr (ConfabCallHandler) handler = confab_call_handler_new (CONFAB_SIGNALLING (signalling),
                                                        CONFAB_CLOCK (clock),
                                                        "@me:x",
                                                        "ME");

  for (guint i = 0; i < n_batches; i++)
    feed_batch (handler, clock, batches[i]);
  g_assert_finalize_object (g_steal_pointer (&handler));
}

/* ---- the way through the store ---- */

static void
read_events (ConfabStoreTransaction *transaction, Trip *trip)
{
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_room_event_unref);
  gint64 last = 0;

  if (!confab_megolm_events_read (vault, transaction, 0, events, &last, NULL) ||
      !confab_megolm_events_drop (transaction, last, NULL))
    g_assert_not_reached ();
  trip->n_events += events->len;
}

/* Whatever comes, it is no failure of the store: that would end the account here. */
static void
receive (ConfabStoreTransaction *transaction,
         const ConfabSyncBatch *batch,
         Trip *trip,
         ConfabOlmNews *news)
{
  for (guint i = 0; i < batch->to_device->len; i++) {
    if (!confab_olm_vault_receive (vault, transaction, batch->to_device->pdata[i], 1, news, NULL))
      g_assert_not_reached ();
  }
  if (!confab_megolm_events_receive (vault, transaction, batch, 1, news, NULL))
    g_assert_not_reached ();
  read_events (transaction, trip);
}

/* The list of those who speak has come; after two days nobody waits for any. */
static void
wait_long (ConfabStoreTransaction *transaction, Trip *trip, ConfabOlmNews *news)
{
  if (!confab_olm_vault_retry_waiting (vault, transaction, 2, news, NULL) ||
      !sealed_world_list_new (transaction, NULL) ||
      !confab_olm_vault_retry_waiting (vault, transaction, 3, news, NULL) ||
      !confab_olm_vault_retry_waiting (vault, transaction, 2 * 24 * 60 * 60 * 1000, news, NULL))
    g_assert_not_reached ();
  read_events (transaction, trip);
}

/* Whoever speaks in a room that we are in is told whether it is encrypted. */
static void
plan (ConfabStoreTransaction *transaction, const ConfabSyncBatch *loaded)
{
  for (guint i = 0; i < loaded->rooms->len; i++) {
    const ConfabSyncRoom *room = loaded->rooms->pdata[i];
    g_auto (ConfabMegolmPlan) wanted = { .vault = vault,
                                .room_id = room->room_id,
                                .type = "m.room.message",
                                .content = "{}",
                                .now_ms = 1 };
    if (!confab_megolm_plan_func (transaction, &wanted, NULL))
      g_assert_not_reached ();
    g_assert_cmpint (wanted.status, !=, CONFAB_MEGOLM_UNKNOWN_ROOM);
  }
}

static gboolean
trip_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Trip *trip = data;
  g_autoptr (ConfabOlmNews) news = confab_olm_news_new ();

  for (guint i = 0; i < trip->batches->len; i++) {
    if (!confab_sync_store_apply (transaction, trip->batches->pdata[i], error))
      return FALSE;
    receive (transaction, trip->batches->pdata[i], trip, news);
  }
  wait_long (transaction, trip, news);
  trip->n_warnings = news->warnings->len;
  trip->loaded = confab_sync_store_load (transaction, CONFAB_SYNC_STORE_ALL, error);
  if (trip->loaded != NULL)
    plan (transaction, trip->loaded);
  g_set_error_literal (error,
                       G_IO_ERROR,
                       G_IO_ERROR_CANCELLED,
                       "each run begins with an empty store");
  return FALSE;
}

static void
show (ConfabSyncBatch *const *batches, guint n_batches)
{
  g_autoptr (ConfabRoomList) list = confab_room_list_new ("@me:x", homeserver);

  for (guint i = 0; i < n_batches; i++)
    confab_room_list_apply (list, batches[i]);
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
  "m.room.tombstone",
  "replacement_room",
  "m.room.history_visibility",
  "history_visibility",
  "events_default",
  "rotation_period_ms",
  "rotation_period_msgs",
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
  CONFAB_DECLINED_CALLS_TYPE,
  "calls",
  "conf",
  "until_ts",
  "m.intent",
  "m.ring",
  "%megolm",
  "%olm",
  "%id0",
  "%key0",
  "%id6",
  "%key6",
  "%curve0",
  "%device2",
  "sender_device_keys",
  "keys",
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
invent_reply (const uint8_t *data, size_t size)
{
  Input input = { .data = data, .size = size };
  g_autoptr (JsonNode) node = next_node (&input, 0);
  JsonObject *reply;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return NULL;
  reply = json_node_dup_object (node);
  json_object_set_string_member (reply, "next_batch", "s1");
  return reply;
}

/* Returns: (element-type JsonObject): the replies, as they were wished for */
static GPtrArray *
next_replies (const uint8_t *data, size_t size)
{
  GPtrArray *replies = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  const uint8_t *end = data + size;

  if (size > 0 && data[0] != '{') {
    JsonObject *reply = invent_reply (data, size);
    if (reply != NULL)
      g_ptr_array_add (replies, reply);
    return replies;
  }
  while (data < end && replies->len < MAX_SYNCS) {
    const uint8_t *to = memchr (data, '\n', (size_t) (end - data));
    JsonObject *reply;

    if (to == NULL)
      to = end;
    reply = confab_json_parse_object ((const char *) data, to - data, NULL);
    if (reply != NULL)
      g_ptr_array_add (replies, reply);
    data = to + 1;
  }
  return replies;
}

static const ConfabSyncEvent *
find_declined (const ConfabSyncBatch *batch, const char *room_id)
{
  const ConfabSyncEvent *found = NULL;

  for (guint i = 0; i < batch->rooms->len; i++) {
    const ConfabSyncRoom *room = batch->rooms->pdata[i];
    for (guint j = 0; g_str_equal (room->room_id, room_id) && j < room->account_data->len; j++) {
      const ConfabSyncEvent *event = room->account_data->pdata[j];
      if (g_str_equal (event->type, CONFAB_DECLINED_CALLS_TYPE))
        found = event; /* the last one holds */
    }
  }
  return found;
}

static void
check_declined_kept (const ConfabSyncBatch *last, const ConfabSyncBatch *loaded)
{
  for (guint i = 0; i < last->rooms->len; i++) {
    const ConfabSyncRoom *room = last->rooms->pdata[i];
    const ConfabSyncEvent *event = find_declined (last, room->room_id);
    if (event != NULL && room->membership == CONFAB_SYNC_MEMBERSHIP_JOIN)
      g_assert_true (
        json_object_equal (find_declined (loaded, room->room_id)->content, event->content));
  }
}

static GPtrArray *
read_batches (GPtrArray *wishes)
{
  GPtrArray *batches = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_sync_batch_unref);

  sealed_world_rewind ();
  for (guint i = 0; i < wishes->len; i++) {
    g_autoptr (JsonObject) reply = sealed_world_fill (wishes->pdata[i]);
    ConfabSyncBatch *batch = confab_sync_batch_new_from_v3 (reply, NULL);
    if (batch != NULL)
      g_ptr_array_add (batches, batch);
  }
  return batches;
}

static void
run (GPtrArray *wishes, Trip *trip)
{
  g_autoptr (GPtrArray) batches = read_batches (wishes);
  ConfabSyncBatch *const *shown = (ConfabSyncBatch *const *) batches->pdata;

  if (batches->len == 0)
    return;
  trip->batches = batches;
  confab_store_run (store, trip_func, trip, NULL);
  show (shown, batches->len);
  feed (shown, batches->len);
  /* What was taken in must come out again: a store that cannot be read would end the account here. */
  g_assert_nonnull (trip->loaded);
  check_declined_kept (batches->pdata[batches->len - 1], trip->loaded);
  show (&trip->loaded, 1);
  feed (&trip->loaded, 1);
  confab_sync_batch_unref (trip->loaded);
}

/* JSON with ' for ". */
static JsonObject *
read_quoted (const char *text)
{
  g_autofree char *json = g_strdelimit (g_strdup (text), "'", '"');

  return confab_json_parse_object (json, -1, NULL);
}

static void
add_event (JsonArray *events, const char *content)
{
  g_autoptr (JsonObject) read = read_quoted (content);
  g_autofree char *event_id = g_strdup_printf ("$%u", json_array_get_length (events));
  JsonObject *event = json_object_new ();

  json_object_set_string_member (event, "type", "m.room.encrypted");
  json_object_set_string_member (event, "sender", "@b:x");
  json_object_set_string_member (event, "event_id", event_id);
  json_object_set_object_member (event, "content", confab_json_copy_object (read));
  json_array_add_object_element (events, event);
}

static JsonArray *
peek_events (JsonObject *reply, const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);

  for (guint i = 0; names[i] != NULL; i++)
    reply = json_object_get_object_member (reply, names[i]);
  return json_object_get_array_member (reply, "events");
}

/* What the world makes is the same each time, and can be read: else all of this would be about refusals. */
static void
check_world (void)
{
  static const char frame[] = "{'next_batch': 's1', 'to_device': {'events': []}, "
                              "'rooms': {'join': {'!a:x': {'timeline': {'events': []}}}}}";
  static const char said[] = "{'%%megolm': [%d, 5, {'type': 'm.room.message', "
                             "'room_id': '!a:x', 'content': {}}]}";
  static const int sessions[] = { SEALED_KNOWN, SEALED_LATE, SEALED_OTHER };
  g_autoptr (JsonObject) read = read_quoted (frame);
  JsonObject *wish = confab_json_copy_object (read);
  g_autoptr (GPtrArray) wishes = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  JsonArray *to_device = peek_events (wish, "to_device");
  g_autoptr (JsonObject) filled = NULL;
  g_autoptr (JsonObject) again = NULL;
  Trip trip = { 0 };

  g_ptr_array_add (wishes, wish);
  for (guint i = 0; i < G_N_ELEMENTS (sessions); i++) {
    g_autofree char *content = g_strdup_printf (said, sessions[i]);
    add_event (peek_events (wish, "rooms/join/!a:x/timeline"), content);
  }
  add_event (to_device, "{'%olm': [0, {'type': 'm.dummy', 'content': {}}]}");
  add_event (to_device,
             "{'%olm': [1, {'type': 'm.room_key', 'content': {'room_id': '!a:x', 'algorithm': "
             "'m.megolm.v1.aes-sha2', 'session_id': '%id6', 'session_key': '%key6'}}]}");
  sealed_world_rewind ();
  filled = sealed_world_fill (wish);
  sealed_world_rewind ();
  again = sealed_world_fill (wish);
  g_assert_true (json_object_equal (filled, again));
  run (wishes, &trip);
  g_assert_cmpuint (trip.n_events, ==, 3);
  g_assert_cmpuint (trip.n_warnings, ==, 0);
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
  if (!confab_store_run (store, sealed_world_make, vault, NULL))
    return 1;
  homeserver = confab_homeserver_new ("http://127.0.0.1:1");
  check_world ();
  return 0;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GPtrArray) wishes = next_replies (data, size);
  Trip trip = { 0 };

  run (wishes, &trip);
  return 0;
}
