/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-negotiation.h"

#include "confab-call-rows.h"
#include "confab-log.h"

#define MAX_RETRIES 3
#define RETRY_MS 2000

typedef enum {
  STATE_STABLE,
  STATE_MAKING_OFFER,
  STATE_OFFER_SENT,
  STATE_APPLYING_OFFER,
  STATE_MAKING_ANSWER,
  STATE_APPLYING_ANSWER,
  N_STATES,
} State;

static const char *const state_names[N_STATES] = {
  "stable", "making-offer", "offer-sent", "applying-offer", "making-answer", "applying-answer",
};

static const char *const event_names[CONFAB_NEGOTIATION_N_EVENTS] = {
  "negotiation-needed", "local-set",    "remote-set", "description-failed", "offered",
  "negotiated",         "first-answer", "unanswered",
};

struct _ConfabNegotiation {
  char *call_id;
  ConfabClock *clock;
  ConfabPeerConnection *connection;
  const ConfabNegotiationFuncs *funcs;
  gpointer data;
  State state;
  gboolean polite;
  gboolean needed;                /* once this exchange is through */
  ConfabCallEvent *waiting_offer; /* (nullable): the peer's, for later, without metadata */
  guint timer;                    /* runs while an offer waits for its answer */
  guint n_late;                   /* offers that were given up, whose answers may still come */
  guint n_failures;               /* in a row */
  guint retry_timer;              /* runs after one */
};

/* Side effects of the table's rows. */

static void
make_offer (ConfabNegotiation *self, ConfabCallEvent *message)
{
  self->needed = FALSE;
  confab_clock_clear (self->clock, &self->retry_timer);
  if (self->polite)
    confab_peer_connection_prepare_offer (self->connection);
  else
    confab_peer_connection_create_offer (self->connection);
}

static void
note_needed (ConfabNegotiation *self, ConfabCallEvent *message)
{
  self->needed = TRUE;
}

static void
unanswered_cb (gpointer data)
{
  ConfabNegotiation *self = data;

  self->timer = 0;
  confab_negotiation_handle (self, CONFAB_NEGOTIATION_UNANSWERED, NULL);
}

static void
send_offer (ConfabNegotiation *self, ConfabCallEvent *message)
{
  self->timer = confab_clock_add_timeout (self->clock,
                                          CONFAB_NEGOTIATION_LIFETIME_MS,
                                          unanswered_cb,
                                          self);
  self->funcs->send (CONFAB_SDP_TYPE_OFFER, self->data);
}

static void
send_answer (ConfabNegotiation *self, ConfabCallEvent *message)
{
  self->funcs->send (CONFAB_SDP_TYPE_ANSWER, self->data);
}

static void
make_answer (ConfabNegotiation *self, ConfabCallEvent *message)
{
  confab_peer_connection_create_answer (self->connection);
}

static void
apply_offer (ConfabNegotiation *self, ConfabCallEvent *message)
{
  self->funcs->apply (CONFAB_SDP_TYPE_OFFER, message, self->data);
}

static void
yield_to_offer (ConfabNegotiation *self, ConfabCallEvent *message)
{
  self->needed = TRUE;
  apply_offer (self, message);
}

static void
ignore_offer (ConfabNegotiation *self, ConfabCallEvent *message)
{
  confab_call_debug (self->call_id, "colliding offer ignored: this side is impolite");
}

/* Its metadata counts now: by the time it is applied there may be newer. */
static void
keep_offer (ConfabNegotiation *self, ConfabCallEvent *message)
{
  self->funcs->describe (message, self->data);
  g_clear_pointer (&self->waiting_offer, confab_call_event_unref);
  self->waiting_offer = confab_call_event_new (message->type, message->call_id);
  self->waiting_offer->sdp_type = message->sdp_type;
  self->waiting_offer->sdp = g_strdup (message->sdp);
}

/* The lifetime of the offer is over; the answer may be late. */
static void
offer_again (ConfabNegotiation *self, ConfabCallEvent *message)
{
  self->n_late++;
  self->needed = TRUE;
}

