/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-format.h"

static const struct {
  gint64 seconds;
  const char *text;
} durations[] = {
  { 0, "0:00" },
  { 9, "0:09" },
  { 724, "12:04" },
  { 3599, "59:59" },
  { 3600, "1:00:00" },
  { 5480, "1:31:20" },
  { 36 * 3600, "36:00:00" },
  { -5, "0:00" },
  { G_MAXINT64, "99999:30:07" },
  { G_MININT64, "0:00" },
};

static void
test_duration (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (durations); i++) {
    g_autofree char *text = confab_format_duration (durations[i].seconds);

    g_assert_cmpstr (text, ==, durations[i].text);
  }
}

static void
test_name (void)
{
  g_autofree char *name = confab_format_name ("أمينة");
  g_autofree char *none = confab_format_name (NULL);

  g_assert_cmpstr (name, ==, "\342\201\250أمينة\342\201\251");
  g_assert_cmpstr (none, ==, "\342\201\250\342\201\251");
}

static gint64
at (int year, int month, int day, int hour)
{
  g_autoptr (GDateTime) time = g_date_time_new_local (year, month, day, hour, 0, 0);

  return g_date_time_to_unix (time) * G_USEC_PER_SEC;
}

static void
check_day (gint64 when, gint64 now, const char *expected)
{
  g_autofree char *text = confab_format_day (when, now);

  g_assert_cmpstr (text, ==, expected);
}

/* Days of the calendar, not spans of 24 hours. */
static void
test_day (void)
{
  gint64 now = at (2025, 3, 1, 9); /* a Saturday */

  check_day (at (2025, 3, 1, 0), now, "Today");
  check_day (at (2025, 3, 1, 23), now, "Today"); /* a clock that is ahead */
  check_day (at (2025, 3, 2, 9), now, "Today");
  check_day (at (2025, 2, 28, 23), now, "Yesterday");
  check_day (at (2025, 2, 28, 0), now, "Yesterday");
  check_day (at (2025, 2, 27, 23), now, "Thursday");
  check_day (at (2025, 2, 23, 0), now, "Sunday");
  check_day (at (2025, 2, 22, 23), now, "22 February");
  check_day (at (2024, 11, 3, 12), now, "3 November");
  check_day (G_MAXINT64, now, ""); /* a server may send any number */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/format/duration", test_duration);
  g_test_add_func ("/format/name", test_name);
  g_test_add_func ("/format/day", test_day);
  return g_test_run ();
}
