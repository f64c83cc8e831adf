/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <gio/gio.h>

#include "confab-remote-streams.h"

/* What comes in from a device: tracks, the metadata that says what they are, and the streams made of both
 * (protocol/mesh-calls.md section 3.8). */

static void
notify_cb (GObject *object, GParamSpec *pspec, GString *names)
{
  g_string_append_printf (names, "%s ", pspec->name);
}

static void
test_stream (void)
{
  g_autoptr (GString) notified = g_string_new (NULL);
  g_autoptr (GObject) paintable = g_object_new (G_TYPE_OBJECT, NULL);
  ConfabStream *stream = confab_stream_new ("s", CONFAB_STREAM_PURPOSE_USERMEDIA);
  g_autofree char *id = NULL;
  g_autoptr (GObject) shown = NULL;
  ConfabStreamPurpose purpose;
  gboolean audio_muted, audio_off, video_muted, video_off, has_video;
  double level;

  g_signal_connect (stream, "notify", G_CALLBACK (notify_cb), notified);
  for (guint i = 0; i < 2; i++) { /* the second time nothing changes */
    confab_stream_set_purpose (stream, CONFAB_STREAM_PURPOSE_SCREENSHARE);
    confab_stream_set_audio_muted (stream, TRUE);
    confab_stream_set_audio_missing (stream, TRUE); /* is off already */
    confab_stream_set_video_missing (stream, TRUE);
    confab_stream_set_video_muted (stream, 4);
    confab_stream_set_has_video (stream, TRUE);
    confab_stream_set_paintable (stream, paintable);
    confab_stream_set_level (stream, 3); /* is as loud as it can be */
  }
  g_assert_cmpstr (
    notified->str,
    ==,
    "purpose audio-muted audio-off video-off video-muted has-video paintable level ");
  g_object_get (stream,
                "id",
                &id,
                "purpose",
                &purpose,
                "audio-muted",
                &audio_muted,
                "video-muted",
                &video_muted,
                "audio-off",
                &audio_off,
                "video-off",
                &video_off,
                "has-video",
                &has_video,
                "paintable",
                &shown,
                "level",
                &level,
                NULL);
  g_assert_cmpstr (id, ==, "s");
  g_assert_cmpint (purpose, ==, CONFAB_STREAM_PURPOSE_SCREENSHARE);
  g_assert_true (audio_muted && video_muted && audio_off && video_off && has_video);
  g_assert_true (shown == paintable && confab_stream_get_paintable (stream) == paintable);
  g_assert_cmpfloat (level, ==, 0);
  confab_stream_set_level (stream, -200);
  g_assert_cmpfloat (confab_stream_get_level (stream), ==, CONFAB_LEVEL_SILENCE);
  g_assert_finalize_object (stream);
}

static void
test_track (void)
{
  g_autoptr (GString) notified = g_string_new (NULL);
  g_autoptr (GObject) paintable = g_object_new (G_TYPE_OBJECT, NULL);
  ConfabRemoteTrack *track = confab_remote_track_new (CONFAB_MEDIA_KIND_VIDEO, "s", "video1");
  g_autofree char *stream_id = NULL;
  g_autofree char *mid = NULL;
  g_autoptr (GObject) shown = NULL;
  ConfabMediaKind kind;
  gboolean playing;
  double level;

  g_signal_connect (track, "notify", G_CALLBACK (notify_cb), notified);
  for (guint i = 0; i < 2; i++) {
    confab_remote_track_set_paintable (track, paintable);
    confab_remote_track_set_level (track, -30);
    confab_remote_track_set_playing (track, TRUE);
  }
  g_assert_cmpstr (notified->str, ==, "paintable level playing ");
  g_object_get (track,
                "kind",
                &kind,
                "stream-id",
                &stream_id,
                "mid",
                &mid,
                "paintable",
                &shown,
                "level",
                &level,
                "playing",
                &playing,
                NULL);
  g_assert_cmpint (kind, ==, CONFAB_MEDIA_KIND_VIDEO);
  g_assert_cmpstr (stream_id, ==, "s");
  g_assert_cmpstr (mid, ==, "video1");
  g_assert_true (shown == paintable && playing && confab_remote_track_get_playing (track));
  g_assert_cmpfloat (level, ==, -30);
  g_assert_finalize_object (track);
}

