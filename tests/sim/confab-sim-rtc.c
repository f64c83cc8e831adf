/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-rtc.h"

#include "confab-call-membership.h"
#include "confab-json.h"

#include <string.h>

#define DEFAULT_EXPIRES_MS (4 * 60 * 60 * 1000)
#define MAX_EXPIRES_MS (30 * 24 * G_GINT64_CONSTANT (3600000))

typedef struct {
  char *user;
  gint64 expires_ts; /* ms since the epoch */
} Member;

struct _ConfabSimRtc {
  GHashTable *members; /* state key → Member */
};

static void
free_member (gpointer data)
{
  Member *member = data;

  g_free (member->user);
  g_free (member);
}

ConfabSimRtc *
confab_sim_rtc_new (void)
{
  ConfabSimRtc *self = g_new0 (ConfabSimRtc, 1);

  self->members = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_member);
  return self;
}

void
confab_sim_rtc_free (ConfabSimRtc *self)
{
  g_hash_table_unref (self->members);
  g_free (self);
}

gboolean
confab_sim_rtc_is_empty (ConfabSimRtc *self)
{
  return g_hash_table_size (self->members) == 0;
}

void
confab_sim_rtc_clear (ConfabSimRtc *self)
{
  g_hash_table_remove_all (self->members);
}

static gboolean
is_live (JsonObject *content)
{
  JsonObject *focus = json_object_has_member (content, "focus_active")
                        ? json_object_get_object_member (content, "focus_active")
                        : NULL;

  return focus != NULL && json_object_has_member (content, "device_id") &&
         g_strcmp0 (json_object_get_string_member_with_default (content, "application", NULL),
                    "m.call") == 0 &&
         g_strcmp0 (json_object_get_string_member_with_default (content, "call_id", NULL), "") == 0;
}

/* Returns: whether it is one of those */
gboolean
confab_sim_rtc_take (ConfabSimRtc *self, const ConfabSimEvent *event)
{
  const char *key = event->state_key + (*event->state_key == '_' ? 1 : 0);
  gint64 start = event->origin_server_ts;
  gint64 expires_ms;
  Member *member;

  if (!g_str_equal (event->type, CONFAB_CALL_MEMBERSHIP_TYPE) || strchr (key, '_') == NULL)
    return FALSE;
  if (!g_str_has_prefix (key, event->sender) || key[strlen (event->sender)] != '_')
    return TRUE; /* nobody writes for somebody else */
  if (!is_live (event->content)) {
    g_hash_table_remove (self->members, event->state_key);
    return TRUE;
  }
  if (json_object_has_member (event->content, "created_ts"))
    start = MIN (start, json_object_get_int_member (event->content, "created_ts"));
  expires_ms = json_object_get_int_member_with_default (event->content,
                                                        "expires",
                                                        DEFAULT_EXPIRES_MS);
  member = g_new0 (Member, 1);
  member->user = g_strdup (event->sender);
  member->expires_ts = start + CLAMP (expires_ms, 0, MAX_EXPIRES_MS);
  g_hash_table_replace (self->members, g_strdup (event->state_key), member);
  return TRUE;
}

/* People, by however many devices. */
guint
confab_sim_rtc_count (ConfabSimRtc *self, GHashTable *left, gint64 now_ms)
{
  g_autoptr (GHashTable) users = g_hash_table_new (g_str_hash, g_str_equal);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const Member *member = value;
    if (member->expires_ts > now_ms && !g_hash_table_contains (left, member->user))
      g_hash_table_add (users, member->user);
  }
  return g_hash_table_size (users);
}

/* What Element's clients write, and what they do not. */
static JsonObject *
make_content (guint value, gint64 now_ms)
{
  static const gint64 expires_ms[] = { 20000, 60000, 600000, DEFAULT_EXPIRES_MS, -1, G_MAXINT64 };
  JsonObject *content = json_object_new ();
  JsonObject *focus = json_object_new ();
  guint kind = value / 64 % 8;

  json_object_set_string_member (content, "application", kind == 4 ? "m.whiteboard" : "m.call");
  json_object_set_string_member (content, "call_id", kind == 5 ? "another" : "");
  json_object_set_string_member (content, "scope", "m.room");
  json_object_set_string_member (content, "device_id", "RTC");
  json_object_set_string_member (focus, "type", "livekit");
  json_object_set_string_member (focus, "focus_selection", "multi_sfu");
  if (kind == 6)
    json_object_unref (focus);
  else
    json_object_set_object_member (content, "focus_active", focus);
  if (value / 512 % 8 < G_N_ELEMENTS (expires_ms))
    json_object_set_int_member (content, "expires", expires_ms[value / 512 % 8]);
  if (value / 4096 % 3 == 0)
    json_object_set_int_member (content, "created_ts", now_ms - value % 90000);
  return content;
}

/**
 * confab_sim_rtc_write:
 * @server: the homeserver
 * @user: somebody with a client of Element's
 * @value: chance
 * @now_ms: ms since the epoch
 *
 * That client comes, writes its membership anew, or goes; or somebody writes something that is no membership.
 * Servers let nobody write a key that begins with another user's id.
 */
void
confab_sim_rtc_write (ConfabSimServer *server, const char *user, guint value, gint64 now_ms)
{
  g_autoptr (JsonObject) content = NULL;
  g_autofree char *key = NULL;

  if (value % 16 == 1) /* as in earlier drafts: in place of the user's entry in meshes */
    key = g_strdup (user);
  else
    key = g_strdup_printf ("%s%s_RTC%u_m.call", value % 8 == 0 ? "" : "_", user, value / 8 % 2);

  content = value / 16 % 4 == 0 ? json_object_new () : make_content (value, now_ms);
  confab_sim_server_put_state (server,
                               value / 64 % 8 == 7 && *key == '_' ? "@forger:y" : user,
                               CONFAB_CALL_MEMBERSHIP_TYPE,
                               key,
                               content);
}
