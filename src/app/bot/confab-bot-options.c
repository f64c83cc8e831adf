/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-bot"

#include "config.h"

#include "confab-bot-options.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include <gio/gio.h>

#include "confab-bot-command.h"

#define MIN_SIZE 16
#define MAX_WIDTH 3840
#define MAX_HEIGHT 2160
#define MAX_FPS 60
#define MAX_DURATION_S (7 * 24 * 60 * 60)
#define MAX_PASSWORD 4096 /* bytes */
#define MAX_SCRIPT (4 * 1024 * 1024)
#define MAX_NAME 100 /* bytes; what homeservers take for a device's name */
#define DEFAULT_VIDEO "640x360@30"
#define DEFAULT_NAME "confab-bot"

/* As GOption hands them over; NULL when not given. */
typedef struct {
  char *homeserver;
  char *user;
  char *password_file;
  char *store;
  char *media;
  char *video;
  char *device_name;
  char *test_picture;
  char *join;
  char *call;
  char *duration;
  char *script;
} Texts;

static void
texts_clear (Texts *texts)
{
  g_free (texts->homeserver);
  g_free (texts->user);
  g_free (texts->password_file);
  g_free (texts->store);
  g_free (texts->media);
  g_free (texts->video);
  g_free (texts->device_name);
  g_free (texts->test_picture);
  g_free (texts->join);
  g_free (texts->call);
  g_free (texts->duration);
  g_free (texts->script);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Texts, texts_clear)

static gboolean
fail (GError **error, const char *option, const char *expected)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: %s", option, expected);
  return FALSE;
}

