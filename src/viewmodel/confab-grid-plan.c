/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-grid-plan.h"

#include <math.h>

#define MIN_RATIO 1.0
#define MAX_RATIO 1.9
#define PICTURE_RATIO (16.0 / 9.0)
#define MIN_WIDTH 160
#define MIN_HEIGHT 90
#define THUMBNAIL_WIDTH 104
#define THUMBNAIL_HEIGHT 78
#define FLOATING_PART 3      /* at most a third of the other's width */
#define KEEP_CROPPED 0.55    /* a picture is cropped while this much of it stays to be seen */
#define KEEP_COLUMNS 1.04    /* another count of columns must be this much better */
#define PAGER_MIN_HEIGHT 330 /* below, there is a “more” cell in place of the pager */
#define MAX_TILES 10000

/* One way to divide a stage. */
typedef struct {
  guint n_columns;
  guint n_rows;
  int width; /* of a cell */
  int height;
  double score;
} Shape;

static double
keep (double cell_ratio, double picture_ratio)
{
  return MIN (cell_ratio / picture_ratio, picture_ratio / cell_ratio);
}

static Shape
divide (int width, int height, guint n_tiles, guint n_columns)
{
  guint n_rows = (n_tiles + n_columns - 1) / n_columns;
  double w = (width - 2.0 * CONFAB_GRID_MARGIN - (n_columns - 1.0) * CONFAB_GRID_GAP) / n_columns;
  double h = (height - 2.0 * CONFAB_GRID_MARGIN - (n_rows - 1.0) * CONFAB_GRID_GAP) / n_rows;

  w = MAX (w, 1);
  h = MAX (h, 1);
  if (w > h * MAX_RATIO)
    w = h * MAX_RATIO;
  else if (w < h * MIN_RATIO)
    h = w / MIN_RATIO;

  return (Shape) {
    .n_columns = n_columns,
    .n_rows = n_rows,
    .width = MAX (1, (int) floor (w)),
    .height = MAX (1, (int) floor (h)),
    .score = w * h * sqrt (keep (w / h, PICTURE_RATIO)),
  };
}

/* Where there are pages anyway, large text gets larger tiles; it never pages what fits on one. */
static double
page_factor (const ConfabGridRequest *request)
{
  return request->text_scale >= 1.5 ? 1.25 : 1.0;
}

/* Finds the best shape for @n_tiles; FALSE when no cell would be large enough. */
static gboolean
find_shape (
  const ConfabGridRequest *request, int height, guint n_tiles, double factor, Shape *shape)
{
  Shape best = { 0 };
  Shape previous = { 0 };

  for (guint n_columns = 1; n_columns <= n_tiles; n_columns++) {
    Shape next = divide (request->width, height, n_tiles, n_columns);

    if (next.width < MIN_WIDTH * factor && n_columns > 1 && next.height >= MIN_HEIGHT * factor)
      break; /* more columns only make them narrower */
    if (next.width < MIN_WIDTH * factor || next.height < MIN_HEIGHT * factor)
      continue;
    if (next.score > best.score)
      best = next;
    if (n_columns == request->previous_columns)
      previous = next;
  }

  if (best.score <= 0)
    return FALSE;
  *shape = previous.score > 0 && best.score < previous.score * KEEP_COLUMNS ? previous : best;
  return TRUE;
}

/* The largest page that fits; a single cell always does. */
static guint
find_page (const ConfabGridRequest *request, int height, guint n_tiles, Shape *shape)
{
  /* No page is larger than what the stage's area holds. */
  double area = (double) MIN_WIDTH * MIN_HEIGHT;
  guint most = (guint) CLAMP ((double) request->width * height / area, 1, MAX_TILES);

  for (guint n = MIN (n_tiles, most); n > 0; n--) {
    if (find_shape (request, height, n, page_factor (request), shape))
      return n;
  }
  *shape = divide (request->width, height, 1, 1);
  return 1;
}

