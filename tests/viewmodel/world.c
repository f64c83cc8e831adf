/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "world.h"

#include <glib/gstdio.h>

/* With " for '. */
static char *
dup_json (const char *text)
{
  return g_strdelimit (g_strdup (text), "'", '"');
}

void
test_remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name = NULL;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *child = g_build_filename (path, name, NULL);

    test_remove_tree (child);
  }
  g_remove (path);
}

static void
new_session (World *self)
{
  self->session = confab_session_new (CONFAB_CLOCK (self->clock),
                                      CONFAB_SECRETS (self->secrets),
                                      self->dir,
                                      self->dir);
}

static void
end_session (World *self)
{
  test_expect (confab_session_stop (self->session));
  test_settle ();
  g_assert_finalize_object (self->session);
}

/* Takes state events, and has no members to tell of. */
static void
rooms_cb (FakeHomeserver *server, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  const char *path = g_uri_get_path (soup_server_message_get_uri (message));

  if (g_str_equal (soup_server_message_get_method (message), "PUT"))
    fake_homeserver_respond (message, 200, "{\"event_id\":\"$e\"}");
  else if (g_str_has_suffix (path, "/members"))
    fake_homeserver_respond (message, 200, "{\"chunk\":[]}");
  else
    fake_homeserver_respond (message, 404, "{\"errcode\":\"M_NOT_FOUND\"}");
}

World *
world_new (void)
{
  World *self = g_new0 (World, 1);

  self->account = fake_account_new ();
  fake_homeserver_reply (self->account->server,
                         "/_matrix/client/versions",
                         200,
                         "{\"versions\":[\"v1.11\"]}");
  fake_homeserver_handle (self->account->server, "/_matrix/client/v3/rooms/", rooms_cb, NULL);
  self->secrets = fake_secrets_new ();
  self->clock = confab_manual_clock_new (WORLD_NOW_MS * 1000);
  self->dir = g_dir_make_tmp ("confab-test-XXXXXX", NULL);
  new_session (self);
  return self;
}

void
world_free (World *self)
{
  end_session (self);
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (self->clock), ==, 0);
  g_assert_finalize_object (self->clock);
  g_assert_finalize_object (self->secrets);
  fake_account_free (self->account);
  test_remove_tree (self->dir);
  g_free (self->dir);
  g_free (self);
}

void
world_start_anew (World *self)
{
  end_session (self);
  new_session (self);
}

typedef struct {
  World *world;
  guint state;
  const char *since;
} Wish;

static gboolean
is_in_state (gpointer data)
{
  Wish *wish = data;

  return confab_session_get_state (wish->world->session) == wish->state;
}

guint
world_count_requests (World *self, const char *beginning)
{
  GPtrArray *log = fake_homeserver_get_log (self->account->server);
  guint n = 0;

  for (guint i = 0; i < log->len; i++)
    if (g_str_has_prefix (log->pdata[i], beginning))
      n++;
  return n;
}

void
world_until (World *self, ConfabSessionState state)
{
  Wish wish = { .world = self, .state = state };

  test_until (is_in_state, &wish);
}

/* Whoever asks for what follows has taken in what was before. */
static gboolean
has_asked (gpointer data)
{
  Wish *wish = data;
  GPtrArray *asked = wish->world->account->asked;

  return asked->len > 0 && g_strcmp0 (asked->pdata[asked->len - 1], wish->since) == 0;
}

void
world_sync_full (World *self, const char *rest)
{
  g_autofree char *json = dup_json (rest);
  g_autofree char *since = self->n_syncs > 0 ? g_strdup_printf ("s%u", self->n_syncs)
                                             : g_strdup ("");
  g_autofree char *next = g_strdup_printf ("s%u", ++self->n_syncs);
  g_autofree char *reply = g_strdup_printf ("{\"next_batch\":\"%s\",%s}", next, json);
  Wish wish = { .world = self, .since = next };

  fake_account_sync (self->account, since, reply);
  if (confab_session_get_state (self->session) < CONFAB_SESSION_STATE_FIRST_SYNC)
    return;
  test_until (has_asked, &wish);
}

void
world_sync (World *self, const char *rooms)
{
  g_autofree char *rest = g_strdup_printf ("'rooms':{'join':{%s}}", rooms);

  world_sync_full (self, rest);
}

