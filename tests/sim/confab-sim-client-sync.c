/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-client-private.h"

#include "confab-call-content.h"
#include "confab-declined-calls.h"
#include "confab-json.h"

/* How a client syncs. */

#define MIN_SYNC_PAUSE_MS 1000
#define MAX_SYNC_PAUSE_MS 60000

static void
prepare_room (ConfabSimClient *self)
{
  confab_call_handler_set_room_encrypted (self->handler, CONFAB_SIM_ROOM, TRUE);
  confab_call_handler_set_can_send_call (self->handler, CONFAB_SIM_ROOM, self->has_power);
}

static void take_events (ConfabSimClient *self, guint start, guint end, gboolean newest_only);

/* Only the last counts. */
static void
take_account (ConfabSimClient *self, guint start, guint end)
{
  JsonObject *content;

  if (end == start || g_hash_table_contains (self->left, self->user))
    return;
  content = confab_sim_server_get_account (self->network->server, self->index, end - 1);
  confab_call_handler_handle_account_data (self->handler,
                                           CONFAB_SIM_ROOM,
                                           CONFAB_DECLINED_CALLS_TYPE,
                                           content);
  confab_sim_ringing_take_account (self->ringing, content);
}

/* Who is in the room. Out of it this client hears nothing; back in it, the whole of the state comes again. */
static void
take_membership (ConfabSimClient *self, const ConfabSimEvent *event, guint position)
{
  gboolean joined = g_strcmp0 (confab_json_peek_string (event->content, "membership"), "join") == 0;
  gboolean own = g_str_equal (event->state_key, self->user);
  gboolean changed = joined == g_hash_table_contains (self->left, event->state_key);

  if (own && self->comes_back)
    return;
  if (joined)
    g_hash_table_remove (self->left, event->state_key);
  else
    g_hash_table_add (self->left, g_strdup (event->state_key));
  if (!own && !joined)
    confab_sim_missed_forget (self->missed, event->state_key);
  if (own && !joined) {
    confab_call_handler_remove_room (self->handler, CONFAB_SIM_ROOM);
    g_hash_table_remove_all (self->members);
    confab_sim_missed_free (self->missed);
    self->missed = confab_sim_missed_new ();
    confab_sim_rtc_clear (self->rtc);
    confab_sim_ringing_clear (self->ringing);
    confab_sim_calls_clear (self->calls);
    self->n_rtc = 0;
    return;
  }
  if (own)
    prepare_room (self);
  confab_call_handler_handle_membership (self->handler, CONFAB_SIM_ROOM, event->state_key, joined);
  if (!own || !changed)
    return;
  self->comes_back = TRUE;
  take_events (self, 0, position, TRUE);
  take_account (self, 0, self->since_account);
  self->comes_back = FALSE;
}

static void
take_event (ConfabSimClient *self, const ConfabSimEvent *event, guint position)
{
  self->members_changed = TRUE;
  if (g_str_equal (event->type, CONFAB_SIM_MEMBERSHIP)) {
    take_membership (self, event, position);
    return;
  }
  if (g_hash_table_contains (self->left, self->user))
    return;
  if (!confab_sim_rtc_take (self->rtc, event) &&
      g_str_equal (event->type, CONFAB_CALL_MEMBERSHIP_TYPE)) {
    confab_sim_missed_take (self->missed,
                            event->state_key,
                            g_hash_table_lookup (self->members, event->state_key),
                            event->content,
                            confab_clock_get_time (self->clock));
    g_hash_table_replace (self->members,
                          g_strdup (event->state_key),
                          json_object_ref (event->content));
  }
  confab_sim_calls_take_event (self->calls, event);
  confab_call_handler_handle_state (self->handler,
                                    CONFAB_SIM_ROOM,
                                    event->type,
                                    event->state_key,
                                    event->sender,
                                    event->origin_server_ts,
                                    event->content);
  confab_sim_witness_take_event (self->witness, event);
  confab_sim_ringing_take_event (self->ringing, event);
}

static gboolean
is_replaced (ConfabSimClient *self, guint position, guint end)
{
  ConfabSimServer *server = self->network->server;
  const ConfabSimEvent *event = confab_sim_server_get_event (server, self->index, position);

  for (guint i = position + 1; i < end; i++) {
    const ConfabSimEvent *later = confab_sim_server_get_event (server, self->index, i);
    if (g_str_equal (later->type, event->type) && g_str_equal (later->state_key, event->state_key))
      return TRUE;
  }
  return FALSE;
}

/* As `matrix` has it: who is in the room, then calls, then who is in them. */
static void
take_events (ConfabSimClient *self, guint start, guint end, gboolean newest_only)
{
  static const char *const types[] = {
    CONFAB_SIM_MEMBERSHIP,
    CONFAB_CALL_CONTENT_TYPE,
    CONFAB_CALL_MEMBERSHIP_TYPE,
  };
  ConfabSimServer *server = self->network->server;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    for (guint j = start; j < end; j++) {
      const ConfabSimEvent *event = confab_sim_server_get_event (server, self->index, j);
      if (g_str_equal (event->type, types[i]) && !(newest_only && is_replaced (self, j, end)))
        take_event (self, event, j);
    }
  }
}

