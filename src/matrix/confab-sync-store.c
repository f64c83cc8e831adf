/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-sync-store.h"

#include "confab-call-content.h"
#include "confab-call-membership.h"
#include "confab-declined-calls.h"
#include "confab-json.h"
#include "confab-sync-history.h"

const char *const confab_sync_state_types[] = {
  "m.room.name",
  "m.room.canonical_alias",
  "m.room.avatar",
  "m.room.topic",
  "m.room.encryption",
  "m.room.history_visibility",
  "m.room.power_levels",
  "m.room.create",
  "m.room.tombstone",
  CONFAB_CALL_CONTENT_TYPE,
  CONFAB_CALL_MEMBERSHIP_TYPE,
  NULL,
};

gboolean
confab_sync_store_set_meta (ConfabStoreTransaction *transaction,
                            const char *key,
                            const char *value,
                            GError **error)
{
  return confab_store_exec (
    transaction,
    error,
    "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
    "ss",
    key,
    value);
}

gboolean
confab_sync_store_get_meta (ConfabStoreTransaction *transaction,
                            const char *key,
                            char **value,
                            GError **error)
{
  *value = NULL;
  return confab_store_query (transaction,
                             confab_store_row_take_string,
                             value,
                             error,
                             "SELECT value FROM meta WHERE key = ?",
                             "s",
                             key);
}

static gboolean
apply_member (ConfabStoreTransaction *transaction,
              const char *room_id,
              const ConfabSyncEvent *event,
              GError **error)
{
  const char *membership = confab_json_peek_string (event->content, "membership");

  if (membership == NULL)
    return TRUE;
  return confab_store_exec (
    transaction,
    error,
    "INSERT INTO members VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
    /* Who leaves keeps the name: such events seldom say it. */
    "display_name = iif (excluded.membership IN ('join', 'invite'), excluded.display_name, "
    "coalesce (excluded.display_name, display_name)), "
    "avatar_url = iif (excluded.membership IN ('join', 'invite'), excluded.avatar_url, "
    "coalesce (excluded.avatar_url, avatar_url)), "
    "membership = excluded.membership, origin_server_ts = excluded.origin_server_ts",
    "sssssi",
    room_id,
    event->state_key,
    membership,
    confab_json_peek_string (event->content, "displayname"),
    confab_json_peek_string (event->content, "avatar_url"),
    event->origin_server_ts);
}

gboolean
confab_sync_store_add_member (ConfabStoreTransaction *transaction,
                              const char *room_id,
                              const char *user_id,
                              const char *membership,
                              const char *display_name,
                              const char *avatar_url,
                              GError **error)
{
  /* The room may have been left meanwhile. The date is not known: whatever a sync says is later. */
  return confab_store_exec (transaction,
                            error,
                            "INSERT OR IGNORE INTO members "
                            "(room_id, user_id, membership, display_name, avatar_url) "
                            "SELECT room_id, ?2, ?3, ?4, ?5 FROM rooms WHERE room_id = ?1",
                            "sssss",
                            room_id,
                            user_id,
                            membership,
                            display_name,
                            avatar_url);
}

/*
 * With lazy loading the state block also has the memberships of whoever the timeline is about, as they were before its
 * first event. When people come and write at the same time, that is before what the last sync has told: Synapse then
 * says “invited” of somebody who has joined, and has a call membership in the same reply. Without a gap every change
 * is in the timeline, so what is older than what is known is no news. After a gap the server's word counts.
 */
static gboolean
is_stale (ConfabStoreTransaction *transaction,
          const ConfabSyncRoom *room,
          const ConfabSyncEvent *event,
          gboolean *stale,
          GError **error)
{
  gint64 known_ts = 0;

  *stale = FALSE;
  if (room->limited || !g_str_equal (event->type, "m.room.member"))
    return TRUE;
  if (!confab_store_query (transaction,
                           confab_store_row_take_int,
                           &known_ts,
                           error,
                           "SELECT origin_server_ts FROM members WHERE room_id = ? AND user_id = ?",
                           "ss",
                           room->room_id,
                           event->state_key))
    return FALSE;
  *stale = event->origin_server_ts < known_ts;
  return TRUE;
}

gboolean
confab_sync_store_forget_call (ConfabStoreTransaction *transaction,
                               const char *room_id,
                               const char *call_id,
                               GError **error)
{
  return confab_store_exec (transaction,
                            error,
                            "DELETE FROM calls WHERE room_id = ? AND call_id = ?",
                            "ss",
                            room_id,
                            call_id) &&
         confab_store_exec (transaction,
                            error,
                            "DELETE FROM silenced_calls WHERE room_id = ? AND call_id = ?",
                            "ss",
                            room_id,
                            call_id);
}

static gboolean
apply_call (ConfabStoreTransaction *transaction,
            const char *room_id,
            const ConfabSyncEvent *event,
            GError **error)
{
  if (!confab_call_content_is_over (event->content))
    return confab_store_exec (transaction,
                              error,
                              "INSERT OR IGNORE INTO calls VALUES (?, ?)",
                              "ss",
                              room_id,
                              event->state_key);
  return confab_sync_store_forget_call (transaction, room_id, event->state_key, error);
}

