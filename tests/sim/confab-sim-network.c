/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-network.h"

#include <string.h>

#include "confab-json.h"

#define LATE_MS 20000

/* A device message on its way from one server to another. */
typedef struct {
  ConfabSimNetwork *network;
  guint from;
  guint to;
  char *type;
  JsonObject *content;
} Packet;

/**
 * confab_sim_network_fail:
 * @self: a network
 * @index: the client with which something is wrong
 * @format: which invariant, and what happened
 *
 * An invariant does not hold.
 */
void
confab_sim_network_fail (ConfabSimNetwork *self, guint index, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  message = g_strdup_printf ("%s/%s: %s", self->users[index], self->devices[index], text);
  self->fail (message, self->data);
}

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

/* Two devices of one user are on one homeserver; whoever is none of the clients has one of their own. */
gboolean
confab_sim_network_reaches (ConfabSimNetwork *self, const char *user_id, guint index)
{
  if (confab_clock_get_time (self->clock) >= self->parted_until)
    return TRUE;
  for (guint i = 0; i < self->n; i++) {
    if (g_str_equal (self->users[i], user_id))
      return self->sides[i] == self->sides[index];
  }
  return TRUE;
}

/* Whether state that one has written comes to client @index at once. */
gboolean
confab_sim_network_shows (ConfabSimNetwork *self, const char *user_id, guint index)
{
  return (confab_clock_get_time (self->clock) >= self->late_until[index] ||
          g_str_equal (self->users[index], user_id)) &&
         confab_sim_network_reaches (self, user_id, index);
}

/* Nobody asks for the same again before the time that they were told. */
static void
check_told (ConfabSimNetwork *self, guint index, const char *resource, gint64 now)
{
  const gint64 *told = self->told[index] != NULL ? g_hash_table_lookup (self->told[index], resource)
                                                 : NULL;

  if (told != NULL && now < *told) {
    confab_sim_network_fail (self,
                             index,
                             "patience: asks for %s %" G_GINT64_FORMAT " ms too soon",
                             resource,
                             (*told - now) / 1000);
  }
}

/* What is left of the time, as a rule. */
static guint
limit (ConfabSimNetwork *self, guint index, const char *resource, gint64 now)
{
  guint left_ms = (guint) ((self->limit_until[index] - now + 999) / 1000);
  gint64 until = now + left_ms * G_GINT64_CONSTANT (1000);

  if (confab_sim_network_chance (self, 10))
    return 0;
  if (self->told[index] == NULL)
    self->told[index] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_hash_table_replace (self->told[index], g_strdup (resource), g_memdup2 (&until, sizeof until));
  return left_ms;
}

/**
 * confab_sim_network_try:
 * @self: the network
 * @index: who asks
 * @resource: for what
 * @retry_after_ms: (out): after %CONFAB_SIM_LIMITED: 0 when the server does not say
 *
 * Returns: what becomes of it
 */
ConfabSimOutcome
confab_sim_network_try (ConfabSimNetwork *self,
                        guint index,
                        const char *resource,
                        guint *retry_after_ms)
{
  gint64 now = confab_clock_get_time (self->clock);

  if (confab_sim_network_is_offline (self, index))
    return CONFAB_SIM_FAILED;
  check_told (self, index, resource, now);
  if (now < self->limit_until[index] &&
      (self->limits_all[index] || g_str_has_prefix (resource, CONFAB_SIM_STATE))) {
    *retry_after_ms = limit (self, index, resource, now);
    return CONFAB_SIM_LIMITED;
  }
  if (confab_clock_get_time (self->clock) >= self->trouble_until ||
      !confab_sim_network_chance (self, self->trouble))
    return CONFAB_SIM_DONE;
  return confab_sim_network_chance (self, 30) ? CONFAB_SIM_DONE_UNHEARD : CONFAB_SIM_FAILED;
}

