/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-app"

#include "config.h"

#include "confab-call-report.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "confab-call-member.h"
#include "confab-json.h"
#include "confab-webrtc-peer.h"

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, name, text);
  else
    json_object_set_null_member (object, name);
}

/**
 * confab_call_report_call:
 * @call: a call
 *
 * Returns: (transfer full): it as in `calls`: `members` counts the devices in it, this one too; `since` is in
 *   ms since the epoch
 */
JsonObject *
confab_call_report_call (ConfabCall *call)
{
  JsonObject *object = json_object_new ();
  g_autofree char *call_id = confab_call_dup_id (call);
  g_autofree char *room_id = confab_call_dup_room_id (call);
  gint64 started_at = confab_call_get_started_at (call);

  set_text (object, "callId", call_id);
  set_text (object, "roomId", room_id);
  set_text (object,
            "intent",
            confab_enum_nick (CONFAB_TYPE_CALL_INTENT, confab_call_get_intent (call)));
  set_text (object,
            "type",
            confab_enum_nick (CONFAB_TYPE_CALL_TYPE, confab_call_get_call_type (call)));
  json_object_set_int_member (object,
                              "members",
                              g_list_model_get_n_items (confab_call_get_participants (call)) +
                                (confab_call_get_state (call) == CONFAB_CALL_STATE_JOINED));
  json_object_set_boolean_member (object, "ringing", confab_call_get_ringing (call));
  if (started_at > 0)
    json_object_set_int_member (object, "since", started_at / 1000);
  else
    json_object_set_null_member (object, "since");
  return object;
}

/**
 * confab_call_report_local_mute:
 * @call: a call
 *
 * Returns: (transfer full): `localMute`: null for both outside of the call
 */
JsonObject *
confab_call_report_local_mute (ConfabCall *call)
{
  g_autoptr (ConfabLocalMedia) media = confab_call_dup_local_media (call);
  JsonObject *object = json_object_new ();

  if (media != NULL) {
    ConfabStream *stream = confab_local_media_get_stream (media);
    json_object_set_boolean_member (object, "microphone", confab_stream_get_audio_muted (stream));
    json_object_set_boolean_member (object, "camera", confab_stream_get_video_muted (stream));
  } else {
    json_object_set_null_member (object, "microphone");
    json_object_set_null_member (object, "camera");
  }
  return object;
}

/**
 * confab_call_report_process:
 *
 * Returns: (transfer full): `process`: what this process used up
 */
JsonObject *
confab_call_report_process (void)
{
  JsonObject *object = json_object_new ();
  g_autofree char *stat = NULL;
  struct rusage usage;
  gint64 threads = 0, pages = 0;

  getrusage (RUSAGE_SELF, &usage);
  json_object_set_double_member (object,
                                 "cpuSeconds",
                                 usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
                                   (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
  /* proc(5): fields 20 and 24; the second is a name in brackets that may hold anything. */
  if (g_file_get_contents ("/proc/self/stat", &stat, NULL, NULL)) {
    const char *rest = strrchr (stat, ')');
    g_auto (GStrv) fields = g_strsplit (rest != NULL ? rest + 1 : "", " ", -1);
    if (g_strv_length (fields) > 22) {
      threads = g_ascii_strtoll (fields[18], NULL, 10);
      pages = g_ascii_strtoll (fields[22], NULL, 10);
    }
  }
  if (pages > 0)
    json_object_set_int_member (object, "rssBytes", pages * sysconf (_SC_PAGESIZE));
  else
    json_object_set_null_member (object, "rssBytes");
  if (threads > 0)
    json_object_set_int_member (object, "threads", threads);
  else
    json_object_set_null_member (object, "threads");
  return object;
}

static gboolean
has_stream (ConfabParticipant *participant, ConfabStreamPurpose purpose)
{
  GListModel *streams = confab_participant_get_streams (participant);

  for (guint i = 0; i < g_list_model_get_n_items (streams); i++) {
    g_autoptr (ConfabStream) stream = g_list_model_get_item (streams, i);
    if (confab_stream_get_purpose (stream) == purpose)
      return TRUE;
  }
  return FALSE;
}

static JsonArray *
streams_to_json (ConfabParticipant *participant)
{
  GListModel *streams = confab_participant_get_streams (participant);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < g_list_model_get_n_items (streams); i++) {
    g_autoptr (ConfabStream) stream = g_list_model_get_item (streams, i);
    JsonObject *object = json_object_new ();
    set_text (object, "streamId", confab_stream_get_id (stream));
    set_text (object,
              "purpose",
              confab_enum_nick (CONFAB_TYPE_STREAM_PURPOSE, confab_stream_get_purpose (stream)));
    json_array_add_object_element (array, object);
  }
  return array;
}

static JsonArray *
queue_to_json (ConfabCallMember *member)
{
  g_autoptr (GPtrArray) queued = confab_call_member_dup_queued (member);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < queued->len; i++) {
    ConfabCallEvent *event = queued->pdata[i];
    JsonObject *object = json_object_new ();
    set_text (object, "type", confab_call_event_get_name (event));
    if (event->seq >= 0)
      json_object_set_int_member (object, "seq", event->seq);
    else
      json_object_set_null_member (object, "seq");
    json_array_add_object_element (array, object);
  }
  return array;
}

