/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confab-sim-world.h"

/* The `call` room under a simulated network: many schedules, or one again. Each runs in a child, so that an abort is a
 * violation like any other. A schedule that fails is made smaller, as long as it still fails, and then told. */

#define MAX_JOBS 64
#define HANGS_AFTER_S 60

/* What a worker writes and the parent reads, also when the worker has died. */
typedef struct {
  guint32 seed; /* that is being run */
  guint n_done;
  gboolean failed;
  char message[512];
} Report;

static Report *reports; /* shared */

static int schedules = -1; /* one is told */
static int jobs = 0;
static gint64 first_seed = 1;
static int most_s = 0;
static gboolean trace = FALSE;

static const GOptionEntry options[] = {
  { "seed", 's', 0, G_OPTION_ARG_INT64, &first_seed, "The schedule, or the first of many", "N" },
  { "schedules", 'n', 0, G_OPTION_ARG_INT, &schedules, "How many; without it one is told", "N" },
  { "jobs", 'j', 0, G_OPTION_ARG_INT, &jobs, "How many at a time", "N" },
  { "processor-time",
    'p',
    0,
    G_OPTION_ARG_INT,
    &most_s,
    "Fail when all of it takes more time of processors than this",
    "SECONDS" },
  { "trace",
    't',
    0,
    G_OPTION_ARG_NONE,
    &trace,
    "Tell what happens, also when nothing is wrong",
    NULL },
  { NULL },
};

static gboolean
run_world (guint32 seed, const gboolean *skipped, gboolean tell, Report *report)
{
  ConfabSimWorld *world = confab_sim_world_new (seed);
  const char *failure;

  report->seed = seed;
  for (guint i = 0; skipped != NULL && i < confab_sim_world_get_n_actions (world); i++) {
    if (skipped[i])
      confab_sim_world_skip_action (world, i);
  }
  confab_sim_world_set_trace (world, tell);
  failure = confab_sim_world_run (world);
  if (failure != NULL) {
    report->failed = TRUE;
    g_strlcpy (report->message, failure, sizeof report->message);
    return FALSE; /* what was wrong may also be wrong with freeing it */
  }
  confab_sim_world_free (world);
  report->n_done++;
  return TRUE;
}

/* Returns: whether it ended well; the report says what was wrong if not */
static gboolean
wait_for (pid_t pid, Report *report)
{
  int status = 0;

  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    ;
  if (WIFEXITED (status) && WEXITSTATUS (status) == 0)
    return TRUE;
  if (!report->failed && WIFSIGNALED (status))
    g_snprintf (report->message,
                sizeof report->message,
                "the process died: %s",
                g_strsignal (WTERMSIG (status)));
  report->failed = TRUE;
  return FALSE;
}

static pid_t
fork_quietly (gboolean quiet)
{
  pid_t pid;

  fflush (NULL);
  pid = fork ();
  if (pid < 0)
    g_error ("fork: %s", g_strerror (errno));
  if (pid == 0)
    prctl (PR_SET_PDEATHSIG, SIGKILL); /* whoever stops the parent means all of it */
  if (pid == 0 && quiet && (freopen ("/dev/null", "w", stderr) == NULL))
    _exit (2);
  return pid;
}

/* One schedule in a child. */
static gboolean
try_schedule (guint32 seed, const gboolean *skipped, gboolean tell, Report *report)
{
  pid_t pid;

  report->failed = FALSE;
  report->message[0] = '\0';
  pid = fork_quietly (!tell);
  if (pid == 0) {
    gboolean good;
    alarm (HANGS_AFTER_S);
    good = run_world (seed, skipped, tell, report);
    fflush (NULL);
    _exit (good ? 0 : 1);
  }
  return wait_for (pid, report);
}

static guint
count_actions (guint32 seed)
{
  ConfabSimWorld *world = confab_sim_world_new (seed);
  guint n = confab_sim_world_get_n_actions (world);

  confab_sim_world_free (world);
  return n;
}

/* The invariant that a message is about: “[@user/DEVICE: ]name: what”. */
static gboolean
is_of_same (const char *message, const char *other)
{
  const char *texts[] = { message, other };
  gsize lengths[2];

  for (guint i = 0; i < 2; i++) {
    const char *client_end = *texts[i] == '@' ? strstr (texts[i], ": ") : NULL;

    if (client_end != NULL)
      texts[i] = client_end + 2;
    lengths[i] = strcspn (texts[i], ":");
  }
  return lengths[0] == lengths[1] && strncmp (texts[0], texts[1], lengths[0]) == 0;
}

/* Returns: whether anything could be left out */
static gboolean
leave_out (
  guint32 seed, gboolean *skipped, guint n, guint size, const char *message, Report *report)
{
  gboolean any = FALSE;

  for (guint start = 0; start < n; start += size) {
    g_autofree gboolean *tried = g_memdup2 (skipped, n * sizeof *skipped);
    gboolean new = FALSE;

    for (guint i = start; i < MIN (start + size, n); i++) {
      new |= !tried[i];
      tried[i] = TRUE;
    }
    if (new && !try_schedule (seed, tried, FALSE, report) &&
        is_of_same (report->message, message)) {
      memcpy (skipped, tried, n * sizeof *skipped);
      any = TRUE;
    }
  }
  return any;
}

