/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-select-call-media-page.h"

#include "confab-facepile.h"
#include "confab-focus-keeper.h"
#include "confab-insecure-dialog.h"
#include "confab-picture.h"
#include "confab-ratio-bin.h"

#include <glib/gi18n.h>

struct _ConfabSelectCallMediaPage {
  AdwNavigationPage parent_instance;

  ConfabSelectCallMediaViewModel *model;
  GSimpleActionGroup *actions;
  GtkOverlay *preview;
  GtkWidget *problem;
  GtkLevelBar *meter;
  GtkBox *devices;
  GtkWidget *join_bar;
  AdwSplitButton *join_wide;
  AdwSplitButton *join_narrow;
  char *announced; /* the banner that was said last; NULL for none since the page was shown */
};

G_DEFINE_FINAL_TYPE (ConfabSelectCallMediaPage,
                     confab_select_call_media_page,
                     ADW_TYPE_NAVIGATION_PAGE)

typedef enum {
  PROP_MODEL = 1,
} Property;
static GParamSpec *properties[PROP_MODEL + 1];

static gboolean not(gpointer object, gboolean value)
{
  return !value;
}

static gboolean
is_text (gpointer object, const char *text)
{
  return text != NULL && *text != '\0';
}

static gboolean
both (gpointer object, gboolean first, gboolean second)
{
  return first && second;
}

static gboolean
no_picture (gpointer object, GObject *paintable, const char *problem)
{
  return paintable == NULL && (problem == NULL || *problem == '\0');
}

static gboolean
is_picture (gpointer object, GObject *paintable)
{
  return paintable != NULL;
}

static char *
microphone_icon (gpointer object, gboolean on)
{
  return g_strdup (on ? "audio-input-microphone-symbolic" : "microphone-disabled-symbolic");
}

static char *
camera_icon (gpointer object, gboolean on)
{
  return g_strdup (on ? "camera-video-symbolic" : "camera-disabled-symbolic");
}

static char *
microphone_tip (gpointer object, gboolean on, gboolean gives_sound)
{
  if (on && !gives_sound)
    return g_strdup (_ ("The Microphone Gives No Sound"));
  return g_strdup (on ? _ ("Turn Microphone Off (Ctrl+D)") : _ ("Turn Microphone On (Ctrl+D)"));
}

static char *
camera_tip (gpointer object, gboolean on, gboolean gives_picture)
{
  if (on && !gives_picture)
    return g_strdup (_ ("The Camera Gives No Picture"));
  return g_strdup (on ? _ ("Turn Camera Off (Ctrl+E)") : _ ("Turn Camera On (Ctrl+E)"));
}

static GStrv
switch_classes (gpointer object, gboolean on)
{
  const char *const when_on[] = { "round", "osd", NULL };
  const char *const when_off[] = { "round", "off", NULL };

  return g_strdupv ((GStrv) (on ? when_on : when_off));
}

static char *
microphone_device (gpointer object, const char *name)
{
  /* Translators: %s is the name of a device */
  return g_strdup_printf (_ ("Microphone: %s"), name);
}

static char *
speaker_device (gpointer object, const char *name)
{
  /* Translators: %s is the name of a device */
  return g_strdup_printf (_ ("Speaker: %s"), name);
}

static char *
camera_device (gpointer object, const char *name)
{
  /* Translators: %s is the name of a device */
  return g_strdup_printf (_ ("Camera: %s"), name);
}

static void
join_clicked (ConfabSelectCallMediaPage *self)
{
  confab_select_call_media_view_model_join (self->model);
}

static void
retry_clicked (ConfabSelectCallMediaPage *self)
{
  confab_select_call_media_view_model_retry (self->model);
}

