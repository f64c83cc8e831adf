/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-fake-picture.h"

#include <gtk/gtk.h>

/* What is behind somebody. */
typedef enum {
  ROOM_WINDOW,
  ROOM_BOOKS,
  ROOM_PLANT,
  ROOM_NOTES,
  ROOM_LAMP,
} Room;

typedef enum {
  HAIR_SHORT,
  HAIR_LONG,
  HAIR_ROUND,
  HAIR_BUN,
  HAIR_SCARF,
} Hair;

typedef struct {
  Room room;
  const char *wall;
  Hair hair;
  const char *hair_color;
  const char *skin;
  const char *clothes;
  gboolean glasses;
  gboolean beard;
} Person;

/* In the order of the names in confab-fake-call.c. */
static const Person people[] = {
  { ROOM_WINDOW, "#8c7b6a", HAIR_LONG, "#4a2a1c", "#e0a878", "#1f6b63", FALSE, FALSE },
  { ROOM_BOOKS, "#5a4433", HAIR_SHORT, "#16110f", "#f2d0a4", "#34406b", TRUE, FALSE },
  { ROOM_PLANT, "#b09a74", HAIR_SCARF, "#8a3d66", "#b9834f", "#7c3560", FALSE, FALSE },
  { ROOM_NOTES, "#8b95a2", HAIR_ROUND, "#1a1210", "#7d4a2d", "#c98420", FALSE, FALSE },
  { ROOM_LAMP, "#3a3446", HAIR_SHORT, "#b8682f", "#eec39a", "#46586c", FALSE, TRUE },
  { ROOM_LAMP, "#5a332c", HAIR_BUN, "#2a1713", "#a5673f", "#96303f", TRUE, FALSE },
  { ROOM_WINDOW, "#5d6f86", HAIR_SHORT, "#8d8d92", "#f0cfae", "#2c4b3c", FALSE, TRUE },
  { ROOM_PLANT, "#647a6a", HAIR_LONG, "#7a4a2a", "#ecc49c", "#8a8f96", FALSE, FALSE },
  { ROOM_NOTES, "#6f86a6", HAIR_LONG, "#d59a45", "#f3cda6", "#4d6a92", FALSE, FALSE },
  { ROOM_BOOKS, "#4a3a2e", HAIR_SHORT, "#1c1512", "#a8703f", "#2f5b3f", FALSE, TRUE },
  { ROOM_WINDOW, "#7c6049", HAIR_SHORT, "#15100e", "#6b3f27", "#d9dde2", FALSE, FALSE },
  { ROOM_PLANT, "#9aa08c", HAIR_SHORT, "#131013", "#f4d7b2", "#d8d8d4", FALSE, FALSE },
};

static const Person own = { ROOM_PLANT, "#9c8c82", HAIR_LONG, "#33211a",
                            "#eec09a",  "#2f6b3c", TRUE,      FALSE };

#define FAKE_TYPE_PICTURE (fake_picture_get_type ())
G_DECLARE_FINAL_TYPE (FakePicture, fake_picture, FAKE, PICTURE, GObject)

struct _FakePicture {
  GObject parent_instance;

  const Person *person; /* NULL: a spreadsheet */
  int width;
  int height;
};

/* Everything is drawn in hundredths of a person's height, around the middle of the picture. */
typedef struct {
  GtkSnapshot *snapshot;
  double x;
  double y;
  double unit;
} Canvas;

static GdkRGBA
color (const char *name)
{
  GdkRGBA rgba = { 0 };

  g_assert_true (gdk_rgba_parse (&rgba, name));
  return rgba;
}

static void
fill_rect (Canvas *canvas, double x, double y, double width, double height, const char *name)
{
  GdkRGBA rgba = color (name);

  gtk_snapshot_append_color (canvas->snapshot,
                             &rgba,
                             &GRAPHENE_RECT_INIT ((float) (canvas->x + x * canvas->unit),
                                                  (float) (canvas->y + y * canvas->unit),
                                                  (float) (width * canvas->unit),
                                                  (float) (height * canvas->unit)));
}

static GskPath *
make_oval (Canvas *canvas, double x, double y, double rx, double ry)
{
  g_autoptr (GskPathBuilder) builder = gsk_path_builder_new ();
  GskRoundedRect oval;
  float w = (float) (rx * canvas->unit);
  float h = (float) (ry * canvas->unit);

  gsk_rounded_rect_init (&oval,
                         &GRAPHENE_RECT_INIT ((float) (canvas->x + x * canvas->unit) - w,
                                              (float) (canvas->y + y * canvas->unit) - h,
                                              2 * w,
                                              2 * h),
                         &GRAPHENE_SIZE_INIT (w, h),
                         &GRAPHENE_SIZE_INIT (w, h),
                         &GRAPHENE_SIZE_INIT (w, h),
                         &GRAPHENE_SIZE_INIT (w, h));
  gsk_path_builder_add_rounded_rect (builder, &oval);
  return gsk_path_builder_to_path (builder);
}

