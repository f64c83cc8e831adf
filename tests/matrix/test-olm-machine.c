/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "olm-world.h"

#include <string.h>

#include "confab-json.h"
#include "confab-key-claim.h"
#include "confab-olm-account.h"

typedef struct {
  World *world;
  Device *alice;
  Device *bob;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->world = world_new ();
  f->alice = device_new (f->world, "@alice:x|ADEV", NULL);
  f->bob = device_new (f->world, "@bob:x|BDEV", NULL);
  device_start (f->alice);
  device_start (f->bob);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  device_free (f->alice);
  device_free (f->bob);
  world_free (f->world);
}

static void
assert_inbox (Device *device, const char *expected)
{
  g_autofree char *got = device_drain (device);

  g_assert_cmpstr (got, ==, expected);
}

static void
assert_warned (Device *device, const char *expected)
{
  g_assert_cmpuint (device->warnings->len, ==, 1);
  g_assert_nonnull (strstr (device->warnings->pdata[0], expected));
  g_ptr_array_set_size (device->warnings, 0);
}

/* What alice's last message was on the wire: it is taken out of bob's mailbox. */
static JsonObject *
intercept (Fixture *f)
{
  GPtrArray *mailbox = world_mailbox (f->world, f->bob->name);

  g_assert_cmpuint (mailbox->len, ==, 1);
  return g_ptr_array_steal_index (mailbox, 0);
}

static void
test_talk (Fixture *f, gconstpointer data)
{
  device_send (f->alice, f->bob, "one");
  device_send (f->alice, f->bob, "two");
  device_flush (f->alice);
  g_assert_cmpstr (f->alice->outcomes->str, ==, "ok ok ");
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "@alice:x|ADEV|one @alice:x|ADEV|two ");
  device_send (f->bob, f->alice, "three");
  device_flush (f->bob);
  device_sync (f->alice, NULL);
  assert_inbox (f->alice, "@bob:x|BDEV|three ");
  device_send (f->alice, f->bob, "four");
  device_flush (f->alice);
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "@alice:x|ADEV|four ");
  g_assert_cmpuint (f->alice->warnings->len + f->bob->warnings->len, ==, 0);
  /* One session, in both stores: bob answered in the one that alice began. */
  g_assert_cmpint (device_count (f->alice, "SELECT count (*) FROM olm_sessions"), ==, 1);
  g_assert_cmpint (device_count (f->bob, "SELECT count (*) FROM olm_sessions"), ==, 1);
}

static void
test_stock (Fixture *f, gconstpointer data)
{
  const guint n_uploads = fake_homeserver_get_n_requests (f->world->fake,
                                                          "/_matrix/client/v3/keys/upload");
  JsonObject *keys = g_hash_table_lookup (f->world->device_keys, f->bob->name);
  JsonObject *pool = g_hash_table_lookup (f->world->one_time, f->bob->name);
  g_autoptr (ConfabDeviceKeys) parsed = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GList) names = NULL;

  g_assert_cmpuint (world_n_one_time_keys (f->world, f->bob->name), ==, 50);
  parsed = confab_device_keys_parse (keys, "@bob:x", "BDEV", &error);
  g_assert_no_error (error);
  names = json_object_get_members (pool);
  for (GList *l = names; l != NULL; l = l->next)
    g_assert_true (confab_signed_json_verify (
      json_object_get_object_member (pool, l->data), "@bob:x", "BDEV", parsed->ed25519, NULL));
  g_clear_pointer (&names, g_list_free);

  /* Nothing is missing: nothing is uploaded. */
  device_sync (f->bob, NULL);
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->world->fake,
                                                    "/_matrix/client/v3/keys/upload"),
                    ==,
                    n_uploads);
  names = json_object_get_members (pool);
  for (guint i = 0; i < 10; i++) {
    g_autofree char *name = g_strdup (g_list_nth_data (names, i));
    json_object_remove_member (pool, name);
  }
  device_sync (f->bob, NULL);
  g_assert_cmpuint (world_n_one_time_keys (f->world, f->bob->name), ==, 50);
  /* The fallback key was handed out: another one takes its place. */
  g_hash_table_remove (f->world->fallback, f->bob->name);
  device_sync (f->bob, NULL);
  g_assert_nonnull (g_hash_table_lookup (f->world->fallback, f->bob->name));
}

