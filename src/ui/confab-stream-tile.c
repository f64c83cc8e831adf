/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-stream-tile.h"

#include "confab-grid-plan.h"
#include "confab-picture.h"

#include <adwaita.h>

struct _ConfabStreamTile {
  GtkWidget parent_instance;

  ConfabStreamTileModel *model;
  GSignalGroup *signals;
  int size_class; /* ConfabTileSize, -1 before the first plan */
  int avatar_size;
  gboolean floating;
  char color_class[16];

  GtkWidget *content;
  AdwBin *spinner_place;
  GtkWidget *picture;
  GtkWidget *avatar;
  GtkWidget *status;
  GtkWidget *insecure;
};

G_DEFINE_FINAL_TYPE (ConfabStreamTile, confab_stream_tile, GTK_TYPE_WIDGET)

typedef enum {
  PROP_MODEL = 1,
  PROP_RADIUS,
  PROP_INSET,
  PROP_AVATAR_SIZE,
  PROP_FLOATING,
  PROP_WORDS,
  PROP_LARGE,
} Property;
static GParamSpec *properties[PROP_LARGE + 1];

static gboolean
not_paintable (gpointer instance, GdkPaintable *paintable)
{
  return paintable == NULL;
}

static gboolean
is_text (gpointer instance, const char *text)
{
  return text != NULL && text[0] != '\0';
}

static gboolean
get_flag (ConfabStreamTile *self, const char *name)
{
  gboolean value = FALSE;

  if (self->model != NULL)
    g_object_get (self->model, name, &value, NULL);
  return value;
}

static void
set_class (GtkWidget *widget, const char *name, gboolean on)
{
  if (on)
    gtk_widget_add_css_class (widget, name);
  else
    gtk_widget_remove_css_class (widget, name);
}

/* A spinner draws as long as it is mapped, also where the desktop wants no movement: then dots stand in its place. */
static GtkWidget *
make_spinner (ConfabStreamTile *self)
{
  GtkWidget *spinner = adw_get_enable_animations (GTK_WIDGET (self))
                         ? adw_spinner_new ()
                         : gtk_image_new_from_icon_name ("content-loading-symbolic");

  g_object_set (spinner, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  return spinner;
}

/* It exists only while it turns. */
static void
update_spinner (ConfabStreamTile *self)
{
  gboolean busy = get_flag (self, "busy");

  if (busy != (adw_bin_get_child (self->spinner_place) != NULL))
    adw_bin_set_child (self->spinner_place, busy ? make_spinner (self) : NULL);
}

static void
update_looks (ConfabStreamTile *self)
{
  if (self->model == NULL)
    return;
  set_class (GTK_WIDGET (self), "speaking", get_flag (self, "ring"));
  set_class (self->picture, "dim", get_flag (self, "picture-dim"));
  gtk_widget_set_opacity (self->avatar, get_flag (self, "avatar-dim") ? 0.5 : 1);
  update_spinner (self);
}

static void
update_names (ConfabStreamTile *self)
{
  if (self->model == NULL)
    return;
  if (self->color_class[0] != '\0')
    gtk_widget_remove_css_class (GTK_WIDGET (self), self->color_class);
  g_snprintf (self->color_class,
              sizeof self->color_class,
              "color%u",
              confab_stream_tile_model_get_color (self->model));
  gtk_widget_add_css_class (GTK_WIDGET (self), self->color_class);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  confab_stream_tile_model_get_name (self->model),
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  confab_stream_tile_model_get_description (self->model),
                                  -1);
}

static void
set_model (ConfabStreamTile *self, ConfabStreamTileModel *model)
{
  if (!g_set_object (&self->model, model))
    return;
  g_signal_group_set_target (self->signals, model);
  update_names (self);
  update_looks (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MODEL]);
}

static void
confab_stream_tile_map (GtkWidget *widget)
{
  ConfabStreamTile *self = CONFAB_STREAM_TILE (widget);

  GTK_WIDGET_CLASS (confab_stream_tile_parent_class)->map (widget);
  if (self->model != NULL)
    confab_stream_tile_model_set_shown (self->model, TRUE);
}

static void
confab_stream_tile_unmap (GtkWidget *widget)
{
  ConfabStreamTile *self = CONFAB_STREAM_TILE (widget);

  if (self->model != NULL)
    confab_stream_tile_model_set_shown (self->model, FALSE);
  GTK_WIDGET_CLASS (confab_stream_tile_parent_class)->unmap (widget);
}

