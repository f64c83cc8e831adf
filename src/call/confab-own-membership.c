/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-own-membership.h"

#include "confab-log.h"
#include "confab-random-id.h"

#define RENEW_MS (45 * 60 * 1000)
#define RENEW_JITTER_MS (2 * 60 * 1000)
#define RENEW_RETRY_MS 30000
#define LAST_RETRY_MS 5000 /* before the entry runs out */
/* A copy of the entry that another device has written back may be older by this: renewals leave more than that. */
#define SET_BACK_MS (5 * 60 * 1000)
/* With so little to live by the wall clock the renewal is late: an entry has an hour, and 47 min are the most that it waits. */
#define LATE_MS (10 * 60 * 1000)
#define REWRITE_WINDOW_US (60 * G_USEC_PER_SEC)
#define MAX_REWRITES 8 /* within that */
#define EAGER_REWRITES 3
/* Devices that answer each other at once go on doing so: the later ones wait, each for another while. The more of them
 * there are, and the slower the server is, the longer it has to be: it doubles, twice at most. */
#define MIN_REWRITE_MS 500
#define MAX_REWRITE_MS 2500
#define MAX_DOUBLINGS 2

struct _ConfabOwnMembership {
  grefcount ref_count; /* the call, and each write on its way */
  ConfabCallRoom *room;
  ConfabClock *clock;
  char *call_id;
  ConfabOwnMembershipFunc func; /* NULL once the call is gone */
  gpointer data;
  char *session_id;
  guint generation;    /* of join and leave: what belongs to an earlier one is stale */
  gint64 expires_ts;   /* of the entry that the server has: ms since the epoch */
  gint64 writing_ts;   /* of the one that was sent last */
  gint64 rewritten_at; /* monotonic, µs: the first of @n_rewritten */
  guint n_rewritten;   /* within the last minute */
  guint n_writing;     /* entries of this generation that are on their way */
  gboolean sharing;
  gboolean written_sharing; /* as the entry that was sent last has it */
  gboolean in_force;
  gboolean overdue; /* it could not be renewed the last time */
  gboolean seen;    /* in the last sync that had the event */
  guint renew_timer;
  guint rewrite_timer;
  guint reaffirm_timer;
};

typedef struct {
  ConfabOwnMembership *own;
  guint generation;
  gboolean is_entry;
  ConfabOwnMembershipEvent success;
  ConfabOwnMembershipEvent failure;
} Write;

static void
unref_own (ConfabOwnMembership *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  g_free (self->call_id);
  g_free (self->session_id);
  g_free (self);
}

static void
free_write (gpointer data)
{
  Write *write = data;

  unref_own (write->own);
  g_free (write);
}

static void update_feeds (ConfabOwnMembership *self);

static void
written_cb (const GError *error, gpointer data)
{
  Write *write = data;
  ConfabOwnMembership *self = write->own;

  if (self->func == NULL || self->generation != write->generation)
    return;
  self->n_writing -= write->is_entry;
  self->func (error == NULL ? write->success : write->failure, error, self->data);
  /* A renewal that failed is soon tried again; a first write that failed may be there all the same, and is not. */
  if (self->func != NULL && (error == NULL || write->failure == CONFAB_OWN_MEMBERSHIP_WRITE_FAILED))
    update_feeds (self);
}

static void
send (ConfabOwnMembership *self,
      gboolean is_entry,
      ConfabOwnMembershipEvent success,
      ConfabOwnMembershipEvent failure)
{
  Write *write = g_new0 (Write, 1);

  g_ref_count_inc (&self->ref_count);
  write->own = self;
  write->generation = self->generation;
  write->is_entry = is_entry;
  self->n_writing += is_entry;
  write->success = success;
  write->failure = failure;
  confab_call_room_write (self->room, written_cb, write, free_write);
}

static void
send_entry (ConfabOwnMembership *self, ConfabOwnMembershipEvent failure)
{
  self->writing_ts = confab_call_room_get_now (self->room) + CONFAB_CALL_MEMBERSHIP_LIFETIME_MS;
  self->written_sharing = self->sharing;
  confab_call_room_set_own (
    self->room, self->call_id, self->session_id, self->writing_ts, self->sharing);
  send (self, TRUE, CONFAB_OWN_MEMBERSHIP_WRITTEN, failure);
}

