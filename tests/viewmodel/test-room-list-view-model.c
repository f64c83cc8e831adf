/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-call.h"
#include "confab-room-list-view-model.h"
#include "world.h"

#define SEARCH_MS 100
#define N_MANY 1500

typedef struct {
  World *world;
  ConfabRoomListViewModel *model;
  GString *states;
} Fixture;

static void
state_cb (ConfabRoomListViewModel *model, GParamSpec *pspec, Fixture *f)
{
  static const char *const names[] = {
    [CONFAB_ROOM_LIST_LOADING] = "loading",
    [CONFAB_ROOM_LIST_EMPTY] = "empty",
    [CONFAB_ROOM_LIST_NO_HIT] = "no-hit",
    [CONFAB_ROOM_LIST_ROOMS] = "rooms",
  };

  g_string_append_printf (f->states, "%s;", names[confab_room_list_view_model_get_state (model)]);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->world = world_new ();
  f->model = confab_room_list_view_model_new (f->world->session, CONFAB_CLOCK (f->world->clock));
  f->states = g_string_new (NULL);
  g_signal_connect (f->model, "notify::state", G_CALLBACK (state_cb), f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->model);
  world_free (f->world);
  g_string_free (f->states, TRUE);
}

static GListModel *
get_rooms (Fixture *f)
{
  return confab_room_list_view_model_get_rooms (f->model);
}

/* A moment later: what happened at once is put in order at once. */
static void
let_settle (Fixture *f)
{
  confab_manual_clock_advance (f->world->clock, 0);
}

/* “Calls Now: a b; Rooms: c” */
static void
assert_list (Fixture *f, const char *expected)
{
  g_autoptr (GString) list = g_string_new (NULL);
  GListModel *rooms = get_rooms (f);

  let_settle (f);
  for (guint i = 0; i < g_list_model_get_n_items (rooms); i++) {
    g_autoptr (ConfabRoomViewModel) room = g_list_model_get_item (rooms, i);
    guint start = 0;
    guint end = 0;

    gtk_section_model_get_section (GTK_SECTION_MODEL (rooms), i, &start, &end);
    if (start == i)
      g_string_append_printf (
        list, "%s%s:", i > 0 ? "; " : "", confab_room_view_model_get_section_title (room));
    g_string_append_printf (list, " %s", confab_room_view_model_get_name (room));
  }
  g_assert_cmpstr (list->str, ==, expected);
}

static char *
make_rooms (const char *const *names)
{
  g_autoptr (GString) rooms = g_string_new (NULL);

  for (guint i = 0; names[i] != NULL; i++) {
    g_autofree char *id = g_strdup_printf ("!%c:x", 'a' + i);
    g_autofree char *room = world_new_room (id, names[i]);

    g_string_append_printf (rooms, "%s%s", i > 0 ? "," : "", room);
  }
  return g_string_free (g_steal_pointer (&rooms), FALSE);
}

/* Rooms “!a:x”, “!b:x”… with these names. */
#define sign_in(f, ...) sign_in_ (f, (const char *const[]) { __VA_ARGS__, NULL })
static void
sign_in_ (Fixture *f, const char *const *names)
{
  g_autofree char *rooms = make_rooms (names);

  world_sign_in (f->world, rooms);
}

static void
sync_call (Fixture *f, const char *room_id, guint age_s)
{
  const char *const people[] = { "@ben:x", NULL };
  g_autofree char *news = world_call (room_id, "c1", "m.prompt", "m.video", age_s);
  g_autofree char *members = world_call_members (room_id, "c1", people);

  world_sync (f->world, news);
  world_sync (f->world, members);
}

static void
search (Fixture *f, const char *text)
{
  g_object_set (f->model, "search-text", text, NULL);
  confab_manual_clock_advance (f->world->clock, SEARCH_MS);
}

static void
test_sections (Fixture *f, gconstpointer data)
{
  sign_in (f, "Village Council", "ada", "Zoo", "Elif", "Apfel", "Field Survey");
  assert_list (f, "Rooms: ada Apfel Elif Field Survey Village Council Zoo");

  world_sync_full (
    f->world, "'account_data':{'events':[{'type':'m.direct','content':{'@elif:x':['!d:x']}}]}");
  world_sync (f->world,
              "'!a:x':{'account_data':{'events':[{'type':'m.tag','content':{'tags':{"
              "'m.favourite':{}}}}]}}");
  assert_list (f, "Favourites: Village Council; Rooms: ada Apfel Field Survey Zoo; People: Elif");
  sync_call (f, "!f:x", 60);
  assert_list (f,
               "Calls Now: Field Survey; Favourites: Village Council; Rooms: ada Apfel Zoo; "
               "People: Elif");
}

