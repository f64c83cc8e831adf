/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-disk.h"

#define COMMIT_US (50 * 1000)
#define FLUSH_US G_USEC_PER_SEC

/* One transaction. */
typedef struct {
  gint64 at;        /* monotonic, µs */
  gboolean settled; /* the process goes on only when it is done */
  ConfabSimDiskUndo undo;
  gpointer data;
  GDestroyNotify destroy;
} Write;

struct _ConfabSimDisk {
  ConfabSimNetwork *network;
  ConfabClock *clock;
  GPtrArray *writes; /* Write: those that may be lost, in order */
};

static void
free_write (gpointer data)
{
  Write *write = data;

  write->destroy (write->data);
  g_free (write);
}

ConfabSimDisk *
confab_sim_disk_new (ConfabSimNetwork *network, ConfabClock *clock)
{
  ConfabSimDisk *self = g_new0 (ConfabSimDisk, 1);

  self->network = network;
  self->clock = g_object_ref (clock);
  self->writes = g_ptr_array_new_with_free_func (free_write);
  return self;
}

void
confab_sim_disk_free (ConfabSimDisk *self)
{
  g_ptr_array_unref (self->writes);
  g_object_unref (self->clock);
  g_free (self);
}

/* The last settled one may be lost, however old, with all that came after it: so cautious a disk may be. */
static void
forget_old (ConfabSimDisk *self)
{
  gint64 limit = confab_clock_get_time (self->clock) - FLUSH_US;
  guint n = 0;
  guint last = 0;

  for (guint i = 0; i < self->writes->len; i++) {
    if (((Write *) self->writes->pdata[i])->settled)
      last = i;
  }
  while (n < last && ((Write *) self->writes->pdata[n])->at < limit)
    n++;
  if (n > 0)
    g_ptr_array_remove_range (self->writes, 0, n);
}

/**
 * confab_sim_disk_write:
 * @self: a disk
 * @settled: whether the process knows that it is stored before anything follows from it
 * @undo: takes it back
 * @data: (transfer full): for @undo
 * @destroy: frees @data
 *
 * Something is stored.
 */
void
confab_sim_disk_write (ConfabSimDisk *self,
                       gboolean settled,
                       ConfabSimDiskUndo undo,
                       gpointer data,
                       GDestroyNotify destroy)
{
  Write *write = g_new (Write, 1);

  *write = (Write) { confab_clock_get_time (self->clock), settled, undo, data, destroy };
  g_ptr_array_add (self->writes, write);
  if (settled)
    forget_old (self);
}

/* How many may be lost: with the process those that were just handed over, and none that it went on from. */
static guint
count_unsafe (ConfabSimDisk *self, gboolean power_lost)
{
  gint64 limit = confab_clock_get_time (self->clock) - COMMIT_US;
  guint n = 0;

  if (power_lost)
    return self->writes->len;
  while (n < self->writes->len) {
    const Write *write = self->writes->pdata[self->writes->len - 1 - n];
    if (write->settled || write->at < limit)
      break;
    n++;
  }
  return n;
}

/**
 * confab_sim_disk_stop:
 * @self: a disk
 * @power_lost: whether the machine stops, not the process alone
 *
 * The last writes are taken back, from the newest on.
 */
void
confab_sim_disk_stop (ConfabSimDisk *self, gboolean power_lost)
{
  guint n = confab_sim_network_below (self->network, count_unsafe (self, power_lost) + 1);

  while (n-- > 0) {
    Write *write = self->writes->pdata[self->writes->len - 1];

    write->undo (write->data);
    g_ptr_array_set_size (self->writes, (int) self->writes->len - 1);
  }
  g_ptr_array_set_size (self->writes, 0);
}
