/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-facepile.h"
#include "confab-grid.h"
#include "confab-page-scenes.h"
#include "confab-ratio-bin.h"
#include "confab-room-notice-row.h"
#include "confab-room-page.h"
#include "confab-room-row.h"
#include "confab-rooms-page.h"
#include "confab-select-call-media-page.h"
#include "confab-sign-in-page.h"

static const ConfabShot wide = { .width = 1024, .height = 700 };
static const ConfabShot phone = { .width = 360, .height = 640 };
static const ConfabShot smallest = { .width = 360, .height = 294 };
static const ConfabShot huge = { .width = 1920, .height = 1080 };
static const ConfabShot large_text = { .width = 360, .height = 640, .text_scale = 2 };

static GString *said;

/* In place of GTK's own: what a screen reader is told. */
void
gtk_accessible_announce (GtkAccessible *accessible,
                         const char *message,
                         GtkAccessibleAnnouncementPriority priority)
{
  /* libadwaita says by itself that there is a toast. */
  g_assert_true (GTK_IS_WINDOW (accessible) || ADW_IS_TOAST_OVERLAY (accessible));
  g_string_append_printf (said, "%s;", message);
}

#define FIND(type, text) confab_page_stand_find (&stand, type, text)
#define OPEN(scene, shot) confab_page_scene_open_by_name (&stand, scene, shot)
#define CLOSE() confab_page_stand_close (&stand)

static graphene_rect_t
get_bounds (GtkWidget *widget, ConfabPageStand *stand)
{
  graphene_rect_t bounds = GRAPHENE_RECT_INIT (0, 0, 0, 0);

  g_assert_nonnull (widget);
  g_assert_true (gtk_widget_compute_bounds (widget, GTK_WIDGET (stand->window), &bounds));
  return bounds;
}

/* Wholly in the window, without scrolling. */
static void
assert_in_window (ConfabPageStand *stand, GtkWidget *widget)
{
  graphene_rect_t bounds = get_bounds (widget, stand);

  g_assert_cmpfloat (bounds.origin.x, >=, 0);
  g_assert_cmpfloat (bounds.origin.y, >=, 0);
  g_assert_cmpfloat (bounds.origin.x + bounds.size.width,
                     <=,
                     gtk_widget_get_width (GTK_WIDGET (stand->window)));
  g_assert_cmpfloat (bounds.origin.y + bounds.size.height,
                     <=,
                     gtk_widget_get_height (GTK_WIDGET (stand->window)));
}

static gboolean
has_focus (ConfabPageStand *stand, GtkWidget *widget)
{
  GtkWidget *focus = gtk_window_get_focus (stand->window);

  return focus != NULL && widget != NULL &&
         (focus == widget || gtk_widget_is_ancestor (focus, widget));
}

static gboolean
is_rooms_page_there (gpointer data)
{
  return confab_page_stand_find (data, CONFAB_TYPE_ROOMS_PAGE, NULL) != NULL;
}

static gboolean
is_narrow (gpointer data)
{
  return gtk_widget_get_width (GTK_WIDGET (((ConfabPageStand *) data)->window)) == phone.width;
}

static gboolean
is_wide (gpointer data)
{
  return gtk_widget_get_width (GTK_WIDGET (((ConfabPageStand *) data)->window)) == wide.width;
}

static void
resize (ConfabPageStand *stand, const ConfabShot *shot)
{
  gtk_window_set_default_size (stand->window, shot->width, shot->height);
  test_until (shot->width == phone.width ? is_narrow : is_wide, stand);
  confab_shot_frames (stand->window, 4);
}

/* Another window on the same model. AdwNavigationSplitView (1.7) keeps its pages for ever when it collapses while it is
 * seen, so nothing that is resized across that could be seen to be let go of. */
static void
reopen (ConfabPageStand *stand, const ConfabShot *shot)
{
  GtkWindow *window = GTK_WINDOW (
    confab_window_new (gtk_window_get_application (stand->window), stand->model));

  gtk_window_destroy (stand->window);
  stand->window = window;
  confab_shot_present (window, shot);
  confab_page_stand_settle (stand);
}

/* ---- all of them ---- */

static gboolean
is_part_of (GtkWidget *widget, const char *const *types)
{
  for (GtkWidget *parent = widget; parent != NULL; parent = gtk_widget_get_parent (parent)) {
    if (g_strv_contains (types, G_OBJECT_TYPE_NAME (parent)))
      return TRUE;
  }
  return FALSE;
}

static gboolean
has_label (GtkWidget *widget)
{
  if (!gtk_widget_get_visible (widget))
    return FALSE;
  if (GTK_IS_LABEL (widget))
    return *gtk_label_get_text (GTK_LABEL (widget)) != '\0';
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child)) {
    if (has_label (child))
      return TRUE;
  }
  return FALSE;
}

