/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "media-loop.h"

#include <stdio.h>
#include <unistd.h>

/* A call that has ended leaves nothing behind. */

typedef struct {
  guint n_threads;
  guint n_fds;
  gsize rss;
} Resources;

static guint
count_entries (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static Resources
get_resources (void)
{
  g_autofree char *statm = NULL;
  unsigned long rss = 0;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &statm, NULL, NULL));
  g_assert_cmpint (sscanf (statm, "%*u %lu", &rss), ==, 1);
  return (Resources) { count_entries ("/proc/self/task"),
                       count_entries ("/proc/self/fd"),
                       rss * (gsize) sysconf (_SC_PAGESIZE) };
}

static gboolean
is_back (gpointer data)
{
  const Resources *before = data;
  const Resources now = get_resources ();

  return now.n_threads <= before->n_threads && now.n_fds <= before->n_fds;
}

/* A call as far as media goes: devices opened, a peer each way, everything closed. */
static void
one_call (guint i)
{
  LoopFixture f = { 0 };

  loop_setup (&f, NULL);
  loop_connect (&f.a, &f.b);
  if (i % 5 == 4)
    loop_wait (loop_has_local, &f.a, "offered"); /* cut off */
  else
    loop_wait_playing (&f.a);
  f.a.other = f.b.other = NULL;
  loop_teardown (&f, NULL);
}

/* Pools keep a few idle threads for a while, whatever was done: those are there before the first count. */
static void
test_hundred_calls (void)
{
  const gboolean slow = g_getenv ("CONFAB_SANITIZED") != NULL;
  const guint n_calls = slow ? 10 : 100;
  Resources before;

  for (guint i = 0; i < (slow ? 5 : 15); i++)
    one_call (i);
  loop_wait (is_back, &(Resources) { 12, 60, 0 }, "what the first calls started has ended");
  before = get_resources ();
  for (guint i = 0; i < n_calls; i++)
    one_call (i);
  loop_wait (is_back,
             &(Resources) { before.n_threads + 2, before.n_fds, 0 },
             "threads and files are as before");
  g_test_message ("resident: %zu kB, then %zu kB; threads %u, files %u",
                  before.rss / 1024,
                  get_resources ().rss / 1024,
                  before.n_threads,
                  before.n_fds);
#ifndef __SANITIZE_ADDRESS__
  g_assert_cmpuint (get_resources ().rss, <, before.rss + 8 * 1024 * 1024);
#endif
}

int
main (int argc, char **argv)
{
  loop_init (&argc, &argv);

  g_test_add_func ("/teardown/hundred-calls", test_hundred_calls);
  return g_test_run ();
}
