/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-megolm-vault-private.h"

#include "confab-device-list.h"
#include "confab-crypto-error.h"
#include "confab-json.h"

#include <string.h>

#define MAX_WAITING 500 /* events without a key; the oldest go */
#define MAX_WAITING_OF_SENDER 100
#define MAX_WITHHELD 1000
#define MAX_WITHHELD_OF_SENDER 100
#define MAX_CONTENT (128 * 1024) /* servers take events of 64 KiB */
#define MAX_TOGETHER 200         /* events handed on in one go */

/* room_events.state */
enum {
  STATE_WAITING = 0,
  STATE_READY = 1,
};

/* ---- events in the store ---- */

static gboolean
put_event (ConfabStoreTransaction *transaction,
           const ConfabMegolmSealed *sealed,
           const char *type,
           const char *session_id,
           const char *withheld,
           int state,
           ConfabOlmNews *news,
           GError **error)
{
  g_autofree char *text = confab_json_to_string (sealed->content);

  if (strlen (text) > MAX_CONTENT)
    return TRUE;
  if (state == STATE_READY)
    news->n_inbox++;
  return confab_store_exec (transaction,
                            error,
                            "INSERT INTO room_events (room_id, event_id, sender, origin_server_ts, "
                            "type, content, session_id, withheld, state) "
                            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                            "sssissssi",
                            sealed->room_id,
                            sealed->event_id,
                            sealed->sender,
                            sealed->origin_server_ts,
                            type,
                            text,
                            session_id,
                            withheld,
                            (gint64) state);
}

/* Whether its sender said that we do not get its key; a notice about all of a device's goes by the key that the event
 * names, for want of anything better: it is only an explanation. */
static gboolean
find_withheld (ConfabStoreTransaction *transaction,
               const ConfabMegolmSealed *sealed,
               char **code,
               GError **error)
{
  return confab_store_query (
    transaction,
    confab_store_row_take_string,
    code,
    error,
    "SELECT code FROM megolm_withheld WHERE user_id = ?1 AND ((room_id = ?2 AND session_id = ?3) "
    "OR (room_id = '' AND sender_key = ?4)) ORDER BY room_id DESC",
    "ssss",
    sealed->sender,
    sealed->room_id,
    confab_json_peek_string (sealed->content, "session_id"),
    confab_json_peek_string (sealed->content, "sender_key"));
}

static gboolean
keep_waiting (ConfabStoreTransaction *transaction,
              const ConfabMegolmSealed *sealed,
              ConfabOlmNews *news,
              GError **error)
{
  const char *session_id = confab_json_peek_string (sealed->content, "session_id");
  g_autofree char *code = g_strdup (sealed->told);

  if ((sealed->told == NULL && !find_withheld (transaction, sealed, &code, error)) ||
      (sealed->told == NULL && code != NULL &&
       !put_event (
         transaction, sealed, "m.room.encrypted", session_id, code, STATE_READY, news, error)))
    return FALSE;
  /* The key may still come. */
  return put_event (
           transaction, sealed, "m.room.encrypted", session_id, code, STATE_WAITING, news, error) &&
         confab_store_exec (transaction,
                            error,
                            "DELETE FROM room_events WHERE state = 0 AND sender = ? AND id NOT IN "
                            "(SELECT id FROM room_events WHERE state = 0 AND sender = ? "
                            "ORDER BY id DESC LIMIT ?)",
                            "ssi",
                            sealed->sender,
                            sealed->sender,
                            (gint64) MAX_WAITING_OF_SENDER) &&
         confab_store_exec (transaction,
                            error,
                            "DELETE FROM room_events WHERE state = 0 AND id NOT IN "
                            "(SELECT id FROM room_events WHERE state = 0 ORDER BY id DESC LIMIT ?)",
                            "i",
                            (gint64) MAX_WAITING);
}

