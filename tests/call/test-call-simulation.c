/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-call-handler.h"
#include "confab-fake-local-media.h"
#include "confab-fake-signalling.h"
#include "confab-group-call.h"
#include "confab-manual-clock.h"

/* N handlers on a seeded network that delays, reorders, repeats, drops and partitions. A failure prints the
 * seed; CONFAB_SIM_SEED replays it. */

#define ROOM "!r:x"
#define MAX_PEERS 5

typedef struct _World World;

typedef struct {
  World *world;
  guint index;
  char *user;
  char *device;
  ConfabFakeSignalling *signalling;
  ConfabCallHandler *handler;
  ConfabFakeLocalMedia *media;
  GHashTable *sent; /* "user device call seq" that went out: none twice */
} Peer;

struct _World {
  ConfabManualClock *clock;
  GRand *rand;
  guint n;
  Peer peers[MAX_PEERS];
  guint chaos;  /* per cent of messages that are dropped; as many are repeated */
  guint spread; /* ms of random delay: reorders */
  gint64 blocked_until[MAX_PEERS][MAX_PEERS];
};

typedef struct {
  World *world;
  guint to;
  char *sender;
  char *sender_device; /* NULL: state */
  char *type;
  char *state_key;
  JsonObject *content;
} Packet;

static void
free_packet (Packet *packet)
{
  g_free (packet->sender);
  g_free (packet->sender_device);
  g_free (packet->type);
  g_free (packet->state_key);
  json_object_unref (packet->content);
  g_free (packet);
}

static void
arrive_cb (gpointer data)
{
  Packet *packet = data;
  Peer *peer = &packet->world->peers[packet->to];

  if (packet->sender_device != NULL)
    confab_call_handler_handle_to_device (
      peer->handler, packet->sender, packet->sender_device, packet->type, packet->content);
  else
    confab_call_handler_handle_state (
      peer->handler,
      ROOM,
      packet->type,
      packet->state_key,
      packet->sender,
      confab_clock_get_real_time (CONFAB_CLOCK (packet->world->clock)) / 1000,
      packet->content);
  confab_call_handler_end_sync (peer->handler, 0);
  free_packet (packet);
}

static void
post (World *world,
      guint to,
      Peer *from,
      const char *type,
      const char *state_key,
      JsonObject *content,
      guint delay_ms)
{
  Packet *packet = g_new0 (Packet, 1);

  packet->world = world;
  packet->to = to;
  packet->sender = g_strdup (from->user);
  packet->sender_device = state_key == NULL ? g_strdup (from->device) : NULL;
  packet->type = g_strdup (type);
  packet->state_key = g_strdup (state_key);
  packet->content = json_object_ref (content);
  confab_clock_add_timeout (CONFAB_CLOCK (world->clock), delay_ms, arrive_cb, packet);
}

static void
check_seq (Peer *from, const char *user, const char *device, JsonObject *content)
{
  char *key = g_strdup_printf ("%s %s %s %" G_GINT64_FORMAT,
                               user,
                               device,
                               json_object_get_string_member (content, "call_id"),
                               json_object_get_int_member (content, "seq"));

  g_assert_true (g_hash_table_add (from->sent, key));
}

static void
to_device_cb (ConfabFakeSignalling *signalling,
              const char *user,
              const char *device,
              const char *type,
              JsonObject *content,
              gboolean clear,
              Peer *from)
{
  World *world = from->world;

  g_assert_false (clear);
  check_seq (from, user, device, content);
  for (guint i = 0; i < world->n; i++) {
    guint delay_ms = 5 + (world->spread > 0 ? g_rand_int_range (world->rand, 0, world->spread) : 0);

    if (!g_str_equal (world->peers[i].user, user) || !g_str_equal (world->peers[i].device, device))
      continue;
    if (confab_clock_get_time (CONFAB_CLOCK (world->clock)) < world->blocked_until[from->index][i])
      continue;
    if (g_rand_int_range (world->rand, 0, 100) < (int) world->chaos)
      continue;
    post (world, i, from, type, NULL, content, delay_ms);
    if (g_rand_int_range (world->rand, 0, 100) < (int) world->chaos)
      post (
        world, i, from, type, NULL, content, delay_ms + g_rand_int_range (world->rand, 0, 2000));
  }
}

static void
state_cb (ConfabFakeSignalling *signalling,
          const char *room,
          const char *type,
          const char *state_key,
          JsonObject *content,
          Peer *from)
{
  World *world = from->world;

  /* The server gives state in order: the same delay for all of it. */
  for (guint i = 0; i < world->n; i++)
    post (world, i, from, type, state_key, content, 40);
}

