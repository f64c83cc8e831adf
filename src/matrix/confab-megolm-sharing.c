/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-megolm-plan-private.h"

#include "confab-json.h"
#include "confab-megolm-outbound.h"
#include "confab-megolm-shares.h"
#include "confab-megolm-vault.h"
#include "confab-outbox.h"
#include "confab-secret.h"

#include <string.h>

#define MAX_REFUSALS 3 /* in a row */

/* ---- the session ---- */

typedef struct {
  char *session_id;
  GBytes *pickle;
  gint64 created_at;
  gboolean expired;
} Outbound;

static void
outbound_clear (Outbound *outbound)
{
  g_clear_pointer (&outbound->session_id, g_free);
  g_clear_pointer (&outbound->pickle, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outbound, outbound_clear)

static gboolean
outbound_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  Outbound *outbound = data;

  outbound->session_id = g_strdup (confab_store_row_get_string (row, 0));
  outbound->pickle = confab_store_row_get_bytes (row, 1);
  outbound->created_at = confab_store_row_get_int (row, 2);
  outbound->expired = confab_store_row_get_int (row, 3) != 0;
  return TRUE;
}

static void
forget_shares (GPtrArray *devices)
{
  for (guint i = 0; i < devices->len; i++) {
    ConfabMegolmDevice *device = devices->pdata[i];
    device->given_index = -1;
    device->withheld = FALSE;
    device->again = FALSE;
    device->given_up = FALSE;
    device->n_refusals = 0;
  }
}

/* The content of m.room_key. */
typedef JsonObject RoomKey;

static void
room_key_free (RoomKey *content)
{
  confab_json_wipe_string (content, "session_key");
  json_object_unref (content);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RoomKey, room_key_free)

/* From the session's present index on. */
static RoomKey *
make_key (const ConfabMegolmPlan *plan, ConfabMegolmOutbound *session)
{
  JsonObject *content = json_object_new ();
  g_autoptr (ConfabSecret) key = confab_megolm_outbound_dup_key (session);

  json_object_set_string_member (content, "algorithm", CONFAB_MEGOLM_ALGORITHM);
  json_object_set_string_member (content, "room_id", plan->room_id);
  json_object_set_string_member (content, "session_id", confab_megolm_outbound_get_id (session));
  json_object_set_string_member (content, "session_key", key);
  return content;
}

/* We read what we send as everybody else does: the room tells it to us, too. */
static gboolean
keep_own_key (ConfabStoreTransaction *transaction,
              const ConfabMegolmPlan *plan,
              ConfabOlmAccount *account,
              JsonObject *key,
              GError **error)
{
  ConfabDeviceKeys own = {
    .user_id = plan->vault->user_id,
    .device_id = plan->vault->device_id,
    .curve25519 = (char *) confab_olm_account_get_curve25519 (account),
    .ed25519 = (char *) confab_olm_account_get_ed25519 (account),
  };
  g_autoptr (ConfabOlmNews) news = confab_olm_news_new ();

  return confab_megolm_vault_take_key (
    plan->vault, transaction, &own, key, plan->now_ms, news, error);
}

static ConfabMegolmOutbound *
begin_session (ConfabStoreTransaction *transaction,
               const ConfabMegolmPlan *plan,
               ConfabOlmAccount *account,
               GError **error)
{
  g_autoptr (ConfabMegolmOutbound) session = confab_megolm_outbound_new (error);
  g_autoptr (GBytes) pickle = NULL;
  g_autoptr (RoomKey) key = NULL;

  if (session == NULL)
    return NULL;
  pickle = confab_megolm_outbound_pickle (session, plan->vault->pickle_key, error);
  if (pickle == NULL ||
      !confab_store_exec (
        transaction, error, "DELETE FROM megolm_outbound WHERE room_id = ?", "s", plan->room_id) ||
      !confab_store_exec (transaction,
                          error,
                          "INSERT INTO megolm_outbound (room_id, session_id, pickle, created_at) "
                          "VALUES (?, ?, ?, ?)",
                          "ssbi",
                          plan->room_id,
                          confab_megolm_outbound_get_id (session),
                          pickle,
                          plan->now_ms))
    return NULL;
  key = make_key (plan, session);
  if (!keep_own_key (transaction, plan, account, key, error))
    return NULL;
  g_debug ("%s: a new group session", plan->room_id);
  return g_steal_pointer (&session);
}

static gboolean
is_worn (const Outbound *outbound,
         ConfabMegolmOutbound *session,
         const ConfabMegolmLimits *limits,
         gint64 now_ms)
{
  return outbound->expired || ABS (now_ms - outbound->created_at) >= limits->period_ms ||
         confab_megolm_outbound_get_index (session) >= limits->n_messages;
}