/* What only a mesh's members have. */
static void
add_member (JsonObject *object, ConfabCallMember *member)
{
  JsonObject *mute = json_object_new ();
  const char *call_id = confab_call_member_get_call_id (member);

  set_text (object, "sessionId", confab_call_member_get_session_id (member));
  json_object_set_boolean_member (object, "connected", confab_call_member_get_connected (member));
  json_object_set_boolean_member (object, "quiet", confab_call_member_get_quiet (member));
  set_text (object, "callId", call_id);
  if (call_id != NULL)
    set_text (object,
              "direction",
              confab_call_member_get_inbound (member) ? "inbound" : "outbound");
  else
    set_text (object, "direction", NULL);
  json_object_set_int_member (object, "retryCount", confab_call_member_get_retry_count (member));
  json_object_set_boolean_member (mute,
                                  "microphone",
                                  confab_call_member_get_microphone_muted (member));
  json_object_set_boolean_member (mute, "camera", confab_call_member_get_camera_muted (member));
  json_object_set_object_member (object, "remoteMute", mute);
  json_object_set_array_member (object, "queuedSignalling", queue_to_json (member));
}

static void
fill (JsonObject *object, const char *const *names)
{
  for (guint i = 0; names[i] != NULL; i++) {
    if (!json_object_has_member (object, names[i]))
      json_object_set_null_member (object, names[i]);
  }
}

static JsonObject *
participant_to_json (ConfabParticipant *participant)
{
  static const char *const names[] = { "sessionId",  "connected",        "quiet",
                                       "callId",     "direction",        "retryCount",
                                       "remoteMute", "queuedSignalling", NULL };
  JsonObject *object = json_object_new ();
  ConfabParticipantState state = confab_participant_get_state (participant);

  set_text (object, "userId", confab_participant_get_user_id (participant));
  set_text (object, "deviceId", confab_participant_get_device_id (participant));
  set_text (object, "state", confab_enum_nick (CONFAB_TYPE_PARTICIPANT_STATE, state));
  if (CONFAB_IS_CALL_MEMBER (participant))
    add_member (object, CONFAB_CALL_MEMBER (participant));
  json_object_set_boolean_member (object,
                                  "hasUserMedia",
                                  has_stream (participant, CONFAB_STREAM_PURPOSE_USERMEDIA));
  json_object_set_boolean_member (object,
                                  "hasScreenShare",
                                  has_stream (participant, CONFAB_STREAM_PURPOSE_SCREENSHARE));
  json_object_set_array_member (object, "streams", streams_to_json (participant));
  json_object_set_boolean_member (object,
                                  "encrypted",
                                  confab_participant_get_encrypted (participant));
  fill (object, names);
  return object;
}

/**
 * confab_call_report_members:
 * @call: a call
 *
 * Returns: (transfer full): `members`
 */
JsonArray *
confab_call_report_members (ConfabCall *call)
{
  GListModel *participants = confab_call_get_participants (call);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < g_list_model_get_n_items (participants); i++) {
    g_autoptr (ConfabParticipant) participant = g_list_model_get_item (participants, i);
    json_array_add_object_element (array, participant_to_json (participant));
  }
  return array;
}

