/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <libdex.h>

#include "confab-shot-call.h"
#include "confab-shot-pages.h"

/* Writes a picture of every page into a folder; with names, of those whose name begins so. */
int
main (int argc, char *argv[])
{
  const char *const *names = argc > 2 ? (const char *const *) argv + 2 : NULL;

  if (argc < 2) {
    g_printerr ("Usage: confab-shot FOLDER [NAME…]\n");
    return 2;
  }
  dex_init ();
  confab_shot_init ();
  confab_shot_pages (argv[1], names);
  confab_shot_call_pages (argv[1], names);
  return 0;
}
