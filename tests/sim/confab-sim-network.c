/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-network.h"

#include <string.h>

/* A device message on its way from one server to another. */
typedef struct {
  ConfabSimNetwork *network;
  guint from;
  guint to;
  char *type;
  JsonObject *content;
} Packet;

guint
confab_sim_network_below (ConfabSimNetwork *self, guint limit)
{
  return limit > 0 ? (guint) g_rand_int_range (self->rand, 0, (int) limit) : 0;
}

gboolean
confab_sim_network_chance (ConfabSimNetwork *self, guint per_cent)
{
  return per_cent > 0 && confab_sim_network_below (self, 100) < per_cent;
}

/* ms that a request takes. */
guint
confab_sim_network_get_delay (ConfabSimNetwork *self)
{
  return 5 + confab_sim_network_below (self, self->latency_ms);
}

gboolean
confab_sim_network_is_offline (ConfabSimNetwork *self, guint index)
{
  return confab_clock_get_time (self->clock) < self->offline_until[index];
}

ConfabSimOutcome
confab_sim_network_try (ConfabSimNetwork *self, guint index)
{
  if (confab_sim_network_is_offline (self, index))
    return CONFAB_SIM_FAILED;
  if (confab_clock_get_time (self->clock) >= self->trouble_until ||
      !confab_sim_network_chance (self, self->trouble))
    return CONFAB_SIM_DONE;
  return confab_sim_network_chance (self, 30) ? CONFAB_SIM_DONE_UNHEARD : CONFAB_SIM_FAILED;
}

static void
arrive_cb (gpointer data)
{
  Packet *packet = data;
  ConfabSimNetwork *self = packet->network;

  confab_sim_server_put_message (self->server,
                                 packet->to,
                                 self->users[packet->from],
                                 self->devices[packet->from],
                                 packet->type,
                                 packet->content);
  g_free (packet->type);
  json_object_unref (packet->content);
  g_free (packet);
}

static void
dispatch (ConfabSimNetwork *self, guint from, guint to, const char *type, JsonObject *content)
{
  Packet *packet = g_new0 (Packet, 1);

  packet->network = self;
  packet->from = from;
  packet->to = to;
  packet->type = g_strdup (type);
  packet->content = json_object_ref (content);
  confab_clock_add_timeout (self->clock,
                            confab_sim_network_below (self, self->spread_ms),
                            arrive_cb,
                            packet);
}

/**
 * confab_sim_network_carry:
 * @self: the network
 * @from: whose message
 * @user_id: to whom
 * @device_id: to which device
 * @type: its type
 * @content: its content
 *
 * The sender's server has it; what comes of it is the network's.
 */
void
confab_sim_network_carry (ConfabSimNetwork *self,
                          guint from,
                          const char *user_id,
                          const char *device_id,
                          const char *type,
                          JsonObject *content)
{
  for (guint i = 0; i < self->n; i++) {
    if (!g_str_equal (self->users[i], user_id) || !g_str_equal (self->devices[i], device_id))
      continue;
    if (confab_clock_get_time (self->clock) < self->link_until[from][i] ||
        confab_sim_network_chance (self, self->loss))
      return;
    dispatch (self, from, i, type, content);
    if (confab_sim_network_chance (self, self->repeats))
      dispatch (self, from, i, type, content);
    return;
  }
}

/* From now on all goes well. */
void
confab_sim_network_heal (ConfabSimNetwork *self)
{
  self->spread_ms = MIN (self->spread_ms, 200);
  self->loss = 0;
  self->repeats = 0;
  self->trouble_until = 0;
  memset (self->offline_until, 0, sizeof self->offline_until);
  memset (self->link_until, 0, sizeof self->link_until);
}
