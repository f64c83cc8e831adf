/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-bot"

#include "config.h"

#include "confab-bot-input.h"

#include <string.h>

#include "confab-bot-command.h"

#define CHUNK 65536

struct _ConfabBotInput {
  GObject parent_instance;

  GInputStream *stream;
  GByteArray *pending; /* what was read and not yet handed out */
  gsize start;         /* where in pending that begins */
  gsize searched;      /* no end of line before this, from the start on */
  gboolean from_script;
  gboolean skipping; /* inside of a line too long: its rest is dropped */
  gboolean at_end;
};

G_DEFINE_FINAL_TYPE (ConfabBotInput, confab_bot_input, G_TYPE_OBJECT)

static GBytes *
take (ConfabBotInput *self, gsize length, gsize with_end)
{
  GBytes *line = g_bytes_new (self->pending->data + self->start,
                              MIN (length, CONFAB_BOT_COMMAND_MAX_LINE + 1));

  self->start += with_end;
  self->searched = 0;
  return line;
}

/* Returns: (nullable): the next line, if it is all there */
static GBytes *
next_line (ConfabBotInput *self)
{
  for (;;) {
    const guint8 *data = self->pending->data + self->start;
    gsize length = self->pending->len - self->start;
    const guint8 *end = length > self->searched
                          ? memchr (data + self->searched, '\n', length - self->searched)
                          : NULL;
    if (end != NULL) {
      gsize n = end - data;
      if (!self->skipping)
        return take (self, n, n + 1);
      self->skipping = FALSE;
      g_bytes_unref (take (self, 0, n + 1));
      continue;
    }
    self->searched = length;
    if (self->skipping) {
      g_bytes_unref (take (self, 0, length));
    } else if (length > CONFAB_BOT_COMMAND_MAX_LINE) {
      self->skipping = TRUE;
      return take (self, length, length);
    } else if (length > 0 && (self->at_end || self->from_script)) {
      return take (self, length, length); /* a last line without an end */
    }
    self->from_script = FALSE;
    return NULL;
  }
}

static void
append (ConfabBotInput *self, GBytes *bytes)
{
  g_byte_array_remove_range (self->pending, 0, self->start);
  self->start = 0;
  g_byte_array_append (self->pending, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static DexFuture *
read_line_fiber (gpointer data)
{
  ConfabBotInput *self = CONFAB_BOT_INPUT (data);
  GBytes *line;

  while ((line = next_line (self)) == NULL && !self->at_end) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) bytes = NULL;
    bytes = dex_await_boxed (dex_input_stream_read_bytes (self->stream, CHUNK, G_PRIORITY_DEFAULT),
                             &error);
    if (bytes == NULL)
      return dex_future_new_for_error (g_steal_pointer (&error));
    if (g_bytes_get_size (bytes) == 0)
      self->at_end = TRUE;
    else
      append (self, bytes);
  }
  if (line == NULL)
    line = next_line (self);
  if (line == NULL)
    return dex_future_new_reject (G_IO_ERROR, G_IO_ERROR_CLOSED, "end of input");
  return dex_future_new_take_boxed (G_TYPE_BYTES, line);
}

static void
confab_bot_input_finalize (GObject *object)
{
  ConfabBotInput *self = CONFAB_BOT_INPUT (object);

  g_clear_object (&self->stream);
  g_clear_pointer (&self->pending, g_byte_array_unref);
  G_OBJECT_CLASS (confab_bot_input_parent_class)->finalize (object);
}

static void
confab_bot_input_class_init (ConfabBotInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_bot_input_finalize;
}

static void
confab_bot_input_init (ConfabBotInput *self)
{
  self->pending = g_byte_array_new ();
}

/**
 * confab_bot_input_new:
 * @script: (nullable): lines that come first
 * @stream: where the others come from
 *
 * Returns: (transfer full): the input
 */
ConfabBotInput *
confab_bot_input_new (GBytes *script, GInputStream *stream)
{
  ConfabBotInput *self = g_object_new (CONFAB_TYPE_BOT_INPUT, NULL);

  self->stream = g_object_ref (stream);
  if (script != NULL) {
    append (self, script);
    self->from_script = TRUE;
  }
  return self;
}

/**
 * confab_bot_input_read_line:
 * @self: the input
 *
 * One at a time. Where the script's last line has no end, it ends there.
 *
 * Returns: (transfer full): a future that resolves to a #GBytes
 */
DexFuture *
confab_bot_input_read_line (ConfabBotInput *self)
{
  dex_return_error_if_fail (CONFAB_IS_BOT_INPUT (self));

  return dex_scheduler_spawn (NULL, 0, read_line_fiber, g_object_ref (self), g_object_unref);
}
