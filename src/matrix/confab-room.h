/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <libdex.h>

#include "confab-room-member.h"

G_BEGIN_DECLS

/**
 * ConfabRoom:
 *
 * A joined room. Properties (notify): `id`, `name` (by the spec's algorithm), `topic`, `avatar-url`,
 * `encrypted`, `direct`, `favourite`, `n-joined` (how many people), `can-join-call` (power for the member state),
 * `can-start-call` (and for the call state), `calls` (GListModel of the #ConfabCall that are on in it),
 * `last-activity` (ms since epoch).
 */
#define CONFAB_TYPE_ROOM (confab_room_get_type ())
G_DECLARE_FINAL_TYPE (ConfabRoom, confab_room, CONFAB, ROOM, GObject)

const char *confab_room_get_id (ConfabRoom *self);
const char *confab_room_get_name (ConfabRoom *self);
const char *confab_room_get_topic (ConfabRoom *self);
const char *confab_room_get_avatar_url (ConfabRoom *self);
gboolean confab_room_get_encrypted (ConfabRoom *self);
gboolean confab_room_get_direct (ConfabRoom *self);
gboolean confab_room_get_favourite (ConfabRoom *self);
guint confab_room_get_n_joined (ConfabRoom *self);
gboolean confab_room_get_can_join_call (ConfabRoom *self);
gboolean confab_room_get_can_start_call (ConfabRoom *self);
guint confab_room_get_n_rtc_users (ConfabRoom *self);
gboolean confab_room_get_replaced (ConfabRoom *self);
gint64 confab_room_get_last_activity (ConfabRoom *self);
GListModel *confab_room_get_calls (ConfabRoom *self);

/* The member object for @user_id: at once, and loaded in the background. (transfer full) */
ConfabRoomMember *
confab_room_get_member (ConfabRoom *self, const char *user_id) G_GNUC_WARN_UNUSED_RESULT;
/* Loads everybody; resolves to true. confab_room_get_joined_user_ids() is complete afterwards. */
DexFuture *confab_room_load_members (ConfabRoom *self) G_GNUC_WARN_UNUSED_RESULT;
/* The same for a room of usual size; of a large one nobody: for whoever is content with those who are known. */
DexFuture *confab_room_load_some (ConfabRoom *self) G_GNUC_WARN_UNUSED_RESULT;
GStrv confab_room_dup_joined_user_ids (ConfabRoom *self) G_GNUC_WARN_UNUSED_RESULT;
/* Whom what is said in it is for. Complete when everybody is loaded. */
GStrv confab_room_dup_audience (ConfabRoom *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