/* One after the other, so that what changes back meanwhile is not written at all. */
static void
update_feeds (ConfabOwnMembership *self)
{
  if (self->in_force && self->n_writing == 0 && self->sharing != self->written_sharing)
    send_entry (self, CONFAB_OWN_MEMBERSHIP_RENEW_FAILED);
}

static void
renew_cb (gpointer data)
{
  ConfabOwnMembership *self = data;

  self->renew_timer = 0;
  self->func (CONFAB_OWN_MEMBERSHIP_RENEWAL_DUE, NULL, self->data);
}

static void
arm_renewal (ConfabOwnMembership *self, guint delay_ms)
{
  confab_clock_clear (self->clock, &self->renew_timer);
  self->renew_timer = confab_clock_add_timeout (self->clock, delay_ms, renew_cb, self);
}

static gboolean
is_window_over (ConfabOwnMembership *self)
{
  return confab_clock_get_time (self->clock) - self->rewritten_at > REWRITE_WINDOW_US;
}

/**
 * confab_own_membership_new:
 * @room: the call's room
 * @call_id: the call
 * @func: hears what became of the entry; never from within a function of this class, save
 *   confab_own_membership_check()
 * @data: for @func
 *
 * Returns: (transfer full): no entry yet
 */
ConfabOwnMembership *
confab_own_membership_new (ConfabCallRoom *room,
                           const char *call_id,
                           ConfabOwnMembershipFunc func,
                           gpointer data)
{
  ConfabOwnMembership *self = g_new0 (ConfabOwnMembership, 1);

  g_ref_count_init (&self->ref_count);
  self->room = g_object_ref (room);
  self->clock = g_object_ref (confab_call_room_get_clock (room));
  self->call_id = g_strdup (call_id);
  self->func = func;
  self->data = data;
  return self;
}

/* Writes that are on their way stay so, and nobody hears of them. */
void
confab_own_membership_free (ConfabOwnMembership *self)
{
  confab_own_membership_stop (self);
  self->func = NULL;
  g_clear_object (&self->room); /* it holds the signalling, which holds the writes */
  g_clear_object (&self->clock);
  unref_own (self);
}

/**
 * confab_own_membership_start:
 * @self: an own membership
 *
 * This device wants in: from here on there is a new session.
 */
void
confab_own_membership_start (ConfabOwnMembership *self)
{
  confab_own_membership_stop (self);
  g_free (self->session_id);
  self->session_id = confab_random_id (16);
  self->n_rewritten = 0;
}

/**
 * confab_own_membership_write:
 * @self: an own membership, started
 *
 * Writes the first entry of the session.
 */
void
confab_own_membership_write (ConfabOwnMembership *self)
{
  send_entry (self, CONFAB_OWN_MEMBERSHIP_WRITE_FAILED);
}

/**
 * confab_own_membership_set_sharing:
 * @self: an own membership
 * @sharing: whether this device shares its screen
 *
 * From now on the entry's `feeds` say so. One that the homeserver has is written again.
 */
void
confab_own_membership_set_sharing (ConfabOwnMembership *self, gboolean sharing)
{
  self->sharing = sharing;
  update_feeds (self);
}

/**
 * confab_own_membership_renew:
 * @self: an own membership in force
 *
 * Writes the entry again, with an hour to live.
 */
void
confab_own_membership_renew (ConfabOwnMembership *self)
{
  send_entry (self, CONFAB_OWN_MEMBERSHIP_RENEW_FAILED);
}

/**
 * confab_own_membership_in_force:
 * @self: an own membership
 *
 * The homeserver has what was sent last: the next renewal is in 43 to 47 min.
 */
void
confab_own_membership_in_force (ConfabOwnMembership *self)
{
  self->in_force = TRUE;
  self->overdue = FALSE;
  self->expires_ts = self->writing_ts;
  arm_renewal (self, RENEW_MS + g_random_int_range (-RENEW_JITTER_MS, RENEW_JITTER_MS + 1));
}

/**
 * confab_own_membership_renew_later:
 * @self: an own membership in force whose renewal failed
 *
 * The next attempt is in 30 s, but for the last two while the entry is valid: one is shortly before it runs out, and one
 * just then.
 */
