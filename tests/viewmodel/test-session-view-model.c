/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-call.h"
#include "confab-session-view-model.h"
#include "confab-settings.h"
#include "fake-devices.h"
#include "world.h"

#define ROOM "!a:x"
#define OTHER "!b:x"
#define PUT_MEMBER                                                                                 \
  "PUT /_matrix/client/v3/rooms/%21a%3Ax/state/org.matrix.msc3401.call.member/%40anna%3Ax"

#define PUT_DECLINED                                                                               \
  "PUT /_matrix/client/v3/user/%40anna%3Ax/rooms/%21a%3Ax/account_data/"                           \
  "app.confab.declined_calls"

typedef struct {
  World *world;
  FakeDevices *devices;
  ConfabSessionViewModel *model;
  GString *toasts;
  guint n_shown; /* ::show-call */
  guint page;    /* to be waited for */
  guint n_suspended;
  GString *offers; /* ::offer-rejoin */
} Fixture;

static void
toast_cb (ConfabSessionViewModel *model, const char *text, Fixture *f)
{
  g_string_append_printf (f->toasts, "%s;", text);
}

static void
show_call_cb (ConfabSessionViewModel *model, Fixture *f)
{
  f->n_shown++;
}

static void
suspended_cb (ConfabSessionViewModel *model, Fixture *f)
{
  f->n_suspended++;
}

static void
offer_cb (ConfabSessionViewModel *model,
          const char *text,
          const char *room_id,
          gboolean audio,
          gboolean video,
          Fixture *f)
{
  g_assert_nonnull (strstr (text, "sleep"));
  g_string_append_printf (
    f->offers, "%s%s%s;", room_id, audio ? " microphone" : "", video ? " camera" : "");
}

static void
make_model (Fixture *f, gboolean with_devices)
{
  f->model = confab_session_view_model_new (f->world->session,
                                            with_devices ? CONFAB_MEDIA_DEVICES (f->devices) : NULL,
                                            CONFAB_CLOCK (f->world->clock));
  g_signal_connect (f->model, "toast", G_CALLBACK (toast_cb), f);
  g_signal_connect (f->model, "suspended", G_CALLBACK (suspended_cb), f);
  g_signal_connect (f->model, "offer-rejoin", G_CALLBACK (offer_cb), f);
  g_signal_connect (f->model, "show-call", G_CALLBACK (show_call_cb), f);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GSettings) settings = confab_settings_new ();

  g_settings_reset (settings, "homeserver");
  f->world = world_new ();
  f->devices = fake_devices_new (CONFAB_CLOCK (f->world->clock));
  f->toasts = g_string_new (NULL);
  f->offers = g_string_new (NULL);
  make_model (f, TRUE);
}

static gboolean
is_let_go (gpointer data)
{
  return G_OBJECT (((Fixture *) data)->model)->ref_count == 1;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  confab_session_view_model_leave_call (f->model);
  test_until (is_let_go, f);
  g_assert_finalize_object (f->model);
  g_assert_cmpuint (fake_devices_get_n_open (f->devices), ==, 0);
  g_assert_finalize_object (f->devices);
  world_free (f->world);
  g_string_free (f->toasts, TRUE);
  g_string_free (f->offers, TRUE);
}

static gboolean
is_on_page (gpointer data)
{
  Fixture *f = data;

  return confab_session_view_model_get_page (f->model) == f->page;
}

static void
until_page (Fixture *f, ConfabSessionPage page)
{
  f->page = page;
  test_until (is_on_page, f);
}

static void
assert_page (Fixture *f, ConfabSessionPage page)
{
  g_assert_cmpint (confab_session_view_model_get_page (f->model), ==, page);
}

static void
assert_toasts (Fixture *f, const char *expected)
{
  g_assert_cmpstr (f->toasts->str, ==, expected);
  g_string_truncate (f->toasts, 0);
}

static ConfabRoomViewModel *
room (Fixture *f, const char *id)
{
  return confab_room_list_view_model_lookup (confab_session_view_model_get_room_list (f->model),
                                             id);
}

/* Signed in, with a room that has no call. */
static void
sign_in (Fixture *f)
{
  g_autofree char *first = world_new_room (ROOM, "Field Survey");

  world_sign_in (f->world, first);
  assert_page (f, CONFAB_SESSION_PAGE_ROOMS);
}

static void
begin_call (Fixture *f, const char *id)
{
  const char *const people[] = { "@ben:x", NULL };
  g_autofree char *news = world_call (id, "c1", "m.prompt", "m.video", 60);
  g_autofree char *members = world_call_members (id, "c1", people);

  world_sync (f->world, news);
  world_sync (f->world, members);
  g_assert_true (confab_room_view_model_get_has_call (room (f, id)));
}

static ConfabCall *
get_call (Fixture *f)
{
  ConfabCallViewModel *call = confab_session_view_model_get_call (f->model);

  return call != NULL ? confab_call_view_model_get_call (call) : NULL;
}

