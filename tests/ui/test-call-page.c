/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-call-bar.h"
#include "confab-grid-plan.h"
#include "confab-grid.h"
#include "confab-picture.h"
#include "confab-shot-call.h"
#include "confab-stream-tile.h"

static const ConfabShot wide = { .width = 1024, .height = 700 };
static const ConfabShot phone = { .width = 360, .height = 640 };

static GPtrArray *
find_all (ConfabCallStand *stand, GType type)
{
  return confab_shot_find_all (GTK_WIDGET (stand->window), type);
}

static GtkWidget *
find_one (ConfabCallStand *stand, GType type)
{
  g_autoptr (GPtrArray) found = find_all (stand, type);

  g_assert_cmpuint (found->len, ==, 1);
  return g_ptr_array_index (found, 0);
}

static GtkWidget *
find_button (ConfabCallStand *stand, const char *tooltip)
{
  g_autoptr (GPtrArray) found = find_all (stand, GTK_TYPE_BUTTON);

  for (guint i = 0; i < found->len; i++) {
    if (g_strcmp0 (gtk_widget_get_tooltip_text (g_ptr_array_index (found, i)), tooltip) == 0)
      return g_ptr_array_index (found, i);
  }
  return NULL;
}

static guint
count_tiles (ConfabCallStand *stand)
{
  g_autoptr (GPtrArray) found = find_all (stand, CONFAB_TYPE_STREAM_TILE);

  return found->len;
}

static const char *
get_tile_name (GtkWidget *tile)
{
  return confab_stream_tile_model_get_name (
    confab_stream_tile_get_model (CONFAB_STREAM_TILE (tile)));
}

static const char *
get_focused_name (ConfabCallStand *stand)
{
  GtkWidget *focus = gtk_window_get_focus (stand->window);

  return CONFAB_IS_STREAM_TILE (focus) ? get_tile_name (focus) : NULL;
}

static void
move_focus (ConfabCallStand *stand, GtkDirectionType direction)
{
  g_signal_emit_by_name (stand->window, "move-focus", direction);
}

/* Each tile stands where the plan has it. */
static void
check_places (ConfabCallStand *stand)
{
  GtkWidget *grid = find_one (stand, CONFAB_TYPE_GRID);
  GListModel *tiles = confab_call_view_model_get_tiles (stand->model);
  ConfabGridRequest request = { .width = gtk_widget_get_width (grid),
                                .height = gtk_widget_get_height (grid),
                                .n_tiles = g_list_model_get_n_items (tiles),
                                .has_own = TRUE,
                                .text_scale = 1,
                                .rtl = gtk_widget_get_direction (grid) == GTK_TEXT_DIR_RTL };
  g_autoptr (ConfabGridPlan) plan = confab_grid_plan_new (&request);
  g_autoptr (GPtrArray) found = find_all (stand, CONFAB_TYPE_STREAM_TILE);
  guint n_tiles = 0;

  for (guint i = 0; i < found->len; i++) {
    GtkWidget *tile = g_ptr_array_index (found, i);
    graphene_rect_t bounds;
    const ConfabGridCell *cell = NULL;

    for (guint k = 0; k < request.n_tiles; k++) {
      g_autoptr (ConfabStreamTileModel) model = g_list_model_get_item (tiles, k);
      if (model == confab_stream_tile_get_model (CONFAB_STREAM_TILE (tile)))
        cell = confab_grid_plan_find (plan, (int) k);
    }
    g_assert_nonnull (cell);
    g_assert_true (gtk_widget_compute_bounds (tile, grid, &bounds));
    g_assert_cmpfloat (bounds.origin.x, ==, cell->area.x);
    g_assert_cmpfloat (bounds.origin.y, ==, cell->area.y);
    g_assert_cmpfloat (bounds.size.width, ==, cell->area.width);
    g_assert_cmpfloat (bounds.size.height, ==, cell->area.height);
    n_tiles++;
  }
  g_assert_cmpuint (n_tiles, ==, plan->n_cells - (plan->n_more > 0));
}

