/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-stream.h"

struct _ConfabStream {
  GObject parent_instance;

  char *id;
  ConfabStreamPurpose purpose;
  gboolean audio_muted;
  gboolean video_muted;
  gboolean audio_missing;
  gboolean video_missing;
  gboolean has_video;
  GObject *paintable;
  double level; /* dBFS */
  gboolean watched;
};

G_DEFINE_FINAL_TYPE (ConfabStream, confab_stream, G_TYPE_OBJECT)

typedef enum {
  PROP_ID = 1,
  PROP_PURPOSE,
  PROP_AUDIO_MUTED,
  PROP_VIDEO_MUTED,
  PROP_AUDIO_OFF,
  PROP_VIDEO_OFF,
  PROP_HAS_VIDEO,
  PROP_PAINTABLE,
  PROP_LEVEL,
  PROP_WATCHED,
} Property;
static GParamSpec *properties[PROP_WATCHED + 1];

static void
confab_stream_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabStream *self = CONFAB_STREAM (object);

  switch ((Property) prop_id) {
  case PROP_ID:
    g_value_set_string (value, self->id);
    break;
  case PROP_PURPOSE:
    g_value_set_enum (value, self->purpose);
    break;
  case PROP_AUDIO_MUTED:
    g_value_set_boolean (value, self->audio_muted);
    break;
  case PROP_VIDEO_MUTED:
    g_value_set_boolean (value, self->video_muted);
    break;
  case PROP_AUDIO_OFF:
    g_value_set_boolean (value, confab_stream_get_audio_off (self));
    break;
  case PROP_VIDEO_OFF:
    g_value_set_boolean (value, confab_stream_get_video_off (self));
    break;
  case PROP_HAS_VIDEO:
    g_value_set_boolean (value, self->has_video);
    break;
  case PROP_PAINTABLE:
    g_value_set_object (value, self->paintable);
    break;
  case PROP_LEVEL:
    g_value_set_double (value, self->level);
    break;
  case PROP_WATCHED:
    g_value_set_boolean (value, self->watched);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_stream_finalize (GObject *object)
{
  ConfabStream *self = CONFAB_STREAM (object);

  g_clear_pointer (&self->id, g_free);
  g_clear_object (&self->paintable);
  G_OBJECT_CLASS (confab_stream_parent_class)->finalize (object);
}

static void
confab_stream_class_init (ConfabStreamClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_stream_get_property;
  object_class->finalize = confab_stream_finalize;

  /**
   * ConfabStream:id:
   *
   * The stream id as it stands in SDP and metadata.
   */
  properties[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  /**
   * ConfabStream:purpose:
   *
   * What it shows.
   */
  properties[PROP_PURPOSE] = g_param_spec_enum (
    "purpose", NULL, NULL, CONFAB_TYPE_STREAM_PURPOSE, CONFAB_STREAM_PURPOSE_USERMEDIA, flags);
  /**
   * ConfabStream:audio-muted:
   *
   * Whether the sender has its sound off.
   */
  properties[PROP_AUDIO_MUTED] = g_param_spec_boolean ("audio-muted", NULL, NULL, FALSE, flags);
  /**
   * ConfabStream:video-muted:
   *
   * Whether the sender has its picture off.
   */
  properties[PROP_VIDEO_MUTED] = g_param_spec_boolean ("video-muted", NULL, NULL, FALSE, flags);
  /**
   * ConfabStream:audio-off:
   *
   * Whether there is no sound, be it muted or missing: what others are told of an own stream.
   */
  properties[PROP_AUDIO_OFF] = g_param_spec_boolean ("audio-off", NULL, NULL, FALSE, flags);
  /**
   * ConfabStream:video-off:
   *
   * As ConfabStream:audio-off.
   */
  properties[PROP_VIDEO_OFF] = g_param_spec_boolean ("video-off", NULL, NULL, FALSE, flags);
  /**
   * ConfabStream:has-video:
   *
   * Whether a frame was decoded (or captured, for an own stream), so that there is something to show.
   */
  properties[PROP_HAS_VIDEO] = g_param_spec_boolean ("has-video", NULL, NULL, FALSE, flags);
  /**
   * ConfabStream:paintable:
   *
   * A GdkPaintable, or %NULL while there is none. Typed GObject since `call` knows no GTK.
   */
  properties[PROP_PAINTABLE] = g_param_spec_object ("paintable", NULL, NULL, G_TYPE_OBJECT, flags);
  /**
   * ConfabStream:level:
   *
   * Loudness now: dBFS RMS, -100 … 0, at most ten times a second.
   */
  properties[PROP_LEVEL] = g_param_spec_double (
    "level", NULL, NULL, CONFAB_LEVEL_SILENCE, 0, CONFAB_LEVEL_SILENCE, flags);
  /**
   * ConfabStream:watched:
   *
   * Whether somebody may be looking: a picture that nobody sees need not be made.
   */
  properties[PROP_WATCHED] = g_param_spec_boolean ("watched", NULL, NULL, TRUE, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
confab_stream_init (ConfabStream *self)
{
  self->level = CONFAB_LEVEL_SILENCE;
  self->watched = TRUE;
}

/**
 * confab_stream_new:
 * @id: the stream id
 * @purpose: what it shows
 *
 * Returns: (transfer full): the stream
 */
ConfabStream *
confab_stream_new (const char *id, ConfabStreamPurpose purpose)
{
  ConfabStream *self = g_object_new (CONFAB_TYPE_STREAM, NULL);

  self->id = g_strdup (id);
  self->purpose = purpose;
  return self;
}

const char *
confab_stream_get_id (ConfabStream *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM (self), NULL);

  return self->id;
}

ConfabStreamPurpose
confab_stream_get_purpose (ConfabStream *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM (self), 0);

  return self->purpose;
}

void
confab_stream_set_purpose (ConfabStream *self, ConfabStreamPurpose purpose)
{
  g_return_if_fail (CONFAB_IS_STREAM (self));

  if (self->purpose == purpose)
    return;

  self->purpose = purpose;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PURPOSE]);
}

