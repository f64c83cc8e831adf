/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <signal.h>
#include <string.h>

#include "confab-device-keys.h"
#include "confab-json.h"
#include "confab-megolm-inbound.h"
#include "confab-schema.h"
#include "confab-session-private.h"
#include "confab-system-clock.h"
#include "fake-account.h"
#include "mortal.h"

/* A process that dies by SIGKILL while it says something in a room, at any of its steps to the disk, or while the
 * homeserver (the parent) has a request of it in hand. What it was asked for, as far as it was written down, is said by
 * the next one: once, with what it needs to be read, and before what that one says itself. */

#define CLIENT "/_matrix/client/v3/"
#define MAX_DEATHS (g_getenv ("CONFAB_SANITIZED") == NULL ? 24u : 6u) /* by steps to the disk */

/* ---- the child ---- */

static void
say (ConfabSession *session, gpointer data)
{
  const char *wish = data;
  g_autoptr (JsonObject) content = json_object_new ();

  if (wish[0] == '\0')
    return;
  json_object_set_string_member (content, "body", wish);
  dex_future_disown (confab_session_send_event (session, "!a:x", "m.room.message", content));
}

static gboolean
row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  *(gint64 *) data = confab_store_row_get_int (row, 0);
  return TRUE;
}

static gboolean
count_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_store_query (
    transaction, row_cb, data, error, "SELECT count (*) FROM room_outbox", NULL);
}

static gint64
count_owed (ConfabStore *store)
{
  gint64 n = -1;

  g_assert_true (confab_store_run (store, count_func, &n, NULL));
  return n;
}

static gboolean
owes_nothing (gpointer data)
{
  return count_owed (((ConfabSession *) data)->store) == 0;
}

/* Nobody waits for a process that is told to end; but here it is to have done all that it owes. */
static void
end (ConfabSession *session, gpointer data)
{
  test_until (owes_nothing, session);
}

/* ---- the parent ---- */

typedef struct {
  char *txn_id;
  char *type;
  char *body;
} Said;

static void
said_free (gpointer data)
{
  Said *said = data;

  g_free (said->txn_id);
  g_free (said->type);
  g_free (said->body);
  g_free (said);
}

typedef struct {
  FakeAccount *account;
  gboolean encrypted;
  char *prepared; /* the store of somebody who is signed in */
  char *dir;      /* a copy of it */
  ConfabOlmAccount *ben;
  GPtrArray *sessions;   /* his, with the child's device */
  GHashTable *keys;      /* session id → ConfabMegolmInbound: what Ben was given */
  GPtrArray *said;       /* Said: what is in the room */
  GHashTable *delivered; /* transaction ids of device messages */
  GSubprocess *victim;
  const char *deadly; /* (nullable): the request at which it dies */
  gboolean taken;     /* after it was done what it asks for */
  const char *wanted;
} Fixture;

/* Kills the child that has sent a request; its answer goes nowhere. */
static gboolean
maybe_kill (Fixture *f, const char *request, gboolean taken)
{
  if (f->victim == NULL || g_strcmp0 (f->deadly, request) != 0 || f->taken != taken)
    return FALSE;
  g_subprocess_send_signal (f->victim, SIGKILL);
  f->deadly = NULL;
  return TRUE;
}

static void
claim_cb (FakeHomeserver *server, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  Fixture *f = data;
  g_autoptr (GHashTable) fallback = confab_olm_account_dup_fallback_key (f->ben);
  g_autoptr (JsonObject) key = json_object_new ();
  g_autofree char *text = NULL;
  g_autofree char *reply = NULL;
  GHashTableIter iter;
  gpointer value = NULL;

  maybe_kill (f, "claim", FALSE);
  g_hash_table_iter_init (&iter, fallback);
  g_assert_true (g_hash_table_iter_next (&iter, NULL, &value));
  json_object_set_string_member (key, "key", value);
  json_object_set_boolean_member (key, "fallback", TRUE);
  confab_signed_json_sign (key, f->ben, "@ben:x", "BDEV");
  text = confab_json_to_string (key);
  reply = g_strdup_printf (
    "{\"one_time_keys\":{\"@ben:x\":{\"BDEV\":{\"signed_curve25519:A\":%s}}}}", text);
  fake_homeserver_respond (message, 200, reply);
}

