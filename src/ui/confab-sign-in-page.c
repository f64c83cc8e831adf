/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-sign-in-page.h"

#include "confab-focus-keeper.h"

#include <glib/gi18n.h>

struct _ConfabSignInPage {
  AdwNavigationPage parent_instance;

  ConfabSignInViewModel *model;
  GBindingGroup *bindings;
  GSignalGroup *signals;
  AdwEntryRow *homeserver_row;
  AdwEntryRow *user_row;
  AdwPasswordEntryRow *password_row;
  GtkLabel *account_error;
  GtkButton *sign_in_button;
  gboolean going_on; /* Enter was pressed in the first row, and the homeserver is being looked up */
};

G_DEFINE_FINAL_TYPE (ConfabSignInPage, confab_sign_in_page, ADW_TYPE_NAVIGATION_PAGE)

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
is_looking (gpointer object, guint state)
{
  return state == CONFAB_SERVER_LOOKING;
}

static gboolean
is_found (gpointer object, guint state)
{
  return state == CONFAB_SERVER_FOUND;
}

static gboolean
can_press (gpointer object, gboolean can_sign_in, gboolean busy)
{
  return can_sign_in && !busy;
}

static char *
button_label (gpointer object, gboolean busy)
{
  return g_strdup (busy ? _ ("Signing In…") : _ ("Sign In"));
}

static void
set_error_class (gpointer row, gboolean wrong)
{
  if (wrong)
    gtk_widget_add_css_class (row, "error");
  else
    gtk_widget_remove_css_class (row, "error");
}

static gboolean
caps_lock_is_on (ConfabSignInPage *self)
{
  GdkSeat *seat = gdk_display_get_default_seat (gtk_widget_get_display (GTK_WIDGET (self)));
  GdkDevice *keyboard = seat != NULL ? gdk_seat_get_keyboard (seat) : NULL;

  return keyboard != NULL && gdk_device_get_caps_lock_state (keyboard);
}

static void
errors_cb (ConfabSignInPage *self)
{
  const char *text = confab_sign_in_view_model_get_account_error (self->model);
  const char *server_text = confab_sign_in_view_model_get_server_error (self->model);
  g_autofree char *with_hint = NULL;
  gboolean password_wrong = FALSE;

  g_object_get (self->model, "password-wrong", &password_wrong, NULL);
  set_error_class (self->homeserver_row, is_text (NULL, server_text));
  set_error_class (self->password_row, password_wrong);
  if (text != NULL && *text != '\0' && caps_lock_is_on (self))
    with_hint = g_strconcat (text, " ", _ ("Caps Lock is on."), NULL);
  gtk_label_set_label (self->account_error, with_hint != NULL ? with_hint : text);
}

static void
focus_wanted_cb (ConfabSignInPage *self, const char *where)
{
  if (g_str_equal (where, "homeserver"))
    gtk_widget_grab_focus (GTK_WIDGET (self->homeserver_row));
  else if (g_str_equal (where, "password"))
    gtk_widget_grab_focus (GTK_WIDGET (self->password_row));
  else
    gtk_widget_grab_focus (GTK_WIDGET (self->sign_in_button));
}

static GtkWidget *
get_focus (ConfabSignInPage *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  return root != NULL ? gtk_root_get_focus (root) : NULL;
}

/*
 * The rows go insensitive while it works. A text that does so with the focus in it is never told that the focus is
 * gone (GTK warns at its next blink), and without any focus Esc would not stop: so the page itself takes it first.
 * This runs before the rows' bindings, since whoever watches the model is told in the order of coming.
 */
static void
busy_cb (ConfabSignInPage *self)
{
  GtkWidget *focus = get_focus (self);

  if (confab_sign_in_view_model_get_busy (self->model) && focus != NULL &&
      gtk_widget_is_ancestor (focus, GTK_WIDGET (self)))
    gtk_root_set_focus (gtk_widget_get_root (focus), GTK_WIDGET (self));
}

/* After the rows' bindings: before, they could not take it. */
static void
idle_cb (ConfabSignInPage *self)
{
  if (!confab_sign_in_view_model_get_busy (self->model) && get_focus (self) == GTK_WIDGET (self))
    confab_sign_in_page_focus_first (self);
}

static gboolean
is_empty (gpointer row)
{
  return *gtk_editable_get_text (GTK_EDITABLE (row)) == '\0';
}

