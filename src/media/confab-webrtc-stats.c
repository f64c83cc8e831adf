/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-track-receiver.h"
#include "confab-webrtc-peer-private.h"

#include <string.h>

/* What a look through webrtcbin's report fills in. */
typedef struct {
  const GstStructure *report;
  GHashTable *inbound; /* SSRC → JsonObject, borrowed */
  JsonObject *audio_out;
  JsonObject *video_out;
  JsonObject *screen_out; /* NULL while nothing is shared */
  guint32 audio_ssrc;
  guint32 video_ssrc;
  guint32 screen_ssrc;
  JsonObject *rtc;
} Collector;

static const GstStructure *
find_entry (const GstStructure *report, const char *id)
{
  const GValue *value = id != NULL ? gst_structure_get_value (report, id) : NULL;

  return value != NULL && GST_VALUE_HOLDS_STRUCTURE (value) ? gst_value_get_structure (value)
                                                            : NULL;
}

static void
copy_uint64 (const GstStructure *from, const char *name, JsonObject *to, const char *member)
{
  guint64 value;
  gint64 signed_value;

  if (gst_structure_get_uint64 (from, name, &value))
    json_object_set_int_member (to, member, MIN (value, G_MAXINT64));
  else if (gst_structure_get_int64 (from, name, &signed_value))
    json_object_set_int_member (to, member, signed_value);
}

static void
set_candidate (JsonObject *pair, const char *member, const GstStructure *candidate)
{
  JsonObject *object;
  guint port = 0;

  if (candidate == NULL) {
    json_object_set_null_member (pair, member);
    return;
  }
  gst_structure_get_uint (candidate, "port", &port);
  object = json_object_new ();
  json_object_set_string_member (object,
                                 "address",
                                 gst_structure_get_string (candidate, "address"));
  json_object_set_int_member (object, "port", port);
  json_object_set_string_member (object,
                                 "candidateType",
                                 gst_structure_get_string (candidate, "candidate-type"));
  json_object_set_string_member (object,
                                 "protocol",
                                 gst_structure_get_string (candidate, "protocol"));
  json_object_set_object_member (pair, member, object);
}

static void
take_candidate_pair (Collector *collector, const GstStructure *entry)
{
  JsonObject *pair = json_object_new ();

  set_candidate (pair,
                 "local",
                 find_entry (collector->report,
                             gst_structure_get_string (entry, "local-candidate-id")));
  set_candidate (pair,
                 "remote",
                 find_entry (collector->report,
                             gst_structure_get_string (entry, "remote-candidate-id")));
  json_object_set_object_member (collector->rtc, "candidatePair", pair);
}

static void
take_inbound (Collector *collector, const GstStructure *entry)
{
  guint ssrc = 0;
  double jitter;
  JsonObject *object;

  gst_structure_get_uint (entry, "ssrc", &ssrc);
  object = g_hash_table_lookup (collector->inbound, GUINT_TO_POINTER (ssrc));
  if (object == NULL)
    return;
  copy_uint64 (entry, "bytes-received", object, "bytesReceived");
  copy_uint64 (entry, "packets-received", object, "packetsReceived");
  copy_uint64 (entry, "packets-lost", object, "packetsLost");
  if (gst_structure_get_double (entry, "jitter", &jitter))
    json_object_set_double_member (object, "jitter", jitter);
}

static void
take_outbound (Collector *collector, const GstStructure *entry)
{
  guint ssrc = 0;
  JsonObject *object;

  gst_structure_get_uint (entry, "ssrc", &ssrc);
  object = ssrc == collector->audio_ssrc    ? collector->audio_out
           : ssrc == collector->video_ssrc  ? collector->video_out
           : ssrc == collector->screen_ssrc ? collector->screen_out
                                            : NULL;
  if (object != NULL) {
    copy_uint64 (entry, "bytes-sent", object, "bytesSent");
    copy_uint64 (entry, "packets-sent", object, "packetsSent");
  }
}

static gboolean
take_entry (const GstIdStr *name, const GValue *value, gpointer user_data)
{
  Collector *collector = user_data;
  const GstStructure *entry;
  GstWebRTCStatsType type;
  double round_trip_time;

  if (!GST_VALUE_HOLDS_STRUCTURE (value))
    return TRUE;
  entry = gst_value_get_structure (value);
  if (!gst_structure_get (entry, "type", GST_TYPE_WEBRTC_STATS_TYPE, &type, NULL))
    return TRUE;

  switch (type) {
  case GST_WEBRTC_STATS_CANDIDATE_PAIR:
    take_candidate_pair (collector, entry);
    break;
  case GST_WEBRTC_STATS_INBOUND_RTP:
    take_inbound (collector, entry);
    break;
  case GST_WEBRTC_STATS_OUTBOUND_RTP:
    take_outbound (collector, entry);
    break;
  case GST_WEBRTC_STATS_REMOTE_INBOUND_RTP:
    if (gst_structure_get_double (entry, "round-trip-time", &round_trip_time))
      json_object_set_double_member (collector->rtc, "roundTripTime", round_trip_time);
    break;
  default:
    break;
  }
  return TRUE;
}