/* A key that many may have used: the one before it works for an hour, and then no more. */
static void
test_fallback_key (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) nothing = g_ptr_array_new ();
  Device *carol = device_new (f->world, "@carol:x|CDEV", NULL);
  g_autoptr (JsonObject) late = NULL;

  device_start (carol);
  g_hash_table_remove (f->world->one_time, f->bob->name);
  device_send (f->alice, f->bob, "soon");
  device_flush (f->alice);
  device_send (carol, f->bob, "late");
  device_flush (carol);
  g_hash_table_remove (f->world->fallback, f->bob->name);
  device_sync_events (f->bob, nothing);
  g_assert_nonnull (g_hash_table_lookup (f->world->fallback, f->bob->name));

  confab_manual_clock_advance (f->world->clock, 59 * 60 * 1000);
  device_sync_events (f->bob, nothing);
  late = g_ptr_array_steal_index (world_mailbox (f->world, f->bob->name), 1);
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "@alice:x|ADEV|soon ");
  confab_manual_clock_advance (f->world->clock, 2 * 60 * 1000);
  device_sync_events (f->bob, nothing);
  g_ptr_array_add (world_mailbox (f->world, f->bob->name), g_steal_pointer (&late));
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "");
  assert_warned (f->bob, "cannot be decrypted");
  device_free (carol);
}

static void
test_replay (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) recorded = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);

  /* No one-time keys: the session begins with the fallback key, which works any number of times. */
  g_hash_table_remove (f->world->one_time, f->bob->name);
  device_send (f->alice, f->bob, "one");
  device_flush (f->alice);
  g_ptr_array_add (recorded, json_object_ref (world_mailbox (f->world, f->bob->name)->pdata[0]));
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "@alice:x|ADEV|one ");
  device_sync_events (f->bob, recorded);
  assert_inbox (f->bob, "");
  /* Not even when the session itself is forgotten. */
  device_exec (f->bob, "DELETE FROM olm_sessions");
  device_sync_events (f->bob, recorded);
  assert_inbox (f->bob, "");
  g_assert_cmpint (device_count (f->bob, "SELECT count (*) FROM olm_sessions"), ==, 0);
  g_assert_cmpuint (f->bob->warnings->len, ==, 0);
  /* Without the list of what was seen, the ratchet refuses it. */
  device_send (f->alice, f->bob, "two");
  device_flush (f->alice);
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "@alice:x|ADEV|two ");
  device_send (f->alice, f->bob, "three");
  device_flush (f->alice);
  g_ptr_array_set_size (recorded, 0);
  g_ptr_array_add (recorded, json_object_ref (world_mailbox (f->world, f->bob->name)->pdata[0]));
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "@alice:x|ADEV|three ");
  device_exec (f->bob, "DELETE FROM olm_seen");
  device_sync_events (f->bob, recorded);
  assert_inbox (f->bob, "");
}

/* A one-time key is for one time: whoever steals the account later cannot read what was recorded. */
static void
test_used_key_is_gone (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) recorded = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);

  device_send (f->alice, f->bob, "one");
  device_flush (f->alice);
  g_ptr_array_add (recorded, json_object_ref (world_mailbox (f->world, f->bob->name)->pdata[0]));
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "@alice:x|ADEV|one ");
  device_exec (f->bob, "DELETE FROM olm_sessions");
  device_exec (f->bob, "DELETE FROM olm_seen");
  device_sync_events (f->bob, recorded);
  assert_inbox (f->bob, "");
  assert_warned (f->bob, "cannot be decrypted");
}

/* The list of what was seen does not grow for ever, and has what a server may repeat for a long time. */
static void
test_seen_bound (Fixture *f, gconstpointer data)
{
  device_exec (f->bob,
               "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20010) "
               "INSERT INTO olm_seen (hash, seen_at) SELECT CAST (i AS BLOB), i FROM n");
  device_sync (f->bob, NULL);
  g_assert_cmpint (device_count (f->bob, "SELECT count (*) FROM olm_seen"), ==, 20001);
  g_assert_cmpint (device_count (f->bob, "SELECT min (seen_at) FROM olm_seen"), ==, 10);
}

