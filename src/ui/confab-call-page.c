/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-call-page.h"

#include "confab-call-bar.h"
#include "confab-focus-keeper.h"
#include "confab-grid.h"
#include "confab-room-notices-dialog.h"

#include <glib/gi18n.h>

#define HIDE_BARS_S 3

struct _ConfabCallPage {
  AdwNavigationPage parent_instance;

  ConfabCallViewModel *model;
  GSignalGroup *signals;
  GtkWindow *window; /* while rooted */
  guint hide_timeout;
  double pointer_x;
  double pointer_y;

  AdwToolbarView *toolbar_view;
  GtkWidget *header;
  GtkWidget *fullscreen_button;
  AdwBanner *banner;
  GtkWidget *stage;
  GtkWidget *grid;
  GtkWidget *bar;
};

G_DEFINE_FINAL_TYPE (ConfabCallPage, confab_call_page, ADW_TYPE_NAVIGATION_PAGE)

typedef enum {
  PROP_MODEL = 1,
} Property;
static GParamSpec *properties[PROP_MODEL + 1];

enum {
  SIGNAL_TOAST,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static char *
title (gpointer instance, const char *text)
{
  return g_strdup (text != NULL ? text : _ ("Call"));
}

static char *
subtitle (gpointer instance, const char *wide, const char *narrow, gboolean is_narrow)
{
  return g_strdup (is_narrow ? narrow : wide);
}

/* What stands where the others will be. */
static char *
placeholder_name (gpointer instance, ConfabCallPageState state, gboolean alone)
{
  if (alone)
    return g_strdup ("alone");
  return g_strdup (state == CONFAB_CALL_PAGE_JOINING ? "joining" : "nothing");
}

static void
update_banner (ConfabCallPage *self)
{
  const char *text = self->model != NULL ? confab_call_view_model_get_banner (self->model) : NULL;

  /* The words stay while it goes away. */
  if (text != NULL) {
    adw_banner_set_title (self->banner, text);
    adw_banner_set_button_label (
      self->banner, confab_call_view_model_get_has_details (self->model) ? _ ("Details") : NULL);
  }
  adw_banner_set_revealed (self->banner, text != NULL);
}

static void
banner_clicked (ConfabCallPage *self)
{
  ConfabRoomNotices *notices = self->model != NULL
                                 ? confab_call_view_model_get_notices (self->model)
                                 : NULL;

  if (notices != NULL)
    adw_dialog_present (confab_room_notices_dialog_new (notices), GTK_WIDGET (self));
}

/* From the window: what happens in the call is said too while the list of rooms is seen. */
static void
announce_cb (ConfabCallPage *self, const char *text)
{
  if (self->window != NULL)
    gtk_accessible_announce (GTK_ACCESSIBLE (self->window),
                             text,
                             GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

static gboolean
is_fullscreen (ConfabCallPage *self)
{
  return self->window != NULL && gtk_window_is_fullscreen (self->window);
}

/* Closes full screen, and nothing else: it never leaves the page, still less the call. */
static void
escape_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ConfabCallPage *self = CONFAB_CALL_PAGE (widget);

  if (is_fullscreen (self))
    gtk_window_unfullscreen (self->window);
}

static void
copy_link_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ConfabCallPage *self = CONFAB_CALL_PAGE (widget);
  const char *link = self->model != NULL ? confab_call_view_model_get_link (self->model) : NULL;

  if (link == NULL)
    return;
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), link);
  g_signal_emit (self, signals[SIGNAL_TOAST], 0, _ ("Link copied"));
}

/* Faces look right against dark, and no white frame lights the person's own. */
static void
set_dark (gboolean dark)
{
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      dark ? ADW_COLOR_SCHEME_FORCE_DARK
                                           : ADW_COLOR_SCHEME_DEFAULT);
}

static gboolean
has_focus_in (GtkWidget *widget)
{
  return gtk_widget_get_focus_child (widget) != NULL;
}

static void
reveal_bars (ConfabCallPage *self, gboolean reveal)
{
  adw_toolbar_view_set_reveal_top_bars (self->toolbar_view, reveal);
  adw_toolbar_view_set_reveal_bottom_bars (self->toolbar_view, reveal);
}

static gboolean
hide_cb (gpointer data)
{
  ConfabCallPage *self = CONFAB_CALL_PAGE (data);

  self->hide_timeout = 0;
  if (!has_focus_in (self->header) && !has_focus_in (self->bar))
    reveal_bars (self, FALSE);
  return G_SOURCE_REMOVE;
}

/* Somebody is there: bars are shown, and go again after a while in full screen. */
static void
wake_bars (ConfabCallPage *self)
{
  g_clear_handle_id (&self->hide_timeout, g_source_remove);
  reveal_bars (self, TRUE);
  if (is_fullscreen (self) && gtk_widget_get_mapped (GTK_WIDGET (self)))
    self->hide_timeout = g_timeout_add_seconds (HIDE_BARS_S, hide_cb, self);
}

