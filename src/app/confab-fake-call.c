/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-fake-call.h"

/* ---- ConfabFakeParticipant ---- */

struct _ConfabFakeParticipant {
  GObject parent_instance;

  char *user_id;
  ConfabParticipantState state;
  gboolean encrypted;
  gboolean waiting_for_key;
  gboolean weak;
  gint64 quiet_since; /* monotonic, µs; 0: it is not quiet */
  GListStore *streams;
};

static const char *
confab_fake_participant_get_user_id (ConfabParticipant *participant)
{
  return CONFAB_FAKE_PARTICIPANT (participant)->user_id;
}

static const char *
confab_fake_participant_get_device_id (ConfabParticipant *participant)
{
  return "FAKE";
}

static GListModel *
confab_fake_participant_get_streams (ConfabParticipant *participant)
{
  return G_LIST_MODEL (CONFAB_FAKE_PARTICIPANT (participant)->streams);
}

static void
participant_iface_init (ConfabParticipantInterface *iface)
{
  iface->get_user_id = confab_fake_participant_get_user_id;
  iface->get_device_id = confab_fake_participant_get_device_id;
  iface->get_streams = confab_fake_participant_get_streams;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabFakeParticipant,
                               confab_fake_participant,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_PARTICIPANT,
                                                      participant_iface_init))

enum {
  PARTICIPANT_PROP_STATE = 1,
  PARTICIPANT_PROP_ENCRYPTED,
  PARTICIPANT_PROP_WAITING_FOR_KEY,
  PARTICIPANT_PROP_WEAK,
  PARTICIPANT_PROP_QUIET_SINCE,
};

static void
confab_fake_participant_get_property (GObject *object,
                                      guint prop_id,
                                      GValue *value,
                                      GParamSpec *pspec)
{
  ConfabFakeParticipant *self = CONFAB_FAKE_PARTICIPANT (object);

  if (prop_id == PARTICIPANT_PROP_STATE)
    g_value_set_enum (value, self->state);
  else if (prop_id == PARTICIPANT_PROP_ENCRYPTED)
    g_value_set_boolean (value, self->encrypted);
  else if (prop_id == PARTICIPANT_PROP_WAITING_FOR_KEY)
    g_value_set_boolean (value, self->waiting_for_key);
  else if (prop_id == PARTICIPANT_PROP_QUIET_SINCE)
    g_value_set_int64 (value, self->quiet_since);
  else
    g_value_set_boolean (value, self->weak);
}

static void
confab_fake_participant_finalize (GObject *object)
{
  ConfabFakeParticipant *self = CONFAB_FAKE_PARTICIPANT (object);

  g_free (self->user_id);
  g_object_unref (self->streams);
  G_OBJECT_CLASS (confab_fake_participant_parent_class)->finalize (object);
}

static void
confab_fake_participant_class_init (ConfabFakeParticipantClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = confab_fake_participant_get_property;
  object_class->finalize = confab_fake_participant_finalize;
  g_object_class_override_property (object_class, PARTICIPANT_PROP_STATE, "state");
  g_object_class_override_property (object_class, PARTICIPANT_PROP_ENCRYPTED, "encrypted");
  g_object_class_override_property (object_class,
                                    PARTICIPANT_PROP_WAITING_FOR_KEY,
                                    "waiting-for-key");
  g_object_class_override_property (object_class, PARTICIPANT_PROP_WEAK, "weak");
  g_object_class_override_property (object_class, PARTICIPANT_PROP_QUIET_SINCE, "quiet-since");
}

static void
confab_fake_participant_init (ConfabFakeParticipant *self)
{
  self->state = CONFAB_PARTICIPANT_STATE_CONNECTED;
  self->encrypted = TRUE;
  self->streams = g_list_store_new (CONFAB_TYPE_STREAM);
}

static ConfabFakeParticipant *
fake_participant_new (const char *user_id, guint number)
{
  ConfabFakeParticipant *self = g_object_new (CONFAB_TYPE_FAKE_PARTICIPANT, NULL);
  g_autoptr (ConfabStream) stream = confab_stream_new (user_id, CONFAB_STREAM_PURPOSE_USERMEDIA);
  g_autoptr (GdkPaintable) picture = confab_fake_picture_new (number, number % 7 == 5);

  self->user_id = g_strdup (user_id);
  confab_stream_set_paintable (stream, G_OBJECT (picture));
  confab_stream_set_has_video (stream, TRUE);
  g_list_store_append (self->streams, stream);
  return self;
}

