/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-manual-clock.h"
#include "confab-seq-queue.h"

/* The seq queue beside a model that is too simple to be wrong: whatever comes in whatever order, both deliver the same,
 * hold the same, and hold no more than they may. The input is a row of commands: messages with numbers near some base
 * (js-sdk counts from 0, hydrogen on from wherever it was) or without one, of any size, some of which bring another
 * message or the end of the queue when they are delivered; the first number; the end of a sync; time. */

#define HOLE_MS 5000
#define MAX_WAITING 50
#define MAX_SIZE (1024 * 1024)
#define MAX_HOLES 8

typedef enum {
  KIND_PLAIN,
  KIND_BRINGS_NEXT, /* when it is delivered, the one after it comes */
  KIND_BRINGS_LATE, /* then one comes that was there before */
  KIND_ENDS,        /* then the call ends, and with it the queue */
  N_KINDS,
} Kind;

typedef struct {
  const guint8 *data;
  gsize size;
  ConfabManualClock *clock;
  ConfabSeqQueue *queue; /* NULL: ended */
  GHashTable *kinds;     /* message → Kind */
  GPtrArray *got;        /* (element-type ConfabCallEvent): what the queue has delivered */

  /* The model. */
  GPtrArray *waiting; /* (element-type ConfabCallEvent): in no order but that of their coming */
  GPtrArray *wanted;  /* (element-type ConfabCallEvent): what it has delivered */
  GArray *holes; /* gint64, in pairs: from where to where numbers were given up, the oldest first */
  gint64 described; /* the highest number of a description that was delivered; -1: none */
  gint64 listed;    /* the same of metadata */
  gint64 next;      /* -1: not known */
  gint64 hole_at;   /* ms; 0: no hole */
  gint64 now;       /* ms */
  gboolean draining;
  gboolean ended;
} Bench;

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static guint
next_byte (Bench *bench)
{
  if (bench->size == 0)
    return 0;
  bench->size--;
  return *bench->data++;
}

static ConfabCallEvent *
new_message (Bench *bench, ConfabCallEventType type, gint64 seq, gsize size, Kind kind)
{
  ConfabCallEvent *message = confab_call_event_new (type, "c");

  message->seq = seq;
  message->sdp = g_strnfill (size, 'x');
  if (type == CONFAB_CALL_EVENT_METADATA_CHANGED || (size == 1 && type == CONFAB_CALL_EVENT_ANSWER))
    message->metadata = confab_stream_metadata_new ();
  message->lifetime_ms = confab_call_event_get_size (message); /* looked up often */
  g_hash_table_insert (bench->kinds, confab_call_event_ref (message), GINT_TO_POINTER (kind));
  return message;
}

/* What comes while @message is being delivered: the same for both. Returns: (nullable) */
static ConfabCallEvent *
get_brought (Bench *bench, ConfabCallEvent *message, GHashTable *brought)
{
  Kind kind = GPOINTER_TO_INT (g_hash_table_lookup (bench->kinds, message));
  ConfabCallEvent *other = g_hash_table_lookup (brought, message);

  if (kind != KIND_BRINGS_NEXT && kind != KIND_BRINGS_LATE)
    return NULL;
  if (other == NULL) {
    gint64 seq = kind == KIND_BRINGS_NEXT ? message->seq + 1 : MAX (message->seq - 1, 0);
    other = new_message (bench, CONFAB_CALL_EVENT_CANDIDATES, seq, 10, KIND_PLAIN);
    g_hash_table_insert (brought, message, other);
  }
  return other;
}

/* The model. */

static GHashTable *brought; /* message → ConfabCallEvent that comes with it */

static gsize
sum (Bench *bench)
{
  gsize size = 0;

  for (guint i = 0; i < bench->waiting->len; i++)
    size += (gsize) ((ConfabCallEvent *) bench->waiting->pdata[i])->lifetime_ms;
  return size;
}

/* The one with the lowest number: of two without, the older; with @highest the highest: of two without, the newer. */
static guint
find_first (Bench *bench, gboolean highest)
{
  guint found = 0;

  for (guint i = 1; i < bench->waiting->len; i++) {
    gint64 a = MAX (((ConfabCallEvent *) bench->waiting->pdata[i])->seq, -1);
    gint64 b = MAX (((ConfabCallEvent *) bench->waiting->pdata[found])->seq, -1);
    if (highest ? a >= b : a < b)
      found = i;
  }
  return found;
}

static gboolean
is_description (ConfabCallEvent *message)
{
  return message->type != CONFAB_CALL_EVENT_CANDIDATES &&
         message->type != CONFAB_CALL_EVENT_HANGUP &&
         message->type != CONFAB_CALL_EVENT_METADATA_CHANGED;
}

static void
model_deliver (Bench *bench, ConfabCallEvent *message)
{
  g_ptr_array_add (bench->wanted, message);
  if (is_description (message))
    bench->described = MAX (bench->described, message->seq);
  if (message->metadata != NULL)
    bench->listed = MAX (bench->listed, message->seq);
}