/* Each button has words, or a tooltip, which a screen reader reads. */
static void
check_names (ConfabPageStand *stand, const char *scene)
{
  /* Buttons of GTK's and libadwaita's own widgets, which they name. */
  static const char *const foreign[] = { "GtkWindowControls", "AdwSheetControls",
                                         "AdwBackButton",     "AdwEntryRow",
                                         "GtkText",           "AdwToastWidget",
                                         "AdwAboutDialog",    NULL };
  g_autoptr (GPtrArray) buttons = confab_page_stand_find_all (stand, GTK_TYPE_BUTTON);

  for (guint i = 0; i < buttons->len; i++) {
    GtkWidget *button = buttons->pdata[i];
    GtkWidget *parent = gtk_widget_get_parent (button);

    /* What is in a menu button carries its name. */
    if (GTK_IS_MENU_BUTTON (parent))
      button = parent;
    if (is_part_of (button, foreign) || has_label (button))
      continue;
    if (gtk_widget_get_tooltip_text (button) == NULL)
      g_error ("%s: a button without a name, in %s",
               scene,
               G_OBJECT_TYPE_NAME (gtk_widget_get_parent (button)));
  }
}

static void
check_no_sideways (ConfabPageStand *stand, const char *scene)
{
  g_autoptr (GPtrArray) scrollers = confab_page_stand_find_all (stand, GTK_TYPE_SCROLLED_WINDOW);

  for (guint i = 0; i < scrollers->len; i++) {
    GtkAdjustment *adjustment = gtk_scrolled_window_get_hadjustment (scrollers->pdata[i]);

    if (gtk_adjustment_get_upper (adjustment) > gtk_adjustment_get_page_size (adjustment))
      g_error ("%s: scrolls sideways", scene);
  }
}

/* Each page in each state: named buttons, nothing wider than 360 px, nothing left behind. That libadwaita warns of what
 * is too large is deadly here. */
static void
test_scenes (void)
{
  static const ConfabShot *const shots[] = { &smallest, &large_text };
  guint n_scenes = 0;
  const ConfabPageScene *scenes = confab_page_scenes_get (&n_scenes);

  for (guint i = 0; i < n_scenes; i++) {
    for (guint k = 0; k < G_N_ELEMENTS (shots); k++) {
      ConfabPageStand stand = { 0 };

      confab_page_scene_open (&stand, &scenes[i], shots[k]);
      check_names (&stand, scenes[i].name);
      check_no_sideways (&stand, scenes[i].name);
      CLOSE ();
    }
  }
}

/* ---- signing in ---- */

static void
test_sign_in (void)
{
  ConfabPageStand stand = { 0 };
  GtkWidget *row = NULL;

  /* Without a homeserver only its row is asked for. */
  OPEN ("sign-in-empty", &wide);
  g_assert_true (CONFAB_IS_SIGN_IN_PAGE (FIND (CONFAB_TYPE_SIGN_IN_PAGE, NULL)));
  g_assert_true (has_focus (&stand, FIND (ADW_TYPE_ENTRY_ROW, "Homeserver")));
  g_assert_null (FIND (ADW_TYPE_ENTRY_ROW, "User name"));
  g_assert_false (gtk_widget_is_sensitive (FIND (GTK_TYPE_BUTTON, "Sign In")));
  CLOSE ();

  OPEN ("sign-in-filled", &wide);
  g_assert_true (gtk_widget_is_sensitive (FIND (GTK_TYPE_BUTTON, "Sign In")));
  CLOSE ();

  OPEN ("sign-in-no-server", &wide);
  row = FIND (ADW_TYPE_ENTRY_ROW, "Homeserver");
  g_assert_true (gtk_widget_has_css_class (row, "error"));
  g_assert_true (has_focus (&stand, row));
  g_assert_nonnull (FIND (
    GTK_TYPE_LABEL,
    "There is no homeserver at “\342\201\250matrix.exmaple.org\342\201\251”. Check the spelling."));
  /* What is typed next is looked for anew. */
  gtk_editable_set_text (GTK_EDITABLE (row), "slow.example.org");
  g_assert_false (gtk_widget_has_css_class (row, "error"));
  CLOSE ();

  OPEN ("sign-in-wrong-password", &wide);
  row = FIND (ADW_TYPE_PASSWORD_ENTRY_ROW, NULL);
  g_assert_true (gtk_widget_has_css_class (row, "error"));
  g_assert_false (gtk_widget_has_css_class (FIND (ADW_TYPE_ENTRY_ROW, "Homeserver"), "error"));
  g_assert_true (has_focus (&stand, row));
  g_assert_nonnull (FIND (GTK_TYPE_LABEL, "The user name or the password is wrong."));
  /* Nothing that was typed is lost, and the next key is a new try. */
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (row)), ==, "sceret");
  gtk_editable_set_text (GTK_EDITABLE (row), "secret");
  g_assert_false (gtk_widget_has_css_class (row, "error"));
  CLOSE ();

  OPEN ("sign-in-portal", &wide);
  g_assert_nonnull (FIND (GTK_TYPE_BUTTON, "Open Page"));
  CLOSE ();
}

/* The password leaves the screen with the page. */
static void
test_sign_in_done (void)
{
  ConfabPageStand stand = { 0 };
  GtkWidget *row = NULL;

  OPEN ("sign-in-filled", &wide);
  row = g_object_ref (FIND (ADW_TYPE_PASSWORD_ENTRY_ROW, NULL));
  g_signal_emit_by_name (FIND (GTK_TYPE_BUTTON, "Sign In"), "clicked");
  test_until (is_rooms_page_there, &stand);
  confab_shot_frames (stand.window, 2);
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (row)), ==, "");
  g_object_unref (row);
  CLOSE ();
}

