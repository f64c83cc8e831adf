/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-megolm-events.h"
#include "confab-megolm-vault.h"

G_BEGIN_DECLS

typedef enum {
  CONFAB_MEGOLM_VERDICT_NO_KEY,
  CONFAB_MEGOLM_VERDICT_REFUSED,
  CONFAB_MEGOLM_VERDICT_AGAIN, /* it is the event that was read before */
  CONFAB_MEGOLM_VERDICT_READ,
} ConfabMegolmVerdict;

/* What is known of an event without its key, and what was read. */
typedef struct {
  const char *room_id;
  const char *event_id;
  const char *sender;
  gint64 origin_server_ts;
  JsonObject *content;
  const char *told; /* (nullable): the code by which it was handed on as withheld */
  gboolean waited;
} ConfabMegolmSealed;

/* Which of the events that wait for a key: those of which all that is said here is true. */
typedef struct {
  const char *sender;     /* (nullable) */
  const char *room_id;    /* (nullable) */
  const char *session_id; /* (nullable) */
  gboolean unexplained;   /* it was not said yet why there is no key */
} ConfabMegolmWaiting;

typedef struct {
  ConfabMegolmVerdict verdict;
  const char *refusal; /* (unowned) */
  JsonObject *payload; /* type and content are in it */
  char *device_id;
  ConfabRoomEventTrust trust;
} ConfabMegolmOpened;

void confab_megolm_opened_clear (ConfabMegolmOpened *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ConfabMegolmOpened, confab_megolm_opened_clear)

/* @opened: what @sealed is, by the sessions that there are; that it was read is noted. */
gboolean confab_megolm_vault_open (ConfabOlmVault *vault,
                                   ConfabStoreTransaction *transaction,
                                   const ConfabMegolmSealed *sealed,
                                   ConfabMegolmOpened *opened,
                                   GError **error);
/* What had no key is taken up again: there is one now, or word that there will be none. What can be handed on comes after
 * all that is already. */
gboolean confab_megolm_events_retry (ConfabOlmVault *vault,
                                     ConfabStoreTransaction *transaction,
                                     const ConfabMegolmWaiting *which,
                                     ConfabOlmNews *news,
                                     GError **error);
void confab_megolm_warn (ConfabOlmNews *news, const char *user_id, const char *message);
gboolean confab_megolm_is_short (const char *text);

G_END_DECLS
