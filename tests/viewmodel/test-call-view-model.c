/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-call-view-model.h"
#include "confab-fake-call.h"
#include "confab-manual-clock.h"
#include "confab-room-private.h"
#include "confab-session.h"

/* What the view model reads of a session. */
#define FAKE_TYPE_SESSION (fake_session_get_type ())
G_DECLARE_FINAL_TYPE (FakeSession, fake_session, FAKE, SESSION, GObject)
struct _FakeSession {
  GObject parent_instance;
  int state;
};
G_DEFINE_FINAL_TYPE (FakeSession, fake_session, G_TYPE_OBJECT)

static void
fake_session_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  if (prop_id == 1)
    g_value_set_int (value, FAKE_SESSION (object)->state);
  else if (prop_id == 2)
    g_value_set_static_string (value, "@me:x");
  else if (prop_id == 3)
    g_value_set_static_string (value, "Mara Quist");
}

static void
fake_session_class_init (FakeSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = fake_session_get_property;
  g_object_class_install_property (
    object_class, 1, g_param_spec_int ("state", NULL, NULL, 0, 99, 0, G_PARAM_READABLE));
  g_object_class_install_property (
    object_class, 2, g_param_spec_string ("user-id", NULL, NULL, NULL, G_PARAM_READABLE));
  g_object_class_install_property (
    object_class, 3, g_param_spec_string ("display-name", NULL, NULL, NULL, G_PARAM_READABLE));
  g_object_class_install_property (
    object_class, 4, g_param_spec_string ("avatar-url", NULL, NULL, NULL, G_PARAM_READABLE));
  g_object_class_install_property (
    object_class,
    5,
    g_param_spec_object ("media-repository", NULL, NULL, G_TYPE_OBJECT, G_PARAM_READABLE));
}

static void
fake_session_init (FakeSession *self)
{
  self->state = CONFAB_SESSION_STATE_ONLINE;
}

typedef struct {
  ConfabManualClock *clock;
  ConfabFakeCall *call;
  FakeSession *session;
  ConfabCallViewModel *model;
  GString *said;
} Fixture;

static void
announce_cb (ConfabCallViewModel *model, const char *text, Fixture *fixture)
{
  g_string_append_printf (fixture->said, "%s;", text);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->clock = confab_manual_clock_new (G_GINT64_CONSTANT (1700000000) * G_USEC_PER_SEC);
  fixture->call = confab_fake_call_new (GPOINTER_TO_UINT (data));
  fixture->session = g_object_new (FAKE_TYPE_SESSION, NULL);
  fixture->model = confab_call_view_model_new_with_clock (CONFAB_CALL (fixture->call),
                                                          NULL,
                                                          (ConfabSession *) fixture->session,
                                                          CONFAB_CLOCK (fixture->clock));
  fixture->said = g_string_new (NULL);
  g_signal_connect (fixture->model, "announce", G_CALLBACK (announce_cb), fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->model);
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (fixture->clock), ==, 0);
  g_assert_finalize_object (fixture->call);
  g_assert_finalize_object (fixture->session);
  g_assert_finalize_object (fixture->clock);
  g_string_free (fixture->said, TRUE);
}

static ConfabStreamTileModel *
get_tile (Fixture *fixture, guint position)
{
  g_autoptr (ConfabStreamTileModel) tile = g_list_model_get_item (confab_call_view_model_get_tiles (
                                                         fixture->model),
                                                       position);

  return tile;
}

static guint
get_n_tiles (Fixture *fixture)
{
  return g_list_model_get_n_items (confab_call_view_model_get_tiles (fixture->model));
}

