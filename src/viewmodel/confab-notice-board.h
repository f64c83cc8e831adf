/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-clock.h"
#include "confab-room-notices.h"
#include "confab-session.h"

G_BEGIN_DECLS

/* In more rooms than this nothing is remembered: where the last event is longest ago, all goes. */
#define CONFAB_NOTICE_BOARD_MAX_ROOMS 100

/**
 * ConfabNoticeBoard:
 *
 * Hears what is said in all rooms of an account, and keeps what a person should know of it (#ConfabRoomNotices), opened
 * or not. A room that is left takes it along. Main thread only.
 */
#define CONFAB_TYPE_NOTICE_BOARD (confab_notice_board_get_type ())
G_DECLARE_FINAL_TYPE (ConfabNoticeBoard, confab_notice_board, CONFAB, NOTICE_BOARD, GObject)

ConfabNoticeBoard *
confab_notice_board_new (ConfabSession *session, ConfabClock *clock) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full) (nullable): those of @room_id, as long as somebody has them the same; %NULL outside of it. */
ConfabRoomNotices *
confab_notice_board_get (ConfabNoticeBoard *self, const char *room_id) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
