/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * ConfabApplication:
 *
 * The one place where the concrete objects are made and handed to each other: account, devices, view models, window.
 *
 * Actions (exported on D-Bus): `sign-in` (homeserver, user, password), `open-room` (room id or matrix: link),
 * `open-rooms`, `shortcuts`, `about`, `quit`. Those of the window are in #ConfabWindow.
 */
#define CONFAB_TYPE_APPLICATION (confab_application_get_type ())
G_DECLARE_FINAL_TYPE (ConfabApplication, confab_application, CONFAB, APPLICATION, AdwApplication)

ConfabApplication *confab_application_new (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
