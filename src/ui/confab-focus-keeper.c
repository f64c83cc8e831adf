/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-focus-keeper.h"

#define RESTORE_MS 100 /* an idle is sometimes too early after a breakpoint */

struct _ConfabFocusKeeper {
  GObject parent_instance;

  AdwBreakpointBin *bin; /* owns this */
  GtkWidget *focus;      /* what had it before the breakpoint changed; weak */
  GtkWidget *twins[2];   /* weak */
  GSignalGroup *signals; /* of what is to have it and is not mapped yet */
  guint timeout;
};

G_DEFINE_FINAL_TYPE (ConfabFocusKeeper, confab_focus_keeper, G_TYPE_OBJECT)

static gboolean
is_in (GtkWidget *widget, GtkWidget *ancestor)
{
  return ancestor != NULL && (widget == ancestor || gtk_widget_is_ancestor (widget, ancestor));
}

static GtkWidget *
find_target (ConfabFocusKeeper *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->twins); i++) {
    if (is_in (self->focus, self->twins[i]) && !gtk_widget_is_visible (self->twins[i]))
      return self->twins[1 - i];
  }
  return self->focus;
}

static void
restore_cb (gpointer data)
{
  ConfabFocusKeeper *self = data;
  GtkWidget *target = self->focus != NULL ? find_target (self) : NULL;

  self->timeout = 0;
  /* The content is back with one of the next frames: the target's “map” tells when. */
  g_signal_group_set_target (self->signals, target);
  if (target != NULL && !gtk_widget_get_mapped (target))
    return;
  g_signal_group_set_target (self->signals, NULL);
  if (target != NULL)
    gtk_widget_grab_focus (target);
  g_clear_weak_pointer (&self->focus);
}

static void
restore_soon (ConfabFocusKeeper *self)
{
  if (self->timeout == 0)
    self->timeout = g_timeout_add_once (RESTORE_MS, restore_cb, self);
}

static void
breakpoint_cb (ConfabFocusKeeper *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self->bin));
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;

  if (self->focus == NULL && focus != NULL && is_in (focus, GTK_WIDGET (self->bin)))
    g_set_weak_pointer (&self->focus, focus);
  if (self->focus != NULL)
    restore_soon (self);
}

static void
confab_focus_keeper_dispose (GObject *object)
{
  ConfabFocusKeeper *self = CONFAB_FOCUS_KEEPER (object);

  g_clear_handle_id (&self->timeout, g_source_remove);
  g_clear_object (&self->signals);
  g_clear_weak_pointer (&self->focus);
  g_clear_weak_pointer (&self->twins[0]);
  g_clear_weak_pointer (&self->twins[1]);

  G_OBJECT_CLASS (confab_focus_keeper_parent_class)->dispose (object);
}

static void
confab_focus_keeper_class_init (ConfabFocusKeeperClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_focus_keeper_dispose;
}

static void
confab_focus_keeper_init (ConfabFocusKeeper *self)
{
  self->signals = g_signal_group_new (GTK_TYPE_WIDGET);
  g_signal_group_connect_swapped (self->signals, "map", G_CALLBACK (restore_soon), self);
}

/**
 * confab_focus_keeper_attach:
 * @bin: what has breakpoints
 *
 * Returns: (transfer none): the keeper
 */
ConfabFocusKeeper *
confab_focus_keeper_attach (AdwBreakpointBin *bin)
{
  ConfabFocusKeeper *self = g_object_new (CONFAB_TYPE_FOCUS_KEEPER, NULL);

  self->bin = bin;
  g_object_set_data_full (G_OBJECT (bin), "confab-focus-keeper", self, g_object_unref);
  g_signal_connect_object (
    bin, "notify::current-breakpoint", G_CALLBACK (breakpoint_cb), self, G_CONNECT_SWAPPED);
  return self;
}

void
confab_focus_keeper_add_twins (ConfabFocusKeeper *self, GtkWidget *first, GtkWidget *second)
{
  g_return_if_fail (CONFAB_IS_FOCUS_KEEPER (self));

  g_set_weak_pointer (&self->twins[0], first);
  g_set_weak_pointer (&self->twins[1], second);
}
