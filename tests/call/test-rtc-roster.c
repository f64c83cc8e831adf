/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-call-handler.h"
#include "confab-call-lab.h"
#include "confab-json.h"
#include "confab-rtc-roster.h"

/* MatrixRTC memberships: seen, counted, and never taken for members of a mesh. */

#define HOUR_MS (60 * 60 * 1000)
#define RTC(device, more)                                                                          \
  "{\"application\":\"m.call\",\"call_id\":\"\",\"scope\":\"m.room\",\"device_id\":\"" device      \
  "\",\"focus_active\":{\"type\":\"livekit\",\"focus_selection\":\"multi_sfu\"},"                  \
  "\"foci_preferred\":[{\"type\":\"livekit\",\"livekit_service_url\":\"https://x\","               \
  "\"livekit_alias\":\"!r:x\"}]" more "}"

typedef struct {
  Lab lab;
  guint n_users;
  guint n_changes;
} World;

static void
changed_cb (ConfabCallHandler *handler, const char *room_id, guint n_users, World *world)
{
  g_assert_cmpstr (room_id, ==, ROOM);
  world->n_users = n_users;
  world->n_changes++;
}

static void
start (World *world)
{
  lab_start (&world->lab);
  g_signal_connect (world->lab.handler, "rtc-changed", G_CALLBACK (changed_cb), world);
}

static void
finish (World *world)
{
  g_assert_cmpuint (lab_get_n_members (&world->lab), ==, 0);
  lab_finish (&world->lab);
}

static void
state (World *world, const char *key, const char *sender, const char *content)
{
  lab_state (&world->lab, MEMBER, key, sender, content);
}

static void
test_counted (void)
{
  World world = { 0 };

  start (&world);
  state (&world, "_@a:x_A_m.call", "@a:x", RTC ("A", ""));
  g_assert_cmpuint (world.n_users, ==, 1);
  /* Another device of the same person is no other person. */
  state (&world, "_@a:x_A2_m.call", "@a:x", RTC ("A2", ""));
  g_assert_cmpuint (world.n_changes, ==, 1);
  /* In rooms of MSC3757 the key has no “_” in front. */
  state (&world, "@c:x_C_m.call", "@c:x", RTC ("C", ""));
  g_assert_cmpuint (world.n_users, ==, 2);
  state (&world, "_@a:x_A_m.call", "@a:x", "{}");
  g_assert_cmpuint (world.n_users, ==, 2);
  state (&world, "_@a:x_A2_m.call", "@a:x", "{}");
  g_assert_cmpuint (world.n_users, ==, 1);
  state (&world, "@c:x_C_m.call", "@c:x", "{}");
  g_assert_cmpuint (world.n_users, ==, 0);
  g_assert_cmpuint (world.n_changes, ==, 4);
  finish (&world);
}

/* What is no membership of the room's call, or not the sender's own. */
static const struct {
  const char *key;
  const char *content;
} others[] = {
  { "_@c:x_C_m.call", RTC ("C", "") },
  { "_@a:xx_A_m.call", RTC ("A", "") },
  { "_@a:x", RTC ("A", "") },
  { "", RTC ("A", "") },
  { "_", RTC ("A", "") },
  { "@a:x", RTC ("A", "") },
  { "_@a:x_A_m.call", "{\"memberships\":[]}" },
  { "_@a:x_A_m.call", "{\"m.calls\":[]}" },
  { "_@a:x_A_m.call",
    "{\"application\":\"m.call\",\"call_id\":\"other\",\"device_id\":\"A\",\"focus_active\":{}}" },
  { "_@a:x_A_m.call",
    "{\"application\":\"m.game\",\"call_id\":\"\",\"device_id\":\"A\",\"focus_active\":{}}" },
  { "_@a:x_A_m.call", "{\"application\":\"m.call\",\"call_id\":\"\",\"device_id\":\"A\"}" },
  { "_@a:x_A_m.call",
    "{\"application\":\"m.call\",\"call_id\":\"\",\"device_id\":7,\"focus_active\":{}}" },
  { "_@a:x_A_m.call",
    "{\"application\":7,\"call_id\":null,\"device_id\":\"A\",\"focus_active\":[]}" },
};

/* A server may date an event with any number; there is no later moment for it to run out at. */
static void
test_last_date (void)
{
  g_autoptr (JsonObject) content = confab_json_parse_object (RTC ("A", ""), -1, NULL);

  g_assert_cmpint (confab_rtc_roster_get_expires_ts ("_@a:x_A_m.call", "@a:x", G_MAXINT64, content),
                   >,
                   G_MAXINT64 / 2);
}

static void
test_others (void)
{
  World world = { 0 };

  start (&world);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    g_test_message ("%s %s", others[i].key, others[i].content);
    state (&world, others[i].key, "@a:x", others[i].content);
    g_assert_cmpuint (world.n_changes, ==, 0);
  }
  finish (&world);
}