static void
fullscreened_cb (ConfabCallPage *self)
{
  gboolean fullscreen = is_fullscreen (self);

  adw_toolbar_view_set_extend_content_to_top_edge (self->toolbar_view, fullscreen);
  adw_toolbar_view_set_extend_content_to_bottom_edge (self->toolbar_view, fullscreen);
  if (fullscreen)
    gtk_widget_add_css_class (GTK_WIDGET (self->toolbar_view), "overlaid");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->toolbar_view), "overlaid");
  gtk_button_set_icon_name (GTK_BUTTON (self->fullscreen_button),
                            fullscreen ? "view-restore-symbolic" : "view-fullscreen-symbolic");
  gtk_widget_set_tooltip_text (self->fullscreen_button,
                               fullscreen ? _ ("Leave Full Screen") : _ ("Full Screen"));
  wake_bars (self);
}

static void
motion_cb (ConfabCallPage *self, double x, double y)
{
  /* A widget that moves under a resting pointer is no motion. */
  if (x == self->pointer_x && y == self->pointer_y)
    return;
  self->pointer_x = x;
  self->pointer_y = y;
  if (is_fullscreen (self))
    wake_bars (self);
}

static gboolean
key_pressed_cb (ConfabCallPage *self)
{
  if (is_fullscreen (self))
    wake_bars (self);
  return GDK_EVENT_PROPAGATE;
}

/* On the free part of the stage only: a tile's own double click is another matter. */
static void
stage_pressed_cb (ConfabCallPage *self, int n_press, double x, double y, GtkGesture *gesture)
{
  GtkWidget *under = gtk_widget_pick (self->stage, x, y, GTK_PICK_DEFAULT);

  if (n_press == 2 && (under == self->stage || under == self->grid))
    gtk_widget_activate_action (GTK_WIDGET (self), "win.fullscreen", NULL);
}

/* AdwNavigationView has given the focus to the first button by now. */
static void
confab_call_page_shown (AdwNavigationPage *page)
{
  ADW_NAVIGATION_PAGE_CLASS (confab_call_page_parent_class)->shown (page);
  gtk_widget_grab_focus (CONFAB_CALL_PAGE (page)->grid);
}

static void
confab_call_page_map (GtkWidget *widget)
{
  ConfabCallPage *self = CONFAB_CALL_PAGE (widget);

  GTK_WIDGET_CLASS (confab_call_page_parent_class)->map (widget);
  set_dark (TRUE);
  /* A window that opens with this page would focus its first button. */
  if (self->window != NULL && gtk_window_get_focus (self->window) == NULL)
    gtk_widget_grab_focus (self->grid);
  if (self->model != NULL)
    confab_call_view_model_set_shown (self->model, TRUE);
  wake_bars (self);
}

static void
confab_call_page_unmap (GtkWidget *widget)
{
  ConfabCallPage *self = CONFAB_CALL_PAGE (widget);

  set_dark (FALSE);
  if (self->model != NULL)
    confab_call_view_model_set_shown (self->model, FALSE);
  g_clear_handle_id (&self->hide_timeout, g_source_remove);
  GTK_WIDGET_CLASS (confab_call_page_parent_class)->unmap (widget);
}

static void
confab_call_page_root (GtkWidget *widget)
{
  ConfabCallPage *self = CONFAB_CALL_PAGE (widget);

  GTK_WIDGET_CLASS (confab_call_page_parent_class)->root (widget);
  self->window = GTK_WINDOW (gtk_widget_get_root (widget));
  g_signal_connect_object (
    self->window, "notify::fullscreened", G_CALLBACK (fullscreened_cb), self, G_CONNECT_SWAPPED);
  fullscreened_cb (self);
}

static void
confab_call_page_unroot (GtkWidget *widget)
{
  ConfabCallPage *self = CONFAB_CALL_PAGE (widget);

  g_signal_handlers_disconnect_by_func (self->window, fullscreened_cb, self);
  self->window = NULL;
  GTK_WIDGET_CLASS (confab_call_page_parent_class)->unroot (widget);
}

