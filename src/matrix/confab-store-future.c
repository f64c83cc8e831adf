/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-store-future.h"

static void
done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DexPromise) promise = data;
  GError *error = NULL;

  if (confab_store_run_finish (CONFAB_STORE (source), result, &error))
    dex_promise_resolve_boolean (promise, TRUE);
  else
    dex_promise_reject (promise, error);
}

DexFuture *
confab_store_future (ConfabStore *store, ConfabStoreFunc func, gpointer data)
{
  DexPromise *promise = dex_promise_new ();

  confab_store_run_async (store, func, data, NULL, NULL, done_cb, dex_ref (promise));
  return DEX_FUTURE (promise);
}