typedef struct {
  const char *name;
  const char *more;
  gint64 lives_ms; /* from the event's time; 0: it is over when it comes */
} Life;

static const Life lives[] = {
  { "default", "", 4 * HOUR_MS },
  { "said", ",\"expires\":3600000", HOUR_MS },
  { "renewed", ",\"expires\":28800000,\"created_ts\":1699985600000", 4 * HOUR_MS },
  { "over", ",\"expires\":14400000,\"created_ts\":1699985600000", 0 },
  /* Nobody joins in the future. */
  { "created-later", ",\"expires\":3600000,\"created_ts\":1800000000000", HOUR_MS },
  { "negative", ",\"expires\":-1", 0 },
  { "for-ever", ",\"expires\":9000000000000000", G_GINT64_CONSTANT (720) * HOUR_MS },
  { "strange", ",\"expires\":\"x\",\"created_ts\":{}", 4 * HOUR_MS },
};

static void
test_life (gconstpointer data)
{
  const Life *life = data;
  World world = { 0 };
  g_autofree char *content = g_strconcat (RTC ("A", ""), NULL);

  start (&world);
  content[strlen (content) - 1] = '\0';
  {
    g_autofree char *whole = g_strconcat (content, life->more, "}", NULL);
    state (&world, "_@a:x_A_m.call", "@a:x", whole);
  }
  g_assert_cmpuint (world.n_users, ==, life->lives_ms > 0);
  if (life->lives_ms > 0) {
    for (gint64 left_ms = life->lives_ms - 1; left_ms > 0; left_ms -= HOUR_MS)
      lab_advance (&world.lab, (guint) MIN (left_ms, HOUR_MS));
    g_assert_cmpuint (world.n_users, ==, 1);
    lab_advance (&world.lab, 1);
    g_assert_cmpuint (world.n_users, ==, 0);
  }
  finish (&world);
}

/* Who is not in the room is in no call of it. */
static void
test_left (void)
{
  World world = { 0 };

  start (&world);
  confab_call_handler_handle_membership (world.lab.handler, ROOM, "@a:x", FALSE);
  state (&world, "_@a:x_A_m.call", "@a:x", RTC ("A", ""));
  g_assert_cmpuint (world.n_users, ==, 0);
  confab_call_handler_handle_membership (world.lab.handler, ROOM, "@a:x", TRUE);
  g_assert_cmpuint (world.n_users, ==, 1);
  confab_call_handler_handle_membership (world.lab.handler, ROOM, "@a:x", FALSE);
  g_assert_cmpuint (world.n_users, ==, 0);
  finish (&world);
}

/* A mesh call goes on beside it, and neither has the other's people. */
static void
test_beside_mesh (void)
{
  World world = { 0 };

  start (&world);
  lab_member (&world.lab, "@a:x", "A", "S");
  state (&world, "_@a:x_A_m.call", "@a:x", RTC ("A", ""));
  g_assert_cmpuint (world.n_users, ==, 1);
  g_assert_cmpuint (lab_get_n_members (&world.lab), ==, 1);
  state (&world, "_@a:x_A_m.call", "@a:x", "{}");
  g_assert_cmpuint (world.n_users, ==, 0);
  g_assert_cmpuint (lab_get_n_members (&world.lab), ==, 1);
  lab_state (&world.lab, MEMBER, "@a:x", "@a:x", "{\"m.calls\":[]}");
  finish (&world);
}

/* A crowd is bounded. */
static void
test_crowd (void)
{
  World world = { 0 };

  start (&world);
  for (guint i = 0; i < 1010; i++) {
    g_autofree char *user = g_strdup_printf ("@u%u:x", i);
    g_autofree char *key = g_strdup_printf ("_%s_A_m.call", user);
    state (&world, key, user, RTC ("A", ""));
  }
  g_assert_cmpuint (world.n_users, ==, 1000);
  confab_call_handler_remove_room (world.lab.handler, ROOM);
  lab_finish (&world.lab);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rtc-roster/counted", test_counted);
  g_test_add_func ("/rtc-roster/others", test_others);
  for (guint i = 0; i < G_N_ELEMENTS (lives); i++) {
    g_autofree char *path = g_strconcat ("/rtc-roster/life/", lives[i].name, NULL);
    g_test_add_data_func (path, &lives[i], test_life);
  }
  g_test_add_func ("/rtc-roster/last-date", test_last_date);
  g_test_add_func ("/rtc-roster/left", test_left);
  g_test_add_func ("/rtc-roster/beside-mesh", test_beside_mesh);
  g_test_add_func ("/rtc-roster/crowd", test_crowd);
  return g_test_run ();
}
