/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-forger.h"

#include "confab-group-call.h"
#include "confab-json.h"
#include "confab-sim-client-private.h"

#define STRANGER "@mallory:y"
#define STRANGER_DEVICE "MALLORY"

/* Who it is from, as Olm and the server have it. */
typedef enum {
  FORGERY_CLEAR,             /* from whom it says, without Olm */
  FORGERY_STRANGER,          /* from a stranger, who says so */
  FORGERY_STRANGER_AS,       /* from a stranger, under the device's name */
  FORGERY_STRANGER_SAME,     /* from a stranger, whose device has that name, too */
  FORGERY_STRANGER_CLEAR,    /* the same in clear */
  FORGERY_MEMBER_AS,         /* from another member, under the device's name */
  FORGERY_ANOTHER_DEVICE,    /* from a device of that user that is not in the call */
  FORGERY_ANOTHER_DEVICE_AS, /* under the name of the one that is */
  N_FORGERIES,
} Forgery;

/* What it says: what the other one has said before, or the end of what there is with it now. */
static JsonObject *
make_content (ConfabSimClient *victim,
              const ConfabSimMessage *message,
              guint other,
              guint value,
              const char **type)
{
  ConfabCallMember *member = confab_sim_client_find_member (victim, other);
  const char *call_id = member != NULL ? confab_call_member_get_call_id (member) : NULL;
  JsonObject *content = confab_json_copy_object (message->content);

  *type = message->type;
  if (value % 4 < 2 && call_id != NULL)
    json_object_set_string_member (content, "call_id", call_id);
  if (value % 4 == 0 && call_id != NULL) {
    json_object_set_string_member (content,
                                   "sender_session_id",
                                   confab_call_member_get_session_id (member));
    json_object_set_string_member (content,
                                   "dest_session_id",
                                   confab_group_call_get_session_id (
                                     CONFAB_GROUP_CALL (victim->call)));
  }
  if (value % 4 == 2)
    json_object_set_string_member (content, "call_id", "forged");
  if (value / 4 % 3 == 0) {
    *type = "m.call.hangup";
    json_object_set_string_member (content, "reason", "user_hangup");
  }
  if (value / 12 % 3 == 0)
    json_object_remove_member (content, "seq");
  else if (value / 12 % 3 == 1 && json_object_has_member (content, "seq"))
    json_object_set_int_member (content, "seq", json_object_get_int_member (content, "seq") + 1);
  return content;
}

static const ConfabSimMessage *
find_message (ConfabSimNetwork *network, guint who, guint other)
{
  for (guint i = confab_sim_server_get_n_messages (network->server, who); i-- > 0;) {
    const ConfabSimMessage *message = confab_sim_server_get_message (network->server, who, i);
    if (g_str_equal (message->sender, network->users[other]) &&
        g_str_equal (message->device_id, network->devices[other]))
      return message;
  }
  return NULL;
}

/* Returns: (nullable): of somebody else */
static const char *
find_third_device (ConfabSimNetwork *network, guint who, guint other, const char **user)
{
  for (guint i = 0; i < network->n; i++) {
    if (i == who || i == other)
      continue;
    *user = network->users[i];
    return network->devices[i];
  }
  return NULL;
}

/* All that the person sees and that the process does. */

