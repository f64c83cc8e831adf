/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void confab_media_load_async (GAsyncReadyCallback callback, gpointer user_data);
gboolean confab_media_load_finish (GAsyncResult *result, GError **error);
void confab_media_load_wait (void);

G_END_DECLS
