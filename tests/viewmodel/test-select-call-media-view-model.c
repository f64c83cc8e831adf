/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-call.h"
#include "confab-select-call-media-view-model.h"
#include "confab-settings.h"
#include "fake-devices.h"
#include "world.h"

#define ROOM "!a:x"
#define MICROPHONE CONFAB_DEVICE_KIND_MICROPHONE
#define SPEAKER CONFAB_DEVICE_KIND_SPEAKER
#define CAMERA CONFAB_DEVICE_KIND_CAMERA
#define VOICE_DB (-20.0)
#define QUIET_DB (-70.0)

typedef struct {
  World *world;
  FakeDevices *devices;
  ConfabRoomViewModel *room;
  ConfabSelectCallMediaViewModel *model;
  ConfabCall *joined;
} Fixture;

static void
joined_cb (ConfabSelectCallMediaViewModel *model, GObject *call, Fixture *f)
{
  /* Whoever listens to the call can do so before anything happens. */
  g_assert_false (confab_call_is_active (CONFAB_CALL (call)));
  g_set_object (&f->joined, CONFAB_CALL (call));
}

static void
make_model (Fixture *f)
{
  f->model = confab_select_call_media_view_model_new (f->room,
                                                      CONFAB_MEDIA_DEVICES (f->devices),
                                                      NULL,
                                                      CONFAB_CLOCK (f->world->clock));
  g_signal_connect (f->model, "joined", G_CALLBACK (joined_cb), f);
}

static void
open_model (Fixture *f)
{
  make_model (f);
  confab_select_call_media_view_model_open (f->model);
}

static void
close_model (Fixture *f)
{
  confab_select_call_media_view_model_close (f->model);
  g_assert_finalize_object (f->model);
  f->model = NULL;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  static const char *const keys[] = {
    "microphone",          "camera", "speaker", "camera-in-video-calls", "camera-in-voice-calls",
    "microphone-in-calls",
  };
  g_autoptr (GSettings) settings = confab_settings_new ();
  g_autofree char *first = world_new_room (ROOM, "Field Survey");

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    g_settings_reset (settings, keys[i]);
  f->world = world_new ();
  world_sign_in (f->world, first);
  f->devices = fake_devices_new (CONFAB_CLOCK (f->world->clock));
  f->room = confab_room_view_model_new (
    confab_room_list_lookup (confab_session_get_rooms (f->world->session), ROOM),
    f->world->session,
    CONFAB_CLOCK (f->world->clock));
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  if (f->joined != NULL)
    confab_call_leave (f->joined);
  if (f->model != NULL)
    close_model (f);
  g_clear_object (&f->joined);
  g_assert_finalize_object (f->room);
  g_assert_cmpuint (fake_devices_get_n_open (f->devices), ==, 0);
  g_assert_finalize_object (f->devices);
  world_free (f->world);
}

static void
sync_call (Fixture *f, const char *intent, const char *type)
{
  const char *const people[] = { "@ben:x", NULL };
  g_autofree char *news = world_call (ROOM, "c1", intent, type, 60);
  g_autofree char *members = world_call_members (ROOM, "c1", people);

  world_sync (f->world, news);
  world_sync (f->world, members);
}

static void
assert_switches (Fixture *f, gboolean microphone_on, gboolean camera_on, const char *label)
{
  g_assert_cmpint (confab_select_call_media_view_model_get_microphone_on (f->model),
                   ==,
                   microphone_on);
  g_assert_cmpint (confab_select_call_media_view_model_get_camera_on (f->model), ==, camera_on);
  test_assert_string (f->model, "join-label", label);
}

static void
assert_camera_starts (Fixture *f, guint n)
{
  g_assert_cmpuint (fake_devices_get_n_camera_starts (f->devices), ==, n);
}

static GdkPaintable *
get_paintable (Fixture *f)
{
  g_autoptr (GdkPaintable) paintable = NULL;

  g_object_get (f->model, "paintable", &paintable, NULL);
  return paintable; /* the stream keeps it */
}

/* ---- how the switches stand ---- */

