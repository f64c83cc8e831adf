/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-device-monitor.h"

#include "confab-main-link.h"
#include "confab-media-worker.h"

#define N_KINDS (CONFAB_DEVICE_KIND_CAMERA + 1)
#define KEY_GST_DEVICE "confab-gst-device"

struct _ConfabDeviceMonitor {
  GObject parent_instance;

  GListStore *devices[N_KINDS];
  ConfabMainLink *link;
  ConfabMediaWorker *worker;
  GstDeviceMonitor *monitor; /* NULL before start() */
  gboolean stopped;
};

G_DEFINE_FINAL_TYPE (ConfabDeviceMonitor, confab_device_monitor, G_TYPE_OBJECT)

enum {
  SIGNAL_CHANGED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static gboolean
get_kind (GstDevice *device, ConfabDeviceKind *kind)
{
  if (gst_device_has_classes (device, "Video/Source"))
    *kind = CONFAB_DEVICE_KIND_CAMERA;
  else if (gst_device_has_classes (device, "Audio/Source"))
    *kind = CONFAB_DEVICE_KIND_MICROPHONE;
  else if (gst_device_has_classes (device, "Audio/Sink"))
    *kind = CONFAB_DEVICE_KIND_SPEAKER;
  else
    return FALSE;
  return TRUE;
}

/* What stays over a restart and a re-plugging, as far as the system knows such a thing. */
static char *
make_id (GstDevice *device)
{
  static const char *const names[] = {
    "node.name", "api.v4l2.path", "device.path", "device.string", "object.path"
  };
  g_autoptr (GstStructure) properties = gst_device_get_properties (device);

  for (guint i = 0; properties != NULL && i < G_N_ELEMENTS (names); i++) {
    const char *value = gst_structure_get_string (properties, names[i]);

    if (value != NULL && value[0] != '\0')
      return g_strdup (value);
  }
  return gst_device_get_display_name (device);
}

/* What plays on a speaker can be recorded, too: nobody means that by a microphone. */
static gboolean
is_monitor (GstDevice *device)
{
  g_autoptr (GstStructure) properties = gst_device_get_properties (device);
  const char *name = properties != NULL ? gst_structure_get_string (properties, "device.class")
                                        : NULL;

  return g_strcmp0 (name, "monitor") == 0;
}

/* Which one the system uses when nobody has chosen. */
static gboolean
is_default (ConfabMediaDevice *item)
{
  GstDevice *device = g_object_get_data (G_OBJECT (item), KEY_GST_DEVICE);
  g_autoptr (GstStructure) properties = device != NULL ? gst_device_get_properties (device) : NULL;
  gboolean value = FALSE;

  return properties != NULL && gst_structure_get_boolean (properties, "is-default", &value) &&
         value;
}

static void
add_device (gpointer object, gpointer data)
{
  ConfabDeviceMonitor *self = object;
  GstDevice *device = data;
  ConfabDeviceKind kind;
  g_autofree char *id = NULL;
  g_autofree char *name = NULL;
  g_autoptr (ConfabMediaDevice) item = NULL;

  if (self->stopped || !get_kind (device, &kind) || is_monitor (device))
    return;
  id = make_id (device);
  if (confab_device_monitor_find (self, kind, id) != NULL)
    return;

  name = gst_device_get_display_name (device);
  item = confab_media_device_new (kind, id, name);
  g_object_set_data_full (G_OBJECT (item),
                          KEY_GST_DEVICE,
                          gst_object_ref (device),
                          gst_object_unref);
  g_list_store_append (self->devices[kind], item);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0, kind);
}

/* Its place in the list, -1 when it is not there. */
static int
find_gst_device (ConfabDeviceMonitor *self, ConfabDeviceKind kind, gpointer device)
{
  GListModel *devices = G_LIST_MODEL (self->devices[kind]);

  for (guint i = 0; i < g_list_model_get_n_items (devices); i++) {
    g_autoptr (GObject) item = g_list_model_get_item (devices, i);

    if (g_object_get_data (item, KEY_GST_DEVICE) == device)
      return i;
  }
  return -1;
}

static void
remove_device (gpointer object, gpointer data)
{
  ConfabDeviceMonitor *self = object;
  ConfabDeviceKind kind;
  int index;

  if (self->stopped || !get_kind (data, &kind))
    return;

  index = find_gst_device (self, kind, data);
  if (index < 0)
    return;
  g_list_store_remove (self->devices[kind], index);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0, kind);
}

typedef struct {
  GstDevice *device;
  GstDevice *before;
} Change;

