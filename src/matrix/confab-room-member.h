/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * ConfabRoomMember:
 *
 * A person in a room, loaded when somebody needs to show them. Properties (notify): `user-id`, `name` (the
 * disambiguated display name; the user id while not loaded), `avatar-url` (mxc or NULL), `joined`.
 */
#define CONFAB_TYPE_ROOM_MEMBER (confab_room_member_get_type ())
G_DECLARE_FINAL_TYPE (ConfabRoomMember, confab_room_member, CONFAB, ROOM_MEMBER, GObject)

const char *confab_room_member_get_user_id (ConfabRoomMember *self);
const char *confab_room_member_get_name (ConfabRoomMember *self);
const char *confab_room_member_get_avatar_url (ConfabRoomMember *self);

G_END_DECLS
