/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-loss-window.h"

#define MS 1000

/* Gives @window the numbers from @first on, every 20 ms for two seconds, without every @nth; returns the loss. */
static double
receive (ConfabLossWindow *window, guint16 first, gint64 *now, guint nth)
{
  double loss = -1;

  for (guint i = 0; i < 10000; i++) {
    *now += 20 * MS;
    if (nth != 0 && i % nth == nth - 1)
      continue;
    if (confab_loss_window_add (window, (guint16) (first + i), *now, &loss))
      return loss;
  }
  g_assert_not_reached ();
}

static void
test_loss (void)
{
  ConfabLossWindow window = { 0 };
  gint64 now = 5;

  g_assert_cmpfloat (receive (&window, 17, &now, 0), ==, 0);
  g_assert_cmpfloat_with_epsilon (receive (&window, window.next, &now, 10), 0.1, 0.01);
  g_assert_cmpfloat_with_epsilon (receive (&window, window.next, &now, 2), 0.5, 0.02);
  /* What was lost once is forgotten. */
  g_assert_cmpfloat (receive (&window, window.next, &now, 0), ==, 0);
}

/* The number is of 16 bits. */
static void
test_wraps (void)
{
  ConfabLossWindow window = { 0 };
  gint64 now = 0;

  g_assert_cmpfloat (receive (&window, 65500, &now, 0), ==, 0);
  g_assert_cmpuint (window.next, <, 1000);
}

/* A sender that starts anew, or goes back, has lost nothing. */
static void
test_starts_anew (void)
{
  ConfabLossWindow window = { 0 };
  gint64 now = 0;

  g_assert_cmpfloat (receive (&window, 100, &now, 0), ==, 0);
  g_assert_cmpfloat (receive (&window, 40000, &now, 0), ==, 0);
  g_assert_cmpfloat (receive (&window, 300, &now, 0), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/loss-window/loss", test_loss);
  g_test_add_func ("/loss-window/wraps", test_wraps);
  g_test_add_func ("/loss-window/starts-anew", test_starts_anew);
  return g_test_run ();
}