static JsonObject *
new_outbound (const char *stream_id,
              ConfabMediaKind kind,
              ConfabStreamPurpose purpose,
              guint bitrate)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "kind", confab_enum_nick (CONFAB_TYPE_MEDIA_KIND, kind));
  json_object_set_string_member (object,
                                 "purpose",
                                 confab_enum_nick (CONFAB_TYPE_STREAM_PURPOSE, purpose));
  json_object_set_string_member (object, "streamId", stream_id);
  json_object_set_string_member (object, "codec", kind == CONFAB_MEDIA_KIND_AUDIO ? "opus" : "VP8");
  json_object_set_int_member (object, "bytesSent", 0);
  json_object_set_int_member (object, "targetBitrate", bitrate);
  return object;
}

static void
set_picture (JsonObject *object, guint64 n_sent, guint width, guint height)
{
  json_object_set_int_member (object, "framesSent", n_sent);
  json_object_set_int_member (object, "frameWidth", width);
  json_object_set_int_member (object, "frameHeight", height);
  json_object_set_string_member (object, "rung", "main");
}

static JsonArray *
list_inbound (ConfabWebrtcPeer *self, GHashTable *by_ssrc)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < self->receivers->len; i++) {
    ConfabTrackReceiver *receiver = self->receivers->pdata[i];
    JsonObject *object = json_object_new ();

    json_object_set_int_member (object, "bytesReceived", 0);
    json_object_set_int_member (object, "packetsLost", 0);
    json_object_set_double_member (object, "jitter", 0);
    confab_track_receiver_describe (receiver, object);
    g_hash_table_insert (by_ssrc,
                         GUINT_TO_POINTER (confab_track_receiver_get_ssrc (receiver)),
                         object);
    json_array_add_object_element (array, object);
  }
  return array;
}

static void
set_states (ConfabWebrtcPeer *self, JsonObject *rtc)
{
  static const char *const ice_states[] = { "new",    "checking",     "connected", "completed",
                                            "failed", "disconnected", "closed" };
  const guint ice = self->ice_state;

  json_object_set_string_member (rtc,
                                 "connectionState",
                                 confab_enum_nick (CONFAB_TYPE_CONNECTION_STATE, self->state));
  json_object_set_string_member (rtc,
                                 "iceConnectionState",
                                 ice < G_N_ELEMENTS (ice_states) ? ice_states[ice] : "new");
  json_object_set_null_member (rtc, "roundTripTime");
  json_object_set_null_member (rtc, "candidatePair");
}

static JsonObject *
collect (ConfabWebrtcPeer *self, const GstStructure *report)
{
  JsonObject *rtc = json_object_new ();
  JsonArray *outbound = json_array_new ();
  g_autoptr (GHashTable) by_ssrc = g_hash_table_new (NULL, NULL);
  Collector collector = { .report = report,
                          .inbound = by_ssrc,
                          .audio_ssrc = self->audio_ssrc,
                          .video_ssrc = self->video_ssrc,
                          .screen_ssrc = self->screen_ssrc,
                          .rtc = rtc };

  set_states (self, rtc);
  json_object_set_array_member (rtc, "inbound", list_inbound (self, by_ssrc));
  collector.audio_out = new_outbound (self->stream_id,
                                      CONFAB_MEDIA_KIND_AUDIO,
                                      CONFAB_STREAM_PURPOSE_USERMEDIA,
                                      self->audio_bitrate);
  collector.video_out = new_outbound (self->stream_id,
                                      CONFAB_MEDIA_KIND_VIDEO,
                                      CONFAB_STREAM_PURPOSE_USERMEDIA,
                                      self->video_bitrate);
  set_picture (collector.video_out,
               self->pipeline != NULL ? confab_webrtc_pipeline_get_n_video_sent (self->pipeline)
                                      : 0,
               self->width,
               self->height);
  json_array_add_object_element (outbound, collector.audio_out);
  json_array_add_object_element (outbound, collector.video_out);
  if (self->sharing) {
    collector.screen_out = new_outbound (self->screen_id,
                                         CONFAB_MEDIA_KIND_VIDEO,
                                         CONFAB_STREAM_PURPOSE_SCREENSHARE,
                                         self->screen_bitrate);
    set_picture (collector.screen_out,
                 self->pipeline != NULL ? confab_webrtc_pipeline_get_n_screen_sent (self->pipeline)
                                        : 0,
                 self->screen_width,
                 self->screen_height);
    json_array_add_object_element (outbound, collector.screen_out);
  }
  json_object_set_array_member (rtc, "outbound", outbound);
  if (report != NULL)
    gst_structure_foreach_id_str (report, take_entry, &collector);
  return rtc;
}

typedef struct {
  GTask *task;
  GstStructure *report;
} StatsReply;

static void
stats_reply_free (gpointer data)
{
  StatsReply *reply = data;

  g_clear_pointer (&reply->report, gst_structure_free);
  g_object_unref (reply->task);
  g_free (reply);
}

