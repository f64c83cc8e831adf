/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-call.h"
#include "confab-room-view-model-private.h"
#include "fake-devices.h"
#include "world.h"

#define ROOM "!a:x"
#define LRI "\342\201\246"
#define FSI "\342\201\250"
#define PDI "\342\201\251"
#define LRM "\342\200\216"

typedef struct {
  World *world;
  ConfabRoomViewModel *model;
} Fixture;

static ConfabRoom *
get_room (Fixture *f)
{
  return confab_room_list_lookup (confab_session_get_rooms (f->world->session), ROOM);
}

static void
make_model (Fixture *f)
{
  f->model = confab_room_view_model_new (get_room (f),
                                         f->world->session,
                                         CONFAB_CLOCK (f->world->clock));
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autofree char *first = world_new_room (ROOM, "Field Survey");

  f->world = world_new ();
  world_sign_in (f->world, first);
  make_model (f);
}

static gboolean
is_let_go (gpointer data)
{
  return G_OBJECT (((Fixture *) data)->model)->ref_count == 1;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  test_until (is_let_go, f);
  g_assert_finalize_object (f->model);
  world_free (f->world);
}

static void
sync_event (
  Fixture *f, const char *type, const char *state_key, const char *sender, const char *content)
{
  g_autofree char *event = world_event (type, state_key, sender, WORLD_NOW_MS, content);
  g_autofree char *news = world_room (ROOM, 0, event);

  world_sync (f->world, news);
}

static void
sync_call (Fixture *f, const char *id, const char *intent, guint age_s)
{
  g_autofree char *news = world_call (ROOM, id, intent, "m.video", age_s);

  world_sync (f->world, news);
}

#define sync_members(f, id, ...) sync_members_ (f, id, (const char *const[]) { __VA_ARGS__, NULL })
static void
sync_members_ (Fixture *f, const char *id, const char *const *user_ids)
{
  g_autofree char *news = world_call_members (ROOM, id, user_ids);

  world_sync (f->world, news);
}

static void
sync_names (Fixture *f)
{
  sync_event (f, "m.room.member", "@cem:x", "@cem:x", "{'membership':'join','displayname':'Cem'}");
  sync_event (f, "m.room.member", "@dua:x", "@dua:x", "{'membership':'join','displayname':'دعاء'}");
}

static void
assert_names (GListModel *faces, const char *expected)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (faces); i++) {
    g_autoptr (ConfabAvatarModel) face = g_list_model_get_item (faces, i);

    g_string_append_printf (names, "%s;", confab_avatar_model_get_name (face));
  }
  g_assert_cmpstr (names->str, ==, expected);
}

static void
assert_action (Fixture *f, ConfabRoomAction action, const char *reason)
{
  g_assert_cmpint (confab_room_view_model_get_action (f->model), ==, action);
  test_assert_string (f->model, "reason", reason);
  g_assert_cmpint (confab_room_view_model_get_can_act (f->model), ==, *reason == '\0');
}

static void
test_quiet (Fixture *f, gconstpointer data)
{
  g_assert_cmpstr (confab_room_view_model_get_id (f->model), ==, ROOM);
  g_assert_cmpstr (confab_room_view_model_get_name (f->model), ==, "Field Survey");
  test_assert_string (f->model, "topic", "");
  test_assert_string (f->model, "people-text", "2 people");
  test_assert_string (f->model, "subtitle", "2 people");
  test_assert_string (f->model, "section-title", "Rooms");
  g_assert_false (confab_room_view_model_get_has_call (f->model));
  test_assert_string (f->model, "duration", "");
  test_assert_string (f->model, "header-text", "");
  test_assert_string (f->model, "who-text", LRM "You will be the first.");
  assert_action (f, CONFAB_ROOM_ACTION_START, "");
  g_assert_null (confab_room_view_model_get_call (f->model));

  sync_event (f, "m.room.topic", "", "@ben:x", "{'topic':'Every *Tuesday*'}");
  test_assert_string (f->model, "topic", "Every *Tuesday*");
  sync_event (f, "m.room.name", "", "@ben:x", "{'name':'Düne'}");
  g_assert_cmpstr (confab_room_view_model_get_name (f->model), ==, "Düne");
  test_assert_string (f->model, "join-label", "Join the call in " FSI "Düne" PDI);
}

