/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-grid.h"
#include "confab-shortcuts-dialog.h"
#include "confab-shot-call.h"
#include "confab-stream-tile.h"

/* Real keys: xdotool presses them, on a display of the test's own. */

#define PATIENCE_S 20

static const ConfabShot wide = { .width = 1024, .height = 700, .any_size = TRUE };

typedef struct {
  AdwApplication *application;
  ConfabCallStand call;
  guint n_shortcuts; /* app.shortcuts */
} Stand;

static void
shortcuts_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ((Stand *) data)->n_shortcuts++;
}

static void
stand_open (Stand *stand, guint n_people)
{
  static const GActionEntry entries[] = { { .name = "shortcuts", .activate = shortcuts_cb } };

  stand->application = adw_application_new ("app.confab.Confab.Keys", G_APPLICATION_NON_UNIQUE);
  g_assert_true (g_application_register (G_APPLICATION (stand->application), NULL, NULL));
  g_action_map_add_action_entries (G_ACTION_MAP (stand->application),
                                   entries,
                                   G_N_ELEMENTS (entries),
                                   stand);
  confab_shortcuts_install (GTK_APPLICATION (stand->application));
  confab_call_stand_open (&stand->call, n_people, &wide);
  gtk_window_set_application (stand->call.window, GTK_APPLICATION (stand->application));
  while (!gtk_window_is_active (stand->call.window))
    g_main_context_iteration (NULL, TRUE);
}

static void
stand_close (Stand *stand)
{
  gtk_window_set_application (stand->call.window, NULL);
  /* GDK keeps a window of X11 until its last events have come. */
  gtk_widget_insert_action_group (GTK_WIDGET (stand->call.window), "win", NULL);
  confab_call_stand_close (&stand->call);
  g_clear_object (&stand->application);
}

static void
released_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_subprocess_wait_check_finish (G_SUBPROCESS (object), result, &error);
  g_assert_no_error (error);
  *(gboolean *) data = TRUE;
}

/* Presses @keys one after the other and comes back when xdotool is done; the keys may still be on their way. */
static void
press (const char *keys)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) xdotool = g_subprocess_new (
    G_SUBPROCESS_FLAGS_NONE, &error, "xdotool", "key", keys, NULL);
  gboolean done = FALSE;

  g_assert_no_error (error);
  g_subprocess_wait_check_async (xdotool, NULL, released_cb, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
}

static gboolean
impatient_cb (gpointer data)
{
  g_error ("It did not happen within %d s: %s", PATIENCE_S, (const char *) data);
  return G_SOURCE_REMOVE;
}