static gboolean
stats_ready_cb (gpointer user_data)
{
  StatsReply *reply = user_data;

  g_task_return_pointer (reply->task,
                         collect (g_task_get_source_object (reply->task), reply->report),
                         (GDestroyNotify) json_object_unref);
  return G_SOURCE_REMOVE;
}

/* webrtcbin's thread */
static void
stats_promise_cb (GstPromise *promise, gpointer user_data)
{
  StatsReply *reply = g_new0 (StatsReply, 1);

  reply->task = g_object_ref (user_data);
  if (gst_promise_wait (promise) == GST_PROMISE_RESULT_REPLIED &&
      gst_promise_get_reply (promise) != NULL)
    reply->report = gst_structure_copy (gst_promise_get_reply (promise));
  g_idle_add_full (G_PRIORITY_DEFAULT, stats_ready_cb, reply, stats_reply_free);
}

static gboolean
unref_cb (gpointer data)
{
  g_object_unref (data);
  return G_SOURCE_REMOVE;
}

/* The last reference to a peer must not go in webrtcbin's thread. */
static void
unref_in_main (gpointer data)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, unref_cb, data, NULL);
}

/**
 * confab_webrtc_peer_get_stats_async:
 * @self: a connection
 * @callback: when they are there
 * @user_data: for @callback
 */
void
confab_webrtc_peer_get_stats_async (ConfabWebrtcPeer *self,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (CONFAB_IS_WEBRTC_PEER (self));

  task = g_task_new (self, NULL, callback, user_data);
  if (self->pipeline == NULL) {
    g_task_return_pointer (task, collect (self, NULL), (GDestroyNotify) json_object_unref);
    return;
  }
  confab_webrtc_pipeline_get_stats (self->pipeline,
                                    stats_promise_cb,
                                    g_steal_pointer (&task),
                                    unref_in_main);
}

/**
 * confab_webrtc_peer_get_stats_finish:
 * @self: a connection
 * @result: what the callback was given
 * @error: never set so far
 *
 * Returns: (transfer full): `rtc` as in bot.md; the `purpose` of what comes in is for the caller to add, by
 *   `streamId`
 */
JsonObject *
confab_webrtc_peer_get_stats_finish (ConfabWebrtcPeer *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

typedef struct {
  JsonArray *tracks;
  guint n_waiting;
} Analyses;

static void
analyses_free (gpointer data)
{
  Analyses *analyses = data;

  g_clear_pointer (&analyses->tracks, json_array_unref);
  g_free (analyses);
}

static void
track_analysed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ConfabTrackReceiver *receiver = CONFAB_TRACK_RECEIVER (source);
  ConfabRemoteTrack *track = confab_track_receiver_get_track (receiver);
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  Analyses *analyses = g_task_get_task_data (task);
  JsonObject *object = confab_track_receiver_analyse_finish (receiver, result, &error);

  if (object == NULL) {
    g_info ("A track is not analysed: %s", error->message);
  } else {
    json_object_set_string_member (object,
                                   "kind",
                                   confab_enum_nick (CONFAB_TYPE_MEDIA_KIND,
                                                     confab_remote_track_get_kind (track)));
    json_object_set_string_member (object, "streamId", confab_remote_track_get_stream_id (track));
    json_object_set_string_member (object, "mid", confab_remote_track_get_mid (track));
    json_array_add_object_element (analyses->tracks, object);
  }
  if (--analyses->n_waiting == 0)
    g_task_return_pointer (task,
                           g_steal_pointer (&analyses->tracks),
                           (GDestroyNotify) json_array_unref);
}

/**
 * confab_webrtc_peer_analyse_async:
 * @self: a connection
 * @callback: when it is known, after 0.5 to 2.5 s
 * @user_data: for @callback
 *
 * What each remote track really shows.
 */
void
confab_webrtc_peer_analyse_async (ConfabWebrtcPeer *self,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Analyses *analyses;

  g_return_if_fail (CONFAB_IS_WEBRTC_PEER (self));

  task = g_task_new (self, NULL, callback, user_data);
  if (self->receivers->len == 0) {
    g_task_return_pointer (task, json_array_new (), (GDestroyNotify) json_array_unref);
    return;
  }
  analyses = g_new0 (Analyses, 1);
  analyses->tracks = json_array_new ();
  analyses->n_waiting = self->receivers->len;
  g_task_set_task_data (task, analyses, analyses_free);
  for (guint i = 0; i < self->receivers->len; i++)
    confab_track_receiver_analyse_async (self->receivers->pdata[i],
                                         track_analysed_cb,
                                         g_object_ref (task));
}

/**
 * confab_webrtc_peer_analyse_finish:
 * @self: a connection
 * @result: what the callback was given
 * @error: never set so far
 *
 * Returns: (transfer full): an object per track: `kind`, `streamId`, `mid`, `peakHz`, `rms`, `meanRgb`,
 *   `changed`
 */
JsonArray *
confab_webrtc_peer_analyse_finish (ConfabWebrtcPeer *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
