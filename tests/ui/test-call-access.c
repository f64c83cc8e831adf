/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-call-bar.h"
#include "confab-grid.h"
#include "confab-shot-call.h"
#include "confab-stream-tile.h"

/* What a screen reader is told. Runs with GTK_A11Y=test. */

static const ConfabShot wide = { .width = 1024, .height = 700 };

static GString *said;

/* In place of GTK's own, which calls a function that the context of GTK_A11Y=test does not have. */
void
gtk_accessible_announce (GtkAccessible *accessible,
                         const char *message,
                         GtkAccessibleAnnouncementPriority priority)
{
  g_assert_true (GTK_IS_WINDOW (accessible));
  g_assert_cmpint (priority, ==, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
  g_string_append_printf (said, "%s;", message);
}

static GtkWidget *
find (ConfabCallStand *stand, GType type, guint position)
{
  g_autoptr (GPtrArray) found = confab_shot_find_all (GTK_WIDGET (stand->window), type);

  g_assert_cmpuint (position, <, found->len);
  return g_ptr_array_index (found, position);
}

static void
assert_text (GtkWidget *widget, GtkAccessibleProperty property, const char *text)
{
  g_autofree char *wrong = gtk_test_accessible_check_property (GTK_ACCESSIBLE (widget),
                                                               property,
                                                               text);

  g_assert_cmpstr (wrong, ==, NULL);
}

static void
assert_tile (ConfabCallStand *stand, guint position, const char *name, const char *description)
{
  GtkWidget *tile = find (stand, CONFAB_TYPE_STREAM_TILE, position);

  gtk_test_accessible_assert_role (tile, GTK_ACCESSIBLE_ROLE_LIST_ITEM);
  assert_text (tile, GTK_ACCESSIBLE_PROPERTY_LABEL, name);
  assert_text (tile, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description);
}

static void
test_stage (void)
{
  ConfabCallStand stand;
  GtkWidget *grid = NULL;

  confab_call_stand_open (&stand, 4, &wide);
  grid = find (&stand, CONFAB_TYPE_GRID, 0);
  gtk_test_accessible_assert_role (grid, GTK_ACCESSIBLE_ROLE_LIST);
  assert_text (grid, GTK_ACCESSIBLE_PROPERTY_LABEL, "People in the call");
  assert_tile (&stand, 0, "Ana García", "");
  assert_tile (&stand, 2, "أمينة بن يوسف", "Microphone off.");
  assert_tile (&stand, 4, "You", "");

  /* The state is one sentence after the other, and follows. */
  confab_fake_participant_set_state (confab_fake_call_get (stand.call, 2),
                                     CONFAB_PARTICIPANT_STATE_RECONNECTING);
  assert_tile (&stand, 2, "أمينة بن يوسف", "Microphone off. Reconnecting.");
  confab_fake_participant_set_encrypted (confab_fake_call_get (stand.call, 1), FALSE);
  assert_tile (&stand, 1, "李静怡", "Not encrypted.");
  confab_call_view_model_toggle_camera (stand.model);
  assert_tile (&stand, 4, "You", "Camera off.");
  confab_call_stand_close (&stand);
}

/* A tile says its name itself: what is written or drawn on it would be read twice. */
static void
test_tiles_are_silent_inside (void)
{
  ConfabCallStand stand;
  g_autoptr (GPtrArray) tiles = NULL;
  guint n_checked = 0;

  confab_call_stand_open (&stand, 15, &wide);
  tiles = confab_shot_find_all (GTK_WIDGET (stand.window), CONFAB_TYPE_STREAM_TILE);
  g_assert_cmpuint (tiles->len, ==, 16);
  for (guint i = 0; i < tiles->len; i++) {
    static const char *const speaking[] = { "GtkLabel", "GtkImage", "AdwAvatar", "AdwSpinner" };

    for (guint k = 0; k < G_N_ELEMENTS (speaking); k++) {
      GType type = g_type_from_name (speaking[k]);
      g_autoptr (GPtrArray) parts = NULL;

      if (type == 0)
        continue;
      parts = confab_shot_find_all (g_ptr_array_index (tiles, i), type);
      for (guint n = 0; n < parts->len; n++) {
        GtkWidget *part = g_ptr_array_index (parts, n);

        /* What an avatar is made of is hidden with it. */
        if (k < 2 && gtk_widget_get_ancestor (part, ADW_TYPE_AVATAR) != NULL)
          continue;
        g_assert_cmpint (gtk_accessible_get_accessible_role (GTK_ACCESSIBLE (part)),
                         ==,
                         GTK_ACCESSIBLE_ROLE_PRESENTATION);
        n_checked++;
      }
    }
  }
  g_assert_cmpuint (n_checked, >, 20);
  confab_call_stand_close (&stand);
}

/* Whatever can be pressed has a name: words on it, a tooltip, or a label for screen readers. */
static void
test_buttons_have_names (void)
{
  static const guint people[] = { 0, 4, 40 };

  for (guint i = 0; i < G_N_ELEMENTS (people); i++) {
    ConfabCallStand stand;
    g_autoptr (GPtrArray) buttons = NULL;

    confab_call_stand_open (&stand, people[i], &wide);
    buttons = confab_shot_find_all (GTK_WIDGET (stand.window), GTK_TYPE_BUTTON);
    g_assert_cmpuint (buttons->len, >=, 5);
    for (guint k = 0; k < buttons->len; k++) {
      GtkWidget *button = g_ptr_array_index (buttons, k);
      const char *label = gtk_button_get_label (GTK_BUTTON (button));
      const char *tooltip = gtk_widget_get_tooltip_text (button);

      g_assert_true (
        (label != NULL && *label != '\0') || (tooltip != NULL && *tooltip != '\0') ||
        gtk_test_accessible_has_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL));
    }
    confab_call_stand_close (&stand);
  }
}

