/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-fake-local-media.h"
#include "confab-manual-clock.h"
#include "confab-media-devices.h"

/* The interfaces that `media` implements hand on what they are given, and to whom they belong. */

#define TEST_TYPE_DEVICES (test_devices_get_type ())
G_DECLARE_FINAL_TYPE (TestDevices, test_devices, TEST, DEVICES, GObject)

struct _TestDevices {
  GObject parent_instance;

  ConfabClock *clock;
  GListStore *store;
  char *chosen;
};

static void devices_iface_init (ConfabMediaDevicesInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TestDevices,
                               test_devices,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_MEDIA_DEVICES,
                                                      devices_iface_init))

static GListModel *
test_devices_get_devices (ConfabMediaDevices *devices, ConfabDeviceKind kind)
{
  return G_LIST_MODEL (TEST_DEVICES (devices)->store);
}

static ConfabMediaDevice *
test_devices_get_chosen (ConfabMediaDevices *devices, ConfabDeviceKind kind)
{
  TestDevices *self = TEST_DEVICES (devices);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->store)); i++) {
    g_autoptr (ConfabMediaDevice) device = g_list_model_get_item (G_LIST_MODEL (self->store), i);
    if (g_strcmp0 (confab_media_device_get_id (device), self->chosen) == 0 &&
        confab_media_device_get_kind (device) == kind)
      return device;
  }
  return NULL;
}

static void
test_devices_choose (ConfabMediaDevices *devices, ConfabDeviceKind kind, const char *id)
{
  if (g_set_str (&TEST_DEVICES (devices)->chosen, id))
    confab_media_devices_emit_chosen_changed (devices, kind);
}

static ConfabLocalMedia *
test_devices_open (ConfabMediaDevices *devices, gboolean microphone_muted, gboolean camera_muted)
{
  ConfabLocalMedia *media;

  media = CONFAB_LOCAL_MEDIA (confab_fake_local_media_new (TEST_DEVICES (devices)->clock, "own"));
  confab_local_media_set_microphone_muted (media, microphone_muted);
  confab_local_media_set_camera_muted (media, camera_muted);
  return media;
}

static void
devices_iface_init (ConfabMediaDevicesInterface *iface)
{
  iface->get_devices = test_devices_get_devices;
  iface->get_chosen = test_devices_get_chosen;
  iface->choose = test_devices_choose;
  iface->open = test_devices_open;
}

static void
test_devices_finalize (GObject *object)
{
  TestDevices *self = TEST_DEVICES (object);

  g_clear_object (&self->clock);
  g_clear_object (&self->store);
  g_free (self->chosen);
  G_OBJECT_CLASS (test_devices_parent_class)->finalize (object);
}

static void
test_devices_class_init (TestDevicesClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_devices_finalize;
}

static void
test_devices_init (TestDevices *self)
{
  self->clock = CONFAB_CLOCK (confab_manual_clock_new (0));
  self->store = g_list_store_new (CONFAB_TYPE_MEDIA_DEVICE);
}

static void
count_cb (GObject *object, ConfabDeviceKind kind, guint *n)
{
  *n += 1 + 10 * kind;
}

static void
test_device (void)
{
  ConfabMediaDevice *device;
  g_autofree char *id = NULL;
  g_autofree char *name = NULL;
  ConfabDeviceKind kind;

  device = confab_media_device_new (CONFAB_DEVICE_KIND_CAMERA, "usb-1", "Camera");
  g_object_get (device, "kind", &kind, "id", &id, "name", &name, NULL);
  g_assert_cmpint (kind, ==, CONFAB_DEVICE_KIND_CAMERA);
  g_assert_cmpstr (id, ==, "usb-1");
  g_assert_cmpstr (name, ==, "Camera");
  g_assert_cmpstr (confab_media_device_get_name (device), ==, "Camera");
  g_assert_finalize_object (device);
}

