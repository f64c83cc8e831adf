/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ConfabSecret:
 *
 * Text that nobody may find in freed memory, such as a token or a key: `g_autoptr (ConfabSecret)` overwrites it before it
 * frees it, on every way out. Any thread.
 */
typedef char ConfabSecret;

void confab_secret_free (ConfabSecret *secret);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabSecret, confab_secret_free)

G_END_DECLS