static void
fill_oval (Canvas *canvas, double x, double y, double rx, double ry, const char *name)
{
  g_autoptr (GskPath) path = make_oval (canvas, x, y, rx, ry);
  GdkRGBA rgba = color (name);

  gtk_snapshot_append_fill (canvas->snapshot, path, GSK_FILL_RULE_WINDING, &rgba);
}

/* A line from one point to another, bent down by @bend. */
static void
draw_line (Canvas *canvas,
           double x1,
           double y1,
           double x2,
           double y2,
           double bend,
           double width,
           const char *name)
{
  g_autoptr (GskPathBuilder) builder = gsk_path_builder_new ();
  g_autoptr (GskPath) path = NULL;
  g_autoptr (GskStroke) stroke = gsk_stroke_new ((float) (width * canvas->unit));
  GdkRGBA rgba = color (name);

  gsk_path_builder_move_to (builder,
                            (float) (canvas->x + x1 * canvas->unit),
                            (float) (canvas->y + y1 * canvas->unit));
  gsk_path_builder_quad_to (builder,
                            (float) (canvas->x + (x1 + x2) / 2 * canvas->unit),
                            (float) (canvas->y + ((y1 + y2) / 2 + bend) * canvas->unit),
                            (float) (canvas->x + x2 * canvas->unit),
                            (float) (canvas->y + y2 * canvas->unit));
  path = gsk_path_builder_to_path (builder);
  gsk_stroke_set_line_cap (stroke, GSK_LINE_CAP_ROUND);
  gtk_snapshot_append_stroke (canvas->snapshot, path, stroke, &rgba);
}

static void
draw_window (Canvas *canvas)
{
  fill_rect (canvas, -80, -44, 38, 60, "#cdbfa6");
  fill_rect (canvas, -77, -41, 15, 54, "#b9cfe0");
  fill_rect (canvas, -60, -41, 15, 54, "#c6d8e6");
  fill_oval (canvas, -71, 16, 9, 9, "#7d9a72");
  fill_oval (canvas, -52, 17, 11, 8, "#86a37a");
  fill_rect (canvas, -82, 16, 42, 30, "rgba(0,0,0,0.18)");
}

static void
draw_books (Canvas *canvas)
{
  static const char *const backs[] = { "#8c3b34", "#d9b77a", "#3f6a78", "#6a7b4b",
                                       "#c4b8a8", "#a2552f", "#7b6a8c" };
  guint n = 0;

  for (int shelf = 0; shelf < 3; shelf++) {
    double bottom = -20 + shelf * 27;

    for (double x = -88; x < 86; x += 4.5 + n % 3, n++)
      fill_rect (canvas, x, bottom - 14 - n * 7 % 5, 3.5 + n % 3, 14 + n * 7 % 5, backs[n * 5 % 7]);
    fill_rect (canvas, -90, bottom, 180, 2.5, "#2f2219");
  }
  fill_rect (canvas, -90, -50, 180, 100, "rgba(40,26,18,0.35)");
}

static void
draw_plant (Canvas *canvas)
{
  fill_rect (canvas, -78, -30, 22, 28, "#d8cfc0");
  fill_rect (canvas, -75, -27, 16, 22, "#9fb4cc");
  fill_rect (canvas, 58, 22, 16, 16, "#b4603c");
  for (int i = -2; i <= 2; i++)
    draw_line (canvas, 66, 22, 66 + i * 11, -16 + i * i * 4, -8 + i * i, 6, "#2f7a4d");
}

static void
draw_notes (Canvas *canvas)
{
  static const char *const papers[] = { "#7fa8e8", "#f0c84e", "#8fd49a", "#d98a5a" };

  fill_rect (canvas, -80, -36, 40, 30, "#e6ebf0");
  for (int i = 0; i < 10; i++)
    fill_rect (canvas, -77 + i % 4 * 9.5, -33 + i / 4 * 9, 7, 7, papers[i * 7 % 4]);
  fill_rect (canvas, -90, 26, 180, 30, "rgba(20,26,34,0.55)");
}

static void
draw_lamp (Canvas *canvas)
{
  fill_oval (canvas, 62, -12, 40, 40, "rgba(255,205,130,0.14)");
  fill_oval (canvas, 62, -12, 24, 24, "rgba(255,205,130,0.18)");
  fill_rect (canvas, 61, -4, 2, 54, "#2a2020");
  fill_rect (canvas, 53, -20, 18, 16, "#ffe0ac");
  fill_rect (canvas, -80, 20, 44, 3, "rgba(0,0,0,0.30)");
}

