/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-group-call-private.h"

#include "confab-call-content.h"
#include "confab-call-rows.h"
#include "confab-log.h"

/* The table of ConfabGroupCall: what comes of each event, and the side effects. */

typedef ConfabGroupCallEvent Event;

static const char *const event_names[CONFAB_GROUP_CALL_N_EVENTS] = {
  "created",  "create-failed", "join",  "ready",        "written",       "write-failed",
  "own-seen", "own-lost",      "renew", "renew-failed", "renew-refused", "leave",
  "left",     "terminate",     "yield", "deserted",     "terminated",    "room-lost",
};

#define PUSH(event) confab_group_call_push (self, CONFAB_GROUP_CALL_EVENT_##event, NULL)

void
confab_group_call_emit_failed (ConfabGroupCall *self, ConfabCallError code, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (CONFAB_CALL_ERROR, code, message);

  confab_call_emit_failed (CONFAB_CALL (self), error);
}

void
confab_group_call_emit_signalling_failed (ConfabGroupCall *self, const GError *error)
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

GWeakRef *
confab_group_call_weak_new (ConfabGroupCall *self)
{
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  g_weak_ref_init (weak, self);
  return weak;
}

void
confab_group_call_weak_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

static void
created_cb (const GError *error, gpointer data)
{
  g_autoptr (ConfabGroupCall) self = g_weak_ref_get (data);

  if (self != NULL)
    confab_group_call_push (self,
                            error == NULL ? CONFAB_GROUP_CALL_EVENT_CREATED
                                          : CONFAB_GROUP_CALL_EVENT_CREATE_FAILED,
                            error);
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

  if (event == CONFAB_OWN_MEMBERSHIP_RENEW_FAILED &&
      g_error_matches (error, CONFAB_SIGNALLING_ERROR, CONFAB_SIGNALLING_ERROR_FORBIDDEN)) {
    confab_group_call_push (self, CONFAB_GROUP_CALL_EVENT_RENEW_REFUSED, error);
    return;
  }
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
    confab_group_call_say_farewell (self);
  confab_group_call_check_left (self);
}

/* Side effects of the table's rows. */

static void
prepare (ConfabGroupCall *self, const Event *event)
{
  self->abandoned = FALSE;
  self->was_in = FALSE;
  self->withdrawn = FALSE; /* the entry of the time before was */
  confab_clock_clear (self->clock, &self->desert_timer);
  confab_clock_clear (self->clock, &self->leave_timer);
  confab_own_membership_start (self->own);
  /* What was to give way still is: that is looked at again with the next sync. */
  if (self->farewell == CONFAB_GROUP_CALL_FAREWELL_YIELD)
    self->yielded = FALSE;
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
  confab_group_call_go_out (self);
  confab_group_call_emit_signalling_failed (self, event->error);
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
  confab_group_call_go_out (self);
  confab_group_call_say_farewell (self);
  confab_group_call_emit_signalling_failed (self, event->error);
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
  confab_group_call_go_out (self);
  confab_group_call_say_farewell (self);
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
  return self->own_draft && confab_group_call_is_last (self);
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

/* The room does not have this device in the call any more, but somebody does. */
static gboolean
is_connected (ConfabGroupCall *self)
{
  for (guint i = 0; i < confab_group_call_get_n_members (self); i++) {
    if (confab_call_member_get_connected (confab_group_call_peek_member (self, i)))
      return TRUE;
  }
  return FALSE;
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
  { IN (LEAVING) | IN (KNOWN), ON (CREATED), is_abandoned, STAY, confab_group_call_tidy_up },
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
  /* The server is away, or has signed this device out: what goes from one to another goes on. */
  { ENTERED, ON (RENEW_FAILED), is_connected, STAY, renew_later },
  { ENTERED, ON (RENEW_FAILED), NULL, TO (KNOWN), join_failed },
  { ENTERED, ON (RENEW_REFUSED), is_valid, STAY, renew_later },
  { ENTERED, ON (RENEW_REFUSED), NULL, TO (KNOWN), join_failed },
  { IN (PREPARING), ON (LEAVE), is_last_of_draft, TO (LEAVING), confab_group_call_leave_draft },
  { ACTIVE, ON (LEAVE), NULL, TO (LEAVING), confab_group_call_start_leaving },
  { IN (LEAVING), ON (LEFT), NULL, TO (KNOWN), confab_group_call_finish_leaving },
  { IN (LEAVING), ON (TERMINATED), NULL, STAY, confab_group_call_note_over },
  { ACTIVE | IN (KNOWN), ON (TERMINATE), NULL, STAY, confab_group_call_end_for_all },
  { ACTIVE | IN (KNOWN), ON (YIELD), NULL, STAY, confab_group_call_yield_to_older },
  { IN (KNOWN),
    ON (DESERTED),
    confab_group_call_is_deserted,
    STAY,
    confab_group_call_end_deserted },
  { IN (LEAVING), ON (TERMINATE), NULL, STAY, confab_group_call_end_for_all_leaving },
  { IN (LEAVING), ON (YIELD), NULL, STAY, confab_group_call_yield_leaving },
  { ANY, ON (TERMINATED), NULL, TO (ENDED), confab_group_call_end_call },
  { ANY, ON (ROOM_LOST), NULL, TO (ENDED), confab_group_call_lose_room },
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
                                confab_group_call_weak_new (self),
                                confab_group_call_weak_free);
}
