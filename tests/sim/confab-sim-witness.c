/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-witness-private.h"

#include "confab-json.h"

#define MIN_PAUSE_US G_USEC_PER_SEC
#define RESENDS 4 /* so often something fails before that ends a call */
#define MAX_INVITES (1 + CONFAB_SIM_MAX_RETRIES + 1) /* one more after “replaced” */

static void
free_attempt (gpointer data)
{
  ConfabSimAttempt *attempt = data;

  g_free (attempt->own);
  g_free (attempt->other);
  g_free (attempt->ufrag);
  g_ptr_array_unref (attempt->unsent);
  g_free (attempt);
}

static void
free_peer (gpointer data)
{
  ConfabSimPeer *peer = data;

  g_free (peer->conf_id);
  g_free (peer->session);
  g_free (peer->current);
  g_free (peer->last_invited);
  g_free (peer->superseded);
  g_hash_table_unref (peer->heard);
  g_clear_object (&peer->connection);
  g_free (peer);
}

ConfabSimWitness *
confab_sim_witness_new (ConfabSimNetwork *network, ConfabClock *clock, guint index)
{
  ConfabSimWitness *self = g_new0 (ConfabSimWitness, 1);

  self->network = network;
  self->clock = clock;
  self->index = index;
  self->attempts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_attempt);
  self->next_seq = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->peers = g_ptr_array_new_with_free_func (free_peer);
  self->sessions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
confab_sim_witness_free (ConfabSimWitness *self)
{
  g_hash_table_unref (self->attempts);
  g_hash_table_unref (self->next_seq);
  g_ptr_array_unref (self->peers);
  g_hash_table_unref (self->sessions);
  g_free (self->session);
  g_free (self->kept);
  g_free (self->given_up);
  g_free (self);
}

/* Attempts. */

static ConfabSimAttempt *
find_attempt (ConfabSimWitness *self,
              const char *user_id,
              const char *device_id,
              const char *call_id)
{
  g_autofree char *key = g_strdup_printf ("%s %s %s", user_id, device_id, call_id);

  return g_hash_table_lookup (self->attempts, key);
}

static ConfabSimAttempt *
ensure_attempt (ConfabSimWitness *self,
                const char *user_id,
                const char *device_id,
                const char *call_id)
{
  ConfabSimAttempt *attempt = find_attempt (self, user_id, device_id, call_id);

  if (attempt == NULL) {
    attempt = g_new0 (ConfabSimAttempt, 1);
    attempt->unsent = g_ptr_array_new_with_free_func (g_free);
    g_hash_table_insert (self->attempts,
                         g_strdup_printf ("%s %s %s", user_id, device_id, call_id),
                         attempt);
  }
  return attempt;
}

ConfabSimAttempt *
confab_sim_witness_find_attempt (ConfabSimWitness *self, ConfabSimPeer *peer, const char *call_id)
{
  return call_id != NULL ? find_attempt (self,
                                         confab_call_member_get_user_id (peer->member),
                                         confab_call_member_get_device_id (peer->member),
                                         call_id)
                         : NULL;
}

static ConfabSimUnsent *
find_unsent (ConfabSimAttempt *attempt, gint64 seq)
{
  for (guint i = 0; i < attempt->unsent->len; i++) {
    ConfabSimUnsent *unsent = attempt->unsent->pdata[i];
    if (unsent->seq == seq)
      return unsent;
  }
  return NULL;
}

/* Peers. */

static ConfabSimPeer *
find_peer (ConfabSimWitness *self, const char *conf_id, const char *user_id, const char *device_id)
{
  for (guint i = 0; i < self->peers->len; i++) {
    ConfabSimPeer *peer = self->peers->pdata[i];
    if (g_strcmp0 (peer->conf_id, conf_id) == 0 &&
        g_str_equal (confab_call_member_get_user_id (peer->member), user_id) &&
        g_str_equal (confab_call_member_get_device_id (peer->member), device_id))
      return peer;
  }
  return NULL;
}

/* What there was with it is over, without a word; a new member does not know what the old one has heard. What came before
 * it was there may count at once: a hangup that says the last word, with its invite. */
