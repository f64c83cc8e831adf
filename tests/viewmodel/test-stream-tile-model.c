/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-fake-call.h"
#include "confab-manual-clock.h"
#include "confab-room-private.h"
#include "confab-stream-tile-model.h"

typedef struct {
  ConfabManualClock *clock;
  ConfabFakeCall *call;
  ConfabFakeParticipant *person;
  ConfabStream *stream;
  ConfabStreamTileModel *tile;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->clock = confab_manual_clock_new (0);
  fixture->call = confab_fake_call_new (1);
  fixture->person = confab_fake_call_get (fixture->call, 0);
  fixture->stream = confab_fake_participant_get_stream (fixture->person);
  confab_stream_set_level (fixture->stream, -100);
  fixture->tile = confab_stream_tile_model_new (CONFAB_CLOCK (fixture->clock),
                                                CONFAB_PARTICIPANT (fixture->person),
                                                NULL);
  confab_stream_tile_model_set_stream (fixture->tile, fixture->stream);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->tile);
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (fixture->clock), ==, 0);
  g_assert_finalize_object (fixture->call);
  g_assert_finalize_object (fixture->clock);
}

static void
assert_string (Fixture *fixture, const char *property, const char *expected)
{
  g_autofree char *text = NULL;

  g_object_get (fixture->tile, property, &text, NULL);
  g_assert_cmpstr (text, ==, expected);
}

static gboolean
get_boolean (Fixture *fixture, const char *property)
{
  gboolean value;

  g_object_get (fixture->tile, property, &value, NULL);
  return value;
}

static void
test_name (Fixture *fixture, gconstpointer data)
{
  g_autoptr (ConfabRoomMember) member = confab_room_member_new ("@ana:example.org");
  g_autoptr(ConfabStreamTileModel) named = confab_stream_tile_model_new (CONFAB_CLOCK (fixture->clock),
                                                               CONFAB_PARTICIPANT (fixture->person),
                                                               member);
  g_autoptr (ConfabStreamTileModel) own = confab_stream_tile_model_new (CONFAB_CLOCK (fixture->clock),
                                                             NULL,
                                                             NULL);

  assert_string (fixture, "name", "Ana García");
  g_assert_cmpuint (confab_stream_tile_model_get_color (fixture->tile),
                    ==,
                    g_str_hash ("Ana García") % 14 + 1);
  g_assert_cmpstr (confab_stream_tile_model_get_name (own), ==, "You");
  g_assert_true (confab_stream_tile_model_get_own (own));
  g_assert_false (confab_stream_tile_model_get_own (named));
  confab_room_member_update (member, "Ana (the other)", NULL, TRUE);
  g_assert_cmpstr (confab_stream_tile_model_get_name (named), ==, "Ana (the other)");
}

static void
test_speaking (Fixture *fixture, gconstpointer data)
{
  confab_stream_tile_model_set_rings (fixture->tile, TRUE);
  confab_stream_set_level (fixture->stream, -20);
  confab_manual_clock_advance (fixture->clock, 199);
  g_assert_false (confab_stream_tile_model_get_speaking (fixture->tile));
  confab_manual_clock_advance (fixture->clock, 1);
  g_assert_true (confab_stream_tile_model_get_speaking (fixture->tile));
  g_assert_true (confab_stream_tile_model_get_ring (fixture->tile));

  /* A breath between words. */
  confab_stream_set_level (fixture->stream, -70);
  confab_manual_clock_advance (fixture->clock, 500);
  confab_stream_set_level (fixture->stream, -25);
  confab_manual_clock_advance (fixture->clock, 500);
  g_assert_true (confab_stream_tile_model_get_speaking (fixture->tile));
  confab_stream_set_level (fixture->stream, -70);
  confab_manual_clock_advance (fixture->clock, 599);
  g_assert_true (confab_stream_tile_model_get_speaking (fixture->tile));
  confab_manual_clock_advance (fixture->clock, 1);
  g_assert_false (confab_stream_tile_model_get_speaking (fixture->tile));

  /* A click. */
  confab_stream_set_level (fixture->stream, -10);
  confab_manual_clock_advance (fixture->clock, 100);
  confab_stream_set_level (fixture->stream, -80);
  confab_manual_clock_advance (fixture->clock, 1000);
  g_assert_false (confab_stream_tile_model_get_speaking (fixture->tile));

  /* Whoever is lost is not heard. */
  confab_stream_set_level (fixture->stream, -20);
  confab_manual_clock_advance (fixture->clock, 200);
  g_assert_true (confab_stream_tile_model_get_ring (fixture->tile));
  confab_fake_participant_set_state (fixture->person, CONFAB_PARTICIPANT_STATE_RECONNECTING);
  g_assert_false (confab_stream_tile_model_get_ring (fixture->tile));
  confab_fake_participant_set_state (fixture->person, CONFAB_PARTICIPANT_STATE_CONNECTED);
  g_assert_true (confab_stream_tile_model_get_ring (fixture->tile));
  confab_stream_set_level (fixture->stream, -80);
  confab_manual_clock_advance (fixture->clock, 1000);

  /* With two people nobody wonders who speaks; a muted one is silent at once. */
  confab_stream_set_level (fixture->stream, -20);
  confab_manual_clock_advance (fixture->clock, 200);
  confab_stream_tile_model_set_rings (fixture->tile, FALSE);
  g_assert_true (confab_stream_tile_model_get_speaking (fixture->tile));
  g_assert_false (confab_stream_tile_model_get_ring (fixture->tile));
  confab_stream_set_audio_muted (fixture->stream, TRUE);
  g_assert_false (confab_stream_tile_model_get_speaking (fixture->tile));
  g_assert_true (get_boolean (fixture, "muted"));
  g_assert_cmpfloat (confab_stream_tile_model_get_level (fixture->tile), ==, 0);
}