static void
put (ConfabGridPlan *self,
     const ConfabGridRequest *request,
     int tile,
     const GdkRectangle *area,
     gboolean floating)
{
  ConfabGridCell *cell = &self->cells[self->n_cells++];

  *cell = (ConfabGridCell) { .area = *area, .tile = tile, .floating = floating };
  if (request->rtl)
    cell->area.x = request->width - area->x - area->width;
}

/* Puts @n_tiles into the cells of @shape. */
static void
put_cells (ConfabGridPlan *self,
           const ConfabGridRequest *request,
           int height,
           const Shape *shape,
           const int *tiles,
           guint n_tiles)
{
  int block = (int) shape->n_rows * (shape->height + CONFAB_GRID_GAP) - CONFAB_GRID_GAP;
  int top = MAX (0, (height - block) / 2);

  for (guint i = 0; i < n_tiles; i++) {
    guint row = i / shape->n_columns;
    guint in_row = MIN (shape->n_columns, n_tiles - row * shape->n_columns);
    int row_width = (int) in_row * (shape->width + CONFAB_GRID_GAP) - CONFAB_GRID_GAP;
    int left = MAX (0, (request->width - row_width) / 2);
    GdkRectangle area = {
      left + (int) (i % shape->n_columns) * (shape->width + CONFAB_GRID_GAP),
      top + (int) row * (shape->height + CONFAB_GRID_GAP),
      shape->width,
      shape->height,
    };
    put (self, request, tiles[i], &area, FALSE);
  }
}

/* What the own tile leaves of the stage while there is nobody else. */
static GdkRectangle
find_empty (const ConfabGridRequest *request, const GdkRectangle *own, gboolean floating)
{
  GdkRectangle empty = { 0, 0, request->width, request->height };

  if (!floating)
    empty.height = MAX (1, own->y - CONFAB_GRID_MARGIN);
  else if (request->height < PAGER_MIN_HEIGHT)
    empty.width = MAX (1, own->x - CONFAB_GRID_MARGIN);
  if (request->rtl)
    empty.x = request->width - empty.width;
  return empty;
}

/* The own tile beside one other person, or beside nobody: under them where there is room, else floating. */
static void
put_two (ConfabGridPlan *self, const ConfabGridRequest *request)
{
  const int margin = CONFAB_GRID_MARGIN;
  const int own_tile = (int) request->n_tiles - 1;
  Shape main = divide (request->width, request->height, 1, 1);
  int left = MAX (0, (request->width - main.width) / 2);
  int free_height = request->height - 2 * margin - main.height - CONFAB_GRID_GAP;
  gboolean floating = free_height < MIN_HEIGHT;
  GdkRectangle other = {
    left, MAX (0, (request->height - main.height) / 2), main.width, main.height
  };
  GdkRectangle own;

  if (!floating) {
    own.height = MIN (free_height, 180);
    own.width = MIN ((int) (own.height * PICTURE_RATIO), main.width);
    other.y = (request->height - main.height - CONFAB_GRID_GAP - own.height) / 2;
    own.x = left + main.width - own.width;
    own.y = other.y + main.height + CONFAB_GRID_GAP;
  } else {
    gboolean upright = request->height > request->width;

    own.width = upright ? 96 : CLAMP (request->width / 5, 160, 320);
    own.height = upright ? 128 : own.width * 9 / 16;
    /* On a small stage 160 px would reach over the other's face. */
    if (!upright && own.width > main.width / FLOATING_PART) {
      own.width = MAX (main.width / FLOATING_PART, THUMBNAIL_WIDTH);
      own.height = MAX (own.width * 9 / 16, THUMBNAIL_HEIGHT);
    }
    own.width = MAX (1, MIN (own.width, main.width - 2 * margin));
    own.height = MAX (1, MIN (own.height, main.height - 2 * margin));
    own.x = left + main.width - margin - own.width;
    own.y = other.y + main.height - margin - own.height;
  }

  self->n_columns = 1;
  if (request->n_tiles == 2)
    put (self, request, 0, &other, FALSE);
  else
    self->empty = find_empty (request, &own, floating);
  put (self, request, own_tile, &own, floating);
}