/*
 * An answer does not say to which offer: the late one was taken for that to the next, as which it may not do. Both have
 * been answered now: one more exchange settles it.
 */
static void
settle (ConfabNegotiation *self, ConfabCallEvent *message)
{
  self->n_late--;
  self->needed = TRUE;
}

static void
apply_answer (ConfabNegotiation *self, ConfabCallEvent *message)
{
  self->funcs->apply (CONFAB_SDP_TYPE_ANSWER, message, self->data);
}

static void
note_success (ConfabNegotiation *self, ConfabCallEvent *message)
{
  self->n_failures = 0;
}

static void
retry_cb (gpointer data)
{
  ConfabNegotiation *self = data;

  self->retry_timer = 0;
  confab_negotiation_handle (self, CONFAB_NEGOTIATION_NEEDED, NULL);
}

/* An offer of the own may be in force for which there is no answer any more, and none that can be applied: nothing the
 * peer offers can be taken then, and it cannot be taken back. Another offer takes its place. */
static void
retry_later (ConfabNegotiation *self, ConfabCallEvent *message)
{
  if (self->n_failures >= MAX_RETRIES)
    return;
  self->n_failures++;
  if (self->retry_timer == 0)
    self->retry_timer = confab_clock_add_timeout (self->clock,
                                                  RETRY_MS << (self->n_failures - 1),
                                                  retry_cb,
                                                  self);
}

/* Guards. */

static gboolean
has_waiting_offer (ConfabNegotiation *self)
{
  return self->waiting_offer != NULL;
}

static gboolean
has_late (ConfabNegotiation *self)
{
  return self->n_late > 0;
}

static gboolean
is_polite (ConfabNegotiation *self)
{
  return self->polite;
}

static gboolean
is_impolite (ConfabNegotiation *self)
{
  return !self->polite;
}

#define IN(s) (1u << STATE_##s)
#define ON(e) CONFAB_NEGOTIATION_##e
#define TO(s) STATE_##s
#define STAY -1
#define ANY ((1u << N_STATES) - 1u)

/* protocol/mesh-calls.md section 6, rows 28 to 31: the first row that matches wins. */
static const struct {
  guint from;
  ConfabNegotiationEvent event;
  gboolean (*guard) (ConfabNegotiation *self);
  int to;
  void (*enter) (ConfabNegotiation *self, ConfabCallEvent *message);
} transitions[] = {
  { IN (STABLE), ON (FIRST_ANSWER), NULL, TO (APPLYING_ANSWER), NULL },
  { IN (STABLE), ON (NEEDED), NULL, TO (MAKING_OFFER), make_offer },
  { ANY, ON (NEEDED), NULL, STAY, note_needed },
  { IN (MAKING_OFFER), ON (LOCAL_SET), has_waiting_offer, TO (STABLE), note_needed },
  { IN (MAKING_OFFER), ON (LOCAL_SET), NULL, TO (OFFER_SENT), send_offer },
  { IN (MAKING_ANSWER), ON (LOCAL_SET), NULL, TO (STABLE), send_answer },
  { IN (APPLYING_OFFER), ON (REMOTE_SET), NULL, TO (MAKING_ANSWER), make_answer },
  { IN (APPLYING_ANSWER), ON (REMOTE_SET), NULL, TO (STABLE), note_success },
  { ANY, ON (FAILED), NULL, TO (STABLE), retry_later },
  { IN (STABLE), ON (OFFERED), NULL, TO (APPLYING_OFFER), apply_offer },
  { IN (OFFER_SENT), ON (OFFERED), is_polite, TO (APPLYING_OFFER), yield_to_offer },
  { IN (MAKING_OFFER) | IN (OFFER_SENT), ON (OFFERED), is_impolite, STAY, ignore_offer },
  { ANY, ON (OFFERED), NULL, STAY, keep_offer },
  { IN (OFFER_SENT), ON (ANSWERED), NULL, TO (APPLYING_ANSWER), apply_answer },
  { ANY, ON (ANSWERED), has_late, STAY, settle },
  { IN (OFFER_SENT), ON (UNANSWERED), NULL, TO (STABLE), offer_again },
};

