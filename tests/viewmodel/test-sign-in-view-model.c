/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-settings.h"
#include "confab-sign-in-view-model.h"
#include "world.h"

#define LOOK_UP_MS 600
#define LOGIN "/_matrix/client/v3/login"
#define VERSIONS "/_matrix/client/versions"
#define FORGET "/_matrix/client/v3/logout"

typedef struct {
  World *world;
  ConfabSignInViewModel *model;
  char *host; /* the fake's, with its port */
  GString *focus;
  guint server_state; /* to be waited for */
} Fixture;

static void
focus_cb (ConfabSignInViewModel *model, const char *row, Fixture *f)
{
  g_string_append_printf (f->focus, "%s;", row);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GSettings) settings = confab_settings_new ();

  g_assert_nonnull (settings);
  g_settings_reset (settings, "homeserver");
  f->world = world_new ();
  f->model = confab_sign_in_view_model_new (f->world->session, CONFAB_CLOCK (f->world->clock));
  f->host = g_strdup_printf ("127.0.0.1:%u", fake_homeserver_get_port (f->world->account->server));
  f->focus = g_string_new (NULL);
  g_signal_connect (f->model, "focus-wanted", G_CALLBACK (focus_cb), f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  test_settle ();
  g_assert_finalize_object (f->model);
  world_free (f->world);
  g_free (f->host);
  g_string_free (f->focus, TRUE);
}

static gboolean
has_server_state (gpointer data)
{
  Fixture *f = data;

  return confab_sign_in_view_model_get_server_state (f->model) == f->server_state;
}

static void
until_server (Fixture *f, ConfabServerState state)
{
  f->server_state = state;
  test_until (has_server_state, f);
}

static gboolean
is_idle (gpointer data)
{
  return !confab_sign_in_view_model_get_busy (((Fixture *) data)->model);
}

/* What runs for the page keeps it; then nothing does any more. */
static gboolean
is_alone (gpointer data)
{
  return G_OBJECT (((Fixture *) data)->model)->ref_count == 1;
}

static void
advance (Fixture *f, guint ms)
{
  confab_manual_clock_advance (f->world->clock, ms);
}

static guint
n_look_ups (Fixture *f)
{
  return fake_homeserver_get_n_requests (f->world->account->server, VERSIONS);
}

static void
assert_server_error (Fixture *f, const char *expected)
{
  g_assert_cmpstr (confab_sign_in_view_model_get_server_error (f->model), ==, expected);
}

static void
assert_account_error (Fixture *f, const char *expected)
{
  g_assert_cmpstr (confab_sign_in_view_model_get_account_error (f->model), ==, expected);
}

/* All three rows filled in, and the homeserver found. */
static void
fill_in (Fixture *f, const char *password)
{
  confab_sign_in_view_model_set_homeserver (f->model,
                                            fake_homeserver_get_url (f->world->account->server));
  confab_sign_in_view_model_set_user (f->model, "anna");
  confab_sign_in_view_model_set_password (f->model, password);
  advance (f, LOOK_UP_MS);
  until_server (f, CONFAB_SERVER_FOUND);
}

static void
sign_in (Fixture *f)
{
  confab_sign_in_view_model_sign_in (f->model);
  g_assert_true (confab_sign_in_view_model_get_busy (f->model));
  g_assert_false (confab_sign_in_view_model_get_can_sign_in (f->model));
  test_until (is_idle, f);
}

/* What was typed is there still; only a password that was used is gone. */
static void
assert_nothing_lost (Fixture *f)
{
  g_assert_cmpstr (confab_sign_in_view_model_get_homeserver (f->model),
                   ==,
                   fake_homeserver_get_url (f->world->account->server));
  g_assert_cmpstr (confab_sign_in_view_model_get_user (f->model), ==, "anna");
  g_assert_true (confab_sign_in_view_model_get_can_sign_in (f->model));
}

