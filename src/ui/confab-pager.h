/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * ConfabPager:
 *
 * “1 of 2” between two buttons, which activate `grid.previous-page` and `grid.next-page`.
 */
#define CONFAB_TYPE_PAGER (confab_pager_get_type ())
G_DECLARE_FINAL_TYPE (ConfabPager, confab_pager, CONFAB, PAGER, GtkBox)

GtkWidget *confab_pager_new (void) G_GNUC_WARN_UNUSED_RESULT;
void confab_pager_set_page (ConfabPager *self, guint page, guint n_pages);

G_END_DECLS