static void
test_sizes (void)
{
  static const int sizes[][2] = {
    { 360, 640 }, { 1024, 700 }, { 1920, 1080 }, { 360, 294 }, { 640, 360 }
  };
  static const guint people[] = { 0, 1, 2, 4, 8, 15 };

  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++) {
    for (guint p = 0; p < G_N_ELEMENTS (people); p++) {
      ConfabShot shot = { .width = sizes[s][0], .height = sizes[s][1], .rtl = p % 2 };
      ConfabCallStand stand;

      confab_call_stand_open (&stand, people[p], &shot);
      check_places (&stand);
      confab_call_stand_close (&stand);
    }
  }
}

/* Nothing on the page is cut off: everything that can be pressed lies within the window. */
static void
test_fits (void)
{
  static const int sizes[][2] = { { 360, 294 }, { 640, 360 }, { 360, 640 } };
  static const guint people[] = { 0, 1, 2, 15 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes) * G_N_ELEMENTS (people) * 2; i++) {
    ConfabShot shot = { .width = sizes[i % 3][0],
                        .height = sizes[i % 3][1],
                        .text_scale = i % 2 + 1 };
    ConfabCallStand stand;
    g_autoptr (GPtrArray) found = NULL;

    confab_call_stand_open (&stand, people[i / 6], &shot);
    found = find_all (&stand, GTK_TYPE_BUTTON);
    g_assert_cmpuint (found->len, >=, 4);
    for (guint k = 0; k < found->len; k++) {
      graphene_rect_t bounds;

      g_assert_true (gtk_widget_compute_bounds (g_ptr_array_index (found, k),
                                                GTK_WIDGET (stand.window),
                                                &bounds));
      g_assert_cmpfloat (bounds.origin.x, >=, 0);
      g_assert_cmpfloat (bounds.origin.y, >=, 0);
      g_assert_cmpfloat (bounds.origin.x + bounds.size.width, <=, shot.width);
      /* With large text the words of an empty stage may be scrolled. */
      if (shot.text_scale < 2)
        g_assert_cmpfloat (bounds.origin.y + bounds.size.height, <=, shot.height);
    }
    confab_call_stand_close (&stand);
  }
}

/* People come and go while the page is open. */
static void
test_changes (void)
{
  ConfabCallStand stand;

  confab_call_stand_open (&stand, 1, &wide);
  for (guint i = 0; i < 6; i++) {
    confab_fake_call_add (stand.call, "@New:x");
    confab_shot_frames (stand.window, 2);
    check_places (&stand);
  }
  confab_fake_participant_share (confab_fake_call_get (stand.call, 2));
  confab_shot_frames (stand.window, 2);
  check_places (&stand);
  for (guint i = 0; i < 7; i++) {
    confab_fake_call_remove (stand.call, 0);
    confab_shot_frames (stand.window, 2);
    check_places (&stand);
  }
  confab_call_stand_close (&stand);
}

static const char *
get_placeholder (ConfabCallStand *stand)
{
  return adw_status_page_get_title (ADW_STATUS_PAGE (find_one (stand, ADW_TYPE_STATUS_PAGE)));
}

static void
test_alone (void)
{
  ConfabCallStand stand;
  g_autoptr (GPtrArray) found = NULL;

  confab_call_stand_open (&stand, 0, &wide);
  g_assert_cmpstr (get_placeholder (&stand), ==, "You Are the Only One Here");
  confab_fake_call_set_state (stand.call, CONFAB_CALL_STATE_JOINING);
  confab_shot_frames (stand.window, 2);
  g_assert_cmpstr (get_placeholder (&stand), ==, "Joining…");
  confab_fake_call_set_state (stand.call, CONFAB_CALL_STATE_JOINED);
  confab_shot_frames (stand.window, 2);
  g_assert_cmpstr (get_placeholder (&stand), ==, "You Are the Only One Here");
  confab_fake_call_add (stand.call, "@Ana:x");
  confab_shot_frames (stand.window, 2);
  found = find_all (&stand, ADW_TYPE_STATUS_PAGE);
  g_assert_cmpuint (found->len, ==, 0);
  g_assert_cmpuint (count_tiles (&stand), ==, 2);
  confab_call_stand_close (&stand);
}

