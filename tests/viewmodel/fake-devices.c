/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "fake-devices.h"

#include "confab-fake-peer-connection.h"

#define N_KINDS 3

struct _FakeDevices {
  GObject parent_instance;

  ConfabClock *clock;
  GListStore *lists[N_KINDS];
  char *chosen[N_KINDS];
  ConfabDeviceProblem problems[N_KINDS];
  GPtrArray *open; /* FakeMedia, not owned */
  guint n_camera_starts;
  FakePictureFunc make_picture;
};

#define FAKE_TYPE_MEDIA (fake_media_get_type ())
G_DECLARE_FINAL_TYPE (FakeMedia, fake_media, FAKE, MEDIA, GObject)

struct _FakeMedia {
  GObject parent_instance;

  FakeDevices *devices;
  ConfabStream *stream;
};

static gboolean
is_muted (FakeMedia *self, ConfabDeviceKind kind)
{
  return kind == CONFAB_DEVICE_KIND_CAMERA ? confab_stream_get_video_muted (self->stream)
                                           : confab_stream_get_audio_muted (self->stream);
}

static ConfabDeviceProblem
fake_media_get_problem (ConfabLocalMedia *media, ConfabDeviceKind kind)
{
  FakeMedia *self = FAKE_MEDIA (media);

  /* As the real one: a camera that is closed has none; a microphone is open all the time. */
  return kind == CONFAB_DEVICE_KIND_CAMERA && is_muted (self, kind) ? CONFAB_DEVICE_PROBLEM_NONE
                                                                    : self->devices->problems[kind];
}

static void
show_picture (FakeMedia *self)
{
  gboolean shows = !is_muted (self, CONFAB_DEVICE_KIND_CAMERA) &&
                   self->devices->problems[CONFAB_DEVICE_KIND_CAMERA] == CONFAB_DEVICE_PROBLEM_NONE;

  if (self->devices->make_picture != NULL) {
    g_autoptr (GdkPaintable) picture = shows ? self->devices->make_picture () : NULL;
    confab_stream_set_paintable (self->stream, (GObject *) picture);
  }
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
  FakeMedia *self = FAKE_MEDIA (media);

  if (!muted)
    self->devices->n_camera_starts++;
  confab_stream_set_video_muted (self->stream, muted);
  show_picture (self);
}

static void
fake_media_close (ConfabLocalMedia *media)
{
  FakeMedia *self = FAKE_MEDIA (media);

  g_ptr_array_remove (self->devices->open, self);
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

  /* Whoever lets go of media has closed it: a camera that nobody has stays on. */
  g_assert_false (g_ptr_array_find (self->devices->open, self, NULL));
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
  g_autoptr (GdkPaintable) picture = gdk_paintable_new_empty (640, 360);

  self->stream = confab_stream_new ("own", CONFAB_STREAM_PURPOSE_USERMEDIA);
  confab_stream_set_paintable (self->stream, G_OBJECT (picture));
  confab_stream_set_level (self->stream, CONFAB_LEVEL_SILENCE);
}

static GListModel *
fake_devices_get_devices (ConfabMediaDevices *devices, ConfabDeviceKind kind)
{
  return G_LIST_MODEL (FAKE_DEVICES (devices)->lists[kind]);
}

