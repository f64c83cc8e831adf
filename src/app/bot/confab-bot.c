/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-bot"

#include "config.h"

#include "confab-bot-private.h"

#include <string.h>

#include "confab-slice.h"
#include "confab-system-clock.h"

#define MAX_LINES_AHEAD 64
/* For a session, once nobody is there any more who could say stop: with commands that wait for it, and without. */
#define GRACE_MS 60000
#define IDLE_GRACE_MS 5000

G_DEFINE_FINAL_TYPE (ConfabBot, confab_bot, G_TYPE_OBJECT)

void
confab_bot_pulse (ConfabBot *self)
{
  g_autoptr (DexPromise) pulse = g_steal_pointer (&self->pulse);

  if (pulse != NULL)
    dex_promise_resolve_boolean (pulse, TRUE);
}

DexFuture *
confab_bot_until_stop (ConfabBot *self, DexFuture *work)
{
  return dex_future_first (confab_shield (work), dex_ref (self->stop), NULL);
}

gboolean
confab_bot_await (ConfabBot *self, DexFuture *work, GError **error)
{
  return dex_await (confab_bot_until_stop (self, work), error);
}

gint64
confab_bot_get_deadline (ConfabBot *self, gint64 timeout_ms)
{
  return confab_clock_get_time (self->clock) + timeout_ms * 1000;
}

static void
alarm_cb (gpointer data)
{
  ConfabBot *self = CONFAB_BOT (data);

  self->alarm = 0;
  confab_bot_pulse (self);
}

gboolean
confab_bot_await_change (ConfabBot *self, gint64 deadline, GError **error)
{
  gint64 rest_ms = (deadline - confab_clock_get_time (self->clock) + 999) / 1000;
  DexFuture *change;
  gboolean ok;

  if (rest_ms <= 0) {
    g_set_error_literal (error, CONFAB_BOT_ERROR, CONFAB_BOT_ERROR_TIMEOUT, "not in time");
    return FALSE;
  }
  if (self->pulse == NULL)
    self->pulse = dex_promise_new ();
  change = dex_ref (DEX_FUTURE (self->pulse));
  if (deadline != CONFAB_BOT_NEVER)
    self->alarm = confab_clock_add_timeout (self->clock, rest_ms, alarm_cb, self);
  ok = dex_await (self->ignores_stop > 0 ? change : confab_bot_until_stop (self, change), error);
  confab_clock_clear (self->clock, &self->alarm);
  return ok;
}

typedef struct {
  ConfabBot *self;
  ConfabBotMainFunc func;
  gpointer data;
  DexPromise *done;
} MainCall;

static gboolean
main_call_cb (gpointer data)
{
  MainCall *call = data;

  call->func (call->self, call->data);
  dex_promise_resolve_boolean (call->done, TRUE);
  return G_SOURCE_REMOVE;
}

void
confab_bot_await_in_main (ConfabBot *self, ConfabBotMainFunc func, gpointer data)
{
  g_autoptr (DexPromise) done = dex_promise_new ();
  MainCall call = { self, func, data, done };

  g_idle_add_full (G_PRIORITY_DEFAULT, main_call_cb, &call, NULL);
  (void) dex_await (dex_ref (done), NULL); /* never rejected */
}

static void
set_text (JsonObject *fields, const char *name, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (fields, name, text);
  else
    json_object_set_null_member (fields, name);
}

static void
warning_cb (
  ConfabBot *self, const char *code, const char *message, const char *user_id, const char *room_id)
{
  g_autoptr (JsonObject) fields = json_object_new ();

  json_object_set_string_member (fields, "code", code);
  json_object_set_string_member (fields, "message", message);
  set_text (fields, "userId", user_id);
  set_text (fields, "roomId", room_id);
  confab_bot_output_event (self->output, "warning", fields);
}

