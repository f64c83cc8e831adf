/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <signal.h>
#include <string.h>

#include "confab-device-keys.h"
#include "confab-json.h"
#include "confab-megolm-outbound.h"
#include "confab-session-private.h"
#include "confab-system-clock.h"
#include "fake-account.h"
#include "fake-call-handler.h"
#include "mortal.h"

/* A process that dies by SIGKILL while it applies a sync. The parent is the homeserver, and keeps device messages, in
 * clear and encrypted ones, until the child asks for what follows them, as a real one does; the child dies at a named
 * step, or at any of its steps to the disk; the next child must find nothing lost and nothing there twice, and its
 * ratchets where they have to be. */

#define QUERY "/_matrix/client/v3/keys/query"
#define UPLOAD "/_matrix/client/v3/keys/upload"
#define MAX_DEATHS (g_getenv ("CONFAB_SANITIZED") == NULL ? 40u : 8u) /* by steps to the disk */

#define MESSAGE(id)                                                                                \
  "{\"type\":\"m.call.invite\",\"sender\":\"@ben:x\",\"content\":{\"call_id\":\"" id               \
  "\",\"conf_id\":\"k\","                                                                          \
  "\"device_id\":\"D\"}}"
#define NAME(name)                                                                                 \
  "{\"type\":\"m.room.name\",\"state_key\":\"\",\"sender\":\"@ben:x\",\"content\":{\"name\":"      \
  "\"" name "\"}}"
#define ROOM(events) "\"rooms\":{\"join\":{\"!a:x\":{\"timeline\":{\"events\":[" events "]}}}}"

static void
say_cb (const char *line)
{
  if (g_str_has_prefix (line, "to-device"))
    mortal_say ("%s", line);
}

static void
room_event_cb (ConfabSession *session, ConfabRoomEvent *event, gpointer data)
{
  mortal_say ("room %s %s %s",
              event->sender,
              event->device_id,
              confab_json_peek_string (event->content, "body"));
}

/* The child: restores, and runs until its input ends. */
static void
begin (ConfabSession *session, gpointer data)
{
  fake_call_handler_hook = say_cb;
  g_signal_connect (session, "room-event", G_CALLBACK (room_event_cb), NULL);
}

typedef struct {
  FakeAccount *account;
  char *prepared; /* the store of somebody who is signed in, with no news yet */
  char *dir;      /* a copy of it */
  const char *wanted;
  ConfabOlmAccount *ben;
  ConfabOlmSession *session;      /* his, with the child's device */
  ConfabMegolmOutbound *talk;     /* his, in the room */
  ConfabMegolmOutbound *new_talk; /* another one, whose key comes after what was said */
  JsonObject *ben_keys;
  char *curve25519; /* the child's */
  char *ed25519;
} Fixture;

static gboolean
asked (gpointer data)
{
  Fixture *f = data;

  return f->account->asked->len > 0 &&
         g_str_equal (f->account->asked->pdata[f->account->asked->len - 1], f->wanted);
}

static void
until_asked (Fixture *f, const char *since)
{
  f->wanted = since;
  test_until (asked, f);
}

static guint
count (const char *text, const char *what)
{
  guint n = 0;

  for (const char *p = text; (p = strstr (p, what)) != NULL; p++)
    n++;
  return n;
}

/* Like any homeserver it remembers what it was given: device keys, and the fallback key. */
static void
upload_cb (FakeHomeserver *server, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  Fixture *f = data;
  JsonObject *keys = confab_json_peek_object (confab_json_peek_object (body, "device_keys"),
                                              "keys");
  JsonObject *fallback = confab_json_peek_object (body, "fallback_keys");
  g_autoptr (GList) names = fallback != NULL ? json_object_get_members (fallback) : NULL;

  fake_homeserver_respond (message, 200, "{\"one_time_key_counts\":{\"signed_curve25519\":50}}");
  if (keys == NULL || names == NULL || f->session != NULL)
    return;
  f->curve25519 = g_strdup (confab_json_peek_string (keys, "curve25519:DEV1"));
  f->ed25519 = g_strdup (confab_json_peek_string (keys, "ed25519:DEV1"));
  f->session = confab_olm_account_create_outbound (
    f->ben,
    f->curve25519,
    confab_json_peek_string (confab_json_peek_object (fallback, names->data), "key"),
    NULL);
  g_assert_nonnull (f->session);
}

