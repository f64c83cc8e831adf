/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef struct _ConfabMediaRepository ConfabMediaRepository;

/**
 * ConfabAvatarModel:
 *
 * What an avatar shows of a room or a person: `name` and `paintable` (%NULL until loaded, or when there is none).
 * The picture is fetched when `paintable` is first asked for, so rows that are never shown cost nothing.
 */
#define CONFAB_TYPE_AVATAR_MODEL (confab_avatar_model_get_type ())
G_DECLARE_FINAL_TYPE (ConfabAvatarModel, confab_avatar_model, CONFAB, AVATAR_MODEL, GObject)

ConfabAvatarModel *
confab_avatar_model_new (GObject *subject,
                         const char *name_property,
                         ConfabMediaRepository *repository) G_GNUC_WARN_UNUSED_RESULT;
const char *confab_avatar_model_get_name (ConfabAvatarModel *self);
GdkPaintable *confab_avatar_model_get_paintable (ConfabAvatarModel *self);

G_END_DECLS
