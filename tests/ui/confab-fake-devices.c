/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-fake-devices.h"

#include "confab-fake-picture.h"
#include "confab-fake-peer-connection.h"

#define N_KINDS 3

struct _ConfabFakeDevices {
  GObject parent_instance;

  ConfabClock *clock;
  GListStore *lists[N_KINDS];
  char *chosen[N_KINDS];
  ConfabDeviceProblem problems[N_KINDS];
  GPtrArray *open; /* FakeMedia, which the array does not own */
};

/* ---- what is open ---- */

#define FAKE_TYPE_MEDIA (fake_media_get_type ())
G_DECLARE_FINAL_TYPE (FakeMedia, fake_media, FAKE, MEDIA, GObject)

struct _FakeMedia {
  GObject parent_instance;

  ConfabFakeDevices *devices;
  ConfabStream *stream;
  gboolean closed;
};

/* As in `media`: a camera that is off, or gives nothing, shows nothing. */
static void
fake_media_refresh (FakeMedia *self)
{
  gboolean shows = !self->closed && !confab_stream_get_video_muted (self->stream) &&
                   self->devices->problems[CONFAB_DEVICE_KIND_CAMERA] == CONFAB_DEVICE_PROBLEM_NONE;
  g_autoptr (GdkPaintable) picture = shows ? confab_fake_picture_new (CONFAB_FAKE_PICTURE_OWN, FALSE) : NULL;

  confab_stream_set_paintable (self->stream, (GObject *) picture);
  confab_stream_set_has_video (self->stream, shows);
}

static ConfabPeerConnection *
fake_media_create_peer_connection (ConfabLocalMedia *media, const ConfabIceServers *servers)
{
  FakeMedia *self = FAKE_MEDIA (media);

  return CONFAB_PEER_CONNECTION (
    confab_fake_peer_connection_new (self->devices->clock, confab_stream_get_id (self->stream)));
}

static ConfabStream *
fake_media_get_stream (ConfabLocalMedia *media)
{
  return FAKE_MEDIA (media)->stream;
}

static void
fake_media_set_microphone_muted (ConfabLocalMedia *media, gboolean muted)
{
  confab_stream_set_audio_muted (FAKE_MEDIA (media)->stream, muted);
}

static void
fake_media_set_camera_muted (ConfabLocalMedia *media, gboolean muted)
{
  confab_stream_set_video_muted (FAKE_MEDIA (media)->stream, muted);
  fake_media_refresh (FAKE_MEDIA (media));
}

static ConfabDeviceProblem
fake_media_get_problem (ConfabLocalMedia *media, ConfabDeviceKind kind)
{
  return FAKE_MEDIA (media)->devices->problems[kind];
}

static void
fake_media_close (ConfabLocalMedia *media)
{
  FakeMedia *self = FAKE_MEDIA (media);

  self->closed = TRUE;
  g_ptr_array_remove (self->devices->open, self);
  fake_media_refresh (self);
}

static void
media_iface_init (ConfabLocalMediaInterface *iface)
{
  iface->create_peer_connection = fake_media_create_peer_connection;
  iface->get_stream = fake_media_get_stream;
  iface->set_microphone_muted = fake_media_set_microphone_muted;
  iface->set_camera_muted = fake_media_set_camera_muted;
  iface->get_problem = fake_media_get_problem;
  iface->close = fake_media_close;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeMedia,
                               fake_media,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_LOCAL_MEDIA, media_iface_init))

static void
fake_media_finalize (GObject *object)
{
  FakeMedia *self = FAKE_MEDIA (object);

  g_ptr_array_remove (self->devices->open, self);
  g_object_unref (self->stream);
  g_object_unref (self->devices);
  G_OBJECT_CLASS (fake_media_parent_class)->finalize (object);
}

static void
fake_media_class_init (FakeMediaClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_media_finalize;
}

static void
fake_media_init (FakeMedia *self)
{
  self->stream = confab_stream_new ("own", CONFAB_STREAM_PURPOSE_USERMEDIA);
}

/* ---- ConfabFakeDevices ---- */

static GListModel *
confab_fake_devices_get_devices (ConfabMediaDevices *devices, ConfabDeviceKind kind)
{
  return G_LIST_MODEL (CONFAB_FAKE_DEVICES (devices)->lists[kind]);
}

static ConfabMediaDevice *
confab_fake_devices_get_chosen (ConfabMediaDevices *devices, ConfabDeviceKind kind)
{
  ConfabFakeDevices *self = CONFAB_FAKE_DEVICES (devices);
  GListModel *list = G_LIST_MODEL (self->lists[kind]);
  g_autoptr (ConfabMediaDevice) first = g_list_model_get_item (list, 0);

  for (guint i = 0; i < g_list_model_get_n_items (list); i++) {
    g_autoptr (ConfabMediaDevice) device = g_list_model_get_item (list, i);

    if (g_strcmp0 (confab_media_device_get_id (device), self->chosen[kind]) == 0)
      return device; /* the list keeps it */
  }
  return first;
}

