/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-resend-queue.h"

#define MAX_ATTEMPTS 4

struct _ConfabResendQueue {
  ConfabClock *clock;
  ConfabResendFunc send;
  gpointer data;
  GPtrArray *entries; /* Entry */
};

typedef struct {
  ConfabResendQueue *queue;
  ConfabCallEvent *message;
  guint attempts; /* that failed */
  guint timer;
} Entry;

static void
free_entry (gpointer data)
{
  Entry *entry = data;

  confab_clock_clear (entry->queue->clock, &entry->timer);
  confab_call_event_unref (entry->message);
  g_free (entry);
}

static Entry *
find_entry (ConfabResendQueue *self, ConfabCallEvent *message)
{
  for (guint i = 0; i < self->entries->len; i++) {
    Entry *entry = self->entries->pdata[i];
    if (entry->message == message)
      return entry;
  }
  return NULL;
}

static void
resend_cb (gpointer data)
{
  Entry *entry = data;

  entry->timer = 0;
  entry->queue->send (entry->message, entry->queue->data);
}

/**
 * confab_resend_queue_new:
 * @clock: for the pauses
 * @send: tries again; confab_resend_queue_failed() or _sent() says later how it went
 * @data: for @send
 *
 * Returns: (transfer full): an empty queue
 */
ConfabResendQueue *
confab_resend_queue_new (ConfabClock *clock, ConfabResendFunc send, gpointer data)
{
  ConfabResendQueue *self = g_new0 (ConfabResendQueue, 1);

  self->clock = g_object_ref (clock);
  self->send = send;
  self->data = data;
  self->entries = g_ptr_array_new_with_free_func (free_entry);
  return self;
}

void
confab_resend_queue_free (ConfabResendQueue *self)
{
  g_ptr_array_unref (self->entries);
  g_object_unref (self->clock);
  g_free (self);
}

/**
 * confab_resend_queue_failed:
 * @self: a queue
 * @message: what could not be sent
 * @patient: whether it may be tried for ever
 *
 * Returns: whether it is tried again; %FALSE after the fourth attempt, unless @patient
 */
gboolean
confab_resend_queue_failed (ConfabResendQueue *self, ConfabCallEvent *message, gboolean patient)
{
  static const guint pauses_ms[MAX_ATTEMPTS - 1] = { 1000, 4000, 16000 };
  Entry *entry = find_entry (self, message);

  if (entry == NULL) {
    entry = g_new0 (Entry, 1);
    entry->queue = self;
    entry->message = confab_call_event_ref (message);
    g_ptr_array_add (self->entries, entry);
  }
  if (entry->attempts >= MAX_ATTEMPTS - 1 && !patient)
    return FALSE;
  entry->timer = confab_clock_add_timeout (self->clock,
                                           pauses_ms[MIN (entry->attempts, MAX_ATTEMPTS - 2)],
                                           resend_cb,
                                           entry);
  entry->attempts++;
  return TRUE;
}

/**
 * confab_resend_queue_sent:
 * @self: a queue
 * @message: what has been sent, whether it had failed before or not
 */
void
confab_resend_queue_sent (ConfabResendQueue *self, ConfabCallEvent *message)
{
  Entry *entry = find_entry (self, message);

  if (entry != NULL)
    g_ptr_array_remove (self->entries, entry);
}

/**
 * confab_resend_queue_clear:
 * @self: a queue
 *
 * Nothing is tried again.
 */
void
confab_resend_queue_clear (ConfabResendQueue *self)
{
  g_ptr_array_set_size (self->entries, 0);
}
