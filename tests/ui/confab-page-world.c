/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-page-world.h"

#include <gtk/gtk.h>

#include "confab-fake-picture.h"
#include "confab-json.h"

#define FACE_SIZE 192
#define OWN_FACE 99
#define NOW_MS (CONFAB_WORLD_NOW / 1000)

/* Those with a face have the picture of the same number as in a call of fakes. */
static const struct {
  const char *id;
  const char *name;
  int face;
} people[] = {
  { CONFAB_WORLD_USER, "Anna", OWN_FACE },
  { "@ana:x", "Ana García", 0 },
  { "@li:x", "李静怡", 1 },
  { "@amina:x", "أمينة بن يوسف", 2 },
  { "@ngozi:x", "Ngozi Okafor", 3 },
  { "@jonas:x", "Jonas Lindqvist", 4 },
  { "@priya:x", "Priya Raghunathan", 5 },
  { "@max:x", "Maximiliane von Hohenstein-Weidenbach", -1 },
  { "@dmitri:x", "Дмитрий Орлов", -1 },
};

typedef struct {
  const char *id;
  const char *name; /* NULL: that of the other person */
  const char *topic;
  const char *with; /* the other person of a direct room */
  int n_joined;
  gboolean clear; /* not encrypted */
  gboolean favourite;
  gboolean moderated; /* only moderators may start calls */
  gboolean elsewhere; /* only in that world */
  gboolean replaced;
  int call_s;             /* how long its call has been on; 0: none */
  const char *members[6]; /* who is in the call */
  const char *rtc[3];     /* who is in a call of Element's kind */
  int days;               /* since something was said */
} Room;

static const Room rooms[] = {
  { .id = CONFAB_ROOM_FIELD_SURVEY,
    .name = "Field Survey",
    .topic = "Water quality, 2026 season",
    .n_joined = 12,
    .call_s = 12 * 60 + 4,
    .members = { "@ana:x", "@li:x", "@amina:x", "@ngozi:x", "@priya:x" } },
  { .id = CONFAB_ROOM_KITCHEN_TABLE,
    .name = "Kitchen Table",
    .n_joined = 4,
    .call_s = 3600 + 31 * 60 + 20,
    .members = { "@ngozi:x", "@jonas:x" } },
  { .id = CONFAB_ROOM_VILLAGE_COUNCIL,
    .name = "Village Council",
    .topic = "Mondays at eight. Minutes are in the wiki.",
    .n_joined = 12,
    .favourite = TRUE },
  { .id = "!choir:x", .name = "Choir of the Old Town — Tuesday rehearsals", .n_joined = 34 },
  { .id = "!maths:x", .name = "数学研究会", .n_joined = 7 },
  { .id = "!translation:x", .name = "مجموعة الترجمة", .n_joined = 5 },
  { .id = CONFAB_ROOM_ANNOUNCEMENTS,
    .name = "Notices",
    .topic = "Only what everybody has to know",
    .n_joined = 210,
    .moderated = TRUE },
  { .id = CONFAB_ROOM_REHEARSAL, .name = "Rehearsal", .n_joined = 5, .clear = TRUE },
  { .id = CONFAB_ROOM_WORKSHOP,
    .name = "Workshop",
    .topic = "Repairs on Saturdays",
    .n_joined = 9,
    .moderated = TRUE,
    .elsewhere = TRUE,
    .rtc = { "@jonas:x", "@priya:x" } },
  { .id = CONFAB_ROOM_OLD_ARCHIVE,
    .name = "Archive",
    .n_joined = 6,
    .elsewhere = TRUE,
    .replaced = TRUE },
  { .id = "!d1:x", .with = "@ngozi:x", .n_joined = 2 },
  { .id = "!d2:x", .with = "@max:x", .n_joined = 2, .days = 1 },
  { .id = "!d3:x", .with = "@dmitri:x", .n_joined = 2, .days = 4 },
  { .id = "!d4:x", .with = "@jonas:x", .n_joined = 2, .days = 97 },
};

static int
find_person (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (people); i++) {
    if (g_str_equal (people[i].id, id))
      return (int) i;
  }
  return -1;
}

