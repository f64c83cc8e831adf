/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Hears of each move of a state machine: which row of which table of how many rows. NULL but in tests, which see to it
 * that no row is there for nothing. */
typedef void (*ConfabCallRowFunc) (const char *table, guint row, guint n_rows);

extern ConfabCallRowFunc confab_call_row_hook;

static inline void
confab_call_row_ran (const char *table, guint row, guint n_rows)
{
  if (G_UNLIKELY (confab_call_row_hook != NULL))
    confab_call_row_hook (table, row, n_rows);
}

G_END_DECLS