static void
change_free (gpointer data)
{
  Change *change = data;

  gst_object_unref (change->device);
  gst_object_unref (change->before);
  g_free (change);
}

/* Another one is the default now, for instance: GStreamer puts a new object in place of the old one. */
static void
change_device (gpointer object, gpointer data)
{
  ConfabDeviceMonitor *self = object;
  const Change *change = data;
  g_autoptr (GObject) item = NULL;
  ConfabDeviceKind kind;
  int index;

  if (self->stopped || !get_kind (change->before, &kind))
    return;

  index = find_gst_device (self, kind, change->before);
  if (index < 0)
    return;
  item = g_list_model_get_item (G_LIST_MODEL (self->devices[kind]), index);
  g_object_set_data_full (item, KEY_GST_DEVICE, gst_object_ref (change->device), gst_object_unref);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0, kind);
}

/* The monitor's threads */
static GstBusSyncReply
message_cb (GstBus *bus, GstMessage *message, gpointer user_data)
{
  GstDevice *device = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_DEVICE_ADDED) {
    gst_message_parse_device_added (message, &device);
    confab_main_link_post (user_data, add_device, device, gst_object_unref);
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_DEVICE_REMOVED) {
    gst_message_parse_device_removed (message, &device);
    confab_main_link_post (user_data, remove_device, device, gst_object_unref);
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_DEVICE_CHANGED) {
    Change *change = g_new0 (Change, 1);

    gst_message_parse_device_changed (message, &change->device, &change->before);
    confab_main_link_post (user_data, change_device, change, change_free);
  }
  gst_message_unref (message);
  return GST_BUS_DROP;
}

static void
started (gpointer object, gpointer data)
{
  ConfabDeviceMonitor *self = object;

  for (guint kind = 0; !self->stopped && kind < N_KINDS; kind++)
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0, kind);
}

typedef struct {
  GstDeviceMonitor *monitor;
  ConfabMainLink *link;
} Start;

static void
start_free (gpointer data)
{
  Start *start = data;

  gst_object_unref (start->monitor);
  confab_main_link_unref (start->link);
  g_free (start);
}

/* Loading plug-ins, asking the sound server and each camera takes its time. */
static void
start_cb (gpointer data)
{
  Start *start = data;
  g_autoptr (GstBus) bus = gst_device_monitor_get_bus (start->monitor);
  static const char *const classes[] = { "Video/Source", "Audio/Source", "Audio/Sink" };

  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    gst_device_monitor_add_filter (start->monitor, classes[i], NULL);
  gst_bus_set_sync_handler (bus,
                            message_cb,
                            confab_main_link_ref (start->link),
                            confab_main_link_unref);
  if (gst_device_monitor_start (start->monitor)) {
    GList *devices = gst_device_monitor_get_devices (start->monitor);

    for (GList *l = devices; l != NULL; l = l->next)
      confab_main_link_post (start->link, add_device, l->data, gst_object_unref);
    g_list_free (devices);
  } else {
    g_info ("No service of this system tells of cameras, microphones and speakers");
  }
  confab_main_link_post (start->link, started, NULL, NULL);
}

static void
stop_cb (gpointer monitor)
{
  gst_device_monitor_stop (monitor);
}

static void
confab_device_monitor_finalize (GObject *object)
{
  ConfabDeviceMonitor *self = CONFAB_DEVICE_MONITOR (object);

  confab_device_monitor_stop (self);
  for (guint kind = 0; kind < N_KINDS; kind++)
    g_clear_object (&self->devices[kind]);
  g_clear_pointer (&self->link, confab_main_link_unref);
  g_clear_pointer (&self->worker, confab_media_worker_free);
  G_OBJECT_CLASS (confab_device_monitor_parent_class)->finalize (object);
}

static void
confab_device_monitor_class_init (ConfabDeviceMonitorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_device_monitor_finalize;

  /**
   * ConfabDeviceMonitor::changed:
   * @kind: of which kind
   *
   * A device came or went, or the first look is over.
   */
  signals[SIGNAL_CHANGED] = g_signal_new ("changed",
                                          G_TYPE_FROM_CLASS (klass),
                                          G_SIGNAL_RUN_LAST,
                                          0,
                                          NULL,
                                          NULL,
                                          NULL,
                                          G_TYPE_NONE,
                                          1,
                                          CONFAB_TYPE_DEVICE_KIND);
}

static void
confab_device_monitor_init (ConfabDeviceMonitor *self)
{
  for (guint kind = 0; kind < N_KINDS; kind++)
    self->devices[kind] = g_list_store_new (CONFAB_TYPE_MEDIA_DEVICE);
  self->link = confab_main_link_new (self);
  self->worker = confab_media_worker_new ();
}

