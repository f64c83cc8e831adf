/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-shortcuts-dialog.h"

#include <glib/gi18n.h>

struct _ConfabShortcutsDialog {
  AdwDialog parent_instance;
};

G_DEFINE_FINAL_TYPE (ConfabShortcutsDialog, confab_shortcuts_dialog, ADW_TYPE_DIALOG)

/* Every one holds Ctrl or is a function key: none can eat what somebody types. */
typedef struct {
  const char *action;      /* detailed name; NULL: the page itself listens */
  const char *accelerator; /* as gtk_accelerator_parse () reads it */
  const char *title;
  const char *group;
} Shortcut;

static const Shortcut shortcuts[] = {
  { "win.toggle-microphone", "<Control>d", N_ ("Microphone on or off"), N_ ("In a Call") },
  { "win.toggle-camera", "<Control>e", N_ ("Camera on or off"), N_ ("In a Call") },
  { "win.leave-call", "<Control><Shift>l", N_ ("Leave the call"), N_ ("In a Call") },
  { "win.fullscreen", "F11", N_ ("Full screen"), N_ ("In a Call") },
  { "win.search", "<Control>f", N_ ("Search rooms"), N_ ("Rooms") },
  { NULL, "<Control>Return", N_ ("Join the room's call"), N_ ("Rooms") },
  { NULL, "F10", N_ ("Main menu"), N_ ("General") },
  { "app.shortcuts", "<Control>question", N_ ("Keyboard shortcuts"), N_ ("General") },
  { "app.quit", "<Control>q", N_ ("Quit"), N_ ("General") },
};

static void
add_shortcut (AdwPreferencesGroup *group, const Shortcut *shortcut)
{
  GtkWidget *row = g_object_new (ADW_TYPE_ACTION_ROW, "title", _ (shortcut->title), NULL);
  GtkWidget *label = NULL;

  /* Deprecated, and yet the only one before libadwaita 1.8. */
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  label = gtk_shortcut_label_new (shortcut->accelerator);
  G_GNUC_END_IGNORE_DEPRECATIONS
  gtk_widget_set_valign (label, GTK_ALIGN_CENTER);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), label);
  adw_preferences_group_add (group, row);
}

static void
confab_shortcuts_dialog_class_init (ConfabShortcutsDialogClass *klass)
{
}

static void
confab_shortcuts_dialog_init (ConfabShortcutsDialog *self)
{
  GtkWidget *view = adw_toolbar_view_new ();
  GtkWidget *page = adw_preferences_page_new ();
  AdwPreferencesGroup *group = NULL;

  adw_dialog_set_title (ADW_DIALOG (self), _ ("Keyboard Shortcuts"));
  adw_dialog_set_content_width (ADW_DIALOG (self), 480);
  adw_dialog_set_content_height (ADW_DIALOG (self), 600);
  for (guint i = 0; i < G_N_ELEMENTS (shortcuts); i++) {
    if (i == 0 || !g_str_equal (shortcuts[i].group, shortcuts[i - 1].group)) {
      group = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
      adw_preferences_group_set_title (group, _ (shortcuts[i].group));
      adw_preferences_page_add (ADW_PREFERENCES_PAGE (page), group);
    }
    add_shortcut (group, &shortcuts[i]);
  }
  adw_toolbar_view_add_top_bar (ADW_TOOLBAR_VIEW (view), adw_header_bar_new ());
  adw_toolbar_view_set_content (ADW_TOOLBAR_VIEW (view), page);
  adw_dialog_set_child (ADW_DIALOG (self), view);
}

AdwDialog *
confab_shortcuts_dialog_new (void)
{
  return g_object_new (CONFAB_TYPE_SHORTCUTS_DIALOG, NULL);
}

void
confab_shortcuts_install (GtkApplication *application)
{
  for (guint i = 0; i < G_N_ELEMENTS (shortcuts); i++) {
    const char *accelerators[] = { shortcuts[i].accelerator, NULL };

    if (shortcuts[i].action != NULL)
      gtk_application_set_accels_for_action (application, shortcuts[i].action, accelerators);
  }
}
