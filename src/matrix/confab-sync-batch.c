/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-sync-batch.h"

#include "confab-json.h"
#include "confab-matrix-error.h"

#include <string.h>

#define MAX_ID_LENGTH 255 /* bytes; Matrix specification, appendices, “Common identifier format” */

static void
sync_room_free (ConfabSyncRoom *self)
{
  g_free (self->room_id);
  g_ptr_array_unref (self->state);
  g_ptr_array_unref (self->timeline);
  g_ptr_array_unref (self->account_data);
  g_ptr_array_unref (self->silenced);
  g_strfreev (self->heroes);
  g_free (self);
}

ConfabSyncEvent *
confab_sync_event_new (const char *type,
                       const char *state_key,
                       const char *sender,
                       gint64 origin_server_ts,
                       JsonObject *content)
{
  ConfabSyncEvent *event = g_new0 (ConfabSyncEvent, 1);

  event->type = g_strdup (type);
  event->sender = g_strdup (sender);
  event->state_key = g_strdup (state_key);
  event->origin_server_ts = origin_server_ts;
  event->content = json_object_ref (content);
  return event;
}

void
confab_sync_event_free (ConfabSyncEvent *self)
{
  g_free (self->type);
  g_free (self->sender);
  g_free (self->state_key);
  g_free (self->event_id);
  g_free (self->redacts);
  json_object_unref (self->content);
  g_free (self);
}

static gboolean
is_id (const char *text, char sigil)
{
  return text != NULL && text[0] == sigil && strlen (text) <= MAX_ID_LENGTH;
}

/* Up to room version 10 it stands beside the content, later in it; servers then write it in both places. */
static const char *
peek_redacts (JsonObject *object, JsonObject *content)
{
  const char *redacts = confab_json_peek_string (object, "redacts");

  return redacts != NULL ? redacts : confab_json_peek_string (content, "redacts");
}

/* @sender: who wrote it when the event itself does not say (account data: nobody). */
static ConfabSyncEvent *
read_event (ConfabSyncBatch *batch, JsonObject *object, const char *fallback_sender)
{
  const char *type = confab_json_peek_string (object, "type");
  const char *sender = confab_json_peek_string (object, "sender");
  JsonObject *content = confab_json_peek_object (object, "content");
  ConfabSyncEvent *event;

  if (sender == NULL)
    sender = fallback_sender;
  if (type == NULL || sender == NULL || content == NULL ||
      (sender != fallback_sender && !is_id (sender, '@'))) {
    batch->n_skipped++;
    return NULL;
  }
  event = confab_sync_event_new (type,
                                 confab_json_peek_string (object, "state_key"),
                                 sender,
                                 MAX (confab_json_peek_int (object, "origin_server_ts", 0), 0),
                                 content);
  event->event_id = g_strdup (confab_json_peek_string (object, "event_id"));
  if (g_str_equal (type, CONFAB_REDACTION_TYPE))
    event->redacts = g_strdup (peek_redacts (object, content));
  return event;
}

static void
read_events (ConfabSyncBatch *batch,
             JsonObject *parent,
             const char *fallback_sender,
             GPtrArray *state,
             GPtrArray *other)
{
  JsonArray *events = confab_json_peek_array (parent, "events");

  for (guint i = 0; events != NULL && i < json_array_get_length (events); i++) {
    JsonObject *object = confab_json_array_peek_object (events, i);
    ConfabSyncEvent *event = NULL;

    if (object != NULL)
      event = read_event (batch, object, fallback_sender);
    else
      batch->n_skipped++;
    if (event == NULL)
      continue;
    if (state != NULL && event->state_key != NULL)
      g_ptr_array_add (state, event);
    else if (other != NULL)
      g_ptr_array_add (other, event);
    else
      confab_sync_event_free (event);
  }
}

static GStrv
read_user_ids (JsonObject *object, const char *name)
{
  JsonArray *array = confab_json_peek_array (object, name);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++) {
    const char *user_id = confab_json_array_peek_string (array, i);
    if (is_id (user_id, '@'))
      g_strv_builder_add (builder, user_id);
  }
  return g_strv_builder_end (builder);
}

