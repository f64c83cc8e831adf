/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-call-page.h"
#include "confab-keys.h"
#include "confab-page-scenes.h"
#include "confab-room-notice-row.h"

/* Every page with the keyboard alone, by real keys. */

static const ConfabShot wide = { .width = 1024, .height = 700, .any_size = TRUE };
static const ConfabShot narrow = { .width = 500, .height = 640, .any_size = TRUE };

static void
open_stand (ConfabPageStand *stand, ConfabWorld world, const ConfabShot *shot)
{
  confab_page_stand_open (stand, world, shot);
  CONFAB_WAIT_FOR (gtk_window_is_active (stand->window));
  confab_page_stand_settle (stand);
}

static gboolean
has_focus (ConfabPageStand *stand, GType type, const char *text)
{
  GtkWidget *focus = gtk_window_get_focus (stand->window);
  GtkWidget *widget = confab_page_stand_find (stand, type, text);

  return focus != NULL && widget != NULL &&
         (focus == widget || gtk_widget_is_ancestor (focus, widget));
}

static const char *
get_page (ConfabPageStand *stand)
{
  GtkWidget *view = confab_page_stand_find (stand, ADW_TYPE_NAVIGATION_VIEW, NULL);

  return adw_navigation_view_get_visible_page_tag (ADW_NAVIGATION_VIEW (view));
}

static gboolean
is_on_page (ConfabPageStand *stand, const char *tag)
{
  return g_strcmp0 (get_page (stand), tag) == 0;
}

/* ---- signing in ---- */

static ConfabSignInViewModel *
get_sign_in (ConfabPageStand *stand)
{
  return confab_session_view_model_get_sign_in (stand->model);
}

/* Asked for at once, and yet from the clock. */
static gboolean
has_found_server (ConfabPageStand *stand)
{
  confab_manual_clock_advance (stand->clock, 0);
  return confab_sign_in_view_model_get_server_state (get_sign_in (stand)) == CONFAB_SERVER_FOUND;
}

static const char *
get_text (ConfabPageStand *stand, const char *title)
{
  GtkWidget *row = confab_page_stand_find (stand, ADW_TYPE_ENTRY_ROW, title);

  return gtk_editable_get_text (GTK_EDITABLE (row));
}

/* Types into the row that has the focus and goes on. */
static void
fill_row (ConfabPageStand *stand, const char *title, const char *text)
{
  g_assert_true (has_focus (stand, ADW_TYPE_ENTRY_ROW, title));
  confab_keys_type (text);
  CONFAB_WAIT_FOR (g_str_equal (get_text (stand, title), text));
}

static void
test_sign_in (void)
{
  ConfabPageStand stand = { 0 };

  open_stand (&stand, CONFAB_WORLD_SIGNED_OUT, &wide);
  fill_row (&stand, "Homeserver", "matrix.example.org");
  /* Enter does not wait for the pause after the last key. */
  confab_keys_press ("Return");
  CONFAB_WAIT_FOR (has_found_server (&stand) &&
                   has_focus (&stand, ADW_TYPE_ENTRY_ROW, "User name"));
  fill_row (&stand, "User name", "anna");
  confab_keys_press ("Return");
  CONFAB_WAIT_FOR (has_focus (&stand, ADW_TYPE_ENTRY_ROW, "Password"));

  /* A wrong one: the row says so, keeps what was typed, and has the focus. */
  fill_row (&stand, "Password", "sceret");
  confab_keys_press ("Return");
  CONFAB_WAIT_FOR (*confab_sign_in_view_model_get_account_error (get_sign_in (&stand)) != '\0');
  g_assert_true (
    gtk_widget_has_css_class (confab_page_stand_find (&stand, ADW_TYPE_ENTRY_ROW, "Password"),
                              "error"));
  g_assert_true (has_focus (&stand, ADW_TYPE_ENTRY_ROW, "Password"));
  g_assert_cmpstr (get_text (&stand, "Password"), ==, "sceret");

  /* It is selected: what is typed takes its place, and the error goes. */
  confab_keys_press ("ctrl+a");
  confab_keys_type (CONFAB_WORLD_PASSWORD);
  CONFAB_WAIT_FOR (g_str_equal (get_text (&stand, "Password"), CONFAB_WORLD_PASSWORD));
  g_assert_false (
    gtk_widget_has_css_class (confab_page_stand_find (&stand, ADW_TYPE_ENTRY_ROW, "Password"),
                              "error"));
  confab_keys_press ("Return");
  CONFAB_WAIT_FOR (is_on_page (&stand, "main"));
  confab_page_stand_close (&stand);
}

