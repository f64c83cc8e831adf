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
  gboolean again;     /* it may have the key, and is to get it again */
  gboolean given_up;  /* it may have the key, and does not get it any more */
  gint64 n_refusals;  /* of the server to take it, in a row */
} ConfabMegolmDevice;

/* The last step of a plan: takes the session, or begins one, gives its key to whoever of @devices (element-type
 * ConfabMegolmDevice) lacks it, encrypts. Where an Olm session turns out to be damaged, it asks for keys once more. */
gboolean confab_megolm_share_and_encrypt (ConfabStoreTransaction *transaction,
                                          ConfabMegolmPlan *plan,
                                          const ConfabMegolmLimits *limits,
                                          GPtrArray *devices,
                                          GError **error);

/* Keys for the room that are on their way from before, also those that a process before this one left. */
gboolean confab_megolm_read_rows (ConfabStoreTransaction *transaction,
                                  ConfabMegolmPlan *plan,
                                  GError **error);

G_END_DECLS
