/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-session-calls.h"

#include "confab-call-content.h"
#include "confab-call-departure.h"
#include "confab-call-inbox.h"
#include "confab-call-membership.h"
#include "confab-call-people.h"
#include "confab-call-recheck.h"
#include "confab-call-silence.h"
#include "confab-homeserver-private.h"
#include "confab-json.h"
#include "confab-matrix-signalling.h"
#include "confab-megolm-machine.h"
#include "confab-olm-machine.h"
#include "confab-outbox.h"
#include "confab-room-private.h"
#include "confab-slice.h"
#include "confab-turn-source.h"

#define MANY_CALLS 25 /* in one sync of a room: half of those that are kept of it */

struct _ConfabSessionCalls {
  GObject parent_instance;

  ConfabStore *store;
  ConfabHomeserver *homeserver;
  ConfabRoomList *rooms;
  ConfabOlmMachine *machine;
  ConfabMegolmMachine *megolm;
  ConfabTurnSource *turn;
  ConfabMatrixSignalling *signalling;
  ConfabCallHandler *handler;
  GPtrArray *calls; /* what the handler's list held when it last changed */
  ConfabCallInbox *inbox;
  ConfabCallPeople *people;
  gboolean live; /* what comes is the server's, no more the store's */
  gboolean fed;  /* something has come */
  gboolean stopped;
  ConfabWireFunc wire_func;
  gpointer wire_data;
};

G_DEFINE_FINAL_TYPE (ConfabSessionCalls, confab_session_calls, G_TYPE_OBJECT)