static gboolean
apply_state (ConfabStoreTransaction *transaction,
             const char *room_id,
             ConfabSyncEvent *event,
             GError **error)
{
  g_autofree char *content = NULL;

  if (g_str_equal (event->type, "m.room.member"))
    return apply_member (transaction, room_id, event, error);
  if (!g_strv_contains (confab_sync_state_types, event->type))
    return TRUE;
  if (!confab_sync_history_check (transaction, room_id, event, error))
    return FALSE;
  if (event->superseded)
    return TRUE;
  if (g_str_equal (event->type, CONFAB_CALL_CONTENT_TYPE) &&
      !apply_call (transaction, room_id, event, error))
    return FALSE;
  content = confab_json_to_string (event->content);
  return confab_store_exec (
    transaction,
    error,
    "INSERT INTO state VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
    "sender = excluded.sender, origin_server_ts = excluded.origin_server_ts, "
    "content = excluded.content, event_id = excluded.event_id",
    "ssssiss",
    room_id,
    event->type,
    event->state_key,
    event->sender,
    event->origin_server_ts,
    content,
    event->event_id);
}

static gboolean
find_redacted_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  ConfabSyncEvent **event = data;
  g_autoptr (JsonObject) nothing = json_object_new ();

  if (*event == NULL)
    *event = confab_sync_event_new (confab_store_row_get_string (row, 0),
                                    confab_store_row_get_string (row, 1),
                                    confab_store_row_get_string (row, 2),
                                    confab_store_row_get_int (row, 3),
                                    nothing);
  return TRUE;
}

/* A redacted state event stays the state, with nothing in it, and no sync says so: the redaction comes in the timeline,
 * and what it did is for the client to see. Of types of which something is left the room keeps what it knows. */
static gboolean
apply_redaction (ConfabStoreTransaction *transaction,
                 ConfabSyncRoom *room,
                 const ConfabSyncEvent *redaction,
                 GError **error)
{
  ConfabSyncEvent *event = NULL;

  if (redaction->redacts == NULL)
    return TRUE;
  if (!confab_store_query (
        transaction,
        find_redacted_cb,
        &event,
        error,
        "SELECT type, state_key, sender, origin_server_ts FROM state "
        "WHERE room_id = ? AND event_id = ? AND type NOT IN "
        "('m.room.create', 'm.room.power_levels', 'm.room.encryption', 'm.room.tombstone', "
        "'m.room.history_visibility')",
        "ss",
        room->room_id,
        redaction->redacts))
    return FALSE;
  if (event == NULL)
    return TRUE;
  g_debug ("%s: %s of %s is redacted", room->room_id, event->type, event->state_key);
  event->event_id = g_strdup (redaction->redacts);
  g_ptr_array_add (room->state, event);
  return apply_state (transaction, room->room_id, event, error);
}

static gboolean
read_encryption_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  ConfabSyncEvent **event = data;
  g_autoptr (JsonObject) content = confab_json_parse_object (confab_store_row_get_string (row, 0), -1, NULL);

  if (content == NULL) /* how it was encrypted is lost, not that it was */
    content = json_object_new ();
  *event = confab_sync_event_new ("m.room.encryption", "", "", 0, content);
  return TRUE;
}

/*
 * Client-Server API, “m.room.encryption”: what was encrypted once stays so. A server that takes us out of a room and in
 * again without that event would else have us speak in clear.
 */
static gboolean
keep_encrypted (ConfabStoreTransaction *transaction, ConfabSyncRoom *room, GError **error)
{
  ConfabSyncEvent *event = NULL;

  if (!confab_store_exec (transaction,
                          error,
                          "INSERT INTO encrypted_rooms SELECT room_id, content FROM state WHERE "
                          "room_id = ? AND type = 'm.room.encryption' "
                          "ON CONFLICT DO UPDATE SET content = excluded.content",
                          "s",
                          room->room_id) ||
      !confab_store_query (
        transaction,
        read_encryption_cb,
        &event,
        error,
        "SELECT content FROM encrypted_rooms WHERE room_id = ?1 AND NOT EXISTS "
        "(SELECT 1 FROM state WHERE room_id = ?1 AND type = 'm.room.encryption')",
        "s",
        room->room_id))
    return FALSE;
  if (event == NULL)
    return TRUE;
  g_info ("%s: it was encrypted, and stays so", room->room_id);
  g_ptr_array_add (room->state, event);
  return apply_state (transaction, room->room_id, event, error);
}

static char *
heroes_to_json (const ConfabSyncRoom *room)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) node = NULL;

  if (room->heroes == NULL)
    return NULL;
  json_builder_begin_array (builder);
  for (guint i = 0; room->heroes[i] != NULL; i++)
    json_builder_add_string_value (builder, room->heroes[i]);
  json_builder_end_array (builder);
  node = json_builder_get_root (builder);
  return json_to_string (node, FALSE);
}

