/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-group-call-private.h"

/* The members of a ConfabGroupCall: who is in it, by their entries in the room's state. */

/* A member event has room for a thousand devices, each of which would be a connection. */
#define MAX_DEVICES_OF_USER 16
#define MAX_MEMBERS 200

/* Whose messages they are is looked up for each of them: that is not to cost more in a large call. */
typedef struct {
  const char *user_id;
  const char *device_id;
} MemberKey;

static guint
hash_key (gconstpointer data)
{
  const MemberKey *key = data;

  return g_str_hash (key->user_id) * 31 + g_str_hash (key->device_id);
}

static gboolean
equal_keys (gconstpointer a, gconstpointer b)
{
  const MemberKey *left = a;
  const MemberKey *right = b;

  return g_str_equal (left->user_id, right->user_id) &&
         g_str_equal (left->device_id, right->device_id);
}

static ConfabCallMember *
find_member (ConfabGroupCall *self, const char *user_id, const char *device_id)
{
  MemberKey key = { user_id, device_id };

  return g_hash_table_lookup (self->index, &key);
}

static void
index_member (ConfabGroupCall *self, ConfabCallMember *member)
{
  MemberKey *key = g_new (MemberKey, 1);

  *key = (MemberKey) { confab_call_member_get_user_id (member),
                       confab_call_member_get_device_id (member) };
  g_hash_table_insert (self->index, key, member);
}

static void
unindex_member (ConfabGroupCall *self, ConfabCallMember *member)
{
  MemberKey key = { confab_call_member_get_user_id (member),
                    confab_call_member_get_device_id (member) };

  if (g_hash_table_lookup (self->index, &key) == member)
    g_hash_table_remove (self->index, &key);
}

GHashTable *
confab_group_call_index_new (void)
{
  return g_hash_table_new_full (hash_key, equal_keys, g_free, NULL);
}

static void
member_gone_cb (ConfabCallMember *member, ConfabGroupCall *self)
{
  guint position;

  unindex_member (self, member);
  /* Whose entry has only run out may be there, and is to hear that it is over. */
  if (confab_call_member_get_expired (member) && confab_call_member_get_n_unsent (member) > 0)
    g_ptr_array_add (self->departed, g_object_ref (member));
  if (g_list_store_find (self->members, member, &position))
    g_list_store_remove (self->members, position);
  self->vacated = TRUE;
  confab_group_call_check_left (self);
}

static void
member_sent_cb (ConfabCallMember *member, ConfabGroupCall *self)
{
  if (confab_call_member_get_n_unsent (member) == 0)
    g_ptr_array_remove (self->departed, member);
  confab_group_call_check_left (self);
}

static void
add_member (ConfabGroupCall *self, const char *user_id, const ConfabCallMembership *entry)
{
  g_autoptr (ConfabCallMember) member = confab_call_member_new (self->room, self->id, user_id, entry);

  g_signal_connect_object (member, "gone", G_CALLBACK (member_gone_cb), self, 0);
  g_signal_connect_object (member, "sent", G_CALLBACK (member_sent_cb), self, 0);
  index_member (self, member);
  g_list_store_append (self->members, member);
  if (confab_own_membership_is_in_force (self->own))
    confab_call_member_join (member,
                             confab_own_membership_get_session_id (self->own),
                             self->media,
                             confab_ice_keeper_peek (self->servers));
}

static gboolean
has_room_for (ConfabGroupCall *self, const char *user_id)
{
  guint n_members = confab_group_call_get_n_members (self);
  guint n_devices = 0;

  for (guint i = 0; i < n_members; i++)
    n_devices += g_str_equal (confab_call_member_get_user_id (
                                confab_group_call_peek_member (self, i)),
                              user_id);
  return n_members < MAX_MEMBERS && n_devices < MAX_DEVICES_OF_USER;
}

static const ConfabCallMembership *
find_entry (ConfabGroupCall *self, GPtrArray *entries, const char *device_id)
{
  for (guint i = 0; i < entries->len; i++) {
    const ConfabCallMembership *entry = entries->pdata[i];
    if (g_str_equal (entry->call_id, self->id) && g_str_equal (entry->device_id, device_id))
      return entry;
  }
  return NULL;
}

/**
 * confab_group_call_handle_members:
 * @self: a call
 * @user_id: whose member event, or membership of the room, has changed
 *
 * Members whose entry is gone are gone, at once unless another device of theirs has overwritten it; what became of the own
 * entry is looked at when the sync is through.
 */
