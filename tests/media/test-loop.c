/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-media-sender.h"
#include "confab-sdp.h"
#include "media-loop.h"

#include <string.h>

typedef struct {
  LoopUser users[3];
  LoopEnd a, b;
} Fixture;

static void
setup (Fixture *f, gconstpointer data)
{
  loop_user_init (&f->users[0], "@alice:example.org");
  loop_user_init (&f->users[1], "@bob:example.org");
  loop_end_init (&f->a, &f->users[0]);
  loop_end_init (&f->b, &f->users[1]);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  loop_end_clear (&f->a);
  loop_end_clear (&f->b);
  loop_user_clear (&f->users[0]);
  loop_user_clear (&f->users[1]);
}

static void
connect_and_play (Fixture *f)
{
  loop_connect (&f->a, &f->b);
  loop_wait_connected (&f->a);
  loop_wait_connected (&f->b);
  loop_wait_playing (&f->a);
  loop_wait_playing (&f->b);
}

static void
test_both_ways (Fixture *f, gconstpointer data)
{
  g_autofree char *offer = NULL;
  g_autofree char *answer = NULL;
  ConfabRemoteTrack *track;
  const char *stream_id;

  connect_and_play (f);
  loop_assert_sees (&f->a, &f->users[1]);
  loop_assert_sees (&f->b, &f->users[0]);

  stream_id = confab_stream_get_id (confab_local_media_get_stream (f->users[0].media));
  for (guint kind = CONFAB_MEDIA_KIND_AUDIO; kind <= CONFAB_MEDIA_KIND_VIDEO; kind++) {
    track = loop_end_find_track (&f->b, kind);
    g_assert_cmpstr (confab_remote_track_get_stream_id (track), ==, stream_id);
    g_assert_nonnull (confab_remote_track_get_mid (track));
  }
  g_assert_cmpfloat (
    confab_remote_track_get_level (loop_end_find_track (&f->b, CONFAB_MEDIA_KIND_AUDIO)), >, -40);
  g_assert_cmpint (confab_peer_connection_get_last_received_at (f->a.connection), >, 0);
  g_assert_cmpuint (f->a.n_failed + f->b.n_failed, ==, 0);
  g_assert_cmpuint (f->a.n_needed + f->b.n_needed, ==, 0);

  offer = confab_peer_connection_get_local_sdp (f->a.connection);
  answer = confab_peer_connection_get_local_sdp (f->b.connection);
  g_assert_nonnull (strstr (offer, "a=msid:"));
  g_assert_nonnull (strstr (answer, "a=msid:"));
  g_assert_nonnull (strstr (answer, "a=setup:active"));
}

int
main (int argc, char **argv)
{
  g_setenv ("CONFAB_ICE_LOOPBACK", "1", TRUE);
  g_test_init (&argc, &argv, NULL);
  gst_init (NULL, NULL);

  g_test_add ("/loop/both-ways", Fixture, NULL, setup, test_both_ways, teardown);
  return g_test_run ();
}
