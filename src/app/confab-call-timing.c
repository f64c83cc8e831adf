/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-app"

#include "config.h"

#include "confab-call-timing.h"

#define AUDIBLE (-60.0) /* dBFS */

/* One device that was seen in the call; it stays when the device leaves. */
typedef struct {
  char *user_id;
  char *device_id;
  gint64 first_audio; /* µs since the join, -1 not yet */
  gint64 first_frame;
} Entry;

struct _ConfabCallTiming {
  GObject parent_instance;

  ConfabCall *call;
  ConfabClock *clock;
  gint64 joined_at;        /* monotonic, µs */
  GPtrArray *entries;      /* of Entry */
  GPtrArray *participants; /* of ConfabParticipant: those in the model now, in its order */
};

G_DEFINE_FINAL_TYPE (ConfabCallTiming, confab_call_timing, G_TYPE_OBJECT)

enum {
  SIGNAL_CHANGED,
  SIGNAL_FIRST_AUDIO,
  SIGNAL_FIRST_FRAME,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->user_id);
  g_free (entry->device_id);
  g_free (entry);
}

static Entry *
ensure_entry (ConfabCallTiming *self, ConfabParticipant *participant)
{
  const char *user_id = confab_participant_get_user_id (participant);
  const char *device_id = confab_participant_get_device_id (participant);
  Entry *entry;

  for (guint i = 0; i < self->entries->len; i++) {
    entry = self->entries->pdata[i];
    if (g_strcmp0 (entry->user_id, user_id) == 0 && g_strcmp0 (entry->device_id, device_id) == 0)
      return entry;
  }
  entry = g_new0 (Entry, 1);
  entry->user_id = g_strdup (user_id);
  entry->device_id = g_strdup (device_id);
  entry->first_audio = entry->first_frame = -1;
  g_ptr_array_add (self->entries, entry);
  return entry;
}

static void
note_first (ConfabCallTiming *self, ConfabParticipant *participant, gint64 *first, guint signal)
{
  if (*first >= 0)
    return;
  *first = confab_clock_get_time (self->clock) - self->joined_at;
  g_signal_emit (self, signals[signal], 0, participant, *first / 1000);
}

static void
look_at_streams (ConfabCallTiming *self, ConfabParticipant *participant)
{
  GListModel *streams = confab_participant_get_streams (participant);
  Entry *entry = ensure_entry (self, participant);

  for (guint i = 0; i < g_list_model_get_n_items (streams); i++) {
    g_autoptr (ConfabStream) stream = g_list_model_get_item (streams, i);
    if (confab_stream_get_level (stream) > AUDIBLE)
      note_first (self, participant, &entry->first_audio, SIGNAL_FIRST_AUDIO);
    if (confab_stream_get_has_video (stream))
      note_first (self, participant, &entry->first_frame, SIGNAL_FIRST_FRAME);
  }
}