static void
join_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ConfabSelectCallMediaPage *self = data;
  const char *how = g_variant_get_string (parameter, NULL);

  if (self->model == NULL)
    return;
  confab_select_call_media_view_model_set_microphone_on (self->model, !g_str_equal (how, "listen"));
  confab_select_call_media_view_model_set_camera_on (self->model, g_str_equal (how, "camera"));
  confab_select_call_media_view_model_join (self->model);
}

static void
choose_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ConfabSelectCallMediaPage *self = data;

  if (self->model != NULL)
    confab_select_call_media_view_model_choose (self->model,
                                                g_action_get_name (G_ACTION (action)),
                                                g_variant_get_string (parameter, NULL));
}

/* The radio marks follow what is chosen, whoever chose it. */
static void
chosen_cb (ConfabSelectCallMediaPage *self)
{
  static const char *const kinds[] = { "microphone", "speaker", "camera" };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self->actions), kinds[i]);
    g_autofree char *id = confab_select_call_media_view_model_dup_chosen (self->model, kinds[i]);

    g_simple_action_set_state (G_SIMPLE_ACTION (action), g_variant_new_string (id));
  }
}

static void
title_cb (ConfabSelectCallMediaPage *self)
{
  ConfabRoomViewModel *room = confab_select_call_media_view_model_get_room (self->model);
  const char *name = confab_room_view_model_get_name (room);

  adw_navigation_page_set_title (ADW_NAVIGATION_PAGE (self),
                                 name != NULL && *name != '\0' ? name : _ ("Call"));
}

static char *
banner_button (gpointer object, guint action)
{
  switch ((ConfabBannerAction) action) {
  case CONFAB_BANNER_ACTION_OPEN_SETTINGS:
    return g_strdup (_ ("Open Settings"));
  case CONFAB_BANNER_ACTION_EXPLAIN:
    return g_strdup (_ ("Why?"));
  case CONFAB_BANNER_ACTION_NONE:
  default:
    return g_strdup ("");
  }
}

static void
banner_clicked (ConfabSelectCallMediaPage *self)
{
  if (confab_select_call_media_view_model_get_banner_action (self->model) ==
      CONFAB_BANNER_ACTION_EXPLAIN)
    adw_dialog_present (confab_insecure_dialog_new (), GTK_WIDGET (self));
  else
    confab_select_call_media_view_model_open_settings (self->model);
}

/* AdwBanner is not announced by itself. */
static void
banner_cb (ConfabSelectCallMediaPage *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  g_autofree char *text = NULL;

  g_object_get (self->model, "banner", &text, NULL);
  if (root == NULL || !gtk_widget_get_mapped (GTK_WIDGET (self)) ||
      !g_set_str (&self->announced, text))
    return;
  if (*text != '\0')
    gtk_accessible_announce (GTK_ACCESSIBLE (root),
                             text,
                             GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

static GtkWidget *
join_button (ConfabSelectCallMediaPage *self)
{
  return GTK_WIDGET (gtk_widget_get_visible (GTK_WIDGET (self->join_wide)) ? self->join_wide
                                                                           : self->join_narrow);
}

static void
breakpoint_cb (ConfabSelectCallMediaPage *self)
{
  if (gtk_widget_get_visible (self->join_bar))
    gtk_widget_add_css_class (GTK_WIDGET (self->devices), "card");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->devices), "card");
}

static void
confab_select_call_media_page_shown (AdwNavigationPage *page)
{
  ConfabSelectCallMediaPage *self = CONFAB_SELECT_CALL_MEDIA_PAGE (page);

  gtk_widget_grab_focus (join_button (self));
  g_clear_pointer (&self->announced, g_free);
  if (self->model != NULL)
    banner_cb (self);
}

static void
confab_select_call_media_page_map (GtkWidget *widget)
{
  ConfabSelectCallMediaPage *self = CONFAB_SELECT_CALL_MEDIA_PAGE (widget);

  GTK_WIDGET_CLASS (confab_select_call_media_page_parent_class)->map (widget);
  if (self->model != NULL)
    confab_room_view_model_show (confab_select_call_media_view_model_get_room (self->model));
}

