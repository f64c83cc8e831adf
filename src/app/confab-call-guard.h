/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "confab-session-view-model.h"

G_BEGIN_DECLS

/**
 * ConfabCallGuard:
 *
 * What the desktop and the call have to do with each other: while there is a call, the screen does not blank and the
 * machine does not doze off by itself; when the machine is sent to sleep, the call is left before. Main thread.
 */
#define CONFAB_TYPE_CALL_GUARD (confab_call_guard_get_type ())
G_DECLARE_FINAL_TYPE (ConfabCallGuard, confab_call_guard, CONFAB, CALL_GUARD, GObject)

ConfabCallGuard *confab_call_guard_new (GtkApplication *application, ConfabSessionViewModel *model)
  G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
