/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "megolm-world.h"

#include <string.h>

#include "confab-device-list.h"
#include "confab-json.h"
#include "confab-matrix-error.h"

static void
put_cb (FakeHomeserver *fake, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  Room *self = data;
  const char *path = g_uri_get_path (soup_server_message_get_uri (message));
  g_auto (GStrv) parts = g_strsplit (path, "/", -1); /* _matrix client v3 rooms ROOM send TYPE TXN */
  const char *header = soup_message_headers_get_one (soup_server_message_get_request_headers (
                                                       message),
                                                     "Authorization");
  const char *name = header + strlen ("Bearer ");
  g_autofree char *user = g_strndup (name, strchr (name, '|') - name);
  g_autofree char *key = g_strconcat (name, " ", parts[8], NULL);
  g_autofree char *event_id = g_strdup_printf ("$%s", parts[8]);
  g_autofree char *reply = g_strdup_printf ("{\"event_id\":\"%s\"}", event_id);

  g_assert_cmpuint (g_strv_length (parts), ==, 9);
  g_ptr_array_add (self->puts, g_strdup (path));
  if (g_hash_table_add (self->txns, g_steal_pointer (&key))) {
    room_add (self,
              user,
              event_id,
              confab_clock_get_real_time (CONFAB_CLOCK (self->world->clock)) / 1000,
              body);
    json_object_set_string_member (g_ptr_array_index (self->timeline, self->timeline->len - 1),
                                   "type",
                                   parts[7]);
  }
  if (self->fail_puts > 0) {
    self->fail_puts--;
    fake_homeserver_respond (message, 502, "{}");
    return;
  }
  fake_homeserver_respond (message, 200, reply);
}

Room *
room_new (void)
{
  Room *self = g_new0 (Room, 1);

  self->world = world_new ();
  self->algorithm = "m.megolm.v1.aes-sha2";
  self->timeline = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  self->txns = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->puts = g_ptr_array_new_with_free_func (g_free);
  fake_homeserver_handle (self->world->fake, "/_matrix/client/v3/rooms/", put_cb, self);
  return self;
}

void
room_free (Room *self)
{
  world_free (self->world);
  g_strfreev (self->members);
  g_ptr_array_unref (self->timeline);
  g_hash_table_unref (self->txns);
  g_ptr_array_unref (self->puts);
  g_free (self);
}

void
room_set_members (Room *self, const char *members)
{
  g_strfreev (self->members);
  self->members = g_strsplit (members, ",", -1);
}

void
room_add (Room *self, const char *sender, const char *event_id, gint64 ts, JsonObject *content)
{
  JsonObject *event = json_object_new ();

  json_object_set_string_member (event, "type", "m.room.encrypted");
  json_object_set_string_member (event, "sender", sender);
  json_object_set_string_member (event, "event_id", event_id);
  json_object_set_int_member (event, "origin_server_ts", ts);
  json_object_set_object_member (event, "content", confab_json_copy_object (content));
  g_ptr_array_add (self->timeline, event);
}

JsonObject *
room_get_content (Room *self, guint index)
{
  g_assert_cmpuint (index, <, self->timeline->len);
  return json_object_get_object_member (self->timeline->pdata[index], "content");
}

const char *
room_get_session (Room *self, guint index)
{
  return confab_json_peek_string (room_get_content (self, index), "session_id");
}

static DexFuture *
members_func (const char *room_id, gpointer data)
{
  Room *room = data;

  g_assert_cmpstr (room_id, ==, ROOM);
  if (room->fail_members > 0) {
    room->fail_members--;
    return dex_future_new_reject (CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NETWORK, "no network");
  }
  return dex_future_new_take_boxed (G_TYPE_STRV, g_strdupv (room->members));
}

static void
room_event_cb (ConfabMegolmMachine *megolm, ConfabRoomEvent *event, Person *self)
{
  g_autofree char *trust = g_enum_to_string (CONFAB_TYPE_ROOM_EVENT_TRUST, event->trust);
  JsonObject *relation = confab_json_peek_object (event->content, "m.relates_to");
  const char *text = event->withheld_code;

  g_assert_cmpstr (event->room_id, ==, ROOM);
  if (text == NULL)
    text = confab_json_peek_string (event->content, "body");
  if (text == NULL)
    text = confab_json_peek_string (relation, "key");
  if (text == NULL)
    text = confab_json_peek_string (event->content, "redacts");
  g_string_append_printf (self->heard,
                          "%s|%s|%s|%s|%s ",
                          event->sender,
                          event->device_id != NULL ? event->device_id : "-",
                          event->type,
                          text != NULL ? text : "-",
                          trust + strlen ("CONFAB_ROOM_EVENT_TRUST_"));
  g_clear_pointer (&self->last, json_object_unref);
  self->last = json_object_ref (event->content);
}

Person *
person_new (Room *room, const char *name, const char *path)
{
  Person *self = g_new0 (Person, 1);

  self->room = room;
  self->device = device_new (room->world, name, path);
  self->heard = g_string_new (NULL);
  self->megolm = confab_megolm_machine_new (self->device->machine,
                                            self->device->store,
                                            self->device->homeserver,
                                            CONFAB_CLOCK (room->world->clock),
                                            members_func,
                                            room);
  g_signal_connect (self->megolm, "room-event", G_CALLBACK (room_event_cb), self);
  device_start (self->device);
  return self;
}

void
person_free (Person *self)
{
  test_expect (confab_megolm_machine_stop (self->megolm));
  test_settle ();
  g_assert_finalize_object (self->megolm);
  device_free (self->device);
  g_clear_pointer (&self->last, json_object_unref);
  g_string_free (self->heard, TRUE);
  g_free (self);
}

