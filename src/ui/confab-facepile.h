/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * ConfabFacepile:
 *
 * The first few avatars of a list, overlapping. Properties: `model` (GListModel of #ConfabAvatarModel), `max`, `size`
 * (px). Says nothing to a screen reader: the words stand beside it.
 */
#define CONFAB_TYPE_FACEPILE (confab_facepile_get_type ())
G_DECLARE_FINAL_TYPE (ConfabFacepile, confab_facepile, CONFAB, FACEPILE, GtkWidget)

G_END_DECLS