static void
test_look_up (Fixture *f, gconstpointer data)
{
  g_assert_false (test_get_boolean (f->model, "show-account"));
  confab_sign_in_view_model_set_homeserver (f->model, "127.0.0.1");
  advance (f, LOOK_UP_MS - 1);
  confab_sign_in_view_model_set_homeserver (f->model, f->host);
  advance (f, LOOK_UP_MS - 1);
  g_assert_cmpint (confab_sign_in_view_model_get_server_state (f->model), ==, CONFAB_SERVER_NONE);
  advance (f, 1);
  g_assert_cmpint (confab_sign_in_view_model_get_server_state (f->model),
                   ==,
                   CONFAB_SERVER_LOOKING);
  until_server (f, CONFAB_SERVER_FOUND);
  g_assert_cmpuint (n_look_ups (f), ==, 1);
  g_assert_true (test_get_boolean (f->model, "show-account"));

  /* Spaces around it, as from the clipboard, are the same homeserver. */
  g_object_set (f->model, "homeserver", "", NULL);
  g_assert_cmpint (confab_sign_in_view_model_get_server_state (f->model), ==, CONFAB_SERVER_NONE);
  {
    g_autofree char *spaced = g_strdup_printf (" %s\n", f->host);

    g_object_set (f->model, "homeserver", spaced, NULL);
  }
  g_assert_cmpstr (confab_sign_in_view_model_get_homeserver (f->model), ==, f->host);
  confab_sign_in_view_model_set_homeserver (f->model, "");
}

static void
test_matrix_id (Fixture *f, gconstpointer data)
{
  g_autofree char *id = g_strdup_printf ("@anna:%s", f->host);

  /* Key by key: each one puts off the question. */
  for (guint i = 1; i <= strlen (id); i++) {
    g_autofree char *typed = g_strndup (id, i);

    g_object_set (f->model, "user", typed, NULL);
    advance (f, 50);
  }
  g_assert_cmpstr (confab_sign_in_view_model_get_homeserver (f->model), ==, f->host);
  g_assert_cmpuint (n_look_ups (f), ==, 0);
  advance (f, LOOK_UP_MS);
  until_server (f, CONFAB_SERVER_FOUND);
  confab_sign_in_view_model_set_password (f->model, "secret");
  sign_in (f);
  g_assert_nonnull (strstr (f->world->account->login_body, id));
}

static void
test_homeserver_wins (Fixture *f, gconstpointer data)
{
  /* Where a homeserver is that bears another name: what was said and found stays. */
  confab_sign_in_view_model_set_homeserver (f->model, f->host);
  advance (f, LOOK_UP_MS);
  until_server (f, CONFAB_SERVER_FOUND);
  confab_sign_in_view_model_set_user (f->model, "@anna:example.org");
  g_assert_cmpstr (confab_sign_in_view_model_get_homeserver (f->model), ==, f->host);
  g_assert_cmpint (confab_sign_in_view_model_get_server_state (f->model), ==, CONFAB_SERVER_FOUND);

  /* What was wrong does not. */
  confab_sign_in_view_model_set_homeserver (f->model, "http://127.0.0.1:1");
  advance (f, LOOK_UP_MS);
  until_server (f, CONFAB_SERVER_WRONG);
  {
    g_autofree char *id = g_strdup_printf ("@anna:%s", f->host);

    confab_sign_in_view_model_set_user (f->model, id);
  }
  g_assert_cmpstr (confab_sign_in_view_model_get_homeserver (f->model), ==, f->host);
  confab_sign_in_view_model_set_homeserver (f->model, "");
}

static void
test_no_server (Fixture *f, gconstpointer data)
{
  g_autoptr (FakeHomeserver) other = fake_homeserver_new (); /* a web server without Matrix */
  g_autofree char *expected = g_strdup_printf (
    "There is no homeserver at “\342\201\250%s\342\201\251”. Check the spelling.",
    fake_homeserver_get_url (other));

  confab_sign_in_view_model_set_homeserver (f->model, fake_homeserver_get_url (other));
  confab_sign_in_view_model_set_user (f->model, "anna");
  confab_sign_in_view_model_set_password (f->model, "secret");
  advance (f, LOOK_UP_MS);
  until_server (f, CONFAB_SERVER_WRONG);
  assert_server_error (f, expected);
  assert_account_error (f, "");
  g_assert_false (confab_sign_in_view_model_get_can_sign_in (f->model));
  /* Whoever types the user name by now is left in peace. */
  g_assert_cmpstr (f->focus->str, ==, "");

  /* The next key takes the error back. */
  confab_sign_in_view_model_set_homeserver (f->model, f->host);
  assert_server_error (f, "");
  advance (f, LOOK_UP_MS);
  until_server (f, CONFAB_SERVER_FOUND);
  g_assert_true (confab_sign_in_view_model_get_can_sign_in (f->model));
}

static void
pause_cb (FakeHomeserver *server, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  SoupServerMessage **paused = data;

  soup_server_message_pause (message);
  g_set_object (paused, message);
}

static gboolean
is_paused (gpointer data)
{
  return *(SoupServerMessage **) data != NULL;
}