static gboolean
is_offered (const char *type)
{
  return g_str_has_prefix (type, "m.call.") || g_str_has_prefix (type, "org.matrix.call.") ||
         strcmp (type, "m.room.message") == 0 || strcmp (type, "m.reaction") == 0;
}

static gboolean
take_sealed (ConfabOlmVault *vault,
             ConfabStoreTransaction *transaction,
             const ConfabMegolmSealed *sealed,
             ConfabOlmNews *news,
             GError **error)
{
  g_auto (ConfabMegolmOpened) opened = { 0 };

  if (!confab_megolm_vault_open (vault, transaction, sealed, &opened, error))
    return FALSE;
  switch (opened.verdict) {
  case CONFAB_MEGOLM_VERDICT_NO_KEY:
    if (opened.refusal != NULL && !sealed->waited)
      confab_megolm_warn (news, sealed->sender, opened.refusal);
    return keep_waiting (transaction, sealed, news, error);
  case CONFAB_MEGOLM_VERDICT_READ:
    return !is_offered (confab_json_peek_string (opened.payload, "type")) ||
           put_event (transaction,
                      sealed,
                      "m.room.encrypted",
                      confab_json_peek_string (sealed->content, "session_id"),
                      NULL,
                      STATE_READY,
                      news,
                      error);
  case CONFAB_MEGOLM_VERDICT_AGAIN:
    return TRUE;
  case CONFAB_MEGOLM_VERDICT_REFUSED:
  default:
    confab_megolm_warn (news, sealed->sender, opened.refusal);
    return TRUE;
  }
}

typedef struct {
  gint64 id;
  char *event_id;
  char *sender;
  gint64 origin_server_ts;
  char *type;
  char *content;
  char *room_id;
  char *session_id; /* (nullable) */
  char *withheld;   /* (nullable) */
} Row;

static void
row_free (gpointer data)
{
  Row *row = data;

  g_free (row->event_id);
  g_free (row->sender);
  g_free (row->type);
  g_free (row->content);
  g_free (row->room_id);
  g_free (row->session_id);
  g_free (row->withheld);
  g_free (row);
}

#define SELECT_ROWS                                                                                \
  "SELECT id, event_id, sender, origin_server_ts, type, content, room_id, session_id, withheld "   \
  "FROM room_events "

static gboolean
event_row_cb (ConfabStoreRow *from, gpointer data, GError **error)
{
  Row *row = g_new0 (Row, 1);

  row->id = confab_store_row_get_int (from, 0);
  row->event_id = g_strdup (confab_store_row_get_string (from, 1));
  row->sender = g_strdup (confab_store_row_get_string (from, 2));
  row->origin_server_ts = confab_store_row_get_int (from, 3);
  row->type = g_strdup (confab_store_row_get_string (from, 4));
  row->content = g_strdup (confab_store_row_get_string (from, 5));
  row->room_id = g_strdup (confab_store_row_get_string (from, 6));
  row->session_id = g_strdup (confab_store_row_get_string (from, 7));
  row->withheld = g_strdup (confab_store_row_get_string (from, 8));
  g_ptr_array_add (data, row);
  return TRUE;
}

/* Returns: (nullable): %NULL when the store is damaged, which is not to keep the other events */
static JsonObject *
parse_content (const Row *row)
{
  g_autoptr (GError) error = NULL;
  JsonObject *content = confab_json_parse_object (row->content, -1, &error);

  if (content == NULL)
    g_info ("event %s cannot be read any more: %s", row->event_id, error->message);
  return content;
}

static ConfabMegolmSealed
seal_of (const Row *row, JsonObject *content)
{
  return (ConfabMegolmSealed) {
    row->room_id, row->event_id, row->sender, row->origin_server_ts, content, row->withheld, TRUE,
  };
}

