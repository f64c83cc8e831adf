/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include "confab-call.h"
#include "confab-clock.h"

G_BEGIN_DECLS

/**
 * ConfabCallTiming:
 *
 * How long after joining each remote device of one call was first heard and first seen. Main thread only.
 *
 * Signals: `first-audio` and `first-frame` (#ConfabParticipant, ms since join); `changed` whenever a device
 * comes, goes, or goes on (connection, picture, loudness): for whoever waits for any of it.
 */
#define CONFAB_TYPE_CALL_TIMING (confab_call_timing_get_type ())
G_DECLARE_FINAL_TYPE (ConfabCallTiming, confab_call_timing, CONFAB, CALL_TIMING, GObject)

/* @joined_at: monotonic, µs: where times begin. */
ConfabCallTiming *confab_call_timing_new (ConfabCall *call, ConfabClock *clock, gint64 joined_at)
  G_GNUC_WARN_UNUSED_RESULT;
gint64 confab_call_timing_get_joined_at (ConfabCallTiming *self);
ConfabCall *confab_call_timing_get_call (ConfabCallTiming *self);
ConfabClock *confab_call_timing_get_clock (ConfabCallTiming *self);
JsonArray *confab_call_timing_to_json (ConfabCallTiming *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