static void
assert_in_call (Fixture *f, const char *id)
{
  g_autofree char *room_id = NULL;

  g_assert_nonnull (get_call (f));
  room_id = confab_call_dup_room_id (get_call (f));
  g_assert_cmpstr (room_id, ==, id);
  g_assert_true (confab_call_is_active (get_call (f)));
  g_assert_true (confab_session_view_model_get_call_room (f->model) == room (f, id));
  g_assert_null (confab_session_view_model_get_select_media (f->model));
  g_assert_cmpuint (fake_devices_get_n_open (f->devices), ==, 1);
}

static void
assert_in_no_call (Fixture *f)
{
  g_assert_null (confab_session_view_model_get_call (f->model));
  g_assert_null (confab_session_view_model_get_call_room (f->model));
  g_assert_cmpuint (fake_devices_get_n_open (f->devices), ==, 0);
}

/* ---- pages ---- */

static void
test_first_start (Fixture *f, gconstpointer data)
{
  assert_page (f, CONFAB_SESSION_PAGE_SIGN_IN); /* nobody has asked yet */
  confab_session_view_model_start (f->model);
  assert_page (f, CONFAB_SESSION_PAGE_LOADING);
  until_page (f, CONFAB_SESSION_PAGE_SIGN_IN);
  test_assert_string (f->model, "user-id", NULL);
  sign_in (f);
  test_assert_string (f->model, "user-id", "@anna:x");
  assert_toasts (f, "");
}

static gboolean
has_banner (gpointer data)
{
  Fixture *f = data;

  return *confab_session_view_model_get_banner (f->model) != '\0';
}

static void
test_restored (Fixture *f, gconstpointer data)
{
  sign_in (f);
  test_until (is_let_go, f);
  g_assert_finalize_object (f->model);
  world_start_anew (f->world);
  f->world->account->sync_status = 502;
  make_model (f, TRUE);
  confab_session_view_model_start (f->model);
  assert_page (f, CONFAB_SESSION_PAGE_LOADING);
  until_page (f, CONFAB_SESSION_PAGE_ROOMS);
  /* What is kept is there at once; “offline” is not said before something failed. */
  g_assert_nonnull (room (f, ROOM));
  g_assert_cmpstr (confab_session_view_model_get_banner (f->model), ==, "");
  test_assert_string (room (f, ROOM), "reason", "Still connecting to your homeserver.");
}

/* How old the rooms are is known after a restart, too: it may be days. */
static void
test_restored_offline (Fixture *f, gconstpointer data)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (WORLD_NOW_MS / 1000);
  g_autofree char *today = g_date_time_format (
    time, "Your homeserver does not answer. Rooms as of %H:%M.");
  g_autofree char *before = g_date_time_format (
    time, "Your homeserver does not answer. Rooms as of %-e %B, %H:%M.");

  sign_in (f);
  for (guint i = 0; i < 2; i++) {
    test_until (is_let_go, f);
    g_assert_finalize_object (f->model);
    world_start_anew (f->world);
    f->world->account->sync_status = 502;
    make_model (f, TRUE);
    confab_session_view_model_start (f->model);
    until_page (f, CONFAB_SESSION_PAGE_ROOMS);
    test_until (has_banner, f);
    g_assert_cmpstr (confab_session_view_model_get_banner (f->model), ==, i == 0 ? today : before);
    confab_manual_clock_advance (f->world->clock, 3 * 24 * 3600 * 1000);
  }
}

static void
check_problem (Fixture *f, int code, const char *title, const char *text)
{
  sign_in (f);
  test_until (is_let_go, f);
  g_assert_finalize_object (f->model);
  world_start_anew (f->world);
  fake_secrets_refuse (f->world->secrets, code);
  make_model (f, TRUE);
  confab_session_view_model_start (f->model);
  until_page (f, CONFAB_SESSION_PAGE_PROBLEM);
  test_assert_string (f->model, "problem-title", title);
  test_assert_string (f->model, "problem-text", text);

  /* “Try Again”, as often as it takes. */
  confab_session_view_model_start (f->model);
  assert_page (f, CONFAB_SESSION_PAGE_LOADING);
  until_page (f, CONFAB_SESSION_PAGE_PROBLEM);
  fake_secrets_refuse (f->world->secrets, -1);
  confab_session_view_model_start (f->model);
  until_page (f, CONFAB_SESSION_PAGE_ROOMS);
  test_assert_string (f->model, "problem-title", "");
  test_assert_string (f->model, "problem-text", "");
}

static void
test_keyring_locked (Fixture *f, gconstpointer data)
{
  check_problem (f,
                 CONFAB_MATRIX_ERROR_KEYRING_LOCKED,
                 "Your Keyring Is Locked",
                 "You are still signed in. Unlock the keyring and try again.");
}

