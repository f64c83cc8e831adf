/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-client-private.h"

#include "confab-group-call.h"

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

  self->n_sent++;
  if (user_id != NULL) {
    confab_sim_client_check_sending (self, user_id, device_id, type, content, clear);
    confab_sim_witness_sending (self->witness, user_id, device_id, type, content);
    return;
  }
  confab_sim_client_check_state (self, type, device_id, content);
  entries = confab_call_membership_parse (content);
  for (guint i = 0; i < entries->len; i++) {
    const ConfabCallMembership *entry = entries->pdata[i];
    if (!g_str_equal (entry->device_id, self->device))
      continue;
    g_set_str (&self->session, entry->session_id);
    confab_sim_witness_entry (self->witness, entry);
    confab_sim_client_check_entry (self, entry);
  }
}

static void
unsent_cb (const char *type, JsonObject *content, gpointer data)
{
  ConfabSimClient *self = data;

  confab_sim_witness_failed (self->witness, type, content);
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
  self->disk = confab_sim_disk_new (network, clock);
  self->outbox = confab_sim_outbox_new (network, clock, self->disk, index);
  self->ringing = confab_sim_ringing_new (network, clock, self->disk, index);
  self->made = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->shown = g_ptr_array_new ();
  return self;
}

void
confab_sim_client_free (ConfabSimClient *self)
{
  if (self->up)
    confab_sim_client_kill (self, FALSE);
  confab_sim_disk_free (self->disk);
  confab_sim_outbox_free (self->outbox);
  confab_sim_ringing_free (self->ringing);
  g_hash_table_unref (self->made);
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

/* With what is on disk. */
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
  self->missed = confab_sim_missed_new ();
  self->calls = confab_sim_calls_new (self->network, self->index, self->made);
  self->rtc = confab_sim_rtc_new ();
  self->n_rtc = 0;
  g_signal_connect (self->handler, "rtc-changed", G_CALLBACK (rtc_changed_cb), self);
  confab_sim_client_take_stored (self);
}

static void
forget_call (ConfabSimClient *self)
{
  if (self->call != NULL) {
    g_signal_handlers_disconnect_by_data (self->call, self);
    g_signal_handlers_disconnect_by_data (confab_call_get_participants (self->call), self);
  }
  for (guint i = 0; i < self->shown->len; i++)
    confab_sim_witness_gone (self->witness, self->shown->pdata[i]);
  g_ptr_array_set_size (self->shown, 0);
  g_clear_object (&self->call);
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
  confab_clock_clear (self->clock, &self->join_timer);
  self->n_sync_failures = 0;
  confab_sim_signalling_kill (self->signalling);
  forget_call (self);
  g_object_run_dispose (G_OBJECT (self->handler));
  g_assert_finalize_object (g_steal_pointer (&self->handler));
  g_assert_finalize_object (g_steal_pointer (&self->signalling));
  if (self->media != NULL)
    g_assert_finalize_object (g_steal_pointer (&self->media));
  g_clear_pointer (&self->members, g_hash_table_unref);
  g_clear_pointer (&self->left, g_hash_table_unref);
  g_clear_pointer (&self->missed, confab_sim_missed_free);
  g_clear_pointer (&self->rtc, confab_sim_rtc_free);
  g_clear_pointer (&self->calls, confab_sim_calls_free);
  g_clear_pointer (&self->witness, confab_sim_witness_free);
  self->wants_in = FALSE;
  self->told = FALSE;
  self->wrong = NULL;
  confab_sim_disk_stop (self->disk, power_lost);
}

/* The person. */

static void
join_cb (gpointer data)
{
  ConfabSimClient *self = data;

  self->join_timer = 0;
  if (self->wants_in)
    confab_sim_client_join_seen (self);
}

/* Whose call is over looks for another one in a moment. */
static void
look_for_another (ConfabSimClient *self)
{
  if (self->wants_in && self->join_timer == 0)
    self->join_timer = confab_clock_add_timeout (
      self->clock, 1000 + confab_sim_network_below (self->network, 3000), join_cb, self);
}

static void
failed_cb (ConfabCall *call, const GError *error, ConfabSimClient *self)
{
  self->told = TRUE;
  if (g_error_matches (error, CONFAB_CALL_ERROR, CONFAB_CALL_ERROR_ENDED) ||
      g_error_matches (error, CONFAB_CALL_ERROR, CONFAB_CALL_ERROR_FORBIDDEN))
    look_for_another (self);
}

/* That a call was ended is all that needs to be said. */
static void
state_cb (ConfabCall *call, GParamSpec *pspec, ConfabSimClient *self)
{
  self->state = confab_call_get_state (call);
  if (self->state != CONFAB_CALL_STATE_ENDED ||
      !confab_sim_calls_is_over (self->calls, confab_group_call_get_id (CONFAB_GROUP_CALL (call))))
    return;
  self->told = TRUE;
  look_for_another (self);
}

static void
shown_cb (GListModel *members, guint position, guint removed, guint added, ConfabSimClient *self)
{
  self->members_changed = TRUE;
  for (guint i = 0; i < removed; i++) {
    confab_sim_client_check_gone (self, self->shown->pdata[position + i]);
    confab_sim_witness_gone (self->witness, self->shown->pdata[position + i]);
  }
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
  confab_sim_calls_note_made (self->calls, confab_group_call_get_id (CONFAB_GROUP_CALL (call)));
  take_call (self, call);
}

/* Whichever is on, as far as this one knows, unless it is in one. Returns: whether there is any */
gboolean
confab_sim_client_join_seen (ConfabSimClient *self)
{
  guint n = self->up ? g_list_model_get_n_items (G_LIST_MODEL (self->handler)) : 0;
  g_autoptr (ConfabCall) call = NULL;
  g_autofree char *id = NULL;

  if (n == 0 || (self->call != NULL && confab_call_is_active (self->call)))
    return n > 0;
  call = g_list_model_get_item (G_LIST_MODEL (self->handler),
                                confab_sim_network_below (self->network, n));
  id = confab_call_dup_id (call);
  confab_sim_client_join (self, id);
  return TRUE;
}

/* As somebody does who wants to talk to the others: they join what there is, and else begin something. */
void
confab_sim_client_begin (ConfabSimClient *self, ConfabCallIntent intent)
{
  g_autofree char *id = NULL;

  if (!self->up || confab_sim_client_join_seen (self))
    return;
  confab_sim_client_create_call (self, intent);
  id = confab_call_dup_id (self->call);
  confab_sim_client_join (self, id);
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
  confab_sim_calls_note_terminated (self->calls,
                                    confab_group_call_get_id (CONFAB_GROUP_CALL (self->call)));
  confab_call_terminate (self->call);
}

/* Everybody is called anew, by somebody who is in at once. */
void
confab_sim_client_call_again (ConfabSimClient *self)
{
  g_autofree char *id = NULL;

  if (!self->up || self->call == NULL || !self->has_power ||
      g_list_model_get_n_items (G_LIST_MODEL (self->handler)) > 1)
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

/* Returns: (nullable) (transfer none): a call that this process should have given up for the older @other */
const char *
confab_sim_client_find_younger (ConfabSimClient *self, const char *other)
{
  for (guint i = 0; self->up && i < g_list_model_get_n_items (G_LIST_MODEL (self->handler)); i++) {
    g_autoptr (ConfabCall) call = g_list_model_get_item (G_LIST_MODEL (self->handler), i);
    const char *id = confab_group_call_get_id (CONFAB_GROUP_CALL (call));

    if (confab_sim_calls_gives_way (self->calls, id, other))
      return id;
  }
  return NULL;
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
