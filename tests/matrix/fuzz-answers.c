/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-device-list.h"
#include "confab-homeserver-private.h"
#include "confab-json.h"
#include "confab-key-claim.h"
#include "confab-manual-clock.h"
#include "confab-matrix-error.h"
#include "confab-olm-account.h"
#include "confab-olm-vault.h"
#include "confab-schema.h"
#include "confab-turn-source.h"
#include "fake-homeserver.h"

/* What a homeserver answers, beside syncs: the first byte says to what, and with which status; up to the first line's end
 * it is the Retry-After, and the rest is the body. Nobody but the server within this process is ever asked. */

typedef enum {
  ASK_VERSIONS, /* with /.well-known/matrix/client before it */
  ASK_TURN,
  ASK_DEVICES,
  ASK_KEYS,
  ASK_ANYTHING,
  N_ASKS,
} Ask;

static const guint statuses[] = { 200, 200, 200, 200, 400, 401, 403, 404, 429, 500, 502, 511, 302 };

static FakeHomeserver *fake;
static ConfabStore *store;
static ConfabOlmVault *vault;
static ConfabManualClock *stopped_clock;

static guint status;
static char *retry_after; /* (nullable) */
static GBytes *body;

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
answer_cb (FakeHomeserver *server, SoupServerMessage *message, JsonObject *request, gpointer data)
{
  gsize size;
  const char *text = g_bytes_get_data (body, &size);

  soup_server_message_set_status (message, status, NULL);
  if (retry_after != NULL)
    soup_message_headers_replace (soup_server_message_get_response_headers (message),
                                  "Retry-After",
                                  retry_after);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_COPY, text, size);
}

/* Wherever it says that the homeserver is: it is here. */
static void
turn_base_url (void)
{
  gsize size;
  const char *text = g_bytes_get_data (body, &size);
  g_autoptr (JsonObject) object = confab_json_parse_object (text, size, NULL);
  JsonObject *homeserver = object != NULL ? confab_json_peek_object (object, "m.homeserver") : NULL;
  char *changed;

  if (homeserver == NULL || confab_json_peek_string (homeserver, "base_url") == NULL)
    return;
  {
    g_autoptr (JsonObject) here = json_object_new ();
    json_object_set_string_member (here, "base_url", fake_homeserver_get_url (fake));
    json_object_set_object_member (object, "m.homeserver", json_object_ref (here));
  }
  changed = confab_json_to_string (object);
  g_bytes_unref (body);
  body = g_bytes_new_take (changed, strlen (changed));
}

static void
wait_for (DexFuture *future)
{
  g_autoptr (GError) error = NULL;

  test_wait (future, &error);
  g_assert_true (error == NULL || error->message[0] != '\0');
}

static gboolean
track_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_device_list_track (transaction, "@b:x", error) &&
         confab_device_list_mark_changed (transaction, "@b:x", error);
}

/* What was read is read again, and thrown away. */
static gboolean
forget_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  g_autoptr (ConfabDeviceKeys) keys = NULL;

  if (!confab_device_list_lookup (transaction, "@b:x", "DEV", NULL, &keys, error))
    g_assert_not_reached ();
  return confab_store_exec (transaction, error, "DELETE FROM devices", "") &&
         confab_store_exec (transaction, error, "DELETE FROM olm_sessions", "");
}

static void
ask_devices (ConfabHomeserver *homeserver)
{
  ConfabDeviceList *list = confab_device_list_new (store, homeserver, CONFAB_CLOCK (stopped_clock));

  if (!confab_store_run (store, track_func, NULL, NULL))
    g_assert_not_reached ();
  wait_for (confab_device_list_update (list));
  confab_device_list_stop (list);
  test_settle ();
  g_assert_finalize_object (list);
}

static void
ask_keys (ConfabHomeserver *homeserver)
{
  g_autoptr (GPtrArray) devices = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_device_keys_free);
  ConfabDeviceKeys *keys = g_new0 (ConfabDeviceKeys, 1);

  keys->user_id = g_strdup ("@b:x");
  keys->device_id = g_strdup ("DEV");
  keys->curve25519 = g_strnfill (43, 'A');
  keys->ed25519 = g_strnfill (43, 'B');
  g_ptr_array_add (devices, keys);
  wait_for (confab_key_claim (store, homeserver, CONFAB_CLOCK (stopped_clock), vault, devices));
}

static void
ask (Ask what)
{
  g_autoptr (ConfabHomeserver) homeserver = confab_homeserver_new (fake_homeserver_get_url (fake));

  confab_homeserver_set_retry (homeserver, 1, 1);
  confab_homeserver_set_tokens (homeserver, "token", NULL, 0);
  switch (what) {
  case ASK_VERSIONS:
    turn_base_url ();
    wait_for (confab_homeserver_discover (fake_homeserver_get_url (fake)));
    break;
  case ASK_TURN: {
    ConfabTurnSource *source = confab_turn_source_new (homeserver, CONFAB_CLOCK (stopped_clock));
    wait_for (confab_turn_source_get (source));
    test_settle ();
    g_assert_finalize_object (source);
    break;
  }
  case ASK_DEVICES:
    ask_devices (homeserver);
    break;
  case ASK_KEYS:
    ask_keys (homeserver);
    break;
  case ASK_ANYTHING:
  case N_ASKS:
  default:
    wait_for (confab_homeserver_send (
      homeserver, "GET", "/_matrix/client/v3/x", NULL, 0, CONFAB_REQUEST_NONE));
  }
}

static gboolean
make_account (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  g_autoptr (ConfabOlmAccount) account = confab_olm_vault_load_account (vault, transaction, NULL, error);

  return account != NULL;
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  g_autoptr (GBytes) pickle_key = g_bytes_new_static ("0123456789abcdef0123456789abcdef", 32);

  dex_init ();
  store = confab_store_new (NULL, confab_schema_migrations, NULL);
  vault = confab_olm_vault_new ("@me:x", "ME", pickle_key);
  stopped_clock = confab_manual_clock_new (0);
  fake = fake_homeserver_new ();
  fake_homeserver_handle (fake, "/", answer_cb, NULL);
  return confab_store_run (store, make_account, NULL, NULL) ? 0 : 1;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const guint8 *end = size > 1 ? memchr (data + 1, '\n', size - 1) : NULL;

  if (end == NULL)
    return 0;
  status = statuses[data[0] / N_ASKS % G_N_ELEMENTS (statuses)];
  retry_after = end > data + 1 ? g_strndup ((const char *) data + 1, (gsize) (end - data) - 1)
                               : NULL;
  if (retry_after != NULL) /* a header's value, and no other header */
    g_strcanon (retry_after,
                "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-+:,. ",
                ' ');
  body = g_bytes_new (end + 1, size - (gsize) (end - data) - 1);
  ask (data[0] % N_ASKS);
  test_settle ();
  g_ptr_array_set_size (fake_homeserver_get_log (fake), 0);
  if (!confab_store_run (store, forget_func, NULL, NULL))
    g_assert_not_reached ();
  g_clear_pointer (&retry_after, g_free);
  g_clear_pointer (&body, g_bytes_unref);
  return 0;
}
