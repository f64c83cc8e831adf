/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/stat.h>

#include "confab-system-settings.h"

/* The first that is there is started, with its page about privacy. */
static void
test_open (void)
{
  g_autofree char *programs = g_test_build_filename (G_TEST_DIST, "tools", "programs", NULL);
  g_autofree char *dir = g_dir_make_tmp ("confab-test-XXXXXX", NULL);
  g_autofree char *fifo = g_build_filename (dir, "fifo", NULL);
  g_autofree char *path = g_strconcat (programs, ":/usr/bin:/bin", NULL);
  g_autoptr (GError) error = NULL;
  char line[64] = "";
  FILE *file = NULL;

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_setenv ("PATH", path, TRUE);
  g_setenv ("CONFAB_TEST_SETTINGS", fifo, TRUE);
  g_assert_true (confab_system_settings_can_open ());
  g_assert_true (confab_system_settings_open (&error));
  g_assert_no_error (error);
  file = fopen (fifo, "r"); /* waits for who writes */
  g_assert_nonnull (file);
  g_assert_true (fgets (line, sizeof line, file) != NULL);
  fclose (file);
  g_assert_cmpstr (line, ==, "privacy\n");
  g_remove (fifo);
  g_rmdir (dir);
}

static void
test_none (void)
{
  g_autoptr (GError) error = NULL;

  g_setenv ("PATH", "/nowhere", TRUE);
  g_assert_false (confab_system_settings_can_open ());
  g_assert_false (confab_system_settings_open (&error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/system-settings/open", test_open);
  g_test_add_func ("/system-settings/none", test_none);
  return g_test_run ();
}
