/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-clock.h"
#include "confab-homeserver.h"
#include "confab-ice-servers.h"

G_BEGIN_DECLS

#define CONFAB_TYPE_TURN_SOURCE (confab_turn_source_get_type ())
G_DECLARE_FINAL_TYPE (ConfabTurnSource, confab_turn_source, CONFAB, TURN_SOURCE, GObject)

ConfabTurnSource *
confab_turn_source_new (ConfabHomeserver *homeserver, ConfabClock *clock) G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to #ConfabIceServers (boxed) that are good for a while. */
DexFuture *confab_turn_source_get (ConfabTurnSource *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
