/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-call-handler.h"
#include "confab-call-membership.h"
#include "confab-call-people.h"
#include "confab-device-list.h"
#include "confab-fake-signalling.h"
#include "confab-homeserver-private.h"
#include "confab-json.h"
#include "confab-key-claim.h"
#include "confab-key-upload.h"
#include "confab-manual-clock.h"
#include "confab-matrix-error.h"
#include "confab-olm-account.h"
#include "confab-olm-vault.h"
#include "confab-room-private.h"
#include "confab-schema.h"
#include "confab-session.h"
#include "confab-sync-store.h"
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
  ASK_MEMBERS,
  ASK_MEMBER,
  ASK_TOKENS,
  ASK_SIGN_IN,
  ASK_UPLOAD,
  N_ASKS,
} Ask;

static const guint statuses[] = { 200, 200, 200, 200, 400, 401, 403, 404, 429, 500, 502, 511, 302 };

static FakeHomeserver *fake;
static ConfabStore *store;
static ConfabOlmVault *vault;
static ConfabOlmAccount *account;
static ConfabManualClock *stopped_clock;

static guint status;
static char *retry_after; /* (nullable) */
static GBytes *body;

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* A keyring that keeps nothing: so who signs in is told, and out again, before there is anything on the disk. */
G_DECLARE_FINAL_TYPE (NoSecrets, no_secrets, NO, SECRETS, GObject)

struct _NoSecrets {
  GObject parent_instance;
};

static void no_secrets_iface_init (ConfabSecretsInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (NoSecrets,
                               no_secrets,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_SECRETS, no_secrets_iface_init))

static DexFuture *
no_secrets_lookup (ConfabSecrets *secrets, const char *name)
{
  return dex_future_new_reject (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "nothing is kept");
}

static DexFuture *
no_secrets_store (ConfabSecrets *secrets, const char *name, const char *secret)
{
  return dex_future_new_reject (CONFAB_MATRIX_ERROR,
                                CONFAB_MATRIX_ERROR_NO_KEYRING,
                                "nothing is kept");
}

static DexFuture *
no_secrets_clear (ConfabSecrets *secrets, const char *name)
{
  return dex_future_new_true ();
}

static void
no_secrets_iface_init (ConfabSecretsInterface *iface)
{
  iface->lookup = no_secrets_lookup;
  iface->store = no_secrets_store;
  iface->clear = no_secrets_clear;
}

static void
no_secrets_class_init (NoSecretsClass *klass)
{
}

static void
no_secrets_init (NoSecrets *self)
{
}

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
         confab_store_exec (transaction, error, "DELETE FROM members", "") &&
         confab_store_exec (transaction, error, "DELETE FROM meta", "") &&
         confab_store_exec (transaction, error, "DELETE FROM olm_sessions", "") &&
         confab_olm_vault_save_account (vault, transaction, account, FALSE, error);
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

/* !a:x, where @b:x is, who may be called as somebody else is. */
static ConfabSyncBatch *
new_batch (void)
{
  ConfabSyncBatch *batch = confab_sync_batch_new ("s1");
  ConfabSyncRoom *room = confab_sync_batch_add_room (batch, "!a:x");
  g_autoptr (JsonObject) content = json_object_new ();

  json_object_set_string_member (content, "membership", "join");
  json_object_set_string_member (content, "displayname", "B");
  g_ptr_array_add (room->state,
                   confab_sync_event_new ("m.room.member", "@b:x", "@b:x", 1, content));
  return batch;
}

static void
check_members (ConfabRoom *room)
{
  g_auto (GStrv) ids = confab_room_dup_joined_user_ids (room);

  for (guint i = 0; ids[i] != NULL; i++) {
    g_autoptr (ConfabRoomMember) member = confab_room_get_member (room, ids[i]);
    g_autofree char *name = NULL;

    g_assert_cmpint (ids[i][0], ==, '@');
    g_object_get (member, "name", &name, NULL);
    g_assert_cmpstr (name, !=, NULL);
    g_assert_cmpstr (name, !=, "");
  }
}

