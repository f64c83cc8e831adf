/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "fake-call.h"

struct _FakeParticipant {
  GObject parent_instance;

  char *user_id;
  char *device_id;
  ConfabParticipantState state;
  GListStore *streams;
};

enum {
  PARTICIPANT_PROP_STATE = 1,
  PARTICIPANT_PROP_ENCRYPTED,
  PARTICIPANT_PROP_WAITING_FOR_KEY,
  PARTICIPANT_PROP_WEAK,
  PARTICIPANT_PROP_QUIET_SINCE,
};

static const char *
fake_participant_get_user_id (ConfabParticipant *participant)
{
  return FAKE_PARTICIPANT (participant)->user_id;
}

static const char *
fake_participant_get_device_id (ConfabParticipant *participant)
{
  return FAKE_PARTICIPANT (participant)->device_id;
}

static GListModel *
fake_participant_get_streams (ConfabParticipant *participant)
{
  return G_LIST_MODEL (FAKE_PARTICIPANT (participant)->streams);
}

static void
fake_participant_iface_init (ConfabParticipantInterface *iface)
{
  iface->get_user_id = fake_participant_get_user_id;
  iface->get_device_id = fake_participant_get_device_id;
  iface->get_streams = fake_participant_get_streams;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeParticipant,
                               fake_participant,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_PARTICIPANT,
                                                      fake_participant_iface_init))

static void
fake_participant_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  if (prop_id == PARTICIPANT_PROP_STATE)
    g_value_set_enum (value, FAKE_PARTICIPANT (object)->state);
  else if (prop_id == PARTICIPANT_PROP_QUIET_SINCE)
    g_value_set_int64 (value, 0);
  else
    g_value_set_boolean (value, prop_id == PARTICIPANT_PROP_ENCRYPTED);
}

static void
fake_participant_finalize (GObject *object)
{
  FakeParticipant *self = FAKE_PARTICIPANT (object);

  g_free (self->user_id);
  g_free (self->device_id);
  g_object_unref (self->streams);
  G_OBJECT_CLASS (fake_participant_parent_class)->finalize (object);
}

static void
fake_participant_class_init (FakeParticipantClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = fake_participant_get_property;
  object_class->finalize = fake_participant_finalize;
  g_object_class_override_property (object_class, PARTICIPANT_PROP_STATE, "state");
  g_object_class_override_property (object_class, PARTICIPANT_PROP_ENCRYPTED, "encrypted");
  g_object_class_override_property (object_class,
                                    PARTICIPANT_PROP_WAITING_FOR_KEY,
                                    "waiting-for-key");
  g_object_class_override_property (object_class, PARTICIPANT_PROP_WEAK, "weak");
  g_object_class_override_property (object_class, PARTICIPANT_PROP_QUIET_SINCE, "quiet-since");
}

static void
fake_participant_init (FakeParticipant *self)
{
  self->streams = g_list_store_new (CONFAB_TYPE_STREAM);
}

FakeParticipant *
fake_participant_new (const char *user_id, const char *device_id)
{
  FakeParticipant *self = g_object_new (FAKE_TYPE_PARTICIPANT, NULL);

  self->user_id = g_strdup (user_id);
  self->device_id = g_strdup (device_id);
  return self;
}

void
fake_participant_set_state (FakeParticipant *self, ConfabParticipantState state)
{
  self->state = state;
  g_object_notify (G_OBJECT (self), "state");
}

/* (transfer none) */
ConfabStream *
fake_participant_add_stream (FakeParticipant *self)
{
  g_autoptr (ConfabStream) stream = confab_stream_new ("s", CONFAB_STREAM_PURPOSE_USERMEDIA);

  g_list_store_append (self->streams, stream);
  return stream; /* the list holds it */
}

struct _FakeCall {
  GObject parent_instance;

  char *room_id;
  char *call_id;
  ConfabCallState state;
  gboolean ringing;
  gint64 started_at;
  GListStore *participants;
};