void
confab_fake_participant_set_state (ConfabFakeParticipant *self, ConfabParticipantState state)
{
  self->state = state;
  g_object_notify (G_OBJECT (self), "state");
}

void
confab_fake_participant_set_encrypted (ConfabFakeParticipant *self, gboolean encrypted)
{
  self->encrypted = encrypted;
  g_object_notify (G_OBJECT (self), "encrypted");
}

void
confab_fake_participant_set_waiting_for_key (ConfabFakeParticipant *self, gboolean waiting)
{
  self->waiting_for_key = waiting;
  g_object_notify (G_OBJECT (self), "waiting-for-key");
}

void
confab_fake_participant_set_weak (ConfabFakeParticipant *self, gboolean weak)
{
  self->weak = weak;
  g_object_notify (G_OBJECT (self), "weak");
}

void
confab_fake_participant_set_quiet_since (ConfabFakeParticipant *self, gint64 quiet_since)
{
  self->quiet_since = quiet_since;
  g_object_notify (G_OBJECT (self), "quiet-since");
}

/**
 * confab_fake_participant_get_stream:
 * @self: a fake
 *
 * Returns: (transfer none): their camera and microphone
 */
ConfabStream *
confab_fake_participant_get_stream (ConfabFakeParticipant *self)
{
  g_autoptr (ConfabStream) stream = g_list_model_get_item (G_LIST_MODEL (self->streams), 0);

  return stream;
}

/**
 * confab_fake_participant_share:
 * @self: a fake
 *
 * Returns: (transfer none): the screen that they share from now on
 */
ConfabStream *
confab_fake_participant_share (ConfabFakeParticipant *self)
{
  g_autoptr (ConfabStream) stream = confab_stream_new ("screen", CONFAB_STREAM_PURPOSE_SCREENSHARE);
  g_autoptr (GdkPaintable) picture = confab_fake_screen_new ();

  confab_stream_set_paintable (stream, G_OBJECT (picture));
  confab_stream_set_has_video (stream, TRUE);
  g_list_store_append (self->streams, stream);
  return stream;
}

/* ---- the local media ---- */

#define FAKE_TYPE_LOCAL_MEDIA (fake_local_media_get_type ())
G_DECLARE_FINAL_TYPE (FakeLocalMedia, fake_local_media, FAKE, LOCAL_MEDIA, GObject)

struct _FakeLocalMedia {
  GObject parent_instance;

  ConfabStream *stream;
  ConfabStream *screen;
  gboolean sharing;
  ConfabDeviceProblem problems[3];
};

static ConfabStream *
fake_local_media_get_stream (ConfabLocalMedia *media)
{
  return FAKE_LOCAL_MEDIA (media)->stream;
}

static void
fake_local_media_set_microphone_muted (ConfabLocalMedia *media, gboolean muted)
{
  confab_stream_set_audio_muted (FAKE_LOCAL_MEDIA (media)->stream, muted);
}

static void
fake_local_media_set_camera_muted (ConfabLocalMedia *media, gboolean muted)
{
  confab_stream_set_video_muted (FAKE_LOCAL_MEDIA (media)->stream, muted);
}

static ConfabDeviceProblem
fake_local_media_get_problem (ConfabLocalMedia *media, ConfabDeviceKind kind)
{
  return FAKE_LOCAL_MEDIA (media)->problems[kind];
}

static void
set_sharing (FakeLocalMedia *self, gboolean sharing)
{
  if (self->sharing == sharing)
    return;
  self->sharing = sharing;
  confab_local_media_emit_sharing_changed (CONFAB_LOCAL_MEDIA (self));
}

static void
fake_local_media_share_screen (ConfabLocalMedia *media)
{
  set_sharing (FAKE_LOCAL_MEDIA (media), TRUE);
}

static void
fake_local_media_stop_sharing (ConfabLocalMedia *media)
{
  set_sharing (FAKE_LOCAL_MEDIA (media), FALSE);
}