static void model_bring (Bench *bench, ConfabCallEvent *message);

/* Holes are written down anew without @message's number, each of which may make two of one. */
static void
model_late (Bench *bench, ConfabCallEvent *message)
{
  g_autoptr (GArray) left = g_array_new (FALSE, FALSE, sizeof (gint64));
  gboolean missed = FALSE;

  for (guint i = 0; i < bench->holes->len; i += 2) {
    gint64 from = g_array_index (bench->holes, gint64, i);
    gint64 to = g_array_index (bench->holes, gint64, i + 1);
    gint64 parts[] = { from, message->seq - 1, message->seq + 1, to };
    if (message->seq < from || message->seq > to) {
      g_array_append_vals (left, &g_array_index (bench->holes, gint64, i), 2);
      continue;
    }
    missed = TRUE;
    for (guint part = 0; part < 4; part += 2) {
      if (parts[part] <= parts[part + 1])
        g_array_append_vals (left, &parts[part], 2);
    }
  }
  g_array_unref (bench->holes);
  bench->holes = g_steal_pointer (&left);
  while (bench->holes->len > 2 * MAX_HOLES)
    g_array_remove_range (bench->holes, 0, 2);
  if (!missed || (is_description (message) && message->seq < bench->described) ||
      (message->type == CONFAB_CALL_EVENT_METADATA_CHANGED && message->seq < bench->listed))
    return;
  model_deliver (bench, message);
  model_bring (bench, message);
}

static gboolean
model_put (Bench *bench, ConfabCallEvent *message)
{
  if (message->seq >= 0 && message->seq < bench->next) {
    model_late (bench, message);
    return FALSE;
  }
  for (guint i = 0; i < bench->waiting->len; i++) {
    if (message->seq >= 0 && ((ConfabCallEvent *) bench->waiting->pdata[i])->seq == message->seq)
      return FALSE;
  }
  g_ptr_array_add (bench->waiting, message);
  return TRUE;
}

static void
model_bound (Bench *bench)
{
  while (bench->waiting->len > MAX_WAITING || sum (bench) > MAX_SIZE)
    g_ptr_array_remove_index (bench->waiting, find_first (bench, TRUE));
  if (bench->waiting->len == 0)
    bench->hole_at = 0;
}

static void model_drain (Bench *bench);

/* What @message does when it is delivered; within a drain that goes on with what comes. */
static void
model_bring (Bench *bench, ConfabCallEvent *message)
{
  ConfabCallEvent *other;

  bench->ended = GPOINTER_TO_INT (g_hash_table_lookup (bench->kinds, message)) == KIND_ENDS;
  other = bench->ended ? NULL : get_brought (bench, message, brought);
  if (other != NULL && model_put (bench, other)) {
    if (!bench->draining)
      model_drain (bench);
    if (!bench->ended)
      model_bound (bench);
  }
}

static void
model_drain (Bench *bench)
{
  bench->draining = TRUE;
  while (bench->next >= 0 && bench->waiting->len > 0 && !bench->ended) {
    guint i = find_first (bench, FALSE);
    ConfabCallEvent *message = bench->waiting->pdata[i];

    if (message->seq > bench->next)
      break;
    g_ptr_array_remove_index (bench->waiting, i);
    if (message->seq >= 0 && message->seq < bench->next)
      continue;
    if (message->seq >= 0)
      bench->next = message->seq + 1;
    bench->hole_at = 0;
    model_deliver (bench, message);
    model_bring (bench, message);
  }
  bench->draining = FALSE;
  if (bench->next >= 0 && bench->waiting->len > 0 && bench->hole_at == 0)
    bench->hole_at = bench->now + HOLE_MS;
}

static void
model_advance (Bench *bench, gint64 end)
{
  while (!bench->ended && bench->hole_at != 0 && bench->hole_at <= end) {
    ConfabCallEvent *first = bench->waiting->pdata[find_first (bench, FALSE)];
    const gint64 hole[] = { bench->next, first->seq - 1 };

    bench->now = bench->hole_at;
    bench->hole_at = 0;
    g_array_append_vals (bench->holes, hole, 2);
    if (bench->holes->len > 2 * MAX_HOLES)
      g_array_remove_range (bench->holes, 0, 2);
    bench->next = first->seq;
    model_drain (bench);
  }
  bench->now = end;
}

static void
model_seed (Bench *bench)
{
  gboolean ready = FALSE;

  for (guint i = 0; i < bench->waiting->len; i++) {
    ConfabCallEvent *message = bench->waiting->pdata[i];
    ready |= message->type == CONFAB_CALL_EVENT_ANSWER || message->type == CONFAB_CALL_EVENT_HANGUP;
  }
  if (bench->next >= 0 || !ready)
    return;
  bench->next = MAX (((ConfabCallEvent *) bench->waiting->pdata[find_first (bench, FALSE)])->seq,
                     0);
  model_drain (bench);
}

/* Both. */