/* What Ben's device makes of an Olm message. */
static char *
decrypt_olm (Fixture *f, const char *sender_key, gint64 type, const char *body)
{
  for (guint i = 0; i < f->sessions->len; i++) {
    ConfabOlmSession *session = f->sessions->pdata[i];
    char *text;
    if (type == CONFAB_OLM_MESSAGE_PRE_KEY &&
        !confab_olm_session_matches (session, sender_key, body))
      continue;
    text = confab_olm_session_decrypt (session, type, body, NULL, NULL);
    if (text != NULL)
      return text;
  }
  g_ptr_array_add (f->sessions, confab_olm_account_create_inbound (f->ben, sender_key, body, NULL));
  g_assert_nonnull (f->sessions->pdata[f->sessions->len - 1]);
  return confab_olm_session_decrypt (
    f->sessions->pdata[f->sessions->len - 1], type, body, NULL, NULL);
}

static void
take_key (Fixture *f, JsonObject *content)
{
  JsonObject *ciphertext = confab_json_peek_object (confab_json_peek_object (content, "ciphertext"),
                                                    confab_olm_account_get_curve25519 (f->ben));
  g_autofree char *text = decrypt_olm (f,
                                       confab_json_peek_string (content, "sender_key"),
                                       confab_json_peek_int (ciphertext, "type", -1),
                                       confab_json_peek_string (ciphertext, "body"));
  g_autoptr (JsonObject) payload = confab_json_parse_object (text, -1, NULL);
  JsonObject *key = confab_json_peek_object (payload, "content");
  ConfabMegolmInbound *session;

  g_assert_cmpstr (confab_json_peek_string (payload, "type"), ==, "m.room_key");
  session = confab_megolm_inbound_new (confab_json_peek_string (key, "session_key"), NULL);
  g_hash_table_replace (f->keys, g_strdup (confab_megolm_inbound_get_id (session)), session);
}

static void
to_device_cb (FakeHomeserver *server, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  Fixture *f = data;
  const char *path = g_uri_get_path (soup_server_message_get_uri (message));
  JsonObject *content = confab_json_peek_object (
    confab_json_peek_object (confab_json_peek_object (body, "messages"), "@ben:x"), "BDEV");

  if (maybe_kill (f, "to-device", FALSE)) {
    fake_homeserver_respond (message, 502, "{}");
    return;
  }
  if (content != NULL && g_hash_table_add (f->delivered, g_strdup (path)))
    take_key (f, content);
  maybe_kill (f, "to-device", TRUE);
  fake_homeserver_respond (message, 200, "{}");
}

static void
put_event (Fixture *f, const char *path, JsonObject *body)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1); /* … rooms ROOM send TYPE TXN */
  guint n = g_strv_length (parts);
  g_autofree char *text = confab_json_to_string (body);
  Said *said;

  for (guint i = 0; i < f->said->len; i++) {
    const Said *known = f->said->pdata[i];
    if (!g_str_equal (known->txn_id, parts[n - 1]))
      continue;
    /* What went out once goes out as it was. */
    g_assert_cmpstr (known->type, ==, parts[n - 2]);
    g_assert_cmpstr (known->body, ==, text);
    return;
  }
  said = g_new (Said, 1);
  *said = (Said) {
    g_strdup (parts[n - 1]),
    g_strdup (parts[n - 2]),
    g_steal_pointer (&text),
  };
  g_ptr_array_add (f->said, said);
}

static void
room_cb (FakeHomeserver *server, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  Fixture *f = data;
  const char *path = g_uri_get_path (soup_server_message_get_uri (message));

  if (strstr (path, "/send/") == NULL) {
    fake_homeserver_respond (
      message,
      200,
      "{\"chunk\":[{\"state_key\":\"@anna:x\",\"content\":{\"membership\":\"join\"}},"
      "{\"state_key\":\"@ben:x\",\"content\":{\"membership\":\"join\"}}]}");
    return;
  }
  if (maybe_kill (f, "put", FALSE)) {
    fake_homeserver_respond (message, 502, "{}");
    return;
  }
  put_event (f, path, body);
  maybe_kill (f, "put", TRUE);
  fake_homeserver_respond (message, 200, "{\"event_id\":\"$1\"}");
}

