/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-stream-tile-model.h"

#include "confab-clock.h"
#include "confab-participant.h"
#include "confab-room-member.h"
#include "confab-stream.h"
#include "confab-tile-connection.h"
#include "confab-tile-person.h"
#include "confab-voice-gate.h"

#include <glib/gi18n.h>

/**
 * ConfabStreamTileModel:
 *
 * Follows a #ConfabParticipant, the #ConfabStream of it that this tile shows, and the person's name. Without a
 * participant it is one's own tile.
 *
 * Design: ui.md section 9.
 */
struct _ConfabStreamTileModel {
  GObject parent_instance;

  ConfabParticipant *participant; /* NULL: one's own */
  ConfabTilePerson *person;
  ConfabStream *stream; /* NULL before its metadata came */
  ConfabTileConnection *connection;
  ConfabVoiceGate *gate;

  char *description;
  gboolean rings;
  gboolean shown;
};

G_DEFINE_FINAL_TYPE (ConfabStreamTileModel, confab_stream_tile_model, G_TYPE_OBJECT)

typedef enum {
  PROP_NAME = 1,
  PROP_OWN,
  PROP_SCREEN,
  PROP_COLOR,
  PROP_AVATAR,
  PROP_AVATAR_NAME,
  PROP_PAINTABLE,
  PROP_PICTURE_DIM,
  PROP_AVATAR_DIM,
  PROP_MUTED,
  PROP_CAMERA_OFF,
  PROP_LEVEL,
  PROP_SPEAKING,
  PROP_RING,
  PROP_STATUS,
  PROP_STATUS_TEXT,
  PROP_STATUS_ICON,
  PROP_BUSY,
  PROP_INSECURE,
  PROP_DESCRIPTION,
} Property;
static GParamSpec *properties[PROP_DESCRIPTION + 1];

static void
notify (ConfabStreamTileModel *self, Property property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static gboolean
get_muted (ConfabStreamTileModel *self)
{
  return self->stream != NULL && confab_stream_get_audio_off (self->stream) &&
         !confab_stream_tile_model_get_screen (self);
}

static gboolean
get_camera_off (ConfabStreamTileModel *self)
{
  return self->stream != NULL && confab_stream_get_video_off (self->stream);
}

static gboolean
is_connected (ConfabStreamTileModel *self)
{
  return self->connection == NULL || confab_tile_connection_get_connected (self->connection);
}

static gboolean
get_insecure (ConfabStreamTileModel *self)
{
  return self->participant != NULL && is_connected (self) &&
         !confab_participant_get_encrypted (self->participant);
}

/* What a screen reader says after the name. */
static char *
make_description (ConfabStreamTileModel *self)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new ();
  const char *connection = confab_tile_connection_get_description (self->connection);

  if (confab_stream_tile_model_get_screen (self))
    g_ptr_array_add (parts, _ ("Shared screen."));
  if (get_muted (self))
    g_ptr_array_add (parts, _ ("Microphone off."));
  if (get_camera_off (self))
    g_ptr_array_add (parts, _ ("Camera off."));
  if (connection != NULL)
    g_ptr_array_add (parts, (char *) connection);
  if (get_insecure (self))
    g_ptr_array_add (parts, _ ("Not encrypted."));
  g_ptr_array_add (parts, NULL);
  return g_strjoinv (" ", (char **) parts->pdata);
}

static void
update_description (ConfabStreamTileModel *self)
{
  g_autofree char *description = make_description (self);

  if (g_set_str (&self->description, description))
    notify (self, PROP_DESCRIPTION);
}

static void
person_cb (ConfabStreamTileModel *self)
{
  notify (self, PROP_NAME);
  notify (self, PROP_AVATAR);
  notify (self, PROP_AVATAR_NAME);
  notify (self, PROP_COLOR);
}

