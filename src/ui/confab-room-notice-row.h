/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "confab-room-notice.h"

G_BEGIN_DECLS

/**
 * ConfabRoomNoticeRow:
 *
 * One #ConfabRoomNotice in full. Its button activates `notices.close` with the row's place in its list.
 */
#define CONFAB_TYPE_ROOM_NOTICE_ROW (confab_room_notice_row_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabRoomNoticeRow, confab_room_notice_row, CONFAB, ROOM_NOTICE_ROW, GtkListBoxRow)

GtkWidget *confab_room_notice_row_new (ConfabRoomNotice *model) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
