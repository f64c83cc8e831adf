/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* How much a tile has room to say. */
typedef enum {
  CONFAB_TILE_SIZE_SMALL, /* under 240 wide or under 130 high */
  CONFAB_TILE_SIZE_MEDIUM,
  CONFAB_TILE_SIZE_LARGE, /* from 480×270 */
} ConfabTileSize;

/* What is to be placed. Lengths are application px. */
typedef struct {
  int width;
  int height;
  guint n_tiles;
  gboolean has_own;       /* the last tile is one's own */
  guint page;             /* from 0; one too large is the last */
  guint previous_columns; /* what the plan before had, 0 for none */
  double text_scale;      /* 1.0 is normal */
  gboolean rtl;
} ConfabGridRequest;

/* Instead of a tile: the cell that says how many more there are. */
#define CONFAB_GRID_MORE (-1)

typedef struct {
  GdkRectangle area;
  int tile;          /* position in the model, or CONFAB_GRID_MORE */
  gboolean floating; /* lies over another tile, or over the empty stage */
} ConfabGridCell;

/**
 * ConfabGridPlan:
 *
 * Which tile stands where on the stage, on one page. Tiles that have no cell are on another page.
 */
typedef struct {
  guint n_columns;
  guint n_pages;
  guint page;
  gboolean pager;     /* CONFAB_GRID_PAGER_HEIGHT px below the cells are for “1 of 2” */
  guint n_more;       /* what the cell CONFAB_GRID_MORE says */
  GdkRectangle empty; /* while one is alone: what is left of the stage; else 0×0 */
  guint n_cells;
  ConfabGridCell *cells;
} ConfabGridPlan;

#define CONFAB_GRID_MARGIN 8
#define CONFAB_GRID_GAP 8
#define CONFAB_GRID_PAGER_HEIGHT 34

ConfabGridPlan *confab_grid_plan_new (const ConfabGridRequest *request) G_GNUC_WARN_UNUSED_RESULT;
void confab_grid_plan_free (ConfabGridPlan *self);
const ConfabGridCell *confab_grid_plan_find (const ConfabGridPlan *self, int tile);
int confab_grid_plan_find_neighbour (const ConfabGridPlan *self,
                                     guint from,
                                     GtkDirectionType direction);
gboolean confab_grid_plan_crops (double cell_ratio, double picture_ratio);
ConfabTileSize confab_grid_plan_classify (int width, int height, int before);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabGridPlan, confab_grid_plan_free)

G_END_DECLS
