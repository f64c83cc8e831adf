/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-client-private.h"

#include "confab-call-content.h"
#include "confab-group-call.h"

/* What is true of a client at any time. */

#define WRONG_MEMBERS_US (20 * 1000)
#define EXPIRY_LAG_MS 20
#define MISSED_US (15 * G_USEC_PER_SEC)

static const ConfabCallMembership *
find_entry (GPtrArray *entries, const char *call_id, const char *device_id)
{
  for (guint i = 0; i < entries->len; i++) {
    const ConfabCallMembership *entry = entries->pdata[i];
    if (g_str_equal (entry->call_id, call_id) && g_str_equal (entry->device_id, device_id))
      return entry;
  }
  return NULL;
}

/* What is sent. */

void
confab_sim_client_check_sending (ConfabSimClient *self,
                                 const char *user_id,
                                 const char *device_id,
                                 const char *type,
                                 JsonObject *content,
                                 gboolean clear)
{
  static const char *const counted[] = {
    "m.call.invite",
    "m.call.answer",
    "m.call.candidates",
    "m.call.hangup",
    "m.call.negotiate",
    "org.matrix.call.sdp_stream_metadata_changed",
    NULL,
  };
  g_autoptr (GPtrArray) entries = NULL;
  const ConfabCallMembership *entry;
  const char *conf_id = json_object_get_string_member (content, "conf_id");
  const char *session;

  entries = confab_call_membership_parse (g_hash_table_lookup (self->members, user_id));
  entry = find_entry (entries, conf_id, device_id);
  session = entry != NULL
              ? entry->session_id
              : confab_sim_missed_get_session (self->missed, user_id, conf_id, device_id);
  if (clear)
    confab_sim_network_fail (self->network, self->index, "encrypted: %s in clear", type);
  if (!g_strv_contains (counted, type))
    confab_sim_network_fail (self->network,
                             self->index,
                             "counted: %s is not counted by hydrogen",
                             type);
  if (session == NULL ||
      !g_str_equal (session, json_object_get_string_member (content, "dest_session_id")))
    confab_sim_network_fail (self->network,
                             self->index,
                             "live-session: %s to a session of %s/%s that is gone",
                             type,
                             user_id,
                             device_id);
  if (g_strcmp0 (self->session, json_object_get_string_member (content, "sender_session_id")) != 0)
    confab_sim_network_fail (self->network,
                             self->index,
                             "own-session: %s from a session that is gone",
                             type);
}

static gboolean
has_others (ConfabSimClient *self, const char *call_id)
{
  gint64 now_ms = confab_clock_get_real_time (self->clock) / 1000;

  for (guint i = 0; i < self->network->n; i++) {
    const char *user = self->network->users[i];
    g_autoptr (GPtrArray) entries = NULL;
    const ConfabCallMembership *entry;

    if (i == self->index || g_hash_table_contains (self->left, user))
      continue;
    entries = confab_call_membership_parse (g_hash_table_lookup (self->members, user));
    entry = find_entry (entries, call_id, self->network->devices[i]);
    if (entry != NULL && entry->expires_ts > now_ms)
      return TRUE;
  }
  return FALSE;
}

/* Each writes the entries of all devices of its user: those of the others are theirs. */
static void
check_siblings (ConfabSimClient *self, JsonObject *content)
{
  gint64 now_ms = confab_clock_get_real_time (self->clock) / 1000;
  g_autoptr (GPtrArray) before = NULL;
  g_autoptr (GPtrArray) after = NULL;

  before = confab_call_membership_parse (g_hash_table_lookup (self->members, self->user));
  after = confab_call_membership_parse (content);
  for (guint i = 0; i < before->len; i++) {
    const ConfabCallMembership *entry = before->pdata[i];
    const ConfabCallMembership *written = find_entry (after, entry->call_id, entry->device_id);

    if (g_str_equal (entry->device_id, self->device) || entry->expires_ts <= now_ms)
      continue;
    if (written == NULL || written->expires_ts != entry->expires_ts ||
        !g_str_equal (written->session_id, entry->session_id))
      confab_sim_network_fail (self->network,
                               self->index,
                               "siblings: writes the entry of %s, too",
                               entry->device_id);
  }
}

void
confab_sim_client_check_state (ConfabSimClient *self,
                               const char *type,
                               const char *state_key,
                               JsonObject *content)
{
  if (g_str_equal (type, CONFAB_CALL_CONTENT_TYPE))
    confab_sim_calls_check_terminating (self->calls,
                                        state_key,
                                        content,
                                        has_others (self, state_key));
  else if (g_str_equal (type, CONFAB_CALL_MEMBERSHIP_TYPE))
    check_siblings (self, content);
}

