/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "confab-homeserver-private.h"
#include "confab-json.h"
#include "confab-session-private.h"
#include "confab-system-clock.h"
#include "fake-homeserver.h"
#include "synapse.h"

/* One person at their desk. */
typedef struct {
  char *dir;
  ConfabSession *session;
  guint wanted_state;
  const char *wanted;
  const char *room_id;
  GString *heard; /* “sender|device|type|body or key|trust ” of each event of a room */
} Desk;

static char *url;

static void
warning_cb (
  ConfabSession *session, const char *code, const char *message, const char *user, const char *room)
{
  g_error ("warning: %s: %s", code, message);
}

static void
room_event_cb (ConfabSession *session, ConfabRoomEvent *event, Desk *desk)
{
  const char *text = confab_json_peek_string (event->content, "body");

  if (text == NULL)
    text = confab_json_peek_string (confab_json_peek_object (event->content, "m.relates_to"),
                                    "key");
  g_string_append_printf (desk->heard,
                          "%s|%s|%s|%s|%d ",
                          event->sender,
                          event->device_id != NULL ? event->device_id : "-",
                          event->type,
                          text,
                          event->trust);
}

static void
desk_open (Desk *desk)
{
  g_autoptr (ConfabClock) clock = confab_system_clock_new ();
  g_autoptr (ConfabSecrets) secrets = confab_file_secrets_new (desk->dir);

  desk->session = confab_session_new (clock, secrets, desk->dir, desk->dir);
  desk->heard = g_string_new (NULL);
  g_signal_connect (desk->session, "warning", G_CALLBACK (warning_cb), NULL);
  g_signal_connect (desk->session, "room-event", G_CALLBACK (room_event_cb), desk);
}

static void
desk_close (Desk *desk)
{
  test_expect (confab_session_stop (desk->session));
  test_settle ();
  g_assert_finalize_object (desk->session);
  g_string_free (desk->heard, TRUE);
}

static gboolean
in_state (gpointer data)
{
  Desk *desk = data;

  return confab_session_get_state (desk->session) == desk->wanted_state;
}

static void
until_state (Desk *desk, ConfabSessionState state)
{
  desk->wanted_state = state;
  test_until (in_state, desk);
}

static void
desk_sign_in (Desk *desk, const char *user)
{
  const GValue *value;
  g_autoptr (ConfabHomeserver) homeserver = NULL;

  desk->dir = g_dir_make_tmp ("confab-test-XXXXXX", NULL);
  desk_open (desk);
  value = test_wait (confab_homeserver_discover (url), NULL);
  g_assert_nonnull (value);
  homeserver = g_value_dup_object (value);
  test_expect (confab_session_sign_in (desk->session, homeserver, user, "secret", "Confab test"));
  until_state (desk, CONFAB_SESSION_STATE_ONLINE);
}

static gboolean
room_is_named (gpointer data)
{
  Desk *desk = data;
  ConfabRoom *room = confab_room_list_lookup (confab_session_get_rooms (desk->session),
                                              desk->room_id);

  return room != NULL && g_strcmp0 (confab_room_get_name (room), desk->wanted) == 0;
}

static gboolean
room_is_gone (gpointer data)
{
  Desk *desk = data;

  return confab_room_list_lookup (confab_session_get_rooms (desk->session), desk->room_id) == NULL;
}

static guint
count_calls (Desk *desk)
{
  ConfabRoom *room = confab_room_list_lookup (confab_session_get_rooms (desk->session),
                                              desk->room_id);

  return g_list_model_get_n_items (confab_room_get_calls (room));
}

static gboolean
room_has_call (gpointer data)
{
  return count_calls (data) == 1;
}

static gboolean
room_has_no_call (gpointer data)
{
  return count_calls (data) == 0;
}

static void
until_named (Desk *desk, const char *room_id, const char *name)
{
  desk->room_id = room_id;
  desk->wanted = name;
  test_until (room_is_named, desk);
}

static char *
create_room (Desk *desk, const char *name, gboolean encrypted, const char *invite, gboolean open)
{
  const char *const ids[] = { invite, NULL };
  g_autoptr (GError) error = NULL;
  const GValue *value = test_wait (
    confab_session_create_room (desk->session, name, encrypted, ids, open), &error);

  g_assert_no_error (error);
  return g_value_dup_string (value);
}

static JsonObject *
send_as (ConfabHomeserver *homeserver, const char *method, const char *path, const char *text)
{
  g_autoptr (JsonObject) body = text != NULL ? confab_json_parse_object (text, -1, NULL) : NULL;

  return test_wait_json (
    confab_homeserver_send (homeserver, method, path, body, 0, CONFAB_REQUEST_NONE));
}

