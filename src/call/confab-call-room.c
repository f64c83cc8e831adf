/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-call-room.h"
#include "confab-declined-calls.h"
#include "confab-json.h"
#include "confab-log.h"
#include "confab-rtc-roster.h"

#define STALE_RETRY_MS 30000
#define MAX_DATES 8 /* of member events, for each user */

struct _ConfabCallRoom {
  GObject parent_instance;

  ConfabSignalling *signalling;
  ConfabClock *clock;
  char *user_id;
  char *device_id;
  char *id;
  gboolean encrypted;
  gboolean can_send_call;
  GHashTable *
    dates; /* user id → GArray of gint64: when their last member events were written, the last one last */
  GHashTable *members; /* user id → JsonObject: mesh memberships as synced */
  GHashTable *left;    /* user ids that are known not to be joined */
  GHashTable *over;    /* ids of calls that were terminated: they never come back */
  ConfabDeclinedCalls *declined;
  ConfabRtcRoster *rtc;
  GPtrArray *own; /* ConfabCallMembership that this device is to have */
  guint n_writes; /* on their way */
  gboolean own_changed;
  guint stale_timer;
};

G_DEFINE_FINAL_TYPE (ConfabCallRoom, confab_call_room, G_TYPE_OBJECT)

enum {
  SIGNAL_RTC_CHANGED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

typedef struct {
  GWeakRef room;
  ConfabSignallingDone done;
  gpointer data;
  GDestroyNotify destroy;
} Write;

static void
free_write (gpointer data)
{
  Write *write = data;

  if (write->destroy != NULL)
    write->destroy (write->data);
  g_weak_ref_clear (&write->room);
  g_free (write);
}

static void
written_cb (const GError *error, gpointer data)
{
  Write *write = data;
  g_autoptr (ConfabCallRoom) self = g_weak_ref_get (&write->room);

  if (self != NULL)
    self->n_writes--;
  if (write->done != NULL)
    write->done (error, write->data);
}

static gboolean
has_stale (ConfabCallRoom *self)
{
  g_autoptr (GPtrArray) found = confab_call_room_get_memberships (self, self->user_id);

  for (guint i = 0; i < found->len; i++) {
    const ConfabCallMembership *membership = found->pdata[i];
    gboolean wanted = FALSE;

    for (guint j = 0; j < self->own->len; j++)
      wanted |= g_str_equal (((ConfabCallMembership *) self->own->pdata[j])->call_id,
                             membership->call_id);
    if (!wanted && g_str_equal (membership->device_id, self->device_id))
      return TRUE;
  }
  return FALSE;
}

static void
stale_cb (gpointer data)
{
  ConfabCallRoom *self = data;

  self->stale_timer = 0;
  self->own_changed = TRUE;
  confab_call_room_remove_stale (self);
}

static void
stale_written_cb (const GError *error, gpointer data)
{
  g_autoptr (ConfabCallRoom) self = g_weak_ref_get (data);

  if (self == NULL || error == NULL || self->stale_timer != 0 ||
      g_error_matches (error, CONFAB_SIGNALLING_ERROR, CONFAB_SIGNALLING_ERROR_FORBIDDEN))
    return;
  self->stale_timer = confab_clock_add_timeout (self->clock, STALE_RETRY_MS, stale_cb, self);
}

static void
rtc_changed_cb (gpointer data)
{
  g_signal_emit (data, signals[SIGNAL_RTC_CHANGED], 0);
}

static void
free_weak (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

static void
confab_call_room_dispose (GObject *object)
{
  confab_call_room_close (CONFAB_CALL_ROOM (object));
  G_OBJECT_CLASS (confab_call_room_parent_class)->dispose (object);
}

static void
confab_call_room_finalize (GObject *object)
{
  ConfabCallRoom *self = CONFAB_CALL_ROOM (object);

  g_clear_object (&self->signalling);
  g_clear_pointer (&self->rtc, confab_rtc_roster_free);
  g_clear_object (&self->clock);
  g_free (self->user_id);
  g_free (self->device_id);
  g_free (self->id);
  g_hash_table_unref (self->members);
  g_hash_table_unref (self->dates);
  g_hash_table_unref (self->left);
  g_hash_table_unref (self->over);
  confab_declined_calls_free (self->declined);
  g_ptr_array_unref (self->own);
  G_OBJECT_CLASS (confab_call_room_parent_class)->finalize (object);
}

static void
confab_call_room_class_init (ConfabCallRoomClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_call_room_dispose;
  G_OBJECT_CLASS (klass)->finalize = confab_call_room_finalize;
  /**
   * ConfabCallRoom::rtc-changed:
   *
   * confab_call_room_get_n_rtc_users() says something else now.
   */
  signals[SIGNAL_RTC_CHANGED] = g_signal_new ("rtc-changed",
                                              G_TYPE_FROM_CLASS (klass),
                                              G_SIGNAL_RUN_LAST,
                                              0,
                                              NULL,
                                              NULL,
                                              NULL,
                                              G_TYPE_NONE,
                                              0);
}

static void
confab_call_room_init (ConfabCallRoom *self)
{
  self->members = g_hash_table_new_full (g_str_hash,
                                         g_str_equal,
                                         g_free,
                                         (GDestroyNotify) json_object_unref);
  self->dates = g_hash_table_new_full (g_str_hash,
                                       g_str_equal,
                                       g_free,
                                       (GDestroyNotify) g_array_unref);
  self->left = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->declined = confab_declined_calls_new ();
  self->over = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->own = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_call_membership_free);
}

/**
 * confab_call_room_new:
 * @signalling: how its calls reach the homeserver
 * @clock: for their timers
 * @user_id: this account
 * @device_id: this device
 * @room_id: the room
 *
 * Returns: (transfer full): a room of which nothing is known: open, everybody joined, nobody in a call
 */
ConfabCallRoom *
confab_call_room_new (ConfabSignalling *signalling,
                      ConfabClock *clock,
                      const char *user_id,
                      const char *device_id,
                      const char *room_id)
{
  ConfabCallRoom *self = g_object_new (CONFAB_TYPE_CALL_ROOM, NULL);

  self->signalling = g_object_ref (signalling);
  self->clock = g_object_ref (clock);
  self->user_id = g_strdup (user_id);
  self->device_id = g_strdup (device_id);
  self->id = g_strdup (room_id);
  self->rtc = confab_rtc_roster_new (clock, rtc_changed_cb, self);
  return self;
}

ConfabSignalling *
confab_call_room_get_signalling (ConfabCallRoom *self)
{
  return self->signalling;
}

ConfabClock *
confab_call_room_get_clock (ConfabCallRoom *self)
{
  return self->clock;
}

const char *
confab_call_room_get_user_id (ConfabCallRoom *self)
{
  return self->user_id;
}

const char *
confab_call_room_get_device_id (ConfabCallRoom *self)
{
  return self->device_id;
}

const char *
confab_call_room_get_id (ConfabCallRoom *self)
{
  return self->id;
}

/**
 * confab_call_room_get_now:
 * @self: a room
 *
 * Returns: ms since the epoch, as the wall clock has it: what `expires_ts` is compared with
 */
gint64
confab_call_room_get_now (ConfabCallRoom *self)
{
  return confab_clock_get_real_time (self->clock) / 1000;
}

gboolean
confab_call_room_get_encrypted (ConfabCallRoom *self)
{
  return self->encrypted;
}

/**
 * confab_call_room_set_encrypted:
 * @self: a room
 * @encrypted: whether it is encrypted; a room never stops being so
 */
void
confab_call_room_set_encrypted (ConfabCallRoom *self, gboolean encrypted)
{
  self->encrypted |= !!encrypted;
}

gboolean
confab_call_room_get_can_send_call (ConfabCallRoom *self)
{
  return self->can_send_call;
}

/**
 * confab_call_room_set_can_send_call:
 * @self: a room
 * @can_send: whether this user may send `m.call` state
 */
void
confab_call_room_set_can_send_call (ConfabCallRoom *self, gboolean can_send)
{
  self->can_send_call = can_send;
}

/**
 * confab_call_room_set_joined:
 * @self: a room
 * @user_id: somebody
 * @joined: whether they are in the room; entries of those who are not are void (section 7.2)
 */
void
confab_call_room_set_joined (ConfabCallRoom *self, const char *user_id, gboolean joined)
{
  if (joined)
    g_hash_table_remove (self->left, user_id);
  else
    g_hash_table_add (self->left, g_strdup (user_id));
  confab_rtc_roster_set_joined (self->rtc, user_id, joined);
}

/**
 * confab_call_room_handle_rtc:
 * @self: a room
 * @state_key: of a member event that is none of a mesh
 * @sender: who sent it
 * @origin_server_ts: ms since the epoch
 * @content: a stranger's
 */
void
confab_call_room_handle_rtc (ConfabCallRoom *self,
                             const char *state_key,
                             const char *sender,
                             gint64 origin_server_ts,
                             JsonObject *content)
{
  confab_rtc_roster_handle (self->rtc, state_key, sender, origin_server_ts, content);
}

/**
 * confab_call_room_get_n_rtc_users:
 * @self: a room
 *
 * Returns: how many people are in its MatrixRTC call
 */
guint
confab_call_room_get_n_rtc_users (ConfabCallRoom *self)
{
  return confab_rtc_roster_get_n_users (self->rtc);
}

/*
 * When several people write at the same moment, the room's history forks, and a sync may then bring the member event that
 * somebody had before, after the one that they have now (Synapse 1.160 does). Each is dated by its writer's server: one that
 * was seen before, and has been replaced by a later one, is history.
 */
static gboolean
is_history (ConfabCallRoom *self, const char *user_id, gint64 origin_server_ts)
{
  GArray *dates = g_hash_table_lookup (self->dates, user_id);

  if (dates == NULL) {
    dates = g_array_new (FALSE, FALSE, sizeof (gint64));
    g_hash_table_insert (self->dates, g_strdup (user_id), dates);
  }
  for (guint i = 0; i < dates->len; i++) {
    if (g_array_index (dates, gint64, i) != origin_server_ts)
      continue;
    if (origin_server_ts < g_array_index (dates, gint64, dates->len - 1))
      return TRUE;
    g_array_remove_index (dates, i);
    break;
  }
  if (dates->len == MAX_DATES)
    g_array_remove_index (dates, 0);
  g_array_append_val (dates, origin_server_ts);
  return FALSE;
}

/**
 * confab_call_room_set_member:
 * @self: a room
 * @user_id: whose member event it is
 * @origin_server_ts: of it
 * @content: a stranger's, of mesh kind or empty
 *
 * Returns: %FALSE when it is one that the user has replaced since: the room's history has forked
 */
gboolean
confab_call_room_set_member (ConfabCallRoom *self,
                             const char *user_id,
                             gint64 origin_server_ts,
                             JsonObject *content)
{
  if (is_history (self, user_id, origin_server_ts)) {
    confab_call_debug (self->id, "an earlier member event of %s comes again: ignored", user_id);
    return FALSE;
  }
  g_hash_table_replace (self->members, g_strdup (user_id), json_object_ref (content));
  if (g_str_equal (user_id, self->user_id))
    self->own_changed = TRUE;
  return TRUE;
}

/**
 * confab_call_room_get_memberships:
 * @self: a room
 * @user_id: somebody
 *
 * Returns: (transfer full): their #ConfabCallMembership as synced; none when they are not in the room
 */
GPtrArray *
confab_call_room_get_memberships (ConfabCallRoom *self, const char *user_id)
{
  gboolean left = g_hash_table_contains (self->left, user_id);

  return confab_call_membership_parse (left ? NULL : g_hash_table_lookup (self->members, user_id));
}

/**
 * confab_call_room_list_users:
 * @self: a room
 *
 * Returns: (transfer container): who has a member event, in a fixed order
 */
GList *
confab_call_room_list_users (ConfabCallRoom *self)
{
  return g_list_sort (g_hash_table_get_keys (self->members), (GCompareFunc) g_strcmp0);
}

/**
 * confab_call_room_set_own:
 * @self: a room
 * @call_id: a call
 * @session_id: (nullable): this device's session in it, %NULL when it is not in it
 * @expires_ts: ms since the epoch
 * @shares_screen: whether it shares its screen
 *
 * What the next confab_call_room_write() writes.
 */
void
confab_call_room_set_own (ConfabCallRoom *self,
                          const char *call_id,
                          const char *session_id,
                          gint64 expires_ts,
                          gboolean shares_screen)
{
  ConfabCallMembership *membership;

  for (guint i = self->own->len; i-- > 0;) {
    if (g_str_equal (((ConfabCallMembership *) self->own->pdata[i])->call_id, call_id))
      g_ptr_array_remove_index (self->own, i);
  }
  if (session_id == NULL)
    return;
  membership = g_new0 (ConfabCallMembership, 1);
  membership->call_id = g_strdup (call_id);
  membership->session_id = g_strdup (session_id);
  membership->expires_ts = expires_ts;
  membership->shares_screen = shares_screen;
  g_ptr_array_add (self->own, membership);
}

/**
 * confab_call_room_forget_own:
 * @self: a room
 * @call_id: a call
 *
 * The next confab_call_room_write() leaves the call out.
 *
 * Returns: whether this device was to be in it, as far as was said
 */
gboolean
confab_call_room_forget_own (ConfabCallRoom *self, const char *call_id)
{
  guint before = self->own->len;

  confab_call_room_set_own (self, call_id, NULL, 0, FALSE);
  return self->own->len < before;
}

/**
 * confab_call_room_write:
 * @self: a room
 * @done: (nullable): how it ended
 * @data: for @done
 * @destroy: (nullable): frees @data
 *
 * Writes the own member event: what this device is to have, and all that others wrote into it (section 7.2, “Own writes”).
 */
void
confab_call_room_write (ConfabCallRoom *self,
                        ConfabSignallingDone done,
                        gpointer data,
                        GDestroyNotify destroy)
{
  g_autoptr (JsonObject) content = confab_call_membership_merge (g_hash_table_lookup (self->members,
                                                                           self->user_id),
                                                      self->device_id,
                                                      self->own,
                                                      confab_call_room_get_now (self));
  Write *write = g_new0 (Write, 1);

  g_weak_ref_init (&write->room, self);
  write->done = done;
  write->data = data;
  write->destroy = destroy;
  self->n_writes++;
  confab_signalling_send_state (self->signalling,
                                self->id,
                                CONFAB_CALL_MEMBERSHIP_TYPE,
                                self->user_id,
                                content,
                                written_cb,
                                write,
                                free_write);
}

/**
 * confab_call_room_remove_stale:
 * @self: a room
 *
 * Takes this device out of calls that it is not in: what an earlier run left behind.
 */
void
confab_call_room_remove_stale (ConfabCallRoom *self)
{
  GWeakRef *weak;

  if (!self->own_changed || self->n_writes > 0)
    return;
  self->own_changed = FALSE;
  if (!has_stale (self))
    return;
  confab_call_debug (self->id, "removing own stale membership");
  weak = g_new0 (GWeakRef, 1);
  g_weak_ref_init (weak, self);
  confab_call_room_write (self, stale_written_cb, weak, free_weak);
}

/**
 * confab_call_room_decline:
 * @self: a room
 * @call_id: a call that rings
 * @until_ts: when nobody needs to know of it any more: ms since the epoch
 *
 * Tells this user's other devices.
 */
void
confab_call_room_decline (ConfabCallRoom *self, const char *call_id, gint64 until_ts)
{
  g_autoptr (JsonObject) content = NULL;

  confab_declined_calls_add (self->declined, call_id, until_ts, confab_call_room_get_now (self));
  content = confab_declined_calls_to_json (self->declined);
  /* Should it fail it rings on elsewhere, for a minute at most: nobody is told. */
  confab_signalling_send_account_data (
    self->signalling, self->id, CONFAB_DECLINED_CALLS_TYPE, content, NULL, NULL, NULL);
}

/**
 * confab_call_room_set_declined:
 * @self: a room
 * @content: a stranger's, of %CONFAB_DECLINED_CALLS_TYPE
 *
 * What this user has declined, as the server keeps it.
 */
void
confab_call_room_set_declined (ConfabCallRoom *self, JsonObject *content)
{
  confab_declined_calls_read (self->declined, content);
}

/* Returns: whether one of this user's devices has declined it for all of them */
gboolean
confab_call_room_is_declined (ConfabCallRoom *self, const char *call_id)
{
  return confab_declined_calls_contains (self->declined, call_id);
}

/**
 * confab_call_room_add_over:
 * @self: a room
 * @call_id: a call that was terminated
 *
 * Its id is never used again (section 7.1).
 */
void
confab_call_room_add_over (ConfabCallRoom *self, const char *call_id)
{
  g_hash_table_add (self->over, g_strdup (call_id));
}

/**
 * confab_call_room_is_over:
 * @self: a room
 * @call_id: a call
 *
 * Returns: whether it was terminated
 */
gboolean
confab_call_room_is_over (ConfabCallRoom *self, const char *call_id)
{
  return g_hash_table_contains (self->over, call_id);
}

/**
 * confab_call_room_close:
 * @self: a room
 *
 * Nothing is written any more by itself.
 */
void
confab_call_room_close (ConfabCallRoom *self)
{
  confab_rtc_roster_stop (self->rtc);
  if (self->clock != NULL)
    confab_clock_clear (self->clock, &self->stale_timer);
}

/**
 * confab_random_id:
 * @length: how long
 *
 * Returns: (transfer full): letters and digits; unpredictable enough to be unique, which is all that ids have to be
 */
char *
confab_random_id (guint length)
{
  static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  char *id = g_malloc (length + 1);

  for (guint i = 0; i < length; i++)
    id[i] = alphabet[g_random_int_range (0, sizeof alphabet - 1)];
  id[length] = '\0';
  return id;
}