static void
test_wrong_sender (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  JsonObject *event;

  device_send (f->alice, f->bob, "one");
  device_flush (f->alice);
  event = intercept (f);
  json_object_set_string_member (event, "sender", "@mallory:x");
  g_ptr_array_add (events, event);
  device_sync_events (f->bob, events);
  assert_inbox (f->bob, "");
  assert_warned (f->bob, "sender is another one");
}

static void
test_garbage (Fixture *f, gconstpointer data)
{
  static const char *const bad[] = {
    "{}",
    "{\"algorithm\":\"m.olm.v1.curve25519-aes-sha2\"}",
    "{\"algorithm\":\"m.olm.v1.curve25519-aes-sha2\",\"sender_key\":1,\"ciphertext\":[]}",
    "{\"algorithm\":\"m.olm.v1.curve25519-aes-sha2\",\"sender_key\":\"x\",\"ciphertext\":{\"ME\":{"
    "\"type\":"
    "0,\"body\":\"AAAA\"}}}",
    "{\"algorithm\":\"m.olm.v1.curve25519-aes-sha2\",\"sender_key\":\"x\",\"ciphertext\":{\"ME\":{"
    "\"type\":"
    "7,\"body\":\"\"}}}",
    "{\"algorithm\":\"m.olm.v1.curve25519-aes-sha2\",\"sender_key\":\"x\",\"ciphertext\":{\"ME\":3}"
    "}",
    "{\"algorithm\":\"m.megolm.v1.aes-sha2\"}",
  };
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  JsonObject *keys = g_hash_table_lookup (f->world->device_keys, f->bob->name);
  const char *me = json_object_get_string_member (json_object_get_object_member (keys, "keys"),
                                                  "curve25519:BDEV");

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_auto (GStrv) parts = g_strsplit (bad[i], "ME", -1);
    g_autofree char *text = g_strjoinv (me, parts);
    g_autoptr (JsonObject) content = confab_json_parse_object (text, -1, NULL);
    JsonObject *event = json_object_new ();
    g_assert_nonnull (content);
    json_object_set_string_member (event, "type", "m.room.encrypted");
    json_object_set_string_member (event, "sender", "@mallory:x");
    json_object_set_object_member (event, "content", confab_json_copy_object (content));
    g_ptr_array_add (events, event);
  }
  device_sync_events (f->bob, events);
  assert_inbox (f->bob, "");
  g_assert_cmpuint (f->bob->warnings->len, ==, 5);
}

/* ---- a stranger, who writes payloads of any kind ---- */

typedef struct {
  Fixture *f;
  ConfabOlmAccount *account;
  JsonObject *keys;
} Stranger;

static void
stranger_init (Stranger *self, Fixture *f)
{
  self->f = f;
  self->account = confab_olm_account_new (NULL);
  self->keys = confab_device_keys_make (self->account, "@mallory:x", "MDEV");
}

static void
stranger_publish (Stranger *self)
{
  g_hash_table_insert (self->f->world->device_keys,
                       g_strdup ("@mallory:x|MDEV"),
                       confab_json_copy_object (self->keys));
}

static void
stranger_offer_key (Stranger *self)
{
  g_autoptr (GHashTable) keys = NULL;
  JsonObject *pool = json_object_new ();
  JsonObject *object = json_object_new ();
  GHashTableIter iter;
  gpointer key = NULL;

  confab_olm_account_generate_one_time_keys (self->account, 1, NULL);
  keys = confab_olm_account_dup_one_time_keys (self->account);
  g_hash_table_iter_init (&iter, keys);
  g_hash_table_iter_next (&iter, NULL, &key);
  json_object_set_string_member (object, "key", key);
  confab_signed_json_sign (object, self->account, "@mallory:x", "MDEV");
  json_object_set_object_member (pool, "signed_curve25519:AAAA", object);
  g_hash_table_insert (self->f->world->one_time, g_strdup ("@mallory:x|MDEV"), pool);
}

static void
stranger_clear (Stranger *self)
{
  g_object_unref (self->account);
  json_object_unref (self->keys);
}

static const char *
key_of (JsonObject *keys, const char *name)
{
  return json_object_get_string_member (json_object_get_object_member (keys, "keys"), name);
}