static void
test_own_has_no_ring (Fixture *fixture, gconstpointer data)
{
  g_autoptr (ConfabStreamTileModel) own = confab_stream_tile_model_new (CONFAB_CLOCK (fixture->clock),
                                                             NULL,
                                                             NULL);

  confab_stream_tile_model_set_stream (own, fixture->stream);
  confab_stream_tile_model_set_rings (own, TRUE);
  confab_stream_set_level (fixture->stream, -20);
  confab_manual_clock_advance (fixture->clock, 1000);
  g_assert_true (confab_stream_tile_model_get_speaking (own));
  g_assert_false (confab_stream_tile_model_get_ring (own));
}

static void
test_reconnecting (Fixture *fixture, gconstpointer data)
{
  assert_string (fixture, "status-text", NULL);
  assert_string (fixture, "description", "");
  g_assert_nonnull (confab_stream_tile_model_get_paintable (fixture->tile));
  confab_stream_tile_model_set_shown (fixture->tile, TRUE);
  confab_fake_participant_set_state (fixture->person, CONFAB_PARTICIPANT_STATE_RECONNECTING);
  assert_string (fixture, "status-text", "Reconnecting… 0 s");
  assert_string (fixture, "description", "Reconnecting.");
  assert_string (fixture, "status-icon", NULL);
  g_assert_true (get_boolean (fixture, "busy"));

  /* The last picture stays for two seconds. */
  g_assert_true (get_boolean (fixture, "picture-dim"));
  confab_manual_clock_advance (fixture->clock, 1999);
  assert_string (fixture, "status-text", "Reconnecting… 1 s");
  g_assert_nonnull (confab_stream_tile_model_get_paintable (fixture->tile));
  confab_manual_clock_advance (fixture->clock, 1);
  g_assert_null (confab_stream_tile_model_get_paintable (fixture->tile));
  g_assert_true (get_boolean (fixture, "avatar-dim"));
  confab_manual_clock_advance (fixture->clock, 3000);
  assert_string (fixture, "status-text", "Reconnecting… 5 s");

  /* A spinner draws as long as it is seen: after ten seconds it stands still. */
  confab_manual_clock_advance (fixture->clock, 5000);
  g_assert_false (get_boolean (fixture, "busy"));
  assert_string (fixture, "status-icon", "network-cellular-signal-weak-symbolic");

  /* Given up: still counted from the last sign. */
  confab_manual_clock_advance (fixture->clock, 2000);
  confab_fake_participant_set_state (fixture->person, CONFAB_PARTICIPANT_STATE_UNREACHABLE);
  assert_string (fixture, "status-text", "No sign for 12 s");
  assert_string (fixture, "status-icon", "network-offline-symbolic");

  confab_fake_participant_set_state (fixture->person, CONFAB_PARTICIPANT_STATE_CONNECTED);
  assert_string (fixture, "status-text", NULL);
  g_assert_nonnull (confab_stream_tile_model_get_paintable (fixture->tile));
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (fixture->clock), ==, 0);
}