static void
test_pages (void)
{
  ConfabCallStand stand;
  guint n_watched = 0;
  GtkWidget *grid;

  confab_call_stand_open (&stand, 15, &phone);
  grid = find_one (&stand, CONFAB_TYPE_GRID);
  g_assert_cmpuint (confab_grid_get_n_pages (CONFAB_GRID (grid)), ==, 2);
  g_assert_false (gtk_widget_get_sensitive (find_button (&stand, "Previous People")));
  g_signal_emit_by_name (find_button (&stand, "Next People"), "clicked");
  confab_shot_frames (stand.window, 2);
  g_assert_cmpuint (confab_grid_get_page (CONFAB_GRID (grid)), ==, 1);
  g_assert_cmpuint (count_tiles (&stand), ==, 8);
  g_assert_false (gtk_widget_get_sensitive (find_button (&stand, "Next People")));

  /* Only those of this page are watched: nobody makes pictures of the others. */
  for (guint i = 0; i < 15; i++)
    n_watched += confab_stream_get_watched (
      confab_fake_participant_get_stream (confab_fake_call_get (stand.call, i)));
  g_assert_cmpuint (n_watched, ==, 8);

  /* The page goes when its people do. */
  for (guint i = 0; i < 10; i++)
    confab_fake_call_remove (stand.call, 0);
  confab_shot_frames (stand.window, 2);
  g_assert_cmpuint (confab_grid_get_page (CONFAB_GRID (grid)), ==, 0);
  g_assert_null (find_button (&stand, "Next People"));
  confab_call_stand_close (&stand);
}

/* Arrows walk the tiles; for Tab the stage is one stop. */
static void
test_keyboard (void)
{
  ConfabCallStand stand;

  confab_call_stand_open (&stand, 8, &wide);
  g_assert_cmpstr (get_focused_name (&stand), ==, "Ana García");
  move_focus (&stand, GTK_DIR_RIGHT);
  g_assert_cmpstr (get_focused_name (&stand), ==, "李静怡");
  move_focus (&stand, GTK_DIR_DOWN);
  g_assert_cmpstr (get_focused_name (&stand), ==, "Jonas Lindqvist");
  move_focus (&stand, GTK_DIR_LEFT);
  move_focus (&stand, GTK_DIR_LEFT);
  g_assert_cmpstr (get_focused_name (&stand), ==, "Ngozi Okafor");

  move_focus (&stand, GTK_DIR_TAB_FORWARD);
  g_assert_true (gtk_window_get_focus (stand.window) == find_button (&stand, "Mute microphone"));
  move_focus (&stand, GTK_DIR_TAB_FORWARD);
  g_assert_true (gtk_window_get_focus (stand.window) == find_button (&stand, "Turn camera off"));
  move_focus (&stand, GTK_DIR_TAB_FORWARD);
  g_assert_true (gtk_window_get_focus (stand.window) == find_button (&stand, "Leave the call"));
  for (guint i = 0; i < 3; i++)
    move_focus (&stand, GTK_DIR_TAB_BACKWARD);
  g_assert_cmpstr (get_focused_name (&stand), ==, "Ngozi Okafor");
  move_focus (&stand, GTK_DIR_TAB_BACKWARD);
  g_assert_null (get_focused_name (&stand));

  /* The one that takes the place of a tile that goes takes its focus. */
  gtk_widget_grab_focus (find_one (&stand, CONFAB_TYPE_GRID));
  confab_fake_call_remove (stand.call, 3);
  g_assert_cmpstr (get_focused_name (&stand), ==, "Jonas Lindqvist");
  confab_call_stand_close (&stand);
}

static void
test_keyboard_rtl (void)
{
  ConfabShot shot = wide;
  ConfabCallStand stand;

  shot.rtl = TRUE;
  confab_call_stand_open (&stand, 8, &shot);
  g_assert_cmpstr (get_focused_name (&stand), ==, "Ana García");
  move_focus (&stand, GTK_DIR_LEFT);
  g_assert_cmpstr (get_focused_name (&stand), ==, "李静怡");
  confab_call_stand_close (&stand);
}

