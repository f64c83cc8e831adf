/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-group-call-private.h"

#include "confab-call-content.h"
#include "confab-log.h"

/* The way out of a ConfabGroupCall: how this device leaves it, and who ends it for everybody. */

#define LEAVE_MS 2000
/* Whoever is first is heard of within a second, as a rule. */
#define MIN_DESERTED_MS 1000
#define MAX_DESERTED_MS 6000

typedef ConfabGroupCallEvent Event;

#define PUSH(event) confab_group_call_push (self, CONFAB_GROUP_CALL_EVENT_##event, NULL)

static void
terminated_cb (const GError *error, gpointer data)
{
  g_autoptr (ConfabGroupCall) self = g_weak_ref_get (data);

  if (self == NULL)
    return;
  self->n_farewells--;
  if (error != NULL)
    confab_group_call_emit_signalling_failed (self, error);
  else
    PUSH (TERMINATED);
  confab_group_call_check_left (self);
}

/* Nobody asked for it: a call that stays is no failure of leaving. */
static void
tidied_up_cb (const GError *error, gpointer data)
{
  g_autoptr (ConfabGroupCall) self = g_weak_ref_get (data);

  if (self == NULL)
    return;
  self->n_farewells--;
  if (error != NULL)
    confab_call_info (self->id, "the call was not terminated: %s", error->message);
  else
    PUSH (TERMINATED);
  /* One that has to give way, or that is empty, is looked at again with the next sync. */
  if (g_error_matches (error, CONFAB_SIGNALLING_ERROR, CONFAB_SIGNALLING_ERROR_NETWORK))
    self->yielded = FALSE;
  else
    self->was_in = FALSE;
  confab_group_call_check_left (self);
}

static gboolean
all_sent (ConfabGroupCall *self)
{
  for (guint i = 0; i < confab_group_call_get_n_members (self); i++) {
    if (confab_call_member_get_n_unsent (confab_group_call_peek_member (self, i)) > 0)
      return FALSE;
  }
  return self->departed->len == 0;
}

void
confab_group_call_check_left (ConfabGroupCall *self)
{
  /* Whoever leaves to end the process would cut off what ends the call for everybody. */
  if (self->state == CONFAB_CALL_STATE_LEAVING && self->withdrawn && self->n_farewells == 0 &&
      self->farewell == CONFAB_GROUP_CALL_FAREWELL_NONE && all_sent (self))
    PUSH (LEFT);
}

void
confab_group_call_set_lingering (ConfabGroupCall *self, gboolean lingering)
{
  if (self->lingering == lingering)
    return;
  self->lingering = lingering;
  g_object_notify (G_OBJECT (self), "lingering");
}

static void
send_terminated (ConfabGroupCall *self, ConfabSignallingDone done)
{
  g_autoptr (JsonObject) content = confab_call_content_terminate (self->content);

  self->n_farewells++;
  confab_signalling_send_state (confab_call_room_get_signalling (self->room),
                                confab_call_room_get_id (self->room),
                                CONFAB_CALL_CONTENT_TYPE,
                                self->id,
                                content,
                                done,
                                confab_group_call_weak_new (self),
                                confab_group_call_weak_free);
}

/* Hydrogen's condition: the last one of a call that is no room switches off the light. */
gboolean
confab_group_call_is_last (ConfabGroupCall *self)
{
  return self->intent != CONFAB_CALL_INTENT_ROOM && confab_group_call_get_n_members (self) == 0 &&
         confab_call_room_get_can_send_call (self->room);
}

/*
 * The call is ended after the own entry has gone, not at the same time: two state events at once fork the room's
 * history, and then Synapse tells those who sync from the beginning, with few events a room, only one of the two.
 */
void
confab_group_call_say_farewell (ConfabGroupCall *self)
{
  ConfabGroupCallFarewell farewell = self->farewell;

  self->farewell = CONFAB_GROUP_CALL_FAREWELL_NONE;
  if (farewell == CONFAB_GROUP_CALL_FAREWELL_TERMINATE)
    send_terminated (self, terminated_cb);
  else if (farewell == CONFAB_GROUP_CALL_FAREWELL_YIELD ||
           (farewell == CONFAB_GROUP_CALL_FAREWELL_LAST_ONE && confab_group_call_is_last (self)))
    send_terminated (self, tidied_up_cb);
}

static void
leave_cb (gpointer data)
{
  ConfabGroupCall *self = data;

  self->leave_timer = 0;
  PUSH (LEFT);
}

void
confab_group_call_go_out (ConfabGroupCall *self)
{
  self->joined_at = 0;
  confab_own_membership_stop (self->own);
  confab_ice_keeper_stop (self->servers);
  confab_clock_clear (self->clock, &self->leave_timer);
  confab_group_call_release_media (self);
}

void
confab_group_call_start_leaving (ConfabGroupCall *self, const Event *event)
{
  gboolean entered = confab_call_room_forget_own (self->room, self->id);

  confab_group_call_go_out (self);
  if (self->farewell == CONFAB_GROUP_CALL_FAREWELL_NONE && entered &&
      confab_group_call_is_last (self))
    self->farewell = CONFAB_GROUP_CALL_FAREWELL_LAST_ONE;
  self->withdrawn = !entered;
  self->was_in = entered;
  self->leave_timer = confab_clock_add_timeout (self->clock,
                                                entered ? LEAVE_MS : 0,
                                                leave_cb,
                                                self);
  if (!entered) {
    confab_group_call_say_farewell (self);
    return;
  }
  confab_group_call_set_lingering (self, TRUE);
  confab_own_membership_withdraw (self->own);
}

