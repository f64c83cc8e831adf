/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-witness.h"

#include "confab-call-membership.h"
#include "confab-json.h"
#include "confab-participant.h"

#define HEALTHY_US (60 * G_USEC_PER_SEC)
#define LAG_US (100 * 1000)
#define RESEND_US (17 * G_USEC_PER_SEC) /* the longest pause is 16 s */
#define RESENDS 4                       /* so often something fails before that ends a call */
#define MAX_RETRIES 3
#define MAX_INVITES (1 + MAX_RETRIES + 1) /* one more after “replaced” */

/* A connection attempt: one call id. */
typedef struct {
  char *own;         /* (nullable): the sessions that its first invite was between */
  char *other;       /* (nullable) */
  gboolean told;     /* both sides may know of it */
  gboolean hung_up;  /* one has told the other that it is over */
  char *reason;      /* (nullable): that the other gave */
  gboolean excused;  /* what would have told the other was not sent, or the other has begun anew */
  gboolean over;     /* it must not come back */
  GPtrArray *unsent; /* Unsent */
} Attempt;

/* A message that could not be sent at least once. */
typedef struct {
  gint64 seq;
  guint n_failures;
  gint64 failed_at; /* monotonic, µs; 0: it was sent again */
} Unsent;

/* A member, as long as it is shown and nobody's session changes. */
typedef struct {
  ConfabCallMember *member; /* the call keeps it */
  char *conf_id;
  char *session;
  char *current;      /* (nullable): the attempt that there was at the last look */
  char *last_invited; /* (nullable): the last that this side began */
  char *reason;       /* (nullable): of the last hangup since then */
  guint
    n_invites; /* since there was a minute of health, or it came anew, or this side had no server */
  gint64 expires_ts;   /* of its entry */
  gint64 connected_at; /* monotonic, µs; 0 while it is not */
  ConfabParticipantState state;
} Peer;

struct _ConfabSimWitness {
  ConfabSimNetwork *network;
  ConfabClock *clock;
  guint index;
  GHashTable *attempts; /* “user device call” → Attempt */
  GPtrArray *peers;     /* Peer */
  GHashTable *next_seq; /* “user device call” → the next number */
  GHashTable *sessions; /* own session → number of the join */
  guint n_joins;
  char *session; /* (nullable): the own one that was written last */
};

static void
free_attempt (gpointer data)
{
  Attempt *attempt = data;

  g_free (attempt->own);
  g_free (attempt->other);
  g_free (attempt->reason);
  g_ptr_array_unref (attempt->unsent);
  g_free (attempt);
}

static void
free_peer (gpointer data)
{
  Peer *peer = data;

  g_free (peer->conf_id);
  g_free (peer->session);
  g_free (peer->current);
  g_free (peer->last_invited);
  g_free (peer->reason);
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
  g_free (self);
}

G_GNUC_PRINTF (2, 3) static void
fail (ConfabSimWitness *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  message = g_strdup_printf ("%s/%s: %s",
                             self->network->users[self->index],
                             self->network->devices[self->index],
                             text);
  self->network->fail (message, self->network->data);
}

/* Attempts. */

static Attempt *
find_attempt (ConfabSimWitness *self,
              const char *user_id,
              const char *device_id,
              const char *call_id)
{
  g_autofree char *key = g_strdup_printf ("%s %s %s", user_id, device_id, call_id);

  return g_hash_table_lookup (self->attempts, key);
}

static Attempt *
ensure_attempt (ConfabSimWitness *self,
                const char *user_id,
                const char *device_id,
                const char *call_id)
{
  Attempt *attempt = find_attempt (self, user_id, device_id, call_id);

  if (attempt == NULL) {
    attempt = g_new0 (Attempt, 1);
    attempt->unsent = g_ptr_array_new_with_free_func (g_free);
    g_hash_table_insert (self->attempts,
                         g_strdup_printf ("%s %s %s", user_id, device_id, call_id),
                         attempt);
  }
  return attempt;
}

static Attempt *
find_of_peer (ConfabSimWitness *self, Peer *peer, const char *call_id)
{
  return call_id != NULL ? find_attempt (self,
                                         confab_call_member_get_user_id (peer->member),
                                         confab_call_member_get_device_id (peer->member),
                                         call_id)
                         : NULL;
}

static Unsent *
find_unsent (Attempt *attempt, gint64 seq)
{
  for (guint i = 0; i < attempt->unsent->len; i++) {
    Unsent *unsent = attempt->unsent->pdata[i];
    if (unsent->seq == seq)
      return unsent;
  }
  return NULL;
}

/* Peers. */

