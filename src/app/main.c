/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-app"

#include "config.h"

#include "confab-application.h"

#include "confab-media-loader.h"
#include "confab-slice.h"

#include <glib/gi18n.h>
#include <libdex.h>
#include <locale.h>
#include <signal.h>

int
main (int argc, char *argv[])
{
  g_autoptr (ConfabApplication) application = NULL;
  int status;

  confab_slice_prepare_memory ();
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, CONFAB_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  signal (SIGPIPE, SIG_IGN);
  dex_init ();
  g_set_application_name (_ ("Confab"));

  application = confab_application_new ();
  status = g_application_run (G_APPLICATION (application), argc, argv);
  confab_media_load_wait ();
  return status;
}