/* ---- rooms ---- */

static GtkAdjustment *
get_scroll (ConfabPageStand *stand)
{
  GtkWidget *list = confab_page_stand_find (stand, GTK_TYPE_LIST_VIEW, NULL);

  return gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (list));
}

/* A banner must not push the header of the first section out of the list; who scrolled down stays there. */
static void
test_top (void)
{
  ConfabPageStand stand = { 0 };

  OPEN ("rooms-calls", &phone);
  g_assert_cmpfloat (gtk_adjustment_get_value (get_scroll (&stand)), ==, 0);
  assert_in_window (&stand, FIND (GTK_TYPE_LABEL, "Calls Now"));
  confab_page_go_offline (&stand);
  confab_page_stand_settle (&stand);
  g_assert_cmpfloat (gtk_adjustment_get_value (get_scroll (&stand)), ==, 0);
  assert_in_window (&stand, FIND (GTK_TYPE_LABEL, "Calls Now"));
  CLOSE ();

  OPEN ("rooms-calls", &phone);
  gtk_window_set_focus (stand.window, NULL);
  gtk_adjustment_set_value (get_scroll (&stand), 100);
  confab_page_go_offline (&stand);
  confab_page_stand_settle (&stand);
  g_assert_cmpfloat (gtk_adjustment_get_value (get_scroll (&stand)), >, 50);
  CLOSE ();
}

static const char *
get_room (ConfabPageStand *stand)
{
  ConfabRoomViewModel *room = confab_session_view_model_get_room (stand->model);

  return room != NULL ? confab_room_view_model_get_id (room) : NULL;
}

/* Beside the room the list selects what is open; alone it opens what is activated, and nothing is selected before. */
static void
test_list (void)
{
  ConfabPageStand stand = { 0 };
  GtkSelectionModel *selection = NULL;

  OPEN ("rooms-calls", &wide);
  selection = gtk_list_view_get_model (GTK_LIST_VIEW (FIND (GTK_TYPE_LIST_VIEW, NULL)));
  g_assert_null (get_room (&stand));
  g_assert_null (gtk_single_selection_get_selected_item (GTK_SINGLE_SELECTION (selection)));
  gtk_selection_model_select_item (selection, 2, TRUE);
  g_assert_cmpstr (get_room (&stand), ==, CONFAB_ROOM_VILLAGE_COUNCIL);
  confab_page_stand_open_room (&stand, CONFAB_ROOM_FIELD_SURVEY);
  g_assert_cmpuint (gtk_single_selection_get_selected (GTK_SINGLE_SELECTION (selection)), ==, 1);

  /* Narrow with a room open, that is what is seen; Back shows the list, without a mark. */
  reopen (&stand, &phone);
  g_assert_null (FIND (GTK_TYPE_LIST_VIEW, NULL));
  g_assert_nonnull (FIND (CONFAB_TYPE_ROOM_PAGE, NULL));
  confab_window_show_rooms (CONFAB_WINDOW (stand.window));
  confab_shot_frames (stand.window, 4);
  g_assert_null (get_room (&stand));
  g_assert_true (
    gtk_list_view_get_single_click_activate (GTK_LIST_VIEW (FIND (GTK_TYPE_LIST_VIEW, NULL))));
  g_signal_emit_by_name (FIND (GTK_TYPE_LIST_VIEW, NULL), "activate", 2);
  confab_page_stand_settle (&stand);
  g_assert_cmpstr (get_room (&stand), ==, CONFAB_ROOM_VILLAGE_COUNCIL);
  g_assert_nonnull (FIND (CONFAB_TYPE_ROOM_PAGE, NULL));
  CLOSE ();
}

static void
test_rows (void)
{
  ConfabPageStand stand = { 0 };
  g_autoptr (GPtrArray) rows = NULL;
  GtkWidget *join = NULL;

  OPEN ("rooms-calls", &wide);
  rows = confab_page_stand_find_all (&stand, CONFAB_TYPE_ROOM_ROW);
  g_assert_cmpuint (rows->len, >=, 8);
  for (guint i = 0; i < rows->len; i++)
    g_assert_cmpint (gtk_widget_get_height (rows->pdata[i]), >=, 38);

  /* Join in one click; the name says which. */
  join = FIND (GTK_TYPE_BUTTON, "Join the call in \342\201\250Field Survey\342\201\251");
  g_assert_cmpint (gtk_widget_get_height (join), >=, 32);
  g_signal_emit_by_name (join, "clicked");
  confab_page_stand_settle (&stand);
  g_assert_nonnull (FIND (CONFAB_TYPE_SELECT_CALL_MEDIA_PAGE, NULL));
  CLOSE ();

  /* Without the homeserver nobody can be joined. */
  OPEN ("rooms-offline", &wide);
  join = FIND (GTK_TYPE_BUTTON, "Join the call in \342\201\250Field Survey\342\201\251");
  g_assert_false (gtk_widget_is_sensitive (join));
  g_assert_true (gtk_widget_is_sensitive (FIND (GTK_TYPE_BUTTON, "Try Again")));
  CLOSE ();
}

