/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-call-lab.h"
#include "confab-declined-calls.h"
#include "confab-json.h"

/* What this user’s devices tell each other of calls that they have declined, when one writes over what another wrote. */

#define RINGING_CALL "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}"
#define LATER (NOW_MS + 600000)

static void
ring (Lab *lab, const char *call_id)
{
  g_autofree char *member = g_strdup_printf (
    "{\"m.calls\":[{\"m.call_id\":\"%s\",\"m.devices\":[{\"device_id\":\"A\",\"session_id\":\"S\","
    "\"expires_ts\":9000000000000}]}]}",
    call_id);
  g_autofree char *user = g_strconcat ("@", call_id, ":x", NULL); /* in another call each */

  lab_state (lab, CALL, call_id, user, RINGING_CALL);
  lab_state (lab, MEMBER, user, user, member);
  lab_sync_end (lab);
  g_assert_true (
    confab_call_get_ringing (confab_call_handler_lookup (lab->handler, ROOM, call_id)));
}

/* Three calls ring. */
static void
start (Lab *lab)
{
  lab_start_with (lab, RINGING_CALL);
  ring (lab, "conf");
  ring (lab, "one");
  ring (lab, "two");
}

static void
decline (Lab *lab, const char *call_id)
{
  confab_call_decline (confab_call_handler_lookup (lab->handler, ROOM, call_id),
                       CONFAB_DECLINE_EVERYWHERE);
}

/* The calls in @content, in order. */
static char *
list_calls (JsonObject *content)
{
  JsonObject *calls = content != NULL ? confab_json_peek_object (content, "calls") : NULL;
  GList *ids = calls != NULL
                 ? g_list_sort (json_object_get_members (calls), (GCompareFunc) g_strcmp0)
                 : NULL;
  GString *list = g_string_new (NULL);

  for (GList *l = ids; l != NULL; l = l->next)
    g_string_append_printf (list, "%s ", (const char *) l->data);
  g_list_free (ids);
  return g_string_free (list, FALSE);
}

static JsonObject *
peek_written (Lab *lab)
{
  return confab_fake_signalling_peek_last (lab->signalling, CONFAB_DECLINED_CALLS_TYPE);
}

static void
sync_content (Lab *lab, JsonObject *content)
{
  confab_call_handler_handle_account_data (lab->handler, ROOM, CONFAB_DECLINED_CALLS_TYPE, content);
  lab_sync_end (lab);
}

/* The server has this now. */
static void
sync_calls (Lab *lab, const char *first, const char *second)
{
  g_autoptr (JsonObject) content = json_object_new ();
  JsonObject *calls = json_object_new ();
  const char *const ids[] = { first, second };

  for (guint i = 0; i < G_N_ELEMENTS (ids) && ids[i] != NULL; i++) {
    JsonObject *entry = json_object_new ();
    json_object_set_int_member (entry, "until_ts", LATER);
    json_object_set_object_member (calls, ids[i], entry);
  }
  json_object_set_object_member (content, "calls", calls);
  sync_content (lab, content);
}

/* Since it was looked at last. */
#define assert_written(lab, log, list)                                                             \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *_calls = list_calls (peek_written (lab));                                     \
    assert_log (lab, log);                                                                         \
    g_assert_cmpstr (_calls, ==, list);                                                            \
  }                                                                                                \
  G_STMT_END

#define ONCE "declined_calls "

/* Two devices decline a call each at the same moment. What the second writes is what stays: the first adds its own. */
static void
test_two_at_once (void)
{
  Lab desk = { 0 };
  Lab phone = { 0 };
  Lab *const labs[] = { &desk, &phone };

  for (guint i = 0; i < G_N_ELEMENTS (labs); i++)
    start (labs[i]);
  decline (&desk, "one");
  decline (&phone, "two");
  for (guint i = 0; i < G_N_ELEMENTS (labs); i++)
    lab_advance (labs[i], 1);
  assert_written (&desk, ONCE, "one ");
  assert_written (&phone, ONCE, "two ");

  for (guint i = 0; i < G_N_ELEMENTS (labs); i++) {
    sync_content (labs[i], peek_written (&phone));
    lab_advance (labs[i], 1);
  }
  assert_written (&desk, ONCE, "one two ");
  assert_written (&phone, "", "two ");

  for (guint i = 0; i < G_N_ELEMENTS (labs); i++) {
    sync_content (labs[i], peek_written (&desk));
    lab_advance (labs[i], 1);
    assert_log (labs[i], "");
    g_assert_true (confab_call_get_ringing (labs[i]->call));
    g_assert_false (
      confab_call_get_ringing (confab_call_handler_lookup (labs[i]->handler, ROOM, "one")));
    g_assert_false (
      confab_call_get_ringing (confab_call_handler_lookup (labs[i]->handler, ROOM, "two")));
  }
  lab_finish (&desk);
  lab_finish (&phone);
}

/* What another wrote comes before the answer to what is written here: which was first is not known, and both are said
 * once more. When there was nothing between, nothing is. */
static void
test_while_writing (gconstpointer crossed)
{
  Lab lab = { 0 };

  start (&lab);
  confab_fake_signalling_hold (lab.signalling, TRUE);
  decline (&lab, "one");
  if (crossed != NULL)
    sync_calls (&lab, "two", NULL);
  lab_advance (&lab, 5000);
  assert_written (&lab, ONCE, "one ");
  confab_fake_signalling_hold (lab.signalling, FALSE);
  lab_advance (&lab, 1);
  if (crossed != NULL)
    assert_written (&lab, ONCE, "one two ");
  else
    assert_log (&lab, "");
  lab_advance (&lab, 5000);
  assert_log (&lab, "");
  lab_finish (&lab);
}