/* Streams as words: id, purpose's first letter, a or v in capitals where not muted. */
static void
assert_streams (ConfabRemoteStreams *streams, const char *expected)
{
  GListModel *model = confab_remote_streams_get_model (streams);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (model); i++) {
    g_autoptr (ConfabStream) stream = g_list_model_get_item (model, i);
    g_string_append_printf (text,
                            "%s:%c%c%c%s ",
                            confab_stream_get_id (stream),
                            "us?"[confab_stream_get_purpose (stream)],
                            confab_stream_get_audio_muted (stream) ? 'a' : 'A',
                            confab_stream_get_video_muted (stream) ? 'v' : 'V',
                            confab_stream_get_has_video (stream) ? "!" : "");
  }
  g_assert_cmpstr (text->str, ==, expected);
}

static void
set_metadata (ConfabRemoteStreams *streams, const char *text)
{
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  g_autoptr (ConfabStreamMetadata) metadata = NULL;
  g_autoptr (JsonObject) content = json_object_new ();

  json_object_set_member (content, CONFAB_STREAM_METADATA_KEY, g_steal_pointer (&node));
  g_assert_true (confab_stream_metadata_parse (content, &metadata, NULL));
  confab_remote_streams_set_metadata (streams, metadata);
}

static ConfabRemoteTrack *
add_track (ConfabRemoteStreams *streams, ConfabMediaKind kind, const char *stream, const char *mid)
{
  g_autoptr (ConfabRemoteTrack) track = confab_remote_track_new (kind, stream, mid);

  confab_remote_streams_add_track (streams, track);
  return track; /* the streams keep it */
}

#define MAIN "\"m\":{\"purpose\":\"m.usermedia\",\"audio_muted\":true,\"video_muted\":false}"
#define SCREEN "\"s\":{\"purpose\":\"m.screenshare\"}"

/* User media first; what a message leaves out is gone; a flag that it leaves out stays. */
static void
test_metadata (void)
{
  ConfabRemoteStreams *streams = confab_remote_streams_new ();

  set_metadata (streams, "{" SCREEN "}");
  assert_streams (streams, "s:sAV ");
  set_metadata (streams, "{" SCREEN "," MAIN "}");
  assert_streams (streams, "m:uaV s:sAV ");
  set_metadata (streams, "{\"m\":{\"purpose\":\"m.usermedia\",\"video_muted\":true}}");
  assert_streams (streams, "m:uav ");
  set_metadata (streams, "{\"m\":{\"purpose\":\"m.odd\"}}"); /* MSC3077: ignored */
  assert_streams (streams, "");
  g_assert_finalize_object (streams);
}

/* Media that comes before its metadata is the user's; once there is metadata, that says what it is. */
static void
test_without_metadata (void)
{
  ConfabRemoteStreams *streams = confab_remote_streams_new ();
  ConfabRemoteTrack *video;

  video = add_track (streams, CONFAB_MEDIA_KIND_VIDEO, "m", "1");
  assert_streams (streams, "m:uAV ");
  add_track (streams, CONFAB_MEDIA_KIND_VIDEO, "s", "2"); /* a second one is not guessed at */
  assert_streams (streams, "m:uAV ");
  confab_remote_track_set_playing (video, TRUE);
  assert_streams (streams, "m:uAV! ");
  set_metadata (streams, "{" MAIN "," SCREEN "}");
  assert_streams (streams, "m:uaV! s:sAV ");
  g_assert_finalize_object (streams);
}

