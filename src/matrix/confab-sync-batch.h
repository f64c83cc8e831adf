/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define CONFAB_REDACTION_TYPE "m.room.redaction"

/**
 * ConfabSyncEvent:
 * @type: the event's type
 * @sender: who sent it; never %NULL
 * @state_key: (nullable): %NULL when it is no state event
 * @event_id: (nullable): %NULL for to-device messages and account data
 * @redacts: (nullable): the event that this one, an `m.room.redaction`, empties
 * @origin_server_ts: ms since epoch, 0 when there is none
 * @content: its content, immutable
 * @superseded: state that had been replaced before it came (the room's history has forked), or of a call that is over: it is not
 *   stored, and the calls do not hear it; only confab_sync_store_apply() knows
 */
typedef struct {
  char *type;
  char *sender;
  char *state_key;
  char *event_id;
  char *redacts;
  gint64 origin_server_ts;
  JsonObject *content;
  gboolean superseded;
} ConfabSyncEvent;

typedef enum {
  CONFAB_SYNC_MEMBERSHIP_JOIN,
  CONFAB_SYNC_MEMBERSHIP_INVITE,
  CONFAB_SYNC_MEMBERSHIP_LEAVE,
} ConfabSyncMembership;

/**
 * ConfabSyncRoom:
 * @state: (element-type ConfabSyncEvent): state changes in order: the state block, then state in the timeline
 * @n_block: how many of @state are from the state block
 * @timeline: (element-type ConfabSyncEvent): the other events of the timeline, in order
 * @account_data: (element-type ConfabSyncEvent): what this user's devices have said about the room, and #ConfabCallHandler
 *   may want to hear
 * @silenced: (element-type utf8): calls that need not ring on this device; only the store knows them
 * @limited: events between the last batch and @timeline are missing (@state is complete nevertheless)
 * @heroes: (nullable): %NULL when they did not change
 * @n_joined: -1 when it did not change
 * @n_invited: -1 when it did not change
 * @favourite: 1 or 0; -1 when the tags did not change
 * @last_activity: when the last event of @timeline was sent, ms since epoch; 0 when there is none
 */
typedef struct {
  char *room_id;
  ConfabSyncMembership membership;
  GPtrArray *state;
  guint n_block;
  GPtrArray *timeline;
  GPtrArray *account_data;
  GPtrArray *silenced;
  gboolean limited;
  GStrv heroes;
  gint64 n_joined;
  gint64 n_invited;
  int favourite;
  gint64 last_activity;
} ConfabSyncRoom;

/**
 * ConfabSyncBatch:
 * @next_batch: the token from which the next batch follows
 * @rooms: (element-type ConfabSyncRoom): rooms with news
 * @to_device: (element-type ConfabSyncEvent): device messages, in order
 * @account_data: (element-type ConfabSyncEvent): global account data
 * @devices_changed: users whose device lists changed; never %NULL
 * @devices_left: users with whom no encrypted room is shared any more; never %NULL
 * @one_time_key_counts: (nullable) (element-type utf8 gint64): algorithm → how many are left, as GINT_TO_POINTER;
 *   %NULL when the server did not say
 * @unused_fallback_key_types: (nullable): %NULL when the server did not say
 * @partial: more of the same comes next: nothing that is not in it is to be concluded
 * @initial: it is a device's first: what is in it happened before
 *
 * All that one sync brought, from whatever endpoint; typed and checked. A part that is not as the specification
 * says is left out, and counted in @n_skipped. Immutable once it was stored, but used by one thread at a time: JsonObject's reference
 * count is not atomic.
 */
typedef struct {
  gatomicrefcount ref_count;
  char *next_batch;
  GPtrArray *rooms;
  GPtrArray *to_device;
  GPtrArray *account_data;
  GStrv devices_changed;
  GStrv devices_left;
  GHashTable *one_time_key_counts;
  GStrv unused_fallback_key_types;
  guint n_skipped;
  gboolean initial;
  gboolean partial;
} ConfabSyncBatch;

/* From the reply to `GET /_matrix/client/v3/sync`. Any thread. */
ConfabSyncBatch *
confab_sync_batch_new_from_v3 (JsonObject *reply, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* An empty one, to be filled by whoever made it before anybody else sees it. */
ConfabSyncBatch *confab_sync_batch_new (const char *next_batch) G_GNUC_WARN_UNUSED_RESULT;
ConfabSyncRoom *confab_sync_batch_add_room (ConfabSyncBatch *self, const char *room_id);
ConfabSyncBatch *confab_sync_batch_ref (ConfabSyncBatch *self) G_GNUC_WARN_UNUSED_RESULT;
void confab_sync_batch_unref (ConfabSyncBatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabSyncBatch, confab_sync_batch_unref)

ConfabSyncEvent *confab_sync_event_new (const char *type,
                                        const char *state_key,
                                        const char *sender,
                                        gint64 origin_server_ts,
                                        JsonObject *content) G_GNUC_WARN_UNUSED_RESULT;
void confab_sync_event_free (ConfabSyncEvent *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabSyncEvent, confab_sync_event_free)

G_END_DECLS
