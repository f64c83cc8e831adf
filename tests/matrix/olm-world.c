/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "olm-world.h"

#include <string.h>

#include "confab-homeserver-private.h"
#include "confab-json.h"
#include "confab-schema.h"
#include "confab-sync-store.h"

#define CLIENT "/_matrix/client/v3/"

static char *
token_of (SoupServerMessage *message)
{
  const char *header = soup_message_headers_get_one (soup_server_message_get_request_headers (
                                                       message),
                                                     "Authorization");

  g_assert_true (g_str_has_prefix (header, "Bearer "));
  return g_strdup (header + strlen ("Bearer "));
}

static JsonObject *
ensure (GHashTable *table, const char *name)
{
  JsonObject *object = g_hash_table_lookup (table, name);

  if (object == NULL) {
    object = json_object_new ();
    g_hash_table_insert (table, g_strdup (name), object);
  }
  return object;
}

static void
respond (SoupServerMessage *message, JsonObject *reply)
{
  g_autofree char *text = confab_json_to_string (reply);

  fake_homeserver_respond (message, 200, text);
}

static void
merge (JsonObject *into, JsonObject *from)
{
  g_autoptr (GList) names = from != NULL ? json_object_get_members (from) : NULL;

  for (GList *l = names; l != NULL; l = l->next)
    json_object_set_object_member (
      into, l->data, confab_json_copy_object (json_object_get_object_member (from, l->data)));
}

static void
upload_cb (FakeHomeserver *fake, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  World *self = data;
  g_autofree char *name = token_of (message);
  JsonObject *keys = confab_json_peek_object (body, "device_keys");
  g_autoptr (JsonObject) reply = json_object_new ();
  JsonObject *counts = json_object_new ();

  if (keys != NULL)
    g_hash_table_insert (self->device_keys, g_strdup (name), confab_json_copy_object (keys));
  merge (ensure (self->one_time, name), confab_json_peek_object (body, "one_time_keys"));
  if (confab_json_peek_object (body, "fallback_keys") != NULL) {
    g_hash_table_remove (self->fallback, name);
    merge (ensure (self->fallback, name), confab_json_peek_object (body, "fallback_keys"));
  }
  json_object_set_int_member (counts, "signed_curve25519", world_n_one_time_keys (self, name));
  json_object_set_object_member (reply, "one_time_key_counts", counts);
  respond (message, reply);
}

static void
query_cb (FakeHomeserver *fake, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  World *self = data;
  g_autoptr (JsonObject) reply = json_object_new ();
  JsonObject *users = json_object_new ();
  JsonObject *failures = json_object_new ();
  g_autoptr (GList) asked = json_object_get_members (confab_json_peek_object (body, "device_keys"));

  if (self->fail_queries > 0) {
    self->fail_queries--;
    json_object_unref (users);
    json_object_unref (failures);
    fake_homeserver_respond (message, 502, "{}");
    return;
  }
  for (GList *l = asked; l != NULL; l = l->next) {
    JsonObject *devices;
    GHashTableIter iter;
    gpointer name, keys;

    if (self->query_fails) {
      json_object_set_object_member (failures, strchr (l->data, ':') + 1, json_object_new ());
      continue;
    }
    devices = json_object_new ();
    g_hash_table_iter_init (&iter, self->device_keys);
    while (g_hash_table_iter_next (&iter, &name, &keys)) {
      gsize length = strlen (l->data);
      if (strncmp (name, l->data, length) == 0 && ((char *) name)[length] == '|')
        json_object_set_object_member (devices,
                                       (char *) name + length + 1,
                                       confab_json_copy_object (keys));
    }
    json_object_set_object_member (users, l->data, devices);
  }
  json_object_set_object_member (reply, "device_keys", users);
  json_object_set_object_member (reply, "failures", failures);
  if (self->on_query != NULL)
    self->on_query (reply, self->hook_data);
  respond (message, reply);
}