/* A message from Ben's device, encrypted: what to_device.events holds of it. */
static char *
encrypt (Fixture *f, const char *type, const char *content)
{
  g_autofree char *device_keys = confab_json_to_string (f->ben_keys);
  g_autofree char *payload = g_strdup_printf (
    "{\"type\":\"%s\",\"sender\":\"@ben:x\",\"recipient\":\"@anna:x\",\"keys\":{"
    "\"ed25519\":\"%s\"},\"recipient_keys\":{\"ed25519\":\"%s\"},\"sender_device_keys\":%s,"
    "\"content\":%s}",
    type,
    confab_olm_account_get_ed25519 (f->ben),
    f->ed25519,
    device_keys,
    content);
  ConfabOlmMessageType message_type;
  g_autofree char *body = confab_olm_session_encrypt (f->session, payload, &message_type, NULL);

  return g_strdup_printf (
    "{\"type\":\"m.room.encrypted\",\"sender\":\"@ben:x\",\"content\":{\"algorithm\":"
    "\"m.olm.v1.curve25519-aes-sha2\",\"sender_key\":\"%s\",\"ciphertext\":{\"%s\":{\"type\":%d,"
    "\"body\":\"%s\"}}}}",
    confab_olm_account_get_curve25519 (f->ben),
    f->curve25519,
    message_type,
    body);
}

static char *
encrypted_message (Fixture *f, const char *call_id)
{
  g_autofree char *content = g_strdup_printf (
    "{\"call_id\":\"%s\",\"conf_id\":\"k\",\"device_id\":\"BDEV\"}", call_id);

  return encrypt (f, "m.call.invite", content);
}

static char *
room_key (Fixture *f, ConfabMegolmOutbound *talk)
{
  g_autofree char *key = confab_megolm_outbound_dup_key (talk);
  g_autofree char *content = g_strdup_printf (
    "{\"algorithm\":\"m.megolm.v1.aes-sha2\",\"room_id\":\"!a:x\",\"session_id\":\"%s\","
    "\"session_key\":\"%s\"}",
    confab_megolm_outbound_get_id (talk),
    key);

  return encrypt (f, "m.room_key", content);
}

/* What Ben says in the room. */
static char *
room_message (ConfabMegolmOutbound *talk, const char *event_id, const char *text)
{
  g_autofree char *payload = g_strdup_printf (
    "{\"room_id\":\"!a:x\",\"type\":\"m.room.message\",\"content\":{\"body\":\"%s\"}}", text);
  g_autofree char *body = confab_megolm_outbound_encrypt (talk, payload, NULL);

  return g_strdup_printf (
    "{\"type\":\"m.room.encrypted\",\"sender\":\"@ben:x\",\"event_id\":\"%s\",\"origin_server_ts\":"
    "5,\"content\":{\"algorithm\":\"m.megolm.v1.aes-sha2\",\"session_id\":\"%s\",\"ciphertext\":"
    "\"%s\"}}",
    event_id,
    confab_megolm_outbound_get_id (talk),
    body);
}

static gboolean
has_session (gpointer data)
{
  return ((Fixture *) data)->session != NULL;
}

static gboolean
row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  *(gboolean *) data = TRUE;
  return TRUE;
}

static gboolean
find_device_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_store_query (transaction, row_cb, data, error, "SELECT 1 FROM devices", NULL);
}

/* Whose list has Ben's device. */
static gboolean
knows_ben (gpointer data)
{
  gboolean found = FALSE;

  g_assert_true (
    confab_store_run (((ConfabSession *) data)->store, find_device_func, &found, NULL));
  return found;
}

/* What comes after the child was last there: calls, what is said in a room, keys for it before and after that, and what
 * was said once more, by somebody else's hand. */
