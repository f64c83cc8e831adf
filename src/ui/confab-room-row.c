/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-room-row.h"

#include "confab-facepile.h"

#include <glib/gi18n.h>

struct _ConfabRoomRow {
  AdwBin parent_instance;

  ConfabRoomViewModel *model;
  GtkLabel *name;
  GtkButton *join;
};

G_DEFINE_FINAL_TYPE (ConfabRoomRow, confab_room_row, ADW_TYPE_BIN)

typedef enum {
  PROP_MODEL = 1,
} Property;
static GParamSpec *properties[PROP_MODEL + 1];

static gboolean not(gpointer object, gboolean value)
{
  return !value;
}

static char *
join_label (gpointer object, gboolean in_call)
{
  return g_strdup (in_call ? _ ("Return") : _ ("Join"));
}

static void
join_clicked (ConfabRoomRow *self)
{
  if (self->model != NULL)
    gtk_widget_activate_action (GTK_WIDGET (self),
                                "win.prepare-call",
                                "s",
                                confab_room_view_model_get_id (self->model));
}

static void
has_call_cb (ConfabRoomRow *self)
{
  if (confab_room_view_model_get_has_call (self->model))
    gtk_widget_add_css_class (GTK_WIDGET (self->name), "heading");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->name), "heading");
}

/* “Join the call in Field Survey”: one “Join” after the other says nothing to who cannot see the row. */
static void
join_label_cb (ConfabRoomRow *self)
{
  g_autofree char *label = NULL;

  g_object_get (self->model, "join-label", &label, NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->join),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  label,
                                  -1);
}

static void
confab_room_row_map (GtkWidget *widget)
{
  ConfabRoomRow *self = CONFAB_ROOM_ROW (widget);

  GTK_WIDGET_CLASS (confab_room_row_parent_class)->map (widget);
  if (self->model != NULL)
    confab_room_view_model_show (self->model);
}

static void
confab_room_row_unmap (GtkWidget *widget)
{
  ConfabRoomRow *self = CONFAB_ROOM_ROW (widget);

  if (self->model != NULL)
    confab_room_view_model_hide (self->model);
  GTK_WIDGET_CLASS (confab_room_row_parent_class)->unmap (widget);
}

static void
confab_room_row_set_model (ConfabRoomRow *self, ConfabRoomViewModel *model)
{
  if (self->model == model)
    return;
  if (self->model != NULL) {
    g_signal_handlers_disconnect_by_data (self->model, self);
    if (gtk_widget_get_mapped (GTK_WIDGET (self)))
      confab_room_view_model_hide (self->model);
  }
  g_set_object (&self->model, model);
  if (model != NULL) {
    g_signal_connect_object (
      model, "notify::has-call", G_CALLBACK (has_call_cb), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (
      model, "notify::join-label", G_CALLBACK (join_label_cb), self, G_CONNECT_SWAPPED);
    has_call_cb (self);
    join_label_cb (self);
    if (gtk_widget_get_mapped (GTK_WIDGET (self)))
      confab_room_view_model_show (model);
  }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MODEL]);
}

static void
confab_room_row_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  if (prop_id == PROP_MODEL)
    g_value_set_object (value, CONFAB_ROOM_ROW (object)->model);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
confab_room_row_set_property (GObject *object,
                              guint prop_id,
                              const GValue *value,
                              GParamSpec *pspec)
{
  if (prop_id == PROP_MODEL)
    confab_room_row_set_model (CONFAB_ROOM_ROW (object), g_value_get_object (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
confab_room_row_dispose (GObject *object)
{
  ConfabRoomRow *self = CONFAB_ROOM_ROW (object);

  confab_room_row_set_model (self, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), CONFAB_TYPE_ROOM_ROW);

  G_OBJECT_CLASS (confab_room_row_parent_class)->dispose (object);
}

static void
confab_room_row_class_init (ConfabRoomRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (CONFAB_TYPE_FACEPILE);
  g_type_ensure (CONFAB_TYPE_AVATAR_MODEL);
  object_class->get_property = confab_room_row_get_property;
  object_class->set_property = confab_room_row_set_property;
  object_class->dispose = confab_room_row_dispose;
  properties[PROP_MODEL] = g_param_spec_object ("model",
                                                NULL,
                                                NULL,
                                                CONFAB_TYPE_ROOM_VIEW_MODEL,
                                                G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                                                  G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/app/confab/Confab/ui/confab-room-row.ui");
  gtk_widget_class_bind_template_child (widget_class, ConfabRoomRow, name);
  gtk_widget_class_bind_template_child (widget_class, ConfabRoomRow, join);
  gtk_widget_class_bind_template_callback (widget_class, not);
  gtk_widget_class_bind_template_callback (widget_class, join_label);
  gtk_widget_class_bind_template_callback (widget_class, join_clicked);
  widget_class->map = confab_room_row_map;
  widget_class->unmap = confab_room_row_unmap;
}

static void
confab_room_row_init (ConfabRoomRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

ConfabRoomViewModel *
confab_room_row_get_model (ConfabRoomRow *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_ROW (self), NULL);

  return self->model;
}