static void
begin_anew (ConfabSimWitness *self, ConfabSimPeer *peer)
{
  g_autofree char *prefix = g_strdup_printf ("%s %s ",
                                             confab_call_member_get_user_id (peer->member),
                                             confab_call_member_get_device_id (peer->member));
  GHashTableIter iter;
  gpointer key;
  gpointer attempt;

  g_hash_table_iter_init (&iter, self->attempts);
  while (g_hash_table_iter_next (&iter, &key, &attempt)) {
    if (!g_str_has_prefix (key, prefix))
      continue;
    ((ConfabSimAttempt *) attempt)->over = FALSE;
    g_ptr_array_set_size (((ConfabSimAttempt *) attempt)->unsent, 0);
    peer->dismissed |= ((ConfabSimAttempt *) attempt)->dismissed;
    peer->restarted |= ((ConfabSimAttempt *) attempt)->restarted;
  }
  peer->left = peer->dismissed; /* that may have been its last word, which came first */
  g_set_str (&peer->session, confab_call_member_get_session_id (peer->member));
  g_hash_table_add (peer->heard, g_strdup (peer->session));
  g_clear_pointer (&peer->superseded, g_free);
  g_set_str (&peer->current, confab_call_member_get_call_id (peer->member));
  g_clear_pointer (&peer->last_invited, g_free);
  peer->n_invites = 0;
  peer->n_refused = 0;
  peer->given_up = FALSE;
  peer->ended_at = 0;
  peer->connected_at = 0;
  peer->met = FALSE;
  peer->was_connected = FALSE;
  peer->had_word = peer->dismissed;
  peer->sign_at = confab_clock_get_time (self->clock);
  peer->state = confab_participant_get_state (CONFAB_PARTICIPANT (peer->member));
}

static void
quiet_cb (ConfabCallMember *member, GParamSpec *pspec, ConfabSimPeer *peer)
{
  peer->quiet = confab_participant_get_quiet_since (CONFAB_PARTICIPANT (member)) != 0;
}

void
confab_sim_witness_shown (ConfabSimWitness *self, const char *conf_id, ConfabCallMember *member)
{
  ConfabSimPeer *peer = g_new0 (ConfabSimPeer, 1);

  peer->member = member;
  peer->conf_id = g_strdup (conf_id);
  peer->heard = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  begin_anew (self, peer);
  g_signal_connect (member, "notify::quiet-since", G_CALLBACK (quiet_cb), peer);
  quiet_cb (member, NULL, peer);
  g_ptr_array_add (self->peers, peer);
}

/* Whether nothing that it sent or wrote says that it has left, so far as this side knows. */
gboolean
confab_sim_witness_is_there (ConfabSimWitness *self, ConfabCallMember *member)
{
  gint64 now_ms = confab_clock_get_real_time (self->clock) / 1000;

  for (guint i = 0; i < self->peers->len; i++) {
    const ConfabSimPeer *peer = self->peers->pdata[i];
    if (peer->member == member)
      return !peer->left && peer->expires_ts > now_ms;
  }
  return FALSE;
}

void
confab_sim_witness_gone (ConfabSimWitness *self, ConfabCallMember *member)
{
  for (guint i = self->peers->len; i-- > 0;) {
    if (((ConfabSimPeer *) self->peers->pdata[i])->member != member)
      continue;
    g_signal_handlers_disconnect_by_data (member, self->peers->pdata[i]);
    g_ptr_array_remove_index (self->peers, i);
  }
}

/* With a longer life in its entry a peer may have come anew. */
static void
check_refreshed (ConfabSimWitness *self, ConfabSimPeer *peer, GPtrArray *entries)
{
  for (guint i = 0; i < entries->len; i++) {
    const ConfabCallMembership *entry = entries->pdata[i];

    if (!g_str_equal (entry->call_id, peer->conf_id) ||
        !g_str_equal (entry->device_id, confab_call_member_get_device_id (peer->member)))
      continue;
    if (entry->expires_ts > peer->expires_ts) {
      peer->n_invites = 0;
      if (peer->expires_ts != 0) {
        peer->given_up = FALSE;
        peer->sign_at = confab_clock_get_time (self->clock);
      } else {
        peer->entry_at = confab_clock_get_time (self->clock);
      }
    }
    peer->expires_ts = entry->expires_ts;
  }
}

