/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-call-inbox.h"

#include "confab-store-future.h"

struct _ConfabCallInbox {
  GObject parent_instance;

  ConfabStore *store;
  ConfabCallInboxFunc func;
  gpointer data;
  DexFuture *running; /* (nullable) */
  gboolean again;
  gboolean stopped;
  gint64 done; /* the last row that was handed on */
};

G_DEFINE_FINAL_TYPE (ConfabCallInbox, confab_call_inbox, G_TYPE_OBJECT)

static void
message_free (ConfabCallInboxMessage *message)
{
  g_free (message->sender);
  g_free (message->device_id);
  g_free (message->type);
  g_free (message->content);
  g_free (message);
}

static gboolean
read_message_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  ConfabCallInboxMessage *message = g_new (ConfabCallInboxMessage, 1);

  *message = (ConfabCallInboxMessage) {
    .id = confab_store_row_get_int (row, 0),
    .sender = g_strdup (confab_store_row_get_string (row, 1)),
    .device_id = g_strdup (confab_store_row_get_string (row, 2)),
    .type = g_strdup (confab_store_row_get_string (row, 3)),
    .content = g_strdup (confab_store_row_get_string (row, 4)),
    .encrypted = confab_store_row_get_int (row, 5) != 0,
  };
  g_ptr_array_add (data, message);
  return TRUE;
}

typedef struct {
  gint64 after;
  GPtrArray *messages;
} Rows;

static gboolean
read_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Rows *rows = data;

  return confab_store_query (
    transaction,
    read_message_cb,
    rows->messages,
    error,
    "SELECT id, sender, device_id, type, content, encrypted FROM inbox WHERE id > ? ORDER BY id",
    "i",
    rows->after);
}

static gboolean
clear_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_store_exec (
    transaction, error, "DELETE FROM inbox WHERE id <= ?", "i", *(gint64 *) data);
}

/* A row goes when the calls have it: should the process die in between, the next one hands it to calls that know
 * nothing of it. Should the row not go, it is still not handed on twice. Fibers only. */
static gboolean
await_once (ConfabCallInbox *self, GError **error)
{
  g_autoptr (GPtrArray) messages = g_ptr_array_new_with_free_func ((GDestroyNotify) message_free);
  Rows rows = { .after = self->done, .messages = messages };

  if (!dex_await (confab_store_future (self->store, read_func, &rows), error))
    return FALSE;
  if (messages->len == 0 || self->stopped)
    return TRUE;
  for (guint i = 0; i < messages->len; i++)
    self->func (messages->pdata[i], self->data);
  self->done = ((ConfabCallInboxMessage *) messages->pdata[messages->len - 1])->id;
  rows.after = self->done;
  return dex_await (confab_store_future (self->store, clear_func, &rows.after), error);
}

static DexFuture *
hand_on_fiber (gpointer data)
{
  ConfabCallInbox *self = CONFAB_CALL_INBOX (data);
  g_autoptr (GError) error = NULL;

  do {
    self->again = FALSE;
    if (!await_once (self, &error)) {
      dex_clear (&self->running);
      return dex_future_new_for_error (g_steal_pointer (&error));
    }
  } while (self->again && !self->stopped);
  dex_clear (&self->running);
  return dex_future_new_true ();
}

static void
confab_call_inbox_dispose (GObject *object)
{
  ConfabCallInbox *self = CONFAB_CALL_INBOX (object);

  g_clear_object (&self->store);
  dex_clear (&self->running);
  G_OBJECT_CLASS (confab_call_inbox_parent_class)->dispose (object);
}

static void
confab_call_inbox_class_init (ConfabCallInboxClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_call_inbox_dispose;
}

static void
confab_call_inbox_init (ConfabCallInbox *self)
{
}

/**
 * confab_call_inbox_new:
 * @store: where the messages are
 * @func: takes them
 * @data: for @func; whoever owns it stops this first
 *
 * Returns: (transfer full): an inbox that hands on nothing yet
 */
ConfabCallInbox *
confab_call_inbox_new (ConfabStore *store, ConfabCallInboxFunc func, gpointer data)
{
  ConfabCallInbox *self = g_object_new (CONFAB_TYPE_CALL_INBOX, NULL);

  self->store = g_object_ref (store);
  self->func = func;
  self->data = data;
  return self;
}

/* One at a time, so that no row is handed on twice. */
DexFuture *
confab_call_inbox_hand_on (ConfabCallInbox *self)
{
  if (self->running != NULL)
    self->again = TRUE;
  else
    self->running = dex_scheduler_spawn (
      NULL, 0, hand_on_fiber, g_object_ref (self), g_object_unref);
  return dex_ref (self->running);
}

DexFuture *
confab_call_inbox_stop (ConfabCallInbox *self)
{
  self->stopped = TRUE;
  return self->running != NULL ? dex_ref (self->running) : dex_future_new_true ();
}