void
confab_group_call_handle_members (ConfabGroupCall *self, const char *user_id)
{
  g_autoptr (GPtrArray) entries = confab_call_room_get_memberships (self->room, user_id);
  gint64 now_ms = confab_call_room_get_now (self->room);
  gboolean own_user = g_str_equal (user_id, confab_call_room_get_user_id (self->room));

  if (own_user)
    confab_group_call_note_own (self);
  for (guint i = confab_group_call_get_n_members (self); i-- > 0;) {
    ConfabCallMember *member = confab_group_call_peek_member (self, i);
    /* With one of them all may go: it was the last to whom something was to be said before the call ends. */
    if (member == NULL)
      continue;
    if (!g_str_equal (confab_call_member_get_user_id (member), user_id) ||
        find_entry (self, entries, confab_call_member_get_device_id (member)) != NULL)
      continue;
    if (confab_call_room_is_overwritten (self->room,
                                         user_id,
                                         confab_call_member_get_device_id (member),
                                         confab_call_member_get_missed_ts (member)))
      confab_call_member_miss (member);
    else
      confab_call_member_remove (member);
  }
  for (guint i = 0; i < entries->len; i++) {
    const ConfabCallMembership *entry = entries->pdata[i];
    ConfabCallMember *member;

    if (!g_str_equal (entry->call_id, self->id) || self->state == CONFAB_CALL_STATE_ENDED ||
        (own_user && g_str_equal (entry->device_id, confab_call_room_get_device_id (self->room))))
      continue;
    member = find_member (self, user_id, entry->device_id);
    if (member != NULL)
      confab_call_member_update (member, entry);
    else if (entry->expires_ts > now_ms && has_room_for (self, user_id))
      add_member (self, user_id, entry);
    else
      self->turned_away |= entry->expires_ts > now_ms;
  }
  self->own_changed |= own_user;
}

/**
 * confab_group_call_check_turned_away:
 * @self: a call
 *
 * A sync is through: whoever was one too many is in the call, too, when there is room now.
 */
void
confab_group_call_check_turned_away (ConfabGroupCall *self)
{
  g_autoptr (GList) users = NULL;

  if (!self->turned_away || !self->vacated)
    return;
  self->turned_away = FALSE;
  self->vacated = FALSE;
  users = confab_call_room_list_users (self->room);
  for (GList *l = users; l != NULL; l = l->next)
    confab_group_call_handle_members (self, l->data);
}

/**
 * confab_group_call_handle_fork:
 * @self: a call
 *
 * The room's history has forked, and a sync brought back what somebody had before: hydrogen and js-sdk take that for what they
 * have now, and so may not know of this device any more. Its entry, written anew, brings the branches together.
 */
void
confab_group_call_handle_fork (ConfabGroupCall *self)
{
  if (confab_own_membership_is_in_force (self->own))
    confab_own_membership_reaffirm (self->own);
}

/**
 * confab_group_call_handle_message:
 * @self: a call
 * @sender: who sent it
 * @message: with `device_id`
 * @encrypted: whether Olm says that it is from that device
 *
 * Returns: whether it is done with; if not, keep it for a while (section 9.3)
 */
gboolean
confab_group_call_handle_message (ConfabGroupCall *self,
                                  const char *sender,
                                  ConfabCallEvent *message,
                                  gboolean encrypted)
{
  g_autoptr (ConfabCallMember) member = NULL;

  if (self->state == CONFAB_CALL_STATE_ENDED)
    return TRUE;
  /* What the message says may be the end of the member. */
  if (!g_set_object (&member, find_member (self, sender, message->device_id)) ||
      !confab_call_member_handle_message (member, message, encrypted))
    return FALSE;
  if (!g_ptr_array_find (self->heard, member, NULL))
    g_ptr_array_add (self->heard, g_steal_pointer (&member));
  return TRUE;
}

/**
 * confab_group_call_check_session:
 * @self: a call
 * @sender: who sent it
 * @message: one that has just come, and that confab_group_call_handle_message() wants to be kept
 * @encrypted: whether Olm says that it is from that device
 */
void
confab_group_call_check_session (ConfabGroupCall *self,
                                 const char *sender,
                                 ConfabCallEvent *message,
                                 gboolean encrypted)
{
  ConfabCallMember *member = find_member (self, sender, message->device_id);

  if (member != NULL)
    confab_call_member_check_session (member, message, encrypted);
}

gboolean
confab_group_call_has_active_foci (ConfabGroupCall *self)
{
  for (guint i = 0; i < confab_group_call_get_n_members (self); i++) {
    if (confab_call_member_get_active_foci (confab_group_call_peek_member (self, i)))
      return TRUE;
  }
  return FALSE;
}

/* Returns: (transfer none) (nullable): %NULL when there are not so many */
ConfabCallMember *
confab_group_call_peek_member (ConfabGroupCall *self, guint position)
{
  g_autoptr (ConfabCallMember) member = g_list_model_get_item (G_LIST_MODEL (self->members), position);

  return member; /* the list keeps it */
}

guint
confab_group_call_get_n_members (ConfabGroupCall *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->members));
}