static JsonObject *
text_object (const char *name, const char *value)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, name, value);
  return object;
}

static void
add_event (JsonArray *events,
           const char *type,
           const char *state_key,
           const char *sender,
           gint64 ts,
           JsonObject *content)
{
  JsonObject *event = json_object_new ();

  json_object_set_string_member (event, "type", type);
  if (state_key != NULL)
    json_object_set_string_member (event, "state_key", state_key);
  if (sender != NULL)
    json_object_set_string_member (event, "sender", sender);
  json_object_set_string_member (event, "event_id", "$event");
  json_object_set_int_member (event, "origin_server_ts", ts);
  json_object_set_object_member (event, "content", content);
  json_array_add_object_element (events, event);
}

static JsonObject *
member_content (int person)
{
  JsonObject *content = text_object ("membership", "join");

  json_object_set_string_member (content, "displayname", people[person].name);
  if (people[person].face >= 0) {
    g_autofree char *url = g_strdup_printf ("mxc://x/face%d", people[person].face);

    json_object_set_string_member (content, "avatar_url", url);
  }
  return content;
}

static void
add_member (JsonArray *events, int person)
{
  add_event (
    events, "m.room.member", people[person].id, people[person].id, 1, member_content (person));
}

/* MSC3401, as protocol/mesh-calls.md has it. */
static JsonObject *
call_member_content (const char *call_id)
{
  JsonObject *content = json_object_new ();
  JsonArray *calls = json_array_new ();
  JsonObject *call = text_object ("m.call_id", call_id);
  JsonArray *devices = json_array_new ();
  JsonObject *device = text_object ("device_id", "DEVICE");

  json_object_set_string_member (device, "session_id", "session");
  json_object_set_int_member (device, "expires_ts", NOW_MS + 3600 * 1000);
  json_object_set_array_member (device, "feeds", json_array_new ());
  json_array_add_object_element (devices, device);
  json_object_set_array_member (call, "m.devices", devices);
  json_array_add_object_element (calls, call);
  json_object_set_array_member (content, "m.calls", calls);
  return content;
}

static void
add_call (JsonArray *events, const Room *room)
{
  JsonObject *content = text_object ("m.intent", "m.prompt");
  gint64 started_ms = NOW_MS - room->call_s * G_GINT64_CONSTANT (1000);

  json_object_set_string_member (content, "m.type", "m.video");
  add_event (events, "org.matrix.msc3401.call", "call", room->members[0], started_ms, content);
  for (guint i = 0; room->members[i] != NULL; i++)
    add_event (events,
               "org.matrix.msc3401.call.member",
               room->members[i],
               room->members[i],
               started_ms,
               call_member_content ("call"));
}

/* Element Call, as protocol/matrixrtc-livekit.md section 2 has it. */
static void
add_rtc_member (JsonArray *events, const char *user_id)
{
  g_autofree char *state_key = g_strdup_printf ("_%s_DEVICE_m.call", user_id);
  JsonObject *content = text_object ("application", "m.call");
  JsonObject *focus = text_object ("type", "livekit");

  json_object_set_string_member (focus, "focus_selection", "oldest_membership");
  json_object_set_string_member (content, "call_id", "");
  json_object_set_string_member (content, "device_id", "DEVICE");
  json_object_set_string_member (content, "scope", "m.room");
  json_object_set_int_member (content, "created_ts", NOW_MS - 60 * 1000);
  json_object_set_int_member (content, "expires", 4 * 3600 * 1000);
  json_object_set_object_member (content, "focus_active", focus);
  json_object_set_array_member (content, "foci_preferred", json_array_new ());
  add_event (
    events, "org.matrix.msc3401.call.member", state_key, user_id, NOW_MS - 60 * 1000, content);
}

static void
add_power (JsonArray *events, const Room *room)
{
  JsonObject *content = json_object_new ();

  json_object_set_int_member (content, "users_default", room->moderated ? 0 : 50);
  json_object_set_int_member (content, "state_default", 50);
  add_event (events, "m.room.power_levels", "", "@ana:x", 1, content);
}