static void
test_calls (Fixture *f, gconstpointer data)
{
  g_autofree char *ended = NULL;
  g_autofree char *event = world_event ("org.matrix.msc3401.call",
                                        "c1",
                                        "@ben:x",
                                        WORLD_NOW_MS,
                                        "{'m.intent':'m.prompt','m.terminated':true}");

  /* The longest known first: a new one never pushes a row from under the pointer. */
  sign_in (f, "Choir", "Berry Club", "Attic");
  sync_call (f, "!b:x", 600);
  assert_list (f, "Calls Now: Berry Club; Rooms: Attic Choir");
  sync_call (f, "!c:x", 10);
  assert_list (f, "Calls Now: Berry Club Attic; Rooms: Choir");
  sync_call (f, "!a:x", 5);
  assert_list (f, "Calls Now: Berry Club Attic Choir");
  ended = world_room ("!b:x", 0, event);
  world_sync (f->world, ended);
  assert_list (f, "Calls Now: Attic Choir; Rooms: Berry Club");
}

static void
test_renamed (Fixture *f, gconstpointer data)
{
  sign_in (f, "Choir", "Attic");
  world_sync (f->world,
              "'!a:x':{'state':{'events':[{'type':'m.room.name','state_key':'','sender':'@ben:x',"
              "'content':{'name':'Aaron'}}]}}");
  assert_list (f, "Rooms: Aaron Attic");
  g_assert_cmpstr (confab_room_view_model_get_name (
                     confab_room_list_view_model_lookup (f->model, "!a:x")),
                   ==,
                   "Aaron");
}

static void
test_left (Fixture *f, gconstpointer data)
{
  sign_in (f, "Choir", "Attic");
  world_sync_full (f->world, "'rooms':{'leave':{'!a:x':{}}}");
  assert_list (f, "Rooms: Attic");
  g_assert_null (confab_room_list_view_model_lookup (f->model, "!a:x"));
}

static void
test_search (Fixture *f, gconstpointer data)
{
  sign_in (f, "Café Sizilien", "Straße", "ÇAY", "Field Survey", "field kitchen");
  search (f, "field");
  assert_list (f, "Rooms: field kitchen Field Survey");
  search (f, "FIELD S");
  assert_list (f, "Rooms: Field Survey");
  search (f, " cafe ");
  assert_list (f, "Rooms: Café Sizilien");
  search (f, "CAFÉ");
  assert_list (f, "Rooms: Café Sizilien");
  search (f, "strasse");
  assert_list (f, "Rooms: Straße");
  search (f, "çay");
  assert_list (f, "Rooms: ÇAY");
  /* Found or not, a room that is searched past can be looked up. */
  g_assert_nonnull (confab_room_list_view_model_lookup (f->model, "!a:x"));

  g_string_truncate (f->states, 0);
  search (f, "nothing has this");
  assert_list (f, "");
  g_assert_cmpstr (f->states->str, ==, "no-hit;");
  search (f, "");
  g_assert_cmpstr (f->states->str, ==, "no-hit;rooms;");
  g_assert_cmpuint (g_list_model_get_n_items (get_rooms (f)), ==, 5);
}

static void
test_search_delay (Fixture *f, gconstpointer data)
{
  sign_in (f, "Choir", "Attic");
  g_object_set (f->model, "search-text", "c", NULL);
  confab_manual_clock_advance (f->world->clock, SEARCH_MS - 1);
  g_object_set (f->model, "search-text", "ch", NULL);
  confab_manual_clock_advance (f->world->clock, SEARCH_MS - 1);
  g_assert_cmpuint (g_list_model_get_n_items (get_rooms (f)), ==, 2);
  test_assert_string (f->model, "search-text", "ch");
  confab_manual_clock_advance (f->world->clock, 1);
  assert_list (f, "Rooms: Choir");
}

static void
test_search_while_calls (Fixture *f, gconstpointer data)
{
  sign_in (f, "Choir", "Chess", "Attic");
  search (f, "ch");
  assert_list (f, "Rooms: Chess Choir");
  sync_call (f, "!a:x", 60);
  assert_list (f, "Calls Now: Choir; Rooms: Chess");
  sync_call (f, "!c:x", 60);
  assert_list (f, "Calls Now: Choir; Rooms: Chess");
}

static void
test_states (Fixture *f, gconstpointer data)
{
  g_autofree char *room = world_new_room ("!a:x", "Choir");

  g_assert_cmpint (confab_room_list_view_model_get_state (f->model), ==, CONFAB_ROOM_LIST_EMPTY);
  world_sign_in (f->world, "");
  g_assert_cmpstr (f->states->str, ==, "loading;empty;");
  world_sync (f->world, room);
  g_assert_cmpstr (f->states->str, ==, "loading;empty;rooms;");
  world_sync_full (f->world, "'rooms':{'leave':{'!a:x':{}}}");
  g_assert_cmpstr (f->states->str, ==, "loading;empty;rooms;empty;");
}

static gboolean
is_filtered (gpointer data)
{
  return g_list_model_get_n_items (get_rooms (data)) == 1;
}