static Peer *
find_peer (ConfabSimWitness *self, const char *conf_id, const char *user_id, const char *device_id)
{
  for (guint i = 0; i < self->peers->len; i++) {
    Peer *peer = self->peers->pdata[i];
    if (g_strcmp0 (peer->conf_id, conf_id) == 0 &&
        g_str_equal (confab_call_member_get_user_id (peer->member), user_id) &&
        g_str_equal (confab_call_member_get_device_id (peer->member), device_id))
      return peer;
  }
  return NULL;
}

/* What there was with it is over, without a word; a new member does not know what the old one has heard. */
static void
begin_anew (ConfabSimWitness *self, Peer *peer)
{
  g_autofree char *prefix = g_strdup_printf ("%s %s ",
                                             confab_call_member_get_user_id (peer->member),
                                             confab_call_member_get_device_id (peer->member));
  GHashTableIter iter;
  gpointer key;
  gpointer attempt;

  g_hash_table_iter_init (&iter, self->attempts);
  while (g_hash_table_iter_next (&iter, &key, &attempt)) {
    if (g_str_has_prefix (key, prefix))
      ((Attempt *) attempt)->over = FALSE;
  }
  g_set_str (&peer->session, confab_call_member_get_session_id (peer->member));
  g_set_str (&peer->current, confab_call_member_get_call_id (peer->member));
  g_clear_pointer (&peer->last_invited, g_free);
  peer->n_invites = 0;
  peer->connected_at = 0;
  peer->state = confab_participant_get_state (CONFAB_PARTICIPANT (peer->member));
}

void
confab_sim_witness_shown (ConfabSimWitness *self, const char *conf_id, ConfabCallMember *member)
{
  Peer *peer = g_new0 (Peer, 1);

  peer->member = member;
  peer->conf_id = g_strdup (conf_id);
  begin_anew (self, peer);
  g_ptr_array_add (self->peers, peer);
}

void
confab_sim_witness_gone (ConfabSimWitness *self, ConfabCallMember *member)
{
  for (guint i = self->peers->len; i-- > 0;) {
    if (((Peer *) self->peers->pdata[i])->member == member)
      g_ptr_array_remove_index (self->peers, i);
  }
}

/* With a longer life in its entry a peer may have come anew. */
static void
check_refreshed (Peer *peer, GPtrArray *entries)
{
  for (guint i = 0; i < entries->len; i++) {
    const ConfabCallMembership *entry = entries->pdata[i];

    if (!g_str_equal (entry->call_id, peer->conf_id) ||
        !g_str_equal (entry->device_id, confab_call_member_get_device_id (peer->member)))
      continue;
    if (entry->expires_ts > peer->expires_ts)
      peer->n_invites = 0;
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
    Peer *peer = self->peers->pdata[i];

    if (!g_str_equal (confab_call_member_get_user_id (peer->member), event->state_key))
      continue;
    if (!g_str_equal (peer->session, confab_call_member_get_session_id (peer->member)))
      begin_anew (self, peer);
    if (entries == NULL)
      entries = confab_call_membership_parse (event->content);
    check_refreshed (peer, entries);
  }
}

/* The own session. */

/* The person joins: what follows is another session. */
void
confab_sim_witness_joins (ConfabSimWitness *self)
{
  self->n_joins++;
}

/* The own entry is written. */
void
confab_sim_witness_entry (ConfabSimWitness *self, const char *session)
{
  guint known = GPOINTER_TO_UINT (g_hash_table_lookup (self->sessions, session));

  if (known != 0 && known != self->n_joins)
    fail (self, "new-session: join %u has the session of join %u", self->n_joins, known);
  g_hash_table_replace (self->sessions, g_strdup (session), GUINT_TO_POINTER (self->n_joins));
  if (!g_set_str (&self->session, session))
    return;
  for (guint i = 0; i < self->peers->len; i++)
    begin_anew (self, self->peers->pdata[i]);
}

/* Messages. */

static void
take_invite (ConfabSimWitness *self, Peer *peer, Attempt *attempt, JsonObject *content)
{
  const char *sender_session = confab_json_peek_string (content, "sender_session_id");

  if (attempt->own == NULL) {
    attempt->own = g_strdup (confab_json_peek_string (content, "dest_session_id"));
    attempt->other = g_strdup (sender_session);
  }
  attempt->told = TRUE;
  /* The other one has begun anew: what there was with the old one ends without a word. */
  if (peer != NULL && g_strcmp0 (sender_session, peer->session) != 0) {
    Attempt *current = find_of_peer (self, peer, confab_call_member_get_call_id (peer->member));
    if (current != NULL)
      current->excused = TRUE;
  }
}

