/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-session-private.h"

#include "confab-homeserver-private.h"
#include "confab-json.h"
#include "confab-room-private.h"
#include "confab-slice.h"
#include "confab-store-future.h"
#include "confab-sync-store.h"

#define LOGIN_PATH "/_matrix/client/v3/login"
#define LOGOUT_PATH "/_matrix/client/v3/logout"
#define LOGOUT_TIMEOUT_MS 5000
#define AVATAR_CACHE_SIZE (32 * 1024 * 1024)

/* Whoever was refused: the sync loop, which may wait for news for a while, hears it too, and ends. */
static void
logged_out_cb (ConfabHomeserver *homeserver, gboolean soft, ConfabSession *self)
{
  confab_session_end_wait (self,
                           soft ? CONFAB_MATRIX_ERROR_SOFT_LOGOUT
                                : CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN,
                           "the server no longer takes the token");
}

static void
calls_warning_cb (ConfabSessionCalls *calls,
                  const char *code,
                  const char *message,
                  const char *user_id,
                  const char *room_id,
                  ConfabSession *self)
{
  g_signal_emit_by_name (self, "warning", code, message, user_id, room_id);
}

static void
calls_room_event_cb (ConfabSessionCalls *calls, ConfabRoomEvent *event, ConfabSession *self)
{
  g_signal_emit_by_name (self, "room-event", event);
}

typedef struct {
  ConfabSyncStorePart part;
  ConfabSyncBatch *batch;
  gint64 synced_at;
} Load;

static gboolean
load_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Load *load = data;

  if (!confab_sync_store_get_synced_at (transaction, &load->synced_at, error))
    return FALSE;
  load->batch = confab_sync_store_load (transaction, load->part, error);
  return load->batch != NULL;
}

static void
make_parts (ConfabSession *self)
{
  g_autofree char *avatars = g_build_filename (self->cache_dir, "avatars", NULL);

  confab_homeserver_set_keep_func (self->homeserver, confab_session_keep_tokens, self);
  g_signal_connect_object (
    self->homeserver, "logged-out", G_CALLBACK (logged_out_cb), self, G_CONNECT_DEFAULT);
  self->rooms = confab_room_list_new (self->user_id, self->homeserver);
  self->media = confab_media_repository_new (self->homeserver, avatars, AVATAR_CACHE_SIZE);
  self->calls = confab_session_calls_new (self->store,
                                          self->homeserver,
                                          self->clock,
                                          self->rooms,
                                          self->user_id,
                                          self->device_id,
                                          self->pickle_key);
  confab_session_calls_set_wire_func (self->calls, self->wire_func, self->wire_data);
  g_signal_connect_object (
    self->calls, "warning", G_CALLBACK (calls_warning_cb), self, G_CONNECT_DEFAULT);
  g_signal_connect_object (
    self->calls, "room-event", G_CALLBACK (calls_room_event_cb), self, G_CONNECT_DEFAULT);
}

static DexFuture *
fetch_profile_fiber (gpointer data)
{
  ConfabSession *self = CONFAB_SESSION (data);
  g_autoptr (GError) error = NULL;
  g_autofree char *user_id = g_uri_escape_string (self->user_id, NULL, FALSE);
  g_autofree char *path = g_strconcat ("/_matrix/client/v3/profile/", user_id, NULL);
  g_autoptr (JsonObject) reply = dex_await_boxed (
    confab_homeserver_send (self->homeserver, "GET", path, NULL, 0, CONFAB_REQUEST_NONE), NULL);

  /* Without a profile the user id is shown; the next start asks again. */
  if (reply == NULL || self->store == NULL)
    return dex_future_new_false ();
  confab_session_set_profile (self,
                              confab_json_peek_string (reply, "displayname"),
                              confab_json_peek_string (reply, "avatar_url"));
  if (!confab_session_await_profile_kept (self, &error))
    confab_session_warn (self, "store", error->message);
  return dex_future_new_true ();
}