/* A rightly encrypted message to bob with @payload, in which B and M stand for the two signing keys. */
static void
stranger_send (Stranger *self, const char *payload, JsonObject *device_keys)
{
  World *world = self->f->world;
  JsonObject *bob = g_hash_table_lookup (world->device_keys, self->f->bob->name);
  JsonObject *pool = g_hash_table_lookup (world->one_time, self->f->bob->name);
  g_autoptr (GList) ids = json_object_get_members (pool);
  g_autofree char *id = g_strdup (ids->data);
  g_autofree char *one_time_key = g_strdup (
    json_object_get_string_member (json_object_get_object_member (pool, id), "key"));
  g_autoptr (ConfabOlmSession) session = confab_olm_account_create_outbound (self->account,
                                                                  key_of (bob, "curve25519:BDEV"),
                                                                  one_time_key,
                                                                  NULL);
  g_auto (GStrv) b = g_strsplit (payload, "$B", -1);
  g_autofree char *with_b = g_strjoinv (key_of (bob, "ed25519:BDEV"), b);
  g_auto (GStrv) m = g_strsplit (with_b, "$M", -1);
  g_autofree char *with_m = g_strjoinv (confab_olm_account_get_ed25519 (self->account), m);
  g_autoptr (JsonObject) parsed = confab_json_parse_object (with_m, -1, NULL);
  g_autoptr (JsonObject) object = confab_json_copy_object (parsed);
  g_autofree char *text = NULL;
  g_autofree char *body = NULL;
  ConfabOlmMessageType type;
  JsonObject *event = json_object_new ();
  JsonObject *content = json_object_new ();
  JsonObject *ciphertext = json_object_new ();
  JsonObject *message = json_object_new ();

  if (device_keys != NULL)
    json_object_set_object_member (object,
                                   "sender_device_keys",
                                   confab_json_copy_object (device_keys));
  text = confab_json_to_string (object);
  body = confab_olm_session_encrypt (session, text, &type, NULL);
  json_object_remove_member (pool, id);
  json_object_set_int_member (message, "type", type);
  json_object_set_string_member (message, "body", body);
  json_object_set_object_member (ciphertext, key_of (bob, "curve25519:BDEV"), message);
  json_object_set_string_member (content, "algorithm", "m.olm.v1.curve25519-aes-sha2");
  json_object_set_string_member (content,
                                 "sender_key",
                                 confab_olm_account_get_curve25519 (self->account));
  json_object_set_object_member (content, "ciphertext", ciphertext);
  json_object_set_string_member (event, "type", "m.room.encrypted");
  json_object_set_string_member (event, "sender", "@mallory:x");
  json_object_set_object_member (event, "content", content);
  g_ptr_array_add (world_mailbox (world, self->f->bob->name), event);
}

#define PAYLOAD(sender, recipient, keys, recipient_keys, device)                                   \
  "{\"type\":\"m.call.hangup\",\"sender\":\"" sender "\",\"recipient\":\"" recipient               \
  "\",\"keys\":{\"ed25519\":\"" keys "\"},\"recipient_keys\":{\"ed25519\":\"" recipient_keys       \
  "\"},\"content\":{\"device_id\":\"" device "\",\"text\":\"t\"}}"
#define GOOD PAYLOAD ("@mallory:x", "@bob:x", "$M", "$B", "MDEV")

static const struct {
  const char *payload;
  const char *warning;
} bad_payloads[] = {
  { PAYLOAD ("@alice:x", "@bob:x", "$M", "$B", "MDEV"), "sender is another one" },
  { PAYLOAD ("@mallory:x", "@alice:x", "$M", "$B", "MDEV"), "another user" },
  { PAYLOAD ("@mallory:x", "@bob:x", "$M", "$M", "MDEV"), "another device" },
  { PAYLOAD ("@mallory:x", "@bob:x", "$B", "$B", "MDEV"), "signing key" },
  { PAYLOAD ("@mallory:x", "@bob:x", "$M", "$B", "ADEV"), "names another device" },
  { "{\"sender\":\"@mallory:x\",\"recipient\":\"@bob:x\",\"keys\":{\"ed25519\":\"$M\"},"
    "\"recipient_keys\":{\"ed25519\":\"$B\"}}",
    "no type" },
  { "{\"type\":1,\"content\":[],\"keys\":0}", "sender is another one" },
};