static void
take_hangup (ConfabSimWitness *self, Peer *peer, Attempt *attempt, JsonObject *content)
{
  const char *reason = confab_json_peek_string (content, "reason");
  const char *call_id = json_object_get_string_member (content, "call_id");

  attempt->hung_up = TRUE;
  g_set_str (&attempt->reason, reason != NULL ? reason : "user_hangup");
  if (peer != NULL) {
    g_set_str (&peer->reason, attempt->reason);
    if (g_str_equal (attempt->reason, "user_hangup"))
      peer->n_invites = 0;
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

/* It is handed over next. */
void
confab_sim_witness_received (ConfabSimWitness *self, const ConfabSimMessage *message)
{
  JsonObject *content = message->content;
  Attempt *attempt = ensure_attempt (self,
                                     message->sender,
                                     message->device_id,
                                     json_object_get_string_member (content, "call_id"));
  Peer *peer = find_peer (self,
                          json_object_get_string_member (content, "conf_id"),
                          message->sender,
                          message->device_id);

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
    fail (self, "numbers: number %u of %s comes before %u", seq, key, next);
  g_hash_table_replace (self->next_seq, key, GUINT_TO_POINTER (MAX (next, seq + 1)));
}

static gboolean
has_one_device (ConfabSimNetwork *network, const char *user_id)
{
  guint n = 0;

  for (guint i = 0; i < network->n; i++)
    n += g_str_equal (network->users[i], user_id);
  return n == 1;
}

/* Retries hide what was lost: where there is no reason for them, nothing may need one. Devices of one user have a reason:
 * they write the same event, and take each other out of it. */
static void
check_calm (ConfabSimWitness *self, const char *user_id, const char *type, JsonObject *content)
{
  static const char *const calm[] = { "user_hangup", "replaced", NULL };
  const char *reason = confab_json_peek_string (content, "reason");

  if (self->network->calm && g_str_equal (type, "m.call.hangup") &&
      has_one_device (self->network, user_id) &&
      has_one_device (self->network, self->network->users[self->index]) &&
      (reason == NULL || !g_strv_contains (calm, reason)))
    fail (self, "calm: an attempt ended for %s", reason);
}

static gboolean
is_healthy (ConfabSimWitness *self, Peer *peer)
{
  return peer->connected_at != 0 &&
         confab_clock_get_time (self->clock) - peer->connected_at >= HEALTHY_US;
}

static void
check_invite (ConfabSimWitness *self, Peer *peer, Attempt *attempt, JsonObject *content)
{
  const char *call_id = json_object_get_string_member (content, "call_id");
  Attempt *last;

  attempt->own = g_strdup (json_object_get_string_member (content, "sender_session_id"));
  attempt->other = g_strdup (json_object_get_string_member (content, "dest_session_id"));
  attempt->told = TRUE;
  if (peer == NULL)
    return;
  last = find_of_peer (self, peer, peer->last_invited);
  if (last != NULL && !last->hung_up)
    fail (self, "goodbye: %s is invited while %s is on", call_id, peer->last_invited);
  g_set_str (&peer->last_invited, call_id);
  if (++peer->n_invites > MAX_INVITES)
    fail (self,
          "attempts: %s is invited for the %uth time without a minute of health",
          confab_call_member_get_device_id (peer->member),
          peer->n_invites);
}

static void
check_hangup (ConfabSimWitness *self, Attempt *attempt, JsonObject *content)
{
  const char *reason = confab_json_peek_string (content, "reason");
  guint most = 0;

  for (guint i = 0; i < attempt->unsent->len; i++)
    most = MAX (most, ((Unsent *) attempt->unsent->pdata[i])->n_failures);
  if (g_strcmp0 (reason, "signalling_timeout") == 0 && most < RESENDS)
    fail (self, "resent: a call ends after %u attempts to send something", most);
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
  Attempt *attempt = ensure_attempt (self,
                                     user_id,
                                     device_id,
                                     json_object_get_string_member (content, "call_id"));
  Unsent *unsent = find_unsent (attempt, json_object_get_int_member (content, "seq"));
  Peer *peer = find_peer (self,
                          json_object_get_string_member (content, "conf_id"),
                          user_id,
                          device_id);

  check_number (self, user_id, device_id, content);
  check_calm (self, user_id, type, content);
  if (unsent != NULL)
    unsent->failed_at = 0;
  if (g_str_equal (type, "m.call.invite"))
    check_invite (self, peer, attempt, content);
  if (attempt->own != NULL &&
      (g_strcmp0 (attempt->own, json_object_get_string_member (content, "sender_session_id")) !=
         0 ||
       g_strcmp0 (attempt->other, json_object_get_string_member (content, "dest_session_id")) != 0))
    fail (self, "sessions: %s is about an attempt between others", type);
  if (g_str_equal (type, "m.call.answer") && attempt->over)
    fail (self, "revived: what is over is answered");
  if (g_str_equal (type, "m.call.hangup"))
    check_hangup (self, attempt, content);
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
    Attempt *attempt = value;
    Unsent *unsent;

    if (!g_str_has_suffix (key, call_id))
      continue;
    if (g_str_equal (type, "m.call.invite") || g_str_equal (type, "m.call.answer")) {
      attempt->excused = TRUE;
      return;
    }
    unsent = find_unsent (attempt, seq);
    if (unsent == NULL) {
      unsent = g_new0 (Unsent, 1);
      unsent->seq = seq;
      g_ptr_array_add (attempt->unsent, unsent);
    }
    unsent->n_failures++;
    unsent->failed_at = confab_clock_get_time (self->clock);
  }
}

/* What is true of each member. */

static void
check_current (ConfabSimWitness *self, Peer *peer)
{
  const char *current = confab_call_member_get_call_id (peer->member);
  Attempt *attempt;

  if (g_strcmp0 (current, peer->current) == 0)
    return;
  attempt = find_of_peer (self, peer, peer->current);
  if (attempt != NULL && attempt->told && !attempt->hung_up && !attempt->excused)
    fail (self,
          "goodbye: an attempt with %s ended without a word",
          confab_call_member_get_device_id (peer->member));
  if (attempt != NULL)
    attempt->over = TRUE;
  attempt = find_of_peer (self, peer, current);
  if (attempt != NULL && attempt->over)
    fail (self,
          "revived: an attempt with %s is over",
          confab_call_member_get_device_id (peer->member));
}

static gboolean
is_final (const char *reason)
{
  static const char *const final[] = {
    "user_hangup", "answered_elsewhere", "replaced", "user_busy",
    "transferred", "new_session",        NULL,
  };

  return reason != NULL && g_strv_contains (final, reason);
}

/* Only what was said in a word ends an attempt for good; all else is tried three times more. */
static void
check_given_up (ConfabSimWitness *self, Peer *peer)
{
  Attempt *attempt = find_of_peer (self, peer, peer->current);
  guint retries = confab_call_member_get_retry_count (peer->member);

  if (retries > MAX_RETRIES)
    fail (self, "retries: %u were counted", retries);
  if (retries < MAX_RETRIES && !is_final (peer->reason) &&
      !(attempt != NULL && is_final (attempt->reason)))
    fail (self,
          "retries: %s is given up after %u",
          confab_call_member_get_device_id (peer->member),
          retries);
}

static void
check_state (ConfabSimWitness *self, Peer *peer)
{
  ConfabParticipantState state = confab_participant_get_state (CONFAB_PARTICIPANT (peer->member));
  gint64 now = confab_clock_get_time (self->clock);

  if (state != peer->state && state == CONFAB_PARTICIPANT_STATE_UNREACHABLE)
    check_given_up (self, peer);
  if (is_healthy (self, peer))
    peer->n_invites = 0;
  peer->state = state;
  if (state != CONFAB_PARTICIPANT_STATE_CONNECTED)
    peer->connected_at = 0;
  else if (peer->connected_at == 0)
    peer->connected_at = now;
  else if (now - peer->connected_at > HEALTHY_US + LAG_US &&
           confab_call_member_get_retry_count (peer->member) > 0)
    fail (self,
          "health: what failed with %s is held against it",
          confab_call_member_get_device_id (peer->member));
}

static void
check_resent (ConfabSimWitness *self, Peer *peer)
{
  Attempt *attempt = find_of_peer (self, peer, confab_call_member_get_call_id (peer->member));
  gint64 now = confab_clock_get_time (self->clock);

  for (guint i = 0; attempt != NULL && i < attempt->unsent->len; i++) {
    const Unsent *unsent = attempt->unsent->pdata[i];
    if (unsent->failed_at != 0 && now - unsent->failed_at > RESEND_US)
      fail (self,
            "resent: message %" G_GINT64_FORMAT " to %s is not sent again",
            unsent->seq,
            confab_call_member_get_device_id (peer->member));
  }
}

/* What could not come through says nothing of the others. */
void
confab_sim_witness_back_online (ConfabSimWitness *self)
{
  for (guint i = 0; i < self->peers->len; i++)
    ((Peer *) self->peers->pdata[i])->n_invites = 0;
}

/**
 * confab_sim_witness_look:
 * @self: a witness
 *
 * Something has happened in the process.
 */
void
confab_sim_witness_look (ConfabSimWitness *self)
{
  for (guint i = 0; i < self->peers->len; i++) {
    Peer *peer = self->peers->pdata[i];

    check_current (self, peer);
    check_state (self, peer);
    check_resent (self, peer);
    g_set_str (&peer->current, confab_call_member_get_call_id (peer->member));
    g_clear_pointer (&peer->reason, g_free);
  }
}