static void
test_states (void)
{
  ConfabPageStand stand = { 0 };

  OPEN ("rooms-empty", &wide);
  g_assert_nonnull (FIND (ADW_TYPE_STATUS_PAGE, "No Rooms Yet"));
  g_assert_null (FIND (ADW_TYPE_STATUS_PAGE, "Choose a Room"));
  CLOSE ();
  OPEN ("rooms-no-hit", &wide);
  g_assert_nonnull (FIND (ADW_TYPE_STATUS_PAGE, "No Room Has That Name"));
  g_assert_nonnull (FIND (ADW_TYPE_STATUS_PAGE, "Choose a Room"));
  CLOSE ();
  OPEN ("rooms-first-sync", &wide);
  g_assert_nonnull (FIND (ADW_TYPE_SPINNER, NULL));
  CLOSE ();

  /* Locked once, unlocked now: the same account is there again. */
  OPEN ("problem-locked", &wide);
  g_assert_nonnull (FIND (ADW_TYPE_STATUS_PAGE, "Your Keyring Is Locked"));
  fake_secrets_refuse (stand.secrets, -1);
  g_signal_emit_by_name (FIND (GTK_TYPE_BUTTON, "Try Again"), "clicked");
  test_until (is_rooms_page_there, &stand);
  confab_page_stand_settle (&stand);
  CLOSE ();
}

static void
test_ongoing (void)
{
  ConfabPageStand stand = { 0 };

  OPEN ("rooms-in-call", &phone);
  assert_in_window (&stand, FIND (GTK_TYPE_BUTTON, "Leave the Call (Ctrl+Shift+L)"));
  g_assert_nonnull (FIND (GTK_TYPE_LABEL, "In the call · 12:04"));
  confab_manual_clock_advance (stand.clock, 1000);
  g_assert_nonnull (FIND (GTK_TYPE_LABEL, "In the call · 12:05"));
  g_signal_emit_by_name (FIND (GTK_TYPE_BUTTON, "Turn Microphone Off (Ctrl+D)"), "clicked");
  g_assert_nonnull (FIND (GTK_TYPE_BUTTON, "Turn Microphone On (Ctrl+D)"));
  g_signal_emit_by_name (FIND (GTK_TYPE_BUTTON, "Leave the Call (Ctrl+Shift+L)"), "clicked");
  g_assert_null (confab_session_view_model_get_call (stand.model));
  confab_shot_frames (stand.window, 2);
  g_assert_null (FIND (GTK_TYPE_BUTTON, "Leave the Call (Ctrl+Shift+L)"));
  CLOSE ();
}

/* ---- a room ---- */

static void
test_room (void)
{
  ConfabPageStand stand = { 0 };
  GtkWidget *button = NULL;

  /* The obvious button is there without scrolling, also in the smallest window. */
  OPEN ("room-quiet", &smallest);
  assert_in_window (&stand, FIND (ADW_TYPE_SPLIT_BUTTON, "Start Video Call"));
  CLOSE ();
  OPEN ("room-call", &smallest);
  assert_in_window (&stand, FIND (GTK_TYPE_BUTTON, "Join Call"));
  CLOSE ();

  OPEN ("room-in-call", &wide);
  g_signal_emit_by_name (FIND (GTK_TYPE_BUTTON, "Return to the Call"), "clicked");
  confab_shot_frames (stand.window, 2);
  g_assert_null (FIND (CONFAB_TYPE_ROOM_PAGE, NULL));
  g_assert_nonnull (FIND (GTK_TYPE_BUTTON, "Leave the call"));
  CLOSE ();

  OPEN ("room-not-allowed", &wide);
  button = FIND (ADW_TYPE_SPLIT_BUTTON, "Start Video Call");
  g_assert_false (gtk_widget_is_sensitive (button));
  g_assert_nonnull (FIND (GTK_TYPE_LABEL, "Only moderators may start calls here."));
  CLOSE ();

  OPEN ("room-element-call", &smallest);
  button = FIND (ADW_TYPE_SPLIT_BUTTON, "Start Video Call");
  g_assert_false (gtk_widget_is_sensitive (button));
  assert_in_window (&stand,
                    FIND (GTK_TYPE_LABEL,
                          "People here are in an Element call. Confab cannot join it yet. "
                          "Only moderators may start calls here."));
  CLOSE ();

  OPEN ("room-replaced", &smallest);
  button = FIND (ADW_TYPE_SPLIT_BUTTON, "Start Video Call");
  g_assert_false (gtk_widget_is_sensitive (button));
  assert_in_window (&stand, FIND (GTK_TYPE_LABEL, "This room has been replaced by another one."));
  CLOSE ();

  OPEN ("room-not-encrypted", &wide);
  g_assert_nonnull (FIND (ADW_TYPE_ACTION_ROW, "Not encrypted"));
  CLOSE ();
}