static void
confab_call_page_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch ((Property) prop_id) {
  case PROP_MODEL:
    g_value_set_object (value, CONFAB_CALL_PAGE (object)->model);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_call_page_set_property (GObject *object,
                               guint prop_id,
                               const GValue *value,
                               GParamSpec *pspec)
{
  switch ((Property) prop_id) {
  case PROP_MODEL:
    confab_call_page_set_model (CONFAB_CALL_PAGE (object), g_value_get_object (value));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_call_page_dispose (GObject *object)
{
  ConfabCallPage *self = CONFAB_CALL_PAGE (object);

  g_clear_handle_id (&self->hide_timeout, g_source_remove);
  gtk_widget_dispose_template (GTK_WIDGET (self), CONFAB_TYPE_CALL_PAGE);
  g_clear_object (&self->signals);
  g_clear_object (&self->model);
  G_OBJECT_CLASS (confab_call_page_parent_class)->dispose (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  g_type_ensure (CONFAB_TYPE_CALL_BAR);
  g_type_ensure (CONFAB_TYPE_CALL_VIEW_MODEL);
  g_type_ensure (CONFAB_TYPE_GRID);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/app/confab/Confab/ui/confab-call-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ConfabCallPage, toolbar_view);
  gtk_widget_class_bind_template_child (widget_class, ConfabCallPage, header);
  gtk_widget_class_bind_template_child (widget_class, ConfabCallPage, fullscreen_button);
  gtk_widget_class_bind_template_child (widget_class, ConfabCallPage, banner);
  gtk_widget_class_bind_template_child (widget_class, ConfabCallPage, stage);
  gtk_widget_class_bind_template_child (widget_class, ConfabCallPage, grid);
  gtk_widget_class_bind_template_child (widget_class, ConfabCallPage, bar);
  gtk_widget_class_bind_template_callback (widget_class, placeholder_name);
  gtk_widget_class_bind_template_callback (widget_class, banner_clicked);
  gtk_widget_class_bind_template_callback (widget_class, title);
  gtk_widget_class_bind_template_callback (widget_class, subtitle);
}

static void
confab_call_page_class_init (ConfabCallPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = confab_call_page_get_property;
  object_class->set_property = confab_call_page_set_property;
  object_class->dispose = confab_call_page_dispose;
  widget_class->map = confab_call_page_map;
  widget_class->unmap = confab_call_page_unmap;
  widget_class->root = confab_call_page_root;
  widget_class->unroot = confab_call_page_unroot;
  ADW_NAVIGATION_PAGE_CLASS (klass)->shown = confab_call_page_shown;

  properties[PROP_MODEL] = g_param_spec_object ("model",
                                                NULL,
                                                NULL,
                                                CONFAB_TYPE_CALL_VIEW_MODEL,
                                                G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                                                  G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
  /**
   * ConfabCallPage::toast:
   * @text: a sentence
   *
   * Something passed that should be said once; the window has the place for it.
   */
  signals[SIGNAL_TOAST] = g_signal_new ("toast",
                                        G_TYPE_FROM_CLASS (klass),
                                        G_SIGNAL_RUN_LAST,
                                        0,
                                        NULL,
                                        NULL,
                                        NULL,
                                        G_TYPE_NONE,
                                        1,
                                        G_TYPE_STRING);
  gtk_widget_class_install_action (widget_class, "call.copy-link", NULL, copy_link_action);
  gtk_widget_class_install_action (widget_class, "call.escape", NULL, escape_action);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "call.escape", NULL);
  bind_template (widget_class);
}

static void
add_controllers (ConfabCallPage *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *key = gtk_event_controller_key_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  g_signal_connect_swapped (motion, "motion", G_CALLBACK (motion_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
  gtk_event_controller_set_propagation_phase (key, GTK_PHASE_CAPTURE);
  g_signal_connect_swapped (key, "key-pressed", G_CALLBACK (key_pressed_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), key);
  g_signal_connect_swapped (click, "pressed", G_CALLBACK (stage_pressed_cb), self);
  gtk_widget_add_controller (self->stage, GTK_EVENT_CONTROLLER (click));
}

static void
confab_call_page_init (ConfabCallPage *self)
{
  self->signals = g_signal_group_new (CONFAB_TYPE_CALL_VIEW_MODEL);
  g_signal_group_connect_swapped (self->signals,
                                  "notify::banner",
                                  G_CALLBACK (update_banner),
                                  self);
  g_signal_group_connect_swapped (self->signals,
                                  "notify::has-details",
                                  G_CALLBACK (update_banner),
                                  self);
  g_signal_group_connect_swapped (self->signals, "announce", G_CALLBACK (announce_cb), self);
  gtk_widget_init_template (GTK_WIDGET (self));
  /* Not bound by name: the template would unparent it before AdwNavigationPage does. */
  confab_focus_keeper_attach (
    ADW_BREAKPOINT_BIN (adw_navigation_page_get_child (ADW_NAVIGATION_PAGE (self))));
  add_controllers (self);
}

GtkWidget *
confab_call_page_new (void)
{
  return g_object_new (CONFAB_TYPE_CALL_PAGE, NULL);
}

/**
 * confab_call_page_set_model:
 * @self: a call page
 * @model: (nullable): the call to show
 */
void
confab_call_page_set_model (ConfabCallPage *self, ConfabCallViewModel *model)
{
  g_return_if_fail (CONFAB_IS_CALL_PAGE (self));
  g_return_if_fail (model == NULL || CONFAB_IS_CALL_VIEW_MODEL (model));

  if (self->model == model)
    return;
  if (self->model != NULL)
    confab_call_view_model_set_shown (self->model, FALSE);
  g_set_object (&self->model, model);
  if (model != NULL)
    confab_call_view_model_set_shown (model, gtk_widget_get_mapped (GTK_WIDGET (self)));
  g_signal_group_set_target (self->signals, model);
  /* Not by a binding: without a model that would keep the last value. */
  confab_grid_set_model (CONFAB_GRID (self->grid),
                         model != NULL ? confab_call_view_model_get_tiles (model) : NULL);
  update_banner (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MODEL]);
}

ConfabCallViewModel *
confab_call_page_get_model (ConfabCallPage *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_PAGE (self), NULL);

  return self->model;
}