/* At most @max bytes of a file; a longer one is an error, and so is a folder. */
static GBytes *
read_file (const char *option, const char *path, gsize max, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  g_autofree char *data = NULL;
  gsize length = 0;
  gssize n = -1;

  if (fd >= 0) {
    data = g_malloc (max + 1);
    do {
      n = read (fd, data + length, max + 1 - length);
      if (n > 0)
        length += n;
    } while ((n > 0 && length <= max) || (n < 0 && errno == EINTR));
  }
  if (n < 0 || length > max) {
    const char *reason = n < 0 ? g_strerror (errno) : "too large";
    g_set_error (
      error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: “%s”: %s", option, path, reason);
    if (data != NULL)
      explicit_bzero (data, max + 1);
  }
  if (fd >= 0)
    close (fd);
  return n < 0 || length > max ? NULL : g_bytes_new_take (g_steal_pointer (&data), length);
}

/* The file's first line. */
static gboolean
read_password (ConfabBotOptions *self, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = read_file ("--password-file", path, MAX_PASSWORD, error);
  gsize length;
  char *data;
  gsize n;

  if (bytes == NULL)
    return FALSE;
  data = g_bytes_unref_to_data (g_steal_pointer (&bytes), &length);
  for (n = 0; n < length && data[n] != '\n' && data[n] != '\r'; n++)
    ;
  if (n > 0 && g_utf8_validate_len (data, n, NULL))
    self->password = g_strndup (data, n);
  explicit_bzero (data, length);
  g_free (data);
  return self->password != NULL || fail (error, "--password-file", "its first line is no password");
}

static gboolean
read_number (const char **text, char end, guint min, guint max, guint *number)
{
  char *rest;
  guint64 value;

  if (!g_ascii_isdigit (**text))
    return FALSE;
  value = g_ascii_strtoull (*text, &rest, 10);
  if (*rest != end || value < min || value > max)
    return FALSE;
  *number = value;
  *text = rest + (end != '\0');
  return TRUE;
}

/**
 * confab_bot_options_parse_video:
 * @text: `WxH@FPS`
 * @width: (out): 16 to 3840 px, even
 * @height: (out): 16 to 2160 px, even
 * @fps: (out): 1 to 60
 *
 * Returns: whether it is of that form and within these bounds
 */
gboolean
confab_bot_options_parse_video (const char *text, guint *width, guint *height, guint *fps)
{
  guint w, h, f;

  if (!read_number (&text, 'x', MIN_SIZE, MAX_WIDTH, &w) ||
      !read_number (&text, '@', MIN_SIZE, MAX_HEIGHT, &h) ||
      !read_number (&text, '\0', 1, MAX_FPS, &f) || w % 2 != 0 || h % 2 != 0)
    return FALSE;
  *width = w;
  *height = h;
  *fps = f;
  return TRUE;
}

static gboolean
read_media (ConfabBotOptions *self, const Texts *texts, GError **error)
{
  static const char *const names[] = { "test", "devices", "none", NULL };
  const char *name = texts->media != NULL ? texts->media : "test";

  if (!g_strv_contains (names, name))
    return fail (error, "--media", "test, devices or none");
  while (!g_str_equal (names[self->media], name))
    self->media++;
  if (!confab_bot_options_parse_video (texts->video != NULL ? texts->video : DEFAULT_VIDEO,
                                       &self->width,
                                       &self->height,
                                       &self->fps))
    return fail (error, "--video", "WIDTHxHEIGHT@FPS, both even, 16x16@1 to 3840x2160@60");
  if (texts->test_picture != NULL && self->media != CONFAB_BOT_MEDIA_TEST)
    return fail (error, "--test-picture", "goes with --media test only");
  self->test_picture = g_strdup (texts->test_picture);
  return TRUE;
}

static gboolean
read_join (ConfabBotOptions *self, const Texts *texts, GError **error)
{
  if (texts->join != NULL && !confab_bot_command_is_room_id (texts->join))
    return fail (error, "--join", "a room id, as !name:server");
  if (texts->call != NULL && (texts->join == NULL || !confab_bot_command_is_call_id (texts->call)))
    return fail (error, "--call", "a call id, and goes with --join only");
  self->join_room = g_strdup (texts->join);
  self->join_call = g_strdup (texts->call);
  return TRUE;
}

static gboolean
read_duration (ConfabBotOptions *self, const char *text, GError **error)
{
  char *rest = NULL;
  double seconds = text != NULL && g_ascii_isdigit (text[0]) ? g_ascii_strtod (text, &rest) : 0;

  if (text == NULL)
    return TRUE;
  if (rest == NULL || *rest != '\0' || !isfinite (seconds) || seconds < 0.001 ||
      seconds > MAX_DURATION_S)
    return fail (error, "--duration", "seconds, more than 0 and at most a week");
  self->duration_ms = seconds * 1000;
  return TRUE;
}

static gboolean
read_account (ConfabBotOptions *self, const Texts *texts, const char *password, GError **error)
{
  const char *user = texts->user;

  if (texts->homeserver == NULL || texts->homeserver[0] == '\0')
    return fail (error, "--homeserver", "must be there");
  if (user == NULL || user[0] == '\0' || strpbrk (user, " \t\r\n") != NULL || strlen (user) > 255 ||
      (user[0] == '@' && !confab_bot_command_is_user_id (user)))
    return fail (error, "--user", "must be there: a user id, as @name:server");
  if (texts->store != NULL && texts->store[0] == '\0')
    return fail (error, "--store", "a folder");
  self->homeserver = g_strdup (texts->homeserver);
  self->user = g_strdup (user);
  self->store = g_strdup (texts->store);
  if (texts->password_file != NULL)
    return read_password (self, texts->password_file, error);
  if (password != NULL && password[0] != '\0')
    self->password = g_strdup (password);
  else if (texts->store == NULL)
    return fail (error, "--password-file", "must be there, or CONFAB_PASSWORD, or --store");
  return TRUE;
}

static gboolean
read_texts (ConfabBotOptions *self, const Texts *texts, const char *password, GError **error)
{
  const char *name = texts->device_name != NULL ? texts->device_name : DEFAULT_NAME;

  if (!read_account (self, texts, password, error) || !read_media (self, texts, error) ||
      !read_join (self, texts, error) || !read_duration (self, texts->duration, error))
    return FALSE;
  if (name[0] == '\0' || strlen (name) > MAX_NAME || !g_utf8_validate (name, -1, NULL))
    return fail (error, "--device-name", "a name of at most 100 bytes");
  self->device_name = g_strdup (name);
  if (texts->script != NULL) {
    self->script = read_file ("--script", texts->script, MAX_SCRIPT, error);
    return self->script != NULL;
  }
  return TRUE;
}

/**
 * confab_bot_options_new:
 * @arguments: (inout): as main() has them, in one GStrv; what was understood is taken out
 * @password: (nullable): from the environment; the file goes first
 * @error: #G_OPTION_ERROR, or #G_IO_ERROR for a script that cannot be read
 *
 * `--help` and `--version` print and end the process.
 *
 * Returns: (transfer full) (nullable): what they say; %NULL for wrong arguments
 */
ConfabBotOptions *
confab_bot_options_new (char ***arguments, const char *password, GError **error)
{
  g_auto (Texts) texts = { 0 };
  gboolean version = FALSE;
  const GOptionEntry entries[] = {
    { "homeserver", 0, 0, G_OPTION_ARG_STRING, &texts.homeserver, "Where the account is", "URL" },
    { "user", 0, 0, G_OPTION_ARG_STRING, &texts.user, "Who to be", "@ME:SERVER" },
    { "password-file",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &texts.password_file,
      "The password is its first line (or CONFAB_PASSWORD)",
      "FILE" },
    { "store", 0, 0, G_OPTION_ARG_FILENAME, &texts.store, "Keep login and keys here", "DIR" },
    { "media",
      0,
      0,
      G_OPTION_ARG_STRING,
      &texts.media,
      "What to send (test)",
      "test|devices|none" },
    { "video",
      0,
      0,
      G_OPTION_ARG_STRING,
      &texts.video,
      "The test picture (" DEFAULT_VIDEO ")",
      "WxH@FPS" },
    { "device-name",
      0,
      0,
      G_OPTION_ARG_STRING,
      &texts.device_name,
      "What the device is called (" DEFAULT_NAME ")",
      "NAME" },
    { "test-picture",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &texts.test_picture,
      "Send this 4:2:0 file, again and again, as the camera",
      "FILE.y4m" },
    { "join", 0, 0, G_OPTION_ARG_STRING, &texts.join, "Join the call in this room", "ROOM" },
    { "call", 0, 0, G_OPTION_ARG_STRING, &texts.call, "This one, if it has several", "CALL" },
    { "duration", 0, 0, G_OPTION_ARG_STRING, &texts.duration, "End after that long", "SECONDS" },
    { "script",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &texts.script,
      "Run these lines before those of standard input",
      "FILE" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (ConfabBotOptions) self = g_new0 (ConfabBotOptions, 1);

  g_option_context_set_summary (context,
                                "A participant in Matrix calls without a window. It reads "
                                "commands and writes what happens as JSON lines.");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse_strv (context, arguments, error))
    return NULL;
  if (version) {
    g_print ("confab-bot %s\n", CONFAB_VERSION);
    exit (0);
  }
  if (*arguments != NULL && g_strv_length (*arguments) > 1) {
    fail (error, (*arguments)[1], "no such argument");
    return NULL;
  }
  if (!read_texts (self, &texts, password, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
confab_bot_options_free (ConfabBotOptions *self)
{
  g_free (self->homeserver);
  g_free (self->user);
  if (self->password != NULL)
    explicit_bzero (self->password, strlen (self->password));
  g_free (self->password);
  g_free (self->store);
  g_free (self->device_name);
  g_free (self->test_picture);
  g_free (self->join_room);
  g_free (self->join_call);
  g_clear_pointer (&self->script, g_bytes_unref);
  g_free (self);
}
