/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-session.h"
#include "confab-session-private.h"

#include "confab-device-list.h"
#include "confab-homeserver-private.h"
#include "confab-store-future.h"

G_DEFINE_ENUM_TYPE (ConfabSessionState,
                    confab_session_state,
                    G_DEFINE_ENUM_VALUE (CONFAB_SESSION_STATE_SIGNED_OUT, "signed-out"),
                    G_DEFINE_ENUM_VALUE (CONFAB_SESSION_STATE_RESTORING, "restoring"),
                    G_DEFINE_ENUM_VALUE (CONFAB_SESSION_STATE_SIGNING_IN, "signing-in"),
                    G_DEFINE_ENUM_VALUE (CONFAB_SESSION_STATE_FIRST_SYNC, "first-sync"),
                    G_DEFINE_ENUM_VALUE (CONFAB_SESSION_STATE_ONLINE, "online"),
                    G_DEFINE_ENUM_VALUE (CONFAB_SESSION_STATE_OFFLINE, "offline"),
                    G_DEFINE_ENUM_VALUE (CONFAB_SESSION_STATE_LOGGED_OUT, "logged-out"))

G_DEFINE_FINAL_TYPE (ConfabSession, confab_session, G_TYPE_OBJECT)

typedef enum {
  PROP_STATE = 1,
  PROP_USER_ID,
  PROP_DEVICE_ID,
  PROP_DISPLAY_NAME,
  PROP_AVATAR_URL,
  PROP_LAST_SYNC_AT,
  PROP_ROOMS,
  PROP_CALL_HANDLER,
  PROP_MEDIA_REPOSITORY,
  PROP_ERROR,
} Property;
static GParamSpec *properties[PROP_ERROR + 1];

enum {
  SIGNAL_WARNING,
  SIGNAL_ROOM_EVENT,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

void
confab_session_set_state (ConfabSession *self, ConfabSessionState state, const GError *error)
{
  if (self->error != NULL || error != NULL) {
    g_clear_error (&self->error);
    self->error = error != NULL ? g_error_copy (error) : NULL;
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR]);
  }
  if (self->state == state)
    return;
  g_debug ("session: state %d -> %d", self->state, state);
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

void
confab_session_set_profile (ConfabSession *self, const char *display_name, const char *avatar_url)
{
  if (g_set_str (&self->display_name, display_name))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DISPLAY_NAME]);
  if (g_set_str (&self->avatar_url, avatar_url))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AVATAR_URL]);
}

void
confab_session_warn (ConfabSession *self, const char *code, const char *message)
{
  g_signal_emit (self, signals[SIGNAL_WARNING], 0, code, message, NULL, NULL);
}