enum {
  SIGNAL_WARNING,
  SIGNAL_ROOM_EVENT,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static GListStore *
get_room_calls (ConfabSessionCalls *self, ConfabCall *call)
{
  g_autofree char *room_id = confab_call_dup_room_id (call);
  ConfabRoom *room = confab_room_list_lookup (self->rooms, room_id);

  return room != NULL ? confab_room_get_call_store (room) : NULL;
}

/* Each room's list follows the one list of all calls. */
static void
calls_changed_cb (
  GListModel *model, guint position, guint removed, guint added, ConfabSessionCalls *self)
{
  for (guint i = 0; i < removed; i++) {
    ConfabCall *call = self->calls->pdata[position];
    GListStore *room_calls = get_room_calls (self, call);
    guint index;
    if (room_calls != NULL && g_list_store_find (room_calls, call, &index))
      g_list_store_remove (room_calls, index);
    g_ptr_array_remove_index (self->calls, position);
  }
  for (guint i = 0; i < added; i++) {
    g_autoptr (ConfabCall) call = g_list_model_get_item (model, position + i);
    GListStore *room_calls = get_room_calls (self, call);
    g_ptr_array_insert (self->calls, position + i, g_object_ref (call));
    if (room_calls != NULL)
      g_list_store_append (room_calls, call);
  }
}

static void
rtc_changed_cb (ConfabCallHandler *handler,
                const char *room_id,
                guint n_users,
                ConfabSessionCalls *self)
{
  ConfabRoom *room = confab_room_list_lookup (self->rooms, room_id);

  if (room != NULL)
    confab_room_set_n_rtc_users (room, n_users);
}

static DexFuture *
stored_cb (DexFuture *future, gpointer data)
{
  ConfabSessionCalls *self = CONFAB_SESSION_CALLS (data);
  g_autoptr (GError) error = NULL;

  if (dex_future_get_value (future, &error) == NULL)
    g_signal_emit (self, signals[SIGNAL_WARNING], 0, "store", error->message, NULL, NULL);
  return dex_future_new_true ();
}

static void
silenced_cb (ConfabCallHandler *handler,
             const char *room_id,
             const char *call_id,
             ConfabSessionCalls *self)
{
  dex_future_disown (dex_future_finally (confab_call_silence (self->store, room_id, call_id),
                                         stored_cb,
                                         g_object_ref (self),
                                         g_object_unref));
}

static void
wire (ConfabSessionCalls *self,
      const char *user_id,
      const char *device_id,
      const char *type,
      JsonObject *content,
      gboolean encrypted)
{
  if (self->wire_func != NULL)
    self->wire_func (FALSE, user_id, device_id, type, content, encrypted, self->wire_data);
}

static void
feed_event (ConfabSessionCalls *self, const char *room_id, const ConfabSyncEvent *event)
{
  /* Calls keep what they hear, while the batch belongs to another thread next. */
  g_autoptr (JsonObject) content = confab_json_copy_object (event->content);

  wire (self, event->sender, NULL, event->type, content, FALSE);
  if (!event->superseded)
    confab_call_handler_handle_state (self->handler,
                                      room_id,
                                      event->type,
                                      event->state_key,
                                      event->sender,
                                      event->origin_server_ts,
                                      content);
  else if (g_str_equal (event->type, CONFAB_CALL_MEMBERSHIP_TYPE))
    confab_call_handler_handle_fork (self->handler, room_id);
}

static void
feed_state (ConfabSessionCalls *self, const ConfabSyncRoom *news, const char *type)
{
  for (guint i = 0; i < news->state->len; i++) {
    const ConfabSyncEvent *event = news->state->pdata[i];
    gboolean of_member = g_str_equal (type, CONFAB_CALL_MEMBERSHIP_TYPE) && !event->superseded;
    if (!g_str_equal (event->type, type))
      continue;
    if (of_member)
      confab_call_people_note (self->people, news->room_id, event);
    feed_event (self, news->room_id, event);
    if (of_member) {
      /* Who is in a call will be spoken to. */
      const char *const users[] = { event->sender, NULL };
      JsonArray *calls = confab_json_peek_array (event->content, "m.calls");
      if (calls != NULL && json_array_get_length (calls) > 0)
        confab_olm_machine_track_users (self->machine, users);
    }
  }
}

static guint
count_calls (const ConfabSyncRoom *news)
{
  guint n = 0;

  for (guint i = 0; i < news->state->len; i++)
    n += g_str_equal (((ConfabSyncEvent *) news->state->pdata[i])->type, CONFAB_CALL_CONTENT_TYPE);
  return n;
}

static void
feed_room (ConfabSessionCalls *self, const ConfabSyncRoom *news)
{
  ConfabRoom *room = confab_room_list_lookup (self->rooms, news->room_id);

  if (room == NULL || news->membership != CONFAB_SYNC_MEMBERSHIP_JOIN) {
    if (news->membership == CONFAB_SYNC_MEMBERSHIP_LEAVE) {
      confab_call_people_forget_room (self->people, news->room_id);
      confab_call_handler_remove_room (self->handler, news->room_id);
    }
    return;
  }
  /* What the calls need to judge events by, before the events. */
  confab_call_handler_set_room_encrypted (self->handler,
                                          news->room_id,
                                          confab_room_get_encrypted (room));
  confab_call_handler_set_can_send_call (
    self->handler, news->room_id, confab_room_can_send_state (room, CONFAB_CALL_CONTENT_TYPE));
  confab_call_handler_set_can_send_member (
    self->handler, news->room_id, confab_room_can_send_state (room, CONFAB_CALL_MEMBERSHIP_TYPE));
  for (guint i = 0; i < news->state->len; i++) {
    const ConfabSyncEvent *event = news->state->pdata[i];
    const char *membership;
    if (!g_str_equal (event->type, "m.room.member"))
      continue;
    membership = confab_json_peek_string (event->content, "membership");
    confab_call_handler_handle_membership (self->handler,
                                           news->room_id,
                                           event->state_key,
                                           g_strcmp0 (membership, "join") == 0);
  }
  for (guint i = 0; i < news->account_data->len; i++) {
    const ConfabSyncEvent *event = news->account_data->pdata[i];
    g_autoptr (JsonObject) content = confab_json_copy_object (event->content);
    confab_call_handler_handle_account_data (self->handler, news->room_id, event->type, content);
  }
  for (guint i = 0; i < news->silenced->len; i++)
    confab_call_handler_add_silenced (self->handler, news->room_id, news->silenced->pdata[i]);
  /* Of too many calls those that nobody is in make room for others: that has to be known before. */
  if (count_calls (news) >= MANY_CALLS)
    feed_state (self, news, CONFAB_CALL_MEMBERSHIP_TYPE);
  feed_state (self, news, CONFAB_CALL_CONTENT_TYPE);
  feed_state (self, news, CONFAB_CALL_MEMBERSHIP_TYPE);
}

/* A #ConfabCallInboxFunc. */
static void
dispatch (const ConfabCallInboxMessage *message, gpointer data)
{
  ConfabSessionCalls *self = CONFAB_SESSION_CALLS (data);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) content = confab_json_parse_object (message->content, -1, &error);

  if (content == NULL) {
    g_signal_emit (
      self, signals[SIGNAL_WARNING], 0, "store", error->message, message->sender, NULL);
    return;
  }
  wire (self, message->sender, message->device_id, message->type, content, message->encrypted);
  confab_call_handler_handle_to_device (
    self->handler, message->sender, message->device_id, message->type, content);
}