static void
test_late_answer (Fixture *f, gconstpointer data)
{
  g_autoptr (FakeHomeserver) slow = fake_homeserver_new ();
  g_autoptr (SoupServerMessage) paused = NULL;

  fake_homeserver_handle (slow, VERSIONS, pause_cb, &paused);
  confab_sign_in_view_model_set_homeserver (f->model, fake_homeserver_get_url (slow));
  advance (f, LOOK_UP_MS);
  test_until (is_paused, &paused);
  confab_sign_in_view_model_set_homeserver (f->model, f->host);
  advance (f, LOOK_UP_MS);
  until_server (f, CONFAB_SERVER_FOUND);

  /* “There is none” about the first name comes when the second was found. */
  fake_homeserver_respond (paused, 404, "{}");
  soup_server_message_unpause (paused);
  test_until (is_alone, f);
  g_assert_cmpint (confab_sign_in_view_model_get_server_state (f->model), ==, CONFAB_SERVER_FOUND);
  assert_server_error (f, "");
}

static gboolean
no_tls_cb (GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)),
                             "220 hello\r\n",
                             11,
                             NULL,
                             NULL,
                             NULL);
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  return TRUE;
}

static void
test_certificate (Fixture *f, gconstpointer data)
{
  g_autoptr (GSocketService) service = g_socket_service_new ();
  guint16 port = g_socket_listener_add_any_inet_port (G_SOCKET_LISTENER (service), NULL, NULL);
  g_autofree char *address = g_strdup_printf ("https://localhost:%u", port);

  /* Something answers that cannot prove who it is. */
  g_signal_connect (service, "incoming", G_CALLBACK (no_tls_cb), NULL);
  confab_sign_in_view_model_set_homeserver (f->model, address);
  advance (f, LOOK_UP_MS);
  until_server (f, CONFAB_SERVER_WRONG);
  assert_server_error (f,
                       "The server's certificate is not valid. Nothing was sent. Check the "
                       "spelling and this computer's date.");
  g_assert_false (confab_sign_in_view_model_get_can_sign_in (f->model));
  g_socket_service_stop (service);
  g_socket_listener_close (G_SOCKET_LISTENER (service));
}

static void
test_captive_network (Fixture *f, gconstpointer data)
{
  g_autoptr (FakeHomeserver) portal = fake_homeserver_new ();
  g_autoptr (GBytes) page = g_bytes_new_static ("<html>", 6);

  fake_homeserver_reply_full (portal, "/", 200, "text/html", NULL, NULL, page);
  test_assert_string (f->model, "portal-uri", "");
  confab_sign_in_view_model_set_homeserver (f->model, fake_homeserver_get_url (portal));
  confab_sign_in_view_model_set_user (f->model, "anna");
  confab_sign_in_view_model_set_password (f->model, "secret");
  advance (f, LOOK_UP_MS);
  until_server (f, CONFAB_SERVER_WRONG);
  assert_server_error (f, "This network wants you to sign in first.");
  test_assert_string (f->model, "portal-uri", fake_homeserver_get_url (portal));

  /* Signed in there, the person presses the button: nothing needs to be typed again. */
  g_assert_true (confab_sign_in_view_model_get_can_sign_in (f->model));
  confab_sign_in_view_model_set_homeserver (f->model, f->host);
  test_assert_string (f->model, "portal-uri", "");
  confab_sign_in_view_model_set_homeserver (f->model, "");
}

static void
test_signed_in (Fixture *f, gconstpointer data)
{
  fill_in (f, "secret");
  g_assert_true (confab_sign_in_view_model_get_can_sign_in (f->model));
  sign_in (f);
  g_assert_cmpint (confab_session_get_state (f->world->session),
                   ==,
                   CONFAB_SESSION_STATE_FIRST_SYNC);
  assert_server_error (f, "");
  assert_account_error (f, "");
  g_assert_cmpuint (fake_secrets_get_n_kept (f->world->secrets), ==, 1);
  /* The password was used, and is gone. */
  g_assert_false (confab_sign_in_view_model_get_can_sign_in (f->model));
}

static void
test_wrong_password (Fixture *f, gconstpointer data)
{
  fill_in (f, "wrong");
  sign_in (f);
  assert_account_error (f, "The user name or the password is wrong.");
  assert_server_error (f, "");
  g_assert_true (test_get_boolean (f->model, "password-wrong"));
  g_assert_cmpstr (f->focus->str, ==, "password;");
  assert_nothing_lost (f);

  confab_sign_in_view_model_set_password (f->model, "secret");
  assert_account_error (f, "");
  g_assert_false (test_get_boolean (f->model, "password-wrong"));
  sign_in (f);
  g_assert_cmpint (confab_session_get_state (f->world->session),
                   ==,
                   CONFAB_SESSION_STATE_FIRST_SYNC);
}

