/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-call.h"
#include "confab-page-scenes.h"
#include "confab-fake-call.h"
#include "confab-sign-in-page.h"
#include "confab-stream-tile.h"

/* The window while there is a call: what stands on top of its pages, and what outlives them. */

#define NOWHERE "!nope:localhost"

#define FIND(type, text) confab_page_stand_find (&stand, type, text)
#define OPEN(scene, shot) confab_page_scene_open_by_name (&stand, scene, shot)
#define CLOSE() confab_page_stand_close (&stand)

static void
join (ConfabPageStand *stand, const char *room_id)
{
  gtk_widget_activate_action (
    GTK_WIDGET (stand->window), "win.join-call", "(sbb)", room_id, TRUE, TRUE);
  confab_shot_frames (stand->window, 4);
}

/* A toast says that this room is waited for. */
static void
join_nowhere (ConfabPageStand *stand)
{
  join (stand, NOWHERE);
  confab_manual_clock_advance (stand->clock, 5000);
  confab_shot_frames (stand->window, 4);
}

/* AdwToast itself is no widget. */
static GtkWidget *
find_toast (ConfabPageStand *stand)
{
  GType type = g_type_from_name ("AdwToastWidget");

  return type != 0 ? confab_page_stand_find (stand, type, NULL) : NULL;
}

static graphene_rect_t
get_bounds (ConfabPageStand *stand, GtkWidget *widget)
{
  graphene_rect_t bounds;

  g_assert_true (gtk_widget_compute_bounds (widget, GTK_WIDGET (stand->window), &bounds));
  return bounds;
}

/* The toast is in the window, and under none of it lies a button: what is pressed there is pressed. */
static void
check_toast (ConfabPageStand *stand)
{
  GtkWidget *toast = find_toast (stand);
  g_autoptr (GPtrArray) buttons = confab_page_stand_find_all (stand, GTK_TYPE_BUTTON);
  graphene_rect_t place;
  guint n_others = 0;

  g_assert_nonnull (toast);
  place = get_bounds (stand, toast);
  g_assert_true (graphene_rect_contains_rect (
    &GRAPHENE_RECT_INIT (0,
                         0,
                         gtk_widget_get_width (GTK_WIDGET (stand->window)),
                         gtk_widget_get_height (GTK_WIDGET (stand->window))),
    &place));
  for (guint i = 0; i < buttons->len; i++) {
    GtkWidget *button = buttons->pdata[i];
    graphene_rect_t bounds = get_bounds (stand, button);
    GtkWidget *under = NULL;

    /* Of stage and list it covers something for a while: “3 more” stands for people. */
    if (gtk_widget_is_ancestor (button, toast) || gtk_widget_has_css_class (button, "tile") ||
        gtk_widget_get_ancestor (button, GTK_TYPE_LIST_VIEW) != NULL)
      continue;
    n_others++;
    if (graphene_rect_intersection (&place, &bounds, NULL))
      g_error ("The toast covers “%s”", gtk_widget_get_tooltip_text (button));
    under = gtk_widget_pick (GTK_WIDGET (stand->window),
                             bounds.origin.x + bounds.size.width / 2,
                             bounds.origin.y + bounds.size.height / 2,
                             GTK_PICK_DEFAULT);
    g_assert_true (under == button || gtk_widget_is_ancestor (under, button));
  }
  g_assert_cmpuint (n_others, >=, 4);
}

static const ConfabShot shots[] = {
  { .width = 360, .height = 294 },
  { .width = 360, .height = 640 },
  { .width = 360, .height = 640, .text_scale = 2 },
  { .width = 360, .height = 640, .rtl = TRUE },
  { .width = 720, .height = 400 },
  { .width = 1024, .height = 700 },
  { .width = 1920, .height = 1080 },
};

/* A toast from before the call, on the call's page and beside the list of rooms with the call at its foot. */
static void
test_toast (gconstpointer data)
{
  ConfabPageStand stand = { 0 };

  OPEN ("rooms-calls", data);
  join_nowhere (&stand);
  g_assert_nonnull (find_toast (&stand));
  join (&stand, CONFAB_ROOM_FIELD_SURVEY);
  g_assert_nonnull (FIND (GTK_TYPE_BUTTON, "Leave the call"));
  check_toast (&stand);
  confab_window_show_rooms (CONFAB_WINDOW (stand.window));
  confab_shot_frames (stand.window, 4);
  g_assert_nonnull (FIND (GTK_TYPE_BUTTON, "Leave the Call (Ctrl+Shift+L)"));
  check_toast (&stand);
  CLOSE ();
}