static const struct {
  const char *path;
  const char *intent;
  const char *type;
  gboolean camera_on;
  const char *label;
} defaults[] = {
  { "video", "m.prompt", "m.video", TRUE, "Join with Camera" },
  { "ringing-video", "m.ring", "m.video", TRUE, "Join with Camera" },
  { "voice", "m.prompt", "m.voice", FALSE, "Join with Sound Only" },
  { "ringing-voice", "m.ring", "m.voice", FALSE, "Join with Sound Only" },
  { "room-video", "m.room", "m.video", FALSE, "Join with Sound Only" },
  { "room-voice", "m.room", "m.voice", FALSE, "Join with Sound Only" },
};

static void
test_default (Fixture *f, gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);

  sync_call (f, defaults[i].intent, defaults[i].type);
  open_model (f);
  g_assert_false (test_get_boolean (f->model, "creating"));
  test_assert_string (f->model, "title", "Ready to Join?");
  assert_switches (f, TRUE, defaults[i].camera_on, defaults[i].label);
  /* A camera that is off was never opened. */
  assert_camera_starts (f, defaults[i].camera_on);
}

static void
test_creating (Fixture *f, gconstpointer data)
{
  open_model (f);
  g_assert_true (test_get_boolean (f->model, "creating"));
  test_assert_string (f->model, "title", "Ready to Start?");
  assert_switches (f, TRUE, TRUE, "Start with Camera");
  confab_select_call_media_view_model_join (f->model);
  g_assert_cmpint (confab_call_get_call_type (f->joined), ==, CONFAB_CALL_TYPE_VIDEO);
  g_assert_cmpint (confab_call_get_intent (f->joined), ==, CONFAB_CALL_INTENT_PROMPT);
}

static void
test_creating_voice (Fixture *f, gconstpointer data)
{
  open_model (f);
  confab_select_call_media_view_model_set_mode (f->model, CONFAB_START_RINGING);
  confab_select_call_media_view_model_set_camera_on (f->model, FALSE);
  assert_switches (f, TRUE, FALSE, "Start with Sound Only");
  confab_select_call_media_view_model_join (f->model);
  g_assert_cmpint (confab_call_get_call_type (f->joined), ==, CONFAB_CALL_TYPE_VOICE);
  g_assert_cmpint (confab_call_get_intent (f->joined), ==, CONFAB_CALL_INTENT_RING);
}

static void
test_overtaken (Fixture *f, gconstpointer data)
{
  g_autofree char *id = NULL;

  /* While one chooses how to start, somebody else does. */
  open_model (f);
  test_assert_string (f->model, "join-label", "Start with Camera");
  sync_call (f, "m.prompt", "m.video");
  test_assert_string (f->model, "join-label", "Join with Camera");
  test_assert_string (f->model, "title", "Ready to Join?");
  confab_select_call_media_view_model_join (f->model);
  id = confab_call_dup_id (f->joined);
  g_assert_cmpstr (id, ==, "c1");
}

static void
test_labels (Fixture *f, gconstpointer data)
{
  sync_call (f, "m.prompt", "m.video");
  open_model (f);
  assert_switches (f, TRUE, TRUE, "Join with Camera");
  confab_select_call_media_view_model_set_camera_on (f->model, FALSE);
  assert_switches (f, TRUE, FALSE, "Join with Sound Only");
  confab_select_call_media_view_model_set_microphone_on (f->model, FALSE);
  assert_switches (f, FALSE, FALSE, "Just Listen");
  confab_select_call_media_view_model_set_camera_on (f->model, TRUE);
  assert_switches (f, FALSE, TRUE, "Join with Camera");
}

static void
assert_menu (Fixture *f, const char *property, const char *expected)
{
  g_autoptr (GMenuModel) menu = NULL;
  g_autoptr (GString) labels = g_string_new (NULL);

  g_object_get (f->model, property, &menu, NULL);
  for (int i = 0; i < g_menu_model_get_n_items (menu); i++) {
    g_autofree char *label = NULL;
    g_autofree char *action = NULL;
    g_autoptr (GVariant) target = NULL;

    g_menu_model_get_item_attribute (menu, i, "label", "s", &label);
    g_menu_model_get_item_attribute (menu, i, "action", "s", &action);
    target = g_menu_model_get_item_attribute_value (menu, i, "target", G_VARIANT_TYPE_STRING);
    g_string_append_printf (
      labels, "%s=%s(%s);", label, action, g_variant_get_string (target, NULL));
  }
  g_assert_cmpstr (labels->str, ==, expected);
}

