/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

/* A turn of the main loop: from the end of one poll to the beginning of the next. */
#define LONGEST_TURN_MS 8.0 /* half a frame */

typedef struct {
  double wall, cpu; /* ms */
} TurnTimes;

void turn_watch_init (void);
TurnTimes turn_watch_end_phase (const char *name);
gboolean turn_watch_measures_waiting (void);