/* The last call of @room_id, by another client of Anna's. */
static void
redact_call (const char *room_id)
{
  g_autoptr (ConfabHomeserver) homeserver = confab_homeserver_new (url);
  g_autoptr (JsonObject) login = send_as (homeserver,
                               "POST",
                               "/_matrix/client/v3/login",
                               "{\"type\":\"m.login.password\",\"password\":\"secret\","
                               "\"identifier\":{\"type\":\"m.id.user\",\"user\":"
                               "\"anna\"}}");
  g_autofree char *room = g_uri_escape_string (room_id, NULL, FALSE);
  g_autofree char *filter = g_uri_escape_string ("{\"types\":[\"org.matrix.msc3401.call\"]}",
                                                 NULL,
                                                 FALSE);
  g_autofree char *list_path = g_strdup_printf (
    "/_matrix/client/v3/rooms/%s/messages?dir=b&limit=1&filter=%s", room, filter);
  g_autofree char *path = NULL;
  g_autofree char *event_id = NULL;
  g_autoptr (JsonObject) list = NULL;
  g_autoptr (JsonObject) done = NULL;

  confab_homeserver_set_tokens (homeserver,
                                confab_json_peek_string (login, "access_token"),
                                NULL,
                                0);
  list = send_as (homeserver, "GET", list_path, NULL);
  event_id = g_uri_escape_string (
    confab_json_peek_string (confab_json_array_peek_object (confab_json_peek_array (list, "chunk"),
                                                            0),
                             "event_id"),
    NULL,
    FALSE);
  path = g_strdup_printf ("/_matrix/client/v3/rooms/%s/redact/%s/t1", room, event_id);
  done = send_as (homeserver, "PUT", path, "{}");
}

static void
test_life (void)
{
  Desk anna = { 0 };
  Desk ben = { 0 };
  g_autofree char *named = NULL;
  g_autofree char *unnamed = NULL;
  g_autofree char *device_id = NULL;
  ConfabRoom *room;
  g_autoptr (ConfabRoomMember) member = NULL;
  g_auto (GStrv) ids = NULL;
  const GValue *value;
  g_autoptr (ConfabCall) call = NULL;

  desk_sign_in (&anna, "anna");
  desk_sign_in (&ben, "@ben:localhost");
  named = create_room (&anna, "Rehearsal", TRUE, "@ben:localhost", TRUE);
  unnamed = create_room (&anna, NULL, FALSE, "@ben:localhost", FALSE);
  until_named (&anna, named, "Rehearsal");
  until_named (&anna, unnamed, "ben");
  test_expect (confab_session_join_room (ben.session, named));
  test_expect (confab_session_join_room (ben.session, unnamed));
  until_named (&ben, named, "Rehearsal");
  until_named (&ben, unnamed, "anna");

  room = confab_room_list_lookup (confab_session_get_rooms (ben.session), named);
  g_assert_true (confab_room_get_encrypted (room));
  g_assert_true (confab_room_get_can_start_call (room));
  member = confab_room_get_member (room, "@anna:localhost");
  test_expect (confab_room_load_members (room));
  g_assert_cmpstr (confab_room_member_get_name (member), ==, "anna");
  ids = confab_room_dup_joined_user_ids (room);
  g_assert_cmpstrv (ids, ((const char *const[]) { "@anna:localhost", "@ben:localhost", NULL }));
  room = confab_room_list_lookup (confab_session_get_rooms (ben.session), unnamed);
  g_assert_false (confab_room_get_encrypted (room));
  g_assert_false (confab_room_get_can_start_call (room));

  /* A call that is made here is on there. */
  call = confab_call_handler_create_call (confab_session_get_call_handler (anna.session),
                                          named,
                                          CONFAB_CALL_INTENT_PROMPT,
                                          CONFAB_CALL_TYPE_VIDEO,
                                          "Evening");
  g_assert_nonnull (call);
  ben.room_id = named;
  test_until (room_has_call, &ben);

  /* A restart: the same device, everything there at once, and nothing said twice. */
  device_id = g_strdup (confab_session_get_device_id (ben.session));
  desk_close (&ben);
  desk_open (&ben);
  value = test_wait (confab_session_restore (ben.session), NULL);
  g_assert_true (g_value_get_boolean (value));
  g_assert_cmpstr (confab_session_get_device_id (ben.session), ==, device_id);
  ben.room_id = named;
  g_assert_true (room_has_call (&ben));
  ben.room_id = unnamed;
  ben.wanted = "anna";
  g_assert_true (room_is_named (&ben));
  until_state (&ben, CONFAB_SESSION_STATE_ONLINE);

  ben.room_id = named;
  confab_call_terminate (call);
  test_until (room_has_no_call, &ben);
  g_clear_object (&call);

  /* So is one that is redacted. */
  call = confab_call_handler_create_call (confab_session_get_call_handler (anna.session),
                                          named,
                                          CONFAB_CALL_INTENT_PROMPT,
                                          CONFAB_CALL_TYPE_VIDEO,
                                          "Night");
  test_until (room_has_call, &ben);
  g_clear_object (&call);
  redact_call (named);
  test_until (room_has_no_call, &ben);
  anna.room_id = named;
  test_until (room_has_no_call, &anna);

  ben.room_id = unnamed;
  test_expect (confab_session_leave_room (ben.session, unnamed));
  test_until (room_is_gone, &ben);
  until_named (&anna, unnamed, "Empty room (was ben)");

  test_expect (confab_session_sign_out (ben.session));
  value = test_wait (confab_session_restore (ben.session), NULL);
  g_assert_false (g_value_get_boolean (value));
  desk_close (&ben);
  test_expect (confab_session_sign_out (anna.session));
  desk_close (&anna);
  g_rmdir (anna.dir);
  g_rmdir (ben.dir);
  g_free (anna.dir);
  g_free (ben.dir);
}