/* The own one, as it is written. */
void
confab_sim_client_check_entry (ConfabSimClient *self, const ConfabCallMembership *entry)
{
  if (entry->shares_screen != (confab_call_get_sharing (self->call) == CONFAB_SHARING_ON))
    confab_sim_network_fail (self->network,
                             self->index,
                             "sharing: the own entry is written with%s the screen",
                             entry->shares_screen ? "" : "out");
}

/* What is shown. */

static guint
count_open (ConfabSimClient *self)
{
  guint n = 0;

  for (guint i = self->n_closed;
       self->media != NULL && i < confab_fake_local_media_get_n_connections (self->media);
       i++) {
    ConfabFakePeerConnection *connection = confab_fake_local_media_peek_connection (self->media, i);
    if (i == self->n_closed && confab_fake_peer_connection_get_closed (connection))
      self->n_closed++;
    if (confab_fake_peer_connection_is_abused (connection))
      confab_sim_network_fail (self->network,
                               self->index,
                               "signaling-state: a connection was told what it cannot do: %s",
                               confab_fake_peer_connection_get_log (connection));
    n += !confab_fake_peer_connection_get_closed (connection);
  }
  return n;
}

static guint
count_held (ConfabSimClient *self)
{
  guint n = 0;

  for (guint i = 0; i < self->shown->len; i++) {
    ConfabPeerConnection *connection = confab_call_member_get_connection (self->shown->pdata[i]);
    n += connection != NULL &&
         !confab_fake_peer_connection_get_closed (CONFAB_FAKE_PEER_CONNECTION (connection));
  }
  return n;
}

/* It may be back in a moment; after that only a connection keeps it. */
static gboolean
may_be_missed (ConfabSimClient *self, const char *call_id, guint i)
{
  const char *user = self->network->users[i];
  const char *device = self->network->devices[i];
  ConfabCallMember *member = confab_sim_client_find_member (self, i);

  if (confab_sim_missed_get_session (self->missed, user, call_id, device) == NULL)
    return FALSE;
  return confab_call_member_get_connection (member) != NULL ||
         confab_clock_get_time (self->clock) -
             confab_sim_missed_get_since (self->missed, user, call_id, device) <=
           MISSED_US + EXPIRY_LAG_MS * 1000;
}

/* With a later end than any that it had here: it is in another call now. */
static gboolean
has_moved (ConfabSimClient *self, const char *user, const char *device, gint64 expires_ts)
{
  g_autoptr (GPtrArray) entries = confab_call_membership_parse (g_hash_table_lookup (self->members, user));

  for (guint i = 0; i < entries->len; i++) {
    const ConfabCallMembership *entry = entries->pdata[i];
    if (g_str_equal (entry->device_id, device) && entry->expires_ts > expires_ts)
      return TRUE;
  }
  return FALSE;
}

/* Who was written out by another device of theirs is waited for, unless they have said that they leave. */
void
confab_sim_client_check_gone (ConfabSimClient *self, ConfabCallMember *member)
{
  const char *call_id = confab_group_call_get_id (CONFAB_GROUP_CALL (self->call));
  const char *user = confab_call_member_get_user_id (member);
  const char *device = confab_call_member_get_device_id (member);
  const char *session = confab_sim_missed_get_session (self->missed, user, call_id, device);

  if (session == NULL || !g_str_equal (session, confab_call_member_get_session_id (member)) ||
      confab_call_get_state (self->call) == CONFAB_CALL_STATE_ENDED ||
      !confab_sim_witness_is_there (self->witness, member) ||
      has_moved (self,
                 user,
                 device,
                 confab_sim_missed_get_expires_ts (self->missed, user, call_id, device)) ||
      confab_clock_get_time (self->clock) -
          confab_sim_missed_get_since (self->missed, user, call_id, device) >=
        MISSED_US)
    return;
  confab_sim_network_fail (self->network,
                           self->index,
                           "missed: does not wait for %s, which another device has written out",
                           device);
}

/* One who has a valid entry is shown; one without, only as long as a connection lasts that was there before, or for the
 * ten milliseconds after which an entry is looked at, or where another device of the user has written it out. */
static gboolean
shows_right_member (ConfabSimClient *self, const char *call_id, guint i)
{
  const char *user = self->network->users[i];
  const char *device = self->network->devices[i];
  gint64 now_ms = confab_clock_get_real_time (self->clock) / 1000;
  ConfabCallMember *member = confab_sim_client_find_member (self, i);
  g_autoptr (GPtrArray) entries = NULL;
  const ConfabCallMembership *entry = NULL;

  if (!g_hash_table_contains (self->left, user)) {
    entries = confab_call_membership_parse (g_hash_table_lookup (self->members, user));
    entry = find_entry (entries, call_id, device);
  }
  if (entry != NULL && entry->expires_ts > now_ms)
    return member != NULL;
  return member == NULL || (entry == NULL && may_be_missed (self, call_id, i)) ||
         (entry != NULL && (confab_call_member_get_connection (member) != NULL ||
                            entry->expires_ts > now_ms - EXPIRY_LAG_MS));
}

