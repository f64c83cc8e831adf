/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-grid-plan.h"

/* A stage is a window less header (47) and call bar (68). */
typedef struct {
  const char *name;
  int width;
  int height;
  guint n_tiles;
  guint n_columns;
  guint n_pages;
  guint n_cells;
  guint n_more;
  gboolean pager;
} Case;

static const Case cases[] = {
  { "1024-3", 1024, 585, 3, 2, 1, 3, 0, FALSE },
  { "1024-5", 1024, 585, 5, 3, 1, 5, 0, FALSE },
  { "1024-9", 1024, 585, 9, 3, 1, 9, 0, FALSE },
  { "1024-16", 1024, 585, 16, 4, 1, 16, 0, FALSE },
  { "1920-9", 1920, 965, 9, 3, 1, 9, 0, FALSE },
  { "1920-16", 1920, 965, 16, 4, 1, 16, 0, FALSE },
  { "1920-30", 1920, 965, 30, 6, 1, 30, 0, FALSE },
  { "360-3", 360, 525, 3, 1, 1, 3, 0, FALSE },
  { "360-5", 360, 525, 5, 2, 1, 5, 0, FALSE },
  { "360-9", 360, 525, 9, 2, 1, 9, 0, FALSE },
  { "360-16", 360, 525, 16, 2, 2, 8, 0, TRUE },
  { "640x360-5", 640, 245, 5, 3, 1, 5, 0, FALSE },
  { "360x294-5", 360, 179, 5, 2, 5, 2, 4, FALSE },
  { "360x294-3", 360, 179, 3, 2, 3, 2, 2, FALSE },
};

static void
test_case (gconstpointer data)
{
  const Case *test = data;
  ConfabGridRequest request = { test->width, test->height, test->n_tiles, TRUE, 0, 0, 1.0, FALSE };
  g_autoptr (ConfabGridPlan) plan = confab_grid_plan_new (&request);

  g_assert_cmpuint (plan->n_columns, ==, test->n_columns);
  g_assert_cmpuint (plan->n_pages, ==, test->n_pages);
  g_assert_cmpuint (plan->n_cells, ==, test->n_cells);
  g_assert_cmpuint (plan->n_more, ==, test->n_more);
  g_assert_cmpint (plan->pager, ==, test->pager);
}

static void
check_inside (const ConfabGridRequest *request, const ConfabGridPlan *plan)
{
  int height = request->height - (plan->pager ? CONFAB_GRID_PAGER_HEIGHT : 0);

  for (guint i = 0; i < plan->n_cells; i++) {
    const GdkRectangle *area = &plan->cells[i].area;

    g_assert_cmpint (area->x, >=, 0);
    g_assert_cmpint (area->y, >=, 0);
    g_assert_cmpint (area->width, >, 0);
    g_assert_cmpint (area->height, >, 0);
    g_assert_cmpint (area->x + area->width, <=, request->width);
    g_assert_cmpint (area->y + area->height, <=, height);
  }
}

static void
check_cells (const ConfabGridRequest *request, const ConfabGridPlan *plan)
{
  gboolean two = request->has_own && request->n_tiles <= 2;

  for (guint i = 0; i < plan->n_cells; i++) {
    const GdkRectangle *area = &plan->cells[i].area;

    if (!two) {
      g_assert_false (plan->cells[i].floating);
      g_assert_cmpint (area->width, ==, plan->cells[0].area.width);
      g_assert_cmpint (area->height, ==, plan->cells[0].area.height);
      g_assert_cmpfloat (area->width, <=, area->height * 1.9 + 2);
      g_assert_cmpfloat (area->width + 2, >=, area->height);
      if (plan->n_cells > 1) {
        g_assert_cmpint (area->width, >=, 160);
        g_assert_cmpint (area->height, >=, 90);
      }
    }
    for (guint k = i + 1; k < plan->n_cells; k++) {
      if (!plan->cells[i].floating && !plan->cells[k].floating)
        g_assert_false (gdk_rectangle_intersect (area, &plan->cells[k].area, NULL));
    }
  }
}