/* hydrogen's live screen share has no metadata: a picture without any is a tile of its own, a sound is not. A stream
 * whose metadata is gone is not taken for one. */
static void
test_strays (void)
{
  ConfabRemoteStreams *streams = confab_remote_streams_new ();

  set_metadata (streams, "{" MAIN "," SCREEN "}");
  add_track (streams, CONFAB_MEDIA_KIND_AUDIO, "x", "3");
  assert_streams (streams, "m:uaV s:sAV ");
  add_track (streams, CONFAB_MEDIA_KIND_VIDEO, "s", "2");
  set_metadata (streams, "{" MAIN "}");
  assert_streams (streams, "m:uaV ");
  confab_remote_track_set_playing (add_track (streams, CONFAB_MEDIA_KIND_VIDEO, "x", "4"), TRUE);
  assert_streams (streams, "m:uaV x:?AV! ");
  set_metadata (streams, "{" MAIN "," SCREEN "}");
  assert_streams (streams, "m:uaV x:?AV! s:sAV ");
  g_assert_finalize_object (streams);
}

/* Whoever lists new streams for ever is not remembered for ever: a track of an early one is a stray in the end. */
static void
test_many_dropped (void)
{
  ConfabRemoteStreams *streams = confab_remote_streams_new ();

  set_metadata (streams, "{" MAIN "}");
  add_track (streams, CONFAB_MEDIA_KIND_VIDEO, "m", "1");
  for (guint i = 0; i < 100; i++) {
    g_autofree char *text = g_strdup_printf ("{\"s%02u\":{\"purpose\":\"m.screenshare\"}}", i);
    set_metadata (streams, text);
  }
  assert_streams (streams, "s99:sAV ");
  set_metadata (streams, "{" SCREEN "}");
  set_metadata (streams, "{}");
  assert_streams (streams, "m:?AV ");
  g_assert_finalize_object (streams);
}

/* As js-sdk shares for the second time: the metadata have a new stream, the SDP the old one. */
static void
test_shared_again (void)
{
  ConfabRemoteStreams *streams = confab_remote_streams_new ();
  ConfabRemoteTrack *track;

  set_metadata (streams, "{" MAIN "," SCREEN "}");
  track = add_track (streams, CONFAB_MEDIA_KIND_VIDEO, "s", "2");
  confab_remote_track_set_playing (track, TRUE);
  for (guint i = 0; i < 2; i++) {
    set_metadata (streams, "{" MAIN "}");
    confab_remote_track_set_sending (track, FALSE);
    assert_streams (streams, "m:uaV ");
    set_metadata (streams, "{" MAIN ",\"n\":{\"purpose\":\"m.screenshare\"}}");
    assert_streams (streams, "m:uaV n:sAV ");
    confab_remote_track_set_stream_id (track, "s");
    confab_remote_track_set_sending (track, TRUE);
    assert_streams (streams, "m:uaV n:sAV! ");
    /* Each description says again what it said before. */
    confab_remote_track_set_stream_id (track, "s");
    assert_streams (streams, "m:uaV n:sAV! ");
    g_assert_cmpstr (confab_remote_track_get_stream_id (track), ==, "n");
  }
  g_assert_finalize_object (streams);
}

/* An m-section may be silent for a while, and carry another stream afterwards. */
static void
test_direction (void)
{
  ConfabRemoteStreams *streams = confab_remote_streams_new ();
  ConfabRemoteTrack *track;

  set_metadata (streams, "{" MAIN "," SCREEN "}");
  track = add_track (streams, CONFAB_MEDIA_KIND_VIDEO, "s", "2");
  confab_remote_track_set_playing (track, TRUE);
  assert_streams (streams, "m:uaV s:sAV! ");
  confab_remote_track_set_sending (track, FALSE);
  assert_streams (streams, "m:uaV s:sAV ");
  set_metadata (streams, "{" MAIN "}");
  assert_streams (streams, "m:uaV ");

  /* Back, in a stream that nobody has listed, which goes with it. */
  confab_remote_track_set_stream_id (track, "t");
  assert_streams (streams, "m:uaV ");
  confab_remote_track_set_sending (track, TRUE);
  assert_streams (streams, "m:uaV t:?AV! ");
  confab_remote_track_set_stream_id (track, "x");
  assert_streams (streams, "m:uaV x:?AV! ");
  confab_remote_track_set_sending (track, FALSE);
  assert_streams (streams, "m:uaV ");
  g_assert_finalize_object (streams);
}

