/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-manual-clock.h"
#include "confab-seq-queue.h"

/* What the members' stories do not come by: they see the queue through a call. */

static void
deliver_cb (ConfabCallEvent *message, gpointer data)
{
  g_string_append_printf (data, "%" G_GINT64_FORMAT " ", message->seq);
}

static void
push (ConfabSeqQueue *queue, gint64 seq)
{
  g_autoptr (ConfabCallEvent) message = confab_call_event_new (CONFAB_CALL_EVENT_CANDIDATES, "c");

  message->seq = seq;
  confab_seq_queue_push (queue, message);
}

/* What waited from before the invite is behind it, and does not set the count back. */
static void
test_below_start (void)
{
  g_autoptr (ConfabManualClock) clock = confab_manual_clock_new (0);
  g_autoptr (GString) got = g_string_new (NULL);
  ConfabSeqQueue *queue = confab_seq_queue_new (CONFAB_CLOCK (clock), deliver_cb, got);

  push (queue, 1);
  push (queue, 5);
  push (queue, 2);
  g_assert_cmpstr (got->str, ==, "");
  confab_seq_queue_start (queue, 5);
  g_assert_cmpstr (got->str, ==, "5 ");
  push (queue, 6);
  push (queue, 2);
  g_assert_cmpstr (got->str, ==, "5 6 ");
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (clock), ==, 0);
  confab_seq_queue_free (queue);
  g_assert_finalize_object (g_steal_pointer (&clock));
}

/* What was given up is handed on all the same when it comes, in whatever order, and once. */
static void
test_late (void)
{
  static const gint64 late[] = { 3, 3, 1, 5, 2, 2, 4, 1 };
  g_autoptr (ConfabManualClock) clock = confab_manual_clock_new (0);
  g_autoptr (GString) got = g_string_new (NULL);
  ConfabSeqQueue *queue = confab_seq_queue_new (CONFAB_CLOCK (clock), deliver_cb, got);

  confab_seq_queue_start (queue, 1);
  push (queue, 6);
  confab_manual_clock_advance (clock, 4999);
  g_assert_cmpstr (got->str, ==, "");
  confab_manual_clock_advance (clock, 1);
  g_assert_cmpstr (got->str, ==, "6 ");
  for (guint i = 0; i < G_N_ELEMENTS (late); i++)
    push (queue, late[i]);
  g_assert_cmpstr (got->str, ==, "6 3 1 5 2 4 ");
  confab_seq_queue_free (queue);
  g_assert_finalize_object (g_steal_pointer (&clock));
}

/* Of a peer that skips number after number the oldest are forgotten. */
static void
test_many_holes (void)
{
  g_autoptr (ConfabManualClock) clock = confab_manual_clock_new (0);
  g_autoptr (GString) got = g_string_new (NULL);
  ConfabSeqQueue *queue = confab_seq_queue_new (CONFAB_CLOCK (clock), deliver_cb, got);

  confab_seq_queue_start (queue, 0);
  for (gint64 seq = 1; seq <= 17; seq += 2) { /* nine holes: one more than is remembered */
    push (queue, seq);
    confab_manual_clock_advance (clock, 5000);
  }
  g_assert_cmpstr (got->str, ==, "1 3 5 7 9 11 13 15 17 ");
  g_string_truncate (got, 0);
  push (queue, 0);
  push (queue, 2);
  push (queue, 16);
  g_assert_cmpstr (got->str, ==, "2 16 ");
  confab_seq_queue_free (queue);
  g_assert_finalize_object (g_steal_pointer (&clock));
}

/* Each hole has five seconds of its own: what fills one does not hurry the next. */
static void
test_next_hole (void)
{
  g_autoptr (ConfabManualClock) clock = confab_manual_clock_new (0);
  g_autoptr (GString) got = g_string_new (NULL);
  ConfabSeqQueue *queue = confab_seq_queue_new (CONFAB_CLOCK (clock), deliver_cb, got);

  confab_seq_queue_start (queue, 0);
  push (queue, 1);
  push (queue, 3);
  confab_manual_clock_advance (clock, 4000);
  push (queue, 0);
  g_assert_cmpstr (got->str, ==, "0 1 ");
  confab_manual_clock_advance (clock, 4999);
  g_assert_cmpstr (got->str, ==, "0 1 ");
  confab_manual_clock_advance (clock, 1);
  g_assert_cmpstr (got->str, ==, "0 1 3 ");
  confab_seq_queue_free (queue);
  g_assert_finalize_object (g_steal_pointer (&clock));
}

/* What is too large to wait is dropped, and with the last one that waited the waiting ends. */
static void
test_nothing_waits (void)
{
  g_autoptr (ConfabManualClock) clock = confab_manual_clock_new (0);
  g_autoptr (GString) got = g_string_new (NULL);
  g_autoptr (ConfabCallEvent) large = confab_call_event_new (CONFAB_CALL_EVENT_NEGOTIATE, "c");
  ConfabSeqQueue *queue = confab_seq_queue_new (CONFAB_CLOCK (clock), deliver_cb, got);

  large->seq = 1;
  large->sdp = g_strnfill (1024 * 1024, 'v');
  confab_seq_queue_start (queue, 0);
  confab_seq_queue_push (queue, large);
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (clock), ==, 0);
  confab_manual_clock_advance (clock, 5000);
  push (queue, 0);
  push (queue, 1);
  g_assert_cmpstr (got->str, ==, "0 1 ");
  confab_seq_queue_free (queue);
  g_assert_finalize_object (g_steal_pointer (&clock));
}

/* Nor is anything waited for once nobody would get it. */
static void
test_freed_with_hole (void)
{
  g_autoptr (ConfabManualClock) clock = confab_manual_clock_new (0);
  g_autoptr (GString) got = g_string_new (NULL);
  ConfabSeqQueue *queue = confab_seq_queue_new (CONFAB_CLOCK (clock), deliver_cb, got);

  confab_seq_queue_start (queue, 0);
  push (queue, 1);
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (clock), ==, 1);
  confab_seq_queue_free (queue);
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (clock), ==, 0);
  g_assert_finalize_object (g_steal_pointer (&clock));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/seq-queue/below-start", test_below_start);
  g_test_add_func ("/seq-queue/late", test_late);
  g_test_add_func ("/seq-queue/many-holes", test_many_holes);
  g_test_add_func ("/seq-queue/next-hole", test_next_hole);
  g_test_add_func ("/seq-queue/nothing-waits", test_nothing_waits);
  g_test_add_func ("/seq-queue/freed-with-hole", test_freed_with_hole);
  return g_test_run ();
}
