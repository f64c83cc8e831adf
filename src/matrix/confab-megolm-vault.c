/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-megolm-vault-private.h"

#include "confab-crypto-error.h"
#include "confab-device-list.h"
#include "confab-json.h"
#include "confab-megolm-inbound.h"

#include <string.h>

#define MAX_SESSIONS 1000 /* of one device; the oldest go, and what they could read with them */
#define MAX_ID_LENGTH 255
#define SEALED_KEY "session_pickle" /* in place of session_key, where a payload waits */

void
confab_megolm_warn (ConfabOlmNews *news, const char *user_id, const char *message)
{
  g_ptr_array_add (news->warnings, g_strdup (message));
  g_ptr_array_add (news->warnings, g_strdup (user_id));
}

gboolean
confab_megolm_is_short (const char *text)
{
  return text != NULL && text[0] != '\0' && strlen (text) <= MAX_ID_LENGTH;
}

/* ---- sessions ---- */

/* One that we have: a row of megolm_inbound. */
typedef struct {
  gint64 id;
  char *sender_key;
  char *user_id;
  char *device_id;
  char *ed25519;
  GBytes *pickle;
  gint64 first_index;
} Inbound;

static void
inbound_free (gpointer data)
{
  Inbound *inbound = data;

  g_free (inbound->sender_key);
  g_free (inbound->user_id);
  g_free (inbound->device_id);
  g_free (inbound->ed25519);
  g_clear_pointer (&inbound->pickle, g_bytes_unref);
  g_free (inbound);
}

static gboolean
inbound_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  Inbound *inbound = g_new0 (Inbound, 1);

  inbound->id = confab_store_row_get_int (row, 0);
  inbound->sender_key = g_strdup (confab_store_row_get_string (row, 1));
  inbound->user_id = g_strdup (confab_store_row_get_string (row, 2));
  inbound->device_id = g_strdup (confab_store_row_get_string (row, 3));
  inbound->ed25519 = g_strdup (confab_store_row_get_string (row, 4));
  inbound->pickle = confab_store_row_get_bytes (row, 5);
  inbound->first_index = confab_store_row_get_int (row, 6);
  g_ptr_array_add (data, inbound);
  return TRUE;
}

static gboolean
find_inbound (ConfabStoreTransaction *transaction,
              const char *room_id,
              const char *session_id,
              GPtrArray *sessions,
              GError **error)
{
  return confab_store_query (
    transaction,
    inbound_row_cb,
    sessions,
    error,
    "SELECT id, sender_key, user_id, device_id, ed25519, pickle, first_index FROM megolm_inbound "
    "WHERE room_id = ? AND session_id = ? ORDER BY id",
    "ss",
    room_id,
    session_id);
}

/* ---- reading an event ---- */

void
confab_megolm_opened_clear (ConfabMegolmOpened *self)
{
  g_clear_pointer (&self->payload, json_object_unref);
  g_clear_pointer (&self->device_id, g_free);
}

typedef struct {
  gboolean found;
  char *event_id;
  gint64 origin_server_ts;
} Seen;

static gboolean
seen_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  Seen *seen = data;

  seen->found = TRUE;
  seen->event_id = g_strdup (confab_store_row_get_string (row, 0));
  seen->origin_server_ts = confab_store_row_get_int (row, 1);
  return TRUE;
}

/* Spec: “m.megolm.v1.aes-sha2”: a message index belongs to one event, or somebody replays it. */
static gboolean
check_index (ConfabStoreTransaction *transaction,
             const Inbound *inbound,
             const ConfabMegolmSealed *sealed,
             guint32 index,
             ConfabMegolmOpened *opened,
             GError **error)
{
  Seen seen = { 0 };
  g_autofree char *event_id = NULL;

  if (!confab_store_query (transaction,
                           seen_row_cb,
                           &seen,
                           error,
                           "SELECT event_id, origin_server_ts FROM megolm_seen "
                           "WHERE inbound_id = ? AND message_index = ?",
                           "ii",
                           inbound->id,
                           (gint64) index))
    return FALSE;
  event_id = seen.event_id;
  if (!seen.found)
    return confab_store_exec (transaction,
                              error,
                              "INSERT INTO megolm_seen VALUES (?, ?, ?, ?)",
                              "iisi",
                              inbound->id,
                              (gint64) index,
                              sealed->event_id,
                              sealed->origin_server_ts);
  if (strcmp (event_id, sealed->event_id) == 0 &&
      seen.origin_server_ts == sealed->origin_server_ts) {
    opened->verdict = CONFAB_MEGOLM_VERDICT_AGAIN;
    return TRUE;
  }
  opened->verdict = CONFAB_MEGOLM_VERDICT_REFUSED;
  opened->refusal = "a message in a room is a copy of an earlier one";
  return TRUE;
}

