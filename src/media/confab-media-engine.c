/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-media-engine.h"

#include "confab-device-monitor.h"
#include "confab-media-sender.h"
#include "confab-picture-source.h"
#include "confab-test-identity.h"

#include <string.h>

#define N_KINDS (CONFAB_DEVICE_KIND_CAMERA + 1)
#define MAX_SIDE 4096
#define MAX_FPS 120
#define MAX_SCREEN_FPS 15 /* text is to be sharp rather than smooth */

struct _ConfabMediaEngine {
  GObject parent_instance;

  ConfabMediaSource source;
  ConfabDrawing drawing;
  gboolean relay_only;
  gboolean closed;
  ConfabTestIdentity identity;
  char *test_picture; /* NULL: bars */
  guint width, height, fps;
  ConfabDeviceMonitor *monitor;
  ConfabAudioMixer *mixer;
  char *chosen_ids[N_KINDS];          /* NULL: the system's default */
  ConfabMediaDevice *chosen[N_KINDS]; /* what was told last */
  GPtrArray *senders;                 /* of GWeakRef */
};

static void confab_media_engine_iface_init (ConfabMediaDevicesInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabMediaEngine,
                               confab_media_engine,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_MEDIA_DEVICES,
                                                      confab_media_engine_iface_init))

static ConfabMediaDevice *
find_chosen (ConfabMediaEngine *self, ConfabDeviceKind kind)
{
  ConfabMediaDevice *device = NULL;

  if (self->chosen_ids[kind] != NULL)
    device = confab_device_monitor_find (self->monitor, kind, self->chosen_ids[kind]);
  return device != NULL ? device : confab_device_monitor_find (self->monitor, kind, NULL);
}

static void
weak_ref_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

static void
tell_senders (ConfabMediaEngine *self, ConfabDeviceKind kind, gboolean chosen_changed)
{
  for (guint i = self->senders->len; i > 0; i--) {
    g_autoptr (ConfabMediaSender) sender = g_weak_ref_get (self->senders->pdata[i - 1]);

    if (sender == NULL)
      g_ptr_array_remove_index_fast (self->senders, i - 1);
    else
      confab_media_sender_device_changed (sender, kind, chosen_changed);
  }
}

static void
update_chosen (ConfabMediaEngine *self, ConfabDeviceKind kind)
{
  const gboolean changed = g_set_object (&self->chosen[kind], find_chosen (self, kind));

  if (changed)
    confab_media_devices_emit_chosen_changed (CONFAB_MEDIA_DEVICES (self), kind);
  if (kind != CONFAB_DEVICE_KIND_SPEAKER)
    tell_senders (self, kind, changed);
  else if (changed)
    confab_audio_mixer_change_speaker (self->mixer);
}

static void
devices_changed_cb (ConfabMediaEngine *self, ConfabDeviceKind kind)
{
  if (!self->closed)
    update_chosen (self, kind);
}

static void
start_monitor (ConfabMediaEngine *self)
{
  if (self->source == CONFAB_MEDIA_SOURCE_DEVICES && !self->closed)
    confab_device_monitor_start (self->monitor);
}

static GstElement *
create_speaker_cb (gpointer user_data)
{
  ConfabMediaEngine *self = user_data;
  ConfabMediaDevice *device = find_chosen (self, CONFAB_DEVICE_KIND_SPEAKER);
  GstElement *speaker = NULL;

  if (self->source == CONFAB_MEDIA_SOURCE_DEVICES) {
    start_monitor (self);
    if (device != NULL)
      speaker = confab_device_monitor_create_element (self->monitor, device);
    return speaker; /* without one nothing is played until one comes */
  }
  speaker = gst_element_factory_make ("fakesink", NULL);
  if (speaker != NULL)
    g_object_set (speaker, "sync", TRUE, "async", FALSE, "enable-last-sample", FALSE, NULL);
  return speaker;
}