static void
end_batch (ConfabSessionCalls *self)
{
  gint64 server_time = confab_homeserver_get_server_time (self->homeserver);

  if (self->live)
    confab_call_handler_end_sync (self->handler, server_time);
  else
    confab_call_handler_end_stored (self->handler, server_time);
}

static void
people_told_cb (ConfabCallPeople *people, ConfabSessionCalls *self)
{
  if (!self->stopped)
    end_batch (self);
}

static DexFuture *
handed_on_cb (DexFuture *future, gpointer data)
{
  ConfabSessionCalls *self = CONFAB_SESSION_CALLS (data);
  g_autoptr (GError) error = NULL;

  if (dex_future_get_value (future, &error) == NULL)
    g_signal_emit (self, signals[SIGNAL_WARNING], 0, "store", error->message, NULL, NULL);
  else
    end_batch (self);
  return dex_future_new_true ();
}

static void
inbox_changed_cb (ConfabOlmMachine *machine, ConfabSessionCalls *self)
{
  if (self->stopped)
    return;
  dex_future_disown (dex_future_finally (
    confab_call_inbox_hand_on (self->inbox), handed_on_cb, g_object_ref (self), g_object_unref));
  dex_future_disown (dex_future_finally (
    confab_megolm_machine_hand_on (self->megolm), stored_cb, g_object_ref (self), g_object_unref));
}

static void
room_event_cb (ConfabMegolmMachine *megolm, ConfabRoomEvent *event, ConfabSessionCalls *self)
{
  g_signal_emit (self, signals[SIGNAL_ROOM_EVENT], 0, event);
}

static DexFuture *
members_loaded_cb (DexFuture *future, gpointer data)
{
  return dex_future_new_take_boxed (G_TYPE_STRV, confab_room_dup_audience (data));
}

/* A #ConfabMembersFunc: with lazy loading nobody knows them before they are asked for. */
static DexFuture *
load_members (const char *room_id, gpointer data)
{
  ConfabSessionCalls *self = CONFAB_SESSION_CALLS (data);
  ConfabRoom *room = confab_room_list_lookup (self->rooms, room_id);

  if (room == NULL)
    return dex_future_new_reject (CONFAB_MATRIX_ERROR,
                                  CONFAB_MATRIX_ERROR_NOT_FOUND,
                                  "who is in %s is not known",
                                  room_id);
  return dex_future_then (confab_room_load_members (room),
                          members_loaded_cb,
                          g_object_ref (room),
                          g_object_unref);
}

static void
machine_warning_cb (ConfabOlmMachine *machine,
                    const char *message,
                    const char *user_id,
                    ConfabSessionCalls *self)
{
  g_signal_emit (self, signals[SIGNAL_WARNING], 0, "undecryptable", message, user_id, NULL);
}

static DexFuture *
rechecked_cb (DexFuture *future, gpointer data)
{
  ConfabSessionCalls *self = data;
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (future, &error);
  GStrv ids = value != NULL ? g_value_get_boxed (value) : NULL;

  if (value == NULL)
    g_info ("calls cannot be looked at again: %s", error->message);
  if (ids == NULL || ids[0] == NULL || self->stopped)
    return dex_future_new_true ();
  for (guint i = 0; ids[i] != NULL; i += 2) {
    g_autoptr (JsonObject) nothing = json_object_new ();
    confab_call_handler_handle_state (
      self->handler, ids[i], CONFAB_CALL_CONTENT_TYPE, ids[i + 1], "", 0, nothing);
  }
  end_batch (self);
  return dex_future_new_true ();
}

/* A call may have been redacted in a gap. */
static void
recheck_calls (ConfabSessionCalls *self, const ConfabSyncBatch *batch)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();

  for (guint i = 0; i < batch->rooms->len; i++) {
    const ConfabSyncRoom *news = batch->rooms->pdata[i];
    if (news->limited && news->membership == CONFAB_SYNC_MEMBERSHIP_JOIN)
      g_ptr_array_add (ids, news->room_id);
  }
  if (ids->len == 0)
    return;
  g_ptr_array_add (ids, NULL);
  dex_future_disown (dex_future_finally (
    confab_call_recheck (self->store, self->homeserver, (const char *const *) ids->pdata),
    rechecked_cb,
    g_object_ref (self),
    g_object_unref));
}

typedef struct {
  ConfabSessionCalls *calls;
  ConfabSyncBatch *batch;
} Feed;

static void
feed_free (Feed *feed)
{
  g_object_unref (feed->calls);
  confab_sync_batch_unref (feed->batch);
  g_free (feed);
}