static void
test_bad_payloads (Fixture *f, gconstpointer data)
{
  Stranger stranger;

  stranger_init (&stranger, f);
  stranger_publish (&stranger);
  for (guint i = 0; i < G_N_ELEMENTS (bad_payloads); i++) {
    /* Both when the device is in the list, and when the message itself presents it. */
    for (guint known = 0; known < 2; known++) {
      device_exec (f->bob, "DELETE FROM devices");
      device_exec (f->bob, "DELETE FROM device_users");
      if (known) {
        const char *const users[] = { "@mallory:x", NULL };
        confab_olm_machine_track_users (f->bob->machine, users);
        device_sync (f->bob, NULL);
      }
      stranger_send (&stranger, bad_payloads[i].payload, known ? NULL : stranger.keys);
      device_sync (f->bob, NULL);
      assert_inbox (f->bob, "");
      assert_warned (f->bob, bad_payloads[i].warning);
    }
  }
  stranger_send (&stranger, GOOD, NULL);
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "@mallory:x|MDEV|t ");
  stranger_clear (&stranger);
}

static void
test_unknown_device (Fixture *f, gconstpointer data)
{
  Stranger stranger;

  stranger_init (&stranger, f);
  /* Its list is asked for, and then the message counts. */
  stranger_publish (&stranger);
  stranger_send (&stranger, GOOD, NULL);
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "@mallory:x|MDEV|t ");
  g_assert_cmpuint (f->bob->n_inbox_changed, ==, 1);

  /* The server of the sender is away for a while. */
  device_exec (f->bob, "DELETE FROM devices");
  f->world->query_fails = TRUE;
  stranger_send (&stranger, GOOD, NULL);
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "");
  g_assert_cmpint (device_count (f->bob, "SELECT count (*) FROM olm_waiting"), ==, 1);
  confab_manual_clock_advance (f->world->clock, 61 * 1000);
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "");
  g_assert_cmpint (device_count (f->bob, "SELECT count (*) FROM olm_waiting"), ==, 0);
  assert_warned (f->bob, "not in the sender's list");

  /* A flood does not fill the store. */
  for (guint i = 0; i < 30; i++)
    stranger_send (&stranger, GOOD, NULL);
  device_sync (f->bob, NULL);
  g_assert_cmpint (device_count (f->bob, "SELECT count (*) FROM olm_waiting"), ==, 20);
  stranger_clear (&stranger);
}

/* A device may call itself what it wants, up to the length of an id. */
static void
test_longest_device_id (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabOlmAccount) account = confab_olm_account_new (NULL);

  for (guint length = 255; length <= 256; length++) {
    g_autofree char *device_id = g_strnfill (length, 'D');
    g_autoptr (JsonObject) keys = confab_device_keys_make (account, "@mallory:x", device_id);
    g_autoptr (ConfabDeviceKeys) parsed = confab_device_keys_parse (keys, "@mallory:x", NULL, NULL);

    g_assert_true ((parsed != NULL) == (length == 255));
  }
}

static void
test_presented_device (Fixture *f, gconstpointer data)
{
  Stranger stranger;
  g_autoptr (JsonObject) unsigned_keys = NULL;

  stranger_init (&stranger, f);
  /* The message presents its keys (MSC4147), rightly signed by themselves: that alone makes no device of the sender's. */
  f->world->query_fails = TRUE;
  stranger_send (&stranger, GOOD, stranger.keys);
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "");
  g_assert_cmpint (device_count (f->bob, "SELECT count (*) FROM olm_waiting"), ==, 1);
  g_assert_cmpint (device_count (f->bob, "SELECT count (*) FROM devices"), ==, 0);
  /* The list can be had again, and does not have it. */
  f->world->query_fails = FALSE;
  confab_manual_clock_advance (f->world->clock, 30 * 1000);
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "");
  assert_warned (f->bob, "not in the sender's list");
  g_assert_cmpint (device_count (f->bob, "SELECT count (*) FROM olm_waiting"), ==, 0);
  /* Nor is it believed because that was settled a moment ago. */
  stranger_send (&stranger, GOOD, stranger.keys);
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "");
  assert_warned (f->bob, "not in the sender's list");
  /* One that the list has meanwhile is. */
  stranger_publish (&stranger);
  stranger_send (&stranger, GOOD, stranger.keys);
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "@mallory:x|MDEV|t ");
  unsigned_keys = confab_json_copy_object (stranger.keys);
  json_object_set_string_member (unsigned_keys, "more", "x");
  stranger_send (&stranger, GOOD, unsigned_keys);
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "");
  assert_warned (f->bob, "not rightly signed");
  stranger_clear (&stranger);
}