static void
check_mirror (ConfabGridRequest request, const ConfabGridPlan *plan)
{
  g_autoptr (ConfabGridPlan) mirror = NULL;

  request.rtl = TRUE;
  mirror = confab_grid_plan_new (&request);
  g_assert_cmpuint (mirror->n_cells, ==, plan->n_cells);
  for (guint i = 0; i < plan->n_cells; i++) {
    const GdkRectangle *left = &plan->cells[i].area;
    const GdkRectangle *right = &mirror->cells[i].area;

    g_assert_cmpint (plan->cells[i].tile, ==, mirror->cells[i].tile);
    g_assert_cmpint (left->x + left->width + right->x, ==, request.width);
    g_assert_cmpint (left->y, ==, right->y);
  }
}

static void
test_properties (void)
{
  static const int sizes[][2] = { { 360, 525 }, { 1024, 585 }, { 1920, 965 }, { 360, 179 },
                                  { 640, 245 }, { 800, 480 },  { 3440, 1300 } };

  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++) {
    for (guint n = 1; n <= 30; n++) {
      guint n_pages = 1;
      g_autofree guint *seen = g_new0 (guint, n);

      for (guint page = 0; page < n_pages; page++) {
        ConfabGridRequest request = { sizes[s][0], sizes[s][1], n, TRUE, page, 0, 1.0, FALSE };
        g_autoptr (ConfabGridPlan) plan = confab_grid_plan_new (&request);

        n_pages = plan->n_pages;
        g_assert_cmpuint (plan->page, ==, page);
        check_inside (&request, plan);
        check_cells (&request, plan);
        check_mirror (request, plan);
        for (guint i = 0; i < plan->n_cells; i++) {
          if (plan->cells[i].tile != CONFAB_GRID_MORE)
            seen[plan->cells[i].tile]++;
        }
      }
      for (guint i = 0; i < n; i++)
        g_assert_cmpuint (seen[i], ==, 1);
    }
  }
}