static void
test_no_keyring (Fixture *f, gconstpointer data)
{
  check_problem (f,
                 CONFAB_MATRIX_ERROR_NO_KEYRING,
                 "There Is No Keyring",
                 "Confab needs a keyring to keep you signed in. Start one and try again.");
}

static void
test_offline (Fixture *f, gconstpointer data)
{
  gint64 last_sync_at = 0;
  g_autoptr (GDateTime) time = NULL;
  g_autofree char *expected = NULL;

  sign_in (f);
  g_assert_cmpstr (confab_session_view_model_get_banner (f->model), ==, "");
  g_object_get (f->world->session, "last-sync-at", &last_sync_at, NULL);
  time = g_date_time_new_from_unix_local (last_sync_at / G_USEC_PER_SEC);
  expected = g_date_time_format (time, "Your homeserver does not answer. Rooms as of %H:%M.");
  world_go_offline (f->world);
  assert_page (f, CONFAB_SESSION_PAGE_ROOMS);
  g_assert_cmpstr (confab_session_view_model_get_banner (f->model), ==, expected);
  g_assert_false (confab_room_view_model_get_can_act (room (f, ROOM)));
  test_assert_string (room (f, ROOM), "reason", "Your homeserver does not answer.");

  /* “Try Again” */
  f->world->account->sync_status = 0;
  confab_session_view_model_try_now (f->model);
  world_until (f->world, CONFAB_SESSION_STATE_ONLINE);
  g_assert_cmpstr (confab_session_view_model_get_banner (f->model), ==, "");
  g_assert_true (confab_room_view_model_get_can_act (room (f, ROOM)));
}

static void
log_out (Fixture *f)
{
  static const char refusal[] = "{\"errcode\":\"M_UNKNOWN_TOKEN\",\"soft_logout\":true}";

  f->world->account->sync_status = 401;
  f->world->account->sync_error = refusal;
  fake_homeserver_reply (f->world->account->server, "/_matrix/client/v3/refresh", 401, refusal);
  confab_session_try_now (f->world->session);
  world_until (f->world, CONFAB_SESSION_STATE_LOGGED_OUT);
}

static gboolean
can_retry (Fixture *f)
{
  gboolean can = FALSE;

  g_object_get (f->model, "can-retry", &can, NULL);
  return can;
}

static void
test_soft_logout (Fixture *f, gconstpointer data)
{
  sign_in (f);
  confab_session_view_model_open_room (f->model, ROOM);
  confab_session_view_model_prepare_call (f->model, room (f, ROOM), FALSE, CONFAB_START_QUIETLY);
  g_assert_cmpuint (fake_devices_get_n_open (f->devices), ==, 1);

  log_out (f);
  assert_page (f, CONFAB_SESSION_PAGE_SIGN_IN);
  assert_toasts (f, "");
  test_assert_string (confab_session_view_model_get_sign_in (f->model),
                      "banner",
                      "Your homeserver signed you out. Sign in again.");
  g_assert_null (confab_session_view_model_get_room (f->model));
  g_assert_null (confab_session_view_model_get_select_media (f->model));
  assert_in_no_call (f);
  /* Who it was is known. */
  g_assert_cmpstr (confab_sign_in_view_model_get_user (
                     confab_session_view_model_get_sign_in (f->model)),
                   ==,
                   "@anna:x");
}

/* The call needs no homeserver to go on; that it does is seen, and it is left when the person wants to. */
static void
test_logout_in_call (Fixture *f, gconstpointer data)
{
  g_autofree char *other = world_new_room (OTHER, "Kitchen Table");

  sign_in (f);
  world_sync (f->world, other);
  begin_call (f, ROOM);
  begin_call (f, OTHER);
  confab_session_view_model_open_room (f->model, OTHER);
  confab_session_view_model_request_call (f->model, ROOM, FALSE, TRUE, TRUE);
  assert_in_call (f, ROOM);
  confab_session_view_model_prepare_call (f->model, room (f, OTHER), FALSE, CONFAB_START_QUIETLY);
  assert_toasts (f, "");
  g_assert_cmpuint (fake_devices_get_n_open (f->devices), ==, 2);
  g_assert_false (can_retry (f));

  log_out (f);
  assert_page (f, CONFAB_SESSION_PAGE_ROOMS);
  assert_in_call (f, ROOM); /* and the other camera is closed */
  g_assert_cmpstr (confab_call_view_model_get_banner (
                     confab_session_view_model_get_call (f->model)),
                   ==,
                   "Your homeserver signed you out. The call goes on.");
  g_assert_cmpstr (confab_session_view_model_get_banner (f->model),
                   ==,
                   "Your homeserver signed you out. Leave the call to sign in again.");
  g_assert_false (can_retry (f));
  assert_toasts (f, "");
  g_assert_false (confab_room_view_model_get_can_act (room (f, OTHER)));
  test_assert_string (room (f, OTHER), "reason", "Your homeserver signed you out.");

  confab_session_view_model_leave_call (f->model);
  assert_page (f, CONFAB_SESSION_PAGE_SIGN_IN);
  assert_toasts (f, "");
  test_assert_string (confab_session_view_model_get_sign_in (f->model),
                      "banner",
                      "Your homeserver signed you out. Sign in again.");
  g_assert_cmpstr (confab_session_view_model_get_banner (f->model), ==, "");
  g_assert_null (confab_session_view_model_get_room (f->model));
  assert_in_no_call (f);
}