static void
test_tiles (Fixture *fixture, gconstpointer data)
{
  ConfabStreamTileModel *first = get_tile (fixture, 0);

  g_assert_cmpuint (get_n_tiles (fixture), ==, 4);
  g_assert_true (confab_stream_tile_model_get_own (get_tile (fixture, 3)));
  confab_fake_call_add (fixture->call, "@New:x");
  g_assert_cmpuint (get_n_tiles (fixture), ==, 5);
  g_assert_true (confab_stream_tile_model_get_own (get_tile (fixture, 4)));
  g_assert_true (get_tile (fixture, 0) == first);

  confab_fake_participant_share (confab_fake_call_get (fixture->call, 1));
  g_assert_cmpuint (get_n_tiles (fixture), ==, 6);
  g_assert_true (confab_stream_tile_model_get_screen (get_tile (fixture, 1)));
  g_assert_false (confab_stream_tile_model_get_screen (get_tile (fixture, 2)));
  g_assert_cmpuint (confab_call_view_model_get_n_people (fixture->model), ==, 5);

  confab_fake_call_remove (fixture->call, 1);
  g_assert_cmpuint (get_n_tiles (fixture), ==, 4);
}

static void
test_own_name (Fixture *fixture, gconstpointer data)
{
  ConfabStreamTileModel *own = get_tile (fixture, 0);
  g_autofree char *initials = NULL;

  g_object_get (own, "avatar-name", &initials, NULL);
  g_assert_cmpstr (confab_stream_tile_model_get_name (own), ==, "You");
  g_assert_cmpstr (initials, ==, "Mara Quist");
  g_assert_cmpuint (confab_stream_tile_model_get_color (own),
                    ==,
                    g_str_hash ("Mara Quist") % 14 + 1);
}

static void
test_rings (Fixture *fixture, gconstpointer data)
{
  ConfabStreamTileModel *tile = get_tile (fixture, 0);

  confab_stream_set_level (confab_fake_participant_get_stream (
                             confab_fake_call_get (fixture->call, 0)),
                           -19);
  confab_manual_clock_advance (fixture->clock, 300);
  g_assert_true (confab_stream_tile_model_get_speaking (tile));
  g_assert_false (confab_stream_tile_model_get_ring (tile));
  confab_fake_call_add (fixture->call, "@Third:x");
  g_assert_true (confab_stream_tile_model_get_ring (tile));
}

static void
test_title (Fixture *fixture, gconstpointer data)
{
  g_autofree char *narrow = NULL;
  gint64 now = confab_clock_get_real_time (CONFAB_CLOCK (fixture->clock));

  g_assert_cmpstr (confab_call_view_model_get_title (fixture->model), ==, "Field Survey");
  g_assert_cmpstr (confab_call_view_model_get_link (fixture->model),
                   ==,
                   "https://matrix.to/#/!fake:example.org");
  confab_fake_call_set_started_at (fixture->call, now - 724 * (gint64) G_USEC_PER_SEC - 300000);
  g_assert_cmpstr (confab_call_view_model_get_subtitle (fixture->model), ==, "5 people · 12:04");
  g_object_get (fixture->model, "subtitle-narrow", &narrow, NULL);
  g_assert_cmpstr (narrow, ==, "12:04 · 5 people");

  /* It ticks on the second, and only while it is seen. */
  confab_manual_clock_advance (fixture->clock, 5000);
  g_assert_cmpstr (confab_call_view_model_get_subtitle (fixture->model), ==, "5 people · 12:04");
  confab_call_view_model_set_shown (fixture->model, TRUE);
  g_assert_cmpstr (confab_call_view_model_get_subtitle (fixture->model), ==, "5 people · 12:09");
  confab_manual_clock_advance (fixture->clock, 699);
  g_assert_cmpstr (confab_call_view_model_get_subtitle (fixture->model), ==, "5 people · 12:09");
  confab_manual_clock_advance (fixture->clock, 1);
  g_assert_cmpstr (confab_call_view_model_get_subtitle (fixture->model), ==, "5 people · 12:10");
  confab_fake_call_set_started_at (fixture->call, now - 3700 * (gint64) G_USEC_PER_SEC);
  confab_call_view_model_set_shown (fixture->model, FALSE);
  g_assert_cmpstr (confab_call_view_model_get_subtitle (fixture->model), ==, "5 people · 1:01:45");
}