/* ---- what is said in an encrypted room ---- */

static gboolean
heard_it (gpointer data)
{
  Desk *desk = data;

  return strstr (desk->heard->str, desk->wanted) != NULL;
}

static void
until_heard (Desk *desk, const char *what)
{
  desk->wanted = what;
  test_until (heard_it, desk);
}

static char *
said (Desk *speaker, const char *type, const char *text)
{
  return g_strdup_printf ("%s|%s|%s|%s|%d ",
                          confab_session_get_user_id (speaker->session),
                          confab_session_get_device_id (speaker->session),
                          type,
                          text,
                          CONFAB_ROOM_EVENT_TRUST_DEVICE);
}

/* Says it, and waits until @listeners (NULL-terminated) have heard it from that very device. Returns the event's id. */
static char *
say (Desk *speaker, const char *room_id, const char *text, Desk *const *listeners)
{
  g_autofree char *json = g_strdup_printf ("{\"msgtype\":\"m.text\",\"body\":\"%s\"}", text);
  g_autoptr (JsonObject) content = confab_json_parse_object (json, -1, NULL);
  g_autofree char *expected = said (speaker, "m.room.message", text);
  g_autoptr (GError) error = NULL;
  const GValue *value = test_wait (
    confab_session_send_event (speaker->session, room_id, "m.room.message", content), &error);
  g_autofree char *event_id = NULL;

  g_assert_no_error (error);
  event_id = g_value_dup_string (value);
  for (guint i = 0; listeners[i] != NULL; i++)
    until_heard (listeners[i], expected);
  return g_steal_pointer (&event_id);
}

typedef struct {
  const char *sql;
  const char *parameter;
  char *value;
} Ask;

static gboolean
ask_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  Ask *ask = data;

  g_set_str (&ask->value, confab_store_row_get_string (row, 0));
  return TRUE;
}

static gboolean
ask_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Ask *ask = data;

  return confab_store_query (transaction, ask_row_cb, ask, error, ask->sql, "s", ask->parameter);
}

static char *
ask (Desk *desk, const char *sql, const char *parameter)
{
  Ask question = { sql, parameter, NULL };

  g_assert_true (confab_store_run (desk->session->store, ask_func, &question, NULL));
  return question.value;
}

static gboolean
knows_device (gpointer data)
{
  Desk *desk = data;
  g_autofree char *found = ask (desk,
                                "SELECT device_id FROM devices WHERE device_id = ?",
                                desk->wanted);

  return found != NULL;
}

static gboolean
is_alone (gpointer data)
{
  Desk *desk = data;

  return confab_room_get_n_joined (
           confab_room_list_lookup (confab_session_get_rooms (desk->session), desk->room_id)) == 1;
}

static void
react (Desk *desk, const char *room_id, const char *event_id, const char *key)
{
  g_autofree char *json = g_strdup_printf ("{\"m.relates_to\":{\"rel_type\":\"m.annotation\","
                                           "\"event_id\":\"%s\",\"key\":\"%s\"}}",
                                           event_id,
                                           key);
  g_autoptr (JsonObject) content = confab_json_parse_object (json, -1, NULL);

  test_expect (confab_session_send_event (desk->session, room_id, "m.reaction", content));
}