/* Whatever comes, there is a plan. */
static void
test_odd (void)
{
  static const ConfabGridRequest requests[] = {
    { 0, 0, 0, FALSE, 0, 0, 1.0, FALSE },       { 0, 0, 7, TRUE, 3, 2, 1.0, FALSE },
    { -5, -5, 2, TRUE, 0, 0, 1.0, TRUE },       { 1, 1, 1, TRUE, 0, 0, 1.0, FALSE },
    { 50, 4000, 30, TRUE, 90, 0, 2.0, FALSE },  { 9000, 10, 30, FALSE, 0, 50, 0, FALSE },
    { 1024, 585, G_MAXUINT, TRUE, 0, 0, 1, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++) {
    g_autoptr (ConfabGridPlan) plan = confab_grid_plan_new (&requests[i]);

    g_assert_cmpuint (plan->n_pages, >, 0);
    g_assert_cmpuint (plan->page, <, plan->n_pages);
    for (guint k = 0; k < plan->n_cells; k++)
      g_assert_cmpint (plan->cells[k].area.width, >, 0);
  }
}

static void
test_two (void)
{
  ConfabGridRequest request = { 1024, 585, 2, TRUE, 0, 0, 1.0, FALSE };
  g_autoptr (ConfabGridPlan) wide = confab_grid_plan_new (&request);
  g_autoptr (ConfabGridPlan) alone = NULL;
  g_autoptr (ConfabGridPlan) phone = NULL;
  const ConfabGridCell *own = confab_grid_plan_find (wide, 1);

  g_assert_true (own->floating);
  g_assert_cmpint (own->area.width, ==, 204);
  g_assert_true (gdk_rectangle_contains_point (&wide->cells[0].area, own->area.x, own->area.y));

  /* Alone, the own tile is where it will be for two. */
  request.n_tiles = 1;
  alone = confab_grid_plan_new (&request);
  g_assert_cmpuint (alone->n_cells, ==, 1);
  g_assert_cmpint (alone->empty.height, ==, 585);
  g_assert_cmpint (wide->empty.height, ==, 0);
  g_assert_true (gdk_rectangle_equal (&alone->cells[0].area, &own->area));

  /* On a low stage the words stand beside it. */
  request = (ConfabGridRequest) { 640, 245, 1, TRUE, 0, 0, 1.0, FALSE };
  confab_grid_plan_free (g_steal_pointer (&alone));
  alone = confab_grid_plan_new (&request);
  g_assert_false (gdk_rectangle_intersect (&alone->empty, &alone->cells[0].area, NULL));

  /* On a small one it covers less than a third of the other's width, and no middle of a face. */
  for (int width = 300; width <= 640; width += 20) {
    g_autoptr (ConfabGridPlan) small = NULL;
    const GdkRectangle *other = NULL;

    request = (ConfabGridRequest) { width, 179, 2, TRUE, 0, 0, 1.0, FALSE };
    small = confab_grid_plan_new (&request);
    other = &small->cells[0].area;
    own = confab_grid_plan_find (small, 1);
    g_assert_true (own->floating);
    g_assert_cmpint (own->area.width, >=, 104);
    g_assert_cmpint (own->area.height, >=, 78);
    g_assert_cmpint (own->area.x, >, other->x + other->width / 2);
  }

  /* On a phone nothing covers a face. */
  request = (ConfabGridRequest) { 360, 525, 2, TRUE, 0, 0, 1.0, FALSE };
  phone = confab_grid_plan_new (&request);
  own = confab_grid_plan_find (phone, 1);
  g_assert_false (own->floating);
  g_assert_false (gdk_rectangle_intersect (&own->area, &phone->cells[0].area, NULL));
  g_assert_cmpint (own->area.height, >=, 90);
  g_assert_cmpint (own->area.height, <=, 180);
  g_assert_cmpint (own->area.x + own->area.width, ==, 352);
}

static void
test_pages (void)
{
  ConfabGridRequest request = { 360, 525, 16, TRUE, 0, 0, 1.0, FALSE };
  g_autoptr (ConfabGridPlan) first = confab_grid_plan_new (&request);
  g_autoptr (ConfabGridPlan) last = NULL;

  g_assert_cmpint (first->cells[7].tile, ==, 15); /* one's own ends the first page */
  g_assert_cmpint (first->cells[6].tile, ==, 6);
  request.page = 9;
  last = confab_grid_plan_new (&request);
  g_assert_cmpuint (last->page, ==, 1);
  g_assert_cmpint (last->cells[0].tile, ==, 7);
  g_assert_cmpint (last->cells[7].tile, ==, 14);
  g_assert_cmpint (last->cells[0].area.width, ==, first->cells[0].area.width);
  g_assert_null (confab_grid_plan_find (last, 0));
}

static void
test_text_scale (void)
{
  ConfabGridRequest request = { 360, 525, 16, TRUE, 0, 0, 2.0, FALSE };
  g_autoptr (ConfabGridPlan) plan = confab_grid_plan_new (&request);

  g_assert_cmpint (plan->cells[0].area.width, >=, 200);
  g_assert_cmpint (plan->cells[0].area.height, >=, 112);
  g_assert_cmpuint (plan->n_pages, >, 2);

  /* It makes no pages of what fits on one. */
  confab_grid_plan_free (g_steal_pointer (&plan));
  request.n_tiles = 9;
  plan = confab_grid_plan_new (&request);
  g_assert_cmpuint (plan->n_pages, ==, 1);
}

/* While a window is resized the count of columns changes once, and not back at the same place. */
static void
test_columns_stay (void)
{
  ConfabGridRequest request = { 0, 500, 3, TRUE, 0, 0, 1.0, FALSE };
  int wider = 0;
  int narrower = 0;

  for (int width = 400; width <= 1800; width += 2) {
    g_autoptr (ConfabGridPlan) plan = NULL;

    request.width = width;
    plan = confab_grid_plan_new (&request);
    if (plan->n_columns == 3 && wider == 0)
      wider = width;
    request.previous_columns = plan->n_columns;
  }
  for (int width = 1800; width >= 400; width -= 2) {
    g_autoptr (ConfabGridPlan) plan = NULL;

    request.width = width;
    plan = confab_grid_plan_new (&request);
    if (plan->n_columns < 3 && narrower == 0)
      narrower = width;
    request.previous_columns = plan->n_columns;
  }
  g_assert_cmpint (wider, >, narrower);
  g_assert_cmpint (narrower, >, 0);
}

/* Five cells: three above, two below, between them. */
static void
test_neighbours (void)
{
  ConfabGridRequest request = { 1024, 585, 5, TRUE, 0, 0, 1.0, FALSE };
  g_autoptr (ConfabGridPlan) plan = confab_grid_plan_new (&request);

  g_assert_cmpuint (plan->n_columns, ==, 3);
  g_assert_cmpint (confab_grid_plan_find_neighbour (plan, 0, GTK_DIR_RIGHT), ==, 1);
  g_assert_cmpint (confab_grid_plan_find_neighbour (plan, 1, GTK_DIR_LEFT), ==, 0);
  g_assert_cmpint (confab_grid_plan_find_neighbour (plan, 0, GTK_DIR_LEFT), ==, -1);
  g_assert_cmpint (confab_grid_plan_find_neighbour (plan, 0, GTK_DIR_UP), ==, -1);
  g_assert_cmpint (confab_grid_plan_find_neighbour (plan, 0, GTK_DIR_DOWN), ==, 3);
  g_assert_cmpint (confab_grid_plan_find_neighbour (plan, 2, GTK_DIR_DOWN), ==, 4);
  g_assert_cmpint (confab_grid_plan_find_neighbour (plan, 4, GTK_DIR_UP), ==, 1);
  g_assert_cmpint (confab_grid_plan_find_neighbour (plan, 4, GTK_DIR_DOWN), ==, -1);

  /* As the eye sees it, whatever the order of reading. */
  request.rtl = TRUE;
  confab_grid_plan_free (g_steal_pointer (&plan));
  plan = confab_grid_plan_new (&request);
  g_assert_cmpint (confab_grid_plan_find_neighbour (plan, 0, GTK_DIR_LEFT), ==, 1);
}

static void
test_crop (void)
{
  g_assert_true (confab_grid_plan_crops (1.0, 16.0 / 9));  /* 56 % is seen */
  g_assert_false (confab_grid_plan_crops (1.9, 9.0 / 16)); /* 30 % would be */
  g_assert_true (confab_grid_plan_crops (1.9, 4.0 / 3));
  g_assert_false (confab_grid_plan_crops (0, 1));
}

static void
test_classes (void)
{
  g_assert_cmpint (confab_grid_plan_classify (480, 270, -1), ==, CONFAB_TILE_SIZE_LARGE);
  g_assert_cmpint (confab_grid_plan_classify (479, 270, -1), ==, CONFAB_TILE_SIZE_MEDIUM);
  g_assert_cmpint (confab_grid_plan_classify (239, 200, -1), ==, CONFAB_TILE_SIZE_SMALL);
  g_assert_cmpint (confab_grid_plan_classify (300, 129, -1), ==, CONFAB_TILE_SIZE_SMALL);
  g_assert_cmpint (confab_grid_plan_classify (470, 270, CONFAB_TILE_SIZE_LARGE),
                   ==,
                   CONFAB_TILE_SIZE_LARGE);
  g_assert_cmpint (confab_grid_plan_classify (463, 270, CONFAB_TILE_SIZE_LARGE),
                   ==,
                   CONFAB_TILE_SIZE_MEDIUM);
  g_assert_cmpint (confab_grid_plan_classify (490, 280, CONFAB_TILE_SIZE_MEDIUM),
                   ==,
                   CONFAB_TILE_SIZE_MEDIUM);
  g_assert_cmpint (confab_grid_plan_classify (497, 290, CONFAB_TILE_SIZE_MEDIUM),
                   ==,
                   CONFAB_TILE_SIZE_LARGE);
  g_assert_cmpint (confab_grid_plan_classify (100, 80, CONFAB_TILE_SIZE_LARGE),
                   ==,
                   CONFAB_TILE_SIZE_SMALL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path = g_strconcat ("/grid-plan/case/", cases[i].name, NULL);

    g_test_add_data_func (path, &cases[i], test_case);
  }
  g_test_add_func ("/grid-plan/properties", test_properties);
  g_test_add_func ("/grid-plan/odd", test_odd);
  g_test_add_func ("/grid-plan/two", test_two);
  g_test_add_func ("/grid-plan/pages", test_pages);
  g_test_add_func ("/grid-plan/text-scale", test_text_scale);
  g_test_add_func ("/grid-plan/columns-stay", test_columns_stay);
  g_test_add_func ("/grid-plan/neighbours", test_neighbours);
  g_test_add_func ("/grid-plan/crop", test_crop);
  g_test_add_func ("/grid-plan/classes", test_classes);
  return g_test_run ();
}
