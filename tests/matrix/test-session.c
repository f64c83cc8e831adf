/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "confab-secrets.h"
#include "confab-json.h"
#include "confab-manual-clock.h"
#include "confab-schema.h"
#include "confab-session.h"
#include "confab-store.h"
#include "confab-system-clock.h"
#include "fake-account.h"
#include "fake-call-handler.h"

#define ME CONFAB_MATRIX_ERROR

#define ROOM_STATE                                                                                 \
  "{\"type\":\"m.room.create\",\"state_key\":\"\",\"sender\":\"@ben:x\",\"event_id\":\"$1\","      \
  "\"content\":{}},"                                                                               \
  "{\"type\":\"m.room.name\",\"state_key\":\"\",\"sender\":\"@ben:x\",\"content\":{\"name\":"      \
  "\"Rehearsal\"}},"                                                                               \
  "{\"type\":\"m.room.encryption\",\"state_key\":\"\",\"sender\":\"@ben:x\",\"content\":{"         \
  "\"algorithm\":\"m\"}},"                                                                         \
  "{\"type\":\"m.room.member\",\"state_key\":\"@ben:x\",\"sender\":\"@ben:x\",\"content\":{"       \
  "\"membership\":\"join\","                                                                       \
  "\"displayname\":\"Ben\"}},"                                                                     \
  "{\"type\":\"m.room.power_levels\",\"state_key\":\"\",\"sender\":\"@ben:x\",\"content\":{"       \
  "\"users\":{\"@ben:x\":100},"                                                                    \
  "\"state_default\":50}}"
#define FIRST                                                                                      \
  "{\"next_batch\":\"s1\",\"rooms\":{\"join\":{\"!a:x\":{\"state\":{\"events\":[" ROOM_STATE "]}," \
  "\"summary\":{\"m.joined_member_count\":2,\"m.heroes\":[\"@ben:x\"]},\"timeline\":{\"events\":[" \
  "{\"type\":\"m.room.message\",\"sender\":\"@ben:x\",\"event_id\":\"$m\",\"origin_server_ts\":"   \
  "1234,\"content\":{}}"                                                                           \
  "]}}}},\"account_data\":{\"events\":[{\"type\":\"m.direct\",\"content\":{\"@ben:x\":[\"!a:x\"]}" \
  "}]}}"
#define SECOND                                                                                     \
  "{\"next_batch\":\"s2\",\"to_device\":{\"events\":[{\"type\":\"m.call.invite\",\"sender\":\"@"   \
  "ben:x\","                                                                                       \
  "\"content\":{\"call_id\":\"c1\",\"conf_id\":\"k\",\"device_id\":\"D\"}}]},"                     \
  "\"rooms\":{\"join\":{\"!a:x\":{\"timeline\":{\"events\":[{\"type\":\"org.matrix.msc3401.call."  \
  "member\","                                                                                      \
  "\"state_key\":\"@ben:x\",\"sender\":\"@ben:x\",\"origin_server_ts\":9,\"content\":{\"m."        \
  "calls\":[]}},"                                                                                  \
  "{\"type\":\"org.matrix.msc3401.call\",\"state_key\":\"k\",\"sender\":\"@ben:x\",\"origin_"      \
  "server_ts\":8,"                                                                                 \
  "\"content\":{\"m.intent\":\"m.ring\"}}]}}}}}"

/* Secrets in memory that can refuse. */
typedef struct {
  GObject parent_instance;
  GHashTable *secrets;
  GError *refusal;
} FakeSecrets;
typedef GObjectClass FakeSecretsClass;

static void fake_secrets_iface_init (ConfabSecretsInterface *iface);
static GType fake_secrets_get_type (void);
G_DEFINE_TYPE_WITH_CODE (FakeSecrets,
                         fake_secrets,
                         G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (CONFAB_TYPE_SECRETS, fake_secrets_iface_init))

static DexFuture *
fake_secrets_lookup (ConfabSecrets *secrets, const char *account)
{
  FakeSecrets *self = (FakeSecrets *) secrets;

  if (self->refusal != NULL)
    return dex_future_new_for_error (g_error_copy (self->refusal));
  if (!g_hash_table_contains (self->secrets, account))
    return dex_future_new_reject (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "none");
  return dex_future_new_for_string (g_hash_table_lookup (self->secrets, account));
}

static DexFuture *
fake_secrets_store (ConfabSecrets *secrets, const char *account, const char *secret)
{
  FakeSecrets *self = (FakeSecrets *) secrets;

  if (self->refusal != NULL)
    return dex_future_new_for_error (g_error_copy (self->refusal));
  g_hash_table_replace (self->secrets, g_strdup (account), g_strdup (secret));
  return dex_future_new_true ();
}

static DexFuture *
fake_secrets_clear (ConfabSecrets *secrets, const char *account)
{
  g_hash_table_remove (((FakeSecrets *) secrets)->secrets, account);
  return dex_future_new_true ();
}

static void
fake_secrets_iface_init (ConfabSecretsInterface *iface)
{
  iface->lookup = fake_secrets_lookup;
  iface->store = fake_secrets_store;
  iface->clear = fake_secrets_clear;
}

static void
fake_secrets_finalize (GObject *object)
{
  FakeSecrets *self = (FakeSecrets *) object;

  g_hash_table_unref (self->secrets);
  g_clear_error (&self->refusal);
  G_OBJECT_CLASS (fake_secrets_parent_class)->finalize (object);
}

static void
fake_secrets_class_init (FakeSecretsClass *klass)
{
  klass->finalize = fake_secrets_finalize;
}

static void
fake_secrets_init (FakeSecrets *self)
{
  self->secrets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

typedef struct {
  FakeAccount *account;
  FakeSecrets *secrets;
  ConfabClock *clock;
  char *dir;
  ConfabSession *session;
  ConfabHomeserver *homeserver;
  char *wanted;
  guint wanted_state;
} Fixture;

static void
new_session (Fixture *f)
{
  g_clear_object (&f->session);
  f->session = confab_session_new (f->clock, CONFAB_SECRETS (f->secrets), f->dir, f->dir);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->account = fake_account_new ();
  f->secrets = g_object_new (fake_secrets_get_type (), NULL);
  f->clock = confab_system_clock_new ();
  f->dir = g_dir_make_tmp ("confab-test-XXXXXX", NULL);
  f->homeserver = confab_homeserver_new (fake_homeserver_get_url (f->account->server));
  new_session (f);
  fake_account_sync (f->account, "", FIRST);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *child = g_build_filename (path, name, NULL);
    remove_tree (child);
  }
  g_remove (path);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  test_expect (confab_session_stop (f->session));
  test_settle ();
  g_assert_finalize_object (f->session);
  g_object_unref (f->homeserver);
  g_object_unref (f->secrets);
  g_object_unref (f->clock);
  fake_account_free (f->account);
  remove_tree (f->dir);
  g_free (f->dir);
}

static gboolean
in_state (gpointer data)
{
  Fixture *f = data;

  return confab_session_get_state (f->session) == f->wanted_state;
}

static void
until_state (Fixture *f, ConfabSessionState state)
{
  f->wanted_state = state;
  test_until (in_state, f);
}

static gboolean
asked_from (gpointer data)
{
  Fixture *f = data;

  return f->account->asked->len > 0 &&
         g_str_equal (f->account->asked->pdata[f->account->asked->len - 1], f->wanted);
}

/* Until the loop asks for what follows @since: so all before has been applied. */
static void
until_asked (Fixture *f, const char *since)
{
  f->wanted = (char *) since;
  test_until (asked_from, f);
}

static void
sign_in (Fixture *f)
{
  test_expect (confab_session_sign_in (f->session, f->homeserver, "anna", "secret", "Test"));
  until_state (f, CONFAB_SESSION_STATE_ONLINE);
}

static guint
count (const char *text, const char *what)
{
  guint n = 0;

  for (const char *p = text; (p = strstr (p, what)) != NULL; p++)
    n++;
  return n;
}

static void
assert_room (Fixture *f)
{
  ConfabRoomList *rooms = confab_session_get_rooms (f->session);
  ConfabRoom *room = confab_room_list_lookup (rooms, "!a:x");
  g_auto (GStrv) ids = NULL;

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (rooms)), ==, 1);
  g_assert_nonnull (room);
  g_assert_cmpstr (confab_room_get_name (room), ==, "Rehearsal");
  g_assert_true (confab_room_get_encrypted (room));
  g_assert_true (confab_room_get_direct (room));
  g_assert_false (confab_room_get_can_start_call (room));
  g_assert_cmpuint (confab_room_get_n_joined (room), ==, 2);
  g_assert_cmpint (confab_room_get_last_activity (room), ==, 1234);
  ids = confab_room_dup_joined_user_ids (room);
  g_assert_cmpstrv (ids, ((const char *const[]) { "@ben:x", NULL }));
}

static void
test_sign_in (Fixture *f, gconstpointer data)
{
  const char *secret;

  sign_in (f);
  assert_room (f);
  g_assert_cmpstr (confab_session_get_user_id (f->session), ==, "@anna:x");
  g_assert_cmpstr (confab_session_get_device_id (f->session), ==, "DEV1");
  g_assert_nonnull (strstr (f->account->login_body, "\"refresh_token\":true"));
  g_assert_null (strstr (f->account->login_body, "device_id"));
  secret = g_hash_table_lookup (f->secrets->secrets, "@anna:x DEV1");
  g_assert_nonnull (
    strstr (secret, "\"access_token\":\"t1\",\"refresh_token\":\"r1\",\"pickle_key\":\""));
}

