/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-facepile.h"

#include "confab-avatar-model.h"

struct _ConfabFacepile {
  GtkWidget parent_instance;

  GListModel *model;
  guint max;
  int size;
};

G_DEFINE_FINAL_TYPE (ConfabFacepile, confab_facepile, GTK_TYPE_WIDGET)

typedef enum {
  PROP_MODEL = 1,
  PROP_MAX,
  PROP_SIZE,
} Property;
static GParamSpec *properties[PROP_SIZE + 1];

static void
clear (ConfabFacepile *self)
{
  GtkWidget *child = NULL;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
}

static void
rebuild (ConfabFacepile *self)
{
  guint n = self->model != NULL ? MIN (g_list_model_get_n_items (self->model), self->max) : 0;

  clear (self);
  for (guint i = 0; i < n; i++) {
    g_autoptr (ConfabAvatarModel) person = g_list_model_get_item (self->model, i);
    GtkWidget *avatar = g_object_new (ADW_TYPE_AVATAR,
                                      "size",
                                      self->size,
                                      "show-initials",
                                      TRUE,
                                      "accessible-role",
                                      GTK_ACCESSIBLE_ROLE_PRESENTATION,
                                      NULL);

    gtk_widget_add_css_class (avatar, "face");
    g_object_bind_property (person, "name", avatar, "text", G_BINDING_SYNC_CREATE);
    g_object_bind_property (person, "paintable", avatar, "custom-image", G_BINDING_SYNC_CREATE);
    gtk_widget_set_parent (avatar, GTK_WIDGET (self));
  }
}

static void
items_changed_cb (ConfabFacepile *self, guint position)
{
  if (position < self->max)
    rebuild (self);
}

static void
set_model (ConfabFacepile *self, GListModel *model)
{
  if (self->model == model)
    return;
  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  g_set_object (&self->model, model);
  if (model != NULL)
    g_signal_connect_object (
      model, "items-changed", G_CALLBACK (items_changed_cb), self, G_CONNECT_SWAPPED);
  rebuild (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MODEL]);
}

static void
confab_facepile_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabFacepile *self = CONFAB_FACEPILE (object);

  switch ((Property) prop_id) {
  case PROP_MODEL:
    g_value_set_object (value, self->model);
    break;
  case PROP_MAX:
    g_value_set_uint (value, self->max);
    break;
  case PROP_SIZE:
    g_value_set_int (value, self->size);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_facepile_set_property (GObject *object,
                              guint prop_id,
                              const GValue *value,
                              GParamSpec *pspec)
{
  ConfabFacepile *self = CONFAB_FACEPILE (object);

  switch ((Property) prop_id) {
  case PROP_MODEL:
    set_model (self, g_value_get_object (value));
    break;
  case PROP_MAX:
    self->max = g_value_get_uint (value);
    rebuild (self);
    break;
  case PROP_SIZE:
    self->size = g_value_get_int (value);
    rebuild (self);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_facepile_dispose (GObject *object)
{
  ConfabFacepile *self = CONFAB_FACEPILE (object);

  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  g_clear_object (&self->model);
  clear (self);

  G_OBJECT_CLASS (confab_facepile_parent_class)->dispose (object);
}

static void
confab_facepile_class_init (ConfabFacepileClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_facepile_get_property;
  object_class->set_property = confab_facepile_set_property;
  object_class->dispose = confab_facepile_dispose;
  properties[PROP_MODEL] = g_param_spec_object (
    "model", NULL, NULL, G_TYPE_LIST_MODEL, flags | G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_MAX] = g_param_spec_uint ("max", NULL, NULL, 1, 50, 3, flags);
  properties[PROP_SIZE] = g_param_spec_int ("size", NULL, NULL, 8, 200, 20, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "facepile");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
confab_facepile_init (ConfabFacepile *self)
{
  self->max = 3;
  self->size = 20;
}
