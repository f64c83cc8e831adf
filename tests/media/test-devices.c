/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-media-sender.h"
#include "media-loop.h"
#include "turn-watch.h"

#include <json-glib/json-glib.h>

/*
 * Cameras and microphones of a PipeWire of the test's own, which test_devices.py starts. There are two kinds. Nodes of
 * PipeWire itself can be opened and closed as often as one likes, but PipeWire 1.4 dies when a camera of theirs is taken
 * away. Programs that pretend to be a device can be killed, and end by themselves when they are closed.
 */

#define MICROPHONE_HZ 440

typedef struct {
  ConfabMediaEngine *engine;
  ConfabMediaDevices *devices;
  ConfabLocalMedia *media;
} Person;

static char *
run (const char *const *argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
  char *text = NULL;

  g_assert_no_error (error);
  g_assert_true (g_subprocess_communicate_utf8 (process, NULL, NULL, &text, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_successful (process));
  return text;
}

static void
create_node (const char *factory, const char *properties)
{
  const char *const argv[] = { "pw-cli", "create-node", factory, properties, NULL };

  g_free (run (argv));
}

static void
add_camera (const char *name)
{
  g_autofree char *properties = g_strdup_printf (
    "{ factory.name=videotestsrc library.name=videotestsrc/libspa-videotestsrc node.name=%s "
    "node.description=%s media.class=Video/Source media.role=Camera object.linger=true "
    "node.driver=true }",
    name,
    name);

  create_node ("spa-node-factory", properties);
}

static void
add_microphone (void)
{
  create_node ("adapter",
               "{ factory.name=audiotestsrc library.name=audiotestsrc/libspa-audiotestsrc "
               "node.name=test-mic node.description=test-mic media.class=Audio/Source "
               "object.linger=true audio.position=[MONO] node.driver=true }");
}

/* What PipeWire says of a device; NULL: there is none. */
static JsonNode *
find_node (const char *name)
{
  const char *const argv[] = { "pw-dump", NULL };
  g_autofree char *text = run (argv);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *objects;

  g_assert_true (json_parser_load_from_data (parser, text, -1, NULL));
  objects = json_node_get_array (json_parser_get_root (parser));
  for (guint i = 0; i < json_array_get_length (objects); i++) {
    JsonObject *object = json_array_get_object_element (objects, i);
    JsonObject *props;

    if (g_strcmp0 (json_object_get_string_member (object, "type"), "PipeWire:Interface:Node") != 0)
      continue;
    props = json_object_get_object_member (json_object_get_object_member (object, "info"), "props");
    if (g_strcmp0 (json_object_get_string_member_with_default (props, "node.name", ""), name) == 0)
      return json_node_copy (json_array_get_element (objects, i));
  }
  return NULL;
}

/* How many take something from it. */
static guint
count_links (const char *name)
{
  const char *const argv[] = { "pw-dump", NULL };
  g_autoptr (JsonNode) node = find_node (name);
  g_autofree char *text = run (argv);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *objects;
  gint64 id;
  guint n = 0;

  g_assert_nonnull (node);
  id = json_object_get_int_member (json_node_get_object (node), "id");
  g_assert_true (json_parser_load_from_data (parser, text, -1, NULL));
  objects = json_node_get_array (json_parser_get_root (parser));
  for (guint i = 0; i < json_array_get_length (objects); i++) {
    JsonObject *object = json_array_get_object_element (objects, i);

    if (g_strcmp0 (json_object_get_string_member (object, "type"), "PipeWire:Interface:Link") == 0)
      n += json_object_get_int_member (json_object_get_object_member (object, "info"),
                                       "output-node-id") == id;
  }
  return n;
}

/* `running` while somebody uses it. */
static char *
get_node_state (const char *name)
{
  g_autoptr (JsonNode) node = find_node (name);

  if (node == NULL)
    return NULL;
  return g_strdup (json_object_get_string_member (
    json_object_get_object_member (json_node_get_object (node), "info"), "state"));
}

/* pipewiresink warns of its own buffers: that is not to be the end of it. */
static GSubprocess *
spawn (const char *const *argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE |
                                                             G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  GSubprocess *process;

  g_subprocess_launcher_unsetenv (launcher, "G_DEBUG");
  process = g_subprocess_launcher_spawnv (launcher, argv, &error);
  g_assert_no_error (error);
  return process;
}

static GSubprocess *
plug_camera (const char *name)
{
  g_autofree char *properties = g_strdup_printf (
    "stream-properties=props,media.class=Video/Source,media.role=Camera,node.name=%s,"
    "node.description=%s",
    name,
    name);
  const char *const argv[] = { "gst-launch-1.0",
                               "-q",
                               "videotestsrc",
                               "is-live=true",
                               "!",
                               "video/x-raw,format=I420,width=320,height=180,framerate=20/1",
                               "!",
                               "pipewiresink",
                               "mode=provide",
                               properties,
                               NULL };

  return spawn (argv);
}

static void
remove_microphone (void)
{
  g_autoptr (JsonNode) node = find_node ("test-mic");
  g_autofree char *id = NULL;
  const char *argv[] = { "pw-cli", "destroy", NULL, NULL };

  g_assert_nonnull (node);
  id = g_strdup_printf ("%" G_GINT64_FORMAT,
                        json_object_get_int_member (json_node_get_object (node), "id"));
  argv[2] = id;
  g_free (run (argv));
}

/* At once, as a hand pulls the plug. */
static void
unplug (GSubprocess **device)
{
  g_autoptr (GError) error = NULL;

  g_subprocess_force_exit (*device);
  g_subprocess_wait (*device, NULL, &error);
  g_assert_no_error (error);
  g_clear_object (device);
}

/* A program is started for each look: not more than ten a second. */
static gboolean
looks_again (void)
{
  static gint64 last_at = 0;
  const gint64 now = g_get_monotonic_time ();

  if (now - last_at < 100 * G_TIME_SPAN_MILLISECOND)
    return FALSE;
  last_at = now;
  return TRUE;
}

static gboolean
is_running (gpointer name)
{
  g_autofree char *state = looks_again () ? get_node_state (name) : NULL;

  return g_strcmp0 (state, "running") == 0;
}

static gboolean
is_at_rest (gpointer name)
{
  g_autofree char *state = looks_again () ? get_node_state (name) : NULL;

  return state != NULL && g_strcmp0 (state, "running") != 0;
}

static void
person_init (Person *self)
{
  self->engine = confab_media_engine_new (CONFAB_MEDIA_SOURCE_DEVICES);
  self->devices = CONFAB_MEDIA_DEVICES (self->engine);
  confab_media_engine_set_drawing (self->engine, CONFAB_DRAWING_NONE);
  g_assert_true (confab_media_engine_set_video_format (self->engine, 320, 180, 20));
  self->media = confab_media_devices_open (self->devices, FALSE, FALSE);
}

static void
person_clear (Person *self)
{
  confab_local_media_close (self->media);
  g_assert_finalize_object (g_steal_pointer (&self->media));
  confab_media_engine_close (self->engine);
  g_assert_finalize_object (g_steal_pointer (&self->engine));
}

static gboolean
sees_itself (gpointer data)
{
  Person *person = data;

  return confab_stream_get_has_video (confab_local_media_get_stream (person->media)) &&
         confab_local_media_get_problem (person->media, CONFAB_DEVICE_KIND_CAMERA) ==
           CONFAB_DEVICE_PROBLEM_NONE;
}

static gboolean
hears_itself (gpointer data)
{
  Person *person = data;

  return confab_stream_get_level (confab_local_media_get_stream (person->media)) > -40 &&
         confab_local_media_get_problem (person->media, CONFAB_DEVICE_KIND_MICROPHONE) ==
           CONFAB_DEVICE_PROBLEM_NONE;
}

static gboolean
misses_camera (gpointer data)
{
  Person *person = data;

  return confab_local_media_get_problem (person->media, CONFAB_DEVICE_KIND_CAMERA) ==
           CONFAB_DEVICE_PROBLEM_MISSING &&
         !confab_stream_get_has_video (confab_local_media_get_stream (person->media));
}

static gboolean
misses_microphone (gpointer data)
{
  return confab_local_media_get_problem (((Person *) data)->media, CONFAB_DEVICE_KIND_MICROPHONE) ==
         CONFAB_DEVICE_PROBLEM_MISSING;
}

/* What others are told is off, although nobody turned it off. */
static void
assert_told (Person *person, gboolean microphone, gboolean camera)
{
  ConfabStream *stream = confab_local_media_get_stream (person->media);

  g_assert_cmpint (confab_stream_get_audio_off (stream), ==, microphone);
  g_assert_cmpint (confab_stream_get_video_off (stream), ==, camera);
  g_assert_false (confab_stream_get_audio_muted (stream));
  g_assert_false (confab_stream_get_video_muted (stream));
}

static const char *
get_chosen (Person *person, ConfabDeviceKind kind)
{
  ConfabMediaDevice *device = confab_media_devices_get_chosen (person->devices, kind);

  return device != NULL ? confab_media_device_get_id (device) : NULL;
}

/* Nothing is there at first; what is plugged in then is used. Nothing of that holds the main thread up. */
static void
test_plugged_in (void)
{
  Person person;
  TurnTimes times;

  turn_watch_end_phase ("(before)");
  person_init (&person);
  loop_wait (misses_camera, &person, "there is no camera");
  loop_wait (misses_microphone, &person, "there is no microphone");
  g_assert_null (get_chosen (&person, CONFAB_DEVICE_KIND_CAMERA));
  assert_told (&person, TRUE, TRUE);

  add_camera ("camera-1");
  add_microphone ();
  turn_watch_end_phase ("(plugging)");
  loop_wait (sees_itself, &person, "the camera gives pictures");
  loop_wait (hears_itself, &person, "the microphone gives sound");
  times = turn_watch_end_phase ("plugged in");
  g_assert_cmpfloat (times.cpu, <, LONGEST_TURN_MS);
  if (turn_watch_measures_waiting ())
    g_assert_cmpfloat (times.wall, <, 3 * LONGEST_TURN_MS); /* once, on a busy machine */
  g_assert_cmpstr (get_chosen (&person, CONFAB_DEVICE_KIND_CAMERA), ==, "camera-1");
  g_assert_cmpstr (get_chosen (&person, CONFAB_DEVICE_KIND_MICROPHONE), ==, "test-mic");
  g_assert_cmpstr (get_chosen (&person, CONFAB_DEVICE_KIND_SPEAKER), ==, "test-speaker");

  person_clear (&person);
}

/* The light goes off: nobody uses the camera while it is muted. The microphone stays open, it is silence that is sent. */
static void
test_closed_when_muted (void)
{
  Person person;
  TurnTimes times;

  add_camera ("camera-1");
  add_microphone ();
  person_init (&person);
  loop_wait (sees_itself, &person, "the camera gives pictures");
  loop_wait (hears_itself, &person, "the microphone gives sound");
  loop_wait (is_running, (gpointer) "camera-1", "the camera is in use");
  for (guint i = 0; i < 3; i++) {
    turn_watch_end_phase ("(before)");
    confab_local_media_set_camera_muted (person.media, TRUE);
    times = turn_watch_end_phase ("mute");
    g_assert_cmpfloat (times.cpu, <, LONGEST_TURN_MS);
    loop_wait (is_at_rest, (gpointer) "camera-1", "the camera is not in use");
    loop_wait (is_running, (gpointer) "test-mic", "the microphone is");
    g_assert_cmpuint (count_links ("camera-1"), ==, 0);
    g_assert_cmpuint (count_links ("test-mic"), >, 0);
    confab_local_media_set_camera_muted (person.media, FALSE);
    loop_wait (sees_itself, &person, "the camera gives pictures again");
    loop_wait (is_running, (gpointer) "camera-1", "the camera is in use again");
    g_assert_cmpuint (count_links ("camera-1"), >, 0);
  }
  confab_local_media_close (person.media);
  loop_wait (is_at_rest, (gpointer) "camera-1", "the camera is not in use after the call");
  loop_wait (is_at_rest, (gpointer) "test-mic", "nor is the microphone");

  person_clear (&person);
}

static gboolean
hears_microphone (gpointer end)
{
  g_autoptr (JsonArray) tracks = loop_analyse (end);
  JsonObject *audio = loop_find_kind (tracks, "audio");

  return audio != NULL &&
         ABS (json_object_get_double_member (audio, "peakHz") - MICROPHONE_HZ) < 10 &&
         json_object_get_double_member (audio, "rms") > 0.05;
}

/* Both are pulled out during a call, one after the other, and come back. Nobody has to offer anything for that. */
static void
test_unplugged (void)
{
  Person person;
  LoopUser other;
  LoopUser user;
  LoopEnd a, b;
  g_autoptr (GSubprocess) camera = plug_camera ("camera-1");

  add_microphone ();
  person_init (&person);
  user = (LoopUser) { person.engine, person.media };
  loop_user_init (&other, "@erin:example.org");
  loop_end_init (&a, &user);
  loop_end_init (&b, &other);
  loop_wait (sees_itself, &person, "the camera gives pictures");
  loop_connect (&a, &b);
  loop_wait_playing (&a);
  loop_wait_playing (&b);
  loop_wait (hears_microphone, &b, "the microphone is heard");
  loop_wait (is_running, (gpointer) "test-speaker", "the speaker plays");

  assert_told (&person, FALSE, FALSE);
  unplug (&camera);
  loop_wait (misses_camera, &person, "the camera is gone");
  assert_told (&person, FALSE, TRUE);
  g_assert_true (hears_microphone (&b));
  remove_microphone ();
  loop_wait (misses_microphone, &person, "the microphone is gone");
  assert_told (&person, TRUE, TRUE);
  loop_wait (loop_hears_nothing, &b, "silence is heard");

  add_microphone ();
  loop_wait (hears_microphone, &b, "the microphone is heard again");
  camera = plug_camera ("camera-1");
  loop_wait (sees_itself, &person, "the camera gives pictures again");
  assert_told (&person, FALSE, FALSE);
  loop_wait_more_frames (&b, 20);
  loop_assert_sees (&a, &other);
  g_assert_cmpuint (a.n_local + b.n_local, ==, 2);
  g_assert_cmpuint (a.n_failed + b.n_failed, ==, 0);

  loop_end_clear (&a);
  loop_end_clear (&b);
  loop_user_clear (&other);
  person_clear (&person);
  unplug (&camera);
}

/* The one that was chosen goes: the other one is used. It comes back: it is the chosen one again. */
static void
test_second_camera (void)
{
  Person person;
  g_autoptr (GSubprocess) second = NULL;

  add_camera ("camera-1");
  loop_wait (is_at_rest, (gpointer) "camera-1", "the first camera is there");
  second = plug_camera ("camera-2");
  loop_wait (is_at_rest, (gpointer) "camera-2", "the second camera is there");
  person_init (&person);
  confab_media_devices_choose (person.devices, CONFAB_DEVICE_KIND_CAMERA, "camera-2");
  loop_wait (is_running, (gpointer) "camera-2", "the second camera is in use");
  loop_wait (is_at_rest, (gpointer) "camera-1", "the first is not");
  loop_wait (sees_itself, &person, "it gives pictures");

  unplug (&second);
  loop_wait (is_running, (gpointer) "camera-1", "the first camera is in use");
  loop_wait (sees_itself, &person, "it gives pictures");
  g_assert_cmpstr (get_chosen (&person, CONFAB_DEVICE_KIND_CAMERA), ==, "camera-1");

  second = plug_camera ("camera-2");
  loop_wait (is_running, (gpointer) "camera-2", "the second camera is in use again");
  loop_wait (is_at_rest, (gpointer) "camera-1", "the first is not any more");
  loop_wait (sees_itself, &person, "it gives pictures again");

  person_clear (&person);
  unplug (&second);
}

int
main (int argc, char **argv)
{
  loop_init (&argc, &argv);
  turn_watch_init ();

  g_test_add_func ("/devices/plugged-in", test_plugged_in);
  g_test_add_func ("/devices/closed-when-muted", test_closed_when_muted);
  g_test_add_func ("/devices/unplugged", test_unplugged);
  g_test_add_func ("/devices/second-camera", test_second_camera);
  return g_test_run ();
}
