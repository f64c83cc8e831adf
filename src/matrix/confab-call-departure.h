/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <libdex.h>

#include "confab-outbox.h"

G_BEGIN_DECLS

/* Leaves whichever of @calls (of #ConfabCall) this device is in, and waits until that went out, at most 2 s: others see
 * it at once instead of after a time-out. Resolves to true. */
DexFuture *
confab_call_departure (GListModel *calls, ConfabOutbox *outbox) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