static gboolean
asked (gpointer data)
{
  Fixture *f = data;

  return f->account->asked->len > 0 &&
         g_str_equal (f->account->asked->pdata[f->account->asked->len - 1], f->wanted);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabClock) clock = confab_system_clock_new ();
  g_autoptr (ConfabSecrets) secrets = NULL;
  g_autoptr (ConfabSession) session = NULL;
  g_autoptr (ConfabHomeserver) homeserver = NULL;
  g_autoptr (JsonObject) keys = NULL;
  g_autofree char *text = NULL;
  g_autofree char *list = NULL;
  g_autofree char *sync = NULL;

  *f = (Fixture) { .account = fake_account_new (), .encrypted = data != NULL };
  f->prepared = g_dir_make_tmp ("confab-test-XXXXXX", NULL);
  f->dir = g_strconcat (f->prepared, "-copy", NULL);
  f->ben = confab_olm_account_new (NULL);
  g_assert_true (confab_olm_account_generate_fallback_key (f->ben, NULL));
  f->sessions = g_ptr_array_new_with_free_func (g_object_unref);
  f->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  f->said = g_ptr_array_new_with_free_func (said_free);
  f->delivered = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  keys = confab_device_keys_make (f->ben, "@ben:x", "BDEV");
  text = confab_json_to_string (keys);
  list = g_strdup_printf ("{\"device_keys\":{\"@ben:x\":{\"BDEV\":%s}}}", text);
  fake_homeserver_forget (f->account->server, CLIENT "keys/query");
  fake_homeserver_reply (f->account->server, CLIENT "keys/query", 200, list);
  fake_homeserver_handle (f->account->server, CLIENT "keys/claim", claim_cb, f);
  fake_homeserver_handle (f->account->server, CLIENT "sendToDevice/", to_device_cb, f);
  fake_homeserver_handle (f->account->server, CLIENT "rooms/", room_cb, f);
  sync = g_strdup_printf (
    "{\"next_batch\":\"s1\",\"rooms\":{\"join\":{\"!a:x\":{\"timeline\":{\"events\":["
    "{\"type\":\"%s\",\"state_key\":\"\",\"sender\":\"@ben:x\",\"content\":{\"algorithm\":"
    "\"m.megolm.v1.aes-sha2\"}}]}}}}}",
    f->encrypted ? "m.room.encryption" : "m.room.name");
  fake_account_sync (f->account, "", sync);
  secrets = confab_file_secrets_new (f->prepared);
  session = confab_session_new (clock, secrets, f->prepared, f->prepared);
  homeserver = confab_homeserver_new (fake_homeserver_get_url (f->account->server));
  test_expect (confab_session_sign_in (session, homeserver, "anna", "secret", NULL));
  f->wanted = "s1";
  test_until (asked, f);
  test_expect (confab_session_stop (session));
  test_settle ();
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  fake_account_free (f->account);
  mortal_run ("rm -r", f->prepared, "");
  g_free (f->prepared);
  g_free (f->dir);
  g_object_unref (f->ben);
  g_ptr_array_unref (f->sessions);
  g_hash_table_unref (f->keys);
  g_ptr_array_unref (f->said);
  g_hash_table_unref (f->delivered);
}

/* What Ben reads of it; its place in its session goes into @places, which no other may have. */
static char *
read_said (Fixture *f, const Said *said, GHashTable *places)
{
  g_autoptr (JsonObject) content = confab_json_parse_object (said->body, -1, NULL);
  g_autoptr (JsonObject) payload = NULL;
  const char *session_id = confab_json_peek_string (content, "session_id");
  ConfabMegolmInbound *session;
  g_autofree char *text = NULL;
  guint32 index = 0;

  if (!f->encrypted) {
    g_assert_cmpstr (said->type, ==, "m.room.message");
    return g_strdup (confab_json_peek_string (content, "body"));
  }
  g_assert_cmpstr (said->type, ==, "m.room.encrypted");
  session = g_hash_table_lookup (f->keys, session_id);
  g_assert_nonnull (session);
  text = confab_megolm_inbound_decrypt (
    session, confab_json_peek_string (content, "ciphertext"), NULL, &index, NULL);
  g_assert_nonnull (text);
  g_assert_true (g_hash_table_add (places, g_strdup_printf ("%s %u", session_id, index)));
  payload = confab_json_parse_object (text, -1, NULL);
  return g_strdup (confab_json_peek_string (confab_json_peek_object (payload, "content"), "body"));
}

static void
assert_said (Fixture *f, const char *expected)
{
  g_autoptr (GHashTable) places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = 0; i < f->said->len; i++) {
    g_autofree char *text = read_said (f, f->said->pdata[i], places);
    g_string_append_printf (all, "%s ", text);
  }
  g_assert_cmpstr (all->str, ==, expected);
}

