/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-json.h"
#include "confab-room-name.h"
#include "confab-room-private.h"
#include "confab-schema.h"
#include "confab-sync-store.h"
#include "fake-homeserver.h"

typedef struct {
  const char *path;
  const char *name;
  const char *alias;
  const char *heroes[7];
  guint n_joined;
  guint n_invited;
  const char *shown;
} Name;

/* Client-Server API, “Calculating the display name for a room”, case by case. */
static const Name names[] = {
  { "name", "Choir", "#a:x", { "Ben" }, 2, 0, "Choir" },
  { "empty-name", "", "#a:x", { "Ben" }, 2, 0, "#a:x" },
  { "alias", NULL, "#a:x", { "Ben" }, 2, 0, "#a:x" },
  { "one", NULL, NULL, { "Ben" }, 2, 0, "Ben" },
  { "invited", NULL, NULL, { "Ben" }, 1, 1, "Ben" },
  { "two", NULL, NULL, { "Ben", "Cem" }, 3, 0, "Ben and Cem" },
  { "three", NULL, "", { "Ben", "Cem", "Dan" }, 3, 1, "Ben, Cem and Dan" },
  { "more", NULL, NULL, { "Ben", "Cem" }, 5, 0, "Ben, Cem and 2 others" },
  { "one-more", NULL, NULL, { "Ben", "Cem" }, 4, 0, "Ben, Cem and 1 other" },
  { "many", NULL, NULL, { "A", "B", "C", "D", "E", "F" }, 100, 3, "A, B, C, D, E and 97 others" },
  { "alone", NULL, NULL, { "Ben" }, 1, 0, "Empty room (was Ben)" },
  { "alone-two", NULL, NULL, { "Ben", "Cem" }, 1, 0, "Empty room (was Ben and Cem)" },
  { "not-even-we", NULL, NULL, { "Ben" }, 0, 0, "Empty room (was Ben)" },
  { "empty", NULL, NULL, { NULL }, 1, 0, "Empty room" },
  { "no-heroes", NULL, NULL, { NULL }, 8, 0, "Room with 7 others" },
};

static void
test_name (gconstpointer data)
{
  const Name *row = data;
  g_autofree char *shown = confab_room_name_compute (
    row->name, row->alias, row->heroes, row->n_joined, row->n_invited);

  g_assert_cmpstr (shown, ==, row->shown);
}

static char *
other_list (const char *list, const char *name)
{
  return g_strconcat (list, "+", name, NULL);
}

static char *
other_last (const char *list, const char *name)
{
  return g_strconcat (list, "&", name, NULL);
}

static char *
other_others (const char *list, guint n)
{
  return g_strdup_printf ("%s, %u mehr", list, n);
}

static char *
other_empty (const char *list)
{
  return g_strdup_printf ("leer: %s", list != NULL ? list : "");
}

static char *
other_crowd (guint n)
{
  return g_strdup_printf ("%u Leute", n);
}

static void
test_words (void)
{
  static const ConfabRoomNameWords words = {
    .list = other_list,
    .last = other_last,
    .others = other_others,
    .empty = other_empty,
    .crowd = other_crowd,
  };
  static const Name rows[] = {
    { NULL, NULL, NULL, { "A", "B", "C" }, 4, 0, "A+B&C" },
    { NULL, NULL, NULL, { "A", "B" }, 5, 0, "A+B, 2 mehr" },
    { NULL, NULL, NULL, { "A", "B" }, 1, 0, "leer: A&B" },
    { NULL, NULL, NULL, { NULL }, 1, 0, "leer: " },
    { NULL, NULL, NULL, { NULL }, 4, 0, "3 Leute" },
  };

  confab_room_name_set_words (&words);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    test_name (&rows[i]);
  confab_room_name_set_words (NULL);
}

static ConfabSyncBatch *
batch (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) reply = confab_json_parse_object (text, -1, &error);
  ConfabSyncBatch *self;

  g_assert_no_error (error);
  self = confab_sync_batch_new_from_v3 (reply, &error);
  g_assert_no_error (error);
  return self;
}

#define MEMBER(id, membership, more)                                                               \
  "{\"type\":\"m.room.member\",\"state_key\":\"" id "\",\"sender\":\"" id                          \
  "\",\"content\":{\"membership\":\"" membership "\"" more "}}"