void
confab_group_call_leave_draft (ConfabGroupCall *self, const Event *event)
{
  confab_group_call_start_leaving (self, event);
  self->abandoned = !self->created;
  if (self->created)
    send_terminated (self, tidied_up_cb);
}

/* It is there now, and whoever made it has gone again. */
void
confab_group_call_tidy_up (ConfabGroupCall *self, const Event *event)
{
  self->created = TRUE;
  self->abandoned = FALSE;
  send_terminated (self, tidied_up_cb);
}

void
confab_group_call_finish_leaving (ConfabGroupCall *self, const Event *event)
{
  confab_clock_clear (self->clock, &self->leave_timer);
  if (self->over)
    PUSH (TERMINATED);
}

void
confab_group_call_note_over (ConfabGroupCall *self, const Event *event)
{
  self->over = TRUE;
}

void
confab_group_call_end_for_all (ConfabGroupCall *self, const Event *event)
{
  self->farewell = CONFAB_GROUP_CALL_FAREWELL_TERMINATE;
  if (self->state == CONFAB_CALL_STATE_KNOWN)
    confab_group_call_say_farewell (self);
  else
    PUSH (LEAVE);
}

/* Somebody had the same thought a moment earlier. */
void
confab_group_call_yield_to_older (ConfabGroupCall *self, const Event *event)
{
  gboolean active = confab_call_is_active (CONFAB_CALL (self));

  self->yielded = TRUE;
  self->farewell = CONFAB_GROUP_CALL_FAREWELL_YIELD;
  if (active)
    PUSH (LEAVE);
  else
    confab_group_call_say_farewell (self);
  if (active)
    confab_group_call_emit_failed (self,
                                   CONFAB_CALL_ERROR_ENDED,
                                   "somebody else has begun a call at the same time");
}

/* After the own entry has gone, as ever. */
static void
part_with (ConfabGroupCall *self, ConfabGroupCallFarewell farewell)
{
  self->farewell = farewell;
  if (self->withdrawn)
    confab_group_call_say_farewell (self);
}

/* Others may be in it whom this device's leaving would let talk on. */
void
confab_group_call_yield_leaving (ConfabGroupCall *self, const Event *event)
{
  self->yielded = TRUE;
  if (self->farewell != CONFAB_GROUP_CALL_FAREWELL_TERMINATE)
    part_with (self, CONFAB_GROUP_CALL_FAREWELL_YIELD);
}

void
confab_group_call_end_for_all_leaving (ConfabGroupCall *self, const Event *event)
{
  part_with (self, CONFAB_GROUP_CALL_FAREWELL_TERMINATE);
}

static void
close_call (ConfabGroupCall *self)
{
  confab_group_call_set_ringing (self, FALSE);
  confab_clock_clear (self->clock, &self->desert_timer);
  confab_group_call_go_out (self);
  for (guint i = confab_group_call_get_n_members (self); i-- > 0;)
    confab_call_member_remove (confab_group_call_peek_member (self, i));
}

void
confab_group_call_end_call (ConfabGroupCall *self, const Event *event)
{
  gboolean entered = confab_call_room_forget_own (self->room, self->id);

  confab_call_room_add_over (self->room, self->id);
  close_call (self);
  if (entered)
    confab_own_membership_withdraw (self->own);
}

/* Whoever comes back into the room may find the call still on. */
void
confab_group_call_lose_room (ConfabGroupCall *self, const Event *event)
{
  gboolean active = self->media != NULL; /* on the way in as well, before there is an entry */

  confab_call_room_forget_own (self->room, self->id);
  close_call (self);
  if (active)
    confab_group_call_emit_failed (self, CONFAB_CALL_ERROR_ROOM_LOST, "the room was left");
}

/* This device was in it; that it is out is through with, and so is whatever else would end the call. */
static gboolean
may_be_deserted (ConfabGroupCall *self)
{
  return self->state == CONFAB_CALL_STATE_KNOWN && self->was_in && self->withdrawn &&
         self->n_farewells == 0 && confab_group_call_is_last (self);
}

/* Nor is anybody on the way in. */
gboolean
confab_group_call_is_deserted (ConfabGroupCall *self)
{
  return may_be_deserted (self) && !confab_call_room_has_others (self->room, self->id);
}

/* Everybody who left saw somebody else in it still. */
void
confab_group_call_end_deserted (ConfabGroupCall *self, const Event *event)
{
  send_terminated (self, tidied_up_cb);
}

static void
desert_cb (gpointer data)
{
  ConfabGroupCall *self = data;

  self->desert_timer = 0;
  PUSH (DESERTED);
}

/**
 * confab_group_call_check_deserted:
 * @self: a call
 *
 * A sync is through: when this device has left the call, and nobody is in it any more, it is ended, unless somebody else is
 * quicker.
 */
void
confab_group_call_check_deserted (ConfabGroupCall *self)
{
  if (self->desert_timer == 0 && may_be_deserted (self))
    self->desert_timer = confab_clock_add_timeout (self->clock,
                                                   (guint) g_random_int_range (MIN_DESERTED_MS,
                                                                               MAX_DESERTED_MS + 1),
                                                   desert_cb,
                                                   self);
}
