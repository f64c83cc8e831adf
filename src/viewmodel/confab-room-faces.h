/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-avatar-model.h"

G_BEGIN_DECLS

typedef struct _ConfabRoom ConfabRoom;
typedef struct _ConfabSession ConfabSession;

/**
 * ConfabRoomFaces:
 *
 * Some people of a room, as a pile of avatars shows them. Who stays keeps their avatar, so that nothing flickers when
 * somebody comes or goes. Main thread only.
 *
 * Signal `named`: somebody's name is known, or another one now.
 */
#define CONFAB_TYPE_ROOM_FACES (confab_room_faces_get_type ())
G_DECLARE_FINAL_TYPE (ConfabRoomFaces, confab_room_faces, CONFAB, ROOM_FACES, GObject)

ConfabRoomFaces *
confab_room_faces_new (ConfabRoom *room, ConfabSession *session) G_GNUC_WARN_UNUSED_RESULT;
void confab_room_faces_set_user_ids (ConfabRoomFaces *self, const char *const *user_ids);
GListModel *confab_room_faces_get_list (ConfabRoomFaces *self);
guint confab_room_faces_get_n (ConfabRoomFaces *self);
char *confab_room_faces_dup_text (ConfabRoomFaces *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