/* Esc stops what takes too long; nothing is lost. */
static void
test_sign_in_stop (void)
{
  ConfabPageStand stand = { 0 };

  open_stand (&stand, CONFAB_WORLD_SIGNED_OUT, &wide);
  fake_homeserver_handle (stand.account->server, "/_matrix/client/v3/login", NULL, NULL);
  fake_homeserver_hang (stand.account->server, "/_matrix/client/v3/login");
  fill_row (&stand, "Homeserver", "matrix.example.org");
  confab_keys_press ("Return");
  CONFAB_WAIT_FOR (has_found_server (&stand) &&
                   has_focus (&stand, ADW_TYPE_ENTRY_ROW, "User name"));
  fill_row (&stand, "User name", "anna");
  confab_keys_press ("Return");
  CONFAB_WAIT_FOR (has_focus (&stand, ADW_TYPE_ENTRY_ROW, "Password"));
  fill_row (&stand, "Password", CONFAB_WORLD_PASSWORD);
  confab_keys_press ("Return");
  CONFAB_WAIT_FOR (confab_sign_in_view_model_get_busy (get_sign_in (&stand)));
  g_assert_false (
    gtk_widget_is_sensitive (confab_page_stand_find (&stand, ADW_TYPE_ENTRY_ROW, "Homeserver")));
  confab_keys_press ("Escape");
  CONFAB_WAIT_FOR (!confab_sign_in_view_model_get_busy (get_sign_in (&stand)));
  g_assert_true (is_on_page (&stand, "sign-in"));
  g_assert_cmpstr (get_text (&stand, "User name"), ==, "anna");
  g_assert_cmpstr (get_text (&stand, "Password"), ==, CONFAB_WORLD_PASSWORD);
  confab_page_stand_close (&stand);
}

/* ---- rooms ---- */

static const char *
get_room (ConfabPageStand *stand)
{
  ConfabRoomViewModel *room = confab_session_view_model_get_room (stand->model);

  return room != NULL ? confab_room_view_model_get_id (room) : NULL;
}

static guint
count_rooms (ConfabPageStand *stand)
{
  return g_list_model_get_n_items (
    confab_room_list_view_model_get_rooms (confab_session_view_model_get_room_list (stand->model)));
}

static const char *
get_search (ConfabPageStand *stand)
{
  GtkWidget *entry = confab_page_stand_find (stand, GTK_TYPE_SEARCH_ENTRY, NULL);

  return entry != NULL ? gtk_editable_get_text (GTK_EDITABLE (entry)) : NULL;
}

static gboolean
has_found (ConfabPageStand *stand, guint n_rooms)
{
  /* The search waits for the last key. */
  confab_manual_clock_advance (stand->clock, 100);
  return count_rooms (stand) == n_rooms;
}

