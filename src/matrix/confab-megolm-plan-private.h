/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-megolm-plan.h"

G_BEGIN_DECLS

/* How long a session is used, from m.room.encryption. */
typedef struct {
  gint64 period_ms;
  gint64 n_messages;
} ConfabMegolmLimits;

/* One that is in the room, as far as the room's session is concerned. */
typedef struct {
  ConfabDeviceKeys *keys;
  gboolean blocked;
  gboolean has_olm;
  gint64 given_index; /* -1: it was not given the key */
  gboolean withheld;  /* it was told so */
} ConfabMegolmDevice;

/* Notes in @devices (element-type ConfabMegolmDevice) who has the key; @intruder: somebody has it who is not there. */
gboolean confab_megolm_read_shares (ConfabStoreTransaction *transaction,
                                    const ConfabMegolmPlan *plan,
                                    GPtrArray *devices,
                                    gboolean *intruder,
                                    GError **error);
/* The last step of a plan: takes the session, or begins one, gives its key to whoever lacks it, encrypts. */
gboolean confab_megolm_share_and_encrypt (ConfabStoreTransaction *transaction,
                                          ConfabMegolmPlan *plan,
                                          const ConfabMegolmLimits *limits,
                                          GPtrArray *devices,
                                          GError **error);

G_END_DECLS
