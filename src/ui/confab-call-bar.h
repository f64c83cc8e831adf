/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * ConfabCallBar:
 *
 * The row of round buttons below the stage: microphone, camera, leave. Its `model` is a #ConfabCallViewModel; its
 * buttons act through the window's actions `win.toggle-microphone`, `win.toggle-camera`, `win.leave-call`.
 */
#define CONFAB_TYPE_CALL_BAR (confab_call_bar_get_type ())
G_DECLARE_FINAL_TYPE (ConfabCallBar, confab_call_bar, CONFAB, CALL_BAR, GtkWidget)

G_END_DECLS
