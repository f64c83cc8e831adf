/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-event.h"
#include "confab-call-member.h"
#include "confab-call-room.h"
#include "confab-call.h"

G_BEGIN_DECLS

/**
 * ConfabGroupCall:
 *
 * A full mesh call (MSC3401) in a room: a #ConfabCall whose participants are #ConfabCallMember.
 */
#define CONFAB_TYPE_GROUP_CALL (confab_group_call_get_type ())
G_DECLARE_FINAL_TYPE (ConfabGroupCall, confab_group_call, CONFAB, GROUP_CALL, GObject)

ConfabGroupCall *confab_group_call_new (ConfabCallRoom *room,
                                        const char *id,
                                        gint64 origin_server_ts,
                                        gboolean restored,
                                        JsonObject *content) G_GNUC_WARN_UNUSED_RESULT;
ConfabGroupCall *confab_group_call_create (ConfabCallRoom *room,
                                           ConfabCallIntent intent,
                                           ConfabCallType type,
                                           const char *name) G_GNUC_WARN_UNUSED_RESULT;
void confab_group_call_handle_content (ConfabGroupCall *self,
                                       gint64 origin_server_ts,
                                       JsonObject *content);
void confab_group_call_handle_members (ConfabGroupCall *self, const char *user_id);
void confab_group_call_check_session (ConfabGroupCall *self,
                                      const char *sender,
                                      ConfabCallEvent *message,
                                      gboolean encrypted);
gboolean confab_group_call_handle_message (ConfabGroupCall *self,
                                           const char *sender,
                                           ConfabCallEvent *message,
                                           gboolean encrypted);
void confab_group_call_handle_fork (ConfabGroupCall *self);
void confab_group_call_end_sync (ConfabGroupCall *self, gint64 server_time);
void confab_group_call_handle_power (ConfabGroupCall *self);
void confab_group_call_back_online (ConfabGroupCall *self);
void confab_group_call_room_encrypted (ConfabGroupCall *self);
void confab_group_call_room_lost (ConfabGroupCall *self);
gboolean confab_group_call_may_yield (ConfabGroupCall *self);
/* Whether it is this user's, and was there when this run began. */
gboolean confab_group_call_is_restored (ConfabGroupCall *self);
gboolean confab_group_call_yields_to (ConfabGroupCall *self, ConfabGroupCall *other);
void confab_group_call_yield (ConfabGroupCall *self);

const char *confab_group_call_get_id (ConfabGroupCall *self);
const char *confab_group_call_get_session_id (ConfabGroupCall *self);
gint64 confab_group_call_get_joined_at (ConfabGroupCall *self);
gboolean confab_group_call_get_lingering (ConfabGroupCall *self);

G_END_DECLS