/* Each item of the button's menu does something. */
static void
test_start_menu (void)
{
  static const char *const ways[] = { "sound", "ring", "quiet" };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++) {
    ConfabPageStand stand = { 0 };
    GMenuModel *menu = NULL;
    g_autoptr (GMenuModel) section = NULL;
    g_autofree char *action = NULL;
    g_autoptr (GVariant) target = NULL;

    OPEN ("room-quiet", &wide);
    menu = adw_split_button_get_menu_model (
      ADW_SPLIT_BUTTON (FIND (ADW_TYPE_SPLIT_BUTTON, "Start Video Call")));
    section = g_menu_model_get_item_link (menu, 0, G_MENU_LINK_SECTION);
    g_assert_cmpint (g_menu_model_get_n_items (section), ==, G_N_ELEMENTS (ways));
    g_assert_true (
      g_menu_model_get_item_attribute (section, (int) i, G_MENU_ATTRIBUTE_ACTION, "s", &action));
    target = g_menu_model_get_item_attribute_value (section,
                                                    (int) i,
                                                    G_MENU_ATTRIBUTE_TARGET,
                                                    G_VARIANT_TYPE_STRING);
    g_assert_cmpstr (g_variant_get_string (target, NULL), ==, ways[i]);
    g_assert_true (gtk_widget_activate_action_variant (
      FIND (ADW_TYPE_SPLIT_BUTTON, "Start Video Call"), action, target));
    confab_page_stand_settle (&stand);
    g_assert_nonnull (FIND (CONFAB_TYPE_SELECT_CALL_MEDIA_PAGE, NULL));
    if (g_str_equal (ways[i], "sound"))
      g_assert_nonnull (FIND (ADW_TYPE_SPLIT_BUTTON, "Start with Sound Only"));
    CLOSE ();
  }
}

/* ---- before a call ---- */

static gboolean
is_join_focused (gpointer data)
{
  return has_focus (data, confab_page_stand_find (data, ADW_TYPE_SPLIT_BUTTON, NULL));
}

static void
test_media_columns (void)
{
  ConfabPageStand stand = { 0 };
  graphene_rect_t preview;
  graphene_rect_t join;

  /* Two columns, and a preview of 16:9. */
  OPEN ("media-join", &wide);
  preview = get_bounds (FIND (CONFAB_TYPE_RATIO_BIN, NULL), &stand);
  join = get_bounds (FIND (ADW_TYPE_SPLIT_BUTTON, "Join with Camera"), &stand);
  g_assert_cmpfloat (preview.size.width / preview.size.height, >, 1.75);
  g_assert_cmpfloat (preview.size.width / preview.size.height, <, 1.80);
  g_assert_cmpfloat (join.origin.x, >, preview.origin.x + preview.size.width);
  g_assert_true (has_focus (&stand, FIND (ADW_TYPE_SPLIT_BUTTON, NULL)));

  /* One column; the button is at the bottom now, and has the focus still. */
  resize (&stand, &phone);
  preview = get_bounds (FIND (CONFAB_TYPE_RATIO_BIN, NULL), &stand);
  join = get_bounds (FIND (ADW_TYPE_SPLIT_BUTTON, "Join with Camera"), &stand);
  g_assert_cmpfloat (preview.size.width, ==, phone.width - 24);
  g_assert_cmpfloat (join.origin.y, >, preview.origin.y + preview.size.height);
  assert_in_window (&stand, FIND (ADW_TYPE_SPLIT_BUTTON, "Join with Camera"));
  test_until (is_join_focused, &stand);

  resize (&stand, &wide);
  test_until (is_join_focused, &stand);
  CLOSE ();

  OPEN ("media-join", &huge);
  preview = get_bounds (FIND (CONFAB_TYPE_RATIO_BIN, NULL), &stand);
  join = get_bounds (FIND (ADW_TYPE_SPLIT_BUTTON, "Join with Camera"), &stand);
  g_assert_cmpfloat (preview.size.width, >, 800);
  g_assert_cmpfloat (join.origin.x, >, preview.origin.x + preview.size.width);
  CLOSE ();
}

static ConfabSelectCallMediaViewModel *
get_media (ConfabPageStand *stand)
{
  return confab_session_view_model_get_select_media (stand->model);
}

/* The switches lie on the picture, 48 px for a thumb, and say what they do. */
static void
test_media_switches (void)
{
  ConfabPageStand stand = { 0 };
  GtkWidget *button = NULL;

  OPEN ("media-join", &phone);
  button = FIND (GTK_TYPE_BUTTON, "Turn Camera Off (Ctrl+E)");
  g_assert_cmpint (gtk_widget_get_width (button), >=, 48);
  g_assert_cmpint (gtk_widget_get_height (button), >=, 48);
  g_assert_false (gtk_widget_has_css_class (button, "off"));
  g_signal_emit_by_name (button, "clicked");
  g_assert_false (confab_select_call_media_view_model_get_camera_on (get_media (&stand)));
  g_assert_true (gtk_widget_has_css_class (button, "off"));
  g_assert_cmpstr (gtk_widget_get_tooltip_text (button), ==, "Turn Camera On (Ctrl+E)");
  confab_shot_frames (stand.window, 2);
  g_assert_nonnull (FIND (ADW_TYPE_SPLIT_BUTTON, "Join with Sound Only"));

  g_signal_emit_by_name (FIND (GTK_TYPE_BUTTON, "Turn Microphone Off (Ctrl+D)"), "clicked");
  confab_shot_frames (stand.window, 2);
  g_assert_nonnull (FIND (ADW_TYPE_SPLIT_BUTTON, "Just Listen"));
  CLOSE ();

  /* On, and yet others would see nothing. */
  OPEN ("media-busy-camera", &phone);
  button = FIND (GTK_TYPE_BUTTON, "The Camera Gives No Picture");
  g_assert_true (gtk_widget_has_css_class (button, "off"));
  g_assert_nonnull (FIND (GTK_TYPE_LABEL, "The Camera Is in Use"));
  fake_devices_set_problem (stand.devices, CONFAB_DEVICE_KIND_CAMERA, CONFAB_DEVICE_PROBLEM_NONE);
  confab_shot_frames (stand.window, 2);
  g_assert_nonnull (FIND (ADW_TYPE_SPLIT_BUTTON, "Join with Camera"));
  g_assert_false (gtk_widget_has_css_class (button, "off"));
  CLOSE ();
}

