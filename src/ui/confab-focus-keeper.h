/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * ConfabFocusKeeper:
 *
 * Every change of breakpoint unmaps the content of an AdwBreakpointBin once, and the focus in it lands on some button:
 * this gives it back. It lives as long as @bin.
 */
#define CONFAB_TYPE_FOCUS_KEEPER (confab_focus_keeper_get_type ())
G_DECLARE_FINAL_TYPE (ConfabFocusKeeper, confab_focus_keeper, CONFAB, FOCUS_KEEPER, GObject)

ConfabFocusKeeper *confab_focus_keeper_attach (AdwBreakpointBin *bin);
/* Of two widgets that do the same only one is shown: the other one takes its focus. */
void confab_focus_keeper_add_twins (ConfabFocusKeeper *self, GtkWidget *first, GtkWidget *second);

G_END_DECLS