/* Whether nobody has ended the session since @epoch: it may happen while something is waited for. */
static gboolean
goes_on (ConfabSession *self, guint epoch, GError **error)
{
  if (self->epoch == epoch)
    return TRUE;
  g_clear_error (error);
  g_set_error_literal (error,
                       CONFAB_MATRIX_ERROR,
                       CONFAB_MATRIX_ERROR_CANCELLED,
                       "the session ends");
  return FALSE;
}

static gboolean
await_part_shown (ConfabSession *self, guint epoch, ConfabSyncStorePart part, GError **error)
{
  Load load = { .part = part };
  gboolean ok;

  if (!dex_await (confab_store_future (self->store, load_func, &load), error))
    return FALSE;
  ok = goes_on (self, epoch, error);
  if (ok) {
    self->last_sync_at = load.synced_at;
    g_object_notify (G_OBJECT (self), "last-sync-at");
    g_set_str (&self->since, load.batch->next_batch[0] != '\0' ? load.batch->next_batch : NULL);
    ok = confab_session_await_shown (self, load.batch, error) && goes_on (self, epoch, error);
  }
  confab_thread_free (load.batch, (GDestroyNotify) confab_sync_batch_unref);
  return ok;
}

/* First the rooms with a call: what rings is known before thousands of others are read. */
static gboolean
await_kept_shown (ConfabSession *self, guint epoch, GError **error)
{
  if (!await_part_shown (self, epoch, CONFAB_SYNC_STORE_WITH_CALLS, error))
    return FALSE;
  g_object_notify (G_OBJECT (self), "call-handler");
  return await_part_shown (self, epoch, CONFAB_SYNC_STORE_WITHOUT_CALLS, error);
}

/* Everything but the sign-in itself: what is kept is shown, and the loop starts. Fibers only. */
static gboolean
await_open (ConfabSession *self, guint epoch, GError **error)
{
  make_parts (self);
  if (!await_kept_shown (self, epoch, error))
    return FALSE;
  g_object_notify (G_OBJECT (self), "user-id");
  g_object_notify (G_OBJECT (self), "device-id");
  g_object_notify (G_OBJECT (self), "rooms");
  g_object_notify (G_OBJECT (self), "media-repository");
  confab_session_set_state (self,
                            self->since != NULL ? CONFAB_SESSION_STATE_OFFLINE
                                                : CONFAB_SESSION_STATE_FIRST_SYNC,
                            NULL);
  confab_session_calls_start (self->calls);
  confab_session_start_sync (self);
  dex_future_disown (
    dex_scheduler_spawn (NULL, 0, fetch_profile_fiber, g_object_ref (self), g_object_unref));
  return TRUE;
}

/* Thousands of rooms are let go of in turns. Fibers only. */
static void
await_rooms_freed (ConfabRoomList *list)
{
  g_autoptr (GPtrArray) rooms = confab_room_list_steal_rooms (list);
  ConfabSlice slice;

  confab_slice_begin (&slice);
  while (rooms->len > 0) {
    g_ptr_array_set_size (rooms, rooms->len - 1);
    confab_slice_await (&slice);
  }
}