static void
sync_event (Fixture *f, char *event)
{
  g_autofree char *taken = event;
  g_autofree char *news = world_room (ROOM, 0, taken);

  world_sync (f->world, news);
}

/* An upgrade sends people elsewhere; those who talk need not stop for it. */
static void
test_replaced_in_call (Fixture *f, gconstpointer data)
{
  sign_in (f);
  begin_call (f, ROOM);
  confab_session_view_model_request_call (f->model, ROOM, FALSE, TRUE, TRUE);
  assert_in_call (f, ROOM);
  sync_event (f,
              world_event ("m.room.tombstone", "", "@ben:x", 1, "{'replacement_room':'!new:x'}"));
  assert_in_call (f, ROOM);
  g_assert_cmpstr (confab_call_view_model_get_banner (
                     confab_session_view_model_get_call (f->model)),
                   ==,
                   "This room was replaced by another one. The call goes on.");
  assert_toasts (f, "");
  confab_session_view_model_leave_call (f->model);
}

/* Out of the room is out of the call: it ends at once, and the person hears why. */
static gboolean
is_toasted (gpointer data)
{
  return ((Fixture *) data)->toasts->len > 0;
}

static void
test_kicked_in_call (Fixture *f, gconstpointer data)
{
  sign_in (f);
  begin_call (f, ROOM);
  confab_session_view_model_request_call (f->model, ROOM, FALSE, TRUE, TRUE);
  assert_in_call (f, ROOM);
  g_assert_cmpuint (fake_devices_get_n_open (f->devices), ==, 1);
  world_sync_full (f->world,
                   "\"rooms\":{\"leave\":{\"" ROOM "\":{\"timeline\":{\"events\":[{\"type\":"
                   "\"m.room.member\",\"state_key\":\"@anna:x\",\"sender\":\"@ben:x\",\"content\":{"
                   "\"membership\":\"leave\"}}]}}}}");
  assert_in_no_call (f);
  g_assert_cmpuint (fake_devices_get_n_open (f->devices), ==, 0);
  test_until (is_toasted, f);
  assert_toasts (f, "You are no longer in this room.;");
}

static void
test_sign_out (Fixture *f, gconstpointer data)
{
  GListModel *rooms = NULL;

  sign_in (f);
  confab_session_view_model_open_room (f->model, ROOM);
  rooms = confab_room_list_view_model_get_rooms (
    confab_session_view_model_get_room_list (f->model));
  g_assert_cmpuint (g_list_model_get_n_items (rooms), ==, 1);
  confab_session_view_model_sign_out (f->model);
  until_page (f, CONFAB_SESSION_PAGE_SIGN_IN);
  g_assert_null (confab_session_view_model_get_room (f->model));
  g_assert_cmpuint (g_list_model_get_n_items (rooms), ==, 0);
  assert_toasts (f, "");
}

/* ---- rooms ---- */

static void
test_open_room (Fixture *f, gconstpointer data)
{
  sign_in (f);
  g_assert_true (confab_session_view_model_open_room (f->model, ROOM));
  g_assert_true (confab_session_view_model_get_room (f->model) == room (f, ROOM));
  g_assert_true (confab_session_view_model_open_room (f->model, NULL));
  g_assert_null (confab_session_view_model_get_room (f->model));

  g_assert_true (confab_session_view_model_open_room (f->model, "matrix:roomid/a:x?action=join"));
  g_assert_true (confab_session_view_model_get_room (f->model) == room (f, ROOM));
  g_assert_true (confab_session_view_model_open_room (f->model, "matrix:roomid/a%3Ax"));
  assert_toasts (f, "");

  g_assert_false (confab_session_view_model_open_room (f->model, "!nowhere:x"));
  assert_toasts (f, "You are not in that room.;");
  g_assert_false (confab_session_view_model_open_room (f->model, "matrix:roomid/"));
  assert_toasts (f, "You are not in that room.;");
  g_assert_false (confab_session_view_model_open_room (f->model, "matrix:r/alias:x"));
  assert_toasts (f, "You are not in that room.;");
  /* The one that was open stays. */
  g_assert_true (confab_session_view_model_get_room (f->model) == room (f, ROOM));

  world_go_offline (f->world);
  g_assert_false (confab_session_view_model_open_room (f->model, "!new:x"));
  assert_toasts (f, "Your rooms are not all here yet. Try again in a moment.;");
}