/* It was handed over: who has begun anew? */
void
confab_sim_witness_take_event (ConfabSimWitness *self, const ConfabSimEvent *event)
{
  g_autoptr (GPtrArray) entries = NULL;

  if (!g_str_equal (event->type, CONFAB_CALL_MEMBERSHIP_TYPE))
    return;
  for (guint i = 0; i < self->peers->len; i++) {
    ConfabSimPeer *peer = self->peers->pdata[i];

    if (!g_str_equal (confab_call_member_get_user_id (peer->member), event->state_key))
      continue;
    if (!g_str_equal (peer->session, confab_call_member_get_session_id (peer->member)))
      begin_anew (self, peer);
    if (entries == NULL)
      entries = confab_call_membership_parse (event->content);
    check_refreshed (self, peer, entries);
  }
}

/* The own session. */

/* The person joins: what follows is another session. */
void
confab_sim_witness_joins (ConfabSimWitness *self)
{
  self->n_joins++;
}

/* In time, though a client is offline for ten minutes at most. */
static void
check_renewal (ConfabSimWitness *self, const ConfabCallMembership *entry)
{
  gint64 left_ms = self->expires_ts - confab_clock_get_real_time (self->clock) / 1000;

  if (g_strcmp0 (self->session, entry->session_id) == 0 && left_ms <= 0)
    confab_sim_network_fail (self->network,
                             self->index,
                             "renewal: the entry had run out for %" G_GINT64_FORMAT " s",
                             -left_ms / 1000);
  self->expires_ts = entry->expires_ts;
}

/* The own entry is written. */
void
confab_sim_witness_entry (ConfabSimWitness *self, const ConfabCallMembership *entry)
{
  const char *session = entry->session_id;
  guint known = GPOINTER_TO_UINT (g_hash_table_lookup (self->sessions, session));

  if (known != 0 && known != self->n_joins)
    confab_sim_network_fail (self->network,
                             self->index,
                             "new-session: join %u has the session of join %u",
                             self->n_joins,
                             known);
  g_hash_table_replace (self->sessions, g_strdup (session), GUINT_TO_POINTER (self->n_joins));
  check_renewal (self, entry);
  self->entry_at = confab_clock_get_time (self->clock);
  self->call_by = 0;
  if (!g_set_str (&self->session, session))
    return;
  for (guint i = 0; i < self->peers->len; i++)
    begin_anew (self, self->peers->pdata[i]);
}

/* What could not come through says nothing of the others. */
void
confab_sim_witness_back_online (ConfabSimWitness *self)
{
  for (guint i = 0; i < self->peers->len; i++) {
    ConfabSimPeer *peer = self->peers->pdata[i];
    peer->n_invites = 0;
    if (confab_sim_witness_is_initiator (self, peer) && !peer->final)
      peer->given_up = FALSE;
  }
  confab_sim_witness_expect_call (self);
}

/* Messages. */

static void
take_invite (ConfabSimWitness *self,
             ConfabSimPeer *peer,
             ConfabSimAttempt *attempt,
             JsonObject *content)
{
  const char *sender_session = confab_json_peek_string (content, "sender_session_id");

  if (attempt->own == NULL) {
    attempt->own = g_strdup (confab_json_peek_string (content, "dest_session_id"));
    attempt->other = g_strdup (sender_session);
  }
  attempt->told = TRUE;
  if (peer != NULL && g_strcmp0 (sender_session, peer->session) == 0 &&
      g_strcmp0 (confab_json_peek_string (content, "dest_session_id"), self->session) == 0 &&
      !attempt->over && !attempt->hung_up) {
    ConfabSimAttempt *last = confab_sim_witness_find_attempt (self, peer, peer->last_invited);
    confab_sim_witness_meet (self, peer, json_object_get_string_member (content, "call_id"));
    if (last != NULL &&
        last->excused) /* what could not be sent needs no end beside another invite */
      g_clear_pointer (&peer->last_invited, g_free);
  }
  /* The other one has begun anew: what there was with the old one ends without a word, at once if it is sure. */
  if (peer != NULL && g_strcmp0 (sender_session, peer->session) != 0) {
    ConfabSimAttempt *current = confab_sim_witness_find_attempt (
      self, peer, confab_call_member_get_call_id (peer->member));
    if (current != NULL && !g_hash_table_contains (peer->heard, sender_session) &&
        g_strcmp0 (confab_json_peek_string (content, "dest_session_id"), self->session) == 0)
      current->excused = TRUE;
    if (confab_call_member_get_inbound (peer->member) &&
        !g_hash_table_contains (peer->heard, sender_session) &&
        g_strcmp0 (confab_json_peek_string (content, "dest_session_id"), self->session) == 0)
      g_set_str (&peer->superseded, confab_call_member_get_call_id (peer->member));
  }
}