static GstElement *
create_test_source (ConfabMediaEngine *self, ConfabDeviceKind kind)
{
  GstElement *source = NULL;
  g_autoptr (GError) error = NULL;

  if (kind == CONFAB_DEVICE_KIND_CAMERA && self->test_picture != NULL) {
    source = confab_picture_source_new_from_file (self->test_picture, self->fps, &error);
    if (source == NULL)
      g_warning ("The test picture: %s", error->message);
    return source;
  }
  if (kind == CONFAB_DEVICE_KIND_CAMERA)
    return confab_picture_source_new (self->identity.rgb, self->width, self->height, self->fps);

  source = gst_element_factory_make ("audiotestsrc", NULL);
  if (source != NULL)
    g_object_set (source,
                  "is-live",
                  TRUE,
                  "samplesperbuffer",
                  960,
                  "volume",
                  0.3,
                  "freq",
                  (double) self->identity.tone_hz,
                  NULL);
  return source;
}

static GListModel *
confab_media_engine_get_devices (ConfabMediaDevices *devices, ConfabDeviceKind kind)
{
  ConfabMediaEngine *self = CONFAB_MEDIA_ENGINE (devices);

  start_monitor (self);
  return confab_device_monitor_get_devices (self->monitor, kind);
}

static ConfabMediaDevice *
confab_media_engine_get_chosen (ConfabMediaDevices *devices, ConfabDeviceKind kind)
{
  return find_chosen (CONFAB_MEDIA_ENGINE (devices), kind);
}

static void
confab_media_engine_choose (ConfabMediaDevices *devices, ConfabDeviceKind kind, const char *id)
{
  ConfabMediaEngine *self = CONFAB_MEDIA_ENGINE (devices);

  if (g_set_str (&self->chosen_ids[kind], id) && !self->closed)
    update_chosen (self, kind);
}

static ConfabLocalMedia *
confab_media_engine_open (ConfabMediaDevices *devices,
                          gboolean microphone_muted,
                          gboolean camera_muted)
{
  ConfabMediaEngine *self = CONFAB_MEDIA_ENGINE (devices);
  ConfabMediaSender *sender;
  GWeakRef *ref;

  start_monitor (self);
  sender = confab_media_sender_new (self, microphone_muted, camera_muted);
  ref = g_new0 (GWeakRef, 1);
  g_weak_ref_init (ref, sender);
  g_ptr_array_add (self->senders, ref);
  return CONFAB_LOCAL_MEDIA (sender);
}

static void
confab_media_engine_dispose (GObject *object)
{
  confab_media_engine_close (CONFAB_MEDIA_ENGINE (object));
  G_OBJECT_CLASS (confab_media_engine_parent_class)->dispose (object);
}

static void
confab_media_engine_finalize (GObject *object)
{
  ConfabMediaEngine *self = CONFAB_MEDIA_ENGINE (object);

  g_clear_pointer (&self->test_picture, g_free);
  g_clear_object (&self->monitor);
  g_clear_object (&self->mixer);
  for (guint kind = 0; kind < N_KINDS; kind++) {
    g_clear_pointer (&self->chosen_ids[kind], g_free);
    g_clear_object (&self->chosen[kind]);
  }
  g_clear_pointer (&self->senders, g_ptr_array_unref);
  G_OBJECT_CLASS (confab_media_engine_parent_class)->finalize (object);
}

static void
confab_media_engine_iface_init (ConfabMediaDevicesInterface *iface)
{
  iface->get_devices = confab_media_engine_get_devices;
  iface->get_chosen = confab_media_engine_get_chosen;
  iface->choose = confab_media_engine_choose;
  iface->open = confab_media_engine_open;
}

static void
confab_media_engine_class_init (ConfabMediaEngineClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = confab_media_engine_dispose;
  object_class->finalize = confab_media_engine_finalize;
}

static void
confab_media_engine_init (ConfabMediaEngine *self)
{
  self->width = 640;
  self->height = 360;
  self->fps = 30;
  self->identity = confab_test_identity_for_user ("");
  self->monitor = confab_device_monitor_new ();
  self->mixer = confab_audio_mixer_new (create_speaker_cb, self);
  self->senders = g_ptr_array_new_with_free_func (weak_ref_free);
  g_signal_connect_object (
    self->monitor, "changed", G_CALLBACK (devices_changed_cb), self, G_CONNECT_SWAPPED);
}

/*
 * Before the main loop runs and after it has ended, the main context belongs to nobody, and whoever invokes
 * something in it runs it himself: gtk4paintablesink, when it is stopped by another thread at that time, then
 * drops its paintable there and aborts the process. So the thread that makes engines keeps it for good.
 */
