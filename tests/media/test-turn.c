/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "media-loop.h"

#include <string.h>

/* Through a TURN server, which test_turn.py has: its port and credentials are in the environment. */

typedef struct {
  LoopUser users[2];
  LoopEnd a, b;
  guint n_candidates;
  guint n_relay;
} Fixture;

static void
candidate_cb (Fixture *f, const char *candidate)
{
  f->n_candidates++;
  f->n_relay += strstr (candidate, " typ relay") != NULL;
}

static void
setup (Fixture *f, gconstpointer data)
{
  static const char *const names[] = { "@alice:example.org", "@erin:example.org" };
  LoopEnd *ends[] = { &f->a, &f->b };
  const char *port = g_getenv ("CONFAB_TEST_TURN_PORT");
  g_autofree char *turn = g_strdup_printf ("turn:127.0.0.1:%s?transport=udp", port);
  g_autofree char *stun = g_strdup_printf ("stun:127.0.0.1:%s", port);
  /* One that nobody answers, and one that is no address, do not keep us from the others. */
  const char *const uris[] = {
    stun, "turn:127.0.0.1:9?transport=udp", "turn:nonsense:here", turn, NULL
  };
  g_autoptr (ConfabIceServers) servers = confab_ice_servers_new (uris,
                                                      g_getenv ("CONFAB_TEST_TURN_USERNAME"),
                                                      g_getenv ("CONFAB_TEST_TURN_PASSWORD"));

  for (guint i = 0; i < 2; i++) {
    loop_user_init (&f->users[i], names[i]);
    confab_media_engine_set_relay_only (f->users[i].engine, TRUE);
    loop_end_init_full (ends[i], &f->users[i], servers);
    g_signal_connect_swapped (ends[i]->connection, "local-candidate", G_CALLBACK (candidate_cb), f);
  }
}

static void
teardown (Fixture *f, gconstpointer data)
{
  g_signal_handlers_disconnect_by_data (f->a.connection, f);
  g_signal_handlers_disconnect_by_data (f->b.connection, f);
  loop_end_clear (&f->a);
  loop_end_clear (&f->b);
  loop_user_clear (&f->users[0]);
  loop_user_clear (&f->users[1]);
}

static void
test_relayed (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonObject) stats = NULL;
  JsonObject *pair;

  loop_connect (&f->a, &f->b);
  loop_wait_playing (&f->a);
  loop_wait_playing (&f->b);
  loop_assert_sees (&f->a, &f->users[1]);
  loop_assert_sees (&f->b, &f->users[0]);
  g_assert_cmpuint (f->n_relay, >=, 2);
  g_assert_cmpuint (f->n_relay, ==, f->n_candidates);

  stats = loop_get_stats (&f->a);
  pair = json_object_get_object_member (stats, "candidatePair");
  g_assert_cmpstr (json_object_get_string_member (json_object_get_object_member (pair, "local"),
                                                  "candidateType"),
                   ==,
                   "relay");
}

static gboolean
is_gathered (gpointer data)
{
  return confab_peer_connection_get_gathering_complete (((LoopEnd *) data)->connection);
}

/* The server refuses us: nothing is said of our own addresses instead. */
static void
test_refused (Fixture *f, gconstpointer data)
{
  loop_connect (&f->a, &f->b);
  loop_wait (is_gathered, &f->a, "a has found what there is");
  g_assert_cmpuint (f->n_candidates, ==, 0);
}

int
main (int argc, char **argv)
{
  loop_init (&argc, &argv);

  g_test_add ("/turn/relayed", Fixture, NULL, setup, test_relayed, teardown);
  g_test_add ("/turn/refused", Fixture, NULL, setup, test_refused, teardown);
  return g_test_run ();
}
