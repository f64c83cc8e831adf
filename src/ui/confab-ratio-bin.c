/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-ratio-bin.h"

#define MIN_WIDTH 240

struct _ConfabRatioBin {
  GtkWidget parent_instance;

  GtkWidget *child;
};

G_DEFINE_FINAL_TYPE (ConfabRatioBin, confab_ratio_bin, GTK_TYPE_WIDGET)

typedef enum {
  PROP_CHILD = 1,
} Property;
static GParamSpec *properties[PROP_CHILD + 1];

static GtkSizeRequestMode
confab_ratio_bin_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
confab_ratio_bin_measure (GtkWidget *widget,
                          GtkOrientation orientation,
                          int for_size,
                          int *minimum,
                          int *natural,
                          int *minimum_baseline,
                          int *natural_baseline)
{
  GtkWidget *child = CONFAB_RATIO_BIN (widget)->child;
  int child_minimum = 0;

  if (child != NULL)
    gtk_widget_measure (child, orientation, for_size, &child_minimum, NULL, NULL, NULL);
  if (orientation == GTK_ORIENTATION_HORIZONTAL) {
    *minimum = MAX (child_minimum, MIN_WIDTH);
    *natural = MAX (*minimum, 1200); /* as wide as there is room */
  } else {
    *minimum = *natural = MAX (child_minimum, (for_size < 0 ? MIN_WIDTH : for_size) * 9 / 16);
  }
  *minimum_baseline = *natural_baseline = -1;
}

static void
confab_ratio_bin_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  ConfabRatioBin *self = CONFAB_RATIO_BIN (widget);

  if (self->child == NULL || !gtk_widget_should_layout (self->child))
    return;
  /* Children are asked before they are given a size, as GTK wants it. */
  gtk_widget_measure (self->child, GTK_ORIENTATION_HORIZONTAL, -1, NULL, NULL, NULL, NULL);
  gtk_widget_allocate (self->child, width, height, baseline, NULL);
}

static void
confab_ratio_bin_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  if (prop_id == PROP_CHILD)
    g_value_set_object (value, CONFAB_RATIO_BIN (object)->child);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
confab_ratio_bin_set_property (GObject *object,
                               guint prop_id,
                               const GValue *value,
                               GParamSpec *pspec)
{
  ConfabRatioBin *self = CONFAB_RATIO_BIN (object);

  if (prop_id != PROP_CHILD) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    return;
  }
  g_clear_pointer (&self->child, gtk_widget_unparent);
  self->child = g_value_get_object (value);
  if (self->child != NULL)
    gtk_widget_set_parent (self->child, GTK_WIDGET (self));
}

static void
confab_ratio_bin_dispose (GObject *object)
{
  g_clear_pointer (&CONFAB_RATIO_BIN (object)->child, gtk_widget_unparent);

  G_OBJECT_CLASS (confab_ratio_bin_parent_class)->dispose (object);
}

static void
confab_ratio_bin_class_init (ConfabRatioBinClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = confab_ratio_bin_get_property;
  object_class->set_property = confab_ratio_bin_set_property;
  object_class->dispose = confab_ratio_bin_dispose;
  widget_class->get_request_mode = confab_ratio_bin_get_request_mode;
  widget_class->measure = confab_ratio_bin_measure;
  widget_class->size_allocate = confab_ratio_bin_size_allocate;
  properties[PROP_CHILD] = g_param_spec_object (
    "child", NULL, NULL, GTK_TYPE_WIDGET, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
confab_ratio_bin_init (ConfabRatioBin *self)
{
}