/* A new process does not know what the last one was told. */
void
confab_sim_network_forget (ConfabSimNetwork *self, guint index)
{
  g_clear_pointer (&self->told[index], g_hash_table_unref);
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
dispatch (ConfabSimNetwork *self,
          guint from,
          guint to,
          const char *type,
          JsonObject *content,
          guint spread_ms)
{
  Packet *packet = g_new0 (Packet, 1);
  gint64 now = confab_clock_get_time (self->clock);
  guint parted_ms = 0;

  /* Servers keep what they cannot deliver, for then. */
  if (!confab_sim_network_reaches (self, self->users[from], to))
    parted_ms = (guint) ((self->parted_until - now) / 1000);

  packet->network = self;
  packet->from = from;
  packet->to = to;
  packet->type = g_strdup (type);
  packet->content = json_object_ref (content);
  confab_clock_add_timeout (self->clock,
                            parted_ms + confab_sim_network_below (self, spread_ms),
                            arrive_cb,
                            packet);
}

/* Instead of an answer: there is another call with this one. */
static void
refuse (ConfabSimNetwork *self, guint from, guint to, JsonObject *answer)
{
  g_autoptr (JsonObject) content = confab_json_copy_object (answer);

  json_object_remove_member (content, "answer");
  json_object_set_string_member (content, "reason", "replaced");
  dispatch (self, from, to, "m.call.hangup", content, self->spread_ms);
}

static guint
get_spread (ConfabSimNetwork *self, guint late)
{
  return confab_sim_network_chance (self, late) ? LATE_MS : self->spread_ms;
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
        confab_sim_network_chance (self, self->loss)) {
      self->lost[from][i] = TRUE;
      return;
    }
    if (g_str_equal (type, "m.call.answer") &&
        confab_clock_get_time (self->clock) < self->refuses_until[from][i]) {
      refuse (self, from, i, content);
      return;
    }
    dispatch (self, from, i, type, content, get_spread (self, self->late));
    if (confab_sim_network_chance (self, self->repeats))
      dispatch (self, from, i, type, content, get_spread (self, 40));
    return;
  }
}

/* Whether client @index can encrypt for the device now. */
gboolean
confab_sim_network_has_keys (ConfabSimNetwork *self,
                             guint index,
                             const char *user_id,
                             const char *device_id)
{
  for (guint i = 0; i < self->n; i++) {
    if (g_str_equal (self->users[i], user_id) && g_str_equal (self->devices[i], device_id))
      return confab_clock_get_time (self->clock) >= self->keyless_until[index][i];
  }
  return TRUE;
}

/* It says what the user declined for all devices, and nothing else. */
static void
check_declined (ConfabSimNetwork *self, const char *user_id, JsonObject *content)
{
  JsonObject *calls = json_object_get_object_member (content, "calls");
  g_autoptr (GList) ids = json_object_get_members (calls);

  for (GList *l = ids; l != NULL; l = l->next) {
    g_autofree char *key = g_strconcat (user_id, " ", l->data, NULL);
    g_autofree char *message = g_strdup_printf (
      "%s: everywhere: nobody declined %s for all devices", user_id, (const char *) l->data);

    if (self->declined == NULL || !g_hash_table_contains (self->declined, key))
      self->fail (message, self->data);
  }
}

/* Account data comes to all devices of its user, the one that wrote it, too. */
void
confab_sim_network_put_account (ConfabSimNetwork *self, guint from, JsonObject *content)
{
  check_declined (self, self->users[from], content);
  for (guint i = 0; i < self->n; i++) {
    if (g_str_equal (self->users[i], self->users[from]))
      confab_sim_server_put_account (self->server, i, content);
  }
}

/* One of the user's devices declines a call for all of them. */
void
confab_sim_network_note_declined (ConfabSimNetwork *self, const char *user_id, const char *call_id)
{
  gint64 now = confab_clock_get_time (self->clock);

  if (self->declined == NULL)
    self->declined = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_hash_table_replace (self->declined,
                        g_strconcat (user_id, " ", call_id, NULL),
                        g_memdup2 (&now, sizeof now));
}

/* Returns: monotonic, µs; 0: not at all */
gint64
confab_sim_network_get_declined_at (ConfabSimNetwork *self,
                                    const char *user_id,
                                    const char *call_id)
{
  g_autofree char *key = g_strconcat (user_id, " ", call_id, NULL);
  const gint64 *time = self->declined != NULL ? g_hash_table_lookup (self->declined, key) : NULL;

  return time != NULL ? *time : 0;
}

/* Returns: ms until nobody is told to wait any more */
guint
confab_sim_network_get_limit (ConfabSimNetwork *self)
{
  gint64 now = confab_clock_get_time (self->clock);
  gint64 left = 0;

  for (guint i = 0; i < self->n; i++)
    left = MAX (left, self->limit_until[i] - now);
  return (guint) ((left + 999) / 1000);
}

/* From now on all goes well; whoever was told to wait still has to. */
void
confab_sim_network_heal (ConfabSimNetwork *self)
{
  self->spread_ms = MIN (self->spread_ms, 200);
  self->loss = 0;
  self->late = 0;
  self->repeats = 0;
  self->trouble_until = 0;
  self->parted_until = 0;
  memset (self->late_until, 0, sizeof self->late_until);
  memset (self->limit_until, 0, sizeof self->limit_until);
  memset (self->offline_until, 0, sizeof self->offline_until);
  memset (self->link_until, 0, sizeof self->link_until);
  memset (self->refuses_until, 0, sizeof self->refuses_until);
  memset (self->keyless_until, 0, sizeof self->keyless_until);
}