static void
test_alone (Fixture *fixture, gconstpointer data)
{
  g_assert_true (confab_call_view_model_get_alone (fixture->model));
  g_assert_cmpuint (get_n_tiles (fixture), ==, 1);
  g_assert_cmpstr (confab_call_view_model_get_subtitle (fixture->model), ==, "0:00");
  confab_fake_call_add (fixture->call, "@Ana:x");
  g_assert_false (confab_call_view_model_get_alone (fixture->model));
  g_assert_cmpuint (confab_call_view_model_get_n_people (fixture->model), ==, 2);

  /* Two devices of one person are one person. */
  confab_fake_call_add (fixture->call, "@Ana:x");
  g_assert_cmpuint (confab_call_view_model_get_n_people (fixture->model), ==, 2);
  confab_fake_call_add (fixture->call, "@me:x");
  g_assert_cmpuint (confab_call_view_model_get_n_people (fixture->model), ==, 2);
}

static void
test_mute (Fixture *fixture, gconstpointer data)
{
  ConfabStream *own = confab_fake_call_get_own_stream (fixture->call);
  gboolean value;

  g_assert_false (confab_call_view_model_get_microphone_muted (fixture->model));
  confab_call_view_model_toggle_microphone (fixture->model);
  g_assert_true (confab_call_view_model_get_microphone_muted (fixture->model));
  g_assert_true (confab_stream_get_audio_muted (own));
  confab_call_view_model_toggle_camera (fixture->model);
  g_assert_true (confab_stream_get_video_muted (own));

  /* Muted by something else: the page follows. */
  confab_stream_set_audio_muted (own, FALSE);
  g_object_get (fixture->model, "microphone-muted", &value, NULL);
  g_assert_false (value);
  g_object_set (fixture->model, "camera-muted", FALSE, NULL);
  g_assert_false (confab_stream_get_video_muted (own));
}

static void
test_leave (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpint (confab_call_view_model_get_state (fixture->model), ==, CONFAB_CALL_PAGE_JOINED);
  confab_call_view_model_set_shown (fixture->model, TRUE);
  confab_call_view_model_leave (fixture->model);
  g_assert_cmpint (confab_call_view_model_get_state (fixture->model), ==, CONFAB_CALL_PAGE_ENDED);
  g_assert_cmpint (confab_call_get_state (CONFAB_CALL (fixture->call)),
                   ==,
                   CONFAB_CALL_STATE_KNOWN);
  g_assert_cmpuint (get_n_tiles (fixture), ==, 2);
  confab_call_view_model_leave (fixture->model);
}

static void
test_states (Fixture *fixture, gconstpointer data)
{
  confab_fake_call_set_state (fixture->call, CONFAB_CALL_STATE_JOINING);
  g_assert_cmpint (confab_call_view_model_get_state (fixture->model), ==, CONFAB_CALL_PAGE_JOINING);
  g_assert_cmpstr (confab_call_view_model_get_subtitle (fixture->model), ==, "Joining…");
  confab_fake_call_set_state (fixture->call, CONFAB_CALL_STATE_JOINED);
  for (guint i = 0; i < 2; i++)
    confab_fake_participant_set_state (confab_fake_call_get (fixture->call, i),
                                       CONFAB_PARTICIPANT_STATE_RECONNECTING);
  g_assert_cmpint (confab_call_view_model_get_state (fixture->model),
                   ==,
                   CONFAB_CALL_PAGE_RECONNECTING);
  g_assert_cmpstr (confab_call_view_model_get_banner (fixture->model),
                   ==,
                   "Your connection is lost. Trying again…");
  confab_fake_call_set_state (fixture->call, CONFAB_CALL_STATE_ENDED);
  g_assert_cmpint (confab_call_view_model_get_state (fixture->model), ==, CONFAB_CALL_PAGE_ENDED);
}

static void
set_session (Fixture *fixture, ConfabSessionState state)
{
  fixture->session->state = state;
  g_object_notify (G_OBJECT (fixture->session), "state");
}