static void
test_refused (Fixture *f, gconstpointer data)
{
  test_expect_error (confab_session_sign_in (f->session, f->homeserver, "anna", "wrong", NULL),
                     ME,
                     CONFAB_MATRIX_ERROR_FORBIDDEN);
  g_assert_cmpint (confab_session_get_state (f->session), ==, CONFAB_SESSION_STATE_SIGNED_OUT);

  /* Without a place for secrets the device is given back. */
  f->secrets->refusal = g_error_new_literal (ME, CONFAB_MATRIX_ERROR_NO_KEYRING, "none");
  test_expect_error (confab_session_sign_in (f->session, f->homeserver, "anna", "secret", NULL),
                     ME,
                     CONFAB_MATRIX_ERROR_NO_KEYRING);
  g_assert_cmpuint (
    fake_homeserver_get_n_requests (f->account->server, "/_matrix/client/v3/logout"), ==, 1);
  g_assert_null (confab_session_get_user_id (f->session));
}

/* A server that takes the password and says nonsense. */
static void
test_bad_login (Fixture *f, gconstpointer data)
{
  static const char *const replies[] = {
    "{}",
    "{\"device_id\":\"DEV1\",\"access_token\":\"t1\"}",
    "{\"user_id\":null,\"device_id\":\"DEV1\",\"access_token\":\"t1\"}",
    "{\"user_id\":\"@anna:x\",\"access_token\":\"t1\"}",
    "{\"user_id\":\"@anna:x\",\"device_id\":7,\"access_token\":\"t1\"}",
    "{\"user_id\":\"@anna:x\",\"device_id\":\"DEV1\"}",
    "{\"user_id\":\"@anna:x\",\"device_id\":\"DEV1\",\"access_token\":[]}",
    "[]",
    "{",
  };

  for (guint i = 0; i < G_N_ELEMENTS (replies); i++) {
    f->account->login_reply = replies[i];
    test_expect_error (confab_session_sign_in (f->session, f->homeserver, "anna", "secret", NULL),
                       ME,
                       CONFAB_MATRIX_ERROR_BAD_RESPONSE);
    g_assert_cmpint (confab_session_get_state (f->session), ==, CONFAB_SESSION_STATE_SIGNED_OUT);
    g_assert_null (confab_session_get_user_id (f->session));
  }
  f->account->login_reply = NULL;
  sign_in (f);
}

static guint
get_mode (const char *path)
{
  GStatBuf info;

  g_assert_no_errno (g_stat (path, &info));
  return info.st_mode & 0777;
}

/* Nobody else on the machine reads what is kept, whatever the person's umask. */
static void
test_private (Fixture *f, gconstpointer data)
{
  g_autofree char *dir = g_build_filename (f->dir, "store", NULL);
  g_autofree char *secrets_dir = g_build_filename (f->dir, "secrets", NULL);
  g_autoptr (ConfabSecrets) secrets = confab_file_secrets_new (secrets_dir);
  mode_t before = umask (0);

  g_clear_object (&f->session);
  f->session = confab_session_new (f->clock, secrets, dir, dir);
  sign_in (f);
  umask (before);
  for (guint i = 0; i < 2; i++) {
    const char *path = i == 0 ? dir : secrets_dir;
    g_autoptr (GDir) files = g_dir_open (path, 0, NULL);
    guint n_files = 0;
    const char *name;

    g_assert_cmpuint (get_mode (path), ==, 0700);
    while ((name = g_dir_read_name (files)) != NULL) {
      g_autofree char *file = g_build_filename (path, name, NULL);
      n_files++;
      if (!g_file_test (file, G_FILE_TEST_IS_DIR))
        g_assert_cmpuint (get_mode (file), ==, 0600);
    }
    g_assert_cmpuint (n_files, >, 0);
  }
}

static void
test_restore (Fixture *f, gconstpointer data)
{
  const GValue *value;

  value = test_wait (confab_session_restore (f->session), NULL);
  g_assert_false (g_value_get_boolean (value));
  sign_in (f);
  until_asked (f, "s1");
  test_expect (confab_session_stop (f->session));

  /* Even when the server is away, all is there. */
  f->account->sync_status = 503;
  new_session (f);
  value = test_wait (confab_session_restore (f->session), NULL);
  g_assert_true (g_value_get_boolean (value));
  assert_room (f);
  until_state (f, CONFAB_SESSION_STATE_OFFLINE);
  f->account->sync_status = 0;
  g_ptr_array_set_size (f->account->asked, 0);
  confab_session_try_now (f->session);
  until_asked (f, "s1");
}

/* Whoever quits does not wait for what just began; whenever that is, all ends well. */
static void
test_stop_at_any_time (Fixture *f, gconstpointer data)
{
  sign_in (f);
  until_asked (f, "s1");
  test_expect (confab_session_stop (f->session));
  for (guint i = 0; i < 80; i++) {
    gboolean restore = i % 2 == 0;
    DexFuture *begun;

    new_session (f);
    begun = restore ? confab_session_restore (f->session)
                    : confab_session_sign_in (f->session, f->homeserver, "anna", "secret", NULL);
    for (guint j = 0; j < i / 2; j++)
      g_main_context_iteration (NULL, FALSE);
    test_expect (confab_session_stop (f->session));
    while (dex_future_is_pending (begun))
      g_main_context_iteration (NULL, TRUE);
    dex_unref (begun);
    test_settle ();
    g_assert_null (confab_session_get_rooms (f->session));
    g_assert_finalize_object (g_steal_pointer (&f->session));
  }
  /* Nothing is broken by that. */
  new_session (f);
  sign_in (f);
  assert_room (f);
}

static gboolean
is_uploading (gpointer data)
{
  Fixture *f = data;

  return fake_homeserver_get_n_requests (f->account->server, "/_matrix/client/v3/keys/upload") > 0;
}

/* A server that has stopped to answer is not waited for: the clock of this test stands, so no request times out. */
static void
test_stop_with_frozen_server (Fixture *f, gconstpointer data)
{
  fake_homeserver_forget (f->account->server, "/_matrix/client/v3/keys/upload");
  fake_homeserver_hang (f->account->server, "/_matrix/client/v3/keys/upload");
  sign_in (f);
  test_until (is_uploading, f);
  test_expect (confab_session_stop (f->session));
}

static void
test_restore_without_secret (Fixture *f, gconstpointer data)
{
  const GValue *value;

  sign_in (f);
  test_expect (confab_session_stop (f->session));
  f->secrets->refusal = g_error_new_literal (ME, CONFAB_MATRIX_ERROR_KEYRING_LOCKED, "locked");
  new_session (f);
  test_expect_error (confab_session_restore (f->session), ME, CONFAB_MATRIX_ERROR_KEYRING_LOCKED);
  g_clear_error (&f->secrets->refusal);
  value = test_wait (confab_session_restore (f->session), NULL);
  g_assert_true (g_value_get_boolean (value));
  test_expect (confab_session_stop (f->session));

  g_hash_table_remove_all (f->secrets->secrets);
  new_session (f);
  value = test_wait (confab_session_restore (f->session), NULL);
  g_assert_false (g_value_get_boolean (value));
}

static gboolean
hold_inbox_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_store_exec (transaction,
                            error,
                            "CREATE TRIGGER hold BEFORE DELETE ON inbox BEGIN "
                            "SELECT RAISE (FAIL, 'no'); END",
                            NULL);
}

/* What another device has declined is known before the call is: by the sync, after a restart by the store. Nothing of the
 * rest that a server puts there is kept. */
static void
test_declined (Fixture *f, gconstpointer data)
{
  const char *log;

  sign_in (f);
  fake_account_sync (
    f->account,
    "s1",
    "{\"next_batch\":\"s2\",\"rooms\":{\"join\":{\"!a:x\":{\"state\":{\"events\":[{\"type\":"
    "\"org.matrix.msc3401.call\",\"state_key\":\"k\",\"sender\":\"@ben:x\",\"content\":{"
    "\"m.intent\":\"m.ring\"}}]},\"account_data\":{\"events\":[{\"type\":"
    "\"app.confab.declined_calls\",\"content\":{\"calls\":{\"k\":{}}}},{\"type\":\"m.other\","
    "\"content\":{}},{\"type\":\"app.confab.declined_calls\",\"content\":7}]}}}}}");
  until_asked (f, "s2");
  log = fake_call_handler_get_log (confab_session_get_call_handler (f->session));
  g_assert_nonnull (strstr (log,
                            "account-data !a:x app.confab.declined_calls\n"
                            "account-data !a:x m.other\nstate !a:x org.matrix.msc3401.call k\n"));
  test_expect (confab_session_stop (f->session));

  new_session (f);
  test_expect (confab_session_restore (f->session));
  log = fake_call_handler_get_log (confab_session_get_call_handler (f->session));
  g_assert_nonnull (strstr (log,
                            "account-data !a:x app.confab.declined_calls\n"
                            "state !a:x org.matrix.msc3401.call k\n"));
  g_assert_cmpuint (count (log, "account-data"), ==, 1);
  /* It rings, or not, before any other room is read. */
  g_assert_nonnull (strstr (log, "state !a:x org.matrix.msc3401.call k\nend-stored\n"));
  g_assert_cmpuint (count (log, "end-stored"), ==, 2);
}

#define CALL_EVENT_OF(room, id, content)                                                           \
  "\"" room "\":{\"state\":{\"events\":[{\"type\":\"org.matrix.msc3401.call\",\"state_key\":\"" id \
  "\",\"sender\":\"@ben:x\",\"content\":" content "}]}}"