/* Leaves out ever smaller parts of what happens, as long as the same is still violated, until each of them is needed. */
static void
minimise (guint32 seed, gboolean *skipped, guint n, const char *message, Report *report)
{
  for (guint size = n / 2; size > 1; size /= 2)
    leave_out (seed, skipped, n, size, message, report);
  while (leave_out (seed, skipped, n, 1, message, report))
    ;
}

static void
tell_failure (guint32 seed, const char *message, Report *report)
{
  guint n = count_actions (seed);
  g_autofree gboolean *skipped = g_new0 (gboolean, n);
  guint n_left = 0;

  g_print ("seed %u: %s\n", seed, message);
  if (try_schedule (seed, skipped, FALSE, report)) {
    g_print ("by itself it goes well: what came before in the process matters\n");
    return;
  }
  minimise (seed, skipped, n, message, report);
  for (guint i = 0; i < n; i++)
    n_left += !skipped[i];
  g_print ("%u of its %u events are enough:\n", n_left, n);
  try_schedule (seed, skipped, TRUE, report);
  g_print ("again: ./dev sim --seed %u\n", seed);
}

static int
run_one (guint32 seed)
{
  Report *report = &reports[MAX_JOBS];

  if (try_schedule (seed, NULL, trace, report)) {
    g_print ("seed %u: no violation\n", seed);
    return 0;
  }
  {
    g_autofree char *message = g_strdup (report->message);
    tell_failure (seed, message, report);
  }
  return 1;
}

static void
work (guint job, guint32 first, guint n)
{
  for (guint i = job; i < n; i += (guint) jobs) {
    alarm (HANGS_AFTER_S);
    if (!run_world (first + i, NULL, FALSE, &reports[job]))
      _exit (1);
  }
  _exit (0);
}

/* Of the workers: what else the machine does has little to do with it. */
static double
get_processor_s (void)
{
  struct rusage usage;

  getrusage (RUSAGE_CHILDREN, &usage);
  return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / G_USEC_PER_SEC;
}

static int
run_many (guint32 first, guint n)
{
  pid_t pids[MAX_JOBS];
  gint64 start = g_get_monotonic_time ();
  guint n_done = 0;
  guint n_failed = 0;
  double processor_s;
  gboolean slow;

  for (int job = 0; job < jobs; job++) {
    pids[job] = fork_quietly (TRUE);
    if (pids[job] == 0)
      work ((guint) job, first, n);
  }
  for (int job = 0; job < jobs; job++)
    wait_for (pids[job], &reports[job]);
  processor_s = get_processor_s ();
  slow = most_s > 0 && processor_s > most_s;
  for (int job = 0; job < jobs; job++) {
    n_done += reports[job].n_done;
    if (!reports[job].failed)
      continue;
    n_failed++;
    n_done++;
    tell_failure (reports[job].seed, reports[job].message, &reports[MAX_JOBS]);
  }
  if (slow)
    g_print ("TOO SLOW: %.0f s of processors, of which it may take %d\n", processor_s, most_s);
  g_print ("%u of %u schedules from seed %u in %.1f s, %.1f s of processors: %u violation%s\n",
           n_done,
           n,
           first,
           (g_get_monotonic_time () - start) / (double) G_USEC_PER_SEC,
           processor_s,
           n_failed,
           n_failed == 1 ? "" : "s");
  return n_failed > 0 || slow ? 1 : 0;
}

int
main (int argc, char *argv[])
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_set_summary (context, "Runs the signalling core under a simulated network.");
  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("%s\n", error->message);
    return 2;
  }
  if (argc > 1) {
    g_printerr ("%s: not known\n", argv[1]);
    return 2;
  }
  if (first_seed < 0 || first_seed > G_MAXUINT32 || schedules == 0 || schedules < -1) {
    g_printerr ("a seed is a number of 32 bits, a count is at least one\n");
    return 2;
  }
  if (schedules > 0 && first_seed + schedules - 1 > G_MAXUINT32) {
    g_printerr ("the last seed would be %" G_GINT64_FORMAT ": there are no more than %u\n",
                first_seed + schedules - 1,
                G_MAXUINT32);
    return 2;
  }
  if (jobs <= 0)
    jobs = (int) g_get_num_processors ();
  jobs = CLAMP (jobs, 1, MAX_JOBS);
  reports = mmap (NULL,
                  (MAX_JOBS + 1) * sizeof *reports,
                  PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS,
                  -1,
                  0);
  if (reports == MAP_FAILED) {
    g_printerr ("mmap: %s\n", g_strerror (errno));
    return 2;
  }
  return schedules > 0 ? run_many ((guint32) first_seed, (guint) schedules)
                       : run_one ((guint32) first_seed);
}
