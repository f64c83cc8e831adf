/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "confab-session-view-model.h"

G_BEGIN_DECLS

/**
 * ConfabWindow:
 *
 * The window: which page is in front follows its property `model`, a #ConfabSessionViewModel.
 *
 * Actions (exported on D-Bus as those of the window): `toggle-microphone` and `toggle-camera` (state: whether it is on),
 * `join-call` and `start-call` (room id or “” for the one that is open, sound, picture), `leave-call`, `show-call`,
 * `prepare-call` (room id), `prepare-start` (room id; “sound”, “ring”, “quiet” or “”), `fullscreen`, `search`,
 * `sign-out`.
 */
#define CONFAB_TYPE_WINDOW (confab_window_get_type ())
G_DECLARE_FINAL_TYPE (ConfabWindow, confab_window, CONFAB, WINDOW, AdwApplicationWindow)

ConfabWindow *confab_window_new (GtkApplication *application, ConfabSessionViewModel *model)
  G_GNUC_WARN_UNUSED_RESULT;
/* Brings the open room to the front, in a narrow window too. */
void confab_window_show_room (ConfabWindow *self);
void confab_window_show_rooms (ConfabWindow *self);
void confab_window_show_shortcuts (ConfabWindow *self);
void confab_window_show_about (ConfabWindow *self);

G_END_DECLS
