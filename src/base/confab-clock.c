/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-base"

#include "config.h"

#include "confab-clock.h"

G_DEFINE_INTERFACE (ConfabClock, confab_clock, G_TYPE_OBJECT)

static void
confab_clock_default_init (ConfabClockInterface *iface)
{
}

/**
 * confab_clock_get_time:
 * @self: a clock
 *
 * Returns: monotonic time in µs; never goes back, and stands still while the machine sleeps, as timeouts do
 */
gint64
confab_clock_get_time (ConfabClock *self)
{
  g_return_val_if_fail (CONFAB_IS_CLOCK (self), 0);

  return CONFAB_CLOCK_GET_IFACE (self)->get_time (self);
}

/**
 * confab_clock_get_boot_time:
 * @self: a clock
 *
 * For what somebody else lets expire, whether this machine sleeps or not.
 *
 * Returns: like confab_clock_get_time(), but goes on while the machine sleeps; the two have no zero in common
 */
gint64
confab_clock_get_boot_time (ConfabClock *self)
{
  g_return_val_if_fail (CONFAB_IS_CLOCK (self), 0);

  return CONFAB_CLOCK_GET_IFACE (self)->get_boot_time (self);
}

/**
 * confab_clock_get_real_time:
 * @self: a clock
 *
 * Returns: µs since the epoch, as the wall clock has it; may jump
 */
gint64
confab_clock_get_real_time (ConfabClock *self)
{
  g_return_val_if_fail (CONFAB_IS_CLOCK (self), 0);

  return CONFAB_CLOCK_GET_IFACE (self)->get_real_time (self);
}

/**
 * confab_clock_add_timeout:
 * @self: a clock
 * @delay_ms: when to call, in ms from now; 0 is “as soon as the caller has returned”
 * @callback: called once, never from within this function
 * @data: for @callback
 *
 * Returns: an id for confab_clock_remove(), never 0; void once @callback has been called
 */
guint
confab_clock_add_timeout (ConfabClock *self,
                          guint delay_ms,
                          GSourceOnceFunc callback,
                          gpointer data)
{
  g_return_val_if_fail (CONFAB_IS_CLOCK (self), 0);
  g_return_val_if_fail (callback != NULL, 0);

  return CONFAB_CLOCK_GET_IFACE (self)->add_timeout (self, delay_ms, callback, data);
}

/**
 * confab_clock_remove:
 * @self: a clock
 * @id: what confab_clock_add_timeout() gave, not yet called
 */
void
confab_clock_remove (ConfabClock *self, guint id)
{
  g_return_if_fail (CONFAB_IS_CLOCK (self));
  g_return_if_fail (id != 0);

  CONFAB_CLOCK_GET_IFACE (self)->remove (self, id);
}

/**
 * confab_clock_clear:
 * @self: a clock
 * @id: (inout): a timeout id or 0; 0 afterwards
 *
 * Removes the timeout if there is one. A callback sets its own id to 0 first.
 */
void
confab_clock_clear (ConfabClock *self, guint *id)
{
  guint old = *id;

  *id = 0;
  if (old != 0)
    confab_clock_remove (self, old);
}