static void
test_batch (void)
{
  g_autoptr (ConfabSyncBatch) self = batch (
    "{\"next_batch\":\"n\",\"rooms\":{\"join\":{\"!a:x\":{\"state\":{\"events\":[" MEMBER (
      "@a:x", "join", "") ",7,null,{\"type\":\"m.room.name\"},{\"type\":\"m.room.name\",\"sender\":"
                          "\"x\",\"content\":{}}]},"
                          "\"timeline\":{\"limited\":true,\"events\":[" MEMBER (
                            "@a:x",
                            "leave",
                            "") ",{\"type\":\"m.room.message\",\"sender\":\"@a:x\",\"origin_server_"
                                "ts\":-5,\"content\":{}}]},"
                                "\"summary\":{\"m.joined_member_count\":-7,\"m.invited_member_"
                                "count\":3,\"m.heroes\":[\"@b:x\",4,\"c\"]},"
                                "\"account_data\":{\"events\":[{\"type\":\"m.tag\",\"content\":{"
                                "\"tags\":{\"m.favourite\":{}}}}]}},"
                                "\"bad\":{},\"!b:x\":5},\"leave\":{\"!c:x\":{}},\"invite\":{\"!d:"
                                "x\":{\"invite_state\":{\"events\":[" MEMBER (
                                  "@a:x",
                                  "invite",
                                  "") "]}}}},\"device_lists\":{\"changed\":[\"@a:x\",1,\"bad\"],"
                                      "\"left\":7},\"device_one_time_keys_count\":"
                                      "{\"signed_curve25519\":9,\"x\":-1},\"device_unused_fallback_"
                                      "key_types\":[\"signed_curve25519\"],"
                                      "\"to_device\":{\"events\":[{\"type\":\"t\",\"sender\":\"@a:"
                                      "x\",\"content\":{\"n\":1}},{\"type\":\"t\"}]}}");
  ConfabSyncRoom *room = self->rooms->pdata[0];

  g_assert_cmpuint (self->rooms->len, ==, 3);
  g_assert_cmpuint (self->n_skipped, ==, 8);
  g_assert_cmpint (room->membership, ==, CONFAB_SYNC_MEMBERSHIP_JOIN);
  g_assert_cmpuint (room->state->len, ==, 2);
  g_assert_cmpuint (room->timeline->len, ==, 1);
  g_assert_true (room->limited);
  g_assert_cmpint (room->n_joined, ==, -1);
  g_assert_cmpint (room->n_invited, ==, 3);
  g_assert_cmpint (room->favourite, ==, 1);
  g_assert_cmpint (room->last_activity, ==, 0);
  g_assert_cmpstrv (room->heroes, ((const char *const[]) { "@b:x", NULL }));
  g_assert_cmpstrv (self->devices_changed, ((const char *const[]) { "@a:x", NULL }));
  g_assert_cmpuint (g_strv_length (self->devices_left), ==, 0);
  g_assert_cmpint (
    GPOINTER_TO_INT (g_hash_table_lookup (self->one_time_key_counts, "signed_curve25519")), ==, 9);
  g_assert_cmpuint (g_hash_table_size (self->one_time_key_counts), ==, 1);
  g_assert_cmpuint (g_strv_length (self->unused_fallback_key_types), ==, 1);
  g_assert_cmpuint (self->to_device->len, ==, 1);
}

/* Ids are of 255 bytes at most. */
static void
test_longest_id (void)
{
  for (guint length = 255; length <= 256; length++) {
    g_autofree char *fill = g_strnfill (length - 3, 'x');
    g_autofree char *text = g_strdup_printf (
      "{\"next_batch\":\"n\",\"rooms\":{\"join\":{\"!%s:x\":{\"state\":{\"events\":["
      "{\"type\":\"m.room.name\",\"state_key\":\"\",\"sender\":\"@a:x\",\"content\":{}}]}},"
      "\"!a:x\":{\"state\":{\"events\":[{\"type\":\"m.room.name\",\"state_key\":\"\",\"sender\":"
      "\"@%s:x\",\"content\":{}}]}}}},\"device_lists\":{\"changed\":[\"@%s:x\"]}}",
      fill,
      fill,
      fill);
    g_autoptr (ConfabSyncBatch) self = batch (text);
    gboolean taken = length == 255;
    ConfabSyncRoom *last = self->rooms->pdata[self->rooms->len - 1];

    g_assert_cmpuint (self->rooms->len, ==, taken ? 2 : 1);
    g_assert_cmpuint (last->state->len, ==, taken ? 1 : 0);
    g_assert_cmpuint (g_strv_length (self->devices_changed), ==, taken ? 1 : 0);
  }
}

