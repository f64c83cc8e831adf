/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-handler.h"
#include "confab-clock.h"
#include "confab-homeserver.h"
#include "confab-megolm-machine.h"
#include "confab-room-list.h"
#include "confab-session.h"
#include "confab-store.h"
#include "confab-sync-batch.h"

G_BEGIN_DECLS

/**
 * ConfabSessionCalls:
 *
 * Where the session meets encryption and calls: owns the Olm machine, the signalling and the call handler, feeds
 * them with what sync brings, and each room with its calls. Main thread, but for confab_session_calls_receive().
 *
 * Signals `warning` (code, message, user id or NULL, room id or NULL), `room-event` (#ConfabRoomEvent).
 */
#define CONFAB_TYPE_SESSION_CALLS (confab_session_calls_get_type ())
G_DECLARE_FINAL_TYPE (ConfabSessionCalls, confab_session_calls, CONFAB, SESSION_CALLS, GObject)

ConfabSessionCalls *confab_session_calls_new (ConfabStore *store,
                                              ConfabHomeserver *homeserver,
                                              ConfabClock *clock,
                                              ConfabRoomList *rooms,
                                              const char *user_id,
                                              const char *device_id,
                                              GBytes *pickle_key) G_GNUC_WARN_UNUSED_RESULT;
ConfabCallHandler *confab_session_calls_get_handler (ConfabSessionCalls *self);
ConfabMegolmMachine *confab_session_calls_get_megolm (ConfabSessionCalls *self);
void
confab_session_calls_set_wire_func (ConfabSessionCalls *self, ConfabWireFunc func, gpointer data);

/* Device keys, the outbox, and device messages that the last run left in the inbox. */
void confab_session_calls_start (ConfabSessionCalls *self);
/* Store's thread, in the transaction that stores @batch's token. */
gboolean confab_session_calls_receive (ConfabSessionCalls *self,
                                       ConfabStoreTransaction *transaction,
                                       const ConfabSyncBatch *batch,
                                       GError **error);
/* What was fed so far is from the store; what comes now is from syncs. */
void confab_session_calls_go_live (ConfabSessionCalls *self);
/* When the rooms took in @batch. Resolves to true when the calls have heard of all of it. */
DexFuture *confab_session_calls_feed (ConfabSessionCalls *self, ConfabSyncBatch *batch)
  G_GNUC_WARN_UNUSED_RESULT;
/* Leaves calls, and waits until that went out, at most 2 s. Resolves to true. */
DexFuture *confab_session_calls_leave (ConfabSessionCalls *self) G_GNUC_WARN_UNUSED_RESULT;
/* Ends all else; first whoever calls this cuts off the requests that are on (confab_homeserver_abort()), else it waits
 * for them. Resolves to true. */
DexFuture *confab_session_calls_stop (ConfabSessionCalls *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