/* The session for the next message, and in @devices who has its key. */
static ConfabMegolmOutbound *
take_session (ConfabStoreTransaction *transaction,
              const ConfabMegolmPlan *plan,
              const ConfabMegolmLimits *limits,
              ConfabOlmAccount *account,
              GPtrArray *devices,
              GError **error)
{
  g_auto (Outbound) outbound = { 0 };
  g_autoptr (ConfabMegolmOutbound) session = NULL;
  gboolean intruder = FALSE;

  if (!confab_store_query (transaction,
                           outbound_row_cb,
                           &outbound,
                           error,
                           "SELECT session_id, pickle, created_at, expired FROM megolm_outbound "
                           "WHERE room_id = ?",
                           "s",
                           plan->room_id) ||
      !confab_megolm_shares_read (transaction, plan->room_id, devices, &intruder, error))
    return NULL;
  if (outbound.pickle != NULL) {
    session = confab_megolm_outbound_unpickle (outbound.pickle, plan->vault->pickle_key, NULL);
    if (session == NULL)
      g_info ("%s: its group session is damaged: another one begins", plan->room_id);
    else if (!intruder && !is_worn (&outbound, session, limits, plan->now_ms))
      return g_steal_pointer (&session);
  }
  forget_shares (devices);
  return begin_session (transaction, plan, account, error);
}

/* ---- giving the key ---- */

/* What session there was with the device may be damaged: then it is no more, and another is asked for. */
static gboolean
give_key (ConfabStoreTransaction *transaction,
          ConfabMegolmPlan *plan,
          const ConfabMegolmDevice *device,
          JsonObject *key,
          gint64 index,
          GError **error)
{
  g_autofree char *wire = NULL;

  /* Encrypted at once: in the outbox the key would lie about readable. */
  if (!confab_olm_vault_encrypt (
        plan->vault, transaction, device->keys, "m.room_key", key, &wire, error))
    return FALSE;
  if (wire == NULL) {
    g_ptr_array_add (plan->claim, confab_device_keys_copy (device->keys));
    return TRUE;
  }
  return confab_outbox_insert_encrypted (transaction,
                                         plan->room_id,
                                         device->keys->user_id,
                                         device->keys->device_id,
                                         "m.room_key",
                                         wire,
                                         plan->now_ms,
                                         error) &&
         confab_store_exec (transaction,
                            error,
                            "DELETE FROM megolm_no_olm WHERE user_id = ? AND device_id = ?",
                            "ss",
                            device->keys->user_id,
                            device->keys->device_id) &&
         confab_megolm_shares_note (
           transaction, plan->room_id, device->keys, index, CONFAB_MEGOLM_SHARE_GIVEN, error);
}

/* @session_id: (nullable): the one whose key it is; %NULL: it goes for all keys, whatever the room */
static gboolean
say_withheld (ConfabStoreTransaction *transaction,
              const ConfabMegolmPlan *plan,
              const char *user_id,
              const char *device_id,
              const char *sender_key,
              const char *session_id,
              const char *code,
              const char *reason,
              GError **error)
{
  g_autoptr (JsonObject) content = json_object_new ();
  g_autofree char *text = NULL;

  json_object_set_string_member (content, "algorithm", CONFAB_MEGOLM_ALGORITHM);
  json_object_set_string_member (content, "sender_key", sender_key);
  json_object_set_string_member (content, "code", code);
  json_object_set_string_member (content, "reason", reason);
  if (session_id != NULL) {
    json_object_set_string_member (content, "room_id", plan->room_id);
    json_object_set_string_member (content, "session_id", session_id);
  }
  text = confab_json_to_string (content);
  return confab_outbox_insert (transaction,
                               plan->room_id,
                               user_id,
                               device_id,
                               CONFAB_WITHHELD_TYPE,
                               text,
                               CONFAB_SIGNALLING_CLEAR,
                               plan->now_ms,
                               NULL,
                               error);
}

/* Once a device until there is a session. */
static gboolean
say_no_olm (ConfabStoreTransaction *transaction,
            const ConfabMegolmPlan *plan,
            const char *user_id,
            const char *device_id,
            const char *sender_key,
            GError **error)
{
  gint64 told = 0;

  if (!confab_store_query (transaction,
                           confab_store_row_take_int,
                           &told,
                           error,
                           "SELECT 1 FROM megolm_no_olm WHERE user_id = ? AND device_id = ?",
                           "ss",
                           user_id,
                           device_id))
    return FALSE;
  return told != 0 || (confab_store_exec (transaction,
                                          error,
                                          "INSERT INTO megolm_no_olm VALUES (?, ?, ?)",
                                          "ssi",
                                          user_id,
                                          device_id,
                                          plan->now_ms) &&
                       say_withheld (transaction,
                                     plan,
                                     user_id,
                                     device_id,
                                     sender_key,
                                     NULL,
                                     "m.no_olm",
                                     "No session with this device can be had.",
                                     error));
}

