/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gdk/gdk.h>

G_BEGIN_DECLS

typedef struct _ConfabMediaRepository ConfabMediaRepository;
typedef struct _DexFuture DexFuture;

DexFuture *confab_avatar_textures_load (ConfabMediaRepository *repository, const char *url)
  G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