static void
test_no_batch (void)
{
  static const char *const texts[] = { "{}", "{\"next_batch\":\"\"}", "{\"next_batch\":null}" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (JsonObject) reply = confab_json_parse_object (texts[i], -1, NULL);
    g_autoptr (GError) error = NULL;
    g_assert_null (confab_sync_batch_new_from_v3 (reply, &error));
    g_assert_error (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_BAD_RESPONSE);
  }
}

#define JOIN(body) "{\"next_batch\":\"1\",\"rooms\":{\"join\":{\"!a:x\":{" body "}}}}"
#define STATE(type, content)                                                                       \
  "{\"type\":\"" type "\",\"state_key\":\"\",\"sender\":\"@ben:x\",\"content\":" content "}"

typedef struct {
  FakeHomeserver *fake;
  ConfabHomeserver *homeserver;
  ConfabRoomList *list;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->fake = fake_homeserver_new ();
  f->homeserver = confab_homeserver_new (fake_homeserver_get_url (f->fake));
  f->list = confab_room_list_new ("@me:x", f->homeserver);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  test_settle ();
  g_assert_finalize_object (f->list);
  g_object_unref (f->homeserver);
  fake_homeserver_free (f->fake);
}

static ConfabRoom *
apply (Fixture *f, const char *text)
{
  g_autoptr (ConfabSyncBatch) news = batch (text);

  confab_room_list_apply (f->list, news);
  return confab_room_list_lookup (f->list, "!a:x");
}

static void
test_partner (Fixture *f, gconstpointer data)
{
  ConfabRoom *room = apply (
    f,
    JOIN ("\"state\":{\"events\":[" MEMBER (
      "@ben:x",
      "join",
      ",\"displayname\":\"Ben\",\"avatar_url\":\"mxc://x/b\"") "]},"
                                                               "\"summary\":{\"m.heroes\":"
                                                               "[\"@ben:x\"],\"m.joined_member_"
                                                               "count\":2}"));

  g_assert_cmpstr (confab_room_get_name (room), ==, "Ben");
  g_assert_cmpstr (confab_room_get_avatar_url (room), ==, "mxc://x/b");
  g_assert_false (confab_room_get_direct (room));
  apply (f,
         "{\"next_batch\":\"2\",\"account_data\":{\"events\":[{\"type\":\"m.direct\",\"content\":"
         "{\"@ben:x\":[\"!a:x\",7],\"@c:x\":3}}]}}");
  g_assert_true (confab_room_get_direct (room));
  apply (f,
         JOIN (
           "\"state\":{\"events\":[" STATE ("m.room.avatar", "{\"url\":\"mxc://x/r\"}") "," STATE (
             "m.room.topic", "{\"topic\":\"T\"}") "]}"));
  g_assert_cmpstr (confab_room_get_avatar_url (room), ==, "mxc://x/r");
  g_assert_cmpstr (confab_room_get_topic (room), ==, "T");
}

static void
test_same_names (Fixture *f, gconstpointer data)
{
  ConfabRoom *room = apply (
    f, JOIN ("\"state\":{\"events\":[" MEMBER ("@b1:x", "join", ",\"displayname\":\"Ben\"") "]}"));
  g_autoptr (ConfabRoomMember) member = confab_room_get_member (room, "@b1:x");

  g_assert_cmpstr (confab_room_member_get_name (member), ==, "Ben");
  apply (f,
         JOIN (
           "\"timeline\":{\"events\":[" MEMBER ("@b2:x", "join", ",\"displayname\":\"Ben\"") "]}"));
  g_assert_cmpstr (confab_room_member_get_name (member), ==, "Ben (@b1:x)");
  apply (f, JOIN ("\"timeline\":{\"events\":[" MEMBER ("@b2:x", "leave", "") "]}"));
  g_assert_cmpstr (confab_room_member_get_name (member), ==, "Ben");
}

static gboolean
member_has_name (gpointer data)
{
  return g_strcmp0 (confab_room_member_get_name (data), "Zoe") == 0;
}