static void
test_choice (void)
{
  TestDevices *object = g_object_new (TEST_TYPE_DEVICES, NULL);
  ConfabMediaDevices *devices = CONFAB_MEDIA_DEVICES (object);
  g_autoptr (ConfabMediaDevice) camera = NULL;
  guint n = 0;

  camera = confab_media_device_new (CONFAB_DEVICE_KIND_CAMERA, "usb-1", "Camera");
  g_signal_connect (devices, "chosen-changed", G_CALLBACK (count_cb), &n);
  g_list_store_append (object->store, camera);
  g_assert_true (confab_media_devices_get_devices (devices, CONFAB_DEVICE_KIND_CAMERA) ==
                 G_LIST_MODEL (object->store));
  g_assert_null (confab_media_devices_get_chosen (devices, CONFAB_DEVICE_KIND_CAMERA));
  confab_media_devices_choose (devices, CONFAB_DEVICE_KIND_CAMERA, "usb-1");
  g_assert_true (confab_media_devices_get_chosen (devices, CONFAB_DEVICE_KIND_CAMERA) == camera);
  g_assert_cmpuint (n, ==, 1 + 10 * CONFAB_DEVICE_KIND_CAMERA);
  g_assert_finalize_object (object);
}

static void
test_media (void)
{
  TestDevices *object = g_object_new (TEST_TYPE_DEVICES, NULL);
  g_autoptr (ConfabIceServers) servers = confab_ice_servers_new (NULL, NULL, NULL);
  g_autoptr (ConfabPeerConnection) connection = NULL;
  ConfabLocalMedia *media;
  guint n = 0;

  media = confab_media_devices_open (CONFAB_MEDIA_DEVICES (object), TRUE, FALSE);
  g_signal_connect (media, "problem-changed", G_CALLBACK (count_cb), &n);
  g_assert_true (confab_stream_get_audio_muted (confab_local_media_get_stream (media)));
  g_assert_false (confab_stream_get_video_muted (confab_local_media_get_stream (media)));
  g_assert_cmpint (confab_local_media_get_problem (media, CONFAB_DEVICE_KIND_CAMERA),
                   ==,
                   CONFAB_DEVICE_PROBLEM_NONE);
  confab_fake_local_media_set_problem (CONFAB_FAKE_LOCAL_MEDIA (media), CONFAB_DEVICE_PROBLEM_BUSY);
  g_assert_cmpuint (n, ==, 1 + 10 * CONFAB_DEVICE_KIND_CAMERA);
  g_assert_cmpint (confab_local_media_get_problem (media, CONFAB_DEVICE_KIND_CAMERA),
                   ==,
                   CONFAB_DEVICE_PROBLEM_BUSY);
  connection = confab_local_media_create_peer_connection (media, servers);
  g_assert_null (confab_peer_connection_get_local_sdp (connection));
  g_assert_cmpint (confab_peer_connection_get_last_received_at (connection), ==, 0);
  confab_peer_connection_close (connection);
  confab_peer_connection_close (connection);
  g_assert_cmpint (confab_peer_connection_get_state (connection),
                   ==,
                   CONFAB_CONNECTION_STATE_CLOSED);
  g_clear_object (&connection);
  confab_local_media_close (media);
  g_assert_finalize_object (media);
  g_assert_finalize_object (object);
}

static void
test_ice_servers (void)
{
  static const char *const uris[] = { "stun:x", "turn:x?transport=udp", NULL };
  g_autoptr (ConfabIceServers) servers = confab_ice_servers_new (uris, "u:1", "p");
  ConfabIceServers *copy = g_boxed_copy (CONFAB_TYPE_ICE_SERVERS, servers);

  g_assert_cmpstrv (copy->uris, uris);
  g_assert_cmpstr (copy->username, ==, "u:1");
  g_assert_cmpstr (copy->password, ==, "p");
  g_boxed_free (CONFAB_TYPE_ICE_SERVERS, copy);
  g_assert_null (confab_ice_servers_copy (NULL));
  confab_ice_servers_free (NULL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/devices/device", test_device);
  g_test_add_func ("/devices/choice", test_choice);
  g_test_add_func ("/devices/media", test_media);
  g_test_add_func ("/devices/ice-servers", test_ice_servers);
  return g_test_run ();
}
