/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-olm-vault.h"

G_BEGIN_DECLS

typedef enum {
  CONFAB_MEGOLM_UNKNOWN_ROOM, /* whether it is encrypted is not known: nothing may be sent */
  CONFAB_MEGOLM_CLEAR,        /* it is known, and known not to be encrypted */
  CONFAB_MEGOLM_UNSUPPORTED,  /* it is encrypted, in a way that we do not have */
  CONFAB_MEGOLM_ENCRYPTED,    /* it is; without @members that is all that is said */
  CONFAB_MEGOLM_BEHIND,       /* @members are from before the last sync */
  CONFAB_MEGOLM_NEEDS_LISTS,  /* some of the device lists are stale */
  CONFAB_MEGOLM_NEEDS_KEYS,   /* there is no Olm session with @claim yet */
  CONFAB_MEGOLM_READY,        /* @wire is encrypted, and all of it written down */
} ConfabMegolmStatus;

/**
 * ConfabMegolmPlan:
 *
 * What an event needs before it may be sent to a room: the store's half of sending. Each round says what is missing;
 * the last one takes the session or begins another, gives its key to whoever lacks it, and encrypts, in one transaction.
 */
typedef struct {
  /* in */
  ConfabOlmVault *vault;
  const char *room_id;
  const char *type;
  const char *content; /* JSON */
  GStrv members;       /* (nullable): user ids of who is in the room */
  const char *shown;   /* (nullable): the token of the sync that @members are from */
  gboolean asked;      /* lists were asked for: what is stale now stays so */
  gboolean claimed;    /* so were keys */
  gint64 now_ms;
  gint64 row; /* of the room's outbox, where what goes out is written down; 0: none */
  /* out */
  ConfabMegolmStatus status;
  GPtrArray *claim; /* (element-type ConfabDeviceKeys) */
  char *wire;       /* the content of m.room.encrypted */
  GArray *rows;     /* (element-type gint64): rows of the outbox that go out before it */
} ConfabMegolmPlan;

void confab_megolm_plan_clear (ConfabMegolmPlan *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ConfabMegolmPlan, confab_megolm_plan_clear)
/* A #ConfabStoreFunc over a #ConfabMegolmPlan. */
gboolean
confab_megolm_plan_func (ConfabStoreTransaction *transaction, gpointer data, GError **error);
/* The same for an event that was encrypted before: only @rows is looked for. */
gboolean
confab_megolm_plan_rows_func (ConfabStoreTransaction *transaction, gpointer data, GError **error);

G_END_DECLS
