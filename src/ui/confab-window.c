/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-window.h"
#include "confab-window-private.h"

#include "confab-call-page.h"
#include "confab-patient-spinner.h"
#include "confab-room-page.h"
#include "confab-rooms-page.h"
#include "confab-select-call-media-page.h"
#include "confab-shortcuts-dialog.h"
#include "confab-sign-in-page.h"

#include <glib/gi18n.h>

struct _ConfabWindow {
  AdwApplicationWindow parent_instance;

  ConfabSessionViewModel *model;
  GSettings *settings; /* NULL where the schema is not installed */
  GSignalGroup *signals;
  GSignalGroup *select_signals;
  GSignalGroup *call_signals;
  AdwToastOverlay *toasts;
  AdwNavigationView *pages;
  AdwNavigationSplitView *split;
  ConfabSignInPage *sign_in;
  ConfabRoomsPage *rooms;
  ConfabSelectCallMediaPage *media;
  ConfabCallPage *call;
  AdwToast *rejoin; /* (nullable): weak; offers a call that was left for a sleep */
};

G_DEFINE_FINAL_TYPE (ConfabWindow, confab_window, ADW_TYPE_APPLICATION_WINDOW)

typedef enum {
  PROP_MODEL = 1,
} Property;
static GParamSpec *properties[PROP_MODEL + 1];

static gboolean
is_visible_page (ConfabWindow *self, const char *tag)
{
  return g_strcmp0 (adw_navigation_view_get_visible_page_tag (self->pages), tag) == 0;
}

static gboolean
is_on_stack (ConfabWindow *self, const char *tag)
{
  g_autoptr (GListModel) stack = G_LIST_MODEL (adw_navigation_view_get_navigation_stack (self->pages));

  for (guint i = 0; i < g_list_model_get_n_items (stack); i++) {
    g_autoptr (AdwNavigationPage) page = g_list_model_get_item (stack, i);

    if (g_strcmp0 (adw_navigation_page_get_tag (page), tag) == 0)
      return TRUE;
  }
  return FALSE;
}

static const char *
get_page_tag (ConfabWindow *self)
{
  static const char *const tags[] = {
    [CONFAB_SESSION_PAGE_LOADING] = "loading",
    [CONFAB_SESSION_PAGE_SIGN_IN] = "sign-in",
    [CONFAB_SESSION_PAGE_PROBLEM] = "problem",
    [CONFAB_SESSION_PAGE_ROOMS] = "main",
  };

  return tags[confab_session_view_model_get_page (self->model)];
}

static void
page_cb (ConfabWindow *self)
{
  const char *tag = get_page_tag (self);

  if (!is_on_stack (self, tag))
    adw_navigation_view_replace_with_tags (self->pages, &tag, 1);
  confab_window_update_actions (self);
}

static void
select_media_cb (ConfabWindow *self)
{
  ConfabSelectCallMediaViewModel *select = confab_session_view_model_get_select_media (self->model);

  g_signal_group_set_target (self->select_signals, select);
  if (select != NULL && !is_on_stack (self, "media")) {
    adw_navigation_view_push_by_tag (self->pages, "media");
  } else if (select == NULL && is_visible_page (self, "media") &&
             confab_session_view_model_get_call (self->model) == NULL) {
    adw_navigation_view_pop (self->pages);
  }
  confab_window_update_actions (self);
}

static void
call_cb (ConfabWindow *self)
{
  ConfabCallViewModel *call = confab_session_view_model_get_call (self->model);

  g_signal_group_set_target (self->call_signals, call);
  if (call == NULL && is_visible_page (self, "call")) {
    if (gtk_window_is_fullscreen (GTK_WINDOW (self)))
      gtk_window_unfullscreen (GTK_WINDOW (self));
    adw_navigation_view_pop_to_tag (self->pages, "main");
  }
  if (call != NULL && self->rejoin != NULL)
    adw_toast_dismiss (self->rejoin);
  /* A call that needs no account has had the list of rooms beside it, for the bar at its foot. */
  if (call == NULL)
    page_cb (self);
  confab_window_update_actions (self);
}