static void
limit_cb (FakeHomeserver *server, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  if (g_str_equal (soup_server_message_get_method (message), "GET"))
    fake_homeserver_respond (message, 200, "{\"flows\":[{\"type\":\"m.login.password\"}]}");
  else
    fake_homeserver_respond (message,
                             429,
                             "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"retry_after_ms\":11500}");
}

static void
test_rate_limited (Fixture *f, gconstpointer data)
{
  fake_homeserver_handle (f->world->account->server, LOGIN, limit_cb, NULL);
  fill_in (f, "secret");
  sign_in (f);
  assert_account_error (f, "The server asks to wait 12 s.");
  g_assert_false (test_get_boolean (f->model, "password-wrong"));
  assert_nothing_lost (f);
}

static void
check_keyring (Fixture *f, int code, const char *text)
{
  fake_secrets_refuse (f->world->secrets, code);
  fill_in (f, "secret");
  sign_in (f);
  assert_account_error (f, text);
  /* Neither row is wrong: the button is what to press next. */
  g_assert_false (test_get_boolean (f->model, "password-wrong"));
  g_assert_cmpstr (f->focus->str, ==, "sign-in;");
  assert_nothing_lost (f);
  /* The device that cannot be kept was given back. */
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->world->account->server, FORGET), ==, 1);

  fake_secrets_refuse (f->world->secrets, -1);
  sign_in (f);
  g_assert_cmpint (confab_session_get_state (f->world->session),
                   ==,
                   CONFAB_SESSION_STATE_FIRST_SYNC);
}

static void
test_no_keyring (Fixture *f, gconstpointer data)
{
  check_keyring (f,
                 CONFAB_MATRIX_ERROR_NO_KEYRING,
                 "Confab needs a keyring to keep you signed in. Start one and try again.");
}

static void
test_keyring_locked (Fixture *f, gconstpointer data)
{
  check_keyring (f,
                 CONFAB_MATRIX_ERROR_KEYRING_LOCKED,
                 "The keyring is locked. Unlock it and try again.");
}

static void
away_cb (FakeHomeserver *server, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  if (g_str_equal (soup_server_message_get_method (message), "GET"))
    fake_homeserver_respond (message, 200, "{\"flows\":[{\"type\":\"m.login.password\"}]}");
  else
    fake_homeserver_respond (message, 502, "{}");
}

static void
test_server_lost (Fixture *f, gconstpointer data)
{
  fill_in (f, "secret");
  fake_homeserver_handle (f->world->account->server, LOGIN, away_cb, NULL);
  sign_in (f);
  g_assert_cmpint (confab_sign_in_view_model_get_server_state (f->model), ==, CONFAB_SERVER_WRONG);
  assert_server_error (f, "The homeserver has trouble. Try again later.");
  g_assert_cmpstr (f->focus->str, ==, "homeserver;");
  /* It may be back: the button looks it up again and goes on. */
  assert_nothing_lost (f);
}

static void
test_before_found (Fixture *f, gconstpointer data)
{
  /* Enter in the last row sooner than 600 ms after the last key: no need to wait, none to press again. */
  confab_sign_in_view_model_set_homeserver (f->model, f->host);
  confab_sign_in_view_model_set_user (f->model, "anna");
  confab_sign_in_view_model_set_password (f->model, "secret");
  confab_sign_in_view_model_sign_in (f->model);
  g_assert_false (confab_sign_in_view_model_get_busy (f->model));
  advance (f, 0);
  world_until (f->world, CONFAB_SESSION_STATE_FIRST_SYNC);
  test_until (is_idle, f);
}

static void
test_stopped (Fixture *f, gconstpointer data)
{
  fake_homeserver_handle (f->world->account->server, LOGIN, NULL, NULL);
  fake_homeserver_hang (f->world->account->server, LOGIN);
  fill_in (f, "secret");
  confab_sign_in_view_model_sign_in (f->model);
  confab_sign_in_view_model_cancel (f->model);
  g_assert_false (confab_sign_in_view_model_get_busy (f->model));
  advance (f, 0);
  until_server (f, CONFAB_SERVER_FOUND);
  assert_server_error (f, "");
  assert_account_error (f, "");
  g_assert_cmpstr (f->focus->str, ==, "");
  assert_nothing_lost (f);
  world_until (f->world, CONFAB_SESSION_STATE_SIGNED_OUT);
  /* Esc once more does nothing. */
  confab_sign_in_view_model_cancel (f->model);
  assert_nothing_lost (f);
}