static void
test_search (void)
{
  ConfabPageStand stand = { 0 };
  guint n_rooms = 0;

  open_stand (&stand, CONFAB_WORLD_CALLS, &wide);
  n_rooms = count_rooms (&stand);
  confab_keys_press ("ctrl+f");
  CONFAB_WAIT_FOR (has_focus (&stand, GTK_TYPE_SEARCH_ENTRY, NULL));
  confab_keys_type ("council");
  CONFAB_WAIT_FOR (g_strcmp0 (get_search (&stand), "council") == 0);
  CONFAB_WAIT_FOR (has_found (&stand, 1));

  /* Down goes into the list, Enter opens. */
  confab_keys_press ("Down");
  CONFAB_WAIT_FOR (has_focus (&stand, GTK_TYPE_LIST_VIEW, NULL));
  confab_keys_press ("Return");
  CONFAB_WAIT_FOR (g_strcmp0 (get_room (&stand), CONFAB_ROOM_VILLAGE_COUNCIL) == 0);

  /* Esc clears the search, and all rooms are there again. */
  confab_keys_press ("ctrl+f");
  CONFAB_WAIT_FOR (has_focus (&stand, GTK_TYPE_SEARCH_ENTRY, NULL));
  confab_keys_press ("Escape");
  CONFAB_WAIT_FOR (get_search (&stand) == NULL);
  CONFAB_WAIT_FOR (has_found (&stand, n_rooms));
  g_assert_cmpstr (get_room (&stand), ==, CONFAB_ROOM_VILLAGE_COUNCIL);
  confab_page_stand_settle (&stand);
  confab_page_stand_close (&stand);
}

/* On a hit that nobody has opened: Ctrl+Enter joins, and Esc ends the search; Ctrl+F begins anew. */
static void
test_search_and_join (void)
{
  ConfabPageStand stand = { 0 };
  guint n_rooms = 0;

  open_stand (&stand, CONFAB_WORLD_CALLS, &wide);
  n_rooms = count_rooms (&stand);
  confab_keys_press ("ctrl+f");
  CONFAB_WAIT_FOR (has_focus (&stand, GTK_TYPE_SEARCH_ENTRY, NULL));
  confab_keys_type ("council");
  CONFAB_WAIT_FOR (has_found (&stand, 1));
  confab_keys_press ("ctrl+f");
  confab_keys_type ("field");
  CONFAB_WAIT_FOR (g_strcmp0 (get_search (&stand), "field") == 0);
  CONFAB_WAIT_FOR (has_found (&stand, 1));
  confab_keys_press ("Down");
  CONFAB_WAIT_FOR (has_focus (&stand, GTK_TYPE_LIST_VIEW, NULL));
  confab_keys_press ("Escape");
  CONFAB_WAIT_FOR (get_search (&stand) == NULL);
  CONFAB_WAIT_FOR (has_found (&stand, n_rooms));

  confab_keys_press ("ctrl+f");
  CONFAB_WAIT_FOR (has_focus (&stand, GTK_TYPE_SEARCH_ENTRY, NULL));
  confab_keys_type ("field");
  CONFAB_WAIT_FOR (has_found (&stand, 1));
  confab_keys_press ("Down");
  CONFAB_WAIT_FOR (has_focus (&stand, GTK_TYPE_LIST_VIEW, NULL));
  confab_keys_press ("ctrl+Return");
  CONFAB_WAIT_FOR (is_on_page (&stand, "media"));
  g_assert_cmpstr (get_room (&stand), ==, NULL);
  confab_page_stand_settle (&stand);
  confab_keys_press ("Escape");
  CONFAB_WAIT_FOR (is_on_page (&stand, "main"));
  confab_page_stand_settle (&stand);
  confab_page_stand_close (&stand);
}

/* Whoever begins to type in the list searches; Enter opens the first hit. */
static void
test_type_to_search (void)
{
  ConfabPageStand stand = { 0 };

  open_stand (&stand, CONFAB_WORLD_CALLS, &wide);
  g_assert_true (has_focus (&stand, GTK_TYPE_LIST_VIEW, NULL));
  confab_keys_type ("field");
  CONFAB_WAIT_FOR (g_strcmp0 (get_search (&stand), "field") == 0);
  CONFAB_WAIT_FOR (has_found (&stand, 1));
  confab_keys_press ("Return");
  CONFAB_WAIT_FOR (g_strcmp0 (get_room (&stand), CONFAB_ROOM_FIELD_SURVEY) == 0);
  confab_page_stand_settle (&stand);
  confab_page_stand_close (&stand);
}