static void
test_join_menu (Fixture *f, gconstpointer data)
{
  open_model (f);
  assert_menu (f,
               "join-menu",
               "Start with Camera=media.join(camera);Start with Sound Only=media.join(sound);"
               "Start and Just Listen=media.join(listen);");
  sync_call (f, "m.prompt", "m.video");
  assert_menu (f,
               "join-menu",
               "Join with Camera=media.join(camera);Join with Sound Only=media.join(sound);"
               "Just Listen=media.join(listen);");
}

static void
join_with (Fixture *f, gboolean microphone_on, gboolean camera_on)
{
  make_model (f);
  confab_select_call_media_view_model_set_microphone_on (f->model, microphone_on);
  confab_select_call_media_view_model_set_camera_on (f->model, camera_on);
  confab_select_call_media_view_model_open (f->model);
  confab_select_call_media_view_model_join (f->model);
  g_assert_nonnull (f->joined);
  confab_call_leave (f->joined);
  g_clear_object (&f->joined);
  g_assert_finalize_object (f->model);
  f->model = NULL;
}

static void
end_call (Fixture *f)
{
  g_autofree char *event = world_event (
    "org.matrix.msc3401.call", "c1", "@ben:x", WORLD_NOW_MS, "{'m.terminated':true}");
  g_autofree char *news = world_room (ROOM, 0, event);

  world_sync (f->world, news);
}

static void
test_remembered (Fixture *f, gconstpointer data)
{
  sync_call (f, "m.prompt", "m.video");
  join_with (f, FALSE, FALSE);
  open_model (f);
  assert_switches (f, FALSE, FALSE, "Just Listen");
  assert_camera_starts (f, 0);
  close_model (f);

  /* Each kind of call has a memory of its own. */
  join_with (f, TRUE, TRUE);
  end_call (f);
  {
    const char *const people[] = { "@ben:x", NULL };
    g_autofree char *news = world_call (ROOM, "c2", "m.prompt", "m.voice", 60);
    g_autofree char *members = world_call_members (ROOM, "c2", people);

    world_sync (f->world, news);
    world_sync (f->world, members);
  }
  open_model (f);
  assert_switches (f, TRUE, FALSE, "Join with Sound Only");
}

static void
test_remembered_voice (Fixture *f, gconstpointer data)
{
  sync_call (f, "m.prompt", "m.voice");
  join_with (f, TRUE, TRUE);
  open_model (f);
  assert_switches (f, TRUE, TRUE, "Join with Camera");
}

static void
test_not_remembered (Fixture *f, gconstpointer data)
{
  g_autoptr (GSettings) settings = confab_settings_new ();

  /* A room's own call begins without the camera, whatever a person likes in others. */
  sync_call (f, "m.room", "m.video");
  join_with (f, TRUE, FALSE);
  g_assert_true (g_settings_get_boolean (settings, "camera-in-video-calls"));
  /* And who looks, and goes back, has chosen nothing. */
  make_model (f);
  confab_select_call_media_view_model_set_microphone_on (f->model, FALSE);
  close_model (f);
  g_assert_true (g_settings_get_boolean (settings, "microphone-in-calls"));
}

/* ---- devices ---- */

static void
test_picture (Fixture *f, gconstpointer data)
{
  sync_call (f, "m.prompt", "m.video");
  open_model (f);
  g_assert_nonnull (get_paintable (f));
  g_assert_true (test_get_boolean (f->model, "gives-picture"));
  /* Open, and nothing to see yet: no black rectangle. */
  confab_stream_set_has_video (fake_devices_get_stream (f->devices), FALSE);
  g_assert_null (get_paintable (f));
  confab_stream_set_has_video (fake_devices_get_stream (f->devices), TRUE);
  g_assert_nonnull (get_paintable (f));

  confab_select_call_media_view_model_set_camera_on (f->model, FALSE);
  g_assert_null (get_paintable (f));
  g_assert_true (confab_stream_get_video_muted (fake_devices_get_stream (f->devices)));
  confab_select_call_media_view_model_set_camera_on (f->model, TRUE);
  assert_camera_starts (f, 2);
}

