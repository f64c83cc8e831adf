/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-ringing.h"

#include "confab-call-content.h"
#include "confab-call-membership.h"
#include "confab-call.h"
#include "confab-group-call.h"
#include "confab-json.h"

#define RING_MS 60000
#define EVERYWHERE_US                                                                              \
  (20 * G_USEC_PER_SEC) /* until all of a user's devices have heard, where nothing fails */

/* A call, as this process has heard of it. */
typedef struct {
  gint64 origin_server_ts; /* ms since the epoch; 0: only from here */
  gboolean answered;       /* one of the user's devices is or was in it */
  gboolean declined;       /* on this device */
  gboolean
    unsure; /* whether that was kept: it had not reached the disk, or it was not known that the server has the call */
} Call;

struct _ConfabSimRinging {
  ConfabSimNetwork *network;
  ConfabClock *clock;
  ConfabSimDisk *disk;
  guint index;
  GHashTable *silenced; /* call ids: what the process wants to be told in its next life */
  GHashTable *calls;    /* call id → Call */

  /* The process. */
  ConfabCallHandler *handler;
  GHashTable *declined; /* call ids: what the account data says */
};

ConfabSimRinging *
confab_sim_ringing_new (ConfabSimNetwork *network,
                        ConfabClock *clock,
                        ConfabSimDisk *disk,
                        guint index)
{
  ConfabSimRinging *self = g_new0 (ConfabSimRinging, 1);

  self->network = network;
  self->clock = clock;
  self->disk = disk;
  self->index = index;
  self->silenced = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->calls = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->declined = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
confab_sim_ringing_free (ConfabSimRinging *self)
{
  g_hash_table_unref (self->silenced);
  g_hash_table_unref (self->calls);
  g_hash_table_unref (self->declined);
  g_free (self);
}

static Call *
ensure_call (ConfabSimRinging *self, const char *call_id)
{
  Call *call = g_hash_table_lookup (self->calls, call_id);

  if (call == NULL) {
    call = g_new0 (Call, 1);
    g_hash_table_insert (self->calls, g_strdup (call_id), call);
  }
  return call;
}

/* What is stored. */

typedef struct {
  ConfabSimRinging *self;
  char *call_id;
} Silence;

static void
free_silence (gpointer data)
{
  Silence *silence = data;

  g_free (silence->call_id);
  g_free (silence);
}

static void
undo_silence (gpointer data)
{
  Silence *silence = data;

  g_hash_table_remove (silence->self->silenced, silence->call_id);
  ensure_call (silence->self, silence->call_id)->unsure = TRUE;
}

static void
silenced_cb (ConfabCallHandler *handler,
             const char *room_id,
             const char *call_id,
             ConfabSimRinging *self)
{
  Silence *silence;

  if (!g_hash_table_add (self->silenced, g_strdup (call_id)))
    return;
  silence = g_new (Silence, 1);
  *silence = (Silence) { self, g_strdup (call_id) };
  confab_sim_disk_write (self->disk, FALSE, undo_silence, silence, free_silence);
}

/* A process begins, with what the last one wanted to be kept. */
void
confab_sim_ringing_start (ConfabSimRinging *self, ConfabCallHandler *handler)
{
  GHashTableIter iter;
  gpointer call_id;
  gpointer call;

  self->handler = handler;
  g_hash_table_remove_all (self->declined);
  g_hash_table_iter_init (&iter, self->calls);
  while (g_hash_table_iter_next (&iter, NULL, &call))
    ((Call *) call)->unsure |= ((Call *) call)->origin_server_ts == 0;
  g_hash_table_iter_init (&iter, self->silenced);
  while (g_hash_table_iter_next (&iter, &call_id, NULL))
    confab_call_handler_add_silenced (handler, CONFAB_SIM_ROOM, call_id);
  g_signal_connect (handler, "silenced", G_CALLBACK (silenced_cb), self);
}

/* The room is lost. */
void
confab_sim_ringing_clear (ConfabSimRinging *self)
{
  g_hash_table_remove_all (self->silenced);
  g_hash_table_remove_all (self->calls);
  g_hash_table_remove_all (self->declined);
}

static gint64
get_now_ms (ConfabSimRinging *self)
{
  return confab_clock_get_real_time (self->clock) / 1000;
}

/* What is heard, and done. */

static void
note_answered (ConfabSimRinging *self, const ConfabSimEvent *event)
{
  g_autoptr (GPtrArray) entries = confab_call_membership_parse (event->content);

  for (guint i = 0; i < entries->len; i++) {
    const ConfabCallMembership *entry = entries->pdata[i];
    if (entry->expires_ts > get_now_ms (self))
      ensure_call (self, entry->call_id)->answered = TRUE;
  }
}

/* After it was handed over. */
void
confab_sim_ringing_take_event (ConfabSimRinging *self, const ConfabSimEvent *event)
{
  if (g_str_equal (event->type, CONFAB_CALL_CONTENT_TYPE) &&
      !confab_call_content_is_over (event->content)) {
    Call *call = ensure_call (self, event->state_key);
    if (call->origin_server_ts == 0)
      call->origin_server_ts = event->origin_server_ts;
  } else if (g_str_equal (event->type, CONFAB_CALL_MEMBERSHIP_TYPE) &&
             g_str_equal (event->state_key, self->network->users[self->index]) &&
             g_str_equal (event->sender, event->state_key)) {
    note_answered (self, event);
  }
}

void
confab_sim_ringing_take_account (ConfabSimRinging *self, JsonObject *content)
{
  JsonObject *calls = confab_json_peek_object (content, "calls");
  g_autoptr (GList) ids = calls != NULL ? json_object_get_members (calls) : NULL;

  g_hash_table_remove_all (self->declined);
  for (GList *l = ids; l != NULL; l = l->next)
    g_hash_table_add (self->declined, g_strdup (l->data));
}

void
confab_sim_ringing_joins (ConfabSimRinging *self, const char *call_id)
{
  ensure_call (self, call_id)->answered = TRUE;
}

/* Whatever rings here first is declined. */
void
confab_sim_ringing_decline (ConfabSimRinging *self, ConfabDeclineScope scope)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->handler)); i++) {
    g_autoptr (ConfabCall) call = g_list_model_get_item (G_LIST_MODEL (self->handler), i);
    const char *id = confab_group_call_get_id (CONFAB_GROUP_CALL (call));

    if (!confab_call_get_ringing (call))
      continue;
    ensure_call (self, id)->declined = TRUE;
    if (scope == CONFAB_DECLINE_EVERYWHERE)
      confab_sim_network_note_declined (self->network, self->network->users[self->index], id);
    confab_call_decline (call, scope);
    return;
  }
}