static void
prepare_news (Fixture *f)
{
  g_autofree char *c2 = encrypted_message (f, "c2");
  g_autofree char *key = room_key (f, f->talk);
  g_autofree char *c3 = encrypted_message (f, "c3");
  g_autofree char *c4 = encrypted_message (f, "c4");
  g_autofree char *new_key = room_key (f, f->new_talk);
  g_autofree char *one = room_message (f->talk, "$1", "one");
  g_autofree char *early = room_message (f->new_talk, "$2", "early");
  g_autofree char *two = room_message (f->talk, "$3", "two");
  g_autofree char *copy = g_strdup (one);
  g_autofree char *news = NULL;
  g_autofree char *later = NULL;

  strstr (copy, "$1")[1] = '4';
  news = g_strdup_printf ("{\"next_batch\":\"s2\",\"to_device\":{\"events\":[%s,%s,%s,%s]}," ROOM (
                            NAME ("New") ",%s,%s") "}",
                          MESSAGE ("c1"),
                          c2,
                          key,
                          c3,
                          one,
                          early);
  later = g_strdup_printf ("{\"next_batch\":\"s3\",\"to_device\":{\"events\":[%s,%s]}," ROOM (
                             "%s,%s") "}",
                           c4,
                           new_key,
                           copy,
                           two);
  fake_account_sync (f->account, "s1", news);
  fake_account_sync (f->account, "s2", later);
}

static void
set_up (Fixture *f)
{
  g_autoptr (ConfabClock) clock = confab_system_clock_new ();
  g_autoptr (ConfabSecrets) secrets = NULL;
  g_autoptr (ConfabSession) session = NULL;
  g_autoptr (ConfabHomeserver) homeserver = NULL;
  g_autofree char *ben_keys = NULL;
  g_autofree char *list = NULL;

  *f = (Fixture) { .account = fake_account_new () };
  f->prepared = g_dir_make_tmp ("confab-test-XXXXXX", NULL);
  f->dir = g_strconcat (f->prepared, "-copy", NULL);
  f->ben = confab_olm_account_new (NULL);
  f->talk = confab_megolm_outbound_new (NULL);
  f->new_talk = confab_megolm_outbound_new (NULL);
  f->ben_keys = confab_device_keys_make (f->ben, "@ben:x", "BDEV");
  fake_homeserver_handle (f->account->server, UPLOAD, upload_cb, f);
  ben_keys = confab_json_to_string (f->ben_keys);
  list = g_strdup_printf ("{\"device_keys\":{\"@ben:x\":{\"BDEV\":%s}}}", ben_keys);
  fake_homeserver_forget (f->account->server, QUERY);
  fake_homeserver_reply (f->account->server, QUERY, 200, list);
  fake_account_sync (
    f->account,
    "",
    "{\"next_batch\":\"s1\",\"rooms\":{\"join\":{\"!a:x\":{\"timeline\":{\"events\":["
    "{\"type\":\"m.room.name\",\"state_key\":\"\",\"sender\":\"@ben:x\",\"content\":{"
    "\"name\":\"Old\"}},{\"type\":\"org.matrix.msc3401.call.member\",\"state_key\":"
    "\"@ben:x\",\"sender\":\"@ben:x\",\"content\":{\"m.calls\":[{}]}}]}}}}}");
  secrets = confab_file_secrets_new (f->prepared);
  session = confab_session_new (clock, secrets, f->prepared, f->prepared);
  homeserver = confab_homeserver_new (fake_homeserver_get_url (f->account->server));
  test_expect (confab_session_sign_in (session, homeserver, "anna", "secret", NULL));
  until_asked (f, "s1");
  test_until (has_session, f);
  test_until (knows_ben, session);
  test_expect (confab_session_stop (session));
  test_settle ();

  prepare_news (f);
}

static void
tear_down (Fixture *f)
{
  fake_account_free (f->account);
  mortal_run ("rm -r", f->prepared, "");
  g_free (f->prepared);
  g_free (f->dir);
  g_object_unref (f->ben);
  g_object_unref (f->talk);
  g_object_unref (f->new_talk);
  g_object_unref (f->session);
  json_object_unref (f->ben_keys);
  g_free (f->curve25519);
  g_free (f->ed25519);
}

static void
check_store (Fixture *f)
{
  g_autoptr (ConfabClock) clock = confab_system_clock_new ();
  g_autoptr (ConfabSecrets) secrets = confab_file_secrets_new (f->dir);
  g_autoptr (ConfabSession) session = confab_session_new (clock, secrets, f->dir, f->dir);

  test_expect (confab_session_restore (session));
  g_assert_cmpstr (confab_room_get_name (
                     confab_room_list_lookup (confab_session_get_rooms (session), "!a:x")),
                   ==,
                   "New");
  test_expect (confab_session_stop (session));
  test_settle ();
}