static gboolean
is_final (const char *reason)
{
  static const char *const final[] = {
    "user_hangup", "answered_elsewhere", "replaced", "user_busy",
    "transferred", "new_session",        NULL,
  };

  return g_strv_contains (final, reason);
}

static void
take_hangup (ConfabSimWitness *self,
             ConfabSimPeer *peer,
             ConfabSimAttempt *attempt,
             JsonObject *content)
{
  const char *reason = confab_json_peek_string (content, "reason");
  const char *call_id = json_object_get_string_member (content, "call_id");

  if (reason == NULL)
    reason = "user_hangup";
  attempt->hung_up = TRUE;
  attempt->dismissed |= is_final (reason);
  attempt->refused |= g_str_equal (reason, "replaced");
  attempt->parted |= is_final (reason) && !g_str_equal (reason, "replaced");
  if (peer != NULL) {
    peer->dismissed |= is_final (reason);
    peer->parted |= is_final (reason) && !g_str_equal (reason, "replaced");
    peer->left |= g_str_equal (reason, "user_hangup");
    if (g_str_equal (reason, "user_hangup"))
      peer->n_invites = 0;
    /* What lost came after the answer to what won, and was taken for new. */
    if (g_str_equal (reason, "user_hangup") ||
        (g_str_equal (reason, "replaced") && g_strcmp0 (call_id, peer->current) == 0 &&
         confab_call_member_get_inbound (peer->member)))
      peer->met = FALSE;
  }
  /* One that overtakes what it ends says that it never is to begin; one for what is on waits for its turn. */
  if (peer != NULL && peer->state != CONFAB_PARTICIPANT_STATE_ADVERTISED &&
      confab_participant_get_state (CONFAB_PARTICIPANT (peer->member)) !=
        CONFAB_PARTICIPANT_STATE_ADVERTISED &&
      g_strcmp0 (confab_json_peek_string (content, "sender_session_id"), peer->session) == 0 &&
      g_strcmp0 (confab_json_peek_string (content, "dest_session_id"), self->session) == 0 &&
      g_strcmp0 (confab_call_member_get_call_id (peer->member), call_id) != 0)
    attempt->over = TRUE;
}

/* Their sessions as they are now. */
static gboolean
is_between (ConfabSimWitness *self, ConfabSimPeer *peer, JsonObject *content)
{
  return g_strcmp0 (confab_json_peek_string (content, "sender_session_id"), peer->session) == 0 &&
         g_strcmp0 (confab_json_peek_string (content, "dest_session_id"), self->session) == 0;
}

