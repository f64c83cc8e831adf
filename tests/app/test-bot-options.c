/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <glib/gstdio.h>

#include "confab-bot-options.h"

#define ACCOUNT "--homeserver http://127.0.0.1:8008 --user @a:b "

static ConfabBotOptions *
parse (const char *text, const char *password, GError **error)
{
  g_autofree char *line = g_strconcat ("confab-bot ", text, NULL);
  g_auto (GStrv) arguments = NULL;

  g_assert_true (g_shell_parse_argv (line, NULL, &arguments, NULL));
  return confab_bot_options_new (&arguments, password, error);
}

static char *
write_file (const char *text)
{
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("confab-test-XXXXXX", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return g_steal_pointer (&path);
}

static void
test_defaults (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ConfabBotOptions) options = parse (ACCOUNT, "secret", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (options->homeserver, ==, "http://127.0.0.1:8008");
  g_assert_cmpstr (options->user, ==, "@a:b");
  g_assert_cmpstr (options->password, ==, "secret");
  g_assert_null (options->store);
  g_assert_cmpint (options->media, ==, CONFAB_BOT_MEDIA_TEST);
  g_assert_cmpuint (options->width, ==, 640);
  g_assert_cmpuint (options->height, ==, 360);
  g_assert_cmpuint (options->fps, ==, 30);
  g_assert_cmpstr (options->device_name, ==, "confab-bot");
  g_assert_cmpuint (options->duration_ms, ==, 0);
  g_assert_null (options->script);
  g_assert_null (options->join_room);
}

static void
test_everything (void)
{
  g_autofree char *password_file = write_file ("pass word\r\nmore\n");
  g_autofree char *script = write_file ("{}\n");
  g_autofree char *line = g_strdup_printf (
    ACCOUNT "--password-file %s --store /s --media=none --video 320x180@15 "
            "--device-name 'My bot' --join '!r:s' --call c --duration 2.5 --script %s",
    password_file,
    script);
  g_autoptr (GError) error = NULL;
  g_autoptr (ConfabBotOptions) options = parse (line, "other", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (options->password, ==, "pass word");
  g_assert_cmpstr (options->store, ==, "/s");
  g_assert_cmpint (options->media, ==, CONFAB_BOT_MEDIA_NONE);
  g_assert_cmpuint (options->width, ==, 320);
  g_assert_cmpuint (options->height, ==, 180);
  g_assert_cmpuint (options->fps, ==, 15);
  g_assert_cmpstr (options->device_name, ==, "My bot");
  g_assert_cmpstr (options->join_room, ==, "!r:s");
  g_assert_cmpstr (options->join_call, ==, "c");
  g_assert_cmpuint (options->duration_ms, ==, 2500);
  g_assert_cmpuint (g_bytes_get_size (options->script), ==, 3);
  g_unlink (password_file);
  g_unlink (script);
}

static void
test_wrong (void)
{
  static const char *const lines[] = {
    "",
    "--user @a:b",
    "--homeserver http://h",
    "--homeserver '' --user @a:b",
    "--homeserver http://h --user ''",
    "--homeserver http://h --user @a",
    "--homeserver http://h --user 'a b'",
    ACCOUNT "more",
    ACCOUNT "--unheard-of",
    ACCOUNT "--password secret",
    ACCOUNT "--store ''",
    ACCOUNT "--password-file /nonexistent/file",
    ACCOUNT "--password-file /",
    ACCOUNT "--password-file /dev/null",
    ACCOUNT "--password-file /dev/zero",
    ACCOUNT "--media camera",
    ACCOUNT "--media",
    ACCOUNT "--video 640",
    ACCOUNT "--media none --test-picture f.y4m",
    ACCOUNT "--join '#r:s'",
    ACCOUNT "--call c",
    ACCOUNT "--join '!r:s' --call ''",
    ACCOUNT "--duration 0",
    ACCOUNT "--duration -1",
    ACCOUNT "--duration nan",
    ACCOUNT "--duration 1e300",
    ACCOUNT "--duration 5s",
    ACCOUNT "--device-name ''",
    ACCOUNT "--script /nonexistent/file",
    ACCOUNT "--script /",
  };
  g_autoptr (ConfabBotOptions) without_password = NULL;
  g_autoptr (ConfabBotOptions) with_store = NULL;
  g_autoptr (GError) none = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (ConfabBotOptions) options = parse (lines[i], "secret", &error);
    g_test_message ("%s", lines[i]);
    g_assert_null (options);
    g_assert_nonnull (error);
  }

  without_password = parse (ACCOUNT, NULL, &none);
  g_assert_null (without_password);
  g_assert_error (none, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
  g_clear_error (&none);
  with_store = parse (ACCOUNT "--store /s", NULL, &none);
  g_assert_no_error (none);
  g_assert_null (with_store->password);
}

static void
test_video (void)
{
  static const char *const wrong[] = {
    "",
    "640",
    "640x360",
    "640x360@",
    "640x360@0",
    "640x360@61",
    "0x360@30",
    "14x360@30",
    "640x0@30",
    "3842x2160@30",
    "3840x2162@30",
    "-640x2@1",
    "640x-360@30",
    "640x360@-1",
    "641x360@30",
    "640x361@30",
    "640x360@30 ",
    " 640x360@30",
    "640X360@30",
    "640x360@30fps",
    "99999999999999999999x360@30",
    "+640x360@30",
    "640x360@4294967326",
  };
  guint width = 1, height = 2, fps = 3;

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_test_message ("%s", wrong[i]);
    g_assert_false (confab_bot_options_parse_video (wrong[i], &width, &height, &fps));
  }
  g_assert_cmpuint (width + height + fps, ==, 6);
  g_assert_true (confab_bot_options_parse_video ("16x16@1", &width, &height, &fps));
  g_assert_true (confab_bot_options_parse_video ("3840x2160@60", &width, &height, &fps));
  g_assert_cmpuint (width, ==, 3840);
  g_assert_cmpuint (height, ==, 2160);
  g_assert_cmpuint (fps, ==, 60);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bot-options/defaults", test_defaults);
  g_test_add_func ("/bot-options/everything", test_everything);
  g_test_add_func ("/bot-options/wrong", test_wrong);
  g_test_add_func ("/bot-options/video", test_video);
  return g_test_run ();
}
