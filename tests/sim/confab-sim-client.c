/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-client-private.h"

#include "confab-call-content.h"
#include "confab-declined-calls.h"
#include "confab-group-call.h"
#include "confab-json.h"

#define MIN_SYNC_PAUSE_MS 1000
#define MAX_SYNC_PAUSE_MS 60000

/* What is sent. */

static void
sending_cb (const char *user_id,
            const char *device_id,
            const char *type,
            JsonObject *content,
            gboolean clear,
            gpointer data)
{
  ConfabSimClient *self = data;
  g_autoptr (GPtrArray) entries = NULL;

  if (user_id != NULL) {
    confab_sim_client_check_sending (self, user_id, device_id, type, content, clear);
    confab_sim_witness_sending (self->witness, user_id, device_id, type, content);
    return;
  }
  entries = confab_call_membership_parse (content);
  for (guint i = 0; i < entries->len; i++) {
    const ConfabCallMembership *entry = entries->pdata[i];
    if (!g_str_equal (entry->device_id, self->device))
      continue;
    g_set_str (&self->session, entry->session_id);
    confab_sim_witness_entry (self->witness, entry->session_id);
  }
}

static void
unsent_cb (const char *type, JsonObject *content, gpointer data)
{
  ConfabSimClient *self = data;

  confab_sim_witness_failed (self->witness, type, content);
}

/* Syncing. */

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
  if (own && !joined) {
    confab_call_handler_remove_room (self->handler, CONFAB_SIM_ROOM);
    g_hash_table_remove_all (self->members);
    confab_sim_rtc_clear (self->rtc);
    confab_sim_ringing_clear (self->ringing);
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
      g_str_equal (event->type, CONFAB_CALL_MEMBERSHIP_TYPE))
    g_hash_table_replace (self->members,
                          g_strdup (event->state_key),
                          json_object_ref (event->content));
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
  confab_sim_ringing_end_sync (self->ringing, self->members, self->left);
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
  self->last_events = self->since_events;
  self->last_messages = self->since_messages;
  self->last_account = self->since_account;
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

/* The process. */

ConfabSimClient *
confab_sim_client_new (ConfabSimNetwork *network,
                       ConfabClock *clock,
                       guint index,
                       gboolean has_power)
{
  ConfabSimClient *self = g_new0 (ConfabSimClient, 1);

  self->network = network;
  self->clock = g_object_ref (clock);
  self->index = index;
  self->user = network->users[index];
  self->device = network->devices[index];
  self->has_power = has_power;
  self->outbox = confab_sim_outbox_new (network, clock, index);
  self->ringing = confab_sim_ringing_new (network, clock, index);
  self->shown = g_ptr_array_new ();
  return self;
}

void
confab_sim_client_free (ConfabSimClient *self)
{
  if (self->up)
    confab_sim_client_kill (self, FALSE);
  confab_sim_outbox_free (self->outbox);
  confab_sim_ringing_free (self->ringing);
  g_object_unref (self->clock);
  g_ptr_array_unref (self->shown);
  g_free (self->session);
  g_free (self);
}

static void
rtc_changed_cb (ConfabCallHandler *handler,
                const char *room_id,
                guint n_users,
                ConfabSimClient *self)
{
  self->n_rtc = n_users;
}

/* With what is on disk; a batch that the last process was handed may not have been ticked off. */
void
confab_sim_client_start (ConfabSimClient *self)
{
  g_return_if_fail (!self->up);

  self->up = TRUE;
  self->members = g_hash_table_new_full (g_str_hash,
                                         g_str_equal,
                                         g_free,
                                         (GDestroyNotify) json_object_unref);
  self->left = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->witness = confab_sim_witness_new (self->network, self->clock, self->index);
  self->signalling = confab_sim_signalling_new (self->network,
                                                self->clock,
                                                self->index,
                                                self->has_power,
                                                self->outbox,
                                                sending_cb,
                                                unsent_cb,
                                                self);
  self->handler = confab_call_handler_new (CONFAB_SIGNALLING (self->signalling),
                                           self->clock,
                                           self->user,
                                           self->device);
  confab_sim_ringing_start (self->ringing, self->handler);
  self->rtc = confab_sim_rtc_new ();
  self->n_rtc = 0;
  g_signal_connect (self->handler, "rtc-changed", G_CALLBACK (rtc_changed_cb), self);
  prepare_room (self);
  take_events (self, 0, self->since_events, TRUE);
  take_account (self, 0, self->since_account);
  if (confab_sim_network_chance (self->network, 50))
    take_messages (self, self->last_messages, self->since_messages);
  confab_call_handler_end_stored (self->handler, 0);
  arm_sync (self, confab_sim_network_get_delay (self->network));
}