static void
keep_main_context (void)
{
  static gboolean kept = FALSE;

  if (!kept)
    kept = g_main_context_acquire (NULL);
}

/**
 * confab_media_engine_new:
 * @source: where picture and sound come from
 *
 * Returns: (transfer full): an engine; devices are looked for when first asked about
 */
ConfabMediaEngine *
confab_media_engine_new (ConfabMediaSource source)
{
  ConfabMediaEngine *self = g_object_new (CONFAB_TYPE_MEDIA_ENGINE, NULL);

  keep_main_context ();
  self->source = source;
  if (source == CONFAB_MEDIA_SOURCE_TEST) {
    confab_device_monitor_add_test_devices (self->monitor);
    for (guint kind = 0; kind < N_KINDS; kind++)
      g_set_object (&self->chosen[kind], find_chosen (self, kind));
  }
  return self;
}

ConfabMediaSource
confab_media_engine_get_source (ConfabMediaEngine *self)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_ENGINE (self), CONFAB_MEDIA_SOURCE_NONE);

  return self->source;
}

/**
 * confab_media_engine_set_drawing:
 * @self: an engine
 * @drawing: how pictures are drawn
 *
 * For connections and media that are opened after this.
 */
void
confab_media_engine_set_drawing (ConfabMediaEngine *self, ConfabDrawing drawing)
{
  g_return_if_fail (CONFAB_IS_MEDIA_ENGINE (self));

  self->drawing = drawing;
}

ConfabDrawing
confab_media_engine_get_drawing (ConfabMediaEngine *self)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_ENGINE (self), CONFAB_DRAWING_NONE);

  return self->drawing;
}

/**
 * confab_media_engine_set_relay_only:
 * @self: an engine
 * @relay_only: whether only TURN servers see our addresses (W3C's iceTransportPolicy `relay`)
 *
 * For connections made after it. Without a TURN server they then never connect.
 */
void
confab_media_engine_set_relay_only (ConfabMediaEngine *self, gboolean relay_only)
{
  g_return_if_fail (CONFAB_IS_MEDIA_ENGINE (self));

  self->relay_only = !!relay_only;
}

gboolean
confab_media_engine_get_relay_only (ConfabMediaEngine *self)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_ENGINE (self), FALSE);

  return self->relay_only;
}

/**
 * confab_media_engine_set_test_identity:
 * @self: an engine
 * @user_id: whose picture and tone a test source gives, from its next opening on
 */
void
confab_media_engine_set_test_identity (ConfabMediaEngine *self, const char *user_id)
{
  g_return_if_fail (CONFAB_IS_MEDIA_ENGINE (self));
  g_return_if_fail (user_id != NULL);

  self->identity = confab_test_identity_for_user (user_id);
}

guint
confab_media_engine_get_tone_hz (ConfabMediaEngine *self)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_ENGINE (self), 0);

  return self->identity.tone_hz;
}

/**
 * confab_media_engine_get_mean_rgb:
 * @self: an engine
 * @rgb: (out): mean colour of the test picture
 */
void
confab_media_engine_get_mean_rgb (ConfabMediaEngine *self, guint8 rgb[3])
{
  g_return_if_fail (CONFAB_IS_MEDIA_ENGINE (self));

  memcpy (rgb, self->identity.rgb, 3);
}

/**
 * confab_media_engine_get_screen_rgb:
 * @self: an engine
 * @rgb: (out): mean colour of the test picture that stands for the screen
 */
void
confab_media_engine_get_screen_rgb (ConfabMediaEngine *self, guint8 rgb[3])
{
  g_return_if_fail (CONFAB_IS_MEDIA_ENGINE (self));

  memcpy (rgb, self->identity.screen_rgb, 3);
}

/**
 * confab_media_engine_set_test_picture:
 * @self: an engine with test sources
 * @path: a 4:2:0 y4m file, which is the camera from its next opening on
 * @error: when it cannot be read, or is not that
 *
 * Returns: %TRUE if the file is usable
 */
gboolean
confab_media_engine_set_test_picture (ConfabMediaEngine *self, const char *path, GError **error)
{
  GstElement *source;

  g_return_val_if_fail (CONFAB_IS_MEDIA_ENGINE (self), FALSE);

  source = confab_picture_source_new_from_file (path, self->fps, error);
  if (source == NULL)
    return FALSE;

  gst_object_unref (gst_object_ref_sink (source));
  g_set_str (&self->test_picture, path);
  return TRUE;
}

