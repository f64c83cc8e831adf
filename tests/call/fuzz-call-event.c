/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-call-event.h"
#include "confab-call-lab.h"
#include "confab-declined-calls.h"
#include "confab-json.h"
#include "confab-remote-track.h"
#include "confab-stream.h"

/* What strangers say to a handler that is in a call, and what befalls it meanwhile: device messages and state, of the mesh
 * and of MatrixRTC; which calls an own device has declined; what the person does; what the connections meet with. Lines:
 * in the first byte, the low four bits say what the rest, JSON, is; 16: from @a:x, who invites this device, instead of
 * @c:x, whom it invites; 32: Olm says from which device; 64: then a while passes; 128: then none
 * at all.
 *
 * State may say its own key, as “@key”: of a call that is its id.
 *
 * In a message “@own” stands for the id of the call with its sender, or of the own session, which are made up as they are
 * needed; “@n” for a number that no message had before. */

#define OWN "@b:x"
#define ENTRY(device)                                                                              \
  "{\"m.calls\":[{\"m.call_id\":\"conf\",\"m.devices\":[{\"device_id\":\"" device "\","            \
  "\"session_id\":\"S\",\"expires_ts\":9000000}]}]}"
#define MAX_LINES 120
#define MAX_WHILE_MS 100000
#define MAX_TIME_MS                                                                                \
  (60 * 60 * 1000) /* of one input: entries are renewed once, and each timer has run */
#define MAX_AGAIN 600

static const char *const types[] = {
  "m.call.invite", "m.call.answer",        "m.call.candidates",
  "m.call.hangup", "m.call.negotiate",     "m.call.sdp_stream_metadata_changed",
  "m.call.reject", "m.call.select_answer", "org.matrix.call.sdp_stream_metadata_changed",
};

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#define KIND_MEMBER 9
#define KIND_RTC 10
#define KIND_MEMBERSHIP 11
#define KIND_DECLINED 13
#define KIND_HAPPENS 14

typedef struct {
  ConfabManualClock *clock;
  ConfabFakeSignalling *signalling;
  ConfabCallHandler *handler;
  GPtrArray *medias; /* ConfabFakeLocalMedia, one a stay */
  guint kind;        /* of the last message */
  JsonObject *said;  /* (nullable): its content */
  guint n_said;
  gint64 left_ms; /* of the time that this input has */
} World;

static ConfabCall *
peek_call (World *self, const char *id)
{
  return confab_call_handler_lookup (self->handler, ROOM, id != NULL ? id : "conf");
}

/* The first of the user's, unless a device is named. */
static ConfabCallMember *
find_member (ConfabCall *call, const char *user, const char *device)
{
  GListModel *people = call != NULL ? confab_call_get_participants (call) : NULL;

  for (guint i = 0; people != NULL && i < g_list_model_get_n_items (people); i++) {
    g_autoptr (ConfabCallMember) member = g_list_model_get_item (people, i);
    if (g_str_equal (confab_call_member_get_user_id (member), user) &&
        (device == NULL || g_str_equal (confab_call_member_get_device_id (member), device)))
      return g_steal_pointer (&member);
  }
  return NULL;
}

static gint64
get_now (World *self)
{
  return confab_clock_get_real_time (CONFAB_CLOCK (self->clock)) / 1000;
}

static void
pass (World *self, gint64 ms)
{
  ms = CLAMP (ms, 0, MIN (MAX_WHILE_MS, self->left_ms));
  self->left_ms -= ms;
  confab_manual_clock_advance (self->clock, (guint) ms);
}

/* ---- what others say ---- */

static void
put_id (JsonObject *content, const char *name, const char *placeholder, const char *id)
{
  if (id != NULL && g_strcmp0 (confab_json_peek_string (content, name), placeholder) == 0)
    json_object_set_string_member (content, name, id);
}

static void
say (World *self, guint kind, JsonObject *content)
{
  static const char *const numbered[] = { "call_id", "device_id", "sender_session_id" };
  const char *user = kind & 16 ? "@a:x" : "@c:x";
  ConfabCall *call = peek_call (self, confab_json_peek_string (content, "conf_id"));
  g_autoptr (ConfabCallMember) member = find_member (call,
                                          user,
                                          confab_json_peek_string (content, "device_id"));
  g_autoptr (JsonObject) copy = confab_json_copy_object (content);
  g_autofree char *number = g_strdup_printf ("n%u", self->n_said++);

  if (call != NULL)
    put_id (copy,
            "dest_session_id",
            "@own",
            confab_group_call_get_session_id (CONFAB_GROUP_CALL (call)));
  if (member != NULL)
    put_id (copy, "call_id", "@own", confab_call_member_get_call_id (member));
  for (guint i = 0; i < G_N_ELEMENTS (numbered); i++)
    put_id (copy, numbered[i], "@n", number);
  g_clear_object (&member);
  confab_call_handler_handle_to_device (
    self->handler, user, kind & 32 ? (kind & 16 ? "A" : "C") : NULL, types[kind % 16], copy);
}