static void
desk_leave (Desk *desk)
{
  test_expect (confab_session_sign_out (desk->session));
  desk_close (desk);
  g_rmdir (desk->dir);
  g_free (desk->dir);
}

static const char session_sql[] = "SELECT session_id FROM megolm_outbound WHERE room_id = ?";

static void
test_messages (void)
{
  Desk anna = { 0 };
  Desk ben = { 0 };
  Desk second = { 0 }; /* Ben's */
  g_autofree char *room = NULL;
  g_autofree char *event_id = NULL;
  g_autofree char *hand = NULL;
  g_autofree char *before = NULL;
  g_autofree char *during = NULL;
  g_autofree char *after = NULL;
  g_autofree char *index = NULL;
  g_autofree char *restarted = NULL;
  g_autofree char *none = NULL;

  desk_sign_in (&anna, "anna");
  desk_sign_in (&ben, "@ben:localhost");
  room = create_room (&anna, "Chat", TRUE, "@ben:localhost", FALSE);
  test_expect (confab_session_join_room (ben.session, room));
  until_named (&ben, room, "Chat");

  g_free (say (&anna, room, "one", (Desk *[]) { &anna, &ben, NULL }));
  event_id = say (&ben, room, "answer", (Desk *[]) { &anna, &ben, NULL });
  react (&anna, room, event_id, "hand");
  hand = said (&anna, "m.reaction", "hand");
  until_heard (&ben, hand);
  before = ask (&anna, session_sql, room);

  /* Who comes later reads what is said later. */
  desk_sign_in (&second, "@ben:localhost");
  until_named (&second, room, "Chat");
  anna.wanted = confab_session_get_device_id (second.session);
  test_until (knows_device, &anna);
  g_free (say (&anna, room, "two", (Desk *[]) { &anna, &ben, &second, NULL }));
  g_assert_null (strstr (second.heard->str, "one"));
  g_assert_null (strstr (second.heard->str, "answer"));
  during = ask (&anna, session_sql, room);
  g_assert_cmpstr (before, ==, during);
  index = ask (&anna,
               "SELECT message_index FROM megolm_shares WHERE device_id = ?",
               confab_session_get_device_id (second.session));
  g_assert_cmpstr (index, ==, "2");

  /* After a restart it goes on where it was. */
  desk_close (&anna);
  desk_open (&anna);
  test_expect (confab_session_restore (anna.session));
  g_free (say (&anna, room, "back", (Desk *[]) { &anna, &ben, &second, NULL }));
  restarted = ask (&anna, session_sql, room);
  g_assert_cmpstr (during, ==, restarted);

  /* Who left reads nothing any more, and has no key for it. */
  test_expect (confab_session_leave_room (ben.session, room));
  anna.room_id = room;
  test_until (is_alone, &anna);
  g_free (say (&anna, room, "three", (Desk *[]) { &anna, NULL }));
  after = ask (&anna, session_sql, room);
  g_assert_cmpstr (during, !=, after);
  none = ask (&ben, "SELECT session_id FROM megolm_inbound WHERE session_id = ?", after);
  g_assert_null (none);
  g_assert_null (strstr (ben.heard->str, "three"));

  desk_leave (&second);
  desk_leave (&ben);
  desk_leave (&anna);
}

static void
test_wrong_password (void)
{
  Desk desk = { .dir = g_dir_make_tmp ("confab-test-XXXXXX", NULL) };
  g_autoptr (ConfabHomeserver) homeserver = confab_homeserver_new (url);

  desk_open (&desk);
  test_expect_error (confab_session_sign_in (desk.session, homeserver, "anna", "guess", NULL),
                     CONFAB_MATRIX_ERROR,
                     CONFAB_MATRIX_ERROR_FORBIDDEN);
  desk_close (&desk);
  g_rmdir (desk.dir);
  g_free (desk.dir);
}

int
main (int argc, char **argv)
{
  g_autoptr (Synapse) synapse = NULL;

  g_test_init (&argc, &argv, NULL);
  dex_init ();
  synapse = synapse_new (NULL);
  url = synapse->url;
  g_test_add_func ("/synapse/life", test_life);
  g_test_add_func ("/synapse/messages", test_messages);
  g_test_add_func ("/synapse/wrong-password", test_wrong_password);
  return g_test_run ();
}