static void
assert_problem (Fixture *f, const char *title, const char *text, gboolean can_retry)
{
  test_assert_string (f->model, "problem-title", title);
  test_assert_string (f->model, "problem-text", text);
  g_assert_cmpint (test_get_boolean (f->model, "can-retry"), ==, can_retry);
  g_assert_true (test_get_boolean (f->model, "can-join"));
}

static void
test_no_camera (Fixture *f, gconstpointer data)
{
  sync_call (f, "m.prompt", "m.video");
  fake_devices_remove_all (f->devices, CAMERA);
  fake_devices_set_problem (f->devices, CAMERA, CONFAB_DEVICE_PROBLEM_MISSING);
  open_model (f);
  assert_problem (f, "No Camera Found", "You can join with sound only.", FALSE);
  assert_switches (f, TRUE, TRUE, "Join with Sound Only");
  g_assert_false (test_get_boolean (f->model, "gives-picture"));
  g_assert_null (get_paintable (f));
  test_assert_string (f->model, "camera-name", "No camera");

  /* Plugged in, it is there. */
  fake_devices_add (f->devices, CAMERA, "c3", "Webcam");
  fake_devices_set_problem (f->devices, CAMERA, CONFAB_DEVICE_PROBLEM_NONE);
  assert_problem (f, "", "", FALSE);
  assert_switches (f, TRUE, TRUE, "Join with Camera");
  test_assert_string (f->model, "camera-name", "Webcam");
  confab_select_call_media_view_model_join (f->model);
  g_assert_true (confab_call_is_active (f->joined));
}

static void
test_camera_busy (Fixture *f, gconstpointer data)
{
  sync_call (f, "m.prompt", "m.video");
  fake_devices_set_problem (f->devices, CAMERA, CONFAB_DEVICE_PROBLEM_BUSY);
  open_model (f);
  assert_problem (f, "The Camera Is in Use", "Close the other program that uses it.", TRUE);
  assert_switches (f, TRUE, TRUE, "Join with Sound Only");
  assert_camera_starts (f, 1);

  /* “Try Again”, in vain. */
  confab_select_call_media_view_model_retry (f->model);
  assert_camera_starts (f, 2);
  assert_problem (f, "The Camera Is in Use", "Close the other program that uses it.", TRUE);

  /* Free by now: the media tries by itself, and the page follows. */
  fake_devices_set_problem (f->devices, CAMERA, CONFAB_DEVICE_PROBLEM_NONE);
  assert_problem (f, "", "", FALSE);
  g_assert_nonnull (get_paintable (f));
  assert_switches (f, TRUE, TRUE, "Join with Camera");

  /* Nothing is wrong with a camera that is switched off. */
  fake_devices_set_problem (f->devices, CAMERA, CONFAB_DEVICE_PROBLEM_BUSY);
  confab_select_call_media_view_model_set_camera_on (f->model, FALSE);
  assert_problem (f, "", "", FALSE);
  confab_select_call_media_view_model_retry (f->model);
  assert_camera_starts (f, 2);
}

static void
test_camera_problems (Fixture *f, gconstpointer data)
{
  sync_call (f, "m.prompt", "m.video");
  open_model (f);
  fake_devices_set_problem (f->devices, CAMERA, CONFAB_DEVICE_PROBLEM_DENIED);
  assert_problem (f, "Confab May Not Use the Camera", "Allow it in the system's settings.", TRUE);
  fake_devices_set_problem (f->devices, CAMERA, CONFAB_DEVICE_PROBLEM_FAILED);
  assert_problem (f,
                  "The Camera Gives No Picture",
                  "Unplug it and plug it in again, or choose another.",
                  TRUE);
}

