/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <glib.h>
#include <string.h>

/* A fuzz target without a fuzzer: runs it once over each file that it is given. So what was found stays found with any
 * compiler, and under each sanitizer. */

int LLVMFuzzerInitialize (int *argc, char ***argv) __attribute__ ((weak));
int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
main (int argc, char *argv[])
{
  if (LLVMFuzzerInitialize != NULL && LLVMFuzzerInitialize (&argc, &argv) != 0)
    return 2;
  for (int i = 1; i < argc; i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *text = NULL;
    g_autofree guint8 *data = NULL;
    gsize size = 0;

    if (!g_file_get_contents (argv[i], &text, &size, &error)) {
      g_printerr ("%s\n", error->message);
      return 2;
    }
    data = g_malloc (MAX (size, 1)); /* without the byte after its end */
    memcpy (data, text, size);
    LLVMFuzzerTestOneInput (data, size);
  }
  g_print ("%d inputs\n", argc - 1);
  return argc > 1 ? 0 : 1;
}