typedef struct {
  gboolean found;
  char *ed25519;
} DeviceRow;

static gboolean
device_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  DeviceRow *device = data;

  if (device->found)
    return TRUE;
  device->found = TRUE;
  device->ed25519 = g_strdup (confab_store_row_get_string (row, 0));
  return TRUE;
}

/* The device whose session it is, as its list is now. */
static gboolean
check_device (ConfabOlmVault *vault,
              ConfabStoreTransaction *transaction,
              const Inbound *inbound,
              ConfabMegolmOpened *opened,
              GError **error)
{
  DeviceRow device = { 0 };
  g_autofree char *ed25519 = NULL;
  gboolean blocked = FALSE;
  gboolean own = strcmp (inbound->user_id, vault->user_id) == 0 &&
                 strcmp (inbound->device_id, vault->device_id) == 0;

  opened->trust = CONFAB_ROOM_EVENT_TRUST_DEVICE;
  if (own) /* no list is needed to know oneself */
    return TRUE;
  if (!confab_device_list_is_blocked (
        transaction, inbound->user_id, inbound->device_id, &blocked, error) ||
      !confab_store_query (transaction,
                           device_row_cb,
                           &device,
                           error,
                           "SELECT ed25519 FROM devices WHERE user_id = ? AND "
                           "device_id = ? AND curve25519 = ?",
                           "sss",
                           inbound->user_id,
                           inbound->device_id,
                           inbound->sender_key))
    return FALSE;
  ed25519 = device.ed25519;
  if (blocked)
    opened->refusal = "a message in a room is from a device that is blocked";
  else if (!device.found)
    opened->trust = CONFAB_ROOM_EVENT_TRUST_DEVICE_GONE;
  else if (strcmp (ed25519, inbound->ed25519) != 0)
    opened->refusal = "a message in a room is signed by another device";
  if (opened->refusal != NULL)
    opened->verdict = CONFAB_MEGOLM_VERDICT_REFUSED;
  return TRUE;
}

static const char *
check_payload (const ConfabMegolmSealed *sealed, JsonObject *payload)
{
  const char *room_id = confab_json_peek_string (payload, "room_id");

  if (g_strcmp0 (room_id, sealed->room_id) != 0)
    return "a message was encrypted for another room";
  if (!confab_megolm_is_short (confab_json_peek_string (payload, "type")) ||
      confab_json_peek_object (payload, "content") == NULL)
    return "a message in a room has no type or no content";
  return NULL;
}

/* Tells a message that this session cannot read yet from one that is none of it. */
static ConfabMegolmVerdict
verdict_for (const GError *error)
{
  return g_error_matches (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_UNKNOWN_KEY)
           ? CONFAB_MEGOLM_VERDICT_NO_KEY
           : CONFAB_MEGOLM_VERDICT_REFUSED;
}

/* The disk has spoilt it. The row stays, for which event had which index is still known; any key for it is better. */
static gboolean
lose_key (ConfabStoreTransaction *transaction,
          const Inbound *inbound,
          ConfabMegolmOpened *opened,
          GError **error)
{
  g_info ("a key of %s of %s is damaged: it is waited for", inbound->device_id, inbound->user_id);
  opened->verdict = CONFAB_MEGOLM_VERDICT_NO_KEY;
  return confab_store_exec (transaction,
                            error,
                            "UPDATE megolm_inbound SET first_index = ? WHERE id = ?",
                            "ii",
                            (gint64) G_MAXUINT32 + 1,
                            inbound->id);
}

