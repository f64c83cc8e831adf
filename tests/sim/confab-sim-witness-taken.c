/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-fake-peer-connection.h"
#include "confab-sim-witness-private.h"

#include <string.h>

#include "confab-json.h"

/* What others have said: once two are connected, it holds, also what came before there was a place for it. Looked at where
 * nothing is lost: what comes after a hole may be dropped. */

#define TAKEN_US (15 * G_USEC_PER_SEC) /* a missing number is waited for for five seconds */

static void
note_candidates (ConfabSimAttempt *attempt, guint number, JsonObject *content)
{
  JsonArray *candidates = confab_json_peek_array (content, "candidates");

  if (number >= 64 || (attempt->numbers & (G_GUINT64_CONSTANT (1) << number)))
    return; /* had it */
  attempt->numbers |= G_GUINT64_CONSTANT (1) << number;
  for (guint i = 0; i < json_array_get_length (candidates); i++) {
    JsonObject *candidate = json_array_get_object_element (candidates, i);
    const char *text = confab_json_peek_string (candidate, "candidate");
    attempt->n_candidates += text != NULL && *text != '\0';
  }
}

/* The highest number counts. */
static void
note_metadata (ConfabSimAttempt *attempt, gint64 number, JsonObject *content, gboolean offer)
{
  JsonObject *streams = confab_json_peek_object (content, "sdp_stream_metadata");
  g_autoptr (GList) ids = NULL;

  if (streams == NULL || number < attempt->described)
    return;
  ids = json_object_get_members (streams);
  for (GList *l = ids; l != NULL; l = l->next) {
    JsonObject *stream = json_object_get_object_member (streams, l->data);
    if (g_strcmp0 (confab_json_peek_string (stream, "purpose"), "m.usermedia") != 0)
      continue;
    attempt->described = number + 1;
    attempt->knows_muted = !offer;
    attempt->microphone_muted = json_object_get_boolean_member (stream, "audio_muted");
    attempt->camera_muted = json_object_get_boolean_member (stream, "video_muted");
  }
}

/* A message of the attempt is handed over. Returns: whether it says anything of this */
gboolean
confab_sim_witness_note_said (ConfabSimAttempt *attempt, const char *type, JsonObject *content)
{
  gint64 number = json_object_get_int_member (content, "seq");

  if (g_str_equal (type, "m.call.hangup"))
    return FALSE;
  if (g_str_equal (type, "m.call.candidates"))
    note_candidates (attempt, (guint) number, content);
  else
    note_metadata (attempt, number, content, g_str_equal (type, "m.call.negotiate"));
  return TRUE;
}

void
confab_sim_witness_check_taken (ConfabSimWitness *self,
                                ConfabSimPeer *peer,
                                const ConfabSimAttempt *attempt)
{
  gint64 now = confab_clock_get_time (self->clock);
  const char *device = confab_call_member_get_device_id (peer->member);
  ConfabFakePeerConnection *connection;

  if (attempt == NULL || !self->network->calm || peer->connected_at == 0 ||
      now - peer->connected_at < TAKEN_US || now - attempt->said_at < TAKEN_US)
    return;
  if (attempt->knows_muted &&
      confab_call_member_get_microphone_muted (peer->member) != attempt->microphone_muted)
    confab_sim_network_fail (self->network,
                             self->index,
                             "mute: has been told of the microphone of %s",
                             device);
  if (attempt->knows_muted &&
      confab_call_member_get_camera_muted (peer->member) != attempt->camera_muted)
    confab_sim_network_fail (self->network,
                             self->index,
                             "mute: has been told of the camera of %s",
                             device);
  connection = CONFAB_FAKE_PEER_CONNECTION (confab_call_member_get_connection (peer->member));
  if (confab_fake_peer_connection_get_n_candidates (connection) < attempt->n_candidates)
    confab_sim_network_fail (self->network,
                             self->index,
                             "candidates: %u of %s have come, and %u are known",
                             attempt->n_candidates,
                             device,
                             confab_fake_peer_connection_get_n_candidates (connection));
}