/* What a banner says can be acted on: its button is there, and does what it says. */
static void
test_media_banner (void)
{
  ConfabPageStand stand = { 0 };
  GtkWidget *banner = NULL;
  GtkWidget *dialog = NULL;
  GtkWidget *focus = NULL;
  GtkAdjustment *adjustment = NULL;

  OPEN ("media-denied", &smallest);
  banner = FIND (ADW_TYPE_BANNER, "Confab may not use the microphone");
  g_assert_nonnull (FIND (GTK_TYPE_BUTTON, "Open Settings"));
  fake_devices_set_problem (stand.devices,
                            CONFAB_DEVICE_KIND_MICROPHONE,
                            CONFAB_DEVICE_PROBLEM_NONE);
  g_assert_false (adw_banner_get_revealed (ADW_BANNER (banner)));
  CLOSE ();

  OPEN ("media-not-encrypted", &smallest);
  g_signal_emit_by_name (FIND (GTK_TYPE_BUTTON, "Why?"), "clicked");
  confab_shot_frames (stand.window, 4);
  dialog = FIND (ADW_TYPE_DIALOG, "Not Encrypted");
  g_assert_nonnull (dialog);
  g_assert_nonnull (FIND (GTK_TYPE_LABEL, "The Homeserver Could Listen"));
  /* The keyboard scrolls where not all of it fits. */
  focus = gtk_window_get_focus (stand.window);
  g_assert_true (GTK_IS_SCROLLED_WINDOW (focus));
  adjustment = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (focus));
  g_assert_cmpfloat (gtk_adjustment_get_upper (adjustment),
                     >,
                     gtk_adjustment_get_page_size (adjustment));
  adw_dialog_force_close (ADW_DIALOG (dialog));
  CLOSE ();
}

/* The menu of a device chooses it; that of the button joins. */
static void
test_media_menus (void)
{
  ConfabPageStand stand = { 0 };
  GtkWidget *page = NULL;

  OPEN ("media-join", &wide);
  page = FIND (CONFAB_TYPE_SELECT_CALL_MEDIA_PAGE, NULL);
  g_assert_nonnull (FIND (GTK_TYPE_MENU_BUTTON, "Microphone: Built-in Microphone"));
  g_assert_true (gtk_widget_activate_action (page, "media.microphone", "s", "m2"));
  confab_shot_frames (stand.window, 2);
  g_assert_nonnull (FIND (GTK_TYPE_MENU_BUTTON, "Microphone: Headset"));
  g_assert_true (gtk_widget_activate_action (page, "media.join", "s", "sound"));
  g_assert_nonnull (confab_session_view_model_get_call (stand.model));
  g_assert_true (
    confab_call_view_model_get_camera_muted (confab_session_view_model_get_call (stand.model)));
  CLOSE ();
}

/* ---- what is said ---- */

static void
test_said (void)
{
  ConfabPageStand stand = { 0 };

  OPEN ("rooms-calls", &wide);
  g_string_truncate (said, 0);
  confab_page_go_offline (&stand);
  g_assert_cmpstr (said->str, ==, "Your homeserver does not answer. Rooms as of 14:02.;");
  CLOSE ();

  g_string_truncate (said, 0);
  OPEN ("rooms-toast", &wide);
  g_assert_cmpstr (said->str, ==, "A toast appeared: You are not in that room.;");
  CLOSE ();

  g_string_truncate (said, 0);
  OPEN ("media-not-encrypted", &wide);
  g_assert_cmpstr (said->str, ==, "This call is not encrypted. The homeserver could listen.;");
  CLOSE ();
}

/* ---- what cannot be read ---- */

static void
tell (ConfabPageStand *stand, const char *sender, const char *code, guint age_s)
{
  confab_page_tell (stand,
                    CONFAB_ROOM_FIELD_SURVEY,
                    sender,
                    code != NULL ? CONFAB_ROOM_EVENT_TRUST_WITHHELD
                                 : CONFAB_ROOM_EVENT_TRUST_DEVICE,
                    code,
                    age_s);
  confab_shot_frames (stand->window, 2);
}

static gboolean
has_no_dialog (gpointer data)
{
  return confab_page_stand_find (data, ADW_TYPE_DIALOG, NULL) == NULL;
}

