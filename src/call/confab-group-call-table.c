/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-group-call-private.h"

#include "confab-call-content.h"
#include "confab-call-rows.h"
#include "confab-log.h"

/* The table of ConfabGroupCall: what comes of each event, and the side effects. */

#define LEAVE_MS 2000
/* Whoever is first is heard of within a second, as a rule. */
#define MIN_DESERTED_MS 1000
#define MAX_DESERTED_MS 6000

typedef ConfabGroupCallEvent Event;

static const char *const event_names[CONFAB_GROUP_CALL_N_EVENTS] = {
  "created",   "create-failed", "join",     "ready",        "written",   "write-failed",
  "own-seen",  "own-lost",      "renew",    "renew-failed", "leave",     "left",
  "terminate", "yield",         "deserted", "terminated",   "room-lost",
};

#define PUSH(event) confab_group_call_push (self, CONFAB_GROUP_CALL_EVENT_##event, NULL)

void
confab_group_call_emit_failed (ConfabGroupCall *self, ConfabCallError code, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (CONFAB_CALL_ERROR, code, message);

  confab_call_emit_failed (CONFAB_CALL (self), error);
}

static void
emit_signalling_failed (ConfabGroupCall *self, const GError *error)
{
  gboolean forbidden = g_error_matches (error,
                                        CONFAB_SIGNALLING_ERROR,
                                        CONFAB_SIGNALLING_ERROR_FORBIDDEN);

  confab_group_call_emit_failed (self,
                                 forbidden ? CONFAB_CALL_ERROR_FORBIDDEN
                                           : CONFAB_CALL_ERROR_NETWORK,
                                 error->message);
}

/* What is sent answers to the call that sent it, as long as that is there. */

typedef struct {
  GWeakRef call;
} Ticket;

static Ticket *
new_ticket (ConfabGroupCall *self)
{
  Ticket *ticket = g_new0 (Ticket, 1);

  g_weak_ref_init (&ticket->call, self);
  return ticket;
}

static void
free_ticket (gpointer data)
{
  Ticket *ticket = data;

  g_weak_ref_clear (&ticket->call);
  g_free (ticket);
}

static void
created_cb (const GError *error, gpointer data)
{
  g_autoptr (ConfabGroupCall) self = g_weak_ref_get (&((Ticket *) data)->call);

  if (self != NULL)
    confab_group_call_push (self,
                            error == NULL ? CONFAB_GROUP_CALL_EVENT_CREATED
                                          : CONFAB_GROUP_CALL_EVENT_CREATE_FAILED,
                            error);
}

static void
terminated_cb (const GError *error, gpointer data)
{
  g_autoptr (ConfabGroupCall) self = g_weak_ref_get (&((Ticket *) data)->call);

  if (self == NULL)
    return;
  self->n_farewells--;
  if (error != NULL)
    emit_signalling_failed (self, error);
  else
    PUSH (TERMINATED);
  confab_group_call_check_left (self);
}

/* Nobody asked for it: a call that stays is no failure of leaving. */
static void
tidied_up_cb (const GError *error, gpointer data)
{
  g_autoptr (ConfabGroupCall) self = g_weak_ref_get (&((Ticket *) data)->call);

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

/* What the next connection to anybody is made with; those that are there keep what they have. */
void
confab_group_call_servers_cb (gpointer data)
{
  ConfabGroupCall *self = data;

  for (guint i = 0; i < confab_group_call_get_n_members (self); i++)
    confab_call_member_set_servers (confab_group_call_peek_member (self, i),
                                    confab_ice_keeper_peek (self->servers));
  if (self->state == CONFAB_CALL_STATE_PREPARING)
    PUSH (READY);
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
                                new_ticket (self),
                                free_ticket);
}

/* Hydrogen's condition: the last one of a call that is no room switches off the light. */
static gboolean
is_last (ConfabGroupCall *self)
{
  return self->intent != CONFAB_CALL_INTENT_ROOM && confab_group_call_get_n_members (self) == 0 &&
         confab_call_room_get_can_send_call (self->room);
}

/*
 * The call is ended after the own entry has gone, not at the same time: two state events at once fork the room's
 * history, and then Synapse tells those who sync from the beginning, with few events a room, only one of the two.
 */
