/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "confab-call-view-model.h"

G_BEGIN_DECLS

/**
 * ConfabCallPage:
 *
 * The page of a call: header, banner, stage, bar. Always dark while it is seen. It needs the window's actions
 * `win.toggle-microphone`, `win.toggle-camera`, `win.leave-call` and `win.fullscreen` (a button appears for the
 * last one only where the window has it), and follows GtkWindow:fullscreened by itself.
 */
#define CONFAB_TYPE_CALL_PAGE (confab_call_page_get_type ())
G_DECLARE_FINAL_TYPE (ConfabCallPage, confab_call_page, CONFAB, CALL_PAGE, AdwNavigationPage)

GtkWidget *confab_call_page_new (void) G_GNUC_WARN_UNUSED_RESULT;
void confab_call_page_set_model (ConfabCallPage *self, ConfabCallViewModel *model);
ConfabCallViewModel *confab_call_page_get_model (ConfabCallPage *self);

G_END_DECLS