static JsonArray *
room_state (const Room *room, gboolean calls)
{
  JsonArray *events = json_array_new ();

  add_event (events, "m.room.create", "", "@ana:x", 1, json_object_new ());
  add_power (events, room);
  if (room->name != NULL)
    add_event (events, "m.room.name", "", "@ana:x", 1, text_object ("name", room->name));
  if (room->topic != NULL)
    add_event (events, "m.room.topic", "", "@ana:x", 1, text_object ("topic", room->topic));
  if (!room->clear)
    add_event (events,
               "m.room.encryption",
               "",
               "@ana:x",
               1,
               text_object ("algorithm", "m.megolm.v1.aes-sha2"));
  add_member (events, find_person (CONFAB_WORLD_USER));
  if (room->with != NULL)
    add_member (events, find_person (room->with));
  for (guint i = 0; room->members[i] != NULL; i++)
    add_member (events, find_person (room->members[i]));
  if (calls && room->call_s > 0)
    add_call (events, room);
  for (guint i = 0; room->rtc[i] != NULL; i++) {
    add_member (events, find_person (room->rtc[i]));
    add_rtc_member (events, room->rtc[i]);
  }
  if (room->replaced)
    add_event (
      events, "m.room.tombstone", "", "@ana:x", 1, text_object ("replacement_room", "!archive2:x"));
  return events;
}

static JsonObject *
one_list (const char *name, JsonArray *events)
{
  JsonObject *object = json_object_new ();

  json_object_set_array_member (object, name, events);
  return object;
}

static JsonObject *
room_sync (const Room *room, gboolean calls)
{
  JsonObject *object = json_object_new ();
  JsonObject *summary = json_object_new ();
  JsonArray *timeline = json_array_new ();

  json_object_set_int_member (summary, "m.joined_member_count", room->n_joined);
  if (room->with != NULL) {
    JsonArray *heroes = json_array_new ();

    json_array_add_string_element (heroes, room->with);
    json_object_set_array_member (summary, "m.heroes", heroes);
  }
  add_event (timeline,
             "m.room.message",
             NULL,
             "@ana:x",
             NOW_MS - room->days * G_GINT64_CONSTANT (24 * 3600 * 1000),
             json_object_new ());
  json_object_set_object_member (object, "summary", summary);
  json_object_set_object_member (object, "state", one_list ("events", room_state (room, calls)));
  json_object_set_object_member (object, "timeline", one_list ("events", timeline));
  if (room->favourite) {
    JsonArray *events = json_array_new ();
    JsonObject *tags = json_object_new ();
    JsonObject *content = json_object_new ();

    json_object_set_object_member (tags, "m.favourite", json_object_new ());
    json_object_set_object_member (content, "tags", tags);
    add_event (events, "m.tag", NULL, NULL, 0, content);
    json_object_set_object_member (object, "account_data", one_list ("events", events));
  }
  return object;
}

static JsonObject *
direct_rooms (void)
{
  JsonArray *events = json_array_new ();
  JsonObject *content = json_object_new ();

  for (guint i = 0; i < G_N_ELEMENTS (rooms); i++) {
    JsonArray *ids;

    if (rooms[i].with == NULL)
      continue;
    ids = json_array_new ();
    json_array_add_string_element (ids, rooms[i].id);
    json_object_set_array_member (content, rooms[i].with, ids);
  }
  add_event (events, "m.direct", NULL, NULL, 0, content);
  return one_list ("events", events);
}

static char *
sync_reply (ConfabWorld world)
{
  g_autoptr (JsonObject) reply = text_object ("next_batch", "s1");
  JsonObject *join = json_object_new ();
  JsonObject *by_membership = json_object_new ();

  for (guint i = 0; world >= CONFAB_WORLD_QUIET && i < G_N_ELEMENTS (rooms); i++) {
    if (rooms[i].elsewhere && world != CONFAB_WORLD_ELSEWHERE)
      continue;
    json_object_set_object_member (join,
                                   rooms[i].id,
                                   room_sync (&rooms[i], world >= CONFAB_WORLD_CALLS));
  }
  json_object_set_object_member (by_membership, "join", join);
  json_object_set_object_member (reply, "rooms", by_membership);
  json_object_set_object_member (reply, "account_data", direct_rooms ());
  return confab_json_to_string (reply);
}

