/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-call-lab.h"
#include "confab-json.h"

/* Stories of several calls in one room, of which one has to give way, and of a call that the room does not have yet. */

static void
hear_of (Lab *lab, const char *id, const char *maker, gint64 origin_server_ts, const char *intent)
{
  g_autofree char *text = g_strdup_printf ("{\"m.intent\":\"%s\",\"m.type\":\"m.video\"}", intent);
  g_autoptr (JsonObject) content = confab_json_parse_object (text, -1, NULL);

  confab_call_handler_handle_state (lab->handler, ROOM, CALL, id, maker, origin_server_ts, content);
}

static void
member_of (Lab *lab, const char *id, const char *user, const char *device)
{
  g_autofree char *text = g_strdup_printf (
    "{\"m.calls\":[{\"m.call_id\":\"%s\",\"m.devices\":[{\"device_id\":\"%s\","
    "\"session_id\":\"S\",\"expires_ts\":9000000000000}]}]}",
    id,
    device);

  lab_state (lab, MEMBER, user, user, text);
}

static gboolean
is_known (Lab *lab, const char *id)
{
  return confab_call_handler_lookup (lab->handler, ROOM, id) != NULL;
}

/* A store lists calls in any order: whoever made the later one takes it back, also when the older one comes first. */
static void
test_restored (gconstpointer older_first)
{
  Lab lab = { 0 };

  lab_start (&lab);
  if (older_first != NULL)
    hear_of (&lab, "theirs", "@a:x", NOW_MS, "m.ring");
  hear_of (&lab, "mine", "@b:x", NOW_MS + 500, "m.ring");
  if (older_first == NULL)
    hear_of (&lab, "theirs", "@a:x", NOW_MS, "m.ring");
  member_of (&lab, "mine", "@c:x", "C");
  member_of (&lab, "theirs", "@d:x", "D");
  confab_call_handler_end_stored (lab.handler, 0);
  assert_log (&lab, "");
  lab_sync_end (&lab);
  lab_advance (&lab, 2);
  assert_log (&lab, "CALL ");
  g_assert_false (is_known (&lab, "mine"));
  g_assert_true (is_known (&lab, "theirs"));
  lab_finish (&lab);
}

/* Another device of this user talks in the later one to somebody of whom nothing is known yet, or is about to: it is not put out
 * of it for a call in which nobody is. */
static void
test_restored_with_own_device (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  hear_of (&lab, "mine", "@b:x", NOW_MS + 500, "m.ring");
  hear_of (&lab, "theirs", "@a:x", NOW_MS, "m.ring");
  member_of (&lab, "mine", "@b:x", "TWO");
  lab_sync_end (&lab);
  lab_advance (&lab, 2);
  assert_log (&lab, "");
  g_assert_true (is_known (&lab, "mine"));
  /* Once somebody is, it has to be one of them. */
  member_of (&lab, "theirs", "@d:x", "D");
  lab_sync_end (&lab);
  lab_advance (&lab, 2);
  assert_log (&lab, "CALL ");
  g_assert_false (is_known (&lab, "mine"));
  lab_finish (&lab);
}

/* The room's own call is on with nobody in it: however old, it does not make room for others. */
static void
test_many_beside_room_call (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  hear_of (&lab, "room", "@a:x", NOW_MS - 1000000, "m.room");
  for (guint i = 0; i < 60; i++) {
    g_autofree char *id = g_strdup_printf ("conf%u", i);
    hear_of (&lab, id, "@a:x", NOW_MS - 100000 + i, "m.prompt");
  }
  lab_sync_end (&lab);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (lab.handler)), ==, 50);
  g_assert_true (is_known (&lab, "room"));
  g_assert_false (is_known (&lab, "conf0"));
  g_assert_true (is_known (&lab, "conf59"));
  lab_finish (&lab);
}

/* Nobody is said to be in a call that the room does not have yet, however slow its event is. */
static void
test_entered_once_created (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_fake_signalling_hold_type (lab.signalling, CALL);
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  lab_join (&lab);
  lab_advance (&lab, 1000); /* the servers are there */
  assert_log (&lab, "CALL ");
  assert_state (&lab, "preparing");
  confab_fake_signalling_hold_type (lab.signalling, NULL);
  lab_advance (&lab, 2);
  assert_log (&lab, "MEMBER ");
  assert_state (&lab, "joined");
  lab_finish (&lab);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add_func ("/calls-of-room/" name, func)
#define CASE(name, data, func) g_test_add_data_func ("/calls-of-room/" name, data, func)
  CASE ("restored/older-last", NULL, test_restored);
  CASE ("restored/older-first", "first", test_restored);
  TEST ("restored/with-own-device", test_restored_with_own_device);
  TEST ("many/beside-room-call", test_many_beside_room_call);
  TEST ("entered-once-created", test_entered_once_created);
#undef TEST
#undef CASE
  return g_test_run ();
}