static ConfabSharing
fake_local_media_get_sharing (ConfabLocalMedia *media, ConfabSharingProblem *problem)
{
  *problem = CONFAB_SHARING_PROBLEM_NONE;
  return FAKE_LOCAL_MEDIA (media)->sharing ? CONFAB_SHARING_ON : CONFAB_SHARING_OFF;
}

static ConfabStream *
fake_local_media_get_screen (ConfabLocalMedia *media)
{
  FakeLocalMedia *self = FAKE_LOCAL_MEDIA (media);

  return self->sharing ? self->screen : NULL;
}

static void
fake_local_media_close (ConfabLocalMedia *media)
{
  FAKE_LOCAL_MEDIA (media)->sharing = FALSE;
}

static void
local_media_iface_init (ConfabLocalMediaInterface *iface)
{
  iface->get_stream = fake_local_media_get_stream;
  iface->set_microphone_muted = fake_local_media_set_microphone_muted;
  iface->set_camera_muted = fake_local_media_set_camera_muted;
  iface->get_problem = fake_local_media_get_problem;
  iface->share_screen = fake_local_media_share_screen;
  iface->stop_sharing = fake_local_media_stop_sharing;
  iface->get_sharing = fake_local_media_get_sharing;
  iface->get_screen = fake_local_media_get_screen;
  iface->close = fake_local_media_close;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeLocalMedia,
                               fake_local_media,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_LOCAL_MEDIA,
                                                      local_media_iface_init))

static void
fake_local_media_finalize (GObject *object)
{
  g_object_unref (FAKE_LOCAL_MEDIA (object)->stream);
  g_object_unref (FAKE_LOCAL_MEDIA (object)->screen);
  G_OBJECT_CLASS (fake_local_media_parent_class)->finalize (object);
}

static void
fake_local_media_class_init (FakeLocalMediaClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_local_media_finalize;
}

static void
fake_local_media_init (FakeLocalMedia *self)
{
  g_autoptr (GdkPaintable) picture = confab_fake_picture_new (CONFAB_FAKE_PICTURE_OWN, FALSE);
  g_autoptr (GdkPaintable) screen = confab_fake_screen_new ();

  self->screen = confab_stream_new ("own-screen", CONFAB_STREAM_PURPOSE_SCREENSHARE);
  confab_stream_set_audio_muted (self->screen, TRUE);
  confab_stream_set_paintable (self->screen, G_OBJECT (screen));
  confab_stream_set_has_video (self->screen, TRUE);
  self->stream = confab_stream_new ("own", CONFAB_STREAM_PURPOSE_USERMEDIA);
  confab_stream_set_paintable (self->stream, G_OBJECT (picture));
  confab_stream_set_has_video (self->stream, TRUE);
}

/* ---- ConfabFakeCall ---- */

struct _ConfabFakeCall {
  GObject parent_instance;

  ConfabCallState state;
  gint64 started_at;
  GListStore *participants;
  ConfabLocalMedia *media;
};

static GListModel *
confab_fake_call_get_participants (ConfabCall *call)
{
  return G_LIST_MODEL (CONFAB_FAKE_CALL (call)->participants);
}

static void
sharing_changed_cb (ConfabFakeCall *self)
{
  g_object_notify (G_OBJECT (self), "sharing");
  g_object_notify (G_OBJECT (self), "sharing-problem");
}

static void
take_media (ConfabFakeCall *self, ConfabLocalMedia *media)
{
  if (self->media != NULL)
    g_signal_handlers_disconnect_by_data (self->media, self);
  if (!g_set_object (&self->media, media))
    return;
  if (media != NULL)
    g_signal_connect_object (
      media, "sharing-changed", G_CALLBACK (sharing_changed_cb), self, G_CONNECT_SWAPPED);
  g_object_notify (G_OBJECT (self), "local-media");
  sharing_changed_cb (self);
}

static void
confab_fake_call_join (ConfabCall *call, ConfabLocalMedia *media)
{
  ConfabFakeCall *self = CONFAB_FAKE_CALL (call);

  take_media (self, media);
  confab_fake_call_set_state (self, CONFAB_CALL_STATE_JOINED);
}