static gboolean
keyring_is_asked (gpointer data)
{
  return fake_secrets_get_n_waiting (((Fixture *) data)->world->secrets) > 0;
}

static void
test_stopped_late (Fixture *f, gconstpointer data)
{
  /* The server has said yes, the keyring takes its time: who stops now does not want to be signed in. */
  fake_secrets_hang (f->world->secrets);
  fill_in (f, "secret");
  confab_sign_in_view_model_sign_in (f->model);
  test_until (keyring_is_asked, f);
  confab_sign_in_view_model_cancel (f->model);
  g_assert_false (confab_sign_in_view_model_get_busy (f->model));
  advance (f, 0);
  until_server (f, CONFAB_SERVER_FOUND);

  /* And again, while the first attempt still hangs. */
  confab_sign_in_view_model_sign_in (f->model);
  g_assert_true (confab_sign_in_view_model_get_busy (f->model));
  fake_secrets_go_on (f->world->secrets);
  test_until (is_idle, f);
  g_assert_cmpint (confab_session_get_state (f->world->session),
                   ==,
                   CONFAB_SESSION_STATE_FIRST_SYNC);
  assert_account_error (f, "");
  /* The device of the first is not left behind. */
  g_assert_cmpuint (fake_homeserver_get_n_requests (f->world->account->server, FORGET), ==, 1);
}

static void
test_busy (Fixture *f, gconstpointer data)
{
  /* An action from outside while one is signing in: what is under way is about what was typed before. */
  fill_in (f, "secret");
  confab_sign_in_view_model_sign_in (f->model);
  confab_sign_in_view_model_set_homeserver (f->model, "elsewhere.example");
  confab_sign_in_view_model_set_user (f->model, "@ben:elsewhere.example");
  confab_sign_in_view_model_set_password (f->model, "");
  confab_sign_in_view_model_sign_in (f->model);
  test_until (is_idle, f);
  g_assert_cmpint (confab_session_get_state (f->world->session),
                   ==,
                   CONFAB_SESSION_STATE_FIRST_SYNC);
  g_assert_cmpstr (confab_sign_in_view_model_get_user (f->model), ==, "anna");
}

static void
test_remembered (Fixture *f, gconstpointer data)
{
  fill_in (f, "secret");
  sign_in (f);
  g_assert_finalize_object (f->model);

  f->model = confab_sign_in_view_model_new (f->world->session, CONFAB_CLOCK (f->world->clock));
  g_assert_cmpstr (confab_sign_in_view_model_get_homeserver (f->model), ==, "");
  /* Nothing is asked before the page is seen. */
  advance (f, LOOK_UP_MS);
  g_assert_cmpuint (n_look_ups (f), ==, 1);
  confab_sign_in_view_model_show (f->model);
  g_assert_cmpstr (confab_sign_in_view_model_get_homeserver (f->model),
                   ==,
                   fake_homeserver_get_url (f->world->account->server));
  advance (f, LOOK_UP_MS);
  until_server (f, CONFAB_SERVER_FOUND);
  /* What was typed is not written over. */
  confab_sign_in_view_model_set_homeserver (f->model, "");
  confab_sign_in_view_model_set_homeserver (f->model, "127.0.0.1");
  confab_sign_in_view_model_show (f->model);
  g_assert_cmpstr (confab_sign_in_view_model_get_homeserver (f->model), ==, "127.0.0.1");
  confab_sign_in_view_model_set_homeserver (f->model, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
#define ADD(path, func)                                                                            \
  g_test_add ("/sign-in-view-model/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("look-up", test_look_up);
  ADD ("matrix-id", test_matrix_id);
  ADD ("homeserver-wins", test_homeserver_wins);
  ADD ("no-server", test_no_server);
  ADD ("late-answer", test_late_answer);
  ADD ("certificate", test_certificate);
  ADD ("captive-network", test_captive_network);
  ADD ("signed-in", test_signed_in);
  ADD ("wrong-password", test_wrong_password);
  ADD ("rate-limited", test_rate_limited);
  ADD ("no-keyring", test_no_keyring);
  ADD ("keyring-locked", test_keyring_locked);
  ADD ("server-lost", test_server_lost);
  ADD ("before-found", test_before_found);
  ADD ("stopped", test_stopped);
  ADD ("stopped-late", test_stopped_late);
  ADD ("busy", test_busy);
  ADD ("remembered", test_remembered);
  return g_test_run ();
}
