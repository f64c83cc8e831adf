/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

/* SQLite's way to the disk, on which this process may die: before its @at-th write, sync, truncation or deletion (from
 * 1; 0: never), every second time in the midst of a write. Before the first store is opened. */
void deadly_vfs_install (guint at);
guint deadly_vfs_get_n_steps (void);
