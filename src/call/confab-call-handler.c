/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-call-handler-private.h"

static void list_model_iface_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabCallHandler,
                               confab_call_handler,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_iface_init))

enum {
  SIGNAL_RTC_CHANGED,
  SIGNAL_SILENCED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

ConfabGroupCall *
confab_call_handler_peek_call (ConfabCallHandler *self, guint position)
{
  g_autoptr (ConfabGroupCall) call = g_list_model_get_item (G_LIST_MODEL (self->calls), position);

  return call; /* the list keeps it */
}

guint
confab_call_handler_get_n_calls (ConfabCallHandler *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->calls));
}

gboolean
confab_call_handler_is_in_room (ConfabGroupCall *call, const char *room_id)
{
  g_autofree char *id = confab_call_dup_room_id (CONFAB_CALL (call));

  return g_str_equal (id, room_id);
}

ConfabGroupCall *
confab_call_handler_find_call (ConfabCallHandler *self, const char *room_id, const char *call_id)
{
  for (guint i = 0; i < confab_call_handler_get_n_calls (self); i++) {
    ConfabGroupCall *call = confab_call_handler_peek_call (self, i);
    if (g_str_equal (confab_group_call_get_id (call), call_id) &&
        confab_call_handler_is_in_room (call, room_id))
      return call;
  }
  return NULL;
}

static void
rtc_changed_cb (ConfabCallRoom *room, ConfabCallHandler *self)
{
  g_signal_emit (self,
                 signals[SIGNAL_RTC_CHANGED],
                 0,
                 confab_call_room_get_id (room),
                 confab_call_room_get_n_rtc_users (room));
}

static void
silenced_cb (ConfabCallRoom *room, const char *call_id, ConfabCallHandler *self)
{
  g_signal_emit (self, signals[SIGNAL_SILENCED], 0, confab_call_room_get_id (room), call_id);
}

ConfabCallRoom *
confab_call_handler_ensure_room (ConfabCallHandler *self, const char *room_id)
{
  ConfabCallRoom *room = g_hash_table_lookup (self->rooms, room_id);

  if (room == NULL) {
    room = confab_call_room_new (
      self->signalling, self->clock, self->user_id, self->device_id, room_id);
    g_hash_table_insert (self->rooms, g_strdup (room_id), room);
    g_signal_connect_object (room, "rtc-changed", G_CALLBACK (rtc_changed_cb), self, 0);
    g_signal_connect_object (room, "silenced", G_CALLBACK (silenced_cb), self, 0);
  }
  return room;
}

/* Calls. */

void
confab_call_handler_forget_call (ConfabCallHandler *self, ConfabGroupCall *call)
{
  guint position;

  g_signal_handlers_disconnect_by_data (call, self);
  if (g_list_store_find (self->calls, call, &position))
    g_list_store_remove (self->calls, position);
}

static void
call_state_cb (ConfabGroupCall *call, GParamSpec *pspec, ConfabCallHandler *self)
{
  if (confab_call_get_state (CONFAB_CALL (call)) == CONFAB_CALL_STATE_ENDED)
    confab_call_handler_forget_call (self, call);
}

void
confab_call_handler_add_call (ConfabCallHandler *self, ConfabGroupCall *call)
{
  g_signal_connect_object (
    call, "listening", G_CALLBACK (confab_call_handler_flush), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (call, "notify::state", G_CALLBACK (call_state_cb), self, 0);
  g_list_store_append (self->calls, call);
}

static void
items_changed_cb (ConfabCallHandler *self, guint position, guint removed, guint added)
{
  g_list_model_items_changed (G_LIST_MODEL (self), position, removed, added);
}

static GType
confab_call_handler_get_item_type (GListModel *model)
{
  return CONFAB_TYPE_CALL;
}

static guint
confab_call_handler_get_n_items (GListModel *model)
{
  return confab_call_handler_get_n_calls (CONFAB_CALL_HANDLER (model));
}

static gpointer
confab_call_handler_get_item (GListModel *model, guint position)
{
  return g_list_model_get_item (G_LIST_MODEL (CONFAB_CALL_HANDLER (model)->calls), position);
}

static void
list_model_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = confab_call_handler_get_item_type;
  iface->get_n_items = confab_call_handler_get_n_items;
  iface->get_item = confab_call_handler_get_item;
}

static void
confab_call_handler_dispose (GObject *object)
{
  ConfabCallHandler *self = CONFAB_CALL_HANDLER (object);
  GHashTableIter iter;
  gpointer room;

  g_signal_handlers_disconnect_by_data (self->calls, self);
  for (guint i = 0; i < confab_call_handler_get_n_calls (self); i++)
    g_object_run_dispose (G_OBJECT (confab_call_handler_peek_call (self, i)));
  g_list_store_remove_all (self->calls);
  g_hash_table_iter_init (&iter, self->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &room))
    confab_call_room_close (room);
  G_OBJECT_CLASS (confab_call_handler_parent_class)->dispose (object);
}