/* Ends what runs, and forgets all that was in memory but who we are. Fibers only. */
static void
await_close (ConfabSession *self)
{
  g_autoptr (ConfabRoomList) rooms = NULL;

  if (self->calls != NULL)
    dex_await (confab_session_calls_leave (self->calls), NULL);
  dex_await (confab_session_stop_sync (self), NULL);
  /* Whoever was to hear of our leaving has heard, or the server does not answer. Then nobody waits for its answer: what
   * was not sent is in the outbox's table at the next start. */
  if (self->homeserver != NULL)
    confab_homeserver_abort (self->homeserver);
  if (self->calls != NULL)
    dex_await (confab_session_calls_stop (self->calls), NULL);
  if (self->keeping != NULL)
    dex_await (dex_ref (self->keeping), NULL);
  if (self->homeserver != NULL) {
    confab_homeserver_abort (self->homeserver);
    confab_homeserver_set_keep_func (self->homeserver, NULL, NULL);
    g_signal_handlers_disconnect_by_data (self->homeserver, self);
  }
  rooms = g_steal_pointer (&self->rooms);
  g_clear_object (&self->calls);
  g_clear_object (&self->media);
  g_object_notify (G_OBJECT (self), "call-handler");
  g_object_notify (G_OBJECT (self), "rooms");
  g_object_notify (G_OBJECT (self), "media-repository");
  if (rooms != NULL)
    await_rooms_freed (rooms);
  confab_session_await_store_closed (self);
  g_clear_pointer (&self->since, g_free);
}

static void
forget_account (ConfabSession *self)
{
  g_clear_pointer (&self->user_id, g_free);
  g_clear_pointer (&self->device_id, g_free);
  g_clear_pointer (&self->pickle_key, g_bytes_unref);
  g_clear_object (&self->homeserver);
  confab_session_set_profile (self, NULL, NULL);
}

