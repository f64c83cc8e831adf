/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-rooms-page.h"

#include "confab-patient-spinner.h"
#include "confab-room-row.h"

#include <glib/gi18n.h>

struct _ConfabRoomsPage {
  AdwNavigationPage parent_instance;

  ConfabSessionViewModel *model;
  gboolean collapsed;
  gboolean following; /* the selection is being moved by us */
  GtkSearchBar *search_bar;
  GtkSearchEntry *search_entry;
  GtkScrolledWindow *scroller;
  GtkListView *list;
  GtkSingleSelection *selection;
  gboolean at_top; /* the person has not scrolled away from it */
  double value;    /* what the list was last scrolled to, px */
  guint top_tick;
};

G_DEFINE_FINAL_TYPE (ConfabRoomsPage, confab_rooms_page, ADW_TYPE_NAVIGATION_PAGE)

typedef enum {
  PROP_MODEL = 1,
} Property;
static GParamSpec *properties[PROP_MODEL + 1];

enum {
  SIGNAL_ROOM_ACTIVATED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

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
state_name (gpointer object, guint state)
{
  switch ((ConfabRoomListState) state) {
  case CONFAB_ROOM_LIST_LOADING:
    return g_strdup ("loading");
  case CONFAB_ROOM_LIST_EMPTY:
    return g_strdup ("empty");
  case CONFAB_ROOM_LIST_NO_HIT:
    return g_strdup ("no-hit");
  case CONFAB_ROOM_LIST_ROOMS:
  default:
    return g_strdup ("rooms");
  }
}

static gboolean
is_set (gpointer object, GObject *value)
{
  return value != NULL;
}

static char *
microphone_icon (gpointer object, gboolean muted)
{
  return g_strdup (muted ? "microphone-disabled-symbolic" : "audio-input-microphone-symbolic");
}

static char *
microphone_tip (gpointer object, gboolean muted)
{
  return g_strdup (muted ? _ ("Turn Microphone On (Ctrl+D)") : _ ("Turn Microphone Off (Ctrl+D)"));
}

static ConfabRoomViewModel *
selected_room (ConfabRoomsPage *self)
{
  return gtk_single_selection_get_selected_item (self->selection);
}

static void
selected_cb (ConfabRoomsPage *self)
{
  ConfabRoomViewModel *room = selected_room (self);

  /* Alone, hovering selects; there a room opens when it is activated. */
  if (!self->following && !self->collapsed && self->model != NULL && room != NULL)
    confab_session_view_model_open_room (self->model, confab_room_view_model_get_id (room));
}

static void
activated_cb (ConfabRoomsPage *self, guint position)
{
  g_autoptr (ConfabRoomViewModel) room = g_list_model_get_item (G_LIST_MODEL (self->selection), position);

  if (room != NULL &&
      confab_session_view_model_open_room (self->model, confab_room_view_model_get_id (room)))
    g_signal_emit (self, signals[SIGNAL_ROOM_ACTIVATED], 0);
}

/* The list follows the room that is open, also when somebody else opened it. */
static void
room_cb (ConfabRoomsPage *self)
{
  ConfabRoomViewModel *room = confab_session_view_model_get_room (self->model);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->selection));
  guint position = GTK_INVALID_LIST_POSITION;

  for (guint i = 0; room != NULL && i < n && position == GTK_INVALID_LIST_POSITION; i++) {
    g_autoptr (ConfabRoomViewModel) item = g_list_model_get_item (G_LIST_MODEL (self->selection), i);

    if (item == room)
      position = i;
  }
  self->following = TRUE;
  gtk_single_selection_set_selected (self->selection, position);
  self->following = FALSE;
}

static gboolean
go_to_top_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  ConfabRoomsPage *self = CONFAB_ROOMS_PAGE (widget);

  self->top_tick = 0;
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->scroller), 0);
  return G_SOURCE_REMOVE;
}

static void
go_to_top (ConfabRoomsPage *self)
{
  if (self->top_tick == 0)
    self->top_tick = gtk_widget_add_tick_callback (GTK_WIDGET (self), go_to_top_cb, NULL, NULL);
}

static gboolean
is_first_focused (ConfabRoomsPage *self)
{
  GtkWidget *item = gtk_widget_get_focus_child (GTK_WIDGET (self->list));
  GtkWidget *row = item != NULL ? gtk_widget_get_first_child (item) : NULL;
  g_autoptr (ConfabRoomViewModel) first = g_list_model_get_item (G_LIST_MODEL (self->selection), 0);

  return CONFAB_IS_ROOM_ROW (row) && confab_room_row_get_model (CONFAB_ROOM_ROW (row)) == first;
}

