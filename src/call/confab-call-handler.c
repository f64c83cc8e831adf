/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-call-handler.h"

#include "confab-call-content.h"
#include "confab-call-event.h"
#include "confab-call-room.h"
#include "confab-declined-calls.h"
#include "confab-early-messages.h"
#include "confab-group-call.h"
#include "confab-json.h"
#include "confab-log.h"

#define MAX_CALLS_PER_ROOM 50

struct _ConfabCallHandler {
  GObject parent_instance;

  ConfabSignalling *signalling;
  ConfabClock *clock;
  char *user_id;
  char *device_id;
  GHashTable *rooms; /* room id → ConfabCallRoom */
  GListStore *calls; /* ConfabGroupCall */
  ConfabEarlyMessages *early;
};

static void list_model_iface_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabCallHandler,
                               confab_call_handler,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_iface_init))

enum {
  SIGNAL_RTC_CHANGED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static ConfabGroupCall *
peek_call (ConfabCallHandler *self, guint position)
{
  g_autoptr (ConfabGroupCall) call = g_list_model_get_item (G_LIST_MODEL (self->calls), position);

  return call; /* the list keeps it */
}

static guint
n_calls (ConfabCallHandler *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->calls));
}

static gboolean
is_in_room (ConfabGroupCall *call, const char *room_id)
{
  g_autofree char *id = confab_call_dup_room_id (CONFAB_CALL (call));

  return g_str_equal (id, room_id);
}

static ConfabGroupCall *
find_call (ConfabCallHandler *self, const char *room_id, const char *call_id)
{
  for (guint i = 0; i < n_calls (self); i++) {
    ConfabGroupCall *call = peek_call (self, i);
    if (g_str_equal (confab_group_call_get_id (call), call_id) && is_in_room (call, room_id))
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

static ConfabCallRoom *
ensure_room (ConfabCallHandler *self, const char *room_id)
{
  ConfabCallRoom *room = g_hash_table_lookup (self->rooms, room_id);

  if (room == NULL) {
    room = confab_call_room_new (
      self->signalling, self->clock, self->user_id, self->device_id, room_id);
    g_hash_table_insert (self->rooms, g_strdup (room_id), room);
    g_signal_connect_object (room, "rtc-changed", G_CALLBACK (rtc_changed_cb), self, 0);
  }
  return room;
}

static gboolean
route (const char *sender, ConfabCallEvent *message, gboolean encrypted, gpointer data)
{
  ConfabCallHandler *self = data;

  for (guint i = 0; i < n_calls (self); i++) {
    ConfabGroupCall *call = peek_call (self, i);
    if (g_str_equal (confab_group_call_get_id (call), message->conf_id) &&
        confab_group_call_handle_message (call, sender, message, encrypted))
      return TRUE;
  }
  return FALSE;
}

/* Only when a message comes: what waits is older than what its member has had since. */
static void
check_session (ConfabCallHandler *self,
               const char *sender,
               ConfabCallEvent *message,
               gboolean encrypted)
{
  for (guint i = n_calls (self); i-- > 0;) {
    g_autoptr (ConfabGroupCall) call = g_object_ref (peek_call (self, i));
    if (g_str_equal (confab_group_call_get_id (call), message->conf_id))
      confab_group_call_check_session (call, sender, message, encrypted);
  }
}

/* Something has come that early messages may have waited for. */
static void
flush (ConfabCallHandler *self)
{
  confab_early_messages_flush (self->early, route, self);
}

/* Calls. */

static void
forget_call (ConfabCallHandler *self, ConfabGroupCall *call)
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
    forget_call (self, call);
}

static void
add_call (ConfabCallHandler *self, ConfabGroupCall *call)
{
  g_signal_connect_object (call, "listening", G_CALLBACK (flush), self, G_CONNECT_SWAPPED);
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
  return n_calls (CONFAB_CALL_HANDLER (model));
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
  for (guint i = 0; i < n_calls (self); i++)
    g_object_run_dispose (G_OBJECT (peek_call (self, i)));
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

  call = find_call (self, room_id, call_id);
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

  call = confab_group_call_create (ensure_room (self, room_id), intent, type, name);
  add_call (self, call);
  return CONFAB_CALL (call);
}

static void
handle_call_state (ConfabCallHandler *self,
                   const char *room_id,
                   const char *call_id,
                   gint64 origin_server_ts,
                   JsonObject *content)
{
  ConfabGroupCall *known = find_call (self, room_id, call_id);
  g_autoptr (ConfabGroupCall) call = NULL;
  guint n_in_room = 0;

  if (known != NULL) {
    confab_group_call_handle_content (known, origin_server_ts, content);
    return;
  }
  if (*call_id == '\0' || confab_call_content_is_over (content) ||
      confab_call_room_is_over (ensure_room (self, room_id), call_id))
    return;
  for (guint i = 0; i < n_calls (self); i++)
    n_in_room += is_in_room (peek_call (self, i), room_id);
  if (n_in_room >= MAX_CALLS_PER_ROOM) {
    confab_call_info (call_id, "not taken in: the room has too many calls");
    return;
  }
  call = confab_group_call_new (ensure_room (self, room_id), call_id, origin_server_ts, content);
  add_call (self, call);
}

/* What this device wrote at that moment may have been taken back for others, who do not look at the date. */
static void
tell_forked (ConfabCallHandler *self, const char *room_id)
{
  for (guint i = 0; i < n_calls (self); i++) {
    ConfabGroupCall *call = peek_call (self, i);

    if (is_in_room (call, room_id))
      confab_group_call_handle_fork (call);
  }
}

static void
update_members (ConfabCallHandler *self, const char *room_id, const char *user_id)
{
  /* A call may end, and so go, while its members are looked through. */
  for (guint i = n_calls (self); i-- > 0;) {
    g_autoptr (ConfabGroupCall) call = g_object_ref (peek_call (self, i));
    if (is_in_room (call, room_id))
      confab_group_call_handle_members (call, user_id);
  }
}

static void
lose_room (ConfabCallHandler *self, const char *room_id)
{
  for (guint i = n_calls (self); i-- > 0;) {
    g_autoptr (ConfabGroupCall) call = g_object_ref (peek_call (self, i));
    if (is_in_room (call, room_id))
      confab_group_call_room_lost (call);
  }
}

/**
 * confab_call_handler_handle_state:
 * @self: a handler
 * @room_id: where
 * @type: the event type; those that are not about calls are ignored
 * @state_key: its state key
 * @sender: who sent it
 * @origin_server_ts: ms since the epoch
 * @content: a stranger's content
 */
void
confab_call_handler_handle_state (ConfabCallHandler *self,
                                  const char *room_id,
                                  const char *type,
                                  const char *state_key,
                                  const char *sender,
                                  gint64 origin_server_ts,
                                  JsonObject *content)
{
  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));
  g_return_if_fail (content != NULL);

  if (g_str_equal (type, CONFAB_CALL_CONTENT_TYPE)) {
    handle_call_state (self, room_id, state_key, origin_server_ts, content);
  } else if (g_str_equal (type, CONFAB_CALL_MEMBERSHIP_TYPE) && g_str_equal (state_key, sender)) {
    /* Whatever it is, it stands in the place of the user's entries: an early MatrixRTC client's has none. */
    if (confab_call_room_set_member (
          ensure_room (self, room_id), state_key, origin_server_ts, content))
      update_members (self, room_id, state_key);
    else
      tell_forked (self, room_id);
  } else if (g_str_equal (type, CONFAB_CALL_MEMBERSHIP_TYPE)) {
    confab_call_room_handle_rtc (
      ensure_room (self, room_id), state_key, sender, origin_server_ts, content);
  } else {
    return;
  }
  flush (self);
}

