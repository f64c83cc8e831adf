/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-page-scenes.h"

#include "confab-call-page.h"

/* ---- signing in ---- */

static ConfabSignInViewModel *
get_sign_in (ConfabPageStand *stand)
{
  return confab_session_view_model_get_sign_in (stand->model);
}

static gboolean
has_looked_up (gpointer data)
{
  ConfabServerState state = confab_sign_in_view_model_get_server_state (get_sign_in (data));

  return state == CONFAB_SERVER_FOUND || state == CONFAB_SERVER_WRONG;
}

static gboolean
has_account_error (gpointer data)
{
  return *confab_sign_in_view_model_get_account_error (get_sign_in (data)) != '\0';
}

static void
type_homeserver (ConfabPageStand *stand, const char *name)
{
  confab_sign_in_view_model_set_homeserver (get_sign_in (stand), name);
  confab_manual_clock_advance (stand->clock, 600);
}

static void
find_server (ConfabPageStand *stand)
{
  type_homeserver (stand, "matrix.example.org");
  test_until (has_looked_up, stand);
}

static void
type_account (ConfabPageStand *stand, const char *password)
{
  GtkWidget *row;

  find_server (stand);
  confab_sign_in_view_model_set_user (get_sign_in (stand), "anna");
  confab_shot_frames (stand->window, 1);
  row = confab_page_stand_find (stand, ADW_TYPE_PASSWORD_ENTRY_ROW, NULL);
  gtk_editable_set_text (GTK_EDITABLE (row), password);
}

static void
fill_in (ConfabPageStand *stand)
{
  type_account (stand, CONFAB_WORLD_PASSWORD);
}

static void
look_for_server (ConfabPageStand *stand)
{
  type_homeserver (stand, "slow.example.org");
}

static void
miss_server (ConfabPageStand *stand)
{
  type_homeserver (stand, "matrix.exmaple.org");
  test_until (has_looked_up, stand);
}

static void
mistype_password (ConfabPageStand *stand)
{
  type_account (stand, "sceret");
  confab_sign_in_view_model_sign_in (get_sign_in (stand));
  test_until (has_account_error, stand);
}

static void
wait_for_sign_in (ConfabPageStand *stand)
{
  fill_in (stand);
  fake_homeserver_handle (stand->account->server, "/_matrix/client/v3/login", NULL, NULL);
  fake_homeserver_hang (stand->account->server, "/_matrix/client/v3/login");
  confab_sign_in_view_model_sign_in (get_sign_in (stand));
}

static void
meet_portal (ConfabPageStand *stand)
{
  type_homeserver (stand, "portal.example.org");
  test_until (has_looked_up, stand);
}

/* ---- rooms ---- */

static gboolean
has_spinner (gpointer data)
{
  return confab_page_stand_find (data, ADW_TYPE_SPINNER, NULL) != NULL;
}

static void
wait_for_spinner (ConfabPageStand *stand)
{
  test_until (has_spinner, stand);
}

static gboolean
is_offline (gpointer data)
{
  ConfabPageStand *stand = data;

  return confab_session_get_state (stand->session) == CONFAB_SESSION_STATE_OFFLINE;
}

void
confab_page_go_offline (ConfabPageStand *stand)
{
  stand->account->sync_status = 502;
  confab_session_try_now (stand->session);
  test_until (is_offline, stand);
}

static gboolean
is_logged_out (gpointer data)
{
  ConfabPageStand *stand = data;

  return confab_session_get_state (stand->session) == CONFAB_SESSION_STATE_LOGGED_OUT;
}

void
confab_page_log_out (ConfabPageStand *stand)
{
  static const char refusal[] = "{\"errcode\":\"M_UNKNOWN_TOKEN\",\"soft_logout\":true}";

  stand->account->sync_status = 401;
  stand->account->sync_error = refusal;
  fake_homeserver_reply (stand->account->server, "/_matrix/client/v3/refresh", 401, refusal);
  confab_session_try_now (stand->session);
  test_until (is_logged_out, stand);
}

void
confab_page_search (ConfabPageStand *stand, const char *text)
{
  GtkWidget *entry;

  gtk_widget_activate_action (GTK_WIDGET (stand->window), "win.search", NULL);
  confab_shot_frames (stand->window, 2);
  entry = confab_page_stand_find (stand, GTK_TYPE_SEARCH_ENTRY, NULL);
  gtk_editable_set_text (GTK_EDITABLE (entry), text);
  confab_shot_frames (stand->window, 2); /* the entry says so from the main loop */
  confab_manual_clock_advance (stand->clock, 100);
}

