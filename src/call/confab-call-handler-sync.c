/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-call-handler-private.h"

#include "confab-call-content.h"
#include "confab-call-event.h"
#include "confab-declined-calls.h"
#include "confab-log.h"

/* What a sync brings of rooms, and what comes of it once all of it is there. */

#define MAX_CALLS_PER_ROOM 50

/* Calls that nobody is in and nobody ended pile up: the oldest of them makes room for one that is on. */
static gboolean
forget_deserted (ConfabCallHandler *self, const char *room_id)
{
  ConfabGroupCall *oldest = NULL;

  for (guint i = 0; i < confab_call_handler_get_n_calls (self); i++) {
    ConfabGroupCall *call = confab_call_handler_peek_call (self, i);

    /* The room itself may be a call: that is on with nobody in it. */
    if (confab_call_handler_is_in_room (call, room_id) &&
        confab_call_get_state (CONFAB_CALL (call)) == CONFAB_CALL_STATE_KNOWN &&
        confab_call_get_intent (CONFAB_CALL (call)) != CONFAB_CALL_INTENT_ROOM &&
        g_list_model_get_n_items (confab_call_get_participants (CONFAB_CALL (call))) == 0 &&
        (oldest == NULL || confab_call_get_started_at (CONFAB_CALL (call)) <
                             confab_call_get_started_at (CONFAB_CALL (oldest))))
      oldest = call;
  }
  if (oldest == NULL)
    return FALSE;
  confab_call_handler_forget_call (self, oldest);
  return TRUE;
}

static void
handle_call_state (ConfabCallHandler *self,
                   const char *room_id,
                   const char *call_id,
                   const char *sender,
                   gint64 origin_server_ts,
                   JsonObject *content)
{
  gboolean restored = !self->synced && g_str_equal (sender, self->user_id);
  ConfabGroupCall *known = confab_call_handler_find_call (self, room_id, call_id);
  g_autoptr (ConfabGroupCall) call = NULL;
  guint n_in_room = 0;

  if (known != NULL) {
    confab_group_call_handle_content (known, origin_server_ts, content);
    return;
  }
  if (!confab_call_event_is_id (call_id) || confab_call_content_is_over (content) ||
      confab_call_room_is_over (confab_call_handler_ensure_room (self, room_id), call_id))
    return;
  for (guint i = 0; i < confab_call_handler_get_n_calls (self); i++)
    n_in_room += confab_call_handler_is_in_room (confab_call_handler_peek_call (self, i), room_id);
  if (n_in_room >= MAX_CALLS_PER_ROOM && !forget_deserted (self, room_id)) {
    confab_call_info (call_id, "not taken in: the room has too many calls");
    return;
  }
  call = confab_group_call_new (
    confab_call_handler_ensure_room (self, room_id), call_id, origin_server_ts, restored, content);
  confab_call_handler_add_call (self, call);
}

/* What this device wrote at that moment may have been taken back for others, who do not look at the date. */
static void
tell_forked (ConfabCallHandler *self, const char *room_id)
{
  for (guint i = 0; i < confab_call_handler_get_n_calls (self); i++) {
    ConfabGroupCall *call = confab_call_handler_peek_call (self, i);

    if (confab_call_handler_is_in_room (call, room_id))
      confab_group_call_handle_fork (call);
  }
}

static void
update_members (ConfabCallHandler *self, const char *room_id, const char *user_id)
{
  /* A call may end, and so go, while its members are looked through. */
  for (guint i = confab_call_handler_get_n_calls (self); i-- > 0;) {
    g_autoptr (ConfabGroupCall) call = g_object_ref (confab_call_handler_peek_call (self, i));
    if (confab_call_handler_is_in_room (call, room_id))
      confab_group_call_handle_members (call, user_id);
  }
}

static void
lose_room (ConfabCallHandler *self, const char *room_id)
{
  for (guint i = confab_call_handler_get_n_calls (self); i-- > 0;) {
    g_autoptr (ConfabGroupCall) call = g_object_ref (confab_call_handler_peek_call (self, i));
    if (confab_call_handler_is_in_room (call, room_id))
      confab_group_call_room_lost (call);
  }
}

/**
 * confab_call_handler_handle_state:
 * @self: a handler
 * @room_id: where
 * @type: the event type; those that are not about calls are ignored
 * @state_key: its state key
 * @sender: who sent it
 * @origin_server_ts: ms since the epoch
 * @content: a stranger's content
 */
