/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <libdex.h>

#include "confab-store.h"

G_BEGIN_DECLS

/* A device message that came, decrypted. */
typedef struct {
  gint64 id;
  char *sender;
  char *device_id; /* (nullable): came in clear */
  char *type;
  char *content;
  gboolean encrypted;
} ConfabCallInboxMessage;

typedef void (*ConfabCallInboxFunc) (const ConfabCallInboxMessage *message, gpointer data);

/**
 * ConfabCallInbox:
 *
 * Hands device messages that the store holds to the calls, in order, each once. Main thread.
 */
#define CONFAB_TYPE_CALL_INBOX (confab_call_inbox_get_type ())
G_DECLARE_FINAL_TYPE (ConfabCallInbox, confab_call_inbox, CONFAB, CALL_INBOX, GObject)

ConfabCallInbox *confab_call_inbox_new (ConfabStore *store, ConfabCallInboxFunc func, gpointer data)
  G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to true when what is there now was handed on; rejects with a #ConfabStoreError. */
DexFuture *confab_call_inbox_hand_on (ConfabCallInbox *self) G_GNUC_WARN_UNUSED_RESULT;
/* Hands on nothing more; resolves to true when nothing runs any more. */
DexFuture *confab_call_inbox_stop (ConfabCallInbox *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