/* Enter: to the first row that is empty, else sign in. In the first one it does not wait for the look-up's pause. */
static void
next_row (ConfabSignInPage *self)
{
  gboolean found = confab_sign_in_view_model_get_server_state (self->model) == CONFAB_SERVER_FOUND;

  if (is_empty (self->homeserver_row) ||
      (found && (is_empty (self->user_row) || is_empty (self->password_row)))) {
    confab_sign_in_page_focus_first (self);
    return;
  }
  self->going_on = !found;
  confab_sign_in_view_model_sign_in (self->model);
}

/* The rows of the account are there now, for whoever still waits for them. */
static void
server_state_cb (ConfabSignInPage *self)
{
  ConfabServerState state = confab_sign_in_view_model_get_server_state (self->model);
  GtkWidget *focus = get_focus (self);

  if (!self->going_on || state == CONFAB_SERVER_LOOKING || state == CONFAB_SERVER_NONE)
    return;
  self->going_on = FALSE;
  if (state == CONFAB_SERVER_FOUND && !confab_sign_in_view_model_get_busy (self->model) &&
      focus != NULL && gtk_widget_is_ancestor (focus, GTK_WIDGET (self->homeserver_row)))
    confab_sign_in_page_focus_first (self);
}

static void
open_portal_clicked (ConfabSignInPage *self)
{
  g_autofree char *uri = NULL;
  g_autoptr (GtkUriLauncher) launcher = NULL;
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  g_object_get (self->model, "portal-uri", &uri, NULL);
  launcher = gtk_uri_launcher_new (uri);
  gtk_uri_launcher_launch (
    launcher, GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL, NULL, NULL, NULL);
}

static void
password_changed (ConfabSignInPage *self)
{
  if (self->model != NULL)
    confab_sign_in_view_model_set_password (self->model,
                                            gtk_editable_get_text (
                                              GTK_EDITABLE (self->password_row)));
}

static void
sign_in_clicked (ConfabSignInPage *self)
{
  confab_sign_in_view_model_sign_in (self->model);
}

static gboolean
cancel_cb (GtkWidget *widget, GVariant *args, gpointer data)
{
  ConfabSignInPage *self = CONFAB_SIGN_IN_PAGE (widget);

  if (self->model == NULL || !confab_sign_in_view_model_get_busy (self->model))
    return GDK_EVENT_PROPAGATE;
  confab_sign_in_view_model_cancel (self->model);
  return GDK_EVENT_STOP;
}

static void
confab_sign_in_page_hidden (AdwNavigationPage *page)
{
  ConfabSignInPage *self = CONFAB_SIGN_IN_PAGE (page);

  /* A password stays on the screen's side no longer than it is needed. */
  gtk_editable_set_text (GTK_EDITABLE (self->password_row), "");
}

static void
confab_sign_in_page_shown (AdwNavigationPage *page)
{
  confab_sign_in_page_focus_first (CONFAB_SIGN_IN_PAGE (page));
}

static void
confab_sign_in_page_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  if (prop_id == PROP_MODEL)
    g_value_set_object (value, CONFAB_SIGN_IN_PAGE (object)->model);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
confab_sign_in_page_set_property (GObject *object,
                                  guint prop_id,
                                  const GValue *value,
                                  GParamSpec *pspec)
{
  ConfabSignInPage *self = CONFAB_SIGN_IN_PAGE (object);

  if (prop_id != PROP_MODEL) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    return;
  }
  if (!g_set_object (&self->model, g_value_get_object (value)))
    return;
  g_binding_group_set_source (self->bindings, self->model);
  g_signal_group_set_target (self->signals, self->model);
  if (self->model != NULL)
    errors_cb (self);
  g_object_notify_by_pspec (object, pspec);
}

static void
confab_sign_in_page_dispose (GObject *object)
{
  ConfabSignInPage *self = CONFAB_SIGN_IN_PAGE (object);

  if (self->bindings != NULL)
    g_binding_group_set_source (self->bindings, NULL);
  if (self->signals != NULL)
    g_signal_group_set_target (self->signals, NULL);
  g_clear_object (&self->bindings);
  g_clear_object (&self->signals);
  g_clear_object (&self->model);
  gtk_widget_dispose_template (GTK_WIDGET (self), CONFAB_TYPE_SIGN_IN_PAGE);

  G_OBJECT_CLASS (confab_sign_in_page_parent_class)->dispose (object);
}