static void
test_members (Fixture *f, gconstpointer data)
{
  ConfabRoom *room = apply (f, JOIN (""));
  g_autoptr (ConfabRoomMember) member = NULL;
  g_autoptr (ConfabRoomMember) again = NULL;
  g_auto (GStrv) ids = NULL;

  fake_homeserver_reply (f->fake,
                         "/_matrix/client/v3/rooms/%21a%3Ax/state/m.room.member/%40zoe%3Ax",
                         200,
                         "{\"membership\":\"join\",\"displayname\":\"Zoe\"}");
  member = confab_room_get_member (room, "@zoe:x");
  again = confab_room_get_member (room, "@zoe:x");
  g_assert_true (member == again);
  g_assert_cmpstr (confab_room_member_get_name (member), ==, "@zoe:x");
  test_until (member_has_name, member);
  g_assert_cmpuint (fake_homeserver_get_log (f->fake)->len, ==, 1);

  fake_homeserver_reply (
    f->fake,
    "/_matrix/client/v3/rooms/%21a%3Ax/members",
    200,
    "{\"chunk\":[" MEMBER ("@b:x", "join", "") ",4,{\"state_key\":\"@c:x\"}," MEMBER (
      "@zoe:x", "join", ",\"displayname\":\"Zoe\"") "," MEMBER ("@i:x", "invite", "") "]}");
  fake_homeserver_reply (f->fake,
                         "/_matrix/client/v3/rooms/%21a%3Ax/members",
                         200,
                         "{\"chunk\":{}}");
  test_expect (confab_room_load_members (room));
  ids = confab_room_dup_joined_user_ids (room);
  g_assert_cmpstrv (ids, ((const char *const[]) { "@b:x", "@zoe:x", NULL }));
  /* Known now: not asked for again, until a gap. */
  test_expect (confab_room_load_members (room));
  apply (f, JOIN ("\"timeline\":{\"limited\":true}"));
  test_expect_error (confab_room_load_members (room),
                     CONFAB_MATRIX_ERROR,
                     CONFAB_MATRIX_ERROR_BAD_RESPONSE);
}

#define MEMBERS "/_matrix/client/v3/rooms/%21a%3Ax/members"

static void
assert_joined (ConfabRoom *room, const char *expected)
{
  g_auto (GStrv) ids = confab_room_dup_joined_user_ids (room);
  g_autofree char *text = g_strjoinv (" ", ids);

  g_assert_cmpstr (text, ==, expected);
}

static void
assert_audience (ConfabRoom *room, const char *expected)
{
  g_auto (GStrv) ids = confab_room_dup_audience (room);
  g_autofree char *text = g_strjoinv (" ", ids);

  g_assert_cmpstr (text, ==, expected);
}

#define VISIBILITY(visibility)                                                                     \
  JOIN ("\"timeline\":{\"events\":[{\"type\":\"m.room.history_visibility\",\"state_key\":\"\","    \
        "\"sender\":\"@b:x\",\"content\":" visibility "}]}")

/* Who is invited reads what was said before they came, where the room lets them: they need the keys. */
static void
test_audience (Fixture *f, gconstpointer data)
{
  ConfabRoom *room = apply (f, JOIN (""));

  fake_homeserver_reply (f->fake,
                         MEMBERS,
                         200,
                         "{\"chunk\":[" MEMBER ("@b:x", "join", "") "," MEMBER (
                           "@i:x", "invite", "") "," MEMBER ("@k:x", "knock", "") "]}");
  test_expect (confab_room_load_members (room));
  assert_audience (room, "@b:x @i:x");
  apply (f, VISIBILITY ("{\"history_visibility\":\"joined\"}"));
  assert_audience (room, "@b:x");
  apply (f, VISIBILITY ("{\"history_visibility\":\"invited\"}"));
  assert_audience (room, "@b:x @i:x");
  apply (f, VISIBILITY ("{\"history_visibility\":\"joined\"}"));
  apply (f, VISIBILITY ("{}"));
  assert_audience (room, "@b:x @i:x");
}

/* While the list of members is on its way somebody comes, somebody goes and somebody is called otherwise. */
static void
members_cb (FakeHomeserver *fake, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  apply (data,
         JOIN ("\"timeline\":{\"events\":[" MEMBER ("@new:x", "join", "") "," MEMBER (
           "@gone:x", "leave", "") "," MEMBER ("@b:x", "join", ",\"displayname\":\"Now\"") "]}"));
  fake_homeserver_respond (
    message,
    200,
    "{\"chunk\":[" MEMBER ("@b:x", "join", ",\"displayname\":\"Then\"") "," MEMBER ("@gone:x",
                                                                                    "join",
                                                                                    "") "]}");
}