static void
deliver_cb (ConfabCallEvent *message, gpointer data)
{
  Bench *bench = data;
  ConfabCallEvent *other;

  g_ptr_array_add (bench->got, message); /* the table of kinds keeps it */
  if (GPOINTER_TO_INT (g_hash_table_lookup (bench->kinds, message)) == KIND_ENDS) {
    confab_seq_queue_free (g_steal_pointer (&bench->queue));
    return;
  }
  other = get_brought (bench, message, brought);
  if (other != NULL)
    confab_seq_queue_push (bench->queue, other);
}

static void
compare (Bench *bench)
{
  g_autoptr (GPtrArray) held = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_call_event_unref);
  g_autoptr (GHashTable) had = g_hash_table_new (NULL, NULL);

  g_assert_cmpuint (bench->got->len, ==, bench->wanted->len);
  for (guint i = 0; i < bench->got->len; i++) {
    ConfabCallEvent *message = bench->got->pdata[i];
    g_assert_true (message == bench->wanted->pdata[i]);
    g_assert_true (message->seq < 0 ||
                   g_hash_table_add (had, GINT_TO_POINTER (message->seq))); /* once */
  }
  g_assert_true ((bench->queue == NULL) == bench->ended);
  if (bench->ended)
    return;
  confab_seq_queue_list (bench->queue, held);
  g_assert_cmpuint (held->len, <=, MAX_WAITING);
  g_assert_cmpuint (sum (bench), <=, MAX_SIZE);
  g_assert_cmpuint (held->len, ==, bench->waiting->len); /* nothing that fits is lost */
  for (guint i = 0; i < held->len; i++)
    g_assert_true (g_ptr_array_find (bench->waiting, held->pdata[i], NULL));
  /* Who knows where it stands does not wait for ever. */
  g_assert_true (held->len == 0 || bench->next < 0 ||
                 (bench->hole_at > bench->now && bench->hole_at <= bench->now + HOLE_MS));
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (bench->clock), ==, bench->hole_at != 0);
}

static void
push (Bench *bench, guint command)
{
  static const gint64 bases[] = { 0, 50, 1000, G_MAXINT32 - 99 };
  static const ConfabCallEventType types[] = {
    CONFAB_CALL_EVENT_CANDIDATES,
    CONFAB_CALL_EVENT_ANSWER,
    CONFAB_CALL_EVENT_NEGOTIATE,
    CONFAB_CALL_EVENT_HANGUP,
  };
  /* Some are too large together, and one is by itself. */
  static const gsize sizes[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 30 * 1024, 300 * 1024, 1024 * 1024 };
  guint offset = next_byte (bench);
  guint more = next_byte (bench);
  gint64 seq = offset == 255 ? -1 : bases[command / 8 % 4] + offset % 100;
  g_autoptr (ConfabCallEvent) message = new_message (bench,
                                          more / 52 == 4 ? CONFAB_CALL_EVENT_METADATA_CHANGED
                                                         : types[more % 4],
                                          seq,
                                          sizes[more / 4 % G_N_ELEMENTS (sizes)],
                                          command / 32 % N_KINDS);

  confab_seq_queue_push (bench->queue, message);
  if (model_put (bench, message)) {
    model_drain (bench);
    if (!bench->ended)
      model_bound (bench);
  }
}

static void
run (Bench *bench)
{
  while (bench->size > 0 && !bench->ended) {
    guint command = next_byte (bench);
    guint value;

    switch (command % 8) {
    case 0:
      value = next_byte (bench) % 100 + (command / 8 % 2) * 1000;
      confab_seq_queue_start (bench->queue, value);
      if (bench->next < 0)
        bench->next = value;
      model_drain (bench);
      break;
    case 1:
      confab_seq_queue_seed (bench->queue);
      model_seed (bench);
      break;
    case 2:
      value = next_byte (bench) * 50;
      confab_manual_clock_advance (bench->clock, value);
      model_advance (bench, bench->now + value);
      break;
    default:
      push (bench, command);
    }
    compare (bench);
  }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  Bench bench = {
    .data = data, .size = MIN (size, 500), .next = -1, .described = -1, .listed = -1
  };

  bench.clock = confab_manual_clock_new (0);
  bench.queue = confab_seq_queue_new (CONFAB_CLOCK (bench.clock), deliver_cb, &bench);
  bench.kinds = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) confab_call_event_unref, NULL);
  bench.got = g_ptr_array_new ();
  bench.waiting = g_ptr_array_new ();
  bench.holes = g_array_new (FALSE, FALSE, sizeof (gint64));
  bench.wanted = g_ptr_array_new ();
  brought = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) confab_call_event_unref);
  run (&bench);
  g_clear_pointer (&bench.queue, confab_seq_queue_free);
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (bench.clock), ==, 0);
  g_hash_table_unref (brought);
  g_hash_table_unref (bench.kinds);
  g_ptr_array_unref (bench.got);
  g_ptr_array_unref (bench.waiting);
  g_array_unref (bench.holes);
  g_ptr_array_unref (bench.wanted);
  g_assert_finalize_object (bench.clock);
  return 0;
}