static gboolean
open_with (ConfabOlmVault *vault,
           ConfabStoreTransaction *transaction,
           const Inbound *inbound,
           const ConfabMegolmSealed *sealed,
           ConfabMegolmOpened *opened,
           GError **error)
{
  g_autoptr (ConfabMegolmInbound) session = confab_megolm_inbound_unpickle (inbound->pickle,
                                                                 vault->pickle_key,
                                                                 NULL);
  g_autoptr (GError) failure = NULL;
  g_autofree char *text = NULL;
  gsize length = 0;
  guint32 index = 0;

  if (session == NULL)
    return lose_key (transaction, inbound, opened, error);
  text = confab_megolm_inbound_decrypt (
    session, confab_json_peek_string (sealed->content, "ciphertext"), &length, &index, &failure);
  if (text == NULL) {
    opened->verdict = verdict_for (failure);
    if (opened->verdict == CONFAB_MEGOLM_VERDICT_REFUSED)
      opened->refusal = "a message in a room cannot be decrypted";
    return TRUE;
  }
  opened->verdict = CONFAB_MEGOLM_VERDICT_READ;
  opened->payload = confab_json_parse_object (text, length, NULL);
  explicit_bzero (text, length);
  opened->device_id = g_strdup (inbound->device_id);
  opened->refusal = check_payload (sealed, opened->payload);
  if (opened->refusal != NULL) {
    opened->verdict = CONFAB_MEGOLM_VERDICT_REFUSED;
    return TRUE;
  }
  if (!check_device (vault, transaction, inbound, opened, error))
    return FALSE;
  return opened->verdict == CONFAB_MEGOLM_VERDICT_REFUSED ||
         check_index (transaction, inbound, sealed, index, opened, error);
}

/* Whose session it is says the key, which came through Olm; the event's sender must be that user. What it says of its
 * device itself is not asked for, but must not be something else. Whoever reads a session can pass its key off as their
 * own: that does not keep the right one out, for which the event goes on waiting. */
gboolean
confab_megolm_vault_open (ConfabOlmVault *vault,
                          ConfabStoreTransaction *transaction,
                          const ConfabMegolmSealed *sealed,
                          ConfabMegolmOpened *opened,
                          GError **error)
{
  g_autoptr (GPtrArray) sessions = g_ptr_array_new_with_free_func (inbound_free);
  const char *sender_key = confab_json_peek_string (sealed->content, "sender_key");

  opened->verdict = CONFAB_MEGOLM_VERDICT_NO_KEY;
  if (!find_inbound (transaction,
                     sealed->room_id,
                     confab_json_peek_string (sealed->content, "session_id"),
                     sessions,
                     error))
    return FALSE;
  for (guint i = 0; i < sessions->len; i++) {
    const Inbound *inbound = sessions->pdata[i];
    if (strcmp (inbound->user_id, sealed->sender) != 0 ||
        (sender_key != NULL && strcmp (inbound->sender_key, sender_key) != 0)) {
      opened->refusal = "a message in a room is not from whom its key is";
      continue;
    }
    opened->refusal = NULL;
    if (!open_with (vault, transaction, inbound, sealed, opened, error))
      return FALSE;
    if (opened->verdict != CONFAB_MEGOLM_VERDICT_NO_KEY)
      return TRUE;
    /* It is from before this key: another device of theirs may have given an older one. */
    confab_megolm_opened_clear (opened);
  }
  return TRUE;
}

/* ---- keys ---- */

static ConfabMegolmInbound *
read_key (ConfabOlmVault *vault, JsonObject *content)
{
  const char *sealed = confab_json_peek_string (content, SEALED_KEY);
  g_autoptr (GBytes) pickle = NULL;

  if (sealed == NULL)
    return confab_megolm_inbound_new (confab_json_peek_string (content, "session_key"), NULL);
  /* It is ours, or it cannot be unpickled with our key. */
  pickle = g_bytes_new (sealed, strlen (sealed));
  return confab_megolm_inbound_unpickle (pickle, vault->pickle_key, NULL);
}

/* Of two keys for one session the one that reads more stays. That both are of one ratchet is for its owner to see to:
 * only that device can give a second one, and an index is still good for one event. */