static void
confab_fake_call_leave (ConfabCall *call)
{
  ConfabFakeCall *self = CONFAB_FAKE_CALL (call);

  take_media (self, NULL);
  confab_fake_call_set_state (self, CONFAB_CALL_STATE_KNOWN);
}

static void
confab_fake_call_terminate (ConfabCall *call)
{
  confab_fake_call_set_state (CONFAB_FAKE_CALL (call), CONFAB_CALL_STATE_ENDED);
}

static void
confab_fake_call_decline (ConfabCall *call, ConfabDeclineScope scope)
{
}

static void
confab_fake_call_set_microphone_muted (ConfabCall *call, gboolean muted)
{
  ConfabFakeCall *self = CONFAB_FAKE_CALL (call);

  if (self->media != NULL)
    confab_local_media_set_microphone_muted (self->media, muted);
}

static void
confab_fake_call_set_camera_muted (ConfabCall *call, gboolean muted)
{
  ConfabFakeCall *self = CONFAB_FAKE_CALL (call);

  if (self->media != NULL)
    confab_local_media_set_camera_muted (self->media, muted);
}

static void
confab_fake_call_share_screen (ConfabCall *call)
{
  ConfabFakeCall *self = CONFAB_FAKE_CALL (call);

  if (self->media != NULL)
    confab_local_media_share_screen (self->media);
}

static void
confab_fake_call_stop_sharing (ConfabCall *call)
{
  ConfabFakeCall *self = CONFAB_FAKE_CALL (call);

  if (self->media != NULL)
    confab_local_media_stop_sharing (self->media);
}

static void
call_iface_init (ConfabCallInterface *iface)
{
  iface->get_participants = confab_fake_call_get_participants;
  iface->join = confab_fake_call_join;
  iface->leave = confab_fake_call_leave;
  iface->terminate = confab_fake_call_terminate;
  iface->decline = confab_fake_call_decline;
  iface->set_microphone_muted = confab_fake_call_set_microphone_muted;
  iface->set_camera_muted = confab_fake_call_set_camera_muted;
  iface->share_screen = confab_fake_call_share_screen;
  iface->stop_sharing = confab_fake_call_stop_sharing;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabFakeCall,
                               confab_fake_call,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_CALL, call_iface_init))

static const char *const call_properties[] = {
  NULL,    "id",      "room-id",    "intent",      "call-type", "name",
  "state", "ringing", "started-at", "local-media", "sharing",   "sharing-problem",
};

static void
confab_fake_call_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabFakeCall *self = CONFAB_FAKE_CALL (object);
  const char *name = call_properties[prop_id];

  if (g_str_equal (name, "id"))
    g_value_set_static_string (value, "fake");
  else if (g_str_equal (name, "room-id"))
    g_value_set_static_string (value, "!fake:example.org");
  else if (g_str_equal (name, "name"))
    g_value_set_static_string (value, "Field Survey");
  else if (g_str_equal (name, "state"))
    g_value_set_enum (value, self->state);
  else if (g_str_equal (name, "started-at"))
    g_value_set_int64 (value, self->started_at);
  else if (g_str_equal (name, "local-media"))
    g_value_set_object (value, self->media);
  else if (g_str_equal (name, "sharing") && self->media != NULL)
    g_value_set_enum (value, confab_local_media_get_sharing (self->media));
  else if (g_str_equal (name, "sharing-problem") && self->media != NULL)
    g_value_set_enum (value, confab_local_media_get_sharing_problem (self->media));
}

static void
confab_fake_call_finalize (GObject *object)
{
  ConfabFakeCall *self = CONFAB_FAKE_CALL (object);

  g_object_unref (self->participants);
  g_clear_object (&self->media);
  G_OBJECT_CLASS (confab_fake_call_parent_class)->finalize (object);
}

static void
confab_fake_call_class_init (ConfabFakeCallClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = confab_fake_call_get_property;
  object_class->finalize = confab_fake_call_finalize;
  for (guint i = 1; i < G_N_ELEMENTS (call_properties); i++)
    g_object_class_override_property (object_class, i, call_properties[i]);
}

static void
confab_fake_call_init (ConfabFakeCall *self)
{
  self->state = CONFAB_CALL_STATE_JOINED;
  self->participants = g_list_store_new (CONFAB_TYPE_PARTICIPANT);
  take_media (self, g_object_new (FAKE_TYPE_LOCAL_MEDIA, NULL));
  g_object_unref (self->media); /* this holds it */
}