#define RTC                                                                                        \
  "{'application':'m.call','call_id':'','device_id':'D','focus_active':{'type':'livekit'},"        \
  "'foci_preferred':[]}"

/* People are in a call that Confab cannot join: it says so, and a call of its own can still begin. */
static void
test_foreign_call (Fixture *f, gconstpointer data)
{
  const char *const ben[] = { "@ben:x", NULL };
  g_autofree char *members = world_call_members (ROOM, "conf", ben);
  g_autofree char *call = world_call (ROOM, "conf", "m.prompt", "m.video", 5);

  sync_event (f, "org.matrix.msc3401.call.member", "_@ben:x_D_m.call", "@ben:x", RTC);
  g_assert_false (confab_room_view_model_get_has_call (f->model));
  test_assert_string (f->model, "subtitle", "1 person in an Element call");
  test_assert_string (f->model,
                      "reason",
                      "People here are in an Element call. Confab cannot join it yet.");
  g_assert_cmpint (confab_room_view_model_get_action (f->model), ==, CONFAB_ROOM_ACTION_START);
  g_assert_true (confab_room_view_model_get_can_act (f->model));
  g_assert_null (confab_room_view_model_get_call (f->model));
  /* One that can be joined is what matters. */
  world_sync (f->world, call);
  world_sync (f->world, members);
  assert_action (f, CONFAB_ROOM_ACTION_JOIN, "");
  sync_event (f, "org.matrix.msc3401.call.member", "@ben:x", "@ben:x", "{'m.calls':[]}");
  sync_event (f, "org.matrix.msc3401.call.member", "_@ben:x_D_m.call", "@ben:x", "{}");
  test_assert_string (f->model, "subtitle", "2 people");
}

static void
test_replaced (Fixture *f, gconstpointer data)
{
  sync_event (f, "m.room.tombstone", "", "@ben:x", "{'replacement_room':'!new:x'}");
  assert_action (f, CONFAB_ROOM_ACTION_START, "This room has been replaced by another one.");
}

/* A call that everybody has left is none to be joined there; one with people is. */
static void
test_replaced_with_call (Fixture *f, gconstpointer data)
{
  sync_call (f, "c1", "m.prompt", 86400);
  sync_event (f, "m.room.tombstone", "", "@ben:x", "{'replacement_room':'!new:x'}");
  assert_action (f, CONFAB_ROOM_ACTION_START, "This room has been replaced by another one.");
  sync_members (f, "c1", "@ben:x");
  assert_action (f, CONFAB_ROOM_ACTION_JOIN, "");
}

/* As in rooms that Element has set up: whoever may not begin a call of ours learns that, and what is going on. */
static void
test_foreign_call_without_power (Fixture *f, gconstpointer data)
{
  sync_event (f,
              "m.room.power_levels",
              "",
              "@ben:x",
              "{'users':{'@ben:x':100},'state_default':50,"
              "'events':{'org.matrix.msc3401.call.member':0}}");
  assert_action (f, CONFAB_ROOM_ACTION_START, "Only moderators may start calls here.");
  sync_event (f, "org.matrix.msc3401.call.member", "_@ben:x_D_m.call", "@ben:x", RTC);
  test_assert_string (f->model,
                      "reason",
                      "People here are in an Element call. Confab cannot join it yet. "
                      "Only moderators may start calls here.");
  g_assert_false (confab_room_view_model_get_can_act (f->model));
}