static gboolean
write_key (ConfabOlmVault *vault,
           ConfabStoreTransaction *transaction,
           const char *room_id,
           const ConfabDeviceKeys *from,
           ConfabMegolmInbound *session,
           gint64 now_ms,
           GError **error)
{
  g_autoptr (GBytes) pickle = confab_megolm_inbound_pickle (session, vault->pickle_key, error);

  return pickle != NULL &&
         confab_store_exec (
           transaction,
           error,
           "INSERT INTO megolm_inbound (room_id, session_id, sender_key, user_id, device_id, "
           "ed25519, pickle, first_index, received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
           "ON CONFLICT (room_id, session_id, sender_key) DO UPDATE SET pickle = excluded.pickle, "
           "first_index = excluded.first_index WHERE excluded.first_index < first_index "
           "AND excluded.user_id = user_id",
           "ssssssbii",
           room_id,
           confab_megolm_inbound_get_id (session),
           from->curve25519,
           from->user_id,
           from->device_id,
           from->ed25519,
           pickle,
           (gint64) confab_megolm_inbound_get_first_index (session),
           now_ms) &&
         confab_store_exec (transaction,
                            error,
                            "DELETE FROM megolm_inbound WHERE sender_key = ? AND id <= "
                            "(SELECT id FROM megolm_inbound WHERE sender_key = ? "
                            "ORDER BY id DESC LIMIT 1 OFFSET ?)",
                            "ssi",
                            from->curve25519,
                            from->curve25519,
                            (gint64) MAX_SESSIONS);
}

gboolean
confab_megolm_vault_take_key (ConfabOlmVault *vault,
                              ConfabStoreTransaction *transaction,
                              const ConfabDeviceKeys *from,
                              JsonObject *content,
                              gint64 now_ms,
                              ConfabOlmNews *news,
                              GError **error)
{
  const char *room_id = confab_json_peek_string (content, "room_id");
  const char *session_id = confab_json_peek_string (content, "session_id");
  const ConfabMegolmWaiting waiting = { NULL, room_id, session_id };
  g_autoptr (ConfabMegolmInbound) session = NULL;

  if (g_strcmp0 (confab_json_peek_string (content, "algorithm"), CONFAB_MEGOLM_ALGORITHM) != 0 ||
      !confab_megolm_is_short (room_id)) {
    confab_megolm_warn (news,
                        from->user_id,
                        "a room key is for an unknown algorithm, or for no room");
    return TRUE;
  }
  session = read_key (vault, content);
  if (session == NULL || g_strcmp0 (confab_megolm_inbound_get_id (session), session_id) != 0) {
    confab_megolm_warn (news, from->user_id, "a room key is not that of its session");
    return TRUE;
  }
  return write_key (vault, transaction, room_id, from, session, now_ms, error) &&
         confab_store_exec (
           transaction,
           error,
           "DELETE FROM megolm_withheld WHERE user_id = ? AND ((room_id = ? AND session_id = ?) "
           "OR (room_id = '' AND sender_key = ?))",
           "ssss",
           from->user_id,
           room_id,
           session_id,
           from->curve25519) &&
         confab_megolm_events_retry (vault, transaction, &waiting, news, error);
}

char *
confab_megolm_vault_seal_key (ConfabOlmVault *vault, JsonObject *payload)
{
  g_autoptr (JsonObject) copy = NULL;
  g_autoptr (ConfabMegolmInbound) session = NULL;
  g_autoptr (GBytes) pickle = NULL;
  g_autofree char *text = NULL;
  JsonObject *content;
  gsize length;
  gconstpointer bytes;

  if (g_strcmp0 (confab_json_peek_string (payload, "type"), "m.room_key") != 0)
    return NULL;
  copy = confab_json_copy_object (payload);
  content = confab_json_peek_object (copy, "content");
  session = read_key (vault, content);
  if (session == NULL)
    return NULL;
  pickle = confab_megolm_inbound_pickle (session, vault->pickle_key, NULL);
  if (pickle == NULL)
    return NULL;
  bytes = g_bytes_get_data (pickle, &length); /* base64 */
  text = g_strndup (bytes, length);
  json_object_remove_member (content, "session_key");
  json_object_set_string_member (content, SEALED_KEY, text);
  return confab_json_to_string (copy);
}