/* What was read is written, and reads the same. */
static gboolean
read_back (const char *type, JsonObject *content)
{
  g_autoptr (ConfabCallEvent) message = confab_call_event_parse (type, content, NULL);
  g_autoptr (ConfabCallEvent) again = NULL;
  g_autoptr (JsonObject) printed = NULL;
  g_autoptr (JsonObject) reprinted = NULL;

  if (message == NULL)
    return FALSE;
  printed = confab_call_event_print (message);
  again = confab_call_event_parse (confab_call_event_get_name (message), printed, NULL);
  g_assert_nonnull (again);
  reprinted = confab_call_event_print (again);
  g_assert_true (json_object_equal (printed, reprinted));
  return TRUE;
}

static void
feed_message (World *self, guint kind, JsonObject *content)
{
  read_back (types[kind % 16], content);
  self->kind = kind;
  g_clear_pointer (&self->said, json_object_unref);
  self->said = json_object_ref (content);
  say (self, kind, content);
}

static void
feed_state (World *self, guint kind, JsonObject *content)
{
  const char *user = kind & 16 ? "@a:x" : "@c:x";
  const char *sender = kind & 32 ? user : OWN;
  const char *named = confab_json_peek_string (content, "@key");
  g_autofree char *key = NULL;

  if (named != NULL)
    key = g_strdup (named);
  else if (kind % 16 == KIND_RTC)
    key = g_strdup_printf ("_%s_A_m.call", user);
  else if (kind % 16 == KIND_MEMBER)
    key = g_strdup (sender);
  else
    key = g_strdup (kind & 16 ? "conf" : "other");

  if (kind % 16 == KIND_MEMBER || kind % 16 == KIND_RTC)
    confab_call_handler_handle_state (
      self->handler, ROOM, "org.matrix.msc3401.call.member", key, sender, get_now (self), content);
  else
    confab_call_handler_handle_state (
      self->handler, ROOM, "org.matrix.msc3401.call", key, "@a:x", get_now (self), content);
}

/* ---- what happens ---- */

/* The track with that mid, of that connection. */
static ConfabRemoteTrack *
ensure_track (ConfabPeerConnection *connection, JsonObject *content)
{
  const char *mid = confab_json_peek_string (content, "mid");
  g_autofree char *name = g_strdup_printf ("fuzz-%s", mid);
  ConfabRemoteTrack *track = g_object_get_data (G_OBJECT (connection), name);

  if (track != NULL)
    return track;
  track = confab_remote_track_new (confab_json_peek_boolean (content, "video", FALSE)
                                     ? CONFAB_MEDIA_KIND_VIDEO
                                     : CONFAB_MEDIA_KIND_AUDIO,
                                   confab_json_peek_string (content, "stream"),
                                   mid);
  g_object_set_data_full (G_OBJECT (connection), name, track, g_object_unref);
  confab_peer_connection_emit_track_added (connection, track);
  return track;
}

static void
change_track (ConfabPeerConnection *connection, JsonObject *content)
{
  g_autoptr (ConfabRemoteTrack) track = g_object_ref (ensure_track (connection, content));
  g_autoptr (GObject) picture = NULL;

  if (confab_json_peek_boolean (content, "picture", FALSE))
    picture = g_object_new (G_TYPE_OBJECT, NULL);
  confab_remote_track_set_stream_id (track, confab_json_peek_string (content, "stream"));
  confab_remote_track_set_sending (track, confab_json_peek_boolean (content, "sending", TRUE));
  confab_remote_track_set_playing (track, confab_json_peek_boolean (content, "playing", TRUE));
  confab_remote_track_set_paintable (track, picture);
  confab_remote_track_set_level (track, (double) confab_json_peek_int (content, "level", -20));
  confab_remote_track_set_loss (track,
                                (double) confab_json_peek_int (content, "lost_percent", 0) / 100);
}

