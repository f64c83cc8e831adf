/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-pager.h"

#include <glib/gi18n.h>

#define SPACING 6

struct _ConfabPager {
  GtkBox parent_instance;

  GtkLabel *label;
};

G_DEFINE_FINAL_TYPE (ConfabPager, confab_pager, GTK_TYPE_BOX)

static GtkWidget *
make_button (const char *icon, const char *tooltip, const char *action)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon);

  gtk_widget_add_css_class (button, "flat");
  gtk_widget_add_css_class (button, "circular");
  gtk_widget_set_tooltip_text (button, tooltip);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
  return button;
}

static void
confab_pager_class_init (ConfabPagerClass *klass)
{
}

static void
confab_pager_init (ConfabPager *self)
{
  GtkWidget *label = gtk_label_new (NULL);

  self->label = GTK_LABEL (label);
  gtk_widget_add_css_class (label, "caption");
  gtk_widget_add_css_class (label, "numeric");
  gtk_widget_add_css_class (label, "dimmed");
  gtk_widget_add_css_class (GTK_WIDGET (self), "pager");
  gtk_widget_set_halign (GTK_WIDGET (self), GTK_ALIGN_CENTER);
  gtk_box_set_spacing (GTK_BOX (self), SPACING);
  gtk_box_append (GTK_BOX (self),
                  make_button ("go-previous-symbolic",
                               _ ("Previous People"),
                               "grid.previous-page"));
  gtk_box_append (GTK_BOX (self), label);
  gtk_box_append (GTK_BOX (self),
                  make_button ("go-next-symbolic", _ ("Next People"), "grid.next-page"));
}

GtkWidget *
confab_pager_new (void)
{
  return g_object_new (CONFAB_TYPE_PAGER, NULL);
}

/**
 * confab_pager_set_page:
 * @self: a pager
 * @page: which one is shown, from 0
 * @n_pages: of how many
 */
void
confab_pager_set_page (ConfabPager *self, guint page, guint n_pages)
{
  g_autofree char *text = NULL;

  g_return_if_fail (CONFAB_IS_PAGER (self));

  /* Translators: which page of people is shown, of how many */
  text = g_strdup_printf (_ ("%1$u of %2$u"), page + 1, n_pages);
  gtk_label_set_label (self->label, text);
}
