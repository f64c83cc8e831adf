/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-sim-network.h"

G_BEGIN_DECLS

/**
 * ConfabSimDisk:
 *
 * In which order the processes of one client have stored things: sync batches, device messages, messages that were sent,
 * calls that are not to ring. When a process dies or the power goes, the last of them are not there: how many, nobody
 * knows, but never one without all that came after it.
 */
typedef struct _ConfabSimDisk ConfabSimDisk;

typedef void (*ConfabSimDiskUndo) (gpointer data);

ConfabSimDisk *
confab_sim_disk_new (ConfabSimNetwork *network, ConfabClock *clock) G_GNUC_WARN_UNUSED_RESULT;
void confab_sim_disk_free (ConfabSimDisk *self);
void confab_sim_disk_write (ConfabSimDisk *self,
                            gboolean settled,
                            ConfabSimDiskUndo undo,
                            gpointer data,
                            GDestroyNotify destroy);
void confab_sim_disk_stop (ConfabSimDisk *self, gboolean power_lost);

G_END_DECLS
