/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <time.h>

#include "confab-session.h"
#include "confab-slice.h"
#include "confab-system-clock.h"
#include "fake-account.h"
#include "fake-call-handler.h"

/* An account with 2,000 rooms: signing in and starting again must not hold up the main thread, on which everything is
 * drawn. The homeserver is in a thread of its own; what is measured is the processor time of each turn of the main
 * loop, which other programs on the machine do not change. */

#define N_ROOMS (g_getenv ("CONFAB_SANITIZED") == NULL ? 2000u : 100u) /* all is slower then */
#define N_CALLS 5
#define TURN_MS 8

static gint64 turn_began;
static gint64 longest_turn; /* µs */
static GPollFunc real_poll;

static gint64
thread_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static gint
poll_cb (GPollFD *fds, guint n_fds, gint timeout)
{
  gint result;

  if (turn_began != 0)
    longest_turn = MAX (longest_turn, thread_time () - turn_began);
  result = real_poll (fds, n_fds, timeout);
  turn_began = thread_time ();
  return result;
}

static void
measure (void)
{
  turn_began = 0;
  longest_turn = 0;
}

static void
assert_smooth (const char *what)
{
  gint64 bound = TURN_MS * 1000;

  /* Sanitizers and valgrind make everything slower, but not by the same factor. */
  g_test_message ("%s: the longest turn of the main loop took %.1f ms",
                  what,
                  longest_turn / 1000.0);
  if (g_getenv ("CONFAB_SANITIZED") == NULL)
    g_assert_cmpint (longest_turn, <=, bound);
}

static void
append_event (GString *text, guint i, const char *type, const char *key, const char *content)
{
  if (text->str[text->len - 1] == '}')
    g_string_append_c (text, ',');
  g_string_append_printf (
    text,
    "{\"type\":\"%s\",\"state_key\":\"%s\",\"sender\":\"@ben:x\",\"event_id\":\"$%u-%s%s\","
    "\"origin_server_ts\":1700000000000,\"unsigned\":{\"age\":12345678},\"content\":%s}",
    type,
    key,
    i,
    type,
    key,
    content);
}

static const struct {
  const char *type;
  const char *key;
  const char *content;
} usual_state[] = {
  { "m.room.create", "", "{\"room_version\":\"10\",\"creator\":\"@ben:x\"}" },
  { "m.room.encryption", "", "{\"algorithm\":\"m.megolm.v1.aes-sha2\"}" },
  { "m.room.topic", "", "{\"topic\":\"What this room is about, in a sentence of usual length.\"}" },
  { "m.room.avatar", "", "{\"url\":\"mxc://example.org/abcdefghijklmnop\"}" },
  { "m.room.power_levels",
    "",
    "{\"users\":{\"@ben:x\":100,\"@anna:x\":50},\"users_default\":0,\"events\":{\"m.room.name\":50,"
    "\"m.room.power_levels\":100,\"m.room.history_visibility\":100,\"m.room.canonical_alias\":50,"
    "\"m.room.avatar\":50,\"m.room.tombstone\":100,\"m.room.server_acl\":100,\"m.room.encryption\":"
    "100},"
    "\"events_default\":0,\"state_default\":50,\"ban\":50,\"kick\":50,\"redact\":50,\"invite\":"
    "0}" },
  { "m.room.member", "@anna:x", "{\"membership\":\"join\",\"displayname\":\"Anna\"}" },
  { "m.room.member",
    "@cem:x",
    "{\"membership\":\"join\",\"displayname\":\"Cem\",\"avatar_url\":\"mxc://x/c\"}" },
  { "m.room.member", "@dan:x", "{\"membership\":\"join\",\"displayname\":\"Dan\"}" },
};

static void
append_room (GString *text, guint i)
{
  g_string_append_printf (text, "%s\"!room%u:x\":{\"state\":{\"events\":[", i > 0 ? "," : "", i);
  for (guint j = 0; j < G_N_ELEMENTS (usual_state); j++)
    append_event (text, i, usual_state[j].type, usual_state[j].key, usual_state[j].content);
  if (i % 3 != 0) { /* every third room has no name of its own */
    g_autofree char *content = g_strdup_printf ("{\"name\":\"Room number %u\"}", i);
    append_event (text, i, "m.room.name", "", content);
  }
  if (i < N_CALLS)
    append_event (text, i, "org.matrix.msc3401.call", "call", "{\"m.intent\":\"m.prompt\"}");
  g_string_append_printf (
    text,
    "]},\"timeline\":{\"limited\":true,\"prev_batch\":\"p%u\",\"events\":[{\"type\":\"m.room."
    "message\",\"sender\":\"@cem:x\",\"event_id\":\"$m%u\",\"origin_server_ts\":170000%07u,"
    "\"content\":{\"msgtype\":\"m.text\",\"body\":\"A message of usual length, as people write "
    "them all day long.\"}}]},\"summary\":{\"m.joined_member_count\":4,"
    "\"m.invited_member_count\":0,\"m.heroes\":[\"@cem:x\",\"@dan:x\"]}}",
    i,
    i,
    i);
}