/* It is handed over next. */
void
confab_sim_witness_received (ConfabSimWitness *self, const ConfabSimMessage *message)
{
  JsonObject *content = message->content;
  ConfabSimAttempt *attempt = ensure_attempt (self,
                                              message->sender,
                                              message->device_id,
                                              json_object_get_string_member (content, "call_id"));
  ConfabSimPeer *peer = find_peer (self,
                                   json_object_get_string_member (content, "conf_id"),
                                   message->sender,
                                   message->device_id);

  confab_sim_witness_forget_meeting (self);
  if (peer != NULL && is_between (self, peer, content) &&
      confab_participant_get_state (CONFAB_PARTICIPANT (peer->member)) !=
        CONFAB_PARTICIPANT_STATE_ADVERTISED)
    peer->sign_at = confab_clock_get_time (self->clock);
  confab_sim_witness_take_description (peer, attempt, message->type, content);
  if (confab_sim_witness_note_said (attempt, message->type, content))
    attempt->said_at = confab_clock_get_time (self->clock);
  /* The attempt's end may come in the same sync: then another pause begins. */
  if (peer != NULL && g_str_equal (message->type, "m.call.invite"))
    peer->idle_since = 0;
  if (g_str_equal (message->type, "m.call.invite"))
    take_invite (self, peer, attempt, content);
  else if (g_str_equal (message->type, "m.call.hangup"))
    take_hangup (self, peer, attempt, content);
}

/* Each number once and in a row, for each call and device; a message that is sent again has its old one. */
static void
check_number (ConfabSimWitness *self,
              const char *user_id,
              const char *device_id,
              JsonObject *content)
{
  guint seq = (guint) json_object_get_int_member (content, "seq");
  char *key = g_strdup_printf ("%s %s %s",
                               user_id,
                               device_id,
                               json_object_get_string_member (content, "call_id"));
  guint next = GPOINTER_TO_UINT (g_hash_table_lookup (self->next_seq, key));

  if (seq > next)
    confab_sim_network_fail (
      self->network, self->index, "numbers: number %u of %s comes before %u", seq, key, next);
  g_hash_table_replace (self->next_seq, key, GUINT_TO_POINTER (MAX (next, seq + 1)));
}

static void
check_calm (ConfabSimWitness *self,
            ConfabSimAttempt *attempt,
            const char *user_id,
            const char *type,
            JsonObject *content)
{
  static const char *const calm[] = { "user_hangup", "replaced", NULL };
  const char *reason = confab_json_peek_string (content, "reason");

  if (confab_sim_witness_is_calm (self, user_id) && g_str_equal (type, "m.call.hangup") &&
      (reason == NULL || !g_strv_contains (calm, reason)) &&
      !(attempt->restarted && g_strcmp0 (reason, "ice_failed") == 0))
    confab_sim_network_fail (self->network, self->index, "calm: an attempt ended for %s", reason);
}

static void
check_invite (ConfabSimWitness *self,
              ConfabSimPeer *peer,
              ConfabSimAttempt *attempt,
              JsonObject *content)
{
  const char *call_id = json_object_get_string_member (content, "call_id");
  ConfabSimAttempt *last;

  attempt->own = g_strdup (json_object_get_string_member (content, "sender_session_id"));
  attempt->other = g_strdup (json_object_get_string_member (content, "dest_session_id"));
  attempt->told = TRUE;
  if (peer == NULL)
    return;
  if (!peer->restarted && !confab_sim_witness_is_initiator (self, peer))
    confab_sim_network_fail (self->network,
                             self->index,
                             "turn: %s has to invite, and is invited",
                             confab_call_member_get_device_id (peer->member));
  last = confab_sim_witness_find_attempt (self, peer, peer->last_invited);
  if (last != NULL && !last->hung_up)
    confab_sim_network_fail (self->network,
                             self->index,
                             "goodbye: %s is invited while %s is on",
                             call_id,
                             peer->last_invited);
  g_set_str (&peer->last_invited, call_id);
  if (peer->ended_at != 0 && confab_clock_get_time (self->clock) - peer->ended_at < MIN_PAUSE_US)
    confab_sim_network_fail (self->network,
                             self->index,
                             "pauses: %s is invited again at once",
                             confab_call_member_get_device_id (peer->member));
  if (peer->met && confab_sim_witness_is_calm (self, confab_call_member_get_user_id (peer->member)))
    confab_sim_network_fail (self->network,
                             self->index,
                             "glare: of two attempts with %s none was kept",
                             confab_call_member_get_device_id (peer->member));
  if (++peer->n_invites > MAX_INVITES)
    confab_sim_network_fail (self->network,
                             self->index,
                             "attempts: %s is invited for the %uth time without a minute of health",
                             confab_call_member_get_device_id (peer->member),
                             peer->n_invites);
}