static void
draw_room (Canvas *canvas, const Person *person)
{
  switch (person->room) {
  case ROOM_WINDOW:
    draw_window (canvas);
    break;
  case ROOM_BOOKS:
    draw_books (canvas);
    break;
  case ROOM_PLANT:
    draw_plant (canvas);
    break;
  case ROOM_NOTES:
    draw_notes (canvas);
    break;
  case ROOM_LAMP:
  default:
    draw_lamp (canvas);
  }
}

static void
draw_hair_behind (Canvas *canvas, const Person *person)
{
  switch (person->hair) {
  case HAIR_LONG:
    fill_oval (canvas, 0, -6, 21, 25, person->hair_color);
    fill_rect (canvas, -21, -6, 42, 36, person->hair_color);
    break;
  case HAIR_ROUND:
    fill_oval (canvas, 0, -13, 28, 27, person->hair_color);
    break;
  case HAIR_BUN:
    fill_oval (canvas, 0, -33, 8, 8, person->hair_color);
    fill_oval (canvas, 0, -8, 18.5, 22, person->hair_color);
    break;
  case HAIR_SCARF:
    fill_oval (canvas, 0, -4, 23, 28, person->hair_color);
    fill_oval (canvas, 0, 32, 25, 18, person->hair_color);
    break;
  case HAIR_SHORT:
  default:
    fill_oval (canvas, 0, -10, 18.5, 20, person->hair_color);
  }
}

static void
draw_face (Canvas *canvas, const Person *person)
{
  fill_rect (canvas, -7, 12, 14, 16, person->skin);
  fill_rect (canvas, -7, 14, 14, 8, "rgba(0,0,0,0.12)");
  fill_oval (canvas, -16.5, -1, 3, 4.5, person->skin);
  fill_oval (canvas, 16.5, -1, 3, 4.5, person->skin);
  fill_oval (canvas, 0, 0, 16.5, 20.5, person->skin);
  if (person->beard) {
    /* The face once more, from the mouth down. */
    gtk_snapshot_push_clip (canvas->snapshot,
                            &GRAPHENE_RECT_INIT ((float) (canvas->x - 17 * canvas->unit),
                                                 (float) (canvas->y + 7 * canvas->unit),
                                                 (float) (34 * canvas->unit),
                                                 (float) (15 * canvas->unit)));
    fill_oval (canvas, 0, 0, 16.5, 20.5, person->hair_color);
    gtk_snapshot_pop (canvas->snapshot);
  }
  for (int side = -1; side <= 1; side += 2) {
    draw_line (canvas, side * 3.5, -8, side * 10, -8, -2, 1.3, person->hair_color);
    fill_oval (canvas, side * 6.5, -3, 3, 2.2, "#fbf7f2");
    fill_oval (canvas, side * 6.5, -3, 1.7, 1.9, "#2b1b14");
    fill_oval (canvas, side * 6.5 + 0.6, -3.6, 0.5, 0.5, "white");
  }
  draw_line (canvas, 0.5, -1, -1, 5, 0.5, 0.9, "rgba(60,25,10,0.45)");
  draw_line (canvas, -5, 10.5, 5, 10.5, 4.5, 1.8, "#a33f3c");
  if (person->glasses) {
    for (int side = -1; side <= 1; side += 2) {
      g_autoptr (GskPath) rim = make_oval (canvas, side * 6.8, -3, 5.4, 5);
      g_autoptr (GskStroke) stroke = gsk_stroke_new ((float) canvas->unit);
      GdkRGBA rgba = color ("#1d1a1c");

      gtk_snapshot_append_stroke (canvas->snapshot, rim, stroke, &rgba);
    }
    draw_line (canvas, -1.4, -3.5, 1.4, -3.5, -0.6, 1, "#1d1a1c");
  }
}

/* The hair over the forehead: what of it lies within the head, above the brows. */
static void
draw_hair_before (Canvas *canvas, const Person *person)
{
  g_autoptr (GskPath) head = make_oval (canvas, 0, -0.5, 17, 21);

  if (person->hair == HAIR_SCARF) {
    fill_oval (canvas, 0, -19, 13, 6, person->hair_color);
    return;
  }
  gtk_snapshot_push_fill (canvas->snapshot, head, GSK_FILL_RULE_WINDING);
  fill_oval (canvas, -8, -19, 14, 8.5, person->hair_color);
  fill_oval (canvas, 9, -20, 13, 8, person->hair_color);
  gtk_snapshot_pop (canvas->snapshot);
}

