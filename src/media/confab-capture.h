/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gst/gst.h>

#include "confab-call-enums.h"
#include "confab-media-worker.h"

G_BEGIN_DECLS

/**
 * ConfabCapture:
 *
 * One opening of one camera or microphone (or what stands for it): from new() to stop() the device is open,
 * and what it gives goes to an appsrc of the sender. Main thread only.
 */
#define CONFAB_TYPE_CAPTURE (confab_capture_get_type ())
G_DECLARE_FINAL_TYPE (ConfabCapture, confab_capture, CONFAB, CAPTURE, GObject)

ConfabCapture *confab_capture_new (ConfabDeviceKind kind,
                                   GstElement *source,
                                   const char *caps,
                                   guint width,
                                   guint height,
                                   guint max_fps,
                                   GstElement *target,
                                   ConfabMediaWorker *worker) G_GNUC_WARN_UNUSED_RESULT;
void confab_capture_stop (ConfabCapture *self);

G_END_DECLS