static void
forget_call (ConfabSimClient *self)
{
  if (self->call != NULL) {
    g_signal_handlers_disconnect_by_data (self->call, self);
    g_signal_handlers_disconnect_by_data (confab_call_get_participants (self->call), self);
  }
  g_clear_object (&self->call);
  for (guint i = 0; i < self->shown->len; i++)
    confab_sim_witness_gone (self->witness, self->shown->pdata[i]);
  g_ptr_array_set_size (self->shown, 0);
}

/* Nobody is told. */
void
confab_sim_client_kill (ConfabSimClient *self, gboolean power_lost)
{
  if (!self->up)
    return;
  self->up = FALSE;
  self->waits_for_news = FALSE;
  confab_clock_clear (self->clock, &self->sync_timer);
  self->n_sync_failures = 0;
  confab_sim_signalling_kill (self->signalling, power_lost);
  forget_call (self);
  g_object_run_dispose (G_OBJECT (self->handler));
  g_assert_finalize_object (g_steal_pointer (&self->handler));
  g_assert_finalize_object (g_steal_pointer (&self->signalling));
  if (self->media != NULL)
    g_assert_finalize_object (g_steal_pointer (&self->media));
  g_clear_pointer (&self->members, g_hash_table_unref);
  g_clear_pointer (&self->left, g_hash_table_unref);
  g_clear_pointer (&self->rtc, confab_sim_rtc_free);
  g_clear_pointer (&self->witness, confab_sim_witness_free);
  self->wants_in = FALSE;
  self->told = FALSE;
  self->wrong = NULL;
  if (power_lost) {
    self->since_events = self->last_events;
    self->since_messages = self->last_messages;
    self->since_account = self->last_account;
  }
}

/* The person. */

static void
failed_cb (ConfabCall *call, const GError *error, ConfabSimClient *self)
{
  self->told = TRUE;
}

static void
state_cb (ConfabCall *call, GParamSpec *pspec, ConfabSimClient *self)
{
  self->state = confab_call_get_state (call);
  self->told |= self->state == CONFAB_CALL_STATE_ENDED;
}

static void
shown_cb (GListModel *members, guint position, guint removed, guint added, ConfabSimClient *self)
{
  self->members_changed = TRUE;
  for (guint i = 0; i < removed; i++)
    confab_sim_witness_gone (self->witness, self->shown->pdata[position + i]);
  if (removed > 0)
    g_ptr_array_remove_range (self->shown, position, removed);
  for (guint i = 0; i < added; i++) {
    g_autoptr (ConfabCallMember) member = g_list_model_get_item (members, position + i);
    g_ptr_array_insert (self->shown, (int) (position + i), member);
    confab_sim_witness_shown (self->witness,
                              confab_group_call_get_id (CONFAB_GROUP_CALL (self->call)),
                              member);
  }
}

static void
take_call (ConfabSimClient *self, ConfabCall *call)
{
  if (self->call == call)
    return;
  forget_call (self);
  self->members_changed = TRUE;
  self->call = g_object_ref (call);
  g_signal_connect (call, "failed", G_CALLBACK (failed_cb), self);
  g_signal_connect (call, "notify::state", G_CALLBACK (state_cb), self);
  self->state = confab_call_get_state (call);
  g_signal_connect (confab_call_get_participants (call),
                    "items-changed",
                    G_CALLBACK (shown_cb),
                    self);
  shown_cb (confab_call_get_participants (call),
            0,
            0,
            g_list_model_get_n_items (confab_call_get_participants (call)),
            self);
}