void
confab_call_handler_handle_state (ConfabCallHandler *self,
                                  const char *room_id,
                                  const char *type,
                                  const char *state_key,
                                  const char *sender,
                                  gint64 origin_server_ts,
                                  JsonObject *content)
{
  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));
  g_return_if_fail (content != NULL);

  if (g_str_equal (type, CONFAB_CALL_CONTENT_TYPE)) {
    handle_call_state (self, room_id, state_key, sender, origin_server_ts, content);
  } else if (g_str_equal (type, CONFAB_CALL_MEMBERSHIP_TYPE) && g_str_equal (state_key, sender)) {
    /* Whatever it is, it stands in the place of the user's entries: an early MatrixRTC client's has none. */
    if (confab_call_room_set_member (
          confab_call_handler_ensure_room (self, room_id), state_key, origin_server_ts, content))
      update_members (self, room_id, state_key);
    else
      tell_forked (self, room_id);
  } else if (g_str_equal (type, CONFAB_CALL_MEMBERSHIP_TYPE)) {
    confab_call_room_handle_rtc (confab_call_handler_ensure_room (self, room_id),
                                 state_key,
                                 sender,
                                 origin_server_ts,
                                 content);
  } else {
    return;
  }
  confab_call_handler_flush (self);
}

/**
 * confab_call_handler_handle_fork:
 * @self: a handler
 * @room_id: where
 *
 * In the place of a member event that comes again after what has replaced it, when that was before this handler was made.
 * What it hears itself it knows for such a one.
 */
void
confab_call_handler_handle_fork (ConfabCallHandler *self, const char *room_id)
{
  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));

  tell_forked (self, room_id);
  confab_call_handler_flush (self);
}

/**
 * confab_call_handler_handle_account_data:
 * @self: a handler
 * @room_id: where
 * @type: the event's type; those that are not about calls are ignored
 * @content: a stranger's content
 *
 * What one of this user's devices has said about a room; what it does to the ringing shows at the end of the sync.
 */
void
confab_call_handler_handle_account_data (ConfabCallHandler *self,
                                         const char *room_id,
                                         const char *type,
                                         JsonObject *content)
{
  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));
  g_return_if_fail (content != NULL);

  if (g_str_equal (type, CONFAB_DECLINED_CALLS_TYPE))
    confab_call_room_set_declined (confab_call_handler_ensure_room (self, room_id), content);
}

/**
 * confab_call_handler_add_silenced:
 * @self: a handler
 * @room_id: where
 * @call_id: a call that need not ring on this device, as ::silenced said in an earlier run; before
 *   confab_call_handler_end_stored()
 */
void
confab_call_handler_add_silenced (ConfabCallHandler *self, const char *room_id, const char *call_id)
{
  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));

  confab_call_room_add_silenced (confab_call_handler_ensure_room (self, room_id), call_id);
}

/**
 * confab_call_handler_handle_membership:
 * @self: a handler
 * @room_id: a room
 * @user_id: somebody
 * @joined: whether they are in it; who was never told about counts as joined, so say %FALSE of who has an entry before
 *   confab_call_handler_handle_state(), as long as it is not known
 *
 * What it does to the ringing shows at the end of the sync.
 */
void
confab_call_handler_handle_membership (ConfabCallHandler *self,
                                       const char *room_id,
                                       const char *user_id,
                                       gboolean joined)
{
  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));

  confab_call_room_set_joined (confab_call_handler_ensure_room (self, room_id), user_id, joined);
  if (!joined && g_str_equal (user_id, self->user_id))
    lose_room (self, room_id);
  else
    update_members (self, room_id, user_id);
}

/**
 * confab_call_handler_set_room_encrypted:
 * @self: a handler
 * @room_id: a room
 * @encrypted: whether it is encrypted; what was %TRUE once stays so
 *
 * In an encrypted room signalling in clear is neither sent nor believed.
 */
void
confab_call_handler_set_room_encrypted (ConfabCallHandler *self,
                                        const char *room_id,
                                        gboolean encrypted)
{
  ConfabCallRoom *room;

  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));

  room = confab_call_handler_ensure_room (self, room_id);
  if (!encrypted || confab_call_room_get_encrypted (room))
    return;
  confab_call_room_set_encrypted (room, TRUE);
  for (guint i = confab_call_handler_get_n_calls (self); i-- > 0;) {
    ConfabGroupCall *call = confab_call_handler_peek_call (self, i);
    if (confab_call_handler_is_in_room (call, room_id))
      confab_group_call_room_encrypted (call);
  }
}

/**
 * confab_call_handler_set_can_send_call:
 * @self: a handler
 * @room_id: a room
 * @can_send: whether the power levels let this user send `m.call` state; %FALSE until said
 *
 * Without it nobody tries to terminate a call here.
 */
