/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-device-list.h"
#include "confab-olm-machine.h"
#include "confab-olm-vault.h"

G_BEGIN_DECLS

/* (transfer none): for #ConfabMegolmMachine, which works with the same keys. */
ConfabOlmVault *confab_olm_machine_get_vault (ConfabOlmMachine *self);
ConfabDeviceList *confab_olm_machine_get_device_list (ConfabOlmMachine *self);

G_END_DECLS
