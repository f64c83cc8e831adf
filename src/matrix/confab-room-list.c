/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-room-list.h"

#include "confab-json.h"
#include "confab-room-private.h"

struct _ConfabRoomList {
  GObject parent_instance;

  char *own_user_id;
  ConfabHomeserver *homeserver;
  GPtrArray *rooms;
  GHashTable *by_id;  /* room id (the room's) → ConfabRoom (borrowed) */
  GHashTable *direct; /* room ids of m.direct */
};

static void confab_room_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabRoomList,
                               confab_room_list,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      confab_room_list_model_init))

static GType
confab_room_list_get_item_type (GListModel *model)
{
  return CONFAB_TYPE_ROOM;
}

static guint
confab_room_list_get_n_items (GListModel *model)
{
  return CONFAB_ROOM_LIST (model)->rooms->len;
}

static gpointer
confab_room_list_get_item (GListModel *model, guint position)
{
  ConfabRoomList *self = CONFAB_ROOM_LIST (model);

  return position < self->rooms->len ? g_object_ref (self->rooms->pdata[position]) : NULL;
}

static void
confab_room_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = confab_room_list_get_item_type;
  iface->get_n_items = confab_room_list_get_n_items;
  iface->get_item = confab_room_list_get_item;
}

static void
remove_room (ConfabRoomList *self, const char *room_id)
{
  ConfabRoom *room = g_hash_table_lookup (self->by_id, room_id);
  guint position;

  if (room == NULL || !g_ptr_array_find (self->rooms, room, &position))
    return;
  g_hash_table_remove (self->by_id, room_id);
  g_ptr_array_remove_index (self->rooms, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
}

static void
apply_direct (ConfabRoomList *self, JsonObject *content)
{
  JsonObjectIter iter;
  const char *user_id;

  g_hash_table_remove_all (self->direct);
  json_object_iter_init (&iter, content);
  while (json_object_iter_next (&iter, &user_id, NULL)) {
    JsonArray *rooms = confab_json_peek_array (content, user_id);
    for (guint i = 0; rooms != NULL && i < json_array_get_length (rooms); i++) {
      const char *room_id = confab_json_array_peek_string (rooms, i);
      if (room_id != NULL)
        g_hash_table_add (self->direct, g_strdup (room_id));
    }
  }
  for (guint i = 0; i < self->rooms->len; i++) {
    ConfabRoom *room = self->rooms->pdata[i];
    confab_room_set_direct (room, g_hash_table_contains (self->direct, confab_room_get_id (room)));
  }
}

static void
apply_account_data (ConfabRoomList *self, const ConfabSyncBatch *batch)
{
  for (guint i = 0; i < batch->account_data->len; i++) {
    const ConfabSyncEvent *event = batch->account_data->pdata[i];
    if (g_str_equal (event->type, "m.direct"))
      apply_direct (self, event->content);
  }
}

static void
apply_room (ConfabRoomList *self, const ConfabSyncRoom *news)
{
  ConfabRoom *room = g_hash_table_lookup (self->by_id, news->room_id);

  if (news->membership == CONFAB_SYNC_MEMBERSHIP_LEAVE)
    remove_room (self, news->room_id);
  if (news->membership != CONFAB_SYNC_MEMBERSHIP_JOIN)
    return;
  if (room != NULL) {
    confab_room_apply (room, news);
    return;
  }
  /* Complete before anybody sees it. */
  room = confab_room_new (news->room_id, self->own_user_id, self->homeserver);
  confab_room_set_direct (room, g_hash_table_contains (self->direct, news->room_id));
  confab_room_apply (room, news);
  g_ptr_array_add (self->rooms, room);
  g_hash_table_insert (self->by_id, (gpointer) confab_room_get_id (room), room);
}

/**
 * confab_room_list_apply_some:
 * @self: a room list
 * @batch: what a sync, or the store, brought
 * @position: (inout): how much of it was applied; 0 at first
 * @slice: (nullable): for how long; %NULL for all of it
 *
 * New rooms are announced together, each complete.
 *
 * Returns: whether there is more
 */
gboolean
confab_room_list_apply_some (ConfabRoomList *self,
                             const ConfabSyncBatch *batch,
                             guint *position,
                             const ConfabSlice *slice)
{
  guint n_before = self->rooms->len;

  if (*position == 0)
    apply_account_data (self, batch);
  while (*position < batch->rooms->len) {
    const ConfabSyncRoom *news = batch->rooms->pdata[*position];
    /* Whoever is told of a room that goes has heard of those that came before. */
    if (news->membership == CONFAB_SYNC_MEMBERSHIP_LEAVE && self->rooms->len > n_before) {
      g_list_model_items_changed (G_LIST_MODEL (self), n_before, 0, self->rooms->len - n_before);
      n_before = self->rooms->len;
    }
    apply_room (self, news);
    n_before = MIN (n_before, self->rooms->len);
    (*position)++;
    if (slice != NULL && confab_slice_is_over (slice))
      break;
  }
  if (self->rooms->len > n_before)
    g_list_model_items_changed (G_LIST_MODEL (self), n_before, 0, self->rooms->len - n_before);
  return *position < batch->rooms->len;
}

void
confab_room_list_apply (ConfabRoomList *self, const ConfabSyncBatch *batch)
{
  guint position = 0;

  confab_room_list_apply_some (self, batch, &position, NULL);
}

/* Empties the list; the rooms are for the caller to let go of. */
GPtrArray *
confab_room_list_steal_rooms (ConfabRoomList *self)
{
  GPtrArray *rooms = g_steal_pointer (&self->rooms);

  self->rooms = g_ptr_array_new_with_free_func (g_object_unref);
  g_hash_table_remove_all (self->by_id);
  g_list_model_items_changed (G_LIST_MODEL (self), 0, rooms->len, 0);
  return rooms;
}

static void
confab_room_list_finalize (GObject *object)
{
  ConfabRoomList *self = CONFAB_ROOM_LIST (object);

  g_hash_table_unref (self->by_id);
  g_ptr_array_unref (self->rooms);
  g_hash_table_unref (self->direct);
  g_free (self->own_user_id);
  g_clear_object (&self->homeserver);
  G_OBJECT_CLASS (confab_room_list_parent_class)->finalize (object);
}

static void
confab_room_list_class_init (ConfabRoomListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_room_list_finalize;
}

static void
confab_room_list_init (ConfabRoomList *self)
{
  self->rooms = g_ptr_array_new_with_free_func (g_object_unref);
  self->by_id = g_hash_table_new (g_str_hash, g_str_equal);
  self->direct = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

ConfabRoomList *
confab_room_list_new (const char *own_user_id, ConfabHomeserver *homeserver)
{
  ConfabRoomList *self = g_object_new (CONFAB_TYPE_ROOM_LIST, NULL);

  self->own_user_id = g_strdup (own_user_id);
  self->homeserver = g_object_ref (homeserver);
  return self;
}

/**
 * confab_room_list_lookup:
 * @self: a room list
 * @room_id: a room's id
 *
 * Returns: (transfer none) (nullable): the room when we are in it
 */
ConfabRoom *
confab_room_list_lookup (ConfabRoomList *self, const char *room_id)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_LIST (self), NULL);

  return g_hash_table_lookup (self->by_id, room_id);
}
