/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-media-preview.h"

#include "confab-media-devices.h"

#define N_KINDS 3

struct _ConfabMediaPreview {
  GObject parent_instance;

  ConfabMediaDevices *devices;
  ConfabVoiceMeter *meter;
  ConfabLocalMedia *media; /* (nullable): while it is open and no call has it */
  gboolean on[N_KINDS];    /* microphone and camera */
  gboolean done;           /* handed over, or closed */
};

G_DEFINE_FINAL_TYPE (ConfabMediaPreview, confab_media_preview, G_TYPE_OBJECT)

enum {
  SIGNAL_CHANGED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
changed (ConfabMediaPreview *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
listen_anew (ConfabMediaPreview *self)
{
  gboolean listens = self->on[CONFAB_DEVICE_KIND_MICROPHONE] && self->media != NULL;

  confab_voice_meter_listen (self->meter,
                             listens ? confab_local_media_get_stream (self->media) : NULL);
}

static void
chosen_changed_cb (ConfabMediaPreview *self, ConfabDeviceKind kind)
{
  if (kind == CONFAB_DEVICE_KIND_MICROPHONE)
    listen_anew (self);
  changed (self);
}

static void
confab_media_preview_dispose (GObject *object)
{
  ConfabMediaPreview *self = CONFAB_MEDIA_PREVIEW (object);

  if (self->meter != NULL)
    confab_media_preview_close (self);
  g_clear_object (&self->meter);
  g_clear_object (&self->devices);

  G_OBJECT_CLASS (confab_media_preview_parent_class)->dispose (object);
}

static void
confab_media_preview_class_init (ConfabMediaPreviewClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_media_preview_dispose;

  signals[SIGNAL_CHANGED] = g_signal_new (
    "changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
confab_media_preview_init (ConfabMediaPreview *self)
{
}

/**
 * confab_media_preview_new:
 * @devices: microphones and cameras
 * @clock: time
 * @microphone_on: whether the microphone is switched on
 * @camera_on: whether the camera is switched on
 *
 * Returns: (transfer full): a preview of which nothing is open
 */
ConfabMediaPreview *
confab_media_preview_new (ConfabMediaDevices *devices,
                          ConfabClock *clock,
                          gboolean microphone_on,
                          gboolean camera_on)
{
  ConfabMediaPreview *self = NULL;

  g_return_val_if_fail (CONFAB_IS_MEDIA_DEVICES (devices), NULL);

  self = g_object_new (CONFAB_TYPE_MEDIA_PREVIEW, NULL);
  self->devices = g_object_ref (devices);
  self->meter = confab_voice_meter_new (clock);
  self->on[CONFAB_DEVICE_KIND_MICROPHONE] = !!microphone_on;
  self->on[CONFAB_DEVICE_KIND_CAMERA] = !!camera_on;
  g_signal_connect_object (
    devices, "chosen-changed", G_CALLBACK (chosen_changed_cb), self, G_CONNECT_SWAPPED);
  return self;
}

/**
 * confab_media_preview_open:
 * @self: a preview
 *
 * Opens the microphone, and the camera if it is switched on. Once; not after it was handed over or closed.
 */
void
confab_media_preview_open (ConfabMediaPreview *self)
{
  ConfabStream *stream = NULL;

  g_return_if_fail (CONFAB_IS_MEDIA_PREVIEW (self));

  if (self->media != NULL || self->done)
    return;
  self->media = confab_media_devices_open (self->devices,
                                           !self->on[CONFAB_DEVICE_KIND_MICROPHONE],
                                           !self->on[CONFAB_DEVICE_KIND_CAMERA]);
  stream = confab_local_media_get_stream (self->media);
  g_signal_connect_object (
    self->media, "problem-changed", G_CALLBACK (changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    stream, "notify::paintable", G_CALLBACK (changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    stream, "notify::has-video", G_CALLBACK (changed), self, G_CONNECT_SWAPPED);
  listen_anew (self);
  changed (self);
}

/**
 * confab_media_preview_take:
 * @self: a preview
 *
 * Hands over what is open, so that nothing is opened twice.
 *
 * Returns: (transfer full) (nullable): it; %NULL when nothing is
 */
ConfabLocalMedia *
confab_media_preview_take (ConfabMediaPreview *self)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_PREVIEW (self), NULL);

  self->done = TRUE;
  confab_voice_meter_listen (self->meter, NULL);
  if (self->media == NULL)
    return NULL;
  g_signal_handlers_disconnect_by_data (self->media, self);
  g_signal_handlers_disconnect_by_data (confab_local_media_get_stream (self->media), self);
  return g_steal_pointer (&self->media);
}

/**
 * confab_media_preview_close:
 * @self: a preview
 *
 * Closes the devices, unless somebody took them.
 */
void
confab_media_preview_close (ConfabMediaPreview *self)
{
  g_autoptr (ConfabLocalMedia) media = NULL;

  g_return_if_fail (CONFAB_IS_MEDIA_PREVIEW (self));

  media = confab_media_preview_take (self);
  if (media != NULL)
    confab_local_media_close (media);
}

/**
 * confab_media_preview_retry_camera:
 * @self: a preview
 *
 * Opens the camera once more: whoever had it may have let go.
 */
void
confab_media_preview_retry_camera (ConfabMediaPreview *self)
{
  g_return_if_fail (CONFAB_IS_MEDIA_PREVIEW (self));

  if (self->media == NULL || !self->on[CONFAB_DEVICE_KIND_CAMERA])
    return;
  confab_local_media_set_camera_muted (self->media, TRUE);
  confab_local_media_set_camera_muted (self->media, FALSE);
  changed (self);
}

gboolean
confab_media_preview_get_on (ConfabMediaPreview *self, ConfabDeviceKind kind)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_PREVIEW (self), FALSE);
  g_return_val_if_fail (kind < N_KINDS, FALSE);

  return self->on[kind];
}

/**
 * confab_media_preview_set_on:
 * @self: a preview
 * @kind: microphone or camera
 * @on: whether it is switched on; a camera that is off is closed
 *
 * Returns: whether it was not so before
 */
gboolean
confab_media_preview_set_on (ConfabMediaPreview *self, ConfabDeviceKind kind, gboolean on)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_PREVIEW (self), FALSE);
  g_return_val_if_fail (kind == CONFAB_DEVICE_KIND_MICROPHONE || kind == CONFAB_DEVICE_KIND_CAMERA,
                        FALSE);

