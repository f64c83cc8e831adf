/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "media-loop.h"

#include "confab-webrtc-peer-private.h"
#include "confab-webrtc-pipeline-private.h"

/* The machine may be busy with other things. */
#define TIMEOUT_S 60

typedef struct {
  char *candidate;
  char *mid;
  int mline_index;
} LoopCandidate;

static void
candidate_free (gpointer data)
{
  LoopCandidate *candidate = data;

  g_free (candidate->candidate);
  g_free (candidate->mid);
  g_free (candidate);
}

static gboolean
tick_cb (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* Looks after each event of the main loop, and ten times a second for what comes without one. */
void
loop_wait (LoopCondition condition, gpointer data, const char *what)
{
  const gint64 end = g_get_monotonic_time () + TIMEOUT_S * G_USEC_PER_SEC;
  const guint tick_id = g_timeout_add (100, tick_cb, NULL);

  while (!condition (data)) {
    if (g_get_monotonic_time () > end)
      g_error ("Waited in vain: %s", what);
    g_main_context_iteration (NULL, TRUE);
  }
  g_source_remove (tick_id);
}

void
loop_user_init_full (LoopUser *self, const char *user_id, ConfabDrawing drawing)
{
  self->engine = confab_media_engine_new (CONFAB_MEDIA_SOURCE_TEST);
  confab_media_engine_set_drawing (self->engine, drawing);
  g_assert_true (confab_media_engine_set_video_format (self->engine, 320, 180, 20));
  confab_media_engine_set_test_identity (self->engine, user_id);
  self->media = confab_media_devices_open (CONFAB_MEDIA_DEVICES (self->engine), FALSE, FALSE);
}

void
loop_user_init (LoopUser *self, const char *user_id)
{
  loop_user_init_full (self, user_id, CONFAB_DRAWING_NONE);
}

void
loop_user_clear (LoopUser *self)
{
  confab_local_media_close (self->media);
  g_assert_finalize_object (g_steal_pointer (&self->media));
  confab_media_engine_close (self->engine);
  g_assert_finalize_object (g_steal_pointer (&self->engine));
}

static void
send_candidate (LoopEnd *self, const char *candidate, const char *mid, int mline_index)
{
  LoopCandidate *early;

  if (self->has_remote) {
    confab_peer_connection_add_candidate (self->connection, candidate, mid, mline_index);
    return;
  }
  early = g_new (LoopCandidate, 1);
  *early = (LoopCandidate) { g_strdup (candidate), g_strdup (mid), mline_index };
  g_ptr_array_add (self->early, early);
}

static void
local_candidate_cb (LoopEnd *self, const char *candidate, const char *mid, int mline_index)
{
  if (self->other != NULL && self->other->connection != NULL)
    send_candidate (self->other, candidate, mid, mline_index);
}

static void
local_description_cb (LoopEnd *self, ConfabSdpType type)
{
  g_autofree char *sdp = confab_peer_connection_get_local_sdp (self->connection);

  self->n_local++;
  g_assert_nonnull (sdp);
  if (self->other != NULL && self->other->connection != NULL && !self->other->deaf)
    confab_peer_connection_set_remote_description (self->other->connection, type, sdp);
}

static void
remote_description_cb (LoopEnd *self, ConfabSdpType type)
{
  self->n_remote++;
  self->has_remote = TRUE;
  for (guint i = 0; i < self->early->len; i++) {
    LoopCandidate *early = self->early->pdata[i];

    confab_peer_connection_add_candidate (self->connection,
                                          early->candidate,
                                          early->mid,
                                          early->mline_index);
  }
  g_ptr_array_set_size (self->early, 0);
  if (type == CONFAB_SDP_TYPE_OFFER && !self->deaf)
    confab_peer_connection_create_answer (self->connection);
}

static void
failed_cb (LoopEnd *self, const GError *error)
{
  self->n_failed++;
  g_set_str (&self->last_error, error->message);
}

static void
track_added_cb (LoopEnd *self, ConfabRemoteTrack *track)
{
  g_ptr_array_add (self->tracks, g_object_ref (track));
}

static void
negotiation_needed_cb (LoopEnd *self)
{
  self->n_needed++;
}

void
loop_end_init_full (LoopEnd *self, LoopUser *user, const ConfabIceServers *servers)
{
  *self = (LoopEnd) { 0 };
  self->early = g_ptr_array_new_with_free_func (candidate_free);
  self->tracks = g_ptr_array_new_with_free_func (g_object_unref);
  self->connection = confab_local_media_create_peer_connection (user->media, servers);
  g_signal_connect_swapped (self->connection,
                            "local-description-set",
                            G_CALLBACK (local_description_cb),
                            self);
  g_signal_connect_swapped (self->connection,
                            "remote-description-set",
                            G_CALLBACK (remote_description_cb),
                            self);
  g_signal_connect_swapped (self->connection, "description-failed", G_CALLBACK (failed_cb), self);
  g_signal_connect_swapped (self->connection,
                            "local-candidate",
                            G_CALLBACK (local_candidate_cb),
                            self);
  g_signal_connect_swapped (self->connection, "track-added", G_CALLBACK (track_added_cb), self);
  g_signal_connect_swapped (self->connection,
                            "negotiation-needed",
                            G_CALLBACK (negotiation_needed_cb),
                            self);
}

void
loop_end_init (LoopEnd *self, LoopUser *user)
{
  const char *const no_uris[] = { NULL };
  g_autoptr (ConfabIceServers) servers = confab_ice_servers_new (no_uris, NULL, NULL);

  loop_end_init_full (self, user, servers);
}

static gboolean
is_alone (gpointer data)
{
  return G_OBJECT (data)->ref_count == 1;
}

void
loop_end_clear (LoopEnd *self)
{
  confab_peer_connection_close (self->connection);
  g_signal_handlers_disconnect_by_data (self->connection, self);
  g_clear_pointer (&self->tracks, g_ptr_array_unref);
  g_clear_pointer (&self->early, g_ptr_array_unref);
  g_clear_pointer (&self->last_error, g_free);
  loop_wait (is_alone, self->connection, "nothing else holds the connection");
  g_assert_finalize_object (g_steal_pointer (&self->connection));
}

void
loop_connect (LoopEnd *caller, LoopEnd *callee)
{
  caller->other = callee;
  callee->other = caller;
  confab_peer_connection_create_offer (caller->connection);
}

ConfabRemoteTrack *
loop_end_find_track (LoopEnd *self, ConfabMediaKind kind)
{
  for (guint i = 0; i < self->tracks->len; i++) {
    if (confab_remote_track_get_kind (self->tracks->pdata[i]) == kind)
      return self->tracks->pdata[i];
  }
  return NULL;
}

static gboolean
is_connected (gpointer data)
{
  LoopEnd *end = data;

  return confab_peer_connection_get_state (end->connection) == CONFAB_CONNECTION_STATE_CONNECTED;
}

void
loop_wait_connected (LoopEnd *end)
{
  loop_wait (is_connected, end, "connected");
}

static gboolean
is_playing (gpointer data)
{
  ConfabRemoteTrack *audio = loop_end_find_track (data, CONFAB_MEDIA_KIND_AUDIO);
  ConfabRemoteTrack *video = loop_end_find_track (data, CONFAB_MEDIA_KIND_VIDEO);

  return audio != NULL && video != NULL && confab_remote_track_get_playing (audio) &&
         confab_remote_track_get_playing (video);
}

void
loop_wait_playing (LoopEnd *end)
{
  loop_wait (is_playing, end, "picture and sound come");
}

static void
result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static gboolean
has_result (gpointer data)
{
  return *(GAsyncResult **) data != NULL;
}

JsonObject *
loop_get_stats (LoopEnd *end)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  JsonObject *stats;

  confab_webrtc_peer_get_stats_async (CONFAB_WEBRTC_PEER (end->connection), result_cb, &result);
  loop_wait (has_result, &result, "statistics");
  stats = confab_webrtc_peer_get_stats_finish (CONFAB_WEBRTC_PEER (end->connection),
                                               result,
                                               &error);
  g_assert_no_error (error);
  return stats;
}

