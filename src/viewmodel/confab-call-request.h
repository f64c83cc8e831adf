/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-room-list-view-model.h"

G_BEGIN_DECLS

typedef struct _ConfabMediaDevices ConfabMediaDevices;

/**
 * ConfabCallRequest:
 *
 * A call that is asked for, perhaps before it can be had: an action from outside may come while the account signs
 * in, before the first sync has brought the room or its call, or before there are devices. It waits for all of them.
 * Time runs only while nothing of this is under way; after 60 s of it the request gives up, so that nobody's camera
 * opens long after they stopped waiting. Main thread only.
 *
 * Signal `ready` (#ConfabRoomViewModel): now it can be joined or started. Comes once, and never from the constructor.
 * Signal `failed` (text): it cannot, or not soon. Nothing comes after it.
 * Signal `waiting` (text): after 2 s, what is waited for.
 */
#define CONFAB_TYPE_CALL_REQUEST (confab_call_request_get_type ())
G_DECLARE_FINAL_TYPE (ConfabCallRequest, confab_call_request, CONFAB, CALL_REQUEST, GObject)

/* @start: to start a call, not to join the room's. @audio, @video: what is switched on. */
ConfabCallRequest *confab_call_request_new (ConfabSession *session,
                                            ConfabRoomListViewModel *rooms,
                                            ConfabClock *clock,
                                            const char *room_id,
                                            gboolean start,
                                            gboolean audio,
                                            gboolean video) G_GNUC_WARN_UNUSED_RESULT;
gboolean confab_call_request_get_audio (ConfabCallRequest *self);
gboolean confab_call_request_get_video (ConfabCallRequest *self);
/* Looks whether it can be had by now; @devices is %NULL as long as they are not known. */
void confab_call_request_set_devices (ConfabCallRequest *self, ConfabMediaDevices *devices);

G_END_DECLS
