/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-bot"

#include "config.h"

#include "confab-bot-watch.h"

#include "confab-call-report.h"

/* One call in the model, with those in it; each list is in its model's order. */
typedef struct {
  ConfabBotWatch *watch; /* unowned: it owns this */
  ConfabCall *call;
  GListModel *model;       /* of its participants */
  GPtrArray *participants; /* of ConfabParticipant */
} Entry;

struct _ConfabBotWatch {
  GObject parent_instance;

  GListModel *calls;
  ConfabBotOutput *output;
  GPtrArray *entries; /* of Entry */
};

G_DEFINE_FINAL_TYPE (ConfabBotWatch, confab_bot_watch, G_TYPE_OBJECT)

enum {
  SIGNAL_CHANGED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
say (ConfabBotWatch *self, const char *event, JsonObject *fields)
{
  g_autoptr (JsonObject) owned = fields;

  confab_bot_output_event (self->output, event, owned);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static JsonObject *
call_fields (ConfabCall *call)
{
  JsonObject *object = json_object_new ();
  g_autofree char *call_id = confab_call_dup_id (call);
  g_autofree char *room_id = confab_call_dup_room_id (call);

  json_object_set_string_member (object, "callId", call_id);
  json_object_set_string_member (object, "roomId", room_id);
  return object;
}

static JsonObject *
participant_fields (Entry *entry, ConfabParticipant *participant)
{
  JsonObject *object = call_fields (entry->call);

  json_object_set_string_member (object, "userId", confab_participant_get_user_id (participant));
  json_object_set_string_member (object,
                                 "deviceId",
                                 confab_participant_get_device_id (participant));
  json_object_set_string_member (object,
                                 "state",
                                 confab_enum_nick (CONFAB_TYPE_PARTICIPANT_STATE,
                                                   confab_participant_get_state (participant)));
  return object;
}

static void
connection_cb (ConfabParticipant *participant, GParamSpec *pspec, Entry *entry)
{
  say (entry->watch, "connection", participant_fields (entry, participant));
}

static void
remove_participants (Entry *entry, guint position, guint removed)
{
  for (guint i = 0; i < removed; i++) {
    g_autoptr (ConfabParticipant) participant = g_ptr_array_steal_index (entry->participants, position);
    g_signal_handlers_disconnect_by_data (participant, entry);
    say (entry->watch, "member-removed", participant_fields (entry, participant));
  }
}

static void
participants_changed_cb (
  GListModel *model, guint position, guint removed, guint added, Entry *entry)
{
  remove_participants (entry, position, removed);
  for (guint i = position; i < position + added; i++) {
    ConfabParticipant *participant = g_list_model_get_item (model, i);
    g_ptr_array_insert (entry->participants, i, participant);
    g_signal_connect (participant, "notify::state", G_CALLBACK (connection_cb), entry);
    say (entry->watch, "member-added", participant_fields (entry, participant));
  }
}

static void
state_cb (ConfabCall *call, GParamSpec *pspec, Entry *entry)
{
  JsonObject *fields = call_fields (call);

  json_object_set_string_member (
    fields, "state", confab_enum_nick (CONFAB_TYPE_CALL_STATE, confab_call_get_state (call)));
  say (entry->watch, "state", fields);
}

static void
ringing_cb (ConfabCall *call, GParamSpec *pspec, Entry *entry)
{
  JsonObject *fields = call_fields (call);

  json_object_set_boolean_member (fields, "ringing", confab_call_get_ringing (call));
  say (entry->watch, "ringing", fields);
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_signal_handlers_disconnect_by_data (entry->call, entry);
  g_signal_handlers_disconnect_by_data (entry->model, entry);
  for (guint i = 0; i < entry->participants->len; i++)
    g_signal_handlers_disconnect_by_data (entry->participants->pdata[i], entry);
  g_ptr_array_unref (entry->participants);
  g_object_unref (entry->model);
  g_object_unref (entry->call);
  g_free (entry);
}

static void
add_call (ConfabBotWatch *self, guint position, ConfabCall *call)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->watch = self;
  entry->call = call;
  entry->model = g_object_ref (confab_call_get_participants (call));
  entry->participants = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_insert (self->entries, position, entry);
  g_signal_connect (call, "notify::state", G_CALLBACK (state_cb), entry);
  g_signal_connect (call, "notify::ringing", G_CALLBACK (ringing_cb), entry);
  g_signal_connect (entry->model, "items-changed", G_CALLBACK (participants_changed_cb), entry);
  say (self, "call-added", confab_call_report_call (call));
  if (confab_call_get_ringing (call))
    ringing_cb (call, NULL, entry);
  participants_changed_cb (entry->model, 0, 0, g_list_model_get_n_items (entry->model), entry);
}

static void
calls_changed_cb (
  ConfabBotWatch *self, guint position, guint removed, guint added, GListModel *model)
{
  for (guint i = 0; i < removed; i++) {
    Entry *entry = self->entries->pdata[position];
    remove_participants (entry, 0, entry->participants->len);
    say (self, "call-removed", call_fields (entry->call));
    g_ptr_array_remove_index (self->entries, position);
  }
  for (guint i = position; i < position + added; i++)
    add_call (self, i, g_list_model_get_item (model, i));
}

static void
confab_bot_watch_dispose (GObject *object)
{
  ConfabBotWatch *self = CONFAB_BOT_WATCH (object);

  g_ptr_array_set_size (self->entries, 0);
  g_clear_object (&self->calls);
  g_clear_object (&self->output);
  G_OBJECT_CLASS (confab_bot_watch_parent_class)->dispose (object);
}

static void
confab_bot_watch_finalize (GObject *object)
{
  ConfabBotWatch *self = CONFAB_BOT_WATCH (object);

  g_clear_pointer (&self->entries, g_ptr_array_unref);
  G_OBJECT_CLASS (confab_bot_watch_parent_class)->finalize (object);
}

static void
confab_bot_watch_class_init (ConfabBotWatchClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = confab_bot_watch_dispose;
  object_class->finalize = confab_bot_watch_finalize;

  signals[SIGNAL_CHANGED] = g_signal_new (
    "changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
confab_bot_watch_init (ConfabBotWatch *self)
{
  self->entries = g_ptr_array_new_with_free_func (entry_free);
}

/**
 * confab_bot_watch_new:
 * @calls: a model of #ConfabCall
 * @output: where events go
 *
 * Tells of the calls that are there at once.
 *
 * Returns: (transfer full): the watch
 */
ConfabBotWatch *
confab_bot_watch_new (GListModel *calls, ConfabBotOutput *output)
{
  ConfabBotWatch *self = g_object_new (CONFAB_TYPE_BOT_WATCH, NULL);

  self->calls = g_object_ref (calls);
  self->output = g_object_ref (output);
  g_signal_connect_object (
    calls, "items-changed", G_CALLBACK (calls_changed_cb), self, G_CONNECT_SWAPPED);
  calls_changed_cb (self, 0, 0, g_list_model_get_n_items (calls), calls);
  return self;
}