static void
claim_one (World *self, JsonObject *users, const char *user_id, const char *device_id)
{
  g_autofree char *name = g_strconcat (user_id, "|", device_id, NULL);
  JsonObject *pool = ensure (self->one_time, name);
  JsonObject *fallback = ensure (self->fallback, name);
  JsonObject *from = json_object_get_size (pool) > 0 ? pool : fallback;
  g_autoptr (GList) ids = json_object_get_members (from);
  JsonObject *device, *user;

  if (ids == NULL)
    return;
  device = json_object_new ();
  json_object_set_object_member (
    device, ids->data, confab_json_copy_object (json_object_get_object_member (from, ids->data)));
  if (from == pool) {
    g_autofree char *id = g_strdup (ids->data);
    json_object_remove_member (pool, id);
  }
  user = confab_json_peek_object (users, user_id);
  if (user == NULL) {
    user = json_object_new ();
    json_object_set_object_member (users, user_id, user);
  }
  json_object_set_object_member (user, device_id, device);
}

static void
claim_cb (FakeHomeserver *fake, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  World *self = data;
  g_autoptr (JsonObject) reply = json_object_new ();
  JsonObject *users = json_object_new ();
  JsonObject *wanted = confab_json_peek_object (body, "one_time_keys");
  g_autoptr (GList) user_ids = json_object_get_members (wanted);

  for (GList *l = user_ids; l != NULL; l = l->next) {
    g_autoptr (GList) ids = json_object_get_members (json_object_get_object_member (wanted, l->data));
    for (GList *m = ids; m != NULL; m = m->next)
      claim_one (self, users, l->data, m->data);
  }
  json_object_set_object_member (reply, "one_time_keys", users);
  if (self->fail_claims > 0) {
    self->fail_claims--;
    fake_homeserver_respond (message, 502, "{}");
    return;
  }
  if (self->on_claim != NULL)
    self->on_claim (reply, self->hook_data);
  respond (message, reply);
}

static void
deliver (World *self, const char *sender, const char *type, JsonObject *messages, GString *note)
{
  g_autofree char *user = g_strndup (sender, strchr (sender, '|') - sender);
  g_autoptr (GList) users = json_object_get_members (messages);

  for (GList *l = users; l != NULL; l = l->next) {
    JsonObject *devices = json_object_get_object_member (messages, l->data);
    g_autoptr (GList) ids = json_object_get_members (devices);
    for (GList *m = ids; m != NULL; m = m->next) {
      g_autofree char *name = g_strconcat (l->data, "|", m->data, NULL);
      JsonObject *event = json_object_new ();
      json_object_set_string_member (event, "type", type);
      json_object_set_string_member (event, "sender", user);
      json_object_set_object_member (event,
                                     "content",
                                     confab_json_copy_object (
                                       json_object_get_object_member (devices, m->data)));
      if (note == NULL)
        g_ptr_array_add (world_mailbox (self, name), event);
      else {
        g_string_append_printf (note, " %s", (char *) m->data);
        json_object_unref (event);
      }
    }
  }
}

static gboolean
is_for (JsonObject *messages, const char *prefix)
{
  g_autoptr (GList) users = json_object_get_values (messages);

  for (GList *l = users; l != NULL; l = l->next) {
    g_autoptr (GList) ids = json_object_get_members (json_node_get_object (l->data));
    for (GList *m = ids; m != NULL; m = m->next) {
      if (g_str_has_prefix (m->data, prefix))
        return TRUE;
    }
  }
  return FALSE;
}

/* A transaction id is good for one request: should it have been taken, whatever else comes by that name is dropped. */
static void
check_body (World *self, const char *key, JsonObject *body)
{
  g_autofree char *text = confab_json_to_string (body);
  const char *before = g_hash_table_lookup (self->bodies, key);

  if (before != NULL)
    g_assert_cmpstr (text, ==, before);
  else
    g_hash_table_insert (self->bodies, g_strdup (key), g_steal_pointer (&text));
}

