/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-witness-private.h"

#include <string.h>

#include "confab-json.h"

/* Two attempts that meet, and what brings that about: ICE that is restarted by both sides. */

static void
keep (ConfabSimWitness *self, const char *kept, const char *own, const char *other)
{
  g_set_str (&self->kept, kept);
  g_set_str (&self->given_up, kept == own ? other : own);
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
gboolean
confab_sim_witness_is_calm (ConfabSimWitness *self, const char *user_id)
{
  return self->network->calm && has_one_device (self->network, user_id) &&
         has_one_device (self->network, self->network->users[self->index]);
}

/* Whether this side has to invite. */
gboolean
confab_sim_witness_is_initiator (ConfabSimWitness *self, ConfabSimPeer *peer)
{
  int order = strcmp (confab_call_member_get_user_id (peer->member),
                      self->network->users[self->index]);

  if (order == 0)
    order = strcmp (confab_call_member_get_device_id (peer->member),
                    self->network->devices[self->index]);
  return order > 0;
}

/* Of two invites that meet the one with the smaller id is the call of both, as hydrogen and js-sdk have it; who has to invite
 * is not talked out of what is connected. What comes of it comes before anything else is handed over. */
void
confab_sim_witness_meet (ConfabSimWitness *self, ConfabSimPeer *peer, const char *call_id)
{
  const char *own = confab_call_member_get_call_id (peer->member);
  ConfabSimAttempt *attempt = confab_sim_witness_find_attempt (self, peer, own);

  if (own == NULL || g_str_equal (own, call_id))
    return;
  if (confab_call_member_get_connected (peer->member)) {
    keep (self, confab_sim_witness_is_initiator (self, peer) ? own : call_id, own, call_id);
  } else if (!confab_call_member_get_inbound (peer->member) &&
             !(attempt != NULL && attempt->answered)) {
    keep (self, strcmp (own, call_id) < 0 ? own : call_id, own, call_id);
    peer->met = attempt != NULL; /* the own one is on its way */
  }
}

/* Other things have happened since. */
void
confab_sim_witness_forget_meeting (ConfabSimWitness *self)
{
  g_clear_pointer (&self->kept, g_free);
  g_clear_pointer (&self->given_up, g_free);
}

static char *
dup_ufrag (JsonObject *content, const char *member)
{
  JsonObject *description = confab_json_peek_object (content, member);
  const char *sdp = description != NULL ? confab_json_peek_string (description, "sdp") : NULL;
  const char *line = sdp != NULL ? strstr (sdp, "a=ice-ufrag:") : NULL;

  return line != NULL ? g_strndup (line, strcspn (line, "\r\n")) : NULL;
}

/* Whether it restarts ICE: another ufrag than the first says so. */
void
confab_sim_witness_take_description (ConfabSimPeer *peer,
                                     ConfabSimAttempt *attempt,
                                     const char *type,
                                     JsonObject *content)
{
  JsonObject *description = confab_json_peek_object (content, "description");

  attempt->answered |= g_str_equal (type, "m.call.answer");
  if (g_str_equal (type, "m.call.negotiate")) {
    g_autofree char *ufrag = dup_ufrag (content, "description");
    attempt->restarted |= g_strcmp0 (confab_json_peek_string (description, "type"), "offer") == 0 &&
                          attempt->ufrag != NULL && g_strcmp0 (ufrag, attempt->ufrag) != 0;
  } else if (attempt->ufrag == NULL) {
    attempt->ufrag = dup_ufrag (content, g_str_equal (type, "m.call.answer") ? "answer" : "offer");
  }
  if (peer != NULL && attempt->restarted) {
    peer->met = FALSE;
    peer->restarted = TRUE;
  }
}