static void
read_tags (ConfabSyncRoom *room, JsonObject *data)
{
  JsonArray *events = confab_json_peek_array (confab_json_peek_object (data, "account_data"),
                                              "events");

  for (guint i = 0; events != NULL && i < json_array_get_length (events); i++) {
    JsonObject *event = confab_json_array_peek_object (events, i);
    if (g_strcmp0 (confab_json_peek_string (event, "type"), "m.tag") == 0) {
      JsonObject *content = confab_json_peek_object (event, "content");
      room->favourite = confab_json_peek_object (confab_json_peek_object (content, "tags"),
                                                 "m.favourite") != NULL;
    }
  }
}

static ConfabSyncRoom *
sync_room_new (const char *room_id, ConfabSyncMembership membership)
{
  ConfabSyncRoom *room = g_new0 (ConfabSyncRoom, 1);

  room->room_id = g_strdup (room_id);
  room->membership = membership;
  room->state = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_sync_event_free);
  room->timeline = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_sync_event_free);
  room->account_data = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_sync_event_free);
  room->silenced = g_ptr_array_new_with_free_func (g_free);
  room->n_joined = -1;
  room->n_invited = -1;
  room->favourite = -1;
  return room;
}

static void
read_room (ConfabSyncBatch *batch,
           const char *room_id,
           JsonObject *data,
           ConfabSyncMembership membership)
{
  ConfabSyncRoom *room = sync_room_new (room_id, membership);
  JsonObject *timeline = confab_json_peek_object (data, "timeline");
  JsonObject *summary = confab_json_peek_object (data, "summary");

  read_events (batch, confab_json_peek_object (data, "state"), NULL, room->state, NULL);
  room->n_block = room->state->len;
  read_events (batch, timeline, NULL, room->state, room->timeline);
  /* Invites bring stripped state: no ids, no times. */
  read_events (batch, confab_json_peek_object (data, "invite_state"), NULL, room->state, NULL);
  room->limited = confab_json_peek_boolean (timeline, "limited", FALSE);
  if (confab_json_peek_array (summary, "m.heroes") != NULL)
    room->heroes = read_user_ids (summary, "m.heroes");
  room->n_joined = confab_json_peek_int (summary, "m.joined_member_count", -1);
  room->n_invited = confab_json_peek_int (summary, "m.invited_member_count", -1);
  if (room->n_joined < -1 || room->n_joined > G_MAXINT32)
    room->n_joined = -1;
  if (room->n_invited < -1 || room->n_invited > G_MAXINT32)
    room->n_invited = -1;
  read_tags (room, data);
  read_events (batch, confab_json_peek_object (data, "account_data"), "", NULL, room->account_data);
  for (guint i = 0; i < room->timeline->len; i++) {
    const ConfabSyncEvent *event = room->timeline->pdata[i];
    if (!g_str_equal (event->type, CONFAB_REDACTION_TYPE))
      room->last_activity = MAX (room->last_activity, event->origin_server_ts);
  }
  g_ptr_array_add (batch->rooms, room);
}

static void
read_rooms (ConfabSyncBatch *batch,
            JsonObject *rooms,
            const char *name,
            ConfabSyncMembership membership)
{
  JsonObject *object = confab_json_peek_object (rooms, name);
  JsonObjectIter iter;
  const char *room_id;
  JsonNode *node;

  if (object == NULL)
    return;
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &room_id, &node)) {
    if (is_id (room_id, '!') && JSON_NODE_HOLDS_OBJECT (node))
      read_room (batch, room_id, json_node_get_object (node), membership);
    else
      batch->n_skipped++;
  }
}

static void
read_key_counts (ConfabSyncBatch *batch, JsonObject *reply)
{
  JsonObject *counts = confab_json_peek_object (reply, "device_one_time_keys_count");
  JsonObjectIter iter;
  const char *algorithm;

  if (counts != NULL) {
    batch->one_time_key_counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    json_object_iter_init (&iter, counts);
    while (json_object_iter_next (&iter, &algorithm, NULL)) {
      gint64 count = confab_json_peek_int (counts, algorithm, -1);
      if (count >= 0)
        g_hash_table_insert (batch->one_time_key_counts,
                             g_strdup (algorithm),
                             GINT_TO_POINTER (MIN (count, G_MAXINT32)));
      else
        batch->n_skipped++;
    }
  }
  if (confab_json_peek_array (reply, "device_unused_fallback_key_types") != NULL &&
      !confab_json_get_strv (
        reply, "device_unused_fallback_key_types", &batch->unused_fallback_key_types, NULL))
    batch->n_skipped++;
}