gboolean
confab_megolm_events_retry (ConfabOlmVault *vault,
                            ConfabStoreTransaction *transaction,
                            const ConfabMegolmWaiting *which,
                            ConfabOlmNews *news,
                            GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (row_free);

#define WAITING                                                                                    \
  "state = 0 AND (?1 IS NULL OR sender = ?1) AND (?2 IS NULL OR room_id = ?2) "                    \
  "AND (?3 IS NULL OR session_id = ?3) AND (?4 = 0 OR withheld IS NULL) "
  if (!confab_store_query (transaction,
                           event_row_cb,
                           rows,
                           error,
                           SELECT_ROWS "WHERE " WAITING "ORDER BY id",
                           "sssi",
                           which->sender,
                           which->room_id,
                           which->session_id,
                           (gint64) which->unexplained) ||
      !confab_store_exec (transaction,
                          error,
                          "DELETE FROM room_events WHERE " WAITING,
                          "sssi",
                          which->sender,
                          which->room_id,
                          which->session_id,
                          (gint64) which->unexplained))
    return FALSE;
#undef WAITING
  for (guint i = 0; i < rows->len; i++) {
    const Row *row = rows->pdata[i];
    g_autoptr (JsonObject) content = parse_content (row);
    ConfabMegolmSealed sealed = seal_of (row, content);
    if (content != NULL && !take_sealed (vault, transaction, &sealed, news, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- what is withheld ---- */

gboolean
confab_megolm_events_is_withheld_type (const char *type)
{
  return strcmp (type, "m.room_key.withheld") == 0 ||
         strcmp (type, "org.matrix.room_key.withheld") == 0;
}

static gboolean
write_withheld (ConfabStoreTransaction *transaction,
                const char *user_id,
                const char *sender_key,
                const char *room_id,
                const char *session_id,
                const char *code,
                gint64 now_ms,
                GError **error)
{
  return confab_store_exec (
           transaction,
           error,
           "INSERT INTO megolm_withheld (user_id, sender_key, room_id, session_id, code, "
           "received_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (user_id, sender_key, room_id, "
           "session_id) DO UPDATE SET code = excluded.code",
           "sssssi",
           user_id,
           sender_key,
           room_id,
           session_id,
           code,
           now_ms) &&
         confab_store_exec (
           transaction,
           error,
           "DELETE FROM megolm_withheld WHERE user_id = ? AND id NOT IN (SELECT id FROM "
           "megolm_withheld WHERE user_id = ? ORDER BY id DESC LIMIT ?)",
           "ssi",
           user_id,
           user_id,
           (gint64) MAX_WITHHELD_OF_SENDER) &&
         confab_store_exec (transaction,
                            error,
                            "DELETE FROM megolm_withheld WHERE id NOT IN "
                            "(SELECT id FROM megolm_withheld ORDER BY id DESC LIMIT ?)",
                            "i",
                            (gint64) MAX_WITHHELD);
}

/* Most come in clear: the server may have made them up. They open nothing and close nothing, they only explain. */
gboolean
confab_megolm_events_take_withheld (ConfabOlmVault *vault,
                                    ConfabStoreTransaction *transaction,
                                    const char *sender,
                                    JsonObject *content,
                                    gint64 now_ms,
                                    ConfabOlmNews *news,
                                    GError **error)
{
  const char *code = confab_json_peek_string (content, "code");
  const char *sender_key = confab_json_peek_string (content, "sender_key");
  const char *room_id = confab_json_peek_string (content, "room_id");
  const char *session_id = confab_json_peek_string (content, "session_id");
  gboolean no_olm = g_strcmp0 (code, "m.no_olm") == 0;
  ConfabMegolmWaiting waiting = { sender, room_id, session_id, TRUE };

  if (no_olm) {
    waiting = (ConfabMegolmWaiting) { .sender = sender, .unexplained = TRUE };
    room_id = "";
    session_id = "";
  }
  if (!confab_megolm_is_short (code) || !confab_megolm_is_short (sender_key) ||
      (!no_olm && (!confab_megolm_is_short (room_id) || !confab_megolm_is_short (session_id))) ||
      g_strcmp0 (confab_json_peek_string (content, "algorithm"), CONFAB_MEGOLM_ALGORITHM) != 0)
    return TRUE;
  g_info ("%s withholds a room key: %s", sender, code);
  if (no_olm) {
    /* They have no way to us; we may have one to them. Mended as a broken session is, and as seldom. */
    g_ptr_array_add (news->undecrypted, g_strdup (sender));
    g_ptr_array_add (news->undecrypted, g_strdup (sender_key));
    if (!confab_device_list_track (transaction, sender, error))
      return FALSE;
  }
  /* Events that wait are shown as what they are: once, whatever else is said of them. */
  return write_withheld (
           transaction, sender, sender_key, room_id, session_id, code, now_ms, error) &&
         confab_megolm_events_retry (vault, transaction, &waiting, news, error);
}

/* ---- rooms of a sync ---- */

static gboolean
receive_event (ConfabOlmVault *vault,
               ConfabStoreTransaction *transaction,
               const char *room_id,
               const ConfabSyncEvent *event,
               ConfabOlmNews *news,
               GError **error)
{
  ConfabMegolmSealed sealed = {
    room_id, event->event_id, event->sender, event->origin_server_ts, event->content, NULL, FALSE
  };
  g_autoptr (JsonObject) redaction = NULL;

  if (!confab_megolm_is_short (event->event_id))
    return TRUE;
  if (strcmp (event->type, "m.room.encrypted") == 0) {
    /* One that was redacted has neither. */
    if (g_strcmp0 (confab_json_peek_string (event->content, "algorithm"),
                   CONFAB_MEGOLM_ALGORITHM) != 0 ||
        confab_json_peek_string (event->content, "ciphertext") == NULL ||
        !confab_megolm_is_short (confab_json_peek_string (event->content, "session_id")))
      return TRUE;
    return take_sealed (vault, transaction, &sealed, news, error);
  }
  if (strcmp (event->type, CONFAB_REDACTION_TYPE) == 0 && event->redacts != NULL) {
    redaction = json_object_new ();
    json_object_set_string_member (redaction, "redacts", event->redacts);
    sealed.content = redaction;
  } else if (!is_offered (event->type))
    return TRUE;
  return put_event (transaction, &sealed, event->type, NULL, NULL, STATE_READY, news, error);
}

/* Whoever left has the key: the next message is encrypted with another one. */
static gboolean
receive_memberships (ConfabStoreTransaction *transaction,
                     const ConfabSyncRoom *room,
                     GError **error)
{
  for (guint i = 0; i < room->state->len; i++) {
    const ConfabSyncEvent *event = room->state->pdata[i];
    if (strcmp (event->type, "m.room.member") != 0 ||
        g_strcmp0 (confab_json_peek_string (event->content, "membership"), "join") == 0)
      continue;
    if (!confab_store_exec (transaction,
                            error,
                            "UPDATE megolm_outbound SET expired = 1 WHERE room_id = ? AND EXISTS "
                            "(SELECT 1 FROM megolm_shares WHERE megolm_shares.room_id = "
                            "megolm_outbound.room_id AND user_id = ? AND state <> 1)",
                            "ss",
                            room->room_id,
                            event->state_key))
      return FALSE;
  }
  return TRUE;
}

gboolean
confab_megolm_events_receive (ConfabOlmVault *vault,
                              ConfabStoreTransaction *transaction,
                              const ConfabSyncBatch *batch,
                              gint64 now_ms,
                              ConfabOlmNews *news,
                              GError **error)
{
  for (guint i = 0; i < batch->rooms->len; i++) {
    const ConfabSyncRoom *room = batch->rooms->pdata[i];
    if (room->membership != CONFAB_SYNC_MEMBERSHIP_JOIN)
      continue;
    if (!receive_memberships (transaction, room, error))
      return FALSE;
    /* What was said before this device was there is history, which is not shown. */
    for (guint j = 0; !batch->initial && j < room->timeline->len; j++) {
      if (!receive_event (vault, transaction, room->room_id, room->timeline->pdata[j], news, error))
        return FALSE;
    }
  }
  return TRUE;
}

/* ---- handing on ---- */

/* What a relation is about stands outside of what is encrypted, for servers to see; where it is in there too, that is the
 * sender's own word. */
static void
add_relation (JsonObject *content, JsonObject *outside)
{
  JsonObject *relation = confab_json_peek_object (outside, "m.relates_to");

  if (relation != NULL && !json_object_has_member (content, "m.relates_to"))
    json_object_set_object_member (content, "m.relates_to", confab_json_copy_object (relation));
}

/* @event stays NULL when it cannot be read any more: its key was dropped, its device blocked, the store is damaged. */
static gboolean
read_row (ConfabOlmVault *vault,
          ConfabStoreTransaction *transaction,
          const Row *row,
          ConfabRoomEvent **event,
          GError **error)
{
  g_autoptr (JsonObject) content = parse_content (row);
  g_autoptr (ConfabRoomEvent) read = confab_room_event_new ();
  g_auto (ConfabMegolmOpened) opened = { 0 };
  ConfabMegolmSealed sealed = seal_of (row, content);
  g_autoptr (GError) failure = NULL;

  if (content == NULL)
    return TRUE;
  read->room_id = g_strdup (row->room_id);
  read->event_id = g_strdup (row->event_id);
  read->sender = g_strdup (row->sender);
  read->origin_server_ts = row->origin_server_ts;
  read->type = g_strdup (row->type);
  if (row->withheld != NULL) {
    read->trust = CONFAB_ROOM_EVENT_TRUST_WITHHELD;
    read->withheld_code = g_strdup (row->withheld);
    read->content = json_object_new ();
  } else if (row->session_id == NULL) {
    read->trust = CONFAB_ROOM_EVENT_TRUST_CLEAR;
    read->content = g_steal_pointer (&content);
  } else {
    if (!confab_megolm_vault_open (vault, transaction, &sealed, &opened, &failure)) {
      if (failure->domain == CONFAB_CRYPTO_ERROR) {
        g_info ("event %s cannot be read any more: %s", row->event_id, failure->message);
        return TRUE;
      }
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
    if (opened.verdict != CONFAB_MEGOLM_VERDICT_READ &&
        opened.verdict != CONFAB_MEGOLM_VERDICT_AGAIN)
      return TRUE;
    g_set_str (&read->type, confab_json_peek_string (opened.payload, "type"));
    read->content = json_object_ref (confab_json_peek_object (opened.payload, "content"));
    add_relation (read->content, content);
    read->device_id = g_steal_pointer (&opened.device_id);
    read->trust = opened.trust;
  }
  *event = g_steal_pointer (&read);
  return TRUE;
}

gboolean
confab_megolm_events_read (ConfabOlmVault *vault,
                           ConfabStoreTransaction *transaction,
                           gint64 after,
                           GPtrArray *events,
                           gint64 *last,
                           GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (row_free);

  *last = after;
  if (!confab_store_query (transaction,
                           event_row_cb,
                           rows,
                           error,
                           SELECT_ROWS "WHERE state = 1 AND id > ? ORDER BY id LIMIT ?",
                           "ii",
                           after,
                           (gint64) MAX_TOGETHER))
    return FALSE;
  for (guint i = 0; i < rows->len; i++) {
    ConfabRoomEvent *event = NULL;
    if (!read_row (vault, transaction, rows->pdata[i], &event, error))
      return FALSE;
    *last = ((const Row *) rows->pdata[i])->id;
    if (event != NULL)
      g_ptr_array_add (events, event);
  }
  return TRUE;
}

gboolean
confab_megolm_events_drop (ConfabStoreTransaction *transaction, gint64 last, GError **error)
{
  return confab_store_exec (
    transaction, error, "DELETE FROM room_events WHERE state = 1 AND id <= ?", "i", last);
}