static void
test_members_that_change (Fixture *f, gconstpointer data)
{
  ConfabRoom *room = apply (
    f,
    JOIN ("\"state\":{\"events\":[" MEMBER ("@a:x", "join", "") "," MEMBER (
      "@b:x", "join", ",\"displayname\":\"Ben\"") "," MEMBER ("@b2:x",
                                                              "join",
                                                              ",\"displayname\":\"Ben\"") "]}"));
  g_autoptr (ConfabRoomMember) ben = confab_room_get_member (room, "@b:x");
  DexFuture *futures[3];

  g_assert_cmpstr (confab_room_member_get_name (ben), ==, "Ben (@b:x)");
  /* Whoever left while nobody looked is not in the list. */
  fake_homeserver_reply (f->fake,
                         MEMBERS,
                         200,
                         "{\"chunk\":[" MEMBER ("@b:x", "join", ",\"displayname\":\"Ben\"") "]}");
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    futures[i] = confab_room_load_members (room);
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    test_expect (futures[i]);
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->fake, MEMBERS), ==, 1);
  assert_joined (room, "@b:x");
  g_assert_cmpstr (confab_room_member_get_name (ben), ==, "Ben");

  apply (f, JOIN ("\"timeline\":{\"limited\":true}"));
  fake_homeserver_handle (f->fake, MEMBERS, members_cb, f);
  test_expect (confab_room_load_members (room));
  assert_joined (room, "@b:x @new:x");
  g_assert_cmpstr (confab_room_member_get_name (ben), ==, "Now");
}

static void
gap_cb (FakeHomeserver *fake, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  apply (data, JOIN ("\"timeline\":{\"limited\":true}"));
  fake_homeserver_respond (message, 200, "{\"chunk\":[]}");
}

static void
test_some (Fixture *f, gconstpointer data)
{
  ConfabRoom *room = apply (
    f,
    JOIN ("\"state\":{\"events\":[" MEMBER ("@b:x",
                                            "join",
                                            "") "]},\"summary\":{\"m.joined_member_count\":201}"));

  fake_homeserver_reply (f->fake, MEMBERS, 200, "{\"chunk\":[" MEMBER ("@c:x", "join", "") "]}");
  test_expect (confab_room_load_some (room));
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->fake, MEMBERS), ==, 0);
  assert_joined (room, "@b:x");
  apply (f, JOIN ("\"summary\":{\"m.joined_member_count\":200}"));
  test_expect (confab_room_load_some (room));
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->fake, MEMBERS), ==, 1);
}

/* A gap that comes after the list was made: it is asked for again. */
static void
test_members_and_gap (Fixture *f, gconstpointer data)
{
  ConfabRoom *room = apply (f, JOIN (""));

  fake_homeserver_handle (f->fake, MEMBERS, gap_cb, f);
  test_expect (confab_room_load_members (room));
  test_expect (confab_room_load_members (room));
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->fake, MEMBERS), ==, 2);
}

/* The server names no heroes: whoever is known and there; those who left only when nobody is. */
static void
test_no_heroes (Fixture *f, gconstpointer data)
{
  ConfabRoom *room = apply (
    f,
    JOIN ("\"state\":{\"events\":[" MEMBER ("@me:x", "join", "") "," MEMBER (
      "@a:x",
      "leave",
      ",\"displayname\":\"Ada\"") "," MEMBER ("@b:x",
                                              "invite",
                                              ",\"displayname\":\"Ben\"") "]},"
                                                                          "\"summary"
                                                                          "\":{\"m."
                                                                          "joined_"
                                                                          "member_"
                                                                          "count\":"
                                                                          "1,\"m."
                                                                          "invited_"
                                                                          "member_"
                                                                          "count\":"
                                                                          "1}"));

  g_assert_cmpstr (confab_room_get_name (room), ==, "Ben");
  apply (f,
         JOIN ("\"timeline\":{\"events\":[" MEMBER (
           "@b:x", "leave", "") "]},\"summary\":{\"m.invited_member_count\":0}"));
  g_assert_cmpstr (confab_room_get_name (room), ==, "Empty room (was Ada and Ben)");
  /* The server's word counts more. */
  apply (f, JOIN ("\"summary\":{\"m.heroes\":[\"@a:x\"]}"));
  g_assert_cmpstr (confab_room_get_name (room), ==, "Empty room (was Ada)");
}

typedef struct {
  const char *levels;
  const char *create;
  gboolean can_start;
  gboolean can_join;
} Power;

static const Power powers[] = {
  { "{\"users\":{\"@me:x\":50}}", "{}", TRUE, TRUE },
  { "{\"users\":{\"@me:x\":49}}", "{}", FALSE, FALSE },
  { "{\"users_default\":50}", "{}", TRUE, TRUE },
  { "{\"state_default\":0}", "{}", TRUE, TRUE },
  { "{\"events\":{\"org.matrix.msc3401.call\":0,\"org.matrix.msc3401.call.member\":0}}",
    "{}",
    TRUE,
    TRUE },
  { "{\"events\":{\"org.matrix.msc3401.call.member\":0}}", "{}", FALSE, TRUE },
  { "{\"events\":{\"org.matrix.msc3401.call\":0}}", "{}", FALSE, FALSE },
  { "{\"users\":{\"@me:x\":\"100\"}}", "{}", FALSE, FALSE },
  { "{\"users\":{\"@me:x\":9223372036854775807},\"state_default\":9007199254740991}",
    "{}",
    TRUE,
    TRUE },
  { "{}", "{\"room_version\":\"12\",\"additional_creators\":[\"@me:x\"]}", TRUE, TRUE },
  { "{}", "{\"room_version\":\"11\",\"additional_creators\":[\"@me:x\"]}", FALSE, FALSE },
};