static void
test_microphone_denied (Fixture *f, gconstpointer data)
{
  sync_call (f, "m.prompt", "m.voice");
  open_model (f);
  test_assert_string (f->model, "banner", "");
  fake_devices_set_problem (f->devices, MICROPHONE, CONFAB_DEVICE_PROBLEM_DENIED);
  test_assert_string (f->model, "banner", "Confab may not use the microphone");
  g_assert_cmpint (test_get_uint (f->model, "banner-action"),
                   ==,
                   CONFAB_BANNER_ACTION_OPEN_SETTINGS);
  test_assert_string (f->model, "level-text", "Microphone not allowed");
  g_assert_false (test_get_boolean (f->model, "gives-sound"));
  /* Whoever has no microphone can listen. */
  assert_switches (f, TRUE, FALSE, "Just Listen");
  g_assert_true (test_get_boolean (f->model, "can-join"));

  fake_devices_set_problem (f->devices, MICROPHONE, CONFAB_DEVICE_PROBLEM_MISSING);
  test_assert_string (f->model, "banner", "");
  g_assert_cmpint (test_get_uint (f->model, "banner-action"), ==, CONFAB_BANNER_ACTION_NONE);
  test_assert_string (f->model, "level-text", "No microphone");
  fake_devices_set_problem (f->devices, MICROPHONE, CONFAB_DEVICE_PROBLEM_BUSY);
  test_assert_string (f->model, "level-text", "The microphone is in use");
  fake_devices_set_problem (f->devices, MICROPHONE, CONFAB_DEVICE_PROBLEM_FAILED);
  test_assert_string (f->model, "level-text", "The microphone gives no sound");
  fake_devices_set_problem (f->devices, MICROPHONE, CONFAB_DEVICE_PROBLEM_NONE);
  test_assert_string (f->model, "level-text", "");
  assert_switches (f, TRUE, FALSE, "Join with Sound Only");
}

static void
test_not_encrypted (Fixture *f, gconstpointer data)
{
  g_autofree char *news = world_room (
    "!b:x",
    1,
    "{'type':'m.room.create','state_key':'','sender':'@ben:x','event_id':'$1','content':{}}");

  world_sync (f->world, news);
  g_assert_finalize_object (f->room);
  f->room = confab_room_view_model_new (
    confab_room_list_lookup (confab_session_get_rooms (f->world->session), "!b:x"),
    f->world->session,
    CONFAB_CLOCK (f->world->clock));
  open_model (f);
  test_assert_string (f->model,
                      "banner",
                      "This call is not encrypted. The homeserver could listen.");
  g_assert_cmpint (test_get_uint (f->model, "banner-action"), ==, CONFAB_BANNER_ACTION_EXPLAIN);
  /* What stops one from being heard is said first. */
  fake_devices_set_problem (f->devices, MICROPHONE, CONFAB_DEVICE_PROBLEM_DENIED);
  test_assert_string (f->model, "banner", "Confab may not use the microphone");
}

static void
test_device_menus (Fixture *f, gconstpointer data)
{
  make_model (f);
  assert_menu (f,
               "microphone-menu",
               "Built-in Microphone=media.microphone(m1);Headset=media.microphone(m2);");
  assert_menu (f, "speaker-menu", "Built-in Speakers=media.speaker(s1);");
  test_assert_string (f->model, "microphone-name", "Built-in Microphone");

  /* Two with one name can be told apart, in the menu and on its button. */
  fake_devices_add (f->devices, MICROPHONE, "m3", "Headset");
  assert_menu (f,
               "microphone-menu",
               "Built-in Microphone=media.microphone(m1);Headset=media.microphone(m2);"
               "Headset (2)=media.microphone(m3);");
  confab_select_call_media_view_model_choose (f->model, "microphone", "m3");
  test_assert_string (f->model, "microphone-name", "Headset (2)");
  {
    g_autofree char *chosen = confab_select_call_media_view_model_dup_chosen (f->model,
                                                                              "microphone");

    g_assert_cmpstr (chosen, ==, "m3");
  }
  fake_devices_remove_all (f->devices, MICROPHONE);
  test_assert_string (f->model, "microphone-name", "No microphone");
  assert_menu (f, "microphone-menu", "");
  fake_devices_remove_all (f->devices, SPEAKER);
  test_assert_string (f->model, "speaker-name", "No speaker");
}