static void
ask_members (ConfabHomeserver *homeserver)
{
  g_autoptr (ConfabRoomList) list = confab_room_list_new ("@me:x", homeserver);
  g_autoptr (ConfabSyncBatch) batch = new_batch ();
  ConfabRoom *room;

  confab_room_list_apply (list, batch);
  room = confab_room_list_lookup (list, "!a:x");
  wait_for (confab_room_load_members (room));
  check_members (room);
  test_settle ();
}

static void
told_cb (ConfabCallPeople *people, gpointer data)
{
  *(gboolean *) data = TRUE;
}

static gboolean
is_set (gpointer data)
{
  return *(gboolean *) data;
}

/* @c:x, of whom no sync has told, is in a call. */
static void
ask_member (ConfabHomeserver *homeserver)
{
  static const char entry[] = "{\"m.calls\": [{\"m.call_id\": \"conf\", \"m.devices\": [{"
                              "\"device_id\": \"C\", \"session_id\": \"S\", "
                              "\"expires_ts\": 9000000000000, \"feeds\": []}]}]}";
  g_autoptr (ConfabRoomList) list = confab_room_list_new ("@me:x", homeserver);
  g_autoptr (ConfabSyncBatch) batch = new_batch ();
  g_autoptr (ConfabFakeSignalling) signalling = confab_fake_signalling_new (CONFAB_CLOCK (stopped_clock));
  g_autoptr (ConfabCallHandler) handler = confab_call_handler_new (CONFAB_SIGNALLING (signalling),
                                                        CONFAB_CLOCK (stopped_clock),
                                                        "@me:x",
                                                        "ME");
  ConfabCallPeople *people = confab_call_people_new (
    store, list, handler, CONFAB_CLOCK (stopped_clock), "@me:x");
  g_autoptr (JsonObject) content = confab_json_parse_object (entry, -1, NULL);
  g_autoptr (ConfabSyncEvent) event = confab_sync_event_new (
    CONFAB_CALL_MEMBERSHIP_TYPE, "@c:x", "@c:x", 1, content);
  gboolean told = FALSE;

  confab_room_list_apply (list, batch);
  g_signal_connect (people, "told", G_CALLBACK (told_cb), &told);
  confab_call_people_note (people, "!a:x", event);
  confab_call_people_ask (people);
  test_until (is_set, &told);
  check_members (confab_room_list_lookup (list, "!a:x"));
  confab_call_people_stop (people);
  test_settle ();
  g_assert_finalize_object (people);
}

static void
ask_sign_in (ConfabHomeserver *homeserver)
{
  g_autoptr (NoSecrets) secrets = g_object_new (no_secrets_get_type (), NULL);
  ConfabSession *session = confab_session_new (CONFAB_CLOCK (stopped_clock),
                                               CONFAB_SECRETS (secrets),
                                               "/nowhere/data",
                                               "/nowhere/cache");

  wait_for (confab_session_sign_in (session, homeserver, "me", "secret", NULL));
  g_assert_null (confab_session_get_user_id (session));
  test_settle ();
  g_assert_finalize_object (session);
}

static void
ask_anything (ConfabHomeserver *homeserver)
{
  wait_for (confab_homeserver_send (
    homeserver, "GET", "/_matrix/client/v3/x", NULL, 0, CONFAB_REQUEST_NONE));
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
  case ASK_MEMBERS:
    ask_members (homeserver);
    break;
  case ASK_MEMBER:
    ask_member (homeserver);
    break;
  case ASK_TOKENS:
    confab_homeserver_set_tokens (homeserver, "token", "refresh", 1);
    ask_anything (homeserver);
    break;
  case ASK_SIGN_IN:
    ask_sign_in (homeserver);
    break;
  case ASK_UPLOAD:
    wait_for (confab_key_upload (store, homeserver, vault, -1, FALSE, 1));
    break;
  case ASK_ANYTHING:
  case N_ASKS:
  default:
    ask_anything (homeserver);
  }
}

static gboolean
make_world (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  g_autoptr (ConfabSyncBatch) batch = new_batch ();

  account = confab_olm_vault_load_account (vault, transaction, NULL, error);
  return account != NULL && confab_sync_store_apply (transaction, batch, error);
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
  return confab_store_run (store, make_world, NULL, NULL) ? 0 : 1;
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