static void
test_turns (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabRoomListViewModel) model = NULL;
  g_autoptr (GString) rooms = g_string_new (NULL);
  GListModel *list = NULL;

  for (guint i = 0; i < 100; i++) {
    g_autofree char *id = g_strdup_printf ("!r%u:x", i);
    g_autofree char *room = world_new_room (id, id);

    g_string_append_printf (rooms, "%s%s", i > 0 ? "," : "", room);
  }
  world_sign_in (f->world, rooms->str);

  /* As at the next start: all are known at once, and shown in turns, none of which is long. */
  model = confab_room_list_view_model_new (f->world->session, CONFAB_CLOCK (f->world->clock));
  list = confab_room_list_view_model_get_rooms (model);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 25);

  /* Asked for by name, a room is there. */
  g_assert_nonnull (confab_room_list_view_model_lookup (model, "!r99:x"));
  g_assert_null (confab_room_list_view_model_lookup (model, "!r100:x"));
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 100);
  let_settle (f);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 100);
  g_clear_object (&model);

  model = confab_room_list_view_model_new (f->world->session, CONFAB_CLOCK (f->world->clock));
  let_settle (f);
  g_assert_cmpuint (g_list_model_get_n_items (confab_room_list_view_model_get_rooms (model)),
                    ==,
                    100);
}

static void
test_turns_change (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabRoomListViewModel) model = NULL;
  g_autoptr (GString) rooms = g_string_new (NULL);
  GListModel *source = NULL;
  GListModel *list = NULL;

  for (guint i = 0; i < 60; i++) {
    g_autofree char *id = g_strdup_printf ("!r%u:x", i);
    g_autofree char *room = world_new_room (id, id);

    g_string_append_printf (rooms, "%s%s", i > 0 ? "," : "", room);
  }
  world_sign_in (f->world, rooms->str);
  model = confab_room_list_view_model_new (f->world->session, CONFAB_CLOCK (f->world->clock));
  list = confab_room_list_view_model_get_rooms (model);

  /* Rooms come and go before all are shown. */
  world_sync_full (f->world,
                   "'rooms':{'leave':{'!r0:x':{},'!r24:x':{},'!r25:x':{},'!r59:x':{}},"
                   "'join':{'!new:x':{}}}");
  let_settle (f);
  source = G_LIST_MODEL (confab_session_get_rooms (f->world->session));
  g_assert_cmpuint (g_list_model_get_n_items (source), ==, 57);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 57);
  for (guint i = 0; i < 57; i++) {
    g_autoptr (ConfabRoom) room = g_list_model_get_item (source, i);

    g_assert_nonnull (confab_room_list_view_model_lookup (model, confab_room_get_id (room)));
  }
}

static void
test_many (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) rooms = g_string_new (NULL);
  g_autoptr (GString) renamed = g_string_new (NULL);
  gint64 start = 0;

  for (guint i = 0; i < N_MANY; i++) {
    g_autofree char *id = g_strdup_printf ("!r%u:x", i);
    g_autofree char *name = g_strdup_printf ("Room %04u", N_MANY - i);
    g_autofree char *room = world_new_room (id, name);

    g_string_append_printf (rooms, "%s%s", i > 0 ? "," : "", room);
    if (i < 200)
      g_string_append_printf (
        renamed,
        "%s'!r%u:x':{'state':{'events':[{'type':'m.room.name','state_key':'','sender':'@ben:x',"
        "'content':{'name':'New %04u'}}]}}",
        i > 0 ? "," : "",
        i,
        i);
  }
  world_sign_in (f->world, rooms->str);
  let_settle (f);
  g_assert_cmpuint (g_list_model_get_n_items (get_rooms (f)), ==, N_MANY);

  /* One hit, far down: it is not said in between that there is none. */
  g_string_truncate (f->states, 0);
  search (f, "room 0001");
  test_until (is_filtered, f);
  g_assert_cmpstr (f->states->str, ==, "");

  /* Many names in one sync are put in order once. */
  search (f, "");
  world_sync (f->world, renamed->str);
  start = g_get_monotonic_time ();
  let_settle (f);
  g_test_message ("sorting %u rooms: %" G_GINT64_FORMAT " us",
                  N_MANY,
                  g_get_monotonic_time () - start);
  {
    g_autoptr (ConfabRoomViewModel) first = g_list_model_get_item (get_rooms (f), 0);

    g_assert_cmpstr (confab_room_view_model_get_name (first), ==, "New 0000");
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
#define ADD(path, func)                                                                            \
  g_test_add ("/room-list-view-model/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("sections", test_sections);
  ADD ("calls", test_calls);
  ADD ("renamed", test_renamed);
  ADD ("left", test_left);
  ADD ("search", test_search);
  ADD ("search-delay", test_search_delay);
  ADD ("search-while-calls", test_search_while_calls);
  ADD ("states", test_states);
  ADD ("turns", test_turns);
  ADD ("turns-change", test_turns_change);
  ADD ("many", test_many);
  return g_test_run ();
}
