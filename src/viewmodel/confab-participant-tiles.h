/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-stream-tile-model.h"

G_BEGIN_DECLS

/**
 * ConfabParticipantTiles:
 *
 * The tiles of one participant as a GListModel: shared screens, then the person, who has a tile from the first
 * moment, also before any stream of theirs is known.
 */
#define CONFAB_TYPE_PARTICIPANT_TILES (confab_participant_tiles_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabParticipantTiles, confab_participant_tiles, CONFAB, PARTICIPANT_TILES, GObject)

ConfabParticipantTiles *
confab_participant_tiles_new (ConfabClock *clock,
                              ConfabParticipant *participant,
                              ConfabRoomMember *member,
                              ConfabAvatarModel *avatar) G_GNUC_WARN_UNUSED_RESULT;
ConfabStreamTileModel *confab_participant_tiles_get_person (ConfabParticipantTiles *self);

G_END_DECLS
