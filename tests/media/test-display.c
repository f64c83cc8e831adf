/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "media-loop.h"

/* With a display: own and remote pictures are paintables that are drawn anew with each frame. */

typedef struct {
  guint n_contents;
} Painted;

static void
invalidate_contents_cb (Painted *painted)
{
  painted->n_contents++;
}

static gboolean
is_painted (gpointer data)
{
  return ((Painted *) data)->n_contents >= 5;
}

static void
assert_painted (GObject *paintable, const char *what)
{
  Painted painted = { 0 };

  g_assert_nonnull (paintable);
  g_assert_true (g_type_is_a (G_OBJECT_TYPE (paintable), g_type_from_name ("GdkPaintable")));
  g_signal_connect_swapped (paintable,
                            "invalidate-contents",
                            G_CALLBACK (invalidate_contents_cb),
                            &painted);
  loop_wait (is_painted, &painted, what);
  g_signal_handlers_disconnect_by_data (paintable, &painted);
}

static void
test_paintables (void)
{
  for (guint i = 0; i < 3; i++) {
    LoopUser users[2];
    LoopEnd a, b;
    ConfabStream *stream;
    ConfabRemoteTrack *track;

    loop_user_init_full (&users[0], "@alice:example.org", FALSE);
    loop_user_init (&users[1], "@bob:example.org");
    loop_end_init (&a, &users[0]);
    loop_end_init (&b, &users[1]);
    loop_connect (&a, &b);
    loop_wait_playing (&a);

    stream = confab_local_media_get_stream (users[0].media);
    track = loop_end_find_track (&a, CONFAB_MEDIA_KIND_VIDEO);
    assert_painted (confab_stream_get_paintable (stream), "the own picture");
    assert_painted (confab_remote_track_get_paintable (track), "the remote picture");
    g_assert_null (
      confab_remote_track_get_paintable (loop_end_find_track (&a, CONFAB_MEDIA_KIND_AUDIO)));

    /* The own tile's paintable stays when the camera goes off and on. */
    {
      g_autoptr (GObject) paintable = g_object_ref (confab_stream_get_paintable (stream));

      confab_local_media_set_camera_muted (users[0].media, TRUE);
      confab_local_media_set_camera_muted (users[0].media, FALSE);
      g_assert_true (confab_stream_get_paintable (stream) == paintable);
      assert_painted (paintable, "the own picture again");
    }
    loop_end_clear (&a);
    loop_end_clear (&b);
    loop_user_clear (&users[0]);
    loop_user_clear (&users[1]);
  }
}

int
main (int argc, char **argv)
{
  g_setenv ("CONFAB_ICE_LOOPBACK", "1", TRUE);
  g_test_init (&argc, &argv, NULL);
  gst_init (NULL, NULL);

  g_test_add_func ("/display/paintables", test_paintables);
  return g_test_run ();
}