static void
confab_stream_tile_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabStreamTile *self = CONFAB_STREAM_TILE (object);
  gboolean small = self->size_class == CONFAB_TILE_SIZE_SMALL;

  switch ((Property) prop_id) {
  case PROP_MODEL:
    g_value_set_object (value, self->model);
    break;
  case PROP_RADIUS:
    g_value_set_int (value, small ? 8 : 12);
    break;
  case PROP_INSET:
    g_value_set_int (value, small ? 4 : 8);
    break;
  case PROP_AVATAR_SIZE:
    g_value_set_int (value, self->avatar_size);
    break;
  case PROP_FLOATING:
    g_value_set_boolean (value, self->floating);
    break;
  case PROP_WORDS:
    g_value_set_boolean (value, !small);
    break;
  case PROP_LARGE:
    g_value_set_boolean (value, self->size_class == CONFAB_TILE_SIZE_LARGE);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_stream_tile_set_property (GObject *object,
                                 guint prop_id,
                                 const GValue *value,
                                 GParamSpec *pspec)
{
  switch (prop_id) {
  case PROP_MODEL:
    set_model (CONFAB_STREAM_TILE (object), g_value_get_object (value));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_stream_tile_dispose (GObject *object)
{
  ConfabStreamTile *self = CONFAB_STREAM_TILE (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), CONFAB_TYPE_STREAM_TILE);
  g_clear_object (&self->signals);
  g_clear_object (&self->model);
  G_OBJECT_CLASS (confab_stream_tile_parent_class)->dispose (object);
}

static void
confab_stream_tile_class_init (ConfabStreamTileClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_stream_tile_get_property;
  object_class->set_property = confab_stream_tile_set_property;
  object_class->dispose = confab_stream_tile_dispose;
  widget_class->map = confab_stream_tile_map;
  widget_class->unmap = confab_stream_tile_unmap;

  properties[PROP_MODEL] = g_param_spec_object (
    "model", NULL, NULL, CONFAB_TYPE_STREAM_TILE_MODEL, flags | G_PARAM_WRITABLE);
  properties[PROP_RADIUS] = g_param_spec_int ("radius", NULL, NULL, 0, 64, 12, flags);
  properties[PROP_INSET] = g_param_spec_int ("inset", NULL, NULL, 0, 64, 8, flags);
  properties[PROP_AVATAR_SIZE] = g_param_spec_int ("avatar-size", NULL, NULL, 32, 160, 32, flags);
  properties[PROP_FLOATING] = g_param_spec_boolean ("floating", NULL, NULL, FALSE, flags);
  properties[PROP_WORDS] = g_param_spec_boolean ("words", NULL, NULL, FALSE, flags);
  properties[PROP_LARGE] = g_param_spec_boolean ("large", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  g_type_ensure (CONFAB_TYPE_PICTURE);
  g_type_ensure (CONFAB_TYPE_STREAM_TILE_MODEL);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/app/confab/Confab/ui/confab-stream-tile.ui");
  gtk_widget_class_bind_template_child (widget_class, ConfabStreamTile, content);
  gtk_widget_class_bind_template_child (widget_class, ConfabStreamTile, spinner_place);
  gtk_widget_class_bind_template_child (widget_class, ConfabStreamTile, picture);
  gtk_widget_class_bind_template_child (widget_class, ConfabStreamTile, avatar);
  gtk_widget_class_bind_template_child (widget_class, ConfabStreamTile, status);
  gtk_widget_class_bind_template_child (widget_class, ConfabStreamTile, insecure);
  gtk_widget_class_bind_template_callback (widget_class, not_paintable);
  gtk_widget_class_bind_template_callback (widget_class, is_text);
  gtk_widget_class_set_css_name (widget_class, "stream-tile");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_LIST_ITEM);
}

static void
confab_stream_tile_init (ConfabStreamTile *self)
{
  static const char *const looks[] = {
    "notify::ring", "notify::picture-dim", "notify::avatar-dim", "notify::busy"
  };

  self->size_class = -1;
  self->avatar_size = 32;
  self->signals = g_signal_group_new (CONFAB_TYPE_STREAM_TILE_MODEL);
  for (guint i = 0; i < G_N_ELEMENTS (looks); i++)
    g_signal_group_connect_swapped (self->signals, looks[i], G_CALLBACK (update_looks), self);
  g_signal_group_connect_swapped (self->signals, "notify::name", G_CALLBACK (update_names), self);
  g_signal_group_connect_swapped (self->signals, "notify::color", G_CALLBACK (update_names), self);
  g_signal_group_connect_swapped (self->signals,
                                  "notify::description",
                                  G_CALLBACK (update_names),
                                  self);
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
confab_stream_tile_new (ConfabStreamTileModel *model)
{
  return g_object_new (CONFAB_TYPE_STREAM_TILE, "model", model, NULL);
}

ConfabStreamTileModel *
confab_stream_tile_get_model (ConfabStreamTile *self)
{
  g_return_val_if_fail (CONFAB_IS_STREAM_TILE (self), NULL);

  return self->model;
}

/**
 * confab_stream_tile_set_plan:
 * @self: a tile
 * @width: of its place, when it has come to rest
 * @height: of its place
 * @floating: whether it lies over something else
 *
 * Decides how much the tile says: by the planned size, so that marks do not come and go while it moves.
 */
void
confab_stream_tile_set_plan (ConfabStreamTile *self, int width, int height, gboolean floating)
{
  static const char *const classes[] = { "small", "medium", "large" };
  int size_class = confab_grid_plan_classify (width, height, self->size_class);
  int avatar_size = CLAMP ((int) (MIN (width, height) * 0.45), 32, 160);

  g_return_if_fail (CONFAB_IS_STREAM_TILE (self));

  if (self->floating != floating) {
    self->floating = floating;
    set_class (GTK_WIDGET (self), "floating", floating);
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FLOATING]);
  }
  if (self->avatar_size != avatar_size) {
    self->avatar_size = avatar_size;
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AVATAR_SIZE]);
  }
  if (self->size_class == size_class)
    return;
  self->size_class = size_class;
  for (int i = 0; i < (int) G_N_ELEMENTS (classes); i++)
    set_class (GTK_WIDGET (self), classes[i], i == size_class);
  set_class (self->status, "icon", size_class == CONFAB_TILE_SIZE_SMALL);
  set_class (self->insecure, "icon", size_class != CONFAB_TILE_SIZE_LARGE);
  for (guint i = PROP_RADIUS; i <= PROP_LARGE; i++)
    g_object_notify_by_pspec (G_OBJECT (self), properties[i]);
}
