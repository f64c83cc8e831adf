/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-base"

#include "config.h"

#include "confab-system-clock.h"

#include <time.h>

/**
 * ConfabSystemClock:
 *
 * The machine's clock; timeouts are sources of the default main context.
 */
struct _ConfabSystemClock {
  GObject parent_instance;
};

static void clock_iface_init (ConfabClockInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabSystemClock,
                               confab_system_clock,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_CLOCK, clock_iface_init))

static gint64
confab_system_clock_get_time (ConfabClock *clock)
{
  return g_get_monotonic_time ();
}

static gint64
confab_system_clock_get_boot_time (ConfabClock *clock)
{
#ifdef CLOCK_BOOTTIME
  struct timespec now;

  if (clock_gettime (CLOCK_BOOTTIME, &now) == 0)
    return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
#endif
  /* Elsewhere than on Linux the next best thing that a sleep does not stop. */
  return g_get_real_time ();
}

static gint64
confab_system_clock_get_real_time (ConfabClock *clock)
{
  return g_get_real_time ();
}

static guint
confab_system_clock_add_timeout (ConfabClock *clock,
                                 guint delay_ms,
                                 GSourceOnceFunc callback,
                                 gpointer data)
{
  return g_timeout_add_once (delay_ms, callback, data);
}

static void
confab_system_clock_remove (ConfabClock *clock, guint id)
{
  g_source_remove (id);
}

static void
clock_iface_init (ConfabClockInterface *iface)
{
  iface->get_time = confab_system_clock_get_time;
  iface->get_boot_time = confab_system_clock_get_boot_time;
  iface->get_real_time = confab_system_clock_get_real_time;
  iface->add_timeout = confab_system_clock_add_timeout;
  iface->remove = confab_system_clock_remove;
}

static void
confab_system_clock_class_init (ConfabSystemClockClass *klass)
{
}

static void
confab_system_clock_init (ConfabSystemClock *self)
{
}

/**
 * confab_system_clock_new:
 *
 * Returns: (transfer full): the machine's clock
 */
ConfabClock *
confab_system_clock_new (void)
{
  return g_object_new (CONFAB_TYPE_SYSTEM_CLOCK, NULL);
}
