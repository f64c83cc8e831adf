/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-session-private.h"

#include "confab-call-content.h"
#include "confab-call-membership.h"
#include "confab-json.h"

#define COME_TIMEOUT_S 60 /* for a room that we joined to come in sync */

typedef struct {
  ConfabSession *session;
  char *path;
  char *room_id; /* (nullable): not known before the reply */
  JsonObject *body;
  gboolean wait; /* until the room has come in sync */
} Work;

static void
work_free (Work *work)
{
  g_object_unref (work->session);
  g_free (work->path);
  g_free (work->room_id);
  g_clear_pointer (&work->body, json_object_unref);
  g_free (work);
}

typedef struct {
  DexPromise *promise;
  char *room_id;
} Arrival;

static void
items_changed_cb (GListModel *rooms, guint position, guint removed, guint added, Arrival *arrival)
{
  if (confab_room_list_lookup (CONFAB_ROOM_LIST (rooms), arrival->room_id) != NULL &&
      dex_future_is_pending (DEX_FUTURE (arrival->promise)))
    dex_promise_resolve_boolean (arrival->promise, TRUE);
}

static gboolean
await_arrival (ConfabRoomList *rooms, const char *room_id, GError **error)
{
  g_autoptr (ConfabRoomList) kept = g_object_ref (rooms);
  Arrival arrival = { .promise = dex_promise_new (), .room_id = (char *) room_id };
  gulong handler = g_signal_connect (rooms,
                                     "items-changed",
                                     G_CALLBACK (items_changed_cb),
                                     &arrival);
  gboolean ok;

  items_changed_cb (G_LIST_MODEL (rooms), 0, 0, 0, &arrival);
  ok = dex_await (dex_future_first (dex_ref (DEX_FUTURE (arrival.promise)),
                                    dex_timeout_new_seconds (COME_TIMEOUT_S),
                                    NULL),
                  NULL);
  g_signal_handler_disconnect (rooms, handler);
  dex_unref (arrival.promise);
  if (!ok)
    g_set_error (
      error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NETWORK, "%s has not come in sync", room_id);
  return ok;
}

