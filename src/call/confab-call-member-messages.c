/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-call-member-private.h"

#include "confab-log.h"

/* The messages of ConfabCallMember: numbered on the way out, put in order on the way in. */

#define MAX_STRAY_CALLS 8
#define MAX_STRAY_SIZE (1024 * 1024) /* of all that waits for an invite; bytes */
#define STRAY_US (60 * G_USEC_PER_SEC)

static gboolean
is_ended (ConfabCallMember *self, const char *call_id)
{
  for (guint i = 0; i < CONFAB_CALL_MEMBER_N_ENDED; i++) {
    if (g_strcmp0 (self->ended_ids[i], call_id) == 0)
      return TRUE;
  }
  return FALSE;
}

/**
 * confab_call_member_remember_ended:
 * @self: a member
 * @call_id: a connection attempt that is over
 *
 * What still comes for it is ignored, an invite too; the last 32 are remembered.
 */
void
confab_call_member_remember_ended (ConfabCallMember *self, const char *call_id)
{
  g_autofree char *id = g_strdup (call_id);

  g_hash_table_remove (self->in, id);
  if (is_ended (self, id))
    return;
  g_free (self->ended_ids[self->n_ended]);
  self->ended_ids[self->n_ended] = g_steal_pointer (&id);
  self->n_ended = (self->n_ended + 1) % CONFAB_CALL_MEMBER_N_ENDED;
}

/* Sending. */

typedef struct {
  GWeakRef member;
  GWeakRef call;
  ConfabCallEvent *message;
} Sending;

static void
free_sending (gpointer data)
{
  Sending *sending = data;

  g_weak_ref_clear (&sending->member);
  g_weak_ref_clear (&sending->call);
  confab_call_event_unref (sending->message);
  g_free (sending);
}

/* Any other failure says nothing of keys. */
static void
update_waiting_for_key (ConfabCallMember *self, const GError *error)
{
  gboolean no_keys = g_error_matches (error,
                                      CONFAB_SIGNALLING_ERROR,
                                      CONFAB_SIGNALLING_ERROR_NO_KEYS);

  if ((error != NULL && !no_keys) || self->waiting_for_key == no_keys)
    return;
  self->waiting_for_key = no_keys;
  g_object_notify (G_OBJECT (self), "waiting-for-key");
}

static void
sent_cb (const GError *error, gpointer data)
{
  Sending *sending = data;
  g_autoptr (ConfabCallMember) self = g_weak_ref_get (&sending->member);
  g_autoptr (ConfabPeerCall) call = g_weak_ref_get (&sending->call);

  if (error != NULL)
    confab_call_info (sending->message->call_id,
                      "%s was not sent: %s",
                      confab_call_event_get_name (sending->message),
                      error->message);
  if (self != NULL)
    update_waiting_for_key (self, error);
  if (call != NULL)
    confab_peer_call_sent (call, sending->message, error);
  if (self != NULL) {
    self->n_unsent--;
    confab_call_member_emit_sent (self);
  }
}

static void
fill_envelope (ConfabCallMember *self, ConfabCallEvent *message)
{
  guint next;

  if (message->seq >= 0)
    return; /* tried again, with the number that it has */
  next = GPOINTER_TO_UINT (g_hash_table_lookup (self->out, message->call_id));
  g_hash_table_replace (self->out, g_strdup (message->call_id), GUINT_TO_POINTER (next + 1));
  if (message->type == CONFAB_CALL_EVENT_HANGUP)
    g_hash_table_remove (self->out, message->call_id); /* nothing comes after it */
  message->seq = next;
  message->party_id = g_strdup (confab_call_room_get_device_id (self->room));
  message->device_id = g_strdup (message->party_id);
  message->conf_id = g_strdup (self->conf_id);
  message->sender_session_id = g_strdup (self->own_session_id);
  message->dest_session_id = g_strdup (self->session_id);
  if (message->type == CONFAB_CALL_EVENT_INVITE)
    message->invitee = g_strdup (self->user_id);
}

/**
 * confab_call_member_send:
 * @self: a member
 * @call: (nullable): whose message it is: it hears what became of it
 * @message: gets the envelope and the next number of its call, unless it has them (sections 8.1, 8.3)
 *
 * In clear only to a device that has spoken in clear, and never in an encrypted room.
 */
void
confab_call_member_send (ConfabCallMember *self, ConfabPeerCall *call, ConfabCallEvent *message)
{
  Sending *sending = g_new0 (Sending, 1);
  gboolean clear = self->clear && !confab_call_room_get_encrypted (self->room);
  g_autoptr (JsonObject) content = NULL;

  fill_envelope (self, message);
  content = confab_call_event_print (message);
  g_weak_ref_init (&sending->member, self);
  g_weak_ref_init (&sending->call, call);
  sending->message = confab_call_event_ref (message);
  self->n_unsent++;
  confab_call_debug (message->call_id,
                     "out %s seq %" G_GINT64_FORMAT " to %s/%s",
                     confab_call_event_get_name (message),
                     message->seq,
                     self->user_id,
                     self->device_id);
  confab_signalling_send_to_device (confab_call_room_get_signalling (self->room),
                                    confab_call_room_get_id (self->room),
                                    self->user_id,
                                    self->device_id,
                                    confab_call_event_get_name (message),
                                    content,
                                    clear ? CONFAB_SIGNALLING_CLEAR : CONFAB_SIGNALLING_ENCRYPTED,
                                    sent_cb,
                                    sending,
                                    free_sending);
}

