/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-bot"

#include "config.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <gst/gst.h>

#include "confab-bot.h"
#include "confab-media-loader.h"

#define EXIT_WRONG_ARGUMENTS 2

typedef struct {
  ConfabBot *bot;
  GMainLoop *loop;
  int code;
} Run;

/* The first asks it to leave; since its handler is then gone, a second one ends it at once. */
static gboolean
signal_cb (gpointer data)
{
  confab_bot_stop (CONFAB_BOT (data));
  return G_SOURCE_REMOVE;
}

static void
duration_cb (gpointer data)
{
  confab_bot_stop (CONFAB_BOT (data));
}

static DexFuture *
ended_cb (DexFuture *future, gpointer data)
{
  Run *run = data;
  const GValue *value = dex_future_get_value (future, NULL);

  run->code = value != NULL ? g_value_get_int (value) : 1;
  g_main_loop_quit (run->loop);
  return NULL;
}

/*
 * libdex logs while it is loaded, before main () can tell GLib to take standard error. What an executable has in this
 * section runs before the constructors of its libraries.
 */
static int early_output = -1;

static void
divert_output (void)
{
  early_output = fcntl (STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (early_output >= 0)
    (void) dup2 (STDERR_FILENO, STDOUT_FILENO);
}

__attribute__ ((section (".preinit_array"),
                used)) static void (*const before_libraries) (void) = divert_output;

static void
restore_output (void)
{
  if (early_output < 0)
    return;
  fflush (stdout);
  (void) dup2 (early_output, STDOUT_FILENO);
  g_clear_fd (&early_output, NULL);
}

/* Standard output is for JSON lines alone: what a library prints there goes to standard error. */
static int
take_standard_output (void)
{
  int fd = fcntl (STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

  fflush (stdout);
  if (fd >= 0 && dup2 (STDERR_FILENO, STDOUT_FILENO) < 0)
    g_clear_fd (&fd, NULL);
  return fd;
}

static ConfabBotOptions *
read_options (int argc, char *argv[], guint *duration_ms, GError **error)
{
  g_auto (GStrv) arguments = g_new0 (char *, argc + 1);
  ConfabBotOptions *options;

  for (int i = 0; i < argc; i++)
    arguments[i] = g_strdup (argv[i]);
  options = confab_bot_options_new (&arguments, g_getenv ("CONFAB_PASSWORD"), error);
  /* Nothing that this process starts is to see it. */
  g_unsetenv ("CONFAB_PASSWORD");
  if (options != NULL)
    *duration_ms = options->duration_ms;
  return options;
}

static ConfabMediaEngine *
new_engine (const ConfabBotOptions *options, GError **error)
{
  static const ConfabMediaSource sources[] = {
    [CONFAB_BOT_MEDIA_TEST] = CONFAB_MEDIA_SOURCE_TEST,
    [CONFAB_BOT_MEDIA_DEVICES] = CONFAB_MEDIA_SOURCE_DEVICES,
    [CONFAB_BOT_MEDIA_NONE] = CONFAB_MEDIA_SOURCE_NONE,
  };
  g_autoptr (ConfabMediaEngine) engine = confab_media_engine_new (sources[options->media]);

  confab_media_engine_set_drawing (engine, CONFAB_DRAWING_NONE);
  if (!confab_media_engine_set_video_format (engine, options->width, options->height, options->fps))
    g_warning ("the media room refuses %ux%u@%u", options->width, options->height, options->fps);
  if (options->test_picture != NULL &&
      !confab_media_engine_set_test_picture (engine, options->test_picture, error))
    return NULL;
  return g_steal_pointer (&engine);
}

static int
run (ConfabBot *bot, guint duration_ms)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Run state = { bot, loop, 1 };
  guint duration = 0;

  g_unix_signal_add (SIGTERM, signal_cb, bot);
  g_unix_signal_add (SIGINT, signal_cb, bot);
  g_unix_signal_add (SIGHUP, signal_cb, bot); /* the terminal is gone */
  if (duration_ms > 0)
    duration = g_timeout_add_once (duration_ms, duration_cb, bot);
  dex_future_disown (dex_future_finally (confab_bot_run (bot), ended_cb, &state, NULL));
  g_main_loop_run (loop);
  if (duration != 0 && g_main_context_find_source_by_id (NULL, duration) != NULL)
    g_source_remove (duration);
  return state.code;
}

int
main (int argc, char *argv[])
{
  g_autoptr (ConfabBot) bot = NULL;
  g_autoptr (ConfabMediaEngine) engine = NULL;
  g_autoptr (GInputStream) input = NULL;
  g_autoptr (GError) error = NULL;
  ConfabBotOptions *options;
  guint duration_ms = 0;
  int output;
  int code;

  restore_output ();
  setlocale (LC_ALL, "");
  g_log_writer_default_set_use_stderr (TRUE);
  signal (SIGPIPE, SIG_IGN);
  dex_init ();
  options = read_options (argc, argv, &duration_ms, &error);
  if (options == NULL) {
    g_printerr ("confab-bot: %s\n", error->message);
    return EXIT_WRONG_ARGUMENTS;
  }
  gst_init (NULL, NULL);
  engine = new_engine (options, &error);
  if (engine == NULL) {
    g_printerr ("confab-bot: --test-picture: %s\n", error->message);
    confab_bot_options_free (options);
    return EXIT_WRONG_ARGUMENTS;
  }
  output = take_standard_output ();
  /* The first call need not wait for plug-ins and a certificate, which take longer than signing in. */
  confab_media_load_async (NULL, NULL);
  input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  bot = output >= 0 ? confab_bot_new (options, engine, input, output, &error) : NULL;
  if (bot == NULL) {
    g_printerr ("confab-bot: %s\n", error != NULL ? error->message : "no standard output");
    confab_media_load_wait ();
    return 1;
  }
  code = run (bot, duration_ms);
  confab_media_load_wait ();
  return code;
}
