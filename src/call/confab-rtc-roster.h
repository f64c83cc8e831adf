/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include "confab-clock.h"

G_BEGIN_DECLS

/**
 * ConfabRtcRoster:
 *
 * Who is in the MatrixRTC call of a room (Element Call's kind), by their member events in room state. They have the
 * type of a mesh member event with other state keys and another content, and say nothing to a mesh.
 *
 * Spec: MSC4143 as Element Call writes it; protocol/matrixrtc-livekit.md section 2.
 */
typedef struct _ConfabRtcRoster ConfabRtcRoster;
typedef void (*ConfabRtcRosterFunc) (gpointer data);

gint64 confab_rtc_roster_get_expires_ts (const char *state_key,
                                         const char *sender,
                                         gint64 origin_server_ts,
                                         JsonObject *content);

ConfabRtcRoster *confab_rtc_roster_new (ConfabClock *clock, ConfabRtcRosterFunc func, gpointer data)
  G_GNUC_WARN_UNUSED_RESULT;
void confab_rtc_roster_free (ConfabRtcRoster *self);
void confab_rtc_roster_handle (ConfabRtcRoster *self,
                               const char *state_key,
                               const char *sender,
                               gint64 origin_server_ts,
                               JsonObject *content);
void confab_rtc_roster_set_joined (ConfabRtcRoster *self, const char *user_id, gboolean joined);
void confab_rtc_roster_stop (ConfabRtcRoster *self);
guint confab_rtc_roster_get_n_users (ConfabRtcRoster *self);

G_END_DECLS
