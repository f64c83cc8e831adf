/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-olm-vault.h"
#include "confab-room-event.h"

G_BEGIN_DECLS

/*
 * The events of rooms between a sync and whoever hears of them, on the store's thread, each in the caller's transaction.
 * No readable text is written: an event stays in `room_events` as it came, and is read when it is handed on. One
 * without a key waits for it; that a key is withheld is told.
 *
 * Bad events are no error: these functions fail only when the store does, or with a wrong pickle key.
 */

gboolean confab_megolm_events_is_withheld_type (const char *type);
/* The content of a notice, from @sender: in clear, or through Olm. */
gboolean confab_megolm_events_take_withheld (ConfabOlmVault *vault,
                                             ConfabStoreTransaction *transaction,
                                             const char *sender,
                                             JsonObject *content,
                                             gint64 now_ms,
                                             ConfabOlmNews *news,
                                             GError **error);
/* Rooms of @batch, after its device messages. */
gboolean confab_megolm_events_receive (ConfabOlmVault *vault,
                                       ConfabStoreTransaction *transaction,
                                       const ConfabSyncBatch *batch,
                                       gint64 now_ms,
                                       ConfabOlmNews *news,
                                       GError **error);

/* Events that were not handed on yet, later than row @after, in order. @last: the last row looked at. */
gboolean confab_megolm_events_read (ConfabOlmVault *vault,
                                    ConfabStoreTransaction *transaction,
                                    gint64 after,
                                    GPtrArray *events,
                                    gint64 *last,
                                    GError **error);
gboolean
confab_megolm_events_drop (ConfabStoreTransaction *transaction, gint64 last, GError **error);

G_END_DECLS
