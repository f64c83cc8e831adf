/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-room-notice.h"

#include "confab-clock.h"
#include "confab-room-notice-words.h"

G_BEGIN_DECLS

/* @device_id: this device */
ConfabRoomNotice *confab_room_notice_new (ConfabRoomNoticeKind kind,
                                          const char *user_id,
                                          gboolean own,
                                          const char *device_id,
                                          ConfabAvatarModel *face,
                                          ConfabClock *clock) G_GNUC_WARN_UNUSED_RESULT;
/* Another event of the kind. */
void confab_room_notice_add (ConfabRoomNotice *self, const ConfabRoomEvent *event);
/* Whether that @event can be read says that the last one could be read now. */
gboolean confab_room_notice_is_settled_by (ConfabRoomNotice *self, const ConfabRoomEvent *event);

ConfabRoomNoticeKind confab_room_notice_get_kind (ConfabRoomNotice *self);
/* A person wants to hear no more of it: it is kept, so that it does not come again with the next event. */
gboolean confab_room_notice_get_closed (ConfabRoomNotice *self);
void confab_room_notice_close (ConfabRoomNotice *self);

G_END_DECLS