/* Fills @tiles with who is on the page, in order; returns how many. */
static guint
choose_tiles (const ConfabGridRequest *request, guint per_page, guint page, int *tiles)
{
  guint n_tiles = request->n_tiles;
  /* One's own tile ends the first page, unless that would leave few places for others. */
  gboolean own_first = request->has_own && per_page >= 4 && n_tiles > per_page;
  guint n = 0;

  for (guint place = page * per_page; place < MIN (n_tiles, (page + 1) * per_page); place++) {
    if (!own_first || place < per_page - 1)
      tiles[n++] = (int) place;
    else if (place == per_page - 1)
      tiles[n++] = (int) n_tiles - 1;
    else
      tiles[n++] = (int) place - 1;
  }
  return n;
}

/* People are more than cells, and there is a pager. */
static void
put_page (ConfabGridPlan *self, const ConfabGridRequest *request)
{
  int height = request->height - CONFAB_GRID_PAGER_HEIGHT;
  Shape shape;
  guint per_page = find_page (request, height, request->n_tiles, &shape);
  g_autofree int *tiles = g_new (int, per_page);
  guint n;

  self->pager = TRUE;
  self->n_columns = shape.n_columns;
  self->n_pages = (request->n_tiles + per_page - 1) / per_page;
  self->page = MIN (request->page, self->n_pages - 1);
  n = choose_tiles (request, per_page, self->page, tiles);
  put_cells (self, request, height, &shape, tiles, n);
}

/* The same without height for a pager: the last cell says how many more there are. */
static void
put_page_with_more (ConfabGridPlan *self, const ConfabGridRequest *request)
{
  Shape shape;
  guint n_places = find_page (request, request->height, request->n_tiles, &shape);
  guint per_page = MAX (1, n_places - 1);
  g_autofree int *tiles = g_new (int, per_page + 1);
  guint n;

  self->n_columns = shape.n_columns;
  self->n_pages = (request->n_tiles + per_page - 1) / per_page;
  self->page = MIN (request->page, self->n_pages - 1);
  n = choose_tiles (request, per_page, self->page, tiles);
  if (n_places > 1) {
    self->n_more = request->n_tiles - n;
    tiles[n++] = CONFAB_GRID_MORE;
  }
  put_cells (self, request, request->height, &shape, tiles, n);
}

static void
put_all (ConfabGridPlan *self, const ConfabGridRequest *request, const Shape *shape)
{
  g_autofree int *tiles = g_new (int, request->n_tiles);

  for (guint i = 0; i < request->n_tiles; i++)
    tiles[i] = (int) i;
  self->n_columns = shape->n_columns;
  put_cells (self, request, request->height, shape, tiles, request->n_tiles);
}

/**
 * confab_grid_plan_new:
 * @request: the stage and the tiles
 *
 * Places tiles as a grid: all cells of a page equal, their shape between 1.0 and 1.9, the count of columns that
 * shows the most of every picture; what does not fit at 160×90 a tile goes to further pages. One person alone and
 * two people have places of their own. A pure function.
 *
 * Returns: (transfer full): the plan of the asked page
 */
ConfabGridPlan *
confab_grid_plan_new (const ConfabGridRequest *request)
{
  ConfabGridPlan *self = g_new0 (ConfabGridPlan, 1);
  ConfabGridRequest bounded;
  Shape shape;

  g_return_val_if_fail (request != NULL, self);

  bounded = *request;
  bounded.width = MAX (request->width, 1);
  bounded.height = MAX (request->height, 1);
  bounded.n_tiles = MIN (request->n_tiles, MAX_TILES);
  self->n_pages = 1;
  if (bounded.n_tiles == 0)
    return self;

  self->cells = g_new0 (ConfabGridCell, bounded.n_tiles + 1);
  if (bounded.has_own && bounded.n_tiles <= 2)
    put_two (self, &bounded);
  else if (find_shape (&bounded, bounded.height, bounded.n_tiles, 1, &shape))
    put_all (self, &bounded, &shape);
  else if (bounded.n_tiles == 1) {
    shape = divide (bounded.width, bounded.height, 1, 1);
    put_all (self, &bounded, &shape);
  } else if (bounded.height < PAGER_MIN_HEIGHT)
    put_page_with_more (self, &bounded);
  else
    put_page (self, &bounded);
  return self;
}

