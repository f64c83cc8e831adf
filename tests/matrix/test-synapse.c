/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "confab-homeserver-private.h"
#include "confab-json.h"
#include "confab-session.h"
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
} Desk;

static char *url;

static void
warning_cb (
  ConfabSession *session, const char *code, const char *message, const char *user, const char *room)
{
  g_error ("warning: %s: %s", code, message);
}

static void
desk_open (Desk *desk)
{
  g_autoptr (ConfabClock) clock = confab_system_clock_new ();
  g_autoptr (ConfabSecrets) secrets = confab_file_secrets_new (desk->dir);

  desk->session = confab_session_new (clock, secrets, desk->dir, desk->dir);
  g_signal_connect (desk->session, "warning", G_CALLBACK (warning_cb), NULL);
}

static void
desk_close (Desk *desk)
{
  test_expect (confab_session_stop (desk->session));
  test_settle ();
  g_assert_finalize_object (desk->session);
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
  g_test_add_func ("/synapse/wrong-password", test_wrong_password);
  return g_test_run ();
}