static void
search (ConfabPageStand *stand)
{
  confab_page_search (stand, "ci");
}

static void
search_in_vain (ConfabPageStand *stand)
{
  confab_page_search (stand, "zebra");
}

static void
miss_room (ConfabPageStand *stand)
{
  g_assert_false (confab_session_view_model_open_room (stand->model, "!elsewhere:x"));
}

static void
enter_call (ConfabPageStand *stand)
{
  gtk_widget_activate_action (
    GTK_WIDGET (stand->window), "win.join-call", "(sbb)", CONFAB_ROOM_FIELD_SURVEY, TRUE, TRUE);
  g_assert_nonnull (confab_session_view_model_get_call (stand->model));
}

/* A toast from before the call. */
static void
miss_room_and_enter_call (ConfabPageStand *stand)
{
  miss_room (stand);
  enter_call (stand);
}

static void
set_flag (gboolean *flag)
{
  *flag = TRUE;
}

static gboolean
is_set (gpointer data)
{
  return *(gboolean *) data;
}

/* The lid was shut in a call, and is open again. */
static void
sleep_and_wake (ConfabPageStand *stand)
{
  gboolean suspended = FALSE, offered = FALSE;
  gulong handlers[] = {
    g_signal_connect_swapped (stand->model, "suspended", G_CALLBACK (set_flag), &suspended),
    g_signal_connect_swapped (stand->model, "offer-rejoin", G_CALLBACK (set_flag), &offered),
  };

  enter_call (stand);
  confab_session_view_model_suspend (stand->model);
  test_until (is_set, &suspended);
  confab_session_view_model_resume (stand->model);
  test_until (is_set, &offered);
  for (guint i = 0; i < G_N_ELEMENTS (handlers); i++)
    g_signal_handler_disconnect (stand->model, handlers[i]);
}

static void
enter_call_and_be_logged_out (ConfabPageStand *stand)
{
  enter_call (stand);
  confab_page_log_out (stand);
}

static void
open_council (ConfabPageStand *stand)
{
  confab_page_stand_open_room (stand, CONFAB_ROOM_VILLAGE_COUNCIL);
}

static void
open_survey (ConfabPageStand *stand)
{
  confab_page_stand_open_room (stand, CONFAB_ROOM_FIELD_SURVEY);
}

static void
open_notices (ConfabPageStand *stand)
{
  confab_page_stand_open_room (stand, CONFAB_ROOM_ANNOUNCEMENTS);
}

static void
open_rehearsal (ConfabPageStand *stand)
{
  confab_page_stand_open_room (stand, CONFAB_ROOM_REHEARSAL);
}

static void
open_workshop (ConfabPageStand *stand)
{
  confab_page_stand_open_room (stand, CONFAB_ROOM_WORKSHOP);
}

static void
open_archive (ConfabPageStand *stand)
{
  confab_page_stand_open_room (stand, CONFAB_ROOM_OLD_ARCHIVE);
}

void
confab_page_tell (ConfabPageStand *stand,
                  const char *room_id,
                  const char *sender,
                  ConfabRoomEventTrust trust,
                  const char *code,
                  guint age_s)
{
  ConfabRoomEvent *event = confab_room_event_new ();

  event->room_id = g_strdup (room_id);
  event->event_id = g_strdup_printf ("$%s-%u", sender, age_s);
  event->sender = g_strdup (sender);
  event->type = g_strdup (code != NULL ? "m.room.encrypted" : "m.room.message");
  event->content = json_object_new ();
  event->withheld_code = g_strdup (code);
  event->trust = trust;
  event->origin_server_ts = CONFAB_WORLD_NOW / 1000 - age_s * G_GINT64_CONSTANT (1000);
  g_signal_emit_by_name (stand->session, "room-event", event);
  confab_room_event_unref (event);
}

static void
be_blocked (ConfabPageStand *stand)
{
  confab_page_tell (stand,
                    CONFAB_ROOM_FIELD_SURVEY,
                    "@ngozi:x",
                    CONFAB_ROOM_EVENT_TRUST_WITHHELD,
                    "m.blacklisted",
                    90);
}

