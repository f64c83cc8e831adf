/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Why a call in a room without encryption is not a secret, and what can be done about it. */
#define CONFAB_TYPE_INSECURE_DIALOG (confab_insecure_dialog_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabInsecureDialog, confab_insecure_dialog, CONFAB, INSECURE_DIALOG, AdwDialog)

AdwDialog *confab_insecure_dialog_new (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
