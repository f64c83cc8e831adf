/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "confab-room-notices.h"

G_BEGIN_DECLS

/* Whose messages cannot be read, or relied on, why, and what to do; each can be closed. Goes when there is no more. */
#define CONFAB_TYPE_ROOM_NOTICES_DIALOG (confab_room_notices_dialog_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabRoomNoticesDialog, confab_room_notices_dialog, CONFAB, ROOM_NOTICES_DIALOG, AdwDialog)

AdwDialog *confab_room_notices_dialog_new (ConfabRoomNotices *notices) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