static void
test_power (Fixture *f, gconstpointer data)
{
  /* Without the event only who made the room has power. */
  g_assert_false (confab_room_get_can_start_call (
    apply (f, JOIN ("\"state\":{\"events\":[" STATE ("m.room.create", "{}") "]}"))));
  g_assert_true (confab_room_get_can_start_call (
    apply (f,
           JOIN ("\"state\":{\"events\":[{\"type\":\"m.room.create\",\"state_key\":\"\",\"sender\":"
                 "\"@me:x\",\"content\":{}}]}"))));
  for (guint i = 0; i < G_N_ELEMENTS (powers); i++) {
    g_autofree char *text = g_strdup_printf (
      JOIN ("\"state\":{\"events\":[" STATE ("m.room.power_levels",
                                             "%s") "," STATE ("m.room.create", "%s") "]}"),
      powers[i].levels,
      powers[i].create);
    ConfabRoom *room = apply (f, text);

    g_assert_cmpint (confab_room_get_can_start_call (room), ==, powers[i].can_start);
    g_assert_cmpint (confab_room_get_can_join_call (room), ==, powers[i].can_join);
  }
}

static void
count_cb (GListModel *model, guint position, guint removed, guint added, guint *n)
{
  (*n)++;
}

static void
test_many (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new ("{\"next_batch\":\"1\",\"rooms\":{\"join\":{");
  g_autoptr (ConfabSyncBatch) news = NULL;
  guint n_changes = 0;

  for (guint i = 0; i < 2000; i++)
    g_string_append_printf (text,
                            "%s\"!r%u:x\":{\"state\":{\"events\":[" STATE ("m.room.encryption",
                                                                           "{}") "]}}",
                            i > 0 ? "," : "",
                            i);
  g_string_append (text, "}}}");
  news = batch (text->str);
  g_signal_connect (f->list, "items-changed", G_CALLBACK (count_cb), &n_changes);
  confab_room_list_apply (f->list, news);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->list)), ==, 2000);
  g_assert_cmpuint (n_changes, ==, 1);
}

static gboolean
apply_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_sync_store_apply (transaction, data, error);
}

static gboolean
load_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  *(ConfabSyncBatch **) data = confab_sync_store_load (transaction, CONFAB_SYNC_STORE_ALL, error);
  return *(ConfabSyncBatch **) data != NULL;
}

#define MEMBER_AT(id, membership, ts)                                                              \
  "{\"type\":\"m.room.member\",\"state_key\":\"" id "\",\"sender\":\"" id                          \
  "\",\"origin_server_ts\":" ts ",\"content\":{\"membership\":\"" membership "\"}}"

typedef struct {
  const char *path;
  const char *news; /* of a room in which @b:x has joined at 20 */
  guint n_left;     /* memberships in it that count */
  const char *membership;
} Late;

#define STATE_BLOCK(event) "\"state\":{\"events\":[" event "]}"
#define TIMELINE(event) "\"timeline\":{\"events\":[" event "]}"

/* Seen from Synapse: the state block says what was before, with lazy loading and a room whose history forks. */
static const Late lates[] = {
  { "older", STATE_BLOCK (MEMBER_AT ("@b:x", "invite", "10")), 0, "join" },
  { "older-and-more",
    STATE_BLOCK (MEMBER_AT ("@b:x", "invite", "10") "," MEMBER_AT ("@c:x", "join", "10")),
    1,
    "join" },
  { "same", STATE_BLOCK (MEMBER_AT ("@b:x", "join", "20")), 1, "join" },
  { "newer", STATE_BLOCK (MEMBER_AT ("@b:x", "leave", "30")), 1, "leave" },
  { "timeline", TIMELINE (MEMBER_AT ("@b:x", "leave", "10")), 1, "leave" },
  { "both",
    STATE_BLOCK (MEMBER_AT ("@b:x", "invite", "10")) "," TIMELINE (
      MEMBER_AT ("@b:x", "leave", "15")),
    1,
    "leave" },
  { "gap",
    STATE_BLOCK (MEMBER_AT ("@b:x", "leave", "10")) ",\"timeline\":{\"limited\":true}",
    1,
    "leave" },
};

