/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-olm-vault.h"

G_BEGIN_DECLS

/* The store's half of #ConfabOutbox: what goes out next, and who lacks keys. */
typedef struct {
  char *user_id;
  char *device_id;
} ConfabOutboxDevice;

typedef struct {
  /* in */
  ConfabOlmVault *vault;
  gint64 now_ms;
  GHashTable *fetching; /* “user|device” whose keys are being fetched: left alone */
  GHashTable
    *aside; /* (element-type utf8): transaction ids of requests that wait: left alone, too */
  /* out */
  char *txn_id; /* NULL: nothing to send */
  char *wire_type;
  JsonObject *body;
  gboolean urgent;
  GArray *ids;        /* gint64: the rows in @body */
  GArray *stale;      /* gint64: rows that were deleted since they are too old */
  GArray *blocked;    /* gint64: rows that were deleted since their device is blocked */
  GArray *damaged;    /* gint64: rows that were deleted since they cannot be read */
  gboolean changed;   /* some that were on their way are not what they were: look again */
  GPtrArray *missing; /* ConfabOutboxDevice: no session, or not known */
} ConfabOutboxBatch;

void confab_outbox_batch_init (ConfabOutboxBatch *self, ConfabOlmVault *vault);
void confab_outbox_batch_clear (ConfabOutboxBatch *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ConfabOutboxBatch, confab_outbox_batch_clear)
gboolean
confab_outbox_batch_func (ConfabStoreTransaction *transaction, gpointer data, GError **error);
char *
confab_outbox_device_key (const char *user_id, const char *device_id) G_GNUC_WARN_UNUSED_RESULT;

/* Deletes the rows @data (a GArray of gint64). */
gboolean
confab_outbox_delete_func (ConfabStoreTransaction *transaction, gpointer data, GError **error);
/* The same for what the server refuses: a room's key among them is to be given again. */
gboolean
confab_outbox_refuse_func (ConfabStoreTransaction *transaction, gpointer data, GError **error);
typedef struct {
  GArray *ids; /* at least two rows */
  char *first; /* transaction ids of the halves */
  char *second;
} ConfabOutboxSplit;

/* Makes of a request that the server will not see again two: of each half of the rows of @data, a #ConfabOutboxSplit. Each
 * has a transaction id of its own: one that was used is good for what was in it, and for nothing else. */
gboolean
confab_outbox_split_func (ConfabStoreTransaction *transaction, gpointer data, GError **error);

G_END_DECLS