/**
 * confab_call_handler_handle_to_device:
 * @self: a handler
 * @sender: who sent it
 * @sender_device_id: (nullable): the device as Olm proves it, %NULL when the message came in clear
 * @type: the event type, decrypted
 * @content: a stranger's content, decrypted
 */
void
confab_call_handler_handle_to_device (ConfabCallHandler *self,
                                      const char *sender,
                                      const char *sender_device_id,
                                      const char *type,
                                      JsonObject *content)
{
  g_autoptr (ConfabCallEvent) message = NULL;
  g_autoptr (GError) error = NULL;

  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));
  g_return_if_fail (content != NULL);

  if (!confab_call_event_is_name (type))
    return;
  message = confab_call_event_parse (type, content, &error);
  if (message == NULL || message->conf_id == NULL || message->device_id == NULL) {
    g_info ("%s from %s/%s dropped: %s",
            type,
            sender,
            sender_device_id,
            error != NULL ? error->message : "no conf_id or device_id");
    return;
  }
  if (sender_device_id != NULL && !g_str_equal (sender_device_id, message->device_id)) {
    confab_call_info (message->call_id,
                      "%s from %s/%s dropped: it calls itself %s",
                      type,
                      sender,
                      sender_device_id,
                      message->device_id);
    return;
  }
  if (g_str_equal (sender, self->user_id) && g_str_equal (message->device_id, self->device_id))
    return;
  confab_early_messages_drop_old (self->early);
  if (route (sender, message, sender_device_id != NULL, self))
    return;
  confab_early_messages_keep (self->early, sender, message, sender_device_id != NULL);
  check_session (self, sender, message, sender_device_id != NULL);
}

/**
 * confab_call_handler_handle_account_data:
 * @self: a handler
 * @room_id: where
 * @type: the event's type; those that are not about calls are ignored
 * @content: a stranger's content
 *
 * What one of this user's devices has said about a room; what it does to the ringing shows at the end of the sync.
 */
void
confab_call_handler_handle_account_data (ConfabCallHandler *self,
                                         const char *room_id,
                                         const char *type,
                                         JsonObject *content)
{
  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));
  g_return_if_fail (content != NULL);

  if (g_str_equal (type, CONFAB_DECLINED_CALLS_TYPE))
    confab_call_room_set_declined (ensure_room (self, room_id), content);
}