static const char *
stored_membership (ConfabStore *store, const char *user_id, ConfabSyncBatch **loaded)
{
  g_assert_true (confab_store_run (store, load_func, loaded, NULL));
  for (guint i = 0; i < (*loaded)->rooms->len; i++) {
    ConfabSyncRoom *room = (*loaded)->rooms->pdata[i];

    for (guint j = 0; j < room->state->len; j++) {
      ConfabSyncEvent *event = room->state->pdata[j];

      if (g_strcmp0 (event->state_key, user_id) == 0)
        return confab_json_peek_string (event->content, "membership");
    }
  }
  return NULL;
}

static void
test_late (gconstpointer data)
{
  const Late *late = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ConfabStore) store = confab_store_new (NULL, confab_schema_migrations, &error);
  g_autofree char *text = g_strdup_printf (
    "{\"next_batch\":\"2\",\"rooms\":{\"join\":{\"!a:x\":{%s}}}}", late->news);
  g_autoptr (ConfabSyncBatch) first = batch ("{\"next_batch\":\"1\",\"rooms\":{\"join\":{\"!a:x\":{" TIMELINE (
    MEMBER_AT ("@b:x", "join", "20")) "}}}}");
  g_autoptr (ConfabSyncBatch) second = batch (text);
  g_autoptr (ConfabSyncBatch) loaded = NULL;

  g_assert_no_error (error);
  g_assert_true (confab_store_run (store, apply_func, first, NULL));
  g_assert_true (confab_store_run (store, apply_func, second, NULL));
  g_assert_cmpuint (((ConfabSyncRoom *) second->rooms->pdata[0])->state->len, ==, late->n_left);
  g_assert_cmpstr (stored_membership (store, "@b:x", &loaded), ==, late->membership);
}

#define WITH_CALLS_ROOM(id, call)                                                                  \
  "\"" id "\":{\"state\":{\"events\":[" STATE ("m.room.encryption",                                \
                                               "{}") "," MEMBER_AT ("@b:x", "join", "20") call     \
    "]}}"
#define CALL_EVENT                                                                                 \
  ",{\"type\":\"org.matrix.msc3401.call\",\"state_key\":\"k\",\"sender\":\"@b:x\",\"content\":{"   \
  "\"m.intent\":\"m.ring\"}}"

typedef struct {
  guint64 n_steps;
  guint n_rooms;
  ConfabSyncBatch *with_calls;
  ConfabSyncBatch *rest;
} Parts;

static gboolean
load_parts_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Parts *parts = data;
  guint64 before = confab_store_get_n_steps (transaction);

  parts->with_calls = confab_sync_store_load (transaction, CONFAB_SYNC_STORE_WITH_CALLS, error);
  parts->n_steps = confab_store_get_n_steps (transaction) - before;
  parts->rest = confab_sync_store_load (transaction, CONFAB_SYNC_STORE_WITHOUT_CALLS, error);
  return parts->with_calls != NULL && parts->rest != NULL;
}

