/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-grid.h"
#include "confab-grid-private.h"

#include "confab-pager.h"
#include "confab-stream-tile.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <math.h>

#define MOVE_MS 250
#define FADE_MS 150
#define LOW_STAGE 330 /* px: the placeholder gets class `low` */

G_DEFINE_FINAL_TYPE (ConfabGrid, confab_grid, GTK_TYPE_WIDGET)

typedef enum {
  PROP_MODEL = 1,
  PROP_PLACEHOLDER,
} Property;
static GParamSpec *properties[PROP_PLACEHOLDER + 1];

static void
place_free (ConfabGridPlace *place)
{
  if (place->fade != NULL)
    adw_animation_reset (place->fade);
  g_clear_object (&place->fade);
  gtk_widget_unparent (place->widget);
  g_free (place);
}

static double
get_text_scale (ConfabGrid *self)
{
  int dpi = -1; /* 1024ths */

  if (self->settings != NULL)
    g_object_get (self->settings, "gtk-xft-dpi", &dpi, NULL);
  return dpi > 0 ? dpi / (96.0 * 1024.0) : 1.0;
}

ConfabGridPlace *
confab_grid_get_place (ConfabGrid *self, int tile)
{
  return tile == CONFAB_GRID_MORE ? self->more : g_ptr_array_index (self->places, tile);
}

static gboolean
last_is_own (ConfabGrid *self)
{
  ConfabStreamTile *tile = NULL;

  if (self->places->len == 0)
    return FALSE;
  tile = CONFAB_STREAM_TILE (confab_grid_get_place (self, (int) self->places->len - 1)->widget);
  return confab_stream_tile_model_get_own (confab_stream_tile_get_model (tile));
}

static void
update_texts (ConfabGrid *self)
{
  g_autofree char *more = NULL;

  confab_pager_set_page (CONFAB_PAGER (self->pager), self->plan->page, self->plan->n_pages);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "grid.previous-page", self->plan->page > 0);
  gtk_widget_action_set_enabled (GTK_WIDGET (self),
                                 "grid.next-page",
                                 self->plan->page + 1 < self->plan->n_pages);
  more = g_strdup_printf (ngettext ("%u more", "%u more", self->plan->n_more), self->plan->n_more);
  gtk_button_set_label (GTK_BUTTON (self->more->widget), more);
}

static void
set_target (ConfabGridPlace *place, const ConfabGridCell *cell, gboolean moves)
{
  gtk_widget_set_child_visible (place->widget, cell != NULL);
  if (cell == NULL) {
    place->placed = FALSE;
    return;
  }
  place->to = GRAPHENE_RECT_INIT ((float) cell->area.x,
                                  (float) cell->area.y,
                                  (float) cell->area.width,
                                  (float) cell->area.height);
  place->from = moves && place->placed ? place->now : place->to;
  place->now = place->from;
  place->placed = TRUE;
  if (CONFAB_IS_STREAM_TILE (place->widget))
    confab_stream_tile_set_plan (CONFAB_STREAM_TILE (place->widget),
                                 cell->area.width,
                                 cell->area.height,
                                 cell->floating);
}

/* Those on the page first: a tile that had the focus hands it on before it goes. */
static void
show_cells (ConfabGrid *self, gboolean moves)
{
  GtkWidget *focus = gtk_widget_get_focus_child (GTK_WIDGET (self));

  for (guint i = 0; i < self->plan->n_cells; i++)
    set_target (confab_grid_get_place (self, self->plan->cells[i].tile),
                &self->plan->cells[i],
                moves);
  for (guint i = 0; i <= self->places->len; i++) {
    int tile = i < self->places->len ? (int) i : CONFAB_GRID_MORE;
    ConfabGridPlace *place = confab_grid_get_place (self, tile);

    if (confab_grid_plan_find (self->plan, tile) != NULL)
      continue;
    if (place->widget == focus) {
      self->current = NULL;
      confab_grid_focus_current (self);
    }
    set_target (place, NULL, FALSE);
  }
}