static void
room_event_cb (ConfabBot *self, ConfabRoomEvent *event)
{
  g_autoptr (JsonObject) fields = json_object_new ();
  g_autoptr (GEnumClass) trusts = g_type_class_ref (CONFAB_TYPE_ROOM_EVENT_TRUST);

  set_text (fields, "roomId", event->room_id);
  set_text (fields, "eventId", event->event_id);
  set_text (fields, "userId", event->sender);
  set_text (fields, "deviceId", event->device_id);
  set_text (fields, "type", event->type);
  json_object_set_object_member (fields, "content", json_object_ref (event->content));
  set_text (fields, "trust", g_enum_get_value (trusts, event->trust)->value_nick);
  set_text (fields, "withheld", event->withheld_code);
  confab_bot_output_event (self->output, "room-event", fields);
}

/* A #ConfabWireFunc. A state event that goes out is from this user, whatever its state key. */
static void
wire_cb (gboolean outgoing,
         const char *user_id,
         const char *device_id,
         const char *type,
         JsonObject *content,
         gboolean encrypted,
         gpointer data)
{
  ConfabBot *self = CONFAB_BOT (data);

  if (outgoing && device_id == NULL)
    user_id = confab_session_get_user_id (self->session);
  confab_bot_wire_note (self->wire, outgoing, user_id, device_id, type, content, encrypted);
}

static void
session_changed_cb (ConfabBot *self)
{
  confab_bot_pulse (self);
}

/*
 * Signed out by the server in the middle of it all. What goes from device to device in a call goes on without the
 * server: it is the end only when there is no call any more.
 */
static void
state_cb (ConfabBot *self)
{
  g_autoptr (JsonObject) fields = NULL;

  if (self->watch == NULL || self->fatal != NULL || !confab_bot_is_logged_out (self))
    return;
  g_set_error_literal (&self->fatal,
                       CONFAB_BOT_ERROR,
                       CONFAB_BOT_ERROR_FAILED,
                       "the homeserver signed this device out");
  if (confab_bot_get_call (self, NULL) == NULL) {
    confab_bot_stop (self);
    return;
  }
  fields = json_object_new ();
  json_object_set_string_member (fields, "message", self->fatal->message);
  confab_bot_output_event (self->output, "signed-out", fields);
}

static void
await_line (ConfabBot *self, GBytes *line)
{
  gsize length;
  const char *text = g_bytes_get_data (line, &length);
  g_autoptr (ConfabBotCommand) command = NULL;
  g_autoptr (JsonNode) result = NULL;
  g_autoptr (GError) error = NULL;

  if (length > 0 && text[length - 1] == '\r')
    length--;
  command = confab_bot_command_parse (text != NULL ? text : "", length);
  result = confab_bot_await_command (self, command, &error);
  if (result != NULL)
    confab_bot_output_result (self->output, command, result);
  else
    confab_bot_output_error (self->output, command, error);
}

/* Read ahead, so that the end of input is heard of at any time. */

static gboolean
is_quit (GBytes *line)
{
  gsize length;
  const char *text = g_bytes_get_data (line, &length);
  g_autoptr (ConfabBotCommand) command = confab_bot_command_parse (text != NULL ? text : "", length);

  return command->error == NULL && command->verb == CONFAB_BOT_VERB_QUIT;
}

static gboolean
has_work (ConfabBot *self)
{
  GBytes *first = g_queue_peek_head (&self->lines);

  return first != NULL && !is_quit (first);
}

static void
grace_cb (gpointer data)
{
  ConfabBot *self = CONFAB_BOT (data);

  self->grace = 0;
  if (self->ready || self->fatal != NULL)
    return;
  if (has_work (self))
    self->fatal = g_error_new (CONFAB_BOT_ERROR,
                               CONFAB_BOT_ERROR_TIMEOUT,
                               "input has ended, and in %d s there was no session for what it says",
                               GRACE_MS / 1000);
  confab_bot_stop (self);
}

static gboolean
await_room_for_line (ConfabBot *self)
{
  while (g_queue_get_length (&self->lines) >= MAX_LINES_AHEAD) {
    if (!confab_bot_await_change (self, CONFAB_BOT_NEVER, NULL))
      return FALSE;
  }
  return TRUE;
}