/* In a narrow window the room covers the list; Esc goes back. */
static void
test_narrow_rooms (void)
{
  ConfabPageStand stand = { 0 };

  open_stand (&stand, CONFAB_WORLD_CALLS, &narrow);
  g_assert_true (has_focus (&stand, GTK_TYPE_LIST_VIEW, NULL));
  confab_keys_press ("Home");
  confab_keys_press ("Down");
  confab_keys_press ("Return");
  CONFAB_WAIT_FOR (g_strcmp0 (get_room (&stand), CONFAB_ROOM_FIELD_SURVEY) == 0);
  confab_page_stand_settle (&stand);
  g_assert_null (confab_page_stand_find (&stand, GTK_TYPE_LIST_VIEW, NULL));
  confab_keys_press ("Escape");
  CONFAB_WAIT_FOR (confab_page_stand_find (&stand, GTK_TYPE_LIST_VIEW, NULL) != NULL);
  CONFAB_WAIT_FOR (get_room (&stand) == NULL);
  confab_page_stand_close (&stand);
}

/* ---- before a call ---- */

static ConfabSelectCallMediaViewModel *
get_media (ConfabPageStand *stand)
{
  return confab_session_view_model_get_select_media (stand->model);
}

/* Ctrl+Enter in the list goes to the call; the choice of media has its switches, Esc and Enter. */
static void
test_media (void)
{
  ConfabPageStand stand = { 0 };
  gboolean camera_on = FALSE;

  open_stand (&stand, CONFAB_WORLD_CALLS, &wide);
  confab_page_stand_open_room (&stand, CONFAB_ROOM_FIELD_SURVEY);
  confab_keys_press ("ctrl+f");
  CONFAB_WAIT_FOR (has_focus (&stand, GTK_TYPE_SEARCH_ENTRY, NULL));
  confab_keys_press ("Escape");
  CONFAB_WAIT_FOR (get_search (&stand) == NULL);
  confab_keys_press ("ctrl+Return");
  CONFAB_WAIT_FOR (is_on_page (&stand, "media"));
  confab_page_stand_settle (&stand);
  g_assert_true (has_focus (&stand, ADW_TYPE_SPLIT_BUTTON, NULL));

  confab_keys_press ("ctrl+d");
  CONFAB_WAIT_FOR (!confab_select_call_media_view_model_get_microphone_on (get_media (&stand)));
  confab_keys_press ("ctrl+d");
  CONFAB_WAIT_FOR (confab_select_call_media_view_model_get_microphone_on (get_media (&stand)));
  camera_on = confab_select_call_media_view_model_get_camera_on (get_media (&stand));
  confab_keys_press ("ctrl+e");
  CONFAB_WAIT_FOR (confab_select_call_media_view_model_get_camera_on (get_media (&stand)) !=
                   camera_on);

  /* Esc goes back, and lets go of the camera. */
  g_assert_cmpuint (fake_devices_get_n_open (stand.devices), ==, 1);
  confab_keys_press ("Escape");
  CONFAB_WAIT_FOR (is_on_page (&stand, "main"));
  g_assert_null (get_media (&stand));
  g_assert_cmpuint (fake_devices_get_n_open (stand.devices), ==, 0);

  /* Enter joins. */
  confab_page_stand_prepare (&stand, CONFAB_ROOM_FIELD_SURVEY);
  g_assert_true (has_focus (&stand, ADW_TYPE_SPLIT_BUTTON, NULL));
  confab_keys_press ("Return");
  CONFAB_WAIT_FOR (is_on_page (&stand, "call"));
  g_assert_nonnull (confab_session_view_model_get_call (stand.model));
  /* It is there before it has the focus, and AdwNavigationView goes nowhere while it is on its way. */
  CONFAB_WAIT_FOR (has_focus (&stand, CONFAB_TYPE_CALL_PAGE, NULL));
  confab_shot_frames (stand.window, 4);

  /* Back shows the rooms and the ongoing call, it does not leave; Ctrl+Shift+L does. */
  confab_keys_press ("alt+Left");
  CONFAB_WAIT_FOR (is_on_page (&stand, "main"));
  g_assert_nonnull (confab_session_view_model_get_call (stand.model));
  g_assert_nonnull (confab_page_stand_find (&stand, GTK_TYPE_BUTTON, "Return to the Call"));
  confab_keys_press ("ctrl+shift+l");
  CONFAB_WAIT_FOR (confab_session_view_model_get_call (stand.model) == NULL);
  confab_page_stand_close (&stand);
}

