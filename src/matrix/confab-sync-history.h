/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-store.h"
#include "confab-sync-batch.h"

G_BEGIN_DECLS

gboolean confab_sync_history_check (ConfabStoreTransaction *transaction,
                                    const char *room_id,
                                    ConfabSyncEvent *event,
                                    GError **error);

G_END_DECLS
