/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Every page but the call, in its main states; only those whose name begins with one of @names, unless that is NULL. */
void confab_shot_pages (const char *folder, const char *const *names);
/* Those of them that are drawn in every way, for a process in which libadwaita was told so before it started. */
void confab_shot_pages_in_high_contrast (const char *folder, const char *const *names);

G_END_DECLS
