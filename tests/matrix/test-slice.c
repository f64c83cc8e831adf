/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-slice.h"
#include "fake-homeserver.h"

typedef struct {
  DexPromise *inner;
  guint n_ended;
} Fixture;

static DexFuture *
waiting_fiber (gpointer data)
{
  Fixture *f = data;

  dex_await (dex_ref (f->inner), NULL);
  f->n_ended++;
  return dex_future_new_for_int (7);
}

/* Lets everything run that can; fails when that has no end. */
static void
run_dry (void)
{
  guint n = 0;

  while (g_main_context_iteration (NULL, FALSE))
    g_assert_cmpuint (n++, <, 10000);
}

/* The fiber's future is given up, and what the fiber waits for is done before its turn comes: unshielded, that breaks
 * the line of fibers of libdex 0.10. */
static void
test_shield (void)
{
  Fixture f = { .inner = dex_promise_new () };
  g_autoptr (DexPromise) kick = dex_promise_new ();
  DexFuture *raced = dex_future_first (
    confab_shield (dex_scheduler_spawn (NULL, 0, waiting_fiber, &f, NULL)), dex_ref (kick), NULL);

  run_dry ();
  dex_promise_reject (kick, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "kicked"));
  dex_promise_resolve_boolean (f.inner, TRUE);
  test_expect_error (raced, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  run_dry ();
  g_assert_cmpuint (f.n_ended, ==, 1);
  dex_unref (f.inner);
}

static void
test_shield_carries (void)
{
  Fixture f = { .inner = dex_promise_new () };
  DexFuture *future = confab_shield (dex_scheduler_spawn (NULL, 0, waiting_fiber, &f, NULL));

  dex_promise_resolve_boolean (f.inner, TRUE);
  g_assert_cmpint (g_value_get_int (test_wait (future, NULL)), ==, 7);
  test_expect_error (confab_shield (dex_future_new_reject (G_IO_ERROR, G_IO_ERROR_EXISTS, "e")),
                     G_IO_ERROR,
                     G_IO_ERROR_EXISTS);
  dex_unref (f.inner);
}

static DexFuture *
long_work_fiber (gpointer data)
{
  guint *n = data;
  ConfabSlice slice;

  confab_slice_begin (&slice);
  for (; *n < 20; (*n)++) {
    gint64 until = g_get_monotonic_time () + 1000;
    while (g_get_monotonic_time () < until) /* work */
      ;
    confab_slice_await (&slice);
  }
  return dex_future_new_true ();
}

typedef struct {
  guint *n;
  guint seen; /* how often others had a turn while the work went on */
} Watch;

static gboolean
watch_cb (gpointer data)
{
  Watch *watch = data;

  watch->seen += *watch->n > 0 && *watch->n < 20;
  return G_SOURCE_CONTINUE;
}

static void
test_slice (void)
{
  guint n = 0;
  Watch watch = { .n = &n };
  guint id = g_timeout_add (1, watch_cb, &watch);

  test_expect (dex_scheduler_spawn (NULL, 0, long_work_fiber, &n, NULL));
  g_source_remove (id);
  g_assert_cmpuint (n, ==, 20);
  g_assert_cmpuint (watch.seen, >=, 3);
}

static DexFuture *
thread_fiber (gpointer data)
{
  *(GThread **) data = g_thread_self ();
  return dex_future_new_true ();
}

static DexFuture *
run_thread_fiber (gpointer data)
{
  dex_await (confab_thread_run (thread_fiber, data), NULL);
  return dex_future_new_true ();
}

static void
test_thread (void)
{
  GThread *thread = NULL;

  test_expect (dex_scheduler_spawn (NULL, 0, run_thread_fiber, &thread, NULL));
  g_assert_nonnull (thread);
  g_assert_true (thread != g_thread_self ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/slice/shield", test_shield);
  g_test_add_func ("/slice/shield-carries", test_shield_carries);
  g_test_add_func ("/slice/slice", test_slice);
  g_test_add_func ("/slice/thread", test_thread);
  return g_test_run ();
}