/* Makes the plan anew; with @moves tiles go there from where they are, else they are there. */
static void
plan (ConfabGrid *self, gboolean moves)
{
  ConfabGridRequest request = {
    .width = self->width,
    .height = self->height,
    .n_tiles = self->places->len,
    .has_own = last_is_own (self),
    .page = self->page,
    .previous_columns = self->plan != NULL ? self->plan->n_columns : 0,
    .text_scale = get_text_scale (self),
    .rtl = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL,
  };

  g_clear_pointer (&self->plan, confab_grid_plan_free);
  self->plan = confab_grid_plan_new (&request);
  self->page = self->plan->page;
  show_cells (self, moves);
  if (self->wants_focus)
    gtk_widget_grab_focus (GTK_WIDGET (self));
  gtk_widget_set_child_visible (self->pager, self->plan->pager);
  if (self->placeholder != NULL) {
    gtk_widget_set_child_visible (self->placeholder, self->plan->empty.width > 0);
    if (self->height < LOW_STAGE)
      gtk_widget_add_css_class (self->placeholder, "low");
    else
      gtk_widget_remove_css_class (self->placeholder, "low");
  }
  update_texts (self);
}

/* The tiles or the page changed: they move. */
static void
replan (ConfabGrid *self)
{
  if (self->width == 0 || self->height == 0)
    return;
  plan (self, TRUE);
  gtk_widget_queue_allocate (GTK_WIDGET (self));
  /* First who leaves fades out; then the others move. */
  if (self->leaving->len == 0)
    adw_animation_play (self->animation);
}

static void
fade_cb (double value, gpointer widget)
{
  gtk_widget_set_opacity (widget, value);
}

static void
fade_done_cb (AdwAnimation *fade, ConfabGrid *self)
{
  for (guint i = 0; i < self->leaving->len; i++) {
    if (((ConfabGridPlace *) self->leaving->pdata[i])->fade == fade) {
      g_ptr_array_remove_index (self->leaving, i);
      break;
    }
  }
  if (self->leaving->len == 0)
    adw_animation_play (self->animation);
}

/* Fades out where it is, (transfer full); where nothing moves, it is gone at once. */
static void
let_leave (ConfabGrid *self, ConfabGridPlace *place)
{
  g_autoptr (AdwAnimation) fade = NULL;

  if (!place->placed) {
    place_free (place);
    return;
  }
  gtk_widget_set_can_focus (place->widget, FALSE);
  gtk_widget_set_can_target (place->widget, FALSE);
  fade = adw_timed_animation_new (GTK_WIDGET (self),
                                  1,
                                  0,
                                  FADE_MS,
                                  adw_callback_animation_target_new (fade_cb, place->widget, NULL));
  place->fade = g_object_ref (fade);
  g_ptr_array_add (self->leaving, place);
  g_signal_connect_object (fade, "done", G_CALLBACK (fade_done_cb), self, G_CONNECT_DEFAULT);
  adw_animation_play (fade);
}

static void
animate_cb (double value, gpointer data)
{
  ConfabGrid *self = CONFAB_GRID (data);

  for (guint i = 0; i < self->places->len; i++) {
    ConfabGridPlace *place = confab_grid_get_place (self, (int) i);
    graphene_rect_interpolate (&place->from, &place->to, value, &place->now);
  }
  graphene_rect_interpolate (&self->more->from, &self->more->to, value, &self->more->now);
  gtk_widget_queue_allocate (GTK_WIDGET (self));
}

static void
allocate_child (GtkWidget *child, const graphene_rect_t *area)
{
  int x = (int) roundf (area->origin.x);
  int y = (int) roundf (area->origin.y);
  int width = (int) roundf (area->size.width);
  int height = (int) roundf (area->size.height);
  int min_width;
  int min_height;

  gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, &min_width, NULL, NULL, NULL);
  gtk_widget_measure (
    child, GTK_ORIENTATION_VERTICAL, MAX (width, min_width), &min_height, NULL, NULL, NULL);
  gtk_widget_size_allocate (
    child, &(GtkAllocation) { x, y, MAX (width, min_width), MAX (height, min_height) }, -1);
}

static void
confab_grid_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  ConfabGrid *self = CONFAB_GRID (widget);

  if (self->width != width || self->height != height || self->plan == NULL) {
    self->width = width;
    self->height = height;
    adw_animation_skip (self->animation);
    g_ptr_array_set_size (self->leaving, 0);
    plan (self, FALSE);
  }
  for (guint i = 0; i < self->places->len; i++) {
    ConfabGridPlace *place = confab_grid_get_place (self, (int) i);
    if (gtk_widget_get_child_visible (place->widget))
      allocate_child (place->widget, &place->now);
  }
  for (guint i = 0; i < self->leaving->len; i++) {
    ConfabGridPlace *place = self->leaving->pdata[i];
    allocate_child (place->widget, &place->now);
  }
  if (gtk_widget_get_child_visible (self->more->widget))
    allocate_child (self->more->widget, &self->more->now);
  if (self->plan->pager)
    allocate_child (
      self->pager,
      &GRAPHENE_RECT_INIT (0, height - CONFAB_GRID_PAGER_HEIGHT, width, CONFAB_GRID_PAGER_HEIGHT));
  if (self->placeholder != NULL && self->plan->empty.width > 0)
    allocate_child (self->placeholder,
                    &GRAPHENE_RECT_INIT (self->plan->empty.x,
                                         self->plan->empty.y,
                                         self->plan->empty.width,
                                         self->plan->empty.height));
}