/* @n_rooms without a call, and two with one. */
static guint64
load_with_calls (guint n_rooms)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ConfabStore) store = confab_store_new (NULL, confab_schema_migrations, &error);
  g_autoptr (GString) text = g_string_new ("{\"next_batch\":\"n\",\"rooms\":{\"join\":{");
  g_autoptr (ConfabSyncBatch) news = NULL;
  Parts parts = { 0 };

  for (guint i = 0; i < n_rooms; i++)
    g_string_append_printf (text, WITH_CALLS_ROOM ("!r%u:x", "") ",", i);
  g_string_append (text,
                   WITH_CALLS_ROOM ("!a:x", CALL_EVENT) "," WITH_CALLS_ROOM ("!z:x",
                                                                             CALL_EVENT) "}}}");
  news = batch (text->str);
  g_assert_true (confab_store_run (store, apply_func, news, &error));
  g_assert_true (confab_store_run (store, load_parts_func, &parts, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (parts.with_calls->rooms->len, ==, 2);
  g_assert_true (parts.with_calls->partial);
  for (guint i = 0; i < parts.with_calls->rooms->len; i++) {
    const ConfabSyncRoom *room = parts.with_calls->rooms->pdata[i];
    g_assert_cmpuint (room->state->len, ==, 3); /* whole */
  }
  g_assert_cmpuint (parts.rest->rooms->len, ==, n_rooms);
  g_assert_false (parts.rest->partial);
  confab_sync_batch_unref (parts.with_calls);
  confab_sync_batch_unref (parts.rest);
  return parts.n_steps;
}

/* What rings is known at the start without reading the account: among 2,000 rooms it is as much work as among 20. */
static void
test_calls_first (void)
{
  guint64 few = load_with_calls (20);

  g_test_message ("two rooms with a call: %" G_GUINT64_FORMAT " steps", few);
  g_assert_cmpuint (few, >, 0);
  g_assert_cmpuint (load_with_calls (2000), ==, few);
}

/* What comes out of the store makes the same rooms as what went in. */
static void
test_store (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ConfabStore) store = confab_store_new (NULL, confab_schema_migrations, &error);
  g_autoptr (ConfabSyncBatch) first = batch (
    "{\"next_batch\":\"007\",\"account_data\":{\"events\":[{\"type\":\"m.direct\",\"content\":{\"@"
    "b:x\":[\"!a:x\"]}}]},"
    "\"rooms\":{\"join\":{\"!z:x\":{},\"!a:x\":{\"state\":{\"events\":[" MEMBER (
      "@b:x",
      "join",
      ",\"displayname\":\"B\"") "," STATE ("m.room.encryption",
                                           "{\"algorithm\":\"m\"}") "," STATE ("m.other",
                                                                               "{}") "]},"
                                                                                     "\"summary\":{"
                                                                                     "\"m.heroes\":"
                                                                                     "[\"@b:x\"],"
                                                                                     "\"m.joined_"
                                                                                     "member_"
                                                                                     "count\":2},"
                                                                                     "\"account_"
                                                                                     "data\":{"
                                                                                     "\"events\":["
                                                                                     "{\"type\":"
                                                                                     "\"m.tag\","
                                                                                     "\"content\":{"
                                                                                     "\"tags\":{"
                                                                                     "\"m."
                                                                                     "favourite\":{"
                                                                                     "}}}}]}}}}}");
  g_autoptr (ConfabSyncBatch) second = batch ("{\"next_batch\":\"1e5\",\"rooms\":{\"leave\":{\"!z:x\":{}},"
                                   "\"join\":{\"!a:x\":{\"timeline\":{\"events\":["
                                   "{\"type\":\"m.room.message\",\"sender\":\"@b:x\",\"origin_"
                                   "server_ts\":77,\"content\":{}}]}}}}}");
  g_autoptr (ConfabSyncBatch) loaded = NULL;
  ConfabRoom *room;

  g_assert_no_error (error);
  g_assert_true (confab_store_run (store, apply_func, first, &error));
  g_assert_true (confab_store_run (store, apply_func, second, &error));
  g_assert_true (confab_store_run (store, load_func, &loaded, &error));
  g_assert_cmpstr (loaded->next_batch, ==, "1e5");
  g_assert_cmpuint (loaded->rooms->len, ==, 1);
  confab_room_list_apply (f->list, loaded);
  room = confab_room_list_lookup (f->list, "!a:x");
  g_assert_cmpstr (confab_room_get_name (room), ==, "B");
  g_assert_true (confab_room_get_encrypted (room));
  g_assert_true (confab_room_get_direct (room));
  g_assert_true (confab_room_get_favourite (room));
  g_assert_cmpint (confab_room_get_last_activity (room), ==, 77);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_strconcat ("/room-name/", names[i].path, NULL);
    g_test_add_data_func (path, &names[i], test_name);
  }
  for (guint i = 0; i < G_N_ELEMENTS (lates); i++) {
    g_autofree char *path = g_strconcat ("/sync-store/late/", lates[i].path, NULL);

    g_test_add_data_func (path, &lates[i], test_late);
  }
  g_test_add_func ("/room-name/words", test_words);
  g_test_add_func ("/sync-batch/mixed", test_batch);
  g_test_add_func ("/sync-batch/longest-id", test_longest_id);
  g_test_add_func ("/sync-batch/none", test_no_batch);
#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/rooms/partner", test_partner);
  ADD ("/rooms/same-names", test_same_names);
  ADD ("/rooms/members", test_members);
  ADD ("/rooms/audience", test_audience);
  ADD ("/rooms/members-that-change", test_members_that_change);
  ADD ("/rooms/some", test_some);
  ADD ("/rooms/members-and-gap", test_members_and_gap);
  ADD ("/rooms/no-heroes", test_no_heroes);
  ADD ("/rooms/power", test_power);
  ADD ("/rooms/many", test_many);
  ADD ("/rooms/store", test_store);
  g_test_add_func ("/rooms/calls-first", test_calls_first);
  return g_test_run ();
}
