/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-homeserver.h"
#include "confab-room-list.h"
#include "confab-room-member.h"
#include "confab-room.h"
#include "confab-slice.h"
#include "confab-sync-batch.h"

G_BEGIN_DECLS

ConfabRoomMember *confab_room_member_new (const char *user_id) G_GNUC_WARN_UNUSED_RESULT;
void confab_room_member_update (ConfabRoomMember *self,
                                const char *name,
                                const char *avatar_url,
                                gboolean joined);

ConfabRoom *confab_room_new (const char *id, const char *own_user_id, ConfabHomeserver *homeserver)
  G_GNUC_WARN_UNUSED_RESULT;
/* Takes in what a sync says of this room; notifies. */
void confab_room_apply (ConfabRoom *self, const ConfabSyncRoom *news);
void confab_room_set_direct (ConfabRoom *self, gboolean direct);
void confab_room_set_n_rtc_users (ConfabRoom *self, guint n_users);
/* Whether @user_id is known, and if so whether they are in the room. */
gboolean confab_room_get_joined (ConfabRoom *self, const char *user_id, gboolean *joined);
/* Asks the server for them, once; resolves to the content of their member event (#JsonObject, boxed), whatever it says. */
DexFuture *
confab_room_learn_member (ConfabRoom *self, const char *user_id) G_GNUC_WARN_UNUSED_RESULT;
gboolean confab_room_can_send_state (ConfabRoom *self, const char *type);
/* The room's own list of its calls; to be kept by whoever feeds the calls. */
GListStore *confab_room_get_call_store (ConfabRoom *self);

ConfabRoomList *confab_room_list_new (const char *own_user_id, ConfabHomeserver *homeserver)
  G_GNUC_WARN_UNUSED_RESULT;
/* All at once, or as much as a slice has time for; see there. */
void confab_room_list_apply (ConfabRoomList *self, const ConfabSyncBatch *batch);
gboolean confab_room_list_apply_some (ConfabRoomList *self,
                                      const ConfabSyncBatch *batch,
                                      guint *position,
                                      const ConfabSlice *slice);
GPtrArray *confab_room_list_steal_rooms (ConfabRoomList *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
