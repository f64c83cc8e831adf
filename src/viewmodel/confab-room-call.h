/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "confab-call.h"

G_BEGIN_DECLS

/**
 * ConfabRoomCall:
 *
 * Which of a room's calls is shown, and whether it is on: the one that this device is in, then one with people, then
 * the room's own (`m.room`). One of another kind that nobody is in is not on, since somebody's device died before it
 * could end it; but it is the one to join, so that its last participant ends it. Main thread only.
 *
 * Signal `changed`: another call, or something of it.
 */
#define CONFAB_TYPE_ROOM_CALL (confab_room_call_get_type ())
G_DECLARE_FINAL_TYPE (ConfabRoomCall, confab_room_call, CONFAB, ROOM_CALL, GObject)

ConfabRoomCall *confab_room_call_new (GListModel *calls) G_GNUC_WARN_UNUSED_RESULT;
ConfabCall *confab_room_call_get_call (ConfabRoomCall *self);
gboolean confab_room_call_is_on (ConfabRoomCall *self);
gboolean confab_room_call_is_active (ConfabRoomCall *self);
gint64 confab_room_call_get_started_at (ConfabRoomCall *self);
GStrv confab_room_call_dup_user_ids (ConfabRoomCall *self, const char *own_user_id)
  G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
