/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gdk/gdk.h>

G_BEGIN_DECLS

/* Whose picture one's own is. */
#define CONFAB_FAKE_PICTURE_OWN G_MAXUINT

/* A drawn person, 640×360 (or 360×640): no photograph, nobody's likeness. */
GdkPaintable *confab_fake_picture_new (guint number, gboolean upright) G_GNUC_WARN_UNUSED_RESULT;

/* A spreadsheet, 1920×1080. */
GdkPaintable *confab_fake_screen_new (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