static void
begin_anew (Fixture *f)
{
  mortal_run ("cp -r", f->prepared, f->dir);
  g_ptr_array_set_size (f->account->asked, 0);
  g_ptr_array_set_size (f->said, 0);
  g_ptr_array_set_size (f->sessions, 0);
  g_hash_table_remove_all (f->keys);
  g_hash_table_remove_all (f->delivered);
}

static gboolean
has_said (gpointer data)
{
  Fixture *f = data;
  const Said *last = f->said->len > 0 ? f->said->pdata[f->said->len - 1] : NULL;
  g_autoptr (GHashTable) places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *text = last != NULL ? read_said (f, last, places) : NULL;

  return g_strcmp0 (text, f->wanted) == 0;
}

/* Goes on where the one before it died, and says something itself. */
static void
run_heir (Fixture *f, GString *said, const char *wish)
{
  g_autoptr (GSubprocess) heir = mortal_start (f->dir, "none", wish);

  f->wanted = wish;
  test_until (has_said, f);
  mortal_end (heir, said);
}

static gint64
count_left (Fixture *f)
{
  g_autofree char *path = g_build_filename (f->dir, "account.db", NULL);
  g_autoptr (ConfabStore) store = confab_store_new (path, confab_schema_migrations, NULL);
  gint64 n = count_owed (store);

  confab_store_close (store);
  return n;
}

static void
run_victim (Fixture *f, const char *step)
{
  g_autoptr (GString) said = g_string_new (NULL);
  g_autoptr (GSubprocess) victim = NULL;
  gboolean owed;

  g_test_message ("dies at %s", step);
  begin_anew (f);
  victim = mortal_start (f->dir, step, "mine");
  f->victim = victim;
  mortal_finish (victim, said);
  f->victim = NULL;
  g_assert_true (g_subprocess_get_if_signaled (victim));
  g_assert_cmpint (g_subprocess_get_term_sig (victim), ==, SIGKILL);
  owed = count_left (f) > 0 || f->said->len > 0;
  run_heir (f, said, "later");
  assert_said (f, owed ? "mine later " : "later ");
  g_assert_cmpint (count_left (f), ==, 0);
  mortal_run ("rm -r", f->dir, "");
}

static void
test_killed_by_request (Fixture *f, gconstpointer data)
{
  static const struct {
    const char *request;
    gboolean taken;
  } deaths[] = {
    { "claim", FALSE }, { "to-device", FALSE }, { "to-device", TRUE },
    { "put", FALSE },   { "put", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (deaths); i++) {
    if (!f->encrypted && !g_str_equal (deaths[i].request, "put"))
      continue;
    f->deadly = deaths[i].request;
    f->taken = deaths[i].taken;
    run_victim (f, deaths[i].request);
    g_assert_null (f->deadly);
  }
}

static void
test_killed_anywhere (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) said = g_string_new (NULL);
  guint n_steps, stride;

  begin_anew (f);
  run_heir (f, said, "mine");
  assert_said (f, "mine ");
  mortal_run ("rm -r", f->dir, "");
  n_steps = mortal_get_n_steps (said);
  g_assert_cmpuint (n_steps, >, 10);
  /* The last ones are taken when it is told to end, which a victim is not. */
  stride = MAX (n_steps / (f->encrypted ? MAX_DEATHS : MAX_DEATHS / 3), 1);
  for (guint i = 1; i + stride < n_steps * 3 / 4; i += stride) {
    g_autofree char *step = g_strdup_printf ("%u", i);
    run_victim (f, step);
  }
}

int
main (int argc, char **argv)
{
  if (argc == 5 && g_str_equal (argv[1], "--child")) {
    dex_init ();
    return mortal_live (argv[2], argv[3], NULL, say, end, argv[4]);
  }
  g_test_init (&argc, &argv, NULL);
  dex_init ();
#define ADD(path, data, func) g_test_add (path, Fixture, data, set_up, func, tear_down)
  ADD ("/crash-send/encrypted/request", GUINT_TO_POINTER (1), test_killed_by_request);
  ADD ("/crash-send/encrypted/anywhere", GUINT_TO_POINTER (1), test_killed_anywhere);
  ADD ("/crash-send/clear/request", NULL, test_killed_by_request);
  ADD ("/crash-send/clear/anywhere", NULL, test_killed_anywhere);
  return g_test_run ();
}
