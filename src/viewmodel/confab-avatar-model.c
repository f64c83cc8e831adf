/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-avatar-model.h"

#include "confab-avatar-textures.h"
#include "confab-media-repository.h"

#include <libdex.h>

struct _ConfabAvatarModel {
  GObject parent_instance;

  GObject *subject;
  char *name_property;
  ConfabMediaRepository *repository; /* (nullable) */
  char *name;
  char *url;               /* (nullable) */
  gboolean wanted;         /* somebody shows it */
  gboolean loading;        /* what is at url */
  gboolean hopeless;       /* there is no picture at url */
  GdkPaintable *paintable; /* (nullable) */
};

G_DEFINE_FINAL_TYPE (ConfabAvatarModel, confab_avatar_model, G_TYPE_OBJECT)

typedef enum {
  PROP_NAME = 1,
  PROP_PAINTABLE,
} Property;
static GParamSpec *properties[PROP_PAINTABLE + 1];

typedef struct {
  ConfabAvatarModel *self;
  char *url;
} Load;

static void
load_free (Load *load)
{
  g_clear_object (&load->self);
  g_clear_pointer (&load->url, g_free);
  g_free (load);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Load, load_free)

static void
set_paintable (ConfabAvatarModel *self, GdkPaintable *paintable)
{
  if (g_set_object (&self->paintable, paintable))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PAINTABLE]);
}

static DexFuture *
load_fiber (gpointer data)
{
  Load *load = data;
  ConfabAvatarModel *self = load->self;
  g_autoptr (GError) error = NULL;
  g_autoptr (GdkTexture) texture = NULL;

  texture = dex_await_object (confab_avatar_textures_load (self->repository, load->url), &error);
  if (g_strcmp0 (load->url, self->url) != 0)
    return dex_future_new_false (); /* another one by now */
  self->loading = FALSE;
  self->hopeless = texture == NULL &&
                   !g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NETWORK) &&
                   !g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NO_ANSWER) &&
                   !g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_SERVER);
  /* Without one the avatar shows initials: nothing that a person has to hear of. */
  if (texture == NULL)
    g_debug ("No picture for %s: %s", load->url, error->message);
  set_paintable (self, (GdkPaintable *) texture);
  return dex_future_new_true ();
}

static void
start_load (ConfabAvatarModel *self)
{
  Load *load;

  if (!self->wanted || self->loading || self->hopeless || self->url == NULL ||
      self->repository == NULL)
    return;
  self->loading = TRUE;
  load = g_new0 (Load, 1);
  load->self = g_object_ref (self);
  load->url = g_strdup (self->url);
  dex_future_disown (dex_scheduler_spawn (NULL, 0, load_fiber, load, (GDestroyNotify) load_free));
}

static void
name_cb (ConfabAvatarModel *self)
{
  g_autofree char *name = NULL;

  g_object_get (self->subject, self->name_property, &name, NULL);
  if (g_set_str (&self->name, name))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAME]);
}

static void
avatar_url_cb (ConfabAvatarModel *self)
{
  g_autofree char *url = NULL;

  g_object_get (self->subject, "avatar-url", &url, NULL);
  if (!g_set_str (&self->url, url))
    return;
  /* The old picture stays until the new one is there. */
  self->loading = FALSE;
  self->hopeless = FALSE;
  if (url == NULL)
    set_paintable (self, NULL);
  start_load (self);
}

static void
confab_avatar_model_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabAvatarModel *self = CONFAB_AVATAR_MODEL (object);

  switch ((Property) prop_id) {
  case PROP_NAME:
    g_value_set_string (value, self->name);
    break;
  case PROP_PAINTABLE:
    g_value_set_object (value, confab_avatar_model_get_paintable (self));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_avatar_model_dispose (GObject *object)
{
  ConfabAvatarModel *self = CONFAB_AVATAR_MODEL (object);

  g_clear_object (&self->subject);
  g_clear_object (&self->repository);
  g_clear_object (&self->paintable);
  g_clear_pointer (&self->name_property, g_free);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->url, g_free);

  G_OBJECT_CLASS (confab_avatar_model_parent_class)->dispose (object);
}

static void
confab_avatar_model_class_init (ConfabAvatarModelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_avatar_model_get_property;
  object_class->dispose = confab_avatar_model_dispose;
  /**
   * ConfabAvatarModel:name:
   *
   * What the initials are made of.
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  /**
   * ConfabAvatarModel:paintable:
   *
   * The picture, or %NULL until it is loaded, and when there is none. Reading it begins to load it.
   */
  properties[PROP_PAINTABLE] = g_param_spec_object (
    "paintable", NULL, NULL, GDK_TYPE_PAINTABLE, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
confab_avatar_model_init (ConfabAvatarModel *self)
{
}

/**
 * confab_avatar_model_new:
 * @subject: a room or a person, with the string properties @name_property and `avatar-url`
 * @name_property: what it is called
 * @repository: (nullable): where pictures come from; without it there are none
 *
 * Returns: (transfer full): its avatar, which follows both properties
 */
ConfabAvatarModel *
confab_avatar_model_new (GObject *subject,
                         const char *name_property,
                         ConfabMediaRepository *repository)
{
  ConfabAvatarModel *self = NULL;
  g_autofree char *name_signal = g_strconcat ("notify::", name_property, NULL);

  g_return_val_if_fail (G_IS_OBJECT (subject), NULL);

  self = g_object_new (CONFAB_TYPE_AVATAR_MODEL, NULL);
  self->subject = g_object_ref (subject);
  self->name_property = g_strdup (name_property);
  g_set_object (&self->repository, repository);
  g_signal_connect_object (subject, name_signal, G_CALLBACK (name_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    subject, "notify::avatar-url", G_CALLBACK (avatar_url_cb), self, G_CONNECT_SWAPPED);
  name_cb (self);
  avatar_url_cb (self);
  return self;
}

const char *
confab_avatar_model_get_name (ConfabAvatarModel *self)
{
  g_return_val_if_fail (CONFAB_IS_AVATAR_MODEL (self), NULL);

  return self->name;
}

/**
 * confab_avatar_model_get_paintable:
 * @self: an avatar
 *
 * Begins to load the picture when there is none; also after the network was away, whenever it is asked for again.
 *
 * Returns: (transfer none) (nullable): the picture, once it is there
 */
GdkPaintable *
confab_avatar_model_get_paintable (ConfabAvatarModel *self)
{
  g_return_val_if_fail (CONFAB_IS_AVATAR_MODEL (self), NULL);

  self->wanted = TRUE;
  if (self->paintable == NULL)
    start_load (self);
  return self->paintable;
}