void
confab_own_membership_renew_later (ConfabOwnMembership *self)
{
  gint64 left_ms = self->expires_ts - confab_call_room_get_now (self->room);
  gint64 until_last_ms = left_ms > LAST_RETRY_MS ? left_ms - LAST_RETRY_MS : left_ms;

  self->overdue = TRUE;
  arm_renewal (self, left_ms > 0 ? (guint) MIN (until_last_ms, RENEW_RETRY_MS) : RENEW_RETRY_MS);
}

static ConfabCallMembership *
dup_entry (ConfabOwnMembership *self)
{
  g_autoptr (GPtrArray) entries = NULL;

  entries = confab_call_room_get_memberships (self->room,
                                              confab_call_room_get_user_id (self->room));
  for (guint i = 0; i < entries->len; i++) {
    const ConfabCallMembership *entry = entries->pdata[i];
    if (g_str_equal (entry->call_id, self->call_id) &&
        g_str_equal (entry->device_id, confab_call_room_get_device_id (self->room)) &&
        g_strcmp0 (entry->session_id, self->session_id) == 0)
      return g_ptr_array_steal_index (entries, i);
  }
  return NULL;
}

/**
 * confab_own_membership_is_listed:
 * @self: an own membership
 *
 * Returns: whether the session's entry is in the member event as synced
 */
gboolean
confab_own_membership_is_listed (ConfabOwnMembership *self)
{
  g_autoptr (ConfabCallMembership) entry = dup_entry (self);

  return entry != NULL;
}

static void
count_rewrite (ConfabOwnMembership *self)
{
  if (self->n_rewritten == 0 || is_window_over (self)) {
    self->n_rewritten = 0;
    self->rewritten_at = confab_clock_get_time (self->clock);
  }
  self->n_rewritten++;
}

static void
rewrite_cb (gpointer data)
{
  ConfabOwnMembership *self = data;
  g_autoptr (ConfabCallMembership) entry = dup_entry (self);

  self->rewrite_timer = 0;
  if (entry == NULL)
    send_entry (self, CONFAB_OWN_MEMBERSHIP_RENEW_FAILED);
}

/**
 * confab_own_membership_rewrite:
 * @self: an own membership that was lost
 *
 * Writes the entry again; see confab_own_membership_may_rewrite().
 */
void
confab_own_membership_rewrite (ConfabOwnMembership *self)
{
  if (self->rewrite_timer != 0)
    return; /* that one knows what has come meanwhile */
  count_rewrite (self);
  if (self->n_rewritten <= EAGER_REWRITES)
    send_entry (self, CONFAB_OWN_MEMBERSHIP_RENEW_FAILED);
  else
    self->rewrite_timer = confab_clock_add_timeout (
      self->clock,
      (guint) g_random_int_range (
        MIN_REWRITE_MS,
        (MAX_REWRITE_MS << MIN (self->n_rewritten - EAGER_REWRITES - 1, MAX_DOUBLINGS)) + 1),
      rewrite_cb,
      self);
}

static void
reaffirm_cb (gpointer data)
{
  ConfabOwnMembership *self = data;

  self->reaffirm_timer = 0;
  send_entry (self, CONFAB_OWN_MEMBERSHIP_RENEW_FAILED);
}

/**
 * confab_own_membership_reaffirm:
 * @self: an own membership in force
 *
 * Others may have lost sight of the entry, which the homeserver has: it is written again, not at once, since they do the
 * same, and not for ever.
 */
void
confab_own_membership_reaffirm (ConfabOwnMembership *self)
{
  if (self->reaffirm_timer != 0 || !confab_own_membership_may_rewrite (self))
    return;
  count_rewrite (self);
  self->reaffirm_timer = confab_clock_add_timeout (self->clock,
                                                   (guint) g_random_int_range (MIN_REWRITE_MS,
                                                                               MAX_REWRITE_MS + 1),
                                                   reaffirm_cb,
                                                   self);
}

/**
 * confab_own_membership_check:
 * @self: an own membership
 *
 * Looks at the own member event as the last sync left it, so that what left and came back within it counts as there:
 * %CONFAB_OWN_MEMBERSHIP_SEEN when the session's entry came for the first time, %CONFAB_OWN_MEMBERSHIP_LOST when it
 * is not there although the homeserver took it, and %CONFAB_OWN_MEMBERSHIP_RENEWAL_DUE when it was set back: another
 * device of the user has written the event as it had been before the last renewal, or before a screen was shared or was
 * no more. One that is a little older is let be: to write because of it would set the others back in turn.
 */
