/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-window.h"

G_BEGIN_DECLS

/* The actions, in a file of their own. */
void confab_window_add_actions (ConfabWindow *self);
void confab_window_update_actions (ConfabWindow *self);

ConfabSessionViewModel *confab_window_get_model (ConfabWindow *self);
void confab_window_show_call (ConfabWindow *self);
void confab_window_search (ConfabWindow *self);

G_END_DECLS