static void
connection_notify_cb (ConfabTileConnection *connection,
                      GParamSpec *pspec,
                      ConfabStreamTileModel *self)
{
  static const struct {
    const char *name;
    Property follow[5];
  } rows[] = {
    { "status", { PROP_STATUS, PROP_STATUS_ICON, PROP_AVATAR_DIM, PROP_INSECURE, PROP_RING } },
    { "text", { PROP_STATUS_TEXT } },
    { "busy", { PROP_BUSY, PROP_STATUS_ICON } },
    { "last-picture", { PROP_PAINTABLE, PROP_PICTURE_DIM } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (!g_str_equal (pspec->name, rows[i].name))
      continue;
    for (guint k = 0; k < G_N_ELEMENTS (rows[i].follow) && rows[i].follow[k] != 0; k++)
      notify (self, rows[i].follow[k]);
  }
  update_description (self);
}

static void
encrypted_cb (ConfabStreamTileModel *self)
{
  notify (self, PROP_INSECURE);
  update_description (self);
}

static void
stream_notify_cb (ConfabStream *stream, GParamSpec *pspec, ConfabStreamTileModel *self)
{
  if (g_str_equal (pspec->name, "level")) {
    confab_voice_gate_set_level (self->gate,
                                 confab_stream_get_audio_off (stream)
                                   ? CONFAB_LEVEL_SILENCE
                                   : confab_stream_get_level (stream));
    notify (self, PROP_LEVEL);
  } else if (g_str_equal (pspec->name, "audio-off")) {
    if (confab_stream_get_audio_off (stream))
      confab_voice_gate_reset (self->gate);
    notify (self, PROP_MUTED);
    notify (self, PROP_LEVEL);
    update_description (self);
  } else {
    notify (self, PROP_CAMERA_OFF);
    notify (self, PROP_SCREEN);
    notify (self, PROP_PAINTABLE);
    update_description (self);
  }
}

static void
voice_notify_cb (ConfabVoiceGate *gate, GParamSpec *pspec, ConfabStreamTileModel *self)
{
  notify (self, PROP_SPEAKING);
  notify (self, PROP_RING);
}

static void
confab_stream_tile_model_get_property (GObject *object,
                                       guint prop_id,
                                       GValue *value,
                                       GParamSpec *pspec)
{
  ConfabStreamTileModel *self = CONFAB_STREAM_TILE_MODEL (object);

  switch ((Property) prop_id) {
  case PROP_NAME:
    g_value_set_string (value, confab_stream_tile_model_get_name (self));
    break;
  case PROP_OWN:
    g_value_set_boolean (value, self->participant == NULL);
    break;
  case PROP_SCREEN:
    g_value_set_boolean (value, confab_stream_tile_model_get_screen (self));
    break;
  case PROP_COLOR:
    g_value_set_uint (value, confab_stream_tile_model_get_color (self));
    break;
  case PROP_AVATAR:
    g_value_set_object (value, confab_tile_person_get_avatar (self->person));
    break;
  case PROP_AVATAR_NAME:
    g_value_set_string (value, confab_tile_person_get_avatar_name (self->person));
    break;
  case PROP_PAINTABLE:
    g_value_set_object (value, confab_stream_tile_model_get_paintable (self));
    break;
  case PROP_PICTURE_DIM:
    g_value_set_boolean (value, confab_tile_connection_get_last_picture (self->connection));
    break;
  case PROP_AVATAR_DIM:
    g_value_set_boolean (value,
                         !is_connected (self) &&
                           confab_stream_tile_model_get_status (self) != CONFAB_TILE_STATUS_NO_KEY);
    break;
  case PROP_MUTED:
    g_value_set_boolean (value, get_muted (self));
    break;
  case PROP_CAMERA_OFF:
    g_value_set_boolean (value, get_camera_off (self));
    break;
  case PROP_LEVEL:
    g_value_set_double (value, confab_stream_tile_model_get_level (self));
    break;
  case PROP_SPEAKING:
    g_value_set_boolean (value, confab_stream_tile_model_get_speaking (self));
    break;
  case PROP_RING:
    g_value_set_boolean (value, confab_stream_tile_model_get_ring (self));
    break;
  case PROP_STATUS:
    g_value_set_enum (value, confab_stream_tile_model_get_status (self));
    break;
  case PROP_STATUS_TEXT:
    g_value_set_string (value, confab_tile_connection_get_text (self->connection));
    break;
  case PROP_STATUS_ICON:
    g_value_set_string (value, confab_tile_connection_get_icon (self->connection));
    break;
  case PROP_BUSY:
    g_value_set_boolean (value, confab_tile_connection_get_busy (self->connection));
    break;
  case PROP_INSECURE:
    g_value_set_boolean (value, get_insecure (self));
    break;
  case PROP_DESCRIPTION:
    g_value_set_string (value, self->description);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

/* It may be shown elsewhere: one's own, where devices are chosen. */
static void
forget_stream (ConfabStreamTileModel *self)
{
  if (self->stream == NULL)
    return;
  g_signal_handlers_disconnect_by_func (self->stream, stream_notify_cb, self);
  confab_stream_set_watched (self->stream, TRUE);
  g_clear_object (&self->stream);
}

static void
confab_stream_tile_model_dispose (GObject *object)
{
  ConfabStreamTileModel *self = CONFAB_STREAM_TILE_MODEL (object);

  g_clear_object (&self->connection);
  g_clear_object (&self->gate);
  g_clear_object (&self->participant);
  g_clear_object (&self->person);
  forget_stream (self);
  G_OBJECT_CLASS (confab_stream_tile_model_parent_class)->dispose (object);
}

static void
confab_stream_tile_model_finalize (GObject *object)
{
  ConfabStreamTileModel *self = CONFAB_STREAM_TILE_MODEL (object);

  g_free (self->description);
  G_OBJECT_CLASS (confab_stream_tile_model_parent_class)->finalize (object);
}

#define FLAGS (G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS)
#define BOOLEAN(name) g_param_spec_boolean (name, NULL, NULL, FALSE, FLAGS)
#define STRING(name) g_param_spec_string (name, NULL, NULL, NULL, FLAGS)
#define PAINTABLE(name) g_param_spec_object (name, NULL, NULL, GDK_TYPE_PAINTABLE, FLAGS)

static void
confab_stream_tile_model_class_init (ConfabStreamTileModelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = confab_stream_tile_model_get_property;
  object_class->dispose = confab_stream_tile_model_dispose;
  object_class->finalize = confab_stream_tile_model_finalize;

  properties[PROP_NAME] = STRING ("name");
  properties[PROP_OWN] = BOOLEAN ("own");
  properties[PROP_SCREEN] = BOOLEAN ("screen"); /* a shared screen: always shown whole */
  /* AdwAvatar's colour of this name: 1 … 14. */
  properties[PROP_COLOR] = g_param_spec_uint (
    "color", NULL, NULL, 1, CONFAB_TILE_PERSON_N_COLORS, 1, FLAGS);
  properties[PROP_AVATAR] = PAINTABLE ("avatar");        /* NULL: initials */
  properties[PROP_AVATAR_NAME] = STRING ("avatar-name"); /* initials and colour */
  properties[PROP_PAINTABLE] = PAINTABLE ("paintable");  /* NULL: show the avatar */
  properties[PROP_PICTURE_DIM] = BOOLEAN ("picture-dim");
  properties[PROP_AVATAR_DIM] = BOOLEAN ("avatar-dim");
  properties[PROP_MUTED] = BOOLEAN ("muted");
  properties[PROP_CAMERA_OFF] = BOOLEAN ("camera-off");
  /* Loudness: 0 (silence, or muted) … 1. */
  properties[PROP_LEVEL] = g_param_spec_double ("level", NULL, NULL, 0, 1, 0, FLAGS);
  properties[PROP_SPEAKING] = BOOLEAN ("speaking");
  properties[PROP_RING] = BOOLEAN (
    "ring"); /* speaking, and there are enough people to wonder who */
  properties[PROP_STATUS] = g_param_spec_enum (
    "status", NULL, NULL, CONFAB_TYPE_TILE_STATUS, CONFAB_TILE_STATUS_NORMAL, FLAGS);
  properties[PROP_STATUS_TEXT] = STRING ("status-text"); /* NULL when normal */
  properties[PROP_STATUS_ICON] = STRING ("status-icon"); /* NULL: none, or a spinner while `busy` */
  properties[PROP_BUSY] = BOOLEAN ("busy");
  properties[PROP_INSECURE] = BOOLEAN ("insecure");      /* the homeserver could listen */
  properties[PROP_DESCRIPTION] = STRING ("description"); /* for screen readers; may be empty */
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

#undef FLAGS
#undef BOOLEAN
#undef STRING
#undef PAINTABLE

static void
confab_stream_tile_model_init (ConfabStreamTileModel *self)
{
}

/**
 * confab_stream_tile_model_new:
 * @clock: for the timers
 * @participant: (nullable): whose tile it is, %NULL for one's own
 * @member: (nullable): their name; without it the user id's first part is shown
 *
 * Returns: (transfer full): a tile that has no stream yet
 */
ConfabStreamTileModel *
confab_stream_tile_model_new (ConfabClock *clock,
                              ConfabParticipant *participant,
                              ConfabRoomMember *member)
{
  ConfabStreamTileModel *self = NULL;

  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);

  self = g_object_new (CONFAB_TYPE_STREAM_TILE_MODEL, NULL);
  self->connection = confab_tile_connection_new (clock, participant);
  g_signal_connect_object (
    self->connection, "notify", G_CALLBACK (connection_notify_cb), self, G_CONNECT_DEFAULT);
  self->gate = confab_voice_gate_new (clock);
  g_signal_connect_object (
    self->gate, "notify::speaking", G_CALLBACK (voice_notify_cb), self, G_CONNECT_DEFAULT);
  g_set_object (&self->participant, participant);
  self->person = confab_tile_person_new (participant, member);
  g_signal_connect_object (
    self->person, "changed", G_CALLBACK (person_cb), self, G_CONNECT_SWAPPED);
  if (participant != NULL)
    g_signal_connect_object (
      participant, "notify::encrypted", G_CALLBACK (encrypted_cb), self, G_CONNECT_SWAPPED);
  update_description (self);
  return self;
}

/**
 * confab_stream_tile_model_set_stream:
 * @self: a tile
 * @stream: (nullable): what it shows
 */
void
confab_stream_tile_model_set_stream (ConfabStreamTileModel *self, ConfabStream *stream)
{
  static const Property follow[] = {
    PROP_MUTED, PROP_LEVEL, PROP_CAMERA_OFF, PROP_SCREEN, PROP_PAINTABLE
  };

  g_return_if_fail (CONFAB_IS_STREAM_TILE_MODEL (self));
  g_return_if_fail (stream == NULL || CONFAB_IS_STREAM (stream));

  if (self->stream == stream)
    return;
  forget_stream (self);
  g_set_object (&self->stream, stream);
  confab_voice_gate_reset (self->gate);
  if (stream != NULL) {
    g_signal_connect_object (
      stream, "notify", G_CALLBACK (stream_notify_cb), self, G_CONNECT_DEFAULT);
    confab_stream_set_watched (stream, self->shown);
  }
  if (stream != NULL && !confab_stream_get_audio_off (stream))
    confab_voice_gate_set_level (self->gate, confab_stream_get_level (stream));
  for (guint i = 0; i < G_N_ELEMENTS (follow); i++)
    notify (self, follow[i]);
  update_description (self);
}

const char *
confab_stream_tile_model_get_name (ConfabStreamTileModel *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM_TILE_MODEL (self), NULL);

  return self->person != NULL ? confab_tile_person_get_name (self->person) : NULL;
}

gboolean
confab_stream_tile_model_get_own (ConfabStreamTileModel *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM_TILE_MODEL (self), FALSE);

  return self->participant == NULL;
}

gboolean
confab_stream_tile_model_get_screen (ConfabStreamTileModel *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM_TILE_MODEL (self), FALSE);

  return self->stream != NULL &&
         confab_stream_get_purpose (self->stream) == CONFAB_STREAM_PURPOSE_SCREENSHARE;
}