/* All that there may be to say, of everybody who is in the call. */
static void
miss_much (ConfabPageStand *stand)
{
  static const struct {
    const char *sender;
    ConfabRoomEventTrust trust;
    const char *code;
    guint age_s;
  } events[] = {
    { "@priya:x", CONFAB_ROOM_EVENT_TRUST_DEVICE_GONE, NULL, 0 },
    { CONFAB_WORLD_USER, CONFAB_ROOM_EVENT_TRUST_WITHHELD, "m.unverified", 3 * 86400 },
    { "@ana:x", CONFAB_ROOM_EVENT_TRUST_WITHHELD, "org.example.quota", 600 },
    { "@li:x", CONFAB_ROOM_EVENT_TRUST_WITHHELD, "m.no_olm", 420 },
    { "@amina:x", CONFAB_ROOM_EVENT_TRUST_WITHHELD, "m.unverified", 300 },
    { "@amina:x", CONFAB_ROOM_EVENT_TRUST_WITHHELD, "m.unverified", 240 },
    { "@amina:x", CONFAB_ROOM_EVENT_TRUST_WITHHELD, "m.unverified", 200 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    confab_page_tell (stand,
                      CONFAB_ROOM_FIELD_SURVEY,
                      events[i].sender,
                      events[i].trust,
                      events[i].code,
                      events[i].age_s);
  be_blocked (stand);
}

static void
open_survey_blocked (ConfabPageStand *stand)
{
  open_survey (stand);
  be_blocked (stand);
}

static void
open_survey_and_miss (ConfabPageStand *stand)
{
  open_survey (stand);
  miss_much (stand);
}

static void
show_notices (ConfabPageStand *stand)
{
  open_survey_and_miss (stand);
  confab_shot_frames (stand->window, 2);
  gtk_widget_activate (
    confab_page_stand_find (stand, ADW_TYPE_ACTION_ROW, "Messages of 5 people cannot be read"));
}

static void
show_notice (ConfabPageStand *stand)
{
  open_survey_blocked (stand);
  confab_shot_frames (stand->window, 2);
  gtk_widget_activate (confab_page_stand_find (stand, ADW_TYPE_ACTION_ROW, NULL));
}

static void
enter_call_and_be_blocked (ConfabPageStand *stand)
{
  enter_call (stand);
  be_blocked (stand);
}

static void
be_in_call (ConfabPageStand *stand)
{
  enter_call (stand);
  confab_window_show_rooms (CONFAB_WINDOW (stand->window));
}

static void
be_in_call_and_be_logged_out (ConfabPageStand *stand)
{
  be_in_call (stand);
  confab_page_log_out (stand);
}

static void
be_in_call_and_open (ConfabPageStand *stand)
{
  be_in_call (stand);
  open_survey (stand);
}

/* ---- before a call ---- */

static void
join (ConfabPageStand *stand)
{
  confab_page_stand_prepare (stand, CONFAB_ROOM_FIELD_SURVEY);
  confab_page_stand_speak (stand);
}

static void
start (ConfabPageStand *stand)
{
  confab_page_stand_prepare (stand, CONFAB_ROOM_VILLAGE_COUNCIL);
  confab_page_stand_speak (stand);
}

static void
join_without_camera (ConfabPageStand *stand)
{
  join (stand);
  gtk_widget_activate_action (GTK_WIDGET (stand->window), "win.toggle-camera", NULL);
}

static void
stay_silent (ConfabPageStand *stand)
{
  confab_page_stand_prepare (stand, CONFAB_ROOM_FIELD_SURVEY);
  confab_manual_clock_advance (stand->clock, 4000);
}

static void
join_without_any_camera (ConfabPageStand *stand)
{
  fake_devices_remove_all (stand->devices, CONFAB_DEVICE_KIND_CAMERA);
  fake_devices_set_problem (stand->devices,
                            CONFAB_DEVICE_KIND_CAMERA,
                            CONFAB_DEVICE_PROBLEM_MISSING);
  join (stand);
}

static void
join_with_busy_camera (ConfabPageStand *stand)
{
  fake_devices_set_problem (stand->devices, CONFAB_DEVICE_KIND_CAMERA, CONFAB_DEVICE_PROBLEM_BUSY);
  join (stand);
}

static void
join_without_permission (ConfabPageStand *stand)
{
  fake_devices_set_problem (stand->devices,
                            CONFAB_DEVICE_KIND_MICROPHONE,
                            CONFAB_DEVICE_PROBLEM_DENIED);
  confab_page_stand_prepare (stand, CONFAB_ROOM_FIELD_SURVEY);
  gtk_widget_activate_action (GTK_WIDGET (stand->window), "win.toggle-camera", NULL);
}

static void
start_in_the_open (ConfabPageStand *stand)
{
  confab_page_stand_prepare (stand, CONFAB_ROOM_REHEARSAL);
  confab_page_stand_speak (stand);
}

/* ---- dialogs and menus ---- */

static void
ask_why (ConfabPageStand *stand)
{
  start_in_the_open (stand);
  g_signal_emit_by_name (confab_page_stand_find (stand, ADW_TYPE_BANNER, NULL), "button-clicked");
}

static void
show_shortcuts (ConfabPageStand *stand)
{
  gtk_widget_activate_action (GTK_WIDGET (stand->window), "app.shortcuts", NULL);
}

static void
show_about (ConfabPageStand *stand)
{
  gtk_widget_activate_action (GTK_WIDGET (stand->window), "app.about", NULL);
}

static void
show_sign_out (ConfabPageStand *stand)
{
  gtk_widget_activate_action (GTK_WIDGET (stand->window), "win.sign-out", NULL);
}

static gboolean
has_popover (gpointer data)
{
  return confab_page_stand_find (data, GTK_TYPE_POPOVER, NULL) != NULL;
}

static void
pop_up (ConfabPageStand *stand, GtkPopover *popover)
{
  g_assert_nonnull (popover);
  /* Without a seat nothing can be grabbed, and what hides by itself does so at once. */
  gtk_popover_set_autohide (popover, FALSE);
  gtk_popover_popup (popover);
  test_until (has_popover, stand);
}

static void
pop_up_menu (ConfabPageStand *stand, const char *tooltip)
{
  GtkWidget *button = confab_page_stand_find (stand, GTK_TYPE_MENU_BUTTON, tooltip);

  g_assert_nonnull (button);
  pop_up (stand, gtk_menu_button_get_popover (GTK_MENU_BUTTON (button)));
}

static void
pop_up_split (ConfabPageStand *stand)
{
  GtkWidget *button = confab_page_stand_find (stand, ADW_TYPE_SPLIT_BUTTON, NULL);

  g_assert_nonnull (button);
  pop_up (stand, adw_split_button_get_popover (ADW_SPLIT_BUTTON (button)));
}

static void
open_main_menu (ConfabPageStand *stand)
{
  pop_up_menu (stand, "Main Menu");
}

static void
open_device_menu (ConfabPageStand *stand)
{
  join (stand);
  pop_up_menu (stand, "Microphone: Built-in Microphone");
}

static void
open_join_menu (ConfabPageStand *stand)
{
  join (stand);
  pop_up_split (stand);
}

static void
open_start_menu (ConfabPageStand *stand)
{
  open_council (stand);
  pop_up_split (stand);
}

static const ConfabPageScene scenes[] = {
  { "sign-in-empty", CONFAB_WORLD_SIGNED_OUT, NULL, TRUE },
  { "sign-in-looking", CONFAB_WORLD_SIGNED_OUT, look_for_server, FALSE },
  { "sign-in-no-server", CONFAB_WORLD_SIGNED_OUT, miss_server, FALSE },
  { "sign-in-portal", CONFAB_WORLD_SIGNED_OUT, meet_portal, TRUE },
  { "sign-in-found", CONFAB_WORLD_SIGNED_OUT, find_server, FALSE },
  { "sign-in-filled", CONFAB_WORLD_SIGNED_OUT, fill_in, FALSE },
  { "sign-in-wrong-password", CONFAB_WORLD_SIGNED_OUT, mistype_password, TRUE },
  { "sign-in-signed-out", CONFAB_WORLD_CALLS, confab_page_log_out, FALSE },
  { "sign-in-busy", CONFAB_WORLD_SIGNED_OUT, wait_for_sign_in, FALSE },
  { "problem-locked", CONFAB_WORLD_LOCKED, NULL, TRUE },
  { "rooms-calls", CONFAB_WORLD_CALLS, NULL, TRUE },
  { "rooms-quiet", CONFAB_WORLD_QUIET, NULL, FALSE },
  { "rooms-empty", CONFAB_WORLD_EMPTY, NULL, TRUE },
  { "rooms-first-sync", CONFAB_WORLD_FIRST_SYNC, wait_for_spinner, FALSE },
  { "rooms-offline", CONFAB_WORLD_CALLS, confab_page_go_offline, TRUE },
  { "rooms-search", CONFAB_WORLD_CALLS, search, FALSE },
  { "rooms-no-hit", CONFAB_WORLD_CALLS, search_in_vain, FALSE },
  { "rooms-in-call", CONFAB_WORLD_CALLS, be_in_call, TRUE },
  { "rooms-woken", CONFAB_WORLD_CALLS, sleep_and_wake, TRUE },
  { "rooms-toast", CONFAB_WORLD_CALLS, miss_room, FALSE },
  { "call-toast", CONFAB_WORLD_CALLS, miss_room_and_enter_call, TRUE },
  { "call-signed-out", CONFAB_WORLD_CALLS, enter_call_and_be_logged_out, TRUE },
  { "rooms-signed-out", CONFAB_WORLD_CALLS, be_in_call_and_be_logged_out, FALSE },
  { "room-quiet", CONFAB_WORLD_CALLS, open_council, TRUE },
  { "room-call", CONFAB_WORLD_CALLS, open_survey, TRUE },
  { "room-in-call", CONFAB_WORLD_CALLS, be_in_call_and_open, FALSE },
  { "room-not-allowed", CONFAB_WORLD_CALLS, open_notices, FALSE },
  { "room-not-encrypted", CONFAB_WORLD_CALLS, open_rehearsal, FALSE },
  { "room-unread", CONFAB_WORLD_CALLS, open_survey_blocked, TRUE },
  { "room-unread-many", CONFAB_WORLD_CALLS, open_survey_and_miss, FALSE },
  { "call-unread", CONFAB_WORLD_CALLS, enter_call_and_be_blocked, TRUE },
  { "room-element-call", CONFAB_WORLD_ELSEWHERE, open_workshop, FALSE },
  { "room-replaced", CONFAB_WORLD_ELSEWHERE, open_archive, FALSE },
  { "media-join", CONFAB_WORLD_CALLS, join, TRUE },
  { "media-start", CONFAB_WORLD_CALLS, start, FALSE },
  { "media-sound-only", CONFAB_WORLD_CALLS, join_without_camera, FALSE },
  { "media-silence", CONFAB_WORLD_CALLS, stay_silent, FALSE },
  { "media-no-camera", CONFAB_WORLD_CALLS, join_without_any_camera, FALSE },
  { "media-busy-camera", CONFAB_WORLD_CALLS, join_with_busy_camera, TRUE },
  { "media-denied", CONFAB_WORLD_CALLS, join_without_permission, TRUE },
  { "media-not-encrypted", CONFAB_WORLD_CALLS, start_in_the_open, TRUE },
  { "dialog-shortcuts", CONFAB_WORLD_CALLS, show_shortcuts, TRUE },
  { "dialog-about", CONFAB_WORLD_CALLS, show_about, FALSE },
  { "dialog-sign-out", CONFAB_WORLD_CALLS, show_sign_out, FALSE },
  { "dialog-not-encrypted", CONFAB_WORLD_CALLS, ask_why, TRUE },
  { "dialog-unread", CONFAB_WORLD_CALLS, show_notice, FALSE },
  { "dialog-unread-many", CONFAB_WORLD_CALLS, show_notices, TRUE },
  { "menu-main", CONFAB_WORLD_CALLS, open_main_menu, TRUE },
  { "menu-device", CONFAB_WORLD_CALLS, open_device_menu, TRUE },
  { "menu-join", CONFAB_WORLD_CALLS, open_join_menu, FALSE },
  { "menu-start", CONFAB_WORLD_CALLS, open_start_menu, FALSE },
};

const ConfabPageScene *
confab_page_scenes_get (guint *n_scenes)
{
  *n_scenes = G_N_ELEMENTS (scenes);
  return scenes;
}

void
confab_page_scene_open (ConfabPageStand *stand,
                        const ConfabPageScene *scene,
                        const ConfabShot *shot)
{
  confab_page_stand_open (stand, scene->world, shot);
  confab_page_stand_settle (stand);
  if (scene->act != NULL)
    scene->act (stand);
  /* A call page that was shown is always dark, and lets go of it. */
  if (confab_page_stand_find (stand, CONFAB_TYPE_CALL_PAGE, NULL) == NULL)
    confab_shot_prepare (shot);
  confab_page_stand_settle (stand);
}

void
confab_page_scene_open_by_name (ConfabPageStand *stand, const char *name, const ConfabShot *shot)
{
  for (guint i = 0; i < G_N_ELEMENTS (scenes); i++) {
    if (g_str_equal (scenes[i].name, name)) {
      confab_page_scene_open (stand, &scenes[i], shot);
      return;
    }
  }
  g_error ("There is no scene “%s”", name);
}