static void
popped_cb (ConfabWindow *self, AdwNavigationPage *page)
{
  /* Back: whoever does not join lets go of the camera. */
  if (page == ADW_NAVIGATION_PAGE (self->media) && self->model != NULL)
    confab_session_view_model_cancel_prepare (self->model);
}

static void
toast_cb (ConfabWindow *self, const char *text)
{
  AdwToast *toast = adw_toast_new (text);

  adw_toast_set_use_markup (toast, FALSE);
  adw_toast_overlay_add_toast (self->toasts, toast); /* which announces it */
}

/* It stays: whoever woke the machine may look at something else first. */
static void
offer_rejoin_cb (
  ConfabWindow *self, const char *text, const char *room_id, gboolean audio, gboolean video)
{
  AdwToast *toast = adw_toast_new (text);

  adw_toast_set_use_markup (toast, FALSE);
  adw_toast_set_timeout (toast, 0);
  adw_toast_set_button_label (toast, _ ("_Rejoin"));
  adw_toast_set_action_name (toast, "win.join-call");
  adw_toast_set_action_target (toast, "(sbb)", room_id, audio, video);
  g_set_weak_pointer (&self->rejoin, toast);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

static GtkAlign
toast_align (gpointer instance, const char *page)
{
  return g_strcmp0 (page, "call") == 0 ? GTK_ALIGN_START : GTK_ALIGN_END;
}

static int
toast_top (gpointer instance, const char *page, int call_header)
{
  return g_strcmp0 (page, "call") == 0 ? call_header : 0;
}

static int
toast_bottom (gpointer instance, const char *page, int ongoing_bar, int join_bar)
{
  if (g_strcmp0 (page, "main") == 0)
    return ongoing_bar;
  return g_strcmp0 (page, "media") == 0 ? join_bar : 0;
}

static void
banner_cb (ConfabWindow *self)
{
  const char *text = confab_session_view_model_get_banner (self->model);

  /* AdwBanner is not announced by itself. */
  if (*text != '\0')
    gtk_accessible_announce (GTK_ACCESSIBLE (self),
                             text,
                             GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

static void
room_activated_cb (ConfabWindow *self)
{
  confab_window_show_room (self);
}

static void
room_cb (ConfabWindow *self)
{
  if (confab_session_view_model_get_room (self->model) == NULL)
    adw_navigation_split_view_set_show_content (self->split, FALSE);
}

static void
collapsed_cb (ConfabWindow *self)
{
  gboolean collapsed = adw_navigation_split_view_get_collapsed (self->split);

  confab_rooms_page_set_collapsed (self->rooms, collapsed);
  /* Narrowed with a room open, the room stays; without one, the list is what there is to see. */
  if (collapsed && self->model != NULL)
    adw_navigation_split_view_set_show_content (self->split,
                                                confab_session_view_model_get_room (self->model) !=
                                                  NULL);
}

static void
show_content_cb (ConfabWindow *self)
{
  if (self->model != NULL && adw_navigation_split_view_get_collapsed (self->split) &&
      !adw_navigation_split_view_get_show_content (self->split))
    confab_session_view_model_open_room (self->model, NULL);
}

static gboolean
has_rooms (gpointer object, guint state)
{
  return state == CONFAB_ROOM_LIST_ROOMS || state == CONFAB_ROOM_LIST_NO_HIT;
}

static void
retry_clicked (ConfabWindow *self)
{
  confab_session_view_model_start (self->model);
}

static void
confab_window_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  if (prop_id == PROP_MODEL)
    g_value_set_object (value, CONFAB_WINDOW (object)->model);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
confab_window_set_model (ConfabWindow *self, ConfabSessionViewModel *model)
{
  if (!g_set_object (&self->model, model))
    return;
  g_signal_group_set_target (self->signals, model);
  g_signal_group_set_target (self->select_signals, NULL);
  g_signal_group_set_target (self->call_signals, NULL);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MODEL]);
  if (model == NULL)
    return;
  page_cb (self);
  call_cb (self);
  select_media_cb (self);
}

static void
confab_window_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  if (prop_id == PROP_MODEL)
    confab_window_set_model (CONFAB_WINDOW (object), g_value_get_object (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
confab_window_dispose (GObject *object)
{
  ConfabWindow *self = CONFAB_WINDOW (object);

  confab_window_set_model (self, NULL);
  g_clear_weak_pointer (&self->rejoin);
  g_clear_object (&self->signals);
  g_clear_object (&self->select_signals);
  g_clear_object (&self->call_signals);
  g_clear_object (&self->settings);
  gtk_widget_dispose_template (GTK_WIDGET (self), CONFAB_TYPE_WINDOW);

  G_OBJECT_CLASS (confab_window_parent_class)->dispose (object);
}

static void
ensure_types (void)
{
  g_type_ensure (CONFAB_TYPE_SESSION_VIEW_MODEL);
  g_type_ensure (CONFAB_TYPE_PATIENT_SPINNER);
  g_type_ensure (CONFAB_TYPE_SIGN_IN_PAGE);
  g_type_ensure (CONFAB_TYPE_ROOMS_PAGE);
  g_type_ensure (CONFAB_TYPE_ROOM_PAGE);
  g_type_ensure (CONFAB_TYPE_SELECT_CALL_MEDIA_PAGE);
  g_type_ensure (CONFAB_TYPE_CALL_PAGE);
}

static void
confab_window_class_init (ConfabWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  ensure_types ();
  object_class->get_property = confab_window_get_property;
  object_class->set_property = confab_window_set_property;
  object_class->dispose = confab_window_dispose;
  properties[PROP_MODEL] = g_param_spec_object ("model",
                                                NULL,
                                                NULL,
                                                CONFAB_TYPE_SESSION_VIEW_MODEL,
                                                G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                                                  G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/app/confab/Confab/ui/confab-window.ui");
  gtk_widget_class_bind_template_child (widget_class, ConfabWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, ConfabWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, ConfabWindow, split);
  gtk_widget_class_bind_template_child (widget_class, ConfabWindow, sign_in);
  gtk_widget_class_bind_template_child (widget_class, ConfabWindow, rooms);
  gtk_widget_class_bind_template_child (widget_class, ConfabWindow, media);
  gtk_widget_class_bind_template_child (widget_class, ConfabWindow, call);
  gtk_widget_class_bind_template_callback (widget_class, popped_cb);
  gtk_widget_class_bind_template_callback (widget_class, collapsed_cb);
  gtk_widget_class_bind_template_callback (widget_class, show_content_cb);
  gtk_widget_class_bind_template_callback (widget_class, room_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, retry_clicked);
  gtk_widget_class_bind_template_callback (widget_class, has_rooms);
  gtk_widget_class_bind_template_callback (widget_class, toast_cb);
  gtk_widget_class_bind_template_callback (widget_class, toast_align);
  gtk_widget_class_bind_template_callback (widget_class, toast_top);
  gtk_widget_class_bind_template_callback (widget_class, toast_bottom);
}

/* Without an installed schema (a test, a build that was not installed) nothing is remembered. */
static void
remember_size (ConfabWindow *self)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = NULL;

  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, CONFAB_APP_ID, TRUE);
  if (schema == NULL)
    return;
  self->settings = g_settings_new (CONFAB_APP_ID);
  g_settings_bind (self->settings, "window-width", self, "default-width", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (
    self->settings, "window-height", self, "default-height", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (self->settings, "window-maximized", self, "maximized", G_SETTINGS_BIND_DEFAULT);
}

static void
confab_window_init (ConfabWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  confab_window_add_actions (self);
  self->signals = g_signal_group_new (CONFAB_TYPE_SESSION_VIEW_MODEL);
  g_signal_group_connect_swapped (self->signals, "notify::page", G_CALLBACK (page_cb), self);
  g_signal_group_connect_swapped (self->signals,
                                  "notify::select-media",
                                  G_CALLBACK (select_media_cb),
                                  self);
  g_signal_group_connect_swapped (self->signals, "notify::call", G_CALLBACK (call_cb), self);
  g_signal_group_connect_swapped (self->signals, "notify::room", G_CALLBACK (room_cb), self);
  g_signal_group_connect_swapped (self->signals, "notify::banner", G_CALLBACK (banner_cb), self);
  g_signal_group_connect_swapped (self->signals, "toast", G_CALLBACK (toast_cb), self);
  g_signal_group_connect_swapped (self->signals,
                                  "offer-rejoin",
                                  G_CALLBACK (offer_rejoin_cb),
                                  self);
  g_signal_group_connect_swapped (self->signals,
                                  "show-call",
                                  G_CALLBACK (confab_window_show_call),
                                  self);
  self->select_signals = g_signal_group_new (CONFAB_TYPE_SELECT_CALL_MEDIA_VIEW_MODEL);
  g_signal_group_connect_swapped (self->select_signals,
                                  "notify::microphone-on",
                                  G_CALLBACK (confab_window_update_actions),
                                  self);
  g_signal_group_connect_swapped (self->select_signals,
                                  "notify::camera-on",
                                  G_CALLBACK (confab_window_update_actions),
                                  self);
  self->call_signals = g_signal_group_new (CONFAB_TYPE_CALL_VIEW_MODEL);
  g_signal_group_connect_swapped (self->call_signals,
                                  "notify::microphone-muted",
                                  G_CALLBACK (confab_window_update_actions),
                                  self);
  g_signal_group_connect_swapped (self->call_signals,
                                  "notify::camera-muted",
                                  G_CALLBACK (confab_window_update_actions),
                                  self);
  remember_size (self);
  confab_window_update_actions (self);
  if (g_str_equal (CONFAB_PROFILE, "development"))
    gtk_widget_add_css_class (GTK_WIDGET (self), "devel");
}

ConfabWindow *
confab_window_new (GtkApplication *application, ConfabSessionViewModel *model)
{
  return g_object_new (CONFAB_TYPE_WINDOW, "application", application, "model", model, NULL);
}

ConfabSessionViewModel *
confab_window_get_model (ConfabWindow *self)
{
  return self->model;
}

void
confab_window_show_room (ConfabWindow *self)
{
  g_return_if_fail (CONFAB_IS_WINDOW (self));

  if (is_on_stack (self, "main"))
    adw_navigation_view_pop_to_tag (self->pages, "main");
  adw_navigation_split_view_set_show_content (self->split, TRUE);
}

void
confab_window_show_rooms (ConfabWindow *self)
{
  g_return_if_fail (CONFAB_IS_WINDOW (self));

  if (is_on_stack (self, "main"))
    adw_navigation_view_pop_to_tag (self->pages, "main");
  adw_navigation_split_view_set_show_content (self->split, FALSE);
}

/* The call lies right above the rooms: Back shows the list, it does not leave. */
void
confab_window_show_call (ConfabWindow *self)
{
  static const char *const tags[] = { "main", "call" };

  if (confab_session_view_model_get_call (self->model) == NULL || is_visible_page (self, "call"))
    return;
  if (is_visible_page (self, "main"))
    adw_navigation_view_push_by_tag (self->pages, "call");
  else
    adw_navigation_view_replace_with_tags (self->pages, tags, G_N_ELEMENTS (tags));
}

void
confab_window_search (ConfabWindow *self)
{
  confab_window_show_rooms (self);
  confab_rooms_page_search (self->rooms);
}

void
confab_window_show_shortcuts (ConfabWindow *self)
{
  g_return_if_fail (CONFAB_IS_WINDOW (self));

  adw_dialog_present (confab_shortcuts_dialog_new (), GTK_WIDGET (self));
}

void
confab_window_show_about (ConfabWindow *self)
{
  AdwDialog *dialog = NULL;

  g_return_if_fail (CONFAB_IS_WINDOW (self));

  dialog = adw_about_dialog_new ();
  g_object_set (dialog,
                "application-name",
                _ ("Confab"),
                "application-icon",
                CONFAB_APP_ID,
                "version",
                CONFAB_VERSION,
                "developer-name",
                _ ("The Confab developers"),
                "comments",
                _ ("Calls in your Matrix rooms"),
                "license-type",
                GTK_LICENSE_GPL_3_0,
                NULL);
  adw_dialog_present (dialog, GTK_WIDGET (self));
}