/* ---- dialogs ---- */

static void
test_dialogs (void)
{
  ConfabPageStand stand = { 0 };

  open_stand (&stand, CONFAB_WORLD_CALLS, &wide);
  confab_keys_press ("ctrl+question");
  CONFAB_WAIT_FOR (confab_page_stand_find (&stand, ADW_TYPE_ACTION_ROW, "Microphone on or off") !=
                   NULL);
  confab_keys_press ("Escape");
  CONFAB_WAIT_FOR (confab_page_stand_find (&stand, ADW_TYPE_DIALOG, NULL) == NULL);

  confab_keys_press ("F10");
  CONFAB_WAIT_FOR (confab_page_stand_find (&stand, GTK_TYPE_POPOVER, NULL) != NULL);
  confab_keys_press ("Escape");
  CONFAB_WAIT_FOR (confab_page_stand_find (&stand, GTK_TYPE_POPOVER, NULL) == NULL);
  confab_page_stand_close (&stand);
}

/* What cannot be read: from the room's page into it, and each away. */
static void
test_unread (void)
{
  static const char *const senders[] = { "@ngozi:x", "@li:x" };
  ConfabPageStand stand = { 0 };

  open_stand (&stand, CONFAB_WORLD_CALLS, &wide);
  confab_page_stand_open_room (&stand, CONFAB_ROOM_FIELD_SURVEY);
  for (guint i = 0; i < G_N_ELEMENTS (senders); i++)
    confab_page_tell (&stand,
                      CONFAB_ROOM_FIELD_SURVEY,
                      senders[i],
                      CONFAB_ROOM_EVENT_TRUST_WITHHELD,
                      "m.blacklisted",
                      i);
  gtk_widget_grab_focus (confab_page_stand_find (&stand, GTK_TYPE_BUTTON, "Join Call"));
  confab_keys_press ("Tab");
  CONFAB_WAIT_FOR (has_focus (&stand, ADW_TYPE_ACTION_ROW, "Messages of 2 people cannot be read"));
  confab_keys_press ("Return");
  CONFAB_WAIT_FOR (has_focus (&stand, CONFAB_TYPE_ROOM_NOTICE_ROW, NULL));
  /* Into the row, to its cross. */
  confab_keys_press ("Right");
  CONFAB_WAIT_FOR (has_focus (&stand, GTK_TYPE_BUTTON, "Close"));
  confab_keys_press ("Return");
  CONFAB_WAIT_FOR (GTK_IS_LIST_BOX_ROW (gtk_window_get_focus (stand.window)));
  confab_keys_press ("Escape");
  CONFAB_WAIT_FOR (confab_page_stand_find (&stand, ADW_TYPE_DIALOG, NULL) == NULL);
  CONFAB_WAIT_FOR (has_focus (&stand, ADW_TYPE_ACTION_ROW, NULL));
  confab_page_stand_close (&stand);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  confab_shot_init ();

  g_test_add_func ("/page-keys/sign-in", test_sign_in);
  g_test_add_func ("/page-keys/sign-in-stop", test_sign_in_stop);
  g_test_add_func ("/page-keys/search", test_search);
  g_test_add_func ("/page-keys/type-to-search", test_type_to_search);
  g_test_add_func ("/page-keys/narrow-rooms", test_narrow_rooms);
  g_test_add_func ("/page-keys/search-and-join", test_search_and_join);
  g_test_add_func ("/page-keys/media", test_media);
  g_test_add_func ("/page-keys/dialogs", test_dialogs);
  g_test_add_func ("/page-keys/unread", test_unread);
  return g_test_run ();
}
