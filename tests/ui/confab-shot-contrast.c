/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <libdex.h>

#include "confab-shot-call.h"
#include "confab-shot-pages.h"

/* What confab-shot draws, in high contrast: libadwaita takes that from the environment only when it starts. */
int
main (int argc, char *argv[])
{
  const char *const *names = argc > 2 ? (const char *const *) argv + 2 : NULL;

  if (argc < 2) {
    g_printerr ("Usage: confab-shot-contrast FOLDER [NAME…]\n");
    return 2;
  }
  g_setenv ("ADW_DEBUG_HIGH_CONTRAST", "1", TRUE);
  dex_init ();
  confab_shot_init ();
  confab_shot_pages_in_high_contrast (argv[1], names);
  confab_shot_call_in_high_contrast (argv[1], names);
  return 0;
}