static DexFuture *
read_fiber (gpointer data)
{
  ConfabBot *self = CONFAB_BOT (data);

  while (!self->input_ended && await_room_for_line (self)) {
    g_autoptr (GError) error = NULL;
    GBytes *line = dex_await_boxed (
      confab_bot_until_stop (self, confab_bot_input_read_line (self->input)), &error);

    if (line != NULL)
      g_queue_push_tail (&self->lines, line);
    if (line == NULL || is_quit (line))
      self->input_ended = TRUE;
    confab_bot_pulse (self);
  }
  /* Whoever wrote has no more to say. Without a session there is nothing to wait for, or not for long. */
  if (!self->ready && !self->stopping)
    self->grace = confab_clock_add_timeout (self->clock,
                                            has_work (self) ? GRACE_MS : IDLE_GRACE_MS,
                                            grace_cb,
                                            self);
  return dex_future_new_true ();
}

/* Signed out, and out of the call that went on without the server. */
static gboolean
is_of_no_use (ConfabBot *self)
{
  return self->fatal != NULL && confab_bot_get_call (self, NULL) == NULL;
}

/* The end of input, or the stop: both end the bot. */
static void
await_lines (ConfabBot *self)
{
  while (!self->quit && !self->stopping && !is_of_no_use (self)) {
    g_autoptr (GBytes) line = g_queue_pop_head (&self->lines);

    if (line != NULL) {
      confab_bot_pulse (self);
      await_line (self, line);
    } else if (self->input_ended || !confab_bot_await_change (self, CONFAB_BOT_NEVER, NULL)) {
      return;
    }
  }
}

/* A `quit` that came before there was a session is answered all the same. */
static void
await_early_quit (ConfabBot *self)
{
  g_autoptr (GBytes) line = g_queue_pop_head (&self->lines);

  if (line != NULL && is_quit (line))
    await_line (self, line);
}

static void
delete_folder (GFile *folder)
{
  g_autoptr (GFileEnumerator) files = g_file_enumerate_children (
    folder, "standard::name,standard::type", G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, NULL, NULL);
  GFile *file;
  GFileInfo *info;

  while (files != NULL && g_file_enumerator_iterate (files, &info, &file, NULL, NULL) &&
         info != NULL) {
    if (g_file_info_get_file_type (info) == G_FILE_TYPE_DIRECTORY)
      delete_folder (file);
    else
      (void) g_file_delete (file, NULL, NULL);
  }
  /* What cannot be deleted stays in the system's folder for temporary files. */
  (void) g_file_delete (folder, NULL, NULL);
}

static void
close_engine (ConfabBot *self, gpointer data)
{
  g_clear_object (&self->timing);
  g_clear_object (&self->call);
  g_clear_object (&self->created);
  if (self->engine != NULL)
    confab_media_engine_close (self->engine);
  g_clear_object (&self->engine);
}

static void
await_end (ConfabBot *self)
{
  g_autoptr (GError) error = NULL;

  confab_bot_await_out_of_call (self);
  g_clear_object (&self->watch);
  if (!dex_await (self->temporary ? confab_session_sign_out (self->session)
                                  : confab_session_stop (self->session),
                  &error))
    g_info ("ending the session: %s", error->message);
  confab_session_set_wire_func (self->session, NULL, NULL);
  confab_bot_await_in_main (self, close_engine, NULL);
}

static DexFuture *
confab_bot_run_fiber (gpointer data)
{
  ConfabBot *self = CONFAB_BOT (data);
  g_autoptr (GError) error = NULL;
  int code;

  self->reading = dex_scheduler_spawn (NULL, 0, read_fiber, g_object_ref (self), g_object_unref);
  if (confab_bot_await_ready (self, &error) && confab_bot_await_first_join (self, &error))
    await_lines (self);
  else if (self->fatal == NULL && !self->stopping)
    self->fatal = g_steal_pointer (&error);
  else if (!self->ready && self->fatal == NULL)
    await_early_quit (self);
  confab_bot_stop (self);
  dex_await (g_steal_pointer (&self->reading), NULL);
  confab_clock_clear (self->clock, &self->grace);
  await_end (self);
  if (self->fatal != NULL)
    confab_bot_output_fatal (self->output, self->fatal);
  code = self->fatal != NULL ? 1 : 0;
  confab_bot_output_close (self->output);
  return dex_future_new_for_int (code);
}

