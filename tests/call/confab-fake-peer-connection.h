/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-clock.h"
#include "confab-peer-connection.h"

G_BEGIN_DECLS

/**
 * ConfabFakePeerConnection:
 *
 * A connection without media: answers each command after a millisecond of its clock, and connects to the fake
 * that has its description, if that has this one's. Its screen has the id of its stream with “-screen” behind it.
 */
#define CONFAB_TYPE_FAKE_PEER_CONNECTION (confab_fake_peer_connection_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabFakePeerConnection, confab_fake_peer_connection, CONFAB, FAKE_PEER_CONNECTION, GObject)

ConfabFakePeerConnection *
confab_fake_peer_connection_new (ConfabClock *clock, const char *stream_id);
void
confab_fake_peer_connection_set_state (ConfabFakePeerConnection *self, ConfabConnectionState state);
void confab_fake_peer_connection_fail_next (ConfabFakePeerConnection *self);
void confab_fake_peer_connection_gather (ConfabFakePeerConnection *self,
                                         const char *candidate,
                                         gboolean complete);
void confab_fake_peer_connection_set_gather (ConfabFakePeerConnection *self, guint gather_ms);
void confab_fake_peer_connection_set_cut (ConfabFakePeerConnection *self, gboolean cut);
void confab_fake_peer_connection_set_broken (ConfabFakePeerConnection *self,
                                             gboolean broken,
                                             gboolean late);
void confab_fake_peer_connection_restart_ice (ConfabFakePeerConnection *self);
void confab_fake_peer_connection_want_offer (ConfabFakePeerConnection *self);
gboolean confab_fake_peer_connection_has_told_all (ConfabFakePeerConnection *self);
void confab_fake_peer_connection_lose_way (ConfabFakePeerConnection *self);
void confab_fake_peer_connection_set_relayed (ConfabFakePeerConnection *self, gboolean relayed);
ConfabFakePeerConnection *confab_fake_peer_connection_get_other (ConfabFakePeerConnection *self);
gboolean confab_fake_peer_connection_get_shares (ConfabFakePeerConnection *self);
guint confab_fake_peer_connection_get_n_candidates (ConfabFakePeerConnection *self);
gboolean confab_fake_peer_connection_is_stable (ConfabFakePeerConnection *self);
/* How long each step that takes time does, in ms: 1 without @func. */
typedef guint (*ConfabFakePeerConnectionPace) (gpointer data);
void confab_fake_peer_connection_set_pace (ConfabFakePeerConnectionPace func, gpointer data);
void confab_fake_peer_connection_reset (void);
gboolean confab_fake_peer_connection_is_abused (ConfabFakePeerConnection *self);
void confab_fake_peer_connection_receive (ConfabFakePeerConnection *self);
const char *confab_fake_peer_connection_get_remote_sdp (ConfabFakePeerConnection *self);
const char *confab_fake_peer_connection_get_log (ConfabFakePeerConnection *self);
gboolean confab_fake_peer_connection_get_closed (ConfabFakePeerConnection *self);

G_END_DECLS
