/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-picture.h"
#include "confab-shot-call.h"
#include "confab-stream-tile.h"

/* What is seen on a tile of the call page. */

static const ConfabShot wide = { .width = 1024, .height = 700 };

static GPtrArray *
find_all (ConfabCallStand *stand, GType type)
{
  return confab_shot_find_all (GTK_WIDGET (stand->window), type);
}

/* A mapped icon of that name on the tile. */
static gboolean
has_icon (GtkWidget *tile, const char *name)
{
  g_autoptr (GPtrArray) found = confab_shot_find_all (tile, GTK_TYPE_IMAGE);

  for (guint i = 0; i < found->len; i++) {
    if (g_strcmp0 (gtk_image_get_icon_name (g_ptr_array_index (found, i)), name) == 0)
      return TRUE;
  }
  return FALSE;
}

/* Those words, mapped, on the tile. */
static gboolean
has_words (GtkWidget *tile, const char *words)
{
  g_autoptr (GPtrArray) found = confab_shot_find_all (tile, GTK_TYPE_LABEL);

  for (guint i = 0; i < found->len; i++) {
    if (g_strcmp0 (gtk_label_get_label (g_ptr_array_index (found, i)), words) == 0)
      return TRUE;
  }
  return FALSE;
}

static GtkWidget *
get_tile (ConfabCallStand *stand, guint position)
{
  g_autoptr (GPtrArray) found = find_all (stand, CONFAB_TYPE_STREAM_TILE);

  return g_ptr_array_index (found, position);
}

/* Names, marks and rings; what is normal has no mark. */
static void
test_marks (void)
{
  ConfabCallStand stand;

  confab_call_stand_open (&stand, 4, &wide);
  g_assert_true (has_words (get_tile (&stand, 0), "Ana García"));
  g_assert_true (has_words (get_tile (&stand, 1), "李静怡"));
  g_assert_true (has_words (get_tile (&stand, 4), "You"));
  g_assert_false (has_icon (get_tile (&stand, 0), "microphone-disabled-symbolic"));
  g_assert_true (has_icon (get_tile (&stand, 2), "microphone-disabled-symbolic"));
  confab_call_view_model_toggle_microphone (stand.model);
  g_assert_true (has_icon (get_tile (&stand, 4), "microphone-disabled-symbolic"));
  g_assert_true (gtk_widget_has_css_class (get_tile (&stand, 0), "speaking"));
  g_assert_false (gtk_widget_has_css_class (get_tile (&stand, 1), "speaking"));
  confab_stream_set_audio_muted (confab_fake_participant_get_stream (
                                   confab_fake_call_get (stand.call, 0)),
                                 TRUE);
  g_assert_false (gtk_widget_has_css_class (get_tile (&stand, 0), "speaking"));
  confab_call_stand_close (&stand);
}

/* How much a mark says goes by the size of its tile. */
static void
test_sizes_of_marks (void)
{
  static const struct {
    ConfabShot shot;
    guint n_people;
    gboolean words;    /* of the connection */
    gboolean insecure; /* in words */
  } rows[] = {
    { { .width = 1920, .height = 1080 }, 2, TRUE, TRUE },
    { { .width = 1024, .height = 700 }, 8, TRUE, FALSE },
    { { .width = 360, .height = 640 }, 8, FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    ConfabCallStand stand;

    confab_call_stand_open (&stand, rows[i].n_people, &rows[i].shot);
    confab_fake_participant_set_weak (confab_fake_call_get (stand.call, 0), TRUE);
    confab_fake_participant_set_encrypted (confab_fake_call_get (stand.call, 1), FALSE);
    confab_shot_frames (stand.window, 2);
    g_assert_true (has_icon (get_tile (&stand, 0), "network-cellular-signal-weak-symbolic"));
    g_assert_cmpint (has_words (get_tile (&stand, 0), "Weak connection"), ==, rows[i].words);
    g_assert_true (has_icon (get_tile (&stand, 1), "channel-insecure-symbolic"));
    g_assert_cmpint (has_words (get_tile (&stand, 1), "Not encrypted"), ==, rows[i].insecure);
    confab_call_stand_close (&stand);
  }
}

/* Without a picture there is the avatar; while connecting it is pale. */
static void
test_avatars (void)
{
  ConfabCallStand stand;
  g_autoptr (GPtrArray) found = NULL;
  GtkWidget *avatar = NULL;

  confab_call_stand_open (&stand, 4, &wide);
  found = find_all (&stand, ADW_TYPE_AVATAR);
  g_assert_cmpuint (found->len, ==, 0);
  confab_stream_set_video_muted (confab_fake_participant_get_stream (
                                   confab_fake_call_get (stand.call, 1)),
                                 TRUE);
  g_ptr_array_unref (found);
  found = find_all (&stand, ADW_TYPE_AVATAR);
  g_assert_cmpuint (found->len, ==, 1);
  avatar = g_ptr_array_index (found, 0);
  g_assert_cmpstr (adw_avatar_get_text (ADW_AVATAR (avatar)), ==, "李静怡");
  g_assert_true (gtk_widget_is_ancestor (avatar, get_tile (&stand, 1)));
  g_assert_cmpfloat (gtk_widget_get_opacity (avatar), ==, 1);
  g_assert_cmpint (adw_avatar_get_size (ADW_AVATAR (avatar)), >=, 32);
  g_assert_cmpint (adw_avatar_get_size (ADW_AVATAR (avatar)), <=, 160);
  confab_fake_participant_set_state (confab_fake_call_get (stand.call, 1),
                                     CONFAB_PARTICIPANT_STATE_CONNECTING);
  g_assert_cmpfloat (gtk_widget_get_opacity (avatar), <, 0.6);
  confab_call_stand_close (&stand);
}

static void
test_pictures (void)
{
  ConfabCallStand stand;
  g_autoptr (GPtrArray) found = NULL;
  gboolean mirrored;
  gboolean whole;

  confab_call_stand_open (&stand, 2, &wide);
  confab_fake_participant_share (confab_fake_call_get (stand.call, 0));
  confab_shot_frames (stand.window, 2);
  found = find_all (&stand, CONFAB_TYPE_PICTURE);
  g_assert_cmpuint (found->len, ==, 4);
  for (guint i = 0; i < found->len; i++) {
    g_object_get (g_ptr_array_index (found, i), "mirrored", &mirrored, "whole", &whole, NULL);
    g_assert_cmpint (mirrored, ==, i == 3); /* one's own, the last */
    g_assert_cmpint (whole, ==, i == 0);    /* the screen */
  }
  confab_call_stand_close (&stand);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  confab_shot_init ();

  g_test_add_func ("/call-tiles/marks", test_marks);
  g_test_add_func ("/call-tiles/sizes-of-marks", test_sizes_of_marks);
  g_test_add_func ("/call-tiles/avatars", test_avatars);
  g_test_add_func ("/call-tiles/pictures", test_pictures);
  return g_test_run ();
}
