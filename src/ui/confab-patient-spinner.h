/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * ConfabPatientSpinner:
 *
 * A spinner that comes half a second after it was mapped: what is quick should not flash. It is really gone while it is
 * not seen, since AdwSpinner draws as long as it is mapped.
 */
#define CONFAB_TYPE_PATIENT_SPINNER (confab_patient_spinner_get_type ())
G_DECLARE_FINAL_TYPE (ConfabPatientSpinner, confab_patient_spinner, CONFAB, PATIENT_SPINNER, AdwBin)

G_END_DECLS
