/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-candidate-batch.h"

#include <string.h>

struct _ConfabCandidateBatch {
  char *call_id;
  ConfabClock *clock;
  ConfabCandidateBatchFunc send;
  gpointer data;
  ConfabCallEvent *pending; /* (nullable): not sent yet */
  char *first_mid;          /* of the first m-section: where the end of candidates belongs */
  gboolean complete;
  gboolean end_sent;
  guint timer;
};

static void
flush_cb (gpointer data)
{
  ConfabCandidateBatch *self = data;
  g_autoptr (ConfabCallEvent) message = g_steal_pointer (&self->pending);

  self->timer = 0;
  if (self->complete && !self->end_sent) {
    if (message == NULL)
      message = confab_call_event_new (CONFAB_CALL_EVENT_CANDIDATES, self->call_id);
    confab_call_event_add_candidate (message,
                                     "",
                                     self->first_mid != NULL ? self->first_mid : "0",
                                     0);
    self->end_sent = TRUE;
  }
  if (message != NULL)
    self->send (message, self->data);
}

/**
 * confab_candidate_batch_new:
 * @call_id: the connection attempt
 * @clock: for the wait
 * @send: gets each batch
 * @data: for @send
 *
 * Returns: (transfer full): an empty batch
 */
ConfabCandidateBatch *
confab_candidate_batch_new (const char *call_id,
                            ConfabClock *clock,
                            ConfabCandidateBatchFunc send,
                            gpointer data)
{
  ConfabCandidateBatch *self = g_new0 (ConfabCandidateBatch, 1);

  self->call_id = g_strdup (call_id);
  self->clock = g_object_ref (clock);
  self->send = send;
  self->data = data;
  return self;
}

void
confab_candidate_batch_free (ConfabCandidateBatch *self)
{
  confab_candidate_batch_clear (self);
  g_object_unref (self->clock);
  g_free (self->first_mid);
  g_free (self->call_id);
  g_free (self);
}

/**
 * confab_candidate_batch_add:
 * @self: a batch
 * @candidate: `candidate:…`
 * @sdp_mid: its m-section
 * @sdp_mline_index: the m-section's index
 *
 * Keeps a candidate for the next message; one that is past the size of a message is dropped (ICE makes do with the
 * many that are there).
 */
void
confab_candidate_batch_add (ConfabCandidateBatch *self,
                            const char *candidate,
                            const char *sdp_mid,
                            int sdp_mline_index)
{
  if (self->pending == NULL)
    self->pending = confab_call_event_new (CONFAB_CALL_EVENT_CANDIDATES, self->call_id);
  else if (self->pending->candidates->len >= CONFAB_CALL_EVENT_MAX_CANDIDATES - 1)
    return;
  if (self->first_mid == NULL && sdp_mline_index == 0)
    self->first_mid = g_strdup (sdp_mid);
  confab_call_event_add_candidate (self->pending, candidate, sdp_mid, sdp_mline_index);
}

/**
 * confab_candidate_batch_drop_those_in:
 * @self: a batch
 * @sdp: what is about to be sent
 *
 * Candidates that stand in the SDP need not be sent again.
 */
void
confab_candidate_batch_drop_those_in (ConfabCandidateBatch *self, const char *sdp)
{
  const char *mid = strstr (sdp, "a=mid:");
  GPtrArray *queued = self->pending != NULL ? self->pending->candidates : NULL;

  if (mid != NULL && self->first_mid == NULL)
    self->first_mid = g_strndup (mid + 6, strcspn (mid + 6, "\r\n"));
  for (guint i = queued != NULL ? queued->len : 0; i-- > 0;) {
    const ConfabIceCandidate *candidate = queued->pdata[i];
    if (strstr (sdp, candidate->candidate) != NULL)
      g_ptr_array_remove_index (queued, i);
  }
  if (queued != NULL && queued->len == 0)
    g_clear_pointer (&self->pending, confab_call_event_unref);
}

/**
 * confab_candidate_batch_complete:
 * @self: a batch
 *
 * There are no more candidates.
 *
 * Returns: whether the peer is still to be told so
 */
gboolean
confab_candidate_batch_complete (ConfabCandidateBatch *self)
{
  self->complete = TRUE;
  return !self->end_sent;
}

/**
 * confab_candidate_batch_arm:
 * @self: a batch
 * @delay_ms: how long to gather
 *
 * What is there by then goes out; does nothing when that is on its way already.
 */
void
confab_candidate_batch_arm (ConfabCandidateBatch *self, guint delay_ms)
{
  if (self->timer == 0)
    self->timer = confab_clock_add_timeout (self->clock, delay_ms, flush_cb, self);
}

/**
 * confab_candidate_batch_clear:
 * @self: a batch
 *
 * Forgets what was not sent: the attempt is over.
 */
void
confab_candidate_batch_clear (ConfabCandidateBatch *self)
{
  confab_clock_clear (self->clock, &self->timer);
  g_clear_pointer (&self->pending, confab_call_event_unref);
}
