/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * ConfabGrid:
 *
 * The stage: places the tiles of a model (ConfabStreamTileModel) as #ConfabGridPlan says. Tiles move to a new plan
 * in 250 ms, but follow at once when the stage itself changes its size. One stop for Tab; arrows walk the tiles.
 *
 * Properties: `model`, `placeholder` (a widget for what is left of the stage while one is alone).
 * Actions: `grid.previous-page`, `grid.next-page`.
 */
#define CONFAB_TYPE_GRID (confab_grid_get_type ())
G_DECLARE_FINAL_TYPE (ConfabGrid, confab_grid, CONFAB, GRID, GtkWidget)

void confab_grid_set_model (ConfabGrid *self, GListModel *model);
guint confab_grid_get_page (ConfabGrid *self);
guint confab_grid_get_n_pages (ConfabGrid *self);

G_END_DECLS