/* What nobody sees does not tick, nor move. */
static void
test_hidden (Fixture *fixture, gconstpointer data)
{
  g_assert_false (confab_stream_get_watched (fixture->stream));
  confab_fake_participant_set_state (fixture->person, CONFAB_PARTICIPANT_STATE_UNREACHABLE);
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (fixture->clock), ==, 0);
  confab_manual_clock_advance (fixture->clock, 7300);
  assert_string (fixture, "status-text", "No sign for 0 s");
  confab_stream_tile_model_set_shown (fixture->tile, TRUE);
  assert_string (fixture, "status-text", "No sign for 7 s");
  g_assert_true (confab_stream_get_watched (fixture->stream));
  confab_manual_clock_advance (fixture->clock, 700);
  assert_string (fixture, "status-text", "No sign for 8 s");
  confab_stream_tile_model_set_shown (fixture->tile, FALSE);
  g_assert_false (confab_stream_get_watched (fixture->stream));
  /* Whoever takes it from here may look. */
  confab_stream_tile_model_set_stream (fixture->tile, NULL);
  g_assert_true (confab_stream_get_watched (fixture->stream));
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (fixture->clock), ==, 0);
}

static void
test_first_connection (Fixture *fixture, gconstpointer data)
{
  g_autoptr (ConfabFakeCall) call = confab_fake_call_new (1);
  ConfabFakeParticipant *person = confab_fake_call_get (call, 0);
  g_autoptr (ConfabStreamTileModel) tile = NULL;

  confab_fake_participant_set_state (person, CONFAB_PARTICIPANT_STATE_ADVERTISED);
  tile = confab_stream_tile_model_new (CONFAB_CLOCK (fixture->clock),
                                       CONFAB_PARTICIPANT (person),
                                       NULL);
  g_assert_cmpstr (confab_stream_tile_model_get_status_text (tile), ==, "Connecting…");
  confab_fake_participant_set_waiting_for_key (person, TRUE);
  g_assert_cmpstr (confab_stream_tile_model_get_status_text (tile), ==, "Waiting for their key");
  g_assert_cmpstr (confab_stream_tile_model_get_description (tile), ==, "Waiting for their key.");
  /* Given up for want of a key is no silence of theirs. */
  confab_fake_participant_set_state (person, CONFAB_PARTICIPANT_STATE_UNREACHABLE);
  g_assert_cmpint (confab_stream_tile_model_get_status (tile), ==, CONFAB_TILE_STATUS_NO_KEY);
  confab_fake_participant_set_waiting_for_key (person, FALSE);
  g_assert_cmpint (confab_stream_tile_model_get_status (tile), ==, CONFAB_TILE_STATUS_QUIET);
  confab_fake_participant_set_state (person, CONFAB_PARTICIPANT_STATE_WAITING);
  g_assert_cmpint (confab_stream_tile_model_get_status (tile), ==, CONFAB_TILE_STATUS_CONNECTING);

  /* Once connected, a new first connection is a reconnection to whoever looks. */
  confab_fake_participant_set_state (person, CONFAB_PARTICIPANT_STATE_CONNECTED);
  confab_fake_participant_set_state (person, CONFAB_PARTICIPANT_STATE_CONNECTING);
  g_assert_cmpint (confab_stream_tile_model_get_status (tile), ==, CONFAB_TILE_STATUS_RECONNECTING);
}

static void
test_camera (Fixture *fixture, gconstpointer data)
{
  confab_stream_set_video_muted (fixture->stream, TRUE);
  g_assert_null (confab_stream_tile_model_get_paintable (fixture->tile));
  g_assert_false (get_boolean (fixture, "avatar-dim"));
  confab_stream_set_audio_muted (fixture->stream, TRUE);
  assert_string (fixture, "description", "Microphone off. Camera off.");
  confab_stream_set_video_muted (fixture->stream, FALSE);
  confab_stream_set_has_video (fixture->stream, FALSE);
  g_assert_null (confab_stream_tile_model_get_paintable (fixture->tile));
  confab_stream_set_has_video (fixture->stream, TRUE);
  g_assert_nonnull (confab_stream_tile_model_get_paintable (fixture->tile));
  confab_stream_tile_model_set_stream (fixture->tile, NULL);
  g_assert_null (confab_stream_tile_model_get_paintable (fixture->tile));
}

/* There is a connection, and nothing comes over it. */
static void
test_quiet_though_connected (Fixture *fixture, gconstpointer data)
{
  confab_manual_clock_advance (fixture->clock, 20000);
  confab_fake_participant_set_quiet_since (fixture->person,
                                           confab_clock_get_time (CONFAB_CLOCK (fixture->clock)) -
                                             10 * G_USEC_PER_SEC);
  g_assert_cmpint (confab_stream_tile_model_get_status (fixture->tile),
                   ==,
                   CONFAB_TILE_STATUS_QUIET);
  assert_string (fixture, "status-text", "No sign for 10 s");
  confab_fake_participant_set_quiet_since (fixture->person, 0);
  g_assert_cmpint (confab_stream_tile_model_get_status (fixture->tile),
                   ==,
                   CONFAB_TILE_STATUS_NORMAL);
}