static void
test_device_remembered (Fixture *f, gconstpointer data)
{
  g_autoptr (GSettings) settings = confab_settings_new ();
  g_autofree char *camera = NULL;

  make_model (f);
  confab_select_call_media_view_model_choose (f->model, "camera", "c2");
  test_assert_string (f->model, "camera-name", "Document Camera");
  camera = g_settings_get_string (settings, "camera");
  g_assert_cmpstr (camera, ==, "c2");
  g_assert_cmpstr (confab_media_device_get_id (
                     confab_media_devices_get_chosen (CONFAB_MEDIA_DEVICES (f->devices), CAMERA)),
                   ==,
                   "c2");

  /* Empty is what the system has as its default. */
  confab_select_call_media_view_model_choose (f->model, "camera", "");
  test_assert_string (f->model, "camera-name", "Integrated Camera");
  g_free (camera);
  camera = g_settings_get_string (settings, "camera");
  g_assert_cmpstr (camera, ==, "");
}

/* ---- the meter ---- */

static void
test_meter (Fixture *f, gconstpointer data)
{
  double level = 0;

  sync_call (f, "m.prompt", "m.voice");
  open_model (f);
  test_assert_string (f->model, "level-text", "");
  /* A voice that stays as loud as it is. */
  fake_devices_set_level (f->devices, VOICE_DB);
  confab_manual_clock_advance (f->world->clock, 199);
  test_assert_string (f->model, "level-text", "");
  confab_manual_clock_advance (f->world->clock, 1);
  test_assert_string (f->model, "level-text", "We hear you");
  g_object_get (f->model, "level", &level, NULL);
  g_assert_cmpfloat_with_epsilon (level, 40.0 / 60.0, 0.001);
  confab_manual_clock_advance (f->world->clock, 60000);
  test_assert_string (f->model, "level-text", "We hear you");

  fake_devices_set_level (f->devices, QUIET_DB);
  confab_manual_clock_advance (f->world->clock, 3999);
  test_assert_string (f->model, "level-text", "We hear you");
  confab_manual_clock_advance (f->world->clock, 1);
  test_assert_string (f->model, "level-text", "No sound yet. Is this the right microphone?");
  g_object_get (f->model, "level", &level, NULL);
  g_assert_cmpfloat (level, ==, 0);
}

static void
test_meter_silence (Fixture *f, gconstpointer data)
{
  sync_call (f, "m.prompt", "m.voice");
  open_model (f);
  confab_manual_clock_advance (f->world->clock, 2000);
  /* A knock is no voice, and does not put off the question. */
  fake_devices_set_level (f->devices, VOICE_DB);
  confab_manual_clock_advance (f->world->clock, 100);
  fake_devices_set_level (f->devices, QUIET_DB);
  confab_manual_clock_advance (f->world->clock, 1899);
  test_assert_string (f->model, "level-text", "");
  confab_manual_clock_advance (f->world->clock, 1);
  test_assert_string (f->model, "level-text", "No sound yet. Is this the right microphone?");

  /* Another microphone: it begins anew. */
  confab_select_call_media_view_model_choose (f->model, "microphone", "m2");
  test_assert_string (f->model, "level-text", "");
  fake_devices_set_level (f->devices, VOICE_DB);
  confab_manual_clock_advance (f->world->clock, 200);
  test_assert_string (f->model, "level-text", "We hear you");
}

static void
test_meter_off (Fixture *f, gconstpointer data)
{
  double level = 1;

  sync_call (f, "m.prompt", "m.voice");
  open_model (f);
  fake_devices_set_level (f->devices, VOICE_DB);
  confab_select_call_media_view_model_set_microphone_on (f->model, FALSE);
  test_assert_string (f->model, "level-text", "Microphone is off");
  g_object_get (f->model, "level", &level, NULL);
  g_assert_cmpfloat (level, ==, 0);
  g_assert_true (confab_stream_get_audio_muted (fake_devices_get_stream (f->devices)));
  confab_manual_clock_advance (f->world->clock, 5000);
  test_assert_string (f->model, "level-text", "Microphone is off");
  /* Off, whatever is the matter with it. */
  fake_devices_set_problem (f->devices, MICROPHONE, CONFAB_DEVICE_PROBLEM_MISSING);
  test_assert_string (f->model, "level-text", "Microphone is off");
  fake_devices_set_problem (f->devices, MICROPHONE, CONFAB_DEVICE_PROBLEM_NONE);

  confab_select_call_media_view_model_set_microphone_on (f->model, TRUE);
  test_assert_string (f->model, "level-text", "");
  confab_manual_clock_advance (f->world->clock, 200);
  test_assert_string (f->model, "level-text", "We hear you");
}

