/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-missed.h"

#include "confab-call-membership.h"

typedef struct {
  char *user_id;
  ConfabCallMembership *entry; /* as it was last */
  gint64 since;                /* monotonic, µs */
} Missed;

struct _ConfabSimMissed {
  GPtrArray *all; /* Missed */
};

static void
free_missed (gpointer data)
{
  Missed *missed = data;

  g_free (missed->user_id);
  confab_call_membership_free (missed->entry);
  g_free (missed);
}

ConfabSimMissed *
confab_sim_missed_new (void)
{
  ConfabSimMissed *self = g_new0 (ConfabSimMissed, 1);

  self->all = g_ptr_array_new_with_free_func (free_missed);
  return self;
}

void
confab_sim_missed_free (ConfabSimMissed *self)
{
  g_ptr_array_unref (self->all);
  g_free (self);
}

static const ConfabCallMembership *
find_entry (GPtrArray *entries, const char *call_id, const char *device_id)
{
  for (guint i = 0; i < entries->len; i++) {
    const ConfabCallMembership *entry = entries->pdata[i];
    if (g_str_equal (entry->call_id, call_id) && g_str_equal (entry->device_id, device_id))
      return entry;
  }
  return NULL;
}

/* Whoever writes for itself gets a later end by that, in whatever call. */
static gboolean
is_by (GPtrArray *before, GPtrArray *after, const char *device_id, gboolean by_it)
{
  for (guint i = 0; i < after->len; i++) {
    const ConfabCallMembership *entry = after->pdata[i];
    const ConfabCallMembership *old = find_entry (before, entry->call_id, entry->device_id);
    if ((old == NULL || entry->expires_ts > old->expires_ts) &&
        g_str_equal (entry->device_id, device_id) == by_it)
      return TRUE;
  }
  return FALSE;
}

static const Missed *
find_missed (ConfabSimMissed *self, const char *user_id, const char *call_id, const char *device_id)
{
  for (guint i = 0; i < self->all->len; i++) {
    const Missed *missed = self->all->pdata[i];
    if (g_str_equal (missed->user_id, user_id) && g_str_equal (missed->entry->call_id, call_id) &&
        g_str_equal (missed->entry->device_id, device_id))
      return missed;
  }
  return NULL;
}

static void
drop_found (ConfabSimMissed *self, const char *user_id, GPtrArray *entries)
{
  for (guint i = self->all->len; i-- > 0;) {
    const Missed *missed = self->all->pdata[i];
    if (g_str_equal (missed->user_id, user_id) &&
        find_entry (entries, missed->entry->call_id, missed->entry->device_id) != NULL)
      g_ptr_array_remove_index (self->all, i);
  }
}

/* A member event has taken the place of another. */
void
confab_sim_missed_take (
  ConfabSimMissed *self, const char *user_id, JsonObject *before, JsonObject *after, gint64 now)
{
  g_autoptr (GPtrArray) old = confab_call_membership_parse (before);
  g_autoptr (GPtrArray) new = confab_call_membership_parse (after);

  drop_found (self, user_id, new);
  for (guint i = old->len; i-- > 0;) {
    const ConfabCallMembership *entry = old->pdata[i];
    Missed *missed;

    if (find_entry (new, entry->call_id, entry->device_id) != NULL ||
        is_by (old, new, entry->device_id, TRUE))
      continue;
    if (!is_by (old, new, entry->device_id, FALSE))
      return; /* it has left; whoever was missing is so still */
    missed = g_new0 (Missed, 1);
    missed->user_id = g_strdup (user_id);
    missed->entry = g_ptr_array_steal_index (old, i);
    missed->since = now;
    g_ptr_array_add (self->all, missed);
  }
}

/* Out of the room. */
void
confab_sim_missed_forget (ConfabSimMissed *self, const char *user_id)
{
  for (guint i = self->all->len; i-- > 0;) {
    if (g_str_equal (((Missed *) self->all->pdata[i])->user_id, user_id))
      g_ptr_array_remove_index (self->all, i);
  }
}

/* Returns: (transfer none) (nullable): the one that it had, %NULL when it is not missing */
const char *
confab_sim_missed_get_session (ConfabSimMissed *self,
                               const char *user_id,
                               const char *call_id,
                               const char *device_id)
{
  const Missed *missed = find_missed (self, user_id, call_id, device_id);

  return missed != NULL ? missed->entry->session_id : NULL;
}

/* Returns: monotonic, µs; only for one that is missing */
gint64
confab_sim_missed_get_since (ConfabSimMissed *self,
                             const char *user_id,
                             const char *call_id,
                             const char *device_id)
{
  return find_missed (self, user_id, call_id, device_id)->since;
}

/* Returns: when the entry runs out that it had, ms since the epoch; only for one that is missing */
gint64
confab_sim_missed_get_expires_ts (ConfabSimMissed *self,
                                  const char *user_id,
                                  const char *call_id,
                                  const char *device_id)
{
  return find_missed (self, user_id, call_id, device_id)->entry->expires_ts;
}
