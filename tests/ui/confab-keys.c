/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-keys.h"

#include <gio/gio.h>

#define PATIENCE_S 20

static void
done_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_subprocess_wait_check_finish (G_SUBPROCESS (object), result, &error);
  g_assert_no_error (error);
  *(gboolean *) data = TRUE;
}

static void
run (const char *command, const char *argument)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) xdotool = g_subprocess_new (
    G_SUBPROCESS_FLAGS_NONE, &error, "xdotool", command, argument, NULL);
  gboolean done = FALSE;

  g_assert_no_error (error);
  g_subprocess_wait_check_async (xdotool, NULL, done_cb, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
}

void
confab_keys_press (const char *keys)
{
  run ("key", keys);
}

void
confab_keys_type (const char *text)
{
  run ("type", text);
}

static gboolean
impatient_cb (gpointer data)
{
  g_error ("It did not happen within %d s: %s", PATIENCE_S, (const char *) data);
  return G_SOURCE_REMOVE;
}

guint
confab_keys_be_patient (const char *what)
{
  return g_timeout_add_seconds (PATIENCE_S, impatient_cb, (gpointer) what);
}