static void
confab_sync_batch_free (ConfabSyncBatch *self)
{
  g_free (self->next_batch);
  g_clear_pointer (&self->rooms, g_ptr_array_unref);
  g_clear_pointer (&self->to_device, g_ptr_array_unref);
  g_clear_pointer (&self->account_data, g_ptr_array_unref);
  g_strfreev (self->devices_changed);
  g_strfreev (self->devices_left);
  g_clear_pointer (&self->one_time_key_counts, g_hash_table_unref);
  g_strfreev (self->unused_fallback_key_types);
  g_free (self);
}

ConfabSyncBatch *
confab_sync_batch_new (const char *next_batch)
{
  ConfabSyncBatch *self = g_new0 (ConfabSyncBatch, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->next_batch = g_strdup (next_batch);
  self->rooms = g_ptr_array_new_with_free_func ((GDestroyNotify) sync_room_free);
  self->to_device = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_sync_event_free);
  self->account_data = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_sync_event_free);
  self->devices_changed = g_new0 (char *, 1);
  self->devices_left = g_new0 (char *, 1);
  return self;
}

ConfabSyncRoom *
confab_sync_batch_add_room (ConfabSyncBatch *self, const char *room_id)
{
  ConfabSyncRoom *room = sync_room_new (room_id, CONFAB_SYNC_MEMBERSHIP_JOIN);

  g_ptr_array_add (self->rooms, room);
  return room;
}

/**
 * confab_sync_batch_new_from_v3:
 * @reply: the reply to `GET /_matrix/client/v3/sync`
 * @error: %CONFAB_MATRIX_ERROR_BAD_RESPONSE when there is no `next_batch`: nothing can be built on it
 *
 * Spec: Client-Server API, “Syncing”.
 *
 * Returns: (transfer full): the batch
 */
ConfabSyncBatch *
confab_sync_batch_new_from_v3 (JsonObject *reply, GError **error)
{
  g_autoptr (ConfabSyncBatch) self = NULL;
  const char *next_batch = confab_json_peek_string (reply, "next_batch");
  JsonObject *rooms = confab_json_peek_object (reply, "rooms");
  JsonObject *devices = confab_json_peek_object (reply, "device_lists");

  if (next_batch == NULL || next_batch[0] == '\0') {
    g_set_error_literal (error,
                         CONFAB_MATRIX_ERROR,
                         CONFAB_MATRIX_ERROR_BAD_RESPONSE,
                         "the sync reply has no next_batch");
    return NULL;
  }
  self = confab_sync_batch_new (next_batch);
  read_rooms (self, rooms, "join", CONFAB_SYNC_MEMBERSHIP_JOIN);
  read_rooms (self, rooms, "invite", CONFAB_SYNC_MEMBERSHIP_INVITE);
  read_rooms (self, rooms, "leave", CONFAB_SYNC_MEMBERSHIP_LEAVE);
  read_events (self, confab_json_peek_object (reply, "to_device"), NULL, NULL, self->to_device);
  read_events (self, confab_json_peek_object (reply, "account_data"), "", NULL, self->account_data);
  g_strfreev (self->devices_changed);
  g_strfreev (self->devices_left);
  self->devices_changed = read_user_ids (devices, "changed");
  self->devices_left = read_user_ids (devices, "left");
  read_key_counts (self, reply);
  return g_steal_pointer (&self);
}

ConfabSyncBatch *
confab_sync_batch_ref (ConfabSyncBatch *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
confab_sync_batch_unref (ConfabSyncBatch *self)
{
  if (g_atomic_ref_count_dec (&self->ref_count))
    confab_sync_batch_free (self);
}