enum {
  PROP_ID = 1,
  PROP_ROOM_ID,
  PROP_INTENT,
  PROP_CALL_TYPE,
  PROP_NAME,
  PROP_STATE,
  PROP_RINGING,
  PROP_STARTED_AT,
  PROP_LOCAL_MEDIA,
  PROP_SHARING,
  PROP_SHARING_PROBLEM,
};

static GListModel *
fake_call_get_participants (ConfabCall *call)
{
  return G_LIST_MODEL (FAKE_CALL (call)->participants);
}

static void
fake_call_iface_init (ConfabCallInterface *iface)
{
  iface->get_participants = fake_call_get_participants;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeCall,
                               fake_call,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_CALL, fake_call_iface_init))

static void
fake_call_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  FakeCall *self = FAKE_CALL (object);

  switch (prop_id) {
  case PROP_ID:
    g_value_set_string (value, self->call_id);
    break;
  case PROP_ROOM_ID:
    g_value_set_string (value, self->room_id);
    break;
  case PROP_INTENT:
    g_value_set_enum (value, CONFAB_CALL_INTENT_RING);
    break;
  case PROP_CALL_TYPE:
    g_value_set_enum (value, CONFAB_CALL_TYPE_VOICE);
    break;
  case PROP_STATE:
    g_value_set_enum (value, self->state);
    break;
  case PROP_RINGING:
    g_value_set_boolean (value, self->ringing);
    break;
  case PROP_STARTED_AT:
    g_value_set_int64 (value, self->started_at);
    break;
  default:
    break; /* no name, no local media */
  }
}

static void
fake_call_finalize (GObject *object)
{
  FakeCall *self = FAKE_CALL (object);

  g_free (self->room_id);
  g_free (self->call_id);
  g_object_unref (self->participants);
  G_OBJECT_CLASS (fake_call_parent_class)->finalize (object);
}

static void
fake_call_class_init (FakeCallClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = fake_call_get_property;
  object_class->finalize = fake_call_finalize;
  g_object_class_override_property (object_class, PROP_ID, "id");
  g_object_class_override_property (object_class, PROP_ROOM_ID, "room-id");
  g_object_class_override_property (object_class, PROP_INTENT, "intent");
  g_object_class_override_property (object_class, PROP_CALL_TYPE, "call-type");
  g_object_class_override_property (object_class, PROP_NAME, "name");
  g_object_class_override_property (object_class, PROP_STATE, "state");
  g_object_class_override_property (object_class, PROP_RINGING, "ringing");
  g_object_class_override_property (object_class, PROP_STARTED_AT, "started-at");
  g_object_class_override_property (object_class, PROP_LOCAL_MEDIA, "local-media");
  g_object_class_override_property (object_class, PROP_SHARING, "sharing");
  g_object_class_override_property (object_class, PROP_SHARING_PROBLEM, "sharing-problem");
}

static void
fake_call_init (FakeCall *self)
{
  self->state = CONFAB_CALL_STATE_KNOWN;
  self->participants = g_list_store_new (CONFAB_TYPE_PARTICIPANT);
}

FakeCall *
fake_call_new (const char *room_id, const char *call_id)
{
  FakeCall *self = g_object_new (FAKE_TYPE_CALL, NULL);

  self->room_id = g_strdup (room_id);
  self->call_id = g_strdup (call_id);
  return self;
}

void
fake_call_set_state (FakeCall *self, ConfabCallState state)
{
  self->state = state;
  g_object_notify (G_OBJECT (self), "state");
}

void
fake_call_set_ringing (FakeCall *self, gboolean ringing)
{
  self->ringing = ringing;
  g_object_notify (G_OBJECT (self), "ringing");
}

void
fake_call_set_started_at (FakeCall *self, gint64 started_at)
{
  self->started_at = started_at;
}

GListStore *
fake_call_get_store (FakeCall *self)
{
  return self->participants;
}