static void
confab_call_handler_finalize (GObject *object)
{
  ConfabCallHandler *self = CONFAB_CALL_HANDLER (object);

  g_clear_object (&self->calls);
  g_clear_pointer (&self->rooms, g_hash_table_unref);
  g_clear_pointer (&self->early, confab_early_messages_free);
  g_clear_object (&self->signalling);
  g_clear_object (&self->clock);
  g_free (self->user_id);
  g_free (self->device_id);
  G_OBJECT_CLASS (confab_call_handler_parent_class)->finalize (object);
}

static void
confab_call_handler_class_init (ConfabCallHandlerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_call_handler_dispose;
  G_OBJECT_CLASS (klass)->finalize = confab_call_handler_finalize;
  /**
   * ConfabCallHandler::rtc-changed:
   * @room_id: a room
   * @n_users: how many people are in its MatrixRTC call now (Element Call's kind, which is no mesh)
   */
  signals[SIGNAL_RTC_CHANGED] = g_signal_new ("rtc-changed",
                                              G_TYPE_FROM_CLASS (klass),
                                              G_SIGNAL_RUN_LAST,
                                              0,
                                              NULL,
                                              NULL,
                                              NULL,
                                              G_TYPE_NONE,
                                              2,
                                              G_TYPE_STRING,
                                              G_TYPE_UINT);
  /**
   * ConfabCallHandler::silenced:
   * @room_id: a room
   * @call_id: a call in it that need not ring on this device any more; to be kept while it is on, and said again in
   *   the next run by confab_call_handler_add_silenced()
   */
  signals[SIGNAL_SILENCED] = g_signal_new ("silenced",
                                           G_TYPE_FROM_CLASS (klass),
                                           G_SIGNAL_RUN_LAST,
                                           0,
                                           NULL,
                                           NULL,
                                           NULL,
                                           G_TYPE_NONE,
                                           2,
                                           G_TYPE_STRING,
                                           G_TYPE_STRING);
}

static void
confab_call_handler_init (ConfabCallHandler *self)
{
  self->rooms = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->calls = g_list_store_new (CONFAB_TYPE_GROUP_CALL);
  g_signal_connect_object (
    self->calls, "items-changed", G_CALLBACK (items_changed_cb), self, G_CONNECT_SWAPPED);
}

/**
 * confab_call_handler_new:
 * @signalling: how it reaches the homeserver
 * @clock: for all timers
 * @user_id: this account
 * @device_id: this device
 *
 * Returns: (transfer full): a handler without calls
 */
ConfabCallHandler *
confab_call_handler_new (ConfabSignalling *signalling,
                         ConfabClock *clock,
                         const char *user_id,
                         const char *device_id)
{
  ConfabCallHandler *self = g_object_new (CONFAB_TYPE_CALL_HANDLER, NULL);

  self->signalling = g_object_ref (signalling);
  self->clock = g_object_ref (clock);
  self->early = confab_early_messages_new (clock);
  self->user_id = g_strdup (user_id);
  self->device_id = g_strdup (device_id);
  return self;
}

/**
 * confab_call_handler_lookup:
 * @self: a handler
 * @room_id: a room
 * @call_id: a call's id
 *
 * Returns: (transfer none) (nullable): the call, when it is on
 */
ConfabCall *
confab_call_handler_lookup (ConfabCallHandler *self, const char *room_id, const char *call_id)
{
  ConfabGroupCall *call;

  g_return_val_if_fail (CONFAB_IS_CALL_HANDLER (self), NULL);

  call = confab_call_handler_find_call (self, room_id, call_id);
  return call != NULL ? CONFAB_CALL (call) : NULL;
}

/**
 * confab_call_handler_create_call:
 * @self: a handler
 * @room_id: where
 * @intent: ring, prompt or room
 * @type: how it starts
 * @name: (nullable): its name
 *
 * Returns: (transfer full): a call in state local-draft; it may be joined at once
 */
ConfabCall *
confab_call_handler_create_call (ConfabCallHandler *self,
                                 const char *room_id,
                                 ConfabCallIntent intent,
                                 ConfabCallType type,
                                 const char *name)
{
  ConfabGroupCall *call;

  g_return_val_if_fail (CONFAB_IS_CALL_HANDLER (self), NULL);

  call = confab_group_call_create (confab_call_handler_ensure_room (self, room_id),
                                   intent,
                                   type,
                                   name);
  confab_call_handler_add_call (self, call);
  return CONFAB_CALL (call);
}
