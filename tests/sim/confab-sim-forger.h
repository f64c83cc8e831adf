/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-sim-client.h"

G_BEGIN_DECLS

/* Messages that pretend to be of a call: from strangers, from devices that are not in it, under another device's name, in
 * clear. Nothing comes of them. */
void confab_sim_forge (ConfabSimClient *victim, guint other, guint value);

G_END_DECLS