/* FALSE and no error: nobody is signed in. */
static gboolean
await_account (ConfabSession *self, guint epoch, GError **error)
{
  g_autofree char *account = NULL;
  g_auto (ConfabSessionMeta) meta = { 0 };
  g_autoptr (ConfabSecret) text = NULL;

  if (!confab_session_await_store (self, error) || !goes_on (self, epoch, error) ||
      !confab_session_await_meta (self, &meta, error) || !goes_on (self, epoch, error))
    return FALSE;
  if (meta.user_id == NULL || meta.device_id == NULL || meta.base_url == NULL)
    return FALSE;
  account = confab_session_dup_account (meta.user_id, meta.device_id);
  text = dex_await_string (confab_secrets_lookup (self->secrets, account), error);
  if (text != NULL && !goes_on (self, epoch, error))
    return FALSE;
  if (text == NULL) {
    if (!g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
      return FALSE;
    g_clear_error (error);
    g_info ("%s: the store is there, its key is not: signing in is needed", account);
    return FALSE;
  }
  g_clear_object (&self->homeserver);
  self->homeserver = confab_homeserver_new (meta.base_url);
  if (!confab_session_read_secrets (self, text, error))
    return FALSE;
  g_set_str (&self->user_id, meta.user_id);
  g_set_str (&self->device_id, meta.device_id);
  confab_session_set_profile (self, meta.display_name, meta.avatar_url);
  return TRUE;
}

static DexFuture *
restore_fiber (gpointer data)
{
  ConfabSession *self = CONFAB_SESSION (data);
  guint epoch = self->epoch;
  g_autoptr (GError) error = NULL;

  if (!confab_session_has_store (self))
    return dex_future_new_false ();
  confab_session_set_state (self, CONFAB_SESSION_STATE_RESTORING, NULL);
  if (await_account (self, epoch, &error) && await_open (self, epoch, &error))
    return dex_future_new_true ();
  await_close (self);
  confab_session_set_state (self, CONFAB_SESSION_STATE_SIGNED_OUT, NULL);
  return error != NULL ? dex_future_new_for_error (g_steal_pointer (&error))
                       : dex_future_new_false ();
}

/**
 * confab_session_restore:
 * @self: a session that was never started
 *
 * Returns: (transfer full): a future that resolves to whether somebody is signed in
 */
DexFuture *
confab_session_restore (ConfabSession *self)
{
  dex_return_error_if_fail (CONFAB_IS_SESSION (self));

  return dex_scheduler_spawn (NULL, 0, restore_fiber, g_object_ref (self), g_object_unref);
}

typedef struct {
  ConfabSession *session;
  ConfabHomeserver *homeserver;
  char *user;
  char *password;
  char *device_name;
  gboolean
    device_stays; /* after a soft logout; after any other the device and its keys must not be used again */
} SignIn;

static void
sign_in_free (SignIn *sign_in)
{
  g_object_unref (sign_in->session);
  g_object_unref (sign_in->homeserver);
  g_free (sign_in->user);
  confab_secret_free (sign_in->password);
  g_free (sign_in->device_name);
  g_free (sign_in);
}

/* Spec: Client-Server API, `GET /_matrix/client/v3/login`. */
static gboolean
await_password_flow (SignIn *sign_in, GError **error)
{
  g_autoptr (JsonObject) reply = dex_await_boxed (confab_homeserver_send (sign_in->homeserver,
                                                               "GET",
                                                               LOGIN_PATH,
                                                               NULL,
                                                               0,
                                                               CONFAB_REQUEST_NO_AUTH),
                                       error);
  JsonArray *flows = confab_json_peek_array (reply, "flows");

  if (reply == NULL)
    return FALSE;
  for (guint i = 0; flows != NULL && i < json_array_get_length (flows); i++) {
    if (g_strcmp0 (confab_json_peek_string (confab_json_array_peek_object (flows, i), "type"),
                   "m.login.password") == 0)
      return TRUE;
  }
  g_set_error_literal (error,
                       CONFAB_MATRIX_ERROR,
                       CONFAB_MATRIX_ERROR_UNSUPPORTED,
                       "the homeserver does not let people sign in with a password");
  return FALSE;
}

/* Whether who signs in is the account that is kept. */
static gboolean
is_same_account (ConfabSession *self, const char *user)
{
  g_autofree char *localpart = g_strdup_printf ("@%s:", user);

  return self->user_id != NULL && self->pickle_key != NULL &&
         (g_str_equal (self->user_id, user) || g_str_has_prefix (self->user_id, localpart));
}

static JsonObject *
await_login (SignIn *sign_in, GError **error)
{
  g_autoptr (JsonObject) body = json_object_new ();
  JsonObject *identifier = json_object_new ();

  json_object_set_string_member (identifier, "type", "m.id.user");
  json_object_set_string_member (identifier, "user", sign_in->user);
  json_object_set_string_member (body, "type", "m.login.password");
  json_object_set_object_member (body, "identifier", identifier);
  json_object_set_string_member (body, "password", sign_in->password);
  json_object_set_boolean_member (body, "refresh_token", TRUE);
  if (sign_in->device_name != NULL)
    json_object_set_string_member (body, "initial_device_display_name", sign_in->device_name);
  if (sign_in->device_stays && is_same_account (sign_in->session, sign_in->user))
    json_object_set_string_member (body, "device_id", sign_in->session->device_id);
  /* Asked to wait, the person is told: a minute of “signing in” looks like a fault. */
  return dex_await_boxed (confab_homeserver_send (sign_in->homeserver,
                                                  "POST",
                                                  LOGIN_PATH,
                                                  body,
                                                  0,
                                                  CONFAB_REQUEST_NO_AUTH | CONFAB_REQUEST_NO_RETRY),
                          error);
}

static void
await_secrets_cleared (ConfabSession *self)
{
  g_autofree char *account = NULL;
  g_autoptr (GError) error = NULL;

  if (self->user_id == NULL)
    return;
  account = confab_session_dup_account (self->user_id, self->device_id);
  if (!dex_await (confab_secrets_clear (self->secrets, account), &error))
    confab_session_warn (self, "store", error->message);
}

/* For whoever ends the session: what is on its way to a new one, or to the kept one, gives up. */
static void
begin_end (ConfabSession *self)
{
  self->epoch++;
  if (self->asked != NULL)
    confab_homeserver_abort (self->asked);
}

/* Another device takes the place of the one that is kept here, if any. */
static void
await_forgotten (ConfabSession *self)
{
  await_secrets_cleared (self);
  confab_session_await_store_wiped (self);
}

/* The server has made a device: keeps it here. Secrets first: a store without its key is of no use. */
static gboolean
await_kept (SignIn *sign_in, JsonObject *reply, GError **error)
{
  ConfabSession *self = sign_in->session;
  const char *user_id = NULL;
  const char *device_id = NULL;
  const char *access_token = NULL;
  g_autoptr (GError) wrong = NULL;

  if (!confab_json_get_string (reply, "user_id", &user_id, &wrong) ||
      !confab_json_get_string (reply, "device_id", &device_id, &wrong) ||
      !confab_json_get_string (reply, "access_token", &access_token, &wrong)) {
    g_set_error (error,
                 CONFAB_MATRIX_ERROR,
                 CONFAB_MATRIX_ERROR_BAD_RESPONSE,
                 "the answer to the sign-in: %s",
                 wrong->message);
    return FALSE;
  }
  if (!sign_in->device_stays || self->pickle_key == NULL ||
      g_strcmp0 (self->user_id, user_id) != 0 || g_strcmp0 (self->device_id, device_id) != 0) {
    await_forgotten (self);
    if (!confab_session_make_pickle_key (self, error))
      return FALSE;
  }
  g_set_str (&self->user_id, user_id);
  g_set_str (&self->device_id, device_id);
  g_set_object (&self->homeserver, sign_in->homeserver);
  confab_homeserver_set_tokens (self->homeserver,
                                access_token,
                                confab_json_peek_string (reply, "refresh_token"),
                                confab_json_peek_int (reply, "expires_in_ms", 0));
  if (!dex_await (confab_session_keep_secrets (self,
                                               access_token,
                                               confab_json_peek_string (reply, "refresh_token")),
                  error))
    return FALSE;
  return confab_session_await_store (self, error) && confab_session_await_meta_kept (self, error);
}

static void
await_logout (ConfabSession *self)
{
  g_autoptr (GError) error = NULL;

  if (self->homeserver == NULL || confab_homeserver_get_access_token (self->homeserver) == NULL)
    return;
  if (!dex_await (
        confab_homeserver_send (
          self->homeserver, "POST", LOGOUT_PATH, NULL, LOGOUT_TIMEOUT_MS, CONFAB_REQUEST_NO_RETRY),
        &error))
    g_info ("the server was not told of the sign-out: %s", error->message);
}

static DexFuture *
sign_in_fiber (gpointer data)
{
  SignIn *sign_in = data;
  ConfabSession *self = sign_in->session;
  ConfabSessionState before = self->state;
  guint epoch = self->epoch;
  g_autoptr (GError) why = self->error != NULL ? g_error_copy (self->error) : NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) reply = NULL;

  sign_in->device_stays = g_error_matches (why,
                                           CONFAB_MATRIX_ERROR,
                                           CONFAB_MATRIX_ERROR_SOFT_LOGOUT);
  confab_session_set_state (self, CONFAB_SESSION_STATE_SIGNING_IN, NULL);
  g_set_object (&self->asked, sign_in->homeserver);
  if (!await_password_flow (sign_in, &error) || (reply = await_login (sign_in, &error)) == NULL) {
    g_clear_object (&self->asked);
    confab_session_set_state (self, before, why);
    return dex_future_new_for_error (g_steal_pointer (&error));
  }
  g_clear_object (&self->asked);
  await_close (self);
  if (!goes_on (self, epoch, &error) || !await_kept (sign_in, reply, &error) ||
      !goes_on (self, epoch, &error) || !await_open (self, epoch, &error)) {
    /* A device that cannot be kept must not stay behind on the server. */
    await_close (self);
    await_logout (self);
    forget_account (self);
    confab_session_set_state (self, CONFAB_SESSION_STATE_SIGNED_OUT, NULL);
    return dex_future_new_for_error (g_steal_pointer (&error));
  }
  return dex_future_new_true ();
}

