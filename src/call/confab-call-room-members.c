/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-call-room-private.h"

#include "confab-log.h"

/* The member events of a room: everybody's as synced, and the writing of the own one (protocol/mesh-calls.md section 7.2). */

#define STALE_RETRY_MS 30000
#define MAX_DOUBLINGS 4 /* of that, while the homeserver does not allow it */
#define MAX_DATES 8     /* of member events, for each user */

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

/*
 * Before it takes its place. A sync may bring one twice, as state and in the timeline: that says nothing of its writer. An entry
 * that comes back as it was an event before may be its own device's all the same, whose request was sent again, or that of
 * another one that leaves and had not heard of its end: nobody is taken for gone because of it.
 */
static void
note_writer (ConfabCallRoom *self, const char *user_id, JsonObject *content)
{
  g_autoptr (GPtrArray) before = confab_call_membership_parse (g_hash_table_lookup (self->members, user_id));
  g_autoptr (GPtrArray) after = confab_call_membership_parse (content);
  g_auto (GStrv) renewed = confab_call_membership_list_renewed (after, before);

  if (renewed[0] != NULL || confab_call_membership_lacks (after, before))
    g_hash_table_replace (self->writers, g_strdup (user_id), g_steal_pointer (&renewed));
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
  note_writer (self, user_id, content);
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

static gboolean
has_later_entry (ConfabCallRoom *self, const char *user_id, const char *device_id, gint64 than_ts)
{
  g_autoptr (GPtrArray) entries = confab_call_room_get_memberships (self, user_id);

  for (guint i = 0; i < entries->len; i++) {
    const ConfabCallMembership *entry = entries->pdata[i];
    if (g_str_equal (entry->device_id, device_id) && entry->expires_ts > than_ts)
      return TRUE;
  }
  return FALSE;
}

/**
 * confab_call_room_is_overwritten:
 * @self: a room
 * @user_id: somebody
 * @device_id: a device of theirs that has no entry in the member event
 * @missed_ts: when the one that it had runs out, if it had none in the event before, either, for the same reason; or 0
 *
 * Each device of a user writes the whole event, as it knows it: those that join at the same moment take each other out,
 * until each has seen it and has written its entry again (section 7.2). Until then what others do says nothing of it, be it
 * that they leave, or that they bring back what it had before, in another call.
 *
 * Returns: whether that is another device's doing
 */
gboolean
confab_call_room_is_overwritten (ConfabCallRoom *self,
                                 const char *user_id,
                                 const char *device_id,
                                 gint64 missed_ts)
{
  char **writers = g_hash_table_lookup (self->writers, user_id);

  if (writers == NULL || g_hash_table_contains (self->left, user_id))
    return FALSE;
  if (missed_ts != 0)
    return !has_later_entry (self, user_id, device_id, missed_ts);
  return writers[0] != NULL && !g_strv_contains ((const char *const *) writers, device_id);
}

static gboolean
is_other_in (ConfabCallRoom *self, const char *call_id, const char *user_id, JsonObject *content)
{
  g_autoptr (GPtrArray) entries = confab_call_membership_parse (content);
  gboolean own_user = g_str_equal (user_id, self->user_id);

  for (guint i = 0; i < entries->len; i++) {
    const ConfabCallMembership *entry = entries->pdata[i];
    if (g_str_equal (entry->call_id, call_id) &&
        entry->expires_ts > confab_call_room_get_now (self) &&
        !(own_user && g_str_equal (entry->device_id, self->device_id)))
      return TRUE;
  }
  return FALSE;
}

/**
 * confab_call_room_has_others:
 * @self: a room
 * @call_id: a call
 *
 * Returns: whether a valid entry says that somebody besides this device is in it, be it one of whom it is not known that they
 *   are in the room
 */
gboolean
confab_call_room_has_others (ConfabCallRoom *self, const char *call_id)
{
  GHashTableIter iter;
  gpointer user_id;
  gpointer content;

  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, &user_id, &content)) {
    if (is_other_in (self, call_id, user_id, content))
      return TRUE;
  }
  return FALSE;
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

/* The own one. */

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

typedef struct {
  GWeakRef room; /* the write may outlive it */
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
stale_cb (gpointer data)
{
  ConfabCallRoom *self = data;

  self->stale_timer = 0;
  self->own_changed = TRUE;
  confab_call_room_remove_stale (self);
}

/*
 * What is to be out of the event may be in it: that is looked at with the next sync. The homeserver may know of a lack of
 * power before the sync says so, and may have other reasons, too: it is not asked with each sync then, but less and less often.
 */
static void
look_again (ConfabCallRoom *self, const GError *error)
{
  gboolean refused = g_error_matches (error,
                                      CONFAB_SIGNALLING_ERROR,
                                      CONFAB_SIGNALLING_ERROR_FORBIDDEN);

  if (!refused) {
    self->own_changed = TRUE;
  } else if (self->stale_timer == 0 && !self->closed) {
    self->stale_timer = confab_clock_add_timeout (
      self->clock, STALE_RETRY_MS << MIN (self->n_refused, MAX_DOUBLINGS), stale_cb, self);
    self->n_refused++;
  }
}

static void
written_cb (const GError *error, gpointer data)
{
  Write *write = data;
  g_autoptr (ConfabCallRoom) self = g_weak_ref_get (&write->room);

  if (self != NULL) {
    self->n_writes--;
    if (error != NULL)
      look_again (self, error);
    else
      self->n_refused = 0;
  }
  if (write->done != NULL)
    write->done (error, write->data);
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
stale_written_cb (const GError *error, gpointer data)
{
  g_autoptr (ConfabCallRoom) self = g_weak_ref_get (data);

  if (self == NULL || error == NULL || self->stale_timer != 0 || self->closed)
    return;
  self->stale_timer = confab_clock_add_timeout (self->clock, STALE_RETRY_MS, stale_cb, self);
}

/**
 * confab_call_room_remove_stale:
 * @self: a room
 *
 * Takes this device out of calls that it is not in: what an earlier run left behind, or could not be removed. Without the
 * power to do so it waits.
 */
void
confab_call_room_remove_stale (ConfabCallRoom *self)
{
  if (!self->own_changed || self->n_writes > 0 || !self->can_send_member)
    return;
  self->own_changed = FALSE;
  if (!has_stale (self))
    return;
  confab_call_debug (self->id, "removing own stale membership");
  confab_call_room_write (self,
                          stale_written_cb,
                          confab_call_room_weak_new (self),
                          confab_call_room_weak_free);
}