guint
confab_stream_tile_model_get_color (ConfabStreamTileModel *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM_TILE_MODEL (self), 1);

  return confab_tile_person_get_color (self->person);
}

/**
 * confab_stream_tile_model_get_level:
 * @self: a tile
 *
 * Returns: loudness from 0 (-60 dBFS and less, or muted) to 1 (-10 dBFS and more)
 */
double
confab_stream_tile_model_get_level (ConfabStreamTileModel *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM_TILE_MODEL (self), 0);

  if (self->stream == NULL || confab_stream_get_audio_off (self->stream))
    return 0;
  return CLAMP ((confab_stream_get_level (self->stream) + 60) / 50, 0, 1);
}

gboolean
confab_stream_tile_model_get_speaking (ConfabStreamTileModel *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM_TILE_MODEL (self), FALSE);

  return self->gate != NULL && confab_voice_gate_get_speaking (self->gate);
}

gboolean
confab_stream_tile_model_get_ring (ConfabStreamTileModel *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM_TILE_MODEL (self), FALSE);

  /* The last level of somebody who is lost says nothing any more. */
  return self->rings && self->participant != NULL && is_connected (self) &&
         confab_stream_tile_model_get_speaking (self);
}

ConfabTileStatus
confab_stream_tile_model_get_status (ConfabStreamTileModel *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM_TILE_MODEL (self), CONFAB_TILE_STATUS_NORMAL);

  return self->connection != NULL ? confab_tile_connection_get_status (self->connection)
                                  : CONFAB_TILE_STATUS_NORMAL;
}