/* Presses the cross of the first that is there. */
static void
close_notice (ConfabPageStand *stand)
{
  g_autoptr (GPtrArray) rows = confab_page_stand_find_all (stand, CONFAB_TYPE_ROOM_NOTICE_ROW);
  g_autoptr (GPtrArray) buttons = NULL;

  g_assert_cmpuint (rows->len, >, 0);
  buttons = confab_shot_find_all (rows->pdata[0], GTK_TYPE_BUTTON);
  g_assert_cmpuint (buttons->len, ==, 1);
  g_signal_emit_by_name (buttons->pdata[0], "clicked");
  confab_shot_frames (stand->window, 2);
}

#define MARKED(name) "\342\200\216\342\201\250" name "\342\201\251"

static void
test_unread (void)
{
  ConfabPageStand stand = { 0 };
  GtkWidget *row = NULL;
  g_autoptr (GPtrArray) rows = NULL;

  OPEN ("room-call", &phone);
  g_assert_null (FIND (ADW_TYPE_ACTION_ROW, MARKED ("Ngozi Okafor") " has blocked this device"));
  g_string_truncate (said, 0);
  tell (&stand, "@ngozi:x", "m.blacklisted", 90);
  tell (&stand, "@ngozi:x", "m.blacklisted", 60);
  /* Seen without scrolling, and said once. */
  row = FIND (ADW_TYPE_ACTION_ROW, MARKED ("Ngozi Okafor") " has blocked this device");
  assert_in_window (&stand, row);
  g_assert_cmpstr (said->str, ==, MARKED ("Ngozi Okafor") " has blocked this device;");
  tell (&stand, "@li:x", "m.no_olm", 30);
  g_assert_true (FIND (ADW_TYPE_ACTION_ROW, "Messages of 2 people cannot be read") == row);
  g_string_truncate (said, 0);
  confab_manual_clock_advance (stand.clock, 2000);
  g_assert_cmpstr (said->str, ==, "Messages of 2 people cannot be read;");

  /* All of it; the first has the focus. */
  gtk_widget_activate (row);
  confab_shot_frames (stand.window, 4);
  g_assert_nonnull (FIND (ADW_TYPE_DIALOG, "Messages Here"));
  rows = confab_page_stand_find_all (&stand, CONFAB_TYPE_ROOM_NOTICE_ROW);
  g_assert_cmpuint (rows->len, ==, 2);
  g_assert_true (has_focus (&stand, rows->pdata[0]));
  g_assert_nonnull (FIND (GTK_TYPE_LABEL, "2 times, last: 14:01"));
  /* One goes by itself, since it is over, the other by its cross: the focus stays among them. */
  tell (&stand, "@li:x", "m.no_olm", 20);
  close_notice (&stand);
  g_assert_true (has_focus (&stand, FIND (CONFAB_TYPE_ROOM_NOTICE_ROW, NULL)));
  g_assert_null (
    FIND (GTK_TYPE_LABEL, MARKED ("李静怡") " has no secure connection to this device"));
  tell (&stand, "@ngozi:x", NULL, 10);
  test_until (has_no_dialog, &stand);
  g_assert_false (gtk_widget_get_visible (row));
  CLOSE ();
}

/* One card is all there without scrolling, with its margins, floating or as a sheet. */
static void
test_unread_fits (void)
{
  static const ConfabShot *const shots[] = { &phone, &wide };

  for (guint i = 0; i < G_N_ELEMENTS (shots); i++) {
    ConfabPageStand stand = { 0 };
    GtkWidget *scroller = NULL;
    GtkAdjustment *adjustment = NULL;

    OPEN ("dialog-unread", shots[i]);
    scroller = gtk_widget_get_ancestor (FIND (CONFAB_TYPE_ROOM_NOTICE_ROW, NULL),
                                        GTK_TYPE_SCROLLED_WINDOW);
    adjustment = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scroller));
    g_assert_cmpfloat (gtk_adjustment_get_upper (adjustment),
                       <=,
                       gtk_adjustment_get_page_size (adjustment));
    CLOSE ();
  }
}

/* Of another room, nothing is to be seen here; and a room that is opened anew shows its own. */
static void
test_unread_elsewhere (void)
{
  ConfabPageStand stand = { 0 };

  OPEN ("room-unread", &wide);
  g_assert_nonnull (FIND (ADW_TYPE_ACTION_ROW, MARKED ("Ngozi Okafor") " has blocked this device"));
  g_string_truncate (said, 0);
  confab_page_stand_open_room (&stand, CONFAB_ROOM_VILLAGE_COUNCIL);
  g_assert_null (FIND (ADW_TYPE_ACTION_ROW, MARKED ("Ngozi Okafor") " has blocked this device"));
  tell (&stand, "@li:x", "m.no_olm", 20);
  g_assert_cmpstr (said->str, ==, "");
  confab_page_stand_open_room (&stand, CONFAB_ROOM_FIELD_SURVEY);
  g_assert_nonnull (FIND (ADW_TYPE_ACTION_ROW, "Messages of 2 people cannot be read"));
  CLOSE ();
}

