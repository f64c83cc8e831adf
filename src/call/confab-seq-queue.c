/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-log.h"
#include "confab-seq-queue.h"

#define HOLE_MS 5000
#define MAX_WAITING 50
#define MAX_SIZE (1024 * 1024)

struct _ConfabSeqQueue {
  grefcount ref_count;
  ConfabClock *clock;
  ConfabSeqQueueFunc deliver;
  gpointer data;
  gint64 next;        /* -1: not known yet */
  GPtrArray *waiting; /* ConfabCallEvent, by number; those without one first */
  gsize size;         /* of what waits, in bytes */
  gint64 made_at;     /* monotonic, µs */
  guint hole_timer;
  gboolean draining;
  gboolean freed;
};

static void
unref_queue (ConfabSeqQueue *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  g_ptr_array_unref (self->waiting);
  g_object_unref (self->clock);
  g_free (self);
}

static void
take_out (ConfabSeqQueue *self, guint i)
{
  self->size -= confab_call_event_get_size (self->waiting->pdata[i]);
  g_ptr_array_remove_index (self->waiting, i);
}

static void drain (ConfabSeqQueue *self);

static void
hole_cb (gpointer data)
{
  ConfabSeqQueue *self = data;
  ConfabCallEvent *first = self->waiting->pdata[0];

  self->hole_timer = 0;
  confab_call_info (first->call_id,
                    "messages %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT " never came",
                    self->next,
                    first->seq - 1);
  self->next = first->seq;
  drain (self);
}

static void
drain (ConfabSeqQueue *self)
{
  if (self->next < 0 || self->draining)
    return;
  g_ref_count_inc (&self->ref_count);
  self->draining = TRUE;
  while (!self->freed && self->waiting->len > 0) {
    g_autoptr (ConfabCallEvent) message = confab_call_event_ref (self->waiting->pdata[0]);

    if (message->seq > self->next)
      break;
    take_out (self, 0);
    if (message->seq >= 0 && message->seq < self->next)
      continue; /* had it */
    if (message->seq >= 0)
      self->next = message->seq + 1;
    confab_clock_clear (self->clock, &self->hole_timer);
    self->deliver (message, self->data);
  }
  self->draining = FALSE;
  if (!self->freed && self->waiting->len > 0 && self->hole_timer == 0)
    self->hole_timer = confab_clock_add_timeout (self->clock, HOLE_MS, hole_cb, self);
  unref_queue (self);
}

/**
 * confab_seq_queue_new:
 * @clock: for holes: a number that does not come within five seconds is skipped
 * @deliver: gets the messages of one call in the order of their numbers
 * @data: for @deliver
 *
 * Returns: (transfer full): a queue that does not know its first number yet: it keeps all
 */
ConfabSeqQueue *
confab_seq_queue_new (ConfabClock *clock, ConfabSeqQueueFunc deliver, gpointer data)
{
  ConfabSeqQueue *self = g_new0 (ConfabSeqQueue, 1);

  g_ref_count_init (&self->ref_count);
  self->clock = g_object_ref (clock);
  self->deliver = deliver;
  self->data = data;
  self->next = -1;
  self->made_at = confab_clock_get_time (clock);
  self->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_call_event_unref);
  return self;
}

/**
 * confab_seq_queue_free:
 * @self: a queue
 *
 * Forgets what waits. May be called from within @deliver.
 */
void
confab_seq_queue_free (ConfabSeqQueue *self)
{
  self->freed = TRUE;
  confab_clock_clear (self->clock, &self->hole_timer);
  g_ptr_array_set_size (self->waiting, 0);
  unref_queue (self);
}

/**
 * confab_seq_queue_push:
 * @self: a queue
 * @message: in whatever order it came
 *
 * Delivers @message, and those that waited for it, if it is its turn. One that came before is dropped. At most 50
 * messages and 1 MiB wait; those with the highest numbers are dropped when there is more, and end as a hole.
 */
void
confab_seq_queue_push (ConfabSeqQueue *self, ConfabCallEvent *message)
{
  guint i;

  if (message->seq >= 0 && message->seq < self->next)
    return;
  for (i = self->waiting->len; i > 0; i--) {
    ConfabCallEvent *other = self->waiting->pdata[i - 1];
    if (message->seq >= 0 && other->seq == message->seq)
      return;
    if (other->seq <= message->seq)
      break;
  }
  self->size += confab_call_event_get_size (message);
  g_ptr_array_insert (self->waiting, i, confab_call_event_ref (message));
  g_ref_count_inc (&self->ref_count); /* what is delivered may end the call, and free this */
  drain (self);
  while (!self->freed && (self->waiting->len > MAX_WAITING || self->size > MAX_SIZE))
    take_out (self, self->waiting->len - 1);
  if (!self->freed && self->waiting->len == 0)
    confab_clock_clear (self->clock, &self->hole_timer); /* nothing waits for what is missing */
  unref_queue (self);
}

/**
 * confab_seq_queue_start:
 * @self: a queue
 * @next: the number that comes next: the invite's plus one (section 8.3)
 *
 * Does nothing to a queue that knows its next number.
 */
void
confab_seq_queue_start (ConfabSeqQueue *self, gint64 next)
{
  if (self->next < 0)
    self->next = next;
  drain (self);
}

/**
 * confab_seq_queue_seed:
 * @self: a queue
 *
 * A sync is through: starts at the lowest number that waits, once an answer or a hangup is among them (section 8.3).
 */
void
confab_seq_queue_seed (ConfabSeqQueue *self)
{
  gboolean ready = FALSE;

  for (guint i = 0; i < self->waiting->len; i++) {
    ConfabCallEvent *message = self->waiting->pdata[i];
    ready |= message->type == CONFAB_CALL_EVENT_ANSWER || message->type == CONFAB_CALL_EVENT_HANGUP;
  }
  if (self->next >= 0 || !ready)
    return;
  self->next = MAX (((ConfabCallEvent *) self->waiting->pdata[0])->seq, 0);
  drain (self);
}

/**
 * confab_seq_queue_get_age:
 * @self: a queue
 *
 * Returns: how long ago it was made: µs
 */
gint64
confab_seq_queue_get_age (ConfabSeqQueue *self)
{
  return confab_clock_get_time (self->clock) - self->made_at;
}

/**
 * confab_seq_queue_list:
 * @self: a queue
 * @queued: (element-type ConfabCallEvent): gets a reference to each that waits
 */
void
confab_seq_queue_list (ConfabSeqQueue *self, GPtrArray *queued)
{
  for (guint i = 0; i < self->waiting->len; i++)
    g_ptr_array_add (queued, confab_call_event_ref (self->waiting->pdata[i]));
}
