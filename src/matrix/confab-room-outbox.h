/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-olm-vault.h"

G_BEGIN_DECLS

/*
 * Events for rooms that the server has not taken yet, on the store's thread, each in the caller's transaction. Each keeps
 * the transaction id by which the server knows it again, and what went out once goes out as it was: so it is in the
 * room once, however often it is sent, and no place of a ratchet is used for two messages.
 */
typedef struct {
  gint64 id;
  char *room_id;
  char *type;
  char *content; /* JSON */
  char *txn_id;
  char *wire_type; /* (nullable): as what it was tried */
  char *wire;      /* (nullable): what went out; NULL with @wire_type set: @content, in clear */
  gint64 created_at;
} ConfabRoomOutboxEvent;

void confab_room_outbox_event_free (ConfabRoomOutboxEvent *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabRoomOutboxEvent, confab_room_outbox_event_free)

/* How long an event is worth sending after it was asked for. */
gint64 confab_room_outbox_max_age_ms (const char *type);

/* Sets @event->id; 0 when there is no such room. */
gboolean confab_room_outbox_insert (ConfabOlmVault *vault,
                                    ConfabStoreTransaction *transaction,
                                    ConfabRoomOutboxEvent *event,
                                    GError **error);
/* What processes before this one left (element-type ConfabRoomOutboxEvent), in order, less what is too old or damaged. */
gboolean confab_room_outbox_read (ConfabOlmVault *vault,
                                  ConfabStoreTransaction *transaction,
                                  gint64 now_ms,
                                  GPtrArray *events,
                                  GError **error);
gboolean confab_room_outbox_set_wire (ConfabStoreTransaction *transaction,
                                      gint64 id,
                                      const char *wire_type,
                                      const char *wire,
                                      GError **error);
gboolean confab_room_outbox_delete (ConfabStoreTransaction *transaction, gint64 id, GError **error);
/* @there: FALSE when it was taken out, since nobody could read it. */
gboolean confab_room_outbox_has (ConfabStoreTransaction *transaction,
                                 gint64 id,
                                 gboolean *there,
                                 GError **error);
/* All that was encrypted for a room. */
gboolean confab_room_outbox_drop_encrypted (ConfabStoreTransaction *transaction,
                                            const char *room_id,
                                            GError **error);

G_END_DECLS
