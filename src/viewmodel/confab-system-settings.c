/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-system-settings.h"

/* Programs, with the page about privacy where there is one. */
static const struct {
  const char *program;
  const char *page; /* NULL: only the whole */
} known[] = {
  { "gnome-control-center", "privacy" }, { "systemsettings", NULL },
  { "cinnamon-settings", "privacy" },    { "xfce4-settings-manager", NULL },
  { "mate-control-center", NULL },
};

static char *
find_command (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (known); i++) {
    g_autofree char *path = g_find_program_in_path (known[i].program);
    g_autofree char *quoted = path != NULL ? g_shell_quote (path) : NULL;

    if (quoted != NULL)
      return g_strjoin (" ", quoted, known[i].page, NULL);
  }
  return NULL;
}

gboolean
confab_system_settings_can_open (void)
{
  g_autofree char *command = find_command ();

  return command != NULL;
}

/**
 * confab_system_settings_open:
 * @error: %G_IO_ERROR_NOT_FOUND when there are none
 *
 * Returns: whether they were started
 */
gboolean
confab_system_settings_open (GError **error)
{
  g_autofree char *command = find_command ();
  g_autoptr (GAppInfo) info = NULL;

  if (command == NULL) {
    g_set_error_literal (error,
                         G_IO_ERROR,
                         G_IO_ERROR_NOT_FOUND,
                         "there is no program for the system's settings");
    return FALSE;
  }
  info = g_app_info_create_from_commandline (command, NULL, G_APP_INFO_CREATE_NONE, error);
  return info != NULL && g_app_info_launch (info, NULL, NULL, error);
}
