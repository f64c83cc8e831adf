/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-group-call-private.h"

#include "confab-log.h"

/* When a group call asks for attention: protocol/mesh-calls.md section 9.7. */

#define RING_MS 60000
#define DECLINED_MS (10 * RING_MS) /* how long it is kept: clocks of devices differ */

static void
silence (ConfabGroupCall *self)
{
  self->silenced = TRUE;
  /* A draft may come to nothing, and is then to leave nothing behind. */
  if (self->created)
    confab_call_room_silence (self->room, self->id);
}

/* A date may lie in the future: it has rung for as long as it may all the same. */
static void
ring_cb (gpointer data)
{
  ConfabGroupCall *self = data;

  self->ring_timer = 0;
  silence (self);
  confab_group_call_set_ringing (self, FALSE);
}

static gboolean
is_own_user_in (ConfabGroupCall *self)
{
  g_autoptr (GPtrArray) own = NULL;

  own = confab_call_room_get_memberships (self->room, confab_call_room_get_user_id (self->room));
  for (guint i = 0; i < own->len; i++) {
    const ConfabCallMembership *entry = own->pdata[i];
    if (g_str_equal (entry->call_id, self->id) &&
        entry->expires_ts > confab_call_room_get_now (self->room))
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_somebody_else_in (ConfabGroupCall *self)
{
  const char *own = confab_call_room_get_user_id (self->room);

  for (guint i = 0; i < confab_group_call_get_n_members (self); i++) {
    ConfabCallMember *member = confab_group_call_peek_member (self, i);
    if (!g_str_equal (confab_call_member_get_user_id (member), own))
      return TRUE;
  }
  return FALSE;
}

static gboolean
should_ring (ConfabGroupCall *self)
{
  return self->intent == CONFAB_CALL_INTENT_RING && self->state == CONFAB_CALL_STATE_KNOWN &&
         !self->silenced && !confab_call_room_is_silent (self->room, self->id) &&
         is_somebody_else_in (self);
}

void
confab_group_call_set_ringing (ConfabGroupCall *self, gboolean ringing)
{
  if (self->ringing == ringing)
    return;
  self->ringing = ringing;
  if (!ringing)
    confab_clock_clear (self->clock, &self->ring_timer);
  confab_call_debug (self->id, "%s", ringing ? "rings" : "rings no more");
  g_object_notify (G_OBJECT (self), "ringing");
}

void
confab_group_call_decline (ConfabCall *call, ConfabDeclineScope scope)
{
  ConfabGroupCall *self = CONFAB_GROUP_CALL (call);

  silence (self);
  confab_group_call_set_ringing (self, FALSE);
  if (scope == CONFAB_DECLINE_EVERYWHERE)
    confab_call_room_decline (self->room, self->id, self->origin_server_ts + DECLINED_MS);
}

/**
 * confab_group_call_note_own:
 * @self: a call
 *
 * The own user's entries, or what this device does in the call, have changed. Whoever was in the call once has answered
 * it: it does not ring again when they leave.
 */
void
confab_group_call_note_own (ConfabGroupCall *self)
{
  if (confab_call_is_active (CONFAB_CALL (self)) || is_own_user_in (self))
    silence (self);
}

/**
 * confab_group_call_check_ringing:
 * @self: a call
 * @server_time: the server's clock in ms, 0 when not known
 *
 * A sync is through: only now is it known whether the call rings.
 */
void
confab_group_call_check_ringing (ConfabGroupCall *self, gint64 server_time)
{
  gint64 now_ms = server_time > 0 ? server_time : confab_call_room_get_now (self->room);
  gint64 age_ms = now_ms - self->origin_server_ts;

  if (!should_ring (self)) {
    confab_group_call_set_ringing (self, FALSE);
  } else if (!self->ringing && age_ms < RING_MS) {
    self->ring_timer = confab_clock_add_timeout (self->clock,
                                                 (guint) CLAMP (RING_MS - age_ms, 0, RING_MS),
                                                 ring_cb,
                                                 self);
    confab_group_call_set_ringing (self, TRUE);
  }
}