/* To the connection with @member. It cannot be connected before it knows of the other side. */
static void
happen_to (ConfabCallMember *member, JsonObject *content)
{
  g_autoptr (ConfabFakePeerConnection) connection = NULL;
  JsonObject *track = confab_json_peek_object (content, "track");
  const char *found = confab_json_peek_string (content, "candidate");
  gint64 state = confab_json_peek_int (content, "connection", -1);

  if (confab_call_member_get_connection (member) == NULL)
    return;
  connection = g_object_ref (
    CONFAB_FAKE_PEER_CONNECTION (confab_call_member_get_connection (member)));
  if (confab_fake_peer_connection_get_closed (connection))
    return;
  if (confab_json_peek_boolean (content, "fails", FALSE))
    confab_fake_peer_connection_fail_next (connection);
  if (confab_json_peek_boolean (content, "packet", FALSE))
    confab_fake_peer_connection_receive (connection);
  if (found != NULL || json_object_has_member (content, "complete"))
    confab_fake_peer_connection_gather (connection,
                                        found,
                                        confab_json_peek_boolean (content, "complete", FALSE));
  if (confab_json_peek_boolean (content, "needed", FALSE))
    confab_peer_connection_emit_negotiation_needed (CONFAB_PEER_CONNECTION (connection));
  if (track != NULL && confab_fake_peer_connection_get_remote_sdp (connection) != NULL)
    change_track (CONFAB_PEER_CONNECTION (connection), track);
  if (state >= CONFAB_CONNECTION_STATE_CONNECTING && state <= CONFAB_CONNECTION_STATE_FAILED &&
      confab_fake_peer_connection_get_remote_sdp (connection) != NULL)
    confab_fake_peer_connection_set_state (connection, (ConfabConnectionState) state);
}

static void
watch_streams (ConfabCallMember *member, gboolean watched)
{
  GListModel *streams = confab_participant_get_streams (CONFAB_PARTICIPANT (member));

  for (guint i = 0; i < g_list_model_get_n_items (streams); i++) {
    g_autoptr (ConfabStream) stream = g_list_model_get_item (streams, i);
    confab_stream_set_watched (stream, watched);
  }
}

static void
join (World *self, ConfabCall *call)
{
  ConfabFakeLocalMedia *media;

  if (call == NULL || confab_call_is_active (call))
    return;
  media = confab_fake_local_media_new (CONFAB_CLOCK (self->clock), "local");
  g_ptr_array_add (self->medias, media);
  confab_call_join (call, CONFAB_LOCAL_MEDIA (media));
}

/* The person: one step a line, or several. */
static void
do_person (World *self, ConfabCall *call, JsonObject *content)
{
  g_autoptr (ConfabCall) hold = g_object_ref (call);

  if (json_object_has_member (content, "mute"))
    confab_call_set_microphone_muted (call, confab_json_peek_boolean (content, "mute", TRUE));
  if (json_object_has_member (content, "blind"))
    confab_call_set_camera_muted (call, confab_json_peek_boolean (content, "blind", TRUE));
  if (confab_json_peek_boolean (content, "share", FALSE))
    confab_call_share_screen (call);
  else if (json_object_has_member (content, "share"))
    confab_call_stop_sharing (call);
  if (confab_json_peek_boolean (content, "leave", FALSE))
    confab_call_leave (call);
  if (confab_json_peek_boolean (content, "join", FALSE))
    join (self, call);
  if (confab_json_peek_boolean (content, "decline", FALSE))
    confab_call_decline (call, CONFAB_DECLINE_EVERYWHERE);
  if (confab_json_peek_boolean (content, "terminate", FALSE))
    confab_call_terminate (call);
}

/* The network, the room, and what is there only then. */
static void
do_world (World *self, JsonObject *content)
{
  const char *refused = confab_json_peek_string (content, "refused");
  gint64 again = CLAMP (confab_json_peek_int (content, "again", 0), 0, MAX_AGAIN);

  if (refused != NULL)
    confab_fake_signalling_fail (self->signalling,
                                 refused,
                                 (int) (confab_json_peek_int (content, "code", 0) & 3),
                                 1 + (guint) (confab_json_peek_int (content, "times", 0) & 7));
  if (json_object_has_member (content, "offline")) {
    gboolean offline = confab_json_peek_boolean (content, "offline", TRUE);
    confab_fake_signalling_hold (self->signalling, offline);
    if (!offline)
      confab_call_handler_back_online (self->handler);
  }
  if (json_object_has_member (content, "may_call"))
    confab_call_handler_set_can_send_call (self->handler,
                                           ROOM,
                                           confab_json_peek_boolean (content, "may_call", TRUE));
  if (confab_json_peek_boolean (content, "create", FALSE)) {
    g_autoptr (ConfabCall) created = confab_call_handler_create_call (
      self->handler, ROOM, CONFAB_CALL_INTENT_RING, CONFAB_CALL_TYPE_VIDEO, NULL);
    join (self, created);
  }
  if (json_object_has_member (content, "encrypted"))
    confab_call_handler_set_room_encrypted (self->handler,
                                            ROOM,
                                            confab_json_peek_boolean (content, "encrypted", TRUE));
  for (gint64 i = 0; i < again && self->said != NULL; i++)
    say (self, self->kind, self->said);
}