#undef IN
#undef ON
#undef TO
#undef STAY
#undef ANY

static void
step (ConfabNegotiation *self, ConfabNegotiationEvent event, ConfabCallEvent *message)
{
  State from = self->state;

  for (guint i = 0; i < G_N_ELEMENTS (transitions); i++) {
    if (transitions[i].event != event || !(transitions[i].from & (1u << from)) ||
        (transitions[i].guard != NULL && !transitions[i].guard (self)))
      continue;
    confab_call_row_ran ("negotiation", i, G_N_ELEMENTS (transitions));
    if (transitions[i].to >= 0)
      self->state = transitions[i].to;
    if (self->state != STATE_OFFER_SENT)
      confab_clock_clear (self->clock, &self->timer);
    confab_call_debug (self->call_id,
                       "negotiation: %s: %s -> %s",
                       event_names[event],
                       state_names[from],
                       state_names[self->state]);
    if (transitions[i].enter != NULL)
      transitions[i].enter (self, message);
    return;
  }
  confab_call_debug (self->call_id,
                     "negotiation: %s: ignored in %s",
                     event_names[event],
                     state_names[from]);
}

/**
 * confab_negotiation_new:
 * @call_id: for the log
 * @clock: for the lifetime of an offer
 * @connection: makes and takes the descriptions
 * @funcs: what the call does for it
 * @data: for @funcs
 *
 * Returns: (transfer full): a negotiation, stable, on the impolite side
 */
ConfabNegotiation *
confab_negotiation_new (const char *call_id,
                        ConfabClock *clock,
                        ConfabPeerConnection *connection,
                        const ConfabNegotiationFuncs *funcs,
                        gpointer data)
{
  ConfabNegotiation *self = g_new0 (ConfabNegotiation, 1);

  self->call_id = g_strdup (call_id);
  self->clock = g_object_ref (clock);
  self->connection = g_object_ref (connection);
  self->funcs = funcs;
  self->data = data;
  return self;
}

void
confab_negotiation_free (ConfabNegotiation *self)
{
  confab_negotiation_clear (self);
  g_object_unref (self->connection);
  g_object_unref (self->clock);
  g_free (self->call_id);
  g_free (self);
}

/**
 * confab_negotiation_set_polite:
 * @self: a negotiation
 * @polite: whether this side gives way when two offers meet: the one that was called
 */
void
confab_negotiation_set_polite (ConfabNegotiation *self, gboolean polite)
{
  self->polite = polite;
}

/**
 * confab_negotiation_handle:
 * @self: a negotiation
 * @event: what happened
 * @message: (nullable): the peer's `m.call.negotiate` that goes with %CONFAB_NEGOTIATION_OFFERED and
 *   %CONFAB_NEGOTIATION_ANSWERED
 *
 * An offer that the peer made meanwhile comes before one of the own.
 */
void
confab_negotiation_handle (ConfabNegotiation *self,
                           ConfabNegotiationEvent event,
                           ConfabCallEvent *message)
{
  g_autoptr (ConfabCallEvent) offer = NULL;

  step (self, event, message);
  if (self->state != STATE_STABLE)
    return;
  offer = g_steal_pointer (&self->waiting_offer);
  if (offer != NULL)
    step (self, CONFAB_NEGOTIATION_OFFERED, offer);
  else if (self->needed)
    step (self, CONFAB_NEGOTIATION_NEEDED, NULL);
}

/**
 * confab_negotiation_clear:
 * @self: a negotiation
 *
 * Forgets what waits: the call is over.
 */
void
confab_negotiation_clear (ConfabNegotiation *self)
{
  confab_clock_clear (self->clock, &self->timer);
  confab_clock_clear (self->clock, &self->retry_timer);
  g_clear_pointer (&self->waiting_offer, confab_call_event_unref);
  self->needed = FALSE;
}