/* A track without a stream goes by its m-section. */
static void
test_streamless (void)
{
  ConfabRemoteStreams *streams = confab_remote_streams_new ();

  add_track (streams, CONFAB_MEDIA_KIND_VIDEO, NULL, "video1");
  add_track (streams, CONFAB_MEDIA_KIND_VIDEO, "", "video2");
  assert_streams (streams, "video1:uAV ");
  set_metadata (streams, "{" MAIN "}");
  assert_streams (streams, "m:uaV video2:?AV ");
  g_assert_finalize_object (streams);
}

static void
test_sound (void)
{
  ConfabRemoteStreams *streams = confab_remote_streams_new ();
  g_autoptr (GObject) paintable = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (ConfabStream) stream = NULL;
  ConfabRemoteTrack *audio, *video;

  set_metadata (streams, "{" MAIN "}");
  audio = add_track (streams, CONFAB_MEDIA_KIND_AUDIO, "m", "0");
  video = add_track (streams, CONFAB_MEDIA_KIND_VIDEO, "m", "1");
  stream = g_list_model_get_item (confab_remote_streams_get_model (streams), 0);
  confab_remote_track_set_level (audio, -12);
  confab_remote_track_set_level (video, -1);
  confab_remote_track_set_playing (audio, TRUE);
  confab_remote_track_set_paintable (video, paintable);
  g_assert_cmpfloat (confab_stream_get_level (stream), ==, -12);
  g_assert_false (confab_stream_get_has_video (stream));
  g_assert_true (confab_stream_get_paintable (stream) == paintable);
  /* Gone with the connection, also for whoever still holds the track. */
  g_object_ref (audio);
  confab_remote_streams_clear (streams);
  assert_streams (streams, "");
  confab_remote_track_set_level (audio, -5);
  assert_streams (streams, "");
  g_object_unref (audio);
  g_assert_finalize_object (streams);
}

/* What is malformed in it is refused, not guessed at. */
static void
test_malformed (void)
{
  static const char *const cases[] = {
    "7",
    "{\"s\":7}",
    "{\"s\":{}}",
    "{\"s\":{\"purpose\":7}}",
    "{\"\":{\"purpose\":\"m.usermedia\"}}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (JsonObject) content = json_object_new ();
    g_autoptr (ConfabStreamMetadata) metadata = NULL;

    json_object_set_member (content,
                            CONFAB_STREAM_METADATA_UNSTABLE_KEY,
                            json_from_string (cases[i], NULL));
    g_assert_false (confab_stream_metadata_parse (content, &metadata, NULL));
    g_assert_null (metadata);
  }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/streams/stream", test_stream);
  g_test_add_func ("/streams/track", test_track);
  g_test_add_func ("/streams/metadata", test_metadata);
  g_test_add_func ("/streams/without-metadata", test_without_metadata);
  g_test_add_func ("/streams/strays", test_strays);
  g_test_add_func ("/streams/many-dropped", test_many_dropped);
  g_test_add_func ("/streams/direction", test_direction);
  g_test_add_func ("/streams/shared-again", test_shared_again);
  g_test_add_func ("/streams/streamless", test_streamless);
  g_test_add_func ("/streams/sound", test_sound);
  g_test_add_func ("/streams/malformed", test_malformed);
  return g_test_run ();
}
