/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-room-page.h"

#include "confab-facepile.h"
#include "confab-focus-keeper.h"
#include "confab-room-notices-dialog.h"

#include <glib/gi18n.h>

struct _ConfabRoomPage {
  AdwNavigationPage parent_instance;

  ConfabRoomViewModel *model;
  ConfabRoomNotices *notices;
  GSignalGroup *notices_signals;
  gboolean has_rooms;
  AdwHeaderBar *header;
  GtkScrolledWindow *scroller;
  AdwPreferencesRow *notices_row;
};

G_DEFINE_FINAL_TYPE (ConfabRoomPage, confab_room_page, ADW_TYPE_NAVIGATION_PAGE)

typedef enum {
  PROP_MODEL = 1,
  PROP_HAS_ROOMS,
  PROP_NOTICES,
} Property;
static GParamSpec *properties[PROP_NOTICES + 1];

static gboolean not(gpointer object, gboolean value)
{
  return !value;
}

static gboolean
is_text (gpointer object, const char *text)
{
  return text != NULL && *text != '\0';
}

static char *
page_name (gpointer object, gpointer model, gboolean has_rooms)
{
  if (model != NULL)
    return g_strdup ("room");
  return g_strdup (has_rooms ? "empty" : "none");
}

static const char *
title_of (const char *name)
{
  return name != NULL && *name != '\0' ? name : _ ("Room");
}

static char *
page_title (gpointer object, const char *name)
{
  return g_strdup (title_of (name));
}

static gboolean
is_start (gpointer object, gpointer model, guint action)
{
  return model != NULL && action == CONFAB_ROOM_ACTION_START;
}

static gboolean
is_join (gpointer object, guint action)
{
  return action != CONFAB_ROOM_ACTION_START;
}

static char *
join_label (gpointer object, guint action)
{
  return g_strdup (action == CONFAB_ROOM_ACTION_RETURN ? _ ("Return to the Call")
                                                       : _ ("Join Call"));
}

static char *
lock_icon (gpointer object, gboolean encrypted)
{
  return g_strdup (encrypted ? "channel-secure-symbolic" : "channel-insecure-symbolic");
}

static GStrv
lock_classes (gpointer object, gboolean encrypted)
{
  const char *const none[] = { NULL };
  const char *const warning[] = { "warning", NULL };

  return g_strdupv ((GStrv) (encrypted ? none : warning));
}

static void
prepare (ConfabRoomPage *self, const char *how)
{
  if (self->model != NULL)
    gtk_widget_activate_action (GTK_WIDGET (self),
                                "win.prepare-start",
                                "(ss)",
                                confab_room_view_model_get_id (self->model),
                                how);
}

static void
start_clicked (ConfabRoomPage *self)
{
  prepare (self, "");
}

static void
start_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  prepare (CONFAB_ROOM_PAGE (widget), g_variant_get_string (parameter, NULL));
}

static void
notices_activated (ConfabRoomPage *self)
{
  if (self->notices != NULL)
    adw_dialog_present (confab_room_notices_dialog_new (self->notices), GTK_WIDGET (self));
}

static void
update_notices (ConfabRoomPage *self)
{
  const char *title = self->notices != NULL ? confab_room_notices_get_title (self->notices) : "";

  if (self->notices_row == NULL)
    return;
  gtk_widget_set_visible (GTK_WIDGET (self->notices_row), *title != '\0');
  if (*title != '\0')
    adw_preferences_row_set_title (self->notices_row, title);
}

/* In a call of the room, the call says it. */
static void
notices_announce_cb (ConfabRoomPage *self, const char *text)
{
  gboolean in_call = FALSE;

  if (self->model != NULL)
    g_object_get (self->model, "in-call", &in_call, NULL);
  if (!in_call && gtk_widget_get_mapped (GTK_WIDGET (self)))
    gtk_accessible_announce (GTK_ACCESSIBLE (gtk_widget_get_root (GTK_WIDGET (self))),
                             text,
                             GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

static void
confab_room_page_set_notices (ConfabRoomPage *self, ConfabRoomNotices *notices)
{
  if (!g_set_object (&self->notices, notices))
    return;
  g_signal_group_set_target (self->notices_signals, notices);
  update_notices (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NOTICES]);
}

static void
confab_room_page_map (GtkWidget *widget)
{
  ConfabRoomPage *self = CONFAB_ROOM_PAGE (widget);

  GTK_WIDGET_CLASS (confab_room_page_parent_class)->map (widget);
  if (self->model != NULL)
    confab_room_view_model_show (self->model);
}

static void
confab_room_page_unmap (GtkWidget *widget)
{
  ConfabRoomPage *self = CONFAB_ROOM_PAGE (widget);

  if (self->model != NULL)
    confab_room_view_model_hide (self->model);
  GTK_WIDGET_CLASS (confab_room_page_parent_class)->unmap (widget);
}

static void
scrolled_cb (ConfabRoomPage *self, GParamSpec *pspec, GtkAdjustment *adjustment)
{
  /* The name is large on the page; the header says it once that has scrolled away. */
  adw_header_bar_set_show_title (self->header, gtk_adjustment_get_value (adjustment) > 120);
}

static void
confab_room_page_set_model (ConfabRoomPage *self, ConfabRoomViewModel *model)
{
  if (self->model == model)
    return;
  if (self->model != NULL && gtk_widget_get_mapped (GTK_WIDGET (self)))
    confab_room_view_model_hide (self->model);
  g_set_object (&self->model, model);
  if (self->scroller != NULL)
    gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->scroller), 0);
  if (model != NULL && gtk_widget_get_mapped (GTK_WIDGET (self)))
    confab_room_view_model_show (model);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MODEL]);
  /* Without a model the template's binding cannot be evaluated, and leaves what was there. */
  if (model == NULL)
    adw_navigation_page_set_title (ADW_NAVIGATION_PAGE (self), title_of (NULL));
}

