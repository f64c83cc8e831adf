/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <libdex.h>

#include "confab-homeserver.h"
#include "confab-olm-vault.h"

G_BEGIN_DECLS

/* Brings the server's stock of our keys up to half of what an account holds: device keys when it never had them,
 * one-time keys when @n_on_server (-1: not known, it is asked) is too low, a fallback key when the last one was used.
 * Keys are stored before they are uploaded. An hour after a fallback key was replaced the old one is forgotten. Resolves
 * to how many one-time keys the server holds (int64). */
DexFuture *confab_key_upload (ConfabStore *store,
                              ConfabHomeserver *homeserver,
                              ConfabOlmVault *vault,
                              gint64 n_on_server,
                              gboolean fallback_used,
                              gint64 now_ms) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