static DexFuture *
feed_fiber (gpointer data)
{
  Feed *feed = data;
  ConfabSessionCalls *self = feed->calls;
  g_autoptr (GError) error = NULL;
  ConfabSlice slice;

  confab_slice_begin (&slice);
  for (guint i = 0; i < feed->batch->rooms->len && !self->stopped; i++) {
    feed_room (self, feed->batch->rooms->pdata[i]);
    confab_slice_await (&slice);
  }
  if (feed->batch->partial) {
    /* Messages may be about any room; what rings is known without them. */
    if (!self->stopped)
      end_batch (self);
    return dex_future_new_true ();
  }
  confab_megolm_machine_set_shown (self->megolm, feed->batch->next_batch);
  if (self->live)
    confab_megolm_machine_set_heard (self->megolm);
  if (!dex_await (confab_call_inbox_hand_on (self->inbox), &error) ||
      (!self->stopped && !dex_await (confab_megolm_machine_hand_on (self->megolm), &error)))
    return dex_future_new_for_error (g_steal_pointer (&error));
  if (!self->stopped) {
    end_batch (self);
    confab_olm_machine_after_sync (self->machine);
    /* The first sync of all has every room whole, and with a gap before what it shows of it. */
    if (self->live && self->fed)
      recheck_calls (self, feed->batch);
    self->fed = TRUE;
    /* What the store has of them the first sync may add to. */
    if (self->live)
      confab_call_people_ask (self->people);
  }
  return dex_future_new_true ();
}

static DexFuture *
started_cb (DexFuture *future, gpointer data)
{
  ConfabSessionCalls *self = CONFAB_SESSION_CALLS (data);
  g_autoptr (GError) error = NULL;

  if (dex_future_get_value (future, &error) == NULL && !self->stopped)
    g_signal_emit (self,
                   signals[SIGNAL_WARNING],
                   0,
                   error->domain == CONFAB_MATRIX_ERROR ? "network" : "internal",
                   error->message,
                   NULL,
                   NULL);
  return dex_future_new_true ();
}

static DexFuture *
stop_fiber (gpointer data)
{
  ConfabSessionCalls *self = CONFAB_SESSION_CALLS (data);
  g_autoptr (DexFuture) events = NULL;

  if (self->stopped)
    return dex_future_new_true ();
  self->stopped = TRUE;
  confab_call_people_stop (self->people);
  events = confab_megolm_machine_stop (self->megolm);
  dex_await (confab_call_inbox_stop (self->inbox), NULL);
  confab_matrix_signalling_stop (self->signalling);
  dex_await (confab_olm_machine_stop (self->machine), NULL);
  dex_await (g_steal_pointer (&events), NULL);
  return dex_future_new_true ();
}

static void
confab_session_calls_dispose (GObject *object)
{
  ConfabSessionCalls *self = CONFAB_SESSION_CALLS (object);

  if (self->handler != NULL)
    g_signal_handlers_disconnect_by_data (self->handler, self);
  if (self->people != NULL)
    confab_call_people_stop (self->people);
  g_clear_object (&self->people);
  g_clear_object (&self->handler);
  g_clear_object (&self->signalling);
  g_clear_object (&self->turn);
  g_clear_object (&self->megolm);
  g_clear_object (&self->machine);
  g_clear_object (&self->rooms);
  g_clear_object (&self->homeserver);
  g_clear_object (&self->store);
  if (self->inbox != NULL)
    dex_unref (confab_call_inbox_stop (self->inbox)); /* it may outlive us for a turn */
  g_clear_object (&self->inbox);
  g_clear_pointer (&self->calls, g_ptr_array_unref);
  G_OBJECT_CLASS (confab_session_calls_parent_class)->dispose (object);
}