/* Returns: (nullable): what carries the participant's media, if it can be asked */
static ConfabWebrtcPeer *
get_peer (ConfabParticipant *participant)
{
  ConfabPeerConnection *connection = CONFAB_IS_CALL_MEMBER (participant)
                                       ? confab_call_member_get_connection (
                                           CONFAB_CALL_MEMBER (participant))
                                       : NULL;

  return CONFAB_IS_WEBRTC_PEER (connection) ? CONFAB_WEBRTC_PEER (connection) : NULL;
}

/* The purpose of a stream is the signalling's to know. */
static void
set_purpose (JsonObject *object, ConfabParticipant *participant)
{
  GListModel *streams = confab_participant_get_streams (participant);
  const char *id = confab_json_peek_string (object, "streamId");
  ConfabStreamPurpose purpose = CONFAB_STREAM_PURPOSE_UNKNOWN;

  for (guint i = 0; i < g_list_model_get_n_items (streams); i++) {
    g_autoptr (ConfabStream) stream = g_list_model_get_item (streams, i);
    if (g_strcmp0 (confab_stream_get_id (stream), id) == 0)
      purpose = confab_stream_get_purpose (stream);
  }
  set_text (object, "purpose", confab_enum_nick (CONFAB_TYPE_STREAM_PURPOSE, purpose));
}

static void
finish_list (JsonObject *rtc,
             const char *name,
             const char *const *names,
             ConfabParticipant *participant)
{
  JsonArray *array = confab_json_peek_array (rtc, name);

  if (array == NULL) {
    json_object_set_array_member (rtc, name, json_array_new ());
    return;
  }
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonObject *object = json_array_get_object_element (array, i);
    if (participant != NULL)
      set_purpose (object, participant);
    fill (object, names);
  }
}

/* All that design/bot.md names is there, null where it is not known. */
static void
finish_rtc (JsonObject *rtc, ConfabParticipant *participant)
{
  static const char *const names[] = {
    "connectionState", "iceConnectionState", "roundTripTime", "candidatePair", NULL
  };
  static const char *const inbound[] = {
    "kind",        "purpose",    "streamId",         "codec",      "bytesReceived",
    "packetsLost", "jitter",     "framesDecoded",    "frameWidth", "frameHeight",
    "freezeCount", "audioLevel", "totalAudioEnergy", NULL
  };
  static const char *const outbound[] = { "kind",       "purpose",     "streamId",
                                          "codec",      "bytesSent",   "framesSent",
                                          "frameWidth", "frameHeight", "targetBitrate",
                                          "rung",       NULL };

  fill (rtc, names);
  finish_list (rtc, "inbound", inbound, participant);
  finish_list (rtc, "outbound", outbound, NULL);
}

static void
stats_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DexPromise) promise = data;
  g_autoptr (GError) error = NULL;
  JsonObject *rtc = confab_webrtc_peer_get_stats_finish (CONFAB_WEBRTC_PEER (source),
                                                         result,
                                                         &error);

  if (rtc != NULL)
    dex_promise_resolve_boxed (promise, JSON_TYPE_OBJECT, rtc);
  else
    dex_promise_reject (promise, g_steal_pointer (&error));
}

static JsonObject *
await_rtc (ConfabParticipant *participant)
{
  ConfabWebrtcPeer *peer = get_peer (participant);
  g_autoptr (DexPromise) promise = dex_promise_new ();
  g_autoptr (JsonObject) rtc = NULL;

  if (peer != NULL) {
    confab_webrtc_peer_get_stats_async (peer, stats_cb, dex_ref (promise));
    /* A connection that was closed meanwhile has none: that is no error of whoever asks. */
    rtc = dex_await_boxed (dex_ref (promise), NULL);
  }
  if (rtc == NULL)
    rtc = json_object_new ();
  finish_rtc (rtc, participant);
  return g_steal_pointer (&rtc);
}

static JsonObject *
head_to_json (ConfabCall *call)
{
  g_autofree char *call_id = confab_call_dup_id (call);
  g_autofree char *room_id = confab_call_dup_room_id (call);
  JsonObject *object = json_object_new ();

  set_text (object, "id", call_id);
  set_text (object, "roomId", room_id);
  set_text (object,
            "intent",
            confab_enum_nick (CONFAB_TYPE_CALL_INTENT, confab_call_get_intent (call)));
  set_text (object,
            "type",
            confab_enum_nick (CONFAB_TYPE_CALL_TYPE, confab_call_get_call_type (call)));
  set_text (object,
            "state",
            confab_enum_nick (CONFAB_TYPE_CALL_STATE, confab_call_get_state (call)));
  return object;
}