static gboolean
withhold_key (ConfabStoreTransaction *transaction,
              const ConfabMegolmPlan *plan,
              const ConfabMegolmDevice *device,
              const char *session_id,
              const char *sender_key,
              GError **error)
{
  const ConfabDeviceKeys *keys = device->keys;
  gboolean ok;

  /* Blocked: once a device and session. */
  if (device->blocked)
    ok = say_withheld (transaction,
                       plan,
                       keys->user_id,
                       keys->device_id,
                       sender_key,
                       session_id,
                       "m.blacklisted",
                       "The sender has blocked this device.",
                       error);
  else
    ok = say_no_olm (transaction, plan, keys->user_id, keys->device_id, sender_key, error);
  /* Whoever may have it all the same is not to be forgotten. */
  return ok && (device->again ||
                confab_megolm_shares_note (
                  transaction, plan->room_id, keys, 0, CONFAB_MEGOLM_SHARE_WITHHELD, error));
}

/* What the server does not take for it is not made anew with each message: that is told to it, in case that can be. It goes
 * for the session; whatever it has of it, it may have. */
static gboolean
give_up (ConfabStoreTransaction *transaction,
         const ConfabMegolmPlan *plan,
         const ConfabMegolmDevice *device,
         ConfabMegolmOutbound *session,
         const char *sender_key,
         GError **error)
{
  const ConfabDeviceKeys *keys = device->keys;

  g_info ("%s: the server does not take the key for %s of %s: it cannot read what is said here",
          plan->room_id,
          keys->device_id,
          keys->user_id);
  return say_withheld (transaction,
                       plan,
                       keys->user_id,
                       keys->device_id,
                       sender_key,
                       confab_megolm_outbound_get_id (session),
                       "m.unavailable",
                       "The sender's homeserver does not take the key for this device.",
                       error) &&
         confab_megolm_shares_note (transaction,
                                    plan->room_id,
                                    keys,
                                    confab_megolm_outbound_get_index (session),
                                    CONFAB_MEGOLM_SHARE_GIVEN_UP,
                                    error);
}

static gboolean
id_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  g_ptr_array_add (data, g_strdup (confab_store_row_get_string (row, 0)));
  return TRUE;
}

/* Devices whose keys are not as they have to be: there is nothing that a key could be encrypted with for them, but
 * whoever sits before one need not guess why. */
static gboolean
tell_refused (ConfabStoreTransaction *transaction,
              const ConfabMegolmPlan *plan,
              const char *sender_key,
              GError **error)
{
  for (guint i = 0; plan->members[i] != NULL; i++) {
    const char *user_id = plan->members[i];
    g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

    if (!confab_store_query (transaction,
                             id_row_cb,
                             ids,
                             error,
                             "SELECT device_id FROM refused_devices WHERE user_id = ?1 AND "
                             "NOT (user_id = ?2 AND device_id = ?3)",
                             "sss",
                             user_id,
                             plan->vault->user_id,
                             plan->vault->device_id))
      return FALSE;
    for (guint j = 0; j < ids->len; j++) {
      if (!say_no_olm (transaction, plan, user_id, ids->pdata[j], sender_key, error))
        return FALSE;
    }
  }
  return TRUE;
}