/* Somebody who is in the list of the call only: it does not say for ever that it connects. */
static void
test_quiet_from_the_start (Fixture *fixture, gconstpointer data)
{
  g_autoptr (ConfabFakeCall) call = confab_fake_call_new (1);
  ConfabFakeParticipant *person = confab_fake_call_get (call, 0);
  g_autoptr (ConfabStreamTileModel) tile = NULL;

  confab_fake_participant_set_state (person, CONFAB_PARTICIPANT_STATE_WAITING);
  tile = confab_stream_tile_model_new (CONFAB_CLOCK (fixture->clock),
                                       CONFAB_PARTICIPANT (person),
                                       NULL);
  g_assert_cmpint (confab_stream_tile_model_get_status (tile), ==, CONFAB_TILE_STATUS_CONNECTING);
  confab_manual_clock_advance (fixture->clock, 20000);
  confab_fake_participant_set_quiet_since (person,
                                           confab_clock_get_time (CONFAB_CLOCK (fixture->clock)) -
                                             12 * G_USEC_PER_SEC);
  g_assert_cmpint (confab_stream_tile_model_get_status (tile), ==, CONFAB_TILE_STATUS_QUIET);
  g_assert_cmpstr (confab_stream_tile_model_get_status_text (tile), ==, "No sign for 12 s");
  confab_fake_participant_set_quiet_since (person, 0);
  g_assert_cmpint (confab_stream_tile_model_get_status (tile), ==, CONFAB_TILE_STATUS_CONNECTING);
}

/* The picture stays as it is: a person who is heard badly is still there. */
static void
test_weak (Fixture *fixture, gconstpointer data)
{
  confab_stream_tile_model_set_rings (fixture->tile, TRUE);
  confab_stream_set_level (fixture->stream, -20);
  confab_manual_clock_advance (fixture->clock, 200);
  confab_fake_participant_set_encrypted (fixture->person, FALSE);
  confab_fake_participant_set_weak (fixture->person, TRUE);
  g_assert_cmpint (confab_stream_tile_model_get_status (fixture->tile),
                   ==,
                   CONFAB_TILE_STATUS_WEAK);
  assert_string (fixture, "status-text", "Weak connection");
  assert_string (fixture, "status-icon", "network-cellular-signal-weak-symbolic");
  assert_string (fixture, "description", "Weak connection. Not encrypted.");
  g_assert_false (get_boolean (fixture, "busy"));
  g_assert_false (get_boolean (fixture, "avatar-dim"));
  g_assert_false (get_boolean (fixture, "picture-dim"));
  g_assert_true (get_boolean (fixture, "insecure"));
  g_assert_true (confab_stream_tile_model_get_ring (fixture->tile));
  g_assert_nonnull (confab_stream_tile_model_get_paintable (fixture->tile));

  /* Lost from there, it is as lost as any; and back it is as weak as before. */
  confab_fake_participant_set_state (fixture->person, CONFAB_PARTICIPANT_STATE_RECONNECTING);
  g_assert_true (get_boolean (fixture, "picture-dim"));
  confab_fake_participant_set_state (fixture->person, CONFAB_PARTICIPANT_STATE_CONNECTED);
  assert_string (fixture, "status-text", "Weak connection");
  confab_fake_participant_set_weak (fixture->person, FALSE);
  assert_string (fixture, "status-text", NULL);
}

static void
test_insecure (Fixture *fixture, gconstpointer data)
{
  g_assert_false (get_boolean (fixture, "insecure"));
  confab_fake_participant_set_encrypted (fixture->person, FALSE);
  g_assert_true (get_boolean (fixture, "insecure"));
  assert_string (fixture, "description", "Not encrypted.");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func)                                                                            \
  g_test_add ("/stream-tile-model/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("name", test_name);
  ADD ("speaking", test_speaking);
  ADD ("own-has-no-ring", test_own_has_no_ring);
  ADD ("reconnecting", test_reconnecting);
  ADD ("hidden", test_hidden);
  ADD ("first-connection", test_first_connection);
  ADD ("camera", test_camera);
  ADD ("weak", test_weak);
  ADD ("quiet-though-connected", test_quiet_though_connected);
  ADD ("quiet-from-the-start", test_quiet_from_the_start);
  ADD ("insecure", test_insecure);
#undef ADD
  return g_test_run ();
}
