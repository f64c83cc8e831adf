/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-remote-track.h"
#include "confab-stream.h"

struct _ConfabRemoteTrack {
  GObject parent_instance;

  ConfabMediaKind kind;
  char *stream_id;
  char *mid;
  GObject *paintable;
  double level; /* dBFS */
  gboolean playing;
  double loss;
  gboolean watched;
  gboolean sending;
};

G_DEFINE_FINAL_TYPE (ConfabRemoteTrack, confab_remote_track, G_TYPE_OBJECT)

typedef enum {
  PROP_KIND = 1,
  PROP_STREAM_ID,
  PROP_MID,
  PROP_PAINTABLE,
  PROP_LEVEL,
  PROP_PLAYING,
  PROP_LOSS,
  PROP_WATCHED,
  PROP_SENDING,
} Property;
static GParamSpec *properties[PROP_SENDING + 1];

static void
confab_remote_track_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabRemoteTrack *self = CONFAB_REMOTE_TRACK (object);

  switch ((Property) prop_id) {
  case PROP_KIND:
    g_value_set_enum (value, self->kind);
    break;
  case PROP_STREAM_ID:
    g_value_set_string (value, self->stream_id);
    break;
  case PROP_MID:
    g_value_set_string (value, self->mid);
    break;
  case PROP_PAINTABLE:
    g_value_set_object (value, self->paintable);
    break;
  case PROP_LEVEL:
    g_value_set_double (value, self->level);
    break;
  case PROP_PLAYING:
    g_value_set_boolean (value, self->playing);
    break;
  case PROP_LOSS:
    g_value_set_double (value, self->loss);
    break;
  case PROP_WATCHED:
    g_value_set_boolean (value, self->watched);
    break;
  case PROP_SENDING:
    g_value_set_boolean (value, self->sending);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_remote_track_finalize (GObject *object)
{
  ConfabRemoteTrack *self = CONFAB_REMOTE_TRACK (object);

  g_clear_pointer (&self->stream_id, g_free);
  g_clear_pointer (&self->mid, g_free);
  g_clear_object (&self->paintable);
  G_OBJECT_CLASS (confab_remote_track_parent_class)->finalize (object);
}

static void
confab_remote_track_class_init (ConfabRemoteTrackClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_remote_track_get_property;
  object_class->finalize = confab_remote_track_finalize;

  /**
   * ConfabRemoteTrack:kind:
   *
   * Sound or picture.
   */
  properties[PROP_KIND] = g_param_spec_enum (
    "kind", NULL, NULL, CONFAB_TYPE_MEDIA_KIND, CONFAB_MEDIA_KIND_AUDIO, flags);
  /**
   * ConfabRemoteTrack:stream-id:
   *
   * The remote stream (`a=msid`) that it belongs to now; %NULL when the SDP names none.
   */
  properties[PROP_STREAM_ID] = g_param_spec_string ("stream-id", NULL, NULL, NULL, flags);
  /**
   * ConfabRemoteTrack:mid:
   *
   * Its m-section (`a=mid`); stays for the life of the connection.
   */
  properties[PROP_MID] = g_param_spec_string ("mid", NULL, NULL, NULL, flags);
  /**
   * ConfabRemoteTrack:paintable:
   *
   * A GdkPaintable that shows the picture, %NULL for sound. Typed GObject since `call` knows no GTK.
   */
  properties[PROP_PAINTABLE] = g_param_spec_object ("paintable", NULL, NULL, G_TYPE_OBJECT, flags);
  /**
   * ConfabRemoteTrack:level:
   *
   * Loudness of the sound now: dBFS RMS, -100 … 0, at most ten times a second.
   */
  properties[PROP_LEVEL] = g_param_spec_double (
    "level", NULL, NULL, CONFAB_LEVEL_SILENCE, 0, CONFAB_LEVEL_SILENCE, flags);
  /**
   * ConfabRemoteTrack:playing:
   *
   * Whether something was decoded: a first frame, or sound above -60 dBFS.
   */
  properties[PROP_PLAYING] = g_param_spec_boolean ("playing", NULL, NULL, FALSE, flags);
  /**
   * ConfabRemoteTrack:loss:
   *
   * How much of it did not arrive in the last seconds, not even when it was sent again: 0 … 1.
   */
  properties[PROP_LOSS] = g_param_spec_double ("loss", NULL, NULL, 0, 1, 0, flags);
  /**
   * ConfabRemoteTrack:watched:
   *
   * Whether somebody may be looking. Written from above: `media` makes no picture while nobody is.
   */
  properties[PROP_WATCHED] = g_param_spec_boolean ("watched", NULL, NULL, TRUE, flags);
  /**
   * ConfabRemoteTrack:sending:
   *
   * Whether the other side's description says that it is sent. One that is not may come back, in another stream.
   */
  properties[PROP_SENDING] = g_param_spec_boolean ("sending", NULL, NULL, TRUE, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
confab_remote_track_init (ConfabRemoteTrack *self)
{
  self->level = CONFAB_LEVEL_SILENCE;
  self->watched = TRUE;
  self->sending = TRUE;
}

/**
 * confab_remote_track_new:
 * @kind: sound or picture
 * @stream_id: (nullable): the remote stream
 * @mid: its m-section
 *
 * Returns: (transfer full): the track
 */
ConfabRemoteTrack *
confab_remote_track_new (ConfabMediaKind kind, const char *stream_id, const char *mid)
{
  ConfabRemoteTrack *self = g_object_new (CONFAB_TYPE_REMOTE_TRACK, NULL);

  self->kind = kind;
  self->stream_id = g_strdup (stream_id);
  self->mid = g_strdup (mid);
  return self;
}

ConfabMediaKind
confab_remote_track_get_kind (ConfabRemoteTrack *self)
{
  g_return_val_if_fail (CONFAB_IS_REMOTE_TRACK (self), 0);

  return self->kind;
}

const char *
confab_remote_track_get_stream_id (ConfabRemoteTrack *self)
{
  g_return_val_if_fail (CONFAB_IS_REMOTE_TRACK (self), NULL);

  return self->stream_id;
}

void
confab_remote_track_set_stream_id (ConfabRemoteTrack *self, const char *stream_id)
{
  g_return_if_fail (CONFAB_IS_REMOTE_TRACK (self));

  if (g_set_str (&self->stream_id, stream_id))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STREAM_ID]);
}

gboolean
confab_remote_track_get_sending (ConfabRemoteTrack *self)
{
  g_return_val_if_fail (CONFAB_IS_REMOTE_TRACK (self), FALSE);

  return self->sending;
}

void
confab_remote_track_set_sending (ConfabRemoteTrack *self, gboolean sending)
{
  g_return_if_fail (CONFAB_IS_REMOTE_TRACK (self));

  if (self->sending == !!sending)
    return;

  self->sending = !!sending;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SENDING]);
}

