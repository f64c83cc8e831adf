/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-rtc-roster.h"

#include <string.h>

#include "confab-call-membership.h"
#include "confab-json.h"

#define DEFAULT_EXPIRES_MS G_GINT64_CONSTANT (14400000)
#define MAX_EXPIRES_MS G_GINT64_CONSTANT (30 * 24 * 60 * 60 * 1000)
#define MAX_TIMER_MS (24 * 60 * 60 * 1000)
#define MAX_MEMBERS 1000

typedef struct {
  char *user_id;
  gint64 expires_ts; /* ms since the epoch */
} Member;

struct _ConfabRtcRoster {
  ConfabClock *clock;
  ConfabRtcRosterFunc func;
  gpointer data;
  GHashTable *members; /* state key → Member, expired ones too until the next look */
  GHashTable *left;    /* user ids that are known not to be joined */
  guint n_users;
  guint timer;
};

static void
free_member (gpointer data)
{
  Member *member = data;

  g_free (member->user_id);
  g_free (member);
}

static void update (ConfabRtcRoster *self);

static void
timer_cb (gpointer data)
{
  ConfabRtcRoster *self = data;

  self->timer = 0;
  update (self);
}

static void
update (ConfabRtcRoster *self)
{
  g_autoptr (GHashTable) users = g_hash_table_new (g_str_hash, g_str_equal);
  gint64 now_ms = confab_clock_get_real_time (self->clock) / 1000;
  gint64 next_ts = G_MAXINT64;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    Member *member = value;
    if (member->expires_ts <= now_ms) {
      g_hash_table_iter_remove (&iter);
      continue;
    }
    next_ts = MIN (next_ts, member->expires_ts);
    if (!g_hash_table_contains (self->left, member->user_id))
      g_hash_table_add (users, member->user_id);
  }
  confab_clock_clear (self->clock, &self->timer);
  if (next_ts != G_MAXINT64)
    self->timer = confab_clock_add_timeout (self->clock,
                                            (guint) MIN (next_ts - now_ms, MAX_TIMER_MS),
                                            timer_cb,
                                            self);
  if (self->n_users == g_hash_table_size (users))
    return;
  self->n_users = g_hash_table_size (users);
  self->func (self->data);
}

/* “_@user:server_DEVICE_m.call”, or the same without the first “_”: nobody writes it for somebody else. */
static gboolean
is_key_of (const char *state_key, const char *sender)
{
  gsize length = strlen (sender);

  if (*state_key == '_')
    state_key++;
  return strncmp (state_key, sender, length) == 0 && state_key[length] == '_';
}

/* From the first event of the stay: an update says when that was, and cannot say that it is still to come. */
static gint64
get_expires_ts (gint64 origin_server_ts, JsonObject *content)
{
  gint64 created_ts = confab_json_peek_int (content, "created_ts", origin_server_ts);
  gint64 expires_ms = confab_json_peek_int (content, "expires", DEFAULT_EXPIRES_MS);
  gint64 latest_ts = CLAMP (origin_server_ts, 0, G_MAXINT64 - MAX_EXPIRES_MS);

  return CLAMP (created_ts, 0, latest_ts) + CLAMP (expires_ms, 0, MAX_EXPIRES_MS);
}

static gboolean
is_of_room_call (JsonObject *content)
{
  return g_strcmp0 (confab_json_peek_string (content, "application"), "m.call") == 0 &&
         g_strcmp0 (confab_json_peek_string (content, "call_id"), "") == 0;
}

/**
 * confab_rtc_roster_get_expires_ts:
 * @state_key: of a member event
 * @sender: who sent it
 * @origin_server_ts: ms since the epoch
 * @content: a stranger's
 *
 * Returns: when the sender's place in the room's MatrixRTC call runs out, in ms since the epoch; 0 when the event gives
 *   them none
 */
gint64
confab_rtc_roster_get_expires_ts (const char *state_key,
                                  const char *sender,
                                  gint64 origin_server_ts,
                                  JsonObject *content)
{
  if (!is_key_of (state_key, sender) || !is_of_room_call (content) ||
      confab_call_membership_get_kind (state_key, sender, content) != CONFAB_CALL_MEMBERSHIP_RTC)
    return 0;
  return get_expires_ts (origin_server_ts, content);
}

/**
 * confab_rtc_roster_new:
 * @clock: for when memberships run out
 * @func: confab_rtc_roster_get_n_users() says something else now
 * @data: for @func
 *
 * Returns: (transfer full): a roster without anybody
 */
ConfabRtcRoster *
confab_rtc_roster_new (ConfabClock *clock, ConfabRtcRosterFunc func, gpointer data)
{
  ConfabRtcRoster *self = g_new0 (ConfabRtcRoster, 1);

  self->clock = g_object_ref (clock);
  self->func = func;
  self->data = data;
  self->members = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_member);
  self->left = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
confab_rtc_roster_free (ConfabRtcRoster *self)
{
  confab_rtc_roster_stop (self);
  g_object_unref (self->clock);
  g_hash_table_unref (self->members);
  g_hash_table_unref (self->left);
  g_free (self);
}

/**
 * confab_rtc_roster_handle:
 * @self: a roster
 * @state_key: of a member event that is none of a mesh
 * @sender: who sent it
 * @origin_server_ts: ms since the epoch
 * @content: a stranger's; what is no membership, an empty one above all, takes away what was there
 */
void
confab_rtc_roster_handle (ConfabRtcRoster *self,
                          const char *state_key,
                          const char *sender,
                          gint64 origin_server_ts,
                          JsonObject *content)
{
  gint64 expires_ts = confab_rtc_roster_get_expires_ts (state_key,
                                                        sender,
                                                        origin_server_ts,
                                                        content);

  if (!is_key_of (state_key, sender))
    return;
  g_hash_table_remove (self->members, state_key);
  if (expires_ts > 0 && g_hash_table_size (self->members) < MAX_MEMBERS) {
    Member *member = g_new (Member, 1);
    *member = (Member) { g_strdup (sender), expires_ts };
    g_hash_table_insert (self->members, g_strdup (state_key), member);
  }
  update (self);
}

/**
 * confab_rtc_roster_set_joined:
 * @self: a roster
 * @user_id: somebody
 * @joined: whether they are in the room; memberships of those who are not are void
 */
void
confab_rtc_roster_set_joined (ConfabRtcRoster *self, const char *user_id, gboolean joined)
{
  if (joined ? g_hash_table_remove (self->left, user_id)
             : g_hash_table_add (self->left, g_strdup (user_id)))
    update (self);
}

/**
 * confab_rtc_roster_stop:
 * @self: a roster
 *
 * Nothing runs out any more.
 */
void
confab_rtc_roster_stop (ConfabRtcRoster *self)
{
  confab_clock_clear (self->clock, &self->timer);
}

/**
 * confab_rtc_roster_get_n_users:
 * @self: a roster
 *
 * Returns: how many people are in the call, by however many devices
 */
guint
confab_rtc_roster_get_n_users (ConfabRtcRoster *self)
{
  return self->n_users;
}