static void
add_peer (World *world, guint i)
{
  Peer *peer = &world->peers[i];
  g_autofree char *stream = g_strdup_printf ("stream-%u", i);
  ConfabClock *clock = CONFAB_CLOCK (world->clock);

  peer->world = world;
  peer->index = i;
  /* The last two are devices of one user. */
  peer->user = g_strdup_printf ("@%c:x", 'a' + MIN (i, world->n - 2));
  peer->device = g_strdup_printf ("DEV%u", i);
  peer->signalling = confab_fake_signalling_new (clock);
  peer->handler = confab_call_handler_new (CONFAB_SIGNALLING (peer->signalling),
                                           clock,
                                           peer->user,
                                           peer->device);
  confab_call_handler_set_room_encrypted (peer->handler, ROOM, TRUE);
  peer->media = confab_fake_local_media_new (clock, stream);
  peer->sent = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_signal_connect (peer->signalling, "to-device", G_CALLBACK (to_device_cb), peer);
  g_signal_connect (peer->signalling, "state", G_CALLBACK (state_cb), peer);
}

static ConfabCall *
peek_call (Peer *peer)
{
  g_autoptr (ConfabCall) call = g_list_model_get_item (G_LIST_MODEL (peer->handler), 0);

  return call;
}

static void
join (Peer *peer)
{
  g_autofree char *stream = g_strdup_printf ("stream-%u-%u", peer->index, g_random_int ());

  if (confab_call_is_active (peek_call (peer)))
    return;
  g_set_object (&peer->media, NULL);
  peer->media = confab_fake_local_media_new (CONFAB_CLOCK (peer->world->clock), stream);
  confab_call_join (peek_call (peer), CONFAB_LOCAL_MEDIA (peer->media));
}

static void
disturb (World *world)
{
  Peer *peer = &world->peers[g_rand_int_range (world->rand, 0, world->n)];
  guint other = g_rand_int_range (world->rand, 0, world->n);
  ConfabFakePeerConnection *connection = confab_fake_local_media_get_last (peer->media);

  switch (g_rand_int_range (world->rand, 0, 5)) {
  case 0:
    confab_call_leave (peek_call (peer));
    break;
  case 1:
    join (peer);
    break;
  case 2:
    confab_call_set_microphone_muted (peek_call (peer), g_rand_boolean (world->rand));
    break;
  case 3:
    world->blocked_until[peer->index][other] = confab_clock_get_time (CONFAB_CLOCK (world->clock)) +
                                               20 * G_USEC_PER_SEC;
    break;
  default:
    if (connection != NULL)
      confab_fake_peer_connection_set_state (connection, CONFAB_CONNECTION_STATE_FAILED);
  }
}

static gboolean
all_connected (World *world)
{
  for (guint i = 0; i < world->n; i++) {
    GListModel *members = confab_call_get_participants (peek_call (&world->peers[i]));

    if (confab_call_get_state (peek_call (&world->peers[i])) != CONFAB_CALL_STATE_JOINED ||
        g_list_model_get_n_items (members) != world->n - 1)
      return FALSE;
    for (guint j = 0; j < world->n - 1; j++) {
      g_autoptr (ConfabCallMember) member = g_list_model_get_item (members, j);
      if (!confab_call_member_get_connected (member))
        return FALSE;
    }
  }
  return TRUE;
}

static void
tell (World *world)
{
  for (guint i = 0; i < world->n; i++) {
    GListModel *members = confab_call_get_participants (peek_call (&world->peers[i]));

    g_test_message ("%s/%s: %s",
                    world->peers[i].user,
                    world->peers[i].device,
                    confab_enum_nick (CONFAB_TYPE_CALL_STATE,
                                      confab_call_get_state (peek_call (&world->peers[i]))));
    for (guint j = 0; j < g_list_model_get_n_items (members); j++) {
      g_autoptr (ConfabCallMember) member = g_list_model_get_item (members, j);
      g_test_message ("  %s/%s: %s, call %s, %u retries",
                      confab_call_member_get_user_id (member),
                      confab_call_member_get_device_id (member),
                      confab_enum_nick (CONFAB_TYPE_PARTICIPANT_STATE,
                                        confab_participant_get_state (CONFAB_PARTICIPANT (member))),
                      confab_call_member_get_call_id (member),
                      confab_call_member_get_retry_count (member));
    }
  }
}