/* Whoever comes to the call's page is on the stage, not on a switch that Space would turn. */
static void
test_focus (void)
{
  const ConfabShot shot = { .width = 1024, .height = 700 };
  ConfabPageStand stand = { 0 };

  OPEN ("rooms-calls", &shot);
  join (&stand, CONFAB_ROOM_FIELD_SURVEY);
  g_assert_true (CONFAB_IS_STREAM_TILE (gtk_window_get_focus (stand.window)));
  CLOSE ();

  OPEN ("media-join", &shot);
  g_signal_emit_by_name (FIND (ADW_TYPE_SPLIT_BUTTON, "Join with Camera"), "clicked");
  confab_shot_frames (stand.window, 4);
  g_assert_nonnull (FIND (GTK_TYPE_BUTTON, "Leave the call"));
  g_assert_true (CONFAB_IS_STREAM_TILE (gtk_window_get_focus (stand.window)));

  /* Back and here again: where one was. */
  confab_window_show_rooms (CONFAB_WINDOW (stand.window));
  confab_shot_frames (stand.window, 4);
  gtk_widget_activate_action (GTK_WIDGET (stand.window), "win.show-call", NULL);
  confab_shot_frames (stand.window, 4);
  g_assert_true (CONFAB_IS_STREAM_TILE (gtk_window_get_focus (stand.window)));
  CLOSE ();
}

/* A call of fakes is there without an account; after it there is the page to sign in. */
static void
test_no_account (void)
{
  const ConfabShot shot = { .width = 1024, .height = 700 };
  ConfabPageStand stand = { 0 };
  g_autoptr (ConfabFakeCall) call = confab_fake_call_new (3);
  GtkWindow *window = NULL;

  OPEN ("sign-in-empty", &shot);
  confab_session_view_model_take_call (stand.model, CONFAB_CALL (call));
  confab_shot_frames (stand.window, 4);
  g_assert_true (CONFAB_IS_STREAM_TILE (gtk_window_get_focus (stand.window)));

  /* Also where the window opens with it. */
  window = GTK_WINDOW (confab_window_new (gtk_window_get_application (stand.window), stand.model));
  gtk_window_destroy (stand.window);
  stand.window = window;
  confab_window_show_rooms (CONFAB_WINDOW (window));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.show-call", NULL);
  confab_shot_present (window, &shot);
  g_assert_true (CONFAB_IS_STREAM_TILE (gtk_window_get_focus (window)));

  confab_window_show_rooms (CONFAB_WINDOW (stand.window));
  confab_shot_frames (stand.window, 4);
  g_signal_emit_by_name (FIND (GTK_TYPE_BUTTON, "Leave the Call (Ctrl+Shift+L)"), "clicked");
  confab_shot_frames (stand.window, 4);
  g_assert_nonnull (FIND (CONFAB_TYPE_SIGN_IN_PAGE, NULL));

  g_assert_false (confab_call_is_active (CONFAB_CALL (call)));
  confab_fake_call_set_state (call, CONFAB_CALL_STATE_JOINED);
  confab_session_view_model_take_call (stand.model, CONFAB_CALL (call));
  confab_shot_frames (stand.window, 4);
  g_signal_emit_by_name (FIND (GTK_TYPE_BUTTON, "Leave the call"), "clicked");
  confab_shot_frames (stand.window, 4);
  g_assert_nonnull (FIND (CONFAB_TYPE_SIGN_IN_PAGE, NULL));
  CLOSE ();
}

static gboolean
is_fullscreen (gpointer data)
{
  ConfabPageStand *stand = data;

  return gtk_window_is_fullscreen (stand->window);
}

/* In full screen the bars lie over the stage, and the toast does not lie over them. */
static void
test_toast_fullscreen (void)
{
  const ConfabShot shot = { .width = 1024, .height = 700 };
  ConfabPageStand stand = { 0 };

  OPEN ("rooms-calls", &shot);
  join (&stand, CONFAB_ROOM_FIELD_SURVEY);
  gtk_window_fullscreen (stand.window);
  test_until (is_fullscreen, &stand);
  join_nowhere (&stand);
  check_toast (&stand);
  CLOSE ();
}