static void
refuse_presented (Stranger *stranger, const char *payload, JsonObject *keys, const char *warning)
{
  Device *bob = stranger->f->bob;

  stranger_send (stranger, payload, keys);
  device_sync (bob, NULL);
  assert_inbox (bob, "");
  assert_warned (bob, warning);
}

/* Spec v1.15, “Validation of incoming decrypted events”: what is presented is checked also when it is not needed. */
static void
test_presented_by_known (Fixture *f, gconstpointer data)
{
  const char *const users[] = { "@mallory:x", NULL };
  g_autoptr (JsonObject) other_user = NULL;
  g_autoptr (JsonObject) other_device = NULL;
  Stranger stranger, second;

  stranger_init (&stranger, f);
  stranger_init (&second, f);
  stranger_publish (&stranger);
  confab_olm_machine_track_users (f->bob->machine, users);
  device_sync (f->bob, NULL);
  other_user = confab_device_keys_make (stranger.account, "@alice:x", "MDEV");
  other_device = confab_device_keys_make (stranger.account, "@mallory:x", "OTHER");
  refuse_presented (&stranger, GOOD, other_user, "not rightly signed");
  refuse_presented (&stranger, GOOD, second.keys, "not rightly signed");
  refuse_presented (&stranger, GOOD, other_device, "of another device");
  refuse_presented (&stranger,
                    PAYLOAD ("@mallory:x", "@bob:x", "$B", "$B", "MDEV"),
                    stranger.keys,
                    "not that of the device keys in it");
  stranger_send (&stranger, GOOD, stranger.keys);
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "@mallory:x|MDEV|t ");
  stranger_clear (&stranger);
  stranger_clear (&second);
}

/* The first message that @from sent to the stranger, decrypted; (transfer full). */
static JsonObject *
stranger_read (Stranger *self, const Device *from)
{
  JsonObject *from_keys = g_hash_table_lookup (self->f->world->device_keys, from->name);
  g_autofree char *key_name = g_strconcat ("curve25519:", from->device_id, NULL);
  GPtrArray *mailbox = world_mailbox (self->f->world, "@mallory:x|MDEV");
  g_autoptr (JsonObject) event = NULL;
  g_autoptr (ConfabOlmSession) session = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  JsonObject *content, *message, *payload;

  g_assert_cmpuint (mailbox->len, ==, 1);
  event = g_ptr_array_steal_index (mailbox, 0);
  content = json_object_get_object_member (event, "content");
  g_assert_cmpstr (json_object_get_string_member (content, "algorithm"),
                   ==,
                   "m.olm.v1.curve25519-aes-sha2");
  g_assert_cmpstr (json_object_get_string_member (content, "sender_key"),
                   ==,
                   key_of (from_keys, key_name));
  message = json_object_get_object_member (json_object_get_object_member (content, "ciphertext"),
                                           confab_olm_account_get_curve25519 (self->account));
  g_assert_cmpint (json_object_get_int_member (message, "type"), ==, 0);
  session = confab_olm_account_create_inbound (self->account,
                                               key_of (from_keys, key_name),
                                               json_object_get_string_member (message, "body"),
                                               &error);
  g_assert_no_error (error);
  text = confab_olm_session_decrypt (
    session, 0, json_object_get_string_member (message, "body"), NULL, &error);
  g_assert_no_error (error);
  payload = confab_json_parse_object (text, -1, &error);
  g_assert_no_error (error);
  return payload;
}

