/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <libdex.h>

#include "confab-homeserver.h"

G_BEGIN_DECLS

/**
 * ConfabMediaRepository:
 *
 * Avatars by authenticated media (spec v1.11), kept on disk in a folder of bounded size (least recently used go
 * first). One download for any number of askers at once.
 */
#define CONFAB_TYPE_MEDIA_REPOSITORY (confab_media_repository_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabMediaRepository, confab_media_repository, CONFAB, MEDIA_REPOSITORY, GObject)

ConfabMediaRepository *
confab_media_repository_new (ConfabHomeserver *homeserver, const char *cache_dir, guint64 max_bytes)
  G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to a GBytes (boxed): an encoded picture of about @size × @size px, not yet decoded: whoever shows it
 * decodes it off the main thread. Rejects with CONFAB_MATRIX_ERROR_NOT_FOUND, …_TOO_LARGE and others. */
DexFuture *confab_media_repository_load_thumbnail (ConfabMediaRepository *self,
                                                   const char *mxc_uri,
                                                   guint size) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *confab_media_repository_wipe (ConfabMediaRepository *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