static void
check_hangup (ConfabSimWitness *self,
              ConfabSimPeer *peer,
              ConfabSimAttempt *attempt,
              JsonObject *content)
{
  const char *reason = confab_json_peek_string (content, "reason");
  guint most = 0;

  for (guint i = 0; i < attempt->unsent->len; i++)
    most = MAX (most, ((ConfabSimUnsent *) attempt->unsent->pdata[i])->n_failures);
  if (g_strcmp0 (reason, "signalling_timeout") == 0 && most < RESENDS)
    confab_sim_network_fail (self->network,
                             self->index,
                             "resent: a call ends after %u attempts to send something",
                             most);
  /* People who hear each other are not parted because the homeserver does not answer. */
  if (g_strcmp0 (reason, "signalling_timeout") == 0 && peer != NULL &&
      peer->state == CONFAB_PARTICIPANT_STATE_CONNECTED)
    confab_sim_network_fail (self->network,
                             self->index,
                             "resent: people who hear each other are parted");
  if (g_strcmp0 (reason, "replaced") == 0 &&
      g_strcmp0 (json_object_get_string_member (content, "call_id"), self->kept) == 0)
    confab_sim_network_fail (self->network,
                             self->index,
                             "glare: of two attempts %s is kept",
                             self->given_up);
  attempt->renewed |= attempt->restarted && g_strcmp0 (reason, "ice_failed") == 0;
  attempt->hung_up = TRUE;
  attempt->over = TRUE;
}

void
confab_sim_witness_sending (ConfabSimWitness *self,
                            const char *user_id,
                            const char *device_id,
                            const char *type,
                            JsonObject *content)
{
  ConfabSimAttempt *attempt = ensure_attempt (self,
                                              user_id,
                                              device_id,
                                              json_object_get_string_member (content, "call_id"));
  ConfabSimUnsent *unsent = find_unsent (attempt, json_object_get_int_member (content, "seq"));
  ConfabSimPeer *peer = find_peer (self,
                                   json_object_get_string_member (content, "conf_id"),
                                   user_id,
                                   device_id);

  check_number (self, user_id, device_id, content);
  check_calm (self, attempt, user_id, type, content);
  if (unsent != NULL)
    unsent->failed_at = 0;
  if (g_str_equal (type, "m.call.invite"))
    check_invite (self, peer, attempt, content);
  if (attempt->own != NULL &&
      (g_strcmp0 (attempt->own, json_object_get_string_member (content, "sender_session_id")) !=
         0 ||
       g_strcmp0 (attempt->other, json_object_get_string_member (content, "dest_session_id")) != 0))
    confab_sim_network_fail (self->network,
                             self->index,
                             "sessions: %s is about an attempt between others",
                             type);
  if (g_str_equal (type, "m.call.answer") && attempt->over)
    confab_sim_network_fail (self->network, self->index, "revived: what is over is answered");
  if (g_str_equal (type, "m.call.hangup"))
    check_hangup (self, peer, attempt, content);
}

/* It could not be sent, as the process hears now. */
void
confab_sim_witness_failed (ConfabSimWitness *self, const char *type, JsonObject *content)
{
  const char *call_id = json_object_get_string_member (content, "call_id");
  gint64 seq = json_object_get_int_member (content, "seq");
  GHashTableIter iter;
  gpointer key;
  gpointer value;

  g_hash_table_iter_init (&iter, self->attempts);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    ConfabSimAttempt *attempt = value;
    ConfabSimUnsent *unsent;

    if (!g_str_has_suffix (key, call_id))
      continue;
    if (g_str_equal (type, "m.call.invite") || g_str_equal (type, "m.call.answer")) {
      attempt->excused = TRUE;
      return;
    }
    unsent = find_unsent (attempt, seq);
    if (unsent == NULL) {
      unsent = g_new0 (ConfabSimUnsent, 1);
      unsent->seq = seq;
      g_ptr_array_add (attempt->unsent, unsent);
    }
    unsent->n_failures++;
    unsent->failed_at = confab_clock_get_time (self->clock);
  }
}
