/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-room-notice-row.h"

struct _ConfabRoomNoticeRow {
  GtkListBoxRow parent_instance;

  ConfabRoomNotice *model;
  GtkWidget *close;
};

G_DEFINE_FINAL_TYPE (ConfabRoomNoticeRow, confab_room_notice_row, GTK_TYPE_LIST_BOX_ROW)

typedef enum {
  PROP_MODEL = 1,
} Property;
static GParamSpec *properties[PROP_MODEL + 1];

static void
close_clicked (ConfabRoomNoticeRow *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self),
                              "notices.close",
                              "i",
                              gtk_list_box_row_get_index (GTK_LIST_BOX_ROW (self)));
}

/* The row is read as one: who does what, and what that means. One “Close” after the other says nothing. */
static void
update_words (ConfabRoomNoticeRow *self)
{
  g_autofree char *close_label = NULL;
  g_autofree char *times = NULL;
  g_autofree char *all = NULL;

  if (self->model == NULL)
    return;
  g_object_get (self->model, "close-label", &close_label, "times", &times, NULL);
  all = g_strconcat (confab_room_notice_get_text (self->model), " ", times, NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->close),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  close_label,
                                  -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  confab_room_notice_get_title (self->model),
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  all,
                                  -1);
}

static void
confab_room_notice_row_get_property (GObject *object,
                                     guint prop_id,
                                     GValue *value,
                                     GParamSpec *pspec)
{
  if (prop_id == PROP_MODEL)
    g_value_set_object (value, CONFAB_ROOM_NOTICE_ROW (object)->model);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
confab_room_notice_row_dispose (GObject *object)
{
  ConfabRoomNoticeRow *self = CONFAB_ROOM_NOTICE_ROW (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), CONFAB_TYPE_ROOM_NOTICE_ROW);
  g_clear_object (&self->model);

  G_OBJECT_CLASS (confab_room_notice_row_parent_class)->dispose (object);
}

static void
confab_room_notice_row_class_init (ConfabRoomNoticeRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (CONFAB_TYPE_AVATAR_MODEL);
  object_class->get_property = confab_room_notice_row_get_property;
  object_class->dispose = confab_room_notice_row_dispose;
  properties[PROP_MODEL] = g_param_spec_object ("model",
                                                NULL,
                                                NULL,
                                                CONFAB_TYPE_ROOM_NOTICE,
                                                G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY |
                                                  G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/app/confab/Confab/ui/confab-room-notice-row.ui");
  gtk_widget_class_bind_template_child (widget_class, ConfabRoomNoticeRow, close);
  gtk_widget_class_bind_template_callback (widget_class, close_clicked);
}

static void
confab_room_notice_row_init (ConfabRoomNoticeRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
confab_room_notice_row_new (ConfabRoomNotice *model)
{
  ConfabRoomNoticeRow *self = g_object_new (CONFAB_TYPE_ROOM_NOTICE_ROW, NULL);

  self->model = g_object_ref (model);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MODEL]);
  g_signal_connect_object (
    model, "notify::close-label", G_CALLBACK (update_words), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    model, "notify::text", G_CALLBACK (update_words), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    model, "notify::times", G_CALLBACK (update_words), self, G_CONNECT_SWAPPED);
  update_words (self);
  return GTK_WIDGET (self);
}
