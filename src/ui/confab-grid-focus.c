/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-grid-private.h"

#define NO_TILE G_MAXUINT

static gboolean
is_shown (GtkWidget *widget)
{
  return widget != NULL && gtk_widget_get_child_visible (widget);
}

/* The cells in the order in which Home, End and Tab see them. */
static GtkWidget *
get_cell_widget (ConfabGrid *self, guint cell)
{
  if (self->plan == NULL || cell >= self->plan->n_cells ||
      self->plan->cells[cell].tile >= (int) self->places->len)
    return NULL;
  return confab_grid_get_place (self, self->plan->cells[cell].tile)->widget;
}

static GtkWidget *
get_current (ConfabGrid *self)
{
  if (is_shown (self->current))
    return self->current;
  /* Before the first plan nobody is seen yet, but the first will be. */
  if (self->plan == NULL && self->places->len > 0)
    return confab_grid_get_place (self, 0)->widget;
  return get_cell_widget (self, 0);
}

gboolean
confab_grid_focus_current (ConfabGrid *self)
{
  GtkWidget *current = get_current (self);

  return current != NULL && gtk_widget_grab_focus (current);
}

static guint
find_cell (ConfabGrid *self, GtkWidget *widget)
{
  for (guint i = 0; self->plan != NULL && i < self->plan->n_cells; i++) {
    if (get_cell_widget (self, i) == widget)
      return i;
  }
  return NO_TILE;
}

static gboolean
confab_grid_focus (GtkWidget *widget, GtkDirectionType direction)
{
  ConfabGrid *self = CONFAB_GRID (widget);
  GtkWidget *child = gtk_widget_get_focus_child (widget);
  guint cell = find_cell (self, child);

  if (self->placeholder != NULL && gtk_widget_get_child_visible (self->placeholder) &&
      (direction == GTK_DIR_TAB_FORWARD || direction == GTK_DIR_TAB_BACKWARD) && child != NULL &&
      child != self->pager) {
    gboolean in_placeholder = child == self->placeholder;
    if (in_placeholder)
      return gtk_widget_child_focus (child, direction) ||
             (direction == GTK_DIR_TAB_BACKWARD && confab_grid_focus_current (self));
    return direction == GTK_DIR_TAB_FORWARD &&
           gtk_widget_child_focus (self->placeholder, direction);
  }

  switch (direction) {
  case GTK_DIR_TAB_FORWARD:
    if (child == NULL)
      return confab_grid_focus_current (self) ||
             (is_shown (self->pager) && gtk_widget_child_focus (self->pager, direction));
    return is_shown (self->pager) && gtk_widget_child_focus (self->pager, direction);
  case GTK_DIR_TAB_BACKWARD:
    if (child == NULL && is_shown (self->pager) && gtk_widget_child_focus (self->pager, direction))
      return TRUE;
    if (child == self->pager && gtk_widget_child_focus (self->pager, direction))
      return TRUE;
    return (child == NULL || child == self->pager) && confab_grid_focus_current (self);
  case GTK_DIR_UP:
  case GTK_DIR_DOWN:
  case GTK_DIR_LEFT:
  case GTK_DIR_RIGHT:
  default:
    if (cell != NO_TILE) {
      int next = confab_grid_plan_find_neighbour (self->plan, cell, direction);
      /* At the edge the focus stays: arrows do not leave the stage. */
      return next < 0 || gtk_widget_grab_focus (get_cell_widget (self, (guint) next));
    }
    return child != NULL ? gtk_widget_child_focus (child, direction)
                         : confab_grid_focus_current (self);
  }
}

static gboolean
confab_grid_grab_focus (GtkWidget *widget)
{
  ConfabGrid *self = CONFAB_GRID (widget);

  /* A tile can be seen once it has a place; before, it loses the focus again. */
  self->wants_focus = self->plan == NULL;
  return confab_grid_focus_current (self);
}

static void
confab_grid_set_focus_child (GtkWidget *widget, GtkWidget *child)
{
  ConfabGrid *self = CONFAB_GRID (widget);

  if (child != NULL && child != self->pager && child != self->placeholder)
    self->current = child;
  GTK_WIDGET_CLASS (g_type_class_peek_parent (G_OBJECT_GET_CLASS (self)))
    ->set_focus_child (widget, child);
}

static gboolean
edge_binding (GtkWidget *widget, GVariant *args, gpointer data)
{
  ConfabGrid *self = CONFAB_GRID (widget);
  GtkWidget *target = NULL;

  if (self->plan == NULL || self->plan->n_cells == 0)
    return FALSE;
  target = get_cell_widget (self, g_variant_get_int32 (args) < 0 ? 0 : self->plan->n_cells - 1);
  return target != NULL && gtk_widget_grab_focus (target);
}

/* For Tab the stage is one stop; arrows, Home and End walk its tiles. */
void
confab_grid_install_focus (GtkWidgetClass *widget_class)
{
  widget_class->focus = confab_grid_focus;
  widget_class->grab_focus = confab_grid_grab_focus;
  widget_class->set_focus_child = confab_grid_set_focus_child;
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Home, 0, edge_binding, "i", -1);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_End, 0, edge_binding, "i", 1);
  gtk_widget_class_add_binding_action (
    widget_class, GDK_KEY_Page_Up, 0, "grid.previous-page", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Page_Down, 0, "grid.next-page", NULL);
}