static void
confab_sign_in_page_class_init (ConfabSignInPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  AdwNavigationPageClass *page_class = ADW_NAVIGATION_PAGE_CLASS (klass);

  g_type_ensure (CONFAB_TYPE_SIGN_IN_VIEW_MODEL);
  object_class->get_property = confab_sign_in_page_get_property;
  object_class->set_property = confab_sign_in_page_set_property;
  object_class->dispose = confab_sign_in_page_dispose;
  page_class->hidden = confab_sign_in_page_hidden;
  page_class->shown = confab_sign_in_page_shown;
  properties[PROP_MODEL] = g_param_spec_object ("model",
                                                NULL,
                                                NULL,
                                                CONFAB_TYPE_SIGN_IN_VIEW_MODEL,
                                                G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                                                  G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/app/confab/Confab/ui/confab-sign-in-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ConfabSignInPage, homeserver_row);
  gtk_widget_class_bind_template_child (widget_class, ConfabSignInPage, user_row);
  gtk_widget_class_bind_template_child (widget_class, ConfabSignInPage, password_row);
  gtk_widget_class_bind_template_child (widget_class, ConfabSignInPage, account_error);
  gtk_widget_class_bind_template_child (widget_class, ConfabSignInPage, sign_in_button);
  gtk_widget_class_bind_template_callback (widget_class, not);
  gtk_widget_class_bind_template_callback (widget_class, is_text);
  gtk_widget_class_bind_template_callback (widget_class, is_looking);
  gtk_widget_class_bind_template_callback (widget_class, is_found);
  gtk_widget_class_bind_template_callback (widget_class, can_press);
  gtk_widget_class_bind_template_callback (widget_class, button_label);
  gtk_widget_class_bind_template_callback (widget_class, next_row);
  gtk_widget_class_bind_template_callback (widget_class, open_portal_clicked);
  gtk_widget_class_bind_template_callback (widget_class, password_changed);
  gtk_widget_class_bind_template_callback (widget_class, sign_in_clicked);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Escape, 0, cancel_cb, NULL);
}

static void
confab_sign_in_page_init (ConfabSignInPage *self)
{
  const GBindingFlags both = G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE;

  gtk_widget_init_template (GTK_WIDGET (self));
  confab_focus_keeper_attach (
    ADW_BREAKPOINT_BIN (adw_navigation_page_get_child (ADW_NAVIGATION_PAGE (self))));
  self->bindings = g_binding_group_new ();
  g_binding_group_bind (self->bindings, "homeserver", self->homeserver_row, "text", both);
  g_binding_group_bind (self->bindings, "user", self->user_row, "text", both);
  self->signals = g_signal_group_new (CONFAB_TYPE_SIGN_IN_VIEW_MODEL);
  g_signal_group_connect_swapped (self->signals,
                                  "notify::server-error",
                                  G_CALLBACK (errors_cb),
                                  self);
  g_signal_group_connect_swapped (self->signals,
                                  "notify::account-error",
                                  G_CALLBACK (errors_cb),
                                  self);
  g_signal_group_connect_swapped (self->signals, "notify::busy", G_CALLBACK (busy_cb), self);
  g_signal_group_connect_data (self->signals,
                               "notify::busy",
                               G_CALLBACK (idle_cb),
                               self,
                               NULL,
                               G_CONNECT_AFTER | G_CONNECT_SWAPPED);
  g_signal_group_connect_swapped (self->signals,
                                  "notify::password-wrong",
                                  G_CALLBACK (errors_cb),
                                  self);
  g_signal_group_connect_data (
    self->signals,
    "notify::can-sign-in", /* the last of those that change with the state */
    G_CALLBACK (server_state_cb),
    self,
    NULL,
    G_CONNECT_AFTER | G_CONNECT_SWAPPED);
  g_signal_group_connect_swapped (self->signals,
                                  "focus-wanted",
                                  G_CALLBACK (focus_wanted_cb),
                                  self);
}

void
confab_sign_in_page_focus_first (ConfabSignInPage *self)
{
  GtkWidget *row = NULL;

  g_return_if_fail (CONFAB_IS_SIGN_IN_PAGE (self));

  if (is_empty (self->homeserver_row))
    row = GTK_WIDGET (self->homeserver_row);
  else if (is_empty (self->user_row))
    row = GTK_WIDGET (self->user_row);
  else if (is_empty (self->password_row))
    row = GTK_WIDGET (self->password_row);
  else
    row = GTK_WIDGET (self->sign_in_button);
  gtk_widget_grab_focus (row);
}