static void
send_cb (FakeHomeserver *fake, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  World *self = data;
  g_autofree char *name = token_of (message);
  g_auto (GStrv) parts = g_strsplit (g_uri_get_path (soup_server_message_get_uri (message)), "/", -1);
  const char *type = parts[5];
  const char *txn = parts[6];
  JsonObject *messages = confab_json_peek_object (body, "messages");
  g_autofree char *key = g_strconcat (name, " ", txn, NULL);
  g_autoptr (GString) note = g_string_new (txn);

  check_body (self, key, body);
  deliver (self, name, type, messages, note);
  g_ptr_array_add (self->sent, g_strdup (note->str));
  if (self->on_send != NULL)
    self->on_send (self->hook_data);
  if (self->refuse_sends > 0) {
    self->refuse_sends--;
    fake_homeserver_respond (
      message,
      429,
      "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"error\":\"slow\",\"retry_after_ms\":2000}");
    return;
  }
  if (self->forbid_sends > 0) {
    self->forbid_sends--;
    fake_homeserver_respond (message, 403, "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no\"}");
    return;
  }
  if (self->bad_device != NULL && is_for (messages, self->bad_device)) {
    fake_homeserver_respond (message,
                             self->bad_status,
                             self->bad_status == 401 ? "{\"errcode\":\"M_UNKNOWN_TOKEN\"}"
                                                     : "{\"errcode\":\"M_UNKNOWN\"}");
    return;
  }
  if (g_hash_table_add (self->txns, g_steal_pointer (&key)))
    deliver (self, name, type, messages, NULL);
  if (self->unread_sends > 0) {
    self->unread_sends--;
    fake_homeserver_respond (message, 200, "it works");
    return;
  }
  if (self->lose_answers > 0) {
    self->lose_answers--;
    fake_homeserver_respond (message, 502, "{}");
    return;
  }
  fake_homeserver_respond (message, 200, "{}");
}

static GHashTable *
json_table (void)
{
  return g_hash_table_new_full (g_str_hash,
                                g_str_equal,
                                g_free,
                                (GDestroyNotify) json_object_unref);
}

World *
world_new (void)
{
  World *self = g_new0 (World, 1);

  self->fake = fake_homeserver_new ();
  self->clock = confab_manual_clock_new (WORLD_TIME);
  self->device_keys = json_table ();
  self->one_time = json_table ();
  self->fallback = json_table ();
  self->mailboxes = g_hash_table_new_full (g_str_hash,
                                           g_str_equal,
                                           g_free,
                                           (GDestroyNotify) g_ptr_array_unref);
  self->bodies = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->txns = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->sent = g_ptr_array_new_with_free_func (g_free);
  fake_homeserver_handle (self->fake, CLIENT "keys/upload", upload_cb, self);
  fake_homeserver_handle (self->fake, CLIENT "keys/query", query_cb, self);
  fake_homeserver_handle (self->fake, CLIENT "keys/claim", claim_cb, self);
  fake_homeserver_handle (self->fake, CLIENT "sendToDevice/", send_cb, self);
  return self;
}

void
world_free (World *self)
{
  fake_homeserver_free (self->fake);
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (self->clock), ==, 0);
  g_object_unref (self->clock);
  g_hash_table_unref (self->device_keys);
  g_hash_table_unref (self->one_time);
  g_hash_table_unref (self->fallback);
  g_hash_table_unref (self->mailboxes);
  g_hash_table_unref (self->bodies);
  g_hash_table_unref (self->txns);
  g_ptr_array_unref (self->sent);
  g_free (self);
}

void
world_turn_clock (World *self, guint ms, gconstpointer back)
{
  if (back != NULL)
    confab_manual_clock_set_back (self->clock, ms);
  else
    confab_manual_clock_advance (self->clock, ms);
}

guint
world_n_one_time_keys (World *self, const char *name)
{
  return json_object_get_size (ensure (self->one_time, name));
}

GPtrArray *
world_mailbox (World *self, const char *name)
{
  GPtrArray *mailbox = g_hash_table_lookup (self->mailboxes, name);

  if (mailbox == NULL) {
    mailbox = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
    g_hash_table_insert (self->mailboxes, g_strdup (name), mailbox);
  }
  return mailbox;
}

static void
warning_cb (ConfabOlmMachine *machine, const char *text, const char *user_id, Device *self)
{
  g_ptr_array_add (self->warnings, g_strdup_printf ("%s: %s", user_id, text));
}

static void
inbox_changed_cb (ConfabOlmMachine *machine, Device *self)
{
  self->n_inbox_changed++;
}