static void
test_room_lost (Fixture *f, gconstpointer data)
{
  sign_in (f);
  begin_call (f, ROOM);
  confab_session_view_model_open_room (f->model, ROOM);
  confab_session_view_model_prepare_call (f->model, room (f, ROOM), FALSE, CONFAB_START_QUIETLY);
  g_assert_nonnull (confab_session_view_model_get_select_media (f->model));
  g_assert_cmpuint (fake_devices_get_n_open (f->devices), ==, 1);
  world_sync_full (f->world, "'rooms':{'leave':{'!a:x':{}}}");
  g_assert_null (confab_session_view_model_get_room (f->model));
  g_assert_null (confab_session_view_model_get_select_media (f->model));
  g_assert_cmpuint (fake_devices_get_n_open (f->devices), ==, 0);
  assert_toasts (f, "You are no longer in that room.;");
}

/* ---- calls ---- */

static void
test_join_and_leave (Fixture *f, gconstpointer data)
{
  ConfabSelectCallMediaViewModel *select = NULL;

  sign_in (f);
  begin_call (f, ROOM);
  confab_session_view_model_prepare_call (f->model, room (f, ROOM), FALSE, CONFAB_START_QUIETLY);
  select = confab_session_view_model_get_select_media (f->model);
  g_assert_nonnull (select);
  /* Asked for twice it is the same, and the camera is not opened twice. */
  confab_session_view_model_prepare_call (f->model, room (f, ROOM), FALSE, CONFAB_START_QUIETLY);
  g_assert_true (confab_session_view_model_get_select_media (f->model) == select);
  g_assert_cmpuint (fake_devices_get_n_open (f->devices), ==, 1);

  confab_select_call_media_view_model_join (select);
  /* At once, before the server has heard of it. */
  assert_in_call (f, ROOM);
  g_assert_cmpuint (f->n_shown, ==, 1);
  g_assert_cmpint (confab_room_view_model_get_action (room (f, ROOM)),
                   ==,
                   CONFAB_ROOM_ACTION_RETURN);
  g_assert_cmpuint (world_count_requests (f->world, PUT_MEMBER), ==, 0);

  /* “Return to the Call” */
  confab_session_view_model_prepare_call (f->model, room (f, ROOM), FALSE, CONFAB_START_QUIETLY);
  g_assert_cmpuint (f->n_shown, ==, 2);
  assert_in_call (f, ROOM);

  confab_session_view_model_leave_call (f->model);
  assert_in_no_call (f);
  g_assert_cmpint (confab_room_view_model_get_action (room (f, ROOM)), ==, CONFAB_ROOM_ACTION_JOIN);
  assert_toasts (f, "");
}

static void
test_start (Fixture *f, gconstpointer data)
{
  sign_in (f);
  confab_session_view_model_prepare_call (f->model, room (f, ROOM), TRUE, CONFAB_START_RINGING);
  g_assert_cmpuint (fake_devices_get_n_camera_starts (f->devices), ==, 0);
  confab_select_call_media_view_model_join (confab_session_view_model_get_select_media (f->model));
  assert_in_call (f, ROOM);
  g_assert_cmpint (confab_call_get_intent (get_call (f)), ==, CONFAB_CALL_INTENT_RING);
  g_assert_cmpint (confab_call_get_call_type (get_call (f)), ==, CONFAB_CALL_TYPE_VOICE);
}

static void
test_back (Fixture *f, gconstpointer data)
{
  sign_in (f);
  confab_session_view_model_prepare_call (f->model, room (f, ROOM), FALSE, CONFAB_START_QUIETLY);
  confab_session_view_model_cancel_prepare (f->model);
  g_assert_null (confab_session_view_model_get_select_media (f->model));
  assert_in_no_call (f);
  confab_session_view_model_cancel_prepare (f->model);
}

static void
test_other_call (Fixture *f, gconstpointer data)
{
  g_autofree char *other = world_new_room (OTHER, "Kitchen Table");

  sign_in (f);
  world_sync (f->world, other);
  begin_call (f, ROOM);
  begin_call (f, OTHER);
  confab_session_view_model_request_call (f->model, ROOM, FALSE, TRUE, FALSE);
  assert_in_call (f, ROOM);

  /* One call at a time: nobody goes on being heard in the one that is out of sight. */
  confab_session_view_model_request_call (f->model, OTHER, FALSE, TRUE, FALSE);
  assert_in_call (f, OTHER);
  g_assert_cmpint (confab_room_view_model_get_action (room (f, ROOM)), ==, CONFAB_ROOM_ACTION_JOIN);
}

static void
test_ended (Fixture *f, gconstpointer data)
{
  g_autofree char *event = world_event ("org.matrix.msc3401.call",
                                        "c1",
                                        "@ben:x",
                                        WORLD_NOW_MS,
                                        "{'m.intent':'m.prompt','m.terminated':'call_ended'}");
  g_autofree char *news = world_room (ROOM, 0, event);

  sign_in (f);
  begin_call (f, ROOM);
  confab_session_view_model_request_call (f->model, ROOM, FALSE, TRUE, TRUE);
  world_sync (f->world, news);
  assert_in_no_call (f);
  g_assert_cmpint (confab_room_view_model_get_action (room (f, ROOM)),
                   ==,
                   CONFAB_ROOM_ACTION_START);
}

