/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-clock.h"
#include "confab-media-devices.h"

G_BEGIN_DECLS

/**
 * ConfabFakeDevices:
 *
 * Microphones, speakers and cameras that are not there. What is opened shows a drawn person while the camera is on,
 * and gives fake connections.
 */
#define CONFAB_TYPE_FAKE_DEVICES (confab_fake_devices_get_type ())
G_DECLARE_FINAL_TYPE (ConfabFakeDevices, confab_fake_devices, CONFAB, FAKE_DEVICES, GObject)

/* With two microphones, two speakers and a camera. */
ConfabFakeDevices *confab_fake_devices_new (ConfabClock *clock) G_GNUC_WARN_UNUSED_RESULT;
void confab_fake_devices_add (ConfabFakeDevices *self,
                              ConfabDeviceKind kind,
                              const char *id,
                              const char *name);
void confab_fake_devices_remove_all (ConfabFakeDevices *self, ConfabDeviceKind kind);
/* Of what is open now, and of what will be opened. */
void confab_fake_devices_set_problem (ConfabFakeDevices *self,
                                      ConfabDeviceKind kind,
                                      ConfabDeviceProblem problem);
/* How loud the microphone is that was opened last, in dBFS. */
void confab_fake_devices_set_level (ConfabFakeDevices *self, double level);
/* How many were opened and not closed. */
guint confab_fake_devices_get_n_open (ConfabFakeDevices *self);

G_END_DECLS