static void
silence (Fixture *f, const char *room_id, const char *call_id)
{
  g_signal_emit_by_name (confab_session_get_call_handler (f->session),
                         "silenced",
                         room_id,
                         call_id);
}

/* What this device has declined or answered it knows after a restart, before the call itself, and for as long as the call
 * is on: not of one that is over, nor of a room that was left. */
static void
test_silenced (Fixture *f, gconstpointer data)
{
  const char *log;

  sign_in (f);
  fake_account_sync (
    f->account,
    "s1",
    "{\"next_batch\":\"s2\",\"rooms\":{\"join\":{" CALL_EVENT_OF (
      "!a:x",
      "k",
      "{\"m.intent\":\"m.ring\"}") "," CALL_EVENT_OF ("!b:x",
                                                      "k",
                                                      "{\"m.intent\":\"m.ring\"}") "}}}");
  until_asked (f, "s2");
  log = fake_call_handler_get_log (confab_session_get_call_handler (f->session));
  g_assert_cmpuint (count (log, "silenced"), ==, 0);
  silence (f, "!a:x", "k");
  silence (f, "!a:x", "k");
  silence (f, "!a:x", "begun-here"); /* no sync has brought it */
  silence (f, "!b:x", "k");
  silence (f, "!left:x", "k");
  test_expect (confab_session_stop (f->session));

  new_session (f);
  test_expect (confab_session_restore (f->session));
  log = fake_call_handler_get_log (confab_session_get_call_handler (f->session));
  g_assert_nonnull (strstr (log, "silenced !a:x k\nstate !a:x org.matrix.msc3401.call k\n"));
  g_assert_cmpuint (count (log, "silenced !a:x"), ==, 2);
  g_assert_cmpuint (count (log, "silenced"), ==, 3);
  /* It rings, or not, before any other room is read. */
  g_assert_nonnull (strstr (strstr (log, "silenced !a:x k"), "end-stored\n"));
  fake_account_sync (f->account,
                     "s2",
                     "{\"next_batch\":\"s3\",\"rooms\":{\"join\":{" CALL_EVENT_OF (
                       "!a:x", "k", "{\"m.terminated\":true}") "},\"leave\":{\"!b:x\":{}}}}");
  until_asked (f, "s3");
  silence (f, "!a:x", "k"); /* it ended at that moment */
  test_expect (confab_session_stop (f->session));

  new_session (f);
  test_expect (confab_session_restore (f->session));
  fake_account_sync (f->account,
                     "s3",
                     "{\"next_batch\":\"s4\",\"rooms\":{\"join\":{" CALL_EVENT_OF (
                       "!b:x", "k", "{\"m.intent\":\"m.ring\"}") "}}}");
  until_asked (f, "s4");
  log = fake_call_handler_get_log (confab_session_get_call_handler (f->session));
  g_assert_nonnull (strstr (log, "silenced !a:x begun-here\n"));
  g_assert_cmpuint (count (log, "silenced"), ==, 1);
}

typedef struct {
  const char *path;
  const char *call; /* the members of its room in the sync */
  gboolean over;
} Ending;

static const Ending endings[] = {
#define ENDING(path, content, over) { path, CALL_EVENT_OF ("!a:x", "k", content), over }
#define TERMINATED(what) "{\"m.intent\":\"m.ring\",\"m.terminated\":" what "}"
  ENDING ("true", TERMINATED ("true"), TRUE),
  ENDING ("string", TERMINATED ("\"call_ended\""), TRUE),
  ENDING ("number", TERMINATED ("1"), TRUE),
  ENDING ("object", TERMINATED ("{}"), TRUE),
  ENDING ("nothing-of-a-call", "{\"m.name\":\"Hi\"}", TRUE),
  ENDING ("not/false", TERMINATED ("false"), FALSE),
  ENDING ("not/null", TERMINATED ("null"), FALSE),
  ENDING ("not/empty-string", TERMINATED ("\"\""), FALSE),
  ENDING ("not/zero", TERMINATED ("0"), FALSE),
#undef ENDING
#undef TERMINATED
};

/* What is over for the store is over for the calls, or one that rings would be read late, and forget what it has been
 * silenced for. */
static void
test_ending (Fixture *f, gconstpointer data)
{
  const Ending *ending = data;
  g_autofree char *sync = g_strdup_printf ("{\"next_batch\":\"s3\",\"rooms\":{\"join\":{%s}}}",
                                           ending->call);
  const char *log;
  const char *first;

  sign_in (f);
  fake_account_sync (f->account,
                     "s1",
                     "{\"next_batch\":\"s2\",\"rooms\":{\"join\":{" CALL_EVENT_OF (
                       "!a:x", "k", "{\"m.intent\":\"m.ring\"}") "}}}");
  until_asked (f, "s2");
  silence (f, "!a:x", "k");
  fake_account_sync (f->account, "s2", sync);
  until_asked (f, "s3");
  test_expect (confab_session_stop (f->session));

  new_session (f);
  test_expect (confab_session_restore (f->session));
  log = fake_call_handler_get_log (confab_session_get_call_handler (f->session));
  g_assert_cmpuint (count (log, "silenced !a:x k"), ==, ending->over ? 0 : 1);
  /* With the rooms that have a call, which come first, or with the others. */
  first = strstr (log, "state !a:x org.matrix.msc3401.call k\n");
  g_assert_nonnull (first);
  g_assert_true ((first < strstr (log, "end-stored\n")) == !ending->over);
}

static void
test_to_device (Fixture *f, gconstpointer data)
{
  const char *log;

  sign_in (f);
  fake_account_sync (f->account, "s1", SECOND);
  until_asked (f, "s2");
  log = fake_call_handler_get_log (confab_session_get_call_handler (f->session));
  g_assert_cmpuint (count (log, "to-device @ben:x clear m.call.invite c1"), ==, 1);
  /* The call before its members, both before the message, the end last. */
  g_assert_nonnull (strstr (log,
                            "encrypted !a:x 1\ncan-send !a:x 0\ncan-send-member !a:x 0\nstate !a:x "
                            "org.matrix.msc3401.call k\n"
                            "state !a:x org.matrix.msc3401.call.member @ben:x\n"
                            "to-device @ben:x clear m.call.invite c1\nend-sync\n"));
  test_expect (confab_session_stop (f->session));

  /* After a restart: the state again, the message not. */
  new_session (f);
  test_expect (confab_session_restore (f->session));
  until_asked (f, "s2");
  log = fake_call_handler_get_log (confab_session_get_call_handler (f->session));
  g_assert_cmpuint (count (log, "to-device"), ==, 0);
  g_assert_cmpuint (count (log, "state !a:x org.matrix.msc3401.call k"), ==, 1);
  g_assert_cmpuint (count (log, "member !a:x @ben:x in"), ==, 1);
  /* What the store had is not taken for what the server has now. */
  g_assert_nonnull (strstr (log, "org.matrix.msc3401.call.member @ben:x\nend-stored\n"));
}

/* The row of a message that was handed on cannot be taken away: it is not handed on again. */
static void
test_inbox_that_stays (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->dir, "account.db", NULL);
  g_autoptr (ConfabStore) store = NULL;
  const char *log;

  sign_in (f);
  until_asked (f, "s1");
  test_expect (confab_session_stop (f->session));
  store = confab_store_new (path, confab_schema_migrations, NULL);
  g_assert_true (confab_store_run (store, hold_inbox_func, NULL, NULL));
  confab_store_close (store);

  new_session (f);
  test_expect (confab_session_restore (f->session));
  until_state (f, CONFAB_SESSION_STATE_ONLINE);
  fake_account_sync (f->account, "s1", SECOND);
  until_state (f, CONFAB_SESSION_STATE_OFFLINE);
  fake_account_sync (f->account, "s2", "{\"next_batch\":\"s3\"}");
  confab_session_try_now (f->session);
  until_asked (f, "s3");
  log = fake_call_handler_get_log (confab_session_get_call_handler (f->session));
  g_assert_cmpuint (count (log, "to-device @ben:x clear m.call.invite c1"), ==, 1);
}

static gboolean
damage_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  static const char *const statements[] = {
    /* As older builds have written numbers that are none. */
    "UPDATE state SET content = '{\"name\":\"Rehearsal\",\"x\":inf.0,\"y\":[-nan.0]}' "
    "WHERE type = 'm.room.name'",
    "INSERT INTO account_data VALUES ('a', '{\"x\":-inf.0}')",
    /* As nobody has. */
    "UPDATE state SET content = '{\"algo' WHERE type = 'm.room.encryption'",
    "UPDATE encrypted_rooms SET content = ''",
    "INSERT INTO state (room_id, type, state_key, sender, origin_server_ts, content) "
    "VALUES ('!a:x', 'm.room.topic', '', '@ben:x', 0, '[]')",
    "INSERT INTO account_data VALUES ('b', '{\"x\":')",
    "INSERT INTO room_account_data VALUES ('!a:x', 'c', '}')",
  };

  for (guint i = 0; i < G_N_ELEMENTS (statements); i++) {
    if (!confab_store_exec (transaction, error, statements[i], NULL))
      return FALSE;
  }
  return TRUE;
}

