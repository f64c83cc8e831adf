/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-call-request.h"
#include "confab-media-devices.h"
#include "world.h"

#define ROOM "!r:x"
#define PATIENCE_MS 60000

/* Nobody asks them for anything here: that they are there is what counts. */
G_DECLARE_FINAL_TYPE (SomeDevices, some_devices, SOME, DEVICES, GObject)
struct _SomeDevices {
  GObject parent_instance;
};
G_DEFINE_FINAL_TYPE_WITH_CODE (SomeDevices,
                               some_devices,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_MEDIA_DEVICES, NULL))

static void
some_devices_class_init (SomeDevicesClass *klass)
{
}

static void
some_devices_init (SomeDevices *self)
{
}

typedef struct {
  World *world;
  ConfabRoomListViewModel *rooms;
  SomeDevices *devices;
  ConfabCallRequest *request;
  GString *said;
  GString *hints;
} Fixture;

static void
ready_cb (ConfabCallRequest *request, ConfabRoomViewModel *room, Fixture *f)
{
  g_string_append_printf (f->said,
                          "ready %s %d%d;",
                          confab_room_view_model_get_id (room),
                          confab_call_request_get_audio (request),
                          confab_call_request_get_video (request));
}

static void
failed_cb (ConfabCallRequest *request, const char *text, Fixture *f)
{
  g_string_append_printf (f->said, "%s;", text);
}

static void
waiting_cb (ConfabCallRequest *request, const char *text, Fixture *f)
{
  g_string_append_printf (f->hints, "%s;", text);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->world = world_new ();
  f->rooms = confab_room_list_view_model_new (f->world->session, CONFAB_CLOCK (f->world->clock));
  f->devices = g_object_new (some_devices_get_type (), NULL);
  f->said = g_string_new (NULL);
  f->hints = g_string_new (NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->request);
  g_assert_finalize_object (f->devices);
  g_assert_finalize_object (f->rooms);
  world_free (f->world);
  g_string_free (f->said, TRUE);
  g_string_free (f->hints, TRUE);
}

static void
ask (Fixture *f, gboolean start)
{
  f->request = confab_call_request_new (
    f->world->session, f->rooms, CONFAB_CLOCK (f->world->clock), ROOM, start, TRUE, FALSE);
  g_signal_connect (f->request, "ready", G_CALLBACK (ready_cb), f);
  g_signal_connect (f->request, "failed", G_CALLBACK (failed_cb), f);
  g_signal_connect (f->request, "waiting", G_CALLBACK (waiting_cb), f);
}

static void
give_devices (Fixture *f)
{
  confab_call_request_set_devices (f->request, CONFAB_MEDIA_DEVICES (f->devices));
}

static void
sync_call (Fixture *f)
{
  g_autofree char *news = world_call (ROOM, "c1", "m.room", "m.video", 10);

  world_sync (f->world, news);
}

static void
sign_in (Fixture *f, const char *room)
{
  g_autofree char *rooms = world_new_room (room, "Rehearsal");

  world_sign_in (f->world, rooms);
}

static void
test_before_all (Fixture *f, gconstpointer data)
{
  ask (f, FALSE);
  give_devices (f);
  sign_in (f, ROOM);
  g_assert_cmpstr (f->said->str, ==, "");
  sync_call (f);
  g_assert_cmpstr (f->said->str, ==, "ready " ROOM " 10;");

  /* Once. */
  sync_call (f);
  give_devices (f);
  confab_manual_clock_advance (f->world->clock, 2 * PATIENCE_MS);
  g_assert_cmpstr (f->said->str, ==, "ready " ROOM " 10;");
}

static void
test_before_devices (Fixture *f, gconstpointer data)
{
  sign_in (f, ROOM);
  sync_call (f);
  ask (f, FALSE);
  confab_call_request_set_devices (f->request, NULL);
  sync_call (f);
  g_assert_cmpstr (f->said->str, ==, "");
  give_devices (f);
  g_assert_cmpstr (f->said->str, ==, "ready " ROOM " 10;");
}

static void
test_at_once (Fixture *f, gconstpointer data)
{
  sign_in (f, ROOM);
  sync_call (f);
  ask (f, FALSE);
  g_assert_cmpstr (f->said->str, ==, "");
  give_devices (f);
  g_assert_cmpstr (f->said->str, ==, "ready " ROOM " 10;");
}

static void
test_offline (Fixture *f, gconstpointer data)
{
  sign_in (f, ROOM);
  sync_call (f);
  world_go_offline (f->world);
  ask (f, FALSE);
  give_devices (f);
  g_assert_cmpstr (f->said->str, ==, "");
  world_go_online (f->world);
  g_assert_cmpstr (f->said->str, ==, "ready " ROOM " 10;");
}

static void
test_start (Fixture *f, gconstpointer data)
{
  ask (f, TRUE);
  give_devices (f);
  sign_in (f, ROOM);
  g_assert_cmpstr (f->said->str, ==, "ready " ROOM " 10;");
}

