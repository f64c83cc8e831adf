/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-calls.h"

#include "confab-call-content.h"
#include "confab-call.h"
#include "confab-json.h"

#include <string.h>

#define AT_ONCE_MS 60000

typedef struct {
  guint order;             /* in which it became known; those that were made here, when they were */
  gint64 origin_server_ts; /* ms since the epoch; 0: as far as is known here no server has it */
  gboolean room;           /* it is one that stays, with nobody in it, too */
  gboolean made_here;      /* by this process */
  gboolean restored;       /* by an earlier one of this client, and there when this one began */
  gboolean of_user;        /* by some client of this user, and there when this one began */
  gboolean terminated;     /* by the person */
  gboolean over;
} Call;

struct _ConfabSimCalls {
  ConfabSimNetwork *network;
  guint index;
  GHashTable *calls; /* call id → Call */
  GHashTable *made;  /* call ids, of all processes of this client */
  gboolean synced;   /* by this process */
};

/**
 * confab_sim_calls_new:
 * @network: the network
 * @index: whose
 * @made: ids of the calls that earlier processes have made; it goes on with it
 *
 * Returns: (transfer full): none yet
 */
ConfabSimCalls *
confab_sim_calls_new (ConfabSimNetwork *network, guint index, GHashTable *made)
{
  ConfabSimCalls *self = g_new0 (ConfabSimCalls, 1);

  self->network = network;
  self->index = index;
  self->calls = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->made = g_hash_table_ref (made);
  return self;
}

void
confab_sim_calls_free (ConfabSimCalls *self)
{
  g_hash_table_unref (self->calls);
  g_hash_table_unref (self->made);
  g_free (self);
}

/* The room is lost: those that are on when it is found again are nobody's. */
void
confab_sim_calls_clear (ConfabSimCalls *self)
{
  GHashTableIter iter;
  gpointer call;

  g_hash_table_iter_init (&iter, self->calls);
  while (g_hash_table_iter_next (&iter, NULL, &call)) {
    ((Call *) call)->made_here = FALSE;
    ((Call *) call)->restored = FALSE;
    ((Call *) call)->of_user = FALSE;
  }
}

void
confab_sim_calls_end_sync (ConfabSimCalls *self)
{
  self->synced = TRUE;
}

static Call *
ensure_call (ConfabSimCalls *self, const char *call_id)
{
  Call *call = g_hash_table_lookup (self->calls, call_id);

  if (call == NULL) {
    call = g_new0 (Call, 1);
    call->order = g_hash_table_size (self->calls);
    g_hash_table_insert (self->calls, g_strdup (call_id), call);
  }
  return call;
}

static gboolean
is_room (JsonObject *content)
{
  return g_strcmp0 (confab_json_peek_string (content, "m.intent"), "m.room") == 0;
}

/* Before it is handed over. */
void
confab_sim_calls_take_event (ConfabSimCalls *self, const ConfabSimEvent *event)
{
  Call *call;

  if (!g_str_equal (event->type, CONFAB_CALL_CONTENT_TYPE))
    return;
  call = ensure_call (self, event->state_key);
  call->over |= confab_call_content_is_over (event->content);
  if (call->over)
    return;
  call->room = is_room (event->content);
  if (call->origin_server_ts != 0)
    return;
  call->origin_server_ts = event->origin_server_ts;
  call->of_user = !self->synced && !call->made_here &&
                  g_str_equal (event->sender, self->network->users[self->index]);
  call->restored = call->of_user && g_hash_table_contains (self->made, event->state_key);
}

void
confab_sim_calls_note_made (ConfabSimCalls *self, const char *call_id)
{
  ensure_call (self, call_id)->made_here = TRUE;
  g_hash_table_add (self->made, g_strdup (call_id));
}

/* By the person. */
void
confab_sim_calls_note_terminated (ConfabSimCalls *self, const char *call_id)
{
  ensure_call (self, call_id)->terminated = TRUE;
}

/* Whether somebody has ended it, as this process knows. */
gboolean
confab_sim_calls_is_over (ConfabSimCalls *self, const char *call_id)
{
  return ensure_call (self, call_id)->over;
}

/* Of those of an earlier process it is not known which of the two it heard of first. */
static gboolean
gives_way (const char *id, const Call *call, const char *other_id, const Call *other)
{
  gint64 later_ms = call->origin_server_ts - other->origin_server_ts;

  return call != other && call->origin_server_ts != 0 && !call->room && !other->made_here &&
         !other->room && other->origin_server_ts != 0 &&
         (!call->made_here || call->order < other->order) && later_ms <= AT_ONCE_MS &&
         (later_ms > 0 || (later_ms == 0 && strcmp (id, other_id) > 0));
}

/* Whether @call_id was made by this client at the same time as the older @other, of which it heard later. */
gboolean
confab_sim_calls_gives_way (ConfabSimCalls *self, const char *call_id, const char *other)
{
  const Call *call = ensure_call (self, call_id);

  return (call->made_here || call->restored) &&
         gives_way (call_id, call, other, ensure_call (self, other));
}

static gboolean
has_older (ConfabSimCalls *self, const char *call_id)
{
  const Call *call = ensure_call (self, call_id);
  GHashTableIter iter;
  gpointer other_id;
  gpointer other;

  g_hash_table_iter_init (&iter, self->calls);
  while (g_hash_table_iter_next (&iter, &other_id, &other)) {
    if ((call->made_here || call->of_user) && gives_way (call_id, call, other_id, other))
      return TRUE;
  }
  return FALSE;
}

/**
 * confab_sim_calls_check_terminating:
 * @self: the calls
 * @call_id: one that this process writes
 * @content: what
 * @others: whether others are in it, as synced
 *
 * It ends one only when the person does, when nobody else is in it, or when it has made it and there is an older one.
 */
void
confab_sim_calls_check_terminating (ConfabSimCalls *self,
                                    const char *call_id,
                                    JsonObject *content,
                                    gboolean others)
{
  Call *call = ensure_call (self, call_id);

  if (!confab_call_content_is_over (content))
    return;
  call->room |= is_room (content);
  if (!call->terminated && !has_older (self, call_id) && (others || call->room))
    confab_sim_network_fail (self->network,
                             self->index,
                             call->room ? "last-one: ends %s, which stays"
                                        : "last-one: ends %s with others in it",
                             call_id);
  call->over = TRUE; /* what is said of it from now on comes of this */
}
