/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-call-lab.h"

/* Stories of a room whose power levels come not to let this user write its member event, while it is in a call there. */

static void
set_power (Lab *lab, gboolean power)
{
  confab_fake_signalling_fail (lab->signalling,
                               MEMBER,
                               CONFAB_SIGNALLING_ERROR_FORBIDDEN,
                               power ? 0 : G_MAXUINT);
  confab_call_handler_set_can_send_member (lab->handler, ROOM, power);
  lab_sync_end (lab);
}

/* In a call with somebody, without the power. */
static void
start (Lab *lab)
{
  lab_start (lab);
  lab_connect_c (lab);
  set_power (lab, FALSE);
  lab_advance (lab, 10);
  confab_fake_signalling_clear_log (lab->signalling);
}

/* The call goes on, and what is due is written as soon as that is allowed. */
static void
test_renewed (void)
{
  gint64 expires_ms;
  Lab lab = { 0 };

  start (&lab);
  expires_ms = lab_get_own_expiry (&lab);
  lab_advance (&lab, 50 * 60 * 1000);
  assert_state (&lab, "joined");
  assert_member (&lab, "connected");
  confab_fake_signalling_clear_log (lab.signalling);
  set_power (&lab, TRUE);
  assert_log (&lab, "MEMBER ");
  lab_advance (&lab, 10);
  g_assert_cmpint (lab_get_own_expiry (&lab), >, expires_ms);
  lab_sync_end (&lab);
  set_power (&lab, TRUE);
  lab_advance (&lab, 40 * 60 * 1000); /* nor is it tried again */
  assert_log (&lab, "");
  assert_state (&lab, "joined");
  g_assert_cmpstr (lab.failed->str, ==, "");
  lab_finish (&lab);
}

/* Nothing was due. */
static void
test_not_due (void)
{
  Lab lab = { 0 };

  start (&lab);
  lab_advance (&lab, 40 * 60 * 1000);
  set_power (&lab, TRUE);
  lab_advance (&lab, 10);
  assert_log (&lab, "");
  assert_state (&lab, "joined");
  lab_finish (&lab);
}

/* An answer that is on its way when the power comes back may be a refusal still. */
static void
test_back_and_refused (void)
{
  Lab lab = { 0 };

  start (&lab);
  lab_advance (&lab, 50 * 60 * 1000);
  confab_fake_signalling_clear_log (lab.signalling);
  set_power (&lab, TRUE);
  confab_fake_signalling_fail (lab.signalling, MEMBER, CONFAB_SIGNALLING_ERROR_FORBIDDEN, 1);
  lab_advance (&lab, 30000);
  assert_log (&lab, "MEMBER ");
  lab_advance (&lab, 2);
  assert_log (&lab, "MEMBER ");
  lab_advance (&lab, 40 * 60 * 1000);
  assert_log (&lab, "");
  assert_state (&lab, "joined");
  lab_finish (&lab);
}

/* Until the entry has run out: the last try is shortly before, and the person hears why it is over, not later than that. The
 * entry goes from the room once it can. */
static void
test_runs_out (void)
{
  gint64 left_ms;
  Lab lab = { 0 };

  start (&lab);
  left_ms = lab_get_own_expiry (&lab) -
            confab_clock_get_real_time (CONFAB_CLOCK (lab.clock)) / 1000;
  lab_advance (&lab, left_ms - 5010);
  confab_fake_signalling_clear_log (lab.signalling);
  lab_advance (&lab, 5000);
  assert_log (&lab, "MEMBER ");
  assert_state (&lab, "joined");
  assert_member (&lab, "connected");
  g_assert_cmpstr (lab.failed->str, ==, "");
  lab_advance (&lab, 15);
  assert_state (&lab, "known");
  g_assert_cmpstr (lab.failed->str, ==, "0 "); /* forbidden */
  confab_fake_signalling_clear_log (lab.signalling);
  lab_advance (&lab, 60 * 60 * 1000);
  lab_sync_end (&lab);
  assert_log (&lab, "");
  set_power (&lab, TRUE);
  assert_log (&lab, "MEMBER ");
  g_assert_cmpuint (lab_count_own_calls (&lab), ==, 0);
  lab_advance (&lab, 10);
  lab_sync_end (&lab);
  assert_log (&lab, "");
  lab_finish (&lab);
}

