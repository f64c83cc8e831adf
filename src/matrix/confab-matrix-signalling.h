/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-olm-machine.h"
#include "confab-session.h"
#include "confab-signalling.h"

G_BEGIN_DECLS

/**
 * ConfabMatrixSignalling:
 *
 * #ConfabSignalling over one homeserver: device messages through the machine's outbox, state events by PUT in
 * order, ICE servers from the TURN source. Main thread.
 */
#define CONFAB_TYPE_MATRIX_SIGNALLING (confab_matrix_signalling_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabMatrixSignalling, confab_matrix_signalling, CONFAB, MATRIX_SIGNALLING, GObject)

/* Resolves to a #ConfabIceServers (boxed): confab_turn_source_get() with its source bound. */
typedef DexFuture *(*ConfabGetIceServersFunc) (gpointer data);

ConfabMatrixSignalling *
confab_matrix_signalling_new (ConfabOlmMachine *machine,
                              ConfabHomeserver *homeserver,
                              ConfabClock *clock,
                              const char *user_id) G_GNUC_WARN_UNUSED_RESULT;
/* @func: e.g. (ConfabGetIceServersFunc) confab_turn_source_get with the #ConfabTurnSource as @data */
void confab_matrix_signalling_set_ice_func (ConfabMatrixSignalling *self,
                                            ConfabGetIceServersFunc func,
                                            gpointer data,
                                            GDestroyNotify destroy);
void confab_matrix_signalling_set_wire_func (ConfabMatrixSignalling *self,
                                             ConfabWireFunc func,
                                             gpointer data);
/* Ends what waits: every done callback that is still owed hears CONFAB_SIGNALLING_ERROR_NETWORK. */
void confab_matrix_signalling_stop (ConfabMatrixSignalling *self);

G_END_DECLS