static void
confab_session_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabSession *self = CONFAB_SESSION (object);

  switch ((Property) prop_id) {
  case PROP_STATE:
    g_value_set_enum (value, self->state);
    break;
  case PROP_USER_ID:
    g_value_set_string (value, self->user_id);
    break;
  case PROP_DEVICE_ID:
    g_value_set_string (value, self->device_id);
    break;
  case PROP_DISPLAY_NAME:
    g_value_set_string (value, self->display_name);
    break;
  case PROP_AVATAR_URL:
    g_value_set_string (value, self->avatar_url);
    break;
  case PROP_LAST_SYNC_AT:
    g_value_set_int64 (value, self->last_sync_at);
    break;
  case PROP_ROOMS:
    g_value_set_object (value, self->rooms);
    break;
  case PROP_CALL_HANDLER:
    g_value_set_object (value, confab_session_get_call_handler (self));
    break;
  case PROP_MEDIA_REPOSITORY:
    g_value_set_object (value, self->media);
    break;
  case PROP_ERROR:
    g_value_set_boxed (value, self->error);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_session_finalize (GObject *object)
{
  ConfabSession *self = CONFAB_SESSION (object);

  g_clear_object (&self->calls);
  g_clear_object (&self->media);
  g_clear_object (&self->rooms);
  if (self->homeserver != NULL)
    confab_homeserver_set_keep_func (self->homeserver, NULL, NULL);
  g_clear_object (&self->homeserver);
  g_clear_object (&self->asked);
  g_clear_object (&self->store);
  g_clear_object (&self->clock);
  g_clear_object (&self->secrets);
  dex_clear (&self->stop);
  dex_clear (&self->sync);
  dex_clear (&self->kick);
  dex_clear (&self->keeping);
  g_clear_pointer (&self->pickle_key, g_bytes_unref);
  g_clear_error (&self->error);
  g_free (self->data_dir);
  g_free (self->cache_dir);
  g_free (self->user_id);
  g_free (self->device_id);
  g_free (self->display_name);
  g_free (self->avatar_url);
  g_free (self->since);
  G_OBJECT_CLASS (confab_session_parent_class)->finalize (object);
}

static void
confab_session_class_init (ConfabSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_session_get_property;
  object_class->finalize = confab_session_finalize;
  properties[PROP_STATE] = g_param_spec_enum (
    "state", NULL, NULL, CONFAB_TYPE_SESSION_STATE, CONFAB_SESSION_STATE_SIGNED_OUT, flags);
  properties[PROP_USER_ID] = g_param_spec_string ("user-id", NULL, NULL, NULL, flags);
  properties[PROP_DEVICE_ID] = g_param_spec_string ("device-id", NULL, NULL, NULL, flags);
  properties[PROP_DISPLAY_NAME] = g_param_spec_string ("display-name", NULL, NULL, NULL, flags);
  properties[PROP_AVATAR_URL] = g_param_spec_string ("avatar-url", NULL, NULL, NULL, flags);
  properties[PROP_LAST_SYNC_AT] = g_param_spec_int64 (
    "last-sync-at", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_ROOMS] = g_param_spec_object ("rooms", NULL, NULL, CONFAB_TYPE_ROOM_LIST, flags);
  properties[PROP_CALL_HANDLER] = g_param_spec_object (
    "call-handler", NULL, NULL, CONFAB_TYPE_CALL_HANDLER, flags);
  properties[PROP_MEDIA_REPOSITORY] = g_param_spec_object (
    "media-repository", NULL, NULL, CONFAB_TYPE_MEDIA_REPOSITORY, flags);
  properties[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  signals[SIGNAL_WARNING] = g_signal_new ("warning",
                                          G_TYPE_FROM_CLASS (klass),
                                          G_SIGNAL_RUN_LAST,
                                          0,
                                          NULL,
                                          NULL,
                                          NULL,
                                          G_TYPE_NONE,
                                          4,
                                          G_TYPE_STRING,
                                          G_TYPE_STRING,
                                          G_TYPE_STRING,
                                          G_TYPE_STRING);
  signals[SIGNAL_ROOM_EVENT] = g_signal_new ("room-event",
                                             G_TYPE_FROM_CLASS (klass),
                                             G_SIGNAL_RUN_LAST,
                                             0,
                                             NULL,
                                             NULL,
                                             NULL,
                                             G_TYPE_NONE,
                                             1,
                                             CONFAB_TYPE_ROOM_EVENT | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
confab_session_init (ConfabSession *self)
{
}

/**
 * confab_session_new:
 * @clock: where time comes from
 * @secrets: where tokens and keys live
 * @data_dir: for the store
 * @cache_dir: for what can be fetched again
 *
 * Returns: (transfer full): a session that is signed out
 */
ConfabSession *
confab_session_new (ConfabClock *clock,
                    ConfabSecrets *secrets,
                    const char *data_dir,
                    const char *cache_dir)
{
  ConfabSession *self;

  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);
  g_return_val_if_fail (CONFAB_IS_SECRETS (secrets), NULL);

  self = g_object_new (CONFAB_TYPE_SESSION, NULL);
  self->clock = g_object_ref (clock);
  self->secrets = g_object_ref (secrets);
  self->data_dir = g_strdup (data_dir);
  self->cache_dir = g_strdup (cache_dir);
  return self;
}

ConfabSessionState
confab_session_get_state (ConfabSession *self)
{
  g_return_val_if_fail (CONFAB_IS_SESSION (self), CONFAB_SESSION_STATE_SIGNED_OUT);
  return self->state;
}

const char *
confab_session_get_user_id (ConfabSession *self)
{
  g_return_val_if_fail (CONFAB_IS_SESSION (self), NULL);
  return self->user_id;
}

const char *
confab_session_get_device_id (ConfabSession *self)
{
  g_return_val_if_fail (CONFAB_IS_SESSION (self), NULL);
  return self->device_id;
}

ConfabRoomList *
confab_session_get_rooms (ConfabSession *self)
{
  g_return_val_if_fail (CONFAB_IS_SESSION (self), NULL);
  return self->rooms;
}

ConfabCallHandler *
confab_session_get_call_handler (ConfabSession *self)
{
  g_return_val_if_fail (CONFAB_IS_SESSION (self), NULL);
  return self->calls != NULL ? confab_session_calls_get_handler (self->calls) : NULL;
}

ConfabMediaRepository *
confab_session_get_media_repository (ConfabSession *self)
{
  g_return_val_if_fail (CONFAB_IS_SESSION (self), NULL);
  return self->media;
}

/**
 * confab_session_send_event:
 * @self: a session
 * @room_id: a room that we are in
 * @type: of the event, `m.reaction` for one
 * @content: of the event; not kept
 *
 * Sends an event to a room, encrypted where the room is. See confab_megolm_machine_send() for what it rejects with.
 *
 * Returns: (transfer full): resolves to the event's id (string)
 */
DexFuture *
confab_session_send_event (ConfabSession *self,
                           const char *room_id,
                           const char *type,
                           JsonObject *content)
{
  dex_return_error_if_fail (CONFAB_IS_SESSION (self));
  dex_return_error_if_fail (room_id != NULL && type != NULL && content != NULL);

  if (self->calls == NULL)
    return dex_future_new_reject (CONFAB_MATRIX_ERROR,
                                  CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN,
                                  "not signed in");
  return confab_megolm_machine_send (confab_session_calls_get_megolm (self->calls),
                                     room_id,
                                     type,
                                     content);
}

typedef struct {
  ConfabStore *store;
  char *user_id;
  char *device_id;
  gboolean blocked;
} Block;

static void
block_free (gpointer data)
{
  Block *block = data;

  g_object_unref (block->store);
  g_free (block->user_id);
  g_free (block->device_id);
  g_free (block);
}

static gboolean
block_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Block *block = data;

  return confab_device_list_set_blocked (
    transaction, block->user_id, block->device_id, block->blocked, error);
}

static DexFuture *
block_fiber (gpointer data)
{
  Block *block = data;
  GError *error = NULL;

  return dex_await (confab_store_future (block->store, block_func, block), &error)
           ? dex_future_new_true ()
           : dex_future_new_for_error (error);
}

/**
 * confab_session_set_device_blocked:
 * @self: a session
 * @user_id: whose
 * @device_id: which; it need not be known yet
 * @blocked: whether from now on
 *
 * Rooms begin another session for their next message when the device has the key of the present one, and the device is
 * told why it gets no more (`m.blacklisted`). A call that is up with it is not ended.
 *
 * Returns: (transfer full): resolves to true when it is written down
 */
DexFuture *
confab_session_set_device_blocked (ConfabSession *self,
                                   const char *user_id,
                                   const char *device_id,
                                   gboolean blocked)
{
  Block *block;

  dex_return_error_if_fail (CONFAB_IS_SESSION (self));
  dex_return_error_if_fail (user_id != NULL && device_id != NULL);

  if (self->store == NULL)
    return dex_future_new_reject (CONFAB_MATRIX_ERROR,
                                  CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN,
                                  "not signed in");
  block = g_new (Block, 1);
  *block = (Block) {
    g_object_ref (self->store),
    g_strdup (user_id),
    g_strdup (device_id),
    blocked,
  };
  return dex_scheduler_spawn (NULL, 0, block_fiber, block, block_free);
}

/**
 * confab_session_set_wire_func:
 * @self: a session
 * @func: (nullable): hears of every call message
 * @data: for @func
 */
void
confab_session_set_wire_func (ConfabSession *self, ConfabWireFunc func, gpointer data)
{
  g_return_if_fail (CONFAB_IS_SESSION (self));

  self->wire_func = func;
  self->wire_data = data;
  if (self->calls != NULL)
    confab_session_calls_set_wire_func (self->calls, func, data);
}
