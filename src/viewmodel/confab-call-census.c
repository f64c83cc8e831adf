/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-call-census.h"

#include "confab-participant.h"

struct _ConfabCallCensus {
  GObject parent_instance;

  GListModel *participants;
  GPtrArray *watched; /* ConfabParticipant whose state is followed */
};

G_DEFINE_FINAL_TYPE (ConfabCallCensus, confab_call_census, G_TYPE_OBJECT)

enum {
  SIGNAL_CHANGED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
participant_cb (ConfabCallCensus *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
unwatch (ConfabCallCensus *self)
{
  for (guint i = 0; i < self->watched->len; i++)
    g_signal_handlers_disconnect_by_func (g_ptr_array_index (self->watched, i),
                                          participant_cb,
                                          self);
  g_ptr_array_set_size (self->watched, 0);
}

static void
watch (ConfabCallCensus *self)
{
  unwatch (self);
  for (guint i = 0; i < g_list_model_get_n_items (self->participants); i++) {
    ConfabParticipant *item = g_list_model_get_item (self->participants, i);

    g_signal_connect_object (item, "notify", G_CALLBACK (participant_cb), self, G_CONNECT_SWAPPED);
    g_ptr_array_add (self->watched, item);
  }
}

static void
participants_changed_cb (ConfabCallCensus *self)
{
  watch (self);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
confab_call_census_dispose (GObject *object)
{
  ConfabCallCensus *self = CONFAB_CALL_CENSUS (object);

  if (self->watched != NULL)
    unwatch (self);
  g_clear_pointer (&self->watched, g_ptr_array_unref);
  g_clear_object (&self->participants);
  G_OBJECT_CLASS (confab_call_census_parent_class)->dispose (object);
}

static void
confab_call_census_class_init (ConfabCallCensusClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_call_census_dispose;

  signals[SIGNAL_CHANGED] = g_signal_new (
    "changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
confab_call_census_init (ConfabCallCensus *self)
{
  self->watched = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * confab_call_census_new:
 * @participants: of ConfabParticipant: the others' devices
 *
 * Returns: (transfer full): a census of them
 */
ConfabCallCensus *
confab_call_census_new (GListModel *participants)
{
  ConfabCallCensus *self = NULL;

  g_return_val_if_fail (G_IS_LIST_MODEL (participants), NULL);

  self = g_object_new (CONFAB_TYPE_CALL_CENSUS, NULL);
  self->participants = g_object_ref (participants);
  g_signal_connect_object (
    participants, "items-changed", G_CALLBACK (participants_changed_cb), self, G_CONNECT_SWAPPED);
  watch (self);
  return self;
}

/**
 * confab_call_census_count:
 * @self: a census
 * @own_id: (nullable): whose other devices are not other people
 *
 * Returns: how many there are now
 */
ConfabCallCount
confab_call_census_count (ConfabCallCensus *self, const char *own_id)
{
  g_autoptr (GHashTable) users = g_hash_table_new (g_str_hash, g_str_equal);
  ConfabCallCount count = { 0 };

  g_return_val_if_fail (CONFAB_IS_CALL_CENSUS (self), count);

  count.n = g_list_model_get_n_items (self->participants);
  for (guint i = 0; i < count.n; i++) {
    g_autoptr (ConfabParticipant) item = g_list_model_get_item (self->participants, i);
    ConfabParticipantState state = confab_participant_get_state (item);
    const char *user_id = confab_participant_get_user_id (item);

    if (state == CONFAB_PARTICIPANT_STATE_CONNECTED) {
      count.n_connected++;
      count.n_clear += !confab_participant_get_encrypted (item);
    } else if (state == CONFAB_PARTICIPANT_STATE_RECONNECTING ||
               state == CONFAB_PARTICIPANT_STATE_UNREACHABLE) {
      count.n_lost++;
    }
    if (user_id != NULL && g_strcmp0 (user_id, own_id) != 0)
      g_hash_table_add (users, (char *) user_id);
  }
  count.n_users = g_hash_table_size (users);
  return count;
}