static void
happen (World *self, guint kind, JsonObject *content)
{
  ConfabCall *call = peek_call (self, confab_json_peek_string (content, "call"));
  g_autoptr (ConfabCallMember) member = find_member (call, kind & 16 ? "@a:x" : "@c:x", NULL);

  if (member != NULL && json_object_has_member (content, "watched"))
    watch_streams (member, confab_json_peek_boolean (content, "watched", TRUE));
  if (member != NULL)
    happen_to (member, content);
  g_clear_object (&member);
  do_world (self, content);
  call = peek_call (self, confab_json_peek_string (content, "call"));
  if (call != NULL)
    do_person (self, call, content);
  pass (self, confab_json_peek_int (content, "ms", 0));
}

static void
feed (World *self, const char *line)
{
  guint kind = (guchar) *line;
  g_autoptr (JsonObject) content = confab_json_parse_object (line + 1, -1, NULL);

  if (content == NULL)
    return;
  if (kind % 16 < G_N_ELEMENTS (types))
    feed_message (self, kind, content);
  else if (kind % 16 == KIND_MEMBERSHIP)
    confab_call_handler_handle_membership (
      self->handler,
      ROOM,
      kind & 32 ? (kind & 16 ? "@a:x" : "@c:x") : OWN,
      g_strcmp0 (confab_json_peek_string (content, "membership"), "join") == 0);
  else if (kind % 16 == KIND_DECLINED)
    confab_call_handler_handle_account_data (self->handler,
                                             ROOM,
                                             CONFAB_DECLINED_CALLS_TYPE,
                                             content);
  else if (kind % 16 == KIND_HAPPENS)
    happen (self, kind, content);
  else
    feed_state (self, kind, content);
  confab_call_handler_end_sync (self->handler, kind & 32 ? get_now (self) : 0);
  pass (self, kind & 128 ? 0 : kind & 64 ? 250 : 1);
}

/* ---- what this side says ---- */

static void
state_cb (ConfabFakeSignalling *signalling,
          const char *room,
          const char *type,
          const char *state_key,
          JsonObject *content,
          World *self)
{
  if (!g_str_equal (type, CONFAB_DECLINED_CALLS_TYPE)) {
    lab_hear_own (self->handler, OWN, type, state_key, get_now (self), content);
    return;
  }
  confab_call_handler_handle_account_data (self->handler, room, type, content);
  confab_call_handler_end_sync (self->handler, 0);
}

static void
to_device_cb (ConfabFakeSignalling *signalling,
              const char *user,
              const char *device,
              const char *type,
              JsonObject *content,
              gboolean clear,
              gpointer data)
{
  g_assert_true (read_back (type, content));
}

/* Whatever was said to it: it told its connections nothing that they cannot do then. */
static void
finish (World *self)
{
  g_assert_finalize_object (g_steal_pointer (&self->handler));
  g_assert_finalize_object (g_steal_pointer (&self->signalling));
  while (self->medias->len > 0) {
    ConfabFakeLocalMedia *media = g_ptr_array_steal_index (self->medias, 0);
    for (guint i = 0; i < confab_fake_local_media_get_n_connections (media); i++)
      g_assert_false (
        confab_fake_peer_connection_is_abused (confab_fake_local_media_peek_connection (media, i)));
    g_assert_finalize_object (media);
  }
  g_ptr_array_unref (self->medias);
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (self->clock), ==, 0);
  g_assert_finalize_object (g_steal_pointer (&self->clock));
  g_clear_pointer (&self->said, json_object_unref);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  World world = { .left_ms = MAX_TIME_MS };
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", MAX_LINES);

  g_random_set_seed (1); /* ids, and waits of a random length */
  confab_fake_peer_connection_reset ();
  world.clock = confab_manual_clock_new (G_GINT64_CONSTANT (1000000));
  world.signalling = confab_fake_signalling_new (CONFAB_CLOCK (world.clock));
  world.medias = g_ptr_array_new_with_free_func (g_object_unref);
  world.handler = confab_call_handler_new (CONFAB_SIGNALLING (world.signalling),
                                           CONFAB_CLOCK (world.clock),
                                           OWN,
                                           "ME");
  g_signal_connect (world.signalling, "state", G_CALLBACK (state_cb), &world);
  g_signal_connect (world.signalling, "to-device", G_CALLBACK (to_device_cb), NULL);
  feed (&world, "\x1c{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  join (&world, peek_call (&world, NULL));
  feed (&world, "\x39" ENTRY ("A"));
  feed (&world, "\x29" ENTRY ("C"));
  pass (&world, 250); /* @c:x has the invite */
  for (guint i = 0; lines[i] != NULL; i++) {
    if (*lines[i] != '\0')
      feed (&world, lines[i]);
  }
  finish (&world);
  return 0;
}