static void
test_encrypted (Fixture *f, gconstpointer data)
{
  g_autofree char *news = world_room (
    "!b:x",
    1,
    "{'type':'m.room.create','state_key':'','sender':'@ben:x','event_id':'$1','content':{}}");
  g_autoptr (ConfabRoomViewModel) open = NULL;

  g_assert_true (confab_room_view_model_get_encrypted (f->model));
  test_assert_string (f->model, "encrypted-title", "Encrypted");
  test_assert_string (f->model, "encrypted-subtitle", "Only the people in the room can listen");

  world_sync (f->world, news);
  open = confab_room_view_model_new (
    confab_room_list_lookup (confab_session_get_rooms (f->world->session), "!b:x"),
    f->world->session,
    CONFAB_CLOCK (f->world->clock));
  g_assert_false (confab_room_view_model_get_encrypted (open));
  test_assert_string (open, "encrypted-title", "Not encrypted");
  test_assert_string (open, "encrypted-subtitle", "The homeserver could listen");
  test_assert_string (open, "people-text", "1 person");
}

static void
test_call (Fixture *f, gconstpointer data)
{
  sync_names (f);
  sync_call (f, "c1", "m.prompt", 724);
  sync_members (f, "c1", "@ben:x");
  g_assert_true (confab_room_view_model_get_has_call (f->model));
  assert_action (f, CONFAB_ROOM_ACTION_JOIN, "");
  test_assert_string (f->model, "section-title", "Calls Now");
  test_assert_string (f->model, "duration", "12:04");
  test_assert_string (f->model, "call-line", "12:04");
  test_assert_string (f->model, "call-text", "1 person is in the call · 12:04");
  test_assert_string (f->model, "header-text", "12:04 · 1 person");
  test_assert_string (f->model, "who-text", LRM FSI "Ben" PDI " is here");
  g_assert_false (test_get_boolean (f->model, "in-call"));

  sync_members (f, "c1", "@dua:x");
  test_assert_string (f->model, "who-text", LRM FSI "Ben" PDI " and " FSI "دعاء" PDI " are here");
  sync_event (f, "m.room.member", "@eve:x", "@eve:x", "{'membership':'join'}");
  sync_event (f, "m.room.member", "@fay:x", "@fay:x", "{'membership':'join'}");
  sync_members (f, "c1", "@cem:x", "@eve:x", "@fay:x");
  test_assert_string (f->model,
                      "who-text",
                      LRM FSI "Ben" PDI ", " FSI "دعاء" PDI " and 3 more are here");
  test_assert_string (f->model, "call-text", "5 people are in the call · 12:04");
  test_assert_string (f->model, "header-text", "12:04 · 5 people");
  /* Three faces are shown. */
  test_assert_string (f->model, "call-line", LRI "+2" PDI " · 12:04");
  assert_names (confab_room_view_model_get_participants (f->model), "Ben;دعاء;Cem;@eve:x;@fay:x;");
  g_assert_cmpuint (test_get_uint (f->model, "n-participants"), ==, 5);

  sync_event (f,
              "org.matrix.msc3401.call",
              "c1",
              "@ben:x",
              "{'m.intent':'m.prompt','m.terminated':'call_ended'}");
  g_assert_false (confab_room_view_model_get_has_call (f->model));
  assert_action (f, CONFAB_ROOM_ACTION_START, "");
  test_assert_string (f->model, "section-title", "Rooms");
  assert_names (confab_room_view_model_get_participants (f->model), "");
}

static void
test_names (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabAvatarModel) ben = NULL;
  g_autoptr (ConfabAvatarModel) same = NULL;

  sync_call (f, "c1", "m.prompt", 60);
  sync_members (f, "c1", "@ben:x");
  ben = g_list_model_get_item (confab_room_view_model_get_participants (f->model), 0);

  /* Who stays keeps their face, whoever comes. */
  sync_event (f, "m.room.member", "@cem:x", "@cem:x", "{'membership':'join'}");
  sync_members (f, "c1", "@cem:x");
  same = g_list_model_get_item (confab_room_view_model_get_participants (f->model), 0);
  g_assert_true (ben == same);
  test_assert_string (f->model, "who-text", LRM FSI "Ben" PDI " and " FSI "@cem:x" PDI " are here");
  sync_names (f);
  test_assert_string (f->model, "who-text", LRM FSI "Ben" PDI " and " FSI "Cem" PDI " are here");
}