JsonArray *
loop_analyse (LoopEnd *end)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  JsonArray *tracks;

  confab_webrtc_peer_analyse_async (CONFAB_WEBRTC_PEER (end->connection), result_cb, &result);
  loop_wait (has_result, &result, "what the tracks show");
  tracks = confab_webrtc_peer_analyse_finish (CONFAB_WEBRTC_PEER (end->connection), result, &error);
  g_assert_no_error (error);
  return tracks;
}

JsonObject *
loop_find_kind (JsonArray *array, const char *kind)
{
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonObject *object = json_array_get_object_element (array, i);

    if (g_strcmp0 (json_object_get_string_member (object, "kind"), kind) == 0)
      return object;
  }
  return NULL;
}

/* The colour and the pitch that arrive are those of that user. */
void
loop_assert_sees (LoopEnd *end, LoopUser *whom)
{
  g_autoptr (JsonArray) tracks = loop_analyse (end);
  JsonObject *video = loop_find_kind (tracks, "video");
  JsonObject *audio = loop_find_kind (tracks, "audio");
  JsonArray *rgb;
  guint8 expected[3];

  g_assert_nonnull (video);
  g_assert_nonnull (audio);
  g_assert_cmpfloat_with_epsilon (json_object_get_double_member (audio, "peakHz"),
                                  confab_media_engine_get_tone_hz (whom->engine),
                                  6);
  g_assert_cmpfloat (json_object_get_double_member (audio, "rms"), >, 0.05);

  confab_media_engine_get_mean_rgb (whom->engine, expected);
  g_assert_true (JSON_NODE_HOLDS_ARRAY (json_object_get_member (video, "meanRgb")));
  rgb = json_object_get_array_member (video, "meanRgb");
  for (guint i = 0; i < 3; i++)
    g_assert_cmpfloat_with_epsilon (json_array_get_int_element (rgb, i), expected[i], 12);
  g_assert_cmpfloat (json_object_get_double_member (video, "changed"), >=, 0.05);
}

