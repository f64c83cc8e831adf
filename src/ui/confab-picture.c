/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-picture.h"

#include "confab-grid-plan.h"

#include <adwaita.h>

#define FADE_MS 150

struct _ConfabPicture {
  GtkWidget parent_instance;

  GdkPaintable *paintable;
  GdkPaintable *last; /* (nullable): what is fading out */
  AdwAnimation *fade; /* how much of the picture is seen */
  double opacity;
  gboolean mirrored;
  gboolean whole;
  gboolean clipped;
  int radius; /* px */
};

G_DEFINE_FINAL_TYPE (ConfabPicture, confab_picture, GTK_TYPE_WIDGET)

typedef enum {
  PROP_PAINTABLE = 1,
  PROP_MIRRORED,
  PROP_WHOLE,
  PROP_CLIPPED,
  PROP_RADIUS,
} Property;
static GParamSpec *properties[PROP_RADIUS + 1];

static void
fade_cb (double value, gpointer data)
{
  ConfabPicture *self = CONFAB_PICTURE (data);

  self->opacity = value;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
fade_done_cb (ConfabPicture *self)
{
  g_clear_object (&self->last);
}

/* In when there is a picture, out when there is none any more; one that takes the place of another is there at once. */
static void
start_fade (ConfabPicture *self, GdkPaintable *before)
{
  if ((before != NULL) == (self->paintable != NULL))
    return;
  g_clear_object (&self->last);
  if (before != NULL)
    self->last = gdk_paintable_get_current_image (before);
  adw_timed_animation_set_value_from (ADW_TIMED_ANIMATION (self->fade), before != NULL ? 1 : 0);
  adw_timed_animation_set_value_to (ADW_TIMED_ANIMATION (self->fade), before != NULL ? 0 : 1);
  adw_animation_play (self->fade); /* to its end, where nothing moves or nothing is seen */
}

static void
set_paintable (ConfabPicture *self, GdkPaintable *paintable)
{
  g_autoptr (GdkPaintable) before = NULL;

  if (self->paintable == paintable)
    return;
  if (self->paintable != NULL) {
    before = g_object_ref (self->paintable);
    g_signal_handlers_disconnect_by_data (self->paintable, self);
  }
  g_set_object (&self->paintable, paintable);
  if (paintable != NULL) {
    g_signal_connect_object (paintable,
                             "invalidate-contents",
                             G_CALLBACK (gtk_widget_queue_draw),
                             self,
                             G_CONNECT_SWAPPED);
    g_signal_connect_object (
      paintable, "invalidate-size", G_CALLBACK (gtk_widget_queue_draw), self, G_CONNECT_SWAPPED);
  }
  start_fade (self, before);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PAINTABLE]);
}

/* Where the picture goes: it fills the widget, or is shown whole when too much of it would be lost. */
static graphene_rect_t
place (ConfabPicture *self, GdkPaintable *paintable, double width, double height)
{
  double ratio = gdk_paintable_get_intrinsic_aspect_ratio (paintable);
  gboolean crops;
  gboolean by_width;
  double w = width;
  double h = height;

  if (ratio <= 0)
    return GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height);
  crops = !self->whole && confab_grid_plan_crops (width / height, ratio);
  by_width = (width / height > ratio) == crops;
  if (by_width)
    h = width / ratio;
  else
    w = height * ratio;
  return GRAPHENE_RECT_INIT ((float) ((width - w) / 2),
                             (float) ((height - h) / 2),
                             (float) w,
                             (float) h);
}

/* The border of a rounded rectangle that is larger by as much as the corners need, in the colour behind. */
static void
cover_corners (ConfabPicture *self, GtkSnapshot *snapshot, const graphene_rect_t *bounds)
{
  float extra = (float) (self->radius * 0.45 + 1);
  graphene_rect_t outer_bounds = *bounds;
  GskRoundedRect outer;
  GdkRGBA color;

  gtk_widget_get_color (GTK_WIDGET (self), &color);
  graphene_rect_inset (&outer_bounds, -extra, -extra);
  gsk_rounded_rect_init_from_rect (&outer, &outer_bounds, (float) self->radius + extra);
  gtk_snapshot_append_border (snapshot,
                              &outer,
                              (float[4]) { extra, extra, extra, extra },
                              (GdkRGBA[4]) { color, color, color, color });
}

