/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

/* A throw-away Synapse with two people, “anna” and “ben”, password “secret”. */
typedef struct {
  GSubprocess *process;
  char *url;
} Synapse;

Synapse *synapse_new (const char *const *options);
void synapse_free (Synapse *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Synapse, synapse_free)
