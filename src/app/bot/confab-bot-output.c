/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-bot"

#include "config.h"

#include "confab-bot-output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "confab-json.h"

#define CLOSE_TIMEOUT (2 * G_USEC_PER_SEC)

/* Shared with the writing thread. */
typedef struct {
  gatomicrefcount ref_count;
  int fd;
  GMutex mutex;
  GCond changed;
  GQueue lines; /* of char *; protected by the mutex, as all below */
  gboolean closing;
  gboolean done;
} Writer;

struct _ConfabBotOutput {
  GObject parent_instance;

  Writer *writer;
};

G_DEFINE_FINAL_TYPE (ConfabBotOutput, confab_bot_output, G_TYPE_OBJECT)

static void
writer_unref (Writer *writer)
{
  if (!g_atomic_ref_count_dec (&writer->ref_count))
    return;
  g_queue_clear_full (&writer->lines, g_free);
  g_mutex_clear (&writer->mutex);
  g_cond_clear (&writer->changed);
  close (writer->fd);
  g_free (writer);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Writer, writer_unref)

static gboolean
write_all (int fd, const char *text)
{
  gsize length = strlen (text);

  while (length > 0) {
    gssize n = write (fd, text, length);
    if (n < 0 && errno != EINTR)
      return FALSE;
    if (n > 0) {
      text += n;
      length -= n;
    }
  }
  return TRUE;
}

static gpointer
writer_run (gpointer data)
{
  g_autoptr (Writer) writer = data;
  gboolean works = TRUE;

  g_mutex_lock (&writer->mutex);
  for (;;) {
    g_autofree char *line = g_queue_pop_head (&writer->lines);
    if (line == NULL) {
      if (writer->closing)
        break;
      g_cond_wait (&writer->changed, &writer->mutex);
      continue;
    }
    g_mutex_unlock (&writer->mutex);
    /* Once nobody reads any more, lines have nowhere to go: the end of input tells the bot. */
    works = works && write_all (writer->fd, line);
    g_mutex_lock (&writer->mutex);
  }
  writer->done = TRUE;
  g_cond_broadcast (&writer->changed);
  g_mutex_unlock (&writer->mutex);
  return NULL;
}

static void
put_line (ConfabBotOutput *self, JsonObject *object)
{
  g_autofree char *text = confab_json_to_string (object);
  Writer *writer = self->writer;

  g_mutex_lock (&writer->mutex);
  if (!writer->closing)
    g_queue_push_tail (&writer->lines, g_strconcat (text, "\n", NULL));
  g_cond_broadcast (&writer->changed);
  g_mutex_unlock (&writer->mutex);
}

static JsonObject *
new_reply (const ConfabBotCommand *command, gboolean ok)
{
  JsonObject *object = json_object_new ();

  if (command->id != NULL)
    json_object_set_member (object, "id", json_node_ref (command->id));
  else
    json_object_set_null_member (object, "id");
  if (command->name != NULL)
    json_object_set_string_member (object, "cmd", command->name);
  else
    json_object_set_null_member (object, "cmd");
  json_object_set_boolean_member (object, "ok", ok);
  return object;
}

static void
set_error (JsonObject *object, const GError *error)
{
  JsonObject *fields = json_object_new ();

  json_object_set_string_member (fields, "code", confab_bot_error_get_code (error));
  json_object_set_string_member (fields, "message", error->message);
  json_object_set_object_member (object, "error", fields);
}

static void
confab_bot_output_finalize (GObject *object)
{
  ConfabBotOutput *self = CONFAB_BOT_OUTPUT (object);

  confab_bot_output_close (self);
  g_clear_pointer (&self->writer, writer_unref);
  G_OBJECT_CLASS (confab_bot_output_parent_class)->finalize (object);
}

static void
confab_bot_output_class_init (ConfabBotOutputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_bot_output_finalize;
}

static void
confab_bot_output_init (ConfabBotOutput *self)
{
}

/**
 * confab_bot_output_new:
 * @fd: where to write; it is closed in the end
 *
 * Returns: (transfer full): the output
 */
ConfabBotOutput *
confab_bot_output_new (int fd)
{
  ConfabBotOutput *self = g_object_new (CONFAB_TYPE_BOT_OUTPUT, NULL);
  Writer *writer = g_new0 (Writer, 1);

  writer->fd = fd;
  g_atomic_ref_count_init (&writer->ref_count);
  g_atomic_ref_count_inc (&writer->ref_count);
  g_mutex_init (&writer->mutex);
  g_cond_init (&writer->changed);
  g_queue_init (&writer->lines);
  self->writer = writer;
  g_thread_unref (g_thread_new ("confab-bot-output", writer_run, writer));
  return self;
}

/**
 * confab_bot_output_event:
 * @self: the output
 * @event: its name
 * @fields: (nullable): the rest of the line; it is not kept
 */
void
confab_bot_output_event (ConfabBotOutput *self, const char *event, JsonObject *fields)
{
  g_autoptr (JsonObject) object = json_object_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  g_return_if_fail (CONFAB_IS_BOT_OUTPUT (self));

  json_object_set_string_member (object, "event", event);
  if (fields != NULL) {
    json_object_iter_init_ordered (&iter, fields);
    while (json_object_iter_next_ordered (&iter, &name, &node))
      json_object_set_member (object, name, json_node_ref (node));
  }
  put_line (self, object);
}

/**
 * confab_bot_output_result:
 * @self: the output
 * @command: what it answers
 * @result: what came of it
 */
void
confab_bot_output_result (ConfabBotOutput *self, const ConfabBotCommand *command, JsonNode *result)
{
  g_autoptr (JsonObject) object = new_reply (command, TRUE);

  g_return_if_fail (CONFAB_IS_BOT_OUTPUT (self));

  json_object_set_member (object, "result", json_node_ref (result));
  put_line (self, object);
}

/**
 * confab_bot_output_error:
 * @self: the output
 * @command: what it answers
 * @error: why nothing came of it
 */
void
confab_bot_output_error (ConfabBotOutput *self,
                         const ConfabBotCommand *command,
                         const GError *error)
{
  g_autoptr (JsonObject) object = new_reply (command, FALSE);

  g_return_if_fail (CONFAB_IS_BOT_OUTPUT (self));

  set_error (object, error);
  put_line (self, object);
}

/**
 * confab_bot_output_fatal:
 * @self: the output
 * @error: why the bot ends
 */
void
confab_bot_output_fatal (ConfabBotOutput *self, const GError *error)
{
  g_autoptr (JsonObject) fields = json_object_new ();

  g_return_if_fail (CONFAB_IS_BOT_OUTPUT (self));

  set_error (fields, error);
  confab_bot_output_event (self, "fatal", fields);
}

/**
 * confab_bot_output_close:
 * @self: the output
 *
 * Waits until everything is written, for at most 2 s; nothing is taken after that.
 */
void
confab_bot_output_close (ConfabBotOutput *self)
{
  gint64 end = g_get_monotonic_time () + CLOSE_TIMEOUT;
  Writer *writer = self->writer;

  g_mutex_lock (&writer->mutex);
  writer->closing = TRUE;
  g_cond_broadcast (&writer->changed);
  while (!writer->done && g_cond_wait_until (&writer->changed, &writer->mutex, end))
    ;
  g_mutex_unlock (&writer->mutex);
}
