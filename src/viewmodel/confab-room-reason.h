/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-room.h"
#include "confab-session.h"

G_BEGIN_DECLS

/* What stands against calls in a room, as sentences; NULL for nothing. */
/* Whatever the room allows. */
const char *confab_room_reason_connection (ConfabSession *session);
/* @has_call: it is about joining, else about starting one. */
const char *confab_room_reason_power (ConfabRoom *room, gboolean has_call, gboolean is_on);

G_END_DECLS
