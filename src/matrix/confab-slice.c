/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-slice.h"

#include <malloc.h>

#define SLICE_US (2 * 1000) /* a turn of the main loop has 8 ms, and others have work too */
#define STACK_SIZE (1024 * 1024)
/* After what is due, and after drawing, which GTK does at G_PRIORITY_HIGH_IDLE + 20. */
#define RESUME_PRIORITY (G_PRIORITY_HIGH_IDLE + 30)

void
confab_slice_begin (ConfabSlice *self)
{
  self->until = g_get_monotonic_time () + SLICE_US;
}

gboolean
confab_slice_is_over (const ConfabSlice *self)
{
  return g_get_monotonic_time () >= self->until;
}

void
confab_slice_prepare_memory (void)
{
#ifdef M_MXFAST
  mallopt (M_MXFAST, 0);
#endif
}

static gboolean
resume_cb (gpointer data)
{
  dex_promise_resolve_boolean (data, TRUE);
  return G_SOURCE_REMOVE;
}

void
confab_slice_await (ConfabSlice *self)
{
  DexPromise *resume;

  if (!confab_slice_is_over (self))
    return;
  resume = dex_promise_new ();
  g_idle_add_full (RESUME_PRIORITY, resume_cb, dex_ref (resume), dex_unref);
  dex_await (DEX_FUTURE (resume), NULL);
  confab_slice_begin (self);
}

static DexFuture *
shield_cb (DexFuture *future, gpointer data)
{
  GError *error = NULL;
  const GValue *value = dex_future_get_value (future, &error);

  if (value != NULL)
    dex_promise_resolve (data, value);
  else
    dex_promise_reject (data, error);
  return dex_future_new_true ();
}

DexFuture *
confab_shield (DexFuture *future)
{
  DexPromise *promise = dex_promise_new ();

  dex_future_disown (dex_future_finally (future, shield_cb, dex_ref (promise), dex_unref));
  return DEX_FUTURE (promise);
}

DexFuture *
confab_thread_run (DexFiberFunc func, gpointer data)
{
  return dex_scheduler_spawn (
    dex_thread_pool_scheduler_get_default (), STACK_SIZE, func, data, NULL);
}

typedef struct {
  gpointer data;
  GDestroyNotify destroy;
} Garbage;

static DexFuture *
free_fiber (gpointer data)
{
  g_autofree Garbage *garbage = data;

  garbage->destroy (garbage->data);
  return dex_future_new_true ();
}

void
confab_thread_free (gpointer data, GDestroyNotify destroy)
{
  Garbage *garbage = g_new (Garbage, 1);

  *garbage = (Garbage) { .data = data, .destroy = destroy };
  dex_future_disown (confab_thread_run (free_fiber, garbage));
}