static void
add_state (JsonArray *events, const char *type, const char *state_key, JsonObject *content)
{
  JsonObject *event = json_object_new ();

  json_object_set_string_member (event, "type", type);
  json_object_set_string_member (event, "state_key", state_key);
  json_object_set_string_member (event, "sender", state_key[0] != '\0' ? state_key : "@alice:x");
  json_object_set_object_member (event, "content", content);
  json_array_add_object_element (events, event);
}

static JsonArray *
make_state (Room *self)
{
  JsonArray *events = json_array_new ();
  JsonObject *encryption = json_object_new ();

  for (guint i = 0; self->members[i] != NULL; i++) {
    JsonObject *member = json_object_new ();
    json_object_set_string_member (member, "membership", "join");
    add_state (events, "m.room.member", self->members[i], member);
  }
  if (self->algorithm == NULL) {
    json_object_unref (encryption);
    return events;
  }
  json_object_set_string_member (encryption, "algorithm", self->algorithm);
  if (self->n_messages > 0)
    json_object_set_int_member (encryption, "rotation_period_msgs", self->n_messages);
  if (self->period_ms > 0)
    json_object_set_int_member (encryption, "rotation_period_ms", self->period_ms);
  add_state (events, "m.room.encryption", "", encryption);
  return events;
}

static JsonObject *
make_rooms (Person *self)
{
  JsonObject *rooms = json_object_new ();
  JsonObject *join = json_object_new ();
  JsonObject *room = json_object_new ();
  JsonObject *state = json_object_new ();
  JsonObject *timeline = json_object_new ();
  JsonArray *events = json_array_new ();

  for (; self->position < self->room->timeline->len; self->position++)
    json_array_add_object_element (events,
                                   confab_json_copy_object (
                                     self->room->timeline->pdata[self->position]));
  json_object_set_array_member (state, "events", make_state (self->room));
  json_object_set_array_member (timeline, "events", events);
  json_object_set_object_member (room, "state", state);
  json_object_set_object_member (room, "timeline", timeline);
  json_object_set_object_member (join, ROOM, room);
  json_object_set_object_member (rooms, "join", join);
  return rooms;
}

void
person_sync_unseen (Person *self, const char *changed)
{
  g_autoptr (JsonObject) rooms = make_rooms (self);
  g_autofree char *token = g_strdup_printf ("s%u", ++self->n_syncs);

  device_sync_rooms (self->device, changed, token, rooms);
}

void
person_show (Person *self)
{
  g_autofree char *token = g_strdup_printf ("s%u", self->n_syncs);

  confab_megolm_machine_set_shown (self->megolm, token);
  test_expect (confab_megolm_machine_hand_on (self->megolm));
}

void
person_sync (Person *self, const char *changed)
{
  person_sync_unseen (self, changed);
  confab_megolm_machine_set_heard (self->megolm);
  person_show (self);
}

DexFuture *
person_send (Person *self, const char *type, const char *content)
{
  g_autoptr (JsonObject) object = confab_json_parse_object (content, -1, NULL);

  g_assert_nonnull (object);
  return confab_megolm_machine_send (self->megolm, ROOM, type, object);
}

void
person_say (Person *self, const char *body)
{
  g_autofree char *content = g_strdup_printf ("{\"msgtype\":\"m.text\",\"body\":\"%s\"}", body);

  test_expect (person_send (self, "m.room.message", content));
  device_flush (self->device); /* that somebody gets no key is said beside it */
}

void
person_whisper (
  Person *self, const char *user_id, const char *device_id, const char *type, JsonObject *content)
{
  confab_outbox_send (confab_olm_machine_get_outbox (self->device->machine),
                      NULL,
                      user_id,
                      device_id,
                      type,
                      content,
                      CONFAB_SIGNALLING_ENCRYPTED,
                      NULL,
                      NULL,
                      NULL);
  device_flush (self->device);
}

void
person_assert_heard (Person *self, const char *expected)
{
  g_assert_cmpstr (self->heard->str, ==, expected);
  g_string_truncate (self->heard, 0);
}

void
person_assert_warned (Person *self, const char *expected)
{
  g_assert_cmpuint (self->device->warnings->len, ==, 1);
  g_assert_nonnull (strstr (self->device->warnings->pdata[0], expected));
  g_ptr_array_set_size (self->device->warnings, 0);
}

typedef struct {
  const char *user_id;
  const char *device_id;
  gboolean blocked;
} Block;

static gboolean
block_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  const Block *block = data;

  return confab_device_list_set_blocked (
    transaction, block->user_id, block->device_id, block->blocked, error);
}

void
person_set_blocked (Person *self, const char *user_id, const char *device_id, gboolean blocked)
{
  Block data = { user_id, device_id, blocked };

  g_assert_true (confab_store_run (self->device->store, block_func, &data, NULL));
}

void
fixture_set_up (Fixture *self, gconstpointer data)
{
  self->room = room_new ();
  self->alice = person_new (self->room, "@alice:x|ADEV", NULL);
  self->bob = person_new (self->room, "@bob:x|BDEV", NULL);
  self->carol = person_new (self->room, "@carol:x|CDEV", NULL);
  room_set_members (self->room, "@alice:x,@bob:x,@carol:x");
  person_sync (self->alice, NULL);
  person_sync (self->bob, NULL);
  person_sync (self->carol, NULL);
}

void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  person_free (self->alice);
  person_free (self->bob);
  if (self->carol != NULL)
    person_free (self->carol);
  room_free (self->room);
}

void
fixture_turn_until_done (Fixture *self, DexFuture *future)
{
  while (dex_future_is_pending (future)) {
    if (!g_main_context_iteration (NULL, FALSE) &&
        confab_manual_clock_get_n_timeouts (self->room->world->clock) > 1)
      confab_manual_clock_advance_to_next (self->room->world->clock);
  }
}