/**
 * confab_call_member_send_hangup:
 * @self: a member
 * @call_id: a connection attempt that there is no object for
 * @reason: section 3.6
 */
void
confab_call_member_send_hangup (ConfabCallMember *self, const char *call_id, const char *reason)
{
  g_autoptr (ConfabCallEvent) message = confab_call_event_new (CONFAB_CALL_EVENT_HANGUP, call_id);

  message->reason = g_strdup (reason);
  confab_call_member_send (self, NULL, message);
}

/* Receiving. */

static void
deliver_cb (ConfabCallEvent *message, gpointer data)
{
  ConfabCallMember *self = data;

  if (self->call != NULL && g_str_equal (confab_peer_call_get_id (self->call), message->call_id))
    confab_peer_call_handle_event (self->call, message);
}

static ConfabSeqQueue *
ensure_queue (ConfabCallMember *self, const char *call_id)
{
  ConfabSeqQueue *queue = g_hash_table_lookup (self->in, call_id);

  if (queue != NULL)
    return queue;
  if (g_hash_table_size (self->in) >= MAX_STRAY_CALLS)
    return NULL;
  queue = confab_seq_queue_new (self->clock, deliver_cb, self);
  g_hash_table_insert (self->in, g_strdup (call_id), queue);
  return queue;
}

/* Makes room for the messages of a call that is about to be there: strays give way. */
void
confab_call_member_expect_messages (ConfabCallMember *self, const char *call_id)
{
  if (g_hash_table_size (self->in) >= MAX_STRAY_CALLS)
    g_hash_table_remove_all (self->in);
  ensure_queue (self, call_id);
}

/**
 * confab_call_member_set_clear:
 * @self: a member
 * @clear: whether it signals in clear
 */
void
confab_call_member_set_clear (ConfabCallMember *self, gboolean clear)
{
  if (self->clear == clear)
    return;
  self->clear = clear;
  g_object_notify (G_OBJECT (self), "encrypted");
}

/* Clear text only from a device that has not proved itself by Olm, and only in an open room. */
static gboolean
check_security (ConfabCallMember *self, ConfabCallEvent *message, gboolean encrypted)
{
  if (!encrypted && (self->spoke_olm || confab_call_room_get_encrypted (self->room))) {
    confab_call_info (message->call_id,
                      "%s in clear from %s/%s refused",
                      confab_call_event_get_name (message),
                      self->user_id,
                      self->device_id);
    return FALSE;
  }
  self->spoke_olm |= encrypted;
  if (!encrypted)
    confab_call_member_set_clear (self, TRUE);
  else if (message->type == CONFAB_CALL_EVENT_INVITE)
    confab_call_member_set_clear (self, FALSE);
  return TRUE;
}

/* Of all calls that there is no invite of. */
static gsize
get_stray_size (ConfabCallMember *self)
{
  const char *current = self->call != NULL ? confab_peer_call_get_id (self->call) : NULL;
  GHashTableIter iter;
  gpointer call_id;
  gpointer queue;
  gsize size = 0;

  g_hash_table_iter_init (&iter, self->in);
  while (g_hash_table_iter_next (&iter, &call_id, &queue)) {
    if (g_strcmp0 (call_id, current) != 0)
      size += confab_seq_queue_get_size (queue);
  }
  return size;
}

static void
take_message (ConfabCallMember *self, ConfabCallEvent *message)
{
  gboolean current = self->call != NULL &&
                     g_str_equal (confab_peer_call_get_id (self->call), message->call_id);
  ConfabSeqQueue *queue;

  if (is_ended (self, message->call_id)) {
    confab_call_debug (message->call_id,
                       "%s after its end ignored",
                       confab_call_event_get_name (message));
    return;
  }
  if (message->type == CONFAB_CALL_EVENT_INVITE) {
    if (!current)
      confab_call_member_push (self, CONFAB_CALL_MEMBER_EVENT_INVITED, message);
    return;
  }
  if (!current && message->type == CONFAB_CALL_EVENT_HANGUP) {
    confab_call_member_remember_ended (self, message->call_id);
    return;
  }
  if (current && message->seq < 0) {
    confab_peer_call_handle_event (self->call, message);
    return;
  }
  if (!current && get_stray_size (self) + confab_call_event_get_size (message) > MAX_STRAY_SIZE) {
    confab_call_debug (message->call_id,
                       "%s dropped: too much waits for an invite",
                       confab_call_event_get_name (message));
    return;
  }
  queue = ensure_queue (self, message->call_id);
  if (queue != NULL)
    confab_seq_queue_push (queue, message);
}

