/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-room-notice.h"

G_BEGIN_DECLS

/* More people than this are not remembered: whose last event is longest ago goes. */
#define CONFAB_ROOM_NOTICES_MAX_PEOPLE 50

/**
 * ConfabRoomNotices:
 *
 * What a person should know of what is sent in one room: one #ConfabRoomNotice for each sender and reason, the newest
 * first. That something cannot be read goes when a later event of its sender can; all of somebody goes when they leave.
 * In memory only. Properties (notify): `list` (GListModel), `title` (all of them in one sentence; empty for none),
 * `unseen` (whether one came since confab_room_notices_see()). Main thread only.
 *
 * Signal `announce` (text): a new one is to be spoken by a screen reader; of many at once, what they are together.
 */
#define CONFAB_TYPE_ROOM_NOTICES (confab_room_notices_get_type ())
G_DECLARE_FINAL_TYPE (ConfabRoomNotices, confab_room_notices, CONFAB, ROOM_NOTICES, GObject)

GListModel *confab_room_notices_get_list (ConfabRoomNotices *self);
const char *confab_room_notices_get_title (ConfabRoomNotices *self);
gboolean confab_room_notices_get_unseen (ConfabRoomNotices *self);
/* Whether something is there that cannot be read; else it may not be genuine. */
gboolean confab_room_notices_get_unread (ConfabRoomNotices *self);
/* A person looks at the list. */
void confab_room_notices_see (ConfabRoomNotices *self);
/* It does not come again for as long as nothing changes. */
void confab_room_notices_close (ConfabRoomNotices *self, ConfabRoomNotice *notice);

G_END_DECLS
