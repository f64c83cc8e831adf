/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <libdex.h>

#include "confab-homeserver.h"
#include "confab-store.h"

G_BEGIN_DECLS

/* After a gap in the timelines of these rooms: looks whether the calls that are stored as on were redacted in it. A
 * redaction does not change which event is the state, so the reply to a sync says nothing of it. Those that were are
 * empty in the store when this is done. Resolves to room and call id of each by turns (a GStrv, boxed); what cannot be
 * had is taken as it was. */
DexFuture *
confab_call_recheck (ConfabStore *store, ConfabHomeserver *homeserver, const char *const *room_ids)
  G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