const char *
confab_remote_track_get_mid (ConfabRemoteTrack *self)
{
  g_return_val_if_fail (CONFAB_IS_REMOTE_TRACK (self), NULL);

  return self->mid;
}

GObject *
confab_remote_track_get_paintable (ConfabRemoteTrack *self)
{
  g_return_val_if_fail (CONFAB_IS_REMOTE_TRACK (self), NULL);

  return self->paintable;
}

void
confab_remote_track_set_paintable (ConfabRemoteTrack *self, GObject *paintable)
{
  g_return_if_fail (CONFAB_IS_REMOTE_TRACK (self));

  if (g_set_object (&self->paintable, paintable))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PAINTABLE]);
}

double
confab_remote_track_get_level (ConfabRemoteTrack *self)
{
  g_return_val_if_fail (CONFAB_IS_REMOTE_TRACK (self), CONFAB_LEVEL_SILENCE);

  return self->level;
}

void
confab_remote_track_set_level (ConfabRemoteTrack *self, double level)
{
  g_return_if_fail (CONFAB_IS_REMOTE_TRACK (self));

  level = CLAMP (level, CONFAB_LEVEL_SILENCE, 0);
  if (self->level == level)
    return;

  self->level = level;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LEVEL]);
}

gboolean
confab_remote_track_get_playing (ConfabRemoteTrack *self)
{
  g_return_val_if_fail (CONFAB_IS_REMOTE_TRACK (self), FALSE);

  return self->playing;
}

void
confab_remote_track_set_playing (ConfabRemoteTrack *self, gboolean playing)
{
  g_return_if_fail (CONFAB_IS_REMOTE_TRACK (self));

  playing = !!playing;
  if (self->playing == playing)
    return;

  self->playing = playing;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PLAYING]);
}

double
confab_remote_track_get_loss (ConfabRemoteTrack *self)
{
  g_return_val_if_fail (CONFAB_IS_REMOTE_TRACK (self), 0);

  return self->loss;
}

void
confab_remote_track_set_loss (ConfabRemoteTrack *self, double loss)
{
  g_return_if_fail (CONFAB_IS_REMOTE_TRACK (self));

  loss = CLAMP (loss, 0, 1);
  if (self->loss == loss)
    return;

  self->loss = loss;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOSS]);
}

gboolean
confab_remote_track_get_watched (ConfabRemoteTrack *self)
{
  g_return_val_if_fail (CONFAB_IS_REMOTE_TRACK (self), FALSE);

  return self->watched;
}

void
confab_remote_track_set_watched (ConfabRemoteTrack *self, gboolean watched)
{
  g_return_if_fail (CONFAB_IS_REMOTE_TRACK (self));

  watched = !!watched;
  if (self->watched == watched)
    return;

  self->watched = watched;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_WATCHED]);
}