static void
say_farewell (ConfabGroupCall *self)
{
  ConfabGroupCallFarewell farewell = self->farewell;

  self->farewell = CONFAB_GROUP_CALL_FAREWELL_NONE;
  if (farewell == CONFAB_GROUP_CALL_FAREWELL_TERMINATE)
    send_terminated (self, terminated_cb);
  else if (farewell == CONFAB_GROUP_CALL_FAREWELL_YIELD ||
           (farewell == CONFAB_GROUP_CALL_FAREWELL_LAST_ONE && is_last (self)))
    send_terminated (self, tidied_up_cb);
}

/* What becomes of the own entry. */
void
confab_group_call_own_cb (ConfabOwnMembershipEvent event, const GError *error, gpointer data)
{
  static const ConfabGroupCallEventId ids[] = {
    [CONFAB_OWN_MEMBERSHIP_WRITTEN] = CONFAB_GROUP_CALL_EVENT_WRITTEN,
    [CONFAB_OWN_MEMBERSHIP_WRITE_FAILED] = CONFAB_GROUP_CALL_EVENT_WRITE_FAILED,
    [CONFAB_OWN_MEMBERSHIP_RENEW_FAILED] = CONFAB_GROUP_CALL_EVENT_RENEW_FAILED,
    [CONFAB_OWN_MEMBERSHIP_RENEWAL_DUE] = CONFAB_GROUP_CALL_EVENT_RENEW,
    [CONFAB_OWN_MEMBERSHIP_SEEN] = CONFAB_GROUP_CALL_EVENT_OWN_SEEN,
    [CONFAB_OWN_MEMBERSHIP_LOST] = CONFAB_GROUP_CALL_EVENT_OWN_LOST,
  };
  ConfabGroupCall *self = data;

  if (event != CONFAB_OWN_MEMBERSHIP_WITHDRAWN) {
    confab_group_call_push (self, ids[event], error);
    return;
  }
  if (error != NULL)
    confab_call_info (self->id, "the own membership was not removed: %s", error->message);
  else
    confab_group_call_set_lingering (self, FALSE);
  self->withdrawn = TRUE;
  if (self->state != CONFAB_CALL_STATE_ENDED)
    say_farewell (self);
  confab_group_call_check_left (self);
}

static void
leave_cb (gpointer data)
{
  ConfabGroupCall *self = data;

  self->leave_timer = 0;
  PUSH (LEFT);
}

/* Side effects of the table's rows. */

static void
go_out (ConfabGroupCall *self)
{
  self->joined_at = 0;
  confab_own_membership_stop (self->own);
  confab_ice_keeper_stop (self->servers);
  confab_clock_clear (self->clock, &self->leave_timer);
  confab_group_call_release_media (self);
}

static void
prepare (ConfabGroupCall *self, const Event *event)
{
  self->abandoned = FALSE;
  self->was_in = FALSE;
  self->withdrawn = FALSE; /* the entry of the time before was */
  confab_clock_clear (self->clock, &self->desert_timer);
  confab_clock_clear (self->clock, &self->leave_timer);
  confab_own_membership_start (self->own);
  self->farewell = CONFAB_GROUP_CALL_FAREWELL_NONE;
  confab_group_call_set_lingering (self, FALSE);
  confab_group_call_note_own (self);
  confab_group_call_set_ringing (self, FALSE);
  confab_ice_keeper_start (self->servers);
}

static void
mark_created (ConfabGroupCall *self, const Event *event)
{
  self->created = TRUE;
  if (confab_ice_keeper_peek (self->servers) != NULL && self->state == CONFAB_CALL_STATE_PREPARING)
    PUSH (READY);
}

static void
drop_draft (ConfabGroupCall *self, const Event *event)
{
  go_out (self);
  emit_signalling_failed (self, event->error);
}

static void
write_membership (ConfabGroupCall *self, const Event *event)
{
  confab_own_membership_write (self->own);
}

static void
connect_members (ConfabGroupCall *self, const Event *event)
{
  const char *session_id = confab_own_membership_get_session_id (self->own);

  self->own_draft = FALSE;
  confab_own_membership_in_force (self->own);
  confab_group_call_note_own (self); /* it is no draft any more */
  for (guint i = 0; i < confab_group_call_get_n_members (self); i++)
    confab_call_member_join (confab_group_call_peek_member (self, i),
                             session_id,
                             self->media,
                             confab_ice_keeper_peek (self->servers));
  g_signal_emit_by_name (self, "listening");
}