static void
test_two_devices (Fixture *f, gconstpointer data)
{
  sync_call (f, "c1", "m.prompt", 60);
  sync_event (f,
              "org.matrix.msc3401.call.member",
              "@ben:x",
              "@ben:x",
              "{'m.calls':[{'m.call_id':'c1','m.devices':["
              "{'device_id':'P','session_id':'S1','expires_ts':1700003600000},"
              "{'device_id':'Q','session_id':'S2','expires_ts':1700003600000}]}]}");
  assert_names (confab_room_view_model_get_participants (f->model), "Ben;");
  test_assert_string (f->model, "call-text", "1 person is in the call · 1:00");
}

static void
test_deserted (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabCall) call = NULL;

  /* Whoever was in it died before they could end it. */
  sync_call (f, "c1", "m.prompt", 86400);
  g_assert_false (confab_room_view_model_get_has_call (f->model));
  test_assert_string (f->model, "section-title", "Rooms");
  test_assert_string (f->model, "duration", "");
  assert_action (f, CONFAB_ROOM_ACTION_START, "");
  /* It is not joined by another beside it. */
  call = confab_room_view_model_ensure_call (f->model,
                                             CONFAB_CALL_INTENT_PROMPT,
                                             CONFAB_CALL_TYPE_VIDEO);
  g_assert_true (call == confab_room_view_model_get_call (f->model));
  {
    g_autofree char *id = confab_call_dup_id (call);

    g_assert_cmpstr (id, ==, "c1");
  }

  /* But nobody would hear it ring, as old as it is. */
  {
    g_autoptr (ConfabCall) ringing = confab_room_view_model_ensure_call (f->model,
                                                              CONFAB_CALL_INTENT_RING,
                                                              CONFAB_CALL_TYPE_VIDEO);

    g_assert_true (ringing != call);
    g_assert_cmpint (confab_call_get_intent (ringing), ==, CONFAB_CALL_INTENT_RING);
  }

  /* Another one with people is the one. */
  sync_call (f, "c2", "m.prompt", 60);
  sync_members (f, "c2", "@ben:x");
  g_assert_true (confab_room_view_model_get_has_call (f->model));
  test_assert_string (f->model, "duration", "1:00");
}

static void
test_room_call (Fixture *f, gconstpointer data)
{
  /* The room itself is the call: it is on, also with nobody in it. */
  sync_call (f, "c1", "m.room", 60);
  g_assert_true (confab_room_view_model_get_has_call (f->model));
  test_assert_string (f->model, "call-text", "0 people are in the call · 1:00");
  test_assert_string (f->model, "who-text", LRM "You will be the first.");
  assert_action (f, CONFAB_ROOM_ACTION_JOIN, "");
}

static void
test_in_call (Fixture *f, gconstpointer data)
{
  g_autoptr (FakeDevices) devices = fake_devices_new (CONFAB_CLOCK (f->world->clock));
  g_autoptr (ConfabLocalMedia) media = confab_media_devices_open (CONFAB_MEDIA_DEVICES (devices),
                                                       FALSE,
                                                       FALSE);
  g_autoptr (ConfabCall) call = NULL;

  sync_call (f, "c1", "m.prompt", 724);
  sync_members (f, "c1", "@ben:x");
  call = g_object_ref (confab_room_view_model_get_call (f->model));
  confab_call_join (call, media);
  /* Local echo: before the server has heard of it. */
  assert_action (f, CONFAB_ROOM_ACTION_RETURN, "");
  g_assert_true (test_get_boolean (f->model, "in-call"));
  assert_names (confab_room_view_model_get_participants (f->model), "Anna;Ben;");
  test_assert_string (f->model, "ongoing-text", "In the call · 12:04");

  /* Also when the network is away: one is in it. */
  world_go_offline (f->world);
  assert_action (f, CONFAB_ROOM_ACTION_RETURN, "");
  world_go_online (f->world);

  confab_call_leave (call);
  assert_action (f, CONFAB_ROOM_ACTION_JOIN, "");
  assert_names (confab_room_view_model_get_participants (f->model), "Ben;");
}