/* Invented people; a user id could not hold these, but then nobody has to look a name up. */
static const char *const people[] = {
  "@Ana García:x",
  "@李静怡:x",
  "@أمينة بن يوسف:x",
  "@Ngozi Okafor:x",
  "@Jonas Lindqvist:x",
  "@Priya Raghunathan:x",
  "@Дмитрий Орлов:x",
  "@Elif Yılmaz:x",
  "@Sofía Castellanos Iturbide:x",
  "@Omar Haddad:x",
  "@Kofi Mensah:x",
  "@小林 由紀:x",
  "@Tom Byrne:x",
  "@Maximiliane von Hohenstein-Weidenbach:x",
  "@Hoàng Thị Mai:x",
};

static void
give_state (ConfabFakeParticipant *person, guint number)
{
  ConfabStream *stream = confab_fake_participant_get_stream (person);

  confab_stream_set_audio_muted (stream, number % 5 == 2 || number % 5 == 4);
  confab_stream_set_video_muted (stream, number == 6 || number == 13 || number == 14);
  if (number == 0)
    confab_stream_set_level (stream, -20);
  if (number == 7)
    confab_fake_participant_set_state (person, CONFAB_PARTICIPANT_STATE_RECONNECTING);
  else if (number == 9)
    confab_fake_participant_set_encrypted (person, FALSE);
  else if (number == 10)
    confab_fake_participant_set_state (person, CONFAB_PARTICIPANT_STATE_UNREACHABLE);
  else if (number == 12)
    confab_fake_participant_set_state (person, CONFAB_PARTICIPANT_STATE_CONNECTING);
}

ConfabFakeCall *
confab_fake_call_new (guint n_people)
{
  ConfabFakeCall *self = g_object_new (CONFAB_TYPE_FAKE_CALL, NULL);

  for (guint i = 0; i < MIN (n_people, CONFAB_FAKE_CALL_MAX_PEOPLE); i++) {
    g_autofree char *user_id = i < G_N_ELEMENTS (people) ? g_strdup (people[i])
                                                         : g_strdup_printf ("@Person %u:x", i + 1);

    give_state (confab_fake_call_add (self, user_id), i);
  }
  return self;
}

ConfabFakeParticipant *
confab_fake_call_add (ConfabFakeCall *self, const char *user_id)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->participants));
  g_autoptr (ConfabFakeParticipant) person = fake_participant_new (user_id, n);

  g_list_store_append (self->participants, person);
  return person;
}

void
confab_fake_call_remove (ConfabFakeCall *self, guint position)
{
  g_list_store_remove (self->participants, position);
}

/**
 * confab_fake_call_get:
 * @self: a fake call
 * @position: in the order of joining
 *
 * Returns: (transfer none): the person
 */
ConfabFakeParticipant *
confab_fake_call_get (ConfabFakeCall *self, guint position)
{
  g_autoptr (ConfabFakeParticipant) person = g_list_model_get_item (G_LIST_MODEL (self->participants),
                                                         position);

  return person;
}

void
confab_fake_call_set_state (ConfabFakeCall *self, ConfabCallState state)
{
  self->state = state;
  g_object_notify (G_OBJECT (self), "state");
}

void
confab_fake_call_set_started_at (ConfabFakeCall *self, gint64 started_at)
{
  self->started_at = started_at;
  g_object_notify (G_OBJECT (self), "started-at");
}

void
confab_fake_call_set_problem (ConfabFakeCall *self,
                              ConfabDeviceKind kind,
                              ConfabDeviceProblem problem)
{
  FAKE_LOCAL_MEDIA (self->media)->problems[kind] = problem;
  confab_local_media_emit_problem_changed (self->media, kind);
}

ConfabStream *
confab_fake_call_get_own_stream (ConfabFakeCall *self)
{
  return confab_local_media_get_stream (self->media);
}

void
confab_fake_call_fail (ConfabFakeCall *self, ConfabCallError code)
{
  g_autoptr (GError) error = g_error_new (CONFAB_CALL_ERROR, code, "asked to fail");

  confab_call_emit_failed (CONFAB_CALL (self), error);
}