/* What cannot be read of one event keeps nobody from the others, and makes no room an open one. */
static void
test_damaged_rows (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->dir, "account.db", NULL);
  g_autoptr (ConfabStore) store = NULL;
  g_autoptr (GError) error = NULL;
  ConfabRoom *room;

  sign_in (f);
  until_asked (f, "s1");
  test_expect (confab_session_stop (f->session));
  store = confab_store_new (path, confab_schema_migrations, NULL);
  g_assert_true (confab_store_run (store, damage_func, NULL, &error));
  confab_store_close (store);

  f->account->sync_status = 503;
  new_session (f);
  test_expect (confab_session_restore (f->session));
  assert_room (f);
  room = confab_room_list_lookup (confab_session_get_rooms (f->session), "!a:x");
  g_assert_cmpstr (confab_room_get_topic (room), ==, NULL);
  until_state (f, CONFAB_SESSION_STATE_OFFLINE);
  f->account->sync_status = 0;
  confab_session_try_now (f->session);
  /* Out, and in again: it was encrypted, though how cannot be read any more. */
  fake_account_sync (f->account,
                     "s1",
                     "{\"next_batch\":\"s2\",\"rooms\":{\"leave\":{\"!a:x\":{}}}}");
  until_asked (f, "s2");
  fake_account_sync (f->account,
                     "s2",
                     "{\"next_batch\":\"s3\",\"rooms\":{\"join\":{\"!a:x\":{}}}}");
  until_asked (f, "s3");
  room = confab_room_list_lookup (confab_session_get_rooms (f->session), "!a:x");
  g_assert_true (confab_room_get_encrypted (room));
}

/* What happened while nobody looked: the state at the end of the gap counts. */
static void
test_gap (Fixture *f, gconstpointer data)
{
  ConfabRoom *room;
  const char *log;

  sign_in (f);
  fake_account_sync (f->account, "s1", SECOND);
  until_asked (f, "s2");
  fake_account_sync (
    f->account,
    "s2",
    "{\"next_batch\":\"s3\",\"rooms\":{\"join\":{\"!a:x\":{\"state\":{\"events\":[{\"type\":\"org."
    "matrix."
    "msc3401.call\",\"state_key\":\"k\",\"sender\":\"@ben:x\",\"content\":{\"m.terminated\":\"x\"}}"
    ",{"
    "\"type\":\"m.room.name\",\"state_key\":\"\",\"sender\":\"@ben:x\",\"content\":{\"name\":"
    "\"In the "
    "gap\"}},{\"type\":\"m.room.topic\",\"state_key\":\"\",\"sender\":\"@ben:x\",\"content\":{"
    "\"topic\":\"Early\"}}]},\"timeline\":{\"limited\":true,\"prev_batch\":\"p\",\"events\":[{"
    "\"type\":"
    "\"m.room.topic\",\"state_key\":\"\",\"sender\":\"@ben:x\",\"content\":{\"topic\":\"Late\"}}]}}"
    "}}}");
  until_asked (f, "s3");
  room = confab_room_list_lookup (confab_session_get_rooms (f->session), "!a:x");
  g_assert_cmpstr (confab_room_get_name (room), ==, "In the gap");
  g_assert_cmpstr (confab_room_get_topic (room), ==, "Late");
  log = fake_call_handler_get_log (confab_session_get_call_handler (f->session));
  g_assert_cmpuint (count (log, "state !a:x org.matrix.msc3401.call k"), ==, 2);
  test_expect (confab_session_stop (f->session));

  new_session (f);
  f->account->sync_status = 503;
  test_expect (confab_session_restore (f->session));
  room = confab_room_list_lookup (confab_session_get_rooms (f->session), "!a:x");
  g_assert_cmpstr (confab_room_get_name (room), ==, "In the gap");
  g_assert_cmpstr (confab_room_get_topic (room), ==, "Late");
}

#define CALL_SYNC(since, events)                                                                   \
  "{\"next_batch\":\"" since "\",\"rooms\":{\"join\":{\"!a:x\":{\"timeline\":{\"events\":[" events \
  "]}}}}}"
#define CALL_EVENT(id, content)                                                                    \
  "{\"type\":\"org.matrix.msc3401.call\",\"state_key\":\"k\",\"sender\":\"@ben:x\",\"event_id\":"  \
  "\"" id "\",\"content\":" content "}"
#define CALL_IS_ON "{\"m.intent\":\"m.prompt\",\"m.type\":\"m.video\"}"
#define MEMBER_EVENT(ts)                                                                           \
  "{\"type\":\"org.matrix.msc3401.call.member\",\"state_key\":\"@ben:x\",\"sender\":\"@ben:x\","   \
  "\"origin_server_ts\":" ts ",\"content\":{\"m.calls\":[]}}"

/* A member event comes again after the one that has replaced it, in an earlier run: the calls are told of that, as other
 * clients may take it for what somebody has now. A call that is over comes again: nobody is told. */
static void
test_forked (Fixture *f, gconstpointer data)
{
  const char *log;

  sign_in (f);
  fake_account_sync (f->account, "s1", SECOND);
  fake_account_sync (
    f->account,
    "s2",
    CALL_SYNC ("s3", MEMBER_EVENT ("10") "," CALL_EVENT ("$2", "{\"m.terminated\":true}")));
  until_asked (f, "s3");
  test_expect (confab_session_stop (f->session));

  new_session (f);
  test_expect (confab_session_restore (f->session));
  fake_account_sync (f->account,
                     "s3",
                     CALL_SYNC ("s4", MEMBER_EVENT ("9") "," CALL_EVENT ("$1", CALL_IS_ON)));
  until_asked (f, "s4");
  log = fake_call_handler_get_log (confab_session_get_call_handler (f->session));
  g_assert_cmpuint (count (log, "fork !a:x\nend-sync\n"), ==, 1);
  g_assert_cmpuint (count (log, "fork"), ==, 1);
  g_assert_cmpuint (count (log, "state !a:x"), ==, 2);
  fake_account_sync (f->account, "s4", CALL_SYNC ("s5", MEMBER_EVENT ("11")));
  until_asked (f, "s5");
  log = fake_call_handler_get_log (confab_session_get_call_handler (f->session));
  g_assert_cmpuint (count (log, "fork"), ==, 1);
  g_assert_cmpuint (count (log, "state !a:x"), ==, 3);
}

typedef struct {
  const char *path;
  const char *first;
  const char *second;
  guint n_told; /* how often the calls heard of it in the end */
  gboolean over;
} Redaction;

static const Redaction redactions[] = {
  { "later",
    CALL_SYNC ("s2", CALL_EVENT ("$1", CALL_IS_ON)),
    CALL_SYNC ("s3",
               "{\"type\":\"m.room.redaction\",\"sender\":\"@ben:x\",\"redacts\":\"$1\","
               "\"content\":{}}"),
    2,
    TRUE },
  { "room-version-11",
    CALL_SYNC ("s2", CALL_EVENT ("$1", CALL_IS_ON)),
    CALL_SYNC ("s3",
               "{\"type\":\"m.room.redaction\",\"sender\":\"@ben:x\",\"content\":{\"redacts\":"
               "\"$1\"}}"),
    2,
    TRUE },
  { "at-once",
    CALL_SYNC ("s2", ""),
    CALL_SYNC ("s3",
               CALL_EVENT ("$1",
                           CALL_IS_ON) ",{\"type\":\"m.room.redaction\",\"sender\":\"@ben:x\","
                                       "\"redacts\":\"$1\",\"content\":{}}"),
    2,
    TRUE },
  { "another-event",
    CALL_SYNC ("s2", CALL_EVENT ("$1", CALL_IS_ON)),
    CALL_SYNC ("s3",
               "{\"type\":\"m.room.redaction\",\"sender\":\"@ben:x\",\"redacts\":\"$2\","
               "\"content\":{}}"),
    1,
    FALSE },
  { "an-earlier-one-of-the-call",
    CALL_SYNC ("s2", CALL_EVENT ("$1", CALL_IS_ON) "," CALL_EVENT ("$2", CALL_IS_ON)),
    CALL_SYNC ("s3",
               "{\"type\":\"m.room.redaction\",\"sender\":\"@ben:x\",\"redacts\":\"$1\","
               "\"content\":{}}"),
    2,
    FALSE },
  { "of-nothing",
    CALL_SYNC ("s2", CALL_EVENT ("$1", CALL_IS_ON)),
    CALL_SYNC ("s3",
               "{\"type\":\"m.room.redaction\",\"sender\":\"@ben:x\",\"redacts\":7,\"content\":{}},"
               "{\"type\":\"m.room.redaction\",\"sender\":\"@ben:x\",\"content\":{}}"),
    1,
    FALSE },
};

/* No sync says that a state event is empty now: only that it was redacted. */
static void
test_redacted (Fixture *f, gconstpointer data)
{
  const Redaction *redaction = data;
  const char *log;

  sign_in (f);
  fake_account_sync (f->account, "s1", redaction->first);
  fake_account_sync (f->account, "s2", redaction->second);
  until_asked (f, "s3");
  log = fake_call_handler_get_log (confab_session_get_call_handler (f->session));
  g_assert_cmpuint (count (log, "state !a:x org.matrix.msc3401.call k"), ==, redaction->n_told);
  g_assert_cmpuint (count (log, "state !a:x org.matrix.msc3401.call k empty"), ==, redaction->over);
  test_expect (confab_session_stop (f->session));

  /* The next start knows it as well. */
  new_session (f);
  f->account->sync_status = 503;
  test_expect (confab_session_restore (f->session));
  log = fake_call_handler_get_log (confab_session_get_call_handler (f->session));
  g_assert_cmpuint (count (log, "state !a:x org.matrix.msc3401.call k"), ==, 1);
  g_assert_cmpuint (count (log, "state !a:x org.matrix.msc3401.call k empty"), ==, redaction->over);
}