static void
test_may_not_start (Fixture *f, gconstpointer data)
{
  static const char may_join[] = "{'users':{'@ben:x':100},'state_default':50,"
                                 "'events':{'org.matrix.msc3401.call.member':0}}";
  static const char may_nothing[] = "{'users':{'@ben:x':100},'state_default':50}";

  sync_event (f, "m.room.power_levels", "", "@ben:x", may_join);
  assert_action (f, CONFAB_ROOM_ACTION_START, "Only moderators may start calls here.");
  sync_call (f, "c1", "m.prompt", 60);
  sync_members (f, "c1", "@ben:x");
  assert_action (f, CONFAB_ROOM_ACTION_JOIN, "");
  sync_event (f, "m.room.power_levels", "", "@ben:x", may_nothing);
  assert_action (f,
                 CONFAB_ROOM_ACTION_JOIN,
                 "You may not join calls in this room. Ask a moderator.");
}

static void
test_offline (Fixture *f, gconstpointer data)
{
  world_go_offline (f->world);
  assert_action (f, CONFAB_ROOM_ACTION_START, "Your homeserver does not answer.");
  world_go_online (f->world);
  assert_action (f, CONFAB_ROOM_ACTION_START, "");
}

static guint
n_timeouts (Fixture *f)
{
  return confab_manual_clock_get_n_timeouts (f->world->clock);
}

static void
count_cb (guint *n)
{
  (*n)++;
}

static void
test_tick (Fixture *f, gconstpointer data)
{
  guint n_before = 0;
  guint n_ticks = 0;

  sync_call (f, "c1", "m.prompt", 59);
  sync_members (f, "c1", "@ben:x");
  n_before = n_timeouts (f);
  g_signal_connect_swapped (f->model, "notify::duration", G_CALLBACK (count_cb), &n_ticks);

  /* Nobody looks: nothing wakes up. */
  confab_manual_clock_advance (f->world->clock, 1500);
  g_assert_cmpuint (n_ticks, ==, 0);
  test_assert_string (f->model, "duration", "0:59");

  /* Somebody looks: right at once, then on the second. */
  confab_room_view_model_show (f->model);
  test_assert_string (f->model, "duration", "1:00");
  g_assert_cmpuint (n_timeouts (f), ==, n_before + 1);
  confab_manual_clock_advance (f->world->clock, 499);
  g_assert_cmpuint (n_ticks, ==, 1);
  confab_manual_clock_advance (f->world->clock, 1);
  test_assert_string (f->model, "duration", "1:01");
  test_assert_string (f->model, "header-text", "1:01 · 1 person");
  g_assert_cmpuint (n_ticks, ==, 2);

  /* In two places, of which one closes. */
  confab_room_view_model_show (f->model);
  confab_room_view_model_hide (f->model);
  confab_manual_clock_advance (f->world->clock, 1000);
  g_assert_cmpuint (n_ticks, ==, 3);
  confab_room_view_model_hide (f->model);
  g_assert_cmpuint (n_timeouts (f), ==, n_before);
  confab_manual_clock_advance (f->world->clock, 5000);
  g_assert_cmpuint (n_ticks, ==, 3);
}

static void
test_no_tick (Fixture *f, gconstpointer data)
{
  guint n_before = n_timeouts (f);

  /* Shown, but there is nothing that runs. */
  confab_room_view_model_show (f->model);
  g_assert_cmpuint (n_timeouts (f), ==, n_before);
  confab_room_view_model_hide (f->model);
}