void
confab_grid_plan_free (ConfabGridPlan *self)
{
  g_free (self->cells);
  g_free (self);
}

/**
 * confab_grid_plan_find:
 * @self: a plan
 * @tile: position in the model, or %CONFAB_GRID_MORE
 *
 * Returns: (transfer none) (nullable): its cell, %NULL when it is on another page
 */
const ConfabGridCell *
confab_grid_plan_find (const ConfabGridPlan *self, int tile)
{
  g_return_val_if_fail (self != NULL, NULL);

  for (guint i = 0; i < self->n_cells; i++) {
    if (self->cells[i].tile == tile)
      return &self->cells[i];
  }
  return NULL;
}

/* How far a step from the middle of one cell to that of another leads: along a direction, and across it. */
static void
measure_step (const GdkRectangle *here,
              const GdkRectangle *there,
              GtkDirectionType direction,
              double *along,
              double *across)
{
  double dx = there->x + there->width / 2.0 - here->x - here->width / 2.0;
  double dy = there->y + there->height / 2.0 - here->y - here->height / 2.0;

  if (direction == GTK_DIR_LEFT || direction == GTK_DIR_RIGHT) {
    *along = direction == GTK_DIR_LEFT ? -dx : dx;
    *across = fabs (dy);
  } else {
    *along = direction == GTK_DIR_UP ? -dy : dy;
    *across = fabs (dx);
  }
}

/**
 * confab_grid_plan_find_neighbour:
 * @self: a plan
 * @from: a cell
 * @direction: up, down, left or right
 *
 * What lies straight that way comes before what lies aslant.
 *
 * Returns: the nearest cell in that direction, -1 at the edge
 */
int
confab_grid_plan_find_neighbour (const ConfabGridPlan *self, guint from, GtkDirectionType direction)
{
  int best = -1;
  double best_distance = G_MAXDOUBLE;

  g_return_val_if_fail (self != NULL && from < self->n_cells, -1);

  for (guint i = 0; i < self->n_cells; i++) {
    double along = 0;
    double across = 0;

    measure_step (&self->cells[from].area, &self->cells[i].area, direction, &along, &across);
    if (i == from || along < 1 || along + 3 * across >= best_distance)
      continue;
    best = (int) i;
    best_distance = along + 3 * across;
  }
  return best;
}

/**
 * confab_grid_plan_crops:
 * @cell_ratio: width by height of the cell
 * @picture_ratio: width by height of the picture
 *
 * Returns: whether a person's picture fills its cell and loses its edges; else it is shown whole
 */
gboolean
confab_grid_plan_crops (double cell_ratio, double picture_ratio)
{
  return cell_ratio > 0 && picture_ratio > 0 && keep (cell_ratio, picture_ratio) >= KEEP_CROPPED;
}

static ConfabTileSize
classify (int width, int height, int slack)
{
  if (width + slack >= 480 && height + slack >= 270)
    return CONFAB_TILE_SIZE_LARGE;
  if (width + slack < 240 || height + slack < 130)
    return CONFAB_TILE_SIZE_SMALL;
  return CONFAB_TILE_SIZE_MEDIUM;
}

/**
 * confab_grid_plan_classify:
 * @width: of the planned rectangle
 * @height: of the planned rectangle
 * @before: the #ConfabTileSize it had, -1 for none
 *
 * Returns: the size class; it stays what it was until 16 px past its bound
 */
ConfabTileSize
confab_grid_plan_classify (int width, int height, int before)
{
  ConfabTileSize now = classify (width, height, 0);

  if (before < 0 || (int) now == before)
    return now;
  /* Down only when still lower with 16 px more, up only when still higher with 16 px less. */
  if ((int) now < before)
    return MIN (classify (width, height, 16), (ConfabTileSize) before);
  return MAX (classify (width, height, -16), (ConfabTileSize) before);
}
