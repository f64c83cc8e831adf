/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-event.h"
#include "confab-call-room.h"
#include "confab-local-media.h"
#include "confab-participant.h"

G_BEGIN_DECLS

/**
 * ConfabCallMember:
 *
 * One remote device in a mesh: its session, its numbered messages, its peer call and the retries.
 */
#define CONFAB_TYPE_CALL_MEMBER (confab_call_member_get_type ())
G_DECLARE_FINAL_TYPE (ConfabCallMember, confab_call_member, CONFAB, CALL_MEMBER, GObject)

ConfabCallMember *
confab_call_member_new (ConfabCallRoom *room,
                        const char *conf_id,
                        const char *user_id,
                        const ConfabCallMembership *entry) G_GNUC_WARN_UNUSED_RESULT;
void confab_call_member_update (ConfabCallMember *self, const ConfabCallMembership *entry);
void confab_call_member_join (ConfabCallMember *self,
                              const char *own_session_id,
                              ConfabLocalMedia *media,
                              const ConfabIceServers *servers);
void confab_call_member_set_servers (ConfabCallMember *self, const ConfabIceServers *servers);
void confab_call_member_leave (ConfabCallMember *self);
void confab_call_member_miss (ConfabCallMember *self);
void confab_call_member_remove (ConfabCallMember *self);
gboolean confab_call_member_handle_message (ConfabCallMember *self,
                                            ConfabCallEvent *message,
                                            gboolean encrypted);
void confab_call_member_check_session (ConfabCallMember *self,
                                       ConfabCallEvent *message,
                                       gboolean encrypted);
void confab_call_member_set_clear (ConfabCallMember *self, gboolean clear);
gboolean confab_call_member_end_sync (ConfabCallMember *self);
gboolean confab_call_member_back_online (ConfabCallMember *self);
void confab_call_member_send_metadata (ConfabCallMember *self);
void confab_call_member_set_screen (ConfabCallMember *self, ConfabStream *screen);

/* What tests, logs and confab-bot look at. */
const char *confab_call_member_get_user_id (ConfabCallMember *self);
const char *confab_call_member_get_device_id (ConfabCallMember *self);
const char *confab_call_member_get_session_id (ConfabCallMember *self);
const char *confab_call_member_get_call_id (ConfabCallMember *self);
gboolean confab_call_member_get_inbound (ConfabCallMember *self);
gboolean confab_call_member_get_connected (ConfabCallMember *self);
gboolean confab_call_member_get_quiet (ConfabCallMember *self);
guint confab_call_member_get_retry_count (ConfabCallMember *self);
gboolean confab_call_member_get_microphone_muted (ConfabCallMember *self);
gboolean confab_call_member_get_camera_muted (ConfabCallMember *self);
gint64 confab_call_member_get_last_signalling_at (ConfabCallMember *self);
GPtrArray *confab_call_member_dup_queued (ConfabCallMember *self) G_GNUC_WARN_UNUSED_RESULT;
ConfabPeerConnection *confab_call_member_get_connection (ConfabCallMember *self);
gboolean confab_call_member_get_active_foci (ConfabCallMember *self);
gint64 confab_call_member_get_missed_ts (ConfabCallMember *self);
gboolean confab_call_member_get_expired (ConfabCallMember *self);
guint confab_call_member_get_n_unsent (ConfabCallMember *self);

G_END_DECLS
