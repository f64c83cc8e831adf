/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-shot-call.h"

#include "confab-call-view-model.h"

static void
act_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ConfabCallViewModel *model = CONFAB_CALL_VIEW_MODEL (data);
  const char *name = g_action_get_name (G_ACTION (action));

  if (g_str_equal (name, "toggle-microphone"))
    confab_call_view_model_toggle_microphone (model);
  else if (g_str_equal (name, "toggle-camera"))
    confab_call_view_model_toggle_camera (model);
  else if (g_str_equal (name, "leave-call"))
    confab_call_view_model_leave (model);
}

static GSimpleActionGroup *
make_actions (ConfabCallViewModel *model)
{
  static const GActionEntry entries[] = {
    { .name = "toggle-microphone", .activate = act_cb },
    { .name = "toggle-camera", .activate = act_cb },
    { .name = "leave-call", .activate = act_cb },
    { .name = "fullscreen", .activate = act_cb },
  };
  GSimpleActionGroup *actions = g_simple_action_group_new ();

  g_action_map_add_action_entries (G_ACTION_MAP (actions), entries, G_N_ELEMENTS (entries), model);
  return actions;
}

void
confab_call_stand_open (ConfabCallStand *stand, guint n_people, const ConfabShot *shot)
{
  GtkWidget *view = adw_navigation_view_new ();
  AdwNavigationPage *rooms = adw_navigation_page_new (adw_bin_new (), "Rooms");

  confab_shot_prepare (shot);
  stand->clock = confab_manual_clock_new (G_GINT64_CONSTANT (1700000000) * G_USEC_PER_SEC);
  stand->call = confab_fake_call_new (n_people);
  confab_fake_call_set_started_at (stand->call, G_GINT64_CONSTANT (1699999276) * G_USEC_PER_SEC);
  if (n_people > 0)
    confab_stream_set_level (confab_fake_call_get_own_stream (stand->call), -32);
  stand->model = confab_call_view_model_new_with_clock (CONFAB_CALL (stand->call),
                                                        NULL,
                                                        NULL,
                                                        CONFAB_CLOCK (stand->clock));
  stand->actions = make_actions (stand->model);
  stand->page = confab_call_page_new ();
  confab_call_page_set_model (CONFAB_CALL_PAGE (stand->page), stand->model);
  adw_navigation_view_add (ADW_NAVIGATION_VIEW (view), rooms);
  adw_navigation_view_push (ADW_NAVIGATION_VIEW (view), ADW_NAVIGATION_PAGE (stand->page));
  stand->window = g_object_new (ADW_TYPE_WINDOW, "content", view, NULL);
  gtk_widget_insert_action_group (GTK_WIDGET (stand->window),
                                  "win",
                                  G_ACTION_GROUP (stand->actions));
  confab_shot_present (stand->window, shot);
  /* Voices have begun, spinners (never twice the same) have stopped. */
  confab_manual_clock_advance (stand->clock, 300);
}

void
confab_call_stand_close (ConfabCallStand *stand)
{
  g_object_add_weak_pointer (G_OBJECT (stand->page), (gpointer *) &stand->page);
  gtk_window_destroy (stand->window);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_null (stand->page);
  g_assert_finalize_object (stand->actions);
  g_assert_finalize_object (stand->model);
  g_assert_finalize_object (stand->call);
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (stand->clock), ==, 0);
  g_assert_finalize_object (stand->clock);
}

static void
shoot (const char *folder, const char *name, guint n_people, const ConfabShot *shot)
{
  ConfabCallStand stand;

  confab_call_stand_open (&stand, n_people, shot);
  confab_manual_clock_advance (stand.clock, 12000);
  confab_shot_save (stand.window, shot, folder, name);
  confab_call_stand_close (&stand);
}

static void
shoot_states (const char *folder)
{
  const ConfabShot shot = { .width = 1024, .height = 700, .dark = TRUE };
  ConfabCallStand stand;

  confab_call_stand_open (&stand, 4, &shot);
  confab_call_view_model_toggle_microphone (stand.model);
  confab_call_view_model_toggle_camera (stand.model);
  confab_fake_participant_set_encrypted (confab_fake_call_get (stand.call, 1), FALSE);
  gtk_window_set_focus_visible (stand.window, TRUE);
  confab_shot_save (stand.window, &shot, folder, "call-muted-1024x700");
  confab_call_stand_close (&stand);
}

/**
 * confab_shot_call_pages:
 * @folder: where the pictures go
 *
 * The call page with 1 to 16 people in every size, right to left, and with large text.
 */
void
confab_shot_call_pages (const char *folder)
{
  static const int sizes[][2] = {
    { 360, 640 }, { 1024, 700 }, { 1920, 1080 }, { 360, 294 }, { 640, 360 }
  };
  static const guint people[] = { 1, 2, 3, 5, 9, 16 };

  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++) {
    for (guint p = 0; p < G_N_ELEMENTS (people); p++) {
      ConfabShot shot = { .width = sizes[s][0], .height = sizes[s][1], .dark = TRUE };
      g_autofree char *name = g_strdup_printf ("call-%u-%dx%d", people[p], shot.width, shot.height);

      shoot (folder, name, people[p] - 1, &shot);
    }
  }
  for (guint s = 0; s < 2; s++) {
    ConfabShot shot = { .width = sizes[s][0], .height = sizes[s][1] };
    g_autofree char *rtl = g_strdup_printf ("call-5-rtl-%dx%d", shot.width, shot.height);
    g_autofree char *large = g_strdup_printf ("call-5-large-text-%dx%d", shot.width, shot.height);
    g_autofree char *light = g_strdup_printf ("call-5-light-%dx%d", shot.width, shot.height);

    shoot (folder, light, 4, &shot);
    shot.rtl = TRUE;
    shoot (folder, rtl, 4, &shot);
    shot.rtl = FALSE;
    shot.text_scale = 2;
    shoot (folder, large, 4, &shot);
  }
  shoot_states (folder);
}