static void
confab_select_call_media_page_unmap (GtkWidget *widget)
{
  ConfabSelectCallMediaPage *self = CONFAB_SELECT_CALL_MEDIA_PAGE (widget);

  if (self->model != NULL)
    confab_room_view_model_hide (confab_select_call_media_view_model_get_room (self->model));
  GTK_WIDGET_CLASS (confab_select_call_media_page_parent_class)->unmap (widget);
}

static void
add_actions (ConfabSelectCallMediaPage *self)
{
  static const GActionEntry entries[] = {
    { "join", join_action, "s", NULL, NULL },
    { "microphone", choose_action, "s", "''", NULL },
    { "speaker", choose_action, "s", "''", NULL },
    { "camera", choose_action, "s", "''", NULL },
  };

  self->actions = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->actions),
                                   entries,
                                   G_N_ELEMENTS (entries),
                                   self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "media", G_ACTION_GROUP (self->actions));
}

static void
confab_select_call_media_page_set_model (ConfabSelectCallMediaPage *self,
                                         ConfabSelectCallMediaViewModel *model)
{
  if (self->model == model)
    return;
  if (self->model != NULL && gtk_widget_get_mapped (GTK_WIDGET (self)))
    confab_room_view_model_hide (confab_select_call_media_view_model_get_room (self->model));
  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  g_set_object (&self->model, model);
  if (model != NULL) {
    g_signal_connect_object (
      model, "notify::microphone-name", G_CALLBACK (chosen_cb), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (
      model, "notify::speaker-name", G_CALLBACK (chosen_cb), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (
      model, "notify::camera-name", G_CALLBACK (chosen_cb), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (
      model, "notify::banner", G_CALLBACK (banner_cb), self, G_CONNECT_SWAPPED);
    chosen_cb (self);
    title_cb (self);
    if (gtk_widget_get_mapped (GTK_WIDGET (self)))
      confab_room_view_model_show (confab_select_call_media_view_model_get_room (model));
    banner_cb (self);
  }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MODEL]);
}

static void
confab_select_call_media_page_get_property (GObject *object,
                                            guint prop_id,
                                            GValue *value,
                                            GParamSpec *pspec)
{
  if (prop_id == PROP_MODEL)
    g_value_set_object (value, CONFAB_SELECT_CALL_MEDIA_PAGE (object)->model);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
confab_select_call_media_page_set_property (GObject *object,
                                            guint prop_id,
                                            const GValue *value,
                                            GParamSpec *pspec)
{
  if (prop_id == PROP_MODEL)
    confab_select_call_media_page_set_model (CONFAB_SELECT_CALL_MEDIA_PAGE (object),
                                             g_value_get_object (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
confab_select_call_media_page_dispose (GObject *object)
{
  ConfabSelectCallMediaPage *self = CONFAB_SELECT_CALL_MEDIA_PAGE (object);

  confab_select_call_media_page_set_model (self, NULL);
  g_clear_object (&self->actions);
  g_clear_pointer (&self->announced, g_free);
  gtk_widget_dispose_template (GTK_WIDGET (self), CONFAB_TYPE_SELECT_CALL_MEDIA_PAGE);

  G_OBJECT_CLASS (confab_select_call_media_page_parent_class)->dispose (object);
}

static void
confab_select_call_media_page_class_init (ConfabSelectCallMediaPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (CONFAB_TYPE_FACEPILE);
  g_type_ensure (CONFAB_TYPE_AVATAR_MODEL);
  g_type_ensure (CONFAB_TYPE_RATIO_BIN);
  g_type_ensure (CONFAB_TYPE_PICTURE);
  g_type_ensure (CONFAB_TYPE_ROOM_VIEW_MODEL);
  object_class->get_property = confab_select_call_media_page_get_property;
  object_class->set_property = confab_select_call_media_page_set_property;
  object_class->dispose = confab_select_call_media_page_dispose;
  properties[PROP_MODEL] = g_param_spec_object ("model",
                                                NULL,
                                                NULL,
                                                CONFAB_TYPE_SELECT_CALL_MEDIA_VIEW_MODEL,
                                                G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                                                  G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  gtk_widget_class_set_template_from_resource (
    widget_class, "/app/confab/Confab/ui/confab-select-call-media-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ConfabSelectCallMediaPage, devices);
  gtk_widget_class_bind_template_child (widget_class, ConfabSelectCallMediaPage, preview);
  gtk_widget_class_bind_template_child (widget_class, ConfabSelectCallMediaPage, problem);
  gtk_widget_class_bind_template_child (widget_class, ConfabSelectCallMediaPage, meter);
  gtk_widget_class_bind_template_child (widget_class, ConfabSelectCallMediaPage, join_bar);
  gtk_widget_class_bind_template_child (widget_class, ConfabSelectCallMediaPage, join_wide);
  gtk_widget_class_bind_template_child (widget_class, ConfabSelectCallMediaPage, join_narrow);
  gtk_widget_class_bind_template_callback (widget_class, not);
  gtk_widget_class_bind_template_callback (widget_class, is_text);
  gtk_widget_class_bind_template_callback (widget_class, both);
  gtk_widget_class_bind_template_callback (widget_class, no_picture);
  gtk_widget_class_bind_template_callback (widget_class, is_picture);
  gtk_widget_class_bind_template_callback (widget_class, microphone_icon);
  gtk_widget_class_bind_template_callback (widget_class, camera_icon);
  gtk_widget_class_bind_template_callback (widget_class, microphone_tip);
  gtk_widget_class_bind_template_callback (widget_class, camera_tip);
  gtk_widget_class_bind_template_callback (widget_class, switch_classes);
  gtk_widget_class_bind_template_callback (widget_class, microphone_device);
  gtk_widget_class_bind_template_callback (widget_class, speaker_device);
  gtk_widget_class_bind_template_callback (widget_class, camera_device);
  gtk_widget_class_bind_template_callback (widget_class, join_clicked);
  gtk_widget_class_bind_template_callback (widget_class, retry_clicked);
  gtk_widget_class_bind_template_callback (widget_class, banner_button);
  gtk_widget_class_bind_template_callback (widget_class, banner_clicked);
  ADW_NAVIGATION_PAGE_CLASS (klass)->shown = confab_select_call_media_page_shown;
  widget_class->map = confab_select_call_media_page_map;
  widget_class->unmap = confab_select_call_media_page_unmap;
}

static void
confab_select_call_media_page_init (ConfabSelectCallMediaPage *self)
{
  static const char *const offsets[] = { GTK_LEVEL_BAR_OFFSET_LOW,
                                         GTK_LEVEL_BAR_OFFSET_HIGH,
                                         GTK_LEVEL_BAR_OFFSET_FULL };

  ConfabFocusKeeper *keeper = NULL;

  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; i < G_N_ELEMENTS (offsets); i++)
    gtk_level_bar_remove_offset_value (self->meter, offsets[i]);
  /* With large text the words need more room than a picture has. */
  gtk_overlay_set_measure_overlay (self->preview, self->problem, TRUE);
  add_actions (self);
  keeper = confab_focus_keeper_attach (
    ADW_BREAKPOINT_BIN (adw_navigation_page_get_child (ADW_NAVIGATION_PAGE (self))));
  confab_focus_keeper_add_twins (keeper,
                                 GTK_WIDGET (self->join_wide),
                                 GTK_WIDGET (self->join_narrow));
  g_signal_connect_object (adw_navigation_page_get_child (ADW_NAVIGATION_PAGE (self)),
                           "notify::current-breakpoint",
                           G_CALLBACK (breakpoint_cb),
                           self,
                           G_CONNECT_SWAPPED);
}
