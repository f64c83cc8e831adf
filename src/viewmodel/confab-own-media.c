/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-own-media.h"

#include "confab-call.h"
#include "confab-stream.h"

struct _ConfabOwnMedia {
  GObject parent_instance;

  ConfabCall *call;
  ConfabLocalMedia *media; /* NULL: this device is not in the call */
  ConfabStream *stream;
  gboolean microphone_muted;
  gboolean camera_muted;
  gboolean
    heard; /* the microphone has given sound, the camera a picture, since this device is in the call */
  gboolean seen;
};

G_DEFINE_FINAL_TYPE (ConfabOwnMedia, confab_own_media, G_TYPE_OBJECT)

typedef enum {
  PROP_STREAM = 1,
  PROP_MICROPHONE_MUTED,
  PROP_CAMERA_MUTED,
  PROP_MICROPHONE_PROBLEM,
  PROP_CAMERA_PROBLEM,
  PROP_MICROPHONE_LOST,
  PROP_CAMERA_LOST,
} Property;
static GParamSpec *properties[PROP_CAMERA_LOST + 1];

static void
notify (ConfabOwnMedia *self, Property property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static ConfabDeviceProblem
get_problem (ConfabOwnMedia *self, ConfabDeviceKind kind)
{
  return self->media != NULL ? confab_local_media_get_problem (self->media, kind)
                             : CONFAB_DEVICE_PROBLEM_NONE;
}

/* One that never was there is no loss: whoever joined without it knows. */
static void
follow_signs_of_life (ConfabOwnMedia *self)
{
  gboolean heard = self->heard || confab_stream_get_level (self->stream) > CONFAB_LEVEL_SILENCE;
  gboolean seen = self->seen || confab_stream_get_has_video (self->stream);

  if (self->heard != heard) {
    self->heard = heard;
    notify (self, PROP_MICROPHONE_LOST);
  }
  if (self->seen != seen) {
    self->seen = seen;
    notify (self, PROP_CAMERA_LOST);
  }
}

/* Without a stream what was last stays. */
static void
follow_muted (ConfabOwnMedia *self)
{
  gboolean microphone;
  gboolean camera;

  if (self->stream == NULL)
    return;
  microphone = confab_stream_get_audio_muted (self->stream);
  camera = confab_stream_get_video_muted (self->stream);
  if (self->microphone_muted != microphone) {
    self->microphone_muted = microphone;
    notify (self, PROP_MICROPHONE_MUTED);
    notify (self, PROP_MICROPHONE_LOST);
  }
  if (self->camera_muted != camera) {
    self->camera_muted = camera;
    notify (self, PROP_CAMERA_MUTED);
    notify (self, PROP_CAMERA_LOST);
  }
}

static void
problem_changed_cb (ConfabLocalMedia *media, ConfabDeviceKind kind, ConfabOwnMedia *self)
{
  notify (self, kind == CONFAB_DEVICE_KIND_CAMERA ? PROP_CAMERA_PROBLEM : PROP_MICROPHONE_PROBLEM);
  notify (self, kind == CONFAB_DEVICE_KIND_CAMERA ? PROP_CAMERA_LOST : PROP_MICROPHONE_LOST);
}

static void
forget_media (ConfabOwnMedia *self)
{
  if (self->stream != NULL)
    g_signal_handlers_disconnect_by_data (self->stream, self);
  if (self->media != NULL)
    g_signal_handlers_disconnect_by_data (self->media, self);
  g_clear_object (&self->stream);
  g_clear_object (&self->media);
  self->heard = FALSE;
  self->seen = FALSE;
}

static void
update_media (ConfabOwnMedia *self)
{
  g_autoptr (ConfabLocalMedia) media = confab_call_dup_local_media (self->call);

  if (media == self->media)
    return;
  forget_media (self);
  if (media != NULL) {
    self->media = g_steal_pointer (&media);
    self->stream = g_object_ref (confab_local_media_get_stream (self->media));
    g_signal_connect_object (
      self->media, "problem-changed", G_CALLBACK (problem_changed_cb), self, G_CONNECT_DEFAULT);
    g_signal_connect_object (
      self->stream, "notify::audio-muted", G_CALLBACK (follow_muted), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (
      self->stream, "notify::video-muted", G_CALLBACK (follow_muted), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (
      self->stream, "notify::level", G_CALLBACK (follow_signs_of_life), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (self->stream,
                             "notify::has-video",
                             G_CALLBACK (follow_signs_of_life),
                             self,
                             G_CONNECT_SWAPPED);
    follow_signs_of_life (self);
  }
  notify (self, PROP_STREAM);
  follow_muted (self);
  notify (self, PROP_MICROPHONE_PROBLEM);
  notify (self, PROP_CAMERA_PROBLEM);
  notify (self, PROP_MICROPHONE_LOST);
  notify (self, PROP_CAMERA_LOST);
}

static void
confab_own_media_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabOwnMedia *self = CONFAB_OWN_MEDIA (object);

  switch ((Property) prop_id) {
  case PROP_STREAM:
    g_value_set_object (value, self->stream);
    break;
  case PROP_MICROPHONE_MUTED:
    g_value_set_boolean (value, self->microphone_muted);
    break;
  case PROP_CAMERA_MUTED:
    g_value_set_boolean (value, self->camera_muted);
    break;
  case PROP_MICROPHONE_PROBLEM:
    g_value_set_uint (value, get_problem (self, CONFAB_DEVICE_KIND_MICROPHONE));
    break;
  case PROP_CAMERA_PROBLEM:
    g_value_set_uint (value, get_problem (self, CONFAB_DEVICE_KIND_CAMERA));
    break;
  case PROP_MICROPHONE_LOST:
    g_value_set_boolean (value, confab_own_media_get_microphone_lost (self));
    break;
  case PROP_CAMERA_LOST:
    g_value_set_boolean (value, confab_own_media_get_camera_lost (self));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_own_media_dispose (GObject *object)
{
  ConfabOwnMedia *self = CONFAB_OWN_MEDIA (object);

  forget_media (self);
  g_clear_object (&self->call);
  G_OBJECT_CLASS (confab_own_media_parent_class)->dispose (object);
}

static void
confab_own_media_class_init (ConfabOwnMediaClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_own_media_get_property;
  object_class->dispose = confab_own_media_dispose;
  properties[PROP_STREAM] = g_param_spec_object ("stream", NULL, NULL, CONFAB_TYPE_STREAM, flags);
  properties[PROP_MICROPHONE_MUTED] = g_param_spec_boolean (
    "microphone-muted", NULL, NULL, FALSE, flags);
  properties[PROP_CAMERA_MUTED] = g_param_spec_boolean ("camera-muted", NULL, NULL, FALSE, flags);
  properties[PROP_MICROPHONE_PROBLEM] = g_param_spec_uint (
    "microphone-problem", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_CAMERA_PROBLEM] = g_param_spec_uint (
    "camera-problem", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_MICROPHONE_LOST] = g_param_spec_boolean (
    "microphone-lost", NULL, NULL, FALSE, flags);
  properties[PROP_CAMERA_LOST] = g_param_spec_boolean ("camera-lost", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
confab_own_media_init (ConfabOwnMedia *self)
{
}

ConfabOwnMedia *
confab_own_media_new (ConfabCall *call)
{
  ConfabOwnMedia *self = NULL;

  g_return_val_if_fail (CONFAB_IS_CALL (call), NULL);

  self = g_object_new (CONFAB_TYPE_OWN_MEDIA, NULL);
  self->call = g_object_ref (call);
  g_signal_connect_object (
    call, "notify::local-media", G_CALLBACK (update_media), self, G_CONNECT_SWAPPED);
  update_media (self);
  return self;
}

/**
 * confab_own_media_get_stream:
 * @self: one's own media
 *
 * Returns: (transfer none) (nullable): camera and microphone, %NULL while this device is not in the call
 */
ConfabStream *
confab_own_media_get_stream (ConfabOwnMedia *self)
{
  g_return_val_if_fail (CONFAB_IS_OWN_MEDIA (self), NULL);

  return self->stream;
}

gboolean
confab_own_media_get_microphone_muted (ConfabOwnMedia *self)
{
  g_return_val_if_fail (CONFAB_IS_OWN_MEDIA (self), FALSE);

  return self->microphone_muted;
}

gboolean
confab_own_media_get_camera_muted (ConfabOwnMedia *self)
{
  g_return_val_if_fail (CONFAB_IS_OWN_MEDIA (self), FALSE);

  return self->camera_muted;
}

ConfabDeviceProblem
confab_own_media_get_microphone_problem (ConfabOwnMedia *self)
{
  g_return_val_if_fail (CONFAB_IS_OWN_MEDIA (self), CONFAB_DEVICE_PROBLEM_NONE);

  return get_problem (self, CONFAB_DEVICE_KIND_MICROPHONE);
}

ConfabDeviceProblem
confab_own_media_get_camera_problem (ConfabOwnMedia *self)
{
  g_return_val_if_fail (CONFAB_IS_OWN_MEDIA (self), CONFAB_DEVICE_PROBLEM_NONE);

  return get_problem (self, CONFAB_DEVICE_KIND_CAMERA);
}

/* Whoever is muted need not care. */
gboolean
confab_own_media_get_microphone_lost (ConfabOwnMedia *self)
{
  g_return_val_if_fail (CONFAB_IS_OWN_MEDIA (self), FALSE);

  return self->heard && !self->microphone_muted &&
         get_problem (self, CONFAB_DEVICE_KIND_MICROPHONE) != CONFAB_DEVICE_PROBLEM_NONE;
}

gboolean
confab_own_media_get_camera_lost (ConfabOwnMedia *self)
{
  g_return_val_if_fail (CONFAB_IS_OWN_MEDIA (self), FALSE);

  return self->seen && !self->camera_muted &&
         get_problem (self, CONFAB_DEVICE_KIND_CAMERA) != CONFAB_DEVICE_PROBLEM_NONE;
}

void
confab_own_media_set_microphone_muted (ConfabOwnMedia *self, gboolean muted)
{
  g_return_if_fail (CONFAB_IS_OWN_MEDIA (self));

  muted = !!muted;
  if (self->microphone_muted == muted)
    return;
  self->microphone_muted = muted;
  notify (self, PROP_MICROPHONE_MUTED);
  notify (self, PROP_MICROPHONE_LOST);
  confab_call_set_microphone_muted (self->call, muted);
}

void
confab_own_media_set_camera_muted (ConfabOwnMedia *self, gboolean muted)
{
  g_return_if_fail (CONFAB_IS_OWN_MEDIA (self));

  muted = !!muted;
  if (self->camera_muted == muted)
    return;
  self->camera_muted = muted;
  notify (self, PROP_CAMERA_MUTED);
  notify (self, PROP_CAMERA_LOST);
  confab_call_set_camera_muted (self->call, muted);
}
