/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * ConfabPicture:
 *
 * A moving picture in a rounded rectangle. Properties (all writable): `paintable`, `mirrored` (as in a mirror),
 * `whole` (never cropped), `radius` (px), `clipped`.
 *
 * The corners are covered with the widget's CSS `color`, which must be that of what lies behind: a rounded clip
 * costs half as much again to draw. `clipped` clips nevertheless, for a picture that floats over another.
 */
#define CONFAB_TYPE_PICTURE (confab_picture_get_type ())
G_DECLARE_FINAL_TYPE (ConfabPicture, confab_picture, CONFAB, PICTURE, GtkWidget)

G_END_DECLS