static void
test_bar (void)
{
  ConfabCallStand stand;
  GtkWidget *bar = NULL;
  g_autoptr (GPtrArray) buttons = NULL;
  GtkWidget *microphone = NULL;

  confab_call_stand_open (&stand, 2, &wide);
  bar = find (&stand, CONFAB_TYPE_CALL_BAR, 0);
  gtk_test_accessible_assert_role (bar, GTK_ACCESSIBLE_ROLE_TOOLBAR);
  assert_text (bar, GTK_ACCESSIBLE_PROPERTY_LABEL, "Call controls");
  buttons = confab_shot_find_all (bar, GTK_TYPE_BUTTON);
  microphone = g_ptr_array_index (buttons, 0);
  g_assert_cmpstr (gtk_widget_get_tooltip_text (microphone), ==, "Mute microphone");
  g_assert_false (gtk_test_accessible_has_property (GTK_ACCESSIBLE (microphone),
                                                    GTK_ACCESSIBLE_PROPERTY_DESCRIPTION));
  confab_fake_call_set_problem (stand.call,
                                CONFAB_DEVICE_KIND_MICROPHONE,
                                CONFAB_DEVICE_PROBLEM_MISSING);
  assert_text (microphone, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "No microphone found");
  confab_fake_call_set_problem (stand.call,
                                CONFAB_DEVICE_KIND_MICROPHONE,
                                CONFAB_DEVICE_PROBLEM_NONE);
  g_assert_false (gtk_test_accessible_has_property (GTK_ACCESSIBLE (microphone),
                                                    GTK_ACCESSIBLE_PROPERTY_DESCRIPTION));
  confab_call_stand_close (&stand);
}

/* Also while the list of rooms lies over the call: the window says it. */
static void
test_announcements (void)
{
  ConfabCallStand stand;

  confab_call_stand_open (&stand, 2, &wide);
  g_string_truncate (said, 0);
  confab_call_view_model_toggle_microphone (stand.model);
  g_assert_cmpstr (said->str, ==, "You are muted;");
  adw_navigation_view_pop (ADW_NAVIGATION_VIEW (find (&stand, ADW_TYPE_NAVIGATION_VIEW, 0)));
  confab_shot_frames (stand.window, 2);
  g_assert_false (gtk_widget_get_mapped (stand.page));
  confab_fake_call_add (stand.call, "@Ana:x");
  confab_manual_clock_advance (stand.clock, 2000);
  g_assert_cmpstr (said->str, ==, "You are muted;\342\201\250Ana\342\201\251 joined;");
  confab_call_stand_close (&stand);
}

int
main (int argc, char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpstr (g_getenv ("GTK_A11Y"), ==, "test");
  confab_shot_init ();
  said = g_string_new (NULL);

  g_test_add_func ("/call-access/stage", test_stage);
  g_test_add_func ("/call-access/tiles-are-silent-inside", test_tiles_are_silent_inside);
  g_test_add_func ("/call-access/buttons-have-names", test_buttons_have_names);
  g_test_add_func ("/call-access/bar", test_bar);
  g_test_add_func ("/call-access/announcements", test_announcements);
  status = g_test_run ();
  g_string_free (said, TRUE);
  return status;
}
