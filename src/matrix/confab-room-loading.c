/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-room-fields-private.h"

#include "confab-matrix-error.h"
#include "confab-room-private.h"
#include "confab-slice.h"

/* People of a room whom no sync has told of. */

#define MANY_PEOPLE 200

typedef struct {
  ConfabRoom *room;
  char *user_id;
  ConfabRequestFlags flags;
} Fetch;

static void
fetch_free (Fetch *fetch)
{
  g_object_unref (fetch->room);
  g_free (fetch->user_id);
  g_free (fetch);
}

static DexFuture *
fetch_member_fiber (gpointer data)
{
  Fetch *fetch = data;
  g_autofree char *room_id = g_uri_escape_string (fetch->room->id, NULL, FALSE);
  g_autofree char *user_id = g_uri_escape_string (fetch->user_id, NULL, FALSE);
  g_autofree char *path = g_strdup_printf ("/_matrix/client/v3/rooms/%s/state/m.room.member/%s",
                                           room_id,
                                           user_id);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) content = dex_await_boxed (
    confab_homeserver_send (fetch->room->homeserver, "GET", path, NULL, 0, fetch->flags), &error);

  if (content == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  if (confab_room_people_lookup (fetch->room->people, fetch->user_id) == NULL) {
    confab_room_people_take_event (fetch->room->people, fetch->user_id, content);
    confab_room_people_changed (fetch->room);
  }
  return dex_future_new_take_boxed (JSON_TYPE_OBJECT, g_steal_pointer (&content));
}

/* Read and freed by another thread: there may be ten thousands of them. */
typedef struct {
  GBytes *reply;
  GPtrArray *members;
  GError *error;
} List;

static DexFuture *
read_list_fiber (gpointer data)
{
  List *list = data;

  list->members = confab_room_people_read_list (list->reply, &list->error);
  return dex_future_new_true ();
}

static void
await_list_taken (ConfabRoom *self, GPtrArray *members)
{
  ConfabSlice slice;

  confab_slice_begin (&slice);
  for (guint i = 0; i < members->len; i++) {
    confab_room_people_take_listed (self->people, members->pdata[i]);
    if (i % 64 == 0)
      confab_slice_await (&slice);
  }
  confab_room_people_end_load (self->people);
  confab_room_people_changed (self);
}

static gboolean
await_members (ConfabRoom *self, GError **error)
{
  g_autofree char *room_id = g_uri_escape_string (self->id, NULL, FALSE);
  g_autofree char *path = g_strdup_printf (
    "/_matrix/client/v3/rooms/%s/members?not_membership=leave", room_id);
  g_autoptr (GBytes) reply = NULL;
  guint n_gaps = self->n_gaps;
  List list = { 0 };

  confab_room_people_begin_load (self->people);
  reply = dex_await_boxed (confab_homeserver_send_unread (
                             self->homeserver, "GET", path, NULL, 0, CONFAB_REQUEST_NONE, NULL),
                           error);
  if (reply == NULL)
    return FALSE;
  list.reply = reply;
  dex_await (confab_thread_run (read_list_fiber, &list), NULL);
  if (list.members == NULL) {
    g_propagate_error (error, list.error);
    return FALSE;
  }
  await_list_taken (self, list.members);
  confab_thread_free (list.members, (GDestroyNotify) g_ptr_array_unref);
  self->members_loaded = n_gaps == self->n_gaps;
  return TRUE;
}

static DexFuture *
load_members_fiber (gpointer data)
{
  ConfabRoom *self = CONFAB_ROOM (data);
  g_autoptr (GError) error = NULL;
  gboolean ok = await_members (self, &error);

  dex_clear (&self->loading);
  return ok ? dex_future_new_true () : dex_future_new_for_error (g_steal_pointer (&error));
}

static DexFuture *
fetch_member (ConfabRoom *self, const char *user_id, ConfabRequestFlags flags)
{
  Fetch *fetch = g_new (Fetch, 1);

  *fetch = (Fetch) { .room = g_object_ref (self), .user_id = g_strdup (user_id), .flags = flags };
  return dex_scheduler_spawn (NULL, 0, fetch_member_fiber, fetch, (GDestroyNotify) fetch_free);
}

static DexFuture *
not_fetched_cb (DexFuture *future, gpointer data)
{
  g_autoptr (GError) error = NULL;

  /* The id stays as the name: nothing is lost, and the next sync may bring the member. */
  dex_future_get_value (future, &error);
  g_info ("%s: no member event: %s", (const char *) data, error->message);
  return dex_future_new_false ();
}

void
confab_room_fetch_member (ConfabRoom *self, const char *user_id)
{
  dex_future_disown (dex_future_catch (
    fetch_member (self, user_id, CONFAB_REQUEST_NONE), not_fetched_cb, g_strdup (user_id), g_free));
}

DexFuture *
confab_room_learn_member (ConfabRoom *self, const char *user_id)
{
  return fetch_member (self, user_id, CONFAB_REQUEST_NO_RETRY);
}

gboolean
confab_room_get_joined (ConfabRoom *self, const char *user_id, gboolean *joined)
{
  const ConfabPerson *person = confab_room_people_lookup (self->people, user_id);

  if (person == NULL)
    return FALSE;
  *joined = person->joined;
  return TRUE;
}

/**
 * confab_room_load_members:
 * @self: a room
 *
 * Spec: Client-Server API, `GET /_matrix/client/v3/rooms/{roomId}/members`.
 *
 * Returns: (transfer full): a future that resolves to true when everybody is known
 */
DexFuture *
confab_room_load_members (ConfabRoom *self)
{
  dex_return_error_if_fail (CONFAB_IS_ROOM (self));

  if (self->members_loaded)
    return dex_future_new_true ();
  if (self->loading == NULL)
    self->loading = dex_scheduler_spawn (
      NULL, 0, load_members_fiber, g_object_ref (self), g_object_unref);
  return dex_ref (self->loading);
}

/**
 * confab_room_load_some:
 * @self: a room
 *
 * For faces: not ten thousand people because of a few of them, who are known without (heroes, those who wrote).
 *
 * Returns: (transfer full): a future that resolves to true
 */
DexFuture *
confab_room_load_some (ConfabRoom *self)
{
  dex_return_error_if_fail (CONFAB_IS_ROOM (self));

  if (self->n_joined > MANY_PEOPLE)
    return dex_future_new_true ();
  return confab_room_load_members (self);
}
