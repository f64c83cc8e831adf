/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-olm-machine.h"
#include "confab-room-event.h"

G_BEGIN_DECLS

/**
 * ConfabMembersFunc:
 * @room_id: a room
 *
 * Returns: (transfer full): resolves to the user ids of whom the room's events are for now, all of them (#GStrv, boxed)
 */
typedef DexFuture *(*ConfabMembersFunc) (const char *room_id, gpointer data);

/**
 * ConfabMegolmMachine:
 *
 * Events of rooms, out and in. What it sends to an encrypted room is encrypted for the devices of those who are in it,
 * and goes out when they have the key; what came is handed on in order, decrypted, once. All of its state is in the
 * store. Main thread.
 *
 * Signal `room-event` (#ConfabRoomEvent).
 */
#define CONFAB_TYPE_MEGOLM_MACHINE (confab_megolm_machine_get_type ())
G_DECLARE_FINAL_TYPE (ConfabMegolmMachine, confab_megolm_machine, CONFAB, MEGOLM_MACHINE, GObject)

ConfabMegolmMachine *confab_megolm_machine_new (ConfabOlmMachine *olm,
                                                ConfabStore *store,
                                                ConfabHomeserver *homeserver,
                                                ConfabClock *clock,
                                                ConfabMembersFunc members_func,
                                                gpointer members_data) G_GNUC_WARN_UNUSED_RESULT;
/* Sends what a process before this one was asked to send and did not, once the members func knows the rooms. */
void confab_megolm_machine_start (ConfabMegolmMachine *self);
/* What the members func says from now on is as of the sync with this token. */
void confab_megolm_machine_set_shown (ConfabMegolmMachine *self, const char *next_batch);
/* The server has answered a sync of this process: what the store says is no older than that. */
void confab_megolm_machine_set_heard (ConfabMegolmMachine *self);
/* Hands on what came. Resolves to true when all of it was; rejects with a #ConfabStoreError. */
DexFuture *confab_megolm_machine_hand_on (ConfabMegolmMachine *self) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *confab_megolm_machine_send (ConfabMegolmMachine *self,
                                       const char *room_id,
                                       const char *type,
                                       JsonObject *content) G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to true when nothing runs any more. What is on its way is cut off with the homeserver's requests and the
 * outbox, which whoever calls this stops first. */
DexFuture *confab_megolm_machine_stop (ConfabMegolmMachine *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