static void
confab_fake_devices_choose (ConfabMediaDevices *devices, ConfabDeviceKind kind, const char *id)
{
  if (g_set_str (&CONFAB_FAKE_DEVICES (devices)->chosen[kind], id))
    confab_media_devices_emit_chosen_changed (devices, kind);
}

static ConfabLocalMedia *
confab_fake_devices_open (ConfabMediaDevices *devices,
                          gboolean microphone_muted,
                          gboolean camera_muted)
{
  ConfabFakeDevices *self = CONFAB_FAKE_DEVICES (devices);
  FakeMedia *media = g_object_new (FAKE_TYPE_MEDIA, NULL);

  media->devices = g_object_ref (self);
  g_ptr_array_add (self->open, media);
  confab_stream_set_audio_muted (media->stream, microphone_muted);
  confab_stream_set_video_muted (media->stream, camera_muted);
  fake_media_refresh (media);
  return CONFAB_LOCAL_MEDIA (media);
}

static void
devices_iface_init (ConfabMediaDevicesInterface *iface)
{
  iface->get_devices = confab_fake_devices_get_devices;
  iface->get_chosen = confab_fake_devices_get_chosen;
  iface->choose = confab_fake_devices_choose;
  iface->open = confab_fake_devices_open;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabFakeDevices,
                               confab_fake_devices,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_MEDIA_DEVICES,
                                                      devices_iface_init))

static void
confab_fake_devices_finalize (GObject *object)
{
  ConfabFakeDevices *self = CONFAB_FAKE_DEVICES (object);

  for (guint i = 0; i < N_KINDS; i++) {
    g_object_unref (self->lists[i]);
    g_free (self->chosen[i]);
  }
  g_ptr_array_unref (self->open);
  g_object_unref (self->clock);
  G_OBJECT_CLASS (confab_fake_devices_parent_class)->finalize (object);
}

static void
confab_fake_devices_class_init (ConfabFakeDevicesClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_fake_devices_finalize;
}

static void
confab_fake_devices_init (ConfabFakeDevices *self)
{
  for (guint i = 0; i < N_KINDS; i++)
    self->lists[i] = g_list_store_new (CONFAB_TYPE_MEDIA_DEVICE);
  self->open = g_ptr_array_new ();
}

ConfabFakeDevices *
confab_fake_devices_new (ConfabClock *clock)
{
  ConfabFakeDevices *self = g_object_new (CONFAB_TYPE_FAKE_DEVICES, NULL);

  self->clock = g_object_ref (clock);
  confab_fake_devices_add (self, CONFAB_DEVICE_KIND_MICROPHONE, "m1", "Built-in Microphone");
  confab_fake_devices_add (self, CONFAB_DEVICE_KIND_MICROPHONE, "m2", "Headset");
  confab_fake_devices_add (self, CONFAB_DEVICE_KIND_SPEAKER, "s1", "Headphones");
  confab_fake_devices_add (self, CONFAB_DEVICE_KIND_SPEAKER, "s2", "Built-in Speakers");
  confab_fake_devices_add (self, CONFAB_DEVICE_KIND_CAMERA, "c1", "Integrated Camera");
  return self;
}

void
confab_fake_devices_add (ConfabFakeDevices *self,
                         ConfabDeviceKind kind,
                         const char *id,
                         const char *name)
{
  g_autoptr (ConfabMediaDevice) device = confab_media_device_new (kind, id, name);

  g_list_store_append (self->lists[kind], device);
}

void
confab_fake_devices_remove_all (ConfabFakeDevices *self, ConfabDeviceKind kind)
{
  g_list_store_remove_all (self->lists[kind]);
  confab_media_devices_emit_chosen_changed (CONFAB_MEDIA_DEVICES (self), kind);
}

void
confab_fake_devices_set_problem (ConfabFakeDevices *self,
                                 ConfabDeviceKind kind,
                                 ConfabDeviceProblem problem)
{
  self->problems[kind] = problem;
  for (guint i = 0; i < self->open->len; i++) {
    fake_media_refresh (self->open->pdata[i]);
    confab_local_media_emit_problem_changed (self->open->pdata[i], kind);
  }
}

void
confab_fake_devices_set_level (ConfabFakeDevices *self, double level)
{
  FakeMedia *media;

  g_assert_cmpuint (self->open->len, >, 0);
  media = self->open->pdata[self->open->len - 1];
  confab_stream_set_level (media->stream, level);
}

guint
confab_fake_devices_get_n_open (ConfabFakeDevices *self)
{
  return self->open->len;
}
