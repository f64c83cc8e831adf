/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* “12:04” or “1:31:20”; negative seconds count as none. */
char *confab_format_duration (gint64 seconds) G_GNUC_WARN_UNUSED_RESULT;
/* A name or address from outside, between FSI and PDI, so that its direction stays its own affair. */
char *confab_format_name (const char *name) G_GNUC_WARN_UNUSED_RESULT;
/* A sentence that begins with such a name: its direction is the interface's. */
char *confab_format_line (const char *text) G_GNUC_WARN_UNUSED_RESULT;
/* “14:02”, of another day “24 November, 14:02”; both in µs since the epoch. NULL for what is no time. */
char *confab_format_moment (gint64 when, gint64 now) G_GNUC_WARN_UNUSED_RESULT;
/* “Today”, “Yesterday”, “Tuesday” or “3 November”; both in µs since the epoch. */
char *confab_format_day (gint64 when, gint64 now) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