/* Left without the power: the entry stays, nobody writes in vain, and it goes as soon as it can. */
static void
test_left (void)
{
  Lab lab = { 0 };

  start (&lab);
  confab_call_leave (lab.call);
  lab_advance (&lab, 10);
  assert_state (&lab, "known");
  assert_log (&lab, "hangup MEMBER ");
  lab_sync_end (&lab);
  lab_advance (&lab, 60 * 60 * 1000);
  lab_sync_end (&lab);
  assert_log (&lab, "");
  g_assert_true (confab_group_call_get_lingering (CONFAB_GROUP_CALL (lab.call)));
  set_power (&lab, TRUE);
  assert_log (&lab, "MEMBER ");
  g_assert_cmpuint (lab_count_own_calls (&lab), ==, 0);
  lab_advance (&lab, 10);
  g_assert_false (confab_group_call_get_lingering (CONFAB_GROUP_CALL (lab.call)));
  lab_sync_end (&lab);
  lab_advance (&lab, 60 * 60 * 1000);
  assert_log (&lab, "");
  lab_finish (&lab);
}

/* Of an earlier run. */
static void
test_ghost (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  set_power (&lab, FALSE);
  lab_member (&lab, "@b:x", "ME", "old");
  lab_advance (&lab, 60000);
  assert_log (&lab, "");
  set_power (&lab, TRUE);
  assert_log (&lab, "MEMBER ");
  lab_advance (&lab, 60000);
  lab_sync_end (&lab);
  assert_log (&lab, "");
  lab_finish (&lab);
}

/* The homeserver knows sooner than the sync says, and it may be for another reason that it refuses: it is asked again,
 * each time later. */
static void
test_refused (void)
{
  static const guint pauses_s[] = { 30, 60, 120, 240, 480, 480 };
  Lab lab = { 0 };

  lab_start (&lab);
  confab_fake_signalling_fail (lab.signalling,
                               MEMBER,
                               CONFAB_SIGNALLING_ERROR_FORBIDDEN,
                               G_N_ELEMENTS (pauses_s));
  lab_member (&lab, "@b:x", "ME", "old");
  for (guint i = 0; i < G_N_ELEMENTS (pauses_s); i++) {
    assert_log (&lab, "MEMBER ");
    lab_advance (&lab, 1);
    lab_sync_end (&lab);
    lab_advance (&lab, pauses_s[i] * 1000 - 1);
    assert_log (&lab, "");
    lab_advance (&lab, 1);
  }
  assert_log (&lab, "MEMBER ");
  lab_advance (&lab, 60 * 60 * 1000);
  lab_sync_end (&lab);
  assert_log (&lab, "");
  lab_finish (&lab);
}

/* Out of the room before the homeserver has answered: it is not asked again. */
static void
test_room_lost (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_connect_c (&lab);
  lab_sync_end (&lab);
  confab_fake_signalling_fail (lab.signalling,
                               MEMBER,
                               CONFAB_SIGNALLING_ERROR_FORBIDDEN,
                               G_MAXUINT);
  confab_call_leave (lab.call);
  confab_call_handler_remove_room (lab.handler, ROOM);
  lab_advance (&lab, 10);
  assert_log (&lab, "hangup MEMBER ");
  lab_advance (&lab, 60 * 60 * 1000);
  assert_log (&lab, "");
  lab_finish (&lab);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add_func ("/power/" name, func)
  TEST ("renewed", test_renewed);
  TEST ("not-due", test_not_due);
  TEST ("back-and-refused", test_back_and_refused);
  TEST ("runs-out", test_runs_out);
  TEST ("left", test_left);
  TEST ("ghost", test_ghost);
  TEST ("refused", test_refused);
  TEST ("room-lost", test_room_lost);
#undef TEST
  return g_test_run ();
}