  on = !!on;
  if (self->on[kind] == on)
    return FALSE;
  self->on[kind] = on;
  if (self->media != NULL && kind == CONFAB_DEVICE_KIND_CAMERA)
    confab_local_media_set_camera_muted (self->media, !on);
  else if (self->media != NULL)
    confab_local_media_set_microphone_muted (self->media, !on);
  if (kind == CONFAB_DEVICE_KIND_MICROPHONE)
    listen_anew (self);
  changed (self);
  return TRUE;
}

ConfabDeviceProblem
confab_media_preview_get_problem (ConfabMediaPreview *self, ConfabDeviceKind kind)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_PREVIEW (self), CONFAB_DEVICE_PROBLEM_NONE);

  return self->media != NULL ? confab_local_media_get_problem (self->media, kind)
                             : CONFAB_DEVICE_PROBLEM_NONE;
}

/**
 * confab_media_preview_gives:
 * @self: a preview
 * @kind: microphone or camera
 *
 * Returns: whether others will get it: it is switched on, and nothing is the matter with it
 */
gboolean
confab_media_preview_gives (ConfabMediaPreview *self, ConfabDeviceKind kind)
{
  return confab_media_preview_get_on (self, kind) &&
         confab_media_preview_get_problem (self, kind) == CONFAB_DEVICE_PROBLEM_NONE;
}

/**
 * confab_media_preview_get_paintable:
 * @self: a preview
 *
 * Returns: (transfer none) (nullable): the own picture, once there is one to see
 */
GdkPaintable *
confab_media_preview_get_paintable (ConfabMediaPreview *self)
{
  ConfabStream *stream = NULL;

  g_return_val_if_fail (CONFAB_IS_MEDIA_PREVIEW (self), NULL);

  if (self->media == NULL || !confab_media_preview_gives (self, CONFAB_DEVICE_KIND_CAMERA))
    return NULL;
  stream = confab_local_media_get_stream (self->media);
  return confab_stream_get_has_video (stream)
           ? (GdkPaintable *) confab_stream_get_paintable (stream)
           : NULL;
}

/**
 * confab_media_preview_get_meter:
 * @self: a preview
 *
 * Returns: (transfer none): what the microphone hears while it is on
 */
ConfabVoiceMeter *
confab_media_preview_get_meter (ConfabMediaPreview *self)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_PREVIEW (self), NULL);

  return self->meter;
}