static void
test_unread_in_call (void)
{
  ConfabPageStand stand = { 0 };
  GtkWidget *banner = NULL;
  GtkWidget *grid = NULL;
  graphene_rect_t over, under;

  g_string_truncate (said, 0);
  OPEN ("call-unread", &phone);
  confab_manual_clock_advance (stand.clock, 2000);
  banner = FIND (ADW_TYPE_BANNER, "Some messages cannot be read.");
  g_assert_true (adw_banner_get_revealed (ADW_BANNER (banner)));
  assert_in_window (&stand, FIND (GTK_TYPE_BUTTON, "Details"));
  /* The faces are all to be seen. */
  grid = FIND (CONFAB_TYPE_GRID, NULL);
  over = get_bounds (banner, &stand);
  under = get_bounds (grid, &stand);
  g_assert_cmpfloat (over.origin.y + over.size.height, <=, under.origin.y);
  tell (&stand, "@li:x", "m.no_olm", 20);
  confab_manual_clock_advance (stand.clock, 2000);
  g_assert_cmpstr (said->str, ==, "Some messages cannot be read.;");

  g_signal_emit_by_name (FIND (GTK_TYPE_BUTTON, "Details"), "clicked");
  confab_shot_frames (stand.window, 4);
  g_assert_nonnull (FIND (ADW_TYPE_DIALOG, "Messages Here"));
  g_assert_false (adw_banner_get_revealed (ADW_BANNER (banner)));
  close_notice (&stand);
  close_notice (&stand);
  test_until (has_no_dialog, &stand);
  /* In the call it stays closed, until it begins anew. */
  tell (&stand, "@li:x", "m.no_olm", 10);
  g_assert_false (adw_banner_get_revealed (ADW_BANNER (banner)));
  CLOSE ();
}

/* ---- small parts ---- */

static void
test_facepile (void)
{
  ConfabPageStand stand = { 0 };
  g_autoptr (GPtrArray) piles = NULL;
  GtkWidget *first = NULL;
  GtkWidget *second = NULL;
  graphene_rect_t bounds;

  OPEN ("rooms-calls", &wide);
  piles = confab_page_stand_find_all (&stand, CONFAB_TYPE_FACEPILE);
  g_assert_cmpuint (piles->len, ==, 2);
  first = gtk_widget_get_first_child (piles->pdata[1]);
  second = gtk_widget_get_next_sibling (first);
  g_assert_true (gtk_widget_compute_bounds (second, first, &bounds));
  g_assert_cmpfloat (bounds.origin.x, ==, 20 - 8);
  /* Three faces at most; the number of the others stands beside. */
  g_assert_nonnull (gtk_widget_get_next_sibling (second));
  g_assert_null (gtk_widget_get_next_sibling (gtk_widget_get_next_sibling (second)));
  CLOSE ();
}

static void
test_dialogs (void)
{
  ConfabPageStand stand = { 0 };
  GtkWidget *dialog = NULL;

  OPEN ("dialog-shortcuts", &wide);
  dialog = FIND (ADW_TYPE_DIALOG, "Keyboard Shortcuts");
  g_assert_nonnull (dialog);
  g_assert_nonnull (FIND (ADW_TYPE_ACTION_ROW, "Leave the call"));
  adw_dialog_force_close (ADW_DIALOG (dialog));
  CLOSE ();
  OPEN ("dialog-sign-out", &wide);
  g_assert_nonnull (FIND (ADW_TYPE_ALERT_DIALOG, NULL));
  /* The harmless answer has the focus. */
  g_assert_true (has_focus (&stand, FIND (GTK_TYPE_BUTTON, "Cancel")) ||
                 has_focus (&stand, FIND (GTK_TYPE_BUTTON, "_Cancel")));
  CLOSE ();
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  confab_shot_init ();
  said = g_string_new (NULL);

  g_test_add_func ("/pages/scenes", test_scenes);
  g_test_add_func ("/pages/sign-in", test_sign_in);
  g_test_add_func ("/pages/sign-in-done", test_sign_in_done);
  g_test_add_func ("/pages/top", test_top);
  g_test_add_func ("/pages/list", test_list);
  g_test_add_func ("/pages/rows", test_rows);
  g_test_add_func ("/pages/states", test_states);
  g_test_add_func ("/pages/ongoing", test_ongoing);
  g_test_add_func ("/pages/room", test_room);
  g_test_add_func ("/pages/start-menu", test_start_menu);
  g_test_add_func ("/pages/media-columns", test_media_columns);
  g_test_add_func ("/pages/media-switches", test_media_switches);
  g_test_add_func ("/pages/media-banner", test_media_banner);
  g_test_add_func ("/pages/media-menus", test_media_menus);
  g_test_add_func ("/pages/said", test_said);
  g_test_add_func ("/pages/unread", test_unread);
  g_test_add_func ("/pages/unread-fits", test_unread_fits);
  g_test_add_func ("/pages/unread-elsewhere", test_unread_elsewhere);
  g_test_add_func ("/pages/unread-in-call", test_unread_in_call);
  g_test_add_func ("/pages/facepile", test_facepile);
  g_test_add_func ("/pages/dialogs", test_dialogs);
  return g_test_run ();
}