static void
test_direct (Fixture *f, gconstpointer data)
{
  world_sync_full (f->world,
                   "'account_data':{'events':[{'type':'m.direct','content':{'@ben:x':['!a:x']}}]}");
  test_assert_string (f->model, "section-title", "People");
  test_assert_string (f->model, "subtitle", "2 people");
  world_sync (f->world,
              "'!a:x':{'timeline':{'events':[{'type':'m.room.message','sender':'@ben:x','event_id':"
              "'$m','origin_server_ts':1699900000000,'content':{}}]}}");
  test_assert_string (f->model, "subtitle", "Yesterday");

  /* A favourite is one, whoever it is with. */
  world_sync (f->world,
              "'!a:x':{'account_data':{'events':[{'type':'m.tag','content':{'tags':{"
              "'m.favourite':{}}}}]}}");
  test_assert_string (f->model, "section-title", "Favourites");
}

static void
members_cb (FakeHomeserver *server, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  g_autoptr (GString) reply = g_string_new ("{\"chunk\":[");

  for (guint i = 0; i < 70; i++)
    g_string_append_printf (reply,
                            "%s{\"type\":\"m.room.member\",\"state_key\":\"@u%02u:x\",\"sender\":"
                            "\"@u%02u:x\",\"content\":{\"membership\":\"join\"}}",
                            i > 0 ? "," : "",
                            i,
                            i);
  g_string_append (reply, "]}");
  fake_homeserver_respond (message, 200, reply->str);
}

static gboolean
has_people (gpointer data)
{
  g_autoptr (GListModel) people = NULL;

  g_object_get (((Fixture *) data)->model, "people", &people, NULL);
  return g_list_model_get_n_items (people) > 0;
}

static void
test_people (Fixture *f, gconstpointer data)
{
  g_autoptr (GListModel) people = NULL;

  g_object_get (f->model, "people", &people, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (people), ==, 0);

  /* What went wrong is asked again, when the room is opened the next time. */
  fake_homeserver_reply (f->world->account->server,
                         "/_matrix/client/v3/rooms/%21a%3Ax/members",
                         403,
                         "{\"errcode\":\"M_FORBIDDEN\"}");
  confab_room_view_model_load_people (f->model);
  test_until (is_let_go, f);
  g_assert_cmpuint (g_list_model_get_n_items (people), ==, 0);

  /* In a large room not everybody's face is loaded. */
  fake_homeserver_handle (f->world->account->server,
                          "/_matrix/client/v3/rooms/%21a%3Ax/members",
                          members_cb,
                          NULL);
  confab_room_view_model_load_people (f->model);
  test_until (has_people, f);
  g_assert_cmpuint (g_list_model_get_n_items (people), ==, 50);

  /* How many there are beside the four that are shown is the homeserver's number, also when it is another by now. */
  test_assert_string (f->model, "more-people", "");
  world_sync (f->world, "'!a:x':{'summary':{'m.joined_member_count':210}}");
  test_assert_string (f->model, "people-text", "210 people");
  test_assert_string (f->model, "more-people", "\342\201\246+206\342\201\251");
  world_sync (f->world, "'!a:x':{'summary':{'m.joined_member_count':5}}");
  test_assert_string (f->model, "more-people", "\342\201\246+1\342\201\251");
  world_sync (f->world, "'!a:x':{'summary':{'m.joined_member_count':4}}");
  test_assert_string (f->model, "more-people", "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
#define ADD(path, func)                                                                            \
  g_test_add ("/room-view-model/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("quiet", test_quiet);
  ADD ("encrypted", test_encrypted);
  ADD ("foreign-call", test_foreign_call);
  ADD ("replaced", test_replaced);
  ADD ("replaced/with-call", test_replaced_with_call);
  ADD ("foreign-call/without-power", test_foreign_call_without_power);
  ADD ("call", test_call);
  ADD ("names", test_names);
  ADD ("two-devices", test_two_devices);
  ADD ("deserted", test_deserted);
  ADD ("room-call", test_room_call);
  ADD ("in-call", test_in_call);
  ADD ("may-not-start", test_may_not_start);
  ADD ("offline", test_offline);
  ADD ("tick", test_tick);
  ADD ("no-tick", test_no_tick);
  ADD ("direct", test_direct);
  ADD ("people", test_people);
  return g_test_run ();
}