static gboolean
leave_out_stale (ConfabStoreTransaction *transaction, ConfabSyncRoom *room, GError **error)
{
  guint i = 0;

  while (i < room->n_block) {
    const ConfabSyncEvent *event = room->state->pdata[i];
    gboolean stale = FALSE;

    if (!is_stale (transaction, room, event, &stale, error))
      return FALSE;
    if (!stale) {
      i++;
      continue;
    }
    g_debug ("%s: an older membership of %s is left out", room->room_id, event->state_key);
    g_ptr_array_remove_index (room->state, i);
    room->n_block--;
  }
  return TRUE;
}

static gboolean
apply_room_account_data (ConfabStoreTransaction *transaction,
                         const ConfabSyncRoom *room,
                         GError **error)
{
  for (guint i = 0; i < room->account_data->len; i++) {
    const ConfabSyncEvent *event = room->account_data->pdata[i];
    g_autofree char *content = NULL;

    if (!g_str_equal (event->type, CONFAB_DECLINED_CALLS_TYPE))
      continue;
    content = confab_json_to_string (event->content);
    if (!confab_store_exec (transaction,
                            error,
                            "INSERT INTO room_account_data VALUES (?, ?, ?) ON CONFLICT DO UPDATE "
                            "SET content = excluded.content",
                            "sss",
                            room->room_id,
                            event->type,
                            content))
      return FALSE;
  }
  return TRUE;
}

static gboolean
apply_room (ConfabStoreTransaction *transaction, ConfabSyncRoom *room, GError **error)
{
  g_autofree char *heroes = heroes_to_json (room);

  if (room->membership == CONFAB_SYNC_MEMBERSHIP_LEAVE)
    return confab_store_exec (
      transaction, error, "DELETE FROM rooms WHERE room_id = ?", "s", room->room_id);
  if (room->membership != CONFAB_SYNC_MEMBERSHIP_JOIN)
    return TRUE;
  if (!confab_store_exec (transaction,
                          error,
                          "INSERT OR IGNORE INTO rooms (room_id) VALUES (?)",
                          "s",
                          room->room_id) ||
      !confab_store_exec (
        transaction,
        error,
        "UPDATE rooms SET n_joined = iif (?1 >= 0, ?1, n_joined), "
        "n_invited = iif (?2 >= 0, ?2, n_invited), heroes = coalesce (?3, heroes), "
        "favourite = iif (?4 >= 0, ?4, favourite), last_activity = max (last_activity, ?5) "
        "WHERE room_id = ?6",
        "iisiis",
        room->n_joined,
        room->n_invited,
        heroes,
        (gint64) room->favourite,
        room->last_activity,
        room->room_id))
    return FALSE;
  if (!leave_out_stale (transaction, room, error) ||
      !apply_room_account_data (transaction, room, error))
    return FALSE;
  for (guint i = 0; i < room->state->len; i++) {
    if (!apply_state (transaction, room->room_id, room->state->pdata[i], error))
      return FALSE;
  }
  if (!keep_encrypted (transaction, room, error))
    return FALSE;
  for (guint i = 0; i < room->timeline->len; i++) {
    if (!apply_redaction (transaction, room, room->timeline->pdata[i], error))
      return FALSE;
  }
  return TRUE;
}

/**
 * confab_sync_store_apply:
 * @transaction: where
 * @batch: what a sync brought
 * @error: a #ConfabStoreError
 *
 * Writes the rooms of @batch and the token that follows it. To-device messages are not its business. What is older
 * than what is stored is taken out of @batch, and state that is redacted is added to it, empty. State of calls that came
 * again after what has replaced it is flagged in it.
 *
 * Returns: whether it was written
 */
gboolean
confab_sync_store_apply (ConfabStoreTransaction *transaction,
                         ConfabSyncBatch *batch,
                         GError **error)
{
  for (guint i = 0; i < batch->rooms->len; i++) {
    if (!apply_room (transaction, batch->rooms->pdata[i], error))
      return FALSE;
  }
  for (guint i = 0; i < batch->account_data->len; i++) {
    const ConfabSyncEvent *event = batch->account_data->pdata[i];
    g_autofree char *content = confab_json_to_string (event->content);
    if (g_str_equal (event->type, "m.direct") &&
        !confab_store_exec (transaction,
                            error,
                            "INSERT INTO account_data VALUES (?, ?) ON CONFLICT DO UPDATE SET "
                            "content = excluded.content",
                            "ss",
                            event->type,
                            content))
      return FALSE;
  }
  return confab_sync_store_set_meta (transaction, "since", batch->next_batch, error);
}

gboolean
confab_sync_store_set_synced_at (ConfabStoreTransaction *transaction,
                                 gint64 synced_at,
                                 GError **error)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, synced_at);

  return confab_sync_store_set_meta (transaction, "synced_at", text, error);
}

gboolean
confab_sync_store_get_synced_at (ConfabStoreTransaction *transaction,
                                 gint64 *synced_at,
                                 GError **error)
{
  g_autofree char *text = NULL;

  if (!confab_sync_store_get_meta (transaction, "synced_at", &text, error))
    return FALSE;
  /* What cannot be a time is as good as none. */
  if (text == NULL || !g_ascii_string_to_signed (text, 10, 0, G_MAXINT64, synced_at, NULL))
    *synced_at = 0;
  return TRUE;
}