/* Whoever gave up comes anew: all leave and join, on a network that works again. */
static void
heal (World *world)
{
  world->chaos = 0;
  world->spread = 0;
  memset (world->blocked_until, 0, sizeof world->blocked_until);
  confab_manual_clock_advance (world->clock, 10000);
  for (guint i = 0; i < world->n; i++)
    confab_call_leave (peek_call (&world->peers[i]));
  confab_manual_clock_advance (world->clock, 5000);
  for (guint i = 0; i < world->n; i++)
    join (&world->peers[i]);
  confab_manual_clock_advance (world->clock, 30000);
}

static void
start_world (World *world, guint32 seed)
{
  world->clock = confab_manual_clock_new (G_GINT64_CONSTANT (1700000000000000));
  world->rand = g_rand_new_with_seed (seed);
  g_random_set_seed (seed);
  world->n = g_rand_int_range (world->rand, 2, MAX_PEERS + 1);
  for (guint i = 0; i < world->n; i++)
    add_peer (world, i);
}

static void
end_world (World *world)
{
  for (guint i = 0; i < world->n; i++)
    confab_call_leave (peek_call (&world->peers[i]));
  confab_manual_clock_advance (world->clock, 10000);
  for (guint i = 0; i < world->n; i++)
    g_assert_true (confab_fake_local_media_get_closed (world->peers[i].media));
  for (guint i = 0; i < world->n; i++) {
    Peer *peer = &world->peers[i];
    g_assert_finalize_object (g_steal_pointer (&peer->handler));
    g_assert_finalize_object (g_steal_pointer (&peer->signalling));
    g_assert_finalize_object (g_steal_pointer (&peer->media));
    g_hash_table_unref (peer->sent);
    g_free (peer->user);
    g_free (peer->device);
  }
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (world->clock), ==, 0);
  g_assert_finalize_object (g_steal_pointer (&world->clock));
  g_rand_free (world->rand);
}

static void
run_world (guint32 seed)
{
  g_autofree World *world = g_new0 (World, 1);
  g_autoptr (ConfabCall) call = NULL;

  start_world (world, seed);
  call = confab_call_handler_create_call (
    world->peers[0].handler, ROOM, CONFAB_CALL_INTENT_ROOM, CONFAB_CALL_TYPE_VIDEO, NULL);
  g_clear_object (&call);
  confab_manual_clock_advance (world->clock, 200);
  world->chaos = g_rand_int_range (world->rand, 0, 20);
  world->spread = g_rand_int_range (world->rand, 0, 1500);
  for (guint i = 0; i < world->n; i++)
    join (&world->peers[i]);
  for (guint i = 0; i < 30; i++) {
    confab_manual_clock_advance (world->clock, g_rand_int_range (world->rand, 0, 4000));
    disturb (world);
  }
  heal (world);
  if (!all_connected (world)) {
    tell (world);
    g_error ("not all connected: CONFAB_SIM_SEED=%u", seed);
  }
  end_world (world);
}

/* On a network that only delays and reorders, with nobody disturbing, all find each other by themselves. */
static void
run_calm_world (guint32 seed)
{
  g_autofree World *world = g_new0 (World, 1);
  g_autoptr (ConfabCall) call = NULL;

  start_world (world, seed);
  call = confab_call_handler_create_call (
    world->peers[0].handler, ROOM, CONFAB_CALL_INTENT_ROOM, CONFAB_CALL_TYPE_VIDEO, NULL);
  g_clear_object (&call);
  confab_manual_clock_advance (world->clock, 200);
  world->spread = 400;
  for (guint i = 0; i < world->n; i++) {
    join (&world->peers[i]);
    confab_manual_clock_advance (world->clock, g_rand_int_range (world->rand, 0, 500));
  }
  confab_manual_clock_advance (world->clock, 20000);
  if (!all_connected (world)) {
    tell (world);
    g_error ("not all connected in calm: CONFAB_SIM_SEED=%u", seed);
  }
  end_world (world);
}

static guint32
first_seed (void)
{
  const char *seed = g_getenv ("CONFAB_SIM_SEED");

  return seed != NULL ? (guint32) g_ascii_strtoull (seed, NULL, 10) : 0;
}

static void
run_for (void (*run) (guint32 seed))
{
  gint64 until = g_get_monotonic_time () + 8 * G_USEC_PER_SEC;
  guint32 fixed = first_seed ();
  guint n = 0;

  if (fixed != 0) {
    run (fixed);
    return;
  }
  for (guint32 seed = 1; seed <= 5000 && g_get_monotonic_time () < until; seed++, n++)
    run (seed);
  g_test_message ("%u worlds", n);
}

static void
test_chaos (void)
{
  run_for (run_world);
}

static void
test_calm (void)
{
  run_for (run_calm_world);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/call-simulation/calm", test_calm);
  g_test_add_func ("/call-simulation/chaos", test_chaos);
  return g_test_run ();
}