static void
renewed (ConfabGroupCall *self, const Event *event)
{
  confab_own_membership_in_force (self->own);
}

static void
now_joined (ConfabGroupCall *self, const Event *event)
{
  self->joined_at = confab_clock_get_time (self->clock);
}

static void
join_failed (ConfabGroupCall *self, const Event *event)
{
  confab_call_room_forget_own (self->room, self->id);
  go_out (self);
  say_farewell (self);
  emit_signalling_failed (self, event->error);
}

static void
rewrite (ConfabGroupCall *self, const Event *event)
{
  confab_own_membership_rewrite (self->own);
}

static void
put_out (ConfabGroupCall *self, const Event *event)
{
  confab_call_room_forget_own (self->room, self->id);
  go_out (self);
  say_farewell (self);
  confab_group_call_emit_failed (self,
                                 CONFAB_CALL_ERROR_TAKEN_OUT,
                                 "another device or the server took this one out");
}

static void
renew (ConfabGroupCall *self, const Event *event)
{
  confab_own_membership_renew (self->own);
}

static void
renew_later (ConfabGroupCall *self, const Event *event)
{
  confab_own_membership_renew_later (self->own);
}

static void
leave (ConfabGroupCall *self, const Event *event)
{
  gboolean entered = confab_call_room_forget_own (self->room, self->id);

  go_out (self);
  if (self->farewell == CONFAB_GROUP_CALL_FAREWELL_NONE && entered && is_last (self))
    self->farewell = CONFAB_GROUP_CALL_FAREWELL_LAST_ONE;
  self->withdrawn = !entered;
  self->was_in = entered;
  self->leave_timer = confab_clock_add_timeout (self->clock,
                                                entered ? LEAVE_MS : 0,
                                                leave_cb,
                                                self);
  if (!entered) {
    say_farewell (self);
    return;
  }
  confab_group_call_set_lingering (self, TRUE);
  confab_own_membership_withdraw (self->own);
}

static void
leave_draft (ConfabGroupCall *self, const Event *event)
{
  leave (self, event);
  self->abandoned = !self->created;
  if (self->created)
    send_terminated (self, tidied_up_cb);
}

/* It is there now, and whoever made it has gone again. */
static void
tidy_up (ConfabGroupCall *self, const Event *event)
{
  self->created = TRUE;
  self->abandoned = FALSE;
  send_terminated (self, tidied_up_cb);
}

static void
left (ConfabGroupCall *self, const Event *event)
{
  confab_clock_clear (self->clock, &self->leave_timer);
  if (self->over)
    PUSH (TERMINATED);
}

static void
note_over (ConfabGroupCall *self, const Event *event)
{
  self->over = TRUE;
}

static void
terminate (ConfabGroupCall *self, const Event *event)
{
  self->farewell = CONFAB_GROUP_CALL_FAREWELL_TERMINATE;
  if (self->state == CONFAB_CALL_STATE_KNOWN)
    say_farewell (self);
  else
    PUSH (LEAVE);
}

/* Somebody had the same thought a moment earlier. */
static void
yield_to_older (ConfabGroupCall *self, const Event *event)
{
  gboolean active = confab_call_is_active (CONFAB_CALL (self));

  self->yielded = TRUE;
  self->farewell = CONFAB_GROUP_CALL_FAREWELL_YIELD;
  if (active)
    PUSH (LEAVE);
  else
    say_farewell (self);
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
    say_farewell (self);
}

/* Others may be in it whom this device's leaving would let talk on. */
static void
yield_leaving (ConfabGroupCall *self, const Event *event)
{
  self->yielded = TRUE;
  if (self->farewell != CONFAB_GROUP_CALL_FAREWELL_TERMINATE)
    part_with (self, CONFAB_GROUP_CALL_FAREWELL_YIELD);
}

/* Everybody who left saw somebody else in it still. */
static void
end_deserted (ConfabGroupCall *self, const Event *event)
{
  send_terminated (self, tidied_up_cb);
}

static void
terminate_leaving (ConfabGroupCall *self, const Event *event)
{
  part_with (self, CONFAB_GROUP_CALL_FAREWELL_TERMINATE);
}

