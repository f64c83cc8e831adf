/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "confab-stream-tile-model.h"

G_BEGIN_DECLS

/**
 * ConfabStreamTile:
 *
 * Shows one #ConfabStreamTileModel: picture or avatar, name, what is off, how the connection is.
 */
#define CONFAB_TYPE_STREAM_TILE (confab_stream_tile_get_type ())
G_DECLARE_FINAL_TYPE (ConfabStreamTile, confab_stream_tile, CONFAB, STREAM_TILE, GtkWidget)

GtkWidget *confab_stream_tile_new (ConfabStreamTileModel *model) G_GNUC_WARN_UNUSED_RESULT;
ConfabStreamTileModel *confab_stream_tile_get_model (ConfabStreamTile *self);
void confab_stream_tile_set_plan (ConfabStreamTile *self, int width, int height, gboolean floating);

G_END_DECLS
