/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-media-sender.h"
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

static guint
count_decoded (LoopEnd *end)
{
  g_autoptr (JsonObject) stats = loop_get_stats (end);

  return json_object_get_int_member (
    loop_find_kind (json_object_get_array_member (stats, "inbound"), "video"), "framesDecoded");
}

typedef struct {
  LoopEnd *end;
  guint n_frames;
} FrameCount;

static gboolean
has_decoded (gpointer data)
{
  FrameCount *count = data;

  return count_decoded (count->end) >= count->n_frames;
}

static void
wait_decoded (LoopEnd *end, guint n_frames)
{
  FrameCount count = { end, count_decoded (end) + n_frames };

  loop_wait (has_decoded, &count, "more is decoded");
}

/* While nobody watches, pictures are decoded (else the next would need a key frame) but not made. */
static void
check_watched (LoopEnd *end, ConfabStream *stream, ConfabRemoteTrack *track)
{
  GObject *paintables[] = { confab_stream_get_paintable (stream),
                            confab_remote_track_get_paintable (track) };
  Painted painted = { 0 };

  confab_stream_set_watched (stream, FALSE);
  confab_remote_track_set_watched (track, FALSE);
  wait_decoded (end, 5); /* what is on its way arrives */
  for (guint i = 0; i < G_N_ELEMENTS (paintables); i++)
    g_signal_connect_swapped (paintables[i],
                              "invalidate-contents",
                              G_CALLBACK (invalidate_contents_cb),
                              &painted);
  wait_decoded (end, 10);
  g_assert_cmpuint (painted.n_contents, ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (paintables); i++)
    g_signal_handlers_disconnect_by_data (paintables[i], &painted);
  confab_stream_set_watched (stream, TRUE);
  confab_remote_track_set_watched (track, TRUE);
  assert_painted (paintables[0], "the own picture, watched again");
  assert_painted (paintables[1], "the remote picture, watched again");
}

/* In which form the sink has its pictures. */
static void
assert_format (GstElement *sink, ConfabDrawing drawing)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);

  g_assert_cmpstr (gst_structure_get_string (gst_caps_get_structure (caps, 0), "format"),
                   ==,
                   drawing == CONFAB_DRAWING_BY_CAIRO ? "RGB" : "BGRx");
}

static void
test_paintables (void)
{
  for (guint i = 0; i < 3; i++) {
    const ConfabDrawing drawing = i == 1 ? CONFAB_DRAWING_BY_CAIRO : CONFAB_DRAWING_BY_GPU;
    g_autoptr (GstElement) own_sink = NULL;
    g_autoptr (GstElement) sink = NULL;
    LoopUser users[2];
    LoopEnd a, b;
    ConfabStream *stream;
    ConfabRemoteTrack *track;

    loop_user_init_full (&users[0], "@alice:example.org", drawing);
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

    own_sink = loop_find_element (confab_media_sender_get_pipeline (
                                    CONFAB_MEDIA_SENDER (users[0].media)),
                                  "gtk4paintablesink");
    sink = loop_end_find_element (&a, "gtk4paintablesink");
    assert_format (own_sink, drawing);
    assert_format (sink, drawing);
    check_watched (&a, stream, track);

    /* The own tile's paintable stays when the camera goes off and on. */
    {
      g_autoptr (GObject) paintable = g_object_ref (confab_stream_get_paintable (stream));

      confab_local_media_set_camera_muted (users[0].media, TRUE);
      confab_local_media_set_camera_muted (users[0].media, FALSE);
      g_assert_true (confab_stream_get_paintable (stream) == paintable);
      assert_painted (paintable, "the own picture again");
    }
    gst_clear_object (&own_sink);
    gst_clear_object (&sink);
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