static void
confab_room_page_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabRoomPage *self = CONFAB_ROOM_PAGE (object);

  switch ((Property) prop_id) {
  case PROP_MODEL:
    g_value_set_object (value, self->model);
    break;
  case PROP_HAS_ROOMS:
    g_value_set_boolean (value, self->has_rooms);
    break;
  case PROP_NOTICES:
    g_value_set_object (value, self->notices);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_room_page_set_property (GObject *object,
                               guint prop_id,
                               const GValue *value,
                               GParamSpec *pspec)
{
  ConfabRoomPage *self = CONFAB_ROOM_PAGE (object);

  switch ((Property) prop_id) {
  case PROP_MODEL:
    confab_room_page_set_model (self, g_value_get_object (value));
    break;
  case PROP_HAS_ROOMS:
    if (self->has_rooms != g_value_get_boolean (value)) {
      self->has_rooms = !self->has_rooms;
      g_object_notify_by_pspec (object, pspec);
    }
    break;
  case PROP_NOTICES:
    confab_room_page_set_notices (self, g_value_get_object (value));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_room_page_dispose (GObject *object)
{
  ConfabRoomPage *self = CONFAB_ROOM_PAGE (object);

  confab_room_page_set_model (self, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), CONFAB_TYPE_ROOM_PAGE);
  g_clear_object (&self->notices_signals);
  g_clear_object (&self->notices);

  G_OBJECT_CLASS (confab_room_page_parent_class)->dispose (object);
}

static void
confab_room_page_class_init (ConfabRoomPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  g_type_ensure (CONFAB_TYPE_FACEPILE);
  g_type_ensure (CONFAB_TYPE_AVATAR_MODEL);
  object_class->get_property = confab_room_page_get_property;
  object_class->set_property = confab_room_page_set_property;
  object_class->dispose = confab_room_page_dispose;
  properties[PROP_MODEL] = g_param_spec_object (
    "model", NULL, NULL, CONFAB_TYPE_ROOM_VIEW_MODEL, flags);
  properties[PROP_HAS_ROOMS] = g_param_spec_boolean ("has-rooms", NULL, NULL, FALSE, flags);
  properties[PROP_NOTICES] = g_param_spec_object (
    "notices", NULL, NULL, CONFAB_TYPE_ROOM_NOTICES, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/app/confab/Confab/ui/confab-room-page.ui");
  gtk_widget_class_bind_template_callback (widget_class, not);
  gtk_widget_class_bind_template_callback (widget_class, is_text);
  gtk_widget_class_bind_template_callback (widget_class, page_name);
  gtk_widget_class_bind_template_callback (widget_class, page_title);
  gtk_widget_class_bind_template_callback (widget_class, is_start);
  gtk_widget_class_bind_template_callback (widget_class, is_join);
  gtk_widget_class_bind_template_callback (widget_class, join_label);
  gtk_widget_class_bind_template_callback (widget_class, lock_icon);
  gtk_widget_class_bind_template_callback (widget_class, lock_classes);
  gtk_widget_class_bind_template_callback (widget_class, start_clicked);
  gtk_widget_class_bind_template_callback (widget_class, notices_activated);
  gtk_widget_class_bind_template_child (widget_class, ConfabRoomPage, header);
  gtk_widget_class_bind_template_child (widget_class, ConfabRoomPage, notices_row);
  gtk_widget_class_bind_template_child (widget_class, ConfabRoomPage, scroller);
  gtk_widget_class_install_action (widget_class, "room.start", "s", start_action);
  widget_class->map = confab_room_page_map;
  widget_class->unmap = confab_room_page_unmap;
}

static void
confab_room_page_init (ConfabRoomPage *self)
{
  self->notices_signals = g_signal_group_new (CONFAB_TYPE_ROOM_NOTICES);
  g_signal_group_connect_swapped (self->notices_signals,
                                  "notify::title",
                                  G_CALLBACK (update_notices),
                                  self);
  g_signal_group_connect_swapped (self->notices_signals,
                                  "announce",
                                  G_CALLBACK (notices_announce_cb),
                                  self);
  gtk_widget_init_template (GTK_WIDGET (self));
  confab_focus_keeper_attach (
    ADW_BREAKPOINT_BIN (adw_navigation_page_get_child (ADW_NAVIGATION_PAGE (self))));
  adw_navigation_page_set_title (ADW_NAVIGATION_PAGE (self), title_of (NULL));
  g_signal_connect_object (gtk_scrolled_window_get_vadjustment (self->scroller),
                           "notify::value",
                           G_CALLBACK (scrolled_cb),
                           self,
                           G_CONNECT_SWAPPED);
}