#define GAP_SYNC(since)                                                                            \
  "{\"next_batch\":\"" since "\",\"rooms\":{\"join\":{\"!a:x\":{\"timeline\":{\"limited\":true,"   \
  "\"events\":[]}}}}}"
#define CALL_PATH "/_matrix/client/v3/rooms/%21a%3Ax/state/org.matrix.msc3401.call/k"

static gboolean
is_told_empty (gpointer data)
{
  Fixture *f = data;

  return count (fake_call_handler_get_log (confab_session_get_call_handler (f->session)),
                "state !a:x org.matrix.msc3401.call k empty") == 1;
}

static gboolean
is_looked_at (gpointer data)
{
  return fake_homeserver_get_n_requests (((Fixture *) data)->account->server, CALL_PATH) >= 2;
}

/* What was redacted in a gap no sync tells of. */
static void
test_redacted_in_gap (Fixture *f, gconstpointer data)
{
  FakeHomeserver *server = f->account->server;

  sign_in (f);
  /* There was no call yet: nothing to look at. */
  fake_account_sync (f->account, "s1", GAP_SYNC ("s2"));
  fake_account_sync (f->account, "s2", CALL_SYNC ("s3", CALL_EVENT ("$1", CALL_IS_ON)));
  until_asked (f, "s3");
  g_assert_cmpuint (fake_homeserver_get_n_requests (server, CALL_PATH), ==, 0);
  /* It is still on; or nobody can say. */
  fake_homeserver_reply (server, CALL_PATH, 200, CALL_IS_ON);
  fake_homeserver_reply (server, CALL_PATH, 404, "{\"errcode\":\"M_NOT_FOUND\"}");
  fake_homeserver_reply (server, CALL_PATH, 200, "{}");
  fake_account_sync (f->account, "s3", GAP_SYNC ("s4"));
  fake_account_sync (f->account, "s4", GAP_SYNC ("s5"));
  test_until (is_looked_at, f);
  test_settle ();
  g_assert_false (is_told_empty (f));
  until_asked (f, "s5");
  fake_account_sync (f->account, "s5", GAP_SYNC ("s6"));
  test_until (is_told_empty, f);
  /* And then there is nothing more to look at. */
  until_asked (f, "s6");
  fake_account_sync (f->account, "s6", GAP_SYNC ("s7"));
  until_asked (f, "s7");
  test_expect (confab_session_stop (f->session));
  g_assert_cmpuint (fake_homeserver_get_n_requests (server, CALL_PATH), ==, 3);

  new_session (f);
  f->account->sync_status = 503;
  test_expect (confab_session_restore (f->session));
  g_assert_true (is_told_empty (f));
}

/* While the computer slept: the first sync after a start has a gap before it. */
static void
test_redacted_while_away (Fixture *f, gconstpointer data)
{
  sign_in (f);
  fake_account_sync (f->account, "s1", CALL_SYNC ("s2", CALL_EVENT ("$1", CALL_IS_ON)));
  until_asked (f, "s2");
  test_expect (confab_session_stop (f->session));

  fake_homeserver_reply (f->account->server, CALL_PATH, 200, "{}");
  fake_account_sync (f->account, "s2", GAP_SYNC ("s3"));
  new_session (f);
  test_expect (confab_session_restore (f->session));
  test_until (is_told_empty, f);
}

#define CEM_PATH "/_matrix/client/v3/rooms/%21a%3Ax/state/m.room.member/%40cem%3Ax"

/* A whole sync in which @user_id, in the state block, has an entry in a call that runs out after @lifetime_ms. */
static char *
dup_entry_sync (const char *next_batch,
                const char *user_id,
                gint64 lifetime_ms,
                const char *more_events)
{
  return g_strdup_printf (
    "{\"next_batch\":\"%s\",\"rooms\":{\"join\":{\"!a:x\":{\"state\":{\"events\":[" ROOM_STATE
    ",{\"type\":\"org.matrix.msc3401.call\",\"state_key\":\"k\",\"sender\":\"@ben:x\","
    "\"content\":{\"m.intent\":\"m.ring\"}},"
    "{\"type\":\"org.matrix.msc3401.call.member\",\"state_key\":\"%s\",\"sender\":\"%s\","
    "\"origin_server_ts\":9,\"content\":{\"m.calls\":[{\"m.call_id\":\"k\",\"m.devices\":[{"
    "\"device_id\":\"D\",\"session_id\":\"S\",\"expires_ts\":%" G_GINT64_FORMAT
    ",\"feeds\":[]}]}]}}%s]}}}}}",
    next_batch,
    user_id,
    user_id,
    g_get_real_time () / 1000 + lifetime_ms,
    more_events);
}

/* The same, with MatrixRTC's kind of entry. */
static char *
dup_rtc_sync (const char *next_batch,
              const char *user_id,
              gint64 lifetime_ms,
              const char *more_events)
{
  return g_strdup_printf (
    "{\"next_batch\":\"%s\",\"rooms\":{\"join\":{\"!a:x\":{\"state\":{\"events\":[" ROOM_STATE
    ",{\"type\":\"org.matrix.msc3401.call.member\",\"state_key\":\"_%s_D_m.call\",\"sender\":"
    "\"%s\",\"origin_server_ts\":%" G_GINT64_FORMAT ",\"content\":{\"application\":\"m.call\","
    "\"call_id\":\"\",\"device_id\":\"D\",\"focus_active\":{},\"expires\":7200000}}%s]}}}}}",
    next_batch,
    user_id,
    user_id,
    g_get_real_time () / 1000 + lifetime_ms - 7200000,
    more_events);
}

typedef char *(*DupSyncFunc) (const char *next_batch,
                              const char *user_id,
                              gint64 lifetime_ms,
                              const char *more_events);
static const DupSyncFunc mesh_sync = dup_entry_sync;
static const DupSyncFunc rtc_sync = dup_rtc_sync;

static const char *
get_log (Fixture *f)
{
  return fake_call_handler_get_log (confab_session_get_call_handler (f->session));
}

/* What the calls heard last of Cem's membership. */
static gboolean
is_out (Fixture *f)
{
  const char *out = g_strrstr (get_log (f), "member !a:x @cem:x out");
  const char *in = g_strrstr (get_log (f), "member !a:x @cem:x in");

  return out != NULL && (in == NULL || in < out);
}

/* And that something was made of it since. */
static gboolean
is_in (gpointer data)
{
  const char *out = g_strrstr (get_log (data), "member !a:x @cem:x out");
  const char *in = g_strrstr (get_log (data), "member !a:x @cem:x in");

  return in != NULL && (out == NULL || out < in) && strstr (in, "end-sync") != NULL;
}

static gboolean
is_answered (gpointer data)
{
  Fixture *f = data;
  const char *out = g_strrstr (get_log (f), "member !a:x @cem:x out");

  return count (get_log (f), "member !a:x @cem:x out") > 1 && strstr (out, "end-sync") != NULL;
}

static gboolean
is_asked (gpointer data)
{
  return fake_homeserver_get_n_requests (((Fixture *) data)->account->server, CEM_PATH) > 0;
}

#define CEM_IS(membership)                                                                         \
  "{\"type\":\"m.room.member\",\"state_key\":\"@cem:x\",\"sender\":\"@cem:x\","                    \
  "\"origin_server_ts\":5,\"content\":{\"membership\":\"" membership "\"}}"

/* Cem was put out of the room before this device was there; his entry still stands. */
static void
test_kicked (Fixture *f, gconstpointer data)
{
  const DupSyncFunc *dup_sync = data;
  g_autofree char *first = (*dup_sync) ("s1", "@cem:x", 3600000, "");
  const char *out;

  fake_homeserver_reply (f->account->server, CEM_PATH, 200, "{\"membership\":\"leave\"}");
  fake_account_sync (f->account, "", first);
  sign_in (f);
  /* Before anything was made of his entry. */
  out = strstr (get_log (f), "member !a:x @cem:x out");
  g_assert_nonnull (out);
  g_assert_nonnull (strstr (out, "state !a:x org.matrix.msc3401.call.member"));
  test_until (is_answered, f);
  fake_account_sync (f->account, "s1", CALL_SYNC ("s2", ""));
  until_asked (f, "s2");
  g_assert_true (is_out (f));
  g_assert_cmpuint (count (get_log (f), "member !a:x @cem:x in"), ==, 0);
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->account->server, CEM_PATH), ==, 1);
  /* Until he is back. */
  fake_account_sync (f->account,
                     "s2",
                     CALL_SYNC ("s3",
                                "{\"type\":\"m.room.member\",\"state_key\":\"@cem:x\",\"sender\":"
                                "\"@cem:x\",\"content\":{\"membership\":\"join\"}}"));
  until_asked (f, "s3");
  g_assert_true (is_in (f));
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->account->server, CEM_PATH), ==, 1);
}

static void
test_never_there (Fixture *f, gconstpointer data)
{
  g_autofree char *first = dup_entry_sync ("s1", "@cem:x", 3600000, "");

  fake_homeserver_reply (f->account->server,
                         CEM_PATH,
                         404,
                         "{\"errcode\":\"M_NOT_FOUND\",\"error\":\"none\"}");
  fake_account_sync (f->account, "", first);
  sign_in (f);
  test_until (is_answered, f);
  fake_account_sync (f->account, "s1", CALL_SYNC ("s2", ""));
  until_asked (f, "s2");
  g_assert_true (is_out (f));
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->account->server, CEM_PATH), ==, 1);
}