Device *
device_new (World *world, const char *name, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) key = g_bytes_new_static ("0123456789abcdef0123456789abcdef", 32);
  g_auto (GStrv) parts = g_strsplit (name, "|", 2);
  Device *self = g_new0 (Device, 1);

  self->world = world;
  self->name = g_strdup (name);
  self->user_id = g_strdup (parts[0]);
  self->device_id = g_strdup (parts[1]);
  self->path = g_strdup (path);
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  self->outcomes = g_string_new (NULL);
  self->store = confab_store_new (path, confab_schema_migrations, &error);
  g_assert_no_error (error);
  self->homeserver = confab_homeserver_new (fake_homeserver_get_url (world->fake));
  confab_homeserver_set_retry (self->homeserver, 1, 1);
  confab_homeserver_set_tokens (self->homeserver, name, NULL, 0);
  self->machine = confab_olm_machine_new (self->store,
                                          self->homeserver,
                                          CONFAB_CLOCK (world->clock),
                                          self->user_id,
                                          self->device_id,
                                          key);
  g_signal_connect (self->machine, "warning", G_CALLBACK (warning_cb), self);
  g_signal_connect (self->machine, "inbox-changed", G_CALLBACK (inbox_changed_cb), self);
  return self;
}

void
device_free (Device *self)
{
  test_expect (confab_olm_machine_stop (self->machine));
  /* What was just resolved is let go of by the main loop. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_signal_handlers_disconnect_by_data (self->machine, self);
  g_assert_finalize_object (self->machine);
  g_object_unref (self->homeserver);
  confab_store_close (self->store);
  g_object_unref (self->store);
  g_ptr_array_unref (self->warnings);
  g_string_free (self->outcomes, TRUE);
  g_free (self->name);
  g_free (self->user_id);
  g_free (self->device_id);
  g_free (self->path);
  g_free (self);
}

void
device_start (Device *self)
{
  test_expect (confab_olm_machine_start (self->machine));
}

typedef struct {
  Device *device;
  ConfabSyncBatch *batch;
} Receive;

static gboolean
receive_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Receive *receive = data;

  if (receive->batch->rooms->len > 0 &&
      !confab_sync_store_apply (transaction, receive->batch, error))
    return FALSE;
  return confab_olm_machine_receive (receive->device->machine, transaction, receive->batch, error);
}

static JsonObject *
make_sync (Device *self, GPtrArray *events, const char *changed)
{
  JsonObject *sync = json_object_new ();
  JsonObject *to_device = json_object_new ();
  JsonArray *list = json_array_new ();
  JsonObject *lists = json_object_new ();
  JsonArray *users = json_array_new ();
  JsonObject *counts = json_object_new ();
  JsonArray *fallback = json_array_new ();
  g_auto (GStrv) names = g_strsplit (changed != NULL ? changed : "", ",", -1);

  for (guint i = 0; i < events->len; i++)
    json_array_add_object_element (list, confab_json_copy_object (events->pdata[i]));
  for (guint i = 0; names[i] != NULL; i++)
    json_array_add_string_element (users, names[i]);
  json_object_set_array_member (to_device, "events", list);
  json_object_set_array_member (lists, "changed", users);
  json_object_set_int_member (counts,
                              "signed_curve25519",
                              world_n_one_time_keys (self->world, self->name));
  if (json_object_get_size (ensure (self->world->fallback, self->name)) > 0)
    json_array_add_string_element (fallback, "signed_curve25519");
  json_object_set_object_member (sync, "to_device", to_device);
  json_object_set_object_member (sync, "device_lists", lists);
  json_object_set_object_member (sync, "device_one_time_keys_count", counts);
  json_object_set_array_member (sync, "device_unused_fallback_key_types", fallback);
  return sync;
}

static void
run_sync (
  Device *self, GPtrArray *events, const char *changed, const char *next_batch, JsonObject *rooms)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) sync = make_sync (self, events, changed);
  g_autofree char *text = NULL;
  g_autoptr (JsonObject) parsed = NULL;
  g_autoptr (ConfabSyncBatch) batch = NULL;
  Receive receive = { self, NULL };
  gboolean may_fail = self->world->fail_claims > 0;
  g_autoptr (GError) failure = NULL;

  json_object_set_string_member (sync, "next_batch", next_batch);
  if (rooms != NULL)
    json_object_set_object_member (sync, "rooms", json_object_ref (rooms));
  text = confab_json_to_string (sync);
  parsed = confab_json_parse_object (text, -1, &error);
  batch = confab_sync_batch_new_from_v3 (parsed, &error);
  g_assert_no_error (error);
  receive.batch = batch;
  confab_store_run (self->store, receive_func, &receive, &error);
  g_assert_no_error (error);
  confab_olm_machine_after_sync (self->machine);
  /* The round of chores that is on, as a future. */
  test_wait (confab_olm_machine_start (self->machine), may_fail ? &failure : &error);
  g_assert_no_error (error);
  device_flush (self);
}

