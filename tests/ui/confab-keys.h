/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Real keys: xdotool presses them, on a display of the test's own. Both come back when it is done; the keys may still be
 * on their way, so wait for what they do with CONFAB_WAIT_FOR (). */
void confab_keys_press (const char *keys);
void confab_keys_type (const char *text);

guint confab_keys_be_patient (const char *what);

#define CONFAB_WAIT_FOR(condition)                                                                 \
  G_STMT_START                                                                                     \
  {                                                                                                \
    guint patience = confab_keys_be_patient (#condition);                                          \
    while (!(condition))                                                                           \
      g_main_context_iteration (NULL, TRUE);                                                       \
    g_source_remove (patience);                                                                    \
  }                                                                                                \
  G_STMT_END

G_END_DECLS
