/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The account's database, for confab_store_new(): NULL-terminated, one script a schema version. Scripts that were
 * released are never changed; a change of the schema is a new script at the end. */
extern const char *const confab_schema_migrations[];

G_END_DECLS