/* A second decision goes out with the first, even when another device has written in between. */
static void
test_second_decision (void)
{
  Lab lab = { 0 };

  start (&lab);
  confab_fake_signalling_hold (lab.signalling, TRUE);
  decline (&lab, "one");
  sync_calls (&lab, "two", NULL);
  decline (&lab, "conf");
  assert_written (&lab, ONCE ONCE, "conf one two ");
  confab_fake_signalling_hold (lab.signalling, FALSE);
  lab_advance (&lab, 1);
  assert_log (&lab, "");
  lab_finish (&lab);
}

/* Another client that never keeps what is there: nobody writes against it for ever. */
static void
test_bounded (void)
{
  Lab lab = { 0 };
  guint n_written = 0;

  start (&lab);
  decline (&lab, "one");
  for (guint i = 0; i < 20; i++) {
    lab_advance (&lab, 1);
    sync_calls (&lab, i % 2 != 0 ? "two" : NULL, NULL);
    n_written += g_str_has_prefix (confab_fake_signalling_get_log (lab.signalling), ONCE);
    confab_fake_signalling_clear_log (lab.signalling);
  }
  g_assert_cmpuint (n_written, >=, 3);
  g_assert_cmpuint (n_written, <=, 6);
  lab_advance (&lab, 1);
  /* It does not ring here for that. */
  g_assert_false (confab_call_get_ringing (confab_call_handler_lookup (lab.handler, ROOM, "one")));
  lab_finish (&lab);
}

/* A call that is over rings nowhere: it is not written again, and goes with what is. */
static void
test_over (void)
{
  Lab lab = { 0 };

  start (&lab);
  decline (&lab, "one");
  lab_advance (&lab, 1);
  assert_written (&lab, ONCE, "one ");
  lab_state (&lab, CALL, "one", "@one:x", "{\"m.intent\":\"m.ring\",\"m.terminated\":true}");
  lab_sync_end (&lab);
  sync_calls (&lab, "two", NULL);
  lab_advance (&lab, 1);
  assert_log (&lab, "");

  decline (&lab, "conf");
  lab_advance (&lab, 1);
  assert_written (&lab, ONCE, "conf two ");
  sync_calls (&lab, "one", "two");
  lab_advance (&lab, 1);
  assert_written (&lab, ONCE, "conf two ");
  sync_calls (&lab, "conf", "one");
  decline (&lab, "two");
  lab_advance (&lab, 1);
  assert_written (&lab, ONCE, "conf two ");
  lab_finish (&lab);
}

/* Nor is what nobody needs to know of any more. What was read is good for as long as it is there: clocks go wrong. */
static void
test_past (void)
{
  Lab lab = { 0 };

  start (&lab);
  decline (&lab, "one");
  lab_advance (&lab, 1);
  assert_written (&lab, ONCE, "one ");
  lab_advance (&lab, 599000);
  sync_calls (&lab, NULL, NULL);
  assert_written (&lab, ONCE, "one ");
  lab_advance (&lab, 1000);
  sync_calls (&lab, NULL, NULL);
  assert_log (&lab, "");
  lab_finish (&lab);
}

/* Who is out of the room writes nothing there. */
static void
test_left (gconstpointer removed)
{
  Lab lab = { 0 };

  start (&lab);
  confab_fake_signalling_hold (lab.signalling, TRUE);
  decline (&lab, "one");
  sync_calls (&lab, "two", NULL);
  confab_fake_signalling_clear_log (lab.signalling);
  if (removed != NULL)
    confab_call_handler_remove_room (lab.handler, ROOM);
  else
    confab_call_handler_handle_membership (lab.handler, ROOM, "@b:x", FALSE);
  confab_fake_signalling_hold (lab.signalling, FALSE);
  lab_advance (&lab, 1);
  assert_log (&lab, "");
  lab_finish (&lab);
}

/* The server did not take it: nothing is tried without a reason, but what it says next is one. */
static void
test_not_written (void)
{
  Lab lab = { 0 };

  start (&lab);
  confab_fake_signalling_fail (lab.signalling,
                               CONFAB_DECLINED_CALLS_TYPE,
                               CONFAB_SIGNALLING_ERROR_NETWORK,
                               1);
  decline (&lab, "one");
  sync_calls (&lab, "two", NULL);
  lab_advance (&lab, 60000);
  assert_written (&lab, ONCE, "one ");
  sync_calls (&lab, "two", NULL);
  lab_advance (&lab, 1);
  assert_written (&lab, ONCE, "one two ");
  lab_finish (&lab);
}

#define TEST(name, func) g_test_add_func ("/declined-calls/" name, func)
#define CASE(name, data, func) g_test_add_data_func ("/declined-calls/" name, data, func)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  TEST ("two-at-once", test_two_at_once);
  CASE ("while-writing/crossed", "crossed", test_while_writing);
  CASE ("while-writing/nothing-between", NULL, test_while_writing);
  TEST ("second-decision", test_second_decision);
  TEST ("bounded", test_bounded);
  TEST ("over", test_over);
  TEST ("past", test_past);
  CASE ("left", NULL, test_left);
  CASE ("left/removed", "removed", test_left);
  TEST ("not-written", test_not_written);
  return g_test_run ();
}