/**
 * confab_session_sign_in:
 * @self: a session that is signed out, or was logged out
 * @homeserver: from confab_homeserver_discover()
 * @user: localpart or full id
 * @password: wiped when it was used
 * @device_name: (nullable): what people see in lists of devices
 *
 * Rejects with a #ConfabMatrixError: FORBIDDEN is a wrong password.
 *
 * Spec: Client-Server API, “Login”, “Refreshing access tokens”, “Soft logout”.
 *
 * Returns: (transfer full): a future that resolves to true when the sync loop runs
 */
DexFuture *
confab_session_sign_in (ConfabSession *self,
                        ConfabHomeserver *homeserver,
                        const char *user,
                        const char *password,
                        const char *device_name)
{
  SignIn *sign_in;

  dex_return_error_if_fail (CONFAB_IS_SESSION (self));
  dex_return_error_if_fail (CONFAB_IS_HOMESERVER (homeserver));
  dex_return_error_if_fail (user != NULL && password != NULL);
  dex_return_error_if_fail (self->state == CONFAB_SESSION_STATE_SIGNED_OUT ||
                            self->state == CONFAB_SESSION_STATE_LOGGED_OUT);

  sign_in = g_new (SignIn, 1);
  *sign_in = (SignIn) {
    .session = g_object_ref (self),
    .homeserver = g_object_ref (homeserver),
    .user = g_strdup (user),
    .password = g_strdup (password),
    .device_name = g_strdup (device_name),
  };
  return dex_scheduler_spawn (NULL, 0, sign_in_fiber, sign_in, (GDestroyNotify) sign_in_free);
}

