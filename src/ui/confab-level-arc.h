/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * ConfabLevelArc:
 *
 * The arc around an open microphone's button that grows from below with `level` (0 … 1): “I am heard”. In steps,
 * so that it is drawn only when it is seen to change.
 */
#define CONFAB_TYPE_LEVEL_ARC (confab_level_arc_get_type ())
G_DECLARE_FINAL_TYPE (ConfabLevelArc, confab_level_arc, CONFAB, LEVEL_ARC, GtkWidget)

G_END_DECLS
