/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-sim-disk.h"
#include "confab-sim-http.h"
#include "confab-signalling.h"

G_BEGIN_DECLS

/**
 * ConfabSimOutbox:
 *
 * Device messages on a client's disk: they wait to be sent, also when the process is gone. Each is tried for a minute;
 * what is for a device whose keys cannot be had is not sent at all.
 */
typedef struct _ConfabSimOutbox ConfabSimOutbox;

/* What was handed over could not be sent: its sender, if the process still lives, hears so next. */
typedef void (*ConfabSimUnsentFunc) (const char *type, JsonObject *content, gpointer data);

ConfabSimOutbox *confab_sim_outbox_new (ConfabSimNetwork *network,
                                        ConfabClock *clock,
                                        ConfabSimDisk *disk,
                                        guint index) G_GNUC_WARN_UNUSED_RESULT;
void confab_sim_outbox_free (ConfabSimOutbox *self);
void confab_sim_outbox_start (ConfabSimOutbox *self,
                              ConfabSimHttp *http,
                              ConfabSimUnsentFunc unsent,
                              gpointer data);
void confab_sim_outbox_stop (ConfabSimOutbox *self);
void confab_sim_outbox_send (ConfabSimOutbox *self,
                             const char *user_id,
                             const char *device_id,
                             const char *type,
                             JsonObject *content,
                             ConfabSignallingDone done,
                             gpointer data,
                             GDestroyNotify destroy);
gboolean confab_sim_outbox_is_idle (ConfabSimOutbox *self);

G_END_DECLS