static gboolean
is_client (ConfabSimClient *self, ConfabCallMember *member)
{
  for (guint i = 0; i < self->network->n; i++) {
    if (g_str_equal (self->network->users[i], confab_call_member_get_user_id (member)) &&
        g_str_equal (self->network->devices[i], confab_call_member_get_device_id (member)))
      return TRUE;
  }
  return FALSE;
}

/* Who is shown is who is in the call, as far as the sync has got; nobody of another kind of call is. */
static const char *
find_wrong_member (ConfabSimClient *self, const char *call_id)
{
  for (guint i = 0; i < self->shown->len; i++) {
    if (!is_client (self, self->shown->pdata[i]))
      confab_sim_network_fail (self->network,
                               self->index,
                               "mesh-only: %s is no member of a mesh",
                               confab_call_member_get_device_id (self->shown->pdata[i]));
  }
  for (guint i = 0; i < self->network->n; i++) {
    if (i != self->index && !shows_right_member (self, call_id, i))
      return self->network->devices[i];
  }
  return NULL;
}

static void
check_members (ConfabSimClient *self)
{
  gint64 now = confab_clock_get_time (self->clock);
  const char *wrong;

  if (!self->members_changed)
    return;
  if (self->state != confab_call_get_state (self->call) ||
      self->shown->len != g_list_model_get_n_items (confab_call_get_participants (self->call)))
    confab_sim_network_fail (self->network,
                             self->index,
                             "tells: the call has changed without telling");
  wrong = find_wrong_member (self, confab_group_call_get_id (CONFAB_GROUP_CALL (self->call)));
  self->members_changed = wrong != NULL;
  if (wrong == NULL || g_strcmp0 (wrong, self->wrong) != 0)
    self->wrong_since = now;
  self->wrong = wrong;
  self->touched |= wrong != NULL; /* for how long? */
  if (wrong != NULL && now - self->wrong_since > WRONG_MEMBERS_US)
    confab_sim_network_fail (self->network,
                             self->index,
                             "members: is wrong of whether %s is in the call",
                             wrong);
}

/* At the moment at which somebody's membership runs out it may be seen before or after. */
static void
check_rtc (ConfabSimClient *self)
{
  gint64 now_ms;
  guint n;

  if (self->n_rtc == 0 && confab_sim_rtc_is_empty (self->rtc))
    return;
  now_ms = confab_clock_get_real_time (self->clock) / 1000;
  n = confab_sim_rtc_count (self->rtc, self->left, now_ms);
  if (self->n_rtc != n && self->n_rtc != confab_sim_rtc_count (self->rtc, self->left, now_ms - 1))
    confab_sim_network_fail (self->network,
                             self->index,
                             "rtc-count: counts %u people in the MatrixRTC call where there are %u",
                             self->n_rtc,
                             n);
}

/* Something happens to it. */
void
confab_sim_client_touch (ConfabSimClient *self)
{
  self->touched = TRUE;
}

/**
 * confab_sim_client_check:
 * @self: a client
 *
 * What is true at any time, if anything has happened to it since it was last looked at.
 */
void
confab_sim_client_check (ConfabSimClient *self)
{
  gboolean active;
  guint n_open;
  guint n_held;

  if (!self->touched || !self->up)
    return;
  self->touched = FALSE;
  check_rtc (self);
  confab_sim_ringing_check (self->ringing);
  confab_sim_witness_look (self->witness);
  if (self->call == NULL)
    return;
  active = self->state == CONFAB_CALL_STATE_PREPARING || self->state == CONFAB_CALL_STATE_JOINING ||
           self->state == CONFAB_CALL_STATE_JOINED;
  n_open = count_open (self);
  n_held = count_held (self);
  if (n_open != n_held)
    confab_sim_network_fail (self->network,
                             self->index,
                             "one-connection: %u connections are open for %u members",
                             n_open,
                             n_held);
  if (!active && self->media != NULL && !confab_fake_local_media_get_closed (self->media))
    confab_sim_network_fail (self->network,
                             self->index,
                             "media-closed: microphone and camera are open outside of the call");
  if (!active && n_open > 0)
    confab_sim_network_fail (self->network,
                             self->index,
                             "outside: %u connections are open outside of the call",
                             n_open);
  if (self->wants_in && !active && !self->told)
    confab_sim_network_fail (self->network, self->index, "told: is out of the call without a word");
  if (self->state != CONFAB_CALL_STATE_ENDED)
    check_members (self);
}