static ConfabMediaDevice *
fake_devices_get_chosen (ConfabMediaDevices *devices, ConfabDeviceKind kind)
{
  FakeDevices *self = FAKE_DEVICES (devices);
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
fake_devices_choose (ConfabMediaDevices *devices, ConfabDeviceKind kind, const char *id)
{
  if (g_set_str (&FAKE_DEVICES (devices)->chosen[kind], id))
    confab_media_devices_emit_chosen_changed (devices, kind);
}

static ConfabLocalMedia *
fake_devices_open (ConfabMediaDevices *devices, gboolean microphone_muted, gboolean camera_muted)
{
  FakeDevices *self = FAKE_DEVICES (devices);
  FakeMedia *media = g_object_new (FAKE_TYPE_MEDIA, NULL);

  media->devices = g_object_ref (self);
  g_ptr_array_add (self->open, media);
  confab_stream_set_audio_muted (media->stream, microphone_muted);
  confab_stream_set_video_muted (media->stream, camera_muted);
  if (!camera_muted)
    self->n_camera_starts++;
  show_picture (media);
  return CONFAB_LOCAL_MEDIA (media);
}

static void
devices_iface_init (ConfabMediaDevicesInterface *iface)
{
  iface->get_devices = fake_devices_get_devices;
  iface->get_chosen = fake_devices_get_chosen;
  iface->choose = fake_devices_choose;
  iface->open = fake_devices_open;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeDevices,
                               fake_devices,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_MEDIA_DEVICES,
                                                      devices_iface_init))

static void
fake_devices_finalize (GObject *object)
{
  FakeDevices *self = FAKE_DEVICES (object);

  for (guint i = 0; i < N_KINDS; i++) {
    g_object_unref (self->lists[i]);
    g_free (self->chosen[i]);
  }
  g_ptr_array_unref (self->open);
  g_object_unref (self->clock);
  G_OBJECT_CLASS (fake_devices_parent_class)->finalize (object);
}

static void
fake_devices_class_init (FakeDevicesClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_devices_finalize;
}

static void
fake_devices_init (FakeDevices *self)
{
  for (guint i = 0; i < N_KINDS; i++)
    self->lists[i] = g_list_store_new (CONFAB_TYPE_MEDIA_DEVICE);
  self->open = g_ptr_array_new ();
}

FakeDevices *
fake_devices_new (ConfabClock *clock)
{
  FakeDevices *self = g_object_new (FAKE_TYPE_DEVICES, NULL);

  self->clock = g_object_ref (clock);
  fake_devices_add (self, CONFAB_DEVICE_KIND_MICROPHONE, "m1", "Built-in Microphone");
  fake_devices_add (self, CONFAB_DEVICE_KIND_MICROPHONE, "m2", "Headset");
  fake_devices_add (self, CONFAB_DEVICE_KIND_SPEAKER, "s1", "Built-in Speakers");
  fake_devices_add (self, CONFAB_DEVICE_KIND_CAMERA, "c1", "Integrated Camera");
  fake_devices_add (self, CONFAB_DEVICE_KIND_CAMERA, "c2", "Document Camera");
  return self;
}

void
fake_devices_add (FakeDevices *self, ConfabDeviceKind kind, const char *id, const char *name)
{
  g_autoptr (ConfabMediaDevice) device = confab_media_device_new (kind, id, name);

  g_list_store_append (self->lists[kind], device);
}

void
fake_devices_set_picture_func (FakeDevices *self, FakePictureFunc make_picture)
{
  self->make_picture = make_picture;
}

void
fake_devices_remove_all (FakeDevices *self, ConfabDeviceKind kind)
{
  g_list_store_remove_all (self->lists[kind]);
  confab_media_devices_emit_chosen_changed (CONFAB_MEDIA_DEVICES (self), kind);
}

void
fake_devices_set_problem (FakeDevices *self, ConfabDeviceKind kind, ConfabDeviceProblem problem)
{
  self->problems[kind] = problem;
  for (guint i = 0; i < self->open->len; i++) {
    show_picture (self->open->pdata[i]);
    confab_local_media_emit_problem_changed (self->open->pdata[i], kind);
  }
}

ConfabStream *
fake_devices_get_stream (FakeDevices *self)
{
  g_assert_cmpuint (self->open->len, >, 0);
  return ((FakeMedia *) self->open->pdata[self->open->len - 1])->stream;
}

void
fake_devices_set_level (FakeDevices *self, double level)
{
  confab_stream_set_level (fake_devices_get_stream (self), level);
}

guint
fake_devices_get_n_open (FakeDevices *self)
{
  return self->open->len;
}

guint
fake_devices_get_n_camera_starts (FakeDevices *self)
{
  return self->n_camera_starts;
}
