/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * ConfabShortcutsDialog:
 *
 * Every shortcut of the application, in groups. (AdwShortcutsDialog comes with libadwaita 1.8.)
 */
#define CONFAB_TYPE_SHORTCUTS_DIALOG (confab_shortcuts_dialog_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabShortcutsDialog, confab_shortcuts_dialog, CONFAB, SHORTCUTS_DIALOG, AdwDialog)

AdwDialog *confab_shortcuts_dialog_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* Makes @application listen to them. */
void confab_shortcuts_install (GtkApplication *application);

G_END_DECLS
