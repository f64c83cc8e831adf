/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean
confab_ed25519_verify (const char *key, const char *message, const char *signature, GError **error);

G_END_DECLS
