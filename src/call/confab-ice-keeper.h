/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-clock.h"
#include "confab-signalling.h"

G_BEGIN_DECLS

/**
 * ConfabIceKeeper:
 *
 * The STUN and TURN servers of one call, for as long as this device is in it: asked for when it starts, and again
 * before they go stale, so that whoever comes late or comes back is given servers that still work, at once.
 */
typedef struct _ConfabIceKeeper ConfabIceKeeper;

typedef void (*ConfabIceKeeperFunc) (gpointer data);

ConfabIceKeeper *confab_ice_keeper_new (ConfabSignalling *signalling,
                                        ConfabClock *clock,
                                        const char *call_id,
                                        ConfabIceKeeperFunc func,
                                        gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void confab_ice_keeper_free (ConfabIceKeeper *self);
void confab_ice_keeper_start (ConfabIceKeeper *self);
void confab_ice_keeper_stop (ConfabIceKeeper *self);
const ConfabIceServers *confab_ice_keeper_peek (ConfabIceKeeper *self);

G_END_DECLS