/* What alice writes, as the stranger whom she takes for a friend reads it. */
static void
test_own_payload (Fixture *f, gconstpointer data)
{
  Stranger stranger;
  g_autoptr (ConfabDeviceKeys) own = NULL;
  g_autoptr (JsonObject) payload = NULL;
  g_autoptr (GError) error = NULL;
  JsonObject *alice = g_hash_table_lookup (f->world->device_keys, f->alice->name);

  stranger_init (&stranger, f);
  stranger_publish (&stranger);
  stranger_offer_key (&stranger);
  device_send_full (f->alice, "!r:x", "@mallory:x", "MDEV", "hello", CONFAB_SIGNALLING_ENCRYPTED);
  device_flush (f->alice);
  payload = stranger_read (&stranger, f->alice);
  g_assert_cmpstr (json_object_get_string_member (payload, "sender"), ==, "@alice:x");
  g_assert_cmpstr (json_object_get_string_member (payload, "recipient"), ==, "@mallory:x");
  own = confab_device_keys_parse (json_object_get_object_member (payload, "sender_device_keys"),
                                  "@alice:x",
                                  "ADEV",
                                  &error);
  g_assert_no_error (error);
  g_assert_cmpstr (own->curve25519, ==, key_of (alice, "curve25519:ADEV"));
  /* Clients on matrix-rust-sdk would take it for the same field twice, and drop the message. */
  g_assert_false (json_object_has_member (payload, "org.matrix.msc4147.device_keys"));
  stranger_clear (&stranger);
}

/* Spec: “Recovering from undecryptable messages”: the new session is announced by m.dummy, with nothing in it. */
static void
test_dummy (Fixture *f, gconstpointer data)
{
  const char *const users[] = { "@mallory:x", NULL };
  Stranger stranger;
  g_autoptr (JsonObject) payload = NULL;

  stranger_init (&stranger, f);
  stranger_publish (&stranger);
  stranger_offer_key (&stranger);
  confab_olm_machine_track_users (f->bob->machine, users);
  device_sync (f->bob, NULL);
  stranger_send (&stranger, GOOD, NULL);
  /* It is damaged on its way. */
  json_object_set_string_member (
    json_object_get_object_member (
      json_object_get_object_member (
        json_object_get_object_member (world_mailbox (f->world, f->bob->name)->pdata[0], "content"),
        "ciphertext"),
      key_of (g_hash_table_lookup (f->world->device_keys, f->bob->name), "curve25519:BDEV")),
    "body",
    "AwAAAA");
  device_sync (f->bob, NULL);
  assert_warned (f->bob, "cannot be decrypted");
  payload = stranger_read (&stranger, f->bob);
  g_assert_cmpstr (json_object_get_string_member (payload, "type"), ==, "m.dummy");
  g_assert_cmpuint (json_object_get_size (json_object_get_object_member (payload, "content")),
                    ==,
                    0);
  stranger_clear (&stranger);
}

static void
test_presented_device_that_changed (Fixture *f, gconstpointer data)
{
  const char *const users[] = { "@mallory:x", NULL };
  Stranger first, second;

  stranger_init (&first, f);
  stranger_init (&second, f);
  stranger_publish (&first);
  confab_olm_machine_track_users (f->bob->machine, users);
  device_sync (f->bob, NULL);
  stranger_send (&second, GOOD, second.keys);
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "");
  assert_warned (f->bob, "identity key is not the one");
  /* Nor does the server get a known device another key. */
  stranger_publish (&second);
  device_sync (f->bob, "@mallory:x");
  assert_warned (f->bob, "identity key changed");
  stranger_send (&first, GOOD, NULL);
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "@mallory:x|MDEV|t ");
  stranger_clear (&first);
  stranger_clear (&second);
}

static void
test_wedged (Fixture *f, gconstpointer back)
{
  device_send (f->alice, f->bob, "one");
  device_flush (f->alice);
  device_sync (f->bob, NULL);
  device_send (f->bob, f->alice, "two");
  device_flush (f->bob);
  device_sync (f->alice, NULL);
  assert_inbox (f->alice, "@bob:x|BDEV|two ");
  assert_inbox (f->bob, "@alice:x|ADEV|one ");

  device_exec (f->bob, "DELETE FROM olm_sessions");
  device_send (f->alice, f->bob, "lost");
  device_flush (f->alice);
  device_sync (f->bob, NULL); /* claims a key of alice's and sends m.dummy */
  assert_warned (f->bob, "cannot be decrypted");
  assert_inbox (f->bob, "");
  device_sync (f->alice, NULL);
  assert_inbox (f->alice, "");
  g_assert_cmpint (device_count (f->alice, "SELECT count (*) FROM olm_sessions"), ==, 2);
  device_send (f->alice, f->bob, "found");
  device_flush (f->alice);
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "@alice:x|ADEV|found ");

  /* Again within the hour: no new session, or an attacker could use up alice's keys. */
  device_exec (f->bob, "DELETE FROM olm_sessions");
  device_send (f->alice, f->bob, "lost");
  device_flush (f->alice);
  device_sync (f->bob, NULL);
  assert_warned (f->bob, "cannot be decrypted");
  g_assert_cmpint (device_count (f->bob, "SELECT count (*) FROM olm_sessions"), ==, 0);
  world_turn_clock (f->world, 61 * 60 * 1000, back);
  device_send (f->alice, f->bob, "lost");
  device_flush (f->alice);
  device_sync (f->bob, NULL);
  assert_warned (f->bob, "cannot be decrypted");
  g_assert_cmpint (device_count (f->bob, "SELECT count (*) FROM olm_sessions"), ==, 1);
}