/* Goes on where the one before it died, to the end. */
static void
run_heir (Fixture *f, GString *said)
{
  g_autoptr (GSubprocess) heir = mortal_start (f->dir, "none", "");

  until_asked (f, "s3");
  mortal_end (heir, said);
}

static const char *const lines[] = {
  "to-device @ben:x clear m.call.invite c1\n",
  "to-device @ben:x BDEV m.call.invite c2\n",
  "to-device @ben:x BDEV m.call.invite c3\n",
  "to-device @ben:x BDEV m.call.invite c4\n",
  "room @ben:x BDEV one\n",
  "room @ben:x BDEV early\n",
  "room @ben:x BDEV two\n",
};

/* What a process told its calls dies with it. So a message may be told to the next one again when the process died
 * after it told and before it wrote that down (@may_repeat); but never twice to one, and never to none. */
static void
assert_said (const char *victim, const char *heir, gboolean may_repeat)
{
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    guint n_victim = count (victim, lines[i]);
    guint n_heir = count (heir, lines[i]);

    g_assert_cmpuint (n_victim, <=, 1);
    g_assert_cmpuint (n_heir, <=, 1);
    g_assert_cmpuint (n_victim + n_heir, >=, 1);
    if (!may_repeat)
      g_assert_cmpuint (n_victim + n_heir, ==, 1);
  }
}

static void
run_victim (Fixture *f, const char *step, gboolean may_repeat)
{
  g_autoptr (GString) said = g_string_new (NULL);
  g_autoptr (GString) heir_said = g_string_new (NULL);
  g_autoptr (GSubprocess) victim = NULL;

  g_test_message ("dies at %s", step);
  mortal_run ("cp -r", f->prepared, f->dir);
  g_ptr_array_set_size (f->account->asked, 0);
  victim = mortal_start (f->dir, step, "");
  mortal_finish (victim, said);
  g_assert_true (g_subprocess_get_if_signaled (victim));
  g_assert_cmpint (g_subprocess_get_term_sig (victim), ==, SIGKILL);
  g_ptr_array_set_size (f->account->asked, 0);
  run_heir (f, heir_said);
  assert_said (said->str, heir_said->str, may_repeat);
  check_store (f);
  mortal_run ("rm -r", f->dir, "");
}

static void
test_killed (gconstpointer data)
{
  Fixture f;

  set_up (&f);
  run_victim (&f, data, FALSE);
  tear_down (&f);
}

/* How many steps to the disk it takes when nobody dies. */
static guint
count_steps (Fixture *f)
{
  g_autoptr (GString) said = g_string_new (NULL);

  mortal_run ("cp -r", f->prepared, f->dir);
  g_ptr_array_set_size (f->account->asked, 0);
  run_heir (f, said);
  assert_said ("", said->str, FALSE);
  mortal_run ("rm -r", f->dir, "");
  return mortal_get_n_steps (said);
}

static void
test_killed_anywhere (void)
{
  Fixture f;
  guint n_steps, stride;

  set_up (&f);
  n_steps = count_steps (&f);
  g_assert_cmpuint (n_steps, >, 20);
  /* The last ones are taken when it is told to end, which a victim is not. */
  stride = MAX (n_steps / MAX_DEATHS, 1);
  for (guint i = 1; i + stride < n_steps * 3 / 4; i += stride) {
    g_autofree char *step = g_strdup_printf ("%u", i);
    run_victim (&f, step, TRUE);
  }
  tear_down (&f);
}

int
main (int argc, char **argv)
{
  if (argc == 5 && g_str_equal (argv[1], "--child")) {
    dex_init ();
    return mortal_live (argv[2], argv[3], begin, NULL, NULL, NULL);
  }
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_data_func ("/crash/begun", "begun", test_killed);
  g_test_add_data_func ("/crash/rooms", "rooms", test_killed);
  g_test_add_data_func ("/crash/received", "received", test_killed);
  g_test_add_data_func ("/crash/committed", "committed", test_killed);
  g_test_add_data_func ("/crash/fed", "fed", test_killed);
  g_test_add_func ("/crash/anywhere", test_killed_anywhere);
  return g_test_run ();
}
