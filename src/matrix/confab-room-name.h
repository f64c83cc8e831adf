/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *confab_room_name_compute (const char *name,
                                const char *canonical_alias,
                                const char *const *heroes,
                                guint n_joined,
                                guint n_invited) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
