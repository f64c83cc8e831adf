/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * ConfabRatioBin:
 *
 * One child, 16:9: it asks for the height that goes with its width, which GtkAspectFrame does not. Property `child`.
 */
#define CONFAB_TYPE_RATIO_BIN (confab_ratio_bin_get_type ())
G_DECLARE_FINAL_TYPE (ConfabRatioBin, confab_ratio_bin, CONFAB, RATIO_BIN, GtkWidget)

G_END_DECLS