static void
confab_grid_measure (GtkWidget *widget,
                     GtkOrientation orientation,
                     int for_size,
                     int *minimum,
                     int *natural,
                     int *minimum_baseline,
                     int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 160 : 90;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 640 : 360;
}

static GtkSizeRequestMode
confab_grid_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_CONSTANT_SIZE;
}

static void
confab_grid_direction_changed (GtkWidget *widget, GtkTextDirection previous)
{
  ConfabGrid *self = CONFAB_GRID (widget);

  GTK_WIDGET_CLASS (confab_grid_parent_class)->direction_changed (widget, previous);
  if (self->plan != NULL)
    replan (self);
}

static void
turn_page (ConfabGrid *self, guint page)
{
  if (self->plan == NULL || page == self->page)
    return;
  self->page = page;
  replan (self);
}

static void
page_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ConfabGrid *self = CONFAB_GRID (widget);

  if (g_str_equal (name, "grid.next-page"))
    turn_page (self, MIN (self->page + 1, confab_grid_get_n_pages (self) - 1));
  else
    turn_page (self, self->page > 0 ? self->page - 1 : 0);
}

/* Where there is no height for a pager, the “more” cell goes round all pages. */
static void
more_clicked_cb (ConfabGrid *self)
{
  if (self->plan != NULL)
    turn_page (self, (self->page + 1) % self->plan->n_pages);
}

static void
items_changed_cb (ConfabGrid *self, guint position, guint n_removed, guint n_added)
{
  GtkWidget *focus_child = gtk_widget_get_focus_child (GTK_WIDGET (self));
  GtkWidget *before = position > 0 ? confab_grid_get_place (self, (int) position - 1)->widget
                                   : NULL;
  gboolean focus_lost = FALSE;

  for (guint i = 0; i < n_removed; i++) {
    ConfabGridPlace *place = confab_grid_get_place (self, (int) position);

    focus_lost |= place->widget == focus_child;
    if (self->current == place->widget)
      self->current = NULL;
    let_leave (self, g_ptr_array_steal_index (self->places, position));
  }
  for (guint i = 0; i < n_added; i++) {
    g_autoptr (ConfabStreamTileModel) item = g_list_model_get_item (self->model, position + i);
    ConfabGridPlace *place = g_new0 (ConfabGridPlace, 1);

    /* In the order of the model, which is that of a screen reader. */
    place->widget = confab_stream_tile_new (item);
    gtk_widget_set_child_visible (place->widget, FALSE);
    gtk_widget_insert_after (place->widget, GTK_WIDGET (self), before);
    g_ptr_array_insert (self->places, (int) (position + i), place);
    before = place->widget;
  }
  replan (self);
  if (focus_lost) {
    if (position < self->places->len)
      self->current = confab_grid_get_place (self, (int) position)->widget;
    confab_grid_focus_current (self);
  }
}

