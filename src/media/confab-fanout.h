/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * ConfabFanout:
 *
 * Hands what one encoder (or decoder) gives to any number of other pipelines, without copying, and the key
 * frame requests of all of them back. A place that does not keep up loses its oldest buffers and holds up
 * nobody. Thread-safe, reference counted.
 */
typedef struct _ConfabFanout ConfabFanout;

ConfabFanout *confab_fanout_new (void) G_GNUC_WARN_UNUSED_RESULT;
ConfabFanout *confab_fanout_ref (ConfabFanout *self);
void confab_fanout_unref (gpointer self);
void confab_fanout_set_encoder (ConfabFanout *self, GstElement *encoder);
void confab_fanout_set_valve (ConfabFanout *self, GstElement *valve);
void confab_fanout_connect_sink (ConfabFanout *self, GstElement *sink);
void confab_fanout_add (ConfabFanout *self, GstElement *source);
void confab_fanout_remove (ConfabFanout *self, GstElement *source);
void confab_fanout_request_key_frame (ConfabFanout *self, gboolean at_once);
void confab_fanout_forward_key_frame_requests (ConfabFanout *self, GstElement *source);
guint64 confab_fanout_get_n_sent (ConfabFanout *self, GstElement *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabFanout, confab_fanout_unref)

G_END_DECLS