/* The server is away while a session is to be replaced: the next message that cannot be read asks again. */
static void
test_wedged_without_server (Fixture *f, gconstpointer data)
{
  device_send (f->alice, f->bob, "one");
  device_flush (f->alice);
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "@alice:x|ADEV|one ");
  device_exec (f->bob, "DELETE FROM olm_sessions");
  f->world->fail_claims = 1;
  device_send (f->alice, f->bob, "lost");
  device_flush (f->alice);
  device_sync (f->bob, NULL);
  assert_warned (f->bob, "cannot be decrypted");
  g_assert_cmpint (device_count (f->bob, "SELECT count (*) FROM olm_sessions"), ==, 0);
  device_send (f->alice, f->bob, "lost, too");
  device_flush (f->alice);
  device_sync (f->bob, NULL); /* begins a session */
  assert_warned (f->bob, "cannot be decrypted");
  device_sync (f->alice, NULL);
  device_send (f->alice, f->bob, "found");
  device_flush (f->alice);
  device_sync (f->bob, NULL);
  assert_inbox (f->bob, "@alice:x|ADEV|found ");
}

static void
test_wrong_pickle_key (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = g_bytes_new_static ("another key, of thirty-two bytes", 32);
  ConfabOlmMachine *machine = confab_olm_machine_new (
    f->alice->store, f->alice->homeserver, CONFAB_CLOCK (f->world->clock), "@alice:x", "ADEV", key);

  test_expect_error (confab_olm_machine_start (machine),
                     CONFAB_CRYPTO_ERROR,
                     CONFAB_CRYPTO_ERROR_BAD_PICKLE);
  test_expect (confab_olm_machine_stop (machine));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (machine);
}

static void
test_clear_text_comes_in_as_such (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  g_autoptr (JsonObject) event = confab_json_parse_object (
    "{\"type\":\"m.call.invite\",\"sender\":\"@alice:x\",\"content\":{\"device_id\":\"ADEV\","
    "\"text\":\"c\"}}",
    -1,
    NULL);

  g_ptr_array_add (events, g_steal_pointer (&event));
  device_sync_events (f->bob, events);
  assert_inbox (f->bob, "@alice:x|-|c ");
}

#define ADD(name, func) g_test_add ("/olm-machine/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  dex_init ();
  g_test_init (&argc, &argv, NULL);
  ADD ("talk", test_talk);
  ADD ("stock", test_stock);
  ADD ("fallback-key", test_fallback_key);
  ADD ("replay", test_replay);
  ADD ("used-key-is-gone", test_used_key_is_gone);
  ADD ("seen-bound", test_seen_bound);
  ADD ("wrong-sender", test_wrong_sender);
  ADD ("garbage", test_garbage);
  ADD ("bad-payloads", test_bad_payloads);
  ADD ("unknown-device", test_unknown_device);
  ADD ("longest-device-id", test_longest_device_id);
  ADD ("presented-device", test_presented_device);
  ADD ("presented-by-known", test_presented_by_known);
  ADD ("own-payload", test_own_payload);
  ADD ("dummy", test_dummy);
  ADD ("presented-device-that-changed", test_presented_device_that_changed);
  ADD ("wedged", test_wedged);
  ADD ("wedged/without-server", test_wedged_without_server);
  g_test_add ("/olm-machine/wedged/set-back", Fixture, "back", set_up, test_wedged, tear_down);
  ADD ("wrong-pickle-key", test_wrong_pickle_key);
  ADD ("clear-text", test_clear_text_comes_in_as_such);
  return g_test_run ();
}
