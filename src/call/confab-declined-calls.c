/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-declined-calls.h"

#include "confab-json.h"

#include <string.h>

#define MAX_CALLS 50
#define MAX_ID_LENGTH 255
#define MAX_RESTORED 5 /* times, for each call */

/* A decision of this device. */
typedef struct {
  gint64 until_ts; /* ms since the epoch */
  guint n_left;    /* times that it may be put back */
} Own;

struct _ConfabDeclinedCalls {
  GHashTable *until; /* call id → gint64 *: ms since the epoch */
  GHashTable *own;   /* call id → Own */
};

ConfabDeclinedCalls *
confab_declined_calls_new (void)
{
  ConfabDeclinedCalls *self = g_new (ConfabDeclinedCalls, 1);

  self->until = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->own = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
confab_declined_calls_free (ConfabDeclinedCalls *self)
{
  g_hash_table_unref (self->until);
  g_hash_table_unref (self->own);
  g_free (self);
}

static void
insert (ConfabDeclinedCalls *self, const char *call_id, gint64 until_ts)
{
  if (g_hash_table_size (self->until) < MAX_CALLS && *call_id != '\0' &&
      strlen (call_id) <= MAX_ID_LENGTH)
    g_hash_table_replace (self->until, g_strdup (call_id), g_memdup2 (&until_ts, sizeof until_ts));
}

void
confab_declined_calls_read (ConfabDeclinedCalls *self, JsonObject *content)
{
  JsonObject *calls = confab_json_peek_object (content, "calls");
  JsonObjectIter iter;
  const char *call_id;

  g_hash_table_remove_all (self->until);
  if (calls == NULL)
    return;
  json_object_iter_init_ordered (&iter, calls);
  while (json_object_iter_next_ordered (&iter, &call_id, NULL)) {
    JsonObject *entry = confab_json_peek_object (calls, call_id);
    if (entry != NULL)
      insert (self, call_id, confab_json_peek_int (entry, "until_ts", 0));
  }
}

static gboolean
is_past (gpointer call_id, gpointer until_ts, gpointer now_ms)
{
  return *(gint64 *) until_ts <= *(gint64 *) now_ms;
}

static gboolean
is_own_past (gpointer call_id, gpointer own, gpointer now_ms)
{
  return ((Own *) own)->until_ts <= *(gint64 *) now_ms;
}

static gboolean
is_over (gpointer call_id, gpointer value, gpointer over)
{
  return g_hash_table_contains (over, call_id);
}

/* Only of what is written: by what was read it is silent for as long as it is there. */
static void
drop_old (ConfabDeclinedCalls *self, GHashTable *over, gint64 now_ms)
{
  g_hash_table_foreach_remove (self->until, is_past, &now_ms);
  g_hash_table_foreach_remove (self->until, is_over, over);
}

/* Nobody declines so many in so short a time: what is there is nonsense. */
static void
insert_own (ConfabDeclinedCalls *self, const char *call_id, gint64 until_ts)
{
  if (g_hash_table_size (self->until) >= MAX_CALLS)
    g_hash_table_remove_all (self->until);
  insert (self, call_id, until_ts);
}

static gboolean
may_restore (ConfabDeclinedCalls *self, const char *call_id, const Own *own)
{
  return own->n_left > 0 && !g_hash_table_contains (self->until, call_id);
}

static gboolean
is_own_missing (gpointer call_id, gpointer own, gpointer self)
{
  return may_restore (self, call_id, own);
}

gboolean
confab_declined_calls_restore (ConfabDeclinedCalls *self, GHashTable *over, gint64 now_ms)
{
  GHashTableIter iter;
  gpointer call_id;
  gpointer value;

  g_hash_table_foreach_remove (self->own, is_own_past, &now_ms);
  g_hash_table_foreach_remove (self->own, is_over, over);
  if (g_hash_table_find (self->own, is_own_missing, self) == NULL)
    return FALSE;
  drop_old (self, over, now_ms);
  g_hash_table_iter_init (&iter, self->own);
  while (g_hash_table_iter_next (&iter, &call_id, &value)) {
    Own *own = value;
    if (!may_restore (self, call_id, own))
      continue;
    own->n_left--;
    insert_own (self, call_id, own->until_ts);
  }
  return TRUE;
}

void
confab_declined_calls_add (
  ConfabDeclinedCalls *self, const char *call_id, gint64 until_ts, GHashTable *over, gint64 now_ms)
{
  const Own own = { until_ts, MAX_RESTORED };

  drop_old (self, over, now_ms);
  insert_own (self, call_id, until_ts);
  g_hash_table_replace (self->own, g_strdup (call_id), g_memdup2 (&own, sizeof own));
}

void
confab_declined_calls_forget_own (ConfabDeclinedCalls *self)
{
  g_hash_table_remove_all (self->own);
}

/* Not asked for its time: a call rings for a minute by the server's clock, and clocks of devices go wrong. */
gboolean
confab_declined_calls_contains (ConfabDeclinedCalls *self, const char *call_id)
{
  return g_hash_table_contains (self->until, call_id);
}

JsonObject *
confab_declined_calls_to_json (ConfabDeclinedCalls *self)
{
  JsonObject *content = json_object_new ();
  JsonObject *calls = json_object_new ();
  GHashTableIter iter;
  gpointer call_id;
  gpointer until_ts;

  g_hash_table_iter_init (&iter, self->until);
  while (g_hash_table_iter_next (&iter, &call_id, &until_ts)) {
    JsonObject *entry = json_object_new ();
    json_object_set_int_member (entry, "until_ts", *(gint64 *) until_ts);
    json_object_set_object_member (calls, call_id, entry);
  }
  json_object_set_object_member (content, "calls", calls);
  return content;
}