static void
confab_grid_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabGrid *self = CONFAB_GRID (object);

  switch ((Property) prop_id) {
  case PROP_MODEL:
    g_value_set_object (value, self->model);
    break;
  case PROP_PLACEHOLDER:
    g_value_set_object (value, self->placeholder);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
set_placeholder (ConfabGrid *self, GtkWidget *placeholder)
{
  if (self->placeholder == placeholder)
    return;
  g_clear_pointer (&self->placeholder, gtk_widget_unparent);
  self->placeholder = placeholder;
  if (placeholder != NULL) {
    gtk_widget_set_child_visible (placeholder, FALSE);
    gtk_widget_insert_after (placeholder, GTK_WIDGET (self), NULL);
  }
  replan (self);
}

static void
confab_grid_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  ConfabGrid *self = CONFAB_GRID (object);

  switch ((Property) prop_id) {
  case PROP_MODEL:
    confab_grid_set_model (self, g_value_get_object (value));
    break;
  case PROP_PLACEHOLDER:
    set_placeholder (self, g_value_get_object (value));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_grid_dispose (GObject *object)
{
  ConfabGrid *self = CONFAB_GRID (object);

  if (self->animation != NULL)
    adw_animation_reset (self->animation);
  g_clear_object (&self->animation);
  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  g_clear_object (&self->model);
  self->current = NULL;
  g_clear_pointer (&self->leaving, g_ptr_array_unref);
  g_clear_pointer (&self->places, g_ptr_array_unref);
  g_clear_pointer (&self->more, place_free);
  g_clear_pointer (&self->placeholder, gtk_widget_unparent);
  g_clear_pointer (&self->pager, gtk_widget_unparent);
  g_clear_pointer (&self->plan, confab_grid_plan_free);
  self->width = 0;
  G_OBJECT_CLASS (confab_grid_parent_class)->dispose (object);
}

static void
confab_grid_class_init (ConfabGridClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_grid_get_property;
  object_class->set_property = confab_grid_set_property;
  object_class->dispose = confab_grid_dispose;
  widget_class->measure = confab_grid_measure;
  widget_class->get_request_mode = confab_grid_get_request_mode;
  widget_class->size_allocate = confab_grid_size_allocate;
  widget_class->direction_changed = confab_grid_direction_changed;

  properties[PROP_MODEL] = g_param_spec_object ("model", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  properties[PROP_PLACEHOLDER] = g_param_spec_object (
    "placeholder", NULL, NULL, GTK_TYPE_WIDGET, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  gtk_widget_class_install_action (widget_class, "grid.previous-page", NULL, page_action);
  gtk_widget_class_install_action (widget_class, "grid.next-page", NULL, page_action);
  confab_grid_install_focus (widget_class);
  gtk_widget_class_set_css_name (widget_class, "call-grid");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_LIST);
}

static void
confab_grid_init (ConfabGrid *self)
{
  self->places = g_ptr_array_new_with_free_func ((GDestroyNotify) place_free);
  self->leaving = g_ptr_array_new_with_free_func ((GDestroyNotify) place_free);
  self->pager = confab_pager_new ();
  gtk_widget_set_child_visible (self->pager, FALSE);
  self->more = g_new0 (ConfabGridPlace, 1);
  self->more->widget = gtk_button_new ();
  gtk_widget_add_css_class (self->more->widget, "tile");
  gtk_widget_add_css_class (self->more->widget, "more");
  gtk_widget_set_child_visible (self->more->widget, FALSE);
  g_signal_connect_swapped (self->more->widget, "clicked", G_CALLBACK (more_clicked_cb), self);
  gtk_widget_insert_before (self->more->widget, GTK_WIDGET (self), NULL);
  gtk_widget_insert_before (self->pager, GTK_WIDGET (self), NULL);

  self->animation = adw_timed_animation_new (
    GTK_WIDGET (self), 0, 1, MOVE_MS, adw_callback_animation_target_new (animate_cb, self, NULL));
  adw_timed_animation_set_easing (ADW_TIMED_ANIMATION (self->animation), ADW_EASE_OUT_CUBIC);
  self->settings = gtk_settings_get_default ();
  if (self->settings != NULL)
    g_signal_connect_object (
      self->settings, "notify::gtk-xft-dpi", G_CALLBACK (replan), self, G_CONNECT_SWAPPED);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("People in the call"),
                                  -1);
}

/**
 * confab_grid_set_model:
 * @self: a grid
 * @model: (nullable): of ConfabStreamTileModel
 */
void
confab_grid_set_model (ConfabGrid *self, GListModel *model)
{
  guint n_before;

  g_return_if_fail (CONFAB_IS_GRID (self));

  if (self->model == model)
    return;
  n_before = self->places->len;
  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  g_set_object (&self->model, model);
  if (model != NULL)
    g_signal_connect_object (
      model, "items-changed", G_CALLBACK (items_changed_cb), self, G_CONNECT_SWAPPED);
  items_changed_cb (self, 0, n_before, model != NULL ? g_list_model_get_n_items (model) : 0);
  /* Those of another call do not leave this one. */
  g_ptr_array_set_size (self->leaving, 0);
  adw_animation_play (self->animation);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MODEL]);
}

guint
confab_grid_get_page (ConfabGrid *self)
{
  g_return_val_if_fail (CONFAB_IS_GRID (self), 0);

  return self->page;
}

guint
confab_grid_get_n_pages (ConfabGrid *self)
{
  g_return_val_if_fail (CONFAB_IS_GRID (self), 1);

  return self->plan != NULL ? self->plan->n_pages : 1;
}