static DexFuture *
work_fiber (gpointer data)
{
  Work *work = data;
  g_autoptr (GError) error = NULL;
  gboolean create = work->room_id == NULL;
  g_autoptr (JsonObject) reply = dex_await_boxed (confab_homeserver_send (work->session->homeserver,
                                                               "POST",
                                                               work->path,
                                                               work->body,
                                                               0,
                                                               CONFAB_REQUEST_NONE),
                                       &error);

  if (reply == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  if (create || work->wait) {
    const char *room_id = confab_json_peek_string (reply, "room_id");
    if (room_id == NULL)
      return dex_future_new_reject (CONFAB_MATRIX_ERROR,
                                    CONFAB_MATRIX_ERROR_BAD_RESPONSE,
                                    "no room_id in the reply");
    g_set_str (&work->room_id, room_id);
  }
  if (work->session->rooms == NULL)
    return dex_future_new_reject (CONFAB_MATRIX_ERROR,
                                  CONFAB_MATRIX_ERROR_CANCELLED,
                                  "signed out meanwhile");
  if (work->wait && !await_arrival (work->session->rooms, work->room_id, &error))
    return dex_future_new_for_error (g_steal_pointer (&error));
  return create ? dex_future_new_for_string (work->room_id) : dex_future_new_true ();
}

static DexFuture *
run (ConfabSession *self, char *path, const char *room_id, JsonObject *body, gboolean wait)
{
  Work *work;

  if (self->homeserver == NULL || self->rooms == NULL) {
    g_free (path);
    g_clear_pointer (&body, json_object_unref);
    return dex_future_new_reject (CONFAB_MATRIX_ERROR,
                                  CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN,
                                  "not signed in");
  }
  work = g_new (Work, 1);
  *work = (Work) {
    .session = g_object_ref (self),
    .path = path,
    .room_id = g_strdup (room_id),
    .body = body != NULL ? body : json_object_new (),
    .wait = wait,
  };
  return dex_scheduler_spawn (NULL, 0, work_fiber, work, (GDestroyNotify) work_free);
}

static char *
room_path (const char *room_id, const char *action)
{
  g_autofree char *escaped = g_uri_escape_string (room_id, NULL, FALSE);

  return g_strdup_printf ("/_matrix/client/v3/rooms/%s/%s", escaped, action);
}

static JsonArray *
encryption_state (void)
{
  JsonArray *states = json_array_new ();
  JsonObject *state = json_object_new ();
  JsonObject *content = json_object_new ();

  json_object_set_string_member (content, "algorithm", "m.megolm.v1.aes-sha2");
  json_object_set_string_member (state, "type", "m.room.encryption");
  json_object_set_string_member (state, "state_key", "");
  json_object_set_object_member (state, "content", content);
  json_array_add_object_element (states, state);
  return states;
}

static JsonObject *
open_power_levels (void)
{
  JsonObject *levels = json_object_new ();
  JsonObject *events = json_object_new ();

  json_object_set_int_member (events, CONFAB_CALL_CONTENT_TYPE, 0);
  json_object_set_int_member (events, CONFAB_CALL_MEMBERSHIP_TYPE, 0);
  json_object_set_object_member (levels, "events", events);
  return levels;
}

/**
 * confab_session_create_room:
 * @self: a session
 * @name: (nullable): the room's name
 * @encrypted: whether messages in it are encrypted
 * @invite: (nullable) (array zero-terminated=1): user ids
 * @open: whether everybody in it may start calls; otherwise only who has power
 *
 * Returns: (transfer full): a future that resolves to the room's id (string) when it has come in sync
 */
DexFuture *
confab_session_create_room (ConfabSession *self,
                            const char *name,
                            gboolean encrypted,
                            const char *const *invite,
                            gboolean open)
{
  JsonObject *body;

  dex_return_error_if_fail (CONFAB_IS_SESSION (self));

  body = json_object_new ();
  json_object_set_string_member (body, "preset", "private_chat");
  if (name != NULL)
    json_object_set_string_member (body, "name", name);
  if (invite != NULL) {
    JsonArray *ids = json_array_new ();
    for (guint i = 0; invite[i] != NULL; i++)
      json_array_add_string_element (ids, invite[i]);
    json_object_set_array_member (body, "invite", ids);
  }
  if (encrypted)
    json_object_set_array_member (body, "initial_state", encryption_state ());
  if (open)
    json_object_set_object_member (body, "power_level_content_override", open_power_levels ());
  return run (self, g_strdup ("/_matrix/client/v3/createRoom"), NULL, body, TRUE);
}

DexFuture *
confab_session_invite (ConfabSession *self, const char *room_id, const char *user_id)
{
  JsonObject *body;

  dex_return_error_if_fail (CONFAB_IS_SESSION (self));
  dex_return_error_if_fail (room_id != NULL && user_id != NULL);

  body = json_object_new ();
  json_object_set_string_member (body, "user_id", user_id);
  return run (self, room_path (room_id, "invite"), room_id, body, FALSE);
}

DexFuture *
confab_session_join_room (ConfabSession *self, const char *room_id)
{
  g_autofree char *escaped = NULL;

  dex_return_error_if_fail (CONFAB_IS_SESSION (self));
  dex_return_error_if_fail (room_id != NULL);

  escaped = g_uri_escape_string (room_id, NULL, FALSE);
  return run (self, g_strconcat ("/_matrix/client/v3/join/", escaped, NULL), room_id, NULL, TRUE);
}

DexFuture *
confab_session_leave_room (ConfabSession *self, const char *room_id)
{
  dex_return_error_if_fail (CONFAB_IS_SESSION (self));
  dex_return_error_if_fail (room_id != NULL);

  return run (self, room_path (room_id, "leave"), room_id, NULL, FALSE);
}
