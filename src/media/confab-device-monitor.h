/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <gst/gst.h>

#include "confab-media-device.h"

G_BEGIN_DECLS

/**
 * ConfabDeviceMonitor:
 *
 * The cameras, microphones and speakers that PipeWire, PulseAudio and V4L2 know, as they come and go. Main
 * thread only.
 */
#define CONFAB_TYPE_DEVICE_MONITOR (confab_device_monitor_get_type ())
G_DECLARE_FINAL_TYPE (ConfabDeviceMonitor, confab_device_monitor, CONFAB, DEVICE_MONITOR, GObject)

ConfabDeviceMonitor *confab_device_monitor_new (void) G_GNUC_WARN_UNUSED_RESULT;
void confab_device_monitor_start (ConfabDeviceMonitor *self);
void confab_device_monitor_stop (ConfabDeviceMonitor *self);
GListModel *confab_device_monitor_get_devices (ConfabDeviceMonitor *self, ConfabDeviceKind kind);
ConfabMediaDevice *
confab_device_monitor_find (ConfabDeviceMonitor *self, ConfabDeviceKind kind, const char *id);
GstElement *
confab_device_monitor_create_element (ConfabDeviceMonitor *self, ConfabMediaDevice *device);
void confab_device_monitor_add_test_devices (ConfabDeviceMonitor *self);

G_END_DECLS
