/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-call-lab.h"

/* TURN credentials live for a while; a call may last for longer. */

#define FRESH_MS 54000

static void
join_for_a_minute (Lab *lab)
{
  lab_start (lab);
  confab_fake_signalling_set_servers_fresh (lab->signalling, FRESH_MS);
}

#define assert_asked(lab, n)                                                                       \
  g_assert_cmpuint (confab_fake_signalling_get_n_asked ((lab)->signalling), ==, n)
#define assert_username(lab, name)                                                                 \
  g_assert_cmpstr (confab_fake_local_media_get_username ((lab)->media), ==, name)

static void
test_newcomer (void)
{
  Lab lab = { 0 };

  join_for_a_minute (&lab);
  lab_join (&lab);
  assert_state (&lab, "joined");
  lab_advance (&lab, FRESH_MS - 10);
  assert_asked (&lab, 1);
  lab_advance (&lab, 20);
  assert_asked (&lab, 2);
  lab_member (&lab, "@c:x", "C", "S");
  assert_username (&lab, "user-1");
  lab_finish (&lab);
}

/* The call is of many hours. */
static void
test_again_and_again (void)
{
  Lab lab = { 0 };

  join_for_a_minute (&lab);
  lab_join (&lab);
  for (guint i = 1; i < 20; i++) {
    lab_advance (&lab, FRESH_MS + 10);
    assert_asked (&lab, i + 1);
  }
  lab_member (&lab, "@c:x", "C", "S");
  assert_username (&lab, "user-19");
  lab_finish (&lab);
}

static void
test_retry (void)
{
  Lab lab = { 0 };

  join_for_a_minute (&lab);
  lab_connect_c (&lab);
  assert_username (&lab, "user-0");
  lab_advance (&lab, FRESH_MS + 10);
  g_assert_cmpuint (confab_fake_local_media_get_n_connections (lab.media), ==, 1);
  lab_set_ice (&lab, CONFAB_CONNECTION_STATE_FAILED);
  lab_advance (&lab, 1201);
  g_assert_cmpuint (confab_fake_local_media_get_n_connections (lab.media), ==, 2);
  assert_username (&lab, "user-1");
  lab_finish (&lab);
}

/* The waiting side: its connection is made when the invite comes. */
static void
test_invited (void)
{
  Lab lab = { 0 };

  join_for_a_minute (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  lab_advance (&lab, FRESH_MS + 10);
  lab_receive (&lab, "m.call.invite", "c1", 0, OFFER);
  assert_username (&lab, "user-1");
  lab_finish (&lab);
}

/* Old ones may still work: they are used until there are others. */
static void
test_failed (void)
{
  Lab lab = { 0 };

  join_for_a_minute (&lab);
  lab_join (&lab);
  confab_fake_signalling_fail (lab.signalling, "turn", CONFAB_SIGNALLING_ERROR_NETWORK, 1);
  lab_advance (&lab, FRESH_MS + 10);
  lab_member (&lab, "@c:x", "C", "S");
  assert_username (&lab, "user-0");
  lab_advance (&lab, 29900);
  assert_asked (&lab, 2);
  lab_advance (&lab, 200);
  assert_asked (&lab, 3);
  lab_member (&lab, "@d:x", "D", "S");
  assert_username (&lab, "user-2");
  lab_finish (&lab);
}

/* The first question failed: who comes later has them. */
static void
test_had_none (void)
{
  Lab lab = { 0 };

  join_for_a_minute (&lab);
  confab_fake_signalling_fail (lab.signalling, "turn", CONFAB_SIGNALLING_ERROR_NETWORK, 1);
  lab_join (&lab);
  assert_state (&lab, "joined");
  lab_advance (&lab, 30010);
  lab_member (&lab, "@c:x", "C", "S");
  g_assert_cmpuint (confab_fake_local_media_get_n_servers (lab.media), ==, 1);
  lab_finish (&lab);
}

/* A server that never answers holds up nobody who is there. */
static void
test_no_answer (void)
{
  Lab lab = { 0 };

  join_for_a_minute (&lab);
  lab_join (&lab);
  confab_fake_signalling_hold (lab.signalling, TRUE);
  lab_advance (&lab, FRESH_MS + 10);
  assert_asked (&lab, 1); /* it is counted when it is answered */
  lab_member (&lab, "@c:x", "C", "S");
  g_assert_cmpuint (confab_fake_local_media_get_n_connections (lab.media), ==, 1);
  assert_username (&lab, "user-0");
  confab_fake_signalling_hold (lab.signalling, FALSE);
  lab_advance (&lab, 300);
  lab_member (&lab, "@d:x", "D", "S");
  assert_username (&lab, "user-1");
  lab_finish (&lab);
}

/* Whatever the server says, it is not asked all the time. */
static void
test_short_lived (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_fake_signalling_set_servers_fresh (lab.signalling, 1);
  lab_join (&lab);
  lab_advance (&lab, 9900);
  assert_asked (&lab, 1);
  lab_advance (&lab, 200);
  assert_asked (&lab, 2);
  lab_finish (&lab);
}

static void
test_until_left (void)
{
  Lab lab = { 0 };

  join_for_a_minute (&lab);
  lab_join (&lab);
  confab_call_leave (lab.call);
  lab_advance (&lab, 10 * FRESH_MS);
  assert_asked (&lab, 1);
  /* Another join asks anew. */
  lab_join (&lab);
  assert_asked (&lab, 2);
  /* An answer that comes after one has left is for nobody. */
  lab_advance (&lab, FRESH_MS - 3);
  confab_fake_signalling_hold (lab.signalling, TRUE);
  lab_advance (&lab, 10);
  confab_call_leave (lab.call);
  confab_fake_signalling_hold (lab.signalling, FALSE);
  lab_advance (&lab, 10 * FRESH_MS);
  assert_asked (&lab, 3);
  lab_finish (&lab);
}

/* The call goes while a question is on its way. */
static void
test_gone (void)
{
  Lab lab = { 0 };

  join_for_a_minute (&lab);
  confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media));
  confab_call_handler_remove_room (lab.handler, ROOM);
  assert_state (&lab, "ended");
  lab_advance (&lab, 10 * FRESH_MS);
  assert_asked (&lab, 1);
  lab_finish (&lab);
}

#define TEST(name, func) g_test_add_func ("/ice-servers/" name, func)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  TEST ("newcomer", test_newcomer);
  TEST ("again-and-again", test_again_and_again);
  TEST ("retry", test_retry);
  TEST ("invited", test_invited);
  TEST ("failed", test_failed);
  TEST ("had-none", test_had_none);
  TEST ("no-answer", test_no_answer);
  TEST ("short-lived", test_short_lived);
  TEST ("until-left", test_until_left);
  TEST ("gone", test_gone);
  return g_test_run ();
}
