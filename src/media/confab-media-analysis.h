/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>
#include <gst/video/video.h>

G_BEGIN_DECLS

#define CONFAB_ANALYSIS_SIDE 32

/* A picture scaled to 32×32 pixels of R, G, B. */
typedef struct {
  guint8 rgb[CONFAB_ANALYSIS_SIDE * CONFAB_ANALYSIS_SIDE][3];
} ConfabSmallPicture;

gboolean confab_small_picture_from_frame (ConfabSmallPicture *self, const GstVideoFrame *frame);
void confab_small_picture_get_mean (const ConfabSmallPicture *self, double mean[3]);
double
confab_small_picture_compare (const ConfabSmallPicture *self, const ConfabSmallPicture *other);
double confab_sound_get_peak_hz (const gint16 *samples, gsize n_samples, guint rate, double *rms);

G_END_DECLS
