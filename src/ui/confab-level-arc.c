/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-level-arc.h"

#include <math.h>

#define N_STEPS 12
#define LINE_WIDTH 3

struct _ConfabLevelArc {
  GtkWidget parent_instance;

  double level; /* 0 … 1 */
  int step;     /* what is drawn: 0 … N_STEPS */
};

G_DEFINE_FINAL_TYPE (ConfabLevelArc, confab_level_arc, GTK_TYPE_WIDGET)

typedef enum {
  PROP_LEVEL = 1,
} Property;
static GParamSpec *properties[PROP_LEVEL + 1];

static void
confab_level_arc_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  ConfabLevelArc *self = CONFAB_LEVEL_ARC (widget);
  float x = (float) gtk_widget_get_width (widget) / 2;
  float y = (float) gtk_widget_get_height (widget) / 2;
  float radius = MIN (x, y) - LINE_WIDTH / 2.f;
  double half = G_PI * self->step / N_STEPS; /* of the arc, from the bottom to either side */
  g_autoptr (GskPathBuilder) builder = NULL;
  g_autoptr (GskPath) path = NULL;
  g_autoptr (GskStroke) stroke = NULL;
  GdkRGBA color;

  if (self->step == 0 || radius <= 0)
    return;
  builder = gsk_path_builder_new ();
  if (self->step == N_STEPS) {
    gsk_path_builder_add_circle (builder, &GRAPHENE_POINT_INIT (x, y), radius);
  } else {
    float dx = radius * (float) sin (half);
    float dy = radius * (float) cos (half);

    gsk_path_builder_move_to (builder, x - dx, y + dy);
    gsk_path_builder_svg_arc_to (
      builder, radius, radius, 0, half > G_PI / 2, FALSE, x + dx, y + dy);
  }
  path = gsk_path_builder_to_path (builder);
  stroke = gsk_stroke_new (LINE_WIDTH);
  gsk_stroke_set_line_cap (stroke, GSK_LINE_CAP_ROUND);
  gtk_widget_get_color (widget, &color);
  gtk_snapshot_append_stroke (snapshot, path, stroke, &color);
}

static void
confab_level_arc_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch ((Property) prop_id) {
  case PROP_LEVEL:
    g_value_set_double (value, CONFAB_LEVEL_ARC (object)->level);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_level_arc_set_property (GObject *object,
                               guint prop_id,
                               const GValue *value,
                               GParamSpec *pspec)
{
  ConfabLevelArc *self = CONFAB_LEVEL_ARC (object);
  int step;

  switch ((Property) prop_id) {
  case PROP_LEVEL:
    if (self->level == g_value_get_double (value))
      return;
    self->level = g_value_get_double (value);
    step = (int) round (self->level * N_STEPS);
    if (self->step != step) {
      self->step = step;
      gtk_widget_queue_draw (GTK_WIDGET (self));
    }
    g_object_notify_by_pspec (object, pspec);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_level_arc_class_init (ConfabLevelArcClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = confab_level_arc_get_property;
  object_class->set_property = confab_level_arc_set_property;
  widget_class->snapshot = confab_level_arc_snapshot;
  properties[PROP_LEVEL] = g_param_spec_double ("level",
                                                NULL,
                                                NULL,
                                                0,
                                                1,
                                                0,
                                                G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                                                  G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
  gtk_widget_class_set_css_name (widget_class, "level-arc");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
confab_level_arc_init (ConfabLevelArc *self)
{
  gtk_widget_set_can_target (GTK_WIDGET (self), FALSE);
}
