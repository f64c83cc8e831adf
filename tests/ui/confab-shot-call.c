/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-shot-call.h"

#include "confab-call-view-model.h"
#include "confab-stream-tile.h"

/* What ConfabWindow does for the page. */
static void
act_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ConfabCallStand *stand = data;
  const char *name = g_action_get_name (G_ACTION (action));

  if (g_str_equal (name, "toggle-microphone"))
    confab_call_view_model_toggle_microphone (stand->model);
  else if (g_str_equal (name, "toggle-camera"))
    confab_call_view_model_toggle_camera (stand->model);
  else if (g_str_equal (name, "leave-call"))
    confab_call_view_model_leave (stand->model);
  else {
    stand->n_fullscreen++;
    if (gtk_window_is_fullscreen (stand->window))
      gtk_window_unfullscreen (stand->window);
    else
      gtk_window_fullscreen (stand->window);
  }
}

static GSimpleActionGroup *
make_actions (ConfabCallStand *stand)
{
  static const GActionEntry entries[] = {
    { .name = "toggle-microphone", .activate = act_cb },
    { .name = "toggle-camera", .activate = act_cb },
    { .name = "leave-call", .activate = act_cb },
    { .name = "fullscreen", .activate = act_cb },
  };
  GSimpleActionGroup *actions = g_simple_action_group_new ();

  g_action_map_add_action_entries (G_ACTION_MAP (actions), entries, G_N_ELEMENTS (entries), stand);
  return actions;
}