/* A call that was left for a sleep: the toast leads back, and is gone when somebody is in a call. */
static void
test_rejoin (void)
{
  const ConfabShot shot = { .width = 1024, .height = 700 };
  ConfabPageStand stand = { 0 };
  GtkWidget *button = NULL;

  OPEN ("rooms-calls", &shot);
  g_signal_emit_by_name (
    stand.model, "offer-rejoin", "Left.", CONFAB_ROOM_FIELD_SURVEY, TRUE, FALSE);
  confab_shot_frames (stand.window, 4);
  g_assert_nonnull (find_toast (&stand));
  button = FIND (GTK_TYPE_BUTTON, "_Rejoin");
  g_assert_nonnull (button);
  g_signal_emit_by_name (button, "clicked");
  confab_shot_frames (stand.window, 4);
  g_assert_nonnull (confab_session_view_model_get_call (stand.model));
  g_assert_true (
    confab_call_view_model_get_camera_muted (confab_session_view_model_get_call (stand.model)));
  confab_session_view_model_leave_call (stand.model);
  /* Not the button, but another way. */
  g_signal_emit_by_name (
    stand.model, "offer-rejoin", "Left.", CONFAB_ROOM_FIELD_SURVEY, TRUE, FALSE);
  confab_shot_frames (stand.window, 4);
  g_assert_nonnull (FIND (GTK_TYPE_BUTTON, "_Rejoin"));
  join (&stand, CONFAB_ROOM_FIELD_SURVEY);
  g_assert_null (FIND (GTK_TYPE_BUTTON, "_Rejoin"));
  CLOSE ();
}

/* What the page of the call says itself stands in the same place. */
static void
test_link (void)
{
  const ConfabShot shot = { .width = 360, .height = 294 };
  ConfabPageStand stand = { 0 };
  g_autoptr (GPtrArray) pages = NULL;

  OPEN ("rooms-calls", &shot);
  join (&stand, CONFAB_ROOM_FIELD_SURVEY);
  pages = confab_page_stand_find_all (&stand, g_type_from_name ("ConfabCallPage"));
  g_assert_cmpuint (pages->len, ==, 1);
  gtk_widget_activate_action (pages->pdata[0], "call.copy-link", NULL);
  confab_shot_frames (stand.window, 4);
  check_toast (&stand);
  CLOSE ();
}

static GtkWidget *
find_banner (ConfabPageStand *stand, const char *text)
{
  GtkWidget *banner = confab_page_stand_find (stand, ADW_TYPE_BANNER, text);

  return banner != NULL && adw_banner_get_revealed (ADW_BANNER (banner)) ? banner : NULL;
}

/* The homeserver ends the session: the call stays in sight, with words and a way out, and then there is a way in. */
static void
test_logged_out (gconstpointer data)
{
  ConfabPageStand stand = { 0 };
  GtkWidget *banner = NULL;

  OPEN ("rooms-calls", data);
  join (&stand, CONFAB_ROOM_FIELD_SURVEY);
  confab_page_log_out (&stand);
  confab_shot_frames (stand.window, 4);
  g_assert_nonnull (find_banner (&stand, "Your homeserver signed you out. The call goes on."));
  g_assert_null (find_toast (&stand));
  g_assert_true (confab_call_is_active (
    confab_call_view_model_get_call (confab_session_view_model_get_call (stand.model))));

  /* So it is beside the rooms, where nothing can be tried again. */
  confab_window_show_rooms (CONFAB_WINDOW (stand.window));
  confab_shot_frames (stand.window, 4);
  banner = find_banner (&stand, "Your homeserver signed you out. Leave the call to sign in again.");
  g_assert_nonnull (banner);
  g_assert_cmpstr (adw_banner_get_button_label (ADW_BANNER (banner)), ==, "");
  gtk_widget_activate_action (GTK_WIDGET (stand.window), "win.show-call", NULL);
  confab_shot_frames (stand.window, 4);

  g_signal_emit_by_name (FIND (GTK_TYPE_BUTTON, "Leave the call"), "clicked");
  confab_shot_frames (stand.window, 4);
  g_assert_null (confab_session_view_model_get_call (stand.model));
  g_assert_nonnull (FIND (CONFAB_TYPE_SIGN_IN_PAGE, NULL));
  g_assert_nonnull (find_banner (&stand, "Your homeserver signed you out. Sign in again."));
  CLOSE ();
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  confab_shot_init ();

  for (guint i = 0; i < G_N_ELEMENTS (shots); i++) {
    g_autofree char *path = g_strdup_printf ("/page-call/toast/%u-%dx%d",
                                             i,
                                             shots[i].width,
                                             shots[i].height);

    g_test_add_data_func (path, &shots[i], test_toast);
  }
  g_test_add_func ("/page-call/toast-fullscreen", test_toast_fullscreen);
  g_test_add_func ("/page-call/rejoin", test_rejoin);
  g_test_add_func ("/page-call/link", test_link);
  g_test_add_func ("/page-call/focus", test_focus);
  g_test_add_func ("/page-call/no-account", test_no_account);
  g_test_add_data_func ("/page-call/logged-out", &shots[5], test_logged_out);
  g_test_add_data_func ("/page-call/logged-out-narrow", &shots[0], test_logged_out);
  return g_test_run ();
}
