/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * ConfabMainLink:
 *
 * What a streaming thread may hold of an object that lives in the main thread: it can hand something over
 * to it, as long as it lives, and nothing else. Thread-safe, reference counted.
 */
typedef struct _ConfabMainLink ConfabMainLink;

/* Runs in the main thread; @object is alive. */
typedef void (*ConfabMainLinkFunc) (gpointer object, gpointer data);

ConfabMainLink *confab_main_link_new (gpointer object) G_GNUC_WARN_UNUSED_RESULT;
ConfabMainLink *confab_main_link_ref (ConfabMainLink *self);
void confab_main_link_unref (gpointer self);
void confab_main_link_unref_closure (gpointer self, GClosure *closure);
void confab_main_link_post (ConfabMainLink *self,
                            ConfabMainLinkFunc func,
                            gpointer data,
                            GDestroyNotify destroy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabMainLink, confab_main_link_unref)

G_END_DECLS
