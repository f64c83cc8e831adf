/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-olm-vault-private.h"

#include "confab-device-list.h"
#include "confab-json.h"
#include "confab-megolm-events.h"
#include "confab-megolm-shares.h"
#include "confab-megolm-vault.h"
#include "confab-secret.h"

#include <string.h>

#define OLM_ALGORITHM "m.olm.v1.curve25519-aes-sha2"
#define MAX_WAITING 200
#define MAX_WAITING_OF_SENDER 20
#define MAX_WAITING_MS (60 * 1000)               /* call signalling, which is stale by then */
#define MAX_WAITING_KEY_MS (24 * 60 * 60 * 1000) /* room keys: their senders' server may be away */
#define MAX_SEEN 20000

ConfabOlmNews *
confab_olm_news_new (void)
{
  ConfabOlmNews *self = g_new0 (ConfabOlmNews, 1);

  self->warnings = g_ptr_array_new_with_free_func (g_free);
  self->undecrypted = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
confab_olm_news_free (ConfabOlmNews *self)
{
  g_ptr_array_unref (self->warnings);
  g_ptr_array_unref (self->undecrypted);
  g_free (self);
}

static void
warn (ConfabOlmNews *news, const char *user_id, const char *message)
{
  g_ptr_array_add (news->warnings, g_strdup (message));
  g_ptr_array_add (news->warnings, g_strdup (user_id));
}

/* Whether it is signalling of a call, which names its device, and is handed on. */
gboolean
confab_olm_vault_is_call_type (const char *type)
{
  return g_str_has_prefix (type, "m.call.") || g_str_has_prefix (type, "org.matrix.call.");
}

static gboolean
put_in_inbox (ConfabStoreTransaction *transaction,
              const char *sender,
              const char *device_id,
              const char *type,
              JsonObject *content,
              gint64 now_ms,
              ConfabOlmNews *news,
              GError **error)
{
  g_autofree char *text = confab_json_to_string (content);

  if (!confab_store_exec (
        transaction,
        error,
        "INSERT INTO inbox (sender, device_id, type, content, encrypted, received_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        "ssssii",
        sender,
        device_id,
        type,
        text,
        (gint64) (device_id != NULL),
        now_ms))
    return FALSE;
  news->n_inbox++;
  return TRUE;
}

/* ---- what was decrypted ---- */

/* @fresh: by a session that the other side has begun, and in which it has not heard of us yet. With m.dummy such a one says
 * why it was begun: something could not be read. It need not be the session's first message, which may be of a call; in one
 * that both sides have used it says nothing. */
static gboolean
accept (ConfabOlmVault *self,
        ConfabStoreTransaction *transaction,
        const ConfabDeviceKeys *keys,
        JsonObject *payload,
        gboolean fresh,
        gint64 now_ms,
        ConfabOlmNews *news,
        GError **error)
{
  const char *type = confab_json_peek_string (payload, "type");
  JsonObject *content = confab_json_peek_object (payload, "content");

  if (strcmp (type, "m.room_key") == 0)
    return confab_megolm_vault_take_key (self, transaction, keys, content, now_ms, news, error);
  if (confab_megolm_events_is_withheld_type (type))
    return confab_megolm_events_take_withheld (
      self, transaction, keys->user_id, content, now_ms, news, error);
  if (strcmp (type, "m.dummy") == 0)
    return !fresh ||
           confab_megolm_shares_give_again (transaction, keys->user_id, keys->device_id, error);
  /* Keys that are passed on (m.forwarded_room_key) say only whose the one who passes them on says they are: they are not
   * taken. */
  if (!confab_olm_vault_is_call_type (type))
    return TRUE;
  return put_in_inbox (
    transaction, keys->user_id, keys->device_id, type, content, now_ms, news, error);
}

static gboolean
keep_waiting (ConfabStoreTransaction *transaction,
              const char *sender,
              const char *sender_key,
              const char *text,
              gint64 now_ms,
              GError **error)
{
  return confab_store_exec (
           transaction,
           error,
           "INSERT INTO olm_waiting (sender, sender_key, payload, received_at) VALUES (?, ?, ?, ?)",
           "sssi",
           sender,
           sender_key,
           text,
           now_ms) &&
         confab_store_exec (
           transaction,
           error,
           "DELETE FROM olm_waiting WHERE sender = ? AND id NOT IN (SELECT id FROM "
           "olm_waiting WHERE sender = ? ORDER BY id DESC LIMIT ?)",
           "ssi",
           sender,
           sender,
           (gint64) MAX_WAITING_OF_SENDER) &&
         confab_store_exec (transaction,
                            error,
                            "DELETE FROM olm_waiting WHERE id NOT IN "
                            "(SELECT id FROM olm_waiting ORDER BY id DESC LIMIT ?)",
                            "i",
                            (gint64) MAX_WAITING);
}

/* What came through Olm; with the key of a room, should there be one in it. */
typedef JsonObject Payload;

static void
payload_free (Payload *payload)
{
  JsonObject *content = confab_json_peek_object (payload, "content");

  confab_json_wipe_string (content, "session_key");
  json_object_unref (payload);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Payload, payload_free)

static gboolean
take_payload (ConfabOlmVault *self,
              ConfabStoreTransaction *transaction,
              const char *sender,
              const char *sender_key,
              const char *text,
              gboolean fresh,
              gint64 now_ms,
              ConfabOlmNews *news,
              GError **error)
{
  g_autoptr (GError) json_error = NULL;
  g_autoptr (Payload) payload = confab_json_parse_object (text, -1, &json_error);
  g_autoptr (ConfabDeviceKeys) keys = NULL;
  g_autofree char *sealed = NULL;
  const char *refusal = NULL;
  ConfabOlmVerdict verdict;

  if (payload == NULL) {
    warn (news, sender, json_error->message);
    return TRUE;
  }
  if (!confab_olm_vault_judge (
        self, transaction, sender, sender_key, payload, &verdict, &keys, &refusal, error))
    return FALSE;
  switch (verdict) {
  case CONFAB_OLM_VERDICT_ACCEPTED:
    return accept (self, transaction, keys, payload, fresh, now_ms, news, error);
  case CONFAB_OLM_VERDICT_UNKNOWN_DEVICE:
    sealed = confab_megolm_vault_seal_key (self, payload);
    return keep_waiting (
      transaction, sender, sender_key, sealed != NULL ? sealed : text, now_ms, error);
  case CONFAB_OLM_VERDICT_REFUSED:
  default:
    warn (news, sender, refusal);
    return TRUE;
  }
}

/* ---- decrypting ---- */

typedef struct {
  const char *sender;
  const char *sender_key;
  gint64 type;
  const char *body;
} Envelope;

static gboolean
write_ratchet (ConfabOlmVault *self,
               ConfabStoreTransaction *transaction,
               const Envelope *envelope,
               ConfabOlmSession *session,
               gint64 now_ms,
               GError **error)
{
  return confab_olm_vault_write_newest_session (
    self, transaction, envelope->sender_key, session, now_ms, error);
}

/* @text stays NULL when no session that we have can read it. @known is set when it belongs to one that we have: then it must
 * not begin a new one. */
static gboolean
try_sessions (ConfabOlmVault *self,
              ConfabStoreTransaction *transaction,
              const Envelope *envelope,
              gint64 now_ms,
              char **text,
              gboolean *known,
              GError **error)
{
  g_autoptr (GPtrArray) sessions = g_ptr_array_new_with_free_func (g_object_unref);

  if (!confab_olm_vault_read_sessions (self, transaction, envelope->sender_key, sessions, error))
    return FALSE;
  for (guint i = 0; i < sessions->len && *text == NULL && !*known; i++) {
    ConfabOlmSession *session = sessions->pdata[i];
    if (envelope->type == CONFAB_OLM_MESSAGE_PRE_KEY) {
      *known = confab_olm_session_matches (session, envelope->sender_key, envelope->body);
      if (!*known)
        continue;
    }
    *text = confab_olm_session_decrypt (session, envelope->type, envelope->body, NULL, NULL);
    if (*text != NULL && !write_ratchet (self, transaction, envelope, session, now_ms, error)) {
      g_clear_pointer (text, confab_secret_free);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
begin_inbound (ConfabOlmVault *self,
               ConfabStoreTransaction *transaction,
               const Envelope *envelope,
               gint64 now_ms,
               char **text,
               GError **error)
{
  gboolean shared = FALSE;
  g_autoptr (ConfabOlmAccount) account = confab_olm_vault_load_account (self, transaction, &shared, error);
  g_autoptr (ConfabOlmSession) session = NULL;
  g_autoptr (ConfabSecret) got = NULL;

  if (account == NULL)
    return FALSE;
  session = confab_olm_account_create_inbound (account, envelope->sender_key, envelope->body, NULL);
  if (session != NULL)
    got = confab_olm_session_decrypt (session, envelope->type, envelope->body, NULL, NULL);
  if (got == NULL)
    return TRUE;
  confab_olm_account_remove_one_time_keys (account, session);
  if (!confab_olm_vault_save_account (self, transaction, account, shared, error) ||
      !write_ratchet (self, transaction, envelope, session, now_ms, error))
    return FALSE;
  *text = g_steal_pointer (&got);
  return TRUE;
}

static gboolean
found_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  *(gboolean *) data = TRUE;
  return TRUE;
}

static GBytes *
hash_envelope (const Envelope *envelope)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize length = sizeof digest;

  g_checksum_update (checksum, (const guchar *) envelope->sender_key, -1);
  g_checksum_update (checksum, (const guchar *) envelope->body, -1);
  g_checksum_get_digest (checksum, digest, &length);
  return g_bytes_new (digest, length);
}

static gboolean
decrypt (ConfabOlmVault *self,
         ConfabStoreTransaction *transaction,
         const Envelope *envelope,
         gint64 now_ms,
         ConfabOlmNews *news,
         GError **error)
{
  g_autoptr (GBytes) hash = hash_envelope (envelope);
  g_autoptr (ConfabSecret) text = NULL; /* it may be a key */
  gboolean seen = FALSE;
  gboolean known = FALSE;

  if (!confab_store_query (transaction,
                           found_row_cb,
                           &seen,
                           error,
                           "SELECT 1 FROM olm_seen WHERE hash = ?",
                           "b",
                           hash))
    return FALSE;
  if (seen) {
    g_info ("%s: a message came again, it is dropped", envelope->sender);
    return TRUE;
  }
  if (!try_sessions (self, transaction, envelope, now_ms, &text, &known, error))
    return FALSE;
  if (text == NULL && !known && envelope->type == CONFAB_OLM_MESSAGE_PRE_KEY &&
      !begin_inbound (self, transaction, envelope, now_ms, &text, error))
    return FALSE;
  if (text == NULL) {
    warn (news, envelope->sender, "a message cannot be decrypted");
    g_ptr_array_add (news->undecrypted, g_strdup (envelope->sender));
    g_ptr_array_add (news->undecrypted, g_strdup (envelope->sender_key));
    /* The session is mended with that device only once it is known. */
    return confab_device_list_track (transaction, envelope->sender, error);
  }
  return confab_store_exec (transaction,
                            error,
                            "INSERT INTO olm_seen (hash, seen_at) VALUES (?, ?)",
                            "bi",
                            hash,
                            now_ms) &&
         take_payload (self,
                       transaction,
                       envelope->sender,
                       envelope->sender_key,
                       text,
                       envelope->type == CONFAB_OLM_MESSAGE_PRE_KEY,
                       now_ms,
                       news,
                       error);
}

gboolean
confab_olm_vault_receive (ConfabOlmVault *self,
                          ConfabStoreTransaction *transaction,
                          const ConfabSyncEvent *event,
                          gint64 now_ms,
                          ConfabOlmNews *news,
                          GError **error)
{
  g_autoptr (ConfabOlmAccount) account = NULL;
  JsonObject *content = event->content;
  JsonObject *ciphertext = confab_json_peek_object (content, "ciphertext");
  JsonObject *message;
  Envelope envelope = { .sender = event->sender };

  if (confab_olm_vault_is_call_type (event->type))
    return put_in_inbox (
      transaction, event->sender, NULL, event->type, content, now_ms, news, error);
  if (confab_megolm_events_is_withheld_type (event->type))
    return confab_megolm_events_take_withheld (
      self, transaction, event->sender, content, now_ms, news, error);
  if (strcmp (event->type, "m.room.encrypted") != 0 ||
      g_strcmp0 (confab_json_peek_string (content, "algorithm"), OLM_ALGORITHM) != 0)
    return TRUE;
  account = confab_olm_vault_load_account (self, transaction, NULL, error);
  if (account == NULL)
    return FALSE;
  message = confab_json_peek_object (ciphertext, confab_olm_account_get_curve25519 (account));
  envelope.sender_key = confab_json_peek_string (content, "sender_key");
  envelope.type = confab_json_peek_int (message, "type", -1);
  envelope.body = confab_json_peek_string (message, "body");
  if (message == NULL || envelope.sender_key == NULL || envelope.body == NULL) {
    warn (news, event->sender, "an encrypted message is not for this device, or is no Olm message");
    return TRUE;
  }
  return decrypt (self, transaction, &envelope, now_ms, news, error);
}

/* ---- what waits ---- */

typedef struct {
  gint64 id;
  char *sender;
  char *sender_key;
  char *payload;
  gint64 received_at;
} Waiting;

static void
waiting_free (gpointer data)
{
  Waiting *waiting = data;

  g_free (waiting->sender);
  g_free (waiting->sender_key);
  g_free (waiting->payload);
  g_free (waiting);
}

static gboolean
waiting_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  Waiting *waiting = g_new0 (Waiting, 1);

  waiting->id = confab_store_row_get_int (row, 0);
  waiting->sender = g_strdup (confab_store_row_get_string (row, 1));
  waiting->sender_key = g_strdup (confab_store_row_get_string (row, 2));
  waiting->payload = g_strdup (confab_store_row_get_string (row, 3));
  waiting->received_at = confab_store_row_get_int (row, 4);
  g_ptr_array_add (data, waiting);
  return TRUE;
}

static gint64
max_waiting_ms (const Waiting *waiting)
{
  g_autoptr (JsonObject) payload = confab_json_parse_object (waiting->payload, -1, NULL);

  return g_strcmp0 (confab_json_peek_string (payload, "type"), "m.room_key") == 0
           ? MAX_WAITING_KEY_MS
           : MAX_WAITING_MS;
}

static gboolean
retry_one (ConfabOlmVault *self,
           ConfabStoreTransaction *transaction,
           const Waiting *waiting,
           gint64 now_ms,
           ConfabOlmNews *news,
           GError **error)
{
  g_autoptr (ConfabDeviceKeys) keys = NULL;
  gboolean stale = TRUE;

  if (!confab_device_list_lookup (
        transaction, waiting->sender, NULL, waiting->sender_key, &keys, error) ||
      !confab_device_list_is_stale (transaction, waiting->sender, &stale, error))
    return FALSE;
  if (keys == NULL && stale && ABS (now_ms - waiting->received_at) <= max_waiting_ms (waiting))
    return TRUE;
  if (!confab_store_exec (
        transaction, error, "DELETE FROM olm_waiting WHERE id = ?", "i", waiting->id))
    return FALSE;
  if (keys != NULL)
    return take_payload (self,
                         transaction,
                         waiting->sender,
                         waiting->sender_key,
                         waiting->payload,
                         TRUE, /* of a device that was not known */
                         now_ms,
                         news,
                         error);
  warn (news, waiting->sender, "a message came from a device that is not in the sender's list");
  return TRUE;
}

gboolean
confab_olm_vault_retry_waiting (ConfabOlmVault *self,
                                ConfabStoreTransaction *transaction,
                                gint64 now_ms,
                                ConfabOlmNews *news,
                                GError **error)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (waiting_free);

  if (!confab_store_query (transaction,
                           waiting_row_cb,
                           all,
                           error,
                           "SELECT id, sender, sender_key, payload, received_at FROM olm_waiting "
                           "ORDER BY id",
                           NULL))
    return FALSE;
  for (guint i = 0; i < all->len; i++) {
    if (!retry_one (self, transaction, all->pdata[i], now_ms, news, error))
      return FALSE;
  }
  /* A copy of something this old is refused by its ratchet alone. */
  return confab_store_exec (transaction,
                            error,
                            "DELETE FROM olm_seen WHERE seen_at < (SELECT seen_at FROM olm_seen "
                            "ORDER BY seen_at DESC LIMIT 1 OFFSET ?)",
                            "i",
                            (gint64) MAX_SEEN);
}
