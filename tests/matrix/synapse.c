/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "synapse.h"

#include "confab-json.h"

Synapse *
synapse_new (const char *const *options)
{
  Synapse *self = g_new0 (Synapse, 1);
  g_autofree char *script = g_test_build_filename (G_TEST_DIST, "tools", "synapse.py", NULL);
  const char *python = g_getenv ("CONFAB_SYNAPSE_PYTHON");
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) argv = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDataInputStream) output = NULL;
  g_autofree char *line = NULL;
  g_autoptr (JsonObject) ready = NULL;

  g_strv_builder_add_many (builder,
                           python != NULL ? python : "python3",
                           script,
                           "--user",
                           "anna:secret",
                           "--user",
                           "ben:secret",
                           NULL);
  if (options != NULL)
    g_strv_builder_addv (builder, (const char **) options);
  argv = g_strv_builder_end (builder);
  self->process = g_subprocess_newv ((const char *const *) argv,
                                     G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                                     &error);
  g_assert_no_error (error);
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->process));
  line = g_data_input_stream_read_line (output, NULL, NULL, &error);
  g_assert_no_error (error);
  if (line == NULL)
    g_error ("there is no Synapse: set CONFAB_SYNAPSE_PYTHON to an interpreter that has one");
  ready = confab_json_parse_object (line, -1, &error);
  g_assert_no_error (error);
  self->url = g_strdup (json_object_get_string_member (ready, "homeserver"));
  return self;
}

void
synapse_free (Synapse *self)
{
  /* It ends with its input. */
  g_output_stream_close (g_subprocess_get_stdin_pipe (self->process), NULL, NULL);
  g_subprocess_wait (self->process, NULL, NULL);
  g_object_unref (self->process);
  g_free (self->url);
  g_free (self);
}