static void
test_decline (Fixture *f, gconstpointer everywhere)
{
  const char *const people[] = { "@ben:x", NULL };
  /* The server says what time it is, and it is this machine. */
  g_autofree char *event = world_event ("org.matrix.msc3401.call",
                                        "c1",
                                        "@ben:x",
                                        g_get_real_time () / 1000,
                                        "{'m.intent':'m.ring','m.type':'m.video'}");
  g_autofree char *news = world_room (ROOM, 0, event);
  g_autofree char *members = world_call_members (ROOM, "c1", people);
  ConfabCall *call = NULL;

  sign_in (f);
  world_sync (f->world, news);
  world_sync (f->world, members);
  call = confab_call_handler_lookup (confab_session_get_call_handler (f->world->session),
                                     ROOM,
                                     "c1");
  g_assert_true (confab_call_get_ringing (call));
  confab_session_view_model_decline_call (f->model, ROOM, "c2", TRUE);
  g_assert_true (confab_call_get_ringing (call));
  confab_session_view_model_decline_call (f->model, ROOM, "c1", everywhere != NULL);
  g_assert_false (confab_call_get_ringing (call));
  /* Pressed twice. */
  confab_session_view_model_decline_call (f->model, ROOM, "c1", TRUE);
  test_settle ();
  g_assert_cmpuint (world_count_requests (f->world, PUT_DECLINED), ==, everywhere != NULL ? 1 : 0);
}

/* ---- the machine sleeps ---- */

static gboolean
is_suspended (gpointer data)
{
  return ((Fixture *) data)->n_suspended > 0;
}

static void
fall_asleep (Fixture *f)
{
  f->n_suspended = 0;
  confab_session_view_model_suspend (f->model);
  assert_in_no_call (f);
  g_assert_cmpuint (f->n_suspended, ==, 0); /* never from within */
  test_until (is_suspended, f);
}

static gboolean
has_offer (gpointer data)
{
  return ((Fixture *) data)->offers->len > 0;
}

static gboolean
has_toast (gpointer data)
{
  return ((Fixture *) data)->toasts->len > 0;
}

static void
test_slept (Fixture *f, gconstpointer data)
{
  guint n_puts;

  sign_in (f);
  begin_call (f, ROOM);
  confab_session_view_model_request_call (f->model, ROOM, FALSE, TRUE, FALSE);
  assert_in_call (f, ROOM);
  test_settle ();
  n_puts = world_count_requests (f->world, PUT_MEMBER);
  fall_asleep (f);
  /* The server had heard of it when the machine was let go. */
  g_assert_cmpuint (world_count_requests (f->world, PUT_MEMBER), >, n_puts);
  confab_session_view_model_resume (f->model);
  /* What is on is for the server to say; then it is offered, as it was, and not entered. */
  g_assert_cmpstr (f->offers->str, ==, "");
  test_until (has_offer, f);
  g_assert_cmpstr (f->offers->str, ==, ROOM " microphone;");
  assert_in_no_call (f);
  assert_toasts (f, "");
  /* Once. */
  g_string_truncate (f->offers, 0);
  world_sync (f->world, "");
  g_assert_cmpstr (f->offers->str, ==, "");
}

/* The others have gone home. */
static void
test_slept_too_long (Fixture *f, gconstpointer data)
{
  g_autofree char *event = world_event ("org.matrix.msc3401.call",
                                        "c1",
                                        "@ben:x",
                                        WORLD_NOW_MS,
                                        "{'m.intent':'m.prompt','m.terminated':'call_ended'}");
  g_autofree char *news = world_room (ROOM, 0, event);

  sign_in (f);
  begin_call (f, ROOM);
  confab_session_view_model_request_call (f->model, ROOM, FALSE, TRUE, TRUE);
  fall_asleep (f);
  confab_manual_clock_advance (f->world->clock, 2000); /* this server says nothing about leaving */
  world_sync (f->world, news);
  assert_toasts (f, "");
  confab_session_view_model_resume (f->model);
  test_until (has_toast, f);
  assert_toasts (f, "The call ended meanwhile;");
  g_assert_cmpstr (f->offers->str, ==, "");
}

/* Whoever is in no call is not spoken to; whoever is in another one when the answer comes has seen to it. */
static void
test_slept_without_call (Fixture *f, gconstpointer data)
{
  sign_in (f);
  fall_asleep (f);
  confab_session_view_model_resume (f->model);
  world_sync (f->world, "");
  begin_call (f, ROOM);
  confab_session_view_model_request_call (f->model, ROOM, FALSE, TRUE, TRUE);
  fall_asleep (f);
  confab_session_view_model_resume (f->model);
  confab_session_view_model_request_call (f->model, ROOM, FALSE, TRUE, TRUE);
  world_sync (f->world, "");
  g_assert_cmpstr (f->offers->str, ==, "");
  assert_toasts (f, "");
}