void
confab_call_handler_set_can_send_call (ConfabCallHandler *self,
                                       const char *room_id,
                                       gboolean can_send)
{
  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));

  confab_call_room_set_can_send_call (confab_call_handler_ensure_room (self, room_id), can_send);
}

/**
 * confab_call_handler_set_can_send_member:
 * @self: a handler
 * @room_id: a room
 * @can_send: whether the power levels let this user send its member event; %TRUE until said
 *
 * When it is given back, what could not be written meanwhile is written at the end of the sync.
 */
void
confab_call_handler_set_can_send_member (ConfabCallHandler *self,
                                         const char *room_id,
                                         gboolean can_send)
{
  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));

  if (!confab_call_room_set_can_send_member (confab_call_handler_ensure_room (self, room_id),
                                             can_send))
    return;
  for (guint i = 0; i < confab_call_handler_get_n_calls (self); i++) {
    ConfabGroupCall *call = confab_call_handler_peek_call (self, i);

    if (confab_call_handler_is_in_room (call, room_id))
      confab_group_call_handle_power (call);
  }
}

/**
 * confab_call_handler_remove_room:
 * @self: a handler
 * @room_id: a room that this user is not in any more
 *
 * Ends its calls and forgets everything about it.
 */
void
confab_call_handler_remove_room (ConfabCallHandler *self, const char *room_id)
{
  ConfabCallRoom *room;

  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));

  lose_room (self, room_id);
  room = g_hash_table_lookup (self->rooms, room_id);
  if (room != NULL)
    confab_call_room_close (room);
  g_hash_table_remove (self->rooms, room_id);
}

/* Calls stand in the order in which they became known: only one that came later may have been begun at the same time. Which
 * came first in an earlier run is not known. */
static ConfabGroupCall *
find_older (ConfabCallHandler *self, guint position)
{
  ConfabGroupCall *call = confab_call_handler_peek_call (self, position);
  g_autofree char *room_id = confab_call_dup_room_id (CONFAB_CALL (call));
  guint first = confab_group_call_is_restored (call) ? 0 : position + 1;

  for (guint i = first; i < confab_call_handler_get_n_calls (self); i++) {
    ConfabGroupCall *other = confab_call_handler_peek_call (self, i);
    if (other != call && confab_group_call_yields_to (call, other) &&
        confab_call_handler_is_in_room (other, room_id))
      return other;
  }
  return NULL;
}

static void
check_yield (ConfabCallHandler *self)
{
  for (guint i = confab_call_handler_get_n_calls (self); i-- > 0;) {
    g_autoptr (ConfabGroupCall) call = g_object_ref (confab_call_handler_peek_call (self, i));
    if (confab_group_call_may_yield (call) && find_older (self, i) != NULL)
      confab_group_call_yield (call);
  }
}

static void
end_batch (ConfabCallHandler *self, gint64 server_time)
{
  confab_call_handler_flush (self);
  confab_early_messages_drop_old (self->early);
  for (guint i = confab_call_handler_get_n_calls (self); i-- > 0;) {
    g_autoptr (ConfabGroupCall) call = g_object_ref (confab_call_handler_peek_call (self, i));
    confab_group_call_end_sync (call, server_time);
  }
}

/**
 * confab_call_handler_end_stored:
 * @self: a handler
 * @server_time: the server's clock in ms, 0 when it is not known
 *
 * All that was kept from earlier runs has been handed over. It may be old: nothing is tidied up on its account, since
 * that would put the own member event back to what it was, with the entries of the user's other devices in it.
 */
void
confab_call_handler_end_stored (ConfabCallHandler *self, gint64 server_time)
{
  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));

  end_batch (self, server_time);
}

/**
 * confab_call_handler_end_sync:
 * @self: a handler
 * @server_time: the server's clock in ms, 0 when it is not known
 *
 * All of one sync has been handed over.
 */
void
confab_call_handler_end_sync (ConfabCallHandler *self, gint64 server_time)
{
  GHashTableIter iter;
  gpointer room;

  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));

  end_batch (self, server_time);
  self->synced = TRUE;
  check_yield (self);
  g_hash_table_iter_init (&iter, self->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &room))
    confab_call_room_remove_stale (room);
}

/**
 * confab_call_handler_back_online:
 * @self: a handler
 *
 * The homeserver has answered, after it had not: after the sync that it answered with. Connections that were given up
 * because nothing came through are tried again, by this side or by the other.
 */
void
confab_call_handler_back_online (ConfabCallHandler *self)
{
  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));

  for (guint i = confab_call_handler_get_n_calls (self); i-- > 0;) {
    g_autoptr (ConfabGroupCall) call = g_object_ref (confab_call_handler_peek_call (self, i));
    confab_group_call_back_online (call);
  }
}
