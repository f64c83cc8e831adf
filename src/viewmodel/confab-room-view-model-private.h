/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call.h"
#include "confab-room-view-model.h"

G_BEGIN_DECLS

ConfabCall *confab_room_view_model_ensure_call (ConfabRoomViewModel *self,
                                                ConfabCallIntent intent,
                                                ConfabCallType type) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