static DexFuture *
sign_out_fiber (gpointer data)
{
  ConfabSession *self = CONFAB_SESSION (data);
  g_autoptr (ConfabMediaRepository) media = self->media != NULL ? g_object_ref (self->media) : NULL;

  begin_end (self);
  await_close (self);
  await_logout (self);
  await_secrets_cleared (self);
  confab_session_await_store_wiped (self);
  /* Faces of people are nobody's who comes after. */
  if (media != NULL)
    dex_await (confab_media_repository_wipe (media), NULL);
  forget_account (self);
  confab_session_set_state (self, CONFAB_SESSION_STATE_SIGNED_OUT, NULL);
  return dex_future_new_true ();
}

/**
 * confab_session_sign_out:
 * @self: a session
 *
 * Returns: (transfer full): a future that resolves to true
 */
DexFuture *
confab_session_sign_out (ConfabSession *self)
{
  dex_return_error_if_fail (CONFAB_IS_SESSION (self));

  return dex_scheduler_spawn (NULL, 0, sign_out_fiber, g_object_ref (self), g_object_unref);
}

/**
 * confab_session_leave_calls:
 * @self: a session
 *
 * For when the machine is about to sleep: nobody may be seen in a call who does not hear it.
 *
 * Returns: (transfer full): a future that resolves to true
 */
DexFuture *
confab_session_leave_calls (ConfabSession *self)
{
  dex_return_error_if_fail (CONFAB_IS_SESSION (self));

  return self->calls != NULL ? confab_session_calls_leave (self->calls) : dex_future_new_true ();
}

static DexFuture *
stop_fiber (gpointer data)
{
  begin_end (CONFAB_SESSION (data));
  await_close (CONFAB_SESSION (data));
  return dex_future_new_true ();
}

/**
 * confab_session_stop:
 * @self: a session
 *
 * For the end of the process: the account stays, the next start restores it.
 *
 * Returns: (transfer full): a future that resolves to true
 */
DexFuture *
confab_session_stop (ConfabSession *self)
{
  dex_return_error_if_fail (CONFAB_IS_SESSION (self));

  return dex_scheduler_spawn (NULL, 0, stop_fiber, g_object_ref (self), g_object_unref);
}
