/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "confab-room-view-model.h"

G_BEGIN_DECLS

/**
 * ConfabRoomRow:
 *
 * A room in the list; its property `model` is a #ConfabRoomViewModel. The duration ticks while the row is mapped.
 */
#define CONFAB_TYPE_ROOM_ROW (confab_room_row_get_type ())
G_DECLARE_FINAL_TYPE (ConfabRoomRow, confab_room_row, CONFAB, ROOM_ROW, AdwBin)

ConfabRoomViewModel *confab_room_row_get_model (ConfabRoomRow *self);

G_END_DECLS
