/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * ConfabRoomPower:
 *
 * What we may send in a room about calls: of `m.room.power_levels` and `m.room.create` only what that needs. No event
 * is kept: its objects belong to another thread as soon as it was read.
 */
typedef struct {
  gboolean has_levels;
  gint64 own;
  gint64 needed[2]; /* for call and member state */
  gboolean is_creator;
  gboolean
    is_supreme; /* from room version 12 on, those who made the room have more power than any number */
} ConfabRoomPower;

void
confab_room_power_take_levels (ConfabRoomPower *self, JsonObject *content, const char *own_user_id);
void confab_room_power_take_create (ConfabRoomPower *self,
                                    JsonObject *content,
                                    const char *creator,
                                    const char *own_user_id);
/* @type: CONFAB_CALL_CONTENT_TYPE or CONFAB_CALL_MEMBERSHIP_TYPE */
gboolean confab_room_power_can_send_state (const ConfabRoomPower *self, const char *type);

G_END_DECLS
