/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <libdex.h>

#include "confab-store.h"

G_BEGIN_DECLS

/* confab_store_run_async() as a future: resolves to true when the transaction was committed. @data must live until
 * then; on a fiber that awaits it, it may be on the stack. */
DexFuture *confab_store_future (ConfabStore *store, ConfabStoreFunc func, gpointer data)
  G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