/* A drawn face as the bytes of a PNG. */
static GBytes *
face_png (guint number)
{
  g_autoptr (GdkPaintable) picture = confab_fake_picture_new (number == OWN_FACE ? CONFAB_FAKE_PICTURE_OWN
                                                                      : number,
                                                   FALSE);
  g_autoptr (GtkSnapshot) snapshot = gtk_snapshot_new ();
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GskRenderer) renderer = gsk_cairo_renderer_new ();
  g_autoptr (GdkTexture) texture = NULL;
  g_autoptr (GError) error = NULL;

  gdk_paintable_snapshot (picture, snapshot, FACE_SIZE, FACE_SIZE);
  node = gtk_snapshot_free_to_node (g_steal_pointer (&snapshot));
  gsk_renderer_realize (renderer, NULL, &error);
  g_assert_no_error (error);
  texture = gsk_renderer_render_texture (renderer,
                                         node,
                                         &GRAPHENE_RECT_INIT (0, 0, FACE_SIZE, FACE_SIZE));
  gsk_renderer_unrealize (renderer);
  return gdk_texture_save_to_png_bytes (texture);
}

static void
thumbnail_cb (FakeHomeserver *server, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  g_autofree char *name = g_path_get_basename (
    g_uri_get_path (soup_server_message_get_uri (message)));
  g_autoptr (GBytes) png = NULL;
  gsize size;
  const char *bytes;

  g_assert_true (g_str_has_prefix (name, "face"));
  png = face_png ((guint) g_ascii_strtoull (name + strlen ("face"), NULL, 10));
  bytes = g_bytes_get_data (png, &size);
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, "image/png", SOUP_MEMORY_COPY, bytes, size);
}

/* Everybody that is known is in every room; whatever is sent is taken. */
static void
room_cb (FakeHomeserver *server, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  const char *path = g_uri_get_path (soup_server_message_get_uri (message));
  g_autoptr (JsonObject) reply = json_object_new ();
  g_autofree char *text = NULL;

  if (g_str_has_suffix (path, "/members")) {
    JsonArray *chunk = json_array_new ();

    for (guint i = 0; i < G_N_ELEMENTS (people); i++)
      add_member (chunk, (int) i);
    json_object_set_array_member (reply, "chunk", chunk);
  } else {
    json_object_set_string_member (reply, "event_id", "$sent");
  }
  text = confab_json_to_string (reply);
  fake_homeserver_respond (message, SOUP_STATUS_OK, text);
}

void
confab_world_fill (FakeAccount *account, ConfabWorld world)
{
  g_autofree char *reply = sync_reply (world);

  fake_homeserver_reply (account->server,
                         "/_matrix/client/v3/profile/%40anna%3Ax",
                         SOUP_STATUS_OK,
                         "{\"displayname\":\"Anna\",\"avatar_url\":\"mxc://x/face99\"}");
  fake_homeserver_handle (account->server, "/_matrix/client/v1/media/", thumbnail_cb, NULL);
  fake_homeserver_handle (account->server, "/_matrix/client/v3/rooms/", room_cb, NULL);
  fake_homeserver_reply (account->server,
                         "/_matrix/client/v3/voip/turnServer",
                         SOUP_STATUS_OK,
                         "{}");
  fake_homeserver_reply (account->server, "/_matrix/client/v3/sendToDevice/", SOUP_STATUS_OK, "{}");
  if (world == CONFAB_WORLD_FIRST_SYNC) {
    fake_homeserver_handle (account->server, "/_matrix/client/v3/sync", NULL, NULL);
    fake_homeserver_hang (account->server, "/_matrix/client/v3/sync");
  } else {
    fake_account_sync (account, "", reply);
  }
}

gboolean
confab_world_has_picture (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (people); i++) {
    if (g_strcmp0 (people[i].name, name) == 0)
      return people[i].face >= 0;
  }
  return FALSE;
}
