/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "confab-room-view-model.h"

G_BEGIN_DECLS

/**
 * ConfabRoomPage:
 *
 * One room, and its one obvious button; its property `model` is a #ConfabRoomViewModel, %NULL while none is chosen,
 * `notices` the #ConfabRoomNotices of it, `has-rooms` whether there is one to choose.
 */
#define CONFAB_TYPE_ROOM_PAGE (confab_room_page_get_type ())
G_DECLARE_FINAL_TYPE (ConfabRoomPage, confab_room_page, CONFAB, ROOM_PAGE, AdwNavigationPage)

G_END_DECLS