static void
test_start_beside (Fixture *f, gconstpointer data)
{
  sign_in (f, ROOM);
  sync_call (f);
  ask (f, TRUE);
  give_devices (f);
  g_assert_cmpstr (f->said->str, ==, "There is a call in that room already.;");
}

/* One that nobody waits for any more is not joined. */
static void
out_of_patience (Fixture *f, const char *expected)
{
  confab_manual_clock_advance (f->world->clock, PATIENCE_MS - 1);
  g_assert_cmpstr (f->said->str, ==, "");
  confab_manual_clock_advance (f->world->clock, 1);
  g_assert_cmpstr (f->said->str, ==, expected);
}

static void
test_no_call (Fixture *f, gconstpointer data)
{
  ask (f, FALSE);
  give_devices (f);
  confab_manual_clock_advance (f->world->clock, PATIENCE_MS - 1);
  /* Time does not run while something is under way. */
  sign_in (f, ROOM);
  out_of_patience (f, "There is no call in that room.;");
  sync_call (f);
  g_assert_cmpstr (f->said->str, ==, "There is no call in that room.;");
}

static void
test_no_room (Fixture *f, gconstpointer data)
{
  ask (f, FALSE);
  give_devices (f);
  sign_in (f, "!other:x");
  out_of_patience (f, "You are not in that room.;");
}

static void
test_hint (Fixture *f, gconstpointer data)
{
  sign_in (f, ROOM);
  ask (f, FALSE);
  give_devices (f);
  confab_manual_clock_advance (f->world->clock, 1999);
  g_assert_cmpstr (f->hints->str, ==, "");
  confab_manual_clock_advance (f->world->clock, 1);
  g_assert_cmpstr (
    f->hints->str,
    ==,
    "There is no call in “\342\201\250Rehearsal\342\201\251” yet. You join as soon as "
    "there is one.;");
  sync_call (f);
  g_assert_cmpstr (f->said->str, ==, "ready " ROOM " 10;");
}

static void
test_hint_of_room (Fixture *f, gconstpointer data)
{
  sign_in (f, "!other:x");
  ask (f, TRUE);
  give_devices (f);
  confab_manual_clock_advance (f->world->clock, 2000);
  g_assert_cmpstr (f->hints->str, ==, "That room is not here yet. You join as soon as it is.;");
}

static void
test_not_allowed (Fixture *f, gconstpointer data)
{
  g_autofree char *event = world_event ("m.room.power_levels",
                                        "",
                                        "@ben:x",
                                        WORLD_NOW_MS,
                                        "{'users':{'@ben:x':100},'state_default':50}");
  g_autofree char *news = world_room (ROOM, 0, event);

  /* Waiting would not help. */
  sign_in (f, ROOM);
  world_sync (f->world, news);
  ask (f, TRUE);
  confab_call_request_set_devices (f->request, NULL);
  g_assert_cmpstr (f->said->str, ==, "Only moderators may start calls here.;");
}

static void
test_no_devices (Fixture *f, gconstpointer data)
{
  sign_in (f, ROOM);
  sync_call (f);
  ask (f, FALSE);
  confab_call_request_set_devices (f->request, NULL);
  out_of_patience (f, "Camera and microphone are not ready.;");
}

static void
test_stays_offline (Fixture *f, gconstpointer data)
{
  sign_in (f, ROOM);
  sync_call (f);
  world_go_offline (f->world);
  ask (f, FALSE);
  give_devices (f);
  out_of_patience (f, "Your homeserver does not answer.;");
}

static void
test_nobody (Fixture *f, gconstpointer data)
{
  ask (f, FALSE);
  give_devices (f);
  out_of_patience (f, "Sign in to take part in calls.;");
}

static void
test_dropped (Fixture *f, gconstpointer data)
{
  ask (f, FALSE);
  give_devices (f);
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (f->world->clock), >, 0);
  g_assert_finalize_object (f->request);
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (f->world->clock), ==, 0);
  ask (f, FALSE); /* for tear_down () */
}

int
main (int argc, char *argv[])
{
  static const struct {
    const char *path;
    void (*test) (Fixture *f, gconstpointer data);
  } tests[] = {
    { "/call-request/before-all", test_before_all },
    { "/call-request/before-devices", test_before_devices },
    { "/call-request/at-once", test_at_once },
    { "/call-request/offline", test_offline },
    { "/call-request/start", test_start },
    { "/call-request/start-beside", test_start_beside },
    { "/call-request/no-call", test_no_call },
    { "/call-request/no-room", test_no_room },
    { "/call-request/hint", test_hint },
    { "/call-request/hint-of-room", test_hint_of_room },
    { "/call-request/not-allowed", test_not_allowed },
    { "/call-request/no-devices", test_no_devices },
    { "/call-request/stays-offline", test_stays_offline },
    { "/call-request/nobody", test_nobody },
    { "/call-request/dropped", test_dropped },
  };

  dex_init ();
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
