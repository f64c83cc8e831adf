/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-clock.h"
#include "confab-media-devices.h"

#include <gdk/gdk.h>

/* Devices that are not there. Two microphones (“m1”, “m2”), a speaker (“s1”), two cameras (“c1”, “c2”) at first. */
#define FAKE_TYPE_DEVICES (fake_devices_get_type ())
G_DECLARE_FINAL_TYPE (FakeDevices, fake_devices, FAKE, DEVICES, GObject)

typedef GdkPaintable *(*FakePictureFunc) (void);

FakeDevices *fake_devices_new (ConfabClock *clock);
/* What a camera shows that is on; without it, nothing of a size. */
void fake_devices_set_picture_func (FakeDevices *self, FakePictureFunc make_picture);
void fake_devices_add (FakeDevices *self, ConfabDeviceKind kind, const char *id, const char *name);
void fake_devices_remove_all (FakeDevices *self, ConfabDeviceKind kind);
/* What a device that is switched on says from now on; those that are open are told. */
void
fake_devices_set_problem (FakeDevices *self, ConfabDeviceKind kind, ConfabDeviceProblem problem);
/* In dBFS, of the microphone that is open. */
void fake_devices_set_level (FakeDevices *self, double level);
/* What was opened last and is not closed. */
ConfabStream *fake_devices_get_stream (FakeDevices *self);
/* How many are open now; how often a camera was switched on so far. */
guint fake_devices_get_n_open (FakeDevices *self);
guint fake_devices_get_n_camera_starts (FakeDevices *self);
