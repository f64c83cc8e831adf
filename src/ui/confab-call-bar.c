/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-call-bar.h"

#include "confab-call-view-model.h"
#include "confab-level-arc.h"

#include <glib/gi18n.h>

struct _ConfabCallBar {
  GtkWidget parent_instance;

  ConfabCallViewModel *model;
  GSignalGroup *signals;
  gboolean narrow;

  GtkBox *buttons;
  GtkWidget *microphone;
  GtkWidget *camera;
  GtkWidget *leave;
};

G_DEFINE_FINAL_TYPE (ConfabCallBar, confab_call_bar, GTK_TYPE_WIDGET)

typedef enum {
  PROP_MODEL = 1,
  PROP_NARROW,
} Property;
static GParamSpec *properties[PROP_NARROW + 1];

static gboolean
is_problem (gpointer instance, const char *problem)
{
  return problem != NULL && *problem != '\0';
}

/* A device that gives nothing is as good as off, for those who see or hear nothing. */
static char *
microphone_icon (gpointer instance, gboolean muted, const char *problem)
{
  return g_strdup (muted || is_problem (NULL, problem) ? "microphone-disabled-symbolic"
                                                       : "audio-input-microphone-symbolic");
}

/* Named by what they do: “microphone, pressed” says too little; and by what is wrong, when nothing else would help. */
static char *
microphone_name (gpointer instance, gboolean muted, const char *problem)
{
  if (!muted && is_problem (NULL, problem))
    return g_strdup (problem);
  return g_strdup (muted ? _ ("Unmute microphone") : _ ("Mute microphone"));
}

static char *
camera_icon (gpointer instance, gboolean muted, const char *problem)
{
  return g_strdup (muted || is_problem (NULL, problem) ? "camera-disabled-symbolic"
                                                       : "camera-video-symbolic");
}

static char *
camera_name (gpointer instance, gboolean muted, const char *problem)
{
  if (!muted && is_problem (NULL, problem))
    return g_strdup (problem);
  return g_strdup (muted ? _ ("Turn camera on") : _ ("Turn camera off"));
}

static void
set_class (GtkWidget *widget, const char *name, gboolean on)
{
  if (on)
    gtk_widget_add_css_class (widget, name);
  else
    gtk_widget_remove_css_class (widget, name);
}

/* The mark beside a button says it to those who see, this to the others. */
static void
describe (GtkWidget *button, const char *problem)
{
  if (is_problem (NULL, problem))
    gtk_accessible_update_property (GTK_ACCESSIBLE (button),
                                    GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                    problem,
                                    -1);
  else
    gtk_accessible_reset_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION);
}

static void
update (ConfabCallBar *self)
{
  g_autofree char *microphone_problem = NULL;
  g_autofree char *camera_problem = NULL;

  if (self->model == NULL)
    return;
  g_object_get (self->model,
                "microphone-problem",
                &microphone_problem,
                "camera-problem",
                &camera_problem,
                NULL);
  set_class (self->microphone,
             "off",
             confab_call_view_model_get_microphone_muted (self->model) ||
               is_problem (NULL, microphone_problem));
  set_class (self->camera,
             "off",
             confab_call_view_model_get_camera_muted (self->model) ||
               is_problem (NULL, camera_problem));
  describe (self->microphone, microphone_problem);
  describe (self->camera, camera_problem);
}

static void
confab_call_bar_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabCallBar *self = CONFAB_CALL_BAR (object);

  switch ((Property) prop_id) {
  case PROP_MODEL:
    g_value_set_object (value, self->model);
    break;
  case PROP_NARROW:
    g_value_set_boolean (value, self->narrow);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_call_bar_set_property (GObject *object,
                              guint prop_id,
                              const GValue *value,
                              GParamSpec *pspec)
{
  ConfabCallBar *self = CONFAB_CALL_BAR (object);

  switch ((Property) prop_id) {
  case PROP_MODEL:
    if (!g_set_object (&self->model, g_value_get_object (value)))
      return;
    g_signal_group_set_target (self->signals, self->model);
    update (self);
    break;
  case PROP_NARROW:
    if (self->narrow == g_value_get_boolean (value))
      return;
    self->narrow = g_value_get_boolean (value);
    gtk_box_set_spacing (self->buttons, self->narrow ? 10 : 8);
    gtk_widget_set_margin_start (self->leave, self->narrow ? 0 : 12);
    set_class (GTK_WIDGET (self), "narrow", self->narrow);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    return;
  }
  g_object_notify_by_pspec (object, pspec);
}

static void
confab_call_bar_dispose (GObject *object)
{
  ConfabCallBar *self = CONFAB_CALL_BAR (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), CONFAB_TYPE_CALL_BAR);
  g_clear_object (&self->signals);
  g_clear_object (&self->model);
  G_OBJECT_CLASS (confab_call_bar_parent_class)->dispose (object);
}

static void
confab_call_bar_class_init (ConfabCallBarClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_call_bar_get_property;
  object_class->set_property = confab_call_bar_set_property;
  object_class->dispose = confab_call_bar_dispose;
  properties[PROP_MODEL] = g_param_spec_object (
    "model", NULL, NULL, CONFAB_TYPE_CALL_VIEW_MODEL, flags);
  properties[PROP_NARROW] = g_param_spec_boolean ("narrow", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  g_type_ensure (CONFAB_TYPE_LEVEL_ARC);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/app/confab/Confab/ui/confab-call-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, ConfabCallBar, buttons);
  gtk_widget_class_bind_template_child (widget_class, ConfabCallBar, microphone);
  gtk_widget_class_bind_template_child (widget_class, ConfabCallBar, camera);
  gtk_widget_class_bind_template_child (widget_class, ConfabCallBar, leave);
  gtk_widget_class_bind_template_callback (widget_class, is_problem);
  gtk_widget_class_bind_template_callback (widget_class, microphone_icon);
  gtk_widget_class_bind_template_callback (widget_class, microphone_name);
  gtk_widget_class_bind_template_callback (widget_class, camera_icon);
  gtk_widget_class_bind_template_callback (widget_class, camera_name);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_TOOLBAR);
}

static void
confab_call_bar_init (ConfabCallBar *self)
{
  static const char *const follow[] = {
    "notify::microphone-muted",
    "notify::camera-muted",
    "notify::microphone-problem",
    "notify::camera-problem",
  };

  self->signals = g_signal_group_new (CONFAB_TYPE_CALL_VIEW_MODEL);
  for (guint i = 0; i < G_N_ELEMENTS (follow); i++)
    g_signal_group_connect_swapped (self->signals, follow[i], G_CALLBACK (update), self);
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Call controls"),
                                  -1);
}