/* ---- joining ---- */

static void
test_hand_over (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabStream) stream = NULL;
  g_autoptr (ConfabLocalMedia) media = NULL;

  sync_call (f, "m.prompt", "m.video");
  open_model (f);
  stream = g_object_ref (fake_devices_get_stream (f->devices));
  confab_select_call_media_view_model_join (f->model);
  g_assert_true (confab_call_is_active (f->joined));
  /* The same that was open, and open still: the camera's light does not blink. */
  media = confab_call_dup_local_media (f->joined);
  g_assert_true (confab_local_media_get_stream (media) == stream);
  g_assert_cmpuint (fake_devices_get_n_open (f->devices), ==, 1);
  assert_camera_starts (f, 1);

  /* It is the call's now. */
  confab_select_call_media_view_model_close (f->model);
  confab_select_call_media_view_model_open (f->model);
  confab_select_call_media_view_model_join (f->model);
  g_assert_cmpuint (fake_devices_get_n_open (f->devices), ==, 1);
  g_assert_null (get_paintable (f));
}

static void
test_back (Fixture *f, gconstpointer data)
{
  sync_call (f, "m.prompt", "m.video");
  open_model (f);
  g_assert_cmpuint (fake_devices_get_n_open (f->devices), ==, 1);
  confab_select_call_media_view_model_close (f->model);
  g_assert_cmpuint (fake_devices_get_n_open (f->devices), ==, 0);
  confab_select_call_media_view_model_join (f->model);
  g_assert_null (f->joined);
}

static void
test_offline (Fixture *f, gconstpointer data)
{
  sync_call (f, "m.prompt", "m.video");
  open_model (f);
  world_go_offline (f->world);
  g_assert_false (test_get_boolean (f->model, "can-join"));
  confab_select_call_media_view_model_join (f->model);
  g_assert_null (f->joined);
  g_assert_cmpuint (fake_devices_get_n_open (f->devices), ==, 1);
  world_go_online (f->world);
  g_assert_true (test_get_boolean (f->model, "can-join"));
}

int
main (int argc, char **argv)
{
  g_autofree char *programs = NULL;

  g_test_init (&argc, &argv, NULL);
  /* Whichever desktop there is: one whose settings can be opened. Before there are threads. */
  programs = g_test_build_filename (G_TEST_DIST, "tools", "programs", NULL);
  g_setenv ("PATH", programs, TRUE);
  dex_init ();
#define ADD(path, func)                                                                            \
  g_test_add ("/select-call-media-view-model/" path, Fixture, NULL, set_up, func, tear_down)
  for (guint i = 0; i < G_N_ELEMENTS (defaults); i++) {
    g_autofree char *path = g_strconcat ("/select-call-media-view-model/default/",
                                         defaults[i].path,
                                         NULL);

    g_test_add (path, Fixture, GUINT_TO_POINTER (i), set_up, test_default, tear_down);
  }
  ADD ("creating", test_creating);
  ADD ("creating-voice", test_creating_voice);
  ADD ("overtaken", test_overtaken);
  ADD ("labels", test_labels);
  ADD ("join-menu", test_join_menu);
  ADD ("remembered", test_remembered);
  ADD ("remembered-voice", test_remembered_voice);
  ADD ("not-remembered", test_not_remembered);
  ADD ("picture", test_picture);
  ADD ("no-camera", test_no_camera);
  ADD ("camera-busy", test_camera_busy);
  ADD ("camera-problems", test_camera_problems);
  ADD ("microphone-denied", test_microphone_denied);
  ADD ("not-encrypted", test_not_encrypted);
  ADD ("device-menus", test_device_menus);
  ADD ("device-remembered", test_device_remembered);
  ADD ("meter", test_meter);
  ADD ("meter-silence", test_meter_silence);
  ADD ("meter-off", test_meter_off);
  ADD ("hand-over", test_hand_over);
  ADD ("back", test_back);
  ADD ("offline", test_offline);
  return g_test_run ();
}