static void
test_unknown_caller (Fixture *f, gconstpointer data)
{
  const DupSyncFunc *dup_sync = data;
  g_autofree char *first = (*dup_sync) ("s1", "@cem:x", 3600000, "");
  g_auto (GStrv) ids = NULL;

  fake_homeserver_reply (f->account->server, CEM_PATH, 200, "{\"membership\":\"join\"}");
  fake_account_sync (f->account, "", first);
  sign_in (f);
  test_until (is_in, f);
  fake_account_sync (f->account, "s1", CALL_SYNC ("s2", ""));
  until_asked (f, "s2");
  g_assert_true (is_in (f));
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->account->server, CEM_PATH), ==, 1);
  ids = confab_room_dup_joined_user_ids (
    confab_room_list_lookup (confab_session_get_rooms (f->session), "!a:x"));
  g_assert_cmpstrv (ids, ((const char *const[]) { "@ben:x", "@cem:x", NULL }));
}

/* The next run has it from the store, before any server is there; what a sync says of them since is newer. */
static void
test_answer_kept (Fixture *f, gconstpointer data)
{
  const char *answer = data;
  gboolean joined = strstr (answer, "join") != NULL;
  g_autofree char *first = dup_entry_sync ("s1", "@cem:x", 3600000, "");
  const char *log;

  fake_homeserver_reply (f->account->server, CEM_PATH, 200, answer);
  fake_account_sync (f->account, "", first);
  sign_in (f);
  test_until (joined ? is_in : is_answered, f);
  test_expect (confab_session_stop (f->session));

  new_session (f);
  f->account->sync_status = 503;
  test_expect (confab_session_restore (f->session));
  log = get_log (f);
  g_assert_nonnull (strstr (log, joined ? "member !a:x @cem:x in" : "member !a:x @cem:x out"));
  g_assert_cmpuint (count (log, joined ? "member !a:x @cem:x out" : "member !a:x @cem:x in"),
                    ==,
                    0);
  g_assert_nonnull (strstr (strstr (log, "member !a:x @cem:x"), "end-stored"));
  f->account->sync_status = 0;
  fake_account_sync (f->account,
                     "s1",
                     joined ? CALL_SYNC ("s2", CEM_IS ("leave"))
                            : CALL_SYNC ("s2", CEM_IS ("join")));
  confab_session_try_now (f->session);
  until_asked (f, "s2");
  test_expect (confab_session_stop (f->session));
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->account->server, CEM_PATH), ==, 1);

  new_session (f);
  f->account->sync_status = 503;
  test_expect (confab_session_restore (f->session));
  g_assert_nonnull (
    strstr (get_log (f), joined ? "member !a:x @cem:x out" : "member !a:x @cem:x in"));
}

/* Nobody can say: then the entry is believed, and the next sync asks again. */
static void
test_unknown_for_now (Fixture *f, gconstpointer data)
{
  g_autofree char *first = dup_entry_sync ("s1", "@cem:x", 3600000, "");

  fake_homeserver_reply (f->account->server, CEM_PATH, 502, "{}");
  fake_homeserver_reply (f->account->server, CEM_PATH, 200, "{\"membership\":\"ban\"}");
  fake_account_sync (f->account, "", first);
  sign_in (f);
  test_until (is_in, f);
  fake_account_sync (f->account, "s1", CALL_SYNC ("s2", ""));
  test_until (is_answered, f);
  g_assert_true (is_out (f));
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->account->server, CEM_PATH), ==, 2);
}

static void
keep_cb (FakeHomeserver *server, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  SoupServerMessage **kept = data;

  soup_server_message_pause (message);
  *kept = g_object_ref (message);
}

static gboolean
is_told_in_twice (gpointer data)
{
  return count (get_log (data), "member !a:x @cem:x in") == 2;
}

/* A sync that comes while the answer is on its way is newer than the answer. */
static void
test_kicked_and_back (Fixture *f, gconstpointer data)
{
  g_autofree char *first = dup_entry_sync ("s1", "@cem:x", 3600000, "");
  g_autoptr (SoupServerMessage) question = NULL;

  fake_homeserver_handle (f->account->server, CEM_PATH, keep_cb, &question);
  fake_account_sync (f->account, "", first);
  sign_in (f);
  test_until (is_asked, f);
  g_assert_true (is_out (f));
  fake_account_sync (f->account,
                     "s1",
                     CALL_SYNC ("s2",
                                "{\"type\":\"m.room.member\",\"state_key\":\"@cem:x\",\"sender\":"
                                "\"@cem:x\",\"content\":{\"membership\":\"join\"}}"));
  until_asked (f, "s2");
  g_assert_true (is_in (f));
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->account->server, CEM_PATH), ==, 1);
  fake_homeserver_respond (question, 200, "{\"membership\":\"leave\"}");
  soup_server_message_unpause (question);
  test_until (is_told_in_twice, f);
  g_assert_cmpuint (count (get_log (f), "member !a:x @cem:x out"), ==, 1);
}

typedef struct {
  const char *path;
  const char *user_id;
  gint64 lifetime_ms;
  const char *more_events;
  DupSyncFunc dup_sync; /* NULL: a mesh */
} NoQuestion;

static const NoQuestion no_questions[] = {
  { "expired", "@cem:x", -1000, "" },
  { "rtc-expired", "@cem:x", -1000, "", dup_rtc_sync },
  { "own", "@anna:x", 3600000, "" },
  { "known", "@ben:x", 3600000, "" },
  { "known-after",
    "@cem:x",
    3600000,
    ",{\"type\":\"m.room.member\",\"state_key\":\"@cem:x\",\"sender\":\"@cem:x\",\"content\":{"
    "\"membership\":\"join\"}}" },
};

/* Nobody is asked of whom it does not matter, or is known. */
static void
test_no_question (Fixture *f, gconstpointer data)
{
  const NoQuestion *question = data;
  DupSyncFunc dup_sync = question->dup_sync != NULL ? question->dup_sync : dup_entry_sync;
  g_autofree char *first = dup_sync ("s1",
                                     question->user_id,
                                     question->lifetime_ms,
                                     question->more_events);

  fake_account_sync (f->account, "", first);
  sign_in (f);
  fake_account_sync (f->account, "s1", CALL_SYNC ("s2", ""));
  until_asked (f, "s2");
  test_settle ();
  g_assert_cmpuint (count (get_log (f), "state !a:x org.matrix.msc3401.call.member"), ==, 1);
  for (guint i = 0; i < fake_homeserver_get_log (f->account->server)->len; i++)
    g_assert_null (
      strstr (fake_homeserver_get_log (f->account->server)->pdata[i], "/state/m.room.member/"));
  g_assert_cmpuint (count (get_log (f), " out\n"), ==, 0);
}

static char *
filter_of_last_sync (Fixture *f)
{
  GPtrArray *log = fake_homeserver_get_log (f->account->server);

  for (guint i = log->len; i > 0; i--) {
    const char *query = strchr (log->pdata[i - 1], '?');
    g_autoptr (GHashTable) form = NULL;
    if (query == NULL || strstr (log->pdata[i - 1], "/v3/sync?") == NULL)
      continue;
    form = soup_form_decode (query + 1);
    g_assert_cmpstr (g_hash_table_lookup (form, "set_presence"), ==, "offline");
    if (g_hash_table_contains (form, "since"))
      g_assert_cmpstr (g_hash_table_lookup (form, "timeout"), ==, "30000");
    return g_strdup (g_hash_table_lookup (form, "filter"));
  }
  g_assert_not_reached ();
}

static JsonObject *
peek (JsonObject *object, const char *a, const char *b)
{
  object = json_object_get_object_member (object, a);
  return b != NULL ? json_object_get_object_member (object, b) : object;
}

static char *
dup_types (JsonObject *object)
{
  g_auto (GStrv) types = NULL;

  g_assert_true (confab_json_get_strv (object, "types", &types, NULL));
  return g_strjoinv (" ", types);
}

static void
assert_nothing (JsonObject *object)
{
  g_autofree char *types = dup_types (object);
  g_auto (GStrv) not_types = NULL;

  g_assert_cmpstr (types, ==, "");
  g_assert_true (confab_json_get_strv (object, "not_types", &not_types, NULL));
  g_assert_cmpstrv (not_types, ((const char *const[]) { "*", NULL }));
}

static void
assert_filter (Fixture *f, gint64 limit)
{
  g_autofree char *text = filter_of_last_sync (f);
  g_autoptr (JsonObject) filter = confab_json_parse_object (text, -1, NULL);
  g_autofree char *account_data = dup_types (peek (filter, "account_data", NULL));
  g_autofree char *room_data = dup_types (peek (filter, "room", "account_data"));
  g_autofree char *state = dup_types (peek (filter, "room", "state"));
  g_autofree char *timeline = dup_types (peek (filter, "room", "timeline"));

  assert_nothing (peek (filter, "presence", NULL));
  assert_nothing (peek (filter, "room", "ephemeral"));
  g_assert_cmpstr (account_data, ==, "m.direct");
  g_assert_cmpstr (room_data, ==, "m.tag app.confab.declined_calls");
  g_assert_cmpstr (state,
                   ==,
                   "m.room.name m.room.canonical_alias m.room.avatar m.room.topic "
                   "m.room.encryption m.room.history_visibility m.room.power_levels m.room.create "
                   "m.room.tombstone "
                   "org.matrix.msc3401.call org.matrix.msc3401.call.member m.room.member");
  g_assert_true (g_str_has_prefix (timeline, state));
  /* There is nothing yet that a redaction could be of. */
  g_assert_cmpstr (timeline + strlen (state),
                   ==,
                   limit == 1 ? " m.room.message m.room.encrypted"
                              : " m.room.message m.room.encrypted m.reaction m.room.redaction "
                                "m.call.*");
  g_assert_true (
    json_object_get_boolean_member (peek (filter, "room", "state"), "lazy_load_members"));
  g_assert_true (
    json_object_get_boolean_member (peek (filter, "room", "timeline"), "lazy_load_members"));
  g_assert_cmpint (json_object_get_int_member (peek (filter, "room", "timeline"), "limit"),
                   ==,
                   limit);
}

