/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-main-link.h"

struct _ConfabMainLink {
  gatomicrefcount ref_count;
  GWeakRef object;
};

typedef struct {
  ConfabMainLink *link;
  ConfabMainLinkFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Post;

static void
post_free (gpointer data)
{
  Post *post = data;

  if (post->destroy != NULL)
    post->destroy (post->data);
  confab_main_link_unref (post->link);
  g_free (post);
}

static gboolean
post_cb (gpointer data)
{
  Post *post = data;
  g_autoptr (GObject) object = g_weak_ref_get (&post->link->object);

  if (object != NULL)
    post->func (object, post->data);
  return G_SOURCE_REMOVE;
}

/**
 * confab_main_link_new:
 * @object: (type GObject): an object of the main thread
 *
 * Returns: (transfer full): a link that does not keep @object alive
 */
ConfabMainLink *
confab_main_link_new (gpointer object)
{
  ConfabMainLink *self = g_new0 (ConfabMainLink, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_weak_ref_init (&self->object, object);
  return self;
}

ConfabMainLink *
confab_main_link_ref (ConfabMainLink *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
confab_main_link_unref (gpointer self)
{
  ConfabMainLink *link = self;

  if (!g_atomic_ref_count_dec (&link->ref_count))
    return;

  g_weak_ref_clear (&link->object);
  g_free (link);
}

void
confab_main_link_unref_closure (gpointer self, GClosure *closure)
{
  confab_main_link_unref (self);
}

/**
 * confab_main_link_post:
 * @self: a link
 * @func: what to do in the main thread
 * @data: for @func
 * @destroy: (nullable): frees @data, in the main thread, also when the object is gone
 *
 * From any thread; never runs @func at once. What one thread posts runs in order.
 */
void
confab_main_link_post (ConfabMainLink *self,
                       ConfabMainLinkFunc func,
                       gpointer data,
                       GDestroyNotify destroy)
{
  Post *post = g_new (Post, 1);

  *post = (Post) { confab_main_link_ref (self), func, data, destroy };
  g_idle_add_full (G_PRIORITY_DEFAULT, post_cb, post, post_free);
}
