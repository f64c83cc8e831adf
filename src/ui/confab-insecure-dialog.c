/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-insecure-dialog.h"

struct _ConfabInsecureDialog {
  AdwDialog parent_instance;
};

G_DEFINE_FINAL_TYPE (ConfabInsecureDialog, confab_insecure_dialog, ADW_TYPE_DIALOG)

static void
confab_insecure_dialog_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), CONFAB_TYPE_INSECURE_DIALOG);

  G_OBJECT_CLASS (confab_insecure_dialog_parent_class)->dispose (object);
}

static void
confab_insecure_dialog_class_init (ConfabInsecureDialogClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_insecure_dialog_dispose;
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass),
                                               "/app/confab/Confab/ui/confab-insecure-dialog.ui");
}

static void
confab_insecure_dialog_init (ConfabInsecureDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

AdwDialog *
confab_insecure_dialog_new (void)
{
  return g_object_new (CONFAB_TYPE_INSECURE_DIALOG, NULL);
}