static char *
first_sync (void)
{
  GString *text = g_string_new ("{\"next_batch\":\"s1\",\"rooms\":{\"join\":{");

  for (guint i = 0; i < N_ROOMS; i++)
    append_room (text, i);
  g_string_append (text, "}},\"account_data\":{\"events\":[{\"type\":\"m.direct\",\"content\":{");
  for (guint i = 0; i < N_ROOMS / 10; i++)
    g_string_append_printf (text, "%s\"@p%u:x\":[\"!room%u:x\"]", i > 0 ? "," : "", i, i * 3);
  g_string_append (text, "}}]}}");
  return g_string_free (text, FALSE);
}

/* ---- the homeserver's thread ---- */

typedef struct {
  GMutex mutex;
  GCond cond;
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  FakeAccount *account;
  char *url;
} Server;

static gpointer
server_thread (gpointer data)
{
  Server *self = data;
  g_autofree char *text = first_sync ();

  g_main_context_push_thread_default (self->context);
  self->account = fake_account_new ();
  fake_account_sync (self->account, "", text);
  g_mutex_lock (&self->mutex);
  self->url = g_strdup (fake_homeserver_get_url (self->account->server));
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
  g_main_loop_run (self->loop);
  fake_account_free (self->account);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

static Server *
server_new (void)
{
  Server *self = g_new0 (Server, 1);

  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->thread = g_thread_new ("homeserver", server_thread, self);
  g_mutex_lock (&self->mutex);
  while (self->url == NULL)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
  return self;
}

static gboolean
quit_cb (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static void
server_free (Server *self)
{
  g_main_context_invoke (self->context, quit_cb, self->loop);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self->url);
  g_free (self);
}

/* ---- the test ---- */

static gboolean
is_online (gpointer data)
{
  return confab_session_get_state (data) == CONFAB_SESSION_STATE_ONLINE;
}

static void
rooms_cb (ConfabSession *session, GParamSpec *pspec, guint *n_rooms)
{
  ConfabRoomList *rooms = confab_session_get_rooms (session);

  if (rooms != NULL)
    *n_rooms = g_list_model_get_n_items (G_LIST_MODEL (rooms));
}

static void
assert_rooms (ConfabSession *session)
{
  GListModel *rooms = G_LIST_MODEL (confab_session_get_rooms (session));
  ConfabRoom *room = confab_room_list_lookup (CONFAB_ROOM_LIST (rooms), "!room3:x");

  g_assert_cmpuint (g_list_model_get_n_items (rooms), ==, N_ROOMS);
  g_assert_cmpstr (confab_room_get_name (room), ==, "Cem, Dan and 1 other");
  g_assert_true (confab_room_get_direct (room));
  g_assert_true (confab_room_get_encrypted (room));
}

static void
test_smooth (void)
{
  Server *server = server_new ();
  g_autofree char *dir = g_dir_make_tmp ("confab-test-XXXXXX", NULL);
  g_autofree char *remove = g_strdup_printf ("rm -r '%s'", dir);
  g_autoptr (ConfabClock) clock = confab_system_clock_new ();
  g_autoptr (ConfabSecrets) secrets = confab_file_secrets_new (dir);
  g_autoptr (ConfabHomeserver) homeserver = confab_homeserver_new (server->url);
  ConfabSession *session = confab_session_new (clock, secrets, dir, dir);
  guint n_rooms = 0;

  measure ();
  test_expect (confab_session_sign_in (session, homeserver, "anna", "secret", NULL));
  test_until (is_online, session);
  test_settle ();
  assert_smooth ("signing in");
  assert_rooms (session);
  measure ();
  test_expect (confab_session_stop (session));
  test_settle ();
  assert_smooth ("stopping");
  g_assert_finalize_object (session);

  session = confab_session_new (clock, secrets, dir, dir);
  g_signal_connect (session, "notify::rooms", G_CALLBACK (rooms_cb), &n_rooms);
  measure ();
  test_expect (confab_session_restore (session));
  /* Nobody sees half of the list. */
  g_assert_cmpuint (n_rooms, ==, N_ROOMS);
  assert_rooms (session);
  test_until (is_online, session);
  test_settle ();
  assert_smooth ("starting again");
  test_expect (confab_session_stop (session));
  test_settle ();
  g_assert_finalize_object (session);
  server_free (server);
  g_assert_true (g_spawn_command_line_sync (remove, NULL, NULL, NULL, NULL));
}

int
main (int argc, char **argv)
{
  confab_slice_prepare_memory ();
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  real_poll = g_main_context_get_poll_func (NULL);
  g_main_context_set_poll_func (NULL, poll_cb);
  g_test_add_func ("/large-account/smooth", test_smooth);
  return g_test_run ();
}
