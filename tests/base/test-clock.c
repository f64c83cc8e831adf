/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-manual-clock.h"
#include "confab-system-clock.h"

#include <time.h>

typedef struct {
  ConfabClock *clock;
  GString *log;
} Fixture;

static void
note_cb (gpointer data)
{
  Fixture *fixture = data;

  g_string_append_printf (fixture->log,
                          "%" G_GINT64_FORMAT " ",
                          confab_clock_get_time (fixture->clock) / 1000);
}

static void
again_cb (gpointer data)
{
  Fixture *fixture = data;

  note_cb (data);
  confab_clock_add_timeout (fixture->clock, 10, note_cb, data);
}

static void
test_manual (void)
{
  g_autoptr (ConfabManualClock) clock = confab_manual_clock_new (5000);
  g_autoptr (GString) log = g_string_new (NULL);
  Fixture fixture = { .clock = CONFAB_CLOCK (clock), .log = log };
  guint id;

  id = confab_clock_add_timeout (fixture.clock, 15, note_cb, &fixture);
  confab_clock_add_timeout (fixture.clock, 20, again_cb, &fixture);
  confab_clock_add_timeout (fixture.clock, 5, note_cb, &fixture);
  confab_clock_clear (fixture.clock, &id);
  g_assert_cmpuint (id, ==, 0);
  confab_clock_clear (fixture.clock, &id);
  confab_manual_clock_advance (clock, 19);
  g_assert_cmpstr (log->str, ==, "5 ");
  confab_manual_clock_advance (clock, 100);
  g_assert_cmpstr (log->str, ==, "5 20 30 ");
  g_assert_cmpint (confab_clock_get_time (fixture.clock), ==, 119000);
  g_assert_cmpint (confab_clock_get_real_time (fixture.clock), ==, 124000);
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (clock), ==, 0);
  confab_manual_clock_sleep (clock, 1000);
  g_assert_cmpint (confab_clock_get_time (fixture.clock), ==, 119000);
  g_assert_cmpint (confab_clock_get_boot_time (fixture.clock), ==, 1119000);
  g_assert_cmpint (confab_clock_get_real_time (fixture.clock), ==, 1124000);
  confab_manual_clock_set_back (clock, 2000);
  g_assert_cmpint (confab_clock_get_time (fixture.clock), ==, 119000);
  g_assert_cmpint (confab_clock_get_boot_time (fixture.clock), ==, 1119000);
  g_assert_cmpint (confab_clock_get_real_time (fixture.clock), ==, -876000);
  g_assert_false (confab_manual_clock_advance_to_next (clock));
  g_assert_finalize_object (g_steal_pointer (&clock));
}

static void
test_system (void)
{
  g_autoptr (ConfabClock) clock = confab_system_clock_new ();
  g_autoptr (GString) log = g_string_new (NULL);
  Fixture fixture = { .clock = clock, .log = log };
  gint64 before = g_get_monotonic_time ();
  struct timespec boot;
  guint id;

  g_assert_cmpint (confab_clock_get_time (clock), >=, before);
  /* What the machine has slept is in the one and not in the other. */
  clock_gettime (CLOCK_BOOTTIME, &boot);
  g_assert_cmpint (confab_clock_get_boot_time (clock),
                   >=,
                   boot.tv_sec * G_USEC_PER_SEC + boot.tv_nsec / 1000);
  id = confab_clock_add_timeout (clock, 0, note_cb, &fixture);
  confab_clock_remove (clock, id);
  confab_clock_add_timeout (clock, 1, note_cb, &fixture);
  while (log->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (g_main_context_pending (NULL));
  g_assert_finalize_object (g_steal_pointer (&clock));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clock/manual", test_manual);
  g_test_add_func ("/clock/system", test_system);
  return g_test_run ();
}