static void
draw_person (GtkSnapshot *snapshot, const Person *person, double width, double height)
{
  Canvas canvas = { snapshot, width / 2, height * 0.5, MIN (height, width * 1.15) / 100 };
  GdkRGBA wall = color (person->wall);
  const GskColorStop light[] = {
    { 0, { 1, 1, 1, 0.10F } },
    { 0.55F, { 0, 0, 0, 0 } },
    { 1, { 0, 0, 0, 0.28F } },
  };

  gtk_snapshot_append_color (snapshot,
                             &wall,
                             &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  draw_room (&canvas, person);
  gtk_snapshot_append_linear_gradient (snapshot,
                                       &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height),
                                       &GRAPHENE_POINT_INIT (0, 0),
                                       &GRAPHENE_POINT_INIT (0, (float) height),
                                       light,
                                       G_N_ELEMENTS (light));
  draw_hair_behind (&canvas, person);
  fill_oval (&canvas, 0, 62, 44, 38, person->clothes);
  if (person->hair == HAIR_SCARF)
    fill_oval (&canvas, 0, 26, 20, 12, person->hair_color);
  draw_face (&canvas, person);
  draw_hair_before (&canvas, person);
}

static void
draw_screen (GtkSnapshot *snapshot, double width, double height)
{
  static const char *const bars[] = { "#3584e4", "#33d17a", "#e5a50a", "#e66100" };
  Canvas canvas = { snapshot, 0, 0, height / 100 };
  GdkRGBA paper = color ("white");

  gtk_snapshot_append_color (snapshot,
                             &paper,
                             &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  fill_rect (&canvas, 0, 0, 178, 5, "#dcdce0");
  fill_rect (&canvas, 66, 2, 46, 1.4, "#5e5c64");
  for (int row = 0; row < 20; row++) {
    for (int column = 0; column < 6; column++)
      fill_rect (
        &canvas, 4 + column * 15, 14 + row * 4, 5 + (row * 7 + column * 5) % 6, 1.1, "#77767b");
    fill_rect (&canvas, 2, 17 + row * 4, 92, 0.2, "#c0bfbc");
  }
  for (int i = 0; i < 16; i++)
    fill_rect (&canvas,
               102 + i * 4 + i / 4 * 2,
               70 - (12 + i * 17 % 31),
               3.4,
               12 + i * 17 % 31,
               bars[i % 4]);
  fill_rect (&canvas, 100, 70, 74, 0.3, "#77767b");
}

static void
fake_picture_snapshot (GdkPaintable *paintable, GdkSnapshot *snapshot, double width, double height)
{
  FakePicture *self = FAKE_PICTURE (paintable);

  gtk_snapshot_push_clip (snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  if (self->person != NULL)
    draw_person (snapshot, self->person, width, height);
  else
    draw_screen (snapshot, width, height);
  gtk_snapshot_pop (snapshot);
}

static int
fake_picture_get_intrinsic_width (GdkPaintable *paintable)
{
  return FAKE_PICTURE (paintable)->width;
}

static int
fake_picture_get_intrinsic_height (GdkPaintable *paintable)
{
  return FAKE_PICTURE (paintable)->height;
}

static double
fake_picture_get_intrinsic_aspect_ratio (GdkPaintable *paintable)
{
  return (double) FAKE_PICTURE (paintable)->width / FAKE_PICTURE (paintable)->height;
}

static void
paintable_iface_init (GdkPaintableInterface *iface)
{
  iface->snapshot = fake_picture_snapshot;
  iface->get_intrinsic_width = fake_picture_get_intrinsic_width;
  iface->get_intrinsic_height = fake_picture_get_intrinsic_height;
  iface->get_intrinsic_aspect_ratio = fake_picture_get_intrinsic_aspect_ratio;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakePicture,
                               fake_picture,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (GDK_TYPE_PAINTABLE, paintable_iface_init))

static void
fake_picture_class_init (FakePictureClass *klass)
{
}

static void
fake_picture_init (FakePicture *self)
{
}

GdkPaintable *
confab_fake_picture_new (guint number, gboolean upright)
{
  FakePicture *self = g_object_new (FAKE_TYPE_PICTURE, NULL);

  self->person = number == CONFAB_FAKE_PICTURE_OWN ? &own : &people[number % G_N_ELEMENTS (people)];
  self->width = upright ? 360 : 640;
  self->height = upright ? 640 : 360;
  return GDK_PAINTABLE (self);
}

GdkPaintable *
confab_fake_screen_new (void)
{
  FakePicture *self = g_object_new (FAKE_TYPE_PICTURE, NULL);

  self->width = 1920;
  self->height = 1080;
  return GDK_PAINTABLE (self);
}
