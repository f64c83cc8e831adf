/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ConfabDrawing:
 * @CONFAB_DRAWING_BY_GPU: GSK draws with GL or Vulkan
 * @CONFAB_DRAWING_BY_CAIRO: GSK draws with cairo
 * @CONFAB_DRAWING_NONE: nobody looks at pictures: they are decoded and counted, and there are no paintables
 *
 * How pictures get on the screen, and so in which form they cost least.
 */
typedef enum {
  CONFAB_DRAWING_BY_GPU,
  CONFAB_DRAWING_BY_CAIRO,
  CONFAB_DRAWING_NONE,
} ConfabDrawing;

G_END_DECLS
