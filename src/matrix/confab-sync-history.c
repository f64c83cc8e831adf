/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-sync-history.h"

#include "confab-call-content.h"
#include "confab-call-membership.h"
#include "confab-json.h"

/*
 * When a room's history forks, a sync may bring state that has been replaced, after what has replaced it. The calls go by what
 * they have heard since the start; here are the same rules (confab-call-room-members.c) for what was heard before that.
 */

#define MAX_DATES 8 /* of member events, for each user of a room: as many as the calls go by */

static gboolean
note_date (ConfabStoreTransaction *transaction,
           const char *room_id,
           const ConfabSyncEvent *event,
           GError **error)
{
  /* One that comes twice is then the last. */
  return confab_store_exec (
           transaction,
           error,
           "INSERT OR REPLACE INTO call_member_dates (room_id, user_id, origin_server_ts) "
           "VALUES (?, ?, ?)",
           "ssi",
           room_id,
           event->state_key,
           event->origin_server_ts) &&
         confab_store_exec (
           transaction,
           error,
           "DELETE FROM call_member_dates WHERE room_id = ?1 AND user_id = ?2 AND id NOT IN "
           "(SELECT id FROM call_member_dates WHERE room_id = ?1 AND user_id = ?2 "
           "ORDER BY id DESC LIMIT ?3)",
           "ssi",
           room_id,
           event->state_key,
           (gint64) MAX_DATES);
}

/* Dated by its writer's server, whose clock may have been set back: only what was seen before is history. */
static gboolean
check_member (ConfabStoreTransaction *transaction,
              const char *room_id,
              ConfabSyncEvent *event,
              GError **error)
{
  gint64 seen_and_replaced = 0;

  if (!confab_store_query (transaction,
                           confab_store_row_take_int,
                           &seen_and_replaced,
                           error,
                           "SELECT EXISTS (SELECT 1 FROM call_member_dates "
                           "WHERE room_id = ?1 AND user_id = ?2 AND origin_server_ts = ?3) AND "
                           "?3 < (SELECT origin_server_ts FROM call_member_dates "
                           "WHERE room_id = ?1 AND user_id = ?2 ORDER BY id DESC LIMIT 1)",
                           "ssi",
                           room_id,
                           event->state_key,
                           event->origin_server_ts))
    return FALSE;
  event->superseded = seen_and_replaced != 0;
  return event->superseded || note_date (transaction, room_id, event, error);
}

/* What is over stays over. */
static gboolean
check_call (ConfabStoreTransaction *transaction,
            const char *room_id,
            ConfabSyncEvent *event,
            GError **error)
{
  g_autofree char *stored = NULL;
  g_autoptr (JsonObject) content = NULL;

  if (confab_call_content_is_over (event->content))
    return TRUE;
  if (!confab_store_query (transaction,
                           confab_store_row_take_string,
                           &stored,
                           error,
                           "SELECT content FROM state WHERE room_id = ? AND type = ? AND "
                           "state_key = ?",
                           "sss",
                           room_id,
                           event->type,
                           event->state_key))
    return FALSE;
  /* Of what cannot be read any more nobody knows that it is over. */
  if (stored != NULL)
    content = confab_json_parse_object (stored, -1, NULL);
  event->superseded = content != NULL && confab_call_content_is_over (content);
  return TRUE;
}

/**
 * confab_sync_history_check:
 * @transaction: where
 * @room_id: a room that is stored
 * @event: a state event of it, in the order of the sync
 * @error: a #ConfabStoreError
 *
 * Finds out whether @event is superseded, and says so in it; else it counts from now on: it is to be stored.
 *
 * Returns: whether that could be found out
 */
gboolean
confab_sync_history_check (ConfabStoreTransaction *transaction,
                           const char *room_id,
                           ConfabSyncEvent *event,
                           GError **error)
{
  gboolean ok = TRUE;

  event->superseded = FALSE;
  if (g_str_equal (event->type, CONFAB_CALL_CONTENT_TYPE))
    ok = check_call (transaction, room_id, event, error);
  else if (g_str_equal (event->type, CONFAB_CALL_MEMBERSHIP_TYPE) &&
           g_str_equal (event->state_key, event->sender)) /* MatrixRTC's have a key a device */
    ok = check_member (transaction, room_id, event, error);
  if (event->superseded)
    g_debug ("%s: an earlier %s of %s comes again: left out",
             room_id,
             event->type,
             event->state_key);
  return ok;
}