ConfabDeviceMonitor *
confab_device_monitor_new (void)
{
  return g_object_new (CONFAB_TYPE_DEVICE_MONITOR, NULL);
}

/**
 * confab_device_monitor_start:
 * @self: a monitor
 *
 * Begins to look, in another thread; ::changed tells what there is. A second time does nothing.
 */
void
confab_device_monitor_start (ConfabDeviceMonitor *self)
{
  Start *start;

  g_return_if_fail (CONFAB_IS_DEVICE_MONITOR (self));

  if (self->monitor != NULL || self->stopped)
    return;

  self->monitor = gst_object_ref_sink (gst_device_monitor_new ());
  start = g_new (Start, 1);
  *start = (Start) { gst_object_ref (self->monitor), confab_main_link_ref (self->link) };
  confab_media_worker_push (self->worker, start_cb, start, start_free);
}

/**
 * confab_device_monitor_stop:
 * @self: a monitor
 *
 * Ends it; nothing changes any more.
 */
void
confab_device_monitor_stop (ConfabDeviceMonitor *self)
{
  g_return_if_fail (CONFAB_IS_DEVICE_MONITOR (self));

  self->stopped = TRUE;
  if (self->monitor != NULL)
    confab_media_worker_push (self->worker,
                              stop_cb,
                              g_steal_pointer (&self->monitor),
                              gst_object_unref);
}

GListModel *
confab_device_monitor_get_devices (ConfabDeviceMonitor *self, ConfabDeviceKind kind)
{
  g_return_val_if_fail (CONFAB_IS_DEVICE_MONITOR (self), NULL);
  g_return_val_if_fail (kind < N_KINDS, NULL);

  return G_LIST_MODEL (self->devices[kind]);
}

/**
 * confab_device_monitor_find:
 * @self: a monitor
 * @kind: of which kind
 * @id: (nullable): a device's id, %NULL for the system's default, or any when there is none
 *
 * Returns: (transfer none) (nullable): that device if it is there
 */
ConfabMediaDevice *
confab_device_monitor_find (ConfabDeviceMonitor *self, ConfabDeviceKind kind, const char *id)
{
  GListModel *devices = confab_device_monitor_get_devices (self, kind);
  ConfabMediaDevice *first = NULL;

  for (guint i = 0; i < g_list_model_get_n_items (devices); i++) {
    g_autoptr (ConfabMediaDevice) device = g_list_model_get_item (devices, i);

    if (id == NULL ? is_default (device) : g_strcmp0 (confab_media_device_get_id (device), id) == 0)
      return device; /* the list keeps it */
    if (first == NULL)
      first = device;
  }
  return id == NULL ? first : NULL;
}

/**
 * confab_device_monitor_create_element:
 * @self: a monitor
 * @device: one of its devices
 *
 * Returns: (transfer floating) (nullable): a source or sink
 */
GstElement *
confab_device_monitor_create_element (ConfabDeviceMonitor *self, ConfabMediaDevice *device)
{
  GstDevice *gst_device = g_object_get_data (G_OBJECT (device), KEY_GST_DEVICE);

  return gst_device != NULL ? gst_device_create_element (gst_device, NULL) : NULL;
}

/**
 * confab_device_monitor_add_test_devices:
 * @self: a monitor
 *
 * Two cameras, two microphones and two speakers that are none, to choose between.
 */
void
confab_device_monitor_add_test_devices (ConfabDeviceMonitor *self)
{
  static const char *const names[N_KINDS] = {
    [CONFAB_DEVICE_KIND_MICROPHONE] = "Test microphone",
    [CONFAB_DEVICE_KIND_SPEAKER] = "Test speaker",
    [CONFAB_DEVICE_KIND_CAMERA] = "Test camera",
  };

  g_return_if_fail (CONFAB_IS_DEVICE_MONITOR (self));

  for (guint kind = 0; kind < N_KINDS; kind++) {
    for (guint i = 1; i <= 2; i++) {
      g_autofree char *id = g_strdup_printf ("test-%s-%u",
                                             confab_enum_nick (CONFAB_TYPE_DEVICE_KIND, kind),
                                             i);
      g_autofree char *name = g_strdup_printf ("%s %u", names[kind], i);
      g_autoptr (ConfabMediaDevice) device = confab_media_device_new (kind, id, name);

      g_list_store_append (self->devices[kind], device);
    }
  }
}
