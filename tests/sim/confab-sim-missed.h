/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Devices that another one of their user has written out of the member event, as a client has synced it: they may be back
 * in a moment, and until then there is nothing wrong with showing them and speaking to them. */
typedef struct _ConfabSimMissed ConfabSimMissed;

ConfabSimMissed *confab_sim_missed_new (void) G_GNUC_WARN_UNUSED_RESULT;
void confab_sim_missed_free (ConfabSimMissed *self);
void confab_sim_missed_take (
  ConfabSimMissed *self, const char *user_id, JsonObject *before, JsonObject *after, gint64 now);
void confab_sim_missed_forget (ConfabSimMissed *self, const char *user_id);
const char *confab_sim_missed_get_session (ConfabSimMissed *self,
                                           const char *user_id,
                                           const char *call_id,
                                           const char *device_id);
gint64 confab_sim_missed_get_since (ConfabSimMissed *self,
                                    const char *user_id,
                                    const char *call_id,
                                    const char *device_id);
gint64 confab_sim_missed_get_expires_ts (ConfabSimMissed *self,
                                         const char *user_id,
                                         const char *call_id,
                                         const char *device_id);

G_END_DECLS