void
device_sync (Device *self, const char *changed)
{
  device_sync_rooms (self, changed, "s1", NULL);
}

void
device_sync_rooms (Device *self, const char *changed, const char *next_batch, JsonObject *rooms)
{
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  GPtrArray *mailbox = world_mailbox (self->world, self->name);

  while (mailbox->len > 0)
    g_ptr_array_add (events, g_ptr_array_steal_index (mailbox, 0));
  run_sync (self, events, changed, next_batch, rooms);
}

void
device_sync_events (Device *self, GPtrArray *events)
{
  run_sync (self, events, NULL, "s1", NULL);
}

static void
done_cb (const GError *error, gpointer data)
{
  Device *self = data;

  self->n_done++;
  if (error == NULL)
    g_string_append (self->outcomes, "ok ");
  else {
    g_assert_cmpuint (error->domain, ==, CONFAB_SIGNALLING_ERROR);
    g_string_append_printf (self->outcomes, "%d ", error->code);
  }
}

void
device_send_full (Device *self,
                  const char *room_id,
                  const char *user_id,
                  const char *device_id,
                  const char *text,
                  ConfabSignallingSecurity security)
{
  g_autoptr (JsonObject) content = json_object_new ();

  json_object_set_string_member (content, "device_id", self->device_id);
  json_object_set_string_member (content, "text", text);
  confab_outbox_send (confab_olm_machine_get_outbox (self->machine),
                      room_id,
                      user_id,
                      device_id,
                      "m.call.candidates",
                      content,
                      security,
                      done_cb,
                      self,
                      NULL);
}

void
device_send (Device *self, const Device *to, const char *text)
{
  device_send_full (self, "!r:x", to->user_id, to->device_id, text, CONFAB_SIGNALLING_ENCRYPTED);
}

void
device_flush (Device *self)
{
  test_expect (confab_outbox_flush (confab_olm_machine_get_outbox (self->machine)));
}

static gboolean
inbox_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  const char *device_id = confab_store_row_get_string (row, 1);
  g_autoptr (JsonObject) content = confab_json_parse_object (confab_store_row_get_string (row, 2), -1, NULL);

  g_assert_cmpint (confab_store_row_get_int (row, 3), ==, device_id != NULL);
  g_string_append_printf (data,
                          "%s|%s|%s ",
                          confab_store_row_get_string (row, 0),
                          device_id != NULL ? device_id : "-",
                          confab_json_peek_string (content, "text"));
  return TRUE;
}

static gboolean
drain_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_store_query (transaction,
                             inbox_row_cb,
                             data,
                             error,
                             "SELECT sender, device_id, content, encrypted FROM inbox ORDER BY id",
                             NULL) &&
         confab_store_exec (transaction, error, "DELETE FROM inbox", NULL);
}

char *
device_drain (Device *self)
{
  g_autoptr (GError) error = NULL;
  GString *out = g_string_new (NULL);

  confab_store_run (self->store, drain_func, out, &error);
  g_assert_no_error (error);
  return g_string_free (out, FALSE);
}

typedef struct {
  const char *sql;
  gint64 value;
} Count;

static gboolean
count_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  ((Count *) data)->value = confab_store_row_get_int (row, 0);
  return TRUE;
}

static gboolean
count_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_store_query (transaction, count_row_cb, data, error, ((Count *) data)->sql, NULL);
}

void
device_assert_hears (Device *self, const char *expected)
{
  g_autofree char *got = NULL;

  device_sync (self, NULL);
  got = device_drain (self);
  g_assert_cmpstr (got, ==, expected);
}

gint64
device_count (Device *self, const char *sql)
{
  g_autoptr (GError) error = NULL;
  Count count = { sql, -1 };

  confab_store_run (self->store, count_func, &count, &error);
  g_assert_no_error (error);
  return count.value;
}

void
device_exec (Device *self, const char *sql)
{
  device_count (self, sql);
}
