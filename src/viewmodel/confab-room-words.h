/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-room-name.h"

G_BEGIN_DECLS

/* The words for unnamed rooms, in the person's language. */
extern const ConfabRoomNameWords confab_room_words;

G_END_DECLS
