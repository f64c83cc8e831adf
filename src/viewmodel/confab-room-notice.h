/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-avatar-model.h"

G_BEGIN_DECLS

/**
 * ConfabRoomNotice:
 *
 * One thing that a person should know of what somebody sends in a room: that it cannot be read here, or is not to be
 * relied on; why, and what to do. Properties (all notify): `face` (#ConfabAvatarModel: whose it is), `title`, `text`,
 * `times` (how often, and when last), `close-label`. None of them has markup. Main thread only.
 */
#define CONFAB_TYPE_ROOM_NOTICE (confab_room_notice_get_type ())
G_DECLARE_FINAL_TYPE (ConfabRoomNotice, confab_room_notice, CONFAB, ROOM_NOTICE, GObject)

const char *confab_room_notice_get_title (ConfabRoomNotice *self);
const char *confab_room_notice_get_text (ConfabRoomNotice *self);
/* Whose events, why (a code of the spec, “clear” or “device-gone”), how many so far. */
const char *confab_room_notice_get_user_id (ConfabRoomNotice *self);
const char *confab_room_notice_get_reason (ConfabRoomNotice *self);
guint confab_room_notice_get_count (ConfabRoomNotice *self);

G_END_DECLS
