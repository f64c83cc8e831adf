/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-session.h"
#include "fake-homeserver.h"

/* A session in a process of its own, which dies by SIGKILL at a named step, or at one of its steps to the disk; the test
 * is its parent, and its homeserver. */

typedef void (*MortalFunc) (ConfabSession *session, gpointer data);

/* The child's whole life: @begin before the session of @dir is restored, @went_on after it, @end when its input has
 * ended; each nullable. Returns what main() does. */
int mortal_live (const char *dir,
                 const char *step,
                 MortalFunc begin,
                 MortalFunc went_on,
                 MortalFunc end,
                 gpointer data);
/* Says a line to the parent. */
void mortal_say (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* A child: this program with the arguments “--child”, @dir, @step and @wish. */
GSubprocess *mortal_start (const char *dir, const char *step, const char *wish);
/* Waits for its end; adds what it said to @said. */
void mortal_finish (GSubprocess *process, GString *said);
/* What it waits for at the end of its life. */
void mortal_end (GSubprocess *process, GString *said);
/* The number behind “steps ” in what it said. */
guint mortal_get_n_steps (const GString *said);
/* Runs a command with one argument or two. */
void mortal_run (const char *command, const char *from, const char *to);