/**
 * confab_call_handler_handle_membership:
 * @self: a handler
 * @room_id: a room
 * @user_id: somebody
 * @joined: whether they are in it; who was never told about counts as joined, so say %FALSE of who has an entry before
 *   confab_call_handler_handle_state(), as long as it is not known
 *
 * What it does to the ringing shows at the end of the sync.
 */
void
confab_call_handler_handle_membership (ConfabCallHandler *self,
                                       const char *room_id,
                                       const char *user_id,
                                       gboolean joined)
{
  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));

  confab_call_room_set_joined (ensure_room (self, room_id), user_id, joined);
  if (!joined && g_str_equal (user_id, self->user_id))
    lose_room (self, room_id);
  else
    update_members (self, room_id, user_id);
}

/**
 * confab_call_handler_set_room_encrypted:
 * @self: a handler
 * @room_id: a room
 * @encrypted: whether it is encrypted; what was %TRUE once stays so
 *
 * In an encrypted room signalling in clear is neither sent nor believed.
 */
void
confab_call_handler_set_room_encrypted (ConfabCallHandler *self,
                                        const char *room_id,
                                        gboolean encrypted)
{
  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));

  confab_call_room_set_encrypted (ensure_room (self, room_id), encrypted);
}

/**
 * confab_call_handler_set_can_send_call:
 * @self: a handler
 * @room_id: a room
 * @can_send: whether the power levels let this user send `m.call` state; %FALSE until said
 *
 * Without it nobody tries to terminate a call here.
 */
void
confab_call_handler_set_can_send_call (ConfabCallHandler *self,
                                       const char *room_id,
                                       gboolean can_send)
{
  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));

  confab_call_room_set_can_send_call (ensure_room (self, room_id), can_send);
}

/**
 * confab_call_handler_remove_room:
 * @self: a handler
 * @room_id: a room that this user is not in any more
 *
 * Ends its calls and forgets everything about it.
 */
void
confab_call_handler_remove_room (ConfabCallHandler *self, const char *room_id)
{
  ConfabCallRoom *room;

  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));

  lose_room (self, room_id);
  room = g_hash_table_lookup (self->rooms, room_id);
  if (room != NULL)
    confab_call_room_close (room);
  g_hash_table_remove (self->rooms, room_id);
}

/* Calls stand in the order in which they became known: only one that came later may have been begun at the same time. */
static ConfabGroupCall *
find_older (ConfabCallHandler *self, guint position)
{
  ConfabGroupCall *call = peek_call (self, position);
  g_autofree char *room_id = confab_call_dup_room_id (CONFAB_CALL (call));

  for (guint i = position + 1; i < n_calls (self); i++) {
    ConfabGroupCall *other = peek_call (self, i);
    if (confab_group_call_yields_to (call, other) && is_in_room (other, room_id))
      return other;
  }
  return NULL;
}

static void
check_yield (ConfabCallHandler *self)
{
  for (guint i = n_calls (self); i-- > 0;) {
    g_autoptr (ConfabGroupCall) call = g_object_ref (peek_call (self, i));
    if (confab_group_call_may_yield (call) && find_older (self, i) != NULL)
      confab_group_call_yield (call);
  }
}

static void
end_batch (ConfabCallHandler *self, gint64 server_time)
{
  flush (self);
  confab_early_messages_drop_old (self->early);
  for (guint i = n_calls (self); i-- > 0;) {
    g_autoptr (ConfabGroupCall) call = g_object_ref (peek_call (self, i));
    confab_group_call_end_sync (call, server_time);
  }
  check_yield (self);
}

/**
 * confab_call_handler_end_stored:
 * @self: a handler
 * @server_time: the server's clock in ms, 0 when it is not known
 *
 * All that was kept from earlier runs has been handed over. It may be old: nothing is tidied up on its account, since
 * that would put the own member event back to what it was, with the entries of the user's other devices in it.
 */
void
confab_call_handler_end_stored (ConfabCallHandler *self, gint64 server_time)
{
  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));

  end_batch (self, server_time);
}

/**
 * confab_call_handler_end_sync:
 * @self: a handler
 * @server_time: the server's clock in ms, 0 when it is not known
 *
 * All of one sync has been handed over.
 */
void
confab_call_handler_end_sync (ConfabCallHandler *self, gint64 server_time)
{
  GHashTableIter iter;
  gpointer room;

  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));

  end_batch (self, server_time);
  g_hash_table_iter_init (&iter, self->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &room))
    confab_call_room_remove_stale (room);
}

/**
 * confab_call_handler_get_n_early:
 * @self: a handler
 *
 * Returns: how many device messages wait for what they belong to (protocol/mesh-calls.md section 9.3)
 */
guint
confab_call_handler_get_n_early (ConfabCallHandler *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_HANDLER (self), 0);

  confab_early_messages_drop_old (self->early);
  return confab_early_messages_get_length (self->early);
}