/* What is to ring. */

static gboolean
is_somebody_else_in (ConfabSimRinging *self,
                     const char *call_id,
                     GHashTable *members,
                     GHashTable *left)
{
  GHashTableIter iter;
  gpointer user;
  gpointer content;

  g_hash_table_iter_init (&iter, members);
  while (g_hash_table_iter_next (&iter, &user, &content)) {
    g_autoptr (GPtrArray) entries = NULL;

    if (g_str_equal (user, self->network->users[self->index]) || g_hash_table_contains (left, user))
      continue;
    entries = confab_call_membership_parse (content);
    for (guint i = 0; i < entries->len; i++) {
      const ConfabCallMembership *entry = entries->pdata[i];
      if (g_str_equal (entry->call_id, call_id) && entry->expires_ts > get_now_ms (self))
        return TRUE;
    }
  }
  return FALSE;
}

static gboolean
may_ring (ConfabSimRinging *self, ConfabCall *call)
{
  const char *id = confab_group_call_get_id (CONFAB_GROUP_CALL (call));
  const Call *known = g_hash_table_lookup (self->calls, id);

  if (known != NULL && known->unsure)
    return TRUE;
  return known != NULL && known->origin_server_ts != 0 && !known->declined && !known->answered &&
         confab_call_get_intent (call) == CONFAB_CALL_INTENT_RING &&
         confab_call_get_state (call) == CONFAB_CALL_STATE_KNOWN &&
         !g_hash_table_contains (self->declined, id) &&
         get_now_ms (self) - known->origin_server_ts <= RING_MS;
}

/* Who was written out by another device of theirs may be back in a moment. */
static gboolean
is_somebody_missed (ConfabSimRinging *self, const char *call_id, ConfabSimMissed *missed)
{
  for (guint i = 0; i < self->network->n; i++) {
    if (confab_sim_missed_get_session (
          missed, self->network->users[i], call_id, self->network->devices[i]) != NULL)
      return TRUE;
  }
  return FALSE;
}

/**
 * confab_sim_ringing_end_sync:
 * @self: what rings
 * @members: user id → content of the member event, as synced
 * @missed: who is missing there
 * @left: user ids that are not in the room
 *
 * A sync is through: what is to ring does, and nothing else.
 */
void
confab_sim_ringing_end_sync (ConfabSimRinging *self,
                             GHashTable *members,
                             ConfabSimMissed *missed,
                             GHashTable *left)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->handler)); i++) {
    g_autoptr (ConfabCall) call = g_list_model_get_item (G_LIST_MODEL (self->handler), i);
    const char *id = confab_group_call_get_id (CONFAB_GROUP_CALL (call));
    const Call *known = g_hash_table_lookup (self->calls, id);
    gboolean due = may_ring (self, call) && is_somebody_else_in (self, id, members, left);

    /* In the last moment it may be over already. */
    if (known != NULL &&
        (known->unsure || (due && get_now_ms (self) - known->origin_server_ts >= RING_MS)))
      continue;
    if (confab_call_get_ringing (call) != due &&
        !(may_ring (self, call) && is_somebody_missed (self, id, missed)))
      confab_sim_network_fail (self->network,
                               self->index,
                               due ? "ringing: %s does not ring" : "ringing: %s rings",
                               id);
  }
}

/**
 * confab_sim_ringing_check:
 * @self: what rings
 *
 * Something has happened in the process: at no time does a call ring that may not.
 */
void
confab_sim_ringing_check (ConfabSimRinging *self)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->handler)); i++) {
    g_autoptr (ConfabCall) call = g_list_model_get_item (G_LIST_MODEL (self->handler), i);
    const char *id = confab_group_call_get_id (CONFAB_GROUP_CALL (call));
    gint64 declined_at;

    if (confab_call_get_intent (call) != CONFAB_CALL_INTENT_RING || !confab_call_get_ringing (call))
      continue;
    if (!may_ring (self, call))
      confab_sim_network_fail (self->network, self->index, "ringing: %s rings", id);
    declined_at = confab_sim_network_get_declined_at (self->network,
                                                      self->network->users[self->index],
                                                      id);
    if (self->network->calm && declined_at != 0 &&
        confab_clock_get_time (self->clock) - declined_at > EVERYWHERE_US)
      confab_sim_network_fail (self->network,
                               self->index,
                               "everywhere: %s rings on, though it was declined on another device",
                               id);
  }
}
