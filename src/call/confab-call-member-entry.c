/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-call-member-private.h"

#include "confab-log.h"

/* The entry of ConfabCallMember in the room's state: how long it lives, whether it was overwritten, and whose session it is. */

#define MAX_TIMER_MS (24 * 60 * 60 * 1000)
#define EXPIRY_MARGIN_MS 10
/* Whoever is overwritten writes again within 10 s of hearing so, as a rule: confab-own-membership.c. */
#define MISSING_MS 15000

static void
expiry_cb (gpointer data)
{
  ConfabCallMember *self = data;

  self->expiry_timer = 0;
  if (!self->missing && confab_call_room_get_now (self->room) < self->expires_ts)
    confab_call_member_arm_expiry (self);
  else
    confab_call_member_push (self, CONFAB_CALL_MEMBER_EVENT_EXPIRED, NULL);
}

/* An entry may live for longer than a timer can. */
void
confab_call_member_arm_expiry (ConfabCallMember *self)
{
  gint64 left_ms = self->expires_ts - confab_call_room_get_now (self->room);

  self->expired = FALSE;
  confab_clock_clear (self->clock, &self->expiry_timer);
  self->expiry_timer = confab_clock_add_timeout (
    self->clock, (guint) CLAMP (left_ms, 0, MAX_TIMER_MS) + EXPIRY_MARGIN_MS, expiry_cb, self);
}

/**
 * confab_call_member_update:
 * @self: a member
 * @entry: its membership as it stands now
 *
 * The member event was written anew: a longer life, which is a sign of life and may be that of one who has left and joined
 * again, or another session, which ends the old one's call without a word (section 9.4).
 */
void
confab_call_member_update (ConfabCallMember *self, const ConfabCallMembership *entry)
{
  gboolean same = g_str_equal (self->session_id, entry->session_id);
  gboolean refreshed = same && entry->expires_ts > self->expires_ts;

  self->active_foci = entry->active_foci;
  if (self->missing || self->expires_ts != entry->expires_ts || !same) {
    self->missing = FALSE;
    self->expires_ts = entry->expires_ts;
    confab_call_member_arm_expiry (self);
  }
  if (refreshed) {
    self->refreshed_at = confab_clock_get_time (self->clock);
    confab_liveness_check (self->liveness);
    confab_call_member_push (self, CONFAB_CALL_MEMBER_EVENT_REFRESHED, NULL);
  }
  if (same)
    return;
  self->refreshed_at = 0;
  g_free (self->old_sessions[self->n_old_sessions]);
  self->old_sessions[self->n_old_sessions] = g_steal_pointer (&self->session_id);
  self->n_old_sessions = (self->n_old_sessions + 1) % CONFAB_CALL_MEMBER_N_SESSIONS;
  self->session_id = g_strdup (entry->session_id);
  confab_call_member_push (self, CONFAB_CALL_MEMBER_EVENT_NEW_SESSION, NULL);
}

/**
 * confab_call_member_miss:
 * @self: a member
 *
 * Another device of its user has written the member event without its entry. It sees that, and writes its own again; what
 * there is with it goes on meanwhile, and as long as there is a connection. One that has hung up has gone.
 */
void
confab_call_member_miss (ConfabCallMember *self)
{
  if (self->hung_up) {
    confab_call_member_remove (self);
    return;
  }
  if (self->missing || self->expired)
    return;
  confab_call_debug (self->conf_id, "%s/%s: overwritten", self->user_id, self->device_id);
  self->missing = TRUE;
  confab_clock_clear (self->clock, &self->expiry_timer);
  self->expiry_timer = confab_clock_add_timeout (self->clock, MISSING_MS, expiry_cb, self);
}

/**
 * confab_call_member_get_session_id:
 * @self: a member
 *
 * Returns: (transfer none): the session in its membership; it changes when the device lost its state
 */
const char *
confab_call_member_get_session_id (ConfabCallMember *self)
{
  return self->session_id;
}

/**
 * confab_call_member_get_active_foci:
 * @self: a member
 *
 * Returns: whether it says that it uses an SFU: such a call is no mesh (section 7.2)
 */
gboolean
confab_call_member_get_active_foci (ConfabCallMember *self)
{
  return self->active_foci;
}

/**
 * confab_call_member_get_missed_ts:
 * @self: a member
 *
 * Returns: when its entry runs out, ms since the epoch, if another device of its user has written the member event without it,
 *   see confab_call_member_miss(); or 0
 */
gint64
confab_call_member_get_missed_ts (ConfabCallMember *self)
{
  return self->missing ? self->expires_ts : 0;
}

/**
 * confab_call_member_get_expired:
 * @self: a member
 *
 * Returns: whether its entry has run out, or stays missing, and only the connection keeps or kept it here
 */
gboolean
confab_call_member_get_expired (ConfabCallMember *self)
{
  return self->expired;
}
