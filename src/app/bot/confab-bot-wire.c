/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-bot"

#include "config.h"

#include "confab-bot-wire.h"

#include "confab-json.h"

typedef struct {
  gint64 at; /* monotonic, µs */
  gboolean outgoing;
  gboolean encrypted;
  gint64 seq;    /* -1: none */
  char *user_id; /* NULL: none, as all below */
  char *device_id;
  char *type;
  char *call_id;
} Entry;

struct _ConfabBotWire {
  GObject parent_instance;

  ConfabClock *clock;
  GQueue entries; /* of Entry *, oldest first */
  gint64 origin;  /* monotonic, µs: what times are told from; 0 before the first join-call */
};

G_DEFINE_FINAL_TYPE (ConfabBotWire, confab_bot_wire, G_TYPE_OBJECT)

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->user_id);
  g_free (entry->device_id);
  g_free (entry->type);
  g_free (entry->call_id);
  g_free (entry);
}

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, name, text);
  else
    json_object_set_null_member (object, name);
}

static JsonObject *
entry_to_json (ConfabBotWire *self, const Entry *entry)
{
  JsonObject *object = json_object_new ();

  if (self->origin != 0)
    json_object_set_int_member (object, "at", (entry->at - self->origin) / 1000);
  else
    json_object_set_null_member (object, "at");
  json_object_set_string_member (object, "direction", entry->outgoing ? "out" : "in");
  set_text (object, "userId", entry->user_id);
  set_text (object, "deviceId", entry->device_id);
  set_text (object, "type", entry->type);
  if (entry->seq >= 0)
    json_object_set_int_member (object, "seq", entry->seq);
  else
    json_object_set_null_member (object, "seq");
  set_text (object, "callId", entry->call_id);
  json_object_set_boolean_member (object, "encrypted", entry->encrypted);
  /* The rooms below batch and retry by themselves; nobody counts requests by message. */
  json_object_set_null_member (object, "requests");
  return object;
}

static gboolean
is_among (const char *type, JsonArray *kinds)
{
  for (guint i = 0; i < json_array_get_length (kinds); i++) {
    if (g_strcmp0 (confab_json_array_peek_string (kinds, i), type) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
confab_bot_wire_finalize (GObject *object)
{
  ConfabBotWire *self = CONFAB_BOT_WIRE (object);

  g_queue_clear_full (&self->entries, entry_free);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (confab_bot_wire_parent_class)->finalize (object);
}

static void
confab_bot_wire_class_init (ConfabBotWireClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_bot_wire_finalize;
}

static void
confab_bot_wire_init (ConfabBotWire *self)
{
  g_queue_init (&self->entries);
}

ConfabBotWire *
confab_bot_wire_new (ConfabClock *clock)
{
  ConfabBotWire *self = g_object_new (CONFAB_TYPE_BOT_WIRE, NULL);

  self->clock = g_object_ref (clock);
  return self;
}

void
confab_bot_wire_note (ConfabBotWire *self,
                      gboolean outgoing,
                      const char *user_id,
                      const char *device_id,
                      const char *type,
                      JsonObject *content,
                      gboolean encrypted)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->at = confab_clock_get_time (self->clock);
  entry->outgoing = outgoing;
  entry->encrypted = encrypted;
  entry->seq = content != NULL ? confab_json_peek_int (content, "seq", -1) : -1;
  entry->user_id = g_strdup (user_id);
  entry->device_id = g_strdup (device_id);
  entry->type = g_strdup (type);
  entry->call_id = content != NULL ? g_strdup (confab_json_peek_string (content, "call_id")) : NULL;
  g_queue_push_tail (&self->entries, entry);
  if (self->entries.length > CONFAB_BOT_WIRE_MAX)
    entry_free (g_queue_pop_head (&self->entries));
}

/**
 * confab_bot_wire_set_origin:
 * @self: the log
 * @time: monotonic, µs: the last `join-call`
 *
 * From here on times are told from @time; what was before it has negative ones.
 */
void
confab_bot_wire_set_origin (ConfabBotWire *self, gint64 time)
{
  self->origin = time;
}

/**
 * confab_bot_wire_to_json:
 * @self: the log
 * @since_ms: (nullable): leave out what is older; says nothing before the first `join-call`
 * @kinds: (nullable): only these event types
 *
 * Returns: (transfer full): the entries, oldest first
 */
JsonArray *
confab_bot_wire_to_json (ConfabBotWire *self, const gint64 *since_ms, JsonArray *kinds)
{
  JsonArray *array = json_array_new ();

  for (GList *l = self->entries.head; l != NULL; l = l->next) {
    const Entry *entry = l->data;
    if (since_ms != NULL && self->origin != 0 && entry->at - self->origin < *since_ms * 1000)
      continue;
    if (kinds != NULL && !is_among (entry->type, kinds))
      continue;
    json_array_add_object_element (array, entry_to_json (self, entry));
  }
  return array;
}