/*
 * GtkListView (4.18) keeps a row in its place, not a header: whenever it gets another size, and when the first row gets
 * the focus, the header of the first section is scrolled away. Who is at the top stays there.
 */
static void
resized_cb (ConfabRoomsPage *self, GtkAdjustment *adjustment)
{
  self->value = gtk_adjustment_get_value (adjustment);
  if (self->at_top && self->value > 0)
    go_to_top (self);
}

static void
scrolled_cb (ConfabRoomsPage *self, GtkAdjustment *adjustment)
{
  double value = gtk_adjustment_get_value (adjustment);

  if (value == self->value)
    return; /* it came with the new size */
  self->value = value;
  self->at_top = value <= 0 || is_first_focused (self);
  if (self->at_top && value > 0)
    go_to_top (self);
}

static void
search_changed_cb (ConfabRoomsPage *self)
{
  if (self->model != NULL)
    confab_room_list_view_model_set_search_text (
      confab_session_view_model_get_room_list (self->model),
      gtk_editable_get_text (GTK_EDITABLE (self->search_entry)));
}

static gboolean
is_searching (ConfabRoomsPage *self)
{
  return gtk_search_bar_get_search_mode (self->search_bar) &&
         *gtk_editable_get_text (GTK_EDITABLE (self->search_entry)) != '\0';
}

/* GtkSearchEntry has it for itself; whoever has gone on into the list wants it, too. */
static gboolean
stop_search_cb (GtkWidget *widget, GVariant *args, gpointer data)
{
  ConfabRoomsPage *self = CONFAB_ROOMS_PAGE (widget);

  if (!gtk_search_bar_get_search_mode (self->search_bar))
    return GDK_EVENT_PROPAGATE;
  gtk_search_bar_set_search_mode (self->search_bar, FALSE);
  return GDK_EVENT_STOP;
}

static void
search_activated_cb (ConfabRoomsPage *self)
{
  if (g_list_model_get_n_items (G_LIST_MODEL (self->selection)) > 0)
    activated_cb (self, 0);
}

static void
search_next_cb (ConfabRoomsPage *self)
{
  gtk_widget_child_focus (GTK_WIDGET (self->list), GTK_DIR_DOWN);
}

/* What Return would open: the row that has the focus, the first hit while one types, else the room that is open. */
static ConfabRoomViewModel *
dup_meant_room (ConfabRoomsPage *self)
{
  GtkWidget *item = gtk_widget_get_focus_child (GTK_WIDGET (self->list));
  GtkWidget *row = item != NULL ? gtk_widget_get_first_child (item) : NULL;
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (self)));
  ConfabRoomViewModel *selected = selected_room (self);

  if (CONFAB_IS_ROOM_ROW (row) && focus != NULL &&
      gtk_widget_is_ancestor (focus, GTK_WIDGET (self->list)))
    return g_object_ref (confab_room_row_get_model (CONFAB_ROOM_ROW (row)));
  if (is_searching (self))
    return g_list_model_get_item (G_LIST_MODEL (self->selection), 0);
  return selected != NULL ? g_object_ref (selected) : NULL;
}

static gboolean
join_shortcut_cb (GtkWidget *widget, GVariant *args, gpointer data)
{
  ConfabRoomsPage *self = CONFAB_ROOMS_PAGE (widget);
  g_autoptr (ConfabRoomViewModel) room = dup_meant_room (self);

  if (room == NULL)
    return GDK_EVENT_PROPAGATE;
  gtk_widget_activate_action (widget,
                              "win.prepare-call",
                              "s",
                              confab_room_view_model_get_id (room));
  return GDK_EVENT_STOP;
}

/* AdwBanner has no button without words. */
static char *
banner_button (gpointer instance, gboolean can_retry)
{
  return g_strdup (can_retry ? _ ("Try Again") : "");
}

static void
banner_clicked (ConfabRoomsPage *self)
{
  confab_session_view_model_try_now (self->model);
}

static void
set_collapsed (ConfabRoomsPage *self, gboolean collapsed)
{
  self->collapsed = collapsed;
  gtk_list_view_set_single_click_activate (self->list, collapsed);
}

static void
confab_rooms_page_set_model (ConfabRoomsPage *self, ConfabSessionViewModel *model)
{
  if (self->model == model)
    return;
  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  g_set_object (&self->model, model);
  if (model != NULL)
    g_signal_connect_object (model, "notify::room", G_CALLBACK (room_cb), self, G_CONNECT_SWAPPED);
  self->following = TRUE;
  gtk_single_selection_set_model (self->selection,
                                  model != NULL ? confab_room_list_view_model_get_rooms (
                                                    confab_session_view_model_get_room_list (model))
                                                : NULL);
  self->following = FALSE;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MODEL]);
}