static void
confab_bot_dispose (GObject *object)
{
  ConfabBot *self = CONFAB_BOT (object);

  close_engine (self, NULL);
  g_clear_object (&self->watch);
  g_clear_object (&self->session);
  g_clear_object (&self->wire);
  g_clear_object (&self->input);
  g_clear_object (&self->output);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (confab_bot_parent_class)->dispose (object);
}

static void
confab_bot_finalize (GObject *object)
{
  ConfabBot *self = CONFAB_BOT (object);

  if (self->temporary && self->dir != NULL) {
    g_autoptr (GFile) folder = g_file_new_for_path (self->dir);
    delete_folder (folder);
  }
  g_clear_pointer (&self->dir, g_free);
  g_clear_pointer (&self->options, confab_bot_options_free);
  g_clear_error (&self->call_error);
  g_clear_error (&self->fatal);
  g_queue_clear_full (&self->lines, (GDestroyNotify) g_bytes_unref);
  dex_clear (&self->stop);
  dex_clear (&self->pulse);
  G_OBJECT_CLASS (confab_bot_parent_class)->finalize (object);
}

static void
confab_bot_class_init (ConfabBotClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = confab_bot_dispose;
  object_class->finalize = confab_bot_finalize;
}

static void
confab_bot_init (ConfabBot *self)
{
  self->stop = dex_promise_new ();
  self->clock = confab_system_clock_new ();
  self->wire = confab_bot_wire_new (self->clock);
}

static gboolean
open_folder (ConfabBot *self, GError **error)
{
  self->temporary = self->options->store == NULL;
  if (self->temporary)
    self->dir = g_dir_make_tmp ("confab-bot-XXXXXX", error);
  else
    self->dir = g_canonicalize_filename (self->options->store, NULL);
  return self->dir != NULL;
}

/**
 * confab_bot_new:
 * @options: (transfer full): what it was told
 * @engine: what opens microphone and camera
 * @input: where lines come from
 * @output_fd: (transfer full): where lines go
 * @error: #G_FILE_ERROR when there is no place for a temporary folder
 *
 * Returns: (transfer full) (nullable): the bot
 */
ConfabBot *
confab_bot_new (ConfabBotOptions *options,
                ConfabMediaEngine *engine,
                GInputStream *input,
                int output_fd,
                GError **error)
{
  g_autoptr (ConfabBot) self = g_object_new (CONFAB_TYPE_BOT, NULL);
  g_autoptr (ConfabSecrets) secrets = NULL;
  g_autofree char *cache_dir = NULL;

  self->options = options;
  self->engine = g_object_ref (engine);
  self->output = confab_bot_output_new (output_fd);
  self->input = confab_bot_input_new (options->script, input);
  if (!open_folder (self, error))
    return NULL;
  cache_dir = g_build_filename (self->dir, "cache", NULL);
  secrets = confab_file_secrets_new (self->dir);
  self->session = confab_session_new (self->clock, secrets, self->dir, cache_dir);
  confab_session_set_wire_func (self->session, wire_cb, self);
  g_signal_connect_object (
    self->session, "warning", G_CALLBACK (warning_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    self->session, "room-event", G_CALLBACK (room_event_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    self->session, "notify::state", G_CALLBACK (state_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    self->session, "notify", G_CALLBACK (session_changed_cb), self, G_CONNECT_SWAPPED);
  return g_steal_pointer (&self);
}

/**
 * confab_bot_run:
 * @self: a bot
 *
 * Once only.
 *
 * Returns: (transfer full): a future that resolves to the exit code
 */
DexFuture *
confab_bot_run (ConfabBot *self)
{
  dex_return_error_if_fail (CONFAB_IS_BOT (self));

  return dex_scheduler_spawn (NULL, 0, confab_bot_run_fiber, g_object_ref (self), g_object_unref);
}

/**
 * confab_bot_stop:
 * @self: a bot
 *
 * What it waits for comes to an end; it leaves properly.
 */
void
confab_bot_stop (ConfabBot *self)
{
  g_return_if_fail (CONFAB_IS_BOT (self));

  if (self->stopping)
    return;
  self->stopping = TRUE;
  dex_promise_reject (self->stop,
                      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the bot ends"));
}