static void
test_bar (void)
{
  static const char *const controls[] = { "Mute microphone", "Turn camera off", "Leave the call" };
  ConfabCallStand stand;
  GtkWidget *button;

  confab_call_stand_open (&stand, 2, &phone);
  for (guint i = 0; i < G_N_ELEMENTS (controls); i++) {
    button = find_button (&stand, controls[i]);
    g_assert_cmpint (gtk_widget_get_width (button), >=, 48);
    g_assert_cmpint (gtk_widget_get_height (button), >=, 48);
    g_assert_false (gtk_widget_get_focus_on_click (button));
  }
  button = find_button (&stand, "Mute microphone");
  g_signal_emit_by_name (button, "clicked");
  g_assert_true (confab_call_view_model_get_microphone_muted (stand.model));
  g_assert_true (gtk_widget_has_css_class (button, "off"));
  g_assert_cmpstr (gtk_widget_get_tooltip_text (button), ==, "Unmute microphone");
  button = find_button (&stand, "Turn camera off");
  g_signal_emit_by_name (button, "clicked");
  g_assert_true (gtk_widget_has_css_class (button, "off"));
  g_assert_cmpstr (gtk_widget_get_tooltip_text (button), ==, "Turn camera on");
  confab_call_stand_close (&stand);
}

static void
count_cb (GdkFrameClock *clock, guint *n_frames)
{
  (*n_frames)++;
}

