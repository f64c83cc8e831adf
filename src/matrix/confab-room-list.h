/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-room.h"

G_BEGIN_DECLS

/**
 * ConfabRoomList:
 *
 * The joined rooms of one account: a GListModel of #ConfabRoom in no promised order (whoever shows it sorts it).
 */
#define CONFAB_TYPE_ROOM_LIST (confab_room_list_get_type ())
G_DECLARE_FINAL_TYPE (ConfabRoomList, confab_room_list, CONFAB, ROOM_LIST, GObject)

ConfabRoom *confab_room_list_lookup (ConfabRoomList *self, const char *room_id);

G_END_DECLS
