/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-key-claim.h"

#include "confab-json.h"
#include "confab-store-future.h"

#define CLAIM_PATH "/_matrix/client/v3/keys/claim"
#define CLAIM_TIMEOUT_MS 10000

typedef struct {
  ConfabStore *store;
  ConfabHomeserver *homeserver;
  ConfabOlmVault *vault;
  GPtrArray *devices;
  gint64 now_ms;
  JsonObject *reply;
} Claim;

static void
claim_free (gpointer data)
{
  Claim *claim = data;

  g_object_unref (claim->store);
  g_object_unref (claim->homeserver);
  confab_olm_vault_unref (claim->vault);
  g_ptr_array_unref (claim->devices);
  g_clear_pointer (&claim->reply, json_object_unref);
  g_free (claim);
}

static JsonObject *
make_body (GPtrArray *devices)
{
  g_autoptr (JsonObject) users = json_object_new ();
  JsonObject *body = json_object_new ();

  for (guint i = 0; i < devices->len; i++) {
    const ConfabDeviceKeys *keys = devices->pdata[i];
    JsonObject *user = confab_json_peek_object (users, keys->user_id);
    if (user == NULL) {
      user = json_object_new ();
      json_object_set_object_member (users, keys->user_id, user);
    }
    json_object_set_string_member (user, keys->device_id, "signed_curve25519");
  }
  json_object_set_object_member (body, "one_time_keys", g_steal_pointer (&users));
  json_object_set_int_member (body, "timeout", CLAIM_TIMEOUT_MS);
  return body;
}

/* `{"signed_curve25519:AAAAHg": {…}}`: the one key object in it. */
static JsonObject *
find_key (JsonObject *device)
{
  JsonObjectIter iter;
  const char *name;

  if (device == NULL)
    return NULL;
  json_object_iter_init (&iter, device);
  while (json_object_iter_next (&iter, &name, NULL)) {
    if (g_str_has_prefix (name, "signed_curve25519:"))
      return confab_json_peek_object (device, name);
  }
  return NULL;
}

static gboolean
begin_sessions_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Claim *claim = data;
  JsonObject *users = confab_json_peek_object (claim->reply, "one_time_keys");

  for (guint i = 0; i < claim->devices->len; i++) {
    const ConfabDeviceKeys *keys = claim->devices->pdata[i];
    g_autoptr (GError) why = NULL;
    JsonObject *key = find_key (
      confab_json_peek_object (confab_json_peek_object (users, keys->user_id), keys->device_id));

    if (key == NULL) {
      g_info ("%s of %s has no one-time key left", keys->device_id, keys->user_id);
      continue;
    }
    if (confab_olm_vault_begin_session (claim->vault, transaction, keys, key, claim->now_ms, &why))
      continue;
    if (why->domain == CONFAB_STORE_ERROR ||
        g_error_matches (why, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_BAD_PICKLE)) {
      g_propagate_error (error, g_steal_pointer (&why));
      return FALSE;
    }
    g_info ("the one-time key of %s of %s is refused: %s",
            keys->device_id,
            keys->user_id,
            why->message);
  }
  return TRUE;
}

static DexFuture *
confab_key_claim_fiber (gpointer data)
{
  Claim *claim = data;
  GError *error = NULL;
  g_autoptr (JsonObject) body = make_body (claim->devices);

  claim->reply = dex_await_boxed (confab_homeserver_send (claim->homeserver,
                                                          "POST",
                                                          CLAIM_PATH,
                                                          body,
                                                          CLAIM_TIMEOUT_MS + 5000,
                                                          CONFAB_REQUEST_URGENT),
                                  &error);
  if (claim->reply == NULL ||
      !dex_await (confab_store_future (claim->store, begin_sessions_func, claim), &error))
    return dex_future_new_for_error (error);
  return dex_future_new_true ();
}

DexFuture *
confab_key_claim (ConfabStore *store,
                  ConfabHomeserver *homeserver,
                  ConfabClock *clock,
                  ConfabOlmVault *vault,
                  GPtrArray *devices)
{
  Claim *claim = g_new0 (Claim, 1);

  claim->store = g_object_ref (store);
  claim->homeserver = g_object_ref (homeserver);
  claim->vault = confab_olm_vault_ref (vault);
  claim->devices = g_ptr_array_ref (devices);
  claim->now_ms = confab_clock_get_real_time (clock) / 1000;
  return dex_scheduler_spawn (NULL, 0, confab_key_claim_fiber, claim, claim_free);
}
