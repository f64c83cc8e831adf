/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-sync-filter.h"

#include <json-glib/json-glib.h>

#include "confab-declined-calls.h"
#include "confab-sync-store.h"

/* The first time one event of each room does: it says when the room was last used. Later a few more, so that
 * memberships (which lazy loading tells only as events of the timeline) seldom fall into a gap. */
#define FIRST_LIMIT 1
#define LIMIT 20

static const char *const none[] = { NULL };

static void
begin (JsonBuilder *builder, const char *name)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
}

static void
add_array (JsonBuilder *builder,
           const char *name,
           const char *const *values,
           const char *const *more)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (guint i = 0; values[i] != NULL; i++)
    json_builder_add_string_value (builder, values[i]);
  for (guint i = 0; more[i] != NULL; i++)
    json_builder_add_string_value (builder, more[i]);
  json_builder_end_array (builder);
}

static void
add_only (JsonBuilder *builder, const char *name, const char *const *types)
{
  begin (builder, name);
  add_array (builder, "types", types, none);
  json_builder_end_object (builder);
}

/* An empty list of types is nothing as well, but not to every server. */
static void
add_nothing (JsonBuilder *builder, const char *name)
{
  static const char *const all[] = { "*", NULL };

  begin (builder, name);
  add_array (builder, "types", none, none);
  add_array (builder, "not_types", all, none);
  json_builder_end_object (builder);
}

static void
add_events (JsonBuilder *builder, const char *name, const char *const *more_types, int limit)
{
  begin (builder, name);
  add_array (builder, "types", confab_sync_state_types, more_types);
  json_builder_set_member_name (builder, "lazy_load_members");
  json_builder_add_boolean_value (builder, TRUE);
  if (limit > 0) {
    json_builder_set_member_name (builder, "limit");
    json_builder_add_int_value (builder, limit);
  }
  json_builder_end_object (builder);
}

/**
 * confab_sync_filter_make:
 * @first: for a sync from the beginning
 *
 * What calls and the room list need, and no more: no presence, no receipts, no typing; members when they come by.
 *
 * Spec: Client-Server API, “Filtering” and “Lazy-loading room members”.
 *
 * Returns: (transfer full): the filter as JSON
 */
char *
confab_sync_filter_make (gboolean first)
{
  static const char *const member[] = { "m.room.member", NULL };
  /* Messages say when a room was last used. */
  static const char *const first_timeline[] = {
    "m.room.member", "m.room.message", "m.room.encrypted", NULL
  };
  /* What is redacted later is not said again. Reactions, and 1:1 calls, in rooms that are not encrypted. */
  static const char *const timeline[] = { "m.room.member",
                                          "m.room.message",
                                          "m.room.encrypted",
                                          "m.reaction",
                                          CONFAB_REDACTION_TYPE,
                                          "m.call.*",
                                          NULL };
  static const char *const room_data[] = { "m.tag", CONFAB_DECLINED_CALLS_TYPE, NULL };
  static const char *const direct[] = { "m.direct", NULL };
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  add_nothing (builder, "presence");
  add_only (builder, "account_data", direct);
  begin (builder, "room");
  add_nothing (builder, "ephemeral");
  add_only (builder, "account_data", room_data);
  add_events (builder, "state", member, 0);
  add_events (builder, "timeline", first ? first_timeline : timeline, first ? FIRST_LIMIT : LIMIT);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}