#define WAIT_FOR(condition)                                                                        \
  G_STMT_START                                                                                     \
  {                                                                                                \
    guint patience = g_timeout_add_seconds (PATIENCE_S, impatient_cb, (gpointer) #condition);      \
    while (!(condition))                                                                           \
      g_main_context_iteration (NULL, TRUE);                                                       \
    g_source_remove (patience);                                                                    \
  }                                                                                                \
  G_STMT_END

/* What has the focus, by what a person would call it. */
static const char *
get_focus (Stand *stand)
{
  GtkWidget *focus = gtk_window_get_focus (stand->call.window);

  if (CONFAB_IS_STREAM_TILE (focus))
    return confab_stream_tile_model_get_name (
      confab_stream_tile_get_model (CONFAB_STREAM_TILE (focus)));
  if (GTK_IS_BUTTON (focus)) {
    const char *tooltip = gtk_widget_get_tooltip_text (focus);
    const char *label = gtk_button_get_label (GTK_BUTTON (focus));

    return tooltip != NULL ? tooltip : label != NULL ? label : "a button";
  }
  return focus != NULL ? G_OBJECT_TYPE_NAME (focus) : "nothing";
}

static void
walk (Stand *stand, const char *key, const char *to)
{
  const char *before = get_focus (stand);

  press (key);
  WAIT_FOR (!g_str_equal (get_focus (stand), before));
  g_assert_cmpstr (get_focus (stand), ==, to);
}

static void
test_shortcuts (void)
{
  Stand stand = { 0 };

  stand_open (&stand, 2);
  press ("ctrl+d");
  WAIT_FOR (confab_call_view_model_get_microphone_muted (stand.call.model));
  press ("ctrl+d");
  WAIT_FOR (!confab_call_view_model_get_microphone_muted (stand.call.model));
  press ("ctrl+e");
  WAIT_FOR (confab_call_view_model_get_camera_muted (stand.call.model));
  press ("ctrl+question");
  WAIT_FOR (stand.n_shortcuts == 1);
  press ("F11");
  WAIT_FOR (stand.call.n_fullscreen == 1);

  /* Esc never leaves the page; a key after it shows that it has come through. */
  press ("Escape");
  press ("ctrl+e");
  WAIT_FOR (!confab_call_view_model_get_camera_muted (stand.call.model));
  g_assert_true (gtk_widget_get_mapped (stand.call.page));
  g_assert_cmpint (confab_call_view_model_get_state (stand.call.model),
                   ==,
                   CONFAB_CALL_PAGE_JOINED);
  press ("ctrl+shift+l");
  WAIT_FOR (confab_call_view_model_get_state (stand.call.model) == CONFAB_CALL_PAGE_ENDED);
  stand_close (&stand);
}

/* Arrows walk the tiles, Home and End go to the ends; at the edge the focus stays. */
static void
test_stage (void)
{
  Stand stand = { 0 };

  stand_open (&stand, 4);
  g_assert_cmpstr (get_focus (&stand), ==, "Ana García");
  walk (&stand, "Right", "李静怡");
  walk (&stand, "Down", "Ngozi Okafor");
  walk (&stand, "End", "You");
  press ("Right");
  press ("Down");
  walk (&stand, "Home", "Ana García");
  press ("Left");
  walk (&stand, "Down", "Ngozi Okafor");
  stand_close (&stand);
}

/* Header, banner, stage, bar, and round again. */
static void
test_tab (void)
{
  Stand stand = { 0 };

  stand_open (&stand, 4);
  walk (&stand, "Tab", "Mute microphone");
  walk (&stand, "Tab", "Turn camera off");
  walk (&stand, "Tab", "Leave the call");
  walk (&stand, "Tab", "a button"); /* Back */
  walk (&stand, "Tab", "Full Screen");
  while (!g_str_equal (get_focus (&stand), "Ana García")) {
    const char *before = get_focus (&stand);

    /* The window's own buttons, as many as the desktop has. */
    press ("Tab");
    WAIT_FOR (!g_str_equal (get_focus (&stand), before));
    g_assert_cmpstr (get_focus (&stand), !=, "Mute microphone");
  }
  press ("shift+Tab");
  WAIT_FOR (!g_str_equal (get_focus (&stand), "Ana García"));
  g_assert_cmpstr (get_focus (&stand), !=, "Leave the call");
  walk (&stand, "Tab", "Ana García");
  walk (&stand, "Tab", "Mute microphone");
  walk (&stand, "shift+Tab", "Ana García");
  stand_close (&stand);
}

/* Space and Enter press what has the focus, and nothing else. */
static void
test_press (void)
{
  Stand stand = { 0 };

  stand_open (&stand, 4);
  walk (&stand, "Tab", "Mute microphone");
  press ("space");
  WAIT_FOR (confab_call_view_model_get_microphone_muted (stand.call.model));
  walk (&stand, "Tab", "Turn camera off");
  press ("Return");
  WAIT_FOR (confab_call_view_model_get_camera_muted (stand.call.model));
  stand_close (&stand);
}

static void
test_pages (void)
{
  Stand stand = { 0 };
  GtkWidget *grid = NULL;

  stand_open (&stand, 50);
  grid = gtk_widget_get_ancestor (gtk_window_get_focus (stand.call.window), CONFAB_TYPE_GRID);
  g_assert_cmpuint (confab_grid_get_n_pages (CONFAB_GRID (grid)), ==, 3);
  press ("Page_Down");
  WAIT_FOR (confab_grid_get_page (CONFAB_GRID (grid)) == 1);
  g_assert_true (gtk_widget_is_ancestor (gtk_window_get_focus (stand.call.window), grid));
  press ("Page_Up");
  WAIT_FOR (confab_grid_get_page (CONFAB_GRID (grid)) == 0);
  stand_close (&stand);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  confab_shot_init ();

  g_test_add_func ("/call-keys/shortcuts", test_shortcuts);
  g_test_add_func ("/call-keys/stage", test_stage);
  g_test_add_func ("/call-keys/tab", test_tab);
  g_test_add_func ("/call-keys/press", test_press);
  g_test_add_func ("/call-keys/pages", test_pages);
  return g_test_run ();
}