static void
confab_picture_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  ConfabPicture *self = CONFAB_PICTURE (widget);
  GdkPaintable *paintable = self->paintable != NULL ? self->paintable : self->last;
  int width = gtk_widget_get_width (widget);
  int height = gtk_widget_get_height (widget);
  graphene_rect_t bounds = GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height);
  graphene_rect_t area;

  if (paintable == NULL || width <= 0 || height <= 0)
    return;

  area = place (self, paintable, width, height);
  if (self->clipped) {
    GskRoundedRect rounded;

    gsk_rounded_rect_init_from_rect (&rounded, &bounds, (float) self->radius);
    gtk_snapshot_push_rounded_clip (snapshot, &rounded);
  } else {
    gtk_snapshot_push_clip (snapshot, &bounds);
  }

  gtk_snapshot_save (snapshot);
  if (self->opacity < 1)
    gtk_snapshot_push_opacity (snapshot, self->opacity);
  if (self->mirrored) {
    gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT ((float) width, 0));
    gtk_snapshot_scale (snapshot, -1, 1);
  }
  gtk_snapshot_translate (snapshot, &area.origin);
  gdk_paintable_snapshot (paintable, snapshot, area.size.width, area.size.height);
  if (self->opacity < 1)
    gtk_snapshot_pop (snapshot);
  gtk_snapshot_restore (snapshot);

  if (!self->clipped && self->radius > 0)
    cover_corners (self, snapshot, &bounds);
  gtk_snapshot_pop (snapshot);
}

static void
confab_picture_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabPicture *self = CONFAB_PICTURE (object);

  switch ((Property) prop_id) {
  case PROP_PAINTABLE:
    g_value_set_object (value, self->paintable);
    break;
  case PROP_MIRRORED:
    g_value_set_boolean (value, self->mirrored);
    break;
  case PROP_WHOLE:
    g_value_set_boolean (value, self->whole);
    break;
  case PROP_CLIPPED:
    g_value_set_boolean (value, self->clipped);
    break;
  case PROP_RADIUS:
    g_value_set_int (value, self->radius);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
set_int (ConfabPicture *self, int *field, int value, GParamSpec *pspec)
{
  if (*field == value)
    return;
  *field = value;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
confab_picture_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  ConfabPicture *self = CONFAB_PICTURE (object);

  switch ((Property) prop_id) {
  case PROP_PAINTABLE:
    set_paintable (self, g_value_get_object (value));
    break;
  case PROP_MIRRORED:
    set_int (self, &self->mirrored, g_value_get_boolean (value), pspec);
    break;
  case PROP_WHOLE:
    set_int (self, &self->whole, g_value_get_boolean (value), pspec);
    break;
  case PROP_CLIPPED:
    set_int (self, &self->clipped, g_value_get_boolean (value), pspec);
    break;
  case PROP_RADIUS:
    set_int (self, &self->radius, g_value_get_int (value), pspec);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_picture_dispose (GObject *object)
{
  ConfabPicture *self = CONFAB_PICTURE (object);

  if (self->paintable != NULL)
    g_signal_handlers_disconnect_by_data (self->paintable, self);
  g_clear_object (&self->paintable);
  if (self->fade != NULL)
    adw_animation_reset (self->fade);
  g_clear_object (&self->fade);
  g_clear_object (&self->last);
  G_OBJECT_CLASS (confab_picture_parent_class)->dispose (object);
}

static void
confab_picture_class_init (ConfabPictureClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_picture_get_property;
  object_class->set_property = confab_picture_set_property;
  object_class->dispose = confab_picture_dispose;
  widget_class->snapshot = confab_picture_snapshot;

  properties[PROP_PAINTABLE] = g_param_spec_object (
    "paintable", NULL, NULL, GDK_TYPE_PAINTABLE, flags);
  properties[PROP_MIRRORED] = g_param_spec_boolean ("mirrored", NULL, NULL, FALSE, flags);
  properties[PROP_WHOLE] = g_param_spec_boolean ("whole", NULL, NULL, FALSE, flags);
  properties[PROP_CLIPPED] = g_param_spec_boolean ("clipped", NULL, NULL, FALSE, flags);
  properties[PROP_RADIUS] = g_param_spec_int ("radius", NULL, NULL, 0, 64, 12, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  gtk_widget_class_set_css_name (widget_class, "picture-area");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
confab_picture_init (ConfabPicture *self)
{
  self->radius = 12;
  self->opacity = 1;
  self->fade = adw_timed_animation_new (
    GTK_WIDGET (self), 0, 1, FADE_MS, adw_callback_animation_target_new (fade_cb, self, NULL));
  g_signal_connect_object (self->fade, "done", G_CALLBACK (fade_done_cb), self, G_CONNECT_SWAPPED);
}