static void
close_call (ConfabGroupCall *self)
{
  confab_group_call_set_ringing (self, FALSE);
  confab_clock_clear (self->clock, &self->desert_timer);
  go_out (self);
  for (guint i = confab_group_call_get_n_members (self); i-- > 0;)
    confab_call_member_remove (confab_group_call_peek_member (self, i));
}

static void
end_call (ConfabGroupCall *self, const Event *event)
{
  gboolean entered = confab_call_room_forget_own (self->room, self->id);

  confab_call_room_add_over (self->room, self->id);
  close_call (self);
  if (entered)
    confab_own_membership_withdraw (self->own);
}

/* Whoever comes back into the room may find the call still on. */
static void
lose_room (ConfabGroupCall *self, const Event *event)
{
  gboolean active = self->media != NULL; /* on the way in as well, before there is an entry */

  confab_call_room_forget_own (self->room, self->id);
  close_call (self);
  if (active)
    confab_group_call_emit_failed (self, CONFAB_CALL_ERROR_ROOM_LOST, "the room was left");
}

/* Guards. */

static gboolean
is_created (ConfabGroupCall *self)
{
  return self->created && confab_ice_keeper_peek (self->servers) != NULL;
}

static gboolean
is_draft (ConfabGroupCall *self)
{
  return !self->created;
}

/* Nobody has been in it: hydrogen's condition, before there was a call. */
static gboolean
is_last_of_draft (ConfabGroupCall *self)
{
  return self->own_draft && is_last (self);
}

/* This device was in it; that it is out is through with, and so is whatever else would end the call. */
static gboolean
may_be_deserted (ConfabGroupCall *self)
{
  return self->state == CONFAB_CALL_STATE_KNOWN && self->was_in && self->withdrawn &&
         self->n_farewells == 0 && is_last (self);
}

/* Nor is anybody on the way in. */
static gboolean
is_deserted (ConfabGroupCall *self)
{
  return may_be_deserted (self) && !confab_call_room_has_others (self->room, self->id);
}

static gboolean
is_abandoned (ConfabGroupCall *self)
{
  return self->abandoned;
}

static gboolean
is_first_write (ConfabGroupCall *self)
{
  return !confab_own_membership_is_in_force (self->own);
}

static gboolean
is_first_loss (ConfabGroupCall *self)
{
  return confab_own_membership_may_rewrite (self->own);
}

static gboolean
is_valid (ConfabGroupCall *self)
{
  return confab_own_membership_is_valid (self->own);
}

#define IN(s) (1u << CONFAB_CALL_STATE_##s)
#define ON(e) CONFAB_GROUP_CALL_EVENT_##e
#define TO(s) CONFAB_CALL_STATE_##s
#define STAY -1
#define ENTERED (IN (JOINING) | IN (JOINED))
#define ACTIVE (IN (PREPARING) | ENTERED)
#define OUTSIDE (IN (KNOWN) | IN (LOCAL_DRAFT) | IN (LEAVING))
#define ANY (IN (ENDED) - 1u)

