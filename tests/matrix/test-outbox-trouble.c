/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "olm-world.h"

#include "confab-outbox-private.h"

/* How long an outbox tries, and what it remembers of what the server fails on. */

#define NETWORK "0 " /* as outcomes */
#define FAILED "4 "

typedef struct {
  World *world;
  Device *alice;
  Device *bob;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->world = world_new ();
  f->alice = device_new (f->world, "@alice:x|ADEV", NULL);
  f->bob = device_new (f->world, "@bob:x|BDEV", NULL);
  device_start (f->alice);
  device_start (f->bob);
  device_send (f->alice, f->bob, "hello");
  device_flush (f->alice);
  g_string_truncate (f->alice->outcomes, 0);
  g_ptr_array_set_size (f->world->sent, 0);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  device_free (f->alice);
  device_free (f->bob);
  world_free (f->world);
}

static void
fail_with (Fixture *f, guint status)
{
  f->world->bad_device = "BDEV";
  f->world->bad_status = status;
}

static ConfabOutbox *
outbox_of (Device *device)
{
  return confab_olm_machine_get_outbox (device->machine);
}

static guint
n_stuck (Fixture *f)
{
  return g_hash_table_size (outbox_of (f->alice)->stuck);
}

/* Turns the clock whenever something waits for it. */
static void
turn_clock (Fixture *f)
{
  if (confab_manual_clock_get_n_timeouts (f->world->clock) > 0)
    confab_manual_clock_advance_to_next (f->world->clock);
}

static gboolean
has_outcome_cb (gpointer data)
{
  Fixture *f = data;

  if (f->alice->outcomes->len > 0)
    return TRUE;
  turn_clock (f);
  return FALSE;
}

static gboolean
is_stuck_cb (gpointer data)
{
  Fixture *f = data;

  if (n_stuck (f) > 0)
    return TRUE;
  turn_clock (f);
  return FALSE;
}

static gboolean
is_gone_cb (gpointer data)
{
  Fixture *f = data;

  if (device_count (f->alice, "SELECT count (*) FROM outbox") == 0)
    return TRUE;
  turn_clock (f);
  return FALSE;
}

static gboolean
was_tried_cb (gpointer data)
{
  Fixture *f = data;

  return f->alice->outcomes->len > 0 ||
         (f->world->sent->len > 0 && confab_manual_clock_get_n_timeouts (f->world->clock) > 0);
}

/* The token is no good any more: that is no answer to the message, which goes out when there is another. */
static void
test_logged_out (Fixture *f, gconstpointer data)
{
  fail_with (f, 401);
  device_send (f->alice, f->bob, "one");
  test_until (was_tried_cb, f);
  g_assert_cmpstr (f->alice->outcomes->str, ==, "");
  g_assert_cmpint (device_count (f->alice, "SELECT count (*) FROM outbox"), ==, 1);
  f->world->bad_device = NULL;
  test_until (has_outcome_cb, f);
  g_assert_cmpstr (f->alice->outcomes->str, ==, "ok ");
  device_assert_hears (f->bob, "@alice:x|ADEV|hello @alice:x|ADEV|one ");
}

/* Nothing but answers that say nothing: who has sent it hears of it while it matters, not when it is too old. */
static void
test_unread (Fixture *f, gconstpointer data)
{
  gint64 before = confab_clock_get_time (CONFAB_CLOCK (f->world->clock));

  f->world->unread_sends = G_MAXUINT;
  device_send (f->alice, f->bob, "one");
  test_until (has_outcome_cb, f);
  g_assert_cmpstr (f->alice->outcomes->str, ==, FAILED);
  g_assert_cmpuint (f->world->sent->len, >, 1);
  g_assert_cmpuint (f->world->sent->len, <, 10);
  g_assert_cmpint (confab_clock_get_time (CONFAB_CLOCK (f->world->clock)) - before,
                   <,
                   30 * G_USEC_PER_SEC);
}

/* The server fails on a call's message, and the wall clock is set back: it is tried for longer than a minute then, and
 * dropped at last. Of what is dropped nothing is remembered. */
static void
test_stale_call (Fixture *f, gconstpointer data)
{
  gint64 before = confab_clock_get_time (CONFAB_CLOCK (f->world->clock));

  fail_with (f, 500);
  device_send (f->alice, f->bob, "one");
  test_until (was_tried_cb, f);
  confab_manual_clock_set_back (f->world->clock, 40 * 1000);
  test_until (has_outcome_cb, f);
  g_assert_cmpstr (f->alice->outcomes->str, ==, NETWORK);
  g_assert_cmpint (confab_clock_get_time (CONFAB_CLOCK (f->world->clock)) - before,
                   >,
                   90 * G_USEC_PER_SEC);
  g_assert_cmpuint (n_stuck (f), ==, 0);
}

static void
send_lasting (Fixture *f)
{
  g_autoptr (JsonObject) content = json_object_new ();

  confab_outbox_send (outbox_of (f->alice),
                      NULL,
                      "@bob:x",
                      "BDEV",
                      "x.lasting",
                      content,
                      CONFAB_SIGNALLING_ENCRYPTED,
                      NULL,
                      NULL,
                      NULL);
}

/* What the server has failed on for long, and then takes or refuses: either way it is over, and nobody waits for it. */
static void
test_over_at_last (Fixture *f, gconstpointer refused)
{
  fail_with (f, 500);
  send_lasting (f);
  test_until (is_stuck_cb, f);
  if (refused != NULL)
    fail_with (f, 403);
  else
    f->world->bad_device = NULL;
  test_until (is_gone_cb, f);
  test_settle ();
  g_assert_cmpuint (n_stuck (f), ==, 0);
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (f->world->clock), ==, 0);
  device_flush (f->alice);
}

#define ADD(name, data, func)                                                                      \
  g_test_add ("/outbox-trouble/" name, Fixture, data, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  dex_init ();
  g_test_init (&argc, &argv, NULL);
  ADD ("logged-out", NULL, test_logged_out);
  ADD ("unread", NULL, test_unread);
  ADD ("stale-call", NULL, test_stale_call);
  ADD ("over-at-last/taken", NULL, test_over_at_last);
  ADD ("over-at-last/refused", "refused", test_over_at_last);
  return g_test_run ();
}