static void
stream_changed_cb (ConfabCallTiming *self)
{
  for (guint i = 0; i < self->participants->len; i++)
    look_at_streams (self, self->participants->pdata[i]);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
streams_changed_cb (
  ConfabCallTiming *self, guint position, guint removed, guint added, GListModel *model)
{
  for (guint i = position; i < position + added; i++) {
    g_autoptr (ConfabStream) stream = g_list_model_get_item (model, i);
    /* The model may hand over the same stream again. */
    g_signal_handlers_disconnect_by_func (stream, stream_changed_cb, self);
    g_signal_connect_object (
      stream, "notify", G_CALLBACK (stream_changed_cb), self, G_CONNECT_SWAPPED);
  }
  stream_changed_cb (self);
}

static void
participant_changed_cb (ConfabCallTiming *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
watch (ConfabCallTiming *self, ConfabParticipant *participant)
{
  GListModel *streams = confab_participant_get_streams (participant);

  (void) ensure_entry (self, participant);
  g_signal_connect_object (
    participant, "notify", G_CALLBACK (participant_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    streams, "items-changed", G_CALLBACK (streams_changed_cb), self, G_CONNECT_SWAPPED);
  streams_changed_cb (self, 0, 0, g_list_model_get_n_items (streams), streams);
}

static void
unwatch (ConfabCallTiming *self, ConfabParticipant *participant)
{
  GListModel *streams = confab_participant_get_streams (participant);

  g_signal_handlers_disconnect_by_data (participant, self);
  g_signal_handlers_disconnect_by_data (streams, self);
  for (guint i = 0; i < g_list_model_get_n_items (streams); i++) {
    g_autoptr (ConfabStream) stream = g_list_model_get_item (streams, i);
    g_signal_handlers_disconnect_by_data (stream, self);
  }
}

static void
participants_changed_cb (
  ConfabCallTiming *self, guint position, guint removed, guint added, GListModel *model)
{
  for (guint i = position; i < position + removed; i++)
    unwatch (self, self->participants->pdata[i]);
  if (removed > 0)
    g_ptr_array_remove_range (self->participants, position, removed);
  for (guint i = position; i < position + added; i++) {
    ConfabParticipant *participant = g_list_model_get_item (model, i);
    g_ptr_array_insert (self->participants, i, participant);
    watch (self, participant);
  }
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
confab_call_timing_dispose (GObject *object)
{
  ConfabCallTiming *self = CONFAB_CALL_TIMING (object);

  if (self->call != NULL)
    g_signal_handlers_disconnect_by_data (confab_call_get_participants (self->call), self);
  for (guint i = 0; i < self->participants->len; i++)
    unwatch (self, self->participants->pdata[i]);
  g_ptr_array_set_size (self->participants, 0);
  g_clear_object (&self->call);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (confab_call_timing_parent_class)->dispose (object);
}

static void
confab_call_timing_finalize (GObject *object)
{
  ConfabCallTiming *self = CONFAB_CALL_TIMING (object);

  g_clear_pointer (&self->entries, g_ptr_array_unref);
  g_clear_pointer (&self->participants, g_ptr_array_unref);
  G_OBJECT_CLASS (confab_call_timing_parent_class)->finalize (object);
}

static void
confab_call_timing_class_init (ConfabCallTimingClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = confab_call_timing_dispose;
  object_class->finalize = confab_call_timing_finalize;

  signals[SIGNAL_CHANGED] = g_signal_new (
    "changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_FIRST_AUDIO] = g_signal_new ("first-audio",
                                              G_TYPE_FROM_CLASS (klass),
                                              G_SIGNAL_RUN_LAST,
                                              0,
                                              NULL,
                                              NULL,
                                              NULL,
                                              G_TYPE_NONE,
                                              2,
                                              CONFAB_TYPE_PARTICIPANT,
                                              G_TYPE_INT64);
  signals[SIGNAL_FIRST_FRAME] = g_signal_new ("first-frame",
                                              G_TYPE_FROM_CLASS (klass),
                                              G_SIGNAL_RUN_LAST,
                                              0,
                                              NULL,
                                              NULL,
                                              NULL,
                                              G_TYPE_NONE,
                                              2,
                                              CONFAB_TYPE_PARTICIPANT,
                                              G_TYPE_INT64);
}

static void
confab_call_timing_init (ConfabCallTiming *self)
{
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->participants = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * confab_call_timing_new:
 * @call: a call that is being joined now
 * @clock: what times are read from
 * @joined_at: its time when the person asked to join, µs
 *
 * Returns: (transfer full): the watcher
 */
ConfabCallTiming *
confab_call_timing_new (ConfabCall *call, ConfabClock *clock, gint64 joined_at)
{
  ConfabCallTiming *self = g_object_new (CONFAB_TYPE_CALL_TIMING, NULL);
  GListModel *model = confab_call_get_participants (call);

  self->call = g_object_ref (call);
  self->clock = g_object_ref (clock);
  self->joined_at = joined_at;
  g_signal_connect_object (
    model, "items-changed", G_CALLBACK (participants_changed_cb), self, G_CONNECT_SWAPPED);
  participants_changed_cb (self, 0, 0, g_list_model_get_n_items (model), model);
  return self;
}

/**
 * confab_call_timing_get_joined_at:
 * @self: the watcher
 *
 * Returns: when it began: monotonic, µs
 */
gint64
confab_call_timing_get_joined_at (ConfabCallTiming *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_TIMING (self), 0);

  return self->joined_at;
}

ConfabCall *
confab_call_timing_get_call (ConfabCallTiming *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_TIMING (self), NULL);

  return self->call;
}

ConfabClock *
confab_call_timing_get_clock (ConfabCallTiming *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_TIMING (self), NULL);

  return self->clock;
}

static void
set_time (JsonObject *object, const char *name, gint64 time)
{
  if (time >= 0)
    json_object_set_int_member (object, name, time / 1000);
  else
    json_object_set_null_member (object, name);
}

/**
 * confab_call_timing_to_json:
 * @self: the watcher
 *
 * design/bot.md, “Shapes”, `timing`.
 *
 * Returns: (transfer full): one entry a device
 */
JsonArray *
confab_call_timing_to_json (ConfabCallTiming *self)
{
  JsonArray *array = json_array_new ();

  g_return_val_if_fail (CONFAB_IS_CALL_TIMING (self), array);

  for (guint i = 0; i < self->entries->len; i++) {
    const Entry *entry = self->entries->pdata[i];
    JsonObject *object = json_object_new ();
    json_object_set_string_member (object, "userId", entry->user_id);
    json_object_set_string_member (object, "deviceId", entry->device_id);
    set_time (object, "firstAudio", entry->first_audio);
    set_time (object, "firstFrame", entry->first_frame);
    json_array_add_object_element (array, object);
  }
  return array;
}