/* protocol/mesh-calls.md section 10.1: the first row that matches wins; anything else is logged and ignored. */
static const struct {
  guint from;
  ConfabGroupCallEventId event;
  gboolean (*guard) (ConfabGroupCall *self);
  int to;
  void (*enter) (ConfabGroupCall *self, const Event *event);
} transitions[] = {
  { IN (LOCAL_DRAFT), ON (CREATED), NULL, TO (KNOWN), mark_created },
  { IN (LEAVING) | IN (KNOWN), ON (CREATED), is_abandoned, STAY, tidy_up },
  { ACTIVE | IN (LEAVING) | IN (KNOWN), ON (CREATED), NULL, STAY, mark_created },
  { ANY, ON (CREATE_FAILED), is_draft, TO (ENDED), drop_draft },
  { OUTSIDE, ON (JOIN), NULL, TO (PREPARING), prepare },
  { IN (PREPARING), ON (READY), is_created, TO (JOINING), write_membership },
  { IN (JOINING), ON (WRITE_FAILED), NULL, TO (KNOWN), join_failed },
  /* The entry is there all the same: it came in sync. */
  { IN (JOINED), ON (WRITE_FAILED), NULL, STAY, connect_members },
  { ENTERED, ON (WRITTEN), is_first_write, STAY, connect_members },
  { ENTERED, ON (WRITTEN), NULL, STAY, renewed },
  { IN (JOINING), ON (OWN_SEEN), NULL, TO (JOINED), now_joined },
  { ENTERED, ON (OWN_LOST), is_first_loss, STAY, rewrite },
  { ENTERED, ON (OWN_LOST), NULL, TO (KNOWN), put_out },
  { ENTERED, ON (RENEW), NULL, STAY, renew },
  { ENTERED, ON (RENEW_FAILED), is_valid, STAY, renew_later },
  { ENTERED, ON (RENEW_FAILED), NULL, TO (KNOWN), join_failed },
  { IN (PREPARING), ON (LEAVE), is_last_of_draft, TO (LEAVING), leave_draft },
  { ACTIVE, ON (LEAVE), NULL, TO (LEAVING), leave },
  { IN (LEAVING), ON (LEFT), NULL, TO (KNOWN), left },
  { IN (LEAVING), ON (TERMINATED), NULL, STAY, note_over },
  { ACTIVE | IN (KNOWN), ON (TERMINATE), NULL, STAY, terminate },
  { ACTIVE | IN (KNOWN), ON (YIELD), NULL, STAY, yield_to_older },
  { IN (KNOWN), ON (DESERTED), is_deserted, STAY, end_deserted },
  { IN (LEAVING), ON (TERMINATE), NULL, STAY, terminate_leaving },
  { IN (LEAVING), ON (YIELD), NULL, STAY, yield_leaving },
  { ANY, ON (TERMINATED), NULL, TO (ENDED), end_call },
  { ANY, ON (ROOM_LOST), NULL, TO (ENDED), lose_room },
};

#undef IN
#undef ON
#undef TO
#undef STAY
#undef ENTERED
#undef ACTIVE
#undef OUTSIDE
#undef ANY

static void
step (ConfabGroupCall *self, const Event *event)
{
  ConfabCallState from = self->state;

  for (guint i = 0; i < G_N_ELEMENTS (transitions); i++) {
    if (transitions[i].event != event->id || !(transitions[i].from & (1u << from)) ||
        (transitions[i].guard != NULL && !transitions[i].guard (self)))
      continue;
    confab_call_row_ran ("group-call", i, G_N_ELEMENTS (transitions));
    if (transitions[i].to >= 0)
      self->state = transitions[i].to;
    confab_call_debug (self->id,
                       "%s: %s -> %s",
                       event_names[event->id],
                       confab_enum_nick (CONFAB_TYPE_CALL_STATE, from),
                       confab_enum_nick (CONFAB_TYPE_CALL_STATE, self->state));
    transitions[i].enter (self, event);
    if (self->state != from)
      g_object_notify (G_OBJECT (self), "state");
    return;
  }
  confab_call_debug (self->id,
                     "%s: ignored in %s",
                     event_names[event->id],
                     confab_enum_nick (CONFAB_TYPE_CALL_STATE, from));
}

static void
run_events (ConfabGroupCall *self)
{
  Event *event;

  if (self->running)
    return;
  g_object_ref (self);
  self->running = TRUE;
  while ((event = g_queue_pop_head (&self->events)) != NULL) {
    step (self, event);
    confab_group_call_event_free (event);
  }
  self->running = FALSE;
  g_object_unref (self);
}

/* Events queue and run one at a time, as in ConfabPeerCall. */
void
confab_group_call_push (ConfabGroupCall *self, ConfabGroupCallEventId id, const GError *error)
{
  Event *event = g_new0 (Event, 1);

  event->id = id;
  event->error = error != NULL ? g_error_copy (error) : NULL;
  g_queue_push_tail (&self->events, event);
  run_events (self);
}

void
confab_group_call_event_free (gpointer data)
{
  Event *event = data;

  g_clear_error (&event->error);
  g_free (event);
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

/* Tells the homeserver of a draft: created or create-failed follows. */
void
confab_group_call_send_draft (ConfabGroupCall *self)
{
  confab_signalling_send_state (confab_call_room_get_signalling (self->room),
                                confab_call_room_get_id (self->room),
                                CONFAB_CALL_CONTENT_TYPE,
                                self->id,
                                self->content,
                                created_cb,
                                new_ticket (self),
                                free_ticket);
}
