/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-membership.h"
#include "confab-clock.h"
#include "confab-signalling.h"

G_BEGIN_DECLS

/**
 * ConfabCallRoom:
 *
 * What the calls of one room share: who and where this device is, what the room allows, everybody's member
 * events, and the own one, which carries all of this user's calls and devices.
 */
#define CONFAB_TYPE_CALL_ROOM (confab_call_room_get_type ())
G_DECLARE_FINAL_TYPE (ConfabCallRoom, confab_call_room, CONFAB, CALL_ROOM, GObject)

ConfabCallRoom *confab_call_room_new (ConfabSignalling *signalling,
                                      ConfabClock *clock,
                                      const char *user_id,
                                      const char *device_id,
                                      const char *room_id) G_GNUC_WARN_UNUSED_RESULT;
ConfabSignalling *confab_call_room_get_signalling (ConfabCallRoom *self);
ConfabClock *confab_call_room_get_clock (ConfabCallRoom *self);
const char *confab_call_room_get_user_id (ConfabCallRoom *self);
const char *confab_call_room_get_device_id (ConfabCallRoom *self);
const char *confab_call_room_get_id (ConfabCallRoom *self);
gint64 confab_call_room_get_now (ConfabCallRoom *self);
gboolean confab_call_room_get_encrypted (ConfabCallRoom *self);
void confab_call_room_set_encrypted (ConfabCallRoom *self, gboolean encrypted);
gboolean confab_call_room_get_can_send_call (ConfabCallRoom *self);
void confab_call_room_set_can_send_call (ConfabCallRoom *self, gboolean can_send);
gboolean confab_call_room_set_can_send_member (ConfabCallRoom *self, gboolean can_send);
void confab_call_room_set_joined (ConfabCallRoom *self, const char *user_id, gboolean joined);
gboolean confab_call_room_set_member (ConfabCallRoom *self,
                                      const char *user_id,
                                      gint64 origin_server_ts,
                                      JsonObject *content);
void confab_call_room_handle_rtc (ConfabCallRoom *self,
                                  const char *state_key,
                                  const char *sender,
                                  gint64 origin_server_ts,
                                  JsonObject *content);
guint confab_call_room_get_n_rtc_users (ConfabCallRoom *self);
GPtrArray *confab_call_room_get_memberships (ConfabCallRoom *self, const char *user_id)
  G_GNUC_WARN_UNUSED_RESULT;
gboolean confab_call_room_is_overwritten (ConfabCallRoom *self,
                                          const char *user_id,
                                          const char *device_id,
                                          gint64 missed_ts);
gboolean confab_call_room_has_others (ConfabCallRoom *self, const char *call_id);
GList *confab_call_room_list_users (ConfabCallRoom *self) G_GNUC_WARN_UNUSED_RESULT;
void confab_call_room_set_own (ConfabCallRoom *self,
                               const char *call_id,
                               const char *session_id,
                               gint64 expires_ts,
                               gboolean shares_screen);
gboolean confab_call_room_forget_own (ConfabCallRoom *self, const char *call_id);
void confab_call_room_write (ConfabCallRoom *self,
                             ConfabSignallingDone done,
                             gpointer data,
                             GDestroyNotify destroy);
void confab_call_room_remove_stale (ConfabCallRoom *self);
void confab_call_room_decline (ConfabCallRoom *self, const char *call_id, gint64 until_ts);
void confab_call_room_set_declined (ConfabCallRoom *self, JsonObject *content);
void confab_call_room_silence (ConfabCallRoom *self, const char *call_id);
void confab_call_room_add_silenced (ConfabCallRoom *self, const char *call_id);
gboolean confab_call_room_is_silent (ConfabCallRoom *self, const char *call_id);
void confab_call_room_add_over (ConfabCallRoom *self, const char *call_id);
gboolean confab_call_room_is_over (ConfabCallRoom *self, const char *call_id);
void confab_call_room_close (ConfabCallRoom *self);

G_END_DECLS