/* Whether anybody reads what is said in the session, as far as is known. */
static gboolean
any_given (GPtrArray *devices)
{
  for (guint i = 0; i < devices->len; i++) {
    const ConfabMegolmDevice *device = devices->pdata[i];
    if (device->given_index >= 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean
share (ConfabStoreTransaction *transaction,
       ConfabMegolmPlan *plan,
       ConfabMegolmOutbound *session,
       const char *sender_key,
       GPtrArray *devices,
       GError **error)
{
  g_autoptr (RoomKey) key = make_key (plan, session);
  gboolean may_give_up = any_given (devices); /* else it would be said to nobody */
  gboolean ok = TRUE;

  g_clear_pointer (&plan->claim, g_ptr_array_unref);
  plan->claim = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_device_keys_free);
  for (guint i = 0; ok && i < devices->len; i++) {
    const ConfabMegolmDevice *device = devices->pdata[i];
    if (device->given_index >= 0 || device->given_up)
      continue;
    if (!device->blocked && device->has_olm && device->n_refusals >= MAX_REFUSALS && may_give_up)
      ok = give_up (transaction, plan, device, session, sender_key, error);
    else if (!device->blocked && device->has_olm)
      ok = give_key (
        transaction, plan, device, key, confab_megolm_outbound_get_index (session), error);
    else if (!device->withheld)
      ok = withhold_key (
        transaction, plan, device, confab_megolm_outbound_get_id (session), sender_key, error);
  }
  return ok && tell_refused (transaction, plan, sender_key, error);
}

/* ---- encrypting ---- */

static char *
make_payload (const ConfabMegolmPlan *plan, JsonObject **relation, GError **error)
{
  g_autoptr (JsonObject) payload = json_object_new ();
  g_autoptr (JsonObject) content = confab_json_parse_object (plan->content, -1, error);
  JsonObject *relates_to = confab_json_peek_object (content, "m.relates_to");

  if (content == NULL)
    return NULL;
  if (relates_to != NULL) {
    *relation = json_object_ref (relates_to);
    json_object_remove_member (content, "m.relates_to");
  }
  json_object_set_string_member (payload, "room_id", plan->room_id);
  json_object_set_string_member (payload, "type", plan->type);
  json_object_set_object_member (payload, "content", g_steal_pointer (&content));
  return confab_json_to_string (payload);
}

/* Spec: “m.megolm.v1.aes-sha2”. The sender's key and device are no longer asked for, but older clients want them. What
 * the event relates to is for the server to see: it gathers what belongs together. */
static gboolean
encrypt (ConfabStoreTransaction *transaction,
         ConfabMegolmPlan *plan,
         ConfabMegolmOutbound *session,
         const char *sender_key,
         GError **error)
{
  g_autoptr (JsonObject) wire = json_object_new ();
  g_autoptr (JsonObject) relation = NULL;
  g_autofree char *payload = make_payload (plan, &relation, error);
  g_autofree char *body = NULL;
  g_autoptr (GBytes) pickle = NULL;

  if (payload == NULL)
    return FALSE;
  body = confab_megolm_outbound_encrypt (session, payload, error);
  if (body == NULL)
    return FALSE;
  pickle = confab_megolm_outbound_pickle (session, plan->vault->pickle_key, error);
  if (pickle == NULL || !confab_store_exec (transaction,
                                            error,
                                            "UPDATE megolm_outbound SET pickle = ? "
                                            "WHERE room_id = ?",
                                            "bs",
                                            pickle,
                                            plan->room_id))
    return FALSE;
  json_object_set_string_member (wire, "algorithm", CONFAB_MEGOLM_ALGORITHM);
  json_object_set_string_member (wire, "ciphertext", body);
  json_object_set_string_member (wire, "session_id", confab_megolm_outbound_get_id (session));
  json_object_set_string_member (wire, "sender_key", sender_key);
  json_object_set_string_member (wire, "device_id", plan->vault->device_id);
  if (relation != NULL)
    json_object_set_object_member (wire, "m.relates_to", g_steal_pointer (&relation));
  plan->wire = confab_json_to_string (wire);
  return TRUE;
}

gboolean
confab_megolm_read_rows (ConfabStoreTransaction *transaction,
                         ConfabMegolmPlan *plan,
                         GError **error)
{
  plan->rows = g_array_new (FALSE, FALSE, sizeof (gint64));
  return confab_store_query (transaction,
                             confab_store_row_add_int,
                             plan->rows,
                             error,
                             "SELECT id FROM outbox WHERE room_id = ? AND type = 'm.room_key'",
                             "s",
                             plan->room_id);
}

gboolean
confab_megolm_share_and_encrypt (ConfabStoreTransaction *transaction,
                                 ConfabMegolmPlan *plan,
                                 const ConfabMegolmLimits *limits,
                                 GPtrArray *devices,
                                 GError **error)
{
  g_autoptr (ConfabOlmAccount) account = confab_olm_vault_load_account (plan->vault, transaction, NULL, error);
  g_autoptr (ConfabMegolmOutbound) session = NULL;
  const char *sender_key;

  if (account == NULL)
    return FALSE;
  sender_key = confab_olm_account_get_curve25519 (account);
  session = take_session (transaction, plan, limits, account, devices, error);
  if (session == NULL || !share (transaction, plan, session, sender_key, devices, error))
    return FALSE;
  plan->status = plan->claim->len > 0 ? CONFAB_MEGOLM_NEEDS_KEYS : CONFAB_MEGOLM_READY;
  return plan->status != CONFAB_MEGOLM_READY ||
         (encrypt (transaction, plan, session, sender_key, error) &&
          confab_megolm_read_rows (transaction, plan, error));
}
