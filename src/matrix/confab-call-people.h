/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-handler.h"
#include "confab-clock.h"
#include "confab-room-list.h"
#include "confab-store.h"
#include "confab-sync-batch.h"

G_BEGIN_DECLS

/**
 * ConfabCallPeople:
 *
 * Whether those who have an entry in a call, a mesh's or MatrixRTC's, are in its room. Somebody who was put out of the
 * room cannot take their entry away, and with lazy loading no sync tells of it a device that came later: the server is
 * asked, once for each of those who are not known, and its answer kept with the room's members. Until it has answered
 * they count as not in the room. Main thread.
 *
 * Signal `told`: the calls have heard of somebody, as if a sync had brought it.
 */
#define CONFAB_TYPE_CALL_PEOPLE (confab_call_people_get_type ())
G_DECLARE_FINAL_TYPE (ConfabCallPeople, confab_call_people, CONFAB, CALL_PEOPLE, GObject)

ConfabCallPeople *confab_call_people_new (ConfabStore *store,
                                          ConfabRoomList *rooms,
                                          ConfabCallHandler *handler,
                                          ConfabClock *clock,
                                          const char *user_id) G_GNUC_WARN_UNUSED_RESULT;
/* Before the calls hear of @event, a call member event. */
void
confab_call_people_note (ConfabCallPeople *self, const char *room_id, const ConfabSyncEvent *event);
/* A sync is through: asks for those whom it did not tell of, and again for those of whom nobody could say. */
void confab_call_people_ask (ConfabCallPeople *self);
void confab_call_people_forget_room (ConfabCallPeople *self, const char *room_id);
/* The calls hear of nobody any more. */
void confab_call_people_stop (ConfabCallPeople *self);

G_END_DECLS