static void
take_messages (ConfabSimClient *self, guint start, guint end)
{
  for (guint i = start; i < end; i++) {
    const ConfabSimMessage *message = confab_sim_server_get_message (self->network->server,
                                                                     self->index,
                                                                     i);
    confab_sim_witness_received (self->witness, message);
    confab_call_handler_handle_to_device (
      self->handler, message->sender, message->device_id, message->type, message->content);
  }
}

static void
end_sync (ConfabSimClient *self)
{
  confab_call_handler_end_sync (self->handler, confab_clock_get_real_time (self->clock) / 1000);
  confab_sim_calls_end_sync (self->calls);
  confab_sim_ringing_end_sync (self->ringing, self->members, self->missed, self->left);
}

static void
back_online (ConfabSimClient *self)
{
  confab_sim_witness_back_online (self->witness);
  confab_call_handler_back_online (self->handler);
}

/* All that is new, or some of it. */
static guint
cut (ConfabSimClient *self, guint since, guint end)
{
  if (end > since && confab_sim_network_chance (self->network, self->network->cuts))
    return since + confab_sim_network_below (self->network, end - since + 1);
  return end;
}

/* As far as was synced before, and before that. */
typedef struct {
  ConfabSimClient *self;
  guint since[3];
  guint last[3];
} Batch;

static void
undo_batch (gpointer data)
{
  const Batch *batch = data;
  ConfabSimClient *self = batch->self;

  self->since_events = batch->since[0];
  self->since_messages = batch->since[1];
  self->since_account = batch->since[2];
  self->last_events = batch->last[0];
  self->last_messages = batch->last[1];
  self->last_account = batch->last[2];
}

static void
write_batch (ConfabSimClient *self)
{
  Batch *batch = g_new (Batch, 1);

  *batch = (Batch) { self,
                     { self->since_events, self->since_messages, self->since_account },
                     { self->last_events, self->last_messages, self->last_account } };
  confab_sim_disk_write (self->disk, TRUE, undo_batch, batch, g_free);
  self->last_events = self->since_events;
  self->last_messages = self->since_messages;
  self->last_account = self->since_account;
}

static void sync_cb (gpointer data);

static void
arm_sync (ConfabSimClient *self, guint delay_ms)
{
  self->sync_timer = confab_clock_add_timeout (self->clock, delay_ms, sync_cb, self);
}

/* A person or the network may have it tried at once; what the server has told stands against that. */
static void
pause_sync (ConfabSimClient *self, guint retry_after_ms)
{
  guint pause_ms = MIN ((guint) MIN_SYNC_PAUSE_MS << MIN (self->n_sync_failures, 6),
                        MAX_SYNC_PAUSE_MS);

  self->n_sync_failures++;
  if (confab_sim_network_chance (self->network, 20))
    pause_ms = 0;
  arm_sync (self, MAX (pause_ms, retry_after_ms));
}

static void
sync_cb (gpointer data)
{
  ConfabSimClient *self = data;
  ConfabSimServer *server = self->network->server;
  guint retry_after_ms;
  gboolean was_offline = self->n_sync_failures > 0;
  guint end_events = confab_sim_server_get_n_events (server, self->index);
  guint end_messages = confab_sim_server_get_n_messages (server, self->index);
  guint end_account = confab_sim_server_get_n_account (server, self->index);

  self->sync_timer = 0;
  if (!confab_sim_http_try (confab_sim_signalling_get_http (self->signalling),
                            "sync",
                            &retry_after_ms)) {
    pause_sync (self, retry_after_ms);
    return;
  }
  self->n_sync_failures = 0;
  if (end_events == self->since_events && end_messages == self->since_messages &&
      end_account == self->since_account) {
    self->waits_for_news = TRUE;
    if (was_offline)
      back_online (self);
    return;
  }
  write_batch (self);
  self->since_account = end_account;
  self->since_events = cut (self, self->last_events, end_events);
  self->since_messages = cut (self, self->last_messages, end_messages);
  take_events (self,
               self->last_events,
               self->since_events,
               confab_sim_network_chance (self->network, self->network->gaps));
  take_account (self, self->last_account, self->since_account);
  take_messages (self, self->last_messages, self->since_messages);
  end_sync (self);
  if (was_offline)
    back_online (self);
  arm_sync (self, confab_sim_network_get_delay (self->network));
}

/* The server has something new. */
void
confab_sim_client_news (ConfabSimClient *self)
{
  if (!self->up || !self->waits_for_news)
    return;
  self->waits_for_news = FALSE;
  arm_sync (self, confab_sim_network_get_delay (self->network));
}

/* Half a minute without news: the server says so. It would each time; once is enough where it matters. */
void
confab_sim_client_poll (ConfabSimClient *self)
{
  if (self->up && self->waits_for_news)
    end_sync (self);
}
/* A process begins with what is on disk; a batch that the last one was handed may not have been ticked off. */
void
confab_sim_client_take_stored (ConfabSimClient *self)
{
  prepare_room (self);
  take_events (self, 0, self->since_events, TRUE);
  take_account (self, 0, self->since_account);
  if (confab_sim_network_chance (self->network, 50))
    take_messages (self, self->last_messages, self->since_messages);
  confab_call_handler_end_stored (self->handler, 0);
  arm_sync (self, confab_sim_network_get_delay (self->network));
}
