/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-call-rows.h"

ConfabCallRowFunc confab_call_row_hook;