static void
confab_rooms_page_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  if (prop_id == PROP_MODEL)
    g_value_set_object (value, CONFAB_ROOMS_PAGE (object)->model);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
confab_rooms_page_set_property (GObject *object,
                                guint prop_id,
                                const GValue *value,
                                GParamSpec *pspec)
{
  if (prop_id == PROP_MODEL)
    confab_rooms_page_set_model (CONFAB_ROOMS_PAGE (object), g_value_get_object (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
confab_rooms_page_dispose (GObject *object)
{
  ConfabRoomsPage *self = CONFAB_ROOMS_PAGE (object);

  confab_rooms_page_set_model (self, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), CONFAB_TYPE_ROOMS_PAGE);

  G_OBJECT_CLASS (confab_rooms_page_parent_class)->dispose (object);
}

static void
confab_rooms_page_class_init (ConfabRoomsPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (CONFAB_TYPE_AVATAR_MODEL);
  g_type_ensure (CONFAB_TYPE_ROOM_ROW);
  g_type_ensure (CONFAB_TYPE_PATIENT_SPINNER);
  g_type_ensure (CONFAB_TYPE_ROOM_LIST_VIEW_MODEL);
  g_type_ensure (CONFAB_TYPE_CALL_VIEW_MODEL);
  g_type_ensure (CONFAB_TYPE_ROOM_VIEW_MODEL);
  object_class->get_property = confab_rooms_page_get_property;
  object_class->set_property = confab_rooms_page_set_property;
  object_class->dispose = confab_rooms_page_dispose;
  properties[PROP_MODEL] = g_param_spec_object ("model",
                                                NULL,
                                                NULL,
                                                CONFAB_TYPE_SESSION_VIEW_MODEL,
                                                G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                                                  G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  signals[SIGNAL_ROOM_ACTIVATED] = g_signal_new ("room-activated",
                                                 G_TYPE_FROM_CLASS (klass),
                                                 G_SIGNAL_RUN_LAST,
                                                 0,
                                                 NULL,
                                                 NULL,
                                                 NULL,
                                                 G_TYPE_NONE,
                                                 0);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/app/confab/Confab/ui/confab-rooms-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ConfabRoomsPage, search_bar);
  gtk_widget_class_bind_template_child (widget_class, ConfabRoomsPage, search_entry);
  gtk_widget_class_bind_template_child (widget_class, ConfabRoomsPage, scroller);
  gtk_widget_class_bind_template_child (widget_class, ConfabRoomsPage, list);
  gtk_widget_class_bind_template_child (widget_class, ConfabRoomsPage, selection);
  gtk_widget_class_bind_template_callback (widget_class, not);
  gtk_widget_class_bind_template_callback (widget_class, is_text);
  gtk_widget_class_bind_template_callback (widget_class, is_set);
  gtk_widget_class_bind_template_callback (widget_class, state_name);
  gtk_widget_class_bind_template_callback (widget_class, microphone_icon);
  gtk_widget_class_bind_template_callback (widget_class, microphone_tip);
  gtk_widget_class_bind_template_callback (widget_class, activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, search_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, search_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, search_next_cb);
  gtk_widget_class_bind_template_callback (widget_class, banner_button);
  gtk_widget_class_bind_template_callback (widget_class, banner_clicked);
  gtk_widget_class_bind_template_callback (widget_class, selected_cb);
  gtk_widget_class_add_binding (
    widget_class, GDK_KEY_Return, GDK_CONTROL_MASK, join_shortcut_cb, NULL);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Escape, 0, stop_search_cb, NULL);
}

static void
confab_rooms_page_init (ConfabRoomsPage *self)
{
  GtkAdjustment *adjustment = NULL;

  gtk_widget_init_template (GTK_WIDGET (self));
  self->at_top = TRUE;
  adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);
  g_signal_connect_object (adjustment, "changed", G_CALLBACK (resized_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    adjustment, "value-changed", G_CALLBACK (scrolled_cb), self, G_CONNECT_SWAPPED);
  gtk_search_bar_connect_entry (self->search_bar, GTK_EDITABLE (self->search_entry));
}

void
confab_rooms_page_set_collapsed (ConfabRoomsPage *self, gboolean collapsed)
{
  g_return_if_fail (CONFAB_IS_ROOMS_PAGE (self));

  set_collapsed (self, collapsed);
}

/**
 * confab_rooms_page_search:
 * @self: the rooms
 *
 * Opens the search and puts the focus there.
 */
void
confab_rooms_page_search (ConfabRoomsPage *self)
{
  g_return_if_fail (CONFAB_IS_ROOMS_PAGE (self));

  gtk_search_bar_set_search_mode (self->search_bar, TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->search_entry));
  gtk_editable_select_region (GTK_EDITABLE (self->search_entry), 0, -1);
}
