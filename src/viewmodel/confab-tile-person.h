/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-avatar-model.h"

G_BEGIN_DECLS

typedef struct _ConfabParticipant ConfabParticipant;
typedef struct _ConfabRoomMember ConfabRoomMember;

#define CONFAB_TILE_PERSON_N_COLORS 14 /* of AdwAvatar */

/**
 * ConfabTilePerson:
 *
 * Whose tile it is: name, avatar and colour. Signal `changed`: one of them did. Main thread only.
 */
#define CONFAB_TYPE_TILE_PERSON (confab_tile_person_get_type ())
G_DECLARE_FINAL_TYPE (ConfabTilePerson, confab_tile_person, CONFAB, TILE_PERSON, GObject)

ConfabTilePerson *confab_tile_person_new (ConfabParticipant *participant, ConfabRoomMember *member)
  G_GNUC_WARN_UNUSED_RESULT;
void confab_tile_person_set_avatar (ConfabTilePerson *self, ConfabAvatarModel *avatar);
const char *confab_tile_person_get_name (ConfabTilePerson *self);
const char *confab_tile_person_get_avatar_name (ConfabTilePerson *self);
GdkPaintable *confab_tile_person_get_avatar (ConfabTilePerson *self);
guint confab_tile_person_get_color (ConfabTilePerson *self);

G_END_DECLS