void
world_sign_in (World *self, const char *rooms)
{
  g_autoptr (ConfabHomeserver) homeserver = confab_homeserver_new (
    fake_homeserver_get_url (self->account->server));
  Wish wish = { .world = self, .since = "s1" };

  world_sync (self, rooms);
  test_expect (confab_session_sign_in (self->session, homeserver, "anna", "secret", "Test"));
  test_until (has_asked, &wish);
  world_until (self, CONFAB_SESSION_STATE_ONLINE);
}

void
world_go_offline (World *self)
{
  self->account->sync_status = 503;
  confab_session_try_now (self->session);
  world_until (self, CONFAB_SESSION_STATE_OFFLINE);
}

void
world_go_online (World *self)
{
  self->account->sync_status = 0;
  confab_session_try_now (self->session);
  world_until (self, CONFAB_SESSION_STATE_ONLINE);
}

char *
world_event (const char *type,
             const char *state_key,
             const char *sender,
             gint64 origin_server_ts,
             const char *content)
{
  return g_strdup_printf (
    "{'type':'%s','state_key':'%s','sender':'%s','event_id':'$%s-%s','origin_server_ts':"
    "%" G_GINT64_FORMAT ",'content':%s}",
    type,
    state_key,
    sender,
    type,
    state_key,
    origin_server_ts,
    content);
}

char *
world_room (const char *id, guint n_joined, const char *events)
{
  g_autofree char *summary = n_joined > 0
                               ? g_strdup_printf (",'summary':{'m.joined_member_count':%u}",
                                                  n_joined)
                               : g_strdup ("");

  return g_strdup_printf ("'%s':{'state':{'events':[%s]}%s}", id, events, summary);
}

char *
world_new_room (const char *id, const char *name)
{
  g_autofree char *events = g_strdup_printf (
    "{'type':'m.room.create','state_key':'','sender':'@ben:x','event_id':'$1','content':{}},"
    "{'type':'m.room.name','state_key':'','sender':'@ben:x','content':{'name':'%s'}},"
    "{'type':'m.room.encryption','state_key':'','sender':'@ben:x','content':{'algorithm':'m'}},"
    "{'type':'m.room.member','state_key':'@anna:x','sender':'@anna:x','content':{"
    "'membership':'join','displayname':'Anna'}},"
    "{'type':'m.room.member','state_key':'@ben:x','sender':'@ben:x','content':{"
    "'membership':'join','displayname':'Ben'}},"
    "{'type':'m.room.power_levels','state_key':'','sender':'@ben:x','content':{"
    "'users':{'@anna:x':50,'@ben:x':100},'state_default':50}}",
    name);

  return world_room (id, 2, events);
}

char *
world_call (const char *id, const char *call_id, const char *intent, const char *type, guint age_s)
{
  g_autofree char *content = g_strdup_printf ("{'m.intent':'%s','m.type':'%s'}", intent, type);
  g_autofree char *event = world_event ("org.matrix.msc3401.call",
                                        call_id,
                                        "@ben:x",
                                        WORLD_NOW_MS - age_s * G_GINT64_CONSTANT (1000),
                                        content);

  return world_room (id, 0, event);
}

char *
world_call_members (const char *id, const char *call_id, const char *const *user_ids)
{
  g_autoptr (GString) events = g_string_new (NULL);

  for (guint i = 0; user_ids[i] != NULL; i++) {
    g_autofree char *content = g_strdup_printf (
      "{'m.calls':[{'m.call_id':'%s','m.devices':[{'device_id':'D%u','session_id':'S%u',"
      "'expires_ts':%" G_GINT64_FORMAT "}]}]}",
      call_id,
      i,
      i,
      WORLD_NOW_MS + 3600000);
    g_autofree char *event = world_event (
      "org.matrix.msc3401.call.member", user_ids[i], user_ids[i], WORLD_NOW_MS, content);

    g_string_append_printf (events, "%s%s", i > 0 ? "," : "", event);
  }
  return world_room (id, 0, events->str);
}

char *
test_get_string (gpointer object, const char *property)
{
  char *text = NULL;

  g_object_get (object, property, &text, NULL);
  return text;
}

gboolean
test_get_boolean (gpointer object, const char *property)
{
  gboolean value = FALSE;

  g_object_get (object, property, &value, NULL);
  return value;
}

guint
test_get_uint (gpointer object, const char *property)
{
  guint value = 0;

  g_object_get (object, property, &value, NULL);
  return value;
}