static void
test_filter (Fixture *f, gconstpointer data)
{
  f->account->sync_status = 503;
  test_expect (confab_session_sign_in (f->session, f->homeserver, "anna", "secret", "Test"));
  until_state (f, CONFAB_SESSION_STATE_OFFLINE);
  assert_filter (f, 1);
  f->account->sync_status = 0;
  confab_session_try_now (f->session);
  until_asked (f, "s1");
  assert_filter (f, 20);
}

/* Connections that were given up meanwhile are tried again: once the server answers, and not with each answer. */
static void
test_back_online (Fixture *f, gconstpointer data)
{
  const char *log;

  sign_in (f);
  until_asked (f, "s1");
  log = fake_call_handler_get_log (confab_session_get_call_handler (f->session));
  g_assert_cmpuint (count (log, "back-online"), ==, 0);
  f->account->sync_status = 503;
  confab_session_try_now (f->session);
  until_state (f, CONFAB_SESSION_STATE_OFFLINE);
  f->account->sync_status = 0;
  fake_account_sync (f->account, "s1", "{\"next_batch\":\"s2\"}");
  confab_session_try_now (f->session);
  until_asked (f, "s2");
  log = fake_call_handler_get_log (confab_session_get_call_handler (f->session));
  g_assert_cmpuint (count (log, "back-online"), ==, 1);
  fake_account_sync (f->account, "s2", "{\"next_batch\":\"s3\"}");
  until_asked (f, "s3");
  log = fake_call_handler_get_log (confab_session_get_call_handler (f->session));
  g_assert_cmpuint (count (log, "back-online"), ==, 1);
}

static gboolean
pauses (gpointer data)
{
  return confab_manual_clock_get_n_timeouts (CONFAB_MANUAL_CLOCK (((Fixture *) data)->clock)) == 1;
}

/* How long the loop waits after the failure that it had, in ms; it tries again afterwards. */
static gint64
let_pause (Fixture *f)
{
  gint64 start;

  test_until (pauses, f);
  start = confab_clock_get_time (f->clock);
  g_assert_true (confab_manual_clock_advance_to_next (CONFAB_MANUAL_CLOCK (f->clock)));
  return (confab_clock_get_time (f->clock) - start) / 1000;
}

static void
test_back_off (Fixture *f, gconstpointer data)
{
  guint n_odd = 0;
  guint n_asked;

  g_set_object (&f->clock, CONFAB_CLOCK (confab_manual_clock_new (0)));
  g_object_unref (f->clock);
  new_session (f);
  f->account->sync_status = 503;
  test_expect (confab_session_sign_in (f->session, f->homeserver, "anna", "secret", "Test"));
  for (guint i = 0; i < 10; i++) {
    gint64 usual_ms = MIN (1000 << i, 60 * 1000);
    gint64 pause_ms = let_pause (f);
    g_assert_cmpint (pause_ms, >=, usual_ms * 7 / 10);
    g_assert_cmpint (pause_ms, <=, usual_ms * 13 / 10);
    n_odd += ABS (pause_ms - usual_ms) > usual_ms / 100;
  }
  /* Not all clients of a server that was away at the same time. */
  g_assert_cmpuint (n_odd, >, 0);

  /* Once it went well, from the beginning. */
  test_until (pauses, f);
  f->account->sync_status = 0;
  confab_session_try_now (f->session);
  until_state (f, CONFAB_SESSION_STATE_ONLINE);
  until_asked (f, "s1");
  fake_account_sync (f->account, "s1", "{}");
  test_until (pauses, f);
  f->account->sync_status = 429;
  f->account->sync_error = "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"retry_after_ms\":100000}";
  g_assert_cmpint (let_pause (f), <=, 1300);

  /* What the server says is heeded, however often somebody wants it now. */
  test_until (pauses, f);
  n_asked = f->account->asked->len;
  confab_session_try_now (f->session);
  g_assert_cmpint (let_pause (f), >, 90 * 1000);
  g_assert_cmpint (let_pause (f), <=, 100 * 1000);
  g_assert_cmpuint (f->account->asked->len, ==, n_asked);
  test_expect (confab_session_stop (f->session));
}

static void
test_bad_sync (Fixture *f, gconstpointer data)
{
  sign_in (f);
  until_asked (f, "s1");
  fake_account_sync (f->account, "s1", "{\"next_batch\":7}");
  until_state (f, CONFAB_SESSION_STATE_OFFLINE);
  g_ptr_array_set_size (f->account->asked, 0);
  fake_account_sync (f->account, "s1", SECOND);
  confab_session_try_now (f->session);
  until_state (f, CONFAB_SESSION_STATE_ONLINE);
  until_asked (f, "s2");
}

/* The server takes the token no longer, nor a refresh. */
static void
log_out (Fixture *f, const char *refusal)
{
  f->account->sync_status = 401;
  f->account->sync_error = refusal;
  fake_homeserver_forget (f->account->server, "/_matrix/client/v3/refresh");
  fake_homeserver_reply (f->account->server, "/_matrix/client/v3/refresh", 401, refusal);
  confab_session_try_now (f->session);
  until_state (f, CONFAB_SESSION_STATE_LOGGED_OUT);
  f->account->sync_status = 0;
}

static const char *
pickle_key (Fixture *f, const char *account)
{
  const char *secret = g_hash_table_lookup (f->secrets->secrets, account);

  return secret != NULL ? strstr (secret, "pickle_key") : NULL;
}

static gboolean
device_keys_uploaded (gpointer data)
{
  Fixture *f = data;
  const char *body = fake_homeserver_get_last_body (f->account->server,
                                                    "/_matrix/client/v3/keys/upload");

  return body != NULL && strstr (body, "\"device_keys\"") != NULL;
}

static char *
identity_key (Fixture *f)
{
  const char *body;
  const char *key;

  test_until (device_keys_uploaded, f);
  body = fake_homeserver_get_last_body (f->account->server, "/_matrix/client/v3/keys/upload");
  key = strstr (body, "\"curve25519:");
  g_assert_nonnull (key);
  return g_strndup (key, strcspn (key, ","));
}

#define SOFT "{\"errcode\":\"M_UNKNOWN_TOKEN\",\"soft_logout\":true}"
#define HARD "{\"errcode\":\"M_UNKNOWN_TOKEN\"}"

static void
test_soft_logout (Fixture *f, gconstpointer data)
{
  g_autofree char *secret_before = NULL;
  g_autofree char *identity_before = NULL;
  g_autofree char *identity_after = NULL;
  ConfabRoomList *rooms;

  sign_in (f);
  until_asked (f, "s1");
  identity_before = identity_key (f);
  secret_before = g_strdup (pickle_key (f, "@anna:x DEV1"));
  log_out (f, SOFT);

  /* A wrong password changes nothing. */
  rooms = confab_session_get_rooms (f->session);
  test_expect_error (confab_session_sign_in (f->session, f->homeserver, "anna", "wrong", NULL),
                     ME,
                     CONFAB_MATRIX_ERROR_FORBIDDEN);
  g_assert_cmpint (confab_session_get_state (f->session), ==, CONFAB_SESSION_STATE_LOGGED_OUT);
  g_assert_true (rooms == confab_session_get_rooms (f->session));
  assert_room (f);

  fake_homeserver_forget_body (f->account->server, "/_matrix/client/v3/keys/upload");
  f->account->device_id = "DEV2";
  g_ptr_array_set_size (f->account->asked, 0);
  sign_in (f);
  g_assert_nonnull (strstr (f->account->login_body, "\"device_id\":\"DEV1\""));
  g_assert_cmpstr (secret_before, ==, pickle_key (f, "@anna:x DEV1"));
  assert_room (f);
  /* It goes on where it was, with the same keys; and those are with the server, whatever it did meanwhile. */
  g_assert_cmpstr (f->account->asked->pdata[0], ==, "s1");
  identity_after = identity_key (f);
  g_assert_cmpstr (identity_before, ==, identity_after);
}

static void
test_hard_logout (Fixture *f, gconstpointer data)
{
  g_autofree char *secret_before = NULL;
  g_autofree char *identity_before = NULL;
  g_autofree char *identity_after = NULL;

  sign_in (f);
  until_asked (f, "s1");
  identity_before = identity_key (f);
  secret_before = g_strdup (pickle_key (f, "@anna:x DEV1"));
  log_out (f, HARD);
  test_expect_error (confab_session_sign_in (f->session, f->homeserver, "anna", "wrong", NULL),
                     ME,
                     CONFAB_MATRIX_ERROR_FORBIDDEN);

  /* The server has destroyed the device: nothing of it may be used again (spec, “Soft logout”). */
  fake_homeserver_forget_body (f->account->server, "/_matrix/client/v3/keys/upload");
  f->account->device_id = "DEV2";
  sign_in (f);
  g_assert_null (strstr (f->account->login_body, "device_id"));
  g_assert_cmpstr (confab_session_get_device_id (f->session), ==, "DEV2");
  g_assert_null (pickle_key (f, "@anna:x DEV1"));
  g_assert_cmpstr (secret_before, !=, pickle_key (f, "@anna:x DEV2"));
  identity_after = identity_key (f);
  g_assert_cmpstr (identity_before, !=, identity_after);
}