void
confab_call_stand_open (ConfabCallStand *stand, guint n_people, const ConfabShot *shot)
{
  GtkWidget *view = adw_navigation_view_new ();
  AdwNavigationPage *rooms = adw_navigation_page_new (adw_bin_new (), "Rooms");

  confab_shot_prepare (shot);
  stand->n_fullscreen = 0;
  stand->clock = confab_manual_clock_new (G_GINT64_CONSTANT (1700000000) * G_USEC_PER_SEC);
  stand->call = confab_fake_call_new (n_people);
  confab_fake_call_set_started_at (stand->call, G_GINT64_CONSTANT (1699999276) * G_USEC_PER_SEC);
  if (n_people > 0)
    confab_stream_set_level (confab_fake_call_get_own_stream (stand->call), -32);
  stand->model = confab_call_view_model_new_with_clock (CONFAB_CALL (stand->call),
                                                        NULL,
                                                        NULL,
                                                        CONFAB_CLOCK (stand->clock));
  stand->actions = make_actions (stand);
  stand->page = confab_call_page_new ();
  confab_call_page_set_model (CONFAB_CALL_PAGE (stand->page), stand->model);
  adw_navigation_view_add (ADW_NAVIGATION_VIEW (view), rooms);
  /* As in the window's template: it stays when it is popped. */
  adw_navigation_view_add (ADW_NAVIGATION_VIEW (view), ADW_NAVIGATION_PAGE (stand->page));
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

/* A second of everything: who reconnects has still the last picture. It is 12:04 then. */
static void
stand_open_later (ConfabCallStand *stand, guint n_people, const ConfabShot *shot)
{
  confab_call_stand_open (stand, n_people, shot);
  confab_fake_call_set_started_at (stand->call, G_GINT64_CONSTANT (1699999277) * G_USEC_PER_SEC);
  confab_manual_clock_advance (stand->clock, 1000);
}

/* Where pictures go, and which are wanted. */
typedef struct {
  const char *folder;
  const char *const *names; /* NULL: all */
} Album;

/* A picture of @n_people and oneself, after @make (or NULL) has done something to them. */
static void
shoot (const Album *album,
       const char *kind,
       guint n_people,
       void (*make) (ConfabCallStand *stand),
       const ConfabShot *shot)
{
  g_autofree char *name = g_strdup_printf ("call-%s-%dx%d", kind, shot->width, shot->height);
  ConfabCallStand stand;

  if (!confab_shot_is_wanted (name, album->names))
    return;
  stand_open_later (&stand, n_people, shot);
  if (make != NULL)
    make (&stand);
  confab_shot_save (stand.window, shot, album->folder, name);
  confab_call_stand_close (&stand);
}

static void
make_muted (ConfabCallStand *stand)
{
  confab_call_view_model_toggle_microphone (stand->model);
  confab_call_view_model_toggle_camera (stand->model);
}

static void
make_focused (ConfabCallStand *stand)
{
  gtk_window_set_focus_visible (stand->window, TRUE);
}

static void
make_joining (ConfabCallStand *stand)
{
  confab_fake_call_set_state (stand->call, CONFAB_CALL_STATE_JOINING);
  for (guint i = 0; i < 3; i++)
    confab_fake_participant_set_state (confab_fake_call_get (stand->call, i),
                                       CONFAB_PARTICIPANT_STATE_ADVERTISED);
}

static void
make_joining_alone (ConfabCallStand *stand)
{
  confab_fake_call_set_state (stand->call, CONFAB_CALL_STATE_JOINING);
}

static void
make_reconnecting (ConfabCallStand *stand)
{
  for (guint i = 0; i < 4; i++)
    confab_fake_participant_set_state (confab_fake_call_get (stand->call, i),
                                       CONFAB_PARTICIPANT_STATE_RECONNECTING);
  confab_manual_clock_advance (stand->clock, 1000);
}

static void
make_problems (ConfabCallStand *stand)
{
  confab_fake_call_set_problem (stand->call,
                                CONFAB_DEVICE_KIND_MICROPHONE,
                                CONFAB_DEVICE_PROBLEM_MISSING);
  confab_fake_call_set_problem (stand->call, CONFAB_DEVICE_KIND_CAMERA, CONFAB_DEVICE_PROBLEM_BUSY);
}

static void
make_sharing (ConfabCallStand *stand)
{
  confab_fake_participant_share (confab_fake_call_get (stand->call, 0));
}

static void
make_fullscreen (ConfabCallStand *stand)
{
  gtk_window_fullscreen (stand->window);
  while (!gtk_window_is_fullscreen (stand->window) ||
         gtk_widget_get_width (GTK_WIDGET (stand->window)) != 1920)
    g_main_context_iteration (NULL, TRUE);
}

static const struct {
  const char *name;
  guint n_people;
  void (*make) (ConfabCallStand *stand);
} states[] = {
  { "muted", 4, make_muted },
  { "focus", 4, make_focused },
  { "joining", 3, make_joining },
  { "joining-alone", 0, make_joining_alone },
  { "reconnecting", 4, make_reconnecting },
  { "problems", 4, make_problems },
  { "sharing", 3, make_sharing },
};

static void
shoot_states (const Album *album)
{
  static const int sizes[][2] = { { 360, 640 }, { 1024, 700 } };
  const ConfabShot full = { .width = 1920, .height = 1080, .dark = TRUE };

  for (guint i = 0; i < G_N_ELEMENTS (states); i++) {
    for (guint s = 0; s < G_N_ELEMENTS (sizes); s++) {
      const ConfabShot shot = { .width = sizes[s][0], .height = sizes[s][1], .dark = TRUE };

      shoot (album, states[i].name, states[i].n_people, states[i].make, &shot);
    }
  }
  shoot (album, "fullscreen", 8, make_fullscreen, &full);
}

/* ---- the tiles in every size and state ---- */

typedef struct {
  ConfabManualClock *clock;
  ConfabFakeCall *call;
  GtkWidget *stage;
} TileStand;

typedef struct {
  guint person; /* CONFAB_FAKE_PICTURE_OWN: one's own tile */
  gboolean muted;
  gboolean camera_off;
  gboolean clear;
  gboolean waiting_for_key;
  gboolean weak;
  ConfabParticipantState state;
  int level;
} TileState;

#define CONNECTED .state = CONFAB_PARTICIPANT_STATE_CONNECTED

static const TileState tile_states[] = {
  { 0, CONNECTED, .level = -20 },
  { 3, CONNECTED, .muted = TRUE },
  { 2, CONNECTED, .muted = TRUE },
  { 6, CONNECTED, .muted = TRUE, .camera_off = TRUE },
  { 12, .state = CONFAB_PARTICIPANT_STATE_CONNECTING },
  { 7, .state = CONFAB_PARTICIPANT_STATE_RECONNECTING },
  { 11, CONNECTED, .weak = TRUE },
  { 10, .state = CONFAB_PARTICIPANT_STATE_UNREACHABLE },
  { 5, .state = CONFAB_PARTICIPANT_STATE_WAITING, .waiting_for_key = TRUE },
  { 9, CONNECTED, .clear = TRUE },
  { CONFAB_FAKE_PICTURE_OWN, CONNECTED, .muted = TRUE },
};

#undef CONNECTED

static ConfabStreamTileModel *
make_tile (TileStand *stand, const TileState *state)
{
  gboolean own = state->person == CONFAB_FAKE_PICTURE_OWN;
  ConfabFakeParticipant *person = own ? NULL : confab_fake_call_get (stand->call, state->person);
  ConfabStream *stream = own ? confab_fake_call_get_own_stream (stand->call)
                             : confab_fake_participant_get_stream (person);
  ConfabStreamTileModel *tile = NULL;

  confab_stream_set_audio_muted (stream, state->muted);
  confab_stream_set_video_muted (stream, state->camera_off);
  if (state->level < 0)
    confab_stream_set_level (stream, state->level);
  if (!own) {
    gboolean was_connected = state->state == CONFAB_PARTICIPANT_STATE_RECONNECTING ||
                             state->state == CONFAB_PARTICIPANT_STATE_UNREACHABLE;

    confab_fake_participant_set_encrypted (person, !state->clear);
    confab_fake_participant_set_waiting_for_key (person, state->waiting_for_key);
    confab_fake_participant_set_weak (person, state->weak);
    confab_fake_participant_set_state (person,
                                       was_connected ? CONFAB_PARTICIPANT_STATE_CONNECTED
                                                     : state->state);
  }
  tile = confab_stream_tile_model_new (CONFAB_CLOCK (stand->clock),
                                       own ? NULL : CONFAB_PARTICIPANT (person),
                                       NULL);
  confab_stream_tile_model_set_stream (tile, stream);
  confab_stream_tile_model_set_rings (tile, TRUE);
  return tile;
}

static void
put_tile (TileStand *stand, const TileState *state, int x, int y, int width, int height)
{
  g_autoptr (ConfabStreamTileModel) model = make_tile (stand, state);
  GtkWidget *tile = confab_stream_tile_new (model);

  gtk_widget_set_size_request (tile, width, height);
  confab_stream_tile_set_plan (CONFAB_STREAM_TILE (tile), width, height, FALSE);
  gtk_fixed_put (GTK_FIXED (stand->stage), tile, x, y);
}

static void
set_states (TileStand *stand, ConfabParticipantState state)
{
  for (guint i = 0; i < G_N_ELEMENTS (tile_states); i++) {
    if (tile_states[i].state == state)
      confab_fake_participant_set_state (confab_fake_call_get (stand->call, tile_states[i].person),
                                         state);
  }
}

static void
shoot_tiles (const Album *album)
{
  const ConfabShot shot = { .width = 1216, .height = 924, .dark = TRUE };
  TileStand stand;
  GtkWindow *window = NULL;

  if (!confab_shot_is_wanted ("call-tiles", album->names))
    return;
  confab_shot_prepare (&shot);
  stand = (TileStand) { confab_manual_clock_new (0), confab_fake_call_new (15), gtk_fixed_new () };
  window = g_object_new (ADW_TYPE_WINDOW, "content", stand.stage, NULL);
  gtk_widget_add_css_class (stand.stage, "stage");
  for (int i = 0; i < 2; i++)
    put_tile (&stand, &tile_states[i], 10 + i * 602, 10, 592, 333);
  for (int i = 0; i < 8; i++)
    put_tile (&stand, &tile_states[i + 2], 10 + i % 4 * 302, 357 + i / 4 * 174, 292, 164);
  for (int i = 0; i < (int) G_N_ELEMENTS (tile_states); i++)
    put_tile (&stand, &tile_states[i], 10 + i % 6 * 178, 709 + i / 6 * 105, 168, 95);
  confab_shot_present (window, &shot);
  /* Who has gone went twelve seconds ago, who reconnects began just now. */
  set_states (&stand, CONFAB_PARTICIPANT_STATE_UNREACHABLE);
  confab_manual_clock_advance (stand.clock, 12000);
  set_states (&stand, CONFAB_PARTICIPANT_STATE_RECONNECTING);
  confab_manual_clock_advance (stand.clock, 1000);
  confab_shot_save (window, &shot, album->folder, "call-tiles");
  gtk_window_destroy (window);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (stand.call);
  g_assert_finalize_object (stand.clock);
}

/**
 * confab_shot_call_pages:
 * @folder: where the pictures go
 * @names: (nullable): only those whose name begins with one of these
 *
 * The call page with 1 to 16 people in every size, right to left, and with large text; and in its other states.
 */
void
confab_shot_call_pages (const char *folder, const char *const *names)
{
  static const int sizes[][2] = {
    { 360, 640 }, { 1024, 700 }, { 1920, 1080 }, { 360, 294 }, { 640, 360 }
  };
  static const guint people[] = { 1, 2, 3, 5, 9, 16 };
  const Album album = { folder, names };

  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++) {
    for (guint p = 0; p < G_N_ELEMENTS (people); p++) {
      ConfabShot shot = { .width = sizes[s][0], .height = sizes[s][1], .dark = TRUE };
      g_autofree char *kind = g_strdup_printf ("%u", people[p]);

      shoot (&album, kind, people[p] - 1, NULL, &shot);
    }
  }
  for (guint s = 0; s < 2; s++) {
    ConfabShot shot = { .width = sizes[s][0], .height = sizes[s][1] };

    shoot (&album, "5-light", 4, NULL, &shot);
    shot.rtl = TRUE;
    shoot (&album, "5-rtl", 4, NULL, &shot);
    shoot (&album, "2-rtl", 1, NULL, &shot);
    shot.rtl = FALSE;
    shot.text_scale = 2;
    shoot (&album, "5-large-text", 4, NULL, &shot);
  }
  shoot_states (&album);
  shoot_tiles (&album);
}

/**
 * confab_shot_call_in_high_contrast:
 * @folder: where the pictures go
 * @names: (nullable): only those whose name begins with one of these
 *
 * For a process in which libadwaita was told so before it started (`ADW_DEBUG_HIGH_CONTRAST`).
 */
void
confab_shot_call_in_high_contrast (const char *folder, const char *const *names)
{
  const ConfabShot shot = { .width = 1024, .height = 700, .dark = TRUE };
  const Album album = { folder, names };

  g_assert_true (adw_style_manager_get_high_contrast (adw_style_manager_get_default ()));
  shoot (&album, "5-high-contrast", 4, NULL, &shot);
  shoot (&album, "focus-high-contrast", 4, make_focused, &shot);
  shoot (&album, "muted-high-contrast", 4, make_muted, &shot);
}
