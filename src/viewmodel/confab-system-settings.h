/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The desktop's own settings, where a person says which program may use microphone and camera. In a sandbox, and on
 * desktops that Confab does not know, they cannot be opened. */
gboolean confab_system_settings_can_open (void);
gboolean confab_system_settings_open (GError **error);

G_END_DECLS