static void
describe_member (GString *text, ConfabCallMember *member)
{
  ConfabPeerConnection *connection = confab_call_member_get_connection (member);
  GListModel *streams = confab_participant_get_streams (CONFAB_PARTICIPANT (member));
  g_autoptr (GPtrArray) queued = confab_call_member_dup_queued (member);

  g_string_append_printf (text,
                          " %s/%s: state %d, %d, call %s, %u retries, %u unsent, %u queued, %u "
                          "streams, muted %d %d, clear %d, quiet %" G_GINT64_FORMAT
                          ", connection %s\n",
                          confab_call_member_get_user_id (member),
                          confab_call_member_get_device_id (member),
                          confab_participant_get_state (CONFAB_PARTICIPANT (member)),
                          confab_call_member_get_connected (member),
                          confab_call_member_get_call_id (member),
                          confab_call_member_get_retry_count (member),
                          confab_call_member_get_n_unsent (member),
                          queued->len,
                          g_list_model_get_n_items (streams),
                          confab_call_member_get_microphone_muted (member),
                          confab_call_member_get_camera_muted (member),
                          !confab_participant_get_encrypted (CONFAB_PARTICIPANT (member)),
                          confab_participant_get_quiet_since (CONFAB_PARTICIPANT (member)),
                          connection != NULL ? confab_fake_peer_connection_get_log (
                                                 CONFAB_FAKE_PEER_CONNECTION (connection))
                                             : "none");
}

static char *
describe (ConfabSimClient *self)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%u sent\n", self->n_sent);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->handler)); i++) {
    g_autoptr (ConfabCall) call = g_list_model_get_item (G_LIST_MODEL (self->handler), i);
    g_string_append_printf (text,
                            "%s: state %d, ringing %d\n",
                            confab_group_call_get_id (CONFAB_GROUP_CALL (call)),
                            confab_call_get_state (call),
                            confab_call_get_ringing (call));
  }
  for (guint i = 0; i < self->shown->len; i++)
    describe_member (text, self->shown->pdata[i]);
  return g_string_free_and_steal (text);
}

/* In a sync of its own. */
static void
hand_over (ConfabSimClient *self,
           const char *sender,
           const char *device,
           const char *type,
           JsonObject *content)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  confab_sim_client_poll (self);
  before = describe (self);
  confab_call_handler_handle_to_device (self->handler, sender, device, type, content);
  confab_call_handler_end_sync (self->handler, confab_clock_get_real_time (self->clock) / 1000);
  after = describe (self);
  if (!g_str_equal (before, after))
    confab_sim_network_fail (self->network,
                             self->index,
                             "forged: %s from %s/%s counts",
                             type,
                             sender,
                             device != NULL ? device : "clear");
}

/**
 * confab_sim_forge:
 * @victim: who gets it
 * @other: the client that somebody pretends to be
 * @value: chance
 *
 * Somebody sends something that is not theirs to send.
 */
void
confab_sim_forge (ConfabSimClient *victim, guint other, guint value)
{
  ConfabSimNetwork *network = victim->network;
  guint who = victim->index;
  const ConfabSimMessage *message = find_message (network, who, other);
  Forgery forgery = value % N_FORGERIES;
  const char *sender = STRANGER;
  const char *device = STRANGER_DEVICE; /* as Olm has it */
  const char *named = network->devices[other];
  const char *type;
  g_autoptr (JsonObject) content = NULL;

  if (who == other || message == NULL || !victim->up || !victim->waits_for_news)
    return;
  content = make_content (victim, message, other, value / N_FORGERIES, &type);
  switch (forgery) {
  case FORGERY_CLEAR:
    sender = network->users[other];
    device = NULL;
    break;
  case FORGERY_STRANGER:
    named = STRANGER_DEVICE;
    break;
  case FORGERY_STRANGER_AS:
    break;
  case FORGERY_STRANGER_SAME:
    device = network->devices[other];
    break;
  case FORGERY_STRANGER_CLEAR:
    device = NULL;
    break;
  case FORGERY_MEMBER_AS:
    device = find_third_device (network, who, other, &sender);
    if (device == NULL)
      return;
    break;
  case FORGERY_ANOTHER_DEVICE:
    sender = network->users[other];
    named = STRANGER_DEVICE;
    break;
  case FORGERY_ANOTHER_DEVICE_AS:
    sender = network->users[other];
    break;
  case N_FORGERIES:
  default:
    g_assert_not_reached ();
  }
  json_object_set_string_member (content, "device_id", named);
  json_object_set_string_member (content, "party_id", named);
  hand_over (victim, sender, device, type, content);
}
