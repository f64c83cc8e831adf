/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-log.h"
#include "confab-seq-queue.h"

#define HOLE_MS 5000
#define MAX_WAITING 50
#define MAX_SIZE (1024 * 1024)
#define MAX_HOLES 8

/* Numbers that were given up, and have not come since. */
typedef struct {
  gint64 first;
  gint64 last;
} Hole;

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
  GArray *holes;           /* Hole, the oldest first */
  gint64 last_description; /* the highest number of a description that was delivered; -1: none */
  gint64 last_metadata;    /* the same of what had stream metadata */
  gboolean draining;
  gboolean freed;
};

static void
unref_queue (ConfabSeqQueue *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  g_ptr_array_unref (self->waiting);
  g_array_unref (self->holes);
  g_object_unref (self->clock);
  g_free (self);
}

static gboolean
is_description (ConfabCallEvent *message)
{
  return message->type == CONFAB_CALL_EVENT_INVITE || message->type == CONFAB_CALL_EVENT_ANSWER ||
         message->type == CONFAB_CALL_EVENT_NEGOTIATE;
}

static void
hand_on (ConfabSeqQueue *self, ConfabCallEvent *message)
{
  if (is_description (message))
    self->last_description = MAX (self->last_description, message->seq);
  if (message->metadata != NULL)
    self->last_metadata = MAX (self->last_metadata, message->seq);
  self->deliver (message, self->data);
}

static void
add_hole (ConfabSeqQueue *self, guint position, gint64 first, gint64 last)
{
  const Hole hole = { first, last };

  g_array_insert_val (self->holes, position, hole);
  if (self->holes->len > MAX_HOLES)
    g_array_remove_index (self->holes, 0);
}

/* Returns: whether @seq was given up, and comes for the first time */
static gboolean
take_from_hole (ConfabSeqQueue *self, gint64 seq)
{
  for (guint i = 0; i < self->holes->len; i++) {
    Hole *hole = &g_array_index (self->holes, Hole, i);
    const gint64 last = hole->last;
    if (seq < hole->first || seq > last)
      continue;
    if (hole->first == last) {
      g_array_remove_index (self->holes, i);
    } else if (seq == hole->first) {
      hole->first++;
    } else {
      hole->last = seq - 1;
      if (seq < last)
        add_hole (self, i + 1, seq + 1, last);
    }
    return TRUE;
  }
  return FALSE;
}

/* Late is better than never: a candidate, an end, or who is muted, as long as nothing newer has said otherwise. */
static gboolean
says_something_still (ConfabSeqQueue *self, ConfabCallEvent *message)
{
  if (is_description (message))
    return message->seq > self->last_description;
  return message->metadata == NULL || message->seq > self->last_metadata;
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
  add_hole (self, self->holes->len, self->next, first->seq - 1);
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
    hand_on (self, message);
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
  self->last_description = -1;
  self->last_metadata = -1;
  self->holes = g_array_new (FALSE, FALSE, sizeof (Hole));
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
 * Delivers @message, and those that waited for it, if it is its turn. One that came before is dropped; one that was given
 * up is delivered late, unless something newer has replaced what it says. At most 50 messages and 1 MiB wait; those with
 * the highest numbers are dropped when there is more, and end as a hole.
 */
void
confab_seq_queue_push (ConfabSeqQueue *self, ConfabCallEvent *message)
{
  guint i;

  if (message->seq >= 0 && message->seq < self->next) {
    if (take_from_hole (self, message->seq) && says_something_still (self, message)) {
      /* A description is still good whose word about streams something newer has replaced. */
      if (message->seq < self->last_metadata)
        g_clear_pointer (&message->metadata, confab_stream_metadata_unref);
      hand_on (self, message);
    }
    return;
  }
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
 * confab_seq_queue_get_size:
 * @self: a queue
 *
 * Returns: of what waits, in bytes
 */
gsize
confab_seq_queue_get_size (ConfabSeqQueue *self)
{
  return self->size;
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
