/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * ConfabClock:
 *
 * Where time comes from. Everything with a timer takes its time and its timers from here, so that a
 * test can turn the clock by hand (#ConfabManualClock) and the application uses the main loop
 * (#ConfabSystemClock). Not thread-safe: a clock belongs to the thread of its main context.
 */
#define CONFAB_TYPE_CLOCK (confab_clock_get_type ())
G_DECLARE_INTERFACE (ConfabClock, confab_clock, CONFAB, CLOCK, GObject)

struct _ConfabClockInterface {
  GTypeInterface parent_iface;

  gint64 (*get_time) (ConfabClock *self);
  gint64 (*get_boot_time) (ConfabClock *self);
  gint64 (*get_real_time) (ConfabClock *self);
  guint (*add_timeout) (ConfabClock *self, guint delay_ms, GSourceOnceFunc callback, gpointer data);
  void (*remove) (ConfabClock *self, guint id);
};

gint64 confab_clock_get_time (ConfabClock *self);
gint64 confab_clock_get_boot_time (ConfabClock *self);
gint64 confab_clock_get_real_time (ConfabClock *self);
guint confab_clock_add_timeout (ConfabClock *self,
                                guint delay_ms,
                                GSourceOnceFunc callback,
                                gpointer data);
void confab_clock_remove (ConfabClock *self, guint id);
void confab_clock_clear (ConfabClock *self, guint *id);

G_END_DECLS