static void
test_banner (Fixture *fixture, gconstpointer data)
{
  ConfabFakeParticipant *person = confab_fake_call_get (fixture->call, 0);

  g_assert_null (confab_call_view_model_get_banner (fixture->model));
  confab_stream_set_level (confab_fake_call_get_own_stream (fixture->call), -50); /* it works */
  confab_fake_participant_set_encrypted (person, FALSE);
  g_assert_cmpstr (confab_call_view_model_get_banner (fixture->model),
                   ==,
                   "This call is not encrypted.");
  confab_fake_call_set_problem (fixture->call,
                                CONFAB_DEVICE_KIND_CAMERA,
                                CONFAB_DEVICE_PROBLEM_MISSING);
  g_assert_cmpstr (confab_call_view_model_get_banner (fixture->model),
                   ==,
                   "Camera lost. Others see your avatar.");
  confab_fake_call_set_problem (fixture->call,
                                CONFAB_DEVICE_KIND_MICROPHONE,
                                CONFAB_DEVICE_PROBLEM_FAILED);
  g_assert_cmpstr (confab_call_view_model_get_banner (fixture->model),
                   ==,
                   "Microphone lost. Nobody hears you.");
  confab_call_view_model_toggle_microphone (fixture->model); /* whoever is muted need not care */
  g_assert_cmpstr (confab_call_view_model_get_banner (fixture->model),
                   ==,
                   "Camera lost. Others see your avatar.");
  set_session (fixture, CONFAB_SESSION_STATE_OFFLINE);
  g_assert_cmpstr (confab_call_view_model_get_banner (fixture->model),
                   ==,
                   "Your homeserver does not answer. The call goes on.");
  confab_fake_participant_set_state (person, CONFAB_PARTICIPANT_STATE_CONNECTING);
  g_assert_cmpstr (confab_call_view_model_get_banner (fixture->model),
                   ==,
                   "Your homeserver does not answer. Trying again…");
  confab_fake_participant_set_state (person, CONFAB_PARTICIPANT_STATE_RECONNECTING);
  g_assert_cmpstr (confab_call_view_model_get_banner (fixture->model),
                   ==,
                   "You are offline. Trying again…");
  set_session (fixture, CONFAB_SESSION_STATE_LOGGED_OUT);
  g_assert_cmpstr (confab_call_view_model_get_banner (fixture->model),
                   ==,
                   "Your homeserver signed you out. The call goes on.");
}

static void
assert_text (Fixture *fixture, const char *property, const char *expected)
{
  g_autofree char *text = NULL;

  g_object_get (fixture->model, property, &text, NULL);
  g_assert_cmpstr (text, ==, expected);
}

/* Whoever joins without a microphone or camera knows: what others do not get is marked, and no banner says that
 * something was lost. One that comes and goes again is. */
