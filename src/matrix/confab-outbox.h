/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-device-list.h"
#include "confab-olm-machine.h"
#include "confab-olm-vault.h"
#include "confab-signalling.h"

G_BEGIN_DECLS

/* Goes out in clear whatever the room is: it says only that there is a secret that is not told. */
#define CONFAB_WITHHELD_TYPE "m.room_key.withheld"

/**
 * ConfabOutbox:
 *
 * Device messages that the server has not taken yet. They go out in order per device, one message for each of many
 * devices in a request, whose transaction id is kept over retries and a restart. A message is encrypted, and its
 * ratchet stored, in the transaction before it is sent. Call signalling that is older than 60 s is dropped rather
 * than sent stale. Main thread.
 */
#define CONFAB_TYPE_OUTBOX (confab_outbox_get_type ())
G_DECLARE_FINAL_TYPE (ConfabOutbox, confab_outbox, CONFAB, OUTBOX, GObject)

ConfabOutbox *confab_outbox_new (ConfabStore *store,
                                 ConfabHomeserver *homeserver,
                                 ConfabClock *clock,
                                 ConfabOlmVault *vault,
                                 ConfabDeviceList *devices) G_GNUC_WARN_UNUSED_RESULT;
/* @done as with #ConfabSignalling. @room_id NULL: encrypted, whatever @security says. */
void confab_outbox_send (ConfabOutbox *self,
                         const char *room_id,
                         const char *user_id,
                         const char *device_id,
                         const char *type,
                         JsonObject *content,
                         ConfabSignallingSecurity security,
                         ConfabSignallingDone done,
                         gpointer data,
                         GDestroyNotify destroy);
/* Goes on with what a process before this one left, and with what was put into the table by others. */
void confab_outbox_kick (ConfabOutbox *self);
/* Resolves to true when none of @ids (element-type gint64), which are rows that others put into the table, waits any
 * more; rejects with a #ConfabSignallingError where one of them could not be sent, unless its device is blocked. */
DexFuture *confab_outbox_await_rows (ConfabOutbox *self, GArray *ids) G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to true when nothing waits any more. */
DexFuture *confab_outbox_flush (ConfabOutbox *self) G_GNUC_WARN_UNUSED_RESULT;
/* What waits stays in the store; every @done that is owed hears CONFAB_SIGNALLING_ERROR_NETWORK. Resolves to true when
 * nothing runs any more. */
DexFuture *confab_outbox_stop (ConfabOutbox *self) G_GNUC_WARN_UNUSED_RESULT;

/* Store's thread: puts one message in; for those who do so in a transaction of their own. */
gboolean confab_outbox_insert (ConfabStoreTransaction *transaction,
                               const char *room_id,
                               const char *user_id,
                               const char *device_id,
                               const char *type,
                               const char *content,
                               ConfabSignallingSecurity security,
                               gint64 now_ms,
                               gint64 *id,
                               GError **error);
/* The same for one that is encrypted: @wire is the content of its m.room.encrypted, @type what is in there. */
gboolean confab_outbox_insert_encrypted (ConfabStoreTransaction *transaction,
                                         const char *room_id,
                                         const char *user_id,
                                         const char *device_id,
                                         const char *type,
                                         const char *wire,
                                         gint64 now_ms,
                                         GError **error);

G_END_DECLS