static void
test_refused_elsewhere (Fixture *f, gconstpointer data)
{
  /* Not the sync, which waits for news, but something else is told that the token is no good. */
  static const char refusal[] = "{\"errcode\":\"M_UNKNOWN_TOKEN\"}";

  sign_in (f);
  until_asked (f, "s1");
  f->account->sync_status = 401;
  f->account->sync_error = refusal;
  fake_homeserver_reply (f->account->server, "/_matrix/client/v3/refresh", 401, refusal);
  fake_homeserver_reply (f->account->server, "/_matrix/client/v3/join/", 401, refusal);
  test_expect_error (confab_session_join_room (f->session, "!b:x"),
                     ME,
                     CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN);
  until_state (f, CONFAB_SESSION_STATE_LOGGED_OUT);
}

static void
test_sign_out (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->dir, "account.db", NULL);
  g_autofree char *avatars = g_build_filename (f->dir, "avatars", NULL);
  g_autoptr (GDir) dir = NULL;

  sign_in (f);
  fake_homeserver_reply (f->account->server, "/_matrix/client/v1/media/thumbnail/x/", 200, "png");
  test_expect (confab_media_repository_load_thumbnail (
    confab_session_get_media_repository (f->session), "mxc://x/a", 64));
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (avatars, G_FILE_TEST_EXISTS));
  test_expect (confab_session_sign_out (f->session));
  dir = g_dir_open (avatars, 0, NULL);
  g_assert_null (g_dir_read_name (dir));
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_cmpuint (g_hash_table_size (f->secrets->secrets), ==, 0);
  g_assert_cmpuint (
    fake_homeserver_get_n_requests (f->account->server, "/_matrix/client/v3/logout"), ==, 1);
  g_assert_cmpint (confab_session_get_state (f->session), ==, CONFAB_SESSION_STATE_SIGNED_OUT);
  g_assert_null (confab_session_get_rooms (f->session));
  /* And in again, as a new device with a new key. */
  sign_in (f);
  g_assert_null (strstr (f->account->login_body, "device_id"));
}

/* No server can make an encrypted room an open one: not by taking us out and in again, not over a restart. */
static void
test_encrypted_for_good (Fixture *f, gconstpointer data)
{
  ConfabRoom *room;

  sign_in (f);
  fake_account_sync (f->account,
                     "s1",
                     "{\"next_batch\":\"s2\",\"rooms\":{\"leave\":{\"!a:x\":{}}}}");
  until_asked (f, "s2");
  g_assert_null (confab_room_list_lookup (confab_session_get_rooms (f->session), "!a:x"));
  fake_account_sync (f->account,
                     "s2",
                     "{\"next_batch\":\"s3\",\"rooms\":{\"join\":{\"!a:x\":{},\"!b:x\":{}}}}");
  until_asked (f, "s3");
  room = confab_room_list_lookup (confab_session_get_rooms (f->session), "!a:x");
  g_assert_true (confab_room_get_encrypted (room));
  room = confab_room_list_lookup (confab_session_get_rooms (f->session), "!b:x");
  g_assert_false (confab_room_get_encrypted (room));
  test_expect (confab_session_stop (f->session));

  new_session (f);
  test_expect (confab_session_restore (f->session));
  room = confab_room_list_lookup (confab_session_get_rooms (f->session), "!a:x");
  g_assert_true (confab_room_get_encrypted (room));
  room = confab_room_list_lookup (confab_session_get_rooms (f->session), "!b:x");
  g_assert_false (confab_room_get_encrypted (room));
}

static void
test_rooms (Fixture *f, gconstpointer data)
{
  DexFuture *joined;
  const char *const invite[] = { "@cem:x", NULL };
  const GValue *value;
  DexFuture *created;

  sign_in (f);
  fake_homeserver_reply (f->account->server,
                         "/_matrix/client/v3/join/",
                         200,
                         "{\"room_id\":\"!b:x\"}");
  fake_homeserver_reply (f->account->server,
                         "/_matrix/client/v3/createRoom",
                         200,
                         "{\"room_id\":\"!c:x\"}");
  joined = confab_session_join_room (f->session, "!b:x");
  created = confab_session_create_room (f->session, "N", TRUE, invite, TRUE);
  until_asked (f, "s1");
  fake_account_sync (f->account,
                     "s1",
                     "{\"next_batch\":\"s2\",\"rooms\":{\"join\":{\"!b:x\":{},\"!c:x\":{}}}}");
  test_expect (joined);
  value = test_wait (created, NULL);
  g_assert_cmpstr (g_value_get_string (value), ==, "!c:x");
  g_assert_cmpstr (fake_homeserver_get_last_body (f->account->server,
                                                  "/_matrix/client/v3/createRoom"),
                   ==,
                   "{\"preset\":\"private_chat\",\"name\":\"N\",\"invite\":[\"@cem:x\"],\"initial_"
                   "state\":[{\"type\":"
                   "\"m.room.encryption\",\"state_key\":\"\",\"content\":{\"algorithm\":\"m.megolm."
                   "v1.aes-sha2\"}}],"
                   "\"power_level_content_override\":{\"events\":{\"org.matrix.msc3401.call\":0,"
                   "\"org.matrix.msc3401.call.member\":0}}}");
  until_asked (f, "s2");
  fake_account_sync (f->account,
                     "s2",
                     "{\"next_batch\":\"s3\",\"rooms\":{\"leave\":{\"!b:x\":{}}}}");
  until_asked (f, "s3");
  g_assert_null (confab_room_list_lookup (confab_session_get_rooms (f->session), "!b:x"));
  g_assert_nonnull (
    strstr (fake_call_handler_get_log (confab_session_get_call_handler (f->session)),
            "remove !b:x"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/session/sign-in", test_sign_in);
  ADD ("/session/refused", test_refused);
  ADD ("/session/bad-login", test_bad_login);
  ADD ("/session/private", test_private);
  ADD ("/session/restore", test_restore);
  ADD ("/session/stop-at-any-time", test_stop_at_any_time);
  ADD ("/session/restore-without-secret", test_restore_without_secret);
  ADD ("/session/to-device", test_to_device);
  ADD ("/session/declined", test_declined);
  ADD ("/session/silenced", test_silenced);
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++) {
    g_autofree char *path = g_strconcat ("/session/call-over/", endings[i].path, NULL);
    g_test_add (path, Fixture, &endings[i], set_up, test_ending, tear_down);
  }
  ADD ("/session/inbox-that-stays", test_inbox_that_stays);
  ADD ("/session/damaged-rows", test_damaged_rows);
  ADD ("/session/gap", test_gap);
  ADD ("/session/forked", test_forked);
  for (guint i = 0; i < G_N_ELEMENTS (redactions); i++) {
    g_autofree char *path = g_strconcat ("/session/redacted/", redactions[i].path, NULL);
    g_test_add (path, Fixture, &redactions[i], set_up, test_redacted, tear_down);
  }
  ADD ("/session/redacted-in-gap", test_redacted_in_gap);
  ADD ("/session/redacted-while-away", test_redacted_while_away);
  g_test_add ("/session/kicked", Fixture, &mesh_sync, set_up, test_kicked, tear_down);
  g_test_add ("/session/kicked/rtc", Fixture, &rtc_sync, set_up, test_kicked, tear_down);
  ADD ("/session/never-there", test_never_there);
  g_test_add ("/session/answer-kept/in",
              Fixture,
              "{\"membership\":\"join\",\"displayname\":\"Cem\"}",
              set_up,
              test_answer_kept,
              tear_down);
  g_test_add ("/session/answer-kept/out",
              Fixture,
              "{\"membership\":\"leave\"}",
              set_up,
              test_answer_kept,
              tear_down);
  g_test_add (
    "/session/unknown-caller", Fixture, &mesh_sync, set_up, test_unknown_caller, tear_down);
  g_test_add (
    "/session/unknown-caller/rtc", Fixture, &rtc_sync, set_up, test_unknown_caller, tear_down);
  ADD ("/session/unknown-for-now", test_unknown_for_now);
  ADD ("/session/kicked-and-back", test_kicked_and_back);
  for (guint i = 0; i < G_N_ELEMENTS (no_questions); i++) {
    g_autofree char *path = g_strconcat ("/session/no-question/", no_questions[i].path, NULL);
    g_test_add (path, Fixture, &no_questions[i], set_up, test_no_question, tear_down);
  }
  ADD ("/session/filter", test_filter);
  ADD ("/session/back-online", test_back_online);
  ADD ("/session/back-off", test_back_off);
  ADD ("/session/bad-sync", test_bad_sync);
  ADD ("/session/stop-with-frozen-server", test_stop_with_frozen_server);
  ADD ("/session/soft-logout", test_soft_logout);
  ADD ("/session/hard-logout", test_hard_logout);
  ADD ("/session/refused-elsewhere", test_refused_elsewhere);
  ADD ("/session/sign-out", test_sign_out);
  ADD ("/session/encrypted-for-good", test_encrypted_for_good);
  ADD ("/session/rooms", test_rooms);
  return g_test_run ();
}