static void
test_no_devices (Fixture *fixture, gconstpointer data)
{
  ConfabStream *stream = confab_fake_call_get_own_stream (fixture->call);
  ConfabStreamTileModel *own = NULL;
  g_autofree char *description = NULL;
  gboolean muted = FALSE;

  confab_stream_set_has_video (stream, FALSE);
  confab_fake_call_set_problem (fixture->call,
                                CONFAB_DEVICE_KIND_MICROPHONE,
                                CONFAB_DEVICE_PROBLEM_MISSING);
  confab_fake_call_set_problem (fixture->call,
                                CONFAB_DEVICE_KIND_CAMERA,
                                CONFAB_DEVICE_PROBLEM_MISSING);
  /* As joined so. */
  g_assert_finalize_object (g_steal_pointer (&fixture->model));
  fixture->model = confab_call_view_model_new_with_clock (CONFAB_CALL (fixture->call),
                                                          NULL,
                                                          (ConfabSession *) fixture->session,
                                                          CONFAB_CLOCK (fixture->clock));
  own = get_tile (fixture, 3);
  g_assert_null (confab_call_view_model_get_banner (fixture->model));
  assert_text (fixture, "microphone-problem", "No microphone found");
  assert_text (fixture, "camera-problem", "No camera found");
  g_object_get (own, "muted", &muted, "description", &description, NULL);
  g_assert_true (muted);
  g_assert_cmpstr (description, ==, "Microphone off. Camera off.");
  g_assert_null (confab_stream_tile_model_get_paintable (own));
  /* Nothing was switched off: what comes is heard and seen. */
  g_assert_false (confab_call_view_model_get_microphone_muted (fixture->model));
  g_assert_false (confab_call_view_model_get_camera_muted (fixture->model));

  confab_fake_call_set_problem (fixture->call,
                                CONFAB_DEVICE_KIND_MICROPHONE,
                                CONFAB_DEVICE_PROBLEM_NONE);
  confab_stream_set_level (stream, -30);
  g_object_get (own, "muted", &muted, NULL);
  g_assert_false (muted);
  assert_text (fixture, "microphone-problem", "");
  confab_fake_call_set_problem (fixture->call,
                                CONFAB_DEVICE_KIND_MICROPHONE,
                                CONFAB_DEVICE_PROBLEM_BUSY);
  assert_text (fixture, "microphone-problem", "The microphone is in use");
  g_assert_cmpstr (confab_call_view_model_get_banner (fixture->model),
                   ==,
                   "Microphone lost. Nobody hears you.");
  confab_call_view_model_toggle_microphone (fixture->model);
  g_assert_null (confab_call_view_model_get_banner (fixture->model));
}

static void
test_room (Fixture *fixture, gconstpointer data)
{
  g_autoptr (ConfabHomeserver) homeserver = confab_homeserver_new ("https://x");
  g_autoptr (ConfabRoom) room = confab_room_new ("!r:x", "@me:x", homeserver);
  g_autoptr (ConfabCallViewModel) model = confab_call_view_model_new_with_clock (
    CONFAB_CALL (fixture->call), room, NULL, CONFAB_CLOCK (fixture->clock));

  g_assert_cmpstr (confab_call_view_model_get_banner (model), ==, "This call is not encrypted.");
}

static void
test_announce (Fixture *fixture, gconstpointer data)
{
  confab_fake_call_add (fixture->call, "@Ana:x");
  g_assert_cmpstr (fixture->said->str, ==, "\342\201\250Ana\342\201\251 joined;");
  for (guint i = 0; i < 4; i++) {
    g_autofree char *user_id = g_strdup_printf ("@P%u:x", i);
    confab_fake_call_add (fixture->call, user_id);
  }
  confab_manual_clock_advance (fixture->clock, 1999);
  g_assert_cmpstr (fixture->said->str, ==, "\342\201\250Ana\342\201\251 joined;");
  g_string_truncate (fixture->said, 0);
  confab_manual_clock_advance (fixture->clock, 1);
  g_assert_cmpstr (fixture->said->str, ==, "4 people joined;");
  confab_call_view_model_toggle_microphone (fixture->model);
  confab_fake_call_remove (fixture->call, 0);
  g_string_truncate (fixture->said, 0);
  confab_manual_clock_advance (fixture->clock, 4000);
  g_assert_cmpstr (fixture->said->str,
                   ==,
                   "You are muted;\342\201\250Ana García\342\201\251 left;");
  confab_manual_clock_advance (fixture->clock, 4000);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, n, func)                                                                         \
  g_test_add ("/call-view-model/" name, Fixture, GUINT_TO_POINTER (n), set_up, func, tear_down)
  ADD ("tiles", 3, test_tiles);
  ADD ("own-name", 0, test_own_name);
  ADD ("rings", 1, test_rings);
  ADD ("title", 4, test_title);
  ADD ("alone", 0, test_alone);
  ADD ("mute", 1, test_mute);
  ADD ("leave", 2, test_leave);
  ADD ("states", 2, test_states);
  ADD ("banner", 1, test_banner);
  ADD ("no-devices", 3, test_no_devices);
  ADD ("room", 0, test_room);
  ADD ("announce", 1, test_announce);
#undef ADD
  return g_test_run ();
}