void
confab_sim_client_create_call (ConfabSimClient *self, ConfabCallIntent intent)
{
  g_autoptr (ConfabCall) call = NULL;

  call = confab_call_handler_create_call (
    self->handler, CONFAB_SIM_ROOM, intent, CONFAB_CALL_TYPE_VIDEO, NULL);
  take_call (self, call);
}

/* Does nothing where the call is not known yet, or this device is in it. */
void
confab_sim_client_join (ConfabSimClient *self, const char *call_id)
{
  ConfabCall *call;

  if (!self->up)
    return;
  call = confab_call_handler_lookup (self->handler, CONFAB_SIM_ROOM, call_id);
  if (call == NULL || confab_call_is_active (call))
    return;
  if (self->call != NULL && self->call != call && confab_call_is_active (self->call))
    confab_sim_client_leave (self);
  take_call (self, call);
  g_clear_object (&self->media);
  self->n_closed = 0;
  {
    g_autofree char *stream = g_strdup_printf ("s%u-%u", self->index, ++self->n_media);
    self->media = confab_fake_local_media_new (self->clock, stream);
    confab_fake_local_media_set_gather (self->media,
                                        50 + confab_sim_network_below (self->network, 3000));
    confab_fake_local_media_set_relayed (self->media,
                                         confab_sim_network_chance (self->network, 30));
  }
  self->wants_in = TRUE;
  self->told = FALSE;
  confab_sim_witness_joins (self->witness);
  confab_sim_ringing_joins (self->ringing, call_id);
  confab_call_join (call, CONFAB_LOCAL_MEDIA (self->media));
}

void
confab_sim_client_leave (ConfabSimClient *self)
{
  if (!self->up || self->call == NULL)
    return;
  self->wants_in = FALSE;
  confab_call_leave (self->call);
}

/* For everybody, and so for this one. */
void
confab_sim_client_terminate (ConfabSimClient *self)
{
  if (!self->up || self->call == NULL || !self->has_power)
    return;
  self->wants_in = FALSE;
  confab_call_terminate (self->call);
}

/* Everybody is called anew, by somebody who is in at once. */
void
confab_sim_client_call_again (ConfabSimClient *self)
{
  g_autofree char *id = NULL;

  if (!self->up || self->call == NULL || !self->has_power)
    return;
  confab_sim_client_terminate (self);
  confab_sim_client_create_call (self, CONFAB_CALL_INTENT_RING);
  id = confab_call_dup_id (self->call);
  confab_sim_client_join (self, id);
}

void
confab_sim_client_decline (ConfabSimClient *self, ConfabDeclineScope scope)
{
  if (self->up)
    confab_sim_ringing_decline (self->ringing, scope);
}

gboolean
confab_sim_client_is_up (ConfabSimClient *self)
{
  return self->up;
}

/* Nothing waits to be sent, and all that came was taken. */
gboolean
confab_sim_client_is_idle (ConfabSimClient *self)
{
  ConfabSimServer *server = self->network->server;

  return self->up && confab_sim_signalling_is_idle (self->signalling) &&
         self->since_events == confab_sim_server_get_n_events (server, self->index) &&
         self->since_messages == confab_sim_server_get_n_messages (server, self->index) &&
         self->since_account == confab_sim_server_get_n_account (server, self->index);
}

gboolean
confab_sim_client_wants_in (ConfabSimClient *self)
{
  return self->wants_in;
}

ConfabCall *
confab_sim_client_peek_call (ConfabSimClient *self)
{
  return self->call;
}

/* Returns: (transfer none) (nullable): client @other, as the call shows it */
ConfabCallMember *
confab_sim_client_find_member (ConfabSimClient *self, guint other)
{
  const char *device = self->network->devices[other]; /* no two have the same */

  for (guint i = 0; i < self->shown->len; i++) {
    ConfabCallMember *member = self->shown->pdata[i];
    if (g_str_equal (confab_call_member_get_device_id (member), device) &&
        g_str_equal (confab_call_member_get_user_id (member), self->network->users[other]))
      return member;
  }
  return NULL;
}

ConfabFakeLocalMedia *
confab_sim_client_peek_media (ConfabSimClient *self)
{
  return self->media;
}

guint
confab_sim_client_get_n_early (ConfabSimClient *self)
{
  return confab_call_handler_get_n_early (self->handler);
}
