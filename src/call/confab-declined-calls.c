/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-declined-calls.h"

#include "confab-json.h"

#include <string.h>

#define MAX_CALLS 50
#define MAX_ID_LENGTH 255

struct _ConfabDeclinedCalls {
  GHashTable *until; /* call id → gint64 *: ms since the epoch */
};

ConfabDeclinedCalls *
confab_declined_calls_new (void)
{
  ConfabDeclinedCalls *self = g_new (ConfabDeclinedCalls, 1);

  self->until = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
confab_declined_calls_free (ConfabDeclinedCalls *self)
{
  g_hash_table_unref (self->until);
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

void
confab_declined_calls_add (ConfabDeclinedCalls *self,
                           const char *call_id,
                           gint64 until_ts,
                           gint64 now_ms)
{
  g_hash_table_foreach_remove (self->until, is_past, &now_ms);
  /* Nobody declines so many in so short a time: what is there is nonsense. */
  if (g_hash_table_size (self->until) >= MAX_CALLS)
    g_hash_table_remove_all (self->until);
  insert (self, call_id, until_ts);
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
