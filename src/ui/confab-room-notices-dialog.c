/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-room-notices-dialog.h"

#include "confab-room-notice-row.h"

#define WIDTH 480

struct _ConfabRoomNoticesDialog {
  AdwDialog parent_instance;

  ConfabRoomNotices *notices;
  GtkListBox *list;
};

G_DEFINE_FINAL_TYPE (ConfabRoomNoticesDialog, confab_room_notices_dialog, ADW_TYPE_DIALOG)

static GtkWidget *
create_row (gpointer item, gpointer data)
{
  return confab_room_notice_row_new (item);
}

/* The focus goes to the one that takes the place. */
static void
close_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ConfabRoomNoticesDialog *self = CONFAB_ROOM_NOTICES_DIALOG (widget);
  GListModel *list = confab_room_notices_get_list (self->notices);
  guint position = (guint) g_variant_get_int32 (parameter);
  g_autoptr (ConfabRoomNotice) notice = g_list_model_get_item (list, position);
  guint n_left = g_list_model_get_n_items (list) - 1;

  if (notice == NULL)
    return;
  confab_room_notices_close (self->notices, notice);
  /* With the last one the dialog is gone. */
  if (n_left > 0)
    gtk_widget_grab_focus (
      GTK_WIDGET (gtk_list_box_get_row_at_index (self->list, (int) MIN (position, n_left - 1))));
}

static void
changed_cb (ConfabRoomNoticesDialog *self)
{
  if (self->notices == NULL)
    return;
  /* Whoever has it open sees what comes. */
  confab_room_notices_see (self->notices);
  if (g_list_model_get_n_items (confab_room_notices_get_list (self->notices)) == 0)
    adw_dialog_close (ADW_DIALOG (self));
}

/* A sheet (libadwaita 1.7) is as high as what is in it would be at this width, also where it is narrower. */
static void
confab_room_notices_dialog_map (GtkWidget *widget)
{
  GtkWidget *window = GTK_WIDGET (gtk_widget_get_root (widget));

  adw_dialog_set_content_width (ADW_DIALOG (widget), MIN (WIDTH, gtk_widget_get_width (window)));
  GTK_WIDGET_CLASS (confab_room_notices_dialog_parent_class)->map (widget);
}

static void
confab_room_notices_dialog_dispose (GObject *object)
{
  ConfabRoomNoticesDialog *self = CONFAB_ROOM_NOTICES_DIALOG (object);

  if (self->notices != NULL)
    g_signal_handlers_disconnect_by_data (self->notices, self);
  gtk_widget_dispose_template (GTK_WIDGET (self), CONFAB_TYPE_ROOM_NOTICES_DIALOG);
  g_clear_object (&self->notices);

  G_OBJECT_CLASS (confab_room_notices_dialog_parent_class)->dispose (object);
}

static void
confab_room_notices_dialog_class_init (ConfabRoomNoticesDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = confab_room_notices_dialog_dispose;
  widget_class->map = confab_room_notices_dialog_map;
  gtk_widget_class_set_template_from_resource (
    widget_class, "/app/confab/Confab/ui/confab-room-notices-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, ConfabRoomNoticesDialog, list);
  gtk_widget_class_install_action (widget_class, "notices.close", "i", close_action);
}

static void
confab_room_notices_dialog_init (ConfabRoomNoticesDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

AdwDialog *
confab_room_notices_dialog_new (ConfabRoomNotices *notices)
{
  ConfabRoomNoticesDialog *self = g_object_new (CONFAB_TYPE_ROOM_NOTICES_DIALOG, NULL);

  self->notices = g_object_ref (notices);
  gtk_list_box_bind_model (
    self->list, confab_room_notices_get_list (notices), create_row, NULL, NULL);
  g_signal_connect_object (confab_room_notices_get_list (notices),
                           "items-changed",
                           G_CALLBACK (changed_cb),
                           self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (
    notices, "notify::unseen", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  changed_cb (self);
  /* Of a list that is told to take the focus, it may be the last. */
  adw_dialog_set_focus (ADW_DIALOG (self),
                        GTK_WIDGET (gtk_list_box_get_row_at_index (self->list, 0)));
  return ADW_DIALOG (self);
}
