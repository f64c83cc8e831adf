/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-megolm-plan-private.h"

G_BEGIN_DECLS

/* Who has the key of a room's session: rows of megolm_shares. Store's thread, each in the caller's transaction. */

/* As it is stored. */
typedef enum {
  CONFAB_MEGOLM_SHARE_GIVEN = 0,
  CONFAB_MEGOLM_SHARE_WITHHELD = 1,
  CONFAB_MEGOLM_SHARE_AGAIN = 2, /* has it, or may have, and is to get it again */
  CONFAB_MEGOLM_SHARE_GIVEN_UP =
    3, /* the server takes it for this device no more than before; it may have it */
} ConfabMegolmShare;

/* Notes in @devices (element-type ConfabMegolmDevice) who has the key; @intruder: somebody has it who is not there. */
gboolean confab_megolm_shares_read (ConfabStoreTransaction *transaction,
                                    const char *room_id,
                                    GPtrArray *devices,
                                    gboolean *intruder,
                                    GError **error);
gboolean confab_megolm_shares_note (ConfabStoreTransaction *transaction,
                                    const char *room_id,
                                    const ConfabDeviceKeys *keys,
                                    gint64 index,
                                    ConfabMegolmShare state,
                                    GError **error);
/* The device could not read what it was sent, which may have been a room's key: the next message in each room gives it
 * again. That it may have the key is not forgotten: another one is due when it may not any more. */
gboolean confab_megolm_shares_give_again (ConfabStoreTransaction *transaction,
                                          const char *user_id,
                                          const char *device_id,
                                          GError **error);
/* The server has refused the key of @room_id for the device: it is to be given again. When nobody else was given it, what
 * was encrypted and waited for that goes out no more, by no later process either. */
gboolean confab_megolm_shares_refused (ConfabStoreTransaction *transaction,
                                       const char *room_id,
                                       const char *user_id,
                                       const char *device_id,
                                       GError **error);

G_END_DECLS
