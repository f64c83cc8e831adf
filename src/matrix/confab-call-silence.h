/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <libdex.h>

#include "confab-store.h"

G_BEGIN_DECLS

/* Keeps that a call need not ring on this device any more, for as long as it is on: confab_sync_store_load() has it.
 * Resolves to true when that is written. */
DexFuture *confab_call_silence (ConfabStore *store, const char *room_id, const char *call_id)
  G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
