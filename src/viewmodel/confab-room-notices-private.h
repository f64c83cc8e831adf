/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-room-notices.h"

#include "confab-clock.h"
#include "confab-room-event.h"
#include "confab-room.h"
#include "confab-session.h"

G_BEGIN_DECLS

ConfabRoomNotices *
confab_room_notices_new (ConfabRoom *room, ConfabSession *session, ConfabClock *clock)
  G_GNUC_WARN_UNUSED_RESULT;
ConfabRoom *confab_room_notices_get_room (ConfabRoomNotices *self);
void confab_room_notices_take (ConfabRoomNotices *self, const ConfabRoomEvent *event);
void confab_room_notices_forget (ConfabRoomNotices *self);
/* Of whom something is remembered, shown or not. */
guint confab_room_notices_get_n_people (ConfabRoomNotices *self);

G_END_DECLS
