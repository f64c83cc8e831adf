/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-shot-call.h"

/* What confab-shot draws, in high contrast: libadwaita takes that from the environment only when it starts. */
int
main (int argc, char *argv[])
{
  if (argc != 2) {
    g_printerr ("Usage: confab-shot-contrast FOLDER\n");
    return 2;
  }
  g_setenv ("ADW_DEBUG_HIGH_CONTRAST", "1", TRUE);
  confab_shot_init ();
  confab_shot_call_in_high_contrast (argv[1]);
  return 0;
}
