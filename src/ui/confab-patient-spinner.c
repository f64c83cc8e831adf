/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-ui"

#include "config.h"

#include "confab-patient-spinner.h"

#include <glib/gi18n.h>

#define DELAY_MS 500
#define SIZE 32

struct _ConfabPatientSpinner {
  AdwBin parent_instance;

  guint timeout;
};

G_DEFINE_FINAL_TYPE (ConfabPatientSpinner, confab_patient_spinner, ADW_TYPE_BIN)

static void
show_cb (gpointer data)
{
  ConfabPatientSpinner *self = data;
  GtkWidget *spinner = adw_spinner_new ();

  self->timeout = 0;
  gtk_widget_set_size_request (spinner, SIZE, SIZE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (spinner),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Loading"),
                                  -1);
  adw_bin_set_child (ADW_BIN (self), spinner);
}

static void
confab_patient_spinner_map (GtkWidget *widget)
{
  ConfabPatientSpinner *self = CONFAB_PATIENT_SPINNER (widget);

  GTK_WIDGET_CLASS (confab_patient_spinner_parent_class)->map (widget);
  self->timeout = g_timeout_add_once (DELAY_MS, show_cb, self);
}

static void
confab_patient_spinner_unmap (GtkWidget *widget)
{
  ConfabPatientSpinner *self = CONFAB_PATIENT_SPINNER (widget);

  g_clear_handle_id (&self->timeout, g_source_remove);
  adw_bin_set_child (ADW_BIN (self), NULL);
  GTK_WIDGET_CLASS (confab_patient_spinner_parent_class)->unmap (widget);
}

static void
confab_patient_spinner_dispose (GObject *object)
{
  g_clear_handle_id (&CONFAB_PATIENT_SPINNER (object)->timeout, g_source_remove);

  G_OBJECT_CLASS (confab_patient_spinner_parent_class)->dispose (object);
}

static void
confab_patient_spinner_class_init (ConfabPatientSpinnerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_patient_spinner_dispose;
  GTK_WIDGET_CLASS (klass)->map = confab_patient_spinner_map;
  GTK_WIDGET_CLASS (klass)->unmap = confab_patient_spinner_unmap;
}

static void
confab_patient_spinner_init (ConfabPatientSpinner *self)
{
}
