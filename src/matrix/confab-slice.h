/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <libdex.h>

G_BEGIN_DECLS

/**
 * ConfabSlice:
 *
 * Long work on the main thread in turns of some milliseconds, between which it draws and answers. The loop that does
 * the work calls confab_slice_await() after each piece: until its time is up that returns at once.
 */
typedef struct {
  gint64 until; /* monotonic, µs */
} ConfabSlice;

/* For main (), before anything else: glibc sets small pieces that are freed aside, and joins all of them at the next
 * allocation that is not small: after thousands of pieces whoever comes then waits for more than 10 ms. Joined at once
 * they cost nobody much. */
void confab_slice_prepare_memory (void);

void confab_slice_begin (ConfabSlice *self);
/* Whether the time of this turn is up. */
gboolean confab_slice_is_over (const ConfabSlice *self);
/* Fibers only. Lets the main loop run when the time of this turn is up: whoever calls it looks afterwards whether what
 * it works on is still there. */
void confab_slice_await (ConfabSlice *self);

/**
 * confab_shield:
 * @future: (transfer full): a future, mostly a fiber's
 *
 * For dex_future_first() and others that lose interest in what they were given. A fiber whose future nobody waits for
 * any more is put in line to end; when what the fiber itself waits for is done before its turn comes, libdex 0.10
 * (Debian 13's) puts it in line twice, its line is broken, and the main loop turns for ever without doing anything;
 * 0.11 mended it. So no fiber's future is raced as it stands: its shield is, and the fiber goes on to its own end.
 *
 * Returns: (transfer full): a future that ends as @future does
 */
DexFuture *confab_shield (DexFuture *future) G_GNUC_WARN_UNUSED_RESULT;

/* Runs @func over @data by another thread, with stack enough for deep JSON. @data must stay until the future is done;
 * whatever @func makes is for the caller alone when it is. */
DexFuture *confab_thread_run (DexFiberFunc func, gpointer data) G_GNUC_WARN_UNUSED_RESULT;
/* Frees @data by another thread: something large that nobody else holds. */
void confab_thread_free (gpointer data, GDestroyNotify destroy);

G_END_DECLS
