/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdio.h>

#include "confab-call-rows.h"

/* Linked into each test of the room: with CONFAB_CALL_ROWS a file gets a line for each row of a state table that ran,
 * “table row of-how-many”; rows.py reads it. */

static FILE *file;
static GHashTable *seen;

static void
row_cb (const char *table, guint row, guint n_rows)
{
  char *line = g_strdup_printf ("%s %u %u\n", table, row, n_rows);

  if (g_hash_table_add (seen, line)) {
    fputs (line, file);
    fflush (file);
  }
}

__attribute__ ((constructor)) static void
install (void)
{
  const char *path = g_getenv ("CONFAB_CALL_ROWS");

  if (path == NULL)
    return;
  file = fopen (path, "a");
  if (file == NULL)
    g_error ("%s: cannot be written", path);
  seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  confab_call_row_hook = row_cb;
}