static gboolean
done_cb (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

/* How many frames are drawn in @ms without anybody asking for one. */
static guint
count_frames (ConfabCallStand *stand, guint ms)
{
  GdkFrameClock *clock = gtk_widget_get_frame_clock (GTK_WIDGET (stand->window));
  guint n_frames = 0;
  gboolean done = FALSE;
  gulong handler = g_signal_connect (clock, "after-paint", G_CALLBACK (count_cb), &n_frames);

  g_timeout_add (ms, done_cb, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
  g_signal_handler_disconnect (clock, handler);
  return n_frames;
}

static void
set_movement (gboolean wanted)
{
  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", wanted, NULL);
}

/* Who leaves fades out first, where they were; then the others move. */
static void
test_leaving (void)
{
  ConfabCallStand stand;
  g_autoptr (GPtrArray) tiles = NULL;
  GtkWidget *gone = NULL;
  GtkWidget *stays = NULL;
  graphene_rect_t before;
  graphene_rect_t now = GRAPHENE_RECT_INIT (0, 0, 0, 0);

  set_movement (TRUE);
  confab_call_stand_open (&stand, 4, &wide);
  tiles = find_all (&stand, CONFAB_TYPE_STREAM_TILE);
  gone = g_ptr_array_index (tiles, 0);
  stays = g_ptr_array_index (tiles, 4);
  g_assert_true (gtk_widget_compute_bounds (stays, GTK_WIDGET (stand.window), &before));
  g_object_add_weak_pointer (G_OBJECT (gone), (gpointer *) &gone);
  gtk_widget_grab_focus (gone);
  confab_fake_call_remove (stand.call, 0);
  g_assert_nonnull (gone);
  g_assert_cmpstr (get_focused_name (&stand), ==, "李静怡");
  while (gone != NULL && gtk_widget_get_opacity (gone) > 0.8) {
    g_assert_true (gtk_widget_compute_bounds (stays, GTK_WIDGET (stand.window), &now));
    g_assert_true (graphene_rect_equal (&before, &now));
    g_main_context_iteration (NULL, TRUE);
  }
  while (gone != NULL)
    g_main_context_iteration (NULL, TRUE);
  do {
    before = now;
    count_frames (&stand, 100);
    g_assert_true (gtk_widget_compute_bounds (stays, GTK_WIDGET (stand.window), &now));
  } while (!graphene_rect_equal (&before, &now));
  check_places (&stand);
  confab_call_stand_close (&stand);

  /* Whoever closes the page does not wait for it. */
  confab_call_stand_open (&stand, 4, &wide);
  confab_fake_call_remove (stand.call, 0);
  confab_call_stand_close (&stand);

  set_movement (FALSE);
  confab_call_stand_open (&stand, 4, &wide);
  confab_fake_call_remove (stand.call, 0);
  g_assert_cmpuint (count_tiles (&stand), ==, 4);
  confab_call_stand_close (&stand);
}

static gboolean
draws (GtkWidget *widget)
{
  g_autoptr (GtkSnapshot) snapshot = gtk_snapshot_new ();
  g_autoptr (GskRenderNode) node = NULL;

  GTK_WIDGET_GET_CLASS (widget)->snapshot (widget, snapshot);
  node = gtk_snapshot_free_to_node (g_steal_pointer (&snapshot));
  return node != NULL;
}

static gboolean
has_avatar (GtkWidget *tile)
{
  g_autoptr (GPtrArray) found = confab_shot_find_all (tile, ADW_TYPE_AVATAR);

  return found->len > 0;
}

/* A picture that goes is seen a little longer, below the avatar that comes; and the other way round. */
static void
test_picture_fades (void)
{
  for (guint i = 0; i < 2; i++) {
    gboolean moves = i == 0;
    ConfabCallStand stand;
    g_autoptr (GPtrArray) pictures = NULL;
    GtkWidget *picture = NULL;
    GtkWidget *tile = NULL;
    ConfabStream *stream = NULL;

    set_movement (moves);
    confab_call_stand_open (&stand, 4, &wide);
    stream = confab_fake_participant_get_stream (confab_fake_call_get (stand.call, 0));
    pictures = find_all (&stand, CONFAB_TYPE_PICTURE);
    picture = g_ptr_array_index (pictures, 0);
    tile = gtk_widget_get_ancestor (picture, CONFAB_TYPE_STREAM_TILE);
    while (has_avatar (tile))
      g_main_context_iteration (NULL, TRUE);
    g_assert_true (draws (picture));
    confab_stream_set_video_muted (stream, TRUE);
    g_assert_true (draws (picture) == moves);
    while (draws (picture) || !has_avatar (tile))
      g_main_context_iteration (NULL, TRUE);
    confab_stream_set_video_muted (stream, FALSE);
    g_assert_true (draws (picture));
    g_assert_true (has_avatar (tile) == moves);
    while (has_avatar (tile))
      g_main_context_iteration (NULL, TRUE);
    confab_call_stand_close (&stand);
  }
}

static gboolean
hide_cb (gpointer data)
{
  gtk_widget_set_visible (data, FALSE);
  return G_SOURCE_REMOVE;
}

/* Right after the content was laid out, and before anything that waits for a time. */
static void
hide_soon_cb (AdwBreakpointBin *bin, GParamSpec *pspec, GtkWidget *widget)
{
  g_idle_add_full (G_PRIORITY_HIGH, hide_cb, widget, NULL);
}

/* A change of breakpoint takes the focus; what had it gets it back, however late its content is there again. */
static void
test_focus_after_breakpoint (void)
{
  ConfabCallStand stand;
  GtkWidget *leave = NULL;

  confab_call_stand_open (&stand, 2, &wide);
  leave = find_button (&stand, "Leave the call");
  gtk_widget_grab_focus (leave);
  g_signal_connect_object (adw_navigation_page_get_child (ADW_NAVIGATION_PAGE (stand.page)),
                           "notify::current-breakpoint",
                           G_CALLBACK (hide_soon_cb),
                           leave,
                           G_CONNECT_DEFAULT);
  gtk_window_set_default_size (stand.window, phone.width, phone.height);
  while (gtk_widget_get_visible (leave))
    g_main_context_iteration (NULL, TRUE);
  count_frames (&stand, 200); /* a slow machine */
  g_assert_false (gtk_window_get_focus (stand.window) == leave);
  gtk_widget_set_visible (leave, TRUE);
  while (gtk_window_get_focus (stand.window) != leave)
    g_main_context_iteration (NULL, TRUE);
  confab_shot_frames (stand.window, 4);
  confab_call_stand_close (&stand);
}

/* Without devices the buttons look as when they are off, say why, and lead back to what they do. */
static void
test_no_devices (void)
{
  ConfabCallStand stand;
  GtkWidget *button = NULL;
  g_autoptr (GPtrArray) tiles = NULL;

  confab_call_stand_open (&stand, 2, &phone);
  button = find_button (&stand, "Turn camera off");
  confab_stream_set_has_video (confab_fake_call_get_own_stream (stand.call), FALSE);
  confab_fake_call_set_problem (stand.call,
                                CONFAB_DEVICE_KIND_CAMERA,
                                CONFAB_DEVICE_PROBLEM_MISSING);
  confab_shot_frames (stand.window, 2);
  g_assert_true (find_button (&stand, "No camera found") == button);
  g_assert_true (gtk_widget_has_css_class (button, "off"));
  g_assert_cmpstr (gtk_button_get_icon_name (GTK_BUTTON (button)), ==, "camera-disabled-symbolic");
  tiles = find_all (&stand, CONFAB_TYPE_STREAM_TILE);
  g_assert_true (has_avatar (g_ptr_array_index (tiles, tiles->len - 1)));
  g_signal_emit_by_name (button, "clicked");
  g_assert_cmpstr (gtk_widget_get_tooltip_text (button), ==, "Turn camera on");
  g_signal_emit_by_name (button, "clicked");
  confab_fake_call_set_problem (stand.call, CONFAB_DEVICE_KIND_CAMERA, CONFAB_DEVICE_PROBLEM_NONE);
  g_assert_cmpstr (gtk_widget_get_tooltip_text (button), ==, "Turn camera off");
  g_assert_false (gtk_widget_has_css_class (button, "off"));
  confab_call_stand_close (&stand);
}

static const char *
get_subtitle (ConfabCallStand *stand)
{
  GtkWidget *found = find_one (stand, ADW_TYPE_WINDOW_TITLE);

  return adw_window_title_get_subtitle (ADW_WINDOW_TITLE (found));
}

static void
test_header (void)
{
  ConfabCallStand stand;

  confab_call_stand_open (&stand, 3, &wide);
  g_assert_cmpstr (get_subtitle (&stand), ==, "4 people · 12:04");
  confab_manual_clock_advance (stand.clock, 1000);
  g_assert_cmpstr (get_subtitle (&stand), ==, "4 people · 12:05");
  confab_call_stand_close (&stand);
  confab_call_stand_open (&stand, 3, &phone);
  g_assert_cmpstr (get_subtitle (&stand), ==, "12:04 · 4 people");
  confab_call_stand_close (&stand);
}

static void
test_banner (void)
{
  ConfabCallStand stand;
  GtkWidget *banner;

  confab_call_stand_open (&stand, 1, &wide);
  banner = find_one (&stand, ADW_TYPE_BANNER);
  g_assert_false (adw_banner_get_revealed (ADW_BANNER (banner)));
  confab_fake_participant_set_encrypted (confab_fake_call_get (stand.call, 0), FALSE);
  g_assert_true (adw_banner_get_revealed (ADW_BANNER (banner)));
  g_assert_cmpstr (adw_banner_get_title (ADW_BANNER (banner)), ==, "This call is not encrypted.");
  confab_call_stand_close (&stand);
}

/* Dark while it is seen, and only then. */
static void
test_dark (void)
{
  ConfabCallStand stand;
  AdwNavigationView *view;

  confab_call_stand_open (&stand, 1, &wide);
  g_assert_true (adw_style_manager_get_dark (adw_style_manager_get_default ()));
  view = ADW_NAVIGATION_VIEW (find_one (&stand, ADW_TYPE_NAVIGATION_VIEW));
  adw_navigation_view_pop (view);
  confab_shot_frames (stand.window, 2);
  g_assert_cmpint (adw_style_manager_get_color_scheme (adw_style_manager_get_default ()),
                   ==,
                   ADW_COLOR_SCHEME_DEFAULT);
  adw_navigation_view_push (view, ADW_NAVIGATION_PAGE (stand.page));
  confab_shot_frames (stand.window, 2);
  g_assert_true (adw_style_manager_get_dark (adw_style_manager_get_default ()));
  confab_call_stand_close (&stand);
}

/* Sixteen people in every state, and nothing is drawn while nothing happens. */
static void
test_idle (void)
{
  ConfabCallStand stand;
  ConfabStream *stream;

  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", TRUE, NULL);
  confab_call_stand_open (&stand, 15, &wide);
  g_assert_cmpuint (count_frames (&stand, 300), >, 0); /* spinners turn, at first */
  confab_manual_clock_advance (stand.clock, 11000);
  confab_shot_frames (stand.window, 4);
  count_frames (&stand, 500); /* what the last change asked for */
  g_assert_cmpuint (count_frames (&stand, 3000), ==, 0);

  /* A level that changes nothing to be seen draws nothing. */
  stream = confab_fake_participant_get_stream (confab_fake_call_get (stand.call, 0));
  for (int i = 0; i < 5; i++) {
    confab_stream_set_level (stream, -20 - i);
    g_assert_cmpuint (count_frames (&stand, 50), ==, 0);
  }
  confab_call_stand_close (&stand);
  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", FALSE, NULL);
}

/* Where no movement is wanted nothing turns from the start. */
static void
test_no_movement (void)
{
  ConfabCallStand stand;
  g_autoptr (GPtrArray) found = NULL;

  confab_call_stand_open (&stand, 15, &wide);
  confab_shot_frames (stand.window, 4);
  found = find_all (&stand, ADW_TYPE_SPINNER);
  g_assert_cmpuint (found->len, ==, 0);
  count_frames (&stand, 200);
  g_assert_cmpuint (count_frames (&stand, 500), ==, 0);
  confab_call_stand_close (&stand);
}

/* In full screen the bars lie over the stage and go after a while. */
static void
test_fullscreen (void)
{
  ConfabCallStand stand;
  AdwToolbarView *view;

  confab_call_stand_open (&stand, 2, &wide);
  view = ADW_TOOLBAR_VIEW (find_one (&stand, ADW_TYPE_TOOLBAR_VIEW));
  gtk_window_fullscreen (stand.window);
  while (!gtk_window_is_fullscreen (stand.window))
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (gtk_widget_has_css_class (GTK_WIDGET (view), "overlaid"));
  g_assert_true (adw_toolbar_view_get_extend_content_to_bottom_edge (view));
  g_assert_nonnull (find_button (&stand, "Leave Full Screen"));
  while (adw_toolbar_view_get_reveal_bottom_bars (view))
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (adw_toolbar_view_get_reveal_top_bars (view));

  /* Esc closes it, and then nothing more. */
  gtk_widget_activate_action (stand.page, "call.escape", NULL);
  while (gtk_window_is_fullscreen (stand.window))
    g_main_context_iteration (NULL, TRUE);
  gtk_widget_activate_action (stand.page, "call.escape", NULL);
  g_assert_true (gtk_widget_get_mapped (stand.page));
  g_assert_cmpint (confab_call_view_model_get_state (stand.model), ==, CONFAB_CALL_PAGE_JOINED);
  g_assert_true (adw_toolbar_view_get_reveal_bottom_bars (view));
  g_assert_false (gtk_widget_has_css_class (GTK_WIDGET (view), "overlaid"));
  confab_call_stand_close (&stand);
}

/* A page whose call is left keeps nothing alive, nor does one without a call break. */
static void
test_no_model (void)
{
  ConfabCallStand stand;

  confab_call_stand_open (&stand, 3, &wide);
  confab_call_view_model_leave (stand.model);
  confab_shot_frames (stand.window, 2);
  confab_call_page_set_model (CONFAB_CALL_PAGE (stand.page), NULL);
  confab_shot_frames (stand.window, 2);
  g_assert_cmpuint (count_tiles (&stand), ==, 0);
  confab_call_stand_close (&stand);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  confab_shot_init ();

  g_test_add_func ("/call-page/sizes", test_sizes);
  g_test_add_func ("/call-page/fits", test_fits);
  g_test_add_func ("/call-page/changes", test_changes);
  g_test_add_func ("/call-page/alone", test_alone);
  g_test_add_func ("/call-page/pages", test_pages);
  g_test_add_func ("/call-page/keyboard", test_keyboard);
  g_test_add_func ("/call-page/keyboard-rtl", test_keyboard_rtl);
  g_test_add_func ("/call-page/bar", test_bar);
  g_test_add_func ("/call-page/focus-after-breakpoint", test_focus_after_breakpoint);
  g_test_add_func ("/call-page/no-devices", test_no_devices);
  g_test_add_func ("/call-page/header", test_header);
  g_test_add_func ("/call-page/banner", test_banner);
  g_test_add_func ("/call-page/dark", test_dark);
  g_test_add_func ("/call-page/idle", test_idle);
  g_test_add_func ("/call-page/no-movement", test_no_movement);
  g_test_add_func ("/call-page/leaving", test_leaving);
  g_test_add_func ("/call-page/picture-fades", test_picture_fades);
  g_test_add_func ("/call-page/fullscreen", test_fullscreen);
  g_test_add_func ("/call-page/no-model", test_no_model);
  return g_test_run ();
}
