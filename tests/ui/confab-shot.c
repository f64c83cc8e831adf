/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-shot-call.h"

/* Writes a picture of every page into the folder that is its only argument. */
int
main (int argc, char *argv[])
{
  if (argc != 2) {
    g_printerr ("Usage: confab-shot FOLDER\n");
    return 2;
  }
  confab_shot_init ();
  confab_shot_call_pages (argv[1]);
  return 0;
}
