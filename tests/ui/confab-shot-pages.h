/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Every page but the call, in its main states; only those whose name begins with one of @names, unless that is NULL. */
void confab_shot_pages (const char *folder, const char *const *names);

G_END_DECLS
