/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-sim-outbox.h"

G_BEGIN_DECLS

/**
 * ConfabSimSignalling:
 *
 * The ConfabSignalling of one process of a client. Requests take their time, fail and are tried again, as `matrix`
 * does it: state by #ConfabSimHttp alone; device messages for 60 s, one for each device in a request, which is repeated
 * until its fate is known.
 */
#define CONFAB_TYPE_SIM_SIGNALLING (confab_sim_signalling_get_type ())
G_DECLARE_FINAL_TYPE (ConfabSimSignalling, confab_sim_signalling, CONFAB, SIM_SIGNALLING, GObject)

/* What is handed over, before anything becomes of it; for state @user_id is NULL, and its key is where the device is. */
typedef void (*ConfabSimSignallingFunc) (const char *user_id,
                                         const char *device_id,
                                         const char *type,
                                         JsonObject *content,
                                         gboolean clear,
                                         gpointer data);

ConfabSimSignalling *confab_sim_signalling_new (ConfabSimNetwork *network,
                                                ConfabClock *clock,
                                                guint index,
                                                gboolean has_power,
                                                ConfabSimOutbox *outbox,
                                                ConfabSimSignallingFunc func,
                                                ConfabSimUnsentFunc unsent,
                                                gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void confab_sim_signalling_kill (ConfabSimSignalling *self);
ConfabSimHttp *confab_sim_signalling_get_http (ConfabSimSignalling *self);
gboolean confab_sim_signalling_is_idle (ConfabSimSignalling *self);

G_END_DECLS