const char *
confab_stream_tile_model_get_status_text (ConfabStreamTileModel *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM_TILE_MODEL (self), NULL);

  return confab_tile_connection_get_text (self->connection);
}

const char *
confab_stream_tile_model_get_description (ConfabStreamTileModel *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM_TILE_MODEL (self), NULL);

  return self->description;
}

/**
 * confab_stream_tile_model_get_paintable:
 * @self: a tile
 *
 * Returns: (transfer none) (nullable): the picture to show now, %NULL to show the avatar
 */
GdkPaintable *
confab_stream_tile_model_get_paintable (ConfabStreamTileModel *self)
{
  GObject *paintable;

  g_return_val_if_fail (CONFAB_IS_STREAM_TILE_MODEL (self), NULL);

  if (self->stream == NULL || confab_stream_get_video_off (self->stream) ||
      !confab_stream_get_has_video (self->stream))
    return NULL;
  if (!is_connected (self) && !confab_tile_connection_get_last_picture (self->connection))
    return NULL;
  paintable = confab_stream_get_paintable (self->stream);
  return GDK_IS_PAINTABLE (paintable) ? GDK_PAINTABLE (paintable) : NULL;
}

/**
 * confab_stream_tile_model_set_avatar:
 * @self: a tile
 * @avatar: (nullable): the person's avatar, loaded when it is first shown; %NULL for initials of the name
 */