static void
test_unsupported (Fixture *f, gconstpointer data)
{
  g_autofree char *event = world_event (
    "org.matrix.msc3401.call",
    "c1",
    "@ben:x",
    WORLD_NOW_MS,
    "{'m.intent':'m.prompt','m.type':'m.video','m.foci':[{'type':'livekit'}]}");
  g_autofree char *member = world_event (
    "org.matrix.msc3401.call.member",
    "@ben:x",
    "@ben:x",
    WORLD_NOW_MS,
    "{'m.calls':[{'m.call_id':'c1','m.devices':[{'device_id':'D','session_id':'S',"
    "'expires_ts':1700003600000,'m.foci.active':[{'type':'livekit'}]}]}]}");
  g_autofree char *events = g_strdup_printf ("%s,%s", event, member);
  g_autofree char *news = world_room (ROOM, 0, events);

  /* A call over an SFU cannot be entered, and that is said at once: nothing is left half open. */
  sign_in (f);
  world_sync (f->world, news);
  confab_session_view_model_prepare_call (f->model, room (f, ROOM), FALSE, CONFAB_START_QUIETLY);
  confab_select_call_media_view_model_join (confab_session_view_model_get_select_media (f->model));
  assert_in_no_call (f);
  assert_toasts (f, "This call needs a newer version of Confab.;");
}

/* ---- asked for before all is there ---- */

static void
test_before_media (Fixture *f, gconstpointer data)
{
  test_until (is_let_go, f);
  g_assert_finalize_object (f->model);
  make_model (f, FALSE);
  sign_in (f);
  begin_call (f, ROOM);

  confab_session_view_model_prepare_call (f->model, room (f, ROOM), FALSE, CONFAB_START_QUIETLY);
  g_assert_null (confab_session_view_model_get_select_media (f->model));
  confab_session_view_model_set_devices (f->model, CONFAB_MEDIA_DEVICES (f->devices));
  g_assert_nonnull (confab_session_view_model_get_select_media (f->model));
  confab_session_view_model_cancel_prepare (f->model);
  assert_toasts (f, "");
}

static const char *
chosen_id (Fixture *f, ConfabDeviceKind kind)
{
  return confab_media_device_get_id (
    confab_media_devices_get_chosen (CONFAB_MEDIA_DEVICES (f->devices), kind));
}

static void
test_devices_remembered (Fixture *f, gconstpointer data)
{
  g_autoptr (GSettings) settings = confab_settings_new ();

  g_settings_set_string (settings, "microphone", "m2");
  g_settings_set_string (settings, "camera", "unplugged");
  confab_session_view_model_set_devices (f->model, NULL);
  confab_session_view_model_set_devices (f->model, CONFAB_MEDIA_DEVICES (f->devices));
  g_assert_cmpstr (chosen_id (f, CONFAB_DEVICE_KIND_MICROPHONE), ==, "m2");
  g_assert_cmpstr (chosen_id (f, CONFAB_DEVICE_KIND_SPEAKER), ==, "s1");
  /* It comes to its own when it is plugged in. */
  g_assert_cmpstr (chosen_id (f, CONFAB_DEVICE_KIND_CAMERA), ==, "c1");
  fake_devices_add (f->devices, CONFAB_DEVICE_KIND_CAMERA, "unplugged", "Webcam");
  g_assert_cmpstr (chosen_id (f, CONFAB_DEVICE_KIND_CAMERA), ==, "unplugged");
  g_settings_reset (settings, "microphone");
  g_settings_reset (settings, "camera");
}

static void
test_join_before_media (Fixture *f, gconstpointer data)
{
  test_until (is_let_go, f);
  g_assert_finalize_object (f->model);
  make_model (f, FALSE);
  sign_in (f);
  begin_call (f, ROOM);

  confab_session_view_model_request_call (f->model, ROOM, FALSE, FALSE, TRUE);
  assert_in_no_call (f);
  confab_session_view_model_set_devices (f->model, CONFAB_MEDIA_DEVICES (f->devices));
  assert_in_call (f, ROOM);
  g_assert_cmpuint (f->n_shown, ==, 1);
  g_assert_true (
    confab_call_view_model_get_microphone_muted (confab_session_view_model_get_call (f->model)));
  g_assert_false (
    confab_call_view_model_get_camera_muted (confab_session_view_model_get_call (f->model)));
  assert_toasts (f, "");
}