/**
 * confab_call_member_handle_message:
 * @self: a member
 * @message: from this device
 * @encrypted: whether Olm says that it is
 *
 * Returns: whether it is done with: if not, keep it, its session is not known yet or this device has not
 *   joined (section 9.3)
 */
gboolean
confab_call_member_handle_message (ConfabCallMember *self,
                                   ConfabCallEvent *message,
                                   gboolean encrypted)
{
  if (self->state == CONFAB_CALL_MEMBER_ADVERTISED ||
      g_strcmp0 (message->sender_session_id, self->session_id) != 0)
    return FALSE;
  if (g_strcmp0 (message->dest_session_id, self->own_session_id) != 0) {
    confab_call_debug (message->call_id,
                       "%s for another session dropped",
                       confab_call_event_get_name (message));
    return TRUE;
  }
  if (!check_security (self, message, encrypted))
    return TRUE;
  self->last_signalling_at = confab_clock_get_time (self->clock);
  confab_liveness_check (self->liveness);
  confab_call_debug (message->call_id,
                     "in %s seq %" G_GINT64_FORMAT " from %s/%s",
                     confab_call_event_get_name (message),
                     message->seq,
                     self->user_id,
                     self->device_id);
  take_message (self, message);
  return TRUE;
}

static gboolean
is_old_session (ConfabCallMember *self, const char *session_id)
{
  for (guint i = 0; i < CONFAB_CALL_MEMBER_N_SESSIONS; i++) {
    if (g_strcmp0 (self->old_sessions[i], session_id) == 0)
      return TRUE;
  }
  return g_strcmp0 (self->session_id, session_id) == 0;
}

/**
 * confab_call_member_check_session:
 * @self: a member
 * @message: from this device, for which confab_call_member_handle_message() returned %FALSE when it came
 * @encrypted: whether Olm says that it is
 *
 * An invite from a session that was never heard of says that the device has begun anew, though its entry does not say
 * so yet: what there was with the old one is over (section 11.2). Other messages prove nothing, and neither does an
 * invite for a session that this device had before. Where this side invites, the new entry is waited for: the other one
 * has no business to.
 */
void
confab_call_member_check_session (ConfabCallMember *self,
                                  ConfabCallEvent *message,
                                  gboolean encrypted)
{
  if (message->type == CONFAB_CALL_EVENT_INVITE && !self->initiator &&
      message->sender_session_id != NULL && !is_old_session (self, message->sender_session_id) &&
      g_strcmp0 (message->dest_session_id, self->own_session_id) == 0 &&
      (encrypted || !(self->spoke_olm || confab_call_room_get_encrypted (self->room))))
    confab_call_member_push (self, CONFAB_CALL_MEMBER_EVENT_SUPERSEDED, NULL);
}

static gboolean
is_current (ConfabCallMember *self, const char *call_id)
{
  return self->call != NULL && g_str_equal (confab_peer_call_get_id (self->call), call_id);
}

/* Messages of a call whose invite never came wait for no longer than an invite may be answered. */
static gboolean
drop_strays (ConfabCallMember *self)
{
  GHashTableIter iter;
  gpointer call_id;
  gpointer queue;
  gboolean left = FALSE;

  g_hash_table_iter_init (&iter, self->in);
  while (g_hash_table_iter_next (&iter, &call_id, &queue)) {
    if (is_current (self, call_id))
      continue;
    if (confab_seq_queue_get_age (queue) > STRAY_US)
      g_hash_table_iter_remove (&iter);
    else
      left = TRUE;
  }
  return left;
}

/**
 * confab_call_member_end_sync:
 * @self: a member, of which the caller has a reference
 *
 * A sync is through: what an outbound call has heard by now says where its numbers start (section 8.3). That may end
 * the call, and with it the membership.
 *
 * Returns: whether it is to be told of the next one's end even if no message comes
 */
gboolean
confab_call_member_end_sync (ConfabCallMember *self)
{
  ConfabSeqQueue *queue = self->call != NULL
                            ? g_hash_table_lookup (self->in, confab_peer_call_get_id (self->call))
                            : NULL;

  if (queue != NULL && !confab_peer_call_get_inbound (self->call))
    confab_seq_queue_seed (queue);
  return drop_strays (self);
}

/**
 * confab_call_member_dup_queued:
 * @self: a member
 *
 * Returns: (transfer full): the #ConfabCallEvent that wait for one before them
 */
GPtrArray *
confab_call_member_dup_queued (ConfabCallMember *self)
{
  GPtrArray *queued = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_call_event_unref);
  GHashTableIter iter;
  gpointer queue;

  g_hash_table_iter_init (&iter, self->in);
  while (g_hash_table_iter_next (&iter, NULL, &queue))
    confab_seq_queue_list (queue, queued);
  return queued;
}