gboolean
confab_stream_get_audio_muted (ConfabStream *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM (self), FALSE);

  return self->audio_muted;
}

void
confab_stream_set_audio_muted (ConfabStream *self, gboolean audio_muted)
{
  g_return_if_fail (CONFAB_IS_STREAM (self));

  audio_muted = !!audio_muted;
  if (self->audio_muted == audio_muted)
    return;

  self->audio_muted = audio_muted;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AUDIO_MUTED]);
  if (!self->audio_missing)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AUDIO_OFF]);
}

gboolean
confab_stream_get_video_muted (ConfabStream *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM (self), FALSE);

  return self->video_muted;
}

void
confab_stream_set_video_muted (ConfabStream *self, gboolean video_muted)
{
  g_return_if_fail (CONFAB_IS_STREAM (self));

  video_muted = !!video_muted;
  if (self->video_muted == video_muted)
    return;

  self->video_muted = video_muted;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_VIDEO_MUTED]);
  if (!self->video_missing)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_VIDEO_OFF]);
}

/**
 * confab_stream_set_audio_missing:
 * @self: an own stream
 * @missing: whether the microphone gives nothing although it is not muted
 */
void
confab_stream_set_audio_missing (ConfabStream *self, gboolean missing)
{
  g_return_if_fail (CONFAB_IS_STREAM (self));

  missing = !!missing;
  if (self->audio_missing == missing)
    return;

  self->audio_missing = missing;
  if (!self->audio_muted)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AUDIO_OFF]);
}

gboolean
confab_stream_get_audio_off (ConfabStream *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM (self), TRUE);

  return self->audio_muted || self->audio_missing;
}

/**
 * confab_stream_set_video_missing:
 * @self: an own stream
 * @missing: whether the camera gives nothing although it is not muted
 */
void
confab_stream_set_video_missing (ConfabStream *self, gboolean missing)
{
  g_return_if_fail (CONFAB_IS_STREAM (self));

  missing = !!missing;
  if (self->video_missing == missing)
    return;

  self->video_missing = missing;
  if (!self->video_muted)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_VIDEO_OFF]);
}

gboolean
confab_stream_get_video_off (ConfabStream *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM (self), TRUE);

  return self->video_muted || self->video_missing;
}

gboolean
confab_stream_get_has_video (ConfabStream *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM (self), FALSE);

  return self->has_video;
}

void
confab_stream_set_has_video (ConfabStream *self, gboolean has_video)
{
  g_return_if_fail (CONFAB_IS_STREAM (self));

  has_video = !!has_video;
  if (self->has_video == has_video)
    return;

  self->has_video = has_video;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HAS_VIDEO]);
}

GObject *
confab_stream_get_paintable (ConfabStream *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM (self), NULL);

  return self->paintable;
}

void
confab_stream_set_paintable (ConfabStream *self, GObject *paintable)
{
  g_return_if_fail (CONFAB_IS_STREAM (self));

  if (g_set_object (&self->paintable, paintable))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PAINTABLE]);
}

double
confab_stream_get_level (ConfabStream *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM (self), CONFAB_LEVEL_SILENCE);

  return self->level;
}

void
confab_stream_set_level (ConfabStream *self, double level)
{
  g_return_if_fail (CONFAB_IS_STREAM (self));

  level = CLAMP (level, CONFAB_LEVEL_SILENCE, 0);
  if (self->level == level)
    return;

  self->level = level;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LEVEL]);
}

gboolean
confab_stream_get_watched (ConfabStream *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM (self), FALSE);

  return self->watched;
}

void
confab_stream_set_watched (ConfabStream *self, gboolean watched)
{
  g_return_if_fail (CONFAB_IS_STREAM (self));

  watched = !!watched;
  if (self->watched == watched)
    return;

  self->watched = watched;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_WATCHED]);
}