/**
 * confab_media_engine_set_video_format:
 * @self: an engine
 * @width: pixels, even, 16 to 4096
 * @height: pixels, even, 16 to 4096
 * @fps: frames a second, 1 to 120
 *
 * What media opened after it sends.
 *
 * Returns: %FALSE if that cannot be sent
 */
gboolean
confab_media_engine_set_video_format (ConfabMediaEngine *self, guint width, guint height, guint fps)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_ENGINE (self), FALSE);

  if (width < 16 || width > MAX_SIDE || width % 2 != 0 || height < 16 || height > MAX_SIDE ||
      height % 2 != 0 || fps < 1 || fps > MAX_FPS)
    return FALSE;

  self->width = width;
  self->height = height;
  self->fps = fps;
  return TRUE;
}

void
confab_media_engine_get_video_format (ConfabMediaEngine *self,
                                      guint *width,
                                      guint *height,
                                      guint *fps)
{
  g_return_if_fail (CONFAB_IS_MEDIA_ENGINE (self));

  *width = self->width;
  *height = self->height;
  *fps = self->fps;
}

/**
 * confab_media_engine_close:
 * @self: an engine
 *
 * Stops looking for devices and playing sound; what was opened is closed by its owners. May be called twice.
 */
void
confab_media_engine_close (ConfabMediaEngine *self)
{
  g_return_if_fail (CONFAB_IS_MEDIA_ENGINE (self));

  self->closed = TRUE;
  confab_device_monitor_stop (self->monitor);
  confab_audio_mixer_close (self->mixer);
}

/**
 * confab_media_engine_create_source:
 * @self: an engine
 * @kind: camera or microphone
 * @problem: (out): why there is none
 *
 * Returns: (transfer floating) (nullable): the chosen device's element
 */
GstElement *
confab_media_engine_create_source (ConfabMediaEngine *self,
                                   ConfabDeviceKind kind,
                                   ConfabDeviceProblem *problem)
{
  ConfabMediaDevice *device = find_chosen (self, kind);
  GstElement *source = NULL;

  if (self->source == CONFAB_MEDIA_SOURCE_TEST)
    source = create_test_source (self, kind);
  else if (self->source == CONFAB_MEDIA_SOURCE_DEVICES && device != NULL)
    source = confab_device_monitor_create_element (self->monitor, device);
  if (source == NULL)
    *problem = device == NULL ? CONFAB_DEVICE_PROBLEM_MISSING : CONFAB_DEVICE_PROBLEM_FAILED;
  return source;
}

/**
 * confab_media_engine_can_share:
 * @self: an engine
 *
 * Returns: whether there is a way to capture a screen: so far a test picture stands for it
 */
gboolean
confab_media_engine_can_share (ConfabMediaEngine *self)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_ENGINE (self), FALSE);

  return self->source == CONFAB_MEDIA_SOURCE_TEST;
}

/**
 * confab_media_engine_get_screen_format:
 * @self: an engine
 * @width: (out): in pixels
 * @height: (out): in pixels
 * @fps: (out): frames a second
 *
 * How a shared screen is sent.
 */
void
confab_media_engine_get_screen_format (ConfabMediaEngine *self,
                                       guint *width,
                                       guint *height,
                                       guint *fps)
{
  confab_media_engine_get_video_format (self, width, height, fps);
  *fps = MIN (*fps, MAX_SCREEN_FPS);
}

/**
 * confab_media_engine_create_screen:
 * @self: an engine that can share
 *
 * Returns: (transfer floating) (nullable): what gives the screen's pictures
 */
GstElement *
confab_media_engine_create_screen (ConfabMediaEngine *self)
{
  guint width, height, fps;

  g_return_val_if_fail (confab_media_engine_can_share (self), NULL);

  confab_media_engine_get_screen_format (self, &width, &height, &fps);
  return confab_picture_source_new (self->identity.screen_rgb, width, height, fps);
}

ConfabAudioMixer *
confab_media_engine_get_mixer (ConfabMediaEngine *self)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_ENGINE (self), NULL);

  return self->mixer;
}