void
confab_own_membership_check (ConfabOwnMembership *self)
{
  g_autoptr (ConfabCallMembership) entry = dup_entry (self);
  gboolean there = entry != NULL;
  gboolean set_back = there && self->in_force &&
                      (entry->expires_ts < self->expires_ts - SET_BACK_MS ||
                       (self->n_writing == 0 && entry->shares_screen != self->written_sharing));

  if (there && !self->seen) {
    self->seen = TRUE;
    self->func (CONFAB_OWN_MEMBERSHIP_SEEN, NULL, self->data);
  } else if (!there && (self->in_force || self->seen)) { /* seen before the server has answered */
    self->seen = FALSE;
    self->func (CONFAB_OWN_MEMBERSHIP_LOST, NULL, self->data);
  }
  if (set_back)
    self->func (CONFAB_OWN_MEMBERSHIP_RENEWAL_DUE, NULL, self->data);
}

/**
 * confab_own_membership_check_age:
 * @self: an own membership
 *
 * Timers stand still while the machine sleeps, and entries run out: %CONFAB_OWN_MEMBERSHIP_RENEWAL_DUE when the one in
 * force is about to, or has. At the end of each sync, which is the first that is heard after a sleep that nobody announced.
 */
void
confab_own_membership_check_age (ConfabOwnMembership *self)
{
  if (self->in_force && !self->overdue && self->n_writing == 0 &&
      self->expires_ts - confab_call_room_get_now (self->room) < LATE_MS)
    self->func (CONFAB_OWN_MEMBERSHIP_RENEWAL_DUE, NULL, self->data);
}

/**
 * confab_own_membership_stop:
 * @self: an own membership
 *
 * This device is out: nothing is renewed, and what is still on its way is not heard of.
 */
void
confab_own_membership_stop (ConfabOwnMembership *self)
{
  self->generation++;
  self->n_writing = 0;
  self->in_force = FALSE;
  self->overdue = FALSE;
  self->seen = FALSE;
  confab_clock_clear (self->clock, &self->renew_timer);
  confab_clock_clear (self->clock, &self->rewrite_timer);
  confab_clock_clear (self->clock, &self->reaffirm_timer);
}

/**
 * confab_own_membership_withdraw:
 * @self: an own membership, stopped, that the room was told to forget
 *
 * Writes the member event without the entry.
 */
void
confab_own_membership_withdraw (ConfabOwnMembership *self)
{
  send (self, FALSE, CONFAB_OWN_MEMBERSHIP_WITHDRAWN, CONFAB_OWN_MEMBERSHIP_WITHDRAWN);
}

/**
 * confab_own_membership_get_session_id:
 * @self: an own membership
 *
 * Returns: (transfer none) (nullable): the session that was started last
 */
const char *
confab_own_membership_get_session_id (ConfabOwnMembership *self)
{
  return self->session_id;
}

/**
 * confab_own_membership_is_in_force:
 * @self: an own membership
 *
 * Returns: whether the homeserver took an entry of this session
 */
gboolean
confab_own_membership_is_in_force (ConfabOwnMembership *self)
{
  return self->in_force;
}

/**
 * confab_own_membership_is_overdue:
 * @self: an own membership
 *
 * Returns: whether it could not be renewed when it was due
 */
gboolean
confab_own_membership_is_overdue (ConfabOwnMembership *self)
{
  return self->overdue;
}

/**
 * confab_own_membership_is_valid:
 * @self: an own membership in force
 *
 * Returns: whether the entry that the homeserver has is not expired yet
 */
gboolean
confab_own_membership_is_valid (ConfabOwnMembership *self)
{
  return confab_call_room_get_now (self->room) < self->expires_ts;
}

/**
 * confab_own_membership_may_rewrite:
 * @self: an own membership that was lost
 *
 * The sheet (section 10.1) has one rewrite. That is too few where two devices of one user join at the same time: each
 * writes the event as it knows it, and they take each other out more than once before both have seen both. Who is
 * taken out nine times in a minute is meant to be out.
 *
 * Returns: whether it is to be written again
 */
gboolean
confab_own_membership_may_rewrite (ConfabOwnMembership *self)
{
  return self->rewrite_timer != 0 || self->n_rewritten < MAX_REWRITES || is_window_over (self);
}