static void
test_join_at_start (Fixture *f, gconstpointer data)
{
  /* “confab”, and join-call right after it over D-Bus: account, rooms and call come one after the other. */
  g_autofree char *first = world_new_room (ROOM, "Field Survey");

  world_sign_in (f->world, first);
  test_until (is_let_go, f);
  g_assert_finalize_object (f->model);
  world_start_anew (f->world);
  make_model (f, FALSE);
  confab_session_view_model_start (f->model);
  confab_session_view_model_request_call (f->model, ROOM, FALSE, TRUE, TRUE);
  assert_page (f, CONFAB_SESSION_PAGE_LOADING);
  until_page (f, CONFAB_SESSION_PAGE_ROOMS);
  begin_call (f, ROOM);
  assert_in_no_call (f);
  assert_toasts (f, "");
  confab_session_view_model_set_devices (f->model, CONFAB_MEDIA_DEVICES (f->devices));
  assert_in_call (f, ROOM);
}

static void
test_join_refused (Fixture *f, gconstpointer data)
{
  sign_in (f);
  begin_call (f, ROOM);
  confab_session_view_model_request_call (f->model, ROOM, TRUE, TRUE, TRUE);
  assert_toasts (f, "There is a call in that room already.;");
  assert_in_no_call (f);
  confab_session_view_model_request_call (f->model, ROOM, FALSE, TRUE, TRUE);
  assert_in_call (f, ROOM);
  /* In it already: it comes to the front. */
  confab_session_view_model_request_call (f->model, ROOM, FALSE, TRUE, TRUE);
  g_assert_cmpuint (f->n_shown, ==, 2);
  assert_toasts (f, "");
}

static void
test_join_waits (Fixture *f, gconstpointer data)
{
  g_autofree char *other = world_new_room (OTHER, "Kitchen Table");

  /* A room that this device hears of a little later. */
  sign_in (f);
  confab_session_view_model_request_call (f->model, OTHER, TRUE, TRUE, FALSE);
  assert_toasts (f, "");
  confab_manual_clock_advance (f->world->clock, 2000);
  assert_toasts (f, "That room is not here yet. You join as soon as it is.;");
  world_sync (f->world, other);
  assert_in_call (f, OTHER);
  assert_toasts (f, "");
}

static void
test_join_forgotten (Fixture *f, gconstpointer data)
{
  /* Whatever is done about calls meanwhile takes its place: also nothing, which is leaving. */
  sign_in (f);
  confab_session_view_model_request_call (f->model, ROOM, FALSE, TRUE, TRUE);
  confab_session_view_model_leave_call (f->model);
  begin_call (f, ROOM);
  assert_in_no_call (f);

  confab_session_view_model_request_call (f->model, OTHER, FALSE, TRUE, TRUE);
  confab_session_view_model_prepare_call (f->model, room (f, ROOM), FALSE, CONFAB_START_QUIETLY);
  confab_session_view_model_cancel_prepare (f->model);
  confab_manual_clock_advance (f->world->clock, 60000);
  assert_toasts (f, "");
}

static void
test_prepare_refused (Fixture *f, gconstpointer data)
{
  sign_in (f);
  world_go_offline (f->world);
  confab_session_view_model_prepare_call (f->model, room (f, ROOM), FALSE, CONFAB_START_QUIETLY);
  g_assert_null (confab_session_view_model_get_select_media (f->model));
  assert_toasts (f, "Your homeserver does not answer.;");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
#define ADD(path, func)                                                                            \
  g_test_add ("/session-view-model/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("first-start", test_first_start);
  ADD ("restored", test_restored);
  ADD ("restored-offline", test_restored_offline);
  ADD ("keyring-locked", test_keyring_locked);
  ADD ("no-keyring", test_no_keyring);
  ADD ("offline", test_offline);
  ADD ("soft-logout", test_soft_logout);
  ADD ("logout-in-call", test_logout_in_call);
  ADD ("replaced-in-call", test_replaced_in_call);
  ADD ("kicked-in-call", test_kicked_in_call);
  ADD ("sign-out", test_sign_out);
  ADD ("open-room", test_open_room);
  ADD ("room-lost", test_room_lost);
  ADD ("join-and-leave", test_join_and_leave);
  ADD ("start", test_start);
  ADD ("back", test_back);
  ADD ("other-call", test_other_call);
  ADD ("ended", test_ended);
  g_test_add ("/session-view-model/decline/here", Fixture, NULL, set_up, test_decline, tear_down);
  g_test_add (
    "/session-view-model/decline/everywhere", Fixture, "", set_up, test_decline, tear_down);
  ADD ("slept", test_slept);
  ADD ("slept/too-long", test_slept_too_long);
  ADD ("slept/without-call", test_slept_without_call);
  ADD ("unsupported", test_unsupported);
  ADD ("devices-remembered", test_devices_remembered);
  ADD ("before-media", test_before_media);
  ADD ("join-before-media", test_join_before_media);
  ADD ("join-at-start", test_join_at_start);
  ADD ("join-refused", test_join_refused);
  ADD ("join-waits", test_join_waits);
  ADD ("join-forgotten", test_join_forgotten);
  ADD ("prepare-refused", test_prepare_refused);
  return g_test_run ();
}
