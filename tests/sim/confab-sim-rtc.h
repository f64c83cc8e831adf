/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-sim-server.h"

G_BEGIN_DECLS

/**
 * ConfabSimRtc:
 *
 * Who is in the MatrixRTC call of the room by the events that one client has synced, reckoned as the sheet has it
 * (protocol/matrixrtc-livekit.md section 2.2) and without the code that is looked at.
 */
typedef struct _ConfabSimRtc ConfabSimRtc;

ConfabSimRtc *confab_sim_rtc_new (void) G_GNUC_WARN_UNUSED_RESULT;
void confab_sim_rtc_free (ConfabSimRtc *self);
gboolean confab_sim_rtc_take (ConfabSimRtc *self, const ConfabSimEvent *event);
gboolean confab_sim_rtc_is_empty (ConfabSimRtc *self);
void confab_sim_rtc_clear (ConfabSimRtc *self);
guint confab_sim_rtc_count (ConfabSimRtc *self, GHashTable *left, gint64 now_ms);

void confab_sim_rtc_write (ConfabSimServer *server, const char *user, guint value, gint64 now_ms);

G_END_DECLS
