/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <libdex.h>

#include "confab-clock.h"
#include "confab-homeserver.h"
#include "confab-olm-vault.h"

G_BEGIN_DECLS

/* Claims a one-time (or fallback) key for each of @devices (element-type ConfabDeviceKeys) in one request, checks its
 * signature and begins a session with it. Resolves to true when the server answered, whatever it had; who needs to
 * know looks for the sessions. On failure of the request it rejects with a #ConfabMatrixError. */
DexFuture *confab_key_claim (ConfabStore *store,
                             ConfabHomeserver *homeserver,
                             ConfabClock *clock,
                             ConfabOlmVault *vault,
                             GPtrArray *devices) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
