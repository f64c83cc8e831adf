/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

GstElement *confab_picture_source_new (const guint8 rgb[3], guint width, guint height, guint fps)
  G_GNUC_WARN_UNUSED_RESULT;
GstElement *confab_picture_source_new_from_file (const char *path, guint fps, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
