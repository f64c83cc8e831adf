/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-room-call.h"

struct _ConfabRoomCall {
  GObject parent_instance;

  GListModel *calls;
  GPtrArray *watched; /* each of calls */
  ConfabCall *call;   /* (nullable): the one that is shown */
};

G_DEFINE_FINAL_TYPE (ConfabRoomCall, confab_room_call, G_TYPE_OBJECT)

enum {
  SIGNAL_CHANGED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

typedef enum {
  RANK_OVER,
  RANK_DESERTED,
  RANK_PLACE,
  RANK_PEOPLE,
  RANK_OWN,
} Rank;

static Rank
rank (ConfabCall *call)
{
  if (call == NULL || confab_call_get_state (call) == CONFAB_CALL_STATE_ENDED)
    return RANK_OVER;
  if (confab_call_is_active (call))
    return RANK_OWN;
  if (g_list_model_get_n_items (confab_call_get_participants (call)) > 0)
    return RANK_PEOPLE;
  return confab_call_get_intent (call) == CONFAB_CALL_INTENT_ROOM ? RANK_PLACE : RANK_DESERTED;
}

/* (transfer full) (nullable) */
static ConfabCall *
pick (ConfabRoomCall *self)
{
  g_autoptr (ConfabCall) picked = NULL;

  for (guint i = 0; i < g_list_model_get_n_items (self->calls); i++) {
    g_autoptr (ConfabCall) call = g_list_model_get_item (self->calls, i);

    if (rank (call) > rank (picked))
      g_set_object (&picked, call);
  }
  return g_steal_pointer (&picked);
}

static void
look (ConfabRoomCall *self)
{
  g_autoptr (ConfabCall) call = pick (self);

  g_set_object (&self->call, call);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
forget (ConfabRoomCall *self)
{
  for (guint i = 0; i < self->watched->len; i++) {
    g_signal_handlers_disconnect_by_data (self->watched->pdata[i], self);
    g_signal_handlers_disconnect_by_data (confab_call_get_participants (self->watched->pdata[i]),
                                          self);
  }
  g_ptr_array_set_size (self->watched, 0);
}

/* All of them: which one is shown changes with any. There is rarely more than one. */
static void
calls_cb (ConfabRoomCall *self)
{
  forget (self);
  for (guint i = 0; i < g_list_model_get_n_items (self->calls); i++) {
    ConfabCall *call = g_list_model_get_item (self->calls, i);

    g_ptr_array_add (self->watched, call);
    g_signal_connect_object (call, "notify::state", G_CALLBACK (look), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (
      call, "notify::started-at", G_CALLBACK (look), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (confab_call_get_participants (call),
                             "items-changed",
                             G_CALLBACK (look),
                             self,
                             G_CONNECT_SWAPPED);
  }
  look (self);
}

static void
confab_room_call_dispose (GObject *object)
{
  ConfabRoomCall *self = CONFAB_ROOM_CALL (object);

  if (self->watched != NULL)
    forget (self);
  g_clear_pointer (&self->watched, g_ptr_array_unref);
  g_clear_object (&self->call);
  g_clear_object (&self->calls);

  G_OBJECT_CLASS (confab_room_call_parent_class)->dispose (object);
}

static void
confab_room_call_class_init (ConfabRoomCallClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_room_call_dispose;

  signals[SIGNAL_CHANGED] = g_signal_new (
    "changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
confab_room_call_init (ConfabRoomCall *self)
{
  self->watched = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * confab_room_call_new:
 * @calls: a model of #ConfabCall: all that the room has
 *
 * Returns: (transfer full): what is shown of them
 */
ConfabRoomCall *
confab_room_call_new (GListModel *calls)
{
  ConfabRoomCall *self = NULL;

  g_return_val_if_fail (G_IS_LIST_MODEL (calls), NULL);

  self = g_object_new (CONFAB_TYPE_ROOM_CALL, NULL);
  self->calls = g_object_ref (calls);
  g_signal_connect_object (calls, "items-changed", G_CALLBACK (calls_cb), self, G_CONNECT_SWAPPED);
  calls_cb (self);
  return self;
}

/**
 * confab_room_call_get_call:
 * @self: a room's call
 *
 * Returns: (transfer none) (nullable): it, whether it is on or not
 */
ConfabCall *
confab_room_call_get_call (ConfabRoomCall *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_CALL (self), NULL);

  return self->call;
}

gboolean
confab_room_call_is_on (ConfabRoomCall *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_CALL (self), FALSE);

  return rank (self->call) > RANK_DESERTED;
}

/**
 * confab_room_call_is_active:
 * @self: a room's call
 *
 * Returns: whether this device is in it, or on its way in
 */
gboolean
confab_room_call_is_active (ConfabRoomCall *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_CALL (self), FALSE);

  return self->call != NULL && confab_call_is_active (self->call);
}

/**
 * confab_room_call_get_started_at:
 * @self: a room's call
 *
 * Returns: since when it is on, in µs since the epoch; 0 when it is not, or that is not known
 */
gint64
confab_room_call_get_started_at (ConfabRoomCall *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_CALL (self), 0);

  return confab_room_call_is_on (self) ? confab_call_get_started_at (self->call) : 0;
}

/**
 * confab_room_call_dup_user_ids:
 * @self: a room's call
 * @own_user_id: (nullable): who looks at it
 *
 * Returns: (transfer full): who is in it, each person once however many devices, oneself first
 */
GStrv
confab_room_call_dup_user_ids (ConfabRoomCall *self, const char *own_user_id)
{
  g_autoptr (GPtrArray) ids = NULL;
  GListModel *members = NULL;

  g_return_val_if_fail (CONFAB_IS_ROOM_CALL (self), NULL);

  ids = g_ptr_array_new_null_terminated (8, g_free, TRUE);
  if (own_user_id != NULL && confab_room_call_is_active (self))
    g_ptr_array_add (ids, g_strdup (own_user_id));
  if (self->call != NULL)
    members = confab_call_get_participants (self->call);
  for (guint i = 0; members != NULL && i < g_list_model_get_n_items (members); i++) {
    g_autoptr (ConfabParticipant) participant = g_list_model_get_item (members, i);
    const char *user_id = confab_participant_get_user_id (participant);

    if (!g_ptr_array_find_with_equal_func (ids, user_id, g_str_equal, NULL))
      g_ptr_array_add (ids, g_strdup (user_id));
  }
  return (GStrv) g_ptr_array_steal (ids, NULL);
}
