/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <gst/gst.h>

#include "confab-main-link.h"

G_BEGIN_DECLS

/* What a remote track really shows. Main thread only. */
void confab_track_analysis_start (GTask *task,
                                  ConfabMainLink *link,
                                  GstElement *element,
                                  gboolean is_audio);

G_END_DECLS