static void
confab_session_calls_class_init (ConfabSessionCallsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_session_calls_dispose;
  signals[SIGNAL_WARNING] = g_signal_new ("warning",
                                          G_TYPE_FROM_CLASS (klass),
                                          G_SIGNAL_RUN_LAST,
                                          0,
                                          NULL,
                                          NULL,
                                          NULL,
                                          G_TYPE_NONE,
                                          4,
                                          G_TYPE_STRING,
                                          G_TYPE_STRING,
                                          G_TYPE_STRING,
                                          G_TYPE_STRING);
  signals[SIGNAL_ROOM_EVENT] = g_signal_new ("room-event",
                                             G_TYPE_FROM_CLASS (klass),
                                             G_SIGNAL_RUN_LAST,
                                             0,
                                             NULL,
                                             NULL,
                                             NULL,
                                             G_TYPE_NONE,
                                             1,
                                             CONFAB_TYPE_ROOM_EVENT | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
confab_session_calls_init (ConfabSessionCalls *self)
{
  self->calls = g_ptr_array_new_with_free_func (g_object_unref);
}

ConfabSessionCalls *
confab_session_calls_new (ConfabStore *store,
                          ConfabHomeserver *homeserver,
                          ConfabClock *clock,
                          ConfabRoomList *rooms,
                          const char *user_id,
                          const char *device_id,
                          GBytes *pickle_key)
{
  ConfabSessionCalls *self = g_object_new (CONFAB_TYPE_SESSION_CALLS, NULL);

  self->store = g_object_ref (store);
  self->homeserver = g_object_ref (homeserver);
  self->rooms = g_object_ref (rooms);
  self->machine = confab_olm_machine_new (store, homeserver, clock, user_id, device_id, pickle_key);
  self->megolm = confab_megolm_machine_new (
    self->machine, store, homeserver, clock, load_members, self);
  self->turn = confab_turn_source_new (homeserver, clock);
  self->signalling = confab_matrix_signalling_new (self->machine, homeserver, clock, user_id);
  confab_matrix_signalling_set_ice_func (self->signalling,
                                         (ConfabGetIceServersFunc) confab_turn_source_get,
                                         g_object_ref (self->turn),
                                         g_object_unref);
  self->handler = confab_call_handler_new (CONFAB_SIGNALLING (self->signalling),
                                           clock,
                                           user_id,
                                           device_id);
  self->inbox = confab_call_inbox_new (store, dispatch, self);
  self->people = confab_call_people_new (store, rooms, self->handler, clock, user_id);
  g_signal_connect_object (
    self->people, "told", G_CALLBACK (people_told_cb), self, G_CONNECT_DEFAULT);
  g_signal_connect (self->handler, "items-changed", G_CALLBACK (calls_changed_cb), self);
  g_signal_connect (self->handler, "rtc-changed", G_CALLBACK (rtc_changed_cb), self);
  g_signal_connect (self->handler, "silenced", G_CALLBACK (silenced_cb), self);
  g_signal_connect_object (
    self->machine, "inbox-changed", G_CALLBACK (inbox_changed_cb), self, G_CONNECT_DEFAULT);
  g_signal_connect_object (
    self->machine, "warning", G_CALLBACK (machine_warning_cb), self, G_CONNECT_DEFAULT);
  g_signal_connect_object (
    self->megolm, "room-event", G_CALLBACK (room_event_cb), self, G_CONNECT_DEFAULT);
  return self;
}

ConfabCallHandler *
confab_session_calls_get_handler (ConfabSessionCalls *self)
{
  return self->handler;
}

ConfabMegolmMachine *
confab_session_calls_get_megolm (ConfabSessionCalls *self)
{
  return self->megolm;
}

void
confab_session_calls_set_wire_func (ConfabSessionCalls *self, ConfabWireFunc func, gpointer data)
{
  self->wire_func = func;
  self->wire_data = data;
  confab_matrix_signalling_set_wire_func (self->signalling, func, data);
}

void
confab_session_calls_start (ConfabSessionCalls *self)
{
  confab_megolm_machine_start (self->megolm);
  dex_future_disown (dex_future_finally (
    confab_olm_machine_start (self->machine), started_cb, g_object_ref (self), g_object_unref));
}

gboolean
confab_session_calls_receive (ConfabSessionCalls *self,
                              ConfabStoreTransaction *transaction,
                              const ConfabSyncBatch *batch,
                              GError **error)
{
  return confab_olm_machine_receive (self->machine, transaction, batch, error);
}

void
confab_session_calls_go_live (ConfabSessionCalls *self)
{
  self->live = TRUE;
}

DexFuture *
confab_session_calls_feed (ConfabSessionCalls *self, ConfabSyncBatch *batch)
{
  Feed *feed = g_new (Feed, 1);

  *feed = (Feed) { .calls = g_object_ref (self), .batch = confab_sync_batch_ref (batch) };
  return dex_scheduler_spawn (NULL, 0, feed_fiber, feed, (GDestroyNotify) feed_free);
}

DexFuture *
confab_session_calls_leave (ConfabSessionCalls *self)
{
  if (self->stopped)
    return dex_future_new_true ();
  return confab_call_departure (G_LIST_MODEL (self->handler),
                                confab_olm_machine_get_outbox (self->machine));
}

DexFuture *
confab_session_calls_stop (ConfabSessionCalls *self)
{
  return dex_scheduler_spawn (NULL, 0, stop_fiber, g_object_ref (self), g_object_unref);
}