void
loop_init (int *argc, char ***argv)
{
  g_setenv ("CONFAB_ICE_LOOPBACK", "1", TRUE);
  g_test_init (argc, argv, NULL);
  gst_init (NULL, NULL);
}

void
loop_setup (LoopFixture *f, gconstpointer data)
{
  loop_user_init (&f->users[0], "@alice:example.org");
  loop_user_init (&f->users[1], "@erin:example.org");
  loop_end_init (&f->a, &f->users[0]);
  loop_end_init (&f->b, &f->users[1]);
}

void
loop_teardown (LoopFixture *f, gconstpointer data)
{
  loop_end_clear (&f->a);
  loop_end_clear (&f->b);
  loop_user_clear (&f->users[0]);
  loop_user_clear (&f->users[1]);
}

void
loop_connect_and_play (LoopFixture *f)
{
  loop_connect (&f->a, &f->b);
  loop_wait_connected (&f->a);
  loop_wait_connected (&f->b);
  loop_wait_playing (&f->a);
  loop_wait_playing (&f->b);
}

guint
loop_count_frames (LoopEnd *end)
{
  g_autoptr (JsonObject) stats = loop_get_stats (end);
  JsonObject *video = loop_find_kind (json_object_get_array_member (stats, "inbound"), "video");

  return video != NULL ? json_object_get_int_member (video, "framesDecoded") : 0;
}

typedef struct {
  LoopEnd *end;
  guint n_frames;
} FrameCount;

static gboolean
has_frames (gpointer data)
{
  FrameCount *count = data;

  return loop_count_frames (count->end) >= count->n_frames;
}

void
loop_wait_more_frames (LoopEnd *end, guint n_frames)
{
  FrameCount count = { end, loop_count_frames (end) + n_frames };

  loop_wait (has_frames, &count, "more frames");
}

gboolean
loop_hears (gpointer end)
{
  return confab_remote_track_get_level (loop_end_find_track (end, CONFAB_MEDIA_KIND_AUDIO)) > -40;
}

gboolean
loop_hears_nothing (gpointer end)
{
  return confab_remote_track_get_level (loop_end_find_track (end, CONFAB_MEDIA_KIND_AUDIO)) < -80;
}

gboolean
loop_has_local (gpointer end)
{
  return ((LoopEnd *) end)->n_local > 0;
}

gboolean
loop_has_failed (gpointer end)
{
  return ((LoopEnd *) end)->n_failed > 0;
}

/* Of a connection that is up. */
GstElement *
loop_get_pipeline (LoopEnd *end)
{
  return CONFAB_WEBRTC_PEER (end->connection)->pipeline->pipeline;
}

static guint
iterate_elements (GstElement *bin, const char *factory, GstElement **first)
{
  g_autoptr (GstIterator) iterator = gst_bin_iterate_all_by_element_factory_name (GST_BIN (bin), factory);
  GValue value = G_VALUE_INIT;
  guint n = 0;

  while (gst_iterator_next (iterator, &value) == GST_ITERATOR_OK) {
    if (n++ == 0 && first != NULL)
      *first = g_value_dup_object (&value);
    g_value_reset (&value);
  }
  g_value_unset (&value);
  return n;
}

guint
loop_count_elements (GstElement *bin, const char *factory)
{
  return iterate_elements (bin, factory, NULL);
}

/* The first of them, with a reference. */
GstElement *
loop_find_element (GstElement *bin, const char *factory)
{
  GstElement *first = NULL;

  iterate_elements (bin, factory, &first);
  g_assert_nonnull (first);
  return first;
}

GstElement *
loop_end_find_element (LoopEnd *self, const char *factory)
{
  return loop_find_element (loop_get_pipeline (self), factory);
}