void
confab_stream_tile_model_set_avatar (ConfabStreamTileModel *self, ConfabAvatarModel *avatar)
{
  g_return_if_fail (CONFAB_IS_STREAM_TILE_MODEL (self));
  g_return_if_fail (avatar == NULL || CONFAB_IS_AVATAR_MODEL (avatar));

  confab_tile_person_set_avatar (self->person, avatar);
}

/**
 * confab_stream_tile_model_set_rings:
 * @self: a tile
 * @rings: whether speaking shows as a ring: not with fewer than three people
 */
void
confab_stream_tile_model_set_rings (ConfabStreamTileModel *self, gboolean rings)
{
  g_return_if_fail (CONFAB_IS_STREAM_TILE_MODEL (self));

  rings = !!rings;
  if (self->rings == rings)
    return;
  self->rings = rings;
  notify (self, PROP_RING);
}

/**
 * confab_stream_tile_model_set_shown:
 * @self: a tile
 * @shown: whether somebody sees it: only then its seconds count and its picture moves
 */
void
confab_stream_tile_model_set_shown (ConfabStreamTileModel *self, gboolean shown)
{
  g_return_if_fail (CONFAB_IS_STREAM_TILE_MODEL (self));

  self->shown = !!shown;
  if (self->connection != NULL)
    confab_tile_connection_set_shown (self->connection, shown);
  if (self->stream != NULL)
    confab_stream_set_watched (self->stream, shown);
}