/* As they are now; the model may change while each is asked. */
static GPtrArray *
dup_participants (ConfabCall *call)
{
  GListModel *model = confab_call_get_participants (call);
  GPtrArray *participants = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    g_ptr_array_add (participants, g_list_model_get_item (model, i));
  return participants;
}

static DexFuture *
report_stats_fiber (gpointer data)
{
  ConfabCallTiming *timing = CONFAB_CALL_TIMING (data);
  ConfabCall *call = confab_call_timing_get_call (timing);
  g_autoptr (GPtrArray) participants = dup_participants (call);
  g_autoptr (JsonArray) members = json_array_new ();
  JsonObject *object;

  for (guint i = 0; i < participants->len; i++) {
    ConfabParticipant *participant = participants->pdata[i];
    g_autoptr (JsonObject) rtc = await_rtc (participant);
    JsonObject *member = participant_to_json (participant);
    json_object_set_object_member (member, "rtc", g_steal_pointer (&rtc));
    json_array_add_object_element (members, member);
  }
  object = json_object_new ();
  json_object_set_object_member (object, "call", head_to_json (call));
  json_object_set_object_member (object, "localMute", confab_call_report_local_mute (call));
  json_object_set_array_member (object, "members", g_steal_pointer (&members));
  json_object_set_array_member (object, "timing", confab_call_timing_to_json (timing));
  json_object_set_object_member (object, "process", confab_call_report_process ());
  return dex_future_new_take_boxed (JSON_TYPE_OBJECT, object);
}

DexFuture *
confab_call_report_stats (ConfabCallTiming *timing)
{
  dex_return_error_if_fail (CONFAB_IS_CALL_TIMING (timing));

  return dex_scheduler_spawn (NULL, 0, report_stats_fiber, g_object_ref (timing), g_object_unref);
}

static void
analyse_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DexPromise) promise = data;
  g_autoptr (GError) error = NULL;
  JsonArray *tracks = confab_webrtc_peer_analyse_finish (CONFAB_WEBRTC_PEER (source),
                                                         result,
                                                         &error);

  if (tracks != NULL)
    dex_promise_resolve_boxed (promise, JSON_TYPE_ARRAY, tracks);
  else
    dex_promise_reject (promise, g_steal_pointer (&error));
}

static void
add_tracks (JsonArray *all, ConfabParticipant *participant, JsonArray *tracks)
{
  static const char *const names[] = { "kind", "peakHz", "rms", "meanRgb", "changed", NULL };

  for (guint i = 0; i < json_array_get_length (tracks); i++) {
    JsonObject *track = json_array_get_object_element (tracks, i);
    set_text (track, "userId", confab_participant_get_user_id (participant));
    set_text (track, "deviceId", confab_participant_get_device_id (participant));
    set_purpose (track, participant);
    fill (track, names);
    json_array_add_object_element (all, json_object_ref (track));
  }
}

static DexFuture *
report_tracks_fiber (gpointer data)
{
  ConfabCall *call = CONFAB_CALL (data);
  g_autoptr (GPtrArray) participants = dup_participants (call);
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);
  JsonArray *all = json_array_new ();

  /* All at once: each takes more than a second. */
  for (guint i = 0; i < participants->len; i++) {
    ConfabWebrtcPeer *peer = get_peer (participants->pdata[i]);
    DexPromise *promise = dex_promise_new ();
    g_ptr_array_add (futures, promise);
    if (peer != NULL)
      confab_webrtc_peer_analyse_async (peer, analyse_cb, dex_ref (promise));
    else
      dex_promise_resolve_boxed (promise, JSON_TYPE_ARRAY, json_array_new ());
  }
  for (guint i = 0; i < participants->len; i++) {
    /* A connection that was closed meanwhile shows nothing. */
    g_autoptr (JsonArray) tracks = dex_await_boxed (dex_ref (futures->pdata[i]), NULL);
    if (tracks != NULL)
      add_tracks (all, participants->pdata[i], tracks);
  }
  return dex_future_new_take_boxed (JSON_TYPE_ARRAY, all);
}

DexFuture *
confab_call_report_tracks (ConfabCall *call)
{
  dex_return_error_if_fail (CONFAB_IS_CALL (call));

  return dex_scheduler_spawn (NULL, 0, report_tracks_fiber, g_object_ref (call), g_object_unref);
}
